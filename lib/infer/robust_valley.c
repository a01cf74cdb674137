/* SPDX-License-Identifier: BSD-3-Clause
 * Where a class falls apart by itself: the deepest valley of the density of its margins.
 *
 * Density by Gaussian kernels of width 0.1 on a grid of 0.05 over [-3, 3] (margins have deviation 1). The lowest point
 * in [-1, 0.5] is a break if it lies inside and below 0.6 of the lower of the highest peaks on either side. 121 n.
 */
#include "infer/robust.h"

#include <math.h>

enum { PER_UNIT = 20, REACH = 3, POINTS = 2 * REACH * PER_UNIT + 1 };

#define WIDTH 0.1
#define DEEP 0.6

double grasp__robust_valley(const double *m, int64_t n, double *depth)
{
    double density[POINTS] = {0}, left = 0, right = 0;
    int first = (REACH - 1) * PER_UNIT, last = REACH * PER_UNIT + PER_UNIT / 2, lowest = first;
    for (int k = 0; k < POINTS; k++)
        for (int64_t i = 0; i < n; i++) {
            double off = ((double)(k - REACH * PER_UNIT) / PER_UNIT - m[i]) / WIDTH;
            density[k] += fabs(off) < 8 ? exp(-off * off / 2) : 0;
        }
    for (int k = first; k <= last; k++)
        lowest = density[k] < density[lowest] ? k : lowest;
    for (int k = 0; k < POINTS; k++) {
        left = k < lowest ? fmax(left, density[k]) : left;
        right = k > lowest ? fmax(right, density[k]) : right;
    }
    double least = fmin(left, right);
    if (lowest == first || lowest == last || !(density[lowest] < DEEP * least)) {
        *depth = 1;
        return 0;
    }
    *depth = density[lowest] / least;
    return (double)(lowest - REACH * PER_UNIT) / PER_UNIT;
}
