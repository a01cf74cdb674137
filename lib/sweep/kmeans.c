/* SPDX-License-Identifier: BSD-3-Clause
 * k-means, or a Gaussian mixture, at every k of a list. O(restarts iterations n k p) for each, a mixture p times that.
 * A k above the number of samples is that number.
 */
#include "sweep/private.h"

static grasp_status run_one(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d, int64_t setting,
                            int64_t *label, grasp__sweep_result *result)
{
    int64_t n = result->n, k = sweep->min_samples[setting];
    grasp__options o = {.owned = NULL};
    k = k < n ? k : n;
    grasp_status s = grasp__params_set_i64(ctx, sweep->centers, GRASP_KEY_K, k);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, sweep->centers, sweep->gmm ? &grasp__gmm_params : &grasp__kmeans_params, &o);
    if (s == GRASP_OK)
        s = sweep->gmm ? grasp__gmm(ctx, d, &o, NULL, label, NULL, NULL, NULL, NULL)
                       : grasp__kmeans(ctx, d, &o, NULL, label, NULL, NULL, NULL);
    grasp__options_close(&o);
    if (s < 0 || s == GRASP_CANCELLED)
        return s;
    int32_t *out = result->label + setting * n;
    int64_t clusters = 0;
    for (int64_t i = 0; i < n; i++) {
        out[i] = (int32_t)label[i];
        clusters = label[i] >= clusters ? label[i] + 1 : clusters;
    }
    result->n_clusters[setting] = clusters;
    result->n_noise[setting] = 0;
    return s;
}

grasp_status grasp__sweep_kmeans(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 grasp__sweep_result *result)
{
    int64_t *label = NULL;
    grasp_status worst = GRASP_OK, s = grasp__alloc(ctx, result->n, sizeof *label, &label);
    for (int64_t i = 0; s == GRASP_OK && i < sweep->count; i++) {
        if (result->n == 0) {
            result->n_clusters[i] = result->n_noise[i] = 0;
            continue;
        }
        double lo = (double)i / (double)sweep->count, hi = (double)(i + 1) / (double)sweep->count;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "k-means", lo, hi);
        s = run_one(ctx, sweep, d, i, label, result);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_NOT_CONVERGED) {
            worst = s;
            s = GRASP_OK;
        }
    }
    grasp__free(label);
    return s == GRASP_OK ? worst : s;
}

uint64_t grasp__sweep_kmeans_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space)
{
    int64_t n = space->n;
    uint64_t most = 0;
    for (int64_t i = 0; i < sweep->count && n > 0; i++) {
        int64_t k = sweep->min_samples[i];
        uint64_t price = (sweep->gmm ? grasp__gmm_price : grasp__kmeans_price)(ctx, n, space->p, k < n ? k : n);
        most = price > most ? price : most;
    }
    return grasp__price_sum(grasp__price(n, sizeof(int64_t)), most);
}
