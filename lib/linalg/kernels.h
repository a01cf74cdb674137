/* SPDX-License-Identifier: BSD-3-Clause
 * linalg, for this room alone: the kernel tables of each instruction set, and what all of them have in common.
 */
#ifndef GRASP__LINALG_KERNELS_H
#define GRASP__LINALG_KERNELS_H

#include "linalg/linalg.h"

/* Terms that one partial sum takes in before it is added to the result: the same in every kernel, since the error bound
 * depends on it. */
enum { GRASP__KERNEL_DEPTH = 128 };

/* Lanes of Dot2: term i goes to accumulator i mod 8, whatever the instruction set. */
enum { GRASP__DOT2_LANES = 8 };

/* What the lanes of Dot2 hold after n terms: sum of a_i b_i = high + low + (the error that compensated.c bounds), and
 * an approximation of sum |a_i b_i|. */
typedef struct grasp__dot2_lanes {
    double high[GRASP__DOT2_LANES], low[GRASP__DOT2_LANES], magnitude[GRASP__DOT2_LANES];
} grasp__dot2_lanes;

/* <x, y>, or |x - y|^2 of the rounded differences. Equal bits in every variant. */
typedef void (*grasp__dot2_fn)(const double *x, const double *y, int64_t n, grasp__dot2_lanes *out);

/* The functions of grasp__row_*, of one instruction set. Equal bits in every variant. */
typedef struct grasp__row_kernels {
    void (*place_f32)(const float *x, const double *origin_or_null, double scale, double factor, int64_t n,
                      double *out);
    void (*place_f64)(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                      double *out);
    void (*add_f32)(const float *x, const double *origin_or_null, double scale, double factor, int64_t n, double *sum);
    void (*add_f64)(const double *x, const double *origin_or_null, double scale, double factor, int64_t n,
                    double *sum);
    void (*products_f32)(int64_t rows, const float *const *x, const double *origin_or_null, const double *scale,
                         const double *factor, int64_t n, int64_t vectors, const double *b, double *out);
    void (*products_f64)(int64_t rows, const double *const *x, const double *origin_or_null, const double *scale,
                         const double *factor, int64_t n, int64_t vectors, const double *b, double *out);
    void (*sum_chosen)(int64_t count, const int32_t *chosen, const double *x, int64_t stride, int64_t n, double *sum);
    double (*largest)(const double *x, int64_t n);
} grasp__row_kernels;

extern const grasp__kernels grasp__kernels_portable;
extern const grasp__row_kernels grasp__row_kernels_portable;
void grasp__dot2_portable(const double *x, const double *y, int64_t n, grasp__dot2_lanes *out);

#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
extern const grasp__kernels grasp__kernels_avx2;
extern const grasp__row_kernels grasp__row_kernels_avx2;
void grasp__dot2_avx2(const double *x, const double *y, int64_t n, grasp__dot2_lanes *out);
#endif
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
extern const grasp__kernels grasp__kernels_avx512;
extern const grasp__row_kernels grasp__row_kernels_avx512;
#endif
#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)
extern const grasp__kernels grasp__kernels_neon;
#endif

#endif
