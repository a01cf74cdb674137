/* SPDX-License-Identifier: BSD-3-Clause
 * infer, private: what a group learner is given and gives back.
 */
#ifndef GRASP__INFER_LEARN_H
#define GRASP__INFER_LEARN_H

#include "infer/infer.h"

/* Samples are the training rows followed by the validation rows. */
typedef struct grasp__learning {
    grasp_model          *model;         /* bound; what a learner changes it puts back. NULL: there are logits or
                                            points only */
    int64_t               n_outputs;
    const double         *logits;        /* n x n_outputs, whose columns are the classes; NULL: to be asked of the
                                            model */
    grasp_matrix         *points;        /* n rows to be clustered; NULL: to be asked of the model */
    const double         *losses;        /* n_train, beside points; NULL: all alike */
    int64_t               n_train, n_val, n;
    int64_t              *rows, *y;      /* n: bound rows (NULL without a model), and their classes */
    int64_t               n_classes;
    int64_t              *classes;       /* ascending */
    const grasp_groups   *truth;         /* of the n samples, or NULL */
    const grasp__options *o;             /* of the learner's own table */
    int64_t              *label;         /* n: the answer; the classes' numbers so far */
    grasp_report         *report;        /* every value of grasp_infer()'s so far; NULL: nobody wants to know */
} grasp__learning;

/* Fills `label` with ids global over the classes, GRASP_NOISE for outliers. GRASP_CANCELLED and GRASP_NOT_CONVERGED
 * leave labels that can be used. The counts of the report are made afterwards. */
typedef grasp_status grasp__learner(grasp_context *ctx, grasp__learning *l);
grasp__learner grasp__learn_george, grasp__learn_grasp, grasp__learn_feasp, grasp__learn_errors, grasp__learn_eiil,
    grasp__learn_spare, grasp__learn_xrm, grasp__learn_robust;

/* What a method can be asked to look at. */
enum { GRASP__OF_MODEL = 1, GRASP__OF_LOGITS = 2, GRASP__OF_POINTS = 4 };
typedef struct grasp__learn_method {
    const char               *name;
    unsigned                  evidence; /* any of these will do */
    const grasp__param_table *params;
    grasp__learner           *learn;
} grasp__learn_method;
/* The method of this name that is content with this evidence, else GRASP_E_ARG. */
grasp_status grasp__learn_method_find(grasp_context *ctx, const char *name, unsigned evidence,
                                      const grasp__learn_method **out);

/* What the model says about the samples, or the logits: predicted classes (n), and logits, *out a new block or NULL
 * where the learning has them. */
grasp_status grasp__learning_predict(grasp_context *ctx, const grasp__learning *l, int64_t *predicted);
grasp_status grasp__learning_logits(grasp_context *ctx, const grasp__learning *l, double **out, const double **logits,
                                    int64_t *n_outputs);
/* Parameters to train a model from anew: those it is made with, zero for a linear one, which so begins by saying
 * nothing about anyone, whatever the scale of its inputs. */
grasp_status grasp__learning_fresh(grasp_context *ctx, grasp_model *m, uint64_t stream);
/* Labels from parts of the samples, numbers from 0 (n): by the option "by_class" each class has its own. */
grasp_status grasp__learning_split(grasp_context *ctx, grasp__learning *l, const int64_t *part);
/* Features of the model, or the points: a new matrix of float64, packed, of as many rows as samples. */
grasp_status grasp__learning_features(grasp_context *ctx, const grasp__learning *l, grasp_matrix **out);
/* Losses of the training rows (n_train). */
grasp_status grasp__learning_losses(grasp_context *ctx, const grasp__learning *l, double *out);
grasp_status grasp__learning_classes(grasp_context *ctx, grasp__learning *l); /* from y; labels and report so far */
/* Runs the learner, unless the outcome so far is a cancel, and makes the groups and a report of counts and of the known
 * groups. */
grasp_status grasp__learning_answer(grasp_context *ctx, grasp__learning *l, grasp_status outcome,
                                    const grasp__learn_method *method, grasp_groups **out);
/* The report goes to who wants it, if all went well. */
void grasp__learning_close(grasp__learning *l, grasp_status outcome, grasp_report **report_or_null);

/* grasp_infer() on rows of the samples, gradients or points, by its options and the learner's "val": labels and
 * report. */
grasp_status grasp__learn_by_infer(grasp_context *ctx, grasp__learning *l, grasp_gradients *all,
                                   const grasp__options *infer);

/* Every row once, in train or in val: GRASP_E_ARG. rows: those of train followed by those of val, below n_bound. */
grasp_status grasp__check_rows_once(grasp_context *ctx, int64_t n_bound, const int64_t *rows, int64_t n_train,
                                    int64_t n_val);
/* The values that grasp_infer() reports of each class, before anything is known: one group, eps and score NaN. */
grasp_status grasp__report_classes(grasp_context *ctx, grasp_report *report_or_null, const int64_t *classes,
                                   int64_t n_classes);
/* "samples", "classes", "groups", "noise" and each class's "samples", "clusters", "noise", counted. */
grasp_status grasp__report_counts(grasp_context *ctx, grasp_report *report_or_null, const int64_t *classes,
                                  int64_t n_classes, const int64_t *y, const grasp_groups *groups);
/* One of those values: "class.<c>.<name>". */
grasp_status grasp__report_class_value(grasp_context *ctx, grasp_report *report_or_null, int64_t c, const char *name,
                                       double value);

#endif
