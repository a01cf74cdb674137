/* SPDX-License-Identifier: BSD-3-Clause
 * chi2-DRO and chi2-DORO: the worst mean loss over reweightings of a batch within a chi-squared ball, and the same with
 * the largest losses left out as outliers.
 *
 *   F(eta) = C sqrt(sum m_i (loss_i - eta)+^2 / M) + eta,  C = sqrt(1 + (1/alpha - 1)^2),  loss = min over eta of F
 *
 * m the rows' weights, M their sum, over the batch or, for DORO, over what is left of it without its floor(epsilon B)
 * largest losses (Zhai et al. 2021, "DORO", section 3; Duchi, Namkoong 2021 for the dual). The weights are the gradient
 * by the losses, eta held at its minimum: C m_i (loss_i - eta)+ / (M sqrt(...)); they sum to 1. alpha = 1: the mean.
 *
 * F is convex. Over a fixed set S of losses above eta, of share s of the mass, mean m and variance v, its minimum is at
 * m - sqrt(v / (C^2 s - 1)); where that leaves the set as it was, it is the minimum. A bracket, halved where that leads
 * nowhere, keeps this safe. Edges: the minimum lies below all losses (S is all of them); losses that are all equal, or
 * of which those tied at the maximum have a share s with C^2 s >= 1 (small batches), put eta there: the value is the
 * largest loss, the weights those of the mean of the tied, without a root of zero.
 * Cost: O(B) a pass, some passes; O(B log B) for DORO.
 */
#include "train/train_private.h"

#include <math.h>

#define ALPHA                                                                                                          \
  {                                                                                                                    \
    GRASP_KEY_ALPHA, GRASP_PARAM_F64S, "0.2", "(0, 1]", "shares of a minority, which set the ball's size, tried"       \
  }
static const grasp__param chi2_params[] = {GRASP__ADAM_OR_SGD, GRASP__FIRST_ORDER_PARAMS("0"), ALPHA};
static const grasp__param chi2_doro_params[] = {GRASP__ADAM_OR_SGD, GRASP__FIRST_ORDER_PARAMS("0"), ALPHA,
                                                GRASP__OUTLIERS_PARAM};

const grasp__param_table grasp__chi2_params = {
    "chi2", chi2_params, sizeof chi2_params / sizeof chi2_params[0], {{NULL, NULL}}};
const grasp__param_table grasp__chi2_doro_params = {
    "chi2_doro", chi2_doro_params, sizeof chi2_doro_params / sizeof chi2_doro_params[0], {{NULL, NULL}}};

enum { PASSES = 200 };

/* The losses above eta: their share of the mass, mean, variance, and the losses next to eta on either side. */
typedef struct above {
    double share, mean, variance, least, next;
} above;

static above look(int64_t n, const double *loss, const double *mass, double total, double eta)
{
    above a = {.least = INFINITY, .next = -INFINITY};
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(mass[i] > 0))
            continue;
        if (loss[i] > eta) {
            a.share += mass[i];
            sum += mass[i] * loss[i];
            a.least = fmin(a.least, loss[i]);
        } else {
            a.next = fmax(a.next, loss[i]);
        }
    }
    if (a.share > 0) {
        a.mean = sum / a.share;
        for (int64_t i = 0; i < n; i++)
            if (mass[i] > 0 && loss[i] > eta)
                a.variance += mass[i] * (loss[i] - a.mean) * (loss[i] - a.mean);
        a.variance /= a.share;
    }
    a.share /= total;
    return a;
}

/* Where F is least, for losses that are not all equal and C > 1. *tied: at the largest. */
static double minimum(int64_t n, const double *loss, const double *mass, double total, double c, bool *tied)
{
    above a = look(n, loss, mass, total, -INFINITY);
    double lo = a.least, hi = lo, eta = a.mean - sqrt(a.variance / (c * c - 1));
    *tied = false;
    if (eta <= lo)
        return eta;
    for (int64_t i = 0; i < n; i++)
        if (mass[i] > 0)
            hi = fmax(hi, loss[i]);
    double top = hi;
    if (!(eta < hi))
        eta = lo + (hi - lo) / 2;
    for (int k = 0; k < PASSES && lo < eta && eta < hi; k++) {
        a = look(n, loss, mass, total, eta);
        double excess = a.mean - eta, bent = c * c * a.share - 1;
        double slope = 1 - c * sqrt(a.share) * excess / sqrt(a.variance + excess * excess);
        *(slope < 0 ? &lo : &hi) = eta;
        double next = bent > 0 ? a.mean - sqrt(a.variance / bent) : INFINITY;
        if (next >= a.next && next < a.least)
            return next;
        eta = next > lo && next < hi ? next : lo + (hi - lo) / 2;
    }
    *tied = hi >= top;
    return eta;
}

/* Value and weights over losses of which those left out have mass 0. */
static double solve(double alpha, int64_t n, const double *loss, const double *mass, double *weight)
{
    double total = 0, top = -INFINITY, bottom = INFINITY, c = sqrt(1 + (1 / alpha - 1) * (1 / alpha - 1));
    for (int64_t i = 0; i < n; i++) {
        weight[i] = 0;
        if (!(mass[i] > 0))
            continue;
        total += mass[i];
        top = fmax(top, loss[i]);
        bottom = fmin(bottom, loss[i]);
    }
    if (!(total > 0))
        return 0;
    double tied_mass = 0, value = 0, square = 0, eta = bottom;
    for (int64_t i = 0; i < n; i++)
        tied_mass += loss[i] >= top ? mass[i] : 0;
    bool even = !(c > 1), tied = !even && c * c * tied_mass >= total;
    if (!even && !tied)
        eta = minimum(n, loss, mass, total, c, &tied);
    if (even || tied) {
        for (int64_t i = 0; i < n; i++) {
            weight[i] = even ? mass[i] / total : loss[i] >= top ? mass[i] / tied_mass : 0;
            value += weight[i] * loss[i];
        }
        return even ? value : top;
    }
    for (int64_t i = 0; i < n; i++)
        if (loss[i] > eta)
            square += mass[i] / total * (loss[i] - eta) * (loss[i] - eta);
    for (int64_t i = 0; i < n; i++)
        if (loss[i] > eta)
            weight[i] = c * mass[i] / total * (loss[i] - eta) / sqrt(square);
    return c * sqrt(square) + eta;
}

double grasp__chi2(const grasp__risk *risk, int64_t n, const double *loss, const double *mass, int64_t *order,
                   double *weight)
{
    (void)order;
    return solve(risk->alpha, n, loss, mass, weight);
}

double grasp__chi2_doro(const grasp__risk *risk, int64_t n, const double *loss, const double *mass, int64_t *order,
                        double *weight)
{
    int64_t outliers = grasp__share_of(risk->epsilon, n);
    grasp__rank(loss, n, order);
    for (int64_t k = 0; k < outliers; k++)
        risk->scratch[order[k]] = 0;
    for (int64_t k = outliers; k < n; k++)
        risk->scratch[order[k]] = mass[order[k]];
    return solve(risk->alpha, n, loss, risk->scratch, weight);
}

grasp_status grasp__train_chi2(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                               const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                               const grasp__options *o, grasp_report **report)
{
    static const grasp__risk_method method = {"chi2", grasp__chi2, {GRASP_KEY_ALPHA}};
    return grasp__train_risk(ctx, &method, m, groups_or_null, train, n_train, val, n_val, o, report);
}

grasp_status grasp__train_chi2_doro(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                                    const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                                    const grasp__options *o, grasp_report **report)
{
    static const grasp__risk_method method = {"chi2_doro", grasp__chi2_doro, {GRASP_KEY_ALPHA, GRASP_KEY_EPSILON}};
    return grasp__train_risk(ctx, &method, m, groups_or_null, train, n_train, val, n_val, o, report);
}
