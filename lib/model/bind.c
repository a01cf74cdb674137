/* SPDX-License-Identifier: BSD-3-Clause
 * The data of a built-in model: features by reference, labels copied, and sample weights. All is checked before
 * anything changes.
 */
#include "model/model_private.h"

#include <math.h>
#include <string.h>

grasp_status grasp__model_bind(grasp_context *ctx, grasp_model *m, grasp_matrix *x, const int64_t *y, int64_t n)
{
    int64_t *labels;
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__matrix_check(ctx, x, "x")) != GRASP_OK)
        return s;
    if (grasp__model_is_custom(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "model is custom: its data stay with the caller");
    if ((s = grasp__check_range(ctx, n, 0, INT64_MAX, "n")) != GRASP_OK ||
        (s = grasp__matrix_check_shape(ctx, x, n, m->network.widths[0], "x")) != GRASP_OK)
        return s;
    if (n > 0 && (s = grasp__check_pointer(ctx, y, "y")) != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++)
        if (y[i] < 0 || y[i] >= m->n_classes)
            return grasp__fail(ctx, GRASP_E_ARG,
                               "y: row %" PRId64 " has label %" PRId64 ", expected a class in [0, %" PRId64 ")", i,
                               y[i], m->n_classes);
    if ((s = grasp__matrix_check_finite(ctx, x, "x")) != GRASP_OK ||
        (s = grasp__alloc(ctx, n, sizeof *labels, &labels)) != GRASP_OK)
        return s;
    if (n > 0)
        memcpy(labels, y, (size_t)n * sizeof *labels);
    grasp_matrix *old = m->x;
    m->x = grasp_matrix_ref(x);
    grasp_matrix_free(old);
    grasp__free(m->y);
    grasp__free(m->sample_weights);
    m->y = labels;
    m->sample_weights = NULL;
    m->n_rows = n;
    grasp__network_data_changed(m);
    return GRASP_OK;
}

grasp_status grasp_model_bind(grasp_context *ctx, grasp_model *model, grasp_matrix *x, const int64_t *y, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__model_bind(ctx, model, x, y, n));
}

grasp_status grasp__model_relabel(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                  const int64_t *label)
{
    if (grasp__model_is_custom(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "model is custom, whose labels are its own; other labels need a built-in model");
    for (int64_t i = 0; i < n; i++)
        m->y[rows[i]] = label[i];
    grasp__network_data_changed(m);
    return GRASP_OK;
}

grasp_status grasp__model_set_sample_weights(grasp_context *ctx, grasp_model *m, const double *weight, int64_t n)
{
    double *copy = NULL, total = 0;
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__model_check_bound(ctx, m, "model")) != GRASP_OK ||
        (s = grasp__check_equal(ctx, n, m->n_rows, "n")) != GRASP_OK)
        return s;
    if (weight) {
        for (int64_t i = 0; i < n; i++) {
            if (!isfinite(weight[i]))
                return grasp__fail(ctx, GRASP_E_NUMERIC, "weight: row %" PRId64 " has %g, expected a finite number", i,
                                   weight[i]);
            if (weight[i] < 0)
                return grasp__fail(ctx, GRASP_E_ARG, "weight: row %" PRId64 " has %g, expected 0 or more", i,
                                   weight[i]);
            total += weight[i];
        }
        if (n > 0 && total == 0)
            return grasp__fail(ctx, GRASP_E_ARG, "weight: all %" PRId64 " weights are 0, expected a positive one", n);
        if ((s = grasp__alloc(ctx, n, sizeof *copy, &copy)) != GRASP_OK)
            return s;
        memcpy(copy, weight, (size_t)n * sizeof *copy);
    }
    grasp__free(m->sample_weights);
    m->sample_weights = copy;
    return GRASP_OK;
}

grasp_status grasp_model_set_sample_weights(grasp_context *ctx, grasp_model *model, const double *weight_or_null,
                                            int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__model_set_sample_weights(ctx, model, weight_or_null, n));
}
