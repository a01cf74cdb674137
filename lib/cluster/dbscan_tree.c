/* SPDX-License-Identifier: BSD-3-Clause
 * DBSCAN in few dimensions: the rows in a k-d tree, and the three steps of DBSCAN as walks over pairs of nodes. Cosine
 * spaces are unit vectors, d = |x - y|^2 / 2, so both metrics are Euclidean here. A box against a box, a point against
 * a box and a point against a point are decided in binary64 outside proven bounds (grasp__distances_chord), and what is
 * left by the truth: labels are those of every other path.
 *
 * Cost: O(n p log n) to build; then, where points are dense against eps, little more: nodes of diameter eps are cores
 * without a look, and neighbours of such nodes are joined by their first pair. Where they are sparse, each leaf meets
 * those within eps.
 */
#include "cluster/dbscan_tree.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512 }; /* rows of a task */

bool grasp__tree_decide(grasp__tree *t, int64_t a, int64_t b, double square, int32_t worker)
{
    double distance = grasp__distances_metric(t->d) == GRASP__COSINE ? square / 2 : sqrt(square);
    atomic_fetch_add_explicit(&t->exact, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->ties, fabs(distance - t->eps) <= 1e-6, memory_order_relaxed);
    return grasp__reader_within(t->reader[worker], t->sample[a], t->sample[b], t->eps);
}

/* The rows that are points, in their order: those that are not alone. */
static grasp_status read_task(void *arg, int64_t task, int32_t worker)
{
    grasp__tree *t = arg;
    int64_t end = (task + 1) * BLOCK < t->n ? (task + 1) * BLOCK : t->n;
    (void)worker;
    for (int64_t q = task * BLOCK, run; q < end; q += run) {
        for (run = 1; q + run < end && t->sample[q + run] == t->sample[q] + run;)
            run++;
        grasp__distances_rows(t->d, t->sample[q], run, t->x + q * t->p);
    }
    return GRASP_OK;
}

/* Samples that are alone have no place in the tree; they are core only where they count for enough themselves. */
static void list_points(grasp__tree *t, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (grasp__distances_is_zero(t->d, i))
            t->core[i] = (t->multiplicity != NULL ? t->multiplicity[i] : 1) >= t->min_samples;
        else
            t->sample[t->n++] = i;
}

static int64_t number_clusters(grasp__tree *t, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t root = t->core[i] ? grasp__shared_find(t->parent, i) : i;
        t->label[i] = !t->core[i] ? GRASP_NOISE : root == i ? count++ : t->label[root];
    }
    return count;
}

static grasp_status stage(grasp__tree *t, const char *name, double lo, double hi, grasp_status (*step)(grasp__tree *))
{
    grasp__stage_mark outer = grasp__stage_begin(t->ctx, name, lo, hi);
    grasp_status s = step(t);
    grasp__stage_end(t->ctx, outer);
    return s;
}

static grasp_status read_and_build(grasp__tree *t)
{
    grasp_status s = grasp__parallel(t->ctx, (t->n + BLOCK - 1) / BLOCK, read_task, t);
    return s != GRASP_OK || t->n == 0 ? s : grasp__tree_build(t);
}

static grasp_status run(grasp__tree *t, int64_t n, int64_t *clusters)
{
    grasp_status s = GRASP_OK;
    if (t->n > 0 && ((s = stage(t, "dbscan: counting neighbours", 0.5, 0.7, grasp__tree_count)) != GRASP_OK ||
                     (s = stage(t, "dbscan: joining cores", 0.7, 0.9, grasp__tree_connect)) != GRASP_OK))
        return s;
    *clusters = number_clusters(t, n);
    return t->n == 0 ? s : stage(t, "dbscan: labelling borders", 0.9, 1, grasp__tree_border);
}

static void clear(grasp__tree *t)
{
    for (int32_t q = 0; t->reader != NULL && q < grasp__workers(t->ctx); q++)
        grasp__reader_free(t->reader[q]);
    grasp__free(t->reader);
    grasp__free(t->x);
    grasp__free(t->sample);
    grasp__free(t->box);
    grasp__free(t->node);
    grasp__free(t->parent);
}

static bool serves(const grasp_distances *d, double eps, double *surely, double *maybe)
{
    const int64_t p = grasp__distances_dim(d);
    return p >= 1 && p <= GRASP__TREE_DIMENSIONS && grasp__distances_chord(d, eps, surely, maybe) &&
           (grasp__distances_metric(d) != GRASP__COSINE || eps < 1);
}

static int64_t levels_of(int64_t n)
{
    int64_t levels = 0;
    while ((int64_t)1 << levels < (n + GRASP__TREE_LEAF - 1) / GRASP__TREE_LEAF)
        levels++;
    return levels;
}

uint64_t grasp__dbscan_tree_price(grasp_context *ctx, const grasp_distances *d, double eps)
{
    const int64_t n = grasp__distances_count(d), p = grasp__distances_dim(d), workers = grasp__workers(ctx);
    const grasp__space space = grasp__distances_space(d);
    double surely, maybe;
    if (!serves(d, eps, &surely, &maybe))
        return 0;
    const int64_t leaves = (int64_t)1 << levels_of(n);
    uint64_t sum = grasp__price_values(n, p, sizeof(double));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, n, sizeof(int64_t));
    grasp__price_add(&sum, 4 * leaves * p, sizeof(double));
    grasp__price_add(&sum, 2 * leaves, sizeof(grasp__tree_node));
    grasp__price_add(&sum, workers, sizeof(grasp__reader *));
    for (int64_t w = 0; w < workers; w++)
        sum = grasp__price_sum(sum, grasp__reader_price(&space));
    return sum;
}

grasp_status grasp__dbscan_tree(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                                const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                                grasp__certificate *certificate, int when, bool *used)
{
    grasp__tree t = {.ctx = ctx, .d = d, .eps = eps, .min_samples = min_samples, .multiplicity = multiplicity,
                     .p = grasp__distances_dim(d), .label = label};
    int64_t n = grasp__distances_count(d), clusters = 0, values;
    uint8_t *own_core = NULL;
    *used = false;
    if (!serves(d, eps, &t.surely, &t.maybe))
        return GRASP_OK;
    grasp_status s = grasp__check_product(ctx, n, t.p, "rows of the tree", &values);
    t.levels = levels_of(n);
    t.leaves = (int64_t)1 << t.levels;
    if (s != GRASP_OK || (s = grasp__alloc(ctx, values, sizeof *t.x, &t.x)) != GRASP_OK ||
        (s = grasp__alloc(ctx, n, sizeof *t.sample, &t.sample)) != GRASP_OK ||
        (s = grasp__alloc(ctx, 4 * t.leaves * t.p, sizeof *t.box, &t.box)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, 2 * t.leaves, sizeof *t.node, &t.node)) != GRASP_OK ||
        (s = grasp__shared_sets_create(ctx, n, &t.parent)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, grasp__workers(ctx), sizeof *t.reader, &t.reader)) != GRASP_OK ||
        (s = core != NULL ? GRASP_OK : grasp__alloc(ctx, n, sizeof *own_core, &own_core)) != GRASP_OK)
        goto done;
    t.core = core != NULL ? core : own_core;
    for (int32_t q = 0; s == GRASP_OK && q < grasp__workers(ctx); q++)
        s = grasp__reader_create(ctx, d, &t.reader[q]);
    if (s != GRASP_OK)
        goto done;
    list_points(&t, n);
    s = stage(&t, "dbscan: building a tree", 0, 0.5, read_and_build);
    if (s != GRASP_OK || (when == GRASP__TREE_IF_CHEAPER && !grasp__tree_pays(&t)) ||
        (s = run(&t, n, &clusters)) != GRASP_OK)
        goto done;
    *used = true;
    if (n_clusters != NULL)
        *n_clusters = clusters;
    if (certificate != NULL)
        *certificate = (grasp__certificate){t.pairs, t.exact, t.exact, t.ties};
done:
    clear(&t);
    grasp__free(own_core);
    return s;
}
