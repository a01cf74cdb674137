/* SPDX-License-Identifier: BSD-3-Clause
 * Two partitions crossed, and the groups of several classes in one id space (Zeng et al. 2022, Algorithm 1).
 */
#include "groups/groups.h"

/* Pairs (a, b) as one number, distinct ones coded in ascending order. O(n log n). */
grasp_status grasp__groups_cross(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, grasp_groups **out)
{
    int64_t *pair = NULL, *pairs = NULL, count, kept = 0;
    grasp_status s = grasp__groups_check(ctx, a, "a");
    if (s == GRASP_OK)
        s = grasp__groups_check(ctx, b, "b");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, b->n, a->n, "samples of b");
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, a->n, sizeof(*pair), &pair);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < a->n; i++)
        if (a->label[i] != GRASP_NOISE && b->label[i] != GRASP_NOISE)
            pair[kept++] = a->label[i] * b->count + b->label[i];
    s = grasp__distinct(ctx, pair, kept, &pairs, &count);
    grasp_groups *g;
    if (s == GRASP_OK)
        s = grasp__groups_reserve(ctx, a->n, count, &g);
    if (s == GRASP_OK) {
        const int64_t *next = pair;
        for (int64_t i = 0; i < a->n; i++)
            g->label[i] = a->label[i] == GRASP_NOISE || b->label[i] == GRASP_NOISE
                              ? GRASP_NOISE
                              : grasp__code_of(pairs, count, *next++);
        grasp__groups_count_sizes(g);
        *out = g;
    }
    grasp__free(pairs);
    grasp__free(pair);
    return s;
}

/* Each class's groups must be of its samples; *count is the number of all groups. */
static grasp_status check_classes(grasp_context *ctx, const grasp_groups *const *per_class, const int64_t *start,
                                  int64_t n_classes, int64_t *count)
{
    *count = 0;
    for (int64_t c = 0; c < n_classes; c++) {
        char name[48];
        grasp__format(name, sizeof(name), "per_class[%lld]", (long long)c);
        grasp_status s = grasp__groups_check(ctx, per_class[c], name);
        if (s != GRASP_OK)
            return s;
        if (per_class[c]->n != start[c + 1] - start[c])
            return grasp__fail(ctx, GRASP_E_DIM, "%s has %lld samples, expected %lld, the samples of its class", name,
                               (long long)per_class[c]->n, (long long)(start[c + 1] - start[c]));
        *count += per_class[c]->count; /* below 2^24 classes of 2^24 groups: no overflow */
    }
    return GRASP_OK;
}

grasp_status grasp__groups_merge_classes(grasp_context *ctx, const int64_t *y, int64_t n,
                                         const grasp_groups *const *per_class, int64_t n_classes, grasp_groups **out)
{
    int64_t *classes = NULL, *rows = NULL, *start = NULL, found, count;
    grasp_status s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK && n_classes > 0)
        s = grasp__check_pointer(ctx, per_class, "per_class");
    if (s == GRASP_OK)
        s = grasp__distinct(ctx, y, n, &classes, &found);
    if (s == GRASP_OK && n_classes != found)
        s = grasp__fail(ctx, GRASP_E_DIM, "n_classes is %lld, expected %lld, the classes in y", (long long)n_classes,
                        (long long)found);
    if (s == GRASP_OK)
        s = grasp__rows_by_class(ctx, y, n, classes, found, &rows, &start);
    if (s == GRASP_OK)
        s = check_classes(ctx, per_class, start, found, &count);
    grasp_groups *g;
    if (s == GRASP_OK)
        s = grasp__groups_reserve(ctx, n, count, &g);
    if (s == GRASP_OK) {
        int64_t first = 0;
        for (int64_t c = 0; c < found; first += per_class[c]->count, c++)
            for (int64_t i = start[c]; i < start[c + 1]; i++) {
                int64_t label = per_class[c]->label[i - start[c]];
                g->label[rows[i]] = label == GRASP_NOISE ? GRASP_NOISE : first + label;
            }
        grasp__groups_count_sizes(g);
        *out = g;
    }
    grasp__free(start);
    grasp__free(rows);
    grasp__free(classes);
    return s;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp_groups_cross(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__groups_cross(ctx, a, b, out));
}

grasp_status grasp_groups_merge_classes(grasp_context *ctx, const int64_t *y, int64_t n,
                                        const grasp_groups *const *per_class, int64_t n_classes, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__groups_merge_classes(ctx, y, n, per_class, n_classes, out));
}
