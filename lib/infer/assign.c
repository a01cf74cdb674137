/* SPDX-License-Identifier: BSD-3-Clause
 * Groups for new samples: the rule of border samples.
 *
 * The mean gradient of its class is subtracted from a new sample; it takes the lowest-numbered cluster of the class
 * that has a core sample within eps, decided exactly, else it is noise. So training samples get their own labels back:
 * a core lies in one cluster only, a border sample was labelled by this very rule, noise has no core near. After
 * k-means it takes the nearest centre, after a mixture the most probable component. A class that is one group takes
 * all, a class never seen none.
 * mode=robust: by the rules of the class, see robust.c.
 * O(n_new n_core p); cores stand in the order of their clusters, so that the first one within eps ends the search.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

/* ---- dbscan ------------------------------------------------------------------------------------------------------ */

/* Positions of a class's cores in the inference's gradients, by cluster, and their clusters. */
typedef struct cores {
    int64_t n;
    int64_t *row, *cluster;
} cores;

static void cores_free(cores *c)
{
    grasp__free(c->row);
    grasp__free(c->cluster);
}

/* Counting sort by cluster. `first`: where the class's rows begin when only cores are kept. */
static grasp_status cores_find(grasp_context *ctx, const grasp_inference *inference, const grasp__inferred_class *k,
                               int64_t first, cores *out)
{
    int64_t *start = NULL;
    *out = (cores){.n = grasp__class_cores(k)};
    grasp_status s = grasp__alloc(ctx, out->n, sizeof *out->row, &out->row);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, out->n, sizeof *out->cluster, &out->cluster);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, k->n_clusters + 1, sizeof *start, &start);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < k->n; i++)
        if (k->core[i])
            start[k->cluster[i] + 1]++;
    for (int64_t c = 0; c < k->n_clusters; c++)
        start[c + 1] += start[c];
    for (int64_t i = 0, nth = 0; i < k->n; i++)
        if (k->core[i]) {
            int64_t place = start[k->cluster[i]]++;
            out->row[place] = inference->cores_only ? first + nth : k->row[i];
            out->cluster[place] = k->cluster[i];
            nth++;
        }
    grasp__free(start);
    return GRASP_OK;
}

enum { STRIP = 8 * GRASP__TILE }; /* cores between ticks */

/* A space of the cores, then the new samples. */
typedef struct search {
    const grasp_distances *d;
    const cores *cores;
    double eps;
    int64_t n_new, from, to; /* cores looked at now */
    int64_t *cluster;        /* n_new: found */
    grasp__reader **reader;
    double *values; /* a tile a worker */
} search;

/* One block of new samples against some cores, tile after tile, until every sample has found its cluster. */
static grasp_status search_block(void *arg, int64_t index, int32_t worker)
{
    const search *q = arg;
    int64_t first = index * GRASP__TILE, n_cores = q->cores->n, open = 0;
    int64_t ni = q->n_new - first < GRASP__TILE ? q->n_new - first : GRASP__TILE;
    double *values = q->values + (int64_t)worker * GRASP__TILE * GRASP__TILE, half_width;
    grasp__reader *reader = q->reader[worker];
    for (int64_t a = 0; a < ni; a++)
        open += q->cluster[first + a] == GRASP_NOISE;
    for (int64_t j = q->from; j < q->to && open > 0; j += GRASP__TILE) {
        int64_t nj = q->to - j < GRASP__TILE ? q->to - j : GRASP__TILE;
        grasp__reader_tile(reader, n_cores + first, ni, j, nj, values, &half_width);
        for (int64_t a = 0; a < ni; a++)
            for (int64_t b = 0; b < nj && q->cluster[first + a] == GRASP_NOISE; b++) {
                double value = values[a * nj + b];
                if (value < q->eps - half_width || (value <= q->eps + half_width &&
                                                    grasp__reader_within(reader, n_cores + first + a, j + b, q->eps))) {
                    q->cluster[first + a] = q->cores->cluster[j + b];
                    open--;
                }
            }
    }
    return GRASP_OK;
}

static grasp_status run_search(grasp_context *ctx, search *q)
{
    int32_t workers = grasp__workers(ctx);
    grasp_status s = grasp__alloc(ctx, workers, sizeof *q->values * GRASP__TILE * GRASP__TILE, &q->values);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, workers, sizeof *q->reader, &q->reader);
    for (int32_t w = 0; s == GRASP_OK && w < workers; w++)
        s = grasp__reader_create(ctx, q->d, &q->reader[w]);
    for (int64_t i = 0; s == GRASP_OK && i < q->n_new; i++)
        q->cluster[i] = GRASP_NOISE;
    for (q->from = 0; s == GRASP_OK && q->from < q->cores->n; q->from = q->to) {
        q->to = q->cores->n - q->from < STRIP ? q->cores->n : q->from + STRIP;
        double lo = (double)q->from / (double)q->cores->n, hi = (double)q->to / (double)q->cores->n;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "assign", lo, hi);
        s = grasp__parallel(ctx, grasp__wave_blocks(q->n_new), search_block, q);
        grasp__stage_end(ctx, outer);
    }
    for (int32_t w = 0; q->reader != NULL && w < workers; w++)
        grasp__reader_free(q->reader[w]);
    grasp__free(q->reader);
    grasp__free(q->values);
    return s;
}

static grasp_status assign_by_cores(grasp_context *ctx, const grasp_inference *inference,
                                    const grasp__inferred_class *k, int64_t first, grasp_gradients *view,
                                    int64_t *cluster)
{
    cores c = {.n = 0};
    grasp_gradients *kept = NULL, *both = NULL;
    grasp_distances *d = NULL;
    grasp_status s = cores_find(ctx, inference, k, first, &c);
    if (s == GRASP_OK)
        s = grasp__gradients_select(ctx, inference->gradients, c.row, c.n, &kept);
    if (s == GRASP_OK)
        s = grasp__gradients_concat(ctx, kept, view, &both);
    if (s == GRASP_OK)
        s = grasp__distances_create_implicit(ctx, both, inference->metric, inference->center, k->mean, &d);
    if (s == GRASP_OK) {
        search q = {.d = d, .cores = &c, .eps = k->eps, .n_new = grasp__gradients_count(view), .cluster = cluster};
        s = run_search(ctx, &q);
    }
    grasp__distances_free(d);
    grasp__gradients_free(both);
    grasp__gradients_free(kept);
    cores_free(&c);
    return s;
}

/* ---- k-means ----------------------------------------------------------------------------------------------------- */

static grasp_status assign_by_centers(grasp_context *ctx, const grasp_inference *inference,
                                      const grasp__inferred_class *k, grasp_gradients *view, int64_t *cluster)
{
    int64_t p = grasp__gradients_dim(view), n = grasp__gradients_count(view);
    double *row = NULL;
    grasp_distances *d = NULL;
    grasp_status s =
        grasp__distances_create_implicit(ctx, view, inference->metric, inference->center, k->mean, &d);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, p, sizeof *row, &row);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        double nearest = INFINITY;
        grasp__distances_rows(d, i, 1, row);
        for (int64_t c = 0; c < k->n_clusters; c++) {
            double sum = 0;
            for (int64_t j = 0; j < p; j++) {
                double difference = row[j] - k->centers[c * p + j];
                sum += difference * difference;
            }
            if (sum < nearest) {
                nearest = sum;
                cluster[i] = c;
            }
        }
        if (i % 64 == 0)
            s = grasp__tick(ctx, i, n);
    }
    grasp__free(row);
    grasp__distances_free(d);
    return s;
}

/* ---- robust ------------------------------------------------------------------------------------------------------ */

static grasp_status assign_by_rules(grasp_context *ctx, const grasp_inference *inference,
                                    const grasp__inferred_class *k, grasp_gradients *view, int64_t *cluster)
{
    grasp__robust_form form = {.d = inference->inputs, .outputs = inference->input_outputs,
                               .layer = inference->input_layer, .biases_last = inference->input_biases_last};
    int64_t n = grasp__gradients_count(view), *y = NULL;
    double *raw = NULL;
    grasp_status s = grasp__alloc_zero(ctx, n, sizeof *y, &y); /* all of one class */
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, (size_t)form.d * sizeof *raw, &raw);
    if (s == GRASP_OK)
        s = grasp__robust_inputs(ctx, view, y, n, &form, raw);
    if (s == GRASP_OK)
        grasp__robust_assign(inference, k, raw, n, cluster);
    grasp__free(raw);
    grasp__free(y);
    return s;
}

/* ---- mixtures ---------------------------------------------------------------------------------------------------- */

/* The most probable component among those that have samples, the lowest of equals. */
static grasp_status assign_by_mixture(grasp_context *ctx, const grasp_inference *inference,
                                      const grasp__inferred_class *k, grasp_gradients *view, int64_t *cluster)
{
    int64_t p = grasp__gradients_dim(view), n = grasp__gradients_count(view);
    double *block = NULL, *density = NULL;
    grasp_distances *d = NULL;
    grasp_status s =
        grasp__distances_create_implicit(ctx, view, inference->metric, inference->center, k->mean, &d);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, 3 * p, sizeof *block, &block);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, k->n_clusters, sizeof *density, &density);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        grasp__distances_rows(d, i, 1, block);
        grasp__mixture_densities(ctx, k->mixture, block, 1, k->n_clusters, block + p, density);
        cluster[i] = 0;
        for (int64_t c = 1; c < k->n_clusters; c++)
            cluster[i] = density[c] > density[cluster[i]] ? c : cluster[i];
        if (i % 64 == 0)
            s = grasp__tick(ctx, i, n);
    }
    grasp__free(density);
    grasp__free(block);
    grasp__distances_free(d);
    return s;
}

/* ---- class by class ---------------------------------------------------------------------------------------------- */

/* New samples rows[0..n) of class k get their global labels. */
static grasp_status assign_class(grasp_context *ctx, const grasp_inference *inference, const grasp__inferred_class *k,
                                 int64_t first, grasp_gradients *new_g, const int64_t *rows, int64_t n, int64_t *label)
{
    int64_t *cluster = NULL;
    grasp_gradients *view = NULL;
    grasp_status s = grasp__alloc_zero(ctx, n, sizeof *cluster, &cluster);
    if (s == GRASP_OK && !grasp__class_is_whole(inference, k)) {
        s = grasp__gradients_select(ctx, new_g, rows, n, &view);
        if (s == GRASP_OK && inference->algorithm == GRASP__INFER_DBSCAN)
            s = assign_by_cores(ctx, inference, k, first, view, cluster);
        else if (s == GRASP_OK && inference->algorithm == GRASP__INFER_GMM)
            s = assign_by_mixture(ctx, inference, k, view, cluster);
        else if (s == GRASP_OK && inference->algorithm == GRASP__INFER_KMEANS)
            s = assign_by_centers(ctx, inference, k, view, cluster);
        else if (s == GRASP_OK)
            s = assign_by_rules(ctx, inference, k, view, cluster);
    }
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        label[rows[i]] = cluster[i] == GRASP_NOISE ? GRASP_NOISE : k->first_group + cluster[i];
    grasp__gradients_free(view);
    grasp__free(cluster);
    return s;
}

/* Class of the inference with this label; NULL if there is none. *first: cores of the classes before. */
static const grasp__inferred_class *find_class(const grasp_inference *inference, int64_t label, int64_t *first)
{
    *first = 0;
    for (int64_t c = 0; c < inference->n_classes; c++) {
        const grasp__inferred_class *k = &inference->classes[c];
        if (k->label == label)
            return k;
        *first += inference->cores_only ? grasp__class_cores(k) : 0;
    }
    return NULL;
}

grasp_status grasp__assign(grasp_context *ctx, const grasp_inference *inference, grasp_gradients *new_g,
                           const int64_t *y, int64_t n, grasp_groups **out)
{
    int64_t *label = NULL, *classes = NULL, *rows = NULL, *start = NULL, count = 0, first;
    *out = NULL;
    grasp_status s = grasp__alloc(ctx, n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__distinct(ctx, y, n, &classes, &count);
    if (s == GRASP_OK)
        s = grasp__rows_by_class(ctx, y, n, classes, count, &rows, &start);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        label[i] = GRASP_NOISE;
    for (int64_t c = 0; s == GRASP_OK && c < count; c++) {
        const grasp__inferred_class *k = find_class(inference, classes[c], &first);
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "assign", (double)start[c] / (double)n, (double)start[c + 1] / (double)n);
        if (k != NULL)
            s = assign_class(ctx, inference, k, first, new_g, rows + start[c], start[c + 1] - start[c], label);
        grasp__stage_end(ctx, outer);
    }
    if (s == GRASP_OK || s == GRASP_CANCELLED) {
        grasp_status made = grasp__groups_create(ctx, label, n, out);
        s = made == GRASP_OK ? s : made;
    }
    grasp__free(start);
    grasp__free(rows);
    grasp__free(classes);
    grasp__free(label);
    return s;
}

/* Refused whatever the classes of the samples are: a class that is one group would not look at them. */
static grasp_status check_alike(grasp_context *ctx, const grasp_gradients *new_g, const grasp_gradients *known)
{
    if (grasp__gradients_dtype(new_g) != grasp__gradients_dtype(known))
        return grasp__fail(ctx, GRASP_E_DTYPE, "new_gradients is %s, expected %s as what the groups were inferred from",
                           grasp__gradients_dtype(new_g) == GRASP_F32 ? "f32" : "f64",
                           grasp__gradients_dtype(known) == GRASP_F32 ? "f32" : "f64");
    return grasp__check_equal(ctx, grasp__gradients_n_layers(new_g), grasp__gradients_n_layers(known),
                              "layers of new_gradients");
}

grasp_status grasp_assign(grasp_context *ctx, const grasp_inference *inference, grasp_gradients *new_gradients,
                          const int64_t *y, int64_t n, grasp_groups **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__inference_check(ctx, inference, "inference");
    if (s == GRASP_OK)
        s = grasp__gradients_check_sealed(ctx, new_gradients, "new_gradients");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, grasp__gradients_count(new_gradients), "n");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, grasp__gradients_dim(new_gradients), grasp__gradients_dim(inference->gradients),
                               "values of new_gradients");
    if (s == GRASP_OK)
        s = check_alike(ctx, new_gradients, inference->gradients);
    if (s == GRASP_OK && inference->algorithm == GRASP__INFER_ROBUST && !inference->input_known)
        s = grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                        "the groups were learned from the model's features, which its gradients do not carry");
    if (s == GRASP_OK)
        s = grasp__assign(ctx, inference, new_gradients, y, n, out);
    return grasp__leave(ctx, s);
}
