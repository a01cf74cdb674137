/* SPDX-License-Identifier: BSD-3-Clause
 * Saved inferences: the grid, class by class what was chosen and found, and the gradients of the core samples, class by
 * class in row order: all that assigning needs.
 */
#include "io/object.h"

#include "infer/infer.h"

#include <math.h>
#include <string.h>

/* Section SIZE: metric, algorithm, centred, classes, settings, samples, values of a gradient; robust, else 0: inputs of
 * a rule, outputs of their layer, the layer, biases last, inputs known. */
enum { SIZES = 12, FIRST_OF_ROBUST = 7 };
/* Section CLAS of a class: label, samples, min_samples, clusters, admissible, rules. Section NUMB: eps, score. */
enum { CLASS_SIZES = 6, CLASS_NUMBERS = 2 };

/* ---- saving ------------------------------------------------------------------------------------------------------ */

static grasp_status save_class(grasp_context *ctx, grasp__writer *w, const grasp_inference *inference,
                               const grasp__inferred_class *k)
{
    int64_t p = grasp__gradients_dim(inference->gradients);
    int64_t sizes[CLASS_SIZES] = {k->label, k->n, k->min_samples, k->n_clusters, k->admissible, k->n_rules};
    double numbers[CLASS_NUMBERS] = {k->eps, k->score};
    bool has_mean = k->mean != NULL && !grasp__class_is_whole(inference, k);
    grasp_status s = grasp__writer_section(ctx, w, "CLAS", GRASP__ELEMENT_I64, sizes, CLASS_SIZES);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "NUMB", GRASP__ELEMENT_F64, numbers, CLASS_NUMBERS);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "PLAC", GRASP__ELEMENT_I64, k->row, k->n);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "CLUS", GRASP__ELEMENT_I64, k->cluster, k->n);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "CORE", GRASP__BYTES, k->core, k->n);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "MEAN", GRASP__ELEMENT_F64, k->mean, has_mean ? p : 0);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "CENT", GRASP__ELEMENT_F64, k->centers,
                                  k->centers == NULL ? 0 : k->n_clusters * p);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "RULE", GRASP__ELEMENT_F64, k->rule, k->n_rules * (inference->inputs + 2));
    return s == GRASP_OK
               ? grasp__writer_section(ctx, w, "SCOR", GRASP__ELEMENT_F64, k->scores, inference->n_settings)
               : s;
}

/* A view of the cores' gradients; a loaded inference holds no others. */
static grasp_status select_cores(grasp_context *ctx, const grasp_inference *inference, grasp_gradients **out)
{
    int64_t *row = NULL, cores = 0, next = 0;
    for (int64_t c = 0; c < inference->n_classes; c++)
        cores += grasp__class_cores(&inference->classes[c]);
    grasp_status s = grasp__alloc(ctx, cores, sizeof *row, &row);
    if (s != GRASP_OK)
        return s;
    for (int64_t c = 0; c < inference->n_classes; c++) {
        const grasp__inferred_class *k = &inference->classes[c];
        for (int64_t i = 0; i < k->n; i++)
            if (k->core[i]) {
                row[next] = inference->cores_only ? next : k->row[i];
                next++;
            }
    }
    s = grasp__gradients_select(ctx, inference->gradients, row, cores, out);
    grasp__free(row);
    return s;
}

static grasp_status save(grasp_context *ctx, grasp__writer *w, const void *object)
{
    const grasp_inference *inference = object;
    int64_t settings = inference->n_settings;
    int64_t sizes[SIZES] = {inference->metric,
                            inference->algorithm,
                            inference->center,
                            inference->n_classes,
                            settings,
                            inference->groups->n,
                            grasp__gradients_dim(inference->gradients),
                            inference->inputs,
                            inference->input_outputs,
                            inference->input_layer,
                            inference->input_biases_last,
                            inference->input_known};
    grasp_gradients *cores = NULL;
    grasp_status s = grasp__writer_section(ctx, w, "SIZE", GRASP__ELEMENT_I64, sizes, SIZES);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "GEPS", GRASP__ELEMENT_F64, inference->grid_eps, settings);
    if (s == GRASP_OK)
        s = grasp__writer_section(ctx, w, "GMIN", GRASP__ELEMENT_I64, inference->grid_min_samples, settings);
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++)
        s = save_class(ctx, w, inference, &inference->classes[c]);
    if (s == GRASP_OK)
        s = select_cores(ctx, inference, &cores);
    if (s == GRASP_OK)
        s = grasp__save_gradients(ctx, w, cores);
    grasp__gradients_free(cores);
    return s;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static grasp_status fail_class(grasp_context *ctx, int64_t c, const char *what)
{
    return grasp__fail(ctx, GRASP_E_FORMAT, "class %" PRId64 " of the file has %s", c, what);
}

/* A section of n or of no elements; none leaves NULL. */
static grasp_status load_optional(grasp_context *ctx, grasp__loader *r, const char *tag, bool there, int64_t n,
                                  double **out)
{
    int64_t count;
    grasp_status s = grasp__loader_section(ctx, r, tag, GRASP__ELEMENT_F64, there ? n : 0, out, &count);
    if (s == GRASP_OK && !there) {
        grasp__free(*out);
        *out = NULL;
    }
    return s;
}

/* Clusters and cores must be possible; cores lie in clusters, and belong to dbscan. */
static grasp_status check_class(grasp_context *ctx, const grasp_inference *inference, int64_t c)
{
    const grasp__inferred_class *k = &inference->classes[c];
    if (c > 0 && k->label <= inference->classes[c - 1].label)
        return fail_class(ctx, c, "a label that does not ascend");
    for (int64_t i = 0; i < k->n; i++) {
        if (k->cluster[i] < GRASP_NOISE || k->cluster[i] >= k->n_clusters)
            return fail_class(ctx, c, "a cluster that is none");
        if (k->core[i] > 1 || (k->core[i] == 1 && (k->cluster[i] < 0 || isnan(k->eps))))
            return fail_class(ctx, c, "a core sample that cannot be one");
        if (k->cluster[i] < 0 && inference->algorithm == GRASP__INFER_KMEANS)
            return fail_class(ctx, c, "noise after k-means");
    }
    return GRASP_OK;
}

static grasp_status load_class(grasp_context *ctx, grasp__loader *r, grasp_inference *inference, int64_t p)
{
    int64_t c = inference->n_classes, count, *sizes = NULL;
    double *numbers = NULL;
    grasp_status s = GRASP_OK;
    if ((c & (c - 1)) == 0) /* room for twice as many, as they come */
        s = grasp__realloc(ctx, c, c == 0 ? 1 : 2 * c, sizeof *inference->classes, &inference->classes);
    if (s != GRASP_OK)
        return s;
    grasp__inferred_class *k = &inference->classes[c];
    memset(k, 0, sizeof *k);
    inference->n_classes = c + 1; /* from here on freed with it */
    s = grasp__loader_section(ctx, r, "CLAS", GRASP__ELEMENT_I64, CLASS_SIZES, &sizes, &count);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "NUMB", GRASP__ELEMENT_F64, CLASS_NUMBERS, &numbers, &count);
    if (s == GRASP_OK) {
        k->label = sizes[0];
        k->n = sizes[1];
        k->min_samples = sizes[2];
        k->n_clusters = sizes[3];
        k->admissible = sizes[4] != 0;
        k->n_rules = sizes[5];
        k->eps = numbers[0];
        k->score = numbers[1];
        if (k->n < 1 || k->n_clusters < 0 || k->n_clusters > k->n || sizes[4] < 0 || sizes[4] > 1 || k->eps < 0 ||
            k->n_rules < 0 || k->n_rules != (inference->algorithm == GRASP__INFER_ROBUST ? k->n_clusters - 1 : 0))
            s = fail_class(ctx, c, "impossible sizes");
    }
    grasp__free(numbers);
    grasp__free(sizes);
    bool dbscan = inference->algorithm == GRASP__INFER_DBSCAN, kmeans = inference->algorithm == GRASP__INFER_KMEANS;
    bool is_found = dbscan ? !isnan(k->eps) : k->min_samples > 0;
    int64_t width = inference->inputs + 2; /* below what a file can hold: checked */
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "PLAC", GRASP__ELEMENT_I64, k->n, &k->row, &count);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "CLUS", GRASP__ELEMENT_I64, k->n, &k->cluster, &count);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "CORE", GRASP__BYTES, k->n, &k->core, &count);
    if (s == GRASP_OK)
        s = check_class(ctx, inference, c);
    if (s == GRASP_OK)
        s = load_optional(ctx, r, "MEAN", inference->center && is_found, p, &k->mean);
    if (s == GRASP_OK && !grasp__mul_i64(k->n_clusters, p, &count))
        s = fail_class(ctx, c, "impossible sizes");
    if (s == GRASP_OK)
        s = load_optional(ctx, r, "CENT", kmeans && is_found, count, &k->centers);
    if (s == GRASP_OK && !grasp__mul_i64(k->n_rules, width, &count))
        s = fail_class(ctx, c, "impossible sizes");
    if (s == GRASP_OK)
        s = load_optional(ctx, r, "RULE", k->n_rules > 0, count, &k->rule);
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "SCOR", GRASP__ELEMENT_F64, inference->n_settings, &k->scores, &count);
    return s;
}

/* Every sample is in one class. */
static grasp_status check_places(grasp_context *ctx, const grasp_inference *inference, int64_t n)
{
    uint8_t *seen = NULL;
    int64_t total = 0;
    for (int64_t c = 0; c < inference->n_classes; c++)
        total += inference->classes[c].n; /* each was read from the file: no overflow */
    if (total != n)
        return grasp__fail(ctx, GRASP_E_FORMAT, "the classes of the file have %" PRId64 " samples, expected %" PRId64,
                           total, n);
    grasp_status s = grasp__alloc_zero(ctx, n, 1, &seen);
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++)
        for (int64_t i = 0; s == GRASP_OK && i < inference->classes[c].n; i++) {
            int64_t row = inference->classes[c].row[i];
            if (row < 0 || row >= n || seen[row]++)
                s = fail_class(ctx, c, "a sample that is out of range or stands in two places");
        }
    grasp__free(seen);
    return s;
}

static grasp_status load_gradients(grasp_context *ctx, grasp__loader *r, grasp_inference *inference, int64_t p)
{
    void *gradients = NULL;
    int64_t cores = 0;
    for (int64_t c = 0; c < inference->n_classes; c++)
        cores += grasp__class_cores(&inference->classes[c]);
    grasp_status s = grasp__load_gradients(ctx, r, &gradients);
    inference->gradients = gradients;
    inference->cores_only = true;
    if (s == GRASP_OK &&
        (grasp__gradients_count(inference->gradients) != cores || grasp__gradients_dim(inference->gradients) != p))
        s = grasp__fail(ctx, GRASP_E_FORMAT,
                        "the file has %" PRId64 " gradients of %" PRId64 " values, expected %" PRId64 " of %" PRId64,
                        grasp__gradients_count(inference->gradients), grasp__gradients_dim(inference->gradients), cores,
                        p);
    return s;
}

/* Where inputs stand in a gradient must be possible; what is not robust has none. */
static bool robust_sizes(const int64_t *size)
{
    int64_t inputs = size[FIRST_OF_ROBUST], outputs = size[FIRST_OF_ROBUST + 1], layer = size[FIRST_OF_ROBUST + 2],
            values;
    for (int k = FIRST_OF_ROBUST; size[1] != GRASP__INFER_ROBUST && k < SIZES; k++)
        if (size[k] != 0)
            return false;
    if (size[1] != GRASP__INFER_ROBUST)
        return true;
    if (inputs < 0 || inputs > INT64_MAX / 16 || outputs < 0 || layer < -1 || size[FIRST_OF_ROBUST + 3] < 0 ||
        size[FIRST_OF_ROBUST + 3] > 1 || size[FIRST_OF_ROBUST + 4] < 0 || size[FIRST_OF_ROBUST + 4] > 1)
        return false;
    return size[FIRST_OF_ROBUST + 4] == 0 || layer >= 0 ||
           (outputs > 0 && grasp__mul_i64(outputs, inputs + 1, &values) && values == size[6]);
}

/* The layer that rules read from must be there. */
static grasp_status check_layer(grasp_context *ctx, const grasp_inference *inference)
{
    const grasp_gradients *g = inference->gradients;
    grasp__layer_shape shape;
    if (inference->algorithm != GRASP__INFER_ROBUST || !inference->input_known)
        return GRASP_OK;
    bool there = inference->input_layer < 0 ? !grasp__gradients_is_factored(g)
                                            : inference->input_layer < grasp__gradients_n_layers(g);
    if (there && inference->input_layer >= 0) {
        grasp__gradients_layer_shape(g, inference->input_layer, &shape);
        there = shape.inputs == inference->inputs && shape.outputs == inference->input_outputs && shape.positions == 1;
    }
    return there ? GRASP_OK : grasp__fail(ctx, GRASP_E_FORMAT, "the gradients of the file lack the layer of its rules");
}

static grasp_status load(grasp_context *ctx, grasp__loader *r, void **out)
{
    int64_t *size = NULL, count;
    grasp_inference *inference = NULL;
    grasp_status s = grasp__loader_section(ctx, r, "SIZE", GRASP__ELEMENT_I64, SIZES, &size, &count);
    if (s != GRASP_OK)
        return s;
    if ((size[0] != GRASP__COSINE && size[0] != GRASP__EUCLIDEAN) ||
        (size[1] != GRASP__INFER_DBSCAN && size[1] != GRASP__INFER_KMEANS && size[1] != GRASP__INFER_ROBUST) ||
        size[2] < 0 || size[2] > 1 || size[3] < 0 || size[4] < 0 || size[5] < 0 || size[6] < 0 || !robust_sizes(size))
        s = grasp__fail(ctx, GRASP_E_FORMAT, "section SIZE holds impossible sizes");
    if (s == GRASP_OK)
        s = grasp__inference_empty(ctx, size[4], &inference);
    if (s == GRASP_OK) {
        inference->metric = (int32_t)size[0];
        inference->algorithm = (int32_t)size[1];
        inference->center = size[2] != 0;
        inference->inputs = size[FIRST_OF_ROBUST];
        inference->input_outputs = size[FIRST_OF_ROBUST + 1];
        inference->input_layer = size[FIRST_OF_ROBUST + 2];
        inference->input_biases_last = size[FIRST_OF_ROBUST + 3] != 0;
        inference->input_known = size[FIRST_OF_ROBUST + 4] != 0;
        s = grasp__loader_section(ctx, r, "GEPS", GRASP__ELEMENT_F64, size[4], &inference->grid_eps, &count);
    }
    if (s == GRASP_OK)
        s = grasp__loader_section(ctx, r, "GMIN", GRASP__ELEMENT_I64, size[4], &inference->grid_min_samples, &count);
    for (int64_t c = 0; s == GRASP_OK && c < size[3]; c++)
        s = load_class(ctx, r, inference, size[6]);
    if (s == GRASP_OK)
        s = check_places(ctx, inference, size[5]);
    if (s == GRASP_OK)
        s = load_gradients(ctx, r, inference, size[6]);
    if (s == GRASP_OK)
        s = check_layer(ctx, inference);
    if (s == GRASP_OK)
        s = grasp__inference_merge(ctx, inference, size[5]);
    if (s == GRASP_E_ARG)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "the file has more groups than there may be");
    grasp__free(size);
    *out = inference;
    return s;
}

static void destroy(void *object)
{
    grasp__inference_free(object);
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static grasp_status check(grasp_context *ctx, const void *object)
{
    const grasp_inference *inference = object;
    grasp_status s = grasp__inference_check(ctx, inference, "inference");
    if (s == GRASP_OK && inference->algorithm == GRASP__INFER_GMM)
        s = grasp__fail(ctx, GRASP_E_UNSUPPORTED, "an inference by gmm cannot be saved; its groups can");
    return s;
}

static const grasp__kind kind = {"INFR", check, save, load, destroy};

grasp_status grasp_inference_save(grasp_context *ctx, const grasp_inference *inference, grasp_write_fn fn, void *user)
{
    return grasp__save(ctx, __func__, &kind, inference, fn, user);
}

grasp_status grasp_inference_save_file(grasp_context *ctx, const grasp_inference *inference, const char *path)
{
    return grasp__save_file(ctx, __func__, &kind, inference, path);
}

grasp_status grasp_inference_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_inference **out)
{
    return grasp__load(ctx, __func__, &kind, fn, user, (void **)out);
}

grasp_status grasp_inference_load_file(grasp_context *ctx, const char *path, grasp_inference **out)
{
    return grasp__load_file(ctx, __func__, &kind, path, (void **)out);
}
