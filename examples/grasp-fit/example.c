/* SPDX-License-Identifier: BSD-3-Clause
 * The built-in data: Synthetic of Zeng et al. 2022. Ten blobs of 100 points with covariance 0.1 I; attribute 0 (eight
 * blobs) is the majority, attribute 1 (two blobs) the minority that looks like the other class; 60/20/20 split; 5 % of
 * the training labels flipped.
 */
#include "grasp-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct source { uint64_t state; } source;

static double uniform(source *s) /* splitmix64, [0, 1) */
{
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double normal(source *s)
{
    const double radius = sqrt(-2 * log1p(-uniform(s)));
    return radius * cos(6.283185307179586 * uniform(s));
}

static void shuffle(source *s, int64_t *v, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)(uniform(s) * (double)(i + 1)), t = v[i];
        v[i] = v[j];
        v[j] = t;
    }
}

bool data_example(grasp_context *ctx, const options *o, data *out)
{
    static const struct {
        int x1, x2, y, a;
    } blob[10] = {{0, 5, 0, 0}, {0, 3, 0, 0}, {0, 2, 0, 0}, {0, 1, 0, 0}, {1, 5, 1, 0},
                  {1, 3, 1, 0}, {1, 2, 1, 0}, {1, 1, 1, 0}, {1, 4, 0, 1}, {0, 4, 1, 1}};
    enum { EACH = 100, N = 1000, N_TRAIN = 600, N_VAL = 200, FLIPPED = 30 };
    source   s = {o->seed * 0x2545f4914f6cdd1du + 1};
    int64_t *order = allocate(N, sizeof *order);
    *out = (data){
        .name = "Synthetic (Zeng et al. 2022), 5 % of the training labels flipped", .n = N, .d = 2, .n_classes = 2};
    out->value = allocate(N * 2, sizeof(double));
    out->y = allocate(N, sizeof(int64_t));
    out->attribute = allocate(N, sizeof(int64_t));
    out->split = allocate(N, sizeof(int64_t));
    out->outlier = allocate(N, 1);
    out->class_name = allocate(2, sizeof(char *));
    for (int64_t i = 0; i < N; i++)
        order[i] = i;
    shuffle(&s, order, N);
    for (int64_t i = 0; i < N; i++) {
        const int64_t row = order[i], b = i / EACH;
        out->value[2 * row] = blob[b].x1 + sqrt(0.1) * normal(&s);
        out->value[2 * row + 1] = blob[b].x2 + sqrt(0.1) * normal(&s);
        out->y[row] = blob[b].y;
        out->attribute[row] = blob[b].a;
        out->split[row] = row < N_TRAIN ? TRAIN : row < N_TRAIN + N_VAL ? VAL : TEST;
    }
    for (int64_t i = 0; i < N_TRAIN; i++)
        order[i] = i;
    shuffle(&s, order, N_TRAIN);
    for (int64_t i = 0; i < FLIPPED; i++) {
        out->y[order[i]] = 1 - out->y[order[i]];
        out->outlier[order[i]] = 1;
    }
    free(order);
    for (int c = 0; c < 2; c++) {
        out->class_name[c] = allocate(2, 1);
        out->class_name[c][0] = (char)('0' + c);
    }
    return data_finish(ctx, o, out);
}
