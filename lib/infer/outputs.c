/* SPDX-License-Identifier: BSD-3-Clause
 * Groups from logits alone, for the methods that look at nothing else: of a model that the library does not know.
 */
#include "infer/learn.h"

#include <string.h>

static grasp_status check_labels(grasp_context *ctx, const int64_t *y, int64_t n, int64_t n_classes)
{
    for (int64_t i = 0; i < n; i++)
        if (y[i] < 0 || y[i] >= n_classes)
            return grasp__fail(ctx, GRASP_E_ARG,
                               "y[%" PRId64 "] is %" PRId64 ", expected a column of logits, 0 to %" PRId64, i, y[i],
                               n_classes - 1);
    return GRASP_OK;
}

/* Logits and labels into the learning. One column z stands for the columns 0, z. */
static grasp_status read_outputs(grasp_context *ctx, const grasp_matrix *logits, const int64_t *y, grasp__learning *l,
                                 double **block)
{
    int64_t numbers;
    grasp_status s = grasp__matrix_check(ctx, logits, "logits");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, l->n, 1, INT64_MAX, "n");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__matrix_check_shape(ctx, logits, l->n, -1, "logits");
    if (s == GRASP_OK && logits->cols < 1)
        s = grasp__fail(ctx, GRASP_E_DIM, "logits has no column, expected at least 1");
    if (s == GRASP_OK)
        s = grasp__matrix_check_finite(ctx, logits, "logits");
    if (s != GRASP_OK)
        return s;
    bool one = logits->cols == 1;
    l->n_outputs = one ? 2 : logits->cols;
    s = check_labels(ctx, y, l->n, l->n_outputs);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, l->n, l->n_outputs, "logits", &numbers);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, numbers, sizeof **block, block);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof *l->y, &l->y);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++) {
        grasp__matrix_read_f64(logits, NULL, i, 1, *block + i * l->n_outputs + one);
        l->y[i] = y[i];
    }
    l->logits = *block;
    return s;
}

static grasp_status infer_outputs(grasp_context *ctx, const char *method, const grasp_matrix *logits, const int64_t *y,
                                  int64_t n, const grasp_params *params, const grasp_groups *truth, grasp_groups **out,
                                  grasp_report **report)
{
    grasp__learning l = {.n_train = n, .n = n, .truth = truth};
    grasp__options o = {.owned = NULL};
    double *block = NULL;
    const grasp__learn_method *m = NULL;
    l.o = &o;
    grasp_status s = grasp__learn_method_find(ctx, method, GRASP__OF_LOGITS, &m);
    if (s == GRASP_OK)
        s = read_outputs(ctx, logits, y, &l, &block);
    if (s == GRASP_OK && truth != NULL)
        s = grasp__groups_check(ctx, truth, "truth_or_null");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__check_equal(ctx, truth->n, n, "samples of truth_or_null");
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, m->params, &o);
    if (s == GRASP_OK && report != NULL)
        s = grasp__report_create(ctx, &l.report);
    if (s == GRASP_OK)
        s = grasp__learning_classes(ctx, &l);
    if (s == GRASP_OK)
        s = grasp__learning_answer(ctx, &l, s, m, out);
    grasp__learning_close(&l, s, report);
    grasp__free(block);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_infer_outputs(grasp_context *ctx, const char *method, const grasp_matrix *logits, const int64_t *y,
                                 int64_t n, const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                 grasp_groups **out, grasp_report **report_or_null)
{
    if (report_or_null != NULL)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(
        ctx, infer_outputs(ctx, method, logits, y, n, params_or_null, truth_or_null, out, report_or_null));
}
