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
enum { DECISIONS_SHARE = 64 }; /* more decisions than one pair in so many cost more than a tile in float64 */
enum { UNSURE = 255 }; /* of a guess; a level is at most n_eps <= 255, and as a guess 255 is only slower */

static int64_t tiles_before(int64_t blocks, int64_t wave)
{
    int64_t sum = 0;
    for (int64_t w = 0; w < wave; w++)
        sum += grasp__wave_size(blocks, w);
    return sum;
}

int64_t grasp__levels_bytes(int64_t n)
{
    int64_t blocks = grasp__wave_blocks(n), bytes;
    bool fits = blocks < INT32_MAX && grasp__mul_i64(blocks * (blocks + 1) / 2, TILE_BYTES, &bytes);
    return fits ? bytes : INT64_MAX;
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
    for (int32_t k = 0; k <= BUCKETS; k++) { /* the last for values that round up to it */
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

/* A tile of values under way to levels. */
typedef struct drawing {
    int64_t i, ni, j, nj;
    const double *value;
    double half_width;
    grasp__reader *reader;
    uint8_t *level; /* rows GRASP__TILE apart */
} drawing;

/* Guesses all levels above the diagonal; returns how many values a radius is too near to. */
static int64_t guess_levels(const grasp__levels *levels, const drawing *t)
{
    bool guesses = t->half_width <= levels->guess_width && isfinite(levels->guess_scale);
    double limit = levels->guess_limit, beyond = limit + t->half_width;
    int64_t unsure = 0;
    for (int64_t a = 0; a < t->ni; a++)
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++) {
            double value = t->value[a * t->nj + b];
            uint8_t level = UNSURE;
            if (value > beyond)
                level = (uint8_t)levels->n_eps;
            else if (guesses && value < limit)
                level = levels->guess[(int32_t)(value * levels->guess_scale)];
            if (level == UNSURE) {
                int32_t first = first_at_least(levels->eps, levels->n_eps, value - t->half_width);
                if (first == levels->n_eps || levels->eps[first] > value + t->half_width)
                    level = (uint8_t)first;
                else
                    unsure++;
            }
            t->level[a * GRASP__TILE + b] = level;
        }
    return unsure;
}

static void decide_levels(const grasp__levels *levels, const drawing *t)
{
    for (int64_t a = 0; a < t->ni; a++)
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++)
            if (t->level[a * GRASP__TILE + b] == UNSURE)
                t->level[a * GRASP__TILE + b] =
                    decide(levels, t->reader, t->i + a, t->j + b, t->value[a * t->nj + b], t->half_width);
}

static grasp_status fill_tile(void *arg, int64_t index, int32_t worker)
{
    const grasp__levels *levels = arg;
    int64_t block_i, block_j, unsure;
    grasp__wave_pair(levels->blocks, levels->wave, index, &block_i, &block_j);
    double *values = levels->values + (int64_t)worker * TILE_BYTES;
    drawing t = {.i = block_i * GRASP__TILE,
                 .ni = grasp__levels_block(levels, block_i),
                 .j = block_j * GRASP__TILE,
                 .nj = grasp__levels_block(levels, block_j),
                 .value = values,
                 .reader = levels->reader[worker],
                 .level = levels->wave_tiles + index * TILE_BYTES};
    if (levels->rough) {
        grasp__reader_rough(t.reader, levels->rough_rows, t.i, t.ni, t.j, t.nj, values, &t.half_width);
        unsure = guess_levels(levels, &t);
    }
    if (!levels->rough || unsure > t.ni * t.nj / DECISIONS_SHARE) {
        grasp__reader_tile(t.reader, t.i, t.ni, t.j, t.nj, values, &t.half_width);
        unsure = guess_levels(levels, &t);
    }
    if (unsure > 0)
        decide_levels(levels, &t);
    for (int64_t a = 0; block_i == block_j && a < t.ni; a++) {
        for (int64_t b = 0; b < a; b++)
            t.level[a * GRASP__TILE + b] = t.level[b * GRASP__TILE + a];
        t.level[a * GRASP__TILE + a] = 0;
    }
    return levels->then != NULL ? levels->then(levels->then_arg, index, worker) : GRASP_OK;
}

grasp_status grasp__levels_wave(grasp_context *ctx, grasp__levels *levels, int64_t wave, grasp__task then_or_null,
                                void *arg)
{
    int64_t before = levels->keeps ? tiles_before(levels->blocks, wave) : 0;
    levels->wave = wave;
    levels->wave_tiles = levels->tiles + before * TILE_BYTES;
    levels->then = then_or_null;
    levels->then_arg = arg;
    const int64_t size = grasp__wave_size(levels->blocks, wave);
    if (wave < levels->filled)
        return then_or_null != NULL ? grasp__parallel(ctx, size, then_or_null, arg) : GRASP_OK;
    grasp_status s = grasp__parallel(ctx, size, fill_tile, levels);
    if (s == GRASP_OK && levels->keeps)
        levels->filled = wave + 1;
    return s;
}

void grasp__levels_row(const grasp__levels *levels, int64_t i, uint8_t *level)
{
    int64_t block = i / GRASP__TILE, at = i % GRASP__TILE;
    for (int64_t other = 0; other < levels->blocks; other++) {
        bool first = block <= other;
        int64_t t, wave = grasp__wave_of(levels->blocks, first ? block : other, first ? other : block, &t);
        const uint8_t *tile = levels->tiles + (tiles_before(levels->blocks, wave) + t) * TILE_BYTES;
        for (int64_t b = 0; b < grasp__levels_block(levels, other); b++)
            level[other * GRASP__TILE + b] = first ? tile[at * GRASP__TILE + b] : tile[b * GRASP__TILE + at];
    }
}

/* Do rows in float32 fit what is left of the budget? */
static bool affords_rough(const grasp__space *space, int64_t budget)
{
    int64_t values;
    return grasp__mul_i64(space->n, space->p, &values) && values <= budget / (int64_t)sizeof(float);
}

/* Rows in float32, if what is left of the budget and the limit admit them. */
static grasp_status make_rough(grasp_context *ctx, grasp__levels *levels, int64_t budget)
{
    grasp__space space = grasp__distances_space(levels->d);
    levels->rough = grasp__space_has_rough(&space);
    if (!levels->rough || !affords_rough(&space, budget))
        return GRASP_OK;
    grasp_status s = grasp__distances_rough_rows(ctx, levels->d, &levels->rough_rows);
    return s == GRASP_E_MEMLIMIT ? GRASP_OK : s;
}

/* Room for all tiles if the budget and the limit admit it, else for the largest wave. */
static grasp_status make_room(grasp_context *ctx, grasp__levels *levels, int64_t budget)
{
    int64_t all = grasp__levels_bytes(levels->n);
    grasp_status s = GRASP_OK;
    if (all <= budget) {
        s = grasp__alloc(ctx, all, 1, &levels->tiles);
        levels->keeps = s == GRASP_OK;
    }
    if (!levels->keeps && (s == GRASP_OK || s == GRASP_E_MEMLIMIT))
        s = grasp__alloc(ctx, levels->blocks / 2 + 1, TILE_BYTES, &levels->tiles);
    if (s == GRASP_OK)
        s = make_rough(ctx, levels, budget - (levels->keeps ? all : 0));
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
        s = grasp__alloc(ctx, BUCKETS + 1, 1, &levels->guess);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *levels->reader, &levels->reader);
    for (int32_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__reader_create(ctx, d, &levels->reader[w]);
    if (s == GRASP_OK)
        s = make_room(ctx, levels, budget);
    if (s == GRASP_OK)
        make_guesses(levels,
                     fmax(1e-9 * eps[n_eps - 1], levels->rough ? grasp__rough_half_width(d) * (1 + 1e-9) : 0));
    return s;
}

uint64_t grasp__levels_price(grasp_context *ctx, const grasp__space *space, int64_t budget)
{
    int64_t workers = grasp__workers(ctx), all = grasp__levels_bytes(space->n);
    bool keeps = all <= budget;
    uint64_t making, sum = grasp__price(workers, sizeof(double) * TILE_BYTES);
    grasp__price_add(&sum, BUCKETS + 1, 1);
    grasp__price_add(&sum, workers, sizeof(grasp__reader *));
    for (int64_t w = 0; w < workers; w++)
        sum = grasp__price_sum(sum, grasp__reader_price(space));
    sum = grasp__price_sum(sum, keeps ? grasp__price(all, 1)
                                      : grasp__price(grasp__wave_blocks(space->n) / 2 + 1, TILE_BYTES));
    if (!grasp__space_has_rough(space) || !affords_rough(space, budget - (keeps ? all : 0)))
        return sum;
    grasp__rough_rows_price(ctx, space, &making);
    return grasp__price_sum(sum, making);
}

void grasp__levels_close(grasp_context *ctx, grasp__levels *levels)
{
    for (int32_t w = 0; levels->reader != NULL && w < grasp__workers(ctx); w++)
        grasp__reader_free(levels->reader[w]);
    grasp__free(levels->reader);
    grasp__free(levels->rough_rows);
    grasp__free(levels->guess);
    grasp__free(levels->values);
    grasp__free(levels->tiles);
}
