/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: DBSCAN over a tree. Its labels are those of the truth asked about every pair, of the brute-force oracle, and
 * of DBSCAN over pairs.
 */
#include "grasp.h"
#include "cluster/dbscan.h"
#include "cluster/dbscan_tree.h"
#include "support_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct space {
    grasp_matrix *matrix;
    grasp_gradients *gradients;
    grasp_distances *d;
} space;

static grasp_status space_open(grasp_context *ctx, const double *x, int64_t n, int64_t p, bool euclidean, bool center,
                               space *out)
{
    *out = (space){0};
    grasp_status s =
        grasp__matrix_wrap(ctx, GRASP_F64, n, p, p, (void *)(uintptr_t)x, NULL, NULL, &out->matrix);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, out->matrix, "x", &out->gradients);
    if (s == GRASP_OK)
        s = grasp__distances_create_implicit(ctx, out->gradients, euclidean ? GRASP__EUCLIDEAN : GRASP__COSINE, center,
                                             NULL, &out->d);
    return s;
}

static void space_close(space *o)
{
    grasp__distances_free(o->d);
    grasp__gradients_free(o->gradients);
    grasp_matrix_free(o->matrix);
}

/* Labels and flags of one way. */
typedef struct answer {
    int64_t clusters, *label;
    uint8_t *core;
    grasp__certificate seen;
} answer;

static answer answer_make(int64_t n)
{
    return (answer){.label = malloc((size_t)(n + 1) * sizeof(int64_t)), .core = malloc((size_t)n + 1)};
}

static void answer_free(answer *a)
{
    free(a->label);
    free(a->core);
}

static void assert_same(const answer *found, const answer *expected, int64_t n, const char *kind, int64_t item)
{
    ck_assert_msg(found->clusters == expected->clusters, "problem %d (%s): %d clusters, expected %d", (int)item, kind,
                  (int)found->clusters, (int)expected->clusters);
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg(found->label[i] == expected->label[i] && found->core[i] == expected->core[i],
                      "problem %d (%s): sample %d has label %d core %d, expected %d and %d", (int)item, kind, (int)i,
                      (int)found->label[i], found->core[i], (int)expected->label[i], expected->core[i]);
}

static void by_tree(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                    const int64_t *multiplicity, answer *a)
{
    bool used;
    ASSERT_OK(ctx, grasp__dbscan_tree(ctx, d, eps, min_samples, multiplicity, a->label, a->core, &a->clusters, &a->seen,
                                      GRASP__TREE_ALWAYS, &used));
    ck_assert(used);
    ck_assert(a->seen.ties <= a->seen.exact && a->seen.exact <= a->seen.undecided &&
              a->seen.undecided <= a->seen.pairs);
}

/* The truth about every pair. */
static void by_truth(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                     const int64_t *multiplicity, answer *a)
{
    int64_t n = grasp__distances_count(d);
    int *within = malloc((size_t)(n * n + 1) * sizeof *within);
    grasp__reader *reader = NULL;
    ASSERT_OK(ctx, grasp__reader_create(ctx, d, &reader));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            within[i * n + j] = grasp__reader_within(reader, i, j, eps);
    grasp__reader_free(reader);
    a->clusters = oracle_dbscan(within, n, min_samples, multiplicity, a->label, a->core);
    free(within);
}

/* ---- random problems --------------------------------------------------------------------------------------------- */

START_TEST(equals_the_oracle)
{
    int64_t clear = 0, asked = 0;
    for (int64_t item = 20000; item < 20000 + trials(800); item++) {
        problem *q = problem_random((uint64_t)item);
        oracle *o = oracle_make(q->x, q->n, q->p, q->euclidean, q->centered);
        int *within = malloc((size_t)(q->n * q->n + 1) * sizeof *within);
        bool serves = q->p <= GRASP__TREE_DIMENSIONS && (q->euclidean || q->eps < 1);
        asked += serves;
        if (serves && oracle_matrix(o, q->eps, within)) {
            answer found = answer_make(q->n), expected = answer_make(q->n);
            grasp_context *ctx = test_context();
            space s;
            clear++;
            ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + (int32_t)(item % 3)));
            ASSERT_OK(ctx, space_open(ctx, q->x, q->n, q->p, q->euclidean, q->centered, &s));
            expected.clusters = oracle_dbscan(within, q->n, q->min_samples, NULL, expected.label, expected.core);
            by_tree(ctx, s.d, q->eps, q->min_samples, NULL, &found);
            assert_same(&found, &expected, q->n, q->kind, item);
            space_close(&s);
            grasp_context_free(ctx);
            answer_free(&found);
            answer_free(&expected);
        }
        free(within);
        oracle_free(o);
        problem_free(q);
    }
    ck_assert_int_ge(clear, asked * 9 / 10);
}
END_TEST

enum { UNIFORM, CLUSTERS, INTEGERS, DUPLICATES, LINES, KINDS };
static const char *const kind_name[KINDS] = {"uniform", "clusters", "integers", "duplicates", "lines"};

/* Points of a kind; integers and lines have many pairs at exactly eps, or a rounding away from it. */
static void fill(grasp__rng *rng, int kind, double *x, int64_t n, int64_t p, double eps)
{
    random_normals(rng, x, n * p);
    for (int64_t i = 0; i < n; i++) {
        int64_t cluster = grasp__rng_below(rng, 5), copy = grasp__rng_below(rng, n / 4 + 1),
                step = grasp__rng_below(rng, n);
        for (int64_t k = 0; k < p; k++) {
            double *v = &x[i * p + k];
            if (kind == UNIFORM)
                *v = grasp__rng_uniform(rng) * 4 - 2;
            else if (kind == CLUSTERS)
                *v = (double)((cluster * (k + 3)) % 5) - 2 + 0.15 * *v;
            else if (kind == INTEGERS)
                *v = (double)(grasp__rng_below(rng, 7) - 3);
            else if (kind == DUPLICATES && i > n / 4)
                *v = x[copy * p + k];
            else if (kind == LINES && k == 0)
                *v = (double)step * eps * (1 + 0x1p-52 * (double)(grasp__rng_below(rng, 5) - 2));
            else if (kind == LINES)
                *v = (double)(cluster / 2);
        }
    }
}

/* One space of a random number of dimensions, scale and size, with its eps; some distances are taken as eps, so that a
 * pair or many lie on the boundary or a rounding beside it. */
static void check_random(int64_t item)
{
    grasp__rng rng = test_rng((uint64_t)item);
    int kind = (int)grasp__rng_below(&rng, KINDS);
    int64_t n = grasp__rng_below(&rng, 12) == 0 ? grasp__rng_below(&rng, 4) : 4 + grasp__rng_below(&rng, 300);
    int64_t p = 1 + grasp__rng_below(&rng, 8);
    bool euclidean = grasp__rng_below(&rng, 2) == 0, center = grasp__rng_below(&rng, 3) != 0;
    int64_t min_samples = 1 + grasp__rng_below(&rng, grasp__rng_below(&rng, 6) == 0 ? n + 3 : 12);
    double eps = euclidean ? 0.1 + 2 * grasp__rng_uniform(&rng) : 0.9 * pow(grasp__rng_uniform(&rng), 3), scale = 1;
    double *x = malloc((size_t)(n * p + 1) * sizeof *x);
    int64_t *multiplicity = grasp__rng_below(&rng, 4) == 0 ? malloc((size_t)(n + 1) * sizeof *multiplicity) : NULL;
    answer found = answer_make(n), expected = answer_make(n);
    grasp_context *ctx = test_context();
    space s;
    if (kind == INTEGERS && euclidean)
        eps = (double)(1 + grasp__rng_below(&rng, 3));
    fill(&rng, kind, x, n, p, eps);
    switch (grasp__rng_below(&rng, 8)) {
    case 0:
        scale = 1e-30;
        break;
    case 1:
        scale = 1e30;
        break;
    case 2:
        scale = 0x1p-530; /* squares underflow */
        break;
    default:
        break;
    }
    for (int64_t k = 0; k < n * p; k++)
        x[k] *= scale;
    eps *= euclidean ? scale : 1;
    for (int64_t i = 0; multiplicity != NULL && i < n; i++)
        multiplicity[i] = 1 + grasp__rng_below(&rng, 3);
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + (int32_t)(item % 3)));
    ASSERT_OK(ctx, space_open(ctx, x, n, p, euclidean, center, &s));
    if (n > 1 && grasp__rng_below(&rng, 3) == 0) {
        double value, half_width;
        grasp__reader *reader;
        ASSERT_OK(ctx, grasp__reader_create(ctx, s.d, &reader));
        grasp__reader_tile(reader, grasp__rng_below(&rng, n), 1, grasp__rng_below(&rng, n), 1, &value, &half_width);
        value = fmax(0, value + (euclidean ? value : 1) * 2e-15 * (double)(grasp__rng_below(&rng, 5) - 2));
        eps = euclidean || value < 1 ? value : eps;
        grasp__reader_free(reader);
    }
    by_truth(ctx, s.d, eps, min_samples, multiplicity, &expected);
    by_tree(ctx, s.d, eps, min_samples, multiplicity, &found);
    assert_same(&found, &expected, n, kind_name[kind], item);
    ASSERT_OK(ctx, grasp__dbscan(ctx, s.d, eps, min_samples, multiplicity, found.label, found.core, &found.clusters,
                                 &found.seen));
    assert_same(&found, &expected, n, kind_name[kind], item);
    space_close(&s);
    grasp_context_free(ctx);
    answer_free(&found);
    answer_free(&expected);
    free(multiplicity);
    free(x);
}

START_TEST(equals_the_truth)
{
    for (int64_t item = 0; item < trials(600); item++)
        check_random(40000 + item);
}
END_TEST

/* Trees of many levels, the labels of DBSCAN over pairs. */
START_TEST(equals_pairs)
{
    static const struct {
        int kind;
        int64_t n, p;
        bool euclidean;
        double eps;
        int64_t min_samples;
    } cases[] = {
        {UNIFORM, 12000, 2, true, 0.03, 5},   {UNIFORM, 3000, 3, false, 0.002, 6}, {CLUSTERS, 12000, 3, true, 0.05, 8},
        {CLUSTERS, 3000, 8, false, 0.003, 5}, {CLUSTERS, 3000, 8, true, 0.25, 4},  {INTEGERS, 3000, 6, true, 1, 3},
        {DUPLICATES, 3000, 4, true, 0, 4},    {LINES, 3000, 2, true, 1e-3, 3},     {UNIFORM, 3000, 5, true, 100, 9},
        {UNIFORM, 3000, 5, true, 1e-9, 2},    {UNIFORM, 9000, 1, true, 3e-4, 4},
    };
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        grasp__rng rng = test_rng(70 + t);
        int64_t n = trials(cases[t].n) < cases[t].n ? cases[t].n / 10 : cases[t].n, p = cases[t].p;
        double *x = malloc((size_t)(n * p) * sizeof *x);
        answer found = answer_make(n), expected = answer_make(n);
        grasp_context *ctx = test_context();
        space s;
        fill(&rng, cases[t].kind, x, n, p, cases[t].eps);
        ASSERT_OK(ctx, space_open(ctx, x, n, p, cases[t].euclidean, true, &s));
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 2));
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, cases[t].eps, cases[t].min_samples, NULL, expected.label,
                                           expected.core, &expected.clusters, NULL, GRASP__PAIRS_IF_CHEAPER));
        by_tree(ctx, s.d, cases[t].eps, cases[t].min_samples, NULL, &found);
        assert_same(&found, &expected, n, kind_name[cases[t].kind], (int64_t)t);
        space_close(&s);
        grasp_context_free(ctx);
        answer_free(&found);
        answer_free(&expected);
        free(x);
    }
}
END_TEST

/* ---- what it does not serve, what it must survive ---------------------------------------------------------------- */

START_TEST(declines)
{
    grasp_context *ctx = test_context();
    double x[4 * 9] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct {
        int64_t p;
        bool euclidean;
        double eps;
        bool used;
    } cases[] = {{2, false, 1, false},        {2, false, 0.999, true}, {9, true, 1, false}, {8, true, 1, true},
                 {2, true, 0x1p501, false},   {2, true, 0x1p499, true}, {2, false, 3, false}};
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        bool used = !cases[t].used;
        int64_t label[4] = {77, 77, 77, 77}, clusters;
        space s;
        ASSERT_OK(ctx, space_open(ctx, x, 4, cases[t].p, cases[t].euclidean, false, &s));
        ASSERT_OK(ctx, grasp__dbscan_tree(ctx, s.d, cases[t].eps, 1, NULL, label, NULL, &clusters, NULL,
                                          GRASP__TREE_ALWAYS, &used));
        ck_assert_msg(used == cases[t].used && (label[3] == 77) == !used, "case %d", (int)t);
        space_close(&s);
    }
    grasp_context_free(ctx);
}
END_TEST

typedef struct scenario {
    int64_t n, p;
    bool euclidean;
    double eps, *x;
    int64_t *label;
} scenario;

static grasp_status run_scenario(grasp_context *ctx, void *arg)
{
    scenario *q = arg;
    space o;
    bool used;
    grasp_status s = space_open(ctx, q->x, q->n, q->p, q->euclidean, true, &o);
    if (s == GRASP_OK)
        s = grasp__enter(ctx, __func__);
    if (s == GRASP_OK) {
        s = grasp__dbscan_tree(ctx, o.d, q->eps, 5, NULL, q->label, NULL, NULL, NULL, GRASP__TREE_ALWAYS, &used);
        s = grasp__leave(ctx, s);
    }
    space_close(&o);
    return s;
}

START_TEST(fails_cleanly_and_alike_on_any_number_of_threads)
{
    enum { N = 12000, P = 3 };
    grasp__rng rng = test_rng(90);
    scenario q = {N, P, true, 0.06, malloc(N * P * sizeof(double)), malloc(N * sizeof(int64_t))};
    fill(&rng, CLUSTERS, q.x, N, P, q.eps);
    for_each_thread_count(run_scenario, &q, GRASP_OK, q.label, N * sizeof(int64_t));
    q.euclidean = false;
    q.eps = 0.001;
    for_each_thread_count(run_scenario, &q, GRASP_OK, q.label, N * sizeof(int64_t));
    for_each_cancel(run_scenario, &q);
    q.n = 300;
    for_each_failing_allocation(run_scenario, &q);
    free(q.x);
    free(q.label);
}
END_TEST

Suite *check_cluster_tree_suite(void);
Suite *check_cluster_tree_suite(void)
{
    Suite *suite = suite_create("cluster_tree");
    TCase *labels = tcase_create("labels"), *promises = tcase_create("promises");
    tcase_set_timeout(labels, 120);
    tcase_set_timeout(promises, 120);
    tcase_add_test(labels, equals_the_oracle);
    tcase_add_test(labels, equals_the_truth);
    tcase_add_test(labels, equals_pairs);
    tcase_add_test(promises, declines);
    tcase_add_test(promises, fails_cleanly_and_alike_on_any_number_of_threads);
    suite_add_tcase(suite, labels);
    suite_add_tcase(suite, promises);
    return suite;
}
