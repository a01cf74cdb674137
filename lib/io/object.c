/* SPDX-License-Identifier: BSD-3-Clause
 * One object to or from a callback or a file.
 */
#include "io/object.h"

/* fn NULL: to the file `path`. */
static grasp_status save(grasp_context *ctx, const grasp__kind *kind, const void *object, grasp_write_fn fn, void *user,
                         const char *path)
{
    grasp__writer w = {.sink = {.fn = fn, .user = user, .file = {.fd = -1}}};
    grasp_status s = fn != NULL ? GRASP_OK : grasp__output_open(ctx, path, &w.sink.file);
    if (s == GRASP_OK)
        s = grasp__writer_open(ctx, &w, kind->name);
    if (s == GRASP_OK)
        s = kind->save(ctx, &w, object);
    if (s == GRASP_OK)
        s = grasp__writer_close(ctx, &w);
    if (s == GRASP_OK && fn == NULL)
        s = grasp__output_commit(ctx, &w.sink.file);
    grasp__output_close(&w.sink.file);
    return s;
}

/* fn NULL: from the file `path`. */
static grasp_status load(grasp_context *ctx, const grasp__kind *kind, grasp_read_fn fn, void *user, const char *path,
                         void **out)
{
    grasp__loader r = {.source = {.fn = fn, .user = user, .file = {.fd = -1}}};
    void *object = NULL;
    grasp_status s = fn != NULL ? GRASP_OK : grasp__input_open(ctx, path, &r.source.file);
    if (s == GRASP_OK)
        s = grasp__loader_open(ctx, &r, kind->name);
    if (s == GRASP_OK)
        s = kind->load(ctx, &r, &object);
    if (s == GRASP_OK)
        s = grasp__loader_close(ctx, &r);
    grasp__input_close(&r.source.file);
    if (s != GRASP_OK) {
        kind->destroy(object);
        return s;
    }
    *out = object;
    return GRASP_OK;
}

grasp_status grasp__save(grasp_context *ctx, const char *function, const grasp__kind *kind, const void *object,
                         grasp_write_fn fn, void *user)
{
    grasp_status s = grasp__enter(ctx, function);
    if (s != GRASP_OK)
        return s;
    s = kind->check(ctx, object);
    if (s == GRASP_OK)
        s = grasp__check_pointer(ctx, (const void *)(uintptr_t)fn, "fn");
    if (s == GRASP_OK)
        s = save(ctx, kind, object, fn, user, NULL);
    return grasp__leave(ctx, s);
}

grasp_status grasp__save_file(grasp_context *ctx, const char *function, const grasp__kind *kind, const void *object,
                              const char *path)
{
    grasp_status s = grasp__enter(ctx, function);
    if (s != GRASP_OK)
        return s;
    s = kind->check(ctx, object);
    if (s == GRASP_OK)
        s = save(ctx, kind, object, NULL, NULL, path);
    return grasp__leave(ctx, s);
}

grasp_status grasp__load(grasp_context *ctx, const char *function, const grasp__kind *kind, grasp_read_fn fn,
                         void *user, void **out)
{
    grasp_status s = grasp__enter_out(ctx, function, out);
    if (s != GRASP_OK)
        return s;
    s = grasp__check_pointer(ctx, (const void *)(uintptr_t)fn, "fn");
    if (s == GRASP_OK)
        s = load(ctx, kind, fn, user, NULL, out);
    return grasp__leave(ctx, s);
}

grasp_status grasp__load_file(grasp_context *ctx, const char *function, const grasp__kind *kind, const char *path,
                              void **out)
{
    grasp_status s = grasp__enter_out(ctx, function, out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, load(ctx, kind, NULL, NULL, path, out));
}
