/* SPDX-License-Identifier: BSD-3-Clause
 * What a model says about samples: labels, losses, predictions, logits, probabilities, features; of bound rows or of
 * new ones. One loop cuts any number of samples into batches and ticks between them. A cancelled call leaves NaN
 * (labels: -1) in the rows it did not reach. Cost: one forward pass.
 */
#include "model/model_private.h"

#include <math.h>
#include <string.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Calls `output` batch by batch; values are eight bytes each, `width` a row, and lie one batch after the other in out.
 * */
static grasp_status each_batch(grasp_context *ctx, grasp_model *m, grasp__model_output output, const grasp_matrix *x,
                               const int64_t *rows, int64_t n, int64_t width, void *out)
{
    for (int64_t first = 0; first < n; first += GRASP__MODEL_BATCH) {
        grasp__batch b = {x, rows ? rows + first : NULL, first, smaller(GRASP__MODEL_BATCH, n - first)};
        void *place = (char *)out + (size_t)(first * width) * sizeof(double);
        grasp_status s = grasp__tick(ctx, first, n);
        if (s == GRASP_OK)
            s = output(ctx, m, &b, place);
        if (s == GRASP_CANCELLED) {
            bool labels = output == m->methods->predict || output == m->methods->labels;
            for (int64_t k = 0; k < (n - first) * width; k++)
                if (labels)
                    ((int64_t *)place)[k] = -1;
                else
                    ((double *)place)[k] = NAN;
        }
        if (s != GRASP_OK)
            return s;
    }
    return GRASP_OK;
}

grasp_status grasp__model_labels(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, int64_t *label)
{
    return each_batch(ctx, m, m->methods->labels, m->x, rows, n, 1, label);
}

grasp_status grasp__model_loss(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double *loss)
{
    return each_batch(ctx, m, m->methods->loss, m->x, rows, n, 1, loss);
}

grasp_status grasp__model_predict(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, int64_t *label)
{
    return each_batch(ctx, m, m->methods->predict, m->x, rows, n, 1, label);
}

grasp_status grasp__model_logits(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double *logits)
{
    return each_batch(ctx, m, m->methods->logits, m->x, rows, n, m->n_classes, logits);
}

grasp_status grasp__model_features(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double *features)
{
    return each_batch(ctx, m, m->methods->features, m->x, rows, n, grasp__model_n_features(m), features);
}

/* ---- public: bound rows or new samples --------------------------------------------------------------------------- */

/* The matrix to work on (NULL: custom) and its rows. */
static grasp_status check_source(grasp_context *ctx, const grasp_model *m, const grasp_matrix *x,
                                 const grasp_matrix **source, int64_t *n)
{
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK)
        return s;
    *source = x ? x : m->x;
    *n = x ? 0 : m->n_rows;
    if (!x)
        return grasp__model_check_bound(ctx, m, "model");
    if ((s = grasp__matrix_check(ctx, x, "x")) != GRASP_OK)
        return s;
    if (grasp__model_is_custom(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "model is custom and knows its own rows only: x must be NULL");
    if ((s = grasp__matrix_check_shape(ctx, x, -1, m->network.widths[0], "x")) != GRASP_OK)
        return s;
    *n = x->rows;
    return grasp__matrix_check_finite(ctx, x, "x");
}

static grasp_status predict(grasp_context *ctx, grasp_model *m, const grasp_matrix *x, int64_t *label, int64_t n)
{
    const grasp_matrix *source;
    int64_t found;
    grasp_status s = check_source(ctx, m, x, &source, &found);
    if (s != GRASP_OK || (s = grasp__check_equal(ctx, n, found, "n")) != GRASP_OK)
        return s;
    if (n > 0 && (s = grasp__check_pointer(ctx, label, "label")) != GRASP_OK)
        return s;
    return each_batch(ctx, m, m->methods->predict, source, NULL, n, 1, label);
}

grasp_status grasp_model_predict(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null, int64_t *label,
                                 int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, predict(ctx, model, x_or_null, label, n));
}

enum what { LOGITS, PROBA, FEATURES };

/* Batches through a buffer into a matrix of any element type and stride. */
static grasp_status outputs(grasp_context *ctx, grasp_model *m, enum what what, const grasp_matrix *x,
                            grasp_matrix *out, const char *name)
{
    const grasp_matrix *source;
    int64_t n, width, cells;
    double *buffer = NULL;
    grasp_status s = check_source(ctx, m, x, &source, &n);
    if (s != GRASP_OK || (s = grasp__matrix_check(ctx, out, name)) != GRASP_OK)
        return s;
    grasp__model_output output = what == FEATURES ? m->methods->features : m->methods->logits;
    width = what == FEATURES ? grasp__model_n_features(m) : m->n_classes;
    if (what == FEATURES && width == 0)
        return grasp__model_missing(ctx, "features");
    if ((s = grasp__matrix_check_shape(ctx, out, n, width, name)) != GRASP_OK ||
        (s = grasp__check_product(ctx, smaller(n, GRASP__MODEL_BATCH), width, "a batch of outputs", &cells)) !=
            GRASP_OK ||
        (s = grasp__alloc(ctx, cells, sizeof *buffer, &buffer)) != GRASP_OK)
        return s;
    for (int64_t first = 0; s == GRASP_OK && first < n; first += GRASP__MODEL_BATCH) {
        grasp__batch b = {source, NULL, first, smaller(GRASP__MODEL_BATCH, n - first)};
        s = grasp__tick(ctx, first, n);
        if (s == GRASP_OK)
            s = output(ctx, m, &b, buffer);
        for (int64_t i = 0; s == GRASP_OK && what == PROBA && i < b.n; i++)
            grasp__softmax_row(buffer + i * width, width);
        if (s == GRASP_OK)
            grasp__matrix_write_f64(out, first, b.n, buffer);
        if (s == GRASP_CANCELLED) {
            for (int64_t k = 0; k < width; k++)
                buffer[k] = NAN;
            for (int64_t i = first; i < n; i++)
                grasp__matrix_write_f64(out, i, 1, buffer);
        }
    }
    grasp__free(buffer);
    return s;
}

grasp_status grasp_model_predict_proba(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                       grasp_matrix *proba)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, outputs(ctx, model, PROBA, x_or_null, proba, "proba"));
}

grasp_status grasp_model_logits(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                grasp_matrix *logits)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, outputs(ctx, model, LOGITS, x_or_null, logits, "logits"));
}

grasp_status grasp_model_features(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                  grasp_matrix *features)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, outputs(ctx, model, FEATURES, x_or_null, features, "features"));
}

/* ---- public: chosen bound rows ----------------------------------------------------------------------------------- */

static grasp_status check_chosen(grasp_context *ctx, const grasp_model *m, const int64_t *rows, int64_t n,
                                 const void *out, const char *name)
{
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__model_check_bound(ctx, m, "model")) != GRASP_OK ||
        (s = grasp__model_check_rows(ctx, m, rows, n, "rows")) != GRASP_OK)
        return s;
    return n > 0 ? grasp__check_pointer(ctx, out, name) : GRASP_OK;
}

grasp_status grasp_model_predict_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                      int64_t *label)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check_chosen(ctx, model, rows_or_null, n, label, "label");
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_predict(ctx, model, rows_or_null, n, label) : s);
}

grasp_status grasp_model_loss_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                   double *loss)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check_chosen(ctx, model, rows_or_null, n, loss, "loss");
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_loss(ctx, model, rows_or_null, n, loss) : s);
}
