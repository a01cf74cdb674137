/* SPDX-License-Identifier: BSD-3-Clause
 * The oracle's definitions and the problems that it is asked.
 */
#include "support_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static long double dot(const double *x, const double *y, int64_t p)
{
    long double sum = 0;
    for (int64_t k = 0; k < p; k++)
        sum += (long double)x[k] * y[k];
    return sum;
}

/* The mean and the rounded rows are those of the definition: the compensated sum is nearer to the exact mean than
 * binary64. */
oracle *oracle_make(const double *x, int64_t n, int64_t p, bool euclidean, bool centered)
{
    oracle *o = calloc(1, sizeof *o);
    *o = (oracle){n,
                  p,
                  euclidean,
                  centered,
                  x,
                  malloc((size_t)(n * p + 1) * sizeof(double)),
                  calloc((size_t)n + 1, sizeof(bool))};
    double *mean = calloc((size_t)p + 1, sizeof(double));
    for (int64_t k = 0; k < p && n > 0 && !euclidean && centered; k++) {
        grasp__sum sum = {0, 0};
        for (int64_t i = 0; i < n; i++)
            grasp__sum_add(&sum, x[i * p + k]);
        mean[k] = grasp__sum_value(&sum) / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < p; k++)
            o->c[i * p + k] = x[i * p + k] - mean[k];
        long double size = fmaxl(sqrtl(dot(x + i * p, x + i * p, p)), sqrtl(dot(mean, mean, p)));
        o->zero[i] = !euclidean && sqrtl(dot(o->c + i * p, o->c + i * p, p)) <= 0x1p-40L * size;
    }
    free(mean);
    return o;
}

void oracle_free(oracle *o)
{
    free(o->c);
    free(o->zero);
    free(o);
}

long double oracle_distance(const oracle *o, int64_t i, int64_t j)
{
    const double *x = o->c + i * o->p, *y = o->c + j * o->p;
    long double sum = 0;
    if (i == j)
        return 0;
    if (o->euclidean) {
        for (int64_t k = 0; k < o->p; k++) {
            long double z = (double)(x[k] - y[k]);
            sum += z * z;
        }
        return sqrtl(sum);
    }
    if (o->zero[i] || o->zero[j])
        return 1;
    return fminl(2, fmaxl(0, 1 - dot(x, y, o->p) / (sqrtl(dot(x, x, o->p)) * sqrtl(dot(y, y, o->p)))));
}

int oracle_within(const oracle *o, int64_t i, int64_t j, double eps)
{
    long double margin, size;
    const double *x = o->c + i * o->p, *y = o->c + j * o->p;
    if (i == j)
        return eps >= 0;
    if (!o->euclidean && (o->zero[i] || o->zero[j]))
        return eps >= 1;
    if (o->euclidean) {
        long double d = oracle_distance(o, i, j);
        margin = (long double)eps * eps - d * d;
        size = (long double)eps * eps;
    } else {
        size = sqrtl(dot(x, x, o->p)) * sqrtl(dot(y, y, o->p));
        margin = dot(x, y, o->p) - (1 - (long double)eps) * size;
    }
    if (margin >= -4e-19L * size)
        return 1;
    return margin > -0x1p-46L * size ? -1 : 0;
}

bool oracle_matrix(const oracle *o, double eps, int *within)
{
    bool clear = true;
    for (int64_t i = 0; i < o->n; i++)
        for (int64_t j = 0; j < o->n; j++)
            clear = (within[i * o->n + j] = oracle_within(o, i, j, eps)) >= 0 && clear;
    return clear;
}

/* Clusters in the order of their lowest core; later clusters do not take a border sample from an earlier one. */
int64_t oracle_dbscan(const int *within, int64_t n, int64_t min_samples, const int64_t *multiplicity, int64_t *label,
                      uint8_t *core)
{
    int64_t clusters = 0, *stack = malloc((size_t)(n + 1) * sizeof *stack);
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        for (int64_t j = 0; j < n; j++)
            count += within[i * n + j] ? (multiplicity ? multiplicity[j] : 1) : 0;
        core[i] = count >= min_samples;
        label[i] = GRASP_NOISE;
    }
    for (int64_t s = 0; s < n; s++) {
        int64_t top = 0;
        if (!core[s] || label[s] != GRASP_NOISE)
            continue;
        label[s] = clusters;
        stack[top++] = s;
        while (top > 0) {
            int64_t i = stack[--top];
            for (int64_t j = 0; j < n; j++)
                if (within[i * n + j] && label[j] == GRASP_NOISE) {
                    label[j] = clusters;
                    if (core[j])
                        stack[top++] = j;
                }
        }
        clusters++;
    }
    free(stack);
    return clusters;
}

/* ---- problems ---------------------------------------------------------------------------------------------------- */

static const int64_t integer_rows[][2] = {{3, 4}, {4, 3}, {-3, 4}, {4, -3}, {5, 0},
                                          {0, 5}, {6, 8}, {0, 0},  {-5, 0}, {1, 0}};

static void fill_clusters(problem *q, grasp__rng *rng, double spread)
{
    int64_t k = 1 + grasp__rng_below(rng, 4);
    double *center = malloc((size_t)(k * q->p) * sizeof(double));
    random_normals(rng, center, k * q->p);
    for (int64_t i = 0; i < q->n; i++) {
        int64_t c = grasp__rng_below(rng, k);
        for (int64_t j = 0; j < q->p; j++)
            q->x[i * q->p + j] = center[c * q->p + j] + spread * grasp__rng_normal(rng);
    }
    free(center);
}

/* A gap of 1e-9 between two distances, eps in its middle: only arithmetic that knows its error tells them apart. */
static double middle_of_gap(const problem *q, double wanted)
{
    oracle *o = oracle_make(q->x, q->n, q->p, q->euclidean, q->centered);
    double best = wanted, below = 0;
    for (int64_t i = 0; i < q->n; i++)
        for (int64_t j = 0; j < i; j++) {
            double d = (double)oracle_distance(o, i, j);
            if (d <= wanted && d > below)
                below = d;
        }
    best = below > 0 ? below * (1 + 0.5e-9) : wanted;
    oracle_free(o);
    return best;
}

problem *problem_random(uint64_t item)
{
    grasp__rng rng = test_rng(item);
    problem *q = calloc(1, sizeof *q);
    int64_t kind = grasp__rng_below(&rng, 9);
    q->n = grasp__rng_below(&rng, 20) == 0 ? grasp__rng_below(&rng, 4) : 4 + grasp__rng_below(&rng, 70);
    if (grasp__rng_below(&rng, 40) == 0)
        q->n = 130 + grasp__rng_below(&rng, 160); /* more than a tile */
    q->p = grasp__rng_below(&rng, 3) == 0 ? 17 + grasp__rng_below(&rng, 60) : 1 + grasp__rng_below(&rng, 8);
    q->euclidean = grasp__rng_below(&rng, 2) == 0;
    q->centered = grasp__rng_below(&rng, 4) != 0;
    q->min_samples = 1 + grasp__rng_below(&rng, grasp__rng_below(&rng, 8) == 0 ? q->n + 3 : 8);
    q->eps = q->euclidean ? 0.2 + 2 * grasp__rng_uniform(&rng) : 0.02 + 0.6 * grasp__rng_uniform(&rng);
    bool grid = kind >= 7;
    if (grid)
        q->p = 2;
    q->x = malloc((size_t)(q->n * q->p + 1) * sizeof(double));
    fill_clusters(q, &rng, kind == 0 ? 0.01 : 0.2);
    switch (kind) {
    case 1:
        q->kind = "duplicates";
        for (int64_t i = q->n / 3; i < q->n; i++)
            memcpy(q->x + i * q->p, q->x + grasp__rng_below(&rng, q->n / 3 + 1) * q->p, (size_t)q->p * sizeof(double));
        q->eps = grasp__rng_below(&rng, 2) ? 0 : q->eps;
        break;
    case 2:
        q->kind = "tiny";
        for (int64_t k = 0; k < q->n * q->p; k++)
            q->x[k] *= 1e-30;
        q->eps *= q->euclidean ? 1e-30 : 1;
        break;
    case 3:
        q->kind = "huge";
        for (int64_t k = 0; k < q->n * q->p; k++)
            q->x[k] *= 1e30;
        q->eps *= q->euclidean ? 1e30 : 1;
        break;
    case 4:
        q->kind = "mean above spread";
        for (int64_t k = 0; k < q->n * q->p; k++)
            q->x[k] += 1e7;
        break;
    case 5:
        q->kind = "zero rows";
        for (int64_t i = 0; i < q->n; i += 3)
            memset(q->x + i * q->p, 0, (size_t)q->p * sizeof(double));
        q->centered = false;
        q->eps = grasp__rng_below(&rng, 3) == 0 ? 1 : q->eps;
        break;
    case 6:
        q->kind = "all noise or all one";
        q->eps = grasp__rng_below(&rng, 2) ? (q->euclidean ? 1e-3 : 1e-7) : (q->euclidean ? 1e3 : 2);
        break;
    case 7: /* integer points at integer distances; rows whose cosines with each other are exact */
        q->kind = "ties";
        for (int64_t i = 0; i < q->n; i++)
            for (int64_t k = 0; k < 2; k++)
                q->x[2 * i + k] = q->euclidean ? (double)grasp__rng_below(&rng, 12) : 0;
        for (int64_t i = 0; i < q->n && !q->euclidean; i++) {
            int64_t r = grasp__rng_below(&rng, sizeof integer_rows / sizeof *integer_rows);
            for (int64_t k = 0; k < 2; k++)
                q->x[2 * i + k] = (double)integer_rows[r][k];
        }
        q->centered = false;
        q->eps = q->euclidean ? (double)(1 + grasp__rng_below(&rng, 5))
                              : (double[]){0, 1, 2, 0.5, 1.5}[grasp__rng_below(&rng, 5)];
        break;
    case 8:
        q->kind = "scaled ties"; /* powers of two keep every product exact */
        for (int64_t i = 0; i < 2 * q->n; i++)
            q->x[i] = ldexp((double)grasp__rng_below(&rng, 9) - 4, -100);
        q->centered = false;
        q->eps = q->euclidean ? ldexp((double)grasp__rng_below(&rng, 5), -100)
                              : (double[]){0, 1, 2}[grasp__rng_below(&rng, 3)];
        break;
    default:
        q->kind = "clusters";
        if (q->n > 1)
            q->eps = middle_of_gap(q, q->eps);
    }
    return q;
}

void problem_free(problem *q)
{
    free(q->x);
    free(q);
}
