/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/linalg.h: matrices, the tile kernels, and what may be asked of the BLAS.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_LINALG_H
#define GRASP_LINALG_H

#include "grasp/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Dense, row-major rows x cols elements of GRASP_F32 or GRASP_F64, owned or wrapped. Shape and storage never
 *  change. */
typedef struct grasp_matrix grasp_matrix;
/** Gives wrapped memory back to its owner: called once, when the last reference goes, on whatever thread frees it. */
typedef void (*grasp_release_fn)(void *user, void *data);

/** Makes a zeroed matrix. Errors: GRASP_E_ARG (negative size), GRASP_E_DTYPE, GRASP_E_OVERFLOW, memory. */
GRASP_API grasp_status grasp_matrix_create(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols,
                                           grasp_matrix **out);
/** Refers to the caller's memory: element (i, j) is data[i * row_stride + j], row_stride >= cols elements. Copies
 *  nothing. `release_or_null` NULL: the caller keeps the memory alive until the last reference is freed. Not called on
 *  an error. `data` may be NULL where there is no element. Errors: GRASP_E_ARG (also: not aligned to its elements),
 *  GRASP_E_DTYPE, GRASP_E_OVERFLOW (the last element has no address), memory. */
GRASP_API grasp_status grasp_matrix_wrap(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols,
                                         int64_t row_stride, void *data, grasp_release_fn release_or_null, void *user,
                                         grasp_matrix **out);
/** One reference more, and one less (NULL: nothing happens); any thread, also when the context is gone. */
GRASP_API grasp_matrix *grasp_matrix_ref(grasp_matrix *matrix);
GRASP_API void grasp_matrix_free(grasp_matrix *matrix);
/** What it is made of; 0 for NULL. row_stride in elements. */
GRASP_API int64_t grasp_matrix_rows(const grasp_matrix *matrix);
GRASP_API int64_t grasp_matrix_cols(const grasp_matrix *matrix);
GRASP_API int64_t grasp_matrix_row_stride(const grasp_matrix *matrix);
GRASP_API int32_t grasp_matrix_dtype(const grasp_matrix *matrix);
/** Start of row 0. Writing while a call reads the matrix is a race. */
GRASP_API void *grasp_matrix_data(grasp_matrix *matrix);

/** Forces the tile kernel of a context: "auto" (default), "portable", "avx2", "avx512", "neon". For tests: labels do
 * not depend on it. GRASP_E_UNSUPPORTED where this build or processor lacks it. */
GRASP_API grasp_status grasp_context_set_kernel(grasp_context *ctx, const char *name);
/** Name of the tile kernel in use. Static. */
GRASP_API const char *grasp_context_kernel(const grasp_context *ctx);

/** Threads the BLAS would use; -1 if it cannot tell. */
GRASP_API int32_t grasp_blas_threads(void);
/** Sets them, for the whole process: the library itself never does this. No other thread may be inside the BLAS.
 *  GRASP_E_ARG: less than 1. GRASP_E_UNSUPPORTED: the BLAS has no such call. */
GRASP_API grasp_status grasp_blas_set_threads(int32_t n_threads);

#ifdef __cplusplus
}
#endif
#endif
