/* SPDX-License-Identifier: BSD-3-Clause
 * The parameters a model came with, put back when training ends with an error. Cost: O(p).
 */
#include "train/train_private.h"

grasp_status grasp__backup_open(grasp_context *ctx, grasp_model *m, grasp__backup *out)
{
    *out = (grasp__backup){.model = NULL};
    grasp_status s = grasp__alloc(ctx, grasp__model_n_params(m), sizeof *out->theta, &out->theta);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, m, out->theta);
    if (s == GRASP_OK)
        out->model = m;
    return s;
}

grasp_status grasp__backup_close(grasp_context *ctx, grasp__backup *backup, grasp_status status)
{
    if (status < GRASP_OK && backup->model)
        (void)grasp__model_set_params(ctx, backup->model, backup->theta); /* the first error is the one to return */
    grasp__free(backup->theta);
    *backup = (grasp__backup){.model = NULL};
    return status;
}
