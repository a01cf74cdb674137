/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on sketches, each against sums in wider arithmetic, at the ends of what bytes and 32 bits can hold.
 */
#include "grasp.h"
#include "linalg/linalg.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"portable", "avx2", "avx512"};

enum { KERNELS = sizeof names / sizeof *names, PANEL = GRASP__SKETCH_PANEL };

/* The kernels of that name; NULL where this processor has none. */
static const grasp__sketch_kernels *kernels_of(const char *name)
{
    grasp_context *ctx = test_context();
    const grasp__sketch_kernels *kernels = NULL;
    if (grasp_context_set_kernel(ctx, name) == GRASP_OK)
        kernels = grasp__context_sketch_kernels(ctx);
    grasp_context_free(ctx);
    return kernels;
}

static int64_t exact_sum(const uint8_t *row, const uint8_t *column, int64_t entries, int32_t offset)
{
    int64_t sum = 0;
    for (int64_t k = 0; k < entries; k++)
        sum += (int64_t)row[k] * ((int64_t)column[k] - offset);
    return sum;
}

/* way 0: all at one end; 1: rows at one end, columns at the other; 2: by chance among both ends; 3: any. */
static void check_dot(const grasp__sketch_kernels *kernels, int64_t m, int64_t groups, int32_t levels, int way,
                      grasp__rng *rng)
{
    const int64_t stride = 4 * groups;
    const int32_t offset = levels + 1;
    uint8_t *stored = malloc((size_t)((m + PANEL) * stride));
    int8_t *packed = malloc((size_t)(PANEL * stride));
    int32_t *sum = calloc((size_t)(m * PANEL), sizeof *sum), pairs[PANEL];
    const uint8_t *row[16], *column[PANEL];
    bool wrong = false;
    for (int64_t k = 0; k < (m + PANEL) * stride; k++) {
        const bool of_row = k < m * stride;
        const bool high = way == 0 || (way == 1 && of_row) || (way == 2 && (grasp__rng_u32(rng) & 1));
        stored[k] =
            way == 3 ? (uint8_t)(1 + grasp__rng_below(rng, 2 * levels + 1)) : (uint8_t)(high ? 2 * levels + 1 : 1);
    }
    for (int64_t i = 0; i < m; i++)
        row[i] = stored + i * stride;
    for (int64_t j = 0; j < PANEL; j++)
        column[j] = stored + (m + j) * stride;
    kernels->pack(groups, column, offset, packed);
    kernels->dot(m, groups, row, packed, sum);
    for (int64_t i = 0; i < m; i++) {
        const uint64_t some = way == 3 ? ~(uint64_t)0 : 0x8000000100000005;
        kernels->dot_pairs(groups, row[i], some, column, offset, pairs);
        for (int64_t j = 0; j < PANEL; j++) {
            const int64_t exact = exact_sum(row[i], column[j], stride, offset);
            wrong = wrong || sum[i * PANEL + j] != exact || ((some >> j & 1) && pairs[j] != exact);
        }
    }
    ck_assert_msg(!wrong, "%s: m %d, %d groups, %d levels, way %d", kernels->name, (int)m, (int)groups, (int)levels,
                  way);
    free(stored);
    free(packed);
    free(sum);
}

START_TEST(byte_sums_are_exact)
{
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    grasp__rng rng = test_rng(1);
    if (!kernels)
        return;
    for (int way = 0; way < 4; way++)
        for (int64_t groups = 1; groups < 80; groups += 1 + groups / 6)
            for (int64_t m = 1; m <= 13; m += 4)
                check_dot(kernels, m, groups, kernels->levels, way, &rng);
    for (int way = 0; way < 3; way++) /* sums just below 2^31: (2 levels + 1) levels per entry */
        check_dot(kernels, 2, INT32_MAX / ((2 * kernels->levels + 1) * kernels->levels) / 4, kernels->levels, way,
                  &rng);
}
END_TEST

/* Rows and columns with few bits, so that the expected verdict is computed without rounding. */
START_TEST(verdicts)
{
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    grasp__rng rng = test_rng(2);
    if (!kernels)
        return;
    for (int64_t t = 0; t < trials(50); t++) {
        grasp__sketch_panel panel;
        grasp__sketch_row row = {.scale = 0x1p-10f, .error = 0x1p-6f, .rest = 0.5f, .half = 0.25f, .correction = 100};
        const grasp__sketch_row *rows[1] = {&row};
        int32_t sum[PANEL];
        uint64_t within, maybe, near, far;
        for (int k = 0; k < GRASP__SKETCH_HEAD; k++)
            row.head[k] = (float)grasp__rng_below(&rng, 9) / 8 - 0.5f;
        for (int j = 0; j < PANEL; j++) {
            panel.scale[j] = 0x1p-8f;
            panel.error[j] = 0x1p-7f;
            panel.rest[j] = (float)grasp__rng_below(&rng, 8) / 16;
            panel.inside[j] = 0.25f + 0x1p-10f;
            panel.outside[j] = 0.25f - 0x1p-10f;
            panel.correction[j] = 100 + j;
            sum[j] = (int32_t)grasp__rng_below(&rng, 200001);
            for (int k = 0; k < GRASP__SKETCH_HEAD; k++)
                panel.head[k][j] = (float)grasp__rng_below(&rng, 9) / 8 - 0.5f;
        }
        kernels->verdict(1, rows, &panel, sum, &within, &maybe);
        kernels->glance(1, rows, &panel, &near, &far);
        for (int j = 0; j < PANEL; j++) {
            const double slack = GRASP__SKETCH_SLACK(row.half);
            double head = 0, bytes = (double)(sum[j] - panel.correction[j]) * 0x1p-18;
            for (int k = 0; k < GRASP__SKETCH_HEAD; k++)
                head += (double)row.head[k] * (double)panel.head[k][j];
            const double width = (double)row.error * (double)panel.rest[j] + (0.5 + 0x1p-6) * 0x1p-7;
            const double rest = 0.5 * (double)panel.rest[j], inside = 0.5 + 0x1p-10 + slack,
                         outside = 0.5 - 0x1p-10 - slack;
            ck_assert_int_eq(within >> j & 1, head + bytes - width >= inside);
            ck_assert_int_eq(maybe >> j & 1, head + bytes + width >= outside);
            ck_assert_int_eq(near >> j & 1, head - rest >= inside);
            ck_assert_int_eq(far >> j & 1, head + rest >= outside);
        }
    }
}
END_TEST

/* Boxes that overlap, touch, are points, are far; side by side in every lane. */
START_TEST(boxes_apart)
{
    enum { BOXES = 3 * PANEL, SIDES = GRASP__SKETCH_SIDES };
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    static float low[SIDES * BOXES], high[SIDES * BOXES], square[BOXES];
    grasp__rng rng = test_rng(12);
    grasp__sketch_box box;
    if (!kernels)
        return;
    for (int k = 0; k < SIDES; k++) {
        box.low[k] = (float)grasp__rng_normal(&rng);
        box.high[k] = box.low[k] + (float)(k % 3);
        for (int j = 0; j < BOXES; j++) {
            const float at = j % 7 == 0 ? box.high[k] : (float)(2 * grasp__rng_normal(&rng));
            low[k * BOXES + j] = at;
            high[k * BOXES + j] = at + (j % 2 ? 0 : (float)grasp__rng_uniform(&rng));
        }
    }
    kernels->apart(BOXES - 5, low, high, BOXES, &box, square);
    for (int j = 0; j < BOXES - 5; j++) {
        double sum = 0;
        for (int k = 0; k < SIDES; k++) {
            const double above = (double)low[k * BOXES + j] - (double)box.high[k],
                         below = (double)box.low[k] - (double)high[k * BOXES + j];
            const double gap = above > below ? above : below;
            sum += gap > 0 ? gap * gap : 0;
        }
        ck_assert_msg(fabs((double)square[j] - sum) <= 12 * 0x1p-24 * sum, "%s: box %d: %g, expected %g",
                      kernels->name, j, (double)square[j], sum);
        ck_assert(j % 7 != 0 || square[j] == 0);
    }
}
END_TEST

START_TEST(pairs_in_binary64)
{
    enum { MOST = 300 };
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    double x[MOST], y[MOST];
    float narrow[MOST];
    grasp__rng rng = test_rng(13);
    if (!kernels)
        return;
    random_normals(&rng, x, MOST);
    random_normals(&rng, y, MOST);
    for (int64_t k = 0; k < MOST; k++)
        narrow[k] = (float)y[k];
    for (int64_t n = 0; n <= MOST; n += 1 + n / 9) {
        long double dot[2] = {0}, square[2] = {0}, size[2] = {0};
        for (int64_t k = 0; k < n; k++)
            for (int wide = 0; wide < 2; wide++) {
                const long double a = (long double)x[k], b = wide ? (long double)y[k] : (long double)narrow[k];
                dot[wide] += a * b;
                size[wide] += fabsl(a * b);
                square[wide] += (a - b) * (a - b);
            }
        const long double unit = 0x1p-53L * (long double)(n + 2);
        ck_assert(fabsl(kernels->dot_f32(x, narrow, n) - dot[0]) <= unit * size[0]);
        ck_assert(fabsl(kernels->dot_f64(x, y, n) - dot[1]) <= unit * size[1]);
        ck_assert(fabsl(kernels->square_f32(x, narrow, n) - square[0]) <= 2 * unit * square[0]);
        ck_assert(fabsl(kernels->square_f64(x, y, n) - square[1]) <= 2 * unit * square[1]);
    }
}
END_TEST

START_TEST(transform_is_hadamards)
{
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    float x[2048], y[2048];
    grasp__rng rng = test_rng(3);
    if (!kernels)
        return;
    for (int n = 1; n <= 2048; n *= 2) {
        for (int k = 0; k < n; k++)
            y[k] = x[k] = (float)grasp__rng_below(&rng, 17) - 8; /* whole numbers: no rounding */
        kernels->hadamard(y, n);
        for (int k = 0; k < n; k += 1 + n / 50) {
            double sum = 0;
            for (int q = 0; q < n; q++)
                sum += __builtin_parity((unsigned)(k & q)) ? -(double)x[q] : (double)x[q];
            ck_assert_double_eq((double)y[k], sum);
        }
    }
}
END_TEST

START_TEST(quantised_rows)
{
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    grasp__rng rng = test_rng(4);
    if (!kernels)
        return;
    for (int64_t n = 1; n < 5000; n += 1 + n / 2)
        for (int32_t levels = 3; levels <= kernels->levels; levels += kernels->levels - 3) {
            float *x = malloc((size_t)n * sizeof *x);
            uint8_t *bytes = malloc((size_t)n);
            double rest = 0, error = 0;
            int64_t total = 0;
            grasp__sketch_sums sums;
            for (int64_t k = 0; k < n; k++)
                x[k] = k % 5 == 4 ? (k % 2 ? 1.f : -1.f) : (float)grasp__rng_uniform(&rng) * 2 - 1;
            const float largest = kernels->largest(x, n), scale = largest / (float)levels * (1 + 0x1p-16f);
            kernels->quantise(x, n, scale, levels, bytes, &sums);
            for (int64_t k = 0; k < n; k++) {
                const int32_t q = (int32_t)bytes[k] - levels - 1;
                const double z = (double)x[k] - (double)scale * q;
                ck_assert_msg(fabsf(x[k]) <= largest && abs(q) <= levels && fabs(z) <= 0.5001 * (double)scale, "%d",
                              (int)k);
                rest += (double)x[k] * (double)x[k];
                error += z * z;
                total += q;
            }
            ck_assert_int_eq(sums.total, total);
            ck_assert_double_eq_tol(sums.rest, rest, 0x1p-17 * rest);
            ck_assert_double_eq_tol(sums.error, error, 0x1p-17 * error + 0x1p-22 * rest);
            free(x);
            free(bytes);
        }
}
END_TEST

START_TEST(projections)
{
    const grasp__sketch_kernels *kernels = kernels_of(names[_i]);
    grasp__rng rng = test_rng(5);
    if (!kernels)
        return;
    for (int64_t n = 1; n < 70; n += 3) {
        double v[GRASP__SKETCH_HEAD * 70], x[70], y[GRASP__SKETCH_HEAD];
        float r[70];
        random_normals(&rng, v, GRASP__SKETCH_HEAD * n);
        random_normals(&rng, x, n);
        kernels->project(v, x, n, y);
        kernels->subtract(v, y, x, n, r);
        for (int j = 0; j < GRASP__SKETCH_HEAD; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += v[j * n + k] * x[k];
            ck_assert_double_eq_tol(y[j], sum, 1e-12);
        }
        for (int64_t k = 0; k < n; k++) {
            double left = x[k], size = fabs(left);
            for (int j = 0; j < GRASP__SKETCH_HEAD; j++) {
                left -= y[j] * v[j * n + k];
                size += fabs(y[j] * v[j * n + k]);
            }
            ck_assert_double_eq_tol((double)r[k], left, 0x1p-24 * fabs(left) + 1e-14 * size);
        }
    }
}
END_TEST

Suite *check_linalg_sketch_suite(void)
{
    Suite *suite = suite_create("linalg_sketch");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, byte_sums_are_exact, 0, KERNELS);
    tcase_add_loop_test(all, verdicts, 0, KERNELS);
    tcase_add_loop_test(all, boxes_apart, 0, KERNELS);
    tcase_add_loop_test(all, pairs_in_binary64, 0, KERNELS);
    tcase_add_loop_test(all, transform_is_hadamards, 0, KERNELS);
    tcase_add_loop_test(all, quantised_rows, 0, KERNELS);
    tcase_add_loop_test(all, projections, 0, KERNELS);
    suite_add_tcase(suite, all);
    return suite;
}
