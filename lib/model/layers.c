/* SPDX-License-Identifier: BSD-3-Clause
 * How parameters lie: layer by layer, one row (weights, bias) per output; and PyTorch's order: per layer all weights
 * (outputs x inputs), then all biases.
 */
#include "model/model_private.h"

#include <string.h>

grasp_status grasp__model_layer_shape(grasp_context *ctx, const grasp_model *m, int64_t layer,
                                      grasp__layer_shape *shape)
{
    return m->methods->layer_shape(ctx, m, layer, shape);
}

grasp_status grasp__model_bias_mask(grasp_context *ctx, const grasp_model *m, uint8_t *mask)
{
    memset(mask, 0, (size_t)m->n_params);
    for (int64_t l = 0; grasp__model_factors_are_whole(m) && l < m->n_layers; l++) {
        grasp__layer_shape shape;
        grasp_status s = grasp__model_layer_shape(ctx, m, l, &shape);
        if (s != GRASP_OK)
            return s;
        for (int64_t o = 0; o < shape.outputs; o++, mask += shape.inputs + shape.has_bias)
            if (shape.has_bias)
                mask[shape.inputs] = 1;
    }
    return GRASP_OK;
}

grasp_status grasp_model_layer_shape(grasp_context *ctx, const grasp_model *model, int64_t layer, int64_t *inputs,
                                     int64_t *outputs, int64_t *positions, int32_t *has_bias)
{
    grasp__layer_shape shape = {0, 0, 0, 0};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__model_check(ctx, model, "model")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, inputs, "inputs")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, outputs, "outputs")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, positions, "positions")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, has_bias, "has_bias")) == GRASP_OK) {
        if (model->n_layers == 0)
            s = grasp__model_missing(ctx, "n_layers");
        else if ((s = grasp__check_range(ctx, layer, 0, model->n_layers - 1, "layer")) == GRASP_OK)
            s = grasp__model_layer_shape(ctx, model, layer, &shape);
    }
    if (s == GRASP_OK) {
        *inputs = shape.inputs;
        *outputs = shape.outputs;
        *positions = shape.positions;
        *has_bias = shape.has_bias;
    }
    return grasp__leave(ctx, s);
}

static grasp_status reorder(grasp_context *ctx, const grasp_model *m, const double *from, double *to, int64_t len,
                            bool to_torch)
{
    int64_t done = 0;
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__check_pointer(ctx, from, to_torch ? "theta" : "torch")) != GRASP_OK ||
        (s = grasp__check_pointer(ctx, to, to_torch ? "torch" : "theta")) != GRASP_OK ||
        (s = grasp__check_equal(ctx, len, m->n_params, "len")) != GRASP_OK)
        return s;
    if (from < to + len && to < from + len)
        return grasp__fail(ctx, GRASP_E_ARG, "theta and torch overlap, expected two arrays");
    if (!grasp__model_factors_are_whole(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "model is custom, and its layers (%" PRId64 ") do not hold all of its %" PRId64
                           " parameters",
                           m->n_layers, len);
    for (int64_t l = 0; l < m->n_layers; l++) {
        grasp__layer_shape shape;
        if ((s = grasp__model_layer_shape(ctx, m, l, &shape)) != GRASP_OK)
            return s;
        int64_t in = shape.inputs, row = in + shape.has_bias;
        for (int64_t o = 0; o < shape.outputs; o++)
            for (int64_t j = 0; j < row; j++) {
                int64_t ours = done + o * row + j;
                int64_t theirs = done + (j < in ? o * in + j : shape.outputs * in + o);
                to[to_torch ? theirs : ours] = from[to_torch ? ours : theirs];
            }
        done += row * shape.outputs;
    }
    return GRASP_OK;
}

grasp_status grasp_model_to_torch_order(grasp_context *ctx, const grasp_model *model, const double *theta,
                                        double *torch, int64_t len)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, reorder(ctx, model, theta, torch, len, true));
}

grasp_status grasp_model_from_torch_order(grasp_context *ctx, const grasp_model *model, const double *torch,
                                          double *theta, int64_t len)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, reorder(ctx, model, torch, theta, len, false));
}
