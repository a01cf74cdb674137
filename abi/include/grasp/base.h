/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/base.h: status codes, callbacks, the context and parameters.
 *
 * Part of <grasp.h>, the one header programs name.
 *
 * Conventions of the whole library
 *   - Every call that can fail returns an int32_t status: 0 is success, negative an error, positive an outcome whose
 *     result is valid (GRASP_NOT_CONVERGED, GRASP_CANCELLED). On an error *out is NULL and the arguments are unchanged.
 *   - Counts, indices and labels are int64_t; sizes in bytes are size_t or uint64_t; element types are run-time tags.
 *   - A context serves one call at a time; a second, simultaneous call gets GRASP_E_STATE. Different contexts are
 *     independent. No handle refers to a context: each keeps the allocator it was made with.
 *   - Data handles (matrix, gradients, distances, groups, inference, report) are reference counted atomically, may be
 *     read from many threads and freed from any. grasp_x_free(NULL) does nothing.
 *   - Callbacks run on the calling thread only; the allocator and a caller's parallel-for are the exceptions.
 */
#ifndef GRASP_BASE_H
#define GRASP_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifndef GRASP_API
#  if defined(__GNUC__) || defined(__clang__)
#    define GRASP_API __attribute__((visibility("default")))
#  else
#    define GRASP_API
#  endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Version this header describes: major*1000000 + minor*1000 + patch. Compare with grasp_version_number(). */
#define GRASP_VERSION_NUMBER 1000
#define GRASP_VERSION_STRING "0.1.0"

/** Result of a call. Numbers never change; new ones may be added. */
typedef int32_t grasp_status;
enum {
    GRASP_OK            = 0,
    GRASP_NOT_CONVERGED = 1,   /**< outcome: iteration limit before tolerance; the result is the best so far */
    GRASP_CANCELLED     = 2,   /**< outcome: stopped by callback or grasp_context_cancel(); the result says how far */
    GRASP_E_ARG         = -1,  /**< caller: an argument is NULL, out of range, inconsistent or a wrong handle */
    GRASP_E_NOMEM       = -2,  /**< environment: the allocator returned NULL */
    GRASP_E_MEMLIMIT    = -3,  /**< environment: the context's memory limit would be passed */
    GRASP_E_OVERFLOW    = -4,  /**< caller: a size does not fit int64_t, size_t or the BLAS's integer */
    GRASP_E_DIM         = -5,  /**< caller: shapes do not agree */
    GRASP_E_DTYPE       = -6,  /**< caller: element type unknown, or not supported here */
    GRASP_E_PARAM       = -7,  /**< caller: unknown parameter key, or a value outside its range */
    GRASP_E_NUMERIC     = -8,  /**< data: NaN or infinity where it cannot be used */
    GRASP_E_EMPTY       = -10, /**< data: no sample, group or cluster is left to work on */
    GRASP_E_CALLBACK    = -12, /**< caller: a callback returned neither GRASP_CB_OK nor GRASP_CB_STOP, or failed */
    GRASP_E_UNSUPPORTED = -13, /**< caller: this handle cannot do that (the message names the missing hook) */
    GRASP_E_IO          = -14, /**< environment: reading or writing failed */
    GRASP_E_FORMAT      = -15, /**< data: not a file of this kind, damaged, or newer than this library */
    GRASP_E_STATE       = -16, /**< caller: calls in the wrong order, or a second call in a busy context */
    GRASP_E_INTERNAL    = -17  /**< a fault in libgrasp */
};

/** What a callback returns; anything else ends the call with GRASP_E_CALLBACK. */
enum { GRASP_CB_STOP = 0, GRASP_CB_OK = 1 };

/** Element types of matrices. */
enum { GRASP_F32 = 1, GRASP_F64 = 2 };

/** Levels of a log line. */
enum { GRASP_LOG_ERROR = 1, GRASP_LOG_WARN = 2, GRASP_LOG_INFO = 3, GRASP_LOG_DEBUG = 4 };

/** The label of an outlier. */
enum { GRASP_NOISE = -1 };

/** Types of a parameter. */
enum {
    GRASP_PARAM_F64  = 1, /**< a number */
    GRASP_PARAM_I64  = 2, /**< a whole number */
    GRASP_PARAM_BOOL = 3, /**< 0 or 1, set and read as i64; "true" and "false" in text */
    GRASP_PARAM_STR  = 4, /**< one of the words that grasp_params_choices() lists */
    GRASP_PARAM_F64S = 5, /**< a list of numbers; one number is a list of one */
    GRASP_PARAM_I64S = 6  /**< a list of whole numbers */
};

typedef struct grasp_context grasp_context; /**< allocator, log, progress, cancel, threads, limits, seed, error text */
typedef struct grasp_params  grasp_params;  /**< named, typed, range-checked options of one algorithm */

/** Name of a status, such as "GRASP_E_DIM"; "GRASP_UNKNOWN" for a number that is none. Static. */
GRASP_API const char *grasp_status_name(grasp_status status);
/** One sentence that says what a status means. Static. */
GRASP_API const char *grasp_status_text(grasp_status status);

/* ---- context ------------------------------------------------------------------------------------------------- */

/** Memory functions. Both must be thread-safe and must not throw; `alloc` returns memory aligned as malloc's. */
typedef struct grasp_allocator {
    size_t size;                              /**< sizeof(grasp_allocator) */
    void *(*alloc)(void *user, size_t bytes); /**< NULL when there is none left */
    void (*free)(void *user, void *ptr);      /**< never called with NULL */
    void *user;                               /**< must outlive every handle made with it */
} grasp_allocator;

/** Takes back a `user` pointer that the library kept. */
typedef void (*grasp_destroy_fn)(void *user);
/** One whole log line, no newline at its end. */
typedef void (*grasp_log_fn)(void *user, int32_t level, const char *line);
/** `what` names the stage, `fraction` in [0,1] is the share of the whole call that is done. */
typedef int32_t (*grasp_progress_fn)(void *user, const char *what, double fraction);
/** One task of a parallel-for. */
typedef void (*grasp_task_fn)(void *arg, int64_t index);
/** Runs task(arg, 0..count-1), in any order, on any threads, and returns GRASP_CB_OK when all have returned. */
typedef int32_t (*grasp_parallel_fn)(void *user, grasp_task_fn task, void *arg, int64_t count);

/** Makes a context. `alloc_or_null` NULL: malloc and free. Errors: GRASP_E_ARG, GRASP_E_NOMEM. */
GRASP_API grasp_status grasp_context_create(const grasp_allocator *alloc_or_null, grasp_context **out);
/** Frees a context, in which no call may be running; handles made with it stay valid. NULL does nothing. */
GRASP_API void grasp_context_free(grasp_context *ctx);
/** Message of the last failed call, "" after a success: function, argument, found, expected.
 *  Valid until the next call in this context, which must not run at the same time. */
GRASP_API const char *grasp_context_error(const grasp_context *ctx);
/** Sends log lines of levels up to `max_level` to fn; NULL: silence, the default. Errors are logged as they are
 *  returned. Here and below destroy_or_null(user) is called once, when another user takes its place or the context is
 *  freed, and not if this call fails. */
GRASP_API grasp_status grasp_context_set_log(grasp_context *ctx, int32_t max_level, grasp_log_fn fn, void *user,
                                             grasp_destroy_fn destroy_or_null);
/** Calls fn at most every `min_interval_s` seconds (finite, >= 0; 0: at every opportunity, several a millisecond). When
 *  fn returns GRASP_CB_STOP the call ends with GRASP_CANCELLED; NULL: nobody is told. The fraction never falls within a
 *  call, and need not reach 1. */
GRASP_API grasp_status grasp_context_set_progress(grasp_context *ctx, double min_interval_s, grasp_progress_fn fn,
                                                  void *user, grasp_destroy_fn destroy_or_null);
/** Asks the running or else the next long call to end with GRASP_CANCELLED. From any thread or a signal handler. Sticks
 *  until a call returns GRASP_CANCELLED or it is taken back; calls too short to be cancelled leave it. */
GRASP_API void grasp_context_cancel(grasp_context *ctx);
/** Takes a cancel back. */
GRASP_API void grasp_context_clear_cancel(grasp_context *ctx);
/** Threads of a call, the calling one included: 1 (default) to 1024; 0: as many as usable processors. Results do not
 *  depend on it, to the last bit. The threads are made in a call, with all signals blocked, and joined before it
 *  returns. */
GRASP_API grasp_status grasp_context_set_threads(grasp_context *ctx, int32_t n_threads);
GRASP_API int32_t      grasp_context_threads(const grasp_context *ctx);
/** Runs the library's parallel loops through fn instead of its own threads, with as many tasks as threads were set;
 *  NULL: own threads. */
GRASP_API grasp_status grasp_context_set_parallel(grasp_context *ctx, grasp_parallel_fn fn, void *user,
                                                  grasp_destroy_fn destroy_or_null);
/** Refuses, with GRASP_E_MEMLIMIT, to hold more than `bytes` at once in this context's calls and the handles they made;
 *  0: no limit, the default. What is already held stays. The context itself does not count. */
GRASP_API grasp_status grasp_context_set_memory_limit(grasp_context *ctx, uint64_t bytes);
/** Bytes held now, and the most ever held, by this context's calls and the handles they made: all that was asked of the
 *  allocator, so a little more than the data. Handles that outlive the context count until they are freed. */
GRASP_API uint64_t grasp_context_memory_used(const grasp_context *ctx);
GRASP_API uint64_t grasp_context_memory_peak(const grasp_context *ctx);
/** Seed of everything random (Philox4x32-10, keyed by seed, purpose and item); default 0. */
GRASP_API grasp_status grasp_context_set_seed(grasp_context *ctx, uint64_t seed);
GRASP_API uint64_t     grasp_context_seed(const grasp_context *ctx);

/* ---- parameters ---------------------------------------------------------------------------------------------- */
/* grasp_params_create() stands in api.h, beside the list of algorithms. Keys are the same in C, bindings and programs.
 * One thread at a time may change a parameter object; many may read it while nobody changes it. */

/** Frees a parameter object; NULL does nothing. */
GRASP_API void grasp_params_free(grasp_params *params);
/** Sets a value; a list then has one. Whole numbers may be given for any number, f64 only for floating-point ones.
 *  Errors: GRASP_E_PARAM for an unknown key (the message names the nearest), another type, or a value outside the
 *  range; then nothing has changed. */
GRASP_API grasp_status grasp_params_set_f64(grasp_context *ctx, grasp_params *params, const char *key, double value);
GRASP_API grasp_status grasp_params_set_i64(grasp_context *ctx, grasp_params *params, const char *key, int64_t value);
GRASP_API grasp_status grasp_params_set_str(grasp_context *ctx, grasp_params *params, const char *key,
                                            const char *value);
/** Sets a list of n >= 1 values (copied), or with n = 1 a single value. */
GRASP_API grasp_status grasp_params_set_f64s(grasp_context *ctx, grasp_params *params, const char *key,
                                             const double *values, int64_t n);
GRASP_API grasp_status grasp_params_set_i64s(grasp_context *ctx, grasp_params *params, const char *key,
                                             const int64_t *values, int64_t n);
/** Sets from text: "eps=0.1,0.2;min_samples=5,10". All or nothing; of a key that comes twice the last counts. Blanks
 *  around keys and values are ignored. Numbers are read independently of the locale, and correctly rounded. */
GRASP_API grasp_status grasp_params_parse(grasp_context *ctx, grasp_params *params, const char *text);
/** Reads a value as it was set, or its default. A whole number may be read as f64; a list only when it has one value.
 *  Errors: GRASP_E_PARAM. */
GRASP_API grasp_status grasp_params_get_f64(grasp_context *ctx, const grasp_params *params, const char *key,
                                            double *out);
GRASP_API grasp_status grasp_params_get_i64(grasp_context *ctx, const grasp_params *params, const char *key,
                                            int64_t *out);
/** The word lives until `params` is changed or freed. */
GRASP_API grasp_status grasp_params_get_str(grasp_context *ctx, const grasp_params *params, const char *key,
                                            const char **out);
/** Copies a list and its length; `out` may be NULL to ask for *n only. Errors: GRASP_E_DIM when `capacity` is below the
 *  length; GRASP_E_PARAM. A single value is read as a list of one. */
GRASP_API grasp_status grasp_params_get_f64s(grasp_context *ctx, const grasp_params *params, const char *key,
                                             double *out, int64_t capacity, int64_t *n);
GRASP_API grasp_status grasp_params_get_i64s(grasp_context *ctx, const grasp_params *params, const char *key,
                                             int64_t *out, int64_t capacity, int64_t *n);
/** The parameters of one part of a composite, such as "erm" of "fit", as parameters of that part's algorithm: what the
 *  caller set there, and defaults. A new object, freed by the caller. GRASP_E_PARAM: no such part. */
GRASP_API grasp_status grasp_params_part(grasp_context *ctx, const grasp_params *params, const char *prefix,
                                         grasp_params **out);
/** Name of the algorithm these are the parameters of. */
GRASP_API const char *grasp_params_algorithm(const grasp_params *params);
/** Enumeration: i in [0, count). Out of range: NULL, or 0 for the type. Strings live as long as `params`. */
GRASP_API int64_t     grasp_params_count(const grasp_params *params);
GRASP_API const char *grasp_params_name(const grasp_params *params, int64_t i);
GRASP_API int32_t     grasp_params_type(const grasp_params *params, int64_t i);
/** What the parameter does, in one line. */
GRASP_API const char *grasp_params_help(const grasp_params *params, int64_t i);
/** The default in text form. */
GRASP_API const char *grasp_params_default(const grasp_params *params, int64_t i);
/** The admissible values in words, such as "(0, 2]" or "cosine|euclidean". */
GRASP_API const char *grasp_params_range(const grasp_params *params, int64_t i);

#ifdef __cplusplus
}
#endif
#endif
