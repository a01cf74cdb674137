/* SPDX-License-Identifier: BSD-3-Clause
 * Matrices: dense rows of float32 or float64, owned or lent by the caller, shared by counted references.
 * Element (i, j) is data[i * row_stride + j]. Making one costs its memory; wrapping, referring and freeing cost O(1).
 */
#include "linalg/linalg.h"

#include <math.h>
#include <string.h>

#define MATRIX_MAGIC GRASP__MAGIC('M', 'A', 'T', 'X')

size_t grasp__dtype_size(int32_t dtype)
{
    return dtype == GRASP_F32 ? sizeof(float) : sizeof(double);
}

grasp_status grasp__matrix_check(grasp_context *ctx, const grasp_matrix *m, const char *name)
{
    return grasp__check_handle(ctx, m, MATRIX_MAGIC, name, "grasp_matrix");
}

static grasp_status check_shape(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols)
{
    grasp_status s = grasp__check_dtype(ctx, dtype, "dtype");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, rows, 0, INT64_MAX, "rows");
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, cols, 0, INT64_MAX, "cols");
    return s;
}

static grasp_status make(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, int64_t row_stride,
                         grasp_matrix **out)
{
    grasp_matrix *m;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof(*m), &m);
    if (s != GRASP_OK)
        return s;
    grasp__object_init(&m->object, MATRIX_MAGIC);
    m->dtype = dtype;
    m->rows = rows;
    m->cols = cols;
    m->row_stride = row_stride;
    *out = m;
    return GRASP_OK;
}

grasp_status grasp__matrix_create_raw(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, grasp_matrix **out)
{
    int64_t count;
    grasp_matrix *m = NULL;
    grasp_status s = check_shape(ctx, dtype, rows, cols);
    if (s == GRASP_OK)
        s = grasp__check_product(ctx, rows, cols, "rows * cols", &count);
    if (s == GRASP_OK)
        s = make(ctx, dtype, rows, cols, cols, &m);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, count, grasp__dtype_size(dtype), &m->data);
    if (s != GRASP_OK) {
        grasp__free(m);
        return s;
    }
    m->owned = true;
    *out = m;
    return GRASP_OK;
}

grasp_status grasp__matrix_create(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, grasp_matrix **out)
{
    grasp_status s = grasp__matrix_create_raw(ctx, dtype, rows, cols, out);
    if (s == GRASP_OK)
        memset((*out)->data, 0, (size_t)(rows * cols) * grasp__dtype_size(dtype));
    return s;
}

uint64_t grasp__matrix_price(int32_t dtype, int64_t rows, int64_t cols)
{
    return grasp__price_sum(grasp__price(1, sizeof(grasp_matrix)),
                            grasp__price_values(rows, cols, grasp__dtype_size(dtype)));
}

/* The last element must have an address: its index and its offset in bytes have to fit. */
static grasp_status check_extent(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, int64_t row_stride)
{
    int64_t extent, bytes;
    if (rows == 0 || cols == 0)
        return GRASP_OK;
    if (!grasp__mul_i64(rows - 1, row_stride, &extent) || !grasp__add_i64(extent, cols, &extent) ||
        !grasp__mul_i64(extent, (int64_t)grasp__dtype_size(dtype), &bytes) || (uint64_t)bytes > PTRDIFF_MAX)
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "%lld rows at a row_stride of %lld reach past the address space",
                           (long long)rows, (long long)row_stride);
    return GRASP_OK;
}

grasp_status grasp__matrix_wrap(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, int64_t row_stride,
                                void *data, grasp_release_fn release, void *user, grasp_matrix **out)
{
    grasp_status s = check_shape(ctx, dtype, rows, cols);
    if (s == GRASP_OK)
        s = grasp__check_range(ctx, row_stride, cols, INT64_MAX, "row_stride");
    if (s == GRASP_OK)
        s = check_extent(ctx, dtype, rows, cols, row_stride);
    if (s == GRASP_OK && rows > 0 && cols > 0)
        s = grasp__check_pointer(ctx, data, "data");
    if (s == GRASP_OK && (uintptr_t)data % grasp__dtype_size(dtype) != 0)
        s = grasp__fail(ctx, GRASP_E_ARG, "data is not aligned to its elements of %zu bytes", grasp__dtype_size(dtype));
    grasp_matrix *m;
    if (s == GRASP_OK)
        s = make(ctx, dtype, rows, cols, row_stride, &m);
    if (s != GRASP_OK)
        return s;
    m->data = data;
    m->release = release;
    m->user = user;
    *out = m;
    return GRASP_OK;
}

grasp_status grasp__matrix_check_shape(grasp_context *ctx, const grasp_matrix *m, int64_t rows, int64_t cols,
                                       const char *name)
{
    if ((rows < 0 || m->rows == rows) && (cols < 0 || m->cols == cols))
        return GRASP_OK;
    if (rows < 0)
        return grasp__fail(ctx, GRASP_E_DIM, "%s has %lld columns, expected %lld", name, (long long)m->cols,
                           (long long)cols);
    if (cols < 0)
        return grasp__fail(ctx, GRASP_E_DIM, "%s has %lld rows, expected %lld", name, (long long)m->rows,
                           (long long)rows);
    return grasp__fail(ctx, GRASP_E_DIM, "%s is %lld x %lld, expected %lld x %lld", name, (long long)m->rows,
                       (long long)m->cols, (long long)rows, (long long)cols);
}

static double element(const grasp_matrix *m, int64_t i, int64_t j)
{
    const void *row = grasp__matrix_row(m, i);
    return m->dtype == GRASP_F32 ? (double)((const float *)row)[j] : ((const double *)row)[j];
}

/* x * 0 is NaN for NaN and infinity and a zero otherwise: a sum without a branch tells whether a row is worth a look.
 */
static bool row_is_finite(const grasp_matrix *m, int64_t i)
{
    const void *row = grasp__matrix_row(m, i);
    double sum[4] = {0};
    int64_t j = 0, n = m->cols;
    if (m->dtype == GRASP_F32) {
        const float *x = row;
        float part[8] = {0};
        for (; j + 8 <= n; j += 8)
            for (int k = 0; k < 8; k++)
                part[k] += x[j + k] * 0.0f;
        for (; j < n; j++)
            part[0] += x[j] * 0.0f;
        for (int k = 0; k < 8; k++)
            sum[0] += (double)part[k];
    } else {
        const double *x = row;
        for (; j + 4 <= n; j += 4)
            for (int k = 0; k < 4; k++)
                sum[k] += x[j + k] * 0.0;
        for (; j < n; j++)
            sum[0] += x[j] * 0.0;
    }
    return sum[0] + sum[1] + sum[2] + sum[3] == 0.0;
}

grasp_status grasp__matrix_check_finite(grasp_context *ctx, const grasp_matrix *m, const char *name)
{
    for (int64_t i = 0; i < m->rows; i++) {
        if (row_is_finite(m, i))
            continue;
        int64_t j = 0;
        while (isfinite(element(m, i, j)))
            j++;
        return grasp__fail(ctx, GRASP_E_NUMERIC, "%s: row %lld has %s at column %lld", name, (long long)i,
                           isnan(element(m, i, j)) ? "NaN" : "infinity", (long long)j);
    }
    return GRASP_OK;
}

const void *grasp__matrix_row(const grasp_matrix *m, int64_t i)
{
    return m->data ? (const char *)m->data + (size_t)(i * m->row_stride) * grasp__dtype_size(m->dtype) : NULL;
}

void grasp__matrix_read_f64(const grasp_matrix *m, const int64_t *rows_or_null, int64_t first, int64_t n, double *out)
{
    int64_t cols = m->cols;
    for (int64_t i = 0; cols > 0 && i < n; i++, out += cols) {
        const void *row = grasp__matrix_row(m, rows_or_null ? rows_or_null[i] : first + i);
        if (m->dtype == GRASP_F64)
            memcpy(out, row, (size_t)cols * sizeof(double));
        else
            for (int64_t j = 0; j < cols; j++)
                out[j] = (double)((const float *)row)[j];
    }
}

void grasp__matrix_read_f32(const grasp_matrix *m, const int64_t *rows_or_null, int64_t first, int64_t n, float *out)
{
    int64_t cols = m->cols;
    for (int64_t i = 0; cols > 0 && i < n; i++, out += cols) {
        const void *row = grasp__matrix_row(m, rows_or_null ? rows_or_null[i] : first + i);
        if (m->dtype == GRASP_F32)
            memcpy(out, row, (size_t)cols * sizeof(float));
        else
            for (int64_t j = 0; j < cols; j++)
                out[j] = (float)((const double *)row)[j];
    }
}

void grasp__matrix_write_f64(grasp_matrix *m, int64_t first, int64_t n, const double *values)
{
    int64_t cols = m->cols;
    for (int64_t i = 0; cols > 0 && i < n; i++, values += cols) {
        void *row = (char *)m->data + (size_t)((first + i) * m->row_stride) * grasp__dtype_size(m->dtype);
        if (m->dtype == GRASP_F64)
            memcpy(row, values, (size_t)cols * sizeof(double));
        else
            for (int64_t j = 0; j < cols; j++)
                ((float *)row)[j] = (float)values[j];
    }
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

grasp_status grasp_matrix_create(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, grasp_matrix **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__matrix_create(ctx, dtype, rows, cols, out));
}

grasp_status grasp_matrix_wrap(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols, int64_t row_stride,
                               void *data, grasp_release_fn release_or_null, void *user, grasp_matrix **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    return grasp__leave(ctx, grasp__matrix_wrap(ctx, dtype, rows, cols, row_stride, data, release_or_null, user, out));
}

grasp_matrix *grasp_matrix_ref(grasp_matrix *matrix)
{
    if (matrix)
        grasp__object_ref(&matrix->object);
    return matrix;
}

void grasp_matrix_free(grasp_matrix *matrix)
{
    if (!matrix || !grasp__object_unref(&matrix->object))
        return;
    if (matrix->owned)
        grasp__free(matrix->data);
    else if (matrix->release)
        matrix->release(matrix->user, matrix->data);
    grasp__free(matrix);
}

int64_t grasp_matrix_rows(const grasp_matrix *matrix)
{
    return matrix ? matrix->rows : 0;
}

int64_t grasp_matrix_cols(const grasp_matrix *matrix)
{
    return matrix ? matrix->cols : 0;
}

int64_t grasp_matrix_row_stride(const grasp_matrix *matrix)
{
    return matrix ? matrix->row_stride : 0;
}

int32_t grasp_matrix_dtype(const grasp_matrix *matrix)
{
    return matrix ? matrix->dtype : 0;
}

void *grasp_matrix_data(grasp_matrix *matrix)
{
    return matrix ? matrix->data : NULL;
}
