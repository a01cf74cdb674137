/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/infer.h: the paper in one call each: infer groups, assign new samples, fit a model that is good for the worst
 * group.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_INFER_H
#define GRASP_INFER_H

#include "grasp/gradients.h"
#include "grasp/groups.h"
#include "grasp/report.h"
#include "grasp/sweep.h"
#include "grasp/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Learned groups of the samples they were inferred from, and what assigning new samples needs: per class the mean, the
 *  core samples, eps, and the clusters' global ids. Immutable; can be saved (io.h). */
typedef struct grasp_inference grasp_inference;

#define GRASP_KEY_SELECT "select"       /**< infer: "class" (a setting per class, published) or "all" (one setting for
                                             all classes) */
#define GRASP_KEY_ALGORITHM "algorithm" /**< infer: "dbscan" (default), "kmeans", "gmm" */
/** infer: "robust" (default: the cross-class direction), "density" (clusters of gradients, a class without an
 *  admissible setting stays one group) or "published" (the same, but such a class takes the first setting of the grid,
 *  as the authors' code does). Where mode is not given but a key of the density search is, it is "density". */
#define GRASP_KEY_MODE "mode"
/** infer, robust: accuracy out of fold, 0 to 1, that learned minorities must reach to be taken for groups and not for
 *  errors; default 0.55 */
#define GRASP_KEY_EVIDENCE "evidence"
/** fit, grasp: "joint" (default, published: validation rows are clustered with the training rows) or "assign" (given
 *  the groups of those, as grasp_assign() does) */
#define GRASP_KEY_VAL "val"
/** feasp: "inputs" (default, published: the rows a built-in model is bound to) or "features" (what its last layer
 *  sees) */
#define GRASP_KEY_POINTS "points"
/** eiil: Adam's steps, each on all samples; default 10000. xrm: steps of both twins; default 3000 */
#define GRASP_KEY_STEPS "steps"
/** george: "none" (default), "pca", "hardness" (unit normal of the decision boundary), "hardness_pca" */
#define GRASP_KEY_REDUCTION "reduction"
#define GRASP_KEY_COMPONENTS "components"   /**< george: principal axes; default 2 */
#define GRASP_KEY_OVERCLUSTER "overcluster" /**< george: parts a cluster is split into; default 5, 1: none */
/** jtt, eiil, xrm: 1 (default): each class has groups of its own; 0: one partition for all classes, of which group 1
 *  are the errors, the set that JTT trains on, or environment 1 */
#define GRASP_KEY_BY_CLASS "by_class"
/** fit: parameters that group DRO starts from: "erm" (default, published: those ERM found) or "initial" (those the
 *  model came with). A final model starts from its own. */
#define GRASP_KEY_START "start"
/** fit: how the final model is trained: "gdro", by group DRO (published); "balanced", linear models only: by the one of
 *  balanced training, certified group DRO and ERM that is best out of fold; "auto" (default): the latter for linear
 *  models after mode=robust, unless a key of gdro is given */
#define GRASP_KEY_FINAL "final"
/** fit, final=balanced, where no class was split: further mistakes out of fold, as a share of those of balanced
 *  classes, that the model may make to lean less on what goes with the class, for the sake of groups that stayed
 *  hidden; default 0.05, 0: none */
#define GRASP_KEY_ALLOWANCE "allowance"

/** Groups of samples within their classes (y: any int64, taken in ascending order), in one id space: id = cluster +
 *  clusters of the classes before. Noise is GRASP_NOISE.
 *
 *  mode=robust, the default: the cross-class direction. Between every two classes: what do the misclassified samples of
 *  one have in common, and which samples of the other look like that? Those beyond a valley in the density of this
 *  score, or beyond zero, are a cluster (1, 2, ...) of their class if a model in which the cells count alike gets them
 *  right out of fold (evidence), and each class's more often than plain training does; cluster 0 is the rest of the
 *  class. Otherwise the class stays one group, and the report says why. The cells of a split are looked at a second
 *  time: a model of the attribute that goes with them, of both classes at once and out of fold, gives new scores to
 *  cut; where only a model that bends gets them right, a sample joins the cell of most of its 20 nearest neighbours in
 *  the class, as validation rows then do. The split stands if the same holds for what is found so. Flipped labels
 *  can hide a group: where the evidence does not suffice it is asked for again, 0.6 and of both classes, without
 *  samples whose 10 nearest neighbours carry the other label but for one at most (up to 30,000 samples a pair); if that
 *  brings the split, it stands. Where it was found so, or where of the quarter that plain training is surest of 1 to 10
 *  % carry another label, flipped ones, noise are the samples for whose label at most 0.15 of the votes of the 20
 *  nearest neighbours are, classes having as many votes, and, where a plane suffices, which a plane with balanced cells
 *  gets wrong out of fold; otherwise nobody is. What it needs are the inputs of a linear layer; it reads them back from
 *  the last layer's factors (of one position), or from dense gradients of a logistic model, or of a softmax model with
 *  as many outputs as y has classes, weights before biases or output by output. That rows are such gradients is seen
 *  from all of them, with y; other rows are clustered as by mode=density. Units of the inputs do not matter: they are
 *  standardised, more than 100 columns reduced to 64 principal components. 62 logistic fits a pair of classes, 45 more
 *  where anyone is suspected and 34 for a report, O(n d^2) each.
 *  Report: as below without grids, and text "mode" ("robust"), value "pairs", and for each pair q of classes a < b text
 *  "pair.<q>.outcome" (split, or why not), values "pair.<q>.accepted", ".evidence" (accuracy out of fold of the learned
 *  minorities, or of the rest if that is less), ".evidence_linear", ".evidence_curved" (by a model that bends, asked
 *  where the linear one does not suffice and there are at most 32 columns), ".worst" (accuracy out of fold of the worst
 *  cell by balanced training), ".worst_low", ".worst_high" (Wilson's interval, two standard errors), ".flips" (rate of
 *  flipped labels), ".outliers" (how many are noise), ".worst_kept" and ".worst_removed" (accuracy out of fold of the
 *  worst cell of the others, with the outliers in training and without), ".outliers_removed" (1: that is better, as
 *  grasp_fit() then does), text ".refinement" (by what the second look took its cells: none, plane or neighbours); and
 *  for either class, as "pair.<q>.a.<name>" and "pair.<q>.b.<name>": "class", "samples", "threshold" and "depth" of the
 *  valley (density there over the lower peak beside it; 1: none), "low" (samples beyond it), "stability" (adjusted Rand
 *  index of what two random halves of the samples cut off, each by its own direction, the mean of two deals), "before"
 *  and "after" (their accuracy out of fold by plain and by balanced training), "after_low", "after_high" (two standard
 *  errors), "majority" (accuracy of the class's others by balanced training), "loss" and "majority_loss" (mean logistic
 *  loss out of fold, by plain training, of the samples beyond and of the others), series "histogram" (of the
 *  standardised score, 64 bins over [-4, 4)), and where samples lie beyond, text "sentence". A split class has its
 *  evidence as score, others -1.
 *
 *  mode=density: GRASP, Algorithm 1 of Zeng et al. 2022: for each class its gradients, their distances (metric,
 *  center), every setting of the grid, selection by score.
 *
 *  gradients: sealed, n rows, kept by reference; y: n classes; truth_or_null: known groups of the n samples (score=ari,
 *  each class sees its own part). Parameters: "infer" (mode, evidence, metric, center, select, algorithm, and those of
 *  "sweep").
 *  The best setting has the highest score, the first within 1e-12 in grid order. select=all takes the setting with the
 *  highest mean over the classes of their scores (-1 where not defined), chosen likewise, for all classes. A class in
 *  which no setting, or not the one for all, is admissible (score above -1) stays one group without noise, and is
 *  reported; with mode=published it takes the first setting, or the one for all.
 *
 *  *report_or_null: values "samples", "classes", "groups", "noise"; per class c "class.<c>.label", ".samples", ".eps",
 *  ".min_samples", ".score", ".clusters", ".noise", ".admissible"; series "class.<c>.scores" in grid order; series
 *  "grid.eps", "grid.min_samples".
 *  GRASP_CANCELLED: *out and the report are valid, classes not reached are one group each with score NaN.
 *  GRASP_NOT_CONVERGED: a k-means ran out of iterations. Errors: GRASP_E_ARG, GRASP_E_STATE (not sealed), GRASP_E_DIM,
 *  GRASP_E_PARAM, GRASP_E_NUMERIC, memory. Same labels and scores for any number of threads.
 *  Cost: O(n_c^2 p) per class; memory O(n_c settings), and n_c^2 / 2 bytes where budget and limit allow. */
GRASP_API grasp_status grasp_infer(grasp_context *ctx, grasp_gradients *gradients, const int64_t *y, int64_t n,
                                   const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                   grasp_inference **out, grasp_report **report_or_null);
/** Bytes that grasp_infer() will take at most for these samples, its result included, at the present number of threads;
 *  less than a twentieth too many, as a rule, without a report; mode=robust: a bound, which may be several times what
 *  is taken. Reads the classes of y and the shape of the gradients,
 *  not their values. Errors: those of the call; GRASP_E_OVERFLOW. O(n log n). */
GRASP_API grasp_status grasp_infer_bytes(grasp_context *ctx, const grasp_gradients *gradients, const int64_t *y,
                                         int64_t n, const grasp_params *params_or_null, uint64_t *out);
/** The same on a matrix of points (n rows), kept by reference and not to be written meanwhile: FeaSP (Zeng et al. 2022)
 *  on inputs or features, or a user's own embedding. Nothing is scaled. New samples are assigned as dense gradients of
 *  the same numbers. params_or_null: "infer"; report and errors as there. */
GRASP_API grasp_status grasp_infer_points(grasp_context *ctx, grasp_matrix *points, const int64_t *y, int64_t n,
                                          const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                          grasp_inference **out, grasp_report **report_or_null);
GRASP_API grasp_inference *grasp_inference_ref(grasp_inference *inference);
GRASP_API void             grasp_inference_free(grasp_inference *inference);
/** Groups of the samples inferred from, in their order. */
GRASP_API grasp_status grasp_inference_groups(grasp_context *ctx, const grasp_inference *inference, grasp_groups **out);
/** Classes, ascending; and what was chosen for class c in [0, classes); outputs may be NULL. kmeans, gmm: k in
 *  *min_samples, *eps NaN. A class that is one group: *eps NaN, *min_samples 0, *score -1 (NaN: not reached),
 *  *admissible 0. */
GRASP_API int64_t      grasp_inference_n_classes(const grasp_inference *inference);
GRASP_API grasp_status grasp_inference_class(grasp_context *ctx, const grasp_inference *inference, int64_t c,
                                             int64_t *label, double *eps, int64_t *min_samples, double *score,
                                             int64_t *n_clusters, int64_t *n_noise, int32_t *admissible);
/** Settings of the grid; and the score of setting i in [0, settings) for class c, in grid order, NaN where it was not
 *  reached. */
GRASP_API int64_t      grasp_inference_n_settings(const grasp_inference *inference);
GRASP_API grasp_status grasp_inference_setting(grasp_context *ctx, const grasp_inference *inference, int64_t c,
                                               int64_t i, double *eps, int64_t *min_samples, double *score);
/** Groups for new samples (their gradients at the same parameters, in the same form and element type, and their n
 *  classes): the lowest-numbered cluster of the class that has a core within eps, else GRASP_NOISE; kmeans: the nearest
 *  centre; gmm: the most probable component. The training samples get their own labels back. mode=robust: by the side
 *  of the threshold, after the mean of the fits; samples inferred from that lie close to a threshold may be told
 *  otherwise, for they were judged by fits that had not seen them. A class that is one group takes all; a class never
 *  seen is GRASP_NOISE. GRASP_CANCELLED: samples not reached are noise. Errors: GRASP_E_ARG, GRASP_E_STATE (not
 *  sealed), GRASP_E_DIM, GRASP_E_DTYPE, memory. O(n_new n_core p). (The rule of border samples, see cluster.h.) */
GRASP_API grasp_status grasp_assign(grasp_context *ctx, const grasp_inference *inference,
                                    grasp_gradients *new_gradients, const int64_t *y, int64_t n, grasp_groups **out);
/** Groups by any of the methods that Zeng et al. 2022 compare, in one form, so that one can choose by evidence.
 *
 *    method   groups of a class                                    taken from the model    parameters
 *    "class"  the class is one group: the floor                    nothing                 "class": none
 *    "grasp"  grasp_infer(), mode=density                          gradients               "grasp"
 *    "robust" the cross-class direction, mode=robust               features              "robust"
 *    "feasp"  grasp_infer_points() (Zeng et al. 2022)              inputs, or features     "feasp"
 *    "george" mixtures or k-means on penultimate features,         features, losses        "george"
 *             overclustered (Sohoni et al. 2020)
 *    "jtt"    right and wrong: the error set (Liu et al. 2021)     predictions             "errors"
 *    "eiil"   two environments (Creager et al. 2021)               logits                  "eiil"
 *    "spare"  k-means on the logits of early training, k by        fresh parameters, for   "spare"
 *             silhouette (Yang et al. 2024)                        a copy that is trained
 *    "xrm"    two environments (Pezeshki et al. 2024)              fresh parameters, for   "xrm"
 *                                                                  copies that are trained
 *
 *  george: rows scaled to length 1 (normalize), reduced (reduction, components), clustered within each class of the
 *  training rows by algorithm "gmm" or "kmeans" for every number from 2 to k; the highest mean over the clusters of
 *  their mean silhouettes, the larger number among equals. Then each is split into overcluster parts; a part stands
 *  alone when its mean silhouette exceeds that of its samples before, and 0, its mean loss is at least its cluster's,
 *  and it has max(0.005 n, 25) training and 25 validation samples (so none without validation rows). Validation rows go
 *  where the training rows' clusters put them. Value "class.<c>.kept": parts that stand alone. A user's own embedding,
 *  such as by UMAP, is clustered by grasp_learn_groups_points().
 *
 *  eiil: maximises (g_a^2 + g_b^2) / 2 over w, with q_i = 1 / (1 + exp(-w_i)), g_a = mean q_i d_i, g_b = mean (1 - q_i)
 *  d_i, d_i = sum_c p_ic z_ic - z_i,y, p = softmax(z), by steps of Adam at rate on all samples at once; environment 1
 *  is the one of larger mean d. The optimum is [d > 0], with two classes the error set; value "closed_form" is the
 *  share of samples on which the result agrees with it.
 *  xrm: two twins, each on a random half of the training rows, by steps of gradient descent at rate on the sum over
 *  classes of the mean loss of the rows labelled so, of batch rows (0: all); after each step every row of it takes the
 *  label that the twin not trained on it finds most probable, with probability (p_max - 1/C) C / (C - 1). Environment
 *  1: a twin gets the sample's own label wrong. Of a list of rates the one that flips most labels. Values "rate",
 *  "flip_rate", series "candidate.rate", "candidate.flip_rate" (NaN: diverged). Built-in models only.
 *
 *  model: bound and trained; it is left as it was. train_rows_or_null: n_train >= 1 bound rows, NULL: all (n_train =
 *  n_rows); val_rows: further rows, NULL, 0: none; each row at most once in either. *out: a label for each training
 *  row, then for each validation row, in their order; ids are global over the classes, which are taken in ascending
 *  order, and outliers are GRASP_NOISE.
 *  Parameters: grasp, feasp, spare: val (validation rows are clustered with the training rows, or given their groups as
 *  by grasp_assign(); elsewhere they are samples like any other); grasp: parts "infer." and "gradients."; feasp:
 *  points, part "infer."; spare: epochs, rate, batch of Adam, k, restarts of k-means; jtt, eiil, xrm: by_class; eiil:
 *  steps, rate.
 *  truth_or_null: known groups of the same samples in the same order, for score=ari and the report.
 *
 *  *report_or_null: the values of grasp_infer(), of what the method has (else eps and score are NaN, min_samples 0),
 *  all of them counted over all samples; jtt: "errors"; with truth_or_null also "ari" and "ari_within"
 *  (grasp_metric_ari(), noise a group), and what needs no learner: "floor.class", the index of the classes, and
 *  "floor.errors", that of the classes split by whether the model is right.
 *  GRASP_CANCELLED: classes not reached are one group, samples not assigned are noise. GRASP_NOT_CONVERGED: an
 *  iteration met its limit. Errors: GRASP_E_ARG, GRASP_E_STATE (not bound), GRASP_E_DIM, GRASP_E_EMPTY (no training
 *  row), GRASP_E_PARAM, GRASP_E_UNSUPPORTED (a custom model lacks a hook), GRASP_E_NUMERIC, memory. Same labels for any
 *  number of threads. Cost: jtt a forward pass; eiil steps x n exponentials; spare epochs of training, and k-means;
 *  xrm rates x steps x (a forward and a backward pass, and one forward more) over the batch. */
GRASP_API grasp_status grasp_learn_groups(grasp_context *ctx, const char *method, grasp_model *model,
                                          const int64_t *train_rows_or_null, int64_t n_train,
                                          const int64_t *val_rows_or_null, int64_t n_val,
                                          const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                          grasp_groups **out, grasp_report **report_or_null);
/** The same from points alone, of samples whose model the library does not know: method "george" or "feasp", on a
 *  user's own embedding, such as by UMAP, or on features. points: n_train + n_val rows of at least one column, finite,
 *  the training rows (n_train >= 1) before the validation rows (n_val >= 0), not written meanwhile; y: their classes,
 *  any int64; losses_or_null: n_train, of the training rows, for george, whose parts stand alone only where their mean
 *  loss is at least their cluster's; NULL: all alike, so that this excludes none. feasp does not look at them, nor at
 *  its parameter "points". *out: as in grasp_learn_groups(), which gives the same groups where the points and losses
 *  are the model's own. Parameters and report: as there, but without "floor.errors". Errors: those that it has;
 *  GRASP_E_UNSUPPORTED: george with reduction=hardness or hardness_pca, which know the boundary from a model;
 *  GRASP_E_NUMERIC: a point or a loss is not finite. */
GRASP_API grasp_status grasp_learn_groups_points(grasp_context *ctx, const char *method, grasp_matrix *points,
                                                 const int64_t *y, const double *losses_or_null, int64_t n_train,
                                                 int64_t n_val, const grasp_params *params_or_null,
                                                 const grasp_groups *truth_or_null, grasp_groups **out,
                                                 grasp_report **report_or_null);
/** The same from logits alone, of a model that the library does not know: method "jtt", "eiil" or "spare" (logits early
 *  in training, whose groups k-means finds). logits: n x C, or n x 1, z, which stands for the columns 0, z; y: n >= 1
 *  classes in [0, C). Parameters, report and errors as in grasp_learn_groups(). */
GRASP_API grasp_status grasp_infer_outputs(grasp_context *ctx, const char *method, const grasp_matrix *logits,
                                           const int64_t *y, int64_t n, const grasp_params *params_or_null,
                                           const grasp_groups *truth_or_null, grasp_groups **out,
                                           grasp_report **report_or_null);
/** The whole paper in one call: ERM on the training rows; gradients at its parameters; groups and outliers of training
 *  and validation rows by grasp_infer(); outliers dropped, of mode=robust only where the worst learned cell is better
 *  without them out of fold, else they train in the groups of new samples that lie as they do; then the final model.
 *  final=gdro: grasp_train_gdro() on the groups, which tries every combination of gdro.rate, gdro.weight_decay and
 *  gdro.step and keeps the one whose worst learned validation group is most accurate.
 *  final=balanced, for linear models (GRASP_E_UNSUPPORTED): on standardised inputs, written back in the model's units,
 *  whichever is best in its worst learned group out of fold, in four folds of the training rows: logistic regression in
 *  which the classes count alike and within a class its groups, l2 0.002, 0.02 or 0.2; gdro_certified at that l2, if it
 *  is better by a standard error (at most 500 parameters); ERM. Without a split, or where its evidence holds for a
 *  model that bends and not for the linear one, classes are the groups, and ERM's parameters stay unless balancing the
 *  classes is better by a standard error: so nobody is worse off for a class that nothing sets apart. If it is, the
 *  model is levelled: samples whose columns or model give their class away count less, as strongly (0.1 to 0.7) as
 *  costs no more mistakes out of fold than the allowance. Sample weights are not used in it.
 *
 *  model: bound; its ERM makes the gradients. final_model_or_null: another model to be trained by group DRO, bound to
 *  as many rows, the same samples in the same order (GRASP_E_DIM); it starts from its own parameters. train_rows,
 *  val_rows: bound rows, each at most once in either (GRASP_E_ARG); val_rows NULL, 0: none. Parameters: "fit" with
 *  parts "erm.", "gradients.", "infer." (score=ari cannot be used: no group is known) and "gdro.". Without any
 *  validation row, or if all are outliers, the training groups choose the candidate, see grasp_train_gdro().
 *
 *  Afterwards model holds the group DRO parameters; with a final model those of ERM, and the final model holds the
 *  group DRO ones. *out covers the training rows followed by the validation rows (val=assign: the training rows alone),
 *  in their order. *report_or_null: the parts' reports under "erm.", "infer." and "gdro.", so that "gdro.rate" is the
 *  rate chosen, "gdro.best_val_worst" the accuracy it was chosen by and "gdro.candidate.score" that of every candidate;
 *  final=balanced: text "final.method" ("balanced", "gdro_certified", "levelled" or "erm"), values "final.l2",
 *  "final.rows" (that it was trained on), "final.worst" (accuracy of the worst learned group out of fold),
 *  "final.worst_error" (its standard error), "final.erm_worst", with at most 500 parameters "final.objective" (the
 *  largest mean loss of a learned group, and the penalty, of the model on standardised inputs), "final.bound" and
 *  "final.gap" (no parameters whatever are better by more: the certificate of "gdro_certified", see grasp_train()),
 *  "final.strength" where it was levelled, and the report of gdro_certified under "final.certified." where that was
 *  chosen.
 *
 *  All training rows outliers: GRASP_E_EMPTY. Errors of the parts, as GRASP_E_NUMERIC where every candidate diverges.
 *  An error leaves both models as they were. GRASP_NOT_CONVERGED: ERM did not; all else was done. GRASP_CANCELLED: the
 *  models hold what was reached (the best candidate so far; before there is one, ERM's parameters so far), and *out the
 *  groups found; those of classes not reached are the classes. Cost: ERM, one backward pass a row, grasp_infer(), and
 *  candidates x epochs passes; memory: the gradients. (Zeng et al. 2022; Sagawa et al. 2020.) */
GRASP_API grasp_status grasp_fit(grasp_context *ctx, grasp_model *model, grasp_model *final_model_or_null,
                                 const int64_t *train_rows, int64_t n_train, const int64_t *val_rows, int64_t n_val,
                                 const grasp_params *params_or_null, grasp_inference **out,
                                 grasp_report **report_or_null);

#ifdef __cplusplus
}
#endif
#endif
