/* SPDX-License-Identifier: BSD-3-Clause
 * A linear model that is good for learned groups, chosen by evidence out of fold.
 *
 * On standardised inputs, so that a penalty means the same in any units; what was learned is written back in the
 * model's own units, exactly. Candidates, each cross-fitted in four folds and judged by its worst group:
 *
 *   balanced        classes count alike, and within a class its groups; l2 of 0.002, 0.02 and 0.2
 *   gdro_certified  group DRO to a certified gap (Zeng et al. 2022's aim), at the better of those penalties
 *   erm             plain training, l2 0.02: the model then stays as plain training left it
 *   levelled        balanced classes, with weights that lean less on what goes with the class (level.c), l2 0.02
 *
 * Where classes were split the first two compete, else balanced (0.02 alone) and erm; so they do where a split was
 * accepted on the word of a model that bends, and a linear one does not get the learned minorities right. One that is
 * not plain balanced training must be better by a standard error to be preferred over it; without a split balanced
 * training must be better than erm by one, and is then levelled. So a class that nothing sets apart costs nobody.
 *
 * Nobody can tell out of fold what levelling gains for groups that are not known; what it costs, one can. So its
 * strength is the largest of 0.1 to 0.7 at which the mean over the classes of the error out of fold exceeds the lesser
 * of balanced classes' and of ERM's by no more than a share, the allowance: where errors are those of noise it grows
 * at once, and where a model leans on one column of many hardly at all. Cost: 8 to 36 fits of the model; memory: the
 * inputs once more in float64.
 */
#include "infer/refit.h"

#include <math.h>
#include <string.h>

enum { FOLDS = 4, CERTIFIED_LARGEST = 500 }; /* parameters up to which the certified trainer competes */

enum { ERM, BALANCED, LEVELLED, CERTIFIED };

/* Accuracy out of fold that the minorities must reach in a linear model, lest it be bent for nothing. */
#define LEAST 0.5

enum { PENALTIES = 3, MIDDLE = 1 };
static const double penalties[PENALTIES] = {0.002, 0.02, 0.2};

enum { STRENGTHS = 7 };
#define STRENGTH 0.1

typedef struct retraining {
    grasp_model *model;  /* on standardised inputs; row i is rows[i] of the caller's */
    int64_t n, d, n_groups, n_classes;
    const int64_t *group;
    int64_t *y, *class_of;             /* n; n_groups */
    double *mean, *scale, *weight;     /* d, d, n */
    double *loss;                      /* n: out of fold, of the last candidate judged; NULL: not asked for */
    int64_t *order, *start, *predicted;/* n, FOLDS + 1, n: rows fold after fold */
    int64_t *kept;
    grasp_groups *groups;
} retraining;

typedef struct candidate {
    int method;
    double l2, worst, error; /* accuracy of the worst group out of fold, and its standard error */
    double mean;             /* accuracy of a group, their mean */
    double strength;         /* levelled */
    double minor;            /* mean accuracy of the groups that are not the largest of their class */
} candidate;

/* ---- one fit ----------------------------------------------------------------------------------------------------- */

static grasp_status fit(grasp_context *ctx, const retraining *r, const candidate *c, const int64_t *rows, int64_t n,
                        grasp_report **report)
{
    bool weighted = c->method == BALANCED || c->method == LEVELLED;
    const grasp__param_table *table = c->method == CERTIFIED ? &grasp__gdro_certified_params : &grasp__erm_params;
    grasp_params *params = NULL;
    grasp__options o = {.owned = NULL};
    grasp_status s = grasp__params_create(ctx, table, &params);
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, params, GRASP_KEY_L2, c->l2);
    if (s == GRASP_OK)
        s = grasp__params_set_f64(ctx, params, c->method == CERTIFIED ? GRASP_KEY_GAP : GRASP_KEY_GRADIENT_NORM, 1e-6);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, table, &o);
    if (s == GRASP_OK)
        s = grasp__model_set_sample_weights(ctx, r->model, weighted ? r->weight : NULL, r->n);
    if (s == GRASP_OK && c->method == CERTIFIED)
        s = grasp__train_gdro_certified(ctx, r->model, r->groups, rows, n, NULL, 0, &o, report);
    else if (s == GRASP_OK)
        s = grasp__train_erm(ctx, r->model, NULL, rows, n, NULL, 0, &o, report);
    grasp__options_close(&o);
    grasp_params_free(params);
    return s == GRASP_NOT_CONVERGED ? GRASP_OK : s;
}

static grasp_status losses(grasp_context *ctx, const retraining *r, const int64_t *rows, int64_t n)
{
    double loss[GRASP__MODEL_BATCH];
    grasp_status s = GRASP_OK;
    for (int64_t first = 0; s == GRASP_OK && first < n; first += GRASP__MODEL_BATCH) {
        int64_t here = n - first < GRASP__MODEL_BATCH ? n - first : GRASP__MODEL_BATCH;
        s = grasp__model_loss(ctx, r->model, rows + first, here, loss);
        for (int64_t i = 0; s == GRASP_OK && i < here; i++)
            r->loss[rows[first + i]] = loss[i];
    }
    return s;
}

/* Accuracy of each group by fits that did not see its rows. */
static grasp_status judge(grasp_context *ctx, const retraining *r, candidate *c)
{
    int64_t *right = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 2 * r->n_groups, sizeof *right, &right);
    for (int64_t k = 0; s == GRASP_OK && k < FOLDS; k++) {
        int64_t first = r->start[k], held = r->start[k + 1] - first;
        memcpy(r->kept, r->order, (size_t)first * sizeof *r->kept);
        memcpy(r->kept + first, r->order + first + held, (size_t)(r->n - first - held) * sizeof *r->kept);
        if (held == 0 || held == r->n)
            continue;
        s = fit(ctx, r, c, r->kept, r->n - held, NULL);
        if (s == GRASP_OK)
            s = grasp__model_predict(ctx, r->model, r->order + first, held, r->predicted);
        if (s == GRASP_OK && r->loss)
            s = losses(ctx, r, r->order + first, held);
        for (int64_t i = 0; s == GRASP_OK && i < held; i++) {
            int64_t row = r->order[first + i], g = r->group[row];
            right[2 * g] += r->predicted[i] == r->y[row];
            right[2 * g + 1]++;
        }
    }
    int64_t minorities = 0, present = 0;
    c->worst = 2;
    c->minor = c->mean = 0;
    for (int64_t g = 0; s == GRASP_OK && g < r->n_groups; g++) {
        double n = (double)right[2 * g + 1], share = (double)right[2 * g] / n;
        bool largest = true;
        for (int64_t other = 0; other < r->n_groups; other++)
            largest = largest && (r->class_of[other] != r->class_of[g] || right[2 * other + 1] <= right[2 * g + 1]);
        if (!largest && n > 0) {
            minorities++;
            c->minor += share;
        }
        if (n > 0) {
            present++;
            c->mean += share;
        }
        if (n > 0 && share < c->worst) {
            c->worst = share;
            c->error = sqrt((share * (1 - share) + 1 / n) / n);
        }
    }
    c->mean = present > 0 ? c->mean / (double)present : NAN;
    c->minor = minorities > 0 ? c->minor / (double)minorities : NAN;
    grasp__free(right);
    return s;
}

/* ---- inputs, weights and folds ----------------------------------------------------------------------------------- */

static grasp_status standardise(grasp_context *ctx, retraining *r, grasp_model *model, const int64_t *rows)
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
static void to_raw(const retraining *r, double *theta, int64_t p)
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
static void to_standard(const retraining *r, double *theta, int64_t p)
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
static void deal(grasp_context *ctx, retraining *r)
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
            fold[r->kept[i]] = next++ % FOLDS;
    }
    for (int64_t k = 0, at = 0; k <= FOLDS; k++) {
        r->start[k] = at;
        for (int64_t i = 0; k < FOLDS && i < r->n; i++)
            if (fold[i] == k)
                r->order[at++] = i;
    }
}

/* Weights, folds and what trainers need, for the groups as they are. */
static grasp_status use_groups(grasp_context *ctx, retraining *r)
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
static grasp_status by_class(grasp_context *ctx, retraining *r)
{
    r->group = r->y;
    r->n_groups = grasp__model_n_classes(r->model);
    return use_groups(ctx, r);
}

static grasp_status open_refit(grasp_context *ctx, retraining *r, grasp_model *model, const int64_t *rows)
{
    int64_t **const lists[] = {&r->y, &r->order, &r->predicted, &r->kept};
    grasp_status s = GRASP_OK;
    for (size_t k = 0; s == GRASP_OK && k < sizeof lists / sizeof *lists; k++)
        s = grasp__alloc(ctx, r->n, sizeof **lists[k], lists[k]);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, FOLDS + 1, sizeof *r->start, &r->start);
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

static void close(retraining *r)
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

/* ---- the choice -------------------------------------------------------------------------------------------------- */

static grasp_status judge_in(grasp_context *ctx, const retraining *r, candidate *c, int nth)
{
    grasp__stage_mark outer = grasp__stage_begin(ctx, "cross-fit", 0.25 * nth, 0.25 * (nth + 1));
    grasp_status s = judge(ctx, r, c);
    grasp__stage_end(ctx, outer);
    return s;
}

/* *best: balanced classes, which were judged last; becomes the strongest levelling that is not too dear. */
static grasp_status level(grasp_context *ctx, retraining *r, const candidate *erm, double allowance, candidate *best)
{
    const grasp_matrix *x = grasp__model_inputs(r->model);
    double *base = NULL, *lean = NULL, *strongest = NULL;
    double most = (1 + allowance) * (1 - fmax(best->mean, erm->mean));
    grasp__level l = {.x = x->data, .stride = x->row_stride, .n = r->n, .d = r->d, .y = r->y, .loss = r->loss,
                      .n_classes = grasp__model_n_classes(r->model)};
    double **const lists[] = {&base, &lean, &strongest};
    grasp_status s = GRASP_OK;
    for (size_t k = 0; s == GRASP_OK && k < sizeof lists / sizeof *lists; k++)
        s = grasp__alloc(ctx, r->n, sizeof **lists[k], lists[k]);
    if (s == GRASP_OK) {
        memcpy(base, r->weight, (size_t)r->n * sizeof *base);
        memcpy(strongest, r->weight, (size_t)r->n * sizeof *base);
        l.base = base;
        s = grasp__level_open(ctx, &l, lean);
    }
    for (int k = 1; s == GRASP_OK && k <= STRENGTHS; k++) {
        candidate here = {.method = LEVELLED, .l2 = penalties[MIDDLE], .strength = k * STRENGTH};
        s = grasp__level_weights(ctx, &l, lean, here.strength, r->weight);
        if (s == GRASP_OK)
            s = judge_in(ctx, r, &here, 2);
        if (s != GRASP_OK || !(1 - here.mean <= most))
            break;
        *best = here;
        memcpy(strongest, r->weight, (size_t)r->n * sizeof *base);
    }
    if (s == GRASP_OK)
        memcpy(r->weight, strongest, (size_t)r->n * sizeof *base);
    grasp__free(strongest);
    grasp__free(lean);
    grasp__free(base);
    return s;
}

static grasp_status choose_classes(grasp_context *ctx, retraining *r, double allowance, candidate *best,
                                   candidate *erm)
{
    grasp_status s = judge_in(ctx, r, erm, 1);
    if (s == GRASP_OK && allowance > 0)
        s = grasp__alloc_zero(ctx, r->n, sizeof *r->loss, &r->loss);
    if (s == GRASP_OK)
        s = judge_in(ctx, r, best, 0);
    if (s == GRASP_OK && best->worst <= erm->worst + best->error)
        *best = *erm;
    else if (s == GRASP_OK && allowance > 0)
        s = level(ctx, r, erm, allowance, best);
    return s;
}

static grasp_status choose(grasp_context *ctx, retraining *r, bool doubtful, double allowance, candidate *best,
                           candidate *erm)
{
    candidate other = {.method = BALANCED};
    *best = (candidate){.method = BALANCED, .l2 = penalties[MIDDLE]};
    *erm = (candidate){.method = ERM, .l2 = penalties[MIDDLE]};
    if (r->n_groups == r->n_classes)
        return choose_classes(ctx, r, allowance, best, erm);
    grasp_status s = judge_in(ctx, r, best, 0);
    if (s == GRASP_OK && doubtful && best->minor < LEAST) {
        s = by_class(ctx, r);
        return s == GRASP_OK ? choose_classes(ctx, r, allowance, best, erm) : s;
    }
    if (s == GRASP_OK)
        s = judge_in(ctx, r, erm, 1);
    for (int k = 0; s == GRASP_OK && k < PENALTIES; k++) {
        other.l2 = penalties[k];
        if (k != MIDDLE)
            s = judge_in(ctx, r, &other, 2);
        if (s == GRASP_OK && k != MIDDLE && other.worst > best->worst)
            *best = other;
    }
    other = (candidate){.method = CERTIFIED, .l2 = best->l2};
    if (s == GRASP_OK && grasp__model_n_params(r->model) <= CERTIFIED_LARGEST) {
        s = judge_in(ctx, r, &other, 3);
        if (s == GRASP_OK && other.worst > best->worst + best->error)
            *best = other;
    }
    if (s == GRASP_OK && erm->worst > best->worst)
        *best = *erm;
    return s;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static grasp_status install(grasp_context *ctx, const retraining *r, const candidate *best, grasp_model *model,
                            grasp_report **fitted)
{
    int64_t p = grasp__model_n_params(model);
    double *theta = NULL;
    for (int64_t i = 0; i < r->n; i++)
        r->kept[i] = i;
    grasp_status s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = fit(ctx, r, best, r->kept, r->n, fitted);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, r->model, theta);
    if (s == GRASP_OK) {
        to_raw(r, theta, p);
        s = grasp__model_set_params(ctx, model, theta);
    }
    grasp__free(theta);
    return s;
}

/* How far the model, as it is now, is from the least worst loss of its groups that any parameters have. */
static grasp_status certify(grasp_context *ctx, const retraining *r, grasp_model *model, double l2,
                            grasp_report *report)
{
    int64_t p = grasp__model_n_params(model);
    double *theta = NULL;
    if (p > CERTIFIED_LARGEST)
        return GRASP_OK;
    for (int64_t i = 0; i < r->n; i++)
        r->kept[i] = i;
    grasp_status s = grasp__alloc(ctx, p, sizeof *theta, &theta);
    if (s == GRASP_OK)
        s = grasp__model_get_params(ctx, model, theta);
    if (s == GRASP_OK) {
        to_standard(r, theta, p);
        s = grasp__model_set_params(ctx, r->model, theta);
    }
    if (s == GRASP_OK)
        s = grasp__model_set_sample_weights(ctx, r->model, NULL, r->n);
    if (s == GRASP_OK)
        s = grasp__certify(ctx, r->model, r->groups, r->kept, r->n, l2, 0, report);
    grasp__free(theta);
    return s;
}

static grasp_status tell(grasp_context *ctx, const retraining *r, const candidate *best, const candidate *erm,
                         const grasp_report *fitted, grasp_report **out)
{
    static const char *const names[] = {[ERM] = "erm", [BALANCED] = "balanced", [LEVELLED] = "levelled",
                                        [CERTIFIED] = "gdro_certified"};
    const struct {
        const char *name;
        double value;
    } values[] = {{"l2", best->l2},
                  {"rows", (double)r->n},
                  {"worst", best->worst},
                  {"worst_error", best->error},
                  {"erm_worst", erm->worst}};
    grasp_status s = grasp__report_create(ctx, out);
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, *out, "method", names[best->method]);
    for (size_t k = 0; s == GRASP_OK && k < sizeof values / sizeof *values; k++)
        s = grasp__report_put_value(ctx, *out, values[k].name, values[k].value);
    if (s == GRASP_OK && best->method == LEVELLED)
        s = grasp__report_put_value(ctx, *out, "strength", best->strength);
    return s == GRASP_OK && best->method == CERTIFIED ? grasp__report_merge(ctx, *out, "certified", fitted) : s;
}

grasp_status grasp__refit(grasp_context *ctx, const grasp__refit_task *task, grasp_report **report)
{
    retraining r = {.n = task->n, .d = grasp__model_n_features(task->model), .group = task->group,
                    .n_groups = task->n_groups};
    candidate best = {.method = ERM, .worst = NAN, .error = NAN}, erm = best;
    grasp_report *fitted = NULL;
    grasp__stage_mark outer = grasp__stage_begin(ctx, "retrain", 0, 0.8);
    grasp_status s = open_refit(ctx, &r, task->model, task->rows);
    if (s == GRASP_OK)
        s = choose(ctx, &r, task->doubtful, task->allowance, &best, &erm);
    grasp__stage_end(ctx, outer);
    outer = grasp__stage_begin(ctx, "retrain", 0.8, 1);
    if (s == GRASP_OK && (best.method != ERM || !task->trained))
        s = install(ctx, &r, &best, task->model, report ? &fitted : NULL);
    grasp__stage_end(ctx, outer);
    if (s >= GRASP_OK && report) {
        grasp_status told = tell(ctx, &r, &best, &erm, fitted, report);
        if (told == GRASP_OK && s == GRASP_OK)
            told = certify(ctx, &r, task->model, best.l2, *report);
        s = told == GRASP_OK ? s : told;
    }
    grasp_report_free(fitted);
    close(&r);
    return s;
}
