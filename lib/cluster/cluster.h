/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: DBSCAN and k-means over the seam.
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

/* What it took to be sure. */
typedef struct grasp__certificate {
    int64_t pairs, undecided, exact, ties;
} grasp__certificate;

/* Labels (n, canonical numbering, -1 noise), core flags (n, may be NULL). multiplicity may be NULL. certificate may be
 * NULL. */
grasp_status grasp__dbscan(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                           const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                           grasp__certificate *certificate);

/* Lloyd's algorithm on the rows of d's space (cosine: unit centred rows; euclidean: the rows). centers (k x p) may be
 * NULL.
 * GRASP_NOT_CONVERGED: the result is that of the last iteration. GRASP_E_PARAM when k is above n. */
grasp_status grasp__kmeans(grasp_context *ctx, const grasp_distances *d, const grasp__options *o,
                           const int64_t *multiplicity, int64_t *label, double *centers, double *inertia,
                           grasp_report *report_or_null);
/* Bytes at most meanwhile. */
uint64_t     grasp__kmeans_price(grasp_context *ctx, int64_t n, int64_t p, int64_t k);

/* Disjoint sets with path halving; roots are the lowest member, so numbering by root is numbering by lowest index. */
int64_t grasp__set_find(int64_t *parent, int64_t i);
void    grasp__set_union(int64_t *parent, int64_t i, int64_t j);

#endif
