/* SPDX-License-Identifier: BSD-3-Clause
 * Synthetic of Zeng et al. 2022 as their code draws it: ten blobs of 100 points with covariance 0.1 I (the paper's text
 * says 0.01); attribute 0 (eight blobs) is the majority, attribute 1 (two) the minority that looks like the other
 * class; put in order by pandas' sample(frac=1), split 600/200/200. Contaminated: the labels of 5 % of the training
 * rows, sample(frac=.05) of twice the seed, are flipped. Seed 123 gives the published data to the last bit.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>

bool data_synthetic(grasp_context *ctx, bool contaminated, double variance, int64_t seed, data *out)
{
    static const struct {
        int x1, x2, y, a;
    } blob[10] = {{0, 5, 0, 0}, {0, 3, 0, 0}, {0, 2, 0, 0}, {0, 1, 0, 0}, {1, 5, 1, 0},
                  {1, 3, 1, 0}, {1, 2, 1, 0}, {1, 1, 1, 0}, {1, 4, 0, 1}, {0, 4, 1, 1}};
    enum { EACH = 100, N = 1000, N_TRAIN = 600, N_VAL = 200, FLIPPED = 30 };
    const double        deviation = sqrt(variance);
    numpy_stream        s;
    double             *point = allocate(N * 2, sizeof *point);
    int64_t            *order = allocate(N, sizeof *order);
    data_make(out, "synthetic", N, 2, 2, 2);
    numpy_seed(&s, (uint32_t)seed);
    for (int64_t i = 0; i < N; i++) {
        point[2 * i] = numpy_normal(&s) * deviation + blob[i / EACH].x1;
        point[2 * i + 1] = numpy_normal(&s) * deviation + blob[i / EACH].x2;
    }
    numpy_seed(&s, (uint32_t)seed);
    numpy_permutation(&s, order, N);
    for (int64_t i = 0; i < N; i++) {
        out->value[2 * i] = point[2 * order[i]];
        out->value[2 * i + 1] = point[2 * order[i] + 1];
        out->y[i] = blob[order[i] / EACH].y;
        out->a[i] = blob[order[i] / EACH].a;
        out->split[i] = i < N_TRAIN ? TRAIN : i < N_TRAIN + N_VAL ? VAL : TEST;
    }
    numpy_seed(&s, (uint32_t)(2 * seed));
    numpy_permutation(&s, order, N_TRAIN);
    for (int64_t i = 0; contaminated && i < FLIPPED; i++)
        data_flip(out, order[i]);
    free(point);
    free(order);
    return data_finish(ctx, out, false);
}
