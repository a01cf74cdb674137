/* SPDX-License-Identifier: BSD-3-Clause
 * A balanced k-d tree (Bentley 1975; Friedman, Bentley, Finkel 1977): the points of a node are halved along the widest
 * side of their box, by rank, so that the shape is known from n alone and nothing but boxes is stored. The ranks come
 * from Floyd and Rivest's selection (1975), about 1.5 comparisons a point and level. O(n p log n), in place.
 */
#include "cluster/dbscan_tree.h"

#include <math.h>
#include <string.h>

enum { TASKS = 64 }; /* subtrees that one task builds each */

static void swap(grasp__tree *t, int64_t a, int64_t b)
{
    double *x = t->x + a * t->p, *y = t->x + b * t->p;
    int64_t sample = t->sample[a];
    for (int64_t k = 0; k < t->p; k++) {
        double v = x[k];
        x[k] = y[k];
        y[k] = v;
    }
    t->sample[a] = t->sample[b];
    t->sample[b] = sample;
}

/* A range of places narrowed until the one of rank `rank` stands at it. */
typedef struct span {
    int64_t left, right;
} span;

/* The part of [left, right] whose place `rank` is likely to be that of the whole: a sample of about m^(2/3). */
static span sampled(span s, int64_t rank)
{
    double m = (double)(s.right - s.left + 1), i = (double)(rank - s.left + 1), z = log(m);
    double size = 0.5 * exp(2 * z / 3), sd = 0.5 * sqrt(z * size * (m - size) / m) * (i < m / 2 ? -1 : 1);
    int64_t left = rank - (int64_t)(i * size / m - sd), right = rank + (int64_t)((m - i) * size / m + sd);
    return (span){left > s.left ? left : s.left, right < s.right ? right : s.right};
}

/* Hoare's partition of [left, right] by the value in place `rank`; what is left to search. */
static span partition(grasp__tree *t, int64_t dimension, span s, int64_t rank)
{
    const double *x = t->x + dimension, value = x[rank * t->p];
    int64_t i = s.left, j = s.right;
    while (i <= j) {
        while (x[i * t->p] < value)
            i++;
        while (x[j * t->p] > value)
            j--;
        if (i <= j)
            swap(t, i++, j--);
    }
    if (rank <= j)
        return (span){s.left, j};
    if (rank >= i)
        return (span){i, s.right};
    return (span){rank, rank};
}

/* Places [left, rank) get what is at most, (rank, right] what is at least the value in place rank. The samples of
 * samples are few: m^(2/3) falls below 600 after four. */
static void select_rank(grasp__tree *t, int64_t dimension, span whole, int64_t rank)
{
    enum { NESTED = 8, SMALL = 600 };
    span stack[NESTED] = {whole};
    bool pivoted[NESTED] = {false}; /* the value in place rank comes from a sample */
    for (int top = 0; top >= 0;) {
        span *s = &stack[top];
        if (s->left >= s->right) {
            top--;
        } else if (s->right - s->left > SMALL && !pivoted[top] && top + 1 < NESTED) {
            pivoted[top] = true;
            stack[top + 1] = sampled(*s, rank);
            pivoted[++top] = false;
        } else {
            *s = partition(t, dimension, *s, rank);
            pivoted[top] = false;
        }
    }
}

static void enclose(grasp__tree *t, int64_t h)
{
    double *low = t->box + h * 2 * t->p, *high = low + t->p;
    const double *x = t->x + grasp__tree_begin(t, h) * t->p, *end = t->x + grasp__tree_end(t, h) * t->p;
    for (int64_t k = 0; k < t->p; k++)
        low[k] = high[k] = x[k];
    for (; x < end; x += t->p)
        for (int64_t k = 0; k < t->p; k++) {
            low[k] = x[k] < low[k] ? x[k] : low[k];
            high[k] = x[k] > high[k] ? x[k] : high[k];
        }
}

static void build_node(grasp__tree *t, int64_t h)
{
    enclose(t, h);
    if (h >= t->leaves)
        return;
    const double *low = grasp__tree_box(t, h), *high = low + t->p;
    int64_t widest = 0;
    for (int64_t k = 1; k < t->p; k++)
        if (high[k] - low[k] > high[widest] - low[widest])
            widest = k;
    if (high[widest] > low[widest])
        select_rank(t, widest, (span){grasp__tree_begin(t, h), grasp__tree_end(t, h) - 1},
                    grasp__tree_begin(t, 2 * h + 1));
}

typedef struct building {
    grasp__tree *t;
    int64_t first; /* tasks are the nodes from here on */
    bool whole;    /* with all below them */
} building;

static grasp_status build_task(void *arg, int64_t task, int32_t worker)
{
    building *b = arg;
    (void)worker;
    for (int64_t first = b->first + task, n = 1; first < 2 * b->t->leaves; first *= 2, n *= 2) {
        for (int64_t h = first; h < first + n; h++)
            build_node(b->t, h);
        if (!b->whole)
            break;
    }
    return GRASP_OK;
}

static void weigh(grasp__tree *t)
{
    for (int64_t h = 2 * t->leaves - 1; h > 0; h--) {
        int64_t weight = 0;
        if (h < t->leaves)
            weight = t->node[2 * h].weight + t->node[2 * h + 1].weight;
        else
            for (int64_t q = grasp__tree_begin(t, h); q < grasp__tree_end(t, h); q++)
                weight += grasp__tree_multiplicity(t, q);
        t->node[h].weight = weight;
        t->node[h].member = -1;
        t->node[h].lowest = INT64_MAX;
    }
    for (int64_t h = 1; h < 2 * t->leaves; h++)
        t->node[h].solid = (h > 1 && t->node[h / 2].solid) ||
                           (t->node[h].weight >= t->min_samples && grasp__tree_boxes(t, h, h).greatest <= t->surely);
}

grasp_status grasp__tree_build(grasp__tree *t)
{
    grasp_status s = GRASP_OK;
    bool whole = false;
    for (int64_t first = 1; s == GRASP_OK && !whole && first < 2 * t->leaves; first *= 2) {
        whole = first == TASKS;
        s = grasp__parallel(t->ctx, first, build_task, &(building){t, first, whole});
    }
    if (s == GRASP_OK)
        weigh(t);
    return s;
}
