/* SPDX-License-Identifier: BSD-3-Clause
 * Products of a dense layer, and Adam, for x86-64 processors with AVX2 and FMA.
 */
#include "linalg/kernel_common.h"
#include "linalg/layer_kernels.h"

#if defined(GRASP__HAVE_AVX2) && defined(__AVX2__) && defined(__FMA__)

#  include <immintrin.h>

/* All bits set in the first n lanes. */
static inline __m256i first_of_8(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __m256i first_of_4(int64_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

#  define REAL                float
#  define VECTOR              __m256
#  define LANES               8
#  define SPLAT(x)            _mm256_set1_ps(x)
#  define FMA(x, y, z)        _mm256_fmadd_ps(x, y, z)
#  define TILE_ROWS           6
#  define TILE_VECTORS        2
#  define GET_SOME(from, n)   _mm256_maskload_ps(from, first_of_8(n))
#  define PUT_SOME(v, to, n)  _mm256_maskstore_ps(to, first_of_8(n), v)
#  define NAME(x)             x##_f32
#  include "linalg/kernel_layer.h"

#  define REAL                double
#  define VECTOR              __m256d
#  define LANES               4
#  define SPLAT(x)            _mm256_set1_pd(x)
#  define FMA(x, y, z)        _mm256_fmadd_pd(x, y, z)
#  define TILE_ROWS           6
#  define TILE_VECTORS        2
#  define GET_SOME(from, n)   _mm256_maskload_pd(from, first_of_4(n))
#  define PUT_SOME(v, to, n)  _mm256_maskstore_pd(to, first_of_4(n), v)
#  define NAME(x)             x##_f64
#  include "linalg/kernel_layer.h"

#  define VECTOR   __m256d
#  define LANES    4
#  define SPLAT(x) _mm256_set1_pd(x)
#  define SQRT(x)  _mm256_sqrt_pd(x)
#  include "linalg/kernel_adam.h"

const grasp__layer_kernels grasp__layer_kernels_avx2 = {forward_f32, backward_f32, gradient_f32,
                                                        forward_f64, backward_f64, gradient_f64, adam};

#else

typedef int grasp__no_layer_avx2; /* a translation unit must not be empty */

#endif
