/* SPDX-License-Identifier: BSD-3-Clause
 * Reading rows and factors: any thread, no allocation.
 *
 * Entry (o, i) of a layer of factored gradients is sum_t delta[t, o] a[t, i] (a = 1 for the bias): one rounded product
 * for T = 1, else a compensated dot product over the positions (Dot2: Ogita, Rump, Oishi 2005), rounded once. O(T) per
 * entry.
 */
#include "gradients/store.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128 }; /* entries worked on at once, on the stack */

/* ---- where things lie -------------------------------------------------------------------------------------------- */

/* The chunk that holds sample i of the store. */
static int64_t chunk_of(const grasp_gradients *store, int64_t i)
{
    int64_t lo = 0, hi = store->n_chunks;
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (store->chunks[middle].first <= i)
            lo = middle;
        else
            hi = middle;
    }
    return lo;
}

const void *grasp__gradients_part_row(const grasp_gradients *g, int64_t part, int64_t i)
{
    const grasp_gradients *store = gradients_store(g);
    int64_t k = g->index ? g->index[i] : i;
    int64_t c = chunk_of(store, k);
    return grasp__matrix_row(store->parts[c * store->n_parts + part], k - store->chunks[c].first);
}

const void *grasp__gradients_row(const grasp_gradients *g, int64_t i)
{
    return g->n_layers == 0 ? grasp__gradients_part_row(g, 0, i) : NULL;
}

void grasp__gradients_widen(const void *from, int32_t dtype, int64_t n, double *out)
{
    if (dtype == GRASP_F64)
        memcpy(out, from, (size_t)n * sizeof *out);
    else
        for (int64_t j = 0; j < n; ++j)
            out[j] = (double)((const float *)from)[j];
}

/* ---- entries of one layer ---------------------------------------------------------------------------------------- */

/* One position: each entry is one product. */
static void outer_segment(double delta, const void *act, int32_t dtype, int64_t n, double *out)
{
    if (dtype == GRASP_F32)
        for (int64_t i = 0; i < n; ++i)
            out[i] = delta * (double)((const float *)act)[i];
    else
        for (int64_t i = 0; i < n; ++i)
            out[i] = delta * ((const double *)act)[i];
}

/* high + low += delta act, in Dot2. Products of two float32 are exact in float64. */
static void dot2_step(double delta, const void *act, int32_t dtype, int64_t n, double *high, double *low)
{
    for (int64_t i = 0; i < n; ++i) {
        double a = dtype == GRASP_F32 ? (double)((const float *)act)[i] : ((const double *)act)[i];
        double product = delta * a;
        double error = dtype == GRASP_F32 ? 0 : fma(delta, a, -product);
        double sum = high[i] + product, part = sum - high[i];
        low[i] += ((high[i] - (sum - part)) + (product - part)) + error;
        high[i] = sum;
    }
}

static double element(const void *x, int32_t dtype, int64_t i)
{
    return dtype == GRASP_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static const void *advance(const void *x, int32_t dtype, int64_t n)
{
    return (const char *)x + (size_t)n * grasp__dtype_size(dtype);
}

/* Inputs [first, first + n) of output o, the bias being input number d_in. */
static void output_segment(const grasp__layer_shape *l, const void *act, const void *delta, int32_t dtype, int64_t o,
                           int64_t first, int64_t n, double *out)
{
    static const double one = 1;
    int64_t end = first + n, plain = (end < l->inputs ? end : l->inputs) - first;

    if (l->positions == 1) {
        double d = element(delta, dtype, o);
        if (plain > 0)
            outer_segment(d, advance(act, dtype, first), dtype, plain, out);
        if (end > l->inputs)
            out[n - 1] = d;
        return;
    }
    for (int64_t at = 0; at < n; at += BLOCK) {
        double high[BLOCK], low[BLOCK];
        int64_t m = n - at < BLOCK ? n - at : BLOCK, inputs = plain - at < m ? plain - at : m;
        memset(high, 0, sizeof high);
        memset(low, 0, sizeof low);
        for (int64_t t = 0; t < l->positions; ++t) {
            double d = element(delta, dtype, t * l->outputs + o);
            if (inputs > 0)
                dot2_step(d, advance(act, dtype, t * l->inputs + first + at), dtype, inputs, high, low);
            if (inputs < m)
                dot2_step(d, &one, GRASP_F64, 1, &high[m - 1], &low[m - 1]);
        }
        for (int64_t i = 0; i < m; ++i)
            out[at + i] = high[i] + low[i];
    }
}

/* Columns [first, first + n) of a layer. */
static void layer_segment(const grasp_gradients *g, int64_t layer, int64_t i, int64_t first, int64_t n, double *out)
{
    const grasp__layer_shape *l = &g->layer[layer];
    const void *act = grasp__gradients_part_row(g, 2 * layer, i);
    const void *delta = grasp__gradients_part_row(g, 2 * layer + 1, i);
    int64_t width = l->inputs + l->has_bias;
    while (n > 0) {
        int64_t o = first / width, from = first % width, m = width - from < n ? width - from : n;
        output_segment(l, act, delta, g->dtype, o, from, m, out);
        first += m;
        out += m;
        n -= m;
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

void grasp__gradients_segment(const grasp_gradients *g, int64_t i, int64_t first, int64_t n, double *out)
{
    if (g->n_layers == 0) {
        grasp__gradients_widen(advance(grasp__gradients_part_row(g, 0, i), g->dtype, first), g->dtype, n, out);
        return;
    }
    for (int64_t l = 0; l < g->n_layers && n > 0; ++l) {
        int64_t end = g->offset[l + 1];
        if (first >= end)
            continue;
        int64_t m = end - first < n ? end - first : n;
        layer_segment(g, l, i, first - g->offset[l], m, out);
        first += m;
        out += m;
        n -= m;
    }
}

void grasp__gradients_read_f64(const grasp_gradients *g, int64_t first, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; ++i)
        grasp__gradients_segment(g, first + i, 0, g->p, out + i * g->p);
}

void grasp__gradients_read_f32(const grasp_gradients *g, int64_t first, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; ++i, out += g->p) {
        if (g->n_layers == 0 && g->dtype == GRASP_F32) {
            memcpy(out, grasp__gradients_part_row(g, 0, first + i), (size_t)g->p * sizeof *out);
            continue;
        }
        for (int64_t at = 0; at < g->p; at += BLOCK) {
            double values[BLOCK];
            int64_t m = g->p - at < BLOCK ? g->p - at : BLOCK;
            grasp__gradients_segment(g, first + i, at, m, values);
            for (int64_t j = 0; j < m; ++j)
                out[at + j] = (float)values[j];
        }
    }
}

void grasp__gradients_read_factors(const grasp_gradients *g, int64_t layer, int64_t first, int64_t n, double *act,
                                   double *delta)
{
    int64_t inputs = gradients_part_cols(g, 2 * layer), outputs = gradients_part_cols(g, 2 * layer + 1);
    for (int64_t i = 0; i < n; ++i) {
        grasp__gradients_widen(grasp__gradients_part_row(g, 2 * layer, first + i), g->dtype, inputs, act + i * inputs);
        grasp__gradients_widen(grasp__gradients_part_row(g, 2 * layer + 1, first + i), g->dtype, outputs,
                               delta + i * outputs);
    }
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static grasp_status check_rows(grasp_context *ctx, const grasp_gradients *g, int64_t first, int64_t n,
                               const grasp_matrix *out)
{
    grasp_status s = grasp__gradients_check_sealed(ctx, g, "gradients");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, first, 0, g->n, "first");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, g->n - first, "n");
    if (s == GRASP_OK)
        s = grasp__matrix_check(ctx, out, "out");
    if (s == GRASP_OK)
        s = grasp__matrix_check_shape(ctx, out, n, g->p, "out");
    return s;
}

grasp_status grasp_gradients_rows(grasp_context *ctx, const grasp_gradients *gradients, int64_t first, int64_t n,
                                  grasp_matrix *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check_rows(ctx, gradients, first, n, out);
    for (int64_t i = 0; s == GRASP_OK && i < n; ++i) {
        void *row = (char *)out->data + (size_t)(i * out->row_stride) * grasp__dtype_size(out->dtype);
        if (out->dtype == GRASP_F64)
            grasp__gradients_read_f64(gradients, first + i, 1, row);
        else
            grasp__gradients_read_f32(gradients, first + i, 1, row);
    }
    return grasp__leave(ctx, s);
}
