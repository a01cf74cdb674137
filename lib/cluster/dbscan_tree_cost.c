/* SPDX-License-Identifier: BSD-3-Clause
 * Tree or pairs? Both are priced by their first step, counting; the later steps cost each of them about as much again.
 *
 * Pairs: a sample with a share f of the others near it leaves after about min_samples / f columns, or all n; f is seen
 * among 512 others for one point of each sampled leaf. A verdict takes 0.7 ns (measured, eight-bit kernels with VNNI).
 * Tree: the walks of the sampled leaves, in operations on a coordinate, 1 ns each (measured), given up as soon as they
 * cost more than pairs would. So a wrong guess costs little more than the tree's building, O(n p log n).
 *
 * Measured at n = 20,000, min_samples 10, one thread, seconds of the whole DBSCAN, tree : pairs, where about k samples
 * lie within eps of each (uniform in a cube; ten normal clusters with 5 % noise):
 *                  k = 10          100            400            4,000
 *   uniform  p = 2 0.019 : 0.47    0.006 : 0.31   0.005 : 0.022  0.005 : 0.009
 *            p = 4 0.047 : 0.36    0.012 : 0.18   0.011 : 0.024  0.007 : 0.009
 *            p = 6 0.21  : 0.37    0.021 : 0.18   0.015 : 0.029  0.009 : 0.010
 *            p = 8 1.03  : 0.46 *  0.034 : 0.19   0.016 : 0.029  0.012 : 0.010 *
 *   clusters p = 2 0.015 : 0.49    0.008 : 0.46   0.007 : 0.27   0.005 : 0.011
 *            p = 4 0.046 : 0.39    0.030 : 0.53   0.036 : 0.52   0.041 : 0.038
 *            p = 6 0.11  : 0.37    0.046 : 0.53   0.031 : 0.77   0.017 : 0.019
 *            p = 8 0.23  : 0.36    0.097 : 0.68   0.083 : 0.74   0.145 : 0.034 *
 * The rule takes pairs at the three marked * and the tree elsewhere. Beyond eight dimensions pairs mostly win.
 */
#include "cluster/dbscan_tree.h"

enum { LEAVES = 64, OTHERS = 512 };

static const double verdict = 0.7, operation = 1; /* nanoseconds */

static int64_t sampled_leaf(const grasp__tree *t, int64_t q, int64_t of)
{
    return t->leaves + (int64_t)(((double)q + 0.5) / (double)of * (double)t->leaves);
}

/* Columns that DBSCAN over pairs would visit until this point has seen min_samples. */
static double columns(const grasp__tree *t, int64_t place)
{
    int64_t near = 0;
    for (int64_t c = 0; c < OTHERS; c++) {
        int64_t other = (int64_t)(((double)c + 0.5) / OTHERS * (double)t->n);
        near += other != place && grasp__tree_square(t, place, other) <= t->maybe;
    }
    double n = (double)t->n, needed = near > 0 ? (double)t->min_samples * OTHERS / (double)near : n;
    return needed < n ? needed : n;
}

bool grasp__tree_pays(grasp__tree *t)
{
    int64_t sampled = t->leaves < 8 ? 1 : t->leaves < 8 * LEAVES ? t->leaves / 8 : LEAVES;
    double all = (double)t->leaves / (double)sampled, pairs = 0, tree = 0;
    if (t->n == 0)
        return true;
    for (int64_t q = 0; q < sampled; q++)
        pairs += columns(t, grasp__tree_begin(t, sampled_leaf(t, q, sampled))) * (double)t->n / (double)sampled;
    for (int64_t q = 0; q < sampled; q++) {
        double most = (pairs * verdict / (all * operation)) - tree;
        double work = grasp__tree_leaf_work(t, sampled_leaf(t, q, sampled), most, 0);
        if (work > most)
            return false;
        tree += work;
    }
    return true;
}
