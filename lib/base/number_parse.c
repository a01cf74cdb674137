/* SPDX-License-Identifier: BSD-3-Clause
 * Text to numbers, in any locale.
 *
 * A decimal D * 10^e is a quotient of two natural numbers. Scaled by a power of two into [1, 2), it gives the bits of
 * the binary64 one by one, and the last remainder tells exactly to which side to round (half to even). 770 digits
 * suffice: no binary64 and no midpoint of two has more, so of longer numbers only "something non-zero follows" matters.
 * Where D < 2^53 and |e| <= 22 both D and 10^|e| are exact, and one floating-point operation rounds correctly
 * (Clinger: How to read floating point numbers accurately. PLDI 1990). Where D < 10^18 and -27 <= e < 0, which is how
 * programs print binary64 in full, numerator and denominator (5^27 < 2^63) fit machine words.
 */
#include "base/base.h"
#include "base/bigint.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MAX_DIGITS = 770, MAX_SHORT_DIGITS = 18 };

/* Value: 0.d1 d2 ... dn * 10^point. */
typedef struct decimal {
    int32_t count;
    int64_t point;
    bool tail; /* non-zero digits follow those kept */
    char digit[MAX_DIGITS];
} decimal;

static bool is_digit(const char *text, size_t length, size_t at)
{
    return at < length && text[at] >= '0' && text[at] <= '9';
}

static void take_digit(decimal *d, char c)
{
    if (d->count < MAX_DIGITS)
        d->digit[d->count++] = c;
    else if (c != '0')
        d->tail = true;
}

/* Digits with an optional point; leading zeros are dropped. Returns the characters used, 0 without any digit. */
static size_t scan_digits(const char *text, size_t length, size_t at, decimal *d)
{
    size_t start = at, digits = 0;
    for (; is_digit(text, length, at); at++, digits++)
        if (d->count > 0 || text[at] != '0') {
            take_digit(d, text[at]);
            d->point++;
        }
    if (at < length && text[at] == '.') {
        for (at++; is_digit(text, length, at); at++, digits++)
            if (d->count > 0 || text[at] != '0')
                take_digit(d, text[at]);
            else
                d->point--;
    }
    return digits == 0 ? 0 : at - start;
}

/* An exponent such as "e-5"; 0 characters if it is incomplete. */
static size_t scan_exponent(const char *text, size_t length, size_t at, int64_t *exponent)
{
    const int64_t huge = INT64_MAX / 4; /* beyond what any text's number of digits could make up for */
    size_t start = at;
    bool negative = false;
    *exponent = 0;
    if (at >= length || (text[at] != 'e' && text[at] != 'E'))
        return 0;
    at++;
    if (at < length && (text[at] == '+' || text[at] == '-'))
        negative = text[at++] == '-';
    if (!is_digit(text, length, at))
        return 0;
    for (; is_digit(text, length, at); at++)
        *exponent = *exponent < huge / 10 ? 10 * *exponent + (text[at] - '0') : huge;
    if (negative)
        *exponent = -*exponent;
    return at - start;
}

/* value / 5^-exponent * 2^exponent, value != 0: the same division as in round_quotient(), in words. */
static double divide_short(uint64_t value, int32_t exponent)
{
    uint64_t divisor = 1, mantissa = 0;
    int32_t binary = exponent;
    for (; exponent < 0; exponent++)
        divisor *= 5;
    for (; value >> 62 == 0; binary--)
        value <<= 1;
    for (; divisor >> 62 == 0; binary++)
        divisor <<= 1;
    if (value < divisor) {
        value <<= 1;
        binary--;
    }
    for (int i = 0; i < 53; i++) { /* value < 2 * divisor < 2^64 */
        mantissa <<= 1;
        if (value >= divisor) {
            value -= divisor;
            mantissa |= 1;
        }
        value <<= 1;
    }
    mantissa += value > divisor || (value == divisor && (mantissa & 1) != 0);
    return ldexp((double)mantissa, binary - 52);
}

/* The exact quick ways; false if none applies. */
static bool convert_short(const decimal *d, int64_t exponent, double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t value = 0;
    if (d->count > MAX_SHORT_DIGITS || exponent < -27 || exponent > 22)
        return false;
    for (int32_t i = 0; i < d->count; i++)
        value = 10 * value + (uint64_t)(d->digit[i] - '0');
    if (FLT_EVAL_METHOD == 0 && exponent >= -22 && value <= UINT64_C(1) << 53)
        *out = exponent < 0 ? (double)value / power[-exponent] : (double)value * power[exponent];
    else if (exponent < 0)
        *out = divide_short(value, (int32_t)exponent);
    else
        return false;
    return true;
}

/* Rounds numerator / denominator, both non-zero, to binary64. */
static double round_quotient(grasp__big *numerator, grasp__big *denominator)
{
    /* Scale by 2^-exponent into [1, 2). */
    int32_t exponent = grasp__big_bits(numerator) - grasp__big_bits(denominator);
    if (exponent >= 0)
        grasp__big_shift_left(denominator, exponent);
    else
        grasp__big_shift_left(numerator, -exponent);
    if (grasp__big_compare(numerator, denominator) < 0) {
        grasp__big_shift_left(numerator, 1);
        exponent--;
    }
    if (exponent > 1023)
        return INFINITY;
    int32_t bits = exponent >= -1022 ? 53 : 53 + 1022 + exponent; /* fewer for subnormal numbers */
    if (bits < 0)
        return 0;
    uint64_t mantissa = 0;
    for (int32_t i = 0; i < bits; i++) {
        mantissa <<= 1;
        if (grasp__big_compare(numerator, denominator) >= 0) {
            grasp__big_subtract(numerator, denominator);
            mantissa |= 1;
        }
        grasp__big_shift_left(numerator, 1);
    }
    int half = grasp__big_compare(numerator, denominator); /* the next bit has the denominator's weight */
    if (half > 0 || (half == 0 && (mantissa & 1) != 0))
        mantissa++;
    return ldexp((double)mantissa, exponent - bits + 1); /* exact; infinity where rounding passed the largest */
}

static double convert(const decimal *d, int64_t exponent)
{
    double quick;
    int64_t point = d->point + exponent;
    if (d->count == 0 || point < -324)
        return 0;
    if (point > 310)
        return INFINITY;
    if (!d->tail && convert_short(d, point - d->count, &quick))
        return quick;
    grasp__big numerator, denominator;
    grasp__big_set(&numerator, 0);
    for (int32_t i = 0; i < d->count;) { /* nine digits at a time */
        uint32_t factor = 1, part = 0;
        for (; i < d->count && factor < 1000000000u; i++, factor *= 10)
            part = 10 * part + (uint32_t)(d->digit[i] - '0');
        grasp__big_multiply_add(&numerator, factor, part);
    }
    int32_t scale = (int32_t)(point - d->count);
    if (d->tail) { /* any non-zero digit tells the same as the tail */
        grasp__big_multiply_add(&numerator, 10, 1);
        scale--;
    }
    grasp__big_set(&denominator, 1);
    grasp__big_multiply_power_of_ten(scale < 0 ? &denominator : &numerator, scale < 0 ? -scale : scale);
    return round_quotient(&numerator, &denominator);
}

/* Length of `word` if `text` begins with it in any case, else 0. */
static size_t match_word(const char *text, size_t length, const char *word)
{
    size_t n = strlen(word);
    if (length < n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] != word[i] && text[i] != word[i] - 'a' + 'A')
            return 0;
    return n;
}

size_t grasp__parse_f64(const char *text, size_t length, double *out)
{
    size_t at = 0, used;
    bool negative = false;
    if (length > 0 && (text[0] == '-' || text[0] == '+'))
        negative = text[at++] == '-';
    if ((used = match_word(text + at, length - at, "infinity")) != 0 ||
        (used = match_word(text + at, length - at, "inf")) != 0) {
        *out = negative ? -INFINITY : INFINITY;
        return at + used;
    }
    if ((used = match_word(text + at, length - at, "nan")) != 0) {
        *out = NAN;
        return at + used;
    }
    decimal d;
    int64_t exponent;
    d.count = 0;
    d.point = 0;
    d.tail = false;
    if ((used = scan_digits(text, length, at, &d)) == 0)
        return 0;
    at += used;
    at += scan_exponent(text, length, at, &exponent);
    double value = convert(&d, exponent);
    *out = negative ? -value : value;
    return at;
}

size_t grasp__parse_i64(const char *text, size_t length, int64_t *out)
{
    size_t at = 0;
    bool negative = false;
    int64_t value = 0; /* kept negative, because INT64_MIN has no positive counterpart */
    if (length > 0 && (text[0] == '-' || text[0] == '+'))
        negative = text[at++] == '-';
    if (!is_digit(text, length, at))
        return 0;
    for (; is_digit(text, length, at); at++)
        if (!grasp__mul_i64(value, 10, &value) || !grasp__add_i64(value, '0' - text[at], &value))
            return 0;
    if (!negative && !grasp__mul_i64(value, -1, &value))
        return 0;
    *out = value;
    return at;
}
