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
#define GRASP_KEY_ALGORITHM "algorithm" /**< infer: "dbscan" (default) or "kmeans" */
#define GRASP_KEY_MODE                                                                                                 \
  "mode" /**< infer: "default": a class without an admissible setting stays one group; "published": it takes
                                             the first setting of the grid, as the authors' code does */
#define GRASP_KEY_VAL "val"             /**< fit: "joint" (published: validation rows are clustered with training) or
                                             "assign" */
#define GRASP_KEY_STEPS "steps"         /**< fit: list of group DRO step sizes tried; "rates" and "decays" likewise */
#define GRASP_KEY_RATES "rates"
#define GRASP_KEY_DECAYS "decays"

/** GRASP, Algorithm 1 of Zeng et al. 2022: for each class of y (any int64, taken in ascending order): the class's
 *  gradients, their distances (metric, center), every setting of the grid, selection by score, then one id space. Noise
 *  is GRASP_NOISE.
 *  gradients: sealed, n rows; y: n classes; truth_or_null: known groups (score=ari). Parameters: "infer" (eps,
 *  min_samples, score, noise, metric, center, select, algorithm, k, mode). A class with no admissible setting stays one
 *  group without noise, and is reported.
 *  *report_or_null: per class c "class.<c>.eps", ".min_samples", ".score", ".clusters", ".noise", ".admissible"; series
 *  "class.<c>.scores" in grid order; "grid.eps", "grid.min_samples"; pooled counts.
 *  GRASP_CANCELLED: classes not reached are one group each. Cost: O(n_c^2 p) per class; memory O(n_c), or n_c^2/2 bytes
 *  where the limit allows. */
GRASP_API grasp_status grasp_infer(grasp_context *ctx, grasp_gradients *gradients, const int64_t *y, int64_t n,
                                   const grasp_params *params_or_null, const grasp_groups *truth_or_null,
                                   grasp_inference **out, grasp_report **report_or_null);
GRASP_API grasp_inference *grasp_inference_ref(grasp_inference *inference);
GRASP_API void             grasp_inference_free(grasp_inference *inference);
/** Groups of the samples inferred from, in their order. */
GRASP_API grasp_status grasp_inference_groups(grasp_context *ctx, const grasp_inference *inference, grasp_groups **out);
/** Classes, ascending, and what was chosen for each (c in [0, count)). */
GRASP_API int64_t      grasp_inference_n_classes(const grasp_inference *inference);
GRASP_API grasp_status grasp_inference_class(grasp_context *ctx, const grasp_inference *inference, int64_t c,
                                             int64_t *label, double *eps, int64_t *min_samples, double *score,
                                             int64_t *n_clusters, int64_t *n_noise, int32_t *admissible);
/** Score and labels of every setting of a class: i in [0, settings) in grid order; labels in the class's row order. */
GRASP_API int64_t      grasp_inference_n_settings(const grasp_inference *inference);
GRASP_API grasp_status grasp_inference_setting(grasp_context *ctx, const grasp_inference *inference, int64_t c,
                                               int64_t i, double *eps, int64_t *min_samples, double *score);
/** Groups for new samples (their gradients at the same parameters, and classes): the lowest-numbered cluster of the
 *  class that has a core within eps, else GRASP_NOISE; the training samples get their own labels back. A class never
 *  seen is GRASP_NOISE.
 *  O(n_new n_core p). (The rule of border samples.) */
GRASP_API grasp_status grasp_assign(grasp_context *ctx, const grasp_inference *inference,
                                    grasp_gradients *new_gradients, const int64_t *y, int64_t n, grasp_groups **out);
/** The whole paper: ERM on the training rows, gradients of training and validation rows, grasp_infer, noise dropped,
 *  group DRO from fresh or ERM parameters on `model` or on `final_model_or_null` (its own binding, same rows), learning
 *  rate, weight decay and step size chosen by the worst learned validation group. Parameters: "fit" with parts "erm.",
 *  "gradients.", "infer.", "gdro.".
 *  model holds the ERM parameters afterwards when there is a final model, else the group DRO ones. *out covers the
 *  training rows followed by the validation rows. *report_or_null: parts "erm.", "infer.", "gdro.", and the table of
 *  candidates "fit.*". */
GRASP_API grasp_status grasp_fit(grasp_context *ctx, grasp_model *model, grasp_model *final_model_or_null,
                                 const int64_t *train_rows, int64_t n_train, const int64_t *val_rows, int64_t n_val,
                                 const grasp_params *params_or_null, grasp_inference **out,
                                 grasp_report **report_or_null);

#ifdef __cplusplus
}
#endif
#endif
