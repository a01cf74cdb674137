/* SPDX-License-Identifier: BSD-3-Clause
 * Empirical risk minimisation on rows that count by their groups, or by their classes.
 *
 *   importance   loss = mean of w_g loss, w_g proportional to 1 / n_g (or 1 / sqrt(n_g)), scaled so that the weights of
 *                the groups with training rows sum to their number; n_g the sum of their sample weights. At full batch
 *                the mean is divided by the sum of all weights, so that l2 means what it means to erm.
 *   rwg, rwy     n draws an epoch with replacement, each a uniform group (class), then a uniform row of it: a row is
 *                drawn in proportion to 1 / n_g
 *   subg, suby   once, min over groups (classes) of n_g rows of each, drawn without replacement; the rest is left out
 *
 * Idrissi et al. 2022, "Simple data balancing achieves competitive worst-group-accuracy"; the weights' scale as in Yang
 * et al. 2023, "Change is hard" (SubpopBench). The groups' rows of noise are left out; where classes count, groups only
 * select. Cost: erm's; O(n) and O(bound rows) more.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

static const grasp__param importance_params[] = {
    GRASP__ANY_OPTIMIZER,
    GRASP__FIRST_ORDER_PARAMS("0"),
    {GRASP_KEY_VARIANT, GRASP_PARAM_STR, "inverse", "inverse|sqrt", "weights 1 / n_g or 1 / sqrt(n_g)"},
    GRASP__DESCENT_PARAMS,
};
static const grasp__param drawn_params[] = {
    GRASP__ADAM_OR_SGD,
    GRASP__FIRST_ORDER_PARAMS("0"),
};
static const grasp__param subset_params[] = {
    GRASP__ANY_OPTIMIZER,
    GRASP__FIRST_ORDER_PARAMS("0"),
    GRASP__DESCENT_PARAMS,
};

#define TABLE(name, params) {name, params, sizeof params / sizeof params[0], {{NULL, NULL}}}
const grasp__param_table grasp__importance_params = TABLE("importance", importance_params);
const grasp__param_table grasp__rwg_params = TABLE("rwg", drawn_params);
const grasp__param_table grasp__rwy_params = TABLE("rwy", drawn_params);
const grasp__param_table grasp__subg_params = TABLE("subg", subset_params);
const grasp__param_table grasp__suby_params = TABLE("suby", subset_params);

/* ---- importance weights ------------------------------------------------------------------------------------------ */

typedef struct weights {
    double *of_group; /* 0: no training row */
    int64_t count;
} weights;

static grasp_status note_weights(grasp_context *ctx, const void *arg, grasp_report *report)
{
    const weights *w = arg;
    return grasp__report_put_series(ctx, report, "importance", w->of_group, w->count);
}

void grasp__importance(const grasp_groups *g, const int64_t *rows, int64_t n, const double *sample_weights,
                       bool square_root, double *of_group)
{
    double sum = 0;
    int64_t present = 0;
    memset(of_group, 0, (size_t)g->count * sizeof *of_group);
    for (int64_t i = 0; i < n; i++)
        of_group[g->label[rows[i]]] += grasp__row_weight(sample_weights, rows[i]);
    for (int64_t k = 0; k < g->count; k++)
        if (of_group[k] > 0) {
            present++;
            sum += of_group[k] = 1 / (square_root ? sqrt(of_group[k]) : of_group[k]);
        }
    for (int64_t k = 0; k < g->count; k++)
        of_group[k] = of_group[k] / sum * (double)present;
}

grasp_status grasp__train_importance(grasp_context *ctx, grasp_model *m, const grasp_groups *g,
                                     const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,
                                     const grasp__options *o, grasp_report **report)
{
    weights w = {.count = g->count};
    grasp__plan plan = {.name = "importance", .model = m, .o = o, .select = g, .val = val, .n_val = n_val,
                        .note = note_weights, .note_arg = &w};
    const double *sample_weights = grasp__model_sample_weights(m);
    double *weight = NULL, total;
    int64_t n_rows = grasp__model_n_rows(m);
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, m, g, train_rows, n_train, true, "train_rows", &plan.rows, &plan.n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, m, plan.rows, plan.n, &total);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, g->count, sizeof *w.of_group, &w.of_group);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_rows, sizeof *weight, &weight);
    if (s == GRASP_OK) {
        grasp__importance(g, plan.rows, plan.n, sample_weights, grasp__options_is(o, GRASP_KEY_VARIANT, "sqrt"),
                          w.of_group);
        for (int64_t i = 0; i < n_rows; i++)
            weight[i] = g->label[i] == GRASP_NOISE ? 0
                                                   : grasp__row_weight(sample_weights, i) * w.of_group[g->label[i]];
        plan.weight = weight;
        s = grasp__train_plan(ctx, &plan, report);
    }
    grasp__free(plan.rows);
    grasp__free(w.of_group);
    grasp__free(weight);
    return s;
}

/* ---- balanced draws and subsets ---------------------------------------------------------------------------------- */

/* The classes of the training rows, as groups of all bound rows; the others are noise. */
static grasp_status class_groups(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, grasp_groups **out)
{
    int64_t n_rows = grasp__model_n_rows(m), *label = NULL, *of_row = NULL;
    grasp_status s = grasp__alloc(ctx, n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_rows, sizeof *of_row, &of_row);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, m, rows, n, label);
    for (int64_t i = 0; s == GRASP_OK && i < n_rows; i++)
        of_row[i] = GRASP_NOISE;
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        of_row[rows[i]] = label[i];
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, of_row, n_rows, out);
    grasp__free(label);
    grasp__free(of_row);
    return s;
}

grasp_status grasp__balanced_subset(grasp_context *ctx, const grasp_groups *g, const int64_t *rows, int64_t n,
                                    int64_t draw, int64_t *subset, int64_t *n_subset)
{
    int64_t *left, least = INT64_MAX;
    grasp_status s = grasp__alloc_zero(ctx, g->count, 2 * sizeof *left, &left);
    if (s != GRASP_OK)
        return s;
    int64_t *wanted = left + g->count;
    for (int64_t i = 0; i < n; i++)
        left[g->label[rows[i]]]++;
    for (int64_t k = 0; k < g->count; k++)
        least = left[k] > 0 && left[k] < least ? left[k] : least;
    for (int64_t k = 0; k < g->count; k++)
        wanted[k] = left[k] > 0 ? least : 0;
    grasp__rng rng;
    grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SUBSET, (uint64_t)draw);
    *n_subset = 0;
    for (int64_t i = 0; i < n; i++) { /* selection sampling: Knuth, volume 2, algorithm 3.4.2 S */
        int64_t k = g->label[rows[i]];
        if (wanted[k] > 0 && grasp__rng_below(&rng, left[k]) < wanted[k]) {
            subset[(*n_subset)++] = rows[i];
            wanted[k]--;
        }
        left[k]--;
    }
    grasp__free(left);
    return GRASP_OK;
}

static grasp_status note_rows(grasp_context *ctx, const void *arg, grasp_report *report)
{
    const int64_t *n = arg;
    return grasp__report_put_value(ctx, report, "rows", (double)*n);
}

typedef struct balancing {
    const char *name;
    bool        by_class, subset;
} balancing;

static grasp_status train_balanced(grasp_context *ctx, const balancing *how, grasp_model *m, const grasp_groups *g,
                                   const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,
                                   const grasp__options *o, grasp_report **report)
{
    grasp__plan plan = {.name = how->name, .model = m, .o = o, .select = g, .val = val, .n_val = n_val};
    grasp_groups *classes = NULL;
    int64_t *subset = NULL, n_subset = 0;
    if (report)
        *report = NULL;
    grasp_status s = grasp__kept_rows(ctx, m, how->by_class ? NULL : g, train_rows, n_train, true, "train_rows",
                                      &plan.rows, &plan.n);
    grasp__stage_mark outer = grasp__stage_begin(ctx, how->name, 0, 0);
    if (s == GRASP_OK && how->by_class)
        s = class_groups(ctx, m, plan.rows, plan.n, &classes);
    grasp__stage_end(ctx, outer);
    const grasp_groups *by = how->by_class ? classes : g;
    if (s == GRASP_OK && how->subset) {
        s = grasp__alloc(ctx, plan.n, sizeof *subset, &subset);
        if (s == GRASP_OK)
            s = grasp__balanced_subset(ctx, by, plan.rows, plan.n, 0, subset, &n_subset);
        grasp__free(plan.rows);
        plan.rows = subset;
        plan.n = n_subset;
        plan.note = note_rows;
        plan.note_arg = &plan.n;
    }
    if (s == GRASP_OK && how->subset)
        s = grasp__train_plan(ctx, &plan, report);
    if (s == GRASP_OK && !how->subset) {
        plan.balance = by;
        s = grasp__train_by_epochs(ctx, &plan, grasp__options_str(o, GRASP_KEY_OPTIMIZER), report);
    }
    grasp__free(plan.rows);
    grasp_groups_free(classes);
    return s;
}

#define TRAINER(method, by_class, subset)                                                                              \
    grasp_status grasp__train_##method(grasp_context *ctx, grasp_model *m, const grasp_groups *g,                      \
                                       const int64_t *train_rows, int64_t n_train, const int64_t *val, int64_t n_val,  \
                                       const grasp__options *o, grasp_report **report)                                 \
    {                                                                                                                  \
        static const balancing how = {#method, by_class, subset};                                                      \
        return train_balanced(ctx, &how, m, g, train_rows, n_train, val, n_val, o, report);                            \
    }

TRAINER(rwg, false, false)
TRAINER(rwy, true, false)
TRAINER(subg, false, true)
TRAINER(suby, true, true)
