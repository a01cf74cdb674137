/* SPDX-License-Identifier: BSD-3-Clause
 * api: the version, and every algorithm's table of parameters: complete, consistent, settable from its own default.
 */
#include "grasp/api.h"
#include "api/api.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(version_agrees_with_header)
{
    char text[32];
    int64_t v = grasp_version_number();
    ck_assert_int_eq(v, GRASP_VERSION_NUMBER);
    snprintf(text, sizeof text, "%d.%d.%d", (int)(v / 1000000), (int)(v / 1000 % 1000), (int)(v % 1000));
    ck_assert_str_eq(grasp_version_string(), text);
    ck_assert_str_eq(GRASP_VERSION_STRING, text);
}
END_TEST

START_TEST(build_info_has_its_words)
{
    ck_assert(contains(grasp_build_info(), "blas="));
    ck_assert(!contains(grasp_build_info(), "blas=unknown"));
    ck_assert(contains(grasp_build_info(), " threads=pthread"));
    ck_assert(contains(grasp_build_info(), " kernels=portable"));
}
END_TEST

/* Reads what a setter wrote by the getter of its type. */
static void assert_readable(grasp_context *ctx, const grasp_params *params, int64_t i)
{
    const char *key = grasp_params_name(params, i), *word;
    double f64;
    int64_t i64, n = 0;
    switch (grasp_params_type(params, i)) {
    case GRASP_PARAM_F64:
        ASSERT_OK(ctx, grasp_params_get_f64(ctx, params, key, &f64));
        break;
    case GRASP_PARAM_I64:
    case GRASP_PARAM_BOOL:
        ASSERT_OK(ctx, grasp_params_get_i64(ctx, params, key, &i64));
        break;
    case GRASP_PARAM_STR:
        ASSERT_OK(ctx, grasp_params_get_str(ctx, params, key, &word));
        ck_assert_str_eq(word, grasp_params_default(params, i));
        break;
    case GRASP_PARAM_F64S:
        ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, key, NULL, 0, &n));
        ck_assert(n >= 1);
        break;
    case GRASP_PARAM_I64S:
        ASSERT_OK(ctx, grasp_params_get_i64s(ctx, params, key, NULL, 0, &n));
        ck_assert(n >= 1);
        break;
    default:
        ck_abort_msg("%s.%s has an unknown type", grasp_params_algorithm(params), key);
    }
}

START_TEST(every_parameter_is_described)
{
    grasp_context *ctx = test_context();
    for (int64_t a = 0; a < grasp_algorithm_count(); a++) {
        grasp_params *params;
        ASSERT_OK(ctx, grasp_params_create(ctx, grasp_algorithm_name(a), &params));
        ck_assert_str_eq(grasp_params_algorithm(params), grasp_algorithm_name(a));
        for (int64_t b = 0; b < a; b++)
            ck_assert_str_ne(grasp_algorithm_name(a), grasp_algorithm_name(b));
        for (int64_t i = 0; i < grasp_params_count(params); i++) {
            const char *key = grasp_params_name(params, i);
            char text[512];
            ck_assert_msg(strlen(key) < 60, "%s may have been cut", key);
            ck_assert_msg(strlen(grasp_params_help(params, i)) > 5, "%s has no help", key);
            for (int64_t j = 0; j < i; j++)
                ck_assert_str_ne(key, grasp_params_name(params, j));
            assert_readable(ctx, params, i);
            /* The default is inside the range, and is what its text says. */
            ck_assert(snprintf(text, sizeof text, "%s=%s", key, grasp_params_default(params, i)) < (int)sizeof text);
            ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
        }
        grasp_params_free(params);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Every range is an interval or a choice that refuses what it should. */
START_TEST(every_range_refuses)
{
    grasp_context *ctx = test_context();
    for (int64_t a = 0; a < grasp_algorithm_count(); a++) {
        grasp_params *params;
        ASSERT_OK(ctx, grasp_params_create(ctx, grasp_algorithm_name(a), &params));
        for (int64_t i = 0; i < grasp_params_count(params); i++) {
            const char *key = grasp_params_name(params, i), *range = grasp_params_range(params, i);
            int32_t type = grasp_params_type(params, i);
            const double nan_value = NAN;
            size_t n = strlen(range);
            if (type == GRASP_PARAM_F64 || type == GRASP_PARAM_F64S)
                ASSERT_STATUS(ctx, grasp_params_set_f64(ctx, params, key, nan_value), GRASP_E_PARAM, key);
            if (type == GRASP_PARAM_STR)
                ASSERT_STATUS(ctx, grasp_params_set_i64(ctx, params, key, 1), GRASP_E_PARAM, "expected a word");
            if (type == GRASP_PARAM_STR && !contains(range, "any"))
                ASSERT_STATUS(ctx, grasp_params_set_str(ctx, params, key, "no such word"), GRASP_E_PARAM, range);
            if (type != GRASP_PARAM_STR && type != GRASP_PARAM_BOOL)
                ck_assert_msg(strchr("[(", range[0]) && strchr("])", range[n - 1]) && strchr(range, ','),
                              "%s has the range %s", key, range);
        }
        grasp_params_free(params);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    grasp_params *params = (grasp_params *)(void *)ctx;
    ASSERT_STATUS(ctx, grasp_params_create(ctx, "nothing", &params), GRASP_E_PARAM,
                  "grasp_params_create: there is no algorithm \"nothing\"; the nearest is \"");
    ck_assert_ptr_null(params);
    ASSERT_STATUS(ctx, grasp_params_create(ctx, NULL, &params), GRASP_E_ARG, "algorithm is NULL");
    ASSERT_STATUS(ctx, grasp_params_create(ctx, "dbscan", NULL), GRASP_E_ARG, "out is NULL");
    params = (grasp_params *)(void *)ctx;
    ck_assert_int_eq(grasp_params_create(NULL, "dbscan", &params), GRASP_E_ARG);
    ck_assert_ptr_null(params);
    ck_assert_ptr_null(grasp_algorithm_name(-1));
    ck_assert_ptr_null(grasp_algorithm_name(grasp_algorithm_count()));
    grasp_context_free(ctx);
}
END_TEST

static grasp_status make_and_parse(grasp_context *ctx, void *arg)
{
    grasp_params *params;
    grasp_status s = grasp_params_create(ctx, arg, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, "");
    grasp_params_free(params);
    return s;
}

START_TEST(survives_failing_allocations)
{
    for (int64_t a = 0; a < grasp_algorithm_count(); a++)
        for_each_failing_allocation(make_and_parse, (void *)(intptr_t)grasp_algorithm_name(a));
}
END_TEST

Suite *check_api_suite(void)
{
    Suite *suite = suite_create("api");
    TCase *all = tcase_create("all");
    tcase_add_test(all, version_agrees_with_header);
    tcase_add_test(all, build_info_has_its_words);
    tcase_add_test(all, every_parameter_is_described);
    tcase_add_test(all, every_range_refuses);
    tcase_add_test(all, refusals);
    tcase_add_test(all, survives_failing_allocations);
    suite_add_tcase(suite, all);
    return suite;
}
