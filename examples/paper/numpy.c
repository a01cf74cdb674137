/* SPDX-License-Identifier: BSD-3-Clause
 * The random numbers of NumPy's RandomState, on which the published data rest: MT19937 (Matsumoto, Nishimura 1998), its
 * doubles of 53 bits, normals by the polar method (the second of a pair kept), and permutations by Fisher and Yates
 * with masked rejection. The same bits as numpy.random.RandomState(seed), where the C library's log and sqrt agree.
 */
#include "paper.h"

#include <math.h>

enum { WORDS = 624, SHIFT = 397 };

void numpy_seed(numpy_stream *s, uint32_t seed)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        s->word[i] = seed;
        seed = 1812433253u * (seed ^ seed >> 30) + i + 1;
    }
    s->next = WORDS;
    s->has_normal = false;
}

static uint32_t twist(uint32_t high, uint32_t low)
{
    const uint32_t mixed = (high & 0x80000000u) | (low & 0x7fffffffu);
    return mixed >> 1 ^ (low & 1 ? 0x9908b0dfu : 0);
}

static uint32_t draw(numpy_stream *s)
{
    if (s->next == WORDS) {
        for (int i = 0; i < WORDS; i++)
            s->word[i] = s->word[(i + SHIFT) % WORDS] ^ twist(s->word[i], s->word[(i + 1) % WORDS]);
        s->next = 0;
    }
    uint32_t y = s->word[s->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

double numpy_uniform(numpy_stream *s)
{
    const uint32_t high = draw(s) >> 5, low = draw(s) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

double numpy_normal(numpy_stream *s)
{
    double a, b, square;
    if (s->has_normal) {
        s->has_normal = false;
        return s->normal;
    }
    do {
        a = 2 * numpy_uniform(s) - 1;
        b = 2 * numpy_uniform(s) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double scale = sqrt(-2 * log(square) / square);
    s->normal = scale * a;
    s->has_normal = true;
    return scale * b;
}

static uint32_t at_most(numpy_stream *s, uint32_t limit)
{
    uint32_t mask = limit, value;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    do
        value = draw(s) & mask;
    while (value > limit);
    return value;
}

void numpy_permutation(numpy_stream *s, int64_t *order, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = at_most(s, (uint32_t)i), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}
