/* SPDX-License-Identifier: BSD-3-Clause
 * Natural numbers of fixed capacity: schoolbook operations, each linear in the length.
 */
#include "base/bigint.h"

static void trim(grasp__big *a)
{
    while (a->count > 0 && a->limb[a->count - 1] == 0)
        a->count--;
}

void grasp__big_set(grasp__big *a, uint64_t value)
{
    a->count = 2;
    a->limb[0] = (uint32_t)value;
    a->limb[1] = (uint32_t)(value >> 32);
    trim(a);
}

void grasp__big_multiply_add(grasp__big *a, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int32_t i = 0; i < a->count; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        a->limb[a->count++] = (uint32_t)carry;
}

void grasp__big_multiply_power_of_ten(grasp__big *a, int32_t exponent)
{
    uint32_t rest = 1;
    for (; exponent >= 9; exponent -= 9)
        grasp__big_multiply_add(a, 1000000000u, 0);
    for (; exponent > 0; exponent--)
        rest *= 10;
    grasp__big_multiply_add(a, rest, 0);
}

void grasp__big_shift_left(grasp__big *a, int32_t bits)
{
    int32_t limbs = bits / 32;
    int32_t rest = bits % 32;
    if (a->count == 0 || bits == 0)
        return;
    uint32_t top = rest == 0 ? 0 : a->limb[a->count - 1] >> (32 - rest);
    for (int32_t i = a->count - 1; i >= 0; i--) {
        uint32_t below = rest == 0 || i == 0 ? 0 : a->limb[i - 1] >> (32 - rest);
        a->limb[i + limbs] = a->limb[i] << rest | below;
    }
    for (int32_t i = 0; i < limbs; i++)
        a->limb[i] = 0;
    a->count += limbs;
    if (top != 0)
        a->limb[a->count++] = top;
}

void grasp__big_subtract(grasp__big *a, const grasp__big *b)
{
    uint32_t borrow = 0;
    for (int32_t i = 0; i < a->count && (i < b->count || borrow != 0); i++) {
        uint64_t subtrahend = (uint64_t)(i < b->count ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < subtrahend;
        a->limb[i] = (uint32_t)(a->limb[i] - subtrahend);
    }
    trim(a);
}

int grasp__big_compare(const grasp__big *a, const grasp__big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (int32_t i = a->count - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

int grasp__big_compare_sum(const grasp__big *a, const grasp__big *b, const grasp__big *c)
{
    grasp__big sum; /* not initialised as a whole: 512 bytes for a number of some limbs */
    uint64_t carry = 0;
    sum.count = a->count > b->count ? a->count : b->count;
    for (int32_t i = 0; i < sum.count; i++) {
        carry += (uint64_t)(i < a->count ? a->limb[i] : 0) + (i < b->count ? b->limb[i] : 0);
        sum.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        sum.limb[sum.count++] = (uint32_t)carry;
    return grasp__big_compare(&sum, c);
}

int32_t grasp__big_bits(const grasp__big *a)
{
    int32_t bits = 0;
    if (a->count == 0)
        return 0;
    for (uint32_t top = a->limb[a->count - 1]; top != 0; top >>= 1)
        bits++;
    return 32 * (a->count - 1) + bits;
}
