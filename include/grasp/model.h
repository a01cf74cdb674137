/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/model.h: models: logistic, softmax, multilayer perceptron, or your own through callbacks.
 *
 * Part of <grasp.h>, the one header programs name.
 *
 * A model names samples by row. Built-in models are bound to a matrix of features and labels 0..C-1; a custom model keeps its
 * data wherever they are (a tensor on a GPU) and is asked for rows in batches. Models compute in the element type of their data;
 * losses and reductions are float64. A model is for one thread at a time.
 *
 * Order of parameters: layer by layer; within a layer one row (weights, bias) per output. grasp_model_to_torch_order() converts.
 */
#ifndef GRASP_MODEL_H
#define GRASP_MODEL_H

#include "grasp/linalg.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grasp_model grasp_model;

/** A model of the caller's. Each function gets `user`, returns GRASP_CB_OK (or GRASP_CB_STOP to cancel), runs on the calling thread.
 *  rows: n row indices in [0, n_rows). All arrays are dense, row-major, float64. Functions marked optional may be NULL; a call that
 *  needs one says which. */
typedef struct grasp_model_ops {
    size_t size;                                             /**< sizeof(grasp_model_ops) */
    int64_t (*n_rows)(void *user);                           /**< samples */
    int64_t (*n_classes)(void *user);                        /**< classes */
    int64_t (*n_params)(void *user);                         /**< parameters p */
    int32_t (*labels)(void *user, int64_t n, const int64_t *rows, int64_t *label); /**< class of each row, 0..C-1 */
    int32_t (*get_params)(void *user, double *theta);        /**< p values */
    int32_t (*set_params)(void *user, const double *theta);
    int32_t (*loss)(void *user, int64_t n, const int64_t *rows, double *loss);     /**< loss of each row */
    /** grad (p) = sum_i weight_i * d loss_i / d theta */
    int32_t (*weighted_grad)(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad);
    int32_t (*predict)(void *user, int64_t n, const int64_t *rows, int64_t *label);
    int32_t (*logits)(void *user, int64_t n, const int64_t *rows, double *logits); /**< optional: n x C */
    int64_t (*n_features)(void *user);                                             /**< optional: width of the penultimate layer */
    int32_t (*features)(void *user, int64_t n, const int64_t *rows, double *features); /**< optional: n x n_features */
    int32_t (*sample_grads)(void *user, int64_t n, const int64_t *rows, double *grads); /**< optional: n x p */
    int64_t (*n_layers)(void *user);                                               /**< optional: layers given as factors */
    /** optional, with n_layers: d_in, d_out, positions T (1: a plain layer; else tokens, time steps or pixels), has_bias 0 or 1.
     *  The layer's gradient is sum_t delta_t (x) [a_t, 1 if has_bias]. */
    int32_t (*layer_shape)(void *user, int64_t layer, int64_t *inputs, int64_t *outputs, int64_t *positions, int32_t *has_bias);
    /** optional: act n x T x d_in, delta n x T x d_out */
    int32_t (*sample_factors)(void *user, int64_t layer, int64_t n, const int64_t *rows, double *act, double *delta);
    int32_t (*init)(void *user, uint64_t seed);              /**< optional: fresh parameters, a function of the seed */
    int32_t (*clone)(void *user, void **out_user);           /**< optional: an independent model on the same data */
    void (*destroy)(void *user);                             /**< optional: takes `user` back */
} grasp_model_ops;

#define GRASP_KEY_INIT "init" /**< mlp: weights at creation, "he" or "torch" (uniform +-1/sqrt(d_in), as PyTorch's Linear) */

/** Logistic regression with one sigmoid output: labels 0 and 1, p = d + 1, starts at zero. loss = log(1 + exp(-(2y-1) z)). */
GRASP_API grasp_status grasp_model_create_logistic(grasp_context *ctx, int64_t n_features, grasp_model **out);
/** Softmax regression: C outputs, p = C (d + 1), starts at zero. loss = log sum_c exp(z_c) - z_y. */
GRASP_API grasp_status grasp_model_create_softmax(grasp_context *ctx, int64_t n_features, int64_t n_classes, grasp_model **out);
/** Multilayer perceptron with ReLU between layers and softmax cross-entropy: widths[0] inputs, ..., widths[n_widths-1] classes.
 *  The paper's is {d, 50, 50, 50, C}. Starts from grasp_model_init(). */
GRASP_API grasp_status grasp_model_create_mlp(grasp_context *ctx, const int64_t *widths, int64_t n_widths,
                                              const grasp_params *params_or_null, grasp_model **out);
/** A model through callbacks. The table is copied; `user` is given to ops->destroy when the model is freed (not on an error here). */
GRASP_API grasp_status grasp_model_create_custom(grasp_context *ctx, const grasp_model_ops *ops, void *user,
                                                 grasp_model **out);
/** An independent copy with the same parameters and data. Custom: needs the clone hook. */
GRASP_API grasp_status grasp_model_copy(grasp_context *ctx, const grasp_model *model, grasp_model **out);
GRASP_API void         grasp_model_free(grasp_model *model);
/** "logistic", "softmax", "mlp" or "custom". Static. */
GRASP_API const char *grasp_model_kind(const grasp_model *model);
GRASP_API int64_t     grasp_model_n_params(const grasp_model *model);
GRASP_API int64_t     grasp_model_n_classes(const grasp_model *model);
/** Bound samples; 0 before grasp_model_bind(). */
GRASP_API int64_t grasp_model_n_rows(const grasp_model *model);
/** Layers with weights, and the shape of one. Custom without the hooks: 0 layers. */
GRASP_API int64_t grasp_model_n_layers(const grasp_model *model);
GRASP_API grasp_status grasp_model_layer_shape(grasp_context *ctx, const grasp_model *model, int64_t layer, int64_t *inputs,
                                               int64_t *outputs, int64_t *positions, int32_t *has_bias);
GRASP_API grasp_status grasp_model_get_params(grasp_context *ctx, const grasp_model *model, double *theta, int64_t len);
/** len must be p; NaN and infinity are refused. */
GRASP_API grasp_status grasp_model_set_params(grasp_context *ctx, grasp_model *model, const double *theta, int64_t len);
/** Fresh parameters from the context's seed and `stream`. */
GRASP_API grasp_status grasp_model_init(grasp_context *ctx, grasp_model *model, uint64_t stream);
/** Parameters (len = p) to and from PyTorch's order: per layer all weights (outputs x inputs), then all biases. */
GRASP_API grasp_status grasp_model_to_torch_order(grasp_context *ctx, const grasp_model *model, const double *theta,
                                                  double *torch, int64_t len);
GRASP_API grasp_status grasp_model_from_torch_order(grasp_context *ctx, const grasp_model *model, const double *torch,
                                                    double *theta, int64_t len);
/** Binds a built-in model to n samples: x is n x d, kept by reference; y (copied) holds classes 0..C-1. NaN is refused.
 *  Replaces an earlier binding and its sample weights. */
GRASP_API grasp_status grasp_model_bind(grasp_context *ctx, grasp_model *model, grasp_matrix *x, const int64_t *y, int64_t n);
/** Weights >= 0 of the bound rows in every training objective (a mean becomes a weighted mean); NULL: all 1. n = n_rows. */
GRASP_API grasp_status grasp_model_set_sample_weights(grasp_context *ctx, grasp_model *model, const double *weight_or_null,
                                                      int64_t n);

/** Outputs for new samples (x: n x d) or, with x NULL, for the bound rows in order. Ties go to the lowest class. Custom models
 *  take x NULL only. Out arrays and matrices are the caller's, with as many rows as samples. */
GRASP_API grasp_status grasp_model_predict(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                           int64_t *label, int64_t n);
/** proba: n x C; rows sum to 1. Logistic: C = 2. */
GRASP_API grasp_status grasp_model_predict_proba(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                                 grasp_matrix *proba);
/** logits: n x C. Logistic: columns (0, z). */
GRASP_API grasp_status grasp_model_logits(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                          grasp_matrix *logits);
/** Penultimate activations: what the last layer sees; for linear models the inputs. */
GRASP_API grasp_status grasp_model_features(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                            grasp_matrix *features);
/** Width of the penultimate layer; 0 if the model does not tell. */
GRASP_API int64_t grasp_model_n_features(const grasp_model *model);
/** The same for chosen bound rows (NULL: all, n = n_rows). */
GRASP_API grasp_status grasp_model_predict_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                                int64_t *label);
GRASP_API grasp_status grasp_model_loss_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                             double *loss);
/** Compares the gradient of each hook (weighted_grad, sample_grads, factors) with central differences of the loss at `step`
 *  (0: a good default) on at most `n` rows; *worst is the largest |difference| / max(1, |gradient|). For authors of custom models. */
GRASP_API grasp_status grasp_model_check_grad(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null, int64_t n,
                                              double step, double *worst);

#ifdef __cplusplus
}
#endif
#endif
