/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels for x86-64 processors with AVX-512 (F, BW, DQ, VL). Dot2 is left to AVX2: it is bound by memory.
 */
#include "linalg/kernel_common.h"

#if defined(GRASP__HAVE_AVX512) && defined(__AVX512F__) && defined(__AVX512DQ__)

#  include <immintrin.h>

#  define REAL          float
#  define VECTOR        __m512
#  define LANES         16
#  define SPLAT(x)      _mm512_set1_ps(x)
#  define FMA(x, y, z)  _mm512_fmadd_ps(x, y, z)
#  define TILE_ROWS     8
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 128
#  define NAME(x)       x##_f32
#  define GRAM          gram_f32
#  include "linalg/kernel_gram.h"

#  define REAL          double
#  define VECTOR        __m512d
#  define LANES         8
#  define SPLAT(x)      _mm512_set1_pd(x)
#  define FMA(x, y, z)  _mm512_fmadd_pd(x, y, z)
#  define TILE_ROWS     8
#  define TILE_VECTORS  2
#  define BLOCK_COLUMNS 64
#  define NAME(x)       x##_f64
#  define GRAM          gram_f64
#  include "linalg/kernel_gram.h"

#  define VECTOR        __m512d
#  define LANES         8
#  define WIDEN(x)      _mm512_cvtps_pd(_mm256_loadu_ps(x))
#  define STRIP_ROWS    4
#  define STRIP_COLUMNS 4
#  define ROW_KERNELS   grasp__row_kernels_avx512
#  include "linalg/kernel_rows.h"

const grasp__kernels grasp__kernels_avx512 = {"avx512", gram_f64, gram_f32};

#else

typedef int grasp__no_avx512; /* a translation unit must not be empty */

#endif
