/* SPDX-License-Identifier: BSD-3-Clause
 * Certified verdicts on listed samples: is a pair surely within eps, surely not, or to be decided exactly? From
 * sketches where the space has rows, from values where it is a matrix. A probe is one worker's view: up to 64 samples
 * as columns, against lists of rows.
 * Rows longer than a few entries are first glanced at: heads and lengths alone decide where a few directions hold
 * nearly all.
 *
 * Cost of a verdict: one byte product an entry; exact decisions O(p), rare: see sketch.c.
 */
#include "distances/sketch.h"
#include "distances/space.h"

#include <math.h>
#include <string.h>

enum {
    COLUMNS = GRASP__PROBE_COLUMNS,
    ROWS = GRASP__PROBE_ROWS,
    DEPTH = 256,        /* groups packed at a time: a panel's part stays in the nearest caches */
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
    const grasp__filter *filter;
    grasp__reader       *reader;
    int64_t              n_columns;
    int64_t              column[COLUMNS];
    grasp__sketch_panel  panel;
    const uint8_t       *bytes[COLUMNS]; /* of the columns */
    int8_t              *packed;         /* DEPTH groups of them */
    int32_t             *sum;            /* ROWS x COLUMNS */
};

grasp_status grasp__filter_create(grasp_context *ctx, const grasp_distances *d, double eps, grasp__filter **out)
{
    grasp__filter *f = NULL;
    grasp_status   s = grasp__alloc_zero(ctx, 1, sizeof *f, &f);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    f->d = d;
    f->eps = eps;
    if (d->square == NULL && d->p > 0 && d->p <= GRASP__SKETCH_MAX_P)
        s = grasp__sketch_create(ctx, d, eps, &f->sketch);
    if (s == GRASP_OK)
        *out = f;
    else
        grasp__filter_free(f);
    return s;
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
        const int64_t sample = column[j < n ? j : 0]; /* what is not there is masked later */
        const grasp__sketch_row *r = &sketch->row[sample];
        probe->bytes[j] = sketch->bytes + sample * sketch->stride;
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

/* Sums of byte products of m listed rows with all columns. */
static void dense_sums(grasp__probe *probe, const uint8_t **row, int64_t m)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const int64_t groups = sketch->stride / 4;
    const uint8_t *column[COLUMNS];
    memcpy(column, probe->bytes, sizeof column);
    memset(probe->sum, 0, (size_t)(m * COLUMNS) * sizeof *probe->sum);
    for (int64_t k = 0; k < groups; k += DEPTH) {
        const int64_t depth = groups - k < DEPTH ? groups - k : DEPTH;
        sketch->kernels->pack(depth, column, sketch->levels + 1, probe->packed);
        sketch->kernels->dot(m, depth, row, probe->packed, probe->sum);
        for (int64_t j = 0; j < COLUMNS; j++)
            column[j] += 4 * DEPTH;
        for (int64_t i = 0; i < m; i++)
            row[i] += 4 * DEPTH;
    }
}

/* Verdicts from the bytes for pairs that are in maybe alone; others stay. Few pairs of a row are multiplied one by one,
 * more with the whole panel; the integer sums, and so the verdicts, are the same. */
static void verdict_by_bytes(grasp__probe *probe, const int64_t *row, int64_t m, uint64_t *within, uint64_t *maybe)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const uint8_t *bytes[ROWS], *start[ROWS];
    const grasp__sketch_row *record[ROWS];
    int64_t place[ROWS], dense = 0, dense_pairs = 0, count, least = COLUMNS / PAIR_COST;
    uint64_t in[ROWS], out[ROWS];
    for (int64_t i = 0; i < m; i++) {
        const int64_t open = __builtin_popcountll(maybe[i] & ~within[i]);
        if (open >= least) {
            place[dense++] = i;
            dense_pairs += open;
        }
    }
    if (dense_pairs * PAIR_COST < (dense + PACK_COST) * COLUMNS) {
        dense = 0;
        least = COLUMNS + 1;
    }
    count = dense;
    for (int64_t i = 0; i < m; i++) {
        const uint64_t open = maybe[i] & ~within[i];
        if (open && __builtin_popcountll(open) < least)
            place[count++] = i;
    }
    for (int64_t k = 0; k < count; k++) {
        start[k] = bytes[k] = sketch->bytes + row[place[k]] * sketch->stride;
        record[k] = &sketch->row[row[place[k]]];
    }
    if (dense > 0)
        dense_sums(probe, bytes, dense);
    for (int64_t k = dense; k < count; k++)
        sketch->kernels->dot_pairs(sketch->stride / 4, start[k], maybe[place[k]] & ~within[place[k]], probe->bytes,
                                   sketch->levels + 1, probe->sum + k * COLUMNS);
    sketch->kernels->verdict(count, record, &probe->panel, probe->sum, in, out);
    for (int64_t k = 0; k < count; k++) {
        const uint64_t open = maybe[place[k]] & ~within[place[k]];
        within[place[k]] |= in[k] & open;
        maybe[place[k]] &= out[k] | ~open;
    }
}

static void verdict_by_sketch(grasp__probe *probe, const int64_t *row, int64_t m, uint64_t *within, uint64_t *maybe)
{
    const grasp__sketch *sketch = probe->filter->sketch;
    const uint64_t there = probe->n_columns == COLUMNS ? ~(uint64_t)0 : ((uint64_t)1 << probe->n_columns) - 1;
    if (sketch->stride / 4 > GLANCE_GROUPS) {
        const grasp__sketch_row *record[ROWS];
        for (int64_t i = 0; i < m; i++)
            record[i] = &sketch->row[row[i]];
        sketch->kernels->glance(m, record, &probe->panel, within, maybe);
    } else {
        memset(within, 0, (size_t)m * sizeof *within);
        memset(maybe, 0xff, (size_t)m * sizeof *maybe);
    }
    for (int64_t i = 0; i < m; i++) {
        within[i] &= there;
        maybe[i] &= there;
    }
    verdict_by_bytes(probe, row, m, within, maybe);
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
