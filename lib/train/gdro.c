/* SPDX-License-Identifier: BSD-3-Clause
 * Group DRO: min over theta of max over groups of the group's mean loss (Sagawa et al. 2020).
 *
 * For each batch, with L_g the mean loss of group g in it (weighted by the sample weights; 0 if g is absent):
 *   online   A_g = L_g + C / sqrt(n_g)           n_g the weight of g's training rows; with normalize A_g / sum A
 *            log q_g += step A_g, normalised     before the loss; C enters nowhere else (algorithm 1)
 *   greedy   M_g = (1 - gamma) M_g + gamma L_g   where g is present; the first time M_g = L_g
 *            q_g = n_g / (alpha n), groups by M_g + C / sqrt(n_g) from the largest down, until q sums to 1, the last
 *            one in part: the mean over the worst share alpha of the training rows, in whole groups (the authors'
 *            "btl")
 *   gradient of sum_g q_g L_g                    so row i of group g weighs q_g w_i / sum of g's weights in the batch
 * Online, q starts uniform over the groups that have training rows; the others keep weight 0. Rows of no group are not
 * trained on.
 * Candidates are judged by the accuracy of the worst validation group. Where no validation row has a group, they are
 * judged by that of the worst training group, and the last epoch is kept.
 * Cost: that of the epoch loop and O(groups) a batch (greedy: and their order), for each candidate; memory O(groups).
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    GRASP__ADAM_OR_SGD,
    GRASP__FIRST_ORDER_PARAMS("0,0.001"),
    {GRASP_KEY_VARIANT, GRASP_PARAM_STR, "online", "online|greedy",
     "weights that grow with the loss, or the worst groups up to a share alpha of the rows"},
    {GRASP_KEY_STEP, GRASP_PARAM_F64S, "0.01,0.1", "[0, inf)", "online: step sizes of the group weights tried"},
    {GRASP_KEY_ADJUSTMENT, GRASP_PARAM_F64, "0", "[0, inf)",
     "C of the size adjustment C / sqrt(n_g) in the weights' step"},
    {GRASP_KEY_BALANCED, GRASP_PARAM_BOOL, "0", NULL, "rows drawn with replacement, each group equally often"},
    {GRASP_KEY_NORMALIZE, GRASP_PARAM_BOOL, "0", NULL,
     "online: adjusted losses divided by their sum in the weights' step"},
    {GRASP_KEY_ALPHA, GRASP_PARAM_F64S, "0.2", "(0, 1]", "greedy: shares of the rows tried"},
    {GRASP_KEY_CERTIFICATE, GRASP_PARAM_BOOL, "0", NULL,
     "linear models, weight_decay above 0: report how far the objective is from its least value"},
    {GRASP_KEY_GAMMA, GRASP_PARAM_F64, "0.1", "(0, 1]", "greedy: weight of a batch in the running mean of the losses"},
};

const grasp__param_table grasp__gdro_params = {"gdro", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

enum { MOST_IN_REPORT = 256 }; /* groups with a table of their own: a name is found by going through all */

typedef struct gdro {
    grasp_context      *ctx;
    const grasp_groups *groups;
    const double       *sample_weights;
    bool                greedy, normalize;
    double              step, alpha, gamma;
    int64_t             count;
    double             *block;         /* the ten below, count each */
    double             *share;         /* of the weight of all training rows; 0: no training row */
    double             *q, *log_q;     /* the weights; log_q of online alone */
    double             *adjustment;    /* C / sqrt(n_g) */
    double             *running;       /* greedy: mean loss over the batches; NaN: not seen yet */
    double             *weight, *loss, *adjusted; /* of the batch: sum of weights, mean loss, what the weights follow */
    double             *epoch_weight, *epoch_loss;
    int64_t            *order;         /* greedy: groups, the worst first */
} gdro;

static grasp_status open_state(grasp_context *ctx, gdro *state, const int64_t *rows, int64_t n, double c)
{
    int64_t cells, present = 0;
    double total = 0;
    grasp_status s = grasp__check_product(ctx, state->count, 10, "group weights", &cells);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, cells, sizeof *state->block, &state->block);
    if (s == GRASP_OK && state->greedy)
        s = grasp__alloc(ctx, state->count, sizeof *state->order, &state->order);
    if (s != GRASP_OK)
        return s;
    double **part[] = {&state->share, &state->q,    &state->log_q,    &state->adjustment,   &state->running,
                       &state->weight, &state->loss, &state->adjusted, &state->epoch_weight, &state->epoch_loss};
    for (int64_t k = 0; k < 10; k++)
        *part[k] = state->block + k * state->count;
    for (int64_t i = 0; i < n; i++)
        state->weight[state->groups->label[rows[i]]] += grasp__row_weight(state->sample_weights, rows[i]);
    for (int64_t g = 0; g < state->count; g++) {
        present += state->weight[g] > 0;
        total += state->weight[g];
    }
    for (int64_t g = 0; g < state->count; g++) {
        state->share[g] = state->weight[g] / total;
        state->q[g] = state->weight[g] > 0 ? 1 / (double)present : 0;
        state->log_q[g] = state->weight[g] > 0 ? -log((double)present) : -INFINITY;
        state->adjustment[g] = state->weight[g] > 0 ? c / sqrt(state->weight[g]) : 0;
        state->running[g] = NAN;
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

static bool advance(gdro *state)
{
    adjust(state);
    if (!grasp__gdro_advance(state->count, state->adjusted, state->step, state->log_q))
        return false;
    for (int64_t g = 0; g < state->count; g++)
        state->q[g] = exp(state->log_q[g]);
    return true;
}

static void take_the_worst(gdro *state)
{
    double left = state->alpha;
    for (int64_t g = 0; g < state->count; g++) {
        double before = state->running[g];
        if (state->weight[g] > 0)
            state->running[g] = isnan(before) ? state->loss[g]
                                              : (1 - state->gamma) * before + state->gamma * state->loss[g];
        state->adjusted[g] = isnan(state->running[g]) ? -INFINITY : state->running[g] + state->adjustment[g];
    }
    grasp__rank(state->adjusted, state->count, state->order);
    for (int64_t k = 0; k < state->count; k++) {
        int64_t g = state->order[k];
        double taken = fmin(state->share[g], left);
        state->q[g] = taken / state->alpha;
        left -= taken;
    }
}

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    gdro *state = arg;
    average(state, n, rows, loss);
    if (state->greedy)
        take_the_worst(state);
    else if (!advance(state))
        return grasp__fail(state->ctx, GRASP_E_NUMERIC,
                           "the group weights overflow: step %g times a group's loss is not finite", state->step);
    for (int64_t i = 0; i < n; i++) {
        int64_t g = state->groups->label[rows[i]];
        double w = grasp__row_weight(state->sample_weights, rows[i]);
        weight[i] = w > 0 ? state->q[g] * w / state->weight[g] : 0;
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
        if (!(state->share[g] > 0) || state->count > MOST_IN_REPORT)
            continue;
        grasp__format(name, sizeof name, "group.loss.%" PRId64, g);
        s = grasp__report_append(ctx, report, name, mean);
        grasp__format(name, sizeof name, "group.weight.%" PRId64, g);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report, name, state->q[g]);
    }
    return s;
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static grasp_status open(grasp_context *ctx, const grasp__job *job, const double *setting, grasp__objective *objective)
{
    gdro *state = job->method;
    objective->weigh = weigh;
    objective->start = start_epoch;
    objective->finish = finish_epoch;
    objective->arg = state;
    *(state->greedy ? &state->alpha : &state->step) = setting[0];
    return open_state(ctx, state, job->batches.rows, job->batches.n, grasp__options_f64(job->o, GRASP_KEY_ADJUSTMENT));
}

static void close(void *arg)
{
    gdro *state = arg;
    grasp__free(state->block);
    grasp__free(state->order);
    state->block = NULL;
    state->order = NULL;
}

/* What the certificate needs of the model and of every candidate. */
static grasp_status check_certificate(grasp_context *ctx, const grasp_model *m, const grasp__options *o)
{
    int64_t n;
    const double *decay = grasp__options_f64s(o, GRASP_KEY_WEIGHT_DECAY, &n);
    grasp_status s = grasp__minimax_check(ctx, m, "certificate=1");
    for (int64_t k = 0; s == GRASP_OK && k < n; k++)
        if (!(decay[k] > 0))
            s = grasp__fail(ctx, GRASP_E_PARAM, "\"%sweight_decay\" has %g, expected above 0 for a certificate",
                            o->prefix, decay[k]);
    return s;
}

/* The chosen candidate's weight decay is the lambda of the objective. */
static grasp_status certify(grasp_context *ctx, const grasp__job *job, const int64_t *train_rows, int64_t n_train,
                            grasp_report *report)
{
    int64_t *rows = NULL, n = 0;
    grasp_status s = grasp__kept_rows(ctx, job->model, job->select, train_rows, n_train, true, "train_rows", &rows, &n);
    if (s == GRASP_OK)
        s = grasp__certify(ctx, job->model, job->select, rows, n, job->chosen[1],
                           grasp__options_f64(job->o, GRASP_KEY_ADJUSTMENT), report);
    grasp__free(rows);
    return s;
}

grasp_status grasp__train_gdro(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                               int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                               grasp_report **report)
{
    gdro state = {.ctx = ctx,
                  .groups = g,
                  .sample_weights = grasp__model_sample_weights(m),
                  .greedy = grasp__options_is(o, GRASP_KEY_VARIANT, "greedy"),
                  .normalize = grasp__options_i64(o, GRASP_KEY_NORMALIZE),
                  .gamma = grasp__options_f64(o, GRASP_KEY_GAMMA),
                  .count = g->count};
    grasp__job job = {.name = "gdro",
                      .model = m,
                      .o = o,
                      .optimizer = grasp__options_str(o, GRASP_KEY_OPTIMIZER),
                      .select = g,
                      .val = val,
                      .n_val = n_val,
                      .axis = {state.greedy ? GRASP_KEY_ALPHA : GRASP_KEY_STEP},
                      .open = open,
                      .close = close,
                      .method = &state};
    bool certificate = grasp__options_i64(o, GRASP_KEY_CERTIFICATE);
    int64_t *rows = NULL, n = 0;
    grasp__backup first = {.model = NULL};
    if (report)
        *report = NULL;
    grasp_status s = certificate ? check_certificate(ctx, m, o) : GRASP_OK;
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, m, g, train_rows, n_train, true, "train_rows", &rows, &n);
    if (s == GRASP_OK && certificate)
        s = grasp__backup_open(ctx, m, &first);
    if (s == GRASP_OK) {
        s = grasp__job_run(ctx, &job, rows, n, grasp__options_i64(o, GRASP_KEY_BALANCED) ? g : NULL, report);
        rows = NULL;
    }
    if (s == GRASP_OK && certificate && report)
        s = certify(ctx, &job, train_rows, n_train, *report);
    s = grasp__backup_close(ctx, &first, s);
    grasp__free(rows);
    return s;
}
