/* SPDX-License-Identifier: BSD-3-Clause
 * COMPAS as the authors' code reads it: label is_recid, six features without sex and race, attribute sex x race in six
 * values, 60/20/20. Published: the file's order, features as they are. Honest: split at random by the seed,
 * standardised. Contaminated: 2 % of the training and validation labels flipped.
 */
#include "paper.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const feature_names[] = {"juv_fel_count", "juv_misd_count", "juv_other_count",
                                            "priors_count",  "age",            "charge_felony"};
enum { FEATURES = 6 };

static bool column(grasp_context *ctx, const grasp_table *t, const char *name, int64_t *value)
{
    int64_t c;
    return fine(ctx, grasp_table_find(ctx, t, name, &c)) &&
           fine(ctx, grasp_table_column_i64(ctx, t, c, value, grasp_table_rows(t)));
}

bool data_compas(grasp_context *ctx, const options *o, bool contaminated, int64_t seed, data *out, bool *found)
{
    char         path[4096];
    grasp_table *t = NULL;
    snprintf(path, sizeof path, "%s/compas/compas.csv", o->data);
    *found = !access(path, R_OK);
    if (!*found)
        return true;
    if (!fine(ctx, grasp_table_load_csv(ctx, path, NULL, &t)))
        return false;
    const int64_t n = grasp_table_rows(t);
    int64_t      *value = allocate(n, sizeof *value), *order = allocate(n, sizeof *order);
    data_make(out, "compas", n, FEATURES, 2, 6);
    bool ok = column(ctx, t, "is_recid", out->y) && column(ctx, t, "a", out->a);
    for (int j = 0; ok && j < FEATURES; j++) {
        ok = column(ctx, t, feature_names[j], value);
        for (int64_t i = 0; ok && i < n; i++) /* their charge is misdemeanour 1, felony 0 */
            out->value[i * FEATURES + j] = (double)(j == FEATURES - 1 ? 1 - value[i] : value[i]);
    }
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    if (!o->published) {
        numpy_stream s;
        numpy_seed(&s, (uint32_t)seed);
        numpy_permutation(&s, order, n);
    }
    for (int64_t i = 0; i < n; i++)
        out->split[order[i]] = i < n * 3 / 5 ? TRAIN : i < n * 4 / 5 ? VAL : TEST;
    if (contaminated)
        data_mark(out, 0.02, seed);
    grasp_table_free(t);
    free(value);
    free(order);
    return ok && data_finish(ctx, out, !o->published);
}
