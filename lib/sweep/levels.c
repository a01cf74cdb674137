/* SPDX-License-Identifier: BSD-3-Clause
 * The level of every pair of samples: the lowest index of an ascending list of radii whose ball holds the pair.
 *
 * A tile's value decides a pair for every radius that is further than the half-width away; the others, few, are asked
 * for one by one. All that a sweep needs of a pair is this byte, so n^2 / 2 bytes serve every setting; where they are
 * too many, each pass computes its tiles again. A table over buckets of distance gives the level of most values in one
 * look-up.
 * O(n^2 p) time a pass, or once when kept.
 */
#include "sweep/levels.h"

#include <math.h>

enum { BUCKETS = 4096, TILE_BYTES = GRASP__TILE * GRASP__TILE };
enum { UNSURE = 255 }; /* of a guess; a level is at most n_eps <= 255, and as a guess 255 is only slower */

static int64_t tiles_before(int64_t blocks, int64_t wave)
{
    int64_t sum = 0;
    for (int64_t w = 0; w < wave; w++)
        sum += grasp__wave_size(blocks, w);
    return sum;
}

grasp_status grasp__levels_bytes(grasp_context *ctx, int64_t n, int64_t *out)
{
    int64_t blocks = grasp__wave_blocks(n), tiles;
    grasp_status s = grasp__pairs(ctx, blocks + 1, &tiles);
    return s == GRASP_OK ? grasp__check_product(ctx, tiles, TILE_BYTES, "bytes of levels", out) : s;
}

/* First index whose radius is at least x. */
static int32_t first_at_least(const double *eps, int32_t n_eps, double x)
{
    int32_t lo = 0, hi = n_eps;
    while (lo < hi) {
        int32_t middle = (lo + hi) / 2;
        if (eps[middle] >= x)
            hi = middle;
        else
            lo = middle + 1;
    }
    return lo;
}

/* Buckets whose values, up to `width` off, all lie between the same two radii know their level. */
static void make_guesses(grasp__levels *levels, double width)
{
    double limit = levels->eps[levels->n_eps - 1];
    levels->guess_width = width;
    levels->guess_limit = limit;
    levels->guess_scale = BUCKETS / limit;
    for (int32_t k = 0; k < BUCKETS; k++) {
        double lo = limit * (k - 0.01) / BUCKETS - width, hi = limit * (k + 1.01) / BUCKETS + width;
        int32_t first = first_at_least(levels->eps, levels->n_eps, lo);
        levels->guess[k] = first == first_at_least(levels->eps, levels->n_eps, hi) ? (uint8_t)first : UNSURE;
    }
}

static uint8_t decide(const grasp__levels *levels, grasp__reader *reader, int64_t i, int64_t j, double value,
                      double half_width)
{
    int32_t level = first_at_least(levels->eps, levels->n_eps, value - half_width);
    while (level < levels->n_eps && levels->eps[level] <= value + half_width &&
           !grasp__reader_within(reader, i, j, levels->eps[level]))
        level++;
    return (uint8_t)level;
}

static grasp_status fill_tile(void *arg, int64_t index, int32_t worker)
{
    const grasp__levels *levels = arg;
    int64_t block_i, block_j;
    grasp__wave_pair(levels->blocks, levels->wave, index, &block_i, &block_j);
    int64_t i = block_i * GRASP__TILE, j = block_j * GRASP__TILE;
    int64_t ni = grasp__levels_block(levels, block_i), nj = grasp__levels_block(levels, block_j);
    double *values = levels->values + (int64_t)worker * TILE_BYTES, half_width;
    uint8_t *tile = levels->wave_tiles + index * TILE_BYTES;
    grasp__reader *reader = levels->reader[worker];

    grasp__reader_tile(reader, i, ni, j, nj, values, &half_width);
    bool guesses = half_width <= levels->guess_width && isfinite(levels->guess_scale);
    uint8_t beyond = (uint8_t)levels->n_eps;
    for (int64_t a = 0; a < ni; a++)
        for (int64_t b = block_i == block_j ? a + 1 : 0; b < nj; b++) {
            double value = values[a * nj + b];
            uint8_t level = UNSURE;
            if (value - half_width > levels->guess_limit)
                level = beyond;
            else if (guesses && value > 0 && value < levels->guess_limit)
                level = levels->guess[(int32_t)(value * levels->guess_scale)];
            if (level == UNSURE)
                level = decide(levels, reader, i + a, j + b, value, half_width);
            tile[a * GRASP__TILE + b] = level;
        }
    for (int64_t a = 0; block_i == block_j && a < ni; a++) {
        for (int64_t b = 0; b < a; b++)
            tile[a * GRASP__TILE + b] = tile[b * GRASP__TILE + a];
        tile[a * GRASP__TILE + a] = 0;
    }
    return GRASP_OK;
}

grasp_status grasp__levels_wave(grasp_context *ctx, grasp__levels *levels, int64_t wave)
{
    int64_t before = levels->keeps ? tiles_before(levels->blocks, wave) : 0;
    levels->wave = wave;
    levels->wave_tiles = levels->tiles + before * TILE_BYTES;
    if (wave < levels->filled)
        return GRASP_OK;
    grasp_status s = grasp__parallel(ctx, grasp__wave_size(levels->blocks, wave), fill_tile, levels);
    if (s == GRASP_OK && levels->keeps)
        levels->filled = wave + 1;
    return s;
}

/* Room for all tiles if the budget and the limit admit it, else for the largest wave. */
static grasp_status make_room(grasp_context *ctx, grasp__levels *levels, int64_t budget)
{
    int64_t all;
    grasp_status s = grasp__levels_bytes(ctx, levels->n, &all);
    if (s == GRASP_OK && all <= budget) {
        s = grasp__alloc(ctx, all, 1, &levels->tiles);
        levels->keeps = s == GRASP_OK;
    }
    if ((s == GRASP_OK && !levels->keeps) || s == GRASP_E_MEMLIMIT || s == GRASP_E_OVERFLOW)
        s = grasp__alloc(ctx, levels->blocks / 2 + 1, TILE_BYTES, &levels->tiles);
    return s;
}

grasp_status grasp__levels_open(grasp_context *ctx, grasp__levels *levels, const grasp_distances *d, const double *eps,
                                int32_t n_eps, int64_t budget)
{
    int32_t workers = grasp__workers(ctx);
    *levels = (grasp__levels){.d = d, .eps = eps, .n_eps = n_eps, .n = grasp__distances_count(d)};
    levels->blocks = grasp__wave_blocks(levels->n);
    grasp_status s = grasp__alloc(ctx, workers, sizeof *levels->values * TILE_BYTES, &levels->values);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, BUCKETS, 1, &levels->guess);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *levels->reader, &levels->reader);
    for (int32_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__reader_create(ctx, d, &levels->reader[w]);
    if (s == GRASP_OK)
        s = make_room(ctx, levels, budget);
    if (s == GRASP_OK)
        make_guesses(levels, 1e-9 * eps[n_eps - 1]);
    return s;
}

void grasp__levels_close(grasp_context *ctx, grasp__levels *levels)
{
    for (int32_t w = 0; levels->reader != NULL && w < grasp__workers(ctx); w++)
        grasp__reader_free(levels->reader[w]);
    grasp__free(levels->reader);
    grasp__free(levels->guess);
    grasp__free(levels->values);
    grasp__free(levels->tiles);
}
