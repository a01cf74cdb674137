/* SPDX-License-Identifier: BSD-3-Clause
 * infer, private: a linear model that is good for learned groups.
 */
#ifndef GRASP__INFER_REFIT_H
#define GRASP__INFER_REFIT_H

#include "infer/robust.h"

typedef struct grasp__refit_task {
    grasp_model   *model;    /* linear, bound */
    const int64_t *rows;     /* n bound rows */
    const int64_t *group;    /* n: each row's, no noise, none of two classes */
    int64_t        n, n_groups;
    bool           trained;  /* the model has the parameters of plain training, which stay where that is best */
    bool           doubtful; /* a linear model may not be able to tell these groups apart */
    double         allowance;/* without a split: further mistakes out of fold, as a share of those of balanced classes,
                                that levelling may cost; 0: none is done */
} grasp__refit_task;
/* report: made here. */
grasp_status grasp__refit(grasp_context *ctx, const grasp__refit_task *task, grasp_report **report_or_null);

/* What weights are levelled from: samples x (n x d, stride; columns of mean 0), their classes in [0, n_classes), the
 * weights of balanced classes and the loss out of fold that these lead to. */
typedef struct grasp__level {
    const double  *x;
    int64_t        stride, n, d, n_classes;
    const int64_t *y;
    const double  *base, *loss;
} grasp__level;
/* lean (n): d log weight / d strength. */
grasp_status grasp__level_open(grasp_context *ctx, const grasp__level *level, double *lean);
grasp_status grasp__level_weights(grasp_context *ctx, const grasp__level *level, const double *lean, double strength,
                                  double *weight);

#endif
