/* SPDX-License-Identifier: BSD-3-Clause
 * Which kernels on fixed-point rows go with a context's tile kernels: those of the same instruction set, the richest
 * this processor has.
 */
#include "linalg/fixed_kernels.h"

#include <string.h>

const grasp__fixed_kernels *grasp__context_fixed_kernels(const grasp_context *ctx)
{
    const char *tiles = grasp__context_kernels(ctx)->name;
    (void)tiles;
#if defined(GRASP__HAVE_VNNI) && defined(__x86_64__)
    if (strcmp(tiles, "avx512") == 0 && __builtin_cpu_supports("avx512vnni"))
        return &grasp__fixed_kernels_vnni;
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (strcmp(tiles, "avx512") == 0 || strcmp(tiles, "avx2") == 0)
        return &grasp__fixed_kernels_avx2;
#endif
    return &grasp__fixed_kernels_portable;
}
