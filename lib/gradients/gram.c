/* SPDX-License-Identifier: BSD-3-Clause
 * Inner products of rows: <f_i, f_j> = sum over layers, t, s of <delta_it, delta_js> (<a_it, a_js> + has_bias), so the
 * n x p matrix of factored gradients is never written. (Goodfellow 2015.) Dense rows are one factor with one position.
 *
 * O(T^2 (d_in + d_out)) per layer and pair. Where that is more than the p_l = d_out (d_in + bias) products of written
 * rows and the writing itself, shared by the pairs of a tile, a tile's rows of that layer are written, some columns at
 * a time. Tasks are tiles of samples; within a tile, positions and columns are taken in blocks and accumulated in
 * float64 in a fixed order, so bits depend on neither threads nor the size of anything but the tile.
 */
#include "gradients/store.h"

enum {
    TILE = 256,    /* samples of a tile's side where a layer is written, else SIDE */
    SIDE = 64,     /* rows of a block: samples times positions */
    COLUMNS = 512, /* columns of a factor taken at once */
    FEWER = 128    /* columns of written rows taken at once */
};

/* One worker's scratch. */
typedef struct scratch {
    double a[SIDE * COLUMNS], b[SIDE * COLUMNS]; /* two blocks of rows, widened; or TILE x FEWER of a layer */
    double block[SIDE * SIDE];
    double act[SIDE * SIDE], delta[SIDE * SIDE]; /* inner products of factors */
    double tile[];                               /* of samples */
} scratch;

typedef struct gram {
    const grasp_context *ctx; /* asked now and then whether the call was cancelled */
    const grasp_gradients *g;
    const grasp__kernels *kernels;
    int64_t i, ni, j, nj;
    int64_t side;   /* samples of a tile */
    int64_t across; /* tiles in a row of tiles */
    grasp_matrix *out;
    char *scratch; /* one per worker */
    size_t scratch_bytes;
} gram;

/* Rows of a block: `positions` positions from `position` on, of `samples` samples from `sample` on. */
typedef struct block {
    int64_t sample, samples, position, positions;
} block;

static void load(const grasp_gradients *g, int64_t part, const block *b, int64_t width, int64_t first, int64_t n,
                 double *out)
{
    for (int64_t i = 0; i < b->samples; ++i) {
        const char *row = grasp__gradients_part_row(g, part, b->sample + i);
        for (int64_t t = 0; t < b->positions; ++t, out += n)
            grasp__gradients_widen(row + (size_t)((b->position + t) * width + first) * grasp__dtype_size(g->dtype),
                                   g->dtype, n, out);
    }
}

/* Products that take the time of one entry's share of one position when a row is written, and of one pair of positions
 * beside their columns. Measured with kernels for AVX-512. With slower products both are less, about 14 for AVX2 and 5
 * without vectors, and the choice nearly always the same: `bench-positions avx2`. */
enum { WRITING = 24, PAIRING = 24 };

/* Is a layer cheaper as written rows? Counted in products, a pair of samples. */
static bool is_written(const grasp__layer_shape *l)
{
    double positions = (double)l->positions, width = (double)l->outputs * (double)(l->inputs + l->has_bias);
    double pairwise = positions * positions * ((double)l->inputs + (double)l->outputs + PAIRING);
    return l->positions > 1 && width * (1 + 2.0 * WRITING / TILE * positions) < pairwise;
}

/* out (rows of a x rows of b) = inner products of a part whose positions have `width` columns. */
static void inner(const gram *q, scratch *w, int64_t part, int64_t width, const block *a, const block *b, double *out)
{
    int64_t m = a->samples * a->positions, n = b->samples * b->positions;
    for (int64_t at = 0; at < width; at += COLUMNS) {
        int64_t k = width - at < COLUMNS ? width - at : COLUMNS;
        load(q->g, part, a, width, at, k, w->a);
        load(q->g, part, b, width, at, k, w->b);
        q->kernels->gram_f64(m, n, k, w->a, k, w->b, k, at == 0 ? out : w->block, n);
        for (int64_t e = 0; at > 0 && e < m * n; ++e)
            out[e] += w->block[e];
    }
}

/* Adds rows of `from` to rows of a tile; rows of the tile `stride` apart. */
static void add_block(const double *from, int64_t rows, int64_t columns, double *tile, int64_t stride)
{
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j)
            tile[i * stride + j] += from[i * columns + j];
}

/* tile += what one block of positions of i and one of j contribute. */
static void add_positions(const gram *q, scratch *w, int64_t l, const block *a, const block *b, double *tile,
                          int64_t stride)
{
    const grasp__layer_shape *shape = &q->g->layer[l];
    int64_t n = b->samples * b->positions;
    inner(q, w, 2 * l, shape->inputs, a, b, w->act);
    inner(q, w, 2 * l + 1, shape->outputs, a, b, w->delta);
    for (int64_t i = 0; i < a->samples; ++i)
        for (int64_t j = 0; j < b->samples; ++j)
            for (int64_t t = 0; t < a->positions; ++t)
                for (int64_t u = 0; u < b->positions; ++u) {
                    int64_t e = (i * a->positions + t) * n + j * b->positions + u;
                    tile[i * stride + j] += w->delta[e] * (w->act[e] + shape->has_bias);
                }
}

/* tile += inner products of rows, columns of one layer. */
static void add_written(const gram *q, scratch *w, int64_t l, const block *a, const block *b)
{
    for (int64_t at = q->g->offset[l]; at < q->g->offset[l + 1] && !grasp__cancel_pending(q->ctx); at += FEWER) {
        int64_t left = q->g->offset[l + 1] - at, k = left < FEWER ? left : FEWER;
        for (int64_t i = 0; i < a->samples; ++i)
            grasp__gradients_segment(q->g, a->sample + i, at, k, w->a + i * k);
        for (int64_t j = 0; j < b->samples; ++j)
            grasp__gradients_segment(q->g, b->sample + j, at, k, w->b + j * k);
        for (int64_t i = 0; i < a->samples; i += SIDE)
            for (int64_t j = 0; j < b->samples; j += SIDE) {
                int64_t m = a->samples - i < SIDE ? a->samples - i : SIDE;
                int64_t n = b->samples - j < SIDE ? b->samples - j : SIDE;
                q->kernels->gram_f64(m, n, k, w->a + i * k, k, w->b + j * k, k, w->block, n);
                add_block(w->block, m, n, w->tile + i * b->samples + j, b->samples);
            }
    }
}

/* tile += a layer's part for the samples of a and b, few enough for its positions. */
static void add_pairs(const gram *q, scratch *w, int64_t l, block a, block b, double *tile, int64_t stride)
{
    int64_t positions = q->g->layer[l].positions;
    for (a.position = 0; a.position < positions; a.position += SIDE)
        for (b.position = 0; b.position < positions; b.position += SIDE) {
            a.positions = positions - a.position < SIDE ? positions - a.position : SIDE;
            b.positions = positions - b.position < SIDE ? positions - b.position : SIDE;
            add_positions(q, w, l, &a, &b, tile, stride);
        }
}

/* Layer l, or the rows of dense gradients, by blocks of as many samples as give SIDE rows. */
static void add_by_blocks(const gram *q, scratch *w, int64_t l, const block *a, const block *b)
{
    bool dense = q->g->n_layers == 0;
    int64_t positions = dense ? 1 : q->g->layer[l].positions, step = positions < SIDE ? SIDE / positions : 1;
    for (int64_t i = 0; i < a->samples; i += step)
        for (int64_t j = 0; j < b->samples && !grasp__cancel_pending(q->ctx); j += step) {
            block here = {a->sample + i, a->samples - i < step ? a->samples - i : step, 0, 1};
            block there = {b->sample + j, b->samples - j < step ? b->samples - j : step, 0, 1};
            double *tile = w->tile + i * b->samples + j;
            if (dense) {
                inner(q, w, 0, q->g->p, &here, &there, w->act);
                add_block(w->act, here.samples, there.samples, tile, b->samples);
            } else {
                add_pairs(q, w, l, here, there, tile, b->samples);
            }
        }
}

static grasp_status one_tile(void *arg, int64_t index, int32_t worker)
{
    const gram *q = arg;
    scratch *w = (scratch *)(void *)(q->scratch + (size_t)worker * q->scratch_bytes);
    int64_t i0 = index / q->across * q->side, j0 = index % q->across * q->side;
    block a = {q->i + i0, q->ni - i0 < q->side ? q->ni - i0 : q->side, 0, 1};
    block b = {q->j + j0, q->nj - j0 < q->side ? q->nj - j0 : q->side, 0, 1};

    for (int64_t e = 0; e < a.samples * b.samples; ++e)
        w->tile[e] = 0;
    for (int64_t l = 0; l < q->g->n_layers || l == 0; ++l)
        if (q->g->n_layers > 0 && is_written(&q->g->layer[l]))
            add_written(q, w, l, &a, &b);
        else
            add_by_blocks(q, w, l, &a, &b);
    if (grasp__cancel_pending(q->ctx))
        return GRASP_CANCELLED;

    for (int64_t r = 0; r < a.samples; ++r)
        for (int64_t c = 0; c < b.samples; ++c) {
            int64_t at = (i0 + r) * q->out->row_stride + j0 + c;
            if (q->out->dtype == GRASP_F64)
                ((double *)q->out->data)[at] = w->tile[r * b.samples + c];
            else
                ((float *)q->out->data)[at] = (float)w->tile[r * b.samples + c];
        }
    return GRASP_OK;
}

static grasp_status compute(grasp_context *ctx, gram *q)
{
    int64_t down, tiles;
    q->side = SIDE;
    for (int64_t l = 0; l < q->g->n_layers; ++l)
        if (is_written(&q->g->layer[l]))
            q->side = TILE;
    q->across = q->nj / q->side + (q->nj % q->side > 0);
    down = q->ni / q->side + (q->ni % q->side > 0);
    q->scratch_bytes = sizeof(scratch) + (size_t)(q->side * q->side) * sizeof(double);
    grasp_status s = grasp__check_product(ctx, down, q->across, "tiles of out", &tiles);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx), q->scratch_bytes, &q->scratch);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, tiles, one_tile, q);
    grasp__free(q->scratch);
    return s;
}

static grasp_status check(grasp_context *ctx, const grasp_gradients *g, const gram *q)
{
    grasp_status s = grasp__gradients_check_sealed(ctx, g, "gradients");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, q->i, 0, g->n, "i");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, q->ni, 0, g->n - q->i, "ni");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, q->j, 0, g->n, "j");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, q->nj, 0, g->n - q->j, "nj");
    if (s == GRASP_OK)
        s = grasp__matrix_check(ctx, q->out, "out");
    if (s == GRASP_OK)
        s = grasp__matrix_check_shape(ctx, q->out, q->ni, q->nj, "out");
    return s;
}

grasp_status grasp_gradients_gram(grasp_context *ctx, const grasp_gradients *gradients, int64_t i, int64_t ni,
                                  int64_t j, int64_t nj, grasp_matrix *out)
{
    gram q = {.ctx = ctx, .g = gradients, .i = i, .ni = ni, .j = j, .nj = nj, .out = out};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, gradients, &q);
    if (s == GRASP_OK && ni > 0 && nj > 0) {
        q.kernels = grasp__context_kernels(ctx);
        s = compute(ctx, &q);
    }
    return grasp__leave(ctx, s);
}
