/* SPDX-License-Identifier: BSD-3-Clause
 * Initial parameters of the built-in models, a function of the context's seed and the caller's stream alone.
 *
 * torch   weights and biases uniform in [-1/sqrt(d_in), 1/sqrt(d_in)), as torch.nn.Linear draws them
 * he      weights normal with variance 2 / d_in, biases 0: He, Zhang, Ren, Sun 2015, for ReLU
 */
#include "model/model_private.h"

#include <math.h>

grasp_status grasp__network_init(grasp_context *ctx, grasp_model *m, uint64_t stream)
{
    grasp__network *net = &m->network;
    grasp__rng rng;
    grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_INIT, stream);
    for (int64_t l = 0; l < m->n_layers; l++) {
        int64_t in = net->widths[l], out = net->widths[l + 1];
        double *w = net->theta + net->offsets[l], bound = 1 / sqrt((double)in), deviation = sqrt(2 / (double)in);
        for (int64_t o = 0; o < out; o++)
            for (int64_t j = 0; j <= in; j++, w++)
                if (net->he)
                    *w = j < in ? deviation * grasp__rng_normal(&rng) : 0;
                else
                    *w = bound * (2 * grasp__rng_uniform(&rng) - 1);
    }
    return m->methods->set_params(ctx, m, net->theta);
}
