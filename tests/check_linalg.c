/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: matrices, compensated sums against quadruple precision, every kernel against its proven bound, the BLAS,
 * Cholesky.
 */
#include "support.h"

#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "linalg/layer_kernels.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#  include <xmmintrin.h>
#endif

#if defined(__SIZEOF_FLOAT128__)
__extension__ typedef __float128 quad; /* 113 bits: 2^-113 n sum |x_i y_i| is far below Dot2's bound */
#else
typedef long double quad;
#endif

static quad quad_abs(quad x)
{
    return x < 0 ? -x : x;
}

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

START_TEST(matrix_owns_zeroed_rows)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F32, 3, 5, &m));
    ck_assert_int_eq(grasp_matrix_rows(m), 3);
    ck_assert_int_eq(grasp_matrix_cols(m), 5);
    ck_assert_int_eq(grasp_matrix_row_stride(m), 5);
    ck_assert_int_eq(grasp_matrix_dtype(m), GRASP_F32);
    const float *data = grasp_matrix_data(m);
    for (int i = 0; i < 15; i++)
        ck_assert(data[i] == 0);
    grasp_context_free(ctx); /* handles outlive their context */
    ck_assert_ptr_eq(grasp_matrix_ref(m), m);
    grasp_matrix_free(m);
    ck_assert_int_eq(grasp_matrix_rows(m), 3);
    grasp_matrix_free(m);
    grasp_matrix_free(NULL);
    ck_assert_ptr_null(grasp_matrix_ref(NULL));
    ck_assert_ptr_null(grasp_matrix_data(NULL));
    ck_assert_int_eq(grasp_matrix_rows(NULL) + grasp_matrix_cols(NULL) + grasp_matrix_row_stride(NULL), 0);
    ck_assert_int_eq(grasp_matrix_dtype(NULL), 0);
}
END_TEST

static void count_release(void *user, void *data)
{
    ck_assert_ptr_nonnull(data);
    ++*(int *)user;
}

START_TEST(matrix_wraps_and_releases_once)
{
    grasp_context *ctx = test_context();
    double data[11];
    int released = 0;
    grasp_matrix *m;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 3, 3, 4, data, count_release, &released, &m));
    ck_assert_ptr_eq(grasp_matrix_data(m), data);
    ck_assert_ptr_eq(grasp__matrix_row(m, 2), data + 8);
    grasp_matrix_free(grasp_matrix_ref(m));
    ck_assert_int_eq(released, 0);
    grasp_matrix_free(m);
    ck_assert_int_eq(released, 1);
    ASSERT_STATUS(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 3, 3, 2, data, count_release, &released, &m), GRASP_E_ARG,
                  "row_stride");
    ck_assert_int_eq(released, 1);
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 0, 3, 3, NULL, NULL, NULL, &m)); /* nothing needs no memory */
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(matrix_refuses)
{
    grasp_context *ctx = test_context();
    double data[4] = {0};
    grasp_matrix *m = (grasp_matrix *)data;
    ck_assert_int_eq(grasp_matrix_create(NULL, GRASP_F64, 1, 1, &m), GRASP_E_ARG);
    ck_assert_ptr_null(m);
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, 1, 1, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, 3, 1, 1, &m), GRASP_E_DTYPE, "grasp_matrix_create: dtype");
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, -1, 1, &m), GRASP_E_ARG, "rows");
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, 1, -1, &m), GRASP_E_ARG, "cols");
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, 3037000500, 3037000500, &m), GRASP_E_OVERFLOW, "");
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, INT64_C(1) << 31, INT64_C(1) << 31, &m), GRASP_E_OVERFLOW,
                  "");
    ASSERT_STATUS(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 1, 1, 1, NULL, NULL, NULL, &m), GRASP_E_ARG, "data");
    ASSERT_STATUS(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 2, 1, INT64_MAX, data, NULL, NULL, &m), GRASP_E_OVERFLOW, "");
    ASSERT_STATUS(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 46341, 1, INT64_MAX / 46341, data, NULL, NULL, &m),
                  GRASP_E_OVERFLOW, "address space");
    ASSERT_STATUS(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 1, 1, 1, (char *)data + 4, NULL, NULL, &m), GRASP_E_ARG,
                  "not aligned");
    ASSERT_OK(ctx,
              grasp_matrix_wrap(ctx, GRASP_F64, 1, 1, INT64_MAX, data, NULL, NULL, &m)); /* one row has no stride */
    ASSERT_STATUS(ctx, grasp__matrix_check_shape(ctx, m, 2, 1, "x"), GRASP_E_DIM, "x is 1 x 1, expected 2 x 1");
    ASSERT_STATUS(ctx, grasp__matrix_check_shape(ctx, m, -1, 3, "x"), GRASP_E_DIM, "1 columns, expected 3");
    ASSERT_STATUS(ctx, grasp__matrix_check_shape(ctx, m, 4, -1, "x"), GRASP_E_DIM, "1 rows, expected 4");
    ASSERT_STATUS(ctx, grasp__matrix_check(ctx, NULL, "x"), GRASP_E_ARG, "x");
    ASSERT_STATUS(ctx, grasp__matrix_check(ctx, (grasp_matrix *)data, "x"), GRASP_E_ARG, "grasp_matrix");
    grasp_matrix_free(m);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 4096));
    ASSERT_STATUS(ctx, grasp_matrix_create(ctx, GRASP_F64, 100, 100, &m), GRASP_E_MEMLIMIT, "");
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(matrix_names_what_is_not_finite)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    grasp_context *ctx = test_context();
    for (int32_t dtype = GRASP_F32; dtype <= GRASP_F64; dtype++)
        for (int64_t cols = 1; cols <= 19; cols++) {
            double values[19];
            char words[64];
            grasp_matrix *m;
            ASSERT_OK(ctx, grasp_matrix_create(ctx, dtype, 3, cols, &m));
            ASSERT_OK(ctx, grasp__matrix_check_finite(ctx, m, "x"));
            for (int64_t j = 0; j < cols; j++)
                for (int b = 0; b < 3; b++) {
                    for (int64_t i = 0; i < cols; i++)
                        values[i] = dtype == GRASP_F32 ? (double)FLT_MAX : DBL_MAX; /* large, but finite */
                    values[j] = bad[b];
                    grasp__matrix_write_f64(m, 2, 1, values);
                    snprintf(words, sizeof words, "x: row 2 has %s at column %d", b ? "infinity" : "NaN", (int)j);
                    ASSERT_STATUS(ctx, grasp__matrix_check_finite(ctx, m, "x"), GRASP_E_NUMERIC, words);
                }
            grasp_matrix_free(m);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(matrix_reads_and_writes_rows)
{
    grasp_context *ctx = test_context();
    float data[5 * 4], f32[8];
    double f64[8];
    static const int64_t rows[] = {4, 1};
    for (int i = 0; i < 20; i++)
        data[i] = (float)i + 0.5f;
    grasp_matrix *m, *d;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 5, 3, 4, data, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, 5, 3, &d));
    grasp__matrix_read_f64(m, rows, 0, 2, f64);
    ck_assert(f64[0] == 16.5 && f64[2] == 18.5 && f64[3] == 4.5 && f64[5] == 6.5);
    grasp__matrix_read_f32(m, NULL, 3, 2, f32);
    ck_assert(f32[0] == 12.5f && f32[3] == 16.5f);
    grasp__matrix_write_f64(d, 1, 2, f64);
    grasp__matrix_read_f32(d, NULL, 1, 2, f32);
    ck_assert(f32[0] == 16.5f && f32[3] == 4.5f && f32[5] == 6.5f);
    f64[0] = -1;
    grasp__matrix_write_f64(m, 0, 1, f64);
    ck_assert(data[0] == -1.0f && data[3] == 3.5f); /* the gap between rows is the caller's */
    grasp__matrix_read_f64(d, NULL, 0, 2, f64);
    ck_assert(f64[0] == 0 && f64[3] == 16.5);
    grasp_matrix_free(m);
    grasp_matrix_free(d);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status matrix_scenario(grasp_context *ctx, void *arg)
{
    (void)arg;
    double data[4] = {0};
    grasp_matrix *a = NULL, *b = NULL;
    grasp_status s = grasp_matrix_create(ctx, GRASP_F64, 7, 9, &a);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, 2, 2, 2, data, NULL, NULL, &b);
    ck_assert(s == GRASP_OK || b == NULL);
    grasp_matrix_free(a);
    grasp_matrix_free(b);
    return s;
}

START_TEST(matrix_survives_failing_allocations)
{
    for_each_failing_allocation(matrix_scenario, NULL);
}
END_TEST

/* ---- compensated arithmetic -------------------------------------------------------------------------------------- */

enum { LONGEST = 1200 };

/* Terms over a wide range of scales whose products nearly cancel, so that a plain sum has no right digit. */
static int64_t hard_problem(grasp__rng *rng, double *x, double *y, int range)
{
    int64_t n = grasp__rng_below(rng, LONGEST - 1);
    if (grasp__rng_below(rng, 4) != 0)
        n -= n % 2; /* each term meets its opposite */
    for (int64_t i = 0; i < n; i++) {
        x[i] = ldexp(grasp__rng_normal(rng), (int)grasp__rng_below(rng, 2 * range + 1) - range);
        y[i] = ldexp(grasp__rng_normal(rng), (int)grasp__rng_below(rng, 2 * range + 1) - range);
        if (i % 2 == 1) {
            x[i] = x[i - 1];
            y[i] = -y[i - 1] * (1 + ldexp(grasp__rng_normal(rng), -40));
        }
    }
    return n;
}

static quad quad_dot(const double *x, const double *y, int64_t n)
{
    quad sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (quad)x[i] * (quad)y[i];
    return sum;
}

START_TEST(dot2_keeps_its_bound)
{
    static double x[LONGEST], y[LONGEST];
    int64_t tight = 0, count = trials(800);
    for (int64_t t = 0; t < count; t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t n = hard_problem(&rng, x, y, t % 3 == 0 ? 0 : 30);
        double bound, scale = ldexp(1, (int)grasp__rng_below(&rng, 200) - 100); /* about 1e-30 to 1e30 */
        for (int64_t i = 0; i < n; i++)
            x[i] *= scale;
        double value = grasp__dot2(x, y, n, &bound);
        quad exact = quad_dot(x, y, n), magnitude = 0;
        ck_assert_msg(quad_abs((quad)value - exact) <= (quad)bound, "trial %d: %g +- %g", (int)t, value, bound);
        for (int64_t i = 0; i < n; i++)
            magnitude += quad_abs((quad)x[i] * (quad)y[i]);
        ck_assert((quad)bound <=
                  quad_abs(exact) * 2.3e-16 + magnitude * 1e-26 + (quad)(n + 1) * 1e-323); /* and it says something */
        tight += quad_abs(exact) * 1e6 < magnitude;
        ck_assert(grasp__dot2(y, x, n, NULL) == value);
        ck_assert(grasp__dot2(x, y, n, NULL) == value);
    }
    ck_assert_int_gt(tight, count / 4);
}
END_TEST

START_TEST(dot2_has_equal_bits_in_every_variant)
{
    static double x[LONGEST + 8], y[LONGEST + 8];
    for (int64_t t = 0; t < trials(500); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t n = hard_problem(&rng, x, y, t % 4 == 0 ? 520 : 20); /* into underflow and overflow, too */
        double value = grasp__dot2(x, y, n, NULL);
        memset(x + n, 0, 8 * sizeof(*x));
        memset(y + n, 0, 8 * sizeof(*y));
        double padded = grasp__dot2(x, y, n + 1 + t % 8, NULL);
        ck_assert_mem_eq(&value, &padded, sizeof value);
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
            grasp__dot2_lanes a, b;
            grasp__dot2_portable(x, y, n, &a);
            grasp__dot2_avx2(x, y, n, &b);
            ck_assert(isnan(value) || memcmp(&a, &b, sizeof a) == 0);
        }
#endif
    }
}
END_TEST

START_TEST(dot2_is_honest_at_the_ends_of_the_range)
{
    double bound, tiny[3] = {1e-170, -1e-180, DBL_TRUE_MIN}, huge[2] = {1e200, -1e200}, most[2] = {DBL_MAX, -DBL_MAX};
    double value = grasp__dot2(tiny, tiny, 3, &bound);
    ck_assert(quad_abs((quad)value - quad_dot(tiny, tiny, 3)) <= (quad)bound); /* the quad has exponents enough */
    ck_assert(bound > 0 && bound < 1e-320);
    ck_assert(!isfinite(grasp__dot2(huge, huge, 2, &bound)) && isinf(bound));
    ck_assert(!isfinite(grasp__dot2(most, most, 2, &bound)) && isinf(bound));
    ck_assert(grasp__dot2(tiny, tiny, 0, &bound) == 0 && bound < 1e-320);
}
END_TEST

START_TEST(sum2_compensates)
{
    static double x[LONGEST];
    for (int64_t t = 0; t < trials(500); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t n = 3 * (grasp__rng_below(&rng, LONGEST / 3 - 1) + 1), terms = n / 3;
        for (int64_t i = 0; i < n; i++)
            x[i] = ldexp(grasp__rng_normal(&rng), (int)grasp__rng_below(&rng, 60));
        for (int64_t i = 3; i + 3 < n; i += 6)
            x[i] = -x[i - 3];
        grasp__sum sum = {0, 0};
        quad exact = 0, magnitude = 0;
        for (int64_t i = 0; i < n; i += 3) {
            grasp__sum_add(&sum, x[i]);
            exact += (quad)x[i];
            magnitude += quad_abs((quad)x[i]);
        }
        double value = grasp__sum2(x, terms, 3);
        ck_assert(value == grasp__sum_value(&sum));
        /* Ogita et al., Proposition 4.5: u |s| + gamma(n-1)^2 sum |x| */
        double gamma = (double)terms * 1.2e-16;
        ck_assert(quad_abs((quad)value - exact) <= quad_abs(exact) * 1.2e-16 + magnitude * (quad)(gamma * gamma));
    }
    ck_assert(grasp__sum2(x, 0, 1) == 0);
}
END_TEST

START_TEST(rounding_is_checked)
{
    grasp_context *ctx = test_context();
    ASSERT_OK(ctx, grasp__check_rounding(ctx));
    if (getenv("TEST_UNDER_VALGRIND") != NULL) { /* it has one mode of arithmetic only */
        grasp_context_free(ctx);
        return;
    }
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fesetround(modes[i]), 0);
        grasp_status s = grasp__check_rounding(ctx);
        fesetround(FE_TONEAREST);
        ck_assert_int_eq(s, GRASP_E_STATE);
        ck_assert(contains(grasp_context_error(ctx), "round to nearest"));
    }
#if defined(__SSE2__)
    for (int bit = 0x8000; bit >= 0x40; bit = bit == 0x8000 ? 0x40 : 0) { /* flush to zero, then denormals are zero */
        unsigned before = _mm_getcsr();
        _mm_setcsr(before | (unsigned)bit);
        grasp_status s = grasp__check_rounding(ctx);
        _mm_setcsr(before);
        ck_assert_int_eq(s, GRASP_E_STATE);
        ck_assert(contains(grasp_context_error(ctx), "subnormal"));
    }
#endif
    grasp_context_free(ctx);
}
END_TEST

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

static const char *const kernel_names[] = {"portable", "avx2", "avx512", "neon"};

/* Value of the k-th term, which no sum of the test overflows; f32 exactly. */
static void fill(grasp__rng *rng, double *f64, float *f32, int64_t n, double scale)
{
    for (int64_t i = 0; i < n; i++) {
        f32[i] = (float)(grasp__rng_normal(rng) * scale);
        f64[i] = grasp__rng_normal(rng) * scale;
    }
}

static double norm(const double *f64, const float *f32, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += f64 ? f64[i] * f64[i] : (double)f32[i] * (double)f32[i];
    return sqrt(sum) * (1 + 1e-12);
}

START_TEST(gram_keeps_its_bound)
{
    enum { ROWS = 70, DEPTH = 700, WIDTH = DEPTH + 3 };
    grasp_context *ctx = test_context();
    if (grasp_context_set_kernel(ctx, kernel_names[_i]) == GRASP_E_UNSUPPORTED) {
        grasp_context_free(ctx);
        return;
    }
    ck_assert_str_eq(grasp_context_kernel(ctx), kernel_names[_i]);
    const grasp__kernels *kernels = grasp__context_kernels(ctx);
    double *a = malloc(ROWS * WIDTH * sizeof *a), *b = malloc(ROWS * WIDTH * sizeof *b), c[ROWS * (ROWS + 4)];
    float *fa = malloc(ROWS * WIDTH * sizeof *fa), *fb = malloc(ROWS * WIDTH * sizeof *fb), fc[ROWS * (ROWS + 4)];
    for (int64_t t = 0; t < trials(40); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        static const double scales[] = {1, 1e-15, 1e15, 1e-30};
        int64_t m = grasp__rng_below(&rng, ROWS), n = grasp__rng_below(&rng, ROWS), ldc = n + grasp__rng_below(&rng, 4);
        int64_t k = t % 5 == 0 ? grasp__rng_below(&rng, DEPTH) : grasp__rng_below(&rng, 40);
        int64_t lda = k + grasp__rng_below(&rng, 4), ldb = k + grasp__rng_below(&rng, 4);
        fill(&rng, a, fa, ROWS * WIDTH, scales[t % 4]);
        fill(&rng, b, fb, ROWS * WIDTH, 1);
        for (int i = 0; i < ROWS * (ROWS + 4); i++)
            c[i] = fc[i] = 12345;
        kernels->gram_f64(m, n, k, a + t % 2, lda, b, ldb, c, ldc);
        kernels->gram_f32(m, n, k, fa + t % 2, lda, fb, ldb, fc, ldc);
        const double *a0 = a + t % 2;
        const float *f0 = fa + t % 2;
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                long double exact = 0, exact_f = 0;
                for (int64_t l = 0; l < k; l++) {
                    exact += (long double)a0[i * lda + l] * (long double)b[j * ldb + l];
                    exact_f += (long double)f0[i * lda + l] * (long double)fb[j * ldb + l];
                }
                double limit = grasp__gram_error_f64(k) * norm(a0 + i * lda, NULL, k) * norm(b + j * ldb, NULL, k);
                double limit_f = grasp__gram_error_f32(k) * norm(NULL, f0 + i * lda, k) * norm(NULL, fb + j * ldb, k);
                ck_assert(fabsl(exact - (long double)c[i * ldc + j]) <= (long double)limit);
                ck_assert(fabsl(exact_f - (long double)fc[i * ldc + j]) <= (long double)limit_f);
            }
        for (int64_t i = 0; i < ROWS * (ROWS + 4); i++)
            if (i >= m * ldc || i % ldc >= n)
                ck_assert(c[i] == 12345 && fc[i] == 12345.0f); /* nothing else is written */
    }
    free(a), free(b), free(fa), free(fb);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(gram_is_symmetric_and_does_not_depend_on_the_tile)
{
    enum { N = 150, K = 301 };
    grasp_context *ctx = test_context();
    if (grasp_context_set_kernel(ctx, kernel_names[_i]) == GRASP_OK) {
        const grasp__kernels *kernels = grasp__context_kernels(ctx);
        grasp__rng rng = test_rng(7);
        double *a = malloc(N * K * sizeof *a), *c = malloc(N * N * sizeof *c), d[3 * 5];
        float *fa = malloc(N * K * sizeof *fa), *fc = malloc(N * N * sizeof *fc), fd[3 * 5];
        fill(&rng, a, fa, N * K, 1);
        kernels->gram_f64(N, N, K, a, K, a, K, c, N);
        kernels->gram_f32(N, N, K, fa, K, fa, K, fc, N);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                ck_assert(c[i * N + j] == c[j * N + i] && fc[i * N + j] == fc[j * N + i]);
        for (int64_t t = 0; t < 100; t++) {
            int64_t i = grasp__rng_below(&rng, N - 3), j = grasp__rng_below(&rng, N - 5);
            kernels->gram_f64(3, 5, K, a + i * K, K, a + j * K, K, d, 5);
            kernels->gram_f32(3, 5, K, fa + i * K, K, fa + j * K, K, fd, 5);
            for (int64_t r = 0; r < 15; r++) {
                ck_assert(d[r] == c[(i + r / 5) * N + j + r % 5]);
                ck_assert(fd[r] == fc[(i + r / 5) * N + j + r % 5]);
            }
        }
        free(a), free(c), free(fa), free(fc);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(kernels_are_chosen_by_name)
{
    grasp_context *ctx = test_context();
    const char *best = grasp_context_kernel(ctx);
    ASSERT_OK(ctx, grasp_context_set_kernel(ctx, "portable"));
    ck_assert_str_eq(grasp_context_kernel(ctx), "portable");
    ASSERT_STATUS(ctx, grasp_context_set_kernel(ctx, "AVX"), GRASP_E_ARG, "name is \"AVX\", expected auto");
    ASSERT_STATUS(ctx, grasp_context_set_kernel(ctx, NULL), GRASP_E_ARG, "name");
    ck_assert_int_eq(grasp_context_set_kernel(NULL, "auto"), GRASP_E_ARG);
    ck_assert_str_eq(grasp_context_kernel(ctx), "portable");
    int absent = 0;
    for (int i = 0; i < 4; i++)
        if (grasp_context_set_kernel(ctx, kernel_names[i]) != GRASP_OK) {
            ASSERT_STATUS(ctx, grasp_context_set_kernel(ctx, kernel_names[i]), GRASP_E_UNSUPPORTED, kernel_names[i]);
            absent++;
        }
    ck_assert_int_ge(absent, 1); /* no processor has both AVX and Neon */
    ASSERT_OK(ctx, grasp_context_set_kernel(ctx, "auto"));
    ck_assert_str_eq(grasp_context_kernel(ctx), best);
    ck_assert_str_eq(grasp_context_kernel(NULL), "");
    ck_assert(isinf(grasp__gram_error_f32(INT64_C(1) << 40)) && grasp__gram_error_f32(0) == 0);
    grasp_context_free(ctx);
}
END_TEST

/* Whoever asks for a kernel gets all that goes with it, not what is slower and says the same. */
START_TEST(kernels_of_one_instruction_set_go_together)
{
    grasp_context *ctx = test_context();
    for (int i = 0; i < 4; i++) {
        const char *name = kernel_names[i], *fixed = strcmp(name, "neon") == 0 ? "portable" : name;
        if (grasp_context_set_kernel(ctx, name) != GRASP_OK)
            continue;
        const grasp__layer_kernels *layer = &grasp__layer_kernels_portable;
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
        layer = strcmp(name, "avx2") == 0 ? &grasp__layer_kernels_avx2 : layer;
#endif
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
        layer = strcmp(name, "avx512") == 0 ? &grasp__layer_kernels_avx512 : layer;
        fixed = strcmp(name, "avx512") == 0 ? "avx2" : fixed;
#endif
#if defined(GRASP__HAVE_VNNI) && defined(__x86_64__)
        fixed = strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512vnni") ? "vnni" : fixed;
#endif
#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)
        layer = strcmp(name, "neon") == 0 ? &grasp__layer_kernels_neon : layer;
#endif
        ck_assert_ptr_eq(grasp__context_layer_kernels(ctx), layer);
        ck_assert_str_eq(grasp__context_fixed_kernels(ctx)->name, fixed);
        ck_assert_str_eq(grasp__context_sketch_kernels(ctx)->name, fixed);
    }
    grasp_context_free(ctx);
}
END_TEST

/* ---- BLAS and Cholesky ------------------------------------------------------------------------------------------- */

START_TEST(gemm_is_a_product_however_it_is_cut)
{
    enum { SIZE = 12, LD = 16 };
    double a[SIZE * LD], b[SIZE * LD], c[SIZE * LD], want[SIZE * LD];
    for (int64_t t = 0; t < trials(400); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        bool ta = t & 1, tb = t & 2;
        int64_t m = grasp__rng_below(&rng, SIZE + 1), n = grasp__rng_below(&rng, SIZE + 1),
                k = grasp__rng_below(&rng, SIZE + 1);
        int64_t lda = (ta ? m : k) + grasp__rng_below(&rng, 5), ldb = (tb ? k : n) + grasp__rng_below(&rng, 5);
        int64_t ldc = n + grasp__rng_below(&rng, 5), largest = t % 3 == 0 ? 1000 : 1 + grasp__rng_below(&rng, LD);
        double beta = t % 5 == 0 ? 0 : 1.5;
        for (int i = 0; i < SIZE * LD; i++) { /* small whole numbers: every order of summation is exact */
            a[i] = (double)grasp__rng_below(&rng, 9) - 4;
            b[i] = (double)grasp__rng_below(&rng, 9) - 4;
            want[i] = c[i] = (double)(2 * grasp__rng_below(&rng, 9));
        }
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum += a[ta ? l * lda + i : i * lda + l] * b[tb ? j * ldb + l : l * ldb + j];
                want[i * ldc + j] = 2 * sum + beta * want[i * ldc + j];
            }
        grasp__gemm_cut_f64(largest, ta, tb, m, n, k, 2, a, lda, b, ldb, beta, c, ldc);
        for (int i = 0; i < SIZE * LD; i++)
            ck_assert_msg(c[i] == want[i], "trial %d at %d: %g, expected %g", (int)t, i, c[i], want[i]);
    }
    grasp__gemm_f64(false, false, 1, 1, 2, 1, a, 2, b, 1, 0, c, 1);
    ck_assert(c[0] == a[0] * b[0] + a[1] * b[1]);
}
END_TEST

START_TEST(blas_threads_are_asked_and_set)
{
    int32_t before = grasp_blas_threads();
    ck_assert(before == -1 || before >= 1);
    ck_assert_int_eq(grasp_blas_set_threads(0), GRASP_E_ARG);
    ck_assert_int_eq(grasp_blas_threads(), before);
    grasp_status s = grasp_blas_set_threads(1);
    if (before == -1)
        return;
    ck_assert_int_eq(s, GRASP_OK);
    ck_assert_int_eq(grasp_blas_threads(), 1);
    ck_assert(grasp__blas_is_serial());
    ck_assert_int_eq(grasp_blas_set_threads(before), GRASP_OK);
    ck_assert_int_eq(grasp_blas_threads(), before);
}
END_TEST

START_TEST(cholesky_factors_and_solves)
{
    enum { MOST = 130 };
    static double a[MOST * MOST], l[MOST * MOST], x[MOST], b[MOST], g[MOST * MOST];
    for (int64_t n = 0; n <= MOST; n += n < 6 ? 1 : 31) {
        grasp__rng rng = test_rng((uint64_t)n);
        random_normals(&rng, g, n * n);
        random_normals(&rng, x, n);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = i == j;
                for (int64_t k = 0; k < n; k++)
                    sum += g[i * n + k] * g[j * n + k];
                a[i * n + j] = l[i * n + j] = sum;
            }
        ck_assert(grasp__cholesky(l, n));
        for (int64_t i = 0; i < n; i++) {
            b[i] = 0;
            for (int64_t j = 0; j < n; j++)
                b[i] += a[i * n + j] * x[j];
            for (int64_t j = 0; j <= i; j++) {
                double sum = 0;
                for (int64_t k = 0; k <= j; k++)
                    sum += l[i * n + k] * l[j * n + k];
                ck_assert(fabs(sum - a[i * n + j]) < 1e-11 * (double)(n + 1));
            }
        }
        grasp__cholesky_solve(l, n, b);
        for (int64_t i = 0; i < n; i++)
            ck_assert(fabs(b[i] - x[i]) < 1e-9);
        if (n == 0)
            continue;
        a[(n - 1) * n + n - 1] = -1; /* found only at the last pivot */
        ck_assert(!grasp__cholesky(a, n));
        a[0] = NAN;
        ck_assert(!grasp__cholesky(a, 1));
    }
}
END_TEST

Suite *check_linalg_suite(void);
Suite *check_linalg_suite(void)
{
    Suite *suite = suite_create("linalg");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, matrix_owns_zeroed_rows);
    tcase_add_test(all, matrix_wraps_and_releases_once);
    tcase_add_test(all, matrix_refuses);
    tcase_add_test(all, matrix_names_what_is_not_finite);
    tcase_add_test(all, matrix_reads_and_writes_rows);
    tcase_add_test(all, matrix_survives_failing_allocations);
    tcase_add_test(all, dot2_keeps_its_bound);
    tcase_add_test(all, dot2_has_equal_bits_in_every_variant);
    tcase_add_test(all, dot2_is_honest_at_the_ends_of_the_range);
    tcase_add_test(all, sum2_compensates);
    tcase_add_test(all, rounding_is_checked);
    tcase_add_loop_test(all, gram_keeps_its_bound, 0, 4);
    tcase_add_loop_test(all, gram_is_symmetric_and_does_not_depend_on_the_tile, 0, 4);
    tcase_add_test(all, kernels_are_chosen_by_name);
    tcase_add_test(all, kernels_of_one_instruction_set_go_together);
    tcase_add_test(all, gemm_is_a_product_however_it_is_cut);
    tcase_add_test(all, blas_threads_are_asked_and_set);
    tcase_add_test(all, cholesky_factors_and_solves);
    suite_add_tcase(suite, all);
    return suite;
}
