/* SPDX-License-Identifier: BSD-3-Clause
 * A grid of DBSCAN settings, each scored: grid ROWS.f32 n p PARAMETERS [setting ...]. Timed from the caller's raw rows
 * to all scores and the best setting. PARAMETERS are a sweep's, such as "score=silhouette"; labels and scores of the
 * settings named, by their places in the grid, are kept for comparison, outside the time.
 */
#include "harness.h"

#include <stdlib.h>

typedef struct task {
    float   *rows;
    int64_t  n, p;
    grasp_params *params;
    int64_t  kept;   /* settings named */
    int64_t *which;
    int64_t *label;  /* kept x n */
    grasp_sweep *sweep; /* of the last run */
} task;

static void run(void *state)
{
    task *t = state;
    grasp_distances *distances;
    grasp_gradients *gradients = bench_gradients(t->rows, t->n, t->p);
    grasp_sweep_free(t->sweep);
    bench_need(grasp_distances_create(bench_context, gradients, NULL, &distances));
    bench_need(grasp_sweep_create(bench_context, "dbscan", t->params, &t->sweep));
    bench_need(grasp_sweep_run(bench_context, t->sweep, distances, NULL));
    grasp_distances_free(distances);
    grasp_gradients_free(gradients);
}

static void tell(void *state, FILE *out)
{
    task *t = state;
    double eps = 0;
    int64_t min_samples = 0, best = grasp_sweep_best(t->sweep);
    if (best >= 0)
        bench_need(grasp_sweep_setting(bench_context, t->sweep, best, &eps, &min_samples));
    fprintf(out, ", \"settings\": %lld, \"best\": %lld, \"eps\": %.17g, \"min_samples\": %lld, \"scores\": [",
            (long long)grasp_sweep_count(t->sweep), (long long)best, eps, (long long)min_samples);
    for (int64_t k = 0; k < t->kept; k++) {
        grasp_groups *groups;
        bench_need(grasp_sweep_groups(bench_context, t->sweep, t->which[k], &groups));
        bench_need(grasp_groups_labels(bench_context, groups, t->label + k * t->n, t->n));
        grasp_groups_free(groups);
        fprintf(out, "%s%.17g", k ? ", " : "", grasp_sweep_score(t->sweep, t->which[k]));
    }
    fprintf(out, "], \"asked\": %llu", (unsigned long long)grasp_context_memory_peak(bench_context));
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s ROWS.f32 n p PARAMETERS [setting ...]\n", argv[0]);
        return 2;
    }
    bench_open();
    task t = {.n = bench_integer(argv[2]), .p = bench_integer(argv[3]), .kept = argc - 5};
    t.params = bench_params("sweep", argv[4]);
    t.rows = bench_read(argv[1], t.n * t.p, sizeof *t.rows);
    t.which = bench_memory(t.kept, sizeof *t.which);
    t.label = bench_memory(t.kept * t.n, sizeof *t.label);
    for (int64_t k = 0; k < t.kept; k++)
        t.which[k] = bench_integer(argv[5 + k]);
    int status = bench_serve(&(bench_job){run, tell, &t, t.label, t.kept * t.n});
    grasp_sweep_free(t.sweep);
    grasp_params_free(t.params);
    free(t.rows);
    free(t.which);
    free(t.label);
    grasp_context_free(bench_context);
    return status;
}
