/* SPDX-License-Identifier: BSD-3-Clause
 * Progress and cancelling.
 *
 * A stage maps its own ticks to a part of the enclosing stage, so a room reports its work without knowing who called
 * it. What the caller sees never falls and stays in [0, 1].
 */
#include "base/context.h"

#include <time.h>

double grasp__seconds(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

void grasp__progress_reset(grasp_context *ctx, const char *function)
{
    ctx->stage = (grasp__stage_mark){function, 0, 1};
    ctx->progress_shown = 0;
    if (ctx->progress != NULL && ctx->progress_interval > 0)
        ctx->progress_last = grasp__seconds();
}

grasp__stage_mark grasp__stage_begin(grasp_context *ctx, const char *what, double lo, double hi)
{
    grasp__stage_mark outer = ctx->stage;
    double width = outer.hi - outer.lo;
    ctx->stage = (grasp__stage_mark){what, outer.lo + width * lo, outer.lo + width * hi};
    return outer;
}

void grasp__stage_end(grasp_context *ctx, grasp__stage_mark outer)
{
    ctx->stage = outer;
}

bool grasp__cancel_pending(const grasp_context *ctx)
{
    return atomic_load_explicit(&ctx->cancel, memory_order_relaxed) != 0 ||
           atomic_load_explicit(&ctx->halt, memory_order_relaxed) != 0;
}

/* Does the interval allow another call of the callback now? */
static bool is_due(grasp_context *ctx)
{
    if (ctx->progress_interval == 0)
        return true;
    double now = grasp__seconds();
    if (now - ctx->progress_last < ctx->progress_interval)
        return false;
    ctx->progress_last = now;
    return true;
}

static void show(grasp_context *ctx, int64_t done, int64_t total)
{
    double share = total > 0 ? (double)done / (double)total : 0;
    double fraction = ctx->stage.lo + (ctx->stage.hi - ctx->stage.lo) * (share < 0 ? 0 : share > 1 ? 1 : share);
    fraction = fraction > 1 ? 1 : fraction;
    if (fraction > ctx->progress_shown) /* false for NaN too */
        ctx->progress_shown = fraction;
    int32_t answer = ctx->progress(ctx->progress_hook.user, ctx->stage.what, ctx->progress_shown);
    grasp_status s = GRASP_OK;
    if (answer == GRASP_CB_STOP)
        s = GRASP_CANCELLED;
    else if (answer != GRASP_CB_OK)
        s = grasp__fail(ctx, GRASP_E_CALLBACK,
                        "the progress callback returned %d, expected GRASP_CB_OK (%d) or GRASP_CB_STOP (%d)",
                        (int)answer, (int)GRASP_CB_OK, (int)GRASP_CB_STOP);
    if (s != GRASP_OK)
        atomic_store_explicit(&ctx->halt, s, memory_order_relaxed);
}

grasp_status grasp__tick(grasp_context *ctx, int64_t done, int64_t total)
{
    if (ctx->progress != NULL && !grasp__cancel_pending(ctx) && is_due(ctx))
        show(ctx, done, total);
    grasp_status halt = atomic_load_explicit(&ctx->halt, memory_order_relaxed);
    if (halt != GRASP_OK)
        return halt;
    return grasp__cancel_pending(ctx) ? GRASP_CANCELLED : GRASP_OK;
}
