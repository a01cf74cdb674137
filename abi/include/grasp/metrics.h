/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/metrics.h: how good a partition is, by itself (silhouette) or against known groups; accuracy of
 * predictions by group.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_METRICS_H
#define GRASP_METRICS_H

#include "grasp/distances.h"
#include "grasp/groups.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- against known groups ---------------------------------------------------------------------------------------- */

/** What noise is to a comparison of partitions: one more group (published), or left out where either side has it. */
enum { GRASP_NOISE_GROUP = 0, GRASP_NOISE_EXCLUDE = 1 };

/** Adjusted Rand index (Hubert and Arabie 1985), from exact integers: scikit-learn's adjusted_rand_score. 1 where it is
 *  0 / 0: both partitions trivial in the same way, or fewer than 2 samples. `noise`: GRASP_NOISE_GROUP or
 *  GRASP_NOISE_EXCLUDE. The floor "one group per class" is the index of grasp_groups_create_coded(y). O(n log n).
 *  Errors: GRASP_E_ARG, GRASP_E_DIM (numbers of samples), GRASP_E_OVERFLOW (more than 3037000499 samples), memory. */
GRASP_API grasp_status grasp_metric_ari(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise,
                                        double *out);
/** Mean over the classes in y of the adjusted Rand index inside the class: what is left when knowing the class earns
 *  nothing. y: class of each of n samples, any values. GRASP_E_EMPTY without a sample. */
GRASP_API grasp_status grasp_metric_ari_within(grasp_context *ctx, const int64_t *y, int64_t n, const grasp_groups *a,
                                               const grasp_groups *b, int32_t noise, double *out);
/** Normalised mutual information, I(a; b) / ((H(a) + H(b)) / 2): scikit-learn's normalized_mutual_info_score. 1 where
 *  both have one group, or no sample. */
GRASP_API grasp_status grasp_metric_nmi(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise,
                                        double *out);
/** Found outliers (the noise of `groups`) against true ones (is_outlier[i] not 0): share of the found that are true,
 * and share of the true that are found; NaN without any. */
GRASP_API grasp_status grasp_metric_outliers(grasp_context *ctx, const grasp_groups *groups, const uint8_t *is_outlier,
                                             int64_t n, double *precision, double *recall);

/* ---- accuracy ---------------------------------------------------------------------------------------------------- */

/** Share of pred == y by group; NaN for an empty group. Noise is left out. n_groups: grasp_groups_count(). O(n). */
GRASP_API grasp_status grasp_metric_group_accuracy(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                                   const int64_t *pred, int64_t n, double *accuracy, int64_t n_groups);
/** Lowest accuracy of the groups that have samples, and which group has it (the first of equals). GRASP_E_EMPTY when
 * none has any. */
GRASP_API grasp_status grasp_metric_worst_group(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                                const int64_t *pred, int64_t n, double *accuracy,
                                                int64_t *group_or_null);
/** Average accuracy as the tables of Sagawa et al. have it: sum_g accuracy_g train_size_g / sum_g train_size_g, so that
 * it speaks of the training distribution. Groups without a sample here are left out of both sums. train_size: n_groups
 *  numbers >= 0. GRASP_E_EMPTY when nothing is left. */
GRASP_API grasp_status grasp_metric_average_accuracy(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                                     const int64_t *pred, int64_t n, const int64_t *train_size,
                                                     int64_t n_groups, double *out);

/* ---- silhouette -------------------------------------------------------------------------------------------------- */

/** Noise in metrics, sweep and infer: "cluster" (published: noise is one more cluster) or "exclude" (left out). */
#define GRASP_KEY_NOISE "noise"

/** Mean silhouette (Rousseeuw 1987): s_i = (b_i - a_i) / max(a_i, b_i), a_i the mean distance to the other samples of
 *  i's group, b_i the lowest mean distance to another group; 0 for the only sample of a group, and where a_i = b_i = 0.
 *  Parameters: "silhouette": metric
 *    "auto"       the space's own distances; in a cosine space in linear time: the distances from i to group C sum to
 *                 |C| - <u_i, sum of u_j>, u the unit rows: O(n K p);
 *    "cosine"     the same, GRASP_E_UNSUPPORTED in another space;
 *    "euclidean"  |u_i - u_j| of the unit rows in a cosine space (published: sqrt(2 d_cos), but a zero row is 1 from a
 *                 unit row and 0 from another zero row), the plain distances in a Euclidean one; GRASP_E_UNSUPPORTED
 *                 for a caller's matrix; O(n^2 p) by tiles, n K numbers of memory;
 *  and noise, "cluster" (default, published) or "exclude".
 *  With fewer than 2 groups, or more than (samples counted - 1), it is not defined: *mean = -1, the published
 *  convention.
 *  per_sample_or_null: n values; NaN for a sample left out, and for all where it is not defined.
 *  The values of scikit-learn's silhouette_score. GRASP_E_DIM when groups has another number of samples.
 *  GRASP_CANCELLED: *mean and all per_sample values are NaN. */
GRASP_API grasp_status grasp_metric_silhouette(grasp_context *ctx, const grasp_distances *distances,
                                               const grasp_groups *groups, const grasp_params *params_or_null,
                                               double *mean, double *per_sample_or_null);

#ifdef __cplusplus
}
#endif
#endif
