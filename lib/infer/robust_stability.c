/* SPDX-License-Identifier: BSD-3-Clause
 * Would other samples have been split alike? The samples of either class are dealt into two halves at random; each half
 * learns a direction and thresholds of its own, by a plane for a second time where the split was refined so, and its
 * rule cuts all samples of the class. Stability is the adjusted Rand index of the two cuts, the mean over two deals: 1
 * where halves agree, 0 where they agree by chance alone or one of them finds nobody. It is told and decides nothing:
 * the cut between shortcuts and that between easy and hard samples are both stable. Cost: 17 fits of half of the
 * samples, four times.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { DEALS = 2 };

static double pairs(int64_t n)
{
    return (double)n * (double)(n - 1) / 2;
}

/* Adjusted Rand index of two cuts of one class's rows, from a table of counts; 0 where either cuts nothing off. */
static double agreement(int64_t count[2][2])
{
    double both = 0, rows = 0, columns = 0, all = pairs(count[0][0] + count[0][1] + count[1][0] + count[1][1]);
    for (int k = 0; k < 2; k++) {
        both += pairs(count[k][0]) + pairs(count[k][1]);
        rows += pairs(count[k][0] + count[k][1]);
        columns += pairs(count[0][k] + count[1][k]);
    }
    double chance = rows * columns / all, most = (rows + columns) / 2;
    return rows < all && columns < all ? (both - chance) / (most - chance) : 0;
}

static void apply(const grasp__robust_pair *p, const grasp__robust_pair *half, uint8_t *low)
{
    int64_t q = p->space->q;
    for (int64_t i = 0; i < p->n; i++) {
        int c = p->target[i];
        double margin = 0;
        for (int64_t j = 0; j < q; j++)
            margin += half->direction[c][j] * p->space->x[i * q + j];
        low[i] = half->cell[c] > 0 && margin < half->threshold[c];
    }
}

/* What the rows of one half would cut off, of all. */
static grasp_status cut_by_half(grasp_context *ctx, const grasp__robust_pair *p, const uint8_t *dealt, uint8_t which,
                                uint64_t stream, uint8_t *low)
{
    int64_t q = p->space->q, n = 0;
    grasp__robust_space space = {.d = p->space->d, .q = q};
    grasp__robust_pair half = {.n = 0};
    uint8_t *target = NULL;
    for (int64_t i = 0; i < p->n; i++)
        n += dealt[i] == which;
    grasp_status s = grasp__alloc(ctx, n, sizeof *target, &target);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, (size_t)q * sizeof *space.x, &space.x);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
        if (dealt[i] == which) {
            target[space.n] = p->target[i];
            memcpy(space.x + space.n++ * q, p->space->x + i * q, (size_t)q * sizeof *space.x);
        }
    if (s == GRASP_OK)
        s = grasp__robust_pair_open(ctx, &space, target, &half);
    half.least_cell = p->least_cell / 2;
    if (s == GRASP_OK)
        s = grasp__robust_first_look(ctx, &half, stream);
    if (s == GRASP_OK && p->refined == GRASP__ROBUST_BY_PLANE && half.cell[0] + half.cell[1] > 0)
        s = grasp__robust_by_plane(ctx, &half, 1, stream);
    if (s == GRASP_OK)
        apply(p, &half, low);
    grasp__robust_pair_close(&half);
    grasp__free(space.x);
    grasp__free(target);
    return s;
}

/* Each class's rows are shuffled; every other one goes to the second half. */
static void deal(grasp_context *ctx, const grasp__robust_pair *p, uint64_t item, int64_t *order, uint8_t *dealt)
{
    for (int c = 0; c < 2; c++) {
        grasp__rng rng;
        int64_t n = 0;
        for (int64_t i = 0; i < p->n; i++)
            if (p->target[i] == c)
                order[n++] = i;
        grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SAMPLE, item + (uint64_t)c);
        grasp__rng_shuffle(&rng, order, n);
        for (int64_t k = 0; k < n; k++)
            dealt[order[k]] = (uint8_t)(k % 2);
    }
}

grasp_status grasp__robust_stability(grasp_context *ctx, grasp__robust_pair *p, uint64_t stream)
{
    int64_t *order = NULL;
    uint8_t *dealt = NULL, *low[2] = {NULL, NULL};
    if (p->reason != GRASP__ROBUST_SPLIT)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *order, &order);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *dealt, &dealt);
    for (int h = 0; s == GRASP_OK && h < 2; h++)
        s = grasp__alloc(ctx, p->n, sizeof *low[h], &low[h]);
    p->stability[0] = p->stability[1] = 0;
    for (uint64_t t = 0; s == GRASP_OK && t < DEALS; t++) {
        int64_t count[2][2][2] = {{{0}}};
        deal(ctx, p, UINT64_MAX - 2 * (stream * DEALS + t) - 1, order, dealt);
        for (int h = 0; s == GRASP_OK && h < 2; h++)
            s = cut_by_half(ctx, p, dealt, (uint8_t)h, 2 * stream + (uint64_t)h, low[h]);
        for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
            count[p->target[i]][low[0][i]][low[1][i]]++;
        for (int c = 0; s == GRASP_OK && c < 2; c++)
            p->stability[c] += agreement(count[c]) / DEALS;
    }
    for (int c = 0; c < 2; c++)
        if (p->cell[c] == 0)
            p->stability[c] = NAN;
    for (int h = 0; h < 2; h++)
        grasp__free(low[h]);
    grasp__free(dealt);
    grasp__free(order);
    return s;
}
