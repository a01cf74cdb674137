/* SPDX-License-Identifier: BSD-3-Clause
 * A second look at the cells of an accepted split.
 *
 * By a plane: the direction was learned inside each class from the few samples that plain training gets wrong. With
 * cells there is more to learn from: the attribute that goes with them, y in the majorities and the other class in the
 * minorities, is cross-fitted on both classes at once, the four cells counting alike (l2 0.05, three repeats of five
 * folds). Its logits are new margins, cut at their valley or at zero as the first ones were.
 *
 * By neighbours, where the evidence is that of a model that bends: a sample joins the cell of most of its 20 nearest
 * neighbours in its class, up to five times; a straight cut takes the tails of the majority along, regions do not.
 *
 * There is a split only if the evidence holds for what is found so too: what was cut out of noise is not found again.
 * Classes without a cell stay as they are. One pass only: a second one drifts. Cost: 15 fits and those of the evidence;
 * by neighbours O(n^2 q).
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { FOLDS = 5, REPEATS = 3, NEIGHBOURS = 20, ROUNDS = 5 };

#define L2 0.05

static bool is_cell(const grasp__robust_pair *p, int c)
{
    return p->cell[c] >= p->least_cell && p->class_n[c] - p->cell[c] >= p->least_cell;
}

/* ---- by a plane -------------------------------------------------------------------------------------------------- */

static void standardise(grasp__robust_pair *p, const double *score, const double *theta)
{
    double mean = 0, square = 0, n = (double)p->n;
    for (int64_t i = 0; i < p->n; i++) {
        p->margin[i] = p->target[i] ? score[i] : -score[i];
        mean += p->margin[i] / n;
    }
    for (int64_t i = 0; i < p->n; i++)
        square += (p->margin[i] - mean) * (p->margin[i] - mean) / n;
    double scale = square > 0 ? 1 / sqrt(square) : 1;
    for (int64_t i = 0; i < p->n; i++)
        p->margin[i] *= scale;
    for (int c = 0; c < 2; c++)
        for (int64_t j = 0; j < p->space->q; j++)
            p->direction[c][j] = (c ? scale : -scale) * theta[j];
}

grasp_status grasp__robust_by_plane(grasp_context *ctx, grasp__robust_pair *p, int64_t repeats, uint64_t stream)
{
    static const int64_t class_of_cell[4] = {0, 0, 1, 1};
    int64_t *cell = NULL, *rows = NULL, q = p->space->q;
    uint8_t *attribute = NULL;
    double *weight = NULL, *score = NULL, *theta = NULL;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *cell, &cell);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *rows, &rows);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *attribute, &attribute);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *weight, &weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *score, &score);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, q, sizeof *theta, &theta);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++) {
        rows[i] = i;
        cell[i] = 2 * p->target[i] + p->low[i];
        attribute[i] = p->target[i] != p->low[i];
    }
    if (s == GRASP_OK)
        s = grasp__robust_weights(ctx, cell, class_of_cell, 4, 2, p->n, 1, weight);
    if (s == GRASP_OK) {
        grasp__crossfit f = {.fit = {.x = p->space->x, .q = q, .rows = rows, .n = p->n, .target = attribute,
                                     .weight = weight, .l2 = L2},
                             .stratum = cell, .n_strata = 4, .folds = FOLDS, .repeats = repeats, .stream = stream};
        s = grasp__crossfit_scores(ctx, &f, score, theta);
    }
    if (s == GRASP_OK)
        standardise(p, score, theta);
    for (int c = 0; s == GRASP_OK && c < 2; c++)
        if (p->cell[c] > 0)
            s = grasp__robust_cut(ctx, p, c);
    grasp__free(theta);
    grasp__free(score);
    grasp__free(weight);
    grasp__free(attribute);
    grasp__free(rows);
    grasp__free(cell);
    return s;
}

/* ---- by neighbours ----------------------------------------------------------------------------------------------- */

/* One round: `next` from `low`, both of one class's rows; says whether anyone moved. */
static bool vote(const int64_t *near, int64_t n, const uint8_t *low, uint8_t *next)
{
    bool moved = false;
    for (int64_t i = 0; i < n; i++) {
        int64_t votes = 0;
        for (int64_t k = 0; k < NEIGHBOURS; k++)
            votes += low[near[i * NEIGHBOURS + k]];
        next[i] = 2 * votes > NEIGHBOURS;
        moved = moved || next[i] != low[i];
    }
    return moved;
}

static grasp_status by_neighbours(grasp_context *ctx, grasp__robust_pair *p, int c)
{
    int64_t n = p->class_n[c], q = p->space->q, *near = NULL, at = 0;
    uint8_t *low = NULL, *next = NULL;
    double *x = NULL;
    if (n <= NEIGHBOURS || n > GRASP__ROBUST_MOST_NEAR)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, n, NEIGHBOURS * sizeof *near, &near);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *low, &low);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *next, &next);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, (size_t)q * sizeof *x, &x);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
        if (p->target[i] == c) {
            low[at] = p->margin[i] < 0;
            memcpy(x + at++ * q, p->space->x + i * q, (size_t)q * sizeof *x);
        }
    if (s == GRASP_OK)
        s = grasp__robust_nearest(ctx, x, n, q, NEIGHBOURS, near);
    for (int round = 0; s == GRASP_OK && round < ROUNDS && vote(near, n, low, next); round++)
        memcpy(low, next, (size_t)n);
    p->cell[c] = at = 0;
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
        if (p->target[i] == c) {
            p->low[i] = low[at++];
            p->cell[c] += p->low[i];
        }
    grasp__free(x);
    grasp__free(next);
    grasp__free(low);
    grasp__free(near);
    return s;
}

/* ---- the second look --------------------------------------------------------------------------------------------- */

/* The pair with margins, cells and directions of its own. */
static grasp_status copy(grasp_context *ctx, const grasp__robust_pair *p, grasp__robust_pair *out)
{
    int64_t q = p->space->q;
    *out = *p;
    out->margin = NULL;
    out->low = out->suspect = NULL;
    out->direction[0] = out->direction[1] = NULL;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *out->margin, &out->margin);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *out->low, &out->low);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *out->suspect, &out->suspect);
    for (int c = 0; s == GRASP_OK && c < 2; c++)
        s = grasp__alloc(ctx, q, sizeof *out->direction[c], &out->direction[c]);
    if (s != GRASP_OK)
        return s;
    memcpy(out->margin, p->margin, (size_t)p->n * sizeof *p->margin);
    memcpy(out->low, p->low, (size_t)p->n);
    memcpy(out->suspect, p->suspect, (size_t)p->n);
    for (int c = 0; c < 2; c++)
        memcpy(out->direction[c], p->direction[c], (size_t)q * sizeof *p->direction[c]);
    return GRASP_OK;
}

grasp_status grasp__robust_refine(grasp_context *ctx, grasp__robust_pair *p, double least, uint64_t stream,
                                  const double *plain)
{
    grasp__robust_pair next, first;
    bool bent = !isnan(p->curved);
    grasp_status s = copy(ctx, p, &next);
    next.linear = next.curved = NAN;
    next.refined = bent ? GRASP__ROBUST_BY_NEIGHBOURS : GRASP__ROBUST_BY_PLANE;
    if (s == GRASP_OK && !bent)
        s = grasp__robust_by_plane(ctx, &next, REPEATS, stream);
    for (int c = 0; s == GRASP_OK && bent && c < 2; c++)
        if (p->cell[c] > 0)
            s = by_neighbours(ctx, &next, c);
    bool whole = true;
    for (int c = 0; c < 2; c++)
        whole = whole && (p->cell[c] == 0 || is_cell(&next, c));
    if (s == GRASP_OK && whole)
        s = grasp__robust_evidence(ctx, &next, least, stream, plain);
    else if (s == GRASP_OK)
        next.reason = GRASP__ROBUST_UNCONFIRMED;
    if (s == GRASP_OK) {
        first = *p;
        *p = next;
        next = first;
    }
    grasp__robust_pair_close(&next);
    return s;
}

/* ---- rows that were not learned from ----------------------------------------------------------------------------- */

grasp_status grasp__robust_follow(grasp_context *ctx, grasp__inferred_class *k, const double *raw, int64_t d,
                                  int64_t n_learned)
{
    enum { NEAREST = 32 };
    grasp__robust_space space = {.n = 0};
    int64_t *near = NULL, *count = NULL;
    double *x = NULL;
    if (k->n <= NEAREST || k->n > GRASP__ROBUST_MOST_NEAR)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, k->n, (size_t)d * sizeof *x, &x);
    for (int64_t i = 0; s == GRASP_OK && i < k->n; i++)
        memcpy(x + i * d, raw + k->row[i] * d, (size_t)d * sizeof *x);
    if (s == GRASP_OK)
        s = grasp__robust_space_open(ctx, x, k->n, d, &space);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k->n, NEAREST * sizeof *near, &near);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k->n_clusters, sizeof *count, &count);
    if (s == GRASP_OK)
        s = grasp__robust_nearest(ctx, space.x, k->n, space.q, NEAREST, near);
    for (int64_t i = n_learned; s == GRASP_OK && i < k->n; i++) {
        int64_t asked = 0;
        memset(count, 0, (size_t)k->n_clusters * sizeof *count);
        for (int64_t j = 0; j < NEAREST && asked < NEIGHBOURS; j++) {
            int64_t other = near[i * NEAREST + j];
            if (other < n_learned && k->cluster[other] != GRASP_NOISE) {
                asked++;
                count[k->cluster[other]]++;
            }
        }
        for (int64_t c = k->cluster[i] = 0; c < k->n_clusters; c++)
            k->cluster[i] = count[c] > count[k->cluster[i]] ? c : k->cluster[i];
    }
    grasp__free(count);
    grasp__free(near);
    grasp__robust_space_close(&space);
    grasp__free(x);
    return s;
}
