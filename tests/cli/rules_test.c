// SPDX-License-Identifier: Apache-2.0
//
// What on a command line is a version of a bundle, and what a folder. The rest is in the tests of the commands.
#include "cli/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_a_version(void **state) {
    (void)state;
    static const char *const versions[] = {"active", "shop@3", "shop@18446744073709551615", "a@b@1"};
    static const char *const folders[] = {"shop",    "rules/shop", "./active", "./shop@3", "rules/shop@3",
                                          "shop@",   "shop@0",     "@3",       "shop@x",   "shop@3/",
                                          "shop@-1", "",           "shop@+1",  "3",        "shop@18446744073709551616"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) assert_true(rules_is_version(versions[i]));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (rules_is_version(folders[i])) fail_msg("%s", folders[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_a_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
