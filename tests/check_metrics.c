/* SPDX-License-Identifier: BSD-3-Clause
 * metrics: ARI, NMI, outliers and accuracies against scikit-learn's values (tests/data/make_metrics.py) and brute
 * force.
 */
#include "support.h"

#include "metrics/metrics.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 60 };

static grasp_groups *groups_of(grasp_context *ctx, const int64_t *label, int64_t n)
{
    grasp_groups *g;
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, n, &g));
    return g;
}

static void assert_near(double found, double expected, const char *what, int64_t at)
{
    ck_assert_msg(fabs(found - expected) < 1e-12, "%s %d: %.17g, expected %.17g", what, (int)at, found, expected);
}

START_TEST(values_of_scikit_learn)
{
    grasp_context *ctx = test_context();
    fixture *samples = fixture_read("tests/data/metrics_partitions.csv");
    fixture *expected = fixture_read("tests/data/metrics_expected.csv");
    int64_t *case_of = fixture_i64s(samples, "case"), *y = fixture_i64s(samples, "y");
    int64_t *a = fixture_i64s(samples, "a"), *b = fixture_i64s(samples, "b"), first = 0;
    static const char *const names[] = {"ari", "nmi", "ari_exclude", "nmi_exclude", "ari_within"};
    ck_assert_int_eq(expected->rows, 47);
    for (int64_t c = 0; c < expected->rows; c++) {
        int64_t end = first;
        while (end < samples->rows && case_of[end] == c)
            end++;
        grasp_groups *ga = groups_of(ctx, a + first, end - first), *gb = groups_of(ctx, b + first, end - first);
        double found[5];
        ASSERT_OK(ctx, grasp_metric_ari(ctx, ga, gb, GRASP_NOISE_GROUP, &found[0]));
        ASSERT_OK(ctx, grasp_metric_nmi(ctx, ga, gb, GRASP_NOISE_GROUP, &found[1]));
        ASSERT_OK(ctx, grasp_metric_ari(ctx, ga, gb, GRASP_NOISE_EXCLUDE, &found[2]));
        ASSERT_OK(ctx, grasp_metric_nmi(ctx, ga, gb, GRASP_NOISE_EXCLUDE, &found[3]));
        ASSERT_OK(ctx, grasp_metric_ari_within(ctx, y + first, end - first, ga, gb, GRASP_NOISE_GROUP, &found[4]));
        for (int i = 0; i < 5; i++)
            assert_near(found[i], expected->values[c * expected->cols + fixture_column(expected, names[i])], names[i],
                        c);
        grasp_groups_free(ga);
        grasp_groups_free(gb);
        first = end;
    }
    ck_assert_int_eq(first, samples->rows);
    free(case_of), free(y), free(a), free(b);
    fixture_free(samples);
    fixture_free(expected);
    grasp_context_free(ctx);
}
END_TEST

/* Hubert and Arabie by pairs of samples: alike in both, in a, in b, of all. */
static double ari_by_pairs(const int64_t *a, const int64_t *b, int64_t n)
{
    double both = 0, in_a = 0, in_b = 0, all = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            both += a[i] == a[j] && b[i] == b[j];
            in_a += a[i] == a[j];
            in_b += b[i] == b[j];
            all++;
        }
    double chance = all > 0 ? in_a * in_b / all : 0, most = 0.5 * (in_a + in_b);
    return most == chance ? 1 : (both - chance) / (most - chance);
}

START_TEST(indices_have_their_properties)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(300); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t a[MOST], b[MOST], renamed[MOST], n = grasp__rng_below(&rng, MOST);
        for (int64_t i = 0; i < n; i++) {
            a[i] = grasp__rng_below(&rng, 2 + t % 5) - 1;
            b[i] = grasp__rng_below(&rng, 2) ? a[i] : grasp__rng_below(&rng, 2 + t % 3) - 1;
            renamed[i] = 5 - b[i];
        }
        grasp_groups *ga = groups_of(ctx, a, n), *gb = groups_of(ctx, b, n), *gr = groups_of(ctx, renamed, n);
        double ari, nmi, other;
        ASSERT_OK(ctx, grasp_metric_ari(ctx, ga, gb, GRASP_NOISE_GROUP, &ari));
        ASSERT_OK(ctx, grasp_metric_nmi(ctx, ga, gb, GRASP_NOISE_GROUP, &nmi));
        assert_near(ari, ari_by_pairs(a, b, n), "ari", t);
        ck_assert(nmi >= 0 && nmi <= 1);
        ASSERT_OK(ctx, grasp_metric_ari(ctx, gb, ga, GRASP_NOISE_GROUP, &other));
        ck_assert(other == ari);
        ASSERT_OK(ctx, grasp_metric_ari(ctx, ga, gr, GRASP_NOISE_GROUP, &other));
        ck_assert(other == ari); /* names do not matter, noise's included */
        ASSERT_OK(ctx, grasp_metric_nmi(ctx, gr, ga, GRASP_NOISE_GROUP, &other));
        assert_near(other, nmi, "nmi", t);
        ASSERT_OK(ctx, grasp_metric_ari(ctx, gb, gr, GRASP_NOISE_GROUP, &other));
        ck_assert(other == 1);
        grasp_groups_free(ga);
        grasp_groups_free(gb);
        grasp_groups_free(gr);
    }
    grasp_context_free(ctx);
}
END_TEST

/* 2^18 samples in two nearly equal halves: the integers of the formula pass 2^64. */
START_TEST(ari_of_many_samples_is_exact)
{
    enum { N = 1 << 18 };
    grasp_context *ctx = test_context();
    int64_t *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    for (int64_t i = 0; i < N; i++) {
        a[i] = i >= N / 2;
        b[i] = i >= N / 2 + 1;
    }
    grasp_groups *ga = groups_of(ctx, a, N), *gb = groups_of(ctx, b, N);
    double ari;
    ASSERT_OK(ctx, grasp_metric_ari(ctx, ga, gb, GRASP_NOISE_GROUP, &ari));
    ck_assert_msg(ari == 0.9999847412109373, "%.17g", ari); /* rational arithmetic in Python */
    grasp_groups_free(ga);
    grasp_groups_free(gb);
    free(a), free(b);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(within_a_class_is_the_mean_of_classes)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(100); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t y[MOST], a[MOST], b[MOST], n = 1 + grasp__rng_below(&rng, MOST - 1), seen = 0;
        static const int64_t classes[] = {INT64_MIN, -3, 12};
        double sum = 0, found;
        for (int64_t i = 0; i < n; i++) {
            y[i] = classes[grasp__rng_below(&rng, 3)];
            a[i] = grasp__rng_below(&rng, 3) - 1;
            b[i] = grasp__rng_below(&rng, 3) - 1;
        }
        for (int c = 0; c < 3; c++) {
            int64_t in_a[MOST], in_b[MOST], m = 0, of_class = 0;
            for (int64_t i = 0; i < n; i++) {
                of_class += y[i] == classes[c];
                if (y[i] == classes[c] && a[i] >= 0 && b[i] >= 0) {
                    in_a[m] = a[i];
                    in_b[m++] = b[i];
                }
            }
            seen += of_class > 0;
            sum += of_class > 0 ? ari_by_pairs(in_a, in_b, m) : 0;
        }
        grasp_groups *ga = groups_of(ctx, a, n), *gb = groups_of(ctx, b, n);
        ASSERT_OK(ctx, grasp_metric_ari_within(ctx, y, n, ga, gb, GRASP_NOISE_EXCLUDE, &found));
        assert_near(found, sum / (double)seen, "within", t);
        grasp_groups_free(ga);
        grasp_groups_free(gb);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(accuracy_by_group)
{
    static const int64_t label[] = {0, 0, 0, 3, 3, -1, 1}, y[] = {1, 1, 0, 5, 5, 0, 2}, pred[] = {1, 0, 0, 5, 4, 1, 2};
    static const int64_t train[] = {30, 10, 1000, 60}, none[] = {0, 0, 7, 0};
    grasp_context *ctx = test_context();
    grasp_groups *g = groups_of(ctx, label, 7);
    double accuracy[4], worst, average;
    int64_t group = -1;
    ASSERT_OK(ctx, grasp_metric_group_accuracy(ctx, g, y, pred, 7, accuracy, 4));
    ck_assert(accuracy[0] == 2.0 / 3 && accuracy[1] == 1 && isnan(accuracy[2]) && accuracy[3] == 0.5);
    ASSERT_OK(ctx, grasp_metric_worst_group(ctx, g, y, pred, 7, &worst, &group));
    ck_assert(worst == 0.5 && group == 3);
    ASSERT_OK(ctx, grasp_metric_worst_group(ctx, g, y, pred, 7, &worst, NULL));
    ASSERT_OK(ctx, grasp_metric_worst_group(ctx, g, y, y, 7, &worst, &group)); /* all perfect: the first of equals */
    ck_assert(worst == 1 && group == 0);
    ASSERT_OK(ctx, grasp_metric_average_accuracy(ctx, g, y, pred, 7, train, 4, &average));
    assert_near(average, (30 * 2.0 / 3 + 10 + 60 * 0.5) / 100, "average", 0);
    ASSERT_STATUS(ctx, grasp_metric_average_accuracy(ctx, g, y, pred, 7, none, 4, &average), GRASP_E_EMPTY, "groups");
    grasp_groups_free(g);
    static const int64_t noise[] = {-1, -1};
    g = groups_of(ctx, noise, 2);
    ASSERT_STATUS(ctx, grasp_metric_worst_group(ctx, g, y, pred, 2, &worst, &group), GRASP_E_EMPTY, "no group");
    ASSERT_OK(ctx, grasp_metric_group_accuracy(ctx, g, y, pred, 2, accuracy, 0));
    grasp_groups_free(g);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(outliers_found_and_missed)
{
    static const int64_t label[] = {-1, 0, -1, -1, 1}, clean[] = {0, 0, 0, 0, 0};
    static const uint8_t is_outlier[] = {1, 255, 0, 0, 0}, no_outlier[5] = {0};
    grasp_context *ctx = test_context();
    grasp_groups *g = groups_of(ctx, label, 5), *c = groups_of(ctx, clean, 5);
    double precision, recall;
    ASSERT_OK(ctx, grasp_metric_outliers(ctx, g, is_outlier, 5, &precision, &recall));
    ck_assert(precision == 1.0 / 3 && recall == 0.5);
    ASSERT_OK(ctx, grasp_metric_outliers(ctx, c, is_outlier, 5, &precision, &recall));
    ck_assert(isnan(precision) && recall == 0);
    ASSERT_OK(ctx, grasp_metric_outliers(ctx, g, no_outlier, 5, &precision, &recall));
    ck_assert(precision == 0 && isnan(recall));
    grasp_groups_free(g);
    grasp_groups_free(c);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals_name_the_fault)
{
    static const int64_t label[] = {0, 1, 1}, negative[] = {3, -1};
    static const uint8_t flag[3] = {0};
    grasp_context *ctx = test_context();
    grasp_groups *g = groups_of(ctx, label, 3), *two = groups_of(ctx, label, 2), *none = groups_of(ctx, label, 0);
    double out = 42, accuracy[2] = {42, 42};
    int64_t group = 42;
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, NULL, g, 0, &out), GRASP_E_ARG, "grasp_metric_ari: a");
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, g, NULL, 0, &out), GRASP_E_ARG, "b");
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, g, two, 0, &out), GRASP_E_DIM, "samples of b");
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, g, g, 2, &out), GRASP_E_ARG, "noise");
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, g, g, -1, &out), GRASP_E_ARG, "noise");
    ASSERT_STATUS(ctx, grasp_metric_ari(ctx, g, g, 0, NULL), GRASP_E_ARG, "out");
    ck_assert_int_eq(grasp_metric_ari(NULL, g, g, 0, &out), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_metric_nmi(ctx, g, two, 0, &out), GRASP_E_DIM, "grasp_metric_nmi");
    ASSERT_STATUS(ctx, grasp_metric_ari_within(ctx, label, 2, g, g, 0, &out), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_metric_ari_within(ctx, NULL, 3, g, g, 0, &out), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_metric_ari_within(ctx, NULL, 0, none, none, 0, &out), GRASP_E_EMPTY, "no sample");
    ASSERT_STATUS(ctx, grasp_metric_outliers(ctx, g, flag, 2, &out, &out), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_metric_outliers(ctx, g, NULL, 3, &out, &out), GRASP_E_ARG, "is_outlier");
    ASSERT_STATUS(ctx, grasp_metric_outliers(ctx, g, flag, 3, NULL, &out), GRASP_E_ARG, "precision");
    ASSERT_STATUS(ctx, grasp_metric_outliers(ctx, g, flag, 3, &out, NULL), GRASP_E_ARG, "recall");
    ASSERT_STATUS(ctx, grasp_metric_group_accuracy(ctx, g, label, label, 3, accuracy, 3), GRASP_E_DIM, "n_groups");
    ASSERT_STATUS(ctx, grasp_metric_group_accuracy(ctx, g, label, label, 2, accuracy, 2), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_metric_group_accuracy(ctx, g, NULL, label, 3, accuracy, 2), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_metric_group_accuracy(ctx, g, label, NULL, 3, accuracy, 2), GRASP_E_ARG, "pred");
    ASSERT_STATUS(ctx, grasp_metric_group_accuracy(ctx, g, label, label, 3, NULL, 2), GRASP_E_ARG, "accuracy");
    ASSERT_STATUS(ctx, grasp_metric_worst_group(ctx, NULL, label, label, 3, &out, &group), GRASP_E_ARG, "groups");
    ASSERT_STATUS(ctx, grasp_metric_worst_group(ctx, g, label, label, 3, NULL, &group), GRASP_E_ARG, "accuracy");
    ASSERT_STATUS(ctx, grasp_metric_average_accuracy(ctx, g, label, label, 3, negative, 2, &out), GRASP_E_ARG,
                  "train_size[1] is -1");
    ASSERT_STATUS(ctx, grasp_metric_average_accuracy(ctx, g, label, label, 3, NULL, 2, &out), GRASP_E_ARG,
                  "train_size");
    ASSERT_STATUS(ctx, grasp_metric_average_accuracy(ctx, g, label, label, 3, label, 3, &out), GRASP_E_DIM, "n_groups");
    ck_assert(out == 42 && group == 42 && accuracy[0] == 42 && accuracy[1] == 42);
    grasp_groups_free(g);
    grasp_groups_free(two);
    grasp_groups_free(none);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status scenario(grasp_context *ctx, void *arg)
{
    static const int64_t a[] = {0, -1, 1, 0, 1}, b[] = {2, 2, -1, 0, 0}, y[] = {4, 4, 0, 0, 4}, train[] = {1, 2};
    grasp_groups *ga = NULL, *gb = NULL;
    double out = 42;
    int64_t group;
    (void)arg;
    grasp_status s = grasp_groups_create(ctx, a, 5, &ga);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, b, 5, &gb);
    if (s == GRASP_OK)
        s = grasp_metric_ari(ctx, ga, gb, GRASP_NOISE_GROUP, &out);
    ck_assert(s == GRASP_OK || out == 42);
    if (s == GRASP_OK)
        s = grasp_metric_nmi(ctx, ga, gb, GRASP_NOISE_EXCLUDE, &out);
    if (s == GRASP_OK)
        s = grasp_metric_ari_within(ctx, y, 5, ga, gb, GRASP_NOISE_GROUP, &out);
    if (s == GRASP_OK)
        s = grasp_metric_worst_group(ctx, ga, y, b, 5, &out, &group);
    if (s == GRASP_OK)
        s = grasp_metric_average_accuracy(ctx, ga, y, b, 5, train, 2, &out);
    grasp_groups_free(ga);
    grasp_groups_free(gb);
    return s;
}

START_TEST(failing_allocations_leave_nothing)
{
    for_each_failing_allocation(scenario, NULL);
}
END_TEST

Suite *check_metrics_suite(void);
Suite *check_metrics_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *all = tcase_create("all");
    tcase_add_test(all, values_of_scikit_learn);
    tcase_add_test(all, indices_have_their_properties);
    tcase_add_test(all, ari_of_many_samples_is_exact);
    tcase_add_test(all, within_a_class_is_the_mean_of_classes);
    tcase_add_test(all, accuracy_by_group);
    tcase_add_test(all, outliers_found_and_missed);
    tcase_add_test(all, refusals_name_the_fault);
    tcase_add_test(all, failing_allocations_leave_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
