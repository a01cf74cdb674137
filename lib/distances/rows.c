/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of a space: read, centred, scaled.
 */
#include "distances/space.h"

#include <math.h>

double grasp__scale_of(const double *x, int64_t p)
{
    const double largest = grasp__row_largest(x, p);
    if (largest == 0 || !isfinite(largest))
        return 1;
    int exponent = -ilogb(largest);
    return ldexp(1, exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent);
}

double grasp__scale_row(double *x, int64_t p, double scale)
{
    grasp__row_place_f64(x, NULL, scale, 1, p, x);
    return sqrt(grasp__dot2(x, x, p, NULL));
}

void grasp__placed_row(const grasp_distances *d, int64_t i, double scale, double factor, double *x)
{
    const void *row = grasp__gradients_row(d->gradients, i);
    if (row != NULL && grasp__gradients_dtype(d->gradients) == GRASP_F32) {
        grasp__row_place_f32(row, d->origin, scale, factor, d->p, x);
        return;
    }
    if (row == NULL) {
        grasp__gradients_read_f64(d->gradients, i, 1, x);
        row = x;
    }
    grasp__row_place_f64(row, d->origin, scale, factor, d->p, x);
}

void grasp__centered_rows(const grasp_distances *d, int64_t first, int64_t n, double *c)
{
    for (int64_t i = 0; i < n; i++)
        grasp__placed_row(d, first + i, 1, 1, c + i * d->p);
}

void grasp__distances_rows(const grasp_distances *d, int64_t first, int64_t n, double *out)
{
    if (d->metric == GRASP__EUCLIDEAN) {
        grasp__gradients_read_f64(d->gradients, first, n, out);
        return;
    }
    for (int64_t i = first; i < first + n; i++, out += d->p)
        grasp__placed_row(d, i, d->scale[i], d->norm[i] > 0 ? 1 / d->norm[i] : 0, out);
}
