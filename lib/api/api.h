/* SPDX-License-Identifier: BSD-3-Clause
 * api: the last room. Nothing stands above it, so it shows nothing but its public header.
 */
#ifndef GRASP__API_H
#define GRASP__API_H

#include "base/base.h"
#include "grasp/api.h"

#endif
