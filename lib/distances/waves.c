/* SPDX-License-Identifier: BSD-3-Clause
 * A schedule of all pairs of blocks, each pair once, in waves that can run in parallel.
 *
 * Of B blocks, wave w in [0, B) holds the pairs I <= J with I + J = w (mod B). Block I meets in it only block w - I, so
 * tasks of one wave never share a block: each may write to places of its own two blocks, and whatever is accumulated
 * there comes in the order of the waves, for any number of threads. (The circle method of round-robin tournaments.)
 */
#include "distances/distances.h"

int64_t grasp__wave_blocks(int64_t n)
{
    return n / GRASP__TILE + (n % GRASP__TILE != 0);
}

/* Pairs with I + J = wave: I = 0 .. wave / 2. */
static int64_t low_pairs(int64_t wave)
{
    return wave / 2 + 1;
}

int64_t grasp__wave_size(int64_t blocks, int64_t wave)
{
    /* Pairs with I + J = wave + blocks: I = wave + 1 .. (wave + blocks) / 2. */
    return low_pairs(wave) + (wave + blocks) / 2 - wave;
}

void grasp__wave_pair(int64_t blocks, int64_t wave, int64_t t, int64_t *i, int64_t *j)
{
    bool low = t < low_pairs(wave);
    *i = low ? t : wave + 1 + t - low_pairs(wave);
    *j = low ? wave - *i : wave + blocks - *i;
}

int64_t grasp__wave_of(int64_t blocks, int64_t i, int64_t j, int64_t *t)
{
    bool low = i + j < blocks;
    int64_t wave = low ? i + j : i + j - blocks;
    *t = low ? i : i - wave - 1 + low_pairs(wave);
    return wave;
}
