/* SPDX-License-Identifier: BSD-3-Clause
 * The library's long calls, each on the same data, for whoever wants to see all of them cancelled, forked or run on
 * other threads: bench/cancel.c and tests/check_api_calls.c. Public interface only.
 */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include <grasp.h>

enum { CALLS_P = 33, CALLS_LOW = 3 };

/* n samples: rows of 33 values and of 3, two classes, a model of them. Made in one context, used in any. */
typedef struct calls_data {
    int64_t n;
    float *rows, *low_rows;
    int64_t *y;
    grasp_matrix *x;
    grasp_gradients *gradients, *low;
    grasp_distances *cosine, *euclidean; /* implicit: of the rows, and of those of 3 */
    grasp_groups *groups;
} calls_data;

/* Fills *data, to be cleared by calls_close() whatever is returned. */
grasp_status calls_open(grasp_context *ctx, int64_t n, calls_data *data);
void calls_close(calls_data *data);

/* Name of call i; NULL past the last. */
const char *calls_name(int i);
/* Runs call i in ctx; *digest is of all its results, bit for bit. */
grasp_status calls_run(grasp_context *ctx, const calls_data *data, int i, uint64_t *digest);
/* Runs call i and cancels it `delay` seconds later, from another thread or from a signal handler on the calling one.
 * *cpu, *wall: seconds from then to its return; meaningless unless GRASP_CANCELLED. */
grasp_status calls_cancel(grasp_context *ctx, const calls_data *data, int i, double delay, int by_signal, double *cpu,
                          double *wall);

#endif
