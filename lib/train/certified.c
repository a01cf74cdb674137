/* SPDX-License-Identifier: BSD-3-Clause
 * gdro_certified: group DRO of a linear model with the duality gap as its certificate, and that certificate for a model
 * that something else trained. The mathematics is in minimax.c.
 */
#include "train/train_private.h"

#include <math.h>

static const grasp__param params[] = {
    {GRASP_KEY_L2, GRASP_PARAM_F64, "-1", "[-1, inf)", "lambda/2 |theta|^2, biases included; -1: 1/(10 n)"},
    {GRASP_KEY_ADJUSTMENT, GRASP_PARAM_F64, "0", "[0, inf)", "C of the size adjustment C / sqrt(n_g)"},
    {GRASP_KEY_GAP, GRASP_PARAM_F64, "1e-8", "(0, inf)", "stop when the duality gap is no larger"},
    {GRASP_KEY_ITERATIONS, GRASP_PARAM_I64, "500", "[0, 1000000000]", "the most steps"},
};

const grasp__param_table grasp__gdro_certified_params = {
    "gdro_certified", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { MOST_IN_REPORT = 256 };

grasp_status grasp__minimax_check(grasp_context *ctx, const grasp_model *m, const char *what)
{
    if (!grasp__model_is_linear(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "%s needs a convex loss: a logistic or softmax model", what);
    if (grasp__model_n_params(m) > GRASP__MINIMAX_LARGEST)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "%s for a model of %" PRId64 " parameters, expected at most %d",
                           what, grasp__model_n_params(m), GRASP__MINIMAX_LARGEST);
    return GRASP_OK;
}

static grasp_status put_groups(grasp_context *ctx, grasp_report *report, const grasp__minimax *m, int64_t count)
{
    char name[48];
    grasp_status s = GRASP_OK;
    for (int64_t g = 0; s == GRASP_OK && count <= MOST_IN_REPORT && g < count; g++) {
        if (isnan(m->group_loss[g]))
            continue;
        grasp__format(name, sizeof name, "group.loss.%" PRId64, g);
        s = grasp__report_append(ctx, report, name, m->group_loss[g]);
        grasp__format(name, sizeof name, "group.weight.%" PRId64, g);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report, name, m->group_weight[g]);
    }
    return s;
}

static grasp_status put_gap(grasp_context *ctx, grasp_report *report, double objective, double bound)
{
    grasp_status s = grasp__report_put_value(ctx, report, "objective", objective);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "bound", bound);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "gap", fmax(objective - bound, 0)) : s;
}

/* ---- the method -------------------------------------------------------------------------------------------------- */

/* Everything but the series of the gap, which the solver has written. */
static grasp_status put_result(grasp_context *ctx, grasp_report *report, const grasp_groups *g, const grasp__minimax *m,
                               double score)
{
    grasp_status s = grasp__put_end(ctx, report, g, m->iterations, m->iterations, score);
    if (s == GRASP_OK)
        s = put_gap(ctx, report, m->objective, m->bound);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "l2", m->l2);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "converged", m->gap <= m->tolerance);
    return s == GRASP_OK ? put_groups(ctx, report, m, g->count) : s;
}

typedef struct certified {
    grasp_model        *model;
    const grasp_groups *groups;
    const int64_t      *rows, *val;
    int64_t             n, n_val;
    double              adjustment;
    grasp__minimax      m;
} certified;

static grasp_status run(grasp_context *ctx, certified *c, grasp_report *report)
{
    double score = NAN;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "gdro_certified", 0, 1);
    grasp_status s =
        grasp__minimax_solve(ctx, c->model, c->groups, c->rows, c->n, c->adjustment, &c->m, report);
    if (s == GRASP_OK && c->n_val > 0)
        s = grasp__worst_accuracy(ctx, c->model, c->groups, c->val, c->n_val, &score);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK && c->n_val > 0)
        s = grasp__report_append(ctx, report, "val_worst", score);
    if (s < GRASP_OK)
        return s;
    grasp_status told = put_result(ctx, report, c->groups, &c->m, score);
    if (told != GRASP_OK)
        return told;
    return s == GRASP_OK && !(c->m.gap <= c->m.tolerance) ? GRASP_NOT_CONVERGED : s;
}

static grasp_status open_result(grasp_context *ctx, const grasp_model *model, int64_t count, grasp__minimax *m)
{
    grasp_status s = grasp__alloc(ctx, grasp__model_n_params(model), sizeof *m->theta, &m->theta);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, count, 2 * sizeof *m->group_loss, &m->group_loss);
    if (s != GRASP_OK)
        return s;
    m->group_weight = m->group_loss + count;
    for (int64_t g = 0; g < count; g++)
        m->group_loss[g] = m->group_weight[g] = NAN;
    return s;
}

grasp_status grasp__train_gdro_certified(grasp_context *ctx, grasp_model *model, const grasp_groups *g,
                                         const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,
                                         const grasp__options *o, grasp_report **report)
{
    certified c = {.model = model, .groups = g, .val = val, .n_val = n_val,
                   .adjustment = grasp__options_f64(o, GRASP_KEY_ADJUSTMENT),
                   .m = {.l2 = grasp__options_f64(o, GRASP_KEY_L2), .tolerance = grasp__options_f64(o, GRASP_KEY_GAP),
                         .iterations = grasp__options_i64(o, GRASP_KEY_ITERATIONS)}};
    grasp__backup first = {.model = NULL};
    int64_t *rows = NULL;
    double total = 0;
    if (report)
        *report = NULL;
    grasp_status s = grasp__minimax_check(ctx, model, "gdro_certified");
    if (s == GRASP_OK && !(c.m.l2 > 0) && c.m.l2 != -1)
        s = grasp__fail(ctx, GRASP_E_PARAM, "\"%sl2\" is %g, expected -1 or above 0: without it there is no bound",
                        o->prefix, c.m.l2);
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, model, g, train_rows, n_train, true, "train_rows", &rows, &c.n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, model, rows, c.n, &total);
    if (s == GRASP_OK)
        s = open_result(ctx, model, g->count, &c.m);
    if (s == GRASP_OK && report)
        s = grasp__report_create(ctx, report);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, model, &first);
    if (s == GRASP_OK) {
        c.rows = rows;
        c.m.l2 = c.m.l2 < 0 ? 0.1 / total : c.m.l2;
        s = run(ctx, &c, report ? *report : NULL);
    }
    s = grasp__backup_close(ctx, &first, s);
    grasp__free(rows);
    grasp__free(c.m.theta);
    grasp__free(c.m.group_loss);
    return s;
}

/* ---- for what something else trained ----------------------------------------------------------------------------- */

grasp_status grasp__certify(grasp_context *ctx, grasp_model *model, const grasp_groups *g, const int64_t *rows,
                            int64_t n, double l2, double adjustment, grasp_report *report)
{
    /* No step gives the objective where the model is; then the bound is sought from there. */
    grasp__minimax here = {.l2 = l2, .tolerance = 1e-12}, best = {.l2 = l2, .tolerance = 1e-9, .iterations = 500};
    grasp__backup trained = {.model = NULL};
    grasp_status s = grasp__alloc(ctx, grasp__model_n_params(model), sizeof *here.theta, &here.theta);
    best.theta = here.theta;
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, model, &trained);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "certificate", 1, 1);
    if (s == GRASP_OK)
        s = grasp__minimax_solve(ctx, model, g, rows, n, adjustment, &here, NULL);
    if (s == GRASP_OK)
        s = grasp__minimax_solve(ctx, model, g, rows, n, adjustment, &best, NULL);
    grasp__stage_end(ctx, outer);
    if (s >= GRASP_OK) {
        grasp_status kept = grasp__model_set_params(ctx, model, trained.theta);
        s = kept == GRASP_OK ? s : kept;
    }
    if (s == GRASP_OK)
        s = put_gap(ctx, report, here.objective, fmax(here.bound, best.bound));
    grasp__backup_close(ctx, &trained, s);
    grasp__free(here.theta);
    return s;
}
