/* SPDX-License-Identifier: BSD-3-Clause
 * sweep, private: the handle, and the steps of a run.
 */
#ifndef GRASP__SWEEP_PRIVATE_H
#define GRASP__SWEEP_PRIVATE_H

#include "sweep/sweep.h"

enum { GRASP__SCORE_SILHOUETTE = 1, GRASP__SCORE_SILHOUETTE_EUCLIDEAN = 2, GRASP__SCORE_ARI = 3 };

/* What a run found. Setting s of dbscan is eps index s / n_min_samples, min_samples index s % n_min_samples. */
typedef struct grasp__sweep_result {
    int64_t n;
    int32_t *label;      /* settings x n */
    uint8_t *core_level; /* dbscan: min_samples x n, the lowest eps index at which a sample is core; n_eps: at none */
    int64_t *n_clusters; /* settings; -1 where the labels were not reached */
    int64_t *n_noise;    /* settings */
    int64_t *partition;  /* settings: the first setting with the same partition */
    double *score;       /* settings; NaN where not reached */
} grasp__sweep_result;

struct grasp_sweep {
    grasp__object object;
    bool dbscan, gmm;      /* neither: kmeans */
    int64_t count;         /* settings */
    double *eps;           /* dbscan: ascending, each once */
    int64_t n_eps;
    int64_t *min_samples;  /* dbscan: min_samples, others: k; ascending, each once */
    int64_t n_min_samples;
    int32_t score;
    bool exclude_noise;
    int64_t budget;        /* bytes of levels that may be kept */
    grasp_params *centers; /* kmeans, gmm: the parameters, k to be set */
    bool has_run;
    grasp__sweep_result result;
};

#define GRASP__SWEEP_MAGIC GRASP__MAGIC('s', 'w', 'e', 'p')

grasp_status grasp__sweep_check(grasp_context *ctx, const grasp_sweep *sweep);
/* Labels of setting i are there: GRASP_E_ARG out of range, GRASP_E_STATE where no run reached it. */
grasp_status grasp__sweep_check_setting(grasp_context *ctx, const grasp_sweep *sweep, int64_t i, bool labels);

/* label, core_level, n_clusters and n_noise of every setting. */
grasp_status grasp__sweep_dbscan(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 grasp__sweep_result *result);
grasp_status grasp__sweep_kmeans(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                 grasp__sweep_result *result);
/* What these two and the next hold at most meanwhile. */
uint64_t grasp__sweep_dbscan_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space);
uint64_t grasp__sweep_kmeans_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space);
uint64_t grasp__sweep_score_price(grasp_context *ctx, const grasp_sweep *sweep, const grasp__space *space);
/* partition and score of every setting whose labels are there. */
grasp_status grasp__sweep_score_all(grasp_context *ctx, const grasp_sweep *sweep, const grasp_distances *d,
                                    const grasp_groups *truth, grasp__sweep_result *result);

#endif
