/* SPDX-License-Identifier: BSD-3-Clause
 * Cholesky factorisation A = L L^T and the solution of A x = b, for Newton's method.
 *
 * Left-looking in blocks of columns: a block has the earlier columns' part taken off by one product, its diagonal block
 * is factored by the textbook recurrence (Golub and Van Loan 2013, section 4.2), the rows below are solved against
 * that. n^3 / 3 multiply-adds, nearly all of them in the product.
 */
#include "linalg/linalg.h"

#include <math.h>

enum { BLOCK = 48 };

static double dot(const double *x, const double *y, int64_t n)
{
    double sum[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            sum[k] += x[i + k] * y[i + k];
    for (; i < n; i++)
        sum[0] += x[i] * y[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool grasp__cholesky(double *a, int64_t n)
{
    for (int64_t j0 = 0; j0 < n; j0 += BLOCK) {
        int64_t width = n - j0 < BLOCK ? n - j0 : BLOCK;
        grasp__gemm_f64(false, true, n - j0, width, j0, -1, a + j0 * n, n, a + j0 * n, n, 1, a + j0 * n + j0, n);
        for (int64_t i = j0; i < n; i++) {
            double *row = a + i * n + j0;
            int64_t end = i - j0 < width ? i - j0 : width;
            for (int64_t j = 0; j < end; j++) {
                const double *pivot = a + (j0 + j) * n + j0;
                row[j] = (row[j] - dot(row, pivot, j)) / pivot[j];
            }
            if (end == width)
                continue;
            double square = row[end] - dot(row, row, end);
            if (!(square > 0) || isinf(square))
                return false;
            row[end] = sqrt(square);
        }
    }
    return true;
}

void grasp__cholesky_solve(const double *l, int64_t n, double *b)
{
    for (int64_t i = 0; i < n; i++)
        b[i] = (b[i] - dot(l + i * n, b, i)) / l[i * n + i];
    for (int64_t i = n - 1; i >= 0; i--) {
        b[i] /= l[i * n + i];
        for (int64_t j = 0; j < i; j++)
            b[j] -= l[i * n + j] * b[i];
    }
}
