/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes: against scikit-learn's values, against sums over all pairs, and what they promise at the edges.
 */
#include "support.h"

#include "grasp.h"
#include "metrics/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* A space of rows and a partition of them. */
typedef struct problem {
    int64_t n, p;
    double *x;
    int64_t *label;
    const char *space;      /* parameters of the distances */
    const char *silhouette; /* parameters of the silhouette */
    double mean;
    double *sample; /* n */
} problem;

static problem problem_make(int64_t n, int64_t p)
{
    return (problem){.n = n,
                     .p = p,
                     .x = calloc((size_t)(n * p) + 1, sizeof(double)),
                     .label = calloc((size_t)n + 1, sizeof(int64_t)),
                     .space = "center=false",
                     .silhouette = "",
                     .sample = calloc((size_t)n + 1, sizeof(double))};
}

static void problem_free(problem *q)
{
    free(q->x);
    free(q->label);
    free(q->sample);
}

/* Clusters with noise; one row in eight repeats an earlier one, one in sixteen is 0. */
static problem problem_random(uint64_t item, int64_t n, int64_t p, int64_t clusters)
{
    grasp__rng rng = test_rng(item);
    problem q = problem_make(n, p);
    random_normals(&rng, q.x, n * p);
    for (int64_t i = 0; i < n; i++) {
        q.label[i] = grasp__rng_below(&rng, clusters + 1) - 1;
        for (int64_t k = 0; k < p; k++)
            q.x[i * p + k] += 2 * (double)((q.label[i] + k) % 3);
        if (grasp__rng_below(&rng, 8) == 0 && i > 0)
            memcpy(q.x + i * p, q.x + grasp__rng_below(&rng, i) * p, (size_t)p * sizeof(double));
        if (grasp__rng_below(&rng, 16) == 0)
            memset(q.x + i * p, 0, (size_t)p * sizeof(double));
    }
    return q;
}

static grasp_status score(grasp_context *ctx, void *arg)
{
    problem *q = arg;
    grasp_matrix *x = NULL;
    grasp_params *space = NULL, *silhouette = NULL;
    grasp_distances *d = NULL;
    grasp_groups *groups = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, q->n, q->p, q->p, q->x, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "distances", &space);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, space, q->space);
    if (s == GRASP_OK)
        s = grasp_distances_create_from_points(ctx, x, space, &d);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, q->label, q->n, &groups);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "silhouette", &silhouette);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, silhouette, q->silhouette);
    if (s == GRASP_OK)
        s = grasp_metric_silhouette(ctx, d, groups, silhouette, &q->mean, q->sample);
    grasp_params_free(silhouette);
    grasp_groups_free(groups);
    grasp_distances_free(d);
    grasp_params_free(space);
    grasp_matrix_free(x);
    return s;
}

/* ---- oracle: plain sums over all pairs --------------------------------------------------------------------------- */

enum { COSINE, PLAIN, UNIT };

static double norm(const double *x, int64_t p)
{
    double sum = 0;
    for (int64_t k = 0; k < p; k++)
        sum += x[k] * x[k];
    return sqrt(sum);
}

static double distance(const problem *q, int64_t i, int64_t j, int kind)
{
    const double *x = q->x + i * q->p, *y = q->x + j * q->p;
    double product = 0, square = 0, nx = norm(x, q->p), ny = norm(y, q->p);
    if (i == j)
        return 0;
    double ux = kind == UNIT && nx > 0 ? nx : 1, uy = kind == UNIT && ny > 0 ? ny : 1;
    for (int64_t k = 0; k < q->p; k++) {
        product += x[k] * y[k];
        square += (x[k] / ux - y[k] / uy) * (x[k] / ux - y[k] / uy);
    }
    if (kind != COSINE)
        return sqrt(square);
    if (memcmp(x, y, (size_t)q->p * sizeof *x) == 0)
        return nx > 0 ? 0 : 1;
    return nx > 0 && ny > 0 ? 1 - product / (nx * ny) : 1;
}

/* Silhouette of every sample into out; returns the mean. */
static double oracle(const problem *q, int kind, bool exclude, double *out)
{
    int64_t clusters = 1, counted = 0, inhabited = 0;
    double total = 0;
    for (int64_t i = 0; i < q->n; i++)
        clusters = q->label[i] + 2 > clusters ? q->label[i] + 2 : clusters;
    int64_t *size = calloc((size_t)clusters, sizeof *size);
    double *sum = calloc((size_t)clusters, sizeof *sum);
    for (int64_t i = 0; i < q->n; i++)
        if (q->label[i] >= 0 || !exclude) {
            inhabited += size[q->label[i] + 1]++ == 0;
            counted++;
        }
    bool defined = inhabited >= 2 && inhabited <= counted - 1;
    for (int64_t i = 0; i < q->n; i++) {
        int64_t own = q->label[i] + 1;
        double a = 0, b = INFINITY;
        out[i] = NAN;
        if (!defined || (exclude && own == 0))
            continue;
        memset(sum, 0, (size_t)clusters * sizeof *sum);
        for (int64_t j = 0; j < q->n; j++)
            sum[q->label[j] + 1] += distance(q, i, j, kind);
        for (int64_t k = exclude; k < clusters; k++)
            if (k != own && size[k] > 0)
                b = fmin(b, sum[k] / (double)size[k]);
        if (size[own] > 1)
            a = sum[own] / (double)(size[own] - 1);
        out[i] = size[own] > 1 && fmax(a, b) > 0 ? (b - a) / fmax(a, b) : 0;
        total += out[i];
    }
    free(sum);
    free(size);
    return defined ? total / (double)counted : -1;
}

static void assert_near(const double *found, const double *expected, int64_t n, double tolerance, const char *what)
{
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg((isnan(found[i]) && isnan(expected[i])) || fabs(found[i] - expected[i]) <= tolerance,
                      "%s: sample %d has %.17g, expected %.17g", what, (int)i, found[i], expected[i]);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void check_fixture_column(const fixture *f, int64_t number, const char *column, const char *space,
                                 const char *silhouette)
{
    grasp_context *ctx = test_context();
    problem q = problem_make(f->rows, 3);
    double *expected = calloc((size_t)f->rows, sizeof *expected), total = 0;
    int64_t at = fixture_column(f, column), kept = 0;
    q.n = 0;
    for (int64_t i = 0; i < f->rows; i++) {
        const double *row = f->values + i * f->cols;
        if ((int64_t)row[0] != number)
            continue;
        q.label[q.n] = (int64_t)row[1];
        memcpy(q.x + 3 * q.n, row + 2, 3 * sizeof *row);
        expected[q.n++] = row[at];
        if (!isnan(row[at])) {
            total += row[at];
            kept++;
        }
    }
    q.space = space;
    q.silhouette = silhouette;
    ASSERT_OK(ctx, score(ctx, &q));
    assert_near(q.sample, expected, q.n, 1e-9, column);
    ck_assert_msg(fabs(q.mean - total / (double)kept) < 1e-9, "%s: mean %.17g", column, q.mean);
    free(expected);
    problem_free(&q);
    grasp_context_free(ctx);
}

START_TEST(equals_scikit_learn)
{
    fixture *f = fixture_read("tests/data/expected_silhouette.txt");
    for (int64_t k = 0; k < 4; k++) {
        check_fixture_column(f, k, "cosine", "center=false", "");
        check_fixture_column(f, k, "cosine_kept", "center=false", "metric=cosine;noise=exclude");
        check_fixture_column(f, k, "euclidean", "metric=euclidean", "");
        check_fixture_column(f, k, "euclidean_kept", "metric=euclidean", "metric=euclidean;noise=exclude");
        check_fixture_column(f, k, "unit", "center=false", "metric=euclidean");
        check_fixture_column(f, k, "unit_kept", "center=false", "metric=euclidean;noise=exclude");
    }
    fixture_free(f);
}
END_TEST

START_TEST(equals_sums_over_all_pairs)
{
    static const char *const space[] = {"center=false", "metric=euclidean", "center=false"};
    static const char *const kind[] = {"metric=auto", "metric=euclidean", "metric=euclidean"};
    for (int64_t t = 0; t < trials(60); t++) {
        grasp_context *ctx = test_context();
        grasp__rng rng = test_rng((uint64_t)(1000 + t));
        int64_t n = 1 + grasp__rng_below(&rng, t % 10 == 0 ? 300 : 40);
        problem q = problem_random((uint64_t)t, n, 2 + t % 4, 1 + grasp__rng_below(&rng, t % 7 == 0 ? 80 : 5));
        double *expected = calloc((size_t)n, sizeof *expected);
        for (int k = 0; k < 3; k++)
            for (int exclude = 0; exclude < 2; exclude++) {
                char text[64];
                snprintf(text, sizeof text, "%s;noise=%s", kind[k], exclude ? "exclude" : "cluster");
                q.space = space[k];
                q.silhouette = text;
                ASSERT_OK(ctx, score(ctx, &q));
                double mean = oracle(&q, k, exclude, expected);
                assert_near(q.sample, expected, n, 1e-7, text);
                ck_assert_msg(fabs(q.mean - mean) < 1e-9, "%s: mean %.17g, expected %.17g", text, q.mean, mean);
            }
        free(expected);
        problem_free(&q);
        grasp_context_free(ctx);
    }
}
END_TEST

/* Many partitions at once are scored as each by itself. */
START_TEST(many_at_once)
{
    enum { N = 290, P = 3, COUNT = 40 };
    grasp_context *ctx = test_context();
    problem q = problem_random(5, N, P, 4);
    grasp_matrix *x = NULL;
    grasp_distances *d = NULL;
    static int32_t label[COUNT][N];
    grasp__partition partition[COUNT];
    double together[COUNT], alone;
    grasp__rng rng = test_rng(77);
    for (int64_t s = 0; s < COUNT; s++) {
        partition[s] = (grasp__partition){label[s], 1 + s % 9 * (s % 9)};
        for (int64_t i = 0; i < N; i++)
            label[s][i] = (int32_t)(grasp__rng_below(&rng, partition[s].n_clusters + 1) - 1);
    }
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, P, P, q.x, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, x, NULL, &d));
    for (int32_t kind = 1; kind <= 2; kind++)
        for (int exclude = 0; exclude < 2; exclude++) {
            grasp__silhouette_room one = {1, N}, all = {COUNT, N};
            ck_assert_int_eq(grasp__silhouettes(ctx, d, kind, exclude, partition, COUNT, &all, together, NULL),
                             GRASP_OK);
            for (int64_t s = 0; s < COUNT; s++) {
                ck_assert_int_eq(grasp__silhouettes(ctx, d, kind, exclude, &partition[s], 1, &one, &alone, NULL),
                                 GRASP_OK);
                ck_assert_msg(fabs(alone - together[s]) < 1e-12, "kind %d partition %d: %.17g, alone %.17g", kind,
                              (int)s, together[s], alone);
            }
        }
    grasp_distances_free(d);
    grasp_matrix_free(x);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

static void assert_mean(problem *q, double expected)
{
    grasp_context *ctx = test_context();
    static const char *const parameters[] = {"metric=auto", "metric=euclidean"};
    for (int k = 0; k < 2; k++) {
        q->silhouette = parameters[k];
        ASSERT_OK(ctx, score(ctx, q));
        ck_assert_msg(q->mean == expected, "%s: mean %.17g, expected %g", parameters[k], q->mean, expected);
    }
    grasp_context_free(ctx);
}

START_TEST(edges)
{
    for (int64_t n = 0; n < 5; n++) {
        problem q = problem_random(9, n, 2, 1);
        for (int64_t i = 0; i < n; i++)
            q.label[i] = 0;
        assert_mean(&q, -1); /* one cluster */
        for (int64_t i = 0; i < n; i++)
            q.label[i] = i;
        assert_mean(&q, -1); /* each alone */
        problem_free(&q);
    }
    problem q = problem_make(6, 2);
    for (int64_t i = 0; i < 6; i++) {
        q.x[2 * i] = 1 + 0.3;
        q.x[2 * i + 1] = 0.7;
        q.label[i] = i % 2;
    }
    assert_mean(&q, 0); /* duplicates in both clusters: a = b = 0 */
    for (int64_t i = 0; i < 6; i++)
        q.x[2 * i + 1] = i % 2 ? 0.7 : -4;
    assert_mean(&q, 1); /* duplicates within, none between */
    q.label[0] = 3;     /* an empty cluster, and one sample alone */
    assert_mean(&q, 5.0 / 6 * 1 - 2.0 / 6);
    problem_free(&q);
}
END_TEST

START_TEST(precomputed_is_plain)
{
    enum { N = 150 };
    grasp_context *ctx = test_context();
    problem q = problem_random(21, N, 3, 3);
    static double square[N * N];
    double *expected = calloc(N, sizeof *expected), found[N], mean;
    grasp_matrix *m = NULL;
    grasp_distances *d = NULL;
    grasp_groups *groups = NULL;
    grasp_params *params = NULL;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++)
            square[i * N + j] = distance(&q, i < j ? i : j, i < j ? j : i, PLAIN);
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, N, N, square, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, m, &d));
    ASSERT_OK(ctx, grasp_groups_create(ctx, q.label, N, &groups));
    ASSERT_OK(ctx, grasp_metric_silhouette(ctx, d, groups, NULL, &mean, found));
    ck_assert(fabs(mean - oracle(&q, PLAIN, false, expected)) < 1e-12);
    assert_near(found, expected, N, 1e-12, "precomputed");
    ASSERT_OK(ctx, grasp_params_create(ctx, "silhouette", &params));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "metric", "euclidean"));
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, groups, params, &mean, NULL), GRASP_E_UNSUPPORTED,
                  "precomputed");
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "metric", "cosine"));
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, groups, params, &mean, NULL), GRASP_E_UNSUPPORTED, "cosine");
    grasp_params_free(params);
    grasp_groups_free(groups);
    grasp_distances_free(d);
    grasp_matrix_free(m);
    free(expected);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    problem q = problem_random(31, 10, 2, 2);
    grasp_matrix *x = NULL;
    grasp_distances *d = NULL;
    grasp_groups *groups = NULL, *fewer = NULL;
    grasp_params *other = NULL;
    double mean = 5;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, q.n, q.p, q.p, q.x, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, x, NULL, &d));
    ASSERT_OK(ctx, grasp_groups_create(ctx, q.label, 10, &groups));
    ASSERT_OK(ctx, grasp_groups_create(ctx, q.label, 9, &fewer));
    ASSERT_OK(ctx, grasp_params_create(ctx, "distances", &other));
    ck_assert_int_eq(grasp_metric_silhouette(NULL, d, groups, NULL, &mean, NULL), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, NULL, groups, NULL, &mean, NULL), GRASP_E_ARG, "distances");
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, NULL, NULL, &mean, NULL), GRASP_E_ARG, "groups");
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, groups, NULL, NULL, NULL), GRASP_E_ARG, "mean");
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, fewer, NULL, &mean, NULL), GRASP_E_DIM, "samples of groups");
    ASSERT_STATUS(ctx, grasp_metric_silhouette(ctx, d, groups, other, &mean, NULL), GRASP_E_PARAM, "silhouette");
    ck_assert(mean == 5);
    grasp_params_free(other);
    grasp_groups_free(fewer);
    grasp_groups_free(groups);
    grasp_distances_free(d);
    grasp_matrix_free(x);
    problem_free(&q);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status score_both(grasp_context *ctx, void *arg)
{
    problem *q = arg;
    q->silhouette = "";
    grasp_status s = score(ctx, q);
    q->silhouette = "metric=euclidean";
    return s == GRASP_OK ? score(ctx, q) : s;
}

START_TEST(failing_and_cancelled)
{
    problem q = problem_random(41, 140, 3, 3);
    for_each_failing_allocation(score_both, &q);
    ck_assert_int_gt(for_each_cancel(score_both, &q), 4);
    problem_free(&q);
}
END_TEST

static grasp_status score_bits(grasp_context *ctx, void *arg)
{
    problem *q = arg;
    grasp_status s = score(ctx, q);
    q->sample[q->n] = q->mean;
    return s;
}

START_TEST(same_bits_on_any_number_of_threads)
{
    problem q = problem_random(51, 700, 3, 3);
    free(q.sample);
    q.sample = calloc(701, sizeof(double));
    q.silhouette = "metric=euclidean;noise=exclude";
    for_each_thread_count(score_bits, &q, GRASP_OK, q.sample, 701 * sizeof(double));
    q.silhouette = "";
    for_each_thread_count(score_bits, &q, GRASP_OK, q.sample, 701 * sizeof(double));
    problem_free(&q);
}
END_TEST

Suite *check_metrics_silhouette_suite(void);
Suite *check_metrics_silhouette_suite(void)
{
    Suite *suite = suite_create("metrics_silhouette");
    TCase *values = tcase_create("values"), *promises = tcase_create("promises");
    tcase_add_test(values, equals_scikit_learn);
    tcase_add_test(values, equals_sums_over_all_pairs);
    tcase_add_test(values, many_at_once);
    tcase_add_test(values, edges);
    tcase_add_test(values, precomputed_is_plain);
    tcase_add_test(promises, refusals);
    tcase_add_test(promises, failing_and_cancelled);
    tcase_add_test(promises, same_bits_on_any_number_of_threads);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, promises);
    return suite;
}
