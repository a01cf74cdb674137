/* SPDX-License-Identifier: BSD-3-Clause
 * Sweeps: made from lists of parameters, run over distances. The labels are found in grid.c (dbscan) and kmeans.c, the
 * scores in score.c; what is read afterwards is in access.c.
 */
#include "sweep/levels.h"
#include "sweep/private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {GRASP__SWEEP_PARAMS};

const grasp__param_table grasp__sweep_params = {"sweep", params, sizeof params / sizeof *params, {{NULL, NULL}}};

/* ---- making ------------------------------------------------------------------------------------------------------ */

static int64_t distinct_f64(double *v, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) { /* insertion: lists are short */
        double x = v[i];
        int64_t at = count;
        while (at > 0 && v[at - 1] > x)
            at--;
        if (at > 0 && v[at - 1] == x)
            continue;
        memmove(v + at + 1, v + at, (size_t)(count - at) * sizeof *v);
        v[at] = x;
        count++;
    }
    return count;
}

static grasp_status copy_eps(grasp_context *ctx, const grasp__options *o, grasp_sweep *sweep)
{
    int64_t n;
    const double *list = grasp__options_f64s(o, GRASP_KEY_EPS, &n);
    grasp_status s = grasp__alloc(ctx, n, sizeof *sweep->eps, &sweep->eps);
    if (s != GRASP_OK)
        return s;
    memcpy(sweep->eps, list, (size_t)n * sizeof *list);
    sweep->n_eps = distinct_f64(sweep->eps, n);
    if (sweep->n_eps > GRASP__MAX_RADII)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" has %jd different values, expected at most %d", GRASP_KEY_EPS,
                           (intmax_t)sweep->n_eps, GRASP__MAX_RADII);
    return GRASP_OK;
}

static grasp_status copy_counts(grasp_context *ctx, const grasp__options *o, const char *key, grasp_sweep *sweep)
{
    int64_t n;
    const int64_t *list = grasp__options_i64s(o, key, &n);
    return grasp__distinct(ctx, list, n, &sweep->min_samples, &sweep->n_min_samples);
}

grasp_status grasp__sweep_centers(grasp_context *ctx, bool gmm, const grasp__options *o, grasp_params **out)
{
    grasp_status s = grasp__params_create(ctx, gmm ? &grasp__gmm_params : &grasp__kmeans_params, out);
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, *out, GRASP_KEY_RESTARTS, grasp__options_i64(o, GRASP_KEY_RESTARTS));
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, *out, GRASP_KEY_MAX_ITERATIONS, grasp__options_i64(o, GRASP_KEY_MAX_ITERATIONS));
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, *out, GRASP_KEY_TOLERANCE, grasp__options_f64(o, GRASP_KEY_TOLERANCE));
    if (s == GRASP_OK && gmm)
        s = grasp__params_set_f64(ctx, *out, GRASP_KEY_REGULARIZATION, grasp__options_f64(o, GRASP_KEY_REGULARIZATION));
    return s;
}

static int32_t score_of(const grasp__options *o)
{
    if (grasp__options_is(o, GRASP_KEY_SCORE, "ari"))
        return GRASP__SCORE_ARI;
    return grasp__options_is(o, GRASP_KEY_SCORE, "silhouette") ? GRASP__SCORE_SILHOUETTE
                                                               : GRASP__SCORE_SILHOUETTE_EUCLIDEAN;
}

static grasp_status fill(grasp_context *ctx, const grasp__options *o, grasp_sweep *sweep)
{
    grasp_status s;
    sweep->score = score_of(o);
    sweep->exclude_noise = grasp__options_is(o, GRASP_KEY_NOISE, "exclude");
    sweep->budget = grasp__options_i64(o, GRASP_KEY_BUDGET);
    sweep->n_eps = 1;
    if (sweep->dbscan) {
        s = copy_eps(ctx, o, sweep);
        if (s == GRASP_OK)
            s = copy_counts(ctx, o, GRASP_KEY_MIN_SAMPLES, sweep);
    } else {
        s = copy_counts(ctx, o, GRASP_KEY_K, sweep);
        if (s == GRASP_OK)
            s = grasp__sweep_centers(ctx, sweep->gmm, o, &sweep->centers);
    }
    return s == GRASP_OK ? grasp__check_product(ctx, sweep->n_eps, sweep->n_min_samples, "settings", &sweep->count) : s;
}

grasp_status grasp__sweep_create(grasp_context *ctx, const char *algorithm, const grasp__options *o, grasp_sweep **out)
{
    grasp_sweep *sweep = NULL;
    bool dbscan = strcmp(algorithm, "dbscan") == 0, gmm = strcmp(algorithm, "gmm") == 0;
    *out = NULL;
    if (!dbscan && !gmm && strcmp(algorithm, "kmeans") != 0)
        return grasp__fail(ctx, GRASP_E_ARG, "algorithm is \"%s\", expected \"dbscan\", \"kmeans\" or \"gmm\"",
                           algorithm);
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *sweep, &sweep);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&sweep->object, GRASP__SWEEP_MAGIC);
    sweep->dbscan = dbscan;
    sweep->gmm = gmm;
    s = fill(ctx, o, sweep);
    if (s == GRASP_OK)
        *out = sweep;
    else
        grasp__sweep_free(sweep);
    return s;
}

static void result_free(grasp__sweep_result *r)
{
    grasp__free(r->label);
    grasp__free(r->core_level);
    grasp__free(r->n_clusters);
    grasp__free(r->n_noise);
    grasp__free(r->partition);
    grasp__free(r->score);
    *r = (grasp__sweep_result){.n = 0};
}

void grasp__sweep_free(grasp_sweep *sweep)
{
    if (sweep == NULL || sweep->object.magic != GRASP__SWEEP_MAGIC || !grasp__object_unref(&sweep->object))
        return;
    result_free(&sweep->result);
    grasp_params_free(sweep->centers);
    grasp__free(sweep->min_samples);
    grasp__free(sweep->eps);
    grasp__free(sweep);
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static grasp_status result_make(grasp_context *ctx, const grasp_sweep *sweep, int64_t n, grasp__sweep_result *r)
{
    int64_t labels = 0, cores = 0;
    *r = (grasp__sweep_result){.n = n};
    grasp_status s = grasp__check_product(ctx, sweep->count, n, "labels of all settings", &labels);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, sweep->dbscan ? sweep->n_min_samples : 0, n, "levels of cores", &cores);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, labels, sizeof *r->label, &r->label);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, cores, sizeof *r->core_level, &r->core_level);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, sweep->count, sizeof *r->n_clusters, &r->n_clusters);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, sweep->count, sizeof *r->n_noise, &r->n_noise);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, sweep->count, sizeof *r->partition, &r->partition);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, sweep->count, sizeof *r->score, &r->score);
    for (int64_t i = 0; s == GRASP_OK && i < sweep->count; i++) {
        r->n_clusters[i] = r->n_noise[i] = r->partition[i] = -1;
        r->score[i] = NAN;
    }
    return s;
}

/* Can this sweep go over distances of this kind? */
static grasp_status check_kind(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d)
{
    int32_t metric = grasp__distances_metric(d);
    if (sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN && metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "score is silhouette_euclidean, but distances are precomputed");
    if (!sweep->dbscan && metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "algorithm is %s, but distances are precomputed",
                           sweep->gmm ? "gmm" : "kmeans");
    return GRASP_OK;
}

static grasp_status check_run(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                              const grasp_groups *truth)
{
    if (sweep->score == GRASP__SCORE_ARI && truth == NULL)
        return grasp__fail(ctx, GRASP_E_ARG, "truth_or_null is NULL, expected known groups with score=ari");
    grasp_status s = check_kind(ctx, sweep, d);
    if (s != GRASP_OK || truth == NULL)
        return s;
    s = grasp__groups_check(ctx, truth, "truth_or_null");
    return s == GRASP_OK ? grasp__check_equal(ctx, truth->n, grasp__distances_count(d), "samples of truth_or_null") : s;
}

/* Labels and scores of all settings; stages within [lo, 1]. */
static grasp_status find_all(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                             const grasp_groups *truth, double lo, grasp__sweep_result *result)
{
    double middle = sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN ? (lo + 1) / 2 : 0.8 + 0.2 * lo;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "labels", lo, middle);
    grasp_status s =
        sweep->dbscan ? grasp__sweep_dbscan(ctx, sweep, d, result) : grasp__sweep_kmeans(ctx, sweep, d, result);
    grasp__stage_end(ctx, outer);
    if (s != GRASP_OK && s != GRASP_NOT_CONVERGED)
        return s;
    outer = grasp__stage_begin(ctx, "scores", middle, 1);
    grasp_status scored = grasp__sweep_score_all(ctx, sweep, d, truth, result);
    grasp__stage_end(ctx, outer);
    return scored == GRASP_OK ? s : scored;
}

/* Do labels and scores both go over the distances of all pairs, and may these be kept beside the levels? */
static bool keeps_distances(const grasp_sweep *sweep, const grasp__space *space)
{
    int64_t levels = grasp__levels_bytes(space->n);
    bool by_tiles = sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN ||
                    (sweep->score == GRASP__SCORE_SILHOUETTE && space->metric == GRASP__EUCLIDEAN);
    return sweep->dbscan && by_tiles && space->n > 1 && !space->stored && levels <= sweep->budget &&
           grasp__price_pairs(space->n, sizeof(double)) <= (uint64_t)(sweep->budget - levels);
}

/* With the distances kept, unless they would not fit under the memory limit. */
static grasp_status find_keeping(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 const grasp_groups *truth, grasp__sweep_result *result)
{
    double lo = 0;
    grasp_status s = GRASP_OK;
    grasp__space space = grasp__distances_space(d);
    if (keeps_distances(sweep, &space)) {
        grasp_distances *kept;
        lo = 0.7;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "distances", 0, lo);
        s = grasp__distances_keep(ctx, d, &kept);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK)
            s = find_all(ctx, sweep, kept, truth, lo, result);
        grasp__distances_drop(kept);
        if (s != GRASP_E_MEMLIMIT)
            return s;
        s = GRASP_OK;
    }
    return s == GRASP_OK ? find_all(ctx, sweep, d, truth, lo, result) : s;
}

grasp_status grasp__sweep_run(grasp_context *ctx, grasp_sweep *sweep, const grasp_distances *d,
                              const grasp_groups *truth_or_null)
{
    grasp__sweep_result result = {.n = 0};
    grasp_status s = check_run(ctx, sweep, d, truth_or_null);
    if (s == GRASP_OK)
        s = result_make(ctx, sweep, grasp__distances_count(d), &result);
    if (s == GRASP_OK)
        s = find_keeping(ctx, sweep, d, truth_or_null, &result);
    if (s < 0) {
        result_free(&result);
        return s;
    }
    result_free(&sweep->result);
    sweep->result = result;
    sweep->has_run = true;
    return s;
}

/* ---- price ------------------------------------------------------------------------------------------------------- */

uint64_t grasp__sweep_handle_price(const grasp_sweep *sweep)
{
    enum { PARAMS = 1024 };
    uint64_t sum = grasp__price(1, sizeof *sweep);
    grasp__price_add(&sum, sweep->n_eps, sizeof(double));
    grasp__price_add(&sum, sweep->n_min_samples, sizeof(int64_t));
    return grasp__price_sum(sum, sweep->centers != NULL ? PARAMS : 0);
}

uint64_t grasp__sweep_result_price(const grasp_sweep *sweep, int64_t n)
{
    uint64_t sum = grasp__price_values(sweep->count, n, sizeof(int32_t));
    sum = grasp__price_sum(sum, grasp__price_values(sweep->dbscan ? sweep->n_min_samples : 0, n, 1));
    for (int q = 0; q < 4; q++)
        grasp__price_add(&sum, sweep->count, sizeof(double));
    return sum;
}

/* The result, and the larger of what labels and scores need beside it. */
uint64_t grasp__sweep_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space)
{
    grasp__space used = *space;
    uint64_t keeping = 0, distances = 0;
    if (keeps_distances(sweep, space)) {
        distances = grasp__distances_keep_price(ctx, space, &keeping);
        used.stored = true;
    }
    uint64_t labels = sweep->dbscan ? grasp__sweep_dbscan_price(ctx, sweep, &used)
                                    : grasp__sweep_kmeans_price(ctx, sweep, &used);
    uint64_t scores = grasp__sweep_score_price(ctx, sweep, &used);
    uint64_t most = grasp__price_sum(distances, labels > scores ? labels : scores);
    return grasp__price_sum(grasp__sweep_result_price(sweep, space->n), keeping > most ? keeping : most);
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp_sweep_create(grasp_context *ctx, const char *algorithm, const grasp_params *params_or_null,
                                grasp_sweep **out)
{
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, algorithm, "algorithm");
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__sweep_params, &o);
    if (s == GRASP_OK)
        s = grasp__sweep_create(ctx, algorithm, &o, out);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}

void grasp_sweep_free(grasp_sweep *sweep)
{
    grasp__sweep_free(sweep);
}

grasp_status grasp_sweep_bytes(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *distances,
                               uint64_t *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = grasp__distances_check(ctx, distances, "distances");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = check_kind(ctx, sweep, distances);
    if (s == GRASP_OK) {
        grasp__space space = grasp__distances_space(distances);
        s = grasp__price_tell(ctx, grasp__sweep_price(ctx, sweep, &space), "a sweep over all samples", out);
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_sweep_run(grasp_context *ctx, grasp_sweep *sweep, const grasp_distances *distances,
                             const grasp_groups *truth_or_null)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = grasp__distances_check(ctx, distances, "distances");
    if (s == GRASP_OK)
        s = grasp__sweep_run(ctx, sweep, distances, truth_or_null);
    return grasp__leave(ctx, s);
}
