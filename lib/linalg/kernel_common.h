/* SPDX-License-Identifier: BSD-3-Clause
 * What the kernel templates ask of the compiler.
 */
#ifndef GRASP__LINALG_KERNEL_COMMON_H
#define GRASP__LINALG_KERNEL_COMMON_H

#include "linalg/kernels.h"

#include <string.h>

#ifdef __clang__
#  define UNROLL _Pragma("clang loop unroll(full)")
#else
#  define UNROLL _Pragma("GCC unroll 16")
#endif

/* Elements of two vectors of four, chosen by constants. */
#if defined(__clang__) || __GNUC__ >= 12
#  define SHUFFLE4(x, y, i, j, k, l) __builtin_shufflevector(x, y, i, j, k, l)
#else
#  define SHUFFLE4(x, y, i, j, k, l)                                                                                   \
    __builtin_shuffle(x, y,                                                                                            \
                      (_Generic((x)[0], float                                                                          \
                                : (int __attribute__((vector_size(16)))){i, j, k, l}, double                           \
                                : (long long __attribute__((vector_size(32)))){i, j, k, l})))
#endif

#endif
