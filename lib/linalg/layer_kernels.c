/* SPDX-License-Identifier: BSD-3-Clause
 * Which layer kernels a context uses: those of the instruction set that was chosen for its Gram kernels.
 */
#include "linalg/layer_kernels.h"
#include "linalg/kernels.h"

const grasp__layer_kernels *grasp__context_layer_kernels(const grasp_context *ctx)
{
    const grasp__kernels *chosen = grasp__context_kernels(ctx);
    (void)chosen;
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
    if (chosen == &grasp__kernels_avx512)
        return &grasp__layer_kernels_avx512;
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (chosen == &grasp__kernels_avx2)
        return &grasp__layer_kernels_avx2;
#endif
#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)
    if (chosen == &grasp__kernels_neon)
        return &grasp__layer_kernels_neon;
#endif
    return &grasp__layer_kernels_portable;
}
