/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: how a table is read (the texts of each column, in order), and what it then becomes.
 */
#ifndef GRASP__IO_TABLE_H
#define GRASP__IO_TABLE_H

#include "grasp/io.h"
#include "io/file.h"

/* Texts one after another, each ended by a zero byte. */
typedef struct grasp__texts {
    char *bytes;
    int64_t used, room;
} grasp__texts;

grasp_status grasp__texts_append(grasp_context *ctx, grasp__texts *t, const char *bytes, int64_t n);
void grasp__texts_clear(grasp__texts *t);
/* Leaves the blanks at both ends out. */
void grasp__trim(const char **text, size_t *length);

/* Distinct texts, numbered in order of appearance; a hash table with open addressing finds them. */
typedef struct grasp__dictionary {
    grasp__texts texts;
    int64_t *start; /* `room` places in texts.bytes, `count` of them taken */
    int64_t count, room;
    int64_t *slot; /* `slots` numbers, or -1; a power of two, more than half of it free */
    int64_t slots;
} grasp__dictionary;

/* Number of a text; count grows if it is new. */
grasp_status grasp__dictionary_add(grasp_context *ctx, grasp__dictionary *d, const char *text, int64_t *number);
const char *grasp__dictionary_text(const grasp__dictionary *d, int64_t number);
/* Ends adding: gives back what only that needs. */
void grasp__dictionary_seal(grasp__dictionary *d);
void grasp__dictionary_clear(grasp__dictionary *d);

/* What a .csv file says, before anybody knows which columns are numbers. */
typedef struct grasp__raw_table {
    grasp__texts names;
    int64_t cols, rows; /* cols 0: the line of names is not complete */
    grasp__texts *column;
} grasp__raw_table;

grasp_status grasp__csv_read(grasp_context *ctx, grasp__input *in, char delimiter, grasp__raw_table *raw);
void grasp__raw_table_clear(grasp__raw_table *raw);

typedef struct grasp__column {
    const char *name;
    double *number;          /* rows, NaN where missing; NULL for text */
    int64_t *code;           /* rows; NULL for numbers */
    grasp__dictionary texts; /* of the codes */
} grasp__column;

struct grasp_table {
    grasp__object object;
    int64_t rows, cols;
    grasp__column *column; /* cols */
    grasp__texts names;
};

#define GRASP__TABLE_MAGIC GRASP__MAGIC('t', 'a', 'b', 'l')

/* The table of a .csv file. GRASP_CANCELLED: a table without rows. */
grasp_status grasp__table_read_csv(grasp_context *ctx, grasp__input *in, char delimiter, grasp_table **out);
/* Takes over the names, and turns the texts of each column into numbers or codes, freeing them one by one. */
grasp_status grasp__table_fill(grasp_context *ctx, grasp_table *t, grasp__raw_table *raw);
void grasp__table_drop_rows(grasp_table *t);

#endif
