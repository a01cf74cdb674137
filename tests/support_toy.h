/* SPDX-License-Identifier: BSD-3-Clause
 * A model as a caller would write it: softmax regression over rows of its own, independent of the library's arithmetic,
 * with ways to go wrong.
 */
#ifndef GRASP_TESTS_SUPPORT_TOY_H
#define GRASP_TESTS_SUPPORT_TOY_H

#include "grasp/model.h"

#include <stdbool.h>

typedef struct toy {
    int64_t rows, inputs, classes;
    double *x, *theta;
    int64_t *y;
    /* faults */
    int32_t answer; /* what every callback returns; GRASP_CB_OK */
    double poison;  /* added to the losses and gradients of poison_row */
    int64_t poison_row;
    double poison_grad;   /* added to the weighted gradient */
    int64_t label_shift;  /* added to labels and predictions */
    int64_t layer_inputs; /* what the layer claims to have; 0: the truth */
    int64_t positions;    /* of the layer; 1 is the truth */
    bool ignore_weights, wrong_single, wrong_factor;
} toy;

/* Copies x (rows x inputs) and y. */
toy *toy_make(int64_t rows, int64_t inputs, int64_t classes, const double *x, const int64_t *y);
void toy_free(void *user);
int64_t toy_live(void); /* toys not yet freed */
/* All hooks. */
grasp_model_ops toy_ops(void);

#endif
