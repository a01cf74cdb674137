/* SPDX-License-Identifier: BSD-3-Clause
 * The rows x_i, |x_i| <= 1 but for rounding, whose inner products decide: unit rows of a cosine space; in a euclidean
 * one rows less their mean, scaled by the largest norm. A pair is within eps where <x_i, x_j> is at least the sum of
 * two halves. Each entry in binary64 is within 8 u of exact, an inner product within 2^-48. O(p) a row.
 */
#include "distances/space.h"

#include <math.h>

double grasp__unit(const grasp_distances *d)
{
    double largest = 0;
    for (int64_t i = 0; d->metric == GRASP__EUCLIDEAN && i < d->n; i++)
        largest = d->norm[i] > largest ? d->norm[i] : largest;
    return largest > 0 ? 1 / largest : 1;
}

void grasp__unit_row(const grasp_distances *d, double unit, int64_t i, double *x)
{
    const double norm = d->norm[i], scale = d->scale[i];
    const double factor = d->metric == GRASP__EUCLIDEAN ? unit : norm > 0 ? 1 / norm : 0;
    grasp__placed_row(d, i, scale, factor, x);
}

/* Cosine: <u_i,u_j> >= 1 - eps. Euclidean: <x_i,x_j> >= (|x_i|^2 + |x_j|^2 - eps^2) / 2, in units of the largest norm.
 * A larger eps than those here takes in all pairs as well. */
double grasp__half_threshold(const grasp_distances *d, double unit, double eps, int64_t i)
{
    if (d->metric == GRASP__COSINE)
        return (1 - fmin(eps, 4)) / 2;
    const double norm = d->norm[i] * unit, radius = fmin(eps * d->scale[i] * unit, 4);
    return (norm * norm - radius * radius / 2) / 2;
}
