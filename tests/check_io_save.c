/* SPDX-License-Identifier: BSD-3-Clause
 * io: what is saved comes back to the last bit; every cut, flipped bit and failing write is refused and leaves nothing.
 */
#include "support.h"
#include "support_files.h"

#include "gradients/gradients.h"
#include "grasp/io.h"
#include "io/container.h"
#include "io/io.h"
#include "linalg/linalg.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a folder for each test -------------------------------------------------------------------------------------- */

static folder home;

static void make_home(void)
{
    folder_make(&home);
}

static void remove_home(void)
{
    folder_remove(&home);
}

/* ---- memory as a stream ------------------------------------------------------------------------------------------ */

typedef struct memory {
    unsigned char *bytes;
    size_t size, room, at;
    size_t fail_at; /* a write past it fails; 0: none */
    size_t portion; /* most bytes of a read */
    int32_t answer;
} memory;

static int32_t to_memory(void *user, const void *data, size_t n)
{
    memory *m = user;
    if (m->fail_at > 0 && m->size + n >= m->fail_at)
        return m->answer;
    if (m->size + n > m->room) {
        m->room = 2 * (m->size + n);
        m->bytes = realloc(m->bytes, m->room);
        ck_assert_ptr_nonnull(m->bytes);
    }
    memcpy(m->bytes + m->size, data, n);
    m->size += n;
    return GRASP_CB_OK;
}

static int64_t from_memory(void *user, void *data, size_t n)
{
    memory *m = user;
    size_t left = m->size - m->at;
    n = n < left ? n : left;
    n = m->portion > 0 && n > m->portion ? m->portion : n;
    memcpy(data, m->bytes + m->at, n);
    m->at += n;
    return (int64_t)n;
}

static int64_t broken_read(void *user, void *data, size_t n)
{
    (void)data;
    return *(int *)user < 0 ? -5 : (int64_t)n + 1;
}

/* ---- one of each kind -------------------------------------------------------------------------------------------- */

enum kind { MODEL, GROUPS, DENSE, FACTORED, KINDS };

typedef struct things {
    grasp_model *model;
    grasp_groups *groups;
    grasp_gradients *gradients[2];
} things;

static things make_things(grasp_context *ctx)
{
    things t;
    const int64_t widths[] = {3, 4, 2}, labels[] = {0, 2, -1, 2, 0}, rows[] = {1, 0, 1};
    const int64_t inputs[] = {2, 3}, outputs[] = {2, 1}, positions[] = {1, 2};
    const int32_t bias[] = {1, 0};
    double values[] = {1, -0.0, 1.0 / 3, 5e-324, -1e300, 2};
    float singles[36];
    grasp_matrix *m, *act[2], *delta[2];
    grasp_gradients *whole;
    for (int i = 0; i < 36; i++)
        singles[i] = 1.0f / (float)(i + 3);
    ASSERT_OK(ctx, grasp_model_create_mlp(ctx, widths, 3, NULL, &t.model));
    ASSERT_OK(ctx, grasp_groups_create(ctx, labels, 5, &t.groups));
    ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F64, 2, 3, 3, values, NULL, NULL, &m));
    ASSERT_OK(ctx, grasp_gradients_create_dense(ctx, GRASP_F64, 3, 2, &whole));
    ASSERT_OK(ctx, grasp_gradients_append(ctx, whole, m));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, whole));
    ASSERT_OK(ctx, grasp_gradients_select(ctx, whole, rows, 3, &t.gradients[0]));
    grasp_gradients_free(whole);
    grasp_matrix_free(m);
    ASSERT_OK(ctx,
              grasp_gradients_create_factored(ctx, GRASP_F32, 2, inputs, outputs, positions, bias, 0, &t.gradients[1]));
    for (int l = 0; l < 2; l++) {
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 2, inputs[l] * positions[l], 6, singles, NULL, NULL, &act[l]));
        ASSERT_OK(ctx, grasp_matrix_wrap(ctx, GRASP_F32, 2, outputs[l] * positions[l], 6, singles + 12, NULL, NULL,
                                         &delta[l]));
    }
    ASSERT_OK(ctx, grasp_gradients_append_factors(ctx, t.gradients[1], (const grasp_matrix *const *)act,
                                                  (const grasp_matrix *const *)delta, 2));
    ASSERT_OK(ctx, grasp_gradients_seal(ctx, t.gradients[1]));
    for (int l = 0; l < 2; l++) {
        grasp_matrix_free(act[l]);
        grasp_matrix_free(delta[l]);
    }
    return t;
}

static void free_things(things *t)
{
    grasp_model_free(t->model);
    grasp_groups_free(t->groups);
    grasp_gradients_free(t->gradients[0]);
    grasp_gradients_free(t->gradients[1]);
}

static grasp_status save(grasp_context *ctx, const things *t, enum kind kind, memory *m, const char *path)
{
    if (kind == MODEL)
        return m ? grasp_model_save(ctx, t->model, to_memory, m) : grasp_model_save_file(ctx, t->model, path);
    if (kind == GROUPS)
        return m ? grasp_groups_save(ctx, t->groups, to_memory, m) : grasp_groups_save_file(ctx, t->groups, path);
    const grasp_gradients *g = t->gradients[kind - DENSE];
    return m ? grasp_gradients_save(ctx, g, to_memory, m) : grasp_gradients_save_file(ctx, g, path);
}

/* Loads; *out is the object, which free_one frees. */
static grasp_status load(grasp_context *ctx, enum kind kind, memory *m, const char *path, void **out)
{
    if (kind == MODEL)
        return m ? grasp_model_load(ctx, from_memory, m, (grasp_model **)out)
                 : grasp_model_load_file(ctx, path, (grasp_model **)out);
    if (kind == GROUPS)
        return m ? grasp_groups_load(ctx, from_memory, m, (grasp_groups **)out)
                 : grasp_groups_load_file(ctx, path, (grasp_groups **)out);
    return m ? grasp_gradients_load(ctx, from_memory, m, (grasp_gradients **)out)
             : grasp_gradients_load_file(ctx, path, (grasp_gradients **)out);
}

static void free_one(enum kind kind, void *object)
{
    if (kind == MODEL)
        grasp_model_free(object);
    else if (kind == GROUPS)
        grasp_groups_free(object);
    else
        grasp_gradients_free(object);
}

static memory saved(grasp_context *ctx, const things *t, enum kind kind)
{
    memory m = {0};
    ASSERT_OK(ctx, save(ctx, t, kind, &m, NULL));
    return m;
}

static void assert_equal(grasp_context *ctx, const things *t, enum kind kind, void *object)
{
    if (kind == MODEL) {
        int64_t p = grasp_model_n_params(t->model);
        double *a = calloc((size_t)p, sizeof *a), *b = calloc((size_t)p, sizeof *b);
        ck_assert_str_eq(grasp_model_kind(object), grasp_model_kind(t->model));
        ck_assert_int_eq(grasp_model_n_params(object), p);
        ck_assert_int_eq(grasp_model_n_layers(object), grasp_model_n_layers(t->model));
        ASSERT_OK(ctx, grasp_model_get_params(ctx, t->model, a, p));
        ASSERT_OK(ctx, grasp_model_get_params(ctx, object, b, p));
        ck_assert_mem_eq(a, b, (size_t)p * sizeof *a);
        free(a);
        free(b);
    } else if (kind == GROUPS) {
        ck_assert_int_eq(grasp_groups_samples(object), 5);
        ck_assert_int_eq(grasp_groups_count(object), 3);
        for (int64_t i = 0; i < 5; i++)
            ck_assert_int_eq(grasp_groups_label(object, i), grasp_groups_label(t->groups, i));
    } else {
        const grasp_gradients *g = t->gradients[kind - DENSE], *h = object;
        int64_t n = grasp_gradients_count(g), p = grasp_gradients_dim(g);
        double a[64], b[64];
        ck_assert_int_eq(grasp_gradients_count(h), n);
        ck_assert_int_eq(grasp_gradients_dim(h), p);
        ck_assert_int_eq(grasp_gradients_dtype(h), grasp_gradients_dtype(g));
        ck_assert_int_eq(grasp_gradients_n_layers(h), grasp_gradients_n_layers(g));
        grasp__gradients_read_f64(g, 0, n, a);
        grasp__gradients_read_f64(h, 0, n, b);
        ck_assert_mem_eq(a, b, (size_t)(n * p) * sizeof *a);
    }
}

/* ---- the container ----------------------------------------------------------------------------------------------- */

START_TEST(checksums_are_crc32c)
{
    grasp__crc32c crc;
    unsigned char zeros[32] = {0};
    grasp__crc32c_init(&crc);
    ck_assert_uint_eq(grasp__crc32c_add(&crc, 0, "123456789", 9), 0xE3069283u); /* RFC 3720, appendix B.4 */
    ck_assert_uint_eq(grasp__crc32c_add(&crc, 0, zeros, 32), 0x8A9136AAu);
    ck_assert_uint_eq(grasp__crc32c_add(&crc, grasp__crc32c_add(&crc, 0, "1234", 4), "56789", 5), 0xE3069283u);
}
END_TEST

START_TEST(what_is_saved_comes_back)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        void *object;
        memory m = saved(ctx, &t, kind);
        ck_assert_uint_eq(m.size % 64, 0);
        m.portion = 7;
        ASSERT_OK(ctx, load(ctx, kind, &m, NULL, &object));
        assert_equal(ctx, &t, kind, object);
        free_one(kind, object);
        const char *path = folder_path(&home, "thing");
        ASSERT_OK(ctx, save(ctx, &t, kind, NULL, path));
        ASSERT_OK(ctx, load(ctx, kind, NULL, path, &object));
        assert_equal(ctx, &t, kind, object);
        free_one(kind, object);
        ck_assert_int_eq(folder_count(&home), 1);
        struct stat info;
        ck_assert_int_eq(stat(path, &info), 0);
        ck_assert_int_eq(info.st_size, (int64_t)m.size);
        free(m.bytes);
    }
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(objects_may_follow_each_other)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    memory m = {0};
    for (enum kind kind = 0; kind < KINDS; kind++)
        ASSERT_OK(ctx, save(ctx, &t, kind, &m, NULL));
    for (enum kind kind = 0; kind < KINDS; kind++) {
        void *object;
        ASSERT_OK(ctx, load(ctx, kind, &m, NULL, &object));
        assert_equal(ctx, &t, kind, object);
        free_one(kind, object);
    }
    ck_assert_uint_eq(m.at, m.size);
    file_write(folder_path(&home, "all"), m.bytes, m.size);
    grasp_model *model;
    ASSERT_STATUS(ctx, grasp_model_load_file(ctx, folder_path(&home, "all"), &model), GRASP_E_FORMAT,
                  "goes on after its end");
    free(m.bytes);
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(every_cut_is_refused)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        memory m = saved(ctx, &t, kind);
        size_t size = m.size;
        for (m.size = 0; m.size < size; m.size++) {
            void *object = &m;
            m.at = 0;
            ASSERT_STATUS(ctx, load(ctx, kind, &m, NULL, &object), GRASP_E_FORMAT, "ends within");
            ck_assert_ptr_null(object);
        }
        free(m.bytes);
    }
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        memory m = saved(ctx, &t, kind);
        for (size_t bit = 0; bit < 8 * m.size; bit++) {
            void *object = &m;
            m.at = 0;
            m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            grasp_status s = load(ctx, kind, &m, NULL, &object);
            ck_assert_msg(s == GRASP_E_FORMAT, "bit %zu: %s", bit, grasp_status_name(s));
            ck_assert_ptr_null(object);
            m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        free(m.bytes);
    }
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

/* Changes bytes of a block and makes its check right again. */
static void forge(memory *m, size_t block, size_t at, const void *bytes, size_t n)
{
    grasp__crc32c crc;
    grasp__crc32c_init(&crc);
    memcpy(m->bytes + block + at, bytes, n);
    uint32_t check = grasp__crc32c_add(&crc, 0, m->bytes + block, 60);
    for (int b = 0; b < 4; b++)
        m->bytes[block + 60 + (size_t)b] = (unsigned char)(check >> (8 * b));
}

START_TEST(foreign_newer_and_lying_files)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    grasp_groups *g;
    grasp_model *model;
    memory m = saved(ctx, &t, GROUPS);
    ASSERT_STATUS(ctx, grasp_model_load(ctx, from_memory, &m, &model), GRASP_E_FORMAT,
                  "kind \"GRPS\", expected \"MODL\"");
    const unsigned char version = 2;
    forge(&m, 0, 8, &version, 1);
    m.at = 0;
    ASSERT_STATUS(ctx, grasp_groups_load(ctx, from_memory, &m, &g), GRASP_E_FORMAT, "version 2, newer than");
    free(m.bytes);

    /* a section that says it has 2^60 labels costs no memory */
    m = saved(ctx, &t, GROUPS);
    const unsigned char huge[8] = {0, 0, 0, 0, 0, 0, 0, 0x10};
    forge(&m, 192, 8, huge, 8);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, grasp_context_memory_used(ctx) + (4 << 20)));
    ASSERT_STATUS(ctx, grasp_groups_load(ctx, from_memory, &m, &g), GRASP_E_FORMAT, "ends within section LABL");
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 0));
    free(m.bytes);

    static const char text[] = "this is no saved object, but it is long enough to have a header of sixty-four bytes";
    file_write(folder_path(&home, "text"), text, sizeof text);
    ASSERT_STATUS(ctx, grasp_groups_load_file(ctx, folder_path(&home, "text"), &g), GRASP_E_FORMAT,
                  "is not a libgrasp file");
    ASSERT_STATUS(ctx, grasp_groups_load_file(ctx, folder_path(&home, "none"), &g), GRASP_E_IO,
                  "none\": no such file");
    ASSERT_STATUS(ctx, grasp_groups_load_file(ctx, home.path, &g), GRASP_E_IO, "directory");
    ASSERT_STATUS(ctx, grasp_groups_save_file(ctx, t.groups, folder_path(&home, "no/where")), GRASP_E_IO,
                  "cannot create");
    ASSERT_STATUS(ctx, grasp_groups_save_file(ctx, t.groups, home.path), GRASP_E_IO, "cannot write");
    ASSERT_STATUS(ctx, grasp_groups_save_file(ctx, t.groups, NULL), GRASP_E_ARG, "path");
    ASSERT_STATUS(ctx, grasp_groups_save_file(ctx, NULL, "x"), GRASP_E_ARG, "groups");
    ASSERT_STATUS(ctx, grasp_groups_load_file(ctx, NULL, &g), GRASP_E_ARG, "path");
    ASSERT_STATUS(ctx, grasp_groups_load_file(ctx, "x", NULL), GRASP_E_ARG, "out");
    ASSERT_STATUS(ctx, grasp_groups_save(ctx, t.groups, NULL, NULL), GRASP_E_ARG, "fn");
    ASSERT_STATUS(ctx, grasp_groups_load(ctx, NULL, NULL, &g), GRASP_E_ARG, "fn");
    int failure = -1;
    ASSERT_STATUS(ctx, grasp_groups_load(ctx, broken_read, &failure, &g), GRASP_E_IO, "failed with -5");
    failure = 1;
    ASSERT_STATUS(ctx, grasp_groups_load(ctx, broken_read, &failure, &g), GRASP_E_CALLBACK, "65 of 64");
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

/* One object of sections as they stand here, checksums and all. */
typedef struct section {
    const char *tag;
    int32_t type;
    int64_t n;
    const void *elements;
} section;

static void write_sections(grasp_context *ctx, const char *name, const section *list, int n, memory *m)
{
    grasp__writer w = {.sink = {.fn = to_memory, .user = m, .file = {.fd = -1}}};
    ASSERT_OK(ctx, grasp__writer_open(ctx, &w, name));
    for (int k = 0; k < n; k++)
        ASSERT_OK(ctx, grasp__writer_section(ctx, &w, list[k].tag, list[k].type, list[k].elements, list[k].n));
    ASSERT_OK(ctx, grasp__writer_close(ctx, &w));
}

static void assert_refused(grasp_context *ctx, enum kind kind, const char *name, const section *list, int n,
                           const char *because)
{
    memory m = {0};
    void *object = &m;
    write_sections(ctx, name, list, n, &m);
    ASSERT_STATUS(ctx, load(ctx, kind, &m, NULL, &object), GRASP_E_FORMAT, because);
    ck_assert_ptr_null(object);
    free(m.bytes);
}

START_TEST(models_that_cannot_be)
{
    static const int64_t mlp[] = {2, 3, 2}, flat[] = {2, 0}, huge[] = {INT64_MAX, 2}, wide[] = {INT64_MAX / 2, 5},
                         sum[] = {1, INT64_MAX / 2, 1, INT64_MAX / 2}, one[] = {2};
    static const double theta[17] = {1}, bad[17] = {[16] = INFINITY};
    const struct {
        const char *name;
        const int64_t *widths;
        int64_t n_widths, n_theta;
        const double *theta;
        const char *because;
    } cases[] = {
        {"mlp", flat, 2, 0, theta, "WDTH holds no layers"},
        {"mlp", huge, 2, 0, theta, "WDTH holds no layers"},
        {"mlp", wide, 2, 0, theta, "WDTH holds no layers"},
        {"mlp", sum, 4, 0, theta, "WDTH holds no layers"},
        {"mlp", one, 1, 0, theta, "WDTH holds no layers"},
        {"mlp", mlp, 3, 16, theta, "PARM"},
        {"mlp", mlp, 3, 17, bad, "parameter 16 is not finite"},
        {"custom", mlp, 3, 17, theta, "names no model"},
        {"a name that is longer than any", mlp, 3, 17, theta, "names no model"},
        {"", mlp, 3, 17, theta, "names no model"},
        {"logistic", mlp, 3, 17, theta, "names no model"},
        {"softmax", mlp, 3, 17, theta, "names no model"},
    };
    grasp_context *ctx = test_context();
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        const section list[] = {{"KIND", GRASP__BYTES, (int64_t)strlen(cases[t].name), cases[t].name},
                                {"WDTH", GRASP__ELEMENT_I64, cases[t].n_widths, cases[t].widths},
                                {"PARM", GRASP__ELEMENT_F64, cases[t].n_theta, cases[t].theta}};
        assert_refused(ctx, MODEL, "MODL", list, 3, cases[t].because);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(gradients_and_groups_that_cannot_be)
{
    /* rows, element type, values, layers; inputs, outputs, positions, bias of each */
    static const int64_t sizes[][8] = {{1, GRASP_F64, 2, -1},         {1, GRASP_F64, 2, 2, 1, 1, 1, 1},
                                       {-1, GRASP_F64, 2, 0},         {1, 3, 2, 0},
                                       {1, GRASP_F64, 0, 0},          {1, GRASP_F64, INT64_MAX, 0},
                                       {1, GRASP_F64, 2, 1, 0, 1, 1, 1}, {1, GRASP_F64, 2, 1, 1, 1, 1, 2},
                                       {1, GRASP_F64, 2, 1, INT64_MAX, 4, 1, 1}};
    static const int64_t three[] = {1, GRASP_F64, 2}, other[] = {1, GRASP_F64, 3, 1, 1, 1, 1, 1},
                         dense[] = {1, GRASP_F64, 2, 0}, few[] = {2}, many[] = {(1 << 24) + 1}, labels[] = {0, 2, -1},
                         wrong[] = {0, -2};
    static const double row[] = {1, NAN};
    grasp_context *ctx = test_context();
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++) {
        const section size = {"SIZE", GRASP__ELEMENT_I64, sizes[t][3] > 0 ? 8 : 4, sizes[t]};
        assert_refused(ctx, DENSE, "GRAD", &size, 1, "SIZE holds impossible sizes");
    }
    assert_refused(ctx, DENSE, "GRAD", &(section){"SIZE", GRASP__ELEMENT_I64, 3, three}, 1, "impossible sizes");
    assert_refused(ctx, DENSE, "GRAD", &(section){"SIZE", GRASP__ELEMENT_I64, 8, other}, 1, "says 3 values a row");
    assert_refused(ctx, DENSE, "GRAD",
                   (section[]){{"SIZE", GRASP__ELEMENT_I64, 4, dense}, {"ROWS", GRASP__ELEMENT_F64, 2, row}}, 2,
                   "not finite");
    assert_refused(ctx, GROUPS, "GRPS",
                   (section[]){{"COUN", GRASP__ELEMENT_I64, 1, few}, {"LABL", GRASP__ELEMENT_I64, 3, labels}}, 2,
                   "says 2 groups, and the labels need 3");
    assert_refused(ctx, GROUPS, "GRPS",
                   (section[]){{"COUN", GRASP__ELEMENT_I64, 1, many}, {"LABL", GRASP__ELEMENT_I64, 3, labels}}, 2,
                   "COUN says");
    assert_refused(ctx, GROUPS, "GRPS",
                   (section[]){{"COUN", GRASP__ELEMENT_I64, 1, few}, {"LABL", GRASP__ELEMENT_I64, 2, wrong}}, 2,
                   "holds a label that is none");
    grasp_context_free(ctx);
}
END_TEST

START_TEST(empty_groups_come_back)
{
    static const int64_t label[] = {0, 2, -1}, count[] = {5};
    const section list[] = {{"COUN", GRASP__ELEMENT_I64, 1, count}, {"LABL", GRASP__ELEMENT_I64, 3, label}};
    grasp_context *ctx = test_context();
    grasp_groups *g;
    memory m = {0};
    write_sections(ctx, "GRPS", list, 2, &m);
    ASSERT_OK(ctx, grasp_groups_load(ctx, from_memory, &m, &g));
    ck_assert_int_eq(grasp_groups_count(g), 5);
    for (int64_t k = 0; k < 5; k++)
        ck_assert_int_eq(grasp_groups_size(g, k), k == 0 || k == 2);
    grasp_groups_free(g);
    free(m.bytes);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(failing_writes)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        memory whole = saved(ctx, &t, kind);
        for (size_t at = 1; at <= whole.size; at++)
            for (int32_t answer = -1; answer <= 0; answer++) {
                memory m = {.fail_at = at, .answer = answer};
                ck_assert_int_eq(save(ctx, &t, kind, &m, NULL), answer == 0 ? GRASP_CANCELLED : GRASP_E_CALLBACK);
                free(m.bytes);
            }
        free(whole.bytes);
    }
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

static grasp_status save_and_load(grasp_context *ctx, void *arg)
{
    const int64_t labels[] = {0, 1, -1}, widths[] = {2, 2, 2};
    double values[] = {1, 2, 3, 4};
    const char *path = arg;
    grasp_groups *g = NULL, *h = NULL;
    grasp_model *m = NULL, *k = NULL;
    grasp_matrix *x = NULL;
    grasp_gradients *d = NULL, *e = NULL;
    grasp_status s = grasp_groups_create(ctx, labels, 3, &g);
    if (s == GRASP_OK)
        s = grasp_groups_save_file(ctx, g, path);
    if (s == GRASP_OK)
        s = grasp_groups_load_file(ctx, path, &h);
    if (s == GRASP_OK)
        s = grasp_model_create_mlp(ctx, widths, 3, NULL, &m);
    if (s == GRASP_OK)
        s = grasp_model_save_file(ctx, m, path);
    if (s == GRASP_OK)
        s = grasp_model_load_file(ctx, path, &k);
    if (s == GRASP_OK)
        s = grasp_matrix_wrap(ctx, GRASP_F64, 2, 2, 2, values, NULL, NULL, &x);
    if (s == GRASP_OK)
        s = grasp_matrix_save_npy(ctx, x, path);
    if (s == GRASP_OK)
        s = grasp_gradients_open_npy(ctx, path, &d);
    if (s == GRASP_OK)
        s = grasp_gradients_save_file(ctx, d, path); /* over the file that is mapped: the old one lives on */
    if (s == GRASP_OK)
        s = grasp_gradients_load_file(ctx, path, &e);
    grasp_groups_free(g);
    grasp_groups_free(h);
    grasp_model_free(m);
    grasp_model_free(k);
    grasp_matrix_free(x);
    grasp_gradients_free(d);
    grasp_gradients_free(e);
    return s;
}

START_TEST(every_allocation_may_fail)
{
    char path[300];
    snprintf(path, sizeof path, "%s/thing", home.path);
    for_each_failing_allocation(save_and_load, path);
    ck_assert_int_eq(folder_count(&home), 1);
}
END_TEST

START_TEST(a_killed_save_leaves_the_old_file)
{
    if (getenv("TEST_UNDER_VALGRIND") != NULL || getenv("ASAN_OPTIONS") != NULL || getenv("TSAN_OPTIONS") != NULL) {
        printf("skipped: a killed save, under a tool that follows processes\n");
        return;
    }
    grasp_context *ctx = test_context();
    int64_t n = 200000, *label = calloc((size_t)n, sizeof *label);
    char path[300];
    snprintf(path, sizeof path, "%s/groups", home.path);
    bool saved = false;
    for (int round = 0; round < 50 || (!saved && round < 1000); round++) { /* a slow disk gets more time */
        grasp_groups *g;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            for (int64_t k = 0;; k++) {
                label[0] = k % 1000;
                if (grasp_groups_create(ctx, label, n, &g) != GRASP_OK ||
                    grasp_groups_save_file(ctx, g, path) != GRASP_OK)
                    _exit(1);
                grasp_groups_free(g);
            }
        }
        usleep(1000u + 900u * (unsigned)round);
        int status;
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status));
        saved = access(path, F_OK) == 0;
        if (saved) {
            ASSERT_OK(ctx, grasp_groups_load_file(ctx, path, &g));
            ck_assert_int_eq(grasp_groups_samples(g), n);
            grasp_groups_free(g);
        }
    }
    ck_assert(saved);
    free(label);
    grasp_context_free(ctx);
}
END_TEST

/* ---- mutations --------------------------------------------------------------------------------------------------- */

static void mutate(grasp__rng *rng, memory *m)
{
    int64_t changes = 1 + grasp__rng_below(rng, 4);
    while (changes-- > 0 && m->size > 0) {
        size_t at = (size_t)grasp__rng_below(rng, (int64_t)m->size);
        switch (grasp__rng_below(rng, 4)) {
        case 0:
            m->bytes[at] = (unsigned char)grasp__rng_u32(rng);
            break;
        case 1:
            m->bytes[at] ^= (unsigned char)(1u << grasp__rng_below(rng, 8));
            break;
        case 2:
            memmove(m->bytes + at, m->bytes + at + 1, m->size - at - 1);
            m->size--;
            break;
        default:
            m->size = at;
        }
    }
}

START_TEST(mutated_files)
{
    grasp_context *ctx = test_context();
    things t = make_things(ctx);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, 64 << 20));
    for (enum kind kind = 0; kind < KINDS; kind++) {
        memory whole = saved(ctx, &t, kind);
        for (int64_t trial = 0; trial < trials(400); trial++) {
            grasp__rng rng = test_rng(9000 + (uint64_t)trial);
            memory m = {0};
            to_memory(&m, whole.bytes, whole.size);
            mutate(&rng, &m);
            if (m.size >= 64 && grasp__rng_below(&rng, 2) == 1) /* past the checks of the blocks */
                for (size_t block = 0; block + 64 <= m.size; block += 64)
                    if (grasp__rng_below(&rng, 4) > 0)
                        forge(&m, block, 0, m.bytes + block, 0);
            void *object = NULL;
            if (load(ctx, kind, &m, NULL, &object) == GRASP_OK)
                free_one(kind, object);
            free(m.bytes);
        }
        free(whole.bytes);
    }
    free_things(&t);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_io_save_suite(void)
{
    Suite *suite = suite_create("io_save");
    TCase *container = tcase_create("container");
    tcase_add_checked_fixture(container, make_home, remove_home);
    tcase_add_test(container, checksums_are_crc32c);
    tcase_add_test(container, what_is_saved_comes_back);
    tcase_add_test(container, objects_may_follow_each_other);
    tcase_add_test(container, every_cut_is_refused);
    tcase_add_test(container, every_flipped_bit_is_refused);
    tcase_add_test(container, foreign_newer_and_lying_files);
    tcase_add_test(container, models_that_cannot_be);
    tcase_add_test(container, gradients_and_groups_that_cannot_be);
    tcase_add_test(container, empty_groups_come_back);
    tcase_add_test(container, failing_writes);
    tcase_add_test(container, every_allocation_may_fail);
    tcase_add_test(container, a_killed_save_leaves_the_old_file);
    tcase_add_test(container, mutated_files);
    suite_add_tcase(suite, container);
    return suite;
}
