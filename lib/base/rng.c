/* SPDX-License-Identifier: BSD-3-Clause
 * Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011).
 *
 * Key: the seed. Counter: words 2 and 3 the item; word 1 the purpose in its low half; word 0, carrying into the upper
 * half of word 1, the number of the block of four outputs. So a stream has 2^48 blocks and no two (purpose, item) share
 * one.
 */
#include "base/base.h"

#include <math.h>

static void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void grasp__rng_init(grasp__rng *rng, uint64_t seed, uint32_t purpose, uint64_t item)
{
    *rng = (grasp__rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, purpose, (uint32_t)item, (uint32_t)(item >> 32)},
    };
}

uint32_t grasp__rng_u32(grasp__rng *rng)
{
    if (rng->left == 0) {
        philox(rng->key, rng->counter, rng->output);
        rng->left = 4;
        if (++rng->counter[0] == 0)
            rng->counter[1] += 0x10000u;
    }
    return rng->output[4 - rng->left--];
}

uint64_t grasp__rng_u64(grasp__rng *rng)
{
    uint64_t low = grasp__rng_u32(rng);
    return low | (uint64_t)grasp__rng_u32(rng) << 32;
}

double grasp__rng_uniform(grasp__rng *rng)
{
    return (double)(grasp__rng_u64(rng) >> 11) * 0x1p-53;
}

int64_t grasp__rng_below(grasp__rng *rng, int64_t n)
{
    if (n <= 1)
        return 0;
    uint64_t m = (uint64_t)n, r;
    uint64_t uneven = (0 - m) % m; /* 2^64 mod n: the draws that would favour small results */
    do
        r = grasp__rng_u64(rng);
    while (r < uneven);
    return (int64_t)(r % m);
}

double grasp__rng_normal(grasp__rng *rng)
{
    double radius = sqrt(-2 * log(1 - grasp__rng_uniform(rng))); /* 1 - u lies in (0, 1] */
    return radius * cos(6.283185307179586476925 * grasp__rng_uniform(rng));
}

void grasp__rng_shuffle(grasp__rng *rng, int64_t *v, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = grasp__rng_below(rng, i + 1);
        int64_t kept = v[i];
        v[i] = v[j];
        v[j] = kept;
    }
}
