/* SPDX-License-Identifier: BSD-3-Clause
 * Distinct values of a column, coding by them, and the rows of each class. O(n log n), by a merge sort of a copy:
 * qsort() of some C libraries takes memory that the caller's allocator never sees.
 */
#include "groups/groups.h"

#include <string.h>

/* Bottom-up merge sort of v with as much scratch. */
static void sort(int64_t *v, int64_t *scratch, int64_t n)
{
    int64_t *from = v, *to = scratch;
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t lo = 0; lo < n; lo += 2 * width) {
            int64_t middle = lo + width < n ? lo + width : n, hi = middle + width < n ? middle + width : n;
            int64_t i = lo, j = middle;
            for (int64_t k = lo; k < hi; k++)
                to[k] = i < middle && (j >= hi || from[i] <= from[j]) ? from[i++] : from[j++];
        }
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, (size_t)n * sizeof(*v));
}

grasp_status grasp__distinct(grasp_context *ctx, const int64_t *v, int64_t n, int64_t **values, int64_t *n_values)
{
    int64_t *sorted = NULL, *scratch = NULL, count = 0;
    grasp_status s = grasp__alloc(ctx, n, sizeof(*sorted), &sorted);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(*scratch), &scratch);
    if (s != GRASP_OK)
        goto done;
    if (n > 0)
        memcpy(sorted, v, (size_t)n * sizeof(*v));
    sort(sorted, scratch, n);
    for (int64_t i = 0; i < n; i++)
        if (count == 0 || sorted[i] != sorted[count - 1])
            sorted[count++] = sorted[i];
    grasp__free(scratch);
    scratch = NULL;
    s = grasp__realloc(ctx, n, count, sizeof(*sorted), &sorted);
done:
    grasp__free(scratch);
    if (s != GRASP_OK) {
        grasp__free(sorted);
        return s;
    }
    *values = sorted;
    *n_values = count;
    return GRASP_OK;
}

int64_t grasp__code_of(const int64_t *values, int64_t n_values, int64_t value)
{
    int64_t lo = 0, hi = n_values;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        if (values[middle] < value)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo < n_values && values[lo] == value ? lo : -1;
}

grasp_status grasp__rows_by_class(grasp_context *ctx, const int64_t *y, int64_t n, const int64_t *classes,
                                  int64_t n_classes, int64_t **rows, int64_t **start)
{
    int64_t *row = NULL, *end = NULL;
    grasp_status s = grasp__alloc(ctx, n, sizeof(*row), &row);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n_classes + 1, sizeof(*end), &end);
    if (s != GRASP_OK) {
        grasp__free(row);
        return s;
    }
    for (int64_t i = 0; i < n; i++)
        end[grasp__code_of(classes, n_classes, y[i]) + 1]++;
    for (int64_t c = 0; c < n_classes; c++)
        end[c + 1] += end[c];
    for (int64_t i = 0; i < n; i++) /* end[c] runs from the start of class c to its end */
        row[end[grasp__code_of(classes, n_classes, y[i])]++] = i;
    for (int64_t c = n_classes; c > 0; c--)
        end[c] = end[c - 1];
    end[0] = 0;
    *rows = row;
    *start = end;
    return GRASP_OK;
}

grasp_status grasp__groups_create_coded(grasp_context *ctx, const int64_t *value, int64_t n, grasp_groups **out)
{
    int64_t *values = NULL, count;
    grasp_status s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, value, "value");
    if (s == GRASP_OK)
        s = grasp__distinct(ctx, value, n, &values, &count);
    grasp_groups *g;
    if (s == GRASP_OK)
        s = grasp__groups_reserve(ctx, n, count, &g);
    if (s == GRASP_OK) {
        for (int64_t i = 0; i < n; i++)
            g->label[i] = grasp__code_of(values, count, value[i]);
        grasp__groups_count_sizes(g);
        *out = g;
    }
    grasp__free(values);
    return s;
}

grasp_status grasp_groups_create_coded(grasp_context *ctx, const int64_t *value, int64_t n, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__groups_create_coded(ctx, value, n, out));
}
