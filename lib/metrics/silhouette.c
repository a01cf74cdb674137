/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes of partitions (Rousseeuw 1987): s_i = (b_i - a_i) / max(a_i, b_i), and their mean.
 *
 * a_i is the mean distance to the other samples of i's cluster, b_i the lowest mean distance to another cluster; s_i =
 * 0 for the only sample of a cluster. Noise is one more cluster, as Zeng et al. (2022) have it, or left out. With fewer
 * than 2 clusters, or more than n - 1, the mean is -1 by their convention, so that one cluster without noise can never
 * win.
 * Here: arguments, and partitions made ready; sums of distances are in silhouette_linear.c, O(n K p), and
 * silhouette_tiles.c, O(n^2 p); what becomes of them in silhouette_score.c. All memory is sized by what is known
 * beforehand, so that its price can be told.
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

/* Sizes of clusters that are kept at once: of few partitions with many clusters, or of many with few. */
static int64_t sizes_room(const grasp__silhouette_room *room)
{
    enum { FEW = 4, SMALL = 4096 };
    if (room->clusters > (INT64_MAX - SMALL) / FEW - 1) /* nobody gets that much, but its price may be asked */
        return INT64_MAX;
    return room->partitions == 1 ? room->clusters + 1 : FEW * (room->clusters + 1) + SMALL;
}

/* Columns of sums: all clusters of one partition, noise and the rest of the samples, or atoms of many. */
static int64_t columns_for(const grasp__space *space, int32_t kind, const grasp__silhouette_room *room)
{
    bool one = room->partitions == 1 && room->clusters < space->n;
    return grasp__distance_sums_columns(space, kind, one ? room->clusters + 2 : space->n);
}

/* Makes partitions ready while their sizes fit: *taken of them, *defined of which have a silhouette. */
static grasp_status prepare_some(grasp_context *ctx, const grasp__partition *partition, int64_t count, int64_t n,
                                 bool exclude_noise, int64_t *size, int64_t room, double *mean, grasp__scored *scored,
                                 int64_t *taken, int64_t *defined)
{
    grasp_status s = GRASP_OK;
    *defined = 0;
    for (*taken = 0; s == GRASP_OK && *taken < count && partition[*taken].n_clusters + 1 <= room; ++*taken) {
        int64_t width = partition[*taken].n_clusters + 1;
        if (prepare(&partition[*taken], n, exclude_noise, size, &scored[*defined]))
            scored[(*defined)++].mean = &mean[*taken];
        else
            mean[*taken] = -1;
        size += width;
        room -= width;
        s = grasp__tick(ctx, 0, 1);
    }
    return s;
}

grasp_status grasp__silhouettes(grasp_context *ctx, const grasp_distances *d, int32_t kind, bool exclude_noise,
                                const grasp__partition *partition, int64_t count, const grasp__silhouette_room *room,
                                double *mean, double *per_sample)
{
    int64_t n = grasp__distances_count(d), *size = NULL;
    grasp__scored *scored = NULL;
    grasp__distance_sums sums = {.d = d};
    grasp__space space = grasp__distances_space(d);
    for (int64_t s = 0; s < count; s++)
        mean[s] = NAN;
    for (int64_t i = 0; per_sample != NULL && i < n; i++)
        per_sample[i] = NAN;
    if (n > INT32_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%jd samples, expected at most %jd", (intmax_t)n,
                           (intmax_t)INT32_MAX);
    grasp_status status = grasp__alloc(ctx, room->partitions, sizeof *scored, &scored);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, sizes_room(room), sizeof *size, &size);
    if (status == GRASP_OK)
        status = grasp__distance_sums_open(ctx, d, kind, columns_for(&space, kind, room),
                                           room->partitions > 1, &sums);
    for (int64_t done = 0, taken = 0, defined; status == GRASP_OK && done < count; done += taken) {
        status = prepare_some(ctx, partition + done, count - done, n, exclude_noise, size, sizes_room(room),
                              mean + done, scored, &taken, &defined);
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", (double)done / (double)count,
                                                     (double)(done + taken) / (double)count);
        if (status == GRASP_OK && defined > 0)
            status = grasp__silhouettes_score(ctx, &sums, scored, defined, room, per_sample);
        grasp__stage_end(ctx, outer);
    }
    grasp__distance_sums_close(ctx, &sums);
    grasp__free(size);
    grasp__free(scored);
    return status;
}

uint64_t grasp__silhouettes_price(grasp_context *ctx, const grasp__space *space, int32_t kind,
                                  const grasp__silhouette_room *room)
{
    int64_t columns = columns_for(space, kind, room);
    uint64_t filling, sum = grasp__distance_sums_price(ctx, space, kind, columns, room->partitions > 1, &filling);
    grasp__price_add(&sum, room->partitions, sizeof(grasp__scored));
    grasp__price_add(&sum, sizes_room(room), sizeof(int64_t));
    return grasp__price_sum(sum, grasp__silhouettes_score_price(ctx, space->n, columns, room, filling));
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
    grasp__silhouette_room room = {1, groups->count};
    s = grasp__silhouettes(ctx, d, kind, grasp__options_is(o, GRASP_KEY_NOISE, "exclude"), &partition, 1, &room, &found,
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
