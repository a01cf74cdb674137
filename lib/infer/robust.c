/* SPDX-License-Identifier: BSD-3-Clause
 * mode=robust: groups of every class by the cross-class direction, or the classes themselves.
 *
 * Two classes are one pair. Of more, every two are tried against one another, the others left aside: the attribute that
 * goes with class k marks the samples of class c that look like k's. Cluster 0 of a class is its majority; cluster j,
 * j >= 1, holds the samples flagged in the j-th pair whose split was accepted, of several pairs the one whose threshold
 * a sample undercuts most. Noise are the outliers of an accepted split (robust_outliers.c).
 *
 * A rule for new samples: cluster j where <weights, x> + constant < threshold, of several the lowest difference. The
 * training samples were judged by scores out of fold, so that those close to the threshold may be told otherwise by the
 * rule; where neighbours made the cells (robust_refine.c), validation samples go with theirs. Cost: pairs x 62 logistic
 * fits, 45 more where anyone is suspected, 34 for a report.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

typedef struct joining {
    grasp_inference *inference;
    const double *raw;
    int64_t n, d, n_learn; /* samples; inputs; those learned from, the first ones */
    bool by_neighbours; /* has an accepted pair regions, not a plane? */
    double *below; /* n: how far under the threshold of the cluster it is in */
} joining;

/* Samples of a class that are learned from: its first ones, for they stand in order. */
static int64_t learned(const joining *w, int64_t c)
{
    const grasp__inferred_class *k = &w->inference->classes[c];
    int64_t n = 0;
    while (n < k->n && k->row[n] < w->n_learn)
        n++;
    return n;
}

/* Rows of the pair, and their inputs. */
static grasp_status gather(grasp_context *ctx, const joining *w, int64_t a, int64_t b, int64_t **row, double **raw,
                           uint8_t **target, int64_t *n)
{
    const grasp__inferred_class *k[2] = {&w->inference->classes[a], &w->inference->classes[b]};
    int64_t first = learned(w, a);
    *n = first + learned(w, b);
    grasp_status s = grasp__alloc(ctx, *n, sizeof **row, row);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, *n, sizeof **target, target);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, *n, (size_t)w->d * sizeof **raw, raw);
    for (int64_t i = 0; s == GRASP_OK && i < *n; i++) {
        bool second = i >= first;
        int64_t place = second ? i - first : i; /* within its class */
        (*row)[i] = place;
        (*target)[i] = second;
        memcpy(*raw + i * w->d, w->raw + k[second]->row[place] * w->d, (size_t)w->d * sizeof **raw);
    }
    return s;
}

/* The class has one more cluster: its flagged samples, and the rule. */
static grasp_status add_cluster(grasp_context *ctx, const joining *w, int64_t c, int side,
                                const grasp__robust_pair *pair, const int64_t *row)
{
    grasp__inferred_class *k = &w->inference->classes[c];
    int64_t width = w->d + 2;
    grasp_status s =
        grasp__realloc(ctx, k->n_rules * width, (k->n_rules + 1) * width, sizeof *k->rule, &k->rule);
    if (s != GRASP_OK)
        return s;
    double *rule = k->rule + k->n_rules * width;
    grasp__robust_space_raw(pair->space, pair->direction[side], rule);
    rule[w->d + 1] = pair->threshold[side];
    k->n_rules++;
    k->n_clusters++;
    k->admissible = 1;
    double evidence = isnan(pair->curved) ? pair->linear : pair->curved;
    w->inference->bent = w->inference->bent || !isnan(pair->curved);
    k->score = isnan(k->score) ? evidence : fmin(k->score, evidence);
    for (int64_t i = 0; i < pair->n; i++) {
        if (pair->target[i] != side || !pair->low[i] || k->cluster[row[i]] == GRASP_NOISE)
            continue;
        double *below = &w->below[k->row[row[i]]], here = pair->threshold[side] - pair->margin[i];
        if (k->cluster[row[i]] == 0 || here > *below) {
            k->cluster[row[i]] = k->n_rules;
            *below = here;
        }
    }
    return GRASP_OK;
}

/* Suspects of an accepted split are outliers, whatever another pair says of them. */
static void mark_suspects(const joining *w, const int64_t class_of[2], const grasp__robust_pair *pair,
                          const int64_t *row)
{
    for (int64_t i = 0; i < pair->n; i++)
        if (pair->suspect[i]) {
            w->inference->classes[class_of[pair->target[i]]].cluster[row[i]] = GRASP_NOISE;
            w->inference->keeps_outliers = w->inference->keeps_outliers || !pair->removed;
        }
}

/* After pairs have taken samples from one another a cluster may be empty: its number is then free. */
static void close_ranks(grasp__inferred_class *k, int64_t width)
{
    int64_t kept = 0;
    for (int64_t r = 1; r <= k->n_rules; r++) {
        bool any = false;
        for (int64_t i = 0; i < k->n; i++)
            any = any || k->cluster[i] == r;
        if (!any)
            continue;
        kept++;
        for (int64_t i = 0; kept < r && i < k->n; i++)
            k->cluster[i] = k->cluster[i] == r ? kept : k->cluster[i];
        memmove(k->rule + (kept - 1) * width, k->rule + (r - 1) * width, (size_t)width * sizeof *k->rule);
    }
    k->n_rules = kept;
    k->n_clusters = kept + 1;
}

static grasp_status join_pair(grasp_context *ctx, joining *w, int64_t a, int64_t b, int64_t number, double least,
                              grasp_report *report)
{
    const int64_t label[2] = {w->inference->classes[a].label, w->inference->classes[b].label};
    grasp__robust_space space = {.n = 0};
    grasp__robust_pair pair = {.n = 0};
    int64_t *row = NULL, n = 0;
    double *raw = NULL;
    uint8_t *target = NULL;
    grasp_status s = gather(ctx, w, a, b, &row, &raw, &target, &n);
    if (s == GRASP_OK)
        s = grasp__robust_space_open(ctx, raw, n, w->d, &space);
    if (s == GRASP_OK)
        s = grasp__robust_pair_find(ctx, &space, target, least, (uint64_t)number, &pair);
    if (s == GRASP_OK)
        s = grasp__robust_outliers(ctx, &pair, (uint64_t)number);
    if (s == GRASP_OK && report)
        s = grasp__robust_stability(ctx, &pair, (uint64_t)number);
    w->by_neighbours = w->by_neighbours || pair.refined == GRASP__ROBUST_BY_NEIGHBOURS;
    if (s == GRASP_OK && pair.reason == GRASP__ROBUST_SPLIT)
        mark_suspects(w, (const int64_t[2]){a, b}, &pair, row);
    for (int side = 0; s == GRASP_OK && side < 2; side++)
        if (pair.reason == GRASP__ROBUST_SPLIT && pair.cell[side] > 0)
            s = add_cluster(ctx, w, side == 0 ? a : b, side, &pair, row);
    if (s == GRASP_OK)
        s = grasp__robust_report_pair(ctx, report, number, label, &pair);
    grasp__robust_pair_close(&pair);
    grasp__robust_space_close(&space);
    grasp__free(target);
    grasp__free(raw);
    grasp__free(row);
    return s;
}

grasp_status grasp__robust_groups(grasp_context *ctx, grasp_inference *inference, const double *raw, int64_t d,
                                  int64_t n_learn, double least, grasp_report *report)
{
    int64_t classes = inference->n_classes, number = 0, pairs = classes * (classes - 1) / 2;
    joining w = {.inference = inference, .raw = raw, .d = d, .n_learn = n_learn};
    for (int64_t c = 0; c < classes; c++)
        w.n += inference->classes[c].n;
    inference->inputs = d;
    grasp_status s = grasp__alloc_zero(ctx, w.n, sizeof *w.below, &w.below);
    for (int64_t a = 0; s == GRASP_OK && a < classes; a++)
        for (int64_t b = a + 1; s == GRASP_OK && b < classes; b++, number++) {
            grasp__stage_mark outer = grasp__stage_begin(ctx, "pair", (double)number / (double)pairs,
                                                         (double)(number + 1) / (double)pairs);
            s = join_pair(ctx, &w, a, b, number, least, report);
            grasp__stage_end(ctx, outer);
        }
    for (int64_t c = 0; s == GRASP_OK && c < classes; c++) {
        grasp__inferred_class *k = &inference->classes[c];
        close_ranks(k, d + 2);
        for (int64_t i = learned(&w, c); i < k->n; i++)
            grasp__robust_assign(inference, k, raw + k->row[i] * d, 1, &k->cluster[i]);
        if (w.by_neighbours && learned(&w, c) < k->n)
            s = grasp__robust_follow(ctx, k, raw, d, learned(&w, c));
    }
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "pairs", (double)pairs);
    grasp__free(w.below);
    return s;
}

void grasp__robust_assign(const grasp_inference *inference, const grasp__inferred_class *k, const double *raw,
                          int64_t n, int64_t *cluster)
{
    int64_t d = inference->inputs;
    for (int64_t i = 0; i < n; i++) {
        double lowest = 0;
        cluster[i] = 0;
        for (int64_t r = 0; r < k->n_rules; r++) {
            const double *rule = k->rule + r * (d + 2);
            double above = rule[d] - rule[d + 1];
            for (int64_t j = 0; j < d; j++)
                above += rule[j] * raw[i * d + j];
            if (above < lowest) {
                lowest = above;
                cluster[i] = r + 1;
            }
        }
    }
}
