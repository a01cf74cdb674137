/* SPDX-License-Identifier: BSD-3-Clause
 * Inference: Table 2 of Zeng et al. (2022) on Synthetic from the fixtures; choice; edges; assigning, where training
 * samples get their own labels back; refusals, failing allocations, cancelling, threads.
 */
#include "support.h"
#include "support_synthetic.h"

#include "grasp.h"
#include "infer/infer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

static grasp_gradients *make_gradients(grasp_context *ctx, const double *x, int64_t n, int64_t p)
{
    grasp_matrix *m = NULL;
    grasp_gradients *g = NULL;
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, p, n, &g));
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, n, p, p, (void *)(uintptr_t)x, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_gradients_append(ctx, g, m));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    grasp_matrix_free(m);
    return g;
}

static grasp_params *make_params(grasp_context *ctx, const char *text)
{
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, "infer", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    return params;
}

static grasp_inference *infer(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n, const char *text,
                              const grasp_groups *truth, grasp_report **report)
{
    grasp_inference *inference = NULL;
    grasp_params *params = make_params(ctx, text);
    ASSERT_OK(ctx, grasp_infer(ctx, g, y, n, params, truth, &inference, report));
    grasp_params_free(params);
    return inference;
}

/* Labels of an inference; free() them. */
static int64_t *labels_of(grasp_context *ctx, const grasp_inference *inference, int64_t n)
{
    int64_t *label = calloc((size_t)n + 1, sizeof *label);
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    ASSERT_OK(ctx, grasp_groups_labels(ctx, groups, label, n));
    grasp_groups_free(groups);
    return label;
}

static double ari(grasp_context *ctx, const grasp_inference *inference, const int64_t *truth, int64_t n)
{
    grasp_groups *found = NULL, *known = NULL;
    double value;
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &found));
    ASSERT_OK(ctx, grasp_groups_create(ctx, truth, n, &known));
    ASSERT_OK(ctx, grasp_metric_ari(ctx, found, known, GRASP_NOISE_GROUP, &value));
    grasp_groups_free(known);
    grasp_groups_free(found);
    return value;
}

/* Random gradients: a few directions, noise, duplicates, zero rows; classes 7, -3 and INT64_MAX in turn. */
static void make_random(uint64_t item, int64_t n, int64_t p, double *x, int64_t *y)
{
    static const int64_t classes[] = {7, -3, INT64_MAX};
    grasp__rng rng = test_rng(item);
    double centre[5][8];
    random_normals(&rng, &centre[0][0], 40);
    random_normals(&rng, x, n * p);
    for (int64_t i = 0; i < n; i++) {
        int64_t kind = grasp__rng_below(&rng, 6);
        y[i] = classes[grasp__rng_below(&rng, 3)];
        for (int64_t k = 0; k < p && kind < 5; k++)
            x[i * p + k] = 0.2 * x[i * p + k] + centre[kind][k % 8];
        if (i > 0 && grasp__rng_below(&rng, 12) == 0)
            memcpy(x + i * p, x + grasp__rng_below(&rng, i) * p, (size_t)p * sizeof *x);
        if (grasp__rng_below(&rng, 30) == 0)
            memset(x + i * p, 0, (size_t)p * sizeof *x);
    }
}

/* ---- Table 2 ----------------------------------------------------------------------------------------------------- */

START_TEST(table_2_dbscan)
{
    static const char *const data[] = {"clean", "contaminated"}, *const rows[] = {"features", "gradients"},
                      *const metric[] = {"euclidean", "cosine"};
    grasp_context *ctx = test_context();
    bool gradients = _i / 2 % 2;
    synthetic *d = synthetic_read(data[_i / 4]);
    expected_choice *e = expected_chosen(data[_i / 4], rows[_i / 2 % 2], metric[_i % 2]);
    grasp_gradients *g = make_gradients(ctx, gradients ? d->gradients : d->features, d->n, gradients ? 6 : 2);
    char text[64];
    snprintf(text, sizeof text, "metric=%s;score=silhouette_euclidean;noise=cluster", metric[_i % 2]);
    grasp_inference *inference = infer(ctx, g, d->y, d->n, text, NULL, NULL);
    int64_t *label = labels_of(ctx, inference, d->n);
    ck_assert_int_eq(grasp_inference_n_classes(inference), 2);
    for (int64_t c = 0; c < 2; c++) {
        int64_t class, min_samples, n_clusters, n_noise;
        double eps, score;
        int32_t admissible;
        ASSERT_OK(ctx, grasp_inference_class(ctx, inference, c, &class, &eps, &min_samples, &score, &n_clusters,
                                             &n_noise, &admissible));
        ck_assert_msg(class == c && eps == e->eps[c] && min_samples == e->min_samples[c] && admissible == 1 &&
                          fabs(score - e->silhouette[c]) < 1e-9,
                      "%s class %d: %g %d %.12f, expected %g %d %.12f", text, (int)c, eps, (int)min_samples, score,
                      e->eps[c], (int)e->min_samples[c], e->silhouette[c]);
    }
    for (int64_t i = 0; i < d->n; i++)
        ck_assert_int_eq(label[i], e->label[i]);
    ck_assert(fabs(ari(ctx, inference, d->true4, d->n) - e->ari4) < 1e-9);
    ck_assert(fabs(ari(ctx, inference, d->true6, d->n) - e->ari6) < 1e-9);
    free(label);
    grasp_inference_free(inference);
    grasp_gradients_free(g);
    free(e);
    synthetic_free(d);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(table_2_kmeans)
{
    static const char *const data[] = {"clean", "contaminated"}, *const rows[] = {"features", "gradients"};
    grasp_context *ctx = test_context();
    synthetic *d = synthetic_read(data[_i / 2]);
    bool gradients = _i % 2;
    grasp_gradients *g = make_gradients(ctx, gradients ? d->gradients : d->features, d->n, gradients ? 6 : 2);
    for (int64_t k = 2; k <= 3; k++) {
        expected_kmeans e = expected_kmeans_of(data[_i / 2], rows[_i % 2], k);
        char text[64];
        snprintf(text, sizeof text, "algorithm=kmeans;metric=euclidean;k=%d", (int)k);
        grasp_inference *inference = infer(ctx, g, d->y, d->n, text, NULL, NULL);
        ck_assert_msg(fabs(ari(ctx, inference, d->true4, d->n) - e.ari4) < 1e-9 &&
                          fabs(ari(ctx, inference, d->true6, d->n) - e.ari6) < 1e-9,
                      "%s %s k=%d: %.10f %.10f, expected %.10f %.10f", data[_i / 2], rows[_i % 2], (int)k,
                      ari(ctx, inference, d->true4, d->n), ari(ctx, inference, d->true6, d->n), e.ari4, e.ari6);
        grasp_inference_free(inference);
    }
    grasp_inference *chosen = infer(ctx, g, d->y, d->n, "algorithm=kmeans;metric=euclidean", NULL, NULL);
    for (int64_t c = 0; c < 2 && _i < 2; c++) {
        int64_t k;
        ASSERT_OK(ctx, grasp_inference_class(ctx, chosen, c, NULL, NULL, &k, NULL, NULL, NULL, NULL));
        ck_assert_int_eq(k, 2);
    }
    grasp_inference_free(chosen);
    grasp_gradients_free(g);
    synthetic_free(d);
    grasp_context_free(ctx);
}
END_TEST

/* ---- the choice -------------------------------------------------------------------------------------------------- */

START_TEST(one_setting_for_all)
{
    enum { N = 240, P = 4 };
    static double x[N * P];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    make_random(3, N, P, x, y);
    grasp_gradients *g = make_gradients(ctx, x, N, P);
    grasp_inference *inference = infer(ctx, g, y, N, "select=all", NULL, NULL);
    double highest = -2, eps, first_eps = 0, score;
    int64_t min_samples, first = 0, m;
    ck_assert_int_eq(grasp_inference_n_settings(inference), 104);
    for (int64_t i = 0; i < 104; i++) {
        double sum = 0;
        for (int64_t c = 0; c < 3; c++) {
            ASSERT_OK(ctx, grasp_inference_setting(ctx, inference, c, i, &eps, &m, &score));
            sum += score;
        }
        if (sum / 3 > highest + 1e-12) {
            highest = sum / 3;
            first_eps = eps;
            first = m;
        }
    }
    ck_assert(highest > -1);
    for (int64_t c = 0; c < 3; c++) {
        int32_t admissible;
        ASSERT_OK(ctx,
                  grasp_inference_class(ctx, inference, c, NULL, &eps, &min_samples, &score, NULL, NULL, &admissible));
        ck_assert(admissible ? eps == first_eps && min_samples == first : isnan(eps) && score == -1);
    }
    grasp_inference_free(inference);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

/* Classes by score=ari see their own part of the truth only, and the report says what the getters say. */
START_TEST(known_groups_and_report)
{
    enum { N = 200, P = 3 };
    static double x[N * P];
    static int64_t y[N], truth[N];
    grasp_context *ctx = test_context();
    make_random(5, N, P, x, y);
    for (int64_t i = 0; i < N; i++)
        truth[i] = x[i * P] > 0 ? 5 : 0;
    grasp_gradients *g = make_gradients(ctx, x, N, P);
    grasp_groups *known = NULL, *groups = NULL;
    grasp_report *report = NULL;
    ASSERT_OK(ctx, grasp_groups_create(ctx, truth, N, &known));
    grasp_inference *inference = infer(ctx, g, y, N, "score=ari;eps=0.1,0.3,0.6;min_samples=3,9", known, &report);
    int64_t *label = labels_of(ctx, inference, N), total_clusters = 0, total_noise = 0;
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    for (int64_t c = 0; c < 3; c++) {
        int64_t class, n = 0, min_samples, n_clusters, n_noise, rows[N];
        double eps, score, value, series[6], best = -2;
        grasp_groups *a = NULL, *b = NULL;
        int32_t admissible;
        ASSERT_OK(ctx, grasp_inference_class(ctx, inference, c, &class, &eps, &min_samples, &score, &n_clusters,
                                             &n_noise, &admissible));
        for (int64_t i = 0; i < N; i++)
            if (y[i] == class)
                rows[n++] = i;
        ASSERT_OK(ctx, grasp_groups_select(ctx, groups, rows, n, &a));
        ASSERT_OK(ctx, grasp_groups_select(ctx, known, rows, n, &b));
        ASSERT_OK(ctx, grasp_metric_ari(ctx, a, b, GRASP_NOISE_GROUP, &value));
        ck_assert(fabs(value - score) < 1e-12);
        ck_assert_int_eq(n_noise, grasp_groups_noise(a));
        const struct {
            const char *name;
            double value;
        } entries[] = {{"label", (double)class},           {"samples", (double)n},
                       {"eps", eps},                       {"min_samples", (double)min_samples},
                       {"score", score},                   {"clusters", (double)n_clusters},
                       {"noise", (double)n_noise},         {"admissible", (double)admissible}};
        char name[64];
        for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
            snprintf(name, sizeof name, "class.%d.%s", (int)c, entries[e].name);
            ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &value));
            ck_assert_msg(value == entries[e].value, "%s", name);
        }
        snprintf(name, sizeof name, "class.%d.scores", (int)c);
        ASSERT_OK(ctx, grasp_report_series(ctx, report, name, series, 6));
        for (int64_t i = 0; i < 6; i++) {
            ASSERT_OK(ctx, grasp_inference_setting(ctx, inference, c, i, &eps, &min_samples, &score));
            ck_assert(score == series[i]);
            best = fmax(best, score);
            ASSERT_OK(ctx, grasp_report_series(ctx, report, "grid.eps", series, 6));
            ck_assert(series[i] == eps);
            ASSERT_OK(ctx, grasp_report_series(ctx, report, "grid.min_samples", series, 6));
            ck_assert(series[i] == (double)min_samples);
            ASSERT_OK(ctx, grasp_report_series(ctx, report, name, series, 6));
        }
        snprintf(name, sizeof name, "class.%d.score", (int)c);
        ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &value));
        ck_assert(value >= best - 1e-12);
        total_clusters += n_clusters;
        total_noise += n_noise;
        grasp_groups_free(b);
        grasp_groups_free(a);
    }
    const struct {
        const char *name;
        int64_t value;
    } pooled[] = {{"samples", N}, {"classes", 3}, {"groups", total_clusters}, {"noise", total_noise}};
    for (size_t e = 0; e < sizeof pooled / sizeof *pooled; e++) {
        double value;
        ASSERT_OK(ctx, grasp_report_value(ctx, report, pooled[e].name, &value));
        ck_assert_msg(value == (double)pooled[e].value, "%s", pooled[e].name);
    }
    free(label);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_groups_free(known);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

/* ---- edges ------------------------------------------------------------------------------------------------------- */

/* A class where no setting is admissible is one group; published, it takes the first setting: all noise here. */
START_TEST(nothing_admissible)
{
    enum { N = 4 };
    static const double x[N * 2] = {1, 2, 1, 2, 1, 2, 1, 2}, apart[N * 2] = {1, 0, 0, 1, -1, 0, 0, -1};
    static const int64_t y[N] = {5, 5, 5, 5}, mixed[N] = {2, -9, 2, 2};
    static const char *const modes[] = {"mode=density", "mode=published", "algorithm=kmeans"};
    grasp_context *ctx = test_context();
    for (int64_t n = 0; n <= N; n++)
        for (int m = 0; m < 6; m++) {
            const double *rows = m < 3 ? x : apart;
            const int64_t *classes = m < 3 ? y : mixed;
            grasp_gradients *g = make_gradients(ctx, rows, n, 2);
            grasp_groups *again = NULL;
            char text[96];
            snprintf(text, sizeof text, "%s;k=1,8", modes[m % 3]);
            grasp_inference *inference = infer(ctx, g, classes, n, text, NULL, NULL);
            int64_t *label = labels_of(ctx, inference, n), n_classes = n == 0 ? 0 : m >= 3 && n > 1 ? 2 : 1;
            ck_assert_int_eq(grasp_inference_n_classes(inference), n_classes);
            ASSERT_OK(ctx, grasp_assign(ctx, inference, g, classes, n, &again));
            for (int64_t i = 0; i < n; i++) {
                int64_t expected = m % 3 == 1 ? GRASP_NOISE : n_classes == 2 && classes[i] == 2;
                ck_assert_msg(label[i] == expected && grasp_groups_label(again, i) == expected,
                              "%s, n %d, sample %d: %d", text, (int)n, (int)i, (int)label[i]);
            }
            for (int64_t c = 0; c < n_classes; c++) {
                int64_t n_clusters;
                int32_t admissible = 1;
                ASSERT_OK(ctx, grasp_inference_class(ctx, inference, c, NULL, NULL, NULL, NULL, &n_clusters, NULL,
                                                     &admissible));
                ck_assert(admissible == 0 && n_clusters == (m % 3 != 1));
            }
            grasp_groups_free(again);
            free(label);
            grasp_inference_free(inference);
            grasp_gradients_free(g);
        }
    grasp_context_free(ctx);
}
END_TEST

/* ---- assigning --------------------------------------------------------------------------------------------------- */

static const char *const settings[] = {"mode=density",
                                       "metric=euclidean;eps=0.3,0.6,0.9;min_samples=3,6",
                                       "center=false;eps=0.05,0.1,0.2;min_samples=2,4,8",
                                       "mode=published;eps=0.01;min_samples=30",
                                       "algorithm=kmeans",
                                       "algorithm=kmeans;metric=euclidean;k=3",
                                       "algorithm=gmm;k=2,3;restarts=2"};

START_TEST(training_samples_get_their_own)
{
    enum { N = 500, P = 5 };
    static double x[N * P];
    static int64_t y[N];
    for (int64_t t = 0; t < trials(4); t++) {
        grasp_context *ctx = test_context();
        int64_t n = t % 2 ? N : 90, rows[N], chosen[N];
        make_random((uint64_t)(100 + t), n, P, x, y);
        grasp_gradients *g = make_gradients(ctx, x, n, P), *some = NULL;
        grasp_inference *inference = infer(ctx, g, y, n, settings[_i], NULL, NULL);
        int64_t *label = labels_of(ctx, inference, n), noise = 0, m = 0;
        grasp_groups *all = NULL, *part = NULL;
        ASSERT_OK(ctx, grasp_assign(ctx, inference, g, y, n, &all));
        for (int64_t i = 0; i < n; i++) {
            noise += label[i] == GRASP_NOISE;
            ck_assert_msg(grasp_groups_label(all, i) == label[i], "%s: sample %d assigned to %d, was %d", settings[_i],
                          (int)i, (int)grasp_groups_label(all, i), (int)label[i]);
        }
        ck_assert(_i >= 4 ? noise == 0 : noise > 0);
        for (int64_t i = n - 1; i >= 0; i -= 3) { /* some, in another order */
            rows[m] = i;
            chosen[m++] = y[i];
        }
        ASSERT_OK(ctx, grasp_gradients_select(ctx, g, rows, m, &some));
        ASSERT_OK(ctx, grasp_assign(ctx, inference, some, chosen, m, &part));
        for (int64_t i = 0; i < m; i++)
            ck_assert_int_eq(grasp_groups_label(part, i), label[rows[i]]);
        grasp_groups_free(part);
        grasp_gradients_free(some);
        grasp_groups_free(all);
        free(label);
        grasp_inference_free(inference);
        grasp_gradients_free(g);
        grasp_context_free(ctx);
    }
}
END_TEST

/* New samples against a search over all cores, by the definitions in long double. */
START_TEST(new_samples_by_brute_force)
{
    enum { N = 300, P = 4, NEW = 160 };
    static double x[N * P], fresh[NEW * P];
    static int64_t y[N], new_y[NEW];
    grasp_context *ctx = test_context();
    make_random(31, N, P, x, y);
    make_random(32, NEW, P, fresh, new_y);
    grasp_gradients *g = make_gradients(ctx, x, N, P), *new_g = make_gradients(ctx, fresh, NEW, P);
    grasp_inference *inference = infer(ctx, g, y, N, settings[_i], NULL, NULL);
    grasp_groups *groups = NULL;
    new_y[0] = 12345; /* never seen */
    ASSERT_OK(ctx, grasp_assign(ctx, inference, new_g, new_y, NEW, &groups));
    int64_t found = 0, noise = 0;
    for (int64_t i = 1; i < NEW; i++) {
        int64_t lowest = GRASP_NOISE;
        for (int64_t c = 0; c < inference->n_classes; c++) {
            const grasp__inferred_class *k = &inference->classes[c];
            for (int64_t j = 0; k->label == new_y[i] && j < k->n; j++) {
                long double xy = 0, xx = 0, yy = 0, square = 0, within;
                const double *a = fresh + i * P, *b = x + k->row[j] * P;
                for (int64_t v = 0; v < P; v++) {
                    long double mean = k->mean == NULL ? 0 : k->mean[v];
                    xy += (a[v] - mean) * (b[v] - mean);
                    xx += (a[v] - mean) * (a[v] - mean);
                    yy += (b[v] - mean) * (b[v] - mean);
                    square += ((long double)a[v] - b[v]) * ((long double)a[v] - b[v]);
                }
                within = inference->metric == GRASP__EUCLIDEAN ? sqrtl(square) : 1;
                if (inference->metric == GRASP__COSINE && xx > 0 && yy > 0)
                    within = 1 - xy / sqrtl(xx * yy);
                if (k->core[j] && within <= k->eps &&
                    (lowest == GRASP_NOISE || k->first_group + k->cluster[j] < lowest))
                    lowest = k->first_group + k->cluster[j];
            }
            if (k->label == new_y[i] && grasp__class_is_whole(inference, k))
                lowest = k->first_group;
        }
        ck_assert_msg(grasp_groups_label(groups, i) == lowest, "%s: sample %d assigned to %d, expected %d",
                      settings[_i], (int)i, (int)grasp_groups_label(groups, i), (int)lowest);
        found += lowest >= 0;
        noise += lowest < 0;
    }
    ck_assert(found > 10 && noise > 10);
    ck_assert_int_eq(grasp_groups_label(groups, 0), GRASP_NOISE);
    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_gradients_free(new_g);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

/* Factors give the groups that their rows give, and assign as well. */
START_TEST(factored_gradients)
{
    grasp_context *ctx = test_context();
    synthetic *d = synthetic_read("clean");
    double *delta = calloc((size_t)d->n, 2 * sizeof *delta);
    int64_t two = 2;
    grasp_matrix *act_matrix = NULL, *delta_matrix = NULL;
    grasp_gradients *dense = make_gradients(ctx, d->gradients, d->n, 6), *factored = NULL;
    for (int64_t i = 0; i < d->n; i++) {
        delta[2 * i] = d->gradients[6 * i + 2];
        delta[2 * i + 1] = d->gradients[6 * i + 5];
    }
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, d->n, 2, 2, d->features, NULL, NULL, &act_matrix));
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, d->n, 2, 2, delta, NULL, NULL, &delta_matrix));
    const grasp_matrix *const act[] = {act_matrix}, *const deltas[] = {delta_matrix};
    ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, GRASP_F64, 1, &two, &two, NULL, NULL, d->n, &factored));
    ASSERT_OK(ctx, grasp_gradients_append_factors(ctx, factored, act, deltas, 1));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, factored));
    grasp_inference *a = infer(ctx, dense, d->y, d->n, "mode=density", NULL, NULL);
    grasp_inference *b = infer(ctx, factored, d->y, d->n, "mode=density", NULL, NULL);
    grasp_groups *again = NULL;
    ASSERT_OK(ctx, grasp_assign(ctx, b, factored, d->y, d->n, &again));
    int64_t *left = labels_of(ctx, a, d->n), *right = labels_of(ctx, b, d->n);
    for (int64_t i = 0; i < d->n; i++)
        ck_assert(left[i] == right[i] && left[i] == grasp_groups_label(again, i));
    grasp_groups_free(again);
    ASSERT_STATUS(ctx, grasp_assign(ctx, b, dense, d->y, d->n, &again), GRASP_E_DIM, "");
    ck_assert_ptr_null(again);
    free(right);
    free(left);
    grasp_inference_free(b);
    grasp_inference_free(a);
    grasp_gradients_free(factored);
    grasp_gradients_free(dense);
    grasp_matrix_free(delta_matrix);
    grasp_matrix_free(act_matrix);
    free(delta);
    synthetic_free(d);
    grasp_context_free(ctx);
}
END_TEST

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

START_TEST(refusals)
{
    enum { N = 20, P = 2 };
    static double x[N * P], wide[N * 3];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    make_random(1, N, P, x, y);
    grasp_gradients *g = make_gradients(ctx, x, N, P), *open = NULL, *other = make_gradients(ctx, wide, N, 3);
    grasp_groups *few = NULL, *groups = NULL;
    grasp_params *params = make_params(ctx, "score=ari"), *sweep = NULL;
    grasp_inference *inference = infer(ctx, g, y, N, "eps=0.3;min_samples=3", NULL, NULL), *out = inference;
    grasp_report *report = (grasp_report *)(uintptr_t)inference;
    ASSERT_OK(ctx, grasp_groups_create(ctx, (const int64_t[]){0, 1}, 2, &few));
    ASSERT_OK(ctx, grasp_params_create(ctx, "sweep", &sweep));
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, P, 0, &open));
    ck_assert_int_eq(grasp_infer(NULL, g, y, N, NULL, NULL, &out, NULL), GRASP_E_ARG);
    ASSERT_STATUS(ctx, grasp_infer(ctx, NULL, y, N, NULL, NULL, &out, &report), GRASP_E_ARG, "gradients");
    ck_assert(out == NULL && report == NULL);
    ASSERT_STATUS(ctx, grasp_infer(ctx, open, y, 0, NULL, NULL, &out, NULL), GRASP_E_STATE, "gradients");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, NULL, N, NULL, NULL, &out, NULL), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, -1, NULL, NULL, &out, NULL), GRASP_E_ARG, "n");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, N - 1, NULL, NULL, &out, NULL), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, N, NULL, few, &out, NULL), GRASP_E_DIM, "truth_or_null");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, N, params, NULL, &out, NULL), GRASP_E_ARG, "truth_or_null");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, N, sweep, NULL, &out, NULL), GRASP_E_PARAM, "infer");
    ASSERT_STATUS(ctx, grasp_infer(ctx, g, y, N, NULL, NULL, NULL, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_inference_class(ctx, inference, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL), GRASP_E_ARG,
                  "c");
    ASSERT_STATUS(ctx, grasp_inference_class(ctx, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL), GRASP_E_ARG,
                  "inference");
    ASSERT_STATUS(ctx, grasp_inference_setting(ctx, inference, 0, 1, NULL, NULL, NULL), GRASP_E_ARG, "i");
    ASSERT_STATUS(ctx, grasp_inference_setting(ctx, inference, -1, 0, NULL, NULL, NULL), GRASP_E_ARG, "c");
    ASSERT_STATUS(ctx, grasp_inference_groups(ctx, NULL, &groups), GRASP_E_ARG, "inference");
    ASSERT_STATUS(ctx, grasp_assign(ctx, NULL, g, y, N, &groups), GRASP_E_ARG, "inference");
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, open, y, 0, &groups), GRASP_E_STATE, "new_gradients");
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, g, NULL, N, &groups), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, g, y, N + 1, &groups), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, other, y, N, &groups), GRASP_E_DIM, "new_gradients");
    grasp_gradients *single = NULL; /* refused whatever the samples are, even none */
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F32, P, 0, &single));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, single));
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, single, y, 0, &groups), GRASP_E_DTYPE,
                  "new_gradients is f32, expected f64");
    grasp_gradients_free(single);
    ASSERT_STATUS(ctx, grasp_assign(ctx, inference, g, y, N, NULL), GRASP_E_ARG, "out");
    ck_assert_ptr_null(groups);
    ck_assert(grasp_inference_ref(inference) == inference && grasp_inference_ref(NULL) == NULL);
    grasp_inference_free(inference);
    ck_assert_int_eq(grasp_inference_n_classes(inference), 3);
    ck_assert_int_eq(grasp_inference_n_settings(inference), 1);
    ck_assert(grasp_inference_n_classes(NULL) == 0 && grasp_inference_n_settings(NULL) == 0);
    grasp_gradients_free(open);
    grasp_params_free(sweep);
    grasp_params_free(params);
    grasp_groups_free(few);
    grasp_gradients_free(other);
    grasp_gradients_free(g);
    grasp_context_free(ctx); /* the inference outlives all it came from */
    ctx = test_context();
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    grasp_inference_free(inference);
    ck_assert_int_eq(grasp_groups_samples(groups), N);
    grasp_groups_free(groups);
    grasp_inference_free(NULL);
    grasp_context_free(ctx);
}
END_TEST

/* ---- promises ---------------------------------------------------------------------------------------------------- */

enum { MOST = 400 };

/* Inference, report and assigning of the same samples; what comes out. */
typedef struct whole {
    int64_t n, p;
    const double *x;
    const int64_t *y;
    const char *params;
    double score[3][104];
    int64_t label[MOST], assigned[MOST];
} whole;


static grasp_status run_whole(grasp_context *ctx, void *arg)
{
    whole *w = arg;
    grasp_matrix *m = NULL;
    grasp_gradients *g = NULL;
    grasp_params *params = NULL;
    grasp_inference *inference = NULL;
    grasp_report *report = NULL;
    grasp_groups *groups = NULL, *assigned = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, w->n, w->p, w->p, (void *)(uintptr_t)w->x, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_gradients_create_dense(ctx, GRASP_F64, w->p, w->n, &g);
    if (s == GRASP_OK)
        s = grasp_gradients_append_lent(ctx, g, m);
    if (s == GRASP_OK)
        s = grasp_gradients_seal(ctx, g);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "infer", &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, w->params);
    if (s == GRASP_OK)
        s = grasp_infer(ctx, g, w->y, w->n, params, NULL, &inference, &report);
    if (s < GRASP_OK && (inference != NULL || report != NULL))
        s = GRASP_E_INTERNAL;
    if (s == GRASP_OK)
        s = grasp_inference_groups(ctx, inference, &groups);
    if (s == GRASP_OK)
        s = grasp_groups_labels(ctx, groups, w->label, w->n);
    for (int64_t c = 0; s == GRASP_OK && c < grasp_inference_n_classes(inference); c++)
        for (int64_t i = 0; s == GRASP_OK && i < grasp_inference_n_settings(inference); i++)
            s = grasp_inference_setting(ctx, inference, c, i, NULL, NULL, &w->score[c][i]);
    if (s == GRASP_OK)
        s = grasp_assign(ctx, inference, g, w->y, w->n, &assigned);
    if (s == GRASP_OK)
        s = grasp_groups_labels(ctx, assigned, w->assigned, w->n);
    grasp_groups_free(assigned);
    grasp_groups_free(groups);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_params_free(params);
    grasp_gradients_free(g);
    grasp_matrix_free(m);
    return s;
}

START_TEST(failing_and_cancelled)
{
    static double x[MOST * 3];
    static int64_t y[MOST];
    static const char *const params[] = {"eps=0.1,0.4;min_samples=3", "eps=0.1,0.4;min_samples=3;select=all",
                                         "algorithm=kmeans;k=2,3;restarts=2", "metric=euclidean;eps=0.5;min_samples=3"};
    whole *w = calloc(1, sizeof *w);
    *w = (whole){.p = 3, .x = x, .y = y, .params = params[_i]};
    make_random(51, MOST, 3, x, y);
    w->n = 40;
    for_each_failing_allocation(run_whole, w);
    w->n = 300;
    ck_assert_int_gt(for_each_cancel(run_whole, w), 5);
    free(w);
}
END_TEST

static int32_t stop_at(void *user, const char *what, double fraction)
{
    int64_t *left = user;
    (void)what;
    (void)fraction;
    return --*left > 0 ? GRASP_CB_OK : GRASP_CB_STOP;
}

/* A cancelled inference is valid: classes done are as in a whole run, the others are one group each. */
START_TEST(cancelled_in_between)
{
    enum { N = 300, P = 3 };
    static double x[N * P];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    make_random(61, N, P, x, y);
    grasp_gradients *g = make_gradients(ctx, x, N, P);
    grasp_inference *full = infer(ctx, g, y, N, "mode=density", NULL, NULL);
    int64_t partial = 0;
    for (int64_t k = 1; k < 1000; k += 1 + k / 50) {
        int64_t left = k, done = 0;
        grasp_inference *inference = NULL;
        grasp_report *report = NULL;
        grasp_groups *groups = NULL;
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop_at, &left, NULL));
        grasp_status s = grasp_infer(ctx, g, y, N, NULL, NULL, &inference, &report);
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, NULL, NULL, NULL));
        ck_assert(s == GRASP_CANCELLED || s == GRASP_OK);
        ck_assert(inference != NULL && report != NULL);
        ASSERT_OK(ctx, grasp_assign(ctx, inference, g, y, N, &groups));
        for (int64_t c = 0; c < 3; c++) {
            const grasp__inferred_class *a = &inference->classes[c], *b = &full->classes[c];
            done += a->admissible;
            for (int64_t i = 0; i < a->n; i++)
                ck_assert(a->admissible ? a->cluster[i] == b->cluster[i] : a->cluster[i] == 0);
            ck_assert(a->admissible ? a->score == b->score : isnan(a->score) && a->n_clusters == 1);
            for (int64_t i = 0; i < a->n; i++)
                ck_assert_int_eq(grasp_groups_label(groups, a->row[i]),
                                 a->cluster[i] < 0 ? GRASP_NOISE : a->first_group + a->cluster[i]);
        }
        partial += done > 0 && done < 3;
        grasp_groups_free(groups);
        grasp_report_free(report);
        grasp_inference_free(inference);
        if (s == GRASP_OK)
            break;
    }
    ck_assert_int_gt(partial, 0);
    grasp_inference_free(full);
    grasp_gradients_free(g);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(same_bits_on_any_number_of_threads)
{
    static double x[MOST * 5];
    static int64_t y[MOST];
    whole *w = calloc(1, sizeof *w);
    *w = (whole){.n = MOST, .p = 5, .x = x, .y = y, .params = settings[_i]};
    make_random(71, MOST, 5, x, y);
    for_each_thread_count(run_whole, w, GRASP_OK, w->score, sizeof w->score + sizeof w->label + sizeof w->assigned);
    for (int64_t i = 0; i < MOST; i++)
        ck_assert_int_eq(w->label[i], w->assigned[i]);
    free(w);
}
END_TEST

Suite *check_infer_suite(void);
Suite *check_infer_suite(void)
{
    Suite *suite = suite_create("infer");
    TCase *published = tcase_create("published"), *choice = tcase_create("choice"),
          *assigning = tcase_create("assigning"), *promises = tcase_create("promises");
    tcase_add_loop_test(published, table_2_dbscan, 0, 8);
    tcase_add_loop_test(published, table_2_kmeans, 0, 4);
    tcase_add_test(choice, one_setting_for_all);
    tcase_add_test(choice, known_groups_and_report);
    tcase_add_test(choice, nothing_admissible);
    tcase_add_loop_test(assigning, training_samples_get_their_own, 0, 7);
    tcase_add_loop_test(assigning, new_samples_by_brute_force, 0, 3);
    tcase_add_test(assigning, factored_gradients);
    tcase_add_test(promises, refusals);
    tcase_add_loop_test(promises, failing_and_cancelled, 0, 4);
    tcase_add_test(promises, cancelled_in_between);
    tcase_add_loop_test(promises, same_bits_on_any_number_of_threads, 0, 7);
    suite_add_tcase(suite, published);
    suite_add_tcase(suite, choice);
    suite_add_tcase(suite, assigning);
    suite_add_tcase(suite, promises);
    return suite;
}
