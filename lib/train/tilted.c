/* SPDX-License-Identifier: BSD-3-Clause
 * Tilted empirical risk minimisation (Li et al. 2021, equation 2):
 *
 *   R(t) = (1/t) log(sum m_i exp(t loss_i) / M),   weights m_i exp(t loss_i) / sum m_j exp(t loss_j)
 *
 * m the rows' weights, M their sum. t = 0 is the mean, t to infinity the largest loss, t below 0 leans away from large
 * losses. The weights are the gradient by the losses and sum to 1. The largest exponent is taken out of the sum, so
 * nothing overflows, and differences are of expm1 and log1p, so that a small t loses nothing.
 *
 *   adam, sgd   R over each batch
 *   lbfgs       R over all rows, which is smooth, and convex for linear models and t >= 0: to a gradient norm
 *
 * Cost: an exponential a row; lbfgs a forward pass more an iteration.
 */
#include "train/train_private.h"

#include <math.h>

static const grasp__param params[] = {
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "auto", "auto|adam|sgd|lbfgs",
     "auto: lbfgs for linear models, adam for the others"},
    GRASP__FIRST_ORDER_PARAMS("0"),
    {GRASP_KEY_TILT, GRASP_PARAM_F64S, "1", NULL, "tilts t tried"},
    GRASP__DESCENT_PARAMS,
};

const grasp__param_table grasp__tilted_params = {"tilted", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

double grasp__tilted(const grasp__risk *risk, int64_t n, const double *loss, const double *mass, int64_t *order,
                     double *weight)
{
    double t = risk->tilt, extreme = t >= 0 ? -INFINITY : INFINITY, total = 0, sum = 0, tilted = 0;
    (void)order;
    for (int64_t i = 0; i < n; i++) {
        total += mass[i];
        if (mass[i] > 0)
            extreme = t >= 0 ? fmax(extreme, loss[i]) : fmin(extreme, loss[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        weight[i] = mass[i] > 0 ? mass[i] * exp(t * (loss[i] - extreme)) : 0;
        tilted += weight[i];
        sum += mass[i] > 0 ? mass[i] * (t == 0 ? loss[i] - extreme : expm1(t * (loss[i] - extreme))) : 0;
    }
    if (!(total > 0))
        return 0;
    for (int64_t i = 0; i < n; i++)
        weight[i] /= tilted;
    return extreme + (t == 0 ? sum / total : log1p(sum / total) / t);
}

grasp_status grasp__train_tilted(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                                 const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                                 const grasp__options *o, grasp_report **report)
{
    static const grasp__risk_method method = {"tilted", grasp__tilted, {GRASP_KEY_TILT}};
    return grasp__train_risk(ctx, &method, m, groups_or_null, train, n_train, val, n_val, o, report);
}
