/* SPDX-License-Identifier: BSD-3-Clause
 * Disjoint sets that several threads unite at once, without a lock. The sets in the end, and their roots, do not depend
 * on the order of unions.
 */
#ifndef GRASP__CLUSTER_SETS_H
#define GRASP__CLUSTER_SETS_H

#include "cluster/cluster.h"

typedef _Atomic int64_t *grasp__shared_sets;

/* n sets of one member each; grasp__free() it. */
grasp_status grasp__shared_sets_create(grasp_context *ctx, int64_t n, grasp__shared_sets *out);
int64_t      grasp__shared_find(grasp__shared_sets parent, int64_t i);
void         grasp__shared_union(grasp__shared_sets parent, int64_t i, int64_t j);

#endif
