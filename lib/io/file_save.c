/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a file as a whole or not at all: under another name in the same folder, then onto the disk, then renamed,
 * which replaces what was there in one step.
 */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <unistd.h>

enum { MOST_NAMES = 1000, LARGEST_WRITE = 1 << 30 };

/* Names path.tmp0, path.tmp1, ...: those taken belong to another writer, or to one that was killed. */
static grasp_status open_temporary(grasp_context *ctx, grasp__output *out, int64_t room)
{
    for (int k = 0; k < MOST_NAMES; k++) {
        grasp__format(out->temporary, (size_t)room, "%s.tmp%d", out->path, k);
        do
            out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
        while (out->fd < 0 && errno == EINTR);
        if (out->fd >= 0)
            return GRASP_OK;
        if (errno != EEXIST)
            break;
    }
    return grasp__fail_file(ctx, "create", out->temporary, errno);
}

grasp_status grasp__output_open(grasp_context *ctx, const char *path, grasp__output *out)
{
    *out = (grasp__output){.path = path, .fd = -1};
    grasp_status s = grasp__check_pointer(ctx, path, "path");
    if (s != GRASP_OK)
        return s;
    int64_t room = (int64_t)strlen(path) + 16;
    s = grasp__alloc(ctx, room, 1, &out->temporary);
    return s == GRASP_OK ? open_temporary(ctx, out, room) : s;
}

grasp_status grasp__output_write(grasp_context *ctx, grasp__output *out, const void *bytes, int64_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t put = write(out->fd, at, (size_t)(n < LARGEST_WRITE ? n : LARGEST_WRITE));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return grasp__fail_file(ctx, "write", out->path, errno);
        at += put;
        n -= put;
    }
    return GRASP_OK;
}

/* The new name too must reach the disk. Where folders cannot be flushed the system promises no more. */
static void flush_folder(char *temporary)
{
    char *slash = strrchr(temporary, '/');
    const char *folder = slash == NULL ? "." : slash == temporary ? "/" : temporary;
    if (slash != NULL && slash != temporary)
        *slash = '\0';
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

grasp_status grasp__output_commit(grasp_context *ctx, grasp__output *out)
{
    /* EINVAL: the file system has no such operation. */
    if (fsync(out->fd) != 0 && errno != EINVAL)
        return grasp__fail_file(ctx, "write", out->path, errno);
    int failed = close(out->fd);
    out->fd = -1;
    if ((failed != 0 && errno != EINTR) || rename(out->temporary, out->path) != 0) {
        int error = errno;
        (void)unlink(out->temporary);
        return grasp__fail_file(ctx, "write", out->path, error);
    }
    flush_folder(out->temporary);
    return GRASP_OK;
}

void grasp__output_close(grasp__output *out)
{
    if (out->fd >= 0) {
        (void)close(out->fd);
        (void)unlink(out->temporary);
    }
    grasp__free(out->temporary);
    *out = (grasp__output){.fd = -1};
}
