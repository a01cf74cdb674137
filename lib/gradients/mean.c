/* SPDX-License-Identifier: BSD-3-Clause
 * Mean of all rows, with each column summed in row order by a compensated sum (Ogita, Rump, Oishi 2005, Sum2) and
 * divided once. It is the sum of the rows' rounded entries, so factored gradients have the mean of the dense rows to
 * the last bit. O(n p).
 *
 * Tasks are blocks of columns; a slab of rows at a time keeps a task short enough to be cancelled. Neither changes a
 * column's order.
 */
#include "gradients/store.h"

enum { COLUMNS = 128, AHEAD = 8 /* rows */, CACHE_LINE = 64, SLAB = 1 << 21 /* entries */ };

typedef struct sums {
    const grasp_gradients *g;
    int64_t first, n;
    double *high, *low;
} sums;

/* A piece of a row lies a row away from the last: no processor guesses where the next one is. */
static void ask_ahead(const sums *a, int64_t i, int64_t first, int64_t m)
{
    const char *row = i < a->n ? grasp__gradients_row(a->g, a->first + i) : NULL;
    const int64_t size = (int64_t)grasp__dtype_size(a->g->dtype);
    for (int64_t at = first * size; row != NULL && at < (first + m) * size; at += CACHE_LINE)
        __builtin_prefetch(row + at);
}

static grasp_status add_columns(void *arg, int64_t index, int32_t worker)
{
    sums *a = arg;
    int64_t first = index * COLUMNS, m = a->g->p - first < COLUMNS ? a->g->p - first : COLUMNS;
    double *high = a->high + first, *low = a->low + first;
    (void)worker;
    for (int64_t i = 0; i < a->n; ++i) {
        double row[COLUMNS];
        ask_ahead(a, i + AHEAD, first, m);
        grasp__gradients_segment(a->g, a->first + i, first, m, row);
        for (int64_t j = 0; j < m; ++j) {
            double sum = high[j] + row[j], part = sum - high[j];
            low[j] += (high[j] - (sum - part)) + (row[j] - part);
            high[j] = sum;
        }
    }
    return GRASP_OK;
}

uint64_t grasp__gradients_mean_price(int64_t p)
{
    return grasp__price_sum(grasp__price(p, sizeof(double)), grasp__price(p, sizeof(double)));
}

grasp_status grasp__gradients_mean(grasp_context *ctx, const grasp_gradients *g, double *mean)
{
    sums a = {g, 0, 0, NULL, NULL};
    int64_t blocks = g->p / COLUMNS + (g->p % COLUMNS > 0), slab = SLAB / g->p > 0 ? SLAB / g->p : 1;
    grasp_status s;
    if (g->n == 0)
        return grasp__fail(ctx, GRASP_E_EMPTY, "gradients have no rows: there is no mean");
    s = grasp__alloc_zero(ctx, g->p, sizeof(double), &a.high);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, g->p, sizeof(double), &a.low);
    for (; s == GRASP_OK && a.first < g->n; a.first += a.n) {
        a.n = g->n - a.first < slab ? g->n - a.first : slab;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "mean of gradients", (double)a.first / (double)g->n,
                                                     (double)(a.first + a.n) / (double)g->n);
        s = grasp__parallel(ctx, blocks, add_columns, &a);
        grasp__stage_end(ctx, outer);
    }
    for (int64_t j = 0; s == GRASP_OK && j < g->p; ++j)
        mean[j] = (a.high[j] + a.low[j]) / (double)g->n;
    grasp__free(a.high);
    grasp__free(a.low);
    return s;
}

grasp_status grasp_gradients_mean(grasp_context *ctx, const grasp_gradients *gradients, double *mean, int64_t len)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__gradients_check_sealed(ctx, gradients, "gradients");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, mean, "mean");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, len, gradients->p, "len");
    if (s == GRASP_OK)
        s = grasp__gradients_mean(ctx, gradients, mean);
    return grasp__leave(ctx, s);
}
