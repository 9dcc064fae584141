// SPDX-License-Identifier: Apache-2.0
//
// Single values: times in the zone of the bundle, numbers, periods.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static int64_t starts_in(const char *time_zone, const char *time) {
    build_case c;
    arena memory;
    arena_init(&memory, 0);
    case_open(&c);
    case_add(&c, "bundle.yaml",
             arena_printf(&memory, "bundle: t\n%s%s\noffers: {o: {starts: %s}}\n", time_zone ? "time_zone: " : "",
                          time_zone ? time_zone : "", time));
    case_build(&c, NULL);
    if (!c.bundle) fail_msg("%s", case_said(&c));
    int64_t ms = case_offer(&c, "o")->starts_ms;
    assert_int_equal(case_offer(&c, "o")->ends_ms, INT64_MAX);
    case_close(&c);
    arena_fini(&memory);
    return ms;
}

static void test_times(void **state) {
    (void)state;
    assert_int_equal(starts_in(NULL, "2026-11-01"), INT64_C(1793491200000));
    assert_int_equal(starts_in("Europe/Berlin", "2026-11-01"), INT64_C(1793487600000));    // +01:00
    assert_int_equal(starts_in("Europe/Berlin", "2026-07-01"), INT64_C(1782856800000));    // +02:00
    assert_int_equal(starts_in("America/New_York", "2026-07-01"), INT64_C(1782878400000)); // -04:00
    assert_int_equal(starts_in("Europe/Berlin", "2026-11-01T09:00:00Z"), INT64_C(1793523600000));
    assert_int_equal(starts_in("Europe/Berlin", "2026-11-01T09:00:00.25+05:00"), INT64_C(1793505600250));
    // The days on which the clocks change at two and at three.
    assert_int_equal(starts_in("Europe/Berlin", "2026-03-29"), INT64_C(1774738800000));
    assert_int_equal(starts_in("Europe/Berlin", "2026-03-30"), INT64_C(1774821600000));
    assert_int_equal(starts_in("Europe/Berlin", "2026-10-25"), INT64_C(1792879200000));
    // A midnight that there was not: São Paulo's clocks went from 0:00 to 1:00 on the 4th of November 2018.
    assert_int_equal(starts_in("America/Sao_Paulo", "2018-11-04"), INT64_C(1541300400000));
    // And one that there was twice: Havana's went from 1:00 back to 0:00 on the 4th of November 2018.
    assert_int_equal(starts_in("America/Havana", "2018-11-04"), INT64_C(1541304000000));
    assert_int_equal(starts_in("+05:30", "2026-01-01"), INT64_C(1767205800000));
}

static void test_faults(void **state) {
    (void)state;
    assert_said(
        "offers:\n"
        "  a: {starts: 2026-02-01, ends: 2026-01-01}\n"
        "  b: {starts: 2026-02-01, ends: 2026-02-01}\n"
        "  c: {starts: soon, ends: 2026-02-30}\n"
        "  d: {value: .inf, weight: .nan, propensity: -1}\n"
        "placements: {p: {channel: web, slots: 0}, q: {channel: web, slots: 101}}\n"
        "groups: {g: {per_answer: 0}}\n",
        "dates offers.a.ends: it ends before it starts (the other way round?)\n"
        "dates offers.b.ends: it ends as soon as it starts (`ends` is the moment after the last)\n"
        "wrong_form offers.c.starts: expected a date such as 2026-11-01 or a time such as 2026-11-01T09:00:00Z, not "
        "`soon`\n"
        "wrong_form offers.c.ends: expected a date such as 2026-11-01 or a time such as 2026-11-01T09:00:00Z, not "
        "`2026-02-30` (the calendar has no such day)\n"
        "wrong_form offers.d.value: expected a finite number\n"
        "wrong_form offers.d.weight: expected a finite number\n"
        "wrong_form offers.d.propensity: expected a number, not below 0\n"
        "wrong_form placements.p.slots: expected a whole number from 1 on, not `0`\n"
        "wrong_form placements.q.slots: expected a number of slots from 1 to 100, not 101\n"
        "wrong_form groups.g.per_answer: expected a whole number from 1 on, not `0`\n");
}

static void test_no_such_zone(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add(&c, "bundle.yaml", "bundle: t\ntime_zone: Europe/Berlim\n");
    case_build(&c, NULL);
    assert_string_equal(case_said(&c),
                        "unknown_name bundle.time_zone: there is no time zone `Europe/Berlim` (did you mean "
                        "`Europe/Berlin`?)\n");
    case_close(&c);
    case_open(&c);
    case_add(&c, "bundle.yaml", "bundle: t\ntime_zone: 'GMT plus one'\n");
    case_build(&c, NULL);
    assert_string_equal(case_said(&c), "unknown_name bundle.time_zone: there is no time zone `GMT plus one` (zones are "
                                       "named as in Europe/Berlin, or as an offset: +01:00)\n");
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_such_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
