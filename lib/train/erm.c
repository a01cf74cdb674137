/* SPDX-License-Identifier: BSD-3-Clause
 * Empirical risk minimisation: min over theta of the mean loss, each row counted with its sample weight w.
 *
 *   adam, sgd      a batch's gradient is sum_i w_i g_i / sum_i w_i,
 *                  or with reduction=sum (Zeng et al. 2022's code) sum_i w_i g_i
 *   lbfgs, newton  all rows at once, to a gradient norm: the result does not depend on where it starts (linear models)
 *
 * Candidates of adam and sgd are judged by validation accuracy, or, with groups, by that of the worst group. Without
 * validation rows the worst training group decides, or, without groups, the lowest mean training loss: training
 * accuracy is 1 for whole ranges of rates once a model fits its data, and says nothing among them.
 *
 * Cost: see candidates.c, epochs.c and descent.c.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "auto", "auto|adam|sgd|lbfgs|newton",
     "auto: newton for linear models of at most 500 parameters, lbfgs for larger ones, adam for the others"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64S, "0.001,0.01", "(0, inf)", "adam, sgd: learning rates tried"},
    {GRASP_KEY_MOMENTUM, GRASP_PARAM_F64, "0.9", "[0, 1)", "sgd: momentum"},
    {GRASP_KEY_WEIGHT_DECAY, GRASP_PARAM_F64S, "0", "[0, inf)",
     "adam, sgd: numbers tried that are added to the gradient, times each parameter"},
    {GRASP_KEY_L2, GRASP_PARAM_F64, "-1", "[-1, inf)",
     "lbfgs, newton: l2/2 |w|^2 on the mean loss, biases free; -1: 1/(10 n)"},
    {GRASP_KEY_EPOCHS, GRASP_PARAM_I64, "50", "[0, 1000000000]", "adam, sgd: passes over the training rows"},
    {GRASP_KEY_ITERATIONS, GRASP_PARAM_I64, "1000", "[0, 1000000000]", "lbfgs, newton: the most steps"},
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "128", "[1, inf)", "adam, sgd: rows of a step"},
    {GRASP_KEY_SHUFFLE, GRASP_PARAM_BOOL, "1", NULL, "adam, sgd: a fresh order of rows each epoch"},
    {GRASP_KEY_REDUCTION, GRASP_PARAM_STR, "mean", "mean|sum", "adam, sgd: of the losses of a batch"},
    {GRASP_KEY_PATIENCE, GRASP_PARAM_I64, "0", "[0, inf)",
     "adam, sgd: stop after so many epochs without a better validation accuracy; 0: never"},
    {GRASP_KEY_SELECT_EPOCH, GRASP_PARAM_STR, "auto", "auto|last|val",
     "adam, sgd: keep the parameters of the last epoch or of the best on the validation rows; auto: val if there are "
     "such rows"},
    {GRASP_KEY_GRADIENT_NORM, GRASP_PARAM_F64, "1e-8", "[0, inf)",
     "lbfgs, newton: stop when no gradient entry is larger"},
};

const grasp__param_table grasp__erm_params = {"erm", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { NEWTON_AUTO = 500 }; /* parameters up to which newton is the faster of the two */

typedef struct training {
    grasp_model          *model;
    const grasp__options *o;
    const grasp_groups   *groups;  /* what epochs and candidates are selected by; may be NULL */
    const char           *optimizer;
    int64_t              *rows;    /* lbfgs, newton; else NULL */
    grasp__batches        batches; /* adam, sgd: the same for every candidate */
    int64_t               n;       /* rows trained on */
    const int64_t        *val;
    int64_t               n_val;   /* 0: no row to select by */
} training;

typedef struct weighing {
    const double *sample_weights;
    bool          mean;
} weighing;

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    const weighing *w = arg;
    double total = 0;
    (void)loss;
    for (int64_t i = 0; i < n; i++)
        total += weight[i] = grasp__row_weight(w->sample_weights, rows[i]);
    for (int64_t i = 0; w->mean && total > 0 && i < n; i++)
        weight[i] /= total;
    return GRASP_OK;
}

static grasp_status put(grasp_context *ctx, const training *t, grasp_report *report, int64_t epochs, int64_t best,
                        double score, bool converged)
{
    grasp_status s = grasp__report_put_value(ctx, report, "epochs", (double)epochs);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "best_epoch", (double)best);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, t->groups ? "best_val_worst" : "best_val_accuracy", score);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "converged", converged) : s;
}

static const char *score_name(const training *t)
{
    return t->groups ? "val_worst" : "val_accuracy";
}

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    const training *t = arg;
    grasp_status s = grasp__report_put_text(ctx, report, "optimizer", t->optimizer);
    return s == GRASP_OK ? put(ctx, t, report, 0, 0, NAN, false) : s;
}

static grasp_status train_by_epochs(grasp_context *ctx, training *t, grasp__score *score, grasp__trial *trial)
{
    const grasp__options *o = t->o;
    weighing w = {grasp__model_sample_weights(t->model), grasp__options_is(o, GRASP_KEY_REDUCTION, "mean")};
    grasp__objective objective = {.name = "erm", .weigh = weigh, .arg = &w};
    grasp__optimizer optimizer;
    grasp__epochs e = {.model = t->model, .objective = &objective, .batches = &t->batches, .optimizer = &optimizer,
                       .score = score, .score_name = score_name(t), .report = trial->report};
    grasp__epochs_options(o, &e);
    grasp_status s = grasp__optimizer_open(ctx, strcmp(t->optimizer, "adam") == 0, trial->setting[0],
                                           grasp__options_f64(o, GRASP_KEY_MOMENTUM), trial->setting[1],
                                           grasp__model_n_params(t->model), &optimizer);
    if (s == GRASP_OK)
        s = grasp__epochs_run(ctx, &e);
    trial->score = e.best_score;
    grasp_status told = s < GRASP_OK ? s : put(ctx, t, trial->report, e.done, e.best_epoch, e.best_score, false);
    grasp__optimizer_close(&optimizer);
    return told == GRASP_OK ? s : told;
}

static grasp_status train_by_descent(grasp_context *ctx, training *t, grasp__score *score, grasp__trial *trial)
{
    grasp__fullbatch f = {.n = 0};
    grasp__descent d = {.iterations = grasp__options_i64(t->o, GRASP_KEY_ITERATIONS),
                        .tolerance = grasp__options_f64(t->o, GRASP_KEY_GRADIENT_NORM)};
    grasp_status s = grasp__fullbatch_open(ctx, t->model, t->rows, t->n, grasp__options_f64(t->o, GRASP_KEY_L2), &f);
    if (s == GRASP_OK)
        s = (strcmp(t->optimizer, "newton") == 0 ? grasp__newton : grasp__lbfgs)(ctx, &f, &d, trial->report);
    grasp__fullbatch_close(&f);
    if (s == GRASP_OK && score->n > 0) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "erm", 1, 1);
        s = grasp__score_now(ctx, score, &trial->score);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, trial->report, score_name(t), trial->score);
    }
    grasp_status told =
        s < GRASP_OK ? s : put(ctx, t, trial->report, d.iterations, d.iterations, trial->score, d.converged);
    if (told != GRASP_OK)
        return told;
    return s == GRASP_OK && !d.converged ? GRASP_NOT_CONVERGED : s;
}

/* Mean loss of the training rows at the model's parameters. */
static grasp_status mean_loss(grasp_context *ctx, const training *t, double *out)
{
    const double *weight = grasp__model_sample_weights(t->model);
    const int64_t *rows = t->batches.rows;
    double *loss, sum = 0, total = 0;
    grasp_status s = grasp__alloc(ctx, t->n, sizeof *loss, &loss);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_loss(ctx, t->model, rows, t->n, loss);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++) {
        sum += grasp__row_weight(weight, rows[i]) * loss[i];
        total += grasp__row_weight(weight, rows[i]);
    }
    grasp__free(loss);
    if (s != GRASP_OK)
        return s;
    *out = sum / total;
    return isfinite(*out) ? s
                          : grasp__fail(ctx, GRASP_E_NUMERIC, "the mean training loss is %g, expected finite", *out);
}

static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    training *t = arg;
    grasp__score score;
    grasp_status s = grasp__score_open(ctx, t->model, t->groups, t->val, t->n_val, &score);
    if (s == GRASP_OK)
        s = (t->rows ? train_by_descent : train_by_epochs)(ctx, t, &score, trial);
    grasp__score_close(&score);
    if (s == GRASP_OK && trial->compared && t->n_val == 0) {
        double loss = NAN;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "erm", 1, 1);
        if (t->groups)
            s = grasp__worst_accuracy(ctx, t->model, t->groups, t->batches.rows, t->n, &trial->score);
        else
            s = mean_loss(ctx, t, &loss);
        grasp__stage_end(ctx, outer);
        if (!t->groups)
            trial->score = -loss;
    }
    return s;
}

/* The optimizer that the options name, made concrete; refuses what this model cannot do. */
static grasp_status choose(grasp_context *ctx, const grasp_model *m, const grasp__options *o, const char **optimizer)
{
    bool linear = grasp__model_is_linear(m);
    int64_t p = grasp__model_n_params(m);
    double l2 = grasp__options_f64(o, GRASP_KEY_L2);
    *optimizer = grasp__options_str(o, GRASP_KEY_OPTIMIZER);
    if (strcmp(*optimizer, "auto") == 0)
        *optimizer = !linear ? "adam" : p <= NEWTON_AUTO ? "newton" : "lbfgs";
    bool descent = strcmp(*optimizer, "lbfgs") == 0 || strcmp(*optimizer, "newton") == 0;
    if (strcmp(*optimizer, "newton") == 0 && !linear)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "\"%soptimizer\" is newton, which needs a logistic or softmax model", o->prefix);
    if (strcmp(*optimizer, "newton") == 0 && p > GRASP__NEWTON_LARGEST)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "\"%soptimizer\" is newton for a model of %" PRId64
                           " parameters, expected at most %d; use lbfgs", o->prefix, p, GRASP__NEWTON_LARGEST);
    if (l2 < 0 && l2 != -1)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%sl2\" is %g, expected -1 or at least 0", o->prefix, l2);
    if (descent &&
        (grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "val") || grasp__options_i64(o, GRASP_KEY_PATIENCE) > 0))
        return grasp__fail(ctx, GRASP_E_PARAM,
                           "\"%s%s\" selects an epoch, but %s runs to a gradient norm, expected adam or sgd", o->prefix,
                           grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "val") ? GRASP_KEY_SELECT_EPOCH
                                                                               : GRASP_KEY_PATIENCE,
                           *optimizer);
    return GRASP_OK;
}

grasp_status grasp__train_erm(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                              const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,
                              const grasp__options *o, grasp_report **report)
{
    training t = {.model = m, .o = o, .groups = groups_or_null, .val = val};
    t.n_val = grasp__any_group(groups_or_null, val, n_val) ? n_val : 0;
    grasp__candidates c = {.name = "erm", .by_val = t.n_val > 0, .begin = begin, .train = train, .arg = &t};
    double total;
    if (report)
        *report = NULL;
    grasp_status s = choose(ctx, m, o, &t.optimizer);
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, m, NULL, train_rows, n_train, true, "train_rows", &t.rows, &t.n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, m, t.rows, t.n, &total);
    if (s == GRASP_OK && (strcmp(t.optimizer, "adam") == 0 || strcmp(t.optimizer, "sgd") == 0)) {
        c.key[0] = GRASP_KEY_RATE;
        c.key[1] = GRASP_KEY_WEIGHT_DECAY;
        s = grasp__epochs_check(ctx, o, n_val > 0);
        if (s == GRASP_OK) {
            s = grasp__batches_open(ctx, t.rows, t.n, grasp__options_i64(o, GRASP_KEY_BATCH),
                                    grasp__options_i64(o, GRASP_KEY_SHUFFLE), NULL, &t.batches);
            t.rows = NULL;
        }
    }
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, m, o, &c, report);
    grasp__batches_close(&t.batches);
    grasp__free(t.rows);
    return s;
}
