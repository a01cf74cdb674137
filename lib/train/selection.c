/* SPDX-License-Identifier: BSD-3-Clause
 * Which epoch's parameters are kept: the one with the strictly highest score, so the first of equals. A score that is
 * not a number is never better. (Zeng et al. 2022's code starts from 0 and so keeps the initial model when every score
 * is 0; here an epoch is always chosen once one was scored.)
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

grasp_status grasp__selection_open(grasp_context *ctx, int64_t p, grasp__selection *out)
{
    *out = (grasp__selection){.best = -INFINITY, .p = p};
    return grasp__alloc(ctx, p, sizeof *out->theta, &out->theta);
}

void grasp__selection_offer(grasp__selection *selection, double score, int64_t epoch, const double *theta)
{
    if (!(score > selection->best))
        return;
    selection->best = score;
    selection->epoch = epoch;
    memcpy(selection->theta, theta, (size_t)selection->p * sizeof *theta);
}

void grasp__selection_close(grasp__selection *selection)
{
    grasp__free(selection->theta);
    selection->theta = NULL;
}
