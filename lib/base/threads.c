/* SPDX-License-Identifier: BSD-3-Clause
 * Parallel loops on POSIX threads that live inside one call.
 *
 * Workers take indices in ascending order from one counter until none is left, a task fails or the call is cancelled.
 * Because every index below a failed one was handed out before it, the lowest failing index is always among those that
 * ran: the error does not depend on the number of threads. Threads have all signals blocked, a stack of 1 MiB, and are
 * joined before the loop returns. Through a caller's parallel-for run as many tasks as there are workers, each of which
 * takes indices in the same way.
 */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/context.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { STACK_BYTES = 1 << 20 };

typedef struct loop {
    grasp_context *ctx;
    grasp__task task;
    void *arg;
    int64_t count;
    int32_t workers;
    pthread_t caller;
    atomic_int_least64_t next;     /* index to hand out */
    atomic_int_least64_t finished; /* tasks that succeeded */
    atomic_int entered;            /* workers that came */
    atomic_int stop;               /* hand out no more */
    pthread_mutex_t failure;       /* guards the two below */
    int64_t failed_index;
    grasp_status failed_status;
    grasp_status tick_status; /* calling thread only */
} loop;

int32_t grasp__usable_processors(void)
{
    long n = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
#endif
    if (n < 1)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > GRASP__MAX_THREADS ? GRASP__MAX_THREADS : (int32_t)n;
}

int32_t grasp__workers(const grasp_context *ctx)
{
    return ctx->threads;
}

static void note_failure(loop *l, int64_t index, grasp_status status)
{
    pthread_mutex_lock(&l->failure);
    if (l->failed_status == GRASP_OK || index < l->failed_index) {
        l->failed_index = index;
        l->failed_status = status;
    }
    pthread_mutex_unlock(&l->failure);
    atomic_store(&l->stop, 1);
}

/* One worker: takes indices until there is none. */
static void work(loop *l, int32_t worker)
{
    bool is_caller = pthread_equal(pthread_self(), l->caller) != 0;
    while (atomic_load(&l->stop) == 0 && !grasp__cancel_pending(l->ctx)) {
        int64_t index = atomic_fetch_add(&l->next, 1);
        if (index >= l->count)
            return;
        grasp_status s = l->task(l->arg, index, worker);
        if (s != GRASP_OK) {
            note_failure(l, index, s);
            return;
        }
        int64_t finished = atomic_fetch_add(&l->finished, 1) + 1;
        if (is_caller && (s = grasp__tick(l->ctx, finished, l->count)) != GRASP_OK) {
            l->tick_status = s;
            atomic_store(&l->stop, 1);
        }
    }
}

/* Workers are numbered as they come: a caller's parallel-for that repeats an index cannot give two the same scratch. */
static void enter_work(loop *l)
{
    int32_t worker = atomic_fetch_add(&l->entered, 1);
    if (worker < l->workers)
        work(l, worker);
}

static void *thread_main(void *arg)
{
    enter_work(arg);
    return NULL;
}

static void task_main(void *arg, int64_t index)
{
    (void)index;
    enter_work(arg);
}

/* The calling thread is one of the workers; threads that cannot be made are done without. */
static void run_on_own_threads(loop *l)
{
    pthread_t threads[GRASP__MAX_THREADS];
    pthread_attr_t attributes;
    sigset_t all, before;
    int32_t made = 0;
    if (l->workers > 1 && pthread_attr_init(&attributes) == 0) {
        sigfillset(&all);
        if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
            pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
            while (made < l->workers - 1 && pthread_create(&threads[made], &attributes, thread_main, l) == 0)
                made++;
            pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        pthread_attr_destroy(&attributes);
    }
    enter_work(l);
    for (int32_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
}

static grasp_status run_on_callers_threads(loop *l)
{
    int32_t answer = l->ctx->parallel(l->ctx->parallel_hook.user, task_main, l, l->workers);
    if (answer == GRASP_CB_STOP)
        return GRASP_CANCELLED;
    if (answer != GRASP_CB_OK)
        return grasp__fail(l->ctx, GRASP_E_CALLBACK, "the parallel-for returned %d, expected GRASP_CB_OK (%d)",
                           (int)answer, (int)GRASP_CB_OK);
    if (atomic_load(&l->entered) == 0)
        return grasp__fail(l->ctx, GRASP_E_CALLBACK, "the parallel-for ran no task of %d", (int)l->workers);
    return GRASP_OK;
}

grasp_status grasp__parallel(grasp_context *ctx, int64_t count, grasp__task task, void *arg)
{
    if (count <= 0)
        return GRASP_OK;
    loop l = {.ctx = ctx, .task = task, .arg = arg, .count = count, .caller = pthread_self()};
    l.workers = ctx->threads < count ? ctx->threads : (int32_t)count;
    atomic_init(&l.next, 0);
    atomic_init(&l.finished, 0);
    atomic_init(&l.entered, 0);
    atomic_init(&l.stop, 0);
    if (pthread_mutex_init(&l.failure, NULL) != 0)
        return grasp__fail(ctx, GRASP_E_NOMEM, "no mutex for a parallel loop");
    grasp_status outer = GRASP_OK;
    if (ctx->parallel != NULL && l.workers > 1)
        outer = run_on_callers_threads(&l);
    else
        run_on_own_threads(&l);
    pthread_mutex_destroy(&l.failure);
    if (l.failed_status != GRASP_OK)
        return l.failed_status;
    if (l.tick_status != GRASP_OK)
        return l.tick_status;
    if (outer != GRASP_OK)
        return outer;
    return atomic_load(&l.finished) == count ? GRASP_OK : GRASP_CANCELLED;
}
