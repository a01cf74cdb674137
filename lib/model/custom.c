/* SPDX-License-Identifier: BSD-3-Clause
 * A model through the caller's functions. Sizes and layer shapes are asked once, when it is made. Everything that
 * comes back is checked, and an error names the hook: what it returned, a NaN and its place, a label out of range.
 */
#include "model/model_private.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Through the last hook that is not optional. */
#define LEAST (offsetof(grasp_model_ops, predict) + sizeof(((grasp_model_ops *)0)->predict))

static grasp_status check_returned(grasp_context *ctx, const char *hook, int32_t value)
{
    if (value == GRASP_CB_OK)
        return GRASP_OK;
    if (value == GRASP_CB_STOP)
        return GRASP_CANCELLED;
    return grasp__fail(ctx, GRASP_E_CALLBACK, "ops->%s returned %d, expected GRASP_CB_OK (1) or GRASP_CB_STOP (0)",
                       hook, (int)value);
}

/* n x width values of the rows given. */
static grasp_status check_values(grasp_context *ctx, const char *hook, const int64_t *rows, int64_t n, int64_t width,
                                 const double *v)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            if (!isfinite(v[i * width + j]))
                return grasp__fail(ctx, GRASP_E_NUMERIC,
                                   "ops->%s: row %" PRId64 " has %g at column %" PRId64 ", expected a finite number",
                                   hook, rows[i], v[i * width + j], j);
    return GRASP_OK;
}

static grasp_status check_labels(grasp_context *ctx, const grasp_model *m, const char *hook, const int64_t *rows,
                                 int64_t n, const int64_t *label)
{
    for (int64_t i = 0; i < n; i++)
        if (label[i] < 0 || label[i] >= m->n_classes)
            return grasp__fail(ctx, GRASP_E_CALLBACK,
                               "ops->%s: row %" PRId64 " has label %" PRId64 ", expected a class in [0, %" PRId64 ")",
                               hook, rows[i], label[i], m->n_classes);
    return GRASP_OK;
}

/* The batch's row numbers; consecutive ones are written out. */
static const int64_t *row_numbers(grasp_model *m, const grasp__batch *b)
{
    for (int64_t i = 0; !b->rows && i < b->n; i++)
        m->custom.index[i] = b->first + i;
    return b->rows ? b->rows : m->custom.index;
}

/* ---- outputs ----------------------------------------------------------------------------------------------------- */

static grasp_status custom_labels(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const int64_t *rows = row_numbers(m, b);
    grasp_status s = check_returned(ctx, "labels", m->custom.ops.labels(m->custom.user, b->n, rows, out));
    return s == GRASP_OK ? check_labels(ctx, m, "labels", rows, b->n, out) : s;
}

static grasp_status custom_loss(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const int64_t *rows = row_numbers(m, b);
    grasp_status s = check_returned(ctx, "loss", m->custom.ops.loss(m->custom.user, b->n, rows, out));
    return s == GRASP_OK ? check_values(ctx, "loss", rows, b->n, 1, out) : s;
}

static grasp_status custom_predict(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const int64_t *rows = row_numbers(m, b);
    grasp_status s = check_returned(ctx, "predict", m->custom.ops.predict(m->custom.user, b->n, rows, out));
    return s == GRASP_OK ? check_labels(ctx, m, "predict", rows, b->n, out) : s;
}

static grasp_status custom_logits(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const int64_t *rows = row_numbers(m, b);
    if (!m->custom.ops.logits)
        return grasp__model_missing(ctx, "logits");
    grasp_status s = check_returned(ctx, "logits", m->custom.ops.logits(m->custom.user, b->n, rows, out));
    return s == GRASP_OK ? check_values(ctx, "logits", rows, b->n, m->n_classes, out) : s;
}

static grasp_status custom_features(grasp_context *ctx, grasp_model *m, const grasp__batch *b, void *out)
{
    const int64_t *rows = row_numbers(m, b);
    if (m->custom.n_features == 0)
        return grasp__model_missing(ctx, "features");
    grasp_status s = check_returned(ctx, "features", m->custom.ops.features(m->custom.user, b->n, rows, out));
    return s == GRASP_OK ? check_values(ctx, "features", rows, b->n, m->custom.n_features, out) : s;
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static grasp_status custom_reserve(grasp_context *ctx, grasp_model *m, int64_t n)
{
    if (n <= m->scratch_size)
        return GRASP_OK;
    grasp_status s = grasp__realloc(ctx, m->scratch_size, n, sizeof *m->scratch, &m->scratch);
    if (s == GRASP_OK)
        m->scratch_size = n;
    return s;
}

static uint64_t custom_reserve_price(grasp_model *m, int64_t n)
{
    return n <= m->scratch_size ? 0 : grasp__price(n, sizeof *m->scratch);
}

static grasp_status custom_objective(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                     grasp__weigher weigh, void *arg, double *loss, double *grad)
{
    const grasp_model_ops *ops = &m->custom.ops;
    grasp_status s = custom_reserve(ctx, m, n);
    if (s != GRASP_OK || (s = check_returned(ctx, "loss", ops->loss(m->custom.user, n, rows, loss))) != GRASP_OK ||
        (s = check_values(ctx, "loss", rows, n, 1, loss)) != GRASP_OK ||
        (s = weigh(arg, n, rows, loss, m->scratch)) != GRASP_OK ||
        (s = check_returned(ctx, "weighted_grad", ops->weighted_grad(m->custom.user, n, rows, m->scratch, grad))) !=
            GRASP_OK)
        return s;
    return grasp__check_finite_f64(ctx, grad, m->n_params, "ops->weighted_grad: grad");
}

static grasp_status custom_factors(grasp_context *ctx, grasp_model *m, int64_t layer, const int64_t *rows, int64_t n,
                                   void *act, void *delta)
{
    const grasp__layer_shape *shape = &m->custom.shapes[layer];
    grasp_status s =
        check_returned(ctx, "sample_factors", m->custom.ops.sample_factors(m->custom.user, layer, n, rows, act, delta));
    if (s == GRASP_OK)
        s = check_values(ctx, "sample_factors (act)", rows, n, shape->positions * shape->inputs, act);
    if (s == GRASP_OK)
        s = check_values(ctx, "sample_factors (delta)", rows, n, shape->positions * shape->outputs, delta);
    return s;
}

static grasp_status custom_sample_grads(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                        double *grads)
{
    grasp_status s = check_returned(ctx, "sample_grads", m->custom.ops.sample_grads(m->custom.user, n, rows, grads));
    return s == GRASP_OK ? check_values(ctx, "sample_grads", rows, n, m->n_params, grads) : s;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static grasp_status custom_get_params(grasp_context *ctx, const grasp_model *m, double *theta)
{
    grasp_status s = check_returned(ctx, "get_params", m->custom.ops.get_params(m->custom.user, theta));
    return s == GRASP_OK ? grasp__check_finite_f64(ctx, theta, m->n_params, "ops->get_params: theta") : s;
}

static grasp_status custom_set_params(grasp_context *ctx, grasp_model *m, const double *theta)
{
    return check_returned(ctx, "set_params", m->custom.ops.set_params(m->custom.user, theta));
}

static grasp_status custom_init(grasp_context *ctx, grasp_model *m, uint64_t stream)
{
    grasp__rng rng;
    if (!m->custom.ops.init)
        return grasp__model_missing(ctx, "init");
    grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_INIT, stream);
    return check_returned(ctx, "init", m->custom.ops.init(m->custom.user, grasp__rng_u64(&rng)));
}

static grasp_status custom_layer_shape(grasp_context *ctx, const grasp_model *m, int64_t layer,
                                       grasp__layer_shape *shape)
{
    (void)ctx;
    *shape = m->custom.shapes[layer];
    return GRASP_OK;
}

/* ---- the handle -------------------------------------------------------------------------------------------------- */

static void custom_destroy(grasp_model *m)
{
    if (m->custom.ops.destroy)
        m->custom.ops.destroy(m->custom.user);
    grasp__free(m->custom.shapes);
    grasp__free(m->custom.index);
}

/* All hooks, or none of them: a half is a mistake. */
static grasp_status check_together(grasp_context *ctx, bool first, bool second, const char *names)
{
    return first == second ? GRASP_OK
                           : grasp__fail(ctx, GRASP_E_ARG, "ops has one of the hooks %s, expected all or none", names);
}

static grasp_status check_ops(grasp_context *ctx, const grasp_model_ops *ops)
{
    const struct {
        const char *name;
        bool there;
    } needed[] = {
        {"n_rows", ops->n_rows}, {"n_classes", ops->n_classes},         {"n_params", ops->n_params},
        {"labels", ops->labels}, {"get_params", ops->get_params},       {"set_params", ops->set_params},
        {"loss", ops->loss},     {"weighted_grad", ops->weighted_grad}, {"predict", ops->predict},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].there)
            return grasp__fail(ctx, GRASP_E_ARG, "ops->%s is NULL, expected a function", needed[i].name);
    grasp_status s = check_together(ctx, ops->n_features, ops->features, "n_features, features");
    if (s == GRASP_OK)
        s = check_together(ctx, ops->n_layers, ops->layer_shape, "n_layers, layer_shape, sample_factors");
    if (s == GRASP_OK)
        s = check_together(ctx, ops->n_layers, ops->sample_factors, "n_layers, layer_shape, sample_factors");
    return s;
}

static grasp_status check_count(grasp_context *ctx, const char *hook, int64_t value, int64_t least, int64_t *out)
{
    *out = value;
    return value >= least
               ? GRASP_OK
               : grasp__fail(ctx, GRASP_E_CALLBACK, "ops->%s returned %" PRId64 ", expected %" PRId64 " or more", hook,
                             value, least);
}

/* The layers may hold fewer parameters than the model, never more. */
static grasp_status ask_shapes(grasp_context *ctx, grasp_model *m)
{
    int64_t covered = 0;
    grasp_status s = grasp__alloc_zero(ctx, m->n_layers, sizeof *m->custom.shapes, &m->custom.shapes);
    for (int64_t l = 0; s == GRASP_OK && l < m->n_layers; l++) {
        grasp__layer_shape *shape = &m->custom.shapes[l];
        int64_t size, inputs;
        s = check_returned(ctx, "layer_shape",
                           m->custom.ops.layer_shape(m->custom.user, l, &shape->inputs, &shape->outputs,
                                                     &shape->positions, &shape->has_bias));
        if (s != GRASP_OK)
            break;
        if (shape->inputs < 1 || shape->outputs < 1 || shape->positions < 1 ||
            (shape->has_bias != 0 && shape->has_bias != 1) || !grasp__mul_i64(shape->positions, shape->inputs, &size) ||
            !grasp__mul_i64(shape->positions, shape->outputs, &size))
            s = grasp__fail(ctx, GRASP_E_CALLBACK,
                            "ops->layer_shape: layer %" PRId64 " has inputs %" PRId64 ", outputs %" PRId64
                            ", positions %" PRId64 ", has_bias %d; expected 1 or more, 1 or more, 1 or more, 0 or 1",
                            l, shape->inputs, shape->outputs, shape->positions, (int)shape->has_bias);
        else if (!grasp__add_i64(shape->inputs, shape->has_bias, &inputs) ||
                 !grasp__mul_i64(inputs, shape->outputs, &size) || !grasp__add_i64(covered, size, &covered) ||
                 covered > m->n_params)
            s = grasp__fail(ctx, GRASP_E_CALLBACK,
                            "ops->layer_shape: layers 0 to %" PRId64 " hold more parameters than the %" PRId64
                            " of ops->n_params",
                            l, m->n_params);
    }
    return s;
}

/* `user` stays the caller's on an error: the copy of the table keeps no destroy hook until all is well. */
static grasp_status create_custom(grasp_context *ctx, const grasp_model_ops *ops, void *user, grasp_model **out)
{
    grasp_model *m = NULL;
    grasp_status s = grasp__check_pointer(ctx, ops, "ops");
    if (s != GRASP_OK || (s = grasp__check_table(ctx, ops, LEAST, sizeof *ops, "ops")) != GRASP_OK)
        return s;
    if ((s = grasp__model_allocate(ctx, &grasp__custom_methods, &m)) != GRASP_OK)
        return s;
    grasp_model_ops *own = &m->custom.ops;
    memcpy(own, ops, ops->size < sizeof *own ? ops->size : sizeof *own);
    void (*destroy)(void *) = own->destroy;
    own->destroy = NULL;
    m->custom.user = user;
    if ((s = check_ops(ctx, own)) == GRASP_OK &&
        (s = check_count(ctx, "n_rows", own->n_rows(user), 0, &m->n_rows)) == GRASP_OK &&
        (s = check_count(ctx, "n_classes", own->n_classes(user), 1, &m->n_classes)) == GRASP_OK &&
        (s = check_count(ctx, "n_params", own->n_params(user), 1, &m->n_params)) == GRASP_OK)
        s = grasp__alloc(ctx, GRASP__MODEL_BATCH, sizeof *m->custom.index, &m->custom.index);
    if (s == GRASP_OK && own->n_features)
        s = check_count(ctx, "n_features", own->n_features(user), 1, &m->custom.n_features);
    if (s == GRASP_OK && own->n_layers)
        s = check_count(ctx, "n_layers", own->n_layers(user), 0, &m->n_layers);
    if (s == GRASP_OK)
        s = ask_shapes(ctx, m);
    if (s != GRASP_OK) {
        grasp__model_free(m);
        return s;
    }
    own->destroy = destroy;
    *out = m;
    return GRASP_OK;
}

static grasp_status custom_copy(grasp_context *ctx, const grasp_model *m, grasp_model **out)
{
    void *user = NULL;
    if (!m->custom.ops.clone)
        return grasp__model_missing(ctx, "clone");
    grasp_status s = check_returned(ctx, "clone", m->custom.ops.clone(m->custom.user, &user));
    if (s != GRASP_OK)
        return s;
    grasp_model_ops ops = m->custom.ops;
    ops.size = sizeof ops;
    s = create_custom(ctx, &ops, user, out);
    if (s == GRASP_OK &&
        ((*out)->n_rows != m->n_rows || (*out)->n_params != m->n_params || (*out)->n_classes != m->n_classes)) {
        grasp__model_free(*out);
        *out = NULL;
        return grasp__fail(ctx, GRASP_E_CALLBACK,
                           "ops->clone made a model of other size, expected the same rows, classes and parameters");
    }
    if (s != GRASP_OK && ops.destroy)
        ops.destroy(user);
    return s;
}

grasp_status grasp_model_create_custom(grasp_context *ctx, const grasp_model_ops *ops, void *user, grasp_model **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, create_custom(ctx, ops, user, out));
}

const grasp__model_methods grasp__custom_methods = {.kind = "custom",
                                                    .copy = custom_copy,
                                                    .destroy = custom_destroy,
                                                    .reserve = custom_reserve,
                                                    .reserve_price = custom_reserve_price,
                                                    .get_params = custom_get_params,
                                                    .set_params = custom_set_params,
                                                    .init = custom_init,
                                                    .layer_shape = custom_layer_shape,
                                                    .labels = custom_labels,
                                                    .loss = custom_loss,
                                                    .predict = custom_predict,
                                                    .logits = custom_logits,
                                                    .features = custom_features,
                                                    .objective = custom_objective,
                                                    .factors = custom_factors,
                                                    .sample_grads = custom_sample_grads};
