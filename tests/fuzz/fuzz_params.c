/* SPDX-License-Identifier: BSD-3-Clause
 * Any text as parameters, in the text form "key=value;key=value": taken or refused with words, all or nothing, and the
 * numbers that were taken read back when they are printed. The first byte picks the algorithm.
 */
#include "base/base.h"
#include "grasp/api.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_number(double x)
{
    char text[GRASP__F64_TEXT];
    double again = 0;
    size_t n = grasp__print_f64(text, x);
    require(n < sizeof text && grasp__parse_f64(text, n, &again) == n);
    require(again == x || (isnan(again) && isnan(x)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grasp_context *ctx;
    grasp_params *params = NULL;
    double x, values[64];
    int64_t n;
    if (size == 0 || grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 0;
    char *text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    require(grasp_params_create(ctx, grasp_algorithm_name(*data % grasp_algorithm_count()), &params) == GRASP_OK);
    grasp_status s = grasp_params_parse(ctx, params, text);
    require(s == GRASP_OK || (s == GRASP_E_PARAM && grasp_context_error(ctx)[0] != '\0'));
    for (int64_t i = 0; i < grasp_params_count(params); i++)
        if (grasp_params_get_f64s(ctx, params, grasp_params_name(params, i), values, 64, &n) == GRASP_OK)
            for (int64_t j = 0; j < n; j++)
                check_number(values[j]);
    if (grasp__parse_f64(text, strlen(text), &x) > 0)
        check_number(x);
    grasp_params_free(params);
    free(text);
    require(grasp_context_memory_used(ctx) == 0);
    grasp_context_free(ctx);
    return 0;
}
