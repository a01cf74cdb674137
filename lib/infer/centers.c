/* SPDX-License-Identifier: BSD-3-Clause
 * What new samples of a class are held against. Centres of its clusters: the means of its rows in the space, unit rows
 * where it is cosine. They are what k-means ended with, so that a sample's nearest centre is that of its own cluster:
 * O(n p). A mixture: its components.
 */
#include "infer/private.h"

grasp_status grasp__class_centers(grasp_context *ctx, const grasp_inference *inference, grasp__inferred_class *k,
                                  grasp_gradients *view)
{
    int64_t p = grasp__gradients_dim(view), *size = NULL, numbers = 0;
    double *row = NULL;
    grasp_distances *d = NULL;
    grasp_status s =
        grasp__distances_create_implicit(ctx, view, inference->metric, inference->center, k->mean, &d);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, k->n_clusters, p, "numbers of the centres", &numbers);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, numbers, sizeof *k->centers, &k->centers);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, k->n_clusters, sizeof *size, &size);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *row, &row);
    for (int64_t i = 0; s == GRASP_OK && i < k->n; i++) {
        double *center = k->centers + k->cluster[i] * p;
        grasp__distances_rows(d, i, 1, row);
        for (int64_t j = 0; j < p; j++)
            center[j] += row[j];
        size[k->cluster[i]]++;
    }
    for (int64_t c = 0; s == GRASP_OK && c < k->n_clusters; c++)
        for (int64_t j = 0; j < p && size[c] > 0; j++)
            k->centers[c * p + j] /= (double)size[c];
    grasp__free(row);
    grasp__free(size);
    grasp__distances_free(d);
    return s;
}

grasp_status grasp__class_mixture(grasp_context *ctx, const grasp_inference *inference, const grasp__options *o,
                                  grasp__inferred_class *k, grasp_gradients *view)
{
    grasp_params *params = NULL;
    grasp__options gmm = {.owned = NULL};
    grasp_distances *d = NULL;
    int64_t *label = NULL;
    grasp_status s =
        grasp__distances_create_implicit(ctx, view, inference->metric, inference->center, k->mean, &d);
    if (s == GRASP_OK)
        s = grasp__sweep_centers(ctx, true, o, &params);
    if (s == GRASP_OK) /* a k above the samples is their number, as in the sweep */
        s = grasp__params_set_i64(ctx, params, GRASP_KEY_K, k->min_samples < k->n ? k->min_samples : k->n);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, &grasp__gmm_params, &gmm);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k->n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__mixture_create(ctx, grasp__options_i64(&gmm, GRASP_KEY_K), grasp__distances_dim(d), &k->mixture);
    if (s == GRASP_OK)
        s = grasp__gmm(ctx, d, &gmm, NULL, label, k->mixture, NULL, NULL, NULL);
    grasp__free(label);
    grasp__options_close(&gmm);
    grasp_params_free(params);
    grasp__distances_free(d);
    return s == GRASP_NOT_CONVERGED ? GRASP_OK : s; /* the sweep has said so */
}
