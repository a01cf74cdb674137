/* SPDX-License-Identifier: BSD-3-Clause
 * base: numbers in text. The oracle is the C library's strtod() and printf(), which are correctly rounded where the
 * tests run; hard cases are also given with their answers.
 */
#include "support.h"
#include "support_files.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static void assert_parses(const char *text, double expected)
{
    double value = -1;
    size_t n = grasp__parse_f64(text, strlen(text), &value);
    ck_assert_msg(n == strlen(text), "%s: %zu characters were used", text, n);
    ck_assert_msg(bits(value) == bits(expected), "%s gives %.17g, expected %.17g", text, value, expected);
}

/* A finite number: any bits, a moderate one, a subnormal one or a power of two. */
static double random_number(grasp__rng *rng, int64_t i)
{
    uint64_t u = grasp__rng_u64(rng);
    if (i % 4 == 1)
        u = (u & UINT64_C(0x800fffffffffffff)) | (uint64_t)(1003 + u % 60) << 52;
    if (i % 4 == 2)
        u &= UINT64_C(0x800fffffffffffff);
    if (i % 4 == 3)
        u &= UINT64_C(0xfff0000000000000);
    return isfinite(from_bits(u)) ? from_bits(u) : from_bits(u & UINT64_C(0xbfffffffffffffff));
}

START_TEST(parse_agrees_with_strtod)
{
    grasp__rng rng = test_rng(10);
    for (int64_t i = 0; i < trials(40000); i++) {
        char text[900];
        double x = random_number(&rng, i);
        snprintf(text, sizeof text, "%.*e", (int)grasp__rng_below(&rng, 30), x);
        assert_parses(text, strtod(text, NULL));
        snprintf(text, sizeof text, "%.17g", x);
        assert_parses(text, x);
        if (i % 16 == 0) { /* all digits, without an exponent */
            snprintf(text, sizeof text, "%.*f", (int)grasp__rng_below(&rng, 400), x);
            assert_parses(text, strtod(text, NULL));
        }
    }
}
END_TEST

/* The exact decimal of the midpoint of two neighbours, and texts just beside it. */
START_TEST(parse_rounds_halfway_cases)
{
    grasp__rng rng = test_rng(11);
    volatile long double odd = 9007199254740993.0L; /* valgrind computes long double as double */
    if (LDBL_MANT_DIG < 64 || odd == 9007199254740992.0L) {
        printf("skipped: long double has no midpoints of doubles here\n");
        return;
    }
    for (int64_t i = 0; i < trials(3000); i++) {
        char text[1300];
        double x = fabs(random_number(&rng, i));
        double next = nextafter(x, INFINITY);
        if (!isfinite(next))
            continue;
        int length = snprintf(text, sizeof text, "%.1100Le", ((long double)x + (long double)next) / 2);
        assert_parses(text, bits(x) % 2 == 0 ? x : next);
        char *exponent = strchr(text, 'e');
        ck_assert_ptr_nonnull(exponent);
        exponent[-1] = '1'; /* its last place was zero: far beyond the digits that are kept */
        assert_parses(text, next);
        exponent[-1] = '0';
        char *last = exponent - 1; /* one less in the last place that counts */
        while (*last == '0')
            last--;
        *last = (char)(*last - 1);
        assert_parses(text, x);
        ck_assert_int_lt(length, (int)sizeof text);
    }
}
END_TEST

/* Ties of few digits: m + 1/2 for m in [2^52, 2^53), and odd m in [2^53, 2^54); and any number of up to 18 digits. */
START_TEST(parse_rounds_short_ties)
{
    grasp__rng rng = test_rng(13);
    for (int64_t i = 0; i < trials(5000); i++) {
        char text[64];
        int64_t m = (INT64_C(1) << 52) + grasp__rng_below(&rng, INT64_C(1) << 52);
        snprintf(text, sizeof text, "%" PRId64 ".5", m);
        assert_parses(text, (double)(m % 2 == 0 ? m : m + 1));
        m = (INT64_C(1) << 53) + 2 * grasp__rng_below(&rng, INT64_C(1) << 52) + 1;
        snprintf(text, sizeof text, "%" PRId64 ".0", m);
        assert_parses(text, (double)(m % 4 == 1 ? m - 1 : m + 1));
        snprintf(text, sizeof text, "%" PRId64 "e-%d", grasp__rng_below(&rng, INT64_C(1000000000000000000)),
                 (int)(i % 30));
        assert_parses(text, strtod(text, NULL));
    }
}
END_TEST

START_TEST(parse_knows_hard_cases)
{
    assert_parses("2.2250738585072011e-308", 2.2250738585072011e-308); /* hung some libraries */
    assert_parses("2.2250738585072012e-308", DBL_MIN);
    assert_parses("4.9406564584124654e-324", from_bits(1));
    assert_parses("2.4703282292062327e-324", 0);
    assert_parses("2.4703282292062328e-324", from_bits(1));
    assert_parses("1.7976931348623157e308", DBL_MAX);
    assert_parses("1.7976931348623158e308", DBL_MAX);
    assert_parses("1.7976931348623159e308", INFINITY);
    assert_parses("9007199254740993", 9007199254740992.0);
    assert_parses("9007199254740993.00000000000000000000000000001", 9007199254740994.0);
    assert_parses("8.5e22", 8.5e22);
    assert_parses("1e23", 1e23);
    assert_parses("1e309", INFINITY);
    assert_parses("-1e99999999999999999999", -INFINITY);
    assert_parses("1e-99999999999999999999", 0);
    assert_parses("-1e-400", -0.0);
    assert_parses("0e99999999999999999999", 0);
    char text[5000];
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    memcpy(text + 4000, "25e4000", 8); /* 0.(3998 zeros)25e4000 = 25 */
    assert_parses(text, 25);
    memset(text, '0', sizeof text);
    text[0] = '3';
    memcpy(text + 4000, "e-3999", 7);
    assert_parses(text, 3);
}
END_TEST

START_TEST(parse_takes_its_grammar)
{
    static const struct {
        const char *text;
        size_t used;
        double value;
    } some[] = {{"1", 1, 1},
                {"+1", 2, 1},
                {"-1.5x", 4, -1.5},
                {".5", 2, 0.5},
                {"5.", 2, 5},
                {"5.e1", 4, 50},
                {"1e", 1, 1},
                {"1e+", 1, 1},
                {"1e-2", 4, 0.01},
                {"1E2", 3, 100},
                {"1,5", 1, 1},
                {"0x10", 1, 0},
                {"1.2.3", 3, 1.2},
                {"-0", 2, -0.0},
                {"inf", 3, INFINITY},
                {"-Inf", 4, -INFINITY},
                {"INFINITY", 8, INFINITY},
                {"infinit", 3, INFINITY},
                {"007", 3, 7}};
    double value;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        value = 77;
        ck_assert_uint_eq(grasp__parse_f64(some[i].text, strlen(some[i].text), &value), some[i].used);
        ck_assert(bits(value) == bits(some[i].value));
    }
    static const char *const none[] = {"", "+", "-", ".", "e5", ".e5", "x", " 1", "in", "--1", "+-1", "na"};
    value = 77;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_uint_eq(grasp__parse_f64(none[i], strlen(none[i]), &value), 0);
    ck_assert(value == 77);
    ck_assert_uint_eq(grasp__parse_f64("-NaN", 4, &value), 4);
    ck_assert(isnan(value));
    ck_assert_uint_eq(grasp__parse_f64("123456", 3, &value), 3); /* the length counts, not a zero at the end */
    ck_assert(value == 123);
    ck_assert_uint_eq(grasp__parse_f64("1e5", 2, &value), 1);
    ck_assert_uint_eq(grasp__parse_f64("infinity", 4, &value), 3);
}
END_TEST

START_TEST(parse_whole_numbers)
{
    static const struct {
        const char *text;
        size_t used;
        int64_t value;
    } some[] = {{"0", 1, 0},
                {"-7", 2, -7},
                {"+42 ", 3, 42},
                {"12.5", 2, 12},
                {"9223372036854775807", 19, INT64_MAX},
                {"-9223372036854775808", 20, INT64_MIN},
                {"9223372036854775808", 0, 77},
                {"-9223372036854775809", 0, 77},
                {"99999999999999999999", 0, 77},
                {"", 0, 77},
                {"-", 0, 77},
                {"x", 0, 77}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        int64_t value = 77;
        ck_assert_uint_eq(grasp__parse_i64(some[i].text, strlen(some[i].text), &value), some[i].used);
        ck_assert_int_eq(value, some[i].value);
    }
}
END_TEST

/* Digits of the mantissa without sign, point, leading and trailing zeros. */
static void digits_of(const char *text, char *out)
{
    size_t n = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            out[n++] = *text;
    while (n > 0 && out[n - 1] == '0')
        n--;
    out[n] = '\0';
}

START_TEST(print_is_short_and_reads_back)
{
    grasp__rng rng = test_rng(12);
    int64_t shorter = 0, n = trials(40000);
    for (int64_t i = 0; i < n; i++) {
        char text[GRASP__F64_TEXT], oracle[64], ours[32], theirs[64];
        double x = random_number(&rng, i), back;
        size_t length = grasp__print_f64(text, x);
        ck_assert(length == strlen(text) && length < GRASP__F64_TEXT);
        ck_assert_msg(bits(strtod(text, NULL)) == bits(x), "%s is not %.17g", text, x);
        ck_assert(grasp__parse_f64(text, length, &back) == length && bits(back) == bits(x));
        int precision = 0; /* the fewest digits with which printf() reads back */
        do
            snprintf(oracle, sizeof oracle, "%.*e", precision, x);
        while (strtod(oracle, NULL) != x && ++precision < 17);
        digits_of(text, ours);
        digits_of(oracle, theirs);
        /* The interval below a power of two is narrow: there a digit less may do that printf() does not choose. */
        ck_assert_msg(strlen(ours) <= strlen(theirs), "%s is longer than %s", text, oracle);
        if (strlen(ours) < strlen(theirs))
            shorter++;
        else
            ck_assert_msg(strcmp(ours, theirs) == 0 || bits(x) << 12 == 0, "%s, expected %s", text, oracle);
    }
    ck_assert_msg(shorter <= n / 20, "%d of %d are shorter than possible", (int)shorter, (int)n);
}
END_TEST

START_TEST(print_lays_out)
{
    static const struct {
        double value;
        const char *text;
    } some[] = {{0, "0"},
                {-0.0, "-0"},
                {1, "1"},
                {-2.5, "-2.5"},
                {0.1, "0.1"},
                {100, "100"},
                {123456.789, "123456.789"},
                {1e15, "1000000000000000"},
                {1e16, "1e+16"},
                {0.0001, "0.0001"},
                {0.00001, "0.00001"},
                {0.000001, "1e-6"},
                {1e23, "1e+23"},
                {5e-324, "5e-324"},
                {DBL_MAX, "1.7976931348623157e+308"},
                {DBL_MIN, "2.2250738585072014e-308"},
                {9007199254740993.0, "9007199254740992"},
                {1.0 / 3, "0.3333333333333333"},
                {INFINITY, "inf"},
                {-INFINITY, "-inf"},
                {NAN, "nan"}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        char text[GRASP__F64_TEXT];
        ck_assert_uint_eq(grasp__print_f64(text, some[i].value), strlen(some[i].text));
        ck_assert_str_eq(text, some[i].text);
    }
}
END_TEST

START_TEST(numbers_ignore_the_locale)
{
    char text[GRASP__F64_TEXT];
    double value;
    (void)locale_set_comma(); /* without one the numbers are right, too */
    grasp__print_f64(text, 1.5);
    ck_assert_str_eq(text, "1.5");
    ck_assert_uint_eq(grasp__parse_f64("1.5", 3, &value), 3);
    ck_assert(value == 1.5);
    locale_restore();
}
END_TEST

Suite *check_base_numbers_suite(void)
{
    Suite *suite = suite_create("base_numbers");
    TCase *all = tcase_create("all");
    tcase_add_test(all, parse_agrees_with_strtod);
    tcase_add_test(all, parse_rounds_halfway_cases);
    tcase_add_test(all, parse_rounds_short_ties);
    tcase_add_test(all, parse_knows_hard_cases);
    tcase_add_test(all, parse_takes_its_grammar);
    tcase_add_test(all, parse_whole_numbers);
    tcase_add_test(all, print_is_short_and_reads_back);
    tcase_add_test(all, print_lays_out);
    tcase_add_test(all, numbers_ignore_the_locale);
    suite_add_tcase(suite, all);
    return suite;
}
