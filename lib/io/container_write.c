/* SPDX-License-Identifier: BSD-3-Clause
 * Writing the format of grasp-format(5), and its byte order. One pass: the check of a section follows its payload.
 */
#include "io/container.h"

#include <string.h>

enum { BUFFER = 1 << 15 };

size_t grasp__element_size(int32_t type)
{
    return type == GRASP__BYTES ? 1 : type == GRASP__ELEMENT_F32 ? 4 : 8;
}

/* Elements as bit patterns, so that NaN payloads and byte order take care of themselves. */
void grasp__to_little(int32_t type, const void *elements, int64_t n, unsigned char *bytes)
{
    size_t size = grasp__element_size(type);
    const unsigned char *from = elements;
    for (int64_t i = 0; i < n; i++, from += size, bytes += size) {
        uint64_t bits = 0;
        uint32_t half = 0;
        if (size == 4)
            memcpy(&half, from, sizeof half);
        else if (size == 8)
            memcpy(&bits, from, sizeof bits);
        else
            half = *from;
        bits |= half;
        for (size_t b = 0; b < size; b++)
            bytes[b] = (unsigned char)(bits >> (8 * b));
    }
}

void grasp__from_little(int32_t type, const unsigned char *bytes, int64_t n, void *elements)
{
    size_t size = grasp__element_size(type);
    unsigned char *to = elements;
    for (int64_t i = 0; i < n; i++, to += size, bytes += size) {
        uint64_t bits = 0;
        for (size_t b = 0; b < size; b++)
            bits |= (uint64_t)bytes[b] << (8 * b);
        uint32_t half = (uint32_t)bits;
        if (size == 4)
            memcpy(to, &half, sizeof half);
        else if (size == 8)
            memcpy(to, &bits, sizeof bits);
        else
            *to = (unsigned char)half;
    }
}

static void put_number(unsigned char *at, uint64_t value, int bytes)
{
    for (int b = 0; b < bytes; b++)
        at[b] = (unsigned char)(value >> (8 * b));
}

/* Writes 64 bytes, of which the last four are the check of the others. */
static grasp_status write_block(grasp_context *ctx, grasp__writer *w, unsigned char *block)
{
    put_number(block + GRASP__BLOCK - 4, grasp__crc32c_add(&w->crc, 0, block, GRASP__BLOCK - 4), 4);
    return grasp__sink_write(ctx, &w->sink, block, GRASP__BLOCK);
}

grasp_status grasp__writer_open(grasp_context *ctx, grasp__writer *w, const char *kind)
{
    unsigned char block[GRASP__BLOCK] = "\211GRASP\r\n";
    grasp__crc32c_init(&w->crc);
    w->at_begin = w->sink.written;
    put_number(block + 8, GRASP__FORMAT_VERSION, 4);
    memcpy(block + 12, kind, 4);
    return write_block(ctx, w, block);
}

/* Zeros up to four bytes before a multiple of 64, then the check of payload and zeros. */
static grasp_status end_section(grasp_context *ctx, grasp__writer *w)
{
    unsigned char tail[2 * GRASP__BLOCK] = {0};
    size_t zeros = (size_t)((2 * GRASP__BLOCK - 4 - w->payload % GRASP__BLOCK) % GRASP__BLOCK);
    w->check = grasp__crc32c_add(&w->crc, w->check, tail, zeros);
    put_number(tail + zeros, w->check, 4);
    return grasp__sink_write(ctx, &w->sink, tail, zeros + 4);
}

grasp_status grasp__writer_begin(grasp_context *ctx, grasp__writer *w, const char *tag, int32_t type, int64_t n)
{
    unsigned char block[GRASP__BLOCK] = {0};
    int64_t size = (int64_t)grasp__element_size(type);
    if (n > (INT64_MAX - 2 * GRASP__BLOCK) / size)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "section %s: %" PRId64 " elements do not fit", tag, n);
    memcpy(block, tag, 4);
    put_number(block + 4, (uint64_t)type, 4);
    put_number(block + 8, (uint64_t)(n * size), 8);
    memcpy(w->tag, tag, 5);
    w->type = type;
    w->left = n;
    w->check = 0;
    w->payload = n * size;
    grasp_status s = write_block(ctx, w, block);
    return s == GRASP_OK && n == 0 ? end_section(ctx, w) : s;
}

grasp_status grasp__writer_put(grasp_context *ctx, grasp__writer *w, const void *elements, int64_t n)
{
    int64_t size = (int64_t)grasp__element_size(w->type);
    const char *from = elements;
    if (n == 0)
        return GRASP_OK;
    if (n > w->left)
        return grasp__fail(ctx, GRASP_E_INTERNAL, "section %s is longer than said", w->tag);
    w->left -= n;
    while (n > 0) {
        unsigned char buffer[BUFFER];
        int64_t m = n < BUFFER / size ? n : BUFFER / size;
        grasp__to_little(w->type, from, m, buffer);
        w->check = grasp__crc32c_add(&w->crc, w->check, buffer, (size_t)(m * size));
        grasp_status s = grasp__sink_write(ctx, &w->sink, buffer, (size_t)(m * size));
        if (s != GRASP_OK)
            return s;
        from += m * size;
        n -= m;
    }
    return w->left == 0 ? end_section(ctx, w) : GRASP_OK;
}

grasp_status grasp__writer_section(grasp_context *ctx, grasp__writer *w, const char *tag, int32_t type,
                                   const void *elements, int64_t n)
{
    grasp_status s = grasp__writer_begin(ctx, w, tag, type, n);
    return s == GRASP_OK ? grasp__writer_put(ctx, w, elements, n) : s;
}

grasp_status grasp__writer_close(grasp_context *ctx, grasp__writer *w)
{
    int64_t total = w->sink.written - w->at_begin + 2 * GRASP__BLOCK; /* with this section */
    return grasp__writer_section(ctx, w, "END ", GRASP__ELEMENT_I64, &total, 1);
}
