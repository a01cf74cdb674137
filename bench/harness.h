/* SPDX-License-Identifier: BSD-3-Clause
 * What the programs of bench/ share: data from files, clocks, memory, and a loop that runs a job when it is told to.
 *
 * A program reads its data, says "{...}" on a line of standard output, and then obeys lines of standard input:
 *     run           do the work once; answers {"cpu": s, "wall": s, "memory": bytes, ...}
 *     labels FILE   write the labels of the last run as int64; answers {}
 * so that bench/bench.py can run it and its peers in turn, with data in memory and libraries loaded.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <grasp.h>

#include <stdio.h>

/* Work that can be done again and again on the same data. */
typedef struct bench_job {
    void (*run)(void *state);
    void (*tell)(void *state, FILE *out); /* members to add to the answer, each after ", "; NULL: none */
    void *state;
    const int64_t *label; /* n_label of the last run; NULL: there are none */
    int64_t n_label;
} bench_job;

/* The context of the program: threads from $OMP_NUM_THREADS, kernel from $BENCH_KERNEL. */
extern grasp_context *bench_context;
void bench_open(void);

/* Ends the program with the library's message unless the status is GRASP_OK or an outcome. */
void bench_need(grasp_status status);
/* malloc or the end. */
void *bench_memory(int64_t count, size_t size);
int64_t bench_integer(const char *text);
double bench_cpu(void);
double bench_wall(void);
/* The whole file, count elements of `size` bytes: little-endian float32, int64 or bytes, as this machine has them. */
void *bench_read(const char *path, int64_t count, size_t size);
void bench_write(const char *path, const void *data, int64_t count, size_t size);
grasp_params *bench_params(const char *algorithm, const char *text);
/* Sealed gradients over rows that stay the caller's. */
grasp_gradients *bench_gradients(float *rows, int64_t n, int64_t p);

/* Serves until standard input ends. */
int bench_serve(const bench_job *job);

#endif
