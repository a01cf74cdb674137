/* SPDX-License-Identifier: BSD-3-Clause
 * The silhouette of one labelling: silhouette ROWS.f32 n p LABELS.i64 cosine|euclidean. Timed: the score alone;
 * checking and centring of the rows are done before, as they are for the peers.
 */
#include "harness.h"

#include <stdlib.h>

typedef struct task {
    grasp_distances *distances;
    grasp_groups *groups;
    grasp_params *params;
    double mean;
} task;

static void run(void *state)
{
    task *t = state;
    bench_need(grasp_metric_silhouette(bench_context, t->distances, t->groups, t->params, &t->mean, NULL));
}

static void tell(void *state, FILE *out)
{
    fprintf(out, ", \"scores\": [%.17g]", ((const task *)state)->mean);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s ROWS.f32 n p LABELS.i64 cosine|euclidean\n", argv[0]);
        return 2;
    }
    char text[64];
    bench_open();
    task t = {0};
    int64_t n = bench_integer(argv[2]), p = bench_integer(argv[3]);
    float *rows = bench_read(argv[1], n * p, sizeof *rows);
    int64_t *label = bench_read(argv[4], n, sizeof *label);
    grasp_gradients *gradients = bench_gradients(rows, n, p);
    snprintf(text, sizeof text, "metric=%s", argv[5]);
    t.params = bench_params("silhouette", text);
    bench_need(grasp_distances_create(bench_context, gradients, NULL, &t.distances));
    bench_need(grasp_groups_create(bench_context, label, n, &t.groups));
    int status = bench_serve(&(bench_job){run, tell, &t, NULL, 0});
    grasp_groups_free(t.groups);
    grasp_distances_free(t.distances);
    grasp_gradients_free(gradients);
    grasp_params_free(t.params);
    free(label);
    free(rows);
    grasp_context_free(bench_context);
    return status;
}
