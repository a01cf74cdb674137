/* SPDX-License-Identifier: BSD-3-Clause
 * Any bytes as a saved object: loaded or refused with words. If the first one is odd the checksums are made right
 * first, so that what stands behind them is reached. What loads is saved again and gives the same bytes.
 */
#include "grasp/io.h"
#include "io/container.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
    uint8_t *at;
    size_t size, read;
} bytes;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int64_t give(void *user, void *data, size_t n)
{
    bytes *b = user;
    n = n < b->size - b->read ? n : b->size - b->read;
    memcpy(data, b->at + b->read, n);
    b->read += n;
    return (int64_t)n;
}

static int32_t compare(void *user, const void *data, size_t n)
{
    bytes *b = user;
    require(n <= b->size - b->read && memcmp(b->at + b->read, data, n) == 0);
    b->read += n;
    return GRASP_CB_OK;
}

static void put_check(const grasp__crc32c *crc, uint8_t *from, size_t n)
{
    uint32_t check = grasp__crc32c_add(crc, 0, from, n);
    for (int i = 0; i < 4; i++)
        from[n + (size_t)i] = (uint8_t)(check >> (8 * i));
}

/* Header, then section after section as far as their lengths make sense. */
static void repair(bytes *b)
{
    grasp__crc32c crc;
    grasp__crc32c_init(&crc);
    size_t at = 0;
    if (b->size >= 64)
        put_check(&crc, b->at, 60);
    for (at = 64; at + 128 <= b->size;) {
        size_t length = (size_t)b->at[at + 8] | (size_t)b->at[at + 9] << 8;
        size_t whole = (length + 4 + 63) / 64 * 64;
        put_check(&crc, b->at + at, 60);
        at += 64;
        if (whole > b->size - at)
            return;
        memset(b->at + at + length, 0, whole - length - 4);
        put_check(&crc, b->at + at, whole - 4);
        at += whole;
    }
}

static void try_one(grasp_context *ctx, bytes *b)
{
    grasp_model *m = NULL;
    grasp_groups *g = NULL;
    grasp_gradients *d = NULL;
    grasp_status s[3];
    b->read = 0;
    s[0] = grasp_model_load(ctx, give, b, &m);
    b->read = 0;
    s[1] = grasp_groups_load(ctx, give, b, &g);
    b->read = 0;
    s[2] = grasp_gradients_load(ctx, give, b, &d);
    for (int i = 0; i < 3; i++)
        require(s[i] == GRASP_OK || s[i] == GRASP_E_FORMAT || s[i] == GRASP_E_MEMLIMIT);
    require((s[0] == GRASP_OK) == (m != NULL) && (s[1] == GRASP_OK) == (g != NULL) &&
            (s[2] == GRASP_OK) == (d != NULL));
    b->read = 0;
    if (m != NULL)
        require(grasp_model_save(ctx, m, compare, b) == GRASP_OK);
    if (g != NULL)
        require(grasp_groups_save(ctx, g, compare, b) == GRASP_OK);
    if (d != NULL)
        require(grasp_gradients_save(ctx, d, compare, b) == GRASP_OK);
    grasp_model_free(m);
    grasp_groups_free(g);
    grasp_gradients_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grasp_context *ctx;
    if (size == 0 || grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 0;
    bytes b = {malloc(size), size - 1, 0};
    if (b.at != NULL) {
        memcpy(b.at, data + 1, size - 1);
        if (*data % 2 != 0)
            repair(&b);
        grasp_context_set_memory_limit(ctx, 1 << 24);
        try_one(ctx, &b);
        free(b.at);
    }
    grasp_context_free(ctx);
    return 0;
}
