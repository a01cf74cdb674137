/* SPDX-License-Identifier: BSD-3-Clause
 * groups: labels with noise, counts, cross products, merging classes into one id space.
 */
#ifndef GRASP__GROUPS_H
#define GRASP__GROUPS_H

#include "base/base.h"
#include "grasp/groups.h"

struct grasp_groups {
    grasp__object object;
    int64_t n, count, noise;
    int64_t *label; /* n */
    int64_t *size;  /* count */
};

/* Labels lie below this. */
#define GRASP__GROUPS_MAX (INT64_C(1) << 24)

grasp_status grasp__groups_check(grasp_context *ctx, const grasp_groups *g, const char *name);
/* Groups whose labels the caller fills in, all of them, and then counts. */
grasp_status grasp__groups_reserve(grasp_context *ctx, int64_t n, int64_t count, grasp_groups **out);
void grasp__groups_count_sizes(grasp_groups *g);
grasp_status grasp__groups_create(grasp_context *ctx, const int64_t *label, int64_t n, grasp_groups **out);
grasp_status grasp__groups_create_coded(grasp_context *ctx, const int64_t *value, int64_t n, grasp_groups **out);
grasp_status grasp__groups_cross(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, grasp_groups **out);
grasp_status grasp__groups_merge_classes(grasp_context *ctx, const int64_t *y, int64_t n,
                                         const grasp_groups *const *per_class, int64_t n_classes, grasp_groups **out);
grasp_status grasp__groups_select(grasp_context *ctx, const grasp_groups *g, const int64_t *rows, int64_t n,
                                  grasp_groups **out);
/* Distinct values of v ascending (a new block of *n_values), freed with grasp__free. */
grasp_status grasp__distinct(grasp_context *ctx, const int64_t *v, int64_t n, int64_t **values, int64_t *n_values);
/* Place of `value` among those, -1 if it is none. */
int64_t grasp__code_of(const int64_t *values, int64_t n_values, int64_t value);
/* Rows of each class in row order: rows is a new block of n, those of class c are rows[start[c] .. start[c+1]), start a
 * new block of n_classes + 1. `classes` ascending, as grasp__distinct gives them. */
grasp_status grasp__rows_by_class(grasp_context *ctx, const int64_t *y, int64_t n, const int64_t *classes,
                                  int64_t n_classes, int64_t **rows, int64_t **start);

#endif
