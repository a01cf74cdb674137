/* SPDX-License-Identifier: BSD-3-Clause
 * Sketch kernels for x86-64 processors with AVX2. 90 levels: a sum of two products is at most 2 * 181 * 90 < 2^15.
 */
#include "linalg/kernel_common.h"
#include "linalg/sketch_kernels.h"

#if defined(GRASP__HAVE_AVX2) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

typedef int32_t int_vector __attribute__((vector_size(32)));

static inline void store_bytes(uint8_t *to, __m256i v)
{
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(words, words));
}

#define LEVELS              90
#define LANES               8
#define INT_VECTOR          int_vector
#define FLOAT_VECTOR        __m256
#define DOUBLE_VECTOR       __m256d
#define INT_SPLAT(x)        ((int_vector)_mm256_set1_epi32(x))
#define SPLAT(x)            _mm256_set1_ps(x)
#define FMA(x, y, z)        _mm256_fmadd_ps(x, y, z)
#define SPLAT_DOUBLE(x)      _mm256_set1_pd(x)
#define FMA_DOUBLE(x, y, z) _mm256_fmadd_pd(x, y, z)
#define INT_TO_FLOAT(x)     _mm256_cvtepi32_ps((__m256i)(x))
#define FLOAT_TO_INT(x)     ((int_vector)_mm256_cvtps_epi32(x))
#define LARGER(x, y)        _mm256_max_ps(x, y)
#define STORE_BYTES(to, v)  store_bytes(to, (__m256i)(v))
#define GREATER_EQUAL(x, y) (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_GE_OQ))
#  define DOT4(sum, a, b)                                                                                              \
    ((sum) + (int_vector)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)(a), (__m256i)(b)), _mm256_set1_epi16(1)))
#  define DOT_ROWS       4
#  define DOT_VECTORS    2
#  define SKETCH_KERNELS grasp__sketch_kernels_avx2
#  define SKETCH_NAME    "avx2"
#  include "linalg/kernel_sketch.h"

#else

typedef int grasp__no_sketch_avx2; /* a translation unit must not be empty */

#endif
