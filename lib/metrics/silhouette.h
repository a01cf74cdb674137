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

/* (b - a) / max(a, b) from the mean distances to the own and to the nearest other cluster. */
double grasp__silhouette_value(double a, double b);

/* By <u_i, sum of u_j>, in a cosine space. */
grasp_status grasp__silhouettes_linear(grasp_context *ctx, const grasp_distances *d, const grasp__scored *scored,
                                       int64_t count, double *per_sample);
/* By tiles of distances; euclidean: of the unit rows of a cosine space. */
grasp_status grasp__silhouettes_by_tiles(grasp_context *ctx, const grasp_distances *d, bool euclidean,
                                         const grasp__scored *scored, int64_t count, double *per_sample);

#endif
