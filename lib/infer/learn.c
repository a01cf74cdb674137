/* SPDX-License-Identifier: BSD-3-Clause
 * Who the groups are, by any of the methods that Zeng et al. (2022) compare: one call, one form of answer, one report.
 * What a method needs, gradients, features or outputs, it takes from the model.
 */
#include "infer/learn.h"

#include <string.h>

/* ---- the samples ------------------------------------------------------------------------------------------------- */

static grasp_status check_arguments(grasp_context *ctx, const grasp_model *model, const int64_t *train,
                                    int64_t n_train, const int64_t *val, int64_t n_val, const grasp_groups *truth)
{
    grasp_status s = grasp__check_training(ctx, model, train, n_train, val, n_val);
    if (s == GRASP_OK && n_train == 0)
        s = grasp__fail(ctx, GRASP_E_EMPTY, "train_rows has 0 rows, expected at least 1");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__groups_check(ctx, truth, "truth_or_null");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__check_equal(ctx, truth->n, n_train + n_val, "samples of truth_or_null");
    return s;
}

/* Rows, and their classes, each of which is a group so far. Cancelled: not even the classes are known. */
static grasp_status open_learning(grasp_context *ctx, grasp__learning *l, const int64_t *train, const int64_t *val)
{
    grasp_status s = grasp__alloc(ctx, l->n, sizeof *l->rows, &l->rows), labels = GRASP_OK;
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        l->rows[i] = i >= l->n_train ? val[i - l->n_train] : train != NULL ? train[i] : i;
    if (s == GRASP_OK)
        s = grasp__check_rows_once(ctx, grasp__model_n_rows(l->model), l->rows, l->n_train, l->n_val);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof *l->y, &l->y);
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "classes", 0, 0);
        s = labels = grasp__model_labels(ctx, l->model, l->rows, l->n, l->y);
        grasp__stage_end(ctx, outer);
    }
    if (labels == GRASP_CANCELLED) {
        memset(l->y, 0, (size_t)l->n * sizeof *l->y);
        s = GRASP_OK;
    }
    if (s == GRASP_OK)
        s = grasp__learning_classes(ctx, l);
    return s == GRASP_OK ? labels : s;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static grasp_status learn(grasp_context *ctx, const char *method, grasp_model *model, const int64_t *train,
                          int64_t n_train, const int64_t *val, int64_t n_val, const grasp_params *params,
                          const grasp_groups *truth, grasp_groups **out, grasp_report **report)
{
    grasp__learning l = {.model = model, .n_train = n_train, .n_val = n_val, .truth = truth};
    grasp__options o = {.owned = NULL};
    const grasp__learn_method *m = NULL;
    grasp_status s = grasp__learn_method_find(ctx, method, GRASP__OF_MODEL, &m);
    if (s == GRASP_OK)
        s = check_arguments(ctx, model, train, n_train, val, n_val, truth);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, m->params, &o);
    if (s == GRASP_OK && report != NULL)
        s = grasp__report_create(ctx, &l.report);
    l.o = &o;
    if (s == GRASP_OK) {
        l.n = n_train + n_val;
        s = open_learning(ctx, &l, train, val);
    }
    if (s >= GRASP_OK)
        s = grasp__learning_answer(ctx, &l, s, m, out);
    grasp__learning_close(&l, s, report);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_learn_groups(grasp_context *ctx, const char *method, grasp_model *model,
                                const int64_t *train_rows_or_null, int64_t n_train, const int64_t *val_rows_or_null,
                                int64_t n_val, const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                grasp_groups **out, grasp_report **report_or_null)
{
    if (report_or_null != NULL)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, learn(ctx, method, model, train_rows_or_null, n_train, val_rows_or_null, n_val,
                                   params_or_null, truth_or_null, out, report_or_null));
}
