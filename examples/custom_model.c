/* SPDX-License-Identifier: BSD-3-Clause
 * A model of your own, through callbacks: the library asks for rows by number and never sees the data, which could as
 * well lie on another device. The model is linear with the squared hinge loss, which is not built in.
 * grasp_model_check_grad() tells whether its gradients are those of its loss.
 *
 *     cc custom_model.c $(pkg-config --cflags --libs grasp)
 */
#include <grasp.h>

#include <stdio.h>
#include <string.h>

enum { ROWS = 200, INPUTS = 2 };

struct mine {
    double x[ROWS][INPUTS], w[INPUTS];
    int64_t y[ROWS];
};

static double score(const struct mine *m, int64_t row)
{
    return m->w[0] * m->x[row][0] + m->w[1] * m->x[row][1];
}

/* By how much a row falls short of the margin; *sign is its label as -1 or 1. */
static double shortfall(const struct mine *m, int64_t row, double *sign)
{
    *sign = m->y[row] ? 1 : -1;
    return *sign * score(m, row) < 1 ? 1 - *sign * score(m, row) : 0;
}

static int64_t n_rows(void *user)
{
    (void)user;
    return ROWS;
}

static int64_t n_classes(void *user)
{
    (void)user;
    return 2;
}

static int64_t n_params(void *user)
{
    (void)user;
    return INPUTS;
}

static int32_t labels(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    const struct mine *m = user;
    for (int64_t i = 0; i < n; i++)
        label[i] = m->y[rows[i]];
    return GRASP_CB_OK;
}

static int32_t get_params(void *user, double *theta)
{
    memcpy(theta, ((struct mine *)user)->w, sizeof(double) * INPUTS);
    return GRASP_CB_OK;
}

static int32_t set_params(void *user, const double *theta)
{
    memcpy(((struct mine *)user)->w, theta, sizeof(double) * INPUTS);
    return GRASP_CB_OK;
}

/* max(0, 1 - s w.x)^2, s = -1 or 1 */
static int32_t loss(void *user, int64_t n, const int64_t *rows, double *out)
{
    double sign;
    for (int64_t i = 0; i < n; i++) {
        double missing = shortfall(user, rows[i], &sign);
        out[i] = missing * missing;
    }
    return GRASP_CB_OK;
}

static int32_t sample_grads(void *user, int64_t n, const int64_t *rows, double *grads)
{
    const struct mine *m = user;
    double sign;
    for (int64_t i = 0; i < n; i++) {
        double missing = shortfall(m, rows[i], &sign);
        for (int j = 0; j < INPUTS; j++)
            grads[i * INPUTS + j] = -2 * missing * sign * m->x[rows[i]][j];
    }
    return GRASP_CB_OK;
}

static int32_t weighted_grad(void *user, int64_t n, const int64_t *rows, const double *weight, double *grad)
{
    memset(grad, 0, sizeof(double) * INPUTS);
    for (int64_t i = 0; i < n; i++) {
        double row[INPUTS];
        sample_grads(user, 1, rows + i, row);
        for (int j = 0; j < INPUTS; j++)
            grad[j] += weight[i] * row[j];
    }
    return GRASP_CB_OK;
}

static int32_t predict(void *user, int64_t n, const int64_t *rows, int64_t *label)
{
    for (int64_t i = 0; i < n; i++)
        label[i] = score(user, rows[i]) > 0;
    return GRASP_CB_OK;
}

int main(void)
{
    static struct mine mine; /* yours: the library is only given its address */
    static int64_t label[ROWS];
    grasp_model_ops ops;
    grasp_context *ctx;
    grasp_model *model;
    double worst = 0;
    int right = 0;

    for (int i = 0; i < ROWS; i++) { /* points spread over a square, labelled by a line */
        mine.x[i][0] = i * 37 % ROWS / 100.0 - 1;
        mine.x[i][1] = i * 91 % ROWS / 100.0 - 1;
        mine.y[i] = mine.x[i][0] + 0.5 * mine.x[i][1] > 0;
    }
    mine.w[0] = 2;
    mine.w[1] = 0.5;

    memset(&ops, 0, sizeof ops); /* hooks left NULL are optional */
    ops.size = sizeof ops;
    ops.n_rows = n_rows;
    ops.n_classes = n_classes;
    ops.n_params = n_params;
    ops.labels = labels;
    ops.get_params = get_params;
    ops.set_params = set_params;
    ops.loss = loss;
    ops.weighted_grad = weighted_grad;
    ops.predict = predict;
    ops.sample_grads = sample_grads;

    if (grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 1;
    if (grasp_model_create_custom(ctx, &ops, &mine, &model) != GRASP_OK ||
        grasp_model_check_grad(ctx, model, NULL, ROWS, 0, &worst) != GRASP_OK ||
        grasp_model_predict(ctx, model, NULL, label, ROWS) != GRASP_OK) {
        fprintf(stderr, "%s\n", grasp_context_error(ctx));
        grasp_model_free(model);
        grasp_context_free(ctx);
        return 1;
    }
    for (int i = 0; i < ROWS; i++)
        right += label[i] == mine.y[i];
    printf("largest difference between gradients and finite differences: %.1e\n", worst);
    printf("%d of %d rows are predicted right\n", right, ROWS);
    grasp_model_free(model);
    grasp_context_free(ctx);
    return worst < 1e-6 ? 0 : 1;
}
