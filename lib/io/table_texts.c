/* SPDX-License-Identifier: BSD-3-Clause
 * Texts in one growing block, and the dictionary of distinct texts: open addressing with linear probing over the FNV-1a
 * hash (Fowler, Noll, Vo), amortised O(1) per text.
 */
#include "io/table.h"

#include <string.h>

/* Room for `needed` elements at least; doubles, so that growing to n costs O(n). */
static grasp_status grow(grasp_context *ctx, int64_t used, int64_t needed, size_t size, int64_t *room, void *block)
{
    int64_t more;
    if (needed <= *room)
        return GRASP_OK;
    if (!grasp__mul_i64(*room, 2, &more))
        more = needed;
    more = more < needed ? needed : more;
    more = more < 16 ? 16 : more;
    grasp_status s = grasp__realloc(ctx, used, more, size, block);
    if (s == GRASP_OK)
        *room = more;
    return s;
}

grasp_status grasp__texts_append(grasp_context *ctx, grasp__texts *t, const char *bytes, int64_t n)
{
    int64_t needed;
    if (!grasp__add_i64(t->used, n, &needed))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "the texts of a column do not fit memory");
    grasp_status s = grow(ctx, t->used, needed, 1, &t->room, &t->bytes);
    if (s != GRASP_OK)
        return s;
    memcpy(t->bytes + t->used, bytes, (size_t)n);
    t->used = needed;
    return GRASP_OK;
}

void grasp__texts_clear(grasp__texts *t)
{
    grasp__free(t->bytes);
    *t = (grasp__texts){0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void grasp__trim(const char **text, size_t *length)
{
    for (; *length > 0 && is_blank(**text); --*length)
        ++*text;
    while (*length > 0 && is_blank((*text)[*length - 1]))
        --*length;
}

/* ---- dictionary -------------------------------------------------------------------------------------------------- */

static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h ^ h >> 32;
}

const char *grasp__dictionary_text(const grasp__dictionary *d, int64_t number)
{
    return d->texts.bytes + d->start[number];
}

/* The slot that holds the text, or the free one where it belongs. */
static int64_t find_slot(const grasp__dictionary *d, const char *text)
{
    int64_t at = (int64_t)(hash(text) & (uint64_t)(d->slots - 1));
    while (d->slot[at] >= 0 && strcmp(grasp__dictionary_text(d, d->slot[at]), text) != 0)
        at = (at + 1) & (d->slots - 1);
    return at;
}

static grasp_status grow_slots(grasp_context *ctx, grasp__dictionary *d)
{
    int64_t slots = d->slots == 0 ? 16 : d->slots, *slot;
    if (d->slots > 0 && !grasp__mul_i64(slots, 2, &slots))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "the distinct texts of a column do not fit memory");
    grasp_status s = grasp__alloc(ctx, slots, sizeof *slot, &slot);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < slots; i++)
        slot[i] = -1;
    grasp__free(d->slot);
    d->slot = slot;
    d->slots = slots;
    for (int64_t i = 0; i < d->count; i++)
        slot[find_slot(d, grasp__dictionary_text(d, i))] = i;
    return GRASP_OK;
}

grasp_status grasp__dictionary_add(grasp_context *ctx, grasp__dictionary *d, const char *text, int64_t *number)
{
    grasp_status s = d->count >= d->slots / 2 ? grow_slots(ctx, d) : GRASP_OK;
    if (s != GRASP_OK)
        return s;
    int64_t at = find_slot(d, text), start = d->texts.used;
    if (d->slot[at] >= 0) {
        *number = d->slot[at];
        return GRASP_OK;
    }
    s = grow(ctx, d->count, d->count + 1, sizeof *d->start, &d->room, &d->start);
    if (s == GRASP_OK)
        s = grasp__texts_append(ctx, &d->texts, text, (int64_t)strlen(text) + 1);
    if (s != GRASP_OK)
        return s;
    d->start[d->count] = start;
    d->slot[at] = *number = d->count++;
    return GRASP_OK;
}

void grasp__dictionary_seal(grasp__dictionary *d)
{
    grasp__free(d->slot);
    d->slot = NULL;
    d->slots = 0;
}

void grasp__dictionary_clear(grasp__dictionary *d)
{
    grasp__texts_clear(&d->texts);
    grasp__free(d->start);
    grasp__free(d->slot);
    *d = (grasp__dictionary){0};
}
