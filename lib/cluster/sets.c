/* SPDX-License-Identifier: BSD-3-Clause
 * Disjoint sets with path halving (Tarjan and van Leeuwen 1984). The greater root is always hung under the lesser, so a
 * root is the lowest member of its set, whatever the order of unions. Near-constant time in practice, O(log n)
 * amortised.
 */
#include "cluster/sets.h"

grasp_status grasp__shared_sets_create(grasp_context *ctx, int64_t n, grasp__shared_sets *out)
{
    const grasp_status s = grasp__alloc(ctx, n, sizeof **out, out);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        atomic_init(&(*out)[i], i);
    return s;
}

/* A parent only ever falls, to an ancestor: a stale value is still an ancestor, so relaxed loads suffice. */
int64_t grasp__shared_find(grasp__shared_sets parent, int64_t i)
{
    for (;;) {
        int64_t p = atomic_load_explicit(&parent[i], memory_order_relaxed);
        if (p == i)
            return i;
        int64_t above = atomic_load_explicit(&parent[p], memory_order_relaxed);
        if (above != p)
            atomic_compare_exchange_weak_explicit(&parent[i], &p, above, memory_order_relaxed, memory_order_relaxed);
        i = above;
    }
}

/* Hangs a root under a lesser one if it still is a root; else looks again (Anderson and Woll 1991). */
void grasp__shared_union(grasp__shared_sets parent, int64_t i, int64_t j)
{
    for (;;) {
        i = grasp__shared_find(parent, i);
        j = grasp__shared_find(parent, j);
        if (i == j)
            return;
        int64_t low = i < j ? i : j, high = i < j ? j : i, expected = high;
        if (atomic_compare_exchange_strong_explicit(&parent[high], &expected, low, memory_order_relaxed,
                                                    memory_order_relaxed))
            return;
    }
}
