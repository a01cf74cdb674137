/* SPDX-License-Identifier: BSD-3-Clause
 * inner_ik = <u_i, sum_j w_jk u_j> without a pair of samples in sight: O(n K p).
 *
 * Two passes over the rows. First the K sums: block b of rows goes to sum b mod chunks, and the sums are added in
 * order; then the inner products, of unit rows by the Gram kernel, of others in Dot2. Blocks and chunks depend on n, K
 * and p alone, so the bits do not depend on the number of threads.
 */
#include "distances/space.h"

enum { MOST_CHUNKS = 16, SUMS_BYTES = 1 << 24 };

typedef struct sums_work {
    const grasp_distances *d;
    const grasp__kernels *kernels;
    const double *weight;
    int64_t K, chunks, rows; /* rows of a block */
    int64_t first;           /* first row of the turn: one block for each chunk */
    double *sum;                         /* chunks x K x p */
    double *row;                         /* per worker: rows x p */
    double *inner;
} sums_work;

static grasp_status sum_task(void *arg, int64_t chunk, int32_t worker)
{
    sums_work *w = arg;
    int64_t p = w->d->p, first = w->first + chunk * w->rows, n = w->d->n - first < w->rows ? w->d->n - first : w->rows;
    double *u = w->row + worker * w->rows * p;
    if (n <= 0)
        return GRASP_OK;
    grasp__distances_rows(w->d, first, n, u);
    for (int64_t j = 0; j < n; j++)
        for (int64_t k = 0; k < w->K; k++) {
            double weight = w->weight[(first + j) * w->K + k], *sum = w->sum + (chunk * w->K + k) * p;
            for (int64_t q = 0; weight != 0 && q < p; q++)
                sum[q] += weight * u[j * p + q];
        }
    return GRASP_OK;
}

static grasp_status inner_task(void *arg, int64_t task, int32_t worker)
{
    sums_work *w = arg;
    int64_t p = w->d->p, first = task * w->rows, n = w->d->n - first < w->rows ? w->d->n - first : w->rows;
    double *u = w->row + worker * w->rows * p;
    grasp__distances_rows(w->d, first, n, u);
    if (w->d->metric == GRASP__COSINE) {
        w->kernels->gram_f64(n, w->K, p, u, p, w->sum, p, w->inner + first * w->K, w->K);
        return GRASP_OK;
    }
    for (int64_t j = 0; j < n; j++)
        for (int64_t k = 0; k < w->K; k++)
            w->inner[(first + j) * w->K + k] = grasp__dot2(u + j * p, w->sum + k * p, p, NULL);
    return GRASP_OK;
}

grasp_status grasp__distances_weighted_sums(grasp_context *ctx, const grasp_distances *d, const double *weight,
                                            int64_t K, double *inner)
{
    if (d->metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "a precomputed matrix has no rows to add up");
    if (d->n == 0 || K == 0)
        return GRASP_OK;
    sums_work w = {.d = d, .kernels = grasp__context_kernels(ctx), .weight = weight, .K = K, .inner = inner};
    int64_t width, values, scratch;
    grasp_status s = grasp__check_product(ctx, K, d->p, "weighted sums", &width);
    if (s != GRASP_OK)
        return s;
    w.rows = grasp__panel_rows(d->p);
    w.chunks = SUMS_BYTES / (int64_t)sizeof(double) / width;
    w.chunks = w.chunks < 1 ? 1 : w.chunks > MOST_CHUNKS ? MOST_CHUNKS : w.chunks;
    if (w.chunks > (d->n + w.rows - 1) / w.rows)
        w.chunks = (d->n + w.rows - 1) / w.rows;
    if ((s = grasp__check_product(ctx, w.chunks, width, "weighted sums", &values)) != GRASP_OK ||
        (s = grasp__check_product(ctx, grasp__workers(ctx) * w.rows, d->p, "rows", &scratch)) != GRASP_OK)
        return s;
    if ((s = grasp__alloc_zero(ctx, values, sizeof(double), &w.sum)) != GRASP_OK ||
        (s = grasp__alloc(ctx, scratch, sizeof(double), &w.row)) != GRASP_OK)
        goto done;
    for (; s == GRASP_OK && w.first < d->n; w.first += w.chunks * w.rows) {
        double from = (double)w.first / (double)d->n, to = from + (double)(w.chunks * w.rows) / (double)d->n;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "weighted sums", from / 2, (to < 1 ? to : 1) / 2);
        s = grasp__parallel(ctx, w.chunks, sum_task, &w);
        grasp__stage_end(ctx, outer);
    }
    if (s != GRASP_OK)
        goto done;
    for (int64_t chunk = 1; chunk < w.chunks; chunk++)
        for (int64_t q = 0; q < width; q++)
            w.sum[q] += w.sum[chunk * width + q];
    grasp__stage_mark outer = grasp__stage_begin(ctx, "weighted sums", 0.5, 1);
    s = grasp__parallel(ctx, (d->n + w.rows - 1) / w.rows, inner_task, &w);
    grasp__stage_end(ctx, outer);
done:
    grasp__free(w.sum);
    grasp__free(w.row);
    return s;
}
