/* SPDX-License-Identifier: BSD-3-Clause
 * Who of an accepted split is mislabelled, and whether training should leave these samples out.
 *
 * Are labels flipped at all? Where plain training is surest nothing but a flipped label is wrong: the share of mistakes
 * out of fold in the quarter of samples with the largest logits is the rate of flips (anchor points: Liu, Tao 2016,
 * "Classification with noisy labels by importance reweighting"). On clean data it is below a hundredth, in tables of
 * irreducible errors a fifth. So only where the rate is by a standard error above 0.01, and at most 0.1, suspects are
 * the samples for whose label at most 0.15 of the votes of the 20 nearest neighbours are, the classes having as many
 * votes; a filter without this question deletes a third of the minority where that is thin. Where a strong shortcut
 * makes the neighbours, they deny a tenth of the minority yet: of a split by a plane, suspects whom the cell-balanced
 * model gets right out of fold are none.
 *
 * Does it help to leave them out? The cell-balanced model is cross-fitted with and without them in training; both are
 * judged on the worst of the cells, of the same samples, those that are no suspects. Only if that is better without
 * them they are left out. Cost: 5 fits, and 45 where anyone is suspected; neighbours O(n^2 q).
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { FOLDS = 5, REPEATS = 3, NEIGHBOURS = 20, SUREST = 4 /* of these a part */ };

#define L2_PLAIN 0.02
#define L2_BALANCED 0.1
#define LEAST_RATE 0.01
#define MOST_RATE 0.1
#define OWN_VOTES 0.15

typedef struct work {
    const grasp__robust_space *space; /* of the pair, or one that bends */
    int64_t *rows, *cell; /* n */
    double *weight, *score; /* n */
} work;

/* The size that a quarter of the scores reach, by bisection. */
static double surest(const double *score, int64_t n)
{
    enum { STEPS = 60 };
    double low = 0, high = 0;
    for (int64_t i = 0; i < n; i++)
        high = fmax(high, fabs(score[i]));
    for (int step = 0; step < STEPS; step++) {
        double middle = (low + high) / 2;
        int64_t reach = 0;
        for (int64_t i = 0; i < n; i++)
            reach += fabs(score[i]) >= middle;
        if (reach * SUREST >= n)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Mistakes among the surest. */
static grasp_status measure_rate(grasp_context *ctx, grasp__robust_pair *p, const work *w, uint64_t stream)
{
    int64_t count = 0, wrong = 0;
    for (int64_t i = 0; i < p->n; i++) {
        w->rows[i] = i;
        w->cell[i] = p->target[i];
    }
    grasp__crossfit c = {.fit = {.x = w->space->x, .q = w->space->q, .rows = w->rows, .n = p->n, .target = p->target,
                                 .l2 = L2_PLAIN},
                         .stratum = w->cell, .n_strata = 2, .folds = FOLDS, .repeats = 1, .stream = stream};
    grasp_status s = grasp__crossfit_scores(ctx, &c, w->score, NULL);
    if (s != GRASP_OK)
        return s;
    double sure = surest(w->score, p->n);
    for (int64_t i = 0; i < p->n; i++)
        if (fabs(w->score[i]) >= sure) {
            count++;
            wrong += (w->score[i] > 0) != p->target[i];
        }
    p->flips = (double)wrong / (double)count;
    p->flips_low = p->flips - sqrt(p->flips * (1 - p->flips) / (double)count);
    return GRASP_OK;
}

/* Scores out of fold of rows[0..n), the cells among them counting alike. */
static grasp_status score_balanced(grasp_context *ctx, const grasp__robust_pair *p, const work *w, int64_t n,
                                   uint64_t stream)
{
    int64_t size[4] = {0};
    for (int64_t k = 0; k < n; k++)
        size[w->cell[w->rows[k]]]++;
    for (int64_t k = 0; k < n; k++) { /* a class without a cell counts like two */
        int64_t g = w->cell[w->rows[k]];
        w->weight[w->rows[k]] = (size[g ^ 1] > 0 ? 1 : 2) / (double)size[g];
    }
    grasp__crossfit c = {.fit = {.x = w->space->x, .q = w->space->q, .rows = w->rows, .n = n, .target = p->target,
                                 .weight = w->weight, .l2 = L2_BALANCED},
                         .stratum = w->cell, .n_strata = 4, .folds = FOLDS, .repeats = REPEATS, .stream = stream};
    return grasp__crossfit_scores(ctx, &c, w->score, NULL);
}

/* Rows with those of `suspect` last, in cells, they too; returns the number of the others. */
static int64_t arrange(const grasp__robust_pair *p, const work *w, const uint8_t *suspect)
{
    int64_t others = 0, last = p->n;
    for (int64_t i = 0; i < p->n; i++) {
        int c = p->target[i];
        w->rows[suspect[i] ? --last : others++] = i;
        w->cell[i] = 2 * c + (p->suspect[i] ? p->cell[c] > 0 && p->margin[i] < p->threshold[c] : p->low[i]);
    }
    return others;
}

static double worst_cell(const grasp__robust_pair *p, const work *w, int64_t n)
{
    int64_t right[4] = {0}, size[4] = {0};
    double worst = 1;
    for (int64_t k = 0; k < n; k++) {
        int64_t i = w->rows[k];
        size[w->cell[i]]++;
        right[w->cell[i]] += (w->score[i] > 0) == p->target[i];
    }
    for (int g = 0; g < 4; g++)
        worst = size[g] > 0 ? fmin(worst, (double)right[g] / (double)size[g]) : worst;
    return worst;
}

static grasp_status compare_trainings(grasp_context *ctx, grasp__robust_pair *p, const work *w, uint64_t stream)
{
    int64_t others = arrange(p, w, p->suspect);
    grasp_status s = score_balanced(ctx, p, w, p->n, stream);
    if (s == GRASP_OK) {
        p->worst_kept = worst_cell(p, w, others);
        s = score_balanced(ctx, p, w, others, stream);
    }
    if (s == GRASP_OK) {
        p->worst_removed = worst_cell(p, w, others);
        p->removed = p->worst_removed > p->worst_kept;
    }
    return s;
}

/* Suspects lie in no cell, others in theirs; not if a cell is none any more without them. */
static void set_suspects(grasp__robust_pair *p, const work *w, const uint8_t *suspect)
{
    int64_t count[4] = {0};
    arrange(p, w, suspect);
    for (int64_t i = 0; i < p->n; i++)
        count[w->cell[i]] += !suspect[i];
    for (int c = 0; c < 2; c++)
        if (count[2 * c] < p->least_cell || (p->cell[c] > 0 && count[2 * c + 1] < p->least_cell))
            return;
    for (int64_t i = 0; i < p->n; i++) {
        p->suspect[i] = suspect[i];
        p->low[i] = !suspect[i] && w->cell[i] % 2;
    }
    for (int c = 0; c < 2; c++)
        p->cell[c] = count[2 * c + 1];
}

/* Who is suspected, where labels are flipped or the search for the split left samples out: those whom neighbours deny,
 * but not whom a plane gets right out of fold. */
static grasp_status suspect_some(grasp_context *ctx, grasp__robust_pair *p, const work *w, uint64_t stream,
                                 uint8_t *suspect)
{
    bool flipped = p->flips_low >= LEAST_RATE && p->flips <= MOST_RATE;
    memset(suspect, 0, (size_t)p->n);
    if (!flipped && memchr(p->suspect, 1, (size_t)p->n) == NULL)
        return GRASP_OK;
    grasp_status s = grasp__robust_suspects(ctx, p->space, p->target, NEIGHBOURS, OWN_VOTES, true, suspect);
    if (s != GRASP_OK || !isnan(p->curved) || memchr(suspect, 1, (size_t)p->n) == NULL)
        return s;
    arrange(p, w, suspect);
    s = score_balanced(ctx, p, w, p->n, stream);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
        suspect[i] = suspect[i] && (w->score[i] > 0) != p->target[i];
    return s;
}

static grasp_status look(grasp_context *ctx, grasp__robust_pair *p, const work *w, uint64_t stream)
{
    uint8_t *suspect = NULL;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *suspect, &suspect);
    if (s == GRASP_OK)
        s = measure_rate(ctx, p, w, stream);
    if (s == GRASP_OK)
        s = suspect_some(ctx, p, w, stream, suspect);
    if (s == GRASP_OK)
        set_suspects(p, w, suspect);
    if (s == GRASP_OK && memchr(p->suspect, 1, (size_t)p->n))
        s = compare_trainings(ctx, p, w, stream);
    grasp__free(suspect);
    return s;
}

grasp_status grasp__robust_outliers(grasp_context *ctx, grasp__robust_pair *p, uint64_t stream)
{
    grasp__robust_space curved = {.n = 0};
    work w = {.space = p->space};
    if (p->reason != GRASP__ROBUST_SPLIT)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *w.rows, &w.rows);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *w.cell, &w.cell);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, p->n, sizeof *w.weight, &w.weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *w.score, &w.score);
    if (s == GRASP_OK && !isnan(p->curved)) {
        s = grasp__robust_space_curved(ctx, p->space, stream, &curved);
        w.space = &curved;
    }
    if (s == GRASP_OK)
        s = look(ctx, p, &w, stream);
    grasp__robust_space_close(&curved);
    grasp__free(w.rows);
    grasp__free(w.cell);
    grasp__free(w.weight);
    grasp__free(w.score);
    return s;
}
