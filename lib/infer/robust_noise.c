/* SPDX-License-Identifier: BSD-3-Clause
 * Samples whose label their neighbours deny: nearly all of the nearest carry the other one (Wilson 1972, "Asymptotic
 * properties of nearest neighbor rules using edited data").
 *
 * As a filter before everything this deletes minorities together with flipped labels; it is asked only where labels as
 * they are leave no split (robust_pair.c), and where those that plain training is surest of show that labels are
 * flipped (robust_outliers.c). Votes that count inversely to the size of their class spare the smaller one. O(n^2 q),
 * so up to 30,000 rows.
 */
#include "infer/robust.h"

#include <string.h>

grasp_status grasp__robust_suspects(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                    int64_t neighbours, double share, bool alike, uint8_t *suspect)
{
    int64_t n = space->n, *near = NULL;
    double vote[2] = {1, 1};
    memset(suspect, 0, (size_t)n);
    if (n > GRASP__ROBUST_MOST_NEAR || n <= neighbours)
        return GRASP_OK;
    if (alike) {
        int64_t count[2] = {0};
        for (int64_t i = 0; i < n; i++)
            count[target[i]]++;
        vote[0] = (double)count[1] / (double)n;
        vote[1] = (double)count[0] / (double)n;
    }
    grasp_status s = grasp__alloc(ctx, n, (size_t)neighbours * sizeof *near, &near);
    if (s == GRASP_OK)
        s = grasp__robust_nearest(ctx, space->x, n, space->q, neighbours, near);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        double votes[2] = {0};
        for (int64_t k = 0; k < neighbours; k++)
            votes[target[near[i * neighbours + k]]] += vote[target[near[i * neighbours + k]]];
        suspect[i] = votes[target[i]] <= share * (votes[0] + votes[1]) * (1 + 1e-9);
    }
    grasp__free(near);
    return s;
}
