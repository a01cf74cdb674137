/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of a space: read, centred, scaled.
 */
#include "distances/space.h"

#include <math.h>

enum { LANES = 8 }; /* maxima side by side, which compilers turn into vectors */

double grasp__largest(const double *x, int64_t p)
{
    double most[LANES] = {0};
    int64_t k = 0;
    for (; k + LANES <= p; k += LANES)
        for (int q = 0; q < LANES; q++) {
            const double magnitude = fabs(x[k + q]);
            most[q] = magnitude > most[q] ? magnitude : most[q];
        }
    for (; k < p; k++)
        most[0] = fabs(x[k]) > most[0] ? fabs(x[k]) : most[0];
    for (int q = 1; q < LANES; q++)
        most[0] = most[q] > most[0] ? most[q] : most[0];
    return most[0];
}

double grasp__scale_of(const double *x, int64_t p)
{
    const double largest = grasp__largest(x, p);
    if (largest == 0 || !isfinite(largest))
        return 1;
    int exponent = -ilogb(largest);
    return ldexp(1, exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent);
}

double grasp__scale_row(double *x, int64_t p, double scale)
{
    for (int64_t k = 0; k < p; k++)
        x[k] *= scale;
    return sqrt(grasp__dot2(x, x, p, NULL));
}

void grasp__centered_rows(const grasp_distances *d, int64_t first, int64_t n, double *c)
{
    grasp__gradients_read_f64(d->gradients, first, n, c);
    if (d->origin == NULL)
        return;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < d->p; k++)
            c[i * d->p + k] -= d->origin[k];
}

void grasp__distances_rows(const grasp_distances *d, int64_t first, int64_t n, double *out)
{
    if (d->metric == GRASP__EUCLIDEAN) {
        grasp__gradients_read_f64(d->gradients, first, n, out);
        return;
    }
    grasp__gradients_read_f64(d->gradients, first, n, out);
    for (int64_t i = 0; i < n; i++) { /* centred and scaled at once: rows of a block do not stay in a near cache */
        const double scale = d->scale[first + i], norm = d->norm[first + i], unit = norm > 0 ? 1 / norm : 0;
        double *row = out + i * d->p;
        if (d->origin != NULL)
            for (int64_t k = 0; k < d->p; k++)
                row[k] = (row[k] - d->origin[k]) * scale * unit;
        else
            for (int64_t k = 0; k < d->p; k++)
                row[k] = row[k] * scale * unit;
    }
}
