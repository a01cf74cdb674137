/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/distances.h: the distances among n samples, without an n x n matrix unless one is asked for.
 *
 * Part of <grasp.h>, the one header programs name.
 *
 * What is true (and what every clustering uses, whatever computed it):
 *   mu   mean of the rows in binary64, fixed-order compensated sum; 0 when not centred
 *   c_i  = f_i - mu, rounded to binary64
 *   cosine     d_ij = 1 - <c_i, c_j> / (|c_i| |c_j|), in [0, 2]; within eps iff <c_i,c_j> >= (1 - eps) |c_i| |c_j|
 *   euclidean  d_ij = |c_i - c_j|; within eps iff |f_i - f_j|^2 <= eps^2, by differences of the rows as given
 *   both decided in Dot2 (Ogita, Rump, Oishi 2005); a pair within Dot2's own error bound of equality is within eps.
 * A row is zero iff |c_i| <= 2^-40 max(|f_i|, |mu|): cosine distance 1 to every other sample, 0 to itself.
 * (Zeng et al. 2022, section 3: centred cosine distance within a class.)
 */
#ifndef GRASP_DISTANCES_H
#define GRASP_DISTANCES_H

#include "grasp/gradients.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Distances among n samples. Immutable; keeps a reference to what it was made from. */
typedef struct grasp_distances grasp_distances;

#define GRASP_KEY_METRIC "metric"   /**< distances: "cosine" (default) or "euclidean" */
#define GRASP_KEY_CENTER "center"   /**< distances: 1 (default): the mean of all rows is subtracted; cosine only */
#define GRASP_KEY_STORAGE "storage" /**< distances: "implicit" (default), or "condensed": n(n-1)/2 float64 values are
                                         kept */

/** Bytes that grasp_distances_create() will take at most beside the gradients, for n samples of p values, at the
 *  present number of threads; ask before building. Cheap. Errors: GRASP_E_ARG (n or p below 0), GRASP_E_PARAM,
 *  GRASP_E_OVERFLOW. */
GRASP_API grasp_status grasp_distances_bytes(grasp_context *ctx, int64_t n, int64_t p,
                                             const grasp_params *params_or_null, uint64_t *out);
/** Distances among the rows of sealed gradients (often a view of one class). Parameters: "distances". Cost: O(n p),
 *  O(n^2 p) when condensed; takes what grasp_distances_bytes() says. GRASP_E_MEMLIMIT before anything large is made;
 *  GRASP_E_NUMERIC for rows too large to centre. GRASP_CANCELLED while values are being stored: *out is valid and
 *  implicit; earlier: *out is NULL. */
GRASP_API grasp_status grasp_distances_create(grasp_context *ctx, grasp_gradients *gradients,
                                              const grasp_params *params_or_null, grasp_distances **out);
/** The same among feature points, the rows of x (kept by reference). */
GRASP_API grasp_status grasp_distances_create_from_points(grasp_context *ctx, grasp_matrix *x,
                                                          const grasp_params *params_or_null, grasp_distances **out);
/** A caller's own square matrix (kept by reference): non-negative, symmetric, zero diagonal; compared with eps as
 *  binary64.
 *  Violations are named by row and column. */
GRASP_API grasp_status grasp_distances_create_from_matrix(grasp_context *ctx, grasp_matrix *square,
                                                          grasp_distances **out);
/** One more owner; NULL stays NULL. */
GRASP_API grasp_distances *grasp_distances_ref(grasp_distances *distances);
/** Drops an owner; any thread. */
GRASP_API void             grasp_distances_free(grasp_distances *distances);
/** Samples; 0 for NULL. */
GRASP_API int64_t          grasp_distances_count(const grasp_distances *distances);
/** "cosine", "euclidean" or "precomputed". Static. */
GRASP_API const char *grasp_distances_metric(const grasp_distances *distances);
/** 1 when values are kept: condensed or precomputed. */
GRASP_API int32_t     grasp_distances_is_stored(const grasp_distances *distances);
/** Values of samples [i, i + ni) against [j, j + nj) into out (ni x nj), each within 1e-12 (cosine: absolute;
 *  euclidean: relative) of the truth above. Cancelled or failed: out may be written in part. O(ni nj p). */
GRASP_API grasp_status grasp_distances_block(grasp_context *ctx, const grasp_distances *distances, int64_t i,
                                             int64_t ni, int64_t j, int64_t nj, grasp_matrix *out);
/** Distance of each sample to its k-th nearest, itself being the first: out has n values, 1 <= k <= n. As accurate as
 *  tiles are:
 *  about 1e-12, relative to the longest rows for the euclidean metric. O(n^2 p) time, at most 64 MiB + 1 KiB k
 *  bytes. */
GRASP_API grasp_status grasp_distances_kth(grasp_context *ctx, const grasp_distances *distances, int64_t k, double *out,
                                           int64_t n);
/** Samples within eps of each sample, itself included, decided exactly. 0 <= eps < infinity. O(n^2 p) time; meanwhile a
 *  byte an entry of the rows and about 100 bytes a sample, or where a memory limit refuses them panels of rows, some 9
 *  MiB a thread. */
GRASP_API grasp_status grasp_distances_within(grasp_context *ctx, const grasp_distances *distances, double eps,
                                              int64_t *count, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
