/* SPDX-License-Identifier: BSD-3-Clause
 * How the kernel templates pack rows of b so that vector lanes run over them: a template without an include guard,
 * which they include. Asks for REAL, LANES, TILE_COLUMNS, NAME(x), and for loose and pack, the names that it defines: a
 * vector anywhere in memory, and the function.
 */

#define four       NAME(four)
#define loose_four NAME(loose_four)

typedef REAL loose __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
typedef REAL four __attribute__((vector_size(4 * sizeof(REAL))));
typedef REAL loose_four __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

/* panel[k][j] = b_jk for k < depth, j < columns <= TILE_COLUMNS, and 0 for the other j: 4 x 4 transposes, then the
 * rest. */
static void pack(int64_t columns, int64_t depth, const REAL *b, int64_t ldb, REAL *panel)
{
    if (columns < TILE_COLUMNS)
        memset(panel, 0, (size_t)depth * TILE_COLUMNS * sizeof(REAL));
    int64_t j = 0;
    for (; j + 4 <= columns; j += 4, b += 4 * ldb) {
        int64_t k = 0;
        for (; k + 4 <= depth; k += 4) {
            four r0 = *(const loose_four *)(b + k), r1 = *(const loose_four *)(b + ldb + k);
            four r2 = *(const loose_four *)(b + 2 * ldb + k), r3 = *(const loose_four *)(b + 3 * ldb + k);
            four lo02 = SHUFFLE4(r0, r2, 0, 4, 1, 5), lo13 = SHUFFLE4(r1, r3, 0, 4, 1, 5);
            four hi02 = SHUFFLE4(r0, r2, 2, 6, 3, 7), hi13 = SHUFFLE4(r1, r3, 2, 6, 3, 7);
            REAL *p = panel + k * TILE_COLUMNS + j;
            *(loose_four *)p = SHUFFLE4(lo02, lo13, 0, 4, 1, 5);
            *(loose_four *)(p + TILE_COLUMNS) = SHUFFLE4(lo02, lo13, 2, 6, 3, 7);
            *(loose_four *)(p + 2 * TILE_COLUMNS) = SHUFFLE4(hi02, hi13, 0, 4, 1, 5);
            *(loose_four *)(p + 3 * TILE_COLUMNS) = SHUFFLE4(hi02, hi13, 2, 6, 3, 7);
        }
        for (; k < depth; k++)
            for (int64_t i = 0; i < 4; i++)
                panel[k * TILE_COLUMNS + j + i] = b[i * ldb + k];
    }
    for (; j < columns; j++, b += ldb)
        for (int64_t k = 0; k < depth; k++)
            panel[k * TILE_COLUMNS + j] = b[k];
}

#undef four
#undef loose_four
