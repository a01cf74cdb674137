/* SPDX-License-Identifier: BSD-3-Clause
 * First-order steps, to the letter of torch.optim.Adam and torch.optim.SGD, so that published learning rates mean the
 * same here.
 *
 *   g     <- grad + weight_decay theta
 *   Adam     m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  theta <- theta - rate m/(1 - b1^t) / (sqrt(v/(1 -
 *   b2^t)) + eps) SGD      u <- momentum u + g;  theta <- theta - rate u                      (u starts at zero, no
 *   dampening)
 *
 * Kingma, Ba 2015, "Adam"; b1 = .9, b2 = .999, eps = 1e-8 outside the root. Biases decay like any parameter. Cost: O(p)
 * a step.
 */
#include "train/train_private.h"

#include <math.h>

static const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

grasp_status grasp__optimizer_open(grasp_context *ctx, bool adam, double rate, double momentum, double weight_decay,
                                   int64_t p, grasp__optimizer *out)
{
    *out = (grasp__optimizer){.adam = adam, .rate = rate, .momentum = momentum, .weight_decay = weight_decay, .p = p,
                              .kernels = grasp__context_layer_kernels(ctx)};
    grasp_status s = grasp__alloc_zero(ctx, p, sizeof *out->first, &out->first);
    return s == GRASP_OK && adam ? grasp__alloc_zero(ctx, p, sizeof *out->second, &out->second) : s;
}

void grasp__optimizer_close(grasp__optimizer *o)
{
    grasp__free(o->first);
    grasp__free(o->second);
    o->first = o->second = NULL;
}

static void adam_step(grasp__optimizer *o, const double *grad, double *theta)
{
    double t = (double)o->steps;
    const grasp__adam rule = {.beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .weight_decay = o->weight_decay,
                              .step = o->rate / (1 - pow(beta1, t)), .scale = 1 / sqrt(1 - pow(beta2, t))};
    o->kernels->adam(o->p, &rule, grad, o->first, o->second, theta);
}

static void sgd_step(grasp__optimizer *o, const double *grad, double *theta)
{
    for (int64_t j = 0; j < o->p; j++) {
        o->first[j] = o->momentum * o->first[j] + grad[j] + o->weight_decay * theta[j];
        theta[j] -= o->rate * o->first[j];
    }
}

void grasp__optimizer_step(grasp__optimizer *o, const double *grad, double *theta)
{
    o->steps++;
    (o->adam ? adam_step : sgd_step)(o, grad, theta);
}
