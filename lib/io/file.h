/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: bytes in and out. Reading goes from beginning to end, so pipes will do; writing replaces a file as a
 * whole or not at all.
 */
#ifndef GRASP__IO_FILE_H
#define GRASP__IO_FILE_H

#include "base/base.h"

#include <stddef.h>

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* GRASP_E_IO: cannot <verb> "<path>": the words of errno's value `error`. */
grasp_status grasp__fail_file(grasp_context *ctx, const char *verb, const char *path, int error);
/* The path, or the end of a long one, so that a message has room for more. */
const char *grasp__path_end(const char *path);

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct grasp__input {
    const char *path;      /* the caller's, for messages */
    int fd;                /* -1: bytes in memory */
    const uint8_t *memory; /* those not read yet */
    int64_t left;          /* so many of them */
    int64_t size;          /* of a regular file or of memory; -1: not known before the end, as of a pipe */
    int64_t taken;         /* bytes read so far */
} grasp__input;

/* Refuses directories. Close it also after an error. */
grasp_status grasp__input_open(grasp_context *ctx, const char *path, grasp__input *in);
/* Bytes in memory under a name for messages; both must outlive the input. */
void grasp__input_memory(const void *bytes, int64_t size, const char *name, grasp__input *in);
/* *n bytes into buffer: `room` of them, or fewer at the end of the file. */
grasp_status grasp__input_read(grasp_context *ctx, grasp__input *in, void *buffer, int64_t room, int64_t *n);
void grasp__input_close(grasp__input *in);

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct grasp__output {
    const char *path; /* the caller's: what the file shall be called */
    char *temporary;  /* what it is called until it is complete */
    int fd;
} grasp__output;

/* Close it also after an error; without a commit nothing remains of it. */
grasp_status grasp__output_open(grasp_context *ctx, const char *path, grasp__output *out);
grasp_status grasp__output_write(grasp_context *ctx, grasp__output *out, const void *bytes, int64_t n);
/* Puts the file on the disk and under its name. */
grasp_status grasp__output_commit(grasp_context *ctx, grasp__output *out);
void grasp__output_close(grasp__output *out);

#endif
