/* SPDX-License-Identifier: BSD-3-Clause
 * Compensated sums and inner products: the truth that every certificate of the library refers to.
 *
 * Source: Ogita, Rump and Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26 (2005), Algorithms 3.1 to 5.3.
 * TwoSum(a, b) = (s, e): s = fl(a + b), s + e = a + b exactly. TwoProd(a, b) = (h, r): h = fl(a b), r = fma(a, b, -h),
 * h + r = a b exactly unless r underflows, then to within half the smallest subnormal, 2^-1075.
 *
 * Dot2 here has one order of operations, whatever the machine: term i goes to lane i mod 8 (zeros pad the last eight);
 * a lane keeps high += h_i by TwoSum and low += fl(q_i + r_i), q_i that sum's error; then lanes (l, l+4), (l, l+2), (l,
 * l+1) merge, high by TwoSum, low = fl(fl(low + low') + q). The result is fl(high + low): equal bits on every
 * instruction set.
 *
 * Bound. u = 2^-53, m = ceil(n / 8), A = sum |x_i y_i|, gamma(t) = t u / (1 - t u). Without underflow the
 * transformation is exact: <x, y> = high + E, E the sum of all errors q and r.
 *   - A term of E passes at most 1 (q + r) + m (its lane) + 6 (three merges) additions:
 *     |low - E| <= gamma(m + 7) (sum |q| + sum |r|).
 *   - |r_i| <= u |x_i y_i|. |q| <= u |high| at that moment, and |high| <= (1 + gamma(m + 4)) A', A' the terms in it.
 *     A lane has at most m - 1 inexact sums (the first is to zero), the tree 3 levels, so
 *     sum |q| <= (m + 2) u (1 + gamma(m + 4)) A, and with sum |r| <= u A
 *     sum |q| + sum |r| <= (m + 3) u (1 + gamma(m + 4)) A <= gamma(m + 4) A.
 *   - The last rounding: |fl(high + low) - (high + low)| <= u |result|.
 * Together |result - <x, y>| <= u |result| + gamma(m + 7) gamma(m + 4) A.
 * Underflow in TwoProd adds at most n 2^-1075 (1 + gamma(m + 7)) < n 2^-1074. A is not known, but M, the same lanes'
 * plain sum of |h_i|, is: |x_i y_i| <= |h_i| (1 + u) + 2^-1075 and m + 2 additions give A <= (1 + gamma(m + 4)) M + n
 * 2^-1075. gamma(m + 7)^2 (1 + 2^-20) covers these factors for n < 2^35, 256 GiB a row. The bound is computed with
 * relative error below 2^-40 and enlarged by as much. When anything overflows, the result is not finite and the bound
 * is infinity.
 *
 * Cost: 11 operations a term, vectorised over lanes; chosen per call by processor, since the bits cannot differ.
 */
#include "linalg/kernels.h"

#include <float.h>
#include <math.h>

static void two_sum(double a, double b, double *sum, double *error)
{
    double s = a + b, part = s - a;
    *error = (a - (s - part)) + (b - part);
    *sum = s;
}

void grasp__sum_add(grasp__sum *s, double x)
{
    double error;
    two_sum(s->high, x, &s->high, &error);
    s->low += error;
}

double grasp__sum_value(const grasp__sum *s)
{
    return s->high + s->low;
}

double grasp__sum2(const double *x, int64_t n, int64_t stride)
{
    grasp__sum s = {0, 0};
    for (int64_t i = 0; i < n; i++)
        grasp__sum_add(&s, x[i * stride]);
    return grasp__sum_value(&s);
}

/* Merges the lanes; the result, and its bound where asked. */
static double merge(grasp__dot2_lanes *lanes, int64_t n, double *bound_or_null)
{
    for (int width = GRASP__DOT2_LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++) {
            double error;
            two_sum(lanes->high[l], lanes->high[l + width], &lanes->high[l], &error);
            lanes->low[l] = (lanes->low[l] + lanes->low[l + width]) + error;
            lanes->magnitude[l] += lanes->magnitude[l + width];
        }
    double result = lanes->high[0] + lanes->low[0];
    if (bound_or_null) {
        const double unit = DBL_EPSILON / 2;
        double terms = (double)(n / GRASP__DOT2_LANES + 1) + 7; /* >= m + 7 */
        double gamma = terms * unit / (1 - terms * unit);
        double square = gamma * gamma * (1 + 0x1p-20);
        double bound = unit * fabs(result) + square * lanes->magnitude[0] + (double)n * DBL_TRUE_MIN;
        *bound_or_null = isfinite(result) && isfinite(bound) ? bound * (1 + 0x1p-40) + DBL_TRUE_MIN : INFINITY;
    }
    return result;
}

/* fma() of the portable variant may be a slow library call, so take hardware's where it is. */
static grasp__dot2_fn choose(void)
{
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return grasp__dot2_avx2;
#endif
    return grasp__dot2_portable;
}

double grasp__dot2(const double *x, const double *y, int64_t n, double *bound_or_null)
{
    grasp__dot2_lanes lanes;
    choose()(x, y, n, &lanes);
    return merge(&lanes, n, bound_or_null);
}
