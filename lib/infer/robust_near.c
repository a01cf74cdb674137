/* SPDX-License-Identifier: BSD-3-Clause
 * The nearest neighbours of every row among the others, by squared Euclidean distances from inner products, a strip of
 * rows at a time in each worker; of equals the first rows are nearer. O(n^2 q); scratch 32 n doubles a worker.
 */
#include "infer/robust.h"

#include <math.h>

enum { STRIP = 32, MOST = 32 };

typedef struct search {
    grasp_context *ctx;
    const double *x;
    int64_t n, q, k, *near;
    double *square, *products; /* n; workers x STRIP x n */
} search;

static void find(const search *w, int64_t i, const double *products)
{
    double nearest[MOST];
    int64_t count = 0, *who = w->near + i * w->k;
    for (int64_t j = 0; j < w->n; j++) {
        double distance = w->square[j] - 2 * products[j]; /* but for the row's own square */
        if (j == i || (count == w->k && distance >= nearest[w->k - 1]))
            continue;
        int64_t at = count < w->k ? count++ : w->k - 1;
        for (; at > 0 && nearest[at - 1] > distance; at--) {
            nearest[at] = nearest[at - 1];
            who[at] = who[at - 1];
        }
        nearest[at] = distance;
        who[at] = j;
    }
}

static grasp_status run_strip(void *arg, int64_t index, int32_t worker)
{
    const search *w = arg;
    int64_t first = index * STRIP, rows = w->n - first < STRIP ? w->n - first : STRIP;
    double *products = w->products + (int64_t)worker * STRIP * w->n;
    grasp__context_kernels(w->ctx)->gram_f64(rows, w->n, w->q, w->x + first * w->q, w->q, w->x, w->q, products, w->n);
    for (int64_t i = 0; i < rows; i++)
        find(w, first + i, products + i * w->n);
    return GRASP_OK;
}

grasp_status grasp__robust_nearest(grasp_context *ctx, const double *x, int64_t n, int64_t q, int64_t k, int64_t *near)
{
    search w = {.ctx = ctx, .x = x, .n = n, .q = q, .k = k, .near = near};
    grasp_status s = grasp__alloc_zero(ctx, n, sizeof *w.square, &w.square);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx), (size_t)(STRIP * n) * sizeof *w.products, &w.products);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        for (int64_t j = 0; j < q; j++)
            w.square[i] += x[i * q + j] * x[i * q + j];
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, (n + STRIP - 1) / STRIP, run_strip, &w);
    grasp__free(w.products);
    grasp__free(w.square);
    return s;
}
