/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes in a cosine space in linear time.
 *
 * With unit rows u (0 for a zero row) the distance of i to j != i is 1 - <u_i, u_j>, so the sum over a cluster C is
 * |C| - <u_i, S_C>, S_C the sum of its rows; in the own cluster it is |C| - 1 - <u_i, S_C> + <u_i, u_i>. Exact but for
 * rounding, which is at most the kernel's error for each row of C: a mean below that counts as 0, so that duplicates
 * are at distance 0.
 * Partitions that have few atoms together (silhouette_atoms.c) share the products with the atoms' sums; one of many
 * clusters goes through alone, some columns at a time. O(n K p) time for K atoms or clusters; O(n) memory.
 */
#include "metrics/silhouette.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 64 }; /* columns at once: 1 KiB a sample */

typedef struct linear {
    const grasp_distances *d;
    int64_t n, width;       /* columns there is room for */
    double rounding;        /* a mean distance below is 0 */
    double *weight, *inner; /* n x width */
    double *product;        /* n: <u_i, S_C> of one cluster */
    double *a, *b;          /* n: mean distances to the own and the nearest other cluster */
    double *per_sample;
} linear;

static void begin(const linear *l)
{
    for (int64_t i = 0; i < l->n; i++) {
        l->a[i] = 0;
        l->b[i] = INFINITY;
    }
}

/* Takes the products with one cluster into the mean distances. */
static void take_cluster(const linear *l, const grasp__scored *p, int64_t cluster)
{
    double size = (double)p->size[cluster];
    if (size == 0)
        return;
    for (int64_t i = 0; i < l->n; i++) {
        if (grasp__scored_cluster(p, i) == cluster) {
            double others = size - 1 - l->product[i] + (grasp__distances_is_zero(l->d, i) ? 0 : 1);
            double mean = size > 1 ? others / (size - 1) : 0;
            l->a[i] = mean > l->rounding ? mean : 0;
        } else {
            double mean = 1 - l->product[i] / size;
            mean = mean > l->rounding ? mean : 0;
            if (mean < l->b[i])
                l->b[i] = mean;
        }
    }
}

static void finish(const linear *l, const grasp__scored *p)
{
    grasp__sum sum = {0, 0};
    for (int64_t i = 0; i < l->n; i++) {
        int64_t own = grasp__scored_cluster(p, i);
        if (own >= 0) {
            double value = p->size[own] == 1 ? 0 : grasp__silhouette_value(l->a[i], l->b[i]);
            grasp__sum_add(&sum, value);
            if (l->per_sample != NULL)
                l->per_sample[i] = value;
        }
    }
    *p->mean = grasp__sum_value(&sum) / (double)p->counted;
}

/* One partition, its clusters as columns. */
static grasp_status by_columns(grasp_context *ctx, const linear *l, const grasp__scored *p)
{
    grasp_status s = GRASP_OK;
    begin(l);
    for (int64_t first = 0; s == GRASP_OK && first < p->clusters; first += l->width) {
        int64_t now = p->clusters - first < l->width ? p->clusters - first : l->width;
        double lo = (double)first / (double)p->clusters, hi = (double)(first + now) / (double)p->clusters;
        for (int64_t i = 0; i < l->n; i++)
            for (int64_t k = 0; k < now; k++)
                l->weight[i * now + k] = grasp__scored_cluster(p, i) == first + k;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", lo, hi);
        s = grasp__distances_weighted_sums(ctx, l->d, l->weight, now, l->inner);
        grasp__stage_end(ctx, outer);
        for (int64_t k = 0; s == GRASP_OK && k < now; k++) {
            for (int64_t i = 0; i < l->n; i++)
                l->product[i] = l->inner[i * now + k];
            take_cluster(l, p, first + k);
        }
    }
    if (s == GRASP_OK)
        finish(l, p);
    return s;
}

/* Partitions whose atoms fit the columns. */
static grasp_status by_atoms(grasp_context *ctx, const linear *l, const grasp__scored *scored, int64_t count,
                             const grasp__atoms *atoms)
{
    memset(l->weight, 0, (size_t)(l->n * atoms->count) * sizeof *l->weight);
    for (int64_t i = 0; i < l->n; i++)
        l->weight[i * atoms->count + atoms->of[i]] = 1;
    grasp_status s = grasp__distances_weighted_sums(ctx, l->d, l->weight, atoms->count, l->inner);
    for (const grasp__scored *p = scored; s == GRASP_OK && p < scored + count; p++) {
        begin(l);
        for (int64_t cluster = 0; cluster < p->clusters; cluster++) {
            memset(l->product, 0, (size_t)l->n * sizeof *l->product);
            for (int64_t k = 0; k < atoms->count; k++)
                for (int64_t i = 0; grasp__scored_cluster(p, atoms->sample[k]) == cluster && i < l->n; i++)
                    l->product[i] += l->inner[i * atoms->count + k];
            take_cluster(l, p, cluster);
        }
        finish(l, p);
    }
    return s;
}

/* As many partitions as fit together, or one: *taken of them. */
static grasp_status next_batch(grasp_context *ctx, const linear *l, const grasp__scored *scored, int64_t count,
                               int64_t *taken)
{
    grasp__atoms atoms;
    grasp_status s = grasp__atoms_create(ctx, scored, count, l->n, l->width, &atoms, taken);
    if (s == GRASP_OK)
        s = atoms.count <= l->width ? by_atoms(ctx, l, scored, *taken, &atoms) : by_columns(ctx, l, scored);
    grasp__atoms_free(&atoms);
    return s == GRASP_OK ? grasp__tick(ctx, 1, 1) : s;
}

grasp_status grasp__silhouettes_linear(grasp_context *ctx, const grasp_distances *d, const grasp__scored *scored,
                                       int64_t count, double *per_sample)
{
    linear l = {.d = d, .n = grasp__distances_count(d), .per_sample = per_sample};
    l.rounding = 2 * grasp__gram_error_f64(grasp__distances_dim(d)) + 0x1p-48;
    for (int64_t s = 0; s < count && l.width < CHUNK; s++)
        l.width += scored[s].clusters;
    l.width = l.width < CHUNK ? l.width : CHUNK;
    grasp_status status = grasp__alloc(ctx, l.n, (size_t)l.width * sizeof *l.weight, &l.weight);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, l.n, (size_t)l.width * sizeof *l.inner, &l.inner);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, l.n, sizeof *l.product, &l.product);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, l.n, sizeof *l.a, &l.a);
    if (status == GRASP_OK)
        status = grasp__alloc(ctx, l.n, sizeof *l.b, &l.b);
    for (int64_t done = 0, taken = 0; status == GRASP_OK && done < count; done += taken) {
        double lo = (double)done / (double)count, hi = (double)(done + 1) / (double)count;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", lo, hi);
        status = next_batch(ctx, &l, scored + done, count - done, &taken);
        grasp__stage_end(ctx, outer);
    }
    grasp__free(l.b);
    grasp__free(l.a);
    grasp__free(l.product);
    grasp__free(l.inner);
    grasp__free(l.weight);
    return status;
}
