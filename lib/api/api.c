/* SPDX-License-Identifier: BSD-3-Clause
 * The list of algorithms, which is a constant: no registration, no writable global; and the version.
 */
#include "api/api.h"
#include "cluster/cluster.h"
#include "distances/distances.h"
#include "gradients/gradients.h"
#include "io/io.h"
#include "metrics/metrics.h"
#include "model/model.h"
#include "sweep/sweep.h"
#include "train/train.h"
#include "infer/infer.h"

#include <string.h>

/* Who looks through a list of names finds these in the order in which data flow. */
static const grasp__param_table *const algorithms[] = {
    &grasp__mlp_params,
    &grasp__gradients_params,
    &grasp__distances_params,
    &grasp__dbscan_params,
    &grasp__kmeans_params,
    &grasp__gmm_params,
    &grasp__silhouette_params,
    &grasp__sweep_params,
    &grasp__erm_params,
    &grasp__gdro_params,
    &grasp__gdro_certified_params,
    &grasp__cvar_params,
    &grasp__doro_params,
    &grasp__chi2_params,
    &grasp__chi2_doro_params,
    &grasp__tilted_params,
    &grasp__importance_params,
    &grasp__rwg_params,
    &grasp__subg_params,
    &grasp__rwy_params,
    &grasp__suby_params,
    &grasp__jtt_params,
    &grasp__afr_params,
    &grasp__dfr_params,
    &grasp__csv_params,
    &grasp__infer_params,
    &grasp__fit_params,
    &grasp__learn_class_params,
    &grasp__learn_grasp_params,
    &grasp__learn_feasp_params,
    &grasp__learn_errors_params,
    &grasp__learn_eiil_params,
    &grasp__learn_spare_params,
    &grasp__learn_xrm_params,
    &grasp__learn_george_params,
    &grasp__learn_robust_params,
    NULL,
};

enum { COUNT = sizeof algorithms / sizeof algorithms[0] - 1 }; /* without the NULL */

#ifndef GRASP__BLAS_NAME /* the Makefile says it */
#  define GRASP__BLAS_NAME "unknown"
#endif
#ifdef GRASP__HAVE_AVX2
#  define AVX2 ",avx2"
#else
#  define AVX2 ""
#endif
#ifdef GRASP__HAVE_AVX512
#  define AVX512 ",avx512"
#else
#  define AVX512 ""
#endif
#ifdef GRASP__HAVE_NEON
#  define NEON ",neon"
#else
#  define NEON ""
#endif

int64_t grasp_version_number(void)
{
    return GRASP_VERSION_NUMBER;
}

const char *grasp_version_string(void)
{
    return GRASP_VERSION_STRING;
}

const char *grasp_build_info(void)
{
    return "blas=" GRASP__BLAS_NAME " threads=pthread kernels=portable" AVX2 AVX512 NEON;
}

int64_t grasp_algorithm_count(void)
{
    return COUNT;
}

const char *grasp_algorithm_name(int64_t i)
{
    return i >= 0 && i < COUNT ? algorithms[i]->algorithm : NULL;
}

static const char *algorithm_name(const void *list, int64_t i)
{
    (void)list;
    return grasp_algorithm_name(i);
}

static grasp_status params_create(grasp_context *ctx, const char *algorithm, grasp_params **out)
{
    grasp_status s = grasp__check_pointer(ctx, algorithm, "algorithm");
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < COUNT; i++)
        if (strcmp(algorithms[i]->algorithm, algorithm) == 0)
            return grasp__params_create(ctx, algorithms[i], out);
    const char *nearest = grasp__nearest(algorithm, COUNT, algorithm_name, NULL);
    return grasp__fail(ctx, GRASP_E_PARAM, "there is no algorithm \"%s\"; the nearest is \"%s\"", algorithm,
                       nearest == NULL ? "" : nearest);
}

grasp_status grasp_params_create(grasp_context *ctx, const char *algorithm, grasp_params **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = params_create(ctx, algorithm, out);
    return grasp__leave(ctx, s);
}
