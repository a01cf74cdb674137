/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on fixed-point rows for x86-64 processors with AVX2.
 */
#include "linalg/fixed_kernels.h"
#include "linalg/kernel_common.h"

#if defined(GRASP__HAVE_AVX2) && defined(__AVX2__) && defined(__FMA__)

#  include <immintrin.h>
#  include <math.h>

typedef int32_t int_vector __attribute__((vector_size(32)));

/* A bit for each byte: counts of one tile fit bytes. */
static inline void add_columns(const uint64_t *word, int32_t *column)
{
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201u);
    const __m256i low = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i high = _mm256_add_epi8(low, _mm256_set1_epi8(4));
    __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    uint8_t count[GRASP__FIXED_PANEL];
    for (int i = 0; i < GRASP__FIXED_PANEL; i++) {
        const __m256i w = _mm256_set1_epi64x((int64_t)word[i]);
        const __m256i x = _mm256_and_si256(_mm256_shuffle_epi8(w, low), bit);
        const __m256i y = _mm256_and_si256(_mm256_shuffle_epi8(w, high), bit);
        sum[0] = _mm256_sub_epi8(sum[0], _mm256_cmpeq_epi8(x, bit));
        sum[1] = _mm256_sub_epi8(sum[1], _mm256_cmpeq_epi8(y, bit));
    }
    memcpy(count, sum, sizeof count);
    for (int j = 0; j < GRASP__FIXED_PANEL; j++)
        column[j] += count[j];
}

#  define LANES               8
#  define INT_VECTOR          int_vector
#  define FLOAT_VECTOR        __m256
#  define INT_SPLAT(x)        ((int_vector)_mm256_set1_epi32(x))
#  define SPLAT(x)            _mm256_set1_ps(x)
#  define INT_TO_FLOAT(x)     _mm256_cvtepi32_ps((__m256i)(x))
#  define FUSED(x, y, z)      _mm256_fmsub_ps(x, y, z)
#  define GREATER_EQUAL(x, y) (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_GE_OQ))
#  define ADD_PRODUCTS(sum, a, b)     ((sum) + (int_vector)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#  define TILE_ROWS           4
#  define TILE_VECTORS        2
#  define FIXED_KERNELS       grasp__fixed_kernels_avx2
#  define FIXED_NAME          "avx2"
#  include "linalg/kernel_fixed.h"

#else

typedef int grasp__no_fixed_avx2; /* a translation unit must not be empty */

#endif
