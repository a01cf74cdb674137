/* SPDX-License-Identifier: BSD-3-Clause
 * cluster, for this room alone: DBSCAN over a k-d tree, for few dimensions.
 */
#ifndef GRASP__CLUSTER_DBSCAN_TREE_H
#define GRASP__CLUSTER_DBSCAN_TREE_H

#include "cluster/sets.h"

enum {
    GRASP__TREE_DIMENSIONS = 8, /* at most */
    GRASP__TREE_LEAF = 32,       /* points of a leaf at most; more than half of it where there are more */
    GRASP__TREE_STACK = 160      /* nodes waiting in a walk: at most two a level of two trees, and levels < 60 */
};

/* When is it used? */
enum { GRASP__TREE_IF_CHEAPER, GRASP__TREE_ALWAYS };

/* As grasp__dbscan. *used = false: the tree does not serve this space or would not pay, and nothing was written. */
grasp_status grasp__dbscan_tree(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                                const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                                grasp__certificate *certificate, int when, bool *used);

/* With core flags given; 0 where it does not serve. */
uint64_t grasp__dbscan_tree_price(grasp_context *ctx, const grasp_distances *d, double eps);

typedef struct grasp__tree_node {
    int64_t weight;  /* multiplicities of its points together */
    int64_t member;  /* a core sample in it, -1: none */
    int64_t lowest;  /* label among its cores, INT64_MAX: none */
    bool    solid;   /* all its points are within eps of each other, and enough: all are core */
    _Atomic bool uniform; /* its cores are known to be in one component */
} grasp__tree_node;

/* The points in tree order: node h (the root is 1, its children 2h and 2h + 1) has those of [begin, end). All leaves
 * stand on one level, `levels` below the root. */
typedef struct grasp__tree {
    grasp_context          *ctx;
    const grasp_distances  *d;
    grasp__reader         **reader; /* one a worker */
    double                  eps;
    double                  surely, maybe; /* squared distances: at most the one: within; above the other: not */
    int64_t                 min_samples;
    const int64_t          *multiplicity; /* NULL: all 1 */
    int64_t                 n, p, levels, leaves;
    double                 *x;      /* n x p */
    int64_t                *sample; /* n: whose row it is */
    double                 *box;    /* nodes x 2 p: least coordinates, greatest coordinates */
    grasp__tree_node       *node;
    uint8_t                *core;   /* by sample */
    int64_t                *label;  /* by sample */
    grasp__shared_sets      parent; /* by sample */
    int64_t                 base;   /* connecting: tasks are the nodes of this level */
    _Atomic int64_t         pairs, exact, ties;
} grasp__tree;

static inline int64_t grasp__tree_level(int64_t h)
{
    return 63 - __builtin_clzll((unsigned long long)h);
}

static inline int64_t grasp__tree_begin(const grasp__tree *t, int64_t h)
{
    __extension__ typedef unsigned __int128 wide;
    int64_t level = grasp__tree_level(h);
    return (int64_t)((wide)t->n * (wide)(h - ((int64_t)1 << level)) >> level);
}

static inline int64_t grasp__tree_end(const grasp__tree *t, int64_t h)
{
    __extension__ typedef unsigned __int128 wide;
    int64_t level = grasp__tree_level(h);
    return (int64_t)((wide)t->n * (wide)(h - ((int64_t)1 << level) + 1) >> level);
}

static inline int64_t grasp__tree_multiplicity(const grasp__tree *t, int64_t place)
{
    return t->multiplicity != NULL ? t->multiplicity[t->sample[place]] : 1;
}

static inline const double *grasp__tree_box(const grasp__tree *t, int64_t h)
{
    return t->box + h * 2 * t->p;
}

/* A squared distance at most and at least, of any point of one box from any point of another. A point is a box with
 * `high` = `low`. */
typedef struct grasp__tree_span {
    double least, greatest;
} grasp__tree_span;

static inline grasp__tree_span grasp__tree_between(int64_t p, const double *a_low, const double *a_high,
                                                   const double *b_low, const double *b_high)
{
    grasp__tree_span s = {0, 0};
    for (int64_t k = 0; k < p; k++) {
        double up = b_high[k] - a_low[k], down = a_high[k] - b_low[k];
        double above = b_low[k] - a_high[k], below = a_low[k] - b_high[k];
        double far = up > down ? up : down, near = above > below ? above : below; /* near < 0: they overlap */
        near = near > 0 ? near : 0;
        s.least += near * near;
        s.greatest += far * far;
    }
    return s;
}

static inline grasp__tree_span grasp__tree_boxes(const grasp__tree *t, int64_t a, int64_t b)
{
    const double *x = grasp__tree_box(t, a), *y = grasp__tree_box(t, b);
    return grasp__tree_between(t->p, x, x + t->p, y, y + t->p);
}

static inline grasp__tree_span grasp__tree_point(const grasp__tree *t, int64_t place, int64_t b)
{
    const double *x = t->x + place * t->p, *y = grasp__tree_box(t, b);
    return grasp__tree_between(t->p, x, x, y, y + t->p);
}

static inline double grasp__tree_square(const grasp__tree *t, int64_t a, int64_t b)
{
    const double *x = t->x + a * t->p, *y = t->x + b * t->p;
    double s = 0;
    for (int64_t k = 0; k < t->p; k++)
        s += (x[k] - y[k]) * (x[k] - y[k]);
    return s;
}

/* A node that a walk has yet to visit, and how far it is from where the walk comes from. */
typedef struct grasp__tree_stop {
    int64_t h;
    grasp__tree_span span;
} grasp__tree_stop;

/* Puts the children of h that may hold points within eps of node `from` on the stack, the nearer on top. */
static inline int64_t grasp__tree_descend(const grasp__tree *t, int64_t from, int64_t h, grasp__tree_stop *stack,
                                          int64_t top)
{
    grasp__tree_stop left = {2 * h, grasp__tree_boxes(t, from, 2 * h)};
    grasp__tree_stop right = {2 * h + 1, grasp__tree_boxes(t, from, 2 * h + 1)};
    bool swap = left.span.least < right.span.least;
    grasp__tree_stop near = swap ? left : right, far = swap ? right : left;
    if (far.span.least <= t->maybe)
        stack[top++] = far;
    if (near.span.least <= t->maybe)
        stack[top++] = near;
    return top;
}

/* The truth, counted. */
bool grasp__tree_decide(grasp__tree *t, int64_t a, int64_t b, double square, int32_t worker);

/* Is a point in place a within eps of another in place b, their squared distance being `square` <= t->maybe? */
static inline bool grasp__tree_within(grasp__tree *t, int64_t a, int64_t b, double square, int32_t worker)
{
    return square <= t->surely || grasp__tree_decide(t, a, b, square, worker);
}

grasp_status grasp__tree_build(grasp__tree *t);   /* fills box, weight, solid; moves x and sample; O(n p log n) */
grasp_status grasp__tree_count(grasp__tree *t);   /* fills core */
grasp_status grasp__tree_connect(grasp__tree *t); /* fills parent, member and uniform */
grasp_status grasp__tree_border(grasp__tree *t);  /* cores bear their label, the others get theirs */

/* Operations on a coordinate that counting takes for one leaf; stops at `most`. */
double grasp__tree_leaf_work(grasp__tree *t, int64_t h, double most, int32_t worker);
/* Is the tree, once built, cheaper than pairs? */
bool grasp__tree_pays(grasp__tree *t);

#endif
