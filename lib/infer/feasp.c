/* SPDX-License-Identifier: BSD-3-Clause
 * FeaSP (Zeng et al. 2022), GRASP with points in place of gradients: the inputs of the model, its penultimate features,
 * or any matrix, such as a user's own embedding. The distances are among the points of a class. Cost: grasp_infer().
 */
#include "infer/learn.h"

static const grasp__param params[] = {
    {GRASP_KEY_POINTS, GRASP_PARAM_STR, "inputs", "inputs|features",
     "what is clustered: the rows that a built-in model is bound to (published), or what its last layer sees"},
    GRASP__VAL_PARAM,
};

const grasp__param_table grasp__learn_feasp_params = {
    "feasp", params, sizeof params / sizeof *params, {{"infer", &grasp__infer_params}, {NULL, NULL}}};

/* The samples' rows of the matrix that the model is bound to. */
static grasp_status inputs(grasp_context *ctx, const grasp__learning *l, grasp_gradients **out)
{
    grasp_matrix *x = grasp__model_inputs(l->model);
    grasp_gradients *all = NULL;
    if (x == NULL)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "model is custom and does not tell its inputs; %s=features may do",
                           GRASP_KEY_POINTS);
    grasp_status s = grasp__gradients_from_matrix(ctx, x, "inputs of the model", &all);
    if (s == GRASP_OK)
        s = grasp__gradients_select(ctx, all, l->rows, l->n, out);
    grasp__gradients_free(all);
    return s;
}

static grasp_status features(grasp_context *ctx, const grasp__learning *l, grasp_gradients **out)
{
    grasp_matrix *x = NULL;
    grasp_status s = grasp__learning_features(ctx, l, &x);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, x, "features of the model", out);
    grasp_matrix_free(x);
    return s;
}

grasp_status grasp__learn_feasp(grasp_context *ctx, grasp__learning *l)
{
    grasp__options infer = grasp__options_part(l->o, "infer");
    grasp_gradients *points = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "features", 0, 0.1);
    grasp_status s;
    if (l->points != NULL)
        s = grasp__gradients_from_matrix(ctx, l->points, "points", &points);
    else if (grasp__options_is(l->o, GRASP_KEY_POINTS, "features"))
        s = features(ctx, l, &points);
    else
        s = inputs(ctx, l, &points);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "infer", 0.1, 1);
        s = grasp__learn_by_infer(ctx, l, points, &infer);
        grasp__stage_end(ctx, outer);
    }
    grasp__gradients_free(points);
    return s;
}

/* ---- a matrix of points ------------------------------------------------------------------------------------------ */

static grasp_status infer_points(grasp_context *ctx, grasp_matrix *points, const int64_t *y, int64_t n,
                                 const grasp_params *params_or_null, const grasp_groups *truth, grasp_inference **out,
                                 grasp_report **report)
{
    grasp__options o = {.owned = NULL};
    grasp_gradients *g = NULL;
    grasp_status s = grasp__matrix_check(ctx, points, "points");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, points->rows, "n");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__groups_check(ctx, truth, "truth_or_null");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__check_equal(ctx, truth->n, n, "samples of truth_or_null");
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__infer_params, &o);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, points, "points", &g);
    if (s == GRASP_OK)
        s = grasp__infer_density(ctx, g, y, n, &o, truth, out, report);
    grasp__gradients_free(g);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_infer_points(grasp_context *ctx, grasp_matrix *points, const int64_t *y, int64_t n,
                                const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                grasp_inference **out, grasp_report **report_or_null)
{
    if (report_or_null != NULL)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, infer_points(ctx, points, y, n, params_or_null, truth_or_null, out, report_or_null));
}
