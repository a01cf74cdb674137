/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: kernels on fixed-point rows, sixteen bits an entry. What they are for and why their verdicts are certain
 * stands in lib/distances/dense.c; here are only the inner loops.
 *
 * GRASP__FIXED_PANEL rows stand side by side in a panel, two entries of a row together: [pair of entries][row][2]. A
 * tile is all pairs of two panels, which may be one and the same.
 */
#ifndef GRASP__LINALG_FIXED_H
#define GRASP__LINALG_FIXED_H

#include "base/base.h"

enum {
    GRASP__FIXED_PANEL = 64,
    GRASP__FIXED_RUN = 64,       /* pairs of entries whose products are summed in whole numbers */
    GRASP__FIXED_LONGEST = 46330 /* of the entries of a run, by the 2-norm before rounding: then sums fit 32 bits */
};

/* The pair (i, j) with product v = scale_i scale_j <q_i, q_j> is surely within where v >= inside_i + inside_j, and may
 * be within where v >= outside_i + outside_j. */
typedef struct grasp__fixed_panel {
    float scale[GRASP__FIXED_PANEL], inside[GRASP__FIXED_PANEL], outside[GRASP__FIXED_PANEL];
} grasp__fixed_panel;

typedef struct grasp__fixed_kernels {
    const char *name;
    /* sum[i * GRASP__FIXED_PANEL + j] += the products of one run of row i of a and row j of b; it begins at 0 when
     * `first`. */
    void (*multiply)(int64_t pairs, const int16_t *a, const int16_t *b, bool first, float *sum);
    /* The same with the last run, and what the whole says: bit j of within[i] and of maybe[i], its superset. */
    void (*verdict)(int64_t pairs, const int16_t *a, const int16_t *b, bool first, const float *sum,
                    const grasp__fixed_panel *row, const grasp__fixed_panel *column, uint64_t *within,
                    uint64_t *maybe);
    /* row[i] += bits of word[i]; column[j] += words with bit j; GRASP__FIXED_PANEL of each. */
    void (*tally)(const uint64_t *word, int32_t *row, int32_t *column);
    /* The greatest 2-norm of the runs of x, and the greatest |x_k|. */
    void (*measure)(const double *x, int64_t n, double *norm, double *largest);
    /* q_k = x_k / scale, rounded; returns sum (x_k - scale q_k)^2. |x_k| < 32767 scale. */
    double (*round)(const double *x, int64_t n, float scale, int16_t *q);
} grasp__fixed_kernels;

/* Those of the instruction set that grasp__context_kernels() chose. */
const grasp__fixed_kernels *grasp__context_fixed_kernels(const grasp_context *ctx);

#endif
