/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels for AArch64, where Advanced SIMD is always there. Dot2 is the portable one: fma() is an instruction.
 */
#include "linalg/kernel_common.h"

#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)

#  include <arm_neon.h>

#  define REAL          float
#  define VECTOR        float32x4_t
#  define LANES         4
#  define SPLAT(x)      vdupq_n_f32(x)
#  define FMA(x, y, z)  vfmaq_f32(z, x, y)
#  define TILE_ROWS     8
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 128
#  define NAME(x)       x##_f32
#  define GRAM          gram_f32
#  include "linalg/kernel_gram.h"

#  define REAL          double
#  define VECTOR        float64x2_t
#  define LANES         2
#  define SPLAT(x)      vdupq_n_f64(x)
#  define FMA(x, y, z)  vfmaq_f64(z, x, y)
#  define TILE_ROWS     8
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 64
#  define NAME(x)       x##_f64
#  define GRAM          gram_f64
#  include "linalg/kernel_gram.h"

const grasp__kernels grasp__kernels_neon = {"neon", gram_f64, gram_f32};

#else

typedef int grasp__no_neon; /* a translation unit must not be empty */

#endif
