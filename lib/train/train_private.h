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

enum { GRASP__AXES = 4 };

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
    double     *chosen;               /* out: the best one's numbers; may be NULL */
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

/* ---- a method of first-order training ---------------------------------------------------------------------------- */

typedef struct grasp__job {
    const char           *name;
    grasp_model          *model;
    const grasp__options *o;
    const char           *optimizer; /* "adam" or "sgd" */
    const grasp_groups   *select;    /* epochs and candidates are judged by the worst of these; NULL: by all rows */
    const int64_t        *val;
    int64_t               n_val;
    const char           *axis[GRASP__AXES - 1]; /* options that span the grid besides rate and weight decay; NULL
                                                    ends them */
    /* Makes a candidate's objective; setting: its numbers on those axes. What it makes, `close` (may be NULL) frees,
     * also after an error; it is given objective->arg. */
    grasp_status (*open)(grasp_context *ctx, const struct grasp__job *job, const double *setting,
                         grasp__objective *objective);
    void (*close)(void *arg);
    void          *method;  /* the method's own, for `open` */
    double         chosen[GRASP__AXES]; /* out: rate, weight decay and the method's own of the best candidate */
    grasp_status (*note)(grasp_context *ctx, const void *note_arg, grasp_report *report); /* adds lines; may be NULL */
    const void *note_arg;
    grasp__batches batches; /* grasp__job_run lays them out: the same for every candidate */
} grasp__job;
/* Takes `rows` over: the n rows trained on. balance_or_null: as in grasp__batches_open. */
grasp_status grasp__job_run(grasp_context *ctx, grasp__job *job, int64_t *rows, int64_t n,
                            const grasp_groups *balance_or_null, grasp_report **report);
/* What the training rows say of a candidate where there are no others: the worst group's accuracy, or minus the mean
 * loss. */
grasp_status grasp__judge_by_training(grasp_context *ctx, grasp_model *m, const grasp_groups *select_or_null,
                                      const int64_t *rows, int64_t n, double *score);
const char *grasp__score_name(const grasp_groups *select_or_null);
/* Values "epochs", "best_epoch" and the score at the parameters kept. */
grasp_status grasp__put_end(grasp_context *ctx, grasp_report *report, const grasp_groups *select_or_null,
                            int64_t epochs, int64_t best, double score);

/* Parameters of every such method. */
#define GRASP__FIRST_ORDER_PARAMS(decay)                                                                               \
    {GRASP_KEY_RATE, GRASP_PARAM_F64S, "0.001,0.01", "(0, inf)", "adam, sgd: learning rates tried"},                   \
    {GRASP_KEY_MOMENTUM, GRASP_PARAM_F64, "0.9", "[0, 1)", "sgd: momentum"},                                           \
    {GRASP_KEY_WEIGHT_DECAY, GRASP_PARAM_F64S, decay, "[0, inf)",                                                      \
     "adam, sgd: numbers tried that are added to the gradient, times each parameter"},                                 \
    {GRASP_KEY_EPOCHS, GRASP_PARAM_I64, "50", "[0, 1000000000]", "adam, sgd: passes over the training rows"},          \
    {GRASP_KEY_BATCH, GRASP_PARAM_I64, "128", "[1, inf)", "adam, sgd: rows of a step"},                                \
    {GRASP_KEY_SHUFFLE, GRASP_PARAM_BOOL, "1", NULL, "adam, sgd: a fresh order of rows each epoch"},                   \
    {GRASP_KEY_PATIENCE, GRASP_PARAM_I64, "0", "[0, inf)",                                                             \
     "adam, sgd: stop after so many epochs without a better validation score; 0: never"},                              \
    {GRASP_KEY_SELECT_EPOCH, GRASP_PARAM_STR, "auto", "auto|last|val",                                                 \
     "adam, sgd: keep the parameters of the last epoch or of the best on the validation rows; auto: val if there are " \
     "such rows"}
#define GRASP__ADAM_OR_SGD {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "adam", "adam|sgd", "how the parameters step"}
/* Parameters of full-batch descent. */
#define GRASP__DESCENT_PARAMS                                                                                          \
    {GRASP_KEY_L2, GRASP_PARAM_F64, "-1", "[-1, inf)",                                                                 \
     "lbfgs, newton: l2/2 |w|^2 on the mean loss, biases free; -1: 1/(10 n)"},                                         \
    {GRASP_KEY_ITERATIONS, GRASP_PARAM_I64, "1000", "[0, 1000000000]", "lbfgs, newton: the most steps"},               \
    {GRASP_KEY_GRADIENT_NORM, GRASP_PARAM_F64, "1e-8", "[0, inf)",                                                     \
     "lbfgs, newton: stop when no gradient entry is larger"}
#define GRASP__ANY_OPTIMIZER                                                                                           \
    {GRASP_KEY_OPTIMIZER, GRASP_PARAM_STR, "auto", "auto|adam|sgd|lbfgs|newton",                                       \
     "auto: newton for linear models of at most 500 parameters, lbfgs for larger ones, adam for the others"}

#define GRASP__OUTLIERS_PARAM {GRASP_KEY_EPSILON, GRASP_PARAM_F64S, "0.05", "[0, 1)", "shares of outliers tried"}

/* ---- weights from losses ----------------------------------------------------------------------------------------- */

/* Numbers of a risk; scratch: as many as the losses. */
typedef struct grasp__risk {
    double alpha, epsilon, tilt, *scratch;
} grasp__risk;
/* A risk of n losses with masses >= 0: its value, and in weight its gradient by the losses (0 for mass 0). No mass at
 * all: 0. order: room for n places. No memory. */
typedef double grasp__risk_weigh(const grasp__risk *risk, int64_t n, const double *loss, const double *mass,
                                 int64_t *order, double *weight);
grasp__risk_weigh grasp__cvar, grasp__doro, grasp__chi2, grasp__chi2_doro, grasp__tilted;
typedef struct grasp__risk_method {
    const char        *name;
    grasp__risk_weigh *weigh;
    const char        *axis[GRASP__AXES - 1]; /* its numbers among the options: alpha, epsilon, tilt */
} grasp__risk_method;
void grasp__risk_set(const grasp__risk_method *method, const double *setting, grasp__risk *risk);
/* floor(share n), up to rounding. */
int64_t grasp__share_of(double share, int64_t n);
grasp_status grasp__train_risk(grasp_context *ctx, const grasp__risk_method *method, grasp_model *m,
                               const grasp_groups *select, const int64_t *train_rows, int64_t n_train,
                               const int64_t *val, int64_t n_val, const grasp__options *o, grasp_report **report);

/* ---- reweighted rows --------------------------------------------------------------------------------------------- */

/* Empirical risk minimisation on chosen rows, which the reweighting methods come down to. */
typedef struct grasp__plan {
    const char           *name;
    grasp_model          *model;
    const grasp__options *o;       /* of a table with the parameters above */
    const grasp_groups   *select;  /* as in grasp__job */
    const grasp_groups   *balance; /* adam, sgd: draw each of these groups equally often; NULL: each row once */
    int64_t              *rows;    /* taken over */
    int64_t               n;
    const double         *weight;  /* of each bound row, in place of its sample weight; NULL: that */
    const int64_t        *val;
    int64_t               n_val;
    bool                  sum;     /* adam, sgd: of a batch's losses, in place of their mean */
    const grasp__risk_method *risk; /* full batch: in place of the mean; NULL: the mean */
    grasp_status (*note)(grasp_context *ctx, const void *note_arg, grasp_report *report); /* adds lines; may be NULL */
    const void *note_arg;
} grasp__plan;
/* The optimizer that the options name, made concrete; refuses what this model cannot do. *descent: full batch. */
grasp_status grasp__choose_optimizer(grasp_context *ctx, const grasp_model *m, const grasp__options *o,
                                     const char **optimizer, bool *descent);
grasp_status grasp__train_plan(grasp_context *ctx, grasp__plan *plan, grasp_report **report);
/* The same by "adam" or "sgd". */
grasp_status grasp__train_by_epochs(grasp_context *ctx, grasp__plan *plan, const char *optimizer,
                                    grasp_report **report);
/* The same at full batch, "lbfgs" or "newton". */
grasp_status grasp__train_exact(grasp_context *ctx, grasp__plan *plan, const char *optimizer, grasp_report **report);

/* Weights of the groups, proportional to 1 / n_g or its root, that sum to the number of groups with training rows; 0
 * for the others. */
void grasp__importance(const grasp_groups *g, const int64_t *rows, int64_t n, const double *sample_weights,
                       bool square_root, double *of_group);
/* As many rows of each group as the smallest has, drawn without replacement by (seed, draw), in the order given;
 * subset:
 * room for n. No row may be noise. */
grasp_status grasp__balanced_subset(grasp_context *ctx, const grasp_groups *g, const int64_t *rows, int64_t n,
                                    int64_t draw, int64_t *subset, int64_t *n_subset);

/* ---- full-batch training ----------------------------------------------------------------------------------------- */

/* F(theta) = sum_i w_i loss_i / sum_i w_i + l2/2 |theta|^2 without the biases. */
typedef struct grasp__fullbatch {
    grasp_model   *model;
    const int64_t *rows;
    const double  *weight;    /* of each bound row; NULL: 1 */
    int64_t        n, p, chunk;
    double         l2, total; /* total: sum of the rows' weights */
    uint8_t       *bias;
    const double  *center;        /* where the penalty is zero; NULL: at 0 */
    double        *loss, *part;
    double         mean, largest; /* of the last evaluation: mean loss, or risk; largest loss of a row with weight */
    const grasp__risk_method *method; /* NULL: the mean */
    grasp__risk    risk;
    double        *losses, *mass, *share; /* of a risk: one block */
    int64_t        done, most;    /* of ticks: iterations done, and the most there will be */
} grasp__fullbatch;
/* weight: of each bound row, NULL for 1; their sum over the rows is above 0. l2 -1: 1/(10 x that of the sample
 * weights). */
grasp_status grasp__fullbatch_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                   const double *weight, double l2, grasp__fullbatch *out);
/* In place of the mean; to be set after opening. */
grasp_status grasp__fullbatch_set_risk(grasp_context *ctx, grasp__fullbatch *f, const grasp__risk_method *method,
                                       const double *setting);
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

/* With l1 |w|_1, biases free, added: by proximal gradients, from the model's parameters, which then hold the result. */
grasp_status grasp__sparse(grasp_context *ctx, grasp__fullbatch *f, double l1, grasp__descent *d);

/* The Hessian of a weighted mean loss of a linear model, p = outputs (d + 1). */
typedef struct grasp__hessian {
    int64_t p, d, outputs, classes, chunk;
    double *h, *factor;            /* p x p: the lower triangle of both */
    double *x, *input, *scaled;    /* chunk x d, chunk x (d + 1) twice */
    double *logits;                /* chunk x classes, then the probabilities */
} grasp__hessian;
/* For n rows; close it also after an error. */
grasp_status grasp__hessian_open(grasp_context *ctx, const grasp_model *m, int64_t n, grasp__hessian *out);
/* h at the model's parameters: rows, weights, total, l2 and bias of f. */
grasp_status grasp__hessian_fill(grasp_context *ctx, grasp__hessian *h, const grasp__fullbatch *f);
/* b <- (h + mu I)^-1 b, mu from `damping` times the largest diagonal entry upwards; false: no factorisation. */
bool grasp__hessian_solve(grasp__hessian *h, double damping, double *b);
void grasp__hessian_close(grasp__hessian *h);

/* ---- the last layer ---------------------------------------------------------------------------------------------- */

typedef struct grasp__last_layer {
    grasp_model   *whole, *head;      /* head: linear, bound to the features of the rows, numbered 0..n-1 */
    grasp_matrix  *features;
    const int64_t *rows;              /* of the whole */
    int64_t        n, width, at, size; /* features; the layer's parameters are theta[at .. at + size) */
    double        *theta, *layer;     /* of the whole; room for a layer, then its own */
    double        *own;               /* the layer that the model came with, in its scale */
    double        *mean, *scale;
    double        *loss;              /* of the rows: the whole's, then the head's */
    bool           standard;
} grasp__last_layer;
/* Rows must stay. GRASP_E_UNSUPPORTED: no features, or they and the last parameters do not give the losses. Close it
 * also after an error. */
grasp_status grasp__last_layer_open(grasp_context *ctx, grasp_model *m, const int64_t *rows, int64_t n,
                                    bool standard, grasp__last_layer *out);
/* Puts parameters of the head in their place in the whole. */
grasp_status grasp__last_layer_put(grasp_context *ctx, grasp__last_layer *l, const double *layer);
void grasp__last_layer_close(grasp__last_layer *l);

/* A method that retrains it. */
typedef struct grasp__retraining {
    const char           *name;
    grasp_model          *model;
    const grasp__options *o;
    const grasp_groups   *train_groups; /* their noise is left out; NULL: all rows are trained on */
    const grasp_groups   *select;       /* as in grasp__job */
    const int64_t        *val;
    int64_t               n_val;
    bool                  standard;     /* features are standardised */
    const char           *axis[2];      /* options that span the grid; NULL ends them */
    /* Once, when the layer is open. */
    grasp_status (*prepare)(grasp_context *ctx, struct grasp__retraining *t);
    /* The layer at a setting. GRASP_CANCELLED: none. */
    grasp_status (*fit)(grasp_context *ctx, struct grasp__retraining *t, const double *setting, double *layer);
    void                 *method;       /* the method's own */
    grasp__last_layer     layer;
    int64_t              *rows, *all, n; /* trained on; 0..n-1: the head's */
    double               *weight;       /* of the head's rows, for the method to make; NULL: 1 */
    int64_t               balanced;     /* rows of a subset, to be reported; 0: none */
    int64_t               iterations;   /* of a setting's descents */
    bool                  converged;
} grasp__retraining;
grasp_status grasp__retrain(grasp_context *ctx, grasp__retraining *t, const int64_t *train_rows, int64_t n_train,
                            grasp_report **report);
/* A descent of the head over some of its rows from its parameters: mean loss + l1 |w|_1 + l2/2 |w|^2, biases free; with
 * a center + l2/2 |theta - center|^2, biases included. */
grasp_status grasp__retrain_descend(grasp_context *ctx, grasp__retraining *t, const int64_t *rows, int64_t n,
                                    double l2, const double *center, double l1);
#define GRASP__LAYER_PARAMS(norm)                                                                                      \
    {GRASP_KEY_ITERATIONS, GRASP_PARAM_I64, "1000", "[0, 1000000000]", "the most steps"},                              \
    {GRASP_KEY_GRADIENT_NORM, GRASP_PARAM_F64, norm, "[0, inf)", "stop when no gradient entry is larger"}

/* ---- group DRO of linear models, certified ----------------------------------------------------------------------- */

enum { GRASP__MINIMAX_LARGEST = 5000 }; /* parameters: two p x p matrices are held */

typedef struct grasp__minimax {
    double   l2, tolerance;             /* in: lambda > 0; of the gap */
    int64_t  iterations;                /* in: the most; out: those done */
    double  *theta;                     /* p, the caller's; out: where the objective was lowest */
    double  *group_loss, *group_weight; /* one for each group, the caller's, or both NULL; out, of groups with rows */
    double   objective, bound, gap;     /* out */
} grasp__minimax;
/* From the model's parameters; the model then holds theta. `adjustment`: C of c_k = C / sqrt(n_k). No row is noise.
 * GRASP_OK whether or not the gap is met; GRASP_CANCELLED: what was reached, the bound maybe -inf. */
grasp_status grasp__minimax_solve(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                                  const int64_t *rows, int64_t n, double adjustment, grasp__minimax *m,
                                  grasp_report *report_or_null);

/* GRASP_E_UNSUPPORTED: not a linear model, or too large a one. what: names the caller. */
grasp_status grasp__minimax_check(grasp_context *ctx, const grasp_model *m, const char *what);

double grasp__max_norm(const double *v, int64_t n);
double grasp__inner(const double *x, const double *y, int64_t n);

/* order: the places 0..n-1 of v, finite or -inf, from the largest down, the first of equals first. No memory. */
void grasp__rank(const double *v, int64_t n, int64_t *order);
/* log q_g += step * loss_g, normalised. False, and log_q as it was, if no weight stays finite. */
bool grasp__gdro_advance(int64_t n_groups, const double *group_loss, double step, double *log_q);

#endif
