/* SPDX-License-Identifier: BSD-3-Clause
 * One exact DBSCAN: dbscan ROWS.f32 n p eps min_samples. Timed from the caller's raw rows to labels: rows lent,
 * checked, centred, clustered by cosine distance.
 */
#include "harness.h"

#include <stdlib.h>

typedef struct task {
    float   *rows;
    int64_t  n, p;
    grasp_params *params;
    int64_t *label;
    int64_t  clusters, noise;
    double   pairs, undecided, exact, ties; /* the certificate */
} task;

static double value(const grasp_report *report, const char *name)
{
    double v = 0;
    bench_need(grasp_report_value(bench_context, report, name, &v));
    return v;
}

static void run(void *state)
{
    task *t = state;
    grasp_distances *distances;
    grasp_clusterer *clusterer;
    grasp_groups *groups;
    grasp_report *report;
    grasp_gradients *gradients = bench_gradients(t->rows, t->n, t->p);
    bench_need(grasp_distances_create(bench_context, gradients, NULL, &distances));
    bench_need(grasp_clusterer_create(bench_context, "dbscan", t->params, &clusterer));
    bench_need(grasp_clusterer_fit_distances(bench_context, clusterer, distances));
    bench_need(grasp_clusterer_groups(bench_context, clusterer, &groups));
    bench_need(grasp_clusterer_report(bench_context, clusterer, &report));
    bench_need(grasp_groups_labels(bench_context, groups, t->label, t->n));
    t->clusters = grasp_groups_count(groups);
    t->noise = grasp_groups_noise(groups);
    t->pairs = value(report, "pairs");
    t->undecided = value(report, "undecided");
    t->exact = value(report, "exact");
    t->ties = value(report, "ties");
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_clusterer_free(clusterer);
    grasp_distances_free(distances);
    grasp_gradients_free(gradients);
}

static void tell(void *state, FILE *out)
{
    const task *t = state;
    fprintf(out, ", \"clusters\": %lld, \"noise\": %lld, \"pairs\": %.0f, \"undecided\": %.0f, \"exact\": %.0f, ",
            (long long)t->clusters, (long long)t->noise, t->pairs, t->undecided, t->exact);
    fprintf(out, "\"ties\": %.0f, \"asked\": %llu", t->ties,
            (unsigned long long)grasp_context_memory_peak(bench_context));
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s ROWS.f32 n p eps min_samples\n", argv[0]);
        return 2;
    }
    char text[128];
    bench_open();
    task t = {.n = bench_integer(argv[2]), .p = bench_integer(argv[3])};
    snprintf(text, sizeof text, "eps=%s;min_samples=%s", argv[4], argv[5]);
    t.params = bench_params("dbscan", text);
    t.rows = bench_read(argv[1], t.n * t.p, sizeof *t.rows);
    t.label = bench_memory(t.n, sizeof *t.label);
    int status = bench_serve(&(bench_job){run, tell, &t, t.label, t.n});
    free(t.rows);
    free(t.label);
    grasp_params_free(t.params);
    grasp_context_free(bench_context);
    return status;
}
