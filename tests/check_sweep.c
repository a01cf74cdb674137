/* SPDX-License-Identifier: BSD-3-Clause
 * Sweeps: the labels of every setting are those of the clusterer by itself, scores those of the metrics by themselves;
 * the fixtures' grids; choice and ties; refusals, failing allocations, cancelling, threads, memory.
 */
#include "support.h"
#include "support_oracle.h"
#include "support_synthetic.h"

#include "cluster/cluster.h"
#include "grasp.h"
#include "metrics/metrics.h"
#include "sweep/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

static grasp_distances *make_distances(grasp_context *ctx, const double *x, int64_t n, int64_t p, const char *text)
{
    grasp_matrix *m = NULL;
    grasp_params *params = NULL;
    grasp_distances *d = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, n, p, p, (void *)(uintptr_t)x, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_params_create(ctx, "distances", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, params, &d));
    grasp_params_free(params);
    grasp_matrix_free(m);
    return d;
}

static grasp_sweep *make_sweep(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *params = NULL;
    grasp_sweep *sweep = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, "sweep", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    ASSERT_OK(ctx, grasp_sweep_create(ctx, algorithm, params, &sweep));
    grasp_params_free(params);
    return sweep;
}

/* Labels, cores, sizes and score of every setting against the clusterer and the metric alone. */
static void assert_as_alone(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d, const char *metric,
                            bool exclude, const char *what)
{
    int64_t n = grasp_distances_count(d), clusters, n_clusters, n_noise, min_samples;
    int64_t *expected = calloc((size_t)n + 1, sizeof *expected), *label = calloc((size_t)n + 1, sizeof *label);
    uint8_t *expected_core = calloc((size_t)n + 1, 1), *core = calloc((size_t)n + 1, 1);
    double eps, score;
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, "silhouette", &params));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "metric", metric));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "noise", exclude ? "exclude" : "cluster"));
    for (int64_t s = 0; s < grasp_sweep_count(sweep); s++) {
        grasp_groups *groups = NULL;
        ASSERT_OK(ctx, grasp_sweep_setting(ctx, sweep, s, &eps, &min_samples));
        ck_assert_int_eq(
            grasp__dbscan(ctx, d, eps, min_samples, NULL, expected, expected_core, &clusters, NULL), GRASP_OK);
        ck_assert_int_eq(grasp__sweep_labels(ctx, sweep, s, label, core), GRASP_OK);
        for (int64_t i = 0; i < n; i++)
            ck_assert_msg(label[i] == expected[i] && core[i] == expected_core[i],
                          "%s: eps %g min_samples %d sample %d of %d: label %d core %d, expected %d %d", what, eps,
                          (int)min_samples, (int)i, (int)n, (int)label[i], core[i], (int)expected[i], expected_core[i]);
        ASSERT_OK(ctx, grasp_sweep_groups(ctx, sweep, s, &groups));
        ASSERT_OK(ctx, grasp_sweep_sizes(ctx, sweep, s, &n_clusters, &n_noise));
        ck_assert_int_eq(n_clusters, clusters);
        ck_assert_int_eq(n_noise, grasp_groups_noise(groups));
        ASSERT_OK(ctx, grasp_metric_silhouette(ctx, d, groups, params, &score, NULL));
        ck_assert_msg(fabs(score - grasp_sweep_score(sweep, s)) < 1e-12,
                      "%s: eps %g min_samples %d: score %.17g, alone %.17g", what, eps, (int)min_samples,
                      grasp_sweep_score(sweep, s), score);
        grasp_groups_free(groups);
    }
    grasp_params_free(params);
    free(core);
    free(expected_core);
    free(label);
    free(expected);
}

/* ---- labels and scores ------------------------------------------------------------------------------------------- */

/* Radii around the problem's own, its ties included; some twice and out of order. */
START_TEST(every_setting_as_alone)
{
    static const char *const scores[] = {"silhouette", "silhouette_euclidean"};
    for (int64_t t = 0; t < trials(120); t++) {
        grasp_context *ctx = test_context();
        problem *q = problem_random((uint64_t)t);
        char text[256], what[64];
        bool exclude = t % 3 == 0;
        snprintf(text, sizeof text,
                 "eps=%.17g,%.17g,%.17g,%.17g,%.17g;min_samples=%d,1,%d,2,%d;score=%s;noise=%s;budget=%d", q->eps,
                 q->eps * 0.5, q->eps, q->eps * 1.5, q->eps * 0.99, (int)q->min_samples, (int)q->min_samples + 1,
                 (int)q->n + 1, scores[t % 2], exclude ? "exclude" : "cluster", t % 4 == 1 ? 0 : 1 << 29);
        snprintf(what, sizeof what, "problem %d (%s)", (int)t, q->kind);
        grasp_distances *d = make_distances(ctx, q->x, q->n, q->p,
                                            q->euclidean  ? "metric=euclidean"
                                            : q->centered ? ""
                                                          : "center=false");
        grasp_sweep *sweep = make_sweep(ctx, "dbscan", text);
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
        assert_as_alone(ctx, sweep, d, t % 2 ? "euclidean" : "auto", exclude, what);
        grasp_sweep_free(sweep);
        grasp_distances_free(d);
        problem_free(q);
        grasp_context_free(ctx);
    }
}
END_TEST

/* Clusters of several densities over several tiles, duplicates and zero rows, the published grid. */
static double *blobs(uint64_t item, int64_t n, int64_t p)
{
    grasp__rng rng = test_rng(item);
    double *x = calloc((size_t)(n * p), sizeof *x), centre[8][16];
    random_normals(&rng, &centre[0][0], 8 * 16);
    random_normals(&rng, x, n * p);
    for (int64_t i = 0; i < n; i++) {
        int64_t kind = grasp__rng_below(&rng, 9);
        for (int64_t k = 0; k < p; k++)
            x[i * p + k] = kind == 8 ? x[i * p + k] : centre[kind][k % 16] + 0.1 * (double)(kind + 1) * x[i * p + k];
        if (i > 0 && grasp__rng_below(&rng, 10) == 0)
            memcpy(x + i * p, x + grasp__rng_below(&rng, i) * p, (size_t)p * sizeof *x);
        if (grasp__rng_below(&rng, 40) == 0)
            memset(x + i * p, 0, (size_t)p * sizeof *x);
    }
    return x;
}

START_TEST(published_grid_over_tiles)
{
    static const struct {
        int64_t n, p;
        const char *space, *sweep, *metric;
    } cases[] = {{700, 6, "", "", "auto"},
                 {500, 4, "center=false", "budget=0;score=silhouette_euclidean", "euclidean"},
                 {300, 3, "metric=euclidean", "", "auto"},
                 {128, 3, "", "noise=exclude", "auto"},
                 {129, 3, "", "budget=0", "auto"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        grasp_context *ctx = test_context();
        double *x = blobs(100 + c, cases[c].n, cases[c].p);
        grasp_distances *d = make_distances(ctx, x, cases[c].n, cases[c].p, cases[c].space);
        grasp_sweep *sweep = make_sweep(ctx, "dbscan", cases[c].sweep);
        ck_assert_int_eq(grasp_sweep_count(sweep), 104);
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
        assert_as_alone(ctx, sweep, d, cases[c].metric, strstr(cases[c].sweep, "exclude") != NULL, "published grid");
        grasp_sweep_free(sweep);
        grasp_distances_free(d);
        free(x);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(few_samples)
{
    static const double x[] = {1, 0, 0.9, 0.1, 0, 1, 0, 0, 1, 0};
    for (int64_t n = 0; n <= 5; n++) {
        grasp_context *ctx = test_context();
        grasp_distances *d = make_distances(ctx, x, n, 2, "center=false");
        grasp_sweep *sweep = make_sweep(ctx, "dbscan", "min_samples=1,2,3,9");
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
        assert_as_alone(ctx, sweep, d, "auto", false, "few samples");
        grasp_sweep_free(sweep);
        sweep = make_sweep(ctx, "kmeans", "k=1,2,3,9");
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
        ck_assert(grasp_sweep_score(sweep, 0) == -1 &&
                  grasp_sweep_score(sweep, 3) == (n < 5 ? -1 : grasp_sweep_score(sweep, 3)));
        grasp_sweep_free(sweep);
        grasp_distances_free(d);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(caller_s_matrix)
{
    enum { N = 40 };
    grasp_context *ctx = test_context();
    static double square[N * N];
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++)
            square[i * N + j] = 0.125 * fabs((double)(i - j)) + (i / 13 != j / 13 ? 0.5 : 0);
    grasp_matrix *m = NULL;
    grasp_distances *d = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, N, N, square, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, m, &d));
    grasp_sweep *sweep = make_sweep(ctx, "dbscan", "eps=0.125,0.25,0.375,0.625,0.75;min_samples=1,2,3,4,5,7");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
    assert_as_alone(ctx, sweep, d, "auto", false, "caller's matrix");
    grasp_sweep_free(sweep);
    sweep = make_sweep(ctx, "dbscan", "score=silhouette_euclidean");
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, sweep, d, NULL), GRASP_E_UNSUPPORTED, "precomputed");
    grasp_sweep_free(sweep);
    sweep = make_sweep(ctx, "kmeans", "");
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, sweep, d, NULL), GRASP_E_UNSUPPORTED, "kmeans");
    grasp_sweep_free(sweep);
    grasp_distances_free(d);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(kmeans_as_alone)
{
    enum { N = 200, P = 4 };
    grasp_context *ctx = test_context();
    double *x = blobs(7, N, P), eps, score;
    static const char *const spaces[] = {"", "metric=euclidean"};
    for (int c = 0; c < 2; c++) {
        grasp_distances *d = make_distances(ctx, x, N, P, spaces[c]);
        grasp_sweep *sweep = make_sweep(ctx, "kmeans", "k=5,1,3,3;restarts=4");
        ck_assert_int_eq(grasp_sweep_count(sweep), 3);
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
        for (int64_t s = 0; s < 3; s++) {
            int64_t k, label[N];
            grasp_params *params = NULL;
            grasp_clusterer *clusterer = NULL;
            grasp_groups *groups = NULL;
            ASSERT_OK(ctx, grasp_sweep_setting(ctx, sweep, s, &eps, &k));
            ck_assert(isnan(eps) && k == 1 + 2 * s);
            ASSERT_OK(ctx, grasp_params_create(ctx, "kmeans", &params));
            ASSERT_OK(ctx, grasp_params_set_i64(ctx, params, "k", k));
            ASSERT_OK(ctx, grasp_params_set_i64(ctx, params, "restarts", 4));
            ASSERT_OK(ctx, grasp_clusterer_create(ctx, "kmeans", params, &clusterer));
            ASSERT_OK(ctx, grasp_clusterer_fit_distances(ctx, clusterer, d));
            ASSERT_OK(ctx, grasp_clusterer_groups(ctx, clusterer, &groups));
            ck_assert_int_eq(grasp__sweep_labels(ctx, sweep, s, label, NULL), GRASP_OK);
            for (int64_t i = 0; i < N; i++)
                ck_assert_int_eq(label[i], grasp_groups_label(groups, i));
            ASSERT_OK(ctx, grasp_metric_silhouette(ctx, d, groups, NULL, &score, NULL));
            ck_assert(fabs(score - grasp_sweep_score(sweep, s)) < 1e-12 && (k > 1 || score == -1));
            grasp_groups_free(groups);
            grasp_clusterer_free(clusterer);
            grasp_params_free(params);
        }
        grasp_sweep_free(sweep);
        grasp_distances_free(d);
    }
    free(x);
    grasp_context_free(ctx);
}
END_TEST

/* ---- fixtures ---------------------------------------------------------------------------------------------------- */

/* The rows of one class; *count of them. */
static double *class_rows(const double *x, int64_t p, const int64_t *y, int64_t n, int64_t label, const int64_t *of,
                          int64_t *chosen, int64_t *count)
{
    double *rows = calloc((size_t)(n * p), sizeof *rows);
    *count = 0;
    for (int64_t i = 0; i < n; i++)
        if (y[i] == label) {
            memcpy(rows + *count * p, x + i * p, (size_t)p * sizeof *x);
            chosen[(*count)++] = of[i];
        }
    return rows;
}

/* Half a grid, by Euclidean silhouette and by ari against the attribute. */
static void check_grid(const synthetic *data, bool gradients, const char *metric, const expected_setting *expected,
                       int64_t label)
{
    grasp_context *ctx = test_context();
    int64_t n, p = gradients ? 6 : 2, n_clusters, n_noise, min_samples, truth[800];
    double *x =
        class_rows(gradients ? data->gradients : data->features, p, data->y, data->n, label, data->a, truth, &n);
    double eps;
    char text[32];
    snprintf(text, sizeof text, "metric=%s", metric);
    grasp_distances *d = make_distances(ctx, x, n, p, text);
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, grasp_groups_create(ctx, truth, n, &groups));
    grasp_sweep *silhouettes = make_sweep(ctx, "dbscan", "score=silhouette_euclidean");
    grasp_sweep *indices = make_sweep(ctx, "dbscan", "score=ari");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, silhouettes, d, NULL));
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, indices, d, NULL), GRASP_E_ARG, "truth_or_null");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, indices, d, groups));
    for (int64_t s = 0; s < 104; s++) {
        const expected_setting *e = &expected[s];
        ASSERT_OK(ctx, grasp_sweep_setting(ctx, silhouettes, s, &eps, &min_samples));
        ASSERT_OK(ctx, grasp_sweep_sizes(ctx, silhouettes, s, &n_clusters, &n_noise));
        ck_assert(e->label == label && eps == e->eps && min_samples == e->min_samples);
        ck_assert_msg(n_clusters == e->n_clusters && n_noise == e->n_noise &&
                          fabs(grasp_sweep_score(silhouettes, s) - e->silhouette) < 1e-9 &&
                          fabs(grasp_sweep_score(indices, s) - e->ari) < 1e-9,
                      "%s class %d eps %g min_samples %d: %d %d %.10f %.10f, expected %d %d %.10f %.10f", metric,
                      (int)label, eps, (int)min_samples, (int)n_clusters, (int)n_noise,
                      grasp_sweep_score(silhouettes, s), grasp_sweep_score(indices, s), (int)e->n_clusters,
                      (int)e->n_noise, e->silhouette, e->ari);
    }
    grasp_sweep_free(indices);
    grasp_sweep_free(silhouettes);
    grasp_groups_free(groups);
    grasp_distances_free(d);
    free(x);
    grasp_context_free(ctx);
}

START_TEST(fixtures)
{
    static const char *const data[] = {"clean", "contaminated"}, *const rows[] = {"features", "gradients"},
                      *const metric[] = {"euclidean", "cosine"};
    synthetic *d = synthetic_read(data[_i / 4]);
    expected_setting *grid = expected_grid(data[_i / 4], rows[_i / 2 % 2], metric[_i % 2]);
    for (int64_t label = 0; label < 2; label++)
        check_grid(d, _i / 2 % 2, metric[_i % 2], grid + 104 * label, label);
    free(grid);
    synthetic_free(d);
}
END_TEST

/* ---- the choice -------------------------------------------------------------------------------------------------- */

/* Three points on a line, two of them close: the grid has few partitions, and ties go to the first setting. */
START_TEST(best_and_runner_up)
{
    static const double x[] = {0, 1, 10, 11, 30};
    grasp_context *ctx = test_context();
    double eps;
    int64_t m;
    grasp_distances *d = make_distances(ctx, x, 5, 1, "metric=euclidean");
    grasp_sweep *sweep = make_sweep(ctx, "dbscan", "eps=40,1,0.5,2,12;min_samples=2,1");
    ck_assert_int_eq(grasp_sweep_best(sweep), -1);
    ck_assert(isnan(grasp_sweep_score(sweep, 0)));
    ASSERT_STATUS(ctx, grasp_sweep_sizes(ctx, sweep, 0, &m, &m), GRASP_E_STATE, "grasp_sweep_run");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
    /* eps 0.5: each alone, or all noise: -1. 1 and 2: {0 1} {2 3} and one: noise (m = 2) or cluster (m = 1), one
     * partition by silhouette but not as partitions. 12: {0 1 2 3} and one. 40: one cluster: -1. */
    ck_assert(grasp_sweep_score(sweep, 0) == -1 && grasp_sweep_score(sweep, 1) == -1 &&
              grasp_sweep_score(sweep, 9) == -1);
    ck_assert(grasp_sweep_score(sweep, 2) == grasp_sweep_score(sweep, 4));
    ck_assert_int_eq(grasp_sweep_best(sweep), 2);
    ASSERT_OK(ctx, grasp_sweep_setting(ctx, sweep, 2, &eps, &m));
    ck_assert(eps == 1 && m == 1);
    ck_assert_int_eq(grasp_sweep_runner_up(sweep), 3);
    grasp_sweep_free(sweep);
    sweep = make_sweep(ctx, "dbscan", "eps=100,200;min_samples=1");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
    ck_assert(grasp_sweep_best(sweep) == -1 && grasp_sweep_runner_up(sweep) == -1);
    grasp_sweep_free(sweep);
    grasp_distances_free(d);
    grasp_context_free(ctx);
}
END_TEST

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    double *x = blobs(3, 30, 2), eps;
    int64_t m, c;
    uint64_t bytes;
    grasp_distances *d = make_distances(ctx, x, 30, 2, "");
    grasp_sweep *sweep = make_sweep(ctx, "dbscan", ""), *out = sweep;
    grasp_groups *fewer = NULL, *groups = NULL;
    grasp_params *other = NULL, *params = NULL;
    int64_t label[3] = {0, 1, 0};
    double many[256];
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, 3, &fewer));
    ASSERT_OK(ctx, grasp_params_create(ctx, "distances", &other));
    ASSERT_OK(ctx, grasp_params_create(ctx, "sweep", &params));
    ck_assert_int_eq(grasp_sweep_create(NULL, "dbscan", NULL, &out), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_sweep_create(ctx, NULL, NULL, &out), GRASP_E_ARG, "algorithm");
    ASSERT_STATUS(ctx, grasp_sweep_create(ctx, "dbscan", NULL, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_sweep_create(ctx, "optics", NULL, &out), GRASP_E_ARG, "optics");
    ck_assert_ptr_null(out);
    ASSERT_STATUS(ctx, grasp_sweep_create(ctx, "dbscan", other, &out), GRASP_E_PARAM, "sweep");
    for (int i = 0; i < 256; i++)
        many[i] = 1 + i;
    ASSERT_OK(ctx, grasp_params_set_f64s(ctx, params, "eps", many, 256));
    ASSERT_STATUS(ctx, grasp_sweep_create(ctx, "dbscan", params, &out), GRASP_E_PARAM, "256");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, params, "eps=-0.1"), GRASP_E_PARAM, "eps");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, params, "min_samples=5,0"), GRASP_E_PARAM, "min_samples");
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, NULL, d, NULL), GRASP_E_ARG, "sweep");
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, sweep, NULL, NULL), GRASP_E_ARG, "distances");
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, sweep, d, fewer), GRASP_E_DIM, "truth_or_null");
    ASSERT_STATUS(ctx, grasp_sweep_groups(ctx, sweep, 0, &groups), GRASP_E_STATE, "setting 0");
    ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, NULL));
    ASSERT_STATUS(ctx, grasp_sweep_run(ctx, sweep, d, fewer), GRASP_E_DIM, "truth_or_null");
    ASSERT_STATUS(ctx, grasp_sweep_groups(ctx, sweep, 104, &groups), GRASP_E_ARG, "i");
    ASSERT_STATUS(ctx, grasp_sweep_groups(ctx, sweep, -1, &groups), GRASP_E_ARG, "i");
    ck_assert_ptr_null(groups);
    ASSERT_STATUS(ctx, grasp_sweep_groups(ctx, NULL, 0, &groups), GRASP_E_ARG, "sweep");
    ASSERT_STATUS(ctx, grasp_sweep_setting(ctx, sweep, 104, &eps, &m), GRASP_E_ARG, "i");
    ASSERT_STATUS(ctx, grasp_sweep_setting(ctx, sweep, 0, NULL, &m), GRASP_E_ARG, "eps");
    ASSERT_STATUS(ctx, grasp_sweep_setting(ctx, sweep, 0, &eps, NULL), GRASP_E_ARG, "min_samples");
    ASSERT_STATUS(ctx, grasp_sweep_sizes(ctx, sweep, 0, NULL, &m), GRASP_E_ARG, "n_clusters");
    ASSERT_STATUS(ctx, grasp_sweep_sizes(ctx, sweep, 0, &c, NULL), GRASP_E_ARG, "n_noise");
    ASSERT_STATUS(ctx, grasp_sweep_bytes(ctx, sweep, NULL, &bytes), GRASP_E_ARG, "distances");
    ASSERT_STATUS(ctx, grasp_sweep_bytes(ctx, NULL, d, &bytes), GRASP_E_ARG, "sweep");
    ASSERT_STATUS(ctx, grasp_sweep_bytes(ctx, sweep, d, NULL), GRASP_E_ARG, "out");
    grasp__space space = {GRASP__COSINE, false, 46341, 4};
    ck_assert_uint_gt(grasp__sweep_price(ctx, sweep, &space), UINT64_C(46341) * 416);
    space.n = 3037000500;
    ck_assert(grasp__sweep_price(ctx, sweep, &space) > 3037000500u * UINT64_C(416));
    space.n = INT64_MAX;
    ck_assert(grasp__sweep_price(ctx, sweep, &space) == UINT64_MAX);
    ck_assert_int_eq(grasp_sweep_count(NULL), 0);
    ck_assert_int_eq(grasp_sweep_best(NULL), -1);
    ck_assert_int_eq(grasp_sweep_runner_up(NULL), -1);
    ck_assert(isnan(grasp_sweep_score(NULL, 0)) && isnan(grasp_sweep_score(sweep, 104)));
    grasp_sweep_free(NULL);
    grasp_params_free(params);
    grasp_params_free(other);
    grasp_groups_free(fewer);
    grasp_sweep_free(sweep);
    grasp_distances_free(d);
    free(x);
    grasp_context_free(ctx);
}
END_TEST

/* ---- promises ---------------------------------------------------------------------------------------------------- */

/* A sweep over points, and all that is read from it. */
typedef struct whole {
    const double *x;
    int64_t n, p;
    const char *space, *algorithm, *sweep;
    double score[104];
    int64_t label[104][400];
} whole;

static grasp_status run_whole(grasp_context *ctx, void *arg)
{
    whole *w = arg;
    grasp_matrix *m = NULL;
    grasp_params *space = NULL, *params = NULL;
    grasp_distances *d = NULL;
    grasp_sweep *sweep = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, w->n, w->p, w->p, (void *)(uintptr_t)w->x, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "distances", &space);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, space, w->space);
    if (s == GRASP_OK)
        s = grasp_distances_create_from_points(ctx, m, space, &d);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "sweep", &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, w->sweep);
    if (s == GRASP_OK)
        s = grasp_sweep_create(ctx, w->algorithm, params, &sweep);
    if (s == GRASP_OK)
        s = grasp_sweep_run(ctx, sweep, d, NULL);
    for (int64_t i = 0; s >= GRASP_OK && i < grasp_sweep_count(sweep); i++) {
        w->score[i] = grasp_sweep_score(sweep, i);
        grasp_groups *groups = NULL;
        grasp_status labels = grasp_sweep_groups(ctx, sweep, i, &groups);
        if (labels == GRASP_OK)
            labels = grasp_groups_labels(ctx, groups, w->label[i], w->n);
        grasp_groups_free(groups);
        if (s == GRASP_OK)
            s = labels;
    }
    grasp_sweep_free(sweep);
    grasp_params_free(params);
    grasp_distances_free(d);
    grasp_params_free(space);
    grasp_matrix_free(m);
    return s;
}

START_TEST(failing_and_cancelled)
{
    static const char *const sweeps[] = {"eps=0.1,0.4;min_samples=3,5",
                                         "eps=0.1,0.4;min_samples=3,5;budget=0;score=silhouette_euclidean",
                                         "k=2,3;restarts=2"};
    double *x = blobs(11, 270, 3);
    whole *w = calloc(1, sizeof *w);
    w->x = x;
    w->p = 3;
    w->space = "";
    for (int c = 0; c < 3; c++) {
        w->algorithm = c == 2 ? "kmeans" : "dbscan";
        w->sweep = sweeps[c];
        w->n = 30;
        for_each_failing_allocation(run_whole, w);
        w->n = 270;
        ck_assert_int_gt(for_each_cancel(run_whole, w), 5);
    }
    free(w);
    free(x);
}
END_TEST

static int32_t stop_at(void *user, const char *what, double fraction)
{
    int64_t *left = user;
    (void)what;
    (void)fraction;
    return --*left > 0 ? GRASP_CB_OK : GRASP_CB_STOP;
}

/* Whatever a cancelled run has is right; the rest is NaN. */
START_TEST(cancelled_scores)
{
    enum { N = 300 };
    double *x = blobs(13, N, 3);
    grasp_context *ctx = test_context();
    grasp_distances *d = make_distances(ctx, x, N, 3, "");
    grasp_sweep *full = make_sweep(ctx, "dbscan", "score=ari"), *sweep = make_sweep(ctx, "dbscan", "score=ari");
    grasp_groups *truth = NULL;
    int64_t y[N];
    for (int64_t i = 0; i < N; i++)
        y[i] = i % 3;
    ASSERT_OK(ctx, grasp_groups_create(ctx, y, N, &truth));
    ASSERT_OK(ctx, grasp_sweep_run(ctx, full, d, truth));
    int64_t some = 0, none = 0;
    for (int64_t k = 1; k < 400; k++) {
        int64_t left = k;
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop_at, &left, NULL));
        grasp_status s = grasp_sweep_run(ctx, sweep, d, truth);
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, NULL, NULL, NULL));
        if (s == GRASP_OK)
            break;
        ck_assert_int_eq(s, GRASP_CANCELLED);
        for (int64_t i = 0; i < 104; i++) {
            double score = grasp_sweep_score(sweep, i);
            ck_assert(isnan(score) || score == grasp_sweep_score(full, i));
            some += !isnan(score) && score > -1;
            none += isnan(score);
        }
    }
    ck_assert(some > 0 && none > 0);
    grasp_groups_free(truth);
    grasp_sweep_free(sweep);
    grasp_sweep_free(full);
    grasp_distances_free(d);
    grasp_context_free(ctx);
    free(x);
}
END_TEST

START_TEST(same_bits_on_any_number_of_threads)
{
    static const char *const sweeps[] = {"", "score=silhouette_euclidean;budget=0;noise=exclude"};
    double *x = blobs(17, 400, 5);
    whole *w = calloc(1, sizeof *w);
    *w = (whole){.x = x, .n = 400, .p = 5, .space = "", .algorithm = "dbscan"};
    for (int c = 0; c < 2; c++) {
        w->sweep = sweeps[c];
        for_each_thread_count(run_whole, w, GRASP_OK, w->score, sizeof w->score + sizeof w->label);
    }
    free(w);
    free(x);
}
END_TEST

/* The price covers the peak; under a limit levels are not kept and the labels are the same; no limit is passed. */
START_TEST(memory)
{
    enum { N = 1500, P = 40 };
    double *x = blobs(19, N, P);
    static const char *const scores[] = {"", "score=ari", "score=ari;budget=0", "score=silhouette_euclidean"};
    for (int c = 0; c < 4; c++) {
        grasp_context *ctx = test_context();
        uint64_t price;
        grasp_groups *truth = NULL;
        int64_t *y = calloc(N, sizeof *y);
        ASSERT_OK(ctx, grasp_groups_create(ctx, y, N, &truth));
        grasp_distances *d = make_distances(ctx, x, N, P, "");
        grasp_sweep *sweep = make_sweep(ctx, "dbscan", scores[c]), *small = make_sweep(ctx, "dbscan", scores[c]);
        ASSERT_OK(ctx, grasp_sweep_bytes(ctx, sweep, d, &price));
        uint64_t before = grasp_context_memory_used(ctx);
        ASSERT_OK(ctx, grasp_sweep_run(ctx, sweep, d, truth));
        uint64_t peak = grasp_context_memory_peak(ctx) - before;
        ck_assert_msg(peak <= price && price <= peak + peak / 20, "%s: price %" PRIu64 ", peak %" PRIu64,
                      scores[c], price, peak);
        before = grasp_context_memory_used(ctx);
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, before + peak - (1 << 18)));
        grasp_status s = grasp_sweep_run(ctx, small, d, truth);
        if (c == 1) {
            ck_assert_int_eq(s, GRASP_OK);
            ck_assert_str_eq(grasp_context_error(ctx), "");
            ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 0));
            for (int64_t i = 0; i < 104; i++)
                ck_assert(grasp_sweep_score(small, i) == grasp_sweep_score(sweep, i));
        } else if (c == 2) {
            ck_assert_int_eq(s, GRASP_E_MEMLIMIT);
        }
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 1 << 16));
        ASSERT_STATUS(ctx, grasp_sweep_run(ctx, small, d, truth), GRASP_E_MEMLIMIT, "limit");
        grasp_sweep_free(small);
        grasp_sweep_free(sweep);
        grasp_distances_free(d);
        grasp_groups_free(truth);
        free(y);
        grasp_context_free(ctx);
    }
    free(x);
}
END_TEST

Suite *check_sweep_suite(void);
Suite *check_sweep_suite(void)
{
    Suite *suite = suite_create("sweep");
    TCase *labels = tcase_create("labels"), *choice = tcase_create("choice"), *promises = tcase_create("promises");
    tcase_add_test(labels, every_setting_as_alone);
    tcase_add_test(labels, published_grid_over_tiles);
    tcase_add_test(labels, few_samples);
    tcase_add_test(labels, caller_s_matrix);
    tcase_add_test(labels, kmeans_as_alone);
    tcase_add_loop_test(labels, fixtures, 0, 8);
    tcase_add_test(choice, best_and_runner_up);
    tcase_add_test(choice, refusals);
    tcase_add_test(promises, failing_and_cancelled);
    tcase_add_test(promises, cancelled_scores);
    tcase_add_test(promises, same_bits_on_any_number_of_threads);
    tcase_add_test(promises, memory);
    suite_add_tcase(suite, labels);
    suite_add_tcase(suite, choice);
    suite_add_tcase(suite, promises);
    return suite;
}
