/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: rows and factors that were lent are read where they lie, from appending to labels; nothing copies them.
 */
#include "grasp.h"
#include "gradients/gradients.h"
#include "support.h"

#include <stdlib.h>

enum { N = 4000, P = 300, BATCH = 1000, CLUMPS = 3 };

/* Clumps of rows around far directions, so that DBSCAN finds them without looking at most pairs. */
static double *clumps(int64_t n, int64_t p)
{
    double *x = malloc((size_t)(n * p) * sizeof *x), *center = malloc((size_t)(CLUMPS * p) * sizeof *center);
    grasp__rng rng = test_rng(21);
    ck_assert(x != NULL && center != NULL);
    random_normals(&rng, center, CLUMPS * p);
    random_normals(&rng, x, n * p);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < p; k++)
            x[i * p + k] = 0.2 * x[i * p + k] + center[i % CLUMPS * p + k];
    free(center);
    return x;
}

static grasp_matrix *lent(grasp_context *ctx, double *x, int64_t rows, int64_t columns)
{
    grasp_matrix *m = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, rows, columns, columns, x, NULL, NULL, &m));
    return m;
}

static grasp_gradients *dense(grasp_context *ctx, double *x)
{
    grasp_gradients *g = NULL;
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, P, 0, &g));
    for (int64_t first = 0; first < N; first += BATCH) {
        grasp_matrix *m = lent(ctx, x + first * P, BATCH, P);
        ASSERT_OK(ctx, grasp_gradients_append_lent(ctx, g, m));
        grasp_matrix_free(m);
    }
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    for (int64_t i = 0; i < N; i++)
        ck_assert_ptr_eq(grasp__gradients_row(g, i), x + i * P);
    return g;
}

/* One layer with one output: rows are delta times the activations, of P values in all. */
static grasp_gradients *factored(grasp_context *ctx, double *act, double *delta)
{
    const int64_t in = P, out = 1;
    const int32_t bias = 0;
    grasp_gradients *g = NULL;
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &in, &out, NULL, &bias, 0, &g));
    for (int64_t first = 0; first < N; first += BATCH) {
        grasp_matrix *a = lent(ctx, act + first * P, BATCH, P), *b = lent(ctx, delta + first, BATCH, 1);
        ASSERT_OK(ctx, grasp_gradients_append_factors_lent(ctx, g, &a, &b, 1));
        grasp_matrix_free(a);
        grasp_matrix_free(b);
    }
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    return g;
}

/* A copy, even in float32, would take half of what was lent; sketches take an eighth, and a MiB while they are made. */
START_TEST(labels_without_a_copy)
{
    double *x = clumps(N, P), delta[N];
    const uint64_t rows = (uint64_t)N * P * sizeof *x;
    for (int64_t i = 0; i < N; i++)
        delta[i] = 1 + (double)(i % 5);
    for (int form = 0; form < 2; form++) {
        grasp_context *ctx = test_context();
        grasp_params *params = NULL;
        grasp_clusterer *c = NULL;
        grasp_groups *groups = NULL;
        grasp_distances *d = NULL;
        const uint64_t before = grasp_context_memory_used(ctx);
        grasp_gradients *g = form == 0 ? dense(ctx, x) : factored(ctx, x, delta);
        ck_assert_uint_lt(grasp_context_memory_peak(ctx) - before, rows / 100);
        ck_assert_uint_lt(grasp_gradients_bytes(g), rows / 100);
        ASSERT_OK(ctx, grasp_distances_create(ctx, g, NULL, &d));
        ck_assert_uint_lt(grasp_context_memory_peak(ctx) - before, rows / 20);
        ASSERT_OK(ctx, grasp_params_create(ctx, "dbscan", &params));
        ASSERT_OK(ctx, grasp_params_parse(ctx, params, "eps=0.3;min_samples=10"));
        ASSERT_OK(ctx, grasp_clusterer_create(ctx, "dbscan", params, &c));
        ASSERT_OK(ctx, grasp_clusterer_fit_distances(ctx, c, d));
        ck_assert_uint_lt(grasp_context_memory_peak(ctx) - before, rows * 3 / 8);
        ASSERT_OK(ctx, grasp_clusterer_groups(ctx, c, &groups));
        ck_assert_int_eq(grasp_groups_count(groups), CLUMPS);
        for (int64_t i = 0; form == 0 && i < N; i++)
            ck_assert_ptr_eq(grasp__gradients_row(g, i), x + i * P);
        grasp_groups_free(groups);
        grasp_clusterer_free(c);
        grasp_params_free(params);
        grasp_distances_free(d);
        grasp_gradients_free(g);
        grasp_context_free(ctx);
    }
    free(x);
}
END_TEST

Suite *check_cluster_lent_suite(void)
{
    Suite *suite = suite_create("cluster_lent");
    TCase *all = tcase_create("all");
    tcase_add_test(all, labels_without_a_copy);
    suite_add_tcase(suite, all);
    return suite;
}
