/* SPDX-License-Identifier: BSD-3-Clause
 * Just Train Twice, second stage (Liu et al. 2021, algorithm 1): fresh parameters, and empirical risk minimisation on
 * the training rows with the error set counted 1 + copies times.
 *
 * The error set is group 1 of groups of 0 and 1, from any first stage; without groups, the rows that the model as it
 * comes does not predict. An empty error set leaves plain ERM from fresh parameters: "errors" in the report is 0, and a
 * line in the log says so. (With a high rate in the first stage that is what happens.)
 * Cost: erm's on n + copies |E| rows, which are held.
 */
#include "train/train_private.h"

static const grasp__param params[] = {
    GRASP__ANY_OPTIMIZER,
    GRASP__FIRST_ORDER_PARAMS("0"),
    {GRASP_KEY_COPIES, GRASP_PARAM_I64, "20", "[0, 1000000]",
     "how often the rows of the error set are added once more"},
    GRASP__DESCENT_PARAMS,
};

const grasp__param_table grasp__jtt_params = {"jtt", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

typedef struct stage {
    int64_t errors, rows;
} stage;

static grasp_status note(grasp_context *ctx, const void *arg, grasp_report *report)
{
    const stage *t = arg;
    grasp_status s = grasp__report_put_value(ctx, report, "errors", (double)t->errors);
    return s == GRASP_OK ? grasp__report_put_value(ctx, report, "rows", (double)t->rows) : s;
}

/* Which of the rows are in the error set. */
static grasp_status find_errors(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *rows,
                                int64_t n, bool *error)
{
    int64_t *label = NULL, *predicted = NULL;
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; g && i < n; i++) {
        error[i] = g->label[rows[i]] == 1;
        if (g->label[rows[i]] > 1)
            return grasp__fail(ctx, GRASP_E_ARG, "groups: row %" PRId64 " has group %" PRId64
                               ", expected 1 for the error set and 0 for the others", rows[i], g->label[rows[i]]);
    }
    if (g)
        return GRASP_OK;
    s = grasp__alloc(ctx, n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *predicted, &predicted);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, m, rows, n, label);
    if (s == GRASP_OK)
        s = grasp__model_predict(ctx, m, rows, n, predicted);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        error[i] = label[i] != predicted[i];
    grasp__free(label);
    grasp__free(predicted);
    return s;
}

/* Adds the copies behind the rows, in a block that takes their place. */
static grasp_status add_copies(grasp_context *ctx, const bool *error, int64_t copies, stage *t, grasp__plan *plan)
{
    int64_t n = plan->n, more, *rows;
    for (int64_t i = 0; i < n; i++)
        t->errors += error[i];
    grasp_status s = grasp__check_product(ctx, t->errors, copies, "copies of the error set", &more);
    if (s == GRASP_OK && !grasp__add_i64(n, more, &t->rows))
        s = grasp__fail(ctx, GRASP_E_OVERFLOW, "the rows with %" PRId64 " copies overflow a 64-bit count", more);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->rows, sizeof *rows, &rows);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++)
        rows[i] = plan->rows[i];
    for (int64_t k = 0; k < copies; k++)
        for (int64_t i = 0; i < plan->n; i++)
            if (error[i])
                rows[n++] = plan->rows[i];
    grasp__free(plan->rows);
    plan->rows = rows;
    plan->n = n;
    if (t->errors == 0)
        grasp__log(ctx, GRASP_LOG_WARN, "jtt: the error set is empty: this is plain ERM");
    return GRASP_OK;
}

grasp_status grasp__train_jtt(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                              grasp_report **report)
{
    stage t = {0};
    grasp__plan plan = {.name = "jtt", .model = m, .o = o, .select = g, .val = val, .n_val = n_val, .note = note,
                        .note_arg = &t};
    grasp__backup first = {.model = NULL};
    bool *error = NULL;
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, m, g, train_rows, n_train, true, "train_rows", &plan.rows, &plan.n);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, plan.n, sizeof *error, &error);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "jtt", 0, 0);
    if (s == GRASP_OK)
        s = find_errors(ctx, m, g, plan.rows, plan.n, error);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = add_copies(ctx, error, grasp__options_i64(o, GRASP_KEY_COPIES), &t, &plan);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, m, &first);
    if (s == GRASP_OK) {
        s = grasp__model_init(ctx, m, 0);
        if (s == GRASP_OK)
            s = grasp__train_plan(ctx, &plan, report);
    }
    s = grasp__backup_close(ctx, &first, s);
    grasp__free(plan.rows);
    grasp__free(error);
    return s;
}
