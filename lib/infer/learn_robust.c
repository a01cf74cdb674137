/* SPDX-License-Identifier: BSD-3-Clause
 * The cross-class direction as a group learner: on what the model's last layer sees, which for linear models are the
 * inputs and for others the penultimate features. Learned from the training rows; validation rows are
 * assigned.
 */
#include "infer/learn.h"
#include "infer/robust.h"

#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_EVIDENCE, GRASP_PARAM_F64, "0.55", "[0, 1]",
     "accuracy that learned minorities must reach out of fold, lest they be called errors"}};

const grasp__param_table grasp__learn_robust_params = {"robust", params, sizeof params / sizeof *params,
                                                       {{NULL, NULL}}};

grasp_status grasp__learn_robust(grasp_context *ctx, grasp__learning *l)
{
    int64_t d = grasp__model_n_features(l->model);
    grasp__robust_form form = {.layer = -1};
    grasp_inference *inference = NULL;
    grasp_gradients *g = NULL;
    grasp_report *report = NULL;
    double *raw = NULL;
    grasp_status told, s = grasp__alloc(ctx, l->n, (size_t)d * sizeof *raw, &raw);
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "features", 0, 0.05);
        s = grasp__model_features(ctx, l->model, l->rows, l->n, raw);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK) /* no gradients: nothing is to be assigned later */
        s = grasp__gradients_create_dense(ctx, GRASP_F64, 1, 0, &g);
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "directions", 0.05, 1);
        s = grasp__infer_inputs(ctx, g, &form, raw, d, l->y, l->n, l->n_train, l->o, &inference,
                                l->report ? &report : NULL);
        grasp__stage_end(ctx, outer);
    }
    if (s >= GRASP_OK) {
        memcpy(l->label, inference->groups->label, (size_t)l->n * sizeof *l->label);
        told = grasp__report_merge(ctx, l->report, "", report);
        s = told == GRASP_OK ? s : told;
    }
    grasp_report_free(report);
    grasp__inference_free(inference);
    grasp__gradients_free(g);
    grasp__free(raw);
    return s;
}
