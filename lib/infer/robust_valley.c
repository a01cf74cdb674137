/* SPDX-License-Identifier: BSD-3-Clause
 * Where a class falls apart by itself: the deepest valley of the density of its margins.
 *
 * Density by Gaussian kernels of width 0.1 on a grid of 0.05 over [-3, 3] (margins have deviation 1). A local minimum
 * in [-1, 0.5] is a break if it lies below 0.6 of the lower of the highest peaks on either side and leaves enough
 * samples for a cell there; of several the one that is lowest beside its peaks, for the density's lowest point may well
 * be the tail behind a small minority. 121 n.
 */
#include "infer/robust.h"

#include <math.h>

enum { PER_UNIT = 20, REACH = 3, POINTS = 2 * REACH * PER_UNIT + 1 };

#define WIDTH 0.1
#define DEEP 0.6

double grasp__robust_valley(const double *m, int64_t n, double *depth)
{
    double density[POINTS] = {0}, right[POINTS + 1] = {0}, left = 0;
    int64_t below[POINTS] = {0};
    int first = (REACH - 1) * PER_UNIT, last = REACH * PER_UNIT + PER_UNIT / 2, deepest = -1;
    for (int k = 0; k < POINTS; k++)
        for (int64_t i = 0; i < n; i++) {
            double off = ((double)(k - REACH * PER_UNIT) / PER_UNIT - m[i]) / WIDTH;
            density[k] += fabs(off) < 8 ? exp(-off * off / 2) : 0;
            below[k] += off > 0;
        }
    for (int k = POINTS - 1; k >= 0; k--)
        right[k] = fmax(right[k + 1], density[k]);
    *depth = 1;
    for (int k = 0; k <= last; k++) {
        double here = density[k] / fmin(left, right[k + 1]);
        bool parts = below[k] >= GRASP__ROBUST_LEAST_CELL && n - below[k] >= GRASP__ROBUST_LEAST_CELL;
        bool lowest = k >= first && density[k] <= density[k - 1] && density[k] <= density[k + 1];
        if (parts && lowest && here < DEEP && here < *depth) {
            *depth = here;
            deepest = k;
        }
        left = fmax(left, density[k]);
    }
    return deepest < 0 ? 0 : (double)(deepest - REACH * PER_UNIT) / PER_UNIT;
}
