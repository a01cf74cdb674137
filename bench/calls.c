/* SPDX-License-Identifier: BSD-3-Clause
 * See calls.h. The rows lie in a few clusters with outliers between them, like gradients of a class: neither everything
 * nor nothing is within a radius, and no call ends early.
 */
#include "calls.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- data -------------------------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014): uniform in [0, 1). */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static void fill(calls_data *d)
{
    uint64_t state = 7;
    for (int64_t i = 0; i < d->n; i++) {
        int64_t cluster = i % 4, outlier = i % 33 == 0;
        d->y[i] = (i / 3) % 2;
        for (int64_t j = 0; j < CALLS_P; j++) {
            double noise = uniform(&state) + uniform(&state) - 1, spread = outlier ? 3 : 0.4;
            d->rows[i * CALLS_P + j] = (float)(spread * noise + ((j + cluster) % 4 == 0) + 0.3 * (double)d->y[i]);
        }
        for (int64_t j = 0; j < CALLS_LOW; j++)
            d->low_rows[i * CALLS_LOW + j] = d->rows[i * CALLS_P + j];
    }
}

static grasp_status gradients_of(grasp_context *ctx, grasp_matrix *rows, int64_t p, grasp_gradients **out)
{
    grasp_status s = grasp_gradients_create_dense(ctx, GRASP_F32, p, 0, out);
    if (s == GRASP_OK)
        s = grasp_gradients_append_lent(ctx, *out, rows);
    return s == GRASP_OK ? grasp_gradients_seal(ctx, *out) : s;
}

static grasp_status params_of(grasp_context *ctx, const char *algorithm, const char *text, grasp_params **out)
{
    grasp_status s = grasp_params_create(ctx, algorithm, out);
    return s == GRASP_OK ? grasp_params_parse(ctx, *out, text) : s;
}

grasp_status calls_open(grasp_context *ctx, int64_t n, calls_data *d)
{
    grasp_matrix *low = NULL;
    grasp_params *params = NULL;
    *d = (calls_data){.n = n};
    d->rows = malloc((size_t)(n * CALLS_P) * sizeof *d->rows);
    d->low_rows = malloc((size_t)(n * CALLS_LOW) * sizeof *d->low_rows);
    d->y = malloc((size_t)n * sizeof *d->y);
    if (!d->rows || !d->low_rows || !d->y)
        return GRASP_E_NOMEM;
    fill(d);
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F32, n, CALLS_P, CALLS_P, d->rows, NULL, NULL, &d->x);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F32, n, CALLS_LOW, CALLS_LOW, d->low_rows, NULL, NULL, &low);
    if (s == GRASP_OK)
        s = gradients_of(ctx, d->x, CALLS_P, &d->gradients);
    if (s == GRASP_OK)
        s = gradients_of(ctx, low, CALLS_LOW, &d->low);
    if (s == GRASP_OK)
        s = grasp_distances_create(ctx, d->gradients, NULL, &d->cosine);
    if (s == GRASP_OK)
        s = params_of(ctx, "distances", "metric=euclidean", &params);
    if (s == GRASP_OK)
        s = grasp_distances_create(ctx, d->low, params, &d->euclidean);
    if (s == GRASP_OK)
        s = grasp_groups_create_coded(ctx, d->y, n, &d->groups);
    grasp_params_free(params);
    grasp_matrix_free(low);
    return s;
}

void calls_close(calls_data *d)
{
    grasp_groups_free(d->groups);
    grasp_distances_free(d->euclidean);
    grasp_distances_free(d->cosine);
    grasp_gradients_free(d->low);
    grasp_gradients_free(d->gradients);
    grasp_matrix_free(d->x);
    free(d->y);
    free(d->low_rows);
    free(d->rows);
    *d = (calls_data){0};
}

/* ---- digests ----------------------------------------------------------------------------------------------------- */

/* FNV-1a. */
static void take(uint64_t *digest, const void *data, size_t bytes)
{
    const unsigned char *b = data;
    for (size_t i = 0; i < bytes; i++)
        *digest = (*digest ^ b[i]) * UINT64_C(0x100000001B3);
}

static grasp_status take_groups(grasp_context *ctx, const grasp_groups *groups, int64_t n, uint64_t *digest)
{
    int64_t *label = malloc((size_t)n * sizeof *label + 1);
    grasp_status s = label ? grasp_groups_labels(ctx, groups, label, n) : GRASP_E_NOMEM;
    if (s == GRASP_OK)
        take(digest, label, (size_t)n * sizeof *label);
    free(label);
    return s;
}

/* ---- the calls --------------------------------------------------------------------------------------------------- */

static grasp_status create(grasp_context *ctx, const calls_data *d, const char *text, uint64_t *digest)
{
    grasp_distances *made = NULL;
    grasp_params *params = NULL;
    double value = 0;
    grasp_matrix *out = NULL;
    grasp_status s = params_of(ctx, "distances", text, &params);
    if (s == GRASP_OK)
        s = grasp_distances_create(ctx, d->gradients, params, &made);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, 1, 1, 1, &value, NULL, NULL, &out);
    if (s == GRASP_OK)
        s = grasp_distances_block(ctx, made, 0, 1, d->n - 1, 1, out);
    take(digest, &value, sizeof value);
    grasp_matrix_free(out);
    grasp_params_free(params);
    grasp_distances_free(made);
    return s;
}

static grasp_status cluster(grasp_context *ctx, const calls_data *d, const grasp_distances *distances,
                            const char *algorithm, const char *text, uint64_t *digest)
{
    grasp_params *params = NULL;
    grasp_clusterer *c = NULL;
    grasp_groups *groups = NULL;
    grasp_status s = params_of(ctx, algorithm, text, &params), fitted = GRASP_OK;
    if (s == GRASP_OK)
        s = grasp_clusterer_create(ctx, algorithm, params, &c);
    if (s == GRASP_OK)
        s = fitted = grasp_clusterer_fit_distances(ctx, c, distances);
    if (s == GRASP_OK || s == GRASP_NOT_CONVERGED)
        s = grasp_clusterer_groups(ctx, c, &groups);
    if (s == GRASP_OK)
        s = take_groups(ctx, groups, d->n, digest);
    grasp_groups_free(groups);
    grasp_clusterer_free(c);
    grasp_params_free(params);
    return s == GRASP_OK ? fitted : s;
}

static grasp_status neighbours(grasp_context *ctx, const calls_data *d, int kth, uint64_t *digest)
{
    double *value = malloc((size_t)d->n * sizeof *value);
    int64_t *count = malloc((size_t)d->n * sizeof *count);
    grasp_status s = !value || !count ? GRASP_E_NOMEM
                     : kth            ? grasp_distances_kth(ctx, d->cosine, 5, value, d->n)
                                      : grasp_distances_within(ctx, d->cosine, 0.2, count, d->n);
    if (s == GRASP_OK)
        take(digest, kth ? (void *)value : (void *)count, (size_t)d->n * 8);
    free(count);
    free(value);
    return s;
}

static grasp_status sweep(grasp_context *ctx, const calls_data *d, const char *text, uint64_t *digest)
{
    grasp_params *params = NULL;
    grasp_sweep *made = NULL;
    grasp_status s = params_of(ctx, "sweep", text, &params), ran = GRASP_OK;
    if (s == GRASP_OK)
        s = grasp_sweep_create(ctx, "dbscan", params, &made);
    if (s == GRASP_OK)
        s = ran = grasp_sweep_run(ctx, made, d->cosine, NULL);
    for (int64_t i = 0; s == GRASP_OK && i < grasp_sweep_count(made); i++) {
        grasp_groups *groups = NULL;
        double score = grasp_sweep_score(made, i);
        take(digest, &score, sizeof score);
        s = grasp_sweep_groups(ctx, made, i, &groups);
        if (s == GRASP_OK)
            s = take_groups(ctx, groups, d->n, digest);
        grasp_groups_free(groups);
    }
    grasp_sweep_free(made);
    grasp_params_free(params);
    return s == GRASP_OK ? ran : s;
}

static grasp_status silhouette(grasp_context *ctx, const calls_data *d, const char *text, uint64_t *digest)
{
    grasp_params *params = NULL;
    double mean = 0;
    grasp_status s = params_of(ctx, "silhouette", text, &params);
    if (s == GRASP_OK)
        s = grasp_metric_silhouette(ctx, d->cosine, d->groups, params, &mean, NULL);
    take(digest, &mean, sizeof mean);
    grasp_params_free(params);
    return s;
}

static grasp_status mean_of(grasp_context *ctx, const calls_data *d, uint64_t *digest)
{
    double mean[CALLS_P];
    grasp_status s = grasp_gradients_mean(ctx, d->gradients, mean, CALLS_P);
    if (s == GRASP_OK)
        take(digest, mean, sizeof mean);
    return s;
}

static grasp_status infer(grasp_context *ctx, const calls_data *d, uint64_t *digest)
{
    grasp_params *params = NULL;
    grasp_inference *inference = NULL;
    grasp_groups *groups = NULL;
    grasp_status s = params_of(ctx, "infer", "eps=0.2,0.3;min_samples=5,20", &params), ran = GRASP_OK;
    if (s == GRASP_OK)
        s = ran = grasp_infer(ctx, d->gradients, d->y, d->n, params, NULL, &inference, NULL);
    if (s == GRASP_OK)
        s = grasp_inference_groups(ctx, inference, &groups);
    if (s == GRASP_OK)
        s = take_groups(ctx, groups, d->n, digest);
    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_params_free(params);
    return s == GRASP_OK ? ran : s;
}

/* A perceptron's gradients, or its training. */
static grasp_status learn(grasp_context *ctx, const calls_data *d, const char *method, const char *text,
                          uint64_t *digest)
{
    grasp_model *model = NULL;
    grasp_params *params = NULL;
    grasp_gradients *gradients = NULL;
    int linear = method && strcmp(text, "") == 0;
    double theta[4400], mean[4400];
    int64_t count;
    const int64_t widths[] = {CALLS_P, 50, 50, 2};
    grasp_status ran = GRASP_OK, s = linear ? grasp_model_create_logistic(ctx, CALLS_P, &model)
                                            : grasp_model_create_mlp(ctx, widths, 4, NULL, &model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, model, d->x, d->y, d->n);
    if (s == GRASP_OK)
        s = grasp_model_init(ctx, model, 0);
    if (s == GRASP_OK)
        s = params_of(ctx, method ? method : "gradients", text, &params);
    if (s != GRASP_OK)
        goto done;
    count = grasp_model_n_params(model);
    if (method == NULL)
        s = ran = grasp_gradients_compute(ctx, model, NULL, d->n, params, &gradients);
    else if (strcmp(method, "gdro") == 0)
        s = ran = grasp_train_gdro(ctx, model, d->groups, NULL, d->n, NULL, 0, params, NULL);
    else
        s = ran = grasp_train_erm(ctx, model, NULL, d->n, NULL, 0, params, NULL);
    if (s != GRASP_OK && s != GRASP_NOT_CONVERGED)
        goto done;
    s = grasp_model_get_params(ctx, model, theta, count);
    if (s == GRASP_OK && gradients)
        s = grasp_gradients_mean(ctx, gradients, mean, count);
    take(digest, theta, (size_t)count * sizeof *theta);
    if (s == GRASP_OK && gradients)
        take(digest, mean, (size_t)count * sizeof *mean);
done:
    grasp_gradients_free(gradients);
    grasp_params_free(params);
    grasp_model_free(model);
    return s == GRASP_OK ? ran : s;
}

static const char *const names[] = {
    "grasp_distances_create",
    "dbscan, 33 values",
    "dbscan, 3 values",
    "kmeans",
    "grasp_distances_kth",
    "grasp_distances_within",
    "sweep, cosine silhouettes",
    "sweep, Euclidean silhouettes",
    "silhouette, cosine",
    "silhouette, Euclidean",
    "grasp_infer",
    "grasp_gradients_mean",
    "gradients as factors",
    "gradients as rows",
    "ERM, minibatches",
    "ERM, logistic, to convergence",
    "group DRO",
    NULL,
};

const char *calls_name(int i)
{
    return names[i];
}

grasp_status calls_run(grasp_context *ctx, const calls_data *d, int i, uint64_t *digest)
{
    *digest = UINT64_C(0xCBF29CE484222325);
    switch (i) {
    case 0: return create(ctx, d, "", digest);
    case 1: return cluster(ctx, d, d->cosine, "dbscan", "eps=0.2;min_samples=20", digest);
    case 2: return cluster(ctx, d, d->euclidean, "dbscan", "eps=0.01;min_samples=20", digest);
    case 3: return cluster(ctx, d, d->cosine, "kmeans", "k=6;restarts=2", digest);
    case 4: return neighbours(ctx, d, 1, digest);
    case 5: return neighbours(ctx, d, 0, digest);
    case 6: return sweep(ctx, d, "eps=0.1,0.2,0.3;min_samples=5,20", digest);
    case 7: return sweep(ctx, d, "eps=0.1,0.2,0.3;min_samples=5,20;score=silhouette_euclidean", digest);
    case 8: return silhouette(ctx, d, "", digest);
    case 9: return silhouette(ctx, d, "metric=euclidean", digest);
    case 10: return infer(ctx, d, digest);
    case 11: return mean_of(ctx, d, digest);
    case 12: return learn(ctx, d, NULL, "form=factored", digest);
    case 13: return learn(ctx, d, NULL, "form=dense", digest);
    case 14: return learn(ctx, d, "erm", "optimizer=adam;batch=128;rate=0.001;epochs=3", digest);
    case 15: return learn(ctx, d, "erm", "", digest);
    default: return learn(ctx, d, "gdro", "optimizer=adam;batch=128;rate=0.001;epochs=3", digest);
    }
}

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

typedef struct cancelling {
    grasp_context *ctx;
    double delay;
    pthread_t caller;
    int by_signal;
    double cpu, wall; /* when it was asked for */
} cancelling;

static cancelling *signalled; /* what the handler cancels */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void ask(cancelling *c)
{
    c->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    c->wall = seconds(CLOCK_MONOTONIC);
    grasp_context_cancel(c->ctx);
}

static void on_signal(int number)
{
    (void)number;
    ask(signalled);
}

static void *wait_and_cancel(void *arg)
{
    cancelling *c = arg;
    struct timespec t = {(time_t)c->delay, (long)(1e9 * (c->delay - (double)(time_t)c->delay))};
    nanosleep(&t, NULL);
    if (c->by_signal)
        pthread_kill(c->caller, SIGUSR1);
    else
        ask(c);
    return NULL;
}

grasp_status calls_cancel(grasp_context *ctx, const calls_data *data, int i, double delay, int by_signal, double *cpu,
                          double *wall)
{
    cancelling c = {.ctx = ctx, .delay = delay, .caller = pthread_self(), .by_signal = by_signal};
    struct sigaction action = {.sa_handler = on_signal}, before;
    pthread_t thread;
    uint64_t digest;
    signalled = &c;
    sigaction(SIGUSR1, &action, &before);
    if (pthread_create(&thread, NULL, wait_and_cancel, &c) != 0)
        return GRASP_E_NOMEM;
    grasp_status s = calls_run(ctx, data, i, &digest);
    *cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    *wall = seconds(CLOCK_MONOTONIC);
    pthread_join(thread, NULL);
    *cpu -= c.cpu;
    *wall -= c.wall;
    sigaction(SIGUSR1, &before, NULL);
    grasp_context_clear_cancel(ctx);
    return s;
}
