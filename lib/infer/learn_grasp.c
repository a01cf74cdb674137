/* SPDX-License-Identifier: BSD-3-Clause
 * GRASP as a group learner (Zeng et al. 2022): gradients of the training and validation rows at the model's parameters,
 * then grasp_infer(). Validation rows are clustered with the training rows, as published, or given the groups of those.
 * One backward pass a row, and O(n_c^2 p) for a class of n_c rows.
 */
#include "infer/learn.h"

#include <string.h>

static const grasp__param params[] = {GRASP__VAL_PARAM};

const grasp__param_table grasp__learn_grasp_params = {
    "grasp",
    params,
    sizeof params / sizeof *params,
    {{"infer", &grasp__infer_params}, {"gradients", &grasp__gradients_params}, {NULL, NULL}}};

grasp_status grasp__learn_by_infer(grasp_context *ctx, grasp__learning *l, grasp_gradients *all,
                                   const grasp__options *o)
{
    bool assign = grasp__options_is(l->o, GRASP_KEY_VAL, "assign");
    int64_t n = assign ? l->n_train : l->n, *position = NULL;
    grasp_gradients *train = NULL, *val = NULL;
    grasp_groups *truth = NULL, *assigned = NULL;
    grasp_inference *inference = NULL;
    grasp_report *report = NULL;
    grasp_status told, s = grasp__alloc(ctx, l->n, sizeof *position, &position);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        position[i] = i;
    if (s == GRASP_OK)
        s = grasp__gradients_select(ctx, all, position, n, &train);
    if (s == GRASP_OK && l->truth != NULL)
        s = grasp__groups_select(ctx, l->truth, position, n, &truth);
    if (s == GRASP_OK)
        s = grasp__infer_density(ctx, train, l->y, n, o, truth, &inference, l->report ? &report : NULL);
    if (s >= GRASP_OK) {
        memcpy(l->label, inference->groups->label, (size_t)n * sizeof *l->label);
        told = grasp__report_merge(ctx, l->report, "", report);
        s = told == GRASP_OK ? s : told;
    }
    if ((s == GRASP_OK || s == GRASP_NOT_CONVERGED) && n < l->n) {
        told = grasp__gradients_select(ctx, all, position + n, l->n_val, &val);
        if (told == GRASP_OK)
            told = grasp__assign(ctx, inference, val, l->y + n, l->n_val, &assigned);
        if (told >= GRASP_OK)
            memcpy(l->label + n, assigned->label, (size_t)l->n_val * sizeof *l->label);
        s = told == GRASP_OK ? s : told;
    } else if (s == GRASP_CANCELLED) { /* not assigned */
        for (int64_t i = n; i < l->n; i++)
            l->label[i] = GRASP_NOISE;
    }
    grasp_groups_free(assigned);
    grasp_groups_free(truth);
    grasp__gradients_free(val);
    grasp__gradients_free(train);
    grasp_report_free(report);
    grasp__inference_free(inference);
    grasp__free(position);
    return s;
}

grasp_status grasp__learn_grasp(grasp_context *ctx, grasp__learning *l)
{
    grasp__options o = grasp__options_part(l->o, "gradients"), infer = grasp__options_part(l->o, "infer");
    grasp_gradients *g = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "gradients", 0, 0.1);
    grasp_status s = grasp__gradients_compute(ctx, l->model, l->rows, l->n, &o, &g);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "infer", 0.1, 1);
        s = grasp__learn_by_infer(ctx, l, g, &infer);
        grasp__stage_end(ctx, outer);
    }
    grasp__gradients_free(g);
    return s;
}
