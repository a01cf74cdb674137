/* SPDX-License-Identifier: BSD-3-Clause
 * Newton's aim for linear models: -(H + mu I)^-1 g with the exact Hessian of the mean loss,
 *
 *   H = sum_i w_i (diag(p_i) - p_i p_i^T) (x) [x_i, 1][x_i, 1]^T / sum_i w_i + l2 I without the biases
 *
 * with p_i the probabilities; one output: p (1 - p) [x, 1][x, 1]^T. The damping mu is a trace of the diagonal, raised
 * until the Cholesky factorisation succeeds: softmax's outputs may be shifted together, so its H has a null space.
 * Cost an iteration: n p^2 multiplications in the BLAS and p^3 / 3; memory 2 p^2. (Nocedal, Wright 2006, chapter 3.)
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

enum { CELLS = 1 << 18, LEAST_CHUNK = 16, LARGEST_CHUNK = 4096 };

static void to_probabilities(double *z, int64_t n)
{
    double top = z[0], sum = 0;
    for (int64_t c = 1; c < n; c++)
        top = z[c] > top ? z[c] : top;
    for (int64_t c = 0; c < n; c++)
        sum += z[c] = exp(z[c] - top);
    for (int64_t c = 0; c < n; c++)
        z[c] /= sum;
}

/* H += block (a, b) and its mirror of the rows of a chunk, `weight` their shares of the mean. */
static void add_block(grasp__hessian *h, int64_t n, const int64_t *rows, const double *row_weights, double total,
                      int64_t a, int64_t b)
{
    int64_t q = h->d + 1;
    for (int64_t i = 0; i < n; i++) {
        const double *p = h->logits + i * h->classes;
        /* One output: its probability is the second of two. */
        double pa = h->outputs == 1 ? p[1] : p[a], pb = h->outputs == 1 ? p[1] : p[b];
        double factor = (a == b ? pa * (1 - pa) : -pa * pb) * grasp__row_weight(row_weights, rows[i]) / total;
        for (int64_t j = 0; j < q; j++)
            h->scaled[i * q + j] = factor * h->input[i * q + j];
    }
    grasp__gemm_f64(true, false, q, q, n, 1, h->scaled, q, h->input, q, 1, h->h + b * q * h->p + a * q, h->p);
}

static grasp_status add_rows(grasp_context *ctx, grasp__hessian *h, const grasp__fullbatch *f, const int64_t *rows,
                             int64_t n)
{
    int64_t q = h->d + 1;
    grasp_status s = grasp__model_features(ctx, f->model, rows, n, h->x);
    if (s == GRASP_OK)
        s = grasp__model_logits(ctx, f->model, rows, n, h->logits);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++) {
        memcpy(h->input + i * q, h->x + i * h->d, (size_t)h->d * sizeof *h->x);
        h->input[i * q + h->d] = 1;
        to_probabilities(h->logits + i * h->classes, h->classes);
    }
    const double *weight = f->weight;
    for (int64_t a = 0; a < h->outputs; a++)
        for (int64_t b = a; b < h->outputs; b++)
            add_block(h, n, rows, weight, f->total, a, b); /* rows of output b, columns of a: the lower triangle */
    return GRASP_OK;
}

grasp_status grasp__hessian_fill(grasp_context *ctx, grasp__hessian *h, const grasp__fullbatch *f)
{
    memset(h->h, 0, (size_t)(h->p * h->p) * sizeof *h->h);
    for (int64_t at = 0; at < f->n; at += h->chunk) {
        grasp_status s = grasp__tick(ctx, f->done, f->most);
        if (s == GRASP_OK)
            s = add_rows(ctx, h, f, f->rows + at, f->n - at < h->chunk ? f->n - at : h->chunk);
        if (s != GRASP_OK)
            return s;
    }
    for (int64_t j = 0; j < h->p; j++)
        h->h[j * h->p + j] += f->bias[j] ? 0 : f->l2;
    return GRASP_OK;
}

/* Softmax's outputs may be shifted together for nothing: takes what rounding put into that null space out of the
 * direction. */
static void take_shift_out(const grasp__hessian *h, const grasp__fullbatch *f, double *d)
{
    int64_t q = h->d + 1;
    for (int64_t j = 0; j < q; j++) {
        double mean = 0;
        if (h->outputs == 1 || (f->l2 > 0 && !f->bias[j]))
            continue;
        for (int64_t o = 0; o < h->outputs; o++)
            mean += d[o * q + j] / (double)h->outputs;
        for (int64_t o = 0; o < h->outputs; o++)
            d[o * q + j] -= mean;
    }
}

static grasp_status direction(grasp_context *ctx, void *arg, const grasp__fullbatch *f, const grasp__point *at,
                              double *d)
{
    grasp__hessian *h = arg;
    grasp_status s = grasp__model_set_params(ctx, f->model, at->theta);
    if (s == GRASP_OK)
        s = grasp__hessian_fill(ctx, h, f);
    if (s != GRASP_OK)
        return s;
    for (int64_t j = 0; j < h->p; j++)
        d[j] = -at->grad[j];
    if (grasp__hessian_solve(h, 1e-13, d))
        take_shift_out(h, f, d);
    else
        memset(d, 0, (size_t)h->p * sizeof *d); /* no curvature is left: the descent goes down the gradient */
    return GRASP_OK;
}

bool grasp__hessian_solve(grasp__hessian *h, double damping, double *b)
{
    double largest = 0;
    for (int64_t j = 0; j < h->p; j++)
        largest = fmax(largest, h->h[j * h->p + j]);
    if (!(largest > 0))
        return false;
    for (; damping <= 1; damping = damping > 0 ? 100 * damping : 1e-16) {
        memcpy(h->factor, h->h, (size_t)(h->p * h->p) * sizeof *h->h);
        for (int64_t j = 0; j < h->p; j++)
            h->factor[j * h->p + j] += damping * largest;
        if (grasp__cholesky(h->factor, h->p)) {
            grasp__cholesky_solve(h->factor, h->p, b);
            return true;
        }
    }
    return false;
}

grasp_status grasp__hessian_open(grasp_context *ctx, const grasp_model *m, int64_t n, grasp__hessian *out)
{
    grasp__hessian h = {.p = grasp__model_n_params(m), .d = grasp__model_n_features(m),
                        .classes = grasp__model_n_classes(m)};
    int64_t q = h.d + 1;
    h.outputs = h.p / q;
    h.chunk = CELLS / q < LEAST_CHUNK ? LEAST_CHUNK : CELLS / q > LARGEST_CHUNK ? LARGEST_CHUNK : CELLS / q;
    h.chunk = h.chunk > n ? n : h.chunk;
    *out = h;
    grasp_status s = grasp__alloc(ctx, h.p * h.p, sizeof *h.h, &out->h); /* p is bounded by the callers */
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, h.p * h.p, sizeof *h.factor, &out->factor);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, h.chunk * h.d, sizeof *h.x, &out->x);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, h.chunk * q, sizeof *h.input, &out->input);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, h.chunk * q, sizeof *h.scaled, &out->scaled);
    return s == GRASP_OK ? grasp__alloc(ctx, h.chunk * h.classes, sizeof *h.logits, &out->logits) : s;
}

void grasp__hessian_close(grasp__hessian *h)
{
    grasp__free(h->h);
    grasp__free(h->factor);
    grasp__free(h->x);
    grasp__free(h->input);
    grasp__free(h->scaled);
    grasp__free(h->logits);
    *h = (grasp__hessian){0};
}

grasp_status grasp__newton(grasp_context *ctx, grasp__fullbatch *f, grasp__descent *d, grasp_report *report)
{
    grasp__hessian h = {0};
    grasp_status s = grasp__hessian_open(ctx, f->model, f->n, &h);
    if (s == GRASP_OK)
        s = grasp__descend(ctx, f, &(grasp__aim){.direction = direction, .arg = &h}, d, report);
    grasp__hessian_close(&h);
    return s;
}
