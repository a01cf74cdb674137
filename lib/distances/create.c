/* SPDX-License-Identifier: BSD-3-Clause
 * Making a space: from gradients, from points, from a square matrix; its price; its end.
 */
#include "distances/space.h"

#include <string.h>

static const grasp__param entries[] = {
    {GRASP_KEY_METRIC, GRASP_PARAM_STR, "cosine", "cosine|euclidean", "distance between two rows"},
    {GRASP_KEY_CENTER, GRASP_PARAM_BOOL, "true", NULL, "subtract the mean of all rows first; cosine only"},
    {GRASP_KEY_STORAGE, GRASP_PARAM_STR, "implicit", "implicit|condensed",
     "compute values when they are needed, or keep n(n-1)/2 of them"},
};

const grasp__param_table grasp__distances_params = {
    .algorithm = "distances", .params = entries, .count = sizeof entries / sizeof *entries};

grasp_status grasp__distances_check(grasp_context *ctx, const grasp_distances *d, const char *name)
{
    return grasp__check_handle(ctx, d, GRASP__DISTANCES_MAGIC, name, "grasp_distances");
}

static void destroy(grasp_distances *d)
{
    grasp__gradients_free(d->gradients);
    grasp_matrix_free(d->square);
    grasp__free(d->origin);
    grasp__free(d->scale);
    grasp__free(d->norm);
    grasp__free(d->value);
    grasp__free(d);
}

void grasp__distances_free(grasp_distances *d)
{
    if (d != NULL && grasp__object_unref(&d->object))
        destroy(d);
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static grasp_status find_origin(grasp_context *ctx, grasp_distances *d, const double *mean_or_null)
{
    if (d->metric == GRASP__COSINE && !d->centered)
        return GRASP_OK;
    grasp_status s = grasp__alloc_zero(ctx, d->p, sizeof(double), &d->origin);
    if (s != GRASP_OK || d->n == 0)
        return s;
    if (mean_or_null != NULL) {
        memcpy(d->origin, mean_or_null, (size_t)d->p * sizeof(double));
        return GRASP_OK;
    }
    grasp__stage_mark outer = grasp__stage_begin(ctx, "mean of rows", 0, 0.5);
    s = grasp__gradients_mean(ctx, d->gradients, d->origin);
    grasp__stage_end(ctx, outer);
    return s;
}

grasp_status grasp__distances_create_implicit(grasp_context *ctx, grasp_gradients *g, int32_t metric, bool center,
                                              const double *mean_or_null, grasp_distances **out)
{
    grasp_distances *d;
    *out = NULL;
    grasp_status s = grasp__check_rounding(ctx);
    if (s != GRASP_OK || (s = grasp__alloc_zero(ctx, 1, sizeof *d, &d)) != GRASP_OK)
        return s;
    grasp__object_init(&d->object, GRASP__DISTANCES_MAGIC);
    d->metric = metric;
    d->centered = metric == GRASP__COSINE && (center || mean_or_null != NULL);
    d->n = grasp__gradients_count(g);
    d->p = grasp__gradients_dim(g);
    d->gradients = grasp__gradients_ref(g);
    if ((s = grasp__alloc(ctx, d->n, sizeof(double), &d->scale)) == GRASP_OK &&
        (s = grasp__alloc(ctx, d->n, sizeof(double), &d->norm)) == GRASP_OK &&
        (s = find_origin(ctx, d, mean_or_null)) == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "norms of rows", 0.5, 1);
        s = grasp__distances_prepare(ctx, d);
        grasp__stage_end(ctx, outer);
    }
    if (s != GRASP_OK) {
        destroy(d);
        return s;
    }
    *out = d;
    return GRASP_OK;
}

/* What it holds, and the most that its mean, its norms or its values take meanwhile. */
uint64_t grasp__distances_price(grasp_context *ctx, const grasp__space *space, bool center, uint64_t *making)
{
    grasp__space rows = {.metric = space->metric, .n = space->n, .p = space->p};
    bool origin = space->metric == GRASP__EUCLIDEAN || center;
    uint64_t storing = 0, values = space->stored ? grasp__store_price(ctx, &rows, &storing) : 0;
    uint64_t most = grasp__prepare_price(ctx, space->n, space->p), mean = grasp__gradients_mean_price(space->p);
    uint64_t held = grasp__price(1, sizeof(grasp_distances));
    grasp__price_add(&held, space->n, sizeof(double));
    grasp__price_add(&held, space->n, sizeof(double));
    if (origin)
        grasp__price_add(&held, space->p, sizeof(double));
    most = origin && mean > most ? mean : most;
    *making = grasp__price_sum(held, storing > most ? storing : most);
    return grasp__price_sum(held, values);
}

static int32_t metric_of(const grasp__options *o)
{
    return grasp__options_is(o, GRASP_KEY_METRIC, "euclidean") ? GRASP__EUCLIDEAN : GRASP__COSINE;
}

grasp_status grasp__distances_create(grasp_context *ctx, grasp_gradients *g, const grasp__options *o,
                                     const double *mean_or_null, grasp_distances **out)
{
    int32_t metric = metric_of(o);
    bool condensed = grasp__options_is(o, GRASP_KEY_STORAGE, "condensed");
    bool center = grasp__options_i64(o, GRASP_KEY_CENTER) != 0;
    *out = NULL;
    if (condensed) { /* refuse what will not fit before the work that it needs */
        int64_t pairs;
        grasp_status s = grasp__pairs(ctx, grasp__gradients_count(g), &pairs);
        if (s != GRASP_OK || (s = grasp__check_memory(ctx, pairs, sizeof(double))) != GRASP_OK)
            return s;
    }
    grasp__stage_mark outer = grasp__stage_begin(ctx, "distances", 0, condensed ? 0.1 : 1);
    grasp_status s = grasp__distances_create_implicit(ctx, g, metric, center, mean_or_null, out);
    grasp__stage_end(ctx, outer);
    if (s != GRASP_OK || !condensed)
        return s;
    outer = grasp__stage_begin(ctx, "distances", 0.1, 1);
    s = grasp__distances_store(ctx, *out);
    grasp__stage_end(ctx, outer);
    if (s < 0) {
        destroy(*out);
        *out = NULL;
    }
    return s;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp_distances_bytes(grasp_context *ctx, int64_t n, int64_t p, const grasp_params *params_or_null,
                                   uint64_t *out)
{
    grasp__options o = {0};
    uint64_t bytes;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__check_pointer(ctx, out, "out")) == GRASP_OK &&
        (s = grasp__check_range(ctx, n, 0, INT64_MAX, "n")) == GRASP_OK &&
        (s = grasp__check_range(ctx, p, 0, INT64_MAX, "p")) == GRASP_OK &&
        (s = grasp__options_open(ctx, params_or_null, &grasp__distances_params, &o)) == GRASP_OK) {
        grasp__space space = {metric_of(&o), grasp__options_is(&o, GRASP_KEY_STORAGE, "condensed"), n, p};
        grasp__distances_price(ctx, &space, grasp__options_i64(&o, GRASP_KEY_CENTER) != 0, &bytes);
        s = grasp__price_tell(ctx, bytes, "a space of n samples", out);
    }
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

grasp_status grasp_distances_create(grasp_context *ctx, grasp_gradients *gradients, const grasp_params *params_or_null,
                                    grasp_distances **out)
{
    grasp__options o = {0};
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__gradients_check_sealed(ctx, gradients, "gradients")) == GRASP_OK &&
        (s = grasp__options_open(ctx, params_or_null, &grasp__distances_params, &o)) == GRASP_OK)
        s = grasp__distances_create(ctx, gradients, &o, NULL, out);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

grasp_status grasp_distances_create_from_points(grasp_context *ctx, grasp_matrix *x, const grasp_params *params_or_null,
                                                grasp_distances **out)
{
    grasp__options o = {0};
    grasp_gradients *g = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    if ((s = grasp__matrix_check(ctx, x, "x")) == GRASP_OK &&
        (s = grasp__options_open(ctx, params_or_null, &grasp__distances_params, &o)) == GRASP_OK &&
        (s = grasp__gradients_from_matrix(ctx, x, "x", &g)) == GRASP_OK)
        s = grasp__distances_create(ctx, g, &o, NULL, out);
    grasp__gradients_free(g);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

static grasp_status create_from_matrix(grasp_context *ctx, grasp_matrix *square, grasp_distances **out)
{
    grasp_distances *d;
    grasp_status s = grasp__matrix_check(ctx, square, "square");
    if (s != GRASP_OK ||
        (s = grasp__matrix_check_shape(ctx, square, square->rows, square->rows, "square")) != GRASP_OK ||
        (s = grasp__check_square(ctx, square)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, 1, sizeof *d, &d)) != GRASP_OK)
        return s;
    grasp__object_init(&d->object, GRASP__DISTANCES_MAGIC);
    d->metric = GRASP__PRECOMPUTED;
    d->n = square->rows;
    d->square = grasp_matrix_ref(square);
    *out = d;
    return GRASP_OK;
}

grasp_status grasp_distances_create_from_matrix(grasp_context *ctx, grasp_matrix *square, grasp_distances **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = create_from_matrix(ctx, square, out);
    return grasp__leave(ctx, s);
}

grasp_distances *grasp_distances_ref(grasp_distances *distances)
{
    if (distances != NULL)
        grasp__object_ref(&distances->object);
    return distances;
}

void grasp_distances_free(grasp_distances *distances)
{
    grasp__distances_free(distances);
}

int64_t grasp_distances_count(const grasp_distances *distances)
{
    return distances == NULL ? 0 : distances->n;
}

const char *grasp_distances_metric(const grasp_distances *distances)
{
    if (distances == NULL)
        return "";
    return distances->metric == GRASP__PRECOMPUTED ? "precomputed"
           : distances->metric == GRASP__EUCLIDEAN ? "euclidean"
                                                   : "cosine";
}

int32_t grasp_distances_is_stored(const grasp_distances *distances)
{
    return distances != NULL && (distances->value != NULL || distances->square != NULL);
}

/* ---- for later rooms --------------------------------------------------------------------------------------------- */

int64_t grasp__distances_count(const grasp_distances *d)
{
    return d->n;
}

grasp__space grasp__distances_space(const grasp_distances *d)
{
    return (grasp__space){d->metric, d->value != NULL || d->square != NULL, d->n, d->p};
}

int32_t grasp__distances_metric(const grasp_distances *d)
{
    return d->metric;
}

int64_t grasp__distances_dim(const grasp_distances *d)
{
    return d->p;
}

bool grasp__distances_is_zero(const grasp_distances *d, int64_t i)
{
    return d->metric == GRASP__COSINE && d->norm[i] == 0;
}

const double *grasp__distances_mean(const grasp_distances *d)
{
    return d->centered ? d->origin : NULL;
}
