/* SPDX-License-Identifier: BSD-3-Clause
 * infer: who the groups are. Split by class, sweep, select, merge; assign; fit.
 */
#ifndef GRASP__INFER_H
#define GRASP__INFER_H

#include "base/base.h"
#include "report/report.h"
#include "groups/groups.h"
#include "model/model.h"
#include "gradients/gradients.h"
#include "distances/distances.h"
#include "sweep/sweep.h"
#include "train/train.h"
#include "grasp/infer.h"

extern const grasp__param_table grasp__infer_params;
extern const grasp__param_table grasp__fit_params;
extern const grasp__param_table grasp__learn_class_params;
extern const grasp__param_table grasp__learn_grasp_params;
extern const grasp__param_table grasp__learn_feasp_params;
extern const grasp__param_table grasp__learn_errors_params;
extern const grasp__param_table grasp__learn_eiil_params;
extern const grasp__param_table grasp__learn_spare_params;
extern const grasp__param_table grasp__learn_xrm_params;
extern const grasp__param_table grasp__learn_george_params;
extern const grasp__param_table grasp__learn_robust_params;

/* Rows that stand in the tables of fit and of the learners that cluster. */
#define GRASP__VAL_PARAM                                                                                               \
    {GRASP_KEY_VAL, GRASP_PARAM_STR, "joint", "joint|assign",                                                          \
     "validation rows are clustered with the training rows (published), or assigned to the clusters of those"}
#define GRASP__BY_CLASS_PARAM                                                                                          \
    {GRASP_KEY_BY_CLASS, GRASP_PARAM_BOOL, "true", NULL,                                                               \
     "each class has groups of its own, else 1 are the errors or environment 1, and 0 the others"}

enum { GRASP__INFER_DBSCAN = 1, GRASP__INFER_KMEANS = 2, GRASP__INFER_ROBUST = 3, GRASP__INFER_GMM = 4 };

/* What was found in one class. */
typedef struct grasp__inferred_class {
    int64_t  label;                 /* the class, as in y */
    int64_t  n;                     /* its samples */
    int64_t *row;                   /* n: their positions in y */
    double   eps, score;            /* eps is NaN without a radius: kmeans, or a class that is one group */
    int64_t  min_samples;
    int64_t  n_clusters, n_noise;
    int64_t  first_group;           /* global id of its cluster 0 */
    int32_t  admissible;            /* 0: no setting was, the class is one group */
    int64_t *cluster;               /* n: labels within the class */
    uint8_t *core;                  /* n: core flags (dbscan) */
    double  *mean;                  /* p, or NULL when not centred */
    double  *centers;               /* kmeans: n_clusters x p, means of rows of the space; NULL for a class that is one
                                       group */
    grasp__mixture *mixture;        /* gmm: components of rows of the space, the first n_clusters have samples; NULL
                                       likewise */
    double  *scores;                /* per setting, grid order */
    int64_t  n_rules;               /* robust: clusters 1 .. n_rules have a rule each, see robust.c */
    double  *rule;                  /* n_rules x (inputs + 2): weights of the inputs, constant, threshold */
} grasp__inferred_class;

struct grasp_inference {
    grasp__object          object;
    int32_t                metric;  /* GRASP__COSINE or GRASP__EUCLIDEAN */
    int32_t                algorithm; /* GRASP__INFER_DBSCAN, _KMEANS or _GMM */
    bool                   center;
    int64_t                n_classes, n_settings;
    grasp__inferred_class *classes;
    double                *grid_eps;         /* n_settings */
    int64_t               *grid_min_samples; /* n_settings */
    grasp_gradients       *gradients;        /* all rows it was inferred from; after loading, those of the core samples
                                                only */
    bool                   cores_only;       /* loaded: class by class, cores in row order */
    int64_t                inputs;           /* robust: of a rule; where they stand in gradients is told by: */
    int64_t                input_outputs, input_layer;
    bool                   input_biases_last, input_known;
    bool                   bent;             /* robust: a split was accepted on the word of a model that bends; not
                                                saved */
    bool                   keeps_outliers;   /* robust: training is no better without them; not saved */
    grasp_groups          *groups;
};

grasp_status grasp__inference_check(grasp_context *ctx, const grasp_inference *inference, const char *name);
/* n_learn: mode=robust learns from the first so many, and assigns the others. */
grasp_status grasp__infer(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n, int64_t n_learn,
                          const grasp__options *o, const grasp_groups *truth_or_null, grasp_inference **out,
                          grasp_report **report_or_null);
/* Algorithm 1, whatever the mode says of robust. */
grasp_status grasp__infer_density(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n,
                                  const grasp__options *o, const grasp_groups *truth_or_null, grasp_inference **out,
                                  grasp_report **report_or_null);
/* Do these options of the infer table ask for mode=robust? By name, or by giving no key of the density search. */
bool         grasp__infer_is_robust(const grasp__options *o);
grasp_status grasp__assign(grasp_context *ctx, const grasp_inference *inference, grasp_gradients *new_g,
                           const int64_t *y, int64_t n, grasp_groups **out);
/* Is the class one group, whatever its gradients? Nothing was admissible there, or it was not reached. */
bool         grasp__class_is_whole(const grasp_inference *inference, const grasp__inferred_class *k);
/* One without classes, groups and gradients, to be filled (loading); and its groups (of n samples), n_noise and
 * first_group of every class from the clusters within classes: every position in [0, n) must be in one class. */
grasp_status grasp__inference_empty(grasp_context *ctx, int64_t n_settings, grasp_inference **out);
grasp_status grasp__inference_merge(grasp_context *ctx, grasp_inference *inference, int64_t n);
/* Core samples of a class; kmeans and classes that are one group have none. */
int64_t      grasp__class_cores(const grasp__inferred_class *k);
void         grasp__inference_free(grasp_inference *inference);

#endif
