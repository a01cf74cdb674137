/* SPDX-License-Identifier: BSD-3-Clause
 * A worker's eye on the space: tiles of values, and the exact decision of a pair. All its memory is made at once, so
 * that reading never fails.
 */
#include "distances/space.h"

#include <math.h>

#define TIE 1e-6

static grasp_status create(grasp_context *ctx, const grasp_distances *d, bool tiles, grasp__reader **out)
{
    grasp__reader *r;
    grasp_status s = grasp__check_rounding(ctx);
    *out = NULL;
    if (s != GRASP_OK || (s = grasp__alloc_zero(ctx, 1, sizeof *r, &r)) != GRASP_OK)
        return s;
    r->d = d;
    r->kernels = grasp__context_kernels(ctx);
    r->pairs = grasp__context_sketch_kernels(ctx);
    r->panel_rows = grasp__panel_rows(d->p);
    if (d->origin != NULL)
        r->origin_norm = grasp__row_largest(d->origin, d->p) * sqrt((double)d->p);
    if (d->gradients != NULL) {
        int64_t rows = r->panel_rows < d->n ? r->panel_rows : d->n, values;
        if ((s = grasp__check_product(ctx, rows, d->p, "panel of rows", &values)) != GRASP_OK)
            goto done;
        for (int q = 0; q < 2; q++)
            if ((s = grasp__alloc(ctx, tiles && d->value == NULL ? values : 0, sizeof(double), &r->panel[q].x)) !=
                    GRASP_OK ||
                (s = grasp__alloc(ctx, d->p, sizeof(double), &r->row[q].x)) != GRASP_OK)
                goto done;
        s = grasp__alloc(ctx, d->p, sizeof(double), &r->difference);
        grasp__space space = grasp__distances_space(d);
        if (s == GRASP_OK && grasp__space_has_rough(&space))
            s = grasp__alloc(ctx, GRASP__TILE * GRASP__TILE, sizeof *r->product, &r->product);
    }
done:
    if (s != GRASP_OK) {
        grasp__reader_free(r);
        return s;
    }
    *out = r;
    return GRASP_OK;
}

static uint64_t price(const grasp__space *space, bool tiles)
{
    int64_t most = grasp__panel_rows(space->p), rows = most < space->n ? most : space->n;
    uint64_t sum = grasp__price(1, sizeof(grasp__reader));
    if (space->metric == GRASP__PRECOMPUTED)
        return sum;
    for (int q = 0; q < 2; q++)
        sum = grasp__price_sum(sum, grasp__price_values(tiles && !space->stored ? rows : 0, space->p, sizeof(double)));
    for (int q = 0; q < 3; q++)
        grasp__price_add(&sum, space->p, sizeof(double));
    if (grasp__space_has_rough(space))
        grasp__price_add(&sum, GRASP__TILE * GRASP__TILE, sizeof(float));
    return sum;
}

uint64_t grasp__reader_price(const grasp__space *space)
{
    return price(space, true);
}

uint64_t grasp__reader_pairs_price(const grasp_distances *d)
{
    const grasp__space space = grasp__distances_space(d);
    return price(&space, false);
}

grasp_status grasp__reader_create(grasp_context *ctx, const grasp_distances *d, grasp__reader **out)
{
    return create(ctx, d, true, out);
}

grasp_status grasp__reader_create_pairs(grasp_context *ctx, const grasp_distances *d, grasp__reader **out)
{
    return create(ctx, d, false, out);
}

void grasp__reader_free(grasp__reader *r)
{
    if (r == NULL)
        return;
    for (int q = 0; q < 2; q++) {
        grasp__free(r->panel[q].x);
        grasp__free(r->row[q].x);
    }
    grasp__free(r->product);
    grasp__free(r->difference);
    grasp__free(r);
}

void grasp__reader_tile(grasp__reader *r, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values,
                        double *half_width)
{
    const grasp_distances *d = r->d;
    if (d->metric == GRASP__PRECOMPUTED || d->value != NULL) {
        grasp__stored_tile(d, i, ni, j, nj, values);
        *half_width = d->value_half_width;
    } else {
        grasp__tile_values(r, i, ni, j, nj, values, half_width);
    }
    for (int64_t a = 0; a < ni; a++)
        if (i + a >= j && i + a < j + nj)
            values[a * nj + (i + a - j)] = 0;
}

/* The row of sample i in slot q: cosine scaled and centred, euclidean as given. */
static const double *row_of(grasp__reader *r, int q, int64_t i)
{
    grasp__panel *slot = &r->row[q];
    const grasp_distances *d = r->d;
    if (slot->count == 1 && slot->first == i)
        return slot->x;
    slot->first = i;
    slot->count = 1;
    if (d->metric == GRASP__EUCLIDEAN) {
        grasp__gradients_read_f64(d->gradients, i, 1, slot->x);
    } else {
        grasp__placed_row(d, i, d->scale[i], 1, slot->x);
        if (q == 0 && d->origin != NULL)
            r->shift = r->pairs->dot_f64(slot->x, d->origin, d->p);
    }
    return slot->x;
}

/* <x, f_j> or |x - f_j|^2 where row j lies in memory. */
static double with_row(const grasp__reader *r, const double *x, const void *row)
{
    const bool narrow = grasp__gradients_dtype(r->d->gradients) == GRASP_F32;
    if (r->d->metric == GRASP__COSINE)
        return narrow ? r->pairs->dot_f32(x, row, r->d->p) : r->pairs->dot_f64(x, row, r->d->p);
    return narrow ? r->pairs->square_f32(x, row, r->d->p) : r->pairs->square_f64(x, row, r->d->p);
}

/* A row in memory is multiplied as it lies there, <x_i, c_j> = <x_i, f_j> - <x_i, mu>: centring and scaling it first
 * would take many times as long. In any order of summation both sums are within gamma(p) |x_i| (|f_j| + |mu|), |f_j| <=
 * |c_j| (1 + u) + |mu|, and c_j is rounded; so with q = |mu| / |c_j| all is within (p + 32) u (1 + 2 q) |x_i| |c_j|.
 * That is worthless where the mean is far above the spread: then, and where numbers may leave the range, the row is
 * centred after all. */
static double approximate_cosine(grasp__reader *r, int64_t i, int64_t j, double *half_width)
{
    const grasp_distances *d = r->d;
    const void *row = grasp__gradients_row(d->gradients, j);
    const double length = d->norm[j] / d->scale[j], *x = row_of(r, 0, i);
    double q = r->origin_norm / length, cosine;
    if (row != NULL && q <= 0x1p20 && length >= 0x1p-900 && length <= 0x1p900) {
        cosine = (with_row(r, x, row) - r->shift) / (d->norm[i] * length);
    } else {
        cosine = r->pairs->dot_f64(x, row_of(r, 1, j), d->p) / (d->norm[i] * d->norm[j]);
        q = 0;
    }
    *half_width =
        grasp__half_width(d, 0) + (double)(d->p + 32) * GRASP__UNIT * (1 + 2 * q) * (1 + 0x1p-20);
    return 1 - cosine;
}

/* What the first step knows of a pair: its distance within *half_width, or infinity where it knows nothing. */
static double approximate(grasp__reader *r, int64_t i, int64_t j, double *half_width)
{
    const grasp_distances *d = r->d;
    if (d->value != NULL) {
        double value;
        grasp__stored_tile(d, i, 1, j, 1, &value);
        *half_width = d->value_half_width;
        return value;
    }
    if (d->metric == GRASP__COSINE)
        return approximate_cosine(r, i, j, half_width);
    const double *x = row_of(r, 0, i);
    const void *row = grasp__gradients_row(d->gradients, j);
    const double v = sqrt(row != NULL ? with_row(r, x, row) : r->pairs->square_f64(x, row_of(r, 1, j), d->p));
    *half_width = grasp__plain_half_width(v, d->p);
    return v;
}

/* A plain inner product decides all but the pairs nearest to eps; it costs a fraction of the truth. */
bool grasp__reader_decide(grasp__reader *r, int64_t i, int64_t j, double eps, bool *tie)
{
    const grasp_distances *d = r->d;
    if (i != j && d->metric != GRASP__PRECOMPUTED && !grasp__distances_is_zero(d, i) &&
        !grasp__distances_is_zero(d, j)) {
        double half_width;
        const double value = approximate(r, i, j, &half_width), away = fabs(value - eps);
        if (away > half_width && fabs(away - TIE) > half_width) {
            *tie = away <= TIE;
            return value < eps;
        }
    }
    *tie = fabs(grasp__reader_value(r, i, j) - eps) <= TIE;
    return grasp__reader_within(r, i, j, eps);
}

bool grasp__reader_within(grasp__reader *r, int64_t i, int64_t j, double eps)
{
    const grasp_distances *d = r->d;
    if (i == j)
        return eps >= 0;
    if (d->metric == GRASP__PRECOMPUTED)
        return grasp__square_value(d, i, j) <= eps;
    if (d->metric == GRASP__COSINE && (d->norm[i] == 0 || d->norm[j] == 0))
        return eps >= 1;
    const double *x = row_of(r, 0, i), *y = row_of(r, 1, j);
    if (d->metric == GRASP__EUCLIDEAN)
        return grasp__truth_euclidean(x, y, d->p, eps, r->difference);
    return grasp__truth_cosine(x, d->norm[i], y, d->norm[j], d->p, eps);
}

double grasp__reader_value(grasp__reader *r, int64_t i, int64_t j)
{
    const grasp_distances *d = r->d;
    if (i == j)
        return 0;
    if (d->metric == GRASP__PRECOMPUTED)
        return grasp__square_value(d, i, j);
    const double *x = row_of(r, 0, i), *y = row_of(r, 1, j);
    if (d->metric == GRASP__EUCLIDEAN)
        return grasp__value_euclidean(x, y, d->p, r->difference);
    return grasp__value_cosine(x, d->norm[i], y, d->norm[j], d->p);
}
