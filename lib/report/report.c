/* SPDX-License-Identifier: BSD-3-Clause
 * Reports: an array of named entries in order of insertion, found by going through it. Reports have tens to hundreds of
 * entries and are written at most once per epoch or setting, so that a search costs nothing beside what is reported.
 */
#include "report/report.h"

#include <string.h>

#define MAGIC GRASP__MAGIC('r', 'e', 'p', 'o')

typedef struct entry {
    char *name;
    int32_t kind;
    double value;
    char *text;
    double *series;
    int64_t length, capacity; /* of series */
} entry;

struct grasp_report {
    grasp__object object;
    int64_t count, capacity;
    entry *entries;
};

/* ---- owners ------------------------------------------------------------------------------------------------------ */

static void entry_clear(entry *e)
{
    grasp__free(e->name);
    grasp__free(e->text);
    grasp__free(e->series);
    memset(e, 0, sizeof *e);
}

grasp_status grasp__report_create(grasp_context *ctx, grasp_report **out)
{
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof **out, out);
    if (s == GRASP_OK)
        grasp__object_init(&(*out)->object, MAGIC);
    return s;
}

grasp_report *grasp_report_ref(grasp_report *report)
{
    if (report != NULL)
        grasp__object_ref(&report->object);
    return report;
}

void grasp_report_free(grasp_report *report)
{
    if (report == NULL || report->object.magic != MAGIC || !grasp__object_unref(&report->object))
        return;
    for (int64_t i = 0; i < report->count; i++)
        entry_clear(&report->entries[i]);
    grasp__free(report->entries);
    grasp__free(report);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static entry *find(const grasp_report *report, const char *name)
{
    for (int64_t i = 0; i < report->count; i++)
        if (strcmp(report->entries[i].name, name) == 0)
            return &report->entries[i];
    return NULL;
}

static grasp_status copy_text(grasp_context *ctx, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    grasp_status s = grasp__alloc(ctx, (int64_t)bytes, 1, out);
    if (s == GRASP_OK)
        memcpy(*out, text, bytes);
    return s;
}

enum { LEAST_ROOM = 4 };

/* Grows an array by doubling when `count` elements fill it. */
static grasp_status make_room(grasp_context *ctx, int64_t count, int64_t *capacity, size_t size, void *inout_pointer)
{
    int64_t larger;
    if (count < *capacity)
        return GRASP_OK;
    grasp_status s =
        grasp__check_product(ctx, count < LEAST_ROOM ? LEAST_ROOM : count, 2, "entries of a report", &larger);
    if (s == GRASP_OK)
        s = grasp__realloc(ctx, count, larger, size, inout_pointer);
    if (s == GRASP_OK)
        *capacity = larger;
    return s;
}

/* Takes over what `fresh` holds, name excepted: under a known name in place of the old, else at the end. */
static grasp_status put(grasp_context *ctx, grasp_report *report, const char *name, entry *fresh)
{
    entry *old = find(report, name);
    grasp_status s = GRASP_OK;
    if (old != NULL) {
        fresh->name = old->name;
        old->name = NULL;
        entry_clear(old);
        *old = *fresh;
        return GRASP_OK;
    }
    s = make_room(ctx, report->count, &report->capacity, sizeof *report->entries, &report->entries);
    if (s == GRASP_OK)
        s = copy_text(ctx, name, &fresh->name);
    if (s == GRASP_OK)
        report->entries[report->count++] = *fresh;
    else
        entry_clear(fresh);
    return s;
}

grasp_status grasp__report_put_value(grasp_context *ctx, grasp_report *report, const char *name, double value)
{
    entry fresh = {.kind = GRASP_REPORT_VALUE, .value = value};
    return report == NULL ? GRASP_OK : put(ctx, report, name, &fresh);
}

grasp_status grasp__report_put_text(grasp_context *ctx, grasp_report *report, const char *name, const char *text)
{
    entry fresh = {.kind = GRASP_REPORT_TEXT};
    if (report == NULL)
        return GRASP_OK;
    grasp_status s = copy_text(ctx, text, &fresh.text);
    return s == GRASP_OK ? put(ctx, report, name, &fresh) : s;
}

grasp_status grasp__report_put_series(grasp_context *ctx, grasp_report *report, const char *name, const double *values,
                                      int64_t n)
{
    entry fresh = {.kind = GRASP_REPORT_SERIES, .length = n, .capacity = n};
    if (report == NULL)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, n, sizeof *values, &fresh.series);
    if (s != GRASP_OK)
        return s;
    if (n > 0)
        memcpy(fresh.series, values, (size_t)n * sizeof *values);
    return put(ctx, report, name, &fresh);
}

grasp_status grasp__report_append(grasp_context *ctx, grasp_report *report, const char *name, double value)
{
    if (report == NULL)
        return GRASP_OK;
    entry *e = find(report, name);
    if (e == NULL || e->kind != GRASP_REPORT_SERIES)
        return grasp__report_put_series(ctx, report, name, &value, 1);
    grasp_status s = make_room(ctx, e->length, &e->capacity, sizeof *e->series, &e->series);
    if (s == GRASP_OK)
        e->series[e->length++] = value;
    return s;
}

/* An array that make_room() lengthens to `count` elements, and the one it is copied from. */
static uint64_t grown_price(int64_t count, size_t size)
{
    int64_t room = 2 * LEAST_ROOM;
    while (room < count)
        if (!grasp__mul_i64(room, 2, &room))
            return UINT64_MAX;
    return grasp__price_sum(grasp__price(room, size), grasp__price(room > 2 * LEAST_ROOM ? room / 2 : 0, size));
}

uint64_t grasp__report_price(int64_t entries)
{
    enum { NAME = 32 };
    uint64_t sum = grasp__price_sum(grasp__price(1, sizeof(grasp_report)), grown_price(entries, sizeof(entry)));
    for (int64_t q = 0; q < entries; q++)
        grasp__price_add(&sum, NAME, 1);
    return sum;
}

uint64_t grasp__report_series_price(int64_t numbers)
{
    return grown_price(numbers, sizeof(double));
}

static grasp_status put_copy(grasp_context *ctx, grasp_report *report, const char *name, const entry *e)
{
    switch (e->kind) {
    case GRASP_REPORT_VALUE:
        return grasp__report_put_value(ctx, report, name, e->value);
    case GRASP_REPORT_TEXT:
        return grasp__report_put_text(ctx, report, name, e->text);
    default:
        return grasp__report_put_series(ctx, report, name, e->series, e->length);
    }
}

grasp_status grasp__report_merge(grasp_context *ctx, grasp_report *report, const char *prefix,
                                 const grasp_report *other)
{
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; s == GRASP_OK && report != NULL && other != NULL && i < other->count; i++) {
        char *name;
        size_t bytes = strlen(prefix) + 1 + strlen(other->entries[i].name) + 1;
        s = grasp__alloc(ctx, (int64_t)bytes, 1, &name);
        if (s != GRASP_OK)
            return s;
        grasp__format(name, bytes, "%s%s%s", prefix, *prefix ? "." : "", other->entries[i].name);
        s = put_copy(ctx, report, name, &other->entries[i]);
        grasp__free(name);
    }
    return s;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const entry *entry_at(const grasp_report *report, int64_t i)
{
    return report != NULL && i >= 0 && i < report->count ? &report->entries[i] : NULL;
}

int64_t grasp_report_count(const grasp_report *report)
{
    return report == NULL ? 0 : report->count;
}

const char *grasp_report_name(const grasp_report *report, int64_t i)
{
    const entry *e = entry_at(report, i);
    return e == NULL ? NULL : e->name;
}

int32_t grasp_report_kind(const grasp_report *report, int64_t i)
{
    const entry *e = entry_at(report, i);
    return e == NULL ? 0 : e->kind;
}

int64_t grasp_report_length(const grasp_report *report, const char *name)
{
    const entry *e = report == NULL || name == NULL ? NULL : find(report, name);
    return e == NULL || e->kind != GRASP_REPORT_SERIES ? -1 : e->length;
}

static const char *entry_name(const void *report, int64_t i)
{
    return ((const grasp_report *)report)->entries[i].name;
}

/* The entry of this name and kind, or an error in words. */
static grasp_status look_up(grasp_context *ctx, const grasp_report *report, const char *name, int32_t kind,
                            const entry **out)
{
    static const char *const kinds[] = {"", "value", "series", "text"};
    grasp_status s = grasp__check_handle(ctx, report, MAGIC, "report", "grasp_report");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, name, "name");
    if (s != GRASP_OK)
        return s;
    *out = find(report, name);
    if (*out == NULL) {
        const char *nearest = grasp__nearest(name, report->count, entry_name, report);
        if (nearest == NULL)
            return grasp__fail(ctx, GRASP_E_ARG, "the report has no \"%s\"; it is empty", name);
        return grasp__fail(ctx, GRASP_E_ARG, "the report has no \"%s\"; the nearest is \"%s\"", name, nearest);
    }
    if ((*out)->kind != kind)
        return grasp__fail(ctx, GRASP_E_ARG, "\"%s\" is a %s, not a %s", name, kinds[(*out)->kind], kinds[kind]);
    return GRASP_OK;
}

grasp_status grasp_report_value(grasp_context *ctx, const grasp_report *report, const char *name, double *out)
{
    const entry *e = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = look_up(ctx, report, name, GRASP_REPORT_VALUE, &e);
    if (s == GRASP_OK)
        *out = e->value;
    return grasp__leave(ctx, s);
}

grasp_status grasp_report_series(grasp_context *ctx, const grasp_report *report, const char *name, double *out,
                                 int64_t length)
{
    const entry *e = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = look_up(ctx, report, name, GRASP_REPORT_SERIES, &e);
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, length, e->length, "length");
    if (s == GRASP_OK && length > 0)
        s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK && length > 0)
        memcpy(out, e->series, (size_t)length * sizeof *out);
    return grasp__leave(ctx, s);
}

grasp_status grasp_report_text(grasp_context *ctx, const grasp_report *report, const char *name, const char **out)
{
    const entry *e = NULL;
    if (out != NULL)
        *out = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK)
        s = look_up(ctx, report, name, GRASP_REPORT_TEXT, &e);
    if (s == GRASP_OK)
        *out = e->text;
    return grasp__leave(ctx, s);
}
