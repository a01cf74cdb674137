/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: what saving and loading of all kinds share: one function per kind writes or reads the sections, to or
 * from a callback or a file.
 */
#ifndef GRASP__IO_OBJECT_H
#define GRASP__IO_OBJECT_H

#include "io/container.h"

typedef grasp_status (*grasp__save_sections)(grasp_context *ctx, grasp__writer *w, const void *object);
/* Sets *out; it is freed with `destroy` when the end of the file is damaged. */
typedef grasp_status (*grasp__load_sections)(grasp_context *ctx, grasp__loader *r, void **out);

/* fn NULL: to the file `path`. */
grasp_status grasp__save(grasp_context *ctx, const char *kind, grasp__save_sections save, const void *object,
                         grasp_write_fn fn, void *user, const char *path);
grasp_status grasp__load(grasp_context *ctx, const char *kind, grasp__load_sections load, void (*destroy)(void *object),
                         grasp_read_fn fn, void *user, const char *path, void **out);

/* Sections of sealed gradients, which stand in other objects too. */
grasp_status grasp__save_gradients(grasp_context *ctx, grasp__writer *w, const void *gradients);
grasp_status grasp__load_gradients(grasp_context *ctx, grasp__loader *r, void **out);

#endif
