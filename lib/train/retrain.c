/* SPDX-License-Identifier: BSD-3-Clause
 * Methods that retrain the last layer of a trained model, convex problems over features that are computed once.
 *
 *   afr   min over theta of sum_i mu_i loss_i + anchor |theta - theta_0|^2, mu_i proportional to b_i exp(-gamma p_i),
 *   sum
 *         mu = 1; p_i the probability that the model as it comes gives the row's class, theta_0 its last layer, b_i 1
 *         or, with balanced, 1 over the size of the row's class (Qiu et al. 2023, "Simple and fast group robustness by
 *         automatic feature reweighting", equations 3 and 4)
 *   dfr   the mean over `repeats` draws of min over theta of the mean loss of a subset with as many rows of each group
 *   as
 *         the smallest has, + l1 |w|_1 + l2/2 |w|^2, biases free, on standardised features (Kirichenko et al. 2023,
 *         "Last layer re-training is sufficient for robustness to spurious correlations", section 6)
 *
 * Both are for rows that the model was not trained on. Cost: the features, and a descent for each candidate (and draw).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

#define LAYER_PARAMS(norm)                                                                                             \
    {GRASP_KEY_ITERATIONS, GRASP_PARAM_I64, "1000", "[0, 1000000000]", "the most steps"},                              \
    {GRASP_KEY_GRADIENT_NORM, GRASP_PARAM_F64, norm, "[0, inf)", "stop when no gradient entry is larger"}

static const grasp__param afr_params[] = {
    {GRASP_KEY_GAMMA, GRASP_PARAM_F64S, "1,4,10", "[0, inf)",
     "how much rows that the model knows are weighed down, tried"},
    {GRASP_KEY_ANCHOR, GRASP_PARAM_F64S, "0.1", "[0, inf)", "pulls towards the layer that the model came with, tried"},
    {GRASP_KEY_BALANCED, GRASP_PARAM_BOOL, "0", NULL, "weights divided by the size of the row's class"},
    LAYER_PARAMS("1e-8"),
};
static const grasp__param dfr_params[] = {
    {GRASP_KEY_L1, GRASP_PARAM_F64S, "0.01,0.1", "[0, inf)", "L1 penalties tried"},
    {GRASP_KEY_L2, GRASP_PARAM_F64, "-1", "[-1, inf)", "l2/2 |w|^2 on the mean loss, biases free; -1: 1/(10 n)"},
    {GRASP_KEY_REPEATS, GRASP_PARAM_I64, "10", "[1, 1000000]", "balanced subsets, whose layers are averaged"},
    {GRASP_KEY_STANDARDIZE, GRASP_PARAM_BOOL, "1", NULL, "features to mean 0 and deviation 1"},
    LAYER_PARAMS("1e-6"),
};

const grasp__param_table grasp__afr_params = {
    "afr", afr_params, sizeof afr_params / sizeof afr_params[0], {{NULL, NULL}}};
const grasp__param_table grasp__dfr_params = {
    "dfr", dfr_params, sizeof dfr_params / sizeof dfr_params[0], {{NULL, NULL}}};

enum { NEWTON_AUTO = 500 };

typedef struct retraining {
    const char           *name;
    grasp_model          *model;
    const grasp__options *o;
    const grasp_groups   *select;
    const int64_t        *val;
    int64_t               n_val, *rows, n;
    grasp__last_layer     layer;
    double               *weight;  /* afr: mu of the rows; dfr: their sample weights, or NULL */
    double               *known;   /* afr: b and p of the rows */
    const grasp_groups   *groups;  /* dfr: of the rows */
    int64_t              *all, *subset, n_subset, balanced, iterations; /* the head's rows; balanced: of a subset */
    double               *average; /* dfr: a draw's layer */
    bool                  converged;
    /* The layer at a setting. */
    grasp_status (*fit)(grasp_context *ctx, struct retraining *t, const double *setting, double *layer);
} retraining;

/* One descent of the head over local rows; adds to the iterations. */
static grasp_status descend(grasp_context *ctx, retraining *t, const int64_t *rows, int64_t n, double l2,
                            const double *center, double l1)
{
    grasp_model *head = t->layer.head;
    grasp__fullbatch f = {.n = 0};
    grasp__descent d = {.iterations = grasp__options_i64(t->o, GRASP_KEY_ITERATIONS),
                        .tolerance = grasp__options_f64(t->o, GRASP_KEY_GRADIENT_NORM)};
    grasp_status s = grasp__fullbatch_open(ctx, head, rows, n, t->weight, l2, &f);
    if (s == GRASP_OK && center) { /* every parameter is held, biases too */
        memset(f.bias, 0, (size_t)f.p * sizeof *f.bias);
        f.center = center;
    }
    if (s == GRASP_OK && !(f.total > 0))
        s = grasp__fail(ctx, GRASP_E_EMPTY, "the sample weights of the rows that the layer is trained on are all zero");
    if (s == GRASP_OK && l1 > 0)
        s = grasp__sparse(ctx, &f, l1, &d);
    else if (s == GRASP_OK)
        s = (grasp__model_n_params(head) <= NEWTON_AUTO ? grasp__newton : grasp__lbfgs)(ctx, &f, &d, NULL);
    grasp__fullbatch_close(&f);
    t->iterations += d.iterations;
    t->converged = t->converged && d.converged;
    return s;
}

/* ---- afr --------------------------------------------------------------------------------------------------------- */

static grasp_status fit_afr(grasp_context *ctx, retraining *t, const double *setting, double *layer)
{
    const double *balance = t->known, *p = t->known + t->n;
    double total = 0;
    for (int64_t i = 0; i < t->n; i++)
        total += t->weight[i] = balance[i] * exp(-setting[0] * p[i]);
    for (int64_t i = 0; i < t->n; i++)
        t->weight[i] /= total;
    grasp_status s = grasp__model_set_params(ctx, t->layer.head, t->layer.own);
    if (s == GRASP_OK)
        s = descend(ctx, t, t->all, t->n, 2 * setting[1], t->layer.own, 0);
    grasp_status got = s >= GRASP_OK ? grasp__model_get_params(ctx, t->layer.head, layer) : s;
    return got == GRASP_OK ? s : got;
}

/* b (with the sample weights) and p of every row. */
static grasp_status know(grasp_context *ctx, retraining *t)
{
    int64_t classes = grasp__model_n_classes(t->model), *label = NULL;
    const double *sample_weights = grasp__model_sample_weights(t->model);
    double *size = NULL;
    grasp_status s = grasp__alloc(ctx, t->n, sizeof *t->weight, &t->weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->n, 2 * sizeof *t->known, &t->known);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, classes, sizeof *size, &size);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, t->model, t->rows, t->n, label);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++)
        size[label[i]] += grasp__row_weight(sample_weights, t->rows[i]);
    bool balanced = grasp__options_i64(t->o, GRASP_KEY_BALANCED);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++) {
        double w = grasp__row_weight(sample_weights, t->rows[i]);
        t->known[i] = balanced && w > 0 ? w / size[label[i]] : w;
        t->known[t->n + i] = exp(-t->layer.loss[i]); /* the model's, from opening the layer */
    }
    grasp__free(label);
    grasp__free(size);
    return s;
}

/* ---- dfr --------------------------------------------------------------------------------------------------------- */

static grasp_status fit_dfr(grasp_context *ctx, retraining *t, const double *setting, double *layer)
{
    int64_t repeats = grasp__options_i64(t->o, GRASP_KEY_REPEATS), size = t->layer.size;
    double l2 = grasp__options_f64(t->o, GRASP_KEY_L2);
    grasp_status s = GRASP_OK;
    memset(layer, 0, (size_t)size * sizeof *layer);
    for (int64_t k = 0; s == GRASP_OK && k < repeats; k++) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "dfr", (double)k / (double)repeats, (double)(k + 1) / (double)repeats);
        s = grasp__balanced_subset(ctx, t->groups, t->all, t->n, k, t->subset, &t->n_subset);
        memset(t->average, 0, (size_t)size * sizeof *t->average);
        if (s == GRASP_OK)
            s = grasp__model_set_params(ctx, t->layer.head, t->average);
        if (s == GRASP_OK)
            s = descend(ctx, t, t->subset, t->n_subset, l2, NULL, setting[0]);
        if (s == GRASP_OK)
            s = grasp__model_get_params(ctx, t->layer.head, t->average);
        for (int64_t j = 0; s == GRASP_OK && j < size; j++)
            layer[j] += t->average[j] / (double)repeats;
        grasp__stage_end(ctx, outer);
    }
    return s;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    const retraining *t = arg;
    grasp_status s = grasp__report_put_value(ctx, report, "converged", 0);
    if (s == GRASP_OK && t->balanced > 0)
        s = grasp__report_put_value(ctx, report, "rows", (double)t->balanced);
    return s == GRASP_OK ? grasp__put_end(ctx, report, t->select, 0, 0, NAN) : s;
}

/* Cancelled, the model keeps the layer that it came with: half a descent, or half the draws, is no layer. */
static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    retraining *t = arg;
    grasp__score score = {.n = 0};
    double *layer = t->layer.layer;
    t->iterations = 0;
    t->converged = true;
    grasp_status s = t->fit(ctx, t, trial->setting, layer);
    grasp__stage_mark outer = grasp__stage_begin(ctx, t->name, 1, 1);
    if (s == GRASP_OK)
        s = grasp__last_layer_put(ctx, &t->layer, layer);
    if (s == GRASP_OK && t->n_val > 0) {
        s = grasp__score_open(ctx, t->model, t->select, t->val, t->n_val, &score);
        if (s == GRASP_OK)
            s = grasp__score_now(ctx, &score, &trial->score);
        grasp__score_close(&score);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, trial->report, grasp__score_name(t->select), trial->score);
    } else if (s == GRASP_OK && trial->compared) {
        s = grasp__judge_by_training(ctx, t->model, t->select, t->rows, t->n, &trial->score);
    }
    grasp__stage_end(ctx, outer);
    if (s != GRASP_OK)
        return s;
    s = grasp__put_end(ctx, trial->report, t->select, t->iterations, t->iterations,
                       t->n_val > 0 ? trial->score : NAN);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, trial->report, "converged", t->converged);
    return s == GRASP_OK && !t->converged ? GRASP_NOT_CONVERGED : s;
}

/* Rows 0..n-1 of the head, and the groups of dfr by those. */
static grasp_status open_rows(grasp_context *ctx, retraining *t, const grasp_groups *groups, grasp_groups **local)
{
    grasp_status s = grasp__alloc(ctx, t->n, sizeof *t->all, &t->all);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++)
        t->all[i] = i;
    if (s != GRASP_OK || groups == NULL)
        return s;
    s = grasp__alloc(ctx, t->n, sizeof *t->subset, &t->subset);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->layer.size, sizeof *t->average, &t->average);
    if (s == GRASP_OK)
        s = grasp__groups_select(ctx, groups, t->rows, t->n, local);
    t->groups = *local;
    if (s == GRASP_OK)
        s = grasp__balanced_subset(ctx, *local, t->all, t->n, 0, t->subset, &t->balanced);
    const double *sample_weights = grasp__model_sample_weights(t->model);
    if (s == GRASP_OK && sample_weights)
        s = grasp__alloc(ctx, t->n, sizeof *t->weight, &t->weight);
    for (int64_t i = 0; s == GRASP_OK && sample_weights && i < t->n; i++)
        t->weight[i] = sample_weights[t->rows[i]];
    return s;
}

static grasp_status retrain(grasp_context *ctx, retraining *t, const grasp_groups *groups, const int64_t *train_rows,
                            int64_t n_train, const char *const *axis, bool standard, grasp_report **report)
{
    grasp_groups *local = NULL;
    grasp__backup first = {.model = NULL};
    double total;
    t->n_val = grasp__any_group(t->select, t->val, t->n_val) ? t->n_val : 0;
    grasp__candidates c = {.name = t->name, .key = {axis[0], axis[1]}, .by_val = t->n_val > 0, .begin = begin,
                           .train = train, .arg = t};
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, t->model, groups, train_rows, n_train, true, "train_rows", &t->rows, &t->n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, t->model, t->rows, t->n, &total);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, t->model, &first);
    grasp__stage_mark outer = grasp__stage_begin(ctx, t->name, 0, 0);
    if (s == GRASP_OK)
        s = grasp__last_layer_open(ctx, t->model, t->rows, t->n, standard, &t->layer);
    if (s == GRASP_OK)
        s = open_rows(ctx, t, groups, &local);
    if (s == GRASP_OK && groups == NULL)
        s = know(ctx, t);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, t->model, t->o, &c, report);
    s = grasp__backup_close(ctx, &first, s);
    grasp__last_layer_close(&t->layer);
    grasp_groups_free(local);
    void *block[] = {t->rows, t->all, t->subset, t->weight, t->known, t->average};
    for (size_t k = 0; k < sizeof block / sizeof *block; k++)
        grasp__free(block[k]);
    return s;
}

grasp_status grasp__train_afr(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                              grasp_report **report)
{
    static const char *const axis[] = {GRASP_KEY_GAMMA, GRASP_KEY_ANCHOR};
    retraining t = {.name = "afr", .model = m, .o = o, .select = g, .val = val, .n_val = n_val, .fit = fit_afr};
    return retrain(ctx, &t, NULL, train_rows, n_train, axis, false, report);
}

grasp_status grasp__train_dfr(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                              grasp_report **report)
{
    static const char *const axis[] = {GRASP_KEY_L1, NULL};
    double l2 = grasp__options_f64(o, GRASP_KEY_L2);
    retraining t = {.name = "dfr", .model = m, .o = o, .select = g, .val = val, .n_val = n_val, .fit = fit_dfr};
    if (l2 < 0 && l2 != -1)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%sl2\" is %g, expected -1 or at least 0", o->prefix, l2);
    return retrain(ctx, &t, g, train_rows, n_train, axis, grasp__options_i64(o, GRASP_KEY_STANDARDIZE), report);
}
