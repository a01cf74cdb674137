/* SPDX-License-Identifier: BSD-3-Clause
 * io: files, as later rooms see them.
 */
#ifndef GRASP__IO_H
#define GRASP__IO_H

#include "base/base.h"
#include "grasp/io.h"

extern const grasp__param_table grasp__csv_params;

#endif
