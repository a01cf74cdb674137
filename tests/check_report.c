/* SPDX-License-Identifier: BSD-3-Clause
 * report: writing, replacing, growing, merging, reading, and the words of each refusal.
 */
#include "grasp/report.h"
#include "report/report.h"
#include "support.h"

/* A report with one entry of each kind, written outside of a public call. */
static grasp_report *make_report(grasp_context *ctx)
{
    grasp_report *r;
    const double loss[] = {3, 2, 1};
    ASSERT_OK(ctx, grasp__report_create(ctx, &r));
    ASSERT_OK(ctx, grasp__report_put_value(ctx, r, "epochs", 3));
    ASSERT_OK(ctx, grasp__report_put_series(ctx, r, "loss", loss, 3));
    ASSERT_OK(ctx, grasp__report_put_text(ctx, r, "method", "newton"));
    return r;
}

START_TEST(reads_what_was_written)
{
    grasp_context *ctx = test_context();
    grasp_report *r = make_report(ctx);
    double value, loss[3];
    const char *text;
    ck_assert_int_eq(grasp_report_count(r), 3);
    ck_assert_str_eq(grasp_report_name(r, 0), "epochs");
    ck_assert_str_eq(grasp_report_name(r, 2), "method");
    ck_assert_int_eq(grasp_report_kind(r, 0), GRASP_REPORT_VALUE);
    ck_assert_int_eq(grasp_report_kind(r, 1), GRASP_REPORT_SERIES);
    ck_assert_int_eq(grasp_report_kind(r, 2), GRASP_REPORT_TEXT);
    ck_assert_int_eq(grasp_report_length(r, "loss"), 3);
    ASSERT_OK(ctx, grasp_report_value(ctx, r, "epochs", &value));
    ASSERT_OK(ctx, grasp_report_series(ctx, r, "loss", loss, 3));
    ASSERT_OK(ctx, grasp_report_text(ctx, r, "method", &text));
    ck_assert(value == 3 && loss[0] == 3 && loss[1] == 2 && loss[2] == 1);
    ck_assert_str_eq(text, "newton");
    grasp_report_free(r);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(outlives_its_context)
{
    grasp_context *ctx = test_context(), *other = test_context();
    grasp_report *r = make_report(ctx);
    double value;
    grasp_context_free(ctx);
    ck_assert_ptr_eq(grasp_report_ref(r), r);
    grasp_report_free(r);
    ASSERT_OK(other, grasp_report_value(other, r, "epochs", &value));
    ck_assert(value == 3);
    grasp_report_free(r);
    grasp_report_free(NULL);
    ck_assert_ptr_null(grasp_report_ref(NULL));
    grasp_context_free(other);
}
END_TEST

START_TEST(a_name_stands_once)
{
    grasp_context *ctx = test_context();
    grasp_report *r = make_report(ctx);
    double value;
    const char *text;
    ASSERT_OK(ctx, grasp__report_put_value(ctx, r, "loss", 7));
    ASSERT_OK(ctx, grasp__report_put_text(ctx, r, "epochs", "many"));
    ck_assert_int_eq(grasp_report_count(r), 3);
    ASSERT_OK(ctx, grasp_report_value(ctx, r, "loss", &value));
    ASSERT_OK(ctx, grasp_report_text(ctx, r, "epochs", &text));
    ck_assert(value == 7);
    ck_assert_str_eq(text, "many");
    ck_assert_str_eq(grasp_report_name(r, 1), "loss");
    grasp_report_free(r);
    ck_assert(grasp_context_memory_used(ctx) == 0);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(series_grow)
{
    enum { N = 1000 };
    grasp_context *ctx = test_context();
    grasp_report *r;
    static double out[N];
    ASSERT_OK(ctx, grasp__report_create(ctx, &r));
    ASSERT_OK(ctx, grasp__report_put_series(ctx, r, "empty", NULL, 0));
    for (int64_t i = 0; i < N; i++) {
        ASSERT_OK(ctx, grasp__report_append(ctx, r, "a", (double)i));
        ASSERT_OK(ctx, grasp__report_append(ctx, r, "empty", -(double)i));
    }
    ASSERT_OK(ctx, grasp_report_series(ctx, r, "a", out, N));
    for (int64_t i = 0; i < N; i++)
        ck_assert(out[i] == (double)i);
    ASSERT_OK(ctx, grasp_report_series(ctx, r, "empty", out, N));
    ck_assert(out[N - 1] == -(double)(N - 1));
    grasp_report_free(r);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(merge_prefixes)
{
    grasp_context *ctx = test_context();
    grasp_report *part = make_report(ctx), *whole;
    double loss[3];
    const char *text;
    ASSERT_OK(ctx, grasp__report_create(ctx, &whole));
    ASSERT_OK(ctx, grasp__report_put_value(ctx, whole, "epochs", 1));
    ASSERT_OK(ctx, grasp__report_merge(ctx, whole, "erm", part));
    ASSERT_OK(ctx, grasp__report_merge(ctx, whole, "none", NULL));
    grasp_report_free(part);
    ck_assert_int_eq(grasp_report_count(whole), 4);
    ck_assert_str_eq(grasp_report_name(whole, 3), "erm.method");
    ASSERT_OK(ctx, grasp_report_series(ctx, whole, "erm.loss", loss, 3));
    ck_assert(loss[2] == 1);
    ASSERT_OK(ctx, grasp_report_text(ctx, whole, "erm.method", &text));
    ck_assert_str_eq(text, "newton");
    ASSERT_STATUS(ctx, grasp_report_text(ctx, whole, "method", &text), GRASP_E_ARG,
                  "has no \"method\"; the nearest is \"erm.method\"");
    grasp_report_free(whole);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(nobody_wants_to_know)
{
    grasp_context *ctx = test_context();
    double value = 1;
    uint64_t used = grasp_context_memory_used(ctx);
    ASSERT_OK(ctx, grasp__report_put_value(ctx, NULL, "a", 1));
    ASSERT_OK(ctx, grasp__report_put_text(ctx, NULL, "a", "b"));
    ASSERT_OK(ctx, grasp__report_put_series(ctx, NULL, "a", &value, 1));
    ASSERT_OK(ctx, grasp__report_append(ctx, NULL, "a", 1));
    ASSERT_OK(ctx, grasp__report_merge(ctx, NULL, "a", NULL));
    ck_assert(grasp_context_memory_used(ctx) == used);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    grasp_report *r = make_report(ctx), *empty;
    grasp_params *params = NULL;
    double value, loss[4];
    const char *text = "unchanged";
    ASSERT_OK(ctx, grasp__report_create(ctx, &empty));
    ASSERT_STATUS(ctx, grasp_report_value(ctx, r, "epoch", &value), GRASP_E_ARG,
                  "grasp_report_value: the report has no \"epoch\"; the nearest is \"epochs\"");
    ASSERT_STATUS(ctx, grasp_report_value(ctx, empty, "epoch", &value), GRASP_E_ARG, "it is empty");
    ASSERT_STATUS(ctx, grasp_report_value(ctx, r, "loss", &value), GRASP_E_ARG, "\"loss\" is a series, not a value");
    ASSERT_STATUS(ctx, grasp_report_value(ctx, r, NULL, &value), GRASP_E_ARG, "name is NULL");
    ASSERT_STATUS(ctx, grasp_report_value(ctx, r, "epochs", NULL), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_report_value(ctx, NULL, "epochs", &value), GRASP_E_ARG,
                  "report is NULL, expected a grasp_report");
    ASSERT_STATUS(ctx, grasp_report_series(ctx, r, "loss", loss, 4), GRASP_E_DIM, "length is 4, expected 3");
    ASSERT_STATUS(ctx, grasp_report_series(ctx, r, "loss", NULL, 3), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_report_series(ctx, r, "epochs", loss, 1), GRASP_E_ARG, "is a value, not a series");
    ASSERT_STATUS(ctx, grasp_report_text(ctx, r, "epochs", &text), GRASP_E_ARG, "is a value, not a text");
    ck_assert_ptr_null(text);
    ASSERT_STATUS(ctx, grasp_report_text(ctx, r, "method", NULL), GRASP_E_ARG, "out is NULL");
    ck_assert_int_eq(grasp_report_value(NULL, r, "epochs", &value), GRASP_E_ARG);
    static const grasp__param one[] = {{"x", GRASP_PARAM_F64, "0", NULL, ""}};
    static const grasp__param_table table = {"test", one, 1, {{NULL, NULL}}};
    ASSERT_OK(ctx, grasp__params_create(ctx, &table, &params));
    ASSERT_STATUS(ctx, grasp_report_value(ctx, (grasp_report *)(void *)params, "x", &value), GRASP_E_ARG,
                  "report is no grasp_report, or a freed one");
    grasp_params_free(params);

    ck_assert_int_eq(grasp_report_count(NULL), 0);
    ck_assert_ptr_null(grasp_report_name(r, -1));
    ck_assert_ptr_null(grasp_report_name(r, 3));
    ck_assert_int_eq(grasp_report_kind(r, 3), 0);
    ck_assert_int_eq(grasp_report_length(r, "epochs"), -1);
    ck_assert_int_eq(grasp_report_length(r, "nothing"), -1);
    ck_assert_int_eq(grasp_report_length(r, NULL), -1);
    ck_assert_int_eq(grasp_report_length(NULL, "loss"), -1);
    grasp_report_free(empty);
    grasp_report_free(r);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status write_and_merge(grasp_context *ctx, void *arg)
{
    grasp_report *part = NULL, *whole = NULL;
    (void)arg;
    grasp_status s = grasp__report_create(ctx, &part);
    for (int64_t i = 0; s == GRASP_OK && i < 10; i++)
        s = grasp__report_append(ctx, part, "a", (double)i);
    for (int64_t i = 0; s == GRASP_OK && i < 10; i++) {
        char name[8];
        grasp__format(name, sizeof name, "v%jd", (intmax_t)i);
        s = grasp__report_put_value(ctx, part, name, 1);
    }
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, part, "t", "text");
    if (s == GRASP_OK)
        s = grasp__report_create(ctx, &whole);
    if (s == GRASP_OK)
        s = grasp__report_merge(ctx, whole, "part", part);
    grasp_report_free(part);
    grasp_report_free(whole);
    return s;
}

START_TEST(survives_failing_allocations)
{
    for_each_failing_allocation(write_and_merge, NULL);
}
END_TEST

Suite *check_report_suite(void)
{
    Suite *suite = suite_create("report");
    TCase *all = tcase_create("all");
    tcase_add_test(all, reads_what_was_written);
    tcase_add_test(all, outlives_its_context);
    tcase_add_test(all, a_name_stands_once);
    tcase_add_test(all, series_grow);
    tcase_add_test(all, merge_prefixes);
    tcase_add_test(all, nobody_wants_to_know);
    tcase_add_test(all, refusals);
    tcase_add_test(all, survives_failing_allocations);
    suite_add_tcase(suite, all);
    return suite;
}
