/* SPDX-License-Identifier: BSD-3-Clause
 * What an independent implementation of the experiments in check.c found, in NumPy, scikit-learn and PyTorch, on the
 * same data: mean, digits it is known to, standard deviation, seeds (0: it is the published seed's value). To be
 * compared with what is computed, and for nothing else.
 */
#include "paper.h"

#include <math.h>

static const reference published_weights[] = {
    {"check.synthetic.clean.feature.kmeans", "ari", 0.5505, 4, NAN, 0},
    {"check.synthetic.clean.feature.dbscan_euclidean", "ari", 0.5923, 4, NAN, 0},
    {"check.synthetic.clean.feature.dbscan_cosine", "ari", 0.5133, 4, NAN, 0},
    {"check.synthetic.clean.gradient.kmeans", "ari", 0.8409, 4, NAN, 0},
    {"check.synthetic.clean.gradient.dbscan_euclidean", "ari", 0.7724, 4, NAN, 0},
    {"check.synthetic.clean.gradient.dbscan_cosine", "ari", 0.6966, 4, NAN, 0},
    {"check.synthetic.clean.gradient.dbscan_cosine_text_grid", "ari", 0.7092, 4, NAN, 0},
    {"check.synthetic.clean.gradient.dbscan_euclidean_text_grid", "ari", 0.7739, 4, NAN, 0},
    {"check.synthetic.clean.feasp.fixed", "ari", 0.5189, 4, NAN, 0},
    {"check.synthetic.clean.feasp.oracle", "ari", 0.5480, 4, NAN, 0},
    {"check.synthetic.clean.grasp.oracle", "ari", 0.7291, 4, NAN, 0},
    {"check.synthetic.contaminated.feature.kmeans", "ari", 0.3631, 4, NAN, 0},
    {"check.synthetic.contaminated.feature.dbscan_euclidean", "ari", 0.6042, 4, NAN, 0},
    {"check.synthetic.contaminated.feature.dbscan_cosine", "ari", 0.4946, 4, NAN, 0},
    {"check.synthetic.contaminated.gradient.kmeans", "ari", 0.6436, 4, NAN, 0},
    {"check.synthetic.contaminated.gradient.dbscan_euclidean", "ari", 0.7205, 4, NAN, 0},
    {"check.synthetic.contaminated.gradient.dbscan_cosine", "ari", 0.6944, 4, NAN, 0},
    {"check.synthetic.contaminated.gradient.dbscan_euclidean", "ari_without_own", 0.7039, 4, NAN, 0},
    {"check.synthetic.contaminated.gradient.dbscan_cosine", "ari_without_own", 0.6784, 4, NAN, 0},
    {"check.synthetic.contaminated.feasp.oracle", "ari", 0.5276, 4, NAN, 0},
    {"check.synthetic.contaminated.grasp.oracle", "ari", 0.7241, 4, NAN, 0},
};

static const reference published_model_clean[] = {
    {"check.synthetic.clean.class", "ari", 0.6804, 4, 0.0057, 10},
    {"check.synthetic.clean.feature.kmeans2", "ari", 0.530, 3, 0.0223, 10},
    {"check.synthetic.clean.feature.dbscan_euclidean", "ari", 0.5618, 4, 0.1305, 10},
    {"check.synthetic.clean.feature.dbscan_euclidean_oracle", "ari", 0.6725, 4, 0.0166, 10},
    {"check.synthetic.clean.feature.dbscan_cosine", "ari", 0.5027, 4, 0.0076, 10},
    {"check.synthetic.clean.feature.dbscan_cosine_oracle", "ari", 0.5093, 4, 0.0229, 10},
    {"check.synthetic.clean.gradient.kmeans2", "ari", 0.8149, 4, 0.1153, 10},
    {"check.synthetic.clean.gradient.dbscan_euclidean", "ari", 0.7735, 4, 0.1248, 10},
    {"check.synthetic.clean.gradient.dbscan_euclidean_oracle", "ari", 0.8460, 4, 0.0518, 10},
    {"check.synthetic.clean.gradient.dbscan_cosine", "ari", 0.6773, 4, 0.0669, 10},
    {"check.synthetic.clean.gradient.dbscan_cosine_oracle", "ari", 0.6908, 4, 0.0797, 10},
};

static const reference published_model_contaminated[] = {
    {"check.synthetic.refitted.class", "ari", 0.6805, 4, 0.0058, 10},
    {"check.synthetic.refitted.feature.kmeans2", "ari", 0.528, 3, 0.0228, 10},
    {"check.synthetic.refitted.feature.dbscan_euclidean", "ari", 0.5613, 4, 0.0613, 10},
    {"check.synthetic.refitted.feature.dbscan_euclidean_oracle", "ari", 0.6490, 4, 0.0481, 10},
    {"check.synthetic.refitted.feature.dbscan_cosine", "ari", 0.5044, 4, 0.0107, 10},
    {"check.synthetic.refitted.feature.dbscan_cosine_oracle", "ari", 0.5101, 4, 0.0272, 10},
    {"check.synthetic.refitted.gradient.kmeans2", "ari", 0.7721, 4, 0.0707, 10},
    {"check.synthetic.refitted.gradient.dbscan_euclidean", "ari", 0.7388, 4, 0.0447, 10},
    {"check.synthetic.refitted.gradient.dbscan_euclidean_oracle", "ari", 0.8073, 4, 0.0508, 10},
    {"check.synthetic.refitted.gradient.dbscan_cosine", "ari", 0.6364, 4, 0.0406, 10},
    {"check.synthetic.refitted.gradient.dbscan_cosine_oracle", "ari", 0.6619, 4, 0.0459, 10},
};

static const reference other_fits[] = {
    {"check.synthetic.epochs_5.gradient.dbscan_cosine", "ari", 0.5404, 4, 0.0601, 10},
    {"check.synthetic.epochs_5.gradient.dbscan_euclidean", "ari", 0.5320, 4, 0.1106, 10},
    {"check.synthetic.epochs_5.gradient.kmeans2", "ari", 0.5718, 4, 0.0936, 10},
    {"check.synthetic.epochs_100.gradient.dbscan_cosine", "ari", 0.7107, 4, 0.0238, 10},
    {"check.synthetic.epochs_100.gradient.dbscan_euclidean", "ari", 0.8379, 4, 0.0252, 10},
    {"check.synthetic.epochs_100.gradient.kmeans2", "ari", 0.8779, 4, 0.0167, 10},
    {"check.synthetic.c_0_01.gradient.dbscan_cosine", "ari", 0.5593, 4, 0.0161, 10},
    {"check.synthetic.c_0_01.gradient.dbscan_euclidean", "ari", 0.4524, 4, 0.0361, 10},
    {"check.synthetic.c_0_01.gradient.kmeans2", "ari", 0.5966, 4, 0.0150, 10},
    {"check.synthetic.c_1.gradient.dbscan_cosine", "ari", 0.7101, 4, 0.0203, 10},
    {"check.synthetic.c_1.gradient.dbscan_euclidean", "ari", 0.8442, 4, 0.0229, 10},
    {"check.synthetic.c_1.gradient.kmeans2", "ari", 0.8754, 4, 0.0131, 10},
    {"check.synthetic.c_10.gradient.dbscan_cosine", "ari", 0.7139, 4, 0.0228, 10},
    {"check.synthetic.c_10.gradient.dbscan_euclidean", "ari", 0.8437, 4, 0.0248, 10},
    {"check.synthetic.c_10.gradient.kmeans2", "ari", 0.8798, 4, 0.0137, 10},
};

static const reference low_variance[] = {
    {"check.synthetic.variance_0_01.gradient.dbscan_cosine", "ari", 0.6676, 4, 0.0685, 10},
    {"check.synthetic.variance_0_01.gradient.dbscan_euclidean", "ari", 0.5581, 4, 0.2743, 10},
    {"check.synthetic.variance_0_01.gradient.kmeans2", "ari", 0.7167, 4, 0.1226, 10},
    {"check.synthetic.variance_0_01.feature.dbscan_euclidean", "ari", 0.3521, 4, 0.0036, 10},
};

static const reference ways_clean[] = {
    {"check.synthetic.converged_clean.class", "ari", 0.6804, 4, 0.0057, 10},
    {"check.synthetic.converged_clean.class", "within", 0.0000, 4, 0.0000, 10},
    {"check.synthetic.converged_clean.error_set", "ari", 0.8863, 4, 0.0086, 10},
    {"check.synthetic.converged_clean.error_set", "within", 0.7746, 4, 0.0189, 10},
    {"check.synthetic.converged_clean.eiil", "ari", 0.8863, 4, 0.0086, 10},
    {"check.synthetic.converged_clean.eiil", "within", 0.7746, 4, 0.0189, 10},
    {"check.synthetic.converged_clean.gradient.kmeans2", "ari", 0.8798, 4, 0.0137, 10},
    {"check.synthetic.converged_clean.gradient.kmeans2", "within", 0.7663, 4, 0.0235, 10},
    {"check.synthetic.converged_clean.error_kmeans2", "ari", 0.8575, 4, 0.0173, 10},
    {"check.synthetic.converged_clean.error_kmeans2", "within", 0.7259, 4, 0.0312, 10},
    {"check.synthetic.converged_clean.george_gradient", "ari", 0.7917, 4, 0.0486, 10},
    {"check.synthetic.converged_clean.george_gradient", "within", 0.6202, 4, 0.0769, 10},
    {"check.synthetic.converged_clean.george_feature", "ari", 0.565, 3, 0.0743, 10},
    {"check.synthetic.converged_clean.george_feature", "within", 0.3251, 4, 0.0583, 10},
    {"check.synthetic.converged_clean.xrm", "ari", 0.6471, 4, 0.1397, 10},
    {"check.synthetic.converged_clean.xrm", "within", 0.3326, 4, 0.2695, 10},
    {"check.synthetic.converged_clean.xrm_all_rows", "ari", 0.6471, 4, 0.1397, 10},
    {"check.synthetic.converged_clean.xrm_all_rows", "within", 0.3326, 4, 0.2695, 10},
};

static const reference ways_contaminated[] = {
    {"check.synthetic.converged_contaminated.class", "ari", 0.6805, 4, 0.0058, 10},
    {"check.synthetic.converged_contaminated.class", "within", 0.0000, 4, 0.0000, 10},
    {"check.synthetic.converged_contaminated.error_set", "ari", 0.8169, 4, 0.0143, 10},
    {"check.synthetic.converged_contaminated.error_set", "within", 0.6476, 4, 0.0286, 10},
    {"check.synthetic.converged_contaminated.eiil", "ari", 0.8169, 4, 0.0143, 10},
    {"check.synthetic.converged_contaminated.eiil", "within", 0.6476, 4, 0.0286, 10},
    {"check.synthetic.converged_contaminated.gradient.kmeans2", "ari", 0.8168, 4, 0.0180, 10},
    {"check.synthetic.converged_contaminated.gradient.kmeans2", "within", 0.6532, 4, 0.0298, 10},
    {"check.synthetic.converged_contaminated.error_kmeans2", "ari", 0.7919, 4, 0.0180, 10},
    {"check.synthetic.converged_contaminated.error_kmeans2", "within", 0.6082, 4, 0.0346, 10},
    {"check.synthetic.converged_contaminated.george_gradient", "ari", 0.7355, 4, 0.0262, 10},
    {"check.synthetic.converged_contaminated.george_gradient", "within", 0.5196, 4, 0.0431, 10},
    {"check.synthetic.converged_contaminated.george_feature", "ari", 0.5746, 4, 0.0478, 10},
    {"check.synthetic.converged_contaminated.george_feature", "within", 0.3066, 4, 0.0441, 10},
    {"check.synthetic.converged_contaminated.xrm", "ari", 0.6087, 4, 0.1197, 10},
    {"check.synthetic.converged_contaminated.xrm", "within", 0.2648, 4, 0.2333, 10},
    {"check.synthetic.converged_contaminated.xrm_all_rows", "ari", 0.6087, 4, 0.1197, 10},
    {"check.synthetic.converged_contaminated.xrm_all_rows", "within", 0.2648, 4, 0.2333, 10},
};

static const reference trained_clean[] = {
    {"check.synthetic.converged_clean.trained.erm", "worst", 0.757, 3, 0.1000, 10},
    {"check.synthetic.converged_clean.trained.doro", "worst", 0.38, 2, 0.2900, 10},
    {"check.synthetic.converged_clean.trained.class", "worst", 0.739, 3, 0.0822, 10},
    {"check.synthetic.converged_clean.trained.true", "worst", 0.808, 3, 0.0600, 10},
    {"check.synthetic.converged_clean.trained.grasp", "worst", 0.813, 3, 0.0600, 10},
    {"check.synthetic.converged_clean.trained.grasp_euclidean", "worst", 0.02, 2, 0.0328, 10},
    {"check.synthetic.converged_clean.trained.gradient.kmeans2", "worst", 0.819, 3, 0.0408, 10},
    {"check.synthetic.converged_clean.trained.error_set", "worst", 0.790, 3, 0.0670, 10},
    {"check.synthetic.converged_clean.trained.feasp", "worst", 0.759, 3, 0.0878, 10},
};

static const reference trained_contaminated[] = {
    {"check.synthetic.converged_contaminated.trained.erm", "worst", 0.752, 3, 0.0900, 10},
    {"check.synthetic.converged_contaminated.trained.doro", "worst", 0.48, 2, 0.2900, 10},
    {"check.synthetic.converged_contaminated.trained.class", "worst", 0.746, 3, 0.0804, 10},
    {"check.synthetic.converged_contaminated.trained.true", "worst", 0.806, 3, 0.0500, 10},
    {"check.synthetic.converged_contaminated.trained.true_clean", "worst", 0.821, 3, 0.0788, 10},
    {"check.synthetic.converged_contaminated.trained.grasp", "worst", 0.783, 3, 0.0700, 10},
    {"check.synthetic.converged_contaminated.trained.grasp_euclidean", "worst", 0.01, 2, 0.0211, 10},
    {"check.synthetic.converged_contaminated.trained.gradient.kmeans2", "worst", 0.808, 3, 0.0570, 10},
    {"check.synthetic.converged_contaminated.trained.error_set", "worst", 0.790, 3, 0.0490, 10},
    {"check.synthetic.converged_contaminated.trained.feasp", "worst", 0.787, 3, 0.0743, 10},
};

static const reference compas_ways[] = {
    {"check.compas.slow.class", "ari", 0.2849, 4, NAN, 3},
    {"check.compas.slow.feasp", "ari", 0.2956, 4, NAN, 3},
    {"check.compas.slow.grasp", "ari", 0.1867, 4, 0.0342, 3},
    {"check.compas.slow.grasp", "within", 0.0413, 4, 0.0083, 3},
    {"check.compas.slow.grasp_oracle", "ari", 0.2334, 4, 0.0163, 3},
    {"check.compas.fast.grasp", "ari", 0.1813, 4, 0.0441, 3},
    {"check.compas.fast.grasp", "within", 0.0239, 4, 0.0144, 3},
    {"check.compas.fast.grasp_oracle", "ari", 0.2525, 4, 0.0188, 3},
};

static const reference compas_trained[] = {
    {"check.compas.short.trained.erm", "worst", 0.38, 2, 0.0497, 3},
    {"check.compas.short.trained.doro", "worst", 0.40, 2, 0.0650, 3},
    {"check.compas.short.trained.class", "worst", 0.489, 3, NAN, 3},
    {"check.compas.short.trained.true", "worst", 0.482, 3, NAN, 3},
    {"check.compas.short.trained.grasp", "worst", 0.37, 2, 0.0845, 3},
};

#define TABLE(title, list) {title, list, (int)(sizeof(list) / sizeof *(list))}

const reference_table references[] = {
    TABLE("Published seed, stored weights; ARI", published_weights),
    TABLE("Model as published, clean; ARI", published_model_clean),
    TABLE("Model as published, fitted to contaminated data; ARI", published_model_contaminated),
    TABLE("By fit of the model, clean; ARI", other_fits),
    TABLE("Variance 0.01, clean; ARI", low_variance),
    TABLE("Ways to groups, converged model, clean; ARI, and ARI within classes", ways_clean),
    TABLE("Ways to groups, converged model, contaminated; ARI, and ARI within classes", ways_contaminated),
    TABLE("Models trained on groups, Synthetic, clean; worst-group accuracy", trained_clean),
    TABLE("Models trained on groups, Synthetic, contaminated; worst-group accuracy", trained_contaminated),
    TABLE("COMPAS, ways to groups; ARI, and ARI within classes", compas_ways),
    TABLE("COMPAS, models trained on groups; worst-group accuracy", compas_trained),
};
const int n_references = sizeof references / sizeof *references;
