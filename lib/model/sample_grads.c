/* SPDX-License-Identifier: BSD-3-Clause
 * Dense gradients of single samples, n x p: from the model's own hook, or from the factors of its layers:
 *
 *     row = concatenation over layers of  sum_t delta_t (x) [a_t, 1]
 *
 * One position is a plain product, rounded once; several are summed in Dot2, so that an entry is again one rounding of
 * the exact sum of the factors' products. Cost: n p T products beside the model's own pass.
 */
#include "model/model_private.h"

#include <string.h>

enum { SCRATCH_CELLS = 1 << 20 }; /* factors of a few samples at a time: 8 MiB */

bool grasp__model_factors_are_whole(const grasp_model *m)
{
    int64_t covered = 0;
    for (int64_t l = 0; grasp__model_is_custom(m) && l < m->n_layers; l++)
        covered += m->custom.shapes[l].outputs * (m->custom.shapes[l].inputs + m->custom.shapes[l].has_bias);
    return !grasp__model_is_custom(m) || covered == m->n_params;
}

bool grasp__model_has_sample_grads(const grasp_model *m)
{
    return (grasp__model_is_custom(m) && m->custom.ops.sample_grads) || grasp__model_factors_are_whole(m);
}

/* One layer of one sample from contiguous float64 factors. column: T (inputs + outputs) cells. */
static void write_layer(const grasp__layer_shape *shape, const double *act, const double *delta, double *column,
                        double *out)
{
    int64_t in = shape->inputs, T = shape->positions, row = in + shape->has_bias;
    double *a = column, *d = column + T * in;
    if (T == 1) {
        for (int64_t o = 0; o < shape->outputs; o++, out += row) {
            for (int64_t j = 0; j < in; j++)
                out[j] = delta[o] * act[j];
            if (shape->has_bias)
                out[in] = delta[o];
        }
        return;
    }
    for (int64_t t = 0; t < T; t++) {
        for (int64_t j = 0; j < in; j++)
            a[j * T + t] = act[t * in + j];
        for (int64_t o = 0; o < shape->outputs; o++)
            d[o * T + t] = delta[t * shape->outputs + o];
    }
    for (int64_t o = 0; o < shape->outputs; o++, out += row) {
        for (int64_t j = 0; j < in; j++)
            out[j] = grasp__dot2(d + o * T, a + j * T, T, NULL);
        if (shape->has_bias)
            out[in] = grasp__sum2(d + o * T, T, 1);
    }
}

/* float32 values that end where the n float64 values end, widened in place from the front. */
static void widen(double *values, int64_t n)
{
    const char *narrow = (const char *)values + (size_t)n * sizeof(float);
    for (int64_t k = 0; k < n; k++) {
        float v;
        memcpy(&v, narrow + (size_t)k * sizeof v, sizeof v);
        values[k] = v;
    }
}

/* Samples of a batch, the widest layer's factors of one, and all cells of scratch. */
static grasp_status plan(grasp_context *ctx, const grasp_model *m, int64_t n, int64_t *batch, int64_t *most,
                         int64_t *cells)
{
    *most = 1;
    for (int64_t l = 0; l < m->n_layers; l++) {
        grasp__layer_shape shape;
        int64_t width;
        grasp_status s = grasp__model_layer_shape(ctx, m, l, &shape);
        if (s != GRASP_OK)
            return s;
        if (!grasp__add_i64(shape.inputs, shape.outputs, &width) || !grasp__mul_i64(width, shape.positions, &width))
            return grasp__fail(ctx, GRASP_E_OVERFLOW, "the factors of layer %" PRId64 " overflow a 64-bit count", l);
        *most = width > *most ? width : *most;
    }
    *batch = SCRATCH_CELLS / *most;
    *batch = *batch < 1 ? 1 : *batch > GRASP__MODEL_BATCH ? GRASP__MODEL_BATCH : *batch;
    *batch = *batch > n ? n : *batch;
    return grasp__check_product(ctx, *batch + 1, *most, "the factors of a batch", cells);
}

uint64_t grasp__model_sample_grads_price(grasp_context *ctx, grasp_model *m, int64_t n)
{
    int64_t batch, most, cells, there = m->scratch_size;
    uint64_t reserve = grasp__model_reserve_price(m, n);
    if (grasp__model_is_custom(m)) {
        if (m->custom.ops.sample_grads)
            return reserve;
        there = there < n ? n : there;
    }
    if (plan(ctx, m, n, &batch, &most, &cells) != GRASP_OK)
        return UINT64_MAX;
    return grasp__price_sum(reserve, cells > there ? grasp__price(cells, sizeof *m->scratch) : 0);
}

grasp_status grasp__model_grads_from_factors(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                             double *grads)
{
    int64_t most, batch, cells, offset = 0;
    bool narrow = grasp__model_dtype(m) == GRASP_F32;
    grasp_status s = plan(ctx, m, n, &batch, &most, &cells);
    if (s == GRASP_OK && cells > m->scratch_size) {
        s = grasp__realloc(ctx, m->scratch_size, cells, sizeof *m->scratch, &m->scratch);
        m->scratch_size = s == GRASP_OK ? cells : m->scratch_size;
    }
    for (int64_t first = 0; s == GRASP_OK && first < n; first += batch, offset = 0) {
        int64_t count = batch < n - first ? batch : n - first;
        for (int64_t l = 0; s == GRASP_OK && l < m->n_layers; l++) {
            grasp__layer_shape shape;
            if ((s = grasp__model_layer_shape(ctx, m, l, &shape)) != GRASP_OK)
                break;
            int64_t wa = shape.positions * shape.inputs, wd = shape.positions * shape.outputs;
            double *column = m->scratch, *act = column + most, *delta = act + count * wa;
            void *out_act = act, *out_delta = delta; /* narrow ones stand in the upper half, to be widened in place */
            if (narrow) {
                out_act = (float *)out_act + count * wa;
                out_delta = (float *)out_delta + count * wd;
            }
            s = grasp__model_factors(ctx, m, l, rows + first, count, out_act, out_delta);
            if (s == GRASP_OK && narrow) {
                widen(act, count * wa);
                widen(delta, count * wd);
            }
            for (int64_t i = 0; s == GRASP_OK && i < count; i++)
                write_layer(&shape, act + i * wa, delta + i * wd, column, grads + (first + i) * m->n_params + offset);
            offset += shape.outputs * (shape.inputs + shape.has_bias);
        }
    }
    return s;
}

grasp_status grasp__model_sample_grads(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                       double *grads)
{
    if (grasp__model_is_custom(m) && m->custom.ops.sample_grads)
        return m->methods->sample_grads(ctx, m, rows, n, grads);
    if (grasp__model_is_custom(m) && m->n_layers == 0)
        return grasp__model_missing(ctx, "sample_grads");
    if (!grasp__model_has_sample_grads(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "a custom model whose layers hold only some of its %" PRId64
                           " parameters needs the hook ops->sample_grads for this",
                           m->n_params);
    return grasp__model_grads_from_factors(ctx, m, rows, n, grads);
}
