/* SPDX-License-Identifier: BSD-3-Clause
 * Training: optimizers against stored trajectories, optima against scikit-learn, group DRO against its formulas and a
 * brute-force search, and what happens at the edges. The data are the Synthetic fixture's, or made here.
 */
#include "support.h"

#include "train/train_private.h"
#include "grasp/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- problems ---------------------------------------------------------------------------------------------------- */

/* A model bound to data, with groups. */
typedef struct problem {
    int64_t       n, d, n_train, n_val;
    double       *x;
    int64_t      *y, *g, *train, *val;
    grasp_matrix *matrix;
    grasp_model  *model;
    grasp_groups *groups;
} problem;

static void problem_free(problem *p)
{
    grasp_groups_free(p->groups);
    grasp_model_free(p->model);
    grasp_matrix_free(p->matrix);
    free(p->x), free(p->y), free(p->g), free(p->train), free(p->val);
    memset(p, 0, sizeof *p);
}

/* kind: 'l' logistic, 's' softmax, 'm' a multilayer perceptron of `classes` classes. Takes x, y, g over. */
static grasp_status bind(grasp_context *ctx, problem *p, char kind, int64_t classes)
{
    int64_t widths[] = {p->d, 8, classes};
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, p->n, p->d, p->d, p->x, NULL, NULL, &p->matrix);
    if (s == GRASP_OK)
        s = kind == 'l' ? grasp_model_create_logistic(ctx, p->d, &p->model)
          : kind == 's' ? grasp_model_create_softmax(ctx, p->d, classes, &p->model)
                        : grasp_model_create_mlp(ctx, widths, 3, NULL, &p->model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, p->model, p->matrix, p->y, p->n);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, p->g, p->n, &p->groups);
    return s;
}

static void *blank(int64_t n, size_t size)
{
    void *v = calloc((size_t)n + 1, size);
    ck_assert_ptr_nonnull(v);
    return v;
}

static void lay_out(problem *p, int64_t n, int64_t d)
{
    *p = (problem){.n = n, .d = d};
    p->x = blank(n * d, sizeof(double));
    p->y = blank(n, sizeof(int64_t));
    p->g = blank(n, sizeof(int64_t));
    p->train = blank(n, sizeof(int64_t));
    p->val = blank(n, sizeof(int64_t));
}

/* The first `most` rows of synthetic_clean.csv; `modulo` > 0: labels g mod modulo. */
static grasp_status synthetic(grasp_context *ctx, problem *p, char kind, int64_t modulo, int64_t most)
{
    fixture *f = fixture_read("tests/data/synthetic_clean.csv");
    int64_t n = f->rows < most ? f->rows : most;
    double *x1 = fixture_f64s(f, "x1"), *x2 = fixture_f64s(f, "x2");
    int64_t *y = fixture_i64s(f, "y"), *g = fixture_i64s(f, "g");
    lay_out(p, n, 2);
    for (int64_t i = 0; i < n; i++) {
        p->x[2 * i] = x1[i];
        p->x[2 * i + 1] = x2[i];
        p->y[i] = modulo ? g[i] % modulo : y[i];
        p->g[i] = g[i];
    }
    /* The fixture's rows are 600 of train, 200 of val, 200 of test, in this order. */
    for (int64_t i = 0; i < n && i < 600; i++)
        p->train[p->n_train++] = i;
    for (int64_t i = 600; i < n && i < 800; i++)
        p->val[p->n_val++] = i;
    free(x1), free(x2), free(y), free(g);
    fixture_free(f);
    return bind(ctx, p, kind, modulo ? modulo : 2);
}

/* Two groups of unequal size that want different boundaries. With garbage, a far row of no group stands before every
 * third row, and `train` still names the same rows, in order, and with noise_too the garbage as well. */
static grasp_status two_groups(grasp_context *ctx, problem *p, char kind, int64_t n, bool garbage, bool noise_too)
{
    grasp__rng rng = test_rng(77);
    int64_t row = 0;
    lay_out(p, 2 * n, 2);
    for (int64_t i = 0; i < n; i++) {
        double z[2];
        random_normals(&rng, z, 2);
        if (garbage && i % 3 == 0) {
            p->x[2 * row] = 1e3 * z[0];
            p->x[2 * row + 1] = -1e3;
            p->y[row] = i % 2;
            p->g[row] = GRASP_NOISE;
            if (noise_too)
                p->train[p->n_train++] = row;
            row++;
        }
        p->g[row] = i % 8 == 0;
        p->y[row] = i / 8 % 2;
        double side = p->y[row] ? 1 : -1;
        p->x[2 * row] = side * (p->g[row] ? -0.5 : 1.5) + z[0];
        p->x[2 * row + 1] = side + z[1];
        p->train[p->n_train++] = row++;
    }
    p->n = row;
    return bind(ctx, p, kind, 2);
}

static grasp_params *params_of(grasp_context *ctx, const grasp__param_table *table, const char *text)
{
    grasp_params *params;
    ASSERT_OK(ctx, grasp__params_create(ctx, table, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    return params;
}

/* Trains and returns the status; params in text form, one candidate unless they say otherwise; the report may be
 * NULL. */
static grasp_status erm(grasp_context *ctx, problem *p, const char *text, grasp_report **report)
{
    grasp_params *params = params_of(ctx, &grasp__erm_params, "rate=0.001");
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    grasp_status s =
        grasp_train_erm(ctx, p->model, p->train, p->n_train, p->n_val ? p->val : NULL, p->n_val, params, report);
    grasp_params_free(params);
    return s;
}

static grasp_status gdro(grasp_context *ctx, problem *p, const char *text, grasp_report **report)
{
    grasp_params *params = params_of(ctx, &grasp__gdro_params, "rate=0.001;weight_decay=0;step=0.01");
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    grasp_status s = grasp_train_gdro(ctx, p->model, p->groups, p->train, p->n_train, p->n_val ? p->val : NULL,
                                      p->n_val, params, report);
    grasp_params_free(params);
    return s;
}

static void set(grasp_context *ctx, problem *p, double value)
{
    int64_t n = grasp_model_n_params(p->model);
    double *theta = blank(n, sizeof *theta);
    for (int64_t j = 0; j < n; j++)
        theta[j] = value;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, p->model, theta, n));
    free(theta);
}

static double *get(grasp_context *ctx, const problem *p)
{
    int64_t n = grasp_model_n_params(p->model);
    double *theta = blank(n, sizeof *theta);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, p->model, theta, n));
    return theta;
}

static double value(grasp_context *ctx, const grasp_report *report, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &v));
    return v;
}

/* The last number of a series. */
static double last(grasp_context *ctx, const grasp_report *report, const char *name)
{
    int64_t n = grasp_report_length(report, name);
    ck_assert_msg(n > 0, "series %s has length %" PRId64, name, n);
    double *v = blank(n, sizeof *v), end;
    ASSERT_OK(ctx, grasp_report_series(ctx, report, name, v, n));
    end = v[n - 1];
    free(v);
    return end;
}

/* Mean loss of each group over the training rows. */
static void group_losses(grasp_context *ctx, problem *p, double *mean, int64_t n_groups)
{
    double *loss = blank(p->n, sizeof *loss);
    double *count = blank(n_groups, sizeof *count);
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, p->model, p->train, p->n_train, loss));
    memset(mean, 0, (size_t)n_groups * sizeof *mean);
    for (int64_t i = 0; i < p->n_train; i++) {
        int64_t g = p->g[p->train[i]];
        if (g == GRASP_NOISE)
            continue;
        mean[g] += loss[i];
        count[g]++;
    }
    for (int64_t g = 0; g < n_groups; g++)
        mean[g] /= count[g];
    free(loss), free(count);
}

/* ---- first-order steps ------------------------------------------------------------------------------------------- */

START_TEST(trajectories_are_those_of_pytorch)
{
    static const char *const method[] = {"optimizer=adam;reduction=mean", "optimizer=sgd;reduction=mean",
                                         "optimizer=adam;reduction=sum", "optimizer=sgd"};
    fixture *f = fixture_read("tests/data/expected_trajectory.txt");
    grasp_context *ctx = test_context();
    problem p;
    ck_assert_int_eq(f->rows, 40);
    ASSERT_OK(ctx, synthetic(ctx, &p, 'l', 0, 30));
    for (int64_t i = 0; i < f->rows; i++) {
        const double *e = f->values + i * f->cols;
        char text[256];
        grasp_report *report = NULL;
        snprintf(text, sizeof text, "%s;rate=0.05;momentum=0.9;batch=7;shuffle=0;weight_decay=%.17g;epochs=%d",
                 method[(int)e[0]], e[1], (int)e[5]);
        if (e[0] == 3)
            snprintf(text + strlen(text), sizeof text - strlen(text), ";step=%.17g;adjustment=%.17g;normalize=%d", e[2],
                     e[3], (int)e[4]);
        set(ctx, &p, 0);
        ASSERT_OK(ctx, (e[0] == 3 ? gdro : erm)(ctx, &p, text, &report));
        double *theta = get(ctx, &p);
        for (int j = 0; j < 3; j++)
            ck_assert_double_eq_tol(theta[j], e[6 + j], 1e-12);
        for (int g = 0; e[0] == 3 && g < 4; g++) {
            char name[32];
            snprintf(name, sizeof name, "group.weight.%d", g);
            ck_assert_double_eq_tol(last(ctx, report, name), e[9 + g], 1e-12);
        }
        free(theta);
        grasp_report_free(report);
    }
    problem_free(&p);
    fixture_free(f);
    grasp_context_free(ctx);
}
END_TEST

/* ---- full batch -------------------------------------------------------------------------------------------------- */

START_TEST(optima_are_those_of_scikit_learn)
{
    static const char *const optimizer[] = {"lbfgs", "newton", "auto"};
    fixture *f = fixture_read("tests/data/expected_optimum.txt");
    grasp_context *ctx = test_context();
    ck_assert_int_eq(f->rows, 6);
    for (int64_t i = 0; i < f->rows; i++) {
        const double *e = f->values + i * f->cols;
        int64_t outputs = (int64_t)e[0];
        problem p;
        ASSERT_OK(ctx, synthetic(ctx, &p, outputs == 1 ? 'l' : 's', outputs == 1 ? 0 : outputs, 1000));
        for (int k = 0; k < 3; k++) {
            char text[128];
            grasp_report *report;
            snprintf(text, sizeof text, "optimizer=%s;l2=%.17g;gradient_norm=1e-10", optimizer[k], i % 3 ? e[1] : -1.0);
            set(ctx, &p, 0);
            ASSERT_OK(ctx, erm(ctx, &p, text, &report));
            ck_assert(value(ctx, report, "converged") == 1);
            ck_assert_double_le(last(ctx, report, "gradient_norm"), 1e-10);
            double *theta = get(ctx, &p), shift = 0; /* softmax's biases are known up to a shift */
            for (int64_t o = 0; outputs > 1 && o < outputs; o++)
                shift += theta[3 * o + 2] / (double)outputs;
            for (int64_t j = 0; j < 3 * outputs; j++) {
                double expected = e[2 + j], tolerance = outputs == 1 ? 1e-8 : 1e-6;
                ck_assert_double_eq_tol(theta[j] - (j % 3 == 2 ? shift : 0), expected,
                                        tolerance * (1 + fabs(expected)));
            }
            free(theta);
            grasp_report_free(report);
        }
        problem_free(&p);
    }
    fixture_free(f);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(badly_scaled_and_float32_data_converge)
{
    static const char *const text[] = {"optimizer=newton", "optimizer=lbfgs;iterations=5000", "optimizer=auto"};
    grasp_context *ctx = test_context();
    for (int scaled = 0; scaled < 2; scaled++) {
        double *first = NULL;
        for (int k = 0; k < 3; k++) {
            problem p;
            ASSERT_OK(ctx, synthetic(ctx, &p, 'l', 0, 600));
            float *small = blank(p.n * p.d, sizeof *small);
            for (int64_t i = 0; i < p.n; i++) {
                small[2 * i] = (float)(p.x[2 * i] * (scaled ? 1e3 : 1));
                small[2 * i + 1] = (float)(p.x[2 * i + 1] * (scaled ? 1e-2 : 1) + (scaled ? 30 : 0));
            }
            grasp_matrix *matrix;
            ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, p.n, 2, 2, small, NULL, NULL, &matrix));
            ASSERT_OK(ctx, grasp_model_bind(ctx, p.model, matrix, p.y, p.n));
            grasp_matrix_free(matrix);
            ASSERT_OK(ctx, erm(ctx, &p, text[k], NULL));
            double *theta = get(ctx, &p);
            for (int j = 0; first && j < 3; j++)
                ck_assert_double_eq_tol(theta[j], first[j], 1e-3 * (1 + fabs(first[j])));
            if (!first)
                first = theta;
            else
                free(theta);
            problem_free(&p);
            free(small);
        }
        free(first);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(separable_data_end_unconverged_and_finite)
{
    static const char *const text[] = {"optimizer=newton;l2=0", "optimizer=lbfgs;l2=0",
                                       "optimizer=newton;l2=0;iterations=7"};
    grasp_context *ctx = test_context();
    for (int quasi = 0; quasi < 2; quasi++)
        for (int kind = 0; kind < 2; kind++)
            for (int k = 0; k < 3; k++) {
                problem p;
                grasp_report *report;
                lay_out(&p, 12, 1);
                for (int64_t i = 0; i < p.n; i++) {
                    p.y[i] = i >= 6;
                    p.x[i] = (double)i - 5.5;
                    p.train[p.n_train++] = i;
                }
                if (quasi) /* a point of either class on the boundary: the slope grows for ever, the loss stays */
                    p.x[5] = p.x[6] = 0;
                ASSERT_OK(ctx, bind(ctx, &p, kind ? 's' : 'l', 2));
                ASSERT_STATUS(ctx, erm(ctx, &p, text[k], &report), GRASP_NOT_CONVERGED, "");
                ck_assert(value(ctx, report, "converged") == 0);
                double *theta = get(ctx, &p);
                for (int64_t j = 0; j < grasp_model_n_params(p.model); j++)
                    ck_assert(isfinite(theta[j]));
                free(theta);
                grasp_report_free(report);
                ASSERT_OK(ctx, erm(ctx, &p, "l2=0.01", NULL)); /* with a penalty there is a minimum */
                problem_free(&p);
            }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(lbfgs_trains_any_model)
{
    grasp_context *ctx = test_context();
    problem p;
    grasp_report *report;
    ASSERT_OK(ctx, synthetic(ctx, &p, 'm', 0, 200));
    /* The loss has kinks where a unit turns off, so that a gradient norm is not always reached. */
    ck_assert_int_ge(erm(ctx, &p, "optimizer=lbfgs;l2=0.001;iterations=300;gradient_norm=1e-5", &report), GRASP_OK);
    int64_t n = grasp_report_length(report, "loss");
    double *loss = blank(n, sizeof *loss);
    ASSERT_OK(ctx, grasp_report_series(ctx, report, "loss", loss, n));
    ck_assert_double_lt(loss[n - 1], 0.6 * loss[0]);
    free(loss);
    grasp_report_free(report);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- weights of rows --------------------------------------------------------------------------------------------- */

/* Rows 0, 5, 10, ... count twice, by weight or by name. */
static double *train_twice(grasp_context *ctx, char kind, bool by_weight, bool by_groups, const char *text)
{
    problem p;
    ASSERT_OK(ctx, two_groups(ctx, &p, kind, 60, false, false));
    double *weight = blank(p.n, sizeof *weight);
    for (int64_t i = 0; i < p.n; i++) {
        weight[i] = i % 5 == 0 ? 2 : 1;
        if (i % 5 == 0 && !by_weight)
            p.train[p.n_train++] = i;
    }
    if (by_weight)
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, p.model, weight, p.n));
    ASSERT_OK(ctx, (by_groups ? gdro : erm)(ctx, &p, text, NULL));
    double *theta = get(ctx, &p);
    problem_free(&p);
    free(weight);
    return theta;
}

START_TEST(weight_two_is_a_row_twice)
{
    static const struct {
        char kind;
        bool by_groups;
        const char *text;
        double tolerance;
    } trial[] = {{'l', false, "optimizer=newton", 1e-9},
                 {'s', false, "optimizer=lbfgs", 1e-6},
                 {'l', false, "optimizer=adam;batch=100;rate=0.1;epochs=20", 1e-12},
                 {'m', false, "optimizer=sgd;batch=100;rate=0.01;epochs=20;reduction=sum", 1e-11},
                 {'l', true, "batch=100;epochs=20;rate=0.1;step=0.5;adjustment=2", 1e-12},
                 {'l', true, "optimizer=sgd;batch=100;epochs=20;rate=0.1;step=0.5;normalize=1", 1e-12}};
    grasp_context *ctx = test_context();
    for (size_t k = 0; k < sizeof trial / sizeof *trial; k++) {
        double *a = train_twice(ctx, trial[k].kind, false, trial[k].by_groups, trial[k].text);
        double *b = train_twice(ctx, trial[k].kind, true, trial[k].by_groups, trial[k].text);
        for (int j = 0; j < 3; j++)
            ck_assert_msg(fabs(a[j] - b[j]) <= trial[k].tolerance, "%s: parameter %d is %.17g and %.17g", trial[k].text,
                          j, a[j], b[j]);
        free(a), free(b);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(rows_of_weight_zero_do_not_count)
{
    grasp_context *ctx = test_context();
    problem p, q;
    ASSERT_OK(ctx, two_groups(ctx, &p, 'l', 40, false, false));
    ASSERT_OK(ctx, two_groups(ctx, &q, 'l', 40, false, false));
    double weight[80] = {0};
    p.n_train = 0;
    for (int64_t i = 0; i < p.n; i++)
        if (i % 3)
            weight[i] = 1, p.train[p.n_train++] = i;
    ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, q.model, weight, q.n));
    ASSERT_OK(ctx, erm(ctx, &p, "", NULL));
    ASSERT_OK(ctx, erm(ctx, &q, "", NULL));
    double *a = get(ctx, &p), *b = get(ctx, &q);
    for (int j = 0; j < 3; j++)
        ck_assert_double_eq_tol(a[j], b[j], 1e-9);
    for (q.n_train = 0; q.n_train < 14; q.n_train++)
        q.train[q.n_train] = 3 * q.n_train;
    ASSERT_STATUS(ctx, erm(ctx, &q, "", NULL), GRASP_E_EMPTY, "sample weights of the training rows are all zero");
    ASSERT_STATUS(ctx, gdro(ctx, &q, "", NULL), GRASP_E_EMPTY, "sample weights of the training rows are all zero");
    free(a), free(b);
    problem_free(&p);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

/* ---- group DRO --------------------------------------------------------------------------------------------------- */

START_TEST(group_weights_follow_the_formula)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(200); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t n = 1 + grasp__rng_below(&rng, 9);
        double loss[9], log_q[9], step = pow(10, 4 * grasp__rng_uniform(&rng) - 3), scale = t % 3 == 0 ? 1e6 : 1,
                                  total = 0;
        long double q[9], sum = 0, top = 0;
        for (int64_t g = 0; g < n; g++) {
            loss[g] = scale * grasp__rng_uniform(&rng);
            log_q[g] = log(grasp__rng_uniform(&rng) + 1e-3);
            top = g == 0 || log_q[g] + (long double)step * loss[g] > top ? log_q[g] + (long double)step * loss[g] : top;
        }
        for (int64_t g = 0; g < n; g++)
            sum += q[g] = expl(log_q[g] + (long double)step * loss[g] - top);
        ASSERT_OK(ctx, grasp_gdro_step(ctx, n, loss, step, log_q));
        for (int64_t g = 0; g < n; g++) {
            ck_assert(!isnan(log_q[g]) && log_q[g] <= 1e-12);
            ck_assert_double_eq_tol(exp(log_q[g]), (double)(q[g] / sum), 1e-8 * (1 + scale * step * 1e-7));
            total += exp(log_q[g]);
        }
        ck_assert_double_eq_tol(total, 1, 1e-12);
    }
    double log_q[3] = {-INFINITY, log(0.25), log(0.75)}, zero[3] = {5, 1, 2}, huge[3] = {1e308, 1e308, 0};
    ASSERT_OK(ctx, grasp_gdro_step(ctx, 3, zero, 0, log_q));
    ck_assert(log_q[0] == -INFINITY);
    ck_assert_double_eq_tol(exp(log_q[2]), 0.75, 1e-15);
    /* A weight that all but vanished comes back. */
    double way[2] = {-log(2), -log(2)}, there[2] = {1e6, 0}, back[2] = {0, 1e6};
    ASSERT_OK(ctx, grasp_gdro_step(ctx, 2, there, 1, way));
    ck_assert(way[0] == 0 && way[1] == -1e6);
    ASSERT_OK(ctx, grasp_gdro_step(ctx, 2, back, 1, way));
    ck_assert_double_eq_tol(exp(way[0]), 0.5, 1e-9);

    double bad[3] = {0, NAN, 0}, before[3];
    memcpy(before, log_q, sizeof before);
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, bad, 1, log_q), GRASP_E_NUMERIC, "grasp_gdro_step: group_loss");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, huge, 1e10, log_q), GRASP_E_NUMERIC, "no finite maximum");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, zero, -1, log_q), GRASP_E_ARG, "step is -1, expected in [0, inf)");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, zero, NAN, log_q), GRASP_E_ARG, "step is");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 0, zero, 1, log_q), GRASP_E_ARG, "n_groups is 0");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, NULL, 1, log_q), GRASP_E_ARG, "group_loss");
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, zero, 1, NULL), GRASP_E_ARG, "log_q");
    ck_assert(memcmp(before, log_q, sizeof before) == 0);
    ASSERT_STATUS(ctx, grasp_gdro_step(ctx, 3, zero, 1, bad), GRASP_E_NUMERIC, "log_q[1]");
    ck_assert_int_eq(grasp_gdro_step(NULL, 3, zero, 1, log_q), GRASP_E_ARG);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(step_zero_is_erm_with_fixed_group_weights)
{
    grasp_context *ctx = test_context();
    problem p, q;
    grasp_report *report;
    ASSERT_OK(ctx, two_groups(ctx, &p, 'm', 64, false, false));
    ASSERT_OK(ctx, two_groups(ctx, &q, 'm', 64, false, false));
    double *weight = blank(q.n, sizeof *weight);
    for (int64_t i = 0; i < q.n; i++)
        weight[i] = 0.5 / (double)grasp_groups_size(q.groups, q.g[i]);
    ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, q.model, weight, q.n));
    ASSERT_OK(ctx, gdro(ctx, &p, "optimizer=sgd;rate=0.1;batch=64;epochs=30;step=0;adjustment=3", &report));
    ASSERT_OK(ctx, erm(ctx, &q, "optimizer=sgd;rate=0.1;batch=64;epochs=30", NULL));
    ck_assert_double_eq_tol(last(ctx, report, "group.weight.1"), 0.5, 1e-15);
    double *a = get(ctx, &p), *b = get(ctx, &q);
    for (int64_t j = 0; j < grasp_model_n_params(p.model); j++)
        ck_assert_double_eq_tol(a[j], b[j], 1e-12);
    free(a), free(b), free(weight);
    grasp_report_free(report);
    problem_free(&p);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

/* The oracle: losses of both groups at the minimum of (1 - q) L_0 + q L_1 by plain Newton steps on three parameters. */
static void fixed_weights_optimum(const problem *p, double q, double theta[3], double mean[2])
{
    double size[2] = {0, 0};
    for (int64_t i = 0; i < p->n; i++)
        size[p->g[i]]++;
    memset(theta, 0, 3 * sizeof *theta);
    for (int it = 0; it < 40; it++) {
        double h[3][4] = {{0}};
        mean[0] = mean[1] = 0;
        for (int64_t i = 0; i < p->n; i++) {
            double x[3] = {p->x[2 * i], p->x[2 * i + 1], 1}, z = theta[0] * x[0] + theta[1] * x[1] + theta[2];
            double s = 1 / (1 + exp(-z)), w = (p->g[i] ? q : 1 - q) / size[p->g[i]];
            mean[p->g[i]] += (log(1 + exp(-fabs(z))) + fmax(z, 0) - z * (double)p->y[i]) / size[p->g[i]];
            for (int a = 0; a < 3; a++) {
                for (int b = 0; b < 3; b++)
                    h[a][b] += w * s * (1 - s) * x[a] * x[b];
                h[a][3] += w * (s - (double)p->y[i]) * x[a];
            }
        }
        for (int a = 0; a < 3; a++)
            h[a][a] += 1e-12;
        for (int a = 0; a < 3; a++)
            for (int r = 0; r < 3; r++)
                if (r != a) {
                    double f = h[r][a] / h[a][a];
                    for (int c = 0; c < 4; c++)
                        h[r][c] -= f * h[a][c];
                }
        for (int a = 0; a < 3; a++)
            theta[a] -= h[a][3] / h[a][a];
    }
}

START_TEST(group_dro_finds_the_minimax_of_a_convex_problem)
{
    grasp_context *ctx = test_context();
    problem p;
    ASSERT_OK(ctx, two_groups(ctx, &p, 'l', 400, false, false));
    double theta[3], mean[2], minimax = 0, found[2];
    for (int k = 1; k < 200; k++) { /* max over q of min over theta equals min over theta of max over groups */
        double q = k / 200.0;
        fixed_weights_optimum(&p, q, theta, mean);
        minimax = fmax(minimax, (1 - q) * mean[0] + q * mean[1]);
    }
    ASSERT_OK(ctx, erm(ctx, &p, "l2=0", NULL));
    group_losses(ctx, &p, found, 2);
    double worst_erm = fmax(found[0], found[1]);
    ASSERT_OK(ctx, gdro(ctx, &p, "optimizer=sgd;rate=0.2;momentum=0;batch=400;epochs=4000;step=0.02", NULL));
    group_losses(ctx, &p, found, 2);
    double worst = fmax(found[0], found[1]);
    ck_assert_double_gt(worst_erm, minimax + 0.05); /* or there would be nothing to gain */
    ck_assert_msg(worst >= minimax - 1e-4 && worst <= minimax + 2e-3, "worst %g, minimax %g, erm %g", worst, minimax,
                  worst_erm);
    /* In batches too, and by Adam, roughly. */
    set(ctx, &p, 0);
    ASSERT_OK(ctx, gdro(ctx, &p, "rate=0.01;batch=50;epochs=200;step=0.05;balanced=1", NULL));
    group_losses(ctx, &p, found, 2);
    ck_assert_double_lt(fmax(found[0], found[1]), minimax + 0.3 * (worst_erm - minimax));
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(noise_rows_leave_no_trace)
{
    static const char *const text[] = {"epochs=4;batch=16;rate=0.01", "epochs=3;batch=7;balanced=1;adjustment=1"};
    grasp_context *ctx = test_context();
    for (int k = 0; k < 2; k++) {
        double *theta[3], weight[3];
        int64_t count = 0;
        for (int variant = 0; variant < 3; variant++) { /* without garbage; garbage not named; garbage named, but
                                                           noise */
            problem p;
            grasp_report *report;
            ASSERT_OK(ctx, two_groups(ctx, &p, 'l', 100, variant > 0, variant > 1));
            ck_assert_int_eq(p.n_train, variant > 1 ? 134 : 100);
            ASSERT_OK(ctx, gdro(ctx, &p, text[k], &report));
            count = grasp_model_n_params(p.model);
            theta[variant] = get(ctx, &p);
            weight[variant] = last(ctx, report, "group.weight.1");
            grasp_report_free(report);
            problem_free(&p);
        }
        for (int variant = 1; variant < 3; variant++) {
            ck_assert(memcmp(theta[0], theta[variant], (size_t)count * sizeof(double)) == 0);
            ck_assert(weight[0] == weight[variant]);
        }
        free(theta[0]), free(theta[1]), free(theta[2]);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(balanced_batches_draw_each_group_equally_often)
{
    grasp_context *ctx = test_context();
    enum { N = 90, EPOCHS = 400 };
    int64_t label[N], *rows = NULL, group[6] = {0}, drawn[N] = {0};
    for (int64_t i = 0; i < N; i++)
        label[i] = i % 10 == 0 ? 5 : i % 10 < 3 ? 1 : i % 10 < 9 ? 3 : GRASP_NOISE; /* groups 0, 2 and 4 are empty */
    grasp_groups *groups;
    grasp__batches b;
    int64_t n = 0;
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, N, &groups));
    ASSERT_OK(ctx, grasp__alloc(ctx, N, sizeof *rows, &rows));
    for (int64_t i = N - 1; i >= 0; i--)
        if (label[i] != GRASP_NOISE)
            rows[n++] = i;
    ASSERT_OK(ctx, grasp__batches_open(ctx, rows, n, 8, true, groups, &b));
    for (int64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        grasp__batches_order(&b, epoch);
        for (int64_t i = 0; i < n; i++) {
            ck_assert_int_ne(label[b.order[i]], GRASP_NOISE);
            group[label[b.order[i]]]++;
            drawn[b.order[i]]++;
        }
    }
    double draws = (double)(n * EPOCHS);
    for (int g = 0; g < 6; g++) {
        double expected = g % 2 ? draws / 3 : 0;
        ck_assert_double_le(fabs((double)group[g] - expected), 5 * sqrt(draws * 2 / 9));
    }
    for (int64_t i = 0; i < N; i++) {
        double expected = label[i] < 0 ? 0 : draws / 3 / (double)grasp_groups_size(groups, label[i]);
        ck_assert_double_le(fabs((double)drawn[i] - expected), 6 * sqrt(expected));
    }
    grasp__batches_close(&b);
    grasp_groups_free(groups);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(an_order_is_a_permutation_keyed_by_seed_and_epoch)
{
    grasp_context *ctx = test_context();
    enum { N = 50 };
    int64_t order[4][N];
    for (int k = 0; k < 4; k++) { /* epoch 1, epoch 2, epoch 1 again, another seed */
        int64_t *rows, seen[N] = {0};
        grasp__batches b;
        ASSERT_OK(ctx, grasp_context_set_seed(ctx, k == 3));
        ASSERT_OK(ctx, grasp__alloc(ctx, N, sizeof *rows, &rows));
        for (int64_t i = 0; i < N; i++)
            rows[i] = i;
        ASSERT_OK(ctx, grasp__batches_open(ctx, rows, N, 8, true, NULL, &b));
        grasp__batches_order(&b, k == 1 ? 2 : 1);
        memcpy(order[k], b.order, sizeof order[k]);
        for (int64_t i = 0; i < N; i++)
            ck_assert_int_eq(seen[b.order[i]]++, 0);
        grasp__batches_close(&b);
    }
    ck_assert(memcmp(order[0], order[1], sizeof order[0]) != 0);
    ck_assert(memcmp(order[0], order[2], sizeof order[0]) == 0);
    ck_assert(memcmp(order[0], order[3], sizeof order[0]) != 0);
    grasp_context_free(ctx);
}
END_TEST

/* ---- which epoch ------------------------------------------------------------------------------------------------- */

START_TEST(the_first_of_the_best_epochs_is_kept)
{
    static const double score[] = {NAN, 0, 0.5, 0.25, 0.5, NAN, 0.5};
    grasp_context *ctx = test_context();
    grasp__selection selection;
    ASSERT_OK(ctx, grasp__selection_open(ctx, 1, &selection));
    for (int64_t epoch = 1; epoch <= 7; epoch++) {
        double theta = (double)epoch;
        grasp__selection_offer(&selection, score[epoch - 1], epoch, &theta);
    }
    ck_assert_int_eq(selection.epoch, 3);
    ck_assert(selection.theta[0] == 3 && selection.best == 0.5);
    grasp__selection_close(&selection);

    /* The whole way: the parameters kept are those that so many epochs give. */
    for (int by_groups = 0; by_groups < 2; by_groups++) {
        const char *series = by_groups ? "val_worst" : "val_accuracy";
        problem p;
        grasp_report *report;
        char text[128];
        ASSERT_OK(ctx, synthetic(ctx, &p, 's', 0, 1000));
        set(ctx, &p, -1);
        ASSERT_OK(ctx, (by_groups ? gdro : erm)(
                           ctx, &p, by_groups ? "rate=0.05;epochs=12" : "optimizer=adam;rate=0.05;epochs=12", &report));
        double *v = blank(12, sizeof *v), *kept = get(ctx, &p);
        ASSERT_OK(ctx, grasp_report_series(ctx, report, series, v, 12));
        int best = 0;
        for (int e = 0; e < 12; e++)
            best = v[e] > v[best] ? e : best;
        ck_assert(value(ctx, report, "best_epoch") == best + 1);
        ck_assert_int_lt(best, 11);
        set(ctx, &p, -1);
        snprintf(text, sizeof text, "rate=0.05;epochs=%d;select_epoch=last%s", best + 1,
                 by_groups ? "" : ";optimizer=adam");
        ASSERT_OK(ctx, (by_groups ? gdro : erm)(ctx, &p, text, NULL));
        double *again = get(ctx, &p);
        ck_assert(memcmp(kept, again, 6 * sizeof *kept) == 0);
        free(v), free(kept), free(again);
        grasp_report_free(report);
        problem_free(&p);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(patience_ends_training)
{
    grasp_context *ctx = test_context();
    problem p;
    grasp_report *report;
    ASSERT_OK(ctx, synthetic(ctx, &p, 'l', 0, 1000));
    ASSERT_OK(ctx, erm(ctx, &p, "", NULL));
    /* A rate too small to change a prediction: the first epoch stays the best. */
    ASSERT_OK(ctx, erm(ctx, &p, "optimizer=sgd;rate=1e-12;epochs=20;patience=4", &report));
    ck_assert(value(ctx, report, "epochs") == 5 && value(ctx, report, "best_epoch") == 1);
    ck_assert_int_eq(grasp_report_length(report, "loss"), 5);
    grasp_report_free(report);
    ASSERT_OK(ctx, gdro(ctx, &p, "optimizer=sgd;rate=1e-12;epochs=20;patience=1;select_epoch=last", &report));
    ck_assert(value(ctx, report, "epochs") == 2 && value(ctx, report, "best_epoch") == 2);
    grasp_report_free(report);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(worst_accuracy_is_that_of_groups_with_rows)
{
    grasp_context *ctx = test_context();
    problem p;
    double found, worst = 2;
    grasp_report *report;
    ASSERT_OK(ctx, synthetic(ctx, &p, 'l', 0, 1000));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, p.model, (double[]){0.2, 0.1, -0.4}, 3));
    int64_t *label = blank(p.n, sizeof *label), right[4] = {0}, size[4] = {0};
    ASSERT_OK(ctx, grasp_model_predict(ctx, p.model, NULL, label, p.n));
    p.n_val = 0;
    for (int64_t i = 600; i < 800; i++)
        if (p.g[i] != 1) { /* no validation row of group 1 */
            p.val[p.n_val++] = i;
            right[p.g[i]] += label[i] == p.y[i];
            size[p.g[i]]++;
        }
    for (int g = 0; g < 4; g++)
        if (size[g])
            worst = fmin(worst, (double)right[g] / (double)size[g]);
    ASSERT_OK(ctx, grasp__worst_accuracy(ctx, p.model, p.groups, p.val, p.n_val, &found));
    ck_assert_msg(found == worst && worst > 0 && worst < 1, "found %g, worst %g", found, worst);
    ASSERT_OK(ctx, grasp__worst_accuracy(ctx, p.model, p.groups, p.val, 0, &found));
    ck_assert(isnan(found));
    ASSERT_OK(ctx, gdro(ctx, &p, "epochs=0", &report)); /* scores what it found */
    ck_assert(value(ctx, report, "best_val_worst") == worst && value(ctx, report, "best_epoch") == 0);
    grasp_report_free(report);
    free(label);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- edges and errors -------------------------------------------------------------------------------------------- */

START_TEST(edges)
{
    grasp_context *ctx = test_context();
    problem p;
    grasp_report *report;
    ASSERT_OK(ctx, two_groups(ctx, &p, 's', 30, false, false));
    double *before = get(ctx, &p), *after;
    ASSERT_OK(ctx, erm(ctx, &p, "optimizer=adam;epochs=0", &report));
    ck_assert(value(ctx, report, "epochs") == 0 && value(ctx, report, "best_epoch") == 0);
    ck_assert_int_eq(grasp_report_length(report, "loss"), -1);
    after = get(ctx, &p);
    ck_assert(memcmp(before, after, 6 * sizeof *before) == 0);
    grasp_report_free(report);
    free(before), free(after);
    ASSERT_STATUS(ctx, erm(ctx, &p, "iterations=0", NULL), GRASP_NOT_CONVERGED, "");
    ASSERT_OK(ctx, erm(ctx, &p, "optimizer=sgd;batch=1000000000000;epochs=2", NULL));
    p.n_train = 1; /* a single row */
    ASSERT_OK(ctx, erm(ctx, &p, "", NULL));
    ASSERT_OK(ctx, erm(ctx, &p, "optimizer=adam;epochs=2", NULL));
    ASSERT_OK(ctx, gdro(ctx, &p, "epochs=2;balanced=1", NULL));
    /* No parameters, no report, all rows. */
    ASSERT_OK(ctx, grasp_train_erm(ctx, p.model, NULL, p.n, NULL, 0, NULL, NULL));
    ASSERT_OK(ctx, grasp_train_gdro(ctx, p.model, p.groups, NULL, p.n, NULL, 0, NULL, NULL));
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(arguments_are_checked)
{
    grasp_context *ctx = test_context();
    problem p, big;
    grasp_report *report = (grasp_report *)ctx;
    grasp_model *unbound;
    grasp_groups *few;
    int64_t rows[] = {0, 1, 30}, none[40];
    ASSERT_OK(ctx, two_groups(ctx, &p, 'm', 30, false, false));
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 2, &unbound));
    ASSERT_OK(ctx, grasp_groups_create(ctx, rows, 2, &few));
    ck_assert_int_eq(grasp_train_erm(NULL, p.model, NULL, p.n, NULL, 0, NULL, &report), GRASP_E_ARG);
    ck_assert_ptr_null(report);
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, NULL, NULL, 0, NULL, 0, NULL, &report), GRASP_E_ARG,
                  "grasp_train_erm: model is NULL");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, (grasp_model *)p.groups, NULL, 0, NULL, 0, NULL, NULL), GRASP_E_ARG,
                  "model");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, unbound, NULL, 0, NULL, 0, NULL, NULL), GRASP_E_STATE, "model");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, NULL, 29, NULL, 0, NULL, NULL), GRASP_E_DIM, "train_rows");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, 3, NULL, 0, NULL, NULL), GRASP_E_ARG, "train_rows");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, -1, NULL, 0, NULL, NULL), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, 0, NULL, 0, NULL, NULL), GRASP_E_EMPTY,
                  "train_rows has 0 rows");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, 2, rows, 3, NULL, NULL), GRASP_E_ARG, "val_rows");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, 2, NULL, 3, NULL, NULL), GRASP_E_ARG,
                  "val_rows is NULL and n_val is 3");
    ASSERT_STATUS(ctx, grasp_train_gdro(ctx, p.model, NULL, rows, 2, NULL, 0, NULL, &report), GRASP_E_ARG,
                  "grasp_train_gdro: groups");
    ASSERT_STATUS(ctx, grasp_train_gdro(ctx, p.model, few, rows, 2, NULL, 0, NULL, &report), GRASP_E_DIM, "groups");
    for (int i = 0; i < 40; i++)
        none[i] = GRASP_NOISE;
    grasp_groups_free(few);
    ASSERT_OK(ctx, grasp_groups_create(ctx, none, 30, &few));
    ASSERT_STATUS(ctx, grasp_train_gdro(ctx, p.model, few, rows, 2, NULL, 0, NULL, &report), GRASP_E_EMPTY,
                  "train_rows: all 2 rows are noise");

    grasp_params *others = params_of(ctx, &grasp__gdro_params, "");
    ASSERT_STATUS(ctx, grasp_train_erm(ctx, p.model, rows, 2, NULL, 0, others, NULL), GRASP_E_PARAM,
                  "params are those of gdro");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, others, "rat=1"), GRASP_E_PARAM, "the nearest is \"rate\"");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, others, "optimizer=newton"), GRASP_E_PARAM, "adam|sgd");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, others, "rate=0"), GRASP_E_PARAM, "(0, inf)");
    grasp_params_free(others);
    ASSERT_STATUS(ctx, erm(ctx, &p, "optimizer=newton", NULL), GRASP_E_UNSUPPORTED,
                  "needs a logistic or softmax model");
    ASSERT_STATUS(ctx, erm(ctx, &p, "l2=-0.5", NULL), GRASP_E_PARAM, "\"l2\" is -0.5, expected -1 or at least 0");
    ASSERT_STATUS(ctx, erm(ctx, &p, "select_epoch=val", NULL), GRASP_E_PARAM, "no validation row");
    ASSERT_STATUS(ctx, gdro(ctx, &p, "patience=2", NULL), GRASP_E_PARAM, "\"patience\" is 2");
    p.n_val = 2;
    ASSERT_STATUS(ctx, erm(ctx, &p, "optimizer=lbfgs;select_epoch=val", NULL), GRASP_E_PARAM,
                  "lbfgs runs to a gradient norm");
    ASSERT_STATUS(ctx, erm(ctx, &p, "optimizer=lbfgs;patience=3", NULL), GRASP_E_PARAM, "\"patience\"");

    lay_out(&big, 3, 1500);
    ASSERT_OK(ctx, bind(ctx, &big, 'l', 2));
    big.n_train = 1;
    ASSERT_STATUS(ctx, erm(ctx, &big, "optimizer=newton", NULL), GRASP_E_UNSUPPORTED,
                  "1501 parameters, expected at most 1500");
    ASSERT_OK(ctx, erm(ctx, &big, "optimizer=auto", NULL));
    problem_free(&big);
    grasp_model_free(unbound);
    grasp_groups_free(few);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_names_the_epoch_and_changes_nothing)
{
    grasp_context *ctx = test_context();
    problem p;
    ASSERT_OK(ctx, two_groups(ctx, &p, 'm', 30, false, false));
    double *before = get(ctx, &p), *after;
    ASSERT_STATUS(ctx, erm(ctx, &p, "optimizer=sgd;rate=1e300;epochs=9;batch=8", NULL), GRASP_E_NUMERIC,
                  "grasp_train_erm: epoch 1: ");
    ASSERT_STATUS(ctx, erm(ctx, &p, "optimizer=sgd;rate=1e300;epochs=9;batch=8", NULL), GRASP_E_NUMERIC,
                  "a lower rate than 1e+300");
    ASSERT_STATUS(ctx, gdro(ctx, &p, "optimizer=sgd;rate=1e200;epochs=9;batch=64", NULL), GRASP_E_NUMERIC,
                  "a lower rate than 1e+200");
    after = get(ctx, &p);
    ck_assert(memcmp(before, after, (size_t)grasp_model_n_params(p.model) * sizeof *before) == 0);
    free(before), free(after);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- everything at once: memory, cancelling, threads ------------------------------------------------------------- */

static const struct {
    char kind;
    bool by_groups;
    const char *text;
} way[] = {{'m', false, "optimizer=adam;rate=0.001;epochs=3;batch=16"},
           {'l', false, "optimizer=newton"},
           {'s', false, "optimizer=lbfgs;iterations=9"},
           {'l', true, "optimizer=sgd;rate=0.001;weight_decay=0;step=0.01;epochs=3;batch=16;balanced=1"}};

typedef struct run {
    int    way;
    double theta[64];
} run;

/* An error leaves the parameters; a cancel leaves finite ones and a report. */
static grasp_status train_scenario(grasp_context *ctx, void *arg)
{
    run *r = arg;
    problem p = {0};
    grasp_params *params = NULL;
    grasp_report *report = NULL;
    double before[64] = {0}, after[64] = {0};
    grasp_status s = two_groups(ctx, &p, way[r->way].kind, 40, false, false);
    int64_t n = s == GRASP_OK ? grasp_model_n_params(p.model) : 0;
    for (int64_t i = 0; i < 10; i++)
        p.val[i] = i;
    p.n_val = 10;
    if (s == GRASP_OK)
        s = grasp__params_create(ctx, way[r->way].by_groups ? &grasp__gdro_params : &grasp__erm_params, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, way[r->way].text);
    if (s == GRASP_OK)
        s = grasp_model_get_params(ctx, p.model, before, n);
    if (s == GRASP_OK) {
        s = way[r->way].by_groups
                ? grasp_train_gdro(ctx, p.model, p.groups, p.train, p.n_train, p.val, p.n_val, params, &report)
                : grasp_train_erm(ctx, p.model, p.train, p.n_train, p.val, p.n_val, params, &report);
        char message[256];
        snprintf(message, sizeof message, "%s", grasp_context_error(ctx));
        ck_assert((report != NULL) == (s >= GRASP_OK));
        ck_assert(grasp_model_get_params(ctx, p.model, after, n) == GRASP_OK);
        if (s < GRASP_OK) {
            ck_assert(memcmp(before, after, sizeof before) == 0);
            ck_assert(message[0] != '\0');
        }
        for (int64_t j = 0; j < n; j++)
            ck_assert(isfinite(after[j]));
        double epochs;
        if (s >= GRASP_OK)
            ck_assert(grasp_report_value(ctx, report, "epochs", &epochs) == GRASP_OK && epochs >= 0);
        memcpy(r->theta, after, sizeof after);
    }
    grasp_report_free(report);
    grasp_params_free(params);
    problem_free(&p);
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
    ck_assert_int_gt(for_each_cancel(train_scenario, &r), 3);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run r = {.way = _i};
    for_each_thread_count(train_scenario, &r,
                          way[_i].text[0] == 'o' && strstr(way[_i].text, "iterations=9") ? GRASP_NOT_CONVERGED
                                                                                         : GRASP_OK,
                          r.theta, sizeof r.theta);
}
END_TEST

/* ---- a model of the caller's ------------------------------------------------------------------------------------- */

/* Logistic regression on a problem's data by callbacks; the set_params call `stop_at` returns `answer`. */
typedef struct mine {
    const problem *p;
    double  theta[3];
    int64_t sets, stop_at;
    int32_t answer;
} mine;

static int64_t mine_rows(void *user) { return ((mine *)user)->p->n; }
static int64_t mine_classes(void *user) { return (void)user, 2; }
static int64_t mine_params(void *user) { return (void)user, 3; }

static int32_t mine_labels(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    for (int64_t i = 0; i < n; i++)
        label[i] = ((mine *)user)->p->y[rows[i]];
    return GRASP_CB_OK;
}

static int32_t mine_get(void *user, double *theta)
{
    memcpy(theta, ((mine *)user)->theta, 3 * sizeof *theta);
    return GRASP_CB_OK;
}

static int32_t mine_set(void *user, const double *theta)
{
    mine *m = user;
    if (++m->sets == m->stop_at)
        return m->answer;
    memcpy(m->theta, theta, 3 * sizeof *theta);
    return GRASP_CB_OK;
}

static double mine_z(const mine *m, int64_t row)
{
    return m->theta[0] * m->p->x[2 * row] + m->theta[1] * m->p->x[2 * row + 1] + m->theta[2];
}

static int32_t mine_loss(void *user, int64_t n, const int64_t *rows, double *loss)
{
    const mine *m = user;
    for (int64_t i = 0; i < n; i++) {
        double z = mine_z(m, rows[i]);
        loss[i] = fmax(z, 0) - z * (double)m->p->y[rows[i]] + log1p(exp(-fabs(z)));
    }
    return GRASP_CB_OK;
}

static int32_t mine_grad(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad)
{
    const mine *m = user;
    memset(grad, 0, 3 * sizeof *grad);
    for (int64_t i = 0; i < n; i++) {
        double r = weight[i] * (1 / (1 + exp(-mine_z(m, rows[i]))) - (double)m->p->y[rows[i]]);
        grad[0] += r * m->p->x[2 * rows[i]];
        grad[1] += r * m->p->x[2 * rows[i] + 1];
        grad[2] += r;
    }
    return GRASP_CB_OK;
}

static int32_t mine_predict(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    for (int64_t i = 0; i < n; i++)
        label[i] = mine_z(user, rows[i]) > 0;
    return GRASP_CB_OK;
}

START_TEST(custom_models_train_like_built_in_ones)
{
    grasp_context *ctx = test_context();
    problem p, q;
    ASSERT_OK(ctx, two_groups(ctx, &p, 'l', 200, false, false));
    q = p;
    mine m = {.p = &p};
    grasp_model_ops ops = {.size = sizeof ops, .n_rows = mine_rows, .n_classes = mine_classes, .n_params = mine_params,
                           .labels = mine_labels, .get_params = mine_get, .set_params = mine_set, .loss = mine_loss,
                           .weighted_grad = mine_grad, .predict = mine_predict};
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, &m, &q.model));
    ASSERT_OK(ctx, gdro(ctx, &p, "rate=0.05;epochs=5;batch=16", NULL));
    ASSERT_OK(ctx, gdro(ctx, &q, "rate=0.05;epochs=5;batch=16", NULL));
    double *theta = get(ctx, &p);
    for (int j = 0; j < 3; j++)
        ck_assert_double_eq_tol(theta[j], m.theta[j], 1e-12);
    free(theta);
    ASSERT_OK(ctx, erm(ctx, &p, "l2=0", NULL));
    ASSERT_OK(ctx, erm(ctx, &q, "l2=0;optimizer=lbfgs", NULL));
    theta = get(ctx, &p);
    for (int j = 0; j < 3; j++)
        ck_assert_double_eq_tol(theta[j], m.theta[j], 1e-6);
    free(theta);

    double before[3];
    for (int64_t k = 1; k < 9; k++) { /* the hook stops, or is broken, at its k-th call */
        memcpy(before, m.theta, sizeof before);
        m.sets = 0, m.stop_at = k, m.answer = -77;
        ASSERT_STATUS(ctx, erm(ctx, &q, "optimizer=sgd;rate=0.1;epochs=2;batch=8", NULL), GRASP_E_CALLBACK,
                      "set_params");
        ck_assert(memcmp(before, m.theta, sizeof before) == 0);
        m.sets = 0, m.answer = GRASP_CB_STOP;
        ASSERT_STATUS(ctx, erm(ctx, &q, "optimizer=sgd;rate=0.1;epochs=2;batch=8", NULL), GRASP_CANCELLED, "");
        m.sets = 0;
        ASSERT_STATUS(ctx, erm(ctx, &q, "optimizer=lbfgs;l2=0.3", NULL),
                      k < 4        ? GRASP_CANCELLED
                      : m.sets < k ? GRASP_OK
                                   : GRASP_CANCELLED,
                      "");
    }
    /* A candidate diverged at its second step; the hook stops as the next is to start: the model is as it came. */
    grasp_report *report;
    memset(m.theta, 0, sizeof m.theta);
    m.sets = 0, m.stop_at = 2, m.answer = GRASP_CB_STOP;
    ASSERT_STATUS(ctx, erm(ctx, &q, "optimizer=sgd;rate=1e300,0.1;weight_decay=1e10;batch=8", &report),
                  GRASP_CANCELLED, "");
    ck_assert(m.sets == 3 && m.theta[0] == 0 && m.theta[1] == 0 && m.theta[2] == 0);
    ck_assert(value(ctx, report, "epochs") == 0 && value(ctx, report, "candidate.best") == 1);
    grasp_report_free(report);
    grasp_model_free(q.model);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_train_suite(void);
Suite *check_train_suite(void)
{
    Suite *suite = suite_create("train");
    TCase *c = tcase_create("train");
    tcase_add_test(c, trajectories_are_those_of_pytorch);
    tcase_add_test(c, optima_are_those_of_scikit_learn);
    tcase_add_test(c, badly_scaled_and_float32_data_converge);
    tcase_add_test(c, separable_data_end_unconverged_and_finite);
    tcase_add_test(c, lbfgs_trains_any_model);
    tcase_add_test(c, weight_two_is_a_row_twice);
    tcase_add_test(c, rows_of_weight_zero_do_not_count);
    tcase_add_test(c, group_weights_follow_the_formula);
    tcase_add_test(c, step_zero_is_erm_with_fixed_group_weights);
    tcase_add_test(c, group_dro_finds_the_minimax_of_a_convex_problem);
    tcase_add_test(c, noise_rows_leave_no_trace);
    tcase_add_test(c, balanced_batches_draw_each_group_equally_often);
    tcase_add_test(c, an_order_is_a_permutation_keyed_by_seed_and_epoch);
    tcase_add_test(c, the_first_of_the_best_epochs_is_kept);
    tcase_add_test(c, patience_ends_training);
    tcase_add_test(c, worst_accuracy_is_that_of_groups_with_rows);
    tcase_add_test(c, edges);
    tcase_add_test(c, arguments_are_checked);
    tcase_add_test(c, a_loss_that_is_not_finite_names_the_epoch_and_changes_nothing);
    tcase_add_loop_test(c, every_failing_allocation_is_told, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, every_cancel_keeps_what_there_is, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, threads_do_not_matter, 0, sizeof way / sizeof *way);
    tcase_add_test(c, custom_models_train_like_built_in_ones);
    suite_add_tcase(suite, c);
    return suite;
}
