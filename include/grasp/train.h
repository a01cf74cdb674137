/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/train.h: training: empirical risk minimisation and group distributionally robust optimisation.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_TRAIN_H
#define GRASP_TRAIN_H

#include "grasp/groups.h"
#include "grasp/model.h"
#include "grasp/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GRASP_KEY_OPTIMIZER "optimizer"     /**< erm: "auto" (lbfgs for linear models, else adam), "adam", "sgd", "lbfgs", "newton"; gdro: "adam", "sgd" */
#define GRASP_KEY_RATE "rate"               /**< learning rate */
#define GRASP_KEY_MOMENTUM "momentum"       /**< sgd; default 0.9 */
#define GRASP_KEY_WEIGHT_DECAY "weight_decay" /**< L2 added to the gradient of every parameter, as PyTorch's Adam and SGD do */
#define GRASP_KEY_L2 "l2"                   /**< lbfgs, newton: l2/2 |w|^2 on the mean loss, bias free; -1: 1/(10 n) */
#define GRASP_KEY_EPOCHS "epochs"
#define GRASP_KEY_BATCH "batch"             /**< rows a step; default 128 */
#define GRASP_KEY_SHUFFLE "shuffle"         /**< 1 (default): a fresh order each epoch from the seed; 0: row order */
#define GRASP_KEY_REDUCTION "reduction"     /**< "mean" (default) or "sum" of a batch's losses */
#define GRASP_KEY_PATIENCE "patience"       /**< stop after so many epochs without a better validation score; 0: never */
#define GRASP_KEY_SELECT_EPOCH "select_epoch" /**< "last", "val" (default when validation rows are given: the best epoch's parameters are kept) */
#define GRASP_KEY_GRADIENT_NORM "gradient_norm" /**< lbfgs, newton: stop when the largest gradient entry is below; default 1e-8 */
#define GRASP_KEY_STEP "step"               /**< gdro: step size eta of the group weights; default 0.01 */
#define GRASP_KEY_ADJUSTMENT "adjustment"   /**< gdro: C of the size adjustment C / sqrt(n_g); default 0 */
#define GRASP_KEY_BALANCED "balanced"       /**< gdro: 1: rows drawn with replacement, each group equally often; default 0 */
#define GRASP_KEY_NORMALIZE "normalize"     /**< gdro: 1: adjusted losses divided by their sum in the weights' step; default 0 */

/** Minimises the mean loss (weighted, where the model has sample weights) over the bound training rows (NULL: all rows).
 *  val_rows_or_null: rows whose accuracy selects the epoch. Parameters: "erm". adam is PyTorch's (beta .9, .999, epsilon 1e-8).
 *  lbfgs and newton run full-batch in float64 to a gradient norm and need a linear model for newton.
 *  GRASP_NOT_CONVERGED: epochs or iterations ran out before the gradient norm; GRASP_CANCELLED: parameters so far are kept.
 *  *report_or_null: series "loss" (mean training loss of every epoch), "val_accuracy", "gradient_norm"; values "epochs", "best_epoch",
 *  "converged". An error leaves the parameters as they were. Cost: epochs x (forward + backward) over the rows; memory O(p + batch). */
GRASP_API grasp_status grasp_train_erm(grasp_context *ctx, grasp_model *model, const int64_t *train_rows_or_null,
                                       int64_t n_train, const int64_t *val_rows_or_null, int64_t n_val,
                                       const grasp_params *params_or_null, grasp_report **report_or_null);
/** Group DRO: min over theta of max over groups of the group's mean loss, by the online algorithm of Sagawa et al. 2020: each batch
 *  log q_g += step (L_g + C / sqrt(n_g)), q renormalised (before the loss, batch means, absent groups 0), gradient of sum_g q_g L_g.
 *  groups: a label for each of the model's bound rows; rows with GRASP_NOISE are left out of training and selection. Epoch selected by the worst
 *  validation group among those with validation rows. Parameters: "gdro". *report_or_null: series "loss" (worst group's mean),
 *  "val_worst", tables "group.loss.<g>", "group.weight.<g>" per epoch; values "epochs", "best_epoch", "best_val_worst". */
GRASP_API grasp_status grasp_train_gdro(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                                        const int64_t *train_rows_or_null, int64_t n_train, const int64_t *val_rows_or_null,
                                        int64_t n_val, const grasp_params *params_or_null, grasp_report **report_or_null);
/** The weights' step alone, for a caller's own training loop: log_q[g] += step * group_loss[g], then normalised so that
 *  sum exp(log_q) = 1. Starts at log_q = -log(n_groups). NaN in group_loss is refused. */
GRASP_API grasp_status grasp_gdro_step(grasp_context *ctx, int64_t n_groups, const double *group_loss, double step,
                                       double *log_q);

#ifdef __cplusplus
}
#endif
#endif
