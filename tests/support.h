/* SPDX-License-Identifier: BSD-3-Clause
 * What every suite needs: contexts that count memory, scenarios that fail or are cancelled at every point, data,
 * chance.
 *
 * A scenario is a piece of a program: it makes what it needs with the given context, frees all of it again whatever
 * happens, and returns the first status that is not GRASP_OK. It asserts nothing that a failed allocation or a cancel
 * would upset.
 */
#ifndef GRASP_TESTS_SUPPORT_H
#define GRASP_TESTS_SUPPORT_H

#include "grasp/base.h"
#include "base/base.h"

#include <check.h>

/* ---- assertions ------------------------------------------------------------------------------------------------- */

/* The call returns GRASP_OK; otherwise the test fails with the context's message. */
#define ASSERT_OK(ctx, call)                                                                                           \
    do {                                                                                                               \
        grasp_status status_ = (call);                                                                                 \
        ck_assert_msg(status_ == GRASP_OK, "%s: %s: %s", #call, grasp_status_name(status_), grasp_context_error(ctx)); \
    } while (0)

/* The call returns `expected` and the context's message contains `words` ("" for any). */
#define ASSERT_STATUS(ctx, call, expected, words)                                                                      \
    do {                                                                                                               \
        grasp_status status_ = (call);                                                                                 \
        ck_assert_msg(status_ == (expected), "%s: %s, expected %s: %s", #call, grasp_status_name(status_),             \
                      grasp_status_name(expected), grasp_context_error(ctx));                                          \
        ck_assert_msg(contains(grasp_context_error(ctx), (words)), "%s: message \"%s\" lacks \"%s\"", #call,           \
                      grasp_context_error(ctx), (words));                                                              \
    } while (0)

bool contains(const char *text, const char *words);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* An allocator that counts, and fails at its fail_at-th call (0: never). Fresh memory is filled with 0xA5. */
typedef struct test_allocator {
    grasp_allocator table;      /* give &table to grasp_context_create() */
    atomic_int_least64_t calls; /* of alloc */
    atomic_int_least64_t live;  /* blocks not yet freed */
    int64_t fail_at;
} test_allocator;

void test_allocator_init(test_allocator *allocator, int64_t fail_at);

/* A context with the default allocator; the test fails if there is none. */
grasp_context *test_context(void);

typedef grasp_status (*scenario_fn)(grasp_context *ctx, void *arg);

/* Runs the scenario with its k-th allocation failing, k = 1, 2, ..., the making of the context included, until nothing
 * fails. Each must end with GRASP_E_NOMEM and a message, and leave no block behind. */
void for_each_failing_allocation(scenario_fn scenario, void *arg);

/* Runs the scenario with a progress callback that stops at its k-th call. Each must end with GRASP_CANCELLED, until k
 * is past the last call; nothing may leak. Beyond k = 24 not every k is tried. Returns the number of calls in a full
 * run. */
int64_t for_each_cancel(scenario_fn scenario, void *arg);

/* Runs the scenario at 1, 2 and 3 threads; each must return `expected` and fill the same `size` bytes at `result`. */
void for_each_thread_count(scenario_fn scenario, void *arg, grasp_status expected, void *result, size_t size);

/* ---- data -------------------------------------------------------------------------------------------------------- */

/* "../shared/<name>" if it can be read; else says "skipped: ..." and returns NULL. Valid until the next call. */
const char *shared_path(const char *name);

/* A table of numbers: lines of fields separated by commas or blanks, '#' for comments. A first line that does not begin
 * with a number gives names. Fields that are no number become NaN. A file that is missing or ragged fails the test. */
typedef struct fixture {
    int64_t rows, cols;
    double *values; /* row-major */
    char *names;    /* the line of names, "" if there is none */
} fixture;

fixture *fixture_read(const char *path);
void fixture_free(fixture *table);
/* Number of the column so named; the test fails if there is none. */
int64_t fixture_column(const fixture *table, const char *name);
/* One column as numbers or as labels; free() it. */
double *fixture_f64s(const fixture *table, const char *name);
int64_t *fixture_i64s(const fixture *table, const char *name);

/* ---- chance ------------------------------------------------------------------------------------------------------ */

/* A stream of its own for each item. */
grasp__rng test_rng(uint64_t item);
void random_normals(grasp__rng *rng, double *out, int64_t n);
/* Number of random trials: n times TEST_EFFORT (default 1; 0.1 is fine), a tenth of it under valgrind, at least 1. */
int64_t trials(int64_t n);

#endif
