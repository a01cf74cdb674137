/* SPDX-License-Identifier: BSD-3-Clause
 * The Synthetic data of Zeng et al. (2022): training and validation rows, in the order of the file, and what the
 * fixtures expect of them.
 */
#ifndef GRASP_TESTS_SUPPORT_SYNTHETIC_H
#define GRASP_TESTS_SUPPORT_SYNTHETIC_H

#include "support.h"

#include "grasp.h"

typedef struct synthetic {
    int64_t n;
    double *features;  /* n x 2 */
    double *gradients; /* n x 6, at the fitted weights */
    int64_t *y, *a, *outlier;
    int64_t *true4, *true6; /* attribute x label; outliers in groups of their own */
} synthetic;

/* data: "clean" or "contaminated". */
synthetic *synthetic_read(const char *data);
void synthetic_free(synthetic *d);

/* Columns of the rows of expected_grid.txt for one case, in grid order, class 0 before class 1: 208. */
typedef struct expected_setting {
    int64_t label;
    double eps;
    int64_t min_samples, n_clusters, n_noise;
    double silhouette, ari; /* rounded to 10 digits */
} expected_setting;
enum { EXPECTED_SETTINGS = 208 };
/* rows: "features" or "gradients"; metric: "euclidean" or "cosine". free() it. */
expected_setting *expected_grid(const char *data, const char *rows, const char *metric);

/* One case of expected_chosen.txt: settings and silhouettes of both classes, indices, merged labels. */
typedef struct expected_choice {
    double eps[2];
    int64_t min_samples[2];
    double silhouette[2], ari4, ari6;
    int64_t label[800];
} expected_choice;
expected_choice *expected_chosen(const char *data, const char *rows, const char *metric);

/* One case of expected_kmeans.txt. */
typedef struct expected_kmeans {
    double inertia[2], ari4, ari6;
} expected_kmeans;
expected_kmeans expected_kmeans_of(const char *data, const char *rows, int64_t k);

#endif
