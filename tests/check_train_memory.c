/* SPDX-License-Identifier: BSD-3-Clause
 * Epochs take no memory of their own: ten more of them call the allocator as often as before.
 */
#include "support.h"

#include "grasp.h"

#include <stdio.h>

enum { N = 300, D = 5 };

static int64_t allocations(const char *kernel, int32_t dtype, const char *method, int epochs)
{
    test_allocator allocator;
    grasp_context *ctx;
    grasp_params *params;
    grasp_matrix *x;
    grasp_model *model;
    grasp_groups *groups;
    int64_t y[N], group[N];
    char text[64];
    test_allocator_init(&allocator, 0);
    ck_assert(grasp_context_create(&allocator.table, &ctx) == GRASP_OK);
    (void)grasp_context_set_kernel(ctx, kernel);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, dtype, N, D, &x));
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < D; j++) {
            double v = (double)((i * 31 + j * 17) % 23) / 23;
            int64_t k = i * grasp_matrix_row_stride(x) + j;
            if (dtype == GRASP_F32)
                ((float *)grasp_matrix_data(x))[k] = (float)v;
            else
                ((double *)grasp_matrix_data(x))[k] = v;
        }
        y[i] = i % 2;
        group[i] = i % 3 == 0;
    }
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, (int64_t[]){D, 20, 7, 2}, 4, NULL, &model));
    ASSERT_OK(ctx, grasp_model_bind(ctx, model, x, y, N));
    ASSERT_OK(ctx, grasp_groups_create_coded(ctx, group, N, &groups));
    snprintf(text, sizeof text, "optimizer=adam;batch=64;rate=0.001;epochs=%d", epochs);
    ASSERT_OK(ctx, grasp_params_create(ctx, method, &params));
    ASSERT_OK(ctx, grasp_params_parse(ctx, params, text));
    int64_t before = atomic_load(&allocator.calls);
    ASSERT_OK(ctx, grasp_train(ctx, method, model, groups, NULL, N, NULL, 0, params, NULL));
    int64_t calls = atomic_load(&allocator.calls) - before;
    grasp_params_free(params);
    grasp_groups_free(groups);
    grasp_model_free(model);
    grasp_matrix_free(x);
    grasp_context_free(ctx);
    return calls;
}

START_TEST(epochs_take_no_memory)
{
    static const char *const kernels[] = {"auto", "portable"};
    static const char *const methods[] = {"erm",        "gdro", "cvar", "doro", "chi2", "chi2_doro", "tilted",
                                          "importance", "rwg",  "subg", "rwy",  "suby", "jtt"};
    for (int k = 0; k < 2; k++)
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
            int32_t dtype = _i ? GRASP_F64 : GRASP_F32;
            int64_t few = allocations(kernels[k], dtype, methods[m], 2);
            ck_assert_int_gt(few, 0);
            ck_assert_int_eq(few, allocations(kernels[k], dtype, methods[m], 12));
        }
}
END_TEST

Suite *check_train_memory_suite(void);
Suite *check_train_memory_suite(void)
{
    Suite *suite = suite_create("train_memory");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, epochs_take_no_memory, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
