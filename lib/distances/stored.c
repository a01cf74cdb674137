/* SPDX-License-Identifier: BSD-3-Clause
 * Stored values: the condensed upper triangle of a space of rows, and a caller's square matrix.
 *
 * A condensed value is a tile's value and keeps its half-width, so it decides what the tile would decide; the truth is
 * still asked of the rows. Sample i < j stands at i n - i (i + 1) / 2 + j - i - 1. A square matrix is its own truth.
 */
#include "distances/space.h"

#include <math.h>
#include <string.h>

static int64_t row_start(int64_t n, int64_t i) /* where (i, i + 1) stands */
{
    return i * (n - 1) - i * (i - 1) / 2;
}

double grasp__square_value(const grasp_distances *d, int64_t i, int64_t j)
{
    const void *row = grasp__matrix_row(d->square, i);
    return d->square->dtype == GRASP_F32 ? (double)((const float *)row)[j] : ((const double *)row)[j];
}

static double value_at(const grasp_distances *d, int64_t i, int64_t j)
{
    if (d->square != NULL)
        return grasp__square_value(d, i, j);
    if (i == j)
        return 0;
    int64_t low = i < j ? i : j, high = i < j ? j : i;
    return d->value[row_start(d->n, low) + (high - low - 1)];
}

void grasp__stored_tile(const grasp_distances *d, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values)
{
    for (int64_t a = 0; a < ni; a++)
        if (d->square == NULL && i + a < j)
            memcpy(values + a * nj, d->value + row_start(d->n, i + a) + (j - (i + a) - 1), (size_t)nj * sizeof *values);
        else
            for (int64_t b = 0; b < nj; b++)
                values[a * nj + b] = value_at(d, i + a, j + b);
}

typedef struct filling {
    grasp_distances *d;
    double *value;
    double *half_width; /* per worker */
} filling;

static grasp_status fill(void *arg, const grasp__tile *t)
{
    filling *f = arg;
    for (int64_t a = 0; a < t->ni; a++)
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++)
            f->value[row_start(f->d->n, t->i + a) + (t->j + b) - (t->i + a) - 1] = t->value[a * t->nj + b];
    f->half_width[t->worker] = fmax(f->half_width[t->worker], t->half_width);
    return GRASP_OK;
}

grasp_status grasp__distances_store(grasp_context *ctx, grasp_distances *d)
{
    filling f = {.d = d};
    int64_t pairs;
    grasp_status s = grasp__pairs(ctx, d->n, &pairs);
    if (s != GRASP_OK || (s = grasp__alloc(ctx, pairs, sizeof(double), &f.value)) != GRASP_OK)
        return s;
    s = grasp__alloc_zero(ctx, grasp__workers(ctx), sizeof(double), &f.half_width);
    if (s == GRASP_OK)
        s = grasp__distances_walk(ctx, d, NULL, fill, &f);
    if (s == GRASP_OK) {
        d->value = f.value;
        f.value = NULL;
        for (int32_t q = 0; q < grasp__workers(ctx); q++)
            d->value_half_width = fmax(d->value_half_width, f.half_width[q]);
    }
    grasp__free(f.value);
    grasp__free(f.half_width);
    return s;
}

uint64_t grasp__store_price(grasp_context *ctx, const grasp__space *space, uint64_t *making)
{
    uint64_t values = grasp__price_pairs(space->n, sizeof(double));
    *making = grasp__price_sum(grasp__price_sum(values, grasp__price(grasp__workers(ctx), sizeof(double))),
                               grasp__walk_price(ctx, space));
    return values;
}

uint64_t grasp__distances_keep_price(grasp_context *ctx, const grasp__space *space, uint64_t *making)
{
    uint64_t handle = grasp__price(1, sizeof(grasp_distances)), values = grasp__store_price(ctx, space, making);
    *making = grasp__price_sum(handle, *making);
    return grasp__price_sum(handle, values);
}

grasp_status grasp__distances_keep(grasp_context *ctx, const grasp_distances *d, grasp_distances **out)
{
    grasp_distances *kept;
    *out = NULL;
    grasp_status s = grasp__alloc(ctx, 1, sizeof *kept, &kept);
    if (s != GRASP_OK)
        return s;
    *kept = *d;
    s = grasp__distances_store(ctx, kept);
    if (s == GRASP_OK)
        *out = kept;
    else
        grasp__free(kept);
    return s;
}

void grasp__distances_drop(grasp_distances *kept)
{
    if (kept != NULL)
        grasp__free(kept->value);
    grasp__free(kept);
}

/* The matrix of a handle in the making. */
grasp_status grasp__check_square(grasp_context *ctx, const grasp_matrix *square)
{
    grasp_distances d = {.square = (grasp_matrix *)square, .n = square->rows};
    grasp_status s = grasp__matrix_check_finite(ctx, square, "square");
    for (int64_t i = 0; s == GRASP_OK && i < d.n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double v = grasp__square_value(&d, i, j), w = grasp__square_value(&d, j, i);
            if (v < 0 || w < 0)
                return grasp__fail(ctx, GRASP_E_NUMERIC,
                                   "square: row %jd has %g at column %jd, expected no negative distance",
                                   (intmax_t)(v < 0 ? i : j), v < 0 ? v : w, (intmax_t)(v < 0 ? j : i));
            if (i == j && v != 0)
                return grasp__fail(ctx, GRASP_E_NUMERIC,
                                   "square: row %jd has %g at column %jd, expected 0 on the diagonal", (intmax_t)i, v,
                                   (intmax_t)j);
            if (v != w)
                return grasp__fail(ctx, GRASP_E_NUMERIC,
                                   "square: row %jd has %g at column %jd, but row %jd has %g at column %jd",
                                   (intmax_t)i, v, (intmax_t)j, (intmax_t)j, w, (intmax_t)i);
        }
        s = grasp__tick(ctx, i + 1, d.n);
    }
    return s;
}
