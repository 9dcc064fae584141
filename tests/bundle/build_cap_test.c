// SPDX-License-Identifier: Apache-2.0
//
// Caps: what they count, over what, and the keys of their counters.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define OFFER                                                                                                          \
    "placements: {home: {channel: web}}\ncontent: {home: {title: string}}\noffers:\n  o:\n    content: {home: "        \
    "{title: t}}\n"

static void test_what_they_say(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "placements: {home: {channel: web, caps: [{on: impression, max: 7, per: week}]}}\n"
                   "channels: {web: {caps: [{on: decision, max: 9, every: 1h30m}]}}\n"
                   "content: {home: {title: string}}\n"
                   "groups: {g: {caps: [{on: purchase, max: 1, every: 30d}]}}\n"
                   "offers:\n  o:\n    group: g\n    content: {home: {title: t}}\n"
                   "    caps:\n"
                   "      - {on: click, max: 2}\n"
                   "      - {on: impression, max: 100000, scope: everyone}\n"
                   "      - {on: impression, max: 3, per: day}\n"
                   "      - {on: impression, max: 5, per: month, scope: person}\n"
                   "      - {on: click, max: 0, per: year}\n"
                   "      - {on: click, max: 1, per: hour}\n");
    const bundle *b = c.bundle;
    const bundle_cap *caps = b->caps + case_offer(&c, "o")->caps.first;
    assert_int_equal(b->caps_count, 9);
    assert_int_equal(case_offer(&c, "o")->caps.count, 6);
    assert_int_equal(caps[0].on, BUNDLE_ON_CLICK);
    assert_int_equal(caps[0].max, 2);
    assert_int_equal(caps[0].period, BUNDLE_FOR_EVER);
    assert_false(caps[0].everyone);
    assert_int_equal(caps[0].event, -1);
    assert_true(tact_str_equal(caps[0].path, TACT_STR("offers.o.caps[0]")));
    assert_true(caps[1].everyone);
    assert_int_equal(caps[1].max, 100000);
    assert_int_equal(caps[2].period, BUNDLE_DAY);
    assert_int_equal(caps[3].period, BUNDLE_MONTH);
    assert_int_equal(caps[4].period, BUNDLE_YEAR);
    assert_int_equal(caps[4].max, 0);
    assert_int_equal(caps[5].period, BUNDLE_HOUR);
    const bundle_cap *web = &b->caps[b->channels[0].caps.first], *home = &b->caps[b->placements[0].caps.first];
    assert_int_equal(web->on, BUNDLE_ON_DECISION);
    assert_int_equal(web->period, BUNDLE_SLIDING);
    assert_int_equal(web->every_ms, 5400000);
    assert_int_equal(home->period, BUNDLE_WEEK);
    const bundle_cap *group = &b->caps[b->groups[0].caps.first];
    assert_int_equal(group->on, BUNDLE_ON_EVENT);
    assert_int_equal(group->event, schema_find_event(b->schema, TACT_STR("purchase")));
    // Those of one counter keep what the largest of them needs; budgets keep nothing of a person.
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(caps[i].tally, bundle_tally(TACT_STR("offer:o"), TACT_STR("impression")));
        assert_int_equal(caps[i].keep, 5);
    }
    assert_int_equal(caps[0].keep, 2);
    assert_int_equal(caps[4].keep, 2);
    assert_int_equal(web->tally, bundle_tally(TACT_STR("channel:web"), TACT_STR("decision")));
    assert_int_equal(home->tally, bundle_tally(TACT_STR("placement:home"), TACT_STR("impression")));
    assert_int_equal(group->tally, bundle_tally(TACT_STR("group:g"), TACT_STR("purchase")));
    case_close(&c);
}

static void test_faults(void **state) {
    (void)state;
    assert_said(
        OFFER "    caps:\n"
              "      - {on: purchas, max: 1}\n"
              "      - {on: impresion, max: 1, every: 1d, per: day}\n"
              "      - {on: click, max: 1001}\n"
              "      - {on: click, max: 5000000000, scope: everyone}\n"
              "      - {on: click, every: 1x, max: 1}\n"
              "      - {max: 1}\n"
              "      - {on: click, maxx: 1}\n"
              "      - often\n",
        "unknown_name offers.o.caps[0].on: there is no event `purchas` (did you mean `purchase`?)\n"
        "unknown_name offers.o.caps[1].on: there is no event `impresion` (did you mean `impression`?)\n"
        "invalid offers.o.caps[1]: a cap has `every` or `per`, not both (`every` is a span, counted back from now; "
        "`per` is a period of the calendar)\n"
        "too_large offers.o.caps[2].max: no more than 1000 are counted for a person (for a budget of all people "
        "together: scope: everyone)\n"
        "wrong_form offers.o.caps[3].max: expected a number from 0 to 4294967295, not 5000000000\n"
        "wrong_form offers.o.caps[4].every: expected a time span such as 90d, 2w, 36h or 1h30m, not `1x`\n"
        "missing_key offers.o.caps[5]: it needs `on`, as in {on: impression, max: 3, every: 7d}\n"
        "unknown_key offers.o.caps[6]: unknown key `maxx` (did you mean `max`?)\n"
        "wrong_form offers.o.caps[7]: expected a map such as {on: impression, max: 3, every: 7d}, not `often`\n");
}

static void test_too_many(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, OFFER "    caps:\n");
    for (int i = 0; i < BUNDLE_CAPS_MAX + 1; i++) buf_add_text(&text, "      - {on: click, max: 1}\n");
    assert_said(buf_done(&text).ptr,
                "too_large offers.o.caps: no more than 16 caps can stand at one place, and here are 17\n");
    arena_fini(&memory);
}

static void test_an_event_with_a_fault_of_its_own(void **state) {
    (void)state;
    assert_said("events: {broken: {properties: {a: strin}}}\n" OFFER "    caps: [{on: broken, max: 1}]\n",
                "wrong_type events.broken.properties.a: `strin` is not a type; did you mean `string`?\n");
}

// Two names that were searched for until their counters had one number.
static void test_counters_that_collide(void **state) {
    (void)state;
    assert_true(bundle_tally(TACT_STR("offer:occedhudxivhwc"), TACT_STR("click")) ==
                bundle_tally(TACT_STR("offer:otlnain5pgur3e"), TACT_STR("click")));
    assert_said(
        "offers:\n  occedhudxivhwc: {caps: [{on: click, max: 1}]}\n  otlnain5pgur3e: {caps: [{on: click, max: 1}]}\n",
        "collision offers.otlnain5pgur3e.caps[0]: by chance its counter has the number of another, that of "
        "offers.occedhudxivhwc.caps[0] (more.yaml:2:27) (another name for one of the two makes them differ)\n");
    build_case c; // what they count makes no difference where only the offers collide
    open_built(&c, "offers:\n  occedhudxivhwc: {caps: [{on: click, max: 1}]}\n  otlnain5pgur3e: {caps: [{on: decision, "
                   "max: 1}]}\n");
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_they_say),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_counters_that_collide),
        cmocka_unit_test(test_an_event_with_a_fault_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
