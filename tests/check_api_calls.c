/* SPDX-License-Identifier: BSD-3-Clause
 * All long calls (bench/calls.h): the same bits on own threads, on a caller's parallel-for of any kind, nested under
 * the caller's own threads, and after a fork; the BLAS's threads are left alone; a cancel ends each of them soon.
 */
#include "support.h"

#include "bench/calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N = 700, MOST_CALLS = 32 };

typedef struct digests {
    uint64_t of[MOST_CALLS];
} digests;

static calls_data open_data(int64_t n)
{
    grasp_context *ctx = test_context();
    calls_data data;
    ASSERT_OK(ctx, calls_open(ctx, n, &data));
    grasp_context_free(ctx);
    return data;
}

/* Results of all calls in ctx; false where one fails. */
static bool run_all(grasp_context *ctx, const calls_data *data, digests *out)
{
    for (int i = 0; calls_name(i) != NULL; i++) {
        grasp_status s = calls_run(ctx, data, i, &out->of[i]);
        if (s != GRASP_OK && s != GRASP_NOT_CONVERGED) {
            printf("%s: %s\n", calls_name(i), grasp_context_error(ctx));
            return false;
        }
    }
    return true;
}

static digests expected_of(const calls_data *data)
{
    grasp_context *ctx = test_context();
    digests d;
    ck_assert(run_all(ctx, data, &d));
    grasp_context_free(ctx);
    return d;
}

static void assert_same(const digests *a, const digests *b, const char *where)
{
    for (int i = 0; calls_name(i) != NULL; i++)
        ck_assert_msg(a->of[i] == b->of[i], "%s: other bits %s", calls_name(i), where);
}

/* ---- a caller's parallel-for ------------------------------------------------------------------------------------- */

typedef struct slice {
    grasp_task_fn task;
    void *arg;
    int64_t index;
} slice;

static void *run_slice(void *arg)
{
    slice *s = arg;
    s->task(s->arg, s->index);
    return NULL;
}

/* Last task first, all on the calling thread. */
static int32_t backwards(void *user, grasp_task_fn task, void *arg, int64_t count)
{
    ++*(int64_t *)user;
    while (count-- > 0)
        task(arg, count);
    return GRASP_CB_OK;
}

/* A thread for each task, and none on the calling thread. */
static int32_t pool(void *user, grasp_task_fn task, void *arg, int64_t count)
{
    pthread_t thread[8];
    slice slices[8];
    ++*(int64_t *)user;
    for (int64_t i = 0; i < count; i++) {
        slices[i] = (slice){task, arg, i};
        if (pthread_create(&thread[i], NULL, run_slice, &slices[i]) != 0)
            return -1;
    }
    for (int64_t i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
    return GRASP_CB_OK;
}

START_TEST(callers_parallel_for)
{
    static const grasp_parallel_fn loops[] = {backwards, pool};
    calls_data data = open_data(N);
    digests expected = expected_of(&data), found;
    for (int k = 0; k < 2; k++) {
        grasp_context *ctx = test_context();
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 4));
        for (int i = 0; calls_name(i) != NULL; i++) {
            int64_t used = 0;
            ASSERT_OK(ctx, grasp_context_set_parallel(ctx, loops[k], &used, NULL));
            grasp_status s = calls_run(ctx, &data, i, &found.of[i]);
            ck_assert_msg(s == GRASP_OK || s == GRASP_NOT_CONVERGED, "%s: %s", calls_name(i),
                          grasp_context_error(ctx));
        }
        assert_same(&expected, &found, k ? "on a pool" : "backwards");
        grasp_context_free(ctx);
    }
    calls_close(&data);
}
END_TEST

/* ---- the caller's own threads ------------------------------------------------------------------------------------ */

typedef struct guest {
    const calls_data *data;
    digests found;
    bool fine;
    int64_t used;
} guest;

static void *run_guest(void *arg)
{
    guest *g = arg;
    grasp_context *ctx;
    g->fine = grasp_context_create(NULL, &ctx) == GRASP_OK;
    g->fine = g->fine && grasp_context_set_threads(ctx, 3) == GRASP_OK &&
              grasp_context_set_parallel(ctx, pool, &g->used, NULL) == GRASP_OK && run_all(ctx, g->data, &g->found);
    grasp_context_free(ctx);
    return NULL;
}

/* Threads of the caller, each with its context and its parallel-for, over the same handles. */
START_TEST(nested_under_the_callers_threads)
{
    enum { GUESTS = 3 };
    calls_data data = open_data(N);
    digests expected = expected_of(&data);
    pthread_t thread[GUESTS];
    static guest guests[GUESTS];
    int32_t before = grasp_blas_threads();
    for (int k = 0; k < GUESTS; k++) {
        guests[k].data = &data;
        ck_assert_int_eq(pthread_create(&thread[k], NULL, run_guest, &guests[k]), 0);
    }
    for (int k = 0; k < GUESTS; k++) {
        pthread_join(thread[k], NULL);
        ck_assert(guests[k].fine && guests[k].used > 0);
        assert_same(&expected, &guests[k].found, "among threads");
    }
    ck_assert_int_eq(grasp_blas_threads(), before);
    calls_close(&data);
}
END_TEST

/* ---- the BLAS ---------------------------------------------------------------------------------------------------- */

typedef struct watch {
    int32_t threads;
    int64_t others; /* times that the BLAS had another number of threads */
} watch;

static int32_t look(void *user, const char *what, double fraction)
{
    watch *w = user;
    (void)what;
    (void)fraction;
    w->others += grasp_blas_threads() != w->threads;
    return GRASP_CB_OK;
}

START_TEST(blas_threads_are_left_alone)
{
    calls_data data = open_data(N);
    int32_t before = grasp_blas_threads();
    for (int32_t set = 1; set <= 3; set += 2) {
        bool can = grasp_blas_set_threads(set) == GRASP_OK;
        watch w = {grasp_blas_threads(), 0};
        grasp_context *ctx = test_context();
        digests found;
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, 2));
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, look, &w, NULL));
        ck_assert(run_all(ctx, &data, &found));
        ck_assert_int_eq(w.others, 0);
        ck_assert_int_eq(grasp_blas_threads(), w.threads);
        grasp_context_free(ctx);
        if (can && before > 0)
            (void)grasp_blas_set_threads(before);
    }
    calls_close(&data);
}
END_TEST

/* ---- fork -------------------------------------------------------------------------------------------------------- */

/* After calls with threads a child uses the parent's handles and context, with threads of its own. */
START_TEST(works_after_a_fork)
{
    calls_data data = open_data(N);
    grasp_context *ctx = test_context();
    digests expected, found;
    int status;
    ASSERT_OK(ctx, grasp_context_set_threads(ctx, 3));
    ck_assert(run_all(ctx, &data, &expected));
    fflush(stdout);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bool fine = run_all(ctx, &data, &found);
        for (int i = 0; calls_name(i) != NULL; i++)
            fine = fine && found.of[i] == expected.of[i];
        _exit(fine ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %d", status);
    ck_assert(run_all(ctx, &data, &found));
    assert_same(&expected, &found, "after a fork");
    grasp_context_free(ctx);
    calls_close(&data);
}
END_TEST

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

/* Processor time from a cancel to the return of each call, from another thread and from a signal handler. 50 ms are
 * promised at a million samples; slower builds and machines get more. `make bench BENCH_FLAGS="--only cancel"`. */
START_TEST(a_cancel_ends_every_call_soon)
{
    enum { MANY = 200000 };
    static const double delays[] = {0.002, 0.08, 0.4};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const double limit = 2;
#else
    const double limit = 0.1;
#endif
    if (getenv("TEST_UNDER_VALGRIND") != NULL)
        return;
    calls_data data = open_data(MANY);
    grasp_context *ctx = test_context();
    int cancelled = 0;
    for (int i = 0; calls_name(i) != NULL; i++)
        for (int k = 0; k < 6; k++) {
            double cpu, wall;
            grasp_status s = calls_cancel(ctx, &data, i, delays[k / 2], k % 2, &cpu, &wall);
            cancelled += s == GRASP_CANCELLED;
            ck_assert_msg(s >= 0, "%s: %s", calls_name(i), grasp_context_error(ctx));
            ck_assert_msg(s != GRASP_CANCELLED || cpu < limit, "%s went on for %.0f ms after %g s", calls_name(i),
                          1e3 * cpu, delays[k / 2]);
        }
    ck_assert_int_gt(cancelled, 20);
    grasp_context_free(ctx);
    calls_close(&data);
}
END_TEST

Suite *check_api_calls_suite(void);
Suite *check_api_calls_suite(void)
{
    Suite *suite = suite_create("api_calls");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 240);
    tcase_add_test(all, callers_parallel_for);
    tcase_add_test(all, nested_under_the_callers_threads);
    tcase_add_test(all, blas_threads_are_left_alone);
    tcase_add_test(all, works_after_a_fork);
    tcase_add_test(all, a_cancel_ends_every_call_soon);
    suite_add_tcase(suite, all);
    return suite;
}
