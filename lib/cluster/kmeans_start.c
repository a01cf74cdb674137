/* SPDX-License-Identifier: BSD-3-Clause
 * k-means++ (Arthur and Vassilvitskii 2007): the first centre is a random row, each further one a row drawn with
 * probability proportional to its squared distance from the nearest centre so far. Expected inertia within O(log k) of
 * the optimum. O(n k p).
 * A restart has its own random stream, so restarts do not depend on each other.
 */
#include "cluster/kmeans.h"

/* w->k counts the centres so far; the newest is the last. */
static grasp_status approach_task(void *arg, int64_t chunk, int32_t worker)
{
    grasp__lloyd *w = arg;
    int64_t first;
    double *row;
    const double *newest = w->center + (w->k - 1) * w->p;
    for (int64_t i = 0, n = grasp__lloyd_block(w, chunk, worker, &first, &row); i < n; i++) {
        double v = grasp__squared_difference(row + i * w->p, newest, w->p);
        if (w->k == 1 || v < w->distance[first + i])
            w->distance[first + i] = v;
    }
    return GRASP_OK;
}

/* A row drawn by weight times squared distance (or by weight alone); rows at distance 0 only when there are no
 * others. */
static int64_t draw(const grasp__lloyd *w, grasp__rng *rng, bool by_distance)
{
    double total = 0, before = 0;
    for (int64_t i = 0; i < w->n; i++)
        total += grasp__lloyd_weight(w, i) * (by_distance ? w->distance[i] : 1);
    double at = grasp__rng_uniform(rng) * total;
    int64_t last = 0;
    for (int64_t i = 0; i < w->n; i++) {
        double share = grasp__lloyd_weight(w, i) * (by_distance ? w->distance[i] : 1);
        before += share;
        if (share > 0) {
            last = i;
            if (at < before)
                break;
        }
    }
    return last;
}

grasp_status grasp__kmeans_start(grasp_context *ctx, grasp__lloyd *w, int64_t restart)
{
    grasp__rng rng;
    int64_t k = w->k;
    grasp_status s = GRASP_OK;
    grasp__rng_init(&rng, w->seed, GRASP__RNG_KMEANS, (uint64_t)restart);
    for (w->k = 1; s == GRASP_OK && w->k <= k; w->k++) {
        int64_t i = draw(w, &rng, w->k > 1);
        grasp__distances_rows(w->d, i, 1, w->center + (w->k - 1) * w->p);
        s = grasp__lloyd_pass(ctx, w, approach_task);
    }
    w->k = k;
    return s;
}
