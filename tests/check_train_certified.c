/* SPDX-License-Identifier: BSD-3-Clause
 * Certified group DRO: its optimum against a nested search that knows nothing of gradients, its bound against every
 * point tried, its limits, and the certificate of a stochastic solver's result.
 */
#include "support_train.h"

#include "train/train_private.h"
#include "grasp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* max over groups of (mean loss + c / sqrt(n)) + l2/2 |theta|^2, from the losses of rows alone. */
static double objective(grasp_context *ctx, const task *t, const double *theta, double l2, double c)
{
    double loss[TASK_TRAIN], sum[8] = {0}, size[8] = {0}, top = -INFINITY, square = 0;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, t->model, theta, t->n_params));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t->model, t->rows, TASK_TRAIN, loss));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        if (t->g[i] >= 0) {
            sum[t->g[i]] += loss[i];
            size[t->g[i]]++;
        }
    for (int g = 0; g < 8; g++)
        top = size[g] > 0 ? fmax(top, sum[g] / size[g] + c / sqrt(size[g])) : top;
    for (int64_t j = 0; j < t->n_params; j++)
        square += theta[j] * theta[j];
    return top + l2 / 2 * square;
}

static void regroup(grasp_context *ctx, task *t, const int64_t *label)
{
    memcpy(t->g, label, sizeof t->g);
    grasp_groups_free(t->groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t->g, TASK_ROWS, &t->groups));
}

/* ---- the optimum ------------------------------------------------------------------------------------------------- */

typedef struct line {
    int64_t n, y[40], g[40];
    double x[40], l2;
} line;

static double value_at(const line *d, double w, double b)
{
    double sum[3] = {0}, size[3] = {0};
    for (int64_t i = 0; i < d->n; i++) {
        double margin = (d->y[i] ? 1 : -1) * (w * d->x[i] + b);
        sum[d->g[i]] += margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
        size[d->g[i]]++;
    }
    return fmax(sum[0] / size[0], fmax(sum[1] / size[1], sum[2] / size[2])) + d->l2 / 2 * (w * w + b * b);
}

static double best_bias(const line *d, double w)
{
    const double ratio = (sqrt(5) - 1) / 2;
    double lo = -60, hi = 60;
    for (int k = 0; k < 90; k++) {
        double left = hi - ratio * (hi - lo), right = lo + ratio * (hi - lo);
        *(value_at(d, w, left) < value_at(d, w, right) ? &hi : &lo) =
            value_at(d, w, left) < value_at(d, w, right) ? right : left;
    }
    return value_at(d, w, lo);
}

static double search(const line *d)
{
    const double ratio = (sqrt(5) - 1) / 2;
    double lo = -60, hi = 60;
    for (int k = 0; k < 90; k++) {
        double left = hi - ratio * (hi - lo), right = lo + ratio * (hi - lo);
        *(best_bias(d, left) < best_bias(d, right) ? &hi : &lo) =
            best_bias(d, left) < best_bias(d, right) ? right : left;
    }
    return best_bias(d, lo);
}

START_TEST(its_optimum_is_that_of_a_nested_search)
{
    grasp_context *ctx = test_context();
    for (int64_t k = 0; k < trials(6); k++) {
        line d = {.n = 40, .l2 = k % 2 ? 0.1 : 0.01};
        grasp__rng rng = test_rng((uint64_t)k);
        for (int64_t i = 0; i < d.n; i++) {
            random_normals(&rng, &d.x[i], 1);
            d.g[i] = i % 5 == 0 ? 2 : i % 2;
            d.y[i] = (d.g[i] == 2 ? -d.x[i] : d.x[i]) + grasp__rng_uniform(&rng) > 0.3;
        }
        grasp_matrix *x;
        grasp_model *model;
        grasp_groups *groups;
        grasp_params *params;
        grasp_report *report;
        double gap, found, bound, theta[2];
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, d.n, 1, 1, d.x, NULL, NULL, &x));
        ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 1, &model));
        ASSERT_OK(ctx, grasp_model_bind(ctx, model, x, d.y, d.n));
        ASSERT_OK(ctx, grasp_groups_create(ctx, d.g, d.n, &groups));
        ASSERT_OK(ctx, grasp_params_create(ctx, "gdro_certified", &params));
        ASSERT_OK(ctx, grasp_params_set_f64(ctx, params, GRASP_KEY_L2, d.l2));
        ASSERT_OK(ctx, grasp_train(ctx, "gdro_certified", model, groups, NULL, d.n, NULL, 0, params, &report));
        ASSERT_OK(ctx, grasp_report_value(ctx, report, "gap", &gap));
        ASSERT_OK(ctx, grasp_report_value(ctx, report, "objective", &found));
        ASSERT_OK(ctx, grasp_report_value(ctx, report, "bound", &bound));
        ASSERT_OK(ctx, grasp_model_get_params(ctx, model, theta, 2));
        double brute = search(&d);
        ck_assert(gap <= 1e-8 && gap >= 0);
        ck_assert_double_eq_tol(value_at(&d, theta[0], theta[1]), found, 1e-13);
        ck_assert_msg(found <= brute + 1e-8, "%.17g, by search %.17g", found, brute);
        ck_assert_msg(bound <= brute + 1e-12, "bound %.17g, by search %.17g", bound, brute);
        grasp_report_free(report);
        grasp_params_free(params);
        grasp_groups_free(groups);
        grasp_model_free(model);
        grasp_matrix_free(x);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(no_point_is_below_its_bound)
{
    grasp_context *ctx = test_context();
    for (int64_t k = 0; k < trials(12); k++) {
        task t;
        grasp__rng rng = test_rng((uint64_t)(70 + k));
        int64_t label[TASK_ROWS], kinds = 1 + k % 6;
        double l2 = pow(10, -1 - (double)(k % 4)), c = k % 3 == 2 ? 0.5 : 0, theta[TASK_MOST], series[512];
        char text[96];
        ASSERT_OK(ctx, task_open(ctx, &t, k % 2 ? 's' : 'l'));
        for (int64_t i = 0; i < TASK_ROWS; i++) /* some groups have no row, some rows no group */
            label[i] = k % 5 == 4 && i % 9 == 0 ? GRASP_NOISE : grasp__rng_below(&rng, kinds) + (k % 4 == 3);
        regroup(ctx, &t, label);
        snprintf(text, sizeof text, "l2=%.17g;adjustment=%g", l2, c);
        ASSERT_OK(ctx, task_train(ctx, &t, "gdro_certified", true, text));
        task_params(ctx, &t, theta);
        double bound = task_value(ctx, &t, "bound"), least = task_value(ctx, &t, "objective");
        ck_assert(task_value(ctx, &t, "converged") == 1 && task_value(ctx, &t, "gap") <= 1e-8);
        ck_assert_double_eq_tol(objective(ctx, &t, theta, l2, c), least, 1e-12);
        int64_t length = grasp_report_length(t.report, "gap_history");
        ck_assert(length == (int64_t)task_value(ctx, &t, "epochs") + 1 && length <= 60);
        ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "gap_history", series, length));
        for (int64_t i = 1; i < length; i++)
            ck_assert(series[i] <= series[i - 1]);
        for (int trial = 0; trial < 300; trial++) {
            double near[TASK_MOST] = {0}, away[TASK_MOST], reach = pow(10, -5 * grasp__rng_uniform(&rng));
            random_normals(&rng, away, t.n_params);
            for (int64_t j = 0; j < t.n_params; j++)
                near[j] = theta[j] + reach * away[j];
            ck_assert(objective(ctx, &t, near, l2, c) >= bound);
        }
        double weights = 0;
        for (int64_t g = 0; g < kinds + 1; g++) {
            double q = 0;
            snprintf(text, sizeof text, "group.weight.%d", (int)g);
            if (grasp_report_length(t.report, text) != 1)
                continue;
            ASSERT_OK(ctx, grasp_report_series(ctx, t.report, text, &q, 1));
            weights += q;
        }
        ck_assert_double_eq_tol(weights, 1, 1e-12);
        task_free(&t);
    }
    grasp_context_free(ctx);
}
END_TEST

/* ---- limits ------------------------------------------------------------------------------------------------------ */

START_TEST(one_group_is_erm_and_weights_are_repeats)
{
    grasp_context *ctx = test_context();
    task t;
    int64_t one[TASK_ROWS] = {0};
    double theta[TASK_MOST], h = 1e-5, weight[TASK_ROWS], weighted[TASK_MOST];
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    regroup(ctx, &t, one);
    ASSERT_OK(ctx, task_train(ctx, &t, "gdro_certified", true, "l2=0.01;gap=1e-13"));
    task_params(ctx, &t, theta);
    for (int64_t j = 0; j < t.n_params; j++) { /* the mean loss with all parameters penalised is stationary */
        double up[TASK_MOST], down[TASK_MOST];
        memcpy(up, theta, sizeof up);
        memcpy(down, theta, sizeof down);
        up[j] += h;
        down[j] -= h;
        ck_assert_double_eq_tol((objective(ctx, &t, up, 0.01, 0) - objective(ctx, &t, down, 0.01, 0)) / (2 * h), 0,
                                1e-7);
    }
    /* A row of weight 2 is a row twice. */
    int64_t twice[2 * TASK_TRAIN], n = 0;
    for (int64_t i = 0; i < TASK_ROWS; i++) {
        weight[i] = 1 + (double)(i % 3 == 0);
        one[i] = i % 7 == 0;
        for (int k = 0; i < TASK_TRAIN && k <= (i % 3 == 0); k++)
            twice[n++] = i;
    }
    regroup(ctx, &t, one);
    grasp_params *params;
    ASSERT_OK(ctx, grasp_params_create(ctx, "gdro_certified", &params));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, t.first, t.n_params));
    ASSERT_OK(ctx, grasp_train(ctx, "gdro_certified", t.model, t.groups, twice, n, NULL, 0, params, NULL));
    task_params(ctx, &t, theta);
    ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, t.model, weight, TASK_ROWS));
    ASSERT_OK(ctx, task_train(ctx, &t, "gdro_certified", true, NULL));
    task_params(ctx, &t, weighted);
    for (int64_t j = 0; j < t.n_params; j++)
        ck_assert_double_eq_tol(theta[j], weighted[j], 1e-5);
    grasp_params_free(params);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(the_stochastic_solver_comes_near_and_is_told_how_near)
{
    static const char small[] =
        "optimizer=sgd;momentum=0;weight_decay=0.02;batch=1000;select_epoch=last;certificate=1;";
    grasp_context *ctx = test_context();
    task t;
    double gap[3], theta[TASK_MOST], least;
    char text[160];
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_OK(ctx, task_train(ctx, &t, "gdro_certified", true, "l2=0.02"));
    least = task_value(ctx, &t, "objective");
    for (int k = 0; k < 3; k++) {
        snprintf(text, sizeof text, "%srate=0.1;step=0.05;epochs=%d", small, k == 0 ? 0 : k == 1 ? 30 : 4000);
        ASSERT_OK(ctx, task_train(ctx, &t, "gdro", true, text));
        task_params(ctx, &t, theta);
        gap[k] = task_value(ctx, &t, "gap");
        double here = objective(ctx, &t, theta, 0.02, 0);
        ck_assert_double_eq_tol(task_value(ctx, &t, "objective"), here, 1e-12);
        ck_assert_double_eq_tol(gap[k], here - least, 1e-7);
        double plain[TASK_MOST]; /* what was trained stays */
        strcat(text, ";certificate=0");
        ASSERT_OK(ctx, task_train(ctx, &t, "gdro", true, text));
        task_params(ctx, &t, plain);
        ck_assert(memcmp(plain, theta, sizeof plain) == 0);
        double missing;
        ASSERT_STATUS(ctx, grasp_report_value(ctx, t.report, "gap", &missing), GRASP_E_ARG, "gap");
    }
    ck_assert(gap[0] > gap[1] && gap[1] > gap[2] && gap[2] < 1e-3);
    ASSERT_STATUS(ctx, task_train(ctx, &t, "gdro", true, "certificate=1"), GRASP_E_PARAM, "weight_decay\" has 0");
    task_free(&t);
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    ASSERT_STATUS(ctx, task_train(ctx, &t, "gdro", true, "certificate=1;weight_decay=1"), GRASP_E_UNSUPPORTED,
                  "certificate=1 needs a convex loss");
    ASSERT_STATUS(ctx, task_train(ctx, &t, "gdro_certified", true, NULL), GRASP_E_UNSUPPORTED, "convex");
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(edges)
{
    grasp_context *ctx = test_context();
    task t;
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_STATUS(ctx, task_train(ctx, &t, "gdro_certified", true, "l2=0"), GRASP_E_PARAM, "there is no bound");
    ck_assert_int_eq(task_train(ctx, &t, "gdro_certified", true, "iterations=2"), GRASP_NOT_CONVERGED);
    ck_assert(task_value(ctx, &t, "epochs") == 2 && task_value(ctx, &t, "converged") == 0);
    ck_assert(task_value(ctx, &t, "gap") > 1e-8);
    ck_assert_int_eq(task_train(ctx, &t, "gdro_certified", true, "iterations=0"), GRASP_NOT_CONVERGED);
    int64_t noise[TASK_ROWS];
    for (int64_t i = 0; i < TASK_ROWS; i++)
        noise[i] = GRASP_NOISE;
    regroup(ctx, &t, noise);
    ASSERT_STATUS(ctx, task_train(ctx, &t, "gdro_certified", true, NULL), GRASP_E_EMPTY, "noise");
    for (int64_t i = 0; i < TASK_ROWS; i++) /* each row its own group: the largest loss */
        noise[i] = i;
    regroup(ctx, &t, noise);
    ASSERT_OK(ctx, task_train(ctx, &t, "gdro_certified", true, "l2=0.1"));
    ck_assert(task_value(ctx, &t, "gap") <= 1e-8);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_train_certified_suite(void);
Suite *check_train_certified_suite(void)
{
    Suite *suite = suite_create("train_certified");
    TCase *c = tcase_create("certified");
    tcase_add_test(c, its_optimum_is_that_of_a_nested_search);
    tcase_add_test(c, no_point_is_below_its_bound);
    tcase_add_test(c, one_group_is_erm_and_weights_are_repeats);
    tcase_add_test(c, the_stochastic_solver_comes_near_and_is_told_how_near);
    tcase_add_test(c, edges);
    suite_add_tcase(suite, c);
    return suite;
}
