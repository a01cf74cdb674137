/* SPDX-License-Identifier: BSD-3-Clause
 * Status numbers in words.
 */
#include "base/base.h"

static const struct {
    grasp_status status;
    const char *name;
    const char *text;
} known[] = {
    {GRASP_OK, "GRASP_OK", "success"},
    {GRASP_NOT_CONVERGED, "GRASP_NOT_CONVERGED",
     "the iteration limit came before the tolerance; the best result is kept"},
    {GRASP_CANCELLED, "GRASP_CANCELLED", "the call was cancelled"},
    {GRASP_E_ARG, "GRASP_E_ARG", "an argument is NULL, out of range, inconsistent or a wrong handle"},
    {GRASP_E_NOMEM, "GRASP_E_NOMEM", "the allocator has no memory left"},
    {GRASP_E_MEMLIMIT, "GRASP_E_MEMLIMIT", "the memory limit of the context would be passed"},
    {GRASP_E_OVERFLOW, "GRASP_E_OVERFLOW", "a size is too large to be represented"},
    {GRASP_E_DIM, "GRASP_E_DIM", "shapes do not agree"},
    {GRASP_E_DTYPE, "GRASP_E_DTYPE", "the element type is unknown or not supported here"},
    {GRASP_E_PARAM, "GRASP_E_PARAM", "a parameter is unknown or its value is outside its range"},
    {GRASP_E_NUMERIC, "GRASP_E_NUMERIC", "the data contain NaN or infinity where neither can be used"},
    {GRASP_E_EMPTY, "GRASP_E_EMPTY", "no sample, group or cluster is left to work on"},
    {GRASP_E_CALLBACK, "GRASP_E_CALLBACK", "a callback failed"},
    {GRASP_E_UNSUPPORTED, "GRASP_E_UNSUPPORTED", "the object cannot do that"},
    {GRASP_E_IO, "GRASP_E_IO", "reading or writing failed"},
    {GRASP_E_FORMAT, "GRASP_E_FORMAT", "the file is of another kind, damaged or newer than this library"},
    {GRASP_E_STATE, "GRASP_E_STATE", "calls came in the wrong order, or the context is busy with another call"},
    {GRASP_E_INTERNAL, "GRASP_E_INTERNAL", "a fault in libgrasp"},
};

const char *grasp_status_name(grasp_status status)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].name;
    return "GRASP_UNKNOWN";
}

const char *grasp_status_text(grasp_status status)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].text;
    return "an unknown status";
}
