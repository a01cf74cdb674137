/* SPDX-License-Identifier: BSD-3-Clause
 * Methods that weigh the rows of a batch by their losses alone: CVaR, chi2, their outlier-robust forms, and tilted.
 *
 * Each is one function from losses to a value and its gradient by the losses (cvar.c, chi2.c, tilted.c); the seam is
 * here. All training rows take part, whatever groups say: those select only. "objective" in the report is the mean of
 * its values over the batches of an epoch, each counted with its weight. Memory O(batch); none within an epoch.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

typedef struct weighing {
    const grasp__risk_method *method;
    grasp__risk               risk;
    const double             *sample_weights;
    int64_t                  *order;
    double                   *mass; /* batch; scratch behind it */
    double                    sum, total;
} weighing;

void grasp__risk_set(const grasp__risk_method *method, const double *setting, grasp__risk *risk)
{
    for (int k = 0; method->axis[k]; k++)
        *(strcmp(method->axis[k], GRASP_KEY_ALPHA) == 0     ? &risk->alpha
          : strcmp(method->axis[k], GRASP_KEY_EPSILON) == 0 ? &risk->epsilon
                                                            : &risk->tilt) = setting[k];
}

static grasp_status weigh(void *arg, int64_t n, const int64_t *rows, const double *loss, double *weight)
{
    weighing *w = arg;
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += w->mass[i] = grasp__row_weight(w->sample_weights, rows[i]);
    w->sum += total * w->method->weigh(&w->risk, n, loss, w->mass, w->order, weight);
    w->total += total;
    return GRASP_OK;
}

static void start_epoch(void *arg)
{
    weighing *w = arg;
    w->sum = w->total = 0;
}

static grasp_status finish_epoch(grasp_context *ctx, void *arg, grasp_report *report, double *loss)
{
    const weighing *w = arg;
    (void)loss;
    return grasp__report_append(ctx, report, "objective", w->total > 0 ? w->sum / w->total : 0);
}

static grasp_status open(grasp_context *ctx, const grasp__job *job, const double *setting, grasp__objective *objective)
{
    weighing *w = job->method;
    int64_t batch = job->batches.size;
    objective->weigh = weigh;
    objective->start = start_epoch;
    objective->finish = finish_epoch;
    objective->arg = w;
    grasp__risk_set(w->method, setting, &w->risk);
    grasp_status s = grasp__alloc(ctx, batch, sizeof *w->order, &w->order);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, batch, 2 * sizeof *w->mass, &w->mass);
    if (s == GRASP_OK)
        w->risk.scratch = w->mass + batch;
    return s;
}

static void close(void *arg)
{
    weighing *w = arg;
    grasp__free(w->order);
    grasp__free(w->mass);
    w->order = NULL;
    w->mass = NULL;
}

/* Only a table with the keys of full-batch descent has an optimizer that does it. */
static grasp_status choose(grasp_context *ctx, const grasp__risk_method *method, const grasp_model *m,
                           const grasp__options *o, const char **optimizer, bool *descent)
{
    *descent = false;
    *optimizer = grasp__options_str(o, GRASP_KEY_OPTIMIZER);
    if (method->weigh != grasp__tilted)
        return GRASP_OK;
    grasp_status s = grasp__choose_optimizer(ctx, m, o, optimizer, descent);
    if (*descent)
        *optimizer = "lbfgs"; /* newton's curvature is that of the mean */
    return s;
}

grasp_status grasp__train_risk(grasp_context *ctx, const grasp__risk_method *method, grasp_model *m,
                               const grasp_groups *select, const int64_t *train_rows, int64_t n_train,
                               const int64_t *val, int64_t n_val, const grasp__options *o, grasp_report **report)
{
    weighing w = {.method = method, .sample_weights = grasp__model_sample_weights(m)};
    const char *optimizer;
    bool descent;
    int64_t *rows = NULL, n;
    if (report)
        *report = NULL;
    grasp_status s = choose(ctx, method, m, o, &optimizer, &descent);
    if (s == GRASP_OK)
        s = grasp__kept_rows(ctx, m, NULL, train_rows, n_train, true, "train_rows", &rows, &n);
    if (s != GRASP_OK) {
        grasp__free(rows);
        return s;
    }
    if (descent)
        return grasp__train_exact(ctx,
                                  &(grasp__plan){.name = method->name, .model = m, .o = o, .select = select,
                                                 .rows = rows, .n = n, .val = val, .n_val = n_val, .risk = method},
                                  optimizer, report);
    grasp__job job = {.name = method->name, .model = m, .o = o, .optimizer = optimizer, .select = select, .val = val,
                      .n_val = n_val, .open = open, .close = close, .method = &w};
    for (int k = 0; method->axis[k]; k++)
        job.axis[k] = method->axis[k];
    return grasp__job_run(ctx, &job, rows, n, NULL, report);
}
