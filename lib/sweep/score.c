/* SPDX-License-Identifier: BSD-3-Clause
 * Scores of all settings. Equal partitions, however their clusters are numbered, share one score, and silhouettes of
 * all distinct ones are taken together.
 */
#include "sweep/private.h"

#include <string.h>

/* Does each cluster of a lie in one cluster of b, and is noise the same? map: one number for each cluster of a. */
static bool is_finer(const int32_t *a, const int32_t *b, int64_t n, int32_t *map)
{
    for (int64_t i = 0; i < n; i++) {
        if ((a[i] < 0) != (b[i] < 0))
            return false;
        if (a[i] < 0)
            continue;
        if (map[a[i]] < 0)
            map[a[i]] = b[i];
        else if (map[a[i]] != b[i])
            return false;
    }
    return true;
}

static bool same_partition(const grasp__sweep_result *r, int64_t s, int64_t t, int32_t *map)
{
    const int32_t *a = r->label + s * r->n, *b = r->label + t * r->n;
    size_t bytes = (size_t)r->n_clusters[s] * sizeof *map;
    if (r->n_clusters[s] != r->n_clusters[t] || r->n_noise[s] != r->n_noise[t])
        return false;
    memset(map, 0xff, bytes);
    if (!is_finer(a, b, r->n, map))
        return false;
    memset(map, 0xff, bytes);
    return is_finer(b, a, r->n, map);
}

/* The most clusters that a setting can have. */
static int64_t most_clusters(const grasp_sweep *sweep, int64_t n)
{
    int64_t k = sweep->min_samples[sweep->n_min_samples - 1];
    return !sweep->dbscan && k < n ? k : n;
}

/* partition[s] is the first setting with the same partition as s; -1 where labels were not reached. */
static grasp_status find_partitions(grasp_context *ctx, const grasp_sweep *sweep, grasp__sweep_result *r)
{
    int32_t *map = NULL;
    int64_t count = sweep->count;
    grasp_status status = grasp__alloc(ctx, most_clusters(sweep, r->n), sizeof *map, &map);
    for (int64_t s = 0; status == GRASP_OK && s < count; s++) {
        r->partition[s] = r->n_clusters[s] < 0 ? -1 : s;
        for (int64_t t = 0; t < s && r->partition[s] == s; t++)
            if (r->partition[t] == t && same_partition(r, s, t, map))
                r->partition[s] = t;
        status = grasp__tick(ctx, 0, 1);
    }
    grasp__free(map);
    return status;
}

/* Against known groups, one distinct partition after the other. */
static grasp_status score_ari(grasp_context *ctx, const grasp_sweep *sweep, const grasp_groups *truth,
                              grasp__sweep_result *r)
{
    int64_t *label = NULL;
    int32_t noise = sweep->exclude_noise ? GRASP_NOISE_EXCLUDE : GRASP_NOISE_GROUP;
    grasp_status status = grasp__alloc(ctx, r->n, sizeof *label, &label);
    for (int64_t s = 0; status == GRASP_OK && s < sweep->count; s++) {
        grasp_groups *groups = NULL;
        if (r->partition[s] != s)
            continue;
        for (int64_t i = 0; i < r->n; i++)
            label[i] = r->label[s * r->n + i];
        status = grasp__groups_create(ctx, label, r->n, &groups);
        if (status == GRASP_OK)
            status = grasp__ari(ctx, truth, groups, noise, &r->score[s]);
        grasp_groups_free(groups);
        if (status == GRASP_OK)
            status = grasp__tick(ctx, s + 1, sweep->count);
    }
    grasp__free(label);
    return status;
}

static int32_t silhouette_of(const grasp_sweep *sweep)
{
    return sweep->score == GRASP__SCORE_SILHOUETTE ? GRASP__SILHOUETTE_SPACE : GRASP__SILHOUETTE_EUCLIDEAN;
}

static grasp_status score_silhouettes(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                      grasp__sweep_result *r)
{
    grasp__partition *partition = NULL;
    double *mean = NULL;
    int64_t distinct = 0;
    grasp__silhouette_room room = {sweep->count, most_clusters(sweep, r->n)};
    grasp_status status = grasp__alloc(ctx, sweep->count, sizeof *partition, &partition);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, sweep->count, sizeof *mean, &mean);
    if (status != GRASP_OK)
        goto done;
    for (int64_t s = 0; s < sweep->count; s++)
        if (r->partition[s] == s)
            partition[distinct++] = (grasp__partition){r->label + s * r->n, r->n_clusters[s]};
    status = grasp__silhouettes(ctx, d, silhouette_of(sweep), sweep->exclude_noise, partition, distinct, &room, mean,
                                NULL);
    for (int64_t s = 0, k = 0; status >= 0 && s < sweep->count; s++)
        if (r->partition[s] == s)
            r->score[s] = mean[k++];
done:
    grasp__free(mean);
    grasp__free(partition);
    return status;
}

uint64_t grasp__sweep_score_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space)
{
    int64_t n = space->n;
    grasp__silhouette_room room = {sweep->count, most_clusters(sweep, n)};
    uint64_t map = grasp__price(room.clusters, sizeof(int32_t)), sum = 0;
    if (sweep->score == GRASP__SCORE_ARI) {
        sum = grasp__price_sum(grasp__price(n, sizeof(int64_t)), grasp__ari_price(n, room.clusters));
    } else {
        grasp__price_add(&sum, sweep->count, sizeof(grasp__partition));
        grasp__price_add(&sum, sweep->count, sizeof(double));
        sum = grasp__price_sum(sum, grasp__silhouettes_price(ctx, space, silhouette_of(sweep), &room));
    }
    return sum > map ? sum : map;
}

grasp_status grasp__sweep_score_all(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                    const grasp_groups *truth, grasp__sweep_result *result)
{
    grasp_status status = find_partitions(ctx, sweep, result);
    if (status == GRASP_OK && sweep->score == GRASP__SCORE_ARI)
        status = score_ari(ctx, sweep, truth, result);
    else if (status == GRASP_OK)
        status = score_silhouettes(ctx, sweep, d, result);
    for (int64_t s = 0; status >= 0 && s < sweep->count; s++)
        if (result->partition[s] >= 0)
            result->score[s] = result->score[result->partition[s]];
    return status;
}
