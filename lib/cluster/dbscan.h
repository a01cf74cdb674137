/* SPDX-License-Identifier: BSD-3-Clause
 * cluster, for this room alone: the steps of DBSCAN over a filter.
 */
#ifndef GRASP__CLUSTER_DBSCAN_H
#define GRASP__CLUSTER_DBSCAN_H

#include "cluster/cluster.h"

enum { GRASP__HUB_WORDS = 2, GRASP__HUBS = GRASP__HUB_WORDS * GRASP__PROBE_COLUMNS };

typedef struct grasp__dbscan_state {
    grasp_context         *ctx;
    const grasp_distances *d;
    const grasp__filter   *filter;
    grasp__probe         **probe;        /* one a worker */
    int64_t                n, min_samples;
    const int64_t         *multiplicity; /* NULL: all 1 */
    int64_t                stride;       /* visiting order: place k is sample k * stride mod n */
    int64_t               *list;         /* n: samples a step still works on */
    uint8_t               *core;         /* n */
    int64_t               *lower, *upper; /* n: neighbours surely there, and possibly there, among those visited */
    uint64_t              *hub;          /* n x GRASP__HUB_WORDS: which of the first places are surely within eps */
    _Atomic int64_t       *parent;       /* n: disjoint sets of core samples; the root is the lowest member */
    int64_t                large;        /* a member of the largest set */
    int64_t               *label;        /* n */
    _Atomic int64_t        pairs, undecided, exact, ties;
} grasp__dbscan_state;

/* The sample visited k-th: neighbours in the file lie far apart in this order, so its first places are a sample of the
 * data. */
static inline int64_t grasp__dbscan_visited(const grasp__dbscan_state *s, int64_t k)
{
    __extension__ typedef unsigned __int128 wide;
    return (int64_t)((wide)k * (wide)s->stride % (wide)s->n);
}

grasp_status grasp__dbscan_count(grasp__dbscan_state *s);   /* fills core and hub */
grasp_status grasp__dbscan_connect(grasp__dbscan_state *s); /* fills parent; gives hub up */
/* Cores bear their label in s->label, others get theirs there. */
grasp_status grasp__dbscan_border(grasp__dbscan_state *s, int64_t n_clusters);

/* Rows against columns, block by block: the one loop of all steps. */
typedef struct grasp__dbscan_pass grasp__dbscan_pass;
/* Verdicts of m rows (from row[at] on) against n columns (from place `first` on). Runs on a worker; may change what
 * belongs to its rows. */
typedef void (*grasp__dbscan_use)(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first,
                                  const int64_t *column, int64_t n, const uint64_t *within, const uint64_t *maybe,
                                  grasp__probe *probe);
struct grasp__dbscan_pass {
    grasp__dbscan_state *state;
    const int64_t       *row;
    int64_t              n_rows;
    const int64_t       *column;   /* samples; NULL: places of the visiting order */
    int64_t              begin, end; /* of the columns */
    grasp__dbscan_use    use;
};
grasp_status grasp__dbscan_run(const grasp__dbscan_pass *pass);
/* The same with `use`, over columns [begin, end) in parts of doubling size, dropping rows that are `done` between them;
 * *n_rows is what is left.
 * `row` is compacted in place. */
grasp_status grasp__dbscan_rounds(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                  int64_t begin, int64_t end, grasp__dbscan_use use,
                                  bool (*done)(const grasp__dbscan_state *s, int64_t sample));
/* The truth about a pair, counted. */
bool grasp__dbscan_decide(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j);

int64_t grasp__dbscan_find(_Atomic int64_t *parent, int64_t i);
void    grasp__dbscan_union(_Atomic int64_t *parent, int64_t i, int64_t j);

/* grasp__dbscan in any space and any number of dimensions. */
grasp_status grasp__dbscan_pairs(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                                 const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                                 grasp__certificate *certificate);

#endif
