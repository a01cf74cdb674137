/* SPDX-License-Identifier: BSD-3-Clause
 * The clusters of a class as George has them (Sohoni, Dunnmon, Angus, Gu, Re 2020).
 *
 * Base: k = 2 .. k_most clusters of the training samples, by a Gaussian mixture or k-means; the score of k is the mean
 * over its clusters, each counted once, of the mean silhouette of their samples; the highest, the larger k among
 * equals.
 * Overclustering: each base cluster is split into F parts in the same way; a part stands alone when its mean silhouette
 * among all parts exceeds both that of the same samples among the base clusters and 0, its mean loss is at least that
 * of its base cluster, and it has at least max(0.005 n, 25) of the n training samples and 25 validation samples. What
 * does not stand alone stays together; where all parts do, nothing is left of the base cluster. A base cluster of fewer
 * than F samples is not split. Validation samples go where the clusters found in the training samples put them.
 * O(k_most (fit + n^2 p)).
 */
#include "infer/george.h"

#include <math.h>
#include <string.h>

enum { LEAST_SAMPLES = 25 };

/* Clusters of some rows that tell where another row belongs. */
typedef struct split {
    int64_t k; /* clusters with rows */
    grasp__mixture *mixture;
    double *center; /* kmeans: k x p */
} split;

static void split_free(split *s)
{
    grasp__mixture_free(s->mixture);
    grasp__free(s->center);
    *s = (split){.k = 0};
}

static grasp_status params_of(grasp_context *ctx, const grasp__strata *t, int64_t k, grasp_params **out)
{
    grasp_status s = grasp__params_create(ctx, t->gmm ? &grasp__gmm_params : &grasp__kmeans_params, out);
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, *out, GRASP_KEY_K, k);
    return s == GRASP_OK ? grasp__params_set_i64(ctx, *out, GRASP_KEY_RESTARTS, t->restarts) : s;
}

/* k clusters of the samples of d into label; a limit of iterations that was met does not matter here. */
static grasp_status split_fit(grasp_context *ctx, const grasp__strata *t, const grasp_distances *d, int64_t k,
                              int64_t *label, split *out)
{
    grasp_params *params = NULL;
    grasp__options o = {.owned = NULL};
    *out = (split){.k = 0};
    grasp_status s = params_of(ctx, t, k, &params);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, t->gmm ? &grasp__gmm_params : &grasp__kmeans_params, &o);
    if (s == GRASP_OK && t->gmm)
        s = grasp__mixture_create(ctx, k, t->p, &out->mixture);
    if (s == GRASP_OK && !t->gmm)
        s = grasp__alloc(ctx, k, (size_t)t->p * sizeof(double), &out->center);
    if (s == GRASP_OK)
        s = t->gmm ? grasp__gmm(ctx, d, &o, NULL, label, out->mixture, NULL, NULL, NULL)
                   : grasp__kmeans(ctx, d, &o, NULL, label, out->center, NULL, NULL);
    s = s == GRASP_NOT_CONVERGED ? GRASP_OK : s;
    for (int64_t i = 0; s == GRASP_OK && i < grasp__distances_count(d); i++)
        out->k = label[i] >= out->k ? label[i] + 1 : out->k;
    grasp__options_close(&o);
    grasp_params_free(params);
    return s;
}

/* scratch: 2 p + k numbers. */
static int64_t split_predict(grasp_context *ctx, const split *q, const double *row, int64_t p, double *scratch)
{
    int64_t best = 0;
    double *density = scratch + 2 * p;
    if (q->mixture != NULL)
        grasp__mixture_densities(ctx, q->mixture, row, 1, q->k, scratch, density);
    for (int64_t c = 0; q->mixture == NULL && c < q->k; c++) {
        density[c] = 0;
        for (int64_t j = 0; j < p; j++)
            density[c] -= (row[j] - q->center[c * p + j]) * (row[j] - q->center[c * p + j]);
    }
    for (int64_t c = 1; c < q->k; c++)
        best = density[c] > density[best] ? c : best;
    return best;
}

/* The space of the training samples rows[0..n), or of all when rows is NULL. */
static grasp_status space_of(grasp_context *ctx, const grasp__strata *t, const int64_t *rows, int64_t n,
                             grasp_distances **out)
{
    grasp_matrix *x = NULL;
    grasp_gradients *all = NULL;
    *out = NULL;
    grasp_status s = grasp__matrix_create(ctx, GRASP_F64, n, t->p, &x);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        memcpy((double *)x->data + i * t->p, t->point + (rows == NULL ? i : rows[i]) * t->p,
               (size_t)t->p * sizeof(double));
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, x, "points", &all);
    if (s == GRASP_OK)
        s = grasp__distances_create_implicit(ctx, all, GRASP__EUCLIDEAN, false, NULL, out);
    grasp__gradients_free(all);
    grasp_matrix_free(x);
    return s;
}

/* Silhouette of each training sample; 0 where none is defined. */
static grasp_status silhouettes(grasp_context *ctx, const grasp_distances *d, const int64_t *label, int64_t clusters,
                                double *value)
{
    int64_t n = grasp__distances_count(d);
    int32_t *narrow = NULL;
    double mean;
    grasp_status s = grasp__alloc(ctx, n, sizeof *narrow, &narrow);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        narrow[i] = (int32_t)label[i];
    if (s == GRASP_OK) {
        grasp__partition partition = {narrow, clusters};
        const grasp__silhouette_room room = {1, clusters};
        s = grasp__silhouettes(ctx, d, GRASP__SILHOUETTE_SPACE, false, &partition, 1, &room, &mean, value);
    }
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        value[i] = isnan(value[i]) ? 0 : value[i];
    grasp__free(narrow);
    return s;
}

/* Mean over the clusters of the mean silhouette of their samples. */
static double mean_of_means(const int64_t *label, const double *value, int64_t n, int64_t clusters)
{
    double sum = 0;
    for (int64_t c = 0; c < clusters; c++) {
        double part = 0, size = 0;
        for (int64_t i = 0; i < n; i++)
            if (label[i] == c) {
                part += value[i];
                size++;
            }
        sum += size > 0 ? part / size : 0;
    }
    return sum / (double)clusters;
}

/* ---- acceptance -------------------------------------------------------------------------------------------------- */

void grasp__strata_accept(const grasp__strata *t, const int64_t *base, const int64_t *part,
                          const double *base_silhouette, const double *part_silhouette, const int64_t *n_val_part,
                          uint8_t *keep)
{
    double least = 0.005 * (double)t->n_train;
    least = least > LEAST_SAMPLES ? least : LEAST_SAMPLES;
    for (int64_t q = 0; q < t->k * t->parts; q++) {
        double size = 0, loss = 0, own = 0, before = 0, base_size = 0, base_loss = 0;
        for (int64_t i = 0; i < t->n_train; i++) {
            if (base[i] == q / t->parts) {
                base_size++;
                base_loss += t->loss[i];
            }
            if (part[i] == q) {
                size++;
                loss += t->loss[i];
                own += part_silhouette[i];
                before += base_silhouette[i];
            }
        }
        keep[q] = size >= least && n_val_part[q] >= LEAST_SAMPLES && own / size > fmax(before / size, 0) &&
                  loss / size >= base_loss / base_size;
    }
}

int64_t grasp__strata_number(int64_t k, int64_t parts, const uint8_t *keep, int64_t *number)
{
    int64_t next = 0;
    for (int64_t b = 0; b < k; b++) {
        int64_t kept = 0;
        for (int64_t j = 0; j < parts; j++)
            kept += keep[b * parts + j];
        int64_t together = kept < parts ? next++ : -1;
        for (int64_t j = 0; j < parts; j++)
            number[b * parts + j] = keep[b * parts + j] ? next++ : together;
    }
    return next;
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

typedef struct work {
    grasp_distances *d;
    split base;
    int64_t *trial, *rows, *sub, *val_part, *number;
    double *value, *part_value, *scratch;
    uint8_t *keep;
} work;

static void work_close(work *w)
{
    split_free(&w->base);
    grasp__distances_free(w->d);
    void *blocks[] = {w->trial, w->rows, w->sub, w->val_part, w->number, w->value, w->part_value, w->scratch, w->keep};
    for (size_t q = 0; q < sizeof blocks / sizeof *blocks; q++)
        grasp__free(blocks[q]);
}

static grasp_status work_open(grasp_context *ctx, const grasp__strata *t, work *w)
{
    int64_t n = t->n_train + t->n_val, parts = t->k_most * t->parts;
    const struct {
        int64_t count;
        void *pointer;
    } blocks[] = {{n, &w->trial},        {n, &w->rows},       {n, &w->sub},
                  {parts, &w->number},   {n, &w->value},      {n, &w->part_value},
                  {2 * t->p + t->k_most + t->parts, &w->scratch}};
    *w = (work){.d = NULL};
    grasp_status s = space_of(ctx, t, NULL, t->n_train, &w->d);
    for (size_t q = 0; s == GRASP_OK && q < sizeof blocks / sizeof *blocks; q++)
        s = grasp__alloc(ctx, blocks[q].count, 8, blocks[q].pointer);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, parts, sizeof *w->val_part, &w->val_part);
    return s == GRASP_OK ? grasp__alloc_zero(ctx, parts, 1, &w->keep) : s;
}

/* The best k; labels of the training samples in t->label. */
static grasp_status find_base(grasp_context *ctx, grasp__strata *t, work *w)
{
    grasp_status s = GRASP_OK;
    for (int64_t k = 2; s == GRASP_OK && k <= t->k_most && k < t->n_train; k++) {
        split found;
        double score = -1;
        grasp__stage_mark outer = grasp__stage_begin(ctx, "base", (double)(k - 2) / (double)t->k_most,
                                                     (double)(k - 1) / (double)t->k_most);
        s = split_fit(ctx, t, w->d, k, w->trial, &found);
        if (s == GRASP_OK && found.k >= 2) {
            s = silhouettes(ctx, w->d, w->trial, found.k, w->part_value);
            score = s == GRASP_OK ? mean_of_means(w->trial, w->part_value, t->n_train, found.k) : -1;
        }
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK && found.k >= 2 && score > -1 && score >= t->score) {
            t->score = score;
            t->k = found.k;
            memcpy(t->label, w->trial, (size_t)t->n_train * sizeof *t->label);
            memcpy(w->value, w->part_value, (size_t)t->n_train * sizeof *w->value);
            split_free(&w->base);
            w->base = found;
        } else
            split_free(&found);
    }
    return s;
}

/* Parts of base cluster b, of training and validation samples, into w->sub. */
static grasp_status split_base(grasp_context *ctx, const grasp__strata *t, work *w, int64_t b)
{
    int64_t n = 0;
    grasp_distances *d = NULL;
    split found = {.k = 0};
    for (int64_t i = 0; i < t->n_train; i++)
        if (t->label[i] == b)
            w->rows[n++] = i;
    grasp_status s = GRASP_OK;
    if (n >= t->parts) {
        s = space_of(ctx, t, w->rows, n, &d);
        if (s == GRASP_OK)
            s = split_fit(ctx, t, d, t->parts, w->trial, &found);
    } else
        memset(w->trial, 0, (size_t)n * sizeof *w->trial);
    for (int64_t i = 0; s == GRASP_OK && i < n; i++)
        w->sub[w->rows[i]] = b * t->parts + w->trial[i];
    for (int64_t i = t->n_train; s == GRASP_OK && i < t->n_train + t->n_val; i++)
        if (t->label[i] == b) {
            int64_t j = found.k > 0 ? split_predict(ctx, &found, t->point + i * t->p, t->p, w->scratch) : 0;
            w->sub[i] = b * t->parts + j;
            w->val_part[w->sub[i]]++;
        }
    split_free(&found);
    grasp__distances_free(d);
    return s;
}

static grasp_status overcluster(grasp_context *ctx, grasp__strata *t, work *w)
{
    grasp_status s = GRASP_OK;
    for (int64_t b = 0; s == GRASP_OK && b < t->k; b++)
        s = split_base(ctx, t, w, b);
    if (s == GRASP_OK)
        s = silhouettes(ctx, w->d, w->sub, t->k * t->parts, w->part_value);
    if (s != GRASP_OK)
        return s;
    grasp__strata_accept(t, t->label, w->sub, w->value, w->part_value, w->val_part, w->keep);
    t->n_clusters = grasp__strata_number(t->k, t->parts, w->keep, w->number);
    for (int64_t q = 0; q < t->k * t->parts; q++)
        t->kept += w->keep[q];
    for (int64_t i = 0; i < t->n_train + t->n_val; i++)
        t->label[i] = w->number[w->sub[i]];
    return GRASP_OK;
}

grasp_status grasp__strata_find(grasp_context *ctx, grasp__strata *t)
{
    work w;
    t->k = t->n_clusters = 1;
    t->kept = 0;
    t->score = -1;
    memset(t->label, 0, (size_t)(t->n_train + t->n_val) * sizeof *t->label);
    grasp_status s = work_open(ctx, t, &w);
    if (s == GRASP_OK && t->n_train > 2)
        s = find_base(ctx, t, &w);
    if (s == GRASP_OK && t->k > 1) {
        t->n_clusters = t->k;
        for (int64_t i = t->n_train; i < t->n_train + t->n_val; i++)
            t->label[i] = split_predict(ctx, &w.base, t->point + i * t->p, t->p, w.scratch);
        if (t->parts > 1) {
            grasp__stage_mark outer = grasp__stage_begin(ctx, "overclusters", 0.8, 1);
            s = overcluster(ctx, t, &w);
            grasp__stage_end(ctx, outer);
        }
    }
    work_close(&w);
    return s;
}
