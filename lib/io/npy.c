/* SPDX-License-Identifier: BSD-3-Clause
 * Reading .npy files: float32 and float64 straight into the matrix, others through a small buffer; or mapped, which
 * reads nothing until it is used.
 */
#include "io/npy.h"
#include "gradients/gradients.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK = 1 << 20, BUFFER = 1 << 16 };

static bool is_float(const grasp__npy_header *h)
{
    return h->type == GRASP__NPY_F4 || h->type == GRASP__NPY_F8;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* n elements at `from` become numbers of the matrix from element `first` on. */
static grasp_status convert(grasp_context *ctx, const grasp__npy_header *h, const char *path, const uint8_t *from,
                            int64_t first, int64_t n, void *data)
{
    const int64_t most = INT64_C(1) << 53;
    for (int64_t i = 0; i < n; i++, from += h->width) {
        int64_t value = 0;
        int16_t i2;
        int32_t i4;
        switch (h->type) {
        case GRASP__NPY_U1:
            ((float *)data)[first + i] = (float)*from;
            continue;
        case GRASP__NPY_I2:
            memcpy(&i2, from, sizeof i2);
            value = i2;
            break;
        case GRASP__NPY_I4:
            memcpy(&i4, from, sizeof i4);
            value = i4;
            break;
        default:
            memcpy(&value, from, sizeof value);
        }
        if (value > most || value < -most)
            return grasp__fail(ctx, GRASP_E_NUMERIC, "\"%s\": row %jd has %jd at column %jd, expected at most 2^53",
                               grasp__path_end(path), (intmax_t)((first + i) / h->cols), (intmax_t)value,
                               (intmax_t)((first + i) % h->cols));
        ((double *)data)[first + i] = (double)value;
    }
    return GRASP_OK;
}

/* *done bytes of the elements were read, whatever the status. */
static grasp_status read_data(grasp_context *ctx, grasp__input *in, const grasp__npy_header *h, void *data,
                              int64_t *done)
{
    uint8_t *buffer = NULL;
    const bool straight = is_float(h);
    const int64_t chunk = straight ? CHUNK : BUFFER;
    grasp_status s = straight ? GRASP_OK : grasp__alloc(ctx, chunk, 1, &buffer);
    while (s == GRASP_OK && *done < h->bytes) {
        int64_t n = h->bytes - *done < chunk ? h->bytes - *done : chunk, got = 0;
        s = grasp__tick(ctx, *done, h->bytes);
        if (s == GRASP_OK)
            s = grasp__input_read(ctx, in, straight ? (uint8_t *)data + *done : buffer, n, &got);
        if (s == GRASP_OK && got < n)
            s = grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" ends after %jd bytes of data, expected %jd",
                            grasp__path_end(in->path), (intmax_t)(*done + got), (intmax_t)h->bytes);
        if (s == GRASP_OK && !straight)
            s = convert(ctx, h, in->path, buffer, *done / h->width, n / h->width, data);
        if (s == GRASP_OK)
            *done += n;
    }
    grasp__free(buffer);
    return s;
}

/* A pipe tells only at its end whether more comes. */
static grasp_status check_end(grasp_context *ctx, grasp__input *in)
{
    char more;
    int64_t got;
    grasp_status s = grasp__input_read(ctx, in, &more, 1, &got);
    if (s == GRASP_OK && got > 0)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" goes on after its data", grasp__path_end(in->path));
    return s;
}

grasp_status grasp__npy_load(grasp_context *ctx, grasp__input *in, grasp_matrix **out)
{
    grasp__npy_header h;
    grasp_matrix *m = NULL;
    int64_t done = 0;
    grasp_status s = grasp__npy_read_header(ctx, in, &h);
    if (s != GRASP_OK)
        return s;
    s = grasp__matrix_create(ctx, h.type == GRASP__NPY_F4 || h.type == GRASP__NPY_U1 ? GRASP_F32 : GRASP_F64, h.rows,
                             h.cols, &m);
    if (s == GRASP_OK)
        s = read_data(ctx, in, &h, m->data, &done);
    if (s == GRASP_OK)
        s = check_end(ctx, in);
    if (s < GRASP_OK) {
        grasp_matrix_free(m);
        return s;
    }
    if (s == GRASP_CANCELLED)
        m->rows = done / h.width / h.cols;
    *out = m;
    return s;
}

grasp_status grasp_matrix_load_npy(grasp_context *ctx, const char *path, grasp_matrix **out)
{
    grasp__input in;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__input_open(ctx, path, &in);
    if (s == GRASP_OK)
        s = grasp__npy_load(ctx, &in, out);
    grasp__input_close(&in);
    return grasp__leave(ctx, s);
}

/* ---- mapping ----------------------------------------------------------------------------------------------------- */

typedef struct mapping {
    void *address;
    size_t bytes;
} mapping;

static void unmap(void *user, void *data)
{
    mapping *map = user;
    (void)data;
    (void)munmap(map->address, map->bytes);
    grasp__free(map);
}

grasp_status grasp__npy_map(grasp_context *ctx, grasp__input *in, grasp_matrix **out)
{
    grasp__npy_header h;
    mapping *map;
    grasp_status s = grasp__npy_read_header(ctx, in, &h);
    if (s != GRASP_OK)
        return s;
    if (!is_float(&h))
        return grasp__fail(ctx, GRASP_E_DTYPE, "\"%s\" holds integers, which cannot be mapped; expected f4 or f8",
                           grasp__path_end(in->path));
    if (in->fd < 0 || in->size < 0)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, "\"%s\" is no regular file and cannot be mapped",
                           grasp__path_end(in->path));
    if (h.data % h.width != 0)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED,
                           "\"%s\" cannot be mapped: its data begin at byte %jd, expected a multiple of %jd",
                           grasp__path_end(in->path), (intmax_t)h.data, (intmax_t)h.width);
    if ((uint64_t)in->size > PTRDIFF_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "\"%s\" is larger than the address space", grasp__path_end(in->path));
    s = grasp__alloc(ctx, 1, sizeof *map, &map);
    if (s != GRASP_OK)
        return s;
    map->bytes = (size_t)in->size;
    map->address = mmap(NULL, map->bytes, PROT_READ, MAP_SHARED, in->fd, 0);
    if (map->address == MAP_FAILED) {
        grasp__free(map);
        return grasp__fail_file(ctx, "map", in->path, errno);
    }
    s = grasp__matrix_wrap(ctx, h.type == GRASP__NPY_F4 ? GRASP_F32 : GRASP_F64, h.rows, h.cols, h.cols,
                           (char *)map->address + h.data, unmap, map, out);
    if (s != GRASP_OK)
        unmap(map, NULL);
    return s;
}

grasp_status grasp_matrix_map_npy(grasp_context *ctx, const char *path, grasp_matrix **out)
{
    grasp__input in;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__input_open(ctx, path, &in);
    if (s == GRASP_OK)
        s = grasp__npy_map(ctx, &in, out);
    grasp__input_close(&in);
    return grasp__leave(ctx, s);
}

grasp_status grasp_gradients_open_npy(grasp_context *ctx, const char *path, grasp_gradients **out)
{
    grasp__input in;
    grasp_matrix *rows = NULL;
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__input_open(ctx, path, &in);
    if (s == GRASP_OK)
        s = grasp__npy_map(ctx, &in, &rows);
    grasp__input_close(&in);
    if (s == GRASP_OK)
        s = grasp__gradients_from_matrix(ctx, rows, grasp__path_end(path), out);
    grasp_matrix_free(rows);
    return grasp__leave(ctx, s);
}
