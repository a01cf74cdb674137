/* SPDX-License-Identifier: BSD-3-Clause
 * Gradients of a model's rows, in batches: factors where the model gives them, else dense rows. One forward and one
 * backward pass per sample. Cancelling keeps the batches that are done.
 */
#include "gradients/store.h"

static const grasp__param params[] = {
    {GRASP_KEY_FORM, GRASP_PARAM_STR, "auto", "auto|dense|factored",
     "how gradients are kept: factored takes n T (d_in + d_out) numbers per layer, dense n p; auto is factored where "
     "the model can"},
    {GRASP_KEY_FIRST_LAYER, GRASP_PARAM_I64, "0", NULL,
     "first layer taken, counted from 0; negative counts from the end"},
    {GRASP_KEY_LAST_LAYER, GRASP_PARAM_I64, "-1", NULL, "last layer taken; negative counts from the end"},
    {GRASP_KEY_DTYPE, GRASP_PARAM_STR, "auto", "auto|f32|f64", "element type kept; auto is the model's"},
};
const grasp__param_table grasp__gradients_params = {
    "gradients", params, sizeof params / sizeof *params, {{NULL, NULL}}};

enum { BATCH_ENTRIES = 1 << 18, BATCH_MOST = GRASP__MODEL_BATCH };

typedef struct job {
    grasp_model *model;
    const int64_t *rows; /* NULL: all */
    int64_t n;
    int64_t first_layer, layers; /* of the factors */
    bool from_hook, dense;
    int32_t dtype; /* kept */
    int64_t batch;
    int64_t *batch_rows;
    grasp_matrix **part; /* the model's output for one batch: act and delta per layer, or dense rows */
    int64_t n_parts;
    grasp_matrix *written;
} job;

/* ---- what is to be done ------------------------------------------------------------------------------------------ */

static grasp_status layer_number(grasp_context *ctx, const char *key, int64_t value, int64_t n_layers, int64_t *out)
{
    *out = value < 0 ? n_layers + value : value;
    if (value < -n_layers || value >= n_layers)
        return grasp__fail(ctx, GRASP_E_PARAM,
                           "%s is %" PRId64 ", expected %" PRId64 " to %" PRId64 ": the model has %" PRId64 " layers",
                           key, value, -n_layers, n_layers - 1, n_layers);
    return GRASP_OK;
}

/* Layers and form, from the parameters and what the model can do. */
static grasp_status choose(grasp_context *ctx, const grasp__options *o, job *k)
{
    int64_t layers = grasp__model_n_layers(k->model), last;
    int64_t first = grasp__options_i64(o, GRASP_KEY_FIRST_LAYER);
    bool factors = grasp__model_has_factors(k->model), hook = grasp__model_has_sample_grads(k->model);
    grasp_status s;

    last = grasp__options_i64(o, GRASP_KEY_LAST_LAYER);
    k->dense = grasp__options_is(o, GRASP_KEY_FORM, "dense");
    k->dtype = grasp__model_dtype(k->model);
    if (!grasp__options_is(o, GRASP_KEY_DTYPE, "auto"))
        k->dtype = grasp__options_is(o, GRASP_KEY_DTYPE, "f32") ? GRASP_F32 : GRASP_F64;
    if (!factors) {
        if (grasp__options_is(o, GRASP_KEY_FORM, "factored") || first != 0 || last != -1)
            return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                               "%s needs the model's hooks n_layers, layer_shape and sample_factors",
                               first != 0 || last != -1 ? "a choice of layers" : "form=factored");
        if (!hook)
            return grasp__fail(
                ctx, GRASP_E_UNSUPPORTED,
                "the model has neither the hooks n_layers, layer_shape and sample_factors nor the hook sample_grads");
        k->from_hook = k->dense = true;
        return GRASP_OK;
    }
    s = layer_number(ctx, GRASP_KEY_FIRST_LAYER, first, layers, &k->first_layer);
    if (s == GRASP_OK)
        s = layer_number(ctx, GRASP_KEY_LAST_LAYER, last, layers, &last);
    if (s == GRASP_OK && last < k->first_layer)
        s = grasp__fail(ctx, GRASP_E_PARAM, "last_layer %" PRId64 " comes before first_layer %" PRId64, last,
                        k->first_layer);
    k->layers = last - k->first_layer + 1;
    k->from_hook = k->dense && hook && k->layers == layers;
    return s;
}

/* ---- batches ----------------------------------------------------------------------------------------------------- */

/* Empty gradients with the shapes of the chosen layers. */
static grasp_status create_factored(grasp_context *ctx, const job *k, int32_t dtype, int64_t capacity,
                                    grasp_gradients **out)
{
    int64_t *size = NULL; /* inputs, outputs, positions */
    int32_t *bias = NULL;
    grasp_status s = grasp__alloc(ctx, k->layers, 3 * sizeof *size, &size);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k->layers, sizeof *bias, &bias);
    for (int64_t l = 0; s == GRASP_OK && l < k->layers; ++l) {
        grasp__layer_shape shape;
        s = grasp__model_layer_shape(ctx, k->model, k->first_layer + l, &shape);
        if (s != GRASP_OK)
            break;
        size[l] = shape.inputs;
        size[k->layers + l] = shape.outputs;
        size[2 * k->layers + l] = shape.positions;
        bias[l] = shape.has_bias;
    }
    if (s == GRASP_OK)
        s = grasp__gradients_create_factored(ctx, dtype, k->layers, size, size + k->layers, size + 2 * k->layers, bias,
                                             capacity, out);
    grasp__free(size);
    grasp__free(bias);
    return s;
}

/* Samples of a batch. */
static int64_t batch_of(const job *k, const grasp_gradients *shape)
{
    int64_t width = k->dense ? shape->p : 1, batch;
    for (int64_t q = 0; shape->n_layers > 0 && q < shape->n_parts; ++q)
        width = gradients_part_cols(shape, q) > width ? gradients_part_cols(shape, q) : width;
    batch = BATCH_ENTRIES / width;
    batch = batch < 8 ? 8 : batch > BATCH_MOST ? BATCH_MOST : batch;
    return k->n < batch ? k->n : batch;
}

static int32_t dtype_of(const job *k)
{
    return k->from_hook ? GRASP_F64 : grasp__model_dtype(k->model);
}

/* Workspace of one batch: the model's output, and what writes it densely. */
static grasp_status prepare(grasp_context *ctx, job *k, const grasp_gradients *shape)
{
    int32_t dtype = dtype_of(k);
    grasp_status s;

    k->batch = batch_of(k, shape);
    k->n_parts = shape->n_parts;
    s = grasp__alloc(ctx, k->batch, sizeof *k->batch_rows, &k->batch_rows);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, k->n_parts, sizeof *k->part, &k->part);
    for (int64_t q = 0; s == GRASP_OK && q < k->n_parts; ++q)
        s = grasp__matrix_create_raw(ctx, dtype, k->batch, gradients_part_cols(shape, q), &k->part[q]);
    if (s == GRASP_OK && k->dense && !k->from_hook)
        s = grasp__matrix_create_raw(ctx, k->dtype, k->batch, shape->p, &k->written);
    if (s == GRASP_OK && k->n > 0)
        s = grasp__model_reserve(ctx, k->model, k->batch);
    return s;
}

/* Writes the first m samples of the batch's factors as rows into k->written. */
static grasp_status write_rows(grasp_context *ctx, job *k, const grasp_gradients *shape, int64_t m, int64_t done)
{
    grasp_gradients *view = NULL;
    grasp_status s =
        grasp__gradients_check_values(ctx, shape, (const grasp_matrix *const *)k->part, m, "gradients", done);
    if (s == GRASP_OK)
        s = grasp__gradients_create_like(ctx, shape, &view);
    if (s == GRASP_OK)
        s = grasp__gradients_reserve_chunks(ctx, view, 1);
    if (s == GRASP_OK) {
        grasp__gradients_push_chunk(view, k->part, m, true);
        if (k->dtype == GRASP_F64)
            grasp__gradients_read_f64(view, 0, m, k->written->data);
        else
            grasp__gradients_read_f32(view, 0, m, k->written->data);
    }
    grasp__gradients_free(view);
    return s;
}

/* Samples [done, done + m) of the request. */
static grasp_status one_batch(grasp_context *ctx, job *k, const grasp_gradients *shape, int64_t done, int64_t m,
                              grasp_gradients *to)
{
    const grasp_matrix *const *part = (const grasp_matrix *const *)k->part;
    grasp_status s = GRASP_OK;

    for (int64_t i = 0; i < m; ++i)
        k->batch_rows[i] = k->rows ? k->rows[done + i] : done + i;
    if (k->from_hook)
        s = grasp__model_sample_grads(ctx, k->model, k->batch_rows, m, k->part[0]->data);
    for (int64_t l = 0; s == GRASP_OK && !k->from_hook && l < k->layers; ++l)
        s = grasp__model_factors(ctx, k->model, k->first_layer + l, k->batch_rows, m, k->part[2 * l]->data,
                                 k->part[2 * l + 1]->data);
    if (s == GRASP_OK && k->written) {
        s = write_rows(ctx, k, shape, m, done);
        part = (const grasp_matrix *const *)&k->written;
    }
    if (s == GRASP_OK)
        s = grasp__gradients_check_values(ctx, to, part, m, "gradients", done);
    if (s == GRASP_OK)
        s = grasp__gradients_append_copy(ctx, to, part, m);
    return s;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

/* Where the result goes, and the shape of the model's output, in its dtype. */
static grasp_status create_both(grasp_context *ctx, const job *k, grasp_gradients **shape, grasp_gradients **to)
{
    grasp_status s;
    if (k->from_hook)
        s = grasp__gradients_create_dense(ctx, GRASP_F64, grasp__model_n_params(k->model), 0, shape);
    else
        s = create_factored(ctx, k, grasp__model_dtype(k->model), 0, shape);
    if (s == GRASP_OK && k->dense)
        return grasp__gradients_create_dense(ctx, k->dtype, (*shape)->p, k->n, to);
    return s == GRASP_OK ? create_factored(ctx, k, k->dtype, k->n, to) : s;
}

static uint64_t price(grasp_context *ctx, const job *k, const grasp_gradients *shape, const grasp_gradients *to)
{
    int64_t batch = batch_of(k, shape);
    bool written = k->dense && !k->from_hook;
    uint64_t pointers = grasp__price(to->n_parts, sizeof(grasp_matrix *));
    uint64_t view = grasp__price_sum(grasp__gradients_handle_price(shape), grasp__gradients_chunk_price(shape, 0));
    uint64_t sum = grasp__price_sum(grasp__gradients_handle_price(shape), grasp__gradients_handle_price(to));
    grasp__price_add(&sum, batch, sizeof *k->batch_rows);
    grasp__price_add(&sum, shape->n_parts, sizeof *k->part);
    for (int64_t q = 0; q < shape->n_parts; ++q)
        sum = grasp__price_sum(sum, grasp__matrix_price(dtype_of(k), batch, gradients_part_cols(shape, q)));
    if (written)
        sum = grasp__price_sum(sum, grasp__matrix_price(k->dtype, batch, shape->p));
    if (k->n == 0)
        return sum;
    sum = grasp__price_sum(sum, k->from_hook ? grasp__model_sample_grads_price(ctx, k->model, batch)
                                             : grasp__model_reserve_price(k->model, batch));
    sum = grasp__price_sum(sum, grasp__gradients_chunk_price(to, k->n));
    return grasp__price_sum(sum, written && k->n > batch && view > pointers ? view : pointers);
}

static grasp_status run(grasp_context *ctx, job *k, grasp_gradients **out)
{
    grasp_gradients *to = NULL, *shape = NULL;
    int64_t done = 0;
    grasp_status s = create_both(ctx, k, &shape, &to);
    if (s == GRASP_OK)
        s = prepare(ctx, k, shape);
    while (s == GRASP_OK && done < k->n) {
        int64_t m = k->n - done < k->batch ? k->n - done : k->batch;
        s = one_batch(ctx, k, shape, done, m, to);
        if (s == GRASP_OK) {
            done += m;
            s = grasp__tick(ctx, done, k->n);
        }
    }
    grasp__gradients_free(shape);
    if (s < 0) {
        grasp__gradients_free(to);
        return s;
    }
    if (!to) /* cancelled before there was anything */
        return s;
    to->sealed = true;
    *out = to;
    return s;
}

grasp_status grasp__gradients_compute(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                      const grasp__options *o, grasp_gradients **out)
{
    job k = {.model = m, .rows = rows_or_null, .n = n};
    grasp__stage_mark outer = grasp__stage_begin(ctx, "gradients", 0, 1);
    grasp_status s = choose(ctx, o, &k);
    if (s == GRASP_OK)
        s = run(ctx, &k, out);
    for (int64_t q = 0; k.part && q < k.n_parts; ++q)
        grasp_matrix_free(k.part[q]);
    grasp_matrix_free(k.written);
    grasp__free(k.part);
    grasp__free(k.batch_rows);
    grasp__stage_end(ctx, outer);
    return s;
}

static grasp_status compute_bytes(grasp_context *ctx, grasp_model *m, int64_t n, const grasp__options *o, uint64_t *out)
{
    job k = {.model = m, .n = n};
    grasp_gradients *shape = NULL, *to = NULL;
    grasp_status s = choose(ctx, o, &k);
    if (s == GRASP_OK)
        s = create_both(ctx, &k, &shape, &to);
    if (s == GRASP_OK)
        s = grasp__price_tell(ctx, price(ctx, &k, shape, to), "gradients of n samples", out);
    grasp__gradients_free(shape);
    grasp__gradients_free(to);
    return s;
}

grasp_status grasp_gradients_compute_bytes(grasp_context *ctx, grasp_model *model, int64_t n,
                                           const grasp_params *params_or_null, uint64_t *out)
{
    grasp__options o = {0};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_check(ctx, model, "model");
    if (s == GRASP_OK)
        s = grasp__model_check_bound(ctx, model, "model");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__gradients_params, &o);
    if (s == GRASP_OK)
        s = compute_bytes(ctx, model, n, &o, out);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

grasp_status grasp_gradients_compute(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                     const grasp_params *params_or_null, grasp_gradients **out)
{
    grasp__options o = {0};
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_check(ctx, model, "model");
    if (s == GRASP_OK)
        s = grasp__model_check_bound(ctx, model, "model");
    if (s == GRASP_OK)
        s = grasp__model_check_rows(ctx, model, rows_or_null, n, "rows");
    if (s == GRASP_OK) {
        s = grasp__options_open(ctx, params_or_null, &grasp__gradients_params, &o);
        if (s == GRASP_OK)
            s = grasp__gradients_compute(ctx, model, rows_or_null, n, &o, out);
        grasp__options_close(&o);
    }
    return grasp__leave(ctx, s);
}
