/* SPDX-License-Identifier: BSD-3-Clause
 * Weights for groups that stayed hidden: what gives a sample's class away counts less.
 *
 * A class-balanced model leans on whatever goes with the class, and fails those in whom that is otherwise. Where no
 * split shows who they are, weights can still loosen the tie in every direction at once, a little:
 *
 *   log w_i(t) = log b_i + t (log(r_i / b_i) / 2 - log p_i),  each class's weights brought back to their sum
 *
 * b are the weights of balanced classes. r rakes them (Deming, Stephan 1940, "On a least squares adjustment of a
 * sampled frequency table when the expected marginal totals are known"; of one column: Kamiran, Calders 2012,
 * reweighing): column after column, the share of the weight above the column's mean is made the same in all classes,
 * ten times over, within a factor of ten of b. Columns in which a class has fewer than 50 samples, or 2 %, on one side
 * are let be. p is the probability out of fold of the sample's own class, not below exp(-5).
 *
 * Full strength would undo the columns that explain the class as well. So t is small, and chosen by what it costs
 * (refit.c). O(10 n d).
 */
#include "infer/refit.h"

#include <math.h>

enum { SWEEPS = 10, LEAST_SIDE = 50 };

#define LEAST_SHARE 0.02
#define FARTHEST 10.
#define MOST_LOSS 5.

typedef struct raking {
    const grasp__level *l;
    double *side; /* classes x 2: weight, or number, of those not above and above a column's mean, which is 0 */
    double *r;    /* n */
} raking;

static void count_sides(const raking *k, int64_t column, bool weighted)
{
    const grasp__level *l = k->l;
    for (int64_t c = 0; c < 2 * l->n_classes; c++)
        k->side[c] = 0;
    for (int64_t i = 0; i < l->n; i++)
        k->side[2 * l->y[i] + (l->x[i * l->stride + column] > 0)] += weighted ? k->r[i] : 1;
}

/* Have all classes that are there enough samples on either side? */
static bool is_usable(const raking *k, int64_t column)
{
    count_sides(k, column, false);
    for (int64_t c = 0; c < k->l->n_classes; c++) {
        double low = k->side[2 * c], high = k->side[2 * c + 1];
        if (low + high > 0 && fmin(low, high) < fmax(LEAST_SIDE, LEAST_SHARE * (low + high)))
            return false;
    }
    return true;
}

static void rake_column(const raking *k, int64_t column)
{
    const grasp__level *l = k->l;
    double share = 0;
    int64_t classes = 0;
    count_sides(k, column, true);
    for (int64_t c = 0; c < l->n_classes; c++) {
        double sum = k->side[2 * c] + k->side[2 * c + 1];
        share += sum > 0 ? k->side[2 * c + 1] / sum : 0;
        classes += sum > 0;
    }
    share /= (double)classes;
    for (int64_t c = 0; c < l->n_classes; c++) {
        double sum = k->side[2 * c] + k->side[2 * c + 1];
        k->side[2 * c] = (1 - share) * sum / k->side[2 * c];
        k->side[2 * c + 1] = share * sum / k->side[2 * c + 1];
    }
    for (int64_t i = 0; i < l->n; i++)
        k->r[i] *= k->side[2 * l->y[i] + (l->x[i * l->stride + column] > 0)];
}

static grasp_status rake(grasp_context *ctx, const raking *k, uint8_t *usable)
{
    const grasp__level *l = k->l;
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; i < l->n; i++)
        k->r[i] = l->base[i];
    for (int64_t j = 0; s == GRASP_OK && j < l->d; j++) {
        usable[j] = is_usable(k, j);
        s = grasp__tick(ctx, j, (SWEEPS + 1) * l->d);
    }
    for (int64_t step = 0; s == GRASP_OK && step < SWEEPS * l->d; step++) {
        int64_t j = step % l->d;
        if (usable[j])
            rake_column(k, j);
        for (int64_t i = 0; j == l->d - 1 && i < l->n; i++)
            k->r[i] = fmin(fmax(k->r[i], l->base[i] / FARTHEST), l->base[i] * FARTHEST);
        s = grasp__tick(ctx, l->d + step, (SWEEPS + 1) * l->d);
    }
    return s;
}

grasp_status grasp__level_open(grasp_context *ctx, const grasp__level *l, double *lean)
{
    raking k = {.l = l, .r = lean};
    uint8_t *usable = NULL;
    grasp_status s = grasp__alloc(ctx, l->n_classes, 2 * sizeof *k.side, &k.side);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->d, sizeof *usable, &usable);
    if (s == GRASP_OK)
        s = rake(ctx, &k, usable);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        lean[i] = log(lean[i] / l->base[i]) / 2 + fmin(l->loss[i], MOST_LOSS);
    grasp__free(usable);
    grasp__free(k.side);
    return s;
}

grasp_status grasp__level_weights(grasp_context *ctx, const grasp__level *l, const double *lean, double strength,
                                  double *weight)
{
    double *sum = NULL;
    grasp_status s = grasp__alloc_zero(ctx, l->n_classes, 2 * sizeof *sum, &sum);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++) {
        weight[i] = l->base[i] * exp(strength * lean[i]);
        sum[2 * l->y[i]] += l->base[i];
        sum[2 * l->y[i] + 1] += weight[i];
    }
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        weight[i] *= sum[2 * l->y[i]] / sum[2 * l->y[i] + 1];
    grasp__free(sum);
    return s;
}
