/* SPDX-License-Identifier: BSD-3-Clause
 * k-means: Lloyd's iterations (Lloyd 1982) from several k-means++ starts; the lowest inertia wins, the earliest start
 * among equals. O(n k p) an iteration, O(n + k p) memory.
 *
 * A row goes to the centre of least squared difference, the lowest of equals; distances are summed from differences, so
 * that neither a large mean nor short distances cost digits, and representable ties are ties. One pass both assigns the
 * rows and adds them up for the next centres. A centre that no row is next to takes the row that is farthest from its
 * own centre.
 */
#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>

enum { MOST_CHUNKS = 16, SUMS_BYTES = 1 << 24, BLOCK_VALUES = 1 << 15 };

static const grasp__param entries[] = {
    {GRASP_KEY_K, GRASP_PARAM_I64, "2", "[1, inf)", "number of clusters"},
    {GRASP_KEY_RESTARTS, GRASP_PARAM_I64, "10", "[1, inf)", "k-means++ starts; the lowest inertia wins"},
    {GRASP_KEY_MAX_ITERATIONS, GRASP_PARAM_I64, "300", "[1, inf)", "most iterations of a start"},
    {GRASP_KEY_TOLERANCE, GRASP_PARAM_F64, "1e-6", "[0, inf)",
     "stop when no centre moved by more, in units of the data's spread"},
    {GRASP_KEY_UNIT, GRASP_PARAM_BOOL, "false", NULL, "points: scale rows to length 1 first"},
};

const grasp__param_table grasp__kmeans_params = {
    .algorithm = "kmeans", .params = entries, .count = sizeof entries / sizeof *entries};

double grasp__squared_difference(const double *x, const double *y, int64_t p)
{
    double sum[4] = {0, 0, 0, 0};
    int64_t j = 0;
    for (; j + 4 <= p; j += 4)
        for (int64_t q = 0; q < 4; q++) {
            double z = x[j + q] - y[j + q];
            sum[q] += z * z;
        }
    for (; j < p; j++) {
        double z = x[j] - y[j];
        sum[0] += z * z;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* ---- passes over the rows ---------------------------------------------------------------------------------------- */

int64_t grasp__lloyd_block(grasp__lloyd *w, int64_t chunk, int32_t worker, int64_t *first, double **row)
{
    *first = w->first + chunk * w->rows;
    *row = w->scratch + worker * w->rows * w->p;
    int64_t n = w->n - *first < w->rows ? w->n - *first : w->rows;
    if (n > 0)
        grasp__distances_rows(w->d, *first, n, *row);
    return n > 0 ? n : 0;
}

grasp_status grasp__lloyd_pass(grasp_context *ctx, grasp__lloyd *w, grasp__task task)
{
    grasp_status s = GRASP_OK;
    for (w->first = 0; s == GRASP_OK && w->first < w->n; w->first += w->chunks * w->rows)
        s = grasp__parallel(ctx, w->chunks, task, w);
    return s;
}

static int64_t nearest(const grasp__lloyd *w, const double *row, double *distance)
{
    int64_t best = 0;
    *distance = grasp__squared_difference(row, w->center, w->p);
    for (int64_t c = 1; c < w->k; c++) {
        double v = grasp__squared_difference(row, w->center + c * w->p, w->p);
        if (v < *distance) {
            *distance = v;
            best = c;
        }
    }
    return best;
}

/* Adds `weight` times a row to its centre's sum. */
static void add(grasp__lloyd *w, int64_t chunk, int64_t c, double weight, const double *row)
{
    double *sum = w->sum + (chunk * w->k + c) * w->p;
    for (int64_t j = 0; j < w->p; j++)
        sum[j] += weight * row[j];
    w->weight[chunk * w->k + c] += weight;
}

static grasp_status assign_task(void *arg, int64_t chunk, int32_t worker)
{
    grasp__lloyd *w = arg;
    int64_t first;
    double *row;
    for (int64_t i = 0, n = grasp__lloyd_block(w, chunk, worker, &first, &row); i < n; i++) {
        int64_t c = nearest(w, row + i * w->p, &w->distance[first + i]);
        w->changed[chunk] += c != w->label[first + i];
        w->label[first + i] = c;
        w->members[chunk * w->k + c]++;
        add(w, chunk, c, grasp__lloyd_weight(w, first + i), row + i * w->p);
    }
    return GRASP_OK;
}

/* The row farthest from its centre that is not alone there; -1 if all rows lie on centres. */
static int64_t farthest(const grasp__lloyd *w)
{
    int64_t at = -1;
    for (int64_t i = 0; i < w->n; i++)
        if (w->distance[i] > 0 && w->members[w->label[i]] > 1 && (at < 0 || w->distance[i] > w->distance[at]))
            at = i;
    return at;
}

/* Each centre without rows takes one; true if there was any such row. */
static bool fill_empty(grasp__lloyd *w)
{
    bool moved = false;
    for (int64_t c = 0; c < w->k; c++) {
        int64_t i = w->members[c] == 0 ? farthest(w) : -1;
        if (i < 0)
            continue;
        double weight = grasp__lloyd_weight(w, i), *row = w->scratch;
        grasp__distances_rows(w->d, i, 1, row);
        add(w, 0, w->label[i], -weight, row);
        add(w, 0, c, weight, row);
        w->members[w->label[i]]--;
        w->members[c]++;
        w->label[i] = c;
        w->distance[i] = 0;
        moved = true;
    }
    return moved;
}

/* Assigns every row and leaves the sums in chunk 0. *changed: some label is another than before. */
static grasp_status assign(grasp_context *ctx, grasp__lloyd *w, bool *changed)
{
    int64_t width = w->k * w->p;
    memset(w->sum, 0, (size_t)(w->chunks * width) * sizeof(double));
    memset(w->weight, 0, (size_t)(w->chunks * w->k) * sizeof(double));
    memset(w->members, 0, (size_t)(w->chunks * w->k) * sizeof(int64_t));
    memset(w->changed, 0, (size_t)w->chunks * sizeof(int64_t));
    grasp_status s = grasp__lloyd_pass(ctx, w, assign_task);
    for (int64_t chunk = 1; s == GRASP_OK && chunk < w->chunks; chunk++) {
        for (int64_t j = 0; j < width; j++)
            w->sum[j] += w->sum[chunk * width + j];
        for (int64_t c = 0; c < w->k; c++) {
            w->weight[c] += w->weight[chunk * w->k + c];
            w->members[c] += w->members[chunk * w->k + c];
        }
        w->changed[0] += w->changed[chunk];
    }
    *changed = w->changed[0] > 0;
    return s;
}

/* Centres become the means of their rows; returns the greatest squared move. */
static double move_centers(grasp__lloyd *w)
{
    double most = 0;
    for (int64_t c = 0; c < w->k; c++) {
        double *center = w->center + c * w->p, *mean = w->sum + c * w->p;
        if (w->members[c] == 0)
            continue;
        for (int64_t j = 0; j < w->p; j++)
            mean[j] /= w->weight[c];
        most = fmax(most, grasp__squared_difference(mean, center, w->p));
        memcpy(center, mean, (size_t)w->p * sizeof(double));
    }
    return most;
}

static double inertia_of(const grasp__lloyd *w)
{
    grasp__sum sum = {0, 0};
    for (int64_t i = 0; i < w->n; i++)
        grasp__sum_add(&sum, grasp__lloyd_weight(w, i) * w->distance[i]);
    return grasp__sum_value(&sum);
}

/* Mean squared distance from the mean: the scale of the tolerance. */
static grasp_status spread_of(grasp_context *ctx, grasp__lloyd *w, double *spread)
{
    int64_t k = w->k;
    bool changed;
    w->k = 1;
    memset(w->center, 0, (size_t)w->p * sizeof(double));
    memset(w->label, 0, (size_t)w->n * sizeof(int64_t));
    grasp_status s = assign(ctx, w, &changed);
    if (s == GRASP_OK) {
        move_centers(w);
        s = assign(ctx, w, &changed);
    }
    if (s == GRASP_OK)
        *spread = inertia_of(w) / w->weight[0];
    w->k = k;
    return s;
}

/* From the centres as they are to the nearest fixed point; the labels left are those of the centres left. */
static grasp_status iterate(grasp_context *ctx, grasp__lloyd *w, double least_move, int64_t most_iterations,
                            int64_t *iterations)
{
    bool changed = true, moved = false;
    for (int64_t i = 0; i < w->n; i++)
        w->label[i] = -1;
    for (*iterations = 0; *iterations < most_iterations;) {
        grasp_status s = assign(ctx, w, &changed);
        if (s != GRASP_OK)
            return s;
        ++*iterations;
        moved = fill_empty(w);
        if (!changed && !moved)
            return GRASP_OK;
        if (move_centers(w) <= least_move && !moved) {
            s = assign(ctx, w, &changed);
            return s;
        }
    }
    grasp_status s = assign(ctx, w, &changed);
    return s == GRASP_OK && changed ? GRASP_NOT_CONVERGED : s;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

typedef struct best_run {
    int64_t *label, iterations;
    double *center, inertia;
    grasp_status status;
} best_run;

/* Numbers clusters by their lowest row; those without rows come last. */
static void write_result(const grasp__lloyd *w, const best_run *best, int64_t *number, int64_t *label, double *centers)
{
    int64_t next = 0;
    for (int64_t c = 0; c < w->k; c++)
        number[c] = -1;
    for (int64_t i = 0; i < w->n; i++) {
        if (number[best->label[i]] < 0)
            number[best->label[i]] = next++;
        label[i] = number[best->label[i]];
    }
    for (int64_t c = 0; c < w->k; c++) {
        if (number[c] < 0)
            number[c] = next++;
        if (centers != NULL)
            memcpy(centers + number[c] * w->p, best->center + c * w->p, (size_t)w->p * sizeof(double));
    }
}

/* Rows of a block, and as many sums of k x p as keep workers busy and fit SUMS_BYTES. */
static void plan(grasp__lloyd *w, int64_t width)
{
    w->rows = BLOCK_VALUES / (w->p > 0 ? w->p : 1);
    w->rows = w->rows < 1 ? 1 : w->rows > 256 ? 256 : w->rows;
    w->chunks = SUMS_BYTES / (int64_t)sizeof(double) / (width > 0 ? width : 1);
    w->chunks = w->chunks < 1 ? 1 : w->chunks > MOST_CHUNKS ? MOST_CHUNKS : w->chunks;
    if (w->chunks > (w->n + w->rows - 1) / w->rows)
        w->chunks = (w->n + w->rows - 1) / w->rows;
}

uint64_t grasp__kmeans_price(grasp_context *ctx, int64_t n, int64_t p, int64_t k)
{
    grasp__lloyd w = {.n = n, .p = p, .k = k};
    int64_t width;
    if (!grasp__mul_i64(k, p, &width))
        return UINT64_MAX;
    plan(&w, width);
    uint64_t sum = grasp__price(width, sizeof(double));
    grasp__price_add(&sum, width, sizeof(double));
    grasp__price_add(&sum, n, sizeof(int64_t));
    grasp__price_add(&sum, n, sizeof(int64_t));
    grasp__price_add(&sum, n, sizeof(double));
    sum = grasp__price_sum(sum, grasp__price_values(w.chunks, width, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__price_values(w.chunks, k, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__price_values(w.chunks, k, sizeof(int64_t)));
    grasp__price_add(&sum, w.chunks, sizeof(int64_t));
    return grasp__price_sum(sum, grasp__price_values(grasp__workers(ctx) * w.rows, p, sizeof(double)));
}

static grasp_status allocate(grasp_context *ctx, grasp__lloyd *w, best_run *best)
{
    int64_t width, sums, scratch;
    grasp_status s = grasp__check_product(ctx, w->k, w->p, "centres", &width);
    if (s != GRASP_OK)
        return s;
    plan(w, width);
    if ((s = grasp__check_product(ctx, w->chunks, width, "sums of rows", &sums)) != GRASP_OK ||
        (s = grasp__check_product(ctx, grasp__workers(ctx) * w->rows, w->p, "rows", &scratch)) != GRASP_OK ||
        (s = grasp__alloc(ctx, width, sizeof(double), &w->center)) != GRASP_OK ||
        (s = grasp__alloc(ctx, w->n, sizeof(int64_t), &w->label)) != GRASP_OK ||
        (s = grasp__alloc(ctx, w->n, sizeof(double), &w->distance)) != GRASP_OK ||
        (s = grasp__alloc(ctx, sums, sizeof(double), &w->sum)) != GRASP_OK ||
        (s = grasp__alloc(ctx, w->chunks * w->k, sizeof(double), &w->weight)) != GRASP_OK ||
        (s = grasp__alloc(ctx, w->chunks * w->k, sizeof(int64_t), &w->members)) != GRASP_OK ||
        (s = grasp__alloc(ctx, w->chunks, sizeof(int64_t), &w->changed)) != GRASP_OK ||
        (s = grasp__alloc(ctx, scratch, sizeof(double), &w->scratch)) != GRASP_OK ||
        (s = grasp__alloc(ctx, width, sizeof(double), &best->center)) != GRASP_OK)
        return s;
    return grasp__alloc(ctx, w->n, sizeof(int64_t), &best->label);
}

static void release(grasp__lloyd *w, best_run *best)
{
    void *blocks[] = {w->center,  w->label,   w->distance, w->sum,       w->weight,
                      w->members, w->changed, w->scratch,  best->center, best->label};
    for (size_t q = 0; q < sizeof blocks / sizeof *blocks; q++)
        grasp__free(blocks[q]);
}

/* One start; keeps it when it is the best so far. */
static grasp_status run(grasp_context *ctx, grasp__lloyd *w, int64_t first, int64_t restart, double least_move,
                        int64_t most_iterations, best_run *best, double *inertia)
{
    int64_t iterations;
    grasp_status s = grasp__kmeans_start(ctx, w, first + restart);
    if (s != GRASP_OK)
        return s;
    s = iterate(ctx, w, least_move, most_iterations, &iterations);
    if (s != GRASP_OK && s != GRASP_NOT_CONVERGED)
        return s;
    *inertia = inertia_of(w);
    if (restart > 0 && !(*inertia < best->inertia))
        return GRASP_OK;
    best->inertia = *inertia;
    best->iterations = iterations;
    best->status = s;
    memcpy(best->label, w->label, (size_t)w->n * sizeof(int64_t));
    memcpy(best->center, w->center, (size_t)(w->k * w->p) * sizeof(double));
    return GRASP_OK;
}

grasp_status grasp__kmeans_from(grasp_context *ctx, const grasp_distances *d, const grasp__options *o, int64_t first,
                                const int64_t *multiplicity, int64_t *label, double *centers, double *inertia,
                                grasp_report *report_or_null)
{
    int64_t restarts = grasp__options_i64(o, GRASP_KEY_RESTARTS),
            most = grasp__options_i64(o, GRASP_KEY_MAX_ITERATIONS);
    double tolerance = grasp__options_f64(o, GRASP_KEY_TOLERANCE), spread = 0, of_run = 0;
    grasp__lloyd w = {.d = d,
                      .multiplicity = multiplicity,
                      .n = grasp__distances_count(d),
                      .p = grasp__distances_dim(d),
                      .k = grasp__options_i64(o, GRASP_KEY_K),
                      .seed = grasp__seed(ctx)};
    best_run best = {0};
    grasp_status s = allocate(ctx, &w, &best);
    if (s == GRASP_OK)
        s = spread_of(ctx, &w, &spread);
    if (s == GRASP_OK && report_or_null != NULL)
        s = grasp__report_put_series(ctx, report_or_null, "inertia.restart", NULL, 0);
    for (int64_t r = 0; s == GRASP_OK && r < restarts; r++) {
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "kmeans", (double)r / (double)restarts, (double)(r + 1) / (double)restarts);
        s = run(ctx, &w, first, r, tolerance * tolerance * spread, most, &best, &of_run);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report_or_null, "inertia.restart", of_run);
    }
    if (s == GRASP_OK &&
        (s = grasp__report_put_value(ctx, report_or_null, "iterations", (double)best.iterations)) == GRASP_OK)
        s = grasp__report_put_value(ctx, report_or_null, "inertia", best.inertia);
    if (s == GRASP_OK) {
        write_result(&w, &best, w.members, label, centers);
        if (inertia != NULL)
            *inertia = best.inertia;
        s = best.status;
    }
    release(&w, &best);
    return s;
}

grasp_status grasp__kmeans(grasp_context *ctx, const grasp_distances *d, const grasp__options *o,
                           const int64_t *multiplicity, int64_t *label, double *centers, double *inertia,
                           grasp_report *report_or_null)
{
    return grasp__kmeans_from(ctx, d, o, 0, multiplicity, label, centers, inertia, report_or_null);
}
