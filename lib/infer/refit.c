/* SPDX-License-Identifier: BSD-3-Clause
 * A linear model that is good for learned groups, chosen by evidence out of fold.
 *
 * On standardised inputs, so that a penalty means the same in any units; what was learned is written back in the
 * model's own units, exactly. Candidates, each cross-fitted in four folds and judged by its worst group:
 *
 *   balanced        classes count alike, and within a class its groups; l2 of 0.002, 0.02 and 0.2
 *   gdro_certified  group DRO to a certified gap (Zeng et al. 2022's aim), at the better of those penalties
 *   erm             plain training, l2 0.02: the model then stays as plain training left it
 *   levelled        balanced classes, with weights that lean less on what goes with the class (level.c), l2 0.02
 *
 * Where classes were split the first two compete, else balanced (0.02 alone) and erm; so they do where a split was
 * accepted on the word of a model that bends, and its evidence does not hold for this one, which is linear. One that is
 * not plain balanced training must be better by a standard error to be preferred over it; without a split balanced
 * training must be better than erm by one, and is then levelled. So a class that nothing sets apart costs nobody.
 *
 * Nobody can tell out of fold what levelling gains for groups that are not known; what it costs, one can. So its
 * strength is the largest of 0.1 to 0.7 at which the mean over the classes of the error out of fold exceeds the lesser
 * of balanced classes' and of ERM's by no more than a share, the allowance: where errors are those of noise it grows
 * at once, and where a model leans on one column of many hardly at all. Cost: 8 to 36 fits of the model; memory: the
 * inputs once more in float64.
 */
#include "infer/refit.h"

#include <math.h>
#include <string.h>

enum { PENALTIES = 3, MIDDLE = 1 };
static const double penalties[PENALTIES] = {0.002, 0.02, 0.2};

enum { STRENGTHS = 7 };
#define STRENGTH 0.1

/* *best: balanced classes, which were judged last; becomes the strongest levelling that is not too dear. */
static grasp_status level(grasp_context *ctx, grasp__retraining *r, const grasp__candidate *erm, double allowance,
                          grasp__candidate *best)
{
    const grasp_matrix *x = grasp__model_inputs(r->model);
    double *base = NULL;
    double most = (1 + allowance) * (1 - fmax(best->mean, erm->mean));
    grasp__level l = {.x = x->data,
                      .stride = x->row_stride,
                      .n = r->n,
                      .d = r->d,
                      .y = r->y,
                      .loss = r->loss,
                      .n_classes = grasp__model_n_classes(r->model)};
    grasp_status s = grasp__alloc(ctx, r->n, 3 * sizeof *base, &base);
    if (s != GRASP_OK)
        return s;
    double *lean = base + r->n, *strongest = lean + r->n;
    memcpy(base, r->weight, (size_t)r->n * sizeof *base);
    memcpy(strongest, r->weight, (size_t)r->n * sizeof *base);
    l.base = base;
    s = grasp__level_open(ctx, &l, lean);
    for (int k = 1; s == GRASP_OK && k <= STRENGTHS; k++) {
        grasp__candidate here = {.method = GRASP__REFIT_LEVELLED, .l2 = penalties[MIDDLE], .strength = k * STRENGTH};
        s = grasp__level_weights(ctx, &l, lean, here.strength, r->weight);
        if (s == GRASP_OK)
            s = grasp__refit_judge(ctx, r, &here, 2);
        if (s != GRASP_OK || !(1 - here.mean <= most))
            break;
        *best = here;
        memcpy(strongest, r->weight, (size_t)r->n * sizeof *base);
    }
    if (s == GRASP_OK)
        memcpy(r->weight, strongest, (size_t)r->n * sizeof *base);
    grasp__free(base);
    return s;
}

static grasp_status choose_classes(grasp_context *ctx, grasp__retraining *r, double allowance, grasp__candidate *best,
                                   grasp__candidate *erm)
{
    grasp_status s = grasp__refit_judge(ctx, r, erm, 1);
    if (s == GRASP_OK && allowance > 0)
        s = grasp__alloc_zero(ctx, r->n, sizeof *r->loss, &r->loss);
    if (s == GRASP_OK)
        s = grasp__refit_judge(ctx, r, best, 0);
    if (s == GRASP_OK && best->worst <= erm->worst + best->error)
        *best = *erm;
    else if (s == GRASP_OK && allowance > 0)
        s = level(ctx, r, erm, allowance, best);
    return s;
}

static grasp_status choose(grasp_context *ctx, grasp__retraining *r, const grasp__refit_task *task,
                           grasp__candidate *best, grasp__candidate *erm)
{
    double allowance = task->allowance;
    grasp__candidate other = {.method = GRASP__REFIT_BALANCED};
    *best = (grasp__candidate){.method = GRASP__REFIT_BALANCED, .l2 = penalties[MIDDLE]};
    *erm = (grasp__candidate){.method = GRASP__REFIT_ERM, .l2 = penalties[MIDDLE]};
    if (r->n_groups == r->n_classes)
        return choose_classes(ctx, r, allowance, best, erm);
    grasp_status s = grasp__refit_judge(ctx, r, best, 0);
    if (s == GRASP_OK && task->doubtful && !(fmin(best->minor, best->major) >= task->least)) {
        s = grasp__refit_by_class(ctx, r);
        return s == GRASP_OK ? choose_classes(ctx, r, allowance, best, erm) : s;
    }
    if (s == GRASP_OK)
        s = grasp__refit_judge(ctx, r, erm, 1);
    for (int k = 0; s == GRASP_OK && k < PENALTIES; k++) {
        other.l2 = penalties[k];
        if (k != MIDDLE)
            s = grasp__refit_judge(ctx, r, &other, 2);
        if (s == GRASP_OK && k != MIDDLE && other.worst > best->worst)
            *best = other;
    }
    other = (grasp__candidate){.method = GRASP__REFIT_CERTIFIED, .l2 = best->l2};
    if (s == GRASP_OK && grasp__model_n_params(r->model) <= GRASP__CERTIFIED_LARGEST) {
        s = grasp__refit_judge(ctx, r, &other, 3);
        if (s == GRASP_OK && other.worst > best->worst + best->error)
            *best = other;
    }
    if (s == GRASP_OK && erm->worst > best->worst)
        *best = *erm;
    return s;
}

static grasp_status tell(grasp_context *ctx, const grasp__retraining *r, const grasp__candidate *best,
                         const grasp__candidate *erm, const grasp_report *fitted, grasp_report **out)
{
    static const char *const names[] = {[GRASP__REFIT_ERM] = "erm",
                                        [GRASP__REFIT_BALANCED] = "balanced",
                                        [GRASP__REFIT_LEVELLED] = "levelled",
                                        [GRASP__REFIT_CERTIFIED] = "gdro_certified"};
    const struct {
        const char *name;
        double value;
    } values[] = {{"l2", best->l2},
                  {"rows", (double)r->n},
                  {"worst", best->worst},
                  {"worst_error", best->error},
                  {"erm_worst", erm->worst}};
    grasp_status s = grasp__report_create(ctx, out);
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, *out, "method", names[best->method]);
    for (size_t k = 0; s == GRASP_OK && k < sizeof values / sizeof *values; k++)
        s = grasp__report_put_value(ctx, *out, values[k].name, values[k].value);
    if (s == GRASP_OK && best->method == GRASP__REFIT_LEVELLED)
        s = grasp__report_put_value(ctx, *out, "strength", best->strength);
    return s == GRASP_OK && best->method == GRASP__REFIT_CERTIFIED ? grasp__report_merge(ctx, *out, "certified", fitted)
                                                                   : s;
}

grasp_status grasp__refit(grasp_context *ctx, const grasp__refit_task *task, grasp_report **report)
{
    grasp__retraining r = {
        .n = task->n, .d = grasp__model_n_features(task->model), .group = task->group, .n_groups = task->n_groups};
    grasp__candidate best = {.method = GRASP__REFIT_ERM, .worst = NAN, .error = NAN}, erm = best;
    grasp_report *fitted = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "retrain", 0, 0.8);
    grasp_status s = grasp__refit_open(ctx, &r, task->model, task->rows);
    if (s == GRASP_OK)
        s = choose(ctx, &r, task, &best, &erm);
    grasp__stage_end(ctx, outer);
    outer = grasp__stage_begin(ctx, "retrain", 0.8, 1);
    if (s == GRASP_OK && (best.method != GRASP__REFIT_ERM || !task->trained))
        s = grasp__refit_install(ctx, &r, &best, task->model, report ? &fitted : NULL);
    grasp__stage_end(ctx, outer);
    if (s >= GRASP_OK && report) {
        grasp_status told = tell(ctx, &r, &best, &erm, fitted, report);
        if (told == GRASP_OK && s == GRASP_OK)
            told = grasp__refit_certify(ctx, &r, task->model, best.l2, *report);
        s = told == GRASP_OK ? s : told;
    }
    grasp_report_free(fitted);
    grasp__refit_close(&r);
    return s;
}
