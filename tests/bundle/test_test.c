// SPDX-License-Identifier: Apache-2.0
//
// The tests that a bundle brings with it, as they are read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"
#include "bundle/test.h"

#define SHOP                                                                                                           \
    "placements:\n  home: {channel: web, slots: 2, fallback: f}\n  chat: {channel: chat}\n"                            \
    "content:\n  home: {title: string}\n  chat: {text: string}\n"                                                      \
    "offers:\n  f: {content: {home: {title: F}}}\n  o: {content: {home: {title: O}, chat: {text: o}}, purpose: "       \
    "marketing}\n"

static void test_what_they_say(void **state) {
    (void)state;
    build_case c;
    open_built(&c, SHOP "  p: {content: {home: {title: P}}}\ntests:\n"
                        "  - name: the first\n    now: 2026-12-01T10:00:00Z\n"
                        "    person:\n      recency: 10\n      tags: [a, b]\n      consent: {marketing: granted, "
                        "personalization: denied}\n"
                        "      events:\n"
                        "        - {type: purchase, ago: 3d, amount: 10, category: shoes}\n"
                        "        - {type: impression, offer: o, placement: home, ago: 1h}\n"
                        "        - {type: purchase, time: 2026-11-30}\n"
                        "    decide: {home: {device: mobile, cart: 5.5}, chat: {}}\n"
                        "    expect: {home: [o, f], chat: []}\n"
                        "    because: {p: consent}\n"
                        "  - {name: the second, now: 2026-12-01, decide: {chat: }, because: {o: caps}}\n");
    const bundle *b = c.bundle;
    const bundle_test *t = &b->tests[0];
    assert_int_equal(b->tests_count, 2);
    assert_true(tact_str_equal(t->name, TACT_STR("the first")));
    assert_int_equal(t->now_ms, INT64_C(1796119200000));
    assert_int_equal(t->values_count, 2);
    assert_int_equal(t->values[0].number, schema_find_attribute(b->schema, TACT_STR("recency")));
    assert_int_equal(t->values[0].value.as.i, 10);
    assert_int_equal(t->values[1].value.len, 2);
    assert_int_equal(t->consents_count, 2);
    assert_int_equal(t->consents[0].purpose, schema_find_purpose(b->schema, TACT_STR("marketing")));
    assert_true(t->consents[0].granted);
    assert_false(t->consents[1].granted);
    assert_int_equal(t->events_count, 3);
    const bundle_test_event *bought = &t->events[0], *seen = &t->events[1];
    assert_int_equal(bought->on, BUNDLE_ON_EVENT);
    assert_int_equal(bought->event, schema_find_event(b->schema, TACT_STR("purchase")));
    assert_int_equal(bought->time_ms, t->now_ms - INT64_C(3) * 86400000);
    assert_int_equal(bought->properties_count, 2);
    assert_int_equal(bought->properties[0].kind, TACT_DOUBLE);
    assert_true(bought->properties[0].as.d == 10.0);
    assert_string_equal(tact_value_print(bought->properties[1], &c.memory).ptr, "\"shoes\"");
    assert_int_equal(bought->offer, -1);
    assert_int_equal(seen->on, BUNDLE_ON_IMPRESSION);
    assert_int_equal(seen->offer, bundle_find_offer(b, TACT_STR("o")));
    assert_int_equal(seen->placement, bundle_find_placement(b, TACT_STR("home")));
    assert_int_equal(t->events[2].time_ms, INT64_C(1795993200000)); // midnight in Berlin
    assert_int_equal(t->events[2].properties[0].kind, TACT_NULL);
    assert_int_equal(t->decisions_count, 2);
    const bundle_test_decision *home = &t->decisions[0], *chat = &t->decisions[1];
    assert_int_equal(home->placement, bundle_find_placement(b, TACT_STR("home")));
    assert_int_equal(home->context_count, 2);
    assert_int_equal(home->context[1].number, bundle_find_context(b, TACT_STR("cart")));
    assert_true(home->context[1].value.as.d == 5.5);
    assert_true(home->expects && chat->expects);
    assert_int_equal(home->expected_count, 2);
    assert_int_equal(home->expected[1], bundle_find_offer(b, TACT_STR("f")));
    assert_int_equal(chat->expected_count, 0);
    assert_int_equal(t->reasons_count, 1);
    assert_int_equal(t->reasons[0].stage, BUNDLE_STAGE_CONSENT);
    assert_string_equal(bundle_stage_name(t->reasons[0].stage), "consent");
    assert_int_equal(b->tests[1].now_ms, INT64_C(1796079600000)); // midnight in Berlin
    assert_false(b->tests[1].decisions[0].expects);
    case_close(&c);
}

static void test_faults_of_the_person(void **state) {
    (void)state;
#define TEST "tests:\n  - name: t\n    now: 2026-12-01T10:00:00Z\n    decide: {home: {}}\n    expect: {home: [f]}\n"
    assert_said(
        SHOP TEST "    person:\n      recencey: 1\n      recency: -1\n      history: much\n      tier: bronze\n      "
                  "purchases: 3\n"
                  "      consent: {marketing: yes, marketin: granted}\n"
                  "",
        "unknown_name tests[0].person.recencey: there is no attribute `recencey` (did you mean `recency`?)\n"
        "invalid tests[0].person.recency: attribute `recency`: less than its min\n"
        "wrong_type tests[0].person.history: expected a number such as 1.5, not `much`\n"
        "invalid tests[0].person.tier: attribute `tier`: \"bronze\" is not one of its values\n"
        "invalid tests[0].person.purchases: `purchases` comes from events: a test gives those (events: [{type: "
        "purchase, "
        "ago: 3d}])\n"
        "wrong_form tests[0].person.consent.marketing: expected granted or denied, not `yes`\n"
        "unknown_name tests[0].person.consent.marketin: there is no purpose `marketin` (did you mean `marketing`?)\n");
}

static void test_faults_of_events(void **state) {
    (void)state;
    assert_said(
        SHOP TEST "    person:\n      events:\n        - {type: purchas}\n        - {ago: 3d}\n"
                  "        - {type: purchase, amount: ten, amout: 1, ago: 1d}\n"
                  "        - {type: click, offer: x, placement: hom, amount: 1, ago: soon}\n        - purchase\n",
        "unknown_name tests[0].person.events[0]: there is no event `purchas` (did you mean `purchase`?)\n"
        "missing_key tests[0].person.events[1]: an event needs a `type`\n"
        "wrong_type tests[0].person.events[2]: expected a number such as 1.5, not `ten`\n"
        "unknown_name tests[0].person.events[2]: there is no property `amout` (did you mean `amount`?)\n"
        "unknown_name tests[0].person.events[3]: there is no offer `x`\n"
        "unknown_name tests[0].person.events[3]: there is no placement `hom` (did you mean `home`?)\n"
        "unknown_name tests[0].person.events[3]: there is no property `amount`\n"
        "wrong_form tests[0].person.events[3]: expected a time span such as 90d, 2w, 36h or 1h30m, not `soon`\n"
        "wrong_form tests[0].person.events[4]: expected a map such as {type: purchase, ago: 3d}, not `purchase`\n");
}

static void test_faults_of_what_is_decided(void **state) {
    (void)state;
    assert_said(
        SHOP "tests:\n"
             "  - name: a\n    now: 2026-12-01T10:00:00Z\n    decide: {hom: {}, home: {device: tablet, devise: mobile, "
             "cart: x}, chat: [x]}\n"
             "    expect: {home: [o, o, o], hom: [o], chat: o}\n"
             "    because: {oo: consent, o: consents}\n"
             "",
        "unknown_name tests[0].decide.hom: there is no placement `hom` (did you mean `home`?)\n"
        "invalid tests[0].decide.home.device: it is none of the `values` of `context.device` (it can be `desktop` or "
        "`mobile`)\n"
        "unknown_name tests[0].decide.home.devise: there is no context value `devise` (did you mean `device`?)\n"
        "wrong_type tests[0].decide.home.cart: expected a number such as 1.5, not `x`\n"
        "wrong_form tests[0].decide.chat: expected what the request carries, such as {device: mobile}, not a list\n"
        "invalid tests[0].expect.home: it expects 3 offers where the placement has 2 slots\n"
        "unknown_name tests[0].expect.hom: there is no placement `hom` (did you mean `home`?)\n"
        "wrong_form tests[0].expect.chat: expected a list of offers such as [womens_winter], not `o`\n"
        "unknown_name tests[0].because.oo: there is no offer `oo`\n"
        "unknown_name tests[0].because.o: expected content, dates, consent, eligible, applicable, suitable, caps, "
        "holdout, score or rank, not `consents` (did you mean `consent`?)\n");
}

static void test_faults_of_other_tests(void **state) {
    (void)state;
    assert_said(
        SHOP "tests:\n"
             "  - {name: b, now: 2026-12-01T10:00:00Z, decide: {home: {}}, expect: {chat: [o, x]}}\n"
             "  - {name: c, now: 2026-12-01T10:00:00Z, decide: {home: {}}}\n"
             "  - {name: d, decide: {home: {}}, now: soon, expect: [o]}\n",
        "unknown_name tests[0].expect.chat: the test does not decide `chat` (add it under `decide`)\n"
        "unknown_name tests[0].expect.chat: there is no offer `x`\n"
        "missing_key tests[1]: a test that expects nothing can never fail (expect: {home_hero: [womens_winter]})\n"
        "wrong_form tests[2].now: expected a date such as 2026-11-01 or a time such as 2026-11-01T09:00:00Z, not "
        "`soon`\n"
        "wrong_form tests[2].expect: expected a map, not a list\n");
}

#define DECIDED "now: 2026-12-01, decide: {home: {}}"

static void test_those_that_cannot_tell(void **state) {
    (void)state;
    assert_said(SHOP "tests:\n"
                     "  - {name: a, " DECIDED ", expect: {}, because: {}}\n"
                     "  - {name: '', " DECIDED ", expect: {home: [o]}}\n"
                     "  - {name: a, " DECIDED ", expect: {home: [o]}, because: {o: caps}}\n"
                     "  - {name: b, now: 2026-12-01, decide: {chat: {}}, expect: {chat: [f]}}\n"
                     "  - {name: c, " DECIDED ", expect: {home: []}, person: {events: [{type: click, ago: 1d}, {type: "
                     "purchase}, {type: impression, offer: o, time: 2026-11-30, ago: 1d}]}}\n",
                "missing_key tests[0]: a test that expects nothing can never fail (expect: {home_hero: "
                "[womens_winter]})\n"
                "bad_name tests[1].name: a test needs a name, by which people know it\n"
                "defined_twice tests[2].name: there is a test `a` already (more.yaml:11:12)\n"
                "invalid tests[2].because.o: `o` is expected, so nothing can have kept it away\n"
                "invalid tests[3].expect.chat: offer `f` has no content for `chat`, and can never be shown there\n"
                "missing_key tests[4].person.events[0]: a click needs an `offer`: it is of one\n"
                "missing_key tests[4].person.events[1]: an event needs `ago` or `time`: when it happened (ago: 3d, "
                "counted back from the test's `now`)\n"
                "invalid tests[4].person.events[2]: an event has `ago` or `time`, not both\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_those_that_cannot_tell),    cmocka_unit_test(test_what_they_say),
        cmocka_unit_test(test_faults_of_the_person),      cmocka_unit_test(test_faults_of_events),
        cmocka_unit_test(test_faults_of_what_is_decided), cmocka_unit_test(test_faults_of_other_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
