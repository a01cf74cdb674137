/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/sweep.h: many settings of a clusterer, scored; DBSCAN's whole (eps, min_samples) grid in one pass over the
 * pairs.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_SWEEP_H
#define GRASP_SWEEP_H

#include "grasp/cluster.h"
#include "grasp/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A grid of settings, their scores and, on demand, their labels. */
typedef struct grasp_sweep grasp_sweep;

#define GRASP_KEY_SCORE "score" /**< sweep, infer: "silhouette" (cosine, linear time), "silhouette_euclidean"
                                     (published), "ari" (needs truth) */
/** sweep, infer: bytes that levels, distances of pairs and rows rounded to float32 may take; 0: all is computed in each
 *  pass. */
#define GRASP_KEY_BUDGET "budget"

/** A sweep of `algorithm`, "dbscan" (lists "eps" and "min_samples"; defaults: the published 13 x 8 grid .10, .15, ...
 *  .70 and 5,10,20,30,40,50,60,100) or "kmeans" or "gmm" (list "k"). Parameters: "sweep". */
GRASP_API grasp_status grasp_sweep_create(grasp_context *ctx, const char *algorithm, const grasp_params *params_or_null,
                                          grasp_sweep **out);
GRASP_API void         grasp_sweep_free(grasp_sweep *sweep);
/** Bytes that a run over `distances` will take at most, result included, at the present number of threads; less than a
 *  twentieth too many, as a rule. Under a lower memory limit a run still goes through as long as labels and one wave of
 *  tiles fit: levels and distances are then computed again in each pass. Cheap. Errors: those of a run that this kind
 *  of distances is not for; GRASP_E_OVERFLOW. */
GRASP_API grasp_status grasp_sweep_bytes(grasp_context *ctx, const grasp_sweep *sweep,
                                         const grasp_distances *distances, uint64_t *out);
/** Scores every setting over `distances`. truth_or_null: known groups, needed by score=ari (its noise excluded by
 *  `noise`).
 *  Settings with equal partitions share one score; a setting whose score is not defined (fewer than 2 labels, or more
 *  than n - 1) scores -1 by silhouette, as published. GRASP_CANCELLED: settings not reached score NaN. */
GRASP_API grasp_status grasp_sweep_run(grasp_context *ctx, grasp_sweep *sweep, const grasp_distances *distances,
                                       const grasp_groups *truth_or_null);
/** Settings, in grid order: eps ascending outside, min_samples ascending inside, whatever order the lists had. */
GRASP_API int64_t grasp_sweep_count(const grasp_sweep *sweep);
/** Score of setting i; NaN when not run. */
GRASP_API double grasp_sweep_score(const grasp_sweep *sweep, int64_t i);
/** The highest score; within 1e-12 the first in grid order. -1 when no setting is admissible (finite, above -1). */
GRASP_API int64_t grasp_sweep_best(const grasp_sweep *sweep);
/** The best setting with another partition than the best one's; -1 if there is none. */
GRASP_API int64_t grasp_sweep_runner_up(const grasp_sweep *sweep);
/** Values of setting i: dbscan eps and min_samples; kmeans, gmm: k in *min_samples, *eps NaN. */
GRASP_API grasp_status grasp_sweep_setting(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, double *eps,
                                           int64_t *min_samples);
/** Clusters found and noise samples at setting i. */
GRASP_API grasp_status grasp_sweep_sizes(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, int64_t *n_clusters,
                                         int64_t *n_noise);
/** Labels at setting i. */
GRASP_API grasp_status grasp_sweep_groups(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, grasp_groups **out);

#ifdef __cplusplus
}
#endif
#endif
