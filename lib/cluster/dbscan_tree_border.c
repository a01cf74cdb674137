/* SPDX-License-Identifier: BSD-3-Clause
 * Last step of DBSCAN over a tree: a sample that is no core takes the lowest label among the cores within eps. The
 * others of a leaf walk the tree together, near nodes first, past nodes whose lowest label would lower none of theirs.
 */
#include "cluster/dbscan_tree.h"

enum { LEAVES = 8 }; /* of a task */

typedef struct walk {
    grasp__tree *t;
    int64_t leaf, begin, n;
    int64_t best[GRASP__TREE_LEAF]; /* -1: a core, nothing to find */
    int64_t worst;                  /* of them */
    int32_t worker;
    int64_t pairs;
} walk;

static void find_worst(walk *w)
{
    w->worst = -1;
    for (int64_t a = 0; a < w->n; a++)
        w->worst = w->best[a] > w->worst ? w->best[a] : w->worst;
}

static void meet_leaf(walk *w, int64_t h)
{
    grasp__tree *t = w->t;
    int64_t begin = grasp__tree_begin(t, h), end = grasp__tree_end(t, h);
    for (int64_t a = 0; a < w->n; a++) {
        int64_t place = w->begin + a;
        if (w->best[a] <= t->node[h].lowest || grasp__tree_point(t, place, h).least > t->maybe)
            continue;
        w->pairs += end - begin;
        for (int64_t b = begin; b < end; b++) {
            double square = grasp__tree_square(t, place, b);
            int64_t j = t->sample[b];
            if (square <= t->maybe && t->core[j] && t->label[j] < w->best[a] &&
                grasp__tree_within(t, place, b, square, w->worker))
                w->best[a] = t->label[j];
        }
    }
    find_worst(w);
}

static void border_leaf(walk *w)
{
    grasp__tree *t = w->t;
    grasp__tree_stop stack[GRASP__TREE_STACK];
    int64_t top = 1;
    stack[0] = (grasp__tree_stop){1, grasp__tree_boxes(t, w->leaf, 1)};
    find_worst(w);
    while (top > 0) {
        grasp__tree_stop at = stack[--top];
        int64_t lowest = t->node[at.h].lowest;
        if (lowest >= w->worst)
            continue;
        if (at.span.greatest <= t->surely) {
            for (int64_t a = 0; a < w->n; a++)
                w->best[a] = lowest < w->best[a] ? lowest : w->best[a];
            find_worst(w);
        } else if (at.h >= t->leaves) {
            meet_leaf(w, at.h);
        } else {
            top = grasp__tree_descend(t, w->leaf, at.h, stack, top);
        }
    }
}

static grasp_status border_task(void *arg, int64_t task, int32_t worker)
{
    grasp__tree *t = arg;
    int64_t pairs = 0;
    for (int64_t h = t->leaves + task * LEAVES; h < t->leaves + (task + 1) * LEAVES && h < 2 * t->leaves; h++) {
        int64_t begin = grasp__tree_begin(t, h), n = grasp__tree_end(t, h) - begin;
        walk w = {.t = t, .leaf = h, .begin = begin, .n = n, .worker = worker};
        if (t->node[h].solid)
            continue;
        if (grasp__cancel_pending(t->ctx))
            return GRASP_OK; /* the calling thread will notice */
        for (int64_t a = 0; a < n; a++)
            w.best[a] = t->core[t->sample[begin + a]] ? -1 : INT64_MAX;
        border_leaf(&w);
        for (int64_t a = 0; a < n; a++)
            if (w.best[a] >= 0 && w.best[a] < INT64_MAX)
                t->label[t->sample[begin + a]] = w.best[a];
        pairs += w.pairs;
    }
    atomic_fetch_add_explicit(&t->pairs, pairs, memory_order_relaxed);
    return GRASP_OK;
}

static int64_t lowest_label(const grasp__tree *t, int64_t h)
{
    const grasp__tree_node *node = &t->node[h];
    int64_t lowest = INT64_MAX;
    if (atomic_load_explicit(&node->uniform, memory_order_relaxed))
        return t->label[node->member];
    if (h < t->leaves)
        return t->node[2 * h].lowest < t->node[2 * h + 1].lowest ? t->node[2 * h].lowest : t->node[2 * h + 1].lowest;
    for (int64_t q = grasp__tree_begin(t, h); q < grasp__tree_end(t, h); q++)
        if (t->core[t->sample[q]] && t->label[t->sample[q]] < lowest)
            lowest = t->label[t->sample[q]];
    return lowest;
}

grasp_status grasp__tree_border(grasp__tree *t)
{
    for (int64_t h = 2 * t->leaves - 1; h > 0; h--)
        t->node[h].lowest = lowest_label(t, h);
    return grasp__parallel(t->ctx, (t->leaves + LEAVES - 1) / LEAVES, border_task, t);
}
