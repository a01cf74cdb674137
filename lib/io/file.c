/* SPDX-License-Identifier: BSD-3-Clause
 * Reading files by read(): interrupted and short reads go on, one call takes at most 1 GiB, as every kernel allows.
 */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_PATH_SHOWN = 256, LARGEST_READ = 1 << 30 };

/* strerror() would follow the locale. */
static const char *words_of(int error)
{
    static const struct {
        int error;
        const char *words;
    } table[] = {
        {ENOENT, "no such file or directory"},
        {EACCES, "permission denied"},
        {EPERM, "operation not permitted"},
        {EISDIR, "it is a directory"},
        {ENOTDIR, "a part of the path is no directory"},
        {ENAMETOOLONG, "the name is too long"},
        {ELOOP, "too many symbolic links"},
        {EMFILE, "this process has too many open files"},
        {ENFILE, "the system has too many open files"},
        {ENOMEM, "out of memory"},
        {ENOSPC, "no space is left on the device"},
        {EDQUOT, "the disk quota is used up"},
        {EFBIG, "the file is too large"},
        {EOVERFLOW, "the file is too large"},
        {EROFS, "the file system is read-only"},
        {EIO, "input/output error"},
        {ENXIO, "no such device"},
        {ENODEV, "no such device"},
        {EPIPE, "nobody reads the pipe"},
        {EEXIST, "it exists already"},
        {EBUSY, "it is busy"},
        {ETXTBSY, "it is busy"},
        {EAGAIN, "it has nothing to give now"},
        {EINVAL, "not a file of that kind"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].error == error)
            return table[i].words;
    return NULL;
}

const char *grasp__path_end(const char *path)
{
    size_t n = strlen(path);
    return n > LONGEST_PATH_SHOWN ? path + (n - LONGEST_PATH_SHOWN) : path;
}

grasp_status grasp__fail_file(grasp_context *ctx, const char *verb, const char *path, int error)
{
    const char *words = words_of(error);
    if (words != NULL)
        return grasp__fail(ctx, GRASP_E_IO, "cannot %s \"%s\": %s", verb, grasp__path_end(path), words);
    return grasp__fail(ctx, GRASP_E_IO, "cannot %s \"%s\": system error %d", verb, grasp__path_end(path), error);
}

grasp_status grasp__input_open(grasp_context *ctx, const char *path, grasp__input *in)
{
    struct stat about;
    *in = (grasp__input){.path = path, .fd = -1, .size = -1};
    grasp_status s = grasp__check_pointer(ctx, path, "path");
    if (s != GRASP_OK)
        return s;
    do
        in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (in->fd < 0 && errno == EINTR);
    if (in->fd < 0 || fstat(in->fd, &about) != 0)
        return grasp__fail_file(ctx, "open", path, errno);
    if (S_ISDIR(about.st_mode))
        return grasp__fail_file(ctx, "open", path, EISDIR);
    if (S_ISREG(about.st_mode))
        in->size = (int64_t)about.st_size;
    return GRASP_OK;
}

void grasp__input_memory(const void *bytes, int64_t size, const char *name, grasp__input *in)
{
    *in = (grasp__input){.path = name, .fd = -1, .memory = bytes, .left = size, .size = size};
}

grasp_status grasp__input_read(grasp_context *ctx, grasp__input *in, void *buffer, int64_t room, int64_t *n)
{
    *n = 0;
    if (in->fd < 0) {
        *n = in->left < room ? in->left : room;
        if (*n > 0)
            memcpy(buffer, in->memory, (size_t)*n);
        in->memory += *n;
        in->left -= *n;
        in->taken += *n;
        return GRASP_OK;
    }
    while (*n < room) {
        int64_t most = room - *n < LARGEST_READ ? room - *n : LARGEST_READ;
        ssize_t got = read(in->fd, (char *)buffer + *n, (size_t)most);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return grasp__fail_file(ctx, "read", in->path, errno);
        if (got == 0)
            break;
        *n += got;
    }
    in->taken += *n;
    return GRASP_OK;
}

void grasp__input_close(grasp__input *in)
{
    if (in->fd >= 0)
        (void)close(in->fd);
    in->fd = -1;
}
