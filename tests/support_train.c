/* SPDX-License-Identifier: BSD-3-Clause
 * The training problem of the suites of the methods.
 */
#include "support_train.h"

#include "support_toy.h"

#include "grasp/api.h"

#include <stdlib.h>
#include <string.h>

static grasp_status make_model(grasp_context *ctx, task *t, char kind)
{
    if (kind == 'c') {
        grasp_model_ops ops = toy_ops();
        toy *own = toy_make(TASK_ROWS, 2, 2, t->x, t->y);
        grasp_status s = grasp_model_create_custom(ctx, &ops, own, &t->model);
        if (s != GRASP_OK)
            toy_free(own);
        return s;
    }
    int64_t widths[] = {2, 6, 2};
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, TASK_ROWS, 2, 2, t->x, NULL, NULL, &t->matrix);
    if (s == GRASP_OK)
        s = kind == 'l' ? grasp_model_create_logistic(ctx, 2, &t->model)
          : kind == 's' ? grasp_model_create_softmax(ctx, 2, 2, &t->model)
                        : grasp_model_create_mlp(ctx, widths, 3, NULL, &t->model);
    return s == GRASP_OK ? grasp_model_bind(ctx, t->model, t->matrix, t->y, TASK_ROWS) : s;
}

grasp_status task_open(grasp_context *ctx, task *t, char kind)
{
    grasp__rng rng = test_rng(5);
    memset(t, 0, sizeof *t);
    t->n_val = TASK_ROWS - TASK_TRAIN;
    for (int64_t i = 0; i < TASK_ROWS; i++) {
        double z[2];
        random_normals(&rng, z, 2);
        t->rows[i] = i;
        t->y[i] = i / 7 % 2;
        t->g[i] = i % 7 == 0;
        t->x[2 * i] = (t->y[i] ? 1 : -1) * (t->g[i] ? -0.7 : 1.5) + z[0];
        t->x[2 * i + 1] = (t->y[i] ? 0.8 : -0.8) + z[1];
    }
    grasp_status s = make_model(ctx, t, kind);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, t->g, TASK_ROWS, &t->groups);
    t->n_params = grasp_model_n_params(t->model);
    ck_assert_int_le(t->n_params, TASK_MOST);
    return s == GRASP_OK ? grasp_model_get_params(ctx, t->model, t->first, t->n_params) : s;
}

void task_free(task *t)
{
    grasp_report_free(t->report);
    grasp_groups_free(t->groups);
    grasp_model_free(t->model);
    grasp_matrix_free(t->matrix);
    memset(t, 0, sizeof *t);
}

grasp_status task_train(grasp_context *ctx, task *t, const char *method, bool groups, const char *text)
{
    grasp_params *params = NULL;
    grasp_report_free(t->report);
    t->report = NULL;
    grasp_status s = grasp_model_set_params(ctx, t->model, t->first, t->n_params);
    if (s == GRASP_OK && text)
        s = grasp_params_create(ctx, method, &params);
    if (s == GRASP_OK && text)
        s = grasp_params_parse(ctx, params, text);
    if (s == GRASP_OK)
        s = grasp_train(ctx, method, t->model, groups ? t->groups : NULL, t->rows, TASK_TRAIN,
                        t->n_val ? t->rows + TASK_ROWS - t->n_val : NULL, t->n_val, params, &t->report);
    grasp_params_free(params);
    return s;
}

void task_params(grasp_context *ctx, const task *t, double theta[TASK_MOST])
{
    memset(theta, 0, TASK_MOST * sizeof *theta);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, t->model, theta, t->n_params));
}

double task_loss(grasp_context *ctx, const task *t, int64_t group)
{
    double loss[TASK_TRAIN], sum = 0;
    int64_t n = 0;
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t->model, t->rows, TASK_TRAIN, loss));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        if (group < 0 || t->g[i] == group) {
            sum += loss[i];
            n++;
        }
    return sum / (double)n;
}

double task_value(grasp_context *ctx, const task *t, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, t->report, name, &v));
    return v;
}

double task_last(grasp_context *ctx, const task *t, const char *name)
{
    int64_t n = grasp_report_length(t->report, name);
    ck_assert_msg(n > 0, "series %s has length %" PRId64, name, n);
    double *v = calloc((size_t)n, sizeof *v), end;
    ASSERT_OK(ctx, grasp_report_series(ctx, t->report, name, v, n));
    end = v[n - 1];
    free(v);
    return end;
}
