/* SPDX-License-Identifier: BSD-3-Clause
 * sweep, private: a minimum spanning forest under whole-number weights that takes edges in any order.
 */
#ifndef GRASP__SWEEP_FOREST_H
#define GRASP__SWEEP_FOREST_H

#include "base/base.h"

enum { GRASP__NO_LINK = 255 }; /* above every weight */

/* Nodes with equal representatives at weight w are joined by edges of weight w or less. */
typedef struct grasp__forest {
    int64_t n;
    const int32_t *rank;  /* a random permutation of the nodes: parents outrank their children */
    const int32_t *order; /* nodes from the highest rank down */
    int32_t *parent;      /* itself at a root */
    uint8_t *link;        /* weight of the edge to the parent */
} grasp__forest;

/* rank and order (n each) for any number of forests over n nodes. */
grasp_status grasp__forest_ranks(grasp_context *ctx, int64_t n, int32_t **rank, int32_t **order);
grasp_status grasp__forest_open(grasp_context *ctx, grasp__forest *forest, int64_t n, const int32_t *rank,
                                const int32_t *order);
void grasp__forest_close(grasp__forest *forest);
/* Expected O(log n) for each weight that it displaces. weight < GRASP__NO_LINK. */
void grasp__forest_insert(grasp__forest *forest, int32_t u, int32_t v, uint8_t weight);
/* Representatives at ascending weights: each weight only joins those of the one before. root and up: n each. */
typedef struct grasp__forest_climb {
    int32_t *root, *up;
    int64_t roots;      /* topmost nodes at the weight before, from the highest rank down */
    const int32_t *top; /* representatives there; NULL: every node its own */
} grasp__forest_climb;
void grasp__forest_start(const grasp__forest *forest, grasp__forest_climb *climb);
/* Representatives at `weight`, not below the one before, into top (n), which must live until the next weight. O(n). */
void grasp__forest_tops(const grasp__forest *forest, uint8_t weight, grasp__forest_climb *climb, int32_t *top);

#endif
