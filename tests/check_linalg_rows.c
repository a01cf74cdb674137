/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: what is done to the entries of rows, against the formula one entry at a time: equal bits in every
 * variant.
 */
#include "support.h"

#include "linalg/kernels.h"

#include <float.h>
#include <math.h>
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

START_TEST(rows_are_placed_as_the_formula_says)
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
                for (int64_t k = 0; k < n; k++)
                    expected[k] = (f64[at + k] - (mean ? mean[k] : 0)) * scale * factor;
                kernel[v]->place_f64(f64 + at, mean, scale, factor, n, out);
                ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0);
                memcpy(out, f64 + at, (size_t)n * sizeof *out);
                kernel[v]->place_f64(out, mean, scale, factor, n, out); /* where it lies */
                ck_assert(memcmp(out, expected, (size_t)n * sizeof *out) == 0);
                ck_assert(out[n] == 7);
            }
        }
}
END_TEST

START_TEST(rows_are_added_and_measured)
{
    const grasp__row_kernels *kernel[VARIANTS];
    const int count = variants(kernel);
    float f32[LONGEST];
    double f64[LONGEST], sum[LONGEST], expected[LONGEST], out[LONGEST + 1];
    for (int64_t n = 0; n <= 160; n++)
        for (int at = 0; at < 3; at++) {
            double largest = 0;
            grasp__rng rng = test_rng((uint64_t)(3 * n + at));
            fill(&rng, f32, f64, sum);
            for (int64_t k = 0; k < n; k++) {
                f64[at + k] = at == 1 && k == n - 1 ? -INFINITY : f64[at + k];
                f64[at + k] = at == 2 && k % 5 == 0 ? NAN : f64[at + k];
                largest = fabs(f64[at + k]) > largest ? fabs(f64[at + k]) : largest;
                expected[k] = sum[at + k] + f64[at + k];
            }
            for (int v = 0; v < count; v++) {
                ck_assert(kernel[v]->largest(f64 + at, n) == largest);
                memcpy(out, sum + at, (size_t)n * sizeof *out);
                out[n] = 7;
                kernel[v]->add(f64 + at, n, out);
                for (int64_t k = 0; k < n; k++)
                    ck_assert(memcmp(out + k, expected + k, sizeof *out) == 0 || (isnan(out[k]) && isnan(expected[k])));
                ck_assert(out[n] == 7);
            }
            ck_assert(grasp__row_largest(f64 + at, n) == largest);
        }
}
END_TEST

Suite *check_linalg_rows_suite(void);
Suite *check_linalg_rows_suite(void)
{
    Suite *suite = suite_create("linalg_rows");
    TCase *all = tcase_create("all");
    tcase_add_test(all, rows_are_placed_as_the_formula_says);
    tcase_add_test(all, rows_are_added_and_measured);
    suite_add_tcase(suite, all);
    return suite;
}
