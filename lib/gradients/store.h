/* SPDX-License-Identifier: BSD-3-Clause
 * How gradients are kept: runs of samples (chunks) whose rows lie in matrices, owned or lent, and an optional list of
 * chosen rows.
 *
 * Dense gradients have one part per chunk, k x p. Factored ones have two per layer: part 2l is act (k x T d_in), part
 * 2l + 1 is delta (k x T d_out). A view keeps its parent, whose chunks it reads through `index`; a view of a view reads
 * the first one's.
 */
#ifndef GRASP__GRADIENTS_STORE_H
#define GRASP__GRADIENTS_STORE_H

#include "gradients/gradients.h"

typedef struct chunk {
    int64_t first, rows; /* samples [first, first + rows) of the store */
    int64_t room;        /* rows its matrices can hold: more than `rows` only in the last owned chunk */
    bool lent;
} chunk;

struct grasp_gradients {
    grasp__object object;
    int32_t dtype;
    bool sealed;
    int64_t n, p;
    int64_t capacity;          /* the caller's hint */
    int64_t n_layers;          /* 0: dense */
    grasp__layer_shape *layer; /* n_layers */
    int64_t *offset;           /* n_layers + 1: where a layer's columns begin */
    int64_t n_parts;           /* matrices per chunk */
    int64_t stored;            /* samples in the chunks below */
    int64_t n_chunks, chunk_slots;
    chunk *chunks;           /* chunk_slots */
    grasp_matrix **parts;    /* chunk_slots * n_parts */
    int64_t *index;          /* n samples of the store, or NULL: all, in order */
    grasp_gradients *parent; /* a view: whose chunks are read */
};

static inline const grasp_gradients *gradients_store(const grasp_gradients *g)
{
    return g->parent ? g->parent : g;
}

/* Columns of a part. */
static inline int64_t gradients_part_cols(const grasp_gradients *g, int64_t part)
{
    if (g->n_layers == 0)
        return g->p;
    const grasp__layer_shape *l = &g->layer[part / 2];
    return l->positions * (part % 2 == 0 ? l->inputs : l->outputs);
}

/* Where sample i's row of a part lies. */
const void *grasp__gradients_part_row(const grasp_gradients *g, int64_t part, int64_t i);
/* Columns [first, first + n) of sample i as float64. */
void grasp__gradients_segment(const grasp_gradients *g, int64_t i, int64_t first, int64_t n, double *out);
/* n elements at `from`, read as float64. */
void grasp__gradients_widen(const void *from, int32_t dtype, int64_t n, double *out);

/* An unsealed object of the same form and dtype as g, without rows. */
grasp_status grasp__gradients_create_like(grasp_context *ctx, const grasp_gradients *g, grasp_gradients **out);
/* Prices: of such an object; of one chunk that it owns, of `rows` rows (0: none), and of its place. */
uint64_t     grasp__gradients_handle_price(const grasp_gradients *g);
uint64_t     grasp__gradients_chunk_price(const grasp_gradients *g, int64_t rows);
/* Makes room for `more` chunks. */
grasp_status grasp__gradients_reserve_chunks(grasp_context *ctx, grasp_gradients *g, int64_t more);
/* Adds a chunk by reference to `part` (n_parts matrices of at least `rows` rows); cannot fail after
 * grasp__gradients_reserve_chunks. */
void grasp__gradients_push_chunk(grasp_gradients *g, grasp_matrix *const *part, int64_t rows, bool lent);
/* Refuses what g cannot hold in the first k rows of a part: NaN, infinity, float32 overflow. Messages add `row` to the
 * row. */
grasp_status grasp__gradients_check_values(grasp_context *ctx, const grasp_gradients *g,
                                           const grasp_matrix *const *part, int64_t k, const char *what, int64_t row);
/* Copies the first k rows of the parts, checked. */
grasp_status grasp__gradients_append_copy(grasp_context *ctx, grasp_gradients *g, const grasp_matrix *const *part,
                                          int64_t k);

#endif
