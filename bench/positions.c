/* SPDX-License-Identifier: BSD-3-Clause
 * Layers with positions, positions [kernel]: inner products of 256 gradients of one layer at several widths and
 * positions, from factors and from written float64 rows that are there. Where rows are cheaper even with the writing,
 * grasp_gradients_gram() writes them by itself (lib/gradients/gram.c), those of both sides of a tile, which are the
 * same here: there the last column is about a half, and elsewhere no line should be far below 1.
 */
#include "harness.h"

#include <stdlib.h>

enum { N = 256, RUNS = 5 };

static double gram_seconds(const grasp_gradients *g)
{
    grasp_matrix *out;
    double best = 1e9;
    bench_need(grasp_matrix_create(bench_context, GRASP_F64, N, N, &out));
    for (int r = 0; r < RUNS; r++) {
        double began = bench_cpu();
        bench_need(grasp_gradients_gram(bench_context, g, 0, N, 0, N, out));
        began = bench_cpu() - began;
        best = began < best ? began : best;
    }
    grasp_matrix_free(out);
    return best;
}

static grasp_matrix *noise(int64_t columns)
{
    static uint32_t state = 1;
    grasp_matrix *m;
    bench_need(grasp_matrix_create(bench_context, GRASP_F32, N, columns, &m));
    for (int64_t k = 0; k < N * columns; k++) {
        state = state * 1664525u + 1013904223u;
        ((float *)grasp_matrix_data(m))[k / columns * grasp_matrix_row_stride(m) + k % columns] =
            (float)(state >> 8) / 16777216.0f - 0.5f;
    }
    return m;
}

static void line(int64_t inputs, int64_t outputs, int64_t positions)
{
    grasp_gradients *factors, *rows;
    grasp_matrix *act = noise(positions * inputs), *delta = noise(positions * outputs), *written;
    bench_need(grasp_gradients_create_factored(bench_context, GRASP_F32, 1, &inputs, &outputs, &positions, NULL, 0,
                                               &factors));
    bench_need(grasp_gradients_append_factors_lent(bench_context, factors, &act, &delta, 1));
    bench_need(grasp_gradients_seal(bench_context, factors));
    int64_t p = grasp_gradients_dim(factors);
    bench_need(grasp_matrix_create(bench_context, GRASP_F64, N, p, &written));
    double writing = bench_cpu();
    bench_need(grasp_gradients_rows(bench_context, factors, 0, N, written));
    writing = bench_cpu() - writing;
    bench_need(grasp_gradients_create_dense(bench_context, GRASP_F64, p, 0, &rows));
    bench_need(grasp_gradients_append_lent(bench_context, rows, written));
    bench_need(grasp_gradients_seal(bench_context, rows));
    double ours = gram_seconds(factors), dense = gram_seconds(rows);
    printf("%6lld %6lld %6lld %12.2f %12.2f %12.2f %10.2f\n", (long long)inputs, (long long)outputs,
           (long long)positions, 1e3 * ours, 1e3 * dense, 1e3 * writing, (dense + writing) / ours);
    grasp_gradients_free(rows);
    grasp_gradients_free(factors);
    grasp_matrix_free(written);
    grasp_matrix_free(act);
    grasp_matrix_free(delta);
}

int main(int argc, char **argv)
{
    static const int64_t widths[][2] = {{16, 16}, {50, 50}, {256, 64}, {768, 2}};
    bench_open();
    bench_need(grasp_context_set_kernel(bench_context, argc > 1 ? argv[1] : "auto"));
    printf("%6s %6s %6s %12s %12s %12s %10s\n", "inputs", "outs", "pos.", "factors ms", "rows ms", "writing ms",
           "ratio");
    for (int w = 0; w < 4; w++)
        for (int64_t t = 1; t <= 64; t *= 4)
            line(widths[w][0], widths[w][1], t);
    grasp_context_free(bench_context);
    return 0;
}
