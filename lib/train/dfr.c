/* SPDX-License-Identifier: BSD-3-Clause
 * DFR retrains the last layer on balanced subsets (Kirichenko et al. 2023, "Last layer re-training is sufficient for
 * robustness to spurious correlations", section 6): the mean over `repeats` draws of
 *
 *   min over theta of the mean loss of a subset with as many rows of each group as the smallest has
 *                     + l1 |w|_1 + l2/2 |w|^2, biases free, on standardised features
 *
 * For rows that the model was not trained on. Where the groups are of one size every draw is all of them.
 * Cost: retrain.c's, a descent for each candidate and draw.
 */
#include "train/train_private.h"

#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_L1, GRASP_PARAM_F64S, "0.01,0.1", "[0, inf)", "L1 penalties tried"},
    {GRASP_KEY_L2, GRASP_PARAM_F64, "-1", "[-1, inf)", "l2/2 |w|^2 on the mean loss, biases free; -1: 1/(10 n)"},
    {GRASP_KEY_REPEATS, GRASP_PARAM_I64, "10", "[1, 1000000]", "balanced subsets, whose layers are averaged"},
    {GRASP_KEY_STANDARDIZE, GRASP_PARAM_BOOL, "1", NULL, "features to mean 0 and deviation 1"},
    GRASP__LAYER_PARAMS("1e-6"),
};

const grasp__param_table grasp__dfr_params = {"dfr", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

typedef struct draws {
    grasp_groups *groups;  /* of the head's rows */
    int64_t      *subset, n;
    double       *average; /* a draw's layer */
} draws;

static grasp_status prepare(grasp_context *ctx, grasp__retraining *t)
{
    draws *k = t->method;
    const double *sample_weights = grasp__model_sample_weights(t->model);
    grasp_status s = grasp__alloc(ctx, t->n, sizeof *k->subset, &k->subset);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->layer.size, sizeof *k->average, &k->average);
    if (s == GRASP_OK)
        s = grasp__groups_select(ctx, t->train_groups, t->rows, t->n, &k->groups);
    if (s == GRASP_OK)
        s = grasp__balanced_subset(ctx, k->groups, t->all, t->n, 0, k->subset, &t->balanced);
    if (s == GRASP_OK && sample_weights)
        s = grasp__alloc(ctx, t->n, sizeof *t->weight, &t->weight);
    for (int64_t i = 0; s == GRASP_OK && sample_weights && i < t->n; i++)
        t->weight[i] = sample_weights[t->rows[i]];
    return s;
}

static grasp_status fit(grasp_context *ctx, grasp__retraining *t, const double *setting, double *layer)
{
    draws *own = t->method;
    int64_t repeats = grasp__options_i64(t->o, GRASP_KEY_REPEATS), size = t->layer.size;
    double l2 = grasp__options_f64(t->o, GRASP_KEY_L2);
    grasp_status s = GRASP_OK;
    memset(layer, 0, (size_t)size * sizeof *layer);
    for (int64_t k = 0; s == GRASP_OK && k < repeats; k++) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "dfr", (double)k / (double)repeats, (double)(k + 1) / (double)repeats);
        s = grasp__balanced_subset(ctx, own->groups, t->all, t->n, k, own->subset, &own->n);
        memset(own->average, 0, (size_t)size * sizeof *own->average);
        if (s == GRASP_OK)
            s = grasp__model_set_params(ctx, t->layer.head, own->average);
        if (s == GRASP_OK)
            s = grasp__retrain_descend(ctx, t, own->subset, own->n, l2, NULL, setting[0]);
        if (s == GRASP_OK)
            s = grasp__model_get_params(ctx, t->layer.head, own->average);
        for (int64_t j = 0; s == GRASP_OK && j < size; j++)
            layer[j] += own->average[j] / (double)repeats;
        grasp__stage_end(ctx, outer);
    }
    return s;
}

grasp_status grasp__train_dfr(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                              grasp_report **report)
{
    double l2 = grasp__options_f64(o, GRASP_KEY_L2);
    draws k = {NULL, NULL, 0, NULL};
    grasp__retraining t = {.name = "dfr", .model = m, .o = o, .train_groups = g, .select = g, .val = val,
                           .n_val = n_val, .standard = grasp__options_i64(o, GRASP_KEY_STANDARDIZE),
                           .axis = {GRASP_KEY_L1}, .prepare = prepare, .fit = fit, .method = &k};
    if (l2 < 0 && l2 != -1)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%sl2\" is %g, expected -1 or at least 0", o->prefix, l2);
    grasp_status s = grasp__retrain(ctx, &t, train_rows, n_train, report);
    grasp_groups_free(k.groups);
    grasp__free(k.subset);
    grasp__free(k.average);
    return s;
}
