/* SPDX-License-Identifier: BSD-3-Clause
 * What is done to the entries of a row one by one, written once for every instruction set: a template without an
 * include guard. The including file defines VECTOR and LANES of doubles, WIDEN(x), LANES floats at x as doubles,
 * STRIP_ROWS and STRIP_COLUMNS for kernel_products.h, and ROW_KERNELS, the name of the table.
 *
 * Every operation is one of IEEE 754 on one entry, or a maximum, which no order changes; nothing is fused. So all
 * variants give equal bits; 16 bytes, the portable one, is also what NEON has. Cost O(n), bound by memory.
 */

#define INLINE static inline __attribute__((always_inline))

enum { AHEAD = 4096 }; /* bytes: rows that follow each other are asked for in time, across pages too */

typedef double row_loose __attribute__((vector_size(LANES * 8), aligned(8), may_alias));
typedef long long row_bits __attribute__((vector_size(LANES * 8)));

INLINE VECTOR wide_f32(const float *x)
{
    return WIDEN(x);
}

INLINE VECTOR wide_f64(const double *x)
{
    return *(const row_loose *)x;
}

/* A line of the cache at a time, and the line AHEAD asked for: the processor's own prefetching ends with a page.
 * `centred` and `add` are constants at every use; without the first no origin is read. */
#define PLACED(REAL, SUFFIX)                                                                                           \
  INLINE void placed_##SUFFIX(const REAL *x, bool centred, const double *origin, double scale, double factor,          \
                              int64_t n, bool add, double *out)                                                        \
  {                                                                                                                    \
    enum { LINE = 64 / sizeof(REAL) };                                                                                 \
    int64_t k = 0;                                                                                                     \
    for (; k + LINE <= n; k += LINE) {                                                                                 \
      __builtin_prefetch((const void *)((uintptr_t)(x + k) + AHEAD));                                                  \
      UNROLL for (int q = 0; q < LINE; q += LANES) {                                                                   \
        VECTOR v = wide_##SUFFIX(x + k + q);                                                                           \
        if (centred)                                                                                                   \
          v -= wide_f64(origin + k + q);                                                                               \
        v = v * scale * factor;                                                                                        \
        if (add)                                                                                                       \
          v += wide_f64(out + k + q);                                                                                  \
        *(row_loose *)(out + k + q) = v;                                                                               \
      }                                                                                                                \
    }                                                                                                                  \
    for (; k < n; k++) {                                                                                               \
      const double v = (centred ? (double)x[k] - origin[k] : (double)x[k]) * scale * factor;                           \
      out[k] = add ? out[k] + v : v;                                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  static void row_place_##SUFFIX(const REAL *x, const double *origin, double scale, double factor, int64_t n,          \
                                 double *out)                                                                          \
  {                                                                                                                    \
    if (origin != NULL)                                                                                                \
      placed_##SUFFIX(x, true, origin, scale, factor, n, false, out);                                                  \
    else                                                                                                               \
      placed_##SUFFIX(x, false, out, scale, factor, n, false, out);                                                    \
  }                                                                                                                    \
  static void row_add_##SUFFIX(const REAL *x, const double *origin, double scale, double factor, int64_t n,            \
                               double *sum)                                                                            \
  {                                                                                                                    \
    if (origin != NULL)                                                                                                \
      placed_##SUFFIX(x, true, origin, scale, factor, n, true, sum);                                                   \
    else                                                                                                               \
      placed_##SUFFIX(x, false, sum, scale, factor, n, true, sum);                                                     \
  }

PLACED(float, f32)
PLACED(double, f64)

enum { PRODUCT_LANES = 8, PRODUCT_RUN = 1024 };

#define REAL    float
#define WIDE    wide_f32
#define NAME(x) x##_of_f32
#include "linalg/kernel_products.h"

#define REAL    double
#define WIDE    wide_f64
#define NAME(x) x##_of_f64
#include "linalg/kernel_products.h"

static void row_sum_chosen(int64_t count, const int32_t *chosen, const double *x, int64_t stride, int64_t n,
                           double *sum)
{
    enum { PARTS = 8 }; /* sums in registers, which wait for no other */
    int64_t k = 0;
    for (; k + PARTS * LANES <= n; k += PARTS * LANES) {
        VECTOR part[PARTS] = {{0}};
        for (int64_t i = 0; i < count; i++)
            UNROLL
            for (int q = 0; q < PARTS; q++)
                part[q] += wide_f64(x + chosen[i] * stride + k + q * LANES);
        UNROLL
        for (int q = 0; q < PARTS; q++)
            *(row_loose *)(sum + k + q * LANES) = part[q];
    }
    for (; k < n; k++) {
        sum[k] = 0;
        for (int64_t i = 0; i < count; i++)
            sum[k] += x[chosen[i] * stride + k];
    }
}

static double row_largest(const double *x, int64_t n)
{
    enum { PARTS = 4 }; /* no step waits for the one before it */
    VECTOR most[PARTS] = {{0}};
    double largest = 0;
    int64_t k = 0;
    for (; k + PARTS * LANES <= n; k += PARTS * LANES)
        UNROLL
        for (int q = 0; q < PARTS; q++) {
            const VECTOR v = (VECTOR)((row_bits)wide_f64(x + k + q * LANES) & 0x7fffffffffffffffLL);
            const row_bits larger = v > most[q];
            most[q] = (VECTOR)(((row_bits)v & larger) | ((row_bits)most[q] & ~larger));
        }
    for (int q = 0; q < PARTS; q++)
        for (int l = 0; l < LANES; l++)
            largest = most[q][l] > largest ? most[q][l] : largest;
    for (; k < n; k++)
        largest = (x[k] < 0 ? -x[k] : x[k]) > largest ? (x[k] < 0 ? -x[k] : x[k]) : largest;
    return largest;
}

const grasp__row_kernels ROW_KERNELS = {row_place_f32,       row_place_f64,       row_add_f32, row_add_f64,
                                        row_products_of_f32, row_products_of_f64, row_sum_chosen, row_largest};

#undef INLINE
#undef PLACED
#undef VECTOR
#undef LANES
#undef WIDEN
#undef STRIP_ROWS
#undef STRIP_COLUMNS
#undef ROW_KERNELS
