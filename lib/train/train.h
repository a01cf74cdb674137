/* SPDX-License-Identifier: BSD-3-Clause
 * train: optimisers, batches, and one file per objective.
 */
#ifndef GRASP__TRAIN_H
#define GRASP__TRAIN_H

#include "base/base.h"
#include "linalg/linalg.h"
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
extern const grasp__param_table grasp__afr_params;
extern const grasp__param_table grasp__dfr_params;

/* An error must leave the parameters as they were: the first ones are kept from open to close. */
typedef struct grasp__backup {
    grasp_model *model;
    double      *theta;
} grasp__backup;
grasp_status grasp__backup_open(grasp_context *ctx, grasp_model *m, grasp__backup *out);
/* Puts them back if `status` is an error. Returns `status`. */
grasp_status grasp__backup_close(grasp_context *ctx, grasp__backup *backup, grasp_status status);

/* What public calls check of their model and rows: bound, training and validation rows in range. */
grasp_status grasp__check_training(grasp_context *ctx, const grasp_model *m, const int64_t *train, int64_t n_train,
                                   const int64_t *val, int64_t n_val);

/* The work behind the public calls, for infer. Arguments have been checked. report may be NULL; *report is made
 * here. */
typedef grasp_status grasp__trainer(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                                    const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val,
                                    const grasp__options *o, grasp_report **report);
grasp__trainer grasp__train_erm, grasp__train_gdro, grasp__train_cvar, grasp__train_doro, grasp__train_chi2,
    grasp__train_chi2_doro, grasp__train_tilted, grasp__train_importance, grasp__train_rwg, grasp__train_subg,
    grasp__train_rwy, grasp__train_suby, grasp__train_jtt, grasp__train_gdro_certified,
    grasp__train_afr, grasp__train_dfr;
/* GRASP_E_PARAM if an epoch is to be selected, or waited for, without a validation row. */
grasp_status grasp__epochs_check(grasp_context *ctx, const grasp__options *o, bool has_val);

/* ---- cross-fitting: logistic regression on rows in memory, fitted again and again ------------------------------ */

/* One fit: min over theta of sum_i w_i log(1 + exp(-(2 t_i - 1) <theta, x_i>)) / sum_i w_i + l2/2 |theta|^2, the last
 * entry of theta, which belongs to a constant 1, all but free. */
typedef struct grasp__logit {
    const double  *x;      /* rows of q values, the last of them 1 */
    int64_t        q;
    const int64_t *rows;   /* n: those fitted */
    int64_t        n;
    const uint8_t *target; /* of every row of x: 0 or 1 */
    const double  *weight; /* of every row of x; NULL: all 1 */
    double         l2;
} grasp__logit;

/* Doubles of scratch that a fit needs. */
int64_t grasp__logit_scratch(int64_t q);
/* theta (q) need not be filled. Any thread, no allocation. GRASP_CANCELLED if one is asked for. */
grasp_status grasp__logit_fit(const grasp_context *ctx, const grasp__logit *f, double *scratch, double *theta);
/* <theta, x_i> of n rows (NULL: the first n), into score[row] each. Any thread. */
void grasp__logit_scores(const grasp_context *ctx, const double *x, int64_t q, const int64_t *rows, int64_t n,
                         const double *theta, double *score);

/* Scores of rows by fits that did not see them. */
typedef struct grasp__crossfit {
    grasp__logit   fit;     /* rows, n: all that take part */
    const int64_t *stratum; /* of every row of x, in [0, n_strata): each is spread over the folds evenly */
    int64_t        n_strata;
    int64_t        folds;   /* at least 2 */
    int64_t        repeats; /* each with folds of its own */
    uint64_t       stream;  /* of random numbers */
} grasp__crossfit;

/* score[row]: the mean over the repeats of what the fit without the row's fold gives it. theta_or_null (q): the mean of
 * all fits. Folds run in parallel, with the same bits for any number of threads. Cost: folds x repeats fits. */
grasp_status grasp__crossfit_scores(grasp_context *ctx, const grasp__crossfit *c, double *score,
                                    double *theta_or_null);

/* The duality gap of group DRO at a linear model's parameters, which stay: values "objective", "bound" and "gap".
 * GRASP_CANCELLED: none of them. */
grasp_status grasp__certify(grasp_context *ctx, grasp_model *model, const grasp_groups *g, const int64_t *rows,
                            int64_t n, double l2, double adjustment, grasp_report *report);

#endif
