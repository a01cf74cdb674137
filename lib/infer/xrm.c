/* SPDX-License-Identifier: BSD-3-Clause
 * Cross-risk minimisation (Pezeshki, Bouchacourt, Ibrahim, Ballas, Vincent, Lopez-Paz 2024).
 *
 * Two twins of the model start from fresh parameters, each with a random half of the training rows. A step takes each
 * twin down the gradient of its half's loss, the sum over classes of the mean over the rows labelled so; then the label
 * of every row becomes the class that the twin which does not train on it finds most probable, with probability
 * (p_max - 1/C) C / (C - 1): what one half teaches and the other does not confirm is unlearned. At the end a sample is
 * in environment 1 when either twin gets its own label wrong, and in 0 otherwise; so are validation rows. Of several
 * rates the one with the most flipped labels is taken.
 * rates x steps x (forward and backward on the batch, and forward once more).
 */
#include "infer/learn.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_RATE, GRASP_PARAM_F64S, "0.01", "(0, inf)",
     "learning rates of gradient descent; the one that flips most labels is taken"},
    {GRASP_KEY_STEPS, GRASP_PARAM_I64, "3000", "[0, inf)", "steps of each twin"},
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "0", "[0, inf)", "rows a step, of both halves; 0: all"},
    GRASP__BY_CLASS_PARAM,
};

const grasp__param_table grasp__learn_xrm_params = {"xrm", params, sizeof params / sizeof *params, {{NULL, NULL}}};

enum { HALVES = 0 }; /* item of the random numbers that deal out the rows; a step has its own number */

typedef struct twin {
    grasp_model *model;
    double *start, *theta; /* p: fresh parameters, and those now */
} twin;

typedef struct cross {
    grasp__learning *l;
    int64_t n, p, n_classes, batch;
    uint64_t seed;
    twin twin[2];
    uint8_t *half;            /* n: the twin that trains on it */
    int64_t *order;           /* n: positions of training rows, dealt out to the batches of an epoch */
    int64_t *rows, *at;       /* batch: rows of one half, and their positions */
    int64_t *label;           /* of every bound row: its label now */
    int64_t *new_label;       /* batch */
    double *logits, *loss, *grad, *part; /* batch x classes; a chunk's losses; p; p */
    double *weight;           /* classes: of a row labelled so, in this batch and half */
} cross;

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void close_cross(cross *x)
{
    void *blocks[] = {x->twin[0].start, x->twin[0].theta, x->twin[1].start, x->twin[1].theta, x->half,
                      x->order,         x->rows,          x->at,            x->label,         x->new_label,
                      x->logits,        x->loss,          x->grad,          x->part,          x->weight};
    for (size_t q = 0; q < sizeof blocks / sizeof *blocks; q++)
        grasp__free(blocks[q]);
    grasp__model_free(x->twin[0].model);
    grasp__model_free(x->twin[1].model);
}

static grasp_status open_twin(grasp_context *ctx, cross *x, int which)
{
    twin *t = &x->twin[which];
    grasp_status s = grasp__model_copy(ctx, x->l->model, &t->model);
    if (s == GRASP_OK)
        s = grasp__model_relabel(ctx, t->model, NULL, 0, NULL); /* can it be? */
    if (s == GRASP_OK)
        s = grasp__learning_fresh(ctx, t->model, (uint64_t)which + 1);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, x->p, sizeof(double), &t->start);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, x->p, sizeof(double), &t->theta);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, t->model, t->start);
    return s == GRASP_OK ? grasp__model_reserve(ctx, t->model, GRASP__MODEL_BATCH) : s;
}

static grasp_status open_cross(grasp_context *ctx, grasp__learning *l, cross *x)
{
    int64_t batch = grasp__options_i64(l->o, GRASP_KEY_BATCH), numbers = 0;
    *x = (cross){.l = l,
                 .n = l->n_train,
                 .p = grasp__model_n_params(l->model),
                 .n_classes = grasp__model_n_classes(l->model),
                 .batch = batch == 0 || batch > l->n_train ? l->n_train : batch,
                 .seed = grasp__seed(ctx)};
    grasp_status s = grasp__check_product(ctx, x->batch, x->n_classes, "logits", &numbers);
    const struct {
        int64_t count;
        void *pointer;
    } blocks[] = {{x->n, &x->order},         {x->batch, &x->rows},
                  {x->batch, &x->at},        {grasp__model_n_rows(l->model), &x->label},
                  {x->batch, &x->new_label}, {numbers, &x->logits},
                  {GRASP__MODEL_BATCH, &x->loss},
                  {x->p, &x->grad},          {x->p, &x->part},
                  {x->n_classes, &x->weight}};
    for (size_t q = 0; s == GRASP_OK && q < sizeof blocks / sizeof *blocks; q++)
        s = grasp__alloc(ctx, blocks[q].count, 8, blocks[q].pointer);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, x->n, 1, &x->half);
    for (int q = 0; s == GRASP_OK && q < 2; q++)
        s = open_twin(ctx, x, q);
    return s;
}

/* ---- one step ---------------------------------------------------------------------------------------------------- */

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    const cross *x = arg;
    (void)loss;
    for (int64_t i = 0; i < n; i++)
        weight[i] = x->weight[x->label[rows[i]]];
    return GRASP_OK;
}

/* Rows of the batch in (or out of) a half, into x->rows and x->at. */
static int64_t pick(cross *x, const int64_t *batch, int64_t n, int half)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        if (x->half[batch[i]] == half) {
            x->at[count] = i;
            x->rows[count++] = x->l->rows[batch[i]];
        }
    return count;
}

/* Down the gradient of the rows of its half. */
static grasp_status descend(grasp_context *ctx, cross *x, int which, const int64_t *batch, int64_t n, double rate)
{
    twin *t = &x->twin[which];
    int64_t count = pick(x, batch, n, which);
    grasp_status s = GRASP_OK;
    memset(x->weight, 0, (size_t)x->n_classes * sizeof *x->weight);
    memset(x->grad, 0, (size_t)x->p * sizeof *x->grad);
    for (int64_t i = 0; i < count; i++)
        x->weight[x->label[x->rows[i]]]++;
    for (int64_t c = 0; c < x->n_classes; c++)
        x->weight[c] = x->weight[c] > 0 ? 1 / x->weight[c] : 0;
    for (int64_t first = 0; s == GRASP_OK && first < count; first += GRASP__MODEL_BATCH) {
        int64_t rows = count - first < GRASP__MODEL_BATCH ? count - first : GRASP__MODEL_BATCH;
        s = grasp__tick(ctx, first, count);
        if (s == GRASP_OK)
            s = grasp__model_objective(ctx, t->model, x->rows + first, rows, weigh, x, x->loss, x->part);
        for (int64_t j = 0; s == GRASP_OK && j < x->p; j++)
            x->grad[j] += x->part[j];
    }
    for (int64_t j = 0; j < x->p; j++)
        t->theta[j] -= rate * x->grad[j];
    return s == GRASP_OK ? grasp__model_set_params(ctx, t->model, t->theta) : s;
}

/* Logits of the rows of the batch by the twin that does not train on them. */
static grasp_status look(grasp_context *ctx, cross *x, const int64_t *batch, int64_t n, double *logits)
{
    grasp_status s = GRASP_OK;
    int64_t done = 0;
    for (int which = 0; s == GRASP_OK && which < 2; which++) {
        int64_t count = pick(x, batch, n, 1 - which);
        s = grasp__model_logits(ctx, x->twin[which].model, x->rows, count, logits + done * x->n_classes);
        done += count;
    }
    return s;
}

/* New labels, by what was found before the step; batch positions as look() went through them. */
static grasp_status flip(grasp_context *ctx, cross *x, const int64_t *batch, int64_t n, const double *logits,
                         int64_t step)
{
    double classes = (double)x->n_classes;
    grasp__rng rng;
    grasp__rng_init(&rng, x->seed, GRASP__RNG_XRM, (uint64_t)step);
    const double *z = logits;
    for (int which = 0; which < 2; which++)
        for (int64_t i = 0; i < n; i++) {
            if (x->half[batch[i]] == which)
                continue;
            const int64_t row = x->l->rows[batch[i]], best = grasp__largest_logit(z, x->n_classes);
            double sum = 0;
            for (int64_t c = 0; c < x->n_classes; c++)
                sum += exp(z[c] - z[best]);
            if (grasp__rng_uniform(&rng) < (1 / sum - 1 / classes) * classes / (classes - 1))
                x->label[row] = best;
            z += x->n_classes;
        }
    for (int64_t i = 0; i < n; i++) {
        x->rows[i] = x->l->rows[batch[i]];
        x->new_label[i] = x->label[x->rows[i]];
    }
    grasp_status s = grasp__model_relabel(ctx, x->twin[0].model, x->rows, n, x->new_label);
    return s == GRASP_OK ? grasp__model_relabel(ctx, x->twin[1].model, x->rows, n, x->new_label) : s;
}

/* ---- one rate ---------------------------------------------------------------------------------------------------- */

/* The two halves, the rows' own labels, fresh parameters. */
static grasp_status begin(grasp_context *ctx, cross *x)
{
    grasp__rng rng;
    grasp_status s = GRASP_OK;
    grasp__rng_init(&rng, x->seed, GRASP__RNG_XRM, HALVES);
    for (int64_t i = 0; i < x->n; i++) {
        x->order[i] = i;
        x->label[x->l->rows[i]] = x->l->y[i];
    }
    grasp__rng_shuffle(&rng, x->order, x->n);
    for (int64_t i = 0; i < x->n; i++)
        x->half[x->order[i]] = i % 2 == 1;
    for (int which = 0; s == GRASP_OK && which < 2; which++) {
        memcpy(x->twin[which].theta, x->twin[which].start, (size_t)x->p * sizeof(double));
        s = grasp__model_set_params(ctx, x->twin[which].model, x->twin[which].start);
        if (s == GRASP_OK)
            s = grasp__model_relabel(ctx, x->twin[which].model, x->l->rows, x->n, x->l->y);
    }
    return s;
}

static grasp_status run(grasp_context *ctx, cross *x, double rate, double *flip_rate)
{
    int64_t steps = grasp__options_i64(x->l->o, GRASP_KEY_STEPS), first = 0, flipped = 0;
    grasp_status s = begin(ctx, x);
    for (int64_t t = 1; s == GRASP_OK && t <= steps; t++) {
        int64_t n = x->n - first < x->batch ? x->n - first : x->batch;
        const int64_t *batch = x->order + first;
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "xrm", (double)(t - 1) / (double)steps, (double)t / (double)steps);
        s = look(ctx, x, batch, n, x->logits);
        for (int which = 0; s == GRASP_OK && which < 2; which++)
            s = descend(ctx, x, which, batch, n, rate);
        if (s == GRASP_OK)
            s = flip(ctx, x, batch, n, x->logits, t);
        grasp__stage_end(ctx, outer);
        first += n;
        if (first == x->n && x->batch < x->n) { /* another order for the next epoch */
            grasp__rng rng;
            grasp__rng_init(&rng, x->seed, GRASP__RNG_SHUFFLE, (uint64_t)t);
            grasp__rng_shuffle(&rng, x->order, x->n);
        }
        first %= x->n;
    }
    for (int64_t i = 0; i < x->n; i++)
        flipped += x->label[x->l->rows[i]] != x->l->y[i];
    *flip_rate = (double)flipped / (double)x->n;
    return s;
}

/* environment[i]: does either twin get sample i wrong? */
static grasp_status judge(grasp_context *ctx, cross *x, int64_t *environment, int64_t *predicted)
{
    grasp_status s = GRASP_OK;
    memset(environment, 0, (size_t)x->l->n * sizeof *environment);
    for (int which = 0; s == GRASP_OK && which < 2; which++) {
        s = grasp__model_predict(ctx, x->twin[which].model, x->l->rows, x->l->n, predicted);
        for (int64_t i = 0; s == GRASP_OK && i < x->l->n; i++)
            environment[i] |= predicted[i] != x->l->y[i];
    }
    return s;
}

/* ---- all rates --------------------------------------------------------------------------------------------------- */

typedef struct best_rate {
    double rate, flips;
    int64_t *environment, *trial, *predicted; /* samples each */
} best_rate;

/* A rate that diverges is out. */
static grasp_status try_rate(grasp_context *ctx, cross *x, double rate, best_rate *best)
{
    double flips = NAN;
    grasp_status s = run(ctx, x, rate, &flips);
    if (s == GRASP_OK)
        s = judge(ctx, x, best->trial, best->predicted);
    if (s == GRASP_E_NUMERIC) {
        grasp__log(ctx, GRASP_LOG_INFO, "xrm: rate %g diverges", rate);
        flips = NAN;
        s = GRASP_OK;
    }
    if (s == GRASP_OK && (flips > best->flips || (isnan(best->flips) && !isnan(flips)))) {
        best->rate = rate;
        best->flips = flips;
        memcpy(best->environment, best->trial, (size_t)x->l->n * sizeof *best->trial);
    }
    if (s == GRASP_OK)
        s = grasp__report_append(ctx, x->l->report, "candidate.rate", rate);
    return s == GRASP_OK ? grasp__report_append(ctx, x->l->report, "candidate.flip_rate", flips) : s;
}

grasp_status grasp__learn_xrm(grasp_context *ctx, grasp__learning *l)
{
    cross x;
    best_rate best = {.rate = NAN, .flips = NAN};
    int64_t rates;
    const double *rate = grasp__options_f64s(l->o, GRASP_KEY_RATE, &rates);
    grasp_status s = open_cross(ctx, l, &x);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof(int64_t), &best.environment);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof(int64_t), &best.trial);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof(int64_t), &best.predicted);
    for (int64_t r = 0; s == GRASP_OK && r < rates; r++) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "xrm", (double)r / (double)rates, (double)(r + 1) / (double)rates);
        s = try_rate(ctx, &x, rate[r], &best);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK && isnan(best.flips))
        s = grasp__fail(ctx, GRASP_E_NUMERIC, "every learning rate diverges; a lower rate than %g may help",
                        rate[rates - 1]);
    if (s == GRASP_OK)
        s = grasp__learning_split(ctx, l, best.environment);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, l->report, "rate", best.rate);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, l->report, "flip_rate", best.flips);
    grasp__free(best.predicted);
    grasp__free(best.trial);
    grasp__free(best.environment);
    close_cross(&x);
    return s;
}
