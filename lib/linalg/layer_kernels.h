/* SPDX-License-Identifier: BSD-3-Clause
 * linalg, for this room alone: the tables of layer kernels of each instruction set.
 */
#ifndef GRASP__LINALG_LAYER_KERNELS_H
#define GRASP__LINALG_LAYER_KERNELS_H

#include "linalg/linalg.h"

extern const grasp__layer_kernels grasp__layer_kernels_portable;
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
extern const grasp__layer_kernels grasp__layer_kernels_avx2;
#endif
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
extern const grasp__layer_kernels grasp__layer_kernels_avx512;
#endif
#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)
extern const grasp__layer_kernels grasp__layer_kernels_neon;
#endif

#endif
