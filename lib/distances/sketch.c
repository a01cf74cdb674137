/* SPDX-License-Identifier: BSD-3-Clause
 * Sketches: rows in eight bits, which decide almost every pair for certain at a quarter of the memory and a fraction of
 * the cost.
 *
 * Let x_i be the rows whose inner products decide (cosine: unit rows; euclidean: rows less their mean, scaled by the
 * largest norm), |x_i| <= 1 but for rounding. With up to eight directions v_a of V, E = V V^T - I, and numbers y_a near
 * <v_a, x>, let r be what is left: x = sum_a y_a v_a + r exactly. Then
 *
 *     <x_i, x_j> = <y_i, y_j> + <r_i, r_j> + t,   |t| <= |E||y_i||y_j| + |y_i||V r_j| + |V r_i||y_j|,
 *     V r = (V x - y) - E y.
 *
 * r is rotated by random signs and Walsh-Hadamard transforms, which keeps inner products and spreads large entries, and
 * rounded to r = s q + z with whole q in [-levels, levels]. By Cauchy and Schwarz
 *
 *     |<r_i, r_j>| <= |r_i||r_j|,    |<r_i, r_j> - s_i s_j <q_i, q_j>| <= W = |z_i||r_j| + |s_i q_i||z_j|
 *
 * with |s q| <= |r| + |z|. The first needs no bytes ("glance"): it decides all where the directions hold nearly all of
 * x.
 *
 * Rounding, in units e = 2^-24 (binary32) and u = 2^-53 (binary64), p <= 2^24:
 * - x in binary64: each entry within 8 u of exact, an inner product within 2^-48.
 * - t: y is rounded to binary32 (e), its sum is within 3 p u <= 2^-27 of V x; directions are given up unless each entry
 *   of E is measured below 2^-34, so |E| < 2^-30. In all |t| <= 3 e.
 * - r is left by 16 operations in binary64, below 2^-46, and rounded to binary32 (e); two transforms of at most 24
 *   stages, each stage off by e of the norm, and their factors (2 e each); z = x - s q by two operations (2 e). So the
 *   computed rotated row is within 55 e |r| < 2^-18 |r| of the exact one: that much is added to |z|.
 * - |z|, |r| are sums of squares in runs of 64 terms of binary32, within 66 e: the factor 1 + 2^-16 covers that, the
 *   2^-18 between the norms before and after rotating, and 29 e for the rounding of W itself and of numbers of its
 *   size.
 * - A verdict: with A = |y_i||y_j| + |s_i q_i||s_j q_j| <= 1 + W, conversion, two products, 8 multiply-adds (or as many
 *   products and sums) and two more are at most 13 e (A + W): 13 e here, the rest above. Thresholds: each half and its
 *   slack is rounded three times, their sum once: 4 e of their size. The truth takes in pairs up to grasp__truth_width
 *   beyond; 2^-40 more than covers it.
 * Together below 24 e (1 + |half_i| + |half_j|); GRASP__SKETCH_SLACK gives 64 e.
 *
 * Sums of stored times signed bytes stay below 2^31: (2 levels + 1) levels p bounds them, and levels is chosen so.
 *
 * Cost: O(n p (16 + 2 log p)) once; then one byte product an entry and pair. Which directions are taken changes speed
 * only, never a verdict's truth.
 */
#include "distances/sketch.h"
#include "distances/space.h"

#include <math.h>
#include <string.h>

enum { ROWS = 16, COLUMNS = 256, HEAD = GRASP__SKETCH_HEAD };
enum { SAMPLE = 256, SAMPLE_BYTES = 1 << 24, DIRECTION_BYTES = 1 << 23 };

typedef struct work {
    const grasp_distances *d;
    grasp__sketch *sketch;
    double *direction; /* HEAD x p, or NULL */
    float *sign;       /* p */
    double *row;       /* workers x p */
    float *rest;       /* workers x p */
    double unit;       /* euclidean: 1 / largest norm */
    double eps;
} work;

/* Signs, then a transform of the first and of the last entries, as many as the largest power of two that fits. */
static void rotate(const work *w, float *x)
{
    const int64_t p = w->d->p;
    int64_t run = 1;
    while (2 * run <= p)
        run *= 2;
    const float factor = (float)(1 / sqrt((double)run));
    for (int64_t k = 0; k < run; k++)
        x[k] *= w->sign[k] * factor;
    w->sketch->kernels->hadamard(x, run);
    if (run == p)
        return;
    x += p - run;
    for (int64_t k = 0; k < run; k++)
        x[k] *= w->sign[p - 1 - k] * factor;
    w->sketch->kernels->hadamard(x, run);
}

static float up(double x)
{
    return nextafterf((float)(x * (1 + 0x1p-16)), INFINITY);
}

static void quantise(const work *w, int64_t i, const float *r)
{
    grasp__sketch *sketch = w->sketch;
    const int64_t p = w->d->p;
    const float largest = sketch->kernels->largest(r, p);
    grasp__sketch_row *row = &sketch->row[i];
    uint8_t *bytes = sketch->bytes + i * sketch->stride;
    grasp__sketch_sums sums;
    row->scale = largest > 0x1p-60f ? up((double)largest / sketch->levels) : 1; /* what is smaller is rounded to zero */
    sketch->kernels->quantise(r, p, row->scale, sketch->levels, bytes, &sums);
    memset(bytes + p, sketch->levels + 1, (size_t)(sketch->stride - p));
    row->rest = up(sqrt(sums.rest));
    row->error = up(sqrt(sums.error) + 0x1p-18 * sqrt(sums.rest));
    row->correction = (sketch->levels + 1) * (int32_t)sums.total;
}

static grasp_status sketch_task(void *arg, int64_t task, int32_t worker)
{
    const work *w = arg;
    const grasp__sketch_kernels *kernels = w->sketch->kernels;
    const int64_t p = w->d->p, first = task * ROWS, left = w->d->n - first, n = left < ROWS ? left : ROWS;
    double *x = w->row + worker * p;
    float *r = w->rest + worker * p;
    for (int64_t i = first; i < first + n; i++) {
        double head[HEAD] = {0};
        grasp__unit_row(w->d, w->unit, i, x);
        if (w->direction != NULL)
            kernels->project(w->direction, x, p, head);
        for (int j = 0; j < HEAD; j++)
            head[j] = w->sketch->row[i].head[j] = (float)head[j];
        if (w->direction != NULL)
            kernels->subtract(w->direction, head, x, p, r);
        else
            for (int64_t k = 0; k < p; k++)
                r[k] = (float)x[k];
        rotate(w, r);
        quantise(w, i, r);
        w->sketch->row[i].half = (float)grasp__half_threshold(w->d, w->unit, w->eps, i);
    }
    return GRASP_OK;
}

/* Looking for the directions: a sample of the rows, in three steps that are cut into tasks. */
typedef struct search {
    const work *of;
    const grasp__kernels *kernels;
    int64_t m;       /* rows */
    double *x;       /* m x p */
    double *gram;    /* m x m */
    double *weight;  /* HEAD x m: of the rows, in each direction */
} search;

static grasp_status read_sample(void *arg, int64_t task, int32_t worker)
{
    const search *a = arg;
    const int64_t n = a->of->d->n, p = a->of->d->p;
    (void)worker;
    for (int64_t i = task * ROWS; i < (task + 1) * ROWS && i < a->m; i++)
        grasp__unit_row(a->of->d, a->of->unit, i * n / a->m, a->x + i * p);
    return GRASP_OK;
}

/* Rows of the Gram matrix up to the diagonal, and what mirrors them. */
static grasp_status multiply_sample(void *arg, int64_t task, int32_t worker)
{
    const search *a = arg;
    const int64_t p = a->of->d->p, first = task * ROWS, end = first + ROWS < a->m ? first + ROWS : a->m;
    (void)worker;
    a->kernels->gram_f64(end - first, end, p, a->x + first * p, p, a->x, p, a->gram + first * a->m, a->m);
    for (int64_t i = first; i < end; i++)
        for (int64_t j = 0; j < first; j++)
            a->gram[j * a->m + i] = a->gram[i * a->m + j];
    return GRASP_OK;
}

static grasp_status weigh_sample(void *arg, int64_t task, int32_t worker)
{
    const search *a = arg;
    const int64_t p = a->of->d->p, first = task * COLUMNS, end = first + COLUMNS < p ? first + COLUMNS : p;
    (void)worker;
    for (int q = 0; q < HEAD; q++)
        for (int64_t i = 0; i < a->m; i++)
            for (int64_t k = first; k < end; k++)
                a->of->direction[q * p + k] += a->weight[q * a->m + i] * a->x[i * p + k];
    return GRASP_OK;
}

/* The heaviest eigenvectors of the sample's Gram matrix, by subspace iteration. */
static grasp_status iterate(grasp_context *ctx, search *a)
{
    enum { ROUNDS = 6 };
    double *next = NULL;
    grasp__rng rng;
    const grasp_status s = grasp__alloc(ctx, HEAD * a->m, sizeof *next, &next);
    if (s != GRASP_OK)
        return s;
    grasp__rng_init(&rng, 0, GRASP__RNG_SAMPLE, 0);
    for (int64_t k = 0; k < HEAD * a->m; k++)
        a->weight[k] = grasp__rng_uniform(&rng) - 0.5;
    for (int round = 0; round < ROUNDS; round++) {
        a->kernels->gram_f64(HEAD, a->m, a->m, a->weight, a->m, a->gram, a->m, next, a->m); /* gram is symmetric */
        memcpy(a->weight, next, (size_t)(HEAD * a->m) * sizeof *next);
        grasp__orthonormalise(a->weight, HEAD, a->m);
    }
    grasp__free(next);
    return GRASP_OK;
}

/* How many the sample takes. */
static int64_t sample_rows(const grasp_distances *d)
{
    const int64_t most = SAMPLE_BYTES / 8 / d->p, wanted = most < SAMPLE ? most : SAMPLE;
    return d->n < wanted ? d->n : wanted;
}

bool grasp__sketch_has_heads(const grasp_distances *d)
{
    return sample_rows(d) >= 2 && 8 * HEAD * d->p <= DIRECTION_BYTES;
}

/* HEAD x p directions in which a sample of the rows is longest; zero rows where the sample has fewer, or where the
 * measured |E| is too large to be sure of. */
static grasp_status directions(grasp_context *ctx, work *w)
{
    const int64_t p = w->d->p;
    search a = {.of = w, .kernels = grasp__context_kernels(ctx), .m = sample_rows(w->d)};
    const int64_t tasks = (a.m + ROWS - 1) / ROWS;
    double e[HEAD * HEAD];
    grasp_status s;
    if (!grasp__sketch_has_heads(w->d))
        return GRASP_OK;
    if ((s = grasp__alloc_zero(ctx, HEAD * p, sizeof(double), &w->direction)) != GRASP_OK ||
        (s = grasp__alloc(ctx, a.m * p, sizeof *a.x, &a.x)) != GRASP_OK ||
        (s = grasp__alloc(ctx, a.m * a.m, sizeof *a.gram, &a.gram)) != GRASP_OK ||
        (s = grasp__alloc(ctx, HEAD * a.m, sizeof *a.weight, &a.weight)) != GRASP_OK ||
        (s = grasp__parallel(ctx, tasks, read_sample, &a)) != GRASP_OK ||
        (s = grasp__parallel(ctx, tasks, multiply_sample, &a)) != GRASP_OK || (s = iterate(ctx, &a)) != GRASP_OK ||
        (s = grasp__parallel(ctx, (p + COLUMNS - 1) / COLUMNS, weigh_sample, &a)) != GRASP_OK)
        goto done;
    grasp__orthonormalise(w->direction, HEAD, p);
    a.kernels->gram_f64(HEAD, HEAD, p, w->direction, p, w->direction, p, e, HEAD);
    for (int q = 0; q < HEAD; q++)
        for (int b = 0; b < HEAD; b++)
            if (fabs(e[q * HEAD + b] - (q == b)) > 0x1p-34 && !(q == b && e[q * HEAD + b] == 0))
                memset(w->direction + q * p, 0, (size_t)p * sizeof(double));
done:
    grasp__free(a.x);
    grasp__free(a.gram);
    grasp__free(a.weight);
    return s;
}

/* The most levels that the kernel has and whose sums fit 32 bits. */
static int32_t levels_for(const grasp__sketch_kernels *kernels, int64_t p)
{
    int32_t levels = kernels->levels;
    while ((2 * levels + 1) * (int64_t)levels * p > INT32_MAX)
        levels--;
    return levels;
}

static grasp_status fill(grasp_context *ctx, work *w)
{
    const grasp_distances *d = w->d;
    grasp__rng rng;
    grasp_status s;
    w->unit = grasp__unit(d);
    if ((s = grasp__alloc(ctx, d->p, sizeof(float), &w->sign)) != GRASP_OK ||
        (s = grasp__alloc(ctx, grasp__workers(ctx) * d->p, sizeof(double), &w->row)) != GRASP_OK ||
        (s = grasp__alloc(ctx, grasp__workers(ctx) * d->p, sizeof(float), &w->rest)) != GRASP_OK)
        return s;
    grasp__rng_init(&rng, 0, GRASP__RNG_SAMPLE, 1);
    for (int64_t k = 0; k < d->p; k++)
        w->sign[k] = grasp__rng_u32(&rng) & 1 ? 1 : -1;
    if ((s = directions(ctx, w)) != GRASP_OK)
        return s;
    w->sketch->has_heads = w->direction != NULL;
    return grasp__parallel(ctx, (d->n + ROWS - 1) / ROWS, sketch_task, w);
}

grasp_status grasp__sketch_create(grasp_context *ctx, const grasp_distances *d, double eps, grasp__sketch **out)
{
    work w = {.d = d, .eps = eps};
    grasp__sketch *sketch;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *sketch, &sketch);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    w.sketch = sketch;
    sketch->kernels = grasp__context_sketch_kernels(ctx);
    sketch->n = d->n;
    sketch->stride = grasp__sketch_stride(d->p);
    sketch->levels = levels_for(sketch->kernels, sketch->stride);
    if ((s = grasp__alloc(ctx, d->n, (size_t)sketch->stride, &sketch->bytes)) == GRASP_OK &&
        (s = grasp__alloc(ctx, d->n, sizeof *sketch->row, &sketch->row)) == GRASP_OK)
        s = fill(ctx, &w);
    grasp__free(w.direction);
    grasp__free(w.sign);
    grasp__free(w.row);
    grasp__free(w.rest);
    if (s == GRASP_OK)
        *out = sketch;
    else
        grasp__sketch_free(sketch);
    return s;
}

uint64_t grasp__sketch_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making)
{
    const int64_t p = d->p, workers = grasp__workers(ctx), m = sample_rows(d);
    uint64_t sum = grasp__price(1, sizeof(grasp__sketch));
    grasp__price_add(&sum, d->n, (size_t)grasp__sketch_stride(p));
    grasp__price_add(&sum, d->n, sizeof(grasp__sketch_row));
    *making = sum;
    grasp__price_add(making, p, sizeof(float));
    grasp__price_add(making, workers * p, sizeof(double));
    grasp__price_add(making, workers * p, sizeof(float));
    if (grasp__sketch_has_heads(d)) {
        grasp__price_add(making, HEAD * p, sizeof(double));
        grasp__price_add(making, m * p, sizeof(double));
        grasp__price_add(making, m * m, sizeof(double));
        for (int q = 0; q < 2; q++)
            grasp__price_add(making, HEAD * m, sizeof(double));
    }
    return sum;
}

void grasp__sketch_free(grasp__sketch *sketch)
{
    if (!sketch)
        return;
    grasp__free(sketch->bytes);
    grasp__free(sketch->row);
    grasp__free(sketch->place);
    grasp__free(sketch);
}
