/* SPDX-License-Identifier: BSD-3-Clause
 * The grid over an objective's numbers: learning rate, weight decay, step size.
 *
 * An option that takes a list spans one axis; the first axis is the outermost. Every candidate starts from the
 * parameters the model came with and sees the same orders of rows. The one with the highest score is installed, the
 * first in grid order of those within 1e-12. One whose numbers do not stay finite is out, unless all do. A single
 * candidate needs no score and is trained as if there were no grid. A cancel ends the grid with the candidate that
 * runs, which is judged by the score it has.
 *
 * Cost: candidates x the objective's; memory 2 p numbers and one per candidate.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const double equal = 1e-12;

typedef struct run {
    const grasp__candidates *c;
    grasp_model *model;
    grasp__backup first;              /* where every candidate starts */
    const double *value[GRASP__AXES]; /* of each axis */
    int64_t n[GRASP__AXES];
    int axes;
    int64_t total, tried, best; /* best: its number in grid order, -1: none yet */
    grasp_status outcome;       /* of the best: GRASP_OK or GRASP_NOT_CONVERGED */
    double *score;              /* total */
    double *theta;              /* of the best; p */
    grasp_report *report;       /* of the best */
} run;

static void setting_at(const run *r, int64_t k, double *setting)
{
    for (int a = r->axes; a-- > 0; k /= r->n[a])
        setting[a] = r->value[a][k % r->n[a]];
}

static grasp_status open_run(grasp_context *ctx, const grasp__options *o, run *r)
{
    grasp_status s = GRASP_OK;
    for (; s == GRASP_OK && r->c->key[r->axes]; r->axes++) {
        r->value[r->axes] = grasp__options_f64s(o, r->c->key[r->axes], &r->n[r->axes]);
        s = grasp__check_product(ctx, r->total, r->n[r->axes], "candidates", &r->total);
    }
    int64_t p = grasp__model_n_params(r->model);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, r->total, sizeof *r->score, &r->score);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *r->theta, &r->theta);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, r->model, &r->first);
    if (s == GRASP_OK)
        memcpy(r->theta, r->first.theta, (size_t)p * sizeof *r->theta);
    return s;
}

/* Trains candidate k and keeps it if it is the best so far. GRASP_OK if it is out. */
static grasp_status try_one(grasp_context *ctx, run *r, int64_t k, bool report)
{
    double setting[GRASP__AXES];
    grasp__trial trial = {.setting = setting, .compared = r->total > 1, .score = NAN};
    setting_at(r, k, setting);
    grasp_status s = report ? grasp__report_create(ctx, &trial.report) : GRASP_OK;
    if (s == GRASP_OK)
        s = r->c->begin(ctx, r->c->arg, trial.report);
    if (s == GRASP_OK && k > 0)
        s = grasp__model_set_params(ctx, r->model, r->first.theta);
    bool started = s == GRASP_OK;
    if (started)
        s = r->c->train(ctx, r->c->arg, &trial);
    r->score[r->tried++] = s == GRASP_E_NUMERIC ? NAN : trial.score;
    if (s >= GRASP_OK && (r->best < 0 || trial.score > r->score[r->best] + equal)) {
        grasp_report *worse = r->report;
        r->best = k;
        r->outcome = s == GRASP_NOT_CONVERGED ? s : GRASP_OK;
        r->report = trial.report;
        trial.report = worse;
        if (started && r->total > 1) { /* else theta is where it would have started */
            grasp_status kept = grasp__model_get_params(ctx, r->model, r->theta);
            s = kept == GRASP_OK ? s : kept;
        }
    }
    if (s == GRASP_NOT_CONVERGED)
        s = GRASP_OK; /* the others are tried all the same */
    grasp_report_free(trial.report);
    if (s == GRASP_E_NUMERIC && r->total > 1) {
        grasp__log(ctx, GRASP_LOG_WARN, "candidate %" PRId64 " of %" PRId64 " is out: %s", k + 1, r->total,
                   grasp_context_error(ctx));
        return GRASP_OK;
    }
    return s;
}

/* The choice, and what it was made from. */
static grasp_status put_choice(grasp_context *ctx, const run *r)
{
    double setting[GRASP__AXES];
    char name[48];
    grasp_status s = GRASP_OK;
    if (r->axes == 0)
        return s;
    setting_at(r, r->best, setting);
    if (r->c->chosen)
        memcpy(r->c->chosen, setting, (size_t)r->axes * sizeof *setting);
    for (int a = 0; s == GRASP_OK && a < r->axes; a++)
        s = grasp__report_put_value(ctx, r->report, r->c->key[a], setting[a]);
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, r->report, "chosen_by", r->c->by_val ? "val" : "train");
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, r->report, "candidate.best", (double)r->best);
    for (int64_t k = 0; s == GRASP_OK && k < r->tried; k++) {
        setting_at(r, k, setting);
        for (int a = 0; s == GRASP_OK && a < r->axes; a++) {
            grasp__format(name, sizeof name, "candidate.%s", r->c->key[a]);
            s = grasp__report_append(ctx, r->report, name, setting[a]);
        }
    }
    return s == GRASP_OK ? grasp__report_put_series(ctx, r->report, "candidate.score", r->score, r->tried) : s;
}

grasp_status grasp__candidates_run(grasp_context *ctx, grasp_model *m, const grasp__options *o,
                                   const grasp__candidates *c, grasp_report **report_or_null)
{
    run r = {.c = c, .model = m, .total = 1, .best = -1};
    grasp_status s = open_run(ctx, o, &r);
    for (int64_t k = 0; s == GRASP_OK && k < r.total; k++) {
        double lo = (double)k / (double)r.total, hi = (double)(k + 1) / (double)r.total;
        grasp__stage_mark outer = grasp__stage_begin(ctx, c->name, lo, hi);
        s = try_one(ctx, &r, k, report_or_null != NULL);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK && r.best < 0)
        s = GRASP_E_NUMERIC; /* all are out: the last one's message stands */
    if (s >= GRASP_OK && r.total > 1) {
        grasp_status kept = grasp__model_set_params(ctx, m, r.theta);
        s = kept == GRASP_OK ? s : kept;
    }
    if (s >= GRASP_OK) {
        grasp_status told = put_choice(ctx, &r);
        s = told == GRASP_OK ? s : told;
    }
    if (s == GRASP_OK)
        s = r.outcome;
    s = grasp__backup_close(ctx, &r.first, s);
    if (s >= GRASP_OK && report_or_null)
        *report_or_null = r.report;
    else
        grasp_report_free(r.report);
    grasp__free(r.score);
    grasp__free(r.theta);
    return s;
}
