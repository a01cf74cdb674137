/* SPDX-License-Identifier: BSD-3-Clause
 * Rows that count by group or class: weights and draws against their definitions, what they come to against plain
 * training of the same objective, and Just Train Twice.
 */
#include "support_train.h"

#include "support_toy.h"
#include "groups/groups.h"
#include "train/train_private.h"
#include "grasp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void series(grasp_context *ctx, const task *t, const char *name, double *v, int64_t n)
{
    ck_assert_int_eq(grasp_report_length(t->report, name), n);
    ASSERT_OK(ctx, grasp_report_series(ctx, t->report, name, v, n));
}

static void check_near(const double *a, const double *b, int64_t n, double tolerance)
{
    for (int64_t j = 0; j < n; j++)
        ck_assert_double_eq_tol(a[j], b[j], tolerance);
}

START_TEST(importance_weights_sum_to_the_groups)
{
    grasp_context *ctx = test_context();
    for (int64_t k = 0; k < trials(100); k++) {
        grasp__rng rng = test_rng((uint64_t)k);
        enum { N = 60, G = 7 };
        int64_t label[N], rows[N], size[G] = {0}, present = 0;
        double weight[G], sum = 0, mass = 0;
        grasp_groups *g;
        for (int64_t i = 0; i < N; i++) {
            rows[i] = i;
            label[i] = i == 0 ? G - 1 : 2 * grasp__rng_below(&rng, 4); /* some groups have no row */
            size[label[i]]++;
        }
        for (int j = 0; j < G; j++)
            present += size[j] > 0;
        ASSERT_OK(ctx, grasp_groups_create(ctx, label, N, &g));
        grasp__importance(g, rows, N, NULL, k & 1, weight);
        for (int j = 0; j < G; j++) {
            double power = k & 1 ? 0.5 : 1;
            ck_assert((weight[j] > 0) == (size[j] > 0));
            if (size[j] > 0)
                ck_assert_double_eq_tol(weight[j] * pow((double)size[j], power),
                                        weight[G - 1] * pow((double)size[G - 1], power), 1e-12);
            sum += weight[j];
            mass += weight[j] * (double)size[j];
        }
        ck_assert_double_eq_tol(sum, (double)present, 1e-12);
        if (!(k & 1)) /* each group has the same mass */
            ck_assert_double_eq_tol(mass, (double)(present * size[G - 1]) * weight[G - 1], 1e-9);
        grasp_groups_free(g);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(importance_at_full_batch_is_the_mean_of_the_groups)
{
    grasp_context *ctx = test_context();
    task t;
    double theta[TASK_MOST], same[TASK_MOST], weight[TASK_ROWS], of_group[2];
    int64_t size[2] = {0};
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        size[t.g[i]]++;
    for (int variant = 0; variant < 2; variant++) {
        ASSERT_OK(ctx, task_train(ctx, &t, "importance", true, variant ? "l2=0.01;variant=sqrt" : "l2=0.01"));
        task_params(ctx, &t, theta);
        series(ctx, &t, "importance", of_group, 2);
        ck_assert_double_eq_tol(of_group[0] + of_group[1], 2, 1e-12);
        for (int64_t i = 0; i < TASK_ROWS; i++)
            weight[i] = pow((double)size[t.g[i]], variant ? -0.5 : -1);
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, t.model, weight, TASK_ROWS));
        ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, "l2=0.01"));
        task_params(ctx, &t, same);
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, t.model, NULL, TASK_ROWS));
        check_near(theta, same, t.n_params, 1e-7);
    }
    /* One step over all rows: minus the rate times the gradient of mean w_g loss. */
    double loss[TASK_TRAIN], grad[TASK_MOST] = {0};
    ASSERT_OK(ctx, task_train(ctx, &t, "importance", true,
                              "optimizer=sgd;epochs=1;batch=1000;rate=0.5;select_epoch=last;shuffle=0"));
    task_params(ctx, &t, theta);
    series(ctx, &t, "importance", of_group, 2);
    ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, t.first, t.n_params));
    for (int64_t j = 0; j < 3; j++) {
        double value[2], h = 1e-5, at[TASK_MOST];
        for (int side = 0; side < 2; side++) {
            memcpy(at, t.first, sizeof at);
            at[j] += side ? h : -h;
            ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, at, t.n_params));
            ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t.model, t.rows, TASK_TRAIN, loss));
            value[side] = 0;
            for (int64_t i = 0; i < TASK_TRAIN; i++)
                value[side] += of_group[t.g[i]] * loss[i] / TASK_TRAIN;
        }
        grad[j] = (value[1] - value[0]) / (2 * h);
        ck_assert_double_eq_tol(theta[j], t.first[j] - 0.5 * grad[j], 1e-6);
    }
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_subset_has_as_many_of_each)
{
    grasp_context *ctx = test_context();
    task t;
    int64_t subset[TASK_ROWS], again[TASK_ROWS], n = 0, size[2], least = 0, other = 0, drawn[TASK_ROWS] = {0};
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        least += t.g[i];
    for (int draw = 0; draw < 400; draw++) {
        ASSERT_OK(ctx, grasp__balanced_subset(ctx, t.groups, t.rows, TASK_TRAIN, draw, subset, &n));
        ck_assert_int_eq(n, 2 * least);
        size[0] = size[1] = 0;
        for (int64_t i = 0; i < n; i++) {
            ck_assert(i == 0 || subset[i] > subset[i - 1]); /* none twice */
            ck_assert(subset[i] < TASK_TRAIN);
            size[t.g[subset[i]]]++;
            drawn[subset[i]]++;
        }
        ck_assert(size[0] == least && size[1] == least);
    }
    double expected = 400. * (double)least / (double)(TASK_TRAIN - least);
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        ck_assert(t.g[i] ? drawn[i] == 400 : fabs((double)drawn[i] - expected) < 6 * sqrt(expected));
    ASSERT_OK(ctx, grasp__balanced_subset(ctx, t.groups, t.rows, TASK_TRAIN, 0, subset, &n));
    ASSERT_OK(ctx, grasp__balanced_subset(ctx, t.groups, t.rows, TASK_TRAIN, 0, again, &other));
    ck_assert(n == other && memcmp(subset, again, (size_t)n * sizeof *subset) == 0);
    /* SUBG is ERM of that subset. */
    double theta[TASK_MOST], same[TASK_MOST];
    ASSERT_OK(ctx, task_train(ctx, &t, "subg", true, NULL));
    ck_assert(task_value(ctx, &t, "rows") == (double)n);
    task_params(ctx, &t, theta);
    ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, t.first, t.n_params));
    ASSERT_OK(ctx, grasp_train_erm(ctx, t.model, subset, n, NULL, 0, NULL, NULL));
    task_params(ctx, &t, same);
    ck_assert(memcmp(theta, same, sizeof theta) == 0);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(draws_are_balanced)
{
    /* The epoch's order is what RWG's batches pass; its frequencies are those of uniform groups. */
    grasp_context *ctx = test_context();
    task t;
    grasp__batches b;
    int64_t *rows, drawn[TASK_ROWS] = {0}, of_group[2] = {0}, size[2] = {0}, n = 0;
    enum { EPOCHS = 300 };
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_OK(ctx, grasp__kept_rows(ctx, t.model, t.groups, t.rows, TASK_TRAIN, true, "rows", &rows, &n));
    ASSERT_OK(ctx, grasp__batches_open(ctx, rows, n, 16, true, t.groups, &b));
    for (int64_t e = 1; e <= EPOCHS; e++) {
        grasp__batches_order(&b, e);
        for (int64_t i = 0; i < n; i++) {
            drawn[b.order[i]]++;
            of_group[t.g[b.order[i]]]++;
        }
    }
    for (int64_t i = 0; i < n; i++)
        size[t.g[i]]++;
    double all = (double)n * EPOCHS;
    ck_assert_double_eq_tol((double)of_group[0] / all, 0.5, 5 * 0.5 / sqrt(all));
    for (int64_t i = 0; i < n; i++) {
        double expected = all / 2 / (double)size[t.g[i]];
        ck_assert(fabs((double)drawn[i] - expected) < 6 * sqrt(expected));
    }
    grasp__batches_close(&b);
    double theta[TASK_MOST], by_class[TASK_MOST];
    static const char text[] = "epochs=3;batch=16;rate=0.01;select_epoch=last";
    ASSERT_OK(ctx, task_train(ctx, &t, "rwg", true, text));
    task_params(ctx, &t, theta);
    /* RWY is RWG of the classes. */
    memcpy(t.g, t.y, sizeof t.g);
    grasp_groups_free(t.groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS, &t.groups));
    ASSERT_OK(ctx, task_train(ctx, &t, "rwy", false, text));
    task_params(ctx, &t, by_class);
    ck_assert(memcmp(theta, by_class, sizeof theta) != 0);
    ASSERT_OK(ctx, task_train(ctx, &t, "rwg", true, text));
    task_params(ctx, &t, theta);
    ck_assert(memcmp(theta, by_class, sizeof theta) == 0);
    ASSERT_OK(ctx, task_train(ctx, &t, "suby", false, NULL));
    task_params(ctx, &t, by_class);
    ASSERT_OK(ctx, task_train(ctx, &t, "subg", true, NULL));
    task_params(ctx, &t, theta);
    ck_assert(memcmp(theta, by_class, sizeof theta) == 0);
    ASSERT_STATUS(ctx, task_train(ctx, &t, "rwg", true, "optimizer=lbfgs"), GRASP_E_PARAM, "optimizer");
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

static void count_warnings(void *user, int32_t level, const char *line)
{
    *(int *)user += level == GRASP_LOG_WARN && contains(line, "the error set is empty");
}

START_TEST(just_train_twice)
{
    static const char text[] = "epochs=4;batch=16;rate=0.02;select_epoch=last;copies=3";
    static const char plain[] = "epochs=4;batch=16;rate=0.02;select_epoch=last";
    grasp_context *ctx = test_context();
    task t;
    int64_t rows[4 * TASK_ROWS], label[TASK_TRAIN], n = 0, errors = 0;
    double theta[TASK_MOST], same[TASK_MOST], junk[TASK_MOST];
    int warnings = 0;
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_WARN, count_warnings, &warnings, NULL));
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, plain));
    task_params(ctx, &t, junk); /* the first stage */
    ASSERT_OK(ctx, grasp_model_predict_rows(ctx, t.model, t.rows, TASK_TRAIN, label));
    for (n = 0; n < TASK_TRAIN; n++)
        rows[n] = n;
    for (int copy = 0; copy < 3; copy++)
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            if (label[i] != t.y[i])
                rows[n++] = i;
    errors = (n - TASK_TRAIN) / 3;
    ck_assert_int_gt(errors, 0);
    /* By hand: the parameters that stream 0 gives, and the copies at the end. */
    ASSERT_OK(ctx, grasp_model_init(ctx, t.model, 0));
    grasp_params *params;
    ASSERT_OK(ctx, grasp_params_create(ctx, "erm", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, plain));
    ASSERT_OK(ctx, grasp_train_erm(ctx, t.model, rows, n, t.rows + TASK_TRAIN, t.n_val, params, NULL));
    task_params(ctx, &t, same);
    /* The model's own errors, and the same as groups. */
    memcpy(t.first, junk, sizeof junk);
    ASSERT_OK(ctx, task_train(ctx, &t, "jtt", false, text));
    task_params(ctx, &t, theta);
    ck_assert(memcmp(theta, same, sizeof theta) == 0);
    ck_assert(task_value(ctx, &t, "errors") == (double)errors && task_value(ctx, &t, "rows") == (double)n);
    for (int64_t i = 0; i < TASK_ROWS; i++)
        t.g[i] = i < TASK_TRAIN && label[i] != t.y[i];
    grasp_groups_free(t.groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS, &t.groups));
    ASSERT_OK(ctx, task_train(ctx, &t, "jtt", true, text));
    task_params(ctx, &t, theta);
    ck_assert(memcmp(theta, same, sizeof theta) == 0);
    ck_assert_int_eq(warnings, 0);
    /* Nothing wrong: plain ERM, and told. */
    memset(t.g, 0, sizeof t.g);
    grasp_groups_free(t.groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS, &t.groups));
    ASSERT_OK(ctx, task_train(ctx, &t, "jtt", true, text));
    task_params(ctx, &t, theta);
    ck_assert(task_value(ctx, &t, "errors") == 0);
    ck_assert_int_eq(warnings, 1);
    ASSERT_OK(ctx, grasp_model_init(ctx, t.model, 0));
    ASSERT_OK(ctx, grasp_train_erm(ctx, t.model, t.rows, TASK_TRAIN, t.rows + TASK_TRAIN, t.n_val, params, NULL));
    task_params(ctx, &t, same);
    ck_assert(memcmp(theta, same, sizeof theta) == 0);
    t.g[7] = 2;
    grasp_groups_free(t.groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t.g, TASK_ROWS, &t.groups));
    ASSERT_STATUS(ctx, task_train(ctx, &t, "jtt", true, text), GRASP_E_ARG, "row 7 has group 2");
    /* Fresh parameters are a hook of the caller's model. */
    grasp_model_ops ops = toy_ops();
    toy *own = toy_make(TASK_ROWS, 2, 2, t.x, t.y);
    ops.init = NULL;
    grasp_model *without;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, own, &without));
    ASSERT_STATUS(ctx, grasp_train(ctx, "jtt", without, NULL, NULL, TASK_ROWS, NULL, 0, NULL, NULL),
                  GRASP_E_UNSUPPORTED, "ops->init");
    grasp_model_free(without);
    grasp_params_free(params);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_train_reweight_suite(void);
Suite *check_train_reweight_suite(void)
{
    Suite *suite = suite_create("train_reweight");
    TCase *c = tcase_create("reweight");
    tcase_add_test(c, importance_weights_sum_to_the_groups);
    tcase_add_test(c, importance_at_full_batch_is_the_mean_of_the_groups);
    tcase_add_test(c, a_subset_has_as_many_of_each);
    tcase_add_test(c, draws_are_balanced);
    tcase_add_test(c, just_train_twice);
    suite_add_tcase(suite, c);
    return suite;
}
