/* SPDX-License-Identifier: BSD-3-Clause
 * Verdicts on all pairs: whatever the windows, the kernel and the threads, each pair comes once, and what is said of it
 * is what a brute force in long double says, or nothing; and little is left open.
 */
#include "grasp.h"
#include "distances/distances.h"
#include "support_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 900, PANEL = GRASP__DENSE_PANEL };

/* By pair: 1 met, 2 within, 4 maybe. A strip's panels are one worker's until it is finished. */
typedef struct seen {
    uint8_t *pair; /* N x N */
    _Atomic int64_t strips, visits;
    _Atomic bool wrong;
} seen;

static bool visit(void *arg, const grasp__dense_strip *strip, int64_t row, int64_t column, const uint64_t *within,
                  const uint64_t *maybe)
{
    seen *s = arg;
    atomic_fetch_add(&s->visits, 1);
    if (row < strip->row || row >= strip->row + strip->rows || column < strip->column ||
        column >= strip->column + strip->columns || row > column)
        atomic_store(&s->wrong, true);
    for (int64_t a = 0; a < PANEL; a++)
        for (int64_t b = 0; b < PANEL; b++) {
            const int64_t i = row * PANEL + a, j = column * PANEL + b;
            const int in = within[a] >> b & 1, open = maybe[a] >> b & 1;
            if (i < j && j < N)
                s->pair[i * N + j] = (uint8_t)(s->pair[i * N + j] ? 255 : 1 + 2 * in + 4 * open);
            else if (in || open)
                atomic_store(&s->wrong, true);
        }
    return true;
}

static void finish(void *arg, const grasp__dense_strip *strip)
{
    seen *s = arg;
    (void)strip;
    atomic_fetch_add(&s->strips, 1);
}

static void check_walk(grasp_context *ctx, const grasp_distances *d, double eps, uint64_t most, const oracle *o,
                       double *open_share)
{
    seen s = {.pair = calloc(N * N, 1)};
    grasp__dense *dense;
    int64_t open = 0;
    ck_assert(grasp__dense_fits(d, most));
    ASSERT_OK(ctx, grasp__dense_create(ctx, d, eps, most, &dense));
    ASSERT_OK(ctx, grasp__dense_walk(ctx, dense, visit, finish, &s));
    ck_assert(!s.wrong && s.strips > 0);
    ck_assert_int_eq(s.visits, (N + PANEL - 1) / PANEL * ((N + PANEL - 1) / PANEL + 1) / 2);
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = i + 1; j < N; j++) {
            const int got = s.pair[i * N + j];
            const int truth = got == 5 || got == 255 || (i + j) % 16 ? -1 : oracle_within(o, i, j, eps);
            if ((got != 1 && got != 5 && got != 7) || (truth >= 0 && truth != (got == 7)))
                ck_abort_msg("pair %d, %d: %d, truth %d", (int)i, (int)j, got, truth);
            open += got == 5;
        }
    *open_share = (double)open / (N * (N - 1) / 2);
    grasp__dense_free(dense);
    free(s.pair);
}

/* Each with both metrics, several scales, and windows of all panels, some and the fewest. */
static const int64_t columns[] = {2, 3, 7, 33, 128, 129, 300};

START_TEST(each_pair_once_and_truly)
{
    static const char *const kernels[] = {"portable", "avx2", "avx512"};
    const int64_t p = columns[_i], panel = (p + 1) / 2 * PANEL * 4 + (int64_t)sizeof(grasp__fixed_panel);
    const int64_t windows[] = {15, 8, 15, 12};
    double *x = malloc((size_t)(N * p) * sizeof *x);
    grasp__rng rng = test_rng((uint64_t)_i);
    for (int t = 0; t < 4; t++) {
        grasp_matrix *matrix;
        grasp_gradients *gradients;
        grasp_distances *d;
        grasp_context *ctx = test_context();
        double share;
        random_normals(&rng, x, N * p);
        for (int64_t k = 0; k < N * p; k++)
            x[k] = t == 1 ? x[k] * 1e-30 : t == 2 ? x[k] * 1e30 : t == 3 && k / p % 3 == 0 ? x[k] * 1e-9 : x[k];
        oracle *o = oracle_make(x, N, p, t % 2 == 1, true);
        if (grasp_context_set_kernel(ctx, kernels[t % 3]) == GRASP_OK) {
            ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + t % 3));
            ASSERT_OK(ctx, grasp__matrix_wrap(ctx, GRASP_F64, N, p, p, x, NULL, NULL, &matrix));
            ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, matrix, "x", &gradients));
            ASSERT_OK(ctx, grasp__distances_create_implicit(ctx, gradients, t % 2 ? GRASP__EUCLIDEAN : GRASP__COSINE,
                                                            true, NULL, &d));
            ck_assert(!grasp__dense_fits(d, (uint64_t)(7 * panel)));
            check_walk(ctx, d, (double)oracle_distance(o, 3, 8) * (1 + 1e-10), (uint64_t)(windows[t] * panel), o,
                       &share);
            ck_assert_msg(share < 0.002, "p %d, %d: %.3g left open", (int)p, t, share);
            grasp__distances_free(d);
            grasp__gradients_free(gradients);
            grasp_matrix_free(matrix);
        }
        grasp_context_free(ctx);
        oracle_free(o);
    }
    free(x);
}
END_TEST

Suite *check_distances_dense_suite(void);
Suite *check_distances_dense_suite(void)
{
    Suite *suite = suite_create("distances_dense");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, each_pair_once_and_truly, 0, sizeof columns / sizeof *columns);
    suite_add_tcase(suite, all);
    return suite;
}
