/* SPDX-License-Identifier: BSD-3-Clause
 * Reading the format of grasp-format(5). Nothing in a file is believed before its check; a length only as far as bytes
 * come: memory grows by no more than was read.
 */
#include "io/container.h"

#include <string.h>

enum { BUFFER = 1 << 15, FIRST_GROWTH = 1 << 16 };

static uint64_t get_number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int b = 0; b < bytes; b++)
        value |= (uint64_t)at[b] << (8 * b);
    return value;
}

static const char *where(const grasp__loader *r)
{
    return grasp__source_name(&r->source);
}

/* n bytes or an error that says what they were to be. */
static grasp_status read_all(grasp_context *ctx, grasp__loader *r, void *data, size_t n, const char *what)
{
    size_t got;
    grasp_status s = grasp__source_read(ctx, &r->source, data, n, &got);
    if (s == GRASP_OK && got < n)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "%s ends within %s, at byte %" PRId64 ": expected %zu more", where(r),
                        what, r->source.taken - r->at_begin, n - got);
    return s;
}

/* Four characters that may be anything, for a message. */
static void printable(const unsigned char *from, char *to)
{
    for (int i = 0; i < 4; i++)
        to[i] = from[i] >= ' ' && from[i] < 127 ? (char)from[i] : '?';
    to[4] = '\0';
}

/* What the format leaves free is zero, so that an object has one form, and a later version may use it. */
static grasp_status check_zeros(grasp_context *ctx, grasp__loader *r, const unsigned char *from, size_t n,
                                const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (from[i] != 0)
            return grasp__fail(ctx, GRASP_E_FORMAT, "%s: %s has other bytes where zeros are expected", where(r), what);
    return GRASP_OK;
}

static grasp_status check_block(grasp_context *ctx, grasp__loader *r, const unsigned char *block, const char *what)
{
    uint32_t found = grasp__crc32c_add(&r->crc, 0, block, GRASP__BLOCK - 4);
    if (found == get_number(block + GRASP__BLOCK - 4, 4))
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_FORMAT, "%s is damaged: %s has checksum %u, expected %u", where(r), what,
                       (unsigned)found, (unsigned)get_number(block + GRASP__BLOCK - 4, 4));
}

grasp_status grasp__loader_open(grasp_context *ctx, grasp__loader *r, const char *kind)
{
    unsigned char block[GRASP__BLOCK];
    char found[5];
    grasp__crc32c_init(&r->crc);
    r->at_begin = r->source.taken;
    grasp_status s = read_all(ctx, r, block, sizeof block, "the header");
    if (s != GRASP_OK)
        return s;
    if (memcmp(block, "\211GRASP\r\n", 8) != 0)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s is not a libgrasp file: it begins with other bytes", where(r));
    s = check_block(ctx, r, block, "the header");
    if (s != GRASP_OK)
        return s;
    if (get_number(block + 8, 4) != GRASP__FORMAT_VERSION)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s has format version %u, newer than this library's %d", where(r),
                           (unsigned)get_number(block + 8, 4), (int)GRASP__FORMAT_VERSION);
    printable(block + 12, found);
    if (memcmp(block + 12, kind, 4) != 0)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s holds an object of kind \"%s\", expected \"%s\"", where(r), found,
                           kind);
    return check_zeros(ctx, r, block + 16, GRASP__BLOCK - 20, "the header");
}

/* The header of the next section; its length in bytes. */
static grasp_status read_header(grasp_context *ctx, grasp__loader *r, const char *tag, int32_t type, int64_t *bytes)
{
    unsigned char block[GRASP__BLOCK];
    char what[32], found[5];
    grasp__format(what, sizeof what, "the header of section %s", tag);
    grasp_status s = read_all(ctx, r, block, sizeof block, what);
    if (s == GRASP_OK)
        s = check_block(ctx, r, block, what);
    if (s != GRASP_OK)
        return s;
    printable(block, found);
    if (memcmp(block, tag, 4) != 0 || get_number(block + 4, 4) != (uint64_t)type)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s has section %s of type %u, expected %s of type %d", where(r), found,
                           (unsigned)get_number(block + 4, 4), tag, (int)type);
    uint64_t length = get_number(block + 8, 8);
    if (length > INT64_MAX - 2 * GRASP__BLOCK || length % grasp__element_size(type) != 0)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s: section %s has an impossible length", where(r), tag);
    *bytes = (int64_t)length;
    return check_zeros(ctx, r, block + 16, GRASP__BLOCK - 20, what);
}

/* The zeros and the check behind a payload. */
static grasp_status read_tail(grasp_context *ctx, grasp__loader *r, const char *tag, int64_t payload, uint32_t check)
{
    unsigned char tail[2 * GRASP__BLOCK];
    char what[32];
    size_t zeros = (size_t)((2 * GRASP__BLOCK - 4 - payload % GRASP__BLOCK) % GRASP__BLOCK);
    grasp__format(what, sizeof what, "section %s", tag);
    grasp_status s = read_all(ctx, r, tail, zeros + 4, what);
    if (s != GRASP_OK)
        return s;
    check = grasp__crc32c_add(&r->crc, check, tail, zeros);
    if (check == get_number(tail + zeros, 4))
        return check_zeros(ctx, r, tail, zeros, what);
    return grasp__fail(ctx, GRASP_E_FORMAT, "%s is damaged: section %s has checksum %u, expected %u", where(r), tag,
                       (unsigned)check, (unsigned)get_number(tail + zeros, 4));
}

grasp_status grasp__loader_section(grasp_context *ctx, grasp__loader *r, const char *tag, int32_t type, int64_t n,
                                   void *out_pointer, int64_t *count)
{
    int64_t size = (int64_t)grasp__element_size(type), bytes = 0, total, have = 0, room = 0;
    uint32_t check = 0;
    unsigned char *block = NULL;
    char what[32];
    grasp_status s = read_header(ctx, r, tag, type, &bytes);
    if (s != GRASP_OK)
        return s;
    total = bytes / size;
    grasp__format(what, sizeof what, "section %s", tag);
    if (n >= 0 && total != n)
        return grasp__fail(ctx, GRASP_E_FORMAT, "%s: section %s has %" PRId64 " elements, expected %" PRId64, where(r),
                           tag, total, n);
    if (total == 0)
        s = grasp__alloc(ctx, 0, (size_t)size, &block);
    while (s == GRASP_OK && have < total) {
        unsigned char buffer[BUFFER];
        int64_t m = total - have < BUFFER / size ? total - have : BUFFER / size;
        s = read_all(ctx, r, buffer, (size_t)(m * size), what);
        if (s == GRASP_OK && have + m > room) {
            int64_t more = room < FIRST_GROWTH ? FIRST_GROWTH : room;
            more = total - room < more ? total - room : more;
            s = grasp__realloc(ctx, room, room + more, (size_t)size, &block);
            room += s == GRASP_OK ? more : 0;
        }
        if (s == GRASP_OK) {
            check = grasp__crc32c_add(&r->crc, check, buffer, (size_t)(m * size));
            grasp__from_little(type, buffer, m, block + have * size);
            have += m;
        }
    }
    if (s == GRASP_OK)
        s = read_tail(ctx, r, tag, bytes, check);
    if (s != GRASP_OK) {
        grasp__free(block);
        return s;
    }
    memcpy(out_pointer, &block, sizeof block);
    *count = total;
    return GRASP_OK;
}

grasp_status grasp__loader_close(grasp_context *ctx, grasp__loader *r)
{
    int64_t *total = NULL, count, expected;
    grasp_status s = grasp__loader_section(ctx, r, "END ", GRASP__ELEMENT_I64, 1, &total, &count);
    if (s != GRASP_OK)
        return s;
    expected = r->source.taken - r->at_begin;
    if (*total != expected)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "%s says that it has %" PRId64 " bytes, found %" PRId64, where(r), *total,
                        expected);
    grasp__free(total);
    if (s == GRASP_OK && r->source.fn == NULL) {
        char extra;
        size_t got;
        s = grasp__source_read(ctx, &r->source, &extra, 1, &got);
        if (s == GRASP_OK && got > 0)
            s = grasp__fail(ctx, GRASP_E_FORMAT, "%s goes on after its end, at byte %" PRId64, where(r), expected);
    }
    return s;
}
