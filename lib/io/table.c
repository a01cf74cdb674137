/* SPDX-License-Identifier: BSD-3-Clause
 * Tables: loading, and reading what was loaded. Nothing here changes a table, so any number of threads may read one.
 */
#include "io/table.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

static const grasp__param params[] = {
    {GRASP_KEY_DELIMITER, GRASP_PARAM_STR, "comma", "comma|semicolon|tab|pipe", "what stands between two fields"},
};

const grasp__param_table grasp__csv_params = {"csv", params, sizeof params / sizeof *params, {{NULL, NULL}}};

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static char delimiter_of(const grasp__options *o)
{
    if (grasp__options_is(o, GRASP_KEY_DELIMITER, "semicolon"))
        return ';';
    if (grasp__options_is(o, GRASP_KEY_DELIMITER, "tab"))
        return '\t';
    return grasp__options_is(o, GRASP_KEY_DELIMITER, "pipe") ? '|' : ',';
}

void grasp__table_drop_rows(grasp_table *t)
{
    for (int64_t i = 0; i < t->cols; i++) {
        grasp__column *c = &t->column[i];
        grasp__free(c->number);
        grasp__free(c->code);
        grasp__dictionary_clear(&c->texts);
        *c = (grasp__column){.name = c->name};
    }
    t->rows = 0;
}

grasp_status grasp__table_read_csv(grasp_context *ctx, grasp__input *in, char delimiter, grasp_table **out)
{
    grasp_table *t;
    grasp__raw_table raw = {0};
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *t, &t);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&t->object, GRASP__TABLE_MAGIC);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "reading", 0, 0.5);
    s = grasp__csv_read(ctx, in, delimiter, &raw);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK) {
        outer = grasp__stage_begin(ctx, "columns", 0.5, 1);
        s = grasp__table_fill(ctx, t, &raw);
        grasp__stage_end(ctx, outer);
    }
    grasp__raw_table_clear(&raw);
    if (s < GRASP_OK) {
        grasp_table_free(t);
        return s;
    }
    if (s == GRASP_CANCELLED)
        grasp__table_drop_rows(t);
    *out = t;
    return s;
}

static grasp_status load_csv(grasp_context *ctx, const char *path, const grasp_params *params_or_null,
                             grasp_table **out)
{
    grasp__options o;
    grasp__input in;
    grasp_status s = grasp__options_open(ctx, params_or_null, &grasp__csv_params, &o);
    if (s == GRASP_OK) {
        s = grasp__input_open(ctx, path, &in);
        if (s == GRASP_OK)
            s = grasp__table_read_csv(ctx, &in, delimiter_of(&o), out);
        grasp__input_close(&in);
    }
    grasp__options_close(&o);
    return s;
}

grasp_status grasp_table_load_csv(grasp_context *ctx, const char *path, const grasp_params *params_or_null,
                                  grasp_table **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, load_csv(ctx, path, params_or_null, out));
}

void grasp_table_free(grasp_table *table)
{
    if (table == NULL || table->object.magic != GRASP__TABLE_MAGIC || !grasp__object_unref(&table->object))
        return;
    grasp__table_drop_rows(table);
    grasp__free(table->column);
    grasp__texts_clear(&table->names);
    grasp__free(table);
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

static const grasp__column *column_of(const grasp_table *t, int64_t col)
{
    return t != NULL && col >= 0 && col < t->cols ? &t->column[col] : NULL;
}

int64_t grasp_table_rows(const grasp_table *table)
{
    return table == NULL ? 0 : table->rows;
}

int64_t grasp_table_cols(const grasp_table *table)
{
    return table == NULL ? 0 : table->cols;
}

const char *grasp_table_name(const grasp_table *table, int64_t col)
{
    const grasp__column *c = column_of(table, col);
    return c == NULL ? NULL : c->name;
}

int32_t grasp_table_is_text(const grasp_table *table, int64_t col)
{
    const grasp__column *c = column_of(table, col);
    return c != NULL && c->code != NULL;
}

int64_t grasp_table_codes(const grasp_table *table, int64_t col)
{
    const grasp__column *c = column_of(table, col);
    return c == NULL ? 0 : c->texts.count;
}

const char *grasp_table_code_text(const grasp_table *table, int64_t col, int64_t code)
{
    return code >= 0 && code < grasp_table_codes(table, col)
               ? grasp__dictionary_text(&table->column[col].texts, code)
               : NULL;
}

static const char *name_of(const void *list, int64_t i)
{
    return ((const grasp_table *)list)->column[i].name;
}

static grasp_status find(grasp_context *ctx, const grasp_table *t, const char *name, int64_t *col)
{
    grasp_status s = grasp__check_handle(ctx, t, GRASP__TABLE_MAGIC, "table", "grasp_table");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, name, "name");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, col, "col");
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < t->cols; i++)
        if (strcmp(t->column[i].name, name) == 0) {
            *col = i;
            return GRASP_OK;
        }
    const char *nearest = grasp__nearest(name, t->cols, name_of, t);
    return grasp__fail(ctx, GRASP_E_ARG, "the table has no column \"%.*s\"; the nearest is \"%.*s\"", 100, name, 100,
                       nearest == NULL ? "" : nearest);
}

grasp_status grasp_table_find(grasp_context *ctx, const grasp_table *table, const char *name, int64_t *col)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, find(ctx, table, name, col));
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static grasp_status check_column(grasp_context *ctx, const grasp_table *t, int64_t col, const void *out, int64_t n)
{
    grasp_status s = grasp__check_handle(ctx, t, GRASP__TABLE_MAGIC, "table", "grasp_table");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, col, 0, t->cols - 1, "col");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, t->rows, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, out, "out");
    return s;
}

static bool is_whole(double x)
{
    return fabs(x) <= 9007199254740992.0 && x == trunc(x);
}

/* Refuses missing and infinite values, and fractions where whole numbers are wanted. */
static grasp_status check_values(grasp_context *ctx, const grasp__column *c, int64_t n, bool whole)
{
    for (int64_t i = 0; i < n; i++) {
        double x = c->number[i];
        if (whole ? is_whole(x) : isfinite(x))
            continue;
        if (isnan(x))
            return grasp__fail(ctx, GRASP_E_NUMERIC, "column \"%.*s\" has a missing value in row %jd", 100, c->name,
                               (intmax_t)i + 1);
        return grasp__fail(ctx, GRASP_E_NUMERIC, "column \"%.*s\" has %g in row %jd, expected %s", 100, c->name, x,
                           (intmax_t)i + 1, whole ? "a whole number of at most 2^53" : "a finite number");
    }
    return GRASP_OK;
}

static grasp_status column_f64(grasp_context *ctx, const grasp_table *t, int64_t col, double *out, int64_t n)
{
    grasp_status s = check_column(ctx, t, col, out, n);
    if (s != GRASP_OK || n == 0)
        return s;
    const grasp__column *c = &t->column[col];
    if (c->code == NULL) {
        s = check_values(ctx, c, n, false);
        if (s == GRASP_OK)
            memcpy(out, c->number, (size_t)n * sizeof *out);
        return s;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = (double)c->code[i];
    return GRASP_OK;
}

static grasp_status column_i64(grasp_context *ctx, const grasp_table *t, int64_t col, int64_t *out, int64_t n)
{
    grasp_status s = check_column(ctx, t, col, out, n);
    if (s != GRASP_OK || n == 0)
        return s;
    const grasp__column *c = &t->column[col];
    if (c->code != NULL) {
        memcpy(out, c->code, (size_t)n * sizeof *out);
        return GRASP_OK;
    }
    s = check_values(ctx, c, n, true);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        out[i] = (int64_t)c->number[i];
    return s;
}

grasp_status grasp_table_column_f64(grasp_context *ctx, const grasp_table *table, int64_t col, double *out, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, column_f64(ctx, table, col, out, n));
}

grasp_status grasp_table_column_i64(grasp_context *ctx, const grasp_table *table, int64_t col, int64_t *out, int64_t n)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, column_i64(ctx, table, col, out, n));
}
