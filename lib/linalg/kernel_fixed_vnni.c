/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on fixed-point rows for x86-64 processors with AVX-512 VNNI: two products a lane and instruction.
 */
#include "linalg/fixed_kernels.h"
#include "linalg/kernel_common.h"

#if defined(GRASP__HAVE_VNNI) && defined(__AVX512VNNI__)

#  include <immintrin.h>
#  include <math.h>

typedef int32_t int_vector __attribute__((vector_size(64)));

/* As an instruction in text, see kernel_sketch_vnni.c. */
static inline __attribute__((always_inline)) int_vector add_products(int_vector sum, int_vector a, int_vector b)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

/* A word is a mask of four vectors of counters, which stay in registers. */
static inline void add_columns(const uint64_t *word, int32_t *column)
{
    __m512i sum[4];
    for (int v = 0; v < 4; v++)
        sum[v] = _mm512_loadu_si512(column + 16 * v);
    for (int i = 0; i < GRASP__FIXED_PANEL; i++)
        UNROLL
        for (int v = 0; v < 4; v++)
            sum[v] = _mm512_mask_add_epi32(sum[v], (__mmask16)(word[i] >> (16 * v)), sum[v], _mm512_set1_epi32(1));
    for (int v = 0; v < 4; v++)
        _mm512_storeu_si512(column + 16 * v, sum[v]);
}

#  define LANES               16
#  define INT_VECTOR          int_vector
#  define FLOAT_VECTOR        __m512
#  define INT_SPLAT(x)        ((int_vector)_mm512_set1_epi32(x))
#  define SPLAT(x)            _mm512_set1_ps(x)
#  define INT_TO_FLOAT(x)     _mm512_cvtepi32_ps((__m512i)(x))
#  define FUSED(x, y, z)      _mm512_fmsub_ps(x, y, z)
#  define GREATER_EQUAL(x, y) _mm512_cmp_ps_mask(x, y, _CMP_GE_OQ)
#  define ADD_PRODUCTS(sum, a, b)     add_products(sum, a, b)
#  define TILE_ROWS           4
#  define TILE_VECTORS        4
#  define FIXED_KERNELS       grasp__fixed_kernels_vnni
#  define FIXED_NAME          "vnni"
#  include "linalg/kernel_fixed.h"

#else

typedef int grasp__no_fixed_vnni; /* a translation unit must not be empty */

#endif
