/* SPDX-License-Identifier: BSD-3-Clause
 * CVaR-DRO and CVaR-DORO: the mean of the largest losses of a batch, and the same with the very largest left out as
 * outliers.
 *
 *   cvar   max over 0 <= p_i <= m_i / (alpha M), sum p = 1, of sum p_i loss_i = min over eta of
 *          eta + sum m_i (loss_i - eta)+ / (alpha M)
 *          m the rows' weights, M their sum: the mean over the worst share alpha of the batch, in part for the row at
 *          the boundary (Rockafellar, Uryasev 2000, "Optimization of conditional value-at-risk", equation 9)
 *   doro   with r the rank of a loss among the B of the batch, 0 the largest, a = floor(epsilon B) and
 *          b = floor((epsilon + alpha (1 - epsilon)) B):
 *          sum of m loss over a <= r < b / (alpha sum of m over r >= a)
 *          (Zhai et al. 2021, "DORO", algorithm 1). Batches so small that a = b would have no loss: then the row of
 *          rank a alone, with weight 1.
 *
 * At epsilon = 0 the two agree where alpha B is whole and the weights are equal. The weights are the gradient by the
 * losses: those of cvar sum to 1. Cost: O(B log B) a batch.
 */
#include "train/train_private.h"

#include <math.h>

#define ALPHA {GRASP_KEY_ALPHA, GRASP_PARAM_F64S, "0.2", "(0, 1]", "shares of the rows, the worst, tried"}
static const grasp__param cvar_params[] = {GRASP__ADAM_OR_SGD, GRASP__FIRST_ORDER_PARAMS("0"), ALPHA};
static const grasp__param doro_params[] = {GRASP__ADAM_OR_SGD, GRASP__FIRST_ORDER_PARAMS("0"), ALPHA,
                                           GRASP__OUTLIERS_PARAM};

const grasp__param_table grasp__cvar_params = {
    "cvar", cvar_params, sizeof cvar_params / sizeof cvar_params[0], {{NULL, NULL}}};
const grasp__param_table grasp__doro_params = {
    "doro", doro_params, sizeof doro_params / sizeof doro_params[0], {{NULL, NULL}}};

double grasp__cvar(const grasp__risk *risk, int64_t n, const double *loss, const double *mass, int64_t *order,
                   double *weight)
{
    double total = 0, value = 0;
    for (int64_t i = 0; i < n; i++) {
        total += mass[i];
        weight[i] = 0;
    }
    if (!(total > 0))
        return 0;
    grasp__rank(loss, n, order);
    double budget = risk->alpha * total, left = budget;
    for (int64_t k = 0; k < n && left > 0; k++) {
        int64_t i = order[k];
        double taken = fmin(mass[i], left);
        weight[i] = taken / budget;
        value += weight[i] * loss[i];
        left -= taken;
    }
    return value;
}

int64_t grasp__share_of(double share, int64_t n)
{
    return (int64_t)floor(share * (double)n + 1e-9); /* 0.29 * 100 is 29 */
}

double grasp__doro(const grasp__risk *risk, int64_t n, const double *loss, const double *mass, int64_t *order,
                   double *weight)
{
    int64_t from = grasp__share_of(risk->epsilon, n);
    int64_t to = grasp__share_of(risk->epsilon + risk->alpha * (1 - risk->epsilon), n);
    double kept = 0, value = 0;
    for (int64_t i = 0; i < n; i++)
        weight[i] = 0;
    grasp__rank(loss, n, order);
    for (int64_t k = from; k < n; k++)
        kept += mass[order[k]];
    if (!(kept > 0))
        return 0;
    if (to <= from) {
        weight[order[from]] = mass[order[from]] > 0;
        return weight[order[from]] * loss[order[from]];
    }
    for (int64_t k = from; k < to; k++) {
        int64_t i = order[k];
        weight[i] = mass[i] / (risk->alpha * kept);
        value += weight[i] * loss[i];
    }
    return value;
}

grasp_status grasp__train_cvar(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                               const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                               const grasp__options *o, grasp_report **report)
{
    static const grasp__risk_method method = {"cvar", grasp__cvar, {GRASP_KEY_ALPHA}};
    return grasp__train_risk(ctx, &method, m, groups_or_null, train, n_train, val, n_val, o, report);
}

grasp_status grasp__train_doro(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                               const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                               const grasp__options *o, grasp_report **report)
{
    static const grasp__risk_method method = {"doro", grasp__doro, {GRASP_KEY_ALPHA, GRASP_KEY_EPSILON}};
    return grasp__train_risk(ctx, &method, m, groups_or_null, train, n_train, val, n_val, o, report);
}
