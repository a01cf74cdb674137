/* SPDX-License-Identifier: BSD-3-Clause
 * GRASP, Algorithm 1 of Zeng et al. (2022): who the groups are, for mode=density and mode=published.
 *
 * For each class of y: the rows of its samples, their distances (centred cosine by default), the labels and the score
 * of every setting of a grid (sweep.h), the best setting. The groups of all classes then share one id space, noise is
 * -1.
 * A class in which no setting has a defined score stays one group, without noise; mode=published takes the first
 * setting there, as the authors' code does. With select=all the setting with the highest mean of the classes' scores
 * serves all.
 * O(n_c^2 p) for a class of n_c samples.
 */
#include "infer/private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_METRIC, GRASP_PARAM_STR, "cosine", "cosine|euclidean", "distance between gradients of a class"},
    {GRASP_KEY_CENTER, GRASP_PARAM_BOOL, "true", NULL, "cosine: subtract the mean gradient of the class"},
    {GRASP_KEY_ALGORITHM, GRASP_PARAM_STR, "dbscan", "dbscan|kmeans|gmm", "what clusters a class"},
    {GRASP_KEY_SELECT, GRASP_PARAM_STR, "class", "class|all",
     "a setting for each class, or the one with the highest mean of the classes' scores for all"},
    {GRASP_KEY_MODE, GRASP_PARAM_STR, "robust", "robust|density|published",
     "the cross-class direction; or density clustering, where a class without an admissible setting is one group, or "
     "(published) takes the first setting"},
    {GRASP_KEY_EVIDENCE, GRASP_PARAM_F64, "0.55", "[0, 1]",
     "robust: accuracy that learned minorities must reach out of fold, lest they be called errors"},
    GRASP__SWEEP_PARAMS,
};

const grasp__param_table grasp__infer_params = {"infer", params, sizeof params / sizeof *params, {{NULL, NULL}}};

/* One call. */
typedef struct work {
    const grasp__options *options;
    const grasp_groups *truth;
    grasp_inference *inference;
    const char *algorithm;
    bool all, published;
    grasp_sweep **sweep; /* one a class; freed once its setting is taken */
} work;

/* ---- one class --------------------------------------------------------------------------------------------------- */

static grasp_status keep_mean(grasp_context *ctx, const grasp_distances *d, grasp__inferred_class *k)
{
    const double *mean = grasp__distances_mean(d);
    int64_t p = grasp__distances_dim(d);
    if (mean == NULL)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, p, sizeof *k->mean, &k->mean);
    if (s == GRASP_OK)
        memcpy(k->mean, mean, (size_t)p * sizeof *mean);
    return s;
}

static grasp_status view_class(grasp_context *ctx, const work *w, const grasp__inferred_class *k,
                               grasp_gradients **view)
{
    return grasp__gradients_select(ctx, w->inference->gradients, k->row, k->n, view);
}

/* Labels and scores of every setting of a class. */
static grasp_status sweep_class(grasp_context *ctx, const work *w, int64_t c)
{
    grasp__inferred_class *k = &w->inference->classes[c];
    grasp_gradients *view = NULL;
    grasp_distances *d = NULL;
    grasp_groups *truth = NULL;
    grasp__stage_mark outer;

    grasp_status s = view_class(ctx, w, k, &view);
    if (s == GRASP_OK && w->truth != NULL)
        s = grasp__groups_select(ctx, w->truth, k->row, k->n, &truth);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "distances", 0, 0.05);
        s = grasp__distances_create_implicit(ctx, view, w->inference->metric, w->inference->center, NULL, &d);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK)
        s = keep_mean(ctx, d, k);
    if (s == GRASP_OK)
        s = grasp__sweep_create(ctx, w->algorithm, w->options, &w->sweep[c]);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "sweep", 0.05, 1);
        s = grasp__sweep_run(ctx, w->sweep[c], d, truth);
        grasp__stage_end(ctx, outer);
    }
    for (int64_t i = 0; s >= 0 && w->sweep[c] != NULL && i < w->inference->n_settings; i++)
        k->scores[i] = grasp__sweep_score(w->sweep[c], i);
    grasp_groups_free(truth);
    grasp__distances_free(d);
    grasp__gradients_free(view);
    return s;
}

/* The class's labels are those of a setting (-1: none is admissible). */
static grasp_status take_setting(grasp_context *ctx, const work *w, int64_t c, int64_t setting)
{
    grasp__inferred_class *k = &w->inference->classes[c];
    grasp_gradients *view = NULL;
    k->admissible = setting >= 0 && k->scores[setting] > -1;
    if (!k->admissible && w->published && setting < 0)
        setting = 0;
    if (!k->admissible && !w->published) {
        k->score = -1;
        return GRASP_OK;
    }
    grasp_status s = grasp__sweep_labels(ctx, w->sweep[c], setting, k->cluster, k->core);
    if (s != GRASP_OK)
        return s;
    k->score = k->scores[setting];
    grasp__sweep_values(w->sweep[c], setting, &k->eps, &k->min_samples);
    k->n_clusters = 0;
    for (int64_t i = 0; i < k->n; i++)
        k->n_clusters = k->cluster[i] >= k->n_clusters ? k->cluster[i] + 1 : k->n_clusters;
    if (w->inference->algorithm == GRASP__INFER_DBSCAN)
        return GRASP_OK;
    s = view_class(ctx, w, k, &view);
    if (s == GRASP_OK)
        s = w->inference->algorithm == GRASP__INFER_GMM
                ? grasp__class_mixture(ctx, w->inference, w->options, k, view)
                : grasp__class_centers(ctx, w->inference, k, view);
    grasp__gradients_free(view);
    return s;
}

/* ---- all classes ------------------------------------------------------------------------------------------------- */

/* The setting with the highest mean score; within 1e-12 the first; -1 if no class has an admissible score anywhere. */
static int64_t best_for_all(const grasp_inference *inference)
{
    int64_t best = -1;
    double highest = -1;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < inference->n_settings; i++) {
            double sum = 0;
            for (int64_t c = 0; c < inference->n_classes; c++)
                sum += inference->classes[c].scores[i];
            double mean = sum / (double)inference->n_classes;
            if (pass == 0)
                highest = mean > highest ? mean : highest;
            else if (best < 0 && mean > -1 && mean >= highest - 1e-12)
                best = i;
        }
    return best;
}

/* Sweeps class after class; each takes its share of the progress by its pairs. */
static grasp_status sweep_classes(grasp_context *ctx, work *w)
{
    grasp_inference *inference = w->inference;
    grasp_status worst = GRASP_OK, s = GRASP_OK;
    double total = 0, done = 0;
    for (int64_t c = 0; c < inference->n_classes; c++)
        total += (double)inference->classes[c].n * (double)inference->classes[c].n;
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++) {
        double pairs = (double)inference->classes[c].n * (double)inference->classes[c].n;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "class", done / total, (done + pairs) / total);
        s = sweep_class(ctx, w, c);
        grasp__stage_end(ctx, outer);
        done += pairs;
        if (s == GRASP_NOT_CONVERGED) {
            worst = s;
            s = GRASP_OK;
        }
        if (s == GRASP_OK && !w->all) {
            s = take_setting(ctx, w, c, grasp__sweep_best(w->sweep[c]));
            grasp__sweep_free(w->sweep[c]);
            w->sweep[c] = NULL;
        }
    }
    if (s != GRASP_OK || !w->all)
        return s == GRASP_OK ? worst : s;
    int64_t best = best_for_all(inference);
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++)
        s = take_setting(ctx, w, c, best);
    return s == GRASP_OK ? worst : s;
}

static grasp_status fill_grid(grasp_context *ctx, const work *w)
{
    grasp_sweep *sweep = NULL;
    grasp_status s = grasp__sweep_create(ctx, w->algorithm, w->options, &sweep);
    for (int64_t i = 0; s == GRASP_OK && i < w->inference->n_settings; i++)
        grasp__sweep_values(sweep, i, &w->inference->grid_eps[i], &w->inference->grid_min_samples[i]);
    grasp__sweep_free(sweep);
    return s;
}

static grasp_status count_settings(grasp_context *ctx, const work *w, int64_t *count)
{
    grasp_sweep *sweep = NULL;
    grasp_status s = grasp__sweep_create(ctx, w->algorithm, w->options, &sweep);
    *count = s == GRASP_OK ? grasp__sweep_count(sweep) : 0;
    grasp__sweep_free(sweep);
    return s;
}

grasp_status grasp__infer_density(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n,
                                  const grasp__options *o, const grasp_groups *truth_or_null,
                                  grasp_inference **out, grasp_report **report_or_null)
{
    work w = {.options = o, .truth = truth_or_null};
    int64_t settings;
    w.algorithm = grasp__options_str(o, GRASP_KEY_ALGORITHM);
    w.all = grasp__options_is(o, GRASP_KEY_SELECT, "all");
    w.published = grasp__options_is(o, GRASP_KEY_MODE, "published");
    *out = NULL;
    if (truth_or_null == NULL && grasp__options_is(o, GRASP_KEY_SCORE, "ari"))
        return grasp__fail(ctx, GRASP_E_ARG, "truth_or_null is NULL, expected known groups with score=ari");
    grasp_status merged, s = count_settings(ctx, &w, &settings);
    if (s == GRASP_OK)
        s = grasp__inference_create(ctx, g, y, n, settings, &w.inference);
    if (s != GRASP_OK)
        return s;
    w.inference->metric = grasp__options_is(o, GRASP_KEY_METRIC, "euclidean") ? GRASP__EUCLIDEAN : GRASP__COSINE;
    w.inference->center = w.inference->metric == GRASP__COSINE && grasp__options_i64(o, GRASP_KEY_CENTER) != 0;
    w.inference->algorithm = grasp__options_is(o, GRASP_KEY_ALGORITHM, "kmeans") ? GRASP__INFER_KMEANS
                             : grasp__options_is(o, GRASP_KEY_ALGORITHM, "gmm")  ? GRASP__INFER_GMM
                                                                                 : GRASP__INFER_DBSCAN;
    s = fill_grid(ctx, &w);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, w.inference->n_classes, sizeof(grasp_sweep *), &w.sweep);
    if (s == GRASP_OK)
        s = sweep_classes(ctx, &w);
    for (int64_t c = 0; w.sweep != NULL && c < w.inference->n_classes; c++)
        grasp__sweep_free(w.sweep[c]);
    grasp__free(w.sweep);
    if (s >= 0) {
        merged = grasp__inference_merge(ctx, w.inference, n);
        if (merged == GRASP_OK && report_or_null != NULL)
            merged = grasp__inference_report(ctx, w.inference, report_or_null);
        s = merged == GRASP_OK ? s : merged;
    }
    if (s >= 0)
        *out = w.inference;
    else
        grasp__inference_free(w.inference);
    return s;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp__infer_check(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                const grasp_groups *truth)
{
    grasp_status s = grasp__gradients_check_sealed(ctx, g, "gradients");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, grasp__gradients_count(g), "n");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__groups_check(ctx, truth, "truth_or_null");
    if (s == GRASP_OK && truth != NULL)
        s = grasp__check_equal(ctx, truth->n, n, "samples of truth_or_null");
    return s;
}

grasp_status grasp_infer(grasp_context *ctx, grasp_gradients *gradients, const int64_t *y, int64_t n,
                         const grasp_params *params_or_null, const grasp_groups *truth_or_null, grasp_inference **out,
                         grasp_report **report_or_null)
{
    grasp__options o = {.owned = NULL};
    if (report_or_null != NULL)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__infer_check(ctx, gradients, y, n, truth_or_null);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params_or_null, &grasp__infer_params, &o);
    if (s == GRASP_OK)
        s = grasp__infer(ctx, gradients, y, n, n, &o, truth_or_null, out, report_or_null);
    grasp__options_close(&o);
    return grasp__leave(ctx, s);
}
