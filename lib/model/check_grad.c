/* SPDX-License-Identifier: BSD-3-Clause
 * Are a model's gradients those of its loss? Each is compared with central differences
 *
 *     (loss_i(theta + h e_j) - loss_i(theta - h e_j)) / (theta_j+ - theta_j-)
 *
 * where theta_j+- are the numbers that the model really gets, rounded as it rounds them. The default h = cbrt(unit
 * roundoff) max(1, |theta_j|) balances the cancellation and the truncation h^2 (Nocedal and Wright 2006, section 8.1).
 * A kink of a ReLU between the two points shows as a difference: lower the step, or take other parameters.
 * Cost: 2 p losses of n rows, one gradient of each kind; memory for n x p values.
 */
#include "model/model_private.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct check {
    const int64_t *rows;
    int64_t n;
    double step;
    bool f32; /* the model computes in float32 */
    double *theta, *moved, *plus, *minus, *weight, *weighted, *single, *factored, *loss;
    double worst_weighted, worst_single, worst_factored;
};

static grasp_status copy_weights(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    const struct check *c = arg;
    (void)rows, (void)loss;
    memcpy(weight, c->weight, (size_t)n * sizeof *weight);
    return GRASP_OK;
}

static void compare(double expected, double found, double *worst)
{
    double difference = fabs(expected - found) / fmax(1, fabs(expected));
    if (!(difference <= *worst)) /* a NaN is the worst */
        *worst = difference;
}

static double as_model_rounds(const struct check *c, double v)
{
    return c->f32 ? (double)(float)v : v;
}

/* Losses with parameter j at `value`. */
static grasp_status loss_at(grasp_context *ctx, grasp_model *m, struct check *c, int64_t j, double value, double *loss)
{
    grasp__batch b = {m->x, c->rows, 0, 0};
    double kept = c->moved[j];
    c->moved[j] = value;
    grasp_status s = m->methods->set_params(ctx, m, c->moved);
    c->moved[j] = kept;
    for (int64_t first = 0; s == GRASP_OK && first < c->n; first += b.n) {
        b.rows = c->rows + first;
        b.n = c->n - first < GRASP__MODEL_BATCH ? c->n - first : GRASP__MODEL_BATCH;
        s = m->methods->loss(ctx, m, &b, loss + first);
    }
    return s;
}

static grasp_status compare_all(grasp_context *ctx, grasp_model *m, struct check *c)
{
    int64_t p = m->n_params;
    double base = c->step > 0 ? c->step : cbrt(c->f32 ? FLT_EPSILON : DBL_EPSILON);
    for (int64_t j = 0; j < p; j++) {
        double h = c->step > 0 ? base : base * fmax(1, fabs(c->theta[j])), sum = 0;
        double high = as_model_rounds(c, c->theta[j] + h), low = as_model_rounds(c, c->theta[j] - h);
        grasp_status s = grasp__tick(ctx, j, p);
        if (s != GRASP_OK || (s = loss_at(ctx, m, c, j, high, c->plus)) != GRASP_OK ||
            (s = loss_at(ctx, m, c, j, low, c->minus)) != GRASP_OK)
            return s;
        for (int64_t i = 0; i < c->n; i++) {
            double slope = (c->plus[i] - c->minus[i]) / (high - low);
            sum += c->weight[i] * slope;
            if (c->single)
                compare(slope, c->single[i * p + j], &c->worst_single);
            if (c->factored)
                compare(slope, c->factored[i * p + j], &c->worst_factored);
        }
        compare(sum, c->weighted[j], &c->worst_weighted);
    }
    return GRASP_OK;
}

static grasp_status gradients(grasp_context *ctx, grasp_model *m, struct check *c)
{
    bool hook = grasp__model_is_custom(m) && m->custom.ops.sample_grads;
    int64_t cells;
    grasp_status s = grasp__model_objective(ctx, m, c->rows, c->n, copy_weights, c, c->loss, c->weighted);
    if (s != GRASP_OK || (s = grasp__check_product(ctx, c->n, m->n_params, "n x p gradients", &cells)) != GRASP_OK)
        return s;
    if (hook && ((s = grasp__alloc(ctx, cells, sizeof *c->single, &c->single)) != GRASP_OK ||
                 (s = grasp__model_sample_grads(ctx, m, c->rows, c->n, c->single)) != GRASP_OK))
        return s;
    if (grasp__model_factors_are_whole(m) &&
        ((s = grasp__alloc(ctx, cells, sizeof *c->factored, &c->factored)) != GRASP_OK ||
         (s = grasp__model_grads_from_factors(ctx, m, c->rows, c->n, c->factored)) != GRASP_OK))
        return s;
    return GRASP_OK;
}

static grasp_status check(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double step,
                          double *worst)
{
    int64_t *all = NULL;
    double *block = NULL;
    int64_t p, cells;
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__check_pointer(ctx, worst, "worst")) != GRASP_OK ||
        (s = grasp__model_check_bound(ctx, m, "model")) != GRASP_OK ||
        (s = grasp__check_range(ctx, n, 1, INT64_MAX, "n")) != GRASP_OK)
        return s;
    if (!(step >= 0) || isinf(step))
        return grasp__fail(ctx, GRASP_E_ARG, "step is %g, expected a finite number, 0 or more", step);
    if (m->n_rows == 0)
        return grasp__fail(ctx, GRASP_E_EMPTY, "model has no rows");
    if (rows && (s = grasp__model_check_rows(ctx, m, rows, n, "rows")) != GRASP_OK)
        return s;
    if (!rows && n > m->n_rows)
        n = m->n_rows;
    p = m->n_params;
    struct check c = {.n = n, .step = step, .f32 = !m->methods->linear && grasp__model_dtype(m) == GRASP_F32};
    if ((s = grasp__check_product(ctx, n, 4, "work arrays", &cells)) != GRASP_OK)
        return s;
    if (!grasp__add_i64(cells, p, &cells) || !grasp__add_i64(cells, p, &cells) || !grasp__add_i64(cells, p, &cells))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "work arrays of n = %" PRId64 ", p = %" PRId64 " overflow", n, p);
    if ((s = grasp__alloc(ctx, cells, sizeof *block, &block)) != GRASP_OK ||
        (!rows && (s = grasp__alloc(ctx, n, sizeof *all, &all)) != GRASP_OK))
        goto done;
    for (int64_t i = 0; !rows && i < n; i++)
        all[i] = i;
    c.rows = rows ? rows : all;
    c.theta = block;
    c.moved = c.theta + p;
    c.weighted = c.moved + p;
    c.plus = c.weighted + p;
    c.minus = c.plus + n;
    c.weight = c.minus + n;
    c.loss = c.weight + n;
    for (int64_t i = 0; i < n; i++)
        c.weight[i] = 0.5 + 0.25 * (double)(i % 5); /* a hook that ignores its weights is found out */
    if ((s = grasp__model_get_params(ctx, m, c.theta)) != GRASP_OK)
        goto done;
    memcpy(c.moved, c.theta, (size_t)p * sizeof *c.moved);
    s = gradients(ctx, m, &c);
    if (s == GRASP_OK) {
        s = compare_all(ctx, m, &c);
        grasp_status restored = m->methods->set_params(ctx, m, c.theta);
        s = s == GRASP_OK ? restored : s;
    }
    if (s == GRASP_OK) {
        grasp__log(ctx, GRASP_LOG_INFO, "largest difference: weighted_grad %g, sample_grads %g, factors %g",
                   c.worst_weighted, c.worst_single, c.worst_factored);
        *worst = fmax(c.worst_weighted, fmax(c.worst_single, c.worst_factored));
        if (isnan(c.worst_weighted + c.worst_single + c.worst_factored))
            *worst = NAN;
    }
done:
    grasp__free(c.single);
    grasp__free(c.factored);
    grasp__free(block);
    grasp__free(all);
    return s;
}

grasp_status grasp_model_check_grad(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                    double step, double *worst)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, check(ctx, model, rows_or_null, n, step, worst));
}
