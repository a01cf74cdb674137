/* SPDX-License-Identifier: BSD-3-Clause
 * Which sketch kernels go with a context's tile kernels: those of the same instruction set, the richest this processor
 * has.
 */
#include "linalg/sketch_kernels.h"

#include <string.h>

const grasp__sketch_kernels *grasp__context_sketch_kernels(const grasp_context *ctx)
{
    const char *tiles = grasp__context_kernels(ctx)->name;
    (void)tiles;
#if defined(GRASP__HAVE_VNNI) && defined(__x86_64__)
    if (strcmp(tiles, "avx512") == 0 && __builtin_cpu_supports("avx512vnni"))
        return &grasp__sketch_kernels_vnni;
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (strcmp(tiles, "avx512") == 0 || strcmp(tiles, "avx2") == 0)
        return &grasp__sketch_kernels_avx2;
#endif
    return &grasp__sketch_kernels_portable;
}
