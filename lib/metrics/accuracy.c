/* SPDX-License-Identifier: BSD-3-Clause
 * Predictions judged by group (per group, worst, average), and found outliers against true ones. O(n + groups), counted
 * in whole numbers and divided once.
 */
#include "metrics/metrics.h"

#include <math.h>

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

void grasp__outliers(const grasp_groups *g, const uint8_t *is_outlier, double *precision, double *recall)
{
    int64_t found = 0, there = 0;
    for (int64_t i = 0; i < g->n; i++) {
        there += is_outlier[i] != 0;
        found += is_outlier[i] != 0 && g->label[i] == GRASP_NOISE;
    }
    *precision = share(found, g->noise);
    *recall = share(found, there);
}

void grasp__group_accuracy(const grasp_groups *g, const int64_t *y, const int64_t *pred, double *accuracy)
{
    for (int64_t k = 0; k < g->count; k++)
        accuracy[k] = 0;
    for (int64_t i = 0; i < g->n; i++)
        if (g->label[i] != GRASP_NOISE)
            accuracy[g->label[i]] += y[i] == pred[i]; /* a count, exact in a double */
    for (int64_t k = 0; k < g->count; k++)
        accuracy[k] = g->size[k] > 0 ? accuracy[k] / (double)g->size[k] : NAN;
}

double grasp__worst_group(const double *accuracy, int64_t n_groups, int64_t *group)
{
    *group = -1;
    for (int64_t k = 0; k < n_groups; k++)
        if (!isnan(accuracy[k]) && (*group < 0 || accuracy[k] < accuracy[*group]))
            *group = k;
    return *group < 0 ? NAN : accuracy[*group];
}

double grasp__average_accuracy(const double *accuracy, const int64_t *size, int64_t n_groups)
{
    double sum = 0, weight = 0;
    for (int64_t k = 0; k < n_groups; k++)
        if (!isnan(accuracy[k])) {
            sum += accuracy[k] * (double)size[k];
            weight += (double)size[k];
        }
    return weight > 0 ? sum / weight : NAN;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static grasp_status check(grasp_context *ctx, const grasp_groups *g, const int64_t *y, const int64_t *pred, int64_t n,
                          const double *out, const char *name)
{
    grasp_status s = grasp__groups_check(ctx, g, "groups");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, g->n, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, pred, "pred");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, out, name);
    return s;
}

static grasp_status worst_group(grasp_context *ctx, const grasp_groups *g, const int64_t *y, const int64_t *pred,
                                double *worst, int64_t *group_or_null)
{
    double *accuracy;
    int64_t group;
    grasp_status s = grasp__alloc(ctx, g->count, sizeof(*accuracy), &accuracy);
    if (s != GRASP_OK)
        return s;
    grasp__group_accuracy(g, y, pred, accuracy);
    double lowest = grasp__worst_group(accuracy, g->count, &group);
    grasp__free(accuracy);
    if (group < 0)
        return grasp__fail(ctx, GRASP_E_EMPTY, "groups: no group has a sample");
    *worst = lowest;
    if (group_or_null)
        *group_or_null = group;
    return GRASP_OK;
}

static grasp_status average(grasp_context *ctx, const grasp_groups *g, const int64_t *y, const int64_t *pred,
                            const int64_t *train_size, int64_t n_groups, double *out)
{
    double *accuracy;
    grasp_status s = grasp__check_equal(ctx, n_groups, g->count, "n_groups");
    if (s == GRASP_OK && n_groups > 0)
        s = grasp__check_pointer(ctx, train_size, "train_size");
    for (int64_t k = 0; s == GRASP_OK && k < n_groups; k++)
        if (train_size[k] < 0)
            s = grasp__fail(ctx, GRASP_E_ARG, "train_size[%lld] is %lld, expected at least 0", (long long)k,
                            (long long)train_size[k]);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n_groups, sizeof(*accuracy), &accuracy);
    if (s != GRASP_OK)
        return s;
    grasp__group_accuracy(g, y, pred, accuracy);
    double mean = grasp__average_accuracy(accuracy, train_size, n_groups);
    grasp__free(accuracy);
    if (isnan(mean))
        return grasp__fail(ctx, GRASP_E_EMPTY, "groups: no group has both a sample and a train_size above 0");
    *out = mean;
    return GRASP_OK;
}

grasp_status grasp_metric_outliers(grasp_context *ctx, const grasp_groups *groups, const uint8_t *is_outlier, int64_t n,
                                   double *precision, double *recall)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__groups_check(ctx, groups, "groups");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, groups->n, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, is_outlier, "is_outlier");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, precision, "precision");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, recall, "recall");
    if (s == GRASP_OK)
        grasp__outliers(groups, is_outlier, precision, recall);
    return grasp__leave(ctx, s);
}

grasp_status grasp_metric_group_accuracy(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                         const int64_t *pred, int64_t n, double *accuracy, int64_t n_groups)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, groups, y, pred, n, accuracy, "accuracy");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n_groups, groups->count, "n_groups");
    if (s == GRASP_OK)
        grasp__group_accuracy(groups, y, pred, accuracy);
    return grasp__leave(ctx, s);
}

grasp_status grasp_metric_worst_group(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                      const int64_t *pred, int64_t n, double *accuracy, int64_t *group_or_null)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, groups, y, pred, n, accuracy, "accuracy");
    if (s == GRASP_OK)
        s = worst_group(ctx, groups, y, pred, accuracy, group_or_null);
    return grasp__leave(ctx, s);
}

grasp_status grasp_metric_average_accuracy(grasp_context *ctx, const grasp_groups *groups, const int64_t *y,
                                           const int64_t *pred, int64_t n, const int64_t *train_size, int64_t n_groups,
                                           double *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, groups, y, pred, n, out, "out");
    if (s == GRASP_OK)
        s = average(ctx, groups, y, pred, train_size, n_groups, out);
    return grasp__leave(ctx, s);
}
