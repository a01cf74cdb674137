/* SPDX-License-Identifier: BSD-3-Clause
 * Products of a dense layer, and Adam, for x86-64 processors with AVX-512.
 */
#include "linalg/kernel_common.h"
#include "linalg/layer_kernels.h"

#if defined(GRASP__HAVE_AVX512) && defined(__AVX512F__) && defined(__AVX512DQ__)

#  include <immintrin.h>

#  define REAL                float
#  define VECTOR              __m512
#  define LANES               16
#  define SPLAT(x)            _mm512_set1_ps(x)
#  define FMA(x, y, z)        _mm512_fmadd_ps(x, y, z)
#  define TILE_ROWS           8
#  define TILE_VECTORS        2
#  define GET_SOME(from, n)   _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from)
#  define PUT_SOME(v, to, n)  _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), v)
#  define NAME(x)             x##_f32
#  include "linalg/kernel_layer.h"

#  define REAL                double
#  define VECTOR              __m512d
#  define LANES               8
#  define SPLAT(x)            _mm512_set1_pd(x)
#  define FMA(x, y, z)        _mm512_fmadd_pd(x, y, z)
#  define TILE_ROWS           8
#  define TILE_VECTORS        2
#  define GET_SOME(from, n)   _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), from)
#  define PUT_SOME(v, to, n)  _mm512_mask_storeu_pd(to, (__mmask8)((1u << (n)) - 1), v)
#  define NAME(x)             x##_f64
#  include "linalg/kernel_layer.h"

#  define VECTOR   __m512d
#  define LANES    8
#  define SPLAT(x) _mm512_set1_pd(x)
#  define SQRT(x)  _mm512_sqrt_pd(x)
#  include "linalg/kernel_adam.h"

const grasp__layer_kernels grasp__layer_kernels_avx512 = {forward_f32, backward_f32, gradient_f32,
                                                          forward_f64, backward_f64, gradient_f64, adam};

#else

typedef int grasp__no_layer_avx512; /* a translation unit must not be empty */

#endif
