/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/groups.h: one label per sample, with noise.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_GROUPS_H
#define GRASP_GROUPS_H

#include "grasp/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A partition of n samples: labels 0..count-1 and GRASP_NOISE. Immutable. A group may be empty. */
typedef struct grasp_groups grasp_groups;

/** Copies n labels, each GRASP_NOISE or in [0, 2^24); count is the largest + 1. GRASP_E_ARG names the first bad row. */
GRASP_API grasp_status grasp_groups_create(grasp_context *ctx, const int64_t *label, int64_t n, grasp_groups **out);
/** Codes any int64 values as 0, 1, ... in ascending order; no sample is noise. O(n log n).
 *  GRASP_E_OVERFLOW, here and below: there would be more than 2^24 groups. */
GRASP_API grasp_status grasp_groups_create_coded(grasp_context *ctx, const int64_t *value, int64_t n,
                                                 grasp_groups **out);
/** One reference more, and one less (NULL: nothing happens); any thread, also when the context is gone. */
GRASP_API grasp_groups *grasp_groups_ref(grasp_groups *groups);
GRASP_API void grasp_groups_free(grasp_groups *groups);
/** Samples, groups (empty ones included), and noise samples. */
GRASP_API int64_t grasp_groups_samples(const grasp_groups *groups);
GRASP_API int64_t grasp_groups_count(const grasp_groups *groups);
GRASP_API int64_t grasp_groups_noise(const grasp_groups *groups);
/** Samples in a group; 0 for a number that is none. */
GRASP_API int64_t grasp_groups_size(const grasp_groups *groups, int64_t group);
/** Copies the labels; GRASP_E_DIM unless n is grasp_groups_samples(). */
GRASP_API grasp_status grasp_groups_labels(grasp_context *ctx, const grasp_groups *groups, int64_t *label, int64_t n);
/** Label of one sample; GRASP_NOISE out of range. */
GRASP_API int64_t grasp_groups_label(const grasp_groups *groups, int64_t sample);
/** Cross product: samples share a group iff they share it in both; numbered in ascending order of (a, b), empty pairs
 * left out; noise in either is noise. */
GRASP_API grasp_status grasp_groups_cross(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b,
                                          grasp_groups **out);
/** One id space for groups found per class: classes (any int64 in y, ascending) in turn, per_class[c] the groups of
 * that class's samples in row order; id = label + number of clusters in the classes before. Noise of all classes is
 * GRASP_NOISE. (Zeng et al. 2022, Algorithm 1.) */
GRASP_API grasp_status grasp_groups_merge_classes(grasp_context *ctx, const int64_t *y, int64_t n,
                                                  const grasp_groups *const *per_class, int64_t n_classes,
                                                  grasp_groups **out);
/** The same labels for chosen rows, each in [0, samples), repeats allowed; groups keep their numbers and may become
 * empty. */
GRASP_API grasp_status grasp_groups_select(grasp_context *ctx, const grasp_groups *groups, const int64_t *rows,
                                           int64_t n, grasp_groups **out);
/** Rows whose label is not GRASP_NOISE, ascending; *n of them. `rows` may be NULL to ask for *n; GRASP_E_DIM: else
 * `capacity` is too small for them. */
GRASP_API grasp_status grasp_groups_kept(grasp_context *ctx, const grasp_groups *groups, int64_t *rows,
                                         int64_t capacity, int64_t *n);

#ifdef __cplusplus
}
#endif
#endif
