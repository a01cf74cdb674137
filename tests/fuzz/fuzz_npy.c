/* SPDX-License-Identifier: BSD-3-Clause
 * Any bytes as a .npy file: read or refused with words. If the first one is odd they come as from a pipe, their
 * number unknown.
 */
#include "io/npy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grasp_context *ctx;
    grasp_matrix *m = NULL, *mapped = NULL;
    grasp__npy_header h;
    grasp__input in;
    if (size == 0 || grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 0;
    grasp_context_set_memory_limit(ctx, 1 << 24); /* of a pipe, a header is believed up to the limit */
    grasp__input_memory(data + 1, (int64_t)size - 1, "input.npy", &in);
    grasp__input pipe = in, header = in;
    if (*data % 2 != 0)
        pipe.size = -1;
    grasp_status s = grasp__npy_load(ctx, &pipe, &m);
    require((s == GRASP_OK) == (m != NULL));
    require(s == GRASP_OK || (s < 0 && grasp_context_error(ctx)[0] != '\0'));
    require(s != GRASP_E_INTERNAL && s != GRASP_E_IO);
    if (m != NULL) {
        require(grasp__npy_read_header(ctx, &header, &h) == GRASP_OK);
        require(h.rows == grasp_matrix_rows(m) && h.cols == grasp_matrix_cols(m));
        require(h.data + h.bytes == (int64_t)size - 1);
    }
    require(grasp__npy_map(ctx, &in, &mapped) != GRASP_OK && mapped == NULL); /* memory is no file */
    grasp_matrix_free(m);
    require(grasp_context_memory_used(ctx) == 0);
    grasp_context_free(ctx);
    return 0;
}
