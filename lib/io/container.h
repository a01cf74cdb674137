/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: the file format, grasp-format(5). A saved object is a header, sections of one tag and element type each,
 * in an order that the kind fixes, and an end.
 *
 * To save another kind: open, put its sections, close; to load it: open, take the same sections, close.
 */
#ifndef GRASP__IO_CONTAINER_H
#define GRASP__IO_CONTAINER_H

#include "io/crc32c.h"
#include "io/stream.h"

enum { GRASP__FORMAT_VERSION = 1, GRASP__BLOCK = 64 };

/* Element types of a section. F32 and F64 are the library's numbers. */
enum { GRASP__BYTES = 0, GRASP__ELEMENT_F32 = GRASP_F32, GRASP__ELEMENT_F64 = GRASP_F64, GRASP__ELEMENT_I64 = 3 };

typedef struct grasp__writer {
    grasp__sink sink;
    grasp__crc32c crc;
    int64_t at_begin; /* bytes of the sink before this object */
    char tag[5];
    int32_t type;
    int64_t left;   /* elements of the present section still to come */
    uint32_t check; /* of its bytes so far */
    int64_t payload;
} grasp__writer;

/* The sink is open already. kind and tag have four characters. */
grasp_status grasp__writer_open(grasp_context *ctx, grasp__writer *w, const char *kind);
/* A section: begin, put in parts that add up to n, and it ends by itself. */
grasp_status grasp__writer_begin(grasp_context *ctx, grasp__writer *w, const char *tag, int32_t type, int64_t n);
grasp_status grasp__writer_put(grasp_context *ctx, grasp__writer *w, const void *elements, int64_t n);
/* A whole one. */
grasp_status grasp__writer_section(grasp_context *ctx, grasp__writer *w, const char *tag, int32_t type,
                                   const void *elements, int64_t n);
grasp_status grasp__writer_close(grasp_context *ctx, grasp__writer *w);

typedef struct grasp__loader {
    grasp__source source;
    grasp__crc32c crc;
    int64_t at_begin;
} grasp__loader;

grasp_status grasp__loader_open(grasp_context *ctx, grasp__loader *r, const char *kind);
/* The next section, which must have this tag and type, and n elements (-1: any): a new block, grown as the bytes
 * come. */
grasp_status grasp__loader_section(grasp_context *ctx, grasp__loader *r, const char *tag, int32_t type, int64_t n,
                                   void *out_pointer, int64_t *count);
/* The end; of a file, also that nothing follows. */
grasp_status grasp__loader_close(grasp_context *ctx, grasp__loader *r);

size_t grasp__element_size(int32_t type);
/* n elements between memory and little-endian bytes. */
void grasp__to_little(int32_t type, const void *elements, int64_t n, unsigned char *bytes);
void grasp__from_little(int32_t type, const unsigned char *bytes, int64_t n, void *elements);

#endif
