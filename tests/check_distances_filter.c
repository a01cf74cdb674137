/* SPDX-License-Identifier: BSD-3-Clause
 * Filters: a verdict that is certain is the truth, for every kernel and metric, on data made to break the bounds; and
 * most verdicts are certain where data are ordinary.
 */
#include "grasp.h"
#include "distances/distances.h"
#include "distances/space.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kernels[] = {"portable", "avx2", "avx512"};

enum { KERNELS = sizeof kernels / sizeof *kernels };

typedef enum kind {
    GAUSSIAN,
    TIGHT,    /* two clusters, narrow and far apart */
    LINE,     /* nearly all along one direction */
    SPIKES,   /* one large entry a row, at different places */
    CORNERS,  /* entries +-1 */
    ONE_HOT,  /* orthogonal rows: ties at eps 1 */
    LATTICE,  /* small whole numbers: ties at eps 1, 2, .. */
    OFFSET,   /* |mean| >> spread */
    TINY,
    HUGE_ROWS,
    MIXED,    /* lengths from 1e-12 to 1 */
    COPIES,   /* few different rows, some zero, some turned round */
    EQUAL,
    LAST_ONE, /* the last entry far above all others */
    KINDS
} kind;

static void fill(double *x, int64_t n, int64_t p, kind of, grasp__rng *rng)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < p; k++) {
            double *at = &x[i * p + k], normal = grasp__rng_normal(rng);
            switch (of) {
            case TIGHT:
                *at = (i % 2 ? 1 : -1) * (1 + (double)(k % 3)) + 1e-4 * normal;
                break;
            case LINE:
                *at = (double)(i % 7 - 3) * (1 + (double)(k % 5)) + 1e-3 * normal;
                break;
            case SPIKES:
                *at = (k * 7 + i) % p == 0 ? 100 : 1e-2 * normal;
                break;
            case CORNERS:
                *at = grasp__rng_u32(rng) & 1 ? 1 : -1;
                break;
            case ONE_HOT:
                *at = k == i % p ? 1 + (double)(i / p) : 0;
                break;
            case LATTICE:
                *at = k < 3 ? (double)grasp__rng_below(rng, 4) : 0;
                break;
            case OFFSET:
                *at = 1e7 + normal;
                break;
            case TINY:
                *at = 1e-30 * normal;
                break;
            case HUGE_ROWS:
                *at = 1e30 * normal;
                break;
            case MIXED:
                *at = normal * pow(10, -(double)(i % 13));
                break;
            case COPIES:
                *at = i < 5 ? normal : i % 11 == 0 ? 0 : (i % 3 ? 1 : -1) * x[i % 5 * p + k];
                break;
            case EQUAL:
                *at = (double)k;
                break;
            case LAST_ONE:
                *at = k == p - 1 ? 50 + normal : 0.1 * normal;
                break;
            default:
                *at = normal;
            }
        }
}

/* What a sight offers to `together` rows at a time, in the order or as they come: no pair within eps is missing. */
static void check_sight(const grasp__order *order, grasp__sight *sight, grasp__reader *reader, int64_t n, bool ordered,
                        double eps, const char *what)
{
    enum { TOGETHER = 23 };
    bool *offered = calloc((size_t)(n * n), sizeof *offered); /* row, column */
    for (int64_t first = 0; first < n; first += TOGETHER) {
        int64_t row[TOGETHER], column[GRASP__PROBE_COLUMNS];
        int32_t place[TOGETHER];
        const int32_t *panel;
        const int64_t m = n - first < TOGETHER ? n - first : TOGETHER;
        for (int64_t a = 0; a < m; a++)
            row[a] = ordered ? grasp__order_sample(order, first + a) : first + a;
        const grasp__sketch_box box = grasp__order_box(order, row, m);
        const int64_t panels = grasp__sight_panels(sight, &box, &panel);
        grasp__sight_rows(sight, row, m);
        for (int64_t q = 0; q < panels; q++) {
            const int64_t near = grasp__sight_near(sight, panel[q], m, place);
            const int64_t columns = grasp__order_panel(order, panel[q], column);
            for (int64_t a = 0; a < near; a++)
                for (int64_t b = 0; b < columns; b++)
                    offered[row[place[a]] * n + column[b]] = true;
        }
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            if (i != k && !offered[i * n + k] && grasp__reader_within(reader, i, k, eps))
                ck_abort_msg("%s: (%d, %d) at eps %.17g passed over", what, (int)i, (int)k, eps);
    free(offered);
}

static void check_order(grasp_context *ctx, grasp__filter *filter, grasp__reader *reader, int64_t n, double eps,
                        const char *what)
{
    grasp__order *order = NULL;
    grasp__sight *sight = NULL;
    int64_t *scratch = malloc((size_t)n * sizeof *scratch);
    bool *met = calloc((size_t)n, sizeof *met);
    ASSERT_OK(ctx, grasp__order_create(ctx, filter, scratch, &order));
    if (order != NULL) {
        ASSERT_OK(ctx, grasp__sight_create(ctx, order, &sight));
        for (int64_t k = 0; k < n; k++) {
            ck_assert(!met[grasp__order_sample(order, k)]);
            met[grasp__order_sample(order, k)] = true;
        }
        check_sight(order, sight, reader, n, true, eps, what);
        check_sight(order, sight, reader, n, false, eps, what);
    }
    free(scratch);
    free(met);
    grasp__sight_free(sight);
    grasp__order_free(order);
}

/* Every verdict on n rows at one eps against the truth; adds up verdicts and those that were left open. */
static void check_verdicts(grasp_context *ctx, const grasp_distances *d, double eps, const char *what, int64_t *asked,
                           int64_t *open)
{
    const int64_t n = grasp__distances_count(d);
    grasp__filter *filter = NULL;
    grasp__probe *probe = NULL;
    grasp__reader *reader = NULL;
    int64_t sample[GRASP__PROBE_ROWS];
    uint64_t within[GRASP__PROBE_ROWS], maybe[GRASP__PROBE_ROWS];
    ck_assert_int_le(n, GRASP__PROBE_ROWS);
    ASSERT_OK(ctx, grasp__filter_create(ctx, d, eps, &filter));
    ASSERT_OK(ctx, grasp__probe_create(ctx, filter, &probe));
    ASSERT_OK(ctx, grasp__reader_create(ctx, d, &reader));
    for (int64_t i = 0; i < n; i++)
        sample[i] = i * 7 % n; /* n is no multiple of 7 */
    if (n > GRASP__PROBE_COLUMNS)
        check_order(ctx, filter, reader, n, eps, what); /* moves rows: verdicts stay */
    for (int64_t j = 0; j < n; j += GRASP__PROBE_COLUMNS) {
        const int64_t columns = n - j < GRASP__PROBE_COLUMNS ? n - j : GRASP__PROBE_COLUMNS;
        const int64_t rows = j == 0 ? n : 1 + j % n; /* few rows too */
        grasp__probe_columns(probe, sample + j, columns);
        grasp__probe_rows(probe, sample, rows, within, maybe);
        for (int64_t a = 0; a < rows; a++) {
            bool wrong = (within[a] & ~maybe[a]) != 0 || (columns < 64 && maybe[a] >> columns != 0);
            for (int64_t b = 0; b < columns; b++) {
                const int64_t i = sample[a], k = sample[j + b];
                const bool truth = grasp__reader_within(reader, i, k, eps);
                bool tie;
                if (i == k && grasp__filter_is_alone(filter, i))
                    continue;
                ++*asked;
                if (within[a] >> b & 1 || !(maybe[a] >> b & 1)) {
                    wrong = wrong || truth != (within[a] >> b & 1);
                } else {
                    ++*open;
                    wrong = wrong || grasp__probe_decide(probe, i, k, &tie) != truth ||
                            tie != (fabs(grasp__reader_value(reader, i, k) - eps) <= 1e-6);
                }
                if (wrong) /* an assertion for every pair would write a file for every pair */
                    ck_abort_msg("%s: (%d, %d) at eps %.17g: within %d, maybe %d, truth %d", what, (int)i, (int)k, eps,
                                 (int)(within[a] >> b & 1), (int)(maybe[a] >> b & 1), truth);
            }
        }
    }
    grasp__reader_free(reader);
    grasp__probe_free(probe);
    grasp__filter_free(filter);
}

static void check_data(int64_t n, int64_t p, kind of, int32_t metric, bool center, const char *kernel, uint64_t item)
{
    grasp_context *ctx = test_context();
    grasp_matrix *x = NULL;
    grasp_gradients *g = NULL;
    grasp_distances *d = NULL;
    grasp__reader *reader = NULL;
    grasp__rng rng = test_rng(item);
    char what[80];
    int64_t asked = 0, open = 0;
    grasp__format(what, sizeof what, "%s, kind %d, metric %d, p %d", kernel, (int)of, (int)metric, (int)p);
    if (grasp_context_set_kernel(ctx, kernel) == GRASP_OK) {
        ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, n, p, &x));
        fill(grasp_matrix_data(x), n, p, of, &rng);
        ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, x, "x", &g));
        ASSERT_OK(ctx, grasp__distances_create_implicit(ctx, g, metric, center, NULL, &d));
        ASSERT_OK(ctx, grasp__reader_create(ctx, d, &reader));
        const double some = grasp__reader_value(reader, 1, n / 2), other = grasp__reader_value(reader, 0, n - 1);
        const double eps[] = {some, nextafter(some, 0), other * (1 + 1e-7), (some + other) / 2, 0, 1, 2, 1e300};
        const size_t settings = sizeof eps / sizeof *eps, fewer = settings / (size_t)trials((int64_t)settings);
        const size_t step = p > 100 && fewer < 2 ? 2 : fewer;
        for (size_t e = item % step; e < settings; e += step)
            check_verdicts(ctx, d, eps[e], what, &asked, &open);
        if (of == GAUSSIAN && p > 8)
            ck_assert_msg(open < asked / 2, "%s: %d of %d verdicts open", what, (int)open, (int)asked);
    }
    grasp__reader_free(reader);
    grasp__distances_free(d);
    grasp__gradients_free(g);
    grasp_matrix_free(x);
    grasp_context_free(ctx);
}

START_TEST(short_rows)
{
    uint64_t item = 0;
    for (int64_t p = 1; p <= 70; p += 1 + p / 4)
        for (int of = 0; of < KINDS; of++, item++)
            check_data(71, p, (kind)of, item % 3 == 0 ? GRASP__EUCLIDEAN : GRASP__COSINE, item % 2 == 0,
                       kernels[_i], item);
}
END_TEST

START_TEST(longer_rows)
{
    static const int64_t p[] = {127, 300, 1025, 5000};
    for (int of = 0; of < KINDS; of++)
        for (int metric = GRASP__COSINE; metric <= GRASP__EUCLIDEAN; metric++)
            check_data(of % 4 == 3 ? 31 : 71, p[(of + metric) % 4], (kind)of, metric, of % 4 < 2, kernels[_i],
                       (uint64_t)(1000 + of + metric));
}
END_TEST

START_TEST(more_panels)
{
    for (int of = 0; of < KINDS; of++)
        for (int metric = GRASP__COSINE; metric <= GRASP__EUCLIDEAN; metric++)
            check_data(198, of % 2 ? 9 : 40, (kind)of, metric, of % 3 == 0, kernels[_i],
                       (uint64_t)(2000 + of + metric));
}
END_TEST

/* Levels are fewer where sums would not fit 32 bits. */
START_TEST(very_long_rows)
{
    check_data(9, 70001, GAUSSIAN, GRASP__COSINE, true, kernels[_i], 1);
    check_data(9, 300000, CORNERS, GRASP__EUCLIDEAN, true, kernels[_i], 2);
}
END_TEST

/* Which kernel and how many rows at once change no verdict's truth; what a condensed or square space says is exact. */
START_TEST(stored_spaces)
{
    enum { N = 40, P = 5 };
    grasp_context *ctx = test_context();
    grasp_params *params = NULL;
    grasp_matrix *x = NULL, *square = NULL;
    grasp_distances *condensed = NULL, *precomputed = NULL;
    grasp__rng rng = test_rng(3);
    int64_t asked = 0, open = 0;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, P, &x));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, N, &square));
    fill(grasp_matrix_data(x), N, P, LATTICE, &rng);
    ASSERT_OK(ctx, grasp_params_create(ctx, "distances", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "metric=euclidean;storage=condensed"));
    ASSERT_OK(ctx, grasp_distances_create_from_points(ctx, x, params, &condensed));
    ASSERT_OK(ctx, grasp_distances_block(ctx, condensed, 0, N, 0, N, square));
    ASSERT_OK(ctx, grasp_distances_create_from_matrix(ctx, square, &precomputed));
    check_verdicts(ctx, condensed, 1, "condensed", &asked, &open);
    open = 0;
    check_verdicts(ctx, precomputed, 1, "square", &asked, &open);
    ck_assert_int_eq(open, 0);
    grasp_distances_free(condensed);
    grasp_distances_free(precomputed);
    grasp_matrix_free(x);
    grasp_matrix_free(square);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_distances_filter_suite(void)
{
    Suite *suite = suite_create("distances_filter");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, short_rows, 0, KERNELS);
    tcase_add_loop_test(all, more_panels, 0, KERNELS);
    tcase_add_loop_test(all, longer_rows, 0, KERNELS);
    tcase_add_loop_test(all, very_long_rows, 0, KERNELS);
    tcase_add_test(all, stored_spaces);
    suite_add_tcase(suite, all);
    return suite;
}
