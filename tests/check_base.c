/* SPDX-License-Identifier: BSD-3-Clause
 * base: status, context, messages, handles. Other suites of this room: _memory, _threads for progress, cancelling and
 * parallel loops, _random, _params, _numbers for numbers in text.
 */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
    tcase_add_test(all, formatter_agrees_with_the_standard_one);
    tcase_add_test(all, formatter_cuts_at_the_size);
    tcase_add_test(all, checks_name_what_they_found);
    tcase_add_test(all, handles_know_their_kind);
    suite_add_tcase(suite, all);
    return suite;
}
