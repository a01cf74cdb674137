/* SPDX-License-Identifier: BSD-3-Clause
 * A scene: a data set in one condition with one seed, its true groups, the model whose gradients are clustered, and the
 * evidence that groups are learned from.
 */
#include "paper.h"

#include <stdlib.h>
#include <string.h>

/* True groups of all rows: class x attribute, coded; with `own`, outliers are an attribute of their own. */
static bool true_groups(grasp_context *ctx, const data *d, bool own, grasp_groups **out)
{
    int64_t *label = allocate(d->n, sizeof *label);
    for (int64_t i = 0; i < d->n; i++)
        label[i] = d->y[i] * (d->n_attributes + own) + (own && d->outlier[i] ? d->n_attributes : d->a[i]);
    const bool ok = fine(ctx, grasp_groups_create(ctx, label, d->n, out));
    free(label);
    return ok;
}

/* What is known of the seen rows. The attribute that settings are chosen by has outliers as the true groups have. */
static bool know(scene *s)
{
    const data   *d = &s->d;
    int64_t      *a = allocate(d->n_seen, sizeof *a);
    grasp_groups *own = NULL;
    s->y = allocate(d->n_seen, sizeof *s->y);
    s->outlier = allocate(d->n_seen, 1);
    for (int64_t i = 0; i < d->n_seen; i++) {
        s->y[i] = d->y[d->seen[i]];
        s->outlier[i] = d->outlier[d->seen[i]];
        a[i] = s->own && s->outlier[i] ? d->n_attributes : d->a[d->seen[i]];
    }
    const bool ok = true_groups(s->ctx, d, false, &s->all) && true_groups(s->ctx, d, true, &own) &&
                    fine(s->ctx, grasp_groups_select(s->ctx, s->all, d->seen, d->n_seen, &s->truth)) &&
                    fine(s->ctx, grasp_groups_select(s->ctx, own, d->seen, d->n_seen, &s->truth_own)) &&
                    fine(s->ctx, grasp_groups_create(s->ctx, a, d->n_seen, &s->attribute)) &&
                    fine(s->ctx, grasp_groups_create_coded(s->ctx, s->y, d->n_seen, &s->class_of));
    grasp_groups_free(own);
    free(a);
    return ok;
}

/* The seen rows' features, as points and as rows that grasp_infer() takes in the place of gradients. */
static bool take_features(scene *s)
{
    const data *d = &s->d;
    if (!fine(s->ctx, grasp_matrix_create(s->ctx, GRASP_F64, d->n_seen, d->d, &s->points)))
        return false;
    double *to = grasp_matrix_data(s->points);
    for (int64_t i = 0; i < d->n_seen; i++)
        memcpy(to + i * grasp_matrix_row_stride(s->points), d->value + d->seen[i] * d->d, (size_t)d->d * sizeof *to);
    return fine(s->ctx, grasp_gradients_create_dense(s->ctx, GRASP_F64, d->d, d->n_seen, &s->feature)) &&
           fine(s->ctx, grasp_gradients_append_lent(s->ctx, s->feature, s->points)) &&
           fine(s->ctx, grasp_gradients_seal(s->ctx, s->feature));
}

/* Class x misclassified: what every clustering must beat. */
static bool find_mistakes(scene *s)
{
    int64_t      *label = allocate(s->d.n_seen, sizeof *label);
    grasp_groups *wrong = NULL;
    bool          ok = fine(s->ctx, grasp_model_predict_rows(s->ctx, s->model, s->d.seen, s->d.n_seen, label));
    for (int64_t i = 0; i < s->d.n_seen; i++)
        label[i] = label[i] != s->y[i];
    ok = ok && fine(s->ctx, grasp_groups_create_coded(s->ctx, label, s->d.n_seen, &wrong)) &&
         fine(s->ctx, grasp_groups_cross(s->ctx, s->class_of, wrong, &s->mistake));
    grasp_groups_free(wrong);
    free(label);
    return ok;
}

/* The seen rows' gradients: by file, or those of the fitted model. */
static bool take_gradients(scene *s)
{
    const data      *d = &s->d;
    grasp_gradients *all = NULL;
    if (strcmp(s->set, "files") || !s->o->gradients)
        return fine(s->ctx, grasp_gradients_compute(s->ctx, s->model, d->seen, d->n_seen, NULL, &s->gradient));
    bool ok = fine(s->ctx, grasp_gradients_open_npy(s->ctx, s->o->gradients, &all));
    if (ok && grasp_gradients_count(all) != d->n) {
        fprintf(stderr, "grasp-paper: %s has %lld rows, expected %lld, as in %s\n", s->o->gradients,
                (long long)grasp_gradients_count(all), (long long)d->n, s->o->meta);
        ok = false;
    }
    ok = ok && fine(s->ctx, grasp_gradients_select(s->ctx, all, d->seen, d->n_seen, &s->gradient));
    grasp_gradients_free(all);
    return ok;
}

static bool scene_open(scene *s, data d)
{
    s->d = d;
    return fine(s->ctx, grasp_context_set_seed(s->ctx, (uint64_t)s->seed)) && know(s) && take_features(s) &&
           scene_fit(s) && take_gradients(s) && find_mistakes(s);
}

bool scene_is_first(const scene *s)
{
    const bool has_published = s->o->published && !strcmp(s->set, "synthetic");
    return s->seed == (has_published ? PAPER_SEED : 0) && strcmp(s->condition, "refitted");
}

bool scene_wants(const scene *s, const char *part, const char *row, char *name, size_t room)
{
    snprintf(name, room, "%s.%s.%s%s%s", part, s->set, s->condition, row ? "." : "", row ? row : "");
    if (!wanted_part(s->o, part) || results_has(s->r, name, s->seed))
        return false;
    progress_cell(s->o, name, s->seed);
    return true;
}

static void scene_free(scene *s)
{
    grasp_model_free(s->model);
    grasp_gradients_free(s->gradient);
    grasp_gradients_free(s->feature);
    grasp_matrix_free(s->points);
    grasp_groups_free(s->attribute);
    grasp_groups_free(s->truth);
    grasp_groups_free(s->truth_own);
    grasp_groups_free(s->all);
    grasp_groups_free(s->class_of);
    grasp_groups_free(s->mistake);
    for (int i = 0; i < LEARNERS; i++)
        grasp_groups_free(s->learned[i]);
    free(s->y);
    free(s->outlier);
    data_free(&s->d);
}

/* *found is false where the data are absent. */
static bool load(scene *s, data *d, bool *found)
{
    const double variance = s->departure && s->departure->variance > 0 ? s->departure->variance : 0.1;
    *found = true;
    if (!strcmp(s->set, "synthetic"))
        return data_synthetic(s->ctx, s->contaminated, variance, s->seed, d);
    if (!strcmp(s->set, "compas"))
        return data_compas(s->ctx, s->o, s->contaminated, s->seed, d, found);
    if (!strcmp(s->set, "waterbirds"))
        return data_waterbirds(s->ctx, s->o, s->contaminated, s->seed, d, found);
    return data_files(s->ctx, s->o, d);
}

bool scene_run(scene *s, bool (*work)(scene *), bool *found)
{
    data d = {0};
    bool ok = load(s, &d, found);
    if (ok && *found)
        ok = scene_open(s, d) && work(s);
    else
        data_free(&d);
    scene_free(s);
    return ok;
}
