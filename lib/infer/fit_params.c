/* SPDX-License-Identifier: BSD-3-Clause
 * Options of the whole paper in one call: what fit itself chooses from, and its parts under their prefixes.
 */
#include "infer/infer.h"

static const grasp__param params[] = {
    {GRASP_KEY_VAL, GRASP_PARAM_STR, "joint", "joint|assign",
     "validation rows are clustered with the training rows (published), or assigned to the clusters of those"},
    {GRASP_KEY_START, GRASP_PARAM_STR, "erm", "erm|initial",
     "parameters that every candidate starts from: those ERM found (published), or those the model came with"},
    {GRASP_KEY_RATES, GRASP_PARAM_F64S, "0.001,0.01", "(0, inf)", "learning rates tried by group DRO"},
    {GRASP_KEY_DECAYS, GRASP_PARAM_F64S, "0,0.001", "[0, inf)", "weight decays tried by group DRO"},
    {GRASP_KEY_STEPS, GRASP_PARAM_F64S, "0.01,0.1", "[0, inf)", "step sizes of the group weights tried by group DRO"},
};

const grasp__param_table grasp__fit_params = {"fit",
                                              params,
                                              sizeof params / sizeof params[0],
                                              {{"erm", &grasp__erm_params},
                                               {"gradients", &grasp__gradients_params},
                                               {"infer", &grasp__infer_params},
                                               {"gdro", &grasp__gdro_params},
                                               {NULL, NULL}}};
