/* SPDX-License-Identifier: BSD-3-Clause
 * Orthonormal rows by Gram and Schmidt, twice (Giraud, Langou, Rozloznik 2005: twice is enough). O(m^2 n).
 */
#include "linalg/linalg.h"

#include <math.h>
#include <string.h>

static double dot(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += x[k] * y[k];
    return sum;
}

void grasp__orthonormalise(double *v, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i++) {
        double *x = v + i * n, before = sqrt(dot(x, x, n));
        for (int pass = 0; pass < 2; pass++)
            for (int64_t j = 0; j < i; j++) {
                const double along = dot(x, v + j * n, n);
                for (int64_t k = 0; k < n; k++)
                    x[k] -= along * v[j * n + k];
            }
        const double norm = sqrt(dot(x, x, n));
        if (!(norm > 0x1p-30 * before) || !isfinite(norm)) {
            memset(x, 0, (size_t)n * sizeof *x);
            continue;
        }
        for (int64_t k = 0; k < n; k++)
            x[k] /= norm;
    }
}
