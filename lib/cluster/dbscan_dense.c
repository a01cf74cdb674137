/* SPDX-License-Identifier: BSD-3-Clause
 * The first step of DBSCAN over all pairs, each once (lib/distances/dense.c): where nothing lets pairs be passed over,
 * symmetry halves them. What the tiles leave open is decided at once, row by row, so that counts are exact. Where there
 * is room for a bit a pair, the neighbours are kept and the later steps need no distances any more
 * (dbscan_adjacency.c); else those go on as ever.
 *
 * Where more pairs are left open than were worth their price (many at eps itself), all is given up: the other way
 * decides only those on which an answer depends.
 *
 * Memory: at most MOST bytes for packed rows and bits, and O(n); within a context's limit, or not at all. Time:
 * O(n^2 p). Counts are whole numbers, so their order is free.
 */
#include "cluster/dbscan.h"

#include <string.h>

enum {
    PANEL = GRASP__DENSE_PANEL,
    ROWS = GRASP__DENSE_ROWS * PANEL,
    COLUMNS = GRASP__DENSE_COLUMNS * PANEL,
    OPEN = 1 << 15, /* pairs that wait to be decided */
    MOST = 48 << 20
};

/* What one worker keeps of its strip. */
typedef struct strip_state {
    int64_t row[ROWS], column[COLUMNS]; /* neighbours found */
    int64_t n_open;
    uint32_t open[OPEN], sorted[OPEN]; /* row * COLUMNS + column */
} strip_state;

typedef struct counting {
    grasp__dbscan_state *s;
    const grasp__fixed_kernels *kernels;
    grasp__adjacency *adjacency; /* or NULL */
    _Atomic int64_t *count;      /* n */
    strip_state *strip;          /* one a worker */
    int64_t most_open;
    _Atomic int64_t open;        /* pairs left open so far */
} counting;

static bool given_up(const counting *a)
{
    return atomic_load_explicit(&a->open, memory_order_relaxed) > a->most_open;
}

static int64_t weight_of(const grasp__dbscan_state *s, int64_t i)
{
    return s->multiplicity ? s->multiplicity[i] : 1;
}

static void add_pair(const counting *a, strip_state *local, const grasp__dense_strip *strip, int64_t row,
                     int64_t column)
{
    local->row[row] += weight_of(a->s, strip->column * PANEL + column);
    local->column[column] += weight_of(a->s, strip->row * PANEL + row);
}

static void add_tile(const counting *a, strip_state *local, const grasp__dense_strip *strip, int64_t row,
                     int64_t column, const uint64_t *within)
{
    int32_t of_row[PANEL] = {0}, of_column[PANEL] = {0};
    if (a->s->multiplicity) {
        for (int64_t r = 0; r < PANEL; r++)
            for (uint64_t bits = within[r]; bits; bits &= bits - 1)
                add_pair(a, local, strip, row + r, column + __builtin_ctzll(bits));
        return;
    }
    a->kernels->tally(within, of_row, of_column);
    for (int64_t k = 0; k < PANEL; k++) {
        local->row[row + k] += of_row[k];
        local->column[column + k] += of_column[k];
    }
}

/* Decides the open pairs, row by row: a row is read once for all of them. */
static void settle(const counting *a, strip_state *local, const grasp__dense_strip *strip)
{
    grasp__probe *probe = a->s->probe[strip->worker];
    int64_t start[ROWS + 1] = {0};
    for (int64_t k = 0; k < local->n_open; k++)
        start[local->open[k] / COLUMNS + 1]++;
    for (int64_t r = 0; r < ROWS; r++)
        start[r + 1] += start[r];
    for (int64_t k = 0; k < local->n_open; k++)
        local->sorted[start[local->open[k] / COLUMNS]++] = local->open[k];
    for (int64_t k = 0; k < local->n_open && !grasp__cancel_pending(a->s->ctx) && !given_up(a); k++) {
        const int64_t row = local->sorted[k] / COLUMNS, column = local->sorted[k] % COLUMNS;
        const int64_t i = strip->row * PANEL + row, j = strip->column * PANEL + column;
        if (!grasp__dbscan_decide(a->s, probe, i, j))
            continue;
        add_pair(a, local, strip, row, column);
        if (a->adjacency)
            grasp__adjacency_add(a->adjacency, i, j);
    }
    local->n_open = 0;
}

static bool visit(void *arg, const grasp__dense_strip *strip, int64_t row_panel, int64_t column_panel,
                  const uint64_t *within, const uint64_t *maybe)
{
    counting *a = arg;
    strip_state *local = &a->strip[strip->worker];
    const int64_t row = (row_panel - strip->row) * PANEL, column = (column_panel - strip->column) * PANEL;
    uint64_t sure = 0, open = 0;
    for (int64_t r = 0; r < PANEL; r++) {
        sure |= within[r];
        open |= maybe[r] & ~within[r];
    }
    if (a->adjacency)
        grasp__adjacency_set(a->adjacency, row_panel, column_panel, within, sure != 0);
    if (sure)
        add_tile(a, local, strip, row, column, within);
    if (!open)
        return true;
    if (local->n_open > OPEN - PANEL * PANEL)
        settle(a, local, strip);
    const int64_t before = local->n_open;
    for (int64_t r = 0; r < PANEL; r++)
        for (uint64_t bits = maybe[r] & ~within[r]; bits; bits &= bits - 1)
            local->open[local->n_open++] = (uint32_t)((row + r) * COLUMNS + column + __builtin_ctzll(bits));
    atomic_fetch_add_explicit(&a->open, local->n_open - before, memory_order_relaxed);
    return !given_up(a);
}

static void add_counts(const counting *a, int64_t first, int64_t n, int64_t *found)
{
    for (int64_t k = 0; k < n; k++)
        if (found[k])
            atomic_fetch_add_explicit(&a->count[first + k], found[k], memory_order_relaxed);
    memset(found, 0, (size_t)n * sizeof *found);
}

static void finish(void *arg, const grasp__dense_strip *strip)
{
    const counting *a = arg;
    strip_state *local = &a->strip[strip->worker];
    settle(a, local, strip);
    add_counts(a, strip->row * PANEL, strip->rows * PANEL, local->row);
    add_counts(a, strip->column * PANEL, strip->columns * PANEL, local->column);
}

/* Bytes for packed rows, of what there is for them and for bits. */
static uint64_t room(const grasp__dbscan_state *s, uint64_t bits)
{
    const uint64_t n = (uint64_t)s->n, p = (uint64_t)grasp__distances_dim(s->d);
    const uint64_t workers = (uint64_t)grasp__workers(s->ctx), left = grasp__memory_left(s->ctx);
    const uint64_t beside = workers * (sizeof(strip_state) + ((uint64_t)1 << 19) + 16 * p) + 64 * n + (1 << 16) + bits;
    const uint64_t spare = left > beside ? left - beside : 0, wanted = bits < MOST ? MOST - bits : 0;
    return wanted < spare ? wanted : spare;
}

static grasp_status count(grasp__dbscan_state *s, const grasp__dense *dense, int64_t most_open, bool *done)
{
    counting a = {.s = s, .kernels = grasp__context_fixed_kernels(s->ctx), .adjacency = s->adjacency,
                  .most_open = most_open};
    const int64_t padded = (s->n + PANEL - 1) / PANEL * PANEL, exact = s->exact, ties = s->ties;
    grasp_status status = grasp__alloc_zero(s->ctx, grasp__workers(s->ctx), sizeof *a.strip, &a.strip);
    if (status == GRASP_OK)
        status = grasp__alloc(s->ctx, padded, sizeof *a.count, &a.count);
    for (int64_t i = 0; status == GRASP_OK && i < padded; i++)
        atomic_init(&a.count[i], i < s->n ? weight_of(s, i) : 0);
    if (status == GRASP_OK)
        status = grasp__dense_walk(s->ctx, dense, visit, finish, &a);
    *done = !given_up(&a);
    for (int64_t i = 0; status == GRASP_OK && *done && i < s->n; i++)
        s->label[i] = s->upper[i] = atomic_load_explicit(&a.count[i], memory_order_relaxed);
    if (*done) {
        s->pairs += s->n * (s->n - 1) / 2;
        s->undecided += a.open;
    } else { /* how far each worker had come is chance */
        s->exact = exact;
        s->ties = ties;
    }
    grasp__free((void *)a.count);
    grasp__free(a.strip);
    return status;
}

uint64_t grasp__dbscan_dense_price(grasp_context *ctx, const grasp_distances *d, uint64_t *bits)
{
    const int64_t n = grasp__distances_count(d);
    const uint64_t adjacency = grasp__adjacency_price(n);
    const bool keep = adjacency < MOST && grasp__dense_fits(d, MOST - adjacency);
    uint64_t sum = grasp__price(grasp__workers(ctx), sizeof(strip_state));
    *bits = keep ? adjacency : 0;
    if (!grasp__dense_fits(d, MOST))
        return 0;
    grasp__price_add(&sum, (n + PANEL - 1) / PANEL * PANEL, sizeof(int64_t));
    const uint64_t unkept = grasp__dense_price(ctx, d, MOST);
    const uint64_t kept = keep ? grasp__price_sum(adjacency, grasp__dense_price(ctx, d, MOST - adjacency)) : 0;
    return grasp__price_sum(sum, kept > unkept ? kept : unkept);
}

grasp_status grasp__dbscan_dense(grasp__dbscan_state *s, int64_t most_open, bool *done)
{
    const uint64_t bits = grasp__adjacency_price(s->n);
    const bool keep = s->how != GRASP__PAIRS_ALL_UNKEPT && grasp__dense_fits(s->d, room(s, bits));
    const uint64_t most = room(s, keep ? bits : 0);
    grasp__dense *dense = NULL;
    grasp_status status = GRASP_OK;
    *done = false;
    if (!grasp__dense_fits(s->d, most))
        return GRASP_OK;
    if (keep)
        status = grasp__adjacency_create(s->ctx, s->n, &s->adjacency);
    if (status == GRASP_OK)
        status = grasp__dense_create(s->ctx, s->d, s->eps, most, &dense);
    if (status == GRASP_OK)
        status = count(s, dense, most_open, done);
    grasp__dense_free(dense);
    if (!*done) {
        grasp__adjacency_free(s->adjacency);
        s->adjacency = NULL;
    }
    return status;
}
