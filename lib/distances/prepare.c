/* SPDX-License-Identifier: BSD-3-Clause
 * What is kept of every row: its scale and norm, and whether it is zero. One pass over the rows, O(n p), in blocks of
 * rows that are independent of each other.
 *
 * A row is zero iff |c| <= 2^-40 max(|f|, |mu|): what is left after centring is rounding. The norms compared are
 * Dot2's, each with its own power of two, so that neither 1e-300 nor 1e300 is lost. Since |f| <= |c| + |mu|, a row with
 * |c| > 2^-36 |mu| is none, and f needs no second look.
 */
#include "distances/space.h"

#include <math.h>

#define NEGLIGIBLE 0x1p-40

enum { ROWS = 16 }; /* of a task */

/* A norm as mantissa * 2^-exponent. */
typedef struct scaled_norm {
    double norm, scale;
} scaled_norm;

typedef struct preparation {
    grasp_distances *d;
    double *scratch; /* workers x 2 x p */
    scaled_norm origin;
    double *largest; /* per task: the greatest |c_k|, euclidean */
    int64_t *bad;    /* per task: a row with an infinite entry, or -1 */
} preparation;

static scaled_norm norm_of(double *x, int64_t p)
{
    double scale = grasp__scale_of(x, p);
    return (scaled_norm){grasp__scale_row(x, p, scale), scale};
}

/* a <= ratio b? */
static bool is_below(scaled_norm a, double ratio, scaled_norm b)
{
    return ldexp(a.norm, ilogb(b.scale) - ilogb(a.scale)) <= ratio * b.norm;
}

static int64_t block_rows(const preparation *a, int64_t task)
{
    int64_t left = a->d->n - task * ROWS;
    return left < ROWS ? left : ROWS;
}

/* Row by row: with many columns a block would need much scratch. */
static grasp_status cosine_task(void *arg, int64_t task, int32_t worker)
{
    preparation *a = arg;
    grasp_distances *d = a->d;
    double *c = a->scratch + worker * 2 * d->p, *f = c + d->p;
    for (int64_t i = task * ROWS; i < task * ROWS + block_rows(a, task); i++) {
        grasp__centered_rows(d, i, 1, c);
        scaled_norm of_c = {0, grasp__scale_of(c, d->p)};
        of_c.norm = grasp__scale_row(c, d->p, of_c.scale);
        if (!isfinite(of_c.norm)) {
            a->bad[task] = i;
            return GRASP_E_NUMERIC;
        }
        bool zero = of_c.norm == 0;
        if (!zero && d->origin != NULL && is_below(of_c, 0x1p-36, a->origin)) {
            zero = is_below(of_c, NEGLIGIBLE, a->origin);
            if (!zero) {
                grasp__gradients_read_f64(d->gradients, i, 1, f);
                zero = is_below(of_c, NEGLIGIBLE, norm_of(f, d->p));
            }
        }
        d->scale[i] = of_c.scale;
        d->norm[i] = zero ? 0 : of_c.norm;
    }
    return GRASP_OK;
}

static grasp_status largest_task(void *arg, int64_t task, int32_t worker)
{
    preparation *a = arg;
    grasp_distances *d = a->d;
    double *c = a->scratch + worker * 2 * d->p, largest = 0;
    for (int64_t i = task * ROWS; i < task * ROWS + block_rows(a, task); i++) {
        grasp__centered_rows(d, i, 1, c);
        largest = fmax(largest, grasp__row_largest(c, d->p));
        if (isinf(largest)) {
            a->bad[task] = i;
            return GRASP_E_NUMERIC;
        }
    }
    a->largest[task] = largest;
    return GRASP_OK;
}

static grasp_status norm_task(void *arg, int64_t task, int32_t worker)
{
    preparation *a = arg;
    grasp_distances *d = a->d;
    double *c = a->scratch + worker * 2 * d->p;
    for (int64_t i = task * ROWS; i < task * ROWS + block_rows(a, task); i++) {
        grasp__centered_rows(d, i, 1, c);
        d->norm[i] = grasp__scale_row(c, d->p, d->scale[i]);
        if (!isfinite(d->norm[i])) { /* a mean that overflowed */
            a->bad[task] = i;
            return GRASP_E_NUMERIC;
        }
    }
    return GRASP_OK;
}

static grasp_status prepare_euclidean(grasp_context *ctx, preparation *a, int64_t tasks)
{
    grasp_distances *d = a->d;
    grasp_status s = grasp__parallel(ctx, tasks, largest_task, a);
    if (s != GRASP_OK)
        return s;
    double largest = 0;
    for (int64_t t = 0; t < tasks; t++)
        largest = fmax(largest, a->largest[t]);
    double scale = grasp__scale_of(&largest, 1);
    for (int64_t i = 0; i < d->n; i++)
        d->scale[i] = scale;
    return grasp__parallel(ctx, tasks, norm_task, a);
}

uint64_t grasp__prepare_price(grasp_context *ctx, int64_t n, int64_t p)
{
    int64_t tasks = n / ROWS + (n % ROWS != 0);
    uint64_t sum = grasp__price_values(2 * grasp__workers(ctx), p, sizeof(double));
    grasp__price_add(&sum, tasks, sizeof(double));
    grasp__price_add(&sum, tasks, sizeof(int64_t));
    return sum;
}

grasp_status grasp__distances_prepare(grasp_context *ctx, grasp_distances *d)
{
    preparation a = {.d = d};
    int64_t tasks = (d->n + ROWS - 1) / ROWS, width;
    grasp_status s = grasp__check_product(ctx, 2 * (int64_t)grasp__workers(ctx), d->p, "scratch for rows", &width);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__alloc(ctx, width, sizeof(double), &a.scratch)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, tasks, sizeof(double), &a.largest)) != GRASP_OK ||
        (s = grasp__alloc(ctx, tasks, sizeof(int64_t), &a.bad)) != GRASP_OK)
        goto done;
    for (int64_t t = 0; t < tasks; t++)
        a.bad[t] = -1;
    if (d->metric == GRASP__EUCLIDEAN) {
        s = prepare_euclidean(ctx, &a, tasks);
    } else {
        if (d->origin != NULL) {
            for (int64_t k = 0; k < d->p; k++)
                a.scratch[k] = d->origin[k];
            a.origin = norm_of(a.scratch, d->p);
        }
        s = grasp__parallel(ctx, tasks, cosine_task, &a);
    }
    if (s == GRASP_E_NUMERIC)
        for (int64_t t = 0; t < tasks; t++)
            if (a.bad[t] >= 0) {
                grasp__fail(ctx, s, "row %jd less the mean has an infinite entry", (intmax_t)a.bad[t]);
                break;
            }
done:
    grasp__free(a.scratch);
    grasp__free(a.largest);
    grasp__free(a.bad);
    return s;
}
