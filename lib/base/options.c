/* SPDX-License-Identifier: BSD-3-Clause
 * How an algorithm reads its parameters: through its own table, wherever in a composite it stands.
 */
#include "base/params.h"

#include <math.h>
#include <string.h>

grasp_status grasp__options_open(grasp_context *ctx, const grasp_params *params_or_null,
                                 const grasp__param_table *table, grasp__options *out)
{
    *out = (grasp__options){.table = table};
    if (params_or_null == NULL) {
        grasp_status s = grasp__params_create(ctx, table, &out->owned);
        out->params = out->owned;
        return s;
    }
    grasp_status s = grasp__check_handle(ctx, params_or_null, GRASP__PARAMS_MAGIC, "params", "grasp_params");
    if (s != GRASP_OK)
        return s;
    if (params_or_null->table != table)
        return grasp__fail(ctx, GRASP_E_PARAM, "params are those of %s, expected those of %s",
                           params_or_null->table->algorithm, table->algorithm);
    out->params = params_or_null;
    return GRASP_OK;
}

void grasp__options_close(grasp__options *options)
{
    grasp_params_free(options->owned);
    options->owned = NULL;
    options->params = NULL;
}

grasp__options grasp__options_part(const grasp__options *whole, const char *prefix)
{
    grasp__options part = {.params = whole->params, .table = whole->table};
    grasp__format(part.prefix, sizeof part.prefix, "%s%s.", whole->prefix, prefix);
    for (int32_t p = 0; p < 8 && whole->table->parts[p].prefix != NULL; p++)
        if (strcmp(whole->table->parts[p].prefix, prefix) == 0)
            part.table = whole->table->parts[p].table;
    return part;
}

/* NULL only for a key that is not in the room's table. */
static const grasp__entry *find(const grasp__options *o, const char *key)
{
    size_t n = strlen(o->prefix);
    for (int64_t i = 0; i < o->params->count; i++) {
        const char *whole = o->params->entries[i].key;
        if (strncmp(whole, o->prefix, n) == 0 && strcmp(whole + n, key) == 0)
            return &o->params->entries[i];
    }
    return NULL;
}

double grasp__options_f64(const grasp__options *o, const char *key)
{
    const grasp__entry *entry = find(o, key);
    return entry == NULL ? NAN : *grasp__value_f64s(&entry->value);
}

int64_t grasp__options_i64(const grasp__options *o, const char *key)
{
    const grasp__entry *entry = find(o, key);
    return entry == NULL ? 0 : *grasp__value_i64s(&entry->value);
}

const char *grasp__options_str(const grasp__options *o, const char *key)
{
    const grasp__entry *entry = find(o, key);
    return entry == NULL ? "" : entry->value.word;
}

const double *grasp__options_f64s(const grasp__options *o, const char *key, int64_t *n)
{
    const grasp__entry *entry = find(o, key);
    *n = entry == NULL ? 0 : entry->value.n;
    return entry == NULL ? NULL : grasp__value_f64s(&entry->value);
}

const int64_t *grasp__options_i64s(const grasp__options *o, const char *key, int64_t *n)
{
    const grasp__entry *entry = find(o, key);
    *n = entry == NULL ? 0 : entry->value.n;
    return entry == NULL ? NULL : grasp__value_i64s(&entry->value);
}

bool grasp__options_is(const grasp__options *o, const char *key, const char *value)
{
    return strcmp(grasp__options_str(o, key), value) == 0;
}

bool grasp__options_given(const grasp__options *o, const char *key)
{
    const grasp__entry *entry = find(o, key);
    return entry != NULL && entry->given;
}
