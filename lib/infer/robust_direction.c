/* SPDX-License-Identifier: BSD-3-Clause
 * The cross-class direction: who in a class looks like the other class's background.
 *
 * For an attribute that two classes share, the minority of one looks like the majority of the other. So what the
 * misclassified samples of a class look like is learned inside that class, and asked of the other class's samples: out
 * of sample by construction, and blind to what is merely hard in the sample's own class.
 *
 *   z      logits out of fold of plain logistic regression; a = [z > 0], the inferred attribute; a mistake: a != y
 *   rounds theta_c = class-balanced logistic regression of a on x among the samples of class c
 *          s_i = z_i / sd(z) + 0.75 mean over the rounds so far of <theta_(1 - y_i), x_i> / sd;  a = [s > 0]
 *   margin m_i = (2 y_i - 1) s_i / sd(s)
 *
 * (The running mean damps an oscillation of period two.) Four folds and eight fits. A class's margin is linear in x but
 * for the folds of z, whose mean stands for them in `direction`, the rule for new samples.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 4, FOLDS = 4 };

#define SHARE 0.75
#define L2_PLAIN 0.02
#define L2_INSIDE 0.2

typedef struct work {
    grasp_context *ctx;
    grasp__robust_pair *pair;
    int64_t *rows[2];       /* of each class */
    int64_t *all, *stratum; /* n */
    uint8_t *attribute;     /* n */
    double *weight, *c, *running, *s; /* n */
    double *theta[2], *mean, *scratch;
    int64_t room;
} work;

static double deviation(const double *v, int64_t n)
{
    double mean = 0, square = 0;
    for (int64_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        square += (v[i] - mean) * (v[i] - mean) / (double)n;
    return square > 0 ? sqrt(square) : 1;
}

/* Has each class samples on both sides? Sets the weights that balance the sides within a class. */
static bool balance(const work *w)
{
    const grasp__robust_pair *p = w->pair;
    int64_t count[2][2] = {{0}};
    for (int64_t i = 0; i < p->n; i++)
        count[p->target[i]][w->attribute[i]]++;
    for (int c = 0; c < 2; c++)
        for (int a = 0; a < 2; a++)
            if (count[c][a] < GRASP__ROBUST_LEAST_MISTAKES)
                return false;
    for (int64_t i = 0; i < p->n; i++)
        w->weight[i] = 1 / (double)count[p->target[i]][w->attribute[i]];
    return true;
}

/* What the samples of class `index` that look like the other one have in common. */
static grasp_status fit_inside(void *arg, int64_t index, int32_t worker)
{
    const work *w = arg;
    grasp__logit f = {.x = w->pair->space->x, .q = w->pair->space->q, .rows = w->rows[index],
                      .n = w->pair->class_n[index], .target = w->attribute, .weight = w->weight, .l2 = L2_INSIDE};
    return grasp__logit_fit(w->ctx, &f, w->scratch + worker * w->room, w->theta[index]);
}

static grasp_status run_round(const work *w, const double *plain, double plain_deviation, int round)
{
    grasp__robust_pair *p = w->pair;
    int64_t q = p->space->q;
    grasp_status s = grasp__parallel(w->ctx, 2, fit_inside, (void *)w);
    if (s != GRASP_OK)
        return s;
    for (int c = 0; c < 2; c++)
        grasp__logit_scores(w->ctx, p->space->x, q, w->rows[c], p->class_n[c], w->theta[1 - c], w->c);
    double scale = deviation(w->c, p->n);
    for (int64_t i = 0; i < p->n; i++) {
        w->running[i] += w->c[i] / scale;
        w->s[i] = plain[i] / plain_deviation + SHARE * w->running[i] / round;
        w->attribute[i] = w->s[i] > 0;
    }
    for (int c = 0; c < 2; c++)
        for (int64_t j = 0; j < q; j++)
            p->direction[c][j] += w->theta[1 - c][j] / scale;
    return GRASP_OK;
}

static grasp_status open_work(work *w)
{
    grasp_context *ctx = w->ctx;
    const grasp__robust_pair *p = w->pair;
    int64_t q = p->space->q;
    w->room = grasp__logit_scratch(q);
    grasp_status s = GRASP_OK;
    for (int c = 0; s == GRASP_OK && c < 2; c++) {
        s = grasp__alloc(ctx, p->class_n[c], sizeof *w->rows[c], &w->rows[c]);
        if (s == GRASP_OK)
            s = grasp__alloc(ctx, q, sizeof *w->theta[c], &w->theta[c]);
    }
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, q, sizeof *w->mean, &w->mean);
    double **const numbers[] = {&w->weight, &w->c, &w->running, &w->s};
    for (size_t k = 0; s == GRASP_OK && k < sizeof numbers / sizeof *numbers; k++)
        s = grasp__alloc_zero(ctx, p->n, sizeof **numbers[k], numbers[k]);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *w->all, &w->all);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *w->stratum, &w->stratum);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *w->attribute, &w->attribute);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx), (size_t)w->room * sizeof *w->scratch, &w->scratch);
    if (s != GRASP_OK)
        return s;
    int64_t next[2] = {0};
    for (int64_t i = 0; i < p->n; i++) {
        w->rows[p->target[i]][next[p->target[i]]++] = i;
        w->all[i] = i;
        w->stratum[i] = p->target[i];
    }
    return GRASP_OK;
}

static void close_work(work *w)
{
    for (int c = 0; c < 2; c++) {
        grasp__free(w->rows[c]);
        grasp__free(w->theta[c]);
    }
    grasp__free(w->mean);
    grasp__free(w->all);
    grasp__free(w->stratum);
    grasp__free(w->attribute);
    grasp__free(w->weight);
    grasp__free(w->c);
    grasp__free(w->running);
    grasp__free(w->s);
    grasp__free(w->scratch);
}

/* Margins, and the functions of x that new samples get theirs by. mean: of the fits behind `plain`. */
static void finish(const work *w, const double *mean, double plain_deviation, int rounds)
{
    grasp__robust_pair *p = w->pair;
    double scale = deviation(w->s, p->n);
    for (int64_t i = 0; i < p->n; i++)
        p->margin[i] = (p->target[i] ? 1 : -1) * w->s[i] / scale;
    for (int c = 0; c < 2; c++)
        for (int64_t j = 0; j < p->space->q; j++)
            p->direction[c][j] = (c ? 1 : -1) *
                                 (mean[j] / plain_deviation + SHARE * p->direction[c][j] / rounds) / scale;
}

static grasp_status run(work *w, uint64_t stream, double *plain)
{
    grasp__robust_pair *p = w->pair;
    grasp__crossfit c = {.fit = {.x = p->space->x, .q = p->space->q, .rows = w->all, .n = p->n, .target = p->target,
                                 .l2 = L2_PLAIN},
                         .stratum = w->stratum, .n_strata = 2, .folds = FOLDS, .repeats = 1, .stream = stream};
    int round = 0;
    grasp_status s = grasp__crossfit_scores(w->ctx, &c, plain, w->mean);
    if (s != GRASP_OK)
        return s;
    double scale = deviation(plain, p->n);
    for (int64_t i = 0; i < p->n; i++)
        w->attribute[i] = plain[i] > 0;
    while (s == GRASP_OK && round < ROUNDS && balance(w))
        s = run_round(w, plain, scale, ++round);
    if (s == GRASP_OK && round == 0)
        p->reason = GRASP__ROBUST_FEW_MISTAKES;
    else if (s == GRASP_OK)
        finish(w, w->mean, scale, round);
    return s;
}

grasp_status grasp__robust_direction(grasp_context *ctx, grasp__robust_pair *pair, uint64_t stream, double *plain)
{
    work w = {.ctx = ctx, .pair = pair};
    grasp_status s = open_work(&w);
    if (s == GRASP_OK)
        s = run(&w, stream, plain);
    close_work(&w);
    return s;
}
