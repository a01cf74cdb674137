/* SPDX-License-Identifier: BSD-3-Clause
 * groups: labels and counts, coding, cross products, merging, selecting: against definitions spelled out in quadratic
 * time.
 */
#include "support.h"

#include "groups/groups.h"

#include <string.h>

enum { MOST = 60 };

/* Labels in -1..k-1; some groups may be empty. */
static int64_t random_labels(grasp__rng *rng, int64_t *label, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++)
        label[i] = grasp__rng_below(rng, k + 1) - 1;
    return n;
}

START_TEST(labels_and_counts)
{
    static const int64_t label[] = {3, 0, -1, 3, 1, -1, 3};
    int64_t copy[7], rows[5], n = -7;
    grasp_context *ctx = test_context();
    grasp_groups *g;
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, 7, &g));
    ck_assert_int_eq(grasp_groups_samples(g), 7);
    ck_assert_int_eq(grasp_groups_count(g), 4);
    ck_assert_int_eq(grasp_groups_noise(g), 2);
    static const int64_t size[] = {0, 1, 1, 0, 3, 0};
    for (int64_t k = -1; k <= 4; k++)
        ck_assert_int_eq(grasp_groups_size(g, k), size[k + 1]);
    ASSERT_OK(ctx, grasp_groups_labels(ctx, g, copy, 7));
    ck_assert_mem_eq(copy, label, sizeof label);
    for (int64_t i = 0; i < 7; i++)
        ck_assert_int_eq(grasp_groups_label(g, i), label[i]);
    ck_assert_int_eq(grasp_groups_label(g, -1), GRASP_NOISE);
    ck_assert_int_eq(grasp_groups_label(g, 7), GRASP_NOISE);
    ASSERT_OK(ctx, grasp_groups_kept(ctx, g, NULL, 0, &n));
    ck_assert_int_eq(n, 5);
    ASSERT_OK(ctx, grasp_groups_kept(ctx, g, rows, 5, &n));
    static const int64_t kept[] = {0, 1, 3, 4, 6};
    ck_assert_mem_eq(rows, kept, sizeof kept);
    grasp_context_free(ctx);
    grasp_groups_free(grasp_groups_ref(g));
    ck_assert_int_eq(grasp_groups_samples(g), 7);
    grasp_groups_free(g);
    grasp_groups_free(NULL);
    ck_assert_ptr_null(grasp_groups_ref(NULL));
    ck_assert_int_eq(grasp_groups_samples(NULL) + grasp_groups_count(NULL) + grasp_groups_noise(NULL), 0);
    ck_assert_int_eq(grasp_groups_size(NULL, 0), 0);
    ck_assert_int_eq(grasp_groups_label(NULL, 0), GRASP_NOISE);
}
END_TEST

START_TEST(nothing_is_a_partition)
{
    int64_t n = -1;
    grasp_context *ctx = test_context();
    grasp_groups *a, *b, *c;
    ASSERT_OK(ctx, grasp_groups_create(ctx, NULL, 0, &a));
    ASSERT_OK(ctx, grasp_groups_create_coded(ctx, NULL, 0, &b));
    ck_assert_int_eq(grasp_groups_count(a) + grasp_groups_samples(b), 0);
    ASSERT_OK(ctx, grasp_groups_cross(ctx, a, b, &c));
    grasp_groups_free(c);
    ASSERT_OK(ctx, grasp_groups_merge_classes(ctx, NULL, 0, NULL, 0, &c));
    grasp_groups_free(c);
    ASSERT_OK(ctx, grasp_groups_select(ctx, a, NULL, 0, &c));
    grasp_groups_free(c);
    ASSERT_OK(ctx, grasp_groups_labels(ctx, a, NULL, 0));
    ASSERT_OK(ctx, grasp_groups_kept(ctx, a, NULL, 0, &n));
    ck_assert_int_eq(n, 0);
    grasp_groups_free(a);
    grasp_groups_free(b);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals_name_the_fault)
{
    static const int64_t label[] = {0, 1, 0}, low[] = {0, -2, 0}, high[] = {0, 1, INT64_C(1) << 24},
                         bad_rows[] = {0, 3};
    int64_t out[3] = {0}, n;
    grasp_context *ctx = test_context();
    grasp_groups *g, *two, *none = (grasp_groups *)out;
    ASSERT_STATUS(ctx, grasp_groups_create(ctx, low, 3, &none), GRASP_E_ARG, "grasp_groups_create: label[1] is -2");
    ck_assert_ptr_null(none);
    ASSERT_STATUS(ctx, grasp_groups_create(ctx, high, 3, &none), GRASP_E_ARG, "label[2] is 16777216");
    ASSERT_STATUS(ctx, grasp_groups_create(ctx, NULL, 3, &none), GRASP_E_ARG, "label");
    ASSERT_STATUS(ctx, grasp_groups_create(ctx, label, -1, &none), GRASP_E_ARG, "n");
    ASSERT_STATUS(ctx, grasp_groups_create(ctx, label, 3, NULL), GRASP_E_ARG, "out");
    ck_assert_int_eq(grasp_groups_create(NULL, label, 3, &none), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_groups_create_coded(ctx, NULL, 3, &none), GRASP_E_ARG, "value");
    ASSERT_STATUS(ctx, grasp_groups_create_coded(ctx, label, -3, &none), GRASP_E_ARG, "n");
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, 3, &g));
    ASSERT_OK(ctx, grasp_groups_create(ctx, label, 2, &two));
    ASSERT_STATUS(ctx, grasp_groups_cross(ctx, g, two, &none), GRASP_E_DIM, "samples of b");
    ASSERT_STATUS(ctx, grasp_groups_cross(ctx, NULL, two, &none), GRASP_E_ARG, "a");
    ASSERT_STATUS(ctx, grasp_groups_cross(ctx, g, NULL, &none), GRASP_E_ARG, "b");
    ASSERT_STATUS(ctx, grasp_groups_select(ctx, g, bad_rows, 2, &none), GRASP_E_ARG, "rows[1] is 3, expected 0 to 2");
    ASSERT_STATUS(ctx, grasp_groups_select(ctx, g, NULL, 2, &none), GRASP_E_ARG, "rows");
    ASSERT_STATUS(ctx, grasp_groups_select(ctx, (grasp_groups *)out, bad_rows, 2, &none), GRASP_E_ARG, "grasp_groups");
    ASSERT_STATUS(ctx, grasp_groups_labels(ctx, g, out, 2), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_groups_labels(ctx, g, NULL, 3), GRASP_E_ARG, "label");
    ASSERT_STATUS(ctx, grasp_groups_kept(ctx, g, out, 2, &n), GRASP_E_DIM, "capacity is 2, expected at least 3");
    ASSERT_STATUS(ctx, grasp_groups_kept(ctx, g, out, 3, NULL), GRASP_E_ARG, "n");
    const grasp_groups *classes[] = {two, g};
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, label, 3, classes, 3, &none), GRASP_E_DIM,
                  "n_classes is 3, expected 2");
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, label, 3, classes, 2, &none), GRASP_E_DIM,
                  "per_class[1] has 3 samples, expected 1");
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, label, 3, NULL, 2, &none), GRASP_E_ARG, "per_class");
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, NULL, 3, classes, 2, &none), GRASP_E_ARG, "y");
    classes[0] = NULL;
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, label, 3, classes, 2, &none), GRASP_E_ARG, "per_class[0]");
    grasp_groups_free(g);
    grasp_groups_free(two);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(coding_keeps_the_order_of_values)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(200); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        static const int64_t pool[] = {INT64_MIN, -5, -1, 0, 3, 4, 1 << 30, INT64_MAX};
        int64_t value[MOST], n = grasp__rng_below(&rng, MOST), kinds = 1 + grasp__rng_below(&rng, 8);
        for (int64_t i = 0; i < n; i++)
            value[i] = pool[grasp__rng_below(&rng, kinds)];
        grasp_groups *g;
        ASSERT_OK(ctx, grasp_groups_create_coded(ctx, value, n, &g));
        ck_assert_int_eq(grasp_groups_noise(g), 0);
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < n; j++)
                ck_assert((value[i] < value[j]) == (grasp_groups_label(g, i) < grasp_groups_label(g, j)));
            ck_assert_int_lt(grasp_groups_label(g, i), grasp_groups_count(g));
        }
        for (int64_t k = 0; k < grasp_groups_count(g); k++)
            ck_assert_int_gt(grasp_groups_size(g, k), 0);
        grasp_groups_free(g);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(cross_is_the_pair_of_labels)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(200); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t a[MOST], b[MOST], n = grasp__rng_below(&rng, MOST), noise = 0, sizes = 0;
        random_labels(&rng, a, n, 1 + t % 5);
        random_labels(&rng, b, n, 1 + t % 7);
        grasp_groups *ga, *gb, *c;
        ASSERT_OK(ctx, grasp_groups_create(ctx, a, n, &ga));
        ASSERT_OK(ctx, grasp_groups_create(ctx, b, n, &gb));
        ASSERT_OK(ctx, grasp_groups_cross(ctx, ga, gb, &c));
        for (int64_t i = 0; i < n; i++) {
            int64_t label = grasp_groups_label(c, i);
            noise += label == GRASP_NOISE;
            ck_assert_int_eq(label == GRASP_NOISE, a[i] == GRASP_NOISE || b[i] == GRASP_NOISE);
            for (int64_t j = 0; j < n && label != GRASP_NOISE; j++)
                if (grasp_groups_label(c, j) != GRASP_NOISE)
                    ck_assert((label < grasp_groups_label(c, j)) == (a[i] < a[j] || (a[i] == a[j] && b[i] < b[j])));
        }
        for (int64_t k = 0; k < grasp_groups_count(c); k++) {
            ck_assert_int_gt(grasp_groups_size(c, k), 0);
            sizes += grasp_groups_size(c, k);
        }
        ck_assert_int_eq(noise, grasp_groups_noise(c));
        ck_assert_int_eq(noise + sizes, n);
        grasp_groups_free(ga);
        grasp_groups_free(gb);
        grasp_groups_free(c);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Splits random samples by class, labels each class by itself, and puts them together again. */
START_TEST(merging_classes_offsets_by_clusters)
{
    grasp_context *ctx = test_context();
    for (int64_t t = 0; t < trials(200); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        static const int64_t classes[] = {-9, 2, 3, 77};
        int64_t y[MOST], label[MOST], n = 4 + grasp__rng_below(&rng, MOST - 4), n_classes = 1 + t % 4, first[5] = {0};
        grasp_groups *part[4], *merged, *selected;
        for (int64_t i = 0; i < n; i++)
            y[i] = classes[i < n_classes ? n_classes - 1 - i : grasp__rng_below(&rng, n_classes)];
        for (int64_t c = 0; c < n_classes; c++) {
            int64_t of_class = 0;
            for (int64_t i = 0; i < n; i++)
                of_class += y[i] == classes[c];
            random_labels(&rng, label, of_class, t % 3); /* all noise, too */
            ASSERT_OK(ctx, grasp_groups_create(ctx, label, of_class, &part[c]));
            first[c + 1] = first[c] + grasp_groups_count(part[c]);
        }
        ASSERT_OK(ctx, grasp_groups_merge_classes(ctx, y, n, (const grasp_groups *const *)part, n_classes, &merged));
        ck_assert_int_eq(grasp_groups_count(merged), first[n_classes]);
        for (int64_t c = 0; c < n_classes; c++) {
            int64_t rows[MOST], of_class = 0;
            for (int64_t i = 0; i < n; i++)
                if (y[i] == classes[c]) {
                    int64_t within = grasp_groups_label(part[c], of_class);
                    ck_assert_int_eq(grasp_groups_label(merged, i), within == -1 ? -1 : first[c] + within);
                    rows[of_class++] = i;
                }
            ASSERT_OK(ctx, grasp_groups_select(ctx, merged, rows, of_class, &selected));
            ck_assert_int_eq(grasp_groups_count(selected), first[n_classes]);
            ck_assert_int_eq(grasp_groups_noise(selected), grasp_groups_noise(part[c]));
            for (int64_t k = 0; k < grasp_groups_count(part[c]); k++)
                ck_assert_int_eq(grasp_groups_size(selected, first[c] + k), grasp_groups_size(part[c], k));
            grasp_groups_free(selected);
        }
        for (int64_t c = 0; c < n_classes; c++)
            grasp_groups_free(part[c]);
        grasp_groups_free(merged);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(rows_by_class_are_in_order)
{
    grasp_context *ctx = test_context();
    static const int64_t y[] = {5, -1, 5, 2, 2, 5, -1};
    static const int64_t want_rows[] = {1, 6, 3, 4, 0, 2, 5}, want_start[] = {0, 2, 4, 7};
    int64_t *classes, n_classes, *rows, *start;
    ASSERT_OK(ctx, grasp__distinct(ctx, y, 7, &classes, &n_classes));
    ck_assert_int_eq(n_classes, 3);
    ck_assert(classes[0] == -1 && classes[1] == 2 && classes[2] == 5);
    ck_assert_int_eq(grasp__code_of(classes, 3, 5), 2);
    ck_assert_int_eq(grasp__code_of(classes, 3, 4), -1);
    ck_assert_int_eq(grasp__code_of(classes, 3, 6), -1);
    ASSERT_OK(ctx, grasp__rows_by_class(ctx, y, 7, classes, n_classes, &rows, &start));
    ck_assert_mem_eq(rows, want_rows, sizeof want_rows);
    ck_assert_mem_eq(start, want_start, sizeof want_start);
    grasp__free(classes);
    grasp__free(rows);
    grasp__free(start);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(too_many_groups_are_refused)
{
    grasp_context *ctx = test_context();
    grasp_groups *one, *merged = NULL;
    static const int64_t top[] = {(INT64_C(1) << 24) - 1};
    static const int64_t y[] = {0, 1};
    ASSERT_OK(ctx, grasp_groups_create(ctx, top, 1, &one));
    ck_assert_int_eq(grasp_groups_count(one), INT64_C(1) << 24);
    const grasp_groups *both[] = {one, one};
    ASSERT_STATUS(ctx, grasp_groups_merge_classes(ctx, y, 2, both, 2, &merged), GRASP_E_OVERFLOW, "33554432 groups");
    ASSERT_OK(ctx, grasp_groups_cross(ctx, one, one, &merged)); /* pairs are numbered anew */
    ck_assert_int_eq(grasp_groups_count(merged), 1);
    grasp_groups_free(one);
    grasp_groups_free(merged);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status scenario(grasp_context *ctx, void *arg)
{
    static const int64_t y[] = {1, 0, 1, 0}, label[] = {0, -1, 1, 0}, rows[] = {3, 1};
    grasp_groups *g = NULL, *coded = NULL, *cross = NULL, *half[2] = {NULL, NULL}, *merged = NULL;
    (void)arg;
    grasp_status s = grasp_groups_create(ctx, label, 4, &g);
    if (s == GRASP_OK)
        s = grasp_groups_create_coded(ctx, y, 4, &coded);
    if (s == GRASP_OK)
        s = grasp_groups_cross(ctx, g, coded, &cross);
    for (int i = 0; i < 2 && s == GRASP_OK; i++)
        s = grasp_groups_select(ctx, g, rows, 2, &half[i]);
    if (s == GRASP_OK)
        s = grasp_groups_merge_classes(ctx, y, 4, (const grasp_groups *const *)half, 2, &merged);
    ck_assert(s == GRASP_OK || merged == NULL);
    grasp_groups_free(g);
    grasp_groups_free(coded);
    grasp_groups_free(cross);
    grasp_groups_free(half[0]);
    grasp_groups_free(half[1]);
    grasp_groups_free(merged);
    return s;
}

START_TEST(failing_allocations_leave_nothing)
{
    for_each_failing_allocation(scenario, NULL);
}
END_TEST

Suite *check_groups_suite(void);
Suite *check_groups_suite(void)
{
    Suite *suite = suite_create("groups");
    TCase *all = tcase_create("all");
    tcase_add_test(all, labels_and_counts);
    tcase_add_test(all, nothing_is_a_partition);
    tcase_add_test(all, refusals_name_the_fault);
    tcase_add_test(all, coding_keeps_the_order_of_values);
    tcase_add_test(all, cross_is_the_pair_of_labels);
    tcase_add_test(all, merging_classes_offsets_by_clusters);
    tcase_add_test(all, rows_by_class_are_in_order);
    tcase_add_test(all, too_many_groups_are_refused);
    tcase_add_test(all, failing_allocations_leave_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
