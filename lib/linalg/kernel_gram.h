/* SPDX-License-Identifier: BSD-3-Clause
 * The Gram kernel, written once for every instruction set and element type: a template without an include guard.
 *
 *     c_ij = sum_k a_ik b_jk
 *
 * The including file defines
 *     REAL, VECTOR, LANES        element, vector of elements, elements in it
 *     SPLAT(x), FMA(x, y, z)     broadcast; x y + z
 *     TILE_ROWS, TILE_VECTORS    the register tile: TILE_ROWS (at most 8) x (TILE_VECTORS * LANES) values of c
 *     BLOCK_COLUMNS              rows of b that are packed at a time
 *     NAME(x)                    name of x for this type; GRAM the name of the kernel
 *
 * Order of summation. k is cut into runs of GRASP__KERNEL_DEPTH terms. Within a run one accumulator per c_ij takes the
 * terms in order; c_ij is the first run's sum, to which the later ones are added in order. It depends on nothing but k:
 * not on m, n or the place in the tile. And x y = y x, so c_ij == c_ji when a == b.
 *
 * Way of the data. A block of b is packed transposed (vector lanes run over j), a few rows of a are copied side by
 * side, and a register tile runs down k with one broadcast per row. Cost m n k multiply-adds, (m + n) k copied
 * elements, 68 KiB of stack.
 */

#define DEPTH        GRASP__KERNEL_DEPTH
#define TILE_COLUMNS (TILE_VECTORS * LANES)
#define loose        NAME(loose)
#define pack         NAME(pack)
#define tile         NAME(tile)
#define strip        NAME(strip)
#define tiles        NAME(tiles)

#include "linalg/kernel_pack.h"

/* One register tile: `rows` rows of a (DEPTH apart) against `vectors` vectors of a panel, added to c unless `first`.
 * rows and vectors are constants at every use; `columns` of the tile are stored. */
static inline __attribute__((always_inline)) void tile(int rows, int vectors, int64_t columns, int64_t depth,
                                                       const REAL *a, const REAL *panel, bool first, REAL *c,
                                                       int64_t ldc)
{
    VECTOR sum[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[r][v] = SPLAT(0);
    }
    for (int64_t k = 0; k < depth; k++, a++, panel += TILE_COLUMNS) {
        VECTOR b[TILE_VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++)
            b[v] = *(const VECTOR *)(panel + v * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            VECTOR x = SPLAT(a[r * DEPTH]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] = FMA(x, b[v], sum[r][v]);
        }
    }
    if (columns == vectors * LANES) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int v = 0; v < vectors; v++) {
                loose *out = (loose *)(c + r * ldc + v * LANES);
                if (first)
                    *out = sum[r][v];
                else
                    *out += sum[r][v];
            }
        }
        return;
    }
    VECTOR row[TILE_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            row[v] = sum[r][v];
        for (int64_t j = 0; j < columns; j++)
            c[r * ldc + j] = first ? ((const REAL *)row)[j] : c[r * ldc + j] + ((const REAL *)row)[j];
    }
}

static inline __attribute__((always_inline)) void strip(int rows, int64_t columns, int64_t depth, const REAL *a,
                                                        const REAL *panel, bool first, REAL *c, int64_t ldc)
{
    if (columns > LANES)
        tile(rows, TILE_VECTORS, columns, depth, a, panel, first, c, ldc);
    else
        tile(rows, 1, columns, depth, a, panel, first, c, ldc);
}

/* Up to TILE_ROWS rows: a whole tile, or strips of 4, 2 and 1 rows. */
static void tiles(int64_t rows, int64_t columns, int64_t depth, const REAL *a, const REAL *panel, bool first, REAL *c,
                  int64_t ldc)
{
    if (rows == TILE_ROWS) {
        strip(TILE_ROWS, columns, depth, a, panel, first, c, ldc);
        return;
    }
    if (rows & 4) {
        strip(4, columns, depth, a, panel, first, c, ldc);
        a += 4 * DEPTH, c += 4 * ldc;
    }
    if (rows & 2) {
        strip(2, columns, depth, a, panel, first, c, ldc);
        a += 2 * DEPTH, c += 2 * ldc;
    }
    if (rows & 1)
        strip(1, columns, depth, a, panel, first, c, ldc);
}

static void GRAM(int64_t m, int64_t n, int64_t k, const REAL *a, int64_t lda, const REAL *b, int64_t ldb, REAL *c,
                 int64_t ldc)
{
    REAL panels[BLOCK_COLUMNS * DEPTH] __attribute__((aligned(64)));
    REAL rows[TILE_ROWS * DEPTH] __attribute__((aligned(64)));
    for (int64_t i = 0; k == 0 && i < m; i++)
        for (int64_t j = 0; j < n; j++)
            c[i * ldc + j] = 0;
    for (int64_t k0 = 0; k0 < k; k0 += DEPTH) {
        int64_t depth = k - k0 < DEPTH ? k - k0 : DEPTH;
        for (int64_t j0 = 0; j0 < n; j0 += BLOCK_COLUMNS) {
            int64_t columns = n - j0 < BLOCK_COLUMNS ? n - j0 : BLOCK_COLUMNS;
            for (int64_t j = 0; j < columns; j += TILE_COLUMNS)
                pack(columns - j < TILE_COLUMNS ? columns - j : TILE_COLUMNS, depth, b + (j0 + j) * ldb + k0, ldb,
                     panels + j * DEPTH);
            for (int64_t i0 = 0; i0 < m; i0 += TILE_ROWS) {
                int64_t height = m - i0 < TILE_ROWS ? m - i0 : TILE_ROWS;
                for (int64_t r = 0; r < height; r++)
                    memcpy(rows + r * DEPTH, a + (i0 + r) * lda + k0, (size_t)depth * sizeof(REAL));
                for (int64_t j = 0; j < columns; j += TILE_COLUMNS)
                    tiles(height, columns - j < TILE_COLUMNS ? columns - j : TILE_COLUMNS, depth, rows,
                          panels + j * DEPTH, k0 == 0, c + i0 * ldc + j0 + j, ldc);
            }
        }
    }
}

#undef DEPTH
#undef TILE_COLUMNS
#undef loose
#undef pack
#undef tile
#undef strip
#undef tiles
#undef REAL
#undef VECTOR
#undef LANES
#undef SPLAT
#undef FMA
#undef TILE_ROWS
#undef TILE_VECTORS
#undef BLOCK_COLUMNS
#undef NAME
#undef GRAM
