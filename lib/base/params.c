/* SPDX-License-Identifier: BSD-3-Clause
 * Parameter objects: made from a table, found by key, parsed from text, and read by the algorithms.
 *
 * A composite algorithm's table names parts; their keys appear with a prefix ("infer.eps"). Everything is laid out flat
 * once, so that enumerating, setting and reading know one kind of entry only.
 */
#include "base/params.h"

#include <string.h>

/* ---- making and freeing ------------------------------------------------------------------------------------------ */

static int64_t count_entries(const grasp__param_table *table)
{
    int64_t n = table->count;
    for (int32_t p = 0; p < 8 && table->parts[p].prefix != NULL; p++)
        n += count_entries(table->parts[p].table);
    return n;
}

/* Parts nest as deep as the constant tables do. */
static grasp__entry *lay_flat(const grasp__param_table *table, const char *prefix, grasp__entry *next)
{
    for (int32_t i = 0; i < table->count; i++, next++) {
        memset(next, 0, sizeof *next);
        next->param = &table->params[i];
        grasp__format(next->key, sizeof next->key, "%s%s", prefix, next->param->key);
    }
    for (int32_t p = 0; p < 8 && table->parts[p].prefix != NULL; p++) {
        char longer[GRASP__MAX_KEY];
        grasp__format(longer, sizeof longer, "%s%s.", prefix, table->parts[p].prefix);
        next = lay_flat(table->parts[p].table, longer, next);
    }
    return next;
}

void grasp__entries_free(grasp__entry *entries, int64_t count)
{
    for (int64_t i = 0; entries != NULL && i < count; i++)
        grasp__value_clear(&entries[i].value);
    grasp__free(entries);
}

void grasp_params_free(grasp_params *params)
{
    if (params == NULL || params->object.magic != GRASP__PARAMS_MAGIC || !grasp__object_unref(&params->object))
        return;
    grasp__entries_free(params->entries, params->count);
    grasp__free(params);
}

grasp_status grasp__params_create(grasp_context *ctx, const grasp__param_table *table, grasp_params **out)
{
    grasp_params *params = NULL;
    *out = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *params, &params);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&params->object, GRASP__PARAMS_MAGIC);
    params->table = table;
    params->count = count_entries(table);
    s = grasp__alloc(ctx, params->count, sizeof *params->entries, &params->entries);
    if (s == GRASP_OK)
        lay_flat(table, "", params->entries);
    for (int64_t i = 0; s == GRASP_OK && i < params->count; i++) {
        const char *text = params->entries[i].param->def;
        s = grasp__entry_set_text(ctx, &params->entries[i], text, strlen(text));
    }
    if (s == GRASP_OK)
        *out = params;
    else
        grasp_params_free(params);
    return s;
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

static const char *entry_name(const void *params, int64_t i)
{
    return ((const grasp_params *)params)->entries[i].key;
}

grasp_status grasp__params_find(grasp_context *ctx, const grasp_params *params, const char *key, size_t length,
                                grasp__entry **out)
{
    char wanted[GRASP__MAX_KEY];
    for (int64_t i = 0; i < params->count; i++)
        if (strncmp(params->entries[i].key, key, length) == 0 && params->entries[i].key[length] == '\0') {
            *out = &params->entries[i];
            return GRASP_OK;
        }
    grasp__format(wanted, sizeof wanted, "%.*s", (int)(length < sizeof wanted ? length : sizeof wanted), key);
    const char *nearest = grasp__nearest(wanted, params->count, entry_name, params);
    return grasp__fail(ctx, GRASP_E_PARAM, "%s has no parameter \"%s\"; the nearest is \"%s\"",
                       params->table->algorithm, wanted, nearest == NULL ? "" : nearest);
}

grasp_status grasp__check_params(grasp_context *ctx, const grasp_params *params, const char *key)
{
    grasp_status s = grasp__check_handle(ctx, params, GRASP__PARAMS_MAGIC, "params", "grasp_params");
    return s == GRASP_OK ? grasp__check_pointer(ctx, key, "key") : s;
}

/* ---- enumeration ------------------------------------------------------------------------------------------------- */

static const grasp__entry *entry_at(const grasp_params *params, int64_t i)
{
    return params != NULL && i >= 0 && i < params->count ? &params->entries[i] : NULL;
}

const char *grasp_params_algorithm(const grasp_params *params)
{
    return params == NULL ? NULL : params->table->algorithm;
}

int64_t grasp_params_count(const grasp_params *params)
{
    return params == NULL ? 0 : params->count;
}

const char *grasp_params_name(const grasp_params *params, int64_t i)
{
    const grasp__entry *entry = entry_at(params, i);
    return entry == NULL ? NULL : entry->key;
}

int32_t grasp_params_type(const grasp_params *params, int64_t i)
{
    const grasp__entry *entry = entry_at(params, i);
    return entry == NULL ? 0 : entry->param->type;
}

const char *grasp_params_help(const grasp_params *params, int64_t i)
{
    const grasp__entry *entry = entry_at(params, i);
    return entry == NULL ? NULL : entry->param->help;
}

const char *grasp_params_default(const grasp_params *params, int64_t i)
{
    const grasp__entry *entry = entry_at(params, i);
    return entry == NULL ? NULL : entry->param->def;
}

const char *grasp_params_range(const grasp_params *params, int64_t i)
{
    const grasp__entry *entry = entry_at(params, i);
    if (entry == NULL)
        return NULL;
    if (entry->param->type == GRASP_PARAM_BOOL)
        return "true|false";
    if (entry->param->range != NULL)
        return entry->param->range;
    return entry->param->type == GRASP_PARAM_STR ? "any text" : "(-inf, inf)";
}
