/* SPDX-License-Identifier: BSD-3-Clause
 * Setting and getting one parameter.
 */
#include "base/params.h"

#include <string.h>

/* Enters, checks the handle and finds the entry; leaves on an error. */
static grasp_status enter_entry(grasp_context *ctx, const char *function, const grasp_params *params, const char *key,
                                const void *argument, const char *argument_name, grasp__entry **entry)
{
    grasp_status s = grasp__enter(ctx, function);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_params(ctx, params, key);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, argument, argument_name);
    if (s == GRASP_OK)
        s = grasp__params_find(ctx, params, key, strlen(key), entry);
    return s == GRASP_OK ? s : grasp__leave(ctx, s);
}

/* Marks what was set and leaves. */
static grasp_status leave_set(grasp_context *ctx, grasp__entry *entry, grasp_status s)
{
    entry->given = entry->given || s == GRASP_OK;
    return grasp__leave(ctx, s);
}

grasp_status grasp__params_set_f64(grasp_context *ctx, grasp_params *params, const char *key, double value)
{
    grasp__entry *entry;
    grasp_status s = grasp__params_find(ctx, params, key, strlen(key), &entry);
    if (s == GRASP_OK)
        s = grasp__entry_set_f64s(ctx, entry, &value, 1);
    if (s == GRASP_OK)
        entry->given = true;
    return s;
}

grasp_status grasp__params_set_i64(grasp_context *ctx, grasp_params *params, const char *key, int64_t value)
{
    grasp__entry *entry;
    grasp_status s = grasp__params_find(ctx, params, key, strlen(key), &entry);
    if (s == GRASP_OK)
        s = grasp__entry_set_i64s(ctx, entry, &value, 1);
    if (s == GRASP_OK)
        entry->given = true;
    return s;
}

grasp_status grasp__params_set_i64s(grasp_context *ctx, grasp_params *params, const char *key, const int64_t *values,
                                    int64_t n)
{
    grasp__entry *entry;
    grasp_status s = grasp__params_find(ctx, params, key, strlen(key), &entry);
    if (s == GRASP_OK)
        s = grasp__entry_set_i64s(ctx, entry, values, n);
    if (s == GRASP_OK)
        entry->given = true;
    return s;
}

grasp_status grasp__params_set_str(grasp_context *ctx, grasp_params *params, const char *key, const char *word)
{
    grasp__entry *entry;
    grasp_status s = grasp__params_find(ctx, params, key, strlen(key), &entry);
    if (s == GRASP_OK)
        s = grasp__entry_set_word(ctx, entry, word, strlen(word));
    if (s == GRASP_OK)
        entry->given = true;
    return s;
}

grasp_status grasp_params_set_f64(grasp_context *ctx, grasp_params *params, const char *key, double value)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, &value, "value", &entry);
    return s != GRASP_OK ? s : leave_set(ctx, entry, grasp__entry_set_f64s(ctx, entry, &value, 1));
}

grasp_status grasp_params_set_i64(grasp_context *ctx, grasp_params *params, const char *key, int64_t value)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, &value, "value", &entry);
    return s != GRASP_OK ? s : leave_set(ctx, entry, grasp__entry_set_i64s(ctx, entry, &value, 1));
}

grasp_status grasp_params_set_str(grasp_context *ctx, grasp_params *params, const char *key, const char *value)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, value, "value", &entry);
    return s != GRASP_OK ? s : leave_set(ctx, entry, grasp__entry_set_word(ctx, entry, value, strlen(value)));
}

grasp_status grasp_params_set_f64s(grasp_context *ctx, grasp_params *params, const char *key, const double *values,
                                   int64_t n)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, values, "values", &entry);
    return s != GRASP_OK ? s : leave_set(ctx, entry, grasp__entry_set_f64s(ctx, entry, values, n));
}

grasp_status grasp_params_set_i64s(grasp_context *ctx, grasp_params *params, const char *key, const int64_t *values,
                                   int64_t n)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, values, "values", &entry);
    return s != GRASP_OK ? s : leave_set(ctx, entry, grasp__entry_set_i64s(ctx, entry, values, n));
}

static bool is_f64(const grasp__entry *entry)
{
    return entry->param->type == GRASP_PARAM_F64 || entry->param->type == GRASP_PARAM_F64S;
}

static grasp_status check_one(grasp_context *ctx, const grasp__entry *entry)
{
    if (entry->value.n == 1)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is a list of %jd values, expected one", entry->key,
                       (intmax_t)entry->value.n);
}

static grasp_status fail_type(grasp_context *ctx, const grasp__entry *entry, const char *wanted)
{
    return grasp__fail(ctx, GRASP_E_PARAM, "\"%s\" is %s, not %s", entry->key,
                       entry->param->type == GRASP_PARAM_STR ? "a word"
                       : is_f64(entry)                       ? "a floating-point number"
                                                             : "a whole number",
                       wanted);
}

grasp_status grasp_params_get_f64(grasp_context *ctx, const grasp_params *params, const char *key, double *out)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, out, "out", &entry);
    if (s != GRASP_OK)
        return s;
    s = entry->param->type == GRASP_PARAM_STR ? fail_type(ctx, entry, "a number") : check_one(ctx, entry);
    if (s == GRASP_OK)
        *out = is_f64(entry) ? *grasp__value_f64s(&entry->value) : (double)*grasp__value_i64s(&entry->value);
    return grasp__leave(ctx, s);
}

grasp_status grasp_params_get_i64(grasp_context *ctx, const grasp_params *params, const char *key, int64_t *out)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, out, "out", &entry);
    if (s != GRASP_OK)
        return s;
    if (entry->param->type == GRASP_PARAM_STR || is_f64(entry))
        s = fail_type(ctx, entry, "a whole number");
    else
        s = check_one(ctx, entry);
    if (s == GRASP_OK)
        *out = *grasp__value_i64s(&entry->value);
    return grasp__leave(ctx, s);
}

grasp_status grasp_params_get_str(grasp_context *ctx, const grasp_params *params, const char *key, const char **out)
{
    grasp__entry *entry;
    if (out != NULL)
        *out = NULL;
    grasp_status s = enter_entry(ctx, __func__, params, key, out, "out", &entry);
    if (s != GRASP_OK)
        return s;
    if (entry->param->type != GRASP_PARAM_STR)
        s = fail_type(ctx, entry, "a word");
    else
        *out = entry->value.word;
    return grasp__leave(ctx, s);
}

/* Does a list of `found` values fit? `out` NULL only asks for the number. */
static grasp_status check_capacity(grasp_context *ctx, const grasp__entry *entry, const void *out, int64_t capacity)
{
    if (out == NULL || capacity >= entry->value.n)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_DIM, "capacity is %jd, but \"%s\" has %jd values", (intmax_t)capacity, entry->key,
                       (intmax_t)entry->value.n);
}

grasp_status grasp_params_get_f64s(grasp_context *ctx, const grasp_params *params, const char *key, double *out,
                                   int64_t capacity, int64_t *n)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, n, "n", &entry);
    if (s != GRASP_OK)
        return s;
    s = entry->param->type == GRASP_PARAM_STR ? fail_type(ctx, entry, "a list of numbers")
                                              : check_capacity(ctx, entry, out, capacity);
    if (s == GRASP_OK) {
        *n = entry->value.n;
        for (int64_t i = 0; out != NULL && i < *n; i++)
            out[i] = is_f64(entry) ? grasp__value_f64s(&entry->value)[i] : (double)grasp__value_i64s(&entry->value)[i];
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_params_get_i64s(grasp_context *ctx, const grasp_params *params, const char *key, int64_t *out,
                                   int64_t capacity, int64_t *n)
{
    grasp__entry *entry;
    grasp_status s = enter_entry(ctx, __func__, params, key, n, "n", &entry);
    if (s != GRASP_OK)
        return s;
    if (entry->param->type == GRASP_PARAM_STR || is_f64(entry))
        s = fail_type(ctx, entry, "a list of whole numbers");
    else
        s = check_capacity(ctx, entry, out, capacity);
    if (s == GRASP_OK) {
        *n = entry->value.n;
        if (out != NULL)
            memcpy(out, grasp__value_i64s(&entry->value), (size_t)*n * sizeof *out);
    }
    return grasp__leave(ctx, s);
}
