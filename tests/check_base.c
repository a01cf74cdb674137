/* SPDX-License-Identifier: BSD-3-Clause
 * base: status, context, memory, messages, handles, progress, threads, random numbers.
 * (check_base_params.c has the parameters, check_base_numbers.c numbers in text.)
 */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- status ------------------------------------------------------------------------------------------------------ */

START_TEST(every_status_has_a_name_and_words)
{
    static const grasp_status all[] = {0, 1, 2, -1, -2, -3, -4, -5, -6, -7, -8, -10, -12, -13, -14, -15, -16, -17};
    enum { N = sizeof all / sizeof *all };
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(strncmp(grasp_status_name(all[i]), "GRASP_", 6), 0);
        ck_assert_str_ne(grasp_status_name(all[i]), "GRASP_UNKNOWN");
        ck_assert_str_ne(grasp_status_text(all[i]), grasp_status_text(-99));
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(grasp_status_name(all[i]), grasp_status_name(all[j]));
    }
    ck_assert_str_eq(grasp_status_name(GRASP_E_DIM), "GRASP_E_DIM");
    ck_assert_str_eq(grasp_status_name(-9), "GRASP_UNKNOWN");
    ck_assert_str_eq(grasp_status_name(3), "GRASP_UNKNOWN");
}
END_TEST

/* ---- context ----------------------------------------------------------------------------------------------------- */

START_TEST(context_begins_with_defaults)
{
    grasp_context *ctx = test_context();
    ck_assert_int_eq(grasp_context_threads(ctx), 1);
    ck_assert(grasp_context_seed(ctx) == 0);
    ck_assert(grasp_context_memory_used(ctx) == 0 && grasp_context_memory_peak(ctx) == 0);
    ck_assert_str_eq(grasp_context_error(ctx), "");
    ck_assert_ptr_null(grasp__kernel_slot(ctx));
    grasp_context_free(ctx);
    grasp_context_free(NULL);
}
END_TEST

START_TEST(context_checks_the_allocator)
{
    struct {
        grasp_allocator known;
        void *newer;
    } larger = {.newer = NULL};
    test_allocator a;
    grasp_context *ctx = NULL;
    test_allocator_init(&a, 0);
    ck_assert_int_eq(grasp_context_create(NULL, NULL), GRASP_E_ARG);

    larger.known = a.table;
    larger.known.size = sizeof larger;
    ck_assert_int_eq(grasp_context_create(&larger.known, &ctx), GRASP_OK);
    grasp_context_free(ctx);
    larger.newer = &larger;
    ck_assert_int_eq(grasp_context_create(&larger.known, &ctx), GRASP_E_ARG);
    ck_assert_ptr_null(ctx);

    grasp_allocator bad = a.table;
    bad.size--;
    ck_assert_int_eq(grasp_context_create(&bad, &ctx), GRASP_E_ARG);
    bad = a.table;
    bad.alloc = NULL;
    ck_assert_int_eq(grasp_context_create(&bad, &ctx), GRASP_E_ARG);
    bad = a.table;
    bad.free = NULL;
    ck_assert_int_eq(grasp_context_create(&bad, &ctx), GRASP_E_ARG);
    ck_assert_int_eq(atomic_load(&a.live), 0);
}
END_TEST

START_TEST(no_context_is_an_error)
{
    ck_assert_int_eq(grasp_context_set_threads(NULL, 1), GRASP_E_ARG);
    ck_assert_int_eq(grasp_context_set_seed(NULL, 1), GRASP_E_ARG);
    ck_assert_int_eq(grasp_context_set_memory_limit(NULL, 1), GRASP_E_ARG);
    ck_assert_int_eq(grasp_context_set_log(NULL, GRASP_LOG_INFO, NULL, NULL, NULL), GRASP_E_ARG);
    ck_assert_int_eq(grasp_context_set_progress(NULL, 0, NULL, NULL, NULL), GRASP_E_ARG);
    ck_assert_int_eq(grasp_context_set_parallel(NULL, NULL, NULL, NULL), GRASP_E_ARG);
    grasp_context_cancel(NULL);
    grasp_context_clear_cancel(NULL);
    ck_assert_str_eq(grasp_context_error(NULL), "");
    ck_assert_int_eq(grasp_context_threads(NULL), 0);
    ck_assert(grasp_context_seed(NULL) == 0);
    ck_assert(grasp_context_memory_used(NULL) == 0 && grasp_context_memory_peak(NULL) == 0);
    char other[4096] = {0};
    ck_assert_int_eq(grasp__enter((grasp_context *)(void *)other, "f"), GRASP_E_ARG);
}
END_TEST

START_TEST(settings_are_checked)
{
    grasp_context *ctx = test_context();
    ASSERT_STATUS(ctx, grasp_context_set_threads(ctx, -1), GRASP_E_ARG,
                  "grasp_context_set_threads: n_threads is -1, expected 0 to 1024");
    ASSERT_STATUS(ctx, grasp_context_set_threads(ctx, 1025), GRASP_E_ARG, "n_threads is 1025");
    ASSERT_STATUS(ctx, grasp_context_set_log(ctx, 0, NULL, NULL, NULL), GRASP_E_ARG, "max_level is 0, expected 1 to 4");
    ASSERT_STATUS(ctx, grasp_context_set_progress(ctx, -1, NULL, NULL, NULL), GRASP_E_ARG,
                  "min_interval_s is -1, expected a number >= 0");
    ASSERT_STATUS(ctx, grasp_context_set_progress(ctx, NAN, NULL, NULL, NULL), GRASP_E_ARG, "min_interval_s is nan");
    ASSERT_STATUS(ctx, grasp_context_set_progress(ctx, INFINITY, NULL, NULL, NULL), GRASP_E_ARG, "is inf");
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 0));
    ck_assert_str_eq(grasp_context_error(ctx), "");
    ck_assert_int_ge(grasp_context_threads(ctx), 1);
    ASSERT_OK(ctx, grasp_context_set_seed(ctx, UINT64_MAX));
    ck_assert(grasp_context_seed(ctx) == UINT64_MAX && grasp__seed(ctx) == UINT64_MAX);
    static const int table = 1;
    grasp__set_kernel_slot(ctx, &table);
    ck_assert_ptr_eq(grasp__kernel_slot(ctx), &table);
    grasp_context_free(ctx);
}
END_TEST

static void count_destroy(void *user)
{
    ++*(int *)user;
}

static void ignore_log(void *user, int32_t level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

START_TEST(user_pointers_go_back_once)
{
    grasp_context *ctx = test_context();
    int log = 0, progress = 0, parallel = 0, refused = 0, last = 0;
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_INFO, ignore_log, &log, count_destroy));
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, NULL, &progress, count_destroy));
    ASSERT_OK(ctx, grasp_context_set_parallel(ctx, NULL, &parallel, count_destroy));
    ck_assert_int_eq(log + progress + parallel, 0);
    ASSERT_STATUS(ctx, grasp_context_set_log(ctx, 9, ignore_log, &refused, count_destroy), GRASP_E_ARG, "");
    ASSERT_STATUS(ctx, grasp_context_set_progress(ctx, -1, NULL, &refused, count_destroy), GRASP_E_ARG, "");
    ck_assert_int_eq(log, 0);
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_INFO, ignore_log, &last, count_destroy));
    ck_assert_int_eq(log, 1);
    grasp_context_free(ctx);
    ck_assert_int_eq(log, 1);
    ck_assert_int_eq(progress, 1);
    ck_assert_int_eq(parallel, 1);
    ck_assert_int_eq(last, 1);
    ck_assert_int_eq(refused, 0);
}
END_TEST

START_TEST(a_busy_context_serves_nobody_else)
{
    grasp_context *ctx = test_context();
    int refused = 0;
    void *out = &refused;
    ASSERT_OK(ctx, grasp__enter(ctx, "outer"));
    grasp__fail(ctx, GRASP_E_DIM, "the outer call's words");
    ck_assert_int_eq(grasp_context_set_seed(ctx, 5), GRASP_E_STATE);
    ck_assert_int_eq(grasp_context_set_log(ctx, GRASP_LOG_INFO, NULL, &refused, count_destroy), GRASP_E_STATE);
    ck_assert_int_eq(grasp__enter_out(ctx, "inner", &out), GRASP_E_STATE);
    ck_assert_ptr_null(out);
    ck_assert_str_eq(grasp_context_error(ctx), "outer: the outer call's words");
    ck_assert_int_eq(grasp__leave(ctx, GRASP_E_DIM), GRASP_E_DIM);
    ck_assert_str_eq(grasp_context_error(ctx), "outer: the outer call's words");
    ck_assert(grasp_context_seed(ctx) == 0);
    ck_assert_int_eq(refused, 0);
    ASSERT_OK(ctx, grasp_context_set_seed(ctx, 5));
    ck_assert_str_eq(grasp_context_error(ctx), "");
    grasp_context_free(ctx);
}
END_TEST

START_TEST(entering_checks_the_result_pointer)
{
    grasp_context *ctx = test_context();
    void *out = ctx;
    ck_assert_int_eq(grasp__enter_out(NULL, "f", &out), GRASP_E_ARG);
    ck_assert_ptr_null(out);
    ASSERT_STATUS(ctx, grasp__enter_out(ctx, "f", NULL), GRASP_E_ARG, "f: out is NULL");
    ASSERT_OK(ctx, grasp__enter_out(ctx, "f", &out)); /* the failed entry left */
    ck_assert_int_eq(grasp__leave(ctx, GRASP_E_IO), GRASP_E_IO);
    ck_assert_str_eq(grasp_context_error(ctx), "f: reading or writing failed"); /* words even if nobody found some */
    grasp_context_free(ctx);
}
END_TEST

typedef struct heard {
    int lines;
    int32_t level;
    char text[600];
} heard;

static void hear(void *user, int32_t level, const char *line)
{
    heard *h = user;
    h->lines++;
    h->level = level;
    snprintf(h->text, sizeof h->text, "%s", line);
}

START_TEST(log_hears_its_levels_and_errors)
{
    grasp_context *ctx = test_context();
    heard h = {0};
    grasp__log(ctx, GRASP_LOG_ERROR, "nobody listens");
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_WARN, hear, &h, NULL));
    grasp__log(ctx, GRASP_LOG_INFO, "too quiet");
    ck_assert_int_eq(h.lines, 0);
    grasp__log(ctx, GRASP_LOG_WARN, "%d of %s", 3, "four");
    ck_assert_int_eq(h.lines, 1);
    ck_assert_int_eq(h.level, GRASP_LOG_WARN);
    ck_assert_str_eq(h.text, "3 of four");
    ASSERT_STATUS(ctx, grasp_context_set_threads(ctx, -1), GRASP_E_ARG, "");
    ck_assert_int_eq(h.lines, 2);
    ck_assert_int_eq(h.level, GRASP_LOG_ERROR);
    ck_assert_str_eq(h.text, grasp_context_error(ctx));
    ASSERT_OK(ctx, grasp_context_set_log(ctx, GRASP_LOG_DEBUG, NULL, NULL, NULL));
    grasp__log(ctx, GRASP_LOG_ERROR, "silence");
    ck_assert_int_eq(h.lines, 2);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status make_nothing(grasp_context *ctx, void *arg)
{
    (void)arg;
    return grasp_context_set_seed(ctx, 1);
}

START_TEST(context_survives_failing_allocations)
{
    for_each_failing_allocation(make_nothing, NULL);
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------------------------------ */

START_TEST(blocks_are_aligned_and_accounted)
{
    grasp_context *ctx = test_context();
    uint64_t expected = 0;
    char *block[40];
    for (int64_t i = 0; i < 40; i++) {
        ASSERT_OK(ctx, grasp__alloc(ctx, i * i, 3, &block[i]));
        ck_assert_uint_eq((uintptr_t)block[i] % 64, 0);
        memset(block[i], (int)i, (size_t)(i * i * 3));
        expected += grasp__price(i * i, 3);
        ck_assert(grasp_context_memory_used(ctx) == expected);
    }
    uint64_t peak = expected;
    for (int64_t i = 39; i >= 0; i--) {
        for (int64_t b = 0; b < i * i * 3; b++)
            ck_assert_int_eq(block[i][b], (char)i);
        grasp__free(block[i]);
        expected -= grasp__price(i * i, 3);
        ck_assert(grasp_context_memory_used(ctx) == expected);
    }
    ck_assert(expected == 0 && grasp_context_memory_peak(ctx) == peak);
    grasp__free(NULL);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(realloc_keeps_and_frees)
{
    test_allocator a;
    grasp_context *ctx;
    int64_t *v = NULL;
    test_allocator_init(&a, 0);
    ck_assert_int_eq(grasp_context_create(&a.table, &ctx), GRASP_OK);
    ASSERT_OK(ctx, grasp__realloc(ctx, 0, 3, sizeof *v, &v));
    for (int64_t i = 0; i < 3; i++)
        v[i] = i;
    ASSERT_OK(ctx, grasp__realloc(ctx, 3, 1000, sizeof *v, &v));
    ck_assert(v[0] == 0 && v[1] == 1 && v[2] == 2);
    ASSERT_OK(ctx, grasp__realloc(ctx, 1000, 2, sizeof *v, &v));
    ck_assert(v[0] == 0 && v[1] == 1);
    int64_t *before = v;
    ASSERT_STATUS(ctx, grasp__realloc(ctx, 2, INT64_MAX, sizeof *v, &v), GRASP_E_OVERFLOW, "");
    ck_assert_ptr_eq(v, before);
    ck_assert_int_eq(atomic_load(&a.live), 3); /* heap, context, v */
    grasp__free(v);
    char *zero;
    ASSERT_OK(ctx, grasp__alloc_zero(ctx, 100, 1, &zero)); /* the allocator fills with 0xA5 */
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(zero[i], 0);
    grasp__free(zero);
    grasp_context_free(ctx);
    ck_assert_int_eq(atomic_load(&a.live), 0);
}
END_TEST

START_TEST(blocks_outlive_their_context)
{
    test_allocator a;
    grasp_context *ctx;
    void *block[2];
    test_allocator_init(&a, 0);
    ck_assert_int_eq(grasp_context_create(&a.table, &ctx), GRASP_OK);
    ASSERT_OK(ctx, grasp__alloc(ctx, 10, 10, &block[0]));
    ASSERT_OK(ctx, grasp__alloc(ctx, 10, 10, &block[1]));
    grasp_context_free(ctx);
    grasp__free(block[0]);
    ck_assert_int_eq(atomic_load(&a.live), 2); /* the heap and one block */
    grasp__free(block[1]);
    ck_assert_int_eq(atomic_load(&a.live), 0);
}
END_TEST

START_TEST(memory_limit_is_kept)
{
    grasp_context *ctx = test_context();
    char *first, *second;
    uint64_t price = grasp__price(1000, 1);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 2 * price - 1));
    ASSERT_OK(ctx, grasp__alloc(ctx, 1000, 1, &first));
    ASSERT_STATUS(ctx, grasp__alloc(ctx, 1000, 1, &second), GRASP_E_MEMLIMIT, "in use would pass the limit of");
    ck_assert_ptr_null(second);
    ck_assert_int_eq(grasp__check_memory(ctx, 1000, 1), GRASP_E_MEMLIMIT);
    ck_assert_int_eq(grasp__check_memory(ctx, 999, 1), GRASP_OK);
    ck_assert(grasp_context_memory_used(ctx) == price);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 1)); /* below what is held: nothing more */
    ck_assert_int_eq(grasp__check_memory(ctx, 0, 1), GRASP_E_MEMLIMIT);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 2 * price));
    ASSERT_OK(ctx, grasp__alloc(ctx, 1000, 1, &second));
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 0));
    ck_assert_int_eq(grasp__check_memory(ctx, 1 << 20, 1), GRASP_OK);
    grasp__free(first);
    grasp__free(second);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(no_size_overflows_silently)
{
    grasp_context *ctx = test_context();
    void *block = ctx;
    int64_t n;
    ASSERT_STATUS(ctx, grasp__alloc(ctx, INT64_MAX, 8, &block), GRASP_E_OVERFLOW, "elements of 8 bytes");
    ck_assert_ptr_null(block);
    ASSERT_STATUS(ctx, grasp__alloc(ctx, -1, 8, &block), GRASP_E_OVERFLOW, "-1 elements");
    ASSERT_STATUS(ctx, grasp__alloc(ctx, INT64_MAX, 1, &block), GRASP_E_OVERFLOW, "");
    ck_assert_int_eq(grasp__check_memory(ctx, INT64_C(3037000500), SIZE_MAX), GRASP_E_OVERFLOW);
    ck_assert(grasp__price(-1, 1) == UINT64_MAX && grasp__price(INT64_MAX, 2) == UINT64_MAX);

    ASSERT_OK(ctx, grasp__check_product(ctx, 46341, 46341, "cells", &n));
    ck_assert_int_eq(n, INT64_C(2147488281));
    ASSERT_STATUS(ctx, grasp__check_product(ctx, INT64_C(3037000500), INT64_C(3037000500), "cells", &n),
                  GRASP_E_OVERFLOW, "cells: 3037000500 * 3037000500 does not fit");
    ASSERT_OK(ctx, grasp__check_product(ctx, INT64_C(3037000499), INT64_C(3037000499), "cells", &n));

    static const int64_t pairs[][2] = {{0, 0},
                                       {1, 0},
                                       {2, 1},
                                       {3, 3},
                                       {46341, 1073720970},
                                       {INT64_C(3037000500), INT64_C(4611686016981624750)},
                                       {INT64_C(4294967296), INT64_C(9223372034707292160)}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ASSERT_OK(ctx, grasp__pairs(ctx, pairs[i][0], &n));
        ck_assert_int_eq(n, pairs[i][1]);
    }
    ASSERT_STATUS(ctx, grasp__pairs(ctx, INT64_C(4294967297), &n), GRASP_E_OVERFLOW, "number of pairs");
    ASSERT_STATUS(ctx, grasp__pairs(ctx, INT64_MAX, &n), GRASP_E_OVERFLOW, "");
    ck_assert(!grasp__mul_i64(INT64_MIN, -1, &n) && !grasp__add_i64(INT64_MAX, 1, &n));
    ck_assert(grasp__mul_i64(-3, 5, &n) && n == -15 && grasp__add_i64(-3, 5, &n) && n == 2);
    grasp_context_free(ctx);
}
END_TEST

enum { FREED = 2000 };

static void *free_all(void *arg)
{
    void **blocks = arg;
    for (int i = 0; i < FREED; i++)
        grasp__free(blocks[i]);
    return NULL;
}

START_TEST(any_thread_may_free)
{
    static void *blocks[2][FREED];
    test_allocator a;
    grasp_context *ctx;
    pthread_t threads[2];
    test_allocator_init(&a, 0);
    ck_assert_int_eq(grasp_context_create(&a.table, &ctx), GRASP_OK);
    for (int i = 0; i < FREED; i++)
        for (int t = 0; t < 2; t++)
            ASSERT_OK(ctx, grasp__alloc(ctx, 1, 8, &blocks[t][i]));
    for (int t = 0; t < 2; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, free_all, blocks[t]), 0);
    for (int i = 0; i < 100; i++) { /* while the owner goes on */
        void *block;
        ASSERT_OK(ctx, grasp__alloc(ctx, 1, 8, &block));
        grasp__free(block);
    }
    grasp_context_free(ctx);
    for (int t = 0; t < 2; t++)
        pthread_join(threads[t], NULL);
    ck_assert_int_eq(atomic_load(&a.live), 0);
}
END_TEST

/* ---- messages and checks ----------------------------------------------------------------------------------------- */

START_TEST(formatter_agrees_with_the_standard_one)
{
    char ours[200], theirs[200];
#define SAME(...)                                                                                                      \
  do {                                                                                                                 \
    size_t n = grasp__format(ours, sizeof ours, __VA_ARGS__);                                                          \
    snprintf(theirs, sizeof theirs, __VA_ARGS__);                                                                      \
    ck_assert_str_eq(ours, theirs);                                                                                    \
    ck_assert_uint_eq(n, strlen(theirs));                                                                              \
  } while (0)
    SAME("plain");
    SAME("%d %d %d", 0, INT32_MAX, INT32_MIN);
    SAME("%ld %lld %jd", -5L, LLONG_MIN, INTMAX_MIN);
    SAME("%u %lu %llu %zu %ju", 7u, 8ul, ULLONG_MAX, SIZE_MAX, UINTMAX_MAX);
    SAME("%" PRId64 "|%" PRIu64, INT64_MIN, UINT64_MAX);
    SAME("%c%c%% %s %s", 'a', 'b', "text", "");
    SAME("[%.*s] [%.*s]", 2, "abc", 5, "abc");
    SAME("%g %g %g", 0.5, -3.0, 1e300);
#undef SAME
    const char *volatile nothing = NULL; /* volatile: or the compiler would see it, and warn */
    grasp__format(ours, sizeof ours, "%s", nothing);
    ck_assert_str_eq(ours, "(null)");
    grasp__format(ours, sizeof ours, "%g %g", 0.1, 1.0 / 3);
    ck_assert_str_eq(ours, "0.1 0.3333333333333333");
}
END_TEST

START_TEST(formatter_cuts_at_the_size)
{
    char text[8] = "???????";
    ck_assert_uint_eq(grasp__format(text, 0, "abc"), 0);
    ck_assert_int_eq(text[0], '?');
    ck_assert_uint_eq(grasp__format(text, 1, "abc"), 0);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(grasp__format(text, 5, "%d", 1234567), 4);
    ck_assert_str_eq(text, "1234");
    ck_assert_int_eq(text[5], '?');
    grasp_context *ctx = test_context();
    char longer[2000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    grasp__fail(ctx, GRASP_E_ARG, "%s", longer);
    ck_assert_uint_eq(strlen(grasp_context_error(ctx)), 511);
    grasp__fail(ctx, GRASP_E_ARG, "again: %s", grasp_context_error(ctx)); /* its own words as an argument */
    ck_assert_int_eq(strncmp(grasp_context_error(ctx), "f: again: f: xxx", 16), 0);
    grasp__leave(ctx, GRASP_E_ARG);
    grasp_context_free(ctx);
    ck_assert_int_eq(grasp__fail(NULL, GRASP_E_IO, "no context"), GRASP_E_IO);
}
END_TEST

START_TEST(checks_name_what_they_found)
{
    grasp_context *ctx = test_context();
    const double v[] = {1, 2, INFINITY, NAN};
    ck_assert_int_eq(grasp__check_pointer(ctx, v, "v"), GRASP_OK);
    ASSERT_STATUS(ctx, grasp__check_pointer(ctx, NULL, "v"), GRASP_E_ARG, "v is NULL");
    ck_assert_int_eq(grasp__check_range(ctx, 3, 3, 3, "k"), GRASP_OK);
    ASSERT_STATUS(ctx, grasp__check_range(ctx, 4, 1, 3, "k"), GRASP_E_ARG, "k is 4, expected 1 to 3");
    ASSERT_STATUS(ctx, grasp__check_range(ctx, 0, 1, INT64_MAX, "k"), GRASP_E_ARG, "k is 0, expected >= 1");
    ASSERT_STATUS(ctx, grasp__check_equal(ctx, 4, 5, "cols"), GRASP_E_DIM, "cols is 4, expected 5");
    ck_assert_int_eq(grasp__check_dtype(ctx, GRASP_F32, "dtype"), GRASP_OK);
    ck_assert_int_eq(grasp__check_dtype(ctx, GRASP_F64, "dtype"), GRASP_OK);
    ASSERT_STATUS(ctx, grasp__check_dtype(ctx, 3, "dtype"), GRASP_E_DTYPE,
                  "dtype is 3, expected GRASP_F32 (1) or GRASP_F64 (2)");
    ck_assert_int_eq(grasp__check_finite_f64(ctx, v, 2, "v"), GRASP_OK);
    ASSERT_STATUS(ctx, grasp__check_finite_f64(ctx, v, 4, "v"), GRASP_E_NUMERIC, "v[2] is inf");
    ASSERT_STATUS(ctx, grasp__check_finite_f64(ctx, v + 3, 1, "v"), GRASP_E_NUMERIC, "v[0] is nan");
    struct {
        size_t size;
        int64_t a, b;
    } table = {8, 0, 1};
    ASSERT_STATUS(ctx, grasp__check_table(ctx, NULL, 8, 16, "ops"), GRASP_E_ARG, "ops is NULL");
    ASSERT_STATUS(ctx, grasp__check_table(ctx, &table, 16, 16, "ops"), GRASP_E_ARG,
                  "ops.size is 8, expected at least 16");
    ck_assert_int_eq(grasp__check_table(ctx, &table, 8, 16, "ops"), GRASP_OK);
    table.size = sizeof table;
    ASSERT_STATUS(ctx, grasp__check_table(ctx, &table, 8, 16, "ops"), GRASP_E_ARG, "this library knows 16");
    ck_assert_int_eq(grasp__check_table(ctx, &table, 8, 24, "ops"), GRASP_OK);
    table.b = 0;
    ck_assert_int_eq(grasp__check_table(ctx, &table, 8, 16, "ops"), GRASP_OK);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(handles_know_their_kind)
{
    grasp_context *ctx = test_context();
    const uint32_t cat = GRASP__MAGIC('c', 'a', 't', '!'), dog = GRASP__MAGIC('d', 'o', 'g', '!');
    grasp__object object;
    grasp__object_init(&object, cat);
    ck_assert_int_eq(grasp__check_handle(ctx, &object, cat, "pet", "cat"), GRASP_OK);
    ASSERT_STATUS(ctx, grasp__check_handle(ctx, &object, dog, "pet", "dog"), GRASP_E_ARG, "pet is no dog");
    ASSERT_STATUS(ctx, grasp__check_handle(ctx, NULL, dog, "pet", "dog"), GRASP_E_ARG, "pet is NULL, expected a dog");
    grasp__object_ref(&object);
    ck_assert(!grasp__object_unref(&object));
    ck_assert(grasp__object_unref(&object));
    ASSERT_STATUS(ctx, grasp__check_handle(ctx, &object, cat, "pet", "cat"), GRASP_E_ARG, "or a freed one");
    grasp_context_free(ctx);
}
END_TEST

/* ---- progress and cancelling ------------------------------------------------------------------------------------- */

typedef struct seen {
    int calls;
    double fraction, lowest_step;
    char what[32];
    int32_t answer; /* given from call answer_at on */
    int answer_at;
    pthread_t thread;
} seen;

static int32_t see(void *user, const char *what, double fraction)
{
    seen *s = user;
    ck_assert(pthread_equal(pthread_self(), s->thread));
    if (fraction - s->fraction < s->lowest_step)
        s->lowest_step = fraction - s->fraction;
    s->fraction = fraction;
    snprintf(s->what, sizeof s->what, "%s", what);
    return ++s->calls >= s->answer_at && s->answer_at > 0 ? s->answer : GRASP_CB_OK;
}

START_TEST(progress_maps_stages)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "whole"));
    ck_assert_int_eq(grasp__tick(ctx, 1, 10), GRASP_OK);
    ck_assert_str_eq(s.what, "whole");
    ck_assert(fabs(s.fraction - 0.1) < 1e-15);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "outer", 0.5, 1);
    grasp__stage_mark inner = grasp__stage_begin(ctx, "inner", 0.2, 0.4);
    ck_assert_int_eq(grasp__tick(ctx, 1, 2), GRASP_OK);
    ck_assert_str_eq(s.what, "inner");
    ck_assert(fabs(s.fraction - (0.5 + 0.5 * 0.3)) < 1e-15);
    grasp__stage_end(ctx, inner);
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK); /* would be 0.5: never falls */
    ck_assert_str_eq(s.what, "outer");
    ck_assert(fabs(s.fraction - 0.65) < 1e-15);
    ck_assert_int_eq(grasp__tick(ctx, 5, 0), GRASP_OK);
    ck_assert_int_eq(grasp__tick(ctx, -5, 3), GRASP_OK);
    ck_assert(fabs(s.fraction - 0.65) < 1e-15);
    ck_assert_int_eq(grasp__tick(ctx, 7, 3), GRASP_OK); /* never above one */
    ck_assert(s.fraction == 1);
    grasp__stage_end(ctx, outer);
    ASSERT_OK(ctx, grasp__leave(ctx, GRASP_OK));
    ck_assert(s.lowest_step >= 0);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(progress_keeps_its_interval)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 3600, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grasp__tick(ctx, i, 1000), GRASP_OK);
    ck_assert_int_eq(s.calls, 0);
    grasp__leave(ctx, GRASP_OK);
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 1e-9, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grasp__tick(ctx, i, 1000), GRASP_OK);
    ck_assert_int_gt(s.calls, 1);
    grasp__leave(ctx, GRASP_OK);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(callbacks_answer_stop_or_nonsense)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self(), .answer = GRASP_CB_STOP, .answer_at = 2};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK);
    ck_assert_int_eq(grasp__tick(ctx, 1, 2), GRASP_CANCELLED);
    ck_assert(grasp__cancel_pending(ctx));
    ck_assert_int_eq(grasp__tick(ctx, 2, 2), GRASP_CANCELLED); /* stays so, without asking again */
    ck_assert_int_eq(s.calls, 2);
    grasp__leave(ctx, GRASP_OK); /* even if the call had finished, the next one starts afresh */
    s.answer_at = 0;
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK);
    grasp__leave(ctx, GRASP_OK);

    static const int32_t nonsense[] = {2, -1, 1000, INT32_MIN};
    for (int i = 0; i < 4; i++) {
        s.answer = nonsense[i];
        s.answer_at = 1;
        ASSERT_OK(ctx, grasp__enter(ctx, "f"));
        ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_E_CALLBACK);
        ck_assert(contains(grasp_context_error(ctx), "f: the progress callback returned"));
        ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_E_CALLBACK);
        grasp__leave(ctx, GRASP_E_CALLBACK);
    }
    grasp_context_free(ctx);
}
END_TEST

static grasp_context *signalled;

static void on_signal(int number)
{
    (void)number;
    grasp_context_cancel(signalled);
}

START_TEST(cancel_sticks_until_returned)
{
    grasp_context *ctx = signalled = test_context();
    grasp_context_cancel(ctx);
    ASSERT_OK(ctx, grasp_context_set_seed(ctx, 1)); /* a call too short to notice leaves it */
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_CANCELLED);
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_CANCELLED);
    ck_assert_int_eq(grasp__leave(ctx, GRASP_CANCELLED), GRASP_CANCELLED);
    ck_assert_str_eq(grasp_context_error(ctx), "");
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_OK);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    ck_assert(grasp__cancel_pending(ctx));
    grasp_context_clear_cancel(ctx);
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_OK);
    grasp__leave(ctx, GRASP_OK);
    grasp_context_free(ctx);
}
END_TEST

/* ---- threads ----------------------------------------------------------------------------------------------------- */

enum { TASKS = 500 };

typedef struct work {
    grasp_context *ctx;
    atomic_int runs[TASKS];
    atomic_int in_use[64]; /* per worker: two at once would share scratch */
    pthread_t caller;
    bool own_threads;       /* threads are the library's: their signals are blocked */
    int64_t fail_a, fail_b; /* these tasks fail */
    int64_t wait_for;       /* task fail_a ends a little after this one */
    bool slow;              /* every task takes 50 microseconds or more */
    int64_t cancel_at;      /* this one asks for a cancel */
    uint64_t result[TASKS];
} work;

static grasp_status do_task(void *arg, int64_t index, int32_t worker)
{
    work *w = arg;
    sigset_t blocked;
    ck_assert(worker >= 0 && worker < grasp__workers(w->ctx));
    ck_assert_int_eq(atomic_fetch_add(&w->in_use[worker], 1), 0);
    atomic_fetch_add(&w->runs[index], 1);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (w->own_threads && !pthread_equal(pthread_self(), w->caller))
        ck_assert(sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGUSR1) && sigismember(&blocked, SIGCHLD));
    grasp__rng rng;
    grasp__rng_init(&rng, 1, GRASP__RNG_TEST, (uint64_t)index);
    for (int i = 0; i < 10; i++)
        w->result[index] += grasp__rng_u64(&rng);
    if (index == w->cancel_at)
        grasp_context_cancel(w->ctx);
    if (w->slow)
        nanosleep(&(struct timespec){0, 50000}, NULL);
    for (int i = 0; index == w->fail_a && w->wait_for >= 0 && i < 1000; i++) {
        bool there = atomic_load(&w->runs[w->wait_for]) > 0;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (there)
            break;
    }
    atomic_fetch_sub(&w->in_use[worker], 1);
    return index == w->fail_a ? GRASP_E_NUMERIC : index == w->fail_b ? GRASP_E_EMPTY : GRASP_OK;
}

static void work_init(work *w, grasp_context *ctx)
{
    memset(w, 0, sizeof *w);
    w->ctx = ctx;
    w->caller = pthread_self();
    w->fail_a = w->fail_b = w->cancel_at = w->wait_for = -1;
}

static grasp_status run_work(grasp_context *ctx, work *w)
{
    grasp_status s = grasp__enter(ctx, __func__);
    return s != GRASP_OK ? s : grasp__leave(ctx, grasp__parallel(ctx, TASKS, do_task, w));
}

START_TEST(every_task_runs_once)
{
    static work w;
    for (int32_t threads = 1; threads <= 8; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        ASSERT_OK(ctx, run_work(ctx, &w));
        for (int i = 0; i < TASKS; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        ASSERT_OK(ctx, grasp__parallel(ctx, 0, do_task, &w));
        ASSERT_OK(ctx, grasp__parallel(ctx, -1, do_task, &w));
        grasp_context_free(ctx);
    }
}
END_TEST

static grasp_status parallel_scenario(grasp_context *ctx, void *arg)
{
    static work w;
    work_init(&w, ctx);
    grasp_status s = run_work(ctx, &w);
    if (arg != NULL)
        memcpy(arg, w.result, sizeof w.result);
    return s;
}

START_TEST(same_bits_at_any_number_of_threads)
{
    static uint64_t result[TASKS];
    for_each_thread_count(parallel_scenario, result, GRASP_OK, result, sizeof result);
}
END_TEST

START_TEST(lowest_failing_task_is_reported)
{
    static work w;
    for (int trial = 0; trial < trials(60); trial++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + trial % 4));
        work_init(&w, ctx);
        w.fail_a = 20 + trial % 5;
        w.fail_b = 22;
        ASSERT_STATUS(ctx, run_work(ctx, &w), w.fail_a <= w.fail_b ? GRASP_E_NUMERIC : GRASP_E_EMPTY, "");
        for (int i = 0; i < 22 && i < w.fail_a; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        ck_assert_int_eq(atomic_load(&w.runs[TASKS - 1]), 0);
        grasp_context_free(ctx);
    }
}
END_TEST

/* The lower of two failures comes later. */
START_TEST(lowest_failing_task_wins_though_late)
{
    static work w;
    for (int32_t threads = 2; threads <= 4; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        w.fail_a = 20;
        w.fail_b = w.wait_for = 22;
        ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_NUMERIC, "");
        ck_assert_int_eq(atomic_load(&w.runs[22]), 1);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(cancel_stops_the_loop)
{
    static work w;
    for (int32_t threads = 1; threads <= 3; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        w.cancel_at = 10;
        ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_CANCELLED, "");
        ck_assert_int_eq(atomic_load(&w.runs[TASKS - 1]), 0);
        work_init(&w, ctx);
        ASSERT_OK(ctx, run_work(ctx, &w)); /* the cancel was returned once */
        grasp_context_free(ctx);
    }
    ck_assert_int_eq(for_each_cancel(parallel_scenario, NULL), TASKS);
}
END_TEST

START_TEST(loop_ticks_on_the_calling_thread)
{
    static work w;
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL)); /* see() checks the thread */
    work_init(&w, ctx);
    ASSERT_OK(ctx, run_work(ctx, &w));
    s.answer_at = s.calls + 1;
    s.answer = 77;
    work_init(&w, ctx);
    grasp_status status = run_work(ctx, &w);
    ck_assert_msg(status == GRASP_E_CALLBACK || (status == GRASP_OK && s.calls < s.answer_at), "%s",
                  grasp_status_name(status));
    grasp_context_free(ctx);
}
END_TEST

START_TEST(own_threads_block_signals)
{
    static work w;
    grasp_context *ctx = test_context();
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 4));
    work_init(&w, ctx);
    w.own_threads = true;
    ASSERT_OK(ctx, run_work(ctx, &w));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert(sigismember(&after, SIGUSR2) && !sigismember(&after, SIGINT));
    sigemptyset(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    grasp_context_free(ctx);
}
END_TEST

/* ---- a caller's parallel-for ------------------------------------------------------------------------------------- */

typedef struct pool {
    int32_t answer;
    int times; /* how often every task is run: 0 and 2 are faults */
    bool backwards, threaded;
    int64_t asked;
} pool;

typedef struct pool_task {
    grasp_task_fn task;
    void *arg;
    int64_t index;
} pool_task;

static void *pool_thread(void *arg)
{
    pool_task *t = arg;
    t->task(t->arg, t->index);
    return NULL;
}

static int32_t run_pool(void *user, grasp_task_fn task, void *arg, int64_t count)
{
    pool *p = user;
    pool_task tasks[64];
    pthread_t threads[64];
    p->asked = count;
    ck_assert(count <= 32);
    for (int t = 0; t < p->times; t++)
        for (int64_t i = 0; i < count; i++)
            tasks[t * count + i] = (pool_task){task, arg, p->backwards ? count - 1 - i : i};
    for (int64_t i = 0; i < p->times * count; i++)
        if (!p->threaded)
            pool_thread(&tasks[i]);
        else
            ck_assert_int_eq(pthread_create(&threads[i], NULL, pool_thread, &tasks[i]), 0);
    for (int64_t i = 0; p->threaded && i < p->times * count; i++)
        pthread_join(threads[i], NULL);
    return p->answer;
}

START_TEST(callers_parallel_for_runs_the_tasks)
{
    static work w;
    static uint64_t expected[TASKS];
    for (int variant = 0; variant < 8; variant++) {
        grasp_context *ctx = test_context();
        pool p = {GRASP_CB_OK, 1 + variant / 4, variant % 2 == 1, variant / 2 % 2 == 1, 0};
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 4));
        ASSERT_OK(ctx, grasp_context_set_parallel(ctx, run_pool, &p, NULL));
        work_init(&w, ctx);
        w.slow = p.threaded; /* so that all of its threads get to work */
        ASSERT_OK(ctx, run_work(ctx, &w));
        ck_assert_int_eq(p.asked, 4);
        for (int i = 0; i < TASKS; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        if (variant == 0)
            memcpy(expected, w.result, sizeof expected);
        ck_assert_mem_eq(expected, w.result, sizeof expected);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(callers_parallel_for_may_fail)
{
    static work w;
    grasp_context *ctx = test_context();
    pool p = {.answer = GRASP_CB_OK, .times = 0};
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ASSERT_OK(ctx, grasp_context_set_parallel(ctx, run_pool, &p, NULL));
    work_init(&w, ctx);
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_CALLBACK, "the parallel-for ran no task of 3");
    p.times = 1;
    p.answer = -7;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_CALLBACK, "the parallel-for returned -7, expected GRASP_CB_OK (1)");
    p.answer = GRASP_CB_STOP;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_CANCELLED, "");
    p.answer = GRASP_CB_OK;
    work_init(&w, ctx);
    w.fail_a = 3;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_NUMERIC, "");
    work_init(&w, ctx);
    ASSERT_OK(ctx, grasp_context_set_parallel(ctx, NULL, NULL, NULL));
    ASSERT_OK(ctx, run_work(ctx, &w));
    grasp_context_free(ctx);
}
END_TEST

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

Suite *check_base_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *all = tcase_create("all");
    tcase_add_test(all, every_status_has_a_name_and_words);
    tcase_add_test(all, context_begins_with_defaults);
    tcase_add_test(all, context_checks_the_allocator);
    tcase_add_test(all, no_context_is_an_error);
    tcase_add_test(all, settings_are_checked);
    tcase_add_test(all, user_pointers_go_back_once);
    tcase_add_test(all, a_busy_context_serves_nobody_else);
    tcase_add_test(all, entering_checks_the_result_pointer);
    tcase_add_test(all, log_hears_its_levels_and_errors);
    tcase_add_test(all, context_survives_failing_allocations);
    tcase_add_test(all, blocks_are_aligned_and_accounted);
    tcase_add_test(all, realloc_keeps_and_frees);
    tcase_add_test(all, blocks_outlive_their_context);
    tcase_add_test(all, memory_limit_is_kept);
    tcase_add_test(all, no_size_overflows_silently);
    tcase_add_test(all, any_thread_may_free);
    tcase_add_test(all, formatter_agrees_with_the_standard_one);
    tcase_add_test(all, formatter_cuts_at_the_size);
    tcase_add_test(all, checks_name_what_they_found);
    tcase_add_test(all, handles_know_their_kind);
    tcase_add_test(all, progress_maps_stages);
    tcase_add_test(all, progress_keeps_its_interval);
    tcase_add_test(all, callbacks_answer_stop_or_nonsense);
    tcase_add_test(all, cancel_sticks_until_returned);
    tcase_add_test(all, every_task_runs_once);
    tcase_add_test(all, same_bits_at_any_number_of_threads);
    tcase_add_test(all, lowest_failing_task_is_reported);
    tcase_add_test(all, lowest_failing_task_wins_though_late);
    tcase_add_test(all, cancel_stops_the_loop);
    tcase_add_test(all, loop_ticks_on_the_calling_thread);
    tcase_add_test(all, own_threads_block_signals);
    tcase_add_test(all, callers_parallel_for_runs_the_tasks);
    tcase_add_test(all, callers_parallel_for_may_fail);
    tcase_add_test(all, philox_known_answers);
    tcase_add_test(all, streams_differ_and_carry);
    tcase_add_test(all, random_numbers_are_distributed);
    tcase_add_test(all, shuffle_is_a_fair_permutation);
    suite_add_tcase(suite, all);
    return suite;
}
