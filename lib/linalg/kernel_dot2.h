/* SPDX-License-Identifier: BSD-3-Clause
 * The lanes of Dot2, written once for every instruction set: a template without an include guard.
 *
 * The including file defines VECTOR, LANES (a divisor of 8) and FMA(x, y, z) of doubles, exactly rounded, and DOT2,
 * the function's name. Every operation is one of IEEE 754 and its operands do not depend on LANES, so all variants give
 * equal bits. The last n mod 8 terms are padded with zeros, which change nothing.
 */

#define PARTS (GRASP__DOT2_LANES / LANES)

typedef double dot2_loose __attribute__((vector_size(LANES * 8), aligned(8), may_alias));
typedef long long dot2_bits __attribute__((vector_size(LANES * 8)));

typedef struct dot2_state {
    VECTOR high[PARTS], low[PARTS], magnitude[PARTS];
} dot2_state;

/* Eight terms. TwoProd by FMA, TwoSum by Knuth. */
static inline __attribute__((always_inline)) void dot2_step(dot2_state *s, const double *x, const double *y)
{
    UNROLL
    for (int i = 0; i < PARTS; i++) {
        VECTOR a = *(const dot2_loose *)(x + i * LANES), b = *(const dot2_loose *)(y + i * LANES);
        VECTOR product = a * b, product_error = FMA(a, b, -product);
        VECTOR sum = s->high[i] + product, part = sum - s->high[i];
        VECTOR sum_error = (s->high[i] - (sum - part)) + (product - part);
        s->high[i] = sum;
        s->low[i] += sum_error + product_error;
        s->magnitude[i] += (VECTOR)((dot2_bits)product & 0x7fffffffffffffffLL);
    }
}

void DOT2(const double *x, const double *y, int64_t n, grasp__dot2_lanes *out)
{
    dot2_state s = {0};
    int64_t i = 0;
    for (; i + GRASP__DOT2_LANES <= n; i += GRASP__DOT2_LANES)
        dot2_step(&s, x + i, y + i);
    if (i < n) {
        double last_x[GRASP__DOT2_LANES] = {0}, last_y[GRASP__DOT2_LANES] = {0};
        memcpy(last_x, x + i, (size_t)(n - i) * sizeof(double));
        memcpy(last_y, y + i, (size_t)(n - i) * sizeof(double));
        dot2_step(&s, last_x, last_y);
    }
    memcpy(out->high, s.high, sizeof(out->high));
    memcpy(out->low, s.low, sizeof(out->low));
    memcpy(out->magnitude, s.magnitude, sizeof(out->magnitude));
}

#undef PARTS
#undef VECTOR
#undef LANES
#undef FMA
#undef DOT2
