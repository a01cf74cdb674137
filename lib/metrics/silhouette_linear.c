/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes in a cosine space in linear time.
 *
 * With unit rows u (0 for a zero row) the distance of i to j != i is 1 - <u_i, u_j>, so the sum over a cluster C is
 * |C| - <u_i, S_C>, S_C the sum of its rows; in the own cluster it is |C| - 1 - <u_i, S_C> + <u_i, u_i>. Exact but for
 * rounding. A mean below 1e-14 is rounding and counts as 0, so that duplicates are at distance 0.
 * O(n K p) time for K clusters of all partitions together; O(n) memory: the columns of weights go through in chunks.
 */
#include "metrics/silhouette.h"

#include <math.h>

enum { CHUNK = 64 }; /* clusters at once: 1 KiB a sample */

static const double rounding = 1e-14;

/* Where the walk through all clusters of all partitions stands. */
typedef struct position {
    int64_t partition, cluster;
} position;

static position step(const grasp__scored *scored, position p)
{
    p.cluster++;
    if (p.cluster == scored[p.partition].clusters)
        p = (position){p.partition + 1, 0};
    return p;
}

/* One column: membership of a cluster. */
static void fill_column(const grasp__scored *p, int64_t n, int64_t cluster, double *weight, int64_t stride)
{
    for (int64_t i = 0; i < n; i++)
        weight[i * stride] = grasp__scored_cluster(p, i) == cluster;
}

/* Takes the sums to one cluster into the mean distances to the own (a) and the nearest other cluster (b). */
static void take_column(const grasp_distances *d, const grasp__scored *p, int64_t n, int64_t cluster,
                        const double *inner, int64_t stride, double *a, double *b)
{
    double size = (double)p->size[cluster];
    if (size == 0)
        return;
    for (int64_t i = 0; i < n; i++) {
        double product = inner[i * stride];
        if (grasp__scored_cluster(p, i) == cluster) {
            double others = size - 1 - product + (grasp__distances_is_zero(d, i) ? 0 : 1);
            double mean = size > 1 ? others / (size - 1) : 0;
            a[i] = mean > rounding ? mean : 0;
        } else {
            double mean = 1 - product / size;
            mean = mean > rounding ? mean : 0;
            if (mean < b[i])
                b[i] = mean;
        }
    }
}

/* A partition is complete: its mean, and a and b made ready for the next. */
static void finish(const grasp__scored *p, int64_t n, double *a, double *b, double *per_sample)
{
    grasp__sum sum = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        int64_t own = grasp__scored_cluster(p, i);
        if (own >= 0) {
            double value = p->size[own] == 1 ? 0 : grasp__silhouette_value(a[i], b[i]);
            grasp__sum_add(&sum, value);
            if (per_sample != NULL)
                per_sample[i] = value;
        }
        a[i] = 0;
        b[i] = INFINITY;
    }
    *p->mean = grasp__sum_value(&sum) / (double)p->counted;
}

grasp_status grasp__silhouettes_linear(grasp_context *ctx, const grasp_distances *d, const grasp__scored *scored,
                                       int64_t count, double *per_sample)
{
    int64_t n = grasp__distances_count(d), columns = 0;
    double *weight = NULL, *inner = NULL, *a = NULL, *b = NULL;
    position at = {0, 0};

    for (int64_t s = 0; s < count; s++)
        columns += scored[s].clusters;
    int64_t width = columns < CHUNK ? columns : CHUNK;
    grasp_status status = grasp__alloc(ctx, n, (size_t)width * sizeof *weight, &weight);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, n, (size_t)width * sizeof *inner, &inner);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(ctx, n, sizeof *a, &a);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, n, sizeof *b, &b);
    for (int64_t i = 0; status == GRASP_OK && i < n; i++)
        b[i] = INFINITY;
    for (int64_t done = 0; status == GRASP_OK && done < columns; done += width) {
        int64_t now = columns - done < width ? columns - done : width;
        position p = at;
        for (int64_t k = 0; k < now; k++, p = step(scored, p))
            fill_column(&scored[p.partition], n, p.cluster, weight + k, now);
        double lo = (double)done / (double)columns, hi = (double)(done + now) / (double)columns;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", lo, hi);
        status = grasp__distances_weighted_sums(ctx, d, weight, now, inner);
        if (status == GRASP_OK)
            status = grasp__tick(ctx, 1, 1);
        grasp__stage_end(ctx, outer);
        for (int64_t k = 0; status == GRASP_OK && k < now; k++) {
            take_column(d, &scored[at.partition], n, at.cluster, inner + k, now, a, b);
            if (at.cluster == scored[at.partition].clusters - 1)
                finish(&scored[at.partition], n, a, b, per_sample);
            at = step(scored, at);
        }
    }
    grasp__free(b);
    grasp__free(a);
    grasp__free(inner);
    grasp__free(weight);
    return status;
}
