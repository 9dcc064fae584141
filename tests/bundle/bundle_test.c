// SPDX-License-Identifier: Apache-2.0
//
// The bundle as others see it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static void test_counters_keep_their_keys(void **state) {
    (void)state;
    // Stored: these never change.
    assert_true(bundle_tally(TACT_STR("offer:womens_winter"), TACT_STR("impression")) == UINT64_C(0x9e1c42620d953db7));
    assert_true(bundle_tally(TACT_STR("offer:a"), TACT_STR("click")) !=
                bundle_tally(TACT_STR("offer:a"), TACT_STR("decision")));
    assert_true(bundle_tally(TACT_STR("offer:a"), TACT_STR("click")) !=
                bundle_tally(TACT_STR("group:a"), TACT_STR("click")));
    assert_true(bundle_tally(TACT_STR("ab"), TACT_STR("c")) != bundle_tally(TACT_STR("a"), TACT_STR("bc")));
}

static void test_bytes(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "placements: {home: {channel: web}}\n");
    size_t hot, all = bundle_bytes(c.bundle, &hot);
    assert_true(hot > 0 && all > hot);
    assert_int_equal(bundle_bytes(c.bundle, NULL), all);
    case_close(&c);
    bundle_free(NULL);
}

static void test_finding(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add(&c, "bundle.yaml", "bundle: nothing\n");
    case_build(&c, NULL);
    assert_non_null(c.bundle);
    assert_int_equal(bundle_find_offer(c.bundle, TACT_STR("a")), -1);
    assert_int_equal(bundle_find_placement(c.bundle, TACT_STR("a")), -1);
    assert_int_equal(bundle_find_context(c.bundle, TACT_STR("a")), -1);
    assert_true(tact_str_equal(c.bundle->time_zone, TACT_STR("UTC")));
    assert_true(tact_str_equal(c.bundle->title, TACT_STR("nothing")));
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_keep_their_keys),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
