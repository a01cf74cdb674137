/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/io.h: files. Models, groups and gradients saved and loaded, tables from .csv, matrices from and to .npy,
 * gradients over a mapped .npy.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_IO_H
#define GRASP_IO_H

#include "grasp/gradients.h"
#include "grasp/groups.h"
#include "grasp/infer.h"
#include "grasp/linalg.h"
#include "grasp/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tables: .csv ------------------------------------------------------------------------------------------------ */

/** Named columns of equal length, numbers or coded text. Has one owner; immutable and readable from many threads. */
typedef struct grasp_table grasp_table;

#define GRASP_KEY_DELIMITER "delimiter" /**< csv: "comma" (default), "semicolon", "tab" or "pipe" */

/** Reads a .csv file (RFC 4180): a line of column names, each once and none empty, then rows of as many fields. Fields
 *  may be quoted, then hold delimiters and line ends, and a doubled quote for one. Lines end in LF or CRLF, the last
 *  one may lack it; a UTF-8 byte order mark, and lines without a character in tables of several columns, are passed
 *  over.
 *  A column is numeric if each of its fields is a decimal number or missing: empty, NA, NaN, null or ?, in any case.
 *  Blanks around names, numbers and these marks do not count. Any other column is text, coded 0, 1, ... in order of
 *  appearance; there every field, "" and NA too, is a text like others, with its blanks. Numbers are read correctly
 *  rounded in any locale. Parameters: "csv". Any file that can be read in one go will do, pipes too.
 *  GRASP_CANCELLED: *out has no rows. Errors: GRASP_E_IO with the path; GRASP_E_FORMAT with the line, as for a row of
 *  another number of fields or a quote that is not closed. Memory: up to about three times the file. */
GRASP_API grasp_status grasp_table_load_csv(grasp_context *ctx, const char *path, const grasp_params *params_or_null,
                                            grasp_table **out);
/** Frees a table; NULL does nothing. Any thread. */
GRASP_API void grasp_table_free(grasp_table *table);
GRASP_API int64_t grasp_table_rows(const grasp_table *table); /**< without the line of names; 0 for NULL */
GRASP_API int64_t grasp_table_cols(const grasp_table *table); /**< 0 for NULL */
/** Name of column col in [0, cols); NULL out of range. Lives as long as the table. */
GRASP_API const char *grasp_table_name(const grasp_table *table, int64_t col);
/** Number of the column so named. Errors: GRASP_E_ARG when there is none; the message names the nearest. O(cols). */
GRASP_API grasp_status grasp_table_find(grasp_context *ctx, const grasp_table *table, const char *name, int64_t *col);
/** 1 if the column is text, 0 if it is numeric or out of range. */
GRASP_API int32_t grasp_table_is_text(const grasp_table *table, int64_t col);
/** Distinct texts of a text column; 0 for numbers and out of range. */
GRASP_API int64_t grasp_table_codes(const grasp_table *table, int64_t col);
/** What code in [0, codes) stands for; NULL out of range. Lives as long as the table. */
GRASP_API const char *grasp_table_code_text(const grasp_table *table, int64_t col, int64_t code);
/** Copies a column's n = rows numbers, or its codes as numbers, to out (NULL allowed when n is 0). Errors:
 *  GRASP_E_NUMERIC names the first row, counted from 1 after the line of names, whose value is missing or infinite;
 *  GRASP_E_DIM, GRASP_E_ARG. On an error out is as it was. O(n). */
GRASP_API grasp_status grasp_table_column_f64(grasp_context *ctx, const grasp_table *table, int64_t col, double *out,
                                              int64_t n);
/** The same for whole numbers up to 2^53 in size, or codes. Errors: as above; GRASP_E_NUMERIC for another number. */
GRASP_API grasp_status grasp_table_column_i64(grasp_context *ctx, const grasp_table *table, int64_t col, int64_t *out,
                                              int64_t n);

/* ---- matrices: .npy ---------------------------------------------------------------------------------------------- */

/** Reads a .npy file (versions 1.0, 2.0, 3.0) of one dimension, as a column, or of two in C order. Little-endian f4
 *  stays float32 and u1 becomes it; f8, i8, i4, i2 become float64. Values may be NaN. GRASP_CANCELLED: *out holds the
 *  rows read so far. Errors: GRASP_E_IO with the path; GRASP_E_FORMAT for no or a damaged .npy file, data too short or
 *  too long; GRASP_E_DTYPE for other elements; GRASP_E_DIM for other dimensions; GRASP_E_UNSUPPORTED for Fortran order;
 *  GRASP_E_OVERFLOW for a shape beyond all memory; GRASP_E_NUMERIC names row and column of an integer above 2^53 in
 *  size. */
GRASP_API grasp_status grasp_matrix_load_npy(grasp_context *ctx, const char *path, grasp_matrix **out);
/** Maps the data of a .npy file of f4 or f8 into memory instead of reading them: O(1), and pages are read as they are
 *  used. Unmapped with the last reference. The matrix must not be written; the file must not be changed or cut
 *  meanwhile (a cut file ends the program by SIGBUS when the lost part is read). Not counted as memory used. Errors: as
 *  above; GRASP_E_DTYPE for other elements, GRASP_E_UNSUPPORTED for what is no regular file, or whose data are not
 *  aligned to their elements: grasp_matrix_load_npy() reads these. */
GRASP_API grasp_status grasp_matrix_map_npy(grasp_context *ctx, const char *path, grasp_matrix **out);
/** Writes a .npy file, version 1.0, f4 or f8, two dimensions in C order. It is written under another name beside `path`
 *  and renamed when it is complete and on the disk, so that a file already there is either kept or replaced, never half
 *  of it. GRASP_CANCELLED: nothing was written. Errors: GRASP_E_IO with the path. */
GRASP_API grasp_status grasp_matrix_save_npy(grasp_context *ctx, const grasp_matrix *matrix, const char *path);
/** Sealed dense gradients over the rows of a mapped .npy file, under the rules of grasp_matrix_map_npy(). The values
 *  are read once, to refuse NaN and infinity: GRASP_E_NUMERIC names row and column. */
GRASP_API grasp_status grasp_gradients_open_npy(grasp_context *ctx, const char *path, grasp_gradients **out);

/* ---- saved objects ----------------------------------------------------------------------------------------------- */

/* Little-endian on every machine, aligned to 64 bytes, checked by CRC32C: grasp-format(5). A file is written under
 * another name beside its target, flushed to the disk and renamed: whatever happens, the old file or the whole new one
 * is there.
 * Errors of all: GRASP_E_IO names path and reason; GRASP_E_FORMAT says what was found and expected where a file is of
 * another kind, damaged, cut, or newer than this library. Lengths in a file are believed only as far as bytes
 * arrive. */

/** Takes `len` bytes. GRASP_CB_OK to go on; GRASP_CB_STOP ends the call with GRASP_CANCELLED (what was written is to be
 *  thrown away), anything else with GRASP_E_CALLBACK. */
typedef int32_t (*grasp_write_fn)(void *user, const void *data, size_t len);
/** Fills at most `len` bytes and returns their number, 0 at the end, < 0 on a failure (GRASP_E_IO). May give fewer than
 *  asked for. A load reads to the end of the object and no further, so that several may follow each other. */
typedef int64_t (*grasp_read_fn)(void *user, void *data, size_t len);

/** Kind, layers and parameters of a built-in model; not its data. Custom models: GRASP_E_UNSUPPORTED. */
GRASP_API grasp_status grasp_model_save(grasp_context *ctx, const grasp_model *model, grasp_write_fn fn, void *user);
GRASP_API grasp_status grasp_model_save_file(grasp_context *ctx, const grasp_model *model, const char *path);
/** A model with the same parameters to the last bit, without data. */
GRASP_API grasp_status grasp_model_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_model **out);
GRASP_API grasp_status grasp_model_load_file(grasp_context *ctx, const char *path, grasp_model **out);

/** Labels and the number of groups, empty ones included. */
GRASP_API grasp_status grasp_groups_save(grasp_context *ctx, const grasp_groups *groups, grasp_write_fn fn, void *user);
GRASP_API grasp_status grasp_groups_save_file(grasp_context *ctx, const grasp_groups *groups, const char *path);
GRASP_API grasp_status grasp_groups_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_groups **out);
GRASP_API grasp_status grasp_groups_load_file(grasp_context *ctx, const char *path, grasp_groups **out);

/** Sealed gradients (else GRASP_E_STATE) in their form and element type; of a view, its rows. Loaded ones are sealed
 *  and hold equal bits. */
GRASP_API grasp_status grasp_gradients_save(grasp_context *ctx, const grasp_gradients *gradients, grasp_write_fn fn,
                                            void *user);
GRASP_API grasp_status grasp_gradients_save_file(grasp_context *ctx, const grasp_gradients *gradients,
                                                 const char *path);
GRASP_API grasp_status grasp_gradients_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_gradients **out);
GRASP_API grasp_status grasp_gradients_load_file(grasp_context *ctx, const char *path, grasp_gradients **out);

/** Groups, choices and scores of an inference, and what assigning needs: means, core samples' gradients, centres. A
 *  loaded one assigns as the saved one did; gradients of samples that are no cores are not kept. By gmm:
 *  GRASP_E_UNSUPPORTED. */
GRASP_API grasp_status grasp_inference_save(grasp_context *ctx, const grasp_inference *inference, grasp_write_fn fn,
                                            void *user);
GRASP_API grasp_status grasp_inference_save_file(grasp_context *ctx, const grasp_inference *inference,
                                                 const char *path);
GRASP_API grasp_status grasp_inference_load(grasp_context *ctx, grasp_read_fn fn, void *user, grasp_inference **out);
GRASP_API grasp_status grasp_inference_load_file(grasp_context *ctx, const char *path, grasp_inference **out);

#ifdef __cplusplus
}
#endif
#endif
