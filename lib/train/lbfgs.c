/* SPDX-License-Identifier: BSD-3-Clause
 * L-BFGS's aim: -H g, H the inverse Hessian that the last ten steps s and changes of the gradient y speak for, by the
 * two-loop recursion (Nocedal 1980; Nocedal, Wright 2006, algorithm 7.4). The line search keeps <s, y> positive; a pair
 * that rounding made useless is left out. Cost: 40 p multiplications a step; memory 20 p.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

enum { MEMORY = 10 };

typedef struct memory {
    int64_t p, count; /* pairs learnt so far; pair k lies at k % MEMORY */
    double *s, *y;    /* MEMORY x p */
    double  curvature[MEMORY]; /* <s, y> */
} memory;

static void add(double *v, double factor, const double *x, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        v[j] += factor * x[j];
}

static grasp_status direction(grasp_context *ctx, void *arg, const grasp__fullbatch *f, const grasp__point *at,
                              double *d)
{
    memory *m = arg;
    double alpha[MEMORY];
    int64_t oldest = m->count > MEMORY ? m->count - MEMORY : 0;
    (void)ctx, (void)f;
    for (int64_t j = 0; j < m->p; j++)
        d[j] = -at->grad[j];
    for (int64_t k = m->count - 1; k >= oldest; k--) {
        int64_t i = k % MEMORY;
        alpha[i] = grasp__inner(m->s + i * m->p, d, m->p) / m->curvature[i];
        add(d, -alpha[i], m->y + i * m->p, m->p);
    }
    if (m->count > 0) {
        int64_t i = (m->count - 1) % MEMORY;
        const double *y = m->y + i * m->p;
        double scale = m->curvature[i] / grasp__inner(y, y, m->p);
        for (int64_t j = 0; j < m->p; j++)
            d[j] *= scale;
    }
    for (int64_t k = oldest; k < m->count; k++) {
        int64_t i = k % MEMORY;
        double beta = grasp__inner(m->y + i * m->p, d, m->p) / m->curvature[i];
        add(d, alpha[i] - beta, m->s + i * m->p, m->p);
    }
    return GRASP_OK;
}

static void learn(void *arg, const grasp__point *from, const grasp__point *to)
{
    memory *m = arg;
    int64_t i = m->count % MEMORY;
    double *s = m->s + i * m->p, *y = m->y + i * m->p;
    for (int64_t j = 0; j < m->p; j++) {
        s[j] = to->theta[j] - from->theta[j];
        y[j] = to->grad[j] - from->grad[j];
    }
    double curvature = grasp__inner(s, y, m->p),
           least = 1e-16 * sqrt(grasp__inner(s, s, m->p) * grasp__inner(y, y, m->p));
    if (!(curvature > least) || !isfinite(curvature)) {
        m->count = 0; /* the slot may have held a pair in use: begin anew */
        return;
    }
    m->curvature[i] = curvature;
    m->count++;
}

grasp_status grasp__lbfgs(grasp_context *ctx, grasp__fullbatch *f, grasp__descent *d, grasp_report *report)
{
    memory m = {.p = f->p};
    int64_t cells = 0;
    grasp_status s = grasp__check_product(ctx, f->p, MEMORY, "lbfgs memory", &cells);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, cells, sizeof *m.s, &m.s);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, cells, sizeof *m.y, &m.y);
    if (s == GRASP_OK)
        s = grasp__descend(ctx, f, &(grasp__aim){direction, learn, &m}, d, report);
    grasp__free(m.s);
    grasp__free(m.y);
    return s;
}
