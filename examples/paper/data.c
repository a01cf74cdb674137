/* SPDX-License-Identifier: BSD-3-Clause
 * What all data sets share: room, flipped labels, splits, standardising.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void data_make(data *d, const char *set, int64_t n, int64_t n_features, int64_t n_classes, int64_t n_attributes)
{
    *d = (data){.set = set, .n = n, .d = n_features, .n_classes = n_classes, .n_attributes = n_attributes};
    d->value = allocate(n * n_features, sizeof *d->value);
    d->y = allocate(n, sizeof *d->y);
    d->a = allocate(n, sizeof *d->a);
    d->outlier = allocate(n, 1);
    d->flipped = allocate(n, 1);
    d->split = allocate(n, sizeof *d->split);
    for (int s = TRAIN; s <= TEST; s++)
        d->rows[s] = allocate(n, sizeof(int64_t));
    d->seen = allocate(n, sizeof *d->seen);
}

void data_copy(data *d, grasp_matrix *x)
{
    for (int64_t i = 0; i < d->n; i++)
        for (int64_t j = 0; j < d->d; j++) {
            const int64_t at = i * grasp_matrix_row_stride(x) + j;
            d->value[i * d->d + j] = grasp_matrix_dtype(x) == GRASP_F32 ? (double)((float *)grasp_matrix_data(x))[at]
                                                                        : ((double *)grasp_matrix_data(x))[at];
        }
}

void data_flip(data *d, int64_t row)
{
    d->outlier[row] = d->flipped[row] = 1;
    d->y[row] = (d->y[row] + 1) % d->n_classes;
}

void data_mark(data *d, double share, int64_t seed)
{
    int64_t     *candidate = allocate(d->n, sizeof *candidate), *order = allocate(d->n, sizeof *order), n = 0;
    numpy_stream s;
    for (int64_t i = 0; i < d->n; i++)
        if (d->split[i] != TEST)
            candidate[n++] = i;
    numpy_seed(&s, (uint32_t)(2 * seed + 1));
    numpy_permutation(&s, order, n);
    for (int64_t i = 0; i < (int64_t)(share * (double)n + 0.5); i++)
        data_flip(d, candidate[order[i]]);
    free(candidate);
    free(order);
}

/* Mean 0 and standard deviation 1 over the training rows; a constant column becomes 0. */
static void standardise_columns(data *d)
{
    for (int64_t j = 0; j < d->d; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < d->n_rows[TRAIN]; i++)
            mean += d->value[d->rows[TRAIN][i] * d->d + j];
        mean /= (double)d->n_rows[TRAIN];
        for (int64_t i = 0; i < d->n_rows[TRAIN]; i++) {
            const double v = d->value[d->rows[TRAIN][i] * d->d + j] - mean;
            square += v * v;
        }
        const double deviation = sqrt(square / (double)d->n_rows[TRAIN]);
        for (int64_t i = 0; i < d->n; i++)
            d->value[i * d->d + j] = deviation > 0 ? (d->value[i * d->d + j] - mean) / deviation : 0;
    }
}

bool data_finish(grasp_context *ctx, data *d, bool standardise)
{
    for (int64_t i = 0; i < d->n; i++)
        d->rows[d->split[i]][d->n_rows[d->split[i]]++] = i;
    for (int s = TRAIN; s <= VAL; s++)
        for (int64_t i = 0; i < d->n_rows[s]; i++)
            d->seen[d->n_seen++] = d->rows[s][i];
    if (standardise)
        standardise_columns(d);
    return fine(ctx, grasp_matrix_wrap(ctx, GRASP_F64, d->n, d->d, d->d, d->value, NULL, NULL, &d->x));
}

void data_free(data *d)
{
    grasp_matrix_free(d->x);
    free(d->value);
    free(d->y);
    free(d->a);
    free(d->outlier);
    free(d->flipped);
    free(d->split);
    for (int s = TRAIN; s <= TEST; s++)
        free(d->rows[s]);
    free(d->seen);
}
