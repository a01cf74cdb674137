/* SPDX-License-Identifier: BSD-3-Clause
 * Who finds the minority? Made-up data: one feature tells the class from afar, another tells it well, but the wrong way
 * round in a minority of 10 % of the rows. A logistic model is trained on it, as one does; then every method of
 * grasp_learn_groups() says who the groups are, and is scored against the four that were planted: the adjusted Rand
 * index over all rows, the same within the classes (0 for the classes themselves), and the share of rows called noise.
 *
 *     cc learners.c $(pkg-config --cflags --libs grasp)
 */
#include <grasp.h>

#include <stdio.h>

enum { TRAIN = 1000, VAL = 500, N = TRAIN + VAL, D = 2 };

static double x[N][D];
static int64_t y[N], planted[N], train[TRAIN], val[VAL];

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
        int64_t minority = i / 2 % 10 == 0;
        y[i] = i % 2;
        planted[i] = 2 * y[i] + minority;
        x[i][0] = (y[i] ? 1 : -1) + noise();
        x[i][1] = (y[i] != minority ? 1 : -1) + 0.3 * noise();
        if (i < TRAIN)
            train[i] = i;
        else
            val[i - TRAIN] = i;
    }
}

/* Groups of training and validation rows by one method, with the parameters it comes with. */
static grasp_status compare(grasp_context *ctx, const char *method, grasp_model *model, const grasp_groups *truth)
{
    grasp_groups *found = NULL;
    grasp_report *report = NULL;
    double all = 0, within = 0, outliers = 0;
    grasp_status s = grasp_learn_groups(ctx, method, model, train, TRAIN, val, VAL, NULL, truth, &found, &report);
    if (s > GRASP_OK) /* an iteration met its limit: there are groups all the same */
        s = GRASP_OK;
    if (s == GRASP_OK)
        s = grasp_report_value(ctx, report, "ari", &all);
    if (s == GRASP_OK)
        s = grasp_report_value(ctx, report, "ari_within", &within);
    if (s == GRASP_OK)
        s = grasp_report_value(ctx, report, "noise", &outliers);
    if (s == GRASP_OK)
        printf("%-8s %6d %9.3f %8.3f %7.1f %%\n", method, (int)grasp_groups_count(found), all, within,
               100 * outliers / N);
    grasp_report_free(report);
    grasp_groups_free(found);
    return s;
}

int main(void)
{
    static const char *const method[] = {"class", "grasp", "robust", "feasp", "george", "jtt", "eiil", "xrm", "spare"};
    grasp_context *ctx = NULL;
    grasp_matrix *rows = NULL;
    grasp_model *model = NULL;
    grasp_groups *truth = NULL;

    make_up();
    grasp_status s = grasp_context_create(NULL, &ctx);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, N, D, D, x, NULL, NULL, &rows);
    if (s == GRASP_OK)
        s = grasp_model_create_logistic(ctx, D, &model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, model, rows, y, N);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, planted, N, &truth);
    if (s == GRASP_OK)
        s = grasp_train(ctx, "erm", model, NULL, train, TRAIN, val, VAL, NULL, NULL);
    printf("method   groups  ARI all   within     noise\n");
    for (size_t k = 0; s == GRASP_OK && k < sizeof method / sizeof *method; k++)
        s = compare(ctx, method[k], model, truth);
    if (s != GRASP_OK)
        fprintf(stderr, "%s\n", grasp_context_error(ctx));
    grasp_groups_free(truth);
    grasp_model_free(model);
    grasp_matrix_free(rows);
    grasp_context_free(ctx);
    return s != GRASP_OK;
}
