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
} grasp__refit_task;
/* report: made here. */
grasp_status grasp__refit(grasp_context *ctx, const grasp__refit_task *task, grasp_report **report_or_null);

#endif
