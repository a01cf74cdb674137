/* SPDX-License-Identifier: BSD-3-Clause
 * distances: the seam. Consumers (cluster, metrics, sweep, infer) see n samples, tiles of values with a certified
 * half-width, the exact decision of a pair, and weighted sums; never where the rows live. A new kernel, a GPU or a
 * second machine plugs in here.
 */
#ifndef GRASP__DISTANCES_H
#define GRASP__DISTANCES_H

#include "base/base.h"
#include "linalg/linalg.h"
#include "gradients/gradients.h"
#include "grasp/distances.h"

extern const grasp__param_table grasp__distances_params;

enum { GRASP__TILE = 128 };                                             /* no tile asked for is larger, in either
                                                                           direction */
enum { GRASP__COSINE = 1, GRASP__EUCLIDEAN = 2, GRASP__PRECOMPUTED = 3 }; /* metrics */

/* All that the prices of work over a space depend on, so that they can be told before there is one. */
typedef struct grasp__space {
    int32_t metric;
    bool    stored; /* its values are kept, or its own */
    int64_t n, p;   /* p 0 for precomputed */
} grasp__space;
grasp__space grasp__distances_space(const grasp_distances *d);

grasp_status grasp__distances_check(grasp_context *ctx, const grasp_distances *d, const char *name);
/* o: options of grasp__distances_params. mean_or_null: p values to centre with in place of the rows' own mean
 * (assigning new samples to a class); makes center = 1. */
grasp_status grasp__distances_create(grasp_context *ctx, grasp_gradients *g, const grasp__options *o,
                                     const double *mean_or_null, grasp_distances **out);
/* The same with everything spelled out: metric GRASP__COSINE or GRASP__EUCLIDEAN, implicit. */
grasp_status grasp__distances_create_implicit(grasp_context *ctx, grasp_gradients *g, int32_t metric, bool center,
                                              const double *mean_or_null, grasp_distances **out);
/* *making: at most while grasp__distances_create() runs, beside the gradients; returns what it holds afterwards. */
uint64_t     grasp__distances_price(grasp_context *ctx, const grasp__space *space, bool center, uint64_t *making);
void         grasp__distances_free(grasp_distances *d);

/* The same space with its tiles' values stored, n (n - 1) / 2 float64, for more than one pass: the same values. It
 * borrows all else from d, which must outlive it; not for stored or precomputed ones. O(n^2 p). */
grasp_status grasp__distances_keep(grasp_context *ctx, const grasp_distances *d, grasp_distances **out);
void         grasp__distances_drop(grasp_distances *kept);
/* *making: at most while it is made; returns what it holds afterwards. */
uint64_t     grasp__distances_keep_price(grasp_context *ctx, const grasp__space *space, uint64_t *making);

int64_t grasp__distances_count(const grasp_distances *d);
int32_t grasp__distances_metric(const grasp_distances *d);
int64_t grasp__distances_dim(const grasp_distances *d);                  /* p; 0 for precomputed */
bool    grasp__distances_is_zero(const grasp_distances *d, int64_t i);   /* a zero row of a cosine space */
const double *grasp__distances_mean(const grasp_distances *d);           /* p values; NULL when not centred */

/* Rows [first, first + n) of the space, n x p: unit rows (cosine; zero rows are 0) or the rows as given (euclidean).
 * Any thread, no allocation. Not for precomputed. */
void grasp__distances_rows(const grasp_distances *d, int64_t first, int64_t n, double *out);
/* What the sum s of squared differences of two such rows, computed in binary64, says about them: s <= *surely: within
 * eps; s > *maybe: not. A certified bound made of coordinates' differences, as of two boxes, says the same of all its
 * pairs. Not for zero rows of a cosine space. false: says nothing (precomputed, or eps beyond use). */
bool grasp__distances_chord(const grasp_distances *d, double eps, double *surely, double *maybe);

/* One worker's eye on the space: scratch for its tiles. Made on the calling thread, used by one thread at a time. */
typedef struct grasp__reader grasp__reader;
grasp_status grasp__reader_create(grasp_context *ctx, const grasp_distances *d, grasp__reader **out);
void         grasp__reader_free(grasp__reader *r);
uint64_t     grasp__reader_price(const grasp__space *space);
/* values[a * nj + b] = distance of i + a and j + b, ni, nj <= GRASP__TILE; each within *half_width of the truth, so a
 * value outside eps +- half_width is decided. The distance of a sample to itself is 0. Bits depend on (i, ni, j, nj)
 * only. */
void grasp__reader_tile(grasp__reader *r, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values,
                        double *half_width);
/* Tiles that cost half as much or less and have a wider half-width, about 1e-5, where the space has them. rough_rows:
 * grasp__distances_rough_rows(), or NULL: rows are rounded as they are needed. */
bool         grasp__space_has_rough(const grasp__space *space);
grasp_status grasp__distances_rough_rows(grasp_context *ctx, const grasp_distances *d,
                                         float **out); /* 4 n p bytes; O(n p) */
uint64_t     grasp__rough_rows_price(grasp_context *ctx, const grasp__space *space, uint64_t *making);
double       grasp__rough_half_width(const grasp_distances *d);
void         grasp__reader_rough(grasp__reader *r, const float *rough_rows_or_null, int64_t i, int64_t ni, int64_t j,
                                 int64_t nj, double *values, double *half_width);
/* The truth: are i and j within eps? Symmetric; true for i == j and eps >= 0. O(p). */
bool grasp__reader_within(grasp__reader *r, int64_t i, int64_t j, double eps);

/* ---- walking over all pairs -------------------------------------------------------------------------------------- */

/* One tile under the eyes of a worker. */
typedef struct grasp__tile {
    int64_t        i, ni, j, nj;
    const double  *value; /* ni x nj */
    double         half_width;
    grasp__reader *reader;
    int32_t        worker;
} grasp__tile;

/* The verdict on a pair stands here and nowhere else: below `low` it is within eps, above `high` it is not, between
 * them the tile does not know and the truth is asked. */
typedef struct grasp__band {
    double eps, low, high;
} grasp__band;

static inline grasp__band grasp__tile_band(const grasp__tile *t, double eps)
{
    return (grasp__band){eps, eps - t->half_width, eps + t->half_width};
}

/* Are samples i + a and j + b within eps? */
static inline bool grasp__tile_within(const grasp__tile *t, grasp__band band, int64_t a, int64_t b)
{
    double v = t->value[a * t->nj + b];
    return v < band.low || (v <= band.high && grasp__reader_within(t->reader, t->i + a, t->j + b, band.eps));
}

/* Is this tile worth its price? Asked on worker threads just before it is computed. */
typedef bool (*grasp__tile_wanted)(void *arg, int64_t i, int64_t ni, int64_t j, int64_t nj);
/* Uses a tile. Different tiles come at once on different threads, in any order. A tile on the diagonal (i == j) is a
 * full square, of which the part above the diagonal is meant. */
typedef grasp_status (*grasp__tile_visit)(void *arg, const grasp__tile *tile);
/* Visits every pair once: the wanted tiles (NULL: all) with i <= j. Ticks. O(n^2 p). */
grasp_status grasp__distances_walk(grasp_context *ctx, const grasp_distances *d, grasp__tile_wanted wanted_or_null,
                                   grasp__tile_visit visit, void *arg);
/* Side of the walk's tiles, at most GRASP__TILE: all start at multiples of it. */
int64_t grasp__distances_tile(const grasp_distances *d);

/* All pairs of blocks of GRASP__TILE samples, each once, in waves 0 .. blocks - 1; within a wave no block occurs twice,
 * so its tasks may write to places of their own samples. Pair t of a wave is (i, j), i <= j, in blocks. */
int64_t grasp__wave_blocks(int64_t n);
int64_t grasp__wave_size(int64_t blocks, int64_t wave);
void    grasp__wave_pair(int64_t blocks, int64_t wave, int64_t t, int64_t *i, int64_t *j);
int64_t grasp__wave_of(int64_t blocks, int64_t i, int64_t j, int64_t *t); /* its wave; i <= j */

/* Verdicts for one eps, far cheaper than tiles: bit b of within[a] says that row a and column b are surely within eps,
 * of maybe[a] that they are not surely outside; what is in maybe alone, and the pair of a sample with itself, is the
 * caller's to decide. */
enum { GRASP__PROBE_ROWS = 1024, GRASP__PROBE_COLUMNS = 64 };
typedef struct grasp__filter grasp__filter;
grasp_status grasp__filter_create(grasp_context *ctx, const grasp_distances *d, double eps,
                                  grasp__filter **out); /* O(n p) */
/* *making: at most meanwhile; returns what stays. */
uint64_t     grasp__filter_price(grasp_context *ctx, const grasp_distances *d, uint64_t *making);
void         grasp__filter_free(grasp__filter *f);
/* One worker's view of a filter, as a reader is of the space. */
typedef struct grasp__probe grasp__probe;
grasp_status grasp__probe_create(grasp_context *ctx, const grasp__filter *f, grasp__probe **out);
uint64_t     grasp__probe_price(const grasp_distances *d);
void         grasp__probe_free(grasp__probe *probe);
void grasp__probe_columns(grasp__probe *probe, const int64_t *column,
                          int64_t n); /* n <= GRASP__PROBE_COLUMNS samples */
void grasp__probe_rows(grasp__probe *probe, const int64_t *row, int64_t m, uint64_t *within,
                       uint64_t *maybe); /* m <= GRASP__PROBE_ROWS */
/* The truth; *tie says whether the distance is within 1e-6 of eps. */
bool         grasp__probe_decide(grasp__probe *probe, int64_t i, int64_t j, bool *tie);
/* A sample that has no neighbour but itself, which verdicts do not tell: a zero row of a cosine space, eps below 1. */
bool         grasp__filter_is_alone(const grasp__filter *f, int64_t i);

/* The samples in an order in which near ones stand together, in panels of GRASP__PROBE_COLUMNS, and which panels may
 * hold a neighbour of some rows at all: certain, and cheaper by far than verdicts. */
enum { GRASP__SIGHT_ROWS = 1024 };
typedef struct grasp__order grasp__order;
/* NULL: nothing to order this space by. May move the filter's own rows. scratch: n values, overwritten.
 * O(n log n). */
grasp_status grasp__order_create(grasp_context *ctx, grasp__filter *f, int64_t *scratch, grasp__order **out);
bool         grasp__filter_has_order(const grasp_distances *d); /* is there something to order it by? */
uint64_t     grasp__order_price(const grasp_distances *d, uint64_t *making); /* as a filter's */
void         grasp__order_free(grasp__order *o);
int64_t      grasp__order_sample(const grasp__order *o, int64_t place);
int64_t      grasp__order_panels(const grasp__order *o);
int64_t      grasp__order_panel(const grasp__order *o, int64_t panel, int64_t *column); /* its samples; how many */
grasp__sketch_box grasp__order_box(const grasp__order *o, const int64_t *row, int64_t m); /* around m samples */
/* One worker's view of an order. */
typedef struct grasp__sight grasp__sight;
grasp_status grasp__sight_create(grasp_context *ctx, const grasp__order *o, grasp__sight **out);
uint64_t     grasp__sight_price(int64_t n);
void         grasp__sight_free(grasp__sight *sight);
/* Panels that may hold neighbours of samples in a box, near ones first: how many, and *panel, good until the next
 * call. */
int64_t grasp__sight_panels(grasp__sight *sight, const grasp__sketch_box *box, const int32_t **panel);
/* Of m <= GRASP__SIGHT_ROWS rows, those that may have a neighbour in a panel: how many, and their places. */
void    grasp__sight_rows(grasp__sight *sight, const int64_t *row, int64_t m);
int64_t grasp__sight_near(grasp__sight *sight, int64_t panel, int64_t m, int32_t *place);

/* Verdicts for one eps on all pairs of a space, each once, from rows in sixteen bits: more exact than a filter's, and
 * cheaper than those where most pairs are looked at. Bit b of within[a] and maybe[a] as there, for samples a of the row
 * panel and b of the column panel; panels are GRASP__DENSE_PANEL samples in their own order, the row's is not after the
 * column's, and in one panel a < b. */
enum { GRASP__DENSE_PANEL = 64, GRASP__DENSE_ROWS = 4, GRASP__DENSE_COLUMNS = 32 };
typedef struct grasp__dense grasp__dense;
/* Has the space rows, and is there room for some of them at a time? most: bytes for packed rows. */
bool         grasp__dense_fits(const grasp_distances *d, uint64_t most);
grasp_status grasp__dense_create(grasp_context *ctx, const grasp_distances *d, double eps, uint64_t most,
                                 grasp__dense **out);
uint64_t     grasp__dense_price(grasp_context *ctx, const grasp_distances *d, uint64_t most); /* where it fits */
void         grasp__dense_free(grasp__dense *dense);
/* A task: panels [row, row + rows) against [column, column + columns), at most GRASP__DENSE_ROWS and _COLUMNS. */
typedef struct grasp__dense_strip {
    int64_t row, rows, column, columns;
    int32_t worker;
} grasp__dense_strip;
/* false: enough, the walk need not go on. */
typedef bool (*grasp__dense_visit)(void *arg, const grasp__dense_strip *strip, int64_t row, int64_t column,
                                   const uint64_t *within, const uint64_t *maybe);
typedef void (*grasp__dense_finish)(void *arg, const grasp__dense_strip *strip); /* all of it has been visited */
/* Strips come in any order, on all workers, their panels one after another on one. Ticks. O(n^2 p). */
grasp_status grasp__dense_walk(grasp_context *ctx, const grasp__dense *dense, grasp__dense_visit visit,
                               grasp__dense_finish finish, void *arg);

/* inner[i * K + k] = <u_i, sum of u_j over class_of[j] == k> with u the unit rows (cosine; zero rows are 0) or the rows
 * themselves (euclidean), in O(n K p): what linear-time silhouettes need. class_of in [0, K); memory is made for `room`
 * classes, at least K, and is what the price says. Precomputed: GRASP_E_UNSUPPORTED. */
grasp_status grasp__distances_class_sums(grasp_context *ctx, const grasp_distances *d, const int32_t *class_of,
                                         int64_t K, int64_t room, double *inner);
uint64_t     grasp__class_sums_price(grasp_context *ctx, const grasp__space *space, int64_t room);

grasp_status grasp__distances_within(grasp_context *ctx, const grasp_distances *d, double eps, int64_t *count);

#endif
