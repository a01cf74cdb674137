/* SPDX-License-Identifier: BSD-3-Clause
 * The parameters of one part of a composite, as parameters of that part's algorithm.
 */
#include "base/params.h"

#include <string.h>

static const grasp__param_table *part_table(const grasp__param_table *whole, const char *prefix)
{
    for (int32_t p = 0; p < 8 && whole->parts[p].prefix != NULL; p++)
        if (strcmp(whole->parts[p].prefix, prefix) == 0)
            return whole->parts[p].table;
    return NULL;
}

static grasp_status copy_entry(grasp_context *ctx, const grasp__entry *from, grasp__entry *to)
{
    switch (from->param->type) {
    case GRASP_PARAM_F64:
    case GRASP_PARAM_F64S:
        return grasp__entry_set_f64s(ctx, to, grasp__value_f64s(&from->value), from->value.n);
    case GRASP_PARAM_STR:
        return grasp__entry_set_word(ctx, to, from->value.word, strlen(from->value.word));
    default:
        return grasp__entry_set_i64s(ctx, to, grasp__value_i64s(&from->value), from->value.n);
    }
}

static grasp_status params_part(grasp_context *ctx, const grasp_params *whole, const char *prefix, grasp_params **out)
{
    grasp_status s = grasp__check_params(ctx, whole, prefix);
    if (s != GRASP_OK)
        return s;
    const grasp__param_table *table = part_table(whole->table, prefix);
    const size_t length = strlen(prefix);
    grasp_params *part = NULL;
    if (table == NULL)
        return grasp__fail(ctx, GRASP_E_PARAM, "%s has no part \"%s\"", whole->table->algorithm, prefix);
    s = grasp__params_create(ctx, table, &part);
    for (int64_t i = 0; s == GRASP_OK && i < whole->count; i++) {
        const grasp__entry *from = &whole->entries[i];
        grasp__entry *to;
        if (!from->given || strncmp(from->key, prefix, length) != 0 || from->key[length] != '.')
            continue;
        s = grasp__params_find(ctx, part, from->key + length + 1, strlen(from->key + length + 1), &to);
        if (s == GRASP_OK)
            s = copy_entry(ctx, from, to);
        if (s == GRASP_OK)
            to->given = true;
    }
    if (s == GRASP_OK)
        *out = part;
    else
        grasp_params_free(part);
    return s;
}

grasp_status grasp_params_part(grasp_context *ctx, const grasp_params *params, const char *prefix, grasp_params **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, params_part(ctx, params, prefix, out));
}
