/* SPDX-License-Identifier: BSD-3-Clause
 * Silhouettes by tiles of distances, of many partitions in one pass over the pairs.
 *
 * One pass adds up the distances of each sample to each atom (silhouette_atoms.c); a cluster of any partition is a
 * union of atoms. So the pairs cost the same for one partition as for a hundred. Tiles go
 * through in waves (distances/waves.c) whose tasks share no sample: each pair is computed once, and sums come in one
 * order.
 * Euclidean distances of unit rows are sqrt(2 d_cos), but a zero row is 1 from a unit row and 0 from another zero row.
 * A value within its half-width of 0 is 0, or the root would make 1e-8 of a rounding error between duplicates.
 * O(n^2 p) time, n * atoms numbers; partitions that would need more than SUMS_LIMIT wait for another pass.
 */
#include "metrics/silhouette.h"

#include <math.h>
#include <string.h>

enum { SUMS_LIMIT = 1 << 25 }; /* numbers, 256 MiB */

/* ---- sums of distances ------------------------------------------------------------------------------------------- */

typedef struct pass {
    const grasp_distances *d;
    bool euclidean;
    int64_t n, blocks, wave;
    const grasp__scored *scored;
    int64_t count;
    grasp__atoms atoms;
    double *sums;           /* n x atoms */
    grasp__reader **reader; /* one a worker, as are the next two */
    double *values;         /* tiles */
    double *cluster_sums;   /* `clusters` numbers */
    int64_t clusters;       /* the most of any partition */
    double *block_means;    /* blocks x count: sums of silhouettes in a block */
    double *per_sample;
} pass;

static int64_t block_length(const pass *p, int64_t block)
{
    int64_t left = p->n - block * GRASP__TILE;
    return left < GRASP__TILE ? left : GRASP__TILE;
}

/* Cosine distances of a tile become distances of the unit rows. */
static void to_euclidean(const pass *p, int64_t i, int64_t ni, int64_t j, int64_t nj, double half_width, double *values)
{
    bool zero_column[GRASP__TILE];
    for (int64_t b = 0; b < nj; b++)
        zero_column[b] = grasp__distances_is_zero(p->d, j + b);
    for (int64_t a = 0; a < ni; a++) {
        bool zero_row = grasp__distances_is_zero(p->d, i + a);
        for (int64_t b = 0; b < nj; b++) {
            double *v = &values[a * nj + b];
            if (zero_row || zero_column[b])
                *v = zero_row != zero_column[b];
            else
                *v = *v > half_width ? sqrt(2 * *v) : 0;
        }
    }
}

static grasp_status add_tile(void *arg, int64_t index, int32_t worker)
{
    const pass *p = arg;
    int64_t block_i, block_j, m = p->atoms.count;
    grasp__wave_pair(p->blocks, p->wave, index, &block_i, &block_j);
    int64_t i = block_i * GRASP__TILE, j = block_j * GRASP__TILE;
    int64_t ni = block_length(p, block_i), nj = block_length(p, block_j);
    double *values = p->values + (int64_t)worker * GRASP__TILE * GRASP__TILE, half_width;
    const int32_t *atom = p->atoms.of;

    grasp__reader_tile(p->reader[worker], i, ni, j, nj, values, &half_width);
    if (p->euclidean)
        to_euclidean(p, i, ni, j, nj, half_width, values);
    for (int64_t a = 0; a < ni; a++) {
        double *row = p->sums + (i + a) * m;
        for (int64_t b = 0; b < nj; b++)
            row[atom[j + b]] += values[a * nj + b];
    }
    for (int64_t b = 0; block_i != block_j && b < nj; b++) {
        double *row = p->sums + (j + b) * m;
        for (int64_t a = 0; a < ni; a++)
            row[atom[i + a]] += values[a * nj + b];
    }
    return GRASP_OK;
}

/* ---- from sums to silhouettes ------------------------------------------------------------------------------------ */

static double sample_value(const pass *p, const grasp__scored *scored, int64_t i, double *cluster_sums)
{
    int64_t own = grasp__scored_cluster(scored, i);
    const double *sums = p->sums + i * p->atoms.count;
    double b = INFINITY;
    if (own < 0 || scored->size[own] == 1)
        return 0;
    memset(cluster_sums, 0, (size_t)scored->clusters * sizeof *cluster_sums);
    for (int64_t k = 0; k < p->atoms.count; k++) {
        int64_t cluster = grasp__scored_cluster(scored, p->atoms.sample[k]);
        if (cluster >= 0)
            cluster_sums[cluster] += sums[k];
    }
    for (int64_t k = 0; k < scored->clusters; k++)
        if (k != own && scored->size[k] > 0 && cluster_sums[k] / (double)scored->size[k] < b)
            b = cluster_sums[k] / (double)scored->size[k];
    return grasp__silhouette_value(cluster_sums[own] / (double)(scored->size[own] - 1), b);
}

/* One block of samples, all partitions. */
static grasp_status value_block(void *arg, int64_t index, int32_t worker)
{
    const pass *p = arg;
    double *cluster_sums = p->cluster_sums + worker * p->clusters;
    int64_t first = index * GRASP__TILE, length = block_length(p, index);
    for (int64_t s = 0; s < p->count; s++) {
        double sum = 0;
        for (int64_t i = first; i < first + length; i++) {
            double value = sample_value(p, &p->scored[s], i, cluster_sums);
            sum += value;
            if (p->per_sample != NULL && grasp__scored_cluster(&p->scored[s], i) >= 0)
                p->per_sample[i] = value;
        }
        p->block_means[index * p->count + s] = sum;
    }
    return GRASP_OK;
}

/* ---- one pass ---------------------------------------------------------------------------------------------------- */

static grasp_status pass_open(grasp_context *ctx, pass *p)
{
    int64_t workers = grasp__workers(ctx), sums = 0;
    for (int64_t s = 0; s < p->count; s++)
        p->clusters = p->scored[s].clusters > p->clusters ? p->scored[s].clusters : p->clusters;
    grasp_status s = grasp__check_product(ctx, p->n, p->atoms.count, "sums of distances", &sums);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, sums, sizeof *p->sums, &p->sums);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->blocks, (size_t)p->count * sizeof *p->block_means, &p->block_means);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, workers, (size_t)p->clusters * sizeof *p->cluster_sums, &p->cluster_sums);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, workers, sizeof *p->values * GRASP__TILE * GRASP__TILE, &p->values);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *p->reader, &p->reader);
    for (int64_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__reader_create(ctx, p->d, &p->reader[w]);
    return s;
}

static void pass_close(grasp_context *ctx, pass *p)
{
    for (int32_t w = 0; p->reader != NULL && w < grasp__workers(ctx); w++)
        grasp__reader_free(p->reader[w]);
    grasp__free(p->reader);
    grasp__free(p->values);
    grasp__free(p->cluster_sums);
    grasp__free(p->block_means);
    grasp__free(p->sums);
}

static grasp_status pass_run(grasp_context *ctx, pass *p)
{
    grasp_status s = GRASP_OK;
    for (p->wave = 0; s == GRASP_OK && p->wave < p->blocks; p->wave++) {
        double lo = (double)p->wave / (double)p->blocks, hi = (double)(p->wave + 1) / (double)p->blocks;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", lo, hi);
        s = grasp__parallel(ctx, grasp__wave_size(p->blocks, p->wave), add_tile, p);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, p->blocks, value_block, p);
    for (int64_t k = 0; s == GRASP_OK && k < p->count; k++)
        *p->scored[k].mean = grasp__sum2(p->block_means + k, p->blocks, p->count) / (double)p->scored[k].counted;
    return s;
}

grasp_status grasp__silhouettes_by_tiles(grasp_context *ctx, const grasp_distances *d, bool euclidean,
                                         const grasp__scored *scored, int64_t count, double *per_sample)
{
    grasp_status s = GRASP_OK;
    int64_t n = grasp__distances_count(d);
    for (int64_t done = 0, taken; s == GRASP_OK && done < count; done += taken) {
        pass p = {.d = d, .euclidean = euclidean, .n = n, .blocks = grasp__wave_blocks(n), .scored = scored + done};
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "silhouette", (double)done / (double)count, (double)(done + 1) / (double)count);
        p.per_sample = per_sample;
        s = grasp__atoms_create(ctx, p.scored, count - done, n, SUMS_LIMIT / (n > 0 ? n : 1), &p.atoms, &taken);
        p.count = taken;
        if (s == GRASP_OK)
            s = pass_open(ctx, &p);
        if (s == GRASP_OK)
            s = pass_run(ctx, &p);
        pass_close(ctx, &p);
        grasp__atoms_free(&p.atoms);
        grasp__stage_end(ctx, outer);
    }
    return s;
}
