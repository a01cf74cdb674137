/* SPDX-License-Identifier: BSD-3-Clause
 * Reading .csv files (RFC 4180): one pass over the bytes by an automaton, each field's text appended to its column.
 * O(bytes). Strict where a guess could shift values: a quote inside an unquoted field, text after a closing quote, a
 * lone carriage return and a zero byte are refused with their line.
 */
#include "io/io.h"
#include "io/table.h"

#include <string.h>

enum { CHUNK = 1 << 16 };

typedef enum state { START, PLAIN, QUOTED, CLOSED, RETURN } state; /* CLOSED: a quote that ends a field or is doubled */

typedef struct reader {
    grasp_context *ctx;
    grasp__raw_table *raw;
    const char *path; /* for messages */
    char delimiter;
    state state;
    int64_t line, quote_line; /* counted from 1; where the open quote stands */
    int64_t field, length;    /* the field at hand: its number in its row, and its bytes so far */
    bool quoted;              /* it began with a quote */
    bool ends_run[2][256];    /* bytes that need a look, outside and inside quotes */
} reader;

static grasp_status bad_line(reader *r, int64_t line, const char *what)
{
    return grasp__fail(r->ctx, GRASP_E_FORMAT, "\"%s\": line %jd has %s", grasp__path_end(r->path), (intmax_t)line,
                       what);
}

/* ---- fields and rows --------------------------------------------------------------------------------------------- */

static grasp_status append(reader *r, const char *bytes, int64_t n)
{
    grasp__raw_table *raw = r->raw;
    r->length += n;
    if (raw->cols == 0)
        return grasp__texts_append(r->ctx, &raw->names, bytes, n);
    return r->field < raw->cols ? grasp__texts_append(r->ctx, &raw->column[r->field], bytes, n) : GRASP_OK;
}

static grasp_status end_field(reader *r)
{
    grasp_status s = append(r, "", 1);
    r->field++;
    r->length = 0;
    r->quoted = false;
    r->state = START;
    return s;
}

/* Takes the blanks around each name away, and refuses empty names and names that come twice. */
static grasp_status check_names(reader *r)
{
    grasp__texts names = {0}, *all = &r->raw->names;
    grasp__dictionary seen = {0};
    grasp_status s = GRASP_OK;
    const char *at = all->bytes;
    for (int64_t i = 0; s == GRASP_OK && i < r->field; i++) {
        size_t whole = strlen(at), n = whole;
        const char *name = at;
        grasp__trim(&name, &n);
        at += whole + 1;
        int64_t start = names.used, number;
        if (n == 0)
            s = grasp__fail(r->ctx, GRASP_E_FORMAT, "\"%s\": field %jd of the line of names is empty",
                            grasp__path_end(r->path), (intmax_t)i + 1);
        if (s == GRASP_OK)
            s = grasp__texts_append(r->ctx, &names, name, (int64_t)n);
        if (s == GRASP_OK)
            s = grasp__texts_append(r->ctx, &names, "", 1);
        if (s == GRASP_OK)
            s = grasp__dictionary_add(r->ctx, &seen, names.bytes + start, &number);
        if (s == GRASP_OK && number < i)
            s = grasp__fail(r->ctx, GRASP_E_FORMAT, "\"%s\": fields %jd and %jd of the line of names are both \"%s\"",
                            grasp__path_end(r->path), (intmax_t)number + 1, (intmax_t)i + 1, names.bytes + start);
    }
    grasp__dictionary_clear(&seen);
    if (s != GRASP_OK) {
        grasp__texts_clear(&names);
        return s;
    }
    grasp__texts_clear(all);
    *all = names;
    return GRASP_OK;
}

static grasp_status end_names(reader *r)
{
    grasp_status s = check_names(r);
    if (s == GRASP_OK)
        s = grasp__alloc_zero(r->ctx, r->field, sizeof *r->raw->column, &r->raw->column);
    if (s == GRASP_OK)
        r->raw->cols = r->field;
    return s;
}

static grasp_status end_row(reader *r)
{
    grasp__raw_table *raw = r->raw;
    if (raw->cols > 1 && r->field == 0 && r->length == 0 && !r->quoted) { /* an empty line */
        r->state = START;
        return GRASP_OK;
    }
    grasp_status s = end_field(r);
    if (s == GRASP_OK && raw->cols == 0)
        s = end_names(r);
    else if (s == GRASP_OK && r->field != raw->cols)
        s = grasp__fail(r->ctx, GRASP_E_FORMAT, "\"%s\": row %jd, at line %jd, has %jd fields, expected %jd",
                        grasp__path_end(r->path), (intmax_t)raw->rows + 1, (intmax_t)r->line, (intmax_t)r->field,
                        (intmax_t)raw->cols);
    else if (s == GRASP_OK)
        raw->rows++;
    r->field = 0;
    return s;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

/* A byte that ends a field, or must not stand where it stands. */
static grasp_status punctuation(reader *r, char c)
{
    grasp_status s;
    if (c == r->delimiter)
        return end_field(r);
    switch (c) {
    case '\n':
        s = end_row(r);
        r->line++;
        return s;
    case '\r':
        r->state = RETURN;
        return GRASP_OK;
    case '\0':
        return bad_line(r, r->line, "a zero byte; expected text in UTF-8");
    case '"':
        if (r->state != START)
            return bad_line(r, r->line, "a quote inside a field that does not begin with one");
        r->state = QUOTED;
        r->quoted = true;
        r->quote_line = r->line;
        return GRASP_OK;
    default:
        return bad_line(r, r->line, "text after a closing quote");
    }
}

/* The byte after a run inside quotes. */
static grasp_status quoted_byte(reader *r, char c)
{
    if (c == '\0')
        return bad_line(r, r->line, "a zero byte; expected text in UTF-8");
    if (c == '"') {
        r->state = CLOSED;
        return GRASP_OK;
    }
    r->line += c == '\n';
    return append(r, &c, 1);
}

static grasp_status feed(reader *r, const char *bytes, int64_t n)
{
    grasp_status s = GRASP_OK;
    for (int64_t at = 0; s == GRASP_OK && at < n;) {
        int64_t from = at;
        const bool *stop = r->ends_run[r->state == QUOTED];
        switch (r->state) {
        case RETURN:
            if (bytes[at] != '\n')
                return bad_line(r, r->line, "a carriage return without a line feed");
            break;
        case CLOSED:
            if (bytes[at] == '"') {
                r->state = QUOTED;
                s = append(r, "\"", 1);
                at++;
                continue;
            }
            break;
        default:
            while (at < n && !stop[(unsigned char)bytes[at]])
                at++;
            if (at > from) {
                r->state = r->state == START ? PLAIN : r->state;
                s = append(r, bytes + from, at - from);
            }
            if (s != GRASP_OK || at == n)
                continue;
        }
        s = r->state == QUOTED ? quoted_byte(r, bytes[at]) : punctuation(r, bytes[at]);
        at++;
    }
    return s;
}

static grasp_status finish(reader *r)
{
    if (r->state == QUOTED)
        return bad_line(r, r->quote_line, "a quote that is not closed");
    if (r->state != START || r->field > 0) { /* the last line has no line feed */
        grasp_status s = end_row(r);
        if (s != GRASP_OK)
            return s;
    }
    if (r->raw->cols == 0)
        return grasp__fail(r->ctx, GRASP_E_FORMAT, "\"%s\" is empty, expected a line of names",
                           grasp__path_end(r->path));
    return GRASP_OK;
}

grasp_status grasp__csv_read(grasp_context *ctx, grasp__input *in, char delimiter, grasp__raw_table *raw)
{
    reader r = {.ctx = ctx, .raw = raw, .path = in->path, .delimiter = delimiter, .line = 1};
    char *chunk;
    int64_t n;
    const char outside[] = {delimiter, '\n', '\r', '"', '\0'}, inside[] = {'\n', '"', '\0'};
    for (size_t i = 0; i < sizeof outside; i++)
        r.ends_run[0][(unsigned char)outside[i]] = true;
    for (size_t i = 0; i < sizeof inside; i++)
        r.ends_run[1][(unsigned char)inside[i]] = true;
    grasp_status s = grasp__alloc(ctx, CHUNK, 1, &chunk);
    if (s != GRASP_OK)
        return s;
    for (bool first = true; s == GRASP_OK; first = false) {
        s = grasp__tick(ctx, in->taken, in->size);
        if (s == GRASP_OK)
            s = grasp__input_read(ctx, in, chunk, CHUNK, &n);
        if (s != GRASP_OK || n == 0)
            break;
        int64_t mark = first && n >= 3 && memcmp(chunk, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        s = feed(&r, chunk + mark, n - mark);
    }
    if (s == GRASP_OK)
        s = finish(&r);
    grasp__free(chunk);
    return s;
}

void grasp__raw_table_clear(grasp__raw_table *raw)
{
    for (int64_t i = 0; i < raw->cols; i++)
        grasp__texts_clear(&raw->column[i]);
    grasp__free(raw->column);
    grasp__texts_clear(&raw->names);
    *raw = (grasp__raw_table){0};
}
