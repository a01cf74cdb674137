/* SPDX-License-Identifier: BSD-3-Clause
 * The header of .npy files: 6 bytes of magic, 2 of version, the header's length in 2 bytes (1.0) or 4 (2.0, 3.0), then
 * a Python dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (11788, 64), }, blanks and a line feed.
 * Read strictly: each key once, no other, nothing after it.
 */
#include "io/npy.h"

#include <string.h>

enum { LONGEST_HEADER = 1 << 16, MOST_DIMENSIONS = 32 };

typedef struct cursor {
    grasp_context *ctx;
    const char *path, *at, *end;
} cursor;

static grasp_status fail(cursor *c, const char *what)
{
    return grasp__fail(c->ctx, GRASP_E_FORMAT, "\"%s\": the .npy header %s", grasp__path_end(c->path), what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
}

/* Takes `what` if it comes next, after blanks. */
static bool take(cursor *c, const char *what)
{
    size_t n = strlen(what);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, what, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A quoted word without escapes. */
static bool take_word(cursor *c, const char **word, size_t *length)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    *word = c->at;
    while (c->at < c->end && *c->at != quote && *c->at != '\\')
        c->at++;
    if (c->at == c->end || *c->at != quote)
        return false;
    *length = (size_t)(c->at++ - *word);
    return true;
}

/* ---- the three values -------------------------------------------------------------------------------------------- */

static grasp_status read_descr(cursor *c, grasp__npy_header *h)
{
    static const struct {
        const char *name;
        grasp__npy_type type;
        int64_t width;
    } known[] = {{"<f4", GRASP__NPY_F4, 4}, {"<f8", GRASP__NPY_F8, 8}, {"|u1", GRASP__NPY_U1, 1},
                 {"<i2", GRASP__NPY_I2, 2}, {"<i4", GRASP__NPY_I4, 4}, {"<i8", GRASP__NPY_I8, 8}};
    const char *word;
    size_t length;
    if (take(c, "["))
        return grasp__fail(c->ctx, GRASP_E_DTYPE, "\"%s\" holds records, expected elements of f4, f8, u1, i2, i4 or i8",
                           grasp__path_end(c->path));
    if (!take_word(c, &word, &length))
        return fail(c, "has no word for descr");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (length == 3 && memcmp(word, known[i].name, 3) == 0) {
            h->type = known[i].type;
            h->width = known[i].width;
            return GRASP_OK;
        }
    const char *kind = "other";
    if (length > 0 && *word == '>')
        kind = "big-endian";
    else if (length > 0 && word[length - 1] == 'O')
        kind = "object";
    return grasp__fail(c->ctx, GRASP_E_DTYPE,
                       "\"%s\" holds %s elements (\"%.*s\"), expected little-endian f4, f8, u1, i2, i4 or i8",
                       grasp__path_end(c->path), kind, length < 20 ? (int)length : 20, word);
}

static grasp_status read_order(cursor *c)
{
    if (take(c, "False"))
        return GRASP_OK;
    if (!take(c, "True"))
        return fail(c, "has neither True nor False for fortran_order");
    return grasp__fail(c->ctx, GRASP_E_UNSUPPORTED,
                       "\"%s\" is in Fortran order, expected C order (numpy.ascontiguousarray makes it)",
                       grasp__path_end(c->path));
}

static grasp_status read_shape(cursor *c, grasp__npy_header *h)
{
    int64_t size[MOST_DIMENSIONS];
    int64_t n = 0;
    bool comma = true;
    if (!take(c, "("))
        return fail(c, "has no tuple for shape");
    while (!take(c, ")")) {
        size_t used;
        if (!comma || n == MOST_DIMENSIONS || c->at == c->end || *c->at < '0' || *c->at > '9')
            return fail(c, "has a shape that is no tuple of counts");
        if ((used = grasp__parse_i64(c->at, (size_t)(c->end - c->at), &size[n])) == 0)
            return grasp__fail(c->ctx, GRASP_E_OVERFLOW, "\"%s\" has a shape that does not fit 64 bits",
                               grasp__path_end(c->path));
        c->at += used;
        n++;
        comma = take(c, ",");
    }
    if (n == 1 && !comma)
        return fail(c, "has a shape that is no tuple of counts"); /* (3) is a number */
    if (n < 1 || n > 2)
        return grasp__fail(c->ctx, GRASP_E_DIM, "\"%s\" has %jd dimensions, expected 1 or 2", grasp__path_end(c->path),
                           (intmax_t)n);
    h->rows = size[0];
    h->cols = n == 2 ? size[1] : 1;
    return GRASP_OK;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

grasp_status grasp__npy_parse_header(grasp_context *ctx, const char *text, int64_t length, const char *path,
                                     grasp__npy_header *h)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    cursor c = {ctx, path, text, text + length};
    grasp_status s = GRASP_OK;
    bool seen[3] = {false};
    int64_t count;
    if (!take(&c, "{"))
        return fail(&c, "is no dictionary");
    while (!take(&c, "}")) {
        const char *word;
        size_t n, k = 0;
        if (!take_word(&c, &word, &n) || !take(&c, ":"))
            return fail(&c, "is no dictionary");
        while (k < 3 && (strlen(keys[k]) != n || memcmp(keys[k], word, n) != 0))
            k++;
        if (k == 3 || seen[k])
            return fail(&c, "has a key twice, or one beside descr, fortran_order and shape");
        seen[k] = true;
        s = k == 0 ? read_descr(&c, h) : k == 1 ? read_order(&c) : read_shape(&c, h);
        if (s != GRASP_OK)
            return s;
        if (!take(&c, ",") && (c.at == c.end || *c.at != '}'))
            return fail(&c, "is no dictionary");
    }
    skip_blanks(&c);
    if (c.at != c.end)
        return fail(&c, "goes on after its dictionary");
    if (!seen[0] || !seen[1] || !seen[2])
        return fail(&c, "lacks descr, fortran_order or shape");
    if (!grasp__mul_i64(h->rows, h->cols, &count) || !grasp__mul_i64(count, h->width, &h->bytes) ||
        !grasp__add_i64(h->bytes, 2 * LONGEST_HEADER, &count)) /* and where they end in the file */
        return grasp__fail(ctx, GRASP_E_OVERFLOW, "\"%s\" has %jd x %jd elements, more than any memory holds",
                           grasp__path_end(path), (intmax_t)h->rows, (intmax_t)h->cols);
    return GRASP_OK;
}

/* Fewer or more bytes than the shape needs. */
static grasp_status check_size(grasp_context *ctx, const grasp__input *in, const grasp__npy_header *h)
{
    if (in->size < 0 || in->size == h->data + h->bytes)
        return GRASP_OK;
    return grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" has %jd bytes of data, expected %jd x %jd elements of %jd bytes",
                       grasp__path_end(in->path), (intmax_t)(in->size - h->data), (intmax_t)h->rows, (intmax_t)h->cols,
                       (intmax_t)h->width);
}

static grasp_status read_exactly(grasp_context *ctx, grasp__input *in, void *buffer, int64_t n)
{
    int64_t got;
    grasp_status s = grasp__input_read(ctx, in, buffer, n, &got);
    if (s == GRASP_OK && got < n)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" ends within its .npy header", grasp__path_end(in->path));
    return s;
}

grasp_status grasp__npy_read_header(grasp_context *ctx, grasp__input *in, grasp__npy_header *h)
{
    uint8_t front[8], size[4] = {0};
    char *text = NULL;
    const uint16_t one = 1;
    *h = (grasp__npy_header){0};
    if (*(const uint8_t *)&one != 1)
        return grasp__fail(ctx, GRASP_E_UNSUPPORTED, ".npy files are read and written on little-endian machines only");
    grasp_status s = read_exactly(ctx, in, front, sizeof front);
    if (s == GRASP_OK && memcmp(front, "\x93NUMPY", 6) != 0)
        s = grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" is no .npy file", grasp__path_end(in->path));
    if (s == GRASP_OK && (front[6] < 1 || front[6] > 3 || front[7] != 0))
        s = grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" is of .npy version %d.%d, expected 1.0, 2.0 or 3.0",
                        grasp__path_end(in->path), front[6], front[7]);
    if (s == GRASP_OK)
        s = read_exactly(ctx, in, size, front[6] == 1 ? 2 : 4);
    if (s != GRASP_OK)
        return s;
    int64_t length = (int64_t)size[0] | (int64_t)size[1] << 8 | (int64_t)size[2] << 16 | (int64_t)size[3] << 24;
    if (length > LONGEST_HEADER)
        return grasp__fail(ctx, GRASP_E_FORMAT, "\"%s\" has a .npy header of %jd bytes, expected at most %d",
                           grasp__path_end(in->path), (intmax_t)length, (int)LONGEST_HEADER);
    s = grasp__alloc(ctx, length, 1, &text);
    if (s == GRASP_OK)
        s = read_exactly(ctx, in, text, length);
    if (s == GRASP_OK)
        s = grasp__npy_parse_header(ctx, text, length, in->path, h);
    grasp__free(text);
    h->data = in->taken;
    return s == GRASP_OK ? check_size(ctx, in, h) : s;
}
