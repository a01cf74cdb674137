/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/metrics.h: how good a partition is, by itself (silhouette) or against known groups.
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

/* ---- silhouette -------------------------------------------------------------------------------------------------- */

/** Noise in metrics, sweep and infer: "cluster" (published: noise is one more cluster) or "exclude" (left out). */
#define GRASP_KEY_NOISE "noise"

/** Mean silhouette (Rousseeuw 1987): s_i = (b_i - a_i) / max(a_i, b_i), a_i the mean distance to the other samples of
 *  i's group, b_i the lowest mean distance to another group; 0 for the only sample of a group, and where a_i = b_i = 0.
 *  Parameters: "silhouette": metric
 *    "auto"       the space's own distances; in a cosine space in linear time: the sum of distances from i to group C
 *    is
 *                 |C| - <u_i, sum of u_j>, u the unit rows: O(n K p);
 *    "cosine"     the same, GRASP_E_UNSUPPORTED in another space;
 *    "euclidean"  |u_i - u_j| of the unit rows in a cosine space (published: sqrt(2 d_cos), but a zero row is 1 from a
 *                 unit row and 0 from another zero row), the plain distances in a Euclidean one; GRASP_E_UNSUPPORTED
 *                 for a caller's matrix; O(n^2 p) by tiles, O(n + K) memory a thread;
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
