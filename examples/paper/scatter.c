/* SPDX-License-Identifier: BSD-3-Clause
 * The points of Figures 1 to 4(a), for the first seed, as tables in the output folder:
 *   1     Synthetic, contaminated, class 0: features, loss, and gradient without the bias
 *   2, 3  of every class the first two principal components of features and of gradients: 2 Synthetic, 3 the others
 *   4(a)  Synthetic's features
 */
#include "paper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_table(const scene *s, const char *figure, const char *header)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s_%s_%s.csv", s->o->output, figure, s->set, s->condition);
    FILE *f = fopen(path, "w");
    if (f)
        fputs(header, f);
    else
        fprintf(stderr, "grasp-paper: cannot write %s: %s\n", path, strerror(errno));
    return f;
}

static bool close_table(FILE *f)
{
    return f && !(ferror(f) | fclose(f));
}

/* What row i of the seen ones is: class, attribute, known outlier. */
static void identity(const scene *s, int64_t i, FILE *f)
{
    fprintf(f, "%lld,%lld,%d", (long long)s->y[i], (long long)s->d.a[s->d.seen[i]], s->outlier[i]);
}

static bool figure_4(scene *s)
{
    FILE *f = open_table(s, "figure4", "class,attribute,outlier,x1,x2\n");
    for (int64_t i = 0; f && i < s->d.n_seen; i++) {
        const double *x = s->d.value + s->d.seen[i] * s->d.d;
        identity(s, i, f);
        fprintf(f, ",%.9g,%.9g\n", x[0], x[1]);
    }
    return close_table(f);
}

/* Rows of gradients, dense, counted among the seen ones. */
static bool dense_rows(scene *s, grasp_gradients *rows, grasp_matrix **out)
{
    const int64_t n = grasp_gradients_count(rows);
    return fine(s->ctx, grasp_matrix_create(s->ctx, GRASP_F64, n, grasp_gradients_dim(rows), out)) &&
           fine(s->ctx, grasp_gradients_rows(s->ctx, rows, 0, n, *out));
}

static bool figure_1(scene *s)
{
    double       *loss = allocate(s->d.n_seen, sizeof *loss);
    grasp_matrix *g = NULL;
    bool          ok = dense_rows(s, s->gradient, &g) &&
              fine(s->ctx, grasp_model_loss_rows(s->ctx, s->model, s->d.seen, s->d.n_seen, loss));
    FILE *f = ok ? open_table(s, "figure1", "class,attribute,outlier,x1,x2,loss,gradient1,gradient2\n") : NULL;
    for (int64_t i = 0; f && i < s->d.n_seen; i++) {
        const double *x = s->d.value + s->d.seen[i] * s->d.d;
        const double *row = (double *)grasp_matrix_data(g) + i * grasp_matrix_row_stride(g);
        if (s->y[i] != 0)
            continue;
        identity(s, i, f);
        fprintf(f, ",%.9g,%.9g,%.9g,%.9g,%.9g\n", x[0], x[1], loss[i], row[0], row[1]);
    }
    ok = ok && close_table(f);
    free(loss);
    grasp_matrix_free(g);
    return ok;
}

/* Principal scores of a class's rows in one space, into score at the rows' places. */
static bool class_scores(scene *s, grasp_gradients *space, const int64_t *row, int64_t n, double *score)
{
    grasp_gradients *view = NULL;
    grasp_matrix    *dense = NULL;
    const bool       ok =
        fine(s->ctx, grasp_gradients_select(s->ctx, space, row, n, &view)) && dense_rows(s, view, &dense);
    double *pair = allocate(2 * n, sizeof *pair);
    if (ok)
        principal_scores(grasp_matrix_data(dense), n, grasp_matrix_cols(dense), pair);
    for (int64_t i = 0; i < n; i++) {
        score[2 * row[i]] = pair[2 * i];
        score[2 * row[i] + 1] = pair[2 * i + 1];
    }
    free(pair);
    grasp_gradients_free(view);
    grasp_matrix_free(dense);
    return ok;
}

static bool figure_2_3(scene *s, const char *figure)
{
    const int64_t       n = s->d.n_seen;
    double             *feature = allocate(2 * n, sizeof *feature), *gradient = allocate(2 * n, sizeof *gradient);
    int64_t            *row = allocate(n, sizeof *row);
    const grasp_groups *groups = NULL;
    bool                ok = learned_groups(s, "grasp", &groups);
    for (int64_t c = 0; ok && c < s->d.n_classes; c++) {
        int64_t size = 0;
        for (int64_t i = 0; i < n; i++)
            if (s->y[i] == c)
                row[size++] = i;
        ok = class_scores(s, s->feature, row, size, feature) && class_scores(s, s->gradient, row, size, gradient);
    }
    FILE *f =
        ok ? open_table(s, figure, "class,attribute,outlier,group,feature1,feature2,gradient1,gradient2\n") : NULL;
    for (int64_t i = 0; f && i < n; i++) {
        identity(s, i, f);
        fprintf(f, ",%lld,%.9g,%.9g,%.9g,%.9g\n", (long long)grasp_groups_label(groups, i), feature[2 * i],
                feature[2 * i + 1], gradient[2 * i], gradient[2 * i + 1]);
    }
    ok = ok && close_table(f);
    free(feature);
    free(gradient);
    free(row);
    return ok;
}

bool scatter_run(scene *s)
{
    const bool  synthetic = !strcmp(s->set, "synthetic"), contaminated = !strcmp(s->condition, "contaminated");
    const char *spaces = synthetic ? "figure2" : "figure3";
    if (!s->o->output || !scene_is_first(s))
        return true;
    return (!wanted_part(s->o, spaces) || figure_2_3(s, spaces)) &&
           (!synthetic || !wanted_part(s->o, "figure4") || figure_4(s)) &&
           (!synthetic || !contaminated || !wanted_part(s->o, "figure1") || figure_1(s));
}
