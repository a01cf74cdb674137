/* SPDX-License-Identifier: BSD-3-Clause
 * Sums of distances in a cosine space without looking at pairs.
 *
 * For unit rows u (0 for a zero row) sum_{j in C} d_ij = |C| - <u_i, S_C> with S_C = sum of u_j over C; for i's own
 * column that counts i itself, at 1 - <u_i, u_i>, instead of 0. A mean distance below the rounding error of such a
 * difference is 0, or noise would decide between duplicates. O(n K p) time for K columns, O(n K) numbers.
 */
#include "metrics/silhouette.h"

typedef struct from_products {
    grasp__distance_sums *sums;
    double rounding; /* a mean distance below is 0 */
} from_products;

/* Inner products of one block of samples become sums of distances. */
static grasp_status turn_block(void *arg, int64_t index, int32_t worker)
{
    const from_products *f = arg;
    const grasp__distance_sums *s = f->sums;
    int64_t first = index * GRASP__TILE, end = s->n - first < GRASP__TILE ? s->n : first + GRASP__TILE;
    (void)worker;
    for (int64_t i = first; i < end; i++) {
        double *row = s->sums + i * s->count;
        for (int64_t k = 0; k < s->count; k++) {
            double members = (double)s->size[k], sum = members - row[k];
            if (s->of[i] == k) {
                members -= 1;
                sum -= grasp__distances_is_zero(s->d, i) ? 1 : 0;
            }
            row[k] = sum > f->rounding * members ? sum : 0;
        }
    }
    return GRASP_OK;
}

grasp_status grasp__distance_sums_linear(grasp_context *ctx, grasp__distance_sums *sums)
{
    from_products f = {sums, 2 * grasp__gram_error_f64(grasp__distances_dim(sums->d)) + 0x1p-48};
    grasp__stage_mark outer = grasp__stage_begin(ctx, "silhouette", 0, 0.95);
    grasp_status s =
        grasp__distances_class_sums(ctx, sums->d, sums->of, sums->count, sums->columns, sums->sums);
    grasp__stage_end(ctx, outer);
    if (s != GRASP_OK)
        return s;
    outer = grasp__stage_begin(ctx, "silhouette", 0.95, 1);
    s = grasp__parallel(ctx, grasp__wave_blocks(sums->n), turn_block, &f);
    grasp__stage_end(ctx, outer);
    return s;
}
