/* SPDX-License-Identifier: BSD-3-Clause
 * metrics: how good a partition is.
 */
#ifndef GRASP__METRICS_H
#define GRASP__METRICS_H

#include "base/base.h"
#include "groups/groups.h"
#include "distances/distances.h"
#include "grasp/metrics.h"

/* ---- silhouette -------------------------------------------------------------------------------------------------- */

extern const grasp__param_table grasp__silhouette_params;

enum {
    GRASP__SILHOUETTE_SPACE = 1,    /* the space's own distances: linear time in a cosine space, tiles elsewhere */
    GRASP__SILHOUETTE_EUCLIDEAN = 2 /* |u_i - u_j|, by tiles */
};

/* One partition to score: n labels, -1 or in [0, n_clusters). A cluster may be empty. */
typedef struct grasp__partition {
    const int32_t *label;
    int64_t n_clusters;
} grasp__partition;

/* Mean silhouettes of several partitions of d's samples, in one pass over tiles, or O(n K p) by unit rows, K the clusters
 * of all of them together. mean[s] is -1 where it is not defined, NaN for a partition not reached when cancelled.
 * per_sample (n, or NULL) is for count == 1. */
grasp_status grasp__silhouettes(grasp_context *ctx, const grasp_distances *d, int32_t kind, bool exclude_noise,
                                const grasp__partition *partition, int64_t count, double *mean, double *per_sample);

#endif
