/* SPDX-License-Identifier: BSD-3-Clause
 * The truth: are two samples within eps? In Dot2 (Ogita, Rump, Oishi 2005), in an order that no kernel, BLAS or thread
 * count changes. What decides faster elsewhere decides only outside a proven distance from the boundary drawn here.
 * O(p).
 *
 * Cosine. With P = Dot2(x, y) and a, b the norms (square roots of Dot2 of a row with itself), the rule is
 *     P >= (1 - eps) a b - width,     width = B + |1 - eps| a b (8 u + 2 g),    g = n^2 u^2 / (1 - n u)^2
 * where B is the error bound of P that grasp__dot2 gives. To first order the other errors are: Dot2 of a row with
 * itself is within u + g of its value relatively, so a and b each within u/2 + g/2, and u more by the square root; the
 * product a b adds u, the difference 1 - eps adds u, the product of the two u: together at most 6 u + g. 8 u + 2 g also
 * covers terms of second order and the rounding of width itself. So a pair that is truly within eps is always decided
 * so, and a pair is only taken in wrongly within twice the width: both are "within Dot2's own error bound of equality".
 * The expression is symmetric in x and y, bit for bit. At eps = 1 it is P >= -B, and B is of order g where P is 0:
 * orthogonal rows of integers are neighbours.
 * At eps >= 2 all are, by Cauchy and Schwarz. Rows are scaled by powers of two, which changes no bit of the comparison.
 *
 * Euclidean. S = Dot2(z, z) for z = f - g rounded, error bound B; eps^2 = h + l exactly; the rule is S - h - l <= B.
 * Integer points at an integer distance are exact. All is scaled by the power of two that brings eps to [1, 2); where
 * max |z_k| is above 2 eps nothing needs to be summed.
 */
#include "distances/space.h"

#include <math.h>

double grasp__truth_width(int64_t p)
{
    double nu = (double)p * GRASP__UNIT;
    double g = nu < 0.5 ? 2 * nu * nu : 1;
    return 40 * GRASP__UNIT + 8 * g;
}

bool grasp__truth_cosine(const double *x, double norm_x, const double *y, double norm_y, int64_t p, double eps)
{
    if (norm_x == 0 || norm_y == 0)
        return eps >= 1;
    if (eps >= 2)
        return true;
    double bound;
    double product = grasp__dot2(x, y, p, &bound);
    double nu = (double)p * GRASP__UNIT;
    double g = nu < 0.5 ? 2 * nu * nu : 1;
    double threshold = (1 - eps) * (norm_x * norm_y);
    double width = bound + fabs(threshold) * (8 * GRASP__UNIT + 2 * g);
    return product - threshold >= -width;
}

/* z = f - g; returns the largest |z_k|. */
static double subtract(const double *f, const double *g, int64_t p, double *z)
{
    for (int64_t k = 0; k < p; k++)
        z[k] = f[k] - g[k];
    return grasp__row_largest(z, p);
}

bool grasp__truth_euclidean(const double *f, const double *g, int64_t p, double eps, double *difference)
{
    double largest = subtract(f, g, p, difference);
    if (largest > 2 * eps)
        return false;
    if (largest == 0 || isinf(eps))
        return eps >= 0;
    double scale = grasp__scale_of(&eps, 1);
    double bound;
    for (int64_t k = 0; k < p; k++)
        difference[k] *= scale;
    double square = grasp__dot2(difference, difference, p, &bound);
    double e = eps * scale;
    double high = e * e, low = fma(e, e, -high);
    return (square - high) - low <= bound;
}

double grasp__value_cosine(const double *x, double norm_x, const double *y, double norm_y, int64_t p)
{
    if (norm_x == 0 || norm_y == 0)
        return 1;
    double d = 1 - grasp__dot2(x, y, p, NULL) / (norm_x * norm_y);
    return d < 0 ? 0 : d > 2 ? 2 : d;
}

double grasp__value_euclidean(const double *f, const double *g, int64_t p, double *difference)
{
    double largest = subtract(f, g, p, difference);
    if (largest == 0 || isinf(largest))
        return largest;
    double scale = grasp__scale_of(&largest, 1);
    return grasp__scale_row(difference, p, scale) / scale;
}
