/* SPDX-License-Identifier: BSD-3-Clause
 * base: what every room stands on. Memory, errors, parameters, threads, random numbers, text numbers: no mathematics.
 *
 * Shape of a public function:
 *
 *     grasp_status grasp_x_make(grasp_context *ctx, ..., grasp_x **out)
 *     {
 *         grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);   // zeroes *out, marks ctx busy
 *         if (s != GRASP_OK)
 *             return s;
 *         s = x_make(ctx, ..., out);
 *         return grasp__leave(ctx, s);
 *     }
 *
 * Library code never calls a public function that enters; it calls the grasp__ function behind it.
 */
#ifndef GRASP__BASE_H
#define GRASP__BASE_H

#include "grasp/base.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>

#define GRASP__PRINTF(a, b) __attribute__((format(printf, a, b)))

/* ---- entering and leaving a call ------------------------------------------------------------------------------ */

/* NULL ctx: GRASP_E_ARG. Busy ctx: GRASP_E_STATE, the running call's message is left alone. Clears the message. */
grasp_status grasp__enter(grasp_context *ctx, const char *function);
/* The same for a call with a result: `out` NULL is GRASP_E_ARG; *out is set to NULL first, whatever happens. */
grasp_status grasp__enter_out(grasp_context *ctx, const char *function, void **out);
/* Ends the call: frees ctx for the next, clears a cancel that is being returned, logs errors. Returns `status`. */
grasp_status grasp__leave(grasp_context *ctx, grasp_status status);

/* ---- errors ---------------------------------------------------------------------------------------------------- */

/* Writes "function: <formatted>" into ctx and returns `status`. Understands %s %.*s %d %u %c %% with l, ll, z, j, and
 * %g, which prints the shortest text that reads back as the same number; allocates nothing, ignores the locale. Calling
 * thread only: a task of grasp__parallel returns a status and leaves words to its caller. */
grasp_status grasp__fail(grasp_context *ctx, grasp_status status, const char *format, ...) GRASP__PRINTF(3, 4);
/* The formatter itself: always terminates, cuts at `size`. Returns the length written. */
size_t grasp__format(char *buffer, size_t size, const char *format, ...) GRASP__PRINTF(3, 4);
/* A log line; does nothing when no log listens at that level. */
void grasp__log(grasp_context *ctx, int32_t level, const char *format, ...) GRASP__PRINTF(3, 4);

/* Common checks; each returns GRASP_OK or fails with words that name the argument, what was found, what was
 * expected. */
grasp_status grasp__check_pointer(grasp_context *ctx, const void *pointer, const char *name);
grasp_status grasp__check_range(grasp_context *ctx, int64_t value, int64_t lo, int64_t hi, const char *name);
/* GRASP_E_DIM */
grasp_status grasp__check_equal(grasp_context *ctx, int64_t found, int64_t expected, const char *name);
grasp_status grasp__check_dtype(grasp_context *ctx, int32_t dtype, const char *name);
grasp_status grasp__check_finite_f64(grasp_context *ctx, const double *v, int64_t n, const char *name);
/* First member of a caller's function table: too small for `least`, or larger than `known` with a non-zero tail:
 * GRASP_E_ARG. */
grasp_status grasp__check_table(grasp_context *ctx, const void *table, size_t least, size_t known, const char *name);

/* Of `count` names (count 0: NULL) the one most like `wanted`, for the message about an unknown one. */
const char *grasp__nearest(const char *wanted, int64_t count, const char *(*name)(const void *list, int64_t i),
                           const void *list);

/* ---- handles ---------------------------------------------------------------------------------------------------- */

/* First member of every handle: a mark that tells a wrong or freed handle, and the atomic count of references. */
typedef struct grasp__object {
    uint32_t      magic;
    atomic_int    references;
} grasp__object;

#define GRASP__MAGIC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

void grasp__object_init(grasp__object *object, uint32_t magic); /* one reference */
void grasp__object_ref(grasp__object *object);
/* Drops a reference; true when it was the last and the caller must destroy. Clears the magic then. */
bool grasp__object_unref(grasp__object *object);
/* NULL or another magic: GRASP_E_ARG naming the argument and the kind expected. */
grasp_status grasp__check_handle(grasp_context *ctx, const void *handle, uint32_t magic, const char *name,
                                 const char *kind);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* count * size bytes, aligned to 64. Every block knows its allocator and keeps it alive, so freeing needs no context.
 * Errors, with message: GRASP_E_OVERFLOW, GRASP_E_MEMLIMIT, GRASP_E_NOMEM. count 0 gives a valid pointer. Calling
 * thread only. */
grasp_status grasp__alloc(grasp_context *ctx, int64_t count, size_t size, void *out_pointer); /* address of a pointer */
grasp_status grasp__alloc_zero(grasp_context *ctx, int64_t count, size_t size, void *out_pointer);
/* Grows or shrinks *inout_pointer from old_count to new_count elements; NULL is an empty block; untouched on an error.
 * The block is then charged to ctx, even if another context made it. */
grasp_status grasp__realloc(grasp_context *ctx, int64_t old_count, int64_t new_count, size_t size, void *inout_pointer);
/* What such a block adds to grasp_context_memory_used(), for price functions; UINT64_MAX if it cannot be. */
uint64_t grasp__price(int64_t count, size_t size);
/* Prices add up, and stay UINT64_MAX where they cannot be. A price function mirrors the allocations beside it, block by
 * block, and takes the larger of two that never stand together. */
uint64_t     grasp__price_sum(uint64_t a, uint64_t b);
void         grasp__price_add(uint64_t *sum, int64_t count, size_t size);
uint64_t     grasp__price_values(int64_t rows, int64_t columns, size_t size); /* of one block of rows x columns */
uint64_t     grasp__price_pairs(int64_t n, size_t size);                      /* of n (n - 1) / 2 */
grasp_status grasp__price_tell(grasp_context *ctx, uint64_t price, const char *what,
                               uint64_t *out); /* GRASP_E_OVERFLOW */
void grasp__free(void *block); /* NULL is fine; any thread */
/* GRASP_E_MEMLIMIT or GRASP_E_OVERFLOW if a block of `count * size` bytes would not be admitted. Allocates nothing. */
grasp_status grasp__check_memory(grasp_context *ctx, int64_t count, size_t size);
/* What the context's limit leaves; UINT64_MAX without one. */
uint64_t grasp__memory_left(const grasp_context *ctx);

/* false on overflow. */
bool grasp__mul_i64(int64_t a, int64_t b, int64_t *out);
bool grasp__add_i64(int64_t a, int64_t b, int64_t *out);
/* The same with words: GRASP_E_OVERFLOW. */
grasp_status grasp__check_product(grasp_context *ctx, int64_t a, int64_t b, const char *what, int64_t *out);
/* n (n - 1) / 2 without an intermediate overflow. */
grasp_status grasp__pairs(grasp_context *ctx, int64_t n, int64_t *out);

/* ---- cancel and progress ----------------------------------------------------------------------------------------- */

/* Between units of work of at most some milliseconds: GRASP_OK, GRASP_CANCELLED or GRASP_E_CALLBACK. `done` of `total`
 * places the call inside the current stage. Calling thread only. */
grasp_status grasp__tick(grasp_context *ctx, int64_t done, int64_t total);
/* Names a stage and maps its ticks to [lo, hi] of the enclosing one; returns what grasp__stage_end needs. They nest. */
typedef struct grasp__stage_mark { const char *what; double lo, hi; } grasp__stage_mark;
grasp__stage_mark grasp__stage_begin(grasp_context *ctx, const char *what, double lo, double hi);
void              grasp__stage_end(grasp_context *ctx, grasp__stage_mark outer);
/* For long inner loops on worker threads: has a cancel been asked for? Any thread, cheap. */
bool grasp__cancel_pending(const grasp_context *ctx);

/* ---- a place for linalg ------------------------------------------------------------------------------------------ */

/* The table of tile kernels that this context uses; NULL until linalg, which owns its type, puts one there. */
void        grasp__set_kernel_slot(grasp_context *ctx, const void *kernels);
const void *grasp__kernel_slot(const grasp_context *ctx);

/* ---- threads ----------------------------------------------------------------------------------------------------- */

/* Task `index` on worker `worker` in [0, grasp__workers(ctx)), of which no two run at once under the same number: index
 * decides what is done, worker only which scratch is used. */
typedef grasp_status (*grasp__task)(void *arg, int64_t index, int32_t worker);
int32_t grasp__workers(const grasp_context *ctx);
/* Runs tasks 0..count-1, each once, and returns when all have. Ticks progress on the calling thread between its tasks.
 * Threads are those of the call: the first loop makes them, grasp__leave() joins them; a task runs no loop of its own.
 * Returns the error of the lowest failed index among those run, else GRASP_CANCELLED, else GRASP_OK. Tasks must write
 * to places that depend on `index` alone, so that results do not depend on the number of threads. Threads that cannot
 * be made are done without. */
grasp_status grasp__parallel(grasp_context *ctx, int64_t count, grasp__task task, void *arg);

/* ---- random numbers ---------------------------------------------------------------------------------------------- */

/* Philox4x32-10 (Salmon et al. 2011), counter based: the stream is a pure function of (seed, purpose, item). */
typedef struct grasp__rng { uint32_t key[2], counter[4], output[4]; int32_t left; } grasp__rng;
/* Purposes, so that no two uses share a stream. */
enum {
    GRASP__RNG_INIT    = 1,
    GRASP__RNG_SHUFFLE = 2,
    GRASP__RNG_SAMPLE  = 3,
    GRASP__RNG_KMEANS  = 4,
    GRASP__RNG_SPLIT   = 5,
    GRASP__RNG_TEST    = 6,
    GRASP__RNG_SUBSET  = 32,
    GRASP__RNG_EIIL    = 21,
    GRASP__RNG_XRM     = 22,
    GRASP__RNG_GMM     = 23
};
void     grasp__rng_init(grasp__rng *rng, uint64_t seed, uint32_t purpose, uint64_t item);
uint32_t grasp__rng_u32(grasp__rng *rng);
uint64_t grasp__rng_u64(grasp__rng *rng);
double   grasp__rng_uniform(grasp__rng *rng);                    /* [0, 1), 53 bits */
int64_t  grasp__rng_below(grasp__rng *rng, int64_t n);           /* unbiased in [0, n) */
double   grasp__rng_normal(grasp__rng *rng);                     /* Box-Muller, no state kept between calls */
void     grasp__rng_shuffle(grasp__rng *rng, int64_t *v, int64_t n);
uint64_t grasp__seed(const grasp_context *ctx);

/* ---- numbers in text, independent of the locale ------------------------------------------------------------------ */

/* Correctly rounded decimal to binary64; also inf, infinity, nan in any case. Returns the characters used, 0 if
 * none. */
size_t grasp__parse_f64(const char *text, size_t length, double *out);
/* Whole decimal number; 0 if none or if it overflows. */
size_t grasp__parse_i64(const char *text, size_t length, int64_t *out);
/* Shortest decimal that reads back as the same binary64; returns the length. 32 characters suffice. */
enum { GRASP__F64_TEXT = 32 };
size_t grasp__print_f64(char *buffer, double value);

/* ---- parameters -------------------------------------------------------------------------------------------------- */

typedef struct grasp__param {
    const char *key;
    int32_t     type;          /* GRASP_PARAM_* */
    const char *def;           /* default in text form, as grasp_params_parse reads it */
    const char *range;         /* "[0, 1]", "(0, inf)", "[1, inf)"; choices as "a|b|c"; NULL: anything finite */
    const char *help;
} grasp__param;

typedef struct grasp__param_table {
    const char *algorithm;                          /* what grasp_params_create() is given */
    const grasp__param *params;
    int32_t count;
    struct { const char *prefix; const struct grasp__param_table *table; } parts[8]; /* "prefix.key"; NULL ends them */
} grasp__param_table;

grasp_status grasp__params_create(grasp_context *ctx, const grasp__param_table *table, grasp_params **out);
/* What grasp_params_set_i64(), _f64(), _i64s() and _str() do, for library code that fills the parameters of a part. */
grasp_status grasp__params_set_i64(grasp_context *ctx, grasp_params *params, const char *key, int64_t value);
grasp_status grasp__params_set_f64(grasp_context *ctx, grasp_params *params, const char *key, double value);
grasp_status grasp__params_set_i64s(grasp_context *ctx, grasp_params *params, const char *key, const int64_t *values,
                                    int64_t n);
grasp_status grasp__params_set_str(grasp_context *ctx, grasp_params *params, const char *key, const char *word);

/* How an algorithm reads its options: a params object (or defaults) seen through one table and a prefix. */
typedef struct grasp__options {
    const grasp_params       *params;
    const grasp__param_table *table;
    char                      prefix[32];  /* "" or "infer." */
    grasp_params             *owned;       /* defaults made for a NULL params */
} grasp__options;

/* params NULL: defaults. params of another algorithm: GRASP_E_PARAM. Close it also after an error. */
grasp_status   grasp__options_open(grasp_context *ctx, const grasp_params *params_or_null,
                                   const grasp__param_table *table, grasp__options *out);
void           grasp__options_close(grasp__options *options);
grasp__options grasp__options_part(const grasp__options *whole, const char *prefix); /* owns nothing; not closed */
/* The key is a constant of the room's own table, so these cannot fail. */
double      grasp__options_f64(const grasp__options *o, const char *key);
int64_t     grasp__options_i64(const grasp__options *o, const char *key);   /* also BOOL */
const char *grasp__options_str(const grasp__options *o, const char *key);
const double  *grasp__options_f64s(const grasp__options *o, const char *key, int64_t *n);
const int64_t *grasp__options_i64s(const grasp__options *o, const char *key, int64_t *n);
bool grasp__options_is(const grasp__options *o, const char *key, const char *value); /* str equality */
bool grasp__options_given(const grasp__options *o, const char *key);        /* set by the caller, not the default */

#endif
