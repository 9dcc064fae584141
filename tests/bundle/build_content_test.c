// SPDX-License-Identifier: Apache-2.0
//
// Content: the fields of placements, and what offers bring for them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define PLACES                                                                                                         \
    "placements:\n  home: {channel: web}\n  chat: {channel: chat, slots: 3}\n"                                         \
    "content:\n  home: {title: string, image: image, link: url?}\n  chat: {text: string}\n"

static void test_fields_and_lists(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES "offers:\n"
                          "  b: {content: {home: {title: B, image: /b}, chat: {text: b}}}\n"
                          "  a: {content: {chat: {text: a}}}\n"
                          "  c: {content: {home: {image: /c, title: C, link: /x}}}\n");
    const bundle *b = c.bundle;
    const bundle_placement *home = case_placement(&c, "home"), *chat = case_placement(&c, "chat");
    assert_int_equal(home->fields_count, 3);
    assert_true(tact_str_equal(home->fields[1].name, TACT_STR("image")));
    assert_int_equal(home->fields[1].kind, BUNDLE_FIELD_IMAGE);
    assert_false(home->fields[1].optional);
    assert_int_equal(home->fields[2].kind, BUNDLE_FIELD_URL);
    assert_true(home->fields[2].optional);
    assert_int_equal(b->contents_count, 4); // by offer, then placement
    const uint32_t offers[] = {0, 1, 1, 2};
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(b->contents[i].offer, offers[i]);
    assert_true(b->contents[1].placement < b->contents[2].placement);
    assert_int_equal(home->contents_count, 2);
    assert_int_equal(b->contents[home->contents[0]].offer, 1);
    assert_int_equal(b->contents[home->contents[1]].offer, 2);
    assert_int_equal(chat->contents_count, 2);
    assert_int_equal(b->contents[chat->contents[0]].offer, 0);
    const bundle_content *last = &b->contents[home->contents[1]];
    assert_int_equal(last->count, 3);
    assert_int_equal(last->texts[0].field, 1); // as they are written
    assert_int_equal(last->texts[1].field, 0);
    case_close(&c);
}

static void test_faults(void **state) {
    (void)state;
    assert_said(PLACES "offers:\n"
                       "  a: {content: {hom: {title: A}}}\n"
                       "  b: {content: {home: {titel: B, image: /b}}}\n"
                       "  c: {content: {home: {link: /c}}}\n"
                       "  d: {content: {home: d, chat: [d]}}\n"
                       "  e: {content: {chat: }}\n",
                "unknown_name offers.a.content.hom: there is no placement `hom` (did you mean `home`?)\n"
                "unknown_key offers.b.content.home.titel: `home` has no field `titel` (did you mean `title`?)\n"
                "missing_content offers.c.content.home: the content for `home` lacks `title`, `image`\n"
                "wrong_form offers.d.content.home: expected a map of fields such as {title: Winter}, not `d`\n"
                "wrong_form offers.d.content.chat: expected a map of fields such as {title: Winter}, not a list\n"
                "wrong_form offers.e.content.chat: expected a map of fields such as {title: Winter}\n");
}

static void test_faults_of_fields(void **state) {
    (void)state;
    assert_said(
        "placements:\n  home: {channel: web}\n  bare: {channel: web}\n"
        "content:\n  home: {title: strin, image: [a], text: string}\n  nowhere: {a: string}\n"
        "offers:\n  a: {content: {home: {title: [1], image: {}, text: t}, bare: {x: y}}}\n",
        "wrong_type content.home.title: there is no kind of field `strin` (did you mean `string`?)\n"
        "wrong_form content.home.image: expected a kind of field such as string, not a list\n"
        "unknown_name content.nowhere: there is no placement `nowhere`\n"
        "unknown_key offers.a.content.bare.x: `bare` has no field `x` (what offers bring for a placement is declared "
        "at the top, under `content`)\n");
}

static void test_what_is_declared_wrongly_spoils_no_offer(void **state) {
    (void)state;
    assert_said("placements: {home: {channel: web}}\ncontent: {home: [title]}\n"
                "offers: {a: {content: {home: {title: A}}}}\n",
                "wrong_form content.home: expected a map of fields to their kinds, not a list\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_and_lists),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_faults_of_fields),
        cmocka_unit_test(test_what_is_declared_wrongly_spoils_no_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
