/* SPDX-License-Identifier: BSD-3-Clause
 * Values of parameters: ranges, lists, words, and their text form.
 *
 * A range is text, so that help and check cannot differ: an interval such as "(0, 2]" for numbers, "a|b|c" for words.
 */
#include "base/params.h"

#include <math.h>
#include <string.h>

const double *grasp__value_f64s(const grasp__value *value)
{
    return value->block != NULL ? value->block : &value->one.f64;
}

const int64_t *grasp__value_i64s(const grasp__value *value)
{
    return value->block != NULL ? value->block : &value->one.i64;
}

void grasp__value_clear(grasp__value *value)
{
    grasp__free(value->block);
    memset(value, 0, sizeof *value);
}

static size_t skip_spaces(const char *text, size_t at)
{
    while (text[at] == ' ')
        at++;
    return at;
}

/* Is x inside "[lo, hi]" with either bracket square or round? NULL: anything finite. */
static bool in_range(const char *range, double x)
{
    double lo = 0, hi = 0;
    if (isnan(x) || (range == NULL && isinf(x)))
        return false;
    if (range == NULL)
        return true;
    size_t at = skip_spaces(range, 1);
    at += grasp__parse_f64(range + at, strlen(range + at), &lo);
    at = skip_spaces(range, at);
    at = skip_spaces(range, at + 1); /* the comma */
    at += grasp__parse_f64(range + at, strlen(range + at), &hi);
    at = skip_spaces(range, at);
    return (range[0] == '[' ? x >= lo : x > lo) && (range[at] == ']' ? x <= hi : x < hi);
}

/* Is the word one of "a|b|c"? NULL: any word. */
static bool in_choices(const char *choices, const char *word, size_t length)
{
    if (choices == NULL)
        return true;
    for (const char *p = choices; *p != '\0';) {
        size_t n = strcspn(p, "|");
        if (n == length && memcmp(p, word, n) == 0)
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

static bool is_list(int32_t type)
{
    return type == GRASP_PARAM_F64S || type == GRASP_PARAM_I64S;
}

static bool holds_f64(int32_t type)
{
    return type == GRASP_PARAM_F64 || type == GRASP_PARAM_F64S;
}

static grasp_status check_length(grasp_context *ctx, const grasp__entry *entry, int64_t n)
{
    if (n < 1)
        return grasp__fail(ctx, GRASP_E_ARG, "n is %jd, expected at least 1 value of \"%s\"", (intmax_t)n, entry->key);
    if (n > 1 && !is_list(entry->param->type))
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" got %jd values, expected one", entry->key, (intmax_t)n);
    return GRASP_OK;
}

/* Room for n numbers of 8 bytes in a fresh value; *data is where they go. */
static grasp_status make_value(grasp_context *ctx, int64_t n, grasp__value *value, void **data)
{
    memset(value, 0, sizeof *value);
    value->n = n;
    *data = &value->one;
    if (n == 1)
        return GRASP_OK;
    grasp_status s = grasp__alloc(ctx, n, sizeof(int64_t), &value->block);
    *data = value->block;
    return s;
}

static void replace(grasp__entry *entry, const grasp__value *value)
{
    grasp__value_clear(&entry->value);
    entry->value = *value;
}

static grasp_status fail_number(grasp_context *ctx, const grasp__entry *entry, double value)
{
    const char *range = entry->param->range;
    return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is %g, expected %s", entry->key, value,
                       range == NULL ? "a finite number" : range);
}

grasp_status grasp__entry_set_f64s(grasp_context *ctx, grasp__entry *entry, const double *values, int64_t n)
{
    grasp__value value;
    void *data = NULL;
    if (!holds_f64(entry->param->type))
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" takes no floating-point number, expected %s", entry->key,
                           entry->param->type == GRASP_PARAM_STR ? "a word" : "a whole number");
    grasp_status s = check_length(ctx, entry, n);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        if (!in_range(entry->param->range, values[i]))
            s = fail_number(ctx, entry, values[i]);
    if (s == GRASP_OK)
        s = make_value(ctx, n, &value, &data);
    if (s != GRASP_OK)
        return s;
    memcpy(data, values, (size_t)n * sizeof *values);
    if (n == 1)
        value.one.f64 = values[0];
    replace(entry, &value);
    return GRASP_OK;
}

/* Whole numbers given for a parameter that holds floating-point numbers. */
static grasp_status set_f64s_from_i64s(grasp_context *ctx, grasp__entry *entry, const int64_t *values, int64_t n)
{
    double *converted = NULL;
    grasp_status s = check_length(ctx, entry, n);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *converted, &converted);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        converted[i] = (double)values[i];
    if (s == GRASP_OK)
        s = grasp__entry_set_f64s(ctx, entry, converted, n);
    grasp__free(converted);
    return s;
}

grasp_status grasp__entry_set_i64s(grasp_context *ctx, grasp__entry *entry, const int64_t *values, int64_t n)
{
    grasp__value value;
    void *data = NULL;
    int32_t type = entry->param->type;
    if (holds_f64(type))
        return set_f64s_from_i64s(ctx, entry, values, n);
    if (type == GRASP_PARAM_STR)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" takes no number, expected a word", entry->key);
    grasp_status s = check_length(ctx, entry, n);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        const char *range = type == GRASP_PARAM_BOOL ? "[0, 1]" : entry->param->range;
        if (!in_range(range, (double)values[i]))
            s = grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is %jd, expected %s", entry->key, (intmax_t)values[i], range);
    }
    if (s == GRASP_OK)
        s = make_value(ctx, n, &value, &data);
    if (s != GRASP_OK)
        return s;
    memcpy(data, values, (size_t)n * sizeof *values);
    replace(entry, &value);
    return GRASP_OK;
}

grasp_status grasp__entry_set_word(grasp_context *ctx, grasp__entry *entry, const char *word, size_t length)
{
    grasp__value value = {.n = 1};
    char *copy;
    if (entry->param->type != GRASP_PARAM_STR)
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" takes no word, expected a number", entry->key);
    if (!in_choices(entry->param->range, word, length))
        return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is \"%.*s\", expected %s", entry->key,
                           (int)(length < 64 ? length : 64), word, entry->param->range);
    grasp_status s = grasp__alloc(ctx, (int64_t)length + 1, 1, &copy);
    if (s != GRASP_OK)
        return s;
    memcpy(copy, word, length);
    copy[length] = '\0';
    value.block = copy;
    value.word = copy;
    replace(entry, &value);
    return GRASP_OK;
}

static grasp_status fail_text(grasp_context *ctx, const grasp__entry *entry, const char *text, size_t length)
{
    return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is \"%.*s\", expected %s", entry->key,
                       (int)(length < 64 ? length : 64), text,
                       entry->param->type == GRASP_PARAM_BOOL ? "true or false"
                       : holds_f64(entry->param->type)        ? "a number"
                                                              : "a whole number");
}

/* Reads one number of the list into place i of `data`; false if it is none. */
static bool read_number(int32_t type, const char *text, size_t length, void *data, int64_t i)
{
    double f64;
    int64_t i64;
    if (holds_f64(type)) {
        if (length == 0 || grasp__parse_f64(text, length, &f64) != length)
            return false;
        memcpy((char *)data + i * (int64_t)sizeof f64, &f64, sizeof f64);
        return true;
    }
    if (type == GRASP_PARAM_BOOL && length == 4 && memcmp(text, "true", 4) == 0)
        i64 = 1;
    else if (type == GRASP_PARAM_BOOL && length == 5 && memcmp(text, "false", 5) == 0)
        i64 = 0;
    else if (length == 0 || grasp__parse_i64(text, length, &i64) != length)
        return false;
    memcpy((char *)data + i * (int64_t)sizeof i64, &i64, sizeof i64);
    return true;
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && **text == ' ') {
        ++*text;
        --*length;
    }
    while (*length > 0 && (*text)[*length - 1] == ' ')
        --*length;
}

grasp_status grasp__entry_set_text(grasp_context *ctx, grasp__entry *entry, const char *text, size_t length)
{
    void *data = NULL;
    int64_t n = 1;
    trim(&text, &length);
    if (entry->param->type == GRASP_PARAM_STR)
        return grasp__entry_set_word(ctx, entry, text, length);
    for (size_t i = 0; i < length; i++)
        n += text[i] == ',';
    grasp_status s = grasp__alloc(ctx, n, sizeof(int64_t), &data);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        const char *comma = memchr(text, ',', length);
        size_t used = comma == NULL ? length : (size_t)(comma - text);
        const char *item = text;
        size_t item_length = used;
        trim(&item, &item_length);
        if (!read_number(entry->param->type, item, item_length, data, i))
            s = fail_text(ctx, entry, item, item_length);
        text += used + 1;
        length -= comma == NULL ? used : used + 1;
    }
    if (s == GRASP_OK && holds_f64(entry->param->type))
        s = grasp__entry_set_f64s(ctx, entry, data, n);
    else if (s == GRASP_OK)
        s = grasp__entry_set_i64s(ctx, entry, data, n);
    grasp__free(data);
    return s;
}
