/* SPDX-License-Identifier: BSD-3-Clause
 * The mean loss of all rows and its gradient, in float64 and in one fixed order, for methods that run to a gradient
 * norm.
 *
 *   F(theta) = sum_i w_i loss_i / sum_i w_i + l2/2 |theta|^2,  biases not penalised
 *
 * or, of a smooth risk R, R(loss_1 .. loss_n) in place of the mean: then a first pass takes the losses, R turns them
 * into weights, and the second pass is weighted by these.
 *
 * Rows pass through the model in chunks; the loss is summed with compensation, so that near the optimum, where F is
 * flat, a line search still sees which way is down. Cost: one forward and one backward pass; memory O(p + chunk), a
 * risk O(n).
 */
#include "train/train_private.h"

#include <math.h>

enum { CHUNK = 4096 };

typedef struct weighing {
    grasp__fullbatch *f;
    grasp__sum        sum;
} weighing;

grasp_status grasp__fullbatch_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                   const double *weight, double l2, grasp__fullbatch *out)
{
    *out = (grasp__fullbatch){.model = m,
                              .rows = rows,
                              .weight = weight,
                              .n = n,
                              .p = grasp__model_n_params(m),
                              .chunk = n < CHUNK ? n : CHUNK,
                              .most = 1};
    double total = 0;
    grasp_status s = grasp__total_weight(ctx, m, rows, n, &total);
    out->l2 = l2 < 0 ? 0.1 / total : l2;
    for (int64_t i = 0; i < n; i++)
        out->total += grasp__row_weight(weight, rows[i]);
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

grasp_status grasp__fullbatch_set_risk(grasp_context *ctx, grasp__fullbatch *f, const grasp__risk_method *method,
                                       const double *setting)
{
    f->method = method;
    grasp__risk_set(method, setting, &f->risk);
    grasp_status s = grasp__alloc(ctx, f->n, 3 * sizeof *f->losses, &f->losses);
    f->mass = s == GRASP_OK ? f->losses + f->n : NULL;
    f->share = s == GRASP_OK ? f->mass + f->n : NULL;
    for (int64_t i = 0; s == GRASP_OK && i < f->n; i++)
        f->mass[i] = grasp__row_weight(f->weight, f->rows[i]);
    return s;
}

void grasp__fullbatch_close(grasp__fullbatch *f)
{
    grasp__free(f->losses);
    grasp__free(f->bias);
    grasp__free(f->part);
    grasp__free(f->loss);
    *f = (grasp__fullbatch){0};
}

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    weighing *w = arg;
    for (int64_t i = 0; i < n; i++) {
        double share = grasp__row_weight(w->f->weight, rows[i]) / w->f->total;
        weight[i] = share;
        grasp__sum_add(&w->sum, share * loss[i]);
        if (share > 0 && loss[i] > w->f->largest)
            w->f->largest = loss[i];
    }
    return GRASP_OK;
}

/* Replays the shares that the risk gave the rows. */
static grasp_status replay(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    const double **share = arg;
    (void)rows, (void)loss;
    for (int64_t i = 0; i < n; i++)
        weight[i] = *(*share)++;
    return GRASP_OK;
}

/* The risk's value, its gradient added to grad. GRASP_E_NUMERIC: a loss is not finite. */
static grasp_status add_risk(grasp_context *ctx, grasp__fullbatch *f, double *grad)
{
    const double *share = f->share;
    grasp_status s = GRASP_OK;
    for (int64_t at = 0; s == GRASP_OK && at < f->n; at += f->chunk) {
        s = grasp__tick(ctx, f->done, f->most);
        if (s == GRASP_OK)
            s = grasp__model_loss(ctx, f->model, f->rows + at, f->n - at < f->chunk ? f->n - at : f->chunk,
                                  f->losses + at);
    }
    if (s != GRASP_OK)
        return s;
    f->mean = f->method->weigh(&f->risk, f->n, f->losses, f->mass, NULL, f->share);
    for (int64_t i = 0; i < f->n; i++)
        f->largest = f->mass[i] > 0 ? fmax(f->largest, f->losses[i]) : f->largest;
    for (int64_t at = 0; s == GRASP_OK && at < f->n; at += f->chunk) {
        int64_t n = f->n - at < f->chunk ? f->n - at : f->chunk;
        s = grasp__tick(ctx, f->done, f->most);
        if (s == GRASP_OK)
            s = grasp__model_objective(ctx, f->model, f->rows + at, n, replay, &share, f->loss, f->part);
        for (int64_t j = 0; s == GRASP_OK && j < f->p; j++)
            grad[j] += f->part[j];
    }
    return s;
}

static grasp_status add_mean(grasp_context *ctx, grasp__fullbatch *f, double *grad)
{
    weighing w = {.f = f};
    grasp_status s = GRASP_OK;
    for (int64_t at = 0; s == GRASP_OK && at < f->n; at += f->chunk) {
        int64_t n = f->n - at < f->chunk ? f->n - at : f->chunk;
        s = grasp__tick(ctx, f->done, f->most);
        if (s == GRASP_OK)
            s = grasp__model_objective(ctx, f->model, f->rows + at, n, weigh, &w, f->loss, f->part);
        for (int64_t j = 0; s == GRASP_OK && j < f->p; j++)
            grad[j] += f->part[j];
    }
    f->mean = grasp__sum_value(&w.sum);
    return s;
}

grasp_status grasp__fullbatch_at(grasp_context *ctx, grasp__fullbatch *f, const double *theta, double *value,
                                 double *grad)
{
    double penalty = 0;
    f->largest = 0;
    *value = INFINITY;
    grasp_status s = grasp__model_set_params(ctx, f->model, theta);
    for (int64_t j = 0; j < f->p; j++) {
        double off = f->center ? theta[j] - f->center[j] : theta[j];
        grad[j] = f->bias[j] ? 0 : f->l2 * off;
        penalty += f->bias[j] ? 0 : f->l2 * off * off / 2;
    }
    if (s == GRASP_OK)
        s = (f->method ? add_risk : add_mean)(ctx, f, grad);
    if (s == GRASP_E_NUMERIC)
        return GRASP_OK; /* the model refused a loss: too far out */
    if (s == GRASP_OK && isfinite(f->mean + penalty))
        *value = f->mean + penalty;
    return s;
}
