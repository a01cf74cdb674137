/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/cluster.h: DBSCAN, k-means, Gaussian mixtures.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_CLUSTER_H
#define GRASP_CLUSTER_H

#include "grasp/distances.h"
#include "grasp/groups.h"
#include "grasp/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An algorithm, its options, and after a fit its result. Used by one thread at a time. */
typedef struct grasp_clusterer grasp_clusterer;

#define GRASP_KEY_EPS "eps"                 /**< dbscan: radius, inclusive; in sweeps and infer a list */
#define GRASP_KEY_MIN_SAMPLES "min_samples" /**< dbscan: neighbours that make a core sample, itself included; a list
                                                 likewise */
#define GRASP_KEY_K "k"                     /**< kmeans, gmm: number of clusters */
#define GRASP_KEY_RESTARTS "restarts"       /**< kmeans: k-means++ starts, the lowest inertia wins; gmm: k-means starts,
                                                 the highest likelihood wins */
#define GRASP_KEY_MAX_ITERATIONS                                                                                       \
  "max_iterations" /**< kmeans, gmm and trainers: limit, reached: GRASP_NOT_CONVERGED */
#define GRASP_KEY_TOLERANCE "tolerance"     /**< kmeans: stop when no centre moved by more, relative to the root
                                                 mean squared distance from the mean; gmm: when the mean log likelihood
                                                 of a sample moved by less */
#define GRASP_KEY_REGULARIZATION "regularization" /**< gmm: added to the diagonal of every covariance; default 1e-6 */
#define GRASP_KEY_UNIT "unit"               /**< kmeans, gmm on distances with metric cosine: rows are unit vectors; on
                                                 points: 1 normalises */

/** `algorithm` "dbscan", "kmeans" or "gmm"; parameters of the same name (NULL: defaults).
 *  DBSCAN: a sample is core when at least min_samples samples (itself included) lie within eps; clusters are the
 *  connected components of the cores, numbered by their lowest index; another sample within eps of a core takes the
 *  lowest cluster number among those cores;
 *  the rest is GRASP_NOISE. Independent of scan order; the labels scikit-learn gives. (Ester et al. 1996; Schubert et
 *  al. 2017.) k-means: Lloyd's iterations from k-means++ (Arthur and Vassilvitskii 2007), ties to the lowest centre,
 *  clusters numbered by lowest index;
 *  GRASP_NOT_CONVERGED when the best start met max_iterations. Starts depend on the context's seed alone.
 *  gmm: mixture of Gaussians with full covariances by expectation maximisation in the log domain (Dempster, Laird,
 *  Rubin 1977), from the clusters of one k-means start each, as scikit-learn's GaussianMixture; labels are the most
 *  probable components, numbered by lowest index, those without a sample last; GRASP_NOT_CONVERGED likewise;
 *  GRASP_E_NUMERIC: a covariance is singular in spite of regularization. O(n k p^2) an iteration, memory O(n k + k
 *  p^2). */
GRASP_API grasp_status grasp_clusterer_create(grasp_context *ctx, const char *algorithm,
                                              const grasp_params *params_or_null, grasp_clusterer **out);
/** Frees a clusterer; groups and reports taken from it stay. */
GRASP_API void         grasp_clusterer_free(grasp_clusterer *clusterer);
/** Times each of the n samples counts (>= 1; duplicate rows kept once); NULL: once. DBSCAN counts them towards
 *  min_samples, k-means weighs its means with them. Used by the fits that follow; n must then agree. */
GRASP_API grasp_status grasp_clusterer_set_multiplicities(grasp_context *ctx, grasp_clusterer *clusterer,
                                                          const int64_t *multiplicity_or_null, int64_t n);
/** Clusters samples by their distances. k-means needs a space of rows (GRASP_E_UNSUPPORTED for a precomputed matrix).
 *  DBSCAN: O(n^2 p) time at worst, a byte an entry of the rows and about 100 bytes a sample; where nearly all pairs
 *  have to be looked at, up to 48 MiB more if the context's memory limit allows. GRASP_CANCELLED: the earlier fit, if
 *  any, stays. */
GRASP_API grasp_status grasp_clusterer_fit_distances(grasp_context *ctx, grasp_clusterer *clusterer,
                                                     const grasp_distances *distances);
/** Bytes that grasp_clusterer_fit_distances() will take at most, result included, beside the distances and an earlier
 *  fit, at the present number of threads: a memory limit of that much beyond what is in use never refuses it. k-means
 *  and mixtures take less than a twentieth less, as a rule, but for reports: a number of every start, and of a
 *  mixture's every iteration, is priced at all of restarts and max_iterations. The path of DBSCAN depends on the data,
 *  and the price is that of the dearest that these sizes, eps and min_samples allow: data with structure takes much
 *  less, and under a lower limit the comparison of all pairs takes less or is left out. Cheap. Errors: those of a fit
 *  that these distances are not for; GRASP_E_OVERFLOW. */
GRASP_API grasp_status grasp_clusterer_bytes(grasp_context *ctx, const grasp_clusterer *clusterer,
                                             const grasp_distances *distances, uint64_t *out);
/** Clusters the rows of x: DBSCAN by Euclidean distance, k-means in x's space. */
GRASP_API grasp_status grasp_clusterer_fit_points(grasp_context *ctx, grasp_clusterer *clusterer, grasp_matrix *x);
/** Result of the last fit; GRASP_E_STATE before one. */
GRASP_API grasp_status grasp_clusterer_groups(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_groups **out);
/** dbscan: core[i] = 1 for core samples. */
GRASP_API grasp_status grasp_clusterer_core_flags(grasp_context *ctx, const grasp_clusterer *clusterer, uint8_t *core,
                                                  int64_t n);
/** kmeans, gmm: centres into out (k x p), in cluster order. */
GRASP_API grasp_status grasp_clusterer_centers(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_matrix *out);
/** gmm: the probability of each component given each sample into out (n x k), in cluster order; rows sum to 1. */
GRASP_API grasp_status grasp_clusterer_responsibilities(grasp_context *ctx, const grasp_clusterer *clusterer,
                                                        grasp_matrix *out);
/** kmeans: inertia (sum of squared distances to the centres); gmm: mean log likelihood of a sample; dbscan: NaN. */
GRASP_API double grasp_clusterer_objective(const grasp_clusterer *clusterer);
/** What the last fit did. dbscan: "pairs", verdicts asked (of n^2: a pair may be asked about in both orders and
 *  by each of three steps; those that whole boxes of samples decide are not counted); "undecided", verdicts that cheap
 *  arithmetic with its proven error bound had to leave open; "exact", those on which an answer depended and that were
 *  decided by the truth; "ties", of these, pairs within 1e-6 of eps.
 *  kmeans: "iterations", "inertia", and "inertia.restart" of every start. gmm: "iterations", "log_likelihood" (mean of
 *  a sample), series "log_likelihood.restart" of every start, "log_likelihood.iteration" of the first. */
GRASP_API grasp_status grasp_clusterer_report(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_report **out);

#ifdef __cplusplus
}
#endif
#endif
