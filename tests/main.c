/* SPDX-License-Identifier: BSD-3-Clause
 * Runs the suites named on the command line, or all: every tests/check_x.c has a check_x_suite(), and the Makefile
 * lists them in suites.h. The name of a room also stands for its further suites, check_x_y.c. Shows each suite's count
 * and time, its failures, and last the closing line in Check's form.
 * CK_FORK=no keeps the tests in this process, as sanitizers and valgrind want it.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUITE(x) Suite *check_##x##_suite(void);
#include "suites.h"
#undef SUITE

static const struct {
    const char *name;
    Suite *(*make)(void);
} suites[] = {
#define SUITE(x) {#x, check_##x##_suite},
#include "suites.h"
#undef SUITE
    {NULL, NULL},
};

/* "base" names base and base_numbers. */
static bool names(const char *argument, const char *suite)
{
    size_t n = strlen(argument);
    return strncmp(suite, argument, n) == 0 && (suite[n] == '\0' || suite[n] == '_');
}

static bool wanted(const char *suite, int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
        if (names(argv[i], suite))
            return true;
    return argc <= 1;
}

static int complain_of_unknown(int argc, char **argv)
{
    int unknown = 0;
    for (int i = 1; i < argc; ++i) {
        bool found = false;
        for (size_t s = 0; suites[s].name; ++s)
            found = found || names(argv[i], suites[s].name);
        if (!found) {
            fprintf(stderr, "there is no suite \"%s\"; there are:", argv[i]);
            for (size_t s = 0; suites[s].name; ++s)
                fprintf(stderr, " %s", suites[s].name);
            fprintf(stderr, "\n");
            ++unknown;
        }
    }
    return unknown;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Prints the failed tests and counts those that crashed or timed out apart from those whose assertion failed. */
static int show_failures(SRunner *runner)
{
    int errors = 0, n = srunner_ntests_failed(runner);
    TestResult **failed = srunner_failures(runner);
    for (int i = 0; i < n; ++i) {
        errors += tr_rtype(failed[i]) == CK_ERROR;
        const char *file = tr_lfile(failed[i]);
        printf("%s:%d: %s: %s\n", file ? file : "?", tr_lno(failed[i]), tr_tcname(failed[i]), tr_msg(failed[i]));
    }
    free(failed);
    return errors;
}

int main(int argc, char **argv)
{
    int checks = 0, failures = 0, errors = 0;

    if (complain_of_unknown(argc, argv))
        return EXIT_FAILURE;
    /* Check allows a test 4 seconds by default; slow machines and valgrind need more, a hung test still ends. */
    setenv("CK_DEFAULT_TIMEOUT", "120", 0);
    for (size_t s = 0; suites[s].name; ++s) {
        if (!wanted(suites[s].name, argc, argv))
            continue;
        SRunner *runner = srunner_create(suites[s].make());
        double start = seconds();
        fflush(stdout); /* a forked test inherits what is not written yet */
        srunner_run_all(runner, CK_SILENT);
        int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
        printf("  %-12s %4d checks %6.1f s%s\n", suites[s].name, run, seconds() - start, failed ? "  FAILED" : "");
        int crashed = show_failures(runner);
        checks += run;
        failures += failed - crashed;
        errors += crashed;
        srunner_free(runner);
    }
    int percent = checks > 0 ? (int)(100.0 * (checks - failures - errors) / checks) : 100;
    printf("%d%%: Checks: %d, Failures: %d, Errors: %d\n", percent, checks, failures, errors);
    return failures + errors == 0 && checks > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
