/* SPDX-License-Identifier: BSD-3-Clause
 * Group DRO: min over theta of max over groups of the group's mean loss, online (Sagawa et al. 2020, algorithm 1).
 *
 * For each batch, with L_g the mean loss of group g in it (weighted by the sample weights; 0 if g is absent):
 *   A_g = L_g + C / sqrt(n_g)           n_g the weight of g's training rows; with normalize A_g / sum A
 *   log q_g += step A_g, normalised     before the loss; C enters nowhere else
 *   gradient of sum_g q_g L_g           so row i of group g weighs q_g w_i / sum of g's weights in the batch
 * q starts uniform over the groups that have training rows; the others keep weight 0. Rows of no group are not trained
 * on.
 * Candidates are judged by the accuracy of the worst validation group. Where no validation row has a group, they are
 * judged by that of the worst training group, and the last epoch is kept.
 * Cost: that of the epoch loop and O(groups) a batch, for each candidate; memory O(groups).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "adam", "adam|sgd", "how the parameters step"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64S, "0.001,0.01", "(0, inf)", "learning rates tried"},
    {GRASP_KEY_MOMENTUM, GRASP_PARAM_F64, "0.9", "[0, 1)", "sgd: momentum"},
    {GRASP_KEY_WEIGHT_DECAY, GRASP_PARAM_F64S, "0,0.001", "[0, inf)",
     "numbers tried that are added to the gradient, times each parameter"},
    {GRASP_KEY_EPOCHS, GRASP_PARAM_I64, "50", "[0, 1000000000]", "passes over the training rows"},
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "128", "[1, inf)", "rows of a step"},
    {GRASP_KEY_SHUFFLE, GRASP_PARAM_BOOL, "1", NULL, "a fresh order of rows each epoch"},
    {GRASP_KEY_PATIENCE, GRASP_PARAM_I64, "0", "[0, inf)",
     "stop after so many epochs without a better accuracy of the worst validation group; 0: never"},
    {GRASP_KEY_SELECT_EPOCH, GRASP_PARAM_STR, "auto", "auto|last|val",
     "keep the parameters of the last epoch or of the best by the worst validation group; auto: val if there are "
     "validation rows"},
    {GRASP_KEY_STEP, GRASP_PARAM_F64S, "0.01,0.1", "[0, inf)", "step sizes of the group weights tried"},
    {GRASP_KEY_ADJUSTMENT, GRASP_PARAM_F64, "0", "[0, inf)",
     "C of the size adjustment C / sqrt(n_g) in the weights' step"},
    {GRASP_KEY_BALANCED, GRASP_PARAM_BOOL, "0", NULL, "rows drawn with replacement, each group equally often"},
    {GRASP_KEY_NORMALIZE, GRASP_PARAM_BOOL, "0", NULL, "adjusted losses divided by their sum in the weights' step"},
};

const grasp__param_table grasp__gdro_params = {"gdro", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { RATE, DECAY, STEP }; /* axes of the grid, the outermost first */

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

/* ---- training ---------------------------------------------------------------------------------------------------- */

typedef struct training {
    grasp_model          *model;
    const grasp_groups   *groups;
    const grasp__options *o;
    grasp__batches        batches; /* the same for every candidate */
    const int64_t        *val;
    int64_t               n_val;   /* 0: no validation row has a group */
} training;

static grasp_status put(grasp_context *ctx, grasp_report *report, int64_t epochs, int64_t best, double worst)
{
    grasp_status s = grasp__report_put_value(ctx, report, "epochs", (double)epochs);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "best_epoch", (double)best);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "best_val_worst", worst) : s;
}

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    (void)arg;
    return put(ctx, report, 0, 0, NAN);
}

/* The epochs, their state and their score laid out. */
static grasp_status train_by_epochs(grasp_context *ctx, training *t, gdro *state, grasp__score *score,
                                    grasp__trial *trial)
{
    grasp__objective objective = {
        .name = "gdro", .weigh = weigh, .start = start_epoch, .finish = finish_epoch, .arg = state};
    grasp__optimizer optimizer;
    grasp__epochs e = {.model = t->model, .objective = &objective, .batches = &t->batches, .optimizer = &optimizer,
                       .score = score, .score_name = "val_worst", .report = trial->report};
    grasp__epochs_options(t->o, &e);
    grasp_status s = grasp__optimizer_open(ctx, grasp__options_is(t->o, GRASP_KEY_OPTIMIZER, "adam"),
                                           trial->setting[RATE], grasp__options_f64(t->o, GRASP_KEY_MOMENTUM),
                                           trial->setting[DECAY], grasp__model_n_params(t->model), &optimizer);
    if (s == GRASP_OK)
        s = grasp__epochs_run(ctx, &e);
    trial->score = e.best_score;
    grasp_status told = s < GRASP_OK ? s : put(ctx, trial->report, e.done, e.best_epoch, e.best_score);
    grasp__optimizer_close(&optimizer);
    return told == GRASP_OK ? s : told;
}

static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    training *t = arg;
    grasp__score score = {.n = 0};
    gdro state = {.ctx = ctx,
                  .groups = t->groups,
                  .sample_weights = grasp__model_sample_weights(t->model),
                  .count = t->groups->count,
                  .step = trial->setting[STEP],
                  .normalize = grasp__options_i64(t->o, GRASP_KEY_NORMALIZE)};
    grasp_status s = open_state(ctx, &state, t->batches.rows, t->batches.n,
                                grasp__options_f64(t->o, GRASP_KEY_ADJUSTMENT));
    if (s == GRASP_OK)
        s = grasp__score_open(ctx, t->model, t->groups, t->val, t->n_val, &score);
    if (s == GRASP_OK)
        s = train_by_epochs(ctx, t, &state, &score, trial);
    if (s == GRASP_OK && trial->compared && t->n_val == 0) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "gdro", 1, 1);
        s = grasp__worst_accuracy(ctx, t->model, t->groups, t->batches.rows, t->batches.n, &trial->score);
        grasp__stage_end(ctx, outer);
    }
    grasp__score_close(&score);
    grasp__free(state.block);
    return s;
}

grasp_status grasp__train_gdro(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                               int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                               grasp_report **report)
{
    training t = {
        .model = m, .groups = g, .o = o, .val = val, .n_val = grasp__any_group(g, val, n_val) ? n_val : 0};
    int64_t *rows = NULL, n;
    double total;
    if (report)
        *report = NULL;
    grasp__candidates c = {.name = "gdro",
                           .key = {[RATE] = GRASP_KEY_RATE, [DECAY] = GRASP_KEY_WEIGHT_DECAY, [STEP] = GRASP_KEY_STEP},
                           .by_val = t.n_val > 0,
                           .begin = begin,
                           .train = train,
                           .arg = &t};
    grasp_status s = grasp__epochs_check(ctx, o, n_val > 0);
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, m, g, train_rows, n_train, true, "train_rows", &rows, &n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, m, rows, n, &total);
    if (s == GRASP_OK) {
        s = grasp__batches_open(ctx, rows, n, grasp__options_i64(o, GRASP_KEY_BATCH),
                                grasp__options_i64(o, GRASP_KEY_SHUFFLE),
                                grasp__options_i64(o, GRASP_KEY_BALANCED) ? g : NULL, &t.batches);
        rows = NULL;
    }
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, m, o, &c, report);
    grasp__batches_close(&t.batches);
    grasp__free(rows);
    return s;
}
