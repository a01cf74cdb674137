/* SPDX-License-Identifier: BSD-3-Clause
 * Evidence for models that bend: a minority that no plane tells from the other class may yet be told from it.
 *
 * The columns of the space, and beside them 64 Gaussian bumps exp(-2 |x - l|^2 / h) around samples l drawn at random, h
 * the mean of those squared distances, each bump brought to mean 0 and deviation 1. Few columns only, for in many
 * dimensions all distances are alike. O(64 n q).
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { BUMPS = 64 };

static double squared_distance(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

static void fill(grasp__robust_space *s, const grasp__robust_space *plain, const int64_t *at, int64_t bumps)
{
    int64_t columns = plain->q - 1;
    double mean = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double *x = s->x + i * s->q;
        memcpy(x, plain->x + i * plain->q, (size_t)columns * sizeof *x);
        for (int64_t b = 0; b < bumps; b++) {
            x[columns + b] = squared_distance(x, plain->x + at[b] * plain->q, columns);
            mean += x[columns + b] / (double)(s->n * bumps);
        }
        x[columns + bumps] = 1;
    }
    for (int64_t b = columns; b < columns + bumps; b++) {
        double middle = 0, square = 0;
        for (int64_t i = 0; i < s->n; i++) {
            double *x = s->x + i * s->q + b;
            *x = mean > 0 ? exp(-2 * *x / mean) : 0;
            middle += *x / (double)s->n;
        }
        for (int64_t i = 0; i < s->n; i++)
            square += pow(s->x[i * s->q + b] - middle, 2) / (double)s->n;
        for (int64_t i = 0; i < s->n; i++)
            s->x[i * s->q + b] = square > 0 ? (s->x[i * s->q + b] - middle) / sqrt(square) : 0;
    }
}

grasp_status grasp__robust_space_curved(grasp_context *ctx, const grasp__robust_space *plain, uint64_t stream,
                                        grasp__robust_space *out)
{
    int64_t bumps = plain->n < BUMPS ? plain->n : BUMPS, *at = NULL;
    grasp__robust_space s = {.n = plain->n, .d = plain->d, .q = plain->q + bumps};
    grasp__rng rng;
    grasp_status status = grasp__alloc(ctx, s.n, sizeof *at, &at);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, s.n, (size_t)s.q * sizeof *s.x, &s.x);
    if (status == GRASP_OK) {
        for (int64_t i = 0; i < s.n; i++)
            at[i] = i;
        grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SAMPLE, 1 + stream);
        grasp__rng_shuffle(&rng, at, s.n);
        fill(&s, plain, at, bumps);
        *out = s;
    }
    grasp__free(at);
    return status;
}
