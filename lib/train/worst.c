/* SPDX-License-Identifier: BSD-3-Clause
 * Accuracy on validation rows: the share predicted right, or that share in the group where it is lowest.
 *
 * Groups without a row among those scored are no groups here: counting them as 0 would make every model equal (a fault
 * of the published code). Noise rows are left out. Sample weights do not enter: they shape what is trained, not what is
 * reported.
 * Cost: one forward pass; all memory is laid out when the score is opened.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

bool grasp__any_group(const grasp_groups *groups_or_null, const int64_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (groups_or_null == NULL || groups_or_null->label[rows[i]] != GRASP_NOISE)
            return true;
    return false;
}

grasp_status grasp__score_open(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                               const int64_t *rows, int64_t n, grasp__score *out)
{
    *out = (grasp__score){.model = m, .n_groups = groups_or_null ? groups_or_null->count : 1};
    if (n == 0)
        return GRASP_OK;
    grasp_status s = grasp__kept_rows(ctx, m, groups_or_null, rows, n, false, "val_rows", &out->rows, &out->n);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->n, sizeof *out->label, &out->label);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->n, sizeof *out->predicted, &out->predicted);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, out->n, sizeof *out->group, &out->group);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, out->n_groups, sizeof *out->size, &out->size);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->n_groups, sizeof *out->right, &out->right);
    if (s == GRASP_OK && out->n > 0) {
        grasp__stage_mark outer = grasp__stage_begin(ctx, "validation", 0, 0);
        s = grasp__model_labels(ctx, m, out->rows, out->n, out->label);
        grasp__stage_end(ctx, outer);
    }
    for (int64_t i = 0; s == GRASP_OK && i < out->n; i++) {
        out->group[i] = groups_or_null ? groups_or_null->label[out->rows[i]] : 0;
        out->size[out->group[i]]++;
    }
    return s;
}

grasp_status grasp__score_now(grasp_context *ctx, grasp__score *score, double *out)
{
    *out = NAN;
    if (score->n == 0)
        return GRASP_OK;
    grasp_status s = grasp__model_predict(ctx, score->model, score->rows, score->n, score->predicted);
    if (s != GRASP_OK)
        return s;
    memset(score->right, 0, (size_t)score->n_groups * sizeof *score->right);
    for (int64_t i = 0; i < score->n; i++)
        score->right[score->group[i]] += score->predicted[i] == score->label[i];
    for (int64_t g = 0; g < score->n_groups; g++) {
        double accuracy = (double)score->right[g] / (double)score->size[g];
        if (score->size[g] > 0 && !(accuracy >= *out))
            *out = accuracy;
    }
    return GRASP_OK;
}

void grasp__score_close(grasp__score *score)
{
    grasp__free(score->rows);
    grasp__free(score->label);
    grasp__free(score->predicted);
    grasp__free(score->group);
    grasp__free(score->size);
    grasp__free(score->right);
    *score = (grasp__score){0};
}

grasp_status grasp__worst_accuracy(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *rows,
                                   int64_t n, double *out)
{
    grasp__score score;
    grasp_status s = grasp__score_open(ctx, m, g, rows, n, &score);
    if (s == GRASP_OK)
        s = grasp__score_now(ctx, &score, out);
    grasp__score_close(&score);
    return s;
}
