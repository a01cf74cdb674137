/* SPDX-License-Identifier: BSD-3-Clause
 * DBSCAN's labels at every setting of an (eps, min_samples) grid, from three passes over the levels of the pairs.
 *
 * Let l_ij be the lowest eps index whose ball holds i and j. Pass 1 counts neighbours at every eps; c_i(m), the lowest
 * eps index at which i has m of them, is the level from which i is core. Two samples are joined as cores at eps index e
 * iff max(c_i, c_j, l_ij) <= e, so for each m pass 2 grows one minimum spanning forest under these weights, which holds
 * the clusters of all eps. Clusters are numbered by their lowest core. Pass 3 gives each border sample the lowest
 * number among the cores within eps, at the eps indices from max(l_ij, c_j) up to where it becomes core itself. The
 * labels are those of DBSCAN at each setting by itself (Ester et al. 1996, canonical numbering: cluster.h).
 *
 * Before a pair goes to the forest, a table of representatives, renewed now and then, tells whether it is joined
 * already, and one byte a sample, whether any pair of a row of a tile can matter: forests begin with the pairs of a few
 * hubs, so that hardly any does. Likewise a border sample that has the lowest number there is needs no further look.
 * O(n^2 (p + min_samples values)) time at most, O(n settings) memory beside the levels.
 */
#include "sweep/forest.h"
#include "sweep/levels.h"
#include "sweep/private.h"

#include <string.h>

enum { HUBS = 8, VOTERS = 128 };
enum { NO_CLUSTER = INT32_MAX }; /* while border samples look for the lowest number */

typedef struct grid {
    const grasp_context *ctx; /* long tasks ask it whether the run was cancelled; what they leave is then not used */
    const grasp_sweep *sweep;
    grasp__sweep_result *result;
    int64_t n, n_eps, n_min;
    grasp__levels levels;
    uint32_t *counts; /* n x (n_eps + 1): samples by level */
    grasp__forest *forest; /* one for each min_samples */
    uint8_t *reach;        /* n for each min_samples: see renew_representatives(); pass 3: where numbers may fall */
    int64_t *missed;       /* pairs inserted since the representatives were renewed, for each min_samples */
    int32_t *rank, *order;
    int32_t *climb;        /* per worker: 2 n */
    uint8_t *row;          /* per worker: n */
} grid;

/* The row of labels of a setting; during pass 2 it holds representatives. */
static int32_t *labels_at(const grid *g, int64_t eps, int64_t m)
{
    return g->result->label + (eps * g->n_min + m) * g->n;
}

static uint8_t *core_levels(const grid *g, int64_t m)
{
    return g->result->core_level + m * g->n;
}

static uint8_t *reaches(const grid *g, int64_t m)
{
    return g->reach + m * g->n;
}

/* Blocks and sizes of tile `index` of the current wave. */
typedef struct place {
    int64_t i, ni, j, nj;
    bool diagonal;
    const uint8_t *level;
} place;

static place place_of(const grid *g, int64_t index)
{
    int64_t block_i, block_j;
    grasp__wave_pair(g->levels.blocks, g->levels.wave, index, &block_i, &block_j);
    return (place){.i = block_i * GRASP__TILE,
                   .ni = grasp__levels_block(&g->levels, block_i),
                   .j = block_j * GRASP__TILE,
                   .nj = grasp__levels_block(&g->levels, block_j),
                   .diagonal = block_i == block_j,
                   .level = grasp__levels_tile(&g->levels, index)};
}

/* ---- pass 1: counts ---------------------------------------------------------------------------------------------- */

static grasp_status count_tile(void *arg, int64_t index, int32_t worker)
{
    const grid *g = arg;
    place p = place_of(g, index);
    int64_t width = g->n_eps + 1;
    (void)worker;
    for (int64_t a = 0; a < p.ni; a++)
        for (int64_t b = 0; b < p.nj; b++)
            g->counts[(p.i + a) * width + p.level[a * GRASP__TILE + b]]++;
    for (int64_t a = 0; !p.diagonal && a < p.ni; a++)
        for (int64_t b = 0; b < p.nj; b++)
            g->counts[(p.j + b) * width + p.level[a * GRASP__TILE + b]]++;
    return GRASP_OK;
}

static void find_core_levels(const grid *g)
{
    for (int64_t i = 0; i < g->n; i++) {
        const uint32_t *counts = g->counts + i * (g->n_eps + 1);
        int64_t within = 0, m = 0;
        for (int64_t e = 0; e < g->n_eps; e++)
            for (within += counts[e]; m < g->n_min && within >= g->sweep->min_samples[m]; m++)
                core_levels(g, m)[i] = (uint8_t)e;
        for (; m < g->n_min; m++)
            core_levels(g, m)[i] = (uint8_t)g->n_eps;
    }
}

/* ---- pass 2: a forest for each min_samples ----------------------------------------------------------------------- */

/* The representative that most of the cores at eps index e have, if more than half of them share one; else any. Asked
 * of some VOTERS of them. (Boyer and Moore 1981.) */
static int32_t dominant(const int32_t *top, const uint8_t *core, uint8_t e, int64_t n)
{
    int32_t candidate = -1;
    int64_t votes = 0;
    for (int64_t i = 0; i < n; i += 1 + n / VOTERS) {
        if (core[i] > e)
            continue;
        if (votes == 0)
            candidate = top[i];
        votes += top[i] == candidate ? 1 : -1;
    }
    return candidate;
}

/* reach: from which eps index on a sample is in the dominant component. Two samples are joined from the larger of their
 * reaches on, so a pair matters only where it would join them before. */
static grasp_status renew_representatives(const grid *g, int64_t m, int32_t worker)
{
    const uint8_t *core = core_levels(g, m);
    uint8_t *reach = reaches(g, m), never = (uint8_t)g->n_eps;
    grasp__forest_climb climb = {.root = g->climb + worker * 2 * g->n};
    climb.up = climb.root + g->n;
    grasp__forest_start(&g->forest[m], &climb);
    memset(reach, never, (size_t)g->n);
    for (int64_t e = 0; e < g->n_eps; e++) {
        int32_t *top = labels_at(g, e, m);
        if (grasp__cancel_pending(g->ctx))
            return GRASP_CANCELLED;
        grasp__forest_tops(&g->forest[m], (uint8_t)e, &climb, top);
        int32_t most = dominant(top, core, (uint8_t)e, g->n);
        for (int64_t i = 0; i < g->n; i++) {
            uint8_t since = reach[i] < e ? reach[i] : (uint8_t)e;
            reach[i] = top[i] == most ? since : never;
        }
    }
    g->missed[m] = 0;
    return GRASP_OK;
}

static uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* The core that is one soonest of those that no hub has joined from there on, or -1. */
static int64_t next_hub(const uint8_t *core, const uint8_t *joined, int64_t n)
{
    int64_t hub = -1;
    for (int64_t i = 0; i < n; i++)
        if (joined[i] > core[i] && (hub < 0 || core[i] < core[hub]))
            hub = i;
    return hub;
}

/* Forests begin with the pairs of a few hubs, one after the other far from those before: most samples are then joined
 * where they become core, and few of the other pairs matter. */
static grasp_status join_hubs(void *arg, int64_t m, int32_t worker)
{
    const grid *g = arg;
    const uint8_t *core = core_levels(g, m);
    uint8_t *joined = reaches(g, m), *level = g->row + worker * g->n;
    int64_t hub;
    memset(joined, (int)g->n_eps, (size_t)g->n);
    for (int q = 0; g->levels.keeps && q < HUBS && (hub = next_hub(core, joined, g->n)) >= 0; q++) {
        grasp__levels_row(&g->levels, hub, level);
        for (int64_t i = 0; i < g->n; i++) {
            uint8_t weight = larger(larger(core[i], core[hub]), level[i]);
            if (weight < joined[i] && joined[i] > core[i]) {
                grasp__forest_insert(&g->forest[m], (int32_t)i, (int32_t)hub, weight);
                joined[i] = weight;
            }
        }
        joined[hub] = core[hub];
    }
    return renew_representatives(g, m, worker);
}

/* A pair into the forest of one min_samples, unless the representatives tell that it is joined. From this weight on
 * either sample is then in the dominant component where the other is. */
static void join_pair(const grid *g, int64_t m, int64_t i, int64_t j, uint8_t weight)
{
    const int32_t *top = labels_at(g, weight, m);
    uint8_t *reach = reaches(g, m), by_i = larger(reach[i], weight), by_j = larger(reach[j], weight);
    if (by_j < reach[i])
        reach[i] = by_j;
    else if (by_i < reach[j])
        reach[j] = by_i;
    if (top[i] == top[j])
        return;
    grasp__forest_insert(&g->forest[m], (int32_t)i, (int32_t)j, weight);
    g->missed[m]++;
}

/* Row i against columns j, j + 1, ...: does any pair matter? */
static bool may_join(const uint8_t *level, int64_t n, uint8_t core_i, uint8_t reach_i, const uint8_t *core_j,
                     const uint8_t *reach_j)
{
    uint8_t any = 0;
    for (int64_t b = 0; b < n; b++)
        any |= larger(larger(level[b], core_i), core_j[b]) < larger(reach_i, reach_j[b]);
    return any != 0;
}

static void join_tile(const grid *g, int64_t m, const place *p)
{
    const uint8_t *core = core_levels(g, m), *core_j = core + p->j, *reach = reaches(g, m), *reach_j = reach + p->j;
    uint8_t least = (uint8_t)g->n_eps, most = 0;
    for (int64_t b = 0; b < p->nj; b++) {
        least = core_j[b] < least ? core_j[b] : least;
        most = larger(most, reach_j[b]);
    }
    for (int64_t a = 0; a < p->ni; a++) {
        const uint8_t *level = p->level + a * GRASP__TILE;
        int64_t i = p->i + a, first = p->diagonal ? a + 1 : 0;
        if (larger(core[i], least) >= larger(reach[i], most) ||
            !may_join(level + first, p->nj - first, core[i], reach[i], core_j + first, reach_j + first))
            continue;
        for (int64_t b = first; b < p->nj; b++) {
            uint8_t weight = larger(larger(level[b], core[i]), core_j[b]);
            if (weight < larger(reach[i], reach_j[b]))
                join_pair(g, m, i, p->j + b, weight);
        }
    }
}

/* One min_samples, all tiles of the wave. */
static grasp_status join_wave(void *arg, int64_t index, int32_t worker)
{
    const grid *g = arg;
    grasp_status s = GRASP_OK;
    for (int64_t t = 0; s == GRASP_OK && t < grasp__wave_size(g->levels.blocks, g->levels.wave); t++) {
        place p = place_of(g, t);
        join_tile(g, index, &p);
        if (g->missed[index] > g->n * g->n_eps / 8)
            s = renew_representatives(g, index, worker);
        else if (grasp__cancel_pending(g->ctx))
            s = GRASP_CANCELLED;
    }
    return s;
}

/* Representatives become numbers, by the lowest core of each cluster; samples that are not core have none yet. */
static grasp_status number_clusters(void *arg, int64_t index, int32_t worker)
{
    const grid *g = arg;
    const uint8_t *core = core_levels(g, index);
    int32_t *number = g->forest[index].parent; /* free once the representatives are known */
    grasp_status s = renew_representatives(g, index, worker);
    for (int64_t e = 0; s == GRASP_OK && e < g->n_eps; e++) {
        int32_t *label = labels_at(g, e, index), clusters = 0;
        for (int64_t i = 0; i < g->n; i++)
            number[i] = NO_CLUSTER;
        for (int64_t i = 0; i < g->n; i++) {
            if (core[i] <= e && number[label[i]] == NO_CLUSTER)
                number[label[i]] = clusters++;
            label[i] = core[i] <= e ? number[label[i]] : NO_CLUSTER;
        }
        g->result->n_clusters[e * g->n_min + index] = clusters;
        if (grasp__cancel_pending(g->ctx))
            s = GRASP_CANCELLED;
    }
    return s;
}

/* ---- pass 3: border samples -------------------------------------------------------------------------------------- */

/* Sample i takes the number of core j at eps indices from `from` on where that is lower. From low[i] on, up to where i
 * becomes core itself, its number is 0 and cannot fall. */
static void take_number(const grid *g, int64_t m, int64_t i, int64_t j, uint8_t from, uint8_t *low)
{
    bool zero = true;
    int32_t *label = labels_at(g, from, m);
    for (uint8_t e = from; e < low[i]; e++, label += g->n_min * g->n) {
        if (label[j] < label[i])
            label[i] = label[j];
        zero = zero && label[i] == 0;
    }
    if (zero)
        low[i] = from;
}

/* Row i against columns j, j + 1, ...: can the number of either of a pair fall? */
static bool may_fall(const uint8_t *level, int64_t n, uint8_t core_i, uint8_t low_i, const uint8_t *core_j,
                     const uint8_t *low_j)
{
    uint8_t any = 0;
    for (int64_t b = 0; b < n; b++) {
        uint8_t of_i = larger(level[b], core_j[b]) < low_i, of_j = larger(level[b], core_i) < low_j[b];
        any |= of_i | of_j;
    }
    return any != 0;
}

static grasp_status border_tile(void *arg, int64_t index, int32_t worker)
{
    const grid *g = arg;
    place p = place_of(g, index);
    (void)worker;
    for (int64_t m = 0; m < g->n_min; m++) {
        const uint8_t *core = core_levels(g, m);
        uint8_t *low = reaches(g, m);
        for (int64_t a = 0; a < p.ni; a++) {
            const uint8_t *level = p.level + a * GRASP__TILE;
            int64_t i = p.i + a, first = p.diagonal ? a + 1 : 0;
            if (!may_fall(level + first, p.nj - first, core[i], low[i], core + p.j + first, low + p.j + first))
                continue;
            for (int64_t b = first, j = p.j + first; b < p.nj; b++, j++) {
                if (larger(level[b], core[j]) < low[i])
                    take_number(g, m, i, j, larger(level[b], core[j]), low);
                else if (larger(level[b], core[i]) < low[j])
                    take_number(g, m, j, i, larger(level[b], core[i]), low);
            }
        }
    }
    return GRASP_OK;
}

/* What is left without a number is noise. */
static grasp_status finish_setting(void *arg, int64_t index, int32_t worker)
{
    const grid *g = arg;
    int32_t *label = g->result->label + index * g->n;
    int64_t noise = 0;
    (void)worker;
    for (int64_t i = 0; i < g->n; i++)
        if (label[i] == NO_CLUSTER) {
            label[i] = GRASP_NOISE;
            noise++;
        }
    g->result->n_noise[index] = noise;
    return GRASP_OK;
}

/* ---- the three passes -------------------------------------------------------------------------------------------- */

/* Runs tasks over every wave: over its tiles, or (per_min_samples) over the forests. Shares [lo, hi] of the stage. */
static grasp_status pass(grasp_context *ctx, grid *g, const char *what, grasp__task task, bool per_min_samples,
                         double lo, double hi)
{
    grasp_status s = GRASP_OK;
    int64_t waves = g->levels.blocks;
    for (int64_t w = 0; s == GRASP_OK && w < waves; w++) {
        double from = lo + (hi - lo) * (double)w / (double)waves, to = lo + (hi - lo) * (double)(w + 1) / (double)waves;
        grasp__stage_mark outer = grasp__stage_begin(ctx, what, from, to);
        s = grasp__levels_wave(ctx, &g->levels, w, per_min_samples ? NULL : task, g);
        if (s == GRASP_OK && per_min_samples)
            s = grasp__parallel(ctx, g->n_min, task, g);
        grasp__stage_end(ctx, outer);
    }
    return s;
}

static grasp_status grid_open(grasp_context *ctx, grid *g, const grasp_distances *d)
{
    const grasp_sweep *sweep = g->sweep;
    grasp_status s = grasp__alloc_zero(ctx, g->n, (size_t)(g->n_eps + 1) * sizeof *g->counts, &g->counts);
    if (s == GRASP_OK)
        s = grasp__forest_ranks(ctx, g->n, &g->rank, &g->order);
    if (s == GRASP_OK)
        s = grasp__tick(ctx, 0, 1);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, g->n, (size_t)g->n_min, &g->reach);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, g->n_min, sizeof *g->missed, &g->missed);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx) * g->n, 2 * sizeof *g->climb, &g->climb);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx) * g->n, 1, &g->row);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, g->n_min, sizeof *g->forest, &g->forest);
    for (int64_t m = 0; s == GRASP_OK && m < g->n_min; m++)
        s = grasp__forest_open(ctx, &g->forest[m], g->n, g->rank, g->order);
    if (s == GRASP_OK)
        s = grasp__levels_open(ctx, &g->levels, d, sweep->eps, (int32_t)sweep->n_eps, sweep->budget);
    return s;
}

uint64_t grasp__sweep_dbscan_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space)
{
    int64_t n = space->n, n_min = sweep->n_min_samples;
    uint64_t forest = grasp__price_sum(grasp__price(n, sizeof(int32_t)), grasp__price(n, 1));
    uint64_t sum = grasp__price(n, (size_t)(sweep->n_eps + 1) * sizeof(uint32_t));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, n, sizeof(int32_t)); /* ranks */
    uint64_t ranking = grasp__price_sum(sum, grasp__price(n, sizeof(int64_t)));
    grasp__price_add(&sum, n, (size_t)n_min);
    grasp__price_add(&sum, n_min, sizeof(int64_t));
    grasp__price_add(&sum, grasp__workers(ctx), (size_t)n * 2 * sizeof(int32_t));
    grasp__price_add(&sum, grasp__workers(ctx), (size_t)n);
    grasp__price_add(&sum, n_min, sizeof(grasp__forest));
    for (int64_t m = 0; m < n_min; m++)
        sum = grasp__price_sum(sum, forest);
    sum = grasp__price_sum(sum, grasp__levels_price(ctx, space, sweep->budget));
    return sum > ranking ? sum : ranking;
}

static void grid_close(grasp_context *ctx, grid *g)
{
    for (int64_t m = 0; g->forest != NULL && m < g->n_min; m++)
        grasp__forest_close(&g->forest[m]);
    grasp__free(g->forest);
    grasp__free(g->row);
    grasp__free(g->climb);
    grasp__free(g->missed);
    grasp__free(g->reach);
    grasp__free(g->order);
    grasp__free(g->rank);
    grasp__free(g->counts);
    grasp__levels_close(ctx, &g->levels);
}

grasp_status grasp__sweep_dbscan(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 grasp__sweep_result *result)
{
    grid g = {.ctx = ctx, .sweep = sweep, .result = result, .n = result->n};
    g.n_eps = sweep->n_eps;
    g.n_min = sweep->n_min_samples;
    grasp_status s = grid_open(ctx, &g, d);
    if (s == GRASP_OK)
        s = pass(ctx, &g, "neighbours", count_tile, false, 0, 0.8);
    if (s == GRASP_OK) {
        find_core_levels(&g);
        s = grasp__parallel(ctx, g.n_min, join_hubs, &g);
    }
    if (s == GRASP_OK)
        s = pass(ctx, &g, "clusters", join_wave, true, 0.8, 0.9);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, g.n_min, number_clusters, &g);
    if (s == GRASP_OK) {
        memcpy(g.reach, result->core_level, (size_t)(g.n_min * g.n));
        s = pass(ctx, &g, "border samples", border_tile, false, 0.9, 1);
    }
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, sweep->count, finish_setting, &g);
    if (s == GRASP_CANCELLED)
        for (int64_t i = 0; i < sweep->count; i++)
            result->n_clusters[i] = -1;
    grid_close(ctx, &g);
    return s;
}
