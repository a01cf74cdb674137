/* SPDX-License-Identifier: BSD-3-Clause
 * Products of a dense layer, and Adam, in portable C.
 */
#include "linalg/kernel_common.h"
#include "linalg/layer_kernels.h"

#include <math.h>

typedef float vector_f32 __attribute__((vector_size(16)));
typedef double vector_f64 __attribute__((vector_size(16)));

#define REAL                float
#define VECTOR              vector_f32
#define LANES               4
#define SPLAT(x)            ((vector_f32){x, x, x, x})
#define FMA(x, y, z)        ((x) * (y) + (z))
#define TILE_ROWS           4
#define TILE_VECTORS        2
#define NAME(x)             x##_f32
#include "linalg/kernel_layer.h"

#define REAL                double
#define VECTOR              vector_f64
#define LANES               2
#define SPLAT(x)            ((vector_f64){x, x})
#define FMA(x, y, z)        ((x) * (y) + (z))
#define TILE_ROWS           4
#define TILE_VECTORS        2
#define NAME(x)             x##_f64
#include "linalg/kernel_layer.h"

#define VECTOR   vector_f64
#define LANES    2
#define SPLAT(x) ((vector_f64){x, x})
#define SQRT(x)  ((vector_f64){sqrt((x)[0]), sqrt((x)[1])})
#include "linalg/kernel_adam.h"

const grasp__layer_kernels grasp__layer_kernels_portable = {forward_f32, backward_f32, gradient_f32,
                                                            forward_f64, backward_f64, gradient_f64, adam};
