/* SPDX-License-Identifier: BSD-3-Clause
 * base: random numbers: known answers of the generator, streams, distributions.
 */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers ---------------------------------------------------------------------------------------------- */

/* Known answers of Random123, file kat_vectors, philox4x32 10. */
START_TEST(philox_known_answers)
{
    static const uint32_t counter[3][4] = {{0, 0, 0, 0},
                                           {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                           {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}};
    static const uint32_t key[3][2] = {{0, 0}, {0xffffffff, 0xffffffff}, {0xa4093822, 0x299f31d0}};
    static const uint32_t answer[3][4] = {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                          {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                          {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        grasp__rng rng = {.left = 0};
        memcpy(rng.key, key[i], sizeof rng.key);
        memcpy(rng.counter, counter[i], sizeof rng.counter);
        for (int j = 0; j < 4; j++)
            ck_assert_uint_eq(grasp__rng_u32(&rng), answer[i][j]);
    }
}
END_TEST

START_TEST(streams_differ_and_carry)
{
    grasp__rng a, b;
    uint64_t first[4];
    for (int i = 0; i < 4; i++) {
        grasp__rng_init(&a, i == 1, i == 2 ? GRASP__RNG_SHUFFLE : GRASP__RNG_INIT, i == 3);
        first[i] = grasp__rng_u64(&a);
        for (int j = 0; j < i; j++)
            ck_assert(first[i] != first[j]);
    }
    grasp__rng_init(&a, 5, GRASP__RNG_TEST, 7);
    grasp__rng_init(&b, 5, GRASP__RNG_TEST, 7);
    for (int i = 0; i < 100; i++)
        ck_assert(grasp__rng_u64(&a) == grasp__rng_u64(&b));
    grasp__rng_init(&a, 5, GRASP__RNG_TEST, 7);
    a.counter[0] = UINT32_MAX; /* the last block before the carry: what follows is not block 0 of any purpose */
    for (int i = 0; i < 4; i++)
        grasp__rng_u32(&a);
    uint32_t next = grasp__rng_u32(&a);
    ck_assert_uint_eq(a.counter[1], GRASP__RNG_TEST + 0x10000u);
    grasp__rng_init(&b, 5, GRASP__RNG_TEST, 7);
    ck_assert(next != grasp__rng_u32(&b));
}
END_TEST

START_TEST(random_numbers_are_distributed)
{
    enum { CELLS = 7 };
    const double n = (double)trials(200000);
    grasp__rng rng = test_rng(1);
    double sum = 0, squares = 0, cubes = 0, fourths = 0, uniform = 0, chi = 0;
    int64_t count[CELLS] = {0};
    for (int64_t i = 0; i < (int64_t)n; i++) {
        double z = grasp__rng_normal(&rng), u = grasp__rng_uniform(&rng);
        ck_assert(u >= 0 && u < 1 && isfinite(z));
        uniform += u;
        sum += z;
        squares += z * z;
        cubes += z * z * z;
        fourths += z * z * z * z;
        int64_t k = grasp__rng_below(&rng, CELLS);
        ck_assert(k >= 0 && k < CELLS);
        count[k]++;
    }
    double root = sqrt(n); /* each mean within five standard errors */
    ck_assert(fabs(uniform / n - 0.5) < 5 * sqrt(1.0 / 12) / root);
    ck_assert(fabs(sum / n) < 5 / root);
    ck_assert(fabs(squares / n - 1) < 5 * sqrt(2) / root);
    ck_assert(fabs(cubes / n) < 5 * sqrt(15) / root);
    ck_assert(fabs(fourths / n - 3) < 5 * sqrt(96) / root);
    for (int k = 0; k < CELLS; k++)
        chi += pow((double)count[k] - n / CELLS, 2) / (n / CELLS);
    ck_assert(chi < 35); /* six degrees of freedom: probability 4e-6 */
    ck_assert_int_eq(grasp__rng_below(&rng, 1), 0);
    ck_assert_int_eq(grasp__rng_below(&rng, 0), 0);
    for (int i = 0; i < 100; i++) {
        int64_t k = grasp__rng_below(&rng, INT64_MAX);
        ck_assert(k >= 0 && k < INT64_MAX);
    }
}
END_TEST

START_TEST(shuffle_is_a_fair_permutation)
{
    int64_t seen_orders[6] = {0};
    grasp__rng rng = test_rng(2);
    for (int i = 0; i < 6000; i++) {
        int64_t v[3] = {0, 1, 2};
        grasp__rng_shuffle(&rng, v, 3);
        ck_assert_int_eq(v[0] + v[1] + v[2], 3);
        ck_assert(v[0] != v[1] && v[1] != v[2] && v[0] != v[2]);
        seen_orders[2 * v[0] + (v[1] > v[2])]++;
    }
    for (int i = 0; i < 6; i++)
        ck_assert_msg(llabs(seen_orders[i] - 1000) < 150, "order %d came %d times of 6000", i, (int)seen_orders[i]);
    grasp__rng_shuffle(&rng, NULL, 0);
}
END_TEST

Suite *check_base_random_suite(void)
{
    Suite *suite = suite_create("base_random");
    TCase *all = tcase_create("all");
    tcase_add_test(all, philox_known_answers);
    tcase_add_test(all, streams_differ_and_carry);
    tcase_add_test(all, random_numbers_are_distributed);
    tcase_add_test(all, shuffle_is_a_fair_permutation);
    suite_add_tcase(suite, all);
    return suite;
}
