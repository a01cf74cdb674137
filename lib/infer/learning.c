/* SPDX-License-Identifier: BSD-3-Clause
 * What group learners share: what the model says about the samples, the first labels and the last ones, known groups.
 */
#include "infer/learn.h"
#include "metrics/metrics.h"

#include <string.h>

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

grasp_status grasp__learning_classes(grasp_context *ctx, grasp__learning *l)
{
    grasp_status s = grasp__alloc(ctx, l->n, sizeof *l->label, &l->label);
    if (s == GRASP_OK)
        s = grasp__distinct(ctx, l->y, l->n, &l->classes, &l->n_classes);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        l->label[i] = grasp__code_of(l->classes, l->n_classes, l->y[i]);
    return s == GRASP_OK ? grasp__report_classes(ctx, l->report, l->classes, l->n_classes) : s;
}

void grasp__learning_close(grasp__learning *l, grasp_status outcome, grasp_report **report_or_null)
{
    if (outcome >= GRASP_OK && report_or_null != NULL)
        *report_or_null = l->report;
    else
        grasp_report_free(l->report);
    grasp__free(l->rows);
    grasp__free(l->y);
    grasp__free(l->classes);
    grasp__free(l->label);
}

/* ---- what is said about the samples ------------------------------------------------------------------------------ */

grasp_status grasp__learning_fresh(grasp_context *ctx, grasp_model *m, uint64_t stream)
{
    double *zero = NULL;
    if (!grasp__model_is_linear(m))
        return grasp__model_init(ctx, m, stream);
    grasp_status s = grasp__alloc_zero(ctx, grasp__model_n_params(m), sizeof *zero, &zero);
    if (s == GRASP_OK)
        s = grasp__model_set_params(ctx, m, zero);
    grasp__free(zero);
    return s;
}

grasp_status grasp__learning_predict(grasp_context *ctx, const grasp__learning *l, int64_t *predicted)
{
    if (l->logits == NULL)
        return grasp__model_predict(ctx, l->model, l->rows, l->n, predicted);
    for (int64_t i = 0; i < l->n; i++)
        predicted[i] = grasp__largest_logit(l->logits + i * l->n_outputs, l->n_outputs);
    return GRASP_OK;
}

grasp_status grasp__learning_logits(grasp_context *ctx, const grasp__learning *l, double **out, const double **logits,
                                    int64_t *n_outputs)
{
    int64_t numbers;
    *out = NULL;
    *logits = l->logits;
    *n_outputs = l->n_outputs;
    if (l->logits != NULL)
        return GRASP_OK;
    *n_outputs = grasp__model_n_classes(l->model);
    grasp_status s = grasp__check_product(ctx, l->n, *n_outputs, "logits", &numbers);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, numbers, sizeof **out, out);
    *logits = *out;
    return s == GRASP_OK ? grasp__model_logits(ctx, l->model, l->rows, l->n, *out) : s;
}

grasp_status grasp__learning_features(grasp_context *ctx, const grasp__learning *l, grasp_matrix **out)
{
    int64_t width = l->points != NULL ? l->points->cols : grasp__model_n_features(l->model);
    *out = NULL;
    if (width == 0)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "a custom model needs the hook ops->features for this");
    grasp_status s = grasp__matrix_create(ctx, GRASP_F64, l->n, width, out);
    if (s == GRASP_OK && l->points == NULL)
        return grasp__model_features(ctx, l->model, l->rows, l->n, (*out)->data);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++) {
        grasp__matrix_read_f64(l->points, NULL, i, 1, (double *)(*out)->data + i * width);
        s = grasp__tick(ctx, i + 1, l->n);
    }
    return s;
}

grasp_status grasp__learning_losses(grasp_context *ctx, const grasp__learning *l, double *out)
{
    if (l->points == NULL)
        return grasp__model_loss(ctx, l->model, l->rows, l->n_train, out);
    for (int64_t i = 0; i < l->n_train; i++)
        out[i] = l->losses != NULL ? l->losses[i] : 0;
    return GRASP_OK;
}

grasp_status grasp__learning_split(grasp_context *ctx, grasp__learning *l, const int64_t *part)
{
    grasp_groups *classes = NULL, *parts = NULL, *both = NULL;
    if (!grasp__options_i64(l->o, GRASP_KEY_BY_CLASS)) {
        memcpy(l->label, part, (size_t)l->n * sizeof *part);
        return GRASP_OK;
    }
    grasp_status s = grasp__groups_create(ctx, l->label, l->n, &classes);
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, part, l->n, &parts);
    if (s == GRASP_OK)
        s = grasp__groups_cross(ctx, classes, parts, &both);
    if (s == GRASP_OK)
        memcpy(l->label, both->label, (size_t)l->n * sizeof *l->label);
    grasp_groups_free(both);
    grasp_groups_free(parts);
    grasp_groups_free(classes);
    return s;
}

/* ---- known groups ------------------------------------------------------------------------------------------------ */

/* The classes by whether the model is right about a sample. */
static grasp_status error_groups(grasp_context *ctx, const grasp__learning *l, grasp_groups **out)
{
    int64_t *label = NULL;
    grasp_status s = grasp__alloc(ctx, l->n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__learning_predict(ctx, l, label);
    for (int64_t i = 0; s == GRASP_OK && i < l->n; i++)
        label[i] = 2 * grasp__code_of(l->classes, l->n_classes, l->y[i]) + (label[i] != l->y[i]);
    if (s == GRASP_OK)
        s = grasp__groups_create_coded(ctx, label, l->n, out);
    grasp__free(label);
    return s;
}

/* The found groups against the known ones, beside what needs no learner: the classes, and, where it is known what a
 * model says, the classes by error. */
static grasp_status report_truth(grasp_context *ctx, const grasp__learning *l, const grasp_groups *found)
{
    static const char *const name[] = {"ari", "ari_within", "floor.class", "floor.errors"};
    bool told = l->points == NULL;
    grasp_groups *floor = NULL, *errors = NULL;
    double value[4];
    grasp_status s = told ? error_groups(ctx, l, &errors) : GRASP_OK;
    if (s == GRASP_OK)
        s = grasp__groups_create_coded(ctx, l->y, l->n, &floor);
    if (s == GRASP_OK)
        s = grasp__ari(ctx, found, l->truth, GRASP_NOISE_GROUP, &value[0]);
    if (s == GRASP_OK)
        s = grasp__ari_within(ctx, l->y, found, l->truth, GRASP_NOISE_GROUP, &value[1]);
    if (s == GRASP_OK)
        s = grasp__ari(ctx, floor, l->truth, GRASP_NOISE_GROUP, &value[2]);
    if (s == GRASP_OK && told)
        s = grasp__ari(ctx, errors, l->truth, GRASP_NOISE_GROUP, &value[3]);
    for (int q = 0; s == GRASP_OK && q < (told ? 4 : 3); q++)
        s = grasp__report_put_value(ctx, l->report, name[q], value[q]);
    grasp_groups_free(errors);
    grasp_groups_free(floor);
    return s;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static grasp_status finish(grasp_context *ctx, const grasp__learning *l, grasp_status outcome, grasp_groups **out)
{
    grasp_status s = grasp__groups_create(ctx, l->label, l->n, out);
    if (s == GRASP_OK)
        s = grasp__report_counts(ctx, l->report, l->classes, l->n_classes, l->y, *out);
    if (s == GRASP_OK && outcome != GRASP_CANCELLED && l->report != NULL && l->truth != NULL) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "compare", 0.95, 1);
        s = report_truth(ctx, l, *out);
        grasp__stage_end(ctx, outer);
    }
    if (s >= GRASP_OK) /* a cancel here leaves the groups, and a report without the comparison */
        return s == GRASP_OK ? outcome : s;
    grasp_groups_free(*out);
    *out = NULL;
    return s;
}

grasp_status grasp__learning_answer(grasp_context *ctx, grasp__learning *l, grasp_status outcome,
                                    const grasp__learn_method *method, grasp_groups **out)
{
    if (outcome == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, method->name, 0, 0.95);
        outcome = method->learn(ctx, l);
        grasp__stage_end(ctx, outer);
    }
    return outcome >= GRASP_OK ? finish(ctx, l, outcome, out) : outcome;
}
