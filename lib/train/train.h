/* SPDX-License-Identifier: BSD-3-Clause
 * train: optimisers, batches, and one file per objective.
 */
#ifndef GRASP__TRAIN_H
#define GRASP__TRAIN_H

#include "base/base.h"
#include "report/report.h"
#include "groups/groups.h"
#include "model/model.h"
#include "grasp/train.h"

extern const grasp__param_table grasp__erm_params;
extern const grasp__param_table grasp__gdro_params;
extern const grasp__param_table grasp__gdro_certified_params;
extern const grasp__param_table grasp__cvar_params;
extern const grasp__param_table grasp__doro_params;
extern const grasp__param_table grasp__chi2_params;
extern const grasp__param_table grasp__chi2_doro_params;
extern const grasp__param_table grasp__tilted_params;
extern const grasp__param_table grasp__importance_params;
extern const grasp__param_table grasp__rwg_params;
extern const grasp__param_table grasp__subg_params;
extern const grasp__param_table grasp__rwy_params;
extern const grasp__param_table grasp__suby_params;
extern const grasp__param_table grasp__jtt_params;

/* An error must leave the parameters as they were: the first ones are kept from open to close. */
typedef struct grasp__backup {
    grasp_model *model;
    double      *theta;
} grasp__backup;
grasp_status grasp__backup_open(grasp_context *ctx, grasp_model *m, grasp__backup *out);
/* Puts them back if `status` is an error. Returns `status`. */
grasp_status grasp__backup_close(grasp_context *ctx, grasp__backup *backup, grasp_status status);

/* The work behind the public calls, for infer. Arguments have been checked. report may be NULL; *report is made
 * here. */
typedef grasp_status grasp__trainer(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                                    const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                                    const grasp__options *o, grasp_report **report);
grasp__trainer grasp__train_erm, grasp__train_gdro, grasp__train_cvar, grasp__train_doro, grasp__train_chi2,
    grasp__train_chi2_doro, grasp__train_tilted, grasp__train_importance, grasp__train_rwg, grasp__train_subg,
    grasp__train_rwy, grasp__train_suby, grasp__train_jtt, grasp__train_gdro_certified;
/* GRASP_E_PARAM if an epoch is to be selected, or waited for, without a validation row. */
grasp_status grasp__epochs_check(grasp_context *ctx, const grasp__options *o, bool has_val);

#endif
