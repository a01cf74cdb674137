/* SPDX-License-Identifier: BSD-3-Clause
 * What a distances handle holds, and the parts of the room that share it.
 *
 * Rows are read from the gradients when they are needed; per sample only a power of two and a norm are kept:
 *     c_i = f_i - origin, rounded to binary64 (origin: the mean; in a cosine space without centring none, c_i = f_i)
 *     x_i = scale_i c_i, exactly: no square of an entry overflows, and one that underflows does not matter
 *     norm_i = |x_i| by Dot2; 0 for a zero row of a cosine space
 * A euclidean space has one scale for all rows; there the origin only keeps numbers small, distances do not depend on
 * it.
 */
#ifndef GRASP__DISTANCES_SPACE_H
#define GRASP__DISTANCES_SPACE_H

#include "distances/distances.h"

#define GRASP__DISTANCES_MAGIC GRASP__MAGIC('d', 'i', 's', 't')
#define GRASP__UNIT 0x1p-53 /* unit round-off u of binary64 */

struct grasp_distances {
    grasp__object    object;
    int32_t          metric;
    bool             centered;   /* cosine: the origin is part of the truth */
    int64_t          n, p;
    grasp_gradients *gradients;  /* NULL: precomputed */
    grasp_matrix    *square;     /* precomputed */
    double          *origin;     /* p, or NULL */
    double          *scale;      /* n; euclidean: all equal */
    double          *norm;       /* n */
    double          *value;      /* condensed tile values, or NULL */
    double           value_half_width;
};

/* ---- rows.c ---- */

/* The largest power of two that brings the greatest |x_k| to [1, 2), within 2^+-1000; 1 for a row of zeros. */
double grasp__scale_of(const double *x, int64_t p);
/* |scale x| by Dot2, in place: x becomes scale x. */
double grasp__scale_row(double *x, int64_t p, double scale);
/* x = c_i scale factor, each product rounded. */
void grasp__placed_row(const grasp_distances *d, int64_t i, double scale, double factor, double *x);
/* c of rows [first, first + n), n x p. */
void grasp__centered_rows(const grasp_distances *d, int64_t first, int64_t n, double *c);

/* ---- unit.c ---- */

/* What makes the largest norm of a euclidean space 1. */
double grasp__unit(const grasp_distances *d);
void   grasp__unit_row(const grasp_distances *d, double unit, int64_t i, double *x);
/* Rows i and j are within eps where <x_i, x_j> >= half_i + half_j. */
double grasp__half_threshold(const grasp_distances *d, double unit, double eps, int64_t i);

/* ---- prepare.c ---- */

/* Fills scale and norm; refuses entries too large to centre. */
grasp_status grasp__distances_prepare(grasp_context *ctx, grasp_distances *d);

uint64_t grasp__prepare_price(grasp_context *ctx, int64_t n, int64_t p);

/* ---- walk.c ---- */

uint64_t grasp__walk_price(grasp_context *ctx, const grasp__space *space);

/* ---- truth.c ---- */

bool grasp__truth_cosine(const double *x, double norm_x, const double *y, double norm_y, int64_t p, double eps);
/* difference: p values, overwritten. */
bool grasp__truth_euclidean(const double *f, const double *g, int64_t p, double eps, double *difference);
/* The distances that those decisions are about, to a few units in the last place. */
double grasp__value_cosine(const double *x, double norm_x, const double *y, double norm_y, int64_t p);
double grasp__value_euclidean(const double *f, const double *g, int64_t p, double *difference);
/* A pair whose cosine distance differs from eps by more than this is decided as its distance says. */
double grasp__truth_width(int64_t p);

/* ---- tile.c: values from rows ---- */

typedef struct grasp__panel {
    int64_t first, count; /* rows held; count 0: none */
    bool rough;           /* in float32, rough.c */
    double *x;            /* rows x p; cosine: unit rows; euclidean: scaled rows */
} grasp__panel;

struct grasp__reader {
    const grasp_distances *d;
    const grasp__kernels  *kernels;
    int64_t                panel_rows;
    grasp__panel           panel[2];
    grasp__panel           row[2];     /* single rows for exact decisions: cosine x_i, euclidean f_i */
    double                *difference; /* p */
    const grasp__sketch_kernels *pairs; /* kernels of single pairs */
    double                 origin_norm, shift; /* |origin| at most; <row[0], origin> */
    float                 *product;    /* a tile of products, rough.c; NULL where there are none */
};

/* Rows of a panel: as many as fit 4 MiB, in [8, GRASP__TILE]. */
int64_t grasp__panel_rows(int64_t p);
void grasp__tile_values(grasp__reader *r, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values,
                        double *half_width);

/* Of values, where no row is longer than `longest`. */
double grasp__half_width(const grasp_distances *d, double longest);
/* How far a distance v, by differences whose squares are summed in four parts or more, may be from what the truth
 * computes; infinity where squares may leave the range. */
double grasp__plain_half_width(double v, int64_t p);

/* ---- reader.c ---- */

/* A reader that is asked about single pairs only; less memory. */
grasp_status grasp__reader_create_pairs(grasp_context *ctx, const grasp_distances *d, grasp__reader **out);
uint64_t     grasp__reader_pairs_price(const grasp_distances *d);
/* The truth of a pair, and whether its distance is within 1e-6 of eps. */
bool grasp__reader_decide(grasp__reader *r, int64_t i, int64_t j, double eps, bool *tie);

/* ---- stored.c ---- */

grasp_status grasp__distances_store(grasp_context *ctx, grasp_distances *d);
/* *making: at most meanwhile; returns what the values take. */
uint64_t     grasp__store_price(grasp_context *ctx, const grasp__space *space, uint64_t *making);
void         grasp__stored_tile(const grasp_distances *d, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values);
double       grasp__square_value(const grasp_distances *d, int64_t i, int64_t j);
grasp_status grasp__check_square(grasp_context *ctx, const grasp_matrix *square);

/* The distance of two samples to a few units in the last place; O(p). */
double grasp__reader_value(grasp__reader *r, int64_t i, int64_t j);

grasp_status grasp__distances_block(grasp_context *ctx, const grasp_distances *d, int64_t i, int64_t ni, int64_t j,
                                    int64_t nj, grasp_matrix *out);
grasp_status grasp__distances_kth(grasp_context *ctx, const grasp_distances *d, int64_t k, double *out);

#endif
