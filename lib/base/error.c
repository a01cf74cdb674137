/* SPDX-License-Identifier: BSD-3-Clause
 * Error messages: the formatter, the checks that every function makes, and the log.
 *
 * The formatter knows little, but allocates nothing and gives the same text in every locale. %g prints the shortest
 * decimal that reads back as the same number.
 */
#include "base/context.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Text being written: `size` counts the terminating zero. */
typedef struct writer {
    char *buffer;
    size_t size, length;
} writer;

static void put(writer *w, const char *text, size_t length)
{
    size_t room = w->size - 1 - w->length;
    size_t n = length < room ? length : room;
    memcpy(w->buffer + w->length, text, n);
    w->length += n;
}

static void put_unsigned(writer *w, uintmax_t value, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    if (negative)
        digits[--at] = '-';
    put(w, digits + at, sizeof digits - at);
}

/* A va_list handed on by its address: what one directive took is gone for the next. */
typedef struct arguments {
    va_list list;
} arguments;

enum { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE, LENGTH_MAX };

static int read_length(const char **p)
{
    switch (**p) {
    case 'z':
        ++*p;
        return LENGTH_SIZE;
    case 'j':
        ++*p;
        return LENGTH_MAX;
    case 'l':
        if (*++*p != 'l')
            return LENGTH_LONG;
        ++*p;
        return LENGTH_LONG_LONG;
    default:
        return LENGTH_INT;
    }
}

static intmax_t next_signed(arguments *a, int length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(a->list, long);
    case LENGTH_LONG_LONG:
        return va_arg(a->list, long long);
    case LENGTH_SIZE:
        return va_arg(a->list, ptrdiff_t);
    case LENGTH_MAX:
        return va_arg(a->list, intmax_t);
    default:
        return va_arg(a->list, int);
    }
}

static uintmax_t next_unsigned(arguments *a, int length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(a->list, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(a->list, unsigned long long);
    case LENGTH_SIZE:
        return va_arg(a->list, size_t);
    case LENGTH_MAX:
        return va_arg(a->list, uintmax_t);
    default:
        return va_arg(a->list, unsigned);
    }
}

static void put_string(writer *w, const char *text, int most)
{
    size_t n = 0;
    text = text == NULL ? "(null)" : text;
    while ((most < 0 || n < (size_t)most) && text[n] != '\0')
        n++;
    put(w, text, n);
}

static size_t format_list(char *buffer, size_t size, const char *format, arguments *a)
{
    writer w = {buffer, size, 0};
    if (size == 0)
        return 0;
    for (const char *p = format; *p != '\0';) {
        const char *start = p++;
        if (*start != '%') {
            put(&w, start, 1);
            continue;
        }
        int most = -1;
        if (p[0] == '.' && p[1] == '*') {
            most = va_arg(a->list, int);
            p += 2;
        }
        int length = read_length(&p);
        char text[GRASP__F64_TEXT];
        switch (*p++) {
        case 's':
            put_string(&w, va_arg(a->list, const char *), most);
            break;
        case 'd': {
            intmax_t value = next_signed(a, length);
            put_unsigned(&w, value < 0 ? 0 - (uintmax_t)value : (uintmax_t)value, value < 0);
            break;
        }
        case 'u':
            put_unsigned(&w, next_unsigned(a, length), false);
            break;
        case 'g':
            put(&w, text, grasp__print_f64(text, va_arg(a->list, double)));
            break;
        case 'c':
            text[0] = (char)va_arg(a->list, int);
            put(&w, text, 1);
            break;
        case '%':
            put(&w, "%", 1);
            break;
        default: /* what its argument would be is unknown: the rest is shown as it stands */
            put(&w, start, strlen(start));
            goto done;
        }
    }
done:
    buffer[w.length] = '\0';
    return w.length;
}

size_t grasp__format(char *buffer, size_t size, const char *format, ...)
{
    arguments a;
    va_start(a.list, format);
    size_t length = format_list(buffer, size, format, &a);
    va_end(a.list);
    return length;
}

grasp_status grasp__fail(grasp_context *ctx, grasp_status status, const char *format, ...)
{
    if (ctx == NULL)
        return status;
    arguments a;
    char text[GRASP__MESSAGE]; /* apart: an argument may be the present message */
    size_t length = ctx->function == NULL ? 0 : grasp__format(text, sizeof text, "%s: ", ctx->function);
    va_start(a.list, format);
    length += format_list(text + length, sizeof text - length, format, &a);
    va_end(a.list);
    memcpy(ctx->message, text, length);
    ctx->message[length] = '\0';
    return status;
}

void grasp__log(grasp_context *ctx, int32_t level, const char *format, ...)
{
    if (ctx->log == NULL || level > ctx->log_level)
        return;
    arguments a;
    char line[GRASP__MESSAGE];
    va_start(a.list, format);
    format_list(line, sizeof line, format, &a);
    va_end(a.list);
    ctx->log(ctx->log_hook.user, level, line);
}
