// SPDX-License-Identifier: Apache-2.0
//
// What decisions begin with: which of a placement's offers have dates, a purpose or rules, their groups' included, and
// over which tiers of rules there is an index. Offers are in the order of their names: the sets are read from there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define PLACES                                                                                                         \
    "placements:\n  home: {channel: web, fallback: f}\n  chat: {channel: chat}\n"                                      \
    "content:\n  home: {title: string}\n  chat: {text: string}\n"
#define HOME "    content: {home: {title: T}}\n"
#define BOTH "    content: {home: {title: T}, chat: {text: x}}\n"

static void test_sets(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES "groups: {g: {purpose: marketing, applicable: profile.recency > 2}}\n"
                          "offers:\n"
                          "  a:\n" BOTH "    starts: 2026-01-01\n"
                          "  b:\n" HOME "    group: g\n"
                          "  c:\n" HOME "    purpose: marketing\n    ends: 2027-01-01\n"
                          "  d:\n" BOTH "    eligible: profile.recency < 9\n    group: g\n"
                          "  f:\n" HOME); // the fallback, and no candidate
    const bundle_candidates *home = &case_placement(&c, "home")->candidates;
    assert_int_equal(home->words, 1);
    assert_int_equal(home->all[0], 0x0f);
    assert_int_equal(home->dated[0], 0x05);
    assert_int_equal(home->with_purpose[0], 0x0e);
    assert_int_equal(home->ruled[BUNDLE_ELIGIBLE][0], 0x08);
    assert_int_equal(home->ruled[BUNDLE_APPLICABLE][0], 0x0a);
    assert_int_equal(home->ruled[BUNDLE_SUITABLE][0], 0);
    assert_non_null(home->index[BUNDLE_ELIGIBLE]);
    assert_non_null(home->index[BUNDLE_APPLICABLE]);
    assert_null(home->index[BUNDLE_SUITABLE]);
    const bundle_candidates *chat = &case_placement(&c, "chat")->candidates;
    assert_int_equal(chat->all[0], 0x03);
    assert_int_equal(chat->dated[0], 0x01);
    assert_int_equal(chat->ruled[BUNDLE_ELIGIBLE][0], 0x02);
    case_close(&c);
}

static void test_none(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES "offers:\n  f:\n" HOME);
    assert_int_equal(case_placement(&c, "chat")->candidates.words, 0);
    assert_null(case_placement(&c, "chat")->candidates.index[BUNDLE_ELIGIBLE]);
    case_close(&c);
}

// What an offer's own values decide is not the person's, and is no part of an index.
static void test_of_offers(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES "offers:\n  a:\n" HOME "    value: 5\n    eligible: offer.value > 3.0\n  f:\n" HOME);
    const bundle_candidates *home = &case_placement(&c, "home")->candidates;
    assert_int_equal(home->ruled[BUNDLE_ELIGIBLE][0], 1);
    assert_null(home->index[BUNDLE_ELIGIBLE]);
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_of_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
