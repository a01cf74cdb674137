/* SPDX-License-Identifier: BSD-3-Clause
 * Figures 5 to 8, for the first seed: a cell for every setting of the grid.
 *   5  ARI within a class, by that class's eps and min_samples
 *   6  worst-group accuracy, by one class's setting, the other classes at theirs of the best silhouette
 *   7  ARI over all classes, one setting for all
 *   8  worst-group accuracy, one setting for all
 * Every class is swept once; equal partitions are trained on once. Cells are named figure5.set.condition.class0.e35.m60
 * (eps in hundredths), without the class in figures 7 and 8.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 16 };

/* What a partition of the seen rows was worth; partitions seen before are not trained on again. */
typedef struct known {
    int64_t     **label;
    double       *worst;
    int64_t       n;
    const int64_t room;
} known;

typedef struct maps {
    scene        *s;
    int64_t       n_classes, n_settings;
    grasp_sweep  *sweep[CLASSES];
    grasp_groups *attribute[CLASSES]; /* of the class's rows */
    grasp_groups *best[CLASSES];      /* the class's partition of the best silhouette */
} maps;

/* The seen rows of a class, counted among the seen rows. */
static int64_t rows_of(const scene *s, int64_t class, int64_t *row)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->d.n_seen; i++)
        if (s->y[i] == class)
            row[n++] = i;
    return n;
}

static bool sweep_class(maps *m, int64_t c, const int64_t *row, int64_t n)
{
    scene           *s = m->s;
    grasp_gradients *view = NULL;
    grasp_distances *distances = NULL;
    grasp_params    *p = params_of(s->ctx, "sweep", s->o->published ? "score=silhouette_euclidean" : NULL);
    bool ok = p && fine(s->ctx, grasp_gradients_select(s->ctx, s->gradient, row, n, &view)) &&
              fine(s->ctx, grasp_distances_create(s->ctx, view, NULL, &distances)) &&
              fine(s->ctx, grasp_sweep_create(s->ctx, "dbscan", p, &m->sweep[c])) &&
              fine(s->ctx, grasp_sweep_run(s->ctx, m->sweep[c], distances, NULL)) &&
              fine(s->ctx, grasp_groups_select(s->ctx, s->attribute, row, n, &m->attribute[c]));
    const int64_t best = ok ? grasp_sweep_best(m->sweep[c]) : -1;
    ok = ok && fine(s->ctx, grasp_sweep_groups(s->ctx, m->sweep[c], best < 0 ? 0 : best, &m->best[c]));
    grasp_params_free(p);
    grasp_gradients_free(view);
    grasp_distances_free(distances);
    return ok;
}

static bool maps_open(maps *m)
{
    int64_t *row = allocate(m->s->d.n_seen, sizeof *row);
    bool     ok = true;
    for (int64_t c = 0; ok && c < m->n_classes; c++)
        ok = sweep_class(m, c, row, rows_of(m->s, c, row));
    m->n_settings = ok ? grasp_sweep_count(m->sweep[0]) : 0;
    free(row);
    return ok;
}

static void maps_close(maps *m)
{
    for (int c = 0; c < CLASSES; c++) {
        grasp_sweep_free(m->sweep[c]);
        grasp_groups_free(m->attribute[c]);
        grasp_groups_free(m->best[c]);
    }
}

/* Names the cell of setting i, of class c or (c < 0) of all, and tells whether it is still to be computed. */
static bool wants(const maps *m, const char *figure, int64_t c, int64_t i, char *name, size_t room)
{
    double  eps = NAN;
    int64_t min_samples = 0;
    char    row[64], class[32] = "";
    if (grasp_sweep_setting(m->s->ctx, m->sweep[0], i, &eps, &min_samples) != GRASP_OK)
        return false;
    if (c >= 0)
        snprintf(class, sizeof class, "class%lld.", (long long)c);
    snprintf(row, sizeof row, "%se%02d.m%d", class, (int)lround(100 * eps), (int)min_samples);
    return scene_wants(m->s, figure, row, name, room);
}

static bool put(maps *m, const char *name, const char *measure_name, double value)
{
    cell c;
    cell_start(&c, name, m->s->seed);
    cell_add(&c, measure_name, value);
    return results_put(m->s->r, &c);
}

static bool within_classes(maps *m)
{
    scene *s = m->s;
    char   name[128];
    bool   ok = true;
    for (int64_t c = 0; ok && c < m->n_classes; c++)
        for (int64_t i = 0; ok && i < m->n_settings; i++) {
            grasp_groups *g = NULL;
            double        ari;
            if (!wants(m, "figure5", c, i, name, sizeof name))
                continue;
            ok = fine(s->ctx, grasp_sweep_groups(s->ctx, m->sweep[c], i, &g)) &&
                 fine(s->ctx, grasp_metric_ari(s->ctx, m->attribute[c], g, GRASP_NOISE_GROUP, &ari)) &&
                 put(m, name, "ari", ari);
            grasp_groups_free(g);
        }
    return ok;
}

/* All classes at setting i; or class `only` alone, the others at their best. */
static bool combine(maps *m, int64_t only, int64_t i, grasp_groups **out)
{
    scene              *s = m->s;
    grasp_groups       *at[CLASSES] = {NULL};
    const grasp_groups *of[CLASSES];
    bool                ok = true;
    for (int64_t c = 0; ok && c < m->n_classes; c++) {
        const bool varies = only < 0 || only == c;
        ok = !varies || fine(s->ctx, grasp_sweep_groups(s->ctx, m->sweep[c], i, &at[c]));
        of[c] = varies ? at[c] : m->best[c];
    }
    ok = ok && fine(s->ctx, grasp_groups_merge_classes(s->ctx, s->y, s->d.n_seen, of, m->n_classes, out));
    for (int64_t c = 0; c < m->n_classes; c++)
        grasp_groups_free(at[c]);
    return ok;
}

static bool over_all(maps *m)
{
    scene               *s = m->s;
    const grasp_groups  *truth = s->own ? s->truth_own : s->truth;
    char                 name[128];
    bool                 ok = true;
    for (int64_t i = 0; ok && i < m->n_settings; i++) {
        grasp_groups *g = NULL;
        double        ari;
        if (!wants(m, "figure7", -1, i, name, sizeof name))
            continue;
        ok = combine(m, -1, i, &g) && fine(s->ctx, grasp_metric_ari(s->ctx, truth, g, GRASP_NOISE_GROUP, &ari)) &&
             put(m, name, "ari", ari);
        grasp_groups_free(g);
    }
    return ok;
}

/* Trains on groups of the seen rows, unless equal ones were trained on before. All noise is worth nothing. */
static bool worth(maps *m, known *k, const grasp_groups *groups, double *worst)
{
    static const method gdro = {.trainer = "gdro",
                                .groups = "grasp",
                                .params = "step=0.1", /* a map is hundreds of trainings: fewer candidates for each */
                                .published = "rate=0.01;step=0.1"};
    scene              *s = m->s;
    const int64_t       n = s->d.n_seen;
    double              average;
    int64_t            *label = allocate(n, sizeof *label), *all = allocate(s->d.n, sizeof *all), kept = 0;
    grasp_groups       *rows = NULL;
    bool                ok = fine(s->ctx, grasp_groups_labels(s->ctx, groups, label, n));
    for (int64_t i = 0; ok && i < k->n; i++)
        if (!memcmp(k->label[i], label, (size_t)n * sizeof *label)) {
            *worst = k->worst[i];
            free(label);
            free(all);
            return true;
        }
    for (int64_t i = 0; i < s->d.n; i++)
        all[i] = GRASP_NOISE;
    for (int64_t i = 0; i < n; i++) {
        all[s->d.seen[i]] = label[i];
        kept += i < s->d.n_rows[TRAIN] && label[i] != GRASP_NOISE;
    }
    *worst = 0;
    ok = ok && (!kept || (fine(s->ctx, grasp_groups_create(s->ctx, all, s->d.n, &rows)) &&
                          train_on(s, &gdro, rows, worst, &average)));
    if (ok && k->n < k->room) {
        k->worst[k->n] = *worst;
        k->label[k->n++] = label;
        label = NULL;
    }
    grasp_groups_free(rows);
    free(label);
    free(all);
    return ok;
}

/* Figure 6 (classes 0, 1, ...) or 8 (only = -1 to begin with and end). */
static bool accuracies(maps *m, const char *figure, int64_t from, int64_t to)
{
    known k = {.room = (to - from) * m->n_settings};
    char  name[128];
    bool  ok = true;
    k.label = allocate(k.room, sizeof *k.label);
    k.worst = allocate(k.room, sizeof *k.worst);
    for (int64_t c = from; ok && c < to; c++)
        for (int64_t i = 0; ok && i < m->n_settings; i++) {
            grasp_groups *g = NULL;
            double        worst;
            if (!wants(m, figure, c, i, name, sizeof name))
                continue;
            ok = combine(m, c, i, &g) && worth(m, &k, g, &worst) && put(m, name, "worst", worst);
            grasp_groups_free(g);
        }
    for (int64_t i = 0; i < k.n; i++)
        free(k.label[i]);
    free(k.label);
    free(k.worst);
    return ok;
}

bool maps_run(scene *s)
{
    maps       m = {.s = s, .n_classes = s->d.n_classes};
    const bool ari = wanted_part(s->o, "figure5") || wanted_part(s->o, "figure7");
    const bool accuracy = !s->o->quick && (wanted_part(s->o, "figure6") || wanted_part(s->o, "figure8"));
    if (!scene_is_first(s) || m.n_classes > CLASSES || !(ari || accuracy))
        return true;
    const bool ok = maps_open(&m) && within_classes(&m) && over_all(&m) &&
                    (!accuracy || (accuracies(&m, "figure6", 0, m.n_classes) && accuracies(&m, "figure8", -1, 0)));
    maps_close(&m);
    return ok;
}
