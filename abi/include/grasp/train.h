/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/train.h: training for the mean, for the worst group, and for what lies between, by one call.
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

/** erm, tilted, importance, subg, suby, jtt: "auto" (default: newton for linear models of at most 500 parameters, lbfgs
 *  for larger, adam for all others), "adam", "sgd", "lbfgs", "newton" (not tilted); the others: "adam" (default),
 *  "sgd" */
#define GRASP_KEY_OPTIMIZER "optimizer"
/** adam, sgd: learning rates, a list (one number is a list of one), all tried; default 0.001,0.01 */
#define GRASP_KEY_RATE "rate"
/** sgd; default 0.9 */
#define GRASP_KEY_MOMENTUM "momentum"
/** adam, sgd: L2 added to the gradient of every parameter, as PyTorch's do; a list, all tried; default 0, gdro
 *  0,0.001 */
#define GRASP_KEY_WEIGHT_DECAY "weight_decay"
/** lbfgs, newton: l2/2 |w|^2 on the mean loss, biases free (gdro_certified: included); -1 (default): 1/(10 n), n the
 *  training rows' weight */
#define GRASP_KEY_L2 "l2"
/** adam, sgd: passes over the training rows; default 50 */
#define GRASP_KEY_EPOCHS "epochs"
/** lbfgs, newton: the most steps; default 1000, gdro_certified 500 */
#define GRASP_KEY_ITERATIONS "iterations"
/** adam, sgd: rows a step; default 128 */
#define GRASP_KEY_BATCH "batch"
/** adam, sgd: 1 (default): a fresh order each epoch from the seed; 0: row order */
#define GRASP_KEY_SHUFFLE "shuffle"
/** erm, adam and sgd: "mean" (default) or "sum" of a batch's losses */
#define GRASP_KEY_REDUCTION "reduction"
/** adam, sgd: stop after so many epochs without a better validation score; 0 (default): never */
#define GRASP_KEY_PATIENCE "patience"
/** adam, sgd: whose parameters are kept: "last", "val" (the best on the validation rows, first of equals), or "auto"
 *  (default): "val" when there are validation rows */
#define GRASP_KEY_SELECT_EPOCH "select_epoch"
/** lbfgs, newton: stop when no gradient entry is larger; default 1e-8, dfr 1e-6 */
#define GRASP_KEY_GRADIENT_NORM "gradient_norm"
/** gdro: step sizes eta of the group weights, a list, all tried; default 0.01,0.1 */
#define GRASP_KEY_STEP "step"
/** jtt: how often the error set is added once more; default 20 */
#define GRASP_KEY_COPIES "copies"
/** gdro: "online" (default) or "greedy"; importance: "inverse" (default) or "sqrt" */
#define GRASP_KEY_VARIANT "variant"
/** cvar, doro, chi2, chi2_doro; gdro, greedy: shares of the rows, a list, all tried; default 0.2 */
#define GRASP_KEY_ALPHA "alpha"
/** doro, chi2_doro: shares of outliers, a list, all tried; default 0.05 */
#define GRASP_KEY_EPSILON "epsilon"
/** tilted: tilts t, a list, all tried; default 1 */
#define GRASP_KEY_TILT "tilt"
/** afr: how much rows that the model knows are weighed down, a list, all tried; default 1,4,10. gdro, greedy: weight of
 *  a batch in the running means; default 0.1 */
#define GRASP_KEY_GAMMA "gamma"
/** afr: pulls of the layer towards the one it came with, a list, all tried; default 0.1 */
#define GRASP_KEY_ANCHOR "anchor"
/** dfr: L1 penalties of the layer's weights, a list, all tried; default 0.01,0.1 */
#define GRASP_KEY_L1 "l1"
/** dfr: balanced subsets, whose layers are averaged; default 10 */
#define GRASP_KEY_REPEATS "repeats"
/** dfr: 1 (default): features to mean 0 and deviation 1 over the training rows */
#define GRASP_KEY_STANDARDIZE "standardize"
/** gdro_certified: the duality gap to reach; default 1e-8 */
#define GRASP_KEY_GAP "gap"
/** gdro, linear models: 1: report the duality gap of the result; needs every weight_decay above 0; default 0 */
#define GRASP_KEY_CERTIFICATE "certificate"
/** gdro, gdro_certified: C of the size adjustment C / sqrt(n_g); default 0 */
#define GRASP_KEY_ADJUSTMENT "adjustment"
/** gdro: 1: rows drawn with replacement, each group equally often; afr: 1: weights over the size of the row's class;
 *  default 0 */
#define GRASP_KEY_BALANCED "balanced"
/** gdro: 1: adjusted losses divided by their sum in the weights' step; default 0 */
#define GRASP_KEY_NORMALIZE "normalize"

/** Trains by the method of that name; each is described below, its parameters are those of the algorithm of its name.
 *
 *  groups_or_null: a label for each of the model's bound rows (GRASP_E_DIM). A method that needs groups refuses NULL
 *  (GRASP_E_ARG), and leaves rows with GRASP_NOISE out of training and selection. The others train without them; given,
 *  groups select epoch and candidate by the accuracy of the worst validation group, noise apart, instead of that of all
 *  validation rows, and of the worst training group where no validation row has a group. In the report "val_worst" and
 *  "best_val_worst" then take the place of "val_accuracy" and "best_val_accuracy".
 *  Rows, errors, outcomes and what an error leaves behind: as in grasp_train_erm(). Unknown method: GRASP_E_ARG, naming
 *  the nearest.
 *
 *  erm        mean loss: grasp_train_erm().
 *
 *  Worst group's mean loss; need groups:
 *
 *  gdro       the online algorithm, any model: grasp_train_gdro().
 *  gdro_certified
 *             logistic and softmax models of at most 5000 parameters (GRASP_E_UNSUPPORTED): P(theta) = max_g (L_g + C /
 *             sqrt(n_g)) + l2/2 |theta|^2, biases included, l2 > 0 (-1: 1/(10 n); 0: GRASP_E_PARAM), by Newton on the
 *             smoothed maximum until the duality gap is at most `gap`. For any weights q the least value D(q) of F_q =
 *             sum_g q_g (L_g + C / sqrt(n_g)) + l2/2 |theta|^2 bounds P from below, and D(q) >= F_q(theta) - |grad
 *             F_q(theta)|^2 / (2 l2). The result does not depend on the start. Report: values "objective" (P), "bound"
 *             (the highest bound), "gap" (their difference: no parameters whatever are better by more), "l2",
 *             "converged", "epochs" (Newton steps), "best_val_worst"; series "gap_history" (after every step, the best
 *             so far), "group.loss.<g>", "group.weight.<g>" (one number each). GRASP_NOT_CONVERGED: the gap was not
 *             reached. Cost of a step: n p^2 + p^3/3; memory 2 p^2 + groups x p. (Boyd, Vandenberghe 2004, section 5.5;
 *             Nesterov 2005.)
 *
 *  By the losses of a batch alone, of B rows with losses l_1 >= l_2 >= ...; sample weights count as masses:
 *
 *  cvar       CVaR-DRO: min over eta of eta + mean (l - eta)+ / alpha: the mean of the worst share alpha, the row at
 *             the boundary in part. (Rockafellar, Uryasev 2000, equation 9.)
 *  doro       CVaR-DORO: sum of l_r over floor(epsilon B) < r <= floor((epsilon + alpha (1 - epsilon)) B), divided by
 *             alpha (B - floor(epsilon B)); at least one row. epsilon = 0 is cvar where alpha B is whole. (Zhai et al.
 *             2021, algorithm 1.)
 *  chi2       chi2-DRO: min over eta of C sqrt(mean (l - eta)+^2) + eta, C = sqrt(1 + (1/alpha - 1)^2). All losses
 *             equal, or few rows: the largest. (Duchi, Namkoong 2021; C as in Zhai et al. 2021.)
 *  chi2_doro  chi2-DORO: the same without the floor(epsilon B) largest losses. (Zhai et al. 2021, section 3.)
 *  tilted     tilted ERM: (1/t) log mean exp(t l); t = 0: the mean, t < 0 leans away from large losses. lbfgs, which
 *             auto means for linear models: the same over all rows, to a gradient norm. (Li et al. 2021, equation 2.)
 *
 *  alpha = 1, epsilon = 0 and tilt = 0 are erm. Only tilted has a smooth objective: the others are for adam and sgd
 *  alone. The lists alpha, epsilon or tilt are innermost in the grid. Reports as grasp_train_erm()'s, with these keys
 *  among the values and candidates, and, of adam and sgd, the series "objective" (of every epoch: mean over its
 *  batches).
 *
 *  ERM on rows that count by group or by class; parameters but for reduction, and reports, are erm's:
 *
 *  importance needs groups: mean of w_g l, w_g proportional to 1 / n_g (variant=sqrt: to its root), sum w_g = number of
 *             groups with training rows, n_g the sum of their sample weights; at full batch a weighted mean. Report:
 *             series "importance", w of every group, 0 without rows. (Yang et al. 2023, SubpopBench.)
 *  rwg        needs groups: n draws an epoch with replacement, proportional to 1 / n_g; adam and sgd alone.
 *  subg       needs groups: once, as many rows of each group as the smallest has. Report: value "rows".
 *  rwy, suby  the same by class. (All four: Idrissi et al. 2022.)
 *  jtt        Just Train Twice, second stage: fresh parameters (grasp_model_init(), stream 0; custom: the init hook),
 *             then ERM with the error set added `copies` times more. groups: 1 is the error set, 0 the rest (else
 *             GRASP_E_ARG), noise is left out; NULL: the rows that the model as it comes predicts wrong. Report: values
 *             "errors" (0: plain ERM, with a line in the log) and "rows". (Liu et al. 2021, algorithm 1.)
 *
 *  The last layer alone of a model already trained, a convex problem over its penultimate features, which are computed
 *  once, of rows that it was preferably not trained on. Built-in models, and custom ones with the features hook whose
 *  last parameters are C rows (weights, bias) of a softmax over the features (seen from the losses:
 *  GRASP_E_UNSUPPORTED):
 *
 *  afr        min sum mu_i l_i + anchor |theta - theta_0|^2, mu_i proportional to exp(-gamma p_i), sum mu = 1; p_i the
 *             probability that the model as it comes gives the row's class, theta_0 its layer; balanced=1: mu_i also
 *             over the size of the row's class. (Qiu et al. 2023, equations 3, 4.)
 *  dfr        needs groups: for each of `repeats` subsets with as many rows of each group as the smallest has, mean
 *             loss + l1 |w|_1 + l2/2 |w|^2, biases free, on standardised features; the mean of their layers, in the
 *             model's own scale. Report: value "rows", of a subset. (Kirichenko et al. 2023, section 6.)
 *
 *  Both run to a gradient norm (values "epochs": iterations in all, "converged"; GRASP_NOT_CONVERGED); their lists are
 *  candidates as rates are. Cancelled, the model keeps the best candidate's layer so far, or its own. */
GRASP_API grasp_status grasp_train(grasp_context *ctx, const char *method, grasp_model *model,
                                   const grasp_groups *groups_or_null, const int64_t *train_rows_or_null,
                                   int64_t n_train, const int64_t *val_rows_or_null, int64_t n_val,
                                   const grasp_params *params_or_null, grasp_report **report_or_null);
/** Minimises the mean loss (weighted, where the model has sample weights) over bound training rows, starting from the
 *  model's parameters.
 *  train_rows_or_null: n_train rows in [0, n_rows), repeats count twice; NULL: all, n_train = n_rows. val_rows_or_null:
 *  n_val rows whose accuracy selects the epoch; NULL, 0: none. params_or_null: parameters of "erm". Nothing is kept of
 *  the arrays.
 *
 *  adam and sgd are PyTorch's (Adam: beta .9, .999, epsilon 1e-8), on batches, parameters in float64. lbfgs and newton
 *  take all rows at once, in float64 for linear models, to a gradient norm, so that the result does not depend on the
 *  start; newton needs a linear model of at most 1500 parameters (GRASP_E_UNSUPPORTED). select_epoch=val and patience
 *  belong to adam and sgd (GRASP_E_PARAM) and need validation rows (GRASP_E_PARAM).
 *
 *  Where rate or weight_decay of adam and sgd lists several numbers, every combination is a candidate, the rates
 *  outermost. Each starts from the same parameters and sees the same orders of rows; the one with the best validation
 *  accuracy, at the epoch kept, is installed, the first in this order of those within 1e-12. Without validation rows
 *  the lowest mean training loss decides (accuracy is 1 for many once the data are fitted). A candidate whose loss is
 *  not finite is out, with a line in the log. Cancelled, the best candidate so far is installed, with the one that ran
 *  judged by the score it had.
 *
 *  GRASP_NOT_CONVERGED: lbfgs or newton ran out of iterations, or of double precision, before the gradient norm, or l2
 *  = 0 and the data are separable, so that there is no finite optimum; the parameters are finite. GRASP_CANCELLED: as
 *  if the epochs or iterations had been fewer: the best epoch's parameters, or, where none is selected or was scored,
 *  those reached. A loss that is not finite, in every candidate: GRASP_E_NUMERIC, naming row and epoch. No rows, or all
 *  sample weights zero: GRASP_E_EMPTY. An error leaves the parameters as they were.
 *
 *  *report_or_null (free with grasp_report_free): text "optimizer" (what auto chose); series "loss" (mean training loss
 *  of every epoch as its batches pass, or of every iterate, the first included), "val_accuracy" (of every epoch; lbfgs,
 *  newton: of the result), "gradient_norm" (largest entry, of every iterate); values "epochs" (or iterations) done,
 *  "best_epoch" (whose parameters are kept, counted from 1; 0: the first ones), "best_val_accuracy" (at the parameters
 *  kept; NaN without validation rows), "converged" (lbfgs, newton). All of these are the chosen candidate's. adam, sgd:
 *  values "rate", "weight_decay" (chosen); text "chosen_by" ("val" or "train"); the table of candidates, series
 *  "candidate.rate", "candidate.weight_decay", "candidate.score" (validation accuracy; without validation rows minus
 *  the mean training loss; NaN: diverged, stopped before there was one, or no other to compare with); value
 *  "candidate.best", its row from 0. A cancel shortens the table.
 *
 *  Progress once a batch. Same bits for any number of threads. Cost: candidates x epochs x (forward + backward) over
 *  the rows; lbfgs forward + backward an iteration; newton n p^2 + p^3/3 more. Memory O(p + n + batch); newton 2 p^2.
 *  (Kingma, Ba 2015; Nocedal, Wright 2006.) */
GRASP_API grasp_status grasp_train_erm(grasp_context *ctx, grasp_model *model, const int64_t *train_rows_or_null,
                                       int64_t n_train, const int64_t *val_rows_or_null, int64_t n_val,
                                       const grasp_params *params_or_null, grasp_report **report_or_null);
/** Group DRO: min over theta of max over groups of the group's mean loss, by the online algorithm of Sagawa et al.
 *  2020: each batch log q_g += step (L_g + C / sqrt(n_g)), renormalised, before the loss; L_g the group's mean loss in
 *  the batch, 0 if absent; n_g the sum of its training rows' sample weights; then the gradient of sum_g q_g L_g. q
 *  starts uniform over the groups with training rows. variant=greedy: running means M_g of L_g instead, and q_g = n_g /
 *  (alpha n) from the largest M_g + C / sqrt(n_g) down until q sums to 1, the last group in part: the mean over the
 *  worst share alpha of the rows, in whole groups (the authors' code).
 *  certificate=1, for models that gdro_certified can solve: the report has "objective" (P with l2 = the chosen
 *  weight_decay at the parameters kept), "bound" and "gap", which tell how far from the optimum the epochs have come;
 *  they cost what gdro_certified costs.
 *  groups: a label for each of the model's bound rows (GRASP_E_DIM); rows with GRASP_NOISE are left out of training and
 *  selection, and leave no trace in the order of rows. Rows and parameters ("gdro") as in grasp_train_erm(); rates
 *  are outermost in the grid, then weight decays, then steps (greedy: alphas). Epoch and candidate are selected by the
 *  accuracy of the worst validation group among those with validation rows. Where no validation row has a group, each
 *  candidate keeps its last epoch, and that of the worst training group chooses among them. All training rows noise:
 *  GRASP_E_EMPTY.
 *  Errors and cancelling as there.
 *  *report_or_null: text "optimizer"; series "loss" (the worst group's mean training loss of every epoch), "val_worst",
 *  and, for at most 256 groups, tables "group.loss.<g>" (NaN: not drawn) and "group.weight.<g>" (q after the epoch) of
 *  every group with training rows; values "epochs", "best_epoch", "best_val_worst" (at the parameters kept; NaN where
 *  no validation row has a group); and, as there, "rate", "weight_decay", "step", "chosen_by", the table
 *  "candidate.rate", "candidate.weight_decay", "candidate.step", "candidate.score" (that accuracy),
 *  "candidate.best". */
GRASP_API grasp_status grasp_train_gdro(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                                        const int64_t *train_rows_or_null, int64_t n_train,
                                        const int64_t *val_rows_or_null, int64_t n_val,
                                        const grasp_params *params_or_null, grasp_report **report_or_null);
/** The weights' step alone, for a caller's own training loop: log_q[g] += step * group_loss[g], then normalised so that
 *  sum exp(log_q) = 1. n_groups >= 1 entries each; step >= 0. Starts at log_q = -log(n_groups); -inf is a weight of
 *  zero that stays. NaN or infinity in group_loss, NaN in log_q, or a sum that overflows: GRASP_E_NUMERIC, and log_q is
 *  as it was. O(n_groups). */
GRASP_API grasp_status grasp_gdro_step(grasp_context *ctx, int64_t n_groups, const double *group_loss, double step,
                                       double *log_q);

#ifdef __cplusplus
}
#endif
#endif
