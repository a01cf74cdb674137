/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: what saving and loading of all kinds share. A kind is its functions; the four public functions of a kind
 * call the four here with their own names.
 */
#ifndef GRASP__IO_OBJECT_H
#define GRASP__IO_OBJECT_H

#include "io/container.h"

typedef struct grasp__kind {
    const char *name; /* in the file: four characters */
    grasp_status (*check)(grasp_context *ctx, const void *object); /* may it be saved? */
    grasp_status (*save)(grasp_context *ctx, grasp__writer *w, const void *object);
    grasp_status (*load)(grasp_context *ctx, grasp__loader *r, void **out); /* *out on an error: half of one, or NULL */
    void (*destroy)(void *object);
} grasp__kind;

/* They enter and leave the context for the public function of that name. */
grasp_status grasp__save(grasp_context *ctx, const char *function, const grasp__kind *kind, const void *object,
                         grasp_write_fn fn, void *user);
grasp_status grasp__save_file(grasp_context *ctx, const char *function, const grasp__kind *kind, const void *object,
                              const char *path);
grasp_status grasp__load(grasp_context *ctx, const char *function, const grasp__kind *kind, grasp_read_fn fn,
                         void *user, void **out);
grasp_status grasp__load_file(grasp_context *ctx, const char *function, const grasp__kind *kind, const char *path,
                              void **out);

/* Sections of sealed gradients, which stand in other objects too. */
grasp_status grasp__save_gradients(grasp_context *ctx, grasp__writer *w, const void *gradients);
grasp_status grasp__load_gradients(grasp_context *ctx, grasp__loader *r, void **out);

#endif
