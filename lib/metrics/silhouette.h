/* SPDX-License-Identifier: BSD-3-Clause
 * metrics, private: what the two ways to a silhouette share.
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

/* (b - a) / max(a, b) from the mean distances to the own and to the nearest other cluster. */
double grasp__silhouette_value(double a, double b);

/* By <u_i, sum of u_j>, in a cosine space. */
grasp_status grasp__silhouettes_linear(grasp_context *ctx, const grasp_distances *d, const grasp__scored *scored,
                                       int64_t count, double *per_sample);
/* By tiles of distances; euclidean: of the unit rows of a cosine space. */
grasp_status grasp__silhouettes_by_tiles(grasp_context *ctx, const grasp_distances *d, bool euclidean,
                                         const grasp__scored *scored, int64_t count, double *per_sample);

#endif
