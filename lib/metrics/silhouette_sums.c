/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of distances from each sample to all samples of each column: workspace, and which of the two ways is taken.
 *
 * n x columns numbers, at most SUMS_LIMIT of them; what needs more columns goes through in several turns. By tiles a
 * turn is a pass over all pairs, O(n^2 p), so there is room for many; in a cosine space it is a pass over the rows,
 * O(n K p), and few do.
 */
#include "metrics/silhouette.h"

enum { SUMS_LIMIT = 1 << 23 /* numbers, 64 MiB */, MOST_LINEAR = 64, MOST_BY_TILES = 512, LEAST = 2 };

static bool is_linear(int32_t metric, int32_t kind)
{
    return metric == GRASP__COSINE && kind == GRASP__SILHOUETTE_SPACE;
}

int64_t grasp__distance_sums_columns(const grasp__space *space, int32_t kind, int64_t atoms)
{
    int64_t columns = is_linear(space->metric, kind) ? MOST_LINEAR : MOST_BY_TILES;
    if (space->n > 0 && columns > SUMS_LIMIT / space->n)
        columns = SUMS_LIMIT / space->n;
    columns = columns < atoms ? columns : atoms;
    return columns < LEAST ? LEAST : columns;
}

grasp_status grasp__distance_sums_open(grasp_context *ctx, const grasp_distances *d, int32_t kind, int64_t columns,
                                       bool for_atoms, grasp__distance_sums *sums)
{
    int64_t n = grasp__distances_count(d), workers = grasp__workers(ctx), values = 0;
    *sums = (grasp__distance_sums){.d = d, .n = n, .columns = columns};
    sums->linear = is_linear(grasp__distances_metric(d), kind);
    sums->euclidean = !sums->linear && grasp__distances_metric(d) == GRASP__COSINE;
    grasp_status s = grasp__check_product(ctx, n, columns, "sums of distances", &values);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, values, sizeof *sums->sums, &sums->sums);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, columns, sizeof *sums->size, &sums->size);
    if (s == GRASP_OK && for_atoms)
        s = grasp__alloc(ctx, workers * columns, GRASP__TILE * sizeof *sums->turned, &sums->turned);
    if (s != GRASP_OK || sums->linear)
        return s;
    s = grasp__alloc(ctx, workers, sizeof *sums->values * GRASP__TILE * GRASP__TILE, &sums->values);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *sums->reader, &sums->reader);
    for (int64_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__reader_create(ctx, d, &sums->reader[w]);
    return s;
}

uint64_t grasp__distance_sums_price(grasp_context *ctx, const grasp__space *space, int32_t kind, int64_t columns,
                                    bool for_atoms, uint64_t *filling)
{
    int64_t workers = grasp__workers(ctx);
    uint64_t sum = grasp__price_values(space->n, columns, sizeof(double));
    grasp__price_add(&sum, columns, sizeof(int64_t));
    if (for_atoms)
        grasp__price_add(&sum, workers * columns, GRASP__TILE * sizeof(double));
    *filling = is_linear(space->metric, kind) ? grasp__class_sums_price(ctx, space, columns) : 0;
    if (is_linear(space->metric, kind))
        return sum;
    grasp__price_add(&sum, workers, sizeof(double) * GRASP__TILE * GRASP__TILE);
    grasp__price_add(&sum, workers, sizeof(grasp__reader *));
    for (int64_t w = 0; w < workers; w++)
        sum = grasp__price_sum(sum, grasp__reader_price(space));
    return sum;
}

void grasp__distance_sums_close(grasp_context *ctx, grasp__distance_sums *sums)
{
    for (int32_t w = 0; sums->reader != NULL && w < grasp__workers(ctx); w++)
        grasp__reader_free(sums->reader[w]);
    grasp__free(sums->reader);
    grasp__free(sums->values);
    grasp__free(sums->turned);
    grasp__free(sums->size);
    grasp__free(sums->sums);
}

grasp_status grasp__distance_sums_fill(grasp_context *ctx, grasp__distance_sums *sums, const int32_t *of, int64_t count)
{
    sums->of = of;
    sums->count = count;
    for (int64_t k = 0; k < count; k++)
        sums->size[k] = 0;
    for (int64_t i = 0; i < sums->n; i++)
        sums->size[of[i]]++;
    return sums->linear ? grasp__distance_sums_linear(ctx, sums) : grasp__distance_sums_by_tiles(ctx, sums);
}
