/* SPDX-License-Identifier: BSD-3-Clause
 * Helpers of all suites.
 */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool contains(const char *text, const char *words)
{
    return strstr(text, words) != NULL;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void *counting_alloc(void *user, size_t bytes)
{
    test_allocator *a = user;
    if (atomic_fetch_add(&a->calls, 1) + 1 == a->fail_at)
        return NULL;
    void *block = malloc(bytes);
    if (block == NULL)
        return NULL;
    memset(block, 0xA5, bytes);
    atomic_fetch_add(&a->live, 1);
    return block;
}

static void counting_free(void *user, void *ptr)
{
    test_allocator *a = user;
    ck_assert_msg(ptr != NULL, "the library freed NULL");
    atomic_fetch_sub(&a->live, 1);
    free(ptr);
}

void test_allocator_init(test_allocator *allocator, int64_t fail_at)
{
    allocator->table = (grasp_allocator){sizeof allocator->table, counting_alloc, counting_free, allocator};
    atomic_init(&allocator->calls, 0);
    atomic_init(&allocator->live, 0);
    allocator->fail_at = fail_at;
}

grasp_context *test_context(void)
{
    grasp_context *ctx;
    ck_assert_int_eq(grasp_context_create(NULL, &ctx), GRASP_OK);
    return ctx;
}

static void assert_no_leak(const test_allocator *allocator, const char *when, int64_t k)
{
    int64_t live = atomic_load(&allocator->live);
    ck_assert_msg(live == 0, "%" PRId64 " blocks leaked after %s %" PRId64, live, when, k);
}

void for_each_failing_allocation(scenario_fn scenario, void *arg)
{
    bool failed = true;
    for (int64_t k = 1; failed; k++) {
        test_allocator allocator;
        grasp_context *ctx;
        test_allocator_init(&allocator, k);
        grasp_status s = grasp_context_create(&allocator.table, &ctx);
        bool made = s == GRASP_OK;
        if (made)
            s = scenario(ctx, arg);
        failed = atomic_load(&allocator.calls) >= k;
        ck_assert_msg(!failed || s == GRASP_E_NOMEM, "allocation %" PRId64 " failed, but the scenario returned %s: %s",
                      k, grasp_status_name(s), made ? grasp_context_error(ctx) : "");
        ck_assert_msg(failed || s >= GRASP_OK, "the scenario fails without a failing allocation: %s: %s",
                      grasp_status_name(s), made ? grasp_context_error(ctx) : "");
        ck_assert_msg(made || ctx == NULL, "a context that could not be made is not NULL");
        grasp_context_free(ctx);
        assert_no_leak(&allocator, "failing allocation", k);
    }
}

typedef struct stopper {
    int64_t calls, stop_at;
} stopper;

static int32_t count_and_stop(void *user, const char *what, double fraction)
{
    stopper *s = user;
    ck_assert_msg(what != NULL && fraction >= 0 && fraction <= 1, "progress of %s is %g", what ? what : "NULL",
                  fraction);
    return ++s->calls == s->stop_at ? GRASP_CB_STOP : GRASP_CB_OK;
}

int64_t for_each_cancel(scenario_fn scenario, void *arg)
{
    for (int64_t k = 1;; k += 1 + k / 24) {
        test_allocator allocator;
        grasp_context *ctx;
        stopper stop = {0, k};
        test_allocator_init(&allocator, 0);
        ck_assert_int_eq(grasp_context_create(&allocator.table, &ctx), GRASP_OK);
        ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, count_and_stop, &stop, NULL));
        grasp_status s = scenario(ctx, arg);
        bool stopped = stop.calls >= k;
        ck_assert_msg(!stopped || s == GRASP_CANCELLED, "stopped at progress call %" PRId64 ", but got %s: %s", k,
                      grasp_status_name(s), grasp_context_error(ctx));
        ck_assert_msg(stopped || (s >= GRASP_OK && s != GRASP_CANCELLED), "not stopped, but got %s: %s",
                      grasp_status_name(s), grasp_context_error(ctx));
        grasp_context_free(ctx);
        assert_no_leak(&allocator, "a stop at progress call", k);
        if (!stopped)
            return stop.calls;
    }
}

void for_each_thread_count(scenario_fn scenario, void *arg, grasp_status expected, void *result, size_t size)
{
    unsigned char *first = malloc(size + 1);
    ck_assert_ptr_nonnull(first);
    for (int32_t threads = 1; threads <= 3; threads++) {
        grasp_context *ctx = test_context();
        memset(result, 0, size);
        ASSERT_OK(ctx, grasp_context_set_threads(ctx, threads));
        ASSERT_STATUS(ctx, scenario(ctx, arg), expected, "");
        if (threads == 1)
            memcpy(first, result, size);
        ck_assert_msg(memcmp(first, result, size) == 0, "%d threads give other bits than one", (int)threads);
        grasp_context_free(ctx);
    }
    free(first);
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

const char *shared_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "../shared/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("skipped: %s is not there\n", path);
        fflush(stdout);
        return NULL;
    }
    fclose(file);
    return path;
}

/* The whole file, with a terminating zero. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    size_t size = 0, capacity = 1 << 16, got;
    char *text = malloc(capacity);
    ck_assert_ptr_nonnull(text);
    while ((got = fread(text + size, 1, capacity - size - 1, file)) > 0) {
        size += got;
        if (capacity - size - 1 == 0) {
            text = realloc(text, capacity *= 2);
            ck_assert_ptr_nonnull(text);
        }
    }
    fclose(file);
    text[size] = '\0';
    return text;
}

/* Reads the fields of one line behind the values so far; returns their number. */
static int64_t read_line(const char *line, size_t length, double **values, int64_t used)
{
    int64_t n = 0;
    size_t at = 0;
    while (at < length) {
        size_t end = at + strcspn(line + at, ", \t\r\n");
        double value;
        if (end == at || grasp__parse_f64(line + at, end - at, &value) != end - at)
            value = NAN;
        *values = realloc(*values, (size_t)(used + n + 1) * sizeof **values);
        ck_assert_ptr_nonnull(*values);
        (*values)[used + n++] = value;
        at = end + (end < length);
        while (at < length && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r'))
            at++;
    }
    return n;
}

fixture *fixture_read(const char *path)
{
    char *text = read_text(path);
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    int64_t line_number = 0;
    for (char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');
        double ignored;
        line_number++;
        if (length > 0 && line[0] != '#' && line[0] != '\r') {
            size_t first = strcspn(line, ", \t\r\n");
            if (f->names == NULL && grasp__parse_f64(line, first, &ignored) != first) {
                f->names = strndup(line, length);
            } else {
                int64_t n = read_line(line, length, &f->values, f->rows * f->cols);
                ck_assert_msg(f->rows == 0 || n == f->cols, "%s:%" PRId64 " has %" PRId64 " fields, expected %" PRId64,
                              path, line_number, n, f->cols);
                f->cols = n;
                f->rows++;
            }
            if (f->names == NULL)
                f->names = strdup("");
        }
        line = next;
    }
    free(text);
    return f;
}

void fixture_free(fixture *table)
{
    if (table == NULL)
        return;
    free(table->values);
    free(table->names);
    free(table);
}

int64_t fixture_column(const fixture *table, const char *name)
{
    const char *p = table->names != NULL ? table->names : "";
    size_t wanted = strlen(name);
    for (int64_t i = 0; *p != '\0'; i++) {
        size_t n = strcspn(p, ", \t\r");
        if (n == wanted && memcmp(p, name, n) == 0)
            return i;
        p += n;
        p += strspn(p, ", \t\r");
    }
    ck_abort_msg("no column is called %s: %s", name, table->names != NULL ? table->names : "");
    return -1;
}

double *fixture_f64s(const fixture *table, const char *name)
{
    int64_t column = fixture_column(table, name);
    double *values = malloc((size_t)(table->rows + 1) * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < table->rows; i++)
        values[i] = table->values[i * table->cols + column];
    return values;
}

int64_t *fixture_i64s(const fixture *table, const char *name)
{
    int64_t column = fixture_column(table, name);
    int64_t *values = malloc((size_t)(table->rows + 1) * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < table->rows; i++)
        values[i] = (int64_t)table->values[i * table->cols + column];
    return values;
}

/* ---- chance ------------------------------------------------------------------------------------------------------ */

grasp__rng test_rng(uint64_t item)
{
    grasp__rng rng;
    grasp__rng_init(&rng, 20221122, GRASP__RNG_TEST, item);
    return rng;
}

void random_normals(grasp__rng *rng, double *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = grasp__rng_normal(rng);
}

int64_t trials(int64_t n)
{
    const char *effort = getenv("TEST_EFFORT");
    double factor = effort != NULL && atof(effort) > 0 ? atof(effort) : 1;
    if (getenv("TEST_UNDER_VALGRIND") != NULL)
        factor /= 10;
    int64_t count = (int64_t)((double)n * factor);
    return count < 1 ? 1 : count;
}
