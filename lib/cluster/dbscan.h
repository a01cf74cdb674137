/* SPDX-License-Identifier: BSD-3-Clause
 * cluster, for this room alone: the steps of DBSCAN over a filter.
 */
#ifndef GRASP__CLUSTER_DBSCAN_H
#define GRASP__CLUSTER_DBSCAN_H

#include "cluster/cluster.h"
#include "cluster/sets.h"

enum { GRASP__HUB_WORDS = 2, GRASP__HUBS = GRASP__HUB_WORDS * GRASP__PROBE_COLUMNS };

/* ---- notes: dbscan_notes.c --------------------------------------------------------------------------------------- */

typedef struct grasp__note {
    uint32_t sample : 31;
    uint32_t undecided : 1;
} grasp__note;

typedef struct grasp__notes {
    int64_t room;      /* notes of a sample */
    int32_t *slot;     /* n: of a sample, -1: none */
    int32_t *count;    /* by slot; room + 1: there were more */
    grasp__note *note; /* slots x room */
} grasp__notes;

/* Is there memory for so many samples with so many neighbours each? */
bool grasp__notes_fit(int64_t n, int64_t samples, int64_t neighbours);
grasp_status grasp__notes_create(grasp_context *ctx, int64_t n, const int64_t *sample, int64_t samples,
                                 int64_t neighbours, grasp__notes **out);
/* Of as many samples as fit; 0 where none do. */
uint64_t grasp__notes_price(int64_t n, int64_t neighbours);
void grasp__notes_free(grasp__notes *notes);
void grasp__notes_add(grasp__notes *notes, int64_t i, int64_t j, bool undecided);
bool grasp__notes_complete(const grasp__notes *notes_or_null, int64_t i);
grasp__note *grasp__notes_of(const grasp__notes *notes, int64_t i, int64_t *count);

/* ---- who is whose neighbour, a bit a pair: dbscan_adjacency.c ---------------------------------------------------- */

typedef struct grasp__adjacency grasp__adjacency;
uint64_t     grasp__adjacency_price(int64_t n);
grasp_status grasp__adjacency_create(grasp_context *ctx, int64_t n, grasp__adjacency **out);
void         grasp__adjacency_free(grasp__adjacency *adjacency);
/* Each tile is set once, and then added to; different tiles at once on different threads. row <= column, i < j. */
void grasp__adjacency_set(grasp__adjacency *adjacency, int64_t row_panel, int64_t column_panel, const uint64_t *word,
                          bool some);
void grasp__adjacency_add(grasp__adjacency *adjacency, int64_t i, int64_t j);

/* ---- what the steps share ---------------------------------------------------------------------------------------- */

typedef struct grasp__dbscan_state {
    grasp_context *ctx;
    const grasp_distances *d;
    grasp__filter *filter;
    grasp__probe **probe; /* one a worker */
    double eps;
    int how;
    int64_t n, min_samples;
    const int64_t *multiplicity; /* NULL: all 1 */
    int64_t stride;              /* visiting order: place k is sample k * stride mod n */
    int64_t most_columns;        /* of a round, so that none takes long */
    int64_t *list;               /* n: samples a step still works on */
    uint8_t *core;               /* n */
    int64_t *label;              /* n; while counting: neighbours surely there; while connecting: scratch */
    int64_t *upper;              /* n: neighbours possibly there, among those visited; of cores later scratch */
    uint64_t *hub;               /* n x GRASP__HUB_WORDS: which of the first places are surely within eps */
    grasp__shared_sets parent;   /* n: disjoint sets of core samples; the root is the lowest member */
    grasp__notes *notes;         /* neighbours of samples that are not core, or NULL */
    grasp__order *order;         /* NULL: none (yet) */
    grasp__sight **sight;        /* one a worker, with an order */
    uint64_t *core_columns;      /* after counting, with an order: which samples of each panel are core */
    grasp__adjacency *adjacency; /* after counting over all pairs: all neighbours, or NULL */
    int64_t large;               /* a member of the largest set */
    _Atomic int64_t pairs, undecided, exact, ties;
} grasp__dbscan_state;

/* The sample visited k-th: neighbours in the file lie far apart in this order, so its first places are a sample of the
 * data. */
static inline int64_t grasp__dbscan_visited(const grasp__dbscan_state *s, int64_t k)
{
    __extension__ typedef unsigned __int128 wide;
    return (int64_t)((wide)k * (wide)s->stride % (wide)s->n);
}

/* The one after sample i. */
static inline int64_t grasp__dbscan_next(const grasp__dbscan_state *s, int64_t i)
{
    return i < s->n - s->stride ? i + s->stride : i - (s->n - s->stride);
}

/* The k-th sample of a list of rows: near ones together where there is an order. */
static inline int64_t grasp__dbscan_listed(const grasp__dbscan_state *s, int64_t k)
{
    return s->order ? grasp__order_sample(s->order, k) : grasp__dbscan_visited(s, k);
}

/* Prices of the steps: at most during one, beside what the steps share. Does counting ever make an order, notes? */
bool grasp__dbscan_may_order(const grasp_distances *d);
bool grasp__dbscan_may_note(const grasp_distances *d);
uint64_t grasp__dbscan_count_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples);
uint64_t grasp__dbscan_connect_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples);
uint64_t grasp__dbscan_border_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples);
uint64_t grasp__adjacency_steps_price(grasp_context *ctx, const grasp_distances *d);

grasp_status grasp__dbscan_count(grasp__dbscan_state *s);   /* fills core, and hub and notes, or adjacency */
/* Makes and fills parent, gives hub up. With an order, s->upper of samples that are not core stays. */
grasp_status grasp__dbscan_connect(grasp__dbscan_state *s);
/* Cores bear their label in s->label, others get theirs there. */
grasp_status grasp__dbscan_border(grasp__dbscan_state *s, int64_t n_clusters);

/* The same two steps from s->adjacency. */
grasp_status grasp__adjacency_connect(grasp__dbscan_state *s);
grasp_status grasp__adjacency_border(grasp__dbscan_state *s);
/* The root of the set with most members; -1 without cores. Overwrites s->label. */
int64_t grasp__dbscan_largest_set(grasp__dbscan_state *s);
/* Counts over all pairs: the neighbours of every sample, in s->label and s->upper; s->adjacency where there is room.
 * *done = false: no such rows, no room at all, or more than most_open pairs are left open; then nothing has changed. */
grasp_status grasp__dbscan_dense(grasp__dbscan_state *s, int64_t most_open, bool *done);
/* *bits: the part of it that stays. Without a limit; under one it takes less, or nothing. */
uint64_t grasp__dbscan_dense_price(grasp_context *ctx, const grasp_distances *d, uint64_t *bits);

/* ---- rows against columns: dbscan_pass.c ------------------------------------------------------------------------- */

typedef struct grasp__dbscan_pass grasp__dbscan_pass;
/* Verdicts of m rows (from row[at] on) against n columns (from place `first` on). Runs on a worker; may change what
 * belongs to its rows. */
typedef void (*grasp__dbscan_use)(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first,
                                  const int64_t *column, int64_t n, const uint64_t *within, const uint64_t *maybe,
                                  grasp__probe *probe);
typedef bool (*grasp__dbscan_done)(const grasp__dbscan_state *s, int64_t sample);
struct grasp__dbscan_pass {
    grasp__dbscan_state *state;
    const int64_t *row;
    int64_t n_rows;
    const int64_t *column; /* samples; NULL: places of the visiting order */
    int64_t begin, end;    /* of the columns */
    grasp__dbscan_use use;
};
/* `row` against columns from *begin on, a round: as many as were there before, and more than none. Then *begin is where
 * the next round begins, and rows that are `done` are gone: `row` is compacted in place, *n_rows is what is left. */
grasp_status grasp__dbscan_round(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                 int64_t *begin, int64_t end, grasp__dbscan_use use, grasp__dbscan_done done);
/* Rounds from 0 on until columns or rows are at an end. */
grasp_status grasp__dbscan_rounds(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                  int64_t end, grasp__dbscan_use use, grasp__dbscan_done done);
/* Calls one(s, sample, probe) for every listed sample, on all workers. */
typedef void (*grasp__dbscan_one)(grasp__dbscan_state *s, int64_t sample, grasp__probe *probe);
grasp_status grasp__dbscan_each(grasp__dbscan_state *s, const int64_t *sample, int64_t count, grasp__dbscan_one one);
/* The truth about a pair, counted. */
bool grasp__dbscan_decide(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j);

/* ---- rows against what is near: dbscan_near.c -------------------------------------------------------------------- */

/* Makes s->order and what goes with it, if the space can be ordered. */
grasp_status grasp__dbscan_order(grasp__dbscan_state *s);
grasp_status grasp__dbscan_core_columns(grasp__dbscan_state *s);
/* Of those two; *making: at most while the order is made. */
uint64_t     grasp__dbscan_order_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making);
void         grasp__dbscan_disorder(grasp__dbscan_state *s);
/* As grasp__dbscan_rounds with all samples as columns, the nearest panels first and those that hold no neighbour not at
 * all; once s->core_columns is there, core columns alone. Rows are best listed in the order; each meets most_panels at
 * most. `between` is called on the calling thread before each round. */
typedef void (*grasp__dbscan_between)(grasp__dbscan_state *s);
grasp_status grasp__dbscan_near(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, int64_t most_panels,
                                grasp__dbscan_use use, grasp__dbscan_done done, grasp__dbscan_between between_or_null);
uint64_t     grasp__dbscan_near_price(int64_t rows); /* at most, of so many rows */

/* Over which pairs: as is cheaper; over those that are not passed over; over all, keeping neighbours where there is
 * room; over all, without. The labels are the same. */
enum { GRASP__PAIRS_IF_CHEAPER, GRASP__PAIRS_SOME, GRASP__PAIRS_ALL, GRASP__PAIRS_ALL_UNKEPT };
/* grasp__dbscan in any space and any number of dimensions. */
grasp_status grasp__dbscan_pairs(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                                 const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                                 grasp__certificate *certificate, int how);
uint64_t     grasp__dbscan_pairs_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples);

#endif
