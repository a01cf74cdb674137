/* SPDX-License-Identifier: BSD-3-Clause
 * Saved gradients: sizes, then the rows, or per layer the activations and errors, in their element type. Rows are
 * written one by one, so that views and lent memory cost nothing more.
 */
#include "io/object.h"

#include "gradients/gradients.h"

#include <string.h>

/* Section SIZE: n, element type, p, layers; then per layer inputs, outputs, positions, bias. */
enum { SIZES = 4, LAYER_SIZES = 4 };

static grasp_status save_sizes(grasp_context *ctx, grasp__writer *w, const grasp_gradients *g)
{
    int64_t layers = grasp__gradients_n_layers(g);
    int64_t first[SIZES] = {grasp__gradients_count(g), grasp__gradients_dtype(g), grasp__gradients_dim(g), layers};
    grasp_status s = grasp__writer_begin(ctx, w, "SIZE", GRASP__ELEMENT_I64, SIZES + LAYER_SIZES * layers);
    if (s == GRASP_OK)
        s = grasp__writer_put(ctx, w, first, SIZES);
    for (int64_t l = 0; s == GRASP_OK && l < layers; l++) {
        grasp__layer_shape shape;
        grasp__gradients_layer_shape(g, l, &shape);
        int64_t sizes[LAYER_SIZES] = {shape.inputs, shape.outputs, shape.positions, shape.has_bias};
        s = grasp__writer_put(ctx, w, sizes, LAYER_SIZES);
    }
    return s;
}

static grasp_status save_rows(grasp_context *ctx, grasp__writer *w, const grasp_gradients *g)
{
    int64_t n = grasp__gradients_count(g), p = grasp__gradients_dim(g);
    grasp_status s = grasp__writer_begin(ctx, w, "ROWS", grasp__gradients_dtype(g), n * p);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        s = grasp__writer_put(ctx, w, grasp__gradients_row(g, i), p);
        if (s == GRASP_OK && i % 1024 == 0)
            s = grasp__tick(ctx, i, n);
    }
    return s;
}

/* One factor of a layer, read as float64 (exact) and written in its own type. */
static grasp_status save_factor(grasp_context *ctx, grasp__writer *w, const grasp_gradients *g, int64_t layer,
                                bool is_delta, double *act, double *delta)
{
    grasp__layer_shape shape;
    grasp__gradients_layer_shape(g, layer, &shape);
    int64_t n = grasp__gradients_count(g), cols = shape.positions * (is_delta ? shape.outputs : shape.inputs);
    int32_t dtype = grasp__gradients_dtype(g);
    double *values = is_delta ? delta : act;
    grasp_status s = grasp__writer_begin(ctx, w, is_delta ? "DELT" : "ACTS", dtype, n * cols);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        grasp__gradients_read_factors(g, layer, i, 1, act, delta);
        if (dtype == GRASP_F32) /* in place: the narrower overwrites only what was read */
            for (int64_t j = 0; j < cols; j++) {
                float narrow = (float)values[j];
                memcpy((char *)values + (size_t)j * sizeof narrow, &narrow, sizeof narrow);
            }
        s = grasp__writer_put(ctx, w, values, cols);
        if (s == GRASP_OK && i % 1024 == 0)
            s = grasp__tick(ctx, i, n);
    }
    return s;
}

static grasp_status save_layer(grasp_context *ctx, grasp__writer *w, const grasp_gradients *g, int64_t layer)
{
    double *act = NULL, *delta = NULL;
    grasp__layer_shape shape;
    grasp__gradients_layer_shape(g, layer, &shape);
    grasp_status s = grasp__alloc(ctx, shape.positions * shape.inputs, sizeof *act, &act);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, shape.positions * shape.outputs, sizeof *delta, &delta);
    if (s == GRASP_OK)
        s = save_factor(ctx, w, g, layer, false, act, delta);
    if (s == GRASP_OK)
        s = save_factor(ctx, w, g, layer, true, act, delta);
    grasp__free(act);
    grasp__free(delta);
    return s;
}

grasp_status grasp__save_gradients(grasp_context *ctx, grasp__writer *w, const void *object)
{
    const grasp_gradients *g = object;
    grasp_status s = save_sizes(ctx, w, g);
    if (s == GRASP_OK && !grasp__gradients_is_factored(g))
        return save_rows(ctx, w, g);
    for (int64_t l = 0; s == GRASP_OK && l < grasp__gradients_n_layers(g); l++)
        s = save_layer(ctx, w, g, l);
    return s;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

/* Empty gradients of the sizes in a file. */
static grasp_status create(grasp_context *ctx, const int64_t *size, int64_t count, grasp_gradients **out)
{
    int64_t layers = count >= SIZES ? size[3] : -1, *shape = NULL;
    int32_t *bias = NULL;
    grasp_status s = GRASP_OK;
    if (layers < 0 || layers > count || count != SIZES + LAYER_SIZES * layers || size[0] < 0 ||
        (size[1] != GRASP_F32 && size[1] != GRASP_F64))
        return grasp__fail(ctx, GRASP_E_FORMAT, "section SIZE holds impossible sizes");
    if (layers == 0)
        return grasp__gradients_create_dense(ctx, (int32_t)size[1], size[2], size[0], out);
    s = grasp__alloc(ctx, layers, 3 * sizeof *shape, &shape);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, layers, sizeof *bias, &bias);
    for (int64_t l = 0; s == GRASP_OK && l < layers; l++) {
        const int64_t *from = size + SIZES + LAYER_SIZES * l;
        for (int k = 0; k < 3; k++)
            shape[k * layers + l] = from[k];
        bias[l] = from[3] == 0 || from[3] == 1 ? (int32_t)from[3] : -1;
    }
    if (s == GRASP_OK)
        s = grasp__gradients_create_factored(ctx, (int32_t)size[1], layers, shape, shape + layers, shape + 2 * layers,
                                             bias, size[0], out);
    grasp__free(shape);
    grasp__free(bias);
    return s;
}

static void release_block(void *user, void *data)
{
    (void)user;
    grasp__free(data);
}

/* A section of n x cols elements as a matrix. */
static grasp_status load_part(grasp_context *ctx, grasp__loader *r, const char *tag, int32_t dtype, int64_t n,
                              int64_t cols, grasp_matrix **out)
{
    void *block = NULL;
    int64_t count;
    grasp_status s = grasp__check_product(ctx, n, cols, "values of a section", &count);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, tag, dtype, count, &block, &count);
    if (s == GRASP_OK)
        s = grasp__matrix_wrap(ctx, dtype, n, cols, cols, block, release_block, NULL, out);
    if (s != GRASP_OK)
        grasp__free(block);
    return s;
}

static grasp_status load_parts(grasp_context *ctx, grasp__loader *r, grasp_gradients *g, int64_t n)
{
    int64_t layers = grasp__gradients_n_layers(g), parts = layers == 0 ? 1 : 2 * layers;
    int32_t dtype = grasp__gradients_dtype(g);
    grasp_matrix **part = NULL;
    grasp_status s = grasp__alloc_zero(ctx, parts, sizeof *part, &part);
    if (s == GRASP_OK && layers == 0)
        s = load_part(ctx, r, "ROWS", dtype, n, grasp__gradients_dim(g), part);
    for (int64_t l = 0; s == GRASP_OK && l < layers; l++) {
        grasp__layer_shape shape;
        grasp__gradients_layer_shape(g, l, &shape);
        s = load_part(ctx, r, "ACTS", dtype, n, shape.positions * shape.inputs, &part[2 * l]);
        if (s == GRASP_OK)
            s = load_part(ctx, r, "DELT", dtype, n, shape.positions * shape.outputs, &part[2 * l + 1]);
    }
    if (s == GRASP_OK)
        s = grasp__gradients_append_lent(ctx, g, part);
    if (s == GRASP_E_NUMERIC)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "the file holds a value that is not finite");
    for (int64_t q = 0; part != NULL && q < parts; q++)
        grasp_matrix_free(part[q]);
    grasp__free(part);
    return s;
}

grasp_status grasp__load_gradients(grasp_context *ctx, grasp__loader *r, void **out)
{
    int64_t *size = NULL, count;
    grasp_gradients *g = NULL;
    grasp_status s = grasp__loader_section(ctx, r, "SIZE", GRASP__ELEMENT_I64, -1, &size, &count);
    if (s == GRASP_OK)
        s = create(ctx, size, count, &g);
    if (s == GRASP_E_ARG || s == GRASP_E_OVERFLOW)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "section SIZE holds impossible sizes");
    if (s == GRASP_OK && size[2] != grasp__gradients_dim(g))
        s = grasp__fail(ctx, GRASP_E_FORMAT, "section SIZE says %" PRId64 " values a row, its layers have %" PRId64,
                        size[2], grasp__gradients_dim(g));
    if (s == GRASP_OK)
        s = load_parts(ctx, r, g, size[0]);
    if (s == GRASP_OK)
        grasp__gradients_seal(g);
    grasp__free(size);
    *out = g;
    return s;
}

static void destroy(void *object)
{
    grasp__gradients_free(object);
}

static grasp_status check(grasp_context *ctx, const void *object)
{
    return grasp__gradients_check_sealed(ctx, object, "gradients");
}

static const grasp__kind kind = {"GRAD", check, grasp__save_gradients, grasp__load_gradients, destroy};

grasp_status grasp_gradients_save(grasp_context *ctx, const grasp_gradients *gradients, grasp_write_fn fn, void *user)
{
    return grasp__save(ctx, __func__, &kind, gradients, fn, user);
}

grasp_status grasp_gradients_save_file(grasp_context *ctx, const grasp_gradients *gradients, const char *path)
{
    return grasp__save_file(ctx, __func__, &kind, gradients, path);
}

grasp_status grasp_gradients_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_gradients **out)
{
    return grasp__load(ctx, __func__, &kind, fn, user, (void **)out);
}

grasp_status grasp_gradients_load_file(grasp_context *ctx, const char *path, grasp_gradients **out)
{
    return grasp__load_file(ctx, __func__, &kind, path, (void **)out);
}
