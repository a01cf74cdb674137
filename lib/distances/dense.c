/* SPDX-License-Identifier: BSD-3-Clause
 * Verdicts on all pairs of a space, each pair once: what is left where no structure lets pairs be passed over.
 *
 * Let x_i, |x_i| <= 1 but for rounding, be the rows whose inner products decide (unit.c). Rounded to x = s q + z, q
 * whole and s chosen so that |q_k| <= 32767 and each run of 128 entries of q is at most 46,340 long, products of runs
 * fit 32 bits and are exact: by Cauchy and Schwarz no sum of some of their terms is above 46,340^2 < 2^31. And
 *
 *     |<x_i, x_j> - s_i s_j <q_i, q_j>| <= |s_i q_i||z_j| + |z_i||x_j| <= e_i + e_j,   e = |z| + |z|^2 / 2
 *
 * as |s q| <= |x| + |z|. |z| is about s sqrt(p / 12), 4e-5 for 33 values and 8e-5 for 2,049 of one size: a fraction of
 * what eight bits leave open, at half their speed and twice that of float32. Nothing is assumed about the rows.
 *
 * Rounding, in units e = 2^-24: each run's sum is converted (e of it), added to those before (e each, of R runs),
 * multiplied by both scales (2 e), and the threshold is subtracted (e): (R + 6) e (1 + |half_i| + |half_j|) at most, as
 * |s q| <= 1 + |z|. Rows in binary64 and the truth's width (truth.c) are below 2^-39. (R + 16) e (1 + |half|) is
 * allowed for each row. |z|^2 is a sum in binary64, its terms within a few units of 2^-53: the factor 1 + 2^-16
 * covers it.
 *
 * Way of the data. Panels of 64 rows are packed as the kernels want them, all of them where they fit, else in windows:
 * those of one window meet each other, then those of each later window. 4 x 4 panels meet run by run, so that what they
 * need stays in the second cache; a task is 4 panels against 32. Cost: n^2 p / 2 products of 16 bits, O(n p) to pack
 * for each window.
 */
#include "distances/sketch.h"
#include "distances/space.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { PANEL = GRASP__DENSE_PANEL, ROWS = GRASP__DENSE_ROWS, COLUMNS = GRASP__DENSE_COLUMNS, RUN = GRASP__FIXED_RUN };

_Static_assert((int)PANEL == (int)GRASP__FIXED_PANEL && COLUMNS % ROWS == 0, "strips are cut into squares of panels");

struct grasp__dense {
    const grasp_distances *d;
    const grasp__fixed_kernels *kernels;
    double eps, unit;
    int64_t panels, pairs;         /* of all samples; of entries, a row */
    int64_t window;                /* panels of a window */
    int16_t *packed[2];            /* window x pairs x PANEL x 2 */
    grasp__fixed_panel *record[2]; /* window */
    int64_t entries;               /* of a row, rounded up to pairs */
    double *row;                   /* workers x entries */
    int16_t *rounded;              /* workers x entries */
    float *sum;                    /* workers x ROWS x ROWS x PANEL x PANEL */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- packing ----------------------------------------------------------------------------------------------------- */

static float above(double x)
{
    return nextafterf((float)x, INFINITY);
}

static float below(double x)
{
    return nextafterf((float)x, -INFINITY);
}

typedef struct packing {
    const grasp__dense *dense;
    int64_t first; /* panel */
    int16_t *packed;
    grasp__fixed_panel *record;
} packing;

static void pack_row(const packing *a, int64_t i, int32_t worker, int16_t *packed, grasp__fixed_panel *record,
                     int64_t at)
{
    const grasp__dense *m = a->dense;
    const int64_t p = m->d->p, runs = (m->pairs + RUN - 1) / RUN;
    double *x = m->row + worker * m->entries, norm, largest;
    int16_t *q = m->rounded + worker * m->entries;
    grasp__unit_row(m->d, m->unit, i, x);
    m->kernels->measure(x, p, &norm, &largest);
    const double scale = fmax(norm / GRASP__FIXED_LONGEST, largest / 32766);
    record->scale[at] = scale > 0x1p-80 ? above(scale) : 1; /* what is smaller is rounded to zero */
    q[m->entries - 1] = 0;
    const double rest = sqrt(m->kernels->round(x, p, record->scale[at], q));
    const double half = grasp__half_threshold(m->d, m->unit, m->eps, i);
    const double width = rest * (1 + rest / 2) * (1 + 0x1p-16) + (double)(runs + 16) * 0x1p-24 * (1 + fabs(half));
    record->inside[at] = above(half + width);
    record->outside[at] = below(half - width);
    for (int64_t k = 0; k < m->pairs; k++)
        memcpy(packed + (k * PANEL + at) * 2, q + 2 * k, 2 * sizeof *q);
}

static grasp_status pack_task(void *arg, int64_t task, int32_t worker)
{
    const packing *a = arg;
    const int64_t first = (a->first + task) * PANEL, left = a->dense->d->n - first;
    int16_t *packed = a->packed + task * a->dense->pairs * PANEL * 2;
    grasp__fixed_panel *record = &a->record[task];
    for (int64_t at = 0; at < PANEL && at < left; at++)
        pack_row(a, first + at, worker, packed, record, at);
    for (int64_t at = left; at < PANEL; at++) { /* nobody is near what is not there */
        record->scale[at] = 0;
        record->inside[at] = record->outside[at] = FLT_MAX / 4;
        for (int64_t k = 0; k < a->dense->pairs; k++)
            memset(packed + (k * PANEL + at) * 2, 0, 2 * sizeof *packed);
    }
    return GRASP_OK;
}

static int64_t window_panels(const grasp__dense *m, int64_t window)
{
    return least(m->window, m->panels - window * m->window);
}

static grasp_status pack(grasp_context *ctx, const grasp__dense *m, int64_t window, int buffer)
{
    packing a = {m, window * m->window, m->packed[buffer], m->record[buffer]};
    return grasp__parallel(ctx, window_panels(m, window), pack_task, &a);
}

/* ---- meeting ----------------------------------------------------------------------------------------------------- */

typedef struct meeting {
    grasp_context *ctx;
    const grasp__dense *dense;
    int64_t row, column;   /* first panels of the two windows */
    int64_t rows, columns; /* panels in them */
    int buffer;            /* of the columns; rows are in the first */
    grasp__dense_visit visit;
    grasp__dense_finish finish;
    void *arg;
    atomic_bool *stopped;
} meeting;

/* At most ROWS x ROWS panels, those below the diagonal left out. */
static void meet(const meeting *a, const grasp__dense_strip *strip, int64_t column, int64_t columns)
{
    const grasp__dense *m = a->dense;
    const int64_t stride = m->pairs * PANEL * 2, row = strip->row - a->row;
    const int16_t *rows = m->packed[0] + row * stride, *others = m->packed[a->buffer] + column * stride;
    float *sums = m->sum + strip->worker * ROWS * ROWS * PANEL * PANEL;
    uint64_t within[PANEL], maybe[PANEL];
    for (int64_t k = 0; k < m->pairs; k += RUN)
        for (int64_t j = 0; j < columns; j++)
            for (int64_t i = 0; i < strip->rows; i++) {
                const int64_t one = strip->row + i, other = a->column + column + j, run = least(m->pairs - k, RUN);
                const int16_t *x = rows + i * stride + k * PANEL * 2, *y = others + j * stride + k * PANEL * 2;
                float *sum = sums + (i * ROWS + j) * PANEL * PANEL;
                if (one > other)
                    continue;
                if (k + RUN < m->pairs) {
                    m->kernels->multiply(run, x, y, k == 0, sum);
                    continue;
                }
                m->kernels->verdict(run, x, y, k == 0, sum, &m->record[0][row + i],
                                    &m->record[a->buffer][column + j], within, maybe);
                for (int64_t r = 0; one == other && r < PANEL; r++) {
                    const uint64_t later = r < PANEL - 1 ? ~(uint64_t)0 << (r + 1) : 0;
                    within[r] &= later;
                    maybe[r] &= later;
                }
                if (!a->visit(a->arg, strip, one, other, within, maybe))
                    atomic_store_explicit(a->stopped, true, memory_order_relaxed);
            }
}

static grasp_status meet_task(void *arg, int64_t task, int32_t worker)
{
    const meeting *a = arg;
    const int64_t strips = (a->columns + COLUMNS - 1) / COLUMNS;
    const int64_t row = task / strips * ROWS, from = task % strips * COLUMNS, end = least(a->columns, from + COLUMNS);
    const int64_t first = a->buffer == 0 && row > from ? row : from;
    const grasp__dense_strip strip = {a->row + row, least(a->rows - row, ROWS), a->column + first, end - first, worker};
    for (int64_t j = first; j < end; j += ROWS) {
        if (grasp__cancel_pending(a->ctx) || atomic_load_explicit(a->stopped, memory_order_relaxed))
            return GRASP_OK; /* the calling thread will notice */
        meet(a, &strip, j, least(end - j, ROWS));
    }
    if (first < end)
        a->finish(a->arg, &strip);
    return GRASP_OK;
}

static grasp_status meet_windows(grasp_context *ctx, const grasp__dense *m, int64_t window, int64_t other,
                                 grasp__dense_visit visit, grasp__dense_finish finish, void *arg, atomic_bool *stopped)
{
    const meeting a = {ctx, m, window * m->window, other * m->window, window_panels(m, window), window_panels(m, other),
                       window != other, visit, finish, arg, stopped};
    const int64_t tasks = ((a.rows + ROWS - 1) / ROWS) * ((a.columns + COLUMNS - 1) / COLUMNS);
    const grasp_status s = grasp__parallel(ctx, tasks, meet_task, (void *)&a);
    return s == GRASP_OK ? grasp__tick(ctx, 1, 1) : s; /* a task that saw a cancel left its pairs undone */
}

grasp_status grasp__dense_walk(grasp_context *ctx, const grasp__dense *m, grasp__dense_visit visit,
                               grasp__dense_finish finish, void *arg)
{
    const int64_t windows = (m->panels + m->window - 1) / m->window;
    const double all = (double)windows * (double)(windows + 1) / 2;
    double done = 0;
    atomic_bool stopped;
    grasp_status s = GRASP_OK;
    atomic_init(&stopped, false);
    for (int64_t w = 0; s == GRASP_OK && w < windows; w++)
        for (int64_t other = w; s == GRASP_OK && other < windows && !atomic_load(&stopped); other++, done++) {
            grasp__stage_mark outer = grasp__stage_begin(ctx, "all pairs", done / all, (done + 0.1) / all);
            s = pack(ctx, m, other, other != w);
            grasp__stage_end(ctx, outer);
            outer = grasp__stage_begin(ctx, "all pairs", (done + 0.1) / all, (done + 1) / all);
            if (s == GRASP_OK)
                s = meet_windows(ctx, m, w, other, visit, finish, arg, &stopped);
            grasp__stage_end(ctx, outer);
        }
    return s;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static int64_t panels_of(const grasp_distances *d)
{
    return (d->n + PANEL - 1) / PANEL;
}

/* Panels of a window: all, or as many as fit twice; 0 if there is no room. */
static int64_t window_for(const grasp_distances *d, uint64_t most)
{
    const uint64_t pairs = (uint64_t)(d->p + 1) / 2, panels = (uint64_t)panels_of(d);
    const uint64_t fit = most / (pairs * PANEL * 2 * sizeof(int16_t) + sizeof(grasp__fixed_panel));
    return fit >= panels ? (int64_t)panels : (int64_t)(fit / 2) / ROWS * ROWS;
}

bool grasp__dense_fits(const grasp_distances *d, uint64_t most)
{
    return d->square == NULL && d->n > 0 && d->p > 0 && d->p <= GRASP__SKETCH_MAX_P && window_for(d, most) > 0;
}

grasp_status grasp__dense_create(grasp_context *ctx, const grasp_distances *d, double eps, uint64_t most,
                                 grasp__dense **out)
{
    grasp__dense *m = NULL;
    const int64_t panels = panels_of(d), pairs = (d->p + 1) / 2, workers = grasp__workers(ctx);
    *out = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *m, &m);
    if (s != GRASP_OK)
        return s;
    *m = (grasp__dense){.d = d, .kernels = grasp__context_fixed_kernels(ctx), .eps = eps, .unit = grasp__unit(d),
                        .panels = panels, .pairs = pairs, .window = window_for(d, most),
                        .entries = 2 * pairs};
    const size_t packed = (size_t)pairs * PANEL * 2 * sizeof *m->packed[0];
    for (int b = 0; s == GRASP_OK && b < (m->window < panels ? 2 : 1); b++)
        if ((s = grasp__alloc(ctx, m->window, packed, &m->packed[b])) == GRASP_OK)
            s = grasp__alloc(ctx, m->window, sizeof *m->record[b], &m->record[b]);
    if (s == GRASP_OK && (s = grasp__alloc(ctx, workers * m->entries, sizeof *m->row, &m->row)) == GRASP_OK &&
        (s = grasp__alloc(ctx, workers * m->entries, sizeof *m->rounded, &m->rounded)) == GRASP_OK)
        s = grasp__alloc(ctx, workers * ROWS * ROWS, PANEL * PANEL * sizeof *m->sum, &m->sum);
    if (s == GRASP_OK)
        *out = m;
    else
        grasp__dense_free(m);
    return s;
}

uint64_t grasp__dense_price(grasp_context *ctx, const grasp_distances *d, uint64_t most)
{
    const int64_t pairs = (d->p + 1) / 2, workers = grasp__workers(ctx), window = window_for(d, most);
    uint64_t sum = grasp__price(1, sizeof(grasp__dense));
    for (int b = 0; b < (window < panels_of(d) ? 2 : 1); b++) {
        grasp__price_add(&sum, window, (size_t)pairs * PANEL * 2 * sizeof(int16_t));
        grasp__price_add(&sum, window, sizeof(grasp__fixed_panel));
    }
    grasp__price_add(&sum, workers * 2 * pairs, sizeof(double));
    grasp__price_add(&sum, workers * 2 * pairs, sizeof(int16_t));
    grasp__price_add(&sum, workers * ROWS * ROWS, PANEL * PANEL * sizeof(float));
    return sum;
}

void grasp__dense_free(grasp__dense *m)
{
    if (m == NULL)
        return;
    for (int b = 0; b < 2; b++) {
        grasp__free(m->packed[b]);
        grasp__free(m->record[b]);
    }
    grasp__free(m->row);
    grasp__free(m->rounded);
    grasp__free(m->sum);
    grasp__free(m);
}
