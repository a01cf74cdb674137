/* SPDX-License-Identifier: BSD-3-Clause
 * base: parameters: tables with parts, every type, ranges, the text form, what algorithms read.
 */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const grasp__param leaf_params[] = {
    {"eps", GRASP_PARAM_F64S, "0.1,0.2", "(0, 2]", "radii"},
    {"min_samples", GRASP_PARAM_I64S, "5, 10", "[1, inf)", "neighbours of a core"},
    {"metric", GRASP_PARAM_STR, "cosine", "cosine|euclidean", "how far"},
};
static const grasp__param_table leaf = {"leaf", leaf_params, 3, {{NULL, NULL}}};
static const grasp__param middle_params[] = {
    {"mode", GRASP_PARAM_STR, "free", NULL, "any word"},
};
static const grasp__param_table middle = {"middle", middle_params, 1, {{"leaf", &leaf}, {NULL, NULL}}};
static const grasp__param top_params[] = {
    {"step", GRASP_PARAM_F64, "0.5", "[0, 1)", "a step"},
    {"shift", GRASP_PARAM_F64, "-1e-3", NULL, "anything finite"},
    {"epochs", GRASP_PARAM_I64, "10", "[1, 1000]", "how often"},
    {"adam", GRASP_PARAM_BOOL, "true", NULL, "whether"},
};
static const grasp__param_table top = {"top", top_params, 4, {{"middle", &middle}, {"leaf", &leaf}, {NULL, NULL}}};

static grasp_context *ctx;
static grasp_params *params;

static void setup(void)
{
    ctx = test_context();
    ASSERT_OK(ctx, grasp__params_create(ctx, &top, &params));
}

static void teardown(void)
{
    grasp_params_free(params);
    ck_assert(grasp_context_memory_used(ctx) == 0);
    grasp_context_free(ctx);
}

static double get_f64(const char *key)
{
    double value;
    ASSERT_OK(ctx, grasp_params_get_f64(ctx, params, key, &value));
    return value;
}

static int64_t get_i64(const char *key)
{
    int64_t value;
    ASSERT_OK(ctx, grasp_params_get_i64(ctx, params, key, &value));
    return value;
}

static const char *get_str(const char *key)
{
    const char *value;
    ASSERT_OK(ctx, grasp_params_get_str(ctx, params, key, &value));
    return value;
}

START_TEST(parts_are_laid_flat)
{
    static const char *const keys[] = {"step",
                                       "shift",
                                       "epochs",
                                       "adam",
                                       "middle.mode",
                                       "middle.leaf.eps",
                                       "middle.leaf.min_samples",
                                       "middle.leaf.metric",
                                       "leaf.eps",
                                       "leaf.min_samples",
                                       "leaf.metric"};
    ck_assert_int_eq(grasp_params_count(params), 11);
    ck_assert_str_eq(grasp_params_algorithm(params), "top");
    for (int i = 0; i < 11; i++)
        ck_assert_str_eq(grasp_params_name(params, i), keys[i]);
    ck_assert_int_eq(grasp_params_type(params, 0), GRASP_PARAM_F64);
    ck_assert_int_eq(grasp_params_type(params, 8), GRASP_PARAM_F64S);
    ck_assert_str_eq(grasp_params_default(params, 8), "0.1,0.2");
    ck_assert_str_eq(grasp_params_help(params, 8), "radii");
    ck_assert_str_eq(grasp_params_range(params, 8), "(0, 2]");
    ck_assert_str_eq(grasp_params_range(params, 1), "(-inf, inf)");
    ck_assert_str_eq(grasp_params_range(params, 3), "true|false");
    ck_assert_str_eq(grasp_params_range(params, 4), "any text");
    ck_assert_str_eq(grasp_params_range(params, 10), "cosine|euclidean");
}
END_TEST

START_TEST(enumeration_ends)
{
    for (int64_t i = -1; i <= 11; i += 12) {
        ck_assert_ptr_null(grasp_params_name(params, i));
        ck_assert_ptr_null(grasp_params_help(params, i));
        ck_assert_ptr_null(grasp_params_default(params, i));
        ck_assert_ptr_null(grasp_params_range(params, i));
        ck_assert_int_eq(grasp_params_type(params, i), 0);
    }
    ck_assert_int_eq(grasp_params_count(NULL), 0);
    ck_assert_ptr_null(grasp_params_algorithm(NULL));
    ck_assert_ptr_null(grasp_params_name(NULL, 0));
    ck_assert_int_eq(grasp_params_type(NULL, 0), 0);
    grasp_params_free(NULL);
}
END_TEST

START_TEST(defaults_are_read)
{
    int64_t n, counts[2];
    double eps[2];
    ck_assert(get_f64("step") == 0.5 && get_f64("shift") == -0.001 && get_f64("epochs") == 10);
    ck_assert(get_i64("epochs") == 10 && get_i64("adam") == 1);
    ck_assert_str_eq(get_str("middle.mode"), "free");
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", eps, 2, &n));
    ck_assert(n == 2 && eps[0] == 0.1 && eps[1] == 0.2);
    ASSERT_OK(ctx, grasp_params_get_i64s(ctx, params, "leaf.min_samples", counts, 2, &n));
    ck_assert(n == 2 && counts[0] == 5 && counts[1] == 10);
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.min_samples", eps, 2, &n));
    ck_assert(n == 2 && eps[1] == 10);
    n = 0;
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", NULL, 0, &n));
    ck_assert_int_eq(n, 2);
    ASSERT_OK(ctx, grasp_params_get_i64s(ctx, params, "epochs", counts, 1, &n)); /* one value is a list of one */
    ck_assert(n == 1 && counts[0] == 10);
}
END_TEST

START_TEST(values_are_set_and_kept_apart)
{
    const double eps[] = {0.5, 1, 2};
    const int64_t counts[] = {7};
    double back[3];
    int64_t n;
    ASSERT_OK(ctx, grasp_params_set_f64s(ctx, params, "leaf.eps", eps, 3));
    ASSERT_OK(ctx, grasp_params_set_f64(ctx, params, "middle.leaf.eps", 0.25));
    ASSERT_OK(ctx, grasp_params_set_i64s(ctx, params, "leaf.min_samples", counts, 1));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "leaf.metric", "euclidean"));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, params, "middle.mode", "a;b=c"));
    ASSERT_OK(ctx, grasp_params_set_i64(ctx, params, "step", 0));
    ASSERT_OK(ctx, grasp_params_set_i64(ctx, params, "adam", 0));
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", back, 3, &n));
    ck_assert(n == 3 && memcmp(back, eps, sizeof eps) == 0);
    ck_assert(get_f64("middle.leaf.eps") == 0.25 && get_i64("leaf.min_samples") == 7 && get_f64("step") == 0);
    ck_assert_str_eq(get_str("leaf.metric"), "euclidean");
    ck_assert_str_eq(get_str("middle.leaf.metric"), "cosine");
    ck_assert_str_eq(get_str("middle.mode"), "a;b=c");
    ck_assert_int_eq(get_i64("adam"), 0);
    ASSERT_OK(ctx, grasp_params_set_i64s(ctx, params, "leaf.eps", (const int64_t[]){1, 2}, 2));
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", back, 3, &n));
    ck_assert(n == 2 && back[0] == 1 && back[1] == 2);
}
END_TEST

/* Each must be refused in these words, and change nothing. */
#define REFUSED(call, words) ASSERT_STATUS(ctx, call, GRASP_E_PARAM, words)

START_TEST(refusals_of_values)
{
    const double bad[] = {0.5, 2.5};
    REFUSED(grasp_params_set_f64(ctx, params, "step", 1), "grasp_params_set_f64: \"step\" is 1, expected [0, 1)");
    REFUSED(grasp_params_set_f64(ctx, params, "step", -0.1), "\"step\" is -0.1, expected [0, 1)");
    REFUSED(grasp_params_set_f64(ctx, params, "step", NAN), "\"step\" is nan");
    REFUSED(grasp_params_set_f64(ctx, params, "shift", INFINITY), "\"shift\" is inf, expected a finite number");
    REFUSED(grasp_params_set_f64(ctx, params, "leaf.eps", 0), "\"leaf.eps\" is 0, expected (0, 2]");
    REFUSED(grasp_params_set_f64s(ctx, params, "leaf.eps", bad, 2), "\"leaf.eps\" is 2.5");
    REFUSED(grasp_params_set_f64s(ctx, params, "step", bad, 2), "\"step\" got 2 values, expected one");
    REFUSED(grasp_params_set_i64(ctx, params, "epochs", 0), "\"epochs\" is 0, expected [1, 1000]");
    REFUSED(grasp_params_set_i64(ctx, params, "epochs", 1001), "\"epochs\" is 1001");
    REFUSED(grasp_params_set_i64(ctx, params, "leaf.min_samples", INT64_MIN), "is -9223372036854775808");
    REFUSED(grasp_params_set_i64(ctx, params, "adam", 2), "\"adam\" is 2, expected [0, 1]");
    REFUSED(grasp_params_set_f64(ctx, params, "epochs", 3), "\"epochs\" takes no floating-point number");
    REFUSED(grasp_params_set_f64(ctx, params, "leaf.metric", 3), "expected a word");
    REFUSED(grasp_params_set_i64(ctx, params, "leaf.metric", 3), "takes no number, expected a word");
    REFUSED(grasp_params_set_str(ctx, params, "leaf.metric", "cos"), "is \"cos\", expected cosine|euclidean");
    REFUSED(grasp_params_set_str(ctx, params, "leaf.metric", ""), "is \"\", expected cosine|euclidean");
    REFUSED(grasp_params_set_str(ctx, params, "leaf.metric", "cosine|euclidean"), "expected cosine|euclidean");
    REFUSED(grasp_params_set_str(ctx, params, "step", "0.1"), "\"step\" takes no word, expected a number");
    ck_assert(get_f64("step") == 0.5 && get_f64("shift") == -0.001 && get_i64("epochs") == 10 && get_i64("adam") == 1);
    ck_assert_str_eq(get_str("leaf.metric"), "cosine");
    ASSERT_OK(ctx, grasp_params_set_i64(ctx, params, "leaf.min_samples", INT64_MAX));
    ck_assert_int_eq(get_i64("leaf.min_samples"), INT64_MAX);
}
END_TEST

START_TEST(refusals_name_the_nearest_key)
{
    REFUSED(grasp_params_set_f64(ctx, params, "stp", 0), "top has no parameter \"stp\"; the nearest is \"step\"");
    REFUSED(grasp_params_set_f64(ctx, params, "leaf.esp", 0), "the nearest is \"leaf.eps\"");
    REFUSED(grasp_params_set_f64(ctx, params, "eps", 0.1), "the nearest is \"middle.leaf.eps\"");
    REFUSED(grasp_params_set_f64(ctx, params, "min-samples", 1), "the nearest is \"middle.leaf.min_samples\"");
    REFUSED(grasp_params_set_i64(ctx, params, "", 0), "top has no parameter \"\"");
    REFUSED(grasp_params_set_i64(ctx, params, "step ", 0), "the nearest is \"step\"");
    char longer[300];
    memset(longer, 'e', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    REFUSED(grasp_params_set_i64(ctx, params, longer, 0), "top has no parameter \"eee");
}
END_TEST

START_TEST(a_part_becomes_its_own_parameters)
{
    grasp_params *part = NULL;
    double eps[3];
    int64_t n;
    const char *word;
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "leaf.eps=0.5,0.25,1; leaf.metric=euclidean; middle.leaf.eps=2"));
    ASSERT_OK(ctx, grasp_params_part(ctx, params, "leaf", &part));
    ck_assert_str_eq(grasp_params_algorithm(part), "leaf");
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, part, "eps", eps, 3, &n));
    ck_assert(n == 3 && eps[0] == 0.5 && eps[1] == 0.25 && eps[2] == 1);
    ASSERT_OK(ctx, grasp_params_get_str(ctx, part, "metric", &word));
    ck_assert_str_eq(word, "euclidean");
    grasp_params_free(part);
    ASSERT_OK(ctx, grasp_params_part(ctx, params, "middle", &part));
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, part, "leaf.eps", eps, 3, &n)); /* parts of a part come along */
    ck_assert(n == 1 && eps[0] == 2);
    grasp_params_free(part);
    REFUSED(grasp_params_part(ctx, params, "eps", &part), "top has no part \"eps\"");
    ck_assert_ptr_null(part);
    ASSERT_STATUS(ctx, grasp_params_part(ctx, params, NULL, &part), GRASP_E_ARG, "is NULL");
    ASSERT_STATUS(ctx, grasp_params_part(ctx, params, "leaf", NULL), GRASP_E_ARG, "out");
}
END_TEST

START_TEST(refusals_of_arguments)
{
    double f64;
    int64_t i64, n;
    const char *word = "unchanged";
    grasp_context *none = NULL;
    ASSERT_STATUS(ctx, grasp_params_set_f64(ctx, NULL, "step", 0), GRASP_E_ARG, "params is NULL");
    ASSERT_STATUS(ctx, grasp_params_set_f64(ctx, params, NULL, 0), GRASP_E_ARG, "key is NULL");
    ASSERT_STATUS(ctx, grasp_params_set_str(ctx, params, "leaf.metric", NULL), GRASP_E_ARG, "value is NULL");
    ASSERT_STATUS(ctx, grasp_params_set_f64s(ctx, params, "leaf.eps", NULL, 2), GRASP_E_ARG, "values is NULL");
    ASSERT_STATUS(ctx, grasp_params_set_f64s(ctx, params, "leaf.eps", &f64, 0), GRASP_E_ARG, "n is 0");
    ASSERT_STATUS(ctx, grasp_params_set_i64s(ctx, params, "leaf.eps", &i64, -1), GRASP_E_ARG, "n is -1");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, params, NULL), GRASP_E_ARG, "text is NULL");
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, NULL, ""), GRASP_E_ARG, "params is NULL");
    ASSERT_STATUS(ctx, grasp_params_get_f64(ctx, params, "step", NULL), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_params_get_i64(ctx, params, "epochs", NULL), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_params_get_str(ctx, params, "leaf.metric", NULL), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", &f64, 1, NULL), GRASP_E_ARG, "n is NULL");
    ASSERT_STATUS(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", &f64, 1, &n), GRASP_E_DIM,
                  "capacity is 1, but \"leaf.eps\" has 2 values");
    ASSERT_STATUS(ctx, grasp_params_get_i64s(ctx, params, "leaf.min_samples", &i64, 1, &n), GRASP_E_DIM, "capacity");
    REFUSED(grasp_params_get_f64(ctx, params, "leaf.eps", &f64), "\"leaf.eps\" is a list of 2 values, expected one");
    REFUSED(grasp_params_get_i64(ctx, params, "leaf.min_samples", &i64), "is a list of 2 values");
    REFUSED(grasp_params_get_i64(ctx, params, "step", &i64), "\"step\" is a floating-point number, not a whole number");
    REFUSED(grasp_params_get_f64(ctx, params, "leaf.metric", &f64), "\"leaf.metric\" is a word, not a number");
    REFUSED(grasp_params_get_f64s(ctx, params, "leaf.metric", &f64, 1, &n), "not a list of numbers");
    REFUSED(grasp_params_get_i64s(ctx, params, "leaf.eps", &i64, 1, &n), "not a list of whole numbers");
    REFUSED(grasp_params_get_str(ctx, params, "epochs", &word), "\"epochs\" is a whole number, not a word");
    ck_assert_ptr_null(word);
    ck_assert_int_eq(grasp_params_set_f64(none, params, "step", 0), GRASP_E_ARG);
    ck_assert_int_eq(grasp_params_parse(none, params, ""), GRASP_E_ARG);
}
END_TEST

START_TEST(text_sets_many)
{
    double eps[3];
    int64_t n;
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, ""));
    ASSERT_OK(ctx,
              grasp_params_parse(ctx, params,
                                 " step = .25;leaf.eps=0.1 , 2,1e-1;leaf.metric = euclidean ;adam=false; epochs=20;;"));
    ck_assert(get_f64("step") == 0.25 && get_i64("adam") == 0 && get_i64("epochs") == 20);
    ck_assert_str_eq(get_str("leaf.metric"), "euclidean");
    ASSERT_OK(ctx, grasp_params_get_f64s(ctx, params, "leaf.eps", eps, 3, &n));
    ck_assert(n == 3 && eps[0] == 0.1 && eps[1] == 2 && eps[2] == 0.1);
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "adam=1;step=0.5;step=0.75;middle.mode="));
    ck_assert(get_i64("adam") == 1 && get_f64("step") == 0.75); /* the last counts */
    ck_assert_str_eq(get_str("middle.mode"), "");
    ck_assert_str_eq(get_str("leaf.metric"), "euclidean"); /* what an earlier text set, copied by the later one */
}
END_TEST

START_TEST(text_keeps_the_names)
{
    const char *lent = grasp_params_name(params, 8);
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "step=0.25;leaf.eps=0.5,0.75,1"));
    ck_assert_ptr_eq(grasp_params_name(params, 8), lent); /* lives as long as the parameters */
    ck_assert_str_eq(lent, "leaf.eps");
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "leaf.metric=euclidean"));
    ck_assert_ptr_eq(grasp_params_name(params, 8), lent);
    ck_assert(get_f64("step") == 0.25); /* given before, still there */
}
END_TEST

START_TEST(text_sets_all_or_nothing)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"step=0.1;stap=1", "top has no parameter \"stap\"; the nearest is \"step\""},
        {"step=0.1;epochs=0", "\"epochs\" is 0, expected [1, 1000]"},
        {"step=0.1;epochs=1.5", "\"epochs\" is \"1.5\", expected a whole number"},
        {"step=0.1;epochs=", "\"epochs\" is \"\", expected a whole number"},
        {"step=0.1;epochs=99999999999999999999", "expected a whole number"},
        {"step=0.1;leaf.eps=0.1,,0.2", "\"leaf.eps\" is \"\", expected a number"},
        {"step=0.1;leaf.eps=0.1,", "\"leaf.eps\" is \"\", expected a number"},
        {"step=0.1;leaf.eps=0.1 0.2", "\"leaf.eps\" is \"0.1 0.2\", expected a number"},
        {"step=0.1;leaf.eps=1,3", "\"leaf.eps\" is 3, expected (0, 2]"},
        {"step=0.1;epochs=1,2", "\"epochs\" got 2 values, expected one"},
        {"step=0.1;adam=yes", "\"adam\" is \"yes\", expected true or false"},
        {"step=0.1;leaf.metric=L2", "\"leaf.metric\" is \"L2\", expected cosine|euclidean"},
        {"step=0.1;epochs", "\"epochs\" has no '=', expected key=value"},
        {"step=0.1;=3", "top has no parameter \"\""},
        {"step=nan", "\"step\" is nan"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(grasp_params_parse(ctx, params, bad[i].text), bad[i].words);
        ck_assert(get_f64("step") == 0.5);
    }
}
END_TEST

START_TEST(algorithms_read_through_their_table)
{
    grasp__options whole, part, inner, other;
    int64_t n;
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, "middle.leaf.eps=0.3,0.4;leaf.metric=euclidean;epochs=10"));
    ck_assert_int_eq(grasp__options_open(ctx, params, &top, &whole), GRASP_OK);
    ck_assert(grasp__options_f64(&whole, "step") == 0.5 && grasp__options_i64(&whole, "adam") == 1);
    ck_assert(grasp__options_given(&whole, "epochs") && !grasp__options_given(&whole, "step"));
    part = grasp__options_part(&whole, "leaf");
    ck_assert_ptr_eq(part.table, &leaf);
    ck_assert(grasp__options_is(&part, "metric", "euclidean") && !grasp__options_is(&part, "metric", "cosine"));
    ck_assert(grasp__options_f64s(&part, "eps", &n)[1] == 0.2 && n == 2);
    other = grasp__options_part(&whole, "middle");
    ck_assert_str_eq(grasp__options_str(&other, "mode"), "free");
    inner = grasp__options_part(&other, "leaf");
    ck_assert_ptr_eq(inner.table, &leaf);
    ck_assert(grasp__options_f64s(&inner, "eps", &n)[1] == 0.4 && n == 2);
    ck_assert(grasp__options_i64s(&inner, "min_samples", &n)[0] == 5 && n == 2);
    ck_assert(grasp__options_given(&inner, "eps") && !grasp__options_given(&part, "eps"));
    grasp__options_close(&whole);

    ck_assert_int_eq(grasp__options_open(ctx, NULL, &leaf, &whole), GRASP_OK);
    ck_assert_str_eq(grasp__options_str(&whole, "metric"), "cosine");
    grasp__options_close(&whole);
    ASSERT_STATUS(ctx, grasp__options_open(ctx, params, &leaf, &whole), GRASP_E_PARAM,
                  "params are those of top, expected those of leaf");
    grasp__options_close(&whole);
    ASSERT_STATUS(ctx, grasp__options_open(ctx, (grasp_params *)(void *)ctx, &leaf, &whole), GRASP_E_ARG,
                  "params is no grasp_params");
    grasp__options_close(&whole);
}
END_TEST

START_TEST(params_outlive_their_context)
{
    grasp_context *first = test_context();
    grasp_params *p;
    ASSERT_OK(first, grasp__params_create(first, &top, &p));
    grasp_context_free(first);
    ASSERT_OK(ctx, grasp_params_parse(ctx, p, "leaf.eps=1,2,0.5"));
    ASSERT_OK(ctx, grasp_params_set_str(ctx, p, "middle.mode", "later"));
    grasp_params_free(p);
}
END_TEST

static grasp_status use_params(grasp_context *c, void *arg)
{
    const int64_t counts[] = {1, 2, 3};
    grasp_params *p = NULL;
    grasp__options o = {.params = NULL};
    (void)arg;
    grasp_status s = grasp__params_create(c, &top, &p);
    if (s == GRASP_OK)
        s = grasp_params_parse(c, p, "leaf.eps=0.1,0.2,0.3;leaf.metric=euclidean;step=0.1");
    if (s == GRASP_OK)
        s = grasp_params_set_i64s(c, p, "leaf.eps", counts, 2);
    if (s == GRASP_OK)
        s = grasp_params_set_i64s(c, p, "leaf.min_samples", counts, 3);
    if (s == GRASP_OK)
        s = grasp_params_set_str(c, p, "middle.mode", "word");
    if (s == GRASP_OK)
        s = grasp__options_open(c, NULL, &middle, &o);
    grasp__options_close(&o);
    grasp_params_free(p);
    return s;
}

START_TEST(params_survive_failing_allocations)
{
    for_each_failing_allocation(use_params, NULL);
}
END_TEST

Suite *check_base_params_suite(void)
{
    Suite *suite = suite_create("base_params");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, parts_are_laid_flat);
    tcase_add_test(all, enumeration_ends);
    tcase_add_test(all, defaults_are_read);
    tcase_add_test(all, values_are_set_and_kept_apart);
    tcase_add_test(all, refusals_of_values);
    tcase_add_test(all, refusals_name_the_nearest_key);
    tcase_add_test(all, refusals_of_arguments);
    tcase_add_test(all, text_sets_many);
    tcase_add_test(all, text_keeps_the_names);
    tcase_add_test(all, text_sets_all_or_nothing);
    tcase_add_test(all, algorithms_read_through_their_table);
    tcase_add_test(all, a_part_becomes_its_own_parameters);
    tcase_add_test(all, params_outlive_their_context);
    tcase_add_test(all, params_survive_failing_allocations);
    suite_add_tcase(suite, all);
    return suite;
}
