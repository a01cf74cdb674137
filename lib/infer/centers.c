/* SPDX-License-Identifier: BSD-3-Clause
 * Centres of the clusters of a class: the means of its rows in the space, unit rows where it is cosine. They are what
 * k-means ended with, so that a sample's nearest centre is that of its own cluster. O(n p).
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
