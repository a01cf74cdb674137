/* SPDX-License-Identifier: BSD-3-Clause
 * metrics: how good a partition is.
 */
#ifndef GRASP__METRICS_H
#define GRASP__METRICS_H

#include "base/base.h"
#include "groups/groups.h"
#include "distances/distances.h"
#include "grasp/metrics.h"

/* ---- against known groups; accuracy ------------------------------------------------------------------------------ */

/* The handles and sizes must have been checked, or come from the library; noise as in the public functions. */
grasp_status grasp__ari(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise, double *out);
/* Bytes that `count` groups of n samples take together with their ari against few others. */
uint64_t     grasp__ari_price(int64_t n, int64_t count);
grasp_status grasp__ari_within(grasp_context *ctx, const int64_t *y, const grasp_groups *a, const grasp_groups *b,
                               int32_t noise, double *out);
grasp_status grasp__nmi(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise, double *out);
void grasp__outliers(const grasp_groups *g, const uint8_t *is_outlier, double *precision, double *recall);
void grasp__group_accuracy(const grasp_groups *g, const int64_t *y, const int64_t *pred, double *accuracy);
/* Of accuracies that are NaN for empty groups: the lowest, and its place, -1 (and NaN) if there is none. */
double grasp__worst_group(const double *accuracy, int64_t n_groups, int64_t *group);
/* sum accuracy_g size_g / sum size_g over the groups that are not NaN; NaN if the sum is 0. */
double grasp__average_accuracy(const double *accuracy, const int64_t *size, int64_t n_groups);

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

/* What memory is made for: at least as many partitions, and clusters of any of them. */
typedef struct grasp__silhouette_room {
    int64_t partitions, clusters;
} grasp__silhouette_room;

/* Mean silhouettes of several partitions of d's samples, in few passes over tiles, or O(n K p) by unit rows, K the
 * clusters of all of them together. mean[s] is -1 where it is not defined, NaN for a partition not reached when
 * cancelled. per_sample (n, or NULL) is for count == 1. */
grasp_status grasp__silhouettes(grasp_context *ctx, const grasp_distances *d, int32_t kind, bool exclude_noise,
                                const grasp__partition *partition, int64_t count, const grasp__silhouette_room *room,
                                double *mean, double *per_sample);
/* Bytes at most meanwhile. */
uint64_t grasp__silhouettes_price(grasp_context *ctx, const grasp__space *space, int32_t kind,
                                  const grasp__silhouette_room *room);

#endif
