/* SPDX-License-Identifier: BSD-3-Clause
 * A program as users of the baseline built it: compiled with the headers that `make store-abi` kept in abi/include,
 * linked with the symbols of abi/libgrasp.map, run with the present library (tools/check-baseline). It touches every
 * room, hands over every public structure, and looks at results that must not change. Written once; a new function gets
 * a new line only after the baseline has it.
 */
#include <grasp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 42, P = 2 };

static double theta[1];
static int blocks;

static void *count_alloc(void *user, size_t bytes)
{
    ++*(int *)user;
    return malloc(bytes);
}
static void count_free(void *user, void *block)
{
    --*(int *)user;
    free(block);
}
static int32_t go_on(void *user, const char *what, double fraction)
{
    ++*(int *)user;
    return what && fraction >= 0 && fraction <= 1 ? GRASP_CB_OK : -1;
}
static int64_t three(void *user)
{
    return user ? 3 : 3;
}
static int64_t one(void *user)
{
    return user ? 1 : 1;
}
static int32_t labels(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    (void)user;
    for (int64_t i = 0; i < n; i++)
        label[i] = rows[i] * 0;
    return GRASP_CB_OK;
}
static int32_t get_params(void *user, double *out)
{
    (void)user;
    out[0] = theta[0];
    return GRASP_CB_OK;
}
static int32_t set_params(void *user, const double *in)
{
    (void)user;
    theta[0] = in[0];
    return GRASP_CB_OK;
}
static int32_t loss(void *user, int64_t n, const int64_t *rows, double *out)
{
    (void)user, (void)rows;
    for (int64_t i = 0; i < n; i++)
        out[i] = (theta[0] - 3) * (theta[0] - 3);
    return GRASP_CB_OK;
}
static int32_t weighted_grad(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad)
{
    (void)user, (void)rows;
    grad[0] = 0;
    for (int64_t i = 0; i < n; i++)
        grad[0] += weight[i] * 2 * (theta[0] - 3);
    return GRASP_CB_OK;
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        grasp_status s_ = (call);                                                                                      \
        if (s_ != GRASP_OK) {                                                                                          \
            printf("line %d: %s: %s\n", __LINE__, grasp_status_name(s_), ctx ? grasp_context_error(ctx) : "");         \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)
#define SO(condition)                                                                                                  \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("line %d: no longer so: %s\n", __LINE__, #condition);                                               \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

int main(void)
{
    static double f[N * P], x[N * P], mean, q[2] = {-0.6931471805599453, -0.6931471805599453};
    static const double losses[2] = {1, 0};
    static int64_t y[N], label[N], truth[N];
    grasp_allocator allocator = {sizeof allocator, count_alloc, count_free, &blocks};
    grasp_context *ctx = NULL;
    grasp_params *params = NULL;
    grasp_matrix *rows = NULL, *points = NULL;
    grasp_gradients *gradients = NULL;
    grasp_distances *distances = NULL;
    grasp_clusterer *clusterer = NULL;
    grasp_groups *groups = NULL, *known = NULL;
    grasp_sweep *sweep = NULL;
    grasp_inference *inference = NULL;
    grasp_report *report = NULL;
    grasp_model *model = NULL, *custom = NULL;
    grasp_model_ops ops;
    int progress = 0;

    for (int i = 0; i < N; i++) {
        y[i] = i % 2;
        f[i * P] = i >= 40 ? -2 : i / 2 % 2;
        f[i * P + 1] = i >= 40 ? -1.5 : 1 - i / 2 % 2;
        x[i * P] = (i % 2 ? 1 : -1) + 0.01 * (i % 7);
        x[i * P + 1] = 0.02 * (i % 5);
        truth[i] = i >= 40 ? GRASP_NOISE : i / 2 % 2;
    }
    SO(grasp_version_number() >= GRASP_VERSION_NUMBER);
    OK(grasp_context_create(&allocator, &ctx));
    OK(grasp_context_set_progress(ctx, 0, go_on, &progress, NULL));
    OK(grasp_context_set_threads(ctx, 2));

    OK(grasp_matrix_wrap(ctx, GRASP_F64, N, P, P, f, NULL, NULL, &rows));
    OK(grasp_gradients_create_dense(ctx, GRASP_F64, P, N, &gradients));
    OK(grasp_gradients_append(ctx, gradients, rows));
    OK(grasp_gradients_seal(ctx, gradients));
    OK(grasp_params_create(ctx, "distances", &params));
    OK(grasp_params_set_i64(ctx, params, GRASP_KEY_CENTER, 0));
    OK(grasp_distances_create(ctx, gradients, params, &distances));
    grasp_params_free(params);
    OK(grasp_params_create(ctx, "dbscan", &params));
    OK(grasp_params_set_f64(ctx, params, GRASP_KEY_EPS, 0.1));
    OK(grasp_params_parse(ctx, params, "min_samples=5"));
    OK(grasp_clusterer_create(ctx, "dbscan", params, &clusterer));
    OK(grasp_clusterer_fit_distances(ctx, clusterer, distances));
    OK(grasp_clusterer_groups(ctx, clusterer, &groups));
    SO(grasp_groups_count(groups) == 2 && grasp_groups_noise(groups) == 2 &&
       grasp_groups_label(groups, 41) == GRASP_NOISE);
    OK(grasp_groups_create(ctx, truth, N, &known));
    OK(grasp_metric_ari(ctx, groups, known, GRASP_NOISE_GROUP, &mean));
    SO(mean == 1);
    OK(grasp_metric_silhouette(ctx, distances, groups, NULL, &mean, NULL));
    SO(mean > 0.9 && mean <= 1);
    grasp_params_free(params);
    OK(grasp_params_create(ctx, "sweep", &params));
    OK(grasp_params_parse(ctx, params, "eps=0.1,0.2;min_samples=5"));
    OK(grasp_sweep_create(ctx, "dbscan", params, &sweep));
    OK(grasp_sweep_run(ctx, sweep, distances, NULL));
    SO(grasp_sweep_count(sweep) == 2 && grasp_sweep_best(sweep) == 0);
    grasp_params_free(params);
    grasp_groups_free(groups);

    OK(grasp_params_create(ctx, "infer", &params));
    OK(grasp_params_parse(ctx, params, "eps=0.1,0.2;min_samples=5;center=0"));
    OK(grasp_infer(ctx, gradients, y, N, params, NULL, &inference, &report));
    OK(grasp_report_value(ctx, report, "groups", &mean));
    OK(grasp_inference_groups(ctx, inference, &groups));
    OK(grasp_groups_labels(ctx, groups, label, N));
    SO(mean == 4 && label[40] == GRASP_NOISE && progress > 0);
    grasp_report_free(report);

    OK(grasp_matrix_wrap(ctx, GRASP_F64, N, P, P, x, NULL, NULL, &points));
    OK(grasp_model_create_logistic(ctx, P, &model));
    OK(grasp_model_bind(ctx, model, points, y, N));
    OK(grasp_train_erm(ctx, model, NULL, N, NULL, 0, NULL, &report));
    OK(grasp_model_predict(ctx, model, NULL, label, N));
    SO(memcmp(label, y, sizeof y) == 0);
    OK(grasp_gdro_step(ctx, 2, losses, 0.5, q));
    SO(fabs(q[0] - q[1] - 0.5) < 1e-12);

    memset(&ops, 0, sizeof ops); /* of the size that the baseline knew */
    ops.size = sizeof ops;
    ops.n_rows = three;
    ops.n_classes = one;
    ops.n_params = one;
    ops.labels = labels;
    ops.get_params = get_params;
    ops.set_params = set_params;
    ops.loss = loss;
    ops.weighted_grad = weighted_grad;
    ops.predict = labels;
    OK(grasp_model_create_custom(ctx, &ops, NULL, &custom));
    OK(grasp_model_check_grad(ctx, custom, NULL, 3, 0, &mean));
    SO(mean < 1e-6);
    SO(grasp_model_init(ctx, custom, 0) == GRASP_E_UNSUPPORTED && grasp_context_error(ctx)[0]);

    grasp_context_free(ctx); /* may go first */
    grasp_model_free(custom), grasp_model_free(model), grasp_report_free(report), grasp_inference_free(inference);
    grasp_params_free(params), grasp_sweep_free(sweep), grasp_groups_free(groups), grasp_groups_free(known);
    grasp_clusterer_free(clusterer), grasp_distances_free(distances), grasp_gradients_free(gradients);
    grasp_matrix_free(rows), grasp_matrix_free(points);
    SO(blocks == 0);
    return 0;
}
