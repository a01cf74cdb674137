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
grasp_status grasp__train_erm(grasp_context *ctx, grasp_model *m, const int64_t *train, int64_t n_train,
                              const int64_t *val, int64_t n_val, const grasp__options *o, grasp_report **report);
/* What one group DRO run reached. */
typedef struct grasp__gdro_result {
    double  val_worst;  /* accuracy of the worst validation group at the chosen epoch; NaN without validation rows */
    int64_t epochs, best_epoch;
} grasp__gdro_result;
/* Options with the three numbers that fit's grid varies replaced: NaN takes them from o. */
grasp_status grasp__train_gdro(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train,
                               int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o, double rate,
                               double weight_decay, double step, grasp__gdro_result *result, grasp_report **report);
/* Accuracy of the worst group among those that have rows in `rows`; NaN if none has. */
grasp_status grasp__worst_accuracy(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *rows,
                                   int64_t n, double *out);

#endif
