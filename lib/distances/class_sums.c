/* SPDX-License-Identifier: BSD-3-Clause
 * inner_ik = <u_i, sum of u_j over class k> without a pair of samples in sight: O(n K p).
 *
 * Two passes over the rows. First the K sums: block b of rows goes to sum b mod chunks, and the sums are added in
 * order; then the inner products, of unit rows by the Gram kernel, of others in Dot2. With few classes unit rows are
 * centred and scaled on the way to their products and stored nowhere; with many the Gram kernel, which takes rows that
 * were placed before, is the quicker. Blocks and chunks depend on n, p and the room for classes alone, so the bits do
 * not depend on the number of threads.
 */
#include "distances/space.h"

enum { MOST_CHUNKS = 16, SUMS_BYTES = 1 << 24, FEW = 8 /* classes */ };

typedef struct sums_work {
    const grasp_distances *d;
    const grasp__kernels *kernels;
    const int32_t *class_of;
    int64_t K, chunks, rows; /* rows of a block */
    int64_t first;           /* first row of the turn: one block for each chunk */
    double *sum;             /* chunks x K x p */
    double *row;             /* per worker: rows x p */
    double *inner;
} sums_work;

static bool is_unit(const grasp_distances *d)
{
    return d->metric == GRASP__COSINE;
}

static double inverse_norm(const grasp_distances *d, int64_t i)
{
    return d->norm[i] > 0 ? 1 / d->norm[i] : 0;
}

/* Adds row i; u: room for it where it does not lie in memory. */
static void add_row(const grasp_distances *d, int64_t i, double *u, double *sum)
{
    const double *origin = is_unit(d) ? d->origin : NULL;
    const double scale = is_unit(d) ? d->scale[i] : 1, factor = is_unit(d) ? inverse_norm(d, i) : 1;
    const void *row = grasp__gradients_row(d->gradients, i);
    if (row != NULL && grasp__gradients_dtype(d->gradients) == GRASP_F32) {
        grasp__row_add_f32(row, origin, scale, factor, d->p, sum);
        return;
    }
    if (row == NULL) {
        grasp__gradients_read_f64(d->gradients, i, 1, u);
        row = u;
    }
    grasp__row_add_f64(row, origin, scale, factor, d->p, sum);
}

static grasp_status sum_task(void *arg, int64_t chunk, int32_t worker)
{
    sums_work *w = arg;
    int64_t p = w->d->p, first = w->first + chunk * w->rows, n = w->d->n - first < w->rows ? w->d->n - first : w->rows;
    for (int64_t i = first; i < first + n; i++)
        add_row(w->d, i, w->row + worker * w->rows * p, w->sum + (chunk * w->K + w->class_of[i]) * p);
    return GRASP_OK;
}

/* Unit rows of a block, as they come, by few classes; u: room for them. */
static void few_products(const sums_work *w, int64_t first, int64_t n, double *u)
{
    const grasp_distances *d = w->d;
    const float *f32[GRASP__TILE];
    const double *f64[GRASP__TILE];
    double factor[GRASP__TILE], *inner = w->inner + first * w->K;
    const bool lies = grasp__gradients_row(d->gradients, first) != NULL;
    if (!lies)
        grasp__gradients_read_f64(d->gradients, first, n, u);
    for (int64_t j = 0; j < n; j++) {
        const void *row = lies ? grasp__gradients_row(d->gradients, first + j) : u + j * d->p;
        f32[j] = row;
        f64[j] = row;
        factor[j] = inverse_norm(d, first + j);
    }
    if (lies && grasp__gradients_dtype(d->gradients) == GRASP_F32)
        grasp__row_products_f32(n, f32, d->origin, d->scale + first, factor, d->p, w->K, w->sum, inner);
    else
        grasp__row_products_f64(n, f64, d->origin, d->scale + first, factor, d->p, w->K, w->sum, inner);
}

static grasp_status inner_task(void *arg, int64_t task, int32_t worker)
{
    sums_work *w = arg;
    int64_t p = w->d->p, first = task * w->rows, n = w->d->n - first < w->rows ? w->d->n - first : w->rows;
    double *u = w->row + worker * w->rows * p;
    if (is_unit(w->d) && w->K <= FEW) {
        few_products(w, first, n, u);
        return GRASP_OK;
    }
    grasp__distances_rows(w->d, first, n, u);
    if (is_unit(w->d)) {
        w->kernels->gram_f64(n, w->K, p, u, p, w->sum, p, w->inner + first * w->K, w->K);
        return GRASP_OK;
    }
    for (int64_t j = 0; j < n; j++)
        for (int64_t k = 0; k < w->K; k++)
            w->inner[(first + j) * w->K + k] = grasp__dot2(u + j * p, w->sum + k * p, p, NULL);
    return GRASP_OK;
}

/* Rows of a block, and as many sums as keep workers busy and fit SUMS_BYTES. */
static void plan(const grasp__space *space, int64_t room, int64_t *rows, int64_t *chunks)
{
    int64_t width = space->p > 0 && room > SUMS_BYTES / space->p ? SUMS_BYTES : room * space->p, blocks;
    *rows = grasp__panel_rows(space->p);
    blocks = space->n / *rows + (space->n % *rows != 0);
    *chunks = SUMS_BYTES / (int64_t)sizeof(double) / (width > 0 ? width : 1);
    *chunks = *chunks < 1 ? 1 : *chunks > MOST_CHUNKS ? MOST_CHUNKS : *chunks;
    if (*chunks > blocks)
        *chunks = blocks;
}

uint64_t grasp__class_sums_price(grasp_context *ctx, const grasp__space *space, int64_t room)
{
    int64_t rows, chunks, width;
    plan(space, room, &rows, &chunks);
    if (!grasp__mul_i64(chunks, room, &width))
        return UINT64_MAX;
    return grasp__price_sum(grasp__price_values(width, space->p, sizeof(double)),
                            grasp__price_values(grasp__workers(ctx) * rows, space->p, sizeof(double)));
}

grasp_status grasp__distances_class_sums(grasp_context *ctx, const grasp_distances *d, const int32_t *class_of,
                                         int64_t K, int64_t room, double *inner)
{
    if (d->metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "a precomputed matrix has no rows to add up");
    if (d->n == 0 || K == 0)
        return GRASP_OK;
    sums_work w = {.d = d, .kernels = grasp__context_kernels(ctx), .class_of = class_of, .K = K, .inner = inner};
    int64_t values, width = K * d->p, scratch;
    grasp__space space = grasp__distances_space(d);
    plan(&space, room, &w.rows, &w.chunks);
    grasp_status s = grasp__check_product(ctx, w.chunks * room, d->p, "sums of classes", &values);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, grasp__workers(ctx) * w.rows, d->p, "rows", &scratch);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, values, sizeof(double), &w.sum);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, scratch, sizeof(double), &w.row);
    if (s != GRASP_OK)
        goto done;
    for (int64_t q = 0; q < w.chunks * width; q++)
        w.sum[q] = 0;
    for (; s == GRASP_OK && w.first < d->n; w.first += w.chunks * w.rows) {
        double from = (double)w.first / (double)d->n, to = from + (double)(w.chunks * w.rows) / (double)d->n;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "sums of classes", from / 2, (to < 1 ? to : 1) / 2);
        s = grasp__parallel(ctx, w.chunks, sum_task, &w);
        grasp__stage_end(ctx, outer);
    }
    if (s != GRASP_OK)
        goto done;
    for (int64_t chunk = 1; chunk < w.chunks; chunk++)
        for (int64_t q = 0; q < width; q++)
            w.sum[q] += w.sum[chunk * width + q];
    grasp__stage_mark outer = grasp__stage_begin(ctx, "sums of classes", 0.5, 1);
    s = grasp__parallel(ctx, (d->n + w.rows - 1) / w.rows, inner_task, &w);
    grasp__stage_end(ctx, outer);
done:
    grasp__free(w.sum);
    grasp__free(w.row);
    return s;
}
