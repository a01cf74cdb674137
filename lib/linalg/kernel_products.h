/* SPDX-License-Identifier: BSD-3-Clause
 * Inner products of many rows with few vectors, written once for every instruction set and element type: a template
 * without an include guard, part of kernel_rows.h, whose VECTOR and LANES it uses.
 *
 *     out_ij = factor_i sum_k ((x_ik - origin_k) scale_i) b_jk
 *
 * The including file defines REAL, the element of x, WIDE(x), LANES of them as doubles, and NAME(x), name of x for this
 * type; further STRIP_ROWS and STRIP_COLUMNS (at most 4), rows and vectors whose sums stay in registers.
 *
 * Rows are centred and scaled on the way, never stored: each is read once for STRIP_COLUMNS vectors. Where vectors are
 * many, rows that are placed once and the Gram kernel do better, since its vector lanes run over columns; with few of
 * them these would be idle.
 *
 * Order of summation. k is cut into runs of PRODUCT_RUN terms; within a run term k goes to lane k mod 8, whatever the
 * instruction set, lanes are added as a tree, and runs in order. Nothing is fused, so all variants give equal bits. Of
 * a run's d terms each passes at most one product, ceil(d / 8) - 1 sums in its lane, 3 in the tree, those of the runs
 * after it and the factor: never more than the Gram kernel's d' + b, d' = min(n, 128), b = ceil(n / 128), so that
 * grasp__gram_error_f64(n) bounds this error too (for |x - origin| as rounded). Cost rows vectors n multiply-adds.
 */

/* `rows` and `columns` are constants at every use. Rows asked for in time: `next`. Adds to out unless `first`. */
INLINE void NAME(strip)(int rows, int columns, const REAL *const *x, const REAL *const *next, const double *origin,
                        const double *scale, int64_t n, const double *b, int64_t ldb, bool first, double *out,
                        int64_t ldo)
{
    enum { PARTS = PRODUCT_LANES / LANES };
    VECTOR sum[STRIP_ROWS][STRIP_COLUMNS][PARTS];
    int64_t k = 0;
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int c = 0; c < columns; c++) {
            UNROLL
            for (int q = 0; q < PARTS; q++)
                sum[r][c][q] = (VECTOR){0};
        }
    }
    for (; k + PRODUCT_LANES <= n; k += PRODUCT_LANES) {
        UNROLL
        for (int r = 0; r < rows; r++)
            __builtin_prefetch(next[r] + k, 0, 2);
        UNROLL
        for (int q = 0; q < PARTS; q++) {
            const int64_t at = k + q * LANES;
            VECTOR with[STRIP_COLUMNS];
            UNROLL
            for (int c = 0; c < columns; c++)
                with[c] = wide_f64(b + c * ldb + at);
            UNROLL
            for (int r = 0; r < rows; r++) {
                VECTOR v = WIDE(x[r] + at);
                if (origin != NULL)
                    v -= wide_f64(origin + at);
                v *= scale[r];
                UNROLL
                for (int c = 0; c < columns; c++)
                    sum[r][c][q] += v * with[c];
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int c = 0; c < columns; c++) {
            double lane[PRODUCT_LANES];
            UNROLL
            for (int q = 0; q < PARTS; q++)
                *(row_loose *)(lane + q * LANES) = sum[r][c][q];
            for (int64_t q = k; q < n; q++) {
                const double v = (double)x[r][q] - (origin != NULL ? origin[q] : 0);
                lane[q - k] += v * scale[r] * b[c * ldb + q];
            }
            const double total = ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                                 ((lane[1] + lane[5]) + (lane[3] + lane[7]));
            out[r * ldo + c] = first ? total : out[r * ldo + c] + total;
        }
    }
}

/* Rows by at most STRIP_COLUMNS vectors. */
INLINE void NAME(strips)(int rows, int64_t columns, const REAL *const *x, const REAL *const *next,
                         const double *origin, const double *scale, int64_t n, const double *b, int64_t ldb, bool first,
                         double *out, int64_t ldo)
{
    if (columns >= 4 && STRIP_COLUMNS >= 4)
        NAME(strip)(rows, STRIP_COLUMNS >= 4 ? 4 : 1, x, next, origin, scale, n, b, ldb, first, out, ldo);
    else if (columns == 3 && STRIP_COLUMNS >= 3)
        NAME(strip)(rows, STRIP_COLUMNS >= 3 ? 3 : 1, x, next, origin, scale, n, b, ldb, first, out, ldo);
    else if (columns >= 2)
        NAME(strip)(rows, 2, x, next, origin, scale, n, b, ldb, first, out, ldo);
    else
        NAME(strip)(rows, 1, x, next, origin, scale, n, b, ldb, first, out, ldo);
}

static void NAME(row_products)(int64_t rows, const REAL *const *x, const double *origin, const double *scale,
                               const double *factor, int64_t n, int64_t vectors, const double *b, double *out)
{
    for (int64_t k = 0; k == 0 || k < n; k += PRODUCT_RUN) {
        const int64_t run = n - k < PRODUCT_RUN ? n - k : PRODUCT_RUN;
        for (int64_t i = 0; i < rows;) {
            const int64_t height = rows - i < STRIP_ROWS ? 1 : STRIP_ROWS;
            const REAL *now[STRIP_ROWS], *next[STRIP_ROWS];
            for (int64_t r = 0; r < height; r++) {
                now[r] = x[i + r] + k;
                next[r] = i + r + height < rows ? x[i + r + height] + k : now[r];
            }
            for (int64_t j = 0; j < vectors; j += STRIP_COLUMNS) {
                const double *with = b + j * n + k;
                const double *shift = origin != NULL ? origin + k : NULL;
                if (height == STRIP_ROWS)
                    NAME(strips)(STRIP_ROWS, vectors - j, now, next, shift, scale + i, run, with, n, k == 0,
                                 out + i * vectors + j, vectors);
                else
                    NAME(strips)(1, vectors - j, now, next, shift, scale + i, run, with, n, k == 0,
                                 out + i * vectors + j, vectors);
            }
            i += height;
        }
    }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < vectors; j++)
            out[i * vectors + j] *= factor[i];
}

#undef REAL
#undef WIDE
#undef NAME
