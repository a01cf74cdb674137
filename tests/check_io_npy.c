/* SPDX-License-Identifier: BSD-3-Clause
 * io: matrices from and to .npy: files as NumPy writes them, byte for byte; what is refused; mapping; damage, failure.
 */
#include "gradients/gradients.h"
#include "grasp/io.h"
#include "io/npy.h"
#include "support.h"
#include "support_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ------------------------------------------------------------------------------------------------------- */

enum { MOST = 512 };

typedef struct npy {
    char bytes[MOST];
    size_t n;
} npy;

/* As numpy.save() does: the dictionary, blanks to a multiple of 64, a line feed, the data. */
static npy make_npy(int version, const char *dictionary, const void *data, size_t n)
{
    npy f;
    size_t front = version == 1 ? 10 : 12, length = strlen(dictionary);
    size_t whole = (front + length + 1 + 63) / 64 * 64;
    memset(f.bytes, ' ', sizeof f.bytes);
    memcpy(f.bytes, "\x93NUMPY", 6);
    f.bytes[6] = (char)version;
    f.bytes[7] = 0;
    f.bytes[8] = (char)(whole - front);
    memset(f.bytes + 9, 0, front - 9);
    memcpy(f.bytes + front, dictionary, length);
    f.bytes[whole - 1] = '\n';
    memcpy(f.bytes + whole, data, n);
    f.n = whole + n;
    return f;
}

static grasp_status read_npy(grasp_context *ctx, const void *bytes, size_t n, grasp_matrix **out)
{
    grasp__input in;
    *out = NULL;
    grasp__input_memory(bytes, (int64_t)n, "x.npy", &in);
    return grasp__npy_load(ctx, &in, out);
}

/* What numpy.save([[1.5, -2, 3e38], [0.1, 1e-45, -0.0]], float32) wrote. */
static const char two_by_three[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    "                                                          \n"
    "\x00\x00\xc0?\x00\x00\x00\xc0\xe6\xb1" "a\x7f\xcd\xcc\xcc=\x01\x00\x00\x00\x00\x00\x00\x80";
enum { TWO_BY_THREE = sizeof two_by_three - 1 };

/* ---- reading ----------------------------------------------------------------------------------------------------- */

START_TEST(reads_what_numpy_writes)
{
    static const struct {
        int version;
        const char *dictionary, *data;
        size_t n;
        int32_t dtype;
        int64_t rows, cols;
        double value[4];
    } file[] = {
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", "\x00\x00\xc0?\x00\x00\x00\xc0", 8,
         GRASP_F32, 1, 2, {1.5, -2}},
        {2, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
         "\x9a\x99\x99\x99\x99\x99\xb9?\xa0\xc8\xeb\x85\xf3\xcc\xe1\xff\x01\x00\x00\x00\x00\x00\x00\x00", 24, GRASP_F64,
         3, 1, {0.1, -1e308, 5e-324}},
        {3, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", "\x00\xff\x07\x80", 4, GRASP_F32, 2, 2,
         {0, 255, 7, 128}},
        {1, "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2), }", "\x00\x80\xff\x7f", 4, GRASP_F64, 1, 2,
         {-32768, 32767}},
        {1, "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1), }", "\x00\x00\x00\x80\xff\xff\xff\x7f", 8,
         GRASP_F64, 2, 1, {-2147483648.0, 2147483647.0}},
        {1, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }",
         "\x00\x00\x00\x00\x00\x00 \x00\x00\x00\x00\x00\x00\x00\xe0\xff\xff\xff\xff\xff\xff\xff\xff\xff", 24, GRASP_F64,
         3, 1, {9007199254740992.0, -9007199254740992.0, -1}},
        {1, "{\"shape\":(0,7),'fortran_order' : False,'descr':'<f8'}", "", 0, GRASP_F64, 0, 7, {0}},
        {1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 0), }", "", 0, GRASP_F32, 2, 0, {0}},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", "", 0, GRASP_F32, 0, 1, {0}},
    };
    grasp_context *ctx = test_context();
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        npy f = make_npy(file[i].version, file[i].dictionary, file[i].data, file[i].n);
        grasp_matrix *m;
        double value[4] = {0};
        ASSERT_OK(ctx, read_npy(ctx, f.bytes, f.n, &m));
        ck_assert_int_eq(grasp_matrix_dtype(m), file[i].dtype);
        ck_assert_int_eq(grasp_matrix_rows(m), file[i].rows);
        ck_assert_int_eq(grasp_matrix_cols(m), file[i].cols);
        grasp__matrix_read_f64(m, NULL, 0, file[i].rows, value);
        for (int k = 0; k < 4; k++)
            ck_assert_msg(value[k] == file[i].value[k], "file %d, value %d is %.17g", (int)i, k, value[k]);
        grasp_matrix_free(m);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(refuses_with_words)
{
    static const struct {
        const char *dictionary;
        grasp_status status;
        const char *words;
    } bad[] = {
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", GRASP_E_UNSUPPORTED,
         "\"x.npy\" is in Fortran order"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (1, 2), }", GRASP_E_DTYPE,
         "holds big-endian elements (\">f4\")"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", GRASP_E_DTYPE, "holds object elements (\"|O\")"},
        {"{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", GRASP_E_DTYPE,
         "(\"<c16\"), expected little-endian f4"},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", GRASP_E_DTYPE, "(\"|b1\")"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", GRASP_E_DTYPE, "holds records"},
        {"{'descr': 4, 'fortran_order': False, 'shape': (2,), }", GRASP_E_FORMAT, "has no word for descr"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", GRASP_E_FORMAT, "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", GRASP_E_DIM, "has 0 dimensions, expected 1 or 2"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2), }", GRASP_E_DIM, "has 3 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", GRASP_E_FORMAT,
         "a shape that is no tuple of counts"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", GRASP_E_FORMAT, "has no tuple for shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", GRASP_E_FORMAT,
         "a shape that is no tuple of counts"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }", GRASP_E_FORMAT,
         "a shape that is no tuple of counts"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 9223372036854775808), }", GRASP_E_OVERFLOW,
         "does not fit 64 bits"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500), }", GRASP_E_OVERFLOW,
         "has 3037000500 x 3037000500 elements, more than any memory holds"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976, 1), }", GRASP_E_OVERFLOW, "elements"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", GRASP_E_FORMAT,
         "has 8 bytes of data, expected 2 x 2 elements of 4 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", GRASP_E_FORMAT,
         "has 8 bytes of data, expected 1 x 1"},
        {"{'descr': '<f4', 'shape': (2,), }", GRASP_E_FORMAT, "lacks descr, fortran_order or shape"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", GRASP_E_FORMAT, "has a key twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", GRASP_E_FORMAT, "or one beside descr"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", GRASP_E_FORMAT, "goes on after its dictionary"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,), }", GRASP_E_FORMAT, "is no dictionary"},
        {"['descr']", GRASP_E_FORMAT, "is no dictionary"},
        {"", GRASP_E_FORMAT, "is no dictionary"},
    };
    static const char data[8] = {0};
    grasp_context *ctx = test_context();
    grasp_matrix *m;
    npy f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        f = make_npy(1, bad[i].dictionary, data, sizeof data);
        ASSERT_STATUS(ctx, read_npy(ctx, f.bytes, f.n, &m), bad[i].status, bad[i].words);
        ck_assert_ptr_null(m);
    }
    f = make_npy(4, "{}", data, 0);
    ASSERT_STATUS(ctx, read_npy(ctx, f.bytes, f.n, &m), GRASP_E_FORMAT,
                  "is of .npy version 4.0, expected 1.0, 2.0 or 3.0");
    f = make_npy(1, "{}", data, 0);
    f.bytes[7] = 1;
    ASSERT_STATUS(ctx, read_npy(ctx, f.bytes, f.n, &m), GRASP_E_FORMAT, "is of .npy version 1.1");
    f = make_npy(2, "{}", data, 0);
    f.bytes[11] = 127;
    ASSERT_STATUS(ctx, read_npy(ctx, f.bytes, f.n, &m), GRASP_E_FORMAT, "has a .npy header of 2130706484 bytes");
    ASSERT_STATUS(ctx, read_npy(ctx, "PK\3\4 a zip", 10, &m), GRASP_E_FORMAT, "\"x.npy\" is no .npy file");
    ASSERT_STATUS(ctx, read_npy(ctx, "", 0, &m), GRASP_E_FORMAT, "ends within its .npy header");
    f = make_npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 2), }",
                 "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0 \0", 32);
    ASSERT_STATUS(ctx, read_npy(ctx, f.bytes, f.n, &m), GRASP_E_NUMERIC,
                  "row 1 has 9007199254740993 at column 1, expected at most 2^53");
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    grasp_context_free(ctx);
}
END_TEST

/* ---- round trips ------------------------------------------------------------------------------------------------- */

static grasp_matrix *make_matrix(grasp_context *ctx, int32_t dtype, int64_t rows, int64_t cols)
{
    grasp_matrix *m;
    grasp__rng rng = test_rng(3);
    double *value = malloc((size_t)(rows * cols) * sizeof *value + 1);
    random_normals(&rng, value, rows * cols);
    ASSERT_OK(ctx, grasp_matrix_create(ctx, dtype, rows, cols, &m));
    grasp__matrix_write_f64(m, 0, rows, value);
    free(value);
    return m;
}

static void assert_equal(const grasp_matrix *a, const grasp_matrix *b)
{
    ck_assert_int_eq(a->dtype, b->dtype);
    ck_assert_int_eq(a->rows, b->rows);
    ck_assert_int_eq(a->cols, b->cols);
    for (int64_t i = 0; a->cols > 0 && i < a->rows; i++)
        ck_assert_mem_eq(grasp__matrix_row(a, i), grasp__matrix_row(b, i),
                         (size_t)a->cols * grasp__dtype_size(a->dtype));
}

START_TEST(what_is_saved_is_loaded_and_mapped)
{
    static const int64_t shape[][2] = {{1, 1}, {37, 5}, {0, 3}, {3, 0}, {700, 500}};
    grasp_context *ctx = test_context();
    folder f;
    char path[600];
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "m.npy"));
    for (int k = 0; k < 10; k++) {
        grasp_matrix *m = make_matrix(ctx, k % 2 ? GRASP_F32 : GRASP_F64, shape[k / 2][0], shape[k / 2][1]), *a, *b;
        ASSERT_OK(ctx, grasp_matrix_save_npy(ctx, m, path));
        ck_assert_int_eq(folder_count(&f), 1);
        ASSERT_OK(ctx, grasp_matrix_load_npy(ctx, path, &a));
        ASSERT_OK(ctx, grasp_matrix_map_npy(ctx, path, &b));
        assert_equal(m, a);
        assert_equal(m, b);
        grasp_matrix_free(m);
        grasp_matrix_free(a);
        grasp_matrix_free(b);
    }
    folder_remove(&f);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(saves_what_numpy_saves)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m, *wide;
    folder f;
    char path[600];
    size_t n;
    float padded[2][4] = {{0}};
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "m.npy"));
    ASSERT_OK(ctx, read_npy(ctx, two_by_three, TWO_BY_THREE, &m));
    for (int i = 0; i < 2; i++)
        memcpy(padded[i], grasp__matrix_row(m, i), 3 * sizeof(float));
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 2, 3, 4, padded, NULL, NULL, &wide));
    for (int k = 0; k < 2; k++) {
        ASSERT_OK(ctx, grasp_matrix_save_npy(ctx, k ? wide : m, path));
        char *bytes = file_read(path, &n);
        ck_assert_uint_eq(n, TWO_BY_THREE);
        ck_assert_mem_eq(bytes, two_by_three, n);
        free(bytes);
    }
    grasp_matrix_free(m);
    grasp_matrix_free(wide);
    folder_remove(&f);
    grasp_context_free(ctx);
}
END_TEST

static int32_t stop(void *user, const char *what, double fraction)
{
    (void)user, (void)what, (void)fraction;
    return GRASP_CB_STOP;
}

START_TEST(a_file_is_replaced_as_a_whole_or_kept)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m = make_matrix(ctx, GRASP_F64, 3, 2), *big = make_matrix(ctx, GRASP_F64, 5, 2);
    folder f;
    char path[600];
    size_t n;
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "m.npy"));
    ASSERT_OK(ctx, grasp_matrix_save_npy(ctx, m, path));
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, stop, NULL, NULL));
    ASSERT_STATUS(ctx, grasp_matrix_save_npy(ctx, big, path), GRASP_CANCELLED, "");
    ASSERT_OK(ctx, grasp_context_set_progress(ctx, 0, NULL, NULL, NULL));
    ck_assert_int_eq(folder_count(&f), 1);
    free(file_read(path, &n));
    ck_assert_uint_eq(n, 128 + 6 * 8);
    file_write(folder_path(&f, "m.npy.tmp0"), "another's", 9); /* is left alone */
    ASSERT_OK(ctx, grasp_matrix_save_npy(ctx, big, path));
    ck_assert_int_eq(folder_count(&f), 2);
    free(file_read(path, &n));
    ck_assert_uint_eq(n, 128 + 10 * 8);
    ASSERT_STATUS(ctx, grasp_matrix_save_npy(ctx, m, folder_path(&f, "none/m.npy")), GRASP_E_IO,
                  "none/m.npy.tmp0\": no such file or directory");
    ASSERT_STATUS(ctx, grasp_matrix_save_npy(ctx, m, f.path), GRASP_E_IO, "cannot write");
    ASSERT_STATUS(ctx, grasp_matrix_save_npy(ctx, NULL, path), GRASP_E_ARG, "matrix is NULL");
    ASSERT_STATUS(ctx, grasp_matrix_save_npy(ctx, m, NULL), GRASP_E_ARG, "path is NULL");
    grasp_matrix_free(m);
    grasp_matrix_free(big);
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    folder_remove(&f);
    grasp_context_free(ctx);
}
END_TEST

/* ---- mapping and gradients --------------------------------------------------------------------------------------- */

START_TEST(a_map_outlives_its_context_and_its_name)
{
    grasp_context *ctx = test_context(), *other = test_context();
    grasp_matrix *m = make_matrix(ctx, GRASP_F32, 300, 7), *mapped;
    grasp_gradients *g;
    folder f;
    char path[600];
    float row[7];
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "m.npy"));
    ASSERT_OK(ctx, grasp_matrix_save_npy(ctx, m, path));
    uint64_t used = grasp_context_memory_used(ctx);
    ASSERT_OK(ctx, grasp_matrix_map_npy(ctx, path, &mapped));
    ck_assert_uint_lt(grasp_context_memory_used(ctx), used + 1024);
    ASSERT_OK(ctx, grasp_gradients_open_npy(ctx, path, &g));
    folder_remove(&f);
    grasp_context_free(ctx);
    assert_equal(m, mapped);
    ck_assert_int_eq(grasp_gradients_count(g), 300);
    ck_assert_int_eq(grasp_gradients_dim(g), 7);
    ck_assert_int_eq(grasp_gradients_dtype(g), GRASP_F32);
    ck_assert_uint_lt(grasp_gradients_bytes(g), 300 * 7 * 4);
    grasp__gradients_read_f32(g, 299, 1, row);
    ck_assert_mem_eq(row, grasp__matrix_row(m, 299), sizeof row);
    ASSERT_STATUS(other, grasp_gradients_append(other, g, m), GRASP_E_STATE, "sealed");
    grasp_gradients_free(g);
    grasp_matrix_free(m);
    grasp_matrix_free(mapped);
    grasp_context_free(other);
}
END_TEST

START_TEST(what_cannot_be_mapped)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m;
    grasp_gradients *g;
    trickle *slow;
    const char *pipe;
    folder f;
    char path[600];
    npy file = make_npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", "\1\2", 2);
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "m.npy"));
    file_write(path, file.bytes, file.n);
    ASSERT_STATUS(ctx, grasp_matrix_map_npy(ctx, path, &m), GRASP_E_DTYPE, "holds integers, which cannot be mapped");
    ck_assert_ptr_null(m);
    /* A header of 64 + 1 bytes. */
    static const char odd[] =
        "\x93NUMPY\x01\x00\x37\x00{'descr':'<f4','fortran_order':False,'shape':(1, ),}  \n\0\0\0\0";
    file_write(path, odd, sizeof odd - 1);
    ASSERT_STATUS(ctx, grasp_matrix_map_npy(ctx, path, &m), GRASP_E_UNSUPPORTED,
                  "its data begin at byte 65, expected a multiple of 4");
    ASSERT_OK(ctx, grasp_matrix_load_npy(ctx, path, &m));
    grasp_matrix_free(m);
    if (trickle_open(two_by_three, TWO_BY_THREE, &slow, &pipe)) {
        ASSERT_STATUS(ctx, grasp_matrix_map_npy(ctx, pipe, &m), GRASP_E_UNSUPPORTED, "is no regular file");
        trickle_close(slow);
    }
    file = make_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", "\0\0\0\0\0\0\xc0\x7f", 8);
    file_write(path, file.bytes, file.n);
    ASSERT_STATUS(ctx, grasp_gradients_open_npy(ctx, path, &g), GRASP_E_NUMERIC, "row 0 has NaN at column 1");
    ck_assert_ptr_null(g);
    ASSERT_OK(ctx, grasp_matrix_load_npy(ctx, path, &m)); /* a matrix may hold NaN */
    ck_assert(isnan(((float *)grasp_matrix_data(m))[1]));
    grasp_matrix_free(m);
    ASSERT_STATUS(ctx, grasp_gradients_open_npy(ctx, folder_path(&f, "none"), &g), GRASP_E_IO, "no such file");
    ASSERT_STATUS(ctx, grasp_matrix_map_npy(ctx, f.path, &m), GRASP_E_IO, "it is a directory");
    ASSERT_STATUS(ctx, grasp_matrix_load_npy(ctx, NULL, &m), GRASP_E_ARG, "path is NULL");
    ASSERT_STATUS(ctx, grasp_matrix_load_npy(ctx, path, NULL), GRASP_E_ARG, "out is NULL");
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    folder_remove(&f);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(pipes_are_loaded)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m, *same;
    trickle *slow;
    const char *path;
    char longer[TWO_BY_THREE + 1] = {0};
    ASSERT_OK(ctx, read_npy(ctx, two_by_three, TWO_BY_THREE, &same));
    if (trickle_open(two_by_three, TWO_BY_THREE, &slow, &path)) {
        ASSERT_OK(ctx, grasp_matrix_load_npy(ctx, path, &m));
        trickle_close(slow);
        assert_equal(m, same);
        grasp_matrix_free(m);
        trickle_open(two_by_three, TWO_BY_THREE - 1, &slow, &path);
        ASSERT_STATUS(ctx, grasp_matrix_load_npy(ctx, path, &m), GRASP_E_FORMAT,
                      "ends after 23 bytes of data, expected 24");
        trickle_close(slow);
        memcpy(longer, two_by_three, TWO_BY_THREE);
        trickle_open(longer, sizeof longer, &slow, &path);
        ASSERT_STATUS(ctx, grasp_matrix_load_npy(ctx, path, &m), GRASP_E_FORMAT, "goes on after its data");
        trickle_close(slow);
    }
    grasp_matrix_free(same);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(waterbirds_loaded_and_mapped)
{
    const char *shared = shared_path("data/waterbirds/mnv2_pca64_f32.npy");
    if (shared == NULL)
        return;
    grasp_context *ctx = test_context();
    grasp_matrix *a, *b;
    ASSERT_OK(ctx, grasp_matrix_load_npy(ctx, shared, &a));
    ASSERT_OK(ctx, grasp_matrix_map_npy(ctx, shared, &b));
    ck_assert_int_eq(grasp_matrix_rows(a), 11788);
    ck_assert_int_eq(grasp_matrix_cols(a), 64);
    ck_assert_int_eq(grasp_matrix_dtype(a), GRASP_F32);
    assert_equal(a, b);
    grasp_matrix_free(a);
    grasp_matrix_free(b);
    grasp_context_free(ctx);
}
END_TEST

/* ---- damage and failure ------------------------------------------------------------------------------------------ */

START_TEST(cuts_and_flipped_bits)
{
    grasp_context *ctx = test_context();
    grasp_matrix *m;
    char copy[TWO_BY_THREE];
    for (size_t i = 0; i < TWO_BY_THREE; i++) {
        char *part = malloc(i + 1); /* of its own size, so that a sanitizer sees a byte too many */
        memcpy(part, two_by_three, i);
        ASSERT_STATUS(ctx, read_npy(ctx, part, i, &m), GRASP_E_FORMAT, "\"x.npy\"");
        free(part);
    }
    for (size_t bit = 0; bit < 8 * TWO_BY_THREE; bit++) {
        memcpy(copy, two_by_three, TWO_BY_THREE);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        grasp_status s = read_npy(ctx, copy, TWO_BY_THREE, &m);
        ck_assert_msg((s == GRASP_OK) == (m != NULL), "bit %d: %s", (int)bit, grasp_status_name(s));
        ck_assert_msg(s == GRASP_OK || grasp_context_error(ctx)[0] != '\0', "bit %d: no words", (int)bit);
        ck_assert_msg(bit < 8 * 128 || s == GRASP_OK, "bit %d of the data: %s", (int)bit, grasp_context_error(ctx));
        grasp_matrix_free(m);
        ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    }
    grasp_context_free(ctx);
}
END_TEST

static grasp_status load_map_open_save(grasp_context *ctx, void *arg)
{
    const folder *f = arg;
    grasp_matrix *m = NULL, *mapped = NULL;
    grasp_gradients *g = NULL;
    grasp_status s = grasp_matrix_load_npy(ctx, folder_path(f, "i.npy"), &m);
    ck_assert((s >= GRASP_OK) == (m != NULL));
    ck_assert(s != GRASP_CANCELLED || grasp_matrix_rows(m) < 40000);
    for (int64_t i = 0; i < grasp_matrix_rows(m); i++) /* what was not read is not shown */
        ck_assert(((double *)grasp_matrix_data(m))[i * 2] == 257);
    if (s == GRASP_OK)
        s = grasp_matrix_save_npy(ctx, m, folder_path(f, "f.npy"));
    if (s == GRASP_OK)
        s = grasp_matrix_map_npy(ctx, folder_path(f, "f.npy"), &mapped);
    if (s == GRASP_OK)
        s = grasp_gradients_open_npy(ctx, folder_path(f, "f.npy"), &g);
    grasp_matrix_free(m);
    grasp_matrix_free(mapped);
    grasp_gradients_free(g);
    return s;
}

START_TEST(survives_failing_allocations_and_cancels)
{
    folder f;
    static char bytes[128 + 40000 * 4];
    npy header = make_npy(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (40000, 2), }", "", 0);
    ck_assert_uint_eq(header.n, 128);
    memcpy(bytes, header.bytes, 128);
    memset(bytes + 128, 1, sizeof bytes - 128); /* 0x0101 */
    folder_make(&f);
    file_write(folder_path(&f, "i.npy"), bytes, sizeof bytes);
    for_each_failing_allocation(load_map_open_save, &f);
    ck_assert_int_ge(for_each_cancel(load_map_open_save, &f), 4);
    ck_assert_int_le(folder_count(&f), 2); /* no temporary file is left */
    folder_remove(&f);
}
END_TEST

Suite *check_io_npy_suite(void)
{
    Suite *suite = suite_create("io_npy");
    TCase *all = tcase_create("all");
    tcase_add_test(all, reads_what_numpy_writes);
    tcase_add_test(all, refuses_with_words);
    tcase_add_test(all, what_is_saved_is_loaded_and_mapped);
    tcase_add_test(all, saves_what_numpy_saves);
    tcase_add_test(all, a_file_is_replaced_as_a_whole_or_kept);
    tcase_add_test(all, a_map_outlives_its_context_and_its_name);
    tcase_add_test(all, what_cannot_be_mapped);
    tcase_add_test(all, pipes_are_loaded);
    tcase_add_test(all, waterbirds_loaded_and_mapped);
    tcase_add_test(all, cuts_and_flipped_bits);
    tcase_add_test(all, survives_failing_allocations_and_cancels);
    suite_add_tcase(suite, all);
    return suite;
}
