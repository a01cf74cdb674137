/* SPDX-License-Identifier: BSD-3-Clause
 * Any bytes as a .csv file: read or refused with words, and what was read is whole. The first byte picks the delimiter.
 */
#include "io/io.h"
#include "io/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_column(grasp_context *ctx, const grasp_table *t, int64_t col)
{
    int64_t n = grasp_table_rows(t), found = -1;
    double *number = malloc((size_t)n * sizeof *number + 1);
    int64_t *whole = malloc((size_t)n * sizeof *whole + 1);
    require(number != NULL && whole != NULL);
    require(grasp_table_find(ctx, t, grasp_table_name(t, col), &found) == GRASP_OK && found == col);
    grasp_status s = grasp_table_column_f64(ctx, t, col, number, n);
    require(s == GRASP_OK || (s == GRASP_E_NUMERIC && !grasp_table_is_text(t, col)));
    s = grasp_table_column_i64(ctx, t, col, whole, n);
    require(s == GRASP_OK || (s == GRASP_E_NUMERIC && !grasp_table_is_text(t, col)));
    for (int64_t i = 0; s == GRASP_OK && i < n; i++) {
        require(number[i] == (double)whole[i]);
        require(!grasp_table_is_text(t, col) || grasp_table_code_text(t, col, whole[i]) != NULL);
    }
    free(number);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiter[] = {',', ';', '\t', '|'};
    grasp_context *ctx;
    grasp_table *t = NULL;
    grasp__input in;
    if (size == 0 || grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 0;
    grasp__input_memory(data + 1, (int64_t)size - 1, "input.csv", &in);
    grasp_status s = grasp__table_read_csv(ctx, &in, delimiter[*data % sizeof delimiter], &t);
    require((s == GRASP_OK) == (t != NULL));
    require(s == GRASP_OK || (s == GRASP_E_FORMAT && grasp_context_error(ctx)[0] != '\0'));
    for (int64_t col = 0; col < grasp_table_cols(t); col++)
        read_column(ctx, t, col);
    grasp_table_free(t);
    require(grasp_context_memory_used(ctx) == 0);
    grasp_context_free(ctx);
    return 0;
}
