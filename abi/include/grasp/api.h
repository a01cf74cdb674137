/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/api.h: what spans all rooms: the version, how the library was built, and the list of algorithms.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_API_H
#define GRASP_API_H

#include "grasp/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library that runs, as GRASP_VERSION_NUMBER counts. A program compiled with a header of the same major
 *  number and a version not above this one finds everything that it names. */
GRASP_API int64_t grasp_version_number(void);
/** The same in words, such as "0.1.0". Static. */
GRASP_API const char *grasp_version_string(void);
/** How the library was built: words "name=value" separated by blanks: the BLAS, the kind of threads, the tile kernels
 *  that were compiled. "blas=openblas threads=pthread kernels=portable,avx2". Static. */
GRASP_API const char *grasp_build_info(void);

/** Number of algorithms that have parameters. */
GRASP_API int64_t grasp_algorithm_count(void);
/** Name of algorithm i in [0, count), such as "dbscan"; NULL out of range. Static. */
GRASP_API const char *grasp_algorithm_name(int64_t i);
/** Makes the parameters of an algorithm, all at their defaults; free them with grasp_params_free().
 *  Errors: GRASP_E_PARAM when there is no such algorithm, and the message names the nearest; GRASP_E_ARG,
 *  GRASP_E_NOMEM, GRASP_E_MEMLIMIT. */
GRASP_API grasp_status grasp_params_create(grasp_context *ctx, const char *algorithm, grasp_params **out);

#ifdef __cplusplus
}
#endif
#endif
