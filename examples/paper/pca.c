/* SPDX-License-Identifier: BSD-3-Clause
 * The first two principal components, for pictures: power iteration on the centred rows, the second one orthogonal to
 * the first. O(n p) an iteration; the signs make the largest entry of a component positive.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>

enum { ITERATIONS = 60 };

static void orthonormal(double *v, const double *to, int64_t p)
{
    double inner = 0, square = 0;
    for (int64_t j = 0; to && j < p; j++)
        inner += v[j] * to[j];
    for (int64_t j = 0; j < p; j++) {
        v[j] -= to ? inner * to[j] : 0;
        square += v[j] * v[j];
    }
    for (int64_t j = 0; j < p; j++)
        v[j] = square > 0 ? v[j] / sqrt(square) : 0;
}

/* score[i * 2] = <row_i - mean, v>; next = sum over i of score_i (row_i - mean) */
static void project(const double *row, const double *mean, int64_t n, int64_t p, const double *v, double *score,
                    double *next)
{
    for (int64_t j = 0; j < p; j++)
        next[j] = 0;
    for (int64_t i = 0; i < n; i++) {
        double inner = 0;
        for (int64_t j = 0; j < p; j++)
            inner += (row[i * p + j] - mean[j]) * v[j];
        score[i * 2] = inner;
        for (int64_t j = 0; j < p; j++)
            next[j] += inner * (row[i * p + j] - mean[j]);
    }
}

void principal_scores(const double *row, int64_t n, int64_t p, double *score)
{
    double *mean = allocate(p, sizeof *mean), *component = allocate(2 * p, sizeof *component),
           *next = allocate(p, sizeof *next);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < p; j++)
            mean[j] += row[i * p + j] / (double)n;
    for (int k = 0; k < 2; k++) {
        double *v = component + k * p;
        int64_t top = 0;
        for (int64_t j = 0; j < p; j++)
            v[j] = 1 + (double)(j * (k + 1) % 7); /* any start that is not orthogonal to the component */
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            orthonormal(v, k ? component : NULL, p);
            project(row, mean, n, p, v, score + k, next);
            for (int64_t j = 0; j < p; j++)
                v[j] = next[j];
        }
        orthonormal(v, k ? component : NULL, p);
        for (int64_t j = 0; j < p; j++)
            top = fabs(v[j]) > fabs(v[top]) ? j : top;
        for (int64_t j = 0, flip = v[top] < 0; j < p; j++)
            v[j] = flip ? -v[j] : v[j];
        project(row, mean, n, p, v, score + k, next);
    }
    free(mean);
    free(component);
    free(next);
}
