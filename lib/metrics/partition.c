/* SPDX-License-Identifier: BSD-3-Clause
 * Two partitions compared: adjusted Rand index and normalised mutual information.
 *
 * With n_ij samples in group i of one and j of the other, a_i and b_j its sums, S = sum C(n_ij, 2), A = sum C(a_i, 2),
 * B = sum C(b_j, 2), C = C(n, 2):
 *
 *     ARI = (S - A B / C) / ((A + B) / 2 - A B / C) = 2 (S C - A B) / ((A + B) C - 2 A B)     Hubert and Arabie 1985
 *     NMI = sum n_ij/n log(n n_ij / (a_i b_j)) / ((H(a) + H(b)) / 2), H(a) = -sum a_i/n log(a_i/n)
 *
 * ARI is one division of exact integers: for n <= 3037000499, C < 2^62, and all of the formula fits 127 bits. The
 * argument of NMI's logarithm is 1 + (n n_ij - a_i b_j) / (a_i b_j) with an exact numerator: independence is exactly 0.
 * Only cells that have samples are kept. Cost: three sorts, O(n log n), and 7 n numbers of memory.
 */
#include "metrics/metrics.h"

#include <math.h>

__extension__ typedef __int128 wide;

/* One side: the code of each sample included, and how many samples each code has. */
typedef struct side {
    int64_t *code, *size, count;
} side;

typedef struct table {
    int64_t n; /* samples included */
    side a, b, cell;
    int64_t *cell_value; /* a_code * b.count + b_code of each cell */
} table;

static void side_free(side *s)
{
    grasp__free(s->code);
    grasp__free(s->size);
}

static void table_free(table *t)
{
    side_free(&t->a);
    side_free(&t->b);
    side_free(&t->cell);
    grasp__free(t->cell_value);
}

/* Codes s->code[0..n) in place and counts; the distinct values go to *values. */
static grasp_status code_and_count(grasp_context *ctx, side *s, int64_t n, int64_t **values)
{
    grasp_status status = grasp__distinct(ctx, s->code, n, values, &s->count);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(ctx, s->count, sizeof(*s->size), &s->size);
    if (status != GRASP_OK)
        return status;
    for (int64_t i = 0; i < n; i++) {
        s->code[i] = grasp__code_of(*values, s->count, s->code[i]);
        s->size[s->code[i]]++;
    }
    return GRASP_OK;
}

static grasp_status code_side(grasp_context *ctx, side *s, int64_t n)
{
    int64_t *values = NULL;
    grasp_status status = code_and_count(ctx, s, n, &values);
    grasp__free(values);
    return status;
}

/* The table of the samples rows[0..n), or of all n when rows is NULL. Free it also after an error. */
static grasp_status table_make(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, const int64_t *rows,
                               int64_t n, int32_t noise, table *t)
{
    *t = (table){0};
    grasp_status s = grasp__alloc(ctx, n, sizeof(int64_t), &t->a.code);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(int64_t), &t->b.code);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof(int64_t), &t->cell.code);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = rows ? rows[i] : i, la = a->label[row], lb = b->label[row];
        if (noise == GRASP_NOISE_EXCLUDE && (la == GRASP_NOISE || lb == GRASP_NOISE))
            continue;
        t->a.code[t->n] = la;
        t->b.code[t->n] = lb;
        t->n++;
    }
    s = code_side(ctx, &t->a, t->n);
    if (s == GRASP_OK)
        s = code_side(ctx, &t->b, t->n);
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < t->n; i++)
        t->cell.code[i] = t->a.code[i] * t->b.count + t->b.code[i]; /* at most 2^24 + 1 groups each */
    return code_and_count(ctx, &t->cell, t->n, &t->cell_value);
}

static wide pairs(int64_t n)
{
    return (wide)n * (n - 1) / 2;
}

static wide pairs_within(const side *s)
{
    wide sum = 0;
    for (int64_t i = 0; i < s->count; i++)
        sum += pairs(s->size[i]);
    return sum;
}

static double ari_of(const table *t)
{
    wide both = pairs_within(&t->cell), in_a = pairs_within(&t->a), in_b = pairs_within(&t->b), all = pairs(t->n);
    wide numerator = 2 * (both * all - in_a * in_b), denominator = (in_a + in_b) * all - 2 * in_a * in_b;
    return denominator == 0 ? 1 : (double)numerator / (double)denominator;
}

static double entropy(const side *s, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < s->count; i++) {
        double share = (double)s->size[i] / (double)n;
        sum -= share * log(share);
    }
    return sum;
}

static double nmi_of(const table *t)
{
    if (t->a.count <= 1 && t->b.count <= 1)
        return 1;
    double information = 0;
    for (int64_t c = 0; c < t->cell.count; c++) {
        int64_t i = t->cell_value[c] / t->b.count, j = t->cell_value[c] % t->b.count;
        wide expected = (wide)t->a.size[i] * t->b.size[j], excess = (wide)t->n * t->cell.size[c] - expected;
        information += (double)t->cell.size[c] / (double)t->n * log1p((double)excess / (double)expected);
    }
    double value = information / (0.5 * (entropy(&t->a, t->n) + entropy(&t->b, t->n)));
    return value < 0 ? 0 : value > 1 ? 1 : value; /* outside by rounding only */
}

typedef double (*index_fn)(const table *t);

static grasp_status compare(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, const int64_t *rows,
                            int64_t n, int32_t noise, index_fn index, double *out)
{
    table t;
    grasp_status s = table_make(ctx, a, b, rows, n, noise, &t);
    if (s == GRASP_OK)
        *out = index(&t);
    table_free(&t);
    return s;
}

grasp_status grasp__ari(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise, double *out)
{
    return compare(ctx, a, b, NULL, a->n, noise, ari_of, out);
}

uint64_t grasp__ari_price(int64_t n, int64_t count)
{
    enum { COLUMNS = 6 }; /* labels, three codes, and two to sort one */
    uint64_t sum = grasp__price(1, sizeof(grasp_groups));
    for (int q = 0; q < COLUMNS; q++)
        grasp__price_add(&sum, n, sizeof(int64_t));
    for (int q = 0; q < 2; q++) /* sizes of groups and of codes; the truth's groups are few */
        grasp__price_add(&sum, count + 1, sizeof(int64_t));
    grasp__price_add(&sum, 0, 1);
    return sum;
}

grasp_status grasp__nmi(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise, double *out)
{
    return compare(ctx, a, b, NULL, a->n, noise, nmi_of, out);
}

grasp_status grasp__ari_within(grasp_context *ctx, const int64_t *y, const grasp_groups *a, const grasp_groups *b,
                               int32_t noise, double *out)
{
    int64_t *classes = NULL, *rows = NULL, *start = NULL, n_classes = 0;
    double sum = 0;
    grasp_status s = grasp__distinct(ctx, y, a->n, &classes, &n_classes);
    if (s == GRASP_OK && n_classes == 0)
        s = grasp__fail(ctx, GRASP_E_EMPTY, "there is no sample, so no class");
    if (s == GRASP_OK)
        s = grasp__rows_by_class(ctx, y, a->n, classes, n_classes, &rows, &start);
    for (int64_t c = 0; s == GRASP_OK && c < n_classes; c++) {
        double ari = 0;
        s = compare(ctx, a, b, rows + start[c], start[c + 1] - start[c], noise, ari_of, &ari);
        sum += ari;
    }
    if (s == GRASP_OK)
        *out = sum / (double)n_classes;
    grasp__free(start);
    grasp__free(rows);
    grasp__free(classes);
    return s;
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

static grasp_status check(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise,
                          const double *out)
{
    grasp_status s = grasp__groups_check(ctx, a, "a");
    if (s == GRASP_OK)
        s = grasp__groups_check(ctx, b, "b");
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, b->n, a->n, "samples of b");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, noise, GRASP_NOISE_GROUP, GRASP_NOISE_EXCLUDE, "noise");
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, out, "out");
    if (s == GRASP_OK && a->n > INT64_C(3037000499))
        s = grasp__fail(ctx, GRASP_E_OVERFLOW, "%lld samples, at most 3037000499 are possible", (long long)a->n);
    return s;
}

grasp_status grasp_metric_ari(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise,
                              double *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, a, b, noise, out);
    if (s == GRASP_OK)
        s = grasp__ari(ctx, a, b, noise, out);
    return grasp__leave(ctx, s);
}

grasp_status grasp_metric_nmi(grasp_context *ctx, const grasp_groups *a, const grasp_groups *b, int32_t noise,
                              double *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, a, b, noise, out);
    if (s == GRASP_OK)
        s = grasp__nmi(ctx, a, b, noise, out);
    return grasp__leave(ctx, s);
}

grasp_status grasp_metric_ari_within(grasp_context *ctx, const int64_t *y, int64_t n, const grasp_groups *a,
                                     const grasp_groups *b, int32_t noise, double *out)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = check(ctx, a, b, noise, out);
    if (s == GRASP_OK)
        s = grasp__check_equal(ctx, n, a->n, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, y, "y");
    if (s == GRASP_OK)
        s = grasp__ari_within(ctx, y, a, b, noise, out);
    return grasp__leave(ctx, s);
}
