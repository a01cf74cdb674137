/* SPDX-License-Identifier: BSD-3-Clause
 * Which kernels work on the entries of rows: those of the richest instruction set this processor has, chosen per call,
 * since the bits cannot differ.
 */
#include "linalg/kernels.h"

static const grasp__row_kernels *here(void)
{
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return &grasp__row_kernels_avx512;
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &grasp__row_kernels_avx2;
#endif
    return &grasp__row_kernels_portable;
}

void grasp__row_place_f32(const float *x, const double *origin_or_null, double scale, double factor, int64_t n,
                          double *out)
{
    here()->place_f32(x, origin_or_null, scale, factor, n, out);
}

void grasp__row_place_f64(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                          double *out)
{
    here()->place_f64(x, origin_or_null, scale, factor, n, out);
}

void grasp__row_add_f32(const float *x, const double *origin_or_null, double scale, double factor, int64_t n,
                        double *sum)
{
    here()->add_f32(x, origin_or_null, scale, factor, n, sum);
}

void grasp__row_add_f64(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                        double *sum)
{
    here()->add_f64(x, origin_or_null, scale, factor, n, sum);
}

void grasp__row_products_f32(int64_t rows, const float *const *x, const double *origin_or_null, const double *scale,
                             const double *factor, int64_t n, int64_t vectors, const double *b, double *out)
{
    here()->products_f32(rows, x, origin_or_null, scale, factor, n, vectors, b, out);
}

void grasp__row_products_f64(int64_t rows, const double *const *x, const double *origin_or_null, const double *scale,
                             const double *factor, int64_t n, int64_t vectors, const double *b, double *out)
{
    here()->products_f64(rows, x, origin_or_null, scale, factor, n, vectors, b, out);
}

void grasp__row_sum_chosen(int64_t count, const int32_t *chosen, const double *x, int64_t stride, int64_t n,
                           double *sum)
{
    here()->sum_chosen(count, chosen, x, stride, n, sum);
}

double grasp__row_largest(const double *x, int64_t n)
{
    return here()->largest(x, n);
}
