/* SPDX-License-Identifier: BSD-3-Clause
 * The inputs of the last linear layer, read back from gradients.
 *
 * Factors: the activations of the last layer, if it has one position. Dense rows: the gradient of a linear model is
 * e_c [x, 1] for each output c, with residuals e = p - 1{y}; so x is a weight's entry over its bias's entry, of the
 * output whose residual is largest. That rows are of this kind is not assumed but seen: one output, last entry in
 * [-1, 1], not negative in the lower class and not positive in the higher; or as many outputs as classes, residuals
 * that sum to zero, the only negative one at the class's own place, and all outputs' rows in proportion. Layers may
 * hold (weights, bias) output after output, the library's order, or all weights and then all biases, PyTorch's. Rows of
 * anything else do not carry what the cross-class direction needs. O(n p).
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 64 };

#define NEAR 1e-4 /* relative: rows may have been rounded to float32 */

typedef struct dense {
    int64_t d, outputs, p;
    bool biases_last;
} dense;

static double bias(const dense *f, const double *row, int64_t output)
{
    return f->biases_last ? row[f->p - f->outputs + output] : row[output * (f->d + 1) + f->d];
}

static const double *weights(const dense *f, const double *row, int64_t output)
{
    return row + output * (f->biases_last ? f->d : f->d + 1);
}

/* The output with the largest residual. */
static int64_t largest(const dense *f, const double *row)
{
    int64_t top = 0;
    for (int64_t o = 1; o < f->outputs; o++)
        top = fabs(bias(f, row, o)) > fabs(bias(f, row, top)) ? o : top;
    return top;
}

/* Could a sample of the class at place `code` have this gradient? */
static bool fits(const dense *f, const double *row, int64_t code)
{
    double sum = 0, size = 0, span = 0;
    if (f->outputs == 1) {
        double e = bias(f, row, 0);
        return fabs(e) <= 1 + NEAR && (code == 0 ? e >= 0 : e <= 0);
    }
    for (int64_t o = 0; o < f->outputs; o++) {
        double e = bias(f, row, o);
        sum += e;
        size = fmax(size, fabs(e));
        if (o == code ? e > 0 : e < 0)
            return false;
    }
    if (size > 1 + NEAR || fabs(sum) > NEAR * size)
        return false;
    int64_t top = largest(f, row);
    const double *x = weights(f, row, top);
    for (int64_t j = 0; j < f->d; j++)
        span = fmax(span, fabs(x[j]));
    for (int64_t o = 0; size > 0 && o < f->outputs; o++)
        for (int64_t j = 0; j < f->d; j++)
            if (fabs(weights(f, row, o)[j] - bias(f, row, o) / bias(f, row, top) * x[j]) > NEAR * span)
                return false;
    return true;
}

/* Do all rows fit, and do enough of them tell anything? */
static grasp_status all_fit(grasp_context *ctx, const dense *f, const grasp_gradients *g, const int64_t *y, int64_t n,
                            const int64_t *classes, int64_t n_classes, double *row, bool *fit)
{
    int64_t telling = 0;
    grasp_status s = GRASP_OK;
    *fit = f->d > 0 && n > 0;
    for (int64_t i = 0; s == GRASP_OK && *fit && i < n; i++) {
        grasp__gradients_read_f64(g, i, 1, row);
        *fit = fits(f, row, grasp__code_of(classes, n_classes, y[i]));
        telling += fabs(bias(f, row, largest(f, row))) > 0;
        if (i % CHUNK == 0)
            s = grasp__tick(ctx, i, n);
    }
    *fit = *fit && 2 * telling >= n;
    return s;
}

grasp_status grasp__robust_form_of(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                   grasp__robust_form *form)
{
    *form = (grasp__robust_form){.layer = -1};
    if (grasp__gradients_is_factored(g)) {
        grasp__layer_shape shape;
        form->layer = grasp__gradients_n_layers(g) - 1;
        grasp__gradients_layer_shape(g, form->layer, &shape);
        form->d = shape.positions == 1 ? shape.inputs : 0;
        form->outputs = shape.outputs;
        return GRASP_OK;
    }
    int64_t p = grasp__gradients_dim(g), *classes = NULL, n_classes = 0;
    double *row = NULL;
    bool fit = false;
    grasp_status s = grasp__distinct(ctx, y, n, &classes, &n_classes);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *row, &row);
    for (int way = 0; s == GRASP_OK && !fit && way < 3; way++) {
        int64_t outputs = way == 0 ? 1 : n_classes;
        if (n_classes < 2 || p % outputs != 0 || (way == 0 && n_classes != 2))
            continue;
        dense f = {.d = p / outputs - 1, .outputs = outputs, .p = p, .biases_last = way == 2};
        s = all_fit(ctx, &f, g, y, n, classes, n_classes, row, &fit);
        if (fit)
            *form = (grasp__robust_form){.d = f.d, .outputs = outputs, .layer = -1, .biases_last = f.biases_last};
    }
    grasp__free(row);
    grasp__free(classes);
    return s;
}

/* Rows without a residual take the mean of their class's others. */
static grasp_status fill_silent(grasp_context *ctx, const uint8_t *silent, const int64_t *y, int64_t n, int64_t d,
                                double *raw)
{
    int64_t *classes = NULL, n_classes = 0, count;
    double *mean = NULL;
    grasp_status s = grasp__distinct(ctx, y, n, &classes, &n_classes);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, d, sizeof *mean, &mean);
    for (int64_t c = 0; s == GRASP_OK && c < n_classes; c++) {
        memset(mean, 0, (size_t)d * sizeof *mean);
        count = 0;
        for (int64_t i = 0; i < n; i++)
            count += y[i] == classes[c] && !silent[i];
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; y[i] == classes[c] && !silent[i] && j < d; j++)
                mean[j] += raw[i * d + j] / (double)count;
        for (int64_t i = 0; i < n; i++)
            if (y[i] == classes[c] && silent[i])
                memcpy(raw + i * d, mean, (size_t)d * sizeof *mean);
    }
    grasp__free(mean);
    grasp__free(classes);
    return s;
}

static grasp_status read_factors(grasp_context *ctx, const grasp_gradients *g, int64_t n,
                                 const grasp__robust_form *form, double *raw)
{
    double *delta = NULL;
    grasp_status s = grasp__alloc(ctx, CHUNK, (size_t)form->outputs * sizeof *delta, &delta);
    for (int64_t i = 0; s == GRASP_OK && i < n; i += CHUNK) {
        grasp__gradients_read_factors(g, form->layer, i, n - i < CHUNK ? n - i : CHUNK, raw + i * form->d, delta);
        s = grasp__tick(ctx, i, n);
    }
    grasp__free(delta);
    return s;
}

grasp_status grasp__robust_inputs(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                  const grasp__robust_form *form, double *raw)
{
    if (form->layer >= 0)
        return read_factors(ctx, g, n, form, raw);
    dense f = {.d = form->d, .outputs = form->outputs, .p = grasp__gradients_dim(g), .biases_last = form->biases_last};
    double *row = NULL;
    uint8_t *silent = NULL;
    grasp_status s = grasp__alloc(ctx, f.p, sizeof *row, &row);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n, sizeof *silent, &silent);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        grasp__gradients_read_f64(g, i, 1, row);
        int64_t top = largest(&f, row);
        double e = bias(&f, row, top);
        silent[i] = !(fabs(e) > 0);
        for (int64_t j = 0; j < f.d; j++) {
            raw[i * f.d + j] = silent[i] ? 0 : weights(&f, row, top)[j] / e;
            silent[i] = silent[i] || !isfinite(raw[i * f.d + j]);
        }
        if (i % CHUNK == 0)
            s = grasp__tick(ctx, i, n);
    }
    if (s == GRASP_OK)
        s = fill_silent(ctx, silent, y, n, f.d, raw);
    grasp__free(silent);
    grasp__free(row);
    return s;
}
