/* SPDX-License-Identifier: BSD-3-Clause
 * Full-batch training with an L1 penalty: F(theta) + l1 |w|_1, biases free, F as in fullbatch.c.
 *
 * Proximal gradient steps with momentum (Beck, Teboulle 2009, "FISTA"). The step length is halved until the gradient
 * along the step grows no faster than 1/t, which unlike the values holds its meaning near the optimum, and is given
 * back slowly; the momentum starts anew where it points uphill (O'Donoghue, Candes 2015). It ends when no entry of
 * (theta - prox(theta - t grad)) / t is larger than the tolerance: zero at the optimum, and at l1 = 0 the gradient.
 * Cost: about two evaluations an iteration; memory O(p).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

typedef struct state {
    double *theta, *ahead, *next, *grad, *grad_next; /* p each; ahead: where the gradient is taken */
} state;

static double shrunk(double v, double by)
{
    return v > by ? v - by : v < -by ? v + by : 0;
}

/* next = prox(ahead - t grad), and the gradient there. *fits: t is short enough. */
static grasp_status step(grasp_context *ctx, grasp__fullbatch *f, const state *s, double l1, double t, bool *fits)
{
    double value, bent = 0, square = 0;
    for (int64_t j = 0; j < f->p; j++)
        s->next[j] = shrunk(s->ahead[j] - t * s->grad[j], f->bias[j] ? 0 : t * l1);
    grasp_status status = grasp__fullbatch_at(ctx, f, s->next, &value, s->grad_next);
    for (int64_t j = 0; j < f->p; j++) {
        double moved = s->next[j] - s->ahead[j];
        bent += (s->grad_next[j] - s->grad[j]) * moved;
        square += moved * moved;
    }
    *fits = isfinite(value) && bent <= square / t;
    return status;
}

/* The point is next; where to look from then on. Returns the largest entry of the step over its length. */
static double move(const grasp__fullbatch *f, state *s, double t, double *momentum)
{
    double largest = 0, uphill = 0, after = (1 + sqrt(1 + 4 * *momentum * *momentum)) / 2;
    for (int64_t j = 0; j < f->p; j++) {
        largest = fmax(largest, fabs(s->ahead[j] - s->next[j]) / t);
        uphill += (s->ahead[j] - s->next[j]) * (s->next[j] - s->theta[j]);
    }
    for (int64_t j = 0; j < f->p; j++)
        s->ahead[j] = s->next[j] + (uphill > 0 ? 0 : (*momentum - 1) / after * (s->next[j] - s->theta[j]));
    *momentum = uphill > 0 ? 1 : after;
    double *theta = s->theta;
    s->theta = s->next;
    s->next = theta;
    return largest;
}

static grasp_status iterate(grasp_context *ctx, grasp__fullbatch *f, double l1, grasp__descent *d, state *s)
{
    int64_t most = d->iterations;
    double t = 1, momentum = 1, value;
    d->converged = false;
    d->gradient_norm = NAN;
    f->most = most > 0 ? most : 1;
    memcpy(s->ahead, s->theta, (size_t)f->p * sizeof *s->ahead);
    for (d->iterations = 0; d->iterations < most && !d->converged; d->iterations++) {
        bool fits = false;
        f->done = d->iterations;
        grasp_status status = grasp__fullbatch_at(ctx, f, s->ahead, &value, s->grad);
        if (status == GRASP_OK && !isfinite(value))
            status = grasp__fail(ctx, GRASP_E_NUMERIC, "the mean loss of the training rows is not finite");
        for (t *= 1.25; status == GRASP_OK && !fits && t > 0; t = fits ? t : t / 2)
            status = step(ctx, f, s, l1, t, &fits);
        if (status != GRASP_OK || !fits)
            return status;
        d->gradient_norm = move(f, s, t, &momentum);
        d->converged = d->gradient_norm <= d->tolerance;
    }
    return GRASP_OK;
}

grasp_status grasp__sparse(grasp_context *ctx, grasp__fullbatch *f, double l1, grasp__descent *d)
{
    state s = {0};
    double **part[] = {&s.theta, &s.ahead, &s.next, &s.grad, &s.grad_next};
    grasp_status status = GRASP_OK;
    for (int k = 0; status == GRASP_OK && k < 5; k++)
        status = grasp__alloc(ctx, f->p, sizeof(double), part[k]);
    if (status == GRASP_OK)
        status = grasp__model_get_params(ctx, f->model, s.theta);
    if (status == GRASP_OK)
        status = iterate(ctx, f, l1, d, &s);
    if (status >= GRASP_OK) {
        grasp_status kept = grasp__model_set_params(ctx, f->model, s.theta);
        status = kept == GRASP_OK ? status : kept;
    }
    for (int k = 0; k < 5; k++)
        grasp__free(*part[k]);
    return status;
}
