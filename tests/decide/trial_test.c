// SPDX-License-Identifier: Apache-2.0
//
// Tests that bundles bring with them: that those of the example pass, that one which is wrong fails with what was
// expected, what came and why, and that the person is made up as docs/bundle.md says.
#include "decide/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "../bundle/build_case.h"
#include "engine/publish.h"

#define PLACES                                                                                                         \
    "placements:\n  home: {channel: web, slots: 2, fallback: f}\n  chat: {channel: chat}\n"                            \
    "content: {home: {title: string}, chat: {text: string}}\n"                                                         \
    "offers:\n  f: {content: {home: {title: F}}}\n"

// The bundle of the text, and what its tests say; they fail `failed` times.
static void assert_tests(const char *text, uint32_t failed, const char *said) {
    build_case c;
    open_built(&c, text);
    c.report.count = c.report.warnings = 0; // warnings are another matter
    assert_int_equal(trial_run(c.bundle, &c.report), failed);
    assert_string_equal(case_said(&c), said);
    case_close(&c);
}

static void check_folder(const char *folder) {
    arena a;
    publish_files f;
    bundle *b = NULL;
    arena_init(&a, 0);
    assert_true(publish_read_folder(&f, &a, folder));
    assert_int_equal(bundle_compile(&f.draft, NULL, &b), TACT_OK);
    assert_true(b->tests_count > 0);
    if (trial_run(b, &f.report)) fail_msg("%s", report_text(&f.report).ptr);
    bundle_free(b);
    arena_fini(&a);
}

static void the_examples_pass(void **state) {
    (void)state;
    check_folder("rules/shop");
    check_folder("rules/hillstrom");
}

#define O(rest) "  o: {content: {home: {title: O}}, " rest "}\n"
#define T(rest) "tests: [{name: t, now: 2026-12-01T10:00:00Z, " rest "}]\n"

static void every_stage_is_told_with_its_reason(void **state) {
    (void)state;
    static const struct {
        const char *offer, *person, *why;
    } rows[] = {
        {O("starts: 2026-12-24"), "", "removed at `dates`: it has not started yet"},
        {O("ends: 2026-11-24"), "", "removed at `dates`: it has ended"},
        {O("purpose: marketing"), "", "removed at `consent`: `marketing` is not granted"},
        {O("eligible: profile.recency > 3"), "recency: 2",
         "removed at `eligible`: `profile.recency > 3` of offers.o.eligible is false"},
        {O("applicable: profile.recency > 3"), "",
         "removed at `applicable`: `profile.recency > 3` of offers.o.applicable has no value: `profile.recency`: "
         "attribute is absent: it is unset"},
        {O("suitable: 'profile.recency > 3'"), "recency: 3",
         "removed at `suitable`: `profile.recency > 3` of offers.o.suitable is false"},
        {O("caps: [{on: click, max: 2, every: 7d}]"),
         "events: [{type: click, offer: o, ago: 1d}, {type: click, offer: o, ago: 6d}]",
         "removed at `caps`: offers.o.caps[0] leaves no room: 2 of 2"},
        {O("propensity: 1.0 / 0.0"), "", "removed at `score`: `propensity * offer.value` of rankings is "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        build_case c;
        char text[2000];
        snprintf(text, sizeof text, PLACES "%s" T("person: {%s}, decide: {home: }, expect: {home: [o]}"), rows[i].offer,
                 rows[i].person);
        open_built(&c, text);
        c.report.count = c.report.warnings = 0;
        assert_int_equal(trial_run(c.bundle, &c.report), 1);
        const char *said = case_said(&c);
        const char *head = "test_failed tests[0]: the test `t`: `home` was to show [o] and shows [f] (o was ";
        if (strncmp(said, head, strlen(head)) != 0 || !strstr(said, rows[i].why)) fail_msg("%s", said);
        case_close(&c);
    }
}

static void what_is_right_says_nothing(void **state) {
    (void)state;
    assert_tests(PLACES O("") T("decide: {home: }, expect: {home: [o]}"), 0, "");
    assert_tests(PLACES O("purpose: marketing") T("decide: {home: }, expect: {home: [f]}, because: {o: consent}"), 0,
                 "");
    assert_tests(PLACES O("purpose: marketing")
                     T("person: {consent: {marketing: granted}}, decide: {home: }, expect: {home: [o]}"),
                 0, "");
    assert_tests(PLACES O("eligible: context.cart > 3.0") T("decide: {home: {cart: 4}}, expect: {home: [o]}"), 0, "");
    // It brings content for one of the two alone: the other says nothing of it.
    assert_tests(PLACES O("eligible: 'false'")
                     T("decide: {home: , chat: }, expect: {home: [f], chat: []}, because: {o: eligible}"),
                 0, "");
    assert_tests(PLACES O("") T("decide: {chat: }, because: {o: content}"), 0, "");
    assert_tests(PLACES O("") T("decide: {home: }, because: {f: rank}"), 0, "");
}

static void what_is_wrong_says_what_came(void **state) {
    (void)state;
    assert_tests(PLACES O("") T("decide: {home: }, expect: {home: []}"), 1,
                 "test_failed tests[0]: the test `t`: `home` was to show [] and shows [o]\n");
    assert_tests(PLACES O("value: 2") "  p: {content: {home: {title: P}}, value: 1}\n" T(
                     "decide: {home: }, expect: {home: [p, o]}"),
                 1, "test_failed tests[0]: the test `t`: `home` was to show [p, o] and shows [o, p]\n");
    assert_tests(PLACES O("") T("decide: {home: }, because: {o: caps}"), 1,
                 "test_failed tests[0]: the test `t`: `caps` was to keep o away, and `home` shows it\n");
    assert_tests(
        PLACES O("purpose: marketing") T("decide: {home: }, because: {o: eligible}"), 1,
        "test_failed tests[0]: the test `t`: `eligible` was to keep o away from `home`, and something else did "
        "(o was removed at `consent`: `marketing` is not granted)\n");
    assert_tests(PLACES O("") T("decide: {chat: }, because: {o: consent}"), 1,
                 "test_failed tests[0]: the test `t`: `consent` was to keep o away, which has no content for any "
                 "placement that is decided (the reason is `content`)\n");
}

static void events_make_aggregates_and_counts(void **state) {
    (void)state;
    // In its window or not.
    assert_tests(PLACES O("eligible: profile.purchases == 1")
                     T("person: {events: [{type: purchase, ago: 3d}, {type: purchase, ago: 100d}]}, decide: {home: }, "
                       "expect: {home: [o]}"),
                 0, "");
    // An event of the schema that is of an offer counts for its caps, and one that is not does not.
    assert_tests(PLACES O("caps: [{on: purchase, max: 1}]")
                     T("person: {events: [{type: purchase, offer: o, ago: 1h}]}, decide: {home: }, because: {o: caps}"),
                 0, "");
    assert_tests(PLACES O("caps: [{on: purchase, max: 1}]")
                     T("person: {events: [{type: purchase, ago: 1h}]}, decide: {home: }, expect: {home: [o]}"),
                 0, "");
    // What happened counts for everyone as well.
    assert_tests(PLACES O("caps: [{on: impression, max: 1, every: 7d, scope: everyone}]")
                     T("person: {events: [{type: impression, offer: o, ago: 6d}]}, decide: {home: }, "
                       "because: {o: caps}"),
                 0, "");
    assert_tests(PLACES O("caps: [{on: impression, max: 1, every: 7d, scope: everyone}]")
                     T("person: {events: [{type: impression, offer: o, ago: 7d}]}, decide: {home: }, "
                       "expect: {home: [o]}"),
                 0, "");
}

static void experiments_and_holdouts_do_not_reach_tests(void **state) {
    (void)state;
    assert_tests(PLACES O("") "holdout: {percent: 100}\n"
                              "experiments: {e: {arms: {a: 100}, set: {a: {rank: none}}}}\n"
                              "rankings: {none: 0.0 / 0.0}\n" T("decide: {home: }, expect: {home: [o]}"),
                 0, "");
}

static void memory_may_run_out(void **state) {
    (void)state;
    build_case c;
    open_built(&c, PLACES O("") T("decide: {home: }, expect: {home: [o]}"));
    c.memory.bytes_max = 64; // of the test, too
    assert_int_equal(trial_run(c.bundle, &c.report), 1);
    assert_int_equal(c.report.code, TACT_NO_MEMORY);
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_pass),
        cmocka_unit_test(every_stage_is_told_with_its_reason),
        cmocka_unit_test(what_is_right_says_nothing),
        cmocka_unit_test(what_is_wrong_says_what_came),
        cmocka_unit_test(events_make_aggregates_and_counts),
        cmocka_unit_test(experiments_and_holdouts_do_not_reach_tests),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
