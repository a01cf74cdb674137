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

static grasp_status copy_kmeans(grasp_context *ctx, const grasp__options *o, grasp_sweep *sweep)
{
    grasp_status s = grasp__params_create(ctx, &grasp__kmeans_params, &sweep->kmeans);
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, sweep->kmeans, GRASP_KEY_RESTARTS, grasp__options_i64(o, GRASP_KEY_RESTARTS));
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, sweep->kmeans, GRASP_KEY_MAX_ITERATIONS,
                                  grasp__options_i64(o, GRASP_KEY_MAX_ITERATIONS));
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, sweep->kmeans, GRASP_KEY_TOLERANCE, grasp__options_f64(o, GRASP_KEY_TOLERANCE));
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
            s = copy_kmeans(ctx, o, sweep);
    }
    return s == GRASP_OK ? grasp__check_product(ctx, sweep->n_eps, sweep->n_min_samples, "settings", &sweep->count) : s;
}

grasp_status grasp__sweep_create(grasp_context *ctx, const char *algorithm, const grasp__options *o, grasp_sweep **out)
{
    grasp_sweep *sweep = NULL;
    bool dbscan = strcmp(algorithm, "dbscan") == 0;
    *out = NULL;
    if (!dbscan && strcmp(algorithm, "kmeans") != 0)
        return grasp__fail(ctx, GRASP_E_ARG, "algorithm is \"%s\", expected \"dbscan\" or \"kmeans\"", algorithm);
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *sweep, &sweep);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&sweep->object, GRASP__SWEEP_MAGIC);
    sweep->dbscan = dbscan;
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
    grasp_params_free(sweep->kmeans);
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

static grasp_status check_run(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                              const grasp_groups *truth)
{
    int32_t metric = grasp__distances_metric(d);
    if (sweep->score == GRASP__SCORE_ARI && truth == NULL)
        return grasp__fail(ctx, GRASP_E_ARG, "truth_or_null is NULL, expected known groups with score=ari");
    if (sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN && metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "score is silhouette_euclidean, but distances are precomputed");
    if (!sweep->dbscan && metric == GRASP__PRECOMPUTED)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "algorithm is kmeans, but distances are precomputed");
    if (truth == NULL)
        return GRASP_OK;
    grasp_status s = grasp__groups_check(ctx, truth, "truth_or_null");
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

/* Do labels and scores both go over the distances of all pairs, and may these be kept beside the levels? *bytes of
 * them, else 0. */
static grasp_status kept_bytes(grasp_context *ctx, const grasp_sweep *sweep, int64_t n, bool by_tiles, int64_t *bytes)
{
    int64_t levels, pairs;
    *bytes = 0;
    if (!sweep->dbscan || !by_tiles || grasp__levels_bytes(ctx, n, &levels) != GRASP_OK || levels > sweep->budget)
        return GRASP_OK;
    grasp_status s = grasp__pairs(ctx, n, &pairs);
    if (s == GRASP_OK && pairs <= (sweep->budget - levels) / (int64_t)sizeof(double))
        *bytes = pairs * (int64_t)sizeof(double);
    return s;
}

/* With the distances kept, unless they would not fit under the memory limit. */
static grasp_status find_keeping(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 const grasp_groups *truth, grasp__sweep_result *result)
{
    int64_t bytes;
    double lo = 0;
    bool by_tiles = sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN ||
                    (sweep->score == GRASP__SCORE_SILHOUETTE && grasp__distances_metric(d) == GRASP__EUCLIDEAN);
    grasp_status s = kept_bytes(ctx, sweep, grasp__distances_count(d), by_tiles, &bytes);
    if (s == GRASP_OK && bytes > 0 && !grasp_distances_is_stored(d)) {
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

/* Adds count * each to *sum. */
static grasp_status add_bytes(grasp_context *ctx, int64_t count, int64_t each, int64_t *sum)
{
    int64_t bytes;
    grasp_status s = grasp__check_product(ctx, count, each, "bytes of a sweep", &bytes);
    if (s == GRASP_OK && !grasp__add_i64(*sum, bytes, sum))
        s = grasp__fail(ctx, GRASP_E_OVERFLOW, "bytes of a sweep do not fit 64 bits");
    return s;
}

/* Numbers a silhouette by tiles adds up at once: of each sample to each atom, silhouette_tiles.c. */
static int64_t most_sums(int64_t n)
{
    enum { SUMS_LIMIT = 1 << 25 };
    return n > 0 && n < SUMS_LIMIT / n ? n * n : SUMS_LIMIT;
}

/* What levels, or kept distances, and rows in float32 take: all within the budget, or levels of one wave. */
static grasp_status price_pairs(grasp_context *ctx, const grasp_sweep *sweep, int64_t n, int64_t p, int64_t *sum)
{
    enum { TILE_PAIRS = GRASP__TILE * GRASP__TILE };
    int64_t levels = 0, kept, rough;
    grasp_status s = kept_bytes(ctx, sweep, n, sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN, &kept);
    if (s == GRASP_OK)
        s = grasp__levels_bytes(ctx, n, &levels);
    if (s == GRASP_E_OVERFLOW || levels > sweep->budget)
        s = grasp__check_product(ctx, grasp__wave_blocks(n) / 2 + 1, TILE_PAIRS, "bytes of levels", &levels);
    if (s == GRASP_OK)
        s = add_bytes(ctx, 1, levels, sum);
    if (s != GRASP_OK || kept > 0)
        return s == GRASP_OK ? add_bytes(ctx, 1, kept, sum) : s;
    rough = grasp__levels_rough_bytes(n, p, levels > sweep->budget ? 0 : sweep->budget - levels);
    return add_bytes(ctx, 1, rough, sum);
}

/* What the labels need beside the result, and then the scores: the larger counts. */
static grasp_status price(grasp_context *ctx, const grasp_sweep *sweep, int64_t n, int64_t p, uint64_t *out)
{
    enum { TILE_PAIRS = GRASP__TILE * GRASP__TILE, SETTING = 256, LABELS = 96, COLUMNS = 64, SUMS = 16 << 20 };
    int64_t result = 1 << 14, grid = 0, score = 0, workers = grasp__workers(ctx), rows = 0;
    bool linear = sweep->score == GRASP__SCORE_SILHOUETTE;
    grasp_status s = grasp__reader_rows(ctx, n, p, &rows);
    if (s == GRASP_OK && sweep->dbscan) {
        s = price_pairs(ctx, sweep, n, p, &grid);
        if (s == GRASP_OK)
            s = add_bytes(ctx, n, sweep->n_min_samples, &result);
        if (s == GRASP_OK)
            s = add_bytes(ctx, n, (sweep->n_eps + 1) * 4 + 6 * sweep->n_min_samples + 16, &grid);
    }
    if (s == GRASP_OK)
        s = add_bytes(ctx, sweep->count, SETTING, &result);
    if (s == GRASP_OK)
        s = add_bytes(ctx, n, sweep->count * (int64_t)sizeof(int32_t), &result);
    if (s == GRASP_OK)
        s = add_bytes(ctx, n, LABELS + (linear ? 16 * COLUMNS : 0), &score);
    if (s == GRASP_OK && linear) /* sums of unit rows */
        s = p < SUMS / 16 / COLUMNS / (int64_t)sizeof(double) ? add_bytes(ctx, p, 16 * COLUMNS * 8, &score)
            : p < SUMS / COLUMNS / (int64_t)sizeof(double)    ? add_bytes(ctx, 1, SUMS, &score)
                                                              : add_bytes(ctx, p, COLUMNS * 8, &score);
    if (s == GRASP_OK && sweep->score == GRASP__SCORE_SILHOUETTE_EUCLIDEAN)
        s = add_bytes(ctx, most_sums(n), sizeof(double), &score);
    if (s == GRASP_OK)
        s = add_bytes(ctx, 1, grid > score ? grid : score, &result);
    if (s == GRASP_OK)
        s = add_bytes(ctx, workers, 4 * TILE_PAIRS * (int64_t)sizeof(double), &result);
    if (s == GRASP_OK)
        s = add_bytes(ctx, workers, rows, &result);
    *out = s == GRASP_OK ? (uint64_t)result : 0;
    return s;
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

grasp_status grasp_sweep_bytes(grasp_context *ctx, const grasp_sweep *sweep, int64_t n, int64_t p, uint64_t *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__sweep_check(ctx, sweep);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, p, 0, INT64_MAX, "p");
    if (s == GRASP_OK)
        s = price(ctx, sweep, n, p, out);
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
