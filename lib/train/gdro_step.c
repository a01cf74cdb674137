/* SPDX-License-Identifier: BSD-3-Clause
 * The group weights' step of group DRO, exponentiated gradient ascent on the simplex: q_g <- q_g exp(step loss_g) / Z.
 *
 * In log space, with the largest taken out of Z: losses of 1e6 neither overflow nor lose the small weights, which come
 * back when their losses grow. (Sagawa et al. 2020, algorithm 1.) Cost: O(groups).
 */
#include "train/train_private.h"

#include <math.h>

bool grasp__gdro_advance(int64_t n_groups, const double *group_loss, double step, double *log_q)
{
    double top = -INFINITY, sum = 0;
    for (int64_t g = 0; g < n_groups; g++)
        if (!(log_q[g] + step * group_loss[g] <= top))
            top = log_q[g] + step * group_loss[g]; /* a NaN stays */
    if (!isfinite(top))
        return false;
    for (int64_t g = 0; g < n_groups; g++)
        sum += exp(log_q[g] + step * group_loss[g] - top);
    for (int64_t g = 0; g < n_groups; g++)
        log_q[g] = log_q[g] + step * group_loss[g] - top - log(sum);
    return true;
}

static grasp_status gdro_step(grasp_context *ctx, int64_t n_groups, const double *group_loss, double step,
                              double *log_q)
{
    grasp_status s = grasp__check_range(ctx, n_groups, 1, INT64_MAX, "n_groups");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, group_loss, "group_loss");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, log_q, "log_q");
    if (s == GRASP_OK)
        s = grasp__check_finite_f64(ctx, group_loss, n_groups, "group_loss");
    if (s == GRASP_OK && !(step >= 0 && isfinite(step)))
        s = grasp__fail(ctx, GRASP_E_ARG, "step is %g, expected in [0, inf)", step);
    for (int64_t g = 0; s == GRASP_OK && g < n_groups; g++)
        if (isnan(log_q[g]) || log_q[g] == INFINITY)
            s = grasp__fail(ctx, GRASP_E_NUMERIC, "log_q[%" PRId64 "] is %g, expected finite or -inf", g, log_q[g]);
    if (s == GRASP_OK && !grasp__gdro_advance(n_groups, group_loss, step, log_q))
        s = grasp__fail(ctx, GRASP_E_NUMERIC,
                        "log_q + step * group_loss has no finite maximum, so no weights follow from it");
    return s;
}

grasp_status grasp_gdro_step(grasp_context *ctx, int64_t n_groups, const double *group_loss, double step, double *log_q)
{
    grasp_status s = grasp__enter(ctx, __func__);
    return s == GRASP_OK ? grasp__leave(ctx, gdro_step(ctx, n_groups, group_loss, step, log_q)) : s;
}
