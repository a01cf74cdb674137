/* SPDX-License-Identifier: BSD-3-Clause
 * base, private: the inside of a parameter object.
 */
#ifndef GRASP__BASE_PARAMS_H
#define GRASP__BASE_PARAMS_H

#include "base/base.h"

enum { GRASP__MAX_KEY = 64 }; /* a whole key with its prefixes and the terminating zero */

/* A value of any type: n >= 1 numbers, or the text of a word. One number needs no block. */
typedef struct grasp__value {
    int64_t n;
    union {
        double f64;
        int64_t i64;
    } one;
    void *block; /* numbers when n > 1, or the copied word; NULL otherwise */
    const char *word;
} grasp__value;

/* One parameter; composite tables are laid out flat, with their parts' keys prefixed. */
typedef struct grasp__entry {
    char key[GRASP__MAX_KEY];
    const grasp__param *param;
    grasp__value value;
    bool given; /* set by the caller */
} grasp__entry;

struct grasp_params {
    grasp__object object;
    const grasp__param_table *table;
    int64_t count;
    grasp__entry *entries;
};

#define GRASP__PARAMS_MAGIC GRASP__MAGIC('p', 'a', 'r', 'm')

grasp_status grasp__check_params(grasp_context *ctx, const grasp_params *params, const char *key);
/* Finds a key or fails with the name of the nearest one. */
grasp_status grasp__params_find(grasp_context *ctx, const grasp_params *params, const char *key, size_t length,
                                grasp__entry **out);
const double *grasp__value_f64s(const grasp__value *value);
const int64_t *grasp__value_i64s(const grasp__value *value);
void grasp__value_clear(grasp__value *value);
void grasp__entries_free(grasp__entry *entries, int64_t count);

/* Each puts a checked value into *entry, or leaves it as it was. */
grasp_status grasp__entry_set_f64s(grasp_context *ctx, grasp__entry *entry, const double *values, int64_t n);
grasp_status grasp__entry_set_i64s(grasp_context *ctx, grasp__entry *entry, const int64_t *values, int64_t n);
grasp_status grasp__entry_set_word(grasp_context *ctx, grasp__entry *entry, const char *word, size_t length);
/* From text, as the type of the entry reads it. */
grasp_status grasp__entry_set_text(grasp_context *ctx, grasp__entry *entry, const char *text, size_t length);

#endif
