/* SPDX-License-Identifier: BSD-3-Clause
 * base: progress, cancelling, parallel loops on own threads and on a caller's.
 */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- progress and cancelling ------------------------------------------------------------------------------------- */

typedef struct seen {
    int calls;
    double fraction, lowest_step;
    char what[32];
    int32_t answer; /* given from call answer_at on */
    int answer_at;
    pthread_t thread;
} seen;

static int32_t see(void *user, const char *what, double fraction)
{
    seen *s = user;
    ck_assert(pthread_equal(pthread_self(), s->thread));
    if (fraction - s->fraction < s->lowest_step)
        s->lowest_step = fraction - s->fraction;
    s->fraction = fraction;
    snprintf(s->what, sizeof s->what, "%s", what);
    return ++s->calls >= s->answer_at && s->answer_at > 0 ? s->answer : GRASP_CB_OK;
}

START_TEST(progress_maps_stages)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "whole"));
    ck_assert_int_eq(grasp__tick(ctx, 1, 10), GRASP_OK);
    ck_assert_str_eq(s.what, "whole");
    ck_assert(fabs(s.fraction - 0.1) < 1e-15);
    grasp__stage_mark outer = grasp__stage_begin(ctx, "outer", 0.5, 1);
    grasp__stage_mark inner = grasp__stage_begin(ctx, "inner", 0.2, 0.4);
    ck_assert_int_eq(grasp__tick(ctx, 1, 2), GRASP_OK);
    ck_assert_str_eq(s.what, "inner");
    ck_assert(fabs(s.fraction - (0.5 + 0.5 * 0.3)) < 1e-15);
    grasp__stage_end(ctx, inner);
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK); /* would be 0.5: never falls */
    ck_assert_str_eq(s.what, "outer");
    ck_assert(fabs(s.fraction - 0.65) < 1e-15);
    ck_assert_int_eq(grasp__tick(ctx, 5, 0), GRASP_OK);
    ck_assert_int_eq(grasp__tick(ctx, -5, 3), GRASP_OK);
    ck_assert(fabs(s.fraction - 0.65) < 1e-15);
    ck_assert_int_eq(grasp__tick(ctx, 7, 3), GRASP_OK); /* never above one */
    ck_assert(s.fraction == 1);
    grasp__stage_end(ctx, outer);
    ASSERT_OK(ctx, grasp__leave(ctx, GRASP_OK));
    ck_assert(s.lowest_step >= 0);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(progress_keeps_its_interval)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 3600, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grasp__tick(ctx, i, 1000), GRASP_OK);
    ck_assert_int_eq(s.calls, 0);
    grasp__leave(ctx, GRASP_OK);
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 1e-9, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grasp__tick(ctx, i, 1000), GRASP_OK);
    ck_assert_int_gt(s.calls, 1);
    grasp__leave(ctx, GRASP_OK);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(callbacks_answer_stop_or_nonsense)
{
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self(), .answer = GRASP_CB_STOP, .answer_at = 2};
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK);
    ck_assert_int_eq(grasp__tick(ctx, 1, 2), GRASP_CANCELLED);
    ck_assert(grasp__cancel_pending(ctx));
    ck_assert_int_eq(grasp__tick(ctx, 2, 2), GRASP_CANCELLED); /* stays so, without asking again */
    ck_assert_int_eq(s.calls, 2);
    grasp__leave(ctx, GRASP_OK); /* even if the call had finished, the next one starts afresh */
    s.answer_at = 0;
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_OK);
    grasp__leave(ctx, GRASP_OK);

    static const int32_t nonsense[] = {2, -1, 1000, INT32_MIN};
    for (int i = 0; i < 4; i++) {
        s.answer = nonsense[i];
        s.answer_at = 1;
        ASSERT_OK(ctx, grasp__enter(ctx, "f"));
        ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_E_CALLBACK);
        ck_assert(contains(grasp_context_error(ctx), "f: the progress callback returned"));
        ck_assert_int_eq(grasp__tick(ctx, 0, 2), GRASP_E_CALLBACK);
        grasp__leave(ctx, GRASP_E_CALLBACK);
    }
    grasp_context_free(ctx);
}
END_TEST

static grasp_context *signalled;

static void on_signal(int number)
{
    (void)number;
    grasp_context_cancel(signalled);
}

START_TEST(cancel_sticks_until_returned)
{
    grasp_context *ctx = signalled = test_context();
    grasp_context_cancel(ctx);
    ASSERT_OK(ctx, grasp_context_set_seed(ctx, 1)); /* a call too short to notice leaves it */
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_CANCELLED);
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_CANCELLED);
    ck_assert_int_eq(grasp__leave(ctx, GRASP_CANCELLED), GRASP_CANCELLED);
    ck_assert_str_eq(grasp_context_error(ctx), "");
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_OK);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    ck_assert(grasp__cancel_pending(ctx));
    grasp_context_clear_cancel(ctx);
    ck_assert_int_eq(grasp__tick(ctx, 0, 1), GRASP_OK);
    grasp__leave(ctx, GRASP_OK);
    grasp_context_free(ctx);
}
END_TEST

/* ---- threads ----------------------------------------------------------------------------------------------------- */

enum { TASKS = 500, LINGERING = 50 };

typedef struct work {
    grasp_context *ctx;
    atomic_int runs[TASKS];
    atomic_int in_use[64]; /* per worker: two at once would share scratch */
    pthread_t caller;
    bool own_threads;       /* threads are the library's: their signals are blocked */
    int64_t fail_a, fail_b; /* these tasks fail */
    int64_t wait_for;       /* task fail_a ends a little after this one */
    bool slow;              /* every task takes 50 microseconds or more */
    int64_t cancel_at;      /* this one asks for a cancel */
    int64_t stopper;        /* later tasks linger from when this one has run: 0.1 s for the loop to stop on any
                               machine */
    uint64_t result[TASKS];
} work;

static grasp_status do_task(void *arg, int64_t index, int32_t worker)
{
    work *w = arg;
    sigset_t blocked;
    ck_assert(worker >= 0 && worker < grasp__workers(w->ctx));
    ck_assert_int_eq(atomic_fetch_add(&w->in_use[worker], 1), 0);
    atomic_fetch_add(&w->runs[index], 1);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (w->own_threads && !pthread_equal(pthread_self(), w->caller))
        ck_assert(sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGUSR1) && sigismember(&blocked, SIGCHLD));
    grasp__rng rng;
    grasp__rng_init(&rng, 1, GRASP__RNG_TEST, (uint64_t)index);
    for (int i = 0; i < 10; i++)
        w->result[index] += grasp__rng_u64(&rng);
    if (index == w->cancel_at)
        grasp_context_cancel(w->ctx);
    if (w->slow)
        nanosleep(&(struct timespec){0, 50000}, NULL);
    bool lingers = w->stopper >= 0 && index > w->stopper + LINGERING;
    for (int i = 0; lingers && i < 1000; i++) {
        lingers = atomic_load(&w->runs[w->stopper]) == 0;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    for (int i = 0; index == w->fail_a && w->wait_for >= 0 && i < 1000; i++) {
        bool there = atomic_load(&w->runs[w->wait_for]) > 0;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (there)
            break;
    }
    atomic_fetch_sub(&w->in_use[worker], 1);
    return index == w->fail_a ? GRASP_E_NUMERIC : index == w->fail_b ? GRASP_E_EMPTY : GRASP_OK;
}

static void work_init(work *w, grasp_context *ctx)
{
    memset(w, 0, sizeof *w);
    w->ctx = ctx;
    w->caller = pthread_self();
    w->fail_a = w->fail_b = w->cancel_at = w->wait_for = w->stopper = -1;
}

static grasp_status run_work(grasp_context *ctx, work *w)
{
    grasp_status s = grasp__enter(ctx, __func__);
    return s != GRASP_OK ? s : grasp__leave(ctx, grasp__parallel(ctx, TASKS, do_task, w));
}

START_TEST(every_task_runs_once)
{
    static work w;
    for (int32_t threads = 1; threads <= 8; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        ASSERT_OK(ctx, run_work(ctx, &w));
        for (int i = 0; i < TASKS; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        ASSERT_OK(ctx, grasp__parallel(ctx, 0, do_task, &w));
        ASSERT_OK(ctx, grasp__parallel(ctx, -1, do_task, &w));
        grasp_context_free(ctx);
    }
}
END_TEST

static grasp_status parallel_scenario(grasp_context *ctx, void *arg)
{
    static work w;
    work_init(&w, ctx);
    grasp_status s = run_work(ctx, &w);
    if (arg != NULL)
        memcpy(arg, w.result, sizeof w.result);
    return s;
}

START_TEST(same_bits_at_any_number_of_threads)
{
    static uint64_t result[TASKS];
    for_each_thread_count(parallel_scenario, result, GRASP_OK, result, sizeof result);
}
END_TEST

START_TEST(lowest_failing_task_is_reported)
{
    static work w;
    for (int trial = 0; trial < trials(60); trial++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 1 + trial % 4));
        work_init(&w, ctx);
        w.fail_a = 20 + trial % 5;
        w.fail_b = 22;
        w.stopper = w.fail_a < w.fail_b ? w.fail_a : w.fail_b;
        ASSERT_STATUS(ctx, run_work(ctx, &w), w.fail_a <= w.fail_b ? GRASP_E_NUMERIC : GRASP_E_EMPTY, "");
        for (int i = 0; i < 22 && i < w.fail_a; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        ck_assert_int_eq(atomic_load(&w.runs[TASKS - 1]), 0);
        grasp_context_free(ctx);
    }
}
END_TEST

/* The lower of two failures comes later. */
START_TEST(lowest_failing_task_wins_though_late)
{
    static work w;
    for (int32_t threads = 2; threads <= 4; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        w.fail_a = 20;
        w.fail_b = w.wait_for = 22;
        ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_NUMERIC, "");
        ck_assert_int_eq(atomic_load(&w.runs[22]), 1);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(cancel_stops_the_loop)
{
    static work w;
    for (int32_t threads = 1; threads <= 3; threads++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        work_init(&w, ctx);
        w.stopper = w.cancel_at = 10;
        ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_CANCELLED, "");
        ck_assert_int_eq(atomic_load(&w.runs[TASKS - 1]), 0);
        work_init(&w, ctx);
        ASSERT_OK(ctx, run_work(ctx, &w)); /* the cancel was returned once */
        grasp_context_free(ctx);
    }
    ck_assert_int_eq(for_each_cancel(parallel_scenario, NULL), TASKS);
}
END_TEST

START_TEST(loop_ticks_on_the_calling_thread)
{
    static work w;
    grasp_context *ctx = test_context();
    seen s = {.thread = pthread_self()};
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, see, &s, NULL)); /* see() checks the thread */
    work_init(&w, ctx);
    ASSERT_OK(ctx, run_work(ctx, &w));
    s.answer_at = s.calls + 1;
    s.answer = 77;
    work_init(&w, ctx);
    grasp_status status = run_work(ctx, &w);
    ck_assert_msg(status == GRASP_E_CALLBACK || (status == GRASP_OK && s.calls < s.answer_at), "%s",
                  grasp_status_name(status));
    grasp_context_free(ctx);
}
END_TEST

START_TEST(own_threads_block_signals)
{
    static work w;
    grasp_context *ctx = test_context();
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 4));
    work_init(&w, ctx);
    w.own_threads = true;
    ASSERT_OK(ctx, run_work(ctx, &w));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert(sigismember(&after, SIGUSR2) && !sigismember(&after, SIGINT));
    sigemptyset(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    grasp_context_free(ctx);
}
END_TEST

/* Threads of a call: each counts the loops it has been in, and tells when it ends. */
typedef struct meeting {
    pthread_key_t key;      /* of a thread: where its loops are counted */
    atomic_int there, next; /* tasks that have begun in this loop; threads with a count */
    int64_t wanted;         /* of those that wait for each other */
    int loops[64];
} meeting;

static atomic_int ended;

static void count_end(void *loops)
{
    (void)loops;
    atomic_fetch_add(&ended, 1);
}

/* Ends when all have begun, so that each task has a thread of its own. */
static grasp_status meet_others(void *arg, int64_t index, int32_t worker)
{
    meeting *m = arg;
    int *loops = pthread_getspecific(m->key);
    (void)index;
    (void)worker;
    if (loops == NULL) {
        loops = &m->loops[atomic_fetch_add(&m->next, 1)];
        pthread_setspecific(m->key, loops);
    }
    ++*loops;
    atomic_fetch_add(&m->there, 1);
    while (atomic_load(&m->there) < m->wanted)
        nanosleep(&(struct timespec){0, 10000}, NULL);
    return GRASP_OK;
}

static void hold_meeting(grasp_context *ctx, meeting *m, int64_t tasks)
{
    atomic_store(&m->there, 0);
    m->wanted = tasks;
    ck_assert_int_eq(grasp__parallel(ctx, tasks, meet_others, m), GRASP_OK);
}

START_TEST(threads_stay_for_a_call_and_no_longer)
{
    for (int threads = 2; threads <= 5; threads++) {
        grasp_context *ctx = test_context();
        meeting m = {.wanted = threads};
        atomic_store(&ended, 0);
        ck_assert_int_eq(pthread_key_create(&m.key, count_end), 0);
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        ASSERT_OK(ctx, grasp__enter(ctx, "f"));
        hold_meeting(ctx, &m, 2); /* one is made, and others where more tasks ask for them */
        ck_assert_int_eq(atomic_load(&m.next), 2);
        for (int loop = 0; loop < 20; loop++)
            hold_meeting(ctx, &m, threads);
        ck_assert_int_eq(atomic_load(&m.next), threads); /* the same ones each time */
        for (int k = 0; k < threads; k++)
            ck_assert_int_ge(m.loops[k], 20);
        ck_assert_int_eq(atomic_load(&ended), 0);
        ASSERT_OK(ctx, grasp__leave(ctx, GRASP_OK));
        ck_assert_int_eq(atomic_load(&ended), threads - 1);

        hold_meeting(ctx, &m, threads); /* outside of a call each loop has its own */
        ck_assert_int_eq(atomic_load(&ended), 2 * (threads - 1));
        ASSERT_OK(ctx, grasp__enter(ctx, "f"));
        hold_meeting(ctx, &m, threads);
        ck_assert_int_eq(grasp__leave(ctx, GRASP_CANCELLED), GRASP_CANCELLED);
        ck_assert_int_eq(atomic_load(&ended), 3 * (threads - 1));
        ck_assert_int_eq(atomic_load(&m.next), 1 + 3 * (threads - 1));
        pthread_setspecific(m.key, NULL);
        pthread_key_delete(m.key);
        grasp_context_free(ctx);
    }
}
END_TEST

static grasp_status add_one(void *arg, int64_t index, int32_t worker)
{
    (void)worker;
    ((int64_t *)arg)[index]++;
    return GRASP_OK;
}

/* Threads often find a loop closed, or arrive while it ends; nothing runs twice or is left out. */
START_TEST(many_short_loops)
{
    enum { LOOPS = 2000 };
    grasp_context *ctx = test_context();
    int64_t count[4] = {0}, expected[4] = {0};
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ASSERT_OK(ctx, grasp__enter(ctx, "f"));
    for (int loop = 0; loop < LOOPS; loop++) {
        const int64_t tasks = 1 + loop % 4;
        ck_assert_int_eq(grasp__parallel(ctx, tasks, add_one, count), GRASP_OK);
        for (int64_t k = 0; k < 4; k++) {
            expected[k] += k < tasks;
            ck_assert_int_eq(count[k], expected[k]);
        }
    }
    ASSERT_OK(ctx, grasp__leave(ctx, GRASP_OK));
    grasp_context_free(ctx);
}
END_TEST

/* ---- a caller's parallel-for ------------------------------------------------------------------------------------- */

typedef struct pool {
    int32_t answer;
    int times; /* how often every task is run: 0 and 2 are faults */
    bool backwards, threaded;
    int64_t asked;
} pool;

typedef struct pool_task {
    grasp_task_fn task;
    void *arg;
    int64_t index;
} pool_task;

static void *pool_thread(void *arg)
{
    pool_task *t = arg;
    t->task(t->arg, t->index);
    return NULL;
}

static int32_t run_pool(void *user, grasp_task_fn task, void *arg, int64_t count)
{
    pool *p = user;
    pool_task tasks[64];
    pthread_t threads[64];
    p->asked = count;
    ck_assert(count <= 32);
    for (int t = 0; t < p->times; t++)
        for (int64_t i = 0; i < count; i++)
            tasks[t * count + i] = (pool_task){task, arg, p->backwards ? count - 1 - i : i};
    for (int64_t i = 0; i < p->times * count; i++)
        if (!p->threaded)
            pool_thread(&tasks[i]);
        else
            ck_assert_int_eq(pthread_create(&threads[i], NULL, pool_thread, &tasks[i]), 0);
    for (int64_t i = 0; p->threaded && i < p->times * count; i++)
        pthread_join(threads[i], NULL);
    return p->answer;
}

START_TEST(callers_parallel_for_runs_the_tasks)
{
    static work w;
    static uint64_t expected[TASKS];
    for (int variant = 0; variant < 8; variant++) {
        grasp_context *ctx = test_context();
        pool p = {GRASP_CB_OK, 1 + variant / 4, variant % 2 == 1, variant / 2 % 2 == 1, 0};
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 4));
        ASSERT_OK(ctx, grasp_context_set_parallel(ctx, run_pool, &p, NULL));
        work_init(&w, ctx);
        w.slow = p.threaded; /* so that all of its threads get to work */
        ASSERT_OK(ctx, run_work(ctx, &w));
        ck_assert_int_eq(p.asked, 4);
        for (int i = 0; i < TASKS; i++)
            ck_assert_int_eq(atomic_load(&w.runs[i]), 1);
        if (variant == 0)
            memcpy(expected, w.result, sizeof expected);
        ck_assert_mem_eq(expected, w.result, sizeof expected);
        grasp_context_free(ctx);
    }
}
END_TEST

START_TEST(callers_parallel_for_may_fail)
{
    static work w;
    grasp_context *ctx = test_context();
    pool p = {.answer = GRASP_CB_OK, .times = 0};
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ASSERT_OK(ctx, grasp_context_set_parallel(ctx, run_pool, &p, NULL));
    work_init(&w, ctx);
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_CALLBACK, "the parallel-for ran no task of 3");
    p.times = 1;
    p.answer = -7;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_CALLBACK, "the parallel-for returned -7, expected GRASP_CB_OK (1)");
    p.answer = GRASP_CB_STOP;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_CANCELLED, "");
    p.answer = GRASP_CB_OK;
    work_init(&w, ctx);
    w.fail_a = 3;
    ASSERT_STATUS(ctx, run_work(ctx, &w), GRASP_E_NUMERIC, "");
    work_init(&w, ctx);
    ASSERT_OK(ctx, grasp_context_set_parallel(ctx, NULL, NULL, NULL));
    ASSERT_OK(ctx, run_work(ctx, &w));
    grasp_context_free(ctx);
}
END_TEST

Suite *check_base_threads_suite(void)
{
    Suite *suite = suite_create("base_threads");
    TCase *all = tcase_create("all");
    tcase_add_test(all, progress_maps_stages);
    tcase_add_test(all, progress_keeps_its_interval);
    tcase_add_test(all, callbacks_answer_stop_or_nonsense);
    tcase_add_test(all, cancel_sticks_until_returned);
    tcase_add_test(all, every_task_runs_once);
    tcase_add_test(all, same_bits_at_any_number_of_threads);
    tcase_add_test(all, lowest_failing_task_is_reported);
    tcase_add_test(all, lowest_failing_task_wins_though_late);
    tcase_add_test(all, cancel_stops_the_loop);
    tcase_add_test(all, loop_ticks_on_the_calling_thread);
    tcase_add_test(all, own_threads_block_signals);
    tcase_add_test(all, threads_stay_for_a_call_and_no_longer);
    tcase_add_test(all, many_short_loops);
    tcase_add_test(all, callers_parallel_for_runs_the_tasks);
    tcase_add_test(all, callers_parallel_for_may_fail);
    suite_add_tcase(suite, all);
    return suite;
}
