/* SPDX-License-Identifier: BSD-3-Clause
 * George (Sohoni, Dunnmon, Angus, Gu, Re 2020): clusters of a class's penultimate features, strata.c.
 *
 * Rows are scaled to length 1 (a length below 1e-6 counts as that), then reduced class by class:
 *   none          as they are
 *   pca           onto the span of the leading principal axes of the class's training rows
 *   hardness      onto the unit normal of the decision boundary, w_1 - w_0 of the last layer: two classes, built-in
 *   models hardness_pca  that, and the principal axes of the rest
 * Axes within their span do not matter to Euclidean distances or full covariances, so that orthogonal iteration on the
 * span suffices: O(n p components) an iteration.
 */
#include "infer/george.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_REDUCTION, GRASP_PARAM_STR, "none", "none|pca|hardness|hardness_pca", "what features are reduced to"},
    {GRASP_KEY_COMPONENTS, GRASP_PARAM_I64, "2", "[1, inf)", "pca: principal axes"},
    {GRASP_KEY_NORMALIZE, GRASP_PARAM_BOOL, "true", NULL, "rows are scaled to length 1"},
    {GRASP_KEY_ALGORITHM, GRASP_PARAM_STR, "gmm", "gmm|kmeans", "what clusters a class"},
    {GRASP_KEY_K, GRASP_PARAM_I64, "10", "[2, inf)", "the most clusters; every number from 2 is tried"},
    {GRASP_KEY_OVERCLUSTER, GRASP_PARAM_I64, "5", "[1, inf)", "parts that a cluster is split into; 1: none"},
    {GRASP_KEY_RESTARTS, GRASP_PARAM_I64, "3", "[1, inf)", "starts of each fit"},
};

const grasp__param_table grasp__learn_george_params = {
    "george", params, sizeof params / sizeof *params, {{NULL, NULL}}};

enum { ITERATIONS = 200 };

/* ---- reduction --------------------------------------------------------------------------------------------------- */

static void normalise(double *x, int64_t n, int64_t p)
{
    for (int64_t i = 0; i < n; i++) {
        double square = 0;
        for (int64_t j = 0; j < p; j++)
            square += x[i * p + j] * x[i * p + j];
        double length = fmax(sqrt(square), 1e-6);
        for (int64_t j = 0; j < p; j++)
            x[i * p + j] /= length;
    }
}

/* The unit normal (width) of the boundary between the two classes. */
static grasp_status boundary(grasp_context *ctx, const grasp__learning *l, int64_t width, double *normal)
{
    grasp__layer_shape shape;
    double *theta = NULL, square = 0;
    if (l->model == NULL || grasp__model_inputs(l->model) == NULL || grasp__model_n_classes(l->model) != 2)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "reduction is %s, which needs a built-in model of two classes",
                           grasp__options_str(l->o, GRASP_KEY_REDUCTION));
    int64_t p = grasp__model_n_params(l->model), last = grasp__model_n_layers(l->model) - 1;
    grasp_status s = grasp__model_layer_shape(ctx, l->model, last, &shape);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, l->model, theta);
    for (int64_t j = 0; s == GRASP_OK && j < width; j++) {
        const double *w = theta + p - shape.outputs * (width + 1);
        normal[j] = shape.outputs == 1 ? w[j] : w[width + 1 + j] - w[j];
        square += normal[j] * normal[j];
    }
    if (s == GRASP_OK && square == 0)
        s = grasp__fail(ctx, GRASP_E_NUMERIC, "the decision boundary has no normal: the model's last layer is zero");
    for (int64_t j = 0; s == GRASP_OK && j < width; j++)
        normal[j] /= sqrt(square);
    grasp__free(theta);
    return s;
}

/* The span of the m leading principal axes (m x p, orthonormal or zero) of n centred rows. */
static grasp_status principal(grasp_context *ctx, const double *x, int64_t n, int64_t p, int64_t m, double *axis)
{
    double *score = NULL;
    grasp__rng rng;
    grasp_status s = grasp__alloc(ctx, n, (size_t)m * sizeof *score, &score);
    grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_GMM, 0);
    for (int64_t j = 0; j < m * p; j++)
        axis[j] = grasp__rng_normal(&rng);
    for (int t = 0; s == GRASP_OK && t < ITERATIONS; t++) {
        s = grasp__tick(ctx, t, ITERATIONS);
        grasp__orthonormalise(axis, m, p);
        grasp__gemm_f64(false, true, n, m, p, 1, x, p, axis, p, 0, score, m);
        grasp__gemm_f64(true, false, m, p, n, 1, score, m, x, p, 0, axis, p);
    }
    grasp__orthonormalise(axis, m, p);
    grasp__free(score);
    return s;
}

/* Points of a class from its n rows of features x (changed), of which the first n_train are training rows. */
static grasp_status reduce(grasp_context *ctx, const grasp__learning *l, double *x, int64_t n, int64_t n_train,
                           int64_t width, const double *normal, double *point, int64_t p)
{
    bool pca = !grasp__options_is(l->o, GRASP_KEY_REDUCTION, "hardness");
    int64_t hard = normal != NULL, m = p - hard;
    double *axis = NULL, *mean = NULL;
    for (int64_t i = 0; hard && i < n; i++) {
        double along = 0;
        for (int64_t j = 0; j < width; j++)
            along += x[i * width + j] * normal[j];
        point[i * p] = along;
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] -= along * normal[j];
    }
    if (!pca || m == 0)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, m, (size_t)width * sizeof *axis, &axis);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, width, sizeof *mean, &mean);
    for (int64_t i = 0; s == GRASP_OK && i < n_train; i++)
        for (int64_t j = 0; j < width; j++)
            mean[j] += x[i * width + j] / (double)n_train;
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] -= mean[j];
    if (s == GRASP_OK)
        s = principal(ctx, x, n_train, width, m, axis);
    if (s == GRASP_OK)
        grasp__gemm_f64(false, true, n, m, width, 1, x, width, axis, width, 0, point + hard, p);
    grasp__free(mean);
    grasp__free(axis);
    return s;
}

/* ---- class by class ---------------------------------------------------------------------------------------------- */

typedef struct george {
    grasp__learning *l;
    grasp_matrix *features;
    double *normal, *loss; /* width or NULL; of the training rows */
    int64_t width, p, first; /* of features, of points; groups of the classes before */
} george;

/* Positions of class c: training rows, then validation rows. */
static int64_t members(const grasp__learning *l, int64_t c, int64_t *row, int64_t *n_train)
{
    int64_t n = 0;
    *n_train = 0;
    for (int64_t i = 0; i < l->n; i++)
        if (l->y[i] == l->classes[c]) {
            row[n++] = i;
            *n_train += i < l->n_train;
        }
    return n;
}

static grasp_status report_class(grasp_context *ctx, const grasp__learning *l, int64_t c, const grasp__strata *t)
{
    grasp_status s = grasp__report_class_value(ctx, l->report, c, "min_samples", (double)t->k);
    if (s == GRASP_OK)
        s = grasp__report_class_value(ctx, l->report, c, "score", t->score);
    if (s == GRASP_OK)
        s = grasp__report_class_value(ctx, l->report, c, "admissible", t->k > 1);
    return s == GRASP_OK ? grasp__report_class_value(ctx, l->report, c, "kept", (double)t->kept) : s;
}

static grasp_status learn_class(grasp_context *ctx, george *g, int64_t c, int64_t *row, int64_t *label)
{
    grasp__learning *l = g->l;
    grasp__strata t = {.p = g->p, .label = label};
    double *x = NULL, *point = NULL, *loss = NULL;
    int64_t n = members(l, c, row, &t.n_train);
    t.n_val = n - t.n_train;
    t.k_most = grasp__options_i64(l->o, GRASP_KEY_K);
    t.k_most = t.k_most < t.n_train ? t.k_most : t.n_train;
    t.parts = grasp__options_i64(l->o, GRASP_KEY_OVERCLUSTER);
    t.restarts = grasp__options_i64(l->o, GRASP_KEY_RESTARTS);
    t.gmm = grasp__options_is(l->o, GRASP_KEY_ALGORITHM, "gmm");
    grasp_status s = grasp__alloc(ctx, n, (size_t)g->width * sizeof *x, &x);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, (size_t)g->p * sizeof *point, &point);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t.n_train, sizeof *loss, &loss);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        memcpy(x + i * g->width, (const double *)g->features->data + row[i] * g->width,
               (size_t)g->width * sizeof *x);
        if (i < t.n_train)
            loss[i] = g->loss[row[i]];
    }
    if (s == GRASP_OK && grasp__options_is(l->o, GRASP_KEY_REDUCTION, "none"))
        memcpy(point, x, (size_t)(n * g->p) * sizeof *x);
    else if (s == GRASP_OK)
        s = reduce(ctx, l, x, n, t.n_train, g->width, g->normal, point, g->p);
    t.point = point;
    t.loss = loss;
    if (s == GRASP_OK && t.n_train > 0)
        s = grasp__strata_find(ctx, &t);
    else if (s == GRASP_OK) {
        memset(label, 0, (size_t)n * sizeof *label);
        t.k = t.n_clusters = 1;
        t.score = -1;
    }
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        l->label[row[i]] = g->first + label[i];
    if (s == GRASP_CANCELLED) /* one group */
        for (int64_t i = 0; i < n; i++)
            l->label[row[i]] = g->first;
    g->first += s == GRASP_OK ? t.n_clusters : 1;
    if (s == GRASP_OK)
        s = report_class(ctx, l, c, &t);
    grasp__free(loss);
    grasp__free(point);
    grasp__free(x);
    return s;
}

static grasp_status prepare(grasp_context *ctx, george *g)
{
    grasp__learning *l = g->l;
    const char *reduction = grasp__options_str(l->o, GRASP_KEY_REDUCTION);
    bool hard = strncmp(reduction, "hardness", 8) == 0, pca = strstr(reduction, "pca") != NULL;
    grasp_status s = grasp__learning_features(ctx, l, &g->features);
    if (s != GRASP_OK)
        return s;
    g->width = g->features->cols;
    int64_t axes = grasp__options_i64(l->o, GRASP_KEY_COMPONENTS), most = g->width - hard;
    g->p = hard || pca ? hard + (pca ? (axes < most ? axes : most) : 0) : g->width;
    if (grasp__options_i64(l->o, GRASP_KEY_NORMALIZE))
        normalise(g->features->data, l->n, g->width);
    s = grasp__alloc(ctx, l->n_train, sizeof *g->loss, &g->loss);
    if (s == GRASP_OK)
        s = grasp__learning_losses(ctx, l, g->loss);
    if (s == GRASP_OK && hard)
        s = grasp__alloc(ctx, g->width, sizeof *g->normal, &g->normal);
    return s == GRASP_OK && hard ? boundary(ctx, l, g->width, g->normal) : s;
}

grasp_status grasp__learn_george(grasp_context *ctx, grasp__learning *l)
{
    george g = {.l = l};
    int64_t *row = NULL, *label = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "features", 0, 0.1);
    grasp_status s = prepare(ctx, &g);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof *row, &row);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->n, sizeof *label, &label);
    for (int64_t c = 0; s == GRASP_OK && c < l->n_classes; c++) {
        double lo = (double)c / (double)l->n_classes, hi = (double)(c + 1) / (double)l->n_classes;
        outer = grasp__stage_begin(ctx, "class", 0.1 + 0.9 * lo, 0.1 + 0.9 * hi);
        s = learn_class(ctx, &g, c, row, label);
        grasp__stage_end(ctx, outer);
        for (int64_t q = c + 1; s == GRASP_CANCELLED && q < l->n_classes; q++) { /* one group each */
            int64_t n_train, n = members(l, q, row, &n_train);
            for (int64_t i = 0; i < n; i++)
                l->label[row[i]] = g.first;
            g.first++;
        }
    }
    grasp__free(label);
    grasp__free(row);
    grasp__free(g.loss);
    grasp__free(g.normal);
    grasp_matrix_free(g.features);
    return s;
}
