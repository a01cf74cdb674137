/* SPDX-License-Identifier: BSD-3-Clause
 * grasp-paper: the tables and figures of Zeng et al. 2022, as published and told honestly. See grasp-paper(1).
 *
 * A scene is one data set in one condition with one seed. A cell is what one method scored in a scene; cells go into
 * the results, from which all tables, the JSON object and the figures are made in the end.
 */
#ifndef GRASP_PAPER_H
#define GRASP_PAPER_H

#include <grasp.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { TRAIN = 0, VAL = 1, TEST = 2 };
enum { PAPER_SEED = 123 };    /* the published seed of Synthetic */
enum { PUBLISHED_SEEDS = 3 }; /* beside it, of all that is trained at length by the published protocol */

typedef struct options {
    bool        published; /* the authors' code; else the honest protocol */
    bool        check;     /* that, and the experiments of another implementation beside it: check.c */
    bool        quick, json, resume, quiet;
    const char *only;      /* sets, tables and figures asked for, separated by commas; NULL: all */
    const char *output;    /* folder for results.csv, tables and figures; NULL: none is written */
    const char *data;      /* folder that holds compas/ and waterbirds/ */
    const char *x, *meta;  /* a user's own set by files; both NULL: none */
    const char *gradients; /* its gradients by file; NULL: taken from a linear model on x */
    int64_t     seeds;
    int32_t     threads;
} options;

/* Returns -1 to go on, else the exit status (after --help, --version or a mistake). */
int options_read(options *o, int argc, char **argv);
/* Is this set, and is this table or figure, asked for? */
bool wanted_set(const options *o, const char *set);
bool names_set(const options *o, const char *set); /* by its own name */
bool wanted_part(const options *o, const char *part);

/* ---- help everywhere ------------------------------------------------------------------------------------------- */

void *allocate(int64_t count, size_t size); /* zeroed; says so and exits with 1 when there is none */
/* Says what failed and returns false; true for success and for what did not converge. */
bool fine(grasp_context *ctx, grasp_status status);
/* Parameters of an algorithm from text; NULL after saying what is wrong. */
grasp_params *params_of(grasp_context *ctx, const char *algorithm, const char *text);

/* ---- random numbers of the published data ---------------------------------------------------------------------- */

typedef struct numpy_stream {
    uint32_t word[624];
    int      next;
    bool     has_normal;
    double   normal;
} numpy_stream;

void   numpy_seed(numpy_stream *s, uint32_t seed);
double numpy_uniform(numpy_stream *s);
double numpy_normal(numpy_stream *s);
void   numpy_permutation(numpy_stream *s, int64_t *order, int64_t n);

/* ---- data ------------------------------------------------------------------------------------------------------ */

/* n samples of d features; arrays have n entries. */
typedef struct data {
    const char   *set;     /* "synthetic", "compas", "waterbirds", "files" */
    int64_t       n, d, n_classes, n_attributes;
    double       *value;   /* n x d, what x refers to */
    grasp_matrix *x;
    int64_t      *y;       /* classes 0..n_classes-1, as the learner sees them: of a flipped row the wrong one */
    int64_t      *a;       /* attribute 0..n_attributes-1; true groups are y x a */
    uint8_t      *outlier; /* 1: a known outlier */
    uint8_t      *flipped; /* 1: an outlier because its label is that of the next class */
    int64_t      *split;
    int64_t      *rows[3], n_rows[3];
    int64_t      *seen, n_seen; /* training rows, then validation rows: what groups are learned from */
} data;

/* Room for all of it; n_classes and n_attributes may be set later. */
void data_make(data *d, const char *set, int64_t n, int64_t n_features, int64_t n_classes, int64_t n_attributes);
/* The features, from a matrix of d columns and any element type. */
void data_copy(data *d, grasp_matrix *x);
/* Lists the splits, standardises on the training rows if asked. */
bool data_finish(grasp_context *ctx, data *d, bool standardise);
/* Makes a row an outlier, its label that of the next class. */
void data_flip(data *d, int64_t row);
/* Flips the labels of a share of the training and validation rows, at random. */
void data_mark(data *d, double share, int64_t seed);
void data_free(data *d);
bool data_synthetic(grasp_context *ctx, bool contaminated, double variance, int64_t seed, data *out);
/* False with found=false where the files are absent (said aloud). Honest: split at random by the seed, standardised. */
bool data_compas(grasp_context *ctx, const options *o, bool contaminated, int64_t seed, data *out, bool *found);
bool data_waterbirds(grasp_context *ctx, const options *o, bool contaminated, int64_t seed, data *out, bool *found);
bool data_files(grasp_context *ctx, const options *o, data *out);

/* ---- results --------------------------------------------------------------------------------------------------- */

typedef struct measure {
    char   name[24];
    double value; /* NaN: not known */
} measure;
enum { MEASURES = 16 };

typedef struct cell {
    char   *name; /* table.set.condition.row, ... */
    int64_t seed;
    int     n;
    measure of[MEASURES];
} cell;

typedef struct results {
    cell   *cells;
    int64_t n, room;
    FILE   *file; /* where each finished cell goes at once, so that a run can go on from it */
} results;

typedef struct summary {
    int64_t n; /* seeds that know it */
    double  mean, deviation, lowest, highest;
} summary;

/* Opens folder/results.csv; with o->resume reads what a run with the same options left there. */
bool results_open(results *r, const options *o);
bool results_has(const results *r, const char *name, int64_t seed);
bool results_put(results *r, const cell *c);
/* Over the seeds but PAPER_SEED. */
summary results_summary(const results *r, const char *name, const char *measure_name);
/* NaN where it is not known. */
double results_value(const results *r, const char *name, int64_t seed, const char *measure_name);
/* The published seed's value where there is one, else the mean over seeds. */
double results_headline(const results *r, const char *name, const char *measure_name);
bool   results_is_first(const results *r, int64_t i); /* is no earlier cell of the same name? */
bool   results_close(results *r);

void cell_start(cell *c, const char *name, int64_t seed);
void cell_add(cell *c, const char *measure_name, double value);

/* ---- a scene --------------------------------------------------------------------------------------------------- */

enum { LEARNERS = 24 }; /* room for those of Table 3 */

/* What a check departs from the published protocol in; NULL: in nothing. */
typedef struct departure {
    double      variance;  /* of Synthetic; 0: as published */
    bool        stopped;   /* no further epoch after the fit */
    const char *fit;       /* of the model whose gradients are clustered, on the data as they are: parameters of ERM */
    const char *training;  /* of every model that is trained on groups */
} departure;

typedef struct scene {
    grasp_context *ctx;
    const options *o;
    results       *r;
    const char    *set, *condition;
    bool           contaminated;
    bool           own;                  /* outliers are true groups of their own */
    const departure *departure;
    int64_t        seed;
    data           d;
    grasp_model     *model;              /* whose gradients are clustered */
    grasp_gradients *gradient, *feature; /* of the seen rows; features as rows of a matrix of the same kind */
    grasp_matrix    *points;             /* the seen rows' features */
    int64_t         *y;                  /* classes of the seen rows */
    uint8_t         *outlier;            /* of the seen rows */
    grasp_groups    *attribute;          /* of the seen rows, for selection by known groups */
    grasp_groups    *truth, *truth_own;  /* of the seen rows: y x a; and with outliers as an attribute of their own */
    grasp_groups    *all;                /* y x a of all rows */
    grasp_groups    *class_of, *mistake; /* the floors: class, and class x misclassified by the model */
    grasp_groups    *learned[LEARNERS];  /* by the learners of Table 3, in their order; NULL: not yet */
} scene;

/* Opens a scene on its data, does the work, frees it; *found is false where the data are absent. */
bool scene_run(scene *s, bool (*work)(scene *s), bool *found);
/* Fits the model whose gradients are clustered: converged, or as the authors' code did it. */
bool scene_fit(scene *s);
/* The seed that figures are drawn of. */
bool scene_is_first(const scene *s);
/* Names a cell of the scene and tells whether it is still to be computed. */
bool scene_wants(const scene *s, const char *part, const char *row, char *name, size_t room);

/* ---- learning groups ------------------------------------------------------------------------------------------- */

/* One way to groups; a table is a list of them. */
typedef struct learner {
    const char *key;
    const char *method;          /* of grasp_learn_groups(); NULL: grasp_infer() on the evidence below */
    bool        gradient;        /* evidence: gradients, else features */
    bool        oracle;          /* the setting is chosen by known groups */
    bool        joint;           /* with a method: validation rows are learned from like training rows */
    const char *points;          /* with a method or none: "gradients", or the "errors" 1 - p_y, in the features'
                                    place */
    const char *published;       /* parameters as published; NULL: no part of it */
    const char *contaminated;    /* the same for contaminated data, where they differ */
    const char *honest;          /* parameters of the honest protocol; NULL: no part of it */
    const char *of_second_class; /* where their code holds a setting for each class */
} learner;

/* Parameters in this mode and condition; NULL: no part of it. */
const char *learner_text(const scene *s, const learner *l);
bool learn(scene *s, const learner *l, grasp_groups **out);
/* Adds the cell of what groups of the seen rows are worth. */
bool keep_groups(scene *s, const char *name, const grasp_groups *groups);
/* The learner of Table 3 with this key; NULL: none. And its groups of the seen rows, learned once a scene; the scene
 * keeps them. */
const learner *learner_of(const char *key);
bool           learned_groups(scene *s, const char *key, const grasp_groups **out);
/* What groups of the seen rows are worth, beside their floors. */
bool judge(scene *s, const grasp_groups *groups, cell *c);

bool agreement_run(scene *s); /* tables 2, 3 and 5 */

/* ---- training on groups ---------------------------------------------------------------------------------------- */

/* One way to a model; Tables 4 and 6 are the same list of them. */
typedef struct method {
    const char *key;
    const char *trainer; /* of grasp_train() */
    const char *groups;  /* a key of Table 3, or "true"; NULL: it goes without */
    const char *chosen_by; /* groups whose worst validation one chooses; NULL: its own, or validation accuracy */
    const char *params;    /* of the trainer, beside what all share */
    const char *published; /* the same for Synthetic as published */
    bool        last_layer; /* ERM on the training rows comes first, then this on half of the validation rows, chosen by
                               the other half */
    bool        convex;     /* for small linear models alone; no learning rates */
} method;

extern const method methods[];
extern const int    n_methods;
/* Trains on groups of all rows and measures the worst true group, and the average, on the test rows. */
bool train_on(scene *s, const method *m, const grasp_groups *groups, double *worst, double *average);
/* The same, kept as a cell. */
bool keep_accuracy(scene *s, const char *name, const method *m, const grasp_groups *groups);
bool accuracy_run(scene *s); /* tables 4 and 6 */

/* ---- checks ---------------------------------------------------------------------------------------------------- */

extern const learner clusterings[], selections[]; /* of Tables 2 and 5 */
extern const int     n_clusterings, n_selections;
bool run_learners(scene *s, const char *part, const learner *list, int n);
bool check_run(grasp_context *ctx, const options *o, results *r);

/* A cell of the other implementation. */
typedef struct reference {
    const char *name, *measure; /* of our cell */
    double      mean;
    int         digits;         /* that the mean is known to */
    double      deviation;      /* NaN: not known */
    int         seeds;          /* 0: of the published seed */
} reference;
typedef struct reference_table {
    const char      *title;
    const reference *of;
    int              n;
} reference_table;
extern const reference_table references[];
extern const int             n_references;
void print_verdicts(const results *r, FILE *f);

bool properties_run(grasp_context *ctx, const options *o, results *r); /* table 1 */

/* ---- figures --------------------------------------------------------------------------------------------------- */

bool maps_run(scene *s);    /* figures 5 to 8: cells for every eps and min_samples */
bool scatter_run(scene *s); /* figures 1 to 4(a): a table of points each */
/* The first two principal components' scores of n rows of p values, into n x 2. */
void principal_scores(const double *row, int64_t n, int64_t p, double *score);
/* Heat maps from their cells and all figures' drawings, if gnuplot is there. */
bool plots_write(const options *o, const results *r);

/* ---- what the paper prints ------------------------------------------------------------------------------------- */

typedef struct reported_cell {
    const char *name;
    double      value;
} reported_cell;

extern const reported_cell reported[];
extern const int           n_reported;
double                     reported_value(const char *name, double otherwise);

/* ---- what is shown --------------------------------------------------------------------------------------------- */

void progress_scene(const options *o, int64_t done, int64_t of, const char *set, const char *condition, int64_t seed);
void progress_cell(const options *o, const char *name, int64_t seed);
void progress_clear(void);
/* "ari" or "worst": the number that a cell of this name stands for. */
const char *headline_measure(const char *name);
bool print_all(const options *o, const results *r);
void print_json(const options *o, const results *r, FILE *f);
void print_text(const options *o, const results *r, FILE *f);

#endif
