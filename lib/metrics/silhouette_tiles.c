/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of distances by tiles, whatever the space.
 *
 * Tiles go through in waves (distances/waves.c) whose tasks share no sample: each pair is computed once, and sums come
 * in one order.
 * Euclidean distances of unit rows are sqrt(2 d_cos), but a zero row is 1 from a unit row and 0 from another zero row.
 * A value within its half-width of 0 is 0, or the root would make 1e-8 of a rounding error between duplicates.
 * O(n^2 p) time for any number of columns.
 */
#include "metrics/silhouette.h"

#include <math.h>
#include <string.h>

static int64_t block_length(const grasp__distance_sums *s, int64_t block)
{
    int64_t left = s->n - block * GRASP__TILE;
    return left < GRASP__TILE ? left : GRASP__TILE;
}

/* Cosine distances of a tile become distances of the unit rows. */
static void to_euclidean(const grasp__distance_sums *s, int64_t i, int64_t ni, int64_t j, int64_t nj,
                         double half_width, double *values)
{
    bool zero_column[GRASP__TILE];
    for (int64_t b = 0; b < nj; b++)
        zero_column[b] = grasp__distances_is_zero(s->d, j + b);
    for (int64_t a = 0; a < ni; a++) {
        bool zero_row = grasp__distances_is_zero(s->d, i + a);
        for (int64_t b = 0; b < nj; b++) {
            double *v = &values[a * nj + b];
            if (zero_row || zero_column[b])
                *v = zero_row != zero_column[b];
            else
                *v = *v > half_width ? sqrt(2 * *v) : 0;
        }
    }
}

static grasp_status add_tile(void *arg, int64_t index, int32_t worker)
{
    const grasp__distance_sums *s = arg;
    int64_t block_i, block_j;
    grasp__wave_pair(grasp__wave_blocks(s->n), s->wave, index, &block_i, &block_j);
    int64_t i = block_i * GRASP__TILE, j = block_j * GRASP__TILE;
    int64_t ni = block_length(s, block_i), nj = block_length(s, block_j);
    double *values = s->values + (int64_t)worker * GRASP__TILE * GRASP__TILE, half_width;
    const int32_t *of = s->of;

    grasp__reader_tile(s->reader[worker], i, ni, j, nj, values, &half_width);
    if (s->euclidean)
        to_euclidean(s, i, ni, j, nj, half_width, values);
    for (int64_t a = 0; a < ni; a++) {
        double *row = s->sums + (i + a) * s->count;
        for (int64_t b = 0; b < nj; b++)
            row[of[j + b]] += values[a * nj + b];
    }
    for (int64_t b = 0; block_i != block_j && b < nj; b++) {
        double *row = s->sums + (j + b) * s->count;
        for (int64_t a = 0; a < ni; a++)
            row[of[i + a]] += values[a * nj + b];
    }
    return GRASP_OK;
}

grasp_status grasp__distance_sums_by_tiles(grasp_context *ctx, grasp__distance_sums *sums)
{
    grasp_status s = GRASP_OK;
    int64_t blocks = grasp__wave_blocks(sums->n);
    memset(sums->sums, 0, (size_t)(sums->n * sums->count) * sizeof *sums->sums);
    for (sums->wave = 0; s == GRASP_OK && sums->wave < blocks; sums->wave++) {
        double lo = (double)sums->wave / (double)blocks, hi = (double)(sums->wave + 1) / (double)blocks;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", lo, hi);
        s = grasp__parallel(ctx, grasp__wave_size(blocks, sums->wave), add_tile, sums);
        grasp__stage_end(ctx, outer);
    }
    return s;
}
