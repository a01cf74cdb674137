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
    {GRASP_KEY_ALLOWANCE, GRASP_PARAM_F64, "0.05", "[0, 1]",
     "balanced, without a split: further mistakes out of fold, as a share of those there are, that a linear model may "
     "make to lean less on what goes with the class; 0: none"},
};

const grasp__param_table grasp__fit_params = {"fit",
                                              params,
                                              sizeof params / sizeof params[0],
                                              {{"erm", &grasp__erm_params},
                                               {"gradients", &grasp__gradients_params},
                                               {"infer", &grasp__infer_params},
                                               {"gdro", &grasp__gdro_params},
                                               {NULL, NULL}}};
