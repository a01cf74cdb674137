/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on fixed-point rows, each against sums in wider arithmetic, at the ends of what 16 and 32 bits can hold.
 */
#include "grasp.h"
#include "linalg/linalg.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"portable", "avx2", "avx512"};

enum { KERNELS = sizeof names / sizeof *names, PANEL = GRASP__FIXED_PANEL, RUN = GRASP__FIXED_RUN };

/* The kernels of that name; NULL where this processor has none. */
static const grasp__fixed_kernels *kernels_of(const char *name)
{
    grasp_context *ctx = test_context();
    const grasp__fixed_kernels *kernels = NULL;
    if (grasp_context_set_kernel(ctx, name) == GRASP_OK)
        kernels = grasp__context_fixed_kernels(ctx);
    grasp_context_free(ctx);
    return kernels;
}

/* Entry k of row r of a panel. */
static int64_t entry(const int16_t *panel, int64_t r, int64_t k)
{
    return panel[(k / 2 * PANEL + r) * 2 + k % 2];
}

static int64_t exact_sum(const int16_t *a, int64_t i, const int16_t *b, int64_t j, int64_t pairs)
{
    int64_t sum = 0;
    for (int64_t k = 0; k < 2 * pairs; k++)
        sum += entry(a, i, k) * entry(b, j, k);
    return sum;
}

/* Rows of a run up to 46,340 long. way 0: all entries alike; 1: two large ones; 2: alike but for signs; 3: any. */
static void fill(int way, int64_t pairs, grasp__rng *rng, int16_t *panel)
{
    for (int64_t r = 0; r < PANEL; r++)
        for (int64_t k = 0; k < 2 * pairs; k++) {
            const int64_t alike = (int64_t)(46340 / sqrt((double)(2 * pairs))), size = alike < 32767 ? alike : 32767;
            const int64_t x = way == 0   ? size
                              : way == 1 ? (k == r % (2 * pairs) || k == (r + 1) % (2 * pairs) ? 32767 : 0)
                              : way == 2 ? (grasp__rng_u32(rng) & 1 ? size : -size)
                                         : grasp__rng_below(rng, 2 * size + 1) - size;
            panel[(k / 2 * PANEL + r) * 2 + k % 2] = (int16_t)x;
        }
}

/* The first run begins, a second adds. */
START_TEST(sums_of_a_run_are_exact)
{
    const grasp__fixed_kernels *kernels = kernels_of(names[_i]);
    static int16_t a[2 * RUN * PANEL], b[2 * RUN * PANEL];
    static float sum[PANEL * PANEL];
    grasp__rng rng = test_rng(1);
    if (!kernels)
        return;
    for (int way = 0; way < 4; way++)
        for (int64_t pairs = 1; pairs <= RUN; pairs += 1 + pairs / 3) {
            bool wrong = false;
            fill(way, pairs, &rng, a);
            fill(way, pairs, &rng, b);
            kernels->multiply(pairs, a, b, true, sum);
            for (int64_t i = 0; i < PANEL; i++)
                for (int64_t j = 0; j < PANEL; j++)
                    wrong = wrong || sum[i * PANEL + j] != (float)exact_sum(a, i, b, j, pairs);
            kernels->multiply(pairs, a, b, false, sum);
            for (int64_t i = 0; i < PANEL; i++)
                for (int64_t j = 0; j < PANEL; j++)
                    wrong = wrong || sum[i * PANEL + j] != 2 * (float)exact_sum(a, i, b, j, pairs);
            ck_assert_msg(!wrong, "%s: way %d, %d pairs of entries", kernels->name, way, (int)pairs);
        }
}
END_TEST

/* Small numbers, so that values and thresholds are exact and equality is met. */
START_TEST(verdicts)
{
    const grasp__fixed_kernels *kernels = kernels_of(names[_i]);
    enum { PAIRS = 5 };
    static int16_t a[2 * PAIRS * PANEL], b[2 * PAIRS * PANEL];
    static float sum[PANEL * PANEL];
    grasp__rng rng = test_rng(2);
    if (!kernels)
        return;
    for (int64_t t = 0; t < trials(20); t++) {
        grasp__fixed_panel row, column;
        uint64_t within[PANEL], maybe[PANEL];
        const bool first = t % 2 == 0;
        bool wrong = false;
        for (int64_t k = 0; k < 2 * PAIRS * PANEL; k++) {
            a[k] = (int16_t)(grasp__rng_below(&rng, 9) - 4);
            b[k] = (int16_t)(grasp__rng_below(&rng, 9) - 4);
        }
        for (int64_t k = 0; k < PANEL * PANEL; k++)
            sum[k] = (float)(grasp__rng_below(&rng, 33) - 16);
        for (int64_t k = 0; k < PANEL; k++) {
            row.scale[k] = (float)(1 + k % 3);
            column.scale[k] = (float)(1 + k % 2);
            row.inside[k] = (float)(grasp__rng_below(&rng, 9));
            row.outside[k] = row.inside[k] - 7;
            column.inside[k] = (float)(grasp__rng_below(&rng, 9));
            column.outside[k] = column.inside[k] - 5;
        }
        kernels->verdict(PAIRS, a, b, first, sum, &row, &column, within, maybe);
        for (int64_t i = 0; i < PANEL; i++)
            for (int64_t j = 0; j < PANEL; j++) {
                const float product = (float)exact_sum(a, i, b, j, PAIRS) + (first ? 0 : sum[i * PANEL + j]);
                const float value = product * row.scale[i] * column.scale[j];
                wrong = wrong || (within[i] >> j & 1) != (value >= row.inside[i] + column.inside[j]) ||
                        (maybe[i] >> j & 1) != (value >= row.outside[i] + column.outside[j]);
            }
        ck_assert_msg(!wrong, "%s: trial %d", kernels->name, (int)t);
    }
}
END_TEST

START_TEST(tallies)
{
    const grasp__fixed_kernels *kernels = kernels_of(names[_i]);
    grasp__rng rng = test_rng(3);
    if (!kernels)
        return;
    for (int64_t t = 0; t < trials(20); t++) {
        uint64_t word[PANEL];
        int32_t row[PANEL], column[PANEL], expected_row[PANEL], expected_column[PANEL];
        for (int64_t k = 0; k < PANEL; k++) {
            word[k] = t == 0 ? ~(uint64_t)0 : t == 1 ? 0 : grasp__rng_u64(&rng);
            row[k] = expected_row[k] = (int32_t)(1000 * k);
            column[k] = expected_column[k] = (int32_t)(-7 * k);
        }
        for (int64_t i = 0; i < PANEL; i++)
            for (int64_t j = 0; j < PANEL; j++) {
                expected_row[i] += (int32_t)(word[i] >> j & 1);
                expected_column[j] += (int32_t)(word[i] >> j & 1);
            }
        kernels->tally(word, row, column);
        ck_assert_int_eq(memcmp(row, expected_row, sizeof row), 0);
        ck_assert_int_eq(memcmp(column, expected_column, sizeof column), 0);
    }
}
END_TEST

/* Runs of different length, the longest last or in the middle; rounding to the nearest, ends included. */
START_TEST(measured_and_rounded_rows)
{
    const grasp__fixed_kernels *kernels = kernels_of(names[_i]);
    enum { MOST = 700 };
    grasp__rng rng = test_rng(4);
    if (!kernels)
        return;
    for (int64_t n = 1; n < MOST; n += 1 + n / 4) {
        double x[MOST], norm, largest, longest = 0, greatest = 0, rest = 0;
        int16_t q[MOST];
        random_normals(&rng, x, n);
        for (int64_t k = 0; k < n; k++)
            x[k] *= k / (2 * RUN) == n / (4 * RUN) ? 3 : 1;
        for (int64_t first = 0; first < n; first += 2 * RUN) {
            double square = 0;
            for (int64_t k = first; k < n && k < first + 2 * RUN; k++) {
                square += x[k] * x[k];
                greatest = fmax(greatest, fabs(x[k]));
            }
            longest = fmax(longest, sqrt(square));
        }
        kernels->measure(x, n, &norm, &largest);
        ck_assert_double_eq_tol(norm, longest, 1e-13 * longest);
        ck_assert(largest == greatest);
        const float scale = (float)(largest / 32766);
        const double found = kernels->round(x, n, scale, q);
        for (int64_t k = 0; k < n; k++) {
            const double z = x[k] - (double)scale * q[k];
            ck_assert_double_le(fabs(z), 0.5 * (double)scale * (1 + 1e-6));
            rest += z * z;
        }
        ck_assert_double_eq_tol(found, rest, 1e-12 * rest);
    }
}
END_TEST

Suite *check_linalg_fixed_suite(void);
Suite *check_linalg_fixed_suite(void)
{
    Suite *suite = suite_create("linalg_fixed");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, sums_of_a_run_are_exact, 0, KERNELS);
    tcase_add_loop_test(all, verdicts, 0, KERNELS);
    tcase_add_loop_test(all, tallies, 0, KERNELS);
    tcase_add_loop_test(all, measured_and_rounded_rows, 0, KERNELS);
    suite_add_tcase(suite, all);
    return suite;
}
