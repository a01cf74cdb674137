/* SPDX-License-Identifier: BSD-3-Clause
 * DBSCAN (Ester, Kriegel, Sander, Xu 1996), exactly and without a neighbour list: core samples, their connected
 * components numbered by lowest index, border samples. Labels are a pure function of the truth about each pair
 * (distances.h), whatever the order of work.
 *
 * DBSCAN needs "at least min_samples" and "connected", not distances, so most pairs are never looked at, most of the
 * rest are decided by sketches (lib/distances/sketch.c), and only pairs that a sketch leaves open AND on which an
 * answer depends are computed exactly.
 *
 * Order of work: a few columns, spread over the data, for all samples; then, for those that have not seen enough, what
 * is near them in a k-d order, past panels of samples that are certainly far (dbscan_near.c). Where that promises
 * nothing, all pairs, each once (dbscan_dense.c).
 *
 * Time: O(n^2 p) at worst; memory: O(n) beside the sketches, or at most 48 MiB beside them.
 */
#include "cluster/dbscan.h"

#include <math.h>

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        const int64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* Near n / golden ratio and coprime to n: every prefix of the visiting order is spread evenly over the file. */
static int64_t visiting_stride(int64_t n)
{
    int64_t stride = (int64_t)((double)n * 0.6180339887498949) | 1;
    while (n > 0 && gcd(stride, n) != 1)
        stride++;
    return stride;
}

/* Numbers sets by lowest member, cores only. */
static int64_t number_clusters(grasp__dbscan_state *s)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->n; i++) {
        s->label[i] = GRASP_NOISE;
        if (s->core[i]) {
            const int64_t root = grasp__shared_find(s->parent, i);
            s->label[i] = root == i ? count++ : s->label[root];
        }
    }
    return count;
}

/* Columns of a round such that a task takes some ten milliseconds: 2^32 byte products. */
static int64_t most_columns(const grasp_distances *d)
{
    const int64_t products = (int64_t)1 << 32, most = products / (GRASP__PROBE_ROWS * (grasp__distances_dim(d) + 32));
    return most < GRASP__HUBS ? GRASP__HUBS : most / GRASP__PROBE_COLUMNS * GRASP__PROBE_COLUMNS;
}

/* Core samples, their sets, the rest: as parts of the present stage. */
static grasp_status run(grasp__dbscan_state *s, int64_t *n_clusters)
{
    grasp__stage_mark outer = grasp__stage_begin(s->ctx, "dbscan", 0.1, 0.6);
    grasp_status status = grasp__dbscan_count(s);
    grasp__stage_end(s->ctx, outer);
    if (status == GRASP_OK && s->order && !s->adjacency)
        status = grasp__dbscan_core_columns(s);
    if (status != GRASP_OK)
        return status;
    outer = grasp__stage_begin(s->ctx, "dbscan", 0.6, 0.9);
    status = s->adjacency ? grasp__adjacency_connect(s) : grasp__dbscan_connect(s);
    grasp__stage_end(s->ctx, outer);
    if (status != GRASP_OK)
        return status;
    *n_clusters = number_clusters(s);
    outer = grasp__stage_begin(s->ctx, "dbscan", 0.9, 1);
    status = s->adjacency ? grasp__adjacency_border(s) : grasp__dbscan_border(s, *n_clusters);
    grasp__stage_end(s->ctx, outer);
    return status;
}

/* With core flags given. */
uint64_t grasp__dbscan_pairs_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples)
{
    const int64_t n = grasp__distances_count(d), workers = grasp__workers(ctx);
    uint64_t making, most = grasp__dbscan_count_price(ctx, d, min_samples), order = 0;
    const uint64_t connect = grasp__dbscan_connect_price(ctx, d, min_samples);
    const uint64_t border = grasp__dbscan_border_price(ctx, d, min_samples);
    uint64_t sum = grasp__filter_price(ctx, d, &making);
    grasp__price_add(&sum, workers, sizeof(grasp__probe *));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, n, sizeof(int64_t));
    for (int64_t w = 0; w < workers; w++)
        sum = grasp__price_sum(sum, grasp__probe_price(d));
    if (grasp__dbscan_may_order(d)) {
        uint64_t making_order;
        order = grasp__price_sum(grasp__adjacency_steps_price(ctx, d),
                                 grasp__dbscan_order_price(ctx, d, &making_order));
    }
    most = connect > most ? connect : most;
    most = border > most ? border : most;
    most = grasp__price_sum(sum, order > most ? order : most);
    return making > most ? making : most;
}

grasp_status grasp__dbscan_pairs(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                                 const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                                 grasp__certificate *certificate, int how)
{
    const int64_t n = grasp__distances_count(d);
    const int32_t workers = grasp__workers(ctx);
    grasp__filter *filter = NULL;
    grasp__dbscan_state s = {.ctx = ctx, .d = d, .eps = eps, .how = how, .n = n,
                             .min_samples = min_samples, .multiplicity = multiplicity,
                             .label = label, .stride = visiting_stride(n), .most_columns = most_columns(d)};
    uint8_t *own_core = NULL;
    int64_t count = 0;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "dbscan", 0, 0.1);
    grasp_status status = grasp__filter_create(ctx, d, eps, &filter);
    grasp__stage_end(ctx, outer);
    if (status != GRASP_OK)
        return status;
    s.filter = filter;
    if ((status = grasp__alloc_zero(ctx, workers, sizeof *s.probe, &s.probe)) != GRASP_OK ||
        (status = grasp__alloc(ctx, n, sizeof *s.list, &s.list)) != GRASP_OK ||
        (!core && (status = grasp__alloc(ctx, n, 1, &own_core)) != GRASP_OK) ||
        (status = grasp__alloc(ctx, n, sizeof *s.upper, &s.upper)) != GRASP_OK ||
        (status = grasp__alloc_zero(ctx, n, GRASP__HUB_WORDS * sizeof *s.hub, &s.hub)) != GRASP_OK)
        goto done;
    s.core = core ? core : own_core;
    for (int32_t w = 0; status == GRASP_OK && w < workers; w++)
        status = grasp__probe_create(ctx, filter, &s.probe[w]);
    if (status == GRASP_OK)
        status = run(&s, &count);
done:
    for (int32_t w = 0; s.probe && w < workers; w++)
        grasp__probe_free(s.probe[w]);
    grasp__free(s.probe);
    grasp__dbscan_disorder(&s);
    grasp__free(s.list);
    grasp__free(own_core);
    grasp__free(s.upper);
    grasp__free(s.hub);
    grasp__free((void *)s.parent);
    grasp__notes_free(s.notes);
    grasp__adjacency_free(s.adjacency);
    grasp__filter_free(filter);
    if (n_clusters)
        *n_clusters = count;
    if (certificate)
        *certificate = (grasp__certificate){s.pairs, s.undecided, s.exact, s.ties};
    return status;
}
