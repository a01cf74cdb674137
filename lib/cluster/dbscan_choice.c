/* SPDX-License-Identifier: BSD-3-Clause
 * Which DBSCAN: over a tree where that is cheaper (dbscan_tree_cost.c), over pairs elsewhere. Labels are the same.
 */
#include "cluster/dbscan.h"
#include "cluster/dbscan_tree.h"

uint64_t grasp__dbscan_price(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples)
{
    const uint64_t tree = grasp__dbscan_tree_price(ctx, d, eps);
    const uint64_t pairs = grasp__dbscan_pairs_price(ctx, d, min_samples);
    return tree > pairs ? tree : pairs;
}

grasp_status grasp__dbscan(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                           const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                           grasp__certificate *certificate)
{
    bool done;
    grasp_status s = grasp__dbscan_tree(ctx, d, eps, min_samples, multiplicity, label, core, n_clusters, certificate,
                                        GRASP__TREE_IF_CHEAPER, &done);
    return s != GRASP_OK || done ? s
                                 : grasp__dbscan_pairs(ctx, d, eps, min_samples, multiplicity, label, core, n_clusters,
                                                       certificate, GRASP__PAIRS_IF_CHEAPER);
}
