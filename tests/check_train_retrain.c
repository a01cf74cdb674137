/* SPDX-License-Identifier: BSD-3-Clause
 * Retraining the last layer: AFR and DFR against the conditions of their optima, written out here, and against the
 * trainings that they come to in their limits; which layers change; which models can be retrained.
 */
#include "support_train.h"

#include "support_toy.h"
#include "train/train_private.h"
#include "grasp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_near(const double *a, const double *b, int64_t n, double tolerance)
{
    for (int64_t j = 0; j < n; j++)
        ck_assert_double_eq_tol(a[j], b[j], tolerance);
}

/* Group sizes of the training rows made equal: rows beyond that many become noise. */
static void balance(grasp_context *ctx, task *t)
{
    int64_t size[2] = {0}, least = 0;
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        least += t->g[i];
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        if (size[t->g[i]]++ >= least)
            t->g[i] = GRASP_NOISE;
    grasp_groups_free(t->groups);
    ASSERT_OK(ctx, grasp_groups_create(ctx, t->g, TASK_ROWS, &t->groups));
}

START_TEST(dfr_of_a_linear_model_is_erm_of_a_balanced_subset)
{
    grasp_context *ctx = test_context();
    task t;
    double theta[TASK_MOST], same[TASK_MOST];
    static const char kinds[] = "ls";
    for (int k = 0; k < 2; k++) {
        ASSERT_OK(ctx, task_open(ctx, &t, kinds[k]));
        ASSERT_OK(ctx, task_train(ctx, &t, "subg", true, "l2=0.01"));
        task_params(ctx, &t, same);
        ASSERT_OK(ctx, task_train(ctx, &t, "dfr", true, "l1=0;l2=0.01;repeats=1;standardize=0;gradient_norm=1e-9"));
        task_params(ctx, &t, theta);
        check_near(theta, same, t.n_params, 1e-6);
        ck_assert(task_value(ctx, &t, "converged") == 1);
        /* Balanced data have one such subset: all of them, however often it is drawn. */
        balance(ctx, &t);
        int64_t rows[TASK_TRAIN], n = 0;
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            if (t.g[i] != GRASP_NOISE)
                rows[n++] = i;
        ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, t.first, t.n_params));
        ASSERT_OK(ctx, grasp_train_erm(ctx, t.model, rows, n, NULL, 0, NULL, NULL));
        task_params(ctx, &t, same);
        ASSERT_OK(ctx, task_train(ctx, &t, "dfr", true, "l1=0;repeats=3;standardize=0;gradient_norm=1e-9"));
        task_params(ctx, &t, theta);
        ck_assert(task_value(ctx, &t, "rows") == (double)n);
        check_near(theta, same, t.n_params, 1e-5);
        task_free(&t);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Mean and deviation of the two inputs over the rows that are no noise. */
static void moments(const task *t, double mean[2], double deviation[2])
{
    double n = 0;
    mean[0] = mean[1] = deviation[0] = deviation[1] = 0;
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        n += t->g[i] != GRASP_NOISE;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            for (int j = 0; j < 2 && t->g[i] != GRASP_NOISE; j++)
                if (pass == 0)
                    mean[j] += t->x[2 * i + j] / n;
                else
                    deviation[j] += (t->x[2 * i + j] - mean[j]) * (t->x[2 * i + j] - mean[j]) / n;
    deviation[0] = sqrt(deviation[0]);
    deviation[1] = sqrt(deviation[1]);
}

START_TEST(dfr_meets_the_conditions_of_its_optimum)
{
    grasp_context *ctx = test_context();
    task t;
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    balance(ctx, &t);
    int zeros = 0;
    for (int k = 0; k < 6; k++) {
        static const double l1s[] = {0, 0.003, 0.05, 0.2, 0.32, 2};
        double l2 = k % 2 ? 0 : 0.01, theta[TASK_MOST], mean[2], deviation[2], grad[3] = {0}, n = 0;
        char text[96];
        snprintf(text, sizeof text, "l1=%g;l2=%g;repeats=1;gradient_norm=1e-9;iterations=20000", l1s[k], l2);
        ASSERT_OK(ctx, task_train(ctx, &t, "dfr", true, text));
        task_params(ctx, &t, theta);
        moments(&t, mean, deviation);
        for (int64_t i = 0; i < TASK_TRAIN; i++) {
            if (t.g[i] == GRASP_NOISE)
                continue;
            double z = theta[0] * t.x[2 * i] + theta[1] * t.x[2 * i + 1] + theta[2];
            double residual = 1 / (1 + exp(-z)) - (double)t.y[i];
            for (int j = 0; j < 3; j++)
                grad[j] += residual * (j < 2 ? (t.x[2 * i + j] - mean[j]) / deviation[j] : 1);
            n++;
        }
        for (int j = 0; j < 2; j++) {
            double w = theta[j] * deviation[j], g = grad[j] / n + l2 * w;
            zeros += w == 0;
            ck_assert_msg(w == 0 ? fabs(g) <= l1s[k] + 1e-8 : fabs(g + (w > 0 ? 1 : -1) * l1s[k]) < 1e-8,
                          "l1 %g: weight %d is %g, slope %g", l1s[k], j, w, g);
        }
        ck_assert_double_eq_tol(grad[2] / n, 0, 1e-8);
    }
    ck_assert_int_ge(zeros, 3); /* the largest penalties take weights out */
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

/* sum mu loss + anchor |layer - layer_0|^2 of a model whose last `size` parameters are the layer. */
static double afr_objective(grasp_context *ctx, const task *t, const double *theta, const double *mu, double anchor,
                            int64_t size)
{
    double loss[TASK_TRAIN], value = 0;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, t->model, theta, t->n_params));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t->model, t->rows, TASK_TRAIN, loss));
    for (int64_t i = 0; i < TASK_TRAIN; i++)
        value += mu[i] * loss[i];
    for (int64_t j = t->n_params - size; j < t->n_params; j++)
        value += anchor * (theta[j] - t->first[j]) * (theta[j] - t->first[j]);
    return value;
}

START_TEST(afr_is_a_minimum_of_its_objective)
{
    static const char kinds[] = "lsmc";
    static const int64_t sizes[] = {3, 6, 14, 6};
    grasp_context *ctx = test_context();
    for (int k = 0; k < 8; k++) {
        task t;
        double loss[TASK_TRAIN], mu[TASK_TRAIN], total = 0, size[2] = {0}, theta[TASK_MOST], gamma = k < 4 ? 3 : 8;
        char text[96];
        ASSERT_OK(ctx, task_open(ctx, &t, kinds[k % 4]));
        ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, "optimizer=adam;rate=0.05;epochs=20;batch=32"));
        task_params(ctx, &t, t.first);
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t.model, t.rows, TASK_TRAIN, loss));
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            size[t.y[i]]++;
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            total += mu[i] = exp(-gamma * exp(-loss[i])) / (k < 4 ? 1 : size[t.y[i]]);
        for (int64_t i = 0; i < TASK_TRAIN; i++)
            mu[i] /= total;
        snprintf(text, sizeof text, "gamma=%g;anchor=0.02;balanced=%d", gamma, k >= 4);
        ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, text));
        ck_assert(task_value(ctx, &t, "converged") == 1);
        task_params(ctx, &t, theta);
        bool moved = false;
        for (int64_t j = 0; j < t.n_params; j++) {
            double up[TASK_MOST], down[TASK_MOST], h = 1e-5;
            if (j < t.n_params - sizes[k % 4]) {
                ck_assert(theta[j] == t.first[j]); /* the layers before stay */
                continue;
            }
            moved = moved || fabs(theta[j] - t.first[j]) > 1e-3;
            memcpy(up, theta, sizeof up);
            memcpy(down, theta, sizeof down);
            up[j] += h;
            down[j] -= h;
            ck_assert_double_eq_tol((afr_objective(ctx, &t, up, mu, 0.02, sizes[k % 4]) -
                                     afr_objective(ctx, &t, down, mu, 0.02, sizes[k % 4])) / (2 * h), 0, 1e-7);
        }
        ck_assert(moved);
        ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, "anchor=1e4")); /* held where it was */
        task_params(ctx, &t, theta);
        check_near(theta, t.first, t.n_params, 1e-4);
        task_free(&t);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(afr_without_weights_or_anchor_is_erm)
{
    grasp_context *ctx = test_context();
    task t;
    double theta[TASK_MOST], same[TASK_MOST];
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, "l2=0"));
    task_params(ctx, &t, same);
    ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, "gamma=0;anchor=0"));
    task_params(ctx, &t, theta);
    check_near(theta, same, 3, 1e-5);
    ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, "gamma=1e6;anchor=1")); /* the one row that it knows least */
    task_params(ctx, &t, theta);
    for (int j = 0; j < 3; j++)
        ck_assert(isfinite(theta[j]));
    ASSERT_OK(ctx, task_train(ctx, &t, "afr", true, "gamma=0,5,20;anchor=0.01,1"));
    double score[6], best = task_value(ctx, &t, "candidate.best");
    ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "candidate.score", score, 6));
    for (int k = 0; k < 6; k++)
        ck_assert(score[k] <= score[(int)best]);
    ck_assert(task_value(ctx, &t, "best_val_worst") == score[(int)best]);
    ck_assert_int_eq(grasp_report_length(t.report, "candidate.anchor"), 6);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(float32_features_are_the_models_own)
{
    grasp_context *ctx = test_context();
    task t;
    float narrow[2 * TASK_ROWS];
    grasp_matrix *x;
    double theta[TASK_MOST], wide[TASK_MOST];
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, "gamma=2"));
    task_params(ctx, &t, wide);
    for (int64_t i = 0; i < 2 * TASK_ROWS; i++)
        narrow[i] = (float)t.x[i];
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, TASK_ROWS, 2, 2, narrow, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_model_bind(ctx, t.model, x, t.y, TASK_ROWS));
    ASSERT_OK(ctx, task_train(ctx, &t, "afr", false, "gamma=2"));
    task_params(ctx, &t, theta);
    check_near(theta, wide, t.n_params, 1e-3);
    ASSERT_OK(ctx, task_train(ctx, &t, "dfr", true, "l1=0.01;repeats=2"));
    grasp_matrix_free(x);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(custom_models_are_asked_for_their_features)
{
    grasp_context *ctx = test_context();
    task t, built_in;
    double theta[TASK_MOST], same[TASK_MOST], first[TASK_MOST] = {0.1, -0.2, 0.3, 0.4, 0.5, -0.6};
    ASSERT_OK(ctx, task_open(ctx, &t, 'c'));
    ASSERT_OK(ctx, task_open(ctx, &built_in, 's'));
    memcpy(t.first, first, sizeof first);
    memcpy(built_in.first, first, sizeof first);
    for (int k = 0; k < 2; k++) {
        ASSERT_OK(ctx, task_train(ctx, &t, k ? "dfr" : "afr", true, NULL));
        ASSERT_OK(ctx, task_train(ctx, &built_in, k ? "dfr" : "afr", true, NULL));
        task_params(ctx, &t, theta);
        task_params(ctx, &built_in, same);
        check_near(theta, same, 6, 1e-9);
    }
    task_free(&built_in);
    grasp_model_free(t.model);
    grasp_model_ops ops = toy_ops();
    toy *own = toy_make(TASK_ROWS, 2, 2, t.x, t.y);
    ops.features = NULL;
    ops.n_features = NULL;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, own, &t.model));
    ASSERT_STATUS(ctx, task_train(ctx, &t, "afr", false, NULL), GRASP_E_UNSUPPORTED, "hook ops->features");
    grasp_model_free(t.model);
    /* Features of another kind than the last parameters want. */
    ops = toy_ops();
    own = toy_make(TASK_ROWS, 2, 2, t.x, t.y);
    own->poison_row = 3;
    own->poison = 5;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, own, &t.model));
    ASSERT_STATUS(ctx, task_train(ctx, &t, "dfr", true, NULL), GRASP_E_UNSUPPORTED, "give row 3 the loss");
    task_params(ctx, &t, theta);
    check_near(theta, first, 6, 1e-300);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_train_retrain_suite(void);
Suite *check_train_retrain_suite(void)
{
    Suite *suite = suite_create("train_retrain");
    TCase *c = tcase_create("retrain");
    tcase_add_test(c, dfr_of_a_linear_model_is_erm_of_a_balanced_subset);
    tcase_add_test(c, dfr_meets_the_conditions_of_its_optimum);
    tcase_add_test(c, afr_is_a_minimum_of_its_objective);
    tcase_add_test(c, afr_without_weights_or_anchor_is_erm);
    tcase_add_test(c, float32_features_are_the_models_own);
    tcase_add_test(c, custom_models_are_asked_for_their_features);
    suite_add_tcase(suite, c);
    return suite;
}
