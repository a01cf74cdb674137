/* SPDX-License-Identifier: BSD-3-Clause
 * The arithmetic that certificates assume: round to nearest, and subnormal numbers kept. Programs that set the
 * processor's flush-to-zero mode (some media and -ffast-math start-up code does) or another rounding would make them
 * worthless.
 */
#include "linalg/linalg.h"

#include <float.h>

/* volatile: the processor has to do it, now. */
static bool rounds_to_nearest(void)
{
    volatile double one = 1, half_ulp = DBL_EPSILON / 2, more = 0.75 * DBL_EPSILON;
    volatile float one_f = 1, half_ulp_f = FLT_EPSILON / 2, more_f = 0.75f * FLT_EPSILON;
    return one + half_ulp == 1 && -one - half_ulp == -1 && one + more == 1 + DBL_EPSILON && one_f + half_ulp_f == 1 &&
           -one_f - half_ulp_f == -1 && one_f + more_f == 1 + FLT_EPSILON;
}

static bool keeps_subnormals(void)
{
    volatile double least = DBL_MIN, half = least / 2, smallest = DBL_TRUE_MIN;
    volatile float least_f = FLT_MIN, half_f = least_f / 2, smallest_f = FLT_TRUE_MIN;
    volatile double doubled = half * 2, from_smallest = smallest * 0x1p60;
    volatile float doubled_f = half_f * 2, from_smallest_f = smallest_f * 0x1p60f;
    return doubled == DBL_MIN && from_smallest > 0 && doubled_f == FLT_MIN && from_smallest_f > 0;
}

grasp_status grasp__check_rounding(grasp_context *ctx)
{
    if (!rounds_to_nearest())
        return grasp__fail(ctx, GRASP_E_STATE, "the processor does not round to nearest; exact results need it");
    if (!keeps_subnormals())
        return grasp__fail(ctx, GRASP_E_STATE,
                           "the processor flushes subnormal numbers to zero; exact results need them");
    return GRASP_OK;
}
