/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/gradients.h: one gradient of the loss per sample: dense rows or layer factors; computed, appended, lent or
 * viewed.
 *
 * Part of <grasp.h>, the one header programs name.
 *
 * A layer's gradient is sum_t delta_t (x) [a_t, 1], so n samples need n T (d_in + d_out) numbers instead of n d_out
 * (d_in + 1): the factored form never writes the n x p matrix, and every result equals the dense form's. (Zeng et al.
 * 2022, eq. 1 and 2;
 * Goodfellow 2015, "Efficient per-example gradient computations".)
 */
#ifndef GRASP_GRADIENTS_H
#define GRASP_GRADIENTS_H

#include "grasp/linalg.h"
#include "grasp/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Per-sample gradients (or any feature vectors): n rows of p values. Filled by one thread, then sealed and
 *  immutable. */
typedef struct grasp_gradients grasp_gradients;

#define GRASP_KEY_FORM "form"               /**< gradients: "auto" (factored where the model can), "dense" or
                                                 "factored" */
#define GRASP_KEY_FIRST_LAYER "first_layer" /**< gradients: first layer taken, counted from 0; negative from the end;
                                                 default 0 */
#define GRASP_KEY_LAST_LAYER "last_layer"   /**< gradients: last layer taken; default -1, the last */
#define GRASP_KEY_DTYPE "dtype"             /**< gradients: "auto" (the model's), "f32" or "f64" */

/** Gradient of the loss at the model's parameters for bound rows (NULL: all, n = n_rows; else any, repeats allowed),
 *  sealed.
 *  Parameters: "gradients". GRASP_CANCELLED: *out holds the rows done so far. Errors: GRASP_E_UNSUPPORTED names the
 *  hooks that the model lacks, GRASP_E_PARAM a layer that it has not, GRASP_E_NUMERIC the row whose gradient is not
 *  finite, GRASP_E_STATE a model without data. Cost: one forward and one backward pass per sample, in batches. (Zeng et
 *  al. 2022, eq. 1.) */
GRASP_API grasp_status grasp_gradients_compute(grasp_context *ctx, grasp_model *model, const int64_t *rows_or_null,
                                               int64_t n, const grasp_params *params_or_null, grasp_gradients **out);
/** Bytes that grasp_gradients_compute() will take at most for n samples, its result included, also where n x p is far
 *  more than there is; ask before computing. Errors: those of the call itself; GRASP_E_OVERFLOW. Cheap. */
GRASP_API grasp_status grasp_gradients_compute_bytes(grasp_context *ctx, grasp_model *model, int64_t n,
                                                     const grasp_params *params_or_null, uint64_t *out);
/** Empty, for dense rows of p >= 1 values. `capacity` rows are a hint: memory for so many is taken at the first copied
 *  append.
 *  Errors: GRASP_E_ARG, GRASP_E_DTYPE, GRASP_E_OVERFLOW (bytes of capacity x p), memory. */
GRASP_API grasp_status grasp_gradients_create_dense(grasp_context *ctx, int32_t dtype, int64_t p, int64_t capacity,
                                                    grasp_gradients **out);
/** Empty, for factors of n_layers layers: d_in and d_out per layer, positions T (NULL: all 1), has_bias 0 or 1 (NULL:
 *  all 1).
 *  p = sum of d_out (d_in + has_bias); a row holds layer after layer, within a layer one row (weights, bias) per
 *  output. */
GRASP_API grasp_status grasp_gradients_create_factored(grasp_context *ctx, int32_t dtype, int64_t n_layers,
                                                       const int64_t *inputs, const int64_t *outputs,
                                                       const int64_t *positions_or_null,
                                                       const int32_t *has_bias_or_null, int64_t capacity,
                                                       grasp_gradients **out);
/** Appends rows (k x p), copied and converted. Not finite (also once converted to f32): GRASP_E_NUMERIC names row and
 *  column.
 *  Sealed: GRASP_E_STATE. Factored: GRASP_E_UNSUPPORTED. On an error nothing is appended. O(k p). */
GRASP_API grasp_status grasp_gradients_append(grasp_context *ctx, grasp_gradients *gradients, const grasp_matrix *rows);
/** Appends rows by reference: keeps a reference to the matrix until the last reader is freed, and then, for a wrapped
 *  matrix, its release hook runs. Same dtype (GRASP_E_DTYPE), any row stride; its memory must not change meanwhile. No
 *  reference is kept on an error. The values are read once, to refuse NaN. */
GRASP_API grasp_status grasp_gradients_append_lent(grasp_context *ctx, grasp_gradients *gradients, grasp_matrix *rows);
/** Appends k samples as factors: for each layer l act[l] is k x (T d_in), delta[l] is k x (T d_out), n_layers of each.
 *  Copied and converted. Refuses what is not finite, and factors so large that their product would not be
 *  (GRASP_E_NUMERIC). */
GRASP_API grasp_status grasp_gradients_append_factors(grasp_context *ctx, grasp_gradients *gradients,
                                                      const grasp_matrix *const *act, const grasp_matrix *const *delta,
                                                      int64_t n_layers);
/** The same by reference: one reference to each matrix is kept, under the rules of grasp_gradients_append_lent(). */
GRASP_API grasp_status grasp_gradients_append_factors_lent(grasp_context *ctx, grasp_gradients *gradients,
                                                           grasp_matrix *const *act, grasp_matrix *const *delta,
                                                           int64_t n_layers);
/** Ends appending; needed before use. Sealing twice is fine. */
GRASP_API grasp_status grasp_gradients_seal(grasp_context *ctx, grasp_gradients *gradients);
/** A view of chosen rows (any order, repeats allowed) of sealed gradients. Copies no row; keeps a reference. A view of
 *  a view reads the first one's rows. Errors: GRASP_E_ARG names the first position whose row is not in [0, count). */
GRASP_API grasp_status grasp_gradients_select(grasp_context *ctx, grasp_gradients *gradients, const int64_t *rows,
                                              int64_t n, grasp_gradients **out);
/** One more reference, to be freed by itself; NULL gives NULL. Any thread. */
GRASP_API grasp_gradients *grasp_gradients_ref(grasp_gradients *gradients);
/** Drops a reference. NULL is fine. Any thread. */
GRASP_API void             grasp_gradients_free(grasp_gradients *gradients);
GRASP_API int64_t          grasp_gradients_count(const grasp_gradients *gradients); /**< samples n */
GRASP_API int64_t          grasp_gradients_dim(const grasp_gradients *gradients);   /**< values per sample p */
GRASP_API int32_t          grasp_gradients_dtype(const grasp_gradients *gradients);
GRASP_API int32_t          grasp_gradients_is_factored(const grasp_gradients *gradients);
GRASP_API int64_t          grasp_gradients_n_layers(const grasp_gradients *gradients); /**< 0 for dense */
/** Bytes held for the rows: room for appending included, lent rows and those of a view's parent not; a view's list of
 *  rows. */
GRASP_API uint64_t grasp_gradients_bytes(const grasp_gradients *gradients);
/** Writes rows [first, first + n) densely into out (n x p), converted to its dtype. An entry of factored rows is
 *  rounded once to binary64 (positions are summed in Dot2), then, for f32, once more. Any number of threads, each with
 *  its context. */
GRASP_API grasp_status grasp_gradients_rows(grasp_context *ctx, const grasp_gradients *gradients, int64_t first,
                                            int64_t n, grasp_matrix *out);
/** Mean of all rows into mean (len = p): fixed-order compensated sum of the dense rows' entries, so both forms give the
 *  same bits, whatever the number of threads. No rows: GRASP_E_EMPTY. O(n p). */
GRASP_API grasp_status grasp_gradients_mean(grasp_context *ctx, const grasp_gradients *gradients, double *mean,
                                            int64_t len);
/** Inner products of rows [i, i + ni) and [j, j + nj) into out (ni x nj); factored gradients never become dense for it:
 *  sum over layers, t, s of <delta_it, delta_js> (<a_it, a_js> + has_bias), O(T^2 (d_in + d_out)) per layer and pair;
 *  of a layer where d_out (d_in + 1) is less, some columns at a time are written instead.
 *  Accumulated in float64 in a fixed order. GRASP_CANCELLED: some of out is not written. (Goodfellow 2015.) */
GRASP_API grasp_status grasp_gradients_gram(grasp_context *ctx, const grasp_gradients *gradients, int64_t i, int64_t ni,
                                            int64_t j, int64_t nj, grasp_matrix *out);

#ifdef __cplusplus
}
#endif
#endif
