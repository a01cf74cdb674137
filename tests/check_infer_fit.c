/* SPDX-License-Identifier: BSD-3-Clause
 * grasp_fit: the whole paper in one call, on the Synthetic data: what it gains, what it chooses, what it refuses, and
 * what is left when it is stopped or runs out of memory.
 */
#include "support.h"

#include "infer/infer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The Synthetic data bound to one or two models. */
typedef struct problem {
    int64_t n, n_train, n_val, n_test;
    bool lent; /* the arrays are another problem's */
    double *x;
    int64_t *y, *a, *train, *val, *test;
    grasp_matrix *matrix;
    grasp_model *model, *final;
    grasp_inference *inference;
    grasp_report *report;
    grasp_params *params;
} problem;

static void problem_free(problem *p)
{
    grasp_params_free(p->params);
    grasp_report_free(p->report);
    grasp_inference_free(p->inference);
    grasp_model_free(p->model);
    grasp_model_free(p->final);
    grasp_matrix_free(p->matrix);
    if (!p->lent)
        free(p->x), free(p->y), free(p->a), free(p->train), free(p->val), free(p->test);
    memset(p, 0, sizeof *p);
}

static void read_data(problem *p, int64_t every)
{
    fixture *f = fixture_read("tests/data/synthetic_clean.csv");
    double *x1 = fixture_f64s(f, "x1"), *x2 = fixture_f64s(f, "x2");
    memset(p, 0, sizeof *p);
    p->n = f->rows;
    p->y = fixture_i64s(f, "y");
    p->a = fixture_i64s(f, "a");
    p->x = calloc((size_t)(2 * p->n), sizeof *p->x);
    p->train = calloc((size_t)p->n, sizeof *p->train);
    p->val = calloc((size_t)p->n, sizeof *p->val);
    p->test = calloc((size_t)p->n, sizeof *p->test);
    ck_assert(p->x && p->train && p->val && p->test);
    for (int64_t i = 0; i < p->n; i++) {
        p->x[2 * i] = x1[i];
        p->x[2 * i + 1] = x2[i];
        if (i % every == 0 && i < 600)
            p->train[p->n_train++] = i;
        else if (i % every == 0 && i < 800)
            p->val[p->n_val++] = i;
        else if (i >= 800)
            p->test[p->n_test++] = i;
    }
    free(x1), free(x2);
    fixture_free(f);
}

static grasp_status model(grasp_context *ctx, problem *p, bool linear, grasp_model **out)
{
    int64_t widths[] = {2, 16, 2};
    grasp_status s =
        linear ? grasp_model_create_logistic(ctx, 2, out) : grasp_model_create_mlp(ctx, widths, 3, NULL, out);
    return s == GRASP_OK ? grasp_model_bind(ctx, *out, p->matrix, p->y, p->n) : s;
}

static grasp_status open(grasp_context *ctx, problem *p, bool linear, bool with_final, const char *text)
{
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, p->n, 2, 2, p->x, NULL, NULL, &p->matrix);
    if (s == GRASP_OK)
        s = model(ctx, p, linear, &p->model);
    if (s == GRASP_OK && with_final)
        s = model(ctx, p, false, &p->final);
    if (s == GRASP_OK)
        s = grasp__params_create(ctx, &grasp__fit_params, &p->params);
    return s == GRASP_OK ? grasp_params_parse(ctx, p->params, text) : s;
}

static grasp_status fit(grasp_context *ctx, problem *p)
{
    return grasp_fit(ctx, p->model, p->final, p->train, p->n_train, p->n_val ? p->val : NULL, p->n_val, p->params,
                     &p->inference, &p->report);
}

/* Test accuracy of the worst of the four true groups. */
static double worst_true_group(grasp_context *ctx, problem *p, grasp_model *m)
{
    int64_t *label = calloc((size_t)p->n, sizeof *label), right[4] = {0}, size[4] = {0};
    double worst = 1;
    ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, label, p->n));
    for (int64_t k = 0; k < p->n_test; k++) {
        int64_t i = p->test[k], g = 2 * p->y[i] + p->a[i];
        right[g] += label[i] == p->y[i];
        size[g]++;
    }
    for (int g = 0; g < 4; g++)
        worst = fmin(worst, (double)right[g] / (double)size[g]);
    free(label);
    return worst;
}

static double *params_of(grasp_context *ctx, grasp_model *m)
{
    int64_t n = grasp_model_n_params(m);
    double *theta = calloc((size_t)n + 1, sizeof *theta);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, theta, n));
    return theta;
}

static bool same_params(grasp_context *ctx, grasp_model *m, const double *theta)
{
    double *now = params_of(ctx, m);
    bool same = memcmp(now, theta, (size_t)grasp_model_n_params(m) * sizeof *now) == 0;
    free(now);
    return same;
}

static double value(grasp_context *ctx, const grasp_report *report, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &v));
    return v;
}

/* ---- what it is for ---------------------------------------------------------------------------------------------- */

START_TEST(the_worst_group_gains_over_erm)
{
    grasp_context *ctx = test_context();
    problem p;
    read_data(&p, 1);
    ASSERT_OK(ctx, open(ctx, &p, true, true, _i ? "val=assign" : ""));
    ASSERT_OK(ctx, fit(ctx, &p));
    double erm = worst_true_group(ctx, &p, p.model), robust = worst_true_group(ctx, &p, p.final);
    /* Clustered alone, the training rows of class 0 leave that class's minority outside as outliers: less is gained. */
    ck_assert_msg(robust > erm + (_i ? 0 : 0.2), "worst group %g by ERM, %g by fit", erm, robust);
    const char *by;
    ASSERT_OK(ctx, grasp_report_text(ctx, p.report, "gdro.chosen_by", &by));
    ck_assert_str_eq(by, "val");
    grasp_groups *groups;
    ASSERT_OK(ctx, grasp_inference_groups(ctx, p.inference, &groups));
    ck_assert_int_eq(grasp_groups_samples(groups), _i ? p.n_train : p.n_train + p.n_val);
    ck_assert_int_ge(grasp_groups_count(groups), 3);
    grasp_groups_free(groups);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(the_first_of_the_best_candidates_is_installed)
{
    grasp_context *ctx = test_context();
    problem p;
    double rate[8], decay[8], step[8], worst[8];
    read_data(&p, 1);
    ASSERT_OK(ctx, open(ctx, &p, false, false,
                        "gdro.rate=0.003,0.02;gdro.weight_decay=0,0.1;gdro.step=0.05,0.2;gdro.epochs=6;erm.epochs=10"));
    ASSERT_OK(ctx, fit(ctx, &p));
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.rate", rate, 8));
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.weight_decay", decay, 8));
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.step", step, 8));
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.score", worst, 8));
    int best = 0;
    for (int k = 0; k < 8; k++) {
        ck_assert(rate[k] == (k < 4 ? 0.003 : 0.02) && decay[k] == (k / 2 % 2 ? 0.1 : 0) &&
                  step[k] == (k % 2 ? 0.2 : 0.05));
        best = worst[k] > worst[best] ? k : best;
    }
    ck_assert(value(ctx, p.report, "gdro.candidate.best") == best);
    ck_assert(value(ctx, p.report, "gdro.rate") == rate[best] && value(ctx, p.report, "gdro.step") == step[best]);
    ck_assert(value(ctx, p.report, "gdro.weight_decay") == decay[best]);
    ck_assert(value(ctx, p.report, "gdro.best_val_worst") == worst[best]);

    /* The model holds that candidate's parameters: alone, it gives them again. */
    double *chosen = params_of(ctx, p.model), before = worst[best];
    char text[160];
    problem_free(&p);
    read_data(&p, 1);
    snprintf(text, sizeof text, "gdro.rate=%.17g;gdro.weight_decay=%.17g;gdro.step=%.17g;gdro.epochs=6;erm.epochs=10",
             rate[best], decay[best], step[best]);
    ASSERT_OK(ctx, open(ctx, &p, false, false, text));
    ASSERT_OK(ctx, fit(ctx, &p));
    ck_assert_int_eq(grasp_report_length(p.report, "gdro.candidate.rate"), 1);
    ck_assert(value(ctx, p.report, "gdro.best_val_worst") == before);
    ck_assert(same_params(ctx, p.model, chosen));
    free(chosen);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(models_end_as_documented)
{
    grasp_context *ctx = test_context();
    problem p, q;
    read_data(&p, 2);
    ASSERT_OK(ctx, open(ctx, &p, true, true, "gdro.epochs=0"));
    double *own = params_of(ctx, p.final);
    ASSERT_OK(ctx, fit(ctx, &p));
    ck_assert(same_params(ctx, p.final, own)); /* a final model starts from its own parameters */
    double *erm = params_of(ctx, p.model);
    free(own);
    for (int initial = 0; initial < 2; initial++) { /* without one, from those of ERM, or from the first */
        read_data(&q, 2);
        ASSERT_OK(ctx, open(ctx, &q, true, false, initial ? "start=initial;gdro.epochs=0" : "gdro.epochs=0"));
        double *first = params_of(ctx, q.model);
        ASSERT_OK(ctx, fit(ctx, &q));
        ck_assert(same_params(ctx, q.model, initial ? first : erm));
        free(first);
        problem_free(&q);
    }
    free(erm);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(without_validation_rows_the_training_groups_choose)
{
    grasp_context *ctx = test_context();
    problem p;
    const char *by;
    read_data(&p, 2);
    p.n_val = 0;
    ASSERT_OK(ctx, open(ctx, &p, true, false, "gdro.epochs=5"));
    ASSERT_OK(ctx, fit(ctx, &p));
    ASSERT_OK(ctx, grasp_report_text(ctx, p.report, "gdro.chosen_by", &by));
    ck_assert_str_eq(by, "train");
    double score[8];
    int64_t best = (int64_t)value(ctx, p.report, "gdro.candidate.best");
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.score", score, 8));
    for (int k = 0; k < 8; k++)
        ck_assert(score[k] >= 0 && score[k] <= score[best] && score[best] <= 1);
    ck_assert(isnan(value(ctx, p.report, "gdro.best_val_worst")));
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_candidate_that_diverges_is_out)
{
    grasp_context *ctx = test_context();
    problem p;
    double worst[2];
    read_data(&p, 2);
    ASSERT_OK(ctx, open(ctx, &p, true, true,
                        "gdro.rate=1e300,0.01;gdro.weight_decay=0;gdro.step=0.1;gdro.optimizer=sgd;gdro.epochs=3"));
    ASSERT_OK(ctx, fit(ctx, &p));
    ASSERT_OK(ctx, grasp_report_series(ctx, p.report, "gdro.candidate.score", worst, 2));
    ck_assert(isnan(worst[0]) && !isnan(worst[1]) && value(ctx, p.report, "gdro.candidate.best") == 1);
    grasp_report_free(p.report), grasp_inference_free(p.inference);
    p.report = NULL, p.inference = NULL;
    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "gdro.rate=1e300,1e290"));
    double *first = params_of(ctx, p.model), *first_final = params_of(ctx, p.final);
    ASSERT_STATUS(ctx, fit(ctx, &p), GRASP_E_NUMERIC, "grasp_fit: epoch 1: ");
    ck_assert(p.report == NULL && p.inference == NULL);
    ck_assert(same_params(ctx, p.model, first) && same_params(ctx, p.final, first_final));
    free(first), free(first_final);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- what it refuses --------------------------------------------------------------------------------------------- */

START_TEST(arguments_are_checked)
{
    grasp_context *ctx = test_context();
    problem p, q;
    grasp_inference *out = (grasp_inference *)ctx;
    int64_t overlap[] = {5, 7, 3}, train[] = {0, 1, 2, 3}, twice[] = {0, 1, 0}, far[] = {0, 5000};
    read_data(&p, 2);
    ASSERT_OK(ctx, open(ctx, &p, true, false, ""));
    double *first = params_of(ctx, p.model);
    ck_assert_int_eq(grasp_fit(NULL, p.model, NULL, train, 4, NULL, 0, NULL, &out, NULL), GRASP_E_ARG);
    ck_assert_ptr_null(out);
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 4, NULL, 0, NULL, NULL, NULL), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_fit(ctx, NULL, NULL, train, 4, NULL, 0, NULL, &out, NULL), GRASP_E_ARG,
                  "grasp_fit: model");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, NULL, 4, NULL, 0, NULL, &out, NULL), GRASP_E_ARG, "train_rows");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 0, NULL, 0, NULL, &out, NULL), GRASP_E_EMPTY,
                  "train_rows has 0");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, far, 2, NULL, 0, NULL, &out, NULL), GRASP_E_ARG, "train_rows");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 4, NULL, 2, NULL, &out, NULL), GRASP_E_ARG,
                  "val_rows is NULL");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 4, far, 2, NULL, &out, NULL), GRASP_E_ARG, "val_rows");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 4, overlap, 3, NULL, &out, NULL), GRASP_E_ARG,
                  "val_rows[2] is row 3, which stands before");
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, twice, 3, NULL, 0, NULL, &out, NULL), GRASP_E_ARG,
                  "train_rows[2] is row 0 again");
    grasp_params *others;
    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__erm_params, &others));
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, NULL, train, 4, NULL, 0, others, &out, NULL), GRASP_E_PARAM,
                  "those of erm");
    grasp_params_free(others);
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, p.params, "gdro.stap=1"), GRASP_E_PARAM, "gdro.step");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, p.params, "gdro.rate=0.1,0"), GRASP_E_PARAM, "gdro.rate");
    read_data(&q, 2);
    q.n = 700; /* a final model of fewer rows */
    ASSERT_OK(ctx, open(ctx, &q, false, false, ""));
    ASSERT_STATUS(ctx, grasp_fit(ctx, p.model, q.model, train, 4, NULL, 0, NULL, &out, NULL), GRASP_E_DIM,
                  "final_model");
    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "erm.optimizer=adam;erm.select_epoch=val"));
    p.n_val = 0;
    ASSERT_STATUS(ctx, fit(ctx, &p), GRASP_E_PARAM, "\"erm.select_epoch\" is val");
    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "erm.select_epoch=auto;gdro.patience=3"));
    ASSERT_STATUS(ctx, fit(ctx, &p), GRASP_E_PARAM, "\"gdro.patience\" is 3");
    ck_assert(same_params(ctx, p.model, first));
    free(first);
    problem_free(&q);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- memory, cancelling, threads --------------------------------------------------------------------------------- */

static const char *const way[] = {
    "gdro.rate=0.01;gdro.weight_decay=0;gdro.step=0.1,1;gdro.epochs=2;gdro.batch=64;infer.eps=0.2;infer.min_samples=5",
    "val=assign;gdro.rate=0.01;gdro.weight_decay=0;gdro.step=0.1;gdro.epochs=2;infer.eps=0.2;infer.min_samples=5"};

typedef struct run {
    problem data; /* read once */
    int way;
    bool with_final;
    double theta[128];
} run;

static grasp_status fit_scenario(grasp_context *ctx, void *arg)
{
    run *r = arg;
    problem p = r->data;
    double before[2][128] = {{0}}, after[2][128] = {{0}};
    p.lent = true;
    grasp_status s = open(ctx, &p, true, r->with_final, way[r->way]);
    grasp_model *m[2] = {p.model, p.final};
    for (int k = 0; k < 2; k++)
        if (s == GRASP_OK && m[k])
            s = grasp_model_get_params(ctx, m[k], before[k], grasp_model_n_params(m[k]));
    if (s == GRASP_OK) {
        s = fit(ctx, &p);
        ck_assert((p.inference != NULL) == (s >= GRASP_OK) && (p.report != NULL) == (s >= GRASP_OK));
        for (int k = 0; k < 2; k++)
            if (m[k]) {
                ck_assert(grasp__model_get_params(ctx, m[k], after[k]) == GRASP_OK);
                for (int64_t j = 0; j < grasp_model_n_params(m[k]); j++)
                    ck_assert(isfinite(after[k][j]));
            }
        if (s < GRASP_OK)
            ck_assert(memcmp(before, after, sizeof before) == 0);
        else
            ck_assert_int_eq(p.inference->groups->n, r->way ? p.n_train : p.n_train + p.n_val);
        memcpy(r->theta, after[r->with_final], sizeof r->theta);
    }
    problem_free(&p);
    return s;
}

START_TEST(every_failing_allocation_is_told)
{
    run r = {.way = _i, .with_final = _i == 0};
    read_data(&r.data, 20);
    for_each_failing_allocation(fit_scenario, &r);
    problem_free(&r.data);
}
END_TEST

START_TEST(every_cancel_leaves_groups_and_finite_parameters)
{
    run r = {.way = _i, .with_final = _i == 1};
    read_data(&r.data, 20);
    ck_assert_int_gt(for_each_cancel(fit_scenario, &r), 10);
    problem_free(&r.data);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run r = {.way = _i, .with_final = true};
    read_data(&r.data, 20);
    for_each_thread_count(fit_scenario, &r, GRASP_OK, r.theta, sizeof r.theta);
    problem_free(&r.data);
}
END_TEST

Suite *check_infer_fit_suite(void);
Suite *check_infer_fit_suite(void)
{
    Suite *suite = suite_create("infer_fit");
    TCase *c = tcase_create("fit");
    tcase_add_loop_test(c, the_worst_group_gains_over_erm, 0, 2);
    tcase_add_test(c, the_first_of_the_best_candidates_is_installed);
    tcase_add_test(c, models_end_as_documented);
    tcase_add_test(c, without_validation_rows_the_training_groups_choose);
    tcase_add_test(c, a_candidate_that_diverges_is_out);
    tcase_add_test(c, arguments_are_checked);
    tcase_add_loop_test(c, every_failing_allocation_is_told, 0, 2);
    tcase_add_loop_test(c, every_cancel_leaves_groups_and_finite_parameters, 0, 2);
    tcase_add_loop_test(c, threads_do_not_matter, 0, 2);
    suite_add_tcase(suite, c);
    return suite;
}
