/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: DBSCAN's labels against brute force and stored vectors, k-means against its definition and stored inertias.
 */
#include "grasp.h"
#include "cluster/dbscan.h"
#include "support_oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- small helpers ----------------------------------------------------------------------------------------------- */

static grasp_params *params_of(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, algorithm, &params));
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

static grasp_clusterer *clusterer_of(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *params = params_of(ctx, algorithm, text);
    grasp_clusterer *c = NULL;
    ASSERT_OK(ctx, grasp_clusterer_create(ctx, algorithm, params, &c));
    grasp_params_free(params); /* the clusterer has its own copy */
    return c;
}

static grasp_distances *space_of(grasp_context *ctx, const double *x, int64_t n, int64_t p, const char *text)
{
    grasp_params *params = params_of(ctx, "distances", text);
    grasp_matrix *m = matrix_of(ctx, x, n, p);
    grasp_distances *d = NULL;
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, params, &d));
    grasp_matrix_free(m);
    grasp_params_free(params);
    return d;
}

static void labels_of(grasp_context *ctx, grasp_clusterer *c, int64_t *label, int64_t n)
{
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, grasp_clusterer_groups(ctx, c, &groups));
    if (n > 0)
        ASSERT_OK(ctx, grasp_groups_labels(ctx, groups, label, n));
    ck_assert_int_eq(grasp_groups_samples(groups), n);
    grasp_groups_free(groups);
}

static double reported(grasp_context *ctx, grasp_clusterer *c, const char *name)
{
    grasp_report *report = NULL;
    double value = NAN;
    ASSERT_OK(ctx, grasp_clusterer_report(ctx, c, &report));
    ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &value));
    grasp_report_free(report);
    return value;
}

/* ---- DBSCAN against brute force ---------------------------------------------------------------------------------- */

/* One random problem: labels, core flags and the certificate; then the same samples in another order. */
static bool check_problem(uint64_t item, bool stored)
{
    static const char *const kernels[] = {"auto", "portable", "avx2", "avx512"};
    problem *q = problem_random(item);
    oracle *o = oracle_make(q->x, q->n, q->p, q->euclidean, q->centered);
    size_t n = (size_t)q->n;
    int *within = malloc((n * n + 1) * sizeof *within);
    bool clear = oracle_matrix(o, q->eps, within);
    if (clear) {
        int64_t *expected = malloc((n + 1) * sizeof *expected), *label = malloc((n + 1) * sizeof *label);
        uint8_t *expected_core = malloc(n + 1), *core = malloc(n + 1);
        int64_t clusters = oracle_dbscan(within, q->n, q->min_samples, NULL, expected, expected_core), found;
        char text[80];
        grasp_context *ctx = test_context();
        grasp__certificate seen;
        grasp_context_set_kernel(ctx, kernels[item % 4]); /* stays "auto" where absent */
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + (int32_t)(item % 3)));
        grasp__format(text, sizeof text, "metric=%s;center=%d%s", q->euclidean ? "euclidean" : "cosine",
                      (int)q->centered, stored ? ";storage=condensed" : "");
        grasp_distances *d = space_of(ctx, q->x, q->n, q->p, text);
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, d, q->eps, q->min_samples, NULL, label, core, &found, &seen,
                                           GRASP__PAIRS_IF_CHEAPER));
        ck_assert_msg(found == clusters, "problem %d (%s): %d clusters, expected %d", (int)item, q->kind, (int)found,
                      (int)clusters);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(label[i] == expected[i] && core[i] == expected_core[i],
                          "problem %d (%s): sample %d has label %d core %d, "
                          "expected %d and %d",
                          (int)item, q->kind, (int)i, (int)label[i], core[i], (int)expected[i], expected_core[i]);
        ck_assert(seen.ties <= seen.exact && seen.exact <= seen.undecided && seen.undecided <= seen.pairs);
        grasp_distances_free(d);
        grasp_context_free(ctx);
        free(expected);
        free(label);
        free(expected_core);
        free(core);
    }
    free(within);
    oracle_free(o);
    problem_free(q);
    return clear;
}

START_TEST(random_problems)
{
    int64_t n = trials(1000), clear = 0;
    for (int64_t t = 0; t < n; t++)
        clear += check_problem((uint64_t)t, t % 7 == 6);
    ck_assert_msg(clear >= n * 9 / 10, "only %d of %d problems have an answer", (int)clear, (int)n);
}
END_TEST

/* Another order of the samples gives the same partition of the cores, the same noise, and border samples in the lowest
 * cluster. */
START_TEST(permutations)
{
    for (int64_t t = 0; t < trials(60); t++) {
        problem *q = problem_random((uint64_t)(5000 + t));
        oracle *o = oracle_make(q->x, q->n, q->p, q->euclidean, false);
        size_t n = (size_t)q->n, p = (size_t)q->p;
        int *within = malloc((n * n + 1) * sizeof *within);
        if (oracle_matrix(o, q->eps, within)) {
            grasp__rng rng = test_rng((uint64_t)t);
            int64_t *order = malloc((n + 1) * sizeof *order),
                    *label[2] = {malloc((n + 1) * sizeof(int64_t)), malloc((n + 1) * sizeof(int64_t))};
            uint8_t *core[2] = {malloc(n + 1), malloc(n + 1)};
            double *x = malloc((n * p + 1) * sizeof *x);
            grasp_context *ctx = test_context();
            for (size_t i = 0; i < n; i++)
                order[i] = (int64_t)i;
            grasp__rng_shuffle(&rng, order, q->n);
            for (size_t i = 0; i < n; i++)
                memcpy(x + i * p, q->x + (size_t)order[i] * p, p * sizeof *x);
            for (int side = 0; side < 2; side++) {
                grasp_distances *d =
                    space_of(ctx, side ? x : q->x, q->n, q->p, q->euclidean ? "metric=euclidean" : "center=0");
                ASSERT_OK(ctx,
                          grasp__dbscan(ctx, d, q->eps, q->min_samples, NULL, label[side], core[side], NULL, NULL));
                grasp_distances_free(d);
            }
            for (size_t i = 0; i < n; i++) {
                ck_assert_int_eq(core[0][order[i]], core[1][i]);
                ck_assert_int_eq(label[0][order[i]] < 0, label[1][i] < 0);
                for (size_t j = 0; core[1][i] && j < i; j++)
                    if (core[1][j])
                        ck_assert_int_eq(label[0][order[i]] == label[0][order[j]], label[1][i] == label[1][j]);
            }
            grasp_context_free(ctx);
            free(order);
            free(label[0]);
            free(label[1]);
            free(core[0]);
            free(core[1]);
            free(x);
        }
        free(within);
        oracle_free(o);
        problem_free(q);
    }
}
END_TEST

/* A sample kept once that counts m times is as m copies. */
START_TEST(multiplicities)
{
    for (int64_t t = 0; t < trials(60); t++) {
        grasp__rng rng = test_rng((uint64_t)(9000 + t));
        enum { N = 25, P = 2, MOST = 4 };
        double x[N * P], copies[N * MOST * P], centers[3];
        int64_t m[N], first[N], total = 0, label[N], of_copies[N * MOST];
        random_normals(&rng, x, N * P);
        for (int i = 0; i < N; i++) {
            m[i] = 1 + grasp__rng_below(&rng, MOST);
            first[i] = total;
            for (int64_t q = 0; q < m[i]; q++)
                memcpy(copies + (total++) * P, x + i * P, P * sizeof *x);
        }
        grasp_context *ctx = test_context();
        grasp_clusterer *c = clusterer_of(ctx, "dbscan", "eps=0.5;min_samples=6");
        grasp_matrix *few = matrix_of(ctx, x, N, P), *all = matrix_of(ctx, copies, total, P);
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, all));
        labels_of(ctx, c, of_copies, total);
        ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, N));
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, few));
        labels_of(ctx, c, label, N);
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(label[i], of_copies[first[i]]);
        ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, all), total == N ? GRASP_OK : GRASP_E_DIM, "");
        grasp_clusterer_free(c);
        c = clusterer_of(ctx, "kmeans", "k=1"); /* the weighted mean */
        ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, N));
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, few));
        grasp_matrix *center = matrix_of(ctx, centers, 1, P);
        ASSERT_OK(ctx, grasp_clusterer_centers(ctx, c, center));
        double mean = 0;
        for (int64_t i = 0; i < total; i++)
            mean += copies[i * P] / (double)total;
        ck_assert_double_eq_tol(centers[0], mean, 1e-12);
        ck_assert_double_eq(reported(ctx, c, "inertia"), grasp_clusterer_objective(c));
        grasp_matrix_free(center);
        grasp_matrix_free(few);
        grasp_matrix_free(all);
        grasp_clusterer_free(c);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(small_cases)
{
    grasp_context *ctx = test_context();
    const double x[4] = {0, 1, 2, 10};
    int64_t label[4];
    uint8_t core[4];
    static const struct {
        int64_t n;
        const char *text;
        int64_t label[4];
        uint8_t core[4];
    } cases[] = {
        {0, "eps=1", {0}, {0}},
        {1, "eps=0;min_samples=1", {0}, {1}},
        {1, "eps=0;min_samples=2", {-1}, {0}},
        {2, "eps=1;min_samples=2", {0, 0}, {1, 1}},
        {2, "eps=0.99;min_samples=1", {0, 1}, {1, 1}},
        {2, "eps=1;min_samples=3", {-1, -1}, {0, 0}},
        {4, "eps=1;min_samples=3", {0, 0, 0, -1}, {0, 1, 0, 0}},
        {4, "eps=1;min_samples=1", {0, 0, 0, 1}, {1, 1, 1, 1}},
        {4, "eps=100;min_samples=4", {0, 0, 0, 0}, {1, 1, 1, 1}},
        {4, "eps=100;min_samples=5", {-1, -1, -1, -1}, {0}},
    };
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        grasp_clusterer *c = clusterer_of(ctx, "dbscan", cases[t].text);
        grasp_matrix *m = matrix_of(ctx, x, cases[t].n, 1);
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
        labels_of(ctx, c, label, cases[t].n);
        ASSERT_OK(ctx, grasp_clusterer_core_flags(ctx, c, core, cases[t].n));
        for (int64_t i = 0; i < cases[t].n; i++)
            ck_assert_msg(label[i] == cases[t].label[i] && core[i] == cases[t].core[i], "case %d, sample %d: label %d",
                          (int)t, (int)i, (int)label[i]);
        ck_assert(isnan(grasp_clusterer_objective(c)));
        ck_assert_double_ge(reported(ctx, c, "pairs"), reported(ctx, c, "exact"));
        grasp_matrix_free(m);
        grasp_clusterer_free(c);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Ties at eps, near ties, and what the certificate says of them. */
START_TEST(certificate)
{
    grasp_context *ctx = test_context();
    const double x[4] = {0, 1, 2, 3.0000005};
    grasp_clusterer *c = clusterer_of(ctx, "dbscan", "eps=1;min_samples=2");
    grasp_matrix *m = matrix_of(ctx, x, 4, 1);
    int64_t label[4];
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
    labels_of(ctx, c, label, 4);
    ck_assert_int_eq(label[2], 0);
    ck_assert_int_eq(label[3], -1);
    ck_assert_double_ge(reported(ctx, c, "undecided"), reported(ctx, c, "exact"));
    ck_assert_double_ge(reported(ctx, c, "exact"), reported(ctx, c, "ties"));
    ck_assert_double_ge(reported(ctx, c, "ties"), 3); /* each pair of neighbours had to be decided */
    grasp_matrix_free(m);
    grasp_clusterer_free(c);
    grasp_context_free(ctx);
}
END_TEST

/* Memory grows with n and with n p bytes, whatever eps is: nothing near, half of it noise, all near. */
START_TEST(memory)
{
    enum { N = 12000, P = 64, BASE = 6 << 20, A_SAMPLE = 120 };
    static float x[N * P];
    static const double eps[] = {0.01, 0.62, 0.9};
    grasp__rng rng = test_rng(12);
    for (int64_t i = 0; i < N; i++)
        for (int64_t k = 0; k < P; k++)
            x[i * P + k] = (float)(grasp__rng_normal(&rng) + (k == i % 3 ? 6 : 0));
    for (size_t e = 0; e < sizeof eps / sizeof *eps; e++) {
        grasp_context *ctx = test_context();
        grasp_matrix *m = NULL;
        grasp_distances *d = NULL;
        static int64_t label[N];
        grasp__certificate seen;
        int64_t clusters;
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 2));
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, N, P, P, x, NULL, NULL, &m));
        ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, m, NULL, &d));
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, d, eps[e], 20, NULL, label, NULL, &clusters, &seen,
                                           GRASP__PAIRS_IF_CHEAPER));
        ck_assert_msg(grasp_context_memory_peak(ctx) < BASE + (P + A_SAMPLE) * N, "eps %g: %ju bytes", eps[e],
                      (uintmax_t)grasp_context_memory_peak(ctx));
        grasp_distances_free(d);
        grasp_matrix_free(m);
        grasp_context_free(ctx);
    }
}
END_TEST

/* ---- stored vectors ---------------------------------------------------------------------------------------------- */

/* The rows of one class among train and val: features (p = 2) or gradients (p = 6). *where[i]: position among all. */
static double *class_rows(const char *of_case, const char *rows, int64_t class, int64_t *n, int64_t *p, int64_t *where)
{
    char path[80];
    grasp__format(path, sizeof path, "tests/data/synthetic_%s.csv", of_case);
    fixture *data = fixture_read(path), *table = data;
    bool gradients = strcmp(rows, "gradients") == 0;
    int64_t y = fixture_column(data, "y");
    *p = gradients ? 6 : 2;
    *n = 0;
    if (gradients) {
        grasp__format(path, sizeof path, "tests/data/synthetic_%s_gradients.csv", of_case);
        table = fixture_read(path);
    }
    double *x = malloc((size_t)(800 * *p) * sizeof *x); /* the first 800 of 1000 rows are train and val */
    for (int64_t i = 0; i < 800; i++)
        if ((int64_t)data->values[i * data->cols + y] == class) {
            where[*n] = i;
            memcpy(x + (*n)++ * *p, table->values + i * table->cols, (size_t)*p * sizeof *x);
        }
    if (gradients)
        fixture_free(table);
    fixture_free(data);
    return x;
}

static void check_stored(grasp_context *ctx, const double *x, int64_t n, int64_t p, const char *metric, double eps,
                         int64_t min_samples, const int64_t *expected, int64_t expected_clusters,
                         int64_t expected_noise)
{
    char text[40];
    int64_t label[800], clusters, noise = 0;
    grasp__format(text, sizeof text, "metric=%s", metric);
    grasp_distances *d = space_of(ctx, x, n, p, text);
    ASSERT_OK(ctx, grasp__dbscan(ctx, d, eps, min_samples, NULL, label, NULL, &clusters, NULL));
    for (int64_t i = 0; i < n; i++)
        noise += label[i] < 0;
    ck_assert_msg(clusters == expected_clusters && noise == expected_noise, "%s eps %g m %d: %d clusters, %d noise",
                  metric, eps, (int)min_samples, (int)clusters, (int)noise);
    for (int64_t i = 0; expected && i < n; i++)
        ck_assert_int_eq(label[i], expected[i]);
    grasp_distances_free(d);
}

START_TEST(stored_labels)
{
    FILE *f = fopen("tests/data/expected_dbscan.txt", "r");
    ck_assert_ptr_nonnull(f);
    grasp_context *ctx = test_context();
    int class, min_samples, clusters, noise, n, settings = 0;
    char metric[16];
    double eps;
    while (fscanf(f, "%d %15s %lf %d %d %d %d", &class, metric, &eps, &min_samples, &clusters, &noise, &n) == 7) {
        int64_t expected[800], count, p, where[800];
        for (int i = 0, v; i < n && fscanf(f, "%d", &v) == 1; i++)
            expected[i] = v;
        double *x = class_rows("clean", "gradients", class, &count, &p, where);
        ck_assert_int_eq(count, n);
        check_stored(ctx, x, count, p, metric, eps, min_samples, expected, clusters, noise);
        settings++;
        free(x);
    }
    ck_assert_int_eq(settings, 12);
    fclose(f);
    grasp_context_free(ctx);
}
END_TEST

/* The settings that silhouette chose, both classes merged, and every fifth setting of the grids by its sizes. */
START_TEST(stored_choices)
{
    FILE *f = fopen("tests/data/expected_chosen.txt", "r");
    ck_assert_ptr_nonnull(f);
    grasp_context *ctx = test_context();
    char of_case[16], rows[16], metric[16];
    double eps[2], score[2], ari4, ari6;
    int min_samples[2], n, lines = 0;
    while (fscanf(f, "%15s %15s %15s %lf %d %lf %lf %d %lf %lf %lf %d", of_case, rows, metric, &eps[0], &min_samples[0],
                  &score[0], &eps[1], &min_samples[1], &score[1], &ari4, &ari6, &n) == 12) {
        int64_t merged[800], offset = 0;
        ck_assert_int_eq(n, 800);
        for (int i = 0, v; i < n && fscanf(f, "%d", &v) == 1; i++)
            merged[i] = v;
        for (int64_t class = 0; class < 2; class++) {
            int64_t count, p, where[800], expected[800], clusters = 0, noise = 0;
            double *x = class_rows(of_case, rows, class, &count, &p, where);
            for (int64_t i = 0; i < count; i++) {
                expected[i] = merged[where[i]] < 0 ? GRASP_NOISE : merged[where[i]] - offset;
                clusters = expected[i] >= clusters ? expected[i] + 1 : clusters;
                noise += expected[i] < 0;
            }
            check_stored(ctx, x, count, p, metric, eps[class], min_samples[class], expected, clusters, noise);
            offset += clusters;
            free(x);
        }
        lines++;
    }
    ck_assert_int_eq(lines, 8);
    fclose(f);
    f = fopen("tests/data/expected_grid.txt", "r");
    ck_assert_ptr_nonnull(f);
    int class, clusters, noise, line = 0;
    int64_t count = 0, p = 0, where[800];
    double *x = NULL; /* of the block of 104 lines that share rows and class */
    while (fscanf(f, "%15s %15s %15s %d %lf %d %d %d %lf %lf", of_case, rows, metric, &class, &eps[0], &min_samples[0],
                  &clusters, &noise, &score[0], &ari4) == 10) {
        if (line % 104 == 0) {
            free(x);
            x = class_rows(of_case, rows, class, &count, &p, where);
        }
        if (line++ % 5 == 0)
            check_stored(ctx, x, count, p, metric, eps[0], min_samples[0], NULL, clusters, noise);
    }
    free(x);
    ck_assert_int_eq(line, 8 * 208);
    fclose(f);
    grasp_context_free(ctx);
}
END_TEST

/* scikit-learn's inertia after 10 restarts is reached. */
START_TEST(stored_inertias)
{
    FILE *f = fopen("tests/data/expected_kmeans.txt", "r");
    ck_assert_ptr_nonnull(f);
    grasp_context *ctx = test_context();
    char of_case[16], rows[16], text[32];
    double inertia[2], ari4, ari6;
    int k, lines = 0;
    while (fscanf(f, "%15s %15s %d %lf %lf %lf %lf", of_case, rows, &k, &inertia[0], &inertia[1], &ari4, &ari6) == 7) {
        grasp__format(text, sizeof text, "k=%d", k);
        for (int64_t class = 0; class < 2; class++) {
            int64_t n, p, where[800];
            double *x = class_rows(of_case, rows, class, &n, &p, where);
            grasp_clusterer *c = clusterer_of(ctx, "kmeans", text);
            grasp_matrix *m = matrix_of(ctx, x, n, p);
            ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
            ck_assert_msg(grasp_clusterer_objective(c) <= inertia[class] * (1 + 1e-9),
                          "%s %s k %d class %d: %.12g, scikit-learn %.12g", of_case, rows, k, (int)class,
                          grasp_clusterer_objective(c), inertia[class]);
            grasp_matrix_free(m);
            grasp_clusterer_free(c);
            free(x);
        }
        lines++;
    }
    ck_assert_int_eq(lines, 8);
    fclose(f);
    grasp_context_free(ctx);
}
END_TEST

/* ---- k-means ----------------------------------------------------------------------------------------------------- */

/* At the end every row is next to its centre, the centres are the means of their rows, the inertia is their sum, and
 * clusters are numbered by lowest row. */
START_TEST(kmeans_fixed_point)
{
    for (int64_t t = 0; t < trials(40); t++) {
        grasp__rng rng = test_rng((uint64_t)(700 + t));
        enum { N = 90, P = 7, K = 5 };
        double x[N * P], center[K * P], inertia = 0;
        int64_t label[N], seen = 0, members[K] = {0};
        int64_t k = 1 + grasp__rng_below(&rng, K);
        bool unit = t % 2;
        char text[64];
        random_normals(&rng, x, N * P);
        for (int i = 0; i < N * P; i++)
            x[i] += t % 3 == 0 ? 1e6 : 0;
        grasp_context *ctx = test_context();
        grasp__format(text, sizeof text, "k=%d;unit=%s;tolerance=0", (int)k, unit ? "true" : "false");
        grasp_clusterer *c = clusterer_of(ctx, "kmeans", text);
        grasp_matrix *m = matrix_of(ctx, x, N, P), *out = matrix_of(ctx, center, k, P);
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
        ASSERT_OK(ctx, grasp_clusterer_centers(ctx, c, out));
        labels_of(ctx, c, label, N);
        for (int i = 0; i < N; i++) {
            double row[P], norm = 0, distance[K];
            for (int j = 0; j < P; j++)
                norm += x[i * P + j] * x[i * P + j];
            for (int j = 0; j < P; j++)
                row[j] = x[i * P + j] / (unit ? sqrt(norm) : 1);
            for (int64_t q = 0; q < k; q++) {
                distance[q] = 0;
                for (int j = 0; j < P; j++)
                    distance[q] += (row[j] - center[q * P + j]) * (row[j] - center[q * P + j]);
            }
            for (int64_t q = 0; q < k; q++)
                ck_assert_double_le(distance[label[i]], distance[q] * (1 + 1e-9));
            inertia += distance[label[i]];
            members[label[i]]++;
            ck_assert_int_le(label[i], seen);
            seen += label[i] == seen;
        }
        ck_assert_int_eq(seen, k);
        for (int64_t q = 0; q < k; q++)
            for (int j = 0; j < P; j++) {
                double mean = 0;
                for (int i = 0; i < N; i++) {
                    double norm = 0;
                    for (int l = 0; l < P; l++)
                        norm += x[i * P + l] * x[i * P + l];
                    mean += label[i] == q ? x[i * P + j] / (unit ? sqrt(norm) : 1) / (double)members[q] : 0;
                }
                ck_assert_double_eq_tol(center[q * P + j], mean, 1e-12 * (1 + fabs(mean)));
            }
        ck_assert_double_eq_tol(grasp_clusterer_objective(c), inertia, 1e-6 * inertia);
        grasp_matrix_free(m);
        grasp_matrix_free(out);
        grasp_clusterer_free(c);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(kmeans_edges)
{
    grasp_context *ctx = test_context();
    double x[6] = {5, 5, 1, 5, 9, 1}, center[6];
    int64_t label[6];
    grasp_matrix *m = matrix_of(ctx, x, 6, 1), *out = matrix_of(ctx, center, 6, 1);
    grasp_clusterer *c = clusterer_of(ctx, "kmeans", "k=6"); /* more than there are different rows */
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
    labels_of(ctx, c, label, 6);
    ck_assert_double_eq(grasp_clusterer_objective(c), 0);
    ck_assert(label[0] == 0 && label[1] == 0 && label[2] == 1 && label[3] == 0 && label[4] == 2 && label[5] == 1);
    ASSERT_OK(ctx, grasp_clusterer_centers(ctx, c, out));
    ck_assert(center[0] == 5 && center[1] == 1 && center[2] == 9);
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "kmeans", "k=7");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, m), GRASP_E_PARAM,
                  "k is 7, expected at most the number of samples, n = 6");
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "kmeans", "k=1");
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
    ck_assert_double_eq_tol(reported(ctx, c, "inertia"), 45 + 1.0 / 3, 1e-12);
    grasp_clusterer_free(c);
    /* one iteration is too few for two overlapping clusters */
    grasp__rng rng = test_rng(4);
    double z[200];
    random_normals(&rng, z, 200);
    grasp_matrix *many = matrix_of(ctx, z, 200, 1);
    c = clusterer_of(ctx, "kmeans", "k=4;max_iterations=1;restarts=3");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, many), GRASP_NOT_CONVERGED, "");
    ck_assert_double_eq(reported(ctx, c, "iterations"), 1);
    grasp_report *report = NULL;
    ASSERT_OK(ctx, grasp_clusterer_report(ctx, c, &report));
    ck_assert_int_eq(grasp_report_length(report, "inertia.restart"), 3);
    double of_restart[3];
    ASSERT_OK(ctx, grasp_report_series(ctx, report, "inertia.restart", of_restart, 3));
    ck_assert_double_eq(fmin(fmin(of_restart[0], of_restart[1]), of_restart[2]), grasp_clusterer_objective(c));
    grasp_report_free(report);
    grasp_clusterer_free(c);
    grasp_matrix_free(many);
    grasp_matrix_free(m);
    grasp_matrix_free(out);
    grasp_context_free(ctx);
}
END_TEST

/* ---- arguments --------------------------------------------------------------------------------------------------- */

START_TEST(arguments)
{
    grasp_context *ctx = test_context();
    double x[3] = {1, 2, 4}, square[9] = {0, 1, 2, 1, 0, 1, 2, 1, 0}, center[2];
    uint8_t core[3];
    int64_t m[3] = {1, 0, 1};
    grasp_clusterer *c = NULL, *k = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    grasp_distances *d = NULL;
    grasp_matrix *points = matrix_of(ctx, x, 3, 1), *table = matrix_of(ctx, square, 3, 3),
                 *centers = matrix_of(ctx, center, 2, 1);
    grasp_params *params = params_of(ctx, "kmeans", "");
    ASSERT_STATUS(ctx, grasp_clusterer_create(ctx, NULL, NULL, &c), GRASP_E_ARG, "algorithm");
    ASSERT_STATUS(ctx, grasp_clusterer_create(ctx, "optics", NULL, &c), GRASP_E_ARG,
                  "\"optics\", expected \"dbscan\", \"kmeans\" or \"gmm\"");
    ASSERT_STATUS(ctx, grasp_clusterer_create(ctx, "dbscan", params, &c), GRASP_E_PARAM, "kmeans");
    ASSERT_STATUS(ctx, grasp_clusterer_create(ctx, "dbscan", NULL, NULL), GRASP_E_ARG, "");
    ASSERT_STATUS(ctx, grasp_params_set_i64(ctx, params, GRASP_KEY_K, 0), GRASP_E_PARAM, "k");
    ASSERT_OK(ctx, grasp_clusterer_create(ctx, "dbscan", NULL, &c));
    ASSERT_OK(ctx, grasp_clusterer_create(ctx, "kmeans", params, &k));
    ASSERT_STATUS(ctx, grasp_clusterer_groups(ctx, c, &groups), GRASP_E_STATE, "no fit");
    ASSERT_STATUS(ctx, grasp_clusterer_report(ctx, c, &report), GRASP_E_STATE, "no fit");
    ASSERT_STATUS(ctx, grasp_clusterer_core_flags(ctx, c, core, 3), GRASP_E_STATE, "no fit");
    ASSERT_STATUS(ctx, grasp_clusterer_centers(ctx, k, centers), GRASP_E_STATE, "no fit");
    ck_assert(isnan(grasp_clusterer_objective(c)) && isnan(grasp_clusterer_objective(NULL)));
    ASSERT_STATUS(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, 3), GRASP_E_ARG, "sample 1 has 0");
    m[1] = INT64_MAX;
    ASSERT_STATUS(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, 3), GRASP_E_OVERFLOW, "sample 1");
    ASSERT_STATUS(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, -1), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_clusterer_set_multiplicities(ctx, NULL, m, 3), GRASP_E_ARG, "clusterer");
    m[1] = 1;
    ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c, m, 2));
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, points), GRASP_E_DIM, "2 multiplicities for 3 samples");
    ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c, NULL, 0));
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, NULL), GRASP_E_ARG, "x");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, NULL, points), GRASP_E_ARG, "clusterer");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_distances(ctx, c, NULL), GRASP_E_ARG, "distances");
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, table, &d));
    ASSERT_STATUS(ctx, grasp_clusterer_fit_distances(ctx, k, d), GRASP_E_UNSUPPORTED, "precomputed");
    ASSERT_OK(ctx, grasp_clusterer_fit_distances(ctx, c, d));
    ASSERT_STATUS(ctx, grasp_clusterer_core_flags(ctx, c, core, 2), GRASP_E_DIM, "n is 2");
    ASSERT_STATUS(ctx, grasp_clusterer_core_flags(ctx, c, NULL, 3), GRASP_E_ARG, "core");
    ASSERT_STATUS(ctx, grasp_clusterer_centers(ctx, c, centers), GRASP_E_UNSUPPORTED, "dbscan has no centres");
    x[1] = INFINITY;
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, points), GRASP_E_NUMERIC, "row 1");
    ASSERT_OK(ctx, grasp_clusterer_core_flags(ctx, c, core, 3)); /* the earlier fit stays */
    x[1] = 2;
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, k, points));
    ASSERT_STATUS(ctx, grasp_clusterer_core_flags(ctx, k, core, 3), GRASP_E_UNSUPPORTED, "kmeans has no core");
    ASSERT_STATUS(ctx, grasp_clusterer_centers(ctx, k, points), GRASP_E_DIM, "out");
    ASSERT_OK(ctx, grasp_clusterer_centers(ctx, k, centers));
    grasp_clusterer_free(NULL);
    grasp_clusterer_free(c);
    grasp_clusterer_free(k);
    grasp_distances_free(d);
    grasp_matrix_free(points);
    grasp_matrix_free(table);
    grasp_matrix_free(centers);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

/* ---- Gaussian mixtures ------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    return (int)(*(const int64_t *)a - *(const int64_t *)b);
}

/* scikit-learn's likelihoods and sizes, on the classes of the Synthetic data. */
START_TEST(gmm_stored)
{
    grasp_context *ctx = test_context();
    fixture *data = fixture_read("tests/data/synthetic_clean.csv");
    FILE *f = fopen("tests/data/expected_gmm.txt", "r");
    double *x1 = fixture_f64s(data, "x1"), *x2 = fixture_f64s(data, "x2"), expected;
    int64_t *y = fixture_i64s(data, "y");
    long class, k, size[3];
    int64_t lines = 0;
    ck_assert_ptr_nonnull(f);
    while (fscanf(f, "%ld %ld %lf %ld %ld %ld", &class, &k, &expected, &size[0], &size[1], &size[2]) == 6) {
        static double x[2000];
        int64_t n = 0, label[1000], found[3] = {0};
        char text[64];
        for (int64_t i = 0; i < 800; i++) /* the first 800 rows train and validate */
            if (y[i] == class) {
                x[2 * n] = x1[i];
                x[2 * n++ + 1] = x2[i];
            }
        snprintf(text, sizeof text, "k=%ld;restarts=5;tolerance=1e-9;max_iterations=5000", k);
        grasp_clusterer *c = clusterer_of(ctx, "gmm", text);
        grasp_matrix *m = matrix_of(ctx, x, n, 2);
        ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
        ck_assert_msg(fabs(grasp_clusterer_objective(c) - expected) < 1e-6, "class %ld, k %ld: %.10f, expected %.10f",
                      class, k, grasp_clusterer_objective(c), expected);
        labels_of(ctx, c, label, n);
        for (int64_t i = 0; i < n; i++)
            found[label[i]]++;
        qsort(found, 3, sizeof *found, by_size);
        for (int q = 0; q < 3; q++)
            ck_assert_int_eq(found[q], size[q]);
        grasp_matrix_free(m);
        grasp_clusterer_free(c);
        lines++;
    }
    ck_assert_int_eq(lines, 6);
    fclose(f);
    free(y);
    free(x2);
    free(x1);
    fixture_free(data);
    grasp_context_free(ctx);
}
END_TEST

/* On random problems: the likelihood climbs; responsibilities and centres agree with each other, with the labels and,
 * by long double, with the density of the mixture that they make. */
START_TEST(gmm_definition)
{
    enum { M = 120, Q = 3, MOST_K = 4 };
    grasp_context *ctx = test_context();
    for (int64_t trial = 0; trial < trials(20); trial++) {
        double x[M * Q], r[M * MOST_K], mean[MOST_K * Q], total = 0, climb[2000];
        int64_t label[M], k = 1 + trial % MOST_K;
        grasp__rng rng = test_rng(700 + (uint64_t)trial);
        random_normals(&rng, x, M * Q);
        for (int64_t i = 0; i < M; i++)
            for (int64_t j = 0; j < Q; j++)
                x[i * Q + j] = x[i * Q + j] * (1 + (double)(i % k)) + 5 * (double)((i % k) * (j == i % Q));
        char text[64];
        snprintf(text, sizeof text, "k=%d;restarts=1;tolerance=1e-12;max_iterations=1500", (int)k);
        grasp_clusterer *c = clusterer_of(ctx, "gmm", text);
        grasp_matrix *m = matrix_of(ctx, x, M, Q), *out = matrix_of(ctx, r, M, k),
                     *centers = matrix_of(ctx, mean, k, Q);
        grasp_report *report = NULL;
        grasp_status s = grasp_clusterer_fit_points(ctx, c, m);
        ck_assert_msg(s == GRASP_OK || s == GRASP_NOT_CONVERGED, "%s", grasp_context_error(ctx));
        ASSERT_OK(ctx, grasp_clusterer_responsibilities(ctx, c, out));
        ASSERT_OK(ctx, grasp_clusterer_centers(ctx, c, centers));
        ASSERT_OK(ctx, grasp_clusterer_report(ctx, c, &report));
        labels_of(ctx, c, label, M);
        int64_t steps = grasp_report_length(report, "log_likelihood.iteration");
        ASSERT_OK(ctx, grasp_report_series(ctx, report, "log_likelihood.iteration", climb, steps));
        for (int64_t t = 1; t < steps; t++)
            ck_assert_msg(climb[t] >= climb[t - 1] - 1e-6, "step %d falls from %.12f to %.12f", (int)t, climb[t - 1],
                          climb[t]);
        for (int64_t j = 0; j < k; j++) { /* a fixed point */
            long double size = 0, sum[Q] = {0};
            for (int64_t i = 0; i < M; i++) {
                size += r[i * k + j];
                for (int64_t q = 0; q < Q; q++)
                    sum[q] += (long double)r[i * k + j] * x[i * Q + q];
            }
            for (int64_t q = 0; q < Q; q++)
                ck_assert_double_eq_tol(mean[j * Q + q], (double)(sum[q] / size), 1e-3);
        }
        for (int64_t i = 0; i < M; i++) {
            double sum = 0;
            for (int64_t j = 0; j < k; j++) {
                sum += r[i * k + j];
                ck_assert_double_ge(r[i * k + label[i]], r[i * k + j]);
            }
            ck_assert_double_eq_tol(sum, 1, 1e-12);
            total += sum;
        }
        if (k == 1) { /* the likelihood of one Gaussian has a closed form */
            long double v[Q][Q] = {{0}};
            for (int64_t a = 0; a < Q; a++)
                for (int64_t b = 0; b < Q; b++) {
                    for (int64_t i = 0; i < M; i++)
                        v[a][b] += (x[i * Q + a] - (long double)mean[a]) * (x[i * Q + b] - (long double)mean[b]) / M;
                    v[a][b] += a == b ? 1e-6L : 0;
                }
            long double det = v[0][0] * (v[1][1] * v[2][2] - v[1][2] * v[2][1]) -
                              v[0][1] * (v[1][0] * v[2][2] - v[1][2] * v[2][0]) +
                              v[0][2] * (v[1][0] * v[2][1] - v[1][1] * v[2][0]);
            ck_assert_double_eq_tol(grasp_clusterer_objective(c),
                                    (double)(-0.5L * (Q * 1.83787706640934548356L + Q + logl(det))), 1e-5);
        }
        grasp_report_free(report);
        grasp_matrix_free(centers);
        grasp_matrix_free(out);
        grasp_matrix_free(m);
        grasp_clusterer_free(c);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Samples far away do not turn into NaN; a covariance without regularization is refused; multiplicities are copies. */
START_TEST(gmm_edges)
{
    double far[] = {0, 1, 2, 3, 1e8, 1e8 + 1, 1e8 + 2, 1e8 + 3}, same[] = {0, 0, 0, 0}, r[16];
    double thrice[] = {0, 0, 0, 1, 4, 5, 9, 9, 9}, once[] = {0, 1, 4, 5, 9};
    const int64_t times[] = {3, 1, 1, 1, 3};
    grasp_context *ctx = test_context();
    grasp_clusterer *c = clusterer_of(ctx, "gmm", "k=2");
    grasp_matrix *m = matrix_of(ctx, far, 8, 1), *flat = matrix_of(ctx, same, 4, 1), *out = matrix_of(ctx, r, 8, 2),
                 *all = matrix_of(ctx, thrice, 9, 1), *few = matrix_of(ctx, once, 5, 1);
    ASSERT_STATUS(ctx, grasp_clusterer_responsibilities(ctx, c, out), GRASP_E_STATE, "no fit");
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
    ASSERT_OK(ctx, grasp_clusterer_responsibilities(ctx, c, out));
    for (int i = 0; i < 8; i++)
        ck_assert_double_eq(r[2 * i + i / 4], 1);
    ASSERT_STATUS(ctx, grasp_clusterer_responsibilities(ctx, c, flat), GRASP_E_DIM, "out");
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, flat)); /* one place, two components */
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "gmm", "k=1;regularization=0");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, flat), GRASP_E_NUMERIC, "regularization");
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "gmm", "k=9");
    ASSERT_STATUS(ctx, grasp_clusterer_fit_points(ctx, c, m), GRASP_E_PARAM, "k is 9");
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "gmm", "k=1");
    double likelihood;
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, all));
    likelihood = grasp_clusterer_objective(c);
    ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c, times, 5));
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, few));
    ck_assert_double_eq_tol(grasp_clusterer_objective(c), likelihood, 1e-12);
    grasp_clusterer_free(c);
    c = clusterer_of(ctx, "kmeans", "k=1");
    ASSERT_OK(ctx, grasp_clusterer_fit_points(ctx, c, m));
    ASSERT_STATUS(ctx, grasp_clusterer_responsibilities(ctx, c, out), GRASP_E_UNSUPPORTED, "kmeans");
    grasp_clusterer_free(c);
    grasp_matrix_free(few);
    grasp_matrix_free(all);
    grasp_matrix_free(out);
    grasp_matrix_free(flat);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* ---- every allocation, every progress call, every number of threads ---------------------------------------------- */

enum { SCENARIO_N = 400, SCENARIO_P = 3 };
typedef struct scenario_case {
    double x[SCENARIO_N * SCENARIO_P];
    const char *algorithm, *params;
    bool points;
    struct {
        int64_t label[SCENARIO_N];
        double center[4 * SCENARIO_P], objective, undecided;
    } result;
} scenario_case;

static grasp_status scenario(grasp_context *ctx, void *arg)
{
    scenario_case *c = arg;
    grasp_params *params = NULL;
    grasp_matrix *m = NULL, *center = NULL;
    grasp_distances *d = NULL;
    grasp_clusterer *clusterer = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    bool kmeans = strcmp(c->algorithm, "dbscan") != 0;
    grasp_status s = grasp_params_create(ctx, c->algorithm, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, c->params);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, SCENARIO_N, SCENARIO_P, SCENARIO_P, c->x, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, 4, SCENARIO_P, SCENARIO_P, c->result.center, NULL, NULL, &center);
    if (s == GRASP_OK)
        s = grasp_clusterer_create(ctx, c->algorithm, params, &clusterer);
    if (s == GRASP_OK && !c->points)
        s = grasp_distances_create_from_points(ctx, m, NULL, &d);
    if (s == GRASP_OK)
        s = c->points ? grasp_clusterer_fit_points(ctx, clusterer, m)
                      : grasp_clusterer_fit_distances(ctx, clusterer, d);
    if (s == GRASP_OK)
        s = grasp_clusterer_groups(ctx, clusterer, &groups);
    if (s == GRASP_OK)
        s = grasp_groups_labels(ctx, groups, c->result.label, SCENARIO_N);
    if (s == GRASP_OK && kmeans)
        s = grasp_clusterer_centers(ctx, clusterer, center);
    if (s == GRASP_OK)
        s = grasp_clusterer_report(ctx, clusterer, &report);
    if (s == GRASP_OK && !kmeans)
        s = grasp_report_value(ctx, report, "undecided", &c->result.undecided);
    c->result.objective = kmeans ? grasp_clusterer_objective(clusterer) : 0;
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_clusterer_free(clusterer);
    grasp_distances_free(d);
    grasp_matrix_free(center);
    grasp_matrix_free(m);
    grasp_params_free(params);
    return s;
}

START_TEST(scenarios)
{
    static scenario_case c;
    grasp__rng rng = test_rng(20);
    for (int64_t i = 0; i < SCENARIO_N; i++)
        for (int64_t j = 0; j < SCENARIO_P; j++)
            c.x[i * SCENARIO_P + j] = (double)grasp__rng_below(&rng, 7) + (double)(i % 4) * 4; /* many ties */
    static const struct {
        const char *algorithm, *params;
        bool points;
    } cases[] = {
        {"dbscan", "eps=1;min_samples=4", true},
        {"dbscan", "eps=0.01;min_samples=8", false},
        {"kmeans", "k=4;restarts=3", true},
        {"kmeans", "k=4;restarts=3", false},
        {"gmm", "k=4;restarts=2", true},
        {"gmm", "k=4;restarts=1", false},
    };
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        c.algorithm = cases[t].algorithm;
        c.params = cases[t].params;
        c.points = cases[t].points;
        for_each_thread_count(scenario, &c, GRASP_OK, &c.result, sizeof c.result);
        for_each_failing_allocation(scenario, &c);
        ck_assert_int_gt(for_each_cancel(scenario, &c), 5);
    }
}
END_TEST

Suite *check_cluster_suite(void)
{
    Suite *suite = suite_create("cluster");
    TCase *all = tcase_create("all");
    tcase_add_test(all, random_problems);
    tcase_add_test(all, permutations);
    tcase_add_test(all, multiplicities);
    tcase_add_test(all, small_cases);
    tcase_add_test(all, certificate);
    tcase_add_test(all, memory);
    tcase_add_test(all, stored_labels);
    tcase_add_test(all, stored_choices);
    tcase_add_test(all, stored_inertias);
    tcase_add_test(all, kmeans_fixed_point);
    tcase_add_test(all, kmeans_edges);
    tcase_add_test(all, gmm_stored);
    tcase_add_test(all, gmm_definition);
    tcase_add_test(all, gmm_edges);
    tcase_add_test(all, arguments);
    tcase_add_test(all, scenarios);
    suite_add_tcase(suite, all);
    return suite;
}
