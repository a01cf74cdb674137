/* SPDX-License-Identifier: BSD-3-Clause
 * grasp.hpp twice in one file, and in two files of one program.
 */
#ifndef GRASP_TESTS_CHECK_HPP_H
#define GRASP_TESTS_CHECK_HPP_H

#include <grasp.hpp>
#include <grasp.hpp>

/* Groups found in the other file, compiled without exceptions. */
int other_file();

#endif
