/* SPDX-License-Identifier: BSD-3-Clause
 * Products of a dense layer, and Adam, for AArch64.
 */
#include "linalg/kernel_common.h"
#include "linalg/layer_kernels.h"

#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)

#  include <arm_neon.h>

#  define REAL                float
#  define VECTOR              float32x4_t
#  define LANES               4
#  define SPLAT(x)            vdupq_n_f32(x)
#  define FMA(x, y, z)        vfmaq_f32(z, x, y)
#  define TILE_ROWS           8
#  define TILE_VECTORS        2
#  define NAME(x)             x##_f32
#  include "linalg/kernel_layer.h"

#  define REAL                double
#  define VECTOR              float64x2_t
#  define LANES               2
#  define SPLAT(x)            vdupq_n_f64(x)
#  define FMA(x, y, z)        vfmaq_f64(z, x, y)
#  define TILE_ROWS           8
#  define TILE_VECTORS        2
#  define NAME(x)             x##_f64
#  include "linalg/kernel_layer.h"

#  define VECTOR   float64x2_t
#  define LANES    2
#  define SPLAT(x) vdupq_n_f64(x)
#  define SQRT(x)  vsqrtq_f64(x)
#  include "linalg/kernel_adam.h"

const grasp__layer_kernels grasp__layer_kernels_neon = {forward_f32, backward_f32, gradient_f32,
                                                        forward_f64, backward_f64, gradient_f64, adam};

#else

typedef int grasp__no_layer_neon; /* a translation unit must not be empty */

#endif
