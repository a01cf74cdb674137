/* SPDX-License-Identifier: BSD-3-Clause
 * Which kernels a context uses, and how far their results may be from the truth.
 *
 * Error of a Gram kernel over k terms, u = 2^-53 or 2^-24, D = GRASP__KERNEL_DEPTH. Within a run of at most d = min(k,
 * D) terms a term passes at most d roundings: with FMA one for each term of the run from its own on; without, the
 * product and then the additions after it, the first of which (to zero) is exact. Adding the b = ceil(k / D) runs in
 * order gives at most b - 1 more. So c = sum_k a_k b_k (1 + e_k), |e_k| <= gamma(d + b - 1), gamma(t) = t u / (1 - t u)
 * (Higham 2002, Lemma 3.1), and
 *
 *     |c - <a, b>| <= gamma(d + b - 1) sum |a_k b_k| <= gamma(d + b - 1) |a| |b|
 *
 * by Cauchy and Schwarz. Underflow adds at most half the smallest subnormal s for each product: k s / 2 (1 + gamma),
 * which is below u |a| |b| as soon as |a| |b| >= k DBL_MIN (FLT_MIN); so gamma(d + b) covers it too. Below that, add k
 * s. There is no overflow while |a| |b| is below half the largest number: every partial sum is at most (1 + gamma) |a|
 * |b|.
 */
#include "linalg/kernels.h"

#include <math.h>
#include <string.h>

static bool runs_here(const grasp__kernels *kernels)
{
    (void)kernels;
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
    if (kernels == &grasp__kernels_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
    if (kernels == &grasp__kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return true;
}

/* The table of that name, or with NULL the best one, if this build and this processor have it. */
static const grasp__kernels *find(const char *name)
{
    static const grasp__kernels *const all[] = {
#if defined(GRASP__HAVE_AVX512) && defined(__x86_64__)
        &grasp__kernels_avx512,
#endif
#if defined(GRASP__HAVE_AVX2) && defined(__x86_64__)
        &grasp__kernels_avx2,
#endif
#if defined(GRASP__HAVE_NEON) && defined(__aarch64__)
        &grasp__kernels_neon,
#endif
        &grasp__kernels_portable,
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if ((!name || strcmp(all[i]->name, name) == 0) && runs_here(all[i]))
            return all[i];
    return NULL;
}

const grasp__kernels *grasp__context_kernels(const grasp_context *ctx)
{
    const grasp__kernels *forced = grasp__kernel_slot(ctx);
    return forced ? forced : find(NULL);
}

static double gamma_bound(int64_t k, double unit)
{
    double terms = (double)(k < GRASP__KERNEL_DEPTH ? k : GRASP__KERNEL_DEPTH) + ceil((double)k / GRASP__KERNEL_DEPTH);
    double x = terms * unit * (1 + 0x1p-40); /* the factor covers the roundings here */
    return x < 0.5 ? x / (1 - x) * (1 + 0x1p-40) : INFINITY;
}

double grasp__gram_error_f64(int64_t k)
{
    return gamma_bound(k, 0x1p-53);
}

double grasp__gram_error_f32(int64_t k)
{
    return gamma_bound(k, 0x1p-24);
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static grasp_status set_kernel(grasp_context *ctx, const char *name)
{
    static const char *const known[] = {"auto", "portable", "avx2", "avx512", "neon"};
    grasp_status s = grasp__check_pointer(ctx, name, "name");
    if (s != GRASP_OK)
        return s;
    size_t i = 0;
    while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], name) != 0)
        i++;
    if (i == sizeof(known) / sizeof(known[0]))
        return grasp__fail(ctx, GRASP_E_ARG, "name is \"%s\", expected auto, portable, avx2, avx512 or neon", name);
    const grasp__kernels *kernels = find(i == 0 ? NULL : name);
    if (!kernels)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "kernel \"%s\" is not in this build, or not for this processor",
                           name);
    grasp__set_kernel_slot(ctx, kernels);
    return GRASP_OK;
}

grasp_status grasp_context_set_kernel(grasp_context *ctx, const char *name)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, set_kernel(ctx, name));
}

const char *grasp_context_kernel(const grasp_context *ctx)
{
    return ctx ? grasp__context_kernels(ctx)->name : "";
}
