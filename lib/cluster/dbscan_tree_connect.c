/* SPDX-License-Identifier: BSD-3-Clause
 * Second step of DBSCAN over a tree: components of the cores. Subtrees from the leaves upwards, then subtrees against
 * each other: two nodes whose cores are each known to be in one component need a single pair within eps, looked for
 * where the boxes are nearest; nodes in the same component need none. Which pair joins two components may depend on
 * timing, the components do not.
 */
#include "cluster/dbscan_tree.h"

typedef struct pair {
    int64_t a, b;
} pair;

static bool together(const grasp__tree *t, int64_t i, int64_t j)
{
    return grasp__shared_find(t->parent, i) == grasp__shared_find(t->parent, j);
}

static bool is_uniform(const grasp__tree *t, int64_t h)
{
    return atomic_load_explicit(&t->node[h].uniform, memory_order_relaxed);
}

/* Are the cores of a node in one component? Once they are, they stay so; of an inner node it is noticed when it is true
 * of its children. Needs a member. */
static bool settled(grasp__tree *t, int64_t h)
{
    grasp__tree_node *node = &t->node[h];
    bool uniform = true;
    if (is_uniform(t, h))
        return true;
    if (h >= t->leaves) {
        int64_t root = grasp__shared_find(t->parent, node->member);
        for (int64_t q = grasp__tree_begin(t, h); q < grasp__tree_end(t, h) && uniform; q++)
            uniform = !t->core[t->sample[q]] || grasp__shared_find(t->parent, t->sample[q]) == root;
    } else {
        for (int64_t child = 2 * h; child <= 2 * h + 1 && uniform; child++)
            uniform = t->node[child].member < 0 ||
                      (is_uniform(t, child) && together(t, t->node[child].member, node->member));
    }
    if (uniform)
        atomic_store_explicit(&node->uniform, true, memory_order_relaxed);
    return uniform;
}

/* Every core of a node and `other`. */
static void join_all(grasp__tree *t, int64_t h, int64_t other)
{
    if (is_uniform(t, h)) {
        grasp__shared_union(t->parent, t->node[h].member, other);
        return;
    }
    for (int64_t q = grasp__tree_begin(t, h); q < grasp__tree_end(t, h); q++)
        if (t->core[t->sample[q]])
            grasp__shared_union(t->parent, t->sample[q], other);
}

/* A leaf of cores that nothing was joined to yet: the lowest is the root of all. */
static void join_solid(grasp__tree *t, int64_t h)
{
    grasp__tree_node *node = &t->node[h];
    int64_t begin = grasp__tree_begin(t, h), end = grasp__tree_end(t, h);
    node->member = t->sample[begin];
    atomic_store_explicit(&node->uniform, true, memory_order_relaxed);
    for (int64_t q = begin; q < end; q++)
        node->member = t->sample[q] < node->member ? t->sample[q] : node->member;
    for (int64_t q = begin; q < end; q++)
        atomic_store_explicit(&t->parent[t->sample[q]], node->member, memory_order_relaxed);
}

/* Pairs of cores of two leaves, or of one; returns the number looked at. */
static int64_t join_leaves(grasp__tree *t, pair of, int32_t worker)
{
    int64_t begin = grasp__tree_begin(t, of.b), end = grasp__tree_end(t, of.b), pairs = 0;
    bool to_one = is_uniform(t, of.b), one_suffices = to_one && is_uniform(t, of.a);
    for (int64_t a = grasp__tree_begin(t, of.a); a < grasp__tree_end(t, of.a); a++) {
        int64_t i = t->sample[a];
        if (!t->core[i] || (to_one && together(t, i, t->node[of.b].member)) ||
            (of.a != of.b && grasp__tree_point(t, a, of.b).least > t->maybe))
            continue;
        int64_t first = of.a == of.b ? a + 1 : begin;
        pairs += end - first;
        for (int64_t b = first; b < end; b++) {
            double square = grasp__tree_square(t, a, b);
            int64_t j = t->sample[b];
            if (square <= t->maybe && t->core[j] && !together(t, i, j) &&
                grasp__tree_within(t, a, b, square, worker)) {
                grasp__shared_union(t->parent, i, j);
                if (one_suffices)
                    return pairs;
                if (to_one)
                    break;
            }
        }
    }
    return pairs;
}

/* The children of the larger node of a pair, the nearer on top. */
static int64_t divide(const grasp__tree *t, pair of, pair *stack, int64_t top)
{
    bool first = grasp__tree_level(of.a) <= grasp__tree_level(of.b);
    pair left = first ? (pair){2 * of.a, of.b} : (pair){of.a, 2 * of.b};
    pair right = first ? (pair){2 * of.a + 1, of.b} : (pair){of.a, 2 * of.b + 1};
    bool nearer = grasp__tree_boxes(t, left.a, left.b).least <= grasp__tree_boxes(t, right.a, right.b).least;
    stack[top++] = nearer ? right : left;
    stack[top++] = nearer ? left : right;
    return top;
}

static void join(grasp__tree *t, int64_t first, int64_t second, int32_t worker)
{
    pair stack[GRASP__TREE_STACK] = {{first, second}};
    int64_t pairs = 0;
    for (int64_t top = 1; top > 0 && !grasp__cancel_pending(t->ctx);) {
        pair of = stack[--top];
        const grasp__tree_node *a = &t->node[of.a], *b = &t->node[of.b];
        if (a->member < 0 || b->member < 0)
            continue;
        grasp__tree_span span = grasp__tree_boxes(t, of.a, of.b);
        if (span.least > t->maybe)
            continue;
        bool one_a = settled(t, of.a), one_b = settled(t, of.b); /* both, for both note it */
        if (one_a && one_b && together(t, a->member, b->member))
            continue;
        if (span.greatest <= t->surely) {
            join_all(t, of.a, b->member);
            join_all(t, of.b, a->member);
        } else if (of.a >= t->leaves && of.b >= t->leaves) {
            pairs += join_leaves(t, of, worker);
        } else {
            top = divide(t, of, stack, top);
        }
    }
    atomic_fetch_add_explicit(&t->pairs, pairs, memory_order_relaxed);
}

/* A leaf in itself. */
static void join_leaf(grasp__tree *t, int64_t h, int32_t worker)
{
    grasp__tree_node *node = &t->node[h];
    int64_t begin = grasp__tree_begin(t, h), end = grasp__tree_end(t, h);
    for (int64_t q = begin; q < end && node->member < 0; q++)
        if (t->core[t->sample[q]])
            node->member = t->sample[q];
    if (node->member < 0)
        return;
    if (grasp__tree_boxes(t, h, h).greatest <= t->surely)
        join_all(t, h, node->member);
    else
        atomic_fetch_add_explicit(&t->pairs, join_leaves(t, (pair){h, h}, worker), memory_order_relaxed);
    settled(t, h);
}

static void join_node(grasp__tree *t, int64_t h, int32_t worker)
{
    if (h >= t->leaves) {
        if (t->node[h].solid)
            join_solid(t, h);
        else
            join_leaf(t, h, worker);
        return;
    }
    join(t, 2 * h, 2 * h + 1, worker);
    t->node[h].member = t->node[2 * h].member >= 0 ? t->node[2 * h].member : t->node[2 * h + 1].member;
    if (t->node[h].member >= 0)
        settled(t, h);
}

/* Everything within a subtree, from its leaves upwards. */
static grasp_status within_task(void *arg, int64_t task, int32_t worker)
{
    grasp__tree *t = arg;
    int64_t root = ((int64_t)1 << t->base) + task;
    for (int64_t below = t->levels - t->base; below >= 0; below--)
        for (int64_t h = root << below; h < (root + 1) << below; h++)
            join_node(t, h, worker);
    return GRASP_OK;
}

/* A subtree against those after it. */
static grasp_status between_task(void *arg, int64_t task, int32_t worker)
{
    grasp__tree *t = arg;
    int64_t first = (int64_t)1 << t->base;
    for (int64_t other = task + 1; other < first; other++)
        join(t, first + task, first + other, worker);
    return GRASP_OK;
}

grasp_status grasp__tree_connect(grasp__tree *t)
{
    enum { LEVEL = 8 };
    t->base = t->levels < LEVEL ? t->levels : LEVEL;
    grasp_status s = grasp__parallel(t->ctx, (int64_t)1 << t->base, within_task, t);
    return s != GRASP_OK ? s : grasp__parallel(t->ctx, (int64_t)1 << t->base, between_task, t);
}
