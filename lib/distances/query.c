/* SPDX-License-Identifier: BSD-3-Clause
 * Questions to a space: a block of values, how far the k-th nearest is.
 */
#include "distances/space.h"

#include <math.h>
#include <string.h>

/* ---- a block ----------------------------------------------------------------------------------------------------- */

typedef struct block_work {
    const grasp_distances *d;
    int64_t i, ni, j, nj, side, columns; /* columns: tiles side by side */
    grasp_matrix *out;
    grasp__reader **reader;
    double *values; /* per worker: a tile */
} block_work;

/* Room for a worker's tile. */
static int64_t tile_area(const grasp_distances *d)
{
    int64_t side = grasp__distances_tile(d);
    return d->n < side ? d->n * d->n : side * side;
}

/* Values that their tile does not give to 1e-12 come from the truth's arithmetic. */
static grasp_status block_task(void *arg, int64_t task, int32_t worker)
{
    block_work *w = arg;
    int64_t a0 = task / w->columns * w->side, b0 = task % w->columns * w->side;
    int64_t na = w->ni - a0 < w->side ? w->ni - a0 : w->side, nb = w->nj - b0 < w->side ? w->nj - b0 : w->side;
    double *v = w->values + worker * tile_area(w->d), half_width;
    bool relative = w->d->metric == GRASP__EUCLIDEAN;
    grasp__reader_tile(w->reader[worker], w->i + a0, na, w->j + b0, nb, v, &half_width);
    for (int64_t a = 0; a < na; a++)
        for (int64_t b = 0; b < nb; b++) {
            double value = v[a * nb + b];
            if (half_width > 1e-12 * (relative ? value : 1))
                value = grasp__reader_value(w->reader[worker], w->i + a0 + a, w->j + b0 + b);
            char *row = (char *)grasp_matrix_data(w->out) +
                        (size_t)((a0 + a) * w->out->row_stride) * grasp__dtype_size(w->out->dtype);
            if (w->out->dtype == GRASP_F32)
                ((float *)(void *)row)[b0 + b] = (float)value;
            else
                ((double *)(void *)row)[b0 + b] = value;
        }
    return GRASP_OK;
}

static void free_readers(grasp_context *ctx, grasp__reader **reader)
{
    for (int32_t q = 0; reader != NULL && q < grasp__workers(ctx); q++)
        grasp__reader_free(reader[q]);
    grasp__free(reader);
}

static grasp_status make_readers(grasp_context *ctx, const grasp_distances *d, grasp__reader ***out)
{
    grasp_status s = grasp__alloc_zero(ctx, grasp__workers(ctx), sizeof **out, out);
    for (int32_t q = 0; s == GRASP_OK && q < grasp__workers(ctx); q++)
        s = grasp__reader_create(ctx, d, &(*out)[q]);
    return s;
}

grasp_status grasp__distances_block(grasp_context *ctx, const grasp_distances *d, int64_t i, int64_t ni, int64_t j,
                                    int64_t nj, grasp_matrix *out)
{
    block_work w = {.d = d, .i = i, .ni = ni, .j = j, .nj = nj, .side = grasp__distances_tile(d), .out = out};
    int64_t rows = (ni + w.side - 1) / w.side, tasks;
    w.columns = (nj + w.side - 1) / w.side;
    grasp_status s = grasp__check_product(ctx, rows, w.columns, "tiles of the block", &tasks);
    if (s == GRASP_OK && (s = make_readers(ctx, d, &w.reader)) == GRASP_OK &&
        (s = grasp__alloc(ctx, grasp__workers(ctx) * tile_area(d), sizeof(double), &w.values)) == GRASP_OK)
        s = grasp__parallel(ctx, tasks, block_task, &w);
    free_readers(ctx, w.reader);
    grasp__free(w.values);
    return s;
}

static grasp_status check_span(grasp_context *ctx, int64_t first, int64_t count, int64_t n, const char *first_name,
                               const char *count_name)
{
    grasp_status s = grasp__check_range(ctx, first, 0, n, first_name);
    return s != GRASP_OK ? s : grasp__check_range(ctx, count, 0, n - first, count_name);
}

grasp_status grasp_distances_block(grasp_context *ctx, const grasp_distances *distances, int64_t i, int64_t ni,
                                   int64_t j, int64_t nj, grasp_matrix *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__distances_check(ctx, distances, "distances")) == GRASP_OK &&
        (s = check_span(ctx, i, ni, distances->n, "i", "ni")) == GRASP_OK &&
        (s = check_span(ctx, j, nj, distances->n, "j", "nj")) == GRASP_OK &&
        (s = grasp__matrix_check(ctx, out, "out")) == GRASP_OK &&
        (s = grasp__matrix_check_shape(ctx, out, ni, nj, "out")) == GRASP_OK)
        s = grasp__distances_block(ctx, distances, i, ni, j, nj, out);
    return grasp__leave(ctx, s);
}

/* ---- the k-th neighbour ------------------------------------------------------------------------------------------ */

/* Each sample of a band of rows keeps its k nearest values in a heap with the greatest on top. Tasks are rows of tiles
 * of the band, stages runs of tiles along it. O(n^2 p + n k log n). */
typedef struct nearest_work {
    const grasp_distances *d;
    int64_t k, side, rows;   /* rows of the band */
    int64_t first, j, j_end; /* first row of the band; columns of the stage */
    grasp__reader **reader;
    double *values; /* per worker: a tile */
    double *heap;   /* rows x k */
    int64_t *held;  /* rows */
} nearest_work;

static void heap_offer(double *heap, int64_t *held, int64_t k, double v)
{
    int64_t at;
    if (*held < k) { /* sift up */
        for (at = (*held)++; at > 0 && heap[(at - 1) / 2] < v; at = (at - 1) / 2)
            heap[at] = heap[(at - 1) / 2];
        heap[at] = v;
        return;
    }
    if (v >= heap[0])
        return;
    for (at = 0; 2 * at + 1 < k;) { /* sift down from the top */
        int64_t child = 2 * at + 1;
        child += child + 1 < k && heap[child + 1] > heap[child];
        if (heap[child] <= v)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = v;
}

static grasp_status nearest_task(void *arg, int64_t task, int32_t worker)
{
    nearest_work *w = arg;
    int64_t start = task * w->side, ni = w->rows - start < w->side ? w->rows - start : w->side;
    double *v = w->values + worker * tile_area(w->d), half_width;
    for (int64_t j = w->j; j < w->j_end; j += w->side) {
        int64_t nj = w->j_end - j < w->side ? w->j_end - j : w->side;
        grasp__reader_tile(w->reader[worker], w->first + start, ni, j, nj, v, &half_width);
        for (int64_t a = 0; a < ni; a++)
            for (int64_t b = 0; b < nj; b++)
                heap_offer(w->heap + (start + a) * w->k, &w->held[start + a], w->k, v[a * nj + b]);
    }
    return GRASP_OK;
}

static grasp_status nearest_band(grasp_context *ctx, nearest_work *w, double *out)
{
    int64_t n = w->d->n, run = w->side * 4;
    grasp_status s = GRASP_OK;
    memset(w->held, 0, (size_t)w->rows * sizeof *w->held);
    for (w->j = 0; s == GRASP_OK && w->j < n; w->j = w->j_end) {
        w->j_end = n - w->j < run ? n : w->j + run;
        double before = (double)w->first / (double)n, share = (double)w->rows / (double)n / (double)n;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "k-th neighbours", before + share * (double)w->j,
                                                     before + share * (double)w->j_end);
        s = grasp__parallel(ctx, (w->rows + w->side - 1) / w->side, nearest_task, w);
        grasp__stage_end(ctx, outer);
    }
    for (int64_t a = 0; s == GRASP_OK && a < w->rows; a++)
        out[w->first + a] = w->heap[a * w->k];
    return s;
}

grasp_status grasp__distances_kth(grasp_context *ctx, const grasp_distances *d, int64_t k, double *out)
{
    nearest_work w = {.d = d, .k = k, .side = grasp__distances_tile(d)};
    int64_t tiles = ((int64_t)1 << 22) / w.side / k;
    int64_t band = w.side * (tiles < 1 ? 1 : tiles > 16 ? 16 : tiles), values;
    band = band < d->n ? band : d->n;
    double *result = NULL; /* out is written when all is known */
    grasp_status s = grasp__check_product(ctx, band, k, "nearest values kept", &values);
    if (s != GRASP_OK)
        return s;
    if ((s = make_readers(ctx, d, &w.reader)) == GRASP_OK &&
        (s = grasp__alloc(ctx, grasp__workers(ctx) * tile_area(d), sizeof(double), &w.values)) == GRASP_OK &&
        (s = grasp__alloc(ctx, values, sizeof(double), &w.heap)) == GRASP_OK &&
        (s = grasp__alloc(ctx, band, sizeof *w.held, &w.held)) == GRASP_OK)
        s = grasp__alloc(ctx, d->n, sizeof(double), &result);
    for (w.first = 0; s == GRASP_OK && w.first < d->n; w.first += w.rows) {
        w.rows = d->n - w.first < band ? d->n - w.first : band;
        s = nearest_band(ctx, &w, result);
    }
    if (s == GRASP_OK)
        memcpy(out, result, (size_t)d->n * sizeof(double));
    free_readers(ctx, w.reader);
    grasp__free(w.values);
    grasp__free(w.heap);
    grasp__free(w.held);
    grasp__free(result);
    return s;
}

grasp_status grasp_distances_kth(grasp_context *ctx, const grasp_distances *distances, int64_t k, double *out,
                                 int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__distances_check(ctx, distances, "distances")) == GRASP_OK &&
        (s = grasp__check_equal(ctx, n, distances->n, "n")) == GRASP_OK &&
        (s = grasp__check_range(ctx, k, 1, n, "k")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, out, "out")) == GRASP_OK)
        s = grasp__distances_kth(ctx, distances, k, out);
    return grasp__leave(ctx, s);
}
