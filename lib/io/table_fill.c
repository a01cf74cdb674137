/* SPDX-License-Identifier: BSD-3-Clause
 * From texts to columns: numbers if every field is a number or missing, else codes in order of appearance. O(bytes).
 * A column's texts are kept until the last of them has shown of which kind it is: "007" first, "none" a million rows
 * later.
 */
#include "io/table.h"

#include <math.h>
#include <string.h>

enum { ROWS_A_TICK = 4096 };

static bool same_word(const char *text, size_t length, const char *word)
{
    if (strlen(word) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] != word[i] && text[i] != word[i] - 'a' + 'A')
            return false;
    return true;
}

static bool is_missing(const char *text, size_t length)
{
    return length == 0 || (length == 1 && *text == '?') || same_word(text, length, "na") ||
           same_word(text, length, "nan") || same_word(text, length, "null");
}

/* A number, or NaN where it is missing; false for any other text. */
static bool read_number(const char *text, size_t length, double *out)
{
    grasp__trim(&text, &length);
    if (is_missing(text, length)) {
        *out = NAN;
        return true;
    }
    return grasp__parse_f64(text, length, out) == length;
}

/* *numeric tells whether c->number was made. */
static grasp_status fill_numbers(grasp_context *ctx, const grasp__texts *texts, int64_t rows, grasp__column *c,
                                 bool *numeric)
{
    const char *at = texts->bytes;
    *numeric = true;
    grasp_status s = grasp__alloc(ctx, rows, sizeof *c->number, &c->number);
    for (int64_t i = 0; s == GRASP_OK && *numeric && i < rows; i++) {
        size_t length = strlen(at);
        *numeric = read_number(at, length, &c->number[i]);
        at += length + 1;
        if (i % ROWS_A_TICK == ROWS_A_TICK - 1)
            s = grasp__tick(ctx, i, rows);
    }
    if (s != GRASP_OK || !*numeric) {
        grasp__free(c->number);
        c->number = NULL;
    }
    return s;
}

static grasp_status fill_codes(grasp_context *ctx, const grasp__texts *texts, int64_t rows, grasp__column *c)
{
    const char *at = texts->bytes;
    grasp_status s = grasp__alloc(ctx, rows, sizeof *c->code, &c->code);
    for (int64_t i = 0; s == GRASP_OK && i < rows; i++) {
        s = grasp__dictionary_add(ctx, &c->texts, at, &c->code[i]);
        at += strlen(at) + 1;
        if (s == GRASP_OK && i % ROWS_A_TICK == ROWS_A_TICK - 1)
            s = grasp__tick(ctx, i, rows);
    }
    grasp__dictionary_seal(&c->texts);
    return s;
}

grasp_status grasp__table_fill(grasp_context *ctx, grasp_table *t, grasp__raw_table *raw)
{
    bool numeric;
    grasp_status s = grasp__alloc_zero(ctx, raw->cols, sizeof *t->column, &t->column);
    if (s != GRASP_OK)
        return s;
    t->names = raw->names;
    t->cols = raw->cols;
    t->rows = raw->rows;
    raw->names = (grasp__texts){0};
    const char *name = t->names.bytes;
    for (int64_t i = 0; i < t->cols; i++, name += strlen(name) + 1)
        t->column[i].name = name;
    for (int64_t i = 0; s == GRASP_OK && i < t->cols; i++) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "columns", (double)i / (double)t->cols, ((double)i + 1) / (double)t->cols);
        s = fill_numbers(ctx, &raw->column[i], t->rows, &t->column[i], &numeric);
        if (s == GRASP_OK && !numeric)
            s = fill_codes(ctx, &raw->column[i], t->rows, &t->column[i]);
        grasp__texts_clear(&raw->column[i]);
        if (s == GRASP_OK)
            s = grasp__tick(ctx, 1, 1);
        grasp__stage_end(ctx, outer);
    }
    return s;
}
