/* SPDX-License-Identifier: BSD-3-Clause
 * Makes the rows that are clustered: gradients of one class's samples of a model that was trained on two.
 *     workload logistic STEM n p seed [outliers]    p - 1 a power of two
 *     workload mlp      STEM n seed [outliers]      12-50-50-50-2, p = 5852
 *     workload normal   STEM n p seed               no structure at all: the worst case
 *
 * logistic: x = mean + class + spurious + noise, the spurious direction agrees with the class for 95 % of the samples,
 * noise has variances ~ 1/k, `outliers` (default .03) are wide and flat around nothing and half of them carry the other
 * class's label in training; then signs and a Hadamard transform, so that no coordinate is special. Samples are drawn
 * one at a time from their number, so memory does not grow with n. mlp: 12 features, two informative, counts and binary
 * ones among them.
 *
 * Writes STEM.f32 (n x p float32) and STEM.group.i8 (0 majority, 1 minority, 2 outlier); mlp also STEM.x.f32, .y.i8 and
 * .params.f32 in PyTorch's order.
 */
#include "harness.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN = 4096, INPUTS = 12 };
#define PI 3.14159265358979323846

/* ---- numbers: splitmix64 and Box-Muller -------------------------------------------------------------------------- */

typedef struct source {
    uint64_t state;
} source;

static uint64_t next(source *s)
{
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static source source_of(uint64_t seed, uint64_t item)
{
    source s = {seed * 0x100000001b3u};
    s.state = next(&s) + item;
    s.state = next(&s);
    return s;
}

static double uniform(source *s)
{
    return ((double)(next(s) >> 11) + 0.5) * 0x1p-53;
}

static void normals(source *s, double *out, int64_t n)
{
    for (int64_t i = 0; i < n; i += 2) {
        double r = sqrt(-2 * log(uniform(s))), angle = 2 * PI * uniform(s);
        out[i] = r * cos(angle);
        if (i + 1 < n)
            out[i + 1] = r * sin(angle);
    }
}

/* ---- logistic ---------------------------------------------------------------------------------------------------- */

typedef struct world {
    int64_t  d;
    uint64_t seed;
    double   outliers;
    double  *mean, *core, *spurious, *strange, *spread, *sign; /* d each */
} world;

typedef struct sample {
    int8_t group;
    bool   flipped; /* its label in training is the other one */
} sample;

static double *direction(source *s, int64_t d, double length)
{
    double *v = bench_memory(d, sizeof *v), sum = 0;
    normals(s, v, d);
    for (int64_t j = 0; j < d; j++)
        sum += v[j] * v[j];
    for (int64_t j = 0; j < d; j++)
        v[j] *= length / sqrt(sum);
    return v;
}

static world make_world(int64_t d, uint64_t seed, double outliers)
{
    source s = source_of(seed, 0);
    world w = {d,
               seed,
               outliers,
               direction(&s, d, 1),
               direction(&s, d, 1),
               direction(&s, d, 2),
               direction(&s, d, 2),
               bench_memory(d, sizeof(double)),
               bench_memory(d, sizeof(double))};
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += 1.0 / (double)(j + 1);
    for (int64_t j = 0; j < d; j++) {
        w.spread[j] = 1.6 / sqrt((double)(j + 1) * sum);
        w.sign[j] = uniform(&s) < 0.5 ? -1 : 1;
    }
    return w;
}

static void free_world(world *w)
{
    double *all[] = {w->mean, w->core, w->spurious, w->strange, w->spread, w->sign};
    for (int i = 0; i < 6; i++)
        free(all[i]);
}

static void hadamard(double *x, int64_t d)
{
    for (int64_t h = 1; h < d; h *= 2)
        for (int64_t i = 0; i < d; i += 2 * h)
            for (int64_t j = i; j < i + h; j++) {
                double a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
    for (int64_t j = 0; j < d; j++)
        x[j] /= sqrt((double)d);
}

/* Sample `item` of class y into x (d). */
static sample draw(const world *w, int y, uint64_t item, double *x)
{
    source s = source_of(w->seed, 2 * item + 1 + (uint64_t)y);
    bool agrees = uniform(&s) < 0.95, outlier = uniform(&s) < w->outliers, turned = uniform(&s) < 0.5;
    double strange = uniform(&s) - 0.5, attribute = agrees == (y == 1) ? 0.5 : -0.5;
    normals(&s, x, w->d);
    for (int64_t j = 0; j < w->d; j++) {
        double v = outlier ? w->mean[j] + strange * w->strange[j] + 2.5 / sqrt((double)w->d) * x[j]
                           : w->mean[j] + (y - 0.5) * w->core[j] + attribute * w->spurious[j] + w->spread[j] * x[j];
        x[j] = v * w->sign[j];
    }
    hadamard(x, w->d);
    return (sample){(int8_t)(outlier ? 2 : agrees ? 0 : 1), outlier && turned};
}

/* Weights of 300 steps of gradient descent on TRAIN samples of each class, others than those written. */
static void train_logistic(const world *w, double *theta)
{
    grasp_matrix *features;
    grasp_model *model;
    double *x = bench_memory(2 * TRAIN * w->d, sizeof *x);
    int64_t *y = bench_memory(2 * TRAIN, sizeof *y);
    for (int64_t i = 0; i < 2 * TRAIN; i++) {
        int label = (int)(i % 2);
        y[i] = draw(w, label, (1u << 30) + (uint64_t)i, x + i * w->d).flipped ? 1 - label : label;
    }
    grasp_params *params =
        bench_params("erm", "optimizer=sgd;rate=1;momentum=0;l2=0.001;epochs=300;batch=8192;shuffle=0");
    bench_need(grasp_matrix_wrap(bench_context, GRASP_F64, 2 * TRAIN, w->d, w->d, x, NULL, NULL, &features));
    bench_need(grasp_model_create_logistic(bench_context, w->d, &model));
    bench_need(grasp_model_bind(bench_context, model, features, y, 2 * TRAIN));
    bench_need(grasp_train_erm(bench_context, model, NULL, 2 * TRAIN, NULL, 0, params, NULL));
    bench_need(grasp_model_get_params(bench_context, model, theta, w->d + 1));
    grasp_model_free(model);
    grasp_matrix_free(features);
    grasp_params_free(params);
    free(x);
    free(y);
}

static FILE *create(const char *stem, const char *end)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", stem, end);
    FILE *f = fopen(path, "wb");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static void write_or_end(const void *data, size_t size, int64_t count, FILE *f)
{
    if (fwrite(data, size, (size_t)count, f) != (size_t)count) {
        perror("workload");
        exit(1);
    }
}

static void logistic(const char *stem, int64_t n, int64_t p, uint64_t seed, double outliers)
{
    int64_t d = p - 1;
    if (d < 1 || (d & (d - 1))) {
        fprintf(stderr, "workload: p - 1 is %lld, expected a power of two\n", (long long)d);
        exit(2);
    }
    world w = make_world(d, seed, outliers);
    double *theta = bench_memory(p, sizeof *theta), *x = bench_memory(d, sizeof *x);
    float *row = bench_memory(p, sizeof *row);
    train_logistic(&w, theta);
    FILE *rows = create(stem, "f32"), *groups = create(stem, "group.i8");
    for (int64_t i = 0; i < n; i++) {
        int8_t group = draw(&w, 1, (uint64_t)i, x).group;
        double z = theta[d];
        for (int64_t j = 0; j < d; j++)
            z += theta[j] * x[j];
        double slope = 1 / (1 + exp(-z)) - 1;
        for (int64_t j = 0; j < d; j++)
            row[j] = (float)(slope * x[j]);
        row[d] = (float)slope;
        write_or_end(row, sizeof *row, p, rows);
        write_or_end(&group, 1, 1, groups);
    }
    if (fclose(rows) || fclose(groups))
        exit(1);
    free_world(&w);
    free(theta);
    free(x);
    free(row);
}

/* ---- no structure ------------------------------------------------------------------------------------------------ */

static void normal(const char *stem, int64_t n, int64_t p, uint64_t seed)
{
    double *x = bench_memory(p, sizeof *x);
    float *row = bench_memory(p, sizeof *row);
    const int8_t group = 0;
    FILE *rows = create(stem, "f32"), *groups = create(stem, "group.i8");
    for (int64_t i = 0; i < n; i++) {
        source s = source_of(seed, (uint64_t)i);
        normals(&s, x, p);
        for (int64_t j = 0; j < p; j++)
            row[j] = (float)x[j];
        write_or_end(row, sizeof *row, p, rows);
        write_or_end(&group, 1, 1, groups);
    }
    if (fclose(rows) || fclose(groups))
        exit(1);
    free(x);
    free(row);
}

/* ---- perceptron -------------------------------------------------------------------------------------------------- */

/* Sample `item` of class y; returns its group. */
static int8_t draw_person(uint64_t seed, int y, uint64_t item, double outliers, float *x)
{
    double z[INPUTS];
    source s = source_of(seed, 2 * item + 1 + (uint64_t)y);
    bool agrees = uniform(&s) < 0.9, outlier = uniform(&s) < outliers;
    normals(&s, z, INPUTS);
    for (int j = 0; j < INPUTS; j++)
        z[j] *= outlier ? 2.5 : 0.6;
    if (!outlier) {
        z[0] += 0.8 * (2 * y - 1);
        z[1] += (agrees == (y == 1)) ? 2 : -2;
        z[2] = nearbyint(fabs(4 * z[2]));
        z[3] = z[3] > 0;
        z[4] = z[4] > 0.5;
    }
    for (int j = 0; j < INPUTS; j++)
        x[j] = (float)z[j];
    return (int8_t)(outlier ? 2 : agrees ? 0 : 1);
}

static void perceptron(const char *stem, int64_t n, uint64_t seed, double outliers)
{
    static const int64_t widths[] = {INPUTS, 50, 50, 50, 2};
    float *x = bench_memory(2 * n * INPUTS, sizeof *x); /* class 1, then class 0 */
    int64_t *y = bench_memory(2 * n, sizeof *y);
    int8_t *group = bench_memory(2 * n, 1), *ones = bench_memory(n, 1);
    for (int64_t i = 0; i < 2 * n; i++) {
        y[i] = i < n;
        group[i] = draw_person(seed, i < n, (uint64_t)i, outliers, x + i * INPUTS);
    }
    memset(ones, 1, (size_t)n);
    grasp_matrix *features, *block;
    grasp_model *model;
    grasp_gradients *gradients;
    grasp_params *fit = bench_params("erm", "optimizer=adam;rate=0.005;epochs=20;batch=512"),
                 *form = bench_params("gradients", "form=factored");
    bench_need(grasp_matrix_wrap(bench_context, GRASP_F32, 2 * n, INPUTS, INPUTS, x, NULL, NULL, &features));
    bench_need(grasp_model_create_mlp(bench_context, widths, 5, NULL, &model));
    bench_need(grasp_model_bind(bench_context, model, features, y, 2 * n));
    bench_need(grasp_train_erm(bench_context, model, NULL, 2 * n, NULL, 0, fit, NULL));
    int64_t p = grasp_model_n_params(model), *rows = bench_memory(n, sizeof *rows);
    double *theta = bench_memory(p, sizeof *theta), *torch = bench_memory(p, sizeof *torch);
    float *stored = bench_memory(p, sizeof *stored);
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    bench_need(grasp_model_get_params(bench_context, model, theta, p));
    bench_need(grasp_model_to_torch_order(bench_context, model, theta, torch, p));
    for (int64_t j = 0; j < p; j++) { /* the rows are those of the parameters as they are stored */
        stored[j] = (float)torch[j];
        torch[j] = stored[j];
    }
    bench_need(grasp_model_from_torch_order(bench_context, model, torch, theta, p));
    bench_need(grasp_model_set_params(bench_context, model, theta, p));
    bench_need(grasp_gradients_compute(bench_context, model, rows, n, form, &gradients));
    bench_need(grasp_matrix_create(bench_context, GRASP_F32, 1, p, &block));
    FILE *f = create(stem, "f32");
    for (int64_t i = 0; i < n; i++) {
        bench_need(grasp_gradients_rows(bench_context, gradients, i, 1, block));
        write_or_end(grasp_matrix_data(block), sizeof(float), p, f);
    }
    struct {
        const char *end;
        const void *data;
        size_t size;
        int64_t count;
    } part[] = {{"group.i8", group, 1, n},
                {"x.f32", x, sizeof *x, n * INPUTS},
                {"y.i8", ones, 1, n},
                {"params.f32", stored, sizeof *stored, p}};
    for (int k = 0; k < 4; k++) {
        if (fclose(f))
            exit(1);
        f = create(stem, part[k].end);
        write_or_end(part[k].data, part[k].size, part[k].count, f);
    }
    if (fclose(f))
        exit(1);
    grasp_gradients_free(gradients);
    grasp_model_free(model);
    grasp_matrix_free(block);
    grasp_matrix_free(features);
    grasp_params_free(fit);
    grasp_params_free(form);
    void *all[] = {x, y, group, ones, rows, theta, torch, stored};
    for (int k = 0; k < 8; k++)
        free(all[k]);
}

int main(int argc, char **argv)
{
    bool is_logistic = argc > 1 && strcmp(argv[1], "logistic") == 0, is_mlp = argc > 1 && strcmp(argv[1], "mlp") == 0;
    bool is_normal = argc == 6 && strcmp(argv[1], "normal") == 0;
    int needed = is_mlp ? 5 : 6;
    if ((!is_logistic && !is_mlp && !is_normal) || argc < needed || argc > needed + 1) {
        fprintf(stderr,
                "usage: %s logistic STEM n p seed [outliers] | mlp STEM n seed [outliers] | normal STEM n p seed\n",
                argv[0]);
        return 2;
    }
    bench_open();
    double outliers = argc > needed ? strtod(argv[needed], NULL) : 0.03;
    uint64_t seed = (uint64_t)bench_integer(argv[needed - 1]);
    if (is_logistic)
        logistic(argv[2], bench_integer(argv[3]), bench_integer(argv[4]), seed, outliers);
    else if (is_normal)
        normal(argv[2], bench_integer(argv[3]), bench_integer(argv[4]), seed);
    else
        perceptron(argv[2], bench_integer(argv[3]), seed, outliers);
    grasp_context_free(bench_context);
    return 0;
}
