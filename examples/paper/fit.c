/* SPDX-License-Identifier: BSD-3-Clause
 * The model whose gradients are clustered.
 *
 * Honest: softmax regression, converged, so that groups depend on the data alone. Published: the checkpoint with the
 * best validation accuracy of so many epochs of Adam, on the data before they were contaminated, and one epoch more on
 * the data as they are; linear, but for COMPAS, where it is the paper's network.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Synthetic, seed 123: the published fit starts from weights that PyTorch drew; these are where it ends, one row
 * (weights, bias) per class, for clean and contaminated data. */
static const double published_weights[2][6] = {{-1.3322558403015137, 0.19459643959999084, 0.3088560104370117,
                                                0.6927453279495239, 0.09548359364271164, -0.39300793409347534},
                                               {-1.332490086555481, 0.1929033100605011, 0.3024683892726898,
                                                0.6929797530174255, 0.09717671573162079, -0.38662031292915344}};

#define FURTHER_EPOCH                                                                                                  \
    "optimizer=adam;rate=0.001;weight_decay=0.00001;epochs=1;shuffle=0;reduction=sum;select_epoch=last"

static bool train(scene *s, const char *text)
{
    grasp_params *p = params_of(s->ctx, "erm", text);
    const data   *d = &s->d;
    const bool    ok = p && fine(s->ctx, grasp_train_erm(s->ctx, s->model, d->rows[TRAIN], d->n_rows[TRAIN],
                                                         d->rows[VAL], d->n_rows[VAL], p, NULL));
    grasp_params_free(p);
    return ok;
}

/* Binds the data as they are, or as they were before any label was flipped. */
static bool bind(scene *s, bool unflipped)
{
    const data *d = &s->d;
    int64_t    *y = allocate(d->n, sizeof *y);
    for (int64_t i = 0; i < d->n; i++)
        y[i] = unflipped && d->flipped[i] ? (d->y[i] + d->n_classes - 1) % d->n_classes : d->y[i];
    const bool ok = fine(s->ctx, grasp_model_bind(s->ctx, s->model, d->x, y, d->n));
    free(y);
    return ok;
}

/* Weights and biases uniform in +-1/sqrt(d), row by row, from NumPy's stream of this seed. */
static bool start_from_numpy(scene *s)
{
    double       theta[6];
    numpy_stream stream;
    const double bound = 1 / sqrt(2);
    numpy_seed(&stream, (uint32_t)s->seed);
    for (int i = 0; i < 6; i++)
        theta[i] = -bound + (bound + bound) * numpy_uniform(&stream);
    return fine(s->ctx, grasp_model_set_params(s->ctx, s->model, theta, 6));
}

static bool published_fit(scene *s)
{
    const bool refitted = !strcmp(s->condition, "refitted");
    const bool synthetic = !strcmp(s->set, "synthetic"), compas = !strcmp(s->set, "compas");
    if (synthetic && s->seed == PAPER_SEED && !refitted)
        return bind(s, false) &&
               fine(s->ctx, grasp_model_set_params(s->ctx, s->model, published_weights[s->contaminated], 6));
    return bind(s, !refitted) &&
           (synthetic ? start_from_numpy(s) : fine(s->ctx, grasp_model_init(s->ctx, s->model, 0))) &&
           train(s, synthetic ? "optimizer=adam;rate=0.01;weight_decay=0.0001;epochs=100;shuffle=0;reduction=sum"
                    : compas  ? "optimizer=adam;rate=0.00002;weight_decay=0.001;epochs=300;shuffle=0;reduction=sum"
                              : "optimizer=adam;rate=0.001;weight_decay=0.0001;epochs=360;shuffle=0;reduction=sum") &&
           bind(s, false) &&
           train(s, FURTHER_EPOCH);
}

/* By a check's own parameters; a linear model starts from the published numbers. */
static bool departing_fit(scene *s)
{
    return bind(s, false) &&
           (strcmp(s->set, "synthetic") ? fine(s->ctx, grasp_model_init(s->ctx, s->model, 0)) : start_from_numpy(s)) &&
           train(s, s->departure->fit) && (s->departure->stopped || train(s, FURTHER_EPOCH));
}

bool scene_fit(scene *s)
{
    const int64_t widths[] = {s->d.d, 50, 50, 50, s->d.n_classes};
    const bool    network = s->o->published && !strcmp(s->set, "compas");
    if (!fine(s->ctx, network ? grasp_model_create_mlp(s->ctx, widths, 5, NULL, &s->model)
                              : grasp_model_create_softmax(s->ctx, s->d.d, s->d.n_classes, &s->model)))
        return false;
    if (s->departure && s->departure->fit)
        return departing_fit(s);
    return s->o->published ? published_fit(s) : bind(s, false) && train(s, NULL);
}
