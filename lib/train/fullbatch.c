/* SPDX-License-Identifier: BSD-3-Clause
 * The mean loss of all rows and its gradient, in float64 and in one fixed order, for methods that run to a gradient
 * norm.
 *
 *   F(theta) = sum_i w_i loss_i / sum_i w_i + l2/2 |theta|^2,  biases not penalised
 *
 * Rows pass through the model in chunks; the loss is summed with compensation, so that near the optimum, where F is
 * flat, a line search still sees which way is down. Cost: one forward and one backward pass; memory O(p + chunk).
 */
#include "train/train_private.h"

#include <math.h>

enum { CHUNK = 4096 };

typedef struct weighing {
    grasp__fullbatch *f;
    const double     *sample_weights;
    grasp__sum        sum;
} weighing;

grasp_status grasp__fullbatch_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double l2,
                                   grasp__fullbatch *out)
{
    *out = (grasp__fullbatch){
        .model = m, .rows = rows, .n = n, .p = grasp__model_n_params(m), .chunk = n < CHUNK ? n : CHUNK, .most = 1};
    grasp_status s = grasp__total_weight(ctx, m, rows, n, &out->total);
    out->l2 = l2 < 0 ? 0.1 / out->total : l2;
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->p, sizeof *out->bias, &out->bias);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->p, sizeof *out->part, &out->part);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->chunk, sizeof *out->loss, &out->loss);
    if (s == GRASP_OK)
        s = grasp__model_bias_mask(ctx, m, out->bias);
    return s == GRASP_OK ? grasp__model_reserve(ctx, m, out->chunk) : s;
}

void grasp__fullbatch_close(grasp__fullbatch *f)
{
    grasp__free(f->bias);
    grasp__free(f->part);
    grasp__free(f->loss);
    *f = (grasp__fullbatch){0};
}

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    weighing *w = arg;
    for (int64_t i = 0; i < n; i++) {
        double share = grasp__row_weight(w->sample_weights, rows[i]) / w->f->total;
        weight[i] = share;
        grasp__sum_add(&w->sum, share * loss[i]);
        if (share > 0 && loss[i] > w->f->largest)
            w->f->largest = loss[i];
    }
    return GRASP_OK;
}

grasp_status grasp__fullbatch_at(grasp_context *ctx, grasp__fullbatch *f, const double *theta, double *value,
                                 double *grad)
{
    weighing w = {.f = f, .sample_weights = grasp__model_sample_weights(f->model)};
    double penalty = 0;
    f->largest = 0;
    *value = INFINITY;
    grasp_status s = grasp__model_set_params(ctx, f->model, theta);
    for (int64_t j = 0; j < f->p; j++) {
        grad[j] = f->bias[j] ? 0 : f->l2 * theta[j];
        penalty += f->bias[j] ? 0 : f->l2 * theta[j] * theta[j] / 2;
    }
    for (int64_t at = 0; s == GRASP_OK && at < f->n; at += f->chunk) {
        int64_t n = f->n - at < f->chunk ? f->n - at : f->chunk;
        s = grasp__tick(ctx, f->done, f->most);
        if (s == GRASP_OK)
            s = grasp__model_objective(ctx, f->model, f->rows + at, n, weigh, &w, f->loss, f->part);
        for (int64_t j = 0; s == GRASP_OK && j < f->p; j++)
            grad[j] += f->part[j];
    }
    if (s == GRASP_E_NUMERIC)
        return GRASP_OK; /* the model refused a loss: too far out */
    f->mean = grasp__sum_value(&w.sum);
    if (s == GRASP_OK && isfinite(f->mean + penalty))
        *value = f->mean + penalty;
    return s;
}
