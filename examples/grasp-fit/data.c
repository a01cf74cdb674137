/* SPDX-License-Identifier: BSD-3-Clause
 * From files to features, classes, known groups and splits.
 */
#include "grasp-fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool complain(const char *what, const char *name, long long row)
{
    fprintf(stderr, "grasp-fit: %s%s%s", what, name ? ": " : "", name ? name : "");
    if (row >= 0)
        fprintf(stderr, " (data row %lld)", row + 1);
    fputc('\n', stderr);
    return false;
}

static char *copy_text(const char *text, size_t length)
{
    char *copy = allocate((int64_t)length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

/* Codes a column: text in order of appearance, numbers in ascending order; names[k] is what code k stands for. */
static bool coded_column(grasp_context *ctx, const grasp_table *t, const char *name, int64_t *code, char ***names,
                         int64_t *n_codes)
{
    const int64_t n = grasp_table_rows(t);
    int64_t       col;
    grasp_groups *coded = NULL;
    if (!fine(ctx, grasp_table_find(ctx, t, name, &col)) || !fine(ctx, grasp_table_column_i64(ctx, t, col, code, n)))
        return false;
    if (grasp_table_is_text(t, col)) {
        *n_codes = 0;
        for (int64_t i = 0; i < n; i++)
            *n_codes = code[i] >= *n_codes ? code[i] + 1 : *n_codes;
        *names = allocate(*n_codes, sizeof **names);
        for (int64_t k = 0; k < *n_codes; k++) {
            const char *text = grasp_table_code_text(t, col, k);
            (*names)[k] = copy_text(text, strlen(text));
        }
        return true;
    }
    if (!fine(ctx, grasp_groups_create_coded(ctx, code, n, &coded)))
        return false;
    *n_codes = grasp_groups_count(coded);
    *names = allocate(*n_codes, sizeof **names);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = grasp_groups_label(coded, i);
        if (!(*names)[k]) {
            char text[24];
            const int length = snprintf(text, sizeof text, "%lld", (long long)code[i]);
            (*names)[k] = copy_text(text, (size_t)length);
        }
        code[i] = k;
    }
    grasp_groups_free(coded);
    return true;
}

static void free_names(char **names, int64_t n)
{
    for (int64_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

/* train, val, test or 0, 1, 2. */
static bool split_column(grasp_context *ctx, const grasp_table *t, const char *name, int64_t *split)
{
    static const char *const words[] = {"train", "val", "test"};
    const int64_t            n = grasp_table_rows(t);
    int64_t                  col;
    if (!fine(ctx, grasp_table_find(ctx, t, name, &col)) || !fine(ctx, grasp_table_column_i64(ctx, t, col, split, n)))
        return false;
    for (int64_t i = 0; i < n; i++) {
        if (grasp_table_is_text(t, col)) {
            const char *word = grasp_table_code_text(t, col, split[i]);
            int64_t     k = 0;
            while (k < 3 && strcmp(word, words[k]))
                k++;
            if (k == 3)
                return complain("a split column holds train, val, test or 0, 1, 2; found", word, i);
            split[i] = k;
        } else if (split[i] < TRAIN || split[i] > TEST) {
            return complain("a split column holds train, val, test or 0, 1, 2", name, i);
        }
    }
    return true;
}

/* Is `name` among the comma-separated words of `list`? */
static bool listed(const char *list, const char *name)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, name, strlen(name)) && (at[strlen(name)] == ',' || !at[strlen(name)]))
            return true;
    return false;
}

/* Every name in --features must be a column. */
static bool features_exist(grasp_context *ctx, const grasp_table *t, const char *list)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const char *end = strchr(at, ',');
        char       *name = copy_text(at, end ? (size_t)(end - at) : strlen(at));
        int64_t     col;
        const bool  found = fine(ctx, grasp_table_find(ctx, t, name, &col));
        free(name);
        if (!found)
            return false;
    }
    return true;
}

static bool is_feature(const options *o, const char *name)
{
    const char *other[] = {o->label, o->group, o->split, o->outlier};
    if (o->features)
        return listed(o->features, name);
    for (int i = 0; i < 4; i++)
        if (other[i] && !strcmp(other[i], name))
            return false;
    return true;
}

/* Appends the feature columns: a number as it is, text of k values as k indicators. Counts only while value is NULL. */
static bool feature_columns(grasp_context *ctx, const options *o, const grasp_table *t, double *value, int64_t *d)
{
    const int64_t n = grasp_table_rows(t), total = *d;
    double       *column = allocate(n, sizeof *column);
    bool          ok = true;
    *d = 0;
    for (int64_t col = 0; ok && col < grasp_table_cols(t); col++) {
        if (!is_feature(o, grasp_table_name(t, col)))
            continue;
        if (!value) {
            *d += grasp_table_is_text(t, col) ? grasp_table_codes(t, col) : 1;
            continue;
        }
        ok = fine(ctx, grasp_table_column_f64(ctx, t, col, column, n));
        const int64_t width = grasp_table_is_text(t, col) ? grasp_table_codes(t, col) : 1;
        for (int64_t i = 0; ok && i < n; i++)
            if (grasp_table_is_text(t, col))
                value[i * total + *d + (int64_t)column[i]] = 1;
            else
                value[i * total + *d] = column[i];
        *d += width;
    }
    free(column);
    return ok;
}

/* 60/20/20 at random, stratified by label, from the seed. */
static void random_split(const options *o, data *d)
{
    uint64_t state = o->seed;
    int64_t *order = allocate(d->n, sizeof *order);
    for (int64_t c = 0; c < d->n_classes; c++) {
        int64_t k = 0;
        for (int64_t i = 0; i < d->n; i++)
            if (d->y[i] == c)
                order[k++] = i;
        for (int64_t i = k - 1; i > 0; i--) {
            uint64_t z = state += 0x9e3779b97f4a7c15u; /* splitmix64 */
            z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
            z = (z ^ z >> 27) * 0x94d049bb133111ebu;
            const int64_t j = (int64_t)((z ^ z >> 31) % (uint64_t)(i + 1)), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
        for (int64_t i = 0; i < k; i++)
            d->split[order[i]] = i < k * 3 / 5 ? TRAIN : i < k * 4 / 5 ? VAL : TEST;
    }
    free(order);
}

/* Mean 0 and standard deviation 1 over the training rows; a constant column becomes 0. */
static void standardise(data *d)
{
    for (int64_t j = 0; j < d->d; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < d->n_rows[TRAIN]; i++)
            mean += d->value[d->rows[TRAIN][i] * d->d + j];
        mean /= (double)d->n_rows[TRAIN];
        for (int64_t i = 0; i < d->n_rows[TRAIN]; i++) {
            const double v = d->value[d->rows[TRAIN][i] * d->d + j] - mean;
            square += v * v;
        }
        const double sd = sqrt(square / (double)d->n_rows[TRAIN]);
        for (int64_t i = 0; i < d->n; i++)
            d->value[i * d->d + j] = sd > 0 ? (d->value[i * d->d + j] - mean) / sd : 0;
    }
    d->standardised = true;
}

bool data_finish(grasp_context *ctx, const options *o, data *d)
{
    static const char *const part[] = {"no training rows", "no validation rows", "no test rows"};
    for (int s = TRAIN; s <= TEST; s++) {
        d->rows[s] = allocate(d->n, sizeof(int64_t));
        for (int64_t i = 0; i < d->n; i++)
            if (d->split[i] == s)
                d->rows[s][d->n_rows[s]++] = i;
        if (!d->n_rows[s])
            return complain(part[s], NULL, -1);
    }
    for (int64_t c = 0; c < d->n_classes; c++) {
        int64_t k = 0;
        while (k < d->n_rows[TRAIN] && d->y[d->rows[TRAIN][k]] != c)
            k++;
        if (k == d->n_rows[TRAIN])
            return complain("no training row of class", d->class_name[c], -1);
    }
    if (d->n_classes < 2)
        return complain("the label column has only one value", o->label, -1);
    if (!o->raw && (o->csv || o->x)) /* the built-in data are as published: raw */
        standardise(d);
    return fine(ctx, grasp_matrix_wrap(ctx, GRASP_F64, d->n, d->d, d->d, d->value, NULL, NULL, &d->x));
}

/* An array's values as float64. */
static bool load_array(grasp_context *ctx, const options *o, data *d)
{
    grasp_matrix *m = NULL;
    if (!fine(ctx, grasp_matrix_load_npy(ctx, o->x, &m)))
        return false;
    const bool agree = grasp_matrix_rows(m) == d->n;
    if (agree) {
        d->d = grasp_matrix_cols(m);
        d->value = allocate(d->n * d->d, sizeof(double));
        for (int64_t i = 0; i < d->n; i++)
            for (int64_t j = 0; j < d->d; j++) {
                const int64_t at = i * grasp_matrix_row_stride(m) + j;
                d->value[i * d->d + j] = grasp_matrix_dtype(m) == GRASP_F32
                                             ? (double)((float *)grasp_matrix_data(m))[at]
                                             : ((double *)grasp_matrix_data(m))[at];
            }
    }
    grasp_matrix_free(m);
    return agree || complain("the array and the table have different numbers of rows", o->x, -1);
}

bool data_load(grasp_context *ctx, const options *o, data *d)
{
    const char  *path = o->csv ? o->csv : o->meta;
    grasp_table *t = NULL;
    char       **attribute_name = NULL;
    int64_t      n_attributes = 0;
    bool         ok = false;
    *d = (data){.name = o->csv ? o->csv : o->x};
    if (!fine(ctx, grasp_table_load_csv(ctx, path, NULL, &t)))
        return false;
    d->n = grasp_table_rows(t);
    d->y = allocate(d->n, sizeof(int64_t));
    d->split = allocate(d->n, sizeof(int64_t));
    if (!coded_column(ctx, t, o->label, d->y, &d->class_name, &d->n_classes))
        goto done;
    if (o->group) {
        d->attribute = allocate(d->n, sizeof(int64_t));
        if (!coded_column(ctx, t, o->group, d->attribute, &attribute_name, &n_attributes))
            goto done;
    }
    if (o->outlier) {
        int64_t col, *flag = allocate(d->n, sizeof *flag);
        d->outlier = allocate(d->n, 1);
        const bool read = fine(ctx, grasp_table_find(ctx, t, o->outlier, &col)) &&
                          fine(ctx, grasp_table_column_i64(ctx, t, col, flag, d->n));
        for (int64_t i = 0; read && i < d->n; i++)
            d->outlier[i] = flag[i] != 0;
        free(flag);
        if (!read)
            goto done;
    }
    if (o->csv) {
        if (!features_exist(ctx, t, o->features) || !feature_columns(ctx, o, t, NULL, &d->d))
            goto done;
        if (!d->d) {
            complain("no column is left to be a feature", path, -1);
            goto done;
        }
        d->value = allocate(d->n * d->d, sizeof(double));
        if (!feature_columns(ctx, o, t, d->value, &d->d))
            goto done;
    } else if (!load_array(ctx, o, d)) {
        goto done;
    }
    if (o->split) {
        if (!split_column(ctx, t, o->split, d->split))
            goto done;
    } else {
        random_split(o, d);
    }
    ok = data_finish(ctx, o, d);
done:
    free_names(attribute_name, n_attributes);
    grasp_table_free(t);
    return ok;
}

void data_free(data *d)
{
    grasp_matrix_free(d->x);
    free(d->value);
    free(d->y);
    free_names(d->class_name, d->n_classes);
    free(d->attribute);
    free(d->outlier);
    free(d->split);
    for (int s = TRAIN; s <= TEST; s++)
        free(d->rows[s]);
}
