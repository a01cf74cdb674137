/* SPDX-License-Identifier: BSD-3-Clause
 * Writing .npy files, version 1.0: the header is padded so that the data begin at a multiple of 64, as NumPy does.
 */
#include "io/npy.h"

#include <string.h>

enum { HEADER = 128, CHUNK = 1 << 20 };

/* 10 bytes in front, the dictionary, blanks, a line feed: 128 bytes hold it for any two counts. */
static void write_header(const grasp_matrix *m, char header[HEADER])
{
    char text[HEADER];
    size_t n = grasp__format(text, sizeof text, "{'descr': '<f%d', 'fortran_order': False, 'shape': (%jd, %jd), }",
                             m->dtype == GRASP_F32 ? 4 : 8, (intmax_t)m->rows, (intmax_t)m->cols);
    memset(header, ' ', HEADER);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = HEADER - 10;
    header[9] = 0;
    memcpy(header + 10, text, n);
    header[HEADER - 1] = '\n';
}

/* Rows that lie one after another go out in large pieces. */
static grasp_status write_rows(grasp_context *ctx, grasp__output *out, const grasp_matrix *m)
{
    const int64_t width = m->cols * (int64_t)grasp__dtype_size(m->dtype);
    const bool dense = m->row_stride == m->cols;
    const int64_t pieces = dense ? 1 : m->rows, length = dense ? m->rows * width : width;
    grasp_status s = GRASP_OK;
    for (int64_t i = 0; s == GRASP_OK && length > 0 && i < pieces; i++) {
        const char *at = grasp__matrix_row(m, i);
        for (int64_t done = 0; s == GRASP_OK && done < length; done += CHUNK) {
            s = dense ? grasp__tick(ctx, done, length) : grasp__tick(ctx, i, pieces);
            if (s == GRASP_OK)
                s = grasp__output_write(ctx, out, at + done, length - done < CHUNK ? length - done : CHUNK);
        }
    }
    return s;
}

static grasp_status save(grasp_context *ctx, const grasp_matrix *m, const char *path)
{
    grasp__output out;
    char header[HEADER];
    const uint16_t one = 1;
    grasp_status s = grasp__matrix_check(ctx, m, "matrix");
    if (s != GRASP_OK)
        return s;
    if (*(const uint8_t *)&one != 1)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, ".npy files are read and written on little-endian machines only");
    s = grasp__output_open(ctx, path, &out);
    if (s == GRASP_OK) {
        write_header(m, header);
        s = grasp__output_write(ctx, &out, header, sizeof header);
    }
    if (s == GRASP_OK)
        s = write_rows(ctx, &out, m);
    if (s == GRASP_OK)
        s = grasp__output_commit(ctx, &out);
    grasp__output_close(&out);
    return s;
}

grasp_status grasp_matrix_save_npy(grasp_context *ctx, const grasp_matrix *matrix, const char *path)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, save(ctx, matrix, path));
}
