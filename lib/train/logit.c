/* SPDX-License-Identifier: BSD-3-Clause
 * Weighted logistic regression on rows in memory, by damped Newton steps:
 *
 *   F(theta) = sum_i w_i log(1 + exp(-(2 t_i - 1) z_i)) / sum_i w_i + l2/2 |theta|^2,  z_i = <theta, x_i>
 *   H        = sum_i w_i p_i (1 - p_i) x_i x_i^T / sum_i w_i + l2 I
 *
 * with a step halved until F falls by Armijo's rule (Nocedal, Wright 2006, chapter 3). Small problems are solved by the
 * hundred in a cross-fit, each in one worker: so no allocation, no BLAS, rows gathered in chunks that stay in the
 * cache.
 * Cost: some seven times n q^2 multiply-adds; scratch O(q^2 + chunk q).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 128, STEPS = 30, HALVINGS = 12 };

/* l2 of the constant's coefficient: enough for a Hessian that can be factored. */
#define FREE 1e-6
#define TOLERANCE 1e-6

typedef struct newton {
    const grasp_context *ctx;
    const grasp__kernels *kernels;
    const grasp__logit *f;
    double total; /* weight of all rows */
    double *panel, *across, *z, *factor; /* chunk x q; q x chunk, rows scaled; chunk; chunk */
    double *part, *h, *grad, *step, *next; /* q x q twice; q each */
} newton;

int64_t grasp__logit_scratch(int64_t q)
{
    return 2 * CHUNK * q + 2 * CHUNK + 2 * q * q + 3 * q;
}

static double weight_of(const grasp__logit *f, int64_t row)
{
    return f->weight ? f->weight[row] : 1;
}

static double penalty(const grasp__logit *f, const double *theta)
{
    double sum = 0;
    for (int64_t j = 0; j < f->q - 1; j++)
        sum += theta[j] * theta[j];
    return f->l2 / 2 * sum + FREE / 2 * theta[f->q - 1] * theta[f->q - 1];
}

/* Gathers a chunk of rows, and their z. */
static int64_t gather(const newton *w, int64_t at, const double *theta)
{
    int64_t q = w->f->q, n = w->f->n - at < CHUNK ? w->f->n - at : CHUNK;
    for (int64_t i = 0; i < n; i++)
        memcpy(w->panel + i * q, w->f->x + w->f->rows[at + i] * q, (size_t)q * sizeof *w->panel);
    w->kernels->gram_f64(n, 1, q, w->panel, q, theta, q, w->z, 1);
    return n;
}

static double objective(const newton *w, const double *theta)
{
    double sum = 0;
    for (int64_t at = 0; at < w->f->n; at += CHUNK) {
        int64_t n = gather(w, at, theta);
        for (int64_t i = 0; i < n; i++) {
            int64_t row = w->f->rows[at + i];
            sum += weight_of(w->f, row) * grasp__logistic_loss(w->f->target[row] ? w->z[i] : -w->z[i]);
        }
    }
    return sum / w->total + penalty(w->f, theta);
}

/* Gradient and Hessian of a chunk are added. */
static void add_chunk(const newton *w, int64_t at, int64_t n)
{
    const grasp__logit *f = w->f;
    int64_t q = f->q;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = f->rows[at + i];
        double share = weight_of(f, row) / w->total, p = 1 / (1 + exp(-w->z[i]));
        double residual = share * (p - f->target[row]);
        const double *x = w->panel + i * q;
        for (int64_t j = 0; j < q; j++)
            w->grad[j] += residual * x[j];
        w->factor[i] = sqrt(share * (p * (1 - p) + 1e-9));
    }
    for (int64_t j = 0; j < q; j++)
        for (int64_t i = 0; i < n; i++)
            w->across[j * CHUNK + i] = w->factor[i] * w->panel[i * q + j];
    w->kernels->gram_f64(q, q, n, w->across, CHUNK, w->across, CHUNK, w->part, q);
    for (int64_t k = 0; k < q * q; k++)
        w->h[k] += w->part[k];
}

static void derivatives(const newton *w, const double *theta)
{
    int64_t q = w->f->q;
    memset(w->h, 0, (size_t)(q * q) * sizeof *w->h);
    for (int64_t j = 0; j < q; j++) {
        double l2 = j < q - 1 ? w->f->l2 : FREE;
        w->grad[j] = l2 * theta[j];
        w->h[j * q + j] = l2;
    }
    for (int64_t at = 0; at < w->f->n; at += CHUNK)
        add_chunk(w, at, gather(w, at, theta));
}

/* Cholesky factor in place, then step = H^-1 grad. grasp__cholesky() would call the BLAS from a worker. False if H is
 * not positive definite, which the penalty leaves to overflow alone. */
static bool solve(const newton *w)
{
    int64_t q = w->f->q;
    double *h = w->h, *b = w->step;
    for (int64_t i = 0; i < q; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = h[i * q + j];
            for (int64_t k = 0; k < j; k++)
                sum -= h[i * q + k] * h[j * q + k];
            if (j < i)
                h[i * q + j] = sum / h[j * q + j];
            else if (sum > 0 && isfinite(sum))
                h[i * q + i] = sqrt(sum);
            else
                return false;
        }
    memcpy(b, w->grad, (size_t)q * sizeof *b);
    for (int64_t i = 0; i < q; i++) {
        for (int64_t k = 0; k < i; k++)
            b[i] -= h[i * q + k] * b[k];
        b[i] /= h[i * q + i];
    }
    for (int64_t i = q - 1; i >= 0; i--) {
        b[i] /= h[i * q + i];
        for (int64_t k = 0; k < i; k++)
            b[k] -= h[i * q + k] * b[i];
    }
    return true;
}

/* One step; false when there is none left to take. */
static bool advance(const newton *w, double *theta, double *value)
{
    int64_t q = w->f->q;
    double largest = 0, slope = 0, length = 1;
    derivatives(w, theta);
    for (int64_t j = 0; j < q; j++)
        largest = fmax(largest, fabs(w->grad[j]));
    if (!(largest > TOLERANCE) || !solve(w))
        return false;
    for (int64_t j = 0; j < q; j++)
        slope += w->grad[j] * w->step[j];
    for (int halving = 0; halving < HALVINGS; halving++, length /= 2) {
        for (int64_t j = 0; j < q; j++)
            w->next[j] = theta[j] - length * w->step[j];
        double there = objective(w, w->next);
        if (there <= *value - 1e-4 * length * slope) {
            memcpy(theta, w->next, (size_t)q * sizeof *theta);
            *value = there;
            return true;
        }
    }
    return false;
}

grasp_status grasp__logit_fit(const grasp_context *ctx, const grasp__logit *f, double *scratch, double *theta)
{
    int64_t q = f->q;
    newton w = {.ctx = ctx, .kernels = grasp__context_kernels(ctx), .f = f};
    w.panel = scratch;
    w.across = w.panel + CHUNK * q;
    w.z = w.across + CHUNK * q;
    w.factor = w.z + CHUNK;
    w.part = w.factor + CHUNK;
    w.h = w.part + q * q;
    w.grad = w.h + q * q;
    w.step = w.grad + q;
    w.next = w.step + q;
    memset(theta, 0, (size_t)q * sizeof *theta);
    for (int64_t i = 0; i < f->n; i++)
        w.total += weight_of(f, f->rows[i]);
    if (!(w.total > 0))
        return GRASP_OK;
    double value = log(2);
    for (int step = 0; step < STEPS; step++) {
        if (grasp__cancel_pending(ctx))
            return GRASP_CANCELLED;
        if (!advance(&w, theta, &value))
            break;
    }
    return GRASP_OK;
}

void grasp__logit_scores(const grasp_context *ctx, const double *x, int64_t q, const int64_t *rows, int64_t n,
                         const double *theta, double *score)
{
    const grasp__kernels *kernels = grasp__context_kernels(ctx);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = rows ? rows[i] : i;
        kernels->gram_f64(1, 1, q, x + row * q, q, theta, q, score + row, 1);
    }
}
