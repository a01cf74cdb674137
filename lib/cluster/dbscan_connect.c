/* SPDX-License-Identifier: BSD-3-Clause
 * Second step of DBSCAN: the connected components of the core samples. The first step has already seen which of the
 * hubs (its first columns) each sample is near; that alone joins nearly everything into one large set. What lies
 * outside it is compared with all cores: first by what is certain, and only where sets are still apart by deciding
 * undecided pairs. A pair inside one set is never looked at again.
 *
 * Complete: a pair of different final sets has at most one end in the large set, and the other end met every core. (In
 * the spirit of Afforest, Sutton, Ben-Nun, Barak 2018.) Cost: (cores outside the large set) x cores verdicts.
 */
#include "cluster/dbscan.h"

static void join(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column, int64_t n,
                 const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    (void)maybe;
    (void)probe;
    for (int64_t a = 0; a < m; a++)
        for (uint64_t bits = within[a]; bits; bits &= bits - 1)
            grasp__dbscan_union(s->parent, pass->row[at + a], column[__builtin_ctzll(bits)]);
}

static void join_undecided(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                           int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    for (int64_t a = 0; a < m; a++)
        for (uint64_t bits = maybe[a] & ~within[a]; bits; bits &= bits - 1) {
            const int64_t i = pass->row[at + a], j = column[__builtin_ctzll(bits)];
            if (grasp__dbscan_find(s->parent, i) != grasp__dbscan_find(s->parent, j) &&
                grasp__dbscan_decide(s, probe, i, j))
                grasp__dbscan_union(s->parent, i, j);
        }
}

/* Is this sample in the large set? Its sample stands first in the list of cores. */
static bool in_large_set(const grasp__dbscan_state *s, int64_t i)
{
    return grasp__dbscan_find(s->parent, i) == grasp__dbscan_find(s->parent, s->large);
}

static void join_hubs(grasp__dbscan_state *s)
{
    uint64_t core_hubs[GRASP__HUB_WORDS] = {0};
    for (int64_t k = 0; k < GRASP__HUBS && k < s->n; k++)
        core_hubs[k / 64] |= (uint64_t)s->core[grasp__dbscan_visited(s, k)] << (k % 64);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t word = 0; s->core[i] && word < GRASP__HUB_WORDS; word++)
            for (uint64_t bits = s->hub[i * GRASP__HUB_WORDS + word] & core_hubs[word]; bits; bits &= bits - 1)
                grasp__dbscan_union(s->parent, i, grasp__dbscan_visited(s, 64 * word + __builtin_ctzll(bits)));
}

/* A member of the set with most members; -1 without cores. */
static int64_t largest_set(grasp__dbscan_state *s)
{
    int64_t *size = s->label, best = -1;
    for (int64_t i = 0; i < s->n; i++)
        size[i] = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i]) {
            const int64_t root = grasp__dbscan_find(s->parent, i);
            if (++size[root] > (best < 0 ? 0 : size[best]))
                best = root;
        }
    return best;
}

/* Cores outside the large set, in the visiting order. */
static int64_t outside(grasp__dbscan_state *s)
{
    int64_t count = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_visited(s, k);
        if (s->core[i] && !in_large_set(s, i))
            s->list[count++] = i;
    }
    return count;
}

grasp_status grasp__dbscan_connect(grasp__dbscan_state *s)
{
    int64_t     *column = NULL, n_columns = 0, open;
    grasp_status status;
    for (int64_t i = 0; i < s->n; i++)
        atomic_store_explicit(&s->parent[i], i, memory_order_relaxed);
    join_hubs(s);
    grasp__free(s->hub);
    s->hub = NULL;
    s->large = largest_set(s);
    if (s->large < 0 || (open = outside(s)) == 0)
        return GRASP_OK;
    if ((status = grasp__alloc(s->ctx, s->n, sizeof *column, &column)) != GRASP_OK)
        return status;
    for (int64_t a = 0; a < open; a++) /* the samples outside first: they are likely to be near each other */
        column[n_columns++] = s->list[a];
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_visited(s, k);
        if (s->core[i] && in_large_set(s, i))
            column[n_columns++] = i;
    }
    if ((status = grasp__dbscan_rounds(s, s->list, &open, column, 0, n_columns, join, in_large_set)) == GRASP_OK &&
        (open = outside(s)) > 0)
        status = grasp__dbscan_rounds(s, s->list, &open, column, 0, n_columns, join_undecided, in_large_set);
    grasp__free(column);
    return status;
}
