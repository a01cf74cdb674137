/* SPDX-License-Identifier: BSD-3-Clause
 * io: a saved inference comes back with its groups, choices and scores, and assigns as before; every cut and flipped
 * bit is refused; what no saving wrote is refused even with right checksums.
 */
#include "support.h"
#include "support_files.h"

#include "grasp.h"
#include "grasp/io.h"
#include "infer/infer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 260, P = 4, FRESH = 90 };

/* ---- streams in memory ------------------------------------------------------------------------------------------- */

typedef struct stream {
    unsigned char *data;
    size_t size, capacity, at;
} stream;

static int32_t put(void *user, const void *data, size_t len)
{
    stream *s = user;
    if (s->size + len > s->capacity) {
        s->capacity = 2 * (s->size + len);
        s->data = realloc(s->data, s->capacity);
    }
    memcpy(s->data + s->size, data, len);
    s->size += len;
    return GRASP_CB_OK;
}

static int64_t take(void *user, void *data, size_t len)
{
    stream *s = user;
    size_t n = s->size - s->at < len ? s->size - s->at : len;
    memcpy(data, s->data + s->at, n);
    s->at += n;
    return (int64_t)n;
}

/* ---- problems ---------------------------------------------------------------------------------------------------- */

static const char *const settings[] = {"mode=density",
                                       "metric=euclidean;eps=0.4,0.8;min_samples=3,6",
                                       "center=false;eps=0.05,0.2;min_samples=4",
                                       "mode=published;eps=0.001;min_samples=30",
                                       "mode=density;eps=0.001;min_samples=30;score=ari",
                                       "algorithm=kmeans;k=2,3",
                                       "algorithm=kmeans;metric=euclidean;k=1"};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* Gradients in a few directions; the classes are 4, -1 and one sample of 9. */
static void make_random(uint64_t item, int64_t n, double *x, int64_t *y)
{
    grasp__rng rng = test_rng(item);
    random_normals(&rng, x, n * P);
    for (int64_t i = 0; i < n; i++) {
        y[i] = grasp__rng_below(&rng, 2) ? 4 : -1;
        for (int64_t k = 0; k < P; k++)
            x[i * P + k] = 0.3 * x[i * P + k] + (double)(k == i % 3);
    }
    y[n / 2] = 9;
}

typedef struct trial {
    const char *params;
    double x[N * P], fresh[FRESH * P];
    int64_t y[N], fresh_y[FRESH];
} trial;

static trial *trial_make(const char *params)
{
    trial *t = calloc(1, sizeof *t);
    t->params = params;
    make_random(3, N, t->x, t->y);
    make_random(4, FRESH, t->fresh, t->fresh_y);
    return t;
}

static grasp_status make_gradients(grasp_context *ctx, double *x, int64_t n, grasp_gradients **out)
{
    grasp_matrix *m = NULL;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, n, P, P, x, NULL, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_gradients_create_dense(ctx, GRASP_F64, P, n, out);
    if (s == GRASP_OK)
        s = grasp_gradients_append(ctx, *out, m);
    if (s == GRASP_OK)
        s = grasp_gradients_seal(ctx, *out);
    grasp_matrix_free(m);
    return s;
}

static grasp_status make_inference(grasp_context *ctx, trial *t, grasp_inference **out)
{
    grasp_gradients *g = NULL;
    grasp_params *params = NULL;
    grasp_groups *truth = NULL;
    grasp_status s = make_gradients(ctx, t->x, N, &g);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, "infer", &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, t->params);
    if (s == GRASP_OK)
        s = grasp_groups_create_coded(ctx, t->y, N, &truth);
    if (s == GRASP_OK)
        s = grasp_infer(ctx, g, t->y, N, params, truth, out, NULL);
    grasp_groups_free(truth);
    grasp_params_free(params);
    grasp_gradients_free(g);
    return s;
}

static void assert_same_groups(const grasp_groups *a, const grasp_groups *b)
{
    ck_assert(grasp_groups_samples(a) == grasp_groups_samples(b) && grasp_groups_count(a) == grasp_groups_count(b));
    for (int64_t i = 0; i < grasp_groups_samples(a); i++)
        ck_assert_int_eq(grasp_groups_label(a, i), grasp_groups_label(b, i));
}

/* Groups, choices, scores, and what new samples and old ones get. */
static void assert_same(grasp_context *ctx, trial *t, const grasp_inference *a, const grasp_inference *b)
{
    grasp_groups *left = NULL, *right = NULL;
    grasp_gradients *fresh = NULL, *old = NULL;
    ASSERT_OK(ctx, grasp_inference_groups(ctx, a, &left));
    ASSERT_OK(ctx, grasp_inference_groups(ctx, b, &right));
    assert_same_groups(left, right);
    ck_assert_int_eq(grasp_inference_n_classes(a), grasp_inference_n_classes(b));
    ck_assert_int_eq(grasp_inference_n_settings(a), grasp_inference_n_settings(b));
    for (int64_t c = 0; c < grasp_inference_n_classes(a); c++) {
        struct {
            int64_t label, min_samples, n_clusters, n_noise, admissible;
            double eps, score;
        } of[2];
        const grasp_inference *both[] = {a, b};
        memset(of, 0, sizeof of);
        for (int i = 0; i < 2; i++) {
            int32_t admissible;
            ASSERT_OK(ctx, grasp_inference_class(ctx, both[i], c, &of[i].label, &of[i].eps, &of[i].min_samples,
                                                 &of[i].score, &of[i].n_clusters, &of[i].n_noise, &admissible));
            of[i].admissible = admissible;
        }
        ck_assert_mem_eq(&of[0], &of[1], sizeof of[0]);
        for (int64_t i = 0; i < grasp_inference_n_settings(a); i++) {
            double x[6] = {0, 0, 0, 0, 0, 0};
            int64_t m[2];
            ASSERT_OK(ctx, grasp_inference_setting(ctx, a, c, i, &x[0], &m[0], &x[1]));
            ASSERT_OK(ctx, grasp_inference_setting(ctx, b, c, i, &x[2], &m[1], &x[3]));
            ck_assert(m[0] == m[1] && memcmp(x, x + 2, 2 * sizeof *x) == 0);
        }
    }
    grasp_groups_free(right);
    right = NULL;
    ASSERT_OK(ctx, make_gradients(ctx, t->x, N, &old));
    ASSERT_OK(ctx, grasp_assign(ctx, b, old, t->y, N, &right));
    assert_same_groups(left, right);
    grasp_groups_free(left);
    grasp_groups_free(right);
    left = right = NULL;
    ASSERT_OK(ctx, make_gradients(ctx, t->fresh, FRESH, &fresh));
    ASSERT_OK(ctx, grasp_assign(ctx, a, fresh, t->fresh_y, FRESH, &left));
    ASSERT_OK(ctx, grasp_assign(ctx, b, fresh, t->fresh_y, FRESH, &right));
    assert_same_groups(left, right);
    grasp_groups_free(left);
    grasp_groups_free(right);
    grasp_gradients_free(fresh);
    grasp_gradients_free(old);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(comes_back)
{
    grasp_context *ctx = test_context();
    trial *t = trial_make(settings[_i]);
    stream first = {NULL, 0, 0, 0}, second = {NULL, 0, 0, 0};
    folder home;
    const char *path;
    grasp_inference *a = NULL, *b = NULL, *c = NULL;
    ASSERT_OK(ctx, make_inference(ctx, t, &a));
    ASSERT_OK(ctx, grasp_inference_save(ctx, a, put, &first));
    ASSERT_OK(ctx, grasp_inference_load(ctx, take, &first, &b));
    assert_same(ctx, t, a, b);
    ASSERT_OK(ctx, grasp_inference_save(ctx, b, put, &second)); /* loaded, and saved again */
    ck_assert(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    folder_make(&home);
    path = folder_path(&home, "inference");
    ASSERT_OK(ctx, grasp_inference_save_file(ctx, b, path));
    ASSERT_OK(ctx, grasp_inference_load_file(ctx, path, &c));
    assert_same(ctx, t, a, c);
    folder_remove(&home);
    grasp_inference_free(c);
    grasp_inference_free(b);
    grasp_inference_free(a);
    free(first.data);
    free(second.data);
    free(t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(damage)
{
    grasp_context *ctx = test_context();
    trial *t = trial_make(settings[_i]);
    stream s = {NULL, 0, 0, 0};
    grasp_inference *a = NULL, *b = NULL;
    ASSERT_OK(ctx, make_inference(ctx, t, &a));
    ASSERT_OK(ctx, grasp_inference_save(ctx, a, put, &s));
    size_t size = s.size;
    for (size_t cut = 0; cut < size; cut += 61) {
        s.size = cut;
        s.at = 0;
        ASSERT_STATUS(ctx, grasp_inference_load(ctx, take, &s, &b), GRASP_E_FORMAT, "");
        ck_assert_ptr_null(b);
    }
    s.size = size;
    for (size_t at = 0; at < size; at += 37) {
        s.data[at] ^= (unsigned char)(1 << at % 8);
        s.at = 0;
        ASSERT_STATUS(ctx, grasp_inference_load(ctx, take, &s, &b), GRASP_E_FORMAT, "");
        ck_assert_ptr_null(b);
        s.data[at] ^= (unsigned char)(1 << at % 8);
    }
    free(s.data);
    grasp_inference_free(a);
    free(t);
    grasp_context_free(ctx);
}
END_TEST

/* Saves inferences that nobody inferred; loading must refuse each, with words. */
START_TEST(impossible)
{
    static const char *const words[] = {"cluster that is none", "core sample",  "ascend",           "impossible sizes",
                                        "two places",           "out of range", "impossible sizes", "core sample"};
    for (int k = 0; k < 8; k++) {
        grasp_context *ctx = test_context();
        trial *t = trial_make("eps=0.2;min_samples=4;mode=published");
        stream s = {NULL, 0, 0, 0};
        grasp_inference *a = NULL, *b = NULL;
        ASSERT_OK(ctx, make_inference(ctx, t, &a));
        grasp__inferred_class *c = &a->classes[1];
        int64_t core = 0, other = 0;
        while (!c->core[core])
            core++;
        while (c->core[other])
            other++;
        if (k == 0)
            c->cluster[other] = c->n_clusters;
        else if (k == 1)
            c->cluster[core] = GRASP_NOISE;
        else if (k == 2)
            c->label = a->classes[0].label;
        else if (k == 3)
            c->n_clusters = c->n + 1;
        else if (k == 4)
            c->row[other] = c->row[core];
        else if (k == 5)
            c->row[other] = N;
        else if (k == 6)
            c->eps = -1;
        else
            c->core[core] = 2;
        ASSERT_OK(ctx, grasp_inference_save(ctx, a, put, &s));
        ASSERT_STATUS(ctx, grasp_inference_load(ctx, take, &s, &b), GRASP_E_FORMAT, words[k]);
        ck_assert_ptr_null(b);
        free(s.data);
        grasp_inference_free(a);
        free(t);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    trial *t = trial_make("eps=0.2;min_samples=4");
    stream s = {NULL, 0, 0, 0};
    grasp_inference *a = NULL, *b = NULL;
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, make_inference(ctx, t, &a));
    ASSERT_STATUS(ctx, grasp_inference_save(ctx, NULL, put, &s), GRASP_E_ARG, "inference");
    ASSERT_STATUS(ctx, grasp_inference_save(ctx, a, NULL, &s), GRASP_E_ARG, "fn");
    ASSERT_STATUS(ctx, grasp_inference_save_file(ctx, NULL, "x"), GRASP_E_ARG, "inference");
    ASSERT_STATUS(ctx, grasp_inference_save_file(ctx, a, NULL), GRASP_E_ARG, "path");
    ASSERT_STATUS(ctx, grasp_inference_load(ctx, NULL, &s, &b), GRASP_E_ARG, "fn");
    ASSERT_STATUS(ctx, grasp_inference_load(ctx, take, &s, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_inference_load_file(ctx, NULL, &b), GRASP_E_ARG, "path");
    ASSERT_STATUS(ctx, grasp_inference_load_file(ctx, "no/such/file", &b), GRASP_E_IO, "no/such/file");
    ASSERT_OK(ctx, grasp_inference_groups(ctx, a, &groups));
    ASSERT_OK(ctx, grasp_groups_save(ctx, groups, put, &s)); /* another kind */
    ASSERT_STATUS(ctx, grasp_inference_load(ctx, take, &s, &b), GRASP_E_FORMAT, "GRPS");
    ck_assert_ptr_null(b);
    free(s.data);
    grasp_groups_free(groups);
    grasp_inference_free(a);
    free(t);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status save_and_load(grasp_context *ctx, void *arg)
{
    stream s = {NULL, 0, 0, 0};
    grasp_inference *a = NULL, *b = NULL;
    grasp_status status = make_inference(ctx, arg, &a);
    if (status == GRASP_OK)
        status = grasp_inference_save(ctx, a, put, &s);
    if (status == GRASP_OK)
        status = grasp_inference_load(ctx, take, &s, &b);
    grasp_inference_free(b);
    grasp_inference_free(a);
    free(s.data);
    return status;
}

START_TEST(failing_allocations)
{
    trial *t = trial_make(_i == 0 ? "eps=0.2;min_samples=4" : "algorithm=kmeans;k=2;restarts=1");
    for_each_failing_allocation(save_and_load, t);
    free(t);
}
END_TEST

Suite *check_io_inference_suite(void);
Suite *check_io_inference_suite(void)
{
    Suite *suite = suite_create("io_inference");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, comes_back, 0, SETTINGS);
    tcase_add_loop_test(all, damage, 0, SETTINGS);
    tcase_add_test(all, impossible);
    tcase_add_test(all, refusals);
    tcase_add_loop_test(all, failing_allocations, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
