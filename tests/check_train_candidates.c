/* SPDX-License-Identifier: BSD-3-Clause
 * The grid over learning rate, weight decay and step size: which candidate is kept, against candidates trained one by
 * one and scored from outside; candidates that diverge; and what a cancel or a lack of memory leaves.
 */
#include "support.h"

#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 160, TRAIN = 110, MOST = 64 }; /* rows; those trained on; parameters, candidates, epochs at most */

/* Two groups of unequal size that want different boundaries, rows in no order. */
typedef struct problem {
    double x[2 * N], first[MOST];
    int64_t y[N], g[N], rows[N], n_val, n_params;
    bool by_groups;
    grasp_matrix *matrix;
    grasp_model *model;
    grasp_groups *groups;
    grasp_params *params;
    grasp_report *report;
} problem;

static void problem_free(problem *p)
{
    grasp_report_free(p->report);
    grasp_params_free(p->params);
    grasp_groups_free(p->groups);
    grasp_model_free(p->model);
    grasp_matrix_free(p->matrix);
    memset(p, 0, sizeof *p);
}

static grasp_status open(grasp_context *ctx, problem *p, bool by_groups, bool val, bool val_is_noise, const char *text)
{
    int64_t widths[] = {2, 6, 2};
    grasp__rng rng = test_rng(5);
    memset(p, 0, sizeof *p);
    p->by_groups = by_groups;
    p->n_val = val ? N - TRAIN : 0;
    for (int64_t i = 0; i < N; i++) {
        double z[2];
        random_normals(&rng, z, 2);
        p->rows[i] = i;
        p->y[i] = i / 7 % 2;
        p->g[i] = i % 7 == 0;
        p->x[2 * i] = (p->y[i] ? 1 : -1) * (p->g[i] ? -0.7 : 1.5) + z[0];
        p->x[2 * i + 1] = (p->y[i] ? 0.8 : -0.8) + z[1];
        if (val_is_noise && i >= TRAIN)
            p->g[i] = GRASP_NOISE;
    }
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, N, 2, 2, p->x, NULL, NULL, &p->matrix);
    if (s == GRASP_OK)
        s = grasp_model_create_mlp(ctx, widths, 3, NULL, &p->model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, p->model, p->matrix, p->y, N);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, p->g, N, &p->groups);
    if (s == GRASP_OK)
        s = grasp__params_create(ctx, by_groups ? &grasp__gdro_params : &grasp__erm_params, &p->params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, p->params, text);
    p->n_params = s == GRASP_OK ? grasp_model_n_params(p->model) : 0;
    ck_assert_int_le(p->n_params, MOST);
    return s == GRASP_OK ? grasp_model_get_params(ctx, p->model, p->first, p->n_params) : s;
}

/* Trains from the model's first parameters; makes a new report. */
static grasp_status train(grasp_context *ctx, problem *p)
{
    const int64_t *val = p->n_val ? p->rows + TRAIN : NULL;
    grasp_report_free(p->report);
    p->report = NULL;
    ck_assert(grasp__model_set_params(ctx, p->model, p->first) == GRASP_OK);
    return p->by_groups
               ? grasp_train_gdro(ctx, p->model, p->groups, p->rows, TRAIN, val, p->n_val, p->params, &p->report)
               : grasp_train_erm(ctx, p->model, p->rows, TRAIN, val, p->n_val, p->params, &p->report);
}

static double value(grasp_context *ctx, const problem *p, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, p->report, name, &v));
    return v;
}

static int64_t series(grasp_context *ctx, const problem *p, const char *name, double v[MOST])
{
    int64_t n = grasp_report_length(p->report, name);
    ck_assert_msg(n > 0 && n <= MOST, "series %s has length %" PRId64, name, n);
    ASSERT_OK(ctx, grasp_report_series(ctx, p->report, name, v, n));
    return n;
}

static void chosen_by(grasp_context *ctx, const problem *p, const char *expected)
{
    const char *by;
    ASSERT_OK(ctx, grasp_report_text(ctx, p->report, "chosen_by", &by));
    ck_assert_str_eq(by, expected);
}

/* The oracle: what the model's present parameters are worth, from its predictions and losses alone. */
static double worth(grasp_context *ctx, const problem *p)
{
    int64_t lo = p->n_val ? TRAIN : 0, hi = p->n_val ? N : TRAIN, label[N], right[2] = {0}, size[2] = {0};
    double loss[N], sum = 0;
    ASSERT_OK(ctx, grasp_model_predict(ctx, p->model, NULL, label, N));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, p->model, NULL, N, loss));
    for (int64_t i = lo; i < hi; i++) {
        int64_t g = p->by_groups ? p->g[i] : 0;
        right[g] += label[i] == p->y[i];
        size[g]++;
        sum += loss[i];
    }
    if (!p->by_groups)
        return p->n_val ? (double)right[0] / (double)size[0] : -sum / (double)size[0];
    return fmin((double)right[0] / (double)size[0], (double)right[1] / (double)size[1]);
}

/* ---- which one is kept ------------------------------------------------------------------------------------------- */

static const struct {
    bool by_groups, val;
    const char *text; /* the grid comes with it */
    double rate[3], decay[2], step[2];
    int64_t n_rates, n_decays, n_steps;
} grid[] = {
    {false,
     true,
     "optimizer=sgd;epochs=5;batch=16;rate=0.0001,0.05,0.05;weight_decay=0,0.5",
     {0.0001, 0.05, 0.05},
     {0, 0.5},
     {0},
     3,
     2,
     1},
    {false,
     false,
     "optimizer=adam;epochs=5;batch=16;rate=0.0001,0.05,0.002;weight_decay=0.5,0",
     {0.0001, 0.05, 0.002},
     {0.5, 0},
     {0},
     3,
     2,
     1},
    {true,
     true,
     "epochs=6;batch=16;rate=0.0001,0.05;weight_decay=0.1,0;step=0,0.5",
     {0.0001, 0.05},
     {0.1, 0},
     {0, 0.5},
     2,
     2,
     2},
    {true,
     false,
     "optimizer=sgd;epochs=6;batch=16;balanced=1;rate=0.001,0.03,0.03;weight_decay=0;step=0,0.5",
     {0.001, 0.03, 0.03},
     {0},
     {0, 0.5},
     3,
     1,
     2},
    {true,
     true,
     "epochs=6;batch=16;select_epoch=last;rate=0.0001,0.05;weight_decay=0;step=0.5,0.5",
     {0.0001, 0.05},
     {0},
     {0.5, 0.5},
     2,
     1,
     2},
};

START_TEST(the_first_of_the_best_is_installed)
{
    static const char *const column[] = {"candidate.rate", "candidate.weight_decay", "candidate.step"};
    grasp_context *ctx = test_context();
    problem all, one;
    double cell[3][MOST], score[MOST], theta[MOST], kept[MOST] = {0}, loss[2][MOST], best = -INFINITY;
    int64_t n = grid[_i].n_rates * grid[_i].n_decays * grid[_i].n_steps, first = -1, n_loss = 0;
    ASSERT_OK(ctx, open(ctx, &all, grid[_i].by_groups, grid[_i].val, false, grid[_i].text));
    ASSERT_OK(ctx, train(ctx, &all));
    for (int a = 0; a < (grid[_i].by_groups ? 3 : 2); a++)
        ck_assert_int_eq(series(ctx, &all, column[a], cell[a]), n);
    ck_assert_int_eq(series(ctx, &all, "candidate.score", score), n);
    ck_assert_int_eq(grasp_report_length(all.report, "candidate.step"), grid[_i].by_groups ? n : -1);
    for (int64_t k = 0; k < n; k++) { /* each alone: the same start, the same orders of rows */
        char text[256];
        double setting[] = {grid[_i].rate[k / grid[_i].n_steps / grid[_i].n_decays],
                            grid[_i].decay[k / grid[_i].n_steps % grid[_i].n_decays],
                            grid[_i].step[k % grid[_i].n_steps]};
        int length =
            snprintf(text, sizeof text, "%s;rate=%.17g;weight_decay=%.17g", grid[_i].text, setting[0], setting[1]);
        if (grid[_i].by_groups)
            snprintf(text + length, sizeof text - (size_t)length, ";step=%.17g", setting[2]);
        ASSERT_OK(ctx, open(ctx, &one, grid[_i].by_groups, grid[_i].val, false, text));
        ASSERT_OK(ctx, train(ctx, &one));
        for (int a = 0; a < (grid[_i].by_groups ? 3 : 2); a++) {
            ck_assert(cell[a][k] == setting[a]);
            ck_assert(value(ctx, &one, column[a] + strlen("candidate.")) == setting[a]);
        }
        double expected = worth(ctx, &one);
        ck_assert_msg(fabs(score[k] - expected) <= 1e-12, "candidate %" PRId64 ": score %.17g, alone %.17g", k,
                      score[k], expected);
        if (expected > best + 1e-12) {
            best = expected;
            first = k;
            ASSERT_OK(ctx, grasp_model_get_params(ctx, one.model, kept, one.n_params));
            n_loss = series(ctx, &one, "loss", loss[0]);
        }
        problem_free(&one);
    }
    ck_assert_int_gt(first, 0); /* or nothing would tell a choice from none */
    ck_assert(value(ctx, &all, "candidate.best") == (double)first);
    for (int a = 0; a < (grid[_i].by_groups ? 3 : 2); a++)
        ck_assert(value(ctx, &all, column[a] + strlen("candidate.")) == cell[a][first]);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, all.model, theta, all.n_params));
    ck_assert(memcmp(theta, kept, (size_t)all.n_params * sizeof *theta) == 0);
    ck_assert_int_eq(series(ctx, &all, "loss", loss[1]), n_loss);
    ck_assert(memcmp(loss[0], loss[1], (size_t)n_loss * sizeof **loss) == 0);
    chosen_by(ctx, &all, grid[_i].val ? "val" : "train");
    double told = value(ctx, &all, grid[_i].by_groups ? "best_val_worst" : "best_val_accuracy");
    ck_assert(grid[_i].val ? told == score[first] : isnan(told));
    problem_free(&all);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(one_candidate_is_reported_too)
{
    grasp_context *ctx = test_context();
    problem p;
    double score[MOST];
    for (int val = 0; val < 2; val++) {
        ASSERT_OK(ctx, open(ctx, &p, true, val, false, "epochs=2;rate=0.02;weight_decay=0.25;step=0.5"));
        ASSERT_OK(ctx, train(ctx, &p));
        ck_assert(value(ctx, &p, "rate") == 0.02 && value(ctx, &p, "weight_decay") == 0.25);
        ck_assert(value(ctx, &p, "step") == 0.5 && value(ctx, &p, "candidate.best") == 0);
        ck_assert_int_eq(series(ctx, &p, "candidate.score", score), 1);
        ck_assert(val ? score[0] == value(ctx, &p, "best_val_worst") : isnan(score[0]));
        problem_free(&p);
    }
    /* A number set as one number is a list of one. */
    ASSERT_OK(ctx, open(ctx, &p, false, true, false, "optimizer=adam;epochs=1"));
    ASSERT_OK(ctx, train(ctx, &p));
    ck_assert_int_eq(series(ctx, &p, "candidate.score", score), 2); /* the defaults */
    ASSERT_OK(ctx, grasp_params_set_f64(ctx, p.params, GRASP_KEY_RATE, 0.5));
    ASSERT_OK(ctx, train(ctx, &p));
    ck_assert(value(ctx, &p, "rate") == 0.5 && series(ctx, &p, "candidate.score", score) == 1);
    /* lbfgs has no rate. */
    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "optimizer=lbfgs;iterations=3"));
    ck_assert_int_ge(train(ctx, &p), GRASP_OK);
    ck_assert_int_eq(grasp_report_length(p.report, "candidate.score"), -1);
    double rate;
    ASSERT_STATUS(ctx, grasp_report_value(ctx, p.report, "rate", &rate), GRASP_E_ARG, "rate");
    problem_free(&p);
    ASSERT_OK(ctx, open(ctx, &p, true, true, false, "epochs=1"));
    ASSERT_OK(ctx, train(ctx, &p));
    ck_assert_int_eq(series(ctx, &p, "candidate.score", score), 8);
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, p.params, "rate=0.1,0"), GRASP_E_PARAM, "rate");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, p.params, "step=0.1,-1"), GRASP_E_PARAM, "step");
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(validation_rows_without_a_group_are_none)
{
    static const char text[] = "epochs=4;batch=16;rate=0.0001,0.05;weight_decay=0;step=0.1,1";
    grasp_context *ctx = test_context();
    problem p, q;
    double a[MOST], b[MOST];
    ASSERT_OK(ctx, open(ctx, &p, true, true, true, text));
    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "patience=1;select_epoch=val")); /* nothing to wait for */
    ASSERT_OK(ctx, open(ctx, &q, true, false, false, text));
    ASSERT_OK(ctx, train(ctx, &p));
    ASSERT_OK(ctx, train(ctx, &q));
    chosen_by(ctx, &p, "train");
    ck_assert(value(ctx, &p, "candidate.best") == value(ctx, &q, "candidate.best"));
    ck_assert(value(ctx, &p, "epochs") == 4 && value(ctx, &p, "best_epoch") == 4);
    ck_assert(isnan(value(ctx, &p, "best_val_worst")));
    ck_assert_int_eq(grasp_report_length(p.report, "val_worst"), -1);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, p.model, a, p.n_params));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, q.model, b, q.n_params));
    ck_assert(memcmp(a, b, (size_t)p.n_params * sizeof *a) == 0);
    ASSERT_OK(ctx, grasp_params_parse(ctx, q.params, "patience=1"));
    ASSERT_STATUS(ctx, train(ctx, &q), GRASP_E_PARAM, "no validation row");
    problem_free(&p);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

/* ---- candidates that diverge ------------------------------------------------------------------------------------- */

static void count_warnings(void *user, int32_t level, const char *line)
{
    if (level == GRASP_LOG_WARN && contains(line, "candidate 1 of 2 is out: ") && contains(line, "epoch 1"))
        ++*(int64_t *)user;
}

START_TEST(a_candidate_that_diverges_is_out)
{
    grasp_context *ctx = test_context();
    problem p, one;
    double score[MOST], a[MOST], b[MOST];
    int64_t warnings = 0;
    bool by_groups = _i & 1, val = _i & 2;
    const char *rest = by_groups ? "optimizer=sgd;epochs=3;batch=16;weight_decay=0;step=0.1;rate=1e300,0.01"
                                 : "optimizer=sgd;epochs=3;batch=16;rate=1e300,0.01";
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_WARN, count_warnings, &warnings, NULL));
    ASSERT_OK(ctx, open(ctx, &p, by_groups, val, false, rest));
    ASSERT_OK(ctx, train(ctx, &p));
    ck_assert_int_eq(warnings, 1);
    ck_assert_int_eq(series(ctx, &p, "candidate.score", score), 2);
    ck_assert(isnan(score[0]) && !isnan(score[1]) && value(ctx, &p, "candidate.best") == 1);
    ASSERT_OK(ctx, open(ctx, &one, by_groups, val, false, rest));
    ASSERT_OK(ctx, grasp_params_parse(ctx, one.params, "rate=0.01"));
    ASSERT_OK(ctx, train(ctx, &one));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, p.model, a, p.n_params));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, one.model, b, p.n_params));
    ck_assert(memcmp(a, b, (size_t)p.n_params * sizeof *a) == 0);
    problem_free(&one);

    ASSERT_OK(ctx, grasp_params_parse(ctx, p.params, "rate=1e300,1e290"));
    ASSERT_STATUS(ctx, train(ctx, &p), GRASP_E_NUMERIC, "a lower rate than 1e+290");
    ASSERT_STATUS(ctx, train(ctx, &p), GRASP_E_NUMERIC, by_groups ? "grasp_train_gdro: epoch 1" : "grasp_train_erm: ");
    ck_assert_ptr_null(p.report);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, p.model, a, p.n_params));
    ck_assert(memcmp(a, p.first, (size_t)p.n_params * sizeof *a) == 0);
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- cancelling, memory, threads --------------------------------------------------------------------------------- */

typedef struct stopper {
    int64_t calls, stop_at;
    double last;
} stopper;

static int32_t stop(void *user, const char *what, double fraction)
{
    stopper *s = user;
    (void)what;
    ck_assert_msg(fraction >= s->last, "progress falls from %g to %g", s->last, fraction);
    s->last = fraction;
    return ++s->calls == s->stop_at ? GRASP_CB_STOP : GRASP_CB_OK;
}

START_TEST(a_cancel_installs_the_best_so_far)
{
    static const char *const text[] = {
        "optimizer=adam;epochs=3;batch=32;rate=0.05,0.0001,0.01",
        "epochs=3;batch=32;rate=0.05,0.0001,0.01;weight_decay=0;step=0.1",
    };
    grasp_context *ctx = test_context();
    problem p, one;
    bool by_groups = _i & 1, val = _i & 2;
    double alone[3][MOST], theta[MOST], score[MOST];
    int64_t complete = 0, calls = 0;
    for (int k = 0; k < 3; k++) {
        ASSERT_OK(ctx, open(ctx, &one, by_groups, val, false, text[by_groups]));
        ASSERT_OK(ctx, grasp_params_set_f64(ctx, one.params, GRASP_KEY_RATE, (double[]){0.05, 0.0001, 0.01}[k]));
        ASSERT_OK(ctx, train(ctx, &one));
        ASSERT_OK(ctx, grasp_model_get_params(ctx, one.model, alone[k], one.n_params));
        problem_free(&one);
    }
    ASSERT_OK(ctx, open(ctx, &p, by_groups, val, false, text[by_groups]));
    for (int64_t at = 1;; at++) {
        stopper s = {0, at, 0};
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop, &s, NULL));
        grasp_status status = train(ctx, &p);
        calls = s.calls;
        if (s.calls < at) {
            ck_assert_int_eq(status, GRASP_OK);
            break;
        }
        ck_assert_int_eq(status, GRASP_CANCELLED);
        int64_t tried = series(ctx, &p, "candidate.score", score), best = (int64_t)value(ctx, &p, "candidate.best");
        chosen_by(ctx, &p, val ? "val" : "train");
        ck_assert(best >= 0 && best < tried && value(ctx, &p, "epochs") <= 3);
        for (int64_t k = 0; k < tried; k++)
            ck_assert(!(score[k] > score[best] + 1e-12));
        ASSERT_OK(ctx, grasp_model_get_params(ctx, p.model, theta, p.n_params));
        if (best < tried - 1) { /* not the one that ran: it is complete */
            ck_assert(memcmp(theta, alone[best], (size_t)p.n_params * sizeof *theta) == 0);
            complete++;
        } else if (at == 1)
            ck_assert(memcmp(theta, p.first, (size_t)p.n_params * sizeof *theta) == 0);
    }
    ck_assert_int_gt(complete, calls / 3);
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, NULL, NULL, NULL));
    problem_free(&p);
    grasp_context_free(ctx);
}
END_TEST

static const struct {
    bool by_groups, val;
    const char *text;
} way[] = {{false, true, "optimizer=sgd;epochs=2;batch=32;rate=0.01,0.1"},
           {false, false, "optimizer=adam;epochs=2;batch=32;rate=0.01,0.1"},
           {true, true, "epochs=2;batch=32;rate=0.01;weight_decay=0,1;step=0.1,1"},
           {true, false, "epochs=2;batch=32;rate=0.01;weight_decay=0;step=0.1,1;balanced=1"},
           {true, true, "optimizer=sgd;epochs=2;batch=32;rate=1e300,0.01;weight_decay=0;step=0.1"}};

typedef struct run {
    int way;
    double theta[MOST];
} run;

static grasp_status train_scenario(grasp_context *ctx, void *arg)
{
    run *r = arg;
    problem p;
    double epochs;
    grasp_status s = open(ctx, &p, way[r->way].by_groups, way[r->way].val, false, way[r->way].text);
    if (s == GRASP_OK) {
        s = train(ctx, &p);
        ck_assert((p.report != NULL) == (s >= GRASP_OK));
        memset(r->theta, 0, sizeof r->theta);
        ck_assert(grasp__model_get_params(ctx, p.model, r->theta) == GRASP_OK);
        for (int64_t j = 0; j < p.n_params; j++)
            ck_assert(isfinite(r->theta[j]));
        if (s < GRASP_OK)
            ck_assert(memcmp(r->theta, p.first, sizeof r->theta) == 0);
        else
            ck_assert(grasp_report_value(ctx, p.report, "epochs", &epochs) == GRASP_OK && epochs >= 0);
    }
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
    ck_assert_int_gt(for_each_cancel(train_scenario, &r), 6);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run r = {.way = _i};
    for_each_thread_count(train_scenario, &r, GRASP_OK, r.theta, sizeof r.theta);
}
END_TEST

Suite *check_train_candidates_suite(void);
Suite *check_train_candidates_suite(void)
{
    Suite *suite = suite_create("train_candidates");
    TCase *c = tcase_create("candidates");
    tcase_add_loop_test(c, the_first_of_the_best_is_installed, 0, sizeof grid / sizeof *grid);
    tcase_add_test(c, one_candidate_is_reported_too);
    tcase_add_test(c, validation_rows_without_a_group_are_none);
    tcase_add_loop_test(c, a_candidate_that_diverges_is_out, 0, 4);
    tcase_add_loop_test(c, a_cancel_installs_the_best_so_far, 0, 4);
    tcase_add_loop_test(c, every_failing_allocation_is_told, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, every_cancel_keeps_what_there_is, 0, sizeof way / sizeof *way);
    tcase_add_loop_test(c, threads_do_not_matter, 0, sizeof way / sizeof *way);
    suite_add_tcase(suite, c);
    return suite;
}
