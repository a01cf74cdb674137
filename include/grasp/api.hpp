/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/api.hpp: the version, how the library was built, and the list of algorithms.
 *
 * Part of <grasp.hpp>; what the calls mean stands in api.h.
 */
#ifndef GRASP_API_HPP
#define GRASP_API_HPP

#include "api.h"
#include "span.hpp"

#include <string>
#include <vector>

GRASP_HPP_OPEN

/** Of the library that runs, as GRASP_VERSION_NUMBER counts; and in words. */
inline std::int64_t version_number() noexcept
{
    return grasp_version_number();
}
inline const char *version_string() noexcept
{
    return grasp_version_string();
}
/** Does the library that runs have all that this header names? */
inline bool library_serves_header() noexcept
{
    return grasp_version_number() >= GRASP_VERSION_NUMBER &&
           grasp_version_number() / 1000000 == GRASP_VERSION_NUMBER / 1000000;
}
/** "blas=... threads=... kernels=...". */
inline const char *build_info() noexcept
{
    return grasp_build_info();
}
/** Names of the algorithms that have parameters. */
inline std::vector<std::string> algorithms()
{
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < grasp_algorithm_count(); ++i)
        names.push_back(grasp_algorithm_name(i));
    return names;
}

GRASP_HPP_CLOSE
#endif
