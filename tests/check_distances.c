/* SPDX-License-Identifier: BSD-3-Clause
 * distances: values and decisions against the oracle, stored against implicit, factored against dense, every argument.
 */
#include "grasp.h"
#include "distances/distances.h"
#include "support_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static grasp_params *params_of(grasp_context *ctx, const char *text)
{
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp__params_create(ctx, &grasp__distances_params, &params));
    if (*text)
        ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    return params;
}

static grasp_matrix *matrix_of(grasp_context *ctx, const double *x, int64_t n, int64_t p)
{
    grasp_matrix *m = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, n, p, p, (void *)(uintptr_t)x, NULL, NULL, &m));
    return m;
}

static grasp_distances *space_of(grasp_context *ctx, const double *x, int64_t n, int64_t p, const char *text)
{
    grasp_params *params = params_of(ctx, text);
    grasp_matrix *m = matrix_of(ctx, x, n, p);
    grasp_distances *d = NULL;
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, params, &d));
    grasp_matrix_free(m);
    grasp_params_free(params);
    return d;
}

static const char *text_of(const problem *q)
{
    return q->euclidean ? "metric=euclidean" : q->centered ? "metric=cosine" : "metric=cosine;center=0";
}

/* ---- values and decisions ---------------------------------------------------------------------------------------- */

static void check_values(grasp_context *ctx, const problem *q, const oracle *o, const grasp_distances *d)
{
    grasp_matrix *block = NULL;
    grasp__reader *reader = NULL;
    double tile[GRASP__TILE * GRASP__TILE], half_width;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, q->n, q->n, &block));
    ASSERT_OK(ctx, grasp_distances_block(ctx, d, 0, q->n, 0, q->n, block));
    ASSERT_OK(ctx, grasp__reader_create(ctx, d, &reader));
    const double *v = grasp_matrix_data(block);
    int64_t m = q->n < 60 ? q->n : 60;
    grasp__reader_tile(reader, 0, m, 0, m, tile, &half_width);
    for (int64_t i = 0; i < q->n; i++)
        for (int64_t j = 0; j < q->n; j++) {
            long double truth = oracle_distance(o, i, j);
            int clear = oracle_within(o, i, j, q->eps);
            ck_assert_msg(fabsl(v[i * q->n + j] - truth) <= 1e-12L * (q->euclidean ? truth : 1),
                          "%s: block(%d, %d) = %g, truth %Lg", q->kind, (int)i, (int)j, v[i * q->n + j], truth);
            if (i < m && j < m)
                ck_assert_msg(fabsl(tile[i * m + j] - truth) <= half_width,
                              "%s: tile(%d, %d) = %g, truth %Lg, half-width %g", q->kind, (int)i, (int)j,
                              tile[i * m + j], truth, half_width);
            if (clear >= 0)
                ck_assert_msg(grasp__reader_within(reader, i, j, q->eps) == clear,
                              "%s: (%d, %d) at %.17g, truth %.20Lg", q->kind, (int)i, (int)j, q->eps, truth);
            ck_assert(grasp__reader_within(reader, i, j, q->eps) == grasp__reader_within(reader, j, i, q->eps));
        }
    float *rows = NULL;
    const grasp__space space = grasp__distances_space(d);
    for (int lent = 0; grasp__space_has_rough(&space) && lent < 2; lent++) {
        if (lent)
            ck_assert_int_eq(grasp__distances_rough_rows(ctx, d, &rows), GRASP_OK);
        grasp__reader_rough(reader, rows, 0, m, q->n - m, m, tile, &half_width);
        ck_assert(half_width < 1e-3);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < m; j++) {
                long double truth = oracle_distance(o, i, q->n - m + j);
                ck_assert_msg(fabsl(tile[i * m + j] - truth) <= half_width,
                              "%s: rough tile(%d, %d) = %g, truth %Lg, half-width %g", q->kind, (int)i,
                              (int)(q->n - m + j), tile[i * m + j], truth, half_width);
            }
    }
    grasp__free(rows);
    grasp__reader_free(reader);
    grasp_matrix_free(block);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_queries(grasp_context *ctx, const problem *q, const oracle *o, const grasp_distances *d)
{
    int *within = malloc((size_t)(q->n * q->n + 1) * sizeof *within);
    int64_t *count = malloc((size_t)(q->n + 1) * sizeof *count);
    double *row = malloc((size_t)(q->n + 1) * sizeof *row), *kth = malloc((size_t)(q->n + 1) * sizeof *kth);
    if (oracle_matrix(o, q->eps, within)) {
        ASSERT_OK(ctx, grasp_distances_within(ctx, d, q->eps, count, q->n));
        for (int64_t i = 0; i < q->n; i++) {
            int64_t expected = 0;
            for (int64_t j = 0; j < q->n; j++)
                expected += within[i * q->n + j];
            ck_assert_msg(count[i] == expected, "%s: %d neighbours of %d, expected %d", q->kind, (int)count[i], (int)i,
                          (int)expected);
        }
    }
    int64_t k = (q->n + 1) / 2;
    if (q->n > 0) {
        ASSERT_OK(ctx, grasp_distances_kth(ctx, d, k, kth, q->n));
        for (int64_t i = 0; i < q->n; i++) {
            double largest = 0;
            for (int64_t j = 0; j < q->n; j++) {
                row[j] = (double)oracle_distance(o, i, j);
                largest = fmax(largest, row[j]);
            }
            qsort(row, (size_t)q->n, sizeof *row, by_value);
            ck_assert_msg(fabs(kth[i] - row[k - 1]) <= (q->euclidean ? 1e-11 * largest : 1e-12),
                          "%s: kth %g, expected %g", q->kind, kth[i], row[k - 1]);
        }
    }
    free(within);
    free(count);
    free(row);
    free(kth);
}

START_TEST(random_problems)
{
    static const char *const kernels[] = {"auto", "portable", "avx2", "avx512"};
    for (int64_t t = 0; t < trials(300); t++) {
        problem *q = problem_random((uint64_t)t);
        oracle *o = oracle_make(q->x, q->n, q->p, q->euclidean, q->centered);
        grasp_context *ctx = test_context();
        grasp_context_set_kernel(ctx, kernels[t % 4]); /* stays "auto" where absent */
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + (int32_t)(t % 3)));
        char text[64];
        grasp__format(text, sizeof text, "%s%s", text_of(q), t % 5 == 4 ? ";storage=condensed" : "");
        grasp_distances *d = space_of(ctx, q->x, q->n, q->p, text);
        ck_assert_int_eq(grasp_distances_is_stored(d), t % 5 == 4);
        check_values(ctx, q, o, d);
        check_queries(ctx, q, o, d);
        grasp_distances_free(d);
        grasp_context_free(ctx);
        oracle_free(o);
        problem_free(q);
    }
}
END_TEST

/* Rows longer than a panel's share of scratch are cut into smaller panels. */
START_TEST(long_rows)
{
    grasp__rng rng = test_rng(77);
    problem q = {.n = 20, .p = 40000, .eps = 0.9, .centered = true, .kind = "long rows"};
    grasp_context *ctx = test_context();
    q.x = malloc((size_t)(q.n * q.p) * sizeof(double));
    random_normals(&rng, q.x, q.n * q.p);
    for (int euclidean = 0; euclidean < 2; euclidean++) {
        q.euclidean = euclidean;
        q.eps = euclidean ? 283 : 1.05;
        oracle *o = oracle_make(q.x, q.n, q.p, q.euclidean, true);
        grasp_distances *d = space_of(ctx, q.x, q.n, q.p, text_of(&q));
        ck_assert_int_lt(grasp__distances_tile(d), GRASP__TILE);
        check_values(ctx, &q, o, d);
        check_queries(ctx, &q, o, d);
        grasp_distances_free(d);
        oracle_free(o);
    }
    free(q.x);
    grasp_context_free(ctx);
}
END_TEST

/* The decision of ties that are exactly representable, whatever the size of the numbers. */
START_TEST(exact_ties)
{
    static const struct {
        double x[2][3];
        const char *text;
        double eps;
        bool within;
    } cases[] = {
        {{{1, 2, 3}, {1, 2, 3}}, "center=0", 0, true},
        {{{1, 2, 3}, {2, 4, 6}}, "center=0", 0, true},
        {{{0.1, 0.2, 0.3}, {-0.1, -0.2, -0.3}}, "center=0", 2, true},
        {{{0.1, 0.2, 0.3}, {-0.1, -0.2, -0.3}}, "center=0", 1.9999999, false},
        {{{1, 1, 0}, {1, -1, 0}}, "center=0", 1, true},
        {{{1, 1, 0}, {1, -1, 0}}, "center=0", 0.99999999999999989, false},
        {{{1e-300, 1e-300, 0}, {1e300, -1e300, 0}}, "center=0", 1, true},
        {{{1, 1, 0}, {1, -1, -0x1p-60}}, "center=0", 1, true},
        {{{1, 1, 0x1p-40}, {1, -1, -0x1p-40}}, "center=0", 1, false},
        {{{1, 0, 0}, {1, 1, 1}}, "center=0", 1, true},
        {{{2, 0, 0}, {1, 1, 1e-30}}, "center=0", 0.2928932188134525, true}, /* 1 - 1/sqrt(2) rounded up */
        {{{2, 0, 0}, {1, 1, 0}}, "center=0", 0.29289321881345, false},
        {{{0, 0, 0}, {1, 0, 0}}, "center=0", 1, true},
        {{{0, 0, 0}, {1, 0, 0}}, "center=0", 0.9999999, false},
        {{{0, 0, 0}, {0, 0, 0}}, "center=0", 0.9999999, false},
        {{{0, 3, 0}, {4, 0, 0}}, "metric=euclidean", 5, true},
        {{{0, 3, 0}, {4, 0, 0x1p-24}}, "metric=euclidean", 5, false},
        {{{0, 3, 0}, {4, 0, 0}}, "metric=euclidean", 4.9999999999999991, false},
        {{{1e8, 3e8, 0}, {1e8 + 3, 3e8 + 4, 0}}, "metric=euclidean", 5, true},
        {{{1, 2, 3}, {1, 2, 3}}, "metric=euclidean", 0, true},
        {{{1, 2, 3}, {1, 2, 3.0000000000000004}}, "metric=euclidean", 0, false},
        {{{1e300, 0, 0}, {-1e300, 0, 0}}, "metric=euclidean", 2e300, true},
        {{{1e300, 0, 0}, {-1e300, 0, 0}}, "metric=euclidean", 1.9999e300, false},
        {{{3e-200, 0, 0}, {0, 4e-200, 0}}, "metric=euclidean", 5.0000001e-200, true},
        {{{3e-200, 0, 0}, {0, 4e-200, 0}}, "metric=euclidean", 4.9999999e-200, false},
    };
    grasp_context *ctx = test_context();
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++)
        for (int swap = 0; swap < 2; swap++)
            for (int stored = 0; stored < 2; stored++) {
                double x[6];
                int64_t count[2];
                char text[64];
                memcpy(x, cases[t].x[swap], 3 * sizeof(double));
                memcpy(x + 3, cases[t].x[1 - swap], 3 * sizeof(double));
                grasp__format(text, sizeof text, "%s%s", cases[t].text, stored ? ";storage=condensed" : "");
                grasp_distances *d = space_of(ctx, x, 2, 3, text);
                ASSERT_OK(ctx, grasp_distances_within(ctx, d, cases[t].eps, count, 2));
                ck_assert_msg(count[0] == 1 + cases[t].within && count[1] == count[0],
                              "case %d, swapped %d, stored %d: %d", (int)t, swap, stored, (int)count[0]);
                grasp_distances_free(d);
            }
    grasp_context_free(ctx);
}
END_TEST

/* What is left of a row by centring may be rounding: it is then a zero row, at distance 1 of all others. */
START_TEST(zero_rows)
{
    double x[5 * 2] = {1e6, 1e6, 1e6 + 1, 1e6, 1e6 - 1, 1e6, 1e6, 1e6 + 1, 1e6, 1e6 - 1};
    grasp_context *ctx = test_context();
    grasp_distances *d = space_of(ctx, x, 5, 2, "");
    grasp_matrix *row = NULL;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, 1, 5, &row));
    ck_assert(grasp__distances_is_zero(d, 0));
    ck_assert(!grasp__distances_is_zero(d, 1));
    ASSERT_OK(ctx, grasp_distances_block(ctx, d, 0, 1, 0, 5, row));
    const float *v = grasp_matrix_data(row);
    for (int j = 0; j < 5; j++)
        ck_assert_float_eq(v[j], j == 0 ? 0.0f : 1.0f);
    ck_assert_double_eq(grasp__distances_mean(d)[1], 1e6);
    grasp_matrix_free(row);
    grasp_distances_free(d);
    double near_zero[3 * 1] = {1e20, 1e20 + 16384, 1e20 - 16384}; /* spread below 2^-40 of the mean */
    d = space_of(ctx, near_zero, 3, 1, "");
    for (int i = 0; i < 3; i++)
        ck_assert(grasp__distances_is_zero(d, i));
    grasp_distances_free(d);
    grasp_context_free(ctx);
}
END_TEST

/* ---- storage and sources ----------------------------------------------------------------------------------------- */

START_TEST(stored_equals_implicit)
{
    grasp__rng rng = test_rng(5);
    enum { N = 300, P = 23 };
    double *x = malloc(N * P * sizeof *x), *a = malloc(N * N * sizeof *a);
    grasp_context *ctx = test_context();
    random_normals(&rng, x, N * P);
    grasp_distances *implicit = space_of(ctx, x, N, P, "metric=euclidean");
    grasp_distances *stored = space_of(ctx, x, N, P, "metric=euclidean;storage=condensed");
    grasp__reader *r = NULL, *q = NULL;
    double tile[2][GRASP__TILE * GRASP__TILE], width[2];
    ASSERT_OK(ctx, grasp__reader_create(ctx, implicit, &r));
    ASSERT_OK(ctx, grasp__reader_create(ctx, stored, &q));
    for (int64_t i = 0; i < N; i += GRASP__TILE)
        for (int64_t j = i; j < N; j += GRASP__TILE) {
            int64_t ni = N - i < GRASP__TILE ? N - i : GRASP__TILE, nj = N - j < GRASP__TILE ? N - j : GRASP__TILE;
            grasp__reader_tile(r, i, ni, j, nj, tile[0], &width[0]);
            grasp__reader_tile(q, i, ni, j, nj, tile[1], &width[1]);
            for (int64_t k = 0; k < ni; k++)
                for (int64_t l = i == j ? k : 0; l < nj; l++)
                    ck_assert_double_eq(tile[0][k * nj + l], tile[1][k * nj + l]);
            ck_assert_double_ge(width[1], width[0]);
        }
    grasp__reader_free(r);
    grasp__reader_free(q);
    /* a matrix made of such values is its own truth */
    grasp_matrix *square = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, N, N, a, NULL, NULL, &square));
    ASSERT_OK(ctx, grasp_distances_block(ctx, stored, 0, N, 0, N, square));
    grasp_distances *precomputed = NULL;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++)
            a[i * N + j] = a[j * N + i];
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, square, &precomputed));
    int64_t count[3][N];
    double eps = a[3 * N + 17]; /* a tie for the matrix */
    ASSERT_OK(ctx, grasp_distances_within(ctx, precomputed, eps, count[0], N));
    for (int64_t i = 0; i < N; i++) {
        int64_t expected = 0;
        for (int64_t j = 0; j < N; j++)
            expected += a[i * N + j] <= eps;
        ck_assert_int_eq(count[0][i], expected);
    }
    ASSERT_OK(ctx, grasp_distances_within(ctx, implicit, 5.5, count[1], N));
    ASSERT_OK(ctx, grasp_distances_within(ctx, stored, 5.5, count[2], N));
    ck_assert_mem_eq(count[1], count[2], sizeof count[1]);
    ck_assert_str_eq(grasp_distances_metric(precomputed), "precomputed");
    ck_assert_int_eq(grasp_distances_is_stored(precomputed), 1);
    ck_assert_int_eq(grasp_distances_count(precomputed), N);
    grasp_distances_free(precomputed);
    grasp_matrix_free(square);
    grasp_distances_free(stored);
    grasp_distances_free(implicit);
    grasp_context_free(ctx);
    free(x);
    free(a);
}
END_TEST

/* A layer's factors and the rows that they would write are the same space. */
START_TEST(factored_equals_dense)
{
    enum { N = 150, T = 3, IN = 4, OUT = 3, P = OUT * (IN + 1) };
    grasp__rng rng = test_rng(6);
    double act[N * T * IN], delta[N * T * OUT], rows[N * P];
    grasp_context *ctx = test_context();
    random_normals(&rng, act, N * T * IN);
    random_normals(&rng, delta, N * T * OUT);
    grasp_matrix *a = matrix_of(ctx, act, N, T * IN), *b = matrix_of(ctx, delta, N, T * OUT),
                 *dense = matrix_of(ctx, rows, N, P);
    grasp_gradients *g = NULL;
    const int64_t in = IN, out = OUT, positions = T;
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &in, &out, &positions, NULL, N, &g));
    ASSERT_OK(ctx, grasp_gradients_append_factors(ctx, g, (const grasp_matrix *const *)&a,
                                                  (const grasp_matrix *const *)&b, 1));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    ASSERT_OK(ctx, grasp_gradients_rows(ctx, g, 0, N, dense));
    grasp_distances *d[2] = {NULL, NULL};
    ASSERT_OK(ctx, grasp_distances_create(ctx, g, NULL, &d[0]));
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, dense, NULL, &d[1]));
    int64_t count[2][N];
    for (double eps = 0.1; eps < 1.8; eps += 0.2) {
        for (int q = 0; q < 2; q++)
            ASSERT_OK(ctx, grasp_distances_within(ctx, d[q], eps, count[q], N));
        ck_assert_mem_eq(count[0], count[1], sizeof count[0]);
    }
    for (int q = 0; q < 2; q++)
        grasp_distances_free(d[q]);
    grasp_gradients_free(g);
    grasp_matrix_free(a);
    grasp_matrix_free(b);
    grasp_matrix_free(dense);
    grasp_context_free(ctx);
}
END_TEST

/* Counts by bytes, and where the memory limit leaves no room for them, by tiles, are those of single pairs. */
START_TEST(counts_within_a_limit)
{
    enum { N = 4000, P = 16, ROOM = 300000, ASKED = 20 };
    static double x[N * P];
    static int64_t count[2][N];
    grasp__rng rng = test_rng(8);
    random_normals(&rng, x, N * P);
    for (int64_t k = 0; k < P; k++)
        x[(N - 1) * P + k] = x[k]; /* a duplicate */
    grasp_context *ctx = test_context();
    for (int euclidean = 0; euclidean < 2; euclidean++) {
        grasp_distances *d = space_of(ctx, x, N, P, euclidean ? "metric=euclidean" : "metric=cosine");
        const double eps = euclidean ? 5 : 0.9;
        ASSERT_OK(ctx, grasp_distances_within(ctx, d, eps, count[0], N));
        const uint64_t held = grasp_context_memory_used(ctx), whole = grasp_context_memory_peak(ctx) - held;
        ck_assert_uint_gt(whole, ROOM);
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, held + ROOM));
        ASSERT_OK(ctx, grasp_distances_within(ctx, d, eps, count[1], N));
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 0));
        ck_assert_mem_eq(count[0], count[1], sizeof count[0]);
        grasp__reader *reader;
        ASSERT_OK(ctx, grasp__reader_create(ctx, d, &reader));
        for (int64_t i = 0; i < N; i += N / ASKED) {
            int64_t within = 0;
            for (int64_t j = 0; j < N; j++)
                within += grasp__reader_within(reader, i, j, eps);
            ck_assert_int_eq(count[0][i], within);
        }
        grasp__reader_free(reader);
        grasp_distances_free(d);
    }
    grasp_context_free(ctx);
}
END_TEST

/* A given mean takes the place of the rows' own. */
START_TEST(given_mean)
{
    const double x[3 * 2] = {2, 1, 1, 2, 3, 3}, mean[2] = {1, 1};
    grasp_context *ctx = test_context();
    grasp_matrix *m = matrix_of(ctx, x, 3, 2);
    grasp_gradients *g = NULL;
    grasp_distances *d = NULL;
    grasp__reader *r = NULL;
    double v[9], half_width;
    ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, m, "x", &g));
    ASSERT_OK(ctx, grasp__distances_create_implicit(ctx, g, GRASP__COSINE, false, mean, &d));
    ASSERT_OK(ctx, grasp__reader_create(ctx, d, &r));
    grasp__reader_tile(r, 0, 3, 0, 3, v, &half_width);
    ck_assert_double_eq_tol(v[1], 1, half_width);
    ck_assert_double_eq_tol(v[2], 1 - sqrt(0.5), half_width);
    ck_assert(grasp__reader_within(r, 0, 1, 1));
    ck_assert_double_eq(grasp__distances_mean(d)[0], 1);
    ck_assert_int_eq(grasp__distances_dim(d), 2);
    grasp__reader_free(r);
    grasp__distances_free(d);
    grasp__gradients_free(g);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* ---- sums of classes --------------------------------------------------------------------------------------------- */

enum { SUMS_N = 150, SUMS_P = 9, SUMS_K = 12 };
typedef struct sums_case {
    float f32[SUMS_N * SUMS_P];
    double x[SUMS_N * SUMS_P], inner[SUMS_N * SUMS_K];
    int32_t class_of[SUMS_N];
    int64_t classes;
    int32_t dtype;
    bool factored; /* rows nowhere in memory: one output, whose delta is 1 */
    const char *text;
} sums_case;

static grasp_status sums_gradients(grasp_context *ctx, sums_case *c, grasp_gradients **g)
{
    const int64_t inputs = SUMS_P, outputs = 1;
    const int32_t bias = 0;
    grasp_matrix *rows = NULL, *deltas = NULL;
    double ones[SUMS_N];
    for (int i = 0; i < SUMS_N; i++)
        ones[i] = 1;
    void *data = c->dtype == GRASP_F32 ? (void *)c->f32 : (void *)c->x;
    grasp_status s = grasp_matrix_wrap(ctx, c->dtype, SUMS_N, SUMS_P, SUMS_P, data, NULL, NULL, &rows);
    if (s == GRASP_OK && c->factored)
        s = grasp_matrix_wrap(ctx, GRASP_F64, SUMS_N, 1, 1, ones, NULL, NULL, &deltas);
    if (s == GRASP_OK)
        s = c->factored ? grasp_gradients_create_factored(ctx, c->dtype, 1, &inputs, &outputs, NULL, &bias, 0, g)
                        : grasp_gradients_create_dense(ctx, c->dtype, SUMS_P, 0, g);
    if (s == GRASP_OK)
        s = c->factored ? grasp_gradients_append_factors(ctx, *g, (const grasp_matrix *const *)&rows,
                                                         (const grasp_matrix *const *)&deltas, 1)
                        : grasp_gradients_append(ctx, *g, rows);
    if (s == GRASP_OK)
        s = grasp_gradients_seal(ctx, *g);
    grasp_matrix_free(deltas);
    grasp_matrix_free(rows);
    return s;
}

static grasp_status sums_scenario(grasp_context *ctx, void *arg)
{
    sums_case *c = arg;
    grasp_params *params = NULL;
    grasp_gradients *g = NULL;
    grasp_distances *d = NULL;
    grasp_status s = grasp__params_create(ctx, &grasp__distances_params, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, c->text);
    if (s == GRASP_OK)
        s = sums_gradients(ctx, c, &g);
    if (s == GRASP_OK)
        s = grasp_distances_create(ctx, g, params, &d);
    if (s == GRASP_OK && (s = grasp__enter(ctx, "sums")) == GRASP_OK)
        s = grasp__leave(ctx, grasp__distances_class_sums(ctx, d, c->class_of, c->classes, SUMS_K + 1, c->inner));
    grasp_distances_free(d);
    grasp_gradients_free(g);
    grasp_params_free(params);
    return s;
}

/* <x_i, sum of class k>, of the rows themselves or of their directions, less `mean` before. */
static double expected_sum(const sums_case *c, int i, int64_t k, const double *mean, bool unit)
{
    double sum = 0;
    for (int j = 0; j < SUMS_N; j++) {
        double xy = 0, xx = 0, yy = 0;
        for (int q = 0; c->class_of[j] == k && q < SUMS_P; q++) {
            const double x = c->x[i * SUMS_P + q] - mean[q], y = c->x[j * SUMS_P + q] - mean[q];
            xy += x * y, xx += x * x, yy += y * y;
        }
        sum += !unit ? xy : xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    }
    return sum;
}

/* Few classes and many, rows as they lie and as they are made of factors. */
START_TEST(class_sums)
{
    static const struct {
        const char *text;
        int32_t dtype;
        bool factored;
    } kinds[] = {{"metric=euclidean", GRASP_F64, false}, {"center=0", GRASP_F64, false}, {"", GRASP_F64, false},
                 {"metric=euclidean", GRASP_F32, false}, {"center=0", GRASP_F32, false}, {"", GRASP_F32, false},
                 {"metric=euclidean", GRASP_F64, true},  {"", GRASP_F64, true}};
    static sums_case c;
    grasp__rng rng = test_rng(9);
    for (int i = 0; i < SUMS_N * SUMS_P; i++)
        c.x[i] = c.f32[i] = i < SUMS_P ? 0 : (float)grasp__rng_normal(&rng);
    for (int kind = 0; kind < (int)(sizeof kinds / sizeof *kinds); kind++)
        for (c.classes = 3; c.classes <= SUMS_K; c.classes += 1 + (c.classes >= 5) * 6) {
            const bool unit = kinds[kind].text[0] != 'm', centred = unit && kinds[kind].text[0] != 'c';
            double mean[SUMS_P] = {0};
            for (int i = 0; i < SUMS_N * SUMS_P && centred; i++)
                mean[i % SUMS_P] += c.x[i] / SUMS_N;
            for (int i = 0; i < SUMS_N; i++)
                c.class_of[i] = (int32_t)grasp__rng_below(&rng, c.classes);
            c.text = kinds[kind].text, c.dtype = kinds[kind].dtype, c.factored = kinds[kind].factored;
            for_each_thread_count(sums_scenario, &c, GRASP_OK, c.inner,
                                  (size_t)(SUMS_N * c.classes) * sizeof *c.inner);
            for (int i = 0; i < SUMS_N; i++)
                for (int64_t k = 0; k < c.classes; k++)
                    ck_assert_double_eq_tol(c.inner[i * c.classes + k], expected_sum(&c, i, k, mean, unit), 1e-11);
            for_each_failing_allocation(sums_scenario, &c);
            ck_assert_int_gt(for_each_cancel(sums_scenario, &c), 2);
        }
}
END_TEST

/* ---- errors ------------------------------------------------------------------------------------------------------ */

START_TEST(arguments)
{
    grasp_context *ctx = test_context();
    double x[4 * 2] = {0, 1, 2, 3, 4, 5, 6, 8}, kth[4];
    int64_t count[4];
    grasp_matrix *m = matrix_of(ctx, x, 4, 2), *out = NULL;
    grasp_distances *d = NULL;
    grasp_gradients *open = NULL;
    grasp_params *other = NULL, *params = params_of(ctx, "");
    static const grasp__param_table table = {.algorithm = "other"};
    ASSERT_OK(ctx, grasp__params_create(ctx, &table, &other));
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 2, 0, &open));
    ASSERT_STATUS(ctx, grasp_distances_create(ctx, NULL, NULL, &d), GRASP_E_ARG, "gradients");
    ASSERT_STATUS(ctx, grasp_distances_create(ctx, open, NULL, &d), GRASP_E_STATE, "seal");
    ASSERT_STATUS(ctx, grasp_distances_create(ctx, open, NULL, NULL), GRASP_E_ARG, "");
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, NULL, NULL, &d), GRASP_E_ARG, "x");
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, other, &d), GRASP_E_PARAM, "other");
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, m, &d), GRASP_E_DIM, "square");
    ASSERT_STATUS(ctx, grasp_params_set_str(ctx, params, GRASP_KEY_METRIC, "manhattan"), GRASP_E_PARAM, "manhattan");
    x[3] = NAN;
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d), GRASP_E_NUMERIC,
                  "row 1 has NaN at column 1");
    ck_assert_ptr_null(d);
    x[3] = 1.7e308;
    x[5] = -1.7e308;
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d), GRASP_OK, "");
    grasp_distances_free(d);
    x[1] = x[5] = x[7] = -1.7e308;
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d), GRASP_E_NUMERIC, "row");
    x[1] = 1, x[3] = 3, x[5] = 5, x[7] = 8;
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d));
    ck_assert_int_eq(grasp_distances_count(d), 4);
    ck_assert_str_eq(grasp_distances_metric(d), "cosine");
    ck_assert_int_eq(grasp_distances_is_stored(d), 0);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 2, 3, &out));
    ASSERT_STATUS(ctx, grasp_distances_block(ctx, NULL, 0, 2, 0, 3, out), GRASP_E_ARG, "distances");
    ASSERT_STATUS(ctx, grasp_distances_block(ctx, d, 3, 2, 0, 3, out), GRASP_E_ARG, "ni is 2");
    ASSERT_STATUS(ctx, grasp_distances_block(ctx, d, 0, 2, -1, 3, out), GRASP_E_ARG, "j is -1");
    ASSERT_STATUS(ctx, grasp_distances_block(ctx, d, 0, 2, 0, 2, out), GRASP_E_DIM, "out");
    ASSERT_STATUS(ctx, grasp_distances_block(ctx, d, 0, 2, 0, 3, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_distances_kth(ctx, d, 0, kth, 4), GRASP_E_ARG, "k is 0");
    ASSERT_STATUS(ctx, grasp_distances_kth(ctx, d, 5, kth, 4), GRASP_E_ARG, "k is 5");
    ASSERT_STATUS(ctx, grasp_distances_kth(ctx, d, 1, kth, 3), GRASP_E_DIM, "n is 3");
    ASSERT_STATUS(ctx, grasp_distances_kth(ctx, d, 1, NULL, 4), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_distances_within(ctx, d, -0.5, count, 4), GRASP_E_ARG, "eps is -0.5");
    ASSERT_STATUS(ctx, grasp_distances_within(ctx, d, NAN, count, 4), GRASP_E_ARG, "eps");
    ASSERT_STATUS(ctx, grasp_distances_within(ctx, d, 1, count, 5), GRASP_E_DIM, "n is 5");
    ASSERT_STATUS(ctx, grasp_distances_within(ctx, d, 1, NULL, 4), GRASP_E_ARG, "count");
    ck_assert_ptr_eq(grasp_distances_ref(d), d);
    grasp_distances_free(d);
    grasp_distances_free(d);
    grasp_distances_free(NULL);
    ck_assert_ptr_null(grasp_distances_ref(NULL));
    ck_assert_int_eq(grasp_distances_count(NULL), 0);
    grasp_matrix_free(out);
    grasp_matrix_free(m);
    grasp_gradients_free(open);
    grasp_params_free(other);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

/* All rows and their mean are finite, and row 1 less the mean is not; where nothing is centred there is a distance. */
START_TEST(rows_too_large_to_centre)
{
    enum { ROWS = 4 };
    double x[2 * ROWS] = {-1e308, 0, 1.7e308, 1, -1e308, 2, -1e308, 3};
    grasp_context *ctx = test_context();
    grasp_params *params = params_of(ctx, "metric=cosine;center=0");
    grasp_distances *d = NULL;
    grasp_matrix *m = matrix_of(ctx, x, ROWS, 2), *out = NULL;
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d), GRASP_E_NUMERIC,
                  "row 1 less the mean has an infinite entry");
    ck_assert_ptr_null(d);
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, params, &d));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 1, 2, &out));
    ASSERT_OK(ctx, grasp_distances_block(ctx, d, 1, 1, 2, 2, out));
    ck_assert_double_eq_tol(((double *)grasp_matrix_data(out))[0], 2, 1e-12);
    grasp_distances_free(d);
    grasp_matrix_free(out);
    grasp_matrix_free(m);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

/* A row is zero iff it lies within 2^-40 of the mean, relative to the larger of both; half as far is, twice is not. */
START_TEST(rows_at_the_mean)
{
    grasp_context *ctx = test_context();
    for (int e = -44; e <= -33; e++)
        for (int negative = 0; negative < 2; negative++) {
            const double away = ldexp(negative ? -1 : 1, e);
            double x[4] = {1024, 1024 * away, 1024, -1024 * away}, value[4] = {0};
            int64_t count[2];
            grasp_matrix *m = matrix_of(ctx, x, 2, 2), *out = matrix_of(ctx, value, 2, 2);
            grasp_distances *d = NULL;
            ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d));
            ASSERT_OK(ctx, grasp_distances_block(ctx, d, 0, 2, 0, 2, out));
            ck_assert_double_eq_tol(value[1], e > -40 ? 2 : 1, 1e-12);
            ASSERT_OK(ctx, grasp_distances_within(ctx, d, 1.5, count, 2));
            ck_assert_int_eq(count[0], e > -40 ? 1 : 2);
            grasp_distances_free(d);
            grasp_matrix_free(out);
            grasp_matrix_free(m);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(square_matrices)
{
    grasp_context *ctx = test_context();
    double v[9] = {0, 1, 2, 1, 0, 3, 2, 3, 0};
    grasp_matrix *m = matrix_of(ctx, v, 3, 3);
    grasp_distances *d = NULL;
    v[5] = NAN;
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, m, &d), GRASP_E_NUMERIC, "row 1 has NaN at column 2");
    v[5] = 4;
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, m, &d), GRASP_E_NUMERIC,
                  "row 2 has 3 at column 1, but row 1 has 4 at column 2");
    v[5] = 3, v[4] = 0.5;
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, m, &d), GRASP_E_NUMERIC, "row 1 has 0.5 at column 1");
    v[4] = 0, v[6] = -2;
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, m, &d), GRASP_E_NUMERIC, "row 2 has -2 at column 0");
    v[6] = 2;
    ck_assert_ptr_null(d);
    ASSERT_STATUS(ctx, grasp_distances_create_from_matrix(ctx, NULL, &d), GRASP_E_ARG, "square");
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, m, &d));
    double inner[3];
    int32_t class_of[3] = {0, 0, 0};
    ASSERT_STATUS(ctx, grasp__distances_class_sums(ctx, d, class_of, 1, 1, inner), GRASP_E_UNSUPPORTED, "precomputed");
    grasp_distances_free(d);
    grasp_matrix_free(m);
    float f[4] = {0, 0.1f, 0.1f, 0}; /* compared as binary64: 0.1f is above 0.1 */
    int64_t count[2];
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 2, 2, 2, f, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, m, &d));
    ASSERT_OK(ctx, grasp_distances_within(ctx, d, 0.1, count, 2));
    ck_assert_int_eq(count[0], 1);
    ASSERT_OK(ctx, grasp_distances_within(ctx, d, (double)0.1f, count, 2));
    ck_assert_int_eq(count[0], 2);
    grasp_distances_free(d);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(prices)
{
    grasp_context *ctx = test_context();
    grasp_params *params = params_of(ctx, "storage=condensed");
    uint64_t bytes, implicit;
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, 10, 10, params, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, -1, 10, params, &bytes), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, 1, -10, params, &bytes), GRASP_E_ARG, "p is -10");
    ASSERT_OK(ctx, grasp_distances_bytes(ctx, 46341, 100, NULL, &implicit));
    ck_assert_uint_lt(implicit, 2000000);
    ASSERT_OK(ctx, grasp_distances_bytes(ctx, 46341, 100, params, &bytes));
    ck_assert_uint_ge(bytes, (uint64_t)8 * 46341 * 46340 / 2); /* above 2^31 pairs */
    ck_assert_uint_le(bytes, (uint64_t)8 * 46341 * 46340 / 2 + implicit + (1 << 20)); /* tiles on their way */
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, 3037000500, 100, params, &bytes), GRASP_E_OVERFLOW, "");
    ASSERT_OK(ctx, grasp_distances_bytes(ctx, 3037000500, 100, NULL, &bytes));
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, INT64_MAX, 100, params, &bytes), GRASP_E_OVERFLOW, "");
    ASSERT_STATUS(ctx, grasp_distances_bytes(ctx, INT64_MAX, 100, NULL, &bytes), GRASP_E_OVERFLOW, "");
    /* the price is what is held, and the limit refuses it before it is asked for */
    enum { N = 46341 };
    double *x = malloc(N * sizeof *x);
    for (int i = 0; i < N; i++)
        x[i] = i;
    grasp_matrix *m = matrix_of(ctx, x, N, 1), *few = matrix_of(ctx, x, 200, 5);
    grasp_distances *d = NULL;
    grasp_gradients *g = NULL;
    ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, few, "x", &g));
    uint64_t before = grasp_context_memory_used(ctx);
    ASSERT_OK(ctx, grasp_distances_create(ctx, g, params, &d));
    ASSERT_OK(ctx, grasp_distances_bytes(ctx, 200, 5, params, &bytes));
    ck_assert_uint_le(grasp_context_memory_used(ctx) - before, bytes);
    grasp_distances_free(d);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, (uint64_t)1 << 30));
    uint64_t peak = grasp_context_memory_peak(ctx);
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, params, &d), GRASP_E_MEMLIMIT, "limit");
    ck_assert_ptr_null(d);
    ck_assert_uint_le(grasp_context_memory_peak(ctx), peak + 1000000);
    grasp_gradients_free(g);
    grasp_matrix_free(m);
    grasp_matrix_free(few);
    grasp_params_free(params);
    grasp_context_free(ctx);
    free(x);
}
END_TEST

START_TEST(empty_and_single)
{
    grasp_context *ctx = test_context();
    double x[2] = {3, 4}, kth[1];
    int64_t count[1];
    for (int64_t n = 0; n <= 1; n++)
        for (int q = 0; q < 4; q++) {
            grasp_distances *d =
                space_of(ctx, x, n, 2, (const char *[]){"", "center=0", "metric=euclidean", "storage=condensed"}[q]);
            ck_assert_int_eq(grasp_distances_count(d), n);
            ASSERT_OK(ctx, grasp_distances_within(ctx, d, 0, n ? count : NULL, n));
            ASSERT_STATUS(ctx, grasp_distances_kth(ctx, d, 1, kth, n), n ? GRASP_OK : GRASP_E_ARG, "");
            if (n)
                ck_assert(count[0] == 1 && kth[0] == 0);
            grasp_distances_free(d);
        }
    grasp_context_free(ctx);
}
END_TEST

/* ---- every allocation, every progress call, every number of threads ---------------------------------------------- */

enum { SCENARIO_N = 300, SCENARIO_P = 20 };
typedef struct scenario_case {
    double x[SCENARIO_N * SCENARIO_P];
    const char *text;
    struct {
        int64_t count[SCENARIO_N];
        double kth[SCENARIO_N], block[SCENARIO_N * 7];
    } result;
} scenario_case;

static grasp_status scenario(grasp_context *ctx, void *arg)
{
    scenario_case *c = arg;
    grasp_params *params = NULL;
    grasp_matrix *m = NULL, *block = NULL;
    grasp_distances *d = NULL;
    grasp_status s = grasp__params_create(ctx, &grasp__distances_params, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, c->text);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, SCENARIO_N, SCENARIO_P, SCENARIO_P, c->x, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, SCENARIO_N, 7, 7, c->result.block, NULL, NULL, &block);
    if (s == GRASP_OK)
        s = grasp_distances_create_from_points(ctx, m, params, &d);
    if (s == GRASP_OK)
        s = grasp_distances_within(ctx, d, 0.8, c->result.count, SCENARIO_N);
    if (s == GRASP_OK)
        s = grasp_distances_kth(ctx, d, 9, c->result.kth, SCENARIO_N);
    if (s == GRASP_OK)
        s = grasp_distances_block(ctx, d, 0, SCENARIO_N, 5, 7, block);
    if (s == GRASP_CANCELLED && d != NULL)
        ck_assert_int_eq(grasp_distances_count(d), SCENARIO_N);
    grasp_distances_free(d);
    grasp_matrix_free(block);
    grasp_matrix_free(m);
    grasp_params_free(params);
    return s;
}

START_TEST(scenarios)
{
    static scenario_case c;
    grasp__rng rng = test_rng(10);
    random_normals(&rng, c.x, SCENARIO_N * SCENARIO_P);
    const char *const texts[] = {"", "metric=euclidean", "storage=condensed", "metric=euclidean;storage=condensed"};
    for (int t = 0; t < 4; t++) {
        c.text = texts[t];
        for_each_thread_count(scenario, &c, GRASP_OK, &c.result, sizeof c.result);
        for_each_failing_allocation(scenario, &c);
        ck_assert_int_gt(for_each_cancel(scenario, &c), 5);
    }
}
END_TEST

/* A cancel while values are being stored leaves an implicit space that works. */
static int32_t stop_when_storing(void *user, const char *what, double fraction)
{
    (void)what;
    return fraction > *(double *)user ? GRASP_CB_STOP : GRASP_CB_OK;
}

START_TEST(cancelled_storing)
{
    static scenario_case c;
    grasp__rng rng = test_rng(11);
    random_normals(&rng, c.x, SCENARIO_N * SCENARIO_P);
    grasp_context *ctx = test_context();
    grasp_params *params = params_of(ctx, "storage=condensed");
    grasp_matrix *m = matrix_of(ctx, c.x, SCENARIO_N, SCENARIO_P);
    grasp_distances *d = NULL;
    double at = 0.2;
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop_when_storing, &at, NULL));
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, params, &d), GRASP_CANCELLED, "");
    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(grasp_distances_is_stored(d), 0);
    at = 2;
    ASSERT_OK(ctx, grasp_distances_within(ctx, d, 0.5, c.result.count, SCENARIO_N));
    grasp_distances_free(d);
    at = 0.01;
    ASSERT_STATUS(ctx, grasp_distances_create_from_points(ctx, m, params, &d), GRASP_CANCELLED, "");
    ck_assert_ptr_null(d);
    grasp_matrix_free(m);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_distances_suite(void)
{
    Suite *suite = suite_create("distances");
    TCase *all = tcase_create("all");
    tcase_add_test(all, random_problems);
    tcase_add_test(all, long_rows);
    tcase_add_test(all, exact_ties);
    tcase_add_test(all, zero_rows);
    tcase_add_test(all, stored_equals_implicit);
    tcase_add_test(all, factored_equals_dense);
    tcase_add_test(all, counts_within_a_limit);
    tcase_add_test(all, given_mean);
    tcase_add_test(all, class_sums);
    tcase_add_test(all, arguments);
    tcase_add_test(all, rows_too_large_to_centre);
    tcase_add_test(all, rows_at_the_mean);
    tcase_add_test(all, square_matrices);
    tcase_add_test(all, prices);
    tcase_add_test(all, empty_and_single);
    tcase_add_test(all, scenarios);
    tcase_add_test(all, cancelled_storing);
    suite_add_tcase(suite, all);
    return suite;
}
