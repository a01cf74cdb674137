/* SPDX-License-Identifier: BSD-3-Clause
 * Where no split is found: raked weights make the classes alike in every column that they can; a model levelled by them
 * gains where a shortcut stayed hidden, costs next to nothing where there is none, and nothing at an allowance of 0.
 */
#include "support.h"

#include "grasp.h"
#include "infer/refit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { D = 12 };

/* Two classes, a quarter of class 1, core apart in column 0; an attribute, of as many samples the class's as `aligned`
 * says, moves column 1 by +-shortcut. */
typedef struct made {
    int64_t n;
    double *x;
    int64_t *y, *a;
} made;

static made make_set(uint64_t item, int64_t n, double core, double shortcut, double aligned)
{
    made s = {.n = n, .x = calloc((size_t)(n * D), sizeof *s.x), .y = calloc((size_t)n, sizeof *s.y),
              .a = calloc((size_t)n, sizeof *s.a)};
    grasp__rng rng = test_rng(item);
    ck_assert(s.x && s.y && s.a);
    for (int64_t i = 0; i < n; i++) {
        double *x = s.x + i * D;
        s.y[i] = grasp__rng_below(&rng, 4) == 0;
        s.a[i] = grasp__rng_uniform(&rng) < aligned ? s.y[i] : 1 - s.y[i];
        random_normals(&rng, x, D);
        x[0] += core * (double)(2 * s.y[i] - 1);
        x[1] += shortcut * (double)(2 * s.a[i] - 1);
        for (int64_t j = 0; j < D; j++) /* units are not the library's */
            x[j] = (j % 2 ? 20 : 0.1) * x[j] - 3;
    }
    return s;
}

static void free_set(made *s)
{
    free(s->x), free(s->y), free(s->a);
}

static grasp_status fit(grasp_context *ctx, const made *s, const char *text, grasp_model **m, grasp_report **report)
{
    grasp_matrix *x = NULL;
    grasp_params *params = NULL;
    grasp_inference *inference = NULL;
    int64_t *rows = calloc((size_t)s->n, sizeof *rows);
    grasp_status status = grasp_matrix_wrap(ctx, GRASP_F64, s->n, D, D, s->x, NULL, NULL, &x);
    for (int64_t i = 0; i < s->n; i++)
        rows[i] = i;
    *m = NULL;
    if (status == GRASP_OK)
        status = grasp_model_create_logistic(ctx, D, m);
    if (status == GRASP_OK)
        status = grasp_model_bind(ctx, *m, x, s->y, s->n);
    if (status == GRASP_OK)
        status = grasp_params_create(ctx, "fit", &params);
    if (status == GRASP_OK)
        status = grasp_params_parse(ctx, params, text);
    if (status == GRASP_OK)
        status = grasp_fit(ctx, *m, NULL, rows, s->n, NULL, 0, params, &inference, report);
    grasp_inference_free(inference);
    grasp_params_free(params);
    grasp_matrix_free(x);
    free(rows);
    return status;
}

/* Accuracy of each class and attribute on samples that nobody has seen. */
static void judge(grasp_context *ctx, grasp_model *m, const made *s, double *worst, double *mean)
{
    grasp_matrix *x;
    int64_t *label = calloc((size_t)s->n, sizeof *label);
    double right[4] = {0}, size[4] = {0};
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, s->n, D, D, s->x, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_model_predict(ctx, m, x, label, s->n));
    *worst = 1;
    *mean = 0;
    for (int64_t i = 0; i < s->n; i++) {
        right[2 * s->y[i] + s->a[i]] += label[i] == s->y[i];
        size[2 * s->y[i] + s->a[i]]++;
        *mean += (double)(label[i] == s->y[i]) / (double)s->n;
    }
    for (int g = 0; g < 4; g++)
        *worst = fmin(*worst, right[g] / size[g]);
    grasp_matrix_free(x);
    free(label);
}

typedef struct outcome {
    double worst, mean, strength;
    char method[32];
} outcome;

static outcome fitted(const made *train, const made *test, const char *text)
{
    grasp_context *ctx = test_context();
    grasp_model *m;
    grasp_report *report;
    const char *method;
    double accepted;
    outcome o = {.strength = 0};
    ASSERT_OK(ctx, fit(ctx, train, text, &m, &report));
    ASSERT_OK(ctx, grasp_report_value(ctx, report, "infer.pair.0.accepted", &accepted));
    ck_assert_msg(accepted == 0, "there is a split");
    ASSERT_OK(ctx, grasp_report_text(ctx, report, "final.method", &method));
    snprintf(o.method, sizeof o.method, "%s", method);
    if (strcmp(method, "levelled") == 0)
        ASSERT_OK(ctx, grasp_report_value(ctx, report, "final.strength", &o.strength));
    judge(ctx, m, test, &o.worst, &o.mean);
    grasp_report_free(report);
    grasp_model_free(m);
    grasp_context_free(ctx);
    return o;
}

/* ---- what it does ------------------------------------------------------------------------------------------------ */

/* A shortcut too weak to be told from errors. */
START_TEST(a_hidden_minority_gains)
{
    made train = make_set(50 + (uint64_t)_i, 4000, 0.7, 1, 0.9), test = make_set(60, 8000, 0.7, 1, 0.5);
    outcome plain = fitted(&train, &test, "allowance=0"), levelled = fitted(&train, &test, "");
    outcome dear = fitted(&train, &test, "allowance=0.2");
    ck_assert_str_ne(plain.method, "levelled");
    ck_assert_str_eq(levelled.method, "levelled");
    ck_assert_msg(levelled.worst > plain.worst + 0.02, "%g without, %g with", plain.worst, levelled.worst);
    ck_assert_double_ge(dear.strength, levelled.strength); /* what may cost more may do more */
    ck_assert_double_gt(dear.worst, levelled.worst - 0.005);
    free_set(&train);
    free_set(&test);
}
END_TEST

START_TEST(without_a_minority_little_is_paid)
{
    made train = make_set(70 + (uint64_t)_i, 2000, 1, 0, 0.5), test = make_set(80, 20000, 1, 0, 0.5);
    outcome plain = fitted(&train, &test, "allowance=0"), levelled = fitted(&train, &test, "");
    ck_assert_str_eq(plain.method, "balanced");
    ck_assert_msg(levelled.mean > plain.mean - 0.01, "%g without, %g with", plain.mean, levelled.mean);
    ck_assert_msg(levelled.worst > plain.worst - 0.015, "%g without, %g with", plain.worst, levelled.worst);
    free_set(&train);
    free_set(&test);
}
END_TEST

/* The share of each class's weight above a column's mean is the same in all of them; columns with too few samples on
 * one side are let be; what is lost to the bounds is made up for, class by class. */
START_TEST(raked_classes_are_alike)
{
    enum { N = 3000, COLUMNS = 3, CLASSES = 4 };
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(90);
    static double x[N * COLUMNS], base[N], loss[N], lean[N], weight[N];
    static int64_t y[N];
    double above[CLASSES][COLUMNS] = {{0}}, sum[CLASSES] = {0};
    for (int64_t i = 0; i < N; i++) {
        y[i] = grasp__rng_below(&rng, CLASSES - 1); /* nobody is of the last class */
        x[i * COLUMNS] = grasp__rng_normal(&rng) + 0.5 * (double)(y[i] - 1);
        x[i * COLUMNS + 1] = grasp__rng_uniform(&rng) < 0.3 + 0.2 * (double)y[i] ? 1 : -1;
        x[i * COLUMNS + 2] = grasp__rng_uniform(&rng) < 0.01 ? 1 : -1;
        base[i] = 1 + (double)y[i];
        loss[i] = grasp__rng_uniform(&rng) < 0.1 ? 100 : 0;
    }
    grasp__level l = {.x = x, .stride = COLUMNS, .n = N, .d = COLUMNS, .n_classes = CLASSES, .y = y, .base = base,
                      .loss = loss};
    ASSERT_OK(ctx, grasp__level_open(ctx, &l, lean));
    for (int64_t i = 0; i < N; i++) {
        double raked = exp(2 * (lean[i] - (loss[i] > 0 ? 5 : 0))) * base[i];
        sum[y[i]] += raked;
        for (int j = 0; j < COLUMNS; j++)
            above[y[i]][j] += x[i * COLUMNS + j] > 0 ? raked : 0;
    }
    for (int c = 1; c < CLASSES - 1; c++)
        for (int j = 0; j < 2; j++)
            ck_assert_double_eq_tol(above[c][j] / sum[c], above[0][j] / sum[0], 1e-6);
    ASSERT_OK(ctx, grasp__level_weights(ctx, &l, lean, 0.5, weight));
    double before[CLASSES] = {0}, after[CLASSES] = {0};
    for (int64_t i = 0; i < N; i++) {
        before[y[i]] += base[i];
        after[y[i]] += weight[i];
        if (i > 0 && y[i] == y[0])
            ck_assert_double_eq_tol(log(weight[i] / weight[0]), (lean[i] - lean[0]) / 2, 1e-9);
    }
    for (int c = 0; c < CLASSES - 1; c++)
        ck_assert_double_eq_tol(after[c], before[c], 1e-9 * before[c]);
    grasp_context_free(ctx);
}
END_TEST

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

typedef struct trial {
    made train;
    double theta[D + 1];
} trial;

/* The final model alone. */
static grasp_status refit(grasp_context *ctx, void *arg)
{
    trial *t = arg;
    const made *train = &t->train;
    grasp_matrix *x = NULL;
    grasp_model *m = NULL;
    grasp_report *report = NULL;
    const char *method;
    int64_t *rows = calloc((size_t)train->n, sizeof *rows);
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, train->n, D, D, train->x, NULL, NULL, &x);
    for (int64_t i = 0; i < train->n; i++)
        rows[i] = i;
    if (s == GRASP_OK)
        s = grasp_model_create_logistic(ctx, D, &m);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, m, x, train->y, train->n);
    if (s == GRASP_OK)
        s = grasp__refit(ctx, &(grasp__refit_task){.model = m, .rows = rows, .group = train->y, .n = train->n,
                                                   .n_groups = 2, .trained = true, .allowance = 0.05}, &report);
    if (s == GRASP_OK)
        s = grasp_report_text(ctx, report, "method", &method);
    if (s == GRASP_OK)
        ck_assert_str_eq(method, "levelled");
    if (s == GRASP_OK)
        s = grasp_model_get_params(ctx, m, t->theta, D + 1);
    grasp_report_free(report);
    grasp_model_free(m);
    grasp_matrix_free(x);
    free(rows);
    return s;
}

START_TEST(no_memory_is_told)
{
    trial t = {.train = make_set(51, 300, 0.7, 1, 0.9)};
    for_each_failing_allocation(refit, &t);
    free_set(&t.train);
}
END_TEST

START_TEST(cancel_is_obeyed)
{
    trial t = {.train = make_set(51, 300, 0.7, 1, 0.9)};
    ck_assert_int_gt(for_each_cancel(refit, &t), 5);
    free_set(&t.train);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    trial t = {.train = make_set(51, 300, 0.7, 1, 0.9)};
    for_each_thread_count(refit, &t, GRASP_OK, t.theta, sizeof t.theta);
    free_set(&t.train);
}
END_TEST

Suite *check_infer_level_suite(void);
Suite *check_infer_level_suite(void)
{
    Suite *suite = suite_create("infer_level");
    TCase *t = tcase_create("infer_level");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_hidden_minority_gains, 0, 3);
    tcase_add_loop_test(t, without_a_minority_little_is_paid, 0, 3);
    tcase_add_test(t, raked_classes_are_alike);
    tcase_add_test(t, no_memory_is_told);
    tcase_add_test(t, cancel_is_obeyed);
    tcase_add_test(t, threads_do_not_matter);
    suite_add_tcase(suite, t);
    return suite;
}
