/* SPDX-License-Identifier: BSD-3-Clause
 * sweep: a grid of settings in one pass: counts per eps, a spanning forest per min_samples, scores.
 */
#ifndef GRASP__SWEEP_H
#define GRASP__SWEEP_H

#include "base/base.h"
#include "groups/groups.h"
#include "distances/distances.h"
#include "cluster/cluster.h"
#include "metrics/metrics.h"
#include "grasp/sweep.h"

extern const grasp__param_table grasp__sweep_params;

/* The rows of that table, which stand in infer's too: both are read by the same code. */
#define GRASP__SWEEP_PARAMS                                                                                            \
  {GRASP_KEY_EPS, GRASP_PARAM_F64S, "0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7", "[0, inf)",           \
   "dbscan: radii, at most 255, inclusive"},                                                                           \
      {GRASP_KEY_MIN_SAMPLES, GRASP_PARAM_I64S, "5,10,20,30,40,50,60,100", "[1, inf)",                                 \
       "dbscan: samples within eps, itself included, that make a core sample"},                                        \
      {GRASP_KEY_K, GRASP_PARAM_I64S, "2,4,6,8", "[1, inf)", "kmeans, gmm: numbers of clusters"},                      \
      {GRASP_KEY_SCORE, GRASP_PARAM_STR, "silhouette", "silhouette|silhouette_euclidean|ari",                          \
       "what the best setting maximises: silhouette by the space's own distances (linear time in a cosine space), "    \
       "silhouette by Euclidean distances (published), or agreement with known groups"},                               \
      {GRASP_KEY_NOISE, GRASP_PARAM_STR, "cluster", "cluster|exclude",                                                 \
       "score: noise is one more cluster, or left out"},                                                               \
      {GRASP_KEY_BUDGET, GRASP_PARAM_I64, "536870912", "[0, inf)",                                                     \
       "dbscan: bytes that levels, distances of pairs and rounded rows may take; where they do not suffice, "          \
       "distances "                                                                                                    \
       "are computed in each pass"},                                                                                   \
      {GRASP_KEY_RESTARTS, GRASP_PARAM_I64, "10", "[1, inf)", "kmeans, gmm: starts, the best wins"},                   \
      {GRASP_KEY_MAX_ITERATIONS, GRASP_PARAM_I64, "300", "[1, inf)", "kmeans, gmm: limit of iterations"},              \
      {GRASP_KEY_TOLERANCE, GRASP_PARAM_F64, "1e-6", "[0, inf)",                                                       \
       "kmeans: stop when no centre moved by more, relative to the spread of the data; gmm: when the mean log "        \
       "likelihood moved by less"},                                                                                    \
  {                                                                                                                    \
    GRASP_KEY_REGULARIZATION, GRASP_PARAM_F64, "1e-6", "[0, inf)", "gmm: added to the diagonal of every covariance"    \
  }

/* The work behind the public calls, for infer. o: options of grasp__sweep_params; algorithm "dbscan", "kmeans" or
 * "gmm". */
grasp_status grasp__sweep_create(grasp_context *ctx, const char *algorithm, const grasp__options *o, grasp_sweep **out);
/* Parameters of kmeans, or of gmm, from those options; k is to be set. */
grasp_status grasp__sweep_centers(grasp_context *ctx, bool gmm, const grasp__options *o, grasp_params **out);
grasp_status grasp__sweep_run(grasp_context *ctx, grasp_sweep *sweep, const grasp_distances *d,
                              const grasp_groups *truth_or_null);
/* Bytes that it takes at most meanwhile, result included. */
uint64_t     grasp__sweep_handle_price(const grasp_sweep *sweep);
uint64_t     grasp__sweep_result_price(const grasp_sweep *sweep, int64_t n); /* the part that stays */
uint64_t     grasp__sweep_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space);
/* Labels (n) and, for dbscan, core flags (n, may be NULL) of setting i. */
grasp_status grasp__sweep_labels(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, int64_t *label,
                                 uint8_t *core);
/* Values of setting i, as grasp_sweep_setting() gives them. */
void         grasp__sweep_values(const grasp_sweep *sweep, int64_t i, double *eps, int64_t *min_samples);
void         grasp__sweep_free(grasp_sweep *sweep);
int64_t      grasp__sweep_count(const grasp_sweep *sweep);
double       grasp__sweep_score(const grasp_sweep *sweep, int64_t i);
int64_t      grasp__sweep_best(const grasp_sweep *sweep);

#endif
