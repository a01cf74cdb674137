/* SPDX-License-Identifier: BSD-3-Clause
 * Waterbirds as features of a pretrained network, 64 principal components of MobileNetV2's 1,280: a stand-in for the
 * paper's ResNet-50, so its figures cannot be met to the digit. Label bird, attribute place, the official split.
 * Contaminated: 2 % of the training and validation labels flipped.
 */
#include "paper.h"

#include <unistd.h>

/* The table, unpacked on the way where only the packed file is there. */
static bool load_meta(grasp_context *ctx, const char *folder, grasp_table **out)
{
    char path[4096], command[4200];
    snprintf(path, sizeof path, "%s/meta.csv", folder);
    if (!access(path, R_OK))
        return fine(ctx, grasp_table_load_csv(ctx, path, NULL, out));
    snprintf(command, sizeof command, "gzip -dc '%s.gz'", path);
    FILE *f = popen(command, "r");
    if (!f) {
        fprintf(stderr, "grasp-paper: cannot run %s\n", command);
        return false;
    }
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(f));
    const bool ok = fine(ctx, grasp_table_load_csv(ctx, path, NULL, out));
    pclose(f);
    return ok;
}

bool data_waterbirds(grasp_context *ctx, const options *o, bool contaminated, int64_t seed, data *out, bool *found)
{
    static const char *const names[] = {"y", "place", "split"};
    char                     folder[3900], path[4096];
    grasp_table             *t = NULL;
    grasp_matrix            *x = NULL;
    bool                     ok;
    snprintf(folder, sizeof folder, "%s/waterbirds", o->data);
    snprintf(path, sizeof path, "%s/mnv2_pca64_f32.npy", folder);
    *found = !access(path, R_OK);
    if (!*found)
        return true;
    ok = fine(ctx, grasp_matrix_load_npy(ctx, path, &x)) && load_meta(ctx, folder, &t);
    if (ok) {
        data_make(out, "waterbirds", grasp_matrix_rows(x), grasp_matrix_cols(x), 2, 2);
        data_copy(out, x);
        int64_t *to[] = {out->y, out->a, out->split};
        for (int k = 0; ok && k < 3; k++) {
            int64_t c;
            ok = fine(ctx, grasp_table_find(ctx, t, names[k], &c)) &&
                 fine(ctx, grasp_table_column_i64(ctx, t, c, to[k], out->n));
        }
    }
    grasp_matrix_free(x);
    grasp_table_free(t);
    if (ok && contaminated)
        data_mark(out, 0.02, seed);
    return ok && data_finish(ctx, out, !o->published);
}
