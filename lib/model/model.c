/* SPDX-License-Identifier: BSD-3-Clause
 * The handle of a model: made, copied, freed, asked for its size, given parameters.
 */
#include "model/model_private.h"

#include <math.h>
#include <string.h>

#define MAGIC GRASP__MAGIC('M', 'O', 'D', 'L')

static const grasp__param mlp_table[] = {
    {GRASP_KEY_INIT, GRASP_PARAM_STR, "torch", "torch|he",
     "initial weights: torch: weights and biases uniform in +-1/sqrt(inputs); he: weights normal with variance "
     "2/inputs, biases 0"},
};
const grasp__param_table grasp__mlp_params = {"mlp", mlp_table, 1, {{NULL, NULL}}};

/* ---- the handle -------------------------------------------------------------------------------------------------- */

grasp_status grasp__model_allocate(grasp_context *ctx, const grasp__model_methods *methods, grasp_model **out)
{
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof **out, out);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&(*out)->object, MAGIC);
    (*out)->methods = methods;
    return GRASP_OK;
}

void grasp__model_free(grasp_model *m)
{
    if (!m || !grasp__object_unref(&m->object))
        return;
    m->methods->destroy(m);
    grasp_matrix_free(m->x);
    grasp__free(m->y);
    grasp__free(m->sample_weights);
    grasp__free(m->scratch);
    grasp__free(m);
}

grasp_status grasp__model_copy(grasp_context *ctx, const grasp_model *m, grasp_model **out)
{
    grasp_model *copy = NULL;
    double *weights = NULL;
    *out = NULL;
    if (m->sample_weights) {
        grasp_status s = grasp__alloc(ctx, m->n_rows, sizeof *weights, &weights);
        if (s != GRASP_OK)
            return s;
        memcpy(weights, m->sample_weights, (size_t)m->n_rows * sizeof *weights);
    }
    grasp_status s = m->methods->copy(ctx, m, &copy);
    if (s != GRASP_OK) {
        grasp__free(weights);
        return s;
    }
    copy->sample_weights = weights;
    *out = copy;
    return GRASP_OK;
}

grasp_status grasp__model_check(grasp_context *ctx, const grasp_model *m, const char *name)
{
    return grasp__check_handle(ctx, m, MAGIC, name, "grasp_model");
}

grasp_status grasp__model_check_bound(grasp_context *ctx, const grasp_model *m, const char *name)
{
    if (m->x || grasp__model_is_custom(m))
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_STATE, "%s is not bound to data: call grasp_model_bind() first", name);
}

grasp_status grasp__model_check_rows(grasp_context *ctx, const grasp_model *m, const int64_t *rows, int64_t n,
                                     const char *name)
{
    if (!rows && n != m->n_rows)
        return grasp__fail(ctx, GRASP_E_DIM,
                           "%s is NULL (all rows) with n = %" PRId64 ", expected the model's %" PRId64, name, n,
                           m->n_rows);
    if (n < 0)
        return grasp__fail(ctx, GRASP_E_ARG, "n is %" PRId64 ", expected 0 or more", n);
    for (int64_t i = 0; rows && i < n; i++)
        if (rows[i] < 0 || rows[i] >= m->n_rows)
            return grasp__fail(ctx, GRASP_E_ARG, "%s[%" PRId64 "] is %" PRId64 ", expected a row in [0, %" PRId64 ")",
                               name, i, rows[i], m->n_rows);
    return GRASP_OK;
}

bool grasp__model_is_custom(const grasp_model *m)
{
    return m->methods == &grasp__custom_methods;
}

grasp_status grasp__model_missing(grasp_context *ctx, const char *hook)
{
    return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "a custom model needs the hook ops->%s for this", hook);
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

int64_t grasp__model_n_rows(const grasp_model *m)
{
    return m->n_rows;
}

int64_t grasp__model_n_classes(const grasp_model *m)
{
    return m->n_classes;
}

int64_t grasp__model_n_params(const grasp_model *m)
{
    return m->n_params;
}

int64_t grasp__model_n_features(const grasp_model *m)
{
    return grasp__model_is_custom(m) ? m->custom.n_features : m->network.widths[m->n_layers - 1];
}

int64_t grasp__model_n_layers(const grasp_model *m)
{
    return m->n_layers;
}

int32_t grasp__model_dtype(const grasp_model *m)
{
    return m->x ? m->x->dtype : GRASP_F64;
}

bool grasp__model_is_linear(const grasp_model *m)
{
    return m->methods->linear;
}

bool grasp__model_has_factors(const grasp_model *m)
{
    return m->n_layers > 0;
}

grasp_matrix *grasp__model_inputs(const grasp_model *m)
{
    return m->x;
}

const double *grasp__model_sample_weights(const grasp_model *m)
{
    return m->sample_weights;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

grasp_status grasp__model_get_params(grasp_context *ctx, const grasp_model *m, double *theta)
{
    return m->methods->get_params(ctx, m, theta);
}

grasp_status grasp__model_set_params(grasp_context *ctx, grasp_model *m, const double *theta)
{
    bool finite = isfinite(grasp__magnitude_f64(theta, m->n_params));
    grasp_status s = finite ? GRASP_OK : grasp__check_finite_f64(ctx, theta, m->n_params, "theta");
    return s == GRASP_OK ? m->methods->set_params(ctx, m, theta) : s;
}

grasp_status grasp__model_init(grasp_context *ctx, grasp_model *m, uint64_t stream)
{
    return m->methods->init(ctx, m, stream);
}

grasp_status grasp__model_reserve(grasp_context *ctx, grasp_model *m, int64_t n)
{
    return m->methods->reserve(ctx, m, n);
}

uint64_t grasp__model_reserve_price(grasp_model *m, int64_t n)
{
    return m->methods->reserve_price(m, n);
}

grasp_status grasp__model_objective(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                    grasp__weigher weigh, void *arg, double *loss, double *grad)
{
    return m->methods->objective(ctx, m, rows, n, weigh, arg, loss, grad);
}

grasp_status grasp__model_factors(grasp_context *ctx, grasp_model *m, int64_t layer, const int64_t *rows, int64_t n,
                                  void *act, void *delta)
{
    return m->methods->factors(ctx, m, layer, rows, n, act, delta);
}

grasp_status grasp__model_widths(grasp_context *ctx, const grasp_model *m, int64_t *widths, int64_t capacity,
                                 int64_t *n_widths)
{
    if (grasp__model_is_custom(m))
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "a custom model has no widths");
    *n_widths = m->n_layers + 1;
    if (capacity < *n_widths)
        return grasp__fail(ctx, GRASP_E_DIM, "room for %" PRId64 " widths, expected %" PRId64, capacity, *n_widths);
    memcpy(widths, m->network.widths, (size_t)*n_widths * sizeof *widths);
    return GRASP_OK;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static grasp_status create_linear(grasp_context *ctx, const grasp__model_methods *methods, int64_t inputs,
                                  int64_t outputs, grasp_model **out)
{
    const int64_t widths[2] = {inputs, outputs};
    grasp_status s = grasp__check_range(ctx, inputs, 1, INT64_MAX, "n_features");
    if (s == GRASP_OK && methods == &grasp__softmax_methods)
        s = grasp__check_range(ctx, outputs, 2, INT64_MAX, "n_classes");
    return s == GRASP_OK ? grasp__network_create(ctx, methods, widths, 1, out) : s;
}

grasp_status grasp_model_create_logistic(grasp_context *ctx, int64_t n_features, grasp_model **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, create_linear(ctx, &grasp__logistic_methods, n_features, 1, out));
}

grasp_status grasp_model_create_softmax(grasp_context *ctx, int64_t n_features, int64_t n_classes, grasp_model **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, create_linear(ctx, &grasp__softmax_methods, n_features, n_classes, out));
}

static grasp_status create_mlp(grasp_context *ctx, const int64_t *widths, int64_t n_widths, const grasp_params *params,
                               grasp_model **out)
{
    grasp__options o;
    grasp_status s = grasp__check_pointer(ctx, widths, "widths");
    if (s != GRASP_OK || (s = grasp__check_range(ctx, n_widths, 2, INT32_MAX, "n_widths")) != GRASP_OK)
        return s;
    for (int64_t l = 0; l < n_widths; l++) {
        int64_t least = l + 1 == n_widths ? 2 : 1;
        if (widths[l] < least)
            return grasp__fail(ctx, GRASP_E_ARG, "widths[%" PRId64 "] is %" PRId64 ", expected %" PRId64 " or more", l,
                               widths[l], least);
    }
    s = grasp__options_open(ctx, params, &grasp__mlp_params, &o);
    if (s == GRASP_OK)
        s = grasp__network_create(ctx, &grasp__mlp_methods, widths, n_widths - 1, out);
    if (s == GRASP_OK) {
        (*out)->network.he = grasp__options_is(&o, GRASP_KEY_INIT, "he");
        s = grasp__network_init(ctx, *out, 0);
        if (s != GRASP_OK) {
            grasp__model_free(*out);
            *out = NULL;
        }
    }
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_model_create_mlp(grasp_context *ctx, const int64_t *widths, int64_t n_widths,
                                    const grasp_params *params_or_null, grasp_model **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, create_mlp(ctx, widths, n_widths, params_or_null, out));
}

grasp_status grasp__model_create(grasp_context *ctx, const char *kind, const int64_t *widths, int64_t n_widths,
                                 grasp_model **out)
{
    bool logistic = strcmp(kind, "logistic") == 0, softmax = strcmp(kind, "softmax") == 0;
    if (logistic && n_widths == 2 && widths[1] == 1)
        return create_linear(ctx, &grasp__logistic_methods, widths[0], 1, out);
    if (softmax && n_widths == 2)
        return create_linear(ctx, &grasp__softmax_methods, widths[0], widths[1], out);
    if (strcmp(kind, "mlp") == 0)
        return create_mlp(ctx, widths, n_widths, NULL, out);
    return grasp__fail(ctx, GRASP_E_ARG, logistic || softmax ? "a linear model with other layers than one"
                                                             : "no built-in kind of model");
}

grasp_status grasp_model_copy(grasp_context *ctx, const grasp_model *model, grasp_model **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_check(ctx, model, "model");
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_copy(ctx, model, out) : s);
}

void grasp_model_free(grasp_model *model)
{
    grasp__model_free(model);
}

const char *grasp_model_kind(const grasp_model *model)
{
    return model ? model->methods->kind : "";
}

int64_t grasp_model_n_params(const grasp_model *model)
{
    return model ? model->n_params : 0;
}

int64_t grasp_model_n_classes(const grasp_model *model)
{
    return model ? model->n_classes : 0;
}

int64_t grasp_model_n_rows(const grasp_model *model)
{
    return model ? model->n_rows : 0;
}

int64_t grasp_model_n_layers(const grasp_model *model)
{
    return model ? model->n_layers : 0;
}

int64_t grasp_model_n_features(const grasp_model *model)
{
    return model ? grasp__model_n_features(model) : 0;
}

static grasp_status check_theta(grasp_context *ctx, const grasp_model *m, const double *theta, int64_t len)
{
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s != GRASP_OK || (s = grasp__check_pointer(ctx, theta, "theta")) != GRASP_OK)
        return s;
    return grasp__check_equal(ctx, len, m->n_params, "len");
}

grasp_status grasp_model_get_params(grasp_context *ctx, const grasp_model *model, double *theta, int64_t len)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check_theta(ctx, model, theta, len);
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_get_params(ctx, model, theta) : s);
}

grasp_status grasp_model_set_params(grasp_context *ctx, grasp_model *model, const double *theta, int64_t len)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check_theta(ctx, model, theta, len);
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_set_params(ctx, model, theta) : s);
}

grasp_status grasp_model_init(grasp_context *ctx, grasp_model *model, uint64_t stream)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_check(ctx, model, "model");
    return grasp__leave(ctx, s == GRASP_OK ? grasp__model_init(ctx, model, stream) : s);
}
