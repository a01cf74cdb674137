/* SPDX-License-Identifier: BSD-3-Clause
 * A row stands once in the training or in the validation rows: a validation row that was trained on would choose by
 * what it was taught. O(rows).
 */
#include "infer/learn.h"

grasp_status grasp__check_rows_once(grasp_context *ctx, int64_t n_bound, const int64_t *rows, int64_t n_train,
                                    int64_t n_val)
{
    uint8_t *seen;
    grasp_status s = grasp__alloc_zero(ctx, n_bound, sizeof *seen, &seen);
    for (int64_t i = 0; s == GRASP_OK && i < n_train + n_val; i++) {
        if (seen[rows[i]]++ == 0)
            continue;
        if (i < n_train)
            s = grasp__fail(ctx, GRASP_E_ARG,
                            "train_rows[%" PRId64 "] is row %" PRId64 " again, expected each row once", i, rows[i]);
        else
            s = grasp__fail(ctx, GRASP_E_ARG,
                            "val_rows[%" PRId64 "] is row %" PRId64
                            ", which stands before in train_rows or val_rows, expected each row once",
                            i - n_train, rows[i]);
    }
    grasp__free(seen);
    return s;
}
