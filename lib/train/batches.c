/* SPDX-License-Identifier: BSD-3-Clause
 * Which rows are trained on, and in which order each epoch sees them.
 *
 * The order of an epoch is a pure function of the seed, the epoch and the rows that were kept: noise rows leave no
 * trace.
 *   plain      a Fisher-Yates shuffle of the rows, or their own order
 *   balanced   n draws with replacement, each a uniform group, then a uniform row of it: a row weighs 1 / n_g
 *              (Sagawa et al. 2020, "reweight_groups")
 * Cost: O(n) an epoch; memory 2 n numbers.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

grasp_status grasp__kept_rows(grasp_context *ctx, const grasp_model *m, const grasp_groups *groups_or_null,
                              const int64_t *rows_or_null, int64_t n, bool needed, const char *name, int64_t **kept,
                              int64_t *n_kept)
{
    if (rows_or_null == NULL && needed)
        n = grasp__model_n_rows(m);
    *n_kept = 0;
    grasp_status s = grasp__alloc(ctx, n, sizeof **kept, kept);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = rows_or_null ? rows_or_null[i] : i;
        if (groups_or_null == NULL || groups_or_null->label[row] != GRASP_NOISE)
            (*kept)[(*n_kept)++] = row;
    }
    if (needed && *n_kept == 0)
        return n == 0 ? grasp__fail(ctx, GRASP_E_EMPTY, "%s has 0 rows, expected at least 1", name)
                      : grasp__fail(ctx, GRASP_E_EMPTY,
                                    "%s: all %" PRId64 " rows are noise, expected a row with a group", name, n);
    return GRASP_OK;
}

grasp_status grasp__total_weight(grasp_context *ctx, const grasp_model *m, const int64_t *rows, int64_t n, double *out)
{
    const double *weight = grasp__model_sample_weights(m);
    *out = 0;
    for (int64_t i = 0; i < n; i++)
        *out += grasp__row_weight(weight, rows[i]);
    if (!isfinite(*out))
        return grasp__fail(ctx, GRASP_E_NUMERIC, "the sample weights of the training rows sum to %g, expected finite",
                           *out);
    if (*out <= 0)
        return grasp__fail(ctx, GRASP_E_EMPTY, "the sample weights of the training rows are all zero");
    return GRASP_OK;
}

grasp_status grasp__check_training(grasp_context *ctx, const grasp_model *m, const int64_t *train, int64_t n_train,
                                   const int64_t *val, int64_t n_val)
{
    grasp_status s = grasp__model_check(ctx, m, "model");
    if (s == GRASP_OK)
        s = grasp__model_check_bound(ctx, m, "model");
    if (s == GRASP_OK)
        s = grasp__model_check_rows(ctx, m, train, n_train, "train_rows");
    if (s == GRASP_OK && (n_val < 0 || (val == NULL && n_val != 0)))
        s = grasp__fail(ctx, GRASP_E_ARG, "val_rows is %s and n_val is %" PRId64 ", expected rows, or NULL and 0",
                        val ? "given" : "NULL", n_val);
    if (s == GRASP_OK && val != NULL)
        s = grasp__model_check_rows(ctx, m, val, n_val, "val_rows");
    return s;
}

/* Sorts rows by group, stably, and remembers where each group with rows starts. */
static grasp_status sort_by_group(grasp_context *ctx, const grasp_groups *groups, grasp__batches *b)
{
    int64_t *start;
    grasp_status s = grasp__alloc_zero(ctx, groups->count + 1, sizeof *start, &start);
    if (s != GRASP_OK)
        return s;
    b->start = start;
    for (int64_t i = 0; i < b->n; i++)
        start[groups->label[b->rows[i]] + 1]++;
    for (int64_t g = 0; g < groups->count; g++)
        start[g + 1] += start[g];
    for (int64_t i = 0; i < b->n; i++)
        b->order[start[groups->label[b->rows[i]]]++] = b->rows[i];
    memcpy(b->rows, b->order, (size_t)b->n * sizeof *b->rows);
    /* Each start has moved to its group's end; keep the ends of the groups with rows, behind a leading zero. */
    int64_t previous = 0;
    for (int64_t g = 0; g < groups->count; g++) {
        int64_t end = start[g];
        if (end > previous)
            start[b->n_groups++] = previous;
        previous = end;
    }
    start[b->n_groups] = b->n;
    return GRASP_OK;
}

grasp_status grasp__batches_open(grasp_context *ctx, int64_t *rows, int64_t n, int64_t size, bool shuffle,
                                 const grasp_groups *balance_or_null, grasp__batches *out)
{
    *out = (grasp__batches){
        .rows = rows, .n = n, .size = size < n ? size : n, .seed = grasp__seed(ctx), .shuffle = shuffle};
    grasp_status s = grasp__alloc(ctx, n, sizeof *out->order, &out->order);
    return s == GRASP_OK && balance_or_null ? sort_by_group(ctx, balance_or_null, out) : s;
}

void grasp__batches_order(grasp__batches *b, int64_t epoch)
{
    grasp__rng rng;
    grasp__rng_init(&rng, b->seed, b->start ? GRASP__RNG_SAMPLE : GRASP__RNG_SHUFFLE, (uint64_t)epoch);
    if (b->start) {
        for (int64_t i = 0; i < b->n; i++) {
            int64_t g = grasp__rng_below(&rng, b->n_groups);
            b->order[i] = b->rows[b->start[g] + grasp__rng_below(&rng, b->start[g + 1] - b->start[g])];
        }
        return;
    }
    memcpy(b->order, b->rows, (size_t)b->n * sizeof *b->order);
    if (b->shuffle)
        grasp__rng_shuffle(&rng, b->order, b->n);
}

void grasp__batches_close(grasp__batches *b)
{
    grasp__free(b->rows);
    grasp__free(b->order);
    grasp__free(b->start);
    *b = (grasp__batches){0};
}
