/* SPDX-License-Identifier: BSD-3-Clause
 * The largest magnitude among many values, and whether all are finite: one pass without a branch on the values, in
 * vectors of 16 bytes, which every processor of ours has. Cost O(n), bound by memory.
 */
#include "linalg/kernel_common.h"

#include <float.h>
#include <math.h>

/* `most` and `beyond` are kept in four vectors each, so that no step waits for the one before it. */
#define MAGNITUDE(NAME, REAL, INTEGER, LARGEST, SIGN)                                                                  \
  double NAME(const REAL *x, int64_t n)                                                                                \
  {                                                                                                                    \
    enum { LANES = 16 / sizeof(REAL), PARTS = 4 };                                                                     \
    typedef REAL vector __attribute__((vector_size(16), may_alias));                                                   \
    typedef REAL loose __attribute__((vector_size(16), aligned(sizeof(REAL)), may_alias));                             \
    typedef INTEGER bits __attribute__((vector_size(16), may_alias));                                                  \
    vector most[PARTS] = {{0}, {0}, {0}, {0}};                                                                         \
    bits beyond[PARTS] = {{0}, {0}, {0}, {0}};                                                                         \
    double largest = 0;                                                                                                \
    int64_t k = 0;                                                                                                     \
    for (; k + PARTS * LANES <= n; k += PARTS * LANES)                                                                 \
      UNROLL for (int p = 0; p < PARTS; p++) {                                                                         \
        vector v = (vector)((bits) * (const loose *)(x + k + p * LANES) & ~(SIGN));                                    \
        bits larger = v > most[p];                                                                                     \
        most[p] = (vector)(((bits)v & larger) | ((bits)most[p] & ~larger));                                            \
        beyond[p] |= ~(v <= (LARGEST));                                                                                \
      }                                                                                                                \
    for (int p = 0; p < PARTS; p++)                                                                                    \
      for (int i = 0; i < LANES; i++) {                                                                                \
        if (beyond[p][i])                                                                                              \
          return INFINITY;                                                                                             \
        largest = most[p][i] > largest ? (double)most[p][i] : largest;                                                 \
      }                                                                                                                \
    for (; k < n; k++) {                                                                                               \
      if (!isfinite(x[k]))                                                                                             \
        return INFINITY;                                                                                               \
      largest = fabs((double)x[k]) > largest ? fabs((double)x[k]) : largest;                                           \
    }                                                                                                                  \
    return largest;                                                                                                    \
  }

MAGNITUDE(grasp__magnitude_f32, float, int32_t, FLT_MAX, INT32_MIN)
MAGNITUDE(grasp__magnitude_f64, double, int64_t, DBL_MAX, INT64_MIN)
