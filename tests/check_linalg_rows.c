/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: what is done to the entries of rows, against the formula one entry at a time, and their products with few
 * vectors, against the proven bound: equal bits in every variant.
 */
#include "support.h"

#include "linalg/kernels.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 203, VARIANTS = 3 };

/* The variants that this build and this processor have. */
static int variants(const grasp__row_kernels **out)
{
    int count = 0;
    out[count++] = &grasp__row_kernels_portable;
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        out[count++] = &grasp__row_kernels_avx2;
#endif
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        out[count++] = &grasp__row_kernels_avx512;
#endif
    return count;
}

/* Rows with zeros of both signs, subnormals, and numbers whose products leave the range. */
static void fill(grasp__rng *rng, float *f32, double *f64, double *origin)
{
    static const double special[] = {0.0, -0.0, DBL_TRUE_MIN, -DBL_MIN, DBL_MAX, -DBL_MAX};
    for (int64_t k = 0; k < LONGEST; k++) {
        f32[k] = (float)grasp__rng_normal(rng);
        f64[k] = ldexp(grasp__rng_normal(rng), (int)grasp__rng_below(rng, 400) - 200);
        origin[k] = grasp__rng_normal(rng);
        if (grasp__rng_below(rng, 8) == 0) {
            f64[k] = special[grasp__rng_below(rng, 6)];
            f32[k] = k % 2 ? FLT_TRUE_MIN : -0.0f;
            origin[k] = k % 3 ? 0 : f64[k];
        }
    }
}

/* 0 or `before` of what is expected, and it once more. */
static void check_sums(const double *out, const double *expected, int64_t n, int before)
{
    for (int64_t k = 0; k < n; k++)
        ck_assert(out[k] == (before ? expected[k] : 0) + expected[k] || isnan(expected[k]));
}

START_TEST(rows_are_placed_and_added_as_the_formula_says)
{
    const grasp__row_kernels *kernel[VARIANTS];
    const int count = variants(kernel);
    float f32[LONGEST];
    double f64[LONGEST], origin[LONGEST], expected[LONGEST], out[LONGEST + 1];
    for (int64_t n = 0; n <= 160; n++)
        for (int at = 0; at < 6; at++) { /* odd lengths, from odd addresses, with and without an origin */
            grasp__rng rng = test_rng((uint64_t)(6 * n + at));
            const double *mean = at % 2 ? origin + at : NULL;
            const double scale = ldexp(1, at * 40 - 100), factor = fabs(grasp__rng_normal(&rng)) + 0.1;
            fill(&rng, f32, f64, origin);
            for (int v = 0; v < count; v++) {
                out[n] = 7;
                for (int64_t k = 0; k < n; k++)
                    expected[k] = ((double)f32[at + k] - (mean ? mean[k] : 0)) * scale * factor;
                kernel[v]->place_f32(f32 + at, mean, scale, factor, n, out);
                ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0);
                memset(out, 0, (size_t)n * sizeof *out);
                kernel[v]->add_f32(f32 + at, mean, scale, factor, n, out);
                check_sums(out, expected, n, 0);
                kernel[v]->add_f32(f32 + at, mean, scale, factor, n, out);
                check_sums(out, expected, n, 1);
                for (int64_t k = 0; k < n; k++)
                    expected[k] = (f64[at + k] - (mean ? mean[k] : 0)) * scale * factor;
                kernel[v]->place_f64(f64 + at, mean, scale, factor, n, out);
                ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0);
                memset(out, 0, (size_t)n * sizeof *out);
                kernel[v]->add_f64(f64 + at, mean, scale, factor, n, out);
                check_sums(out, expected, n, 0);
                kernel[v]->add_f64(f64 + at, mean, scale, factor, n, out);
                check_sums(out, expected, n, 1);
                memcpy(out, f64 + at, (size_t)n * sizeof *out);
                kernel[v]->place_f64(out, mean, scale, factor, n, out); /* where it lies */
                ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0);
                ck_assert(out[n] == 7);
            }
        }
}
END_TEST

START_TEST(rows_are_measured)
{
    const grasp__row_kernels *kernel[VARIANTS];
    const int count = variants(kernel);
    float f32[LONGEST];
    double f64[LONGEST], unused[LONGEST];
    for (int64_t n = 0; n <= 160; n++)
        for (int at = 0; at < 3; at++) {
            double largest = 0;
            grasp__rng rng = test_rng((uint64_t)(3 * n + at));
            fill(&rng, f32, f64, unused);
            for (int64_t k = 0; k < n; k++) {
                f64[at + k] = at == 1 && k == n - 1 ? -INFINITY : f64[at + k];
                f64[at + k] = at == 2 && k % 5 == 0 ? NAN : f64[at + k];
                largest = fabs(f64[at + k]) > largest ? fabs(f64[at + k]) : largest;
            }
            for (int v = 0; v < count; v++)
                ck_assert(kernel[v]->largest(f64 + at, n) == largest);
            ck_assert(grasp__row_largest(f64 + at, n) == largest);
        }
}
END_TEST

START_TEST(chosen_rows_are_summed_in_order)
{
    enum { ROWS = 9, WIDTH = 170 };
    const grasp__row_kernels *kernel[VARIANTS];
    const int count = variants(kernel);
    double x[ROWS * WIDTH], expected[WIDTH], out[WIDTH + 1];
    for (int64_t n = 0; n <= WIDTH; n++) {
        grasp__rng rng = test_rng((uint64_t)n);
        int32_t chosen[ROWS];
        const int64_t rows = grasp__rng_below(&rng, ROWS + 1);
        for (int64_t k = 0; k < ROWS * WIDTH; k++)
            x[k] = ldexp(grasp__rng_normal(&rng), (int)grasp__rng_below(&rng, 60));
        for (int64_t i = 0; i < rows; i++)
            chosen[i] = (int32_t)grasp__rng_below(&rng, ROWS);
        for (int64_t k = 0; k < n; k++) {
            expected[k] = 0;
            for (int64_t i = 0; i < rows; i++)
                expected[k] += x[chosen[i] * WIDTH + k];
        }
        for (int v = 0; v < count; v++) {
            out[n] = 7;
            kernel[v]->sum_chosen(rows, chosen, x, WIDTH, n, out);
            ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0 && out[n] == 7);
        }
    }
}
END_TEST

/* Rows of any height by any number of vectors: the first variant's bits within the bound, the others' the same. */
START_TEST(products_keep_their_bound)
{
    enum { ROWS = 11, VECTORS = 10, WIDTH = 2100 };
    const grasp__row_kernels *kernel[VARIANTS];
    const int count = variants(kernel);
    float *f32 = malloc(ROWS * WIDTH * sizeof *f32);
    double *f64 = malloc(ROWS * WIDTH * sizeof *f64), *b = malloc(VECTORS * WIDTH * sizeof *b), origin[WIDTH];
    for (int64_t t = 0; t < trials(30); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        const int64_t n = t % 6 == 0 ? 1000 + grasp__rng_below(&rng, WIDTH - 1000) : grasp__rng_below(&rng, 70);
        const int64_t rows = grasp__rng_below(&rng, ROWS + 1), vectors = grasp__rng_below(&rng, VECTORS + 1);
        const double *mean = t % 2 ? origin : NULL;
        const float *x32[ROWS];
        const double *x64[ROWS];
        double scale[ROWS], factor[ROWS], of_f32[ROWS * VECTORS + 1], of_f64[ROWS * VECTORS + 1];
        for (int64_t i = 0; i < ROWS * WIDTH; i++) {
            f32[i] = (float)grasp__rng_normal(&rng);
            f64[i] = grasp__rng_normal(&rng) * 1e20;
        }
        for (int64_t k = 0; k < WIDTH; k++)
            origin[k] = grasp__rng_normal(&rng);
        for (int64_t k = 0; k < vectors * n; k++)
            b[k] = grasp__rng_normal(&rng);
        for (int64_t i = 0; i < rows; i++) { /* rows lie anywhere */
            const int64_t at = (i * 7 + t) % ROWS * WIDTH + (i < ROWS - 1 ? i % 3 : 0);
            x32[i] = f32 + (at + n <= ROWS * WIDTH ? at : 0);
            x64[i] = f64 + (at + n <= ROWS * WIDTH ? at : 0);
            scale[i] = ldexp(1, (int)grasp__rng_below(&rng, 80) - 40);
            factor[i] = i == 2 ? 0 : fabs(grasp__rng_normal(&rng)) + 0.1;
        }
        for (int v = 0; v < count; v++) {
            double out[ROWS * VECTORS + 1];
            out[rows * vectors] = 7;
            kernel[v]->products_f32(rows, x32, mean, scale, factor, n, vectors, b, v == 0 ? of_f32 : out);
            ck_assert(v == 0 || memcmp(out, of_f32, (size_t)(rows * vectors) * sizeof *out) == 0);
            kernel[v]->products_f64(rows, x64, mean, scale, factor, n, vectors, b, v == 0 ? of_f64 : out);
            ck_assert(v == 0 || memcmp(out, of_f64, (size_t)(rows * vectors) * sizeof *out) == 0);
            ck_assert(out[rows * vectors] == 7);
        }
        for (int64_t q = 0; q < rows * vectors; q++) {
            const int64_t i = q / vectors, j = q % vectors;
            long double exact32 = 0, exact64 = 0, xx32 = 0, xx64 = 0, bb = 0;
            for (int64_t k = 0; k < n; k++) {
                const double u32 = (double)x32[i][k] - (mean ? mean[k] : 0), u64 = x64[i][k] - (mean ? mean[k] : 0);
                exact32 += (long double)u32 * (long double)b[j * n + k];
                exact64 += (long double)u64 * (long double)b[j * n + k];
                xx32 += (long double)u32 * (long double)u32;
                xx64 += (long double)u64 * (long double)u64;
                bb += (long double)b[j * n + k] * (long double)b[j * n + k];
            }
            const long double by = (long double)scale[i] * (long double)factor[i];
            const long double most = (long double)grasp__gram_error_f64(n) * sqrtl(bb) * by * (1 + 1e-12L);
            ck_assert(fabsl((long double)of_f32[q] - exact32 * by) <= most * sqrtl(xx32));
            ck_assert(fabsl((long double)of_f64[q] - exact64 * by) <= most * sqrtl(xx64));
        }
    }
    free(f32), free(f64), free(b);
}
END_TEST

Suite *check_linalg_rows_suite(void);
Suite *check_linalg_rows_suite(void)
{
    Suite *suite = suite_create("linalg_rows");
    TCase *all = tcase_create("all");
    tcase_add_test(all, rows_are_placed_and_added_as_the_formula_says);
    tcase_add_test(all, rows_are_measured);
    tcase_add_test(all, chosen_rows_are_summed_in_order);
    tcase_add_test(all, products_keep_their_bound);
    suite_add_tcase(suite, all);
    return suite;
}
