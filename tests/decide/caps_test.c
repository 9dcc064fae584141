// SPDX-License-Identifier: Apache-2.0
//
// Caps: when their spans begin, where the clocks are changed too; what counts and for whom; and that k allowed are k
// given, at the edges of a span and within one answer.
#include "decide/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "deciding.h"
#include "value/time.h"

#define PLACES                                                                                                         \
    "placements:\n  chat: {channel: bot}\n  home: {channel: web, slots: 3, fallback: f}\n  side: {channel: web}\n"     \
    "content: {chat: {text: string}, home: {title: string}, side: {title: string}}\n"
#define HOME(name, rest) "  " name ": {content: {home: {title: t}}, " rest "}\n"
#define F "offers:\n  f: {content: {home: {title: F}}}\n"

static int64_t ms(const char *time) {
    tact_value v;
    assert_int_equal(time_parse_timestamp(tact_str_from(time), &v), TIME_OK);
    return v.as.i * 1000 + v.len / 1000000;
}

// ---- Since when -----------------------------------------------------------------------------------------------------

static void periods_begin_by_the_bundles_clock(void **state) {
    (void)state;
    static const struct {
        const char *zone;
        bundle_period period;
        const char *now, *since;
    } rows[] = {
        {"Europe/Berlin", BUNDLE_HOUR, "2026-12-01T10:59:59.999Z", "2026-12-01T10:00:00Z"},
        {"Asia/Kolkata", BUNDLE_HOUR, "2026-12-01T10:20:00Z", "2026-12-01T09:30:00Z"},
        {"Europe/Berlin", BUNDLE_DAY, "2026-12-01T10:00:00Z", "2026-11-30T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_DAY, "2026-11-30T23:00:00Z", "2026-11-30T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_DAY, "2026-11-30T22:59:59.999Z", "2026-11-29T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_WEEK, "2026-12-01T10:00:00Z", "2026-11-29T23:00:00Z"}, // from Monday
        {"Europe/Berlin", BUNDLE_WEEK, "2026-11-29T22:59:59Z", "2026-11-22T23:00:00Z"}, // a Sunday
        {"Europe/Berlin", BUNDLE_MONTH, "2026-12-31T22:59:00Z", "2026-11-30T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_YEAR, "2026-12-31T22:59:00Z", "2025-12-31T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_YEAR, "2026-12-31T23:00:00Z", "2026-12-31T23:00:00Z"},
        // The day on which the clocks go forward has 23 hours, the one on which they go back 25.
        {"Europe/Berlin", BUNDLE_DAY, "2026-03-29T21:59:00Z", "2026-03-28T23:00:00Z"},
        {"Europe/Berlin", BUNDLE_DAY, "2026-10-25T22:59:00Z", "2026-10-24T22:00:00Z"},
        {"Europe/Berlin", BUNDLE_MONTH, "2026-10-31T12:00:00Z", "2026-09-30T22:00:00Z"},
        // Two o'clock comes twice: each is an hour of its own.
        {"Europe/Berlin", BUNDLE_HOUR, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z"},
        {"Europe/Berlin", BUNDLE_HOUR, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z"},
        // A day without a midnight begins when the clocks have gone forward.
        {"Africa/Cairo", BUNDLE_DAY, "2026-04-24T10:00:00Z", "2026-04-23T22:00:00Z"},
        // Clocks that change by half an hour: an hour goes on from where they were changed.
        {"Australia/Lord_Howe", BUNDLE_HOUR, "2026-04-04T15:10:00Z", "2026-04-04T15:00:00Z"},
        {"UTC", BUNDLE_DAY, "2026-12-01T23:59:59.999Z", "2026-12-01T00:00:00Z"},
        {"UTC", BUNDLE_YEAR, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bundle b = {.time_zone = tact_str_from(rows[i].zone)};
        const bundle_cap cap = {.period = (uint8_t)rows[i].period};
        assert_true(zone_find(b.time_zone, &b.clocks));
        int64_t since = decide_since(&b, &cap, ms(rows[i].now));
        if (since != ms(rows[i].since)) fail_msg("%s %s: %lld", rows[i].zone, rows[i].now, (long long)since);
    }
    const bundle b = {.time_zone = TACT_STR("UTC")};
    const bundle_cap sliding = {.period = BUNDLE_SLIDING, .every_ms = 7000}, ever = {.period = BUNDLE_FOR_EVER};
    assert_int_equal(decide_since(&b, &sliding, 10000), 3001);
    assert_true(decide_since(&b, &ever, 10000) == INT64_MIN);
}

// ---- What counts ----------------------------------------------------------------------------------------------------

static void tallies_are_those_that_a_cap_looks_at(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES
                  "groups: {g: {caps: [{on: click, max: 4}]}}\n"
                  "channels: {web: {caps: [{on: decision, max: 9}]}}\n" F HOME(
                      "o", "group: g, caps: [{on: click, max: 2}, {on: click, max: 5, every: 1d}, {on: click, max: 50, "
                           "scope: everyone}, {on: purchase, max: 1}]"));
    decide_count out[CAPS_OF_CHOICE_MAX];
    int32_t o = (int32_t)deciding_offer(&d, "o"), home = (int32_t)deciding_placement(&d, "home");
    int32_t purchase = schema_find_event(d.bundle->schema, TACT_STR("purchase"));
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_CLICK, -1, o, home, out, CAPS_OF_CHOICE_MAX), 2);
    assert_true(out[0].tally == bundle_tally(TACT_STR("offer:o"), TACT_STR("click")));
    assert_true(out[0].keep == 5 && out[0].everyone);
    assert_true(out[1].tally == bundle_tally(TACT_STR("group:g"), TACT_STR("click")));
    assert_true(out[1].keep == 4 && !out[1].everyone);
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_CLICK, -1, o, home, out, 1), 2);
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_CLICK, -1, -1, home, out, 1), 0);
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_IMPRESSION, -1, o, home, out, 1), 0);
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_EVENT, purchase, o, -1, out, 1), 1);
    assert_true(out[0].tally == bundle_tally(TACT_STR("offer:o"), TACT_STR("purchase")));
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_DECISION, -1, -1, home, out, 1), 1);
    assert_true(out[0].tally == bundle_tally(TACT_STR("channel:web"), TACT_STR("decision")));
    assert_int_equal(decide_tallies(d.bundle, BUNDLE_ON_DECISION, -1, o, -1, out, 1), 0);
    deciding_close(&d);
}

static void a_sliding_span_is_exact_to_the_millisecond(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES F HOME("o", "caps: [{on: impression, max: 2, every: 7d}]"));
    deciding_counted(&d, BUNDLE_ON_IMPRESSION, "o", "home", DECIDING_NOW - 7 * DECIDING_DAY);
    deciding_counted(&d, BUNDLE_ON_IMPRESSION, "o", "home", DECIDING_NOW);
    deciding_ask(&d, "home", NULL);
    assert_string_equal(deciding_run(&d), "home: o");
    d.request.now_ms--; // by now both have happened within the span
    assert_string_equal(deciding_run(&d), "home: f (fallback)");
    assert_string_equal(deciding_why(&d, "o"), "caps offers.o.caps[0] 2");
    deciding_close(&d);
}

static void every_place_must_leave_room(void **state) {
    (void)state;
    static const char *const caps[] = {
        PLACES F HOME("o", "group: g, caps: [{on: click, max: 1}]") "groups: {g: }\n",
        PLACES "groups: {g: {caps: [{on: click, max: 1}]}}\n" F HOME("o", "group: g"),
        PLACES "channels: {web: {caps: [{on: click, max: 1}]}}\n" F HOME("o", ""),
        "placements:\n  home: {channel: web, slots: 3, fallback: f, caps: [{on: click, max: 1}]}\n"
        "content: {home: {title: string}}\n" F HOME("o", ""),
    };
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        deciding d;
        deciding_open(&d, caps[i]);
        deciding_ask(&d, "home", NULL);
        assert_string_equal(deciding_run(&d), "home: o");
        deciding_counted(&d, BUNDLE_ON_CLICK, "o", "home", DECIDING_NOW - DECIDING_DAY);
        assert_string_equal(deciding_run(&d), "home: f (fallback)");
        deciding_close(&d);
    }
}

static void zero_is_never(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES F HOME("o", "caps: [{on: click, max: 0}]"));
    assert_string_equal(deciding_why(&d, "o"), "caps offers.o.caps[0] 0");
    deciding_close(&d);
}

typedef struct book {
    uint64_t tally;
    int64_t since_ms;
    uint32_t count;
} book;

static int64_t of_person(void *context, uint64_t tally, int64_t since_ms) {
    const book *b = context;
    return tally == b->tally && since_ms == b->since_ms ? b->count : 0;
}

static uint64_t of_everyone(void *context, uint64_t tally, int64_t since_ms) {
    return (uint64_t)of_person(context, tally, since_ms);
}

static void what_is_not_committed_counts(void **state) {
    (void)state;
    deciding d;
    book b = {bundle_tally(TACT_STR("offer:o"), TACT_STR("impression")), DECIDING_NOW - DECIDING_DAY + 1, 1};
    deciding_open(&d, PLACES F HOME("o", "caps: [{on: impression, max: 3, every: 1d}]"));
    d.person.counts = (decide_counts){of_person, of_everyone, &b};
    deciding_counted(&d, BUNDLE_ON_IMPRESSION, "o", "home", DECIDING_NOW - DECIDING_HOUR);
    deciding_ask(&d, "home", NULL);
    assert_string_equal(deciding_run(&d), "home: o"); // one and one
    b.count = 2;
    assert_string_equal(deciding_why(&d, "o"), "caps offers.o.caps[0] 3");
    deciding_close(&d);
}

static void a_budget_is_of_everyone(void **state) {
    (void)state;
    deciding d;
    book b = {bundle_tally(TACT_STR("offer:o"), TACT_STR("impression")), INT64_MIN, 99};
    deciding_open(&d, PLACES F HOME("o", "caps: [{on: impression, max: 100, scope: everyone}, {on: impression, max: "
                                         "1}]"));
    d.person.counts = (decide_counts){NULL, of_everyone, &b};
    deciding_ask(&d, "home", NULL);
    assert_string_equal(deciding_run(&d), "home: o");
    b.count = 100;
    assert_string_equal(deciding_why(&d, "o"), "caps offers.o.caps[0] 100");
    deciding_close(&d);
}

// ---- Within one answer ----------------------------------------------------------------------------------------------

static void events_of_the_request_count(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES F HOME("o", "caps: [{on: purchase, max: 2}]"));
    deciding_ask(&d, "home", NULL);
    deciding_carry(&d, "purchase", "o", NULL);
    deciding_carry(&d, "purchase", NULL, "home"); // of no offer
    assert_string_equal(deciding_run(&d), "home: o");
    deciding_carry(&d, "purchase", "o", "side");
    assert_string_equal(deciding_why(&d, "o"), "caps offers.o.caps[0] 2");
    deciding_close(&d);
}

static void choices_count_for_those_after_them(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d,
                  PLACES "groups: {g: {caps: [{on: decision, max: 2, per: day}]}}\n" F HOME("a", "value: 4, group: g")
                      HOME("b", "value: 3, group: g")
                          HOME("c", "value: 2, group: g") "  e: {value: 1, content: {home: {title: t}}}\n"
                                                          "  s: {group: g, content: {side: {title: t}}}\n");
    deciding_ask(&d, "home", "side", NULL);
    assert_string_equal(deciding_run(&d), "home: a b e; side:");
    assert_string_equal(deciding_why(&d, "c"), "caps groups.g.caps[0] 2");
    assert_string_equal(deciding_why(&d, "s"), "caps groups.g.caps[0] 2");
    assert_int_equal(d.answer.counts_count, 2);
    assert_true(d.answer.counts[1].tally == bundle_tally(TACT_STR("group:g"), TACT_STR("decision")));
    assert_int_equal(d.answer.counts[1].keep, 2);
    deciding_ask(&d, "side", "home", NULL);
    assert_string_equal(deciding_run(&d), "side: s; home: a e");
    deciding_counted(&d, BUNDLE_ON_DECISION, "a", "home", DECIDING_NOW - DECIDING_HOUR);
    assert_string_equal(deciding_run(&d), "side: s; home: e");
    deciding_close(&d);
}

static void a_fallback_counts_and_is_not_kept_away(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, "placements: {home: {channel: web, fallback: f, caps: [{on: decision, max: 1}]}}\n"
                      "content: {home: {title: string}}\n" F HOME("o", ""));
    deciding_counted(&d, BUNDLE_ON_DECISION, "o", "home", DECIDING_NOW);
    assert_string_equal(deciding_run(&d), "home: f (fallback)");
    assert_int_equal(d.answer.counts_count, 1);
    deciding_close(&d);
}

// More counters than the ledger begins with, each as often as it was chosen.
static void many_counters_are_kept_apart(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    deciding d;
    buf text = buf_in(&a);
    buf_add_text(&text, PLACES F);
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "  o%02d: {caps: [{on: decision, max: 2}], content: {home: {title: t}}}\n", i);
    }
    deciding_open(&d, buf_done(&text).ptr);
    caps_ledger l;
    uint32_t home = deciding_placement(&d, "home"), first = deciding_offer(&d, "o00");
    uint64_t counted;
    assert_int_equal(caps_init(&l, d.bundle, &d.request, &d.person, &a), TACT_OK);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 100; i++) {
            assert_null(caps_full(&l, (int32_t)(first + i), (int32_t)home, &counted, NULL, NULL));
            assert_int_equal(counted, round);
            assert_int_equal(caps_choose(&l, first + i, home), TACT_OK);
        }
    }
    for (uint32_t i = 0; i < 100; i++) {
        assert_non_null(caps_full(&l, (int32_t)(first + i), (int32_t)home, &counted, NULL, NULL));
        assert_int_equal(counted, 2);
    }
    assert_int_equal(l.choices_count, 200);
    deciding_close(&d);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_begin_by_the_bundles_clock),
        cmocka_unit_test(tallies_are_those_that_a_cap_looks_at),
        cmocka_unit_test(a_sliding_span_is_exact_to_the_millisecond),
        cmocka_unit_test(every_place_must_leave_room),
        cmocka_unit_test(zero_is_never),
        cmocka_unit_test(what_is_not_committed_counts),
        cmocka_unit_test(a_budget_is_of_everyone),
        cmocka_unit_test(events_of_the_request_count),
        cmocka_unit_test(choices_count_for_those_after_them),
        cmocka_unit_test(a_fallback_counts_and_is_not_kept_away),
        cmocka_unit_test(many_counters_are_kept_apart),
    };
    return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
