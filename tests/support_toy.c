/* SPDX-License-Identifier: BSD-3-Clause
 * The caller's model of the suites: plain loops, one sample at a time.
 */
#include "support_toy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t live;

static void *copy_of(const void *values, size_t bytes)
{
    void *copy = calloc(1, bytes + 1);
    if (values)
        memcpy(copy, values, bytes);
    return copy;
}

static size_t theta_bytes(const toy *t)
{
    return (size_t)(t->classes * (t->inputs + 1)) * sizeof(double);
}

toy *toy_make(int64_t rows, int64_t inputs, int64_t classes, const double *x, const int64_t *y)
{
    toy *t = calloc(1, sizeof *t);
    t->rows = rows;
    t->inputs = inputs;
    t->classes = classes;
    t->x = copy_of(x, (size_t)(rows * inputs) * sizeof *x);
    t->y = copy_of(y, (size_t)rows * sizeof *y);
    t->theta = copy_of(NULL, theta_bytes(t));
    t->answer = GRASP_CB_OK;
    t->poison_row = -1;
    t->positions = 1;
    live++;
    return t;
}

void toy_free(void *user)
{
    toy *t = user;
    free(t->x);
    free(t->y);
    free(t->theta);
    free(t);
    live--;
}

int64_t toy_live(void)
{
    return live;
}

static int64_t n_rows(void *user)
{
    return ((toy *)user)->rows;
}

static int64_t n_classes(void *user)
{
    return ((toy *)user)->classes;
}

static int64_t n_params(void *user)
{
    toy *t = user;
    return t->classes * (t->inputs + 1);
}

static int64_t n_features(void *user)
{
    return ((toy *)user)->inputs;
}

static int64_t n_layers(void *user)
{
    (void)user;
    return 1;
}

static int32_t labels(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    toy *t = user;
    for (int64_t i = 0; i < n; i++)
        label[i] = t->y[rows[i]] + t->label_shift;
    return t->answer;
}

static int32_t get_params(void *user, double *theta)
{
    toy *t = user;
    memcpy(theta, t->theta, theta_bytes(t));
    return t->answer;
}

static int32_t set_params(void *user, const double *theta)
{
    toy *t = user;
    if (t->answer == GRASP_CB_OK)
        memcpy(t->theta, theta, theta_bytes(t));
    return t->answer;
}

static int32_t logits(void *user, int64_t n, const int64_t *rows, double *z)
{
    toy *t = user;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < t->classes; c++) {
            const double *w = t->theta + c * (t->inputs + 1);
            double sum = w[t->inputs];
            for (int64_t j = 0; j < t->inputs; j++)
                sum += w[j] * t->x[rows[i] * t->inputs + j];
            z[i * t->classes + c] = sum;
        }
    return t->answer;
}

/* p - e_y of one row, and its loss. */
static double derivative(toy *t, int64_t row, double *delta)
{
    double sum = 0, z_label;
    logits(t, 1, &row, delta);
    z_label = delta[t->y[row]];
    for (int64_t c = 0; c < t->classes; c++)
        sum += delta[c] = exp(delta[c]);
    for (int64_t c = 0; c < t->classes; c++)
        delta[c] /= sum;
    delta[t->y[row]] -= 1;
    return log(sum) - z_label;
}

static int32_t loss(void *user, int64_t n, const int64_t *rows, double *out)
{
    toy *t = user;
    double *delta = malloc(theta_bytes(t));
    for (int64_t i = 0; i < n; i++) {
        out[i] = derivative(t, rows[i], delta);
        if (rows[i] == t->poison_row)
            out[i] += t->poison;
    }
    free(delta);
    return t->answer;
}

static int32_t sample_factors(void *user, int64_t layer, int64_t n, const int64_t *rows, double *act, double *delta)
{
    toy *t = user;
    double *d = malloc(theta_bytes(t));
    (void)layer;
    for (int64_t i = 0; i < n; i++) {
        derivative(t, rows[i], d);
        for (int64_t s = 0; s < t->positions; s++) {
            for (int64_t j = 0; j < t->inputs; j++)
                *act++ = t->x[rows[i] * t->inputs + j] * (double)(1 + s * s);
            for (int64_t c = 0; c < t->classes; c++)
                *delta++ =
                    d[c] / (double)(1 + s) + (rows[i] == t->poison_row ? t->poison : 0) + (t->wrong_factor ? 0.1 : 0);
        }
    }
    free(d);
    return t->answer;
}

static int32_t sample_grads(void *user, int64_t n, const int64_t *rows, double *grads)
{
    toy *t = user;
    double *delta = malloc(theta_bytes(t));
    for (int64_t i = 0; i < n; i++) {
        derivative(t, rows[i], delta);
        for (int64_t c = 0; c < t->classes; c++) {
            for (int64_t j = 0; j < t->inputs; j++)
                *grads++ = delta[c] * t->x[rows[i] * t->inputs + j] + (rows[i] == t->poison_row ? t->poison : 0);
            *grads++ = delta[c] + (t->wrong_single ? 0.01 : 0);
        }
    }
    free(delta);
    return t->answer;
}

static int32_t weighted_grad(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad)
{
    toy *t = user;
    int64_t p = n_params(t);
    double *row = malloc(theta_bytes(t));
    bool wrong = t->wrong_single;
    memset(grad, 0, theta_bytes(t));
    t->wrong_single = false;
    for (int64_t i = 0; i < n; i++) {
        sample_grads(t, 1, rows + i, row);
        for (int64_t k = 0; k < p; k++)
            grad[k] += (t->ignore_weights ? 1 : weight[i]) * row[k];
    }
    t->wrong_single = wrong;
    if (t->poison_grad != 0)
        grad[0] += t->poison_grad;
    free(row);
    return t->answer;
}

static int32_t predict(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    toy *t = user;
    double *z = malloc(theta_bytes(t));
    for (int64_t i = 0; i < n; i++) {
        logits(t, 1, rows + i, z);
        label[i] = 0;
        for (int64_t c = 1; c < t->classes; c++)
            if (z[c] > z[label[i]])
                label[i] = c;
        label[i] += t->label_shift;
    }
    free(z);
    return t->answer;
}

static int32_t features(void *user, int64_t n, const int64_t *rows, double *out)
{
    toy *t = user;
    for (int64_t i = 0; i < n; i++)
        memcpy(out + i * t->inputs, t->x + rows[i] * t->inputs, (size_t)t->inputs * sizeof *out);
    return t->answer;
}

static int32_t layer_shape(void *user, int64_t layer, int64_t *inputs, int64_t *outputs, int64_t *positions,
                           int32_t *has_bias)
{
    toy *t = user;
    (void)layer;
    *inputs = t->layer_inputs ? t->layer_inputs : t->inputs;
    *outputs = t->classes;
    *positions = t->positions;
    *has_bias = 1;
    return t->answer;
}

static int32_t init(void *user, uint64_t seed)
{
    toy *t = user;
    for (int64_t k = 0; k < n_params(t); k++)
        t->theta[k] = sin((double)(seed % 1000) + (double)k);
    return t->answer;
}

static int32_t clone(void *user, void **out)
{
    toy *t = user, *copy;
    if (t->answer != GRASP_CB_OK)
        return t->answer;
    copy = toy_make(t->rows, t->inputs, t->classes, t->x, t->y);
    memcpy(copy->theta, t->theta, theta_bytes(t));
    *out = copy;
    return t->answer;
}

grasp_model_ops toy_ops(void)
{
    return (grasp_model_ops){
        sizeof(grasp_model_ops), n_rows,  n_classes, n_params,   labels,   get_params,   set_params, loss,
        weighted_grad,           predict, logits,    n_features, features, sample_grads, n_layers,   layer_shape,
        sample_factors,          init,    clone,     toy_free};
}
