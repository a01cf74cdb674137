/* SPDX-License-Identifier: BSD-3-Clause
 * Appending rows or factors, copied or lent.
 *
 * Copied rows fill the room of the last owned chunk; when it is full a new one of at least half the samples so far is
 * made, so the number of chunks stays logarithmic and no row moves twice. Everything that can fail happens before
 * anything changes.
 */
#include "gradients/store.h"

#include <math.h>
#include <string.h>

enum { BLOCKS = 64, LONG = 1 << 21 /* entries that are looked at by several threads, in so many blocks */ };

grasp_status grasp__gradients_reserve_chunks(grasp_context *ctx, grasp_gradients *g, int64_t more)
{
    int64_t slots = g->n_chunks + more, old_parts = g->chunk_slots * g->n_parts, new_parts;
    if (slots <= g->chunk_slots)
        return GRASP_OK;
    slots += slots / 2;
    grasp_status s = grasp__check_product(ctx, slots, g->n_parts, "matrices of the chunks", &new_parts);
    if (s == GRASP_OK) /* parts first: chunk_slots, which counts both, changes only when both have grown */
        s = grasp__realloc(ctx, old_parts, new_parts, sizeof(grasp_matrix *), &g->parts);
    if (s == GRASP_OK)
        s = grasp__realloc(ctx, g->chunk_slots, slots, sizeof *g->chunks, &g->chunks);
    if (s == GRASP_OK)
        g->chunk_slots = slots;
    return s;
}

uint64_t grasp__gradients_chunk_price(const grasp_gradients *g, int64_t rows)
{
    uint64_t sum = grasp__price_sum(grasp__price(g->n_parts, sizeof(grasp_matrix *)), grasp__price(1, sizeof(chunk)));
    for (int64_t q = 0; rows > 0 && q < g->n_parts; ++q)
        sum = grasp__price_sum(sum, grasp__matrix_price(g->dtype, rows, gradients_part_cols(g, q)));
    return sum;
}

void grasp__gradients_push_chunk(grasp_gradients *g, grasp_matrix *const *part, int64_t rows, bool lent)
{
    g->chunks[g->n_chunks] = (chunk){g->stored, rows, part[0]->rows, lent};
    for (int64_t i = 0; i < g->n_parts; ++i)
        g->parts[g->n_chunks * g->n_parts + i] = grasp_matrix_ref(part[i]);
    ++g->n_chunks;
    g->stored += rows;
    g->n = g->stored;
}

/* ---- refusing what cannot be held -------------------------------------------------------------------------------- */

/* First column of a row whose value is not finite in the element type `to`; -1 if there is none. */
static int64_t unfit_column(const void *row, int32_t dtype, int32_t to, int64_t n)
{
    if (dtype == GRASP_F32) {
        const float *x = row;
        for (int64_t j = 0; j < n; ++j)
            if (!isfinite(x[j]))
                return j;
    } else {
        const double *x = row;
        for (int64_t j = 0; j < n; ++j)
            if (!isfinite(x[j]) || (to == GRASP_F32 && !isfinite((float)x[j])))
                return j;
    }
    return -1;
}

static double value_at(const void *row, int32_t dtype, int64_t j)
{
    return dtype == GRASP_F32 ? (double)((const float *)row)[j] : ((const double *)row)[j];
}

static double largest(const void *row, int32_t dtype, int64_t n)
{
    double most = 0;
    for (int64_t j = 0; j < n; ++j)
        most = fmax(most, fabs(value_at(row, dtype, j)));
    return most;
}

/* Factors may be finite and their products not. */
static grasp_status check_products(grasp_context *ctx, const grasp_gradients *g, const grasp_matrix *const *part,
                                   int64_t k, int64_t row)
{
    for (int64_t l = 0; l < g->n_layers; ++l) {
        const grasp_matrix *act = part[2 * l], *delta = part[2 * l + 1];
        double limit = (g->dtype == GRASP_F32 ? 3.4e38 : 1.7e308) / (double)g->layer[l].positions;
        for (int64_t i = 0; i < k; ++i) {
            double a = fmax(1, largest(grasp__matrix_row(act, i), act->dtype, act->cols));
            double d = largest(grasp__matrix_row(delta, i), delta->dtype, delta->cols);
            if (d > limit / a)
                return grasp__fail(ctx, GRASP_E_NUMERIC,
                                   "row %" PRId64 " has factors at layer %" PRId64
                                   " whose product passes the range of its element type",
                                   row + i, l);
        }
    }
    return GRASP_OK;
}

/* Largest magnitude in rows [first, first + k); infinity if a value is not finite. */
static double magnitude(const grasp_matrix *m, int64_t first, int64_t k)
{
    bool packed = m->row_stride == m->cols;
    int64_t calls = packed ? 1 : k, n = packed ? k * m->cols : m->cols;
    double most = 0;
    for (int64_t i = 0; i < calls; ++i) {
        const void *x = grasp__matrix_row(m, first + i);
        double here = m->dtype == GRASP_F32 ? grasp__magnitude_f32(x, n) : grasp__magnitude_f64(x, n);
        most = here > most ? here : most;
    }
    return most;
}

typedef struct measuring {
    const grasp_matrix *m;
    int64_t k, rows; /* rows of a task */
    double most[BLOCKS];
} measuring;

static grasp_status measure(void *arg, int64_t task, int32_t worker)
{
    measuring *a = arg;
    int64_t first = task * a->rows, left = a->k - first;
    (void)worker;
    a->most[task] = magnitude(a->m, first, left < a->rows ? left : a->rows);
    return GRASP_OK;
}

/* Of the first k rows, k > 0; on all threads where that is worth starting them. */
static grasp_status largest_of_all(grasp_context *ctx, const grasp_matrix *m, int64_t k, double *most)
{
    measuring a = {.m = m, .k = k, .rows = (k + BLOCKS - 1) / BLOCKS};
    int64_t tasks = (k + a.rows - 1) / a.rows;
    *most = 0;
    if (k < LONG / (m->cols + 1)) {
        *most = magnitude(m, 0, k);
        return GRASP_OK;
    }
    grasp__stage_mark outer = grasp__stage_begin(ctx, "values", 0, 0); /* too short to be seen as progress */
    grasp_status s = grasp__parallel(ctx, tasks, measure, &a);
    grasp__stage_end(ctx, outer);
    for (int64_t t = 0; s == GRASP_OK && t < tasks; ++t)
        *most = a.most[t] > *most ? a.most[t] : *most;
    return s;
}

/* Are all values and products so small that no row need be looked at by itself? */
static grasp_status plainly_fit(grasp_context *ctx, const grasp_gradients *g, const grasp_matrix *const *part,
                                int64_t k, bool *fit)
{
    double limit = g->dtype == GRASP_F32 ? 3.4e38 : 1.7e308, a = 0, d = 0;
    grasp_status s = GRASP_OK;
    *fit = true;
    if (g->n_layers == 0 && k > 0) {
        s = largest_of_all(ctx, part[0], k, &a);
        *fit = a <= limit;
    }
    for (int64_t l = 0; s == GRASP_OK && *fit && k > 0 && l < g->n_layers; ++l)
        if ((s = largest_of_all(ctx, part[2 * l], k, &a)) == GRASP_OK &&
            (s = largest_of_all(ctx, part[2 * l + 1], k, &d)) == GRASP_OK)
            *fit = a <= limit && d <= limit / (double)g->layer[l].positions / (a > 1 ? a : 1);
    return s;
}

grasp_status grasp__gradients_check_values(grasp_context *ctx, const grasp_gradients *g,
                                           const grasp_matrix *const *part, int64_t k, const char *what, int64_t row)
{
    bool fit;
    grasp_status s = plainly_fit(ctx, g, part, k, &fit);
    if (s != GRASP_OK || fit)
        return s;
    for (int64_t i = 0; i < k; ++i)
        for (int64_t q = 0; q < g->n_parts; ++q) {
            const void *x = grasp__matrix_row(part[q], i);
            int64_t j = unfit_column(x, part[q]->dtype, g->dtype, part[q]->cols);
            if (j < 0)
                continue;
            double v = value_at(x, part[q]->dtype, j);
            const char *word = isnan(v) ? "NaN" : isinf(v) ? "infinity" : "a value too large for f32";
            if (g->n_layers == 0)
                return grasp__fail(ctx, GRASP_E_NUMERIC, "%s: row %" PRId64 " has %s at column %" PRId64, what, row + i,
                                   word, j);
            return grasp__fail(ctx, GRASP_E_NUMERIC, "%s[%" PRId64 "]: row %" PRId64 " has %s at column %" PRId64,
                               q % 2 == 0 ? "act" : "delta", q / 2, row + i, word, j);
        }
    return check_products(ctx, g, part, k, row);
}

/* ---- copying ----------------------------------------------------------------------------------------------------- */

static void convert(void *to, int32_t to_dtype, const void *from, int32_t from_dtype, int64_t n)
{
    if (to_dtype == from_dtype)
        memcpy(to, from, (size_t)n * grasp__dtype_size(to_dtype));
    else if (to_dtype == GRASP_F64)
        grasp__gradients_widen(from, from_dtype, n, to);
    else
        for (int64_t j = 0; j < n; ++j)
            ((float *)to)[j] = (float)((const double *)from)[j];
}

/* Rows [first, first + k) of the source after the first `at` rows of chunk c. */
static void copy_rows(grasp_gradients *g, int64_t c, int64_t at, const grasp_matrix *const *part, int64_t first,
                      int64_t k)
{
    for (int64_t q = 0; q < g->n_parts; ++q) {
        grasp_matrix *m = g->parts[c * g->n_parts + q];
        bool packed = m->row_stride == m->cols && part[q]->row_stride == m->cols;
        int64_t calls = packed ? (k > 0) : k, n = packed ? k * m->cols : m->cols;
        for (int64_t i = 0; i < calls; ++i)
            convert((char *)m->data + (size_t)((at + i) * m->row_stride) * grasp__dtype_size(m->dtype), m->dtype,
                    grasp__matrix_row(part[q], first + i), part[q]->dtype, n);
    }
}

/* An empty owned chunk with room for at least k rows. */
static grasp_status add_room(grasp_context *ctx, grasp_gradients *g, int64_t k)
{
    grasp_matrix **m = NULL;
    int64_t rows = k;
    if (rows < g->capacity - g->n)
        rows = g->capacity - g->n;
    if (rows < g->n / 2)
        rows = g->n / 2;
    grasp_status s = grasp__gradients_reserve_chunks(ctx, g, 1);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, g->n_parts, sizeof *m, &m);
    for (int64_t q = 0; s == GRASP_OK && q < g->n_parts; ++q)
        s = grasp__matrix_create_raw(ctx, g->dtype, rows, gradients_part_cols(g, q), &m[q]);
    if (s == GRASP_OK)
        grasp__gradients_push_chunk(g, m, 0, false);
    for (int64_t q = 0; m && q < g->n_parts; ++q)
        grasp_matrix_free(m[q]);
    grasp__free(m);
    return s;
}

grasp_status grasp__gradients_append_copy(grasp_context *ctx, grasp_gradients *g, const grasp_matrix *const *part,
                                          int64_t k)
{
    int64_t last = g->n_chunks - 1, room = 0, head, total;
    if (!grasp__add_i64(g->n, k, &total))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%" PRId64 " more rows do not fit", k);
    if (last >= 0 && !g->chunks[last].lent)
        room = g->chunks[last].room - g->chunks[last].rows;
    head = k < room ? k : room;
    if (head < k) { /* last, so that a failure leaves everything as it was */
        grasp_status s = add_room(ctx, g, k - head);
        if (s != GRASP_OK)
            return s;
    }
    if (head > 0) {
        copy_rows(g, last, g->chunks[last].rows, part, 0, head);
        g->chunks[last].rows += head;
    }
    if (head < k) {
        g->chunks[last + 1].first = g->stored + head;
        copy_rows(g, last + 1, 0, part, head, k - head);
        g->chunks[last + 1].rows = k - head;
    }
    g->stored = g->n = total;
    return GRASP_OK;
}

/* ---- the calls --------------------------------------------------------------------------------------------------- */

static grasp_status check_open(grasp_context *ctx, const grasp_gradients *g, bool factored)
{
    grasp_status s = grasp__gradients_check(ctx, g, "gradients");
    if (s != GRASP_OK)
        return s;
    if (g->sealed)
        return grasp__fail(ctx, GRASP_E_STATE, "gradients are sealed: nothing can be appended");
    if (g->n_layers > 0 && !factored)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "gradients hold factors, found rows: use grasp_gradients_append_factors()");
    if (g->n_layers == 0 && factored)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "gradients hold dense rows, found factors: use grasp_gradients_append()");
    return GRASP_OK;
}

static grasp_status check_lent_dtype(grasp_context *ctx, const grasp_gradients *g, const grasp_matrix *m,
                                     const char *name)
{
    if (m->dtype == g->dtype)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_DTYPE, "%s is %s, expected %s as the gradients: lent rows cannot be converted",
                       name, m->dtype == GRASP_F32 ? "f32" : "f64", g->dtype == GRASP_F32 ? "f32" : "f64");
}

grasp_status grasp__gradients_append_lent(grasp_context *ctx, grasp_gradients *g, grasp_matrix *const *part)
{
    const grasp_matrix *const *read = (const grasp_matrix *const *)part;
    grasp_status s = GRASP_OK;
    int64_t total;
    if (!grasp__add_i64(g->n, part[0]->rows, &total))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%" PRId64 " more rows do not fit", part[0]->rows);
    s = grasp__gradients_check_values(ctx, g, read, part[0]->rows, "rows", 0);
    if (s == GRASP_OK && part[0]->rows > 0)
        s = grasp__gradients_reserve_chunks(ctx, g, 1);
    if (s == GRASP_OK && part[0]->rows > 0)
        grasp__gradients_push_chunk(g, part, part[0]->rows, true);
    return s;
}

static grasp_status append(grasp_context *ctx, grasp_gradients *g, const grasp_matrix *rows, bool lent)
{
    grasp_matrix *part[1] = {(grasp_matrix *)(uintptr_t)rows}; /* lent ones came without const */
    grasp_status s = check_open(ctx, g, false);
    if (s == GRASP_OK)
        s = grasp__matrix_check(ctx, rows, "rows");
    if (s == GRASP_OK)
        s = grasp__matrix_check_shape(ctx, rows, -1, g->p, "rows");
    if (s == GRASP_OK && lent)
        s = check_lent_dtype(ctx, g, rows, "rows");
    if (s == GRASP_OK && lent)
        return grasp__gradients_append_lent(ctx, g, part);
    if (s == GRASP_OK)
        s = grasp__gradients_check_values(ctx, g, (const grasp_matrix *const *)part, rows->rows, "rows", 0);
    if (s == GRASP_OK)
        s = grasp__gradients_append_copy(ctx, g, (const grasp_matrix *const *)part, rows->rows);
    return s;
}

grasp_status grasp_gradients_append(grasp_context *ctx, grasp_gradients *gradients, const grasp_matrix *rows)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, append(ctx, gradients, rows, false));
}

grasp_status grasp_gradients_append_lent(grasp_context *ctx, grasp_gradients *gradients, grasp_matrix *rows)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, append(ctx, gradients, rows, true));
}

/* All parts must have the shapes of g's layers and as many rows as the first. */
static grasp_status check_factors(grasp_context *ctx, const grasp_gradients *g, grasp_matrix *const *part, bool lent)
{
    for (int64_t q = 0; q < g->n_parts; ++q) {
        char name[32];
        grasp__format(name, sizeof name, "%s[%" PRId64 "]", q % 2 == 0 ? "act" : "delta", q / 2);
        grasp_status s = grasp__matrix_check(ctx, part[q], name);
        if (s == GRASP_OK)
            s = grasp__matrix_check_shape(ctx, part[q], q == 0 ? -1 : part[0]->rows, gradients_part_cols(g, q), name);
        if (s == GRASP_OK && lent)
            s = check_lent_dtype(ctx, g, part[q], name);
        if (s != GRASP_OK)
            return s;
    }
    return GRASP_OK;
}

static grasp_status append_factors(grasp_context *ctx, grasp_gradients *g, const grasp_matrix *const *act,
                                   const grasp_matrix *const *delta, int64_t n_layers, bool lent)
{
    grasp_matrix **part = NULL;
    grasp_status s = check_open(ctx, g, true);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, act, "act");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, delta, "delta");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n_layers, g->n_layers, "n_layers");
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, g->n_parts, sizeof *part, &part);
    if (s != GRASP_OK)
        return s;
    for (int64_t l = 0; l < n_layers; ++l) { /* only lent ones, which came without const, are kept */
        part[2 * l] = (grasp_matrix *)(uintptr_t)act[l];
        part[2 * l + 1] = (grasp_matrix *)(uintptr_t)delta[l];
    }
    s = check_factors(ctx, g, part, lent);
    if (s == GRASP_OK && lent)
        s = grasp__gradients_append_lent(ctx, g, part);
    else if (s == GRASP_OK) {
        s = grasp__gradients_check_values(ctx, g, (const grasp_matrix *const *)part, part[0]->rows, "rows", 0);
        if (s == GRASP_OK)
            s = grasp__gradients_append_copy(ctx, g, (const grasp_matrix *const *)part, part[0]->rows);
    }
    grasp__free(part);
    return s;
}

grasp_status grasp_gradients_append_factors(grasp_context *ctx, grasp_gradients *gradients,
                                            const grasp_matrix *const *act, const grasp_matrix *const *delta,
                                            int64_t n_layers)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, append_factors(ctx, gradients, act, delta, n_layers, false));
}

grasp_status grasp_gradients_append_factors_lent(grasp_context *ctx, grasp_gradients *gradients,
                                                 grasp_matrix *const *act, grasp_matrix *const *delta, int64_t n_layers)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = append_factors(ctx, gradients, (const grasp_matrix *const *)act, (const grasp_matrix *const *)delta, n_layers,
                       true);
    return grasp__leave(ctx, s);
}
