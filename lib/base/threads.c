/* SPDX-License-Identifier: BSD-3-Clause
 * Parallel loops on POSIX threads that live inside one call.
 *
 * Workers take indices in ascending order from one counter until none is left, a task fails or the call is cancelled.
 * Because every index below a failed one was handed out before it, the lowest failing index is always among those that
 * ran: the error does not depend on the number of threads. Threads have all signals blocked and a stack of 1 MiB. The
 * first loop that can use them makes them, later ones of the same call find them waiting, and they are joined before
 * the call returns. The caller waits for those that have entered a loop alone: one that is late, because processors are
 * busy or the tasks were short, finds the loop closed.
 *
 * Making and joining a thread takes some 30 microseconds, waking one that sleeps 10 or more; a call may have a hundred
 * loops. So who waits looks on for WATCH seconds before it sleeps, if there is a processor for each.
 *
 * Through a caller's parallel-for run as many tasks as there are workers, each of which takes indices in the same way.
 */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/context.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define WATCH 50e-6

enum { STACK_BYTES = 1 << 20, LOOKS = 16 /* between looks at the clock */ };

typedef struct grasp__loop {
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

static void task_main(void *arg, int64_t index)
{
    (void)index;
    enter_work(arg);
}

/* ---- own threads ------------------------------------------------------------------------------------------------- */

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Looks on while the number is `from`, for a while. */
static bool changes_soon(const grasp__team *team, const atomic_int *number, int from)
{
    const double end = team->watchful ? grasp__seconds() + WATCH : 0;
    while (atomic_load(number) == from) {
        if (!team->watchful || grasp__seconds() > end)
            return false;
        for (int k = 0; k < LOOKS && atomic_load(number) == from; k++)
            relax();
    }
    return true;
}

static void *thread_main(void *arg)
{
    grasp__team *team = arg;
    int seen = 0;
    for (;;) {
        changes_soon(team, &team->turn, seen);
        pthread_mutex_lock(&team->lock);
        while (atomic_load(&team->turn) == seen) {
            team->asleep++;
            pthread_cond_wait(&team->come, &team->lock);
            team->asleep--;
        }
        seen = atomic_load(&team->turn);
        loop *l = team->loop;
        const bool ending = team->ending;
        if (l != NULL)
            atomic_fetch_add(&team->inside, 1);
        pthread_mutex_unlock(&team->lock);
        if (ending)
            return NULL;
        if (l == NULL)
            continue;
        enter_work(l);
        pthread_mutex_lock(&team->lock);
        if (atomic_fetch_sub(&team->inside, 1) == 1)
            pthread_cond_signal(&team->gone);
        pthread_mutex_unlock(&team->lock);
    }
}

static bool team_begin(grasp__team *team, int32_t threads)
{
    if (pthread_mutex_init(&team->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&team->come, NULL) == 0) {
        if (pthread_cond_init(&team->gone, NULL) == 0) {
            team->loop = NULL;
            atomic_init(&team->turn, 0);
            atomic_init(&team->inside, 0);
            team->asleep = 0;
            team->ending = false;
            team->watchful = threads <= grasp__usable_processors();
            return true;
        }
        pthread_cond_destroy(&team->come);
    }
    pthread_mutex_destroy(&team->lock);
    return false;
}

static void team_destroy(grasp__team *team)
{
    pthread_cond_destroy(&team->gone);
    pthread_cond_destroy(&team->come);
    pthread_mutex_destroy(&team->lock);
}

/* As many threads as that beside the calling one, or what can be had. */
static void team_grow(grasp_context *ctx, int32_t wanted)
{
    grasp__team *team = &ctx->team;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (team->made >= wanted || (team->made == 0 && !team_begin(team, ctx->threads)))
        return;
    if (pthread_attr_init(&attributes) == 0) {
        sigfillset(&all);
        if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
            pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
            while (team->made < wanted &&
                   pthread_create(&team->thread[team->made], &attributes, thread_main, team) == 0)
                team->made++;
            pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        pthread_attr_destroy(&attributes);
    }
    if (team->made == 0)
        team_destroy(team);
}

static void team_open(grasp__team *team, loop *l)
{
    pthread_mutex_lock(&team->lock);
    team->loop = l;
    atomic_fetch_add(&team->turn, 1);
    const int32_t asleep = team->asleep;
    pthread_mutex_unlock(&team->lock);
    for (int32_t k = 0; k < asleep && k < l->workers - 1; k++)
        pthread_cond_signal(&team->come);
}

/* Nobody comes any more; waits for those who did. */
static void team_close(grasp__team *team)
{
    pthread_mutex_lock(&team->lock);
    team->loop = NULL;
    pthread_mutex_unlock(&team->lock);
    int inside;
    do {
        inside = atomic_load(&team->inside);
    } while (inside > 0 && changes_soon(team, &team->inside, inside));
    if (inside == 0)
        return;
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->inside) > 0)
        pthread_cond_wait(&team->gone, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

void grasp__team_end(grasp_context *ctx)
{
    grasp__team *team = &ctx->team;
    if (team->made == 0)
        return;
    pthread_mutex_lock(&team->lock);
    team->ending = true;
    atomic_fetch_add(&team->turn, 1);
    pthread_mutex_unlock(&team->lock);
    pthread_cond_broadcast(&team->come);
    while (team->made > 0)
        pthread_join(team->thread[--team->made], NULL);
    team_destroy(team);
}

/* The calling thread is one of the workers; threads that cannot be made are done without. */
static void run_on_own_threads(loop *l)
{
    grasp__team *team = &l->ctx->team;
    team_grow(l->ctx, l->workers - 1);
    const bool shared = l->workers > 1 && team->made > 0;
    if (shared)
        team_open(team, l);
    enter_work(l);
    if (shared)
        team_close(team);
    if (atomic_load(&l->ctx->busy) == 0)
        grasp__team_end(l->ctx); /* no call that would */
}

/* ---- a caller's -------------------------------------------------------------------------------------------------- */

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
