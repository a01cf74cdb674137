/* SPDX-License-Identifier: BSD-3-Clause
 * Losses of one sample and their derivatives, in float64 whatever the model computes in.
 *
 * logistic   loss = log(1 + exp(-s z)), s = 2 y - 1            delta   = sigma(z) - y
 * softmax    loss = log sum_c exp(z_c) - z_y                   delta_c = p_c - [c = y]
 *
 * Written so that no exponential overflows and no two close numbers are subtracted: a sample that the model is sure of
 * has a small loss and a small gradient with full relative precision, which is what gradient clustering looks at. The
 * largest logit is taken out of the sum (Blanchard, Higham, Higham 2021), and 1 - p_y is summed over the other
 * classes. Cost: C exponentials.
 */
#include "model/model_private.h"

#include <math.h>

static double sigmoid(double z)
{
    if (z >= 0)
        return 1 / (1 + exp(-z));
    double e = exp(z);
    return e / (1 + e);
}

double grasp__logistic_loss(double margin)
{
    return margin >= 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
}

double grasp__head_logistic(const double *z, int64_t n_outputs, int64_t label, double *delta)
{
    (void)n_outputs;
    delta[0] = label ? -sigmoid(-z[0]) : sigmoid(z[0]);
    return grasp__logistic_loss(label ? z[0] : -z[0]);
}

double grasp__head_softmax(const double *z, int64_t n, int64_t label, double *delta)
{
    int64_t top = grasp__largest_logit(z, n);
    double others = 0; /* sum of exp(z_c - z_top) over c != top */
    for (int64_t c = 0; c < n; c++) {
        delta[c] = c == top ? 1 : exp(z[c] - z[top]);
        if (c != top)
            others += delta[c];
    }
    double missed = 0; /* 1 - p_y */
    for (int64_t c = 0; c < n; c++) {
        delta[c] /= 1 + others;
        if (c != label)
            missed += delta[c];
    }
    delta[label] = -missed;
    return z[top] - z[label] + log1p(others);
}

void grasp__softmax_row(double *z, int64_t n)
{
    double top = z[grasp__largest_logit(z, n)], sum = 0;
    for (int64_t c = 0; c < n; c++)
        sum += z[c] = exp(z[c] - top);
    for (int64_t c = 0; c < n; c++)
        z[c] /= sum;
}
