/* SPDX-License-Identifier: BSD-3-Clause
 * Tiles of values from rows: panels of rows are read, centred and scaled as they are needed, and multiplied by the Gram
 * kernel.
 * O(ni nj p); scratch of two panels, so that neither n nor p makes a reader large.
 *
 * Cosine: v = 1 - <x_i, x_j> over unit rows. Each entry of a unit row is within 5 u of the exact one (norm u + g, its
 * inverse u, two products 2 u), so the product of two rows differs by 10 u + 2 g from the exact one and by
 * grasp__gram_error_f64(p) from what the kernel gives, and 1 - v rounds once more. The half-width also contains the
 * width within which the truth itself (truth.c) calls a pair equal to eps, so that a value outside eps +- half-width is
 * decided as the truth decides it.
 *
 * Euclidean, rows of length at most M, e = gram error: v^2 = |x_i|^2 + |x_j|^2 - 2 <x_i, x_j> is within (2 e + 32 u)
 * M^2, which is worthless where rows are close. So where v < M/16, and everywhere when rows are so short that it costs
 * nothing, v comes from differences: relative error (p/4 + 8) u by four partial sums. Elsewhere |v - d| <= error of v^2
 * / v <= 16 M (2 e + 32 u). Rounding the centred rows moves a distance by at most 2 u M.
 */
#include "distances/space.h"

#include <math.h>

enum { SHORT_ROW = 16, PANEL_BYTES = 1 << 22, LEAST_ROWS = 8 };

int64_t grasp__panel_rows(int64_t p)
{
    int64_t rows = PANEL_BYTES / (int64_t)sizeof(double) / (p > 0 ? p : 1) / LEAST_ROWS * LEAST_ROWS;
    return rows < LEAST_ROWS ? LEAST_ROWS : rows > GRASP__TILE ? GRASP__TILE : rows;
}

static void load(const grasp_distances *d, grasp__panel *panel, int64_t first, int64_t count)
{
    if (panel->first == first && panel->count == count && !panel->rough)
        return;
    *panel = (grasp__panel){.first = first, .count = count, .x = panel->x};
    if (d->metric == GRASP__COSINE) {
        grasp__distances_rows(d, first, count, panel->x);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        grasp__placed_row(d, first + i, d->scale[first + i], 1, panel->x + i * d->p);
}

/* |x - y| in four partial sums. */
static double difference_norm(const double *x, const double *y, int64_t p)
{
    double sum[4] = {0, 0, 0, 0};
    int64_t k = 0;
    for (; k + 4 <= p; k += 4)
        for (int64_t q = 0; q < 4; q++) {
            double z = x[k + q] - y[k + q];
            sum[q] += z * z;
        }
    for (; k < p; k++) {
        double z = x[k] - y[k];
        sum[0] += z * z;
    }
    return sqrt((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

double grasp__plain_half_width(double v, int64_t p)
{
    return v > 1e-140 && v < 1e140 ? 2 * v * ((double)p / 4 + 16) * GRASP__UNIT : INFINITY;
}

static void cosine_panel(const grasp__reader *r, const grasp__panel *a, const grasp__panel *b, double *v, int64_t ldv)
{
    int64_t p = r->d->p;
    r->kernels->gram_f64(a->count, b->count, p, a->x, p, b->x, p, v, ldv);
    for (int64_t i = 0; i < a->count; i++)
        for (int64_t j = 0; j < b->count; j++) {
            double d = 1 - v[i * ldv + j];
            v[i * ldv + j] = d < 0 ? 0 : d > 2 ? 2 : d;
        }
}

/* Lengths are those of the scaled rows; `longest` is M. */
static void euclidean_panel(const grasp__reader *r, const grasp__panel *a, const grasp__panel *b, double longest,
                            double *v, int64_t ldv)
{
    int64_t p = r->d->p;
    double close = p <= SHORT_ROW ? INFINITY : longest * longest / 256;
    if (p > SHORT_ROW)
        r->kernels->gram_f64(a->count, b->count, p, a->x, p, b->x, p, v, ldv);
    for (int64_t i = 0; i < a->count; i++) {
        double norm_i = r->d->norm[a->first + i];
        for (int64_t j = 0; j < b->count; j++) {
            double norm_j = r->d->norm[b->first + j];
            double square = p <= SHORT_ROW ? 0 : (norm_i * norm_i + norm_j * norm_j) - 2 * v[i * ldv + j];
            v[i * ldv + j] = square >= close ? sqrt(square) : difference_norm(a->x + i * p, b->x + j * p, p);
        }
    }
}

static double longest_row(const grasp_distances *d, int64_t first, int64_t n)
{
    double longest = 0;
    for (int64_t i = first; i < first + n; i++)
        longest = fmax(longest, d->norm[i]);
    return longest;
}

double grasp__half_width(const grasp_distances *d, double longest)
{
    double gram = grasp__gram_error_f64(d->p);
    if (d->metric == GRASP__COSINE)
        return gram * (1 + 0x1p-20) + 24 * GRASP__UNIT + grasp__truth_width(d->p);
    double differences = 2 * longest * ((double)d->p / 4 + 16) * GRASP__UNIT;
    double products = d->p <= SHORT_ROW ? 0 : 16 * longest * (2 * gram + 32 * GRASP__UNIT);
    return (differences + products + longest * 16 * GRASP__UNIT) * (1 + 0x1p-20) +
           0x1p-1070; /* the values may be subnormal */
}

void grasp__tile_values(grasp__reader *r, int64_t i, int64_t ni, int64_t j, int64_t nj, double *values,
                        double *half_width)
{
    const grasp_distances *d = r->d;
    double longest = 0, scale = 1;
    if (d->metric == GRASP__EUCLIDEAN && ni > 0 && nj > 0) {
        longest = fmax(longest_row(d, i, ni), longest_row(d, j, nj));
        scale = d->scale[i];
    }
    for (int64_t a = 0; a < ni; a += r->panel_rows) {
        load(d, &r->panel[0], i + a, ni - a < r->panel_rows ? ni - a : r->panel_rows);
        for (int64_t b = 0; b < nj; b += r->panel_rows) {
            int64_t count = nj - b < r->panel_rows ? nj - b : r->panel_rows;
            const grasp__panel *other = &r->panel[0];
            if (other->first != j + b || other->count != count) {
                load(d, &r->panel[1], j + b, count);
                other = &r->panel[1];
            }
            if (d->metric == GRASP__COSINE)
                cosine_panel(r, &r->panel[0], other, values + a * nj + b, nj);
            else
                euclidean_panel(r, &r->panel[0], other, longest, values + a * nj + b, nj);
        }
    }
    if (d->metric == GRASP__EUCLIDEAN)
        for (int64_t k = 0; k < ni * nj; k++)
            values[k] /= scale;
    *half_width = grasp__half_width(d, longest / scale);
}
