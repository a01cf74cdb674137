/* SPDX-License-Identifier: BSD-3-Clause
 * linalg, for this room alone: the product behind grasp__gemm_f64(), with the BLAS's largest integer as an argument so
 * that tests can make it small.
 */
#ifndef GRASP__LINALG_BLAS_H
#define GRASP__LINALG_BLAS_H

#include "linalg/linalg.h"

void grasp__gemm_cut_f64(int64_t largest, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha,
                         const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                         int64_t ldc);

#endif
