/* SPDX-License-Identifier: BSD-3-Clause
 * base, private: the inside of a context and of the heap that it shares with its handles.
 */
#ifndef GRASP__BASE_CONTEXT_H
#define GRASP__BASE_CONTEXT_H

#include "base/base.h"

#include <pthread.h>

/* What must outlive a context: the allocator and its account. Kept alive by the context and by every block. */
typedef struct grasp__heap {
    grasp_allocator allocator;
    atomic_uint_least64_t used; /* bytes asked of the allocator for blocks and not yet given back */
    atomic_uint_least64_t peak;
    atomic_int_least64_t owners; /* blocks, plus one for the context */
} grasp__heap;

/* A caller's function and the pointer kept with it. */
typedef struct grasp__hook {
    void *user;
    grasp_destroy_fn destroy;
} grasp__hook;

enum { GRASP__MESSAGE = 512, GRASP__MAX_THREADS = 1024 };

/* The threads of a call: made when its first parallel loop needs them, and joined when it ends. */
typedef struct grasp__team {
    pthread_mutex_t lock;     /* guards what is not atomic, but for what the calling thread alone uses */
    pthread_cond_t come, gone; /* a loop is there, or the end; nobody is in the loop any more */
    struct grasp__loop *loop; /* open to who comes, or NULL */
    atomic_int turn;          /* counts loops and the end: what a thread waits for */
    atomic_int inside;        /* threads in the loop, the caller's not counted */
    int32_t asleep;
    bool ending;
    int32_t made;             /* calling thread only, as the two below */
    bool watchful;            /* each has a processor: who waits looks on for a while before it sleeps */
    pthread_t thread[GRASP__MAX_THREADS];
} grasp__team;

struct grasp_context {
    uint32_t magic;
    atomic_int busy;   /* 1 while a call runs */
    atomic_int cancel; /* asked for from outside; sticks until a call returns it */
    atomic_int halt;   /* this call's end: GRASP_CANCELLED or GRASP_E_CALLBACK, from a callback */
    grasp__heap *heap;
    uint64_t memory_limit; /* 0: none */
    uint64_t seed;
    int32_t threads;
    const void *kernels; /* linalg's */

    grasp_log_fn log;
    int32_t log_level;
    grasp__hook log_hook;

    grasp_progress_fn progress;
    double progress_interval;
    double progress_last; /* time of the last call, or of the entry */
    double progress_shown;
    grasp__hook progress_hook;
    grasp__stage_mark stage;

    grasp_parallel_fn parallel;
    grasp__hook parallel_hook;
    grasp__team team;

    const char *function; /* the public function that runs */
    char message[GRASP__MESSAGE];
};

#define GRASP__CONTEXT_MAGIC GRASP__MAGIC('c', 'o', 'n', 't')

/* Drops one owner; the last one gives the heap itself back. */
void grasp__heap_release(grasp__heap *heap);
/* Starts the progress of a call: whole range, nothing shown, clock at now. */
void grasp__progress_reset(grasp_context *ctx, const char *function);
/* Ends the threads of a call and waits for their end. */
void grasp__team_end(grasp_context *ctx);
/* Of a clock that never falls. */
double grasp__seconds(void);
/* Processors this process may run on, in [1, GRASP__MAX_THREADS]. */
int32_t grasp__usable_processors(void);

#endif
