/* SPDX-License-Identifier: BSD-3-Clause
 * The built-in models: logistic, softmax and the multilayer perceptron are one stack of dense layers with ReLU between
 * them; the linear ones have a single layer.
 *
 * A perceptron computes in the element type of the data. Linear models compute in float64 also on float32 data: their
 * convex objective is minimised to a small gradient norm, which float32 losses are too coarse for, and they are bound
 * by memory, not arithmetic.
 *
 * Rows are gathered into a panel of at most GRASP__MODEL_BATCH rows; consecutive rows of the right type are read in
 * place. A larger batch runs forward twice, for the losses and for the gradient, keeping only the last layer's delta
 * in between: n x C numbers instead of all activations. Nothing here runs threads, so results do not depend on their
 * number.
 */
#include "model/model_private.h"

#include <math.h>
#include <string.h>

struct engine {
    size_t size; /* of an element */
    void (*forward_hidden)(const grasp_model *m, int64_t n);
    void (*forward_output)(const grasp_model *m, int64_t n);
    void (*head)(const grasp_model *m, int64_t n, const int64_t *label, double *loss, void *delta);
    void (*scale)(void *delta, int64_t n, int64_t out, const double *weight);
    void (*backward)(const grasp_model *m, int64_t n, const void *last);
    void (*gradient)(const grasp_model *m, int64_t n, const void *last, double *grad);
};

#define REAL      float
#define KERNEL(x) x##_f32
#define THETA     theta32
#define NAME(x)   f32_##x
#include "model/network_real.h"

#define REAL      double
#define KERNEL(x) x##_f64
#define THETA     theta
#define NAME(x)   f64_##x
#include "model/network_real.h"

static const struct engine *engine_for(const grasp_model *m, const grasp_matrix *x)
{
    return m->methods->linear || x->dtype == GRASP_F64 ? &f64_engine : &f32_engine;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t n_outputs(const grasp_model *m)
{
    return m->network.widths[m->n_layers];
}

/* ---- workspace --------------------------------------------------------------------------------------------------- */

/* Puts a rows x cols panel behind `used`, at a multiple of 64 bytes. Without a block it only counts. */
static bool place(double *block, int64_t *used, int64_t rows, int64_t cols, double **panel)
{
    int64_t cells;
    if (!grasp__mul_i64(rows, cols, &cells) || !grasp__add_i64(cells, 7, &cells))
        return false;
    if (block)
        *panel = block + *used;
    return grasp__add_i64(*used, cells / 8 * 8, used);
}

static bool layout(grasp_model *m, int64_t rows, double *block, int64_t *used)
{
    grasp__network *net = &m->network;
    int64_t batch = smaller(rows, GRASP__MODEL_BATCH), last = m->n_layers - 1;
    double *label = NULL, *cached_rows = NULL;
    bool ok = true;
    *used = 0;
    for (int64_t l = 0; l <= last; l++) {
        ok = ok && place(block, used, batch, net->widths[l], &net->act[l]);
        ok = ok && place(block, used, l < last ? batch : rows, net->widths[l + 1], &net->delta[l]);
    }
    ok = ok && place(block, used, batch, n_outputs(m), &net->logits) &&
         place(block, used, 1, m->n_params, &net->grad) && place(block, used, rows, 1, &net->weight) &&
         place(block, used, 2, n_outputs(m), &net->sample) && place(block, used, batch, 1, &net->loss) &&
         place(block, used, batch, 1, &label) && place(block, used, batch, 1, &cached_rows);
    if (block) {
        net->label = (int64_t *)label;
        net->cached_rows = (int64_t *)cached_rows;
    }
    return ok;
}

static grasp_status network_reserve(grasp_context *ctx, grasp_model *m, int64_t n)
{
    grasp__network *net = &m->network;
    int64_t cells;
    double *block;
    net->kernels = grasp__context_layer_kernels(ctx);
    if (n <= net->rows)
        return GRASP_OK;
    if (!layout(m, n, NULL, &cells))
        return grasp__fail(ctx, GRASP_E_OVERFLOW,
                           "the workspace of a batch of %" PRId64 " rows overflows a 64-bit size", n);
    grasp_status s = grasp__alloc(ctx, cells, sizeof *block, &block);
    if (s != GRASP_OK)
        return s;
    grasp__free(net->block);
    net->block = block;
    net->rows = n;
    net->cached = -1;
    layout(m, n, block, &cells);
    return GRASP_OK;
}

static uint64_t network_reserve_price(grasp_model *m, int64_t n)
{
    int64_t cells;
    if (n <= m->network.rows)
        return 0;
    return layout(m, n, NULL, &cells) ? grasp__price(cells, sizeof(double)) : UINT64_MAX;
}

void grasp__network_data_changed(grasp_model *m)
{
    m->network.cached = -1;
}

/* ---- one batch --------------------------------------------------------------------------------------------------- */

static bool consecutive(const grasp__batch *b)
{
    for (int64_t i = 1; b->rows && i < b->n; i++)
        if (b->rows[i] != b->rows[0] + i)
            return false;
    return true;
}

static void load(grasp_model *m, const struct engine *engine, const grasp__batch *b)
{
    grasp__network *net = &m->network;
    int32_t dtype = engine == &f32_engine ? GRASP_F32 : GRASP_F64;
    net->cached = -1;
    if (b->x->dtype == dtype && consecutive(b)) {
        net->input = grasp__matrix_row(b->x, b->rows ? b->rows[0] : b->first);
        net->input_stride = b->x->row_stride;
        return;
    }
    if (dtype == GRASP_F32)
        grasp__matrix_read_f32(b->x, b->rows, b->first, b->n, (float *)net->act[0]);
    else
        grasp__matrix_read_f64(b->x, b->rows, b->first, b->n, net->act[0]);
    net->input = net->act[0];
    net->input_stride = net->widths[0];
}

static void read_labels(const grasp_model *m, const grasp__batch *b, int64_t *label)
{
    for (int64_t i = 0; i < b->n; i++)
        label[i] = m->y[b->rows ? b->rows[i] : b->first + i];
}

static grasp_status check_losses(grasp_context *ctx, const grasp__batch *b, const double *loss)
{
    for (int64_t i = 0; i < b->n; i++)
        if (!isfinite(loss[i]))
            return grasp__fail(ctx, GRASP_E_NUMERIC,
                               "loss of row %" PRId64 " is %g: the parameters are too large for the data",
                               b->rows ? b->rows[i] : b->first + i, loss[i]);
    return GRASP_OK;
}

/* A panel of the engine's type, strided, to contiguous float64 or float32. */
static void convert(const struct engine *engine, const void *from, int64_t stride, int64_t n, int64_t cols,
                    int32_t dtype, void *to)
{
    if (stride == cols && engine->size == grasp__dtype_size(dtype)) {
        memcpy(to, from, (size_t)(n * cols) * engine->size);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < cols; j++) {
            double v =
                engine == &f32_engine ? ((const float *)from)[i * stride + j] : ((const double *)from)[i * stride + j];
            if (dtype == GRASP_F32)
                ((float *)to)[i * cols + j] = (float)v;
            else
                ((double *)to)[i * cols + j] = v;
        }
}

static grasp_status forward(grasp_context *ctx, grasp_model *m, const struct engine *engine, const grasp__batch *b)
{
    grasp_status s = network_reserve(ctx, m, b->n);
    if (s != GRASP_OK)
        return s;
    load(m, engine, b);
    engine->forward_hidden(m, b->n);
    engine->forward_output(m, b->n);
    return GRASP_OK;
}

static grasp_status network_labels(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    (void)ctx;
    read_labels(m, b, out);
    return GRASP_OK;
}

static grasp_status network_loss(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const struct engine *engine = engine_for(m, b->x);
    grasp_status s = forward(ctx, m, engine, b);
    if (s != GRASP_OK)
        return s;
    read_labels(m, b, m->network.label);
    engine->head(m, b->n, m->network.label, out, m->network.delta[m->n_layers - 1]);
    return check_losses(ctx, b, out);
}

static grasp_status network_logits(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const struct engine *engine = engine_for(m, b->x);
    int64_t k = n_outputs(m);
    double *logits = out;
    grasp_status s = forward(ctx, m, engine, b);
    if (s != GRASP_OK)
        return s;
    convert(engine, m->network.logits, k, b->n, k, GRASP_F64, logits);
    if (k == 1) /* logistic: one output z stands for the logits (0, z) */
        for (int64_t i = b->n - 1; i >= 0; i--) {
            logits[2 * i + 1] = logits[i];
            logits[2 * i] = 0;
        }
    return GRASP_OK;
}

static grasp_status network_predict(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const struct engine *engine = engine_for(m, b->x);
    int64_t k = n_outputs(m), *label = out;
    grasp_status s = forward(ctx, m, engine, b);
    if (s != GRASP_OK)
        return s;
    double *z = m->network.sample;
    for (int64_t i = 0; i < b->n; i++) {
        convert(engine, (const char *)m->network.logits + (size_t)(i * k) * engine->size, k, 1, k, GRASP_F64, z);
        label[i] = k == 1 ? z[0] > 0 : grasp__largest_logit(z, k);
    }
    return GRASP_OK;
}

static grasp_status network_features(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const struct engine *engine = engine_for(m, b->x);
    int64_t last = m->n_layers - 1, width = m->network.widths[last];
    grasp_status s = network_reserve(ctx, m, b->n);
    if (s != GRASP_OK)
        return s;
    load(m, engine, b);
    engine->forward_hidden(m, b->n);
    if (last == 0)
        convert(engine, m->network.input, m->network.input_stride, b->n, width, GRASP_F64, out);
    else
        convert(engine, m->network.act[last], width, b->n, width, GRASP_F64, out);
    return GRASP_OK;
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static grasp_status network_objective(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                      grasp__weigher weigh, void *arg, double *loss, double *grad)
{
    grasp__network *net = &m->network;
    const struct engine *engine = engine_for(m, m->x);
    grasp_status s = network_reserve(ctx, m, n);
    for (int64_t first = 0; s == GRASP_OK && first < n; first += GRASP__MODEL_BATCH) {
        grasp__batch b = {m->x, rows + first, 0, smaller(GRASP__MODEL_BATCH, n - first)};
        char *last = (char *)net->delta[m->n_layers - 1] + (size_t)(first * n_outputs(m)) * engine->size;
        s = forward(ctx, m, engine, &b);
        if (s != GRASP_OK)
            break;
        read_labels(m, &b, net->label);
        engine->head(m, b.n, net->label, loss + first, last);
        s = check_losses(ctx, &b, loss + first);
    }
    if (s == GRASP_OK)
        s = weigh(arg, n, rows, loss, net->weight);
    if (s != GRASP_OK)
        return s;
    memset(grad, 0, (size_t)m->n_params * sizeof *grad);
    for (int64_t first = 0; first < n; first += GRASP__MODEL_BATCH) {
        grasp__batch b = {m->x, rows + first, 0, smaller(GRASP__MODEL_BATCH, n - first)};
        char *last = (char *)net->delta[m->n_layers - 1] + (size_t)(first * n_outputs(m)) * engine->size;
        if (n > GRASP__MODEL_BATCH) { /* a later batch has taken the panels since */
            load(m, engine, &b);
            engine->forward_hidden(m, b.n);
        }
        engine->scale(last, b.n, n_outputs(m), net->weight + first);
        engine->backward(m, b.n, last);
        engine->gradient(m, b.n, last, grad);
    }
    return GRASP_OK;
}

/* Brings act and delta of all layers of a batch into the workspace, unless they are there. */
static grasp_status backpropagate(grasp_context *ctx, grasp_model *m, const struct engine *engine,
                                  const grasp__batch *b)
{
    grasp__network *net = &m->network;
    if (net->cached == b->n && memcmp(net->cached_rows, b->rows, (size_t)b->n * sizeof *b->rows) == 0)
        return GRASP_OK;
    grasp_status s = forward(ctx, m, engine, b);
    if (s != GRASP_OK)
        return s;
    read_labels(m, b, net->label);
    engine->head(m, b->n, net->label, net->loss, net->delta[m->n_layers - 1]);
    s = check_losses(ctx, b, net->loss);
    if (s != GRASP_OK)
        return s;
    engine->backward(m, b->n, net->delta[m->n_layers - 1]);
    memcpy(net->cached_rows, b->rows, (size_t)b->n * sizeof *b->rows);
    net->cached = b->n;
    return GRASP_OK;
}

static grasp_status network_factors(grasp_context *ctx, grasp_model *m, int64_t layer, const int64_t *rows, int64_t n,
                                    void *act, void *delta)
{
    grasp__network *net = &m->network;
    const struct engine *engine = engine_for(m, m->x);
    int64_t in = net->widths[layer], out = net->widths[layer + 1];
    size_t size = grasp__dtype_size(m->x->dtype);
    for (int64_t first = 0; first < n; first += GRASP__MODEL_BATCH) {
        grasp__batch b = {m->x, rows + first, 0, smaller(GRASP__MODEL_BATCH, n - first)};
        void *a = (char *)act + (size_t)(first * in) * size, *d = (char *)delta + (size_t)(first * out) * size;
        grasp_status s = backpropagate(ctx, m, engine, &b);
        if (s != GRASP_OK)
            return s;
        if (layer > 0)
            convert(engine, net->act[layer], in, b.n, in, m->x->dtype, a);
        else if (m->x->dtype == GRASP_F32)
            grasp__matrix_read_f32(m->x, b.rows, 0, b.n, a);
        else
            grasp__matrix_read_f64(m->x, b.rows, 0, b.n, a);
        convert(engine, net->delta[layer], out, b.n, out, m->x->dtype, d);
    }
    return GRASP_OK;
}

/* ---- the handle -------------------------------------------------------------------------------------------------- */

static grasp_status network_get_params(grasp_context *ctx, const grasp_model *m, double *theta)
{
    (void)ctx;
    memcpy(theta, m->network.theta, (size_t)m->n_params * sizeof *theta);
    return GRASP_OK;
}

static grasp_status network_set_params(grasp_context *ctx, grasp_model *m, const double *theta)
{
    (void)ctx;
    memmove(m->network.theta, theta, (size_t)m->n_params * sizeof *theta);
    if (m->network.theta32)
        for (int64_t k = 0; k < m->n_params; k++)
            m->network.theta32[k] = (float)theta[k];
    m->network.cached = -1;
    return GRASP_OK;
}

static grasp_status network_layer_shape(grasp_context *ctx, const grasp_model *m, int64_t layer,
                                        grasp__layer_shape *shape)
{
    (void)ctx;
    *shape = (grasp__layer_shape){m->network.widths[layer], m->network.widths[layer + 1], 1, 1};
    return GRASP_OK;
}

static void network_destroy(grasp_model *m)
{
    grasp__network *net = &m->network;
    grasp__free(net->widths);
    grasp__free(net->offsets);
    grasp__free(net->theta);
    grasp__free(net->theta32);
    grasp__free(net->block);
    grasp__free(net->act);
    grasp__free(net->delta);
}

grasp_status grasp__network_create(grasp_context *ctx, const grasp__model_methods *methods, const int64_t *widths,
                                   int64_t n_layers, grasp_model **out)
{
    grasp_model *m = NULL;
    grasp_status s = grasp__model_allocate(ctx, methods, &m);
    if (s != GRASP_OK)
        return s;
    grasp__network *net = &m->network;
    net->cached = -1;
    m->n_layers = n_layers;
    m->n_classes = widths[n_layers] == 1 ? 2 : widths[n_layers];
    if ((s = grasp__alloc(ctx, n_layers + 1, sizeof *widths, &net->widths)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, n_layers + 1, sizeof *widths, &net->offsets)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, n_layers, sizeof *net->act, &net->act)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, n_layers, sizeof *net->delta, &net->delta)) != GRASP_OK)
        goto done;
    memcpy(net->widths, widths, (size_t)(n_layers + 1) * sizeof *widths);
    for (int64_t l = 0, inputs, size; l < n_layers; l++) {
        if (!grasp__add_i64(widths[l], 1, &inputs) || !grasp__mul_i64(inputs, widths[l + 1], &size) ||
            !grasp__add_i64(net->offsets[l], size, &net->offsets[l + 1])) {
            s = grasp__fail(ctx, GRASP_E_OVERFLOW,
                            "the parameters of layer %" PRId64 " (%" PRId64 " inputs, %" PRId64
                            " outputs) overflow a 64-bit count",
                            l, widths[l], widths[l + 1]);
            goto done;
        }
    }
    m->n_params = net->offsets[n_layers];
    s = grasp__alloc_zero(ctx, m->n_params, sizeof *net->theta, &net->theta);
    if (s == GRASP_OK && !methods->linear)
        s = grasp__alloc_zero(ctx, m->n_params, sizeof *net->theta32, &net->theta32);
done:
    if (s == GRASP_OK)
        *out = m;
    else
        grasp__model_free(m);
    return s;
}

static grasp_status network_copy(grasp_context *ctx, const grasp_model *m, grasp_model **out)
{
    grasp_model *copy = NULL;
    grasp_status s = grasp__network_create(ctx, m->methods, m->network.widths, m->n_layers, &copy);
    if (s != GRASP_OK)
        return s;
    copy->network.he = m->network.he;
    network_set_params(ctx, copy, m->network.theta);
    if (m->x) {
        s = grasp__alloc(ctx, m->n_rows, sizeof *m->y, &copy->y);
        if (s != GRASP_OK) {
            grasp__model_free(copy);
            return s;
        }
        memcpy(copy->y, m->y, (size_t)m->n_rows * sizeof *m->y);
        copy->x = grasp_matrix_ref(m->x);
        copy->n_rows = m->n_rows;
    }
    *out = copy;
    return GRASP_OK;
}

#define NETWORK_METHODS                                                                                                \
  .copy = network_copy, .destroy = network_destroy, .reserve = network_reserve,                                        \
  .reserve_price = network_reserve_price, .get_params = network_get_params,                                            \
  .set_params = network_set_params, .init = grasp__network_init, .layer_shape = network_layer_shape,                   \
  .labels = network_labels, .loss = network_loss, .predict = network_predict, .logits = network_logits,                \
  .features = network_features, .objective = network_objective, .factors = network_factors

const grasp__model_methods grasp__logistic_methods = {
    .kind = "logistic", .linear = true, .head = grasp__head_logistic, NETWORK_METHODS};
const grasp__model_methods grasp__softmax_methods = {
    .kind = "softmax", .linear = true, .head = grasp__head_softmax, NETWORK_METHODS};
const grasp__model_methods grasp__mlp_methods = {
    .kind = "mlp", .linear = false, .head = grasp__head_softmax, NETWORK_METHODS};
