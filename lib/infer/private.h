/* SPDX-License-Identifier: BSD-3-Clause
 * infer, private: the steps of an inference.
 */
#ifndef GRASP__INFER_PRIVATE_H
#define GRASP__INFER_PRIVATE_H

#include "infer/infer.h"

#define GRASP__INFERENCE_MAGIC GRASP__MAGIC('i', 'n', 'f', 'r')

/* The arguments of an inference; truth may be NULL. */
grasp_status grasp__infer_check(grasp_context *ctx, const grasp_gradients *g, const int64_t *y, int64_t n,
                                const grasp_groups *truth);
/* One class for each value of y, each one group so far. */
grasp_status grasp__inference_create(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n,
                                     int64_t n_settings, grasp_inference **out);
/* Centres of k's clusters, from its rows `view`. */
grasp_status grasp__class_centers(grasp_context *ctx, const grasp_inference *inference, grasp__inferred_class *k,
                                  grasp_gradients *view);
/* The mixture that gave k its clusters: the one of its k, fitted again to the same rows. */
grasp_status grasp__class_mixture(grasp_context *ctx, const grasp_inference *inference, const grasp__options *o,
                                  grasp__inferred_class *k, grasp_gradients *view);
grasp_status grasp__inference_report(grasp_context *ctx, const grasp_inference *inference, grasp_report **out);

#endif
