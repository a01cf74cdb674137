/* SPDX-License-Identifier: BSD-3-Clause
 * The paper's experiment from inputs to a robust model: experiment STEM n EPOCHS GROUPS.i8, with STEM.x.f32 and
 * STEM.y.i8.
 * The 12-50-50-50-2 perceptron, Adam, batch 128; the first 60 % of the rows train, the next 20 % validate, the rest
 * test. Timed, in one call: ERM, per-sample gradients of training and validation rows, 104 settings with Euclidean
 * silhouettes for each class, group DRO on the groups. Accuracies on the test rows, overall and of the worst group of
 * GROUPS, are told outside the time. bench/experiment_torch.py does the same.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { INPUTS = 12 };

typedef struct task {
    grasp_matrix *x;
    int64_t n, train, val;
    int64_t *y, *group, *row;
    grasp_model *model;
    grasp_params *params;
} task;

static void run(void *state)
{
    static const int64_t widths[] = {INPUTS, 50, 50, 50, 2};
    task *t = state;
    grasp_inference *inference;
    grasp_model_free(t->model);
    bench_need(grasp_model_create_mlp(bench_context, widths, 5, NULL, &t->model));
    bench_need(grasp_model_bind(bench_context, t->model, t->x, t->y, t->n));
    bench_need(grasp_fit(bench_context, t->model, NULL, t->row, t->train, t->row + t->train, t->val, t->params,
                         &inference, NULL));
    grasp_inference_free(inference);
}

static void tell(void *state, FILE *out)
{
    task *t = state;
    int64_t first = t->train + t->val, tested = t->n - first, right = 0, label[2], groups = 0;
    int64_t *predicted = bench_memory(tested, sizeof *predicted);
    double worst = 1;
    bench_need(grasp_model_predict_rows(bench_context, t->model, t->row + first, tested, predicted));
    for (int64_t i = 0; i < tested; i++)
        groups = t->group[first + i] >= groups ? t->group[first + i] + 1 : groups;
    for (int64_t g = 0; g < groups; g++) {
        label[0] = label[1] = 0;
        for (int64_t i = 0; i < tested; i++)
            if (t->group[first + i] == g) {
                label[0]++;
                label[1] += predicted[i] == t->y[first + i];
            }
        right += label[1];
        double share = label[0] > 0 ? (double)label[1] / (double)label[0] : 1;
        worst = share < worst ? share : worst;
    }
    fprintf(out, ", \"average\": %.4f, \"worst\": %.4f", (double)right / (double)tested, worst);
    free(predicted);
}

static void *read_part(const char *stem, const char *end, int64_t count, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", stem, end);
    return bench_read(path, count, size);
}

static int64_t *widened(int8_t *from, int64_t n)
{
    int64_t *to = bench_memory(n, sizeof *to);
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
    free(from);
    return to;
}

int main(int argc, char **argv)
{
    char text[512];
    if (argc != 5) {
        fprintf(stderr, "usage: %s STEM n EPOCHS GROUPS.i8\n", argv[0]);
        return 2;
    }
    bench_open();
    task t = {.n = bench_integer(argv[2])};
    t.train = t.n * 6 / 10, t.val = t.n * 2 / 10;
    float *rows = read_part(argv[1], "x.f32", t.n * INPUTS, sizeof *rows);
    bench_need(grasp_matrix_wrap(bench_context, GRASP_F32, t.n, INPUTS, INPUTS, rows, NULL, NULL, &t.x));
    t.y = widened(read_part(argv[1], "y.i8", t.n, 1), t.n);
    t.group = widened(bench_read(argv[4], t.n, 1), t.n);
    t.row = bench_memory(t.n, sizeof *t.row);
    for (int64_t i = 0; i < t.n; i++)
        t.row[i] = i;
    snprintf(text, sizeof text,
             "erm.optimizer=adam;erm.batch=128;erm.rate=0.001;erm.weight_decay=0.001;erm.epochs=%s;gdro.optimizer=adam;"
             "gdro.batch=128;gdro.rate=0.001;gdro.weight_decay=0.001;gdro.step=0.01;gdro.epochs=%s;"
             "infer.mode=published;infer.score=silhouette_euclidean",
             argv[3], argv[3]);
    t.params = bench_params("fit", text);
    int status = bench_serve(&(bench_job){run, tell, &t, NULL, 0});
    grasp_model_free(t.model);
    grasp_matrix_free(t.x);
    grasp_params_free(t.params);
    free(t.row);
    free(t.group);
    free(t.y);
    free(rows);
    grasp_context_free(bench_context);
    return status;
}
