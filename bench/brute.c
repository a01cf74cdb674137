/* SPDX-License-Identifier: BSD-3-Clause
 * The yardstick of the worst case: brute ROWS.f32 n p eps min_samples, a plain float32 DBSCAN over the BLAS, from raw
 * rows to labels. Rows are centred and normalised; SGEMM gives tiles of the upper triangle, each pair once; comparing
 * makes bits of them, from which come counts. The bits of all pairs are kept where n^2 / 8 bytes fit into 64 MiB and a
 * quarter of the rows, else tiles are computed again for the second pass: union of cores, and borders. Pairs nearer to
 * eps than float32 can tell may fall on either side. Threads are the BLAS's. O(n^2 p).
 */
#include "harness.h"

#if defined(GRASP__BLAS_MKL)
#  include <mkl_cblas.h>
#elif defined(GRASP__BLAS_ACCELERATE)
#  include <Accelerate/Accelerate.h>
#else
#  include <cblas.h>
#endif
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && defined(__GNUC__)
#  include <immintrin.h>
#  define HAVE_VECTORS 1
#endif

enum { TILE = 512, WORDS = TILE / 64 };

/* Bits of a row of a tile: which values reach the threshold. Counts them, in the row and by column. */
typedef int32_t (*compare_fn)(const float *value, float threshold, uint64_t *word, int32_t *column);

typedef struct task {
    const float *rows;
    int64_t n, p, min_samples, words; /* words: of a row of bits */
    double eps;
    float *unit;     /* n x p */
    float *value;    /* TILE x TILE */
    uint64_t *bits;  /* n x words, or NULL */
    int32_t *count;  /* n */
    int64_t *parent; /* n */
    uint64_t *core;  /* words */
    int64_t *label;
    int64_t clusters, noise;
    compare_fn compare;
} task;

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static int32_t compare_plain(const float *value, float threshold, uint64_t *word, int32_t *column)
{
    int32_t count = 0;
    for (int w = 0; w < WORDS; w++) {
        uint64_t bits = 0;
        for (int j = 0; j < 64; j++) {
            const uint64_t in = value[64 * w + j] >= threshold;
            bits |= in << j;
            column[64 * w + j] += (int32_t)in;
            count += (int32_t)in;
        }
        word[w] = bits;
    }
    return count;
}

#ifdef HAVE_VECTORS
__attribute__((target("avx2,popcnt"))) static int32_t compare_avx2(const float *value, float threshold, uint64_t *word,
                                                                    int32_t *column)
{
    const __m256 least = _mm256_set1_ps(threshold);
    int32_t count = 0;
    for (int w = 0; w < WORDS; w++) {
        uint64_t bits = 0;
        for (int j = 0; j < 64; j += 8) {
            const __m256 in = _mm256_cmp_ps(_mm256_loadu_ps(value + 64 * w + j), least, _CMP_GE_OQ);
            __m256i *at = (__m256i *)(void *)(column + 64 * w + j);
            bits |= (uint64_t)(uint32_t)_mm256_movemask_ps(in) << j;
            _mm256_storeu_si256(at, _mm256_sub_epi32(_mm256_loadu_si256(at), _mm256_castps_si256(in)));
        }
        word[w] = bits;
        count += __builtin_popcountll(bits);
    }
    return count;
}

__attribute__((target("avx512f,popcnt"))) static int32_t compare_avx512(const float *value, float threshold,
                                                                         uint64_t *word, int32_t *column)
{
    const __m512 least = _mm512_set1_ps(threshold);
    int32_t count = 0;
    for (int w = 0; w < WORDS; w++) {
        uint64_t bits = 0;
        for (int j = 0; j < 64; j += 16) {
            const __mmask16 in = _mm512_cmp_ps_mask(_mm512_loadu_ps(value + 64 * w + j), least, _CMP_GE_OQ);
            int32_t *at = column + 64 * w + j;
            const __m512i old = _mm512_loadu_si512(at);
            bits |= (uint64_t)in << j;
            _mm512_storeu_si512(at, _mm512_mask_add_epi32(old, in, old, _mm512_set1_epi32(1)));
        }
        word[w] = bits;
        count += __builtin_popcountll(bits);
    }
    return count;
}
#endif

static compare_fn best_compare(void)
{
#ifdef HAVE_VECTORS
    if (__builtin_cpu_supports("avx512f"))
        return compare_avx512;
    if (__builtin_cpu_supports("avx2"))
        return compare_avx2;
#endif
    return compare_plain;
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static void normalise(task *t)
{
    double *mean = calloc((size_t)t->p, sizeof *mean);
    for (int64_t i = 0; i < t->n; i++)
        for (int64_t k = 0; k < t->p; k++)
            mean[k] += (double)t->rows[i * t->p + k];
    for (int64_t k = 0; k < t->p; k++)
        mean[k] /= (double)t->n;
    for (int64_t i = 0; i < t->n; i++) {
        float *x = t->unit + i * t->p;
        for (int64_t k = 0; k < t->p; k++)
            x[k] = (float)((double)t->rows[i * t->p + k] - mean[k]);
        const float norm = cblas_snrm2((int)t->p, x, 1);
        cblas_sscal((int)t->p, norm > 0 ? 1 / norm : 0, x, 1);
    }
    free(mean);
}

static int64_t tile_size(const task *t, int64_t first)
{
    return t->n - first < TILE ? t->n - first : TILE;
}

/* Values of a tile; what is beyond its edge is below every threshold. */
static void multiply(task *t, int64_t i, int64_t j)
{
    const int64_t rows = tile_size(t, i), columns = tile_size(t, j);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)columns, (int)t->p, 1, t->unit + i * t->p,
                (int)t->p, t->unit + j * t->p, (int)t->p, 0, t->value, TILE);
    for (int64_t a = 0; columns < TILE && a < rows; a++)
        for (int64_t b = columns; b < TILE; b++)
            t->value[a * TILE + b] = -4;
    for (int64_t a = 0; i == j && a < rows; a++)
        for (int64_t b = 0; b <= a; b++)
            t->value[a * TILE + b] = b == a ? 4 : -4; /* each pair once; a sample is its own neighbour */
}

/* First pass: counts, and bits if they are kept. */
static void count_tile(task *t, int64_t i, int64_t j)
{
    const float threshold = (float)(1 - t->eps);
    uint64_t spare[WORDS];
    int32_t column[TILE] = {0};
    multiply(t, i, j);
    for (int64_t a = 0; a < tile_size(t, i); a++) {
        uint64_t *word = t->bits ? t->bits + (i + a) * t->words + j / 64 : spare;
        t->count[i + a] += t->compare(t->value + a * TILE, threshold, word, column);
    }
    for (int64_t b = 0; b < tile_size(t, j); b++)
        t->count[j + b] += column[b] - (i == j); /* itself, counted in the row */
}

static int64_t find(task *t, int64_t i)
{
    while (t->parent[i] != i)
        i = t->parent[i] = t->parent[t->parent[i]];
    return i;
}

static void join(task *t, int64_t i, int64_t first, uint64_t word)
{
    for (int64_t root = find(t, i); word; word &= word - 1) {
        const int64_t j = first + __builtin_ctzll(word);
        if (t->parent[j] == root)
            continue;
        const int64_t other = find(t, j), low = root < other ? root : other;
        t->parent[root] = t->parent[other] = low;
        root = low;
    }
}

static void lower(task *t, int64_t i, int64_t label)
{
    if (label < t->label[i])
        t->label[i] = label;
}

static bool is_core(const task *t, int64_t i)
{
    return t->core[i / 64] >> (i % 64) & 1;
}

static void use_word(task *t, int64_t i, int64_t first, uint64_t word, bool borders)
{
    const uint64_t cores = t->core[first / 64];
    if (!borders) {
        if (is_core(t, i))
            join(t, i, first, word & cores);
        return;
    }
    const bool core = is_core(t, i);
    for (word &= core ? ~cores : cores; word; word &= word - 1) {
        const int64_t j = first + __builtin_ctzll(word);
        lower(t, core ? j : i, t->label[core ? i : j]);
    }
}

/* Second pass, over bits that were kept or are made again. */
static void use_tile(task *t, int64_t i, int64_t j, bool borders)
{
    uint64_t spare[WORDS];
    int32_t column[TILE];
    if (!t->bits)
        multiply(t, i, j);
    for (int64_t a = 0; a < tile_size(t, i); a++) {
        const uint64_t *word = t->bits ? t->bits + (i + a) * t->words + j / 64 : spare;
        if (!t->bits)
            t->compare(t->value + a * TILE, (float)(1 - t->eps), spare, column);
        for (int64_t w = 0; w < WORDS; w++)
            if (word[w])
                use_word(t, i + a, j + 64 * w, word[w], borders);
    }
}

static void use_all(task *t, bool borders)
{
    for (int64_t i = 0; i < t->n; i += TILE)
        for (int64_t j = i; j < t->n; j += TILE)
            use_tile(t, i, j, borders);
}

static void number(task *t)
{
    t->clusters = 0;
    for (int64_t i = 0; i < t->n; i++) {
        t->label[i] = INT64_MAX;
        if (is_core(t, i)) {
            const int64_t root = find(t, i);
            t->label[i] = root == i ? t->clusters++ : t->label[root];
        }
    }
}

static void run(void *state)
{
    task *t = state;
    const double room = (64 << 20) + (double)t->n * (double)t->p;
    t->words = (t->n + TILE - 1) / TILE * WORDS;
    t->unit = bench_memory(t->n * t->p, sizeof *t->unit);
    t->value = bench_memory(TILE * TILE, sizeof *t->value);
    t->bits = 8.0 * (double)t->n * (double)t->words <= room ? bench_memory(t->n * t->words, sizeof *t->bits) : NULL;
    t->count = bench_memory(t->n, sizeof *t->count);
    t->parent = bench_memory(t->n, sizeof *t->parent);
    t->core = bench_memory(t->words, sizeof *t->core);
    memset(t->count, 0, (size_t)t->n * sizeof *t->count);
    memset(t->core, 0, (size_t)t->words * sizeof *t->core);
    normalise(t);
    for (int64_t i = 0; i < t->n; i += TILE)
        for (int64_t j = i; j < t->n; j += TILE)
            count_tile(t, i, j);
    for (int64_t i = 0; i < t->n; i++) {
        t->parent[i] = i;
        t->core[i / 64] |= (uint64_t)(t->count[i] >= t->min_samples) << (i % 64);
    }
    use_all(t, false);
    number(t);
    use_all(t, true);
    t->noise = 0;
    for (int64_t i = 0; i < t->n; i++)
        if (t->label[i] == INT64_MAX) {
            t->label[i] = -1;
            t->noise++;
        }
    free(t->unit);
    free(t->value);
    free(t->bits);
    free(t->count);
    free(t->parent);
    free(t->core);
}

static void tell(void *state, FILE *out)
{
    const task *t = state;
    fprintf(out, ", \"clusters\": %lld, \"noise\": %lld", (long long)t->clusters, (long long)t->noise);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s ROWS.f32 n p eps min_samples\n", argv[0]);
        return 2;
    }
    bench_open();
    task t = {.n = bench_integer(argv[2]), .p = bench_integer(argv[3]), .eps = strtod(argv[4], NULL),
              .min_samples = bench_integer(argv[5]), .compare = best_compare()};
    float *rows = bench_read(argv[1], t.n * t.p, sizeof *rows);
    t.rows = rows;
    t.label = bench_memory(t.n, sizeof *t.label);
    int status = bench_serve(&(bench_job){run, tell, &t, t.label, t.n});
    free(rows);
    free(t.label);
    grasp_context_free(bench_context);
    return status;
}
