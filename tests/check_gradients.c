/* SPDX-License-Identifier: BSD-3-Clause
 * gradients: dense, factored, lent, chosen and computed rows agree with each other and with brute force in long double.
 */
#include "support.h"

#include "gradients/gradients.h"
#include "grasp/gradients.h"
#include "grasp/linalg.h"
#include "grasp/model.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- random factors and what they stand for ---------------------------------------------------------------------- */

enum { LAYERS = 3 };

typedef struct factors {
    int32_t dtype;
    int64_t n, p, layers, inputs[LAYERS], outputs[LAYERS], positions[LAYERS];
    int32_t bias[LAYERS];
    double *act[LAYERS], *delta[LAYERS]; /* n x T d_in, n x T d_out; representable in dtype */
    double *rows;                        /* n x p: the gradient written out */
} factors;

static void *allocate(int64_t n, size_t size)
{
    void *block = calloc((size_t)n + 1, size);
    ck_assert_ptr_nonnull(block);
    return block;
}

static double *random_values(grasp__rng *rng, int32_t dtype, int64_t n)
{
    double *v = allocate(n, sizeof *v);
    random_normals(rng, v, n);
    for (int64_t i = 0; i < n && dtype == GRASP_F32; i++)
        v[i] = (double)(float)v[i];
    return v;
}

/* What the truth in long double may be off by: valgrind computes it in 64 bits. */
static double slack(void)
{
    return getenv("TEST_UNDER_VALGRIND") ? 1e-14 : 0;
}

/* The truth: each entry summed in long double. */
static void write_out(factors *f)
{
    double *out = f->rows = allocate(f->n * f->p, sizeof *f->rows);
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t l = 0; l < f->layers; l++)
            for (int64_t o = 0; o < f->outputs[l]; o++)
                for (int64_t k = 0; k < f->inputs[l] + f->bias[l]; k++) {
                    long double sum = 0;
                    for (int64_t t = 0; t < f->positions[l]; t++) {
                        int64_t at = i * f->positions[l] + t;
                        double a = k < f->inputs[l] ? f->act[l][at * f->inputs[l] + k] : 1;
                        sum += (long double)a * (long double)f->delta[l][at * f->outputs[l] + o];
                    }
                    *out++ = (double)sum;
                }
}

static factors random_factors(grasp__rng *rng, int32_t dtype, int64_t n, int64_t positions)
{
    factors f = {.dtype = dtype, .n = n, .layers = 1 + grasp__rng_below(rng, LAYERS)};
    for (int64_t l = 0; l < f.layers; l++) {
        f.inputs[l] = 1 + grasp__rng_below(rng, 9);
        f.outputs[l] = 1 + grasp__rng_below(rng, 5);
        f.positions[l] = 1 + grasp__rng_below(rng, positions);
        f.bias[l] = (int32_t)grasp__rng_below(rng, 2);
        f.act[l] = random_values(rng, dtype, n * f.positions[l] * f.inputs[l]);
        f.delta[l] = random_values(rng, dtype, n * f.positions[l] * f.outputs[l]);
        f.p += f.outputs[l] * (f.inputs[l] + f.bias[l]);
    }
    write_out(&f);
    return f;
}

static void free_factors(factors *f)
{
    for (int64_t l = 0; l < f->layers; l++) {
        free(f->act[l]);
        free(f->delta[l]);
    }
    free(f->rows);
}

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

static void count_release(void *user, void *data)
{
    ++*(int *)user;
    free(data);
}

/* k rows of `cols` values from row `first` on, with `gap` unused elements (NaN) behind each row. */
static grasp_matrix *wrapped(grasp_context *ctx, int32_t dtype, const double *values, int64_t cols, int64_t first,
                             int64_t k, int64_t gap, int *released)
{
    int64_t stride = cols + gap;
    char *data = allocate(k * stride, sizeof(double));
    grasp_matrix *m;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < stride; j++) {
            double v = j < cols ? values[(first + i) * cols + j] : NAN;
            if (dtype == GRASP_F32)
                ((float *)(void *)data)[i * stride + j] = (float)v;
            else
                ((double *)(void *)data)[i * stride + j] = v;
        }
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, dtype, k, cols, stride, data, count_release, released, &m));
    return m;
}

static double *read_rows(const grasp_gradients *g)
{
    double *rows = allocate(grasp_gradients_count(g) * grasp_gradients_dim(g), sizeof *rows);
    grasp__gradients_read_f64(g, 0, grasp_gradients_count(g), rows);
    return rows;
}

static void assert_same_bits(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg(a[i] == b[i], "entry %" PRId64 " is %.17g, expected %.17g", i, a[i], b[i]);
}

static void assert_rows(const grasp_gradients *g, const double *expected)
{
    double *rows = read_rows(g);
    assert_same_bits(rows, expected, grasp_gradients_count(g) * grasp_gradients_dim(g));
    free(rows);
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

static grasp_gradients *new_factored(grasp_context *ctx, const factors *f, int32_t dtype, int64_t capacity)
{
    grasp_gradients *g;
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, dtype, f->layers, f->inputs, f->outputs, f->positions, f->bias,
                                                   capacity, &g));
    ck_assert_int_eq(grasp_gradients_dim(g), f->p);
    ck_assert_int_eq(grasp_gradients_n_layers(g), f->layers);
    ck_assert_int_eq(grasp_gradients_is_factored(g), 1);
    ck_assert_int_eq(grasp_gradients_dtype(g), dtype);
    return g;
}

/* Appends samples [first, first + k); lent ones are counted in `released` when given back. */
static void add_factors(grasp_context *ctx, grasp_gradients *g, const factors *f, int64_t first, int64_t k, bool lent,
                        int *released)
{
    grasp_matrix *act[LAYERS], *delta[LAYERS];
    for (int64_t l = 0; l < f->layers; l++) {
        int64_t gap = lent ? l + 1 : 0;
        act[l] = wrapped(ctx, f->dtype, f->act[l], f->positions[l] * f->inputs[l], first, k, gap, released);
        delta[l] = wrapped(ctx, f->dtype, f->delta[l], f->positions[l] * f->outputs[l], first, k, gap, released);
    }
    if (lent)
        ASSERT_OK(ctx, grasp_gradients_append_factors_lent(ctx, g, act, delta, f->layers));
    else
        ASSERT_OK(ctx, grasp_gradients_append_factors(ctx, g, (const grasp_matrix *const *)act,
                                                      (const grasp_matrix *const *)delta, f->layers));
    for (int64_t l = 0; l < f->layers; l++) {
        grasp_matrix_free(act[l]);
        grasp_matrix_free(delta[l]);
    }
}

static void add_rows(grasp_context *ctx, grasp_gradients *g, int32_t dtype, const double *rows, int64_t first,
                     int64_t k, bool lent, int *released)
{
    grasp_matrix *m = wrapped(ctx, dtype, rows, grasp_gradients_dim(g), first, k, lent ? 3 : 0, released);
    if (lent)
        ASSERT_OK(ctx, grasp_gradients_append_lent(ctx, g, m));
    else
        ASSERT_OK(ctx, grasp_gradients_append(ctx, g, m));
    grasp_matrix_free(m);
}

static grasp_gradients *dense_of(grasp_context *ctx, int32_t dtype, const double *rows, int64_t n, int64_t p)
{
    int released = 0;
    grasp_gradients *g;
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, dtype, p, n, &g));
    add_rows(ctx, g, dtype, rows, 0, n, false, &released);
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    ck_assert_int_eq(released, 1);
    return g;
}

static grasp_gradients *factored_of(grasp_context *ctx, const factors *f)
{
    int released = 0;
    grasp_gradients *g = new_factored(ctx, f, f->dtype, f->n);
    add_factors(ctx, g, f, 0, f->n, false, &released);
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    return g;
}

static double *mean_of(grasp_context *ctx, const grasp_gradients *g)
{
    double *mean = allocate(grasp_gradients_dim(g), sizeof *mean);
    ASSERT_OK(ctx, grasp_gradients_mean(ctx, g, mean, grasp_gradients_dim(g)));
    return mean;
}

/* ---- factored and dense are one thing ---------------------------------------------------------------------------- */

static void check_mean(grasp_context *ctx, const grasp_gradients *g, const double *rows)
{
    int64_t n = grasp_gradients_count(g), p = grasp_gradients_dim(g);
    double *mean = mean_of(ctx, g);
    for (int64_t j = 0; j < p; j++) {
        long double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (long double)rows[i * p + j];
        ck_assert_double_le(fabs(mean[j] - (double)(sum / (long double)n)),
                            4 * DBL_EPSILON * fabs(mean[j]) + 1e-17 + slack());
    }
    free(mean);
}

static void check_gram(grasp_context *ctx, const grasp_gradients *g, const double *rows, int64_t i0, int64_t ni,
                       int64_t j0, int64_t nj)
{
    int64_t p = grasp_gradients_dim(g);
    grasp_matrix *out, *single;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, ni, nj, &out));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, ni, nj, &single));
    ASSERT_OK(ctx, grasp_gradients_gram(ctx, g, i0, ni, j0, nj, out));
    ASSERT_OK(ctx, grasp_gradients_gram(ctx, g, i0, ni, j0, nj, single));
    for (int64_t i = 0; i < ni; i++)
        for (int64_t j = 0; j < nj; j++) {
            long double sum = 0, size = 0;
            for (int64_t k = 0; k < p; k++) {
                long double term = (long double)rows[(i0 + i) * p + k] * (long double)rows[(j0 + j) * p + k];
                sum += term;
                size += fabsl(term);
            }
            double found = ((const double *)grasp__matrix_row(out, i))[j];
            /* T = 4 positions: the products of inner products hold terms that cancel in the rows */
            ck_assert_msg(fabs(found - (double)sum) <= 1e-13 * (double)size + 1e-12,
                          "<%" PRId64 ",%" PRId64 "> is %.17g, expected %.17Lg", i, j, found, sum);
            ck_assert_float_eq(((const float *)grasp__matrix_row(single, i))[j], (float)found);
        }
    grasp_matrix_free(out);
    grasp_matrix_free(single);
}

/* Rows in both element types, row pointers, factors, mean and inner products. */
static void check_reading(grasp_context *ctx, const grasp_gradients *g, const factors *f)
{
    double *rows = read_rows(g);
    float *single = allocate(f->n * f->p, sizeof *single);
    for (int64_t e = 0; e < f->n * f->p; e++)
        ck_assert_msg(fabs(rows[e] - f->rows[e]) <= DBL_EPSILON * fabs(f->rows[e]) + 1e-28 + slack(),
                      "entry %" PRId64 ": %.17g, not %.17g", e, rows[e], f->rows[e]);
    grasp__gradients_read_f32(g, 0, f->n, single);
    for (int64_t e = 0; e < f->n * f->p; e++)
        ck_assert_float_eq(single[e], (float)rows[e]);
    for (int64_t l = 0; l < f->layers; l++) {
        int64_t a = f->positions[l] * f->inputs[l], d = f->positions[l] * f->outputs[l];
        double *act = allocate(f->n * a, sizeof *act), *delta = allocate(f->n * d, sizeof *delta);
        grasp__gradients_read_factors(g, l, 0, f->n, act, delta);
        assert_same_bits(act, f->act[l], f->n * a);
        assert_same_bits(delta, f->delta[l], f->n * d);
        free(act);
        free(delta);
    }
    ck_assert_ptr_null(grasp__gradients_row(g, 0));
    check_mean(ctx, g, rows);
    check_gram(ctx, g, f->rows, 0, f->n, 0, f->n);
    check_gram(ctx, g, f->rows, f->n / 2, f->n - f->n / 2, f->n / 3, 1);

    grasp_gradients *dense = dense_of(ctx, GRASP_F64, rows, f->n, f->p);
    double *mean = mean_of(ctx, g), *dense_mean = mean_of(ctx, dense);
    assert_same_bits(mean, dense_mean, f->p);
    free(mean);
    free(dense_mean);
    grasp_gradients_free(dense);
    free(single);
    free(rows);
}

START_TEST(factored_equals_dense)
{
    grasp_context *ctx = test_context();
    for (int64_t trial = 0; trial < trials(60); trial++) {
        grasp__rng rng = test_rng((uint64_t)trial);
        factors f = random_factors(&rng, trial % 2 ? GRASP_F32 : GRASP_F64, 1 + grasp__rng_below(&rng, 40), 4);
        grasp_gradients *g = factored_of(ctx, &f);
        check_reading(ctx, g, &f);
        grasp_gradients_free(g);
        free_factors(&f);
    }
    grasp_context_free(ctx);
}
END_TEST

/* More positions than a block holds, more columns than are taken at once. */
START_TEST(long_sequences_and_wide_rows)
{
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(1000);
    factors f = {.dtype = GRASP_F64,
                 .n = 3,
                 .layers = 1,
                 .inputs = {5},
                 .outputs = {3},
                 .positions = {150},
                 .bias = {1},
                 .p = 18};
    f.act[0] = random_values(&rng, GRASP_F64, f.n * 150 * 5);
    f.delta[0] = random_values(&rng, GRASP_F64, f.n * 150 * 3);
    write_out(&f);
    grasp_gradients *g = factored_of(ctx, &f);
    double *rows = read_rows(g);
    for (int64_t e = 0; e < f.n * f.p; e++)
        ck_assert_double_le(fabs(rows[e] - f.rows[e]), 1e-15 * (fabs(f.rows[e]) + 10));
    free(rows);
    for (int64_t i = 0; i < 3; i++)
        check_gram(ctx, g, f.rows, i, 1, 0, 3);
    grasp_gradients_free(g);
    free_factors(&f);

    double *wide = random_values(&rng, GRASP_F64, 130 * 1100);
    g = dense_of(ctx, GRASP_F64, wide, 130, 1100);
    check_gram(ctx, g, wide, 0, 130, 0, 130);
    check_mean(ctx, g, wide);
    grasp_gradients_free(g);
    free(wide);
    grasp_context_free(ctx);
}
END_TEST

/* Layers whose rows are written for their products, and layers whose positions are paired: together over several tiles,
 * and alone with more positions than a block holds. */
START_TEST(positions_written_and_paired)
{
    static const struct {
        int64_t n, layers, inputs[2], outputs[2], positions[2];
    } cases[] = {{300, 2, {40, 3}, {30, 2}, {2, 9}}, {2, 1, {700}, {700}, {65}}, {70, 2, {5, 40}, {4, 30}, {1, 70}}};
    grasp_context *ctx = test_context();
    for (int k = 0; k < 3; k++) {
        grasp__rng rng = test_rng(1100 + (uint64_t)k);
        factors f = {.dtype = GRASP_F64, .n = cases[k].n, .layers = cases[k].layers};
        for (int64_t l = 0; l < f.layers; l++) {
            f.inputs[l] = cases[k].inputs[l];
            f.outputs[l] = cases[k].outputs[l];
            f.positions[l] = cases[k].positions[l];
            f.bias[l] = 1;
            f.act[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.inputs[l]);
            f.delta[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.outputs[l]);
            f.p += f.outputs[l] * (f.inputs[l] + 1);
        }
        write_out(&f);
        grasp_gradients *g = factored_of(ctx, &f);
        check_gram(ctx, g, f.rows, 0, f.n, f.n / 40, f.n - f.n / 40);
        grasp_gradients_free(g);
        free_factors(&f);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Dot2 over positions keeps what a plain sum loses. */
START_TEST(positions_are_summed_exactly)
{
    grasp_context *ctx = test_context();
    factors f = {
        .dtype = GRASP_F64, .n = 1, .layers = 1, .inputs = {1}, .outputs = {1}, .positions = {3}, .bias = {0}, .p = 1};
    double act[] = {1e16, 1, -1e16}, delta[] = {1, 0.5, 1}, row, expected = 0.5;
    f.act[0] = act;
    f.delta[0] = delta;
    grasp_gradients *g = factored_of(ctx, &f);
    grasp__gradients_read_f64(g, 0, 1, &row);
    ck_assert_double_eq(row, expected);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

/* ---- appending --------------------------------------------------------------------------------------------------- */

START_TEST(batches_equal_one_append)
{
    grasp_context *ctx = test_context();
    for (int64_t trial = 0; trial < trials(40); trial++) {
        grasp__rng rng = test_rng(2000 + (uint64_t)trial);
        int32_t dtype = trial % 2 ? GRASP_F32 : GRASP_F64;
        factors f = random_factors(&rng, dtype, 1 + grasp__rng_below(&rng, 60), 3);
        double *values = random_values(&rng, dtype, f.n * f.p);
        grasp_gradients *whole = factored_of(ctx, &f), *g = new_factored(ctx, &f, dtype, grasp__rng_below(&rng, 80)),
                        *dense;
        int released = 0, expected = 0;
        ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, dtype, f.p, grasp__rng_below(&rng, 80), &dense));
        for (int64_t done = 0, k; done < f.n; done += k) {
            bool lent = grasp__rng_below(&rng, 2) == 1;
            k = grasp__rng_below(&rng, 8);
            k = k > f.n - done ? f.n - done : k;
            add_factors(ctx, g, &f, done, k, lent, &released);
            add_rows(ctx, dense, dtype, values, done, k, lent, &released);
            expected += 2 * (int)f.layers + 1;
        }
        ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
        ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
        ASSERT_OK(ctx, grasp_gradients_seal(ctx, dense));
        ck_assert_int_eq(grasp_gradients_count(g), f.n);
        double *rows = read_rows(whole);
        assert_rows(g, rows);
        assert_rows(dense, values);
        for (int64_t i = 0; i < f.n; i++) {
            const void *row = grasp__gradients_row(dense, i);
            for (int64_t j = 0; j < f.p; j++)
                ck_assert_double_eq(dtype == GRASP_F32 ? (double)((const float *)row)[j] : ((const double *)row)[j],
                                    values[i * f.p + j]);
        }
        free(rows);
        free(values);
        grasp_gradients_free(whole);
        grasp_gradients_free(g);
        grasp_gradients_free(dense);
        ck_assert_int_eq(released, expected);
        free_factors(&f);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(element_types_are_converted)
{
    grasp_context *ctx = test_context();
    double values[] = {1.0 / 3, -2, 1e-3, 4};
    double rounded[] = {(double)(float)(1.0 / 3), -2, (double)(float)1e-3, 4};
    int released = 0;
    for (int32_t to = GRASP_F32; to <= GRASP_F64; to++)
        for (int32_t from = GRASP_F32; from <= GRASP_F64; from++) {
            grasp_gradients *g;
            ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, to, 2, 0, &g));
            add_rows(ctx, g, from, values, 0, 2, false, &released);
            ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
            assert_rows(g, to == GRASP_F64 && from == GRASP_F64 ? values : rounded);
            grasp_gradients_free(g);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(lent_memory_is_given_back_once_and_last)
{
    grasp_context *ctx = test_context();
    double values[] = {1, 2, 3, 4, 5, 6};
    int64_t second = 1;
    int released = 0;
    grasp_gradients *g, *view, *more;
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 2, 0, &g));
    grasp_matrix *m = wrapped(ctx, GRASP_F64, values, 2, 0, 3, 1, &released);
    ASSERT_OK(ctx, grasp_gradients_append_lent(ctx, g, m));
    ck_assert_uint_eq(grasp_gradients_bytes(g), 0);
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    grasp_matrix_free(m);
    ASSERT_OK(ctx, grasp_gradients_select(ctx, g, &second, 1, &view));
    ck_assert_uint_eq(grasp_gradients_bytes(view), sizeof(int64_t));
    more = grasp_gradients_ref(view);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
    grasp_gradients_free(view);
    ck_assert_int_eq(released, 0);
    assert_rows(more, values + 2);
    grasp_gradients_free(more);
    ck_assert_int_eq(released, 1);
}
END_TEST

/* A refused append changes nothing and keeps nothing. */
START_TEST(refused_rows_leave_no_trace)
{
    grasp_context *ctx = test_context();
    double good[] = {1, 2, 3, 4, 5, 6, 7, 8}, bad[8], huge[8];
    int released = 0;
    grasp_gradients *g;
    memcpy(bad, good, sizeof bad);
    memcpy(huge, good, sizeof huge);
    bad[5] = NAN;
    huge[6] = 1e300;
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F32, 4, 0, &g));
    add_rows(ctx, g, GRASP_F32, good, 0, 2, false, &released);
    for (int lent = 0; lent <= 1; lent++) {
        grasp_matrix *m = wrapped(ctx, GRASP_F32, bad, 4, 0, 2, 0, &released);
        ASSERT_STATUS(ctx, lent ? grasp_gradients_append_lent(ctx, g, m) : grasp_gradients_append(ctx, g, m),
                      GRASP_E_NUMERIC, ": rows: row 1 has NaN at column 1");
        grasp_matrix_free(m);
    }
    ck_assert_int_eq(released, 3);
    grasp_matrix *m = wrapped(ctx, GRASP_F64, huge, 4, 0, 2, 0, &released);
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, m), GRASP_E_NUMERIC,
                  "grasp_gradients_append: rows: row 1 has a value too large for f32 at column 2");
    ASSERT_STATUS(ctx, grasp_gradients_append_lent(ctx, g, m), GRASP_E_DTYPE, "rows is f64, expected f32");
    grasp_matrix_free(m);
    bad[5] = -INFINITY;
    m = wrapped(ctx, GRASP_F64, bad, 4, 0, 2, 0, &released);
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, m), GRASP_E_NUMERIC, "row 1 has infinity at column 1");
    grasp_matrix_free(m);
    m = wrapped(ctx, GRASP_F64, good, 2, 0, 2, 0, &released);
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, m), GRASP_E_DIM, "rows");
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, NULL, NULL, 0), GRASP_E_UNSUPPORTED,
                  "grasp_gradients_append()");
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, NULL), GRASP_E_ARG, "rows");
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, NULL, m), GRASP_E_ARG, "gradients");
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, (grasp_gradients *)(void *)m, m), GRASP_E_ARG, "gradients");
    grasp_matrix_free(m);
    ck_assert_int_eq(grasp_gradients_count(g), 2);
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    assert_rows(g, good);
    m = wrapped(ctx, GRASP_F32, good, 4, 0, 2, 0, &released);
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, m), GRASP_E_STATE, "sealed");
    ASSERT_STATUS(ctx, grasp_gradients_append_lent(ctx, g, m), GRASP_E_STATE, "sealed");
    grasp_matrix_free(m);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
    ck_assert_int_eq(released, 7);
}
END_TEST

START_TEST(refused_factors_leave_no_trace)
{
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(3000);
    factors f = {.dtype = GRASP_F64,
                 .n = 4,
                 .layers = 2,
                 .inputs = {3, 2},
                 .outputs = {2, 1},
                 .positions = {2, 1},
                 .bias = {1, 0},
                 .p = 10};
    int released = 0;
    for (int64_t l = 0; l < 2; l++) {
        f.act[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.inputs[l]);
        f.delta[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.outputs[l]);
    }
    write_out(&f);
    grasp_gradients *g = new_factored(ctx, &f, GRASP_F64, 0);
    grasp_matrix *act[2], *delta[2], *swap[2];
    f.delta[1][2] = NAN;
    for (int64_t l = 0; l < 2; l++) {
        act[l] = wrapped(ctx, GRASP_F64, f.act[l], f.positions[l] * f.inputs[l], 0, 4, 0, &released);
        delta[l] = wrapped(ctx, GRASP_F64, f.delta[l], f.positions[l] * f.outputs[l], 0, 4, 0, &released);
    }
    const grasp_matrix *const *a = (const grasp_matrix *const *)act, *const *d = (const grasp_matrix *const *)delta;
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, a, d, 2), GRASP_E_NUMERIC,
                  "delta[1]: row 2 has NaN at column 0");
    ASSERT_STATUS(ctx, grasp_gradients_append_factors_lent(ctx, g, act, delta, 2), GRASP_E_NUMERIC,
                  "delta[1]: row 2 has NaN");
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, a, d, 1), GRASP_E_DIM, "n_layers");
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, NULL, d, 2), GRASP_E_ARG, "act");
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, a, NULL, 2), GRASP_E_ARG, "delta");
    ASSERT_STATUS(ctx, grasp_gradients_append(ctx, g, act[0]), GRASP_E_UNSUPPORTED, "grasp_gradients_append_factors()");
    swap[0] = act[0];
    swap[1] = delta[1];
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, (const grasp_matrix *const *)swap, d, 2), GRASP_E_DIM,
                  "act[1]");
    swap[1] = NULL;
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, (const grasp_matrix *const *)swap, d, 2), GRASP_E_ARG,
                  "act[1]");
    ((double *)grasp_matrix_data(delta[1]))[2] = 1e200;
    ((double *)grasp_matrix_data(act[1]))[5] = -1e200;
    ASSERT_STATUS(ctx, grasp_gradients_append_factors(ctx, g, a, d, 2), GRASP_E_NUMERIC,
                  "row 2 has factors at layer 1");
    for (int64_t l = 0; l < 2; l++) {
        grasp_matrix_free(act[l]);
        grasp_matrix_free(delta[l]);
    }
    ck_assert_int_eq(released, 4);
    ck_assert_int_eq(grasp_gradients_count(g), 0);
    grasp_gradients_free(g);
    free_factors(&f);
    grasp_context_free(ctx);
}
END_TEST

/* ---- sizes and states -------------------------------------------------------------------------------------------- */

START_TEST(sizes_that_overflow_are_refused)
{
    grasp_context *ctx = test_context();
    const int64_t big = (int64_t)1 << 40, one = 1, half = (int64_t)1 << 62;
    int64_t inputs[2] = {half, half};
    int64_t ones[2] = {1, 1};
    grasp_gradients *g = (grasp_gradients *)(void *)&inputs;
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, big, big, &g), GRASP_E_OVERFLOW,
                  "grasp_gradients_create_dense");
    ck_assert_ptr_null(g);
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, INT64_MAX, 0, &g), GRASP_E_OVERFLOW, "p");
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 0, 0, &g), GRASP_E_ARG, "p");
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 1, -1, &g), GRASP_E_ARG, "capacity");
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, 7, 1, 0, &g), GRASP_E_DTYPE, "dtype");
    ASSERT_STATUS(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 1, 0, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &big, &big, NULL, NULL, 0, &g),
                  GRASP_E_OVERFLOW, "layer 0");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 2, inputs, ones, NULL, NULL, 0, &g),
                  GRASP_E_OVERFLOW, "layer");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, &one, &half, NULL, 0, &g),
                  GRASP_E_OVERFLOW, "layer 0");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &big, &one, NULL, NULL, big, &g),
                  GRASP_E_OVERFLOW, "layer 0");
    int64_t none = 0;
    int32_t two = 2;
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &none, &one, NULL, NULL, 0, &g), GRASP_E_ARG,
                  "inputs[0]");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, &none, NULL, NULL, 0, &g), GRASP_E_ARG,
                  "outputs[0]");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, &one, &none, NULL, 0, &g), GRASP_E_ARG,
                  "positions[0]");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, &one, NULL, &two, 0, &g), GRASP_E_ARG,
                  "has_bias[0]");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 0, &one, &one, NULL, NULL, 0, &g), GRASP_E_ARG,
                  "n_layers");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, NULL, &one, NULL, NULL, 0, &g), GRASP_E_ARG,
                  "inputs");
    ASSERT_STATUS(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, NULL, NULL, NULL, 0, &g), GRASP_E_ARG,
                  "outputs");
    grasp_context_free(ctx);
}
END_TEST

START_TEST(use_before_sealing_is_refused)
{
    grasp_context *ctx = test_context();
    double value = 1, mean;
    int64_t row = 0;
    int released = 0;
    grasp_gradients *g, *view;
    grasp_matrix *out;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 1, 1, &out));
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 1, 0, &g));
    add_rows(ctx, g, GRASP_F64, &value, 0, 1, false, &released);
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, &row, 1, &view), GRASP_E_STATE, "grasp_gradients_seal()");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, 0, 1, out), GRASP_E_STATE, "not sealed");
    ASSERT_STATUS(ctx, grasp_gradients_mean(ctx, g, &mean, 1), GRASP_E_STATE, "not sealed");
    ASSERT_STATUS(ctx, grasp_gradients_gram(ctx, g, 0, 1, 0, 1, out), GRASP_E_STATE, "not sealed");
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    ASSERT_OK(ctx, grasp_gradients_rows(ctx, g, 0, 1, out));
    ck_assert_double_eq(((double *)grasp_matrix_data(out))[0], 1);
    grasp_matrix_free(out);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(arguments_of_the_readers)
{
    grasp_context *ctx = test_context();
    double values[] = {1, 2, 3, 4, 5, 6}, mean[2];
    int64_t rows[] = {0, 3, -1};
    grasp_gradients *g = dense_of(ctx, GRASP_F64, values, 3, 2), *view, *empty;
    grasp_matrix *out, *small;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, 2, 2, &out));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 1, 2, &small));
    ASSERT_OK(ctx, grasp_gradients_rows(ctx, g, 1, 2, out));
    ck_assert_float_eq(((float *)grasp_matrix_data(out))[0], 3);
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, 2, 2, out), GRASP_E_ARG, "n is 2");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, -1, 2, out), GRASP_E_ARG, "first");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, 4, 0, out), GRASP_E_ARG, "first");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, 0, 2, small), GRASP_E_DIM, "out");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, g, 0, 2, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_gradients_rows(ctx, NULL, 0, 2, out), GRASP_E_ARG, "gradients");
    ASSERT_STATUS(ctx, grasp_gradients_gram(ctx, g, 0, 2, 2, 2, out), GRASP_E_ARG, "nj");
    ASSERT_STATUS(ctx, grasp_gradients_gram(ctx, g, 2, 2, 0, 2, out), GRASP_E_ARG, "ni");
    ASSERT_STATUS(ctx, grasp_gradients_gram(ctx, g, 0, 2, 0, 2, small), GRASP_E_DIM, "out");
    ASSERT_STATUS(ctx, grasp_gradients_mean(ctx, g, mean, 3), GRASP_E_DIM, "len");
    ASSERT_STATUS(ctx, grasp_gradients_mean(ctx, g, NULL, 2), GRASP_E_ARG, "mean");
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, rows, 2, &view), GRASP_E_ARG, "rows[1] is 3, expected 0 to 2");
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, rows + 2, 1, &view), GRASP_E_ARG, "rows[0] is -1");
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, NULL, 1, &view), GRASP_E_ARG, "rows");
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, rows, -1, &view), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_gradients_select(ctx, g, rows, 1, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_gradients_seal(ctx, NULL), GRASP_E_ARG, "gradients");
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, NULL, NULL, 0, NULL, &view), GRASP_E_ARG, "model");
    ASSERT_OK(ctx, grasp_gradients_select(ctx, g, NULL, 0, &empty));
    ck_assert_int_eq(grasp_gradients_count(empty), 0);
    ASSERT_STATUS(ctx, grasp_gradients_mean(ctx, empty, mean, 2), GRASP_E_EMPTY, "no rows");
    ck_assert_int_eq(grasp_gradients_count(NULL), 0);
    ck_assert_int_eq(grasp_gradients_dim(NULL), 0);
    ck_assert_int_eq(grasp_gradients_dtype(NULL), 0);
    ck_assert_int_eq(grasp_gradients_is_factored(NULL), 0);
    ck_assert_int_eq(grasp_gradients_n_layers(NULL), 0);
    ck_assert_uint_eq(grasp_gradients_bytes(NULL), 0);
    ck_assert_ptr_null(grasp_gradients_ref(NULL));
    ck_assert_uint_eq(grasp_gradients_bytes(g), 6 * sizeof(double));
    grasp_gradients_free(NULL);
    grasp_gradients_free(empty);
    grasp_gradients_free(g);
    grasp_matrix_free(out);
    grasp_matrix_free(small);
    grasp_context_free(ctx);
}
END_TEST

/* ---- chosen and joined rows -------------------------------------------------------------------------------------- */

START_TEST(views_choose_and_join)
{
    grasp_context *ctx = test_context();
    for (int64_t trial = 0; trial < trials(30); trial++) {
        grasp__rng rng = test_rng(4000 + (uint64_t)trial);
        factors f = random_factors(&rng, GRASP_F64, 2 + grasp__rng_below(&rng, 30), 2);
        grasp_gradients *g = trial % 2 ? factored_of(ctx, &f) : dense_of(ctx, GRASP_F64, f.rows, f.n, f.p), *view,
                        *again, *both;
        double *all = read_rows(g), *expected = allocate(3 * 40 * f.p, sizeof *expected);
        int64_t first[40], second[40], n = 1 + grasp__rng_below(&rng, 40), k = grasp__rng_below(&rng, 40);
        for (int64_t i = 0; i < n; i++)
            first[i] = grasp__rng_below(&rng, f.n);
        for (int64_t i = 0; i < k; i++)
            second[i] = grasp__rng_below(&rng, n);
        ASSERT_OK(ctx, grasp_gradients_select(ctx, g, first, n, &view));
        ASSERT_OK(ctx, grasp_gradients_select(ctx, view, second, k, &again));
        for (int64_t i = 0; i < k; i++)
            memcpy(expected + i * f.p, all + first[second[i]] * f.p, (size_t)f.p * sizeof *all);
        assert_rows(again, expected);
        ck_assert_int_eq(grasp_gradients_is_factored(again), trial % 2);

        /* joined in both orders, also with a view of the joined */
        ASSERT_OK(ctx, grasp__gradients_concat(ctx, again, g, &both));
        memcpy(expected + k * f.p, all, (size_t)(f.n * f.p) * sizeof *all);
        ck_assert_int_eq(grasp_gradients_count(both), k + f.n);
        assert_rows(both, expected);
        grasp_gradients_free(view);
        grasp_gradients_free(again);
        int64_t last = k + f.n - 1;
        ASSERT_OK(ctx, grasp_gradients_select(ctx, both, &last, 1, &view));
        grasp_gradients_free(both);
        assert_rows(view, all + (f.n - 1) * f.p);
        ASSERT_OK(ctx, grasp__gradients_concat(ctx, g, g, &both));
        memcpy(expected, all, (size_t)(f.n * f.p) * sizeof *all);
        memcpy(expected + f.n * f.p, all, (size_t)(f.n * f.p) * sizeof *all);
        assert_rows(both, expected);
        check_gram(ctx, both, expected, 0, 2 * f.n, f.n - 1, 2);
        grasp_gradients_free(both);
        grasp_gradients_free(view);
        grasp_gradients_free(g);
        free(all);
        free(expected);
        free_factors(&f);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(joining_needs_one_form)
{
    grasp_context *ctx = test_context();
    double values[] = {1, 2};
    int64_t two = 2, one = 1;
    int32_t none = 0;
    grasp_gradients *f64 = dense_of(ctx, GRASP_F64, values, 1, 2), *f32 = dense_of(ctx, GRASP_F32, values, 1, 2);
    grasp_gradients *narrow = dense_of(ctx, GRASP_F64, values, 2, 1), *a, *b, *out = NULL;
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &two, &one, NULL, &none, 0, &a));
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &one, &two, NULL, &none, 0, &b));
    ck_assert_int_eq(grasp__gradients_concat(ctx, f64, f32, &out), GRASP_E_DTYPE);
    ck_assert_int_eq(grasp__gradients_concat(ctx, f64, narrow, &out), GRASP_E_DIM);
    ck_assert_int_eq(grasp__gradients_concat(ctx, f64, a, &out), GRASP_E_DIM);
    ck_assert_int_eq(grasp__gradients_concat(ctx, a, b, &out), GRASP_E_DIM);
    ck_assert_ptr_null(out);
    grasp_gradients_free(a);
    grasp_gradients_free(b);
    grasp_gradients_free(f64);
    grasp_gradients_free(f32);
    grasp_gradients_free(narrow);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(points_become_gradients)
{
    grasp_context *ctx = test_context();
    double values[] = {1, 2, 3, 4};
    int released = 0;
    grasp_gradients *g = NULL;
    grasp_matrix *m = wrapped(ctx, GRASP_F64, values, 2, 0, 2, 5, &released);
    ck_assert_int_eq(grasp__gradients_from_matrix(ctx, m, "points", &g), GRASP_OK);
    assert_rows(g, values);
    grasp_matrix_free(m);
    grasp_gradients_free(g);
    ck_assert_int_eq(released, 1);
    values[3] = NAN;
    m = wrapped(ctx, GRASP_F64, values, 2, 0, 2, 0, &released);
    g = NULL;
    ASSERT_STATUS(ctx, grasp__gradients_from_matrix(ctx, m, "points", &g), GRASP_E_NUMERIC,
                  "points: row 1 has NaN at column 1");
    ck_assert_ptr_null(g);
    grasp_matrix_free(m);
    ck_assert_int_eq(released, 2);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, 0, 3, &m));
    ck_assert_int_eq(grasp__gradients_from_matrix(ctx, m, "points", &g), GRASP_OK);
    ck_assert_int_eq(grasp_gradients_count(g), 0);
    grasp_gradients_free(g);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* ---- threads, cancelling, memory --------------------------------------------------------------------------------- */

typedef struct bits {
    const factors *f;
    double mean[600], gram[100 * 100];
} bits;

static grasp_status mean_and_gram(grasp_context *ctx, void *arg)
{
    bits *b = arg;
    grasp_gradients *g = factored_of(ctx, b->f);
    grasp_matrix *out;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 100, 100, 100, b->gram, NULL, NULL, &out));
    ASSERT_OK(ctx, grasp_gradients_mean(ctx, g, b->mean, b->f->p));
    ASSERT_OK(ctx, grasp_gradients_gram(ctx, g, 0, 100, 0, 100, out));
    grasp_matrix_free(out);
    grasp_gradients_free(g);
    return GRASP_OK;
}

START_TEST(threads_do_not_change_bits)
{
    grasp__rng rng = test_rng(5000);
    factors f = {.dtype = GRASP_F64,
                 .n = 100,
                 .layers = 2,
                 .inputs = {40, 9},
                 .outputs = {10, 7},
                 .positions = {3, 1},
                 .bias = {1, 1},
                 .p = 480};
    static bits b;
    for (int64_t l = 0; l < 2; l++) {
        f.act[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.inputs[l]);
        f.delta[l] = random_values(&rng, GRASP_F64, f.n * f.positions[l] * f.outputs[l]);
    }
    b.f = &f;
    for_each_thread_count(mean_and_gram, &b, GRASP_OK, b.mean, sizeof b.mean + sizeof b.gram);
    free_factors(&f);
}
END_TEST

static void *read_all(void *arg)
{
    const grasp_gradients *g = arg;
    double *rows = malloc((size_t)(grasp_gradients_count(g) * grasp_gradients_dim(g)) * sizeof *rows);
    for (int round = 0; rows && round < 20; round++)
        grasp__gradients_read_f64(g, 0, grasp_gradients_count(g), rows);
    return rows;
}

START_TEST(many_threads_read)
{
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(5001);
    factors f = random_factors(&rng, GRASP_F32, 50, 3);
    grasp_gradients *g = factored_of(ctx, &f);
    double *expected = read_rows(g);
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, read_all, g), 0);
    for (int i = 0; i < 4; i++) {
        void *rows;
        ck_assert_int_eq(pthread_join(thread[i], &rows), 0);
        assert_same_bits(rows, expected, f.n * f.p);
        free(rows);
    }
    free(expected);
    grasp_gradients_free(g);
    free_factors(&f);
    grasp_context_free(ctx);
}
END_TEST

/* Everything that allocates, without a model. */
static grasp_status life(grasp_context *ctx, void *arg)
{
    static double values[] = {1, 2, 3, 4, 5, 6};
    const int64_t shape[2] = {2, 1}, rows[3] = {2, 0, 2};
    double mean[3];
    grasp_matrix *m = NULL, *out = NULL, *pair[2] = {NULL, NULL};
    grasp_gradients *g = NULL, *view = NULL, *f = NULL;
    (void)arg;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, 3, 2, 2, values, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_gradients_create_dense(ctx, GRASP_F64, 2, 1, &g);
    for (int i = 0; s == GRASP_OK && i < 3; i++) {
        s = grasp_gradients_append(ctx, g, m);
        if (s == GRASP_OK)
            s = grasp_gradients_append_lent(ctx, g, m);
    }
    if (s == GRASP_OK)
        s = grasp_gradients_seal(ctx, g);
    if (s == GRASP_OK)
        s = grasp_gradients_select(ctx, g, rows, 3, &view);
    if (s == GRASP_OK)
        s = grasp_gradients_mean(ctx, view, mean, 2);
    if (s == GRASP_OK)
        s = grasp_matrix_create(ctx, GRASP_F64, 3, 3, &out);
    if (s == GRASP_OK)
        s = grasp_gradients_gram(ctx, view, 0, 3, 0, 3, out);
    pair[0] = pair[1] = m;
    if (s == GRASP_OK)
        s = grasp_gradients_create_factored(ctx, GRASP_F64, 2, shape, shape, NULL, NULL, 1, &f);
    if (s == GRASP_OK) {
        grasp_status wrong =
            grasp_gradients_append_factors_lent(ctx, f, pair, pair, 2); /* second layer has one column */
        s = wrong == GRASP_E_DIM ? GRASP_OK : wrong;
    }
    grasp_gradients_free(g);
    grasp_gradients_free(view);
    grasp_gradients_free(f);
    grasp_matrix_free(m);
    grasp_matrix_free(out);
    return s;
}

START_TEST(every_allocation_may_fail)
{
    for_each_failing_allocation(life, NULL);
    ck_assert_int_gt(for_each_cancel(life, NULL), 0);
}
END_TEST

/* ---- computed from models ---------------------------------------------------------------------------------------- */

typedef struct bound {
    grasp_model *model;
    grasp_matrix *x;
    int64_t n, d, classes;
    int64_t *y;
    double *values;
} bound;

/* kind 0: logistic, 1: softmax, 2: mlp; parameters drawn at random. */
static bound random_model(grasp_context *ctx, grasp__rng *rng, int kind, int32_t dtype, int64_t n)
{
    bound b = {.n = n, .d = 1 + grasp__rng_below(rng, 6), .classes = kind == 0 ? 2 : 2 + grasp__rng_below(rng, 3)};
    int64_t widths[] = {b.d, 5, 4, b.classes};
    b.values = random_values(rng, dtype, n * b.d);
    b.y = allocate(n, sizeof *b.y);
    for (int64_t i = 0; i < n; i++)
        b.y[i] = grasp__rng_below(rng, b.classes);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, dtype, n, b.d, &b.x));
    grasp__matrix_write_f64(b.x, 0, n, b.values);
    if (kind == 0)
        ASSERT_OK(ctx, grasp_model_create_logistic(ctx, b.d, &b.model));
    else if (kind == 1)
        ASSERT_OK(ctx, grasp_model_create_softmax(ctx, b.d, b.classes, &b.model));
    else
        ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 4, NULL, &b.model));
    int64_t p = grasp_model_n_params(b.model);
    double *theta = random_values(rng, GRASP_F64, p);
    for (int64_t j = 0; j < p; j++)
        theta[j] *= 0.5;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, b.model, theta, p));
    ASSERT_OK(ctx, grasp_model_bind(ctx, b.model, b.x, b.y, n));
    free(theta);
    return b;
}

static void free_model(bound *b)
{
    grasp_model_free(b->model);
    grasp_matrix_free(b->x);
    free(b->y);
    free(b->values);
}

static grasp_gradients *compute(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, const char *text)
{
    grasp_params *params = NULL;
    grasp_gradients *g;
    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__gradients_params, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    ASSERT_OK(ctx, grasp_gradients_compute(ctx, m, rows, n, params, &g));
    grasp_params_free(params);
    return g;
}

START_TEST(models_equal_central_differences)
{
    grasp_context *ctx = test_context();
    for (int trial = 0; trial < trials(12); trial++) {
        grasp__rng rng = test_rng(6000 + (uint64_t)trial);
        bound b = random_model(ctx, &rng, trial % 3, GRASP_F64, 7);
        int64_t p = grasp_model_n_params(b.model);
        grasp_gradients *g = compute(ctx, b.model, NULL, b.n, "");
        double *theta = allocate(p, sizeof *theta), *rows = read_rows(g), up[7], down[7];
        const double h = 1e-6;
        ck_assert_int_eq(grasp_gradients_is_factored(g), 1);
        ck_assert_int_eq(grasp_gradients_dim(g), p);
        ASSERT_OK(ctx, grasp_model_get_params(ctx, b.model, theta, p));
        for (int64_t j = 0; j < p; j++) {
            double at = theta[j];
            theta[j] = at + h;
            ASSERT_OK(ctx, grasp_model_set_params(ctx, b.model, theta, p));
            ASSERT_OK(ctx, grasp_model_loss_rows(ctx, b.model, NULL, b.n, up));
            theta[j] = at - h;
            ASSERT_OK(ctx, grasp_model_set_params(ctx, b.model, theta, p));
            ASSERT_OK(ctx, grasp_model_loss_rows(ctx, b.model, NULL, b.n, down));
            theta[j] = at;
            for (int64_t i = 0; i < b.n; i++) {
                double slope = (up[i] - down[i]) / (2 * h);
                ck_assert_msg(fabs(rows[i * p + j] - slope) < 1e-7 * (1 + fabs(slope)),
                              "trial %d, row %" PRId64 ", parameter %" PRId64 ": %.10g, differences give %.10g", trial,
                              i, j, rows[i * p + j], slope);
            }
        }
        free(theta);
        free(rows);
        grasp_gradients_free(g);
        free_model(&b);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(forms_layers_and_rows)
{
    grasp_context *ctx = test_context();
    for (int trial = 0; trial < 6; trial++) {
        grasp__rng rng = test_rng(6100 + (uint64_t)trial);
        bound b = random_model(ctx, &rng, 2, trial % 2 ? GRASP_F32 : GRASP_F64, 40);
        int64_t p = grasp_model_n_params(b.model), rows[] = {39, 0, 7, 7}, in, out, positions;
        int32_t bias;
        grasp_gradients *whole = compute(ctx, b.model, NULL, b.n, ""),
                        *dense = compute(ctx, b.model, NULL, b.n, "form=dense");
        grasp_gradients *chosen = compute(ctx, b.model, rows, 4, "form=factored"), *view;
        ck_assert_int_eq(grasp_gradients_dtype(whole), trial % 2 ? GRASP_F32 : GRASP_F64);
        ck_assert_int_eq(grasp_gradients_is_factored(dense), 0);
        double *all = read_rows(whole), *written = read_rows(dense);
        for (int64_t e = 0; e < b.n * p; e++)
            ck_assert_double_le(fabs(all[e] - written[e]), (trial % 2 ? 1e-6 : 1e-13) * (1 + fabs(all[e])));
        ASSERT_OK(ctx, grasp_gradients_select(ctx, whole, rows, 4, &view));
        double *expected = read_rows(view);
        double *found = read_rows(chosen);
        for (int64_t e = 0; e < 4 * p; e++) /* batches of another size may round in another way */
            ck_assert_double_le(fabs(found[e] - expected[e]), (trial % 2 ? 1e-5 : 1e-13) * (1 + fabs(expected[e])));

        /* the last layer alone, factored, dense and in another element type: the last columns */
        ASSERT_OK(ctx, grasp_model_layer_shape(ctx, b.model, 2, &in, &out, &positions, &bias));
        int64_t width = out * (in + bias);
        const char *ways[] = {"first_layer=-1", "first_layer=2;last_layer=2;form=dense",
                              "first_layer=-1;dtype=f32;form=dense", "first_layer=-1;dtype=f64"};
        for (int w = 0; w < 4; w++) {
            grasp_gradients *last = compute(ctx, b.model, NULL, b.n, ways[w]);
            double *values = read_rows(last);
            ck_assert_int_eq(grasp_gradients_dim(last), width);
            ck_assert_int_eq(grasp_gradients_is_factored(last), w == 0 || w == 3);
            for (int64_t i = 0; i < b.n; i++)
                for (int64_t j = 0; j < width; j++) {
                    double e = all[i * p + p - width + j];
                    ck_assert_double_le(fabs(values[i * width + j] - e), 1e-6 * (1 + fabs(e)));
                }
            free(values);
            grasp_gradients_free(last);
        }
        free(all);
        free(written);
        free(expected);
        free(found);
        grasp_gradients_free(whole);
        grasp_gradients_free(dense);
        grasp_gradients_free(chosen);
        grasp_gradients_free(view);
        free_model(&b);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(arguments_of_compute)
{
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(6200);
    bound b = random_model(ctx, &rng, 2, GRASP_F64, 5);
    const char *bad[] = {"first_layer=3", "last_layer=-4", "first_layer=2;last_layer=1"};
    const char *words[] = {"first_layer is 3, expected -3 to 2", "last_layer is -4",
                           "last_layer 1 comes before first_layer 2"};
    int64_t rows[] = {0, 5};
    grasp_gradients *g;
    grasp_params *params;
    grasp_model *unbound;
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__gradients_params, &params));
        ASSERT_OK(ctx, grasp_params_parse(ctx, params, bad[i]));
        ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, b.model, NULL, 5, params, &g), GRASP_E_PARAM, words[i]);
        ck_assert_ptr_null(g);
        grasp_params_free(params);
    }
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, b.model, rows, 2, NULL, &g), GRASP_E_ARG, "rows");
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, b.model, NULL, 4, NULL, &g), GRASP_E_DIM, "");
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 2, &unbound));
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, unbound, NULL, 0, NULL, &g), GRASP_E_STATE, "");
    ASSERT_OK(ctx, grasp_gradients_compute(ctx, b.model, rows, 0, NULL, &g));
    ck_assert_int_eq(grasp_gradients_count(g), 0);
    grasp_gradients_free(g);
    grasp_model_free(unbound);
    free_model(&b);
    grasp_context_free(ctx);
}
END_TEST

static int32_t stop_at(void *user, const char *what, double fraction)
{
    (void)what;
    (void)fraction;
    return --*(int *)user <= 0 ? GRASP_CB_STOP : GRASP_CB_OK;
}

START_TEST(cancelling_keeps_whole_batches)
{
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(6300);
    bound b = random_model(ctx, &rng, 1, GRASP_F64, 5000);
    grasp_gradients *whole = compute(ctx, b.model, NULL, b.n, ""), *part;
    double *all = read_rows(whole);
    int64_t before = 0;
    for (int calls = 1;; calls++) {
        int left = calls;
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop_at, &left, NULL));
        grasp_status s = grasp_gradients_compute(ctx, b.model, NULL, b.n, NULL, &part);
        if (s == GRASP_OK)
            break;
        ck_assert_int_eq(s, GRASP_CANCELLED);
        ck_assert_ptr_nonnull(part);
        ck_assert_int_ge(grasp_gradients_count(part), before);
        before = grasp_gradients_count(part);
        assert_rows(part, all);
        grasp_gradients_free(part);
    }
    ck_assert_int_gt(before, 1000);
    grasp_gradients_free(part);
    grasp_gradients_free(whole);
    free(all);
    free_model(&b);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status compute_and_free(grasp_context *ctx, void *arg)
{
    static double values[] = {1, 2, -1, 0.5, 3, -2};
    static const int64_t y[] = {0, 1, 1};
    grasp_matrix *x = NULL;
    grasp_model *m = NULL;
    grasp_gradients *g = NULL;
    grasp_params *params = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, 3, 2, 2, values, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_model_create_softmax(ctx, 2, 2, &m);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, m, x, y, 3);
    if (s == GRASP_OK)
        s = grasp__params_create(ctx, &grasp__gradients_params, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, arg);
    if (s == GRASP_OK)
        s = grasp_gradients_compute(ctx, m, NULL, 3, params, &g);
    grasp_gradients_free(g);
    grasp_params_free(params);
    grasp_model_free(m);
    grasp_matrix_free(x);
    return s;
}

START_TEST(every_allocation_of_compute_may_fail)
{
    char dense[] = "form=dense", factored[] = "form=factored", converted[] = "form=dense;dtype=f32;first_layer=-1";
    for_each_failing_allocation(compute_and_free, dense);
    for_each_failing_allocation(compute_and_free, factored);
    for_each_failing_allocation(compute_and_free, converted);
    ck_assert_int_gt(for_each_cancel(compute_and_free, dense), 0);
    ck_assert_int_gt(for_each_cancel(compute_and_free, factored), 0);
}
END_TEST

/* A least-squares model w x - y of the caller's, whose hooks can be taken away. */
typedef struct line_model {
    int64_t n;
    double w, x[8], y[8];
    int64_t bad_row; /* whose gradient is NaN; -1: none */
} line_model;

static int64_t line_rows(void *user)
{
    return ((line_model *)user)->n;
}

static int64_t line_classes(void *user)
{
    (void)user;
    return 2;
}

static int64_t line_params(void *user)
{
    (void)user;
    return 1;
}

static int32_t line_labels(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    (void)user;
    for (int64_t i = 0; i < n; i++)
        label[i] = rows[i] % 2;
    return GRASP_CB_OK;
}

static int32_t line_get(void *user, double *theta)
{
    *theta = ((line_model *)user)->w;
    return GRASP_CB_OK;
}

static int32_t line_set(void *user, const double *theta)
{
    ((line_model *)user)->w = *theta;
    return GRASP_CB_OK;
}

static double residual(const line_model *m, int64_t row)
{
    return m->w * m->x[row] - m->y[row];
}

static int32_t line_loss(void *user, int64_t n, const int64_t *rows, double *loss)
{
    for (int64_t i = 0; i < n; i++)
        loss[i] = 0.5 * residual(user, rows[i]) * residual(user, rows[i]);
    return GRASP_CB_OK;
}

static int32_t line_grads(void *user, int64_t n, const int64_t *rows, double *grads)
{
    const line_model *m = user;
    for (int64_t i = 0; i < n; i++)
        grads[i] = rows[i] == m->bad_row ? NAN : residual(m, rows[i]) * m->x[rows[i]];
    return GRASP_CB_OK;
}

static int32_t line_grad(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad)
{
    *grad = 0;
    for (int64_t i = 0; i < n; i++) {
        double g;
        line_grads(user, 1, rows + i, &g);
        *grad += weight[i] * g;
    }
    return GRASP_CB_OK;
}

static int32_t line_predict(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    return line_labels(user, n, rows, label);
}

static int32_t line_stop(void *user, int64_t n, const int64_t *rows, double *grads)
{
    (void)user;
    (void)n;
    (void)rows;
    (void)grads;
    return GRASP_CB_STOP;
}

static grasp_model_ops line_ops(void)
{
    return (grasp_model_ops){.size = sizeof(grasp_model_ops),
                             .n_rows = line_rows,
                             .n_classes = line_classes,
                             .n_params = line_params,
                             .labels = line_labels,
                             .get_params = line_get,
                             .set_params = line_set,
                             .loss = line_loss,
                             .weighted_grad = line_grad,
                             .predict = line_predict};
}

START_TEST(models_of_the_caller)
{
    grasp_context *ctx = test_context();
    line_model line = {.n = 4, .w = 2, .x = {1, -1, 3, 0.5}, .y = {1, 1, 1, 1}, .bad_row = -1};
    double expected[] = {1, 3, 15, 0};
    int64_t rows[] = {0, 3};
    grasp_model_ops ops = line_ops();
    grasp_model *m;
    grasp_gradients *g;
    grasp_params *params;

    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, &line, &m));
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, m, NULL, 4, NULL, &g), GRASP_E_UNSUPPORTED, "sample_grads");
    ck_assert_ptr_null(g);
    grasp_model_free(m);

    ops.sample_grads = line_grads;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, &line, &m));
    g = compute(ctx, m, NULL, 4, "");
    ck_assert_int_eq(grasp_gradients_is_factored(g), 0);
    assert_rows(g, expected);
    grasp_gradients_free(g);
    g = compute(ctx, m, rows, 2, "dtype=f32");
    ck_assert_int_eq(grasp_gradients_dtype(g), GRASP_F32);
    ck_assert_int_eq(grasp_gradients_count(g), 2);
    grasp_gradients_free(g);
    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__gradients_params, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "form=factored"));
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, m, NULL, 4, params, &g), GRASP_E_UNSUPPORTED, "sample_factors");
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "form=auto;first_layer=-1"));
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, m, NULL, 4, params, &g), GRASP_E_UNSUPPORTED, "a choice of layers");
    grasp_params_free(params);
    line.bad_row = 3;
    ASSERT_STATUS(ctx, grasp_gradients_compute(ctx, m, rows, 2, NULL, &g), GRASP_E_NUMERIC, "at column 0");
    grasp_model_free(m);

    ops.sample_grads = line_stop;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, &line, &m));
    ck_assert_int_eq(grasp_gradients_compute(ctx, m, NULL, 4, NULL, &g), GRASP_CANCELLED);
    ck_assert_int_eq(grasp_gradients_count(g), 0);
    grasp_gradients_free(g);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_gradients_suite(void)
{
    Suite *suite = suite_create("gradients");
    TCase *reading = tcase_create("reading"), *appending = tcase_create("appending"),
          *computing = tcase_create("computing");
    tcase_add_test(reading, factored_equals_dense);
    tcase_add_test(reading, long_sequences_and_wide_rows);
    tcase_add_test(reading, positions_written_and_paired);
    tcase_add_test(reading, positions_are_summed_exactly);
    tcase_add_test(reading, use_before_sealing_is_refused);
    tcase_add_test(reading, arguments_of_the_readers);
    tcase_add_test(reading, views_choose_and_join);
    tcase_add_test(reading, joining_needs_one_form);
    tcase_add_test(reading, points_become_gradients);
    tcase_add_test(reading, threads_do_not_change_bits);
    tcase_add_test(reading, many_threads_read);
    tcase_add_test(appending, batches_equal_one_append);
    tcase_add_test(appending, element_types_are_converted);
    tcase_add_test(appending, lent_memory_is_given_back_once_and_last);
    tcase_add_test(appending, refused_rows_leave_no_trace);
    tcase_add_test(appending, refused_factors_leave_no_trace);
    tcase_add_test(appending, sizes_that_overflow_are_refused);
    tcase_add_test(appending, every_allocation_may_fail);
    tcase_add_test(computing, models_equal_central_differences);
    tcase_add_test(computing, forms_layers_and_rows);
    tcase_add_test(computing, arguments_of_compute);
    tcase_add_test(computing, cancelling_keeps_whole_batches);
    tcase_add_test(computing, every_allocation_of_compute_may_fail);
    tcase_add_test(computing, models_of_the_caller);
    suite_add_tcase(suite, reading);
    suite_add_tcase(suite, appending);
    suite_add_tcase(suite, computing);
    return suite;
}
