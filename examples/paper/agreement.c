/* SPDX-License-Identifier: BSD-3-Clause
 * Tables 2, 3 and 5: how well groups agree with the true ones. A table is a list of ways to learn groups, all of them
 * run and judged alike.
 */
#include "paper.h"

#include <string.h>

/* As published: noise is one more cluster of a Euclidean silhouette, and "one cluster" can never win. Their k-means++
 * draws several candidates for a centre, ours one, so it takes more starts to find as low an inertia. */
#define PUBLISHED "score=silhouette_euclidean;mode=published;"
#define DENSITY   "mode=density;"
#define TEXT_GRID "eps=0.1,0.2,0.3,0.5,0.7;min_samples=10,20,30,50,70,100;" /* the grid that the paper's text gives */
#define KMEANS    "algorithm=kmeans;metric=euclidean;"
#define RESTARTS  "restarts=100;"
#define EUCLIDEAN "metric=euclidean;"

const learner clusterings[] = {
    {.key = "feature.kmeans",
     .published = KMEANS RESTARTS PUBLISHED,
     .contaminated = KMEANS RESTARTS PUBLISHED "k=3",
     .honest = DENSITY KMEANS RESTARTS},
    {.key = "feature.dbscan_euclidean", .published = EUCLIDEAN PUBLISHED, .honest = DENSITY EUCLIDEAN},
    {.key = "feature.dbscan_cosine", .published = PUBLISHED, .honest = DENSITY},
    {.key = "gradient.kmeans",
     .gradient = true,
     .published = KMEANS RESTARTS PUBLISHED,
     .contaminated = KMEANS RESTARTS PUBLISHED "k=3",
     .honest = DENSITY KMEANS RESTARTS},
    {.key = "gradient.dbscan_euclidean",
     .gradient = true,
     .published = EUCLIDEAN PUBLISHED,
     .honest = DENSITY EUCLIDEAN},
    {.key = "gradient.dbscan_cosine", .gradient = true, .published = PUBLISHED, .honest = DENSITY},
    {.key = "gradient.dbscan_euclidean_text_grid", .gradient = true, .published = EUCLIDEAN TEXT_GRID PUBLISHED},
    {.key = "gradient.dbscan_cosine_text_grid", .gradient = true, .published = TEXT_GRID PUBLISHED},
};

static const learner identifications[] = {
    {.key = "class", .method = "class", .published = "", .honest = ""},
    {.key = "error_set", .method = "jtt", .published = "by_class=0", .honest = "by_class=0"},
    {.key = "errors", .method = "jtt", .published = "", .honest = ""},
    {.key = "eiil", .method = "eiil", .published = "by_class=0", .honest = ""},
    {.key = "george_feature", .method = "george", .published = "k=4;normalize=0", .honest = "k=4;normalize=0"},
    {.key = "xrm", .method = "xrm", .published = "", .honest = ""},
    {.key = "spare", .method = "spare", .published = "", .honest = ""},
    {.key = "robust", .method = "robust", .published = "", .honest = ""},
    {.key = "feasp", .published = PUBLISHED, .honest = DENSITY},
    {.key = "grasp", .gradient = true, .published = PUBLISHED, .honest = DENSITY},
    {.key = "grasp_euclidean", .gradient = true, .published = EUCLIDEAN PUBLISHED, .honest = DENSITY EUCLIDEAN},
    {.key = "grasp_kmeans", .gradient = true, .published = KMEANS PUBLISHED, .honest = DENSITY KMEANS},
};

const learner selections[] = {
    {.key = "feasp.silhouette", .published = PUBLISHED, .honest = DENSITY},
    {.key = "feasp.oracle", .oracle = true, .published = DENSITY "score=ari", .honest = DENSITY "score=ari"},
    {.key = "feasp.fixed",
     .published = "eps=0.3;min_samples=100;" PUBLISHED,
     .of_second_class = "eps=0.35;min_samples=100;" PUBLISHED},
    {.key = "grasp.silhouette", .gradient = true, .published = PUBLISHED, .honest = DENSITY},
    {.key = "grasp.oracle",
     .gradient = true,
     .oracle = true,
     .published = DENSITY "score=ari",
     .honest = DENSITY "score=ari"},
};

#define LENGTH(list) ((int)(sizeof(list) / sizeof *(list)))
const int n_clusterings = LENGTH(clusterings), n_selections = LENGTH(selections);

static int identification(const char *key)
{
    int i = 0;
    while (i < LENGTH(identifications) && strcmp(identifications[i].key, key))
        i++;
    return i;
}

const learner *learner_of(const char *key)
{
    const int i = identification(key);
    return i < LENGTH(identifications) ? &identifications[i] : NULL;
}

bool learned_groups(scene *s, const char *key, const grasp_groups **out)
{
    const int i = identification(key);
    if (!s->learned[i] && !learn(s, &identifications[i], &s->learned[i]))
        return false;
    *out = s->learned[i];
    return true;
}

bool keep_groups(scene *s, const char *name, const grasp_groups *groups)
{
    cell c;
    cell_start(&c, name, s->seed);
    return judge(s, groups, &c) && results_put(s->r, &c);
}

bool run_learners(scene *s, const char *part, const learner *list, int n)
{
    char name[128];
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        grasp_groups *groups = NULL;
        if (!learner_text(s, &list[i]) || !scene_wants(s, part, list[i].key, name, sizeof name))
            continue;
        ok = learn(s, &list[i], &groups) && keep_groups(s, name, groups);
        grasp_groups_free(groups);
    }
    return ok;
}

static bool run_identifications(scene *s)
{
    char                name[128];
    const grasp_groups *groups;
    for (int i = 0; i < LENGTH(identifications); i++)
        if (learner_text(s, &identifications[i]) &&
            scene_wants(s, "table3", identifications[i].key, name, sizeof name) &&
            !(learned_groups(s, identifications[i].key, &groups) && keep_groups(s, name, groups)))
            return false;
    return true;
}

bool agreement_run(scene *s)
{
    return (strcmp(s->set, "synthetic") || run_learners(s, "table2", clusterings, LENGTH(clusterings))) &&
           run_identifications(s) && run_learners(s, "table5", selections, LENGTH(selections));
}
