/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: kernels on sketches, rows in eight bits. What a sketch is and why its verdicts are certain stands in
 * lib/distances/sketch.c;
 * here are only the inner loops.
 */
#ifndef GRASP__LINALG_SKETCH_H
#define GRASP__LINALG_SKETCH_H

#include "base/base.h"

enum { GRASP__SKETCH_HEAD = 8, GRASP__SKETCH_PANEL = 64 };

/* What is kept of a row beside its bytes. The pair (i, j) is within eps where <x_i, x_j> >= half_i + half_j. */
typedef struct grasp__sketch_row {
    float   scale;                    /* of the bytes */
    float   error;                    /* |residual - scale * bytes|, rounded up */
    float   rest;                     /* |residual|, rounded up */
    float   half;                     /* of the threshold */
    int32_t correction;               /* offset * sum of the row's signed bytes */
    float   head[GRASP__SKETCH_HEAD]; /* leading coordinates */
} grasp__sketch_row;

/* What rounding can do to a row's share of a pair, beside its bytes. */
#define GRASP__SKETCH_SLACK(half) (0x1p-19f * (1 + ((half) < 0 ? -(half) : (half))))

/* GRASP__SKETCH_PANEL rows side by side, as columns. bytes: groups of four consecutive entries, [group][column][4],
 * signed. */
typedef struct grasp__sketch_panel {
    float   scale[GRASP__SKETCH_PANEL], error[GRASP__SKETCH_PANEL], rest[GRASP__SKETCH_PANEL];
    float   inside[GRASP__SKETCH_PANEL], outside[GRASP__SKETCH_PANEL]; /* half plus and minus the slack */
    int32_t correction[GRASP__SKETCH_PANEL];
    float   head[GRASP__SKETCH_HEAD][GRASP__SKETCH_PANEL];
} grasp__sketch_panel;

/* Where rows lie: bounds of their leading coordinates and, last, of their `rest`. */
enum { GRASP__SKETCH_SIDES = GRASP__SKETCH_HEAD + 1 };
typedef struct grasp__sketch_box {
    float low[GRASP__SKETCH_SIDES], high[GRASP__SKETCH_SIDES];
} grasp__sketch_box;

/* Sums over a row: squares of its entries, of what rounding to bytes took away, and the signed bytes themselves. */
typedef struct grasp__sketch_sums {
    double  rest, error;
    int64_t total;
} grasp__sketch_sums;

typedef struct grasp__sketch_kernels {
    const char *name;
    int32_t     levels; /* largest magnitude of a signed byte that `dot` can take */
    /* sum[i * GRASP__SKETCH_PANEL + j] += sum over 4 * groups entries of (stored byte of row i) * (signed byte of
     * column j) */
    void (*dot)(int64_t m, int64_t groups, const uint8_t *const *row, const int8_t *bytes, int32_t *sum);
    /* The same for one row and the stored columns whose bits are set, of any number of groups: sum[j] of those j. */
    void (*dot_pairs)(int64_t groups, const uint8_t *row, uint64_t columns, const uint8_t *const *column,
                      int32_t offset, int32_t *sum);
    /* The columns of a panel from stored rows less the offset: bytes[group][column][4], signed. */
    void (*pack)(int64_t groups, const uint8_t *const *row, int32_t offset, int8_t *bytes);
    /* Bit j of within[i]: row i and column j are surely within; of maybe[i]: not surely outside. within is a subset of
     * maybe.
     * glance knows the heads alone, verdict the bytes too. */
    void (*glance)(int64_t m, const grasp__sketch_row *const *row, const grasp__sketch_panel *panel, uint64_t *within,
                   uint64_t *maybe);
    void (*verdict)(int64_t m, const grasp__sketch_row *const *row, const grasp__sketch_panel *panel,
                    const int32_t *sum, uint64_t *within, uint64_t *maybe);
    /* Of m boxes, side k of box j in low[k * stride + j] and high[k * stride + j], the squared distance to `box`: 0
     * where they overlap; relatively within 12 units of binary32. Reads and writes up to the next multiple of
     * GRASP__SKETCH_PANEL. */
    void (*apart)(int64_t m, const float *low, const float *high, int64_t stride, const grasp__sketch_box *box,
                  float *square);
    /* Walsh-Hadamard transform of 2^k values without its factor 2^(-k/2), in place. */
    void (*hadamard)(float *x, int64_t n);
    /* y[j] = <row j of v, x>, v: GRASP__SKETCH_HEAD x n. */
    void (*project)(const double *v, const double *x, int64_t n, double *y);
    /* r = x - sum_j y[j] v_j, rounded to binary32 at the end. */
    void (*subtract)(const double *v, const double *y, const double *x, int64_t n, float *r);
    /* <x, y>, and |x - y|^2 by differences, in binary64, each term rounded as usual and summed in at least 8 parts. */
    double (*dot_f32)(const double *x, const float *y, int64_t n);
    double (*dot_f64)(const double *x, const double *y, int64_t n);
    double (*square_f32)(const double *x, const float *y, int64_t n);
    double (*square_f64)(const double *x, const double *y, int64_t n);
    float (*largest)(const float *x, int64_t n); /* greatest magnitude */
    /* Stores x / scale, rounded, plus levels + 1 in bytes, and measures what became of it. |x| < (levels + 1/2)
     * scale. */
    void (*quantise)(const float *x, int64_t n, float scale, int32_t levels, uint8_t *bytes, grasp__sketch_sums *out);
} grasp__sketch_kernels;

const grasp__sketch_kernels *grasp__context_sketch_kernels(const grasp_context *ctx);

#endif
