/* SPDX-License-Identifier: BSD-3-Clause
 * cluster: DBSCAN that passes over what is far, and DBSCAN over all pairs. On data of several panels made to break
 * certificates their labels are those of brute force in long double, whatever the kernel and the number of threads; the
 * one does pass over, the other looks at each pair once, and each is taken where it is the better one.
 */
#include "grasp.h"
#include "cluster/dbscan.h"
#include "support_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 760 }; /* enough that near ones are looked at first */

typedef enum kind {
    CLUSTERS,   /* thirty, and as many outliers as members of all */
    NO_SHAPE,   /* normal entries */
    COPIES,     /* each row four times */
    AT_EPS,     /* whole numbers, many pairs at exactly eps */
    ORTHOGONAL, /* unit rows along the axes: cosine distances 0 and 1 */
    FAR_MEAN,   /* |mean| >> spread */
    TINY,
    HUGE_ROWS,
    NEAR_ZERO,  /* lengths from 0 and 1e-12 to 1 */
    KINDS
} kind;

static const char *const kind_names[KINDS] = {"clusters", "no shape", "copies",    "at eps",   "orthogonal",
                                              "far mean", "tiny",     "huge rows", "near zero"};

static void fill(grasp__rng *rng, kind of, int64_t p, double *x)
{
    enum { CENTRES = 30 };
    double centre[CENTRES * 70];
    random_normals(rng, centre, CENTRES * p);
    for (int64_t i = 0; i < N; i++) {
        double *row = x + i * p;
        const double *at = centre + i % CENTRES * p;
        const double spread = of == NO_SHAPE ? 1 : i % 2 ? 0.05 : 1.5;
        for (int64_t k = 0; k < p; k++)
            row[k] = (of == NO_SHAPE ? 0 : at[k]) + spread * grasp__rng_normal(rng);
        for (int64_t k = 0; k < p && (of == AT_EPS || of == ORTHOGONAL); k++)
            row[k] = of == AT_EPS ? (double)(k < 4 ? grasp__rng_below(rng, 6) : 0) : 0;
        if (of == ORTHOGONAL)
            row[i * 5 % p] = i % 3 ? 1 : -2;
        if (of == COPIES && i >= N / 4)
            memcpy(row, x + i % (N / 4) * p, (size_t)p * sizeof *row);
        for (int64_t k = 0; k < p; k++)
            row[k] = of == FAR_MEAN    ? row[k] + 1e7
                     : of == TINY      ? row[k] * 1e-30
                     : of == HUGE_ROWS ? row[k] * 1e30
                     : of == NEAR_ZERO ? row[k] * (i % 9 ? pow(10, -(double)(i % 4 * 4)) : 0)
                                       : row[k];
    }
}

/* A distance below which a few of a hundred pairs lie, in the middle of a gap; or one that pairs have exactly. */
static double some_eps(const oracle *o, kind of, bool euclidean)
{
    enum { PAIRS = 400, RANK = 12 };
    double d[PAIRS];
    if (of == AT_EPS || of == ORTHOGONAL)
        return of == AT_EPS && !euclidean ? 0.5 : 1;
    for (int64_t q = 0; q < PAIRS; q++)
        d[q] = (double)oracle_distance(o, q, (q + 30) % N); /* often of one cluster */
    for (int64_t a = 1; a < PAIRS; a++)
        for (int64_t b = a; b > 0 && d[b] < d[b - 1]; b--) {
            const double t = d[b];
            d[b] = d[b - 1];
            d[b - 1] = t;
        }
    const double eps = d[RANK] > 0 ? d[RANK] : d[PAIRS / 2];
    return eps * (1 + 1e-9); /* so near a pair that no byte decides it */
}

typedef struct space {
    grasp_matrix *matrix;
    grasp_gradients *gradients;
    grasp_distances *d;
} space;

static grasp_status space_open(grasp_context *ctx, const double *x, int64_t n, int64_t p, bool euclidean, bool center,
                               space *out)
{
    *out = (space){0};
    grasp_status s = grasp__matrix_wrap(ctx, GRASP_F64, n, p, p, (void *)(uintptr_t)x, NULL, NULL, &out->matrix);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, out->matrix, "x", &out->gradients);
    return s != GRASP_OK ? s
                         : grasp__distances_create_implicit(ctx, out->gradients,
                                                            euclidean ? GRASP__EUCLIDEAN : GRASP__COSINE, center, NULL,
                                                            &out->d);
}

static void space_close(space *o)
{
    grasp__distances_free(o->d);
    grasp__gradients_free(o->gradients);
    grasp_matrix_free(o->matrix);
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

typedef struct truth {
    int64_t clusters, label[N];
    uint8_t core[N];
} truth;

/* One problem on one kernel in one way, on one thread, two and three. */
static void check_kernel(const char *kernel, int how, const double *x, int64_t p, const oracle *o, double eps,
                         int64_t min_samples, const int64_t *multiplicity, const truth *expected, const char *what)
{
    int64_t label[N], found;
    uint8_t core[N];
    grasp__certificate first = {0}, seen;
    for (int32_t threads = 1; threads <= 3; threads++) {
        grasp_context *ctx = test_context();
        space s;
        if (grasp_context_set_kernel(ctx, kernel) != GRASP_OK) {
            grasp_context_free(ctx);
            return;
        }
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        ASSERT_OK(ctx, space_open(ctx, x, N, p, o->euclidean, o->centered, &s));
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, eps, min_samples, multiplicity, label, core, &found, &seen,
                                           how));
        ck_assert_msg(found == expected->clusters, "%s, %s: %d clusters, expected %d", what, kernel, (int)found,
                      (int)expected->clusters);
        for (int64_t i = 0; i < N; i++)
            ck_assert_msg(label[i] == expected->label[i] && core[i] == expected->core[i],
                          "%s, %s: sample %d has label %d core %d, expected %d and %d", what, kernel, (int)i,
                          (int)label[i], core[i], (int)expected->label[i], expected->core[i]);
        first = threads == 1 ? seen : first;
        ck_assert_msg(memcmp(&first, &seen, sizeof seen) == 0, "%s, %s: another certificate on %d threads", what,
                      kernel, (int)threads);
        space_close(&s);
        grasp_context_free(ctx);
    }
}

static bool check_problem(uint64_t item, kind of)
{
    static const char *const kernels[] = {"portable", "avx2", "avx512"};
    static const int64_t columns[] = {9, 12, 33, 70};
    grasp__rng rng = test_rng(item);
    const int64_t p = columns[grasp__rng_below(&rng, 4)];
    const bool euclidean = grasp__rng_below(&rng, 2) != 0, weighted = grasp__rng_below(&rng, 3) == 0;
    const bool heavy = weighted && grasp__rng_below(&rng, 2) == 0; /* more neighbours than are ever noted */
    const bool center = of != AT_EPS && of != ORTHOGONAL && of != NEAR_ZERO;
    const int64_t min_samples = (2 + grasp__rng_below(&rng, 8)) * (heavy ? 400 : 1);
    double *x = malloc((size_t)(N * p) * sizeof *x);
    int *within = malloc(N * N * sizeof *within);
    int64_t multiplicity[N];
    truth expected;
    char what[80];
    fill(&rng, of, p, x);
    for (int64_t i = 0; i < N; i++)
        multiplicity[i] = (1 + grasp__rng_below(&rng, 3)) * (heavy ? 200 : 1);
    oracle *o = oracle_make(x, N, p, euclidean, center);
    const double eps = some_eps(o, of, euclidean);
    const bool clear = oracle_matrix(o, eps, within);
    grasp__format(what, sizeof what, "problem %d (%s, p %d, metric %d)", (int)item, kind_names[of], (int)p,
                  (int)euclidean);
    if (clear) {
        expected.clusters =
            oracle_dbscan(within, N, min_samples, weighted ? multiplicity : NULL, expected.label, expected.core);
        for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
            for (int how = GRASP__PAIRS_SOME; how <= GRASP__PAIRS_ALL_UNKEPT; how++)
                check_kernel(kernels[k], how, x, p, o, eps, min_samples, weighted ? multiplicity : NULL, &expected,
                             what);
    }
    oracle_free(o);
    free(within);
    free(x);
    return clear;
}

START_TEST(equals_the_oracle)
{
    int64_t asked = trials(6), clear = 0;
    for (int64_t t = 0; t < asked; t++)
        clear += check_problem((uint64_t)(1000 * _i + t), (kind)_i);
    ck_assert_msg(clear * 4 >= asked * 3, "%s: only %d of %d problems have an answer", kind_names[_i], (int)clear,
                  (int)asked);
}
END_TEST

/* Clusters far apart and far outliers: most pairs are never looked at. */
START_TEST(passes_over_what_is_far)
{
    enum { P = 20, MANY = 6000 };
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(7);
    double *x = malloc(MANY * P * sizeof *x);
    int64_t *label = malloc(MANY * sizeof *label), clusters;
    grasp__certificate seen;
    space s;
    for (int64_t i = 0; i < MANY; i++)
        for (int64_t k = 0; k < P; k++)
            x[i * P + k] =
                (i % 3 == 0 ? 3 : 0.01) * grasp__rng_normal(&rng) + (k < 8 ? (double)((i * (k + 3)) % 5) : 0);
    ASSERT_OK(ctx, space_open(ctx, x, MANY, P, true, true, &s));
    ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, 0.5, 10, NULL, label, NULL, &clusters, &seen,
                                       GRASP__PAIRS_IF_CHEAPER));
    ck_assert_int_eq(clusters, 5);
    ck_assert_msg(seen.pairs < MANY * (int64_t)MANY / 4, "%.2f of all pairs were looked at",
                  (double)seen.pairs / MANY / MANY);
    space_close(&s);
    grasp_context_free(ctx);
    free(x);
    free(label);
}
END_TEST

/* Most samples in one thick place, the others in thin ones that stand together in the order: looking near first is
 * tried on some of these, pays, and is done. Those that were tried are counted once. */
START_TEST(tries_before_it_looks_at_all_pairs)
{
    enum { P = 12, MANY = 20000, THICK = 13000, FEW = 16, ENOUGH = 24 };
    const int64_t all = (int64_t)MANY * (MANY - 1) / 2;
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(9);
    double *x = malloc(MANY * P * sizeof *x), centre[P] = {0};
    int64_t *label = malloc(2 * MANY * sizeof *label), clusters, pairs[2];
    grasp__certificate seen;
    space s;
    for (int64_t i = 0; i < MANY; i++)
        for (int64_t k = 0; k < P; k++) {
            if (i >= THICK && (i - THICK) % (FEW + ENOUGH) % ENOUGH == 0)
                centre[k] = 10 + 20 * fabs(grasp__rng_normal(&rng));
            x[i * P + k] = centre[k] + 0.1 * grasp__rng_normal(&rng);
        }
    ASSERT_OK(ctx, space_open(ctx, x, MANY, P, true, true, &s));
    for (int how = GRASP__PAIRS_IF_CHEAPER; how <= GRASP__PAIRS_SOME; how++) {
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, 2, 20, NULL, label + how * MANY, NULL, &clusters, &seen, how));
        pairs[how] = seen.pairs;
        ck_assert_int_eq(clusters, 1 + (MANY - THICK - 1) / (FEW + ENOUGH) + 1);
    }
    ck_assert_msg(pairs[0] != pairs[1] && pairs[0] < all / 4, "%d pairs were looked at, %d without trying",
                  (int)pairs[0], (int)pairs[1]);
    ck_assert_int_eq(memcmp(label, label + MANY, MANY * sizeof *label), 0);
    space_close(&s);
    grasp_context_free(ctx);
    free(x);
    free(label);
}
END_TEST

/* Samples along the axes, eps at the distance of nearly all pairs: all pairs would be left open, which is given up; so
 * only those are decided on which an answer depends, as many on any number of threads. */
START_TEST(gives_all_pairs_up_where_most_are_at_eps)
{
    enum { P = 33, ALIKE = 100, MANY = P * ALIKE };
    double *x = calloc(MANY * P, sizeof *x);
    int64_t *label = malloc(MANY * sizeof *label), clusters;
    grasp__certificate seen, first = {0};
    for (int64_t i = 0; i < MANY; i++)
        x[i * P + i % P] = 1 + (double)(i % 7);
    for (int32_t threads = 1; threads <= 3; threads++) {
        grasp_context *ctx = test_context();
        space s;
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        ASSERT_OK(ctx, space_open(ctx, x, MANY, P, false, false, &s));
        ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, 1, ALIKE + 20, NULL, label, NULL, &clusters, &seen,
                                           GRASP__PAIRS_IF_CHEAPER));
        ck_assert_int_eq(clusters, 1);
        for (int64_t i = 0; i < MANY; i++)
            if (label[i] != 0)
                ck_abort_msg("sample %d is in %d", (int)i, (int)label[i]);
        ck_assert_msg(seen.exact < 100 * (int64_t)MANY, "%d pairs were decided", (int)seen.exact);
        first = threads == 1 ? seen : first;
        ck_assert_int_eq(memcmp(&first, &seen, sizeof seen), 0);
        space_close(&s);
        grasp_context_free(ctx);
    }
    free(x);
    free(label);
}
END_TEST

/* No structure, half of the samples core: little more than each pair once. Under a memory limit that gets tighter there
 * are first no bits for them, and then it is not done over all pairs; the labels stay. */
START_TEST(looks_at_each_pair_once_without_structure)
{
    enum { P = 24, MANY = 3000, MIN_SAMPLES = 200, STEP = 1 << 17, STEPS = 64 };
    const int64_t all = (int64_t)MANY * (MANY - 1) / 2;
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(8);
    double *x = malloc(MANY * P * sizeof *x);
    int64_t *label = malloc(2 * MANY * sizeof *label), clusters, pairs[STEPS + 1], ways = 1;
    grasp__certificate seen;
    grasp_status status = GRASP_OK;
    space s;
    random_normals(&rng, x, MANY * P);
    ASSERT_OK(ctx, space_open(ctx, x, MANY, P, false, true, &s));
    ASSERT_OK(ctx, grasp__dbscan_pairs(ctx, s.d, 0.7, MIN_SAMPLES, NULL, label, NULL, &clusters, &seen,
                                       GRASP__PAIRS_SOME));
    ck_assert_msg(seen.pairs > 2 * all, "%d pairs were looked at", (int)seen.pairs);
    const uint64_t used = grasp_context_memory_used(ctx);
    for (int64_t step = STEPS; step > 0 && status == GRASP_OK; step--) {
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, used + (uint64_t)step * STEP));
        status = grasp__dbscan_pairs(ctx, s.d, 0.7, MIN_SAMPLES, NULL, label + MANY, NULL, &clusters, &seen,
                                     GRASP__PAIRS_IF_CHEAPER);
        pairs[step] = seen.pairs;
        if (status == GRASP_OK)
            ck_assert_int_eq(memcmp(label, label + MANY, MANY * sizeof *label), 0);
        if (status == GRASP_OK && step < STEPS)
            ways += pairs[step] != pairs[step + 1];
        ck_assert_int_eq((int64_t)grasp_context_memory_used(ctx), (int64_t)used);
    }
    ck_assert_msg(pairs[STEPS] < all + all / 4, "%d pairs were looked at", (int)pairs[STEPS]);
    ck_assert_int_eq(status, GRASP_E_MEMLIMIT);
    ck_assert_int_eq(ways, 3);
    space_close(&s);
    grasp_context_free(ctx);
    free(x);
    free(label);
}
END_TEST

/* ---- promises ---------------------------------------------------------------------------------------------------- */

typedef struct scenario {
    int64_t n, p, *label;
    double eps, *x;
    int how;
} scenario;

static grasp_status run_scenario(grasp_context *ctx, void *arg)
{
    scenario *q = arg;
    space o;
    grasp_status s = space_open(ctx, q->x, q->n, q->p, true, true, &o);
    if (s == GRASP_OK)
        s = grasp__enter(ctx, __func__);
    if (s == GRASP_OK) {
        s = grasp__dbscan_pairs(ctx, o.d, q->eps, 5, NULL, q->label, NULL, NULL, NULL, q->how);
        s = grasp__leave(ctx, s);
    }
    space_close(&o);
    return s;
}

START_TEST(fails_cleanly_and_alike_on_any_number_of_threads)
{
    enum { P = 12 };
    grasp__rng rng = test_rng(91);
    scenario q = {N, P, malloc(N * sizeof(int64_t)), 1.2, malloc(N * P * sizeof(double)), GRASP__PAIRS_SOME};
    fill(&rng, CLUSTERS, P, q.x);
    for (; q.how <= GRASP__PAIRS_ALL_UNKEPT; q.how++) {
        for_each_thread_count(run_scenario, &q, GRASP_OK, q.label, N * sizeof(int64_t));
        for_each_cancel(run_scenario, &q);
        for_each_failing_allocation(run_scenario, &q);
    }
    free(q.x);
    free(q.label);
}
END_TEST

Suite *check_cluster_near_suite(void);
Suite *check_cluster_near_suite(void)
{
    Suite *suite = suite_create("cluster_near");
    TCase *labels = tcase_create("labels"), *promises = tcase_create("promises");
    tcase_set_timeout(labels, 240);
    tcase_set_timeout(promises, 120);
    tcase_add_loop_test(labels, equals_the_oracle, 0, KINDS);
    tcase_add_test(labels, passes_over_what_is_far);
    tcase_add_test(labels, tries_before_it_looks_at_all_pairs);
    tcase_add_test(labels, gives_all_pairs_up_where_most_are_at_eps);
    tcase_add_test(labels, looks_at_each_pair_once_without_structure);
    tcase_add_test(promises, fails_cleanly_and_alike_on_any_number_of_threads);
    suite_add_tcase(suite, labels);
    suite_add_tcase(suite, promises);
    return suite;
}
