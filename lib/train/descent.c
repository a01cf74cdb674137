/* SPDX-License-Identifier: BSD-3-Clause
 * Downhill to a gradient norm: aim, search along the line, learn from the step; L-BFGS and Newton differ in the aim
 * alone.
 *
 * The search brackets and bisects for the weak Wolfe conditions (Lewis, Overton 2013, "Nonsmooth optimization via
 * quasi-Newton methods"): f(t) <= f(0) + c1 t f'(0) and f'(t) >= c2 f'(0). The second keeps L-BFGS's curvature
 * positive. Where f is flat to rounding, the first gives way to its form in slopes, f'(t) <= (2 c1 - 1) f'(0) (Hager,
 * Zhang 2005), or no gradient below about 1e-8 could be reached. Deterministic. Cost: mostly one evaluation of the
 * objective an iteration; memory O(p).
 *
 * Separable data without a penalty have no minimum: the parameters grow and the gradient fades. Such an end is not
 * called converged: without a penalty a gradient below the tolerance counts only if some row with weight is not on its
 * right side (a loss of at least log 2), and if the step that the method would take next is small, now or a few steps
 * later.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const double c1 = 1e-4, c2 = 0.9, flat = 1e-13, small_step = 1e-3;
enum { TRIALS = 60, FAINT_STEPS = 4 };

double grasp__inner(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += x[j] * y[j];
    return sum;
}

double grasp__max_norm(const double *v, int64_t n)
{
    double largest = 0;
    for (int64_t j = 0; j < n; j++)
        if (!(fabs(v[j]) <= largest))
            largest = fabs(v[j]);
    return largest;
}

grasp_status grasp__line_search(grasp_context *ctx, grasp__fullbatch *f, const grasp__point *at,
                                const double *direction, double first, grasp__point *to, bool *found)
{
    double slope0 = grasp__inner(at->grad, direction, f->p), lo = 0, hi = INFINITY, t = first;
    double noise = flat * fabs(at->value);
    *found = false;
    for (int k = 0; k < TRIALS; k++) {
        for (int64_t j = 0; j < f->p; j++)
            to->theta[j] = at->theta[j] + t * direction[j];
        grasp_status s = isfinite(grasp__max_norm(to->theta, f->p))
                             ? grasp__fullbatch_at(ctx, f, to->theta, &to->value, to->grad)
                             : GRASP_OK;
        if (s != GRASP_OK)
            return s;
        double slope = isfinite(to->value) ? grasp__inner(to->grad, direction, f->p) : INFINITY;
        bool lower = to->value <= at->value + c1 * t * slope0 ||
                     (to->value <= at->value + noise && slope <= (2 * c1 - 1) * slope0);
        if (!lower) {
            hi = t;
        } else if (slope < c2 * slope0) {
            lo = t;
        } else {
            *found = true;
            return GRASP_OK;
        }
        t = isinf(hi) ? 2 * lo : lo + (hi - lo) / 2;
        to->value = INFINITY;
    }
    return GRASP_OK;
}

/* Is the gradient below the tolerance, and that because a minimum is near? */
static bool at_minimum(const grasp__fullbatch *f, const grasp__point *at, double norm, double tolerance,
                       const double *direction)
{
    if (norm > tolerance)
        return false;
    if (f->l2 > 0 || !grasp__model_is_linear(f->model))
        return true;
    return f->largest >= log(2) &&
           grasp__max_norm(direction, f->p) <= small_step * (1 + grasp__max_norm(at->theta, f->p));
}

static grasp_status open_points(grasp_context *ctx, int64_t p, grasp__point point[2], double **direction)
{
    grasp_status s = grasp__alloc_zero(ctx, p, sizeof **direction, direction);
    for (int i = 0; i < 2 && s == GRASP_OK; i++) {
        s = grasp__alloc(ctx, p, sizeof *point[i].theta, &point[i].theta);
        if (s == GRASP_OK)
            s = grasp__alloc(ctx, p, sizeof *point[i].grad, &point[i].grad);
    }
    return s;
}

/* Where the search goes: the method's aim, or, should rounding have spoilt that, straight down. */
static grasp_status aim_downhill(grasp_context *ctx, const grasp__fullbatch *f, const grasp__aim *aim,
                                 const grasp__point *at, double *direction)
{
    grasp_status s = aim->direction(ctx, aim->arg, f, at, direction);
    double slope = grasp__inner(at->grad, direction, f->p);
    if (s == GRASP_OK && !(slope < 0 && isfinite(slope)))
        for (int64_t j = 0; j < f->p; j++)
            direction[j] = -at->grad[j];
    return s;
}

static grasp_status iterate(grasp_context *ctx, grasp__fullbatch *f, const grasp__aim *aim, grasp__descent *d,
                            grasp__point point[2], double *direction, grasp_report *report)
{
    int64_t most = d->iterations;
    int faint = 0;
    grasp__point *at = &point[0], *next = &point[1];
    d->iterations = 0;
    d->gradient_norm = NAN;
    f->most = most > 0 ? most : 1;
    grasp_status s = grasp__model_get_params(ctx, f->model, at->theta);
    if (s == GRASP_OK)
        s = grasp__fullbatch_at(ctx, f, at->theta, &at->value, at->grad);
    if (s == GRASP_OK && !isfinite(at->value))
        return grasp__fail(ctx, GRASP_E_NUMERIC,
                           "the mean loss of the training rows is not finite at the first parameters");
    while (s == GRASP_OK) {
        d->gradient_norm = grasp__max_norm(at->grad, f->p);
        s = grasp__report_append(ctx, report, "loss", f->mean);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report, "gradient_norm", d->gradient_norm);
        if (s == GRASP_OK && d->gradient_norm > 0)
            s = aim_downhill(ctx, f, aim, at, direction);
        if (s != GRASP_OK)
            break;
        d->converged = at_minimum(f, at, d->gradient_norm, d->tolerance, direction);
        faint += d->gradient_norm <= d->tolerance; /* and no minimum: the gradient fades while the steps do not */
        if (d->converged || d->iterations == most || d->gradient_norm == 0 || faint > FAINT_STEPS)
            break;
        bool found;
        f->done = d->iterations;
        /* Without curvature a step is as long as the parameters are expected to be: one. */
        double first =
            d->iterations == 0 && aim->learn ? fmin(1, 1 / sqrt(grasp__inner(direction, direction, f->p))) : 1;
        s = grasp__line_search(ctx, f, at, direction, first, next, &found);
        if (s != GRASP_OK || !found)
            break;
        if (aim->learn)
            aim->learn(aim->arg, at, next);
        grasp__point *previous = at;
        at = next;
        next = previous;
        d->iterations++;
    }
    if (s >= GRASP_OK) {
        grasp_status kept = grasp__model_set_params(ctx, f->model, at->theta); /* not the trial that was cancelled */
        s = kept == GRASP_OK ? s : kept;
    }
    return s;
}

grasp_status grasp__descend(grasp_context *ctx, grasp__fullbatch *f, const grasp__aim *aim, grasp__descent *d,
                            grasp_report *report)
{
    grasp__point point[2] = {{0}};
    double *direction = NULL;
    d->converged = false;
    grasp_status s = open_points(ctx, f->p, point, &direction);
    if (s == GRASP_OK)
        s = iterate(ctx, f, aim, d, point, direction, report);
    for (int i = 0; i < 2; i++) {
        grasp__free(point[i].theta);
        grasp__free(point[i].grad);
    }
    grasp__free(direction);
    return s;
}
