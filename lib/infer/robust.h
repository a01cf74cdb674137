/* SPDX-License-Identifier: BSD-3-Clause
 * infer, private: groups by the cross-class direction, for mode=robust.
 *
 * A split is looked for between two classes at a time. What a pair finds is flags on its rows, and a rule that gives
 * new samples theirs; robust.c joins the pairs' findings into groups.
 */
#ifndef GRASP__INFER_ROBUST_H
#define GRASP__INFER_ROBUST_H

#include "infer/private.h"

enum {
    GRASP__ROBUST_LEAST_MISTAKES = 8, /* in each cell of class and inferred attribute, for a direction */
    GRASP__ROBUST_LEAST_CELL = 12,    /* rows of a learned minority */
    GRASP__ROBUST_MOST_NEAR = 30000   /* rows whose neighbours are looked for */
};

/* Inputs made comparable: standardised columns, or, where there are many, their leading principal components. */
typedef struct grasp__robust_space {
    int64_t n, d, q; /* rows; columns of the input; columns of x, the last of them 1 */
    double *x;       /* n x q */
    double *mean, *scale; /* d: what a column is standardised by; scale 0: it is constant */
    double *axes;    /* (q - 1) x d, or NULL: a column each of those that vary */
} grasp__robust_space;
/* raw: n x d. */
grasp_status grasp__robust_space_open(grasp_context *ctx, const double *raw, int64_t n, int64_t d,
                                      grasp__robust_space *out);
void         grasp__robust_space_close(grasp__robust_space *space);
/* The same rows with more columns, in which a linear model bends: has no way back to the raw input. */
grasp_status grasp__robust_space_curved(grasp_context *ctx, const grasp__robust_space *plain, uint64_t stream,
                                        grasp__robust_space *out);
/* theta (q) of the space as a function of the raw input: raw (d + 1), the constant last. */
void         grasp__robust_space_raw(const grasp__robust_space *space, const double *theta, double *raw);

/* Where a second look took the cells from. */
enum { GRASP__ROBUST_AS_CUT = 0, GRASP__ROBUST_BY_PLANE, GRASP__ROBUST_BY_NEIGHBOURS };

/* Why a pair of classes has, or has not, a split. */
enum {
    GRASP__ROBUST_SPLIT = 0,    /* accepted */
    GRASP__ROBUST_FEW_MISTAKES, /* too few samples are misclassified for a direction */
    GRASP__ROBUST_NO_CELL,      /* no class has enough samples beyond the threshold */
    GRASP__ROBUST_UNFITTED,     /* the learned minorities cannot be fitted beside the majorities */
    GRASP__ROBUST_UNLIFTED,     /* a learned minority is as often right by plain training */
    GRASP__ROBUST_UNCONFIRMED,  /* a second look at them leaves a class without a cell */
    GRASP__ROBUST_REASONS
};
const char *grasp__robust_reason(int32_t reason);

/* Two classes: target 0 and 1. */
typedef struct grasp__robust_pair {
    const grasp__robust_space *space;
    const uint8_t *target;     /* n of the space */
    int64_t        n, class_n[2];
    int64_t        least_cell; /* rows of a learned minority */
    double        *margin;     /* n: standardised; low: like the other class */
    uint8_t       *low;        /* n: beyond the threshold, and that makes a cell */
    uint8_t       *suspect;    /* n: left out, for their neighbours deny their label; none where that was not needed */
    double        *direction[2]; /* q: of the margin of a class's samples */
    double         threshold[2], depth[2]; /* depth: density at the threshold over the lower of its two peaks */
    int64_t        cell[2];    /* low samples of each class; 0: none make a cell */
    double         before[2], after[2], majority[2]; /* accuracy out of fold of a class's low samples, by plain and by
                                   cell-balanced training (that of the evidence), and of its others by the latter; NaN
                                   without any */
    double         loss[2], majority_loss[2]; /* mean logistic loss out of fold, by plain training, of the same; NaN
                                   without any */
    double         stability[2]; /* agreement of what two halves of the samples cut off; NaN: no cell, or not asked */
    double         linear, curved; /* evidence, the lesser of the means of after and majority, by linear training and by
                                   one that bends; NaN: no cell, or not asked for */
    int32_t        reason;
    double         flips, flips_low; /* rate of flipped labels, and that less its standard error; NaN: no split */
    double         worst_kept, worst_removed; /* accuracy out of fold of the worst cell, suspects in training and left
                                   out; NaN without suspects */
    bool           removed;    /* is it better without them? */
    int32_t        refined;    /* how the cells came about, one of: */
} grasp__robust_pair;
/* The margin, thresholds and cells of space's rows, and whether they are a split. `stream`: of random numbers. */
grasp_status grasp__robust_pair_find(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                     double least, uint64_t stream, grasp__robust_pair *out);
void         grasp__robust_pair_close(grasp__robust_pair *pair);
/* One without anything found so far. */
grasp_status grasp__robust_pair_open(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                     grasp__robust_pair *out);
/* Margin, thresholds and cells, without evidence. */
grasp_status grasp__robust_first_look(grasp_context *ctx, grasp__robust_pair *pair, uint64_t stream);
/* The steps of it. Margin and direction; *reason FEW_MISTAKES: none. plain: n, logits out of fold of plain training. */
grasp_status grasp__robust_direction(grasp_context *ctx, grasp__robust_pair *pair, uint64_t stream, double *plain);
/* A natural break of m[0..n) in [-1, 0.5], and the density there over the lower of the peaks beside it; 0 and 1 if
 * there is none. */
double       grasp__robust_valley(const double *m, int64_t n, double *depth);
/* Threshold, cell and low of class c from its margins: those beyond the valley, or beyond 0 where there is none; too
 * few, or nearly all, make no cell, and leave `low` as it is. */
grasp_status grasp__robust_cut(grasp_context *ctx, grasp__robust_pair *pair, int c);
/* The k <= 32 rows of x (n x q, n > k) nearest to each row, the nearest first: near (n x k). */
grasp_status grasp__robust_nearest(grasp_context *ctx, const double *x, int64_t n, int64_t q, int64_t k, int64_t *near);
/* suspect[i]: 1 where at most such a share of the votes of the nearest rows, `neighbours` of them, is for its target;
 * `alike`: the two classes have as many votes in all. With more than 30,000 rows nobody. */
grasp_status grasp__robust_suspects(grasp_context *ctx, const grasp__robust_space *space, const uint8_t *target,
                                    int64_t neighbours, double share, bool alike, uint8_t *suspect);
/* A second look at the cells of an accepted split: they become what it finds, and the split stands if the evidence
 * holds for that. */
grasp_status grasp__robust_refine(grasp_context *ctx, grasp__robust_pair *pair, double least, uint64_t stream,
                                  const double *plain);
/* Samples of a class that were not learned from, the last ones: the cluster of most of the 20 nearest that were (of the
 * 32 nearest of all). */
grasp_status grasp__robust_follow(grasp_context *ctx, grasp__inferred_class *k, const double *raw, int64_t d,
                                  int64_t n_learned);
/* The part of it for which a plane suffices. */
grasp_status grasp__robust_by_plane(grasp_context *ctx, grasp__robust_pair *pair, int64_t repeats, uint64_t stream);
/* Of an accepted split, how far two halves of its samples agree on it. */
grasp_status grasp__robust_stability(grasp_context *ctx, grasp__robust_pair *pair, uint64_t stream);
/* Of an accepted split: are labels flipped, who is suspected, and does it help to leave suspects out of training? */
grasp_status grasp__robust_outliers(grasp_context *ctx, grasp__robust_pair *pair, uint64_t stream);
/* Accuracy out of fold of the cells, and the reason. */
grasp_status grasp__robust_evidence(grasp_context *ctx, grasp__robust_pair *pair, double least, uint64_t stream,
                                    const double *plain);
/* weight[i]: of sample i so that the classes count alike, and within a class its cells like n_cell^(1 - balance):
 * balance 1 makes them alike, 0 lets each sample of a class count the same. cell: n labels in [0, n_cells), each of one
 * class. */
grasp_status grasp__robust_weights(grasp_context *ctx, const int64_t *cell, const int64_t *class_of_cell,
                                   int64_t n_cells, int64_t n_classes, int64_t n, double balance, double *weight);

/* Groups of the samples raw (n x d) of the classes of an inference that has no groups yet: clusters of every class, its
 * rules, and whether it was split; the report's part about it. Learned from the first n_learn samples; the others are
 * assigned by the rules, for how validation samples were drawn must not hide what training went wrong by. */
grasp_status grasp__robust_groups(grasp_context *ctx, grasp_inference *inference, const double *raw, int64_t d,
                                  int64_t n_learn, double least, grasp_report *report_or_null);
/* What the report says of a pair of classes. */
grasp_status grasp__robust_report_pair(grasp_context *ctx, grasp_report *report_or_null, int64_t number,
                                       const int64_t label[2], const grasp__robust_pair *pair);

/* Bytes, at most, beyond the classes of an inference; n_pair: samples of the two largest of the classes. */
uint64_t     grasp__robust_price(grasp_context *ctx, const grasp_gradients *g, int64_t n, int64_t n_pair,
                                 int64_t n_classes);

/* How the inputs of a linear layer stand in gradients. */
typedef struct grasp__robust_form {
    int64_t d, outputs;     /* d 0: they do not */
    int64_t layer;          /* factored: whose inputs; -1: dense rows */
    bool    biases_last;    /* dense: all weights, then all biases */
} grasp__robust_form;
/* mode=robust from raw (n x d), learned from the first n_learn; g: the gradients, in which form->d 0 says that no input
 * can be read back. */
grasp_status grasp__infer_inputs(grasp_context *ctx, grasp_gradients *g, const grasp__robust_form *form,
                                 const double *raw, int64_t d, const int64_t *y, int64_t n, int64_t n_learn,
                                 const grasp__options *o, grasp_inference **out, grasp_report **report_or_null);
/* Decides by the rows of g with their classes. */
grasp_status grasp__robust_form_of(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                   grasp__robust_form *form);
/* New samples of class k: clusters by its rules, from their raw inputs (n x d). */
void         grasp__robust_assign(const grasp_inference *inference, const grasp__inferred_class *k, const double *raw,
                                  int64_t n, int64_t *cluster);
/* raw (n x d). A dense row whose residual is 0 tells nothing and becomes the mean of the others of its class. */
grasp_status grasp__robust_inputs(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                  const grasp__robust_form *form, double *raw);

#endif
