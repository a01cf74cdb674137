/* SPDX-License-Identifier: BSD-3-Clause
 * See harness.h. The memory of a run is the peak of the resident set during the first one, beyond what was resident
 * when it began: what was asked of any allocator, the BLAS's buffers included. Later runs find pages that are already
 * there.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

grasp_context *bench_context;

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

void bench_open(void)
{
    const char *threads = getenv("OMP_NUM_THREADS"), *kernel = getenv("BENCH_KERNEL");
    if (grasp_context_create(NULL, &bench_context) != GRASP_OK)
        fail("bench", "no memory");
    bench_need(grasp_context_set_threads(bench_context, threads ? (int32_t)bench_integer(threads) : 1));
    if (kernel && *kernel)
        bench_need(grasp_context_set_kernel(bench_context, kernel));
}

void bench_need(grasp_status status)
{
    if (status < GRASP_OK)
        fail("bench", grasp_context_error(bench_context));
}

void *bench_memory(int64_t count, size_t size)
{
    void *p = malloc((size_t)count * size + 1);
    if (!p)
        fail("bench", "no memory");
    return p;
}

int64_t bench_integer(const char *text)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end)
        fail("not a whole number", text);
    return v;
}

double bench_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void *bench_read(const char *path, int64_t count, size_t size)
{
    FILE *f = fopen(path, "rb");
    void *data = bench_memory(count, size);
    if (!f || fread(data, size, (size_t)count, f) != (size_t)count || fgetc(f) != EOF)
        fail("cannot be read, or has another length", path);
    fclose(f);
    return data;
}

void bench_write(const char *path, const void *data, int64_t count, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, size, (size_t)count, f) != (size_t)count || fclose(f) != 0)
        fail("cannot be written", path);
}

grasp_params *bench_params(const char *algorithm, const char *text)
{
    grasp_params *params;
    bench_need(grasp_params_create(bench_context, algorithm, &params));
    bench_need(grasp_params_parse(bench_context, params, text));
    return params;
}

grasp_gradients *bench_gradients(float *rows, int64_t n, int64_t p)
{
    grasp_matrix *matrix;
    grasp_gradients *gradients;
    bench_need(grasp_matrix_wrap(bench_context, GRASP_F32, n, p, p, rows, NULL, NULL, &matrix));
    bench_need(grasp_gradients_create_dense(bench_context, GRASP_F32, p, 0, &gradients));
    bench_need(grasp_gradients_append_lent(bench_context, gradients, matrix));
    bench_need(grasp_gradients_seal(bench_context, gradients));
    grasp_matrix_free(matrix);
    return gradients;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Bytes that a line of /proc/self/status tells in kB; without that file the peak of the whole process, for either. */
static int64_t resident(const char *key)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long long kb = -1;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            kb = strtoll(line + strlen(key), NULL, 10);
    if (f)
        fclose(f);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024 * (kb >= 0 ? (int64_t)kb : (int64_t)usage.ru_maxrss);
}

/* Linux: the peak starts anew at what is resident. */
static void forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) {
        fputs("5\n", f);
        fclose(f);
    }
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void measure(const bench_job *job, int64_t *memory)
{
    int64_t before = 0;
    if (*memory < 0) {
        forget_peak();
        before = resident("VmRSS:");
    }
    double cpu = bench_cpu(), wall = bench_wall();
    job->run(job->state);
    cpu = bench_cpu() - cpu, wall = bench_wall() - wall;
    if (*memory < 0)
        *memory = resident("VmHWM:") - before;
    printf("{\"cpu\": %.9g, \"wall\": %.9g, \"memory\": %lld", cpu, wall, (long long)*memory);
    if (job->tell)
        job->tell(job->state, stdout);
    puts("}");
}

int bench_serve(const bench_job *job)
{
    char line[4096];
    int64_t memory = -1;
    printf("{\"kernel\": \"%s\", \"version\": \"%s\", \"build\": \"%s\"}\n", grasp_context_kernel(bench_context),
           grasp_version_string(), grasp_build_info());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "run") == 0) {
            measure(job, &memory);
        } else if (strncmp(line, "labels ", 7) == 0 && job->label) {
            bench_write(line + 7, job->label, job->n_label, sizeof *job->label);
            puts("{}");
        } else {
            fail("not a command here", line);
        }
        fflush(stdout);
    }
    return 0;
}
