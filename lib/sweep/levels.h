/* SPDX-License-Identifier: BSD-3-Clause
 * sweep, private: the level of every pair, the lowest radius of the grid whose ball holds it.
 */
#ifndef GRASP__SWEEP_LEVELS_H
#define GRASP__SWEEP_LEVELS_H

#include "distances/distances.h"

enum { GRASP__MAX_RADII = 255 }; /* a level is a byte; the number of radii itself means "in none" */

/* Levels by tiles of TILE x TILE bytes (row a, column b of blocks i and j at a * TILE + b), wave by wave. */
typedef struct grasp__levels {
    const grasp_distances *d;
    const double *eps; /* ascending */
    int32_t n_eps;
    int64_t n, blocks;
    uint8_t *tiles;         /* of all waves, or of the current one */
    bool keeps;             /* all waves */
    int64_t filled;         /* waves below are in `tiles`, when it keeps them */
    int64_t wave;           /* the current wave */
    uint8_t *wave_tiles;    /* its tiles */
    grasp__task then;       /* what is done with each, and its argument */
    void *then_arg;
    grasp__reader **reader; /* one a worker */
    double *values;         /* one tile a worker */
    bool rough;             /* tiles are rough at first */
    float *rough_rows;      /* for them, or NULL */
    uint8_t *guess;         /* level by bucket of distance; UNSURE where a radius is near */
    double guess_limit, guess_scale, guess_width;
} grasp__levels;

/* Keeps all levels, and then rows in float32, while they take at most `budget` bytes and the memory limit admits them:
 * so it is called after all other allocations of a run. */
grasp_status grasp__levels_open(grasp_context *ctx, grasp__levels *levels, const grasp_distances *d, const double *eps,
                                int32_t n_eps, int64_t budget);
void grasp__levels_close(grasp_context *ctx, grasp__levels *levels);
/* Makes `wave` the current one: computes its tiles, in parallel, unless they are kept from before. then_or_null(arg,
 * tile, worker) follows on each at once, so that one loop does both. */
grasp_status grasp__levels_wave(grasp_context *ctx, grasp__levels *levels, int64_t wave, grasp__task then_or_null,
                                void *arg);
/* Levels of all pairs of sample i, when all waves are kept and filled. O(n + blocks^2). */
void         grasp__levels_row(const grasp__levels *levels, int64_t i, uint8_t *level);
/* Bytes of the tiles when all are kept; INT64_MAX where that is out of reach. */
int64_t  grasp__levels_bytes(int64_t n);
/* Bytes at most, while they are opened or afterwards. */
uint64_t grasp__levels_price(grasp_context *ctx, const grasp__space *space, int64_t budget);

static inline const uint8_t *grasp__levels_tile(const grasp__levels *levels, int64_t t)
{
    return levels->wave_tiles + t * GRASP__TILE * GRASP__TILE;
}

static inline int64_t grasp__levels_block(const grasp__levels *levels, int64_t block)
{
    int64_t left = levels->n - block * GRASP__TILE;
    return left < GRASP__TILE ? left : GRASP__TILE;
}

#endif
