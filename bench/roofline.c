/* SPDX-License-Identifier: BSD-3-Clause
 * What this machine can do, in the same terms: float32 products of this build's BLAS, which are what a brute force is
 * made of. One run: SGEMM 1024 x 1024 x 1024 and SSYRK 2048 x 1024, several times; GFLOP/s of the best, counting 2 m n k
 * and, as half the entries are computed, n^2 k.
 */
#include "harness.h"

#if defined(GRASP__BLAS_MKL)
#  include <mkl_cblas.h>
#elif defined(GRASP__BLAS_ACCELERATE)
#  include <Accelerate/Accelerate.h>
#else
#  include <cblas.h>
#endif
#include <stdlib.h>

#if defined(__GNUC__) && !defined(__APPLE__)
char *openblas_get_corename(void) __attribute__((weak)); /* where the BLAS is OpenBLAS */
#else
static char *(*const openblas_get_corename)(void) = NULL;
#endif

enum { GEMM = 1024, SYRK = 2048, DEPTH = 1024, TIMES = 5 };

typedef struct task {
    float *a, *b, *c;
    double gemm, syrk; /* operations a second */
} task;

static void gemm(const task *t)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, GEMM, GEMM, DEPTH, 1, t->a, DEPTH, t->b, DEPTH, 0, t->c, GEMM);
}

static void syrk(const task *t)
{
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, SYRK, DEPTH, 1, t->a, DEPTH, 0, t->c, SYRK);
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
}

static void tell(void *state, FILE *out)
{
    const task *t = state;
    fprintf(out, ", \"sgemm\": %.6g, \"ssyrk\": %.6g, \"core\": \"%s\"", t->gemm, t->syrk,
            openblas_get_corename ? openblas_get_corename() : "");
}

int main(void)
{
    bench_open();
    task t = {.a = bench_memory(SYRK * DEPTH, sizeof(float)),
              .b = bench_memory(GEMM * DEPTH, sizeof(float)),
              .c = bench_memory(SYRK * SYRK, sizeof(float))};
    for (int64_t i = 0; i < SYRK * DEPTH; i++)
        t.a[i] = (float)(i % 31) / 31;
    for (int64_t i = 0; i < GEMM * DEPTH; i++)
        t.b[i] = (float)(i % 37) / 37;
    int status = bench_serve(&(bench_job){run, tell, &t, NULL, 0});
    free(t.a);
    free(t.b);
    free(t.c);
    grasp_context_free(bench_context);
    return status;
}
