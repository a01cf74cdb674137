/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes of partitions (Rousseeuw 1987): s_i = (b_i - a_i) / max(a_i, b_i), and their mean.
 *
 * a_i is the mean distance to the other samples of i's cluster, b_i the lowest mean distance to another cluster; s_i =
 * 0 for the only sample of a cluster. Noise is one more cluster, as Zeng et al. (2022) have it, or left out. With fewer
 * than 2 clusters, or more than n - 1, the mean is -1 by their convention, so that one cluster without noise can never
 * win.
 * Here: arguments, and partitions made ready; the sums are in silhouette_linear.c, O(n K p), and silhouette_tiles.c,
 * O(n^2 p).
 */
#include "metrics/silhouette.h"

#include <math.h>

static const grasp__param params[] = {
    {GRASP_KEY_METRIC, GRASP_PARAM_STR, "auto", "auto|cosine|euclidean",
     "distances: the space's own (linear time in a cosine space), cosine, or euclidean of the unit rows"},
    {GRASP_KEY_NOISE, GRASP_PARAM_STR, "cluster", "cluster|exclude", "noise is one more cluster, or left out"},
};

const grasp__param_table grasp__silhouette_params = {
    "silhouette", params, sizeof params / sizeof *params, {{NULL, NULL}}};

double grasp__silhouette_value(double a, double b)
{
    double larger = a > b ? a : b;
    return larger > 0 ? (b - a) / larger : 0;
}

/* Counts clusters; sets *scored and returns true where the silhouette is defined. Counts go to `size`. */
static bool prepare(const grasp__partition *p, int64_t n, bool exclude_noise, int64_t *size, grasp__scored *scored)
{
    int64_t noise = 0, inhabited = 0;
    for (int64_t k = 0; k <= p->n_clusters; k++)
        size[k] = 0;
    for (int64_t i = 0; i < n; i++)
        if (p->label[i] >= 0)
            size[p->label[i]]++;
        else
            noise++;
    bool one_more = noise > 0 && !exclude_noise;
    if (one_more)
        size[p->n_clusters] = noise;
    for (int64_t k = 0; k <= p->n_clusters; k++)
        inhabited += size[k] > 0;
    *scored = (grasp__scored){.label = p->label,
                              .noise_cluster = one_more ? p->n_clusters : -1,
                              .clusters = p->n_clusters + one_more,
                              .size = size,
                              .counted = exclude_noise ? n - noise : n};
    return inhabited >= 2 && inhabited <= scored->counted - 1;
}

grasp_status grasp__silhouettes(grasp_context *ctx, const grasp_distances *d, int32_t kind, bool exclude_noise,
                                const grasp__partition *partition, int64_t count, double *mean, double *per_sample)
{
    int64_t n = grasp__distances_count(d), sizes = 0, defined = 0;
    grasp__scored *scored = NULL;
    int64_t *size = NULL;
    bool cosine = grasp__distances_metric(d) == GRASP__COSINE;

    for (int64_t s = 0; s < count; s++) {
        mean[s] = NAN;
        sizes += partition[s].n_clusters + 1;
    }
    for (int64_t i = 0; per_sample != NULL && i < n; i++)
        per_sample[i] = NAN;
    if (n > INT32_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%jd samples, expected at most %jd", (intmax_t)n,
                           (intmax_t)INT32_MAX);
    grasp_status status = grasp__alloc(ctx, count, sizeof *scored, &scored);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, sizes, sizeof *size, &size);
    if (status != GRASP_OK)
        goto done;
    int64_t *next = size;
    for (int64_t s = 0; s < count; next += partition[s].n_clusters + 1, s++) {
        if (prepare(&partition[s], n, exclude_noise, next, &scored[defined]))
            scored[defined++].mean = &mean[s];
        else
            mean[s] = -1;
    }
    if (defined == 0)
        goto done;
    if (cosine && kind == GRASP__SILHOUETTE_SPACE)
        status = grasp__silhouettes_linear(ctx, d, scored, defined, per_sample);
    else
        status = grasp__silhouettes_by_tiles(ctx, d, cosine, scored, defined, per_sample);
done:
    grasp__free(size);
    grasp__free(scored);
    return status;
}

/* Which kind the parameter means in this space. */
static grasp_status choose_kind(grasp_context *ctx, const grasp_distances *d, const grasp__options *o, int32_t *kind)
{
    int32_t space = grasp__distances_metric(d);
    bool euclidean = grasp__options_is(o, GRASP_KEY_METRIC, "euclidean");
    bool cosine = grasp__options_is(o, GRASP_KEY_METRIC, "cosine");
    *kind = euclidean ? GRASP__SILHOUETTE_EUCLIDEAN : GRASP__SILHOUETTE_SPACE;
    if ((cosine && space != GRASP__COSINE) || (euclidean && space == GRASP__PRECOMPUTED))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "metric is %s, but distances are %s",
                           cosine ? "cosine" : "euclidean", space == GRASP__PRECOMPUTED ? "precomputed" : "euclidean");
    return GRASP_OK;
}

/* Outputs are written at the end, so that an error leaves them alone. */
static grasp_status score(grasp_context *ctx, const grasp_distances *d, const grasp_groups *groups,
                          const grasp__options *o, double *mean, double *per_sample)
{
    int32_t kind;
    int32_t *label = NULL;
    double *sample = NULL, found;
    grasp_status s = choose_kind(ctx, d, o, &kind);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, groups->n, sizeof *label, &label);
    if (s == GRASP_OK && per_sample != NULL)
        s = grasp__alloc(ctx, groups->n, sizeof *sample, &sample);
    if (s != GRASP_OK)
        goto done;
    for (int64_t i = 0; i < groups->n; i++)
        label[i] = (int32_t)groups->label[i];
    grasp__partition partition = {label, groups->count};
    s = grasp__silhouettes(ctx, d, kind, grasp__options_is(o, GRASP_KEY_NOISE, "exclude"), &partition, 1, &found,
                           sample);
    if (s < 0)
        goto done;
    *mean = found;
    for (int64_t i = 0; per_sample != NULL && i < groups->n; i++)
        per_sample[i] = sample[i];
done:
    grasp__free(sample);
    grasp__free(label);
    return s;
}

grasp_status grasp_metric_silhouette(grasp_context *ctx, const grasp_distances *distances, const grasp_groups *groups,
                                     const grasp_params *params_or_null, double *mean, double *per_sample_or_null)
{
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, mean, "mean");
    if (s == GRASP_OK)
        s = grasp__distances_check(ctx, distances, "distances");
    if (s == GRASP_OK)
        s = grasp__groups_check(ctx, groups, "groups");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, groups->n, grasp__distances_count(distances), "samples of groups");
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__silhouette_params, &o);
    if (s == GRASP_OK)
        s = score(ctx, distances, groups, &o, mean, per_sample_or_null);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}
