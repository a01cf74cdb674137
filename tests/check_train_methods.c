/* SPDX-License-Identifier: BSD-3-Clause
 * Training by name: every method does what its own call does, selects by what it is given, and ends well when memory
 * fails, when it is cancelled, and at any number of threads.
 */
#include "support_train.h"

#include "grasp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_name_is_the_call_of_that_name)
{
    grasp_context *ctx = test_context();
    task t;
    double by_name[TASK_MOST], by_call[TASK_MOST];
    for (int k = 0; k < 4; k++) {
        ASSERT_OK(ctx, task_open(ctx, &t, k & 2 ? 'm' : 'l'));
        ASSERT_OK(ctx, task_train(ctx, &t, k & 1 ? "gdro" : "erm", k & 1, NULL));
        task_params(ctx, &t, by_name);
        ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, t.first, t.n_params));
        if (k & 1)
            ASSERT_OK(ctx, grasp_train_gdro(ctx, t.model, t.groups, t.rows, TASK_TRAIN, t.rows + TASK_TRAIN, t.n_val,
                                            NULL, NULL));
        else
            ASSERT_OK(ctx, grasp_train_erm(ctx, t.model, t.rows, TASK_TRAIN, t.rows + TASK_TRAIN, t.n_val, NULL, NULL));
        task_params(ctx, &t, by_call);
        ck_assert(memcmp(by_name, by_call, sizeof by_name) == 0);
        task_free(&t);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Accuracy of the worst group in rows lo..hi-1, by the model's predictions alone. */
static double worst(grasp_context *ctx, const task *t, int64_t lo, int64_t hi)
{
    int64_t label[TASK_ROWS], right[2] = {0}, size[2] = {0};
    ASSERT_OK(ctx, grasp_model_predict_rows(ctx, t->model, t->rows + lo, hi - lo, label));
    for (int64_t i = lo; i < hi; i++) {
        size[t->g[i]]++;
        right[t->g[i]] += label[i - lo] == t->y[i];
    }
    return fmin((double)right[0] / (double)size[0], (double)right[1] / (double)size[1]);
}

START_TEST(groups_select_where_they_do_not_train)
{
    grasp_context *ctx = test_context();
    task t;
    for (int val = 0; val < 2; val++) {
        ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
        t.n_val = val ? t.n_val : 0;
        ASSERT_OK(ctx, task_train(ctx, &t, "erm", true, "epochs=30;batch=16;rate=0.0001,0.01,0.05"));
        double best = task_value(ctx, &t, "candidate.best"), score[3];
        double now = worst(ctx, &t, val ? TASK_TRAIN : 0, val ? TASK_ROWS : TASK_TRAIN);
        ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "candidate.score", score, 3));
        ck_assert(score[(int)best] == now);
        ck_assert(val ? task_value(ctx, &t, "best_val_worst") == now : isnan(task_value(ctx, &t, "best_val_worst")));
        for (int k = 0; k < 3; k++)
            ck_assert(score[k] <= now);
        ck_assert_int_eq(grasp_report_length(t.report, "val_accuracy"), -1);
        task_free(&t);
    }
    /* Noise alone is no group: the training rows choose. */
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    for (int64_t i = TASK_TRAIN; i < TASK_ROWS; i++)
        t.g[i] = GRASP_NOISE;
    grasp_groups_free(t.groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS, &t.groups));
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", true, "epochs=3"));
    const char *by;
    ASSERT_OK(ctx, grasp_report_text(ctx, t.report, "chosen_by", &by));
    ck_assert_str_eq(by, "train");
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(greedy_takes_the_worst_groups_whole)
{
    static const char one_batch[] = "epochs=6;batch=200;shuffle=0;rate=0.05;weight_decay=0;select_epoch=last;";
    static const double alpha[] = {0.05, 0.4, 1};
    grasp_context *ctx = test_context();
    task t;
    double erm[TASK_MOST], theta[TASK_MOST], loss[2][6], weight[2][6], running[2] = {0}, share[2] = {0};
    char text[200];
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        share[t.g[i]] += 1. / TASK_TRAIN;
    for (int k = 0; k < 3; k++) {
        snprintf(text, sizeof text, "%svariant=greedy;gamma=0.25;alpha=%g", one_batch, alpha[k]);
        ASSERT_OK(ctx, task_train(ctx, &t, "gdro", true, text));
        for (int g = 0; g < 2; g++) {
            snprintf(text, sizeof text, "group.loss.%d", g);
            ASSERT_OK(ctx, grasp_report_series(ctx, t.report, text, loss[g], 6));
            snprintf(text, sizeof text, "group.weight.%d", g);
            ASSERT_OK(ctx, grasp_report_series(ctx, t.report, text, weight[g], 6));
        }
        for (int e = 0; e < 6; e++) {
            for (int g = 0; g < 2; g++)
                running[g] = e ? 0.75 * running[g] + 0.25 * loss[g][e] : loss[g][e];
            int worst = running[1] > running[0];
            double first = fmin(share[worst], alpha[k]) / alpha[k];
            ck_assert_double_eq_tol(weight[worst][e], first, 1e-12);
            ck_assert_double_eq_tol(weight[!worst][e], 1 - first, 1e-12);
        }
        ck_assert(task_value(ctx, &t, "alpha") == alpha[k]);
    }
    task_params(ctx, &t, theta); /* the whole data set is the worst share of 1 */
    snprintf(text, sizeof text, "%soptimizer=adam", one_batch);
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, text));
    task_params(ctx, &t, erm);
    for (int64_t j = 0; j < t.n_params; j++)
        ck_assert_double_eq_tol(theta[j], erm[j], 1e-9);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(arguments_are_checked)
{
    grasp_context *ctx = test_context();
    grasp_report *report;
    grasp_params *params;
    grasp_groups *few;
    task t;
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_STATUS(ctx, grasp_train(ctx, NULL, t.model, NULL, NULL, TASK_ROWS, NULL, 0, NULL, &report), GRASP_E_ARG,
                  "grasp_train: method");
    ASSERT_STATUS(ctx, grasp_train(ctx, "gdor", t.model, NULL, NULL, TASK_ROWS, NULL, 0, NULL, &report), GRASP_E_ARG,
                  "the nearest is \"gdro\"");
    ck_assert_ptr_null(report);
    ASSERT_STATUS(ctx, grasp_train(ctx, "gdro", t.model, NULL, NULL, TASK_ROWS, NULL, 0, NULL, NULL), GRASP_E_ARG,
                  "groups is NULL, but \"gdro\" trains on groups");
    ASSERT_OK(ctx, grasp_params_create(ctx, "erm", &params));
    ASSERT_STATUS(ctx, grasp_train(ctx, "gdro", t.model, t.groups, NULL, TASK_ROWS, NULL, 0, params, NULL),
                  GRASP_E_PARAM, "erm");
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS - 1, &few));
    ASSERT_STATUS(ctx, grasp_train(ctx, "erm", t.model, few, NULL, TASK_ROWS, NULL, 0, params, NULL), GRASP_E_DIM,
                  "samples of groups");
    ASSERT_STATUS(ctx, grasp_train(ctx, "erm", NULL, NULL, NULL, TASK_ROWS, NULL, 0, params, NULL), GRASP_E_ARG,
                  "model");
    ck_assert_int_eq(grasp_train(NULL, "erm", t.model, NULL, NULL, TASK_ROWS, NULL, 0, NULL, NULL), GRASP_E_ARG);
    grasp_groups_free(few);
    grasp_params_free(params);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

/* ---- memory, cancelling, threads --------------------------------------------------------------------------------- */

static const struct {
    const char *method, *text;
    char kind;
    bool groups;
} way[] = {
    {"erm", "epochs=2;batch=32", 'm', true},
    {"erm", NULL, 's', true},
    {"gdro", "epochs=2;batch=32;weight_decay=0;step=0.1", 'm', true},
    {"gdro", "epochs=2;batch=32;weight_decay=0;variant=greedy", 'm', true},
    {"cvar", "epochs=2;batch=32", 'm', false},
    {"doro", "epochs=2;batch=32;rate=0.01;alpha=0.1,0.3", 'm', true},
    {"chi2", "epochs=2;batch=32", 'c', false},
    {"chi2_doro", "epochs=2;batch=32", 'm', false},
    {"tilted", "epochs=2;batch=32", 'm', false},
    {"tilted", "tilt=1,2", 'l', true},
    {"gdro_certified", NULL, 'l', true},
    {"gdro_certified", "l2=0.001", 's', true},
    {"gdro", "epochs=2;batch=32;weight_decay=0.1;step=0.1;certificate=1", 'l', true},
    {"importance", "epochs=2;batch=32", 'm', true},
    {"importance", "variant=sqrt", 's', true},
    {"rwg", "epochs=2;batch=32", 'm', true},
    {"rwy", "epochs=2;batch=32", 'm', false},
    {"subg", "epochs=2;batch=32", 'm', true},
    {"suby", NULL, 's', false},
    {"jtt", "epochs=2;batch=32", 'm', false},
    {"jtt", NULL, 'l', true},
    {"afr", "gamma=0,4", 'm', false},
    {"afr", "balanced=1", 'c', true},
    {"dfr", "repeats=2", 'm', true},
    {"dfr", "l1=0;repeats=1", 's', true},
};

typedef struct run {
    int way;
    double theta[TASK_MOST];
} run;

static grasp_status train_scenario(grasp_context *ctx, void *arg)
{
    run *r = arg;
    task t;
    grasp_status s = task_open(ctx, &t, way[r->way].kind);
    if (s == GRASP_OK) {
        s = task_train(ctx, &t, way[r->way].method, way[r->way].groups, way[r->way].text);
        ck_assert((t.report != NULL) == (s >= GRASP_OK));
        grasp_status asked = grasp_model_get_params(ctx, t.model, r->theta, t.n_params);
        for (int64_t j = 0; asked == GRASP_OK && j < t.n_params; j++)
            ck_assert(s < GRASP_OK ? r->theta[j] == t.first[j] : isfinite(r->theta[j]));
    }
    task_free(&t);
    return s;
}

START_TEST(every_failing_allocation_is_told)
{
    run r = {.way = _i};
    for_each_failing_allocation(train_scenario, &r);
}
END_TEST

START_TEST(every_cancel_keeps_what_there_is)
{
    run r = {.way = _i};
    ck_assert_int_gt(for_each_cancel(train_scenario, &r), 1);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run r = {.way = _i};
    for_each_thread_count(train_scenario, &r, GRASP_OK, r.theta, sizeof r.theta);
}
END_TEST

Suite *check_train_methods_suite(void);
Suite *check_train_methods_suite(void)
{
    Suite *suite = suite_create("train_methods");
    TCase *c = tcase_create("methods");
    tcase_add_test(c, a_name_is_the_call_of_that_name);
    tcase_add_test(c, groups_select_where_they_do_not_train);
    tcase_add_test(c, greedy_takes_the_worst_groups_whole);
    tcase_add_test(c, arguments_are_checked);
    tcase_add_loop_test(c, every_failing_allocation_is_told, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, every_cancel_keeps_what_there_is, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, threads_do_not_matter, 0, sizeof way / sizeof *way);
    suite_add_tcase(suite, c);
    return suite;
}
