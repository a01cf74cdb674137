/* SPDX-License-Identifier: BSD-3-Clause
 * AFR retrains the last layer on rows weighted by what the model does not know (Qiu et al. 2023, "Simple and fast group
 * robustness by automatic feature reweighting", equations 3 and 4):
 *
 *   min over theta of sum_i mu_i loss_i + anchor |theta - theta_0|^2, mu_i proportional to b_i exp(-gamma p_i), sum mu
 *   = 1
 *
 * p_i the probability that the model as it comes gives the row's class, theta_0 its last layer, b_i the sample weight,
 * or, with balanced, that over the sum of the row's class. For rows that the model was not trained on.
 * Cost: retrain.c's, a descent for each candidate.
 */
#include "train/train_private.h"

#include <math.h>

static const grasp__param params[] = {
    {GRASP_KEY_GAMMA, GRASP_PARAM_F64S, "1,4,10", "[0, inf)",
     "how much rows that the model knows are weighed down, tried"},
    {GRASP_KEY_ANCHOR, GRASP_PARAM_F64S, "0.1", "[0, inf)", "pulls towards the layer that the model came with, tried"},
    {GRASP_KEY_BALANCED, GRASP_PARAM_BOOL, "0", NULL, "weights divided by the size of the row's class"},
    GRASP__LAYER_PARAMS("1e-8"),
};
const grasp__param_table grasp__afr_params = {"afr", params, sizeof params / sizeof params[0], {{NULL, NULL}}};

typedef struct knowledge {
    double *balance, *p; /* n each, one block */
    double  least;       /* of p */
} knowledge;

static grasp_status fit(grasp_context *ctx, grasp__retraining *t, const double *setting, double *layer)
{
    const knowledge *k = t->method;
    double total = 0;
    for (int64_t i = 0; i < t->n; i++)
        total += t->weight[i] =
            k->balance[i] > 0 ? k->balance[i] * exp(-setting[0] * (k->p[i] - k->least)) : 0; /* the largest is not 0 */
    for (int64_t i = 0; i < t->n; i++)
        t->weight[i] /= total;
    grasp_status s = grasp__model_set_params(ctx, t->layer.head, t->layer.own);
    if (s == GRASP_OK)
        s = grasp__retrain_descend(ctx, t, t->all, t->n, 2 * setting[1], t->layer.own, 0);
    grasp_status got = s >= GRASP_OK ? grasp__model_get_params(ctx, t->layer.head, layer) : s;
    return got == GRASP_OK ? s : got;
}

/* b (with the sample weights) and p of every row. */
static grasp_status prepare(grasp_context *ctx, grasp__retraining *t)
{
    knowledge *k = t->method;
    int64_t classes = grasp__model_n_classes(t->model), *label = NULL;
    const double *sample_weights = grasp__model_sample_weights(t->model);
    double *size = NULL;
    grasp_status s = grasp__alloc(ctx, t->n, sizeof *t->weight, &t->weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->n, 2 * sizeof *k->balance, &k->balance);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, classes, sizeof *size, &size);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, t->model, t->rows, t->n, label);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++)
        size[label[i]] += grasp__row_weight(sample_weights, t->rows[i]);
    k->p = s == GRASP_OK ? k->balance + t->n : NULL;
    k->least = 1;
    bool balanced = grasp__options_i64(t->o, GRASP_KEY_BALANCED);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++) {
        double w = grasp__row_weight(sample_weights, t->rows[i]);
        k->balance[i] = balanced && w > 0 ? w / size[label[i]] : w;
        k->p[i] = exp(-t->layer.loss[i]); /* the model's, from opening the layer */
        k->least = w > 0 ? fmin(k->least, k->p[i]) : k->least;
    }
    grasp__free(label);
    grasp__free(size);
    return s;
}

grasp_status grasp__train_afr(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *train_rows,
                              int64_t n_train, const int64_t *val, int64_t n_val, const grasp__options *o,
                              grasp_report **report)
{
    knowledge k = {NULL, NULL, 1};
    grasp__retraining t = {.name = "afr", .model = m, .o = o, .select = g, .val = val, .n_val = n_val,
                           .axis = {GRASP_KEY_GAMMA, GRASP_KEY_ANCHOR}, .prepare = prepare, .fit = fit, .method = &k};
    grasp_status s = grasp__retrain(ctx, &t, train_rows, n_train, report);
    grasp__free(k.balance);
    return s;
}
