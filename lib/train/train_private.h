/* SPDX-License-Identifier: BSD-3-Clause
 * train, inside: the pieces that every objective is put together from.
 *
 * First-order training is one loop (epochs.c) over batches (batches.c) with an optimizer (optimizer.c), scored on
 * validation rows (worst.c), once for every candidate of a grid (candidates.c); an objective is what it does to the
 * losses of a batch. Full-batch training is one descent (descent.c) over the mean loss (fullbatch.c), aimed by L-BFGS
 * (lbfgs.c) or Newton (newton.c).
 */
#ifndef GRASP__TRAIN_PRIVATE_H
#define GRASP__TRAIN_PRIVATE_H

#include "train/train.h"

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* The rows trained or scored on (NULL: all) without the noise of groups_or_null, in a new block. GRASP_E_EMPTY, naming
 * `name`, if none is left and `needed`. */
grasp_status grasp__kept_rows(grasp_context *ctx, const grasp_model *m, const grasp_groups *groups_or_null,
                              const int64_t *rows_or_null, int64_t n, bool needed, const char *name, int64_t **kept,
                              int64_t *n_kept);
/* Weight of a row: the model's sample weight, or 1. */
static inline double grasp__row_weight(const double *sample_weights, int64_t row)
{
    return sample_weights ? sample_weights[row] : 1;
}
/* Sum of the rows' weights; GRASP_E_EMPTY if it is zero, GRASP_E_NUMERIC if it overflows. */
grasp_status grasp__total_weight(grasp_context *ctx, const grasp_model *m, const int64_t *rows, int64_t n, double *out);

/* Checks of the public calls: model bound, training and validation rows in range. */
grasp_status grasp__check_training(grasp_context *ctx, const grasp_model *m, const int64_t *train, int64_t n_train,
                                   const int64_t *val, int64_t n_val);

/* The order of an epoch: a pure function of (seed, epoch, rows). */
typedef struct grasp__batches {
    int64_t *rows;     /* n: as given; balanced: sorted by group */
    int64_t *order;    /* n: this epoch's */
    int64_t *start;    /* balanced: where each group with rows starts in rows, and n last; else NULL */
    int64_t  n, size;  /* rows, and rows of a batch, at most n */
    int64_t  n_groups; /* balanced: groups with rows */
    uint64_t seed;
    bool     shuffle;
} grasp__batches;
/* Takes `rows` over, also on an error. balance_or_null: draw each of these groups equally often. */
grasp_status grasp__batches_open(grasp_context *ctx, int64_t *rows, int64_t n, int64_t size, bool shuffle,
                                 const grasp_groups *balance_or_null, grasp__batches *out);
void         grasp__batches_order(grasp__batches *b, int64_t epoch);
void         grasp__batches_close(grasp__batches *b);

/* ---- first-order training ---------------------------------------------------------------------------------------- */

typedef struct grasp__optimizer {
    bool    adam; /* else sgd */
    double  rate, momentum, weight_decay;
    int64_t p, steps;
    const grasp__layer_kernels *kernels;
    double *first, *second; /* adam: moments; sgd: velocity and NULL */
} grasp__optimizer;
grasp_status grasp__optimizer_open(grasp_context *ctx, bool adam, double rate, double momentum, double weight_decay,
                                   int64_t p, grasp__optimizer *out);
void         grasp__optimizer_step(grasp__optimizer *o, const double *grad, double *theta);
void         grasp__optimizer_close(grasp__optimizer *o);

/* Accuracy on validation rows: the mean, or the worst of the groups that have rows. No row: NaN. */
typedef struct grasp__score {
    grasp_model *model;
    int64_t     *rows, *label, *predicted; /* n each */
    int64_t     *group, *size, *right;     /* n, n_groups, n_groups */
    int64_t      n, n_groups;
} grasp__score;
grasp_status grasp__score_open(grasp_context *ctx, grasp_model *m, const grasp_groups *groups_or_null,
                               const int64_t *rows, int64_t n, grasp__score *out);
grasp_status grasp__score_now(grasp_context *ctx, grasp__score *score, double *out);
void         grasp__score_close(grasp__score *score);
/* Has any of the rows a group? Without groups every row has one. */
bool grasp__any_group(const grasp_groups *groups_or_null, const int64_t *rows, int64_t n);
/* The same at once: accuracy of the worst group among those that have rows in `rows`; NaN if none has. */
grasp_status grasp__worst_accuracy(grasp_context *ctx, grasp_model *m, const grasp_groups *g, const int64_t *rows,
                                   int64_t n, double *out);

/* The epoch with the highest score, the first of equals; keeps its parameters. */
typedef struct grasp__selection {
    double  best;
    int64_t epoch; /* 0: none yet */
    int64_t p;
    double *theta;
} grasp__selection;
grasp_status grasp__selection_open(grasp_context *ctx, int64_t p, grasp__selection *out);
void         grasp__selection_offer(grasp__selection *selection, double score, int64_t epoch, const double *theta);
void         grasp__selection_close(grasp__selection *selection);

/* What an objective gives the loop. */
typedef struct grasp__objective {
    const char    *name;
    grasp__weigher weigh; /* losses of a batch, which are finite, to weights */
    void (*start)(void *arg); /* of an epoch; may be NULL */
    /* End of an epoch: may replace *loss, the mean training loss, and add lines of its own to the report. May be
     * NULL. */
    grasp_status (*finish)(grasp_context *ctx, void *arg, grasp_report *report_or_null, double *loss);
    void *arg;
} grasp__objective;

typedef struct grasp__epochs {
    grasp_model            *model;
    const grasp__objective *objective;
    grasp__batches         *batches;
    grasp__optimizer       *optimizer;
    grasp__score           *score;      /* n = 0: no validation */
    const char             *score_name; /* of its series */
    int64_t                 epochs, patience;
    bool                    select;     /* keep the best epoch's parameters, else the last's */
    grasp_report           *report;     /* may be NULL */
    int64_t                 done, best_epoch; /* out: epochs completed; the one whose parameters were kept, 0: the first
                                                 ones */
    double                  best_score;       /* out: its score; NaN if none */
} grasp__epochs;
/* GRASP_OK or GRASP_CANCELLED: the model holds the chosen parameters. An error leaves any. */
grasp_status grasp__epochs_run(grasp_context *ctx, grasp__epochs *e);
/* Reads epochs, patience and select_epoch; without a score the last epoch is kept. */
void grasp__epochs_options(const grasp__options *o, grasp__epochs *e);

/* ---- candidates -------------------------------------------------------------------------------------------------- */

enum { GRASP__AXES = 3 };

/* One run of an objective, from the model's parameters. */
typedef struct grasp__trial {
    const double *setting;  /* one number for each key of the grid */
    bool          compared; /* with others: needs a score also without validation rows */
    grasp_report *report;   /* may be NULL */
    double        score;    /* out: higher is better; NaN: none */
} grasp__trial;

/* What an objective gives the grid. */
typedef struct grasp__candidates {
    const char *name;                 /* of the stage */
    const char *key[GRASP__AXES + 1]; /* options whose lists span the grid, the outermost first; NULL ends them */
    bool        by_val;               /* scores are of validation rows, else of the training rows */
    /* Puts what holds if a cancel comes before the first step. */
    grasp_status (*begin)(grasp_context *ctx, void *arg, grasp_report *report_or_null);
    /* GRASP_E_NUMERIC: it diverged. GRASP_CANCELLED: the model holds what was reached. */
    grasp_status (*train)(grasp_context *ctx, void *arg, grasp__trial *trial);
    void *arg;
} grasp__candidates;
/* Trains all, installs the best, and makes its report, with the choice, in *report_or_null. An error leaves the model
 * as it was. */
grasp_status grasp__candidates_run(grasp_context *ctx, grasp_model *m, const grasp__options *o,
                                   const grasp__candidates *c, grasp_report **report_or_null);

/* ---- full-batch training ----------------------------------------------------------------------------------------- */

/* F(theta) = sum_i w_i loss_i / sum_i w_i + l2/2 |theta|^2 without the biases. */
typedef struct grasp__fullbatch {
    grasp_model   *model;
    const int64_t *rows;
    int64_t        n, p, chunk;
    double         l2, total; /* total: sum of the rows' weights */
    uint8_t       *bias;
    double        *loss, *part;
    double         mean, largest; /* of the last evaluation: mean loss; largest loss of a row with weight */
    int64_t        done, most;    /* of ticks: iterations done, and the most there will be */
} grasp__fullbatch;
grasp_status grasp__fullbatch_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n, double l2,
                                   grasp__fullbatch *out);
/* *value is infinite, and grad undefined, where a loss is not finite. Leaves theta in the model. */
grasp_status grasp__fullbatch_at(grasp_context *ctx, grasp__fullbatch *f, const double *theta, double *value,
                                 double *grad);
void         grasp__fullbatch_close(grasp__fullbatch *f);

/* One point of a descent. */
typedef struct grasp__point {
    double  value, *theta, *grad;
} grasp__point;

/* How a method aims: direction (p) from the point; then it is told of the step that was taken. */
typedef struct grasp__aim {
    grasp_status (*direction)(grasp_context *ctx, void *arg, const grasp__fullbatch *f, const grasp__point *at,
                              double *direction);
    void (*learn)(void *arg, const grasp__point *from, const grasp__point *to); /* may be NULL */
    void *arg;
} grasp__aim;

typedef struct grasp__descent {
    int64_t iterations;   /* in: the most; out: those done */
    double  tolerance;    /* in: of the largest gradient entry */
    double  gradient_norm;/* out */
    bool    converged;    /* out */
} grasp__descent;
/* From the model's parameters downhill; the model holds the last point. A NULL report is fine. */
grasp_status grasp__descend(grasp_context *ctx, grasp__fullbatch *f, const grasp__aim *aim, grasp__descent *d,
                            grasp_report *report);
/* A step from `at` along `direction`, `first` tried first, that satisfies the Wolfe conditions; *found false: rounding
 * left none. */
grasp_status grasp__line_search(grasp_context *ctx, grasp__fullbatch *f, const grasp__point *at,
                                const double *direction, double first, grasp__point *to, bool *found);

enum { GRASP__NEWTON_LARGEST = 1500 }; /* parameters: two p x p matrices are held */
grasp_status grasp__lbfgs(grasp_context *ctx, grasp__fullbatch *f, grasp__descent *d, grasp_report *report);
grasp_status grasp__newton(grasp_context *ctx, grasp__fullbatch *f, grasp__descent *d, grasp_report *report);

double grasp__max_norm(const double *v, int64_t n);
double grasp__inner(const double *x, const double *y, int64_t n);

/* log q_g += step * loss_g, normalised. False, and log_q as it was, if no weight stays finite. */
bool grasp__gdro_advance(int64_t n_groups, const double *group_loss, double step, double *log_q);

#endif
