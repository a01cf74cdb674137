/* SPDX-License-Identifier: BSD-3-Clause
 * How many samples lie within eps of each.
 *
 * Where rows are at hand, certified verdicts in bytes (filter.c) settle nearly all pairs, each once, and the truth the
 * rest: a half to a tenth of the time of tiles. Where values are kept, or the memory limit has no room for bytes, tiles
 * do.
 * Counts are whole numbers, so the order in which threads add them does not matter.
 * O(n^2 p) time; a byte an entry and 100 bytes a sample for verdicts, else two panels of rows a worker.
 */
#include "distances/sketch.h"
#include "distances/space.h"

#include <math.h>

enum { ROWS = 512, COLUMNS = GRASP__PROBE_COLUMNS, TASK_PRODUCTS = 1 << 30, BYTES = 8, MOST_IN_BYTE = 255 };

typedef struct counting {
    grasp_context *ctx; /* long tasks ask it whether the run was cancelled */
    const grasp_distances *d;
    double eps;
    _Atomic int64_t *count;
    const grasp__filter *filter;
    grasp__probe **probe; /* one a worker */
    int64_t run, runs;    /* columns of a task, tasks of a block of rows */
} counting;

/* ---- by tiles ---------------------------------------------------------------------------------------------------- */

static grasp_status count_tile(void *arg, const grasp__tile *t)
{
    counting *c = arg;
    int64_t column[GRASP__TILE] = {0};
    grasp__band band = grasp__tile_band(t, c->eps);
    for (int64_t a = 0; a < t->ni; a++) {
        int64_t row = 0;
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++)
            if (grasp__tile_within(t, band, a, b)) {
                row++;
                column[b]++;
            }
        atomic_fetch_add_explicit(&c->count[t->i + a], row, memory_order_relaxed);
    }
    for (int64_t b = 0; b < t->nj; b++)
        atomic_fetch_add_explicit(&c->count[t->j + b], column[b], memory_order_relaxed);
    return GRASP_OK;
}

/* ---- by verdicts ------------------------------------------------------------------------------------------------- */

/* Adds the bits of a word to 64 counters of a byte each. */
static void add_bits(uint64_t word, uint64_t counter[BYTES])
{
    const uint64_t ones = UINT64_C(0x0101010101010101), each = UINT64_C(0x8040201008040201);
    for (int q = 0; q < BYTES; q++) {
        const uint64_t spread = (word >> 8 * q & 0xff) * ones & each; /* byte k keeps bit k alone */
        counter[q] += (spread + 0x7f * ones) >> 7 & ones;
    }
}

static void flush_bits(const counting *c, int64_t j, int64_t n, uint64_t counter[BYTES])
{
    for (int64_t b = 0; b < n; b++)
        atomic_fetch_add_explicit(&c->count[j + b], (int64_t)(counter[b / 8] >> 8 * (b % 8) & 0xff),
                                  memory_order_relaxed);
    for (int q = 0; q < BYTES; q++)
        counter[q] = 0;
}

/* Rows [i, i + m) against the columns of one panel, those that come after the row. */
static void count_panel(const counting *c, grasp__probe *probe, int64_t i, int64_t m, int64_t j, int64_t n)
{
    int64_t row[ROWS], column[COLUMNS];
    uint64_t within[ROWS], maybe[ROWS], there = 0, counter[BYTES] = {0};
    for (int64_t a = 0; a < m; a++)
        row[a] = i + a;
    for (int64_t b = 0; b < n; b++) {
        column[b] = j + b;
        there |= (uint64_t)!grasp__filter_is_alone(c->filter, j + b) << b;
    }
    grasp__probe_columns(probe, column, n);
    grasp__probe_rows(probe, row, m, within, maybe);
    for (int64_t a = 0; a < m; a++) {
        const int64_t passed = i + a + 1 - j; /* columns that do not come after the row */
        uint64_t after = passed >= COLUMNS ? 0 : passed <= 0 ? there : there & ~(uint64_t)0 << passed;
        if (grasp__filter_is_alone(c->filter, i + a))
            after = 0;
        uint64_t in = within[a] & after, open = maybe[a] & ~within[a] & after;
        bool tie;
        for (; open != 0 && !grasp__cancel_pending(c->ctx); open &= open - 1) {
            const int b = __builtin_ctzll(open);
            in |= (uint64_t)grasp__probe_decide(probe, i + a, j + b, &tie) << b;
        }
        atomic_fetch_add_explicit(&c->count[i + a], __builtin_popcountll(in), memory_order_relaxed);
        add_bits(in, counter);
        if (a % MOST_IN_BYTE == MOST_IN_BYTE - 1 || a == m - 1)
            flush_bits(c, j, n, counter);
    }
}

static grasp_status count_task(void *arg, int64_t task, int32_t worker)
{
    const counting *c = arg;
    const int64_t n = c->d->n, i = task / c->runs * ROWS, m = n - i < ROWS ? n - i : ROWS;
    const int64_t first = task % c->runs * c->run, end = n - first < c->run ? n : first + c->run;
    for (int64_t j = first > i ? first : i; j < end && !grasp__cancel_pending(c->ctx); j += COLUMNS)
        count_panel(c, c->probe[worker], i, m, j, end - j < COLUMNS ? end - j : COLUMNS);
    return GRASP_OK;
}

static grasp_status count_by_verdicts(grasp_context *ctx, counting *c)
{
    const int32_t workers = grasp__workers(ctx);
    const int64_t blocks = (c->d->n + ROWS - 1) / ROWS;
    grasp__filter *filter = NULL;
    int64_t tasks = 0;
    c->run = TASK_PRODUCTS / ROWS / (c->d->p + 32) / ROWS * ROWS; /* so that all panels start at multiples of COLUMNS */
    c->run = c->run < ROWS ? ROWS : c->run;
    c->runs = c->d->n / c->run + (c->d->n % c->run != 0);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "neighbours", 0, 0.1);
    grasp_status s = grasp__filter_create(ctx, c->d, c->eps, &filter);
    grasp__stage_end(ctx, outer);
    c->filter = filter;
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *c->probe, &c->probe);
    for (int32_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__probe_create(ctx, filter, &c->probe[w]);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, blocks, c->runs, "parts of all pairs", &tasks);
    outer = grasp__stage_begin(ctx, "neighbours", 0.1, 1);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, tasks, count_task, c);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = grasp__tick(ctx, 1, 1); /* a task that saw a cancel left its pairs unfinished */
    for (int32_t w = 0; c->probe != NULL && w < workers; w++)
        grasp__probe_free(c->probe[w]);
    grasp__free(c->probe);
    grasp__filter_free(filter);
    return s;
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

grasp_status grasp__distances_within(grasp_context *ctx, const grasp_distances *d, double eps, int64_t *count)
{
    counting c = {.ctx = ctx, .d = d, .eps = eps};
    grasp_status s = grasp__alloc(ctx, d->n, sizeof *c.count, &c.count);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < d->n; i++)
        atomic_init(&c.count[i], 1);
    bool by_tiles = d->square != NULL || d->value != NULL || d->p == 0 || d->p > GRASP__SKETCH_MAX_P;
    if (!by_tiles) {
        s = count_by_verdicts(ctx, &c);
        by_tiles = s == GRASP_E_MEMLIMIT; /* which comes before anything is counted */
    }
    if (by_tiles)
        s = grasp__distances_walk(ctx, d, NULL, count_tile, &c);
    for (int64_t i = 0; s == GRASP_OK && i < d->n; i++)
        count[i] = atomic_load_explicit(&c.count[i], memory_order_relaxed);
    grasp__free(c.count);
    return s;
}

grasp_status grasp_distances_within(grasp_context *ctx, const grasp_distances *distances, double eps, int64_t *count,
                                    int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__distances_check(ctx, distances, "distances")) == GRASP_OK &&
        (s = grasp__check_equal(ctx, n, distances->n, "n")) == GRASP_OK &&
        (s = n == 0 ? GRASP_OK : grasp__check_pointer(ctx, count, "count")) == GRASP_OK) {
        if (eps >= 0 && isfinite(eps))
            s = grasp__distances_within(ctx, distances, eps, count);
        else
            s = grasp__fail(ctx, GRASP_E_ARG, "eps is %g, expected a finite number >= 0", eps);
    }
    return grasp__leave(ctx, s);
}
