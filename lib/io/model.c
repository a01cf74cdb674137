/* SPDX-License-Identifier: BSD-3-Clause
 * Saved models: kind, widths of the layers, parameters.
 */
#include "io/object.h"

#include "model/model.h"

#include <string.h>

static grasp_status save(grasp_context *ctx, grasp__writer *w, const void *object)
{
    const grasp_model *m = object;
    int64_t n_widths = grasp__model_n_layers(m) + 1, p = grasp__model_n_params(m);
    int64_t *widths = NULL;
    double *theta = NULL;
    const char *name = grasp_model_kind(m);
    grasp_status s = grasp__alloc(ctx, n_widths, sizeof *widths, &widths);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = grasp__model_widths(ctx, m, widths, n_widths, &n_widths);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, m, theta);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "KIND", GRASP__BYTES, name, (int64_t)strlen(name));
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "WDTH", GRASP__ELEMENT_I64, widths, n_widths);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "PARM", GRASP__ELEMENT_F64, theta, p);
    grasp__free(widths);
    grasp__free(theta);
    return s;
}

/* Parameters of layers with these widths; false if they are no layers, or do not fit. */
static bool count_params(const int64_t *widths, int64_t n, int64_t *p)
{
    *p = 0;
    for (int64_t l = 0; l + 1 < n; l++) {
        int64_t layer;
        if (widths[l] < 1 || widths[l] == INT64_MAX || widths[l + 1] < 1 ||
            !grasp__mul_i64(widths[l] + 1, widths[l + 1], &layer) || !grasp__add_i64(*p, layer, p))
            return false;
    }
    return n >= 2;
}

static grasp_status make(grasp_context *ctx, const char *name, int64_t length, const int64_t *widths, int64_t n_widths,
                         const double *theta, grasp_model **out)
{
    char text[16] = "";
    memcpy(text, name, (size_t)(length < 15 ? length : 15));
    grasp_status s = grasp__model_create(ctx, text, widths, n_widths, out);
    if (s == GRASP_E_ARG)
        return grasp__fail(ctx, GRASP_E_FORMAT, "section KIND names no model with the layers of section WDTH");
    return s == GRASP_OK ? grasp__model_set_params(ctx, *out, theta) : s;
}

static grasp_status load(grasp_context *ctx, grasp__loader *r, void **out)
{
    char *name = NULL;
    int64_t *widths = NULL, length = 0, n_widths = 0, p = 0;
    double *theta = NULL;
    grasp_model *m = NULL;
    grasp_status s = grasp__loader_section(ctx, r, "KIND", GRASP__BYTES, -1, &name, &length);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "WDTH", GRASP__ELEMENT_I64, -1, &widths, &n_widths);
    if (s == GRASP_OK && !count_params(widths, n_widths, &p))
        s = grasp__fail(ctx, GRASP_E_FORMAT, "section WDTH holds no layers");
    if (s == GRASP_OK) /* before the model is made: memory is taken for what has come */
        s = grasp__loader_section(ctx, r, "PARM", GRASP__ELEMENT_F64, p, &theta, &p);
    for (int64_t j = 0; s == GRASP_OK && j < p; j++)
        if (!(theta[j] - theta[j] == 0))
            s = grasp__fail(ctx, GRASP_E_FORMAT, "section PARM: parameter %" PRId64 " is not finite", j);
    if (s == GRASP_OK)
        s = make(ctx, name, length, widths, n_widths, theta, &m);
    grasp__free(name);
    grasp__free(widths);
    grasp__free(theta);
    *out = m;
    return s;
}

static void destroy(void *object)
{
    grasp__model_free(object);
}

static grasp_status check(grasp_context *ctx, const void *object)
{
    const grasp_model *model = object;
    int64_t ignored;
    grasp_status s = grasp__model_check(ctx, model, "model");
    if (s == GRASP_OK && strcmp(grasp_model_kind(model), "custom") == 0)
        s = grasp__model_widths(ctx, model, NULL, 0, &ignored); /* says what is unsupported */
    return s;
}

static const grasp__kind kind = {"MODL", check, save, load, destroy};

grasp_status grasp_model_save(grasp_context *ctx, const grasp_model *model, grasp_write_fn fn, void *user)
{
    return grasp__save(ctx, __func__, &kind, model, fn, user);
}

grasp_status grasp_model_save_file(grasp_context *ctx, const grasp_model *model, const char *path)
{
    return grasp__save_file(ctx, __func__, &kind, model, path);
}

grasp_status grasp_model_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_model **out)
{
    return grasp__load(ctx, __func__, &kind, fn, user, (void **)out);
}

grasp_status grasp_model_load_file(grasp_context *ctx, const char *path, grasp_model **out)
{
    return grasp__load_file(ctx, __func__, &kind, path, (void **)out);
}
