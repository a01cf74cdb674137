/* SPDX-License-Identifier: BSD-3-Clause
 * The error set of Just Train Twice (Liu et al. 2021): the samples that the model gets wrong, E = {i: argmax z_i !=
 * y_i}.
 * One forward pass.
 */
#include "infer/learn.h"

static const grasp__param params[] = {GRASP__BY_CLASS_PARAM};

const grasp__param_table grasp__learn_errors_params = {
    "errors", params, sizeof params / sizeof *params, {{NULL, NULL}}};

grasp_status grasp__learn_errors(grasp_context *ctx, grasp__learning *l)
{
    int64_t *wrong = NULL, errors = 0;
    grasp_status s = grasp__alloc(ctx, l->n, sizeof *wrong, &wrong);
    if (s == GRASP_OK)
        s = grasp__learning_predict(ctx, l, wrong);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        errors += wrong[i] = wrong[i] != l->y[i];
    if (s == GRASP_OK)
        s = grasp__learning_split(ctx, l, wrong);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, l->report, "errors", (double)errors);
    grasp__free(wrong);
    return s;
}
