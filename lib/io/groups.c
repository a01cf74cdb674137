/* SPDX-License-Identifier: BSD-3-Clause
 * Saved groups: their number and the label of each sample.
 */
#include "io/object.h"

#include "groups/groups.h"

#include <string.h>

static grasp_status save(grasp_context *ctx, grasp__writer *w, const void *object)
{
    const grasp_groups *g = object;
    grasp_status s = grasp__writer_section(ctx, w, "COUN", GRASP__ELEMENT_I64, &g->count, 1);
    return s == GRASP_OK ? grasp__writer_section(ctx, w, "LABL", GRASP__ELEMENT_I64, g->label, g->n) : s;
}

/* Groups above the largest label are empty. */
static grasp_status set_count(grasp_context *ctx, grasp_groups *g, int64_t count)
{
    if (count < g->count || count > (int64_t)1 << 24)
        return grasp__fail(ctx, GRASP_E_FORMAT, "section COUN says %" PRId64 " groups, and the labels need %" PRId64,
                           count, g->count);
    grasp_status s = grasp__realloc(ctx, g->count, count, sizeof *g->size, &g->size);
    for (; s == GRASP_OK && g->count < count; g->count++)
        g->size[g->count] = 0;
    return s;
}

static grasp_status load(grasp_context *ctx, grasp__loader *r, void **out)
{
    int64_t *count = NULL, *label = NULL, one, n;
    grasp_groups *g = NULL;
    grasp_status s = grasp__loader_section(ctx, r, "COUN", GRASP__ELEMENT_I64, 1, &count, &one);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "LABL", GRASP__ELEMENT_I64, -1, &label, &n);
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, label, n, &g);
    if (s == GRASP_E_ARG)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "section LABL holds a label that is none");
    if (s == GRASP_OK)
        s = set_count(ctx, g, *count);
    grasp__free(count);
    grasp__free(label);
    *out = g;
    return s;
}

static void destroy(void *object)
{
    grasp_groups_free(object);
}

static grasp_status check(grasp_context *ctx, const void *object)
{
    return grasp__groups_check(ctx, object, "groups");
}

static const grasp__kind kind = {"GRPS", check, save, load, destroy};

grasp_status grasp_groups_save(grasp_context *ctx, const grasp_groups *groups, grasp_write_fn fn, void *user)
{
    return grasp__save(ctx, __func__, &kind, groups, fn, user);
}

grasp_status grasp_groups_save_file(grasp_context *ctx, const grasp_groups *groups, const char *path)
{
    return grasp__save_file(ctx, __func__, &kind, groups, path);
}

grasp_status grasp_groups_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_groups **out)
{
    return grasp__load(ctx, __func__, &kind, fn, user, (void **)out);
}

grasp_status grasp_groups_load_file(grasp_context *ctx, const char *path, grasp_groups **out)
{
    return grasp__load_file(ctx, __func__, &kind, path, (void **)out);
}
