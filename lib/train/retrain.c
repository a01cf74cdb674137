/* SPDX-License-Identifier: BSD-3-Clause
 * Methods that retrain the last layer of a trained model, convex problems over features that are computed once: what
 * AFR and DFR have in common. A method prepares itself when the layer is open, and fits a layer at a setting of its
 * grid;
 * the layer is put in its place, scored, and the best one kept.
 * Cost: the features, and what the method's fits cost.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

enum { NEWTON_AUTO = 500 };

grasp_status grasp__retrain_descend(grasp_context *ctx, grasp__retraining *t, const int64_t *rows, int64_t n,
                                    double l2, const double *center, double l1)
{
    grasp_model *head = t->layer.head;
    grasp__fullbatch f = {.n = 0};
    grasp__descent d = {.iterations = grasp__options_i64(t->o, GRASP_KEY_ITERATIONS),
                        .tolerance = grasp__options_f64(t->o, GRASP_KEY_GRADIENT_NORM)};
    grasp_status s = grasp__fullbatch_open(ctx, head, rows, n, t->weight, l2, &f);
    if (s == GRASP_OK && center) { /* every parameter is held, biases too */
        memset(f.bias, 0, (size_t)f.p * sizeof *f.bias);
        f.center = center;
    }
    if (s == GRASP_OK && !(f.total > 0))
        s = grasp__fail(ctx, GRASP_E_EMPTY, "the sample weights of the rows that the layer is trained on are all zero");
    if (s == GRASP_OK && l1 > 0)
        s = grasp__sparse(ctx, &f, l1, &d);
    else if (s == GRASP_OK)
        s = (grasp__model_n_params(head) <= NEWTON_AUTO ? grasp__newton : grasp__lbfgs)(ctx, &f, &d, NULL);
    grasp__fullbatch_close(&f);
    t->iterations += d.iterations;
    t->converged = t->converged && d.converged;
    return s;
}

static grasp_status begin(grasp_context *ctx, void *arg, grasp_report *report)
{
    const grasp__retraining *t = arg;
    grasp_status s = grasp__report_put_value(ctx, report, "converged", 0);
    if (s == GRASP_OK && t->balanced > 0)
        s = grasp__report_put_value(ctx, report, "rows", (double)t->balanced);
    return s == GRASP_OK ? grasp__put_end(ctx, report, t->select, 0, 0, NAN) : s;
}

/* Cancelled, the model keeps the layer that it came with: half a descent, or half the draws, is no layer. */
static grasp_status train(grasp_context *ctx, void *arg, grasp__trial *trial)
{
    grasp__retraining *t = arg;
    grasp__score score = {.n = 0};
    double *layer = t->layer.layer;
    t->iterations = 0;
    t->converged = true;
    grasp_status s = t->fit(ctx, t, trial->setting, layer);
    grasp__stage_mark outer = grasp__stage_begin(ctx, t->name, 1, 1);
    if (s == GRASP_OK)
        s = grasp__last_layer_put(ctx, &t->layer, layer);
    if (s == GRASP_OK && t->n_val > 0) {
        s = grasp__score_open(ctx, t->model, t->select, t->val, t->n_val, &score);
        if (s == GRASP_OK)
            s = grasp__score_now(ctx, &score, &trial->score);
        grasp__score_close(&score);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, trial->report, grasp__score_name(t->select), trial->score);
    } else if (s == GRASP_OK && trial->compared) {
        s = grasp__judge_by_training(ctx, t->model, t->select, t->rows, t->n, &trial->score);
    }
    grasp__stage_end(ctx, outer);
    if (s != GRASP_OK)
        return s;
    s = grasp__put_end(ctx, trial->report, t->select, t->iterations, t->iterations,
                       t->n_val > 0 ? trial->score : NAN);
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, trial->report, "converged", t->converged);
    return s == GRASP_OK && !t->converged ? GRASP_NOT_CONVERGED : s;
}

grasp_status grasp__retrain(grasp_context *ctx, grasp__retraining *t, const int64_t *train_rows, int64_t n_train,
                            grasp_report **report)
{
    grasp__backup first = {.model = NULL};
    double total;
    t->n_val = grasp__any_group(t->select, t->val, t->n_val) ? t->n_val : 0;
    grasp__candidates c = {.name = t->name, .key = {t->axis[0], t->axis[1]}, .by_val = t->n_val > 0, .begin = begin,
                           .train = train, .arg = t};
    if (report)
        *report = NULL;
    grasp_status s =
        grasp__kept_rows(ctx, t->model, t->train_groups, train_rows, n_train, true, "train_rows", &t->rows, &t->n);
    if (s == GRASP_OK)
        s = grasp__total_weight(ctx, t->model, t->rows, t->n, &total);
    if (s == GRASP_OK)
        s = grasp__backup_open(ctx, t->model, &first);
    grasp__stage_mark outer = grasp__stage_begin(ctx, t->name, 0, 0);
    if (s == GRASP_OK)
        s = grasp__last_layer_open(ctx, t->model, t->rows, t->n, t->standard, &t->layer);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, t->n, sizeof *t->all, &t->all);
    for (int64_t i = 0; s == GRASP_OK && i < t->n; i++)
        t->all[i] = i;
    if (s == GRASP_OK)
        s = t->prepare(ctx, t);
    grasp__stage_end(ctx, outer);
    if (s == GRASP_OK)
        s = grasp__candidates_run(ctx, t->model, t->o, &c, report);
    s = grasp__backup_close(ctx, &first, s);
    grasp__last_layer_close(&t->layer);
    grasp__free(t->rows);
    grasp__free(t->all);
    grasp__free(t->weight);
    return s;
}
