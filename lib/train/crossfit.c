/* SPDX-License-Identifier: BSD-3-Clause
 * Cross-fitting: every row is scored by a model that was fitted without it (Stone
 * 1974, "Cross-validatory choice and assessment of statistical predictions").
 *
 * Folds are drawn anew in each repeat, stratum by stratum, so that a small cell is spread over them as evenly as it
 * can be. A task is one fold of one repeat: it fits, and scores its own rows. Tasks write to places of their own, which
 * are summed in order afterwards. Cost: folds x repeats fits; memory O(repeats n + folds repeats q), and scratch per
 * worker.
 */
#include "train/train_private.h"

#include <string.h>

typedef struct work {
    grasp_context *ctx;
    const grasp__crossfit *c;
    int64_t *order; /* repeats x n: rows, fold after fold */
    int64_t *start; /* repeats x (folds + 1) */
    double *score;  /* repeats x n: of the rows in that order */
    double *theta;  /* tasks x q */
    int64_t *kept;  /* workers x n */
    double *scratch;
    int64_t room; /* of a worker's scratch */
} work;

/* Folds of one repeat: each stratum is shuffled and dealt out, one going on where the last stopped. */
static grasp_status deal(grasp_context *ctx, const work *w, int64_t repeat, int64_t *fold, int64_t *member)
{
    const grasp__crossfit *c = w->c;
    const grasp__logit *f = &c->fit;
    int64_t next = 0, *order = w->order + repeat * f->n, *start = w->start + repeat * (c->folds + 1), at = 0;
    for (int64_t g = 0; g < c->n_strata; g++) {
        int64_t count = 0;
        for (int64_t i = 0; i < f->n; i++)
            if (c->stratum[f->rows[i]] == g)
                member[count++] = i;
        grasp__rng rng;
        grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SPLIT,
                        (c->stream * 64 + (uint64_t)repeat) * 1024 + (uint64_t)g);
        grasp__rng_shuffle(&rng, member, count);
        for (int64_t i = 0; i < count; i++)
            fold[member[i]] = next++ % c->folds;
    }
    for (int64_t k = 0; k < c->folds; k++) {
        start[k] = at;
        for (int64_t i = 0; i < f->n; i++)
            if (fold[i] == k)
                order[at++] = f->rows[i];
    }
    start[c->folds] = at;
    return grasp__tick(ctx, 0, 1);
}

static grasp_status run_fold(void *arg, int64_t index, int32_t worker)
{
    const work *w = arg;
    const grasp__crossfit *c = w->c;
    int64_t repeat = index / c->folds, fold = index % c->folds, n = c->fit.n, q = c->fit.q;
    const int64_t *order = w->order + repeat * n, *start = w->start + repeat * (c->folds + 1);
    int64_t *kept = w->kept + worker * n, held = start[fold + 1] - start[fold];
    double *theta = w->theta + index * q;
    memcpy(kept, order, (size_t)start[fold] * sizeof *kept);
    memcpy(kept + start[fold], order + start[fold + 1], (size_t)(n - start[fold + 1]) * sizeof *kept);
    grasp__logit f = c->fit;
    f.rows = kept;
    f.n = n - held;
    grasp_status s = grasp__logit_fit(w->ctx, &f, w->scratch + worker * w->room, theta);
    const grasp__kernels *kernels = grasp__context_kernels(w->ctx);
    for (int64_t i = start[fold]; s == GRASP_OK && i < start[fold + 1]; i++)
        kernels->gram_f64(1, 1, q, c->fit.x + order[i] * q, q, theta, q, w->score + repeat * n + i, 1);
    return s;
}

static grasp_status prepare(grasp_context *ctx, work *w, int64_t **fold, int64_t **member)
{
    const grasp__crossfit *c = w->c;
    int64_t n = c->fit.n, q = c->fit.q, tasks = c->folds * c->repeats;
    w->room = grasp__logit_scratch(q);
    grasp_status s = grasp__alloc(ctx, n, sizeof **fold, fold);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof **member, member);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, c->repeats, (size_t)n * sizeof *w->order, &w->order);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, c->repeats * (c->folds + 1), sizeof *w->start, &w->start);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, c->repeats, (size_t)n * sizeof *w->score, &w->score);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, tasks, (size_t)q * sizeof *w->theta, &w->theta);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, grasp__workers(ctx), (size_t)n * sizeof *w->kept, &w->kept);
    return s == GRASP_OK ? grasp__alloc(ctx, grasp__workers(ctx), (size_t)w->room * sizeof *w->scratch, &w->scratch)
                         : s;
}

static void gather(const work *w, double *score, double *theta)
{
    const grasp__crossfit *c = w->c;
    int64_t n = c->fit.n, q = c->fit.q, tasks = c->folds * c->repeats;
    for (int64_t i = 0; i < n; i++)
        score[c->fit.rows[i]] = 0;
    for (int64_t k = 0; k < c->repeats * n; k++)
        score[w->order[k]] += w->score[k] / (double)c->repeats;
    if (theta == NULL)
        return;
    memset(theta, 0, (size_t)q * sizeof *theta);
    for (int64_t k = 0; k < tasks * q; k++)
        theta[k % q] += w->theta[k] / (double)tasks;
}

grasp_status grasp__crossfit_scores(grasp_context *ctx, const grasp__crossfit *c, double *score, double *theta_or_null)
{
    work w = {.ctx = ctx, .c = c};
    int64_t *fold = NULL, *member = NULL;
    grasp_status s = prepare(ctx, &w, &fold, &member);
    for (int64_t r = 0; s == GRASP_OK && r < c->repeats; r++)
        s = deal(ctx, &w, r, fold, member);
    if (s == GRASP_OK)
        s = grasp__parallel(ctx, c->folds * c->repeats, run_fold, &w);
    if (s == GRASP_OK)
        gather(&w, score, theta_or_null);
    grasp__free(fold);
    grasp__free(member);
    grasp__free(w.order);
    grasp__free(w.start);
    grasp__free(w.score);
    grasp__free(w.theta);
    grasp__free(w.kept);
    grasp__free(w.scratch);
    return s;
}
