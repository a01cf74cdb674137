/* SPDX-License-Identifier: BSD-3-Clause
 * Parameters from text: "key=value;key=value", a list being "a,b,c".
 *
 * Everything is set in a copy first, which takes the place of the original only when all of it was right.
 */
#include "base/params.h"

#include <string.h>

/* Values that hold a block get their own; the rest is copied as it stands. */
static grasp_status copy_entries(grasp_context *ctx, const grasp_params *params, grasp__entry *copy)
{
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; i < params->count; i++) {
        copy[i] = params->entries[i];
        memset(&copy[i].value, 0, sizeof copy[i].value);
    }
    for (int64_t i = 0; s == GRASP_OK && i < params->count; i++) {
        const grasp__value *from = &params->entries[i].value;
        grasp__value *to = &copy[i].value;
        int64_t bytes = from->word != NULL ? (int64_t)strlen(from->word) + 1 : from->n * (int64_t)sizeof(int64_t);
        *to = *from;
        to->block = NULL;
        if (from->block == NULL)
            continue;
        s = grasp__alloc(ctx, bytes, 1, &to->block);
        if (s == GRASP_OK)
            memcpy(to->block, from->block, (size_t)bytes);
        to->word = from->word != NULL ? to->block : NULL;
    }
    return s;
}

/* One "key=value" of the given length. */
static grasp_status set_item(grasp_context *ctx, grasp_params *params, const char *item, size_t length)
{
    grasp__entry *entry;
    while (length > 0 && *item == ' ') {
        item++;
        length--;
    }
    if (length == 0) /* "a=1;" and "" are fine */
        return GRASP_OK;
    const char *equals = memchr(item, '=', length);
    if (equals == NULL)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%.*s\" has no '=', expected key=value",
                           (int)(length < 64 ? length : 64), item);
    size_t key_length = (size_t)(equals - item);
    while (key_length > 0 && item[key_length - 1] == ' ')
        key_length--;
    grasp_status s = grasp__params_find(ctx, params, item, key_length, &entry);
    if (s == GRASP_OK)
        s = grasp__entry_set_text(ctx, entry, equals + 1, length - (size_t)(equals + 1 - item));
    if (s == GRASP_OK)
        entry->given = true;
    return s;
}

grasp_status grasp_params_parse(grasp_context *ctx, grasp_params *params, const char *text)
{
    grasp_params copy = {.count = 0};
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_params(ctx, params, "");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, text, "text");
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, params->count, sizeof *copy.entries, &copy.entries);
    if (s != GRASP_OK)
        return grasp__leave(ctx, s);
    copy.table = params->table;
    copy.count = params->count;
    s = copy_entries(ctx, params, copy.entries);
    while (s == GRASP_OK && *text != '\0') {
        size_t length = strcspn(text, ";");
        s = set_item(ctx, &copy, text, length);
        text += length + (text[length] == ';');
    }
    for (int64_t i = 0; s == GRASP_OK && i < params->count; i++) { /* what is freed below is the former values; the */
        grasp__value former = params->entries[i].value;            /* keys stay: grasp_params_name() lent them */
        params->entries[i].value = copy.entries[i].value;
        params->entries[i].given = copy.entries[i].given;
        copy.entries[i].value = former;
    }
    grasp__entries_free(copy.entries, copy.count);
    return grasp__leave(ctx, s);
}
