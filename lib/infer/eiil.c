/* SPDX-License-Identifier: BSD-3-Clause
 * Environment inference for invariant learning (Creager, Jacobsen, Zemel 2021), on all samples at once.
 *
 *   d_i = d/ds loss(s z_i, y_i) at s = 1 = sum_c p_ic z_ic - z_i,y     p = softmax(z)
 *   maximise (g_a^2 + g_b^2) / 2 over w, q_i = 1 / (1 + exp(-w_i)), g_a = mean q_i d_i, g_b = mean (1 - q_i) d_i
 *
 * by Adam from w_i ~ N(0, 1), kept from step to step; the environments are q > 1/2 and the rest, of which the one with
 * the larger mean d is numbered 1. g_a + g_b does not depend on w and the objective is convex in q, so that the optimum
 * is q_i = [d_i > 0] or its complement, which with two classes is the error set; the report says how far the two agree.
 * steps x n exponentials; memory 5 n numbers.
 */
#include "infer/learn.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_STEPS, GRASP_PARAM_I64, "10000", "[0, inf)", "steps of Adam, each on all samples"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64, "0.001", "(0, inf)", "learning rate of Adam"},
    GRASP__BY_CLASS_PARAM,
};

const grasp__param_table grasp__learn_eiil_params = {"eiil", params, sizeof params / sizeof *params, {{NULL, NULL}}};

enum { TICK = 1 << 16 }; /* samples between ticks, of which each takes one exponential a step */

/* The derivative of a sample's loss by a factor of its logits. Differences of logits, so that nothing overflows. */
static double slope(const double *z, int64_t n, int64_t label)
{
    double top = z[0], sum = 0, mean = 0;
    for (int64_t c = 1; c < n; c++)
        top = z[c] > top ? z[c] : top;
    for (int64_t c = 0; c < n; c++) {
        double e = exp(z[c] - top);
        sum += e;
        mean += e > 0 ? e * (z[c] - z[label]) : 0;
    }
    return mean / sum;
}

typedef struct search {
    int64_t n, steps;
    double rate;
    double *d, *w, *grad, *first, *second;
} search;

static grasp_status search_open(grasp_context *ctx, const grasp__options *o, int64_t n, search *e)
{
    *e = (search){
        .n = n, .steps = grasp__options_i64(o, GRASP_KEY_STEPS), .rate = grasp__options_f64(o, GRASP_KEY_RATE)};
    grasp_status s = grasp__alloc(ctx, n, sizeof(double), &e->d);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(double), &e->w);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(double), &e->grad);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n, sizeof(double), &e->first);
    return s == GRASP_OK ? grasp__alloc_zero(ctx, n, sizeof(double), &e->second) : s;
}

static void search_close(search *e)
{
    grasp__free(e->d);
    grasp__free(e->w);
    grasp__free(e->grad);
    grasp__free(e->first);
    grasp__free(e->second);
}

/* Downhill on minus the objective; q stands in grad between the two passes. */
static grasp_status run(grasp_context *ctx, search *e)
{
    const grasp__layer_kernels *kernels = grasp__context_layer_kernels(ctx);
    int64_t since = 0;
    grasp_status s = GRASP_OK;
    for (int64_t t = 1; s == GRASP_OK && t <= e->steps; t++) {
        double a = 0, all = 0, n = (double)e->n;
        for (int64_t i = 0; i < e->n; i++) {
            e->grad[i] = 1 / (1 + exp(-e->w[i]));
            a += e->grad[i] * e->d[i];
            all += e->d[i];
        }
        double difference = (2 * a - all) / n; /* g_a - g_b */
        for (int64_t i = 0; i < e->n; i++)
            e->grad[i] = -difference * e->d[i] / n * e->grad[i] * (1 - e->grad[i]);
        grasp__adam rule = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
        rule.step = e->rate / (1 - pow(rule.beta1, (double)t));
        rule.scale = 1 / sqrt(1 - pow(rule.beta2, (double)t));
        kernels->adam(e->n, &rule, e->grad, e->first, e->second, e->w);
        since += e->n;
        if (since >= TICK || t == 1) {
            s = grasp__tick(ctx, t - 1, e->steps);
            since = 0;
        }
    }
    return s;
}

/* Environments from w (part), the one of larger mean d numbered 1; *agreement with [d > 0]. */
static void environments(const search *e, int64_t *part, double *agreement)
{
    double sum[2] = {0, 0};
    int64_t size[2] = {0, 0}, same = 0;
    for (int64_t i = 0; i < e->n; i++) {
        part[i] = e->w[i] > 0;
        sum[part[i]] += e->d[i];
        size[part[i]]++;
    }
    bool exchange = size[0] > 0 && (size[1] == 0 || sum[0] / (double)size[0] > sum[1] / (double)size[1]);
    for (int64_t i = 0; i < e->n; i++) {
        part[i] = exchange ? 1 - part[i] : part[i];
        same += part[i] == (e->d[i] > 0);
    }
    *agreement = (double)same / (double)e->n;
}

grasp_status grasp__learn_eiil(grasp_context *ctx, grasp__learning *l)
{
    search e;
    double *block = NULL, agreement = NAN;
    const double *z;
    int64_t n_outputs, *part = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "logits", 0, 0.05);
    grasp_status s = grasp__learning_logits(ctx, l, &block, &z, &n_outputs);
    grasp__stage_end(ctx, outer);
    grasp_status opened = search_open(ctx, l->o, l->n, &e);
    s = s == GRASP_OK ? opened : s;
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof *part, &part);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++) {
        grasp__rng rng;
        grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_EIIL, (uint64_t)i);
        e.w[i] = grasp__rng_normal(&rng);
        e.d[i] = slope(z + i * n_outputs, n_outputs, l->y[i]);
        if (!isfinite(e.d[i]))
            s = grasp__fail(ctx, GRASP_E_NUMERIC, "logits of sample %" PRId64 " are too far apart", i);
    }
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "eiil", 0.05, 1);
        s = run(ctx, &e);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK) {
        environments(&e, part, &agreement);
        s = grasp__learning_split(ctx, l, part);
    }
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, l->report, "closed_form", agreement);
    grasp__free(part);
    search_close(&e);
    grasp__free(block);
    return s;
}
