/* SPDX-License-Identifier: BSD-3-Clause
 * DBSCAN (Ester et al. 1996; Schubert et al. 2017) by its canonical definition, which needs no scan order:
 *     core_i      iff the multiplicities of {j: d_ij <= eps} add up to min_samples or more, i among them
 *     clusters    connected components of the cores under d <= eps, numbered by their lowest index
 *     others      the lowest cluster among the cores within eps, else noise
 *
 * Three walks over the pairs in tiles, O(n^2 p) time, O(n) memory. The first counts and sees every pair. The second
 * unites cores and leaves out tiles whose cores are all in one component already; the third looks only at tiles where a
 * core meets a sample that is none and could still take a lower cluster. Which tiles are left out may depend on timing,
 * the result does not:
 * counts are sums of integers, the components and the lowest numbers do not depend on an order. What a pair is stands
 * in distances.h (grasp__tile_within).
 *
 * Certificate: the first walk's, so each pair stands in it once.
 */
#include "cluster/sets.h"

#include <math.h>

typedef struct dbscan {
    const grasp_distances *d;
    double eps;
    int64_t min_samples;
    const int64_t *multiplicity; /* or NULL */
    _Atomic int64_t *count;      /* n: neighbours so far */
    grasp__shared_sets parent;   /* n */
    _Atomic int64_t *label;      /* n */
    uint8_t *core;               /* n */
    grasp__certificate *seen;    /* per worker */
} dbscan;

/* ---- first walk: counts ------------------------------------------------------------------------------------------ */

static bool is_tie(double value, double eps)
{
    return fabs(value - eps) <= 1e-6;
}

static grasp_status count_tile(void *arg, const grasp__tile *t)
{
    dbscan *w = arg;
    int64_t column[GRASP__TILE] = {0}, undecided = 0, ties = 0;
    grasp__band band = grasp__tile_band(t, w->eps);
    for (int64_t a = 0; a < t->ni; a++) {
        int64_t row = 0, weight = w->multiplicity ? w->multiplicity[t->i + a] : 1;
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++) {
            undecided += grasp__tile_undecided(t, band, a, b);
            ties += is_tie(t->value[a * t->nj + b], w->eps);
            if (grasp__tile_within(t, band, a, b)) {
                row += w->multiplicity ? w->multiplicity[t->j + b] : 1;
                column[b] += weight;
            }
        }
        atomic_fetch_add_explicit(&w->count[t->i + a], row, memory_order_relaxed);
    }
    for (int64_t b = 0; b < t->nj; b++)
        atomic_fetch_add_explicit(&w->count[t->j + b], column[b], memory_order_relaxed);
    grasp__certificate *seen = &w->seen[t->worker];
    seen->pairs += t->i == t->j ? t->ni * (t->ni - 1) / 2 : t->ni * t->nj;
    seen->undecided += undecided;
    seen->exact += undecided;
    seen->ties += ties;
    return GRASP_OK;
}

/* ---- second walk: components of the cores ------------------------------------------------------------------------ */

/* The components of the cores in [first, first + n): 0 none, 1 one component `root`, 2 more. */
static int components(const dbscan *w, int64_t first, int64_t n, int64_t *root)
{
    int found = 0;
    for (int64_t i = first; i < first + n && found < 2; i++)
        if (w->core[i]) {
            int64_t r = grasp__shared_find(w->parent, i);
            found = found == 0 || r == *root ? 1 : 2;
            *root = r;
        }
    return found;
}

static bool wants_unions(void *arg, int64_t i, int64_t ni, int64_t j, int64_t nj)
{
    dbscan *w = arg;
    int64_t rows = 0, columns = 0;
    int of_rows = components(w, i, ni, &rows), of_columns = components(w, j, nj, &columns);
    return of_rows > 0 && of_columns > 0 && !(of_rows == 1 && of_columns == 1 && rows == columns);
}

static grasp_status unite_tile(void *arg, const grasp__tile *t)
{
    dbscan *w = arg;
    grasp__band band = grasp__tile_band(t, w->eps);
    int64_t root[GRASP__TILE]; /* of the columns, perhaps stale: united since, or not */
    for (int64_t b = 0; b < t->nj; b++)
        root[b] = grasp__shared_find(w->parent, t->j + b);
    for (int64_t a = 0; a < t->ni; a++) {
        if (!w->core[t->i + a])
            continue;
        int64_t own = grasp__shared_find(w->parent, t->i + a);
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++)
            if (root[b] != own && w->core[t->j + b] && t->value[a * t->nj + b] <= band.high) {
                root[b] = grasp__shared_find(w->parent, root[b]);
                if (root[b] != own && grasp__tile_within(t, band, a, b)) {
                    grasp__shared_union(w->parent, own, root[b]);
                    root[b] = own = grasp__shared_find(w->parent, own);
                }
            }
    }
    return GRASP_OK;
}

/* ---- third walk: samples that are no cores ----------------------------------------------------------------------- */

static void lower(_Atomic int64_t *label, int64_t value)
{
    int64_t old = atomic_load_explicit(label, memory_order_relaxed);
    while (value < old &&
           !atomic_compare_exchange_weak_explicit(label, &old, value, memory_order_relaxed, memory_order_relaxed))
        continue;
}

static int64_t label_of(const dbscan *w, int64_t i)
{
    return atomic_load_explicit(&w->label[i], memory_order_relaxed);
}

/* Could a core of [i, i + ni) lower the label of another sample of [j, j + nj)? */
static bool can_lower(const dbscan *w, int64_t i, int64_t ni, int64_t j, int64_t nj)
{
    int64_t lowest = INT64_MAX;
    for (int64_t a = i; a < i + ni; a++)
        if (w->core[a] && label_of(w, a) < lowest)
            lowest = label_of(w, a);
    for (int64_t b = j; b < j + nj; b++)
        if (!w->core[b] && label_of(w, b) > lowest)
            return true;
    return false;
}

static bool wants_borders(void *arg, int64_t i, int64_t ni, int64_t j, int64_t nj)
{
    dbscan *w = arg;
    return can_lower(w, i, ni, j, nj) || can_lower(w, j, nj, i, ni);
}

static grasp_status border_tile(void *arg, const grasp__tile *t)
{
    dbscan *w = arg;
    grasp__band band = grasp__tile_band(t, w->eps);
    for (int64_t a = 0; a < t->ni; a++)
        for (int64_t b = t->i == t->j ? a + 1 : 0; b < t->nj; b++) {
            int64_t i = t->i + a, j = t->j + b, core = w->core[i] ? i : j, other = w->core[i] ? j : i;
            if (w->core[i] != w->core[j] && label_of(w, core) < label_of(w, other) && grasp__tile_within(t, band, a, b))
                lower(&w->label[other], label_of(w, core));
        }
    return GRASP_OK;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Cores get the number of their component, in the order of its lowest index; the others more than any. */
static int64_t number_components(dbscan *w, int64_t n)
{
    int64_t clusters = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t root = w->core[i] ? grasp__shared_find(w->parent, i) : i;
        int64_t number = !w->core[i] ? INT64_MAX : root == i ? clusters++ : label_of(w, root);
        atomic_init(&w->label[i], number);
    }
    return clusters;
}

static grasp_status stage(grasp_context *ctx, dbscan *w, const char *name, double lo, double hi,
                          grasp__tile_wanted wanted, grasp__tile_visit visit)
{
    grasp__stage_mark outer = grasp__stage_begin(ctx, name, lo, hi);
    grasp_status s = grasp__distances_walk(ctx, w->d, wanted, visit, w);
    grasp__stage_end(ctx, outer);
    return s;
}

/* Labels are left in w->label, INT64_MAX for noise. */
static grasp_status run(grasp_context *ctx, dbscan *w, int64_t n, int64_t *clusters)
{
    for (int64_t i = 0; i < n; i++) {
        atomic_init(&w->count[i], w->multiplicity ? w->multiplicity[i] : 1);
        atomic_init(&w->parent[i], i);
    }
    grasp_status s = stage(ctx, w, "dbscan: counting neighbours", 0, 0.5, NULL, count_tile);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++)
        w->core[i] = atomic_load_explicit(&w->count[i], memory_order_relaxed) >= w->min_samples;
    if ((s = stage(ctx, w, "dbscan: joining cores", 0.5, 0.8, wants_unions, unite_tile)) != GRASP_OK)
        return s;
    *clusters = number_components(w, n);
    return stage(ctx, w, "dbscan: labelling borders", 0.8, 1, wants_borders, border_tile);
}

grasp_status grasp__dbscan(grasp_context *ctx, const grasp_distances *d, double eps, int64_t min_samples,
                           const int64_t *multiplicity, int64_t *label, uint8_t *core, int64_t *n_clusters,
                           grasp__certificate *certificate)
{
    dbscan w = {.d = d, .eps = eps, .min_samples = min_samples, .multiplicity = multiplicity};
    int64_t n = grasp__distances_count(d), clusters = 0;
    int32_t workers = grasp__workers(ctx);
    grasp_status s;
    if ((s = grasp__alloc(ctx, n, sizeof *w.count, &w.count)) != GRASP_OK ||
        (s = grasp__alloc(ctx, n, sizeof *w.parent, &w.parent)) != GRASP_OK ||
        (s = grasp__alloc(ctx, n, sizeof *w.core, &w.core)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, workers, sizeof *w.seen, &w.seen)) != GRASP_OK)
        goto done;
    w.label = w.count; /* counts have done their work when labels begin */
    if ((s = run(ctx, &w, n, &clusters)) != GRASP_OK)
        goto done;
    for (int64_t i = 0; i < n; i++) {
        label[i] = label_of(&w, i) == INT64_MAX ? GRASP_NOISE : label_of(&w, i);
        if (core != NULL)
            core[i] = w.core[i];
    }
    if (n_clusters != NULL)
        *n_clusters = clusters;
    if (certificate != NULL) {
        *certificate = (grasp__certificate){0, 0, 0, 0};
        for (int32_t q = 0; q < workers; q++) {
            certificate->pairs += w.seen[q].pairs;
            certificate->undecided += w.seen[q].undecided;
            certificate->exact += w.seen[q].exact;
            certificate->ties += w.seen[q].ties;
        }
    }
done:
    grasp__free(w.count);
    grasp__free(w.parent);
    grasp__free(w.core);
    grasp__free(w.seen);
    return s;
}
