/* SPDX-License-Identifier: BSD-3-Clause
 * CVaR, chi2, their forms without outliers, and tilted: values against their definitions by brute force, weights
 * against finite differences, the limits in which they are each other, and whole trainings.
 */
#include "support_train.h"

#include "train/train_private.h"
#include "grasp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 };

typedef struct batch {
    int64_t n, order[MOST];
    double loss[MOST], mass[MOST], weight[MOST], scratch[MOST];
} batch;

/* kind 0: equal masses; 1: random masses, some of them zero; 2: ties among the losses as well. */
static batch random_batch(uint64_t item, int kind)
{
    batch b = {0};
    grasp__rng rng = test_rng(item);
    b.n = 1 + grasp__rng_below(&rng, MOST);
    for (int64_t i = 0; i < b.n; i++) {
        double z;
        random_normals(&rng, &z, 1);
        b.loss[i] = kind == 2 ? (double)grasp__rng_below(&rng, 4) : exp(z);
        b.mass[i] = kind == 0 ? 1 : i > 0 && grasp__rng_below(&rng, 4) == 0 ? 0 : grasp__rng_uniform(&rng) + 0.1;
    }
    return b;
}

static double weigh(grasp__risk_weigh *risk, double alpha, double epsilon, double tilt, batch *b)
{
    return risk(&(grasp__risk){alpha, epsilon, tilt, b->scratch}, b->n, b->loss, b->mass, b->order, b->weight);
}

static double sum(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += v[i];
    return s;
}

static double mean(const batch *b)
{
    double s = 0;
    for (int64_t i = 0; i < b->n; i++)
        s += b->mass[i] * b->loss[i];
    return s / sum(b->mass, b->n);
}

static double largest(const batch *b)
{
    double top = -INFINITY;
    for (int64_t i = 0; i < b->n; i++)
        top = b->mass[i] > 0 ? fmax(top, b->loss[i]) : top;
    return top;
}

/* Weights of a value that is their inner product with the losses, or on the simplex at least. */
static void check_simplex(const batch *b)
{
    ck_assert_double_eq_tol(sum(b->weight, b->n), 1, 1e-12);
    for (int64_t i = 0; i < b->n; i++)
        ck_assert(b->weight[i] >= 0 && (b->mass[i] > 0 || b->weight[i] == 0));
}

/* The weights are the derivative of the value, where it has one: away from ties. */
static void check_slope(grasp__risk_weigh *risk, double alpha, double epsilon, double tilt, batch *b)
{
    for (int64_t i = 0; i < b->n; i++) {
        batch up = *b, down = *b;
        double h = 1e-6;
        up.loss[i] += h;
        down.loss[i] -= h;
        double slope = (weigh(risk, alpha, epsilon, tilt, &up) - weigh(risk, alpha, epsilon, tilt, &down)) / (2 * h);
        ck_assert_msg(fabs(slope - b->weight[i]) < 1e-5, "row %" PRId64 ": slope %g, weight %g", i, slope,
                      b->weight[i]);
    }
}

START_TEST(cvar_is_its_dual)
{
    for (int64_t k = 0; k < trials(300); k++) {
        batch b = random_batch((uint64_t)k, (int)(k % 3));
        grasp__rng rng = test_rng((uint64_t)(1000 + k));
        double alpha = k % 5 == 0 ? 1 : 0.01 + 0.99 * grasp__rng_uniform(&rng), least = INFINITY;
        double value = weigh(grasp__cvar, alpha, 0, 0, &b), total = sum(b.mass, b.n);
        check_simplex(&b);
        for (int64_t i = 0; i < b.n; i++)
            ck_assert(b.weight[i] <= b.mass[i] / (alpha * total) * (1 + 1e-12));
        for (int64_t j = 0; j < b.n; j++) { /* the dual is least at a loss */
            double f = b.loss[j];
            for (int64_t i = 0; i < b.n; i++)
                f += b.mass[i] * fmax(b.loss[i] - b.loss[j], 0) / (alpha * total);
            least = b.mass[j] > 0 ? fmin(least, f) : least;
        }
        ck_assert_double_eq_tol(value, least, 1e-11);
        if (alpha == 1)
            ck_assert_double_eq_tol(value, mean(&b), 1e-12);
        if (k % 3 != 2)
            check_slope(grasp__cvar, alpha, 0, 0, &b);
    }
    /* The fraction at the boundary: the two largest of ten at alpha = 0.15 count 2/3 and 1/3. */
    batch b = {.n = 10};
    for (int i = 0; i < 10; i++)
        b.loss[i] = i, b.mass[i] = 1;
    ck_assert_double_eq_tol(weigh(grasp__cvar, 0.15, 0, 0, &b), 9 * 2 / 3. + 8 / 3., 1e-12);
}
END_TEST

static int down(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

START_TEST(doro_is_its_formula)
{
    for (int64_t k = 0; k < trials(300); k++) {
        batch b = random_batch((uint64_t)k, 0);
        grasp__rng rng = test_rng((uint64_t)(2000 + k));
        double alpha = 0.02 + 0.98 * grasp__rng_uniform(&rng), epsilon = 0.5 * grasp__rng_uniform(&rng), sorted[MOST];
        double value = weigh(grasp__doro, alpha, epsilon, 0, &b), expected = 0;
        int64_t n2 = (int64_t)(epsilon * (double)b.n), n1 = (int64_t)((epsilon + alpha * (1 - epsilon)) * (double)b.n);
        memcpy(sorted, b.loss, sizeof sorted);
        qsort(sorted, (size_t)b.n, sizeof *sorted, down);
        for (int64_t r = n2; r < n1; r++)
            expected += sorted[r] / (alpha * (double)(b.n - n2));
        if (n1 == n2) /* no row would be left: that of rank n2 stands alone */
            expected = sorted[n2];
        ck_assert_double_eq_tol(value, expected, 1e-12);
        ck_assert_double_eq_tol(sum(b.weight, b.n), n1 == n2 ? 1 : (double)(n1 - n2) / (alpha * (double)(b.n - n2)),
                                1e-12);
        check_slope(grasp__doro, alpha, epsilon, 0, &b);
        /* Without outliers and with alpha B whole it is CVaR. */
        int64_t top = 1 + grasp__rng_below(&rng, b.n);
        batch c = b;
        alpha = (double)top / (double)b.n;
        ck_assert_double_eq_tol(weigh(grasp__doro, alpha, 0, 0, &b), weigh(grasp__cvar, alpha, 0, 0, &c), 1e-12);
        for (int64_t i = 0; i < b.n; i++)
            ck_assert_double_eq_tol(b.weight[i], c.weight[i], 1e-12);
        /* Masses: a row of weight 2 counts twice within its rank. */
        batch d = random_batch((uint64_t)k, 1);
        weigh(grasp__doro, 1, 0, 0, &d);
        for (int64_t i = 0; i < d.n; i++)
            ck_assert_double_eq_tol(d.weight[i], d.mass[i] / sum(d.mass, d.n), 1e-12);
    }
}
END_TEST

static double dual(const batch *b, double c, double eta)
{
    double square = 0, total = sum(b->mass, b->n);
    for (int64_t i = 0; i < b->n; i++) {
        double excess = fmax(b->loss[i] - eta, 0);
        square += b->mass[i] * excess * excess / total;
    }
    return c * sqrt(square) + eta;
}

/* The least value of the convex dual, by golden section over a wide bracket. */
static double least_dual(const batch *b, double alpha)
{
    double c = sqrt(1 + (1 / alpha - 1) * (1 / alpha - 1)), ratio = (sqrt(5) - 1) / 2;
    double lo = -2000, hi = largest(b);
    for (int k = 0; k < 300; k++) {
        double left = hi - ratio * (hi - lo), right = lo + ratio * (hi - lo);
        *(dual(b, c, left) < dual(b, c, right) ? &hi : &lo) = dual(b, c, left) < dual(b, c, right) ? right : left;
    }
    return fmin(dual(b, c, lo), dual(b, c, hi));
}

START_TEST(chi2_is_its_dual)
{
    for (int64_t k = 0; k < trials(400); k++) {
        batch b = random_batch((uint64_t)k, (int)(k % 3));
        grasp__rng rng = test_rng((uint64_t)(3000 + k));
        double alpha = k % 7 == 0 ? 1 : 0.03 + 0.8 * grasp__rng_uniform(&rng);
        double value = weigh(grasp__chi2, alpha, 0, 0, &b), inner = 0, square = 0, total = sum(b.mass, b.n);
        check_simplex(&b);
        if (alpha == 1)
            ck_assert_double_eq_tol(value, mean(&b), 1e-12);
        else
            ck_assert_msg(fabs(value - least_dual(&b, alpha)) < 1e-8, "%.17g, by brute force %.17g", value,
                          least_dual(&b, alpha));
        for (int64_t i = 0; i < b.n; i++) { /* the primal: they attain the value within the ball */
            inner += b.weight[i] * b.loss[i];
            square += b.mass[i] > 0 ? b.weight[i] * b.weight[i] * total / b.mass[i] : 0;
        }
        ck_assert_double_eq_tol(inner, value, 1e-9);
        ck_assert(square <= (1 + (1 / alpha - 1) * (1 / alpha - 1)) * (1 + 1e-9));
        if (k % 3 != 2 && b.n > 3)
            check_slope(grasp__chi2, alpha, 0, 0, &b);
    }
}
END_TEST

START_TEST(chi2_at_its_edges)
{
    batch b = {.n = 5, .loss = {3, 3, 3, 3, 3}, .mass = {1, 2, 1, 0, 1}};
    ck_assert(weigh(grasp__chi2, 0.2, 0, 0, &b) == 3); /* all equal: no root of zero */
    check_simplex(&b);
    /* C = sqrt(17) at alpha = .2: five rows and one largest, C^2 / 5 >= 1; the largest alone. */
    batch few = {.n = 5, .loss = {1, 4, 2, 3, 0}, .mass = {1, 1, 1, 1, 1}};
    ck_assert(weigh(grasp__chi2, 0.2, 0, 0, &few) == 4 && few.weight[1] == 1);
    batch tied = {.n = 5, .loss = {1, 4, 2, 4, 0}, .mass = {1, 1, 1, 1, 1}};
    ck_assert(weigh(grasp__chi2, 0.2, 0, 0, &tied) == 4 && tied.weight[1] == 0.5 && tied.weight[3] == 0.5);
    batch none = {.n = 2, .loss = {1, 4}, .mass = {0, 0}};
    ck_assert(weigh(grasp__chi2, 0.2, 0, 0, &none) == 0 && weigh(grasp__cvar, 0.2, 0, 0, &none) == 0);
    ck_assert(weigh(grasp__doro, 0.2, 0.1, 0, &none) == 0 && weigh(grasp__tilted, 0, 0, 1, &none) == 0);
    ck_assert(sum(none.weight, 2) == 0);
    for (int64_t k = 0; k < trials(100); k++) { /* without the outliers it is chi2 of the rest */
        batch all = random_batch((uint64_t)k, 0), rest = all;
        int64_t out = (int64_t)(0.2 * (double)all.n);
        double value = weigh(grasp__chi2_doro, 0.3, 0.2, 0, &all);
        qsort(rest.loss, (size_t)rest.n, sizeof *rest.loss, down);
        memmove(rest.loss, rest.loss + out, sizeof *rest.loss * (size_t)(rest.n - out));
        rest.n -= out;
        ck_assert_double_eq_tol(value, weigh(grasp__chi2, 0.3, 0, 0, &rest), 1e-12);
        check_simplex(&all);
    }
}
END_TEST

START_TEST(tilted_lies_between_the_mean_and_the_largest)
{
    for (int64_t k = 0; k < trials(200); k++) {
        batch b = random_batch((uint64_t)k, (int)(k % 3));
        ck_assert_double_eq_tol(weigh(grasp__tilted, 0, 0, 0, &b), mean(&b), 1e-12);
        double before = mean(&b), total = sum(b.mass, b.n);
        for (double t = 1e-9; t < 1e6; t *= 10) {
            double value = weigh(grasp__tilted, 0, 0, t, &b), direct = 0;
            check_simplex(&b);
            ck_assert(value >= before - 1e-9 && value <= largest(&b) + 1e-12);
            for (int64_t i = 0; i < b.n; i++)
                direct += b.mass[i] * exp(t * b.loss[i]) / total;
            if (t > 1e-3 && t < 11)
                ck_assert_double_eq_tol(value, log(direct) / t, 1e-9);
            before = value;
        }
        ck_assert_double_eq_tol(weigh(grasp__tilted, 0, 0, 1e9, &b), largest(&b), 1e-6);
        for (double t = -2; t < 3; t += 1) {
            weigh(grasp__tilted, 0, 0, t, &b);
            check_slope(grasp__tilted, 0, 0, t, &b);
        }
        batch mirrored = b; /* R(-t) of the losses is -R(t) of their negatives */
        for (int64_t i = 0; i < b.n; i++)
            mirrored.loss[i] = -b.loss[i];
        ck_assert_double_eq_tol(weigh(grasp__tilted, 0, 0, -3, &b), -weigh(grasp__tilted, 0, 0, 3, &mirrored), 1e-12);
    }
}
END_TEST

/* ---- through a model --------------------------------------------------------------------------------------------- */

typedef struct through {
    grasp__risk_weigh *risk;
    batch b;
    double value;
} through;

static grasp_status weigh_batch(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    through *t = arg;
    (void)rows;
    t->b.n = n;
    for (int64_t i = 0; i < n; i++)
        t->b.loss[i] = loss[i], t->b.mass[i] = 1;
    t->value = weigh(t->risk, 0.3, 0.1, 2, &t->b);
    memcpy(weight, t->b.weight, (size_t)n * sizeof *weight);
    return GRASP_OK;
}

START_TEST(the_whole_objective_has_the_gradient_that_is_stepped_along)
{
    static grasp__risk_weigh *const risk[] = {grasp__cvar, grasp__doro, grasp__chi2, grasp__chi2_doro, grasp__tilted};
    grasp_context *ctx = test_context();
    task t;
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    for (int k = 0; k < 5; k++) {
        through way = {.risk = risk[k]};
        double loss[MOST], grad[TASK_MOST], unused[TASK_MOST], theta[TASK_MOST], value[2], h = 1e-5;
        ASSERT_OK(ctx, grasp__model_objective(ctx, t.model, t.rows, MOST, weigh_batch, &way, loss, grad));
        memcpy(theta, t.first, sizeof theta);
        for (int64_t j = 0; j < t.n_params; j++) {
            for (int side = 0; side < 2; side++) {
                theta[j] = t.first[j] + (side ? h : -h);
                ASSERT_OK(ctx, grasp__model_set_params(ctx, t.model, theta));
                ASSERT_OK(ctx, grasp__model_objective(ctx, t.model, t.rows, MOST, weigh_batch, &way, loss, unused));
                value[side] = way.value;
            }
            theta[j] = t.first[j];
            ck_assert_double_eq_tol((value[1] - value[0]) / (2 * h), grad[j], 1e-6);
        }
        ASSERT_OK(ctx, grasp__model_set_params(ctx, t.model, t.first));
    }
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(in_the_limit_they_train_as_erm_does)
{
    static const char *const same[][2] = {{"cvar", "alpha=1"}, {"doro", "alpha=1;epsilon=0"}, {"chi2", "alpha=1"},
                                          {"chi2_doro", "alpha=1;epsilon=0"}, {"tilted", "tilt=0"}};
    static const char first_order[] = "optimizer=adam;epochs=5;batch=16;rate=0.01;weight_decay=0.01;";
    grasp_context *ctx = test_context();
    task t;
    double erm[TASK_MOST], theta[TASK_MOST];
    char text[128];
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, first_order));
    task_params(ctx, &t, erm);
    for (int k = 0; k < 5; k++) {
        snprintf(text, sizeof text, "%s%s", first_order, same[k][1]);
        ASSERT_OK(ctx, task_train(ctx, &t, same[k][0], false, text));
        task_params(ctx, &t, theta);
        for (int64_t j = 0; j < t.n_params; j++)
            ck_assert_double_eq_tol(theta[j], erm[j], 1e-9);
        ck_assert_double_eq_tol(task_last(ctx, &t, "objective"), task_last(ctx, &t, "loss"), 1e-9);
        ck_assert(isfinite(task_value(ctx, &t, "best_val_accuracy")));
    }
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_grid_spans_their_numbers)
{
    static const char grid[] = "epochs=3;batch=16;rate=0.01,0.1;weight_decay=0,1;alpha=0.1,0.5;epsilon=0,0.1,0.2";
    grasp_context *ctx = test_context();
    task t;
    double alpha[24], epsilon[24], score[24], kept[TASK_MOST], theta[TASK_MOST];
    char text[256];
    ASSERT_OK(ctx, task_open(ctx, &t, 'm'));
    ASSERT_OK(ctx, task_train(ctx, &t, "doro", true, grid)); /* selected by the worst validation group */
    ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "candidate.alpha", alpha, 24));
    ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "candidate.epsilon", epsilon, 24));
    ASSERT_OK(ctx, grasp_report_series(ctx, t.report, "candidate.score", score, 24));
    for (int k = 0; k < 24; k++) {
        ck_assert(alpha[k] == (k / 3 % 2 ? 0.5 : 0.1) && epsilon[k] == (double)(k % 3) / 10);
        ck_assert(score[k] <= task_value(ctx, &t, "best_val_worst"));
    }
    task_params(ctx, &t, kept);
    snprintf(text, sizeof text, "epochs=3;batch=16;rate=%g;weight_decay=%g;alpha=%g;epsilon=%g",
             task_value(ctx, &t, "rate"), task_value(ctx, &t, "weight_decay"), task_value(ctx, &t, "alpha"),
             task_value(ctx, &t, "epsilon"));
    ASSERT_OK(ctx, task_train(ctx, &t, "doro", true, text));
    task_params(ctx, &t, theta);
    ck_assert(memcmp(theta, kept, sizeof theta) == 0);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(tilted_at_full_batch_is_a_minimum)
{
    grasp_context *ctx = test_context();
    task t;
    double erm[TASK_MOST], theta[TASK_MOST], worst[2];
    ASSERT_OK(ctx, task_open(ctx, &t, 'l'));
    ASSERT_OK(ctx, task_train(ctx, &t, "erm", false, "optimizer=lbfgs"));
    task_params(ctx, &t, erm);
    ASSERT_OK(ctx, task_train(ctx, &t, "tilted", false, "tilt=0"));
    const char *optimizer;
    ASSERT_OK(ctx, grasp_report_text(ctx, t.report, "optimizer", &optimizer));
    ck_assert_str_eq(optimizer, "lbfgs");
    task_params(ctx, &t, theta);
    for (int64_t j = 0; j < t.n_params; j++)
        ck_assert_double_eq_tol(theta[j], erm[j], 1e-6);
    for (int k = 0; k < 2; k++) { /* no point around it is lower */
        double tilt = k ? 20 : 1, loss[TASK_TRAIN], least = INFINITY;
        char text[64];
        snprintf(text, sizeof text, "tilt=%g;l2=0.01;gradient_norm=1e-9", tilt);
        ASSERT_OK(ctx, task_train(ctx, &t, "tilted", false, text));
        ck_assert(task_value(ctx, &t, "converged") == 1);
        task_params(ctx, &t, theta);
        grasp__rng rng = test_rng(9);
        for (int trial = 0; trial < 30; trial++) {
            double near[TASK_MOST], step[3], sum_of = 0, top = 0;
            random_normals(&rng, step, 3);
            for (int j = 0; j < 3; j++)
                near[j] = theta[j] + (trial ? 1e-3 * step[j] : 0);
            ASSERT_OK(ctx, grasp_model_set_params(ctx, t.model, near, 3));
            ASSERT_OK(ctx, grasp_model_loss_rows(ctx, t.model, t.rows, TASK_TRAIN, loss));
            for (int64_t i = 0; i < TASK_TRAIN; i++) {
                sum_of += exp(tilt * loss[i]) / TASK_TRAIN;
                top = fmax(top, loss[i]);
            }
            double value = log(sum_of) / tilt + 0.005 * (near[0] * near[0] + near[1] * near[1]);
            if (trial == 0)
                least = value, worst[k] = top;
            ck_assert(value >= least);
        }
    }
    ck_assert(worst[1] < worst[0]);
    ASSERT_STATUS(ctx, task_train(ctx, &t, "cvar", false, "optimizer=lbfgs"), GRASP_E_PARAM, "optimizer");
    /* A grid goes on past a candidate that does not converge. */
    ck_assert_int_ge(task_train(ctx, &t, "tilted", true, "tilt=0.1,1,5;iterations=2"), GRASP_OK);
    ck_assert_int_eq(grasp_report_length(t.report, "candidate.score"), 3);
    task_free(&t);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_train_risks_suite(void);
Suite *check_train_risks_suite(void)
{
    Suite *suite = suite_create("train_risks");
    TCase *c = tcase_create("risks");
    tcase_add_test(c, cvar_is_its_dual);
    tcase_add_test(c, doro_is_its_formula);
    tcase_add_test(c, chi2_is_its_dual);
    tcase_add_test(c, chi2_at_its_edges);
    tcase_add_test(c, tilted_lies_between_the_mean_and_the_largest);
    tcase_add_test(c, the_whole_objective_has_the_gradient_that_is_stepped_along);
    tcase_add_test(c, in_the_limit_they_train_as_erm_does);
    tcase_add_test(c, a_grid_spans_their_numbers);
    tcase_add_test(c, tilted_at_full_batch_is_a_minimum);
    suite_add_tcase(suite, c);
    return suite;
}
