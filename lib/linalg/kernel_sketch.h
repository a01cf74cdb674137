/* SPDX-License-Identifier: BSD-3-Clause
 * Kernels of a sketch, written once: a template without an include guard. The including file defines
 *     LEVELS                     largest magnitude of a byte
 *     INT_VECTOR, FLOAT_VECTOR   vectors of LANES 32 bit integers and floats; DOUBLE_VECTOR of the same size
 *     INT_SPLAT, SPLAT, FMA, SPLAT_DOUBLE, FMA_DOUBLE, INT_TO_FLOAT, FLOAT_TO_INT, LARGER; GREATER_EQUAL(x, y), a mask
 *     of bits; STORE_BYTES(to, v) DOT4(sum, a, b)            sum + the four products of unsigned bytes of a with signed
 *     bytes of b, per 32 bit lane DOT_ROWS, DOT_VECTORS      the register tile
 *     SKETCH_KERNELS, SKETCH_NAME
 *
 * dot: a panel of 64 columns stays in the nearest cache while DOT_ROWS rows at a time run down it; integer sums are
 * exact, so their order is free. verdict: 8 + 6 operations a pair. All loops are over whole panels; columns that are
 * not there are the caller's to ignore.
 */
#define PANEL GRASP__SKETCH_PANEL

typedef uint8_t byte_vector __attribute__((vector_size(4 * LANES)));

static inline __attribute__((always_inline)) void dot_tile(int rows, int64_t groups, const uint8_t *const *row,
                                                           const int8_t *bytes, int32_t *sum)
{
    INT_VECTOR s[DOT_ROWS][DOT_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < DOT_VECTORS; v++)
            memcpy(&s[r][v], sum + r * PANEL + v * LANES, sizeof(INT_VECTOR));
    for (int64_t k = 0; k < groups; k++, bytes += 4 * PANEL) {
        INT_VECTOR b[DOT_VECTORS];
        UNROLL
        for (int v = 0; v < DOT_VECTORS; v++)
            memcpy(&b[v], bytes + 4 * v * LANES, sizeof(INT_VECTOR));
        UNROLL
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, row[r] + 4 * k, 4);
            INT_VECTOR a = INT_SPLAT(four);
            UNROLL
            for (int v = 0; v < DOT_VECTORS; v++)
                s[r][v] = DOT4(s[r][v], a, b[v]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < DOT_VECTORS; v++)
            memcpy(sum + r * PANEL + v * LANES, &s[r][v], sizeof(INT_VECTOR));
}

static void sketch_dot(int64_t m, int64_t groups, const uint8_t *const *row, const int8_t *bytes, int32_t *sum)
{
    for (; m >= DOT_ROWS; m -= DOT_ROWS, row += DOT_ROWS, sum += DOT_ROWS * PANEL)
        for (int64_t column = 0; column < PANEL; column += DOT_VECTORS * LANES)
            dot_tile(DOT_ROWS, groups, row, bytes + 4 * column, sum + column);
    for (; m > 0; m--, row++, sum += PANEL)
        for (int64_t column = 0; column < PANEL; column += DOT_VECTORS * LANES)
            dot_tile(1, groups, row, bytes + 4 * column, sum + column);
}

/* sum[j] = the same sum for row and the stored column j of each set bit: a few pairs without a panel. */
static void sketch_dot_pairs(int64_t groups, const uint8_t *row, uint64_t columns, const uint8_t *const *column,
                             int32_t offset, int32_t *sum)
{
    for (; columns; columns &= columns - 1) {
        const int j = __builtin_ctzll(columns);
        const uint8_t *other = column[j];
        byte_vector a, b;
        INT_VECTOR s[2] = {INT_SPLAT(0), INT_SPLAT(0)};
        int64_t k = 0;
        for (; k + 2 * LANES <= groups; k += 2 * LANES)
            UNROLL
            for (int q = 0; q < 2; q++) {
                memcpy(&a, row + 4 * (k + q * LANES), sizeof a);
                memcpy(&b, other + 4 * (k + q * LANES), sizeof b);
                s[q] = DOT4(s[q], (INT_VECTOR)a, (INT_VECTOR)(b - (uint8_t)offset));
            }
        s[0] += s[1];
        sum[j] = 0;
        for (int lane = 0; lane < LANES; lane++)
            sum[j] += s[0][lane];
        for (k *= 4; k < 4 * groups; k++)
            sum[j] += row[k] * (other[k] - offset);
    }
}

typedef uint32_t four_groups __attribute__((vector_size(16)));
typedef uint8_t sixteen_bytes __attribute__((vector_size(16)));

static inline four_groups signed_groups(const uint8_t *stored, uint8_t offset)
{
    sixteen_bytes x;
    memcpy(&x, stored, sizeof x);
    return (four_groups)(x - offset);
}

static void sketch_pack(int64_t groups, const uint8_t *const *row, int32_t offset, int8_t *bytes)
{
    enum { BLOCK = 16 }; /* groups at a time: a cache line of each row */
    for (int64_t k0 = 0; k0 < groups; k0 += BLOCK) {
        const int64_t end = k0 + BLOCK < groups ? k0 + BLOCK : groups;
        for (int j = 0; j < PANEL; j += 4) {
            int64_t k = k0;
            for (; k + 4 <= end; k += 4) { /* 4 x 4 groups, transposed */
                const four_groups r0 = signed_groups(row[j] + 4 * k, (uint8_t)offset),
                                  r1 = signed_groups(row[j + 1] + 4 * k, (uint8_t)offset),
                                  r2 = signed_groups(row[j + 2] + 4 * k, (uint8_t)offset),
                                  r3 = signed_groups(row[j + 3] + 4 * k, (uint8_t)offset);
                const four_groups lo02 = SHUFFLE4(r0, r2, 0, 4, 1, 5), lo13 = SHUFFLE4(r1, r3, 0, 4, 1, 5);
                const four_groups hi02 = SHUFFLE4(r0, r2, 2, 6, 3, 7), hi13 = SHUFFLE4(r1, r3, 2, 6, 3, 7);
                const four_groups out[4] = {SHUFFLE4(lo02, lo13, 0, 4, 1, 5), SHUFFLE4(lo02, lo13, 2, 6, 3, 7),
                                            SHUFFLE4(hi02, hi13, 0, 4, 1, 5), SHUFFLE4(hi02, hi13, 2, 6, 3, 7)};
                for (int g = 0; g < 4; g++)
                    memcpy(bytes + ((k + g) * PANEL + j) * 4, &out[g], sizeof out[g]);
            }
            for (; k < end; k++)
                for (int c = j; c < j + 4; c++)
                    for (int q = 0; q < 4; q++)
                        bytes[(k * PANEL + c) * 4 + q] = (int8_t)(row[c][4 * k + q] - offset);
        }
    }
}

static inline FLOAT_VECTOR load(const float *x)
{
    FLOAT_VECTOR v;
    memcpy(&v, x, sizeof v);
    return v;
}

/* Columns [j, j + LANES) of a panel, of which row r is surely within, and which are not surely outside. */
static inline __attribute__((always_inline)) void compare(const grasp__sketch_row *r, const grasp__sketch_panel *panel,
                                                          int j, FLOAT_VECTOR x, FLOAT_VECTOR width, uint64_t *in,
                                                          uint64_t *out)
{
    const float slack = GRASP__SKETCH_SLACK(r->half);
    UNROLL
    for (int k = 0; k < GRASP__SKETCH_HEAD; k++)
        x = FMA(SPLAT(r->head[k]), load(panel->head[k] + j), x);
    *in |= (uint64_t)GREATER_EQUAL(x - width, SPLAT(r->half + slack) + load(panel->inside + j)) << j;
    *out |= (uint64_t)GREATER_EQUAL(x + width, SPLAT(r->half - slack) + load(panel->outside + j)) << j;
}

static void sketch_glance(int64_t m, const grasp__sketch_row *const *row, const grasp__sketch_panel *panel,
                          uint64_t *within, uint64_t *maybe)
{
    for (int64_t i = 0; i < m; i++) {
        uint64_t in = 0, out = 0;
        for (int j = 0; j < PANEL; j += LANES)
            compare(row[i], panel, j, SPLAT(0.0f), SPLAT(row[i]->rest) * load(panel->rest + j), &in, &out);
        within[i] = in;
        maybe[i] = out | in;
    }
}

static void sketch_verdict(int64_t m, const grasp__sketch_row *const *row, const grasp__sketch_panel *panel,
                           const int32_t *sum, uint64_t *within, uint64_t *maybe)
{
    for (int64_t i = 0; i < m; i++, sum += PANEL) {
        const grasp__sketch_row *r = row[i];
        uint64_t in = 0, out = 0;
        for (int j = 0; j < PANEL; j += LANES) {
            INT_VECTOR s, c;
            memcpy(&s, sum + j, sizeof s);
            memcpy(&c, panel->correction + j, sizeof c);
            compare(r, panel, j, INT_TO_FLOAT(s - c) * (SPLAT(r->scale) * load(panel->scale + j)),
                    FMA(SPLAT(r->error), load(panel->rest + j), SPLAT(r->rest + r->error) * load(panel->error + j)),
                    &in, &out);
        }
        within[i] = in;
        maybe[i] = out | in;
    }
}

static void sketch_apart(int64_t m, const float *low, const float *high, int64_t stride, const grasp__sketch_box *box,
                         float *square)
{
    for (int64_t j = 0; j < m; j += LANES) {
        FLOAT_VECTOR sum = SPLAT(0.0f);
        UNROLL
        for (int k = 0; k < GRASP__SKETCH_SIDES; k++) {
            const FLOAT_VECTOR above = load(low + k * stride + j) - SPLAT(box->high[k]),
                               below = SPLAT(box->low[k]) - load(high + k * stride + j);
            const FLOAT_VECTOR gap = LARGER(LARGER(above, below), SPLAT(0.0f));
            sum = FMA(gap, gap, sum);
        }
        memcpy(square + j, &sum, sizeof sum);
    }
}

enum { DOUBLES = LANES / 2 };

static inline double sum_of(DOUBLE_VECTOR v)
{
    double sum = v[0];
    for (int q = 1; q < DOUBLES; q++)
        sum += v[q];
    return sum;
}

/* ---- pairs of rows in binary64 ----------------------------------------------------------------------------------- */

typedef float half_vector __attribute__((vector_size(4 * DOUBLES)));

static inline DOUBLE_VECTOR widened_f32(const float *x)
{
    half_vector v;
    memcpy(&v, x, sizeof v);
    return __builtin_convertvector(v, DOUBLE_VECTOR);
}

static inline DOUBLE_VECTOR widened_f64(const double *x)
{
    DOUBLE_VECTOR v;
    memcpy(&v, x, sizeof v);
    return v;
}

#define PAIR_FUNCTIONS(REAL, SUFFIX)                                                                                   \
  static double sketch_dot_##SUFFIX(const double *x, const REAL *y, int64_t n)                                         \
  {                                                                                                                    \
    DOUBLE_VECTOR sum[4] = {{0}};                                                                                      \
    double rest = 0;                                                                                                   \
    int64_t k = 0;                                                                                                     \
    for (; k + 4 * DOUBLES <= n; k += 4 * DOUBLES)                                                                     \
      UNROLL for (int q = 0; q < 4; q++)                                                                               \
        sum[q] = FMA_DOUBLE(widened_f64(x + k + q * DOUBLES), widened_##SUFFIX(y + k + q * DOUBLES), sum[q]);          \
    for (; k < n; k++)                                                                                                 \
      rest += x[k] * (double)y[k];                                                                                     \
    return sum_of((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;                                                       \
  }                                                                                                                    \
  static double sketch_square_##SUFFIX(const double *x, const REAL *y, int64_t n)                                      \
  {                                                                                                                    \
    DOUBLE_VECTOR sum[4] = {{0}};                                                                                      \
    double rest = 0;                                                                                                   \
    int64_t k = 0;                                                                                                     \
    for (; k + 4 * DOUBLES <= n; k += 4 * DOUBLES)                                                                     \
      UNROLL for (int q = 0; q < 4; q++) {                                                                             \
        const DOUBLE_VECTOR z = widened_f64(x + k + q * DOUBLES) - widened_##SUFFIX(y + k + q * DOUBLES);              \
        sum[q] = FMA_DOUBLE(z, z, sum[q]);                                                                             \
      }                                                                                                                \
    for (; k < n; k++)                                                                                                 \
      rest += (x[k] - (double)y[k]) * (x[k] - (double)y[k]);                                                           \
    return sum_of((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;                                                       \
  }

PAIR_FUNCTIONS(float, f32)
PAIR_FUNCTIONS(double, f64)

/* ---- making a sketch --------------------------------------------------------------------------------------------- */

static void sketch_project(const double *v, const double *x, int64_t n, double *y)
{
    DOUBLE_VECTOR sum[GRASP__SKETCH_HEAD] = {{0}};
    int64_t k = 0;
    for (; k + DOUBLES <= n; k += DOUBLES) {
        DOUBLE_VECTOR at, direction;
        memcpy(&at, x + k, sizeof at);
        UNROLL
        for (int j = 0; j < GRASP__SKETCH_HEAD; j++) {
            memcpy(&direction, v + j * n + k, sizeof direction);
            sum[j] = FMA_DOUBLE(at, direction, sum[j]);
        }
    }
    for (int j = 0; j < GRASP__SKETCH_HEAD; j++) {
        y[j] = sum_of(sum[j]);
        for (int64_t rest = k; rest < n; rest++)
            y[j] += v[j * n + rest] * x[rest];
    }
}

static void sketch_subtract(const double *v, const double *y, const double *x, int64_t n, float *r)
{
    int64_t k = 0;
    for (; k + DOUBLES <= n; k += DOUBLES) {
        DOUBLE_VECTOR at, direction;
        memcpy(&at, x + k, sizeof at);
        UNROLL
        for (int j = 0; j < GRASP__SKETCH_HEAD; j++) {
            memcpy(&direction, v + j * n + k, sizeof direction);
            at = FMA_DOUBLE(direction, SPLAT_DOUBLE(-y[j]), at);
        }
        for (int q = 0; q < DOUBLES; q++)
            r[k + q] = (float)at[q];
    }
    for (; k < n; k++) {
        double at = x[k];
        for (int j = 0; j < GRASP__SKETCH_HEAD; j++)
            at -= y[j] * v[j * n + k];
        r[k] = (float)at;
    }
}

static const int32_t lanes_in_order[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The stage of the transform that pairs lane l with lane l ^ h. */
static inline __attribute__((always_inline)) FLOAT_VECTOR pair_lanes(FLOAT_VECTOR x, int h)
{
    INT_VECTOR lane;
    memcpy(&lane, lanes_in_order, sizeof lane);
    const INT_VECTOR sign = ((lane & h) != 0) & INT32_MIN;
#ifdef __clang__
    FLOAT_VECTOR swapped;
    for (int l = 0; l < LANES; l++)
        swapped[l] = x[l ^ h];
#else
    const FLOAT_VECTOR swapped = __builtin_shuffle(x, lane ^ h);
#endif
    return swapped + (FLOAT_VECTOR)((INT_VECTOR)x ^ sign);
}

static void sketch_hadamard(float *x, int64_t n)
{
    int64_t h = 1;
    if (n >= LANES)
        for (int64_t i = 0; i < n; i += LANES) {
            FLOAT_VECTOR v = load(x + i);
            UNROLL
            for (int lane = 1; lane < LANES; lane *= 2)
                v = pair_lanes(v, lane);
            memcpy(x + i, &v, sizeof v);
        }
    else
        for (; h < n; h *= 2)
            for (int64_t i = 0; i < n; i++)
                if (!(i & h)) {
                    const float sum = x[i] + x[i + h];
                    x[i + h] = x[i] - x[i + h];
                    x[i] = sum;
                }
    for (h = h < LANES ? LANES : h; 2 * h < n; h *= 4) /* two stages at once: half the trips to memory */
        for (int64_t i = 0; i < n; i += 4 * h)
            for (int64_t j = i; j < i + h; j += LANES) {
                const FLOAT_VECTOR a = load(x + j), b = load(x + j + h), c = load(x + j + 2 * h),
                                   d = load(x + j + 3 * h);
                const FLOAT_VECTOR ab = a + b, a_b = a - b, cd = c + d, c_d = c - d;
                const FLOAT_VECTOR out[4] = {ab + cd, a_b + c_d, ab - cd, a_b - c_d};
                UNROLL
                for (int q = 0; q < 4; q++)
                    memcpy(x + j + q * h, &out[q], sizeof out[q]);
            }
    for (; h < n; h *= 2)
        for (int64_t j = 0; j < h; j += LANES) {
            const FLOAT_VECTOR a = load(x + j), b = load(x + j + h), sum = a + b, difference = a - b;
            memcpy(x + j, &sum, sizeof sum);
            memcpy(x + j + h, &difference, sizeof difference);
        }
}

static float sketch_largest(const float *x, int64_t n)
{
    FLOAT_VECTOR most = SPLAT(0.0f);
    int64_t k = 0;
    float largest = 0;
    for (; k + LANES <= n; k += LANES) {
        const FLOAT_VECTOR magnitude = (FLOAT_VECTOR)((INT_VECTOR)load(x + k) & INT32_MAX);
        most = LARGER(magnitude, most);
    }
    for (int q = 0; q < LANES; q++)
        largest = most[q] > largest ? most[q] : largest;
    for (; k < n; k++)
        largest = (x[k] < 0 ? -x[k] : x[k]) > largest ? (x[k] < 0 ? -x[k] : x[k]) : largest;
    return largest;
}

/* |x| < (levels + 1/2) scale, so nothing needs to be cut off. Sums in runs of binary32, runs in binary64. */
static void sketch_quantise(const float *x, int64_t n, float scale, int32_t levels, uint8_t *bytes,
                            grasp__sketch_sums *out)
{
    enum { RUN = 64 * LANES };
    const float nearest = 0x1.8p23f, inverse = 1 / scale; /* adding and taking away: rounds to a whole number */
    *out = (grasp__sketch_sums){0, 0, 0};
    int64_t k = 0;
    while (k + LANES <= n) {
        const int64_t end = n - k < RUN ? n / LANES * LANES : k + RUN;
        FLOAT_VECTOR rest = SPLAT(0.0f), error = SPLAT(0.0f), total = SPLAT(0.0f);
        for (; k < end; k += LANES) {
            const FLOAT_VECTOR at = load(x + k), q = (at * SPLAT(inverse) + SPLAT(nearest)) - SPLAT(nearest);
            const FLOAT_VECTOR z = at - q * SPLAT(scale);
            STORE_BYTES(bytes + k, FLOAT_TO_INT(q) + (levels + 1));
            rest += at * at;
            error += z * z;
            total += q;
        }
        for (int lane = 0; lane < LANES; lane++) {
            out->rest += (double)rest[lane];
            out->error += (double)error[lane];
            out->total += (int64_t)total[lane];
        }
    }
    for (; k < n; k++) {
        const float q = (x[k] * inverse + nearest) - nearest, z = x[k] - q * scale;
        bytes[k] = (uint8_t)((int32_t)q + levels + 1);
        out->rest += (double)x[k] * (double)x[k];
        out->error += (double)z * (double)z;
        out->total += (int64_t)q;
    }
}

const grasp__sketch_kernels SKETCH_KERNELS = {
    .name = SKETCH_NAME,
    .levels = LEVELS,
    .dot = sketch_dot,
    .dot_pairs = sketch_dot_pairs,
    .pack = sketch_pack,
    .glance = sketch_glance,
    .verdict = sketch_verdict,
    .apart = sketch_apart,
    .hadamard = sketch_hadamard,
    .project = sketch_project,
    .subtract = sketch_subtract,
    .dot_f32 = sketch_dot_f32,
    .dot_f64 = sketch_dot_f64,
    .square_f32 = sketch_square_f32,
    .square_f64 = sketch_square_f64,
    .largest = sketch_largest,
    .quantise = sketch_quantise,
};
