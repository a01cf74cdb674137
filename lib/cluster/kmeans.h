/* SPDX-License-Identifier: BSD-3-Clause
 * One k-means run: what Lloyd's iterations and the choice of first centres share.
 */
#ifndef GRASP__CLUSTER_KMEANS_H
#define GRASP__CLUSTER_KMEANS_H

#include "cluster/cluster.h"

/* Blocks of rows are dealt to chunks in turn; each chunk adds up its own rows in order, and chunks are added in order.
 * Both depend on n, p and k alone: same bits for any number of threads. */
typedef struct grasp__lloyd {
    const grasp_distances *d;
    const int64_t *multiplicity; /* or NULL */
    int64_t n, p, k;
    int64_t rows, chunks;  /* rows of a block */
    int64_t first;         /* of the turn: one block for each chunk */
    double  *center;       /* k x p */
    int64_t *label;        /* n */
    double  *distance;     /* n: squared, to the nearest centre */
    double  *sum, *weight; /* chunks x k x p, chunks x k: of the rows next to each centre */
    int64_t *members;      /* chunks x k */
    int64_t *changed;      /* chunks */
    double  *scratch;      /* workers x rows x p */
    uint64_t seed;
} grasp__lloyd;

double grasp__squared_difference(const double *x, const double *y, int64_t p);
static inline double grasp__lloyd_weight(const grasp__lloyd *w, int64_t i)
{
    return w->multiplicity ? (double)w->multiplicity[i] : 1;
}

/* Runs `task` over all rows: chunk c of a turn handles block c of it. */
grasp_status grasp__lloyd_pass(grasp_context *ctx, grasp__lloyd *w, grasp__task task);
/* The block of chunk `chunk` in this turn: its first row, its rows read to *row. Returns their number, 0 past the
 * end. */
int64_t grasp__lloyd_block(grasp__lloyd *w, int64_t chunk, int32_t worker, int64_t *first, double **row);

/* grasp__kmeans() whose starts are counted from `first`. */
grasp_status grasp__kmeans_from(grasp_context *ctx, const grasp_distances *d, const grasp__options *o, int64_t first,
                                const int64_t *multiplicity, int64_t *label, double *centers, double *inertia,
                                grasp_report *report_or_null);

/* Chooses k first centres; distances are left to the nearest of them. (k-means++.) */
grasp_status grasp__kmeans_start(grasp_context *ctx, grasp__lloyd *w, int64_t restart);

#endif
