/* SPDX-License-Identifier: BSD-3-Clause
 * Group DRO: min over theta of max over groups of the group's mean loss, online (Sagawa et al. 2020, algorithm 1).
 *
 * For each batch, with L_g the mean loss of group g in it (weighted by the sample weights; 0 if g is absent):
 *   A_g = L_g + C / sqrt(n_g)           n_g the weight of g's training rows; with normalize A_g / sum A
 *   log q_g += step A_g, normalised     before the loss; C enters nowhere else
 *   gradient of sum_g q_g L_g           so row i of group g weighs q_g w_i / sum of g's weights in the batch
 * q starts uniform over the groups that have training rows; the others keep weight 0. Rows of no group are not trained
 * on.
 * Cost: that of the epoch loop and O(groups) a batch; memory O(groups).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "adam", "adam|sgd", "how the parameters step"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64, "0.001", "(0, inf)", "learning rate"},
    {GRASP_KEY_MOMENTUM, GRASP_PARAM_F64, "0.9", "[0, 1)", "sgd: momentum"},
    {GRASP_KEY_WEIGHT_DECAY, GRASP_PARAM_F64, "0", "[0, inf)", "added to the gradient, times each parameter"},
    {GRASP_KEY_EPOCHS, GRASP_PARAM_I64, "50", "[0, 1000000000]", "passes over the training rows"},
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "128", "[1, inf)", "rows of a step"},
    {GRASP_KEY_SHUFFLE, GRASP_PARAM_BOOL, "1", NULL, "a fresh order of rows each epoch"},
    {GRASP_KEY_PATIENCE, GRASP_PARAM_I64, "0", "[0, inf)",
     "stop after so many epochs without a better accuracy of the worst validation group; 0: never"},
    {GRASP_KEY_SELECT_EPOCH, GRASP_PARAM_STR, "auto", "auto|last|val",
     "keep the parameters of the last epoch or of the best by the worst validation group; auto: val if there are "
     "validation rows"},
    {GRASP_KEY_STEP, GRASP_PARAM_F64, "0.01", "[0, inf)", "step size of the group weights"},
    {GRASP_KEY_ADJUSTMENT, GRASP_PARAM_F64, "0", "[0, inf)",
     "C of the size adjustment C / sqrt(n_g) in the weights' step"},
    {GRASP_KEY_BALANCED, GRASP_PARAM_BOOL, "0", NULL, "rows drawn with replacement, each group equally often"},
    {GRASP_KEY_NORMALIZE, GRASP_PARAM_BOOL, "0", NULL, "adjusted losses divided by their sum in the weights' step"},
};

const grasp__param_table grasp__gdro_params = {"gdro", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { MOST_IN_REPORT = 256 }; /* groups with a table of their own: a name is found by going through all */

typedef struct gdro {
    grasp_context      *ctx;
    const grasp_groups *groups;
    const double       *sample_weights;
    double              step;
    bool                normalize;
    int64_t             count;
    double             *block;         /* the seven below, count each */
    double             *log_q;         /* -inf: no training row */
    double             *adjustment;    /* C / sqrt(n_g) */
    double             *weight, *loss, *adjusted; /* of the batch: sum of weights, mean loss, what the weights' step
                                                     takes */
    double             *epoch_weight, *epoch_loss;
} gdro;

static grasp_status open_state(grasp_context *ctx, gdro *state, const int64_t *rows, int64_t n, double c)
{
    int64_t cells, present = 0;
    grasp_status s = grasp__check_product(ctx, state->count, 7, "group weights", &cells);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, cells, sizeof *state->block, &state->block);
    if (s != GRASP_OK)
        return s;
    double **part[] = {&state->log_q,    &state->adjustment,   &state->weight,    &state->loss,
                       &state->adjusted, &state->epoch_weight, &state->epoch_loss};
    for (int64_t k = 0; k < 7; k++)
        *part[k] = state->block + k * state->count;
    for (int64_t i = 0; i < n; i++)
        state->weight[state->groups->label[rows[i]]] += grasp__row_weight(state->sample_weights, rows[i]);
    for (int64_t g = 0; g < state->count; g++)
        present += state->weight[g] > 0;
    for (int64_t g = 0; g < state->count; g++) {
        state->log_q[g] = state->weight[g] > 0 ? -log((double)present) : -INFINITY;
        state->adjustment[g] = state->weight[g] > 0 ? c / sqrt(state->weight[g]) : 0;
    }
    return GRASP_OK;
}

static void start_epoch(void *arg)
{
    gdro *state = arg;
    memset(state->epoch_weight, 0, (size_t)state->count * sizeof *state->epoch_weight);
    memset(state->epoch_loss, 0, (size_t)state->count * sizeof *state->epoch_loss);
}

/* Mean loss of each group in the batch, 0 for those absent. */
static void average(gdro *state, int64_t n, const int64_t *rows, const double *loss)
{
    memset(state->weight, 0, (size_t)state->count * sizeof *state->weight);
    memset(state->loss, 0, (size_t)state->count * sizeof *state->loss);
    for (int64_t i = 0; i < n; i++) {
        int64_t g = state->groups->label[rows[i]];
        double w = grasp__row_weight(state->sample_weights, rows[i]);
        state->weight[g] += w;
        state->loss[g] += w * loss[i];
    }
    for (int64_t g = 0; g < state->count; g++) {
        state->epoch_weight[g] += state->weight[g];
        state->epoch_loss[g] += state->loss[g];
        state->loss[g] = state->weight[g] > 0 ? state->loss[g] / state->weight[g] : 0;
    }
}

static void adjust(gdro *state)
{
    double sum = 0;
    for (int64_t g = 0; g < state->count; g++)
        sum += state->adjusted[g] = state->loss[g] + state->adjustment[g];
    for (int64_t g = 0; state->normalize && sum > 0 && g < state->count; g++)
        state->adjusted[g] /= sum;
}

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    gdro *state = arg;
    average(state, n, rows, loss);
    adjust(state);
    if (!grasp__gdro_advance(state->count, state->adjusted, state->step, state->log_q))
        return grasp__fail(state->ctx, GRASP_E_NUMERIC,
                           "the group weights overflow: step %g times a group's loss is not finite", state->step);
    for (int64_t i = 0; i < n; i++) {
        int64_t g = state->groups->label[rows[i]];
        double w = grasp__row_weight(state->sample_weights, rows[i]);
        weight[i] = w > 0 ? exp(state->log_q[g]) * w / state->weight[g] : 0;
    }
    return GRASP_OK;
}

/* "group.loss.<g>" and "group.weight.<g>" of the epoch; *loss becomes the worst group's. */
static grasp_status finish_epoch(grasp_context *ctx, void *arg, grasp_report *report, double *loss)
{
    gdro *state = arg;
    char name[48];
    grasp_status s = GRASP_OK;
    *loss = 0;
    for (int64_t g = 0; s == GRASP_OK && g < state->count; g++) {
        double mean = state->epoch_weight[g] > 0 ? state->epoch_loss[g] / state->epoch_weight[g] : NAN;
        *loss = fmax(*loss, mean);
        if (state->log_q[g] == -INFINITY || state->count > MOST_IN_REPORT)
            continue;
        grasp__format(name, sizeof name, "group.loss.%" PRId64, g);
        s = grasp__report_append(ctx, report, name, mean);
        grasp__format(name, sizeof name, "group.weight.%" PRId64, g);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report, name, exp(state->log_q[g]));
    }
    return s;
}

static double chosen(double value, const grasp__options *o, const char *key)
{
    return isnan(value) ? grasp__options_f64(o, key) : value;
}

static grasp_status put(grasp_context *ctx, grasp_report *report, const grasp__gdro_result *result)
{
    grasp_status s = grasp__report_put_value(ctx, report, "epochs", (double)result->epochs);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "best_epoch", (double)result->best_epoch);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "best_val_worst", result->val_worst) : s;
}

grasp_status grasp__train_gdro(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train,
                               int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o, double rate,
                               double weight_decay, double step, grasp__gdro_result *result, grasp_report **report)
{
    gdro state = {.ctx = ctx, .groups = g, .sample_weights = grasp__model_sample_weights(m), .count = g->count,
                  .step = chosen(step, o, GRASP_KEY_STEP), .normalize = grasp__options_i64(o, GRASP_KEY_NORMALIZE)};
    grasp__objective objective = {
        .name = "gdro", .weigh = weigh, .start = start_epoch, .finish = finish_epoch, .arg = &state};
    grasp__optimizer optimizer = {.adam = grasp__options_is(o, GRASP_KEY_OPTIMIZER, "adam")};
    grasp__batches batches = {.n = 0};
    grasp__score score = {.n = 0};
    grasp__backup backup = {.model = NULL};
    grasp_report *made = NULL;
    int64_t *rows = NULL, n;
    double total;
    grasp__epochs e = {.model = m,
                       .objective = &objective,
                       .batches = &batches,
                       .optimizer = &optimizer,
                       .score = &score,
                       .score_name = "val_worst"};
    *result = (grasp__gdro_result){.val_worst = NAN};
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, m, g, train, n_train, true, "train_rows", &rows, &n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, m, rows, n, &total);
    if (s == GRASP_OK)
        s = open_state(ctx, &state, rows, n, grasp__options_f64(o, GRASP_KEY_ADJUSTMENT));
    if (s == GRASP_OK && report)
        s = grasp__report_create(ctx, &made);
    if (s == GRASP_OK)
        s = put(ctx, made, result); /* what holds if a cancel comes before the first step */
    if (s == GRASP_OK)
        s = grasp__score_open(ctx, m, g, val, n_val, &score);
    if (s == GRASP_OK)
        s = grasp__epochs_options(ctx, o, score.n > 0, &e);
    if (s == GRASP_OK)
        s = grasp__optimizer_open(
            ctx, optimizer.adam, chosen(rate, o, GRASP_KEY_RATE), grasp__options_f64(o, GRASP_KEY_MOMENTUM),
            chosen(weight_decay, o, GRASP_KEY_WEIGHT_DECAY), grasp__model_n_params(m), &optimizer);
    if (s == GRASP_OK) {
        s = grasp__batches_open(ctx, rows, n, grasp__options_i64(o, GRASP_KEY_BATCH),
                                grasp__options_i64(o, GRASP_KEY_SHUFFLE),
                                grasp__options_i64(o, GRASP_KEY_BALANCED) ? g : NULL, &batches);
        rows = NULL;
    }
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, m, &backup);
    e.report = made;
    if (s == GRASP_OK) {
        s = grasp__epochs_run(ctx, &e);
        *result = (grasp__gdro_result){.val_worst = e.best_score, .epochs = e.done, .best_epoch = e.best_epoch};
        grasp_status told = s < GRASP_OK ? s : put(ctx, made, result);
        s = told == GRASP_OK ? s : told;
    }
    s = grasp__backup_close(ctx, &backup, s);
    if (s >= GRASP_OK && report)
        *report = made;
    else
        grasp_report_free(made);
    grasp__batches_close(&batches);
    grasp__optimizer_close(&optimizer);
    grasp__score_close(&score);
    grasp__free(state.block);
    grasp__free(rows);
    return s;
}

static grasp_status train_gdro(grasp_context *ctx, grasp_model *model, const grasp_groups *groups, const int64_t *train,
                               int64_t n_train, const int64_t *val, int64_t n_val, const grasp_params *params_or_null,
                               grasp_report **report)
{
    grasp__gdro_result result;
    grasp__options o;
    grasp_status s = grasp__check_training(ctx, model, train, n_train, val, n_val);
    if (s == GRASP_OK)
        s = grasp__groups_check(ctx, groups, "groups");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, groups->n, grasp__model_n_rows(model), "samples of groups");
    if (s != GRASP_OK)
        return s;
    s = grasp__options_open(ctx, params_or_null, &grasp__gdro_params, &o);
    if (s == GRASP_OK)
        s = grasp__train_gdro(ctx, model, groups, train, n_train, val, n_val, &o, NAN, NAN, NAN, &result, report);
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_train_gdro(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                              const int64_t *train_rows_or_null, int64_t n_train, const int64_t *val_rows_or_null,
                              int64_t n_val, const grasp_params *params_or_null, grasp_report **report_or_null)
{
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, train_gdro(ctx, model, groups, train_rows_or_null, n_train, val_rows_or_null, n_val,
                                        params_or_null, report_or_null));
}
