/* SPDX-License-Identifier: BSD-3-Clause
 * model: gradients against central differences, against stored ones and against each other; a model of the caller's
 * against the built-in one; every refusal with its words; failing allocations, cancels, thread counts.
 */
#include "grasp/model.h"
#include "model/model.h"
#include "support_toy.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- problems ---------------------------------------------------------------------------------------------------- */

enum kind { LOGISTIC, SOFTMAX, MLP, KINDS };
enum { D = 5, C = 4 };

static grasp_matrix *make_matrix(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, const double *values)
{
    grasp_matrix *m;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, dtype, rows, cols, &m));
    grasp__matrix_write_f64(m, 0, rows, values);
    return m;
}

static grasp_status create(grasp_context *ctx, enum kind kind, grasp_model **out)
{
    const int64_t widths[] = {D, 7, 6, C};
    if (kind == LOGISTIC)
        return grasp_model_create_logistic(ctx, D, out);
    if (kind == SOFTMAX)
        return grasp_model_create_softmax(ctx, D, C, out);
    return grasp_model_create_mlp(ctx, widths, 4, NULL, out);
}

/* A model with drawn parameters, bound to n drawn samples whose features float32 can hold. */
static grasp_model *make_bound(grasp_context *ctx, enum kind kind, int32_t dtype, int64_t n)
{
    grasp__rng rng = test_rng((uint64_t)kind);
    double *x = malloc((size_t)(n * D + 1) * sizeof *x);
    int64_t *y = malloc((size_t)(n + 1) * sizeof *y);
    grasp_model *m;
    random_normals(&rng, x, n * D);
    for (int64_t k = 0; k < n * D; k++)
        x[k] = (float)x[k];
    for (int64_t i = 0; i < n; i++)
        y[i] = grasp__rng_below(&rng, kind == LOGISTIC ? 2 : C);
    grasp_matrix *matrix = make_matrix(ctx, dtype, n, D, x);
    ASSERT_OK(ctx, create(ctx, kind, &m));
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, matrix, y, n));
    ASSERT_OK(ctx, grasp_model_init(ctx, m, 11));
    grasp_matrix_free(matrix);
    free(x);
    free(y);
    return m;
}

static grasp_status weigh_by_row(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    (void)arg, (void)loss;
    for (int64_t i = 0; i < n; i++)
        weight[i] = 0.25 + (double)(rows[i] % 7);
    return GRASP_OK;
}

static grasp_status weigh_one(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    (void)arg, (void)rows, (void)loss;
    for (int64_t i = 0; i < n; i++)
        weight[i] = 1;
    return GRASP_OK;
}

static double *doubles(int64_t n)
{
    double *v = malloc((size_t)(n + 1) * sizeof *v);
    for (int64_t k = 0; k <= n; k++)
        v[k] = NAN;
    return v;
}

/* Rows in no order, some twice. */
static int64_t *some_rows(int64_t n, int64_t of)
{
    int64_t *rows = malloc((size_t)n * sizeof *rows);
    for (int64_t i = 0; i < n; i++)
        rows[i] = (i * 37 + 5) % of;
    return rows;
}

static void assert_close(const double *a, const double *b, int64_t n, double tolerance)
{
    for (int64_t k = 0; k < n; k++)
        ck_assert_msg(fabs(a[k] - b[k]) <= tolerance * fmax(1, fabs(b[k])), "entry %" PRId64 ": %.17g, expected %.17g",
                      k, a[k], b[k]);
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

START_TEST(gradients_are_those_of_the_loss)
{
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++)
        for (int32_t dtype = GRASP_F32; dtype <= GRASP_F64; dtype++) {
            if (kind == MLP && dtype == GRASP_F32)
                continue; /* differences of float32 losses are too coarse: the next test */
            grasp_model *m = make_bound(ctx, kind, dtype, 40);
            double worst, theta[200], after[200];
            int64_t p = grasp_model_n_params(m);
            ASSERT_OK(ctx, grasp_model_get_params(ctx, m, theta, p));
            ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 1000, 0, &worst));
            ck_assert_msg(worst > 0 && worst < (dtype == GRASP_F64 ? 1e-8 : 1e-6), "%s: %g", grasp_model_kind(m),
                          worst);
            ASSERT_OK(ctx, grasp_model_get_params(ctx, m, after, p));
            ck_assert_mem_eq(theta, after, (size_t)p * sizeof *theta);
            grasp_model_free(m);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_float32_perceptron_agrees_with_float64)
{
    enum { N = 1300 };
    grasp_context *ctx = test_context();
    grasp_model *narrow = make_bound(ctx, MLP, GRASP_F32, N), *wide = make_bound(ctx, MLP, GRASP_F64, N);
    int64_t p = grasp_model_n_params(wide), *rows = some_rows(N, N);
    double *theta = doubles(p), *g32 = doubles(p), *g64 = doubles(p), *l32 = doubles(N), *l64 = doubles(N);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, wide, theta, p));
    for (int64_t k = 0; k < p; k++)
        theta[k] = (float)theta[k];
    ASSERT_OK(ctx, grasp_model_set_params(ctx, wide, theta, p));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, narrow, theta, p));
    ASSERT_OK(ctx, grasp__model_objective(ctx, narrow, rows, N, weigh_by_row, NULL, l32, g32));
    ASSERT_OK(ctx, grasp__model_objective(ctx, wide, rows, N, weigh_by_row, NULL, l64, g64));
    assert_close(l32, l64, N, 2e-6);
    assert_close(g32, g64, p, 2e-5);
    ck_assert(memcmp(l32, l64, N * sizeof *l32) != 0); /* it did compute in float32 */
    free(rows), free(theta), free(g32), free(g64), free(l32), free(l64);
    grasp_model_free(narrow);
    grasp_model_free(wide);
    grasp_context_free(ctx);
}
END_TEST

/* The stored gradients of the Synthetic data at the stored weights: two outputs, rows (w, b). */
static void compare_with_stored(const char *data, const char *gradients, const double *theta)
{
    grasp_context *ctx = test_context();
    fixture *samples = fixture_read(data), *stored = fixture_read(gradients);
    double *x1 = fixture_f64s(samples, "x1"), *x2 = fixture_f64s(samples, "x2"), *x = doubles(2 * stored->rows);
    double *grads = doubles(6 * stored->rows);
    int64_t n = stored->rows, *y = fixture_i64s(samples, "y"), *rows = some_rows(n, n);
    ck_assert_int_eq(n, 800);
    for (int64_t i = 0; i < n; i++) {
        x[2 * i] = x1[i];
        x[2 * i + 1] = x2[i];
        rows[i] = i;
    }
    grasp_model *m;
    grasp_matrix *matrix = make_matrix(ctx, GRASP_F64, n, 2, x);
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, 2, 2, &m));
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, matrix, y, n));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, m, theta, 6));
    ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, n, grads));
    assert_close(grads, stored->values, 6 * n, 1e-14);
    grasp_matrix_free(matrix);
    grasp_model_free(m);
    free(x1), free(x2), free(x), free(y), free(rows), free(grads);
    fixture_free(samples);
    fixture_free(stored);
    grasp_context_free(ctx);
}

START_TEST(gradients_equal_the_stored_ones)
{
    FILE *file = fopen("tests/data/expected_weights.txt", "r");
    char name[32], data[80], gradients[80];
    double w[6];
    int found = 0;
    ck_assert_ptr_nonnull(file);
    while (fscanf(file, "%31s %lf %lf %lf %lf %lf %lf", name, w, w + 1, w + 2, w + 3, w + 4, w + 5) == 7) {
        snprintf(data, sizeof data, "tests/data/synthetic_%s.csv", name);
        snprintf(gradients, sizeof gradients, "tests/data/synthetic_%s_gradients.csv", name);
        compare_with_stored(data, gradients, w);
        found++;
    }
    fclose(file);
    ck_assert_int_eq(found, 2);
}
END_TEST

START_TEST(the_weighted_gradient_is_the_weighted_sum)
{
    enum { N = 1300, BOUND = 900 };
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++) {
        grasp_model *m = make_bound(ctx, kind, GRASP_F64, BOUND);
        int64_t p = grasp_model_n_params(m), *rows = some_rows(N, BOUND);
        double *grads = doubles(N * p), *grad = doubles(p), *sum = calloc((size_t)p, sizeof *sum), weight[N];
        double *loss = doubles(N), *again = doubles(N);
        ASSERT_OK(ctx, grasp__model_objective(ctx, m, rows, N, weigh_by_row, NULL, loss, grad));
        ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, N, grads));
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, rows, N, again));
        weigh_by_row(NULL, N, rows, loss, weight);
        for (int64_t i = 0; i < N; i++)
            for (int64_t k = 0; k < p; k++)
                sum[k] += weight[i] * grads[i * p + k];
        assert_close(grad, sum, p, 1e-12);
        ck_assert_mem_eq(loss, again, N * sizeof *loss);
        free(rows), free(grads), free(grad), free(sum), free(loss), free(again);
        grasp_model_free(m);
    }
    grasp_context_free(ctx);
}
END_TEST

/* What a factor array in the model's own type holds. */
static double factor(int32_t dtype, const void *v, int64_t k)
{
    return dtype == GRASP_F32 ? ((const float *)v)[k] : ((const double *)v)[k];
}

START_TEST(factors_make_the_dense_rows)
{
    enum { N = 700 };
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++)
        for (int32_t dtype = GRASP_F32; dtype <= GRASP_F64; dtype++) {
            grasp_model *m = make_bound(ctx, kind, dtype, N);
            int64_t p = grasp_model_n_params(m), *rows = some_rows(N, N), offset = 0;
            double *grads = doubles(N * p), *act = doubles(N * 8), *delta = doubles(N * 8);
            ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, N, grads));
            ck_assert_int_eq(grasp__model_dtype(m), dtype);
            for (int64_t n = 3; n <= N; n = n < N ? N : N + 1, offset = 0)
                for (int64_t l = 0; l < grasp_model_n_layers(m); l++) {
                    grasp__layer_shape s;
                    ASSERT_OK(ctx, grasp__model_layer_shape(ctx, m, l, &s));
                    ASSERT_OK(ctx, grasp__model_factors(ctx, m, l, rows, n, act, delta));
                    for (int64_t i = 0; i < n; i++)
                        for (int64_t o = 0; o < s.outputs; o++) {
                            double d = factor(dtype, delta, i * s.outputs + o);
                            const double *row = grads + i * p + offset + o * (s.inputs + 1);
                            for (int64_t j = 0; j <= s.inputs; j++) {
                                double a = j < s.inputs ? factor(dtype, act, i * s.inputs + j) : 1;
                                ck_assert(fabs(row[j] - d * a) <=
                                          (kind == MLP ? 1e-6 : 0)); /* a BLAS may sum 3 rows otherwise */
                            }
                        }
                    offset += s.outputs * (s.inputs + 1);
                }
            free(rows), free(grads), free(act), free(delta);
            grasp_model_free(m);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(factors_follow_rows_and_parameters)
{
    grasp_context *ctx = test_context();
    grasp_model *m = make_bound(ctx, MLP, GRASP_F64, 10);
    int64_t p = grasp_model_n_params(m), rows[2] = {1, 2};
    double act[32], first[32], other[32], back[32], *theta = doubles(p);
    ASSERT_OK(ctx, grasp__model_factors(ctx, m, 1, rows, 2, act, first));
    rows[1] = 7; /* the same array holds another batch */
    ASSERT_OK(ctx, grasp__model_factors(ctx, m, 2, rows, 2, act, other));
    ASSERT_OK(ctx, grasp__model_factors(ctx, m, 1, rows, 2, act, other));
    ck_assert_mem_eq(first, other, 6 * sizeof *first);
    ck_assert(memcmp(first + 6, other + 6, 6 * sizeof *first) != 0);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, theta, p));
    theta[p - 1] += 1;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, m, theta, p));
    ASSERT_OK(ctx, grasp__model_factors(ctx, m, 1, rows, 2, act, back));
    ck_assert(memcmp(back, other, 6 * sizeof *first) != 0);
    free(theta);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_reserved_batch_allocates_nothing)
{
    enum { N = 600 };
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++) {
        test_allocator allocator;
        grasp_context *ctx;
        test_allocator_init(&allocator, 0);
        ck_assert_int_eq(grasp_context_create(&allocator.table, &ctx), GRASP_OK);
        grasp_model *m = make_bound(ctx, kind, GRASP_F32, N);
        int64_t *rows = some_rows(N, N), label[N];
        double *grad = doubles(grasp_model_n_params(m)), loss[N], *theta = doubles(grasp_model_n_params(m)),
               logits[N * C];
        ASSERT_OK(ctx, grasp__model_reserve(ctx, m, N));
        int64_t before = atomic_load(&allocator.calls);
        ASSERT_OK(ctx, grasp__model_get_params(ctx, m, theta));
        for (int64_t n = N; n > 100; n -= 250) {
            ASSERT_OK(ctx, grasp__model_objective(ctx, m, rows, n, weigh_one, NULL, loss, grad));
            ASSERT_OK(ctx, grasp__model_set_params(ctx, m, theta));
            ASSERT_OK(ctx, grasp__model_loss(ctx, m, rows, n, loss));
            ASSERT_OK(ctx, grasp__model_predict(ctx, m, NULL, N, label));
            ASSERT_OK(ctx, grasp__model_logits(ctx, m, rows, n, logits));
            ASSERT_OK(ctx, grasp__model_labels(ctx, m, rows, n, label));
        }
        ck_assert_int_eq(atomic_load(&allocator.calls), before);
        free(rows), free(grad), free(theta);
        grasp_model_free(m);
        grasp_context_free(ctx);
        ck_assert_int_eq(atomic_load(&allocator.live), 0);
    }
}
END_TEST

START_TEST(the_workspace_grows_with_the_batch)
{
    enum { N = 900 };
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++) {
        grasp_model *used = make_bound(ctx, kind, GRASP_F64, N), *fresh = make_bound(ctx, kind, GRASP_F64, N);
        int64_t p = grasp_model_n_params(used), *rows = some_rows(N, N);
        double loss[N], *a = doubles(p), *b = doubles(p);
        for (int64_t n = 1; n < N; n = n * 3 + 1)
            ASSERT_OK(ctx, grasp__model_objective(ctx, used, rows, n, weigh_one, NULL, loss, a));
        ASSERT_OK(ctx, grasp__model_objective(ctx, used, rows, N, weigh_one, NULL, loss, a));
        ASSERT_OK(ctx, grasp__model_objective(ctx, fresh, rows, N, weigh_one, NULL, loss, b));
        ck_assert_mem_eq(a, b, (size_t)p * sizeof *a);
        free(rows), free(a), free(b);
        grasp_model_free(used);
        grasp_model_free(fresh);
    }
    grasp_context_free(ctx);
}
END_TEST

/* ---- losses and outputs ------------------------------------------------------------------------------------------ */

START_TEST(softmax_of_two_classes_is_logistic)
{
    enum { N = 60 };
    grasp_context *ctx = test_context();
    grasp_model *one = make_bound(ctx, LOGISTIC, GRASP_F64, N), *two;
    double theta[D + 1], both[2 * (D + 1)], l1[N], l2[N];
    int64_t y[N], p1[N], p2[N];
    grasp_matrix *x, *a, *b;
    ASSERT_OK(ctx, grasp_model_get_params(ctx, one, theta, D + 1));
    for (int j = 0; j <= D; j++) {
        both[j] = -theta[j] / 2;
        both[D + 1 + j] = theta[j] / 2;
    }
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, D, &x));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, 2, &a));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, N, 2, &b));
    ASSERT_OK(ctx, grasp_model_features(ctx, one, NULL, x)); /* of a linear model: the inputs */
    ASSERT_OK(ctx, grasp__model_labels(ctx, one, NULL, N, y));
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, D, 2, &two));
    ASSERT_OK(ctx, grasp_model_bind(ctx, two, x, y, N));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, two, both, 2 * (D + 1)));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, one, NULL, N, l1));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, two, NULL, N, l2));
    assert_close(l1, l2, N, 1e-14);
    ASSERT_OK(ctx, grasp_model_predict(ctx, one, NULL, p1, N));
    ASSERT_OK(ctx, grasp_model_predict(ctx, two, NULL, p2, N));
    ck_assert_mem_eq(p1, p2, sizeof p1);
    ASSERT_OK(ctx, grasp_model_predict_proba(ctx, one, NULL, a));
    ASSERT_OK(ctx, grasp_model_predict_proba(ctx, two, x, b));
    const double *pa = grasp_matrix_data(a);
    const float *pb = grasp_matrix_data(b);
    for (int64_t i = 0; i < N; i++) {
        ck_assert_double_eq_tol(pa[2 * i] + pa[2 * i + 1], 1, 1e-15);
        ck_assert_double_eq_tol(pa[2 * i + 1], pb[2 * i + 1], 1e-7);
        ck_assert_double_eq_tol(-log(pa[2 * i + y[i]]), l1[i], 1e-13);
    }
    ASSERT_OK(ctx, grasp_model_logits(ctx, one, NULL, a));
    for (int64_t i = 0; i < N; i++) {
        ck_assert(pa[2 * i] == 0);
        ck_assert_int_eq(pa[2 * i + 1] > 0, p1[i]);
    }
    grasp_matrix_free(x), grasp_matrix_free(a), grasp_matrix_free(b);
    grasp_model_free(one);
    grasp_model_free(two);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(extreme_logits_are_harmless)
{
    /* z = +-x: losses are 0 or |z|, to full relative precision on the small side too. */
    const double x[] = {1e4, -1e4, 800, -800, 30, -30, 0};
    const int64_t y[] = {1, 1, 1, 1, 1, 1, 1};
    const double loss[] = {0, 1e4, 0, 800, 9.3576229688397368e-14, 30.000000000000094, 0.6931471805599453};
    const double theta[] = {1, 0}, both[] = {-.5, 0, .5, 0};
    const int64_t rows[] = {0, 1, 2, 3, 4, 5, 6};
    grasp_context *ctx = test_context();
    for (int32_t dtype = GRASP_F32; dtype <= GRASP_F64; dtype++)
        for (int kind = 0; kind < 3; kind++) {
            const int64_t widths[] = {1, 2};
            double found[7], grads[28];
            grasp_model *m;
            grasp_matrix *matrix = make_matrix(ctx, dtype, 7, 1, x);
            ASSERT_OK(ctx, kind == 0   ? grasp_model_create_logistic(ctx, 1, &m)
                           : kind == 1 ? grasp_model_create_softmax(ctx, 1, 2, &m)
                                       : grasp_model_create_mlp(ctx, widths, 2, NULL, &m));
            ASSERT_OK(ctx, grasp_model_bind(ctx, m, matrix, y, 7));
            ASSERT_OK(ctx,
                      kind == 0 ? grasp_model_set_params(ctx, m, theta, 2) : grasp_model_set_params(ctx, m, both, 4));
            ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, 7, found));
            ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, 7, grads));
            for (int i = 0; i < 7; i++) {
                ck_assert_msg(fabs(found[i] - loss[i]) <= 1e-14 * loss[i], "loss %d is %.17g", i, found[i]);
                double delta = kind == 0 ? grads[2 * i + 1] : grads[4 * i + 3];
                ck_assert(fabs(delta + 1 / (1 + exp(x[i]))) <= 1e-7 / (1 + exp(x[i])));
            }
            grasp_matrix_free(matrix);
            grasp_model_free(m);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(an_overflow_names_its_row)
{
    grasp_context *ctx = test_context();
    const double x[] = {1, 1e300}, theta[] = {1e300, 0};
    const int64_t y[] = {0, 0};
    double loss[2];
    grasp_model *m;
    grasp_matrix *matrix = make_matrix(ctx, GRASP_F64, 2, 1, x);
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 1, &m));
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, matrix, y, 2));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, m, theta, 2));
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, m, NULL, 2, loss), GRASP_E_NUMERIC,
                  "grasp_model_loss_rows: loss of row 1 is inf");
    grasp_matrix_free(matrix);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(ties_go_to_the_lowest_class)
{
    grasp_context *ctx = test_context();
    const double x[] = {0, 1}, theta[] = {0, 0, 1, 0, 1, 0}; /* logits (0, x, x) */
    int64_t label[2];
    grasp_matrix *matrix = make_matrix(ctx, GRASP_F64, 2, 1, x);
    grasp_model *softmax, *logistic;
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, 1, 3, &softmax));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, softmax, theta, 6));
    ASSERT_OK(ctx, grasp_model_predict(ctx, softmax, matrix, label, 2));
    ck_assert_int_eq(label[0], 0);
    ck_assert_int_eq(label[1], 1);
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 1, &logistic)); /* starts at zero: z = 0 */
    ASSERT_OK(ctx, grasp_model_predict(ctx, logistic, matrix, label, 2));
    ck_assert(label[0] == 0 && label[1] == 0);
    grasp_matrix_free(matrix);
    grasp_model_free(softmax);
    grasp_model_free(logistic);
    grasp_context_free(ctx);
}
END_TEST

/* Bound rows, the same rows as new samples, chosen rows, a strided view in the other element type: one answer. */
START_TEST(any_way_of_asking_gives_one_answer)
{
    enum { N = 600, M = 9, STRIDE = D + 3 };
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(5);
    static double data[N * STRIDE];
    static float narrow[N * STRIDE];
    int64_t y[N], *rows = some_rows(M, N);
    random_normals(&rng, data, N * STRIDE);
    for (int64_t k = 0; k < N * STRIDE; k++)
        data[k] = narrow[k] = (float)data[k];
    for (int64_t i = 0; i < N; i++)
        y[i] = grasp__rng_below(&rng, C);
    for (enum kind kind = SOFTMAX; kind < KINDS; kind++) {
        grasp_matrix *wide, *other, *a, *b;
        grasp_model *m;
        int64_t all[N], again[N], chosen[M];
        double loss[N], some[M];
        ASSERT_OK(ctx, create(ctx, kind, &m));
        ASSERT_OK(ctx, grasp_model_init(ctx, m, 1));
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, D, STRIDE, data, NULL, NULL, &wide));
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, N, D, STRIDE, narrow, NULL, NULL, &other));
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &a));
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &b));
        ASSERT_OK(ctx, grasp_model_bind(ctx, m, wide, y, N));
        ASSERT_OK(ctx, grasp_model_logits(ctx, m, NULL, a));
        ASSERT_OK(ctx, grasp_model_logits(ctx, m, wide, b));
        ck_assert_mem_eq(grasp_matrix_data(a), grasp_matrix_data(b), N * C * sizeof(double));
        ASSERT_OK(ctx, grasp_model_logits(ctx, m, other, b));
        assert_close(grasp_matrix_data(b), grasp_matrix_data(a), N * C, kind == MLP ? 1e-5 : 1e-13);
        ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, all, N));
        ASSERT_OK(ctx, grasp_model_predict(ctx, m, wide, again, N));
        ck_assert_mem_eq(all, again, sizeof all);
        ASSERT_OK(ctx, grasp_model_predict_rows(ctx, m, rows, M, chosen));
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, N, loss));
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, rows, M, some));
        for (int64_t i = 0; i < M; i++) {
            ck_assert_int_eq(chosen[i], all[rows[i]]);
            ck_assert_double_eq_tol(some[i], loss[rows[i]], 1e-13);
        }
        grasp_matrix_free(wide), grasp_matrix_free(other), grasp_matrix_free(a), grasp_matrix_free(b);
        grasp_model_free(m);
    }
    free(rows);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(features_are_what_the_last_layer_sees)
{
    enum { N = 520 };
    grasp_context *ctx = test_context();
    grasp_model *m = make_bound(ctx, MLP, GRASP_F64, N);
    int64_t p = grasp_model_n_params(m);
    double *theta = doubles(p);
    grasp_matrix *features, *logits;
    ck_assert_int_eq(grasp_model_n_features(m), 6);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, 6, &features));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &logits));
    ASSERT_OK(ctx, grasp_model_features(ctx, m, NULL, features));
    ASSERT_OK(ctx, grasp_model_logits(ctx, m, NULL, logits));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, theta, p));
    const double *w = theta + p - C * 7, *f = grasp_matrix_data(features), *z = grasp_matrix_data(logits);
    for (int64_t i = 0; i < N; i++)
        for (int64_t c = 0; c < C; c++) {
            double sum = w[c * 7 + 6];
            for (int64_t j = 0; j < 6; j++)
                sum += f[i * 6 + j] * w[c * 7 + j];
            ck_assert_double_eq_tol(sum, z[i * C + c], 1e-14);
        }
    free(theta);
    grasp_matrix_free(features);
    grasp_matrix_free(logits);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* ---- parameters -------------------------------------------------------------------------------------------------- */

START_TEST(torch_order_there_and_back)
{
    grasp_context *ctx = test_context();
    const int64_t widths[] = {2, 3, 2};
    const double expected[] = {0, 1, 3, 4, 6, 7, 2, 5, 8, 9, 10, 11, 13, 14, 15, 12, 16};
    double theta[17], torch[17], back[17];
    uint8_t mask[17];
    int64_t found[3], n_widths, inputs, outputs, positions;
    int32_t has_bias;
    grasp_model *m;
    for (int k = 0; k < 17; k++)
        theta[k] = k;
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 3, NULL, &m));
    ck_assert_int_eq(grasp_model_n_params(m), 17);
    ck_assert_int_eq(grasp_model_n_layers(m), 2);
    ASSERT_OK(ctx, grasp_model_to_torch_order(ctx, m, theta, torch, 17));
    ck_assert_mem_eq(torch, expected, sizeof torch);
    ASSERT_OK(ctx, grasp_model_from_torch_order(ctx, m, torch, back, 17));
    ck_assert_mem_eq(back, theta, sizeof back);
    ASSERT_STATUS(ctx, grasp_model_to_torch_order(ctx, m, theta, theta, 17), GRASP_E_ARG, "overlap");
    ASSERT_STATUS(ctx, grasp_model_from_torch_order(ctx, m, torch, back, 16), GRASP_E_DIM, "17");
    ASSERT_STATUS(ctx, grasp_model_to_torch_order(ctx, m, NULL, torch, 17), GRASP_E_ARG, "theta");
    ASSERT_STATUS(ctx, grasp_model_from_torch_order(ctx, m, NULL, theta, 17), GRASP_E_ARG, "torch");
    ASSERT_OK(ctx, grasp__model_bias_mask(ctx, m, mask));
    for (int k = 0; k < 17; k++)
        ck_assert_int_eq(mask[k], k < 9 ? k % 3 == 2 : (k - 9) % 4 == 3);
    ASSERT_OK(ctx, grasp_model_layer_shape(ctx, m, 1, &inputs, &outputs, &positions, &has_bias));
    ck_assert(inputs == 3 && outputs == 2 && positions == 1 && has_bias == 1);
    ASSERT_STATUS(ctx, grasp_model_layer_shape(ctx, m, 2, &inputs, &outputs, &positions, &has_bias), GRASP_E_ARG,
                  "layer");
    ASSERT_STATUS(ctx, grasp_model_layer_shape(ctx, m, 0, &inputs, NULL, &positions, &has_bias), GRASP_E_ARG,
                  "outputs");
    ASSERT_OK(ctx, grasp__model_widths(ctx, m, found, 3, &n_widths));
    ck_assert_int_eq(n_widths, 3);
    ck_assert_mem_eq(found, widths, sizeof found);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(initial_parameters)
{
    grasp_context *ctx = test_context();
    const int64_t widths[] = {100, 200, 3};
    enum { P = 101 * 200 + 201 * 3 };
    static double a[P], b[P], he[P];
    grasp_params *params;
    grasp_model *m, *n;
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 3, NULL, &m));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, a, P));
    double sum = 0, squares = 0, most = 0;
    for (int k = 0; k < P; k++) {
        double bound = k < 101 * 200 ? 0.1 : 1 / sqrt(200);
        ck_assert(fabs(a[k]) <= bound);
        if (k < 101 * 200) {
            sum += a[k];
            squares += a[k] * a[k];
            most = fmax(most, fabs(a[k]));
        }
    }
    ck_assert_double_eq_tol(sum / (101 * 200), 0, 0.002); /* 5 standard errors */
    ck_assert_double_eq_tol(squares / (101 * 200), 0.01 / 3, 0.0001);
    ck_assert(most > 0.0999);
    ASSERT_OK(ctx, grasp_model_init(ctx, m, 0)); /* creation draws stream 0 */
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, b, P));
    ck_assert_mem_eq(a, b, sizeof a);
    ASSERT_OK(ctx, grasp_model_init(ctx, m, 1));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, b, P));
    ck_assert(memcmp(a, b, sizeof a) != 0);
    ASSERT_OK(ctx, grasp_context_set_seed(ctx, 9));
    ASSERT_OK(ctx, grasp_model_init(ctx, m, 0));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, b, P));
    ck_assert(memcmp(a, b, sizeof a) != 0);

    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__mlp_params, &params));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, GRASP_KEY_INIT, "he"));
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 3, params, &n));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, n, he, P));
    for (int o = 0; o < 200; o++)
        ck_assert(he[o * 101 + 100] == 0);
    squares = 0;
    for (int k = 0; k < 101 * 200; k++)
        squares += he[k] * he[k];
    ck_assert_double_eq_tol(squares / (100 * 200), 0.02, 0.001);
    grasp_model_free(n);
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 3, &n));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, n, he, 4));
    for (int k = 0; k < 4; k++)
        ck_assert(he[k] == 0);
    grasp_params_free(params);
    grasp_model_free(m);
    grasp_model_free(n);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(copies_are_independent)
{
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++) {
        grasp_model *m = make_bound(ctx, kind, GRASP_F64, 20), *copy;
        int64_t p = grasp_model_n_params(m);
        double *theta = doubles(p), weights[20], loss[20], same[20];
        for (int i = 0; i < 20; i++)
            weights[i] = i;
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, m, weights, 20));
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, 20, loss));
        ASSERT_OK(ctx, grasp_model_copy(ctx, m, &copy));
        ck_assert_str_eq(grasp_model_kind(copy), grasp_model_kind(m));
        ASSERT_OK(ctx, grasp_model_init(ctx, m, 77));
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, m, NULL, 20));
        ck_assert_ptr_null(grasp__model_sample_weights(m));
        grasp_model_free(m);
        ck_assert_int_eq(grasp_model_n_rows(copy), 20);
        ck_assert_mem_eq(grasp__model_sample_weights(copy), weights, sizeof weights);
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, copy, NULL, 20, same));
        ck_assert_mem_eq(loss, same, sizeof loss);
        ASSERT_OK(ctx, grasp_model_get_params(ctx, copy, theta, p));
        free(theta);
        grasp_model_free(copy);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(no_rows_is_a_binding)
{
    grasp_context *ctx = test_context();
    for (enum kind kind = LOGISTIC; kind < KINDS; kind++) {
        grasp_model *m, *copy;
        grasp_matrix *x, *out;
        double worst = 5, grad[200], *none = NULL;
        ASSERT_OK(ctx, create(ctx, kind, &m));
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, 0, D, &x));
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 0, grasp_model_n_classes(m), &out));
        ASSERT_OK(ctx, grasp_model_bind(ctx, m, x, NULL, 0));
        ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, 0, none));
        ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, NULL, 0));
        ASSERT_OK(ctx, grasp_model_predict_proba(ctx, m, x, out));
        ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, m, NULL, 0));
        ASSERT_OK(ctx, grasp__model_objective(ctx, m, NULL, 0, weigh_one, NULL, NULL, grad));
        for (int64_t k = 0; k < grasp_model_n_params(m); k++)
            ck_assert(grad[k] == 0);
        ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, NULL, 1, 0, &worst), GRASP_E_EMPTY, "no rows");
        ck_assert(worst == 5);
        ASSERT_OK(ctx, grasp_model_copy(ctx, m, &copy));
        grasp_model_free(copy);
        grasp_matrix_free(x);
        grasp_matrix_free(out);
        grasp_model_free(m);
    }
    grasp_context_free(ctx);
}
END_TEST

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

START_TEST(creating_refuses)
{
    grasp_context *ctx = test_context();
    const int64_t good[] = {3, 2}, zero[] = {3, 0, 2}, one_class[] = {3, 1}, huge[] = {INT64_MAX / 2, 4};
    grasp_params *params;
    grasp_model *m = (grasp_model *)ctx;
    ck_assert_int_eq(grasp_model_create_logistic(NULL, 2, &m), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_model_create_logistic(ctx, 2, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_model_create_logistic(ctx, 0, &m), GRASP_E_ARG, "grasp_model_create_logistic: n_features");
    ck_assert_ptr_null(m);
    ASSERT_STATUS(ctx, grasp_model_create_softmax(ctx, -4, 2, &m), GRASP_E_ARG, "n_features");
    ASSERT_STATUS(ctx, grasp_model_create_softmax(ctx, 4, 1, &m), GRASP_E_ARG, "n_classes");
    ASSERT_STATUS(ctx, grasp_model_create_softmax(ctx, INT64_MAX, 2, &m), GRASP_E_OVERFLOW, "layer 0");
    ASSERT_STATUS(ctx, grasp_model_create_softmax(ctx, INT64_C(3037000500), INT64_C(3037000500), &m), GRASP_E_OVERFLOW,
                  "layer 0");
    ASSERT_STATUS(ctx, grasp_model_create_softmax(ctx, INT64_C(3037000500), INT64_C(1000000000), &m), GRASP_E_OVERFLOW,
                  "");
    ASSERT_STATUS(ctx, grasp_model_create_mlp(ctx, NULL, 2, NULL, &m), GRASP_E_ARG, "widths");
    ASSERT_STATUS(ctx, grasp_model_create_mlp(ctx, good, 1, NULL, &m), GRASP_E_ARG, "n_widths");
    ASSERT_STATUS(ctx, grasp_model_create_mlp(ctx, zero, 3, NULL, &m), GRASP_E_ARG, "widths[1] is 0");
    ASSERT_STATUS(ctx, grasp_model_create_mlp(ctx, one_class, 2, NULL, &m), GRASP_E_ARG, "widths[1] is 1");
    ASSERT_STATUS(ctx, grasp_model_create_mlp(ctx, huge, 2, NULL, &m), GRASP_E_OVERFLOW, "layer 0");
    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__mlp_params, &params));
    ASSERT_STATUS(ctx, grasp_params_set_str(ctx, params, "init", "zero"), GRASP_E_PARAM, "torch|he");
    grasp_params_free(params);
    ck_assert_ptr_null(m);
    ASSERT_STATUS(ctx, grasp_model_copy(ctx, NULL, &m), GRASP_E_ARG, "model");
    ck_assert_int_eq(grasp_model_n_params(NULL) + grasp_model_n_rows(NULL) + grasp_model_n_classes(NULL) +
                         grasp_model_n_layers(NULL) + grasp_model_n_features(NULL),
                     0);
    ck_assert_str_eq(grasp_model_kind(NULL), "");
    grasp_model_free(NULL);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(binding_refuses_and_leaves_all_as_it_was)
{
    grasp_context *ctx = test_context();
    grasp_model *m = make_bound(ctx, SOFTMAX, GRASP_F64, 20);
    double x[20 * D] = {0}, before[20], after[20], weights[20];
    int64_t y[20] = {0};
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, 20, before));
    grasp_matrix *good = make_matrix(ctx, GRASP_F64, 20, D, x), *thin;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 20, D - 1, &thin));
    x[17 * D + 3] = NAN;
    grasp_matrix *nan = make_matrix(ctx, GRASP_F32, 20, D, x);
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, NULL, good, y, 20), GRASP_E_ARG, "model");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, (grasp_model *)good, good, y, 20), GRASP_E_ARG, "grasp_model");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, NULL, y, 20), GRASP_E_ARG, "x");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, good, NULL, 20), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, good, y, 19), GRASP_E_DIM, "x");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, good, y, -1), GRASP_E_ARG, "n ");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, thin, y, 20), GRASP_E_DIM, "x");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, nan, y, 20), GRASP_E_NUMERIC, "row 17 has NaN at column 3");
    y[6] = C;
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, good, y, 20), GRASP_E_ARG,
                  "row 6 has label 4, expected a class in [0, 4)");
    y[6] = -1;
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, good, y, 20), GRASP_E_ARG, "row 6 has label -1");
    for (int i = 0; i < 20; i++)
        weights[i] = 1;
    ASSERT_OK(ctx, grasp_model_set_sample_weights(ctx, m, weights, 20));
    ASSERT_STATUS(ctx, grasp_model_set_sample_weights(ctx, m, weights, 19), GRASP_E_DIM, "n");
    weights[3] = -1;
    ASSERT_STATUS(ctx, grasp_model_set_sample_weights(ctx, m, weights, 20), GRASP_E_ARG, "row 3 has -1");
    weights[3] = INFINITY;
    ASSERT_STATUS(ctx, grasp_model_set_sample_weights(ctx, m, weights, 20), GRASP_E_NUMERIC, "row 3");
    memset(weights, 0, sizeof weights);
    ASSERT_STATUS(ctx, grasp_model_set_sample_weights(ctx, m, weights, 20), GRASP_E_ARG, "all 20 weights are 0");
    ck_assert(grasp__model_sample_weights(m)[3] == 1);
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, m, NULL, 20, after));
    ck_assert_mem_eq(before, after, sizeof before);
    y[6] = 0;
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, good, y, 20));
    ck_assert_ptr_null(grasp__model_sample_weights(m)); /* a new binding has none */
    grasp_matrix_free(good), grasp_matrix_free(thin), grasp_matrix_free(nan);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(asking_refuses)
{
    enum { N = 10 };
    grasp_context *ctx = test_context();
    grasp_model *m = make_bound(ctx, MLP, GRASP_F64, N), *unbound;
    int64_t p = grasp_model_n_params(m), label[N], rows[] = {0, 9, 10};
    double *theta = doubles(p), loss[N], worst, x[2 * D] = {0};
    grasp_matrix *out, *narrow;
    ASSERT_OK(ctx, create(ctx, MLP, &unbound));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &out));
    x[D + 1] = NAN;
    grasp_matrix *nan = make_matrix(ctx, GRASP_F64, 2, D, x);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, D - 1, &narrow));

    ASSERT_STATUS(ctx, grasp_model_predict(ctx, unbound, NULL, label, N), GRASP_E_STATE, "grasp_model_bind()");
    ASSERT_STATUS(ctx, grasp_model_logits(ctx, unbound, NULL, out), GRASP_E_STATE, "not bound");
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, unbound, NULL, 0, loss), GRASP_E_STATE, "not bound");
    ASSERT_STATUS(ctx, grasp_model_set_sample_weights(ctx, unbound, NULL, 0), GRASP_E_STATE, "not bound");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, unbound, NULL, 1, 0, &worst), GRASP_E_STATE, "not bound");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, NULL, NULL, label, N), GRASP_E_ARG, "model");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, NULL, NULL, N), GRASP_E_ARG, "label");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, NULL, label, N - 1), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, narrow, label, N), GRASP_E_DIM, "x");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, nan, label, 2), GRASP_E_NUMERIC, "row 1 has NaN at column 1");
    ASSERT_STATUS(ctx, grasp_model_predict_proba(ctx, m, NULL, NULL), GRASP_E_ARG, "proba");
    ASSERT_STATUS(ctx, grasp_model_predict_proba(ctx, m, NULL, nan), GRASP_E_DIM, "proba");
    ASSERT_STATUS(ctx, grasp_model_logits(ctx, m, NULL, nan), GRASP_E_DIM, "logits");
    ASSERT_STATUS(ctx, grasp_model_features(ctx, m, NULL, out), GRASP_E_DIM, "features");
    ASSERT_STATUS(ctx, grasp_model_predict_rows(ctx, m, rows, 3, label), GRASP_E_ARG,
                  "rows[2] is 10, expected a row in [0, 10)");
    ASSERT_STATUS(ctx, grasp_model_predict_rows(ctx, m, NULL, 3, label), GRASP_E_DIM, "rows");
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, m, rows, -1, loss), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, m, rows, 2, NULL), GRASP_E_ARG, "loss");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, rows, 3, 0, &worst), GRASP_E_ARG, "rows[2]");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, NULL, 0, 0, &worst), GRASP_E_ARG, "n ");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, NULL, 3, NAN, &worst), GRASP_E_ARG, "step");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, NULL, 3, -1, &worst), GRASP_E_ARG, "step is -1");
    ASSERT_STATUS(ctx, grasp_model_check_grad(ctx, m, NULL, 3, 0, NULL), GRASP_E_ARG, "worst");
    ASSERT_STATUS(ctx, grasp_model_get_params(ctx, m, theta, p - 1), GRASP_E_DIM, "len");
    ASSERT_STATUS(ctx, grasp_model_get_params(ctx, m, NULL, p), GRASP_E_ARG, "theta");
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, theta, p));
    ASSERT_STATUS(ctx, grasp_model_set_params(ctx, m, theta, p + 1), GRASP_E_DIM, "len");
    theta[3] = INFINITY;
    ASSERT_STATUS(ctx, grasp_model_set_params(ctx, m, theta, p), GRASP_E_NUMERIC, "theta");
    ASSERT_STATUS(ctx, grasp_model_init(ctx, NULL, 0), GRASP_E_ARG, "model");
    free(theta);
    grasp_matrix_free(out), grasp_matrix_free(narrow), grasp_matrix_free(nan);
    grasp_model_free(m);
    grasp_model_free(unbound);
    grasp_context_free(ctx);
}
END_TEST

/* ---- a model of the caller's ------------------------------------------------------------------------------------- */

START_TEST(a_custom_model_equals_the_built_in_one)
{
    enum { N = 700 };
    grasp_context *ctx = test_context();
    grasp_model *built = make_bound(ctx, SOFTMAX, GRASP_F64, N), *m, *copy;
    double *theta = doubles(C * (D + 1)), worst, *ga = doubles(C * (D + 1)), *gb = doubles(C * (D + 1)), la[N], lb[N];
    double *sa = doubles(N * C * (D + 1)), *sb = doubles(N * C * (D + 1));
    int64_t y[N], *rows = some_rows(N, N), pa[N], pb[N], p = C * (D + 1);
    grasp_matrix *x, *fa, *fb;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, D, &x));
    ASSERT_OK(ctx, grasp_model_features(ctx, built, NULL, x));
    ASSERT_OK(ctx, grasp__model_labels(ctx, built, NULL, N, y));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, built, theta, p));
    toy *t = toy_make(N, D, C, grasp_matrix_data(x), y);
    grasp_model_ops ops = toy_ops();
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, t, &m));
    ck_assert_str_eq(grasp_model_kind(m), "custom");
    ck_assert(grasp_model_n_rows(m) == N && grasp_model_n_params(m) == p && grasp_model_n_classes(m) == C);
    ck_assert(grasp_model_n_features(m) == D && grasp_model_n_layers(m) == 1 && grasp__model_dtype(m) == GRASP_F64);
    ASSERT_OK(ctx, grasp_model_set_params(ctx, m, theta, p));
    ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 30, 0, &worst));
    ck_assert_msg(worst > 0 && worst < 1e-8, "%g", worst);
    for (int way = 0; way < 2; way++) { /* sample_grads by the hook, then by factors */
        ASSERT_OK(ctx, grasp__model_objective(ctx, built, rows, N, weigh_by_row, NULL, la, ga));
        ASSERT_OK(ctx, grasp__model_objective(ctx, m, rows, N, weigh_by_row, NULL, lb, gb));
        assert_close(lb, la, N, 1e-13);
        assert_close(gb, ga, p, 1e-12);
        ASSERT_OK(ctx, grasp__model_sample_grads(ctx, built, rows, N, sa));
        ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, N, sb));
        assert_close(sb, sa, N * p, 1e-14);
        ASSERT_OK(ctx, grasp_model_predict(ctx, built, NULL, pa, N));
        ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, pb, N));
        ck_assert_mem_eq(pa, pb, sizeof pa);
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &fa));
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &fb));
        ASSERT_OK(ctx, grasp_model_predict_proba(ctx, built, NULL, fa));
        ASSERT_OK(ctx, grasp_model_predict_proba(ctx, m, NULL, fb));
        assert_close(grasp_matrix_data(fb), grasp_matrix_data(fa), N * C, 1e-14);
        grasp_matrix_free(fa), grasp_matrix_free(fb);
        if (way == 0) {
            ASSERT_OK(ctx, grasp_model_copy(ctx, m, &copy));
            ASSERT_OK(ctx, grasp_model_init(ctx, m, 3));
            ASSERT_OK(ctx, grasp_model_get_params(ctx, m, gb, p));
            ck_assert(memcmp(gb, theta, (size_t)p * sizeof *gb) != 0);
            grasp_model_free(m);
            ops.sample_grads = NULL;
            m = copy; /* has the parameters from before */
            ASSERT_OK(ctx, grasp_model_get_params(ctx, m, gb, p));
            ck_assert_mem_eq(gb, theta, (size_t)p * sizeof *gb);
            grasp_model_free(m);
            t = toy_make(N, D, C, grasp_matrix_data(x), y);
            ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, t, &m));
            ASSERT_OK(ctx, grasp_model_set_params(ctx, m, theta, p));
        }
    }
    free(theta), free(ga), free(gb), free(sa), free(sb), free(rows);
    grasp_matrix_free(x);
    grasp_model_free(m);
    grasp_model_free(built);
    grasp_context_free(ctx);
    ck_assert_int_eq(toy_live(), 0);
}
END_TEST

static const double toy_x[] = {1, 2, 3, 4, 5, 6}; /* three rows of two */
static const int64_t toy_y[] = {0, 1, 1};

static grasp_model *make_toy(grasp_context *ctx, const grasp_model_ops *ops, toy **user)
{
    grasp_model *m;
    *user = toy_make(3, 2, 2, toy_x, toy_y);
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, ops, *user, &m));
    return m;
}

START_TEST(a_table_of_functions_is_checked)
{
    grasp_context *ctx = test_context();
    struct {
        grasp_model_ops ops;
        int64_t tail[2];
    } longer;
    memset(&longer, 0, sizeof longer);
    grasp_model_ops ops = toy_ops();
    grasp_model *m;
    toy *t = toy_make(3, 2, 2, toy_x, toy_y);
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, NULL, t, &m), GRASP_E_ARG, "ops");
    ops.size = 40;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_ARG, "ops");
    longer.ops = toy_ops();
    longer.ops.size = sizeof longer;
    longer.tail[1] = 1;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &longer.ops, t, &m), GRASP_E_ARG, "ops");
    longer.tail[1] = 0;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &longer.ops, t, &m));
    grasp_model_free(m);
    t = toy_make(3, 2, 2, toy_x, toy_y);
    ops = toy_ops();
    ops.size = offsetof(grasp_model_ops, logits); /* an older, shorter table: what follows is not looked at */
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, t, &m));
    ASSERT_STATUS(ctx, grasp_model_copy(ctx, m, &(grasp_model *){NULL}), GRASP_E_UNSUPPORTED, "ops->clone");
    grasp_model_free(m); /* its table had no destroy */
    ck_assert_int_eq(toy_live(), 1);

    static const size_t needed[] = {offsetof(grasp_model_ops, n_rows), offsetof(grasp_model_ops, labels),
                                    offsetof(grasp_model_ops, loss), offsetof(grasp_model_ops, predict)};
    static const char *const names[] = {"ops->n_rows", "ops->labels", "ops->loss", "ops->predict"};
    for (int i = 0; i < 4; i++) {
        ops = toy_ops();
        memset((char *)&ops + needed[i], 0, sizeof(void (*)(void)));
        ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_ARG, names[i]);
        ck_assert_ptr_null(m);
    }
    ops = toy_ops();
    ops.features = NULL;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_ARG, "n_features, features");
    ops = toy_ops();
    ops.sample_factors = NULL;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_ARG, "sample_factors");
    ops = toy_ops();
    t->classes = 0;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_CALLBACK, "ops->n_classes returned 0");
    t->classes = 2;
    t->layer_inputs = 9;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_CALLBACK, "more parameters than the 6");
    t->layer_inputs = -1;
    ASSERT_STATUS(ctx, grasp_model_create_custom(ctx, &ops, t, &m), GRASP_E_CALLBACK, "layer 0 has inputs -1");
    ck_assert_int_eq(toy_live(), 1); /* not destroyed by any error */
    toy_free(t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(a_missing_hook_is_named)
{
    grasp_context *ctx = test_context();
    grasp_model_ops ops = toy_ops();
    ops.logits = NULL, ops.n_features = NULL, ops.features = NULL, ops.sample_grads = NULL, ops.n_layers = NULL;
    ops.layer_shape = NULL, ops.sample_factors = NULL, ops.init = NULL, ops.clone = NULL;
    toy *t;
    grasp_model *m = make_toy(ctx, &ops, &t), *copy;
    int64_t rows[] = {0, 1, 2}, in, out, label[3], n_widths;
    int32_t bias;
    double v[18], worst;
    uint8_t mask[6];
    grasp_matrix *three;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 3, 2, &three));
    ASSERT_STATUS(ctx, grasp_model_logits(ctx, m, NULL, three), GRASP_E_UNSUPPORTED, "ops->logits");
    ASSERT_STATUS(ctx, grasp_model_predict_proba(ctx, m, NULL, three), GRASP_E_UNSUPPORTED, "ops->logits");
    ASSERT_STATUS(ctx, grasp_model_features(ctx, m, NULL, three), GRASP_E_UNSUPPORTED, "ops->features");
    ASSERT_STATUS(ctx, grasp_model_init(ctx, m, 0), GRASP_E_UNSUPPORTED, "ops->init");
    ASSERT_STATUS(ctx, grasp_model_copy(ctx, m, &copy), GRASP_E_UNSUPPORTED, "ops->clone");
    ASSERT_STATUS(ctx, grasp_model_layer_shape(ctx, m, 0, &in, &out, &in, &bias), GRASP_E_UNSUPPORTED, "ops->n_layers");
    ASSERT_STATUS(ctx, grasp__model_sample_grads(ctx, m, rows, 3, v), GRASP_E_UNSUPPORTED, "ops->sample_grads");
    ASSERT_STATUS(ctx, grasp__model_widths(ctx, m, label, 3, &n_widths), GRASP_E_UNSUPPORTED, "widths");
    ASSERT_STATUS(ctx, grasp_model_to_torch_order(ctx, m, v, v + 6, 6), GRASP_E_UNSUPPORTED, "layers (0)");
    ASSERT_STATUS(ctx, grasp_model_bind(ctx, m, three, rows, 3), GRASP_E_UNSUPPORTED, "custom");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, three, label, 3), GRASP_E_UNSUPPORTED, "x must be NULL");
    ck_assert(!grasp__model_has_factors(m) && !grasp__model_has_sample_grads(m) && !grasp__model_is_linear(m));
    ASSERT_OK(ctx, grasp__model_bias_mask(ctx, m, mask));
    for (int k = 0; k < 6; k++)
        ck_assert_int_eq(mask[k], 0);
    ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 3, 0, &worst));
    ck_assert(worst < 1e-8);
    grasp_matrix_free(three);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(what_a_callback_gives_is_checked)
{
    grasp_context *ctx = test_context();
    grasp_model_ops ops = toy_ops();
    toy *t;
    grasp_model *m = make_toy(ctx, &ops, &t);
    int64_t label[3], rows[] = {2, 0, 1};
    double loss[3], grad[6], v[18];
    t->answer = 7;
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, m, NULL, 3, loss), GRASP_E_CALLBACK,
                  "grasp_model_loss_rows: ops->loss returned 7");
    ASSERT_STATUS(ctx, grasp_model_predict(ctx, m, NULL, label, 3), GRASP_E_CALLBACK, "ops->predict returned 7");
    ASSERT_STATUS(ctx, grasp_model_get_params(ctx, m, grad, 6), GRASP_E_CALLBACK, "ops->get_params returned 7");
    memset(grad, 0, sizeof grad);
    ASSERT_STATUS(ctx, grasp_model_set_params(ctx, m, grad, 6), GRASP_E_CALLBACK, "ops->set_params returned 7");
    ASSERT_STATUS(ctx, grasp_model_init(ctx, m, 6), GRASP_E_CALLBACK, "ops->init returned 7");
    ASSERT_STATUS(ctx, grasp_model_copy(ctx, m, &(grasp_model *){NULL}), GRASP_E_CALLBACK, "ops->clone returned 7");
    t->answer = GRASP_CB_STOP;
    loss[0] = label[2] = 5;
    ck_assert_int_eq(grasp_model_loss_rows(ctx, m, NULL, 3, loss), GRASP_CANCELLED);
    ck_assert_int_eq(grasp_model_predict_rows(ctx, m, rows, 3, label), GRASP_CANCELLED);
    ck_assert(isnan(loss[0]) && label[2] == -1); /* rows not reached */
    t->answer = GRASP_CB_OK;
    t->poison = NAN;
    t->poison_row = 1;
    ASSERT_STATUS(ctx, grasp_model_loss_rows(ctx, m, rows, 3, loss), GRASP_E_NUMERIC, "ops->loss: row 1 has nan");
    ASSERT_STATUS(ctx, grasp__model_sample_grads(ctx, m, rows, 3, v), GRASP_E_NUMERIC,
                  "ops->sample_grads: row 1 has nan at column 0");
    ASSERT_STATUS(ctx, grasp__model_factors(ctx, m, 0, rows, 3, v, v + 6), GRASP_E_NUMERIC,
                  "(delta): row 1 has nan at column 0");
    ASSERT_STATUS(ctx, grasp__model_objective(ctx, m, rows, 1, weigh_one, NULL, loss, grad), GRASP_OK, "");
    t->poison = 0;
    t->poison_grad = INFINITY;
    ASSERT_STATUS(ctx, grasp__model_objective(ctx, m, rows, 3, weigh_one, NULL, loss, grad), GRASP_E_NUMERIC,
                  "ops->weighted_grad");
    t->poison_grad = 0;
    t->label_shift = 1;
    ASSERT_STATUS(ctx, grasp__model_labels(ctx, m, rows, 3, label), GRASP_E_CALLBACK, "ops->labels: row 2 has label 2");
    t->label_shift = -2;
    ASSERT_STATUS(ctx, grasp_model_predict_rows(ctx, m, rows, 3, label), GRASP_E_CALLBACK,
                  "expected a class in [0, 2)");
    grasp_model_free(m);
    grasp_context_free(ctx);
    ck_assert_int_eq(toy_live(), 0);
}
END_TEST

START_TEST(a_wrong_gradient_is_found)
{
    grasp_context *ctx = test_context();
    grasp_model_ops ops = toy_ops();
    toy *t;
    grasp_model *m = make_toy(ctx, &ops, &t);
    double worst, before[6], after[6];
    ASSERT_OK(ctx, grasp_model_init(ctx, m, 5));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, before, 6));
    t->ignore_weights = true;
    ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 3, 0, &worst));
    ck_assert_msg(worst > 1e-3, "%g", worst);
    t->ignore_weights = false;
    t->wrong_single = true;
    ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 3, 1e-4, &worst));
    ck_assert_msg(worst > 1e-3, "%g", worst);
    t->wrong_single = false;
    t->wrong_factor = true;
    ASSERT_OK(ctx, grasp_model_check_grad(ctx, m, NULL, 3, 0, &worst));
    ck_assert_msg(worst > 1e-3, "%g", worst);
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, after, 6));
    ck_assert_mem_eq(before, after, sizeof before);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* A layer seen at three positions, without a bias: row = sum_t delta_t (x) a_t, exactly rounded. */
START_TEST(positions_are_summed)
{
    grasp_context *ctx = test_context();
    grasp_model_ops ops = toy_ops();
    ops.sample_grads = NULL;
    grasp_model *m;
    toy *t = toy_make(3, 2, 2, toy_x, toy_y);
    t->positions = 3;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, t, &m));
    const int64_t rows[] = {2, 0};
    double grads[12], act[12], delta[12];
    ASSERT_OK(ctx, grasp__model_factors(ctx, m, 0, rows, 2, act, delta));
    ASSERT_OK(ctx, grasp__model_sample_grads(ctx, m, rows, 2, grads));
    for (int i = 0; i < 2; i++)
        for (int o = 0; o < 2; o++)
            for (int j = 0; j < 3; j++) {
                long double sum = 0;
                for (int s = 0; s < 3; s++)
                    sum += (long double)delta[(i * 3 + s) * 2 + o] * (j < 2 ? act[(i * 3 + s) * 2 + j] : 1);
                ck_assert_double_eq_tol(grads[i * 6 + o * 3 + j], (double)sum, 1e-15 * fabs((double)sum));
            }
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

/* Every call of the room, for one kind of model; KINDS: custom. `arg`: the kind. Leaves its answers in `answers`. */
static double answers[64];

static grasp_status use_all(grasp_context *ctx, void *arg)
{
    enum kind kind = *(enum kind *)arg;
    enum { N = 30 };
    grasp__rng rng = test_rng(3);
    double x[N * D], theta[200], worst, weights[N], loss[N];
    int64_t y[N], label[N], rows[] = {4, 2};
    grasp_model *m = NULL, *copy = NULL;
    grasp_matrix *matrix = NULL, *out = NULL, *features = NULL;
    grasp_model_ops ops = toy_ops();
    toy *t = NULL;
    grasp_status s;
    random_normals(&rng, x, N * D);
    for (int i = 0; i < N; i++) {
        y[i] = i % 2;
        weights[i] = 1;
    }
    if (kind == KINDS) {
        t = toy_make(N, D, 2, x, y);
        s = grasp_model_create_custom(ctx, &ops, t, &m);
        if (s != GRASP_OK)
            toy_free(t);
    } else
        s = create(ctx, kind, &m);
    if (s != GRASP_OK)
        return s;
    int64_t p = grasp_model_n_params(m);
    if ((kind != KINDS && ((s = grasp_matrix_create(ctx, GRASP_F32, N, D, &matrix)) != GRASP_OK)))
        goto done;
    if (matrix)
        grasp__matrix_write_f64(matrix, 0, N, x);
    if ((matrix && (s = grasp_model_bind(ctx, m, matrix, y, N)) != GRASP_OK) ||
        (s = grasp_model_init(ctx, m, 2)) != GRASP_OK ||
        (s = grasp_model_set_sample_weights(ctx, m, weights, N)) != GRASP_OK ||
        (s = grasp_model_copy(ctx, m, &copy)) != GRASP_OK ||
        (s = grasp_matrix_create(ctx, GRASP_F64, N, grasp_model_n_classes(m), &out)) != GRASP_OK ||
        (s = grasp_matrix_create(ctx, GRASP_F32, N, grasp_model_n_features(m), &features)) != GRASP_OK ||
        (s = grasp_model_predict(ctx, copy, NULL, label, N)) != GRASP_OK ||
        (s = grasp_model_predict_proba(ctx, m, matrix, out)) != GRASP_OK ||
        (s = grasp_model_logits(ctx, m, NULL, out)) != GRASP_OK ||
        (s = grasp_model_features(ctx, m, matrix, features)) != GRASP_OK ||
        (s = grasp_model_predict_rows(ctx, m, rows, 2, label)) != GRASP_OK ||
        (s = grasp_model_loss_rows(ctx, m, NULL, N, loss)) != GRASP_OK ||
        (s = grasp_model_check_grad(ctx, m, rows, 2, 0, &worst)) != GRASP_OK ||
        (s = grasp_model_get_params(ctx, m, theta, p)) != GRASP_OK ||
        (s = grasp_model_set_params(ctx, m, theta, p)) != GRASP_OK)
        goto done;
    memcpy(answers, loss, sizeof loss);
    answers[N] = worst;
    answers[N + 1] = ((double *)grasp_matrix_data(out))[5];
done:
    grasp_matrix_free(matrix);
    grasp_matrix_free(out);
    grasp_matrix_free(features);
    grasp_model_free(copy);
    grasp_model_free(m);
    return s;
}

START_TEST(every_allocation_may_fail)
{
    enum kind kind = (enum kind)_i;
    for_each_failing_allocation(use_all, &kind);
    ck_assert_int_eq(toy_live(), 0);
}
END_TEST

START_TEST(every_call_may_be_cancelled)
{
    enum kind kind = (enum kind)_i;
    ck_assert_int_ge(for_each_cancel(use_all, &kind),
                     6 + 6); /* six calls of one batch, and check_grad over p >= 6 parameters */
    ck_assert_int_eq(toy_live(), 0);
}
END_TEST

START_TEST(threads_change_nothing)
{
    enum kind kind = (enum kind)_i;
    for_each_thread_count(use_all, &kind, GRASP_OK, answers, sizeof answers);
}
END_TEST

START_TEST(a_cancelled_call_says_how_far_it_got)
{
    enum { N = 1200 };
    grasp_context *ctx = test_context();
    grasp_model *m = make_bound(ctx, SOFTMAX, GRASP_F64, N);
    double loss[N];
    int64_t label[N];
    grasp_matrix *out;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, C, &out));
    grasp_context_cancel(ctx);
    ck_assert_int_eq(grasp_model_predict(ctx, m, NULL, label, N), GRASP_CANCELLED);
    grasp_context_cancel(ctx);
    ck_assert_int_eq(grasp_model_loss_rows(ctx, m, NULL, N, loss), GRASP_CANCELLED);
    grasp_context_cancel(ctx);
    ck_assert_int_eq(grasp_model_logits(ctx, m, NULL, out), GRASP_CANCELLED);
    for (int64_t i = 0; i < N; i++)
        ck_assert(label[i] == -1 && isnan(loss[i]) && isnan(((double *)grasp_matrix_data(out))[i * C + C - 1]));
    ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, label, N));
    grasp_matrix_free(out);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, int n)
{
    TCase *tc = tcase_create(name);
    for (int i = 0; i < n; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
}

#define ADD(suite, name, ...)                                                                                          \
  do {                                                                                                                 \
    const TTest *const tests_[] = {__VA_ARGS__};                                                                       \
    add(suite, name, tests_, (int)(sizeof tests_ / sizeof *tests_));                                                   \
  } while (0)

Suite *check_model_suite(void);
Suite *check_model_suite(void)
{
    Suite *suite = suite_create("model");
    ADD(suite, "gradients", gradients_are_those_of_the_loss, a_float32_perceptron_agrees_with_float64,
        gradients_equal_the_stored_ones, the_weighted_gradient_is_the_weighted_sum, factors_make_the_dense_rows,
        factors_follow_rows_and_parameters, a_reserved_batch_allocates_nothing, the_workspace_grows_with_the_batch);
    ADD(suite, "outputs", softmax_of_two_classes_is_logistic, extreme_logits_are_harmless, an_overflow_names_its_row,
        ties_go_to_the_lowest_class, any_way_of_asking_gives_one_answer, features_are_what_the_last_layer_sees);
    ADD(suite, "parameters", torch_order_there_and_back, initial_parameters, copies_are_independent,
        no_rows_is_a_binding);
    ADD(suite, "refusals", creating_refuses, binding_refuses_and_leaves_all_as_it_was, asking_refuses);
    ADD(suite, "custom", a_custom_model_equals_the_built_in_one, a_table_of_functions_is_checked,
        a_missing_hook_is_named, what_a_callback_gives_is_checked, a_wrong_gradient_is_found, positions_are_summed);
    ADD(suite, "conduct", a_cancelled_call_says_how_far_it_got);
    TCase *tc = tcase_create("scenarios");
    tcase_add_loop_test(tc, every_allocation_may_fail, 0, KINDS + 1);
    tcase_add_loop_test(tc, every_call_may_be_cancelled, 0, KINDS + 1);
    tcase_add_loop_test(tc, threads_change_nothing, 0, KINDS + 1);
    suite_add_tcase(suite, tc);
    return suite;
}
