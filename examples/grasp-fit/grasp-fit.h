/* SPDX-License-Identifier: BSD-3-Clause
 * grasp-fit: learned groups and a model that is good for the worst of them, from a table. Parts: options, data, study,
 * print.
 */
#ifndef GRASP_FIT_H
#define GRASP_FIT_H

#include <grasp.h>

#include <stdbool.h>
#include <stdio.h>

enum { TRAIN = 0, VAL = 1, TEST = 2 };

typedef struct options {
    const char *csv, *x, *meta;              /* where the data are; all NULL: the built-in example */
    const char *label, *features, *group, *split, *outlier;
    const char *model, *final_model;         /* "logistic", "softmax", "mlp"; NULL: chosen by the data */
    const char *set;                         /* parameters of "fit", as grasp_params_parse() reads them */
    const char *output;                      /* groups.csv */
    const char *plot;                        /* a script for gnuplot; NULL: none */
    uint64_t    seed;
    int32_t     threads;
    bool        raw, json, quiet;
} options;

/* Returns -1 to go on, else the exit status (after --help, --version or a mistake). */
int options_read(options *o, int argc, char **argv);

/* n samples of d features; arrays have n entries. */
typedef struct data {
    const char   *name;
    int64_t       n, d, n_classes;
    double       *value;           /* n x d, what x refers to */
    grasp_matrix *x;
    int64_t      *y;               /* classes 0..n_classes-1, in ascending order of the label, or of appearance for
                                      text */
    char        **class_name;
    int64_t      *attribute;       /* group column, coded; NULL: none */
    uint8_t      *outlier;         /* known outliers; NULL: none known */
    int64_t      *split;
    int64_t      *rows[3], n_rows[3];
    bool          standardised;
} data;

/* Each returns false after saying on standard error what is wrong. */
bool data_load(grasp_context *ctx, const options *o, data *out);
bool data_example(grasp_context *ctx, const options *o, data *out);
bool data_finish(grasp_context *ctx, const options *o, data *d); /* splits, standardises, wraps: the end of both */
void data_free(data *d);
void *allocate(int64_t count, size_t size); /* zeroed; says so and exits with 1 when there is none */

typedef struct accuracy {
    double worst, average; /* over the true groups of the test rows (learned groups when none are known); average
                              weighted as in training */
} accuracy;

typedef struct study {
    grasp_inference *inference;
    grasp_report    *report;
    grasp_groups    *learned, *truth;      /* over training rows, then validation rows; truth NULL: not known */
    int64_t          n_seen;               /* training and validation rows */
    double           ari, ari_within, floor_class, floor_error; /* NaN without truth */
    double           noise;                /* share of the seen rows */
    double           outlier_precision, outlier_recall;         /* NaN when outliers are not known */
    accuracy         erm, gdro_learned, gdro_true;              /* NaN where there is nothing to measure against */
    double           rate, decay, step;    /* chosen for group DRO on learned groups; NaN: trained otherwise */
    double           objective, gap;       /* of a linear final model: worst loss of a learned group, and how much of it
                                              could be spared at most; NaN: not certified */
    const char      *method;               /* that the final model was trained by */
    bool             robust;               /* groups by the cross-class direction, not by clusters */
    int64_t         *group;                /* of every row of the data; test rows are assigned as new samples */
    const char      *model_name, *final_name;
    grasp_context   *ctx;
    bool             not_converged;
} study;

/* Runs everything; false after saying what is wrong. */
bool study_run(grasp_context *ctx, const options *o, const data *d, study *out);
void study_free(study *s);

void print_text(const options *o, const data *d, const study *s);
void print_json(const options *o, const data *d, const study *s);
void print_splits(const data *d, const study *s); /* mode=robust: between which classes there is a split, and why */
void json_splits(const study *s);
bool write_plot(const options *o, const data *d, const study *s);
bool write_groups(const options *o, const data *d, const study *s);
int32_t show_progress(void *user, const char *what, double fraction);
void    clear_progress(void);

/* Says what failed and returns false; true for success and outcomes. */
bool fine(grasp_context *ctx, grasp_status status);

#endif
