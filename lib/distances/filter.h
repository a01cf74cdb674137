/* SPDX-License-Identifier: BSD-3-Clause
 * distances, for this room alone: what a filter goes by.
 */
#ifndef GRASP__DISTANCES_FILTER_H
#define GRASP__DISTANCES_FILTER_H

#include "distances/sketch.h"

/* NULL: values. */
grasp__sketch *grasp__filter_sketch(grasp__filter *f);

#endif
