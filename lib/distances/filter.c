/* SPDX-License-Identifier: BSD-3-Clause
 * Certified verdicts on listed samples: is a pair surely within eps, surely not, or to be decided exactly? From
 * sketches where the space has rows, from values where it is a matrix. A probe is one worker's view: up to 64 samples
 * as columns, against lists of rows.
 * Rows longer than a few entries are first glanced at: heads and lengths alone decide where a few directions hold
 * nearly all.
 *
 * Cost of a verdict: one byte product an entry; exact decisions O(p), rare: see sketch.c.
 */
#include "distances/filter.h"
#include "distances/space.h"

#include <math.h>
#include <string.h>

enum {
    COLUMNS = GRASP__PROBE_COLUMNS,
    ROWS = GRASP__PROBE_ROWS,
    DEPTH = 256,        /* groups packed at a time: a panel's part stays in the nearest caches */
    NEAR_ROWS = 48,     /* rows whose sums stay there */
    GLANCE_GROUPS = 16, /* rows as short are not worth a glance at their heads first */
    PAIR_COST = 4,      /* of a pair by itself, relative to one of a full panel */
    PACK_COST = 12      /* of packing a panel, in rows of it */
};

struct grasp__filter {
    const grasp_distances *d;
    double                 eps;
    grasp__sketch         *sketch; /* NULL: values */
};

struct grasp__probe {
    grasp__sketch_panel panel; /* first: aligned as the block is, so that no vector lies across two cache lines */
    const grasp__filter *filter;
    grasp__reader *reader;
    int64_t n_columns;
    int64_t column[COLUMNS];
    const uint8_t *bytes[COLUMNS]; /* of the columns */
    int8_t *packed;                /* DEPTH groups of them */
    int32_t *sum;                  /* ROWS x COLUMNS */
};

static bool has_sketch(const grasp_distances *d)
{
    return d->square == NULL && d->p > 0 && d->p <= GRASP__SKETCH_MAX_P;
}

bool grasp__filter_has_order(const grasp_distances *d)
{
    return has_sketch(d) && grasp__sketch_has_heads(d) && d->n <= INT32_MAX;
}

grasp_status grasp__filter_create(grasp_context *ctx, const grasp_distances *d, double eps, grasp__filter **out)
{
    grasp__filter *f = NULL;
    grasp_status   s = grasp__alloc_zero(ctx, 1, sizeof *f, &f);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    f->d = d;
    f->eps = eps;
    if (has_sketch(d))
        s = grasp__sketch_create(ctx, d, eps, &f->sketch);
    if (s == GRASP_OK)
        *out = f;
    else
        grasp__filter_free(f);
    return s;
}

uint64_t grasp__filter_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making)
{
    const uint64_t own = grasp__price(1, sizeof(grasp__filter));
    uint64_t making_sketch = 0, sketch = has_sketch(d) ? grasp__sketch_price(ctx, d, &making_sketch) : 0;
    *making = grasp__price_sum(own, making_sketch);
    return grasp__price_sum(own, sketch);
}

grasp__sketch *grasp__filter_sketch(grasp__filter *f)
{
    return f->sketch;
}

void grasp__filter_free(grasp__filter *f)
{
    if (!f)
        return;
    grasp__sketch_free(f->sketch);
    grasp__free(f);
}

grasp_status grasp__probe_create(grasp_context *ctx, const grasp__filter *f, grasp__probe **out)
{
    grasp__probe *probe = NULL;
    grasp_status  s = grasp__alloc_zero(ctx, 1, sizeof *probe, &probe);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    probe->filter = f;
    if ((s = grasp__reader_create_pairs(ctx, f->d, &probe->reader)) == GRASP_OK && f->sketch &&
        (s = grasp__alloc(ctx, 4 * DEPTH, COLUMNS, &probe->packed)) == GRASP_OK)
        s = grasp__alloc_zero(ctx, ROWS * COLUMNS, sizeof *probe->sum, &probe->sum);
    if (s == GRASP_OK)
        *out = probe;
    else
        grasp__probe_free(probe);
    return s;
}

uint64_t grasp__probe_price(const grasp_distances *d)
{
    uint64_t sum = grasp__price_sum(grasp__price(1, sizeof(grasp__probe)), grasp__reader_pairs_price(d));
    if (has_sketch(d)) {
        grasp__price_add(&sum, 4 * DEPTH, COLUMNS);
        grasp__price_add(&sum, ROWS * COLUMNS, sizeof(int32_t));
    }
    return sum;
}

void grasp__probe_free(grasp__probe *probe)
{
    if (!probe)
        return;
    grasp__reader_free(probe->reader);
    grasp__free(probe->packed);
    grasp__free(probe->sum);
    grasp__free(probe);
}

void grasp__probe_columns(grasp__probe *probe, const int64_t *column, int64_t n)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    grasp__sketch_panel *panel = &probe->panel;
    memcpy(probe->column, column, (size_t)n * sizeof *column);
    probe->n_columns = n;
    for (int64_t j = 0; sketch && n > 0 && j < COLUMNS; j++) {
        const int64_t place = grasp__sketch_place(sketch, column[j < n ? j : 0]); /* what is not there is masked
                                                                                     later */
        const grasp__sketch_row *r = &sketch->row[place];
        probe->bytes[j] = sketch->bytes + place * sketch->stride;
        panel->scale[j] = r->scale;
        panel->error[j] = r->error;
        panel->rest[j] = r->rest;
        panel->inside[j] = r->half + GRASP__SKETCH_SLACK(r->half);
        panel->outside[j] = r->half - GRASP__SKETCH_SLACK(r->half);
        panel->correction[j] = r->correction;
        for (int k = 0; k < GRASP__SKETCH_HEAD; k++)
            panel->head[k][j] = r->head[k];
    }
}

/* Which rows of a call still need their bytes, and how: the first `dense` of `count` against the whole panel. */
typedef struct work_list {
    int64_t count, dense, place[ROWS]; /* place: of the row in the call */
    const uint8_t *bytes[ROWS];
    const grasp__sketch_row *record[ROWS];
    uint64_t in[ROWS], out[ROWS];
} work_list;

/* Sums of byte products of the rows [first, first + m) of the list with all columns, over groups from k on. */
static void dense_sums(grasp__probe *probe, work_list *work, int64_t first, int64_t m, int64_t k, int64_t depth)
{
    const uint8_t *row[ROWS];
    for (int64_t i = 0; i < m; i++)
        row[i] = work->bytes[first + i] + 4 * k;
    probe->filter->sketch->kernels->dot(m, depth, row, probe->packed, probe->sum + first * COLUMNS);
}

static void pack(grasp__probe *probe, int64_t k, int64_t depth)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const uint8_t *column[COLUMNS];
    for (int64_t j = 0; j < COLUMNS; j++)
        column[j] = probe->bytes[j] + 4 * k;
    sketch->kernels->pack(depth, column, sketch->levels + 1, probe->packed);
}

/* Part by part of long rows, so that a packed part stays near; of short rows a few at a time, so that sums do. */
static void dense_verdicts(grasp__probe *probe, work_list *work)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const int64_t groups = sketch->stride / 4, step = groups <= DEPTH ? NEAR_ROWS : ROWS;
    if (work->dense > 0 && groups <= DEPTH)
        pack(probe, 0, groups);
    for (int64_t first = 0; first < work->dense; first += step) {
        const int64_t m = work->dense - first < step ? work->dense - first : step;
        int32_t *sum = probe->sum + first * COLUMNS;
        memset(sum, 0, (size_t)(m * COLUMNS) * sizeof *sum);
        for (int64_t k = 0; k < groups; k += DEPTH) {
            const int64_t depth = groups - k < DEPTH ? groups - k : DEPTH;
            if (groups > DEPTH)
                pack(probe, k, depth);
            dense_sums(probe, work, first, m, k, depth);
        }
        sketch->kernels->verdict(m, work->record + first, &probe->panel, sum, work->in + first, work->out + first);
    }
}

static void paired_verdicts(grasp__probe *probe, work_list *work, const uint64_t *within, const uint64_t *maybe)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    for (int64_t k = work->dense; k < work->count; k++) {
        const uint64_t open = maybe[work->place[k]] & ~within[work->place[k]];
        sketch->kernels->dot_pairs(sketch->stride / 4, work->bytes[k], open, probe->bytes, sketch->levels + 1,
                                   probe->sum);
        sketch->kernels->verdict(1, work->record + k, &probe->panel, probe->sum, work->in + k, work->out + k);
    }
}

/* Rows with few open pairs after a glance are multiplied pair by pair, others with the whole panel; the integer sums,
 * and so the verdicts, are the same. */
static void list_work(const grasp__probe *probe, const int64_t *row, int64_t m, const uint64_t *within,
                      const uint64_t *maybe, work_list *work)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    int64_t pairs = 0, least = COLUMNS / PAIR_COST;
    work->dense = 0;
    for (int64_t i = 0; i < m; i++) {
        const int64_t open = __builtin_popcountll(maybe[i] & ~within[i]);
        if (open >= least) {
            work->place[work->dense++] = i;
            pairs += open;
        }
    }
    if (pairs * PAIR_COST < (work->dense + PACK_COST) * COLUMNS) {
        work->dense = 0;
        least = COLUMNS + 1;
    }
    work->count = work->dense;
    for (int64_t i = 0; i < m; i++) {
        const uint64_t open = maybe[i] & ~within[i];
        if (open && __builtin_popcountll(open) < least)
            work->place[work->count++] = i;
    }
    for (int64_t k = 0; k < work->count; k++) {
        const int64_t place = grasp__sketch_place(sketch, row[work->place[k]]);
        work->bytes[k] = sketch->bytes + place * sketch->stride;
        work->record[k] = &sketch->row[place];
    }
}

static void verdict_by_sketch(grasp__probe *probe, const int64_t *row, int64_t m, uint64_t *within, uint64_t *maybe)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const uint64_t there = probe->n_columns == COLUMNS ? ~(uint64_t)0 : ((uint64_t)1 << probe->n_columns) - 1;
    work_list work;
    work.count = work.dense = m;
    if (sketch->stride / 4 > GLANCE_GROUPS) {
        const grasp__sketch_row *record[ROWS] = {NULL};
        for (int64_t i = 0; i < m; i++)
            record[i] = &sketch->row[grasp__sketch_place(sketch, row[i])];
        sketch->kernels->glance(m, record, &probe->panel, within, maybe);
        for (int64_t i = 0; i < m; i++) {
            within[i] &= there;
            maybe[i] &= there;
        }
        list_work(probe, row, m, within, maybe, &work);
    } else {
        for (int64_t i = 0; i < m; i++) {
            within[i] = 0;
            maybe[i] = there;
            const int64_t place = grasp__sketch_place(sketch, row[i]);
            work.place[i] = i;
            work.bytes[i] = sketch->bytes + place * sketch->stride;
            work.record[i] = &sketch->row[place];
        }
    }
    dense_verdicts(probe, &work);
    paired_verdicts(probe, &work, within, maybe);
    for (int64_t k = 0; k < work.count; k++) {
        const int64_t i = work.place[k];
        const uint64_t open = maybe[i] & ~within[i];
        within[i] |= work.in[k] & open;
        maybe[i] &= work.out[k] | ~open;
    }
}

void grasp__probe_rows(grasp__probe *probe, const int64_t *row, int64_t m, uint64_t *within, uint64_t *maybe)
{
    if (probe->filter->sketch) {
        verdict_by_sketch(probe, row, m, within, maybe);
        return;
    }
    for (int64_t i = 0; i < m; i++) {
        within[i] = 0;
        for (int64_t j = 0; j < probe->n_columns; j++)
            within[i] |= (uint64_t)grasp__reader_within(probe->reader, row[i], probe->column[j], probe->filter->eps)
                         << j;
        maybe[i] = within[i];
    }
}

bool grasp__probe_decide(grasp__probe *probe, int64_t i, int64_t j, bool *tie)
{
    return grasp__reader_decide(probe->reader, i, j, probe->filter->eps, tie);
}

bool grasp__filter_is_alone(const grasp__filter *f, int64_t i)
{
    return f->d->metric == GRASP__COSINE && f->d->norm[i] == 0 && f->eps < 1;
}
