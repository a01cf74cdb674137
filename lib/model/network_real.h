/* SPDX-License-Identifier: BSD-3-Clause
 * The arithmetic of a stack of dense layers in one element type. Included twice by network.c, with REAL, KERNEL(x),
 * THETA and NAME(x) defined; leaves one table of functions, NAME(engine).
 *
 * Layer l, one row (w_o, b_o) per output in theta:  z = a w^T + b,  next a = max(z, 0) except after the last layer.
 * Backwards: delta_(l-1) = (delta_l w_l) [a > 0];  d loss / d (w, b) = delta^T [a, 1].  Rumelhart, Hinton, Williams
 * 1986. Sums run in an order that depends on the batch alone. Cost: 2 n p multiplications forward, 4 n p backward.
 */

static const REAL *NAME(input)(const grasp_model *m, int64_t layer, int64_t *stride)
{
    const grasp__network *net = &m->network;
    *stride = layer ? net->widths[layer] : net->input_stride;
    return layer ? (const REAL *)net->act[layer] : net->input;
}

static void NAME(layer)(const grasp_model *m, int64_t layer, int64_t n, bool rectify, REAL *z)
{
    const grasp__network *net = &m->network;
    int64_t stride;
    const REAL *a = NAME(input)(m, layer, &stride);
    net->kernels->KERNEL(forward)(n, net->widths[layer], net->widths[layer + 1], a, stride,
                                  net->THETA + net->offsets[layer], rectify, z);
}

static void NAME(forward_hidden)(const grasp_model *m, int64_t n)
{
    for (int64_t l = 0; l + 1 < m->n_layers; l++)
        NAME(layer)(m, l, n, true, (REAL *)m->network.act[l + 1]); /* a NaN from an overflow stays visible */
}

static void NAME(forward_output)(const grasp_model *m, int64_t n)
{
    NAME(layer)(m, m->n_layers - 1, n, false, (REAL *)m->network.logits);
}

/* Losses, and delta of the last layer, from the logits in place. */
static void NAME(head)(const grasp_model *m, int64_t n, const int64_t *label, double *loss, void *delta)
{
    const grasp__network *net = &m->network;
    int64_t out = net->widths[m->n_layers];
    const REAL *logits = (const REAL *)net->logits;
    double *z = net->sample, *d = net->sample + out;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t o = 0; o < out; o++)
            z[o] = logits[i * out + o];
        loss[i] = m->methods->head(z, out, label[i], d);
        for (int64_t o = 0; o < out; o++)
            ((REAL *)delta)[i * out + o] = (REAL)d[o];
    }
}

static void NAME(scale)(void *delta, int64_t n, int64_t out, const double *weight)
{
    REAL *d = delta;
    for (int64_t i = 0; i < n; i++)
        for (int64_t o = 0; o < out; o++)
            d[i * out + o] = (REAL)(weight[i] * d[i * out + o]);
}

/* delta of every hidden layer from that of the last. */
static void NAME(backward)(const grasp_model *m, int64_t n, const void *last)
{
    const grasp__network *net = &m->network;
    const REAL *delta = last;
    for (int64_t l = m->n_layers - 1; l > 0; l--) {
        int64_t in = net->widths[l], out = net->widths[l + 1];
        REAL *previous = (REAL *)net->delta[l - 1];
        net->kernels->KERNEL(backward)(n, in, out, delta, net->THETA + net->offsets[l], (const REAL *)net->act[l], in,
                                       previous);
        delta = previous;
    }
}

/* grad += delta^T [a, 1] of every layer: in REAL within the batch, float64 across batches. */
static void NAME(gradient)(const grasp_model *m, int64_t n, const void *last, double *grad)
{
    const grasp__network *net = &m->network;
    REAL *g = (REAL *)net->grad;
    for (int64_t l = 0; l < m->n_layers; l++) {
        int64_t stride;
        const REAL *a = NAME(input)(m, l, &stride);
        const REAL *delta = l + 1 < m->n_layers ? (const REAL *)net->delta[l] : last;
        net->kernels->KERNEL(gradient)(n, net->widths[l], net->widths[l + 1], delta, a, stride, g + net->offsets[l]);
    }
    for (int64_t k = 0; k < m->n_params; k++)
        grad[k] += g[k];
}

static const struct engine NAME(engine) = {sizeof(REAL), NAME(forward_hidden), NAME(forward_output), NAME(head),
                                           NAME(scale),  NAME(backward),       NAME(gradient)};

#undef REAL
#undef KERNEL
#undef THETA
#undef NAME
