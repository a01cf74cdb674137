/* SPDX-License-Identifier: BSD-3-Clause
 * Which way of training is good for the worst group? Made-up data: one feature tells the class from afar, another tells
 * it well, but the wrong way round in a minority of 5 % of the rows. Every method trains the same logistic model and is
 * scored on test rows.
 *
 *     cc trainers.c $(pkg-config --cflags --libs grasp)
 */
#include <grasp.h>

#include <stdio.h>

enum { TRAIN = 1000, VAL = 1000, TEST = 4000, N = TRAIN + VAL + TEST, D = 2 };

static double x[N][D];
static int64_t y[N], minority[N], train[TRAIN], val[VAL], predicted[N];

/* Roughly normal: a sum of uniforms. */
static double noise(void)
{
    static uint32_t state = 1;
    double sum = -6;
    for (int k = 0; k < 12; k++) {
        state = 1664525 * state + 1013904223;
        sum += state / 4294967296.0;
    }
    return sum;
}

static void make_up(void)
{
    for (int i = 0; i < N; i++) {
        y[i] = i % 2;
        minority[i] = i / 2 % 20 == 0;
        x[i][0] = (y[i] ? 1 : -1) + noise();
        x[i][1] = (y[i] != minority[i] ? 1 : -1) + 0.3 * noise();
        if (i < TRAIN)
            train[i] = i;
        else if (i < TRAIN + VAL)
            val[i - TRAIN] = i;
    }
}

/* Of the model's predictions for the test rows: accuracy over all, and in the group where it is lowest. */
static grasp_status score(grasp_context *ctx, grasp_model *model, double *all, double *worst)
{
    double right[2] = {0, 0}, size[2] = {0, 0};
    grasp_status s = grasp_model_predict(ctx, model, NULL, predicted, N);
    for (int i = TRAIN + VAL; i < N; i++) {
        size[minority[i]]++;
        right[minority[i]] += predicted[i] == y[i];
    }
    *all = (right[0] + right[1]) / TEST;
    *worst = right[1] / size[1] < right[0] / size[0] ? right[1] / size[1] : right[0] / size[0];
    return s;
}

/* Trains from the parameters at hand; groups train, or only select, or, when NULL, stay unknown. */
static grasp_status compare(grasp_context *ctx, const char *method, const char *options, grasp_model *model,
                            const grasp_groups *groups, const char *what)
{
    grasp_params *params = NULL;
    double all = 0, worst = 0;
    grasp_status s = grasp_params_create(ctx, method, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, options);
    if (s == GRASP_OK)
        s = grasp_train(ctx, method, model, groups, train, TRAIN, val, VAL, params, NULL);
    if (s >= GRASP_OK)
        s = score(ctx, model, &all, &worst);
    if (s == GRASP_OK)
        printf("%-15s %.3f    %.3f    groups %s\n", method, all, worst, what);
    grasp_params_free(params);
    return s;
}

int main(void)
{
    static const struct {
        const char *method, *options, *what; /* what: is done with the groups */
    } way[] = {
        {"erm", "", "unknown"},
        {"jtt", "copies=20", "unknown"},
        {"doro", "epochs=100;rate=0.01;alpha=0.1,0.3", "unknown"},
        {"doro", "epochs=100;rate=0.01;alpha=0.1,0.3", "select"},
        {"cvar", "epochs=100;rate=0.01;alpha=0.1,0.3", "select"},
        {"chi2", "epochs=100;rate=0.01;alpha=0.1,0.3", "select"},
        {"tilted", "tilt=1,4", "select"},
        {"afr", "", "select"},
        {"importance", "", "train"},
        {"subg", "", "train"},
        {"rwg", "epochs=100;rate=0.01", "train"},
        {"dfr", "", "train"},
        {"gdro", "epochs=100;rate=0.01", "train"},
        {"gdro_certified", "", "train"},
    };
    grasp_context *ctx = NULL;
    grasp_matrix *rows = NULL;
    grasp_model *model = NULL;
    grasp_groups *groups = NULL;
    double theta[D + 1];

    make_up();
    grasp_status s = grasp_context_create(NULL, &ctx);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, N, D, D, x, NULL, NULL, &rows);
    if (s == GRASP_OK)
        s = grasp_model_create_logistic(ctx, D, &model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, model, rows, y, N);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, minority, N, &groups);
    printf("method          average  worst\n");
    for (size_t k = 0; s == GRASP_OK && k < sizeof way / sizeof *way; k++) {
        s = compare(ctx, way[k].method, way[k].options, model, way[k].what[0] == 'u' ? NULL : groups, way[k].what);
        if (k == 0 && s == GRASP_OK) /* the others go on from there, as they are meant to or do not mind */
            s = grasp_model_get_params(ctx, model, theta, D + 1);
        if (s == GRASP_OK)
            s = grasp_model_set_params(ctx, model, theta, D + 1);
    }
    if (s != GRASP_OK)
        fprintf(stderr, "%s\n", grasp_context_error(ctx));
    grasp_groups_free(groups);
    grasp_model_free(model);
    grasp_matrix_free(rows);
    grasp_context_free(ctx);
    return s != GRASP_OK;
}
