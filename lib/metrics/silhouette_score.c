/* SPDX-License-Identifier: BSD-3-Clause
 * From sums of distances to mean silhouettes, block of samples by block.
 *
 * A cluster of any partition is a union of atoms (silhouette_atoms.c), so sums over atoms serve all partitions that
 * have few of them together: the pairs cost the same for one partition as for a hundred. A partition with more clusters
 * than there are columns goes through by itself, some clusters at a time, the rest of the samples in one column that
 * nobody reads. O(n K) a partition. Values are added within blocks, and blocks in order, so bits do not depend on
 * threads.
 */
#include "metrics/silhouette.h"

#include <math.h>
#include <string.h>

enum { LANES = 16 }; /* samples side by side, which compilers turn into vectors */

/* Work on one batch. */
typedef struct score {
    grasp__distance_sums *sums;
    const grasp__scored *scored;
    int64_t count;
    grasp__atoms atoms;
    int32_t *members;       /* a worker's: 2 (columns + 2): atoms by clusters of one partition */
    double *block_sums;     /* blocks x count: sums of silhouettes in a block */
    double *own, *nearest;  /* n: mean distances to the own and the nearest other cluster */
    int32_t *column;        /* n */
    int64_t first, now;     /* clusters in the columns */
    double *per_sample;
    bool by_atoms; /* there is room for them */
} score;

static int64_t block_end(const score *w, int64_t first)
{
    return w->sums->n - first < GRASP__TILE ? w->sums->n : first + GRASP__TILE;
}

static double silhouette_value(double a, double b)
{
    double larger = a > b ? a : b;
    return larger > 0 ? (b - a) / larger : 0;
}

/* ---- by atoms ---------------------------------------------------------------------------------------------------- */

/* Atoms of each cluster of one partition: places first[k] to first[k + 1] of `atom`. */
static void list_members(const score *w, const grasp__scored *p, int32_t *first, int32_t *atom)
{
    memset(first, 0, (size_t)(p->clusters + 2) * sizeof *first);
    for (int64_t k = 0; k < w->atoms.count; k++)
        first[grasp__scored_cluster(p, w->atoms.sample[k]) + 2]++;
    first[1] = 0; /* atoms of noise that is left out */
    for (int64_t k = 0; k < p->clusters; k++)
        first[k + 2] += first[k + 1];
    for (int64_t k = 0; k < w->atoms.count; k++) {
        int64_t own = grasp__scored_cluster(p, w->atoms.sample[k]);
        if (own >= 0)
            atom[first[own + 1]++] = (int32_t)k;
    }
}

/* A block of samples; sums: to atoms, one after the other; own: their clusters, below 0 where the value is 0 by
 * definition. Returns the sum of their values. */
static double block_value(const grasp__scored *p, const int32_t *first, const int32_t *atom, const double *sums,
                          const double *own)
{
    double a[GRASP__TILE] = {0}, b[GRASP__TILE], sum[GRASP__TILE], values[LANES] = {0}, total = 0;
    for (int i = 0; i < GRASP__TILE; i++)
        b[i] = INFINITY;
    for (int64_t k = 0; k < p->clusters; k++) {
        const double cluster = (double)k, size = (double)p->size[k], others = size > 1 ? size - 1 : 1;
        if (p->size[k] == 0)
            continue;
        grasp__row_sum_chosen(first[k + 1] - first[k], atom + first[k], sums, GRASP__TILE, GRASP__TILE, sum);
        for (int i = 0; i < GRASP__TILE; i++) {
            const bool mine = own[i] == cluster;
            const double mean = sum[i] / (mine ? others : size), other = mine ? INFINITY : mean;
            a[i] = mine ? mean : a[i];
            b[i] = other < b[i] ? other : b[i];
        }
    }
    for (int i = 0; i < GRASP__TILE; i += LANES)
        for (int l = 0; l < LANES; l++)
            values[l] += own[i + l] < 0 ? 0 : silhouette_value(a[i + l], b[i + l]);
    for (int l = 0; l < LANES; l++)
        total += values[l];
    return total;
}

/* One block of samples, all partitions. */
static grasp_status value_block(void *arg, int64_t index, int32_t worker)
{
    const score *w = arg;
    double *sums = w->sums->turned + worker * w->sums->columns * GRASP__TILE, own[GRASP__TILE];
    int32_t *first = w->members + worker * 2 * (w->sums->columns + 2), *atom = first + w->sums->columns + 2;
    const int64_t start = index * GRASP__TILE, n = block_end(w, start) - start;
    for (int64_t k = 0; k < w->atoms.count; k++)
        for (int64_t i = 0; i < GRASP__TILE; i++)
            sums[k * GRASP__TILE + i] = i < n ? w->sums->sums[(start + i) * w->atoms.count + k] : 0;
    for (int64_t s = 0; s < w->count; s++) {
        const grasp__scored *p = &w->scored[s];
        list_members(w, p, first, atom);
        for (int64_t i = 0; i < GRASP__TILE; i++) {
            int64_t k = i < n ? grasp__scored_cluster(p, start + i) : -1;
            own[i] = k >= 0 && p->size[k] > 1 ? (double)k : -1;
        }
        w->block_sums[index * w->count + s] = block_value(p, first, atom, sums, own);
    }
    return GRASP_OK;
}

/* Partitions whose atoms fit the columns. */
static grasp_status by_atoms(grasp_context *ctx, score *w)
{
    grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", 0, 0.9);
    grasp_status s = grasp__distance_sums_fill(ctx, w->sums, w->atoms.of, w->atoms.count);
    grasp__stage_end(ctx, outer);
    outer = grasp__stage_begin(ctx, "silhouette", 0.9, 1);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, grasp__wave_blocks(w->sums->n), value_block, w);
    grasp__stage_end(ctx, outer);
    return s;
}

/* ---- by columns -------------------------------------------------------------------------------------------------- */

/* Takes the sums to clusters first, first + 1, ... into the mean distances of one block of samples. */
static grasp_status take_block(void *arg, int64_t index, int32_t worker)
{
    const score *w = arg;
    const grasp__scored *p = w->scored;
    int64_t from = index * GRASP__TILE;
    (void)worker;
    for (int64_t i = from; i < block_end(w, from); i++) {
        const double *sums = w->sums->sums + i * w->sums->count;
        int64_t own = grasp__scored_cluster(p, i);
        for (int64_t k = 0; k < w->now; k++) {
            int64_t size = p->size[w->first + k];
            if (w->first + k == own)
                w->own[i] = size > 1 ? sums[k] / (double)(size - 1) : 0;
            else if (size > 0 && sums[k] / (double)size < w->nearest[i])
                w->nearest[i] = sums[k] / (double)size;
        }
    }
    return GRASP_OK;
}

/* The last step of one partition. */
static grasp_status finish_block(void *arg, int64_t index, int32_t worker)
{
    const score *w = arg;
    const grasp__scored *p = w->scored;
    int64_t first = index * GRASP__TILE;
    double sum = 0;
    (void)worker;
    for (int64_t i = first; i < block_end(w, first); i++) {
        int64_t own = grasp__scored_cluster(p, i);
        if (own < 0)
            continue;
        double value = p->size[own] == 1 ? 0 : silhouette_value(w->own[i], w->nearest[i]);
        sum += value;
        if (w->per_sample != NULL)
            w->per_sample[i] = value;
    }
    w->block_sums[index] = sum;
    return GRASP_OK;
}

/* One partition, its clusters as columns; the last column is of all other samples, if there are any. */
static grasp_status by_columns(grasp_context *ctx, score *w)
{
    const grasp__scored *p = w->scored;
    int64_t n = w->sums->n, blocks = grasp__wave_blocks(n);
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; i < n; i++) {
        w->own[i] = 0;
        w->nearest[i] = INFINITY;
    }
    for (w->first = 0; s == GRASP_OK && w->first < p->clusters; w->first += w->now) {
        int64_t left = p->clusters - w->first;
        w->now = left < w->sums->columns - 1 ? left : w->sums->columns - 1;
        bool rest = false;
        for (int64_t i = 0; i < n; i++) {
            int64_t k = grasp__scored_cluster(p, i) - w->first;
            const bool here = k >= 0 && k < w->now;
            w->column[i] = (int32_t)(here ? k : w->now);
            rest = rest || !here;
        }
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "silhouette", (double)w->first / (double)p->clusters,
                               (double)(w->first + w->now) / (double)p->clusters);
        s = grasp__distance_sums_fill(ctx, w->sums, w->column, w->now + rest);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK)
            s = grasp__parallel(ctx, blocks, take_block, w);
    }
    return s == GRASP_OK ? grasp__parallel(ctx, blocks, finish_block, w) : s;
}

/* ---- all partitions ---------------------------------------------------------------------------------------------- */

static grasp_status open_score(grasp_context *ctx, score *w, const grasp__silhouette_room *room)
{
    int64_t n = w->sums->n, workers = grasp__workers(ctx), columns = w->by_atoms ? w->sums->columns : 0;
    grasp_status s =
        grasp__alloc(ctx, grasp__wave_blocks(n), (size_t)room->partitions * sizeof(double), &w->block_sums);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, workers, (size_t)(columns + 2) * 2 * sizeof(int32_t), &w->members);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(double), &w->own);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(double), &w->nearest);
    return s == GRASP_OK ? grasp__alloc(ctx, n, sizeof *w->column, &w->column) : s;
}

uint64_t grasp__silhouettes_score_price(grasp_context *ctx, int64_t n, int64_t columns,
                                        const grasp__silhouette_room *room, uint64_t filling)
{
    int64_t workers = grasp__workers(ctx), atoms_room = room->partitions > 1 ? columns : 0;
    uint64_t making = 0, atoms = 0, sum = grasp__price_values(grasp__wave_blocks(n), room->partitions, sizeof(double));
    grasp__price_add(&sum, workers, (size_t)(atoms_room + 2) * 2 * sizeof(int32_t));
    grasp__price_add(&sum, n, sizeof(double));
    grasp__price_add(&sum, n, sizeof(double));
    grasp__price_add(&sum, n, sizeof(int32_t));
    if (room->partitions > 1)
        atoms = grasp__atoms_price(n, &making);
    filling = grasp__price_sum(atoms, filling);
    return grasp__price_sum(sum, making > filling ? making : filling);
}

/* As many partitions as fit together, or one: *taken of them. */
static grasp_status next_batch(grasp_context *ctx, score *w, int64_t left, int64_t *taken)
{
    grasp_status s = GRASP_OK;
    int64_t columns = w->sums->columns, small = 0;
    while (small < left && w->scored[small].clusters <= columns)
        small++;
    *taken = 1;
    w->atoms = (grasp__atoms){.of = NULL};
    if (w->by_atoms && small > 0)
        s = grasp__atoms_create(ctx, w->scored, small, w->sums->n, columns, &w->atoms, taken);
    w->count = *taken;
    if (s == GRASP_OK)
        s = w->atoms.of != NULL && w->atoms.count <= columns ? by_atoms(ctx, w) : by_columns(ctx, w);
    for (int64_t k = 0; s == GRASP_OK && k < w->count; k++)
        *w->scored[k].mean = grasp__sum2(w->block_sums + k, grasp__wave_blocks(w->sums->n), w->count) /
                             (double)w->scored[k].counted;
    grasp__atoms_free(&w->atoms);
    return s == GRASP_OK ? grasp__tick(ctx, 1, 1) : s;
}

grasp_status grasp__silhouettes_score(grasp_context *ctx, grasp__distance_sums *sums, const grasp__scored *scored,
                                      int64_t count, const grasp__silhouette_room *room, double *per_sample)
{
    score w = {.sums = sums, .per_sample = per_sample, .by_atoms = room->partitions > 1};
    grasp_status s = open_score(ctx, &w, room);
    for (int64_t done = 0, taken = 0; s == GRASP_OK && done < count; done += taken) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "silhouette", (double)done / (double)count, (double)(done + 1) / (double)count);
        w.scored = scored + done;
        s = next_batch(ctx, &w, count - done, &taken);
        grasp__stage_end(ctx, outer);
    }
    grasp__free(w.column);
    grasp__free(w.nearest);
    grasp__free(w.own);
    grasp__free(w.members);
    grasp__free(w.block_sums);
    return s;
}
