/* SPDX-License-Identifier: BSD-3-Clause
 * Samples whose label their neighbours deny: 9 of the 10 nearest carry the other one (Wilson 1972, "Asymptotic
 * properties of nearest neighbor rules using edited data").
 *
 * As a filter before everything this deletes minorities together with flipped labels; it is asked only where labels as
 * they are leave no split (robust_pair.c). Squared distances from inner products, a strip of rows at a time in each
 * worker; equals stay in the order of rows. O(n^2 q), so up to 30,000 rows; scratch 32 n doubles a worker.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { STRIP = 32, NEIGHBOURS = 10, DENIERS = 9, MOST_ROWS = 30000 };

typedef struct search {
    grasp_context *ctx;
    const grasp__robust_space *space;
    const uint8_t *target;
    double *square, *products; /* n; workers x STRIP x n */
    uint8_t *suspect;
} search;

static bool is_denied(const search *w, int64_t i, const double *products)
{
    double nearest[NEIGHBOURS];
    int64_t who[NEIGHBOURS], count = 0, deniers = 0;
    for (int64_t j = 0; j < w->space->n; j++) {
        double distance = w->square[j] - 2 * products[j]; /* but for the row's own square */
        if (j == i || (count == NEIGHBOURS && distance >= nearest[NEIGHBOURS - 1]))
            continue;
        int64_t at = count < NEIGHBOURS ? count++ : NEIGHBOURS - 1;
        for (; at > 0 && nearest[at - 1] > distance; at--) {
            nearest[at] = nearest[at - 1];
            who[at] = who[at - 1];
        }
        nearest[at] = distance;
        who[at] = j;
    }
    for (int64_t k = 0; k < count; k++)
        deniers += w->target[who[k]] != w->target[i];
    return deniers >= DENIERS;
}

static grasp_status run_strip(void *arg, int64_t index, int32_t worker)
{
    const search *w = arg;
    int64_t n = w->space->n, q = w->space->q, first = index * STRIP, rows = n - first < STRIP ? n - first : STRIP;
    double *products = w->products + (int64_t)worker * STRIP * n;
    grasp__context_kernels(w->ctx)->gram_f64(rows, n, q, w->space->x + first * q, q, w->space->x, q, products, n);
    for (int64_t i = 0; i < rows; i++)
        w->suspect[first + i] = is_denied(w, first + i, products + i * n);
    return GRASP_OK;
}

grasp_status grasp__robust_suspects(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                    uint8_t *suspect)
{
    search w = {.ctx = ctx, .space = space, .target = target, .suspect = suspect};
    int64_t n = space->n, q = space->q;
    memset(suspect, 0, (size_t)n);
    if (n > MOST_ROWS || n <= NEIGHBOURS)
        return GRASP_OK;
    grasp_status s = grasp__alloc_zero(ctx, n, sizeof *w.square, &w.square);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx), (size_t)(STRIP * n) * sizeof *w.products, &w.products);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        for (int64_t j = 0; j < q; j++)
            w.square[i] += space->x[i * q + j] * space->x[i * q + j];
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, (n + STRIP - 1) / STRIP, run_strip, &w);
    grasp__free(w.products);
    grasp__free(w.square);
    return s;
}
