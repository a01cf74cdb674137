/* SPDX-License-Identifier: BSD-3-Clause
 * Inputs made comparable, so that what is found does not depend on their units.
 *
 * Each column is brought to mean 0 and deviation 1; constant ones are left out. With more than 100 columns the leading
 * 64 principal components of those, each brought to deviation 1 likewise, stand for them: the direction is then learned
 * from few mistakes in few dimensions. Components by simultaneous iteration (Golub, Van Loan 2013, section 8.2.4) from
 * fixed random vectors. Cost: n d, or n d^2 + 40 d^2 64.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { WIDE = 100, COMPONENTS = 64, ITERATIONS = 40 };

void grasp__robust_space_close(grasp__robust_space *space)
{
    grasp__free(space->x);
    grasp__free(space->mean);
    grasp__free(space->scale);
    grasp__free(space->axes);
    *space = (grasp__robust_space){0};
}

/* Mean and deviation of each column; returns how many vary. */
static int64_t measure(grasp__robust_space *s, const double *raw)
{
    int64_t vary = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < s->d; j++)
            s->mean[j] += raw[i * s->d + j] / (double)s->n;
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < s->d; j++) {
            double difference = raw[i * s->d + j] - s->mean[j];
            s->scale[j] += difference * difference / (double)s->n;
        }
    for (int64_t j = 0; j < s->d; j++) {
        s->scale[j] = sqrt(s->scale[j]);
        if (!(s->scale[j] > 1e-9 * fabs(s->mean[j])) || !isfinite(s->scale[j]) || s->scale[j] < 1e-300)
            s->scale[j] = 0;
        vary += s->scale[j] > 0;
    }
    return vary;
}

static double standard(const grasp__robust_space *s, const double *raw, int64_t j)
{
    return s->scale[j] > 0 ? (raw[j] - s->mean[j]) / s->scale[j] : 0;
}

/* The columns that vary, standardised. */
static grasp_status fill_columns(grasp_context *ctx, grasp__robust_space *s, const double *raw, int64_t vary)
{
    s->q = vary + 1;
    grasp_status status = grasp__alloc(ctx, s->n, (size_t)s->q * sizeof *s->x, &s->x);
    for (int64_t i = 0; status == GRASP_OK && i < s->n; i++) {
        double *x = s->x + i * s->q;
        for (int64_t j = 0; j < s->d; j++)
            if (s->scale[j] > 0)
                *x++ = standard(s, raw + i * s->d, j);
        *x = 1;
    }
    return status;
}

/* c (d x d) = covariance of the standardised columns, a chunk of rows at a time. */
static grasp_status covariance(grasp_context *ctx, const grasp__robust_space *s, const double *raw, double *c)
{
    enum { CHUNK = 256 };
    double *part = NULL;
    grasp_status status = grasp__alloc(ctx, CHUNK, (size_t)s->d * sizeof *part, &part);
    memset(c, 0, (size_t)(s->d * s->d) * sizeof *c);
    for (int64_t at = 0; status == GRASP_OK && at < s->n; at += CHUNK) {
        int64_t n = s->n - at < CHUNK ? s->n - at : CHUNK;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < s->d; j++)
                part[i * s->d + j] = standard(s, raw + (at + i) * s->d, j);
        grasp__gemm_f64(true, false, s->d, s->d, n, 1 / (double)s->n, part, s->d, part, s->d, 1, c, s->d);
        status = grasp__tick(ctx, at, s->n);
    }
    grasp__free(part);
    return status;
}

/* Rows of `axes`: leading eigenvectors of c. */
static grasp_status iterate(grasp_context *ctx, const double *c, int64_t d, double *axes, double *next)
{
    grasp_status s = GRASP_OK;
    grasp__rng rng;
    grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SAMPLE, 0);
    for (int64_t k = 0; k < COMPONENTS * d; k++)
        axes[k] = grasp__rng_normal(&rng);
    for (int step = 0; s == GRASP_OK && step < ITERATIONS; step++) {
        grasp__gemm_f64(false, false, COMPONENTS, d, d, 1, axes, d, c, d, 0, next, d);
        grasp__orthonormalise(next, COMPONENTS, d);
        memcpy(axes, next, (size_t)(COMPONENTS * d) * sizeof *axes);
        s = grasp__tick(ctx, step, ITERATIONS);
    }
    return s;
}

/* x = projections on the axes, both divided by the projections' deviations. */
static void project(grasp__robust_space *s, const double *raw)
{
    double square[COMPONENTS] = {0};
    for (int64_t i = 0; i < s->n; i++) {
        double *x = s->x + i * s->q;
        memset(x, 0, (size_t)s->q * sizeof *x);
        for (int64_t k = 0; k < COMPONENTS; k++) {
            for (int64_t j = 0; j < s->d; j++)
                x[k] += s->axes[k * s->d + j] * standard(s, raw + i * s->d, j);
            square[k] += x[k] * x[k] / (double)s->n;
        }
        x[COMPONENTS] = 1;
    }
    for (int64_t k = 0; k < COMPONENTS; k++) {
        double factor = square[k] > 1e-18 ? 1 / sqrt(square[k]) : 0;
        for (int64_t i = 0; i < s->n; i++)
            s->x[i * s->q + k] *= factor;
        for (int64_t j = 0; j < s->d; j++)
            s->axes[k * s->d + j] *= factor;
    }
}

static grasp_status fill_components(grasp_context *ctx, grasp__robust_space *s, const double *raw)
{
    double *c = NULL, *next = NULL;
    int64_t cells = 0;
    s->q = COMPONENTS + 1;
    grasp_status status = grasp__check_product(ctx, s->d, s->d, "covariance", &cells);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, cells, sizeof *c, &c);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, COMPONENTS, (size_t)s->d * sizeof *next, &next);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, COMPONENTS, (size_t)s->d * sizeof *s->axes, &s->axes);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, s->n, (size_t)s->q * sizeof *s->x, &s->x);
    if (status == GRASP_OK)
        status = covariance(ctx, s, raw, c);
    if (status == GRASP_OK)
        status = iterate(ctx, c, s->d, s->axes, next);
    if (status == GRASP_OK)
        project(s, raw);
    grasp__free(c);
    grasp__free(next);
    return status;
}

grasp_status grasp__robust_space_open(grasp_context *ctx, const double *raw, int64_t n, int64_t d,
                                      grasp__robust_space *out)
{
    grasp__robust_space s = {.n = n, .d = d};
    grasp_status status = grasp__alloc_zero(ctx, d, sizeof *s.mean, &s.mean);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(ctx, d, sizeof *s.scale, &s.scale);
    if (status == GRASP_OK) {
        int64_t vary = measure(&s, raw);
        status = vary > WIDE ? fill_components(ctx, &s, raw) : fill_columns(ctx, &s, raw, vary);
    }
    if (status == GRASP_OK)
        *out = s;
    else
        grasp__robust_space_close(&s);
    return status;
}

void grasp__robust_space_raw(const grasp__robust_space *s, const double *theta, double *raw)
{
    memset(raw, 0, (size_t)(s->d + 1) * sizeof *raw);
    raw[s->d] = theta[s->q - 1];
    for (int64_t j = 0, column = 0; j < s->d; j++) {
        if (!(s->scale[j] > 0))
            continue;
        double of_standard = s->axes ? 0 : theta[column++];
        for (int64_t k = 0; s->axes && k < s->q - 1; k++)
            of_standard += theta[k] * s->axes[k * s->d + j];
        raw[j] = of_standard / s->scale[j];
        raw[s->d] -= raw[j] * s->mean[j];
    }
}
