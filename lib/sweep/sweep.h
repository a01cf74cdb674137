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

/* The work behind the public calls, for infer. o: options of grasp__sweep_params; algorithm "dbscan" or "kmeans". */
grasp_status grasp__sweep_create(grasp_context *ctx, const char *algorithm, const grasp__options *o, grasp_sweep **out);
grasp_status grasp__sweep_run(grasp_context *ctx, grasp_sweep *sweep, const grasp_distances *d,
                              const grasp_groups *truth_or_null);
/* Labels (n) and, for dbscan, core flags (n, may be NULL) of setting i. */
grasp_status grasp__sweep_labels(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, int64_t *label,
                                 uint8_t *core);
void         grasp__sweep_free(grasp_sweep *sweep);
int64_t      grasp__sweep_count(const grasp_sweep *sweep);
double       grasp__sweep_score(const grasp_sweep *sweep, int64_t i);
int64_t      grasp__sweep_best(const grasp_sweep *sweep);

#endif
