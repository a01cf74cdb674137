/* SPDX-License-Identifier: BSD-3-Clause
 * Retraining (refit.c): one candidate fitted, judged by its worst group out of fold, and installed. Cost: a fit for
 * each fold; a fit to install; a pass over the rows to certify.
 */
#include "infer/refit.h"

#include <math.h>
#include <string.h>

static grasp_status fit(grasp_context *ctx, const grasp__retraining *r, const grasp__candidate *c, const int64_t *rows,
                        int64_t n, grasp_report **report)
{
    bool weighted = c->method == GRASP__REFIT_BALANCED || c->method == GRASP__REFIT_LEVELLED;
    const grasp__param_table *table =
        c->method == GRASP__REFIT_CERTIFIED ? &grasp__gdro_certified_params : &grasp__erm_params;
    grasp_params *params = NULL;
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__params_create(ctx, table, &params);
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, params, GRASP_KEY_L2, c->l2);
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, params,
                                  c->method == GRASP__REFIT_CERTIFIED ? GRASP_KEY_GAP : GRASP_KEY_GRADIENT_NORM, 1e-6);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, table, &o);
    if (s == GRASP_OK)
        s = grasp__model_set_sample_weights(ctx, r->model, weighted ? r->weight : NULL, r->n);
    if (s == GRASP_OK && c->method == GRASP__REFIT_CERTIFIED)
        s = grasp__train_gdro_certified(ctx, r->model, r->groups, rows, n, NULL, 0, &o, report);
    else if (s == GRASP_OK)
        s = grasp__train_erm(ctx, r->model, NULL, rows, n, NULL, 0, &o, report);
    grasp__options_close(&o);
    grasp_params_free(params);
    return s == GRASP_NOT_CONVERGED ? GRASP_OK : s;
}

static grasp_status losses(grasp_context *ctx, const grasp__retraining *r, const int64_t *rows, int64_t n)
{
    double loss[GRASP__MODEL_BATCH];
    grasp_status s = GRASP_OK;
    for (int64_t first = 0; s == GRASP_OK && first < n; first += GRASP__MODEL_BATCH) {
        int64_t here = n - first < GRASP__MODEL_BATCH ? n - first : GRASP__MODEL_BATCH;
        s = grasp__model_loss(ctx, r->model, rows + first, here, loss);
        for (int64_t i = 0; s == GRASP_OK && i < here; i++)
            r->loss[rows[first + i]] = loss[i];
    }
    return s;
}

/* Accuracy of each group by fits that did not see its rows. */
static grasp_status judge(grasp_context *ctx, const grasp__retraining *r, grasp__candidate *c)
{
    int64_t *right = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 2 * r->n_groups, sizeof *right, &right);
    for (int64_t k = 0; s == GRASP_OK && k < GRASP__REFIT_FOLDS; k++) {
        int64_t first = r->start[k], held = r->start[k + 1] - first;
        memcpy(r->kept, r->order, (size_t)first * sizeof *r->kept);
        memcpy(r->kept + first, r->order + first + held, (size_t)(r->n - first - held) * sizeof *r->kept);
        if (held == 0 || held == r->n)
            continue;
        s = fit(ctx, r, c, r->kept, r->n - held, NULL);
        if (s == GRASP_OK)
            s = grasp__model_predict(ctx, r->model, r->order + first, held, r->predicted);
        if (s == GRASP_OK && r->loss)
            s = losses(ctx, r, r->order + first, held);
        for (int64_t i = 0; s == GRASP_OK && i < held; i++) {
            int64_t row = r->order[first + i], g = r->group[row];
            right[2 * g] += r->predicted[i] == r->y[row];
            right[2 * g + 1]++;
        }
    }
    int64_t minorities = 0, majorities = 0, present = 0;
    c->worst = 2;
    c->minor = c->major = c->mean = 0;
    for (int64_t g = 0; s == GRASP_OK && g < r->n_groups; g++) {
        double n = (double)right[2 * g + 1], share = (double)right[2 * g] / n;
        bool largest = true, alone = true;
        for (int64_t other = 0; other < r->n_groups; other++)
            if (other != g && r->class_of[other] == r->class_of[g] && right[2 * other + 1] > 0) {
                largest = largest && right[2 * other + 1] <= right[2 * g + 1];
                alone = false;
            }
        if (n > 0 && !alone && largest) {
            majorities++;
            c->major += share;
        } else if (n > 0 && !alone) {
            minorities++;
            c->minor += share;
        }
        if (n > 0) {
            present++;
            c->mean += share;
        }
        if (n > 0 && share < c->worst) {
            c->worst = share;
            c->error = sqrt((share * (1 - share) + 1 / n) / n);
        }
    }
    c->mean = present > 0 ? c->mean / (double)present : NAN;
    c->minor = minorities > 0 ? c->minor / (double)minorities : NAN;
    c->major = majorities > 0 ? c->major / (double)majorities : NAN;
    grasp__free(right);
    return s;
}

grasp_status grasp__refit_judge(grasp_context *ctx, const grasp__retraining *r, grasp__candidate *c, int nth)
{
    grasp__stage_mark outer = grasp__stage_begin(ctx, "cross-fit", 0.25 * nth, 0.25 * (nth + 1));
    grasp_status s = judge(ctx, r, c);
    grasp__stage_end(ctx, outer);
    return s;
}

grasp_status grasp__refit_install(grasp_context *ctx, const grasp__retraining *r, const grasp__candidate *best,
                                  grasp_model *model, grasp_report **fitted)
{
    int64_t p = grasp__model_n_params(model);
    double *theta = NULL;
    for (int64_t i = 0; i < r->n; i++)
        r->kept[i] = i;
    grasp_status s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = fit(ctx, r, best, r->kept, r->n, fitted);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, r->model, theta);
    if (s == GRASP_OK) {
        grasp__refit_to_raw(r, theta, p);
        s = grasp__model_set_params(ctx, model, theta);
    }
    grasp__free(theta);
    return s;
}

/* How far the model, as it is now, is from the least worst loss of its groups that any parameters have. */
grasp_status grasp__refit_certify(grasp_context *ctx, const grasp__retraining *r, grasp_model *model, double l2,
                                  grasp_report *report)
{
    int64_t p = grasp__model_n_params(model);
    double *theta = NULL;
    if (p > GRASP__CERTIFIED_LARGEST)
        return GRASP_OK;
    for (int64_t i = 0; i < r->n; i++)
        r->kept[i] = i;
    grasp_status s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, model, theta);
    if (s == GRASP_OK) {
        grasp__refit_to_standard(r, theta, p);
        s = grasp__model_set_params(ctx, r->model, theta);
    }
    if (s == GRASP_OK)
        s = grasp__model_set_sample_weights(ctx, r->model, NULL, r->n);
    if (s == GRASP_OK)
        s = grasp__certify(ctx, r->model, r->groups, r->kept, r->n, l2, 0, report);
    grasp__free(theta);
    return s;
}
