/* SPDX-License-Identifier: BSD-3-Clause
 * Verdicts from rows in few dimensions: what a sum of squared differences, computed in binary64, says about a pair.
 *
 * Let s be that sum over two rows of grasp__distances_rows(), or a bound of it made of differences of coordinates (a
 * box against a box): one rounding a difference, a square, an addition, so s = S (1 + t), |t| <= (p + 3) u / (1 - (p +
 * 3) u), S the exact value for the rows as they are in memory; squares that underflow add at most p 2^-1075. With
 * r = (2 p + 64) u, a factor 1 + r or 1 - r covers t and the few roundings of the thresholds themselves for p <= 2^40.
 *
 * Euclidean: rows are exact. The truth's S' - eps^2 <= B is decided by s outside eps^2 (1 +- r): B is u S and terms of
 * order u^2 S, and its differences are rounded as ours.
 *
 * Cosine: a row is x_k times the rounded 1 / |x|, two roundings, and |x| by Dot2 and a square root is within 2 u: an
 * entry is within 4.5 u of that of the unit vector relatively (underflow: 2^-1000 absolutely), so a row within 2^-50
 * and the difference of two within 2^-49, by the 2-norm. For unit vectors |x - y|^2 = 2 d. Where d differs from eps by
 * more than w = grasp__truth_width(p) the truth says what d says. So beyond sqrt(2 (eps + w)) + 2^-49 a pair is not
 * within eps, and below sqrt(2 (eps - w)) - 2^-49 it is.
 */
#include "distances/space.h"

#include <math.h>

bool grasp__distances_chord(const grasp_distances *d, double eps, double *surely, double *maybe)
{
    double r = (double)(2 * d->p + 64) * GRASP__UNIT;
    if (d->metric == GRASP__PRECOMPUTED || (d->metric == GRASP__COSINE && eps >= 2) || eps > 0x1p500)
        return false; /* no rows; every pair; squares that overflow */
    if (d->metric == GRASP__EUCLIDEAN) {
        *surely = eps * eps * (1 - r) - 0x1p-1000;
        *maybe = eps * eps * (1 + r) + 0x1p-1000;
        return true;
    }
    double width = grasp__truth_width(d->p), low = eps > width ? sqrt(2 * (eps - width)) - 0x1p-49 : 0;
    double high = sqrt(2 * (eps + width)) + 0x1p-49;
    *surely = low > 0 ? low * low * (1 - r) - 0x1p-900 : -1;
    *maybe = high * high * (1 + r);
    return true;
}
