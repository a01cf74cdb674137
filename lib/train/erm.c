/* SPDX-License-Identifier: BSD-3-Clause
 * Empirical risk minimisation: min over theta of the mean loss, each row counted with its sample weight w.
 *
 *   adam, sgd      a batch's gradient is sum_i w_i g_i / sum_i w_i, or with reduction=sum (Zeng et al. 2022's code)
 *   sum_i w_i g_i lbfgs, newton  all rows at once, to a gradient norm: the result does not depend on where it starts
 *   (linear models)
 *
 * Cost: see epochs.c and descent.c.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "auto", "auto|adam|sgd|lbfgs|newton",
     "auto: newton for linear models of at most 500 parameters, lbfgs for larger ones, adam for the others"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64, "0.001", "(0, inf)", "adam, sgd: learning rate"},
    {GRASP_KEY_MOMENTUM, GRASP_PARAM_F64, "0.9", "[0, 1)", "sgd: momentum"},
    {GRASP_KEY_WEIGHT_DECAY, GRASP_PARAM_F64, "0", "[0, inf)",
     "adam, sgd: added to the gradient, times each parameter"},
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
    grasp_model         *model;
    int64_t             *rows;     /* taken over by the batches */
    int64_t              n;
    grasp__score         score;
    const grasp__options *o;
    grasp_report        *report;
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

static grasp_status put(grasp_context *ctx, training *t, int64_t epochs, int64_t best, bool converged)
{
    grasp_status s = grasp__report_put_value(ctx, t->report, "epochs", (double)epochs);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, t->report, "best_epoch", (double)best);
    return s == GRASP_OK ? grasp__report_put_value(ctx, t->report, "converged", converged) : s;
}

static grasp_status train_by_epochs(grasp_context *ctx, training *t, bool adam)
{
    const grasp__options *o = t->o;
    weighing w = {grasp__model_sample_weights(t->model), grasp__options_is(o, GRASP_KEY_REDUCTION, "mean")};
    grasp__objective objective = {.name = "erm", .weigh = weigh, .arg = &w};
    grasp__optimizer optimizer = {.adam = adam};
    grasp__batches batches = {.n = 0};
    grasp__epochs e = {.model = t->model, .objective = &objective, .batches = &batches, .optimizer = &optimizer,
                       .score = &t->score, .score_name = "val_accuracy", .report = t->report};
    grasp_status s = grasp__batches_open(ctx, t->rows, t->n, grasp__options_i64(o, GRASP_KEY_BATCH),
                                         grasp__options_i64(o, GRASP_KEY_SHUFFLE), NULL, &batches);
    t->rows = NULL;
    if (s == GRASP_OK)
        s = grasp__epochs_options(ctx, o, t->score.n > 0, &e);
    if (s == GRASP_OK)
        s = grasp__optimizer_open(
            ctx, adam, grasp__options_f64(o, GRASP_KEY_RATE), grasp__options_f64(o, GRASP_KEY_MOMENTUM),
            grasp__options_f64(o, GRASP_KEY_WEIGHT_DECAY), grasp__model_n_params(t->model), &optimizer);
    if (s == GRASP_OK)
        s = grasp__epochs_run(ctx, &e);
    grasp_status told = s < GRASP_OK ? s : put(ctx, t, e.done, e.best_epoch, false);
    grasp__batches_close(&batches);
    grasp__optimizer_close(&optimizer);
    return told == GRASP_OK ? s : told;
}

static grasp_status train_by_descent(grasp_context *ctx, training *t, bool newton)
{
    grasp__fullbatch f = {.n = 0};
    grasp__descent d = {.iterations = grasp__options_i64(t->o, GRASP_KEY_ITERATIONS),
                        .tolerance = grasp__options_f64(t->o, GRASP_KEY_GRADIENT_NORM)};
    grasp_status s = grasp__fullbatch_open(ctx, t->model, t->rows, t->n, grasp__options_f64(t->o, GRASP_KEY_L2), &f);
    if (s == GRASP_OK)
        s = (newton ? grasp__newton : grasp__lbfgs)(ctx, &f, &d, t->report);
    grasp__fullbatch_close(&f);
    if (s == GRASP_OK && t->score.n > 0) {
        double accuracy;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "erm", 1, 1);
        s = grasp__score_now(ctx, &t->score, &accuracy);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, t->report, "val_accuracy", accuracy);
    }
    grasp_status told = s < GRASP_OK ? s : put(ctx, t, d.iterations, d.iterations, d.converged);
    if (told != GRASP_OK)
        return told;
    return s == GRASP_OK && !d.converged ? GRASP_NOT_CONVERGED : s;
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

grasp_status grasp__train_erm(grasp_context *ctx, grasp_model *m, const int64_t *train, int64_t n_train,
                              const int64_t *val, int64_t n_val, const grasp__options *o, grasp_report **report)
{
    training t = {.model = m, .o = o};
    grasp__backup backup = {.model = NULL};
    const char *optimizer;
    double total;
    if (report)
        *report = NULL;
    grasp_status s = choose(ctx, m, o, &optimizer);
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, m, NULL, train, n_train, true, "train_rows", &t.rows, &t.n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, m, t.rows, t.n, &total);
    if (s == GRASP_OK && report)
        s = grasp__report_create(ctx, &t.report);
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, t.report, "optimizer", optimizer);
    if (s == GRASP_OK)
        s = put(ctx, &t, 0, 0, false); /* what holds if a cancel comes before the first step */
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, m, &backup);
    if (s == GRASP_OK)
        s = grasp__score_open(ctx, m, NULL, val, n_val, &t.score);
    if (s == GRASP_OK && (strcmp(optimizer, "adam") == 0 || strcmp(optimizer, "sgd") == 0))
        s = train_by_epochs(ctx, &t, strcmp(optimizer, "adam") == 0);
    else if (s == GRASP_OK)
        s = train_by_descent(ctx, &t, strcmp(optimizer, "newton") == 0);
    s = grasp__backup_close(ctx, &backup, s);
    if (s >= GRASP_OK && report)
        *report = t.report;
    else
        grasp_report_free(t.report);
    grasp__score_close(&t.score);
    grasp__free(t.rows);
    return s;
}

static grasp_status train_erm(grasp_context *ctx, grasp_model *model, const int64_t *train, int64_t n_train,
                              const int64_t *val, int64_t n_val, const grasp_params *params_or_null,
                              grasp_report **report)
{
    grasp_status s = grasp__check_training(ctx, model, train, n_train, val, n_val);
    if (s != GRASP_OK)
        return s;
    grasp__options o;
    s = grasp__options_open(ctx, params_or_null, &grasp__erm_params, &o);
    if (s == GRASP_OK)
        s = grasp__train_erm(ctx, model, train, n_train, val, n_val, &o, report);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_train_erm(grasp_context *ctx, grasp_model *model, const int64_t *train_rows_or_null, int64_t n_train,
                             const int64_t *val_rows_or_null, int64_t n_val, const grasp_params *params_or_null,
                             grasp_report **report_or_null)
{
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, train_erm(ctx, model, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null,
                                       report_or_null));
}
