/* SPDX-License-Identifier: BSD-3-Clause
 * What was inferred: made class by class, merged into one id space, counted, read.
 */
#include "infer/private.h"

#include <math.h>
#include <string.h>

grasp_status grasp__inference_check(grasp_context *ctx, const grasp_inference *inference, const char *name)
{
    return grasp__check_handle(ctx, inference, GRASP__INFERENCE_MAGIC, name, "grasp_inference");
}

bool grasp__class_is_whole(const grasp_inference *inference, const grasp__inferred_class *k)
{
    if (inference->algorithm == GRASP__INFER_ROBUST)
        return k->n_rules == 0;
    if (inference->algorithm == GRASP__INFER_DBSCAN)
        return isnan(k->eps) != 0;
    return inference->algorithm == GRASP__INFER_GMM ? k->mixture == NULL : k->centers == NULL;
}

/* ---- making and freeing ------------------------------------------------------------------------------------------ */

static grasp_status class_create(grasp_context *ctx, int64_t label, const int64_t *row, int64_t n, int64_t n_settings,
                                 grasp__inferred_class *k)
{
    k->label = label;
    k->n = n;
    k->n_clusters = 1;
    k->eps = k->score = NAN;
    grasp_status s = grasp__alloc(ctx, n, sizeof *k->row, &k->row);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n, sizeof *k->cluster, &k->cluster);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n, sizeof *k->core, &k->core);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_settings, sizeof *k->scores, &k->scores);
    if (s != GRASP_OK)
        return s;
    memcpy(k->row, row, (size_t)n * sizeof *row);
    for (int64_t i = 0; i < n_settings; i++)
        k->scores[i] = NAN;
    return GRASP_OK;
}

grasp_status grasp__inference_empty(grasp_context *ctx, int64_t n_settings, grasp_inference **out)
{
    grasp_inference *inference = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *inference, &inference);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&inference->object, GRASP__INFERENCE_MAGIC);
    inference->n_settings = n_settings;
    *out = inference;
    return GRASP_OK;
}

grasp_status grasp__inference_create(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n,
                                     int64_t n_settings, grasp_inference **out)
{
    grasp_inference *inference = NULL;
    int64_t *classes = NULL, *rows = NULL, *start = NULL, count = 0;
    grasp_status s = grasp__inference_empty(ctx, n_settings, &inference);
    if (s != GRASP_OK)
        return s;
    inference->gradients = grasp__gradients_ref(g);
    s = grasp__distinct(ctx, y, n, &classes, &count);
    if (s == GRASP_OK)
        s = grasp__rows_by_class(ctx, y, n, classes, count, &rows, &start);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, count, sizeof *inference->classes, &inference->classes);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_settings, sizeof *inference->grid_eps, &inference->grid_eps);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_settings, sizeof *inference->grid_min_samples, &inference->grid_min_samples);
    if (s == GRASP_OK)
        inference->n_classes = count;
    for (int64_t c = 0; s == GRASP_OK && c < count; c++)
        s = class_create(ctx, classes[c], rows + start[c], start[c + 1] - start[c], n_settings, &inference->classes[c]);
    grasp__free(start);
    grasp__free(rows);
    grasp__free(classes);
    if (s == GRASP_OK)
        *out = inference;
    else
        grasp__inference_free(inference);
    return s;
}

int64_t grasp__class_cores(const grasp__inferred_class *k)
{
    int64_t n = 0;
    for (int64_t i = 0; i < k->n; i++)
        n += k->core[i] != 0;
    return n;
}

void grasp__inference_free(grasp_inference *inference)
{
    if (inference == NULL || inference->object.magic != GRASP__INFERENCE_MAGIC ||
        !grasp__object_unref(&inference->object))
        return;
    for (int64_t c = 0; c < inference->n_classes; c++) {
        grasp__inferred_class *k = &inference->classes[c];
        grasp__free(k->row);
        grasp__free(k->cluster);
        grasp__free(k->core);
        grasp__free(k->mean);
        grasp__free(k->centers);
        grasp__mixture_free(k->mixture);
        grasp__free(k->scores);
        grasp__free(k->rule);
    }
    grasp__free(inference->classes);
    grasp__free(inference->grid_eps);
    grasp__free(inference->grid_min_samples);
    grasp__gradients_free(inference->gradients);
    grasp_groups_free(inference->groups);
    grasp__free(inference);
}

grasp_status grasp__inference_merge(grasp_context *ctx, grasp_inference *inference, int64_t n)
{
    int64_t *label = NULL, first = 0;
    grasp_status s = grasp__alloc(ctx, n, sizeof *label, &label);
    if (s != GRASP_OK)
        return s;
    for (int64_t c = 0; c < inference->n_classes; c++) {
        grasp__inferred_class *k = &inference->classes[c];
        k->first_group = first;
        first += k->n_clusters;
        k->n_noise = 0;
        for (int64_t i = 0; i < k->n; i++) {
            label[k->row[i]] = k->cluster[i] == GRASP_NOISE ? GRASP_NOISE : k->first_group + k->cluster[i];
            k->n_noise += k->cluster[i] == GRASP_NOISE;
        }
    }
    s = grasp__groups_create(ctx, label, n, &inference->groups);
    grasp__free(label);
    return s;
}

/* ---- report ------------------------------------------------------------------------------------------------------ */

static grasp_status put_class(grasp_context *ctx, const grasp_inference *inference, int64_t c, grasp_report *report)
{
    const grasp__inferred_class *k = &inference->classes[c];
    const struct {
        const char *name;
        double value;
    } entry[] = {{"label", (double)k->label},
                 {"samples", (double)k->n},
                 {"eps", k->eps},
                 {"min_samples", (double)k->min_samples},
                 {"score", k->score},
                 {"clusters", (double)k->n_clusters},
                 {"noise", (double)k->n_noise},
                 {"admissible", (double)k->admissible}};
    char name[64];
    grasp_status s = GRASP_OK;
    for (size_t e = 0; s == GRASP_OK && e < sizeof entry / sizeof *entry; e++) {
        grasp__format(name, sizeof name, "class.%jd.%s", (intmax_t)c, entry[e].name);
        s = grasp__report_put_value(ctx, report, name, entry[e].value);
    }
    grasp__format(name, sizeof name, "class.%jd.scores", (intmax_t)c);
    return s == GRASP_OK ? grasp__report_put_series(ctx, report, name, k->scores, inference->n_settings) : s;
}

static grasp_status put_grid(grasp_context *ctx, const grasp_inference *inference, grasp_report *report)
{
    grasp_status s =
        grasp__report_put_series(ctx, report, "grid.eps", inference->grid_eps, inference->n_settings);
    if (s == GRASP_OK)
        s = grasp__report_put_series(ctx, report, "grid.min_samples", NULL, 0);
    for (int64_t i = 0; s == GRASP_OK && i < inference->n_settings; i++)
        s = grasp__report_append(ctx, report, "grid.min_samples", (double)inference->grid_min_samples[i]);
    return s;
}

grasp_status grasp__inference_report(grasp_context *ctx, const grasp_inference *inference, grasp_report **out)
{
    grasp_report *report = NULL;
    grasp_status s = grasp__report_create(ctx, &report);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "samples", (double)inference->groups->n);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "classes", (double)inference->n_classes);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "groups", (double)inference->groups->count);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "noise", (double)inference->groups->noise);
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++)
        s = put_class(ctx, inference, c, report);
    if (s == GRASP_OK)
        s = put_grid(ctx, inference, report);
    if (s == GRASP_OK)
        *out = report;
    else
        grasp_report_free(report);
    return s;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static bool is_inference(const grasp_inference *inference)
{
    return inference != NULL && inference->object.magic == GRASP__INFERENCE_MAGIC;
}

grasp_inference *grasp_inference_ref(grasp_inference *inference)
{
    if (inference != NULL)
        grasp__object_ref(&inference->object);
    return inference;
}

void grasp_inference_free(grasp_inference *inference)
{
    grasp__inference_free(inference);
}

int64_t grasp_inference_n_classes(const grasp_inference *inference)
{
    return is_inference(inference) ? inference->n_classes : 0;
}

int64_t grasp_inference_n_settings(const grasp_inference *inference)
{
    return is_inference(inference) ? inference->n_settings : 0;
}

grasp_status grasp_inference_groups(grasp_context *ctx, const grasp_inference *inference, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__inference_check(ctx, inference, "inference");
    if (s == GRASP_OK)
        *out = grasp_groups_ref(inference->groups);
    return grasp__leave(ctx, s);
}

grasp_status grasp_inference_class(grasp_context *ctx, const grasp_inference *inference, int64_t c, int64_t *label,
                                   double *eps, int64_t *min_samples, double *score, int64_t *n_clusters,
                                   int64_t *n_noise, int32_t *admissible)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__inference_check(ctx, inference, "inference");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, c, 0, inference->n_classes - 1, "c");
    if (s != GRASP_OK)
        return grasp__leave(ctx, s);
    const grasp__inferred_class *k = &inference->classes[c];
    if (label != NULL)
        *label = k->label;
    if (eps != NULL)
        *eps = k->eps;
    if (min_samples != NULL)
        *min_samples = k->min_samples;
    if (score != NULL)
        *score = k->score;
    if (n_clusters != NULL)
        *n_clusters = k->n_clusters;
    if (n_noise != NULL)
        *n_noise = k->n_noise;
    if (admissible != NULL)
        *admissible = k->admissible;
    return grasp__leave(ctx, GRASP_OK);
}

grasp_status grasp_inference_setting(grasp_context *ctx, const grasp_inference *inference, int64_t c, int64_t i,
                                     double *eps, int64_t *min_samples, double *score)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__inference_check(ctx, inference, "inference");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, c, 0, inference->n_classes - 1, "c");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, i, 0, inference->n_settings - 1, "i");
    if (s != GRASP_OK)
        return grasp__leave(ctx, s);
    if (eps != NULL)
        *eps = inference->grid_eps[i];
    if (min_samples != NULL)
        *min_samples = inference->grid_min_samples[i];
    if (score != NULL)
        *score = inference->classes[c].scores[i];
    return grasp__leave(ctx, GRASP_OK);
}
