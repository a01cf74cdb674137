/* SPDX-License-Identifier: BSD-3-Clause
 * Making, describing, sealing and freeing gradients. No numbers are touched here.
 */
#include "gradients/store.h"

#define MAGIC GRASP__MAGIC('g', 'r', 'a', 'd')

grasp_status grasp__gradients_check(grasp_context *ctx, const grasp_gradients *g, const char *name)
{
    return grasp__check_handle(ctx, g, MAGIC, name, "grasp_gradients");
}

grasp_status grasp__gradients_check_sealed(grasp_context *ctx, const grasp_gradients *g, const char *name)
{
    grasp_status s = grasp__gradients_check(ctx, g, name);
    if (s == GRASP_OK && !g->sealed)
        return grasp__fail(ctx, GRASP_E_STATE, "%s is not sealed: call grasp_gradients_seal() first", name);
    return s;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static grasp_status create(grasp_context *ctx, int32_t dtype, int64_t n_layers, grasp_gradients **out)
{
    grasp_gradients *g;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *g, &g);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&g->object, MAGIC);
    g->dtype = dtype;
    g->n_layers = n_layers;
    g->n_parts = n_layers == 0 ? 1 : 2 * n_layers;
    if (n_layers > 0) {
        s = grasp__alloc_zero(ctx, n_layers, sizeof *g->layer, &g->layer);
        if (s == GRASP_OK)
            s = grasp__alloc_zero(ctx, n_layers + 1, sizeof *g->offset, &g->offset);
    }
    if (s != GRASP_OK) {
        grasp__gradients_free(g);
        return s;
    }
    *out = g;
    return GRASP_OK;
}

static grasp_status check_bytes(grasp_context *ctx, int64_t rows, int64_t values, int32_t dtype, const char *what)
{
    int64_t product;
    grasp_status s = grasp__check_product(ctx, rows, values, what, &product);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, product, (int64_t)grasp__dtype_size(dtype), what, &product);
    return s;
}

grasp_status grasp__gradients_create_dense(grasp_context *ctx, int32_t dtype, int64_t p, int64_t capacity,
                                           grasp_gradients **out)
{
    grasp_status s = grasp__check_dtype(ctx, dtype, "dtype");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, p, 1, INT64_MAX, "p");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, capacity, 0, INT64_MAX, "capacity");
    if (s == GRASP_OK)
        s = check_bytes(ctx, capacity > 0 ? capacity : 1, p, dtype, "bytes of capacity x p");
    if (s == GRASP_OK)
        s = create(ctx, dtype, 0, out);
    if (s == GRASP_OK) {
        (*out)->p = p;
        (*out)->capacity = capacity;
    }
    return s;
}

/* Checks one layer and sets *end to `start` plus its number of parameters. */
static grasp_status check_layer(grasp_context *ctx, int64_t l, const grasp__layer_shape *shape, int32_t dtype,
                                int64_t capacity, int64_t start, int64_t *end)
{
    char name[48];
    int64_t inputs, size;
    grasp_status s;

    grasp__format(name, sizeof name, "inputs[%" PRId64 "]", l);
    s = grasp__check_range(ctx, shape->inputs, 1, INT64_MAX - 1, name);
    if (s != GRASP_OK)
        return s;
    grasp__format(name, sizeof name, "outputs[%" PRId64 "]", l);
    s = grasp__check_range(ctx, shape->outputs, 1, INT64_MAX, name);
    if (s != GRASP_OK)
        return s;
    grasp__format(name, sizeof name, "positions[%" PRId64 "]", l);
    s = grasp__check_range(ctx, shape->positions, 1, INT64_MAX, name);
    if (s != GRASP_OK)
        return s;
    grasp__format(name, sizeof name, "has_bias[%" PRId64 "]", l);
    s = grasp__check_range(ctx, shape->has_bias, 0, 1, name);
    if (s != GRASP_OK)
        return s;
    inputs = shape->inputs + shape->has_bias;
    grasp__format(name, sizeof name, "parameters of layer %" PRId64, l);
    s = grasp__check_product(ctx, shape->outputs, inputs, name, &size);
    if (s == GRASP_OK && (!grasp__add_i64(start, size, end) || *end > INT64_MAX / (int64_t)sizeof(double)))
        s = grasp__fail(ctx, GRASP_E_OVERFLOW, "parameters of layers 0 to %" PRId64 ": the number does not fit", l);
    grasp__format(name, sizeof name, "bytes of factors of layer %" PRId64, l);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, shape->positions, shape->outputs > inputs ? shape->outputs : inputs, name, &size);
    if (s == GRASP_OK)
        s = check_bytes(ctx, capacity > 0 ? capacity : 1, size, dtype, name);
    return s;
}

grasp_status grasp__gradients_create_factored(grasp_context *ctx, int32_t dtype, int64_t n_layers,
                                              const int64_t *inputs, const int64_t *outputs, const int64_t *positions,
                                              const int32_t *has_bias, int64_t capacity, grasp_gradients **out)
{
    grasp_gradients *g = NULL;
    grasp_status s = grasp__check_dtype(ctx, dtype, "dtype");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n_layers, 1, 1 << 24, "n_layers");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, inputs, "inputs");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, outputs, "outputs");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, capacity, 0, INT64_MAX, "capacity");
    if (s == GRASP_OK)
        s = create(ctx, dtype, n_layers, &g);
    for (int64_t l = 0; s == GRASP_OK && l < n_layers; ++l) {
        g->layer[l] =
            (grasp__layer_shape){inputs[l], outputs[l], positions ? positions[l] : 1, has_bias ? has_bias[l] : 1};
        s = check_layer(ctx, l, &g->layer[l], dtype, capacity, g->offset[l], &g->offset[l + 1]);
    }
    if (s != GRASP_OK) {
        grasp__gradients_free(g);
        return s;
    }
    g->p = g->offset[n_layers];
    g->capacity = capacity;
    *out = g;
    return GRASP_OK;
}

grasp_status grasp__gradients_create_like(grasp_context *ctx, const grasp_gradients *g, grasp_gradients **out)
{
    grasp_status s = create(ctx, g->dtype, g->n_layers, out);
    if (s != GRASP_OK)
        return s;
    (*out)->p = g->p;
    for (int64_t l = 0; l < g->n_layers; ++l) {
        (*out)->layer[l] = g->layer[l];
        (*out)->offset[l + 1] = g->offset[l + 1];
    }
    return GRASP_OK;
}

uint64_t grasp__gradients_handle_price(const grasp_gradients *g)
{
    uint64_t sum = grasp__price(1, sizeof *g);
    if (g->n_layers > 0) {
        grasp__price_add(&sum, g->n_layers, sizeof *g->layer);
        grasp__price_add(&sum, g->n_layers + 1, sizeof *g->offset);
    }
    return sum;
}

grasp_status grasp_gradients_create_dense(grasp_context *ctx, int32_t dtype, int64_t p, int64_t capacity,
                                          grasp_gradients **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__gradients_create_dense(ctx, dtype, p, capacity, out));
}

grasp_status grasp_gradients_create_factored(grasp_context *ctx, int32_t dtype, int64_t n_layers, const int64_t *inputs,
                                             const int64_t *outputs, const int64_t *positions_or_null,
                                             const int32_t *has_bias_or_null, int64_t capacity, grasp_gradients **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__gradients_create_factored(ctx, dtype, n_layers, inputs, outputs, positions_or_null, has_bias_or_null,
                                         capacity, out);
    return grasp__leave(ctx, s);
}

/* ---- sealing and freeing ----------------------------------------------------------------------------------------- */

void grasp__gradients_seal(grasp_gradients *g)
{
    g->sealed = true;
}

grasp_status grasp_gradients_seal(grasp_context *ctx, grasp_gradients *gradients)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__gradients_check(ctx, gradients, "gradients");
    if (s == GRASP_OK)
        grasp__gradients_seal(gradients);
    return grasp__leave(ctx, s);
}

grasp_gradients *grasp__gradients_ref(grasp_gradients *g)
{
    if (g)
        grasp__object_ref(&g->object);
    return g;
}

void grasp__gradients_free(grasp_gradients *g)
{
    if (!g || !grasp__object_unref(&g->object))
        return;
    for (int64_t i = 0; i < g->n_chunks * g->n_parts; ++i)
        grasp_matrix_free(g->parts[i]);
    grasp__free(g->parts);
    grasp__free(g->chunks);
    grasp__free(g->layer);
    grasp__free(g->offset);
    grasp__free(g->index);
    grasp__gradients_free(g->parent); /* a parent has none itself */
    grasp__free(g);
}

grasp_gradients *grasp_gradients_ref(grasp_gradients *gradients)
{
    return grasp__gradients_ref(gradients);
}

void grasp_gradients_free(grasp_gradients *gradients)
{
    grasp__gradients_free(gradients);
}

/* ---- describing -------------------------------------------------------------------------------------------------- */

int64_t grasp__gradients_count(const grasp_gradients *g)
{
    return g->n;
}

int64_t grasp__gradients_dim(const grasp_gradients *g)
{
    return g->p;
}

int32_t grasp__gradients_dtype(const grasp_gradients *g)
{
    return g->dtype;
}

bool grasp__gradients_is_factored(const grasp_gradients *g)
{
    return g->n_layers > 0;
}

int64_t grasp__gradients_n_layers(const grasp_gradients *g)
{
    return g->n_layers;
}

void grasp__gradients_layer_shape(const grasp_gradients *g, int64_t layer, grasp__layer_shape *shape)
{
    *shape = g->layer[layer];
}

int64_t grasp_gradients_count(const grasp_gradients *gradients)
{
    return gradients ? gradients->n : 0;
}

int64_t grasp_gradients_dim(const grasp_gradients *gradients)
{
    return gradients ? gradients->p : 0;
}

int32_t grasp_gradients_dtype(const grasp_gradients *gradients)
{
    return gradients ? gradients->dtype : 0;
}

int32_t grasp_gradients_is_factored(const grasp_gradients *gradients)
{
    return gradients && gradients->n_layers > 0;
}

int64_t grasp_gradients_n_layers(const grasp_gradients *gradients)
{
    return gradients ? gradients->n_layers : 0;
}

uint64_t grasp_gradients_bytes(const grasp_gradients *gradients)
{
    uint64_t bytes = 0;
    if (!gradients)
        return 0;
    if (gradients->index)
        bytes += (uint64_t)gradients->n * sizeof *gradients->index;
    for (int64_t c = 0; c < gradients->n_chunks; ++c)
        for (int64_t part = 0; part < gradients->n_parts && !gradients->chunks[c].lent; ++part)
            bytes += (uint64_t)gradients->chunks[c].room * (uint64_t)gradients_part_cols(gradients, part) *
                     grasp__dtype_size(gradients->dtype);
    return bytes;
}
