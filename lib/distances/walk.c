/* SPDX-License-Identifier: BSD-3-Clause
 * A walk over all pairs of samples in tiles, on all workers. Tiles start at multiples of one side, so a pair's value
 * does not depend on the number of threads. A task is a run of tiles in one row of tiles, some milliseconds long.
 */
#include "distances/space.h"

typedef struct walk {
    const grasp_distances *d;
    grasp__tile_wanted wanted;
    grasp__tile_visit visit;
    void *arg;
    int64_t side, tiles; /* of a row of tiles */
    int64_t run, runs;   /* tiles of a run, runs of a row */
    grasp__reader **reader;
    int64_t area;   /* of the largest tile */
    double *values; /* per worker: area */
} walk;

static grasp_status visit_tile(walk *w, int64_t row, int64_t column, int32_t worker)
{
    int64_t n = w->d->n, i = row * w->side, j = column * w->side;
    int64_t ni = n - i < w->side ? n - i : w->side, nj = n - j < w->side ? n - j : w->side;
    if (w->wanted != NULL && !w->wanted(w->arg, i, ni, j, nj))
        return GRASP_OK;
    double *values = w->values + worker * w->area;
    grasp__tile tile = {
        .i = i, .ni = ni, .j = j, .nj = nj, .value = values, .reader = w->reader[worker], .worker = worker};
    grasp__reader_tile(tile.reader, i, ni, j, nj, values, &tile.half_width);
    return w->visit(w->arg, &tile);
}

static grasp_status run_task(void *arg, int64_t task, int32_t worker)
{
    walk *w = arg;
    int64_t row = task / w->runs, first = task % w->runs * w->run, end = first + w->run;
    grasp_status s = GRASP_OK;
    for (int64_t column = first > row ? first : row; s == GRASP_OK && column < end && column < w->tiles; column++)
        s = visit_tile(w, row, column, worker);
    return s;
}

static int64_t tile_side(const grasp__space *space)
{
    return space->stored ? GRASP__TILE : grasp__panel_rows(space->p);
}

int64_t grasp__distances_tile(const grasp_distances *d)
{
    grasp__space space = grasp__distances_space(d);
    return tile_side(&space);
}

uint64_t grasp__walk_price(grasp_context *ctx, const grasp__space *space)
{
    int64_t workers = grasp__workers(ctx), side = tile_side(space), area = space->n < side ? space->n : side;
    uint64_t sum = grasp__price(workers, sizeof(grasp__reader *));
    grasp__price_add(&sum, workers * area * area, sizeof(double));
    for (int64_t q = 0; q < workers; q++)
        sum = grasp__price_sum(sum, grasp__reader_price(space));
    return sum;
}

grasp_status grasp__distances_walk(grasp_context *ctx, const grasp_distances *d, grasp__tile_wanted wanted_or_null,
                                   grasp__tile_visit visit, void *arg)
{
    walk w = {.d = d, .wanted = wanted_or_null, .visit = visit, .arg = arg, .side = grasp__distances_tile(d)};
    int32_t workers = grasp__workers(ctx);
    int64_t tasks;
    w.area = d->n < w.side ? d->n * d->n : w.side * w.side;
    w.tiles = d->n / w.side + (d->n % w.side != 0);
    w.run = 1024 / (d->p + 1);
    w.run = w.run < 1 ? 1 : w.run > 32 ? 32 : w.run;
    w.runs = (w.tiles + w.run - 1) / w.run;
    grasp_status s = grasp__check_product(ctx, w.tiles, w.runs, "tiles of the walk", &tasks);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__alloc_zero(ctx, workers, sizeof *w.reader, &w.reader)) != GRASP_OK ||
        (s = grasp__alloc(ctx, workers * w.area, sizeof(double), &w.values)) != GRASP_OK)
        goto done;
    for (int32_t q = 0; q < workers; q++)
        if ((s = grasp__reader_create(ctx, d, &w.reader[q])) != GRASP_OK)
            goto done;
    s = grasp__parallel(ctx, tasks, run_task, &w);
done:
    for (int32_t q = 0; w.reader != NULL && q < workers; q++)
        grasp__reader_free(w.reader[q]);
    grasp__free(w.reader);
    grasp__free(w.values);
    return s;
}
