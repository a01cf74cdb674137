/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on fixed-point rows in portable C, with vectors of 16 bytes.
 */
#include "linalg/fixed_kernels.h"
#include "linalg/kernel_common.h"

#include <math.h>
#ifdef __SSE2__
#  include <emmintrin.h>
#endif

typedef int32_t int_vector __attribute__((vector_size(16)));
typedef float   float_vector __attribute__((vector_size(16)));
typedef uint32_t uint_vector __attribute__((vector_size(16)));

static inline int_vector add_products(int_vector sum, int_vector a, int_vector b)
{
#ifdef __SSE2__
    return sum + (int_vector)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    const int_vector low_a = (int_vector)((uint_vector)a << 16) >> 16, low_b = (int_vector)((uint_vector)b << 16) >> 16;
    return sum + low_a * low_b + (a >> 16) * (b >> 16);
#endif
}

static inline uint32_t mask4(int_vector v)
{
    return (v[0] & 1u) | (v[1] & 2u) | (v[2] & 4u) | (v[3] & 8u);
}

/* Eight bits to eight bytes of 0 or 1 by one product; counts of one tile fit bytes. */
static inline void add_columns(const uint64_t *word, int32_t *column)
{
    for (int byte = 0; byte < 8; byte++) {
        uint64_t sum = 0;
        for (int i = 0; i < GRASP__FIXED_PANEL; i++) {
            const uint64_t apart = (word[i] >> (8 * byte) & 255) * 0x0101010101010101u & 0x8040201008040201u;
            sum += (apart + 0x00406070787c7e7fu) >> 7 & 0x0101010101010101u;
        }
        for (int j = 0; j < 8; j++)
            column[8 * byte + j] += (int32_t)(sum >> (8 * j) & 255);
    }
}

#define LANES               4
#define INT_VECTOR          int_vector
#define FLOAT_VECTOR        float_vector
#define INT_SPLAT(x)        ((int_vector){x, x, x, x})
#define SPLAT(x)            ((float_vector){x, x, x, x})
#define INT_TO_FLOAT(x)     __builtin_convertvector(x, float_vector)
#define FUSED(x, y, z)      ((x) * (y) - (z))
#define GREATER_EQUAL(x, y) mask4((int_vector)((x) >= (y)))
#define ADD_PRODUCTS(sum, a, b)     add_products(sum, a, b)
#define TILE_ROWS           4
#define TILE_VECTORS        2
#define FIXED_KERNELS       grasp__fixed_kernels_portable
#define FIXED_NAME          "portable"
#include "linalg/kernel_fixed.h"
