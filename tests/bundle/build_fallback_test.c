// SPDX-License-Identifier: Apache-2.0
//
// Fallbacks: nothing may be able to keep them away.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define PLACES                                                                                                         \
    "placements:\n  home: {channel: web, fallback: f}\n  chat: {channel: chat, fallback: f}\n"                         \
    "content:\n  home: {title: string}\n  chat: {text: string}\n"
#define CONTENT "    content: {home: {title: T}, chat: {text: x}}\n"

static void test_marked(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES "offers:\n  f:\n    group: g\n" CONTENT "  o:\n" CONTENT "groups: {g: {title: G}}\n");
    const bundle *b = c.bundle;
    const bundle_placement *home = case_placement(&c, "home");
    assert_true(case_offer(&c, "f")->fallback);
    assert_false(case_offer(&c, "o")->fallback);
    assert_int_equal(home->fallback, bundle_find_offer(b, TACT_STR("f")));
    assert_int_equal(b->contents[home->fallback_content].offer, home->fallback);
    assert_int_equal(b->contents[home->fallback_content].placement, bundle_find_placement(b, TACT_STR("home")));
    assert_int_equal(home->contents_count, 1); // never a candidate
    assert_int_equal(b->contents[home->contents[0]].offer, bundle_find_offer(b, TACT_STR("o")));
    case_close(&c);
}

static void test_restricted(void **state) {
    (void)state;
#define SAID(WHERE, KEY)                                                                                               \
    "restricted_fallback offers.f." WHERE ": the fallback of placement `chat` is restricted by `" KEY                  \
    " (a fallback is shown when nothing else is left, so that nothing may keep it away)\n"
    assert_said(
        PLACES
        "offers:\n  f:\n" CONTENT
        "    eligible: profile.recency > 1\n    applicable: 'true'\n    suitable: 'true'\n    purpose: marketing\n"
        "    caps: [{on: click, max: 1}]\n    starts: 2026-01-01\n    ends: 2027-01-01\n    group: g\n"
        "groups:\n  g: {purpose: marketing, per_answer: 1, eligible: 'true', caps: []}\n",
        SAID("eligible", "eligible`") SAID("applicable", "applicable`") SAID("suitable", "suitable`")
            SAID("purpose", "purpose`") SAID("caps", "caps`") SAID("starts", "starts`") SAID("ends", "ends`")
                SAID("group", "eligible` of its group `g`") SAID("group", "purpose` of its group `g`")
                    SAID("group", "per_answer` of its group `g`"));
}

static void test_content(void **state) {
    (void)state;
    assert_said(PLACES "offers:\n  f: {content: {home: {title: T}}}\n",
                "missing_content placements.chat.fallback: the fallback `f` has no content for `chat`\n");
    assert_said(PLACES "offers:\n  f: {content: {home: {titl: T}, chat: {text: x}}}\n",
                "unknown_key offers.f.content.home.titl: `home` has no field `titl` (did you mean `title`?)\n");
    assert_said(PLACES "offers:\n  g: {content: {home: {title: T}}}\n",
                "unknown_name placements.home.fallback: there is no offer `f`\n"
                "unknown_name placements.chat.fallback: there is no offer `f`\n");
}

static void test_texts(void **state) {
    (void)state;
    assert_said(
        PLACES "offers:\n  f: {content: {home: {title: 'Hi {{ profile.first_name }}'}, chat: {text: x}}}\n",
        "restricted_fallback offers.f.content.home.title: a text of a fallback must not depend on what may be missing "
        "(say what is to stand there then: {{ profile.first_name ?? \"there\" }})\n");
    assert_said(PLACES
                "offers:\n  f: {content: {home: {title: 'Hi {{ profile.first_name ?? \"you\" }}'}, chat: {text: x}}}\n",
                "");
    assert_said(PLACES "offers:\n  f: {content: {home: {title: '{{ offer.title + profile.language }}'}, "
                       "chat: {text: '{{ context.cart }}'}}}\n",
                "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_restricted),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
