/* SPDX-License-Identifier: BSD-3-Clause
 * The context: made, freed, configured; entering and leaving a call.
 *
 * One call at a time runs in a context: an atomic flag is taken on entry and given back on leaving. Cancelling is the
 * one thing done from outside while a call runs, and touches one lock-free atomic only, so a signal handler may do it.
 *
 * Without an allocator of the caller's, Linux is asked for large pages below large blocks: it clears and maps 2 MiB at
 * a time then, not 4 KiB, which saves 8 % of DBSCAN's time on wide rows. Elsewhere, and where it refuses, pages are
 * small.
 */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* madvise */
#endif
#include "base/context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#  include <sys/mman.h>
#  include <unistd.h>
#endif

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "grasp_context_cancel() may be called by a signal handler");

enum { LARGE_BLOCK = 4 << 20 };

static void *plain_alloc(void *user, size_t bytes)
{
    char *block = malloc(bytes);
    (void)user;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (block != NULL && bytes >= LARGE_BLOCK) {
        const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), before = (page - (uintptr_t)block % page) % page;
        madvise(block + before, bytes - before, MADV_HUGEPAGE); /* a wish: what it answers changes nothing */
    }
#endif
    return block;
}

static void plain_free(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

grasp_status grasp_context_create(const grasp_allocator *alloc_or_null, grasp_context **out)
{
    grasp_allocator allocator = {sizeof allocator, plain_alloc, plain_free, NULL};
    if (out == NULL)
        return GRASP_E_ARG;
    *out = NULL;
    if (alloc_or_null != NULL) {
        grasp_status s = grasp__check_table(NULL, alloc_or_null, sizeof allocator, sizeof allocator, "alloc_or_null");
        if (s != GRASP_OK)
            return s;
        allocator = *alloc_or_null;
        if (allocator.alloc == NULL || allocator.free == NULL)
            return GRASP_E_ARG;
    }
    grasp__heap *heap = allocator.alloc(allocator.user, sizeof *heap);
    if (heap == NULL)
        return GRASP_E_NOMEM;
    grasp_context *ctx = allocator.alloc(allocator.user, sizeof *ctx);
    if (ctx == NULL) {
        allocator.free(allocator.user, heap);
        return GRASP_E_NOMEM;
    }
    heap->allocator = allocator;
    atomic_init(&heap->used, 0);
    atomic_init(&heap->peak, 0);
    atomic_init(&heap->owners, 1);
    memset(ctx, 0, sizeof *ctx);
    atomic_init(&ctx->busy, 0);
    atomic_init(&ctx->cancel, 0);
    atomic_init(&ctx->halt, 0);
    ctx->magic = GRASP__CONTEXT_MAGIC;
    ctx->heap = heap;
    ctx->threads = 1;
    *out = ctx;
    return GRASP_OK;
}

/* Puts a new user pointer in place of the old one, which goes back to its owner. */
static void hook_replace(grasp__hook *hook, void *user, grasp_destroy_fn destroy)
{
    grasp__hook old = *hook;
    *hook = (grasp__hook){user, destroy};
    if (old.destroy != NULL)
        old.destroy(old.user);
}

void grasp_context_free(grasp_context *ctx)
{
    if (ctx == NULL || ctx->magic != GRASP__CONTEXT_MAGIC)
        return;
    ctx->log = NULL;
    ctx->progress = NULL;
    ctx->parallel = NULL;
    hook_replace(&ctx->log_hook, NULL, NULL);
    hook_replace(&ctx->progress_hook, NULL, NULL);
    hook_replace(&ctx->parallel_hook, NULL, NULL);
    grasp__heap *heap = ctx->heap;
    ctx->magic = 0;
    heap->allocator.free(heap->allocator.user, ctx);
    grasp__heap_release(heap);
}

/* ---- entering and leaving --------------------------------------------------------------------------------------- */

grasp_status grasp__enter(grasp_context *ctx, const char *function)
{
    if (ctx == NULL || ctx->magic != GRASP__CONTEXT_MAGIC)
        return GRASP_E_ARG;
    if (atomic_exchange_explicit(&ctx->busy, 1, memory_order_acquire) != 0)
        return GRASP_E_STATE;
    ctx->function = function;
    ctx->message[0] = '\0';
    atomic_store_explicit(&ctx->halt, 0, memory_order_relaxed);
    grasp__progress_reset(ctx, function);
    return GRASP_OK;
}

grasp_status grasp__enter_out(grasp_context *ctx, const char *function, void **out)
{
    void *const nothing = NULL;
    if (out != NULL)
        memcpy(out, &nothing, sizeof nothing); /* *out has the caller's pointer type, which is not void * */
    grasp_status s = grasp__enter(ctx, function);
    if (s == GRASP_OK && out == NULL)
        s = grasp__leave(ctx, grasp__fail(ctx, GRASP_E_ARG, "out is NULL, expected the address of a handle"));
    return s;
}

grasp_status grasp__leave(grasp_context *ctx, grasp_status status)
{
    grasp__team_end(ctx);
    if (status == GRASP_CANCELLED)
        atomic_store_explicit(&ctx->cancel, 0, memory_order_relaxed);
    if (status >= 0)
        ctx->message[0] = '\0';
    else if (ctx->message[0] == '\0')
        grasp__fail(ctx, status, "%s", grasp_status_text(status));
    if (status < 0)
        grasp__log(ctx, GRASP_LOG_ERROR, "%s", ctx->message);
    atomic_store_explicit(&ctx->busy, 0, memory_order_release);
    return status;
}

/* ---- configuration ---------------------------------------------------------------------------------------------- */

const char *grasp_context_error(const grasp_context *ctx)
{
    return ctx == NULL ? "" : ctx->message;
}

grasp_status grasp_context_set_log(grasp_context *ctx, int32_t max_level, grasp_log_fn fn, void *user,
                                   grasp_destroy_fn destroy_or_null)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_range(ctx, max_level, GRASP_LOG_ERROR, GRASP_LOG_DEBUG, "max_level");
    if (s == GRASP_OK) {
        ctx->log = fn;
        ctx->log_level = max_level;
        hook_replace(&ctx->log_hook, user, destroy_or_null);
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_context_set_progress(grasp_context *ctx, double min_interval_s, grasp_progress_fn fn, void *user,
                                        grasp_destroy_fn destroy_or_null)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    if (isfinite(min_interval_s) && min_interval_s >= 0) {
        ctx->progress = fn;
        ctx->progress_interval = min_interval_s;
        hook_replace(&ctx->progress_hook, user, destroy_or_null);
    } else {
        s = grasp__fail(ctx, GRASP_E_ARG, "min_interval_s is %g, expected a number >= 0", min_interval_s);
    }
    return grasp__leave(ctx, s);
}

grasp_status grasp_context_set_parallel(grasp_context *ctx, grasp_parallel_fn fn, void *user,
                                        grasp_destroy_fn destroy_or_null)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    ctx->parallel = fn;
    hook_replace(&ctx->parallel_hook, user, destroy_or_null);
    return grasp__leave(ctx, GRASP_OK);
}

void grasp_context_cancel(grasp_context *ctx)
{
    if (ctx != NULL)
        atomic_store_explicit(&ctx->cancel, 1, memory_order_relaxed);
}

void grasp_context_clear_cancel(grasp_context *ctx)
{
    if (ctx != NULL)
        atomic_store_explicit(&ctx->cancel, 0, memory_order_relaxed);
}

grasp_status grasp_context_set_threads(grasp_context *ctx, int32_t n_threads)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_range(ctx, n_threads, 0, GRASP__MAX_THREADS, "n_threads");
    if (s == GRASP_OK)
        ctx->threads = n_threads == 0 ? grasp__usable_processors() : n_threads;
    return grasp__leave(ctx, s);
}

int32_t grasp_context_threads(const grasp_context *ctx)
{
    return ctx == NULL ? 0 : ctx->threads;
}

grasp_status grasp_context_set_memory_limit(grasp_context *ctx, uint64_t bytes)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    ctx->memory_limit = bytes;
    return grasp__leave(ctx, GRASP_OK);
}

uint64_t grasp_context_memory_used(const grasp_context *ctx)
{
    return ctx == NULL ? 0 : atomic_load_explicit(&ctx->heap->used, memory_order_relaxed);
}

uint64_t grasp_context_memory_peak(const grasp_context *ctx)
{
    return ctx == NULL ? 0 : atomic_load_explicit(&ctx->heap->peak, memory_order_relaxed);
}

grasp_status grasp_context_set_seed(grasp_context *ctx, uint64_t seed)
{
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    ctx->seed = seed;
    return grasp__leave(ctx, GRASP_OK);
}

uint64_t grasp_context_seed(const grasp_context *ctx)
{
    return ctx == NULL ? 0 : ctx->seed;
}

uint64_t grasp__seed(const grasp_context *ctx)
{
    return ctx->seed;
}

void grasp__set_kernel_slot(grasp_context *ctx, const void *kernels)
{
    ctx->kernels = kernels;
}

const void *grasp__kernel_slot(const grasp_context *ctx)
{
    return ctx->kernels;
}
