/* SPDX-License-Identifier: BSD-3-Clause
 * Memory: 64-byte aligned blocks that know where they came from.
 *
 * In front of each block stands a header of 64 bytes: the address that the caller's allocator returned, the heap, and
 * the bytes charged. A block can so be freed without a context, on any thread, after its context is gone; the heap's
 * count of owners keeps allocator and account alive until the last block. The account charges what was asked of the
 * allocator: payload, header and the slack for aligning.
 */
#include "base/context.h"

#include <string.h>

enum { ALIGNMENT = 64 };

typedef struct block_header {
    void *raw;
    grasp__heap *heap;
    uint64_t charged;
    char pad[ALIGNMENT - 2 * sizeof(void *) - sizeof(uint64_t)];
} block_header;

_Static_assert(sizeof(block_header) == ALIGNMENT, "a block follows its header on an aligned address");

bool grasp__mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool grasp__add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

grasp_status grasp__check_product(grasp_context *ctx, int64_t a, int64_t b, const char *what, int64_t *out)
{
    if (!grasp__mul_i64(a, b, out))
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%s: %jd * %jd does not fit 64 bits", what, (intmax_t)a, (intmax_t)b);
    return GRASP_OK;
}

grasp_status grasp__pairs(grasp_context *ctx, int64_t n, int64_t *out)
{
    int64_t even = n % 2 == 0 ? n : n - 1; /* of n and n - 1, the one to halve */
    int64_t odd = n % 2 == 0 ? n - 1 : n;
    if (n < 2) {
        *out = 0;
        return GRASP_OK;
    }
    return grasp__check_product(ctx, even / 2, odd, "number of pairs", out);
}

uint64_t grasp__price(int64_t count, size_t size)
{
    uint64_t payload;
    if (count < 0 || __builtin_mul_overflow((uint64_t)count, (uint64_t)size, &payload) ||
        payload > SIZE_MAX / 2 - sizeof(block_header) - ALIGNMENT)
        return UINT64_MAX;
    return payload + sizeof(block_header) + ALIGNMENT;
}

uint64_t grasp__price_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

void grasp__price_add(uint64_t *sum, int64_t count, size_t size)
{
    *sum = grasp__price_sum(*sum, grasp__price(count, size));
}

uint64_t grasp__price_values(int64_t rows, int64_t columns, size_t size)
{
    int64_t count;
    return grasp__mul_i64(rows, columns, &count) ? grasp__price(count, size) : UINT64_MAX;
}

uint64_t grasp__price_pairs(int64_t n, size_t size)
{
    int64_t even = n % 2 == 0 ? n : n - 1, odd = n % 2 == 0 ? n - 1 : n;
    return n < 2 ? grasp__price(0, size) : grasp__price_values(even / 2, odd, size);
}

grasp_status grasp__price_tell(grasp_context *ctx, uint64_t price, const char *what, uint64_t *out)
{
    if (price > INT64_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%s would take more bytes than can be addressed", what);
    *out = price;
    return GRASP_OK;
}

/* The price of a block, if this context may still hold so much. */
static grasp_status admit(grasp_context *ctx, int64_t count, size_t size, uint64_t *price)
{
    *price = grasp__price(count, size);
    if (*price == UINT64_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%jd elements of %zu bytes are more than can be addressed",
                           (intmax_t)count, size);
    uint64_t used = atomic_load_explicit(&ctx->heap->used, memory_order_relaxed);
    if (ctx->memory_limit != 0 && (used > ctx->memory_limit || *price > ctx->memory_limit - used))
        return grasp__fail(ctx, GRASP_E_MEMLIMIT, "%ju bytes more than the %ju in use would pass the limit of %ju",
                           (uintmax_t)*price, (uintmax_t)used, (uintmax_t)ctx->memory_limit);
    return GRASP_OK;
}

grasp_status grasp__check_memory(grasp_context *ctx, int64_t count, size_t size)
{
    uint64_t price;
    return admit(ctx, count, size, &price);
}

uint64_t grasp__memory_left(const grasp_context *ctx)
{
    const uint64_t used = atomic_load_explicit(&ctx->heap->used, memory_order_relaxed), limit = ctx->memory_limit;
    return limit == 0 ? UINT64_MAX : used < limit ? limit - used : 0;
}

/* Heaps are charged by one thread at a time, but other threads may free meanwhile. */
static void charge(grasp__heap *heap, uint64_t bytes)
{
    uint64_t used = atomic_fetch_add_explicit(&heap->used, bytes, memory_order_relaxed) + bytes;
    if (used > atomic_load_explicit(&heap->peak, memory_order_relaxed))
        atomic_store_explicit(&heap->peak, used, memory_order_relaxed);
    atomic_fetch_add_explicit(&heap->owners, 1, memory_order_relaxed);
}

grasp_status grasp__alloc(grasp_context *ctx, int64_t count, size_t size, void *out_pointer)
{
    uint64_t price;
    void *block = NULL;
    memcpy(out_pointer, &block, sizeof block);
    grasp_status s = admit(ctx, count, size, &price);
    if (s != GRASP_OK)
        return s;
    grasp__heap *heap = ctx->heap;
    char *raw = heap->allocator.alloc(heap->allocator.user, (size_t)price);
    if (raw == NULL)
        return grasp__fail(ctx, GRASP_E_NOMEM, "no memory for %jd elements of %zu bytes", (intmax_t)count, size);
    charge(heap, price);
    char *aligned = raw + sizeof(block_header);
    aligned += (ALIGNMENT - (uintptr_t)aligned % ALIGNMENT) % ALIGNMENT;
    block_header *header = (block_header *)(void *)(aligned - sizeof *header);
    header->raw = raw;
    header->heap = heap;
    header->charged = price;
    block = aligned;
    memcpy(out_pointer, &block, sizeof block); /* the pointer has the caller's type, not void * */
    return GRASP_OK;
}

grasp_status grasp__alloc_zero(grasp_context *ctx, int64_t count, size_t size, void *out_pointer)
{
    grasp_status s = grasp__alloc(ctx, count, size, out_pointer);
    if (s == GRASP_OK) {
        void *block;
        memcpy(&block, out_pointer, sizeof block);
        memset(block, 0, (size_t)count * size);
    }
    return s;
}

grasp_status grasp__realloc(grasp_context *ctx, int64_t old_count, int64_t new_count, size_t size, void *inout_pointer)
{
    void *old;
    void *fresh;
    memcpy(&old, inout_pointer, sizeof old);
    grasp_status s = grasp__alloc(ctx, new_count, size, &fresh);
    if (s != GRASP_OK)
        return s;
    int64_t kept = old_count < new_count ? old_count : new_count;
    if (old != NULL && kept > 0)
        memcpy(fresh, old, (size_t)kept * size);
    grasp__free(old);
    memcpy(inout_pointer, &fresh, sizeof fresh);
    return GRASP_OK;
}

void grasp__free(void *block)
{
    if (block == NULL)
        return;
    block_header *header = (block_header *)block - 1;
    grasp__heap *heap = header->heap;
    atomic_fetch_sub_explicit(&heap->used, header->charged, memory_order_relaxed);
    heap->allocator.free(heap->allocator.user, header->raw);
    grasp__heap_release(heap);
}

void grasp__heap_release(grasp__heap *heap)
{
    if (atomic_fetch_sub_explicit(&heap->owners, 1, memory_order_acq_rel) != 1)
        return;
    grasp_allocator allocator = heap->allocator;
    allocator.free(allocator.user, heap);
}
