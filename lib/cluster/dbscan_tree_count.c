/* SPDX-License-Identifier: BSD-3-Clause
 * First step of DBSCAN over a tree: which samples are core. A box of diameter eps or less that holds min_samples is
 * full of cores, and nothing in it is looked at. The points of any other leaf walk the tree together, near nodes
 * first, until each has seen min_samples; a node that is certainly within eps of all of them counts as a whole.
 */
#include "cluster/dbscan_tree.h"

#include <math.h>

enum { LEAVES = 8 }; /* of a task */

typedef struct walk {
    grasp__tree *t;
    int64_t leaf, begin, n, open; /* its points; those that have not seen enough */
    int64_t seen[GRASP__TREE_LEAF];
    int32_t worker;
    int64_t pairs, boxes; /* looked at */
    double most;          /* operations allowed */
} walk;

static void add(walk *w, int64_t a, int64_t weight)
{
    int64_t before = w->seen[a];
    w->seen[a] = before + weight;
    w->open -= before < w->t->min_samples && w->seen[a] >= w->t->min_samples;
}

static void meet_leaf(walk *w, int64_t h)
{
    grasp__tree *t = w->t;
    int64_t begin = grasp__tree_begin(t, h), end = grasp__tree_end(t, h);
    for (int64_t a = 0; a < w->n; a++) {
        int64_t place = w->begin + a;
        if (w->seen[a] >= t->min_samples)
            continue;
        grasp__tree_span span = grasp__tree_point(t, place, h);
        w->boxes++;
        if (span.greatest <= t->surely)
            add(w, a, t->node[h].weight);
        if (span.greatest <= t->surely || span.least > t->maybe)
            continue;
        int64_t weight = 0;
        for (int64_t b = begin; b < end; b++) {
            double square = grasp__tree_square(t, place, b);
            if (square <= t->maybe && (b == place || grasp__tree_within(t, place, b, square, w->worker)))
                weight += grasp__tree_multiplicity(t, b);
        }
        w->pairs += end - begin;
        add(w, a, weight);
    }
}

/* What is done for a coordinate of a box is about twice what is done for one of a point. */
static double work(const walk *w)
{
    return (double)(w->pairs + 2 * w->boxes) * (double)(w->t->p + 2);
}

static void count_leaf(walk *w)
{
    grasp__tree *t = w->t;
    grasp__tree_stop stack[GRASP__TREE_STACK];
    int64_t top = 1;
    stack[0] = (grasp__tree_stop){1, grasp__tree_boxes(t, w->leaf, 1)};
    while (top > 0 && w->open > 0 && work(w) <= w->most) {
        w->boxes += 2;
        grasp__tree_stop at = stack[--top];
        if (at.span.greatest <= t->surely)
            for (int64_t a = 0; a < w->n; a++)
                add(w, a, t->node[at.h].weight);
        else if (at.h >= t->leaves)
            meet_leaf(w, at.h);
        else
            top = grasp__tree_descend(t, w->leaf, at.h, stack, top);
    }
}

static walk walk_from(grasp__tree *t, int64_t h, double most, int32_t worker)
{
    int64_t begin = grasp__tree_begin(t, h), n = grasp__tree_end(t, h) - begin;
    return (walk){.t = t, .leaf = h, .begin = begin, .n = n, .open = n, .worker = worker, .most = most};
}

double grasp__tree_leaf_work(grasp__tree *t, int64_t h, double most, int32_t worker)
{
    walk w = walk_from(t, h, most, worker);
    if (!t->node[h].solid)
        count_leaf(&w);
    return work(&w);
}

static grasp_status count_task(void *arg, int64_t task, int32_t worker)
{
    grasp__tree *t = arg;
    int64_t pairs = 0;
    for (int64_t h = t->leaves + task * LEAVES; h < t->leaves + (task + 1) * LEAVES && h < 2 * t->leaves; h++) {
        walk w = walk_from(t, h, INFINITY, worker);
        if (grasp__cancel_pending(t->ctx))
            return GRASP_OK; /* the calling thread will notice */
        if (!t->node[h].solid)
            count_leaf(&w);
        for (int64_t a = 0; a < w.n; a++)
            t->core[t->sample[w.begin + a]] = t->node[h].solid || w.seen[a] >= t->min_samples;
        pairs += w.pairs;
    }
    atomic_fetch_add_explicit(&t->pairs, pairs, memory_order_relaxed);
    return GRASP_OK;
}

grasp_status grasp__tree_count(grasp__tree *t)
{
    return grasp__parallel(t->ctx, (t->leaves + LEAVES - 1) / LEAVES, count_task, t);
}
