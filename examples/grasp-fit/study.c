/* SPDX-License-Identifier: BSD-3-Clause
 * The study itself, through the public interface: the part to copy from.
 *
 *   ERM  ->  gradients  ->  groups per class  ->  the final model     grasp_fit() does all of it
 *   and beside it, to compare with: plain ERM, and group DRO on the true groups where they are known
 */
#include "grasp-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parameters of "fit" as asked for, over what this program starts from. */
static bool read_params(grasp_context *ctx, const options *o, grasp_params **out)
{
    return fine(ctx, grasp_params_create(ctx, "fit", out)) &&
           (!o->set || fine(ctx, grasp_params_parse(ctx, *out, o->set)));
}

static bool make_model(grasp_context *ctx, const data *d, const char *kind, grasp_model **out)
{
    const int64_t widths[] = {d->d, 50, 50, 50, d->n_classes}; /* the paper's network */
    grasp_status  s;
    if (!strcmp(kind, "logistic"))
        s = grasp_model_create_logistic(ctx, d->d, out);
    else if (!strcmp(kind, "softmax"))
        s = grasp_model_create_softmax(ctx, d->d, d->n_classes, out);
    else
        s = grasp_model_create_mlp(ctx, widths, 5, NULL, out);
    return fine(ctx, s) && fine(ctx, grasp_model_bind(ctx, *out, d->x, d->y, d->n));
}

/* A partition of all rows by label x attribute. */
static bool true_groups(grasp_context *ctx, const data *d, grasp_groups **out)
{
    grasp_groups *label = NULL, *attribute = NULL;
    const bool    ok = fine(ctx, grasp_groups_create_coded(ctx, d->y, d->n, &label)) &&
                    fine(ctx, grasp_groups_create_coded(ctx, d->attribute, d->n, &attribute)) &&
                    fine(ctx, grasp_groups_cross(ctx, label, attribute, out));
    grasp_groups_free(label);
    grasp_groups_free(attribute);
    return ok;
}

/* Worst group and train-weighted average on the test rows, over `groups` of all rows. */
static bool test_accuracy(grasp_context *ctx, const data *d, grasp_model *model, const grasp_groups *groups,
                          accuracy *out)
{
    const int64_t n = d->n_rows[TEST], n_groups = grasp_groups_count(groups);
    int64_t *label = allocate(n, sizeof *label), *y = allocate(n, sizeof *y),
            *train_size = allocate(n_groups, sizeof *train_size);
    grasp_groups *test = NULL;
    for (int64_t i = 0; i < n; i++)
        y[i] = d->y[d->rows[TEST][i]];
    for (int64_t i = 0; i < d->n_rows[TRAIN]; i++) {
        const int64_t g = grasp_groups_label(groups, d->rows[TRAIN][i]);
        if (g >= 0)
            train_size[g]++;
    }
    const bool ok =
        fine(ctx, grasp_model_predict_rows(ctx, model, d->rows[TEST], n, label)) &&
        fine(ctx, grasp_groups_select(ctx, groups, d->rows[TEST], n, &test)) &&
        fine(ctx, grasp_metric_worst_group(ctx, test, y, label, n, &out->worst, NULL)) &&
        fine(ctx, grasp_metric_average_accuracy(ctx, test, y, label, n, train_size, n_groups, &out->average));
    grasp_groups_free(test);
    free(label);
    free(y);
    free(train_size);
    return ok;
}

/* Agreement with what is known, over the rows that groups were learned from. */
static bool judge(grasp_context *ctx, const data *d, grasp_model *gradient_model, const grasp_groups *truth,
                  const int64_t *seen, study *s)
{
    const int64_t n = s->n_seen;
    int64_t      *y = allocate(n, sizeof *y), *wrong = allocate(n, sizeof *wrong);
    uint8_t      *outlier = allocate(n, 1);
    grasp_groups *label = NULL, *mistake = NULL, *error_groups = NULL;
    bool          ok = fine(ctx, grasp_model_predict_rows(ctx, gradient_model, seen, n, wrong));
    for (int64_t i = 0; i < n; i++) {
        y[i] = d->y[seen[i]];
        wrong[i] = wrong[i] != y[i];
        outlier[i] = d->outlier ? d->outlier[seen[i]] : 0;
    }
    s->noise = (double)grasp_groups_noise(s->learned) / (double)n;
    ok = ok && fine(ctx, grasp_groups_create_coded(ctx, y, n, &label)) &&
         fine(ctx, grasp_groups_create_coded(ctx, wrong, n, &mistake)) &&
         fine(ctx, grasp_groups_cross(ctx, label, mistake, &error_groups));
    if (ok && truth)
        ok = fine(ctx, grasp_groups_select(ctx, truth, seen, n, &s->truth)) &&
             fine(ctx, grasp_metric_ari(ctx, s->truth, s->learned, GRASP_NOISE_GROUP, &s->ari)) &&
             fine(ctx, grasp_metric_ari_within(ctx, y, n, s->truth, s->learned, GRASP_NOISE_GROUP, &s->ari_within)) &&
             fine(ctx, grasp_metric_ari(ctx, s->truth, label, GRASP_NOISE_GROUP, &s->floor_class)) &&
             fine(ctx, grasp_metric_ari(ctx, s->truth, error_groups, GRASP_NOISE_GROUP, &s->floor_error));
    if (ok && d->outlier)
        ok = fine(ctx, grasp_metric_outliers(ctx, s->learned, outlier, n, &s->outlier_precision, &s->outlier_recall));
    grasp_groups_free(label);
    grasp_groups_free(mistake);
    grasp_groups_free(error_groups);
    free(y);
    free(wrong);
    free(outlier);
    return ok;
}

/* Learned groups of all rows: those seen, and the test rows assigned as new samples. The gradients are those at the ERM
 * parameters. */
static bool assign_all(grasp_context *ctx, const data *d, grasp_model *gradient_model, const grasp_params *params,
                       const int64_t *seen, study *s)
{
    const int64_t    n = d->n_rows[TEST];
    int64_t         *y = allocate(n, sizeof *y);
    grasp_params    *part = NULL;
    grasp_gradients *g = NULL;
    grasp_groups    *test = NULL;
    for (int64_t i = 0; i < n; i++)
        y[i] = d->y[d->rows[TEST][i]];
    const bool ok = fine(ctx, grasp_params_part(ctx, params, "gradients", &part)) &&
                    fine(ctx, grasp_gradients_compute(ctx, gradient_model, d->rows[TEST], n, part, &g)) &&
                    fine(ctx, grasp_assign(ctx, s->inference, g, y, n, &test));
    s->group = allocate(d->n, sizeof *s->group);
    for (int64_t i = 0; i < s->n_seen; i++)
        s->group[seen[i]] = grasp_groups_label(s->learned, i);
    for (int64_t i = 0; ok && i < n; i++)
        s->group[d->rows[TEST][i]] = grasp_groups_label(test, i);
    grasp_params_free(part);
    grasp_gradients_free(g);
    grasp_groups_free(test);
    free(y);
    return ok;
}

static bool has(const grasp_report *report, const char *name)
{
    for (int64_t i = 0; i < grasp_report_count(report); i++)
        if (!strcmp(grasp_report_name(report, i), name))
            return true;
    return false;
}

/* Notes a fit that stopped early; false on an error. */
static bool trained(grasp_context *ctx, grasp_status status, study *s)
{
    s->not_converged |= status == GRASP_NOT_CONVERGED;
    return fine(ctx, status);
}

bool study_run(grasp_context *ctx, const options *o, const data *d, study *s)
{
    const int64_t *train = d->rows[TRAIN], *val = d->rows[VAL];
    const int64_t  n_train = d->n_rows[TRAIN], n_val = d->n_rows[VAL];
    grasp_params  *params = NULL, *erm_params = NULL, *gdro_params = NULL;
    grasp_model   *model = NULL, *final_model = NULL, *erm = NULL, *oracle = NULL;
    grasp_groups  *truth = NULL, *all = NULL;
    int64_t       *seen = NULL;
    bool           ok = false;
    const double   none = NAN;
    *s = (study){.ctx = ctx,
                 .ari = none,
                 .ari_within = none,
                 .floor_class = none,
                 .floor_error = none,
                 .outlier_precision = none,
                 .outlier_recall = none,
                 .gdro_true = {none, none},
                 .rate = none,
                 .decay = none,
                 .step = none,
                 .objective = none,
                 .gap = none,
                 .n_seen = n_train + n_val};
    s->model_name = o->model ? o->model : d->n_classes == 2 ? "logistic" : "softmax";
    s->final_name = o->final_model ? o->final_model : o->csv || o->x ? s->model_name : "mlp";
    seen = allocate(s->n_seen, sizeof *seen);
    memcpy(seen, train, (size_t)n_train * sizeof *seen);
    memcpy(seen + n_train, val, (size_t)n_val * sizeof *seen);

    if (!read_params(ctx, o, &params) || !fine(ctx, grasp_params_part(ctx, params, "erm", &erm_params)) ||
        !fine(ctx, grasp_params_part(ctx, params, "gdro", &gdro_params)) ||
        !make_model(ctx, d, s->model_name, &model) || !make_model(ctx, d, s->final_name, &final_model) ||
        !make_model(ctx, d, s->final_name, &erm) || !make_model(ctx, d, s->final_name, &oracle) ||
        (d->attribute && !true_groups(ctx, d, &truth)))
        goto done;

    if (!trained(ctx, grasp_fit(ctx, model, final_model, train, n_train, val, n_val, params, &s->inference, &s->report),
                 s) ||
        !fine(ctx, grasp_inference_groups(ctx, s->inference, &s->learned)) || !judge(ctx, d, model, truth, seen, s) ||
        !assign_all(ctx, d, model, params, seen, s) || !fine(ctx, grasp_groups_create(ctx, s->group, d->n, &all)))
        goto done;
    s->robust = has(s->report, "infer.mode");
    s->method = "group DRO";
    if (has(s->report, "final.method")) { /* a linear model, trained otherwise */
        if (!fine(ctx, grasp_report_text(ctx, s->report, "final.method", &s->method)) ||
            (has(s->report, "final.gap") &&
             (!fine(ctx, grasp_report_value(ctx, s->report, "final.objective", &s->objective)) ||
              !fine(ctx, grasp_report_value(ctx, s->report, "final.gap", &s->gap)))))
            goto done;
    } else if (!fine(ctx, grasp_report_value(ctx, s->report, "gdro.rate", &s->rate)) ||
               !fine(ctx, grasp_report_value(ctx, s->report, "gdro.weight_decay", &s->decay)) ||
               !fine(ctx, grasp_report_value(ctx, s->report, "gdro.step", &s->step))) {
        goto done;
    }

    if (!trained(ctx, grasp_train_erm(ctx, erm, train, n_train, val, n_val, erm_params, NULL), s) ||
        (truth &&
         !trained(ctx, grasp_train_gdro(ctx, oracle, truth, train, n_train, val, n_val, gdro_params, NULL), s)))
        goto done;

    ok = test_accuracy(ctx, d, erm, truth ? truth : all, &s->erm) &&
         test_accuracy(ctx, d, final_model, truth ? truth : all, &s->gdro_learned) &&
         (!truth || test_accuracy(ctx, d, oracle, truth, &s->gdro_true));
done:
    grasp_params_free(params);
    grasp_params_free(erm_params);
    grasp_params_free(gdro_params);
    grasp_model_free(model);
    grasp_model_free(final_model);
    grasp_model_free(erm);
    grasp_model_free(oracle);
    grasp_groups_free(truth);
    grasp_groups_free(all);
    free(seen);
    return ok;
}

void study_free(study *s)
{
    grasp_inference_free(s->inference);
    grasp_report_free(s->report);
    grasp_groups_free(s->learned);
    grasp_groups_free(s->truth);
    free(s->group);
}
