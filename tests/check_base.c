/* SPDX-License-Identifier: BSD-3-Clause
 * base: status, context, memory, messages, handles, progress, threads.
 */
#include "support.h"
START_TEST(status_names)
{
    ck_assert_str_eq(grasp_status_name(GRASP_E_DIM), "GRASP_E_DIM");
    ck_assert_str_eq(grasp_status_name(-9), "GRASP_UNKNOWN");
}
END_TEST
Suite *check_base_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *all = tcase_create("all");
    tcase_add_test(all, status_names);
    suite_add_tcase(suite, all);
    return suite;
}
