/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/model.h: models: logistic, softmax, multilayer perceptron, or your own through callbacks.
 *
 * Part of <grasp.h>, the one header programs name.
 *
 * A model names samples by row. Built-in models are bound to a matrix of features and labels 0..C-1; a custom model
 * keeps its data wherever they are (a tensor on a GPU) and is asked for rows in batches.
 *
 * Element type: a multilayer perceptron computes in the type of the samples at hand, float32 or float64. Linear models
 * (logistic, softmax) compute in float64 also on float32 data, for their training goes on to a small gradient norm.
 * Parameters, losses and reductions over batches are float64 in all.
 *
 * Order of parameters: layer by layer; within a layer one row (weights, bias) per output. grasp_model_to_torch_order()
 * converts.
 *
 * A model is for one thread at a time. It keeps no context, and a reference to its matrix; its workspace is O(p +
 * batch), made at first use. Results do not depend on the number of threads.
 *
 * Every call with a context may return GRASP_E_ARG for NULL or a handle of another kind, and the memory errors.
 * Further errors are named. GRASP_CANCELLED: output rows that were not reached hold NaN, or -1 as a label. When a
 * callback fails or a loss overflows in the middle, output arrays may be partly written; the model is as it was.
 */
#ifndef GRASP_MODEL_H
#define GRASP_MODEL_H

#include "grasp/linalg.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grasp_model grasp_model;

/** A model of the caller's. Each function gets `user` and runs on the calling thread. Those of type int32_t return
 *  GRASP_CB_OK, or GRASP_CB_STOP to cancel; anything else is GRASP_E_CALLBACK. Counts and layer shapes are asked once,
 *  at creation. rows: n row indices in [0, n_rows), in any order, repeats allowed. Arrays are dense, row-major,
 *  float64, and need not be kept. NaN and infinity in an output are refused with row and column. Functions marked
 *  optional may be NULL; a call that needs one says which. A table that is shorter than the library's, through
 *  `predict` at least, is taken as an older one: what it lacks is NULL. */
typedef struct grasp_model_ops {
    size_t size;                                             /**< sizeof(grasp_model_ops) */
    int64_t (*n_rows)(void *user);                           /**< samples, 0 or more */
    int64_t (*n_classes)(void *user);                        /**< classes C, 1 or more */
    int64_t (*n_params)(void *user);                         /**< parameters p, 1 or more */
    int32_t (*labels)(void *user, int64_t n, const int64_t *rows, int64_t *label); /**< class of each row, 0..C-1 */
    int32_t (*get_params)(void *user, double *theta);        /**< p values */
    int32_t (*set_params)(void *user, const double *theta);
    int32_t (*loss)(void *user, int64_t n, const int64_t *rows, double *loss);     /**< loss of each row */
    /** grad (p) = sum_i weight_i * d loss_i / d theta */
    int32_t (*weighted_grad)(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad);
    int32_t (*predict)(void *user, int64_t n, const int64_t *rows, int64_t *label); /**< class of each row, 0..C-1 */
    int32_t (*logits)(void *user, int64_t n, const int64_t *rows, double *logits); /**< optional: n x C */
    int64_t (*n_features)(void *user); /**< optional, with features: width of the penultimate layer */
    int32_t (*features)(void *user, int64_t n, const int64_t *rows, double *features); /**< optional: n x n_features */
    int32_t (*sample_grads)(void *user, int64_t n, const int64_t *rows, double *grads); /**< optional: n x p */
    int64_t (*n_layers)(void *user); /**< optional: layers given as factors, first to last */
    /** optional, with n_layers: d_in, d_out, positions T (1: a plain layer; else tokens, time steps or pixels),
     *  has_bias 0 or 1. The layer's gradient is sum_t delta_t (x) [a_t, 1 if has_bias]. Layers may be fewer than the
     *  parameters fill (the last ones of a large network); then dense per-sample gradients need sample_grads. */
    int32_t (*layer_shape)(void *user, int64_t layer, int64_t *inputs, int64_t *outputs, int64_t *positions,
                           int32_t *has_bias);
    /** optional: act n x T x d_in, delta n x T x d_out */
    int32_t (*sample_factors)(void *user, int64_t layer, int64_t n, const int64_t *rows, double *act, double *delta);
    int32_t (*init)(void *user, uint64_t seed);              /**< optional: fresh parameters, a function of the seed */
    int32_t (*clone)(void *user, void **out_user);           /**< optional: an independent model on the same data */
    void (*destroy)(void *user);                             /**< optional: takes `user` back */
} grasp_model_ops;

/** mlp: initial weights: "torch" (default): weights and biases uniform in +-1/sqrt(d_in), as PyTorch's Linear;
 *  "he": weights normal with variance 2/d_in, biases 0. */
#define GRASP_KEY_INIT "init"

/* ---- making ------------------------------------------------------------------------------------------------------ */

/** Logistic regression with one sigmoid output: labels 0 and 1, C = 2, p = d + 1, starts at zero.
 *  loss = log(1 + exp(-(2y-1) z)). Errors: GRASP_E_ARG (n_features < 1), GRASP_E_OVERFLOW. */
GRASP_API grasp_status grasp_model_create_logistic(grasp_context *ctx, int64_t n_features, grasp_model **out);
/** Softmax regression: C = n_classes >= 2 outputs, p = C (d + 1), starts at zero. loss = log sum_c exp(z_c) - z_y. */
GRASP_API grasp_status grasp_model_create_softmax(grasp_context *ctx, int64_t n_features, int64_t n_classes,
                                                  grasp_model **out);
/** Multilayer perceptron with ReLU between layers and softmax cross-entropy: widths[0] inputs, ..., widths[n_widths-1]
 *  classes; n_widths >= 2. The paper's is {d, 50, 50, 50, C}. Starts as grasp_model_init() with stream 0 leaves it.
 *  Parameters: "mlp". The derivative of ReLU at 0 is 0. */
GRASP_API grasp_status grasp_model_create_mlp(grasp_context *ctx, const int64_t *widths, int64_t n_widths,
                                              const grasp_params *params_or_null, grasp_model **out);
/** A model through callbacks. The table is copied; `user` is given to ops->destroy when the model is freed, on the
 *  thread that frees it (not on an error here). Errors: GRASP_E_ARG (a needed hook is NULL, a table of wrong size),
 *  GRASP_E_CALLBACK (counts or shapes). */
GRASP_API grasp_status grasp_model_create_custom(grasp_context *ctx, const grasp_model_ops *ops, void *user,
                                                 grasp_model **out);
/** An independent copy with the same parameters, sample weights and data (a built-in model's matrix is shared).
 *  Custom: needs the clone hook. */
GRASP_API grasp_status grasp_model_copy(grasp_context *ctx, const grasp_model *model, grasp_model **out);
/** Any thread; NULL is fine. */
GRASP_API void grasp_model_free(grasp_model *model);

/* ---- what it is: NULL gives 0 or "" ------------------------------------------------------------------------------ */

/** "logistic", "softmax", "mlp" or "custom". Static. */
GRASP_API const char *grasp_model_kind(const grasp_model *model);
GRASP_API int64_t     grasp_model_n_params(const grasp_model *model);
GRASP_API int64_t     grasp_model_n_classes(const grasp_model *model);
/** Bound samples; 0 before grasp_model_bind(). */
GRASP_API int64_t grasp_model_n_rows(const grasp_model *model);
/** Width of the penultimate layer, for linear models of the input; 0 if a custom model does not tell. */
GRASP_API int64_t grasp_model_n_features(const grasp_model *model);
/** Layers with weights. Custom without the hooks: 0. */
GRASP_API int64_t grasp_model_n_layers(const grasp_model *model);
/** Shape of a layer: d_in, d_out, positions T (1 in built-in models), has_bias 0 or 1. GRASP_E_UNSUPPORTED: custom
 *  without layers. */
GRASP_API grasp_status grasp_model_layer_shape(grasp_context *ctx, const grasp_model *model, int64_t layer,
                                               int64_t *inputs, int64_t *outputs, int64_t *positions,
                                               int32_t *has_bias);

/* ---- parameters -------------------------------------------------------------------------------------------------- */

/** Copies the p parameters; len must be p (GRASP_E_DIM). */
GRASP_API grasp_status grasp_model_get_params(grasp_context *ctx, const grasp_model *model, double *theta, int64_t len);
/** len must be p; NaN and infinity are refused (GRASP_E_NUMERIC). */
GRASP_API grasp_status grasp_model_set_params(grasp_context *ctx, grasp_model *model, const double *theta, int64_t len);
/** Fresh parameters, a function of the context's seed and `stream` alone; linear models: as "torch". Custom: needs the
 *  init hook. */
GRASP_API grasp_status grasp_model_init(grasp_context *ctx, grasp_model *model, uint64_t stream);
/** Parameters (len = p) to and from PyTorch's order: per layer all weights (outputs x inputs), then all biases. Two
 *  arrays that do not overlap. Custom: layers must hold all parameters (GRASP_E_UNSUPPORTED). */
GRASP_API grasp_status grasp_model_to_torch_order(grasp_context *ctx, const grasp_model *model, const double *theta,
                                                  double *torch, int64_t len);
GRASP_API grasp_status grasp_model_from_torch_order(grasp_context *ctx, const grasp_model *model, const double *torch,
                                                    double *theta, int64_t len);

/* ---- data -------------------------------------------------------------------------------------------------------- */

/** Binds a built-in model to n >= 0 samples: x is n x d, any element type and stride, kept by reference and not to be
 *  written meanwhile; y (n, copied; may be NULL when n is 0) holds classes 0..C-1. Replaces an earlier binding and its
 *  sample weights. Errors: GRASP_E_DIM, GRASP_E_ARG (a label out of range, with its row), GRASP_E_NUMERIC (NaN or
 *  infinity with row and column), GRASP_E_UNSUPPORTED (custom). Cost: O(n d). */
GRASP_API grasp_status grasp_model_bind(grasp_context *ctx, grasp_model *model, grasp_matrix *x, const int64_t *y,
                                        int64_t n);
/** Weights >= 0 of the bound rows, not all 0, in every training objective (a mean becomes a weighted mean); copied.
 *  NULL: all 1. n = n_rows. Losses, gradients and predictions of single samples do not change. GRASP_E_STATE: not
 *  bound. */
GRASP_API grasp_status grasp_model_set_sample_weights(grasp_context *ctx, grasp_model *model,
                                                      const double *weight_or_null, int64_t n);

/* ---- what it says ------------------------------------------------------------------------------------------------ */

/* Outputs for new samples (x: n x d, not bound, any element type) or, with x NULL, for the bound rows in order
 * (GRASP_E_STATE when there are none bound). Custom models take x NULL only. Out arrays and matrices are the caller's,
 * with as many rows as samples (GRASP_E_DIM); matrices of any element type and stride. Cost: one forward pass, in
 * batches; ticks between them. */

/** Class of the largest logit; ties go to the lowest class. label: n. */
GRASP_API grasp_status grasp_model_predict(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                           int64_t *label, int64_t n);
/** proba: n x C; rows sum to 1. Custom: needs the logits hook and takes their softmax. */
GRASP_API grasp_status grasp_model_predict_proba(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                                 grasp_matrix *proba);
/** logits: n x C. Logistic: columns (0, z). */
GRASP_API grasp_status grasp_model_logits(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                          grasp_matrix *logits);
/** features: n x n_features: what the last layer sees; for linear models the inputs. */
GRASP_API grasp_status grasp_model_features(grasp_context *ctx, grasp_model *model, const grasp_matrix *x_or_null,
                                            grasp_matrix *features);
/** Classes of chosen bound rows (any order, repeats allowed; NULL: all, n = n_rows). */
GRASP_API grasp_status grasp_model_predict_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null,
                                                int64_t n, int64_t *label);
/** Loss of each chosen bound row, unweighted. GRASP_E_NUMERIC: a loss overflows, with its row. */
GRASP_API grasp_status grasp_model_loss_rows(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null,
                                             int64_t n, double *loss);

/** Compares each kind of gradient (weighted_grad with unequal weights; sample_grads; factors, where they hold all
 *  parameters) with central differences of the loss, on the rows given, or on the first n when rows is NULL (fewer if
 *  there are fewer; n >= 1). *worst: the largest |difference| / max(1, |difference quotient|); a log line of level
 *  GRASP_LOG_INFO tells them apart. step: h (0: cbrt(machine epsilon) max(1, |theta_j|)). For authors of custom
 *  models: expect below 1e-6 in float64. Where a ReLU's kink lies within the step the gradients rightly differ. The
 *  parameters are put back. Cost: 2 p losses of n rows; memory O(n p). */
GRASP_API grasp_status grasp_model_check_grad(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null,
                                              int64_t n, double step, double *worst);

#ifdef __cplusplus
}
#endif
#endif
