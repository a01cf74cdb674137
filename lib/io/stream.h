/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: where the bytes of saved objects go and come from: a caller's function, or a file.
 */
#ifndef GRASP__IO_STREAM_H
#define GRASP__IO_STREAM_H

#include "io/file.h"
#include "io/io.h"

typedef struct grasp__sink {
    grasp_write_fn fn; /* NULL: the file */
    void *user;
    grasp__output file;
    int64_t written;
} grasp__sink;

grasp_status grasp__sink_write(grasp_context *ctx, grasp__sink *sink, const void *data, size_t n);

typedef struct grasp__source {
    grasp_read_fn fn; /* NULL: the file */
    void *user;
    grasp__input file;
    int64_t taken;
} grasp__source;

/* Reads n bytes, fewer only at the end. */
grasp_status grasp__source_read(grasp_context *ctx, grasp__source *source, void *data, size_t n, size_t *got);
/* For messages: the path, or "the stream". */
const char *grasp__source_name(const grasp__source *source);

#endif
