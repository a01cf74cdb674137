/* SPDX-License-Identifier: BSD-3-Clause
 * A user's own set, such as CivilComments seen through BERT: embeddings as a .npy of one row a sample, and a table with
 * the columns label, group and split, and outlier where it is known. Gradients, if they come by file too, are rows in
 * the same order, of the last layers or of any: grasp-paper(1) has the format.
 */
#include "paper.h"

#include <stdlib.h>
#include <string.h>

/* A column of whole numbers from 0; *count is one more than the largest. */
static bool column(grasp_context *ctx, const grasp_table *t, const char *name, int64_t *value, int64_t *count)
{
    int64_t c;
    if (!fine(ctx, grasp_table_find(ctx, t, name, &c)) ||
        !fine(ctx, grasp_table_column_i64(ctx, t, c, value, grasp_table_rows(t))))
        return false;
    *count = 0;
    for (int64_t i = 0; i < grasp_table_rows(t); i++) {
        if (value[i] < 0 || value[i] >= 1 << 16) {
            fprintf(stderr, "grasp-paper: column %s, data row %lld: found %lld, expected a number from 0 to 65535\n",
                    name, (long long)i + 1, (long long)value[i]);
            return false;
        }
        *count = value[i] >= *count ? value[i] + 1 : *count;
    }
    return true;
}

/* train, val, test or 0, 1, 2, as numbers. */
static bool split_column(grasp_context *ctx, const grasp_table *t, int64_t *split)
{
    static const char *const word[] = {"train", "val", "test"};
    int64_t                  c, part, size[3] = {0};
    if (!fine(ctx, grasp_table_find(ctx, t, "split", &c)) ||
        !fine(ctx, grasp_table_column_i64(ctx, t, c, split, grasp_table_rows(t))))
        return false;
    for (int64_t i = 0; i < grasp_table_rows(t); i++) {
        part = grasp_table_is_text(t, c) ? 0 : split[i];
        while (grasp_table_is_text(t, c) && part < 3 && strcmp(word[part], grasp_table_code_text(t, c, split[i])))
            part++;
        if (part < TRAIN || part > TEST) {
            fprintf(stderr, "grasp-paper: column split, data row %lld: expected train, val, test or 0, 1, 2\n",
                    (long long)i + 1);
            return false;
        }
        size[split[i] = part]++;
    }
    if (size[TRAIN] && size[VAL] && size[TEST])
        return true;
    fprintf(stderr, "grasp-paper: column split: expected training, validation and test rows, found %lld, %lld, %lld\n",
            (long long)size[TRAIN], (long long)size[VAL], (long long)size[TEST]);
    return false;
}

/* Known outliers, where the table tells: their labels are as they are. */
static bool outlier_column(grasp_context *ctx, const grasp_table *t, data *d)
{
    int64_t *flag = allocate(d->n, sizeof *flag), count, c;
    bool     ok = true;
    for (c = 0; c < grasp_table_cols(t) && strcmp(grasp_table_name(t, c), "outlier"); c++)
        ;
    if (c < grasp_table_cols(t))
        ok = column(ctx, t, "outlier", flag, &count);
    for (int64_t i = 0; ok && i < d->n; i++)
        d->outlier[i] = flag[i] != 0;
    free(flag);
    return ok;
}

bool data_files(grasp_context *ctx, const options *o, data *out)
{
    grasp_table  *t = NULL;
    grasp_matrix *x = NULL;
    bool          ok = fine(ctx, grasp_table_load_csv(ctx, o->meta, NULL, &t)) &&
              fine(ctx, grasp_matrix_load_npy(ctx, o->x, &x));
    if (ok && grasp_matrix_rows(x) != grasp_table_rows(t)) {
        fprintf(stderr, "grasp-paper: %s has %lld rows, %s has %lld\n", o->x, (long long)grasp_matrix_rows(x), o->meta,
                (long long)grasp_table_rows(t));
        ok = false;
    }
    if (ok) {
        data_make(out, "files", grasp_matrix_rows(x), grasp_matrix_cols(x), 0, 0);
        data_copy(out, x);
        ok = column(ctx, t, "label", out->y, &out->n_classes) && column(ctx, t, "group", out->a, &out->n_attributes) &&
             split_column(ctx, t, out->split) && outlier_column(ctx, t, out);
    }
    grasp_matrix_free(x);
    grasp_table_free(t);
    return ok && data_finish(ctx, out, !o->published);
}
