/* SPDX-License-Identifier: BSD-3-Clause
 * Gradients in, groups out. The gradients may come from any framework; here they are made up: in each of two classes
 * most samples pull the model one way, every third another way, and three belong to nothing.
 *
 *     cc infer.c $(pkg-config --cflags --libs grasp)
 */
#include <grasp.h>

#include <stdio.h>

enum { N = 303, P = 4 };

static void make_up(double gradient[N][P], int64_t y[N])
{
    for (int i = 0; i < N; i++) {
        int direction = i >= N - 3 ? 3 : i % 3 == 0;
        y[i] = i / 3 % 2;
        for (int k = 0; k < P; k++)
            gradient[i][k] = (k == direction) + 0.02 * ((i * (k + 3) + k) % 11);
    }
}

int main(void)
{
    static double gradient[N][P];
    static int64_t y[N];
    grasp_context *ctx = NULL;
    grasp_matrix *rows = NULL;
    grasp_gradients *gradients = NULL;
    grasp_inference *inference = NULL;
    grasp_groups *groups = NULL;

    make_up(gradient, y);
    if (grasp_context_create(NULL, &ctx) != GRASP_OK ||
        grasp_matrix_wrap(ctx, GRASP_F64, N, P, P, gradient, NULL, NULL, &rows) != GRASP_OK ||
        grasp_gradients_create_dense(ctx, GRASP_F64, P, N, &gradients) != GRASP_OK ||
        grasp_gradients_append(ctx, gradients, rows) != GRASP_OK || grasp_gradients_seal(ctx, gradients) != GRASP_OK ||
        grasp_infer(ctx, gradients, y, N, NULL, NULL, &inference, NULL) != GRASP_OK ||
        grasp_inference_groups(ctx, inference, &groups) != GRASP_OK)
        fprintf(stderr, "%s\n", grasp_context_error(ctx));
    int failed = groups == NULL;
    for (int64_t g = 0; !failed && g < grasp_groups_count(groups); g++)
        printf("group %d: %d samples\n", (int)g, (int)grasp_groups_size(groups, g));
    if (!failed)
        printf("outliers: %d\n", (int)grasp_groups_noise(groups));

    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_gradients_free(gradients);
    grasp_matrix_free(rows);
    grasp_context_free(ctx);
    return failed;
}
