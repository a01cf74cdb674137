/* SPDX-License-Identifier: BSD-3-Clause
 * Empirical risk minimisation: min over theta of the mean loss, each row counted with its weight w.
 *
 *   adam, sgd      a batch's gradient is sum_i w_i g_i / sum_i s_i, s the sample weights,
 *                  or with reduction=sum (Zeng et al. 2022's code) sum_i w_i g_i
 *   lbfgs, newton  all rows at once, sum_i w_i loss_i / sum_i w_i, to a gradient norm: the result does not depend on
 *                  where it starts (linear models)
 *
 * w is the sample weight, unless a method that reweights rows puts its own there (reweight.c).
 *
 * Cost: see stochastic.c and exact.c.
 */
#include "train/train_private.h"

#include <string.h>

static const grasp__param params[] = {
    GRASP__ANY_OPTIMIZER,
    GRASP__FIRST_ORDER_PARAMS("0"),
    {GRASP_KEY_REDUCTION, GRASP_PARAM_STR, "mean", "mean|sum", "adam, sgd: of the losses of a batch"},
    GRASP__DESCENT_PARAMS,
};

const grasp__param_table grasp__erm_params = {"erm", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { NEWTON_AUTO = 500 }; /* parameters up to which newton is the faster of the two */

/* ---- batches ----------------------------------------------------------------------------------------------------- */

typedef struct weighing {
    const double *weight, *sample_weights;
    bool          mean;
} weighing;

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    const weighing *w = arg;
    double total = 0;
    (void)loss;
    for (int64_t i = 0; i < n; i++) {
        weight[i] = grasp__row_weight(w->weight, rows[i]);
        total += grasp__row_weight(w->sample_weights, rows[i]);
    }
    for (int64_t i = 0; w->mean && total > 0 && i < n; i++)
        weight[i] /= total;
    return GRASP_OK;
}

static grasp_status open(grasp_context *ctx, const grasp__job *job, const double *setting, grasp__objective *objective)
{
    (void)ctx, (void)setting;
    objective->weigh = weigh;
    objective->arg = job->method;
    return GRASP_OK;
}

grasp_status grasp__train_by_epochs(grasp_context *ctx, grasp__plan *plan, const char *optimizer,
                                    grasp_report **report)
{
    const double *sample_weights = grasp__model_sample_weights(plan->model);
    weighing w = {plan->weight ? plan->weight : sample_weights, sample_weights,
                  !plan->sum};
    grasp__job job = {.name = plan->name, .model = plan->model, .o = plan->o, .optimizer = optimizer,
                      .select = plan->select, .val = plan->val, .n_val = plan->n_val, .open = open, .method = &w,
                      .note = plan->note, .note_arg = plan->note_arg};
    int64_t *rows = plan->rows;
    plan->rows = NULL;
    return grasp__job_run(ctx, &job, rows, plan->n, plan->balance, report);
}

/* ---- either ------------------------------------------------------------------------------------------------------ */

grasp_status grasp__choose_optimizer(grasp_context *ctx, const grasp_model *m, const grasp__options *o,
                                     const char **optimizer, bool *descent)
{
    bool linear = grasp__model_is_linear(m);
    int64_t p = grasp__model_n_params(m);
    double l2 = grasp__options_f64(o, GRASP_KEY_L2);
    *optimizer = grasp__options_str(o, GRASP_KEY_OPTIMIZER);
    if (strcmp(*optimizer, "auto") == 0)
        *optimizer = !linear ? "adam" : p <= NEWTON_AUTO ? "newton" : "lbfgs";
    *descent = strcmp(*optimizer, "lbfgs") == 0 || strcmp(*optimizer, "newton") == 0;
    if (strcmp(*optimizer, "newton") == 0 && !linear)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "\"%soptimizer\" is newton, which needs a logistic or softmax model", o->prefix);
    if (strcmp(*optimizer, "newton") == 0 && p > GRASP__NEWTON_LARGEST)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "\"%soptimizer\" is newton for a model of %" PRId64
                           " parameters, expected at most %d; use lbfgs", o->prefix, p, GRASP__NEWTON_LARGEST);
    if (l2 < 0 && l2 != -1)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%sl2\" is %g, expected -1 or at least 0", o->prefix, l2);
    if (*descent &&
        (grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "val") || grasp__options_i64(o, GRASP_KEY_PATIENCE) > 0))
        return grasp__fail(ctx, GRASP_E_PARAM,
                           "\"%s%s\" selects an epoch, but %s runs to a gradient norm, expected adam or sgd", o->prefix,
                           grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "val") ? GRASP_KEY_SELECT_EPOCH
                                                                               : GRASP_KEY_PATIENCE,
                           *optimizer);
    return GRASP_OK;
}

grasp_status grasp__train_plan(grasp_context *ctx, grasp__plan *plan, grasp_report **report)
{
    const char *optimizer;
    bool descent = false;
    grasp_status s = grasp__choose_optimizer(ctx, plan->model, plan->o, &optimizer, &descent);
    if (s == GRASP_OK)
        return (descent ? grasp__train_exact : grasp__train_by_epochs)(ctx, plan, optimizer, report);
    grasp__free(plan->rows);
    plan->rows = NULL;
    return s;
}

grasp_status grasp__train_erm(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                              const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,
                              const grasp__options *o, grasp_report **report)
{
    grasp__plan plan = {.name = "erm", .model = m, .o = o, .select = groups_or_null, .val = val, .n_val = n_val,
                        .sum = grasp__options_is(o, GRASP_KEY_REDUCTION, "sum")};
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, m, NULL, train_rows, n_train, true, "train_rows", &plan.rows, &plan.n);
    if (s == GRASP_OK)
        s = grasp__train_plan(ctx, &plan, report);
    else
        grasp__free(plan.rows);
    return s;
}
