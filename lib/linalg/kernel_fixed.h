/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels on fixed-point rows, written once: a template without an include guard. The including file defines
 *     INT_VECTOR, FLOAT_VECTOR   vectors of LANES 32 bit integers and floats
 *     INT_SPLAT, SPLAT, INT_TO_FLOAT; FUSED(x, y, z), x y - z; GREATER_EQUAL(x, y), a mask of bits
 *     ADD_PRODUCTS(sum, a, b)            sum + the two products of the 16 bit halves of a and b, per 32 bit lane
 *     TILE_ROWS, TILE_VECTORS    the register tile
 *     add_columns(word, column)  column[j] += words with bit j
 *     FIXED_KERNELS, FIXED_NAME
 *
 * Sums of a run are whole numbers, exact in any order; those of runs are added in order, in float32. Cost of a tile:
 * 64 x 64 / LANES instructions a pair of entries, and 6 a vector for the verdict.
 */
#define PANEL GRASP__FIXED_PANEL

static inline FLOAT_VECTOR load(const float *x)
{
    FLOAT_VECTOR v;
    memcpy(&v, x, sizeof v);
    return v;
}

/* Products of TILE_ROWS rows and TILE_VECTORS vectors of columns over one run. */
static inline __attribute__((always_inline)) void products(int64_t pairs, const int16_t *a, const int16_t *b,
                                                           INT_VECTOR s[TILE_ROWS][TILE_VECTORS])
{
    UNROLL
    for (int r = 0; r < TILE_ROWS; r++)
        UNROLL
        for (int v = 0; v < TILE_VECTORS; v++)
            s[r][v] = INT_SPLAT(0);
    for (int64_t k = 0; k < pairs; k++, a += 2 * PANEL, b += 2 * PANEL) {
        INT_VECTOR x[TILE_VECTORS];
        UNROLL
        for (int v = 0; v < TILE_VECTORS; v++)
            memcpy(&x[v], b + 2 * v * LANES, sizeof x[v]);
        UNROLL
        for (int r = 0; r < TILE_ROWS; r++) {
            int32_t two;
            memcpy(&two, a + 2 * r, sizeof two);
            const INT_VECTOR y = INT_SPLAT(two);
            UNROLL
            for (int v = 0; v < TILE_VECTORS; v++)
                s[r][v] = ADD_PRODUCTS(s[r][v], y, x[v]);
        }
    }
}

static void fixed_multiply(int64_t pairs, const int16_t *a, const int16_t *b, bool first, float *sum)
{
    for (int i = 0; i < PANEL; i += TILE_ROWS)
        for (int j = 0; j < PANEL; j += TILE_VECTORS * LANES) {
            INT_VECTOR s[TILE_ROWS][TILE_VECTORS];
            products(pairs, a + 2 * i, b + 2 * j, s);
            UNROLL
            for (int r = 0; r < TILE_ROWS; r++)
                UNROLL
                for (int v = 0; v < TILE_VECTORS; v++) {
                    float *at = sum + (i + r) * PANEL + j + v * LANES;
                    FLOAT_VECTOR x = INT_TO_FLOAT(s[r][v]);
                    if (!first)
                        x = load(at) + x;
                    memcpy(at, &x, sizeof x);
                }
        }
}

static void fixed_verdict(int64_t pairs, const int16_t *a, const int16_t *b, bool first, const float *sum,
                          const grasp__fixed_panel *row, const grasp__fixed_panel *column, uint64_t *within,
                          uint64_t *maybe)
{
    for (int i = 0; i < PANEL; i += TILE_ROWS)
        for (int j = 0; j < PANEL; j += TILE_VECTORS * LANES) {
            INT_VECTOR s[TILE_ROWS][TILE_VECTORS];
            products(pairs, a + 2 * i, b + 2 * j, s);
            UNROLL
            for (int r = 0; r < TILE_ROWS; r++) {
                uint64_t in = 0, out = 0;
                const FLOAT_VECTOR scale = SPLAT(row->scale[i + r]), inside = SPLAT(row->inside[i + r]),
                                   outside = SPLAT(row->outside[i + r]);
                UNROLL
                for (int v = 0; v < TILE_VECTORS; v++) {
                    const int at = j + v * LANES;
                    FLOAT_VECTOR x = INT_TO_FLOAT(s[r][v]);
                    if (!first)
                        x = load(sum + (i + r) * PANEL + at) + x;
                    x *= load(column->scale + at);
                    in |= (uint64_t)GREATER_EQUAL(FUSED(x, scale, load(column->inside + at)), inside) << at;
                    out |= (uint64_t)GREATER_EQUAL(FUSED(x, scale, load(column->outside + at)), outside) << at;
                }
                within[i + r] = j > 0 ? within[i + r] | in : in;
                maybe[i + r] = j > 0 ? maybe[i + r] | out : out;
            }
        }
}

static void fixed_tally(const uint64_t *word, int32_t *row, int32_t *column)
{
    for (int i = 0; i < PANEL; i++)
        row[i] += __builtin_popcountll(word[i]);
    add_columns(word, column);
}

enum { PARTS = 8 }; /* sums side by side, which compilers turn into vectors */

static void fixed_measure(const double *x, int64_t n, double *norm, double *largest)
{
    double most = 0, square = 0;
    for (int64_t first = 0; first < n; first += 2 * GRASP__FIXED_RUN) {
        const int64_t left = n - first, length = left < 2 * GRASP__FIXED_RUN ? left : 2 * GRASP__FIXED_RUN;
        double sum[PARTS] = {0}, greatest[PARTS] = {0};
        int64_t k = 0;
        for (; k + PARTS <= length; k += PARTS)
            for (int q = 0; q < PARTS; q++) {
                const double y = x[first + k + q], size = y < 0 ? -y : y;
                sum[q] += y * y;
                greatest[q] = size > greatest[q] ? size : greatest[q];
            }
        for (; k < length; k++) {
            const double y = x[first + k], size = y < 0 ? -y : y;
            sum[0] += y * y;
            greatest[0] = size > greatest[0] ? size : greatest[0];
        }
        for (int q = 0; q < PARTS; q++) {
            sum[0] += q > 0 ? sum[q] : 0;
            most = greatest[q] > most ? greatest[q] : most;
        }
        square = sum[0] > square ? sum[0] : square;
    }
    *norm = sqrt(square);
    *largest = most;
}

static double fixed_round(const double *x, int64_t n, float scale, int16_t *q)
{
    const double size = (double)scale, inverse = 1 / size, whole = 0x1.8p52; /* y + whole - whole is y rounded */
    double sum[PARTS] = {0};
    int64_t k = 0;
    for (; k + PARTS <= n; k += PARTS)
        for (int l = 0; l < PARTS; l++) {
            const double y = (x[k + l] * inverse + whole) - whole, z = x[k + l] - size * y;
            q[k + l] = (int16_t)(int32_t)y;
            sum[l] += z * z;
        }
    for (; k < n; k++) {
        const double y = (x[k] * inverse + whole) - whole, z = x[k] - size * y;
        q[k] = (int16_t)(int32_t)y;
        sum[0] += z * z;
    }
    for (int l = 1; l < PARTS; l++)
        sum[0] += sum[l];
    return sum[0];
}

const grasp__fixed_kernels FIXED_KERNELS = {FIXED_NAME,  fixed_multiply, fixed_verdict,
                                            fixed_tally, fixed_measure,  fixed_round};

#undef PANEL
