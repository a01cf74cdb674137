/* SPDX-License-Identifier: BSD-3-Clause
 * SPARE (Yang, Gan, Dziugaite, Mirzasoleiman 2024): a network learns what is simple and spurious first, so that its
 * outputs early in training lie in clusters by it. A copy of the model is trained from fresh parameters for a few
 * epochs; for each class k-means on its logits finds the groups, k by silhouette. From given logits the training is
 * left out. Cost: that of the epochs, and of k-means.
 *
 * Assumed, and not compared with the authors' code: that the outputs are logits and not probabilities, that 2 epochs of
 * Adam at 0.01 are early (their epoch depends on network and data), that k is one of 2 to 5. Softmax regression, ARI
 * within classes after 1, 2, 5, 10, 50 epochs: Synthetic .46, .57, .55, .61, .71 (what it gets wrong is the minority:
 * later is better), 64 features of Waterbirds .20, .30, .25, .23, .19. Their training by cluster sizes is no part of
 * it: rwg on these groups is near.
 */
#include "infer/learn.h"

#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_EPOCHS, GRASP_PARAM_I64, "2", "[0, inf)", "passes of Adam over the training rows before looking"},
    {GRASP_KEY_RATE, GRASP_PARAM_F64, "0.01", "(0, inf)", "learning rate of Adam"},
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "128", "[1, inf)", "rows a step"},
    {GRASP_KEY_K, GRASP_PARAM_I64S, "2,3,4,5", "[1, inf)", "numbers of clusters"},
    {GRASP_KEY_RESTARTS, GRASP_PARAM_I64, "10", "[1, inf)", "k-means++ starts, the lowest inertia wins"},
    GRASP__VAL_PARAM,
};

const grasp__param_table grasp__learn_spare_params = {"spare", params, sizeof params / sizeof *params, {{NULL, NULL}}};

enum { STREAM = 1 }; /* of fresh parameters */

/* Logits of a copy after a few epochs, n x classes. */
static grasp_status train_early(grasp_context *ctx, const grasp__learning *l, grasp_matrix *logits)
{
    grasp_model *copy = NULL;
    grasp_params *erm = NULL;
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__model_copy(ctx, l->model, &copy);
    if (s == GRASP_OK)
        s = grasp__learning_fresh(ctx, copy, STREAM);
    if (s == GRASP_OK)
        s = grasp__params_create(ctx, &grasp__erm_params, &erm);
    if (s == GRASP_OK)
        s = grasp__params_set_str(ctx, erm, GRASP_KEY_OPTIMIZER, "adam");
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, erm, GRASP_KEY_RATE, grasp__options_f64(l->o, GRASP_KEY_RATE));
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, erm, GRASP_KEY_EPOCHS, grasp__options_i64(l->o, GRASP_KEY_EPOCHS));
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, erm, GRASP_KEY_BATCH, grasp__options_i64(l->o, GRASP_KEY_BATCH));
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, erm, &grasp__erm_params, &o);
    if (s == GRASP_OK)
        s = grasp__train_erm(ctx, copy, NULL, l->rows, l->n_train, NULL, 0, &o, NULL);
    if (s == GRASP_OK)
        s = grasp__model_logits(ctx, copy, l->rows, l->n, logits->data);
    grasp__options_close(&o);
    grasp_params_free(erm);
    grasp__model_free(copy);
    return s;
}

static grasp_status infer_params(grasp_context *ctx, const grasp__options *o, grasp_params **out)
{
    int64_t n;
    const int64_t *k = grasp__options_i64s(o, GRASP_KEY_K, &n);
    grasp_status s = grasp__params_create(ctx, &grasp__infer_params, out);
    if (s == GRASP_OK)
        s = grasp__params_set_str(ctx, *out, GRASP_KEY_ALGORITHM, "kmeans");
    if (s == GRASP_OK)
        s = grasp__params_set_str(ctx, *out, GRASP_KEY_METRIC, "euclidean");
    if (s == GRASP_OK)
        s = grasp__params_set_i64s(ctx, *out, GRASP_KEY_K, k, n);
    return s == GRASP_OK
               ? grasp__params_set_i64(ctx, *out, GRASP_KEY_RESTARTS, grasp__options_i64(o, GRASP_KEY_RESTARTS))
               : s;
}

/* The logits as points: given, or early ones of the model. */
static grasp_status outputs(grasp_context *ctx, const grasp__learning *l, grasp_matrix **out)
{
    int64_t width = l->logits != NULL ? l->n_outputs : grasp__model_n_classes(l->model);
    grasp_status s = grasp__matrix_create(ctx, GRASP_F64, l->n, width, out);
    if (s != GRASP_OK)
        return s;
    if (l->logits == NULL)
        return train_early(ctx, l, *out);
    memcpy((*out)->data, l->logits, (size_t)(l->n * width) * sizeof(double));
    return GRASP_OK;
}

grasp_status grasp__learn_spare(grasp_context *ctx, grasp__learning *l)
{
    grasp_matrix *logits = NULL;
    grasp_gradients *points = NULL;
    grasp_params *chosen = NULL;
    grasp__options o = {.owned = NULL};
    grasp__stage_mark outer = grasp__stage_begin(ctx, "early outputs", 0, 0.5);
    grasp_status s = outputs(ctx, l, &logits);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, logits, "early logits", &points);
    if (s == GRASP_OK)
        s = infer_params(ctx, l->o, &chosen);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, chosen, &grasp__infer_params, &o);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "infer", 0.5, 1);
        s = grasp__learn_by_infer(ctx, l, points, &o);
        grasp__stage_end(ctx, outer);
    }
    grasp__options_close(&o);
    grasp_params_free(chosen);
    grasp__gradients_free(points);
    grasp_matrix_free(logits);
    return s;
}
