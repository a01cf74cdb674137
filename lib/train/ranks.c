/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers from the largest down, the first of equals first, without memory of its own: heapsort of their places
 * (Williams 1964). Cost: O(n log n).
 */
#include "train/train_private.h"

/* Does place a come after place b? */
static bool after(const double *v, int64_t a, int64_t b)
{
    return v[a] < v[b] || (!(v[a] > v[b]) && a > b);
}

/* Sinks the root of the heap order[0..n) whose top is the place that comes last. */
static void sink(const double *v, int64_t *order, int64_t root, int64_t n)
{
    int64_t moved = order[root];
    for (int64_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && after(v, order[child + 1], order[child]))
            child++;
        if (!after(v, order[child], moved))
            break;
        order[root] = order[child];
    }
    order[root] = moved;
}

void grasp__rank(const double *v, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t root = n / 2; root-- > 0;)
        sink(v, order, root, n);
    for (int64_t end = n; end-- > 1;) {
        int64_t last = order[0];
        order[0] = order[end];
        order[end] = last;
        sink(v, order, 0, end);
    }
}
