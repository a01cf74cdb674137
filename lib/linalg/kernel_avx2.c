/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels for x86-64 processors with AVX2 and FMA.
 */
#include "linalg/kernel_common.h"

#if defined(GRASP__HAVE_AVX2) && defined(__AVX2__) && defined(__FMA__)

#  include <immintrin.h>

#  define REAL          float
#  define VECTOR        __m256
#  define LANES         8
#  define SPLAT(x)      _mm256_set1_ps(x)
#  define FMA(x, y, z)  _mm256_fmadd_ps(x, y, z)
#  define TILE_ROWS     6
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 128
#  define NAME(x)       x##_f32
#  define GRAM          gram_f32
#  include "linalg/kernel_gram.h"

#  define REAL          double
#  define VECTOR        __m256d
#  define LANES         4
#  define SPLAT(x)      _mm256_set1_pd(x)
#  define FMA(x, y, z)  _mm256_fmadd_pd(x, y, z)
#  define TILE_ROWS     6
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 64
#  define NAME(x)       x##_f64
#  define GRAM          gram_f64
#  include "linalg/kernel_gram.h"

#  define VECTOR       __m256d
#  define LANES        4
#  define FMA(x, y, z) _mm256_fmadd_pd(x, y, z)
#  define DOT2         grasp__dot2_avx2
#  include "linalg/kernel_dot2.h"

#  define VECTOR        __m256d
#  define LANES         4
#  define WIDEN(x)      _mm256_cvtps_pd(_mm_loadu_ps(x))
#  define STRIP_ROWS    2
#  define STRIP_COLUMNS 2
#  define ROW_KERNELS   grasp__row_kernels_avx2
#  include "linalg/kernel_rows.h"

const grasp__kernels grasp__kernels_avx2 = {"avx2", gram_f64, gram_f32};

#else

typedef int grasp__no_avx2; /* a translation unit must not be empty */

#endif
