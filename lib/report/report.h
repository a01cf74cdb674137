/* SPDX-License-Identifier: BSD-3-Clause
 * report: how rooms write one. Calling thread only, until the report is handed to the caller.
 *
 * Every writing function takes report NULL for "nobody wants to know" and then does nothing, so that an algorithm need
 * not ask.
 */
#ifndef GRASP__REPORT_H
#define GRASP__REPORT_H

#include "base/base.h"
#include "grasp/report.h"

/* An empty report with one owner; grasp_report_free() gives it back. */
grasp_status grasp__report_create(grasp_context *ctx, grasp_report **out);

/* Puts an entry at the end, or in place of the one of this name. Names and contents are copied. */
grasp_status grasp__report_put_value(grasp_context *ctx, grasp_report *report, const char *name, double value);
grasp_status grasp__report_put_text(grasp_context *ctx, grasp_report *report, const char *name, const char *text);
grasp_status grasp__report_put_series(grasp_context *ctx, grasp_report *report, const char *name, const double *values,
                                      int64_t n);
/* Makes a series longer by one number; it begins with the first. Amortised O(1) plus finding the name. */
grasp_status grasp__report_append(grasp_context *ctx, grasp_report *report, const char *name, double value);
/* Puts copies of all entries of `other` (NULL: none) under "prefix.name", or their own names with prefix "". Stops at
 * the first error. */
grasp_status grasp__report_merge(grasp_context *ctx, grasp_report *report, const char *prefix,
                                  const grasp_report *other);

/* Of a report of so many entries with short names, as it is filled; and of a series that grows to so many numbers. */
uint64_t grasp__report_price(int64_t entries);
uint64_t grasp__report_series_price(int64_t numbers);

#endif
