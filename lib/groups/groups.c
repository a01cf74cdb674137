/* SPDX-License-Identifier: BSD-3-Clause
 * Groups: a label in 0..count-1 or GRASP_NOISE for each of n samples, with the size of each group. Immutable and shared
 * by counted references. Making one is O(n + count), any question about it O(1).
 */
#include "groups/groups.h"

#include <string.h>

#define GROUPS_MAGIC GRASP__MAGIC('G', 'R', 'P', 'S')

grasp_status grasp__groups_check(grasp_context *ctx, const grasp_groups *g, const char *name)
{
    return grasp__check_handle(ctx, g, GROUPS_MAGIC, name, "grasp_groups");
}

grasp_status grasp__groups_reserve(grasp_context *ctx, int64_t n, int64_t count, grasp_groups **out)
{
    grasp_groups *g;
    if (count > GRASP__GROUPS_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%lld groups, at most %lld are possible", (long long)count,
                           (long long)GRASP__GROUPS_MAX);
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof(*g), &g);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&g->object, GROUPS_MAGIC);
    g->n = n;
    g->count = count;
    s = grasp__alloc(ctx, n, sizeof(*g->label), &g->label);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, count, sizeof(*g->size), &g->size);
    if (s != GRASP_OK) {
        grasp_groups_free(g);
        return s;
    }
    *out = g;
    return GRASP_OK;
}

void grasp__groups_count_sizes(grasp_groups *g)
{
    for (int64_t i = 0; i < g->n; i++) {
        if (g->label[i] == GRASP_NOISE)
            g->noise++;
        else
            g->size[g->label[i]]++;
    }
}

grasp_status grasp__groups_create(grasp_context *ctx, const int64_t *label, int64_t n, grasp_groups **out)
{
    int64_t count = 0;
    grasp_status s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, label, "label");
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        if (label[i] < GRASP_NOISE || label[i] >= GRASP__GROUPS_MAX)
            s = grasp__fail(ctx, GRASP_E_ARG, "label[%lld] is %lld, expected %d (noise) or 0 to %lld", (long long)i,
                            (long long)label[i], GRASP_NOISE, (long long)GRASP__GROUPS_MAX - 1);
        else if (label[i] >= count)
            count = label[i] + 1;
    }
    grasp_groups *g;
    if (s == GRASP_OK)
        s = grasp__groups_reserve(ctx, n, count, &g);
    if (s != GRASP_OK)
        return s;
    if (n > 0)
        memcpy(g->label, label, (size_t)n * sizeof(*label));
    grasp__groups_count_sizes(g);
    *out = g;
    return GRASP_OK;
}

grasp_status grasp__groups_select(grasp_context *ctx, const grasp_groups *g, const int64_t *rows, int64_t n,
                                  grasp_groups **out)
{
    grasp_status s = grasp__groups_check(ctx, g, "groups");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, rows, "rows");
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        if (rows[i] < 0 || rows[i] >= g->n)
            s = grasp__fail(ctx, GRASP_E_ARG, "rows[%lld] is %lld, expected 0 to %lld", (long long)i,
                            (long long)rows[i], (long long)g->n - 1);
    grasp_groups *selected;
    if (s == GRASP_OK)
        s = grasp__groups_reserve(ctx, n, g->count, &selected);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++)
        selected->label[i] = g->label[rows[i]];
    grasp__groups_count_sizes(selected);
    *out = selected;
    return GRASP_OK;
}

static grasp_status copy_labels(grasp_context *ctx, const grasp_groups *g, int64_t *label, int64_t n)
{
    grasp_status s = grasp__groups_check(ctx, g, "groups");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, g->n, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, label, "label");
    if (s == GRASP_OK && n > 0)
        memcpy(label, g->label, (size_t)n * sizeof(*label));
    return s;
}

static grasp_status kept(grasp_context *ctx, const grasp_groups *g, int64_t *rows, int64_t capacity, int64_t *n)
{
    grasp_status s = grasp__groups_check(ctx, g, "groups");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, n, "n");
    if (s == GRASP_OK && rows && capacity < g->n - g->noise)
        s = grasp__fail(ctx, GRASP_E_DIM, "capacity is %lld, expected at least %lld, the rows that are not noise",
                        (long long)capacity, (long long)(g->n - g->noise));
    if (s != GRASP_OK)
        return s;
    *n = g->n - g->noise;
    for (int64_t i = 0; rows && i < g->n; i++)
        if (g->label[i] != GRASP_NOISE)
            *rows++ = i;
    return GRASP_OK;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp_groups_create(grasp_context *ctx, const int64_t *label, int64_t n, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__groups_create(ctx, label, n, out));
}

grasp_status grasp_groups_select(grasp_context *ctx, const grasp_groups *groups, const int64_t *rows, int64_t n,
                                 grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__groups_select(ctx, groups, rows, n, out));
}

grasp_status grasp_groups_labels(grasp_context *ctx, const grasp_groups *groups, int64_t *label, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, copy_labels(ctx, groups, label, n));
}

grasp_status grasp_groups_kept(grasp_context *ctx, const grasp_groups *groups, int64_t *rows, int64_t capacity,
                               int64_t *n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, kept(ctx, groups, rows, capacity, n));
}

grasp_groups *grasp_groups_ref(grasp_groups *groups)
{
    if (groups)
        grasp__object_ref(&groups->object);
    return groups;
}

void grasp_groups_free(grasp_groups *groups)
{
    if (!groups || !grasp__object_unref(&groups->object))
        return;
    grasp__free(groups->label);
    grasp__free(groups->size);
    grasp__free(groups);
}

int64_t grasp_groups_samples(const grasp_groups *groups)
{
    return groups ? groups->n : 0;
}

int64_t grasp_groups_count(const grasp_groups *groups)
{
    return groups ? groups->count : 0;
}

int64_t grasp_groups_noise(const grasp_groups *groups)
{
    return groups ? groups->noise : 0;
}

int64_t grasp_groups_size(const grasp_groups *groups, int64_t group)
{
    return groups && group >= 0 && group < groups->count ? groups->size[group] : 0;
}

int64_t grasp_groups_label(const grasp_groups *groups, int64_t sample)
{
    return groups && sample >= 0 && sample < groups->n ? groups->label[sample] : GRASP_NOISE;
}
