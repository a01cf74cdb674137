/* SPDX-License-Identifier: BSD-3-Clause
 * What mode=robust takes at most, from shapes alone: the sum of all that the pair of the two largest classes may hold,
 * as if nothing were given back before its end. O(1).
 */
#include "infer/robust.h"

static void add(uint64_t *sum, int count, int64_t n, size_t size)
{
    while (count-- > 0)
        grasp__price_add(sum, n, size);
}

static void add_values(uint64_t *sum, int64_t rows, int64_t columns)
{
    *sum = grasp__price_sum(*sum, grasp__price_values(rows, columns, sizeof(double)));
}

/* One cross-fit of n rows of q values. */
static void add_crossfit(uint64_t *sum, int64_t n, int64_t q, int64_t workers)
{
    enum { MOST_TASKS = 15, MOST_REPEATS = 3 };
    add(sum, 2 + 2 * MOST_REPEATS, n, sizeof(int64_t)); /* fold, member, order, score */
    add(sum, 1, MOST_TASKS * (q + 2), sizeof(double));
    add(sum, (int)workers, n, sizeof(int64_t));
    add(sum, (int)workers, grasp__logit_scratch(q), sizeof(double));
}

uint64_t grasp__robust_price(grasp_context *ctx, const grasp_gradients *g, int64_t n, int64_t n_pair, int64_t n_classes)
{
    enum { WIDE = 100, COMPONENTS = 64, CHUNK = 256, CURVED = 33, BUMPS = 64, NEAR = 32 };
    int64_t d = grasp__gradients_dim(g), workers = grasp__workers(ctx);
    if (grasp__gradients_is_factored(g)) {
        grasp__layer_shape shape;
        grasp__gradients_layer_shape(g, grasp__gradients_n_layers(g) - 1, &shape);
        d = shape.inputs;
    }
    int64_t q = d > WIDE ? WIDE + 1 : d + 1;
    uint64_t sum = 0;
    add_values(&sum, n, d);
    add(&sum, 1, CHUNK + grasp__gradients_dim(g) + 3 * d, sizeof(double)); /* reading */
    add(&sum, 3, n, sizeof(double));
    add_values(&sum, n_pair, d);
    add_values(&sum, n_pair, q);
    if (d > WIDE) {
        add_values(&sum, d, d);
        add_values(&sum, 2 * COMPONENTS + CHUNK, d);
    }
    if (q <= CURVED)
        add_values(&sum, n_pair, q + BUMPS);
    add(&sum, 60, n_pair, sizeof(double));
    add_values(&sum, n_pair, q); /* without suspects, or a half of the samples */
    add_values(&sum, n_pair, q); /* a class, whose neighbours are looked for */
    add_values(&sum, n_pair, d); /* the same with those that were not learned from */
    add(&sum, NEAR, n_pair, sizeof(int64_t));
    add_values(&sum, 32 * workers, n_pair);
    add(&sum, 8, q, sizeof(double));
    add(&sum, (int)workers, grasp__logit_scratch(q), sizeof(double));
    add_crossfit(&sum, n_pair, q <= CURVED ? q + BUMPS : q, workers);
    add_values(&sum, n_classes * n_classes, d + 4); /* rules */
    return sum;
}
