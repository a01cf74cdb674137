/* SPDX-License-Identifier: BSD-3-Clause
 * Groups from points alone, for the methods that look at nothing else: a user's own embedding, such as UMAP's, of
 * samples whose model the library does not know. George (Sohoni et al. 2020) also wants to know how badly each training
 * sample is told; where that is not given all count as told equally badly. Cost: that of the method.
 */
#include "infer/learn.h"

#include <math.h>
#include <string.h>

static grasp_status check_arguments(grasp_context *ctx, const grasp__learning *l, const int64_t *y)
{
    grasp_status s = grasp__matrix_check(ctx, l->points, "points");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, l->n_train, 0, INT64_MAX, "n_train");
    if (s == GRASP_OK && l->n_train == 0)
        s = grasp__fail(ctx, GRASP_E_EMPTY, "n_train is 0, expected at least 1");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, l->n_val, 0, INT64_MAX - l->n_train, "n_val");
    if (s == GRASP_OK)
        s = grasp__matrix_check_shape(ctx, l->points, l->n_train + l->n_val, -1, "points");
    if (s == GRASP_OK && l->points->cols < 1)
        s = grasp__fail(ctx, GRASP_E_DIM, "points has no column, expected at least 1");
    if (s == GRASP_OK)
        s = grasp__matrix_check_finite(ctx, l->points, "points");
    for (int64_t i = 0; s == GRASP_OK && l->losses != NULL && i < l->n_train; i++)
        if (!isfinite(l->losses[i]))
            s = grasp__fail(ctx, GRASP_E_NUMERIC, "losses_or_null[%" PRId64 "] is %g, expected a finite number", i,
                            l->losses[i]);
    if (s == GRASP_OK && l->truth != NULL)
        s = grasp__groups_check(ctx, l->truth, "truth_or_null");
    if (s == GRASP_OK && l->truth != NULL)
        s = grasp__check_equal(ctx, l->truth->n, l->n_train + l->n_val, "samples of truth_or_null");
    return s;
}

static grasp_status learn_points(grasp_context *ctx, const char *method, const grasp__learning *asked, const int64_t *y,
                                 const grasp_params *params, grasp_groups **out, grasp_report **report)
{
    grasp__learning l = *asked;
    grasp__options o = {.owned = NULL};
    const grasp__learn_method *m = NULL;
    grasp_status s = grasp__learn_method_find(ctx, method, GRASP__OF_POINTS, &m);
    if (s == GRASP_OK)
        s = check_arguments(ctx, &l, y);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, m->params, &o);
    if (s == GRASP_OK && report != NULL)
        s = grasp__report_create(ctx, &l.report);
    l.o = &o;
    if (s == GRASP_OK) {
        l.n = l.n_train + l.n_val;
        s = grasp__alloc(ctx, l.n, sizeof *l.y, &l.y);
    }
    if (s == GRASP_OK) {
        memcpy(l.y, y, (size_t)l.n * sizeof *y);
        s = grasp__learning_classes(ctx, &l);
    }
    if (s == GRASP_OK)
        s = grasp__learning_answer(ctx, &l, s, m, out);
    grasp__learning_close(&l, s, report);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_learn_groups_points(grasp_context *ctx, const char *method, grasp_matrix *points, const int64_t *y,
                                       const double *losses_or_null, int64_t n_train, int64_t n_val,
                                       const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                       grasp_groups **out, grasp_report **report_or_null)
{
    grasp__learning l = {
        .points = points, .losses = losses_or_null, .n_train = n_train, .n_val = n_val, .truth = truth_or_null};
    if (report_or_null != NULL)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, learn_points(ctx, method, &l, y, params_or_null, out, report_or_null));
}
