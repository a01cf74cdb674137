/* SPDX-License-Identifier: BSD-3-Clause
 * The epoch loop that all first-order objectives share.
 *
 *   for each epoch: order the rows; for each batch: losses -> the objective's weights -> gradient -> optimizer's step;
 *                   then score the validation rows and offer the parameters to the selection.
 *
 * The parameters are kept in float64 here and handed to the model after every step, whatever it computes in. All memory
 * is laid out before the first epoch but for the report's series, which grow between epochs. Cancelled, it ends as if
 * the epochs had been fewer. Cost: epochs x (forward + backward) over the rows, and a forward
 * pass over the validation rows each epoch; memory O(p + batch).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

/* What the loop holds besides what it was given. */
typedef struct loop {
    grasp_context   *ctx;
    grasp__epochs   *e;
    int64_t          p, epoch;  /* epoch counts from 1 */
    double          *theta, *grad, *loss;
    const double    *sample_weights;
    double           sum, weight; /* of the epoch: weighted losses, and weights */
    grasp__selection selection;
} loop;

grasp_status grasp__epochs_check(grasp_context *ctx, const grasp__options *o, bool has_val)
{
    int64_t patience = grasp__options_i64(o, GRASP_KEY_PATIENCE);
    if (!has_val && grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "val"))
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s%s\" is val, but there is no validation row to select by",
                           o->prefix, GRASP_KEY_SELECT_EPOCH);
    if (!has_val && patience > 0)
        return grasp__fail(ctx, GRASP_E_PARAM,
                           "\"%s%s\" is %" PRId64 ", but there is no validation row to wait for, expected 0", o->prefix,
                           GRASP_KEY_PATIENCE, patience);
    return GRASP_OK;
}

void grasp__epochs_options(const grasp__options *o, grasp__epochs *e)
{
    e->epochs = grasp__options_i64(o, GRASP_KEY_EPOCHS);
    e->patience = grasp__options_i64(o, GRASP_KEY_PATIENCE);
    e->select = e->score->n > 0 && !grasp__options_is(o, GRASP_KEY_SELECT_EPOCH, "last");
}

static grasp_status open_loop(grasp_context *ctx, grasp__epochs *e, loop *l)
{
    int64_t p = grasp__model_n_params(e->model);
    *l = (loop){.ctx = ctx, .e = e, .p = p, .sample_weights = grasp__model_sample_weights(e->model)};
    grasp_status s = grasp__alloc(ctx, p, sizeof *l->theta, &l->theta);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *l->grad, &l->grad);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, e->batches->size, sizeof *l->loss, &l->loss);
    if (s == GRASP_OK)
        s = grasp__selection_open(ctx, p, &l->selection);
    if (s == GRASP_OK)
        s = grasp__model_reserve(ctx, e->model, e->batches->size);
    return s == GRASP_OK ? grasp__model_get_params(ctx, e->model, l->theta) : s;
}

static void close_loop(loop *l)
{
    grasp__free(l->theta);
    grasp__free(l->grad);
    grasp__free(l->loss);
    grasp__selection_close(&l->selection);
}

/* Stands between model and objective to keep the epoch's mean. The model has refused losses that are not finite. */
static grasp_status weigh_and_sum(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    loop *l = arg;
    for (int64_t i = 0; i < n; i++) {
        double w = grasp__row_weight(l->sample_weights, rows[i]);
        l->sum += w * loss[i];
        l->weight += w;
    }
    return l->e->objective->weigh(l->e->objective->arg, n, rows, loss, weight);
}

/* Adds epoch and remedy to a message about numbers: "function: message". */
static grasp_status diverged(loop *l)
{
    char message[256];
    const char *told = grasp_context_error(l->ctx), *colon = strstr(told, ": ");
    grasp__format(message, sizeof message, "%s", colon ? colon + 2 : told);
    return grasp__fail(l->ctx, GRASP_E_NUMERIC, "epoch %" PRId64 ": %s; a lower rate than %g may help", l->epoch,
                       message, l->e->optimizer->rate);
}

static grasp_status train_batch(loop *l, const int64_t *rows, int64_t n)
{
    grasp__epochs *e = l->e;
    grasp_status s = grasp__model_objective(l->ctx, e->model, rows, n, weigh_and_sum, l, l->loss, l->grad);
    if (s == GRASP_E_NUMERIC)
        return diverged(l);
    if (s != GRASP_OK)
        return s;
    grasp__optimizer_step(e->optimizer, l->grad, l->theta);
    s = grasp__model_set_params(l->ctx, e->model, l->theta);
    return s == GRASP_E_NUMERIC ? diverged(l) : s; /* a parameter is not finite */
}

static grasp_status train_epoch(loop *l)
{
    grasp__epochs *e = l->e;
    const grasp__batches *b = e->batches;
    const grasp__objective *objective = e->objective;
    grasp__batches_order(e->batches, l->epoch);
    l->sum = l->weight = 0;
    if (objective->start)
        objective->start(objective->arg);
    grasp_status s = GRASP_OK;
    for (int64_t at = 0; s == GRASP_OK && at < b->n; at += b->size) {
        s = grasp__tick(l->ctx, at, b->n);
        if (s == GRASP_OK)
            s = train_batch(l, b->order + at, b->n - at < b->size ? b->n - at : b->size);
    }
    double mean = l->weight > 0 ? l->sum / l->weight : 0;
    if (s == GRASP_OK && objective->finish)
        s = objective->finish(l->ctx, objective->arg, e->report, &mean);
    return s == GRASP_OK ? grasp__report_append(l->ctx, e->report, "loss", mean) : s;
}

static grasp_status score_epoch(loop *l)
{
    grasp__epochs *e = l->e;
    double score;
    grasp_status s = grasp__score_now(l->ctx, e->score, &score);
    if (s == GRASP_OK && e->score->n > 0)
        s = grasp__report_append(l->ctx, e->report, e->score_name, score);
    if (s != GRASP_OK)
        return s;
    grasp__selection_offer(&l->selection, score, l->epoch, l->theta);
    if (!e->select || l->selection.epoch == l->epoch) {
        e->best_epoch = l->epoch;
        e->best_score = score;
    }
    return GRASP_OK;
}

/* One epoch and its score within its share of the call's progress. */
static grasp_status run_epoch(loop *l)
{
    grasp__epochs *e = l->e;
    double lo = (double)(l->epoch - 1) / (double)e->epochs, hi = (double)l->epoch / (double)e->epochs;
    double mid = e->score->n > 0 ? hi - 0.2 * (hi - lo) : hi;
    grasp__stage_mark outer = grasp__stage_begin(l->ctx, e->objective->name, lo, mid);
    grasp_status s = train_epoch(l);
    grasp__stage_end(l->ctx, outer);
    if (s != GRASP_OK)
        return s;
    e->done = l->epoch;
    outer = grasp__stage_begin(l->ctx, e->objective->name, mid, hi);
    s = score_epoch(l);
    grasp__stage_end(l->ctx, outer);
    return s;
}

grasp_status grasp__epochs_run(grasp_context *ctx, grasp__epochs *e)
{
    loop l;
    e->done = e->best_epoch = 0;
    e->best_score = NAN;
    grasp_status s = open_loop(ctx, e, &l);
    if (s != GRASP_OK)
        goto done;
    if (e->epochs == 0)
        s = grasp__score_now(ctx, e->score, &e->best_score);
    for (l.epoch = 1; s == GRASP_OK && l.epoch <= e->epochs; l.epoch++) {
        if (e->patience > 0 && l.epoch - l.selection.epoch > e->patience && l.selection.epoch > 0)
            break;
        s = run_epoch(&l);
    }
    if (s == GRASP_OK || s == GRASP_CANCELLED) {
        bool chosen = e->select && l.selection.epoch > 0;
        if (!chosen)
            e->best_epoch = e->done;
        grasp_status kept = grasp__model_set_params(ctx, e->model, chosen ? l.selection.theta : l.theta);
        s = kept == GRASP_OK ? s : kept;
    }
done:
    close_loop(&l);
    return s;
}
