/* SPDX-License-Identifier: BSD-3-Clause
 * The BLAS: products of any size through its 32-bit integers, and its threads.
 *
 * A product larger than the BLAS's integer is cut into blocks; a leading dimension larger than it forces blocks of one
 * row, whose leading dimension does not matter. Beside CBLAS nothing is asked of the BLAS unless it is there (weak
 * symbols), so any CBLAS links.
 */
#include "linalg/blas.h"

#if defined(GRASP__BLAS_MKL)
#  include <mkl_cblas.h>
#elif defined(GRASP__BLAS_ACCELERATE)
#  include <Accelerate/Accelerate.h>
#else
#  include <cblas.h>
#endif
#include <limits.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rows of each operand that one call takes. op(a) is m x k and stored as rows of a: m of them, or k if transposed. */
typedef struct cut {
    int64_t m, n, k;
} cut;

static cut cut_sizes(int64_t largest, bool ta, bool tb, int64_t lda, int64_t ldb, int64_t ldc)
{
    cut c = {largest, largest, largest};
    if (lda > largest)
        *(ta ? &c.k : &c.m) = 1;
    if (ldb > largest)
        *(tb ? &c.n : &c.k) = 1;
    if (ldc > largest)
        c.m = 1;
    return c;
}

static int leading(int64_t ld, int64_t largest)
{
    return (int)(ld < 1 ? 1 : least(ld, largest));
}

void grasp__gemm_cut_f64(int64_t largest, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha,
                         const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                         int64_t ldc)
{
    const cut size = cut_sizes(largest, ta, tb, lda, ldb, ldc);
    for (int64_t i = 0; i < m; i += size.m)
        for (int64_t j = 0; j < n; j += size.n)
            for (int64_t l = 0; l == 0 || l < k; l += size.k)
                cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
                            (int)least(m - i, size.m), (int)least(n - j, size.n), (int)least(k - l, size.k), alpha,
                            a + (ta ? l * lda + i : i * lda + l), leading(lda, largest),
                            b + (tb ? j * ldb + l : l * ldb + j), leading(ldb, largest), l == 0 ? beta : 1,
                            c + i * ldc + j, leading(ldc, largest));
}

void grasp__gemm_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                     const double *b, int64_t ldb, double beta, double *c, int64_t ldc)
{
    grasp__gemm_cut_f64(INT_MAX, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* ---- threads of the BLAS ----------------------------------------------------------------------------------------- */

#if defined(__ELF__)
#  pragma GCC visibility push(default)
extern int openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int n) __attribute__((weak));
extern int MKL_Get_Max_Threads(void) __attribute__((weak));
extern void MKL_Set_Num_Threads(int n) __attribute__((weak));
extern long bli_thread_get_num_threads(void) __attribute__((weak));
extern void bli_thread_set_num_threads(long n) __attribute__((weak));
#  pragma GCC visibility pop

static int64_t threads(void)
{
    int64_t n = openblas_get_num_threads     ? openblas_get_num_threads()
                : MKL_Get_Max_Threads        ? MKL_Get_Max_Threads()
                : bli_thread_get_num_threads ? bli_thread_get_num_threads()
                                             : 0;
    return n > 0 ? n : -1; /* BLIS says -1 while nobody has chosen */
}

static bool set_threads(int32_t n)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(n);
    else if (MKL_Set_Num_Threads)
        MKL_Set_Num_Threads(n);
    else if (bli_thread_set_num_threads)
        bli_thread_set_num_threads(n);
    else
        return false;
    return true;
}
#else
static int64_t threads(void)
{
    return -1;
}

static bool set_threads(int32_t n)
{
    (void)n;
    return false;
}
#endif

bool grasp__blas_is_serial(void)
{
    return threads() == 1;
}

int32_t grasp_blas_threads(void)
{
    return (int32_t)threads();
}

grasp_status grasp_blas_set_threads(int32_t n_threads)
{
    if (n_threads < 1)
        return GRASP_E_ARG;
    return set_threads(n_threads) ? GRASP_OK : GRASP_E_UNSUPPORTED;
}
