/* SPDX-License-Identifier: BSD-3-Clause
 * One object to or from a callback or a file.
 */
#include "io/object.h"

grasp_status grasp__save(grasp_context *ctx, const char *kind, grasp__save_sections save, const void *object,
                         grasp_write_fn fn, void *user, const char *path)
{
    grasp__writer w = {.sink = {.fn = fn, .user = user, .file = {.fd = -1}}};
    grasp_status s = fn != NULL ? GRASP_OK : grasp__output_open(ctx, path, &w.sink.file);
    if (s == GRASP_OK)
        s = grasp__writer_open(ctx, &w, kind);
    if (s == GRASP_OK)
        s = save(ctx, &w, object);
    if (s == GRASP_OK)
        s = grasp__writer_close(ctx, &w);
    if (s == GRASP_OK && fn == NULL)
        s = grasp__output_commit(ctx, &w.sink.file);
    grasp__output_close(&w.sink.file);
    return s;
}

grasp_status grasp__load(grasp_context *ctx, const char *kind, grasp__load_sections load, void (*destroy)(void *object),
                         grasp_read_fn fn, void *user, const char *path, void **out)
{
    grasp__loader r = {.source = {.fn = fn, .user = user, .file = {.fd = -1}}};
    void *object = NULL;
    grasp_status s = fn != NULL ? GRASP_OK : grasp__input_open(ctx, path, &r.source.file);
    if (s == GRASP_OK)
        s = grasp__loader_open(ctx, &r, kind);
    if (s == GRASP_OK)
        s = load(ctx, &r, &object);
    if (s == GRASP_OK)
        s = grasp__loader_close(ctx, &r);
    grasp__input_close(&r.source.file);
    if (s != GRASP_OK) {
        destroy(object);
        return s;
    }
    *out = object;
    return GRASP_OK;
}
