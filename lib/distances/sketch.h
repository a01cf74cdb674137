/* SPDX-License-Identifier: BSD-3-Clause
 * distances, for this room alone: rows in eight bits.
 */
#ifndef GRASP__DISTANCES_SKETCH_H
#define GRASP__DISTANCES_SKETCH_H

#include "distances/distances.h"

enum { GRASP__SKETCH_MAX_P = 1 << 24 }; /* what the bounds are proven for */

typedef struct grasp__sketch {
    const grasp__sketch_kernels *kernels;
    int64_t            n, stride; /* bytes of a row: p rounded up to groups of four */
    bool               has_heads; /* leading coordinates; else they are all 0 */
    int32_t            levels;    /* greatest magnitude of a signed byte */
    uint8_t           *bytes;     /* n x stride, value + levels + 1 */
    grasp__sketch_row *row;       /* n */
    int32_t           *place;     /* n: where a sample's row stands; NULL: samples stand in their own order */
} grasp__sketch;

static inline int64_t grasp__sketch_place(const grasp__sketch *sketch, int64_t sample)
{
    return sketch->place ? sketch->place[sample] : sample;
}

static inline int64_t grasp__sketch_stride(int64_t p)
{
    return (p + 3) / 4 * 4;
}

/* Are there rows enough, and are they short enough, for leading coordinates? */
bool         grasp__sketch_has_heads(const grasp_distances *d);
/* Sketches all rows of a cosine or euclidean space; O(n p), parallel. eps fills the thresholds. */
grasp_status grasp__sketch_create(grasp_context *ctx, const grasp_distances *d, double eps, grasp__sketch **out);
/* *making: at most meanwhile; returns what stays. */
uint64_t     grasp__sketch_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making);
void         grasp__sketch_free(grasp__sketch *sketch);

#endif
