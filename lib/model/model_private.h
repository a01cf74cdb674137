/* SPDX-License-Identifier: BSD-3-Clause
 * model, inside: what a kind of model supplies, and the handle. Logistic, softmax and mlp are one stack of dense
 * layers (network.c) with different heads (head.c); custom asks the caller (custom.c).
 */
#ifndef GRASP__MODEL_PRIVATE_H
#define GRASP__MODEL_PRIVATE_H

#include "model/model.h"

/* Rows rows[0..n) of x, or [first, first + n) when rows is NULL. x NULL: a custom model's own data. */
typedef struct grasp__batch {
    const grasp_matrix *x;
    const int64_t *rows;
    int64_t first, n;
} grasp__batch;

/* An output of at most GRASP__MODEL_BATCH samples: n x width values of eight bytes each, int64_t or double. */
typedef grasp_status (*grasp__model_output)(grasp_context *ctx, grasp_model *m, const grasp__batch *batch, void *out);

/* Loss of one sample from its outputs z, and its derivative by them. Float64, stable for any finite z. */
typedef double (*grasp__head)(const double *z, int64_t n_outputs, int64_t label, double *delta);

/* What a kind of model can do. NULL: it cannot. */
typedef struct grasp__model_methods {
    const char *kind;
    bool linear;
    grasp__head head; /* built-in models */
    grasp_status (*copy)(grasp_context *ctx, const grasp_model *m, grasp_model **out);
    void (*destroy)(grasp_model *m);
    grasp_status (*reserve)(grasp_context *ctx, grasp_model *m, int64_t n);
    uint64_t (*reserve_price)(grasp_model *m, int64_t n);
    grasp_status (*get_params)(grasp_context *ctx, const grasp_model *m, double *theta);
    grasp_status (*set_params)(grasp_context *ctx, grasp_model *m, const double *theta);
    grasp_status (*init)(grasp_context *ctx, grasp_model *m, uint64_t stream);
    grasp_status (*layer_shape)(grasp_context *ctx, const grasp_model *m, int64_t layer, grasp__layer_shape *shape);
    grasp__model_output labels, loss, predict, logits, features;
    grasp_status (*objective)(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, grasp__weigher weigh,
                              void *arg, double *loss, double *grad);
    grasp_status (*factors)(grasp_context *ctx, grasp_model *m, int64_t layer, const int64_t *rows, int64_t n,
                            void *act, void *delta);
    grasp_status (*sample_grads)(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double *grads);
} grasp__model_methods;

/* A stack of dense layers. Layer l maps widths[l] to widths[l + 1]; its parameters start at offsets[l]. */
typedef struct grasp__network {
    int64_t *widths, *offsets; /* n_layers + 1 each */
    double *theta;             /* the masters */
    float *theta32;            /* their copy for float32 data; NULL in linear models, which compute in float64 */
    bool he;                   /* init=he */
    const grasp__layer_kernels *kernels; /* of the context that runs a pass */

    /* Workspace: one block of eight-byte cells, panels in the type of the computation. */
    double *block;
    int64_t rows;          /* batches it was laid out for */
    double **act, **delta; /* [layer]: what it reads, and d loss / d its outputs; the last delta has `rows` rows */
    double *logits, *grad, *weight, *sample, *loss;
    int64_t *label, *cached_rows;
    int64_t cached;    /* rows whose act and delta of all layers are in place; -1: none */
    const void *input; /* what layer 0 reads: act[0], or the bound matrix in place */
    int64_t input_stride;
} grasp__network;

typedef struct grasp__custom {
    grasp_model_ops ops; /* the caller's, zero where it is shorter than ours */
    void *user;
    int64_t n_features;
    grasp__layer_shape *shapes; /* n_layers */
    int64_t *index;             /* GRASP__MODEL_BATCH row numbers, for consecutive rows */
} grasp__custom;

struct grasp_model {
    grasp__object object;
    const grasp__model_methods *methods;
    int64_t n_params, n_classes, n_layers, n_rows;
    grasp_matrix *x; /* bound data of a built-in model, NULL before */
    int64_t *y;
    double *sample_weights; /* NULL: all 1 */
    double *scratch;        /* of sample gradients made from factors */
    int64_t scratch_size;
    grasp__network network;
    grasp__custom custom;
};

extern const grasp__model_methods grasp__logistic_methods, grasp__softmax_methods, grasp__mlp_methods,
    grasp__custom_methods;

/* An empty handle of a kind. */
grasp_status grasp__model_allocate(grasp_context *ctx, const grasp__model_methods *methods, grasp_model **out);
grasp_status grasp__network_create(grasp_context *ctx, const grasp__model_methods *methods, const int64_t *widths,
                                   int64_t n_layers, grasp_model **out);
void grasp__network_data_changed(grasp_model *m);
grasp_status grasp__network_init(grasp_context *ctx, grasp_model *m, uint64_t stream);
bool grasp__model_is_custom(const grasp_model *m);
/* Do the factors of the layers make up the whole gradient? Then the rows may be written from them. */
bool grasp__model_factors_are_whole(const grasp_model *m);
grasp_status grasp__model_grads_from_factors(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                             double *grads);
/* Unsupported, and why: "a custom model needs the init hook for this". */
grasp_status grasp__model_missing(grasp_context *ctx, const char *hook);

double grasp__head_logistic(const double *z, int64_t n_outputs, int64_t label, double *delta);
double grasp__head_softmax(const double *z, int64_t n_outputs, int64_t label, double *delta);
void grasp__softmax_row(double *z, int64_t n); /* logits to probabilities, in place */

#endif
