/* SPDX-License-Identifier: BSD-3-Clause
 * infer, private: George's clustering of one class, and what it is given.
 */
#ifndef GRASP__INFER_GEORGE_H
#define GRASP__INFER_GEORGE_H

#include "infer/learn.h"

/* The samples of a class: training rows first. */
typedef struct grasp__strata {
    int64_t       n_train, n_val, p;
    const double *point; /* (n_train + n_val) x p */
    const double *loss;  /* n_train */
    int64_t       k_most, parts;
    bool          gmm;
    int64_t       restarts;
    /* out */
    int64_t      *label; /* n_train + n_val */
    int64_t       k, n_clusters, kept; /* of the base, after overclustering, parts that stand alone */
    double        score; /* -1: one group */
} grasp__strata;
grasp_status grasp__strata_find(grasp_context *ctx, grasp__strata *t);

/* Which parts stand alone: part[i], base[i] of the training samples, their silhouettes under both, their losses; *keep
 * has k * parts flags. n_val_part: validation samples of each part. */
void grasp__strata_accept(const grasp__strata *t, const int64_t *base, const int64_t *part,
                          const double *base_silhouette, const double *part_silhouette, const int64_t *n_val_part,
                          uint8_t *keep);
/* Number of each part: those kept stand alone, the others of a base cluster together before them. Returns their
 * count. */
int64_t grasp__strata_number(int64_t k, int64_t parts, const uint8_t *keep, int64_t *number);

#endif
