/* SPDX-License-Identifier: BSD-3-Clause
 * Options of the whole paper in one call: what fit itself chooses from, and its parts under their prefixes.
 */
#include "infer/infer.h"

static const grasp__param params[] = {
    GRASP__VAL_PARAM,
    {GRASP_KEY_START, GRASP_PARAM_STR, "erm", "erm|initial",
     "parameters that group DRO starts from: those ERM found (published), or those the model came with"},
    {GRASP_KEY_FINAL, GRASP_PARAM_STR, "auto", "auto|gdro|balanced",
     "how the final model is trained: by group DRO, or, linear models, by balanced training judged out of fold; auto: "
     "linear models the latter after mode=robust, unless a key of gdro is given"},
};

const grasp__param_table grasp__fit_params = {"fit",
                                              params,
                                              sizeof params / sizeof params[0],
                                              {{"erm", &grasp__erm_params},
                                               {"gradients", &grasp__gradients_params},
                                               {"infer", &grasp__infer_params},
                                               {"gdro", &grasp__gdro_params},
                                               {NULL, NULL}}};
