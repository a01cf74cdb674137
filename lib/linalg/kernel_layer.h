/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a dense layer, written once for every instruction set and element type: a template without an include
 * guard. All three are one product,
 *
 *     c_ij = sum_k x_ik b_kj     forward   x = a,        b = w^T,     + bias, then max(c, 0)
 *                                backward  x = delta,    b = w,       then 0 unless a_ij > 0
 *                                gradient  x = delta^T,  b = [a, 1]
 *
 * The including file defines REAL, VECTOR, LANES, SPLAT(x), FMA(x, y, z), TILE_ROWS (at most 8), TILE_VECTORS, NAME(x)
 * as for kernel_gram.h, and where the instruction set has them GET_SOME(from, n), PUT_SOME(v, to, n), which read n <
 * LANES elements, 0 after them, and write as many. What is defined here are NAME(forward), NAME(backward) and
 * NAME(gradient).
 *
 * A panel of b, TILE_VECTORS vectors wide and at most DEPTH terms long, is packed on the stack; x is read where it
 * lies, one broadcast per row and term; what is done to a result is done while it is in registers. Runs of DEPTH terms
 * are summed from zero and then added, so the order of a sum depends on the layer's shape and n alone. Layers of few
 * outputs go to kernel_thin.h. Cost n in out multiply-adds and in out copied elements forward and backward, n in for
 * the gradient; 16 KiB of stack.
 */

#define DEPTH        GRASP__KERNEL_DEPTH
#define TILE_COLUMNS (TILE_VECTORS * LANES)
#define INLINE       static inline __attribute__((always_inline))
#define loose        NAME(loose)
#define pack         NAME(pack)
#define bits         NAME(bits)
#define target       NAME(target)
#define get          NAME(get)
#define put          NAME(put)
#define get_some     NAME(get_some)
#define put_some     NAME(put_some)
#define tile         NAME(tile)
#define tiles        NAME(tiles)
#define copy         NAME(copy)

#include "linalg/kernel_pack.h"

typedef __typeof__((VECTOR){0} < (VECTOR){0}) bits; /* what a comparison gives */

/* Where a tile goes, and what is done to it. */
typedef struct target {
    REAL *c;
    int64_t ldc, columns; /* columns that are there, at most TILE_COLUMNS */
    const REAL *start;    /* first run: a row to add, TILE_COLUMNS long; later runs: NULL, c is added to */
    const REAL *gate;     /* 0 where this (ldg apart) is not positive; NULL: no gate */
    int64_t ldg;
    bool rectify;
} target;

#ifndef GET_SOME /* one by one */
#  define GET_SOME get_some
#  define PUT_SOME put_some

INLINE VECTOR get_some(const REAL *from, int64_t n)
{
    VECTOR v = {0};
    for (int64_t j = 0; j < n; j++)
        v[j] = from[j];
    return v;
}

INLINE void put_some(VECTOR v, REAL *to, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        to[j] = v[j];
}
#endif

INLINE VECTOR get(const REAL *from, int64_t n)
{
    if (n >= LANES)
        return *(const loose *)from;
    return GET_SOME(from, n > 0 ? n : 0);
}

INLINE void put(VECTOR v, REAL *to, int64_t n)
{
    if (n >= LANES)
        *(loose *)to = v;
    else
        PUT_SOME(v, to, n);
}

/* One register tile: `rows` rows of x (x_ik at x[i * row + k * step]) against `vectors` vectors of a panel. rows,
 * vectors, and one of row and step are constants at every use. */
INLINE void tile(int rows, int vectors, int64_t depth, const REAL *x, int64_t row, int64_t step, const REAL *panel,
                 const target *to)
{
    VECTOR sum[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[r][v] = SPLAT(0);
    }
    for (int64_t k = 0; k < depth; k++, x += step, panel += TILE_COLUMNS) {
        VECTOR b[TILE_VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++)
            b[v] = *(const VECTOR *)(panel + v * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            VECTOR broadcast = SPLAT(x[r * row]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] = FMA(broadcast, b[v], sum[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            int64_t left = to->columns - v * LANES;
            REAL *c = to->c + r * to->ldc + v * LANES;
            VECTOR z = sum[r][v] + (to->start ? *(const VECTOR *)(to->start + v * LANES) : get(c, left));
            if (to->rectify)
                z = (VECTOR)((bits)z & ~(z < SPLAT(0)));
            if (to->gate)
                z = (VECTOR)((bits)z & (get(to->gate + r * to->ldg + v * LANES, left) > SPLAT(0)));
            put(z, c, left);
        }
    }
}

/* All rows, in strips of TILE_ROWS and then of 4, 2 and 1. */
INLINE void tiles(int vectors, int64_t rows, int64_t depth, const REAL *x, int64_t row, int64_t step, const REAL *panel,
                  target to)
{
#define STRIP(height)                                                                                                  \
  tile(height, vectors, depth, x, row, step, panel, &to);                                                              \
  rows -= (height), x += (height) * row, to.c += (height) * to.ldc, to.gate += to.gate ? (height) * to.ldg : 0

    while (rows >= TILE_ROWS) {
        STRIP(TILE_ROWS);
    }
    if (rows & 4) {
        STRIP(4);
    }
    if (rows & 2) {
        STRIP(2);
    }
    if (rows & 1) {
        STRIP(1);
    }
#undef STRIP
}

/* panel[k][j] = b_kj for k < depth, j < columns, and 0 for the other j: b as it lies. */
static void copy(int64_t columns, int64_t depth, const REAL *b, int64_t ldb, REAL *panel)
{
    for (int64_t k = 0; k < depth; k++, b += ldb, panel += TILE_COLUMNS) {
        UNROLL
        for (int v = 0; v < TILE_VECTORS; v++)
            *(VECTOR *)(panel + v * LANES) = get(b + v * LANES, columns - v * LANES);
    }
}

#include "linalg/kernel_thin.h"

static void NAME(forward)(int64_t n, int64_t in, int64_t out, const REAL *a, int64_t lda, const REAL *w, bool rectify,
                          REAL *z)
{
    REAL panel[DEPTH * TILE_COLUMNS] __attribute__((aligned(64)));
    REAL bias[TILE_COLUMNS] __attribute__((aligned(64))) = {0};
    if (thin(in, out)) {
        thin_forward(n, in, out, a, lda, w, rectify, z);
        return;
    }
    for (int64_t j = 0; j < out; j += TILE_COLUMNS) {
        int64_t columns = out - j < TILE_COLUMNS ? out - j : TILE_COLUMNS;
        for (int64_t i = 0; i < columns; i++)
            bias[i] = w[(j + i) * (in + 1) + in];
        for (int64_t k = 0; k < in; k += DEPTH) {
            int64_t depth = in - k < DEPTH ? in - k : DEPTH;
            target to = {.c = z + j, .ldc = out, .columns = columns};
            to.start = k == 0 ? bias : NULL;
            to.rectify = rectify && k + depth == in;
            pack(columns, depth, w + j * (in + 1) + k, in + 1, panel);
            if (columns > LANES)
                tiles(TILE_VECTORS, n, depth, a + k, lda, 1, panel, to);
            else
                tiles(1, n, depth, a + k, lda, 1, panel, to);
        }
    }
}

static void NAME(backward)(int64_t n, int64_t in, int64_t out, const REAL *delta, const REAL *w, const REAL *a,
                           int64_t lda, REAL *previous)
{
    static const REAL zero[TILE_COLUMNS] __attribute__((aligned(64)));
    REAL panel[DEPTH * TILE_COLUMNS] __attribute__((aligned(64)));
    for (int64_t j = 0; j < in; j += TILE_COLUMNS) {
        int64_t columns = in - j < TILE_COLUMNS ? in - j : TILE_COLUMNS;
        for (int64_t k = 0; k < out; k += DEPTH) {
            int64_t depth = out - k < DEPTH ? out - k : DEPTH;
            target to = {.c = previous + j, .ldc = in, .columns = columns, .ldg = lda};
            to.start = k == 0 ? zero : NULL;
            to.gate = k + depth == out ? a + j : NULL;
            copy(columns, depth, w + k * (in + 1) + j, in + 1, panel);
            if (columns > LANES)
                tiles(TILE_VECTORS, n, depth, delta + k, out, 1, panel, to);
            else
                tiles(1, n, depth, delta + k, out, 1, panel, to);
        }
    }
}

static void NAME(gradient)(int64_t n, int64_t in, int64_t out, const REAL *delta, const REAL *a, int64_t lda, REAL *g)
{
    static const REAL zero[TILE_COLUMNS] __attribute__((aligned(64)));
    REAL panel[DEPTH * TILE_COLUMNS] __attribute__((aligned(64)));
    if (thin(in, out)) {
        thin_gradient(n, in, out, delta, a, lda, g);
        return;
    }
    for (int64_t k = 0; k < n; k += DEPTH) {
        int64_t depth = n - k < DEPTH ? n - k : DEPTH;
        for (int64_t j = 0; j <= in; j += TILE_COLUMNS) {
            int64_t columns = in + 1 - j < TILE_COLUMNS ? in + 1 - j : TILE_COLUMNS;
            target to = {.c = g + j, .ldc = in + 1, .columns = columns, .start = k == 0 ? zero : NULL};
            copy(in - j < columns ? in - j : columns, depth, a + k * lda + j, lda, panel);
            for (int64_t i = 0; in - j < columns && i < depth; i++)
                panel[i * TILE_COLUMNS + in - j] = 1;
            if (columns > LANES)
                tiles(TILE_VECTORS, out, depth, delta + k * out, 1, out, panel, to);
            else
                tiles(1, out, depth, delta + k * out, 1, out, panel, to);
        }
    }
}

#undef DEPTH
#undef TILE_COLUMNS
#undef INLINE
#undef loose
#undef pack
#undef bits
#undef target
#undef get
#undef put
#undef get_some
#undef put_some
#undef tile
#undef tiles
#undef copy
#undef thin
#undef thin_forward
#undef thin_gradient
#undef REAL
#undef VECTOR
#undef LANES
#undef SPLAT
#undef FMA
#undef TILE_ROWS
#undef TILE_VECTORS
#undef GET_SOME
#undef PUT_SOME
#undef NAME
