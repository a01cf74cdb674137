/* SPDX-License-Identifier: BSD-3-Clause
 * grasp_learn_groups: each method on the Synthetic data, against what it is defined by; what all share: report, known
 * groups, the order of samples, refusals, failing allocations, cancelling, threads.
 */
#include "support.h"
#include "support_synthetic.h"
#include "support_toy.h"

#include "grasp.h"
#include "infer/george.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a model of the Synthetic data, trained ---------------------------------------------------------------------- */

enum { N = 800, N_TRAIN = 600, N_VAL = 200 };

typedef struct lab {
    synthetic *d;
    int64_t train[N_TRAIN], val[N_VAL];
    grasp_matrix *x;
    grasp_model *model;
    grasp_groups *truth; /* of training, then validation rows */
} lab;

static lab *lab_open(grasp_context *ctx, const char *data)
{
    lab *l = calloc(1, sizeof *l);
    grasp_params *params = NULL;
    l->d = synthetic_read(data);
    ck_assert_int_eq(l->d->n, N);
    for (int64_t i = 0; i < N; i++)
        *(i < N_TRAIN ? &l->train[i] : &l->val[i - N_TRAIN]) = i;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, 2, 2, l->d->features, NULL, NULL, &l->x));
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, 2, 2, &l->model));
    ASSERT_OK(ctx, grasp_model_bind(ctx, l->model, l->x, l->d->y, N));
    ASSERT_OK(ctx, grasp_train_erm(ctx, l->model, l->train, N_TRAIN, NULL, 0, NULL, NULL));
    ASSERT_OK(ctx, grasp_groups_create(ctx, l->d->true4, N, &l->truth));
    grasp_params_free(params);
    return l;
}

static void lab_free(lab *l)
{
    grasp_groups_free(l->truth);
    grasp_model_free(l->model);
    grasp_matrix_free(l->x);
    synthetic_free(l->d);
    free(l);
}

static grasp_params *make_params(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *params = NULL;
    ASSERT_OK(ctx, grasp_params_create(ctx, algorithm, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    return params;
}

/* Labels of training and validation rows; the model's parameters are the same afterwards. free() them. */
static int64_t *learn(grasp_context *ctx, lab *l, const char *method, const char *text, grasp_report **report)
{
    int64_t *label = calloc(N, sizeof *label), p = grasp_model_n_params(l->model);
    double *before = calloc((size_t)p, sizeof *before), *after = calloc((size_t)p, sizeof *after);
    grasp_params *params = text ? make_params(ctx, strcmp(method, "jtt") == 0 ? "errors" : method, text) : NULL;
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, grasp_model_get_params(ctx, l->model, before, p));
    ASSERT_OK(ctx, grasp_learn_groups(ctx, method, l->model, l->train, N_TRAIN, l->val, N_VAL, params, l->truth,
                                      &groups, report));
    ASSERT_OK(ctx, grasp_groups_labels(ctx, groups, label, N));
    ASSERT_OK(ctx, grasp_model_get_params(ctx, l->model, after, p));
    ck_assert_mem_eq(before, after, (size_t)p * sizeof *before);
    grasp_groups_free(groups);
    grasp_params_free(params);
    free(after);
    free(before);
    return label;
}

static double value(grasp_context *ctx, const grasp_report *report, const char *name)
{
    double v;
    ASSERT_OK(ctx, grasp_report_value(ctx, report, name, &v));
    return v;
}

/* ---- grasp ------------------------------------------------------------------------------------------------------- */

/* The learner is grasp_infer() on the model's gradients, with validation rows clustered too or assigned. */
START_TEST(grasp_is_infer)
{
    static const char *const clusterer[] = {"metric=cosine", "metric=cosine;infer.center=false",
                                            "metric=euclidean;infer.min_samples=5,20,40", "algorithm=kmeans",
                                            "algorithm=gmm;infer.k=2,3;infer.restarts=2",
                                            "metric=cosine;infer.score=ari"};
    grasp_context *ctx = test_context();
    bool assign = _i % 2, known = contains(clusterer[_i / 2], "ari");
    char text[128];
    lab *l = lab_open(ctx, "clean");
    grasp_report *report = NULL;
    snprintf(text, sizeof text, "val=%s;infer.%s", assign ? "assign" : "joint", clusterer[_i / 2]);
    int64_t *label = learn(ctx, l, "grasp", text, &report), n = assign ? N_TRAIN : N;
    char plain[128] = "";
    for (const char *c = clusterer[_i / 2]; *c; c += strncmp(c, ";infer.", 7) == 0 ? 7 : 1) {
        size_t end = strlen(plain);
        plain[end] = *c;
        plain[end + 1] = 0;
    }
    grasp_gradients *all = NULL, *train = NULL, *val = NULL;
    grasp_params *params = make_params(ctx, "infer", plain);
    grasp_inference *inference = NULL;
    grasp_groups *groups = NULL, *assigned = NULL, *truth = NULL;
    grasp_report *own = NULL;
    ASSERT_OK(ctx, grasp_gradients_compute(ctx, l->model, NULL, N, NULL, &all));
    ASSERT_OK(ctx, grasp_gradients_select(ctx, all, l->train, N_TRAIN, &train));
    ASSERT_OK(ctx, grasp_gradients_select(ctx, all, l->val, N_VAL, &val));
    ASSERT_OK(ctx, grasp_groups_create(ctx, l->d->true4, n, &truth));
    ASSERT_OK(ctx, grasp_infer(ctx, assign ? train : all, l->d->y, n, params, known ? truth : NULL, &inference, &own));
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    ASSERT_OK(ctx, grasp_assign(ctx, inference, val, l->d->y + N_TRAIN, N_VAL, &assigned));
    for (int64_t i = 0; i < N; i++)
        ck_assert_int_eq(label[i], i < n ? grasp_groups_label(groups, i) : grasp_groups_label(assigned, i - N_TRAIN));
    for (int64_t i = 0; i < grasp_report_count(own); i++) { /* the same names, and what was chosen */
        const char *name = grasp_report_name(own, i);
        if (grasp_report_kind(own, i) == GRASP_REPORT_SERIES)
            ck_assert_int_eq(grasp_report_length(report, name), grasp_report_length(own, name));
        else if (contains(name, "score") || contains(name, "min_samples"))
            ck_assert_double_eq(value(ctx, report, name), value(ctx, own, name));
        else
            value(ctx, report, name);
    }
    if (contains(clusterer[_i / 2], "gmm"))
        ASSERT_STATUS(ctx, grasp_inference_save_file(ctx, inference, "/nowhere/it"), GRASP_E_UNSUPPORTED, "gmm");
    ck_assert_double_eq(value(ctx, report, "samples"), N);
    ck_assert_double_eq(value(ctx, report, "class.0.samples") + value(ctx, report, "class.1.samples"), N);
    ck_assert_double_eq(value(ctx, report, "groups"),
                        value(ctx, report, "class.0.clusters") + value(ctx, report, "class.1.clusters"));
    grasp_report_free(own);
    grasp_groups_free(truth);
    grasp_groups_free(assigned);
    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_params_free(params);
    grasp_gradients_free(val);
    grasp_gradients_free(train);
    grasp_gradients_free(all);
    grasp_report_free(report);
    free(label);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- feasp ------------------------------------------------------------------------------------------------------- */

/* The learner is grasp_infer_points() on the inputs, or on the features, which for a linear model are the same; and
 * that is the published FeaSP of the fixtures. */
START_TEST(feasp_is_infer_on_points)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    expected_choice *e = expected_chosen("clean", "features", "cosine");
    grasp_params *params = make_params(ctx, "infer", "score=silhouette_euclidean");
    grasp_inference *inference = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    int64_t *inputs = learn(ctx, l, "feasp", "infer.score=silhouette_euclidean", &report),
            *features = learn(ctx, l, "feasp", "infer.score=silhouette_euclidean;points=features", NULL);
    ASSERT_OK(ctx, grasp_infer_points(ctx, l->x, l->d->y, N, params, NULL, &inference, NULL));
    ASSERT_OK(ctx, grasp_inference_groups(ctx, inference, &groups));
    for (int64_t i = 0; i < N; i++)
        ck_assert(inputs[i] == e->label[i] && features[i] == e->label[i] &&
                  grasp_groups_label(groups, i) == e->label[i]);
    ck_assert_double_eq_tol(value(ctx, report, "ari"), e->ari4, 1e-9);
    ck_assert_double_eq(value(ctx, report, "class.1.eps"), e->eps[1]);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_inference_free(inference);
    grasp_params_free(params);
    free(features);
    free(inputs);
    free(e);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- from logits: the error set, environments, early outputs ----------------------------------------------------- */

static const double error_set[2][2] = {{0.8978200473961778, 0.7968909688394743},
                                       {0.825539327124768, 0.6613571110839067}}; /* by scikit-learn: pooled, within */

/* The error set and EIIL are one, and score as scikit-learn's model has it on the same data. */
START_TEST(error_set_and_environments)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, _i ? "contaminated" : "clean");
    grasp_model *logistic = NULL;
    grasp_report *errors = NULL, *eiil = NULL;
    ASSERT_OK(ctx, grasp_model_create_logistic(ctx, 2, &logistic)); /* the penalty of scikit-learn's */
    ASSERT_OK(ctx, grasp_model_bind(ctx, logistic, l->x, l->d->y, N));
    ASSERT_OK(ctx, grasp_train_erm(ctx, logistic, l->train, N_TRAIN, NULL, 0, NULL, NULL));
    grasp_model_free(l->model);
    l->model = logistic;
    int64_t *wrong = learn(ctx, l, "jtt", NULL, &errors), *env = learn(ctx, l, "eiil", NULL, &eiil), predicted[N],
            n = 0;
    ck_assert_double_eq_tol(value(ctx, errors, "ari"), error_set[_i][0], 1e-12);
    ck_assert_double_eq_tol(value(ctx, errors, "ari_within"), error_set[_i][1], 1e-12);
    ck_assert_double_eq(value(ctx, errors, "floor.errors"), value(ctx, errors, "ari"));
    ck_assert_double_eq(value(ctx, eiil, "closed_form"), 1);
    ck_assert_mem_eq(wrong, env, N * sizeof *wrong);
    ASSERT_OK(ctx, grasp_model_predict(ctx, l->model, NULL, predicted, N));
    grasp_params *params = make_params(ctx, "errors", "by_class=0");
    grasp_groups *set = NULL;
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "jtt", l->model, NULL, N, NULL, 0, params, NULL, &set, NULL));
    for (int64_t i = 0; i < N; i++) {
        ck_assert_int_eq(grasp_groups_label(set, i), predicted[i] != l->d->y[i]);
        ck_assert_int_eq(wrong[i], 2 * l->d->y[i] + (predicted[i] != l->d->y[i]));
        n += predicted[i] != l->d->y[i];
    }
    ck_assert_double_eq(value(ctx, errors, "errors"), (double)n);
    grasp_groups_free(set);
    grasp_params_free(params);
    grasp_report_free(eiil);
    grasp_report_free(errors);
    free(env);
    free(wrong);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* Random logits of several classes: the environments are the sign of sum_c p_c z_c - z_y wherever it is clear. */
START_TEST(environments_in_closed_form)
{
    enum { M = 300, MOST_CLASSES = 5 };
    static double z[M * MOST_CLASSES];
    static int64_t y[M];
    grasp_context *ctx = test_context();
    int64_t classes = 2 + _i % 4;
    grasp__rng rng = test_rng(900 + (uint64_t)_i);
    random_normals(&rng, z, M * classes);
    for (int64_t i = 0; i < M; i++) {
        y[i] = grasp__rng_below(&rng, classes);
        for (int64_t c = 0; c < classes; c++)
            z[i * classes + c] = 3 * z[i * classes + c] + (c == y[i]);
    }
    grasp_matrix *logits = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    grasp_params *params = make_params(ctx, "eiil", "by_class=0;rate=0.01");
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, M, classes, classes, z, NULL, NULL, &logits));
    ASSERT_OK(ctx, grasp_infer_outputs(ctx, "eiil", logits, y, M, params, NULL, &groups, &report));
    double same = 0;
    for (int64_t i = 0; i < M; i++) {
        double top = -INFINITY, sum = 0, d = 0;
        for (int64_t c = 0; c < classes; c++)
            top = fmax(top, z[i * classes + c]);
        for (int64_t c = 0; c < classes; c++)
            sum += exp(z[i * classes + c] - top);
        for (int64_t c = 0; c < classes; c++)
            d += exp(z[i * classes + c] - top) / sum * z[i * classes + c];
        d -= z[i * classes + y[i]];
        bool agrees = grasp_groups_label(groups, i) == (d > 0);
        ck_assert_msg(agrees || fabs(d) < 0.01, "sample %d with d = %g is in environment %d", (int)i, d,
                      (int)grasp_groups_label(groups, i));
        same += agrees;
    }
    ck_assert_double_eq_tol(value(ctx, report, "closed_form"), same / M, 1e-12);
    ck_assert_double_gt(same / M, 0.99);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_matrix_free(logits);
    grasp_params_free(params);
    grasp_context_free(ctx);
}
END_TEST

/* The model's logits, as C columns or one, say what the model says. */
START_TEST(outputs_are_the_model)
{
    static const char *const method[] = {"jtt", "eiil"}, *const algorithm[] = {"errors", "eiil"};
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    grasp_matrix *logits = NULL, *margin = NULL;
    grasp_params *params = make_params(ctx, algorithm[_i], _i ? "steps=50" : "by_class=1");
    grasp_groups *own = NULL, *two = NULL, *one = NULL;
    grasp_report *a = NULL, *b = NULL;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, 2, &logits));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, 1, &margin));
    ASSERT_OK(ctx, grasp_model_logits(ctx, l->model, NULL, logits));
    const double *z = grasp_matrix_data(logits);
    for (int64_t i = 0; i < N; i++)
        ((double *)grasp_matrix_data(margin))[i] = z[2 * i + 1] - z[2 * i];
    ASSERT_OK(ctx, grasp_learn_groups(ctx, method[_i], l->model, NULL, N, NULL, 0, params, l->truth, &own, &a));
    ASSERT_OK(ctx, grasp_infer_outputs(ctx, method[_i], logits, l->d->y, N, params, l->truth, &two, &b));
    ASSERT_OK(ctx, grasp_infer_outputs(ctx, method[_i], margin, l->d->y, N, params, NULL, &one, NULL));
    for (int64_t i = 0; i < N; i++)
        ck_assert(grasp_groups_label(own, i) == grasp_groups_label(two, i) &&
                  grasp_groups_label(own, i) == grasp_groups_label(one, i));
    ck_assert_int_eq(grasp_report_count(a), grasp_report_count(b));
    for (int64_t i = 0; i < grasp_report_count(a); i++)
        if (!isnan(value(ctx, a, grasp_report_name(a, i))))
            ck_assert_double_eq(value(ctx, a, grasp_report_name(a, i)), value(ctx, b, grasp_report_name(a, i)));
    int64_t far[N];
    memcpy(far, l->d->y, sizeof far);
    far[7] = 2;
    grasp_groups *none = NULL;
#define OUTPUTS(METHOD, LOGITS, Y, COUNT)                                                                              \
    grasp_infer_outputs(ctx, METHOD, LOGITS, Y, COUNT, NULL, NULL, &none, NULL)
    ASSERT_STATUS(ctx, OUTPUTS("jtt", logits, far, N), GRASP_E_ARG, "y[7] is 2");
    ASSERT_STATUS(ctx, OUTPUTS("grasp", logits, far, N), GRASP_E_ARG, "\"eiil\"");
    ASSERT_STATUS(ctx, OUTPUTS("jtt", logits, l->d->y, N - 1), GRASP_E_DIM, "logits");
    ASSERT_STATUS(ctx, OUTPUTS("jtt", NULL, l->d->y, N), GRASP_E_ARG, "logits");
    ASSERT_STATUS(ctx, OUTPUTS("jtt", logits, NULL, N), GRASP_E_ARG, "y");
    ((double *)grasp_matrix_data(logits))[5] = NAN;
    ASSERT_STATUS(ctx, OUTPUTS("jtt", logits, l->d->y, N), GRASP_E_NUMERIC, "row 2");
#undef OUTPUTS
    ck_assert_ptr_null(none);
    grasp_report_free(b);
    grasp_report_free(a);
    grasp_groups_free(one);
    grasp_groups_free(two);
    grasp_groups_free(own);
    grasp_params_free(params);
    grasp_matrix_free(margin);
    grasp_matrix_free(logits);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* Early outputs that lie in two heaps a class are told apart, and later samples go to the nearest heap. */
START_TEST(early_outputs)
{
    enum { M = 400 };
    static double z[M * 2];
    static int64_t y[M];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(950);
    random_normals(&rng, z, 2 * M);
    for (int64_t i = 0; i < M; i++) {
        y[i] = i % 2;
        for (int64_t c = 0; c < 2; c++)
            z[2 * i + c] = 0.1 * z[2 * i + c] + (i % 4 < 2 ? 3 : -3) * (c == y[i] ? 1 : -1);
    }
    grasp_matrix *logits = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, M, 2, 2, z, NULL, NULL, &logits));
    ASSERT_OK(ctx, grasp_infer_outputs(ctx, "spare", logits, y, M, NULL, NULL, &groups, &report));
    for (int64_t i = 0; i < M; i++)
        ck_assert_int_eq(grasp_groups_label(groups, i), 2 * y[i] + i % 4 / 2);
    ck_assert_double_eq(value(ctx, report, "class.0.min_samples"), 2);
    ck_assert_double_gt(value(ctx, report, "class.0.score"), 0.9);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_matrix_free(logits);
    lab *l = lab_open(ctx, "clean"); /* of a model: its parameters do not matter */
    int64_t *first = learn(ctx, l, "spare", "epochs=3;val=assign", &report);
    const double zero[6] = {0};
    ASSERT_OK(ctx, grasp_model_set_params(ctx, l->model, zero, 6));
    int64_t *second = learn(ctx, l, "spare", "epochs=3;val=assign", NULL);
    ck_assert_mem_eq(first, second, N * sizeof *first);
    ck_assert_double_ge(value(ctx, report, "groups"), 4);
    grasp_report_free(report);
    free(second);
    free(first);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- xrm --------------------------------------------------------------------------------------------------------- */

enum { XR = 90, XP = 2, XC = 3 }; /* rows, inputs, classes */

static void softmax(double *z)
{
    double top = fmax(z[0], fmax(z[1], z[2])), sum = 0;
    for (int c = 0; c < XC; c++)
        sum += z[c] = exp(z[c] - top);
    for (int c = 0; c < XC; c++)
        z[c] /= sum;
}

/* The definition, for softmax regression on all rows at once. Returns the share of flipped labels. */
static double cross_risk(const double *x, const int64_t *y, int64_t steps, double rate, int64_t *environment)
{
    double w[2][XC][XP + 1] = {{{0}}}, flipped = 0;
    int64_t order[XR], half[XR], label[XR];
    grasp__rng rng;
    grasp__rng_init(&rng, 0, GRASP__RNG_XRM, 0);
    for (int64_t i = 0; i < XR; i++)
        order[i] = i;
    grasp__rng_shuffle(&rng, order, XR);
    for (int64_t i = 0; i < XR; i++) {
        half[order[i]] = i % 2;
        label[i] = y[i];
    }
    for (int64_t t = 1; t <= steps; t++) {
        double p[2][XR][XC], size[2][XC] = {{0}}, g[2][XC][XP + 1] = {{{0}}};
        for (int64_t i = 0; i < XR; i++) {
            size[half[i]][label[i]]++;
            for (int64_t h = 0; h < 2; h++) {
                for (int c = 0; c < XC; c++)
                    p[h][i][c] = w[h][c][0] * x[2 * i] + w[h][c][1] * x[2 * i + 1] + w[h][c][2];
                softmax(p[h][i]);
            }
        }
        for (int64_t i = 0; i < XR; i++)
            for (int c = 0; c < XC; c++) {
                double r = (p[half[i]][i][c] - (c == label[i])) / size[half[i]][label[i]];
                for (int64_t j = 0; j <= XP; j++)
                    g[half[i]][c][j] += r * (j < XP ? x[2 * i + j] : 1);
            }
        for (int64_t q = 0; q < 2 * XC * (XP + 1); q++)
            (&w[0][0][0])[q] -= rate * (&g[0][0][0])[q];
        grasp__rng_init(&rng, 0, GRASP__RNG_XRM, (uint64_t)t);
        for (int64_t h = 0; h < 2; h++)
            for (int64_t k = 0; k < XR; k++) {
                int64_t i = order[k], best = 0;
                if (half[i] == h)
                    continue;
                for (int c = 1; c < XC; c++)
                    best = p[h][i][c] > p[h][i][best] ? c : best;
                if (grasp__rng_uniform(&rng) < (p[h][i][best] - 1. / XC) * XC / (XC - 1))
                    label[i] = best;
            }
    }
    for (int64_t i = 0; i < XR; i++) {
        environment[i] = 0;
        for (int64_t h = 0; h < 2; h++) {
            int64_t best = 0;
            double z[XC];
            for (int c = 0; c < XC; c++)
                z[c] = w[h][c][0] * x[2 * i] + w[h][c][1] * x[2 * i + 1] + w[h][c][2];
            for (int c = 1; c < XC; c++)
                best = z[c] > z[best] ? c : best;
            environment[i] |= best != y[i];
        }
        flipped += label[i] != y[i];
    }
    return flipped / XR;
}

/* Against the definition; labels that were wrong to begin with end in environment 1. */
START_TEST(twins_flip_labels)
{
    static const int64_t steps[] = {0, 1, 7, 150};
    static double x[XR * XP];
    static int64_t y[XR], environment[XR];
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(960);
    random_normals(&rng, x, XR * XP);
    for (int64_t i = 0; i < XR; i++) { /* three heaps, every tenth row with another's label */
        int64_t heap = i % XC;
        x[2 * i] = 0.3 * x[2 * i] + 4 * (heap == 1);
        x[2 * i + 1] = 0.3 * x[2 * i + 1] + 4 * (heap == 2);
        y[i] = i % 10 == 0 ? (heap + 1) % XC : heap;
    }
    double expected = cross_risk(x, y, steps[_i], 0.3, environment), flips;
    char text[64];
    snprintf(text, sizeof text, "rate=0.3;by_class=0;steps=%d", (int)steps[_i]);
    grasp_matrix *m = NULL;
    grasp_model *model = NULL;
    grasp_params *params = make_params(ctx, "xrm", text);
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, XR, XP, XP, x, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, XP, XC, &model));
    ASSERT_OK(ctx, grasp_model_bind(ctx, model, m, y, XR));
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "xrm", model, NULL, XR, NULL, 0, params, NULL, &groups, &report));
    flips = value(ctx, report, "flip_rate");
    ck_assert_msg(flips == expected, "flip rate %g, expected %g", flips, expected);
    for (int64_t i = 0; i < XR; i++) {
        ck_assert_int_eq(grasp_groups_label(groups, i), environment[i]);
        if (steps[_i] == 150)
            ck_assert_int_eq(environment[i], i % 10 == 0);
    }
    ck_assert_double_eq(value(ctx, report, "rate"), 0.3);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_params_free(params);
    grasp_model_free(model);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* The rate that flips most labels is taken, one that diverges is out; validation rows are judged by both twins too. */
START_TEST(rate_by_flips)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    grasp_report *all = NULL, *one = NULL;
    double rate[3], flips[3];
    int64_t *label = learn(ctx, l, "xrm", "rate=0.01,0.1,1e308;steps=200", &all), *best;
    ASSERT_OK(ctx, grasp_report_series(ctx, all, "candidate.rate", rate, 3));
    ASSERT_OK(ctx, grasp_report_series(ctx, all, "candidate.flip_rate", flips, 3));
    ck_assert(rate[1] == 0.1 && isnan(flips[2]) && !isnan(flips[0]) && flips[0] != flips[1]);
    ck_assert_double_eq(value(ctx, all, "flip_rate"), fmax(flips[0], flips[1]));
    ck_assert_double_eq(value(ctx, all, "rate"), flips[0] > flips[1] ? 0.01 : 0.1);
    best = learn(ctx, l, "xrm", flips[0] > flips[1] ? "rate=0.01;steps=200" : "rate=0.1;steps=200", &one);
    ck_assert_mem_eq(label, best, N * sizeof *label);
    grasp_params *params = make_params(ctx, "xrm", "rate=1e308;steps=9");
    grasp_groups *groups = NULL;
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "xrm", l->model, NULL, N, NULL, 0, params, NULL, &groups, NULL),
                  GRASP_E_NUMERIC, "rate");
    toy *own = toy_make(N, 2, 2, l->d->features, l->d->y); /* whose labels are its own */
    grasp_model_ops ops = toy_ops();
    grasp_model *custom = NULL;
    ASSERT_OK(ctx, grasp_model_create_custom(ctx, &ops, own, &custom));
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "xrm", custom, NULL, N, NULL, 0, NULL, NULL, &groups, NULL),
                  GRASP_E_UNSUPPORTED, "custom");
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "feasp", custom, NULL, N, NULL, 0, NULL, NULL, &groups, NULL),
                  GRASP_E_UNSUPPORTED, "points=features");
    ck_assert_ptr_null(groups);
    grasp_model_free(custom);
    grasp_params_free(params);
    grasp_report_free(one);
    grasp_report_free(all);
    free(best);
    free(label);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- george ------------------------------------------------------------------------------------------------------ */

/* A cluster of 60 samples in parts of 30: each rule by itself keeps a part from standing alone. */
START_TEST(parts_that_stand_alone)
{
    enum { M = 60 };
    static const struct {
        double base, part, loss; /* silhouettes and loss of part 1; loss of part 0 is 1 */
        int64_t n_val, n_train, keeps;
    } rules[] = {{0.2, 0.3, 1, 25, M, 1},   {0.2, 0.2, 1, 25, M, 0},   {-0.5, -0.1, 1, 25, M, 0},
                 {-0.5, 0.1, 1, 25, M, 1},  {0.2, 0.3, 0.9, 25, M, 0}, {0.2, 0.3, 2, 24, M, 0},
                 {0.2, 0.3, 2, 25, 6001, 0}};
    for (size_t q = 0; q < sizeof rules / sizeof *rules; q++) {
        static int64_t base[6001], part[6001];
        static double base_silhouette[6001], part_silhouette[6001], loss[6001];
        int64_t n_val[2] = {0, rules[q].n_val};
        uint8_t keep[2];
        for (int64_t i = 0; i < rules[q].n_train; i++) { /* 30 samples in part 1: 0.005 of 6001 is more */
            part[i] = i < 30;
            base[i] = 0;
            base_silhouette[i] = rules[q].base;
            part_silhouette[i] = rules[q].part;
            loss[i] = i < 30 ? rules[q].loss : 1;
        }
        grasp__strata t = {.n_train = rules[q].n_train, .k = 1, .parts = 2, .loss = loss};
        grasp__strata_accept(&t, base, part, base_silhouette, part_silhouette, n_val, keep);
        ck_assert_msg(keep[0] == 0 && keep[1] == rules[q].keeps, "case %d: kept %d %d", (int)q, keep[0], keep[1]);
    }
    static const uint8_t keep[] = {1, 0, 1, 1, 1, 1, 0, 0, 0};
    static const int64_t expected[] = {1, 0, 2, 3, 4, 5, 6, 6, 6};
    int64_t number[9];
    ck_assert_int_eq(grasp__strata_number(3, 3, keep, number), 7);
    ck_assert_mem_eq(number, expected, sizeof number);
}
END_TEST

/* Heaps that only the side of the boundary tells apart, in a sea of other directions. */
START_TEST(hardness_sees_the_boundary)
{
    enum { M = 200, P = 4, WANT = 2 };
    static const double theta[] = {-0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0};
    static double x[M * P];
    static int64_t y[M];
    static const char *const text[] = {"reduction=hardness;normalize=0;overcluster=1;k=2",
                                       "reduction=hardness;normalize=0;overcluster=1;k=2;algorithm=kmeans"};
    grasp_context *ctx = test_context();
    grasp__rng rng = test_rng(970);
    random_normals(&rng, x, M * P);
    for (int64_t i = 0; i < M; i++) {
        y[i] = i % 2;
        for (int64_t j = 0; j < P; j++)
            x[i * P + j] *= j == 0 ? 0.05 : 20;
        x[i * P] += i % 4 < 2 ? 1 : -1;
    }
    grasp_matrix *m = NULL;
    grasp_model *model = NULL, *three = NULL;
    grasp_groups *groups = NULL;
    grasp_report *report = NULL;
    grasp_params *params = make_params(ctx, "george", text[_i]);
    int64_t rows[M];
    for (int64_t i = 0; i < M; i++)
        rows[i] = i;
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, M, P, P, x, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, P, 2, &model));
    ASSERT_OK(ctx, grasp_model_bind(ctx, model, m, y, M));
    ASSERT_OK(ctx, grasp_model_set_params(ctx, model, theta, 10));
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "george", model, rows, 150, rows + 150, 50, params, NULL, &groups, &report));
    for (int64_t i = 0; i < M; i++)
        ck_assert_int_eq(grasp_groups_label(groups, i), 2 * y[i] + (i % 4 >= 2));
    ck_assert_double_eq(value(ctx, report, "class.1.min_samples"), WANT);
    ck_assert_double_gt(value(ctx, report, "class.1.score"), 0.9);
    const double zero[10] = {0};
    grasp_groups *none = NULL;
    ASSERT_OK(ctx, grasp_model_set_params(ctx, model, zero, 10));
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "george", model, NULL, M, NULL, 0, params, NULL, &none, NULL),
                  GRASP_E_NUMERIC, "normal");
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, P, 3, &three));
    ASSERT_OK(ctx, grasp_model_bind(ctx, three, m, y, M));
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "george", three, NULL, M, NULL, 0, params, NULL, &none, NULL),
                  GRASP_E_UNSUPPORTED, "two classes");
    ck_assert_ptr_null(none);
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_params_free(params);
    grasp_model_free(three);
    grasp_model_free(model);
    grasp_matrix_free(m);
    grasp_context_free(ctx);
}
END_TEST

/* On Synthetic features within the range of an independent implementation over ten seeds (pooled index .45 to .66
 * clean, .50 to .63 contaminated, without scaling); principal axes of all dimensions change nothing. */
START_TEST(george_on_synthetic)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, _i ? "contaminated" : "clean");
    grasp_report *report = NULL;
    int64_t *plain = learn(ctx, l, "george", "normalize=0;k=4", &report),
            *turned = learn(ctx, l, "george", "normalize=0;k=4;reduction=pca;components=9", NULL), same = 0;
    double index = value(ctx, report, "ari");
    ck_assert_msg(index > 0.42 && index < 0.68, "pooled index %g", index);
    for (int64_t i = 0; i < N; i++)
        same += plain[i] == turned[i];
    ck_assert_int_ge(same, N * 9 / 10);
    grasp_report_free(report);
    free(turned);
    free(plain);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- points alone ------------------------------------------------------------------------------------------------ */

/* A network trained for a while on the Synthetic data; its features, in every third column of a wider block, and its
 * losses. */
typedef struct embedding {
    lab *l;
    double *block, loss[N];
    grasp_matrix *points;
} embedding;

static embedding *embed(grasp_context *ctx)
{
    enum { WIDTH = 4 };
    static const int64_t sizes[] = {2, WIDTH, 2};
    embedding *e = calloc(1, sizeof *e);
    grasp_matrix *features = NULL;
    grasp_model *mlp = NULL;
    e->l = lab_open(ctx, "clean");
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, sizes, 3, NULL, &mlp));
    ASSERT_OK(ctx, grasp_model_bind(ctx, mlp, e->l->x, e->l->d->y, N));
    ck_assert_int_ge(grasp_train_erm(ctx, mlp, e->l->train, N_TRAIN, NULL, 0, NULL, NULL), GRASP_OK);
    grasp_model_free(e->l->model);
    e->l->model = mlp;
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, WIDTH, &features));
    ASSERT_OK(ctx, grasp_model_features(ctx, mlp, NULL, features));
    ASSERT_OK(ctx, grasp_model_loss_rows(ctx, mlp, NULL, N, e->loss));
    e->block = calloc(N, 3 * WIDTH * sizeof *e->block);
    for (int64_t i = 0; i < N; i++)
        memcpy(e->block + i * 3 * WIDTH, (const double *)grasp_matrix_data(features) + i * WIDTH,
               WIDTH * sizeof *e->block);
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, N, WIDTH, 3 * WIDTH, e->block, NULL, NULL, &e->points));
    grasp_matrix_free(features);
    return e;
}

static void embedding_free(embedding *e)
{
    grasp_matrix_free(e->points);
    free(e->block);
    lab_free(e->l);
    free(e);
}

static int64_t *learn_points(grasp_context *ctx, embedding *e, const char *method, const char *text, const int64_t *y,
                             const double *losses, grasp_report **report)
{
    int64_t *label = calloc(N, sizeof *label);
    grasp_params *params = make_params(ctx, method, text);
    grasp_groups *groups = NULL;
    ASSERT_OK(ctx, grasp_learn_groups_points(ctx, method, e->points, y, losses, N_TRAIN, N_VAL, params, e->l->truth,
                                             &groups, report));
    ASSERT_OK(ctx, grasp_groups_labels(ctx, groups, label, N));
    grasp_groups_free(groups);
    grasp_params_free(params);
    return label;
}

/* The features and losses of a model give the groups that the model itself gives, under any names of the classes. */
START_TEST(points_are_the_model)
{
    static const char *const way[][2] = {
        {"george", "normalize=0;k=2;overcluster=2"},
        {"george", "reduction=pca;algorithm=kmeans;k=4"},
        {"george", "normalize=0;k=3;overcluster=1"},
        {"feasp", "points=features;infer.score=silhouette_euclidean"},
        {"feasp", "points=features;val=assign"},
    };
    grasp_context *ctx = test_context();
    embedding *e = embed(ctx);
    grasp_report *a = NULL, *b = NULL;
    int64_t named[N];
    for (int64_t i = 0; i < N; i++)
        named[i] = 70 * e->l->d->y[i] - 30;
    int64_t *own = learn(ctx, e->l, way[_i][0], way[_i][1], &a),
            *told = learn_points(ctx, e, way[_i][0], way[_i][1], named, e->loss, &b);
    ck_assert_mem_eq(own, told, N * sizeof *own);
    for (int64_t i = 0; i < grasp_report_count(b); i++) {
        const char *name = grasp_report_name(b, i);
        if (grasp_report_kind(b, i) == GRASP_REPORT_VALUE && !contains(name, ".label") && !isnan(value(ctx, b, name)))
            ck_assert_double_eq(value(ctx, a, name), value(ctx, b, name));
    }
    ck_assert_int_eq(grasp_report_count(b) + 1, grasp_report_count(a)); /* but for floor.errors */
    ck_assert_double_eq(value(ctx, b, "class.0.label"), -30);
    grasp_report_free(b);
    grasp_report_free(a);
    free(told);
    free(own);
    embedding_free(e);
    grasp_context_free(ctx);
}
END_TEST

static double kept(grasp_context *ctx, embedding *e, const double *losses)
{
    grasp_report *report = NULL;
    free(learn_points(ctx, e, "george", "normalize=0;k=2;overcluster=2", e->l->d->y, losses, &report));
    double n = value(ctx, report, "class.0.kept") + value(ctx, report, "class.1.kept");
    grasp_report_free(report);
    return n;
}

/* What may stand alone by its silhouettes and sizes has a loss above its cluster's, or a negated loss above it. */
START_TEST(losses_tell_what_stands_alone)
{
    grasp_context *ctx = test_context();
    embedding *e = embed(ctx);
    double negated[N], either = kept(ctx, e, NULL);
    for (int64_t i = 0; i < N; i++)
        negated[i] = -e->loss[i];
    ck_assert_double_gt(either, 0);
    ck_assert_double_eq(kept(ctx, e, e->loss) + kept(ctx, e, negated), either);
    embedding_free(e);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(points_refused)
{
    grasp_context *ctx = test_context();
    embedding *e = embed(ctx);
    const int64_t *y = e->l->d->y;
    grasp_params *hard = make_params(ctx, "george", "reduction=hardness"), *other = make_params(ctx, "feasp", ""),
                 *known = make_params(ctx, "feasp", "infer.score=ari");
    grasp_matrix *empty = NULL;
    grasp_groups *out = NULL, *few = NULL;
    grasp_report *report = NULL;
    ASSERT_OK(ctx, grasp_groups_create(ctx, y, 3, &few));
    ASSERT_OK(ctx, grasp_matrix_create(ctx, GRASP_F64, N, 0, &empty));
#define POINTS(METHOD, POINTS, Y, LOSSES, NT, NV, PARAMS, TRUTH)                                                       \
    grasp_learn_groups_points(ctx, METHOD, POINTS, Y, LOSSES, NT, NV, PARAMS, TRUTH, &out, &report)
    ASSERT_STATUS(ctx, POINTS("eiil", e->points, y, NULL, N, 0, NULL, NULL), GRASP_E_ARG, "\"george\"");
    ASSERT_STATUS(ctx, POINTS(NULL, e->points, y, NULL, N, 0, NULL, NULL), GRASP_E_ARG, "method");
    ASSERT_STATUS(ctx, POINTS("george", NULL, y, NULL, N, 0, NULL, NULL), GRASP_E_ARG, "points");
    ASSERT_STATUS(ctx, POINTS("george", e->points, NULL, NULL, N, 0, NULL, NULL), GRASP_E_ARG, "y");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, -1, 0, NULL, NULL), GRASP_E_ARG, "n_train");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, 0, N, NULL, NULL), GRASP_E_EMPTY, "n_train");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, N, -1, NULL, NULL), GRASP_E_ARG, "n_val");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, N, INT64_MAX, NULL, NULL), GRASP_E_ARG, "n_val");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, N, 1, NULL, NULL), GRASP_E_DIM, "points");
    ASSERT_STATUS(ctx, POINTS("george", empty, y, NULL, N, 0, NULL, NULL), GRASP_E_DIM, "column");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, N, 0, other, NULL), GRASP_E_PARAM, "feasp");
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, NULL, N, 0, hard, NULL), GRASP_E_UNSUPPORTED, "hardness");
    ASSERT_STATUS(ctx, POINTS("feasp", e->points, y, NULL, N, 0, known, NULL), GRASP_E_ARG, "truth_or_null");
    ASSERT_STATUS(ctx, POINTS("feasp", e->points, y, NULL, N, 0, NULL, few), GRASP_E_DIM, "truth_or_null");
    e->loss[5] = INFINITY;
    ASSERT_STATUS(ctx, POINTS("george", e->points, y, e->loss, N, 0, NULL, NULL), GRASP_E_NUMERIC, "losses_or_null[5]");
    e->block[24] = NAN;
    ASSERT_STATUS(ctx, POINTS("feasp", e->points, y, NULL, N, 0, NULL, NULL), GRASP_E_NUMERIC, "row 2");
#undef POINTS
    ck_assert(out == NULL && report == NULL);
    grasp_groups_free(few);
    grasp_matrix_free(empty);
    grasp_params_free(known);
    grasp_params_free(other);
    grasp_params_free(hard);
    embedding_free(e);
    grasp_context_free(ctx);
}
END_TEST

/* ---- what all share ---------------------------------------------------------------------------------------------- */

/* The floors, from their definition. */
START_TEST(class_is_the_floor)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    grasp_report *report = NULL;
    int64_t *label = learn(ctx, l, "class", NULL, &report), predicted[N], errors[N];
    for (int64_t i = 0; i < N; i++)
        ck_assert_int_eq(label[i], l->d->y[i]);
    ASSERT_OK(ctx, grasp_model_predict(ctx, l->model, NULL, predicted, N));
    for (int64_t i = 0; i < N; i++)
        errors[i] = 2 * l->d->y[i] + (predicted[i] != l->d->y[i]);
    grasp_groups *found = NULL;
    double expected;
    ASSERT_OK(ctx, grasp_groups_create(ctx, errors, N, &found));
    ASSERT_OK(ctx, grasp_metric_ari(ctx, found, l->truth, GRASP_NOISE_GROUP, &expected));
    ck_assert_double_eq(value(ctx, report, "floor.errors"), expected);
    ck_assert_double_eq(value(ctx, report, "floor.class"), value(ctx, report, "ari"));
    ck_assert_double_eq_tol(value(ctx, report, "ari"), 0.68, 0.01); /* the class floor of this data */
    ck_assert_double_eq(value(ctx, report, "ari_within"), 0);
    ck_assert(isnan(value(ctx, report, "class.1.score")));
    grasp_groups_free(found);
    grasp_report_free(report);
    free(label);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* Rows in another order, a part of them, or all as NULL: labels stand where the rows stand. */
START_TEST(rows_are_positions)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    grasp_groups *whole = NULL, *turned = NULL;
    int64_t back[N];
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "grasp", l->model, NULL, N, NULL, 0, NULL, NULL, &whole, NULL));
    ck_assert_int_eq(grasp_groups_samples(whole), N);
    for (int64_t i = 0; i < N; i++)
        back[i] = N - 1 - i;
    ASSERT_OK(ctx, grasp_learn_groups(ctx, "grasp", l->model, back, N_TRAIN, back + N_TRAIN, N_VAL, NULL, NULL, &turned,
                                      NULL));
    ck_assert_int_eq(grasp_groups_count(turned), grasp_groups_count(whole));
    for (int64_t i = 0; i < N; i++)
        ck_assert((grasp_groups_label(whole, i) < 0) == (grasp_groups_label(turned, N - 1 - i) < 0));
    grasp_groups_free(turned);
    grasp_groups_free(whole);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refusals)
{
    grasp_context *ctx = test_context();
    lab *l = lab_open(ctx, "clean");
    grasp_groups *out = NULL, *few = NULL;
    grasp_report *report = NULL;
    grasp_model *unbound = NULL;
    grasp_params *params = make_params(ctx, "infer", ""), *known = make_params(ctx, "grasp", "infer.score=ari");
    const int64_t twice[] = {3, 4, 3};
    ASSERT_OK(ctx, grasp_groups_create(ctx, twice, 3, &few));
    ASSERT_OK(ctx, grasp_model_create_softmax(ctx, 2, 2, &unbound));
#define LEARN(METHOD, MODEL, TRAIN, NT, VAL, NV, PARAMS, TRUTH)                                                        \
    grasp_learn_groups(ctx, METHOD, MODEL, TRAIN, NT, VAL, NV, PARAMS, TRUTH, &out, &report)
    ASSERT_STATUS(ctx, LEARN("grasps", l->model, NULL, N, NULL, 0, NULL, NULL), GRASP_E_ARG, "\"grasp\"");
    ASSERT_STATUS(ctx, LEARN(NULL, l->model, NULL, N, NULL, 0, NULL, NULL), GRASP_E_ARG, "method");
    ASSERT_STATUS(ctx, LEARN("grasp", NULL, NULL, N, NULL, 0, NULL, NULL), GRASP_E_ARG, "model");
    ASSERT_STATUS(ctx, LEARN("grasp", unbound, NULL, 0, NULL, 0, NULL, NULL), GRASP_E_STATE, "model");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N - 1, NULL, 0, NULL, NULL), GRASP_E_DIM, "train_rows");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, l->train, 0, NULL, 0, NULL, NULL), GRASP_E_EMPTY, "train_rows");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, l->train, 5, NULL, 2, NULL, NULL), GRASP_E_ARG, "val_rows");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N, NULL, INT64_MAX, NULL, NULL), GRASP_E_ARG, "val_rows");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, twice, 3, NULL, 0, NULL, NULL), GRASP_E_ARG, "train_rows[2]");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, twice, 2, twice + 2, 1, NULL, NULL), GRASP_E_ARG, "val_rows[0]");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N, l->val, 1, NULL, NULL), GRASP_E_ARG, "val_rows[0]");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N, NULL, 0, params, NULL), GRASP_E_PARAM, "infer");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N, NULL, 0, NULL, few), GRASP_E_DIM, "truth_or_null");
    ASSERT_STATUS(ctx, LEARN("grasp", l->model, NULL, N, NULL, 0, known, NULL), GRASP_E_ARG, "truth_or_null");
#undef LEARN
    ASSERT_STATUS(ctx, grasp_learn_groups(ctx, "class", l->model, NULL, N, NULL, 0, NULL, NULL, NULL, NULL),
                  GRASP_E_ARG, "out");
    ck_assert(out == NULL && report == NULL);
    grasp_params_free(known);
    grasp_params_free(params);
    grasp_model_free(unbound);
    grasp_groups_free(few);
    lab_free(l);
    grasp_context_free(ctx);
}
END_TEST

/* ---- promises ---------------------------------------------------------------------------------------------------- */

/* A method on part of the Synthetic data with a model that is not the best. */
typedef struct trial {
    const char *method, *params;
    int64_t n, n_train;
    synthetic *d;
    int64_t label[N];
} trial;

static const struct {
    const char *method, *params;
} cases[] = {
    {"class", ""},
    {"grasp", "infer.eps=0.2,0.4;infer.min_samples=3"},
    {"grasp", "infer.eps=0.2,0.4;infer.min_samples=3;val=assign"},
    {"feasp", "infer.eps=0.2,0.4;infer.min_samples=3;points=features"},
    {"feasp", "infer.algorithm=kmeans;infer.k=2,3;infer.restarts=2;val=assign"},
    {"jtt", ""},
    {"eiil", "steps=300"},
    {"spare", "epochs=1;k=2,3;restarts=2"},
    {"xrm", "steps=12;rate=0.1,0.2;batch=32"},
    {"xrm", "steps=4;rate=0.1"},
    {"george", "k=3;overcluster=2;restarts=1"},
    {"george", "k=3;algorithm=kmeans;restarts=1;reduction=hardness_pca;components=1"},
};
enum { CASES = sizeof cases / sizeof *cases };

static grasp_status run_trial(grasp_context *ctx, void *arg)
{
    static const double theta[] = {-0.3, 0.2, 0, 0.4, -0.1, -0.5};
    trial *t = arg;
    int64_t rows[N];
    grasp_matrix *x = NULL;
    grasp_model *model = NULL;
    grasp_params *params = NULL;
    grasp_groups *truth = NULL, *groups = NULL;
    grasp_report *report = NULL;
    for (int64_t i = 0; i < t->n; i++)
        rows[i] = t->n - 1 - i;
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, t->n, 2, 2, t->d->features, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_model_create_softmax(ctx, 2, 2, &model);
    if (s == GRASP_OK)
        s = grasp_model_bind(ctx, model, x, t->d->y, t->n);
    if (s == GRASP_OK)
        s = grasp_model_set_params(ctx, model, theta, 6);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, strcmp(t->method, "jtt") == 0 ? "errors" : t->method, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, t->params);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, t->d->true4, t->n, &truth);
    if (s == GRASP_OK)
        s = grasp_learn_groups(ctx, t->method, model, rows, t->n_train, rows + t->n_train, t->n - t->n_train, params,
                               truth, &groups, &report);
    if ((s >= GRASP_OK) != (groups != NULL && report != NULL) && model != NULL && truth != NULL)
        s = GRASP_E_INTERNAL;
    if (groups != NULL) { /* cancelled or not, classes are never mixed */
        grasp_status read = grasp_groups_labels(ctx, groups, t->label, t->n);
        s = read == GRASP_OK ? s : read;
    }
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_groups_free(truth);
    grasp_params_free(params);
    grasp_model_free(model);
    grasp_matrix_free(x);
    return s;
}

static const struct {
    const char *method, *params;
} points_cases[] = {
    {"george", "k=3;overcluster=2;restarts=1"},
    {"feasp", "infer.eps=0.2,0.4;infer.min_samples=3;val=assign"},
};
enum { POINTS_CASES = sizeof points_cases / sizeof *points_cases };

static grasp_status run_points_trial(grasp_context *ctx, void *arg)
{
    trial *t = arg;
    double loss[N];
    grasp_matrix *x = NULL;
    grasp_params *params = NULL;
    grasp_groups *truth = NULL, *groups = NULL;
    grasp_report *report = NULL;
    for (int64_t i = 0; i < t->n_train; i++)
        loss[i] = (double)(i % 7);
    grasp_status s = grasp_matrix_wrap(ctx, GRASP_F64, t->n, 2, 2, t->d->features, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_params_create(ctx, t->method, &params);
    if (s == GRASP_OK)
        s = grasp_params_parse(ctx, params, t->params);
    if (s == GRASP_OK)
        s = grasp_groups_create(ctx, t->d->true4, t->n, &truth);
    if (s == GRASP_OK)
        s = grasp_learn_groups_points(ctx, t->method, x, t->d->y, loss, t->n_train, t->n - t->n_train, params, truth,
                                      &groups, &report);
    if ((s >= GRASP_OK) != (groups != NULL && report != NULL) && truth != NULL)
        s = GRASP_E_INTERNAL;
    if (groups != NULL) {
        grasp_status read = grasp_groups_labels(ctx, groups, t->label, t->n);
        s = read == GRASP_OK ? s : read;
    }
    grasp_report_free(report);
    grasp_groups_free(groups);
    grasp_groups_free(truth);
    grasp_params_free(params);
    grasp_matrix_free(x);
    return s;
}

static trial *trial_of(int64_t n, int64_t n_train)
{
    trial *t = calloc(1, sizeof *t);
    *t = (trial){.n = n, .n_train = n_train, .d = synthetic_read("contaminated")};
    return t;
}

static void trial_free(trial *t)
{
    synthetic_free(t->d);
    free(t);
}

START_TEST(failing_and_cancelled)
{
    trial *t = trial_of(60, 45);
    t->method = cases[_i].method;
    t->params = cases[_i].params;
    for_each_failing_allocation(run_trial, t);
    t->n = 300;
    t->n_train = 200;
    ck_assert_int_ge(for_each_cancel(run_trial, t), 2);
    trial_free(t);
}
END_TEST

START_TEST(same_labels_on_any_number_of_threads)
{
    trial *t = trial_of(400, 300);
    t->method = cases[_i].method;
    t->params = cases[_i].params;
    for_each_thread_count(run_trial, t, GRASP_OK, t->label, sizeof t->label);
    trial_free(t);
}
END_TEST

START_TEST(points_keep_promises)
{
    trial *t = trial_of(60, 45);
    t->method = points_cases[_i].method;
    t->params = points_cases[_i].params;
    for_each_failing_allocation(run_points_trial, t);
    t->n = 300;
    t->n_train = 200;
    ck_assert_int_ge(for_each_cancel(run_points_trial, t), 2);
    for_each_thread_count(run_points_trial, t, GRASP_OK, t->label, sizeof t->label);
    trial_free(t);
}
END_TEST

Suite *check_infer_learn_suite(void);
Suite *check_infer_learn_suite(void)
{
    Suite *suite = suite_create("infer_learn");
    TCase *methods = tcase_create("methods"), *shared = tcase_create("shared"), *promises = tcase_create("promises");
    tcase_add_loop_test(methods, grasp_is_infer, 0, 12);
    tcase_add_test(methods, feasp_is_infer_on_points);
    tcase_add_loop_test(methods, error_set_and_environments, 0, 2);
    tcase_add_loop_test(methods, environments_in_closed_form, 0, 8);
    tcase_add_loop_test(methods, outputs_are_the_model, 0, 2);
    tcase_add_test(methods, early_outputs);
    tcase_add_loop_test(methods, twins_flip_labels, 0, 4);
    tcase_add_test(methods, rate_by_flips);
    tcase_add_test(methods, parts_that_stand_alone);
    tcase_add_loop_test(methods, hardness_sees_the_boundary, 0, 2);
    tcase_add_loop_test(methods, george_on_synthetic, 0, 2);
    tcase_add_loop_test(methods, points_are_the_model, 0, 5);
    tcase_add_test(methods, losses_tell_what_stands_alone);
    tcase_add_test(methods, points_refused);
    tcase_add_test(shared, class_is_the_floor);
    tcase_add_test(shared, rows_are_positions);
    tcase_add_test(shared, refusals);
    tcase_add_loop_test(promises, failing_and_cancelled, 0, CASES);
    tcase_add_loop_test(promises, same_labels_on_any_number_of_threads, 0, CASES);
    tcase_add_loop_test(promises, points_keep_promises, 0, POINTS_CASES);
    suite_add_tcase(suite, methods);
    suite_add_tcase(suite, shared);
    suite_add_tcase(suite, promises);
    return suite;
}
