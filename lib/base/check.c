/* SPDX-License-Identifier: BSD-3-Clause
 * Checks of arguments that every room makes, with the words that go with them.
 */
#include "base/base.h"

#include <math.h>
#include <string.h>

grasp_status grasp__check_pointer(grasp_context *ctx, const void *pointer, const char *name)
{
    return pointer != NULL ? GRASP_OK : grasp__fail(ctx, GRASP_E_ARG, "%s is NULL", name);
}

grasp_status grasp__check_range(grasp_context *ctx, int64_t value, int64_t lo, int64_t hi, const char *name)
{
    if (lo <= value && value <= hi)
        return GRASP_OK;
    if (hi == INT64_MAX)
        return grasp__fail(ctx, GRASP_E_ARG, "%s is %jd, expected >= %jd", name, (intmax_t)value, (intmax_t)lo);
    return grasp__fail(ctx, GRASP_E_ARG, "%s is %jd, expected %jd to %jd", name, (intmax_t)value, (intmax_t)lo,
                       (intmax_t)hi);
}

grasp_status grasp__check_equal(grasp_context *ctx, int64_t found, int64_t expected, const char *name)
{
    if (found == expected)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_DIM, "%s is %jd, expected %jd", name, (intmax_t)found, (intmax_t)expected);
}

grasp_status grasp__check_dtype(grasp_context *ctx, int32_t dtype, const char *name)
{
    if (dtype == GRASP_F32 || dtype == GRASP_F64)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_DTYPE, "%s is %d, expected GRASP_F32 (%d) or GRASP_F64 (%d)", name, (int)dtype,
                       (int)GRASP_F32, (int)GRASP_F64);
}

grasp_status grasp__check_finite_f64(grasp_context *ctx, const double *v, int64_t n, const char *name)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return grasp__fail(ctx, GRASP_E_NUMERIC, "%s[%jd] is %g, expected a finite number", name, (intmax_t)i,
                               v[i]);
    return GRASP_OK;
}

grasp_status grasp__check_table(grasp_context *ctx, const void *table, size_t least, size_t known, const char *name)
{
    size_t size;
    if (table == NULL)
        return grasp__fail(ctx, GRASP_E_ARG, "%s is NULL", name);
    memcpy(&size, table, sizeof size);
    if (size < least)
        return grasp__fail(ctx, GRASP_E_ARG, "%s.size is %zu, expected at least %zu", name, size, least);
    for (size_t i = known; i < size; i++)
        if (((const unsigned char *)table)[i] != 0)
            return grasp__fail(ctx, GRASP_E_ARG, "%s.size is %zu and byte %zu is set; this library knows %zu", name,
                               size, i, known);
    return GRASP_OK;
}
