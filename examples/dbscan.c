/* SPDX-License-Identifier: BSD-3-Clause
 * DBSCAN in one sitting: points in, labels out. Two rings and a few strays; -1 is an outlier.
 *
 *     cc dbscan.c $(pkg-config --cflags --libs grasp) -lm
 */
#include <grasp.h>

#include <math.h>
#include <stdio.h>

enum { N = 105 };

int main(void)
{
    double x[N][2];
    for (int i = 0; i < N; i++) { /* the last five lie far out, each on its own */
        double radius = i >= 100 ? 3 * (i - 97) : i % 2 ? 2 : 0.5, angle = 0.0628 * i;
        x[i][0] = radius * cos(angle);
        x[i][1] = radius * sin(angle);
    }
    grasp_context *ctx = NULL;
    grasp_params *params = NULL;
    grasp_matrix *points = NULL;
    grasp_clusterer *clusterer = NULL;
    grasp_groups *groups = NULL;
    grasp_status s = grasp_context_create(NULL, &ctx);
    if (s == GRASP_OK && (s = grasp_params_create(ctx, "dbscan", &params)) == GRASP_OK &&
        (s = grasp_params_parse(ctx, params, "eps=0.5;min_samples=3")) == GRASP_OK &&
        (s = grasp_matrix_wrap(ctx, GRASP_F64, N, 2, 2, x, NULL, NULL, &points)) == GRASP_OK &&
        (s = grasp_clusterer_create(ctx, "dbscan", params, &clusterer)) == GRASP_OK &&
        (s = grasp_clusterer_fit_points(ctx, clusterer, points)) == GRASP_OK)
        s = grasp_clusterer_groups(ctx, clusterer, &groups);
    if (s == GRASP_OK) {
        printf("%d clusters, %d outliers\n", (int)grasp_groups_count(groups), (int)grasp_groups_noise(groups));
        for (int i = 0; i < N; i++)
            printf("%d%c", (int)grasp_groups_label(groups, i), i % 35 == 34 ? '\n' : ' ');
    } else {
        fprintf(stderr, "%s\n", ctx ? grasp_context_error(ctx) : grasp_status_text(s));
    }
    grasp_groups_free(groups);
    grasp_clusterer_free(clusterer);
    grasp_matrix_free(points);
    grasp_params_free(params);
    grasp_context_free(ctx);
    return s != GRASP_OK;
}
