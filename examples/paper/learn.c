/* SPDX-License-Identifier: BSD-3-Clause
 * One way to groups, and what they are worth beside their floors.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *learner_text(const scene *s, const learner *l)
{
    return !s->o->published ? l->honest : s->contaminated && l->contaminated ? l->contaminated : l->published;
}

static bool infer(scene *s, const learner *l, const char *text, grasp_groups **out)
{
    grasp_params    *p = params_of(s->ctx, "infer", text);
    grasp_inference *found = NULL;
    const bool       ok = p &&
                    fine(s->ctx, grasp_infer(s->ctx, l->gradient ? s->gradient : s->feature, s->y, s->d.n_seen, p,
                                             l->oracle ? s->attribute : NULL, &found, NULL)) &&
                    fine(s->ctx, grasp_inference_groups(s->ctx, found, out));
    grasp_params_free(p);
    grasp_inference_free(found);
    return ok;
}

/* Groups of the first class from one partition, of all others from another one. */
static bool join(scene *s, const grasp_groups *first, const grasp_groups *others, grasp_groups **out)
{
    const int64_t n = s->d.n_seen, offset = grasp_groups_count(first);
    int64_t      *label = allocate(n, sizeof *label);
    for (int64_t i = 0; i < n; i++) {
        const int64_t other = grasp_groups_label(others, i);
        label[i] = s->y[i] == 0 ? grasp_groups_label(first, i) : other < 0 ? other : offset + other;
    }
    const bool ok = fine(s->ctx, grasp_groups_create(s->ctx, label, n, out));
    free(label);
    return ok;
}

/* What is clustered in the features' place: gradients, or 1 - p_y = 1 - exp(-loss). */
static bool make_points(scene *s, const char *what, const double *loss, grasp_matrix **out)
{
    const int64_t n = s->d.n_seen;
    const bool    gradients = !strcmp(what, "gradients");
    if (!fine(s->ctx, grasp_matrix_create(s->ctx, GRASP_F64, n, gradients ? grasp_gradients_dim(s->gradient) : 1, out)))
        return false;
    if (gradients)
        return fine(s->ctx, grasp_gradients_rows(s->ctx, s->gradient, 0, n, *out));
    for (int64_t i = 0; i < n; i++)
        ((double *)grasp_matrix_data(*out))[i * grasp_matrix_row_stride(*out)] = -expm1(-loss[i]);
    return true;
}

static bool by_points(scene *s, const learner *l, grasp_groups **out)
{
    const data      *d = &s->d;
    double          *loss = allocate(d->n_seen, sizeof *loss);
    grasp_matrix    *points = NULL;
    grasp_inference *found = NULL;
    grasp_params    *p = params_of(s->ctx, l->method ? l->method : "infer", learner_text(s, l));
    bool             ok = p && fine(s->ctx, grasp_model_loss_rows(s->ctx, s->model, d->seen, d->n_seen, loss)) &&
              make_points(s, l->points, loss, &points);
    if (l->method)
        ok = ok && fine(s->ctx, grasp_learn_groups_points(s->ctx, l->method, points, s->y, loss, d->n_rows[TRAIN],
                                                          d->n_rows[VAL], p, NULL, out, NULL));
    else
        ok = ok && fine(s->ctx, grasp_infer_points(s->ctx, points, s->y, d->n_seen, p, NULL, &found, NULL)) &&
             fine(s->ctx, grasp_inference_groups(s->ctx, found, out));
    grasp_inference_free(found);
    grasp_params_free(p);
    grasp_matrix_free(points);
    free(loss);
    return ok;
}

static bool by_name(scene *s, const learner *l, grasp_groups **out)
{
    const data   *d = &s->d;
    const char   *algorithm = strcmp(l->method, "jtt") ? l->method : "errors"; /* whose parameters it takes */
    grasp_params *p = params_of(s->ctx, algorithm, learner_text(s, l));
    const bool ok =
        p && fine(s->ctx, grasp_learn_groups(s->ctx, l->method, s->model, l->joint ? d->seen : d->rows[TRAIN],
                                             l->joint ? d->n_seen : d->n_rows[TRAIN], d->rows[VAL],
                                             l->joint ? 0 : d->n_rows[VAL], p, NULL, out, NULL));
    grasp_params_free(p);
    return ok;
}

bool learn(scene *s, const learner *l, grasp_groups **out)
{
    grasp_groups *part[2] = {NULL, NULL};
    if (l->points)
        return by_points(s, l, out);
    if (l->method)
        return by_name(s, l, out);
    if (!l->of_second_class)
        return infer(s, l, learner_text(s, l), out);
    const bool ok = infer(s, l, learner_text(s, l), &part[0]) && infer(s, l, l->of_second_class, &part[1]) &&
                    join(s, part[0], part[1], out);
    grasp_groups_free(part[0]);
    grasp_groups_free(part[1]);
    return ok;
}

bool judge(scene *s, const grasp_groups *groups, cell *c)
{
    double              ari, own, within, by_class, by_mistake, precision = NAN, recall = NAN;
    const grasp_groups *truth = s->own ? s->truth_own : s->truth;
    const int32_t       noise = GRASP_NOISE_GROUP;
    const int64_t       n = s->d.n_seen;
    int64_t             outliers = 0;
    for (int64_t i = 0; i < n; i++)
        outliers += s->outlier[i];
    if (!fine(s->ctx, grasp_metric_ari(s->ctx, s->truth, groups, noise, &ari)) ||
        !fine(s->ctx, grasp_metric_ari(s->ctx, s->truth_own, groups, noise, &own)) ||
        !fine(s->ctx, grasp_metric_ari_within(s->ctx, s->y, n, s->truth, groups, noise, &within)) ||
        !fine(s->ctx, grasp_metric_ari(s->ctx, truth, s->class_of, noise, &by_class)) ||
        !fine(s->ctx, grasp_metric_ari(s->ctx, truth, s->mistake, noise, &by_mistake)) ||
        (outliers && !fine(s->ctx, grasp_metric_outliers(s->ctx, groups, s->outlier, n, &precision, &recall))))
        return false;
    cell_add(c, "ari", s->own ? own : ari);
    cell_add(c, s->own ? "ari_without_own" : "ari_with_own", s->own ? ari : own);
    cell_add(c, "within", within);
    cell_add(c, "floor_class", by_class);
    cell_add(c, "floor_mistake", by_mistake);
    cell_add(c, "noise", (double)grasp_groups_noise(groups) / (double)n);
    cell_add(c, "groups", (double)grasp_groups_count(groups));
    cell_add(c, "outlier_precision", precision);
    cell_add(c, "outlier_recall", recall);
    return true;
}
