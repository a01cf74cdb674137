/* SPDX-License-Identifier: BSD-3-Clause
 * What is done to the entries of a row one by one, written once for every instruction set: a template without an
 * include guard. The including file defines VECTOR and LANES of doubles, WIDEN(x), LANES floats at x as doubles, and
 * ROW_KERNELS, the name of the table.
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
 * `centred` is a constant at every use; without it no origin is read. */
#define PLACED(REAL, SUFFIX)                                                                                           \
  INLINE void placed_##SUFFIX(const REAL *x, bool centred, const double *origin, double scale, double factor,          \
                              int64_t n, double *out)                                                                  \
  {                                                                                                                    \
    enum { LINE = 64 / sizeof(REAL) };                                                                                 \
    int64_t k = 0;                                                                                                     \
    for (; k + LINE <= n; k += LINE) {                                                                                 \
      __builtin_prefetch((const void *)((uintptr_t)(x + k) + AHEAD));                                                  \
      UNROLL for (int q = 0; q < LINE; q += LANES) {                                                                   \
        VECTOR v = wide_##SUFFIX(x + k + q);                                                                           \
        if (centred)                                                                                                   \
          v -= wide_f64(origin + k + q);                                                                               \
        *(row_loose *)(out + k + q) = v * scale * factor;                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    for (; k < n; k++)                                                                                                 \
      out[k] = (centred ? (double)x[k] - origin[k] : (double)x[k]) * scale * factor;                                   \
  }                                                                                                                    \
  static void row_place_##SUFFIX(const REAL *x, const double *origin, double scale, double factor, int64_t n,          \
                                 double *out)                                                                          \
  {                                                                                                                    \
    if (origin != NULL)                                                                                                \
      placed_##SUFFIX(x, true, origin, scale, factor, n, out);                                                         \
    else                                                                                                               \
      placed_##SUFFIX(x, false, out, scale, factor, n, out);                                                           \
  }

PLACED(float, f32)
PLACED(double, f64)

static void row_add(const double *x, int64_t n, double *sum)
{
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES)
        *(row_loose *)(sum + k) += *(const row_loose *)(x + k);
    for (; k < n; k++)
        sum[k] += x[k];
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

const grasp__row_kernels ROW_KERNELS = {row_place_f32, row_place_f64, row_add, row_largest};

#undef INLINE
#undef PLACED
#undef VECTOR
#undef LANES
#undef WIDEN
#undef ROW_KERNELS
