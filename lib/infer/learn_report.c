/* SPDX-License-Identifier: BSD-3-Clause
 * What every group learner reports, under the names of grasp_infer(): what was chosen in each class, and counts.
 */
#include "infer/learn.h"

#include <math.h>

grasp_status grasp__report_class_value(grasp_context *ctx, grasp_report *report, int64_t c, const char *name,
                                       double value)
{
    char whole[64];
    grasp__format(whole, sizeof whole, "class.%" PRId64 ".%s", c, name);
    return grasp__report_put_value(ctx, report, whole, value);
}

grasp_status grasp__report_classes(grasp_context *ctx, grasp_report *report, const int64_t *classes, int64_t n_classes)
{
    static const char *const counts[] = {"samples", "classes", "groups", "noise"};
    static const struct {
        const char *name;
        double value;
    } unknown[] = {{"samples", 0}, {"eps", NAN}, {"min_samples", 0}, {"score", NAN},
                   {"clusters", 1}, {"noise", 0}, {"admissible", 0}};
    grasp_status s = GRASP_OK;
    for (size_t q = 0; s == GRASP_OK && q < sizeof counts / sizeof *counts; q++)
        s = grasp__report_put_value(ctx, report, counts[q], 0);
    for (int64_t c = 0; s == GRASP_OK && c < n_classes; c++) {
        s = grasp__report_class_value(ctx, report, c, "label", (double)classes[c]);
        for (size_t q = 0; s == GRASP_OK && q < sizeof unknown / sizeof *unknown; q++)
            s = grasp__report_class_value(ctx, report, c, unknown[q].name, unknown[q].value);
    }
    return s;
}

/* A class's samples, distinct groups and noise. Groups of different classes are different. */
typedef struct tally {
    int64_t samples, clusters, noise;
} tally;

static grasp_status put_tally(grasp_context *ctx, grasp_report *report, int64_t c, const tally *t)
{
    grasp_status s = grasp__report_class_value(ctx, report, c, "samples", (double)t->samples);
    if (s == GRASP_OK)
        s = grasp__report_class_value(ctx, report, c, "clusters", (double)t->clusters);
    return s == GRASP_OK ? grasp__report_class_value(ctx, report, c, "noise", (double)t->noise) : s;
}

grasp_status grasp__report_counts(grasp_context *ctx, grasp_report *report, const int64_t *classes, int64_t n_classes,
                                  const int64_t *y, const grasp_groups *groups)
{
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"samples", groups->n}, {"classes", n_classes}, {"groups", groups->count}, {"noise", groups->noise}};
    tally *t = NULL;
    int64_t *seen = NULL; /* the last class in which a group was met, plus 1 */
    grasp_status s = GRASP_OK;
    if (report == NULL)
        return s;
    for (size_t q = 0; s == GRASP_OK && q < sizeof counts / sizeof *counts; q++)
        s = grasp__report_put_value(ctx, report, counts[q].name, (double)counts[q].value);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, n_classes, sizeof *t, &t);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(ctx, groups->count, sizeof *seen, &seen);
    for (int64_t i = 0; s == GRASP_OK && i < groups->n; i++) {
        int64_t c = grasp__code_of(classes, n_classes, y[i]), g = groups->label[i];
        t[c].samples++;
        t[c].noise += g == GRASP_NOISE;
        t[c].clusters += g != GRASP_NOISE && seen[g] != c + 1;
        if (g != GRASP_NOISE)
            seen[g] = c + 1;
    }
    for (int64_t c = 0; s == GRASP_OK && c < n_classes; c++)
        s = put_tally(ctx, report, c, &t[c]);
    grasp__free(seen);
    grasp__free(t);
    return s;
}
