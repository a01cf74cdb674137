/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: .npy files. Format: "NEP 1, A simple file format for NumPy arrays", numpy.lib.format.
 */
#ifndef GRASP__IO_NPY_H
#define GRASP__IO_NPY_H

#include "grasp/io.h"
#include "io/file.h"
#include "linalg/linalg.h"

typedef enum grasp__npy_type {
    GRASP__NPY_F4,
    GRASP__NPY_F8,
    GRASP__NPY_U1,
    GRASP__NPY_I2,
    GRASP__NPY_I4,
    GRASP__NPY_I8
} grasp__npy_type;

typedef struct grasp__npy_header {
    grasp__npy_type type;
    int64_t width;      /* bytes of an element */
    int64_t rows, cols; /* of n elements in one dimension: n x 1 */
    int64_t bytes;      /* of all elements */
    int64_t data;       /* where they begin */
} grasp__npy_header;

/* Reads up to the data, and checks the size of the whole where it is known. */
grasp_status grasp__npy_read_header(grasp_context *ctx, grasp__input *in, grasp__npy_header *h);
/* The text of a header: a Python dictionary of descr, fortran_order and shape. Sets all but `data`. */
grasp_status grasp__npy_parse_header(grasp_context *ctx, const char *text, int64_t length, const char *path,
                                     grasp__npy_header *h);
grasp_status grasp__npy_load(grasp_context *ctx, grasp__input *in, grasp_matrix **out);
grasp_status grasp__npy_map(grasp_context *ctx, grasp__input *in, grasp_matrix **out);

#endif
