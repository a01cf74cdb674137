/* SPDX-License-Identifier: BSD-3-Clause
 * Sketch kernels for x86-64 processors with AVX-512 VNNI: four byte products a lane and instruction.
 */
#include "linalg/kernel_common.h"
#include "linalg/sketch_kernels.h"

#if defined(GRASP__HAVE_VNNI) && defined(__AVX512VNNI__)

#include <immintrin.h>

/* As an instruction in text: GCC 12 spills the accumulators around the intrinsic and halves the speed. */
static inline __attribute__((always_inline)) __m512i dot4(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

typedef int32_t int_vector __attribute__((vector_size(64)));

#define LEVELS              127
#define LANES               16
#define INT_VECTOR          int_vector
#define FLOAT_VECTOR        __m512
#define DOUBLE_VECTOR       __m512d
#define INT_SPLAT(x)        ((int_vector)_mm512_set1_epi32(x))
#define SPLAT(x)            _mm512_set1_ps(x)
#define FMA(x, y, z)        _mm512_fmadd_ps(x, y, z)
#define SPLAT_DOUBLE(x)      _mm512_set1_pd(x)
#define FMA_DOUBLE(x, y, z) _mm512_fmadd_pd(x, y, z)
#define INT_TO_FLOAT(x)     _mm512_cvtepi32_ps((__m512i)(x))
#define FLOAT_TO_INT(x)     ((int_vector)_mm512_cvtps_epi32(x))
#define LARGER(x, y)        _mm512_max_ps(x, y)
#define STORE_BYTES(to, v)  _mm_storeu_si128((__m128i *)(void *)(to), _mm512_cvtepi32_epi8((__m512i)(v)))
#define GREATER_EQUAL(x, y) _mm512_cmp_ps_mask(x, y, _CMP_GE_OQ)
#define DOT4(sum, a, b)     ((int_vector)dot4((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#define DOT_ROWS            6
#define DOT_VECTORS         4
#define SKETCH_KERNELS      grasp__sketch_kernels_vnni
#define SKETCH_NAME         "vnni"
#include "linalg/kernel_sketch.h"

#else

typedef int grasp__no_vnni; /* a translation unit must not be empty */

#endif
