/* SPDX-License-Identifier: BSD-3-Clause
 * Levenshtein's distance, for naming the key that was probably meant. Names are short: texts are cut at 63 letters.
 */
#include "base/base.h"

#include <string.h>

enum { MAX_LENGTH = 64 };

static int32_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int32_t row[MAX_LENGTH]; /* row[j]: distance of the first i letters of a to the first j of b */
    a_length = a_length < MAX_LENGTH ? a_length : MAX_LENGTH - 1;
    b_length = b_length < MAX_LENGTH ? b_length : MAX_LENGTH - 1;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = (int32_t)j;
    for (size_t i = 1; i <= a_length; i++) {
        int32_t diagonal = row[0];
        row[0] = (int32_t)i;
        for (size_t j = 1; j <= b_length; j++) {
            int32_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            int32_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < other ? replaced : other;
        }
    }
    return row[b_length];
}

/* A name without its prefix may be meant: "eps" is near "infer.eps", if a little less than "eps" itself would be. */
const char *grasp__nearest(const char *wanted, int64_t count, const char *(*name)(const void *list, int64_t i),
                           const void *list)
{
    const char *best = NULL;
    int32_t best_cost = 0;
    size_t length = strlen(wanted);
    for (int64_t i = 0; i < count; i++) {
        const char *candidate = name(list, i);
        const char *dot = strchr(wanted, '.') == NULL ? strrchr(candidate, '.') : NULL;
        int32_t cost = 2 * edit_distance(wanted, length, candidate, strlen(candidate));
        if (dot != NULL) {
            int32_t bare = 2 * edit_distance(wanted, length, dot + 1, strlen(dot + 1)) + 1;
            cost = bare < cost ? bare : cost;
        }
        if (best == NULL || cost < best_cost) {
            best = candidate;
            best_cost = cost;
        }
    }
    return best;
}
