/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers to text, in any locale: the shortest decimal that reads back as the same binary64.
 *
 * Free-format printing with exact integers (Steele and White: How to print floating-point numbers accurately. PLDI
 * 1990; Burger and Dybvig: Printing floating-point numbers quickly and accurately. PLDI 1996). The value is r / s;
 * everything nearer to it than m- / s below and m+ / s above reads back as it. Digits are produced until what remains
 * lies within these bounds; of the two candidates for the last digit the nearer one is taken, the even one in a tie.
 */
#include "base/base.h"
#include "base/bigint.h"

#include <math.h>
#include <string.h>

enum { MAX_DIGITS = 17 };

/* r / s and the half gaps m- / s, m+ / s to the neighbours of the number. */
typedef struct expansion {
    grasp__big r, s, below, above;
    bool even; /* an even mantissa: the bounds themselves read back too */
} expansion;

static void scale_up(expansion *e)
{
    grasp__big_multiply_add(&e->r, 10, 0);
    grasp__big_multiply_add(&e->below, 10, 0);
    grasp__big_multiply_add(&e->above, 10, 0);
}

/* value = mantissa * 2^exponent, mantissa != 0. */
static void expand(uint64_t mantissa, int32_t exponent, bool narrow_below, expansion *e)
{
    int32_t up = (exponent > 0 ? exponent : 0) + 2; /* factor 4 makes the half gaps whole, also below a power of two */
    grasp__big_set(&e->r, mantissa);
    grasp__big_set(&e->s, 1);
    grasp__big_set(&e->below, 1);
    grasp__big_set(&e->above, 1);
    grasp__big_shift_left(&e->r, up);
    grasp__big_shift_left(&e->s, (exponent < 0 ? -exponent : 0) + 2);
    grasp__big_shift_left(&e->below, up - (narrow_below ? 2 : 1));
    grasp__big_shift_left(&e->above, up - 1);
    e->even = mantissa % 2 == 0;
}

/* Does the upper bound reach 1 = s / s? Then the first digit stands one place higher. */
static bool reaches_one(const expansion *e)
{
    int c = grasp__big_compare_sum(&e->r, &e->above, &e->s);
    return e->even ? c >= 0 : c > 0;
}

/* Scales r / s into [1/10, 1); returns the place of the point before the first digit. */
static int32_t normalize(expansion *e, double value)
{
    int32_t point = (int32_t)ceil(log10(value) - 1e-10); /* right or one too small */
    if (point >= 0) {
        grasp__big_multiply_power_of_ten(&e->s, point);
    } else {
        grasp__big_multiply_power_of_ten(&e->r, -point);
        grasp__big_multiply_power_of_ten(&e->below, -point);
        grasp__big_multiply_power_of_ten(&e->above, -point);
    }
    if (reaches_one(e)) {
        grasp__big_multiply_add(&e->s, 10, 0);
        point++;
    }
    return point;
}

static int32_t produce(expansion *e, char digit[MAX_DIGITS])
{
    int32_t count = 0;
    for (;;) {
        char d = '0';
        scale_up(e);
        for (; grasp__big_compare(&e->r, &e->s) >= 0; d++)
            grasp__big_subtract(&e->r, &e->s);
        int low = grasp__big_compare(&e->r, &e->below);
        bool stop_low = e->even ? low <= 0 : low < 0;
        bool stop_high = reaches_one(e);
        if (stop_low || stop_high) {
            int half = grasp__big_compare_sum(&e->r, &e->r, &e->s);
            bool up = stop_high && (!stop_low || half > 0 || (half == 0 && (d - '0') % 2 != 0));
            digit[count++] = (char)(d + up); /* never past '9': then an earlier digit would have ended it */
            return count;
        }
        digit[count++] = d;
    }
}

/* Digits with the point at `point`: plain where that is short, else with an exponent. */
static size_t lay_out(char *buffer, const char *digit, int32_t count, int32_t point)
{
    char *p = buffer;
    if (point > 0 && point <= 16) {
        for (int32_t i = 0; i < point || i < count; i++) {
            if (i == point)
                *p++ = '.';
            *p++ = i < count ? digit[i] : '0';
        }
    } else if (point <= 0 && point > -5) {
        *p++ = '0';
        *p++ = '.';
        for (int32_t i = point; i < 0; i++)
            *p++ = '0';
        memcpy(p, digit, (size_t)count);
        p += count;
    } else {
        *p++ = digit[0];
        if (count > 1) {
            *p++ = '.';
            memcpy(p, digit + 1, (size_t)count - 1);
            p += count - 1;
        }
        p += grasp__format(p, 8, "e%s%d", point - 1 < 0 ? "-" : "+", point - 1 < 0 ? 1 - (int)point : (int)point - 1);
    }
    *p = '\0';
    return (size_t)(p - buffer);
}

size_t grasp__print_f64(char *buffer, double value)
{
    if (isnan(value))
        return grasp__format(buffer, GRASP__F64_TEXT, "nan");
    if (isinf(value))
        return grasp__format(buffer, GRASP__F64_TEXT, "%s", value < 0 ? "-inf" : "inf");
    if (value == 0)
        return grasp__format(buffer, GRASP__F64_TEXT, "%s", signbit(value) ? "-0" : "0");
    size_t sign = value < 0;
    if (sign)
        *buffer++ = '-';
    value = fabs(value);

    int exponent;
    char digit[MAX_DIGITS] = {0};
    expansion e;
    uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), 53);
    exponent -= 53;
    while (exponent < -1074) { /* subnormal: the lowest bits are zero */
        mantissa >>= 1;
        exponent++;
    }
    bool narrow_below =
        mantissa == UINT64_C(1) << 52 && exponent > -1074; /* powers of two have a nearer lower neighbour */
    expand(mantissa, exponent, narrow_below, &e);
    int32_t point = normalize(&e, value);
    int32_t count = produce(&e, digit);
    return sign + lay_out(buffer, digit, count, point);
}
