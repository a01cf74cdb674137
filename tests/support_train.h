/* SPDX-License-Identifier: BSD-3-Clause
 * A small training problem for the suites of the methods: two groups of unequal size that want different boundaries,
 * a model of any kind, and training by name.
 */
#ifndef GRASP_TESTS_SUPPORT_TRAIN_H
#define GRASP_TESTS_SUPPORT_TRAIN_H

#include "support.h"

#include "grasp/train.h"

enum { TASK_ROWS = 160, TASK_TRAIN = 110, TASK_MOST = 64 }; /* rows; those trained on; parameters at most */

typedef struct task {
    double x[2 * TASK_ROWS], first[TASK_MOST];
    int64_t y[TASK_ROWS], g[TASK_ROWS], rows[TASK_ROWS], n_val, n_params;
    grasp_matrix *matrix;
    grasp_model *model;
    grasp_groups *groups;
    grasp_report *report; /* of the last training */
} task;

/* kind: 'l' logistic, 's' softmax, 'm' a multilayer perceptron, 'c' a caller's model. Free it also after an error. */
grasp_status task_open(grasp_context *ctx, task *t, char kind);
void task_free(task *t);
/* From the first parameters, on rows 0..TASK_TRAIN-1, selected on the last n_val rows. text: parameters; NULL:
 * defaults.
 * Returns the call's status; asserts nothing. */
grasp_status task_train(grasp_context *ctx, task *t, const char *method, bool groups, const char *text);
/* Parameters of the model now; mean loss of training rows of a group (-1: all). */
void task_params(grasp_context *ctx, const task *t, double theta[TASK_MOST]);
double task_loss(grasp_context *ctx, const task *t, int64_t group);
double task_value(grasp_context *ctx, const task *t, const char *name);
/* The last number of a series; the test fails if there is none. */
double task_last(grasp_context *ctx, const task *t, const char *name);

#endif
