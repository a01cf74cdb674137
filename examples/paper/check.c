/* SPDX-License-Identifier: BSD-3-Clause
 * --check: the published protocol, and the experiments that an independent implementation (NumPy, scikit-learn,
 * PyTorch) made beside it, each as that one did it. An experiment is a condition: data, what the gradient model is
 * fitted by, the ways to groups that are judged, and the models trained on those groups. Its cells are called
 * check.set.condition.row, and check.set.condition.trained.row; references.c holds the other implementation's.
 *
 * scikit-learn's logistic regression minimises |w|^2 / 2 + C sum loss. As a softmax of two outputs, whose weights are
 * -w/2 and w/2, this is l2 = 2 / (C n), here of 600 training rows.
 */
#include "paper.h"

#include <stdlib.h>
#include <string.h>

/* As published; one setting of k-means needs no score. */
#define PUBLISHED "score=silhouette_euclidean;mode=published;"
#define EUCLIDEAN "metric=euclidean;" PUBLISHED
#define KMEANS    "algorithm=kmeans;metric=euclidean;k=2;restarts=100;" PUBLISHED
#define ORACLE    "score=ari;mode=density;"

#define CLUSTERINGS                                                                                                    \
    {.key = "gradient.dbscan_cosine", .gradient = true, .published = PUBLISHED},                                       \
        {.key = "gradient.dbscan_euclidean", .gradient = true, .published = EUCLIDEAN},                                \
        {.key = "gradient.kmeans2", .gradient = true, .published = KMEANS}

static const learner by_fit[] = {CLUSTERINGS};

static const learner narrow[] = {CLUSTERINGS, {.key = "feature.dbscan_euclidean", .published = EUCLIDEAN}};

static const learner checkpoint[] = {
    {.key = "class", .method = "class", .published = ""},
    {.key = "feature.kmeans2", .published = KMEANS},
    {.key = "feature.dbscan_euclidean", .published = EUCLIDEAN},
    {.key = "feature.dbscan_euclidean_oracle", .oracle = true, .published = ORACLE "metric=euclidean"},
    {.key = "feature.dbscan_cosine", .published = PUBLISHED},
    {.key = "feature.dbscan_cosine_oracle", .oracle = true, .published = ORACLE},
    CLUSTERINGS,
    {.key = "gradient.dbscan_euclidean_oracle",
     .gradient = true,
     .oracle = true,
     .published = ORACLE "metric=euclidean"},
    {.key = "gradient.dbscan_cosine_oracle", .gradient = true, .oracle = true, .published = ORACLE},
};

/* Cross-risk minimisation by its definition, on the training rows; and as the other implementation has it: all rows
 * dealt out to the twins, and a row's weight 1 / (rows labelled so, of both halves), which halves the rate. */
static const learner converged[] = {
    {.key = "class", .method = "class", .published = ""},
    {.key = "error_set", .method = "jtt", .published = ""},
    {.key = "eiil", .method = "eiil", .published = ""},
    {.key = "gradient.kmeans2", .gradient = true, .published = KMEANS},
    {.key = "error_kmeans2", .points = "errors", .published = KMEANS},
    {.key = "george_gradient", .method = "george", .points = "gradients", .published = "k=4;normalize=0"},
    {.key = "george_feature", .method = "george", .published = "k=4;normalize=0"},
    {.key = "xrm", .method = "xrm", .published = ""},
    {.key = "xrm_all_rows", .method = "xrm", .joint = true, .published = "rate=0.005"},
    {.key = "grasp", .gradient = true, .published = PUBLISHED},
    {.key = "grasp_euclidean", .gradient = true, .published = EUCLIDEAN},
    {.key = "feasp", .published = PUBLISHED},
};

static const learner compas[] = {
    {.key = "class", .method = "class", .published = ""},
    {.key = "feasp", .published = PUBLISHED},
    {.key = "grasp", .gradient = true, .published = PUBLISHED},
    {.key = "grasp_oracle", .gradient = true, .oracle = true, .published = ORACLE},
};

static const learner compas_small_grid[] = {
    {.key = "class", .method = "class", .published = ""},
    {.key = "grasp", .gradient = true, .published = "eps=0.1,0.2,0.35;min_samples=10,50,100;" PUBLISHED},
};

/* Groups: a key of the list before, "true", or "true_clean", those without the known outliers. */
static const method synthetic_models[] = {
    {.key = "erm", .trainer = "erm"},
    {.key = "doro", .trainer = "doro"},
    {.key = "class", .trainer = "gdro", .groups = "class"},
    {.key = "true", .trainer = "gdro", .groups = "true"},
    {.key = "true_clean", .trainer = "gdro", .groups = "true_clean"},
    {.key = "grasp", .trainer = "gdro", .groups = "grasp"},
    {.key = "grasp_euclidean", .trainer = "gdro", .groups = "grasp_euclidean"},
    {.key = "gradient.kmeans2", .trainer = "gdro", .groups = "gradient.kmeans2"},
    {.key = "error_set", .trainer = "gdro", .groups = "error_set"},
    {.key = "feasp", .trainer = "gdro", .groups = "feasp"},
};
static const method compas_models[] = {
    {.key = "erm", .trainer = "erm"},
    {.key = "doro", .trainer = "doro"},
    {.key = "class", .trainer = "gdro", .groups = "class"},
    {.key = "true", .trainer = "gdro", .groups = "true"},
    {.key = "grasp", .trainer = "gdro", .groups = "grasp"},
};

#define LENGTH(list) ((int)(sizeof(list) / sizeof *(list)))
#define LIST(list)   (list), LENGTH(list)

#define ADAM        "optimizer=adam;shuffle=0;reduction=sum;"
#define LAST(n)     ADAM "rate=0.01;weight_decay=0.0001;select_epoch=last;epochs=" #n
#define CONVERGED   "l2=0.00033333333333333333"
#define SYNTHETIC   "shuffle=0;weight_decay=0.001;rate=0.001,0.01;epochs=50"
#define COMPAS      "shuffle=0;weight_decay=0.001;rate=0.0002,0.002;epochs=60"
#define FAST(n)     ADAM "rate=0.0002;weight_decay=0.001;epochs=" #n

static const struct experiment {
    const char    *set, *condition;
    bool           contaminated;
    departure      departure;
    const learner *learners;
    int            n_learners;
    const method  *methods;
    int            n_methods;
} experiments[] = {
    {"synthetic", "clean", false, {.fit = NULL}, LIST(checkpoint), NULL, 0},
    {"synthetic", "contaminated", true, {.fit = NULL}, NULL, 0, NULL, 0},
    {"synthetic", "refitted", true, {.fit = NULL}, LIST(checkpoint), NULL, 0},
    {"synthetic", "epochs_5", false, {.fit = LAST(5), .stopped = true}, LIST(by_fit), NULL, 0},
    {"synthetic", "epochs_100", false, {.fit = LAST(100), .stopped = true}, LIST(by_fit), NULL, 0},
    {"synthetic", "c_0_01", false, {.fit = "l2=0.33333333333333333", .stopped = true}, LIST(by_fit), NULL, 0},
    {"synthetic", "c_1", false, {.fit = "l2=0.0033333333333333333", .stopped = true}, LIST(by_fit), NULL, 0},
    {"synthetic", "c_10", false, {.fit = CONVERGED, .stopped = true}, LIST(by_fit), NULL, 0},
    {"synthetic", "variance_0_01", false, {.variance = 0.01}, LIST(narrow), NULL, 0},
    {"synthetic", "converged_clean", false, {.fit = CONVERGED, .stopped = true, .training = SYNTHETIC},
     LIST(converged), LIST(synthetic_models)},
    {"synthetic", "converged_contaminated", true, {.fit = CONVERGED, .stopped = true, .training = SYNTHETIC},
     LIST(converged), LIST(synthetic_models)},
    {"compas", "slow", false, {.fit = NULL}, LIST(compas), NULL, 0},
    {"compas", "fast", false, {.fit = FAST(300)}, LIST(compas), NULL, 0},
    {"compas", "short", false, {.fit = FAST(50), .stopped = true, .training = COMPAS}, LIST(compas_small_grid),
     LIST(compas_models)},
};

static const struct experiment *experiment_of(const scene *s)
{
    int i = 0;
    while (strcmp(experiments[i].set, s->set) || strcmp(experiments[i].condition, s->condition))
        i++;
    return &experiments[i];
}

/* ---- models trained on groups ---------------------------------------------------------------------------------- */

static bool learned(scene *s, const struct experiment *e, const char *key, grasp_groups **out)
{
    int i = 0;
    while (strcmp(e->learners[i].key, key))
        i++;
    return learn(s, &e->learners[i], out);
}

/* Labels of all rows; test rows have none. NULL: the method goes without. */
static bool groups_of(scene *s, const struct experiment *e, const char *key, grasp_groups **out)
{
    const data   *d = &s->d;
    const bool    is_true = key && !strncmp(key, "true", 4);
    grasp_groups *seen = NULL;
    *out = NULL;
    if (!key)
        return true;
    if (!is_true && !learned(s, e, key, &seen))
        return false;
    int64_t *label = allocate(d->n, sizeof *label);
    for (int64_t i = 0; i < d->n; i++)
        label[i] = GRASP_NOISE;
    for (int64_t i = 0; i < d->n_seen; i++)
        if (!(s->outlier[i] && !strcmp(key, "true_clean")))
            label[d->seen[i]] = grasp_groups_label(is_true ? s->truth : seen, i);
    const bool ok = fine(s->ctx, grasp_groups_create(s->ctx, label, d->n, out));
    grasp_groups_free(seen);
    free(label);
    return ok;
}

static bool train_all(scene *s, const struct experiment *e)
{
    char name[128], row[64];
    bool ok = true;
    for (int i = 0; ok && i < e->n_methods; i++) {
        grasp_groups *groups = NULL;
        snprintf(row, sizeof row, "trained.%s", e->methods[i].key);
        if (!scene_wants(s, "check", row, name, sizeof name))
            continue;
        ok = groups_of(s, e, e->methods[i].groups, &groups) && keep_accuracy(s, name, &e->methods[i], groups);
        grasp_groups_free(groups);
    }
    return ok;
}

/* ---- experiments ------------------------------------------------------------------------------------------------ */

static bool work(scene *s)
{
    const struct experiment *e = experiment_of(s);
    if (s->own) /* the published seed */
        return run_learners(s, "check", clusterings, n_clusterings) &&
               run_learners(s, "check", selections, n_selections);
    return run_learners(s, "check", e->learners, e->n_learners) && train_all(s, e);
}

/* Are all its cells known from an earlier run? */
static bool is_done(const results *r, const scene *s, const struct experiment *e)
{
    char name[128];
    bool done = !s->own;
    for (int i = 0; done && i < e->n_learners; i++) {
        snprintf(name, sizeof name, "check.%s.%s.%s", s->set, s->condition, e->learners[i].key);
        done = results_has(r, name, s->seed);
    }
    for (int i = 0; done && i < e->n_methods; i++) {
        snprintf(name, sizeof name, "check.%s.%s.trained.%s", s->set, s->condition, e->methods[i].key);
        done = results_has(r, name, s->seed);
    }
    return done;
}

bool check_run(grasp_context *ctx, const options *o, results *r)
{
    for (int i = 0; i < LENGTH(experiments); i++) {
        const struct experiment *e = &experiments[i];
        const bool    has_published = !strcmp(e->condition, "clean") || !strcmp(e->condition, "contaminated");
        const bool    departs = e->departure.fit || e->departure.training || e->departure.variance > 0;
        const int64_t seeds = e->n_learners ? o->seeds : 0;
        bool          found = true;
        for (int64_t k = has_published ? -1 : 0; wanted_set(o, e->set) && found && k < seeds; k++) {
            scene s = {.ctx = ctx,
                       .o = o,
                       .r = r,
                       .set = e->set,
                       .condition = e->condition,
                       .contaminated = e->contaminated,
                       .own = k < 0,
                       .departure = departs ? &e->departure : NULL,
                       .seed = k < 0 ? PAPER_SEED : k};
            if (is_done(r, &s, e))
                continue;
            progress_scene(o, k + 1 + has_published, seeds + has_published, e->set, e->condition, s.seed);
            if (!scene_run(&s, work, &found))
                return false;
        }
        if (!found)
            fprintf(stderr, "grasp-paper: %s: skipped: no %s/%s\n", e->set, o->data, e->set);
    }
    return true;
}
