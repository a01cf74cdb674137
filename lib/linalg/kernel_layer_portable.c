/* SPDX-License-Identifier: BSD-3-Clause
 * Products of a dense layer, and Adam, in portable C.
 */
#include "linalg/kernel_common.h"
#include "linalg/layer_kernels.h"

#include <math.h>

typedef float vector_f32 __attribute__((vector_size(16)));
typedef double vector_f64 __attribute__((vector_size(16)));

/* Fewer elements than a vector holds, one by one. */
#define SOME(REAL, VECTOR, TYPE)                                                                                       \
  static inline VECTOR get_some_##TYPE(const REAL *from, int64_t n)                                                    \
  {                                                                                                                    \
    VECTOR v = {0};                                                                                                    \
    for (int64_t j = 0; j < n; j++)                                                                                    \
      v[j] = from[j];                                                                                                  \
    return v;                                                                                                          \
  }                                                                                                                    \
  static inline void put_some_##TYPE(VECTOR v, REAL *to, int64_t n)                                                    \
  {                                                                                                                    \
    for (int64_t j = 0; j < n; j++)                                                                                    \
      to[j] = v[j];                                                                                                    \
  }

SOME(float, vector_f32, f32)
SOME(double, vector_f64, f64)

#define REAL                float
#define VECTOR              vector_f32
#define LANES               4
#define SPLAT(x)            ((vector_f32){x, x, x, x})
#define FMA(x, y, z)        ((x) * (y) + (z))
#define TILE_ROWS           4
#define TILE_VECTORS        2
#define GET_SOME(from, n)   get_some_f32(from, n)
#define PUT_SOME(v, to, n)  put_some_f32(v, to, n)
#define NAME(x)             x##_f32
#include "linalg/kernel_layer.h"

#define REAL                double
#define VECTOR              vector_f64
#define LANES               2
#define SPLAT(x)            ((vector_f64){x, x})
#define FMA(x, y, z)        ((x) * (y) + (z))
#define TILE_ROWS           4
#define TILE_VECTORS        2
#define GET_SOME(from, n)   get_some_f64(from, n)
#define PUT_SOME(v, to, n)  put_some_f64(v, to, n)
#define NAME(x)             x##_f64
#include "linalg/kernel_layer.h"

#define VECTOR   vector_f64
#define LANES    2
#define SPLAT(x) ((vector_f64){x, x})
#define SQRT(x)  ((vector_f64){sqrt((x)[0]), sqrt((x)[1])})
#include "linalg/kernel_adam.h"

const grasp__layer_kernels grasp__layer_kernels_portable = {forward_f32, backward_f32, gradient_f32,
                                                            forward_f64, backward_f64, gradient_f64, adam};
