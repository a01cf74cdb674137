/* SPDX-License-Identifier: BSD-3-Clause
 * Sketch kernels in portable C, with vectors of 16 bytes.
 */
#include "linalg/kernel_common.h"
#include "linalg/sketch_kernels.h"

typedef int32_t int_vector __attribute__((vector_size(16)));
typedef float   float_vector __attribute__((vector_size(16)));
typedef double  double_vector __attribute__((vector_size(16)));
typedef uint32_t uint_vector __attribute__((vector_size(16)));

/* Bytes sit in 32 bit lanes: shifts take them out, those of b with their sign. */
static inline int_vector dot4(int_vector sum, int_vector a, int_vector b)
{
    for (int shift = 0; shift < 32; shift += 8)
        sum += ((a >> shift) & 255) * ((int_vector)((uint_vector)b << (24 - shift)) >> 24);
    return sum;
}

static inline uint32_t mask4(int_vector v)
{
    return (v[0] & 1u) | (v[1] & 2u) | (v[2] & 4u) | (v[3] & 8u);
}

static inline float_vector larger(float_vector x, float_vector y)
{
    const int_vector more = (int_vector)(x > y);
    return (float_vector)(((int_vector)x & more) | ((int_vector)y & ~more));
}

static inline void store_bytes(uint8_t *to, int_vector v)
{
    for (int q = 0; q < 4; q++)
        to[q] = (uint8_t)v[q];
}

#define LEVELS              127
#define LANES               4
#define INT_VECTOR          int_vector
#define FLOAT_VECTOR        float_vector
#define DOUBLE_VECTOR       double_vector
#define INT_SPLAT(x)        ((int_vector){x, x, x, x})
#define SPLAT(x)            ((float_vector){x, x, x, x})
#define FMA(x, y, z)        ((x) * (y) + (z))
#define SPLAT_DOUBLE(x)      ((double_vector){x, x})
#define FMA_DOUBLE(x, y, z) ((x) * (y) + (z))
#define INT_TO_FLOAT(x)     __builtin_convertvector(x, float_vector)
#define FLOAT_TO_INT(x)     __builtin_convertvector(x, int_vector)
#define LARGER(x, y)        larger(x, y)
#define STORE_BYTES(to, v)  store_bytes(to, v)
#define GREATER_EQUAL(x, y) mask4((int_vector)((x) >= (y)))
#define DOT4(sum, a, b)     dot4(sum, a, b)
#define DOT_ROWS            2
#define DOT_VECTORS         2
#define SKETCH_KERNELS      grasp__sketch_kernels_portable
#define SKETCH_NAME         "portable"
#include "linalg/kernel_sketch.h"
