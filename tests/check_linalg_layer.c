/* SPDX-License-Identifier: BSD-3-Clause
 * Layer kernels of every instruction set that this machine has, against sums in long double: within the rounding of any
 * order of summation, writing nothing else, NaN kept.
 */
#include "support.h"

#include "grasp.h"
#include "linalg/kernels.h"
#include "linalg/linalg.h"

#include <math.h>
#include <stdlib.h>

static const char *const names[] = {"portable", "avx2", "avx512", "neon"};

/* A context that is forced to kernel i, or NULL where this machine has none of that name. */
static grasp_context *context_with(int i)
{
    grasp_context *ctx = test_context();
    if (grasp_context_set_kernel(ctx, names[i]) == GRASP_OK)
        return ctx;
    grasp_context_free(ctx);
    return NULL;
}

/* sum_k x_k b_k, and its distance from `found`, in units of the bound for any order of k + 1 terms. */
typedef struct product {
    long double sum, size;
    int64_t terms;
} product;

static void add(product *p, double x, double b)
{
    p->sum += (long double)x * (long double)b;
    p->size += fabsl((long double)x * (long double)b);
    p->terms++;
}

static bool close_to(const product *p, double found, double unit)
{
    return fabsl((long double)found - p->sum) <= (long double)(unit * (double)(p->terms + 1)) * p->size;
}

enum { SENTINEL = 12345, PAD = 40 };

/* One trial: every product of a layer of random shape, in one element type. */
#define TRIAL(REAL, SUFFIX, UNIT)                                                                                      \
  static REAL *draw_##SUFFIX(grasp__rng *rng, int64_t n)                                                               \
  {                                                                                                                    \
    REAL *v = malloc((size_t)(n + PAD) * sizeof *v);                                                                   \
    for (int64_t i = 0; i < n + PAD; i++)                                                                              \
      v[i] = rng ? (REAL)grasp__rng_normal(rng) : (REAL)SENTINEL;                                                      \
    return v;                                                                                                          \
  }                                                                                                                    \
  static void untouched_##SUFFIX(const REAL *v, int64_t n)                                                             \
  {                                                                                                                    \
    for (int64_t i = n; i < n + PAD; i++)                                                                              \
      ck_assert(v[i] == (REAL)SENTINEL);                                                                               \
  }                                                                                                                    \
  static void trial_##SUFFIX(const grasp__layer_kernels *kernels, grasp__rng *rng, int64_t n, int64_t in, int64_t out) \
  {                                                                                                                    \
    int64_t lda = in + grasp__rng_below(rng, 3), row = in + 1;                                                         \
    REAL *a = draw_##SUFFIX(rng, n * lda), *w = draw_##SUFFIX(rng, out * row), *d = draw_##SUFFIX(rng, n * out);       \
    REAL *z = draw_##SUFFIX(NULL, n * out), *g = draw_##SUFFIX(NULL, out * row), *e = draw_##SUFFIX(NULL, n * in);     \
    bool rectify = grasp__rng_below(rng, 2);                                                                           \
    kernels->forward_##SUFFIX(n, in, out, a, lda, w, rectify, z);                                                      \
    kernels->backward_##SUFFIX(n, in, out, d, w, a, lda, e);                                                           \
    kernels->gradient_##SUFFIX(n, in, out, d, a, lda, g);                                                              \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      for (int64_t o = 0; o < out; o++) {                                                                              \
        product p = {0, 0, 0};                                                                                         \
        for (int64_t j = 0; j < in; j++)                                                                               \
          add(&p, a[i * lda + j], w[o * row + j]);                                                                     \
        add(&p, 1, w[o * row + in]);                                                                                   \
        if (rectify && z[i * out + o] == 0)                                                                            \
          ck_assert(p.sum <= (long double)(UNIT * (double)(in + 2)) * p.size);                                         \
        else                                                                                                           \
          ck_assert(close_to(&p, z[i * out + o], UNIT) && !(rectify && z[i * out + o] < 0));                           \
      }                                                                                                                \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      for (int64_t j = 0; j < in; j++) {                                                                               \
        product p = {0, 0, 0};                                                                                         \
        for (int64_t o = 0; o < out; o++)                                                                              \
          add(&p, d[i * out + o], w[o * row + j]);                                                                     \
        ck_assert(a[i * lda + j] > 0 ? close_to(&p, e[i * in + j], UNIT) : e[i * in + j] == 0);                        \
      }                                                                                                                \
    for (int64_t o = 0; o < out; o++)                                                                                  \
      for (int64_t j = 0; j <= in; j++) {                                                                              \
        product p = {0, 0, 0};                                                                                         \
        for (int64_t i = 0; i < n; i++)                                                                                \
          add(&p, d[i * out + o], j < in ? a[i * lda + j] : 1);                                                        \
        ck_assert(close_to(&p, g[o * row + j], UNIT));                                                                 \
      }                                                                                                                \
    untouched_##SUFFIX(z, n *out);                                                                                     \
    untouched_##SUFFIX(e, n *in);                                                                                      \
    untouched_##SUFFIX(g, out *row);                                                                                   \
    a[0] = NAN;                                                                                                        \
    kernels->forward_##SUFFIX(n, in, out, a, lda, w, true, z);                                                         \
    ck_assert(isnan(z[0]) && isnan(z[out - 1]));                                                                       \
    free(a), free(w), free(d), free(z), free(g), free(e);                                                              \
  }

TRIAL(float, f32, 0x1p-24)
TRIAL(double, f64, 0x1p-53)

START_TEST(products_are_sums)
{
    grasp_context *ctx = context_with(_i);
    if (!ctx)
        return;
    const grasp__layer_kernels *kernels = grasp__context_layer_kernels(ctx);
    for (int64_t t = 0; t < trials(8); t++) {
        grasp__rng rng = test_rng((uint64_t)t);
        int64_t n = 1 + grasp__rng_below(&rng, t % 4 ? 40 : 300), in = 1 + grasp__rng_below(&rng, t % 5 ? 70 : 300);
        int64_t out = 1 + grasp__rng_below(&rng, t % 3 ? 70 : t % 2 ? 3 : 200);
        trial_f32(kernels, &rng, n, in, out);
        trial_f64(kernels, &rng, n, in, out);
    }
    grasp_context_free(ctx);
}
END_TEST

/* Every height of a strip, every number of vectors in a panel, whole and cut, in one run of terms and in several. */
START_TEST(every_tile_is_right)
{
    static const int64_t widths[] = {1, 7, 8, 9, 16, 17, 32, 33, 48, 49, 64, 65};
    grasp_context *ctx = context_with(_i);
    if (!ctx)
        return;
    const grasp__layer_kernels *kernels = grasp__context_layer_kernels(ctx);
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++)
        for (int64_t deep = 0; deep < 2; deep++) {
            grasp__rng rng = test_rng((uint64_t)k);
            int64_t n = 15 + deep * GRASP__KERNEL_DEPTH, terms = 3 + deep * GRASP__KERNEL_DEPTH;
            trial_f32(kernels, &rng, n, terms, widths[k]);
            trial_f64(kernels, &rng, n, terms, widths[k]);
            trial_f32(kernels, &rng, n, widths[k], terms);
            trial_f64(kernels, &rng, n, widths[k], terms);
        }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(adam_is_its_formula)
{
    enum { MOST = 37 };
    grasp_context *ctx = context_with(_i);
    if (!ctx)
        return;
    const grasp__layer_kernels *kernels = grasp__context_layer_kernels(ctx);
    const grasp__adam rule = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01, .step = 0.1, .scale = 2};
    for (int64_t n = 0; n < MOST; n++) {
        grasp__rng rng = test_rng((uint64_t)n);
        double grad[MOST], first[MOST + 1], second[MOST + 1], theta[MOST + 1], m[MOST], v[MOST], t[MOST];
        for (int64_t j = 0; j < n; j++) {
            grad[j] = grasp__rng_normal(&rng);
            m[j] = first[j] = grasp__rng_normal(&rng);
            v[j] = second[j] = j ? grasp__rng_uniform(&rng) : 0;
            t[j] = theta[j] = grasp__rng_normal(&rng);
        }
        first[n] = second[n] = theta[n] = SENTINEL;
        kernels->adam(n, &rule, grad, first, second, theta);
        for (int64_t j = 0; j < n; j++) {
            double g = grad[j] + 0.01 * t[j];
            m[j] = 0.9 * m[j] + (1 - 0.9) * g;
            v[j] = 0.999 * v[j] + (1 - 0.999) * g * g;
            t[j] -= 0.1 * m[j] / (2 * sqrt(v[j]) + 1e-8);
            ck_assert(fabs(first[j] - m[j]) <= 1e-14 && fabs(second[j] - v[j]) <= 1e-14);
            ck_assert(fabs(theta[j] - t[j]) <= 1e-12 * (1 + fabs(t[j])));
        }
        ck_assert(first[n] == SENTINEL && second[n] == SENTINEL && theta[n] == SENTINEL);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(magnitude_is_the_largest)
{
    enum { MOST = 67 };
    for (int64_t n = 0; n < MOST; n++) {
        grasp__rng rng = test_rng((uint64_t)n);
        double wide[MOST], largest = 0;
        float narrow[MOST];
        for (int64_t i = 0; i < n; i++) {
            wide[i] = narrow[i] = (float)grasp__rng_normal(&rng);
            largest = fmax(largest, fabs(wide[i]));
        }
        ck_assert(grasp__magnitude_f32(narrow, n) == largest && grasp__magnitude_f64(wide, n) == largest);
        for (int64_t i = 0; i < n; i++) {
            static const double strange[] = {NAN, -NAN, INFINITY, -INFINITY};
            double kept = wide[i], value = strange[grasp__rng_below(&rng, 4)];
            wide[i] = value;
            narrow[i] = (float)value;
            ck_assert(isinf(grasp__magnitude_f32(narrow, n)) && isinf(grasp__magnitude_f64(wide, n)));
            wide[i] = kept;
            narrow[i] = (float)kept;
        }
    }
}
END_TEST

Suite *check_linalg_layer_suite(void);
Suite *check_linalg_layer_suite(void)
{
    Suite *suite = suite_create("linalg_layer");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, products_are_sums, 0, 4);
    tcase_add_loop_test(all, every_tile_is_right, 0, 4);
    tcase_add_loop_test(all, adam_is_its_formula, 0, 4);
    tcase_add_test(all, magnitude_is_the_largest);
    suite_add_tcase(suite, all);
    return suite;
}
