/* SPDX-License-Identifier: BSD-3-Clause
 * Retraining (refit.c): inputs brought to mean 0 and deviation 1, and parameters back to the caller's units; weights in
 * which classes count alike and within a class its groups; folds over which each group is spread. O(n d).
 */
#include "infer/refit.h"

#include <math.h>

static grasp_status standardise(grasp_context *ctx, grasp__retraining *r, grasp_model *model, const int64_t *rows)
{
    grasp_matrix *x = NULL;
    int64_t widths[2], n_widths;
    grasp_status s = grasp__matrix_create(ctx, GRASP_F64, r->n, r->d, &x);
    if (s != GRASP_OK)
        return s;
    double *v = x->data;
    int64_t stride = x->row_stride;
    for (int64_t i = 0; s == GRASP_OK && i < r->n; i += GRASP__MODEL_BATCH) {
        int64_t n = r->n - i < GRASP__MODEL_BATCH ? r->n - i : GRASP__MODEL_BATCH;
        if (stride == r->d)
            s = grasp__model_features(ctx, model, rows + i, n, v + i * stride);
        for (int64_t k = 0; s == GRASP_OK && stride != r->d && k < n; k++)
            s = grasp__model_features(ctx, model, rows + i + k, 1, v + (i + k) * stride);
    }
    for (int64_t i = 0; s == GRASP_OK && i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++)
            r->mean[j] += v[i * stride + j] / (double)r->n;
    for (int64_t i = 0; s == GRASP_OK && i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++)
            r->scale[j] += pow(v[i * stride + j] - r->mean[j], 2) / (double)r->n;
    for (int64_t j = 0; j < r->d; j++) {
        r->scale[j] = sqrt(r->scale[j]);
        r->scale[j] = r->scale[j] > 1e-9 * fabs(r->mean[j]) && r->scale[j] > 1e-300 ? r->scale[j] : 0;
    }
    for (int64_t i = 0; s == GRASP_OK && i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++)
            v[i * stride + j] = r->scale[j] > 0 ? (v[i * stride + j] - r->mean[j]) / r->scale[j] : 0;
    if (s == GRASP_OK)
        s = grasp__model_widths(ctx, model, widths, 2, &n_widths);
    if (s == GRASP_OK)
        s = grasp__model_create(ctx, grasp_model_kind(model), widths, n_widths, &r->model);
    if (s == GRASP_OK)
        s = grasp__model_bind(ctx, r->model, x, r->y, r->n);
    grasp_matrix_free(x);
    return s;
}

/* The model's parameters in the caller's units. */
void grasp__refit_to_raw(const grasp__retraining *r, double *theta, int64_t p)
{
    for (int64_t o = 0; o < p / (r->d + 1); o++) {
        double *w = theta + o * (r->d + 1);
        for (int64_t j = 0; j < r->d; j++) {
            w[j] = r->scale[j] > 0 ? w[j] / r->scale[j] : 0;
            w[r->d] -= w[j] * r->mean[j];
        }
    }
}

/* And back: the caller's parameters on standardised inputs. */
void grasp__refit_to_standard(const grasp__retraining *r, double *theta, int64_t p)
{
    for (int64_t o = 0; o < p / (r->d + 1); o++) {
        double *w = theta + o * (r->d + 1);
        for (int64_t j = 0; j < r->d; j++) {
            w[r->d] += w[j] * r->mean[j];
            w[j] *= r->scale[j];
        }
    }
}

/* Each group is spread over the folds. */
static void deal(grasp_context *ctx, grasp__retraining *r)
{
    int64_t next = 0, *fold = r->predicted; /* free until the first fit */
    for (int64_t g = 0; g < r->n_groups; g++) {
        grasp__rng rng;
        int64_t count = 0;
        for (int64_t i = 0; i < r->n; i++)
            if (r->group[i] == g)
                r->kept[count++] = i;
        grasp__rng_init(&rng, grasp__seed(ctx), GRASP__RNG_SPLIT, UINT64_MAX - (uint64_t)g);
        grasp__rng_shuffle(&rng, r->kept, count);
        for (int64_t i = 0; i < count; i++)
            fold[r->kept[i]] = next++ % GRASP__REFIT_FOLDS;
    }
    for (int64_t k = 0, at = 0; k <= GRASP__REFIT_FOLDS; k++) {
        r->start[k] = at;
        for (int64_t i = 0; k < GRASP__REFIT_FOLDS && i < r->n; i++)
            if (fold[i] == k)
                r->order[at++] = i;
    }
}

/* Weights, folds and what trainers need, for the groups as they are. */
static grasp_status use_groups(grasp_context *ctx, grasp__retraining *r)
{
    grasp_groups_free(r->groups);
    grasp__free(r->class_of);
    r->groups = NULL;
    r->class_of = NULL;
    grasp_status s = grasp__alloc_zero(ctx, r->n_groups, sizeof *r->class_of, &r->class_of);
    if (s == GRASP_OK)
        s = grasp__groups_create(ctx, r->group, r->n, &r->groups);
    for (int64_t i = 0; s == GRASP_OK && i < r->n; i++)
        r->class_of[r->group[i]] = r->y[i];
    if (s == GRASP_OK)
        s = grasp__robust_weights(ctx, r->group, r->class_of, r->n_groups, grasp__model_n_classes(r->model), r->n, 1,
                                  r->weight);
    if (s == GRASP_OK)
        deal(ctx, r);
    return s;
}

/* Every class is one group. */
grasp_status grasp__refit_by_class(grasp_context *ctx, grasp__retraining *r)
{
    r->group = r->y;
    r->n_groups = grasp__model_n_classes(r->model);
    return use_groups(ctx, r);
}

grasp_status grasp__refit_open(grasp_context *ctx, grasp__retraining *r, grasp_model *model, const int64_t *rows)
{
    int64_t **const lists[] = {&r->y, &r->order, &r->predicted, &r->kept};
    grasp_status s = GRASP_OK;
    for (size_t k = 0; s == GRASP_OK && k < sizeof lists / sizeof *lists; k++)
        s = grasp__alloc(ctx, r->n, sizeof **lists[k], lists[k]);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, GRASP__REFIT_FOLDS + 1, sizeof *r->start, &r->start);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, r->n, sizeof *r->weight, &r->weight);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, r->d, sizeof *r->mean, &r->mean);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, r->d, sizeof *r->scale, &r->scale);
    if (s == GRASP_OK)
        s = grasp__model_labels(ctx, model, rows, r->n, r->y);
    for (int64_t c = 0; s == GRASP_OK && c < grasp__model_n_classes(model); c++) {
        bool there = false;
        for (int64_t i = 0; i < r->n; i++)
            there = there || r->y[i] == c;
        r->n_classes += there;
    }
    if (s == GRASP_OK)
        s = standardise(ctx, r, model, rows);
    return s == GRASP_OK ? use_groups(ctx, r) : s;
}

void grasp__refit_close(grasp__retraining *r)
{
    grasp__model_free(r->model);
    grasp_groups_free(r->groups);
    grasp__free(r->y);
    grasp__free(r->class_of);
    grasp__free(r->weight);
    grasp__free(r->loss);
    grasp__free(r->mean);
    grasp__free(r->scale);
    grasp__free(r->order);
    grasp__free(r->start);
    grasp__free(r->predicted);
    grasp__free(r->kept);
}
