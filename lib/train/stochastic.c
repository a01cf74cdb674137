/* SPDX-License-Identifier: BSD-3-Clause
 * First-order training by any objective: what all its methods have in common.
 *
 * A method says how it weighs the losses of a batch, and which options span its grid besides rate and weight decay; the
 * rows, their order, the optimizer, the epochs, the score and the report are the same for all. Epochs and candidates
 * are judged by validation accuracy, or, with groups to select by, by that of the worst group. Without validation rows
 * the worst training group decides, or, without groups, the lowest mean training loss: training accuracy is 1 for whole
 * ranges of rates once a model fits its data, and says nothing among them.
 *
 * Cost: see candidates.c and epochs.c.
 */
#include "train/train_private.h"

#include <math.h>

enum { RATE, DECAY, OWN }; /* axes of the grid, the outermost first; the method's own from OWN on */

const char *grasp__score_name(const grasp_groups *select_or_null)
{
    return select_or_null ? "val_worst" : "val_accuracy";
}

grasp_status grasp__put_end(grasp_context *ctx, grasp_report *report, const grasp_groups *select_or_null,
                            int64_t epochs, int64_t best, double score)
{
    grasp_status s = grasp__report_put_value(ctx, report, "epochs", (double)epochs);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "best_epoch", (double)best);
    return s == GRASP_OK
               ? grasp__report_put_value(ctx, report, select_or_null ? "best_val_worst" : "best_val_accuracy", score)
               : s;
}

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    const grasp__job *job = arg;
    grasp_status s = grasp__report_put_text(ctx, report, "optimizer", job->optimizer);
    if (s == GRASP_OK && job->note)
        s = job->note(ctx, job->note_arg, report);
    return s == GRASP_OK ? grasp__put_end(ctx, report, job->select, 0, 0, NAN) : s;
}

/* Mean loss of the rows at the model's parameters. */
static grasp_status mean_loss(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double *out)
{
    const double *weight = grasp__model_sample_weights(m);
    double *loss, sum = 0, total = 0;
    grasp_status s = grasp__alloc(ctx, n, sizeof *loss, &loss);
    if (s != GRASP_OK)
        return s;
    s = grasp__model_loss(ctx, m, rows, n, loss);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        sum += grasp__row_weight(weight, rows[i]) * loss[i];
        total += grasp__row_weight(weight, rows[i]);
    }
    grasp__free(loss);
    if (s != GRASP_OK)
        return s;
    *out = sum / total;
    return isfinite(*out) ? s
                          : grasp__fail(ctx, GRASP_E_NUMERIC, "the mean training loss is %g, expected finite", *out);
}

grasp_status grasp__judge_by_training(grasp_context *ctx, grasp_model *m, const grasp_groups *select_or_null,
                                      const int64_t *rows, int64_t n, double *score)
{
    double loss = NAN;
    if (select_or_null)
        return grasp__worst_accuracy(ctx, m, select_or_null, rows, n, score);
    grasp_status s = mean_loss(ctx, m, rows, n, &loss);
    *score = -loss;
    return s;
}

static grasp_status run_epochs(grasp_context *ctx, grasp__job *job, const grasp__objective *objective,
                               grasp__score *score, grasp__trial *trial)
{
    grasp__optimizer optimizer;
    grasp__epochs e = {.model = job->model, .objective = objective, .batches = &job->batches, .optimizer = &optimizer,
                       .score = score, .score_name = grasp__score_name(job->select), .report = trial->report};
    grasp__epochs_options(job->o, &e);
    grasp_status s = grasp__optimizer_open(ctx, job->optimizer[0] == 'a', trial->setting[RATE],
                                           grasp__options_f64(job->o, GRASP_KEY_MOMENTUM), trial->setting[DECAY],
                                           grasp__model_n_params(job->model), &optimizer);
    if (s == GRASP_OK)
        s = grasp__epochs_run(ctx, &e);
    trial->score = e.best_score;
    grasp_status told =
        s < GRASP_OK ? s : grasp__put_end(ctx, trial->report, job->select, e.done, e.best_epoch, e.best_score);
    grasp__optimizer_close(&optimizer);
    return told == GRASP_OK ? s : told;
}

static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    grasp__job *job = arg;
    grasp__score score = {.n = 0};
    grasp__objective objective = {.name = job->name};
    grasp_status s = job->open(ctx, job, trial->setting + OWN, &objective);
    if (s == GRASP_OK)
        s = grasp__score_open(ctx, job->model, job->select, job->val, job->n_val, &score);
    if (s == GRASP_OK)
        s = run_epochs(ctx, job, &objective, &score, trial);
    if (s == GRASP_OK && trial->compared && job->n_val == 0) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, job->name, 1, 1);
        s = grasp__judge_by_training(ctx, job->model, job->select, job->batches.rows, job->batches.n, &trial->score);
        grasp__stage_end(ctx, outer);
    }
    grasp__score_close(&score);
    if (job->close)
        job->close(objective.arg);
    return s;
}

grasp_status grasp__job_run(grasp_context *ctx, grasp__job *job, int64_t *rows, int64_t n,
                            const grasp_groups *balance_or_null, grasp_report **report)
{
    double total;
    bool has_val = job->n_val > 0;
    job->n_val = grasp__any_group(job->select, job->val, job->n_val) ? job->n_val : 0;
    grasp__candidates c = {.name = job->name,
                           .key = {[RATE] = GRASP_KEY_RATE, [DECAY] = GRASP_KEY_WEIGHT_DECAY},
                           .by_val = job->n_val > 0,
                           .chosen = job->chosen,
                           .begin = begin,
                           .train = train,
                           .arg = job};
    for (int k = 0; k < GRASP__AXES - OWN; k++)
        c.key[OWN + k] = job->axis[k];
    grasp_status s = grasp__epochs_check(ctx, job->o, has_val);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, job->model, rows, n, &total);
    if (s == GRASP_OK) {
        s = grasp__batches_open(ctx, rows, n, grasp__options_i64(job->o, GRASP_KEY_BATCH),
                                grasp__options_i64(job->o, GRASP_KEY_SHUFFLE), balance_or_null, &job->batches);
        rows = NULL;
    }
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, job->model, job->o, &c, report);
    grasp__batches_close(&job->batches);
    grasp__free(rows);
    return s;
}
