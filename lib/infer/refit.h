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
    double         least;    /* accuracy out of fold of learned minorities and of the rest that then shows it can */
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

/* ---- between the parts of retraining ----------------------------------------------------------------------------- */

enum { GRASP__REFIT_FOLDS = 4, GRASP__CERTIFIED_LARGEST = 500 }; /* parameters up to which the certified competes */

enum { GRASP__REFIT_ERM, GRASP__REFIT_BALANCED, GRASP__REFIT_LEVELLED, GRASP__REFIT_CERTIFIED };

typedef struct grasp__retraining {
    grasp_model *model; /* on standardised inputs; row i is rows[i] of the caller's */
    int64_t n, d, n_groups, n_classes;
    const int64_t *group;
    int64_t *y, *class_of;              /* n; n_groups */
    double *mean, *scale, *weight;      /* d, d, n */
    double *loss;                       /* n: out of fold, of the last candidate judged; NULL: not asked for */
    int64_t *order, *start, *predicted; /* n, folds + 1, n: rows fold after fold */
    int64_t *kept;
    grasp_groups *groups;
} grasp__retraining;

typedef struct grasp__candidate {
    int method;
    double l2, worst, error; /* accuracy of the worst group out of fold, and its standard error */
    double mean;             /* accuracy of a group, their mean */
    double strength;         /* levelled */
    double minor, major;     /* mean accuracy of the groups that are not the largest of their class, and of those that
                                are, of the classes with more than one */
} grasp__candidate;

/* To be closed on failure too. n, d, group and n_groups are given. */
grasp_status grasp__refit_open(grasp_context *ctx, grasp__retraining *r, grasp_model *model, const int64_t *rows);
void         grasp__refit_close(grasp__retraining *r);
/* Every class is one group from here on. */
grasp_status grasp__refit_by_class(grasp_context *ctx, grasp__retraining *r);
/* Parameters in the caller's units from those on standardised inputs, and back. */
void grasp__refit_to_raw(const grasp__retraining *r, double *theta, int64_t p);
void grasp__refit_to_standard(const grasp__retraining *r, double *theta, int64_t p);
/* Accuracy of each group by fits that did not see its rows; nth of four steps, for the progress. */
grasp_status grasp__refit_judge(grasp_context *ctx, const grasp__retraining *r, grasp__candidate *c, int nth);
/* The candidate, fitted to all rows, becomes the model. */
grasp_status grasp__refit_install(grasp_context *ctx, const grasp__retraining *r, const grasp__candidate *best,
                                  grasp_model *model, grasp_report **fitted_or_null);
/* How far the model, as it is now, is from the least worst loss of its groups that any parameters have. */
grasp_status grasp__refit_certify(grasp_context *ctx, const grasp__retraining *r, grasp_model *model, double l2,
                                  grasp_report *report);

#endif
