/* SPDX-License-Identifier: BSD-3-Clause
 * A Gaussian mixture as it stands: log densities of rows under each component, and responsibilities.
 *
 *   log w_j + log N(x | m_j, S_j) = log w_j - (p log 2 pi + |P_j (x - m_j)|^2) / 2 + log det P_j,   S_j = L L^T, P_j =
 *   L^-1
 *
 * in the log domain, the largest taken out of the sum, so that no density under- or overflows. O(k p^2) a row.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

grasp_status grasp__mixture_create(grasp_context *ctx, int64_t k, int64_t p, grasp__mixture **out)
{
    grasp__mixture *m = NULL;
    int64_t means, squares;
    *out = NULL;
    grasp_status s = grasp__check_product(ctx, k, p, "means", &means);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, means, p, "covariances", &squares);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, 1, sizeof *m, &m);
    if (s != GRASP_OK)
        return s;
    m->k = k;
    m->p = p;
    s = grasp__alloc(ctx, k, sizeof(double), &m->log_weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k, sizeof(double), &m->log_det);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, means, sizeof(double), &m->mean);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, squares, sizeof(double), &m->factor);
    if (s == GRASP_OK)
        *out = m;
    else
        grasp__mixture_free(m);
    return s;
}

uint64_t grasp__mixture_price(int64_t k, int64_t p)
{
    int64_t means;
    if (!grasp__mul_i64(k, p, &means))
        return UINT64_MAX;
    uint64_t sum = grasp__price_sum(grasp__price(1, sizeof(grasp__mixture)), grasp__price(means, sizeof(double)));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, k, sizeof(double));
    return grasp__price_sum(sum, grasp__price_values(means, p, sizeof(double)));
}

void grasp__mixture_free(grasp__mixture *m)
{
    if (m == NULL)
        return;
    grasp__free(m->log_weight);
    grasp__free(m->log_det);
    grasp__free(m->mean);
    grasp__free(m->factor);
    grasp__free(m);
}

void grasp__mixture_copy(const grasp__mixture *from, const int64_t *place, grasp__mixture *to)
{
    int64_t p = from->p;
    for (int64_t j = 0; j < from->k; j++) {
        int64_t q = place == NULL ? j : place[j];
        to->log_weight[q] = from->log_weight[j];
        to->log_det[q] = from->log_det[j];
        memcpy(to->mean + q * p, from->mean + j * p, (size_t)p * sizeof(double));
        memcpy(to->factor + q * p * p, from->factor + j * p * p, (size_t)(p * p) * sizeof(double));
    }
}

bool grasp__mixture_set_covariance(grasp__mixture *m, int64_t j, double *covariance)
{
    int64_t p = m->p;
    double *inverse = m->factor + j * p * p;
    if (!grasp__cholesky(covariance, p))
        return false;
    m->log_det[j] = 0;
    memset(inverse, 0, (size_t)(p * p) * sizeof *inverse);
    for (int64_t i = 0; i < p; i++) { /* row i of L^-1 from the rows before */
        double *row = inverse + i * p, pivot = covariance[i * p + i];
        for (int64_t q = 0; q < i; q++)
            for (int64_t c = 0; c <= q; c++)
                row[c] -= covariance[i * p + q] * inverse[q * p + c];
        row[i] = 1;
        for (int64_t c = 0; c <= i; c++)
            row[c] /= pivot;
        m->log_det[j] -= log(pivot);
    }
    return isfinite(m->log_det[j]);
}

void grasp__mixture_densities(grasp_context *ctx, const grasp__mixture *m, const double *rows, int64_t n,
                              int64_t components, double *scratch, double *density)
{
    const grasp__kernels *kernels = grasp__context_kernels(ctx);
    const double log_2_pi = 1.83787706640934548356;
    int64_t p = m->p;
    double *centred = scratch, *whitened = scratch + n * p;
    for (int64_t j = 0; j < components; j++) {
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < p; c++)
                centred[i * p + c] = rows[i * p + c] - m->mean[j * p + c];
        kernels->gram_f64(n, p, p, centred, p, m->factor + j * p * p, p, whitened, p);
        for (int64_t i = 0; i < n; i++) {
            double square = 0;
            for (int64_t c = 0; c < p; c++)
                square += whitened[i * p + c] * whitened[i * p + c];
            density[i * components + j] = m->log_weight[j] - ((double)p * log_2_pi + square) / 2 + m->log_det[j];
        }
    }
}

double grasp__mixture_responsibilities(double *density, int64_t k)
{
    double top = density[0], sum;
    for (int64_t j = 1; j < k; j++)
        top = density[j] > top ? density[j] : top;
    sum = density[0] = exp(density[0] - top);
    for (int64_t j = 1; j < k; j++)
        sum += density[j] = exp(density[j] - top);
    for (int64_t j = 0; j < k; j++)
        density[j] /= sum;
    return top + log(sum);
}
