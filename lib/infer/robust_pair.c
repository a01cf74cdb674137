/* SPDX-License-Identifier: BSD-3-Clause
 * A split between two classes: the direction, a threshold in each class, and the evidence that what lies beyond it is a
 * group and not a heap of errors.
 *
 * Evidence. A logistic model in which the classes count alike, and within a class its cells, is cross-fitted. Samples
 * whose label nothing in x speaks for, mislabelled ones or those in the overlap of two classes, stay wrong out of fold
 * in such a model too: the further beyond the threshold, the more surely. Samples of a minority that shares its class's
 * signal come out right, and those of the majority stay right. So the split is accepted where the accuracy of the
 * learned minorities, and that of the rest of their classes, each a mean over the one or two split classes, reach
 * `least`. (Flipped labels can turn the model around: then the minorities come out right, and the rest wrong.) Where
 * there are few columns and a plane does not reach it, a model that bends is asked (robust_curved.c): a model of the
 * user's may. And each learned minority must be right more often than by plain training: of unequal classes that
 * overlap, the larger one's samples that look like the other's background are right already, and would pay.
 *
 * Flipped labels can hide a group: they lie where minorities do, and no model gets them right. So where the evidence
 * does not suffice, it is asked for once more without the samples whose label their neighbours deny (robust_noise.c),
 * and must then be better, and of both classes. Those samples are outliers of that split; where labels as they are
 * suffice, nobody is, for on clean data such a filter takes the minority along.
 *
 * Cost: 12 fits for direction and 15 for evidence, each O(n q^2).
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

enum { FOLDS = 5, REPEATS = 3, CURVED_COLUMNS = 32 };

#define L2 0.1
/* Evidence, of both classes, that a split among others than suspects must have: filtering helps it along. */
#define LEAST_FILTERED 0.6

const char *grasp__robust_reason(int32_t reason)
{
    static const char *const words[GRASP__ROBUST_REASONS] = {
        "split",
        "no split: too few samples are misclassified",
        "no split: too few samples of any class look like the other one",
        "no split: samples that look like the other class cannot be fitted beside the others",
        "no split: balanced training does not lift the samples of each class that look like the other one",
        "no split: a second look finds too few of the samples that look like the other class",
    };
    return words[reason];
}

grasp_status grasp__robust_weights(grasp_context *ctx, const int64_t *cell, const int64_t *class_of_cell,
                                   int64_t n_cells, int64_t n_classes, int64_t n, double balance, double *weight)
{
    double *share = NULL, *total = NULL;
    int64_t *size = NULL;
    grasp_status s = grasp__alloc(ctx, n_cells, sizeof *share, &share);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n_cells, sizeof *size, &size);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n_classes, sizeof *total, &total);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        size[cell[i]]++;
    for (int64_t g = 0; s == GRASP_OK && g < n_cells; g++) {
        share[g] = size[g] > 0 ? pow((double)size[g], 1 - balance) : 0;
        total[class_of_cell[g]] += share[g];
    }
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        int64_t g = cell[i];
        weight[i] = share[g] / total[class_of_cell[g]] / (double)size[g];
    }
    grasp__free(size);
    grasp__free(total);
    grasp__free(share);
    return s;
}

/* ---- evidence ---------------------------------------------------------------------------------------------------- */

static double ratio(double a, int64_t b)
{
    return b > 0 ? a / (double)b : NAN;
}

/* Accuracies and losses of each class's low samples and others; returns the lesser of their means over the split
 * classes. */
static double count_right(grasp__robust_pair *p, const double *plain, const double *balanced)
{
    int64_t right[2][2] = {{0}}, size[2][2] = {{0}}, before[2] = {0};
    double loss[2][2] = {{0}};
    for (int64_t i = 0; i < p->n; i++) {
        int c = p->target[i], low = p->low[i];
        size[c][low]++;
        loss[c][low] += grasp__logistic_loss(c == 1 ? plain[i] : -plain[i]);
        right[c][low] += (balanced[i] > 0) == (c == 1);
        before[c] += low && (plain[i] > 0) == (c == 1);
    }
    double minority = 0, majority = 0;
    int cells = 0;
    for (int c = 0; c < 2; c++) {
        p->before[c] = ratio((double)before[c], size[c][1]);
        p->after[c] = ratio((double)right[c][1], size[c][1]);
        p->majority[c] = ratio((double)right[c][0], size[c][0]);
        p->loss[c] = ratio(loss[c][1], size[c][1]);
        p->majority_loss[c] = ratio(loss[c][0], size[c][0]);
        if (size[c][1] > 0) {
            minority += p->after[c];
            majority += p->majority[c];
            cells++;
        }
    }
    return fmin(minority, majority) / cells;
}

/* NaN where there is no cell. */
static bool lifts(const grasp__robust_pair *p)
{
    return !(p->after[0] <= p->before[0]) && !(p->after[1] <= p->before[1]);
}

static grasp_status evidence_in(grasp_context *ctx, grasp__robust_pair *p, const grasp__robust_space *space,
                                uint64_t stream, const double *plain, double *evidence)
{
    static const int64_t class_of_cell[4] = {0, 0, 1, 1};
    int64_t *cell = NULL, *rows = NULL;
    double *weight = NULL, *score = NULL;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *cell, &cell);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *rows, &rows);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *weight, &weight);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p->n, sizeof *score, &score);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++) {
        rows[i] = i;
        cell[i] = 2 * p->target[i] + p->low[i];
    }
    if (s == GRASP_OK)
        s = grasp__robust_weights(ctx, cell, class_of_cell, 4, 2, p->n, 1, weight);
    if (s == GRASP_OK) {
        grasp__crossfit c = {.fit = {.x = space->x, .q = space->q, .rows = rows, .n = p->n, .target = p->target,
                                     .weight = weight, .l2 = L2},
                             .stratum = cell, .n_strata = 4, .folds = FOLDS, .repeats = REPEATS, .stream = stream};
        s = grasp__crossfit_scores(ctx, &c, score, NULL);
    }
    if (s == GRASP_OK)
        *evidence = count_right(p, plain, score);
    grasp__free(score);
    grasp__free(weight);
    grasp__free(rows);
    grasp__free(cell);
    return s;
}

grasp_status grasp__robust_evidence(grasp_context *ctx, grasp__robust_pair *p, double least, uint64_t stream,
                                    const double *plain)
{
    grasp__robust_space curved = {.n = 0};
    grasp_status s = evidence_in(ctx, p, p->space, 2 * stream, plain, &p->linear);
    if (s == GRASP_OK && !(p->linear >= least) && p->space->q - 1 <= CURVED_COLUMNS) {
        s = grasp__robust_space_curved(ctx, p->space, stream, &curved);
        if (s == GRASP_OK)
            s = evidence_in(ctx, p, &curved, 2 * stream + 1, plain, &p->curved);
    }
    grasp__robust_space_close(&curved);
    if (!(p->linear >= least || p->curved >= least))
        p->reason = GRASP__ROBUST_UNFITTED;
    else
        p->reason = lifts(p) ? GRASP__ROBUST_SPLIT : GRASP__ROBUST_UNLIFTED;
    return s;
}

/* ---- thresholds -------------------------------------------------------------------------------------------------- */

grasp_status grasp__robust_cut(grasp_context *ctx, grasp__robust_pair *p, int c)
{
    double *m = NULL;
    int64_t n = 0;
    grasp_status s = grasp__alloc(ctx, p->class_n[c], sizeof *m, &m);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < p->n; i++)
        if (p->target[i] == c)
            m[n++] = p->margin[i];
    p->threshold[c] = grasp__robust_valley(m, n, &p->depth[c]);
    p->cell[c] = 0;
    for (int64_t i = 0; i < n; i++)
        p->cell[c] += m[i] < p->threshold[c];
    if (p->cell[c] < p->least_cell || n - p->cell[c] < p->least_cell)
        p->cell[c] = 0;
    for (int64_t i = 0; p->cell[c] > 0 && i < p->n; i++)
        if (p->target[i] == c)
            p->low[i] = p->margin[i] < p->threshold[c];
    grasp__free(m);
    return GRASP_OK;
}

void grasp__robust_pair_close(grasp__robust_pair *p)
{
    grasp__free(p->margin);
    grasp__free(p->low);
    grasp__free(p->suspect);
    grasp__free(p->direction[0]);
    grasp__free(p->direction[1]);
    *p = (grasp__robust_pair){0};
}

grasp_status grasp__robust_pair_open(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                     grasp__robust_pair *out)
{
    grasp__robust_pair p = {.space = space, .target = target, .n = space->n, .linear = NAN, .curved = NAN,
                            .least_cell = GRASP__ROBUST_LEAST_CELL};
    for (int c = 0; c < 2; c++)
        p.before[c] = p.after[c] = p.majority[c] = p.loss[c] = p.majority_loss[c] = p.stability[c] = NAN;
    p.flips = p.flips_low = p.worst_kept = p.worst_removed = NAN;
    for (int64_t i = 0; i < p.n; i++)
        p.class_n[target[i]]++;
    grasp_status s = grasp__alloc_zero(ctx, p.n, sizeof *p.margin, &p.margin);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, p.n, sizeof *p.low, &p.low);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, p.n, sizeof *p.suspect, &p.suspect);
    for (int c = 0; s == GRASP_OK && c < 2; c++)
        s = grasp__alloc_zero(ctx, space->q, sizeof *p.direction[c], &p.direction[c]);
    if (s == GRASP_OK)
        *out = p;
    else
        grasp__robust_pair_close(&p);
    return s;
}

/* Direction, thresholds and cells; plain: n, logits out of fold. */
static grasp_status look(grasp_context *ctx, grasp__robust_pair *p, uint64_t stream, double *plain)
{
    grasp_status s = grasp__robust_direction(ctx, p, stream, plain);
    for (int c = 0; s == GRASP_OK && p->reason == GRASP__ROBUST_SPLIT && c < 2; c++)
        s = grasp__robust_cut(ctx, p, c);
    if (s == GRASP_OK && p->reason == GRASP__ROBUST_SPLIT && p->cell[0] + p->cell[1] == 0)
        p->reason = GRASP__ROBUST_NO_CELL;
    return s;
}

grasp_status grasp__robust_first_look(grasp_context *ctx, grasp__robust_pair *p, uint64_t stream)
{
    double *plain = NULL;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *plain, &plain);
    if (s == GRASP_OK)
        s = look(ctx, p, stream, plain);
    grasp__free(plain);
    return s;
}

/* As labels are. */
static grasp_status find_plainly(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                 double least, uint64_t stream, grasp__robust_pair *out)
{
    grasp__robust_pair p = {.n = 0};
    double *plain = NULL;
    grasp_status s = grasp__robust_pair_open(ctx, space, target, &p);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p.n, sizeof *plain, &plain);
    if (s == GRASP_OK)
        s = look(ctx, &p, 2 * stream, plain);
    if (s == GRASP_OK && p.reason == GRASP__ROBUST_SPLIT)
        s = grasp__robust_evidence(ctx, &p, least, 2 * stream + 1, plain);
    if (s == GRASP_OK && p.reason == GRASP__ROBUST_SPLIT)
        s = grasp__robust_refine(ctx, &p, least, 2 * stream + 1, plain);
    grasp__free(plain);
    if (s == GRASP_OK)
        *out = p;
    else
        grasp__robust_pair_close(&p);
    return s;
}

/* What was found among the others holds for all; suspects lie in no cell. */
static void take_over(grasp__robust_pair *p, grasp__robust_pair *clean, const uint8_t *suspect)
{
    int64_t q = p->space->q, next = 0;
    for (int64_t i = 0; i < p->n; i++) {
        p->suspect[i] = suspect[i];
        p->low[i] = 0;
        if (suspect[i]) {
            p->margin[i] = 0;
            for (int64_t j = 0; j < q; j++)
                p->margin[i] += clean->direction[p->target[i]][j] * p->space->x[i * q + j];
            continue;
        }
        p->margin[i] = clean->margin[next];
        p->low[i] = clean->low[next++];
    }
    for (int c = 0; c < 2; c++) {
        memcpy(p->direction[c], clean->direction[c], (size_t)q * sizeof *p->direction[c]);
        p->threshold[c] = clean->threshold[c];
        p->depth[c] = clean->depth[c];
        p->cell[c] = clean->cell[c];
        p->before[c] = clean->before[c];
        p->after[c] = clean->after[c];
        p->majority[c] = clean->majority[c];
        p->loss[c] = clean->loss[c];
        p->majority_loss[c] = clean->majority_loss[c];
    }
    p->linear = clean->linear;
    p->curved = clean->curved;
    p->refined = clean->refined;
    p->reason = clean->reason;
}

/* Once more without the samples whose label their neighbours deny. */
static grasp_status find_among_others(grasp_context *ctx, grasp__robust_pair *p, double least, uint64_t stream)
{
    grasp__robust_space others = {.d = p->space->d, .q = p->space->q};
    grasp__robust_pair clean = {.n = 0};
    uint8_t *suspect = NULL, *target = NULL;
    int64_t q = p->space->q;
    grasp_status s = grasp__alloc(ctx, p->n, sizeof *suspect, &suspect);
    if (s == GRASP_OK)
        s = grasp__robust_suspects(ctx, p->space, p->target, 10, 0.1, false, suspect);
    for (int64_t i = 0; s == GRASP_OK && i < p->n; i++)
        others.n += !suspect[i];
    if (s == GRASP_OK && others.n < p->n) {
        s = grasp__alloc(ctx, others.n, sizeof *target, &target);
        if (s == GRASP_OK)
            s = grasp__alloc(ctx, others.n, (size_t)q * sizeof *others.x, &others.x);
        for (int64_t i = 0, next = 0; s == GRASP_OK && i < p->n; i++)
            if (!suspect[i]) {
                target[next] = p->target[i];
                memcpy(others.x + next++ * q, p->space->x + i * q, (size_t)q * sizeof *others.x);
            }
        if (s == GRASP_OK)
            s = find_plainly(ctx, &others, target, fmax(least, LEAST_FILTERED), stream, &clean);
        if (s == GRASP_OK && clean.reason == GRASP__ROBUST_SPLIT && clean.cell[0] > 0 && clean.cell[1] > 0)
            take_over(p, &clean, suspect);
    }
    grasp__robust_pair_close(&clean);
    grasp__free(others.x);
    grasp__free(target);
    grasp__free(suspect);
    return s;
}

grasp_status grasp__robust_pair_find(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                     double least, uint64_t stream, grasp__robust_pair *out)
{
    grasp_status s = find_plainly(ctx, space, target, least, 2 * stream, out);
    if (s == GRASP_OK && out->reason == GRASP__ROBUST_UNFITTED) {
        s = find_among_others(ctx, out, least, 2 * stream + 1);
        if (s != GRASP_OK)
            grasp__robust_pair_close(out);
    }
    return s;
}
