/* SPDX-License-Identifier: BSD-3-Clause
 * A minimum spanning forest under whole-number weights, grown edge by edge in any order.
 *
 * Every node has a parent of higher rank and the weight of the edge to it; cutting the links above w leaves trees that
 * are the components under edges of weight <= w, each with one topmost node. To insert (u, v, w), climb from both along
 * links <= w. Different tops: the lower one, u, becomes a child of v with link w; the link it had to p, of weight w' >
 * w, is replaced by an edge (v, p, w'), which is inserted in turn, since u and v are now joined below w'. Weights only
 * rise on the way, so it ends. Ranks are a random permutation, which keeps paths short: O(log n) expected.
 * What is joined at a weight depends on the edges alone, not on their order nor on the ranks.
 */
#include "sweep/forest.h"

grasp_status grasp__forest_ranks(grasp_context *ctx, int64_t n, int32_t **rank, int32_t **order)
{
    int64_t *shuffled = NULL;
    grasp__rng rng;
    *rank = *order = NULL;
    if (n > INT32_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%jd samples, expected at most %jd", (intmax_t)n,
                           (intmax_t)INT32_MAX);
    grasp_status s = grasp__alloc(ctx, n, sizeof *shuffled, &shuffled);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof **rank, rank);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof **order, order);
    if (s == GRASP_OK) {
        for (int64_t i = 0; i < n; i++)
            shuffled[i] = i;
        grasp__rng_init(&rng, 0, GRASP__RNG_SHUFFLE, 0); /* any permutation will do: it shows in the speed only */
        grasp__rng_shuffle(&rng, shuffled, n);
        for (int64_t i = 0; i < n; i++) {
            (*order)[i] = (int32_t)shuffled[i];
            (*rank)[shuffled[i]] = (int32_t)(n - 1 - i);
        }
    }
    grasp__free(shuffled);
    return s;
}

grasp_status grasp__forest_open(grasp_context *ctx, grasp__forest *forest, int64_t n, const int32_t *rank,
                                const int32_t *order)
{
    *forest = (grasp__forest){.n = n, .rank = rank, .order = order};
    grasp_status s = grasp__alloc(ctx, n, sizeof *forest->parent, &forest->parent);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *forest->link, &forest->link);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        forest->parent[i] = (int32_t)i;
        forest->link[i] = GRASP__NO_LINK;
    }
    return s;
}

void grasp__forest_close(grasp__forest *forest)
{
    grasp__free(forest->link);
    grasp__free(forest->parent);
}

static int32_t climb(const grasp__forest *forest, int32_t i, uint8_t weight)
{
    while (forest->link[i] <= weight)
        i = forest->parent[i];
    return i;
}

void grasp__forest_insert(grasp__forest *forest, int32_t u, int32_t v, uint8_t weight)
{
    for (;;) {
        u = climb(forest, u, weight);
        v = climb(forest, v, weight);
        if (u == v)
            return;
        int32_t low = forest->rank[u] < forest->rank[v] ? u : v, high = low == u ? v : u;
        uint8_t displaced = forest->link[low];
        u = forest->parent[low];
        v = high;
        forest->parent[low] = high;
        forest->link[low] = weight;
        if (displaced == GRASP__NO_LINK)
            return;
        weight = displaced;
    }
}

void grasp__forest_tops(const grasp__forest *forest, uint8_t weight, grasp__forest_climb *climb, int32_t *top)
{
    const int32_t *below = climb->top;
    int64_t roots = 0;
    for (int64_t k = 0; k < climb->roots; k++) {
        int32_t i = climb->root[k], p = forest->parent[i];
        if (forest->link[i] <= weight) {
            climb->up[i] = climb->up[below != NULL ? below[p] : p];
        } else {
            climb->up[i] = i;
            climb->root[roots++] = i;
        }
    }
    for (int64_t i = 0; i < forest->n; i++)
        top[i] = climb->up[below != NULL ? below[i] : i];
    climb->roots = roots;
    climb->top = top;
}

void grasp__forest_start(const grasp__forest *forest, grasp__forest_climb *climb)
{
    climb->top = NULL;
    climb->roots = forest->n;
    for (int64_t i = 0; i < forest->n; i++)
        climb->root[i] = forest->order[i];
}
