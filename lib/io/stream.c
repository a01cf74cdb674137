/* SPDX-License-Identifier: BSD-3-Clause
 * Bytes to and from callers' functions and files.
 */
#include "io/stream.h"

grasp_status grasp__sink_write(grasp_context *ctx, grasp__sink *sink, const void *data, size_t n)
{
    sink->written += (int64_t)n;
    if (sink->fn == NULL)
        return grasp__output_write(ctx, &sink->file, data, (int64_t)n);
    int32_t answer = sink->fn(sink->user, data, n);
    if (answer == GRASP_CB_OK)
        return GRASP_OK;
    if (answer == GRASP_CB_STOP)
        return GRASP_CANCELLED;
    return grasp__fail(ctx, GRASP_E_CALLBACK,
                       "the write callback returned %d, expected GRASP_CB_OK (%d) or GRASP_CB_STOP (%d)", (int)answer,
                       (int)GRASP_CB_OK, (int)GRASP_CB_STOP);
}

/* A caller's function may give less than asked for. */
static grasp_status call_reader(grasp_context *ctx, grasp__source *source, char *at, size_t n, size_t *got)
{
    for (*got = 0; *got < n;) {
        int64_t done = source->fn(source->user, at + *got, n - *got);
        if (done < 0)
            return grasp__fail(ctx, GRASP_E_IO, "the read callback failed with %" PRId64, done);
        if ((uint64_t)done > n - *got)
            return grasp__fail(ctx, GRASP_E_CALLBACK, "the read callback returned %" PRId64 " of %zu bytes", done,
                               n - *got);
        if (done == 0)
            break;
        *got += (size_t)done;
    }
    return GRASP_OK;
}

grasp_status grasp__source_read(grasp_context *ctx, grasp__source *source, void *data, size_t n, size_t *got)
{
    int64_t done = 0;
    grasp_status s;
    if (source->fn != NULL) {
        s = call_reader(ctx, source, data, n, got);
    } else {
        s = grasp__input_read(ctx, &source->file, data, (int64_t)n, &done);
        *got = (size_t)done;
    }
    source->taken += (int64_t)*got;
    return s;
}

const char *grasp__source_name(const grasp__source *source)
{
    return source->fn != NULL ? "the stream" : grasp__path_end(source->file.path);
}
