/* SPDX-License-Identifier: BSD-3-Clause
 * linalg: matrices, compensated arithmetic, tile kernels and the BLAS. The only room that knows CBLAS and SIMD.
 */
#ifndef GRASP__LINALG_H
#define GRASP__LINALG_H

#include "base/base.h"
#include "grasp/linalg.h"
#include "linalg/fixed.h"
#include "linalg/sketch.h"

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

struct grasp_matrix {
    grasp__object object;
    int32_t dtype;
    int64_t rows, cols, row_stride;
    void *data;
    grasp_release_fn release;
    void *user;
    bool owned; /* data is a block of ours */
};

size_t grasp__dtype_size(int32_t dtype);
/* A handle of the right kind? */
grasp_status grasp__matrix_check(grasp_context *ctx, const grasp_matrix *m, const char *name);
grasp_status grasp__matrix_create(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, grasp_matrix **out);
/* The same without zeros: all values are to be written. */
grasp_status grasp__matrix_create_raw(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols,
                                      grasp_matrix **out);
uint64_t     grasp__matrix_price(int32_t dtype, int64_t rows, int64_t cols); /* of its memory */
grasp_status grasp__matrix_wrap(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, int64_t row_stride,
                                void *data, grasp_release_fn release, void *user, grasp_matrix **out);
/* The matrix must be rows x cols (-1: any); GRASP_E_DIM otherwise. */
grasp_status grasp__matrix_check_shape(grasp_context *ctx, const grasp_matrix *m, int64_t rows, int64_t cols,
                                       const char *name);
/* Refuses NaN and infinity: "name: row 17 has NaN at column 3". `name` the argument's name. */
grasp_status grasp__matrix_check_finite(grasp_context *ctx, const grasp_matrix *m, const char *name);
const void *grasp__matrix_row(const grasp_matrix *m, int64_t i);
/* Copies rows [first, first + n), or rows[0..n) when rows is not NULL, to contiguous out (n x cols), converting. */
void grasp__matrix_read_f64(const grasp_matrix *m, const int64_t *rows_or_null, int64_t first, int64_t n, double *out);
void grasp__matrix_read_f32(const grasp_matrix *m, const int64_t *rows_or_null, int64_t first, int64_t n, float *out);
/* Writes contiguous values (n x cols) into rows [first, first + n), converting. */
void grasp__matrix_write_f64(grasp_matrix *m, int64_t first, int64_t n, const double *values);

/* The largest |x_k|, 0 if n is 0, infinity if one of them is not finite. */
double grasp__magnitude_f32(const float *x, int64_t n);
double grasp__magnitude_f64(const double *x, int64_t n);

/* ---- compensated arithmetic (Ogita, Rump, Oishi 2005) ------------------------------------------------------------ */

/* Fixed-order compensated sum, as if in twice the working precision. */
double grasp__sum2(const double *x, int64_t n, int64_t stride);
/* An accumulator of the same sum, one value at a time. value = high + low. */
typedef struct grasp__sum {
    double high, low;
} grasp__sum;
void grasp__sum_add(grasp__sum *s, double x);
double grasp__sum_value(const grasp__sum *s);
/* <x, y> in Dot2; *bound is its proven absolute error bound (compensated.c), rounded up. Equal bits on every processor.
 * When a product or a sum overflows: not finite, and the bound is infinity. */
double grasp__dot2(const double *x, const double *y, int64_t n, double *bound_or_null);
/* Round to nearest, and no flush to zero: what every certificate assumes. GRASP_E_STATE otherwise. */
grasp_status grasp__check_rounding(grasp_context *ctx);

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

/* One table per instruction set, chosen once per context. Fixed order of summation within a kernel. */
typedef struct grasp__kernels {
    const char *name;
    /* c[i * ldc + j] = sum_k a[i * lda + k] * b[j * ldb + k], i < m, j < n. Every c is accumulated over k with a fixed
     * pattern of partial sums, so c_ij == c_ji when a == b, and |c - exact| <= grasp__gram_error_f64(k) * |a_i| |b_j|
     * (2-norms) while k DBL_MIN <= |a_i| |b_j| <= DBL_MAX / 2. Below that range, add k DBL_TRUE_MIN. (f32: FLT_.) */
    void (*gram_f64)(int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, const double *b, int64_t ldb,
                     double *c, int64_t ldc);
    void (*gram_f32)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                     float *c, int64_t ldc);
} grasp__kernels;
const grasp__kernels *grasp__context_kernels(const grasp_context *ctx);
double grasp__gram_error_f64(int64_t k); /* proven relative bound of gram_f64 over k terms, rounded up */
double grasp__gram_error_f32(int64_t k);

/* ---- rows: entry by entry, equal bits on every processor --------------------------------------------------------- */

/* out_k = (x_k - origin_k) scale factor, each of the three operations rounded; origin NULL: x_k scale factor. out may
 * be x, else nothing overlaps. */
void grasp__row_place_f32(const float *x, const double *origin_or_null, double scale, double factor, int64_t n,
                          double *out);
void grasp__row_place_f64(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                          double *out);
/* sum_k += that. */
void grasp__row_add_f32(const float *x, const double *origin_or_null, double scale, double factor, int64_t n,
                        double *sum);
void grasp__row_add_f64(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                        double *sum);
/* out (rows x vectors) = factor_i sum_k ((x_ik - origin_k) scale_i) b_jk with x_i the i-th of `rows` pointers and b
 * vectors x n; off by at most grasp__gram_error_f64(n) times |(x_i - origin) scale_i factor_i| |b_j|, the difference as
 * rounded. For few vectors. */
void grasp__row_products_f32(int64_t rows, const float *const *x, const double *origin_or_null, const double *scale,
                             const double *factor, int64_t n, int64_t vectors, const double *b, double *out);
void grasp__row_products_f64(int64_t rows, const double *const *x, const double *origin_or_null, const double *scale,
                             const double *factor, int64_t n, int64_t vectors, const double *b, double *out);
/* sum_k = 0 + x_k of the first chosen row + that of the second ..., rows of n entries stride apart. */
void grasp__row_sum_chosen(int64_t count, const int32_t *chosen, const double *x, int64_t stride, int64_t n,
                           double *sum);
double grasp__row_largest(const double *x, int64_t n); /* the greatest |x_k|, of those that are numbers; 0 if none */

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* The three products of a dense layer, for the small shapes at which the BLAS is mostly overhead. A layer of `out`
 * outputs and `in` inputs has a contiguous row (in weights, bias) per output. Rows of a (inputs) are lda apart; z,
 * delta and previous have contiguous rows. n, in and out are at least 1. Nothing overlaps. */
#define GRASP__LAYER_FUNCTIONS(REAL, SUFFIX)                                                                           \
  /* z (n x out) = [a, 1] w^T; with `rectify` what is negative becomes 0, and NaN stays. */                            \
  void (*forward_##SUFFIX)(int64_t n, int64_t in, int64_t out, const REAL *a, int64_t lda, const REAL *w,              \
                           bool rectify, REAL *z);                                                                     \
  /* previous (n x in) = delta w where a > 0, else 0. */                                                               \
  void (*backward_##SUFFIX)(int64_t n, int64_t in, int64_t out, const REAL *delta, const REAL *w, const REAL *a,       \
                            int64_t lda, REAL *previous);                                                              \
  /* g (as w) = delta^T [a, 1]. */                                                                                     \
  void (*gradient_##SUFFIX)(int64_t n, int64_t in, int64_t out, const REAL *delta, const REAL *a, int64_t lda, REAL *g);

/* Kingma, Ba 2015, "Adam": first and second moments, and parameters, of n parameters, in place:
 *     g = grad + weight_decay theta;  first = beta1 first + (1 - beta1) g;  second = beta2 second + (1 - beta2) g^2;
 *     theta -= step first / (scale sqrt(second) + epsilon) */
typedef struct grasp__adam {
    double beta1, beta2, epsilon, weight_decay;
    double step, scale; /* rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
} grasp__adam;

/* Sums run in an order that depends on the layer's shape and n alone. */
typedef struct grasp__layer_kernels {
    GRASP__LAYER_FUNCTIONS(float, f32)
    GRASP__LAYER_FUNCTIONS(double, f64)
    void (*adam)(int64_t n, const grasp__adam *rule, const double *grad, double *first, double *second, double *theta);
} grasp__layer_kernels;

/* Those of the instruction set that grasp__context_kernels() chose. */
const grasp__layer_kernels *grasp__context_layer_kernels(const grasp_context *ctx);

/* ---- BLAS: row-major, sizes checked against the BLAS's integer --------------------------------------------------- */

/* c (m x n) = alpha op(a) op(b) + beta c; op is the transpose where ta/tb is true. Leading dimensions in elements.
 * From worker threads only when grasp__blas_is_serial(). Sizes above the BLAS's integer are cut into several calls. */
void grasp__gemm_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                     const double *b, int64_t ldb, double beta, double *c, int64_t ldc);
bool grasp__blas_is_serial(void);

/* Makes the m rows of v (m x n) orthonormal; a row that depends on those before it becomes zero. */
void grasp__orthonormalise(double *v, int64_t m, int64_t n);
/* Cholesky factor of a symmetric positive definite n x n matrix in place (lower, row-major). false if not positive
 * definite. */
bool grasp__cholesky(double *a, int64_t n);
/* Solves L L^T x = b in place. */
void grasp__cholesky_solve(const double *l, int64_t n, double *b);

#endif
