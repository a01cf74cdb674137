/* SPDX-License-Identifier: BSD-3-Clause
 * The handle over the algorithms: options in, result out. A fit builds its result aside and puts it in place when it
 * is whole, so a fit that fails or is cancelled leaves the earlier one.
 */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

#define CLUSTERER_MAGIC GRASP__MAGIC('c', 'l', 'u', 's')

static const grasp__param dbscan_entries[] = {
    {GRASP_KEY_EPS, GRASP_PARAM_F64, "0.5", "[0, inf)", "samples at most this far apart are neighbours"},
    {GRASP_KEY_MIN_SAMPLES, GRASP_PARAM_I64, "5", "[1, inf)", "neighbours that make a core sample, itself included"},
};

const grasp__param_table grasp__dbscan_params = {
    .algorithm = "dbscan", .params = dbscan_entries, .count = sizeof dbscan_entries / sizeof *dbscan_entries};

enum { DBSCAN, KMEANS, GMM };
static const char *const names[] = {"dbscan", "kmeans", "gmm"};
static const grasp__param_table *const tables[] = {&grasp__dbscan_params, &grasp__kmeans_params, &grasp__gmm_params};

typedef struct result {
    int64_t       n, k, p;
    grasp_groups *groups;
    uint8_t      *core;   /* dbscan: n */
    double       *center; /* kmeans, gmm: k x p */
    double       *responsibility; /* gmm: n x k */
    double        objective;
    grasp_report *report;
} result;

struct grasp_clusterer {
    grasp__object object;
    grasp_params *params; /* a copy */
    int64_t      *multiplicity, n_multiplicity;
    int32_t       kind;
    bool          fitted;
    result        last;
};

static grasp_status check(grasp_context *ctx, const grasp_clusterer *c)
{
    return grasp__check_handle(ctx, c, CLUSTERER_MAGIC, "clusterer", "grasp_clusterer");
}

static grasp_status check_fitted(grasp_context *ctx, const grasp_clusterer *c)
{
    grasp_status s = check(ctx, c);
    if (s == GRASP_OK && !c->fitted)
        return grasp__fail(ctx, GRASP_E_STATE, "clusterer has no fit yet");
    return s;
}

static void result_clear(result *r)
{
    grasp_groups_free(r->groups);
    grasp__free(r->core);
    grasp__free(r->center);
    grasp__free(r->responsibility);
    grasp_report_free(r->report);
    *r = (result){.objective = NAN};
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static grasp_status copy_options(grasp_context *ctx, const grasp__options *from, grasp_params **out)
{
    const grasp__param_table *table = from->table;
    grasp_status s = grasp__params_create(ctx, table, out);
    for (int32_t q = 0; s == GRASP_OK && q < table->count; q++) {
        const char *key = table->params[q].key;
        if (table->params[q].type == GRASP_PARAM_F64)
            s = grasp__params_set_f64(ctx, *out, key, grasp__options_f64(from, key));
        else
            s = grasp__params_set_i64(ctx, *out, key, grasp__options_i64(from, key));
    }
    return s;
}

static grasp_status clusterer_create(grasp_context *ctx, const char *algorithm, const grasp_params *params_or_null,
                                     grasp_clusterer **out)
{
    grasp_clusterer *c;
    grasp__options o = {0};
    grasp_status s = grasp__check_pointer(ctx, algorithm, "algorithm");
    if (s != GRASP_OK)
        return s;
    int32_t kind = DBSCAN;
    while (kind <= GMM && strcmp(algorithm, names[kind]) != 0)
        kind++;
    if (kind > GMM)
        return grasp__fail(ctx, GRASP_E_ARG, "algorithm is \"%s\", expected \"dbscan\", \"kmeans\" or \"gmm\"",
                           algorithm);
    if ((s = grasp__alloc_zero(ctx, 1, sizeof *c, &c)) != GRASP_OK)
        return s;
    grasp__object_init(&c->object, CLUSTERER_MAGIC);
    c->kind = kind;
    c->last.objective = NAN;
    s = grasp__options_open(ctx, params_or_null, tables[kind], &o);
    if (s == GRASP_OK)
        s = copy_options(ctx, &o, &c->params);
    grasp__options_close(&o);
    if (s != GRASP_OK)
        grasp_clusterer_free(c);
    else
        *out = c;
    return s;
}

grasp_status grasp_clusterer_create(grasp_context *ctx, const char *algorithm, const grasp_params *params_or_null,
                                    grasp_clusterer **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = clusterer_create(ctx, algorithm, params_or_null, out);
    return grasp__leave(ctx, s);
}

void grasp_clusterer_free(grasp_clusterer *clusterer)
{
    if (clusterer == NULL || !grasp__object_unref(&clusterer->object))
        return;
    result_clear(&clusterer->last);
    grasp_params_free(clusterer->params);
    grasp__free(clusterer->multiplicity);
    grasp__free(clusterer);
}

static grasp_status set_multiplicities(grasp_context *ctx, grasp_clusterer *c, const int64_t *multiplicity, int64_t n)
{
    int64_t *copy = NULL, total = 0;
    grasp_status s = check(ctx, c);
    if (s != GRASP_OK)
        return s;
    if (multiplicity != NULL) {
        if ((s = grasp__check_range(ctx, n, 0, INT64_MAX, "n")) != GRASP_OK)
            return s;
        for (int64_t i = 0; i < n; i++) {
            if (multiplicity[i] < 1)
                return grasp__fail(ctx, GRASP_E_ARG, "multiplicity: sample %jd has %jd, expected at least 1",
                                   (intmax_t)i, (intmax_t)multiplicity[i]);
            if (!grasp__add_i64(total, multiplicity[i], &total))
                return grasp__fail(ctx, GRASP_E_OVERFLOW, "multiplicity: the sum up to sample %jd does not fit 64 bits",
                                   (intmax_t)i);
        }
        if ((s = grasp__alloc(ctx, n, sizeof *copy, &copy)) != GRASP_OK)
            return s;
        memcpy(copy, multiplicity, (size_t)n * sizeof *copy);
    }
    grasp__free(c->multiplicity);
    c->multiplicity = copy;
    c->n_multiplicity = n;
    return GRASP_OK;
}

grasp_status grasp_clusterer_set_multiplicities(grasp_context *ctx, grasp_clusterer *clusterer,
                                                const int64_t *multiplicity_or_null, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = set_multiplicities(ctx, clusterer, multiplicity_or_null, n);
    return grasp__leave(ctx, s);
}

/* ---- fitting ----------------------------------------------------------------------------------------------------- */

/* Can this clusterer cluster these distances? Asked before any memory is. */
static grasp_status check_fit(grasp_context *ctx, const grasp_clusterer *c, const grasp__options *o,
                              const grasp_distances *d)
{
    const int64_t n = grasp__distances_count(d), k = c->kind == DBSCAN ? 0 : grasp__options_i64(o, GRASP_KEY_K);
    if (c->multiplicity != NULL && c->n_multiplicity != n)
        return grasp__fail(ctx, GRASP_E_DIM, "there are %jd multiplicities for %jd samples",
                           (intmax_t)c->n_multiplicity, (intmax_t)n);
    if (c->kind != DBSCAN && grasp__distances_metric(d) == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "%s needs rows, a precomputed matrix has none",
                           c->kind == KMEANS ? "k-means" : "a mixture");
    if (k > n)
        return grasp__fail(ctx, GRASP_E_PARAM, "k is %jd, expected at most the number of samples, n = %jd",
                           (intmax_t)k, (intmax_t)n);
    return GRASP_OK;
}

static grasp_status fit_dbscan(grasp_context *ctx, const grasp_clusterer *c, const grasp__options *o,
                               const grasp_distances *d, int64_t *label, result *r)
{
    grasp__certificate seen = {0, 0, 0, 0};
    grasp_status s = grasp__alloc(ctx, r->n, sizeof *r->core, &r->core);
    if (s != GRASP_OK)
        return s;
    s = grasp__dbscan(ctx, d, grasp__options_f64(o, GRASP_KEY_EPS), grasp__options_i64(o, GRASP_KEY_MIN_SAMPLES),
                      c->multiplicity, label, r->core, NULL, &seen);
    const struct {
        const char *name;
        int64_t value;
    } values[] = {{"pairs", seen.pairs}, {"undecided", seen.undecided}, {"exact", seen.exact}, {"ties", seen.ties}};
    for (size_t q = 0; s == GRASP_OK && q < sizeof values / sizeof *values; q++)
        s = grasp__report_put_value(ctx, r->report, values[q].name, (double)values[q].value);
    return s;
}

/* Room for k centres. */
static grasp_status alloc_centers(grasp_context *ctx, const grasp__options *o, const grasp_distances *d, result *r)
{
    int64_t values;
    r->k = grasp__options_i64(o, GRASP_KEY_K);
    r->p = grasp__distances_dim(d);
    grasp_status s = grasp__check_product(ctx, r->k, r->p, "centres", &values);
    return s == GRASP_OK ? grasp__alloc(ctx, values, sizeof(double), &r->center) : s;
}

static grasp_status fit_kmeans(grasp_context *ctx, const grasp_clusterer *c, const grasp__options *o,
                               const grasp_distances *d, int64_t *label, result *r)
{
    grasp_status s = alloc_centers(ctx, o, d, r);
    return s == GRASP_OK ? grasp__kmeans(ctx, d, o, c->multiplicity, label, r->center, &r->objective, r->report) : s;
}

static grasp_status fit_gmm(grasp_context *ctx, const grasp_clusterer *c, const grasp__options *o,
                            const grasp_distances *d, int64_t *label, result *r)
{
    grasp__mixture *mixture = NULL;
    int64_t values = 0;
    grasp_status s = alloc_centers(ctx, o, d, r);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, r->n, r->k, "responsibilities", &values);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, values, sizeof(double), &r->responsibility);
    if (s == GRASP_OK)
        s = grasp__mixture_create(ctx, r->k, r->p, &mixture);
    if (s == GRASP_OK)
        s = grasp__gmm(ctx, d, o, c->multiplicity, label, mixture, r->responsibility, &r->objective, r->report);
    if (s == GRASP_OK || s == GRASP_NOT_CONVERGED)
        memcpy(r->center, mixture->mean, (size_t)(r->k * r->p) * sizeof(double));
    grasp__mixture_free(mixture);
    return s;
}

static grasp_status fit(grasp_context *ctx, grasp_clusterer *c, const grasp_distances *d)
{
    grasp__options o = {0};
    result r = {.n = grasp__distances_count(d), .objective = NAN};
    int64_t *label = NULL;
    static grasp_status (*const fits[])(grasp_context *, const grasp_clusterer *, const grasp__options *,
                                        const grasp_distances *, int64_t *,
                                        result *) = {fit_dbscan, fit_kmeans, fit_gmm};
    grasp_status s = grasp__options_open(ctx, c->params, tables[c->kind], &o), outcome = GRASP_OK;
    if (s == GRASP_OK)
        s = check_fit(ctx, c, &o, d);
    if (s == GRASP_OK && (s = grasp__report_create(ctx, &r.report)) == GRASP_OK)
        s = grasp__alloc(ctx, r.n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = fits[c->kind](ctx, c, &o, d, label, &r);
    if (s == GRASP_NOT_CONVERGED) {
        outcome = s;
        s = GRASP_OK;
    }
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, label, r.n, &r.groups);
    if (s == GRASP_OK) {
        result_clear(&c->last);
        c->last = r;
        c->fitted = true;
        r = (result){0};
    }
    result_clear(&r);
    grasp__free(label);
    grasp__options_close(&o);
    return s == GRASP_OK ? outcome : s;
}

grasp_status grasp_clusterer_fit_distances(grasp_context *ctx, grasp_clusterer *clusterer,
                                           const grasp_distances *distances)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check(ctx, clusterer)) == GRASP_OK &&
        (s = grasp__distances_check(ctx, distances, "distances")) == GRASP_OK)
        s = fit(ctx, clusterer, distances);
    return grasp__leave(ctx, s);
}

static grasp_status fit_points(grasp_context *ctx, grasp_clusterer *c, grasp_matrix *x)
{
    grasp__options o = {0};
    grasp_gradients *g = NULL;
    grasp_distances *d = NULL;
    bool unit = false;
    grasp_status s = GRASP_OK;
    if (c->kind != DBSCAN) {
        s = grasp__options_open(ctx, c->params, tables[c->kind], &o);
        unit = s == GRASP_OK && grasp__options_i64(&o, GRASP_KEY_UNIT) != 0;
        grasp__options_close(&o);
    }
    if (s == GRASP_OK && (s = grasp__gradients_from_matrix(ctx, x, "x", &g)) == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "points", 0, 0.1);
        s = grasp__distances_create_implicit(ctx, g, unit ? GRASP__COSINE : GRASP__EUCLIDEAN, false, NULL, &d);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "points", 0.1, 1);
        s = fit(ctx, c, d);
        grasp__stage_end(ctx, outer);
    }
    grasp__distances_free(d);
    grasp__gradients_free(g);
    return s;
}

grasp_status grasp_clusterer_fit_points(grasp_context *ctx, grasp_clusterer *clusterer, grasp_matrix *x)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check(ctx, clusterer)) == GRASP_OK && (s = grasp__matrix_check(ctx, x, "x")) == GRASP_OK)
        s = fit_points(ctx, clusterer, x);
    return grasp__leave(ctx, s);
}

/* ---- price ------------------------------------------------------------------------------------------------------- */

/* What fit() allocates: k-means adds 3 entries to its report, mixtures 4. Groups are made when the rest is gone, and
 * take no more. */
static uint64_t price(grasp_context *ctx, const grasp_clusterer *c, const grasp__options *o, const grasp_distances *d)
{
    const int64_t n = grasp__distances_count(d), p = grasp__distances_dim(d);
    uint64_t sum = grasp__price(n, sizeof(int64_t));
    if (c->kind == DBSCAN) {
        grasp__price_add(&sum, n, sizeof(uint8_t));
        sum = grasp__price_sum(sum, grasp__report_price(0));
        return grasp__price_sum(sum, grasp__dbscan_price(ctx, d, grasp__options_f64(o, GRASP_KEY_EPS),
                                                         grasp__options_i64(o, GRASP_KEY_MIN_SAMPLES)));
    }
    const int64_t k = grasp__options_i64(o, GRASP_KEY_K);
    sum = grasp__price_sum(sum, grasp__price_values(k, p, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__report_series_price(grasp__options_i64(o, GRASP_KEY_RESTARTS)));
    if (c->kind == KMEANS)
        return grasp__price_sum(sum, grasp__price_sum(grasp__report_price(3), grasp__kmeans_price(ctx, n, p, k)));
    sum = grasp__price_sum(sum, grasp__report_series_price(grasp__options_i64(o, GRASP_KEY_MAX_ITERATIONS)));
    sum = grasp__price_sum(sum, grasp__price_values(n, k, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__price_sum(grasp__report_price(4), grasp__mixture_price(k, p)));
    return grasp__price_sum(sum, grasp__gmm_price(ctx, n, p, k));
}

grasp_status grasp_clusterer_bytes(grasp_context *ctx, const grasp_clusterer *clusterer,
                                   const grasp_distances *distances, uint64_t *out)
{
    grasp__options o = {0};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check(ctx, clusterer)) == GRASP_OK &&
        (s = grasp__distances_check(ctx, distances, "distances")) == GRASP_OK &&
        (s = grasp__check_pointer(ctx, out, "out")) == GRASP_OK)
        s = grasp__options_open(ctx, clusterer->params, tables[clusterer->kind], &o);
    if (s == GRASP_OK)
        s = check_fit(ctx, clusterer, &o, distances);
    if (s == GRASP_OK)
        s = grasp__price_tell(ctx, price(ctx, clusterer, &o, distances), "a fit of all samples", out);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

grasp_status grasp_clusterer_groups(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    if ((s = check_fitted(ctx, clusterer)) == GRASP_OK)
        *out = grasp_groups_ref(clusterer->last.groups);
    return grasp__leave(ctx, s);
}

grasp_status grasp_clusterer_core_flags(grasp_context *ctx, const grasp_clusterer *clusterer, uint8_t *core, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check_fitted(ctx, clusterer)) == GRASP_OK) {
        if (clusterer->kind != DBSCAN)
            s = grasp__fail(ctx, GRASP_E_UNSUPPORTED, "%s has no core samples", names[clusterer->kind]);
        else if ((s = grasp__check_equal(ctx, n, clusterer->last.n, "n")) == GRASP_OK &&
                 (s = n == 0 ? GRASP_OK : grasp__check_pointer(ctx, core, "core")) == GRASP_OK && n > 0)
            memcpy(core, clusterer->last.core, (size_t)n);
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_clusterer_centers(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_matrix *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check_fitted(ctx, clusterer)) == GRASP_OK) {
        if (clusterer->kind == DBSCAN)
            s = grasp__fail(ctx, GRASP_E_UNSUPPORTED, "dbscan has no centres");
        else if ((s = grasp__matrix_check(ctx, out, "out")) == GRASP_OK &&
                 (s = grasp__matrix_check_shape(ctx, out, clusterer->last.k, clusterer->last.p, "out")) == GRASP_OK)
            grasp__matrix_write_f64(out, 0, clusterer->last.k, clusterer->last.center);
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_clusterer_responsibilities(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_matrix *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if ((s = check_fitted(ctx, clusterer)) == GRASP_OK) {
        if (clusterer->kind != GMM)
            s = grasp__fail(ctx, GRASP_E_UNSUPPORTED, "%s has no responsibilities", names[clusterer->kind]);
        else if ((s = grasp__matrix_check(ctx, out, "out")) == GRASP_OK &&
                 (s = grasp__matrix_check_shape(ctx, out, clusterer->last.n, clusterer->last.k, "out")) == GRASP_OK)
            grasp__matrix_write_f64(out, 0, clusterer->last.n, clusterer->last.responsibility);
    }
    return grasp__leave(ctx, s);
}

double grasp_clusterer_objective(const grasp_clusterer *clusterer)
{
    return clusterer == NULL ? NAN : clusterer->last.objective;
}

grasp_status grasp_clusterer_report(grasp_context *ctx, const grasp_clusterer *clusterer, grasp_report **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    if ((s = check_fitted(ctx, clusterer)) == GRASP_OK)
        *out = grasp_report_ref(clusterer->last.report);
    return grasp__leave(ctx, s);
}
