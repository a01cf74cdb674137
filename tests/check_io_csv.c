/* SPDX-License-Identifier: BSD-3-Clause
 * io: tables from .csv: the dialect, types of columns, the words of each refusal, damage, failure.
 */
#include "grasp/api.h"
#include "grasp/io.h"
#include "io/table.h"
#include "support.h"
#include "support_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table of a text in memory. */
static grasp_status read_text(grasp_context *ctx, const char *text, int64_t n, grasp_table **out)
{
    grasp__input in;
    *out = NULL;
    grasp__input_memory(text, n, "x.csv", &in);
    return grasp__table_read_csv(ctx, &in, ',', out);
}

static grasp_table *must_read(grasp_context *ctx, const char *text)
{
    grasp_table *t;
    ASSERT_OK(ctx, read_text(ctx, text, (int64_t)strlen(text), &t));
    return t;
}

static void assert_column(grasp_context *ctx, const grasp_table *t, int64_t col, const double *expected, int64_t n)
{
    double *out = malloc((size_t)n * sizeof *out + 1);
    int64_t i = 0;
    ck_assert_int_eq(grasp_table_rows(t), n);
    ASSERT_OK(ctx, grasp_table_column_f64(ctx, t, col, out, n));
    while (i < n && out[i] == expected[i])
        i++;
    ck_assert_msg(i == n, "row %d is %.17g, expected %.17g", (int)i + 1, out[i < n ? i : 0], expected[i < n ? i : 0]);
    free(out);
}

/* The same table in every spelling that the dialect allows. */
START_TEST(one_table_many_spellings)
{
    static const char *const text[] = {
        "a,b\n1,x\n-2.5e3,\"y,\"\"z\n\"\n",
        "a,b\r\n1,x\r\n-2.5e3,\"y,\"\"z\n\"\r\n",
        "\xEF\xBB\xBF\x61,b\n1,x\n-2.5e3,\"y,\"\"z\n\"",
        "\"a\",\"b\"\n\"1\",\"x\"\n\"-2.5e3\",\"y,\"\"z\n\"\r",
        " a ,\tb\n\n +1 ,x\r\n\r\n-2500.000,\"y,\"\"z\n\"\n\n",
    };
    static const double a[] = {1, -2500};
    grasp_context *ctx = test_context();
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        grasp_table *t = must_read(ctx, text[i]);
        ck_assert_int_eq(grasp_table_cols(t), 2);
        ck_assert_str_eq(grasp_table_name(t, 0), "a");
        ck_assert_str_eq(grasp_table_name(t, 1), "b");
        assert_column(ctx, t, 0, a, 2);
        ck_assert_int_eq(grasp_table_is_text(t, 0), 0);
        ck_assert_int_eq(grasp_table_is_text(t, 1), 1);
        ck_assert_str_eq(grasp_table_code_text(t, 1, 0), "x");
        ck_assert_str_eq(grasp_table_code_text(t, 1, 1), "y,\"z\n");
        grasp_table_free(t);
    }
    grasp_table *t = must_read(ctx, "a,b");
    ck_assert_int_eq(grasp_table_cols(t), 2);
    ck_assert_int_eq(grasp_table_is_text(t, 1), 0);
    ASSERT_OK(ctx, grasp_table_column_f64(ctx, t, 1, NULL, 0));
    grasp_table_free(t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(text_is_coded_in_order_of_appearance)
{
    static const double codes[] = {0, 1, 0, 2, 3, 4};
    grasp_context *ctx = test_context();
    grasp_table *t = must_read(ctx, "n,s\n1,1\n2,\n3,1\n4,NA\n5, 1\n6,one\n");
    int64_t code[6];
    ck_assert_int_eq(grasp_table_codes(t, 1), 5);
    ck_assert_int_eq(grasp_table_codes(t, 0), 0);
    ck_assert_str_eq(grasp_table_code_text(t, 1, 1), "");
    ck_assert_str_eq(grasp_table_code_text(t, 1, 2), "NA");
    ck_assert_str_eq(grasp_table_code_text(t, 1, 3), " 1");
    ck_assert_ptr_null(grasp_table_code_text(t, 1, 5));
    ck_assert_ptr_null(grasp_table_code_text(t, 1, -1));
    ck_assert_ptr_null(grasp_table_code_text(t, 0, 0));
    assert_column(ctx, t, 1, codes, 6);
    ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, 1, code, 6));
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(code[i], (int64_t)codes[i]);
    grasp_table_free(t);
    grasp_context_free(ctx);
}
END_TEST

/* A column of one is not shortened by empty lines; a table of several is. */
START_TEST(an_empty_line_is_a_field_of_a_single_column)
{
    grasp_context *ctx = test_context();
    grasp_table *t = must_read(ctx, "a\n1\n\n\"\"\n2\n");
    double out[4];
    ck_assert_int_eq(grasp_table_rows(t), 4);
    ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 0, out, 4), GRASP_E_NUMERIC,
                  "grasp_table_column_f64: column \"a\" has a missing value in row 2");
    grasp_table_free(t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(missing_and_odd_values_are_told_when_asked_for)
{
    static const char *const missing[] = {"",     " ",    "NA",   "na", "NaN",  "nan",
                                          "-nan", "NULL", "null", "?",  "\"\"", " ? "};
    grasp_context *ctx = test_context();
    char text[64];
    double out[2] = {7, 7};
    int64_t whole[2] = {7, 7};
    grasp_table *t;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        snprintf(text, sizeof text, "age,b\n1,2\n%s,3\n", missing[i]);
        t = must_read(ctx, text);
        ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 0, out, 2), GRASP_E_NUMERIC,
                      "column \"age\" has a missing value in row 2");
        ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, t, 0, whole, 2), GRASP_E_NUMERIC,
                      "column \"age\" has a missing value in row 2");
        ck_assert(out[0] == 7 && whole[0] == 7);
        ASSERT_OK(ctx, grasp_table_column_f64(ctx, t, 1, out, 2));
        out[0] = 7;
        grasp_table_free(t);
    }
    t = must_read(ctx, "a,b,c,d\n1,2,9007199254740992,1e999\n1.5,1e16,-9007199254740992,-inf\n");
    ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, t, 0, whole, 2), GRASP_E_NUMERIC,
                  "column \"a\" has 1.5 in row 2, expected a whole number of at most 2^53");
    ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, t, 1, whole, 2), GRASP_E_NUMERIC, "column \"b\" has 1e+16 in row 2");
    ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, 2, whole, 2));
    ck_assert(whole[0] == INT64_C(9007199254740992) && whole[1] == -whole[0]);
    ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 3, out, 2), GRASP_E_NUMERIC,
                  "column \"d\" has inf in row 1, expected a finite number");
    ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, t, 3, whole, 2), GRASP_E_NUMERIC, "column \"d\" has inf in row 1");
    grasp_table_free(t);
    grasp_context_free(ctx);
}
END_TEST

START_TEST(damage_is_refused_with_its_place)
{
    static const struct {
        const char *text, *words;
        int64_t n; /* 0: strlen */
    } bad[] = {
        {"", "\"x.csv\" is empty, expected a line of names", 0},
        {"\xEF\xBB\xBF", "is empty", 0},
        {"\n1\n", "field 1 of the line of names is empty", 0},
        {"a,\n", "field 2 of the line of names is empty", 0},
        {"a,\" \",b\n", "field 2 of the line of names is empty", 0},
        {"a,b, a\n", "fields 1 and 3 of the line of names are both \"a\"", 0},
        {"a,b\n1,2\n1\n", "row 2, at line 3, has 1 fields, expected 2", 0},
        {"a,b\n1,2,3", "row 1, at line 2, has 3 fields, expected 2", 0},
        {"a,b\n\n\"\n\n\",2\n1,2,3\n", "row 2, at line 6, has 3 fields, expected 2", 0},
        {"a\n\"\"\n\"x\ny\n", "line 3 has a quote that is not closed", 0},
        {"a\nx\"y\n", "line 2 has a quote inside a field that does not begin with one", 0},
        {"a\n \"y\"\n", "line 2 has a quote inside a field", 0},
        {"a\n\"x\" \n", "line 2 has text after a closing quote", 0},
        {"a\n1\r2\n", "line 2 has a carriage return without a line feed", 0},
        {"a\n1\n2\0\n", "line 3 has a zero byte; expected text in UTF-8", 8},
        {"a\n\"\0\"\n", "line 2 has a zero byte", 6},
        {"\xFF\xFE" "a\0,\0b\0", "line 1 has a zero byte", 8},
    };
    grasp_context *ctx = test_context();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        grasp_table *t;
        int64_t n = bad[i].n > 0 ? bad[i].n : (int64_t)strlen(bad[i].text);
        ASSERT_STATUS(ctx, read_text(ctx, bad[i].text, n, &t), GRASP_E_FORMAT, bad[i].words);
        ck_assert_ptr_null(t);
        ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(callers_mistakes)
{
    grasp_context *ctx = test_context();
    grasp_table *t = must_read(ctx, "age,sex\n1,m\n");
    grasp_params *params;
    double x = 7;
    int64_t col = 7, code;
    ASSERT_OK(ctx, grasp_table_find(ctx, t, "sex", &col));
    ck_assert_int_eq(col, 1);
    ASSERT_STATUS(ctx, grasp_table_find(ctx, t, "agee", &col), GRASP_E_ARG,
                  "grasp_table_find: the table has no column \"agee\"; the nearest is \"age\"");
    ck_assert_int_eq(col, 1);
    ASSERT_STATUS(ctx, grasp_table_find(ctx, t, NULL, &col), GRASP_E_ARG, "name is NULL");
    ASSERT_STATUS(ctx, grasp_table_find(ctx, t, "age", NULL), GRASP_E_ARG, "col is NULL");
    ASSERT_STATUS(ctx, grasp_table_find(ctx, NULL, "age", &col), GRASP_E_ARG, "table is NULL, expected a grasp_table");
    ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 2, &x, 1), GRASP_E_ARG, "col is 2, expected");
    ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, t, -1, &code, 1), GRASP_E_ARG, "col is -1, expected");
    ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 0, &x, 2), GRASP_E_DIM, "n is 2, expected 1");
    ASSERT_STATUS(ctx, grasp_table_column_f64(ctx, t, 0, NULL, 1), GRASP_E_ARG, "out is NULL");
    ASSERT_STATUS(ctx, grasp_table_column_i64(ctx, NULL, 0, &code, 1), GRASP_E_ARG, "table is NULL");
    ck_assert_int_eq(grasp_table_column_f64(NULL, t, 0, &x, 1), GRASP_E_ARG);
    ck_assert(x == 7);
    ck_assert_ptr_null(grasp_table_name(t, 2));
    ck_assert_ptr_null(grasp_table_name(NULL, 0));
    ck_assert_int_eq(grasp_table_rows(NULL) + grasp_table_cols(NULL) + grasp_table_codes(NULL, 0), 0);
    ck_assert_int_eq(grasp_table_is_text(t, 2), 0);
    grasp_table_free(t);
    grasp_table_free(NULL);

    ASSERT_OK(ctx, grasp_params_create(ctx, "gdro", &params));
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, "x.csv", params, &t), GRASP_E_PARAM, "expected those of csv");
    grasp_params_free(params);
    ASSERT_OK(ctx, grasp_params_create(ctx, "csv", &params));
    ASSERT_STATUS(ctx, grasp_params_parse(ctx, params, "delimiter=;"), GRASP_E_PARAM, "comma|semicolon|tab|pipe");
    grasp_params_free(params);
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, NULL, NULL, &t), GRASP_E_ARG, "path is NULL");
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, "x.csv", NULL, NULL), GRASP_E_ARG, "out is NULL");
    grasp_context_free(ctx);
}
END_TEST

START_TEST(files_and_what_is_none)
{
    static const char *const name[] = {"comma", "semicolon", "tab", "pipe"};
    static const char mark[] = ",;\t|";
    grasp_context *ctx = test_context();
    grasp_table *t;
    grasp_params *params;
    folder f;
    char words[600], text[32], path[4200];
    static const double b[] = {2.5};
    folder_make(&f);
    ASSERT_OK(ctx, grasp_params_create(ctx, "csv", &params));
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "a%cb\n1%c2.5\n", mark[i], mark[i]);
        file_write(folder_path(&f, "t.csv"), text, strlen(text));
        ASSERT_OK(ctx, grasp_params_set_str(ctx, params, GRASP_KEY_DELIMITER, name[i]));
        ASSERT_OK(ctx, grasp_table_load_csv(ctx, folder_path(&f, "t.csv"), params, &t));
        assert_column(ctx, t, 1, b, 1);
        grasp_table_free(t);
    }
    grasp_params_free(params);
    snprintf(words, sizeof words, "grasp_table_load_csv: cannot open \"%s\": no such file or directory",
             folder_path(&f, "none"));
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, folder_path(&f, "none"), NULL, &t), GRASP_E_IO, words);
    ck_assert_ptr_null(t);
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, f.path, NULL, &t), GRASP_E_IO, "it is a directory");
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, folder_path(&f, "t.csv/x"), NULL, &t), GRASP_E_IO,
                  "a part of the path is no directory");
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, path, NULL, &t), GRASP_E_IO, "pp\": the name is too long");
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    folder_remove(&f);
    grasp_context_free(ctx);
}
END_TEST

/* ---- large tables ------------------------------------------------------------------------------------------------ */

enum { ROWS = 3000, COLS = 5, ROOM = ROWS * COLS * 40 };

/* Random numbers in columns 0 and 1, random texts in the others, written with quotes where they must or may stand. */
typedef struct sample {
    char *text;
    int64_t n;
    double number[ROWS][2];
    char word[ROWS][COLS - 2][12];
} sample;

static void write_sample(sample *s, uint64_t item)
{
    static const char alphabet[] = "ab,\"\n \r\n;x\xC3\xA9";
    grasp__rng rng = test_rng(item);
    char *at = s->text = malloc(ROOM);
    ck_assert_ptr_nonnull(at);
    at += sprintf(at, "p,q,r,s,t\n");
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < 2; j++) {
            s->number[i][j] = ldexp(grasp__rng_normal(&rng), (int)grasp__rng_below(&rng, 400) - 200);
            at += grasp__print_f64(at, s->number[i][j]);
            *at++ = ',';
        }
        for (int j = 0; j < COLS - 2; j++) {
            char *word = s->word[i][j];
            int64_t length = grasp__rng_below(&rng, sizeof s->word[i][j]);
            for (int64_t k = 0; k < length; k++)
                word[k] = alphabet[grasp__rng_below(&rng, sizeof alphabet - 1)];
            word[length] = '\0';
            if (i == 0) /* a text column must show one */
                strcpy(word, "text");
            bool quote = strpbrk(word, ",\"\r\n") != NULL || grasp__rng_below(&rng, 2) == 0;
            if (quote)
                *at++ = '"';
            for (const char *c = word; *c != '\0'; c++) {
                if (*c == '"')
                    *at++ = '"';
                *at++ = *c;
            }
            if (quote)
                *at++ = '"';
            *at++ = j == COLS - 3 ? '\n' : ',';
        }
    }
    s->n = at - s->text;
}

static void assert_sample(grasp_context *ctx, const grasp_table *t, const sample *s)
{
    static double number[ROWS];
    static int64_t code[ROWS];
    int64_t wrong = 0; /* an assertion for each field would take longer than reading it */
    ck_assert_int_eq(grasp_table_rows(t), ROWS);
    for (int j = 0; j < 2; j++) {
        ASSERT_OK(ctx, grasp_table_column_f64(ctx, t, j, number, ROWS));
        for (int i = 0; i < ROWS; i++)
            wrong += number[i] != s->number[i][j];
    }
    for (int j = 0; j < COLS - 2; j++) {
        int64_t next = 0;
        ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, j + 2, code, ROWS));
        for (int i = 0; i < ROWS; i++) {
            wrong += strcmp(grasp_table_code_text(t, j + 2, code[i]), s->word[i][j]) != 0;
            wrong += code[i] > next; /* numbered as they appear */
            next += code[i] == next;
        }
        ck_assert_int_eq(grasp_table_codes(t, j + 2), next);
    }
    ck_assert_int_eq(wrong, 0);
}

START_TEST(what_was_written_is_read)
{
    grasp_context *ctx = test_context();
    static sample s;
    for (int64_t i = 0; i < trials(3); i++) {
        grasp_table *t;
        trickle *slow;
        const char *path;
        write_sample(&s, (uint64_t)i);
        ck_assert_int_gt(s.n, 1 << 16); /* more than is read at once */
        ASSERT_OK(ctx, read_text(ctx, s.text, s.n, &t));
        assert_sample(ctx, t, &s);
        grasp_table_free(t);
        if (i == 0 && trickle_open(s.text, (size_t)s.n, &slow, &path)) {
            ASSERT_OK(ctx, grasp_table_load_csv(ctx, path, NULL, &t));
            trickle_close(slow);
            assert_sample(ctx, t, &s);
            grasp_table_free(t);
        }
        free(s.text);
    }
    grasp_context_free(ctx);
}
END_TEST

START_TEST(numbers_do_not_depend_on_the_locale)
{
    static const double a[] = {0.5};
    (void)locale_set_comma(); /* without one the numbers are right, too */
    grasp_context *ctx = test_context();
    grasp_table *t = must_read(ctx, "a,b\n0.5,\"0,5\"\n");
    assert_column(ctx, t, 0, a, 1);
    ck_assert_int_eq(grasp_table_is_text(t, 1), 1);
    grasp_table_free(t);
    grasp_context_free(ctx);
    locale_restore();
}
END_TEST

/* Against the counts that were published with the data. */
START_TEST(compas_has_its_published_counts)
{
    enum { N = 7214 };
    static const int64_t published[2][6] = {{368, 405, 124, 1120, 1390, 556}, {199, 247, 52, 767, 1654, 332}};
    static int64_t label[N], other[N], group[N];
    int64_t count[2][6] = {{0}}, recidivists = 0, col;
    const char *path = shared_path("data/compas/compas.csv");
    if (path == NULL)
        return;
    grasp_context *ctx = test_context();
    grasp_table *t;
    ASSERT_OK(ctx, grasp_table_load_csv(ctx, path, NULL, &t));
    ck_assert_int_eq(grasp_table_rows(t), N);
    ck_assert_int_eq(grasp_table_cols(t), 15);
    ASSERT_OK(ctx, grasp_table_find(ctx, t, "two_year_recid", &col));
    ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, col, label, N));
    ASSERT_OK(ctx, grasp_table_find(ctx, t, "is_recid", &col));
    ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, col, other, N));
    ASSERT_OK(ctx, grasp_table_find(ctx, t, "a", &col));
    ASSERT_OK(ctx, grasp_table_column_i64(ctx, t, col, group, N));
    for (int i = 0; i < N; i++) {
        count[label[i] != 0][group[i] % 6]++;
        recidivists += other[i];
    }
    ck_assert_mem_eq(count, published, sizeof count);
    ck_assert_int_eq(recidivists, 3471);
    grasp_table_free(t);
    grasp_context_free(ctx);
}
END_TEST

/* ---- damage and failure ------------------------------------------------------------------------------------------ */

static const char small[] = "\xEF\xBB\xBFid,\"na\"\"me\",x\r\n1,\"a\nb\",NA\r\n\r\n2,,-1.5e-3\n3,c,inf";

/* Whatever the bytes: a whole table or words, and every column answers. */
static void read_damaged(grasp_context *ctx, const char *text, int64_t n)
{
    grasp_table *t;
    double out[64];
    grasp_status s = read_text(ctx, text, n, &t);
    ck_assert_msg((s == GRASP_OK && t != NULL) || (s == GRASP_E_FORMAT && t == NULL), "%s: %s", grasp_status_name(s),
                  grasp_context_error(ctx));
    for (int64_t j = 0; j < grasp_table_cols(t); j++) {
        s = grasp_table_column_f64(ctx, t, j, out, grasp_table_rows(t));
        ck_assert(s == GRASP_OK || s == GRASP_E_NUMERIC);
    }
    grasp_table_free(t);
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
}

START_TEST(cuts_and_flipped_bits)
{
    grasp_context *ctx = test_context();
    const size_t n = sizeof small - 1;
    for (size_t i = 0; i <= n; i++) {
        char *part = malloc(i + 1); /* of its own size, so that a sanitizer sees a byte too many */
        memcpy(part, small, i);
        read_damaged(ctx, part, (int64_t)i);
        free(part);
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        char copy[sizeof small];
        memcpy(copy, small, sizeof small);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        read_damaged(ctx, copy, (int64_t)n);
    }
    grasp_context_free(ctx);
}
END_TEST

static grasp_status load_and_free(grasp_context *ctx, void *arg)
{
    grasp_table *t;
    grasp_status s = grasp_table_load_csv(ctx, arg, NULL, &t);
    ck_assert((s >= GRASP_OK) == (t != NULL));
    ck_assert(s != GRASP_CANCELLED || grasp_table_rows(t) == 0);
    grasp_table_free(t);
    return s;
}

/* Rows and bytes enough for progress calls within columns and between chunks. */
static size_t write_narrow(char *text)
{
    char *at = text;
    at += sprintf(at, "a,b\n");
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, "%d,x\n", i % 10);
    at += sprintf(at, "1,");
    memset(at, 'y', 70000);
    return (size_t)(at + 70000 - text);
}

START_TEST(survives_failing_allocations_cancels_and_limits)
{
    static char narrow[100000];
    static sample s;
    grasp_context *ctx = test_context();
    grasp_table *t;
    folder f;
    char path[600];
    folder_make(&f);
    snprintf(path, sizeof path, "%s", folder_path(&f, "t.csv"));
    file_write(path, small, sizeof small - 1);
    for_each_failing_allocation(load_and_free, path);
    file_write(path, narrow, write_narrow(narrow));
    ck_assert_int_ge(for_each_cancel(load_and_free, path), 3 + 2 + 2); /* chunks and the end; within columns; columns */
    write_sample(&s, 9);
    file_write(path, s.text, (size_t)s.n);
    /* The file's size is no promise of memory beyond a small multiple of it. */
    ASSERT_OK(ctx, grasp_table_load_csv(ctx, path, NULL, &t));
    uint64_t held = grasp_context_memory_used(ctx), peak = grasp_context_memory_peak(ctx);
    ck_assert_uint_lt(peak, 4 * (uint64_t)s.n + held);
    grasp_table_free(t);
    ASSERT_OK(ctx, grasp_context_set_memory_limit(ctx, peak / 2));
    ASSERT_STATUS(ctx, grasp_table_load_csv(ctx, path, NULL, &t), GRASP_E_MEMLIMIT, "");
    ck_assert_uint_eq(grasp_context_memory_used(ctx), 0);
    folder_remove(&f);
    free(s.text);
    grasp_context_free(ctx);
}
END_TEST

Suite *check_io_csv_suite(void)
{
    Suite *suite = suite_create("io_csv");
    TCase *all = tcase_create("all");
    tcase_add_test(all, one_table_many_spellings);
    tcase_add_test(all, text_is_coded_in_order_of_appearance);
    tcase_add_test(all, an_empty_line_is_a_field_of_a_single_column);
    tcase_add_test(all, missing_and_odd_values_are_told_when_asked_for);
    tcase_add_test(all, damage_is_refused_with_its_place);
    tcase_add_test(all, callers_mistakes);
    tcase_add_test(all, files_and_what_is_none);
    tcase_add_test(all, what_was_written_is_read);
    tcase_add_test(all, numbers_do_not_depend_on_the_locale);
    tcase_add_test(all, compas_has_its_published_counts);
    tcase_add_test(all, cuts_and_flipped_bits);
    tcase_add_test(all, survives_failing_allocations_cancels_and_limits);
    suite_add_tcase(suite, all);
    return suite;
}
