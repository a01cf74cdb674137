/* SPDX-License-Identifier: BSD-3-Clause
 * gradients: where samples' rows come from. Later rooms read rows, factors and inner products here and never learn how
 * they are kept.
 */
#ifndef GRASP__GRADIENTS_H
#define GRASP__GRADIENTS_H

#include "base/base.h"
#include "linalg/linalg.h"
#include "model/model.h"
#include "grasp/gradients.h"

extern const grasp__param_table grasp__gradients_params;

grasp_status grasp__gradients_check(grasp_context *ctx, const grasp_gradients *g, const char *name);
grasp_status grasp__gradients_check_sealed(grasp_context *ctx, const grasp_gradients *g,
                                           const char *name); /* GRASP_E_STATE */
/* o: options of grasp__gradients_params. */
grasp_status grasp__gradients_compute(grasp_context *ctx, grasp_model *m, const int64_t *rows_or_null, int64_t n,
                                      const grasp__options *o, grasp_gradients **out);
/* What the public functions of these names do. positions, has_bias may be NULL; append takes one matrix, or 2 per layer
 * (act, delta). */
grasp_status grasp__gradients_create_dense(grasp_context *ctx, int32_t dtype, int64_t p, int64_t capacity,
                                           grasp_gradients **out);
grasp_status grasp__gradients_create_factored(grasp_context *ctx, int32_t dtype, int64_t n_layers,
                                              const int64_t *inputs, const int64_t *outputs, const int64_t *positions,
                                              const int32_t *has_bias, int64_t capacity, grasp_gradients **out);
grasp_status grasp__gradients_append_lent(grasp_context *ctx, grasp_gradients *g, grasp_matrix *const *part);
void         grasp__gradients_seal(grasp_gradients *g);
/* Sealed dense gradients over a matrix of points, by reference. Refuses NaN under `name`. */
grasp_status grasp__gradients_from_matrix(grasp_context *ctx, grasp_matrix *x, const char *name, grasp_gradients **out);
grasp_status grasp__gradients_select(grasp_context *ctx, grasp_gradients *g, const int64_t *rows, int64_t n,
                                     grasp_gradients **out);
uint64_t     grasp__gradients_select_price(const grasp_gradients *g, int64_t n);
/* a's rows, then b's, by reference; same form and shapes (GRASP_E_DIM). Both sealed. */
grasp_status grasp__gradients_concat(grasp_context *ctx, grasp_gradients *a, grasp_gradients *b, grasp_gradients **out);
grasp_gradients *grasp__gradients_ref(grasp_gradients *g);
void             grasp__gradients_free(grasp_gradients *g);

int64_t grasp__gradients_count(const grasp_gradients *g);
int64_t grasp__gradients_dim(const grasp_gradients *g);
int32_t grasp__gradients_dtype(const grasp_gradients *g);
bool    grasp__gradients_is_factored(const grasp_gradients *g);
int64_t grasp__gradients_n_layers(const grasp_gradients *g);
void    grasp__gradients_layer_shape(const grasp_gradients *g, int64_t layer, grasp__layer_shape *shape);

/* Reading: any thread, no allocation. Rows are dense, contiguous n x p; an entry of factored rows is rounded once to
 * binary64 (positions summed in Dot2), then, for f32, once more. */
void grasp__gradients_read_f64(const grasp_gradients *g, int64_t first, int64_t n, double *out);
void grasp__gradients_read_f32(const grasp_gradients *g, int64_t first, int64_t n, float *out);
/* Pointer to row i where it lies densely in memory with elements of grasp__gradients_dtype(); NULL for factored. */
const void *grasp__gradients_row(const grasp_gradients *g, int64_t i);
/* Factors of a layer in float64: act n x T x d_in, delta n x T x d_out. */
void grasp__gradients_read_factors(const grasp_gradients *g, int64_t layer, int64_t first, int64_t n, double *act,
                                   double *delta);
/* Fixed-order compensated mean, p values; parallel, same bits for any number of threads. */
grasp_status grasp__gradients_mean(grasp_context *ctx, const grasp_gradients *g, double *mean);
uint64_t     grasp__gradients_mean_price(int64_t p);

#endif
