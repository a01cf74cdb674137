/* SPDX-License-Identifier: BSD-3-Clause
 * Group DRO of a linear model to a certificate:
 *
 *   P(theta) = max_k (L_k(theta) + c_k) + lambda/2 |theta|^2,   lambda > 0, biases included
 *   D(q)     = min_theta F_q(theta),  F_q(theta) = sum_k q_k (L_k(theta) + c_k) + lambda/2 |theta|^2,  q on the simplex
 *
 * L_k the (weighted) mean loss of group k, convex. Weak duality: no theta has P below D(q). As F_q is strongly convex,
 * D(q) >= F_q(theta) - |grad F_q(theta)|^2 / (2 lambda) at any theta whatever, so that an inexact minimum does not
 * flatter. The gap is the lowest P met less the highest such bound; it bounds how far that theta is from the optimum.
 *
 * Newton on the smoothed maximum tau log sum_k exp((L_k + c_k) / tau) + lambda/2 |theta|^2, whose gradient is that of
 * F_q at q = softmax((L + c) / tau) and whose Hessian is that of F_q and 1/tau times the covariance of the groups'
 * gradients under q; tau falls by 5 whenever the step is no longer worth it. (Nesterov 2005, "Smooth minimization of
 * non-smooth functions"; Boyd, Vandenberghe 2004, sections 5.5 and 9.5.)
 *
 * Cost an iteration: n p^2 multiplications and p^3 / 3 in the BLAS, K p^2 for the groups; memory 2 p^2 + K p + n.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const double shrink = 5, descent = 1e-4;
enum { HALVINGS = 40, CHUNK = 4096 };

typedef struct solver {
    grasp_model        *model;
    const grasp_groups *groups;
    const double       *sample_weights;
    grasp__minimax     *m;
    int64_t             n, p, k, n_groups, done; /* k: groups with training rows; done: Newton steps */
    int64_t            *rows, *start, *group;    /* rows sorted by group; where each of the k starts, n last; its
                                                    number */
    double             *mass, *c, *q;            /* k: sum of sample weights, addend, weight */
    double             *loss, *grad, *next_loss, *next_grad; /* k; k x p */
    double             *theta, *next, *direction, *total, *spread; /* p; spread: k x p */
    double             *row_weight, *part, *row_loss; /* bound rows; p; chunk */
    double              inexact; /* what the gradient takes off the bound */
    grasp__hessian      hessian;
    grasp__fullbatch    f; /* what the hessian is told of rows, weights and penalty */
} solver;

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static void sort_rows(solver *s, const int64_t *rows)
{
    int64_t *at = s->start; /* of each group, absent ones included */
    for (int64_t i = 0; i < s->n; i++)
        at[s->groups->label[rows[i]] + 1]++;
    for (int64_t g = 0; g < s->n_groups; g++) {
        if (at[g + 1] > 0)
            s->group[s->k++] = g;
        at[g + 1] += at[g];
    }
    for (int64_t i = 0; i < s->n; i++)
        s->rows[at[s->groups->label[rows[i]]]++] = rows[i];
    for (int64_t j = 0; j < s->k; j++) /* each start has moved to its end, which is the next one's start */
        at[j] = at[s->group[j]];
    for (int64_t j = s->k; j > 0; j--)
        at[j] = at[j - 1];
    at[0] = 0;
}

static grasp_status open_solver(grasp_context *ctx, solver *s, const int64_t *rows, double c)
{
    int64_t cells = 0, bound = grasp__model_n_rows(s->model);
    double total;
    grasp_status status = grasp__total_weight(ctx, s->model, rows, s->n, &total);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, s->n, sizeof *s->rows, &s->rows);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(ctx, s->n_groups + 1, sizeof *s->start, &s->start);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, s->n_groups, sizeof *s->group, &s->group);
    if (status != GRASP_OK)
        return status;
    sort_rows(s, rows);
    status = grasp__check_product(ctx, s->k, s->p, "gradients of the groups", &cells);
    double **per_group[] = {&s->mass, &s->c, &s->q, &s->loss, &s->next_loss};
    double **per_parameter[] = {&s->theta, &s->next, &s->direction, &s->total, &s->part};
    double **gradients[] = {&s->grad, &s->next_grad, &s->spread};
    for (int j = 0; status == GRASP_OK && j < 5; j++)
        status = grasp__alloc_zero(ctx, s->k, sizeof(double), per_group[j]);
    for (int j = 0; status == GRASP_OK && j < 5; j++)
        status = grasp__alloc(ctx, s->p, sizeof(double), per_parameter[j]);
    for (int j = 0; status == GRASP_OK && j < 3; j++)
        status = grasp__alloc(ctx, cells, sizeof(double), gradients[j]);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(ctx, bound, sizeof(double), &s->row_weight);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, s->n < CHUNK ? s->n : CHUNK, sizeof(double), &s->row_loss);
    if (status == GRASP_OK)
        status = grasp__fullbatch_open(ctx, s->model, s->rows, s->n, s->row_weight, s->m->l2, &s->f);
    if (status == GRASP_OK)
        status = grasp__hessian_open(ctx, s->model, s->n, &s->hessian);
    if (status != GRASP_OK)
        return status;
    memset(s->f.bias, 0, (size_t)s->p * sizeof *s->f.bias); /* biases are penalised too */
    s->f.total = 1;
    for (int64_t j = 0; j < s->k; j++) {
        for (int64_t i = s->start[j]; i < s->start[j + 1]; i++)
            s->mass[j] += grasp__row_weight(s->sample_weights, s->rows[i]);
        s->c[j] = s->mass[j] > 0 ? c / sqrt(s->mass[j]) : 0;
    }
    return status;
}

static void close_solver(solver *s)
{
    void *block[] = {s->rows, s->start, s->group, s->mass, s->c, s->q, s->loss, s->next_loss, s->theta, s->next,
                     s->direction, s->total, s->part, s->grad, s->next_grad, s->spread, s->row_weight, s->row_loss};
    for (size_t j = 0; j < sizeof block / sizeof *block; j++)
        grasp__free(block[j]);
    grasp__hessian_close(&s->hessian);
    grasp__fullbatch_close(&s->f);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef struct group_mean {
    const double *sample_weights;
    double        mass;
    grasp__sum    sum;
} group_mean;

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    group_mean *mean = arg;
    for (int64_t i = 0; i < n; i++) {
        weight[i] = grasp__row_weight(mean->sample_weights, rows[i]) / mean->mass;
        grasp__sum_add(&mean->sum, weight[i] * loss[i]);
    }
    return GRASP_OK;
}

/* Every group's mean loss and its gradient at theta, which the model then holds. GRASP_E_NUMERIC: too far out. */
static grasp_status evaluate(grasp_context *ctx, solver *s, const double *theta, double *loss, double *grad)
{
    grasp_status status = grasp__model_set_params(ctx, s->model, theta);
    memset(grad, 0, (size_t)(s->k * s->p) * sizeof *grad);
    for (int64_t j = 0; status == GRASP_OK && j < s->k; j++) {
        group_mean mean = {.sample_weights = s->sample_weights, .mass = s->mass[j]};
        loss[j] = 0;
        if (!(s->mass[j] > 0))
            continue;
        for (int64_t at = s->start[j], n; status == GRASP_OK && at < s->start[j + 1]; at += n) {
            n = s->start[j + 1] - at < CHUNK ? s->start[j + 1] - at : CHUNK;
            status = grasp__tick(ctx, s->done, s->m->iterations > 0 ? s->m->iterations : 1);
            if (status == GRASP_OK)
                status = grasp__model_objective(ctx, s->model, s->rows + at, n, weigh, &mean, s->row_loss, s->part);
            for (int64_t i = 0; status == GRASP_OK && i < s->p; i++)
                grad[j * s->p + i] += s->part[i];
        }
        loss[j] = grasp__sum_value(&mean.sum);
    }
    return status;
}

static double penalty(const solver *s, const double *theta)
{
    return s->m->l2 / 2 * grasp__inner(theta, theta, s->p);
}

/* max_k (L_k + c_k); groups without weight are none. */
static double worst(const solver *s, const double *loss)
{
    double top = -INFINITY;
    for (int64_t j = 0; j < s->k; j++)
        if (s->mass[j] > 0)
            top = fmax(top, loss[j] + s->c[j]);
    return top;
}

/* tau log sum exp((L + c) / tau), and its weights in q. */
static double smooth(const solver *s, const double *loss, double tau, double *q)
{
    double top = worst(s, loss), sum = 0;
    for (int64_t j = 0; j < s->k; j++)
        sum += q[j] = s->mass[j] > 0 ? exp((loss[j] + s->c[j] - top) / tau) : 0;
    for (int64_t j = 0; j < s->k; j++)
        q[j] /= sum;
    return top + tau * log(fmax(sum, 1)); /* the largest is exp(0) */
}

/* Takes P and the bound at (theta, q) into the best so far; total = grad F_q. */
static void certify(solver *s, const double *theta, double *total)
{
    grasp__minimax *m = s->m;
    double value = penalty(s, theta), objective = worst(s, s->loss) + value;
    for (int64_t i = 0; i < s->p; i++)
        total[i] = m->l2 * theta[i];
    for (int64_t j = 0; j < s->k; j++) {
        value += s->q[j] > 0 ? s->q[j] * (s->loss[j] + s->c[j]) : 0;
        for (int64_t i = 0; i < s->p; i++)
            total[i] += s->q[j] * s->grad[j * s->p + i];
    }
    s->inexact = grasp__inner(total, total, s->p) / (2 * m->l2);
    m->bound = fmax(m->bound, value - s->inexact);
    if (objective < m->objective) {
        m->objective = objective;
        memcpy(m->theta, theta, (size_t)s->p * sizeof *theta);
        for (int64_t j = 0; j < s->k && m->group_loss; j++) {
            m->group_loss[s->group[j]] = s->mass[j] > 0 ? s->loss[j] : NAN;
            m->group_weight[s->group[j]] = s->q[j];
        }
    }
    m->gap = fmax(m->objective - m->bound, 0);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* direction = -(Hessian of the smoothed maximum)^-1 total at the model's parameters. */
static grasp_status aim(grasp_context *ctx, solver *s, double tau)
{
    grasp__hessian *h = &s->hessian;
    for (int64_t j = 0; j < s->k; j++) {
        double *row = s->spread + j * s->p, root = sqrt(s->q[j] / tau);
        for (int64_t i = s->start[j]; i < s->start[j + 1]; i++)
            s->row_weight[s->rows[i]] =
                s->mass[j] > 0 ? s->q[j] * grasp__row_weight(s->sample_weights, s->rows[i]) / s->mass[j] : 0;
        for (int64_t i = 0; i < s->p; i++) /* the mean of the groups' gradients is the total without the penalty */
            row[i] = root * (s->grad[j * s->p + i] - (s->total[i] - s->m->l2 * s->theta[i]));
    }
    s->f.done = s->done;
    s->f.most = s->m->iterations;
    grasp_status status = grasp__hessian_fill(ctx, h, &s->f);
    if (status != GRASP_OK)
        return status;
    grasp__gemm_f64(true, false, s->p, s->p, s->k, 1, s->spread, s->p, s->spread, s->p, 1, h->h, s->p);
    for (int64_t i = 0; i < s->p; i++)
        s->direction[i] = -s->total[i];
    if (!grasp__hessian_solve(h, 0, s->direction))
        memset(s->direction, 0, (size_t)s->p * sizeof *s->direction);
    return status;
}

/* One Newton step with halvings; *decrement: what it promised, 0: nothing is left to gain. */
static grasp_status step(grasp_context *ctx, solver *s, double tau, double *decrement)
{
    double value = smooth(s, s->loss, tau, s->q) + penalty(s, s->theta);
    grasp_status status = aim(ctx, s, tau);
    if (status != GRASP_OK)
        return status;
    double slope = grasp__inner(s->total, s->direction, s->p), t = 1;
    *decrement = slope < 0 ? -slope / 2 : 0;
    for (int k = 0; slope < 0 && k < HALVINGS; k++, t /= 2) {
        for (int64_t i = 0; i < s->p; i++)
            s->next[i] = s->theta[i] + t * s->direction[i];
        status = evaluate(ctx, s, s->next, s->next_loss, s->next_grad);
        if (status == GRASP_E_NUMERIC)
            continue;
        if (status != GRASP_OK)
            return status;
        double there = smooth(s, s->next_loss, tau, s->q) + penalty(s, s->next);
        if (!(there <= value + descent * t * slope + 1e-15 * fabs(value)))
            continue;
        double *loss = s->loss, *grad = s->grad, *theta = s->theta;
        s->loss = s->next_loss, s->grad = s->next_grad, s->theta = s->next;
        s->next_loss = loss, s->next_grad = grad, s->next = theta;
        return GRASP_OK;
    }
    *decrement = 0;
    smooth(s, s->loss, tau, s->q);
    return grasp__model_set_params(ctx, s->model, s->theta);
}

static grasp_status solve(grasp_context *ctx, solver *s, grasp_report *report)
{
    grasp__minimax *m = s->m;
    grasp_status status = grasp__model_get_params(ctx, s->model, s->theta);
    if (status == GRASP_OK)
        status = evaluate(ctx, s, s->theta, s->loss, s->grad);
    if (status != GRASP_OK)
        return status;
    /* At the least smoothing the maximum is off by a quarter of the tolerance. */
    double least = m->tolerance / (4 * log((double)s->k + 1)), tau = fmax(0.1 * fabs(worst(s, s->loss)), least);
    double decrement = INFINITY;
    while (status == GRASP_OK) {
        smooth(s, s->loss, tau, s->q);
        certify(s, s->theta, s->total);
        status = grasp__report_append(ctx, report, "gap_history", m->gap);
        if (status != GRASP_OK || m->gap <= m->tolerance || s->done >= m->iterations)
            break;
        bool stuck = !(decrement > 0), centred = decrement <= tau / 10 && s->inexact <= tau;
        if (stuck && tau <= least)
            break;
        if (tau > least && (stuck || centred)) { /* there is less to gain than the smoothing hides */
            tau = fmax(tau / shrink, least);
            smooth(s, s->loss, tau, s->q);
            certify(s, s->theta, s->total);
        }
        status = step(ctx, s, tau, &decrement);
        s->done += status == GRASP_OK;
    }
    return status;
}

grasp_status grasp__minimax_solve(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                                  const int64_t *rows, int64_t n, double adjustment, grasp__minimax *m,
                                  grasp_report *report_or_null)
{
    solver s = {.model = model, .groups = groups, .sample_weights = grasp__model_sample_weights(model), .m = m, .n = n,
                .p = grasp__model_n_params(model), .n_groups = groups->count};
    m->objective = m->gap = INFINITY;
    m->bound = -INFINITY;
    grasp_status status = open_solver(ctx, &s, rows, adjustment);
    if (status == GRASP_OK)
        status = grasp__model_get_params(ctx, model, m->theta);
    if (status == GRASP_OK)
        status = solve(ctx, &s, report_or_null);
    m->iterations = s.done;
    if (status >= GRASP_OK) {
        grasp_status kept = grasp__model_set_params(ctx, model, m->theta);
        status = kept == GRASP_OK ? status : kept;
    }
    close_solver(&s);
    return status;
}
