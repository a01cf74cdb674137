/* SPDX-License-Identifier: BSD-3-Clause
 * Full-batch training to a gradient norm: for linear models the result does not depend on where it starts. The mean of
 * the losses, of reweighted losses, or a smooth risk of them; by L-BFGS or Newton.
 *
 * A risk's numbers may be lists: candidates, judged as those of first-order training (stochastic.c) are.
 * Cost: see descent.c.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

typedef struct descending {
    const grasp__plan *plan;
    const char        *optimizer;
    int64_t            n_val; /* 0: none has a group */
} descending;

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    const descending *t = arg;
    grasp_status s = grasp__report_put_text(ctx, report, "optimizer", t->optimizer);
    if (s == GRASP_OK && t->plan->note)
        s = t->plan->note(ctx, t->plan->note_arg, report);
    if (s == GRASP_OK)
        s = grasp__put_end(ctx, report, t->plan->select, 0, 0, NAN);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "converged", 0) : s;
}

static grasp_status judge(grasp_context *ctx, const descending *t, grasp__trial *trial)
{
    const grasp__plan *plan = t->plan;
    grasp__score score = {.n = 0};
    grasp__stage_mark outer = grasp__stage_begin(ctx, plan->name, 1, 1);
    grasp_status s = GRASP_OK;
    if (t->n_val > 0) {
        s = grasp__score_open(ctx, plan->model, plan->select, plan->val, t->n_val, &score);
        if (s == GRASP_OK)
            s = grasp__score_now(ctx, &score, &trial->score);
        grasp__score_close(&score);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, trial->report, grasp__score_name(plan->select), trial->score);
    } else if (trial->compared) {
        s = grasp__judge_by_training(ctx, plan->model, plan->select, plan->rows, plan->n, &trial->score);
    }
    grasp__stage_end(ctx, outer);
    return s;
}

static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    const descending *t = arg;
    const grasp__plan *plan = t->plan;
    const double *weight = plan->weight ? plan->weight : grasp__model_sample_weights(plan->model);
    grasp__fullbatch f = {.n = 0};
    grasp__descent d = {.iterations = grasp__options_i64(plan->o, GRASP_KEY_ITERATIONS),
                        .tolerance = grasp__options_f64(plan->o, GRASP_KEY_GRADIENT_NORM)};
    grasp_status s = grasp__fullbatch_open(ctx, plan->model, plan->rows, plan->n, weight,
                                           grasp__options_f64(plan->o, GRASP_KEY_L2), &f);
    if (s == GRASP_OK && plan->risk)
        s = grasp__fullbatch_set_risk(ctx, &f, plan->risk, trial->setting);
    if (s == GRASP_OK)
        s = (strcmp(t->optimizer, "newton") == 0 ? grasp__newton : grasp__lbfgs)(ctx, &f, &d, trial->report);
    grasp__fullbatch_close(&f);
    if (s == GRASP_OK)
        s = judge(ctx, t, trial);
    if (s < GRASP_OK)
        return s;
    grasp_status told = grasp__put_end(ctx, trial->report, plan->select, d.iterations, d.iterations,
                                       t->n_val > 0 ? trial->score : NAN);
    if (told == GRASP_OK)
        told = grasp__report_put_value(ctx, trial->report, "converged", d.converged);
    if (told != GRASP_OK)
        return told;
    return s == GRASP_OK && !d.converged ? GRASP_NOT_CONVERGED : s;
}

grasp_status grasp__train_exact(grasp_context *ctx, grasp__plan *plan, const char *optimizer, grasp_report **report)
{
    descending t = {plan, optimizer, grasp__any_group(plan->select, plan->val, plan->n_val) ? plan->n_val : 0};
    grasp__candidates c = {
        .name = plan->name, .by_val = t.n_val > 0, .begin = begin, .train = train, .arg = &t};
    double total;
    for (int k = 0; plan->risk && plan->risk->axis[k]; k++)
        c.key[k] = plan->risk->axis[k];
    grasp_status s = grasp__total_weight(ctx, plan->model, plan->rows, plan->n, &total);
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, plan->model, plan->o, &c, report);
    grasp__free(plan->rows);
    plan->rows = NULL;
    return s;
}
