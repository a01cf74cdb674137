/* SPDX-License-Identifier: BSD-3-Clause
 * What an inference takes: the most of what stands together while its classes are made, swept one after the other and
 * merged. Each line mirrors an allocation of inference.c, infer.c or centers.c. For mode=robust a bound, and of dense
 * gradients, which only their values tell to be of linear models, the larger of both. O(n log n), for the sizes of the
 * classes.
 */
#include "infer/robust.h"

/* What depends on the options alone. */
typedef struct plan {
    int32_t metric;
    bool center, all, kmeans, gmm, ari;
    int64_t settings, most_clusters;
    grasp_sweep *sweep;
} plan;

static uint64_t several(int count, int64_t n, size_t size)
{
    uint64_t sum = 0;
    while (count-- > 0)
        grasp__price_add(&sum, n, size);
    return sum;
}

/* The classes of an inference, without what sweeps find out about them. */
static uint64_t classes_price(const int64_t *start, int64_t n_classes, int64_t settings)
{
    uint64_t sum = grasp__price(1, sizeof(grasp_inference));
    grasp__price_add(&sum, n_classes, sizeof(grasp__inferred_class));
    sum = grasp__price_sum(sum, several(2, settings, sizeof(double))); /* the grid */
    for (int64_t c = 0; c < n_classes; c++) {
        int64_t n = start[c + 1] - start[c];
        sum = grasp__price_sum(sum, several(2, n, sizeof(int64_t)));
        grasp__price_add(&sum, n, sizeof(uint8_t));
        grasp__price_add(&sum, settings, sizeof(double));
    }
    return sum;
}

/* One class swept: *stays is what remains, the return value the most meanwhile. */
static uint64_t class_price(grasp_context *ctx, const plan *q, const grasp_gradients *g, int64_t n, uint64_t *stays)
{
    const grasp__space space = {q->metric, false, n, grasp__gradients_dim(g)};
    uint64_t making, distances = grasp__distances_price(ctx, &space, q->center, &making);
    uint64_t view = grasp__gradients_select_price(g, n), mean = q->center ? grasp__price(space.p, sizeof(double)) : 0;
    uint64_t truth = q->ari ? grasp__price_sum(several(1, n, sizeof(int64_t)), several(2, 1, 256)) : 0;
    uint64_t sweep = grasp__sweep_handle_price(q->sweep), centers = 0, centering = 0;
    uint64_t most = grasp__price_sum(distances, grasp__price_sum(mean, grasp__price_sum(
                                                    sweep, grasp__sweep_price(ctx, q->sweep, &space))));
    *stays = mean;
    if (q->all)
        *stays = grasp__price_sum(*stays, grasp__price_sum(sweep, grasp__sweep_result_price(q->sweep, n)));
    if (q->kmeans || q->gmm) {
        int64_t k = q->most_clusters < n ? q->most_clusters : n;
        centers = q->gmm ? grasp__mixture_price(k, space.p) : grasp__price_values(k, space.p, sizeof(double));
        centering = grasp__price_sum(grasp__price_sum(distances, view), grasp__price(space.p, sizeof(double)));
        grasp__price_add(&centering, q->gmm ? n : k, sizeof(int64_t));
        if (q->gmm) /* it is fitted again */
            centering = grasp__price_sum(centering, grasp__gmm_price(ctx, n, space.p, k));
        centering = grasp__price_sum(grasp__price_sum(centering, centers), grasp__price_sum(mean, sweep));
        centering = grasp__price_sum(centering, grasp__sweep_result_price(q->sweep, n));
        *stays = grasp__price_sum(*stays, centers);
    }
    most = grasp__price_sum(grasp__price_sum(view, truth), most > making ? most : making);
    return most > centering ? most : centering;
}

static uint64_t price(grasp_context *ctx, const plan *q, const grasp_gradients *g, const int64_t *start,
                      int64_t n_classes, int64_t n)
{
    uint64_t classes = classes_price(start, n_classes, q->settings);
    uint64_t sorting = grasp__price_sum(grasp__price(1, sizeof(grasp_inference)), several(2, n, sizeof(int64_t)));
    uint64_t grouping = grasp__price_sum(classes, grasp__price(n, sizeof(int64_t))); /* rows by class, and two lists */
    grasp__price_add(&grouping, n_classes, sizeof(int64_t));
    grasp__price_add(&grouping, n_classes + 1, sizeof(int64_t));
    uint64_t most = sorting > grouping ? sorting : grouping;
    uint64_t held = grasp__price_sum(classes, grasp__price(n_classes, sizeof(grasp_sweep *)));
    for (int64_t c = 0; c < n_classes; c++) {
        uint64_t stays, here = class_price(ctx, q, g, start[c + 1] - start[c], &stays);
        here = grasp__price_sum(held, here);
        most = here > most ? here : most;
        held = grasp__price_sum(held, stays);
    }
    /* labels, and the groups made of them */
    held = grasp__price_sum(held, grasp__price_sum(several(2, n, sizeof(int64_t)), several(2, 1, 256)));
    return held > most ? held : most;
}

/* mode=robust, with the two largest classes in one pair. */
static uint64_t robust_price(grasp_context *ctx, const grasp_gradients *g, const int64_t *start, int64_t n_classes,
                             int64_t n)
{
    int64_t largest = 0, second = 0;
    for (int64_t c = 0; c < n_classes; c++) {
        int64_t here = start[c + 1] - start[c];
        second = here > largest ? largest : here > second ? here : second;
        largest = here > largest ? here : largest;
    }
    return grasp__price_sum(classes_price(start, n_classes, 0),
                            grasp__robust_price(ctx, g, n, largest + second, n_classes));
}

/* Are the gradients clustered whatever their values? */
static bool by_density(const grasp__options *o, const grasp_gradients *g)
{
    grasp__layer_shape shape;
    if (!grasp__infer_is_robust(o))
        return true;
    if (!grasp__gradients_is_factored(g))
        return false;
    grasp__gradients_layer_shape(g, grasp__gradients_n_layers(g) - 1, &shape);
    return shape.positions > 1;
}

static grasp_status make_plan(grasp_context *ctx, const grasp__options *o, plan *q)
{
    double eps;
    q->metric = grasp__options_is(o, GRASP_KEY_METRIC, "euclidean") ? GRASP__EUCLIDEAN : GRASP__COSINE;
    q->center = q->metric == GRASP__COSINE && grasp__options_i64(o, GRASP_KEY_CENTER) != 0;
    q->all = grasp__options_is(o, GRASP_KEY_SELECT, "all");
    q->kmeans = grasp__options_is(o, GRASP_KEY_ALGORITHM, "kmeans");
    q->gmm = grasp__options_is(o, GRASP_KEY_ALGORITHM, "gmm");
    q->ari = grasp__options_is(o, GRASP_KEY_SCORE, "ari");
    grasp_status s = grasp__sweep_create(ctx, grasp__options_str(o, GRASP_KEY_ALGORITHM), o, &q->sweep);
    if (s != GRASP_OK)
        return s;
    q->settings = grasp__sweep_count(q->sweep);
    grasp__sweep_values(q->sweep, q->settings - 1, &eps, &q->most_clusters);
    return GRASP_OK;
}

static grasp_status infer_bytes(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                const grasp__options *o, uint64_t *out)
{
    int64_t *classes = NULL, *rows = NULL, *start = NULL, n_classes = 0;
    plan q = {.sweep = NULL};
    grasp_status s = make_plan(ctx, o, &q);
    if (s == GRASP_OK)
        s = grasp__distinct(ctx, y, n, &classes, &n_classes);
    if (s == GRASP_OK)
        s = grasp__rows_by_class(ctx, y, n, classes, n_classes, &rows, &start);
    if (s == GRASP_OK) {
        bool density = by_density(o, g);
        uint64_t most = density || !grasp__gradients_is_factored(g) ? price(ctx, &q, g, start, n_classes, n) : 0;
        uint64_t robust = density ? 0 : robust_price(ctx, g, start, n_classes, n);
        s = grasp__price_tell(ctx, robust > most ? robust : most, "an inference over all samples", out);
    }
    grasp__free(start);
    grasp__free(rows);
    grasp__free(classes);
    grasp__sweep_free(q.sweep);
    return s;
}

grasp_status grasp_infer_bytes(grasp_context *ctx, const grasp_gradients *gradients, const int64_t *y, int64_t n,
                               const grasp_params *params_or_null, uint64_t *out)
{
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = grasp__infer_check(ctx, gradients, y, n, NULL);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__infer_params, &o);
    if (s == GRASP_OK)
        s = infer_bytes(ctx, gradients, y, n, &o, out);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}
