/* SPDX-License-Identifier: BSD-3-Clause
 * What a sweep's run found: settings, scores, the best ones, labels.
 */
#include "sweep/private.h"

#include <math.h>

/* Scores this close are equal: rounding must not choose among equal partitions' settings. */
static const double tie = 1e-12;

grasp_status grasp__sweep_check(grasp_context *ctx, const grasp_sweep *sweep)
{
    return grasp__check_handle(ctx, sweep, GRASP__SWEEP_MAGIC, "sweep", "grasp_sweep");
}

grasp_status grasp__sweep_check_setting(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, bool labels)
{
    grasp_status s = grasp__check_range(ctx, i, 0, sweep->count - 1, "i");
    if (s == GRASP_OK && labels && (!sweep->has_run || sweep->result.n_clusters[i] < 0))
        s = grasp__fail(ctx, GRASP_E_STATE, "sweep has no labels at setting %jd, expected grasp_sweep_run() before",
                        (intmax_t)i);
    return s;
}

int64_t grasp__sweep_count(const grasp_sweep *sweep)
{
    return sweep->count;
}

double grasp__sweep_score(const grasp_sweep *sweep, int64_t i)
{
    return sweep->has_run && i >= 0 && i < sweep->count ? sweep->result.score[i] : NAN;
}

/* The best admissible setting, partition `other` left out. */
static int64_t best_beside(const grasp_sweep *sweep, int64_t other)
{
    double highest = -1;
    if (!sweep->has_run)
        return -1;
    const grasp__sweep_result *r = &sweep->result;
    for (int64_t i = 0; i < sweep->count; i++)
        if (r->score[i] > highest && r->partition[i] != other)
            highest = r->score[i];
    for (int64_t i = 0; i < sweep->count; i++)
        if (r->score[i] > -1 && r->score[i] >= highest - tie && r->partition[i] != other)
            return i;
    return -1;
}

int64_t grasp__sweep_best(const grasp_sweep *sweep)
{
    return best_beside(sweep, -1);
}

grasp_status grasp__sweep_labels(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, int64_t *label, uint8_t *core)
{
    const grasp__sweep_result *r = &sweep->result;
    grasp_status s = grasp__sweep_check_setting(ctx, sweep, i, true);
    if (s != GRASP_OK)
        return s;
    for (int64_t k = 0; k < r->n; k++)
        label[k] = r->label[i * r->n + k];
    if (core == NULL || !sweep->dbscan)
        return GRASP_OK;
    const uint8_t *level = r->core_level + (i % sweep->n_min_samples) * r->n;
    for (int64_t k = 0; k < r->n; k++)
        core[k] = level[k] <= i / sweep->n_min_samples;
    return GRASP_OK;
}

void grasp__sweep_values(const grasp_sweep *sweep, int64_t i, double *eps, int64_t *min_samples)
{
    *eps = sweep->dbscan ? sweep->eps[i / sweep->n_min_samples] : NAN;
    *min_samples = sweep->min_samples[i % sweep->n_min_samples];
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static bool is_sweep(const grasp_sweep *sweep)
{
    return sweep != NULL && sweep->object.magic == GRASP__SWEEP_MAGIC;
}

int64_t grasp_sweep_count(const grasp_sweep *sweep)
{
    return is_sweep(sweep) ? sweep->count : 0;
}

double grasp_sweep_score(const grasp_sweep *sweep, int64_t i)
{
    return is_sweep(sweep) ? grasp__sweep_score(sweep, i) : NAN;
}

int64_t grasp_sweep_best(const grasp_sweep *sweep)
{
    return is_sweep(sweep) ? grasp__sweep_best(sweep) : -1;
}

int64_t grasp_sweep_runner_up(const grasp_sweep *sweep)
{
    int64_t best = grasp_sweep_best(sweep);
    return best < 0 ? -1 : best_beside(sweep, sweep->result.partition[best]);
}

grasp_status grasp_sweep_setting(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, double *eps,
                                 int64_t *min_samples)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, eps, "eps");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, min_samples, "min_samples");
    if (s == GRASP_OK)
        s = grasp__sweep_check_setting(ctx, sweep, i, false);
    if (s == GRASP_OK)
        grasp__sweep_values(sweep, i, eps, min_samples);
    return grasp__leave(ctx, s);
}

grasp_status grasp_sweep_sizes(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, int64_t *n_clusters,
                               int64_t *n_noise)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, n_clusters, "n_clusters");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, n_noise, "n_noise");
    if (s == GRASP_OK)
        s = grasp__sweep_check_setting(ctx, sweep, i, true);
    if (s == GRASP_OK) {
        *n_clusters = sweep->result.n_clusters[i];
        *n_noise = sweep->result.n_noise[i];
    }
    return grasp__leave(ctx, s);
}

static grasp_status make_groups(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, grasp_groups **out)
{
    int64_t *label = NULL;
    grasp_status s = grasp__sweep_check_setting(ctx, sweep, i, true);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, sweep->result.n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__sweep_labels(ctx, sweep, i, label, NULL);
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, label, sweep->result.n, out);
    grasp__free(label);
    return s;
}

grasp_status grasp_sweep_groups(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = make_groups(ctx, sweep, i, out);
    return grasp__leave(ctx, s);
}
