/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: DBSCAN, k-means and Gaussian mixtures over the seam.
 */
#ifndef GRASP__CLUSTER_H
#define GRASP__CLUSTER_H

#include "base/base.h"
#include "report/report.h"
#include "groups/groups.h"
#include "distances/distances.h"
#include "grasp/cluster.h"

extern const grasp__param_table grasp__dbscan_params;
extern const grasp__param_table grasp__kmeans_params;
extern const grasp__param_table grasp__gmm_params;

/* What it took to be sure. */
typedef struct grasp__certificate {
    int64_t pairs, undecided, exact, ties;
} grasp__certificate;

/* Labels (n, canonical numbering, -1 noise), core flags (n, may be NULL). multiplicity may be NULL. certificate may be
 * NULL. */
grasp_status grasp__dbscan(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                           const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                           grasp__certificate *certificate);

/* Bytes at most meanwhile, on the dearest way there is, with core flags given. */
uint64_t grasp__dbscan_price(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples);

/* Lloyd's algorithm on the rows of d's space (cosine: unit centred rows; euclidean: the rows). centers (k x p) may be
 * NULL. The caller has seen to it that there are rows, and at least k.
 * GRASP_NOT_CONVERGED: the result is that of the last iteration. */
grasp_status grasp__kmeans(grasp_context *ctx, const grasp_distances *d, const grasp__options *o,
                           const int64_t *multiplicity, int64_t *label, double *centers, double *inertia,
                           grasp_report *report_or_null);
/* Bytes at most meanwhile. */
uint64_t     grasp__kmeans_price(grasp_context *ctx, int64_t n, int64_t p, int64_t k);

/* A Gaussian mixture over rows of p values. */
typedef struct grasp__mixture {
    int64_t k, p;
    double *log_weight, *log_det; /* k: log_det of the inverse of the covariance's Cholesky factor */
    double *mean, *factor;        /* k x p, k x p x p: that inverse, lower, zero above */
} grasp__mixture;
grasp_status grasp__mixture_create(grasp_context *ctx, int64_t k, int64_t p, grasp__mixture **out);
uint64_t     grasp__mixture_price(int64_t k, int64_t p);
void         grasp__mixture_free(grasp__mixture *m);
/* Component j of `from` is place[j] of `to` (NULL: j). */
void grasp__mixture_copy(const grasp__mixture *from, const int64_t *place_or_null, grasp__mixture *to);
/* Destroys the p x p covariance; false if it is not positive definite. */
bool grasp__mixture_set_covariance(grasp__mixture *m, int64_t j, double *covariance);
/* density (n x components): log weight + log density of rows under the first `components`; scratch: 2 n p. */
void grasp__mixture_densities(grasp_context *ctx, const grasp__mixture *m, const double *rows, int64_t n,
                              int64_t components, double *scratch, double *density);
/* Turns one row's k log densities into responsibilities; returns the log of their sum. */
double grasp__mixture_responsibilities(double *density, int64_t k);

/* EM on the rows of d's space, at least k. Labels are the most probable components, the lowest of equals, numbered by
 * lowest sample; mixture (made for k, p) and responsibility (n x k) are in that order, components without a sample
 * last. log_likelihood is the mean of a sample. GRASP_NOT_CONVERGED as for k-means; GRASP_E_NUMERIC: a covariance is
 * singular. */
grasp_status grasp__gmm(grasp_context *ctx, const grasp_distances *d, const grasp__options *o,
                        const int64_t *multiplicity, int64_t *label, grasp__mixture *mixture_or_null,
                        double *responsibility_or_null, double *log_likelihood, grasp_report *report_or_null);

/* The most bytes that takes, without a mixture to fill. */
uint64_t grasp__gmm_price(grasp_context *ctx, int64_t n, int64_t p, int64_t k);

#endif
