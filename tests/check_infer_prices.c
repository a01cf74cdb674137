/* SPDX-License-Identifier: BSD-3-Clause
 * Prices against what calls really take: never less than the peak, and at most a twentieth more, whatever the shape,
 * the element type, the parameters and the number of threads; and under a limit of the price a call goes through.
 */
#include "support.h"

#include "grasp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLACK = 2048 }; /* blocks of a few bytes each: handles, lists of parameters, sizes of groups */

/* One problem: n samples of p values in classes, as rows or as factors of one layer of p inputs. */
typedef struct sample {
    int64_t n, p;
    int32_t dtype, threads;
    int64_t *y;
    double *x;
} sample;

static sample sample_make(int64_t t)
{
    static const int64_t sizes[][2] = {{60, 3}, {260, 40}, {900, 40}, {500, 300}, {150, 2500}, {1300, 5}};
    const int64_t *size = sizes[t % 6];
    sample q = {size[0], size[1], t % 4 < 2 ? GRASP_F32 : GRASP_F64, (int32_t)(1 + t % 3), NULL, NULL};
    grasp__rng rng = test_rng((uint64_t)t);
    q.x = malloc((size_t)(q.n * q.p) * sizeof *q.x);
    q.y = malloc((size_t)q.n * sizeof *q.y);
    random_normals(&rng, q.x, q.n * q.p);
    for (int64_t i = 0; i < q.n; i++) {
        q.y[i] = i % 5 == 0;
        for (int64_t j = 0; j < q.p; j++) /* a few clusters of several densities, so that scores have much to do */
            q.x[i * q.p + j] = q.x[i * q.p + j] * 0.1 * (double)(1 + i % 4) + ((i % 7 + j) % 3 == 0);
    }
    return q;
}

static void sample_free(sample *q)
{
    free(q->x);
    free(q->y);
}

static grasp_matrix *matrix_of(grasp_context *ctx, const sample *q)
{
    grasp_matrix *m = NULL;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, q->dtype, q->n, q->p, &m));
    for (int64_t k = 0; k < q->n * q->p; k++) {
        int64_t at = k / q->p * grasp_matrix_row_stride(m) + k % q->p;
        if (q->dtype == GRASP_F32)
            ((float *)grasp_matrix_data(m))[at] = (float)q->x[k];
        else
            ((double *)grasp_matrix_data(m))[at] = q->x[k];
    }
    return m;
}

static grasp_gradients *gradients_of(grasp_context *ctx, const sample *q, bool factored)
{
    grasp_matrix *m = matrix_of(ctx, q), *one = NULL;
    grasp_gradients *g = NULL;
    if (factored) {
        ASSERT_OK(ctx, grasp_matrix_create(ctx, q->dtype, q->n, 1, &one));
        for (int64_t i = 0; i < q->n; i++) {
            if (q->dtype == GRASP_F32)
                ((float *)grasp_matrix_data(one))[i * grasp_matrix_row_stride(one)] = 1;
            else
                ((double *)grasp_matrix_data(one))[i * grasp_matrix_row_stride(one)] = 1;
        }
        ASSERT_OK(ctx, grasp_gradients_create_factored(ctx, q->dtype, 1, &q->p, (int64_t[]){1}, NULL, NULL, 0, &g));
        ASSERT_OK(ctx, grasp_gradients_append_factors_lent(ctx, g, &m, &one, 1));
    } else {
        ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, q->dtype, q->p, 0, &g));
        ASSERT_OK(ctx, grasp_gradients_append_lent(ctx, g, m));
    }
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, g));
    grasp_matrix_free(one);
    grasp_matrix_free(m);
    return g;
}

static grasp_params *params_of(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, algorithm, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    return params;
}

/* What a call is priced at and takes. Its run comes twice: once to see the peak, once under a limit of the price. */
typedef struct call {
    const sample *q;
    const char *space, *text, *algorithm;
    bool factored;
    /* made by prepare */
    grasp_gradients *gradients;
    grasp_distances *distances;
    grasp_params *params;
    grasp_model *model;
    grasp_sweep *sweep;
    grasp_clusterer *clusterer;
    grasp_groups *truth;
    bool bound; /* not exceeded is enough: mode=robust, a DBSCAN that has no dear way */
    bool idle;  /* no setting had a score, so that scoring took nothing */
} call;

typedef struct kind {
    const char *name;
    void (*prepare)(grasp_context *ctx, call *c);
    grasp_status (*price)(grasp_context *ctx, call *c, uint64_t *out);
    grasp_status (*run)(grasp_context *ctx, call *c);
} kind;

static void call_clear(call *c)
{
    grasp_sweep_free(c->sweep);
    grasp_clusterer_free(c->clusterer);
    grasp_model_free(c->model);
    grasp_params_free(c->params);
    grasp_distances_free(c->distances);
    grasp_gradients_free(c->gradients);
    grasp_groups_free(c->truth);
    c->sweep = NULL;
    c->clusterer = NULL;
    c->model = NULL;
    c->params = NULL;
    c->distances = NULL;
    c->gradients = NULL;
    c->truth = NULL;
}

/* The peak of a run in a fresh context beyond what it begins with; 0 where what came before took more. */
static uint64_t held_by_run(const kind *k, call *c, uint64_t *price, bool limited)
{
    grasp_context *ctx = test_context();
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, c->q->threads));
    k->prepare(ctx, c);
    ASSERT_OK(ctx, k->price(ctx, c, price));
    uint64_t before = grasp_context_memory_used(ctx), earlier = grasp_context_memory_peak(ctx);
    if (limited)
        ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, before + *price));
    grasp_status s = k->run(ctx, c);
    ck_assert_msg(s >= 0, "%s %s %s: %s", k->name, c->space, c->text, grasp_context_error(ctx));
    uint64_t peak = grasp_context_memory_peak(ctx);
    if (limited)
        ck_assert_uint_le(peak > earlier ? peak : 0, before + *price);
    call_clear(c);
    grasp_context_free(ctx);
    return peak > earlier ? peak - before : 0;
}

static void check_price(const kind *k, call *c)
{
    uint64_t price, again, peak = held_by_run(k, c, &price, false);
    ck_assert_msg(peak == 0 || (peak <= price && (c->idle || c->bound || (double)price <= 1.05 * (double)peak + SLACK)),
                  "%s n %d p %d f%d threads %d factored %d [%s] [%s]: price %" PRIu64 ", peak %" PRIu64, k->name,
                  (int)c->q->n, (int)c->q->p, c->q->dtype == GRASP_F32 ? 32 : 64, (int)c->q->threads, c->factored,
                  c->space, c->text, price, peak);
    held_by_run(k, c, &again, true);
    ck_assert_uint_eq(price, again);
}

/* ---- the calls --------------------------------------------------------------------------------------------------- */

static void prepare_distances(grasp_context *ctx, call *c)
{
    c->gradients = gradients_of(ctx, c->q, c->factored);
    c->params = params_of(ctx, "distances", c->space);
}

static grasp_status price_distances(grasp_context *ctx, call *c, uint64_t *out)
{
    return grasp_distances_bytes(ctx, c->q->n, c->q->p + c->factored, c->params, out);
}

static grasp_status run_distances(grasp_context *ctx, call *c)
{
    return grasp_distances_create(ctx, c->gradients, c->params, &c->distances);
}

static void prepare_sweep(grasp_context *ctx, call *c)
{
    int64_t *y = calloc((size_t)c->q->n, sizeof *y);
    prepare_distances(ctx, c);
    ASSERT_OK(ctx, grasp_distances_create(ctx, c->gradients, c->params, &c->distances));
    grasp_params *params = params_of(ctx, "sweep", c->text);
    ASSERT_OK(ctx, grasp_sweep_create(ctx, c->algorithm, params, &c->sweep));
    ASSERT_OK(ctx, grasp_groups_create(ctx, y, c->q->n, &c->truth));
    grasp_params_free(params);
    free(y);
}

static grasp_status price_sweep(grasp_context *ctx, call *c, uint64_t *out)
{
    return grasp_sweep_bytes(ctx, c->sweep, c->distances, out);
}

static grasp_status run_sweep(grasp_context *ctx, call *c)
{
    grasp_status s = grasp_sweep_run(ctx, c->sweep, c->distances, c->truth);
    c->idle = grasp_sweep_best(c->sweep) < 0;
    return s;
}

static void prepare_clusterer(grasp_context *ctx, call *c)
{
    prepare_distances(ctx, c);
    ASSERT_OK(ctx, grasp_distances_create(ctx, c->gradients, c->params, &c->distances));
    grasp_params *params = params_of(ctx, c->algorithm, c->text);
    ASSERT_OK(ctx, grasp_clusterer_create(ctx, c->algorithm, params, &c->clusterer));
    grasp_params_free(params);
}

static grasp_status price_clusterer(grasp_context *ctx, call *c, uint64_t *out)
{
    return grasp_clusterer_bytes(ctx, c->clusterer, c->distances, out);
}

static grasp_status run_clusterer(grasp_context *ctx, call *c)
{
    return grasp_clusterer_fit_distances(ctx, c->clusterer, c->distances);
}

static void prepare_infer(grasp_context *ctx, call *c)
{
    c->gradients = gradients_of(ctx, c->q, c->factored);
    c->params = params_of(ctx, "infer", c->text);
    if (!c->bound)
        ASSERT_OK(ctx, grasp_params_set_str(ctx, c->params, GRASP_KEY_MODE, "density"));
}

static grasp_status price_infer(grasp_context *ctx, call *c, uint64_t *out)
{
    return grasp_infer_bytes(ctx, c->gradients, c->q->y, c->q->n, c->params, out);
}

static grasp_status run_infer(grasp_context *ctx, call *c)
{
    grasp_inference *inference = NULL;
    grasp_status s = grasp_infer(ctx, c->gradients, c->q->y, c->q->n, c->params, NULL, &inference, NULL);
    grasp_inference_free(inference);
    return s;
}

static void prepare_compute(grasp_context *ctx, call *c)
{
    grasp_matrix *x = matrix_of(ctx, c->q);
    if (c->factored)
        ASSERT_OK(ctx, grasp_model_create_mlp(ctx, (int64_t[]){c->q->p, 20, 7, 2}, 4, NULL, &c->model));
    else
        ASSERT_OK(ctx, grasp_model_create_softmax(ctx, c->q->p, 2, &c->model));
    ASSERT_OK(ctx, grasp_model_bind(ctx, c->model, x, c->q->y, c->q->n));
    c->params = params_of(ctx, "gradients", c->text);
    grasp_matrix_free(x);
}

static grasp_status price_compute(grasp_context *ctx, call *c, uint64_t *out)
{
    return grasp_gradients_compute_bytes(ctx, c->model, c->q->n, c->params, out);
}

static grasp_status run_compute(grasp_context *ctx, call *c)
{
    return grasp_gradients_compute(ctx, c->model, NULL, c->q->n, c->params, &c->gradients);
}

static const kind clustering = {"clusterer", prepare_clusterer, price_clusterer, run_clusterer};

/* ---- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(distances)
{
    static const kind k = {"distances", prepare_distances, price_distances, run_distances};
    static const char *const spaces[] = {"", "center=false", "metric=euclidean", "storage=condensed",
                                         "metric=euclidean;storage=condensed"};
    for (int64_t t = 0; t < trials(12); t++) {
        sample q = sample_make(t);
        for (int s = 0; s < 5; s++)
            check_price(&k, &(call){.q = &q, .space = spaces[s], .text = "", .factored = (t + s) % 3 == 0});
        sample_free(&q);
    }
}
END_TEST

START_TEST(sweeps)
{
    static const kind k = {"sweep", prepare_sweep, price_sweep, run_sweep};
    static const char *const spaces[] = {"", "metric=euclidean", "storage=condensed"};
    static const char *const texts[] = {"",
                                        "score=silhouette_euclidean",
                                        "score=ari",
                                        "eps=0.3;min_samples=5",
                                        "budget=0",
                                        "budget=0;score=silhouette_euclidean;eps=0.2,0.4",
                                        "budget=3000000;noise=exclude;min_samples=3"};
    for (int64_t t = 0; t < trials(6); t++) {
        sample q = sample_make(t);
        for (int s = 0; s < 3; s++) {
            for (int e = 0; e < 7; e++)
                check_price(&k, &(call){.q = &q, .space = spaces[s], .text = texts[e], .algorithm = "dbscan"});
            check_price(&k, &(call){.q = &q, .space = spaces[s], .text = "k=2,5,9;restarts=2", .algorithm = "kmeans"});
            check_price(&k, &(call){.q = &q, .space = spaces[s], .text = "k=3;restarts=1;score=silhouette_euclidean",
                                    .algorithm = "kmeans"});
        }
        sample_free(&q);
    }
}
END_TEST

START_TEST(clusterers)
{
    static const char *const spaces[] = {"", "metric=euclidean", "storage=condensed"};
    for (int64_t t = 0; t < trials(6); t++) {
        sample q = sample_make(t);
        for (int s = 0; s < 3; s++) {
            call c = {.q = &q, .space = spaces[s], .factored = (t + s) % 2 == 0, .algorithm = "kmeans"};
            c.text = "k=7;restarts=2";
            check_price(&clustering, &c);
            c.text = "k=60;restarts=1;max_iterations=2";
            check_price(&clustering, &c);
            c.algorithm = "gmm";
            c.text = "k=3;restarts=2;max_iterations=4;tolerance=0";
            if (q.p <= 300)
                check_price(&clustering, &c);
        }
        sample_free(&q);
    }
}
END_TEST

/* DBSCAN goes as the data has it: no way is dearer than the price, and one of these about as dear. */
static void check_dbscan(call *c)
{
    static const char *const texts[] = {"eps=1e-9;min_samples=1", "eps=1e-9;min_samples=5", "eps=0.2;min_samples=5",
                                        "eps=0.5;min_samples=5", "eps=1;min_samples=5"};
    uint64_t price, again, dearest = 0, most = 0;
    for (size_t e = 0; e < sizeof texts / sizeof *texts; e++) {
        c->text = texts[e];
        const uint64_t peak = held_by_run(&clustering, c, &price, false);
        held_by_run(&clustering, c, &again, true);
        ck_assert_uint_eq(price, again);
        ck_assert_msg(peak <= price, "n %d p %d threads %d [%s] [%s]: price %" PRIu64 ", peak %" PRIu64, (int)c->q->n,
                      (int)c->q->p, (int)c->q->threads, c->space, c->text, price, peak);
        most = peak > most ? peak : most;
        dearest = price > dearest ? price : dearest;
    }
    ck_assert_msg(most == 0 || c->bound || (double)dearest <= 1.05 * (double)most + SLACK,
                  "n %d p %d threads %d factored %d [%s]: price %" PRIu64 ", peak %" PRIu64, (int)c->q->n,
                  (int)c->q->p, (int)c->q->threads, c->factored, c->space, dearest, most);
}

/* Rows without structure, of length 1 or so. The last ones are so few values long that no pairs are dear. */
START_TEST(densities)
{
    enum { SIZES = 7 };
    static const char *const spaces[] = {"", "metric=euclidean", "storage=condensed"};
    static const int64_t sizes[SIZES][2] = {{60, 3},   {260, 40},   {560, 300}, {900, 40},
                                            {1300, 12}, {700, 2500}, {1300, 5}};
    for (int64_t t = 0; t < trials(SIZES + 4); t++) {
        const int64_t *size = sizes[t % SIZES];
        sample q = {size[0], size[1], t % 4 < 2 ? GRASP_F32 : GRASP_F64, (int32_t)(1 + t % 3), NULL, NULL};
        grasp__rng rng = test_rng((uint64_t)t);
        q.x = malloc((size_t)(q.n * q.p) * sizeof *q.x);
        random_normals(&rng, q.x, q.n * q.p);
        for (int64_t k = 0; k < q.n * q.p; k++)
            q.x[k] /= sqrt((double)q.p);
        for (int s = 0; s < 3; s++)
            check_dbscan(&(call){.q = &q, .space = spaces[s], .factored = (t + s) % 2 == 0, .algorithm = "dbscan",
                                 .bound = t % SIZES == SIZES - 1});
        sample_free(&q);
    }
}
END_TEST

START_TEST(inferences)
{
    static const kind k = {"infer", prepare_infer, price_infer, run_infer};
    static const char *const texts[] = {"", "select=all", "metric=euclidean", "center=false;score=silhouette_euclidean",
                                        "algorithm=kmeans;k=2,4;restarts=2", "algorithm=kmeans;select=all;restarts=1"};
    for (int64_t t = 0; t < trials(6); t++) {
        sample q = sample_make(t);
        for (size_t e = 0; e < sizeof texts / sizeof *texts; e++)
            check_price(&k, &(call){.q = &q, .space = "", .text = texts[e], .factored = t % 2 == 0});
        check_price(&k, &(call){.q = &q, .space = "", .text = "", .factored = true, .bound = true});
        check_price(&k, &(call){.q = &q, .space = "", .text = "", .factored = false, .bound = true});
        sample_free(&q);
    }
}
END_TEST

START_TEST(mixtures)
{
    static const kind infer = {"infer", prepare_infer, price_infer, run_infer};
    for (int64_t t = 0; t < 2; t++) {
        sample q = sample_make(t);
        check_price(&infer, &(call){.q = &q, .space = "", .text = "algorithm=gmm;k=3;restarts=1;max_iterations=3"});
        sample_free(&q);
    }
}
END_TEST

START_TEST(gradients)
{
    static const kind k = {"compute", prepare_compute, price_compute, run_compute};
    static const char *const texts[] = {"", "form=dense", "dtype=f32", "dtype=f64", "form=dense;dtype=f64",
                                        "form=dense;dtype=f32"};
    for (int64_t t = 0; t < trials(12); t++) {
        sample q = sample_make(t);
        for (int e = 0; e < 6; e++)
            for (int mlp = 0; mlp < 2; mlp++)
                check_price(&k, &(call){.q = &q, .space = "", .text = texts[e], .factored = mlp});
        sample_free(&q);
    }
}
END_TEST

static void refuse_clusterers(grasp_context *ctx, const sample *q)
{
    static const char *const overflows[] = {"k=2;max_iterations=9000000000000000000",
                                            "k=2;restarts=9000000000000000000"};
    call c = {.q = q, .space = "", .algorithm = "kmeans", .text = "k=61"};
    uint64_t bytes = 7;
    prepare_clusterer(ctx, &c);
    ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, NULL, c.distances, &bytes), GRASP_E_ARG, "clusterer");
    ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, c.clusterer, NULL, &bytes), GRASP_E_ARG, "distances");
    ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, c.clusterer, c.distances, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, c.clusterer, c.distances, &bytes), GRASP_E_PARAM, "k is 61");
    ASSERT_OK(ctx, grasp_clusterer_set_multiplicities(ctx, c.clusterer, (int64_t[]){1, 2}, 2));
    ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, c.clusterer, c.distances, &bytes), GRASP_E_DIM, "2 multiplicities");
    call_clear(&c);
    c.algorithm = "gmm";
    for (int e = 0; e < 2; e++) {
        c.text = overflows[e];
        prepare_clusterer(ctx, &c);
        ASSERT_STATUS(ctx, grasp_clusterer_bytes(ctx, c.clusterer, c.distances, &bytes), GRASP_E_OVERFLOW, "");
        call_clear(&c);
    }
    ck_assert_uint_eq(bytes, 7);
}

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    sample q = sample_make(0);
    call c = {.q = &q, .text = ""};
    uint64_t bytes;
    prepare_compute(ctx, &c);
    ASSERT_STATUS(ctx, grasp_gradients_compute_bytes(ctx, NULL, 3, NULL, &bytes), GRASP_E_ARG, "model");
    ASSERT_STATUS(ctx, grasp_gradients_compute_bytes(ctx, c.model, -3, NULL, &bytes), GRASP_E_ARG, "n is -3");
    ASSERT_STATUS(ctx, grasp_gradients_compute_bytes(ctx, c.model, 3, NULL, NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_gradients_compute_bytes(ctx, c.model, INT64_MAX, NULL, &bytes), GRASP_E_OVERFLOW, "");
    ASSERT_OK(ctx, grasp_gradients_compute_bytes(ctx, c.model, 3037000500, NULL, &bytes));
    ck_assert_uint_gt(bytes, 3037000500u * UINT64_C(5) * 4);
    call_clear(&c);
    prepare_infer(ctx, &c);
    ASSERT_STATUS(ctx, grasp_infer_bytes(ctx, NULL, q.y, q.n, NULL, &bytes), GRASP_E_ARG, "gradients");
    ASSERT_STATUS(ctx, grasp_infer_bytes(ctx, c.gradients, NULL, q.n, NULL, &bytes), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, grasp_infer_bytes(ctx, c.gradients, q.y, q.n - 1, NULL, &bytes), GRASP_E_DIM, "n");
    ASSERT_STATUS(ctx, grasp_infer_bytes(ctx, c.gradients, q.y, q.n, NULL, NULL), GRASP_E_ARG, "out");
    call_clear(&c);
    refuse_clusterers(ctx, &q);
    sample_free(&q);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_infer_prices_suite(void);
Suite *check_infer_prices_suite(void)
{
    Suite *suite = suite_create("infer_prices");
    TCase *all = tcase_create("all"), *gmm = tcase_create("gmm"), *pairs = tcase_create("dbscan");
    tcase_set_timeout(all, 120);
    tcase_set_timeout(pairs, 120);
    tcase_add_test(all, distances);
    tcase_add_test(all, sweeps);
    tcase_add_test(all, clusterers);
    tcase_add_test(pairs, densities);
    tcase_add_test(all, inferences);
    tcase_add_test(gmm, mixtures);
    tcase_add_test(all, gradients);
    tcase_add_test(all, refusals);
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, gmm);
    suite_add_tcase(suite, pairs);
    return suite;
}
