/* SPDX-License-Identifier: BSD-3-Clause
 * grasp.h: the one header of libgrasp. Its parts stand in the order in which data flow; see grasp(3).
 */
#ifndef GRASP_H
#define GRASP_H

#include "grasp/base.h"
#include "grasp/report.h"
#include "grasp/linalg.h"
#include "grasp/groups.h"
#include "grasp/model.h"
#include "grasp/gradients.h"
#include "grasp/distances.h"
#include "grasp/cluster.h"
#include "grasp/metrics.h"
#include "grasp/sweep.h"
#include "grasp/train.h"
#include "grasp/infer.h"
#include "grasp/io.h"
#include "grasp/api.h"

#endif
