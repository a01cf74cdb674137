/* SPDX-License-Identifier: BSD-3-Clause
 * The loops that every step of DBSCAN runs: blocks of rows against panels of columns in rounds of doubling length, and
 * samples one by one.
 */
#include "cluster/dbscan.h"

enum {
    COLUMNS = GRASP__PROBE_COLUMNS,
    LEAST_ROWS = 32,
    MOST_LONG_ROWS = 384,
    SHORT_ROW = 512
}; /* a block stays in the second cache */

static int64_t block_rows(const grasp__dbscan_pass *pass)
{
    const int32_t workers = grasp__workers(pass->state->ctx);
    const int64_t most = grasp__distances_dim(pass->state->d) > SHORT_ROW ? MOST_LONG_ROWS : GRASP__PROBE_ROWS;
    const int64_t share = pass->n_rows / (workers > 1 ? 2 * workers : 1) + 1; /* every block packs columns again */
    return share < LEAST_ROWS ? LEAST_ROWS : share < most ? share : most;
}

static grasp_status pass_task(void *arg, int64_t task, int32_t worker)
{
    const grasp__dbscan_pass *pass = arg;
    grasp__dbscan_state      *s = pass->state;
    grasp__probe             *probe = s->probe[worker];
    const int64_t block = block_rows(pass), at = task * block, left = pass->n_rows - at,
                  m = left < block ? left : block;
    uint64_t                  within[GRASP__PROBE_ROWS], maybe[GRASP__PROBE_ROWS];
    int64_t                   column[COLUMNS], undecided = 0;
    for (int64_t first = pass->begin; first < pass->end; first += COLUMNS) {
        const int64_t n = pass->end - first < COLUMNS ? pass->end - first : COLUMNS;
        if (grasp__cancel_pending(s->ctx))
            return GRASP_OK; /* the calling thread will notice */
        for (int64_t j = 0; j < n; j++)
            column[j] = pass->column ? pass->column[first + j]
                        : first + j == pass->begin ? grasp__dbscan_visited(s, first)
                                                   : grasp__dbscan_next(s, column[j > 0 ? j - 1 : COLUMNS - 1]);
        grasp__probe_columns(probe, column, n);
        grasp__probe_rows(probe, pass->row + at, m, within, maybe);
        for (int64_t i = 0; i < m; i++)
            if (maybe[i] & ~within[i]) /* rare, and counting bits is not free on every processor */
                undecided += __builtin_popcountll(maybe[i] & ~within[i]);
        pass->use(pass, at, m, first, column, n, within, maybe, probe);
    }
    atomic_fetch_add_explicit(&s->pairs, m * (pass->end - pass->begin), memory_order_relaxed);
    atomic_fetch_add_explicit(&s->undecided, undecided, memory_order_relaxed);
    return GRASP_OK;
}

/* `end` of the last round of its kind. */
static grasp_status run(const grasp__dbscan_pass *pass, int64_t end)
{
    grasp_context *ctx = pass->state->ctx;
    const int64_t block = block_rows(pass);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "dbscan", (double)pass->begin / (double)end,
                                                 (double)pass->end / (double)end);
    grasp_status status = grasp__parallel(ctx, (pass->n_rows + block - 1) / block, pass_task, (void *)pass);
    if (status == GRASP_OK)
        status = grasp__tick(ctx, 1, 1); /* a task that saw a cancel left its rows unfinished */
    grasp__stage_end(ctx, outer);
    return status;
}

grasp_status grasp__dbscan_round(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                 int64_t *begin, int64_t end, grasp__dbscan_use use, grasp__dbscan_done done)
{
    int64_t length = *begin > GRASP__HUBS ? *begin : GRASP__HUBS, kept = 0;
    length = length < s->most_columns ? length : s->most_columns;
    length = length < end - *begin ? length : end - *begin;
    const grasp__dbscan_pass pass = {s, row, *n_rows, column, *begin, *begin + length, use};
    const grasp_status status = run(&pass, end);
    if (status != GRASP_OK)
        return status;
    for (int64_t a = 0; a < *n_rows; a++)
        if (!done(s, row[a]))
            row[kept++] = row[a];
    *n_rows = kept;
    *begin += length;
    return GRASP_OK;
}

grasp_status grasp__dbscan_rounds(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                  int64_t end, grasp__dbscan_use use, grasp__dbscan_done done)
{
    grasp_status status = GRASP_OK;
    for (int64_t begin = 0; status == GRASP_OK && begin < end && *n_rows > 0;)
        status = grasp__dbscan_round(s, row, n_rows, column, &begin, end, use, done);
    return status;
}

typedef struct each {
    grasp__dbscan_state *state;
    const int64_t *sample;
    int64_t count;
    grasp__dbscan_one one;
} each;

enum { SAMPLES = 16 }; /* of a task */

static grasp_status each_task(void *arg, int64_t task, int32_t worker)
{
    const each *e = arg;
    for (int64_t a = task * SAMPLES; a < e->count && a < (task + 1) * SAMPLES; a++)
        e->one(e->state, e->sample[a], e->state->probe[worker]);
    return GRASP_OK;
}

grasp_status grasp__dbscan_each(grasp__dbscan_state *s, const int64_t *sample, int64_t count, grasp__dbscan_one one)
{
    each e = {s, sample, count, one};
    return grasp__parallel(s->ctx, (count + SAMPLES - 1) / SAMPLES, each_task, &e);
}

bool grasp__dbscan_decide(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j)
{
    bool       tie;
    const bool within = grasp__probe_decide(probe, i, j, &tie);
    atomic_fetch_add_explicit(&s->exact, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->ties, tie, memory_order_relaxed);
    return within;
}
