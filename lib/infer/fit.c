/* SPDX-License-Identifier: BSD-3-Clause
 * The whole paper in one call (Zeng et al. 2022): ERM; gradients at its parameters; groups and outliers of the training
 * and validation rows; outliers dropped, by mode=robust only where that helps; group DRO, its learning rate, weight
 * decay and step size chosen by the worst learned validation group, or, of linear models, what is best out of fold
 * (refit.c).
 *
 * Cost: ERM, one backward pass per sample, the inference, and one group DRO run per candidate; memory: the gradients.
 */
#include "infer/learn.h"
#include "infer/refit.h"

#include <string.h>

typedef struct fit {
    grasp_model          *model, *target;      /* of the gradients, and of group DRO: often the same */
    int64_t               n_train, n_val;
    int64_t              *rows, *y, *label;    /* n_train + n_val: training rows, then validation rows */
    const grasp__options *o;
    grasp__backup         first, first_target; /* parameters on entry; of the target only if it is another model */
    grasp_inference      *inference;
    grasp_groups         *groups;              /* of the target's bound rows; noise where fit was told of none */
    grasp_report         *report;              /* NULL: not asked for */
    bool                  unconverged;
} fit;

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static grasp_status check_model(grasp_context *ctx, const grasp_model *m, const char *name)
{
    grasp_status s = grasp__model_check(ctx, m, name);
    return s == GRASP_OK ? grasp__model_check_bound(ctx, m, name) : s;
}

static grasp_status check_arguments(grasp_context *ctx, const grasp_model *model, const grasp_model *final_model,
                                    const int64_t *train, int64_t n_train, const int64_t *val, int64_t n_val)
{
    grasp_status s = check_model(ctx, model, "model");
    if (s == GRASP_OK && final_model)
        s = check_model(ctx, final_model, "final_model");
    if (s == GRASP_OK && final_model)
        s = grasp__check_equal(ctx, grasp__model_n_rows(final_model), grasp__model_n_rows(model),
                               "rows of final_model");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, train, "train_rows");
    if (s == GRASP_OK)
        s = grasp__check_training(ctx, model, train, n_train, val, n_val);
    if (s == GRASP_OK && n_train == 0)
        s = grasp__fail(ctx, GRASP_E_EMPTY, "train_rows has 0 rows, expected at least 1");
    return s;
}

/* ---- who the groups are ------------------------------------------------------------------------------------------ */

/* Puts a part's report under its prefix, and frees it. */
static grasp_status put_part(grasp_context *ctx, fit *f, const char *prefix, grasp_report *part)
{
    grasp_status s = f->report && part ? grasp__report_merge(ctx, f->report, prefix, part) : GRASP_OK;
    grasp_report_free(part);
    return s;
}

static grasp_status train_erm(grasp_context *ctx, fit *f)
{
    grasp_report *part = NULL;
    grasp__options o = grasp__options_part(f->o, "erm");
    grasp__stage_mark outer = grasp__stage_begin(ctx, "erm", 0, 0.15);
    grasp_status s = grasp__train_erm(ctx, f->model, NULL, f->rows, f->n_train, f->n_val ? f->rows + f->n_train : NULL,
                                      f->n_val, &o, f->report ? &part : NULL);
    grasp__stage_end(ctx, outer);
    grasp_status told = put_part(ctx, f, "erm", part);
    f->unconverged = s == GRASP_NOT_CONVERGED;
    return told != GRASP_OK ? told : f->unconverged ? GRASP_OK : s;
}

static grasp_status infer(grasp_context *ctx, fit *f, grasp_gradients *g, int64_t n)
{
    grasp_report *part = NULL;
    grasp__options o = grasp__options_part(f->o, "infer");
    grasp__stage_mark outer = grasp__stage_begin(ctx, "infer", 0.2, 0.5);
    grasp_status s = grasp__infer(ctx, g, f->y, n, f->n_train, &o, NULL, &f->inference, f->report ? &part : NULL);
    grasp__stage_end(ctx, outer);
    grasp_status told = put_part(ctx, f, "infer", part);
    return told != GRASP_OK ? told : s == GRASP_NOT_CONVERGED ? GRASP_OK : s;
}

static grasp_status gradients(grasp_context *ctx, const fit *f, const int64_t *rows, int64_t n, double lo, double hi,
                              grasp_gradients **out)
{
    grasp__options o = grasp__options_part(f->o, "gradients");
    grasp__stage_mark outer = grasp__stage_begin(ctx, "gradients", lo, hi);
    grasp_status s = grasp__gradients_compute(ctx, f->model, rows, n, &o, out);
    grasp__stage_end(ctx, outer);
    return s;
}

/* Labels of the validation rows from the clusters of the training rows. */
static grasp_status assign_val(grasp_context *ctx, fit *f)
{
    grasp_gradients *g = NULL;
    grasp_groups *assigned = NULL;
    grasp_status s = gradients(ctx, f, f->rows + f->n_train, f->n_val, 0.5, 0.5, &g);
    if (s == GRASP_OK)
        s = grasp__assign(ctx, f->inference, g, f->y + f->n_train, f->n_val, &assigned);
    if (s == GRASP_OK)
        memcpy(f->label + f->n_train, assigned->label, (size_t)f->n_val * sizeof *f->label);
    grasp_groups_free(assigned);
    grasp__gradients_free(g);
    return s;
}

/* Where training is no better without the outliers they take part, in the groups of new samples that lie as they do. */
static grasp_status keep_outliers(grasp_context *ctx, fit *f, grasp_gradients *g, int64_t n)
{
    grasp_groups *assigned = NULL;
    grasp_status s = grasp__assign(ctx, f->inference, g, f->y, n, &assigned);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        if (f->label[i] == GRASP_NOISE)
            f->label[i] = assigned->label[i];
    grasp_groups_free(assigned);
    return s;
}

static grasp_status infer_groups(grasp_context *ctx, fit *f)
{
    int64_t n_rows = grasp__model_n_rows(f->target), *bound = NULL;
    bool assign = grasp__options_is(f->o, GRASP_KEY_VAL, "assign");
    int64_t n = f->n_train + (assign ? 0 : f->n_val);
    grasp_gradients *g = NULL;
    grasp_status s = gradients(ctx, f, f->rows, n, 0.15, 0.2, &g);
    if (s == GRASP_OK)
        s = infer(ctx, f, g, n);
    if (s == GRASP_OK)
        memcpy(f->label, f->inference->groups->label, (size_t)n * sizeof *f->label);
    if (s == GRASP_OK && f->inference->keeps_outliers)
        s = keep_outliers(ctx, f, g, n);
    if (s == GRASP_OK && n < f->n_train + f->n_val)
        s = assign_val(ctx, f);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_rows, sizeof *bound, &bound);
    for (int64_t i = 0; s == GRASP_OK && i < n_rows; i++)
        bound[i] = GRASP_NOISE;
    for (int64_t i = 0; s == GRASP_OK && i < f->n_train + f->n_val; i++)
        bound[f->rows[i]] = f->label[i];
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, bound, n_rows, &f->groups);
    grasp__free(bound);
    grasp__gradients_free(g);
    return s;
}

/* What a cancel before the groups leaves: each class is one group. Gradients of zero say no more about anyone. */
static grasp_status infer_nothing(grasp_context *ctx, fit *f)
{
    bool assign = grasp__options_is(f->o, GRASP_KEY_VAL, "assign");
    int64_t n = f->n_train + (assign ? 0 : f->n_val);
    grasp_matrix *zeros = NULL;
    grasp_gradients *g = NULL;
    grasp_status s = grasp__matrix_create(ctx, GRASP_F64, n, 1, &zeros);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, zeros, "zeros", &g);
    if (s == GRASP_OK)
        s = infer(ctx, f, g, n);
    grasp__gradients_free(g);
    grasp_matrix_free(zeros);
    return s;
}

/* ---- group DRO --------------------------------------------------------------------------------------------------- */

/* Also what a cancel left of it is reported. */
static grasp_status train_gdro(grasp_context *ctx, fit *f)
{
    grasp_report *part = NULL;
    grasp__options o = grasp__options_part(f->o, "gdro");
    grasp_status s = GRASP_OK;
    if (f->target == f->model && grasp__options_is(f->o, GRASP_KEY_START, "initial"))
        s = grasp__model_set_params(ctx, f->target, f->first.theta);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "gdro", 0.5, 1);
    if (s == GRASP_OK)
        s = grasp__train_gdro(ctx, f->target, f->groups, f->rows, f->n_train, f->n_val ? f->rows + f->n_train : NULL,
                              f->n_val, &o, f->report ? &part : NULL);
    grasp__stage_end(ctx, outer);
    grasp_status told = put_part(ctx, f, "gdro", part);
    return told != GRASP_OK ? told : s;
}

/* ---- balanced training ------------------------------------------------------------------------------------------- */

static bool is_balanced(const fit *f)
{
    grasp__options o = grasp__options_part(f->o, "gdro");
    if (!grasp__options_is(f->o, GRASP_KEY_FINAL, "auto"))
        return grasp__options_is(f->o, GRASP_KEY_FINAL, "balanced");
    for (int32_t k = 0; k < grasp__gdro_params.count; k++)
        if (grasp__options_given(&o, grasp__gdro_params.params[k].key))
            return false;
    return f->inference->algorithm == GRASP__INFER_ROBUST && grasp__model_is_linear(f->target) &&
           !grasp__options_given(f->o, GRASP_KEY_START);
}

/* The training rows that are no outliers, and their groups. */
static grasp_status retrain(grasp_context *ctx, fit *f)
{
    int64_t *rows = NULL, *group = NULL, n = 0;
    grasp_report *part = NULL;
    grasp__options o = grasp__options_part(f->o, "infer");
    grasp_status s = grasp__alloc(ctx, f->n_train, sizeof *rows, &rows);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, f->n_train, sizeof *group, &group);
    for (int64_t i = 0; s == GRASP_OK && i < f->n_train; i++)
        if (f->label[i] != GRASP_NOISE) {
            rows[n] = f->rows[i];
            group[n++] = f->label[i];
        }
    if (s == GRASP_OK && n == 0)
        s = grasp__fail(ctx, GRASP_E_EMPTY, "all %" PRId64 " training rows are outliers", f->n_train);
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "final", 0.5, 1);
        s = grasp__refit(ctx,
                           &(grasp__refit_task){.model = f->target,
                                                  .rows = rows,
                                                  .group = group,
                                                  .n = n,
                                                  .n_groups = f->inference->groups->count,
                                                  .trained = f->target == f->model,
                                                  .doubtful = f->inference->bent || f->target != f->model,
                                                  .least = grasp__options_f64(&o, GRASP_KEY_EVIDENCE),
                                                  .allowance = grasp__options_f64(f->o, GRASP_KEY_ALLOWANCE)},
                           f->report ? &part : NULL);
        grasp__stage_end(ctx, outer);
    }
    grasp_status told = put_part(ctx, f, "final", part);
    grasp__free(group);
    grasp__free(rows);
    return told != GRASP_OK ? told : s;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static grasp_status run(grasp_context *ctx, fit *f)
{
    grasp_status s = train_erm(ctx, f);
    if (s == GRASP_OK)
        s = infer_groups(ctx, f);
    if (s == GRASP_OK)
        s = is_balanced(f) ? retrain(ctx, f) : train_gdro(ctx, f);
    if (s == GRASP_CANCELLED && f->inference == NULL) {
        grasp_status nothing = infer_nothing(ctx, f);
        s = nothing < GRASP_OK ? nothing : s;
    }
    return s == GRASP_OK && f->unconverged ? GRASP_NOT_CONVERGED : s;
}

static grasp_status open_fit(grasp_context *ctx, fit *f, const int64_t *train, const int64_t *val, bool report)
{
    int64_t n = f->n_train + f->n_val;
    grasp_status s = grasp__alloc(ctx, n, sizeof *f->rows, &f->rows);
    if (s != GRASP_OK)
        return s;
    memcpy(f->rows, train, (size_t)f->n_train * sizeof *f->rows);
    if (f->n_val)
        memcpy(f->rows + f->n_train, val, (size_t)f->n_val * sizeof *f->rows);
    s = grasp__check_rows_once(ctx, grasp__model_n_rows(f->model), f->rows, f->n_train, f->n_val);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n, sizeof *f->y, &f->y);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *f->label, &f->label);
    if (s == GRASP_OK && report)
        s = grasp__report_create(ctx, &f->report);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, f->model, &f->first);
    if (s == GRASP_OK && f->target != f->model)
        s = grasp__backup_open(ctx, f->target, &f->first_target);
    if (s == GRASP_OK) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "erm", 0, 0);
        s = grasp__model_labels(ctx, f->model, f->rows, n, f->y);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_CANCELLED) { /* so early that not even the classes are known */
        memset(f->y, 0, (size_t)n * sizeof *f->y);
        s = infer_nothing(ctx, f);
        return s < GRASP_OK ? s : GRASP_CANCELLED;
    }
    return s;
}

static grasp_status fit_model(grasp_context *ctx, grasp_model *model, grasp_model *final_model, const int64_t *train,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp_params *params,
                              grasp_inference **out, grasp_report **report)
{
    fit f = {.model = model, .target = final_model ? final_model : model, .n_train = n_train, .n_val = n_val};
    grasp__options o;
    grasp_status s = check_arguments(ctx, model, final_model, train, n_train, val, n_val);
    if (s != GRASP_OK)
        return s;
    s = grasp__options_open(ctx, params, &grasp__fit_params, &o);
    f.o = &o;
    if (s == GRASP_OK) { /* not when all else has been done */
        grasp__options part = grasp__options_part(&o, "gdro");
        s = grasp__epochs_check(ctx, &part, n_val > 0);
        if (s == GRASP_OK && grasp__options_is(&o, GRASP_KEY_FINAL, "balanced") && !grasp__model_is_linear(f.target))
            s = grasp__fail(ctx, GRASP_E_UNSUPPORTED, "\"final\" is balanced, which needs a logistic or softmax model");
    }
    if (s == GRASP_OK)
        s = open_fit(ctx, &f, train, val, report != NULL);
    if (s == GRASP_OK)
        s = run(ctx, &f);
    s = grasp__backup_close(ctx, &f.first, s);
    s = grasp__backup_close(ctx, &f.first_target, s);
    if (s >= GRASP_OK) {
        *out = f.inference;
        if (report)
            *report = f.report;
    } else {
        grasp__inference_free(f.inference);
        grasp_report_free(f.report);
    }
    grasp_groups_free(f.groups);
    grasp__free(f.rows);
    grasp__free(f.y);
    grasp__free(f.label);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_fit(grasp_context *ctx, grasp_model *model, grasp_model *final_model_or_null,
                       const int64_t *train_rows, int64_t n_train, const int64_t *val_rows, int64_t n_val,
                       const grasp_params *params_or_null, grasp_inference **out, grasp_report **report_or_null)
{
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, fit_model(ctx, model, final_model_or_null, train_rows, n_train, val_rows, n_val,
                                       params_or_null, out, report_or_null));
}
