/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a dense layer with few outputs and many inputs, as a linear model is: a template without an include
 * guard, which kernel_layer.h includes and whose macros it uses. Vector lanes run over the inputs, so nothing is packed
 * and rows of a stream from memory, THIN_ROWS at a time.
 *
 * Each lane sums its share of the inputs in order, then the lanes are added in order; a gradient's entry sums the rows
 * in order. Cost n in out multiply-adds, bound by memory.
 */

#define THIN_ROWS     8
#define thin          NAME(thin)
#define dots          NAME(dots)
#define thin_forward  NAME(thin_forward)
#define outers        NAME(outers)
#define thin_gradient NAME(thin_gradient)

INLINE bool thin(int64_t in, int64_t out)
{
    return out <= 4 && in >= 4 * LANES && in >= 8 * out;
}

/* z_r = <a_r, w> + bias for `rows` rows, a constant at every use; z is ldz apart. */
INLINE void dots(int rows, int64_t in, const REAL *a, int64_t lda, const REAL *w, bool rectify, REAL *z, int64_t ldz)
{
    VECTOR sum[THIN_ROWS];
    UNROLL
    for (int r = 0; r < rows; r++)
        sum[r] = SPLAT(0);
    int64_t k = 0;
    for (; k + LANES <= in; k += LANES) {
        VECTOR weight = *(const loose *)(w + k);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r] = FMA(*(const loose *)(a + r * lda + k), weight, sum[r]);
    }
    if (k < in) {
        VECTOR weight = get(w + k, in - k);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r] = FMA(get(a + r * lda + k, in - k), weight, sum[r]);
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        REAL total = w[in];
        for (int v = 0; v < LANES; v++)
            total += sum[r][v];
        z[r * ldz] = rectify && total < 0 ? 0 : total;
    }
}

static void thin_forward(int64_t n, int64_t in, int64_t out, const REAL *a, int64_t lda, const REAL *w, bool rectify,
                         REAL *z)
{
    int64_t i = 0;
    for (; i + THIN_ROWS <= n; i += THIN_ROWS)
        for (int64_t o = 0; o < out; o++)
            dots(THIN_ROWS, in, a + i * lda, lda, w + o * (in + 1), rectify, z + i * out + o, out);
    for (; i < n; i++)
        for (int64_t o = 0; o < out; o++)
            dots(1, in, a + i * lda, lda, w + o * (in + 1), rectify, z + i * out + o, out);
}

/* g += sum_r d_r [a_r, 1] for `rows` rows, a constant at every use; d is ldd apart. */
INLINE void outers(int rows, int64_t in, const REAL *d, int64_t ldd, const REAL *a, int64_t lda, REAL *g)
{
    int64_t k = 0;
    for (; k + LANES <= in; k += LANES) {
        VECTOR sum = *(const loose *)(g + k);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum = FMA(SPLAT(d[r * ldd]), *(const loose *)(a + r * lda + k), sum);
        *(loose *)(g + k) = sum;
    }
    if (k < in) {
        VECTOR sum = get(g + k, in - k);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum = FMA(SPLAT(d[r * ldd]), get(a + r * lda + k, in - k), sum);
        put(sum, g + k, in - k);
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        g[in] += d[r * ldd];
}

static void thin_gradient(int64_t n, int64_t in, int64_t out, const REAL *delta, const REAL *a, int64_t lda, REAL *g)
{
    int64_t i = 0;
    memset(g, 0, (size_t)(out * (in + 1)) * sizeof(REAL));
    for (; i + THIN_ROWS <= n; i += THIN_ROWS)
        for (int64_t o = 0; o < out; o++)
            outers(THIN_ROWS, in, delta + i * out + o, out, a + i * lda, lda, g + o * (in + 1));
    for (; i < n; i++)
        for (int64_t o = 0; o < out; o++)
            outers(1, in, delta + i * out + o, out, a + i * lda, lda, g + o * (in + 1));
}

#undef THIN_ROWS
#undef dots
#undef outers
