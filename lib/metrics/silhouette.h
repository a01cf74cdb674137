/* SPDX-License-Identifier: BSD-3-Clause
 * metrics, private: what the steps to a silhouette share.
 */
#ifndef GRASP__METRICS_SILHOUETTE_H
#define GRASP__METRICS_SILHOUETTE_H

#include "metrics/metrics.h"

/* A partition whose silhouette is defined, with noise already one more cluster or left out. */
typedef struct grasp__scored {
    const int32_t *label;
    int64_t noise_cluster; /* cluster of noise; -1: left out */
    int64_t clusters;
    int64_t *size;   /* clusters */
    int64_t counted; /* samples not left out */
    double *mean;    /* where the result goes */
} grasp__scored;

static inline int64_t grasp__scored_cluster(const grasp__scored *p, int64_t i)
{
    return p->label[i] >= 0 ? p->label[i] : p->noise_cluster;
}

/* The common refinement of partitions: atom of each sample, and a sample of each atom. */
typedef struct grasp__atoms {
    int64_t count;
    int32_t *of;     /* n */
    int32_t *sample; /* count, with room for n */
} grasp__atoms;

/* Atoms of as many partitions as make at most `most` of them, but of at least one: of *taken. To be freed on failure
 * too. */
grasp_status grasp__atoms_create(grasp_context *ctx, const grasp__scored *scored, int64_t count, int64_t n,
                                 int64_t most, grasp__atoms *out, int64_t *taken);
void         grasp__atoms_free(grasp__atoms *a);
/* *making: at most meanwhile; returns what they hold afterwards. */
uint64_t     grasp__atoms_price(int64_t n, uint64_t *making);

/* ---- sums of distances ------------------------------------------------------------------------------------------- */

/* Sums of the distances from each sample to all samples of each column. */
typedef struct grasp__distance_sums {
    const grasp_distances *d;
    bool linear, euclidean; /* how distances are had, and of the unit rows of a cosine space */
    int64_t n, columns;     /* columns that there is room for */
    double *sums;           /* n rows of as many columns as were asked for last */
    double *turned;         /* for atoms, a worker's: sums of a block of samples, column by column */
    /* by tiles */
    grasp__reader **reader; /* one a worker, as is the next */
    double *values;         /* tiles */
    /* of the last call */
    const int32_t *of;
    int64_t count, wave;
    int64_t *size; /* columns */
} grasp__distance_sums;

/* Columns that serve well for n samples, of which there are `atoms` different ones at most. */
int64_t grasp__distance_sums_columns(const grasp__space *space, int32_t kind, int64_t atoms);
/* To be closed on failure too. */
grasp_status grasp__distance_sums_open(grasp_context *ctx, const grasp_distances *d, int32_t kind, int64_t columns,
                                       bool for_atoms, grasp__distance_sums *sums);
void         grasp__distance_sums_close(grasp_context *ctx, grasp__distance_sums *sums);
uint64_t     grasp__distance_sums_price(grasp_context *ctx, const grasp__space *space, int32_t kind, int64_t columns,
                                        bool for_atoms, uint64_t *filling);
/* Column of[i] of sample i in [0, count), count <= columns. */
grasp_status grasp__distance_sums_fill(grasp_context *ctx, grasp__distance_sums *sums, const int32_t *of,
                                       int64_t count);

/* The two ways: by <u_i, sum of u_j> in a cosine space, and by tiles of distances. */
grasp_status grasp__distance_sums_linear(grasp_context *ctx, grasp__distance_sums *sums);
grasp_status grasp__distance_sums_by_tiles(grasp_context *ctx, grasp__distance_sums *sums);

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* Means of all partitions, sums made as they are needed. */
grasp_status grasp__silhouettes_score(grasp_context *ctx, grasp__distance_sums *sums, const grasp__scored *scored,
                                      int64_t count, const grasp__silhouette_room *room, double *per_sample);
/* filling: what sums take beside their own while they are filled. */
uint64_t     grasp__silhouettes_score_price(grasp_context *ctx, int64_t n, int64_t columns,
                                            const grasp__silhouette_room *room, uint64_t filling);

#endif
