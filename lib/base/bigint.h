/* SPDX-License-Identifier: BSD-3-Clause
 * base, private: natural numbers of up to 4096 bits, for exact conversion between decimal and binary.
 *
 * The largest number that the conversions make is 10^1093 (3631 bits): a decimal of 770 digits just above 10^-324.
 */
#ifndef GRASP__BASE_BIGINT_H
#define GRASP__BASE_BIGINT_H

#include <stdint.h>

enum { GRASP__BIG_LIMBS = 128 };

/* Little-endian limbs; the uppermost of `count` is not zero, so zero has none. */
typedef struct grasp__big {
    int32_t count;
    uint32_t limb[GRASP__BIG_LIMBS];
} grasp__big;

void grasp__big_set(grasp__big *a, uint64_t value);
void grasp__big_multiply_add(grasp__big *a, uint32_t factor, uint32_t addend); /* a = a * factor + addend */
void grasp__big_multiply_power_of_ten(grasp__big *a, int32_t exponent);         /* exponent >= 0 */
void grasp__big_shift_left(grasp__big *a, int32_t bits);
void grasp__big_subtract(grasp__big *a, const grasp__big *b); /* a -= b, where a >= b */
int grasp__big_compare(const grasp__big *a, const grasp__big *b);
/* Sign of a + b - c. */
int grasp__big_compare_sum(const grasp__big *a, const grasp__big *b, const grasp__big *c);
int32_t grasp__big_bits(const grasp__big *a); /* length in binary; 0 for zero */

#endif
