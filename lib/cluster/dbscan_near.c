/* SPDX-License-Identifier: BSD-3-Clause
 * Rows against all samples, near ones first and far ones not at all. Rows that stand together in space (grasp__order)
 * are a block. A block meets the panels that its box does not rule out, in the order of their distance, in rounds of
 * doubling length, between which rows that are done leave; of each panel, those rows that the panel's box does not rule
 * out get verdicts. So a core sample in a thin place finds its neighbours soon, and an outlier passes over all that is
 * far in one comparison a panel.
 *
 * Cost: at most 9 comparisons a row and panel more than verdicts on all pairs.
 */
#include "cluster/dbscan.h"

enum { COLUMNS = GRASP__PROBE_COLUMNS, FIRST_ROUND = 2, BLOCK = GRASP__SIGHT_ROWS, LEAST_BLOCK = 128, BLOCKS = 64 };

typedef struct block {
    int64_t first, count, panels; /* its rows in the list; panels that they meet, -1: not known yet */
    grasp__sketch_box box;        /* of all its rows, those that have left too: panels keep their ranks */
} block;

typedef struct near_pass {
    grasp__dbscan_state *state;
    const int64_t *row;
    block *block;
    int64_t begin, end; /* ranks of panels */
    grasp__dbscan_use use;
} near_pass;

static void meet(const near_pass *pass, block *b, int64_t panel, int64_t *verdicts, int64_t *undecided, int32_t worker)
{
    grasp__dbscan_state *s = pass->state;
    uint64_t within[BLOCK], maybe[BLOCK];
    int64_t column[COLUMNS], row[BLOCK];
    int32_t place[BLOCK];
    const uint64_t wanted = s->core_columns ? s->core_columns[panel] : ~(uint64_t)0;
    const int64_t m = wanted ? grasp__sight_near(s->sight[worker], panel, b->count, place) : 0;
    if (m == 0)
        return;
    const int64_t n = grasp__order_panel(s->order, panel, column);
    for (int64_t a = 0; a < m; a++)
        row[a] = pass->row[b->first + place[a]];
    grasp__probe_columns(s->probe[worker], column, n);
    grasp__probe_rows(s->probe[worker], row, m, within, maybe);
    for (int64_t a = 0; a < m; a++) {
        within[a] &= wanted;
        maybe[a] &= wanted;
        if (maybe[a] & ~within[a])
            *undecided += __builtin_popcountll(maybe[a] & ~within[a]);
    }
    *verdicts += m * n;
    const grasp__dbscan_pass found = {.state = s, .row = row, .n_rows = m};
    pass->use(&found, 0, m, GRASP__HUBS, column, n, within, maybe, s->probe[worker]);
}

static grasp_status near_task(void *arg, int64_t task, int32_t worker)
{
    const near_pass *pass = arg;
    grasp__dbscan_state *s = pass->state;
    block *b = &pass->block[task];
    const int32_t *panel;
    int64_t verdicts = 0, undecided = 0;
    if (b->count == 0 || (b->panels >= 0 && pass->begin >= b->panels))
        return GRASP_OK;
    b->panels = grasp__sight_panels(s->sight[worker], &b->box, &panel);
    grasp__sight_rows(s->sight[worker], pass->row + b->first, b->count);
    for (int64_t q = pass->begin; q < pass->end && q < b->panels && !grasp__cancel_pending(s->ctx); q++)
        meet(pass, b, panel[q], &verdicts, &undecided, worker);
    atomic_fetch_add_explicit(&s->pairs, verdicts, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->undecided, undecided, memory_order_relaxed);
    return GRASP_OK;
}

/* Rows that are done leave their blocks. How many there still are, those of blocks that have met all not counted. */
static int64_t leave(near_pass *pass, int64_t blocks, int64_t *row, grasp__dbscan_done done)
{
    int64_t open = 0;
    for (int64_t q = 0; q < blocks; q++) {
        block *b = &pass->block[q];
        int64_t kept = 0;
        for (int64_t a = 0; a < b->count; a++)
            if (!done(pass->state, row[b->first + a]))
                row[b->first + kept++] = row[b->first + a];
        b->count = kept;
        open += pass->end < b->panels ? kept : 0;
    }
    return open;
}

static grasp_status run(near_pass *pass, int64_t blocks, int64_t panels, int64_t *row, grasp__dbscan_done done,
                        grasp__dbscan_between between)
{
    grasp__dbscan_state *s = pass->state;
    const int64_t most = s->most_columns / COLUMNS;
    grasp_status status = GRASP_OK;
    int64_t open = 1;
    for (pass->begin = 0; status == GRASP_OK && open > 0 && pass->begin < panels; pass->begin = pass->end) {
        const int64_t length = pass->begin < FIRST_ROUND ? FIRST_ROUND : pass->begin < most ? pass->begin : most;
        pass->end = length < panels - pass->begin ? pass->begin + length : panels;
        if (between)
            between(s);
        grasp__stage_mark outer = grasp__stage_begin(s->ctx, "dbscan", (double)pass->begin / (double)panels,
                                                     (double)pass->end / (double)panels);
        status = grasp__parallel(s->ctx, blocks, near_task, pass);
        if (status == GRASP_OK)
            status = grasp__tick(s->ctx, 1, 1); /* a task that saw a cancel left its rows unfinished */
        grasp__stage_end(s->ctx, outer);
        if (status == GRASP_OK)
            open = leave(pass, blocks, row, done);
    }
    return status;
}

/* A block loads each panel again, but blocks are what threads share. */
static int64_t block_rows(int64_t rows)
{
    const int64_t share = rows / BLOCKS;
    return share < LEAST_BLOCK ? LEAST_BLOCK : share < BLOCK ? share : BLOCK;
}

grasp_status grasp__dbscan_near(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, int64_t most_panels,
                                grasp__dbscan_use use, grasp__dbscan_done done, grasp__dbscan_between between_or_null)
{
    const int64_t size = block_rows(*n_rows), blocks = (*n_rows + size - 1) / size;
    const int64_t panels = grasp__order_panels(s->order);
    near_pass pass = {.state = s, .row = row, .use = use};
    int64_t kept = 0;
    grasp_status status = grasp__alloc(s->ctx, blocks, sizeof *pass.block, &pass.block);
    if (status != GRASP_OK)
        return status;
    for (int64_t q = 0; q < blocks; q++) {
        block *b = &pass.block[q];
        b->first = q * size;
        b->count = *n_rows - b->first < size ? *n_rows - b->first : size;
        b->panels = -1;
        b->box = grasp__order_box(s->order, row + b->first, b->count);
    }
    status = run(&pass, blocks, most_panels < panels ? most_panels : panels, row, done, between_or_null);
    for (int64_t q = 0; q < blocks; q++)
        for (int64_t a = 0; a < pass.block[q].count; a++)
            row[kept++] = row[pass.block[q].first + a];
    *n_rows = kept;
    grasp__free(pass.block);
    return status;
}

uint64_t grasp__dbscan_near_price(int64_t rows)
{
    const int64_t size = block_rows(rows);
    return grasp__price((rows + size - 1) / size + 1, sizeof(block)); /* fewer rows may be a block more */
}

grasp_status grasp__dbscan_order(grasp__dbscan_state *s)
{
    const int32_t workers = grasp__workers(s->ctx);
    grasp_status status = grasp__order_create(s->ctx, s->filter, s->upper, &s->order);
    if (status != GRASP_OK || !s->order)
        return status;
    status = grasp__alloc_zero(s->ctx, workers, sizeof *s->sight, &s->sight);
    for (int32_t w = 0; status == GRASP_OK && w < workers; w++)
        status = grasp__sight_create(s->ctx, s->order, &s->sight[w]);
    return status;
}

grasp_status grasp__dbscan_core_columns(grasp__dbscan_state *s)
{
    const int64_t panels = grasp__order_panels(s->order);
    int64_t column[COLUMNS];
    grasp_status status = grasp__alloc_zero(s->ctx, panels, sizeof *s->core_columns, &s->core_columns);
    for (int64_t q = 0; status == GRASP_OK && q < panels; q++) {
        const int64_t n = grasp__order_panel(s->order, q, column);
        for (int64_t j = 0; j < n; j++)
            s->core_columns[q] |= (uint64_t)s->core[column[j]] << j;
    }
    return status;
}

uint64_t grasp__dbscan_order_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making)
{
    const int64_t n = grasp__distances_count(d), workers = grasp__workers(ctx);
    uint64_t sum = grasp__order_price(d, making);
    grasp__price_add(&sum, workers, sizeof(grasp__sight *));
    for (int64_t w = 0; w < workers; w++)
        sum = grasp__price_sum(sum, grasp__sight_price(n));
    return grasp__price_sum(sum, grasp__price((n + COLUMNS - 1) / COLUMNS, sizeof(uint64_t)));
}

void grasp__dbscan_disorder(grasp__dbscan_state *s)
{
    for (int32_t w = 0; s->sight && w < grasp__workers(s->ctx); w++)
        grasp__sight_free(s->sight[w]);
    grasp__free(s->sight);
    grasp__free(s->core_columns);
    grasp__order_free(s->order);
}
