// SPDX-License-Identifier: Apache-2.0
//
// Channels, rankings, placements.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static void test_what_they_say(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "channels: {mail: {title: E-mail}, chat: {}}\n"
                   "placements:\n"
                   "  b: {channel: web, title: Home, slots: 100, rank: r, ties: random}\n"
                   "  a: {channel: mail, ties: name}\n"
                   "rankings: {r: offer.weight}\n");
    const bundle *b = c.bundle;
    const bundle_placement *home = case_placement(&c, "b"), *mail = case_placement(&c, "a");
    assert_int_equal(b->channels_count, 3);
    assert_true(tact_str_equal(b->channels[0].name, TACT_STR("chat")));
    assert_true(tact_str_equal(b->channels[mail->channel].name, TACT_STR("mail")));
    assert_true(tact_str_equal(b->channels[mail->channel].title, TACT_STR("E-mail")));
    assert_true(tact_str_equal(b->channels[home->channel].title, TACT_STR("web")));
    assert_true(tact_str_equal(home->title, TACT_STR("Home")));
    assert_int_equal(home->slots, 100);
    assert_int_equal(mail->slots, 1);
    assert_true(home->ties_random);
    assert_false(mail->ties_random);
    assert_int_equal(home->fallback, -1);
    assert_int_equal(home->fallback_content, -1);
    assert_true(tact_str_equal(b->rankings[home->ranking].name, TACT_STR("r")));
    assert_int_equal(mail->ranking, 0);
    assert_string_equal(case_value(&c, b->rankings[0].rule.program, "propensity", "0.5", "offer.value", "3.0", NULL),
                        "1.5");
    case_close(&c);
}

static void test_a_ranking_is_a_double(void **state) {
    (void)state;
    assert_said("rankings: {a: offer.title, b: 'offer.value * 2'}\n",
                "wrong_result rankings.a: the expression must be of type double, but is string\n"
                "no_overload rankings.b: `*` does not take double and int (write 2.0)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_they_say),
        cmocka_unit_test(test_a_ranking_is_a_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
