/* SPDX-License-Identifier: BSD-3-Clause
 * Gaussian mixtures with full covariances by expectation maximisation (Dempster, Laird, Rubin 1977), as scikit-learn's
 * GaussianMixture: from the clusters of one k-means start, each further start from another; the highest mean log
 * likelihood wins, the earliest among equals.
 *
 *   M: n_j = sum_i r_ij, w_j = n_j / n, m_j = sum_i r_ij x_i / n_j, S_j = sum_i r_ij (x_i - m_j)(x_i - m_j)^T / n_j +
 *   reg I E: r_ij = w_j N(x_i | m_j, S_j) / sum_j' ...
 *
 * until the mean log likelihood moves by less than the tolerance. Sums run over blocks of rows in order on the calling
 * thread. O(n k p^2) an iteration; memory O(n k + k p^2).
 */
#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>

static const grasp__param entries[] = {
    {GRASP_KEY_K, GRASP_PARAM_I64, "2", "[1, inf)", "number of components"},
    {GRASP_KEY_RESTARTS, GRASP_PARAM_I64, "3", "[1, inf)", "k-means starts; the highest likelihood wins"},
    {GRASP_KEY_MAX_ITERATIONS, GRASP_PARAM_I64, "300", "[1, inf)", "most iterations of a start"},
    {GRASP_KEY_TOLERANCE, GRASP_PARAM_F64, "1e-3", "[0, inf)",
     "stop when the mean log likelihood of a sample moved by less"},
    {GRASP_KEY_REGULARIZATION, GRASP_PARAM_F64, "1e-6", "[0, inf)", "added to the diagonal of every covariance"},
    {GRASP_KEY_UNIT, GRASP_PARAM_BOOL, "false", NULL, "points: scale rows to length 1 first"},
};

const grasp__param_table grasp__gmm_params = {
    .algorithm = "gmm", .params = entries, .count = sizeof entries / sizeof *entries};

enum { BLOCK_VALUES = 1 << 15, MOST_ROWS = 256 };

typedef struct em {
    const grasp_distances *d;
    const int64_t *multiplicity;
    int64_t n, p, k, rows;    /* rows of a block */
    double total, regularization;
    grasp__mixture *now, *best;
    double *responsibility;   /* n x k */
    double *row, *scratch;    /* rows x p, 2 rows x p */
    double *size, *covariance, *part; /* k, p x p, p x p: of a block */
} em;

static double weight_of(const em *e, int64_t i)
{
    return e->multiplicity != NULL ? (double)e->multiplicity[i] : 1;
}

static int64_t block_rows(const em *e, int64_t first)
{
    return e->n - first < e->rows ? e->n - first : e->rows;
}

/* ---- M ----------------------------------------------------------------------------------------------------------- */

static grasp_status move_means(grasp_context *ctx, em *e)
{
    grasp_status s = GRASP_OK;
    memset(e->size, 0, (size_t)e->k * sizeof *e->size);
    memset(e->now->mean, 0, (size_t)(e->k * e->p) * sizeof(double));
    for (int64_t first = 0; s == GRASP_OK && first < e->n; first += e->rows) {
        s = grasp__tick(ctx, first, e->n);
        grasp__distances_rows(e->d, first, block_rows(e, first), e->row);
        for (int64_t i = 0; i < block_rows(e, first); i++)
            for (int64_t j = 0; j < e->k; j++) {
                double r = weight_of(e, first + i) * e->responsibility[(first + i) * e->k + j];
                e->size[j] += r;
                for (int64_t c = 0; c < e->p && r > 0; c++)
                    e->now->mean[j * e->p + c] += r * e->row[i * e->p + c];
            }
    }
    for (int64_t j = 0; j < e->k; j++) {
        e->size[j] += 10 * 2.220446049250313e-16; /* scikit-learn's, where no sample is left */
        e->now->log_weight[j] = log(e->size[j] / e->total);
        for (int64_t c = 0; c < e->p; c++)
            e->now->mean[j * e->p + c] /= e->size[j];
    }
    return s;
}

static grasp_status move_covariance(grasp_context *ctx, em *e, int64_t j)
{
    const grasp__kernels *kernels = grasp__context_kernels(ctx);
    int64_t p = e->p;
    grasp_status s = GRASP_OK;
    memset(e->covariance, 0, (size_t)(p * p) * sizeof(double));
    for (int64_t first = 0; s == GRASP_OK && first < e->n; first += e->rows) {
        int64_t n = block_rows(e, first);
        s = grasp__tick(ctx, first, e->n);
        grasp__distances_rows(e->d, first, n, e->row);
        for (int64_t i = 0; i < n; i++) {
            double root = sqrt(weight_of(e, first + i) * e->responsibility[(first + i) * e->k + j]);
            for (int64_t c = 0; c < p; c++)
                e->scratch[c * n + i] = root * (e->row[i * p + c] - e->now->mean[j * p + c]);
        }
        kernels->gram_f64(p, p, n, e->scratch, n, e->scratch, n, e->part, p);
        for (int64_t c = 0; c < p * p; c++)
            e->covariance[c] += e->part[c];
    }
    for (int64_t c = 0; c < p * p; c++)
        e->covariance[c] /= e->size[j];
    for (int64_t c = 0; c < p; c++)
        e->covariance[c * p + c] += e->regularization;
    if (s == GRASP_OK && !grasp__mixture_set_covariance(e->now, j, e->covariance))
        s = grasp__fail(ctx, GRASP_E_NUMERIC,
                        "the covariance of a component is not positive definite; a larger %s than %g may help",
                        GRASP_KEY_REGULARIZATION, e->regularization);
    return s;
}

static grasp_status maximise(grasp_context *ctx, em *e)
{
    grasp_status s = move_means(ctx, e);
    for (int64_t j = 0; s == GRASP_OK && j < e->k; j++)
        s = move_covariance(ctx, e, j);
    return s;
}

/* ---- E ----------------------------------------------------------------------------------------------------------- */

static grasp_status expect(grasp_context *ctx, em *e, const grasp__mixture *m, double *likelihood)
{
    grasp_status s = GRASP_OK;
    double sum = 0;
    for (int64_t first = 0; s == GRASP_OK && first < e->n; first += e->rows) {
        int64_t n = block_rows(e, first);
        double *density = e->responsibility + first * e->k;
        s = grasp__tick(ctx, first, e->n);
        grasp__distances_rows(e->d, first, n, e->row);
        grasp__mixture_densities(ctx, m, e->row, n, e->k, e->scratch, density);
        for (int64_t i = 0; i < n; i++)
            sum += weight_of(e, first + i) * grasp__mixture_responsibilities(density + i * e->k, e->k);
    }
    *likelihood = sum / e->total;
    return s;
}

/* ---- a start ----------------------------------------------------------------------------------------------------- */

/* Responsibilities 0 and 1 from the clusters of one k-means start. */
static grasp_status start(grasp_context *ctx, em *e, int64_t restart)
{
    grasp_params *params = NULL;
    grasp__options o = {.owned = NULL};
    int64_t *label = NULL;
    grasp_status s = grasp__params_create(ctx, &grasp__kmeans_params, &params);
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, params, GRASP_KEY_K, e->k);
    if (s == GRASP_OK)
        s = grasp__params_set_i64(ctx, params, GRASP_KEY_RESTARTS, 1);
    if (s == GRASP_OK)
        s = grasp__options_open(ctx, params, &grasp__kmeans_params, &o);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, e->n, sizeof *label, &label);
    if (s == GRASP_OK)
        s = grasp__kmeans_from(ctx, e->d, &o, restart, e->multiplicity, label, NULL, NULL, NULL);
    if (s == GRASP_OK || s == GRASP_NOT_CONVERGED) {
        memset(e->responsibility, 0, (size_t)(e->n * e->k) * sizeof(double));
        for (int64_t i = 0; i < e->n; i++)
            e->responsibility[i * e->k + label[i]] = 1;
        s = GRASP_OK;
    }
    grasp__free(label);
    grasp__options_close(&o);
    grasp_params_free(params);
    return s;
}

typedef struct outcome {
    double likelihood;
    int64_t iterations;
    bool converged;
} outcome;

static grasp_status climb(grasp_context *ctx, em *e, int64_t restart, double tolerance, int64_t most, outcome *out,
                          grasp_report *report)
{
    double before = -INFINITY;
    *out = (outcome){.likelihood = -INFINITY};
    grasp_status s = start(ctx, e, restart);
    if (s == GRASP_OK)
        s = maximise(ctx, e);
    if (s == GRASP_OK)
        s = grasp__report_put_series(ctx, report, "log_likelihood.iteration", NULL, 0);
    while (s == GRASP_OK && !out->converged && out->iterations < most) {
        s = expect(ctx, e, e->now, &out->likelihood);
        if (s == GRASP_OK)
            s = maximise(ctx, e);
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report, "log_likelihood.iteration", out->likelihood);
        out->iterations++;
        out->converged = fabs(out->likelihood - before) < tolerance;
        before = out->likelihood;
    }
    return s;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void plan(em *e)
{
    e->rows = BLOCK_VALUES / (e->p > 0 ? e->p : 1);
    e->rows = e->rows < 1 ? 1 : e->rows > MOST_ROWS ? MOST_ROWS : e->rows;
    e->rows = e->rows < e->n ? e->rows : e->n;
}

static grasp_status open_em(grasp_context *ctx, em *e)
{
    int64_t numbers = 0;
    plan(e);
    for (int64_t i = 0; i < e->n; i++)
        e->total += weight_of(e, i);
    grasp_status s = grasp__mixture_create(ctx, e->k, e->p, &e->now);
    if (s == GRASP_OK)
        s = grasp__mixture_create(ctx, e->k, e->p, &e->best);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, e->n, e->k, "responsibilities", &numbers);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, numbers, sizeof(double), &e->responsibility);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, e->rows * e->p, sizeof(double), &e->row);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, 2 * e->rows * e->p, sizeof(double), &e->scratch);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, e->k, sizeof(double), &e->size);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, e->p * e->p, sizeof(double), &e->covariance);
    return s == GRASP_OK ? grasp__alloc(ctx, e->p * e->p, sizeof(double), &e->part) : s;
}

/* What open_em() and the k-means starts allocate. */
uint64_t grasp__gmm_price(grasp_context *ctx, int64_t n, int64_t p, int64_t k)
{
    enum { PARAMS = 2048 };
    em e = {.n = n, .p = p};
    plan(&e);
    uint64_t sum = grasp__price_sum(grasp__mixture_price(k, p), grasp__mixture_price(k, p));
    sum = grasp__price_sum(sum, grasp__price_values(n, k, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__price_values(e.rows, p, sizeof(double)));
    sum = grasp__price_sum(sum, grasp__price_values(2 * e.rows, p, sizeof(double)));
    for (int q = 0; q < 2; q++)
        sum = grasp__price_sum(sum, grasp__price_values(p, p, sizeof(double)));
    grasp__price_add(&sum, k, sizeof(double));
    grasp__price_add(&sum, n, sizeof(int64_t));
    return grasp__price_sum(sum, grasp__price_sum(grasp__kmeans_price(ctx, n, p, k), PARAMS));
}

static void close_em(em *e)
{
    grasp__mixture_free(e->now);
    grasp__mixture_free(e->best);
    grasp__free(e->responsibility);
    grasp__free(e->row);
    grasp__free(e->scratch);
    grasp__free(e->size);
    grasp__free(e->covariance);
    grasp__free(e->part);
}

/* Labels, numbered by their lowest row, components without one last; place[j]: the number of component j. */
static void number(const em *e, int64_t *label, int64_t *place)
{
    int64_t next = 0;
    for (int64_t j = 0; j < e->k; j++)
        place[j] = -1;
    for (int64_t i = 0; i < e->n; i++) {
        const double *r = e->responsibility + i * e->k;
        int64_t best = 0;
        for (int64_t j = 1; j < e->k; j++)
            best = r[j] > r[best] ? j : best;
        if (place[best] < 0)
            place[best] = next++;
        label[i] = place[best];
    }
    for (int64_t j = 0; j < e->k; j++)
        place[j] = place[j] < 0 ? next++ : place[j];
}

/* The best start: its mixture and labels by a last E, its responsibilities in the order of the clusters. */
static grasp_status take(grasp_context *ctx, em *e, const outcome *best, int64_t *label, grasp__mixture *mixture,
                         double *responsibility, grasp_report *report)
{
    int64_t *place = NULL;
    double likelihood;
    grasp_status s = grasp__alloc(ctx, e->k, sizeof *place, &place);
    if (s == GRASP_OK)
        s = expect(ctx, e, e->best, &likelihood);
    if (s == GRASP_OK) {
        number(e, label, place);
        if (mixture != NULL)
            grasp__mixture_copy(e->best, place, mixture);
        for (int64_t i = 0; responsibility != NULL && i < e->n; i++)
            for (int64_t j = 0; j < e->k; j++)
                responsibility[i * e->k + place[j]] = e->responsibility[i * e->k + j];
        s = grasp__report_put_value(ctx, report, "iterations", (double)best->iterations);
    }
    if (s == GRASP_OK)
        s = grasp__report_put_value(ctx, report, "log_likelihood", best->likelihood);
    grasp__free(place);
    return s;
}

grasp_status grasp__gmm(grasp_context *ctx, const grasp_distances *d, const grasp__options *o,
                        const int64_t *multiplicity, int64_t *label, grasp__mixture *mixture_or_null,
                        double *responsibility_or_null, double *log_likelihood, grasp_report *report_or_null)
{
    int64_t restarts = grasp__options_i64(o, GRASP_KEY_RESTARTS),
            most = grasp__options_i64(o, GRASP_KEY_MAX_ITERATIONS);
    double tolerance = grasp__options_f64(o, GRASP_KEY_TOLERANCE);
    em e = {.d = d,
            .multiplicity = multiplicity,
            .n = grasp__distances_count(d),
            .p = grasp__distances_dim(d),
            .k = grasp__options_i64(o, GRASP_KEY_K),
            .regularization = grasp__options_f64(o, GRASP_KEY_REGULARIZATION)};
    outcome best = {.likelihood = -INFINITY};
    grasp_status s = open_em(ctx, &e);
    for (int64_t r = 0; s == GRASP_OK && r < restarts; r++) {
        outcome found;
        grasp__stage_mark outer =
            grasp__stage_begin(ctx, "gmm", (double)r / (double)restarts, (double)(r + 1) / (double)restarts);
        s = climb(ctx, &e, r, tolerance, most, &found, r == 0 ? report_or_null : NULL);
        grasp__stage_end(ctx, outer);
        if (s == GRASP_OK && (r == 0 || found.likelihood > best.likelihood)) {
            best = found;
            grasp__mixture_copy(e.now, NULL, e.best);
        }
        if (s == GRASP_OK)
            s = grasp__report_append(ctx, report_or_null, "log_likelihood.restart", found.likelihood);
    }
    if (s == GRASP_OK)
        s = take(ctx, &e, &best, label, mixture_or_null, responsibility_or_null, report_or_null);
    if (s == GRASP_OK && log_likelihood != NULL)
        *log_likelihood = best.likelihood;
    close_em(&e);
    return s == GRASP_OK && !best.converged ? GRASP_NOT_CONVERGED : s;
}
