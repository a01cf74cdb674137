/* SPDX-License-Identifier: BSD-3-Clause
 * Rough tiles: cosine distances from products in float32, at half the price of grasp__reader_tile() or less.
 *
 * Each entry of a unit row is within 5 units u = 2^-53 of the exact one (tile.c), and rounding it to float32 adds 2^-24
 * relatively, or at most 2^-150 where it underflows: relative error e = 2^-24 + 6 u. The product of two rounded rows is
 * then within 2 e + e^2 of the exact one, the kernel's within g (1 + e)^2 of that, g = grasp__gram_error_f32(p), and
 * all underflow together is below sqrt(p) 2^-148. The difference from 1 is taken in float64, and the width of the truth
 * itself is added as in tile.c. About 1e-5 for 4,000 columns; nothing is assumed about the rows.
 *
 * Where memory allows, the rounded rows are made once and lent to all readers; else a reader loads panels of them.
 * O(ni nj p).
 */
#include "distances/space.h"

enum { SHORT_ROW = 16, ROWS = 16 /* of a task */ };

bool grasp__space_has_rough(const grasp__space *space)
{
    return space->metric == GRASP__COSINE && !space->stored && space->p > SHORT_ROW;
}

double grasp__rough_half_width(const grasp_distances *d)
{
    return (grasp__gram_error_f32(d->p) + 0x1p-23) * (1 + 0x1p-20) + 24 * GRASP__UNIT + grasp__truth_width(d->p);
}

/* Unit rows in float32; row: p values of scratch. */
static void round_rows(const grasp_distances *d, int64_t first, int64_t count, double *row, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        grasp__distances_rows(d, first + i, 1, row);
        for (int64_t k = 0; k < d->p; k++)
            out[i * d->p + k] = (float)row[k];
    }
}

typedef struct rounding {
    const grasp_distances *d;
    double *row; /* per worker */
    float *out;
} rounding;

static grasp_status round_task(void *arg, int64_t task, int32_t worker)
{
    const rounding *r = arg;
    int64_t first = task * ROWS, count = r->d->n - first < ROWS ? r->d->n - first : ROWS;
    round_rows(r->d, first, count, r->row + worker * r->d->p, r->out + first * r->d->p);
    return GRASP_OK;
}

grasp_status grasp__distances_rough_rows(grasp_context *ctx, const grasp_distances *d, float **out)
{
    rounding r = {.d = d};
    int64_t values, scratch;
    *out = NULL;
    grasp_status s = grasp__check_product(ctx, d->n, d->p, "rows in float32", &values);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, grasp__workers(ctx), d->p, "rows", &scratch);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, values, sizeof(float), &r.out);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, scratch, sizeof(double), &r.row);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, (d->n + ROWS - 1) / ROWS, round_task, &r);
    grasp__free(r.row);
    if (s == GRASP_OK)
        *out = r.out;
    else
        grasp__free(r.out);
    return s;
}

uint64_t grasp__rough_rows_price(grasp_context *ctx, const grasp__space *space, uint64_t *making)
{
    uint64_t rows = grasp__price_values(space->n, space->p, sizeof(float));
    *making = grasp__price_sum(rows, grasp__price_values(grasp__workers(ctx), space->p, sizeof(double)));
    return rows;
}

/* Rows [first, first + count) in float32, lent or loaded into panel q. */
static const float *panel_of(grasp__reader *r, int q, int64_t first, int64_t count, const float *rough_rows)
{
    grasp__panel *panel = &r->panel[q];
    if (rough_rows != NULL)
        return rough_rows + first * r->d->p;
    if (panel->first != first || panel->count != count || !panel->rough) {
        *panel = (grasp__panel){.first = first, .count = count, .rough = true, .x = panel->x};
        round_rows(r->d, first, count, r->difference, (float *)(void *)panel->x);
    }
    return (const float *)(const void *)panel->x;
}

void grasp__reader_rough(grasp__reader *r, const float *rough_rows_or_null, int64_t i, int64_t ni, int64_t j,
                         int64_t nj, double *values, double *half_width)
{
    /* Panels were made for float64, so twice as many rows fit. */
    int64_t p = r->d->p, most = 2 * r->panel_rows < GRASP__TILE ? 2 * r->panel_rows : GRASP__TILE;
    for (int64_t a = 0; a < ni; a += most) {
        int64_t rows = ni - a < most ? ni - a : most;
        const float *x = panel_of(r, 0, i + a, rows, rough_rows_or_null);
        for (int64_t b = 0; b < nj; b += most) {
            int64_t columns = nj - b < most ? nj - b : most;
            bool same = i + a == j + b && rows == columns;
            const float *y = same ? x : panel_of(r, 1, j + b, columns, rough_rows_or_null);
            r->kernels->gram_f32(rows, columns, p, x, p, y, p, r->product + a * nj + b, nj);
        }
    }
    for (int64_t k = 0; k < ni * nj; k++) {
        double d = 1 - (double)r->product[k];
        values[k] = d < 0 ? 0 : d > 2 ? 2 : d;
    }
    for (int64_t a = 0; a < ni; a++)
        if (i + a >= j && i + a < j + nj)
            values[a * nj + (i + a - j)] = 0;
    *half_width = grasp__rough_half_width(r->d);
}
