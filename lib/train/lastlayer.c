/* SPDX-License-Identifier: BSD-3-Clause
 * The last layer of a model as a linear model of its own, bound to the penultimate features of chosen rows, which are
 * computed once: what AFR and DFR train.
 *
 * Built-in models end with it: C rows (weights, bias) over the features (a logistic model: one). So must a custom
 * model's parameters; whether they do is seen from the losses, which must be the model's own. Features may be taken to
 * mean 0 and standard deviation 1 over the rows; the layer found is written back in the model's own scale.
 * Cost: one forward pass and O(n F) to open; memory n F.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 512 };
static const double same_loss = 1e-3; /* float32 features */

/* Mean and inverse deviation of every feature; a constant one is only moved. In place. */
static void standardize(grasp__last_layer *l)
{
    double *x = grasp_matrix_data(l->features);
    int64_t stride = grasp_matrix_row_stride(l->features);
    memset(l->mean, 0, (size_t)l->width * sizeof *l->mean);
    memset(l->scale, 0, (size_t)l->width * sizeof *l->scale);
    for (int64_t i = 0; i < l->n; i++)
        for (int64_t j = 0; j < l->width; j++)
            l->mean[j] += x[i * stride + j] / (double)l->n;
    for (int64_t i = 0; i < l->n; i++)
        for (int64_t j = 0; j < l->width; j++) {
            x[i * stride + j] -= l->mean[j];
            l->scale[j] += x[i * stride + j] * x[i * stride + j] / (double)l->n;
        }
    for (int64_t j = 0; j < l->width; j++)
        l->scale[j] = sqrt(l->scale[j]) > 1e-12 * (fabs(l->mean[j]) + 1) ? 1 / sqrt(l->scale[j]) : 1;
    for (int64_t i = 0; i < l->n; i++)
        for (int64_t j = 0; j < l->width; j++)
            x[i * stride + j] *= l->scale[j];
}

static grasp_status fill(grasp_context *ctx, grasp__last_layer *l, const int64_t *rows)
{
    int64_t chunk = l->n < CHUNK ? l->n : CHUNK, cells = 0;
    double *part = NULL;
    grasp_status s = grasp__check_product(ctx, chunk, l->width, "features", &cells);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, cells, sizeof *part, &part);
    for (int64_t at = 0, n; s == GRASP_OK && at < l->n; at += n) {
        n = l->n - at < chunk ? l->n - at : chunk;
        s = grasp__model_features(ctx, l->whole, rows + at, n, part);
        if (s == GRASP_OK)
            grasp__matrix_write_f64(l->features, at, n, part);
    }
    grasp__free(part);
    return s;
}

/* Does the layer within the model give the model's losses? */
static grasp_status verify(grasp_context *ctx, grasp__last_layer *l)
{
    grasp_status s = grasp__model_loss(ctx, l->whole, l->rows, l->n, l->loss);
    if (s == GRASP_OK)
        s = grasp__model_loss(ctx, l->head, NULL, l->n, l->loss + l->n);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        if (!(fabs(l->loss[i] - l->loss[l->n + i]) <= same_loss * (1 + fabs(l->loss[i]))))
            return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                               "the model's last %" PRId64 " parameters, as rows (weights, bias) of a softmax over its "
                               "features, give row %" PRId64 " the loss %g, expected the model's, %g",
                               l->size, l->rows[i], l->loss[l->n + i], l->loss[i]);
    return s;
}

grasp_status grasp__last_layer_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                    bool standard, grasp__last_layer *out)
{
    int64_t p = grasp__model_n_params(m), classes = grasp__model_n_classes(m), cells = 0, *label = NULL;
    *out = (grasp__last_layer){.whole = m, .rows = rows, .n = n, .width = grasp__model_n_features(m)};
    grasp__last_layer *l = out;
    if (l->width == 0) /* asked all the same, the model says which hook it lacks */
        return grasp__model_features(ctx, m, rows, n, (double[]){0});
    bool single = grasp__model_is_linear(m) && p == l->width + 1;
    l->size = (single ? 1 : classes) * (l->width + 1);
    l->at = p - l->size;
    if (l->at < 0)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "a last layer from %" PRId64 " features to %" PRId64 " classes has %" PRId64
                           " parameters, but the model has %" PRId64, l->width, classes, l->size, p);
    grasp_status s = grasp__check_product(ctx, n, 2, "losses", &cells);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, cells, sizeof *l->loss, &l->loss);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *l->theta, &l->theta);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, 2 * l->size, sizeof *l->layer, &l->layer);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, l->width, 2 * sizeof *l->mean, &l->mean);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, m, l->theta);
    if (s == GRASP_OK)
        s = grasp__matrix_create(ctx, GRASP_F64, n, l->width, &l->features);
    if (s == GRASP_OK)
        s = fill(ctx, l, rows);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, m, rows, n, label);
    if (s == GRASP_OK) {
        l->scale = l->mean + l->width;
        l->own = l->layer + l->size;
        memcpy(l->own, l->theta + l->at, (size_t)l->size * sizeof *l->own);
        s = grasp__model_create(ctx, single ? "logistic" : "softmax", (int64_t[]){l->width, single ? 1 : classes}, 2,
                                &l->head);
    }
    if (s == GRASP_OK)
        s = grasp__model_bind(ctx, l->head, l->features, label, n);
    if (s == GRASP_OK)
        s = grasp__model_set_params(ctx, l->head, l->own);
    if (s == GRASP_OK)
        s = verify(ctx, l);
    if (s == GRASP_OK && standard) {
        standardize(l);
        l->standard = true;
        s = grasp__model_bind(ctx, l->head, l->features, label, n);
    }
    grasp__free(label);
    return s;
}

grasp_status grasp__last_layer_put(grasp_context *ctx, grasp__last_layer *l, const double *layer)
{
    for (int64_t o = 0; o < l->size; o += l->width + 1) {
        double *row = l->theta + l->at + o, shift = 0;
        for (int64_t j = 0; j < l->width; j++) {
            row[j] = l->standard ? layer[o + j] * l->scale[j] : layer[o + j];
            shift += l->standard ? row[j] * l->mean[j] : 0;
        }
        row[l->width] = layer[o + l->width] - shift;
    }
    grasp_status s = grasp__model_set_params(ctx, l->whole, l->theta);
    if (s == GRASP_OK)
        s = grasp__model_set_params(ctx, l->head, layer);
    return s == GRASP_OK ? verify(ctx, l) : s;
}

void grasp__last_layer_close(grasp__last_layer *l)
{
    grasp__model_free(l->head);
    grasp_matrix_free(l->features);
    grasp__free(l->loss);
    grasp__free(l->theta);
    grasp__free(l->layer);
    grasp__free(l->mean);
    *l = (grasp__last_layer){0};
}
