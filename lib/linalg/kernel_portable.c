/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels in portable C: vectors of 16 bytes, which every compiler of ours maps to what the processor has.
 * fma() is exact with or without hardware for it, so Dot2 gives the bits of the other kernels; without it, it is slow.
 */
#include "linalg/kernel_common.h"

#include <math.h>

typedef float vector_f32 __attribute__((vector_size(16)));
typedef double vector_f64 __attribute__((vector_size(16)));

#define REAL          float
#define VECTOR        vector_f32
#define LANES         4
#define SPLAT(x)      ((vector_f32){x, x, x, x})
#define FMA(x, y, z)  ((x) * (y) + (z))
#define TILE_ROWS     4
#define TILE_VECTORS  2
#define BLOCK_COLUMNS 128
#define NAME(x)       x##_f32
#define GRAM          gram_f32
#include "linalg/kernel_gram.h"

#define REAL          double
#define VECTOR        vector_f64
#define LANES         2
#define SPLAT(x)      ((vector_f64){x, x})
#define FMA(x, y, z)  ((x) * (y) + (z))
#define TILE_ROWS     4
#define TILE_VECTORS  2
#define BLOCK_COLUMNS 64
#define NAME(x)       x##_f64
#define GRAM          gram_f64
#include "linalg/kernel_gram.h"

#define VECTOR       vector_f64
#define LANES        2
#define FMA(x, y, z) ((vector_f64){fma((x)[0], (y)[0], (z)[0]), fma((x)[1], (y)[1], (z)[1])})
#define DOT2         grasp__dot2_portable
#include "linalg/kernel_dot2.h"

#define VECTOR        vector_f64
#define LANES         2
#define WIDEN(x)      ((vector_f64){(double)(x)[0], (double)(x)[1]})
#define STRIP_ROWS    1
#define STRIP_COLUMNS 2
#define ROW_KERNELS   grasp__row_kernels_portable
#include "linalg/kernel_rows.h"

const grasp__kernels grasp__kernels_portable = {"portable", gram_f64, gram_f32};
