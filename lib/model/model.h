/* SPDX-License-Identifier: BSD-3-Clause
 * model: one interface over logistic, softmax, mlp and custom models. Trainers and gradients see only this.
 *
 * Objectives differ only in how they weigh the losses of a batch; so the one training primitive is
 * grasp__model_objective: forward, losses, let the objective turn losses into weights, backward.
 */
#ifndef GRASP__MODEL_H
#define GRASP__MODEL_H

#include "base/base.h"
#include "linalg/linalg.h"
#include "grasp/model.h"

extern const grasp__param_table grasp__mlp_params;

/* A layer with weights: gradient = sum over positions of delta (outputs) (x) [activation (inputs), 1 if has_bias]. */
typedef struct grasp__layer_shape {
    int64_t inputs, outputs, positions;
    int32_t has_bias;
} grasp__layer_shape;

/* Rows that one pass works on. Larger batches are cut here, so that the workspace does not grow with n. */
enum { GRASP__MODEL_BATCH = 512 };

/* Turns the losses of a batch into weights: the gradient is sum_i weight_i d loss_i. loss and weight have n entries,
 * rows are the batch. Must not allocate. What the objective's value is, the weigher keeps. */
typedef grasp_status (*grasp__weigher)(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight);

/* The class that logits predict: of the largest, the lowest of equals. */
static inline int64_t grasp__largest_logit(const double *z, int64_t n)
{
    int64_t best = 0;
    for (int64_t c = 1; c < n; c++)
        if (z[c] > z[best])
            best = c;
    return best;
}

grasp_status grasp__model_check(grasp_context *ctx, const grasp_model *m, const char *name);
grasp_status grasp__model_check_bound(grasp_context *ctx, const grasp_model *m, const char *name); /* GRASP_E_STATE */
/* rows NULL: n must be n_rows (GRASP_E_DIM); else each in [0, n_rows) (GRASP_E_ARG, names the position). */
grasp_status grasp__model_check_rows(grasp_context *ctx, const grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                     const char *name);

int64_t grasp__model_n_rows(const grasp_model *m);
int64_t grasp__model_n_classes(const grasp_model *m);
int64_t grasp__model_n_params(const grasp_model *m);
int64_t grasp__model_n_features(const grasp_model *m);
int64_t grasp__model_n_layers(const grasp_model *m);
int32_t grasp__model_dtype(const grasp_model *m);  /* of the bound data, and of factors; custom: GRASP_F64 */
bool grasp__model_is_linear(const grasp_model *m); /* logistic, softmax: convex loss */
bool grasp__model_has_factors(const grasp_model *m);
bool grasp__model_has_sample_grads(const grasp_model *m);
grasp_status grasp__model_layer_shape(grasp_context *ctx, const grasp_model *m, int64_t layer,
                                      grasp__layer_shape *shape);
grasp_matrix *grasp__model_inputs(const grasp_model *m); /* the bound matrix, not a reference; custom: NULL */
const double *grasp__model_sample_weights(const grasp_model *m); /* NULL: all 1 */
/* mask[j] = 1 where parameter j is a bias (not penalised), 0 elsewhere; a model without layers has no known bias. */
grasp_status grasp__model_bias_mask(grasp_context *ctx, const grasp_model *m, uint8_t *mask);

/* Lays out workspace for batches of at most n rows, so that the calls below allocate nothing for such batches
 * (sample_grads from factors keeps a scratch of its own from its first call). Panels hold GRASP__MODEL_BATCH rows;
 * only n x C numbers grow with n. */
grasp_status grasp__model_reserve(grasp_context *ctx, grasp_model *m, int64_t n);
/* Bytes that it would take from now on; and those of it and of grasp__model_sample_grads(), n rows at a time. */
uint64_t     grasp__model_reserve_price(grasp_model *m, int64_t n);
uint64_t     grasp__model_sample_grads_price(grasp_context *ctx, grasp_model *m, int64_t n);
grasp_status grasp__model_labels(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                 int64_t *label);
grasp_status grasp__model_get_params(grasp_context *ctx, const grasp_model *m, double *theta);
grasp_status grasp__model_set_params(grasp_context *ctx, grasp_model *m, const double *theta);
grasp_status grasp__model_init(grasp_context *ctx, grasp_model *m, uint64_t stream);
grasp_status grasp__model_copy(grasp_context *ctx, const grasp_model *m, grasp_model **out);
void grasp__model_free(grasp_model *m);
/* The work of grasp_model_bind(). */
grasp_status grasp__model_bind(grasp_context *ctx, grasp_model *m, grasp_matrix *x, const int64_t *y, int64_t n);
/* Other classes, each in [0, n_classes), for chosen bound rows of a built-in model, whose copies keep theirs. Custom,
 * whose labels are the caller's: GRASP_E_UNSUPPORTED. */
grasp_status grasp__model_relabel(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                  const int64_t *label);
/* rows NULL: all rows. Work in batches inside, tick, may return GRASP_CANCELLED. */
grasp_status grasp__model_loss(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                               double *loss);
grasp_status grasp__model_predict(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                  int64_t *label);
grasp_status grasp__model_logits(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                 double *logits);
grasp_status grasp__model_features(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                   double *features);
/* One batch, of any size (also 0: grad is 0): does not tick. GRASP_E_NUMERIC: a loss is not finite, as when training
 * diverges. Linear models compute it in float64 whatever their data. loss (n) is filled, weigh turns it into weights,
 * grad (p) = sum_i weight_i d loss_i / d theta. */
grasp_status grasp__model_objective(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                    grasp__weigher weigh, void *arg, double *loss, double *grad);
/* One batch of per-sample gradients as factors of a layer, in the model's dtype: act n x T x d_in, delta n x T x d_out.
 * The layers of one batch of at most GRASP__MODEL_BATCH rows, asked for one after another, are computed once. */
grasp_status grasp__model_factors(grasp_context *ctx, grasp_model *m, int64_t layer, const int64_t *rows, int64_t n,
                                  void *act, void *delta);
/* One batch of dense per-sample gradients, n x p, float64 (from the hook, or from factors). */
grasp_status grasp__model_sample_grads(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                       double *grads);

/* What the public functions of these names do. */
grasp_status grasp__model_bind(grasp_context *ctx, grasp_model *m, grasp_matrix *x, const int64_t *y, int64_t n);
grasp_status grasp__model_set_sample_weights(grasp_context *ctx, grasp_model *m, const double *weight_or_null,
                                             int64_t n);

/* For io: what a built-in model is made of, n_layers + 1 values (logistic: {d, 1}). Custom: GRASP_E_UNSUPPORTED. */
grasp_status grasp__model_widths(grasp_context *ctx, const grasp_model *m, int64_t *widths, int64_t capacity,
                                 int64_t *n_widths);
/* The other way: a built-in model of that kind. Unknown kinds and wrong widths: GRASP_E_ARG. */
grasp_status grasp__model_create(grasp_context *ctx, const char *kind, const int64_t *widths, int64_t n_widths,
                                 grasp_model **out);

/* log(1 + exp(-margin)), of a logit that is larger for the sample's own class; no exponential overflows. */
double grasp__logistic_loss(double margin);

#endif
