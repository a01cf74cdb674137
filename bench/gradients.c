/* SPDX-License-Identifier: BSD-3-Clause
 * Per-sample gradients of a trained perceptron: gradients STEM n KIND, with STEM.x.f32, STEM.y.i8 and STEM.params.f32
 * (in PyTorch's order) of the 12-50-50-50-2 network. KIND:
 *     factors | dense            one gradient a sample, as layer factors or as n x p float32 rows
 *     gram | gram-dense          all inner products of gradients that are there as factors, or as rows
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { INPUTS = 12, BLOCK = 512 };

typedef struct task {
    grasp_model *model;
    grasp_params *params;
    grasp_gradients *gradients; /* gram: those whose products are asked */
    grasp_matrix *block;        /* BLOCK x n */
    int64_t n;
} task;

static grasp_gradients *compute(const task *t)
{
    grasp_gradients *gradients;
    bench_need(grasp_gradients_compute(bench_context, t->model, NULL, t->n, t->params, &gradients));
    return gradients;
}

static void run(void *state)
{
    const task *t = state;
    if (!t->block) {
        grasp_gradients_free(compute(t));
        return;
    }
    for (int64_t i = 0; i < t->n; i += BLOCK) {
        int64_t rows = t->n - i < BLOCK ? t->n - i : BLOCK;
        grasp_matrix *out;
        bench_need(grasp_matrix_wrap(bench_context, GRASP_F32, rows, t->n, t->n, grasp_matrix_data(t->block), NULL,
                                     NULL, &out));
        bench_need(grasp_gradients_gram(bench_context, t->gradients, i, rows, 0, t->n, out));
        grasp_matrix_free(out);
    }
}

static void *read_part(const char *stem, const char *end, int64_t count, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", stem, end);
    return bench_read(path, count, size);
}

/* The network with the parameters of the file, bound to the samples. */
static void load(task *t, const char *stem)
{
    static const int64_t widths[] = {INPUTS, 50, 50, 50, 2};
    grasp_matrix *x;
    float *rows = read_part(stem, "x.f32", t->n * INPUTS, sizeof *rows);
    int8_t *label = read_part(stem, "y.i8", t->n, 1);
    int64_t *y = bench_memory(t->n, sizeof *y);
    for (int64_t i = 0; i < t->n; i++)
        y[i] = label[i];
    bench_need(grasp_model_create_mlp(bench_context, widths, 5, NULL, &t->model));
    int64_t p = grasp_model_n_params(t->model);
    float *stored = read_part(stem, "params.f32", p, sizeof *stored);
    double *torch = bench_memory(p, sizeof *torch), *theta = bench_memory(p, sizeof *theta);
    for (int64_t j = 0; j < p; j++)
        torch[j] = stored[j];
    bench_need(grasp_model_from_torch_order(bench_context, t->model, torch, theta, p));
    bench_need(grasp_model_set_params(bench_context, t->model, theta, p));
    bench_need(grasp_matrix_create(bench_context, GRASP_F32, t->n, INPUTS, &x));
    for (int64_t i = 0; i < t->n; i++)
        memcpy((float *)grasp_matrix_data(x) + i * grasp_matrix_row_stride(x), rows + i * INPUTS,
               INPUTS * sizeof *rows);
    bench_need(grasp_model_bind(bench_context, t->model, x, y, t->n));
    grasp_matrix_free(x);
    free(rows);
    free(label);
    free(y);
    free(stored);
    free(torch);
    free(theta);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s STEM n factors|dense|gram|gram-dense\n", argv[0]);
        return 2;
    }
    const char *kind = argv[3];
    bench_open();
    task t = {.n = bench_integer(argv[2])};
    load(&t, argv[1]);
    t.params = bench_params("gradients", strstr(kind, "dense") ? "form=dense" : "form=factored");
    if (strncmp(kind, "gram", 4) == 0) {
        t.gradients = compute(&t);
        bench_need(grasp_matrix_create(bench_context, GRASP_F32, BLOCK, t.n, &t.block));
    }
    int status = bench_serve(&(bench_job){run, NULL, &t, NULL, 0});
    grasp_matrix_free(t.block);
    grasp_gradients_free(t.gradients);
    grasp_params_free(t.params);
    grasp_model_free(t.model);
    grasp_context_free(bench_context);
    return status;
}
