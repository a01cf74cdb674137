/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/report.h: what a call did, as named values, series and texts.
 *
 * Part of <grasp.h>, the one header programs name.
 */
#ifndef GRASP_REPORT_H
#define GRASP_REPORT_H

#include "grasp/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Named entries, in the order in which the call made them. Immutable; reference counted; readable from many threads.
 *  The call that makes a report documents its names. A composite call prefixes those of its parts: "infer.score".
 *  A table is a set of series of equal length named "table.column". */
typedef struct grasp_report grasp_report;

/** Kinds of an entry. */
enum {
    GRASP_REPORT_VALUE  = 1, /**< one number */
    GRASP_REPORT_SERIES = 2, /**< numbers in order, such as one per epoch; may be empty */
    GRASP_REPORT_TEXT   = 3  /**< a word or a sentence */
};

/** One more owner. Returns its argument; NULL stays NULL. */
GRASP_API grasp_report *grasp_report_ref(grasp_report *report);
/** Drops an owner; the last one frees the report. */
GRASP_API void grasp_report_free(grasp_report *report);
/** Number of entries; 0 for NULL. */
GRASP_API int64_t grasp_report_count(const grasp_report *report);
/** Name of entry i in [0, count), NULL out of range. Lives as long as the report. */
GRASP_API const char *grasp_report_name(const grasp_report *report, int64_t i);
/** Kind of entry i: GRASP_REPORT_VALUE, _SERIES or _TEXT; 0 out of range. */
GRASP_API int32_t grasp_report_kind(const grasp_report *report, int64_t i);
/** Numbers in a series; -1 if no series has this name. */
GRASP_API int64_t grasp_report_length(const grasp_report *report, const char *name);
/** Reads a value. Errors: GRASP_E_ARG when no entry has this name (the message names the nearest), or it is no
 * value. */
GRASP_API grasp_status grasp_report_value(grasp_context *ctx, const grasp_report *report, const char *name,
                                          double *out);
/** Copies a series of `length` numbers to out (NULL allowed when length is 0). Errors: as above; GRASP_E_DIM when the
 *  series has another length, see grasp_report_length(). */
GRASP_API grasp_status grasp_report_series(grasp_context *ctx, const grasp_report *report, const char *name,
                                           double *out, int64_t length);
/** Points *out at a text, which lives as long as the report. Errors as above; *out is NULL then. */
GRASP_API grasp_status grasp_report_text(grasp_context *ctx, const grasp_report *report, const char *name,
                                         const char **out);

#ifdef __cplusplus
}
#endif
#endif
