/* SPDX-License-Identifier: BSD-3-Clause
 * mode=robust: planted shortcuts are found, and where none was planted nothing is; labels that were flipped are no
 * group; from gradients of every form, for new samples, after loading, with several classes. Logistic fits and
 * cross-fits against what defines them.
 */
#include "support.h"

#include "grasp.h"
#include "infer/robust.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- data with a shortcut ---------------------------------------------------------------------------------------- */

/* Classes differ in the first three columns, faintly; attribute k of class k's majority shifts the columns after. */
typedef struct planted {
    int64_t n, d, classes;
    double *x;
    int64_t *y, *a;
    uint8_t *flipped;
} planted;

typedef struct recipe {
    int64_t n, d, classes;
    double aligned, core, shortcut, flips; /* share of samples whose attribute is their class's; strengths; share */
} recipe;

static planted plant(uint64_t item, recipe r)
{
    planted p = {.n = r.n, .d = r.d, .classes = r.classes};
    grasp__rng rng = test_rng(item);
    p.x = calloc((size_t)(r.n * r.d), sizeof *p.x);
    p.y = calloc((size_t)r.n, sizeof *p.y);
    p.a = calloc((size_t)r.n, sizeof *p.a);
    p.flipped = calloc((size_t)r.n, 1);
    ck_assert(p.x && p.y && p.a && p.flipped);
    for (int64_t i = 0; i < r.n; i++) {
        double *x = p.x + i * r.d;
        int64_t y = p.y[i] = grasp__rng_below(&rng, r.classes);
        p.a[i] = y;
        if (grasp__rng_uniform(&rng) >= r.aligned)
            p.a[i] = (y + 1 + grasp__rng_below(&rng, r.classes - 1)) % r.classes;
        random_normals(&rng, x, r.d);
        for (int64_t j = 0; j < r.classes; j++) {
            x[j] += r.core * (j == y);
            x[r.classes + j] += r.shortcut * (j == p.a[i]);
        }
        p.flipped[i] = grasp__rng_uniform(&rng) < r.flips;
        if (p.flipped[i])
            p.y[i] = (y + 1) % r.classes;
    }
    for (int64_t i = 0; i < r.n; i++)
        for (int64_t j = 0; j < r.d; j++)
            p.x[i * r.d + j] = (j % 3 ? 10 : 0.01) * p.x[i * r.d + j] + (double)j; /* units are not the library's */
    return p;
}

static void planted_free(planted *p)
{
    free(p->x), free(p->y), free(p->a), free(p->flipped);
}

static const recipe shortcut = {1500, 12, 2, 0.94, 1.6, 4, 0};

static grasp_model *bound(grasp_context *ctx, const planted *p, bool softmax)
{
    grasp_matrix *x;
    grasp_model *m;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, p->n, p->d, p->d, p->x, NULL, NULL, &x));
    ASSERT_OK(ctx, softmax ? grasp_model_create_softmax(ctx, p->d, p->classes, &m)
                           : grasp_model_create_logistic(ctx, p->d, &m));
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, x, p->y, p->n));
    grasp_matrix_free(x);
    return m;
}

static int64_t *labels_of(grasp_context *ctx, grasp_groups *g)
{
    int64_t *label = calloc((size_t)grasp_groups_samples(g), sizeof *label);
    ASSERT_OK(ctx, grasp_groups_labels(ctx, g, label, grasp_groups_samples(g)));
    grasp_groups_free(g);
    return label;
}

static int64_t *learn(grasp_context *ctx, const planted *p, grasp_report **report, int64_t *count)
{
    grasp_model *m = bound(ctx, p, p->classes > 2);
    grasp_groups *g;
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "robust", m, NULL, p->n, NULL, 0, NULL, NULL, &g, report));
    *count = grasp_groups_count(g);
    grasp_model_free(m);
    return labels_of(ctx, g);
}

static double value(grasp_context *ctx, const grasp_report *report, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &v));
    return v;
}

/* ---- what it finds ----------------------------------------------------------------------------------------------- */

START_TEST(a_shared_minority_is_found)
{
    double stability = 0;
    for (int64_t t = 0; t < trials(3); t++) {
        grasp_context *ctx = test_context();
        planted p = plant((uint64_t)t, shortcut);
        grasp_report *report;
        int64_t count, hit = 0, minority = 0, low = 0, *label = learn(ctx, &p, &report, &count);
        ck_assert_int_eq(count, 4);
        for (int64_t i = 0; i < p.n; i++) {
            ck_assert_int_eq(label[i] / 2, p.y[i]);
            hit += label[i] % 2 && p.a[i] != p.y[i];
            minority += p.a[i] != p.y[i];
            low += label[i] % 2;
        }
        ck_assert_msg(hit >= 0.7 * (double)minority && hit >= 0.7 * (double)low, "%d of %d, among %d", (int)hit,
                      (int)minority, (int)low);
        ck_assert(value(ctx, report, "pair.0.accepted") == 1 && value(ctx, report, "pair.0.evidence") >= 0.55);
        ck_assert(value(ctx, report, "pair.0.a.low") + value(ctx, report, "pair.0.b.low") == (double)low);
        /* Half of a minority is wrong without help, so that its mean loss passes log 2; the others are mostly right. */
        ck_assert(value(ctx, report, "pair.0.a.loss") > log(2) && value(ctx, report, "pair.0.b.loss") > log(2));
        ck_assert(value(ctx, report, "pair.0.a.majority_loss") < log(2) &&
                  value(ctx, report, "pair.0.b.majority_loss") < log(2));
        const char *text;
        ASSERT_OK(ctx, grasp_report_text(ctx, report, "pair.0.b.sentence", &text));
        ck_assert(contains(text, "samples labelled 1 look like class 0's"));
        ck_assert_int_eq(grasp_report_length(report, "pair.0.a.histogram"), 64);
        ASSERT_OK(ctx, grasp_report_text(ctx, report, "pair.0.refinement", &text));
        ck_assert_str_eq(text, "plane");
        double worst = value(ctx, report, "pair.0.worst");
        ck_assert(worst <= value(ctx, report, "pair.0.a.after") && worst <= value(ctx, report, "pair.0.a.majority") &&
                  worst <= value(ctx, report, "pair.0.b.after") && worst <= value(ctx, report, "pair.0.b.majority"));
        ck_assert(value(ctx, report, "pair.0.worst_low") < worst && worst < value(ctx, report, "pair.0.worst_high"));
        double a = value(ctx, report, "pair.0.a.stability"), b = value(ctx, report, "pair.0.b.stability");
        ck_assert_msg(a > -0.1 && a <= 1 && b > -0.1 && b <= 1, "%g, %g", a, b);
        stability += (a + b) / 2 / (double)trials(3);
        grasp_report_free(report);
        free(label);
        planted_free(&p);
        grasp_context_free(ctx);
    }
    ck_assert_msg(stability > 0.4, "%g", stability); /* halves of most samples find the same strong shortcut */
}
END_TEST

/* Where flipped labels hide the minority they are outliers, and hardly anyone else; without flips nobody is. */
START_TEST(a_minority_behind_flipped_labels_is_found)
{
    recipe r = {2500, 8, 2, 0.95, 3.5, 5, _i ? 0.045 : 0};
    int64_t found = 0;
    for (uint64_t seed = 50; seed < (_i ? 58 : 52); seed++) {
        grasp_context *ctx = test_context();
        planted p = plant(seed, r);
        grasp_report *report;
        int64_t count, noise = 0, flipped = 0, minority = 0, *label = learn(ctx, &p, &report, &count);
        for (int64_t i = 0; i < p.n; i++) {
            noise += label[i] == GRASP_NOISE;
            flipped += label[i] == GRASP_NOISE && p.flipped[i];
            minority += label[i] == GRASP_NOISE && !p.flipped[i] && p.a[i] != p.y[i];
        }
        ck_assert(value(ctx, report, "pair.0.outliers") == (double)noise);
        ck_assert_msg(flipped >= 0.8 * (double)noise && minority <= 0.1 * (double)noise, "%d flipped, %d rare of %d",
                      (int)flipped, (int)minority, (int)noise);
        ck_assert(_i == 1 || (noise == 0 && count == 4));
        ck_assert(noise == 0 || count == 4);
        found += noise > 0;
        grasp_report_free(report);
        free(label);
        planted_free(&p);
        grasp_context_free(ctx);
    }
    ck_assert_int_ge(found, _i);
}
END_TEST

/* Overlapping classes, unequal ones among them, and flipped labels have no minority: their errors are not called
 * one. */
START_TEST(where_there_is_no_minority_there_is_no_split)
{
    static const recipe none[] = {{1500, 12, 2, 0.5, 1.8, 0, 0}, {1500, 12, 2, 0.5, 3, 1, 0.1},
                                  {800, 4, 2, 0.5, 1, 0, 0.05}, {900, 12, 2, 0.5, 60, 0, 0}};
    static const char *const words[] = {"cannot be fitted", "cannot be fitted", "cannot be fitted", "too few"};
    for (int64_t t = 0; t < trials(3); t++) {
        grasp_context *ctx = test_context();
        planted p = plant((uint64_t)(100 + t), none[_i]);
        grasp_report *report;
        const char *why;
        int64_t count, *label = learn(ctx, &p, &report, &count);
        ck_assert_int_eq(count, 2);
        for (int64_t i = 0; i < p.n; i++)
            ck_assert_int_eq(label[i], p.y[i]);
        ASSERT_OK(ctx, grasp_report_text(ctx, report, "pair.0.outcome", &why));
        ck_assert_msg(contains(why, words[_i]), "%s", why);
        ck_assert(value(ctx, report, "class.0.admissible") == 0 && value(ctx, report, "class.0.score") == -1);
        grasp_report_free(report);
        free(label);
        planted_free(&p);
        grasp_context_free(ctx);
    }
}
END_TEST

/* What chance makes of a class's probability that bends and of its noise is not found again, and no group. */
START_TEST(noise_is_not_found_again)
{
    enum { N = 600, D = 6 };
    static double x[N * D];
    static int64_t y[N];
    for (int64_t t = 0; t < trials(5); t++) {
        grasp_context *ctx = test_context();
        grasp__rng rng = test_rng((uint64_t)(200 + t));
        random_normals(&rng, x, N * D);
        for (int64_t i = 0; i < N; i++) {
            const double *v = x + i * D;
            double logit = 2 * (v[0] + 0.7 * v[1] + v[2] * v[2] + v[3] * v[4] - 2);
            y[i] = grasp__rng_uniform(&rng) < 1 / (1 + exp(-logit));
        }
        planted p = {.n = N, .d = D, .classes = 2, .x = x, .y = y};
        int64_t count, *label = learn(ctx, &p, NULL, &count);
        ck_assert_int_eq(count, 2);
        free(label);
        grasp_context_free(ctx);
    }
}
END_TEST

/* Of three classes each minority sample lies with those that look like the class whose attribute it has. */
START_TEST(several_classes_are_tried_two_at_a_time)
{
    grasp_context *ctx = test_context();
    planted p = plant(7, (recipe){3000, 12, 3, 0.9, 2.2, 4.5, 0});
    grasp_report *report;
    int64_t count, hit = 0, minority = 0, low = 0, *label = learn(ctx, &p, &report, &count);
    int64_t of[9][3] = {{0}};
    ck_assert_int_eq(count, 9);
    for (int64_t i = 0; i < p.n; i++) {
        ck_assert_int_eq(label[i] / 3, p.y[i]);
        hit += label[i] % 3 && p.a[i] != p.y[i];
        minority += p.a[i] != p.y[i];
        low += label[i] % 3 != 0;
        of[label[i]][p.a[i]]++;
    }
    ck_assert_msg(hit >= 0.6 * (double)minority && hit >= 0.7 * (double)low, "%d of %d, among %d", (int)hit,
                  (int)minority, (int)low);
    for (int c = 0; c < 3; c++) /* clusters 1 and 2 of a class follow the other classes' order */
        for (int j = 1, other = 0; other < 3; other++)
            if (other != c) {
                ck_assert_msg(of[3 * c + j][other] * 2 > of[3 * c + j][0] + of[3 * c + j][1] + of[3 * c + j][2],
                              "cluster %d of class %d", j, c);
                j++;
            }
    ck_assert(value(ctx, report, "pairs") == 3);
    grasp_report_free(report);
    free(label);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* A tenth of each class lies beyond the other one. */
static void bend(double *x, int64_t *y, int n)
{
    grasp__rng rng = test_rng(3);
    for (int i = 0; i < n; i++) {
        bool far_one = i % 10 == 0; /* beyond the other class */
        y[i] = i % 2 ? i / 2 % 2 : i / 20 % 2;
        random_normals(&rng, x + 2 * i, 2);
        x[2 * i] = 0.35 * x[2 * i] + (y[i] ? 1 : -1) * (far_one ? -3 : 1);
    }
}

/* A minority of the other class's kind that no plane separates is a group for models that bend. */
START_TEST(a_minority_behind_a_bend_is_found)
{
    enum { N = 900 };
    static double x[2 * N];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    int64_t low = 0, far_ones = 0, hit = 0;
    bend(x, y, N);
    planted p = {.n = N, .d = 2, .classes = 2, .x = x, .y = y};
    grasp_report *report;
    int64_t count, *label = learn(ctx, &p, &report, &count);
    ck_assert_int_eq(count, 4);
    for (int i = 0; i < N; i++) {
        low += label[i] % 2;
        far_ones += i % 10 == 0;
        hit += label[i] % 2 && i % 10 == 0;
    }
    ck_assert_msg(hit >= 0.9 * (double)far_ones && hit >= 0.7 * (double)low, "%d of %d, among %d", (int)hit,
                  (int)far_ones, (int)low);
    ck_assert(value(ctx, report, "pair.0.evidence_linear") < 0.55 &&
              value(ctx, report, "pair.0.evidence_curved") > 0.9);
    const char *text;
    ASSERT_OK(ctx, grasp_report_text(ctx, report, "pair.0.refinement", &text));
    ck_assert_str_eq(text, "neighbours");
    grasp_report_free(report);
    free(label);
    /* Rows that were not learned from go with those around them. */
    grasp_model *m = bound(ctx, &p, false);
    grasp_groups *g;
    int64_t rows[N], off = 0;
    for (int i = 0; i < N; i++)
        rows[i] = i;
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "robust", m, rows, 600, rows + 600, N - 600, NULL, NULL, &g, NULL));
    ck_assert_int_eq(grasp_groups_count(g), 4);
    for (int i = 600; i < N; i++)
        off += (grasp_groups_label(g, i) % 2 == 1) != (i % 10 == 0);
    ck_assert_msg(off <= 3, "%d of 300", (int)off);
    grasp_groups_free(g);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* Samples of both classes on standardised columns, as pairs are learned from. */
static void open_pair(grasp_context *ctx, const planted *p, uint8_t *target, grasp__robust_space *space,
                      grasp__robust_pair *pair)
{
    for (int64_t i = 0; i < p->n; i++)
        target[i] = p->y[i] == 1;
    ASSERT_OK(ctx, grasp__robust_space_open(ctx, p->x, p->n, p->d, space));
    ASSERT_OK(ctx, grasp__robust_pair_open(ctx, space, target, pair));
}

static int64_t mistaken(const planted *p, const grasp__robust_pair *pair)
{
    int64_t wrong = 0;
    for (int64_t i = 0; i < p->n; i++)
        wrong += pair->low[i] != (p->a[i] != p->y[i]);
    return wrong;
}

/* However well balanced training does: where plain training gets as many of one class's cell right, that is no
 * group. */
START_TEST(a_split_must_lift_each_minority)
{
    enum { N = 1500 };
    static uint8_t target[N];
    static double plain[N];
    grasp_context *ctx = test_context();
    planted p = plant(70, (recipe){N, 12, 2, 0.9, 6, 3, 0});
    grasp__robust_space space;
    grasp__robust_pair pair;
    open_pair(ctx, &p, target, &space, &pair);
    for (int64_t i = 0; i < N; i++) {
        pair.low[i] = p.a[i] != p.y[i];
        pair.cell[target[i]] += pair.low[i];
    }
    for (int right = 0; right < 4; right++) { /* bit c: plain training gets all of class c right, else not the cell */
        for (int64_t i = 0; i < N; i++)
            plain[i] = (target[i] ? 1 : -1) * (pair.low[i] && !(right >> target[i] & 1) ? -1 : 1);
        ASSERT_OK(ctx, grasp__robust_evidence(ctx, &pair, 0.55, 0, plain));
        ck_assert_double_gt(pair.linear, 0.9);
        ck_assert_int_eq(pair.reason, right ? GRASP__ROBUST_UNLIFTED : GRASP__ROBUST_SPLIT);
    }
    grasp__robust_pair_close(&pair);
    grasp__robust_space_close(&space);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* Cells are closer to what was planted after the second look than after the first. */
START_TEST(a_second_look_helps)
{
    enum { N = 1500 };
    static uint8_t target[N];
    int64_t first = 0, second = 0;
    for (uint64_t seed = 60; seed < 66; seed++) {
        grasp_context *ctx = test_context();
        planted p = plant(seed, (recipe){N, 12, 2, 0.94, 1.6, 3, 0});
        grasp__robust_space space;
        grasp__robust_pair pair;
        open_pair(ctx, &p, target, &space, &pair);
        ASSERT_OK(ctx, grasp__robust_first_look(ctx, &pair, 0));
        ck_assert_int_eq(pair.reason, GRASP__ROBUST_SPLIT);
        first += mistaken(&p, &pair);
        ASSERT_OK(ctx, grasp__robust_by_plane(ctx, &pair, 1, 1));
        second += mistaken(&p, &pair);
        for (int64_t i = 0; i < N; i++)
            ck_assert(pair.low[i] == (pair.margin[i] < pair.threshold[target[i]]));
        grasp__robust_pair_close(&pair);
        grasp__robust_space_close(&space);
        planted_free(&p);
        grasp_context_free(ctx);
    }
    ck_assert_msg(second < 0.9 * (double)first, "%d misplaced, %d before", (int)second, (int)first);
}
END_TEST

START_TEST(neighbours_are_the_nearest)
{
    enum { N = 150, Q = 5, K = 20 };
    static double x[N * Q];
    static int64_t near[N * K];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(12);
    random_normals(&rng, x, N * Q);
    ASSERT_OK(ctx, grasp__robust_nearest(ctx, x, N, Q, K, near));
    for (int i = 0; i < N; i++) {
        double d[N], last = 0;
        int within = 0;
        for (int j = 0; j < N; j++) {
            d[j] = 0;
            for (int k = 0; k < Q; k++)
                d[j] += (x[i * Q + k] - x[j * Q + k]) * (x[i * Q + k] - x[j * Q + k]);
        }
        for (int k = 0; k < K; k++) {
            ck_assert_int_ne(near[i * K + k], i);
            ck_assert(d[near[i * K + k]] >= last - 1e-12);
            last = d[near[i * K + k]];
        }
        for (int j = 0; j < N; j++)
            within += j != i && d[j] < last - 1e-12;
        ck_assert_int_eq(within, K - 1);
    }
    grasp_context_free(ctx);
}
END_TEST

/* ---- from gradients ---------------------------------------------------------------------------------------------- */

static const char *const forms[] = {"form=dense", "form=factored", "form=dense;dtype=f32"};

/* Gradients of linear models carry their inputs: same groups as from the model, new samples included. */
START_TEST(gradients_of_linear_models_suffice)
{
    grasp_context *ctx = test_context();
    recipe r = shortcut;
    r.classes = _i % 2 ? 3 : 2;
    r.n = 1200;
    planted p = plant(20, r);
    grasp_report *report;
    int64_t count, *expected = learn(ctx, &p, &report, &count);
    grasp_model *m = bound(ctx, &p, r.classes == 3 || _i >= 4);
    grasp_params *params;
    grasp_gradients *g, *half;
    grasp_inference *inference;
    grasp_groups *groups;
    grasp_report_free(report);
    ASSERT_OK(ctx, grasp_train_erm(ctx, m, NULL, p.n, NULL, 0, NULL, NULL));
    ASSERT_OK(ctx, grasp_params_create(ctx, "gradients", &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, forms[_i / 2]));
    ASSERT_OK(ctx, grasp_gradients_compute(ctx, m, NULL, p.n, params, &g));
    ASSERT_OK(ctx, grasp_infer(ctx, g, p.y, p.n, NULL, NULL, &inference, &report));
    const char *mode;
    ASSERT_OK(ctx, grasp_report_text(ctx, report, "mode", &mode));
    ck_assert_str_eq(mode, "robust");
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    int64_t *label = labels_of(ctx, groups), off = 0;
    for (int64_t i = 0; i < p.n; i++)
        off += label[i] != expected[i];
    ck_assert_msg(off <= (_i / 2 == 2 ? p.n / 50 : 1), "%d of %d differ", (int)off, (int)p.n);
    /* The rule agrees with the training samples but for those close to a threshold. */
    int64_t rows[300];
    for (int i = 0; i < 300; i++)
        rows[i] = 2 * i + 1;
    ASSERT_OK(ctx, grasp_gradients_select(ctx, g, rows, 300, &half));
    int64_t y[300];
    for (int i = 0; i < 300; i++)
        y[i] = p.y[rows[i]];
    ASSERT_OK(ctx, grasp_assign(ctx, inference, half, y, 300, &groups));
    int64_t *assigned = labels_of(ctx, groups);
    off = 0;
    for (int i = 0; i < 300; i++)
        off += assigned[i] != label[rows[i]];
    ck_assert_msg(off <= 15, "%d of 300 are assigned elsewhere", (int)off);
    /* Saved and loaded, it assigns alike. */
    char path[] = "grasp-robust-XXXXXX";
    int file = mkstemp(path);
    grasp_inference *loaded;
    ck_assert_int_ge(file, 0);
    ASSERT_OK(ctx, grasp_inference_save_file(ctx, inference, path));
    ASSERT_OK(ctx, grasp_inference_load_file(ctx, path, &loaded));
    ASSERT_OK(ctx, grasp_assign(ctx, loaded, half, y, 300, &groups));
    int64_t *again = labels_of(ctx, groups);
    ck_assert_mem_eq(again, assigned, sizeof(int64_t[300]));
    ASSERT_OK(ctx, grasp_inference_groups(ctx, loaded, &groups));
    int64_t *kept = labels_of(ctx, groups);
    ck_assert_mem_eq(kept, label, (size_t)p.n * sizeof *label);
    close(file);
    unlink(path);
    grasp_inference_free(loaded);
    free(again), free(kept), free(assigned), free(label), free(expected);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_gradients_free(half);
    grasp_gradients_free(g);
    grasp_params_free(params);
    grasp_model_free(m);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* PyTorch writes all weights, then all biases. */
START_TEST(either_order_of_parameters_is_read)
{
    enum { N = 60, D = 5, C = 3 };
    static double row[N][C * (D + 1)], raw[N * D], x[N][D];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(11);
    grasp_matrix *matrix;
    grasp_gradients *g;
    grasp__robust_form form;
    for (int i = 0; i < N; i++) {
        double e[C] = {0.2, 0.3, 0.5};
        y[i] = i % C;
        e[y[i]] -= 1;
        random_normals(&rng, x[i], D);
        for (int c = 0; c < C; c++) {
            for (int j = 0; j < D; j++)
                row[i][_i ? c * D + j : c * (D + 1) + j] = e[c] * x[i][j];
            row[i][_i ? C * D + c : c * (D + 1) + D] = e[c];
        }
    }
    memset(row[7], 0, sizeof row[7]); /* a sample fitted so well that its gradient is gone */
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, C * (D + 1), C * (D + 1), row, NULL, NULL, &matrix));
    ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, matrix, "x", &g));
    ASSERT_OK(ctx, grasp__robust_form_of(ctx, g, y, N, &form));
    ck_assert(form.d == D && form.outputs == C && form.layer == -1 && form.biases_last == (_i == 1));
    ASSERT_OK(ctx, grasp__robust_inputs(ctx, g, y, N, &form, raw));
    for (int i = 0; i < N; i++)
        for (int j = 0; i != 7 && j < D; j++)
            ck_assert_double_eq_tol(raw[i * D + j], x[i][j], 1e-12);
    for (int j = 0; j < D; j++) {
        double mean = 0;
        for (int i = 0; i < N; i++)
            mean += y[i] == y[7] && i != 7 ? x[i][j] / (N / C - 1) : 0;
        ck_assert_double_eq_tol(raw[7 * D + j], mean, 1e-12);
    }
    row[3][0] += 1; /* no longer in proportion */
    ASSERT_OK(ctx, grasp__robust_form_of(ctx, g, y, N, &form));
    ck_assert_int_eq(form.d, 0);
    grasp_gradients_free(g);
    grasp_matrix_free(matrix);
    grasp_context_free(ctx);
}
END_TEST

/* Gradients that carry no inputs are clustered by density, and so they are when one of its keys is given. */
START_TEST(other_gradients_are_clustered)
{
    static const char *const texts[] = {"", "eps=0.3;min_samples=4", "evidence=0.9", "mode=robust"};
    enum { N = 200, P = 6 };
    static double x[N * P];
    static int64_t y[N];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(5);
    grasp_matrix *matrix;
    grasp_gradients *g;
    grasp_params *params;
    grasp_inference *inference[2];
    for (int i = 0; i < N; i++) {
        y[i] = i % 2;
        random_normals(&rng, x + i * P, P);
        x[i * P + i / 2 % 3] += 6;
    }
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, P, P, x, NULL, NULL, &matrix));
    ASSERT_OK(ctx, grasp__gradients_from_matrix(ctx, matrix, "x", &g));
    for (int k = 0; k < 2; k++) {
        ASSERT_OK(ctx, grasp_params_create(ctx, "infer", &params));
        ASSERT_OK(ctx, grasp_params_parse(ctx, params, texts[_i]));
        if (k == 1)
            ASSERT_OK(ctx, grasp_params_set_str(ctx, params, GRASP_KEY_MODE, "density"));
        ASSERT_OK(ctx, grasp_infer(ctx, g, y, N, params, NULL, &inference[k], NULL));
        grasp_params_free(params);
    }
    ck_assert_int_gt(grasp_inference_n_settings(inference[0]), 0);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(inference[0]->groups->label[i], inference[1]->groups->label[i]);
    grasp_inference_free(inference[0]);
    grasp_inference_free(inference[1]);
    grasp_gradients_free(g);
    grasp_matrix_free(matrix);
    grasp_context_free(ctx);
}
END_TEST

/* ---- the final model --------------------------------------------------------------------------------------------- */

static grasp_status fit(grasp_context *ctx, grasp_model *m, int64_t n, const char *text, grasp_inference **inference,
                        grasp_report **report)
{
    grasp_params *params = NULL;
    int64_t *rows = calloc((size_t)n, sizeof *rows);
    grasp_status s = grasp_params_create(ctx, "fit", &params);
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, text);
    if (s == GRASP_OK)
        s = grasp_fit(ctx, m, NULL, rows, n, NULL, 0, params, inference, report);
    grasp_params_free(params);
    free(rows);
    return s;
}

static double worst_group(grasp_context *ctx, grasp_model *m, const planted *p)
{
    int64_t *label = calloc((size_t)p->n, sizeof *label), right[9] = {0}, size[9] = {0};
    double worst = 1;
    ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, label, p->n));
    for (int64_t i = 0; i < p->n; i++) {
        right[p->classes * p->y[i] + p->a[i]] += label[i] == p->y[i];
        size[p->classes * p->y[i] + p->a[i]]++;
    }
    for (int64_t g = 0; g < p->classes * p->classes; g++)
        worst = size[g] > 0 ? fmin(worst, (double)right[g] / (double)size[g]) : worst;
    free(label);
    return worst;
}

/* With a minority the worst true group gains, also of three classes; the choice is told. */
START_TEST(linear_models_gain)
{
    grasp_context *ctx = test_context();
    planted p = plant(40, _i ? (recipe){3000, 12, 3, 0.92, 2.2, 4.5, 0} : shortcut);
    grasp_model *m = bound(ctx, &p, _i > 0);
    grasp_inference *inference;
    grasp_report *report;
    const char *method;
    ASSERT_OK(ctx, grasp_train_erm(ctx, m, NULL, p.n, NULL, 0, NULL, NULL));
    double erm = worst_group(ctx, m, &p);
    ASSERT_OK(ctx, fit(ctx, m, p.n, "", &inference, &report));
    double fitted = worst_group(ctx, m, &p);
    ck_assert_msg(fitted > erm + 0.15, "%g by ERM, %g by fit", erm, fitted);
    ASSERT_OK(ctx, grasp_report_text(ctx, report, "final.method", &method));
    ck_assert(strcmp(method, "balanced") == 0 || strcmp(method, "gdro_certified") == 0);
    ck_assert(value(ctx, report, "final.worst") > value(ctx, report, "final.erm_worst") + 0.2);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_model_free(m);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* Where nothing is split and the classes are alike, ERM's parameters stay, bit by bit. */
START_TEST(without_a_split_nobody_pays)
{
    grasp_context *ctx = test_context();
    planted p = plant(41, (recipe){1200, 12, 2, 0.5, 2.5, 2, 0.05});
    grasp_model *m = bound(ctx, &p, false);
    grasp_inference *inference;
    grasp_report *report;
    const char *method;
    double before[13], after[13];
    ASSERT_OK(ctx, grasp_train_erm(ctx, m, NULL, p.n, NULL, 0, NULL, NULL));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, before, 13));
    ASSERT_OK(ctx, fit(ctx, m, p.n, "", &inference, &report));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, m, after, 13));
    ASSERT_OK(ctx, grasp_report_text(ctx, report, "final.method", &method));
    ck_assert_str_eq(method, "erm");
    for (int j = 0; j < 13; j++) /* to the gradient norm: fit's ERM begins where the first one ended */
        ck_assert_double_eq_tol(before[j], after[j], 1e-4 * (1 + fabs(before[j])));
    grasp_report_free(report);
    grasp_inference_free(inference);
    /* By name it is group DRO, as published. */
    ASSERT_OK(ctx, fit(ctx, m, p.n, "final=gdro;gdro.epochs=1;gdro.rate=0.01;gdro.step=0.1", &inference, &report));
    ck_assert_int_eq(grasp_report_length(report, "gdro.candidate.score"), 2);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_model_free(m);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* A linear model is not bent to a minority that lies behind the other class: the others would pay for it. */
START_TEST(what_needs_a_bend_does_not_train_a_plane)
{
    enum { N = 900 };
    static double x[2 * N];
    static int64_t y[N], label[N];
    grasp_context *ctx = test_context();
    bend(x, y, N);
    planted p = {.n = N, .d = 2, .classes = 2, .x = x, .y = y};
    grasp_model *m = bound(ctx, &p, false);
    grasp_inference *inference;
    grasp_report *report;
    int64_t right = 0;
    ASSERT_OK(ctx, fit(ctx, m, N, "", &inference, &report));
    ck_assert_double_eq(value(ctx, report, "infer.pair.0.accepted"), 1);
    ASSERT_OK(ctx, grasp_model_predict(ctx, m, NULL, label, N));
    for (int i = 0; i < N; i++)
        right += i % 10 != 0 && label[i] == y[i];
    ck_assert_msg(right > 0.95 * 0.9 * N, "%d of %d", (int)right, 9 * N / 10);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_model_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* Flipped labels that do not hide the minority are outliers of it, who are hardly more often of the minority; without
 * flips there are none. They are left out of training where that is better out of fold, and only there. */
START_TEST(outliers_are_left_out_where_that_helps)
{
    int64_t kept = 0, removed = 0;
    double share[2] = {0}; /* of clean samples that are outliers: majority, minority */
    for (uint64_t seed = 70; seed < 80; seed++) {
        grasp_context *ctx = test_context();
        planted p = plant(seed, seed % 2 ? (recipe){2000, 6, 2, 0.93, 3, 6, _i ? 0.03 : 0}
                                    : (recipe){2500, 8, 2, 0.93, 2.5, 5, _i ? 0.03 : 0});
        grasp_model *m = bound(ctx, &p, false);
        grasp_inference *inference;
        grasp_report *report;
        int64_t noise = 0, flipped = 0, of[2] = {0}, lost[2] = {0};
        ASSERT_OK(ctx, fit(ctx, m, p.n, "", &inference, &report));
        for (int64_t i = 0; i < p.n; i++) {
            bool out = inference->groups->label[i] == GRASP_NOISE, minority = p.a[i] != p.y[i];
            noise += out;
            flipped += out && p.flipped[i];
            of[minority] += !p.flipped[i];
            lost[minority] += out && !p.flipped[i];
        }
        ck_assert(value(ctx, report, "infer.pair.0.outliers") == (double)noise);
        double out = value(ctx, report, "infer.pair.0.outliers_removed");
        double with = value(ctx, report, "infer.pair.0.worst_kept");
        double without = value(ctx, report, "infer.pair.0.worst_removed");
        if (_i == 0) {
            ck_assert(noise == 0 && out == 0 && isnan(with) && isnan(without));
        } else if (noise > 0) {
            ck_assert_msg(flipped >= 0.8 * (double)noise, "%d of %d", (int)flipped, (int)noise);
            share[0] += (double)lost[0] / (double)of[0];
            share[1] += (double)lost[1] / (double)of[1];
            ck_assert(out == (without > with));
            kept += out == 0;
            removed += out == 1;
        }
        ck_assert(value(ctx, report, "final.rows") == (double)p.n - out * (double)noise);
        grasp_report_free(report);
        grasp_inference_free(inference);
        grasp_model_free(m);
        planted_free(&p);
        grasp_context_free(ctx);
    }
    ck_assert(_i == 0 || (kept > 0 && removed > 0));
    ck_assert(share[1] <= share[0] + 0.03 * (double)(kept + removed));
}
END_TEST

/* The certificate's bound is what group DRO reaches on the learned groups of standardised inputs. */
START_TEST(the_final_model_is_certified)
{
    grasp_context *ctx = test_context();
    planted p = plant(44, shortcut);
    grasp_model *m = bound(ctx, &p, false), *other;
    grasp_inference *inference;
    grasp_report *report, *certified;
    grasp_groups *groups;
    grasp_params *params;
    grasp_matrix *x;
    ASSERT_OK(ctx, fit(ctx, m, p.n, "", &inference, &report));
    for (int64_t j = 0; j < p.d; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < p.n; i++)
            mean += p.x[i * p.d + j] / (double)p.n;
        for (int64_t i = 0; i < p.n; i++)
            square += pow(p.x[i * p.d + j] - mean, 2) / (double)p.n;
        for (int64_t i = 0; i < p.n; i++)
            p.x[i * p.d + j] = (p.x[i * p.d + j] - mean) / sqrt(square);
    }
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, p.n, p.d, p.d, p.x, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, p.d, &other));
    ASSERT_OK(ctx, grasp_model_bind(ctx, other, x, p.y, p.n));
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    ASSERT_OK(ctx, grasp_params_create(ctx, "gdro_certified", &params));
    ASSERT_OK(ctx, grasp_params_set_f64(ctx, params, GRASP_KEY_L2, value(ctx, report, "final.l2")));
    ASSERT_OK(ctx, grasp_train(ctx, "gdro_certified", other, groups, NULL, p.n, NULL, 0, params, &certified));
    double least = value(ctx, certified, "objective"), here = value(ctx, report, "final.objective");
    ck_assert_double_eq_tol(value(ctx, report, "final.bound"), least, 1e-5);
    ck_assert(here >= least - 1e-7 && value(ctx, report, "final.gap") >= 0);
    ck_assert_double_eq_tol(value(ctx, report, "final.gap"), here - least, 1e-5);
    grasp_params_free(params);
    grasp_groups_free(groups);
    grasp_matrix_free(x);
    grasp_model_free(other);
    grasp_report_free(certified);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_model_free(m);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(balanced_is_for_linear_models)
{
    grasp_context *ctx = test_context();
    planted p = plant(42, (recipe){60, 4, 2, 0.5, 2.5, 2, 0});
    int64_t widths[] = {4, 3, 2};
    grasp_matrix *x;
    grasp_model *m;
    grasp_inference *inference;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, p.n, p.d, p.d, p.x, NULL, NULL, &x));
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 3, NULL, &m));
    ASSERT_OK(ctx, grasp_model_bind(ctx, m, x, p.y, p.n));
    ASSERT_STATUS(ctx, fit(ctx, m, p.n, "final=balanced", &inference, NULL), GRASP_E_UNSUPPORTED, "final");
    grasp_matrix_free(x);
    grasp_model_free(m);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- the fits ---------------------------------------------------------------------------------------------------- */

/* The optimum's gradient, written down anew, is zero. */
START_TEST(a_fit_is_the_optimum)
{
    enum { N = 300, Q = 7 };
    static double x[N * Q], weight[N];
    static uint8_t target[N];
    static int64_t rows[N];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng((uint64_t)_i);
    double theta[Q], *scratch = calloc((size_t)grasp__logit_scratch(Q), sizeof *scratch), total = 0, g[Q] = {0};
    random_normals(&rng, x, N * Q);
    for (int i = 0; i < N; i++) {
        x[i * Q + Q - 1] = 1;
        target[i] = x[i * Q] + x[i * Q + 1] * 2 > grasp__rng_normal(&rng);
        weight[i] = _i == 0 ? 1 : 3 * grasp__rng_uniform(&rng) * (i % 5 > 0);
        rows[i] = (i * 7) % N;
    }
    grasp__logit f = {x, Q, rows, N - 20, target, _i == 0 ? NULL : weight, _i == 2 ? 1e-4 : 0.3};
    ASSERT_OK(ctx, grasp__logit_fit(ctx, &f, scratch, theta));
    for (int k = 0; k < N - 20; k++)
        total += weight[rows[k]];
    for (int k = 0; k < N - 20; k++) {
        double z = 0;
        for (int j = 0; j < Q; j++)
            z += theta[j] * x[rows[k] * Q + j];
        for (int j = 0; j < Q; j++)
            g[j] += weight[rows[k]] / total * (1 / (1 + exp(-z)) - target[rows[k]]) * x[rows[k] * Q + j];
    }
    for (int j = 0; j < Q; j++)
        ck_assert_double_eq_tol(g[j] + (j < Q - 1 ? f.l2 : 1e-6) * theta[j], 0, 2e-6);
    free(scratch);
    grasp_context_free(ctx);
}
END_TEST

/* Nobody is scored by a fit that saw it: its own target does not move its score, and moves the others'. */
START_TEST(scores_are_out_of_fold)
{
    enum { N = 120, Q = 4, REPEATS = 2 };
    static double x[N * Q], first[N], second[N];
    static uint8_t target[N];
    static int64_t rows[N], stratum[N];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(1);
    random_normals(&rng, x, N * Q);
    for (int i = 0; i < N; i++) {
        x[i * Q + Q - 1] = 1;
        target[i] = i % 2;
        rows[i] = i;
        stratum[i] = i % 3 == 0;
    }
    grasp__crossfit c = {.fit = {x, Q, rows, N, target, NULL, 0.01}, .stratum = stratum, .n_strata = 2, .folds = 5,
                         .repeats = REPEATS, .stream = 9};
    ASSERT_OK(ctx, grasp__crossfit_scores(ctx, &c, first, NULL));
    for (int i = 0; i < N; i += 17) {
        int moved = 0;
        target[i] = !target[i];
        ASSERT_OK(ctx, grasp__crossfit_scores(ctx, &c, second, NULL));
        target[i] = !target[i];
        ck_assert(second[i] == first[i]);
        for (int k = 0; k < N; k++)
            moved += second[k] != first[k];
        ck_assert_int_gt(moved, N / 2);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(the_valley_is_where_it_was_dug)
{
    enum { N = 1000 };
    static double m[N];
    grasp__rng rng = test_rng(2);
    double depth;
    random_normals(&rng, m, N);
    for (int i = 0; i < N; i++)
        m[i] = i % 10 ? 0.7 + 0.25 * m[i] : -1.2 + 0.25 * m[i];
    double at = grasp__robust_valley(m, N, &depth);
    ck_assert_msg(at > -0.7 && at < 0.1 && depth < 0.3, "%g, %g", at, depth);
    for (int i = 0; i < N; i++)
        m[i] = i % 10 ? m[i] : 0.7;
    ck_assert(grasp__robust_valley(m, N, &depth) == 0 && depth == 1);
    /* A small minority, whose far side is thinner than the valley. */
    random_normals(&rng, m, N);
    for (int i = 0; i < N; i++)
        m[i] = i % 25 ? 0.6 + 0.4 * m[i] : -0.75 + 0.08 * m[i];
    at = grasp__robust_valley(m, N, &depth);
    ck_assert_msg(at > -0.65 && at < -0.25 && depth < 0.6, "%g, %g", at, depth);
}
END_TEST

/* Validation rows, however they were drawn, do not change what is learned from the training rows. */
START_TEST(validation_rows_are_assigned)
{
    grasp_context *ctx = test_context();
    planted p = plant(43, shortcut);
    grasp_model *m = bound(ctx, &p, false);
    int64_t *rows = calloc((size_t)p.n, sizeof *rows), kept = 1000;
    grasp_groups *alone, *both;
    for (int64_t i = 0; i < p.n; i++)
        rows[i] = i;
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "robust", m, rows, kept, NULL, 0, NULL, NULL, &alone, NULL));
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "robust", m, rows, kept, rows + kept, p.n - kept, NULL, NULL, &both, NULL));
    ck_assert_int_eq(grasp_groups_count(both), 4);
    int64_t hit = 0, minority = 0;
    for (int64_t i = 0; i < p.n; i++) {
        ck_assert(i >= kept || grasp_groups_label(alone, i) == grasp_groups_label(both, i));
        minority += i >= kept && p.a[i] != p.y[i];
        hit += i >= kept && p.a[i] != p.y[i] && grasp_groups_label(both, i) % 2;
    }
    ck_assert_msg(hit >= 0.6 * (double)minority, "%d of %d", (int)hit, (int)minority);
    grasp_groups_free(alone);
    grasp_groups_free(both);
    grasp_model_free(m);
    free(rows);
    planted_free(&p);
    grasp_context_free(ctx);
}
END_TEST

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

typedef struct trial {
    planted p;
    int64_t *label; /* n, and n assigned */
} trial;

static grasp_status all(grasp_context *ctx, void *arg)
{
    trial *t = arg;
    grasp_matrix *x = NULL;
    grasp_model *m = NULL;
    grasp_gradients *g = NULL;
    grasp_inference *inference = NULL;
    grasp_groups *groups = NULL, *assigned = NULL;
    grasp_report *report = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, t->p.n, t->p.d, t->p.d, t->p.x, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_model_create_softmax(ctx, t->p.d, t->p.classes, &m);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, m, x, t->p.y, t->p.n);
    if (s == GRASP_OK)
        s = grasp_gradients_compute(ctx, m, NULL, t->p.n, NULL, &g);
    if (s == GRASP_OK) {
        s = grasp_infer(ctx, g, t->p.y, t->p.n, NULL, NULL, &inference, &report);
        ck_assert(s < GRASP_OK || (inference != NULL && report != NULL)); /* cancelled, however early, they are valid */
    }
    if (s == GRASP_OK)
        s = grasp_inference_groups(ctx, inference, &groups);
    if (s == GRASP_OK && t->label)
        s = grasp_groups_labels(ctx, groups, t->label, t->p.n);
    if (s == GRASP_OK)
        s = grasp_assign(ctx, inference, g, t->p.y, t->p.n, &assigned);
    if (s == GRASP_OK && t->label)
        s = grasp_groups_labels(ctx, assigned, t->label + t->p.n, t->p.n);
    grasp_groups_free(assigned);
    grasp_groups_free(groups);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_gradients_free(g);
    grasp_model_free(m);
    grasp_matrix_free(x);
    return s;
}

/* The whole of grasp_fit(); label holds the parameters as well. */
static grasp_status whole(grasp_context *ctx, void *arg)
{
    trial *t = arg;
    grasp_matrix *x = NULL;
    grasp_model *m = NULL;
    grasp_inference *inference = NULL;
    grasp_report *report = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, t->p.n, t->p.d, t->p.d, t->p.x, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_model_create_logistic(ctx, t->p.d, &m);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, m, x, t->p.y, t->p.n);
    if (s == GRASP_OK)
        s = fit(ctx, m, t->p.n, "", &inference, &report);
    if (s == GRASP_OK && t->label)
        s = grasp_model_get_params(ctx, m, (double *)t->label, t->p.d + 1);
    grasp_report_free(report);
    grasp_inference_free(inference);
    grasp_model_free(m);
    grasp_matrix_free(x);
    return s;
}

static const recipe small = {240, 6, 2, 0.88, 2, 5, 0}, wide = {200, 110, 2, 0.85, 4, 8, 0};

START_TEST(no_memory_is_told)
{
    trial t = {.p = plant(30, _i == 1 ? wide : small)};
    for_each_failing_allocation(_i == 2 ? whole : all, &t);
    planted_free(&t.p);
}
END_TEST

START_TEST(cancel_is_obeyed)
{
    trial t = {.p = plant(31, _i == 1 ? wide : small)};
    ck_assert_int_gt(for_each_cancel(_i == 2 ? whole : all, &t), 5);
    planted_free(&t.p);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    trial t = {.p = plant(32, _i == 1 ? wide : small)};
    size_t bytes = 2 * (size_t)t.p.n * sizeof *t.label;
    t.label = calloc(2 * (size_t)t.p.n, sizeof *t.label);
    for_each_thread_count(_i == 2 ? whole : all, &t, GRASP_OK, t.label, bytes);
    free(t.label);
    planted_free(&t.p);
}
END_TEST

Suite *check_infer_robust_suite(void);
Suite *check_infer_robust_suite(void)
{
    Suite *suite = suite_create("infer_robust");
    TCase *t = tcase_create("robust");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_shared_minority_is_found);
    tcase_add_loop_test(t, a_minority_behind_flipped_labels_is_found, 0, 2);
    tcase_add_loop_test(t, where_there_is_no_minority_there_is_no_split, 0, 4);
    tcase_add_test(t, noise_is_not_found_again);
    tcase_add_test(t, a_split_must_lift_each_minority);
    tcase_add_test(t, what_needs_a_bend_does_not_train_a_plane);
    tcase_add_test(t, several_classes_are_tried_two_at_a_time);
    tcase_add_test(t, a_minority_behind_a_bend_is_found);
    tcase_add_loop_test(t, gradients_of_linear_models_suffice, 0, 6);
    tcase_add_loop_test(t, either_order_of_parameters_is_read, 0, 2);
    tcase_add_loop_test(t, other_gradients_are_clustered, 0, 4);
    tcase_add_loop_test(t, linear_models_gain, 0, 2);
    tcase_add_test(t, without_a_split_nobody_pays);
    tcase_add_loop_test(t, outliers_are_left_out_where_that_helps, 0, 2);
    tcase_add_test(t, the_final_model_is_certified);
    tcase_add_test(t, balanced_is_for_linear_models);
    tcase_add_test(t, a_second_look_helps);
    tcase_add_test(t, neighbours_are_the_nearest);
    tcase_add_test(t, validation_rows_are_assigned);
    tcase_add_loop_test(t, a_fit_is_the_optimum, 0, 3);
    tcase_add_test(t, scores_are_out_of_fold);
    tcase_add_test(t, the_valley_is_where_it_was_dug);
    tcase_add_loop_test(t, no_memory_is_told, 0, 3);
    tcase_add_loop_test(t, cancel_is_obeyed, 0, 3);
    tcase_add_loop_test(t, threads_do_not_matter, 0, 3);
    suite_add_tcase(suite, t);
    return suite;
}
