/* SPDX-License-Identifier: BSD-3-Clause
 * linalg, for this room alone: the kernels on fixed-point rows of each instruction set.
 */
#ifndef GRASP__LINALG_FIXED_KERNELS_H
#define GRASP__LINALG_FIXED_KERNELS_H

#include "linalg/linalg.h"

extern const grasp__fixed_kernels grasp__fixed_kernels_portable;
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
extern const grasp__fixed_kernels grasp__fixed_kernels_avx2;
#endif
#if defined(GRASP__HAVE_VNNI) && defined(__x86_64__)
extern const grasp__fixed_kernels grasp__fixed_kernels_vnni;
#endif

#endif
