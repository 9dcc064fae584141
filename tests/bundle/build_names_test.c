// SPDX-License-Identifier: Apache-2.0
//
// Members by name: their numbers, references to them, bounds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static void test_numbers_are_in_the_order_of_names(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "offers: {b: {}, B: {}, a10: {}, a: {}, a1: {}}\n"
                   "placements: {z: {channel: web}, y: {channel: web}}\n"
                   "groups: {two: {}, one: {}}\nrankings: {r2: offer.value, r1: offer.value}\n");
    const char *const names[] = {"B", "a", "a1", "a10", "b"};
    for (int i = 0; i < 5; i++) {
        assert_true(tact_str_equal(c.bundle->offers[i].name, tact_str_from(names[i])));
        assert_int_equal(bundle_find_offer(c.bundle, tact_str_from(names[i])), i);
    }
    assert_int_equal(bundle_find_offer(c.bundle, TACT_STR("A")), -1);
    assert_int_equal(bundle_find_placement(c.bundle, TACT_STR("y")), 0);
    assert_int_equal(bundle_find_placement(c.bundle, TACT_STR("z")), 1);
    assert_true(tact_str_equal(c.bundle->groups[0].name, TACT_STR("one")));
    assert_int_equal(c.bundle->rankings_count, 3);
    assert_int_equal(c.bundle->rankings[0].name.len, 0); // the default
    assert_true(tact_str_equal(c.bundle->rankings[1].name, TACT_STR("r1")));
    case_close(&c);
}

static void test_the_same_from_any_order_of_files(void **state) {
    (void)state;
    const char *const files[] = {"offers: {b: {value: 1}}\n", "offers: {a: {value: 2}}\n"};
    for (int i = 0; i < 2; i++) {
        build_case c;
        case_open(&c);
        case_add_shop(&c);
        case_add(&c, "1.yaml", files[i]);
        case_add(&c, "2.yaml", files[1 - i]);
        case_build(&c, NULL);
        assert_non_null(c.bundle);
        assert_true(c.bundle->offers[0].value == 2.0);
        assert_true(c.bundle->offers[1].value == 1.0);
        case_close(&c);
    }
}

static void test_unknown_names(void **state) {
    (void)state;
    assert_said("offers: {winter: {group: aparel, purpose: markting}}\n"
                "groups: {apparel: {purpose: nobody}}\n"
                "placements: {home: {channel: web, fallback: wintr, rank: by_valu}}\n"
                "rankings: {by_value: offer.value}\n",
                "unknown_name offers.winter.group: there is no group `aparel` (did you mean `apparel`?)\n"
                "unknown_name offers.winter.purpose: there is no purpose `markting` (did you mean `marketing`?)\n"
                "unknown_name groups.apparel.purpose: there is no purpose `nobody`\n"
                "unknown_name placements.home.fallback: there is no offer `wintr` (did you mean `winter`?)\n"
                "unknown_name placements.home.rank: there is no ranking `by_valu` (did you mean `by_value`?)\n");
}

static void test_bounds(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, "rankings:\n");
    for (int i = 0; i <= BUNDLE_RANKINGS_MAX; i++) buf_printf(&text, "  r%d: offer.value\n", i);
    assert_said(buf_done(&text).ptr,
                "too_large rankings: `rankings` can have no more than 256 members, and this bundle has 257\n");
    arena_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_in_the_order_of_names),
        cmocka_unit_test(test_the_same_from_any_order_of_files),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
