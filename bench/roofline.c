/* SPDX-License-Identifier: BSD-3-Clause
 * What this machine can do, in the same terms: float32 products of this build's BLAS, which are what a brute force is
 * made of; products of bytes by the library's own kernel, which are what DBSCAN is made of (one thread; the one program
 * here that looks inside the library); and reading, which all threads share: how far it grows with their number is how
 * far a pass over the rows can. One run: SGEMM 1024 x 1024 x 1024, SSYRK 2048 x 1024, a panel of 1024 bytes a row, 256
 * MiB read by the context's threads, several times; operations a second of the best, counting 2 m n k and, as SSYRK
 * computes half the entries, n^2 k; bytes a second.
 */
#include "harness.h"
#include "linalg/linalg.h"

#if defined(GRASP__BLAS_MKL)
#  include <mkl_cblas.h>
#elif defined(GRASP__BLAS_ACCELERATE)
#  include <Accelerate/Accelerate.h>
#else
#  include <cblas.h>
#endif
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__APPLE__)
char *openblas_get_corename(void) __attribute__((weak)); /* where the BLAS is OpenBLAS */
#else
static char *(*const openblas_get_corename)(void) = NULL;
#endif

enum { GEMM = 1024, SYRK = 2048, DEPTH = 1024, BYTE_ROWS = 16, BYTE_CALLS = 400, TIMES = 5 };
enum { PIECE = 1 << 17, PIECES = 256 }; /* of what is read, in numbers of 8 bytes */

typedef struct task {
    float *a, *b, *c;
    uint8_t *byte_rows;        /* BYTE_ROWS x DEPTH */
    int8_t *panel;             /* DEPTH x GRASP__SKETCH_PANEL */
    uint64_t *memory;          /* PIECES x PIECE */
    uint64_t *sum;             /* PIECES, of those */
    double gemm, syrk, bytes;  /* operations a second */
    double read;               /* bytes a second */
} task;

static void gemm(const task *t)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, GEMM, GEMM, DEPTH, 1, t->a, DEPTH, t->b, DEPTH, 0, t->c, GEMM);
}

static void syrk(const task *t)
{
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, SYRK, DEPTH, 1, t->a, DEPTH, 0, t->c, SYRK);
}

static void bytes(const task *t)
{
    const uint8_t *row[BYTE_ROWS];
    static int32_t sum[BYTE_ROWS * GRASP__SKETCH_PANEL];
    for (int i = 0; i < BYTE_ROWS; i++)
        row[i] = t->byte_rows + i * DEPTH;
    for (int k = 0; k < BYTE_CALLS; k++) {
        memset(sum, 0, sizeof sum);
        grasp__context_sketch_kernels(bench_context)->dot(BYTE_ROWS, DEPTH / 4, row, t->panel, sum);
    }
}

static grasp_status read_piece(void *arg, int64_t index, int32_t worker)
{
    const task *t = arg;
    const uint64_t *piece = t->memory + index * PIECE;
    uint64_t sum[32] = {0};
    (void)worker;
    for (int64_t i = 0; i < PIECE; i += 32)
        for (int k = 0; k < 32; k++)
            sum[k] += piece[i + k];
    for (int k = 0; k < 32; k++)
        t->sum[index] += sum[k];
    return GRASP_OK;
}

static void read_memory(const task *t)
{
    bench_need(grasp__parallel(bench_context, PIECES, read_piece, (void *)t));
}

static double best(void (*product)(const task *), const task *t, double operations)
{
    double least = 1e300;
    product(t);
    for (int i = 0; i < TIMES; i++) {
        double wall = bench_wall();
        product(t);
        wall = bench_wall() - wall;
        least = wall < least ? wall : least;
    }
    return operations / least;
}

static void run(void *state)
{
    task *t = state;
    t->gemm = best(gemm, t, 2.0 * GEMM * GEMM * DEPTH);
    t->syrk = best(syrk, t, (double)SYRK * SYRK * DEPTH);
    t->bytes = best(bytes, t, 2.0 * BYTE_CALLS * BYTE_ROWS * GRASP__SKETCH_PANEL * DEPTH);
    t->read = best(read_memory, t, 8.0 * PIECES * PIECE);
}

static void tell(void *state, FILE *out)
{
    const task *t = state;
    fprintf(out, ", \"sgemm\": %.6g, \"ssyrk\": %.6g, \"int8\": %.6g, \"read\": %.6g", t->gemm, t->syrk, t->bytes,
            t->read);
    fprintf(out, ", \"sketch\": \"%s\", \"core\": \"%s\"", grasp__context_sketch_kernels(bench_context)->name,
            openblas_get_corename ? openblas_get_corename() : "");
}

int main(void)
{
    bench_open();
    task t = {.a = bench_memory(SYRK * DEPTH, sizeof(float)),
              .b = bench_memory(GEMM * DEPTH, sizeof(float)),
              .c = bench_memory(SYRK * SYRK, sizeof(float)),
              .byte_rows = bench_memory(BYTE_ROWS * DEPTH, 1),
              .panel = bench_memory(DEPTH * GRASP__SKETCH_PANEL, 1),
              .memory = bench_memory((int64_t)PIECES * PIECE, sizeof(uint64_t)),
              .sum = bench_memory(PIECES, sizeof(uint64_t))};
    memset(t.memory, 1, PIECES * PIECE * sizeof(uint64_t));
    memset(t.sum, 0, PIECES * sizeof(uint64_t));
    memset(t.byte_rows, 65, BYTE_ROWS * DEPTH);
    memset(t.panel, -3, DEPTH * GRASP__SKETCH_PANEL);
    for (int64_t i = 0; i < SYRK * DEPTH; i++)
        t.a[i] = (float)(i % 31) / 31;
    for (int64_t i = 0; i < GEMM * DEPTH; i++)
        t.b[i] = (float)(i % 37) / 37;
    int status = bench_serve(&(bench_job){run, tell, &t, NULL, 0});
    free(t.a);
    free(t.b);
    free(t.c);
    free(t.byte_rows);
    free(t.panel);
    free(t.memory);
    free(t.sum);
    grasp_context_free(bench_context);
    return status;
}
