// SPDX-License-Identifier: Apache-2.0
//
// Timestamps against RFC 3339, durations against Go's time.ParseDuration, and time arithmetic at the ends of its
// ranges.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value/time.h"

static void timestamp(const char *text, int64_t seconds, uint32_t nanos) {
    tact_value v;
    if (time_parse_timestamp(tact_str_from(text), &v) != TIME_OK) fail_msg("%s does not read", text);
    assert_int_equal(v.kind, TACT_TIMESTAMP);
    assert_int_equal(v.as.i, seconds);
    assert_int_equal(v.len, nanos);
}

static void no_timestamp(const char *text, time_fault fault) {
    tact_value v;
    if (time_parse_timestamp(tact_str_from(text), &v) != fault) fail_msg("%s: another fault, or none", text);
}

static void test_timestamps(void **state) {
    (void)state;
    timestamp("1970-01-01T00:00:00Z", 0, 0);
    timestamp("2009-02-13T23:31:30Z", 1234567890, 0);
    timestamp("2009-02-14T00:31:30+01:00", 1234567890, 0);
    timestamp("2009-02-13T21:01:30-02:30", 1234567890, 0);
    timestamp("2023-02-03T23:31:20+00:00", 1675467080, 0);
    timestamp("2023-02-03T23:31:20-00:00", 1675467080, 0);
    timestamp("1969-12-31T23:59:59.5Z", -1, 500000000);
    timestamp("2009-02-13T23:31:20.123456789Z", 1234567880, 123456789);
    timestamp("2009-02-13T23:31:20.1234567899Z", 1234567880, 123456789); // a tenth digit does not count
    timestamp("2024-02-29T00:00:00Z", 1709164800, 0);
    timestamp("0001-01-01T00:00:00Z", VALUE_TIMESTAMP_MIN, 0);
    timestamp("9999-12-31T23:59:59.999999999Z", VALUE_TIMESTAMP_MAX, 999999999);
    timestamp("0001-01-01T01:00:00+01:00", VALUE_TIMESTAMP_MIN, 0);
}

static void test_no_timestamps(void **state) {
    (void)state;
    static const char *const malformed[] = {
        "",
        "2009-02-13",
        "2009-02-13T23:31:30",
        "2009-02-13 23:31:30Z",
        "2009-02-13t23:31:30z",
        "2009-2-13T23:31:30Z",
        "10000-01-01T00:00:00Z",
        "2009-02-13T23:31:30.Z",
        "2009-02-13T23:31:30,5Z",
        "2009-02-13T23:31:30Z ",
        "2009-02-13T23:31:30+0100",
        "2009-02-13T23:31:30+24:00",
        "2009-02-13T23:31:30+01:60",
        "2009-02-13T23:31:30+01:0",
        "-009-02-13T23:31:30Z",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) no_timestamp(malformed[i], TIME_MALFORMED);
    static const char *const beyond[] = {
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2009-13-13T23:31:30Z",
        "2009-00-13T23:31:30Z", "2009-02-29T23:31:30Z",      "2009-02-00T23:31:30Z",      "2009-04-31T23:31:30Z",
        "2009-02-13T24:00:00Z", "2009-02-13T23:60:30Z",      "2016-12-31T23:59:60Z",
    };
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) no_timestamp(beyond[i], TIME_RANGE);
}

static void duration(const char *text, int64_t nanos) {
    tact_value v;
    if (time_parse_duration(tact_str_from(text), &v) != TIME_OK) fail_msg("%s does not read", text);
    assert_int_equal(v.kind, TACT_DURATION);
    if (v.as.i != nanos) fail_msg("%s reads as %lld ns", text, (long long)v.as.i);
}

static void test_durations(void **state) {
    (void)state;
    duration("0", 0);
    duration("-0", 0);
    duration("+0", 0);
    duration("0s", 0);
    duration("5s", 5 * TIME_SECOND);
    duration("+5s", 5 * TIME_SECOND);
    duration("-1.5s", -1500000000);
    duration("1h30m", 5400 * TIME_SECOND);
    duration("1h34us", 3600000034000);
    duration("10ms", 10000000);
    duration("11us", 11000);
    duration("12\u00b5s", 12000);
    duration("12\u03bcs", 12000);
    duration("13ns", 13);
    duration("1m1ms", 60001000000);
    duration(".5s", 500000000);
    duration("5.s", 5 * TIME_SECOND);
    duration("-.5s", -500000000);
    duration("0.1h", 360 * TIME_SECOND);
    duration("0.3333333333333333333h", 1199999999999); // exact, then cut to whole nanoseconds
    duration("0.9999999999ns", 0);
    duration("3m2s1m", 242 * TIME_SECOND);
    duration("0.100000000000000000000h", 360 * TIME_SECOND);
    duration("9223372036854775807ns", INT64_MAX);
    duration("-9223372036854775808ns", INT64_MIN);
    duration("2562047h47m16.854775807s", INT64_MAX);
}

static void test_no_durations(void **state) {
    (void)state;
    static const char *const malformed[] = {"",        "-",
                                            "+",       "3",
                                            "s",       ".s",
                                            "-.s",     "1 s",
                                            "1d",      "1w",
                                            "1S",      "1h30",
                                            "--1s",    "+-1s",
                                            "1.5.5s",  "1e3s",
                                            "00",      "0 ",
                                            "1s ",     "1hour",
                                            "\u00b5s", "99999999999999999999999999999999x"};
    tact_value v;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        if (time_parse_duration(tact_str_from(malformed[i]), &v) != TIME_MALFORMED) fail_msg("%s reads", malformed[i]);
    }
    static const char *const beyond[] = {"9223372036854775808ns",
                                         "-9223372036854775809ns",
                                         "320000000000s",
                                         "-320000000000s",
                                         "99999999999999999999999h",
                                         "9223372036854775807ns1ns",
                                         "99999999999999999999999999999999999999999999999999999h1ns"};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        if (time_parse_duration(tact_str_from(beyond[i]), &v) != TIME_RANGE) fail_msg("%s reads", beyond[i]);
    }
}

static void test_spans(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t hours;
    } rows[] = {{"90d", 2160}, {"2w", 336}, {"1w1d1h", 193}, {"1.5d", 36}, {"-1d", -24}, {"0", 0}, {"36h", 36}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value v;
        assert_int_equal(time_parse_span(tact_str_from(rows[i].text), &v), TIME_OK);
        assert_int_equal(v.kind, TACT_DURATION);
        assert_int_equal(v.as.i, rows[i].hours * 3600 * TIME_SECOND);
    }
    tact_value v;
    assert_int_equal(time_parse_span(TACT_STR("90"), &v), TIME_MALFORMED);
    assert_int_equal(time_parse_span(TACT_STR("1y"), &v), TIME_MALFORMED);
    assert_int_equal(time_parse_span(TACT_STR("d"), &v), TIME_MALFORMED);
    assert_int_equal(time_parse_span(TACT_STR("106751d"), &v), TIME_OK);
    assert_int_equal(time_parse_span(TACT_STR("106752d"), &v), TIME_RANGE);
    assert_int_equal(time_parse_duration(TACT_STR("1d"), &v), TIME_MALFORMED); // not in CEL
    assert_int_equal(time_parse_duration(TACT_STR("1w"), &v), TIME_MALFORMED);
}

static void test_adding(void **state) {
    (void)state;
    tact_value v = tact_timestamp(10, 500000000);
    assert_true(time_add(&v, 600000000));
    assert_int_equal(v.as.i, 11);
    assert_int_equal(v.len, 100000000);
    assert_true(time_add(&v, -200000000));
    assert_int_equal(v.as.i, 10);
    assert_int_equal(v.len, 900000000);
    v = tact_timestamp(VALUE_TIMESTAMP_MAX, 999999999);
    assert_false(time_add(&v, 1));
    assert_true(time_add(&v, -1) && time_add(&v, 1));
    v = tact_timestamp(VALUE_TIMESTAMP_MIN, 0);
    assert_false(time_add(&v, -1));
    assert_true(time_add(&v, 0));
    v = tact_timestamp(0, 0);
    assert_true(time_add(&v, INT64_MIN));
    assert_int_equal(v.as.i, -9223372037);
    assert_int_equal(v.len, 145224192);
}

static void test_between(void **state) {
    (void)state;
    int64_t nanos;
    assert_true(time_between(tact_timestamp(11, 100000000), tact_timestamp(10, 900000000), &nanos));
    assert_int_equal(nanos, 200000000);
    assert_true(time_between(tact_timestamp(-9223372037, 145224192), tact_timestamp(0, 0), &nanos));
    assert_int_equal(nanos, INT64_MIN);
    assert_false(time_between(tact_timestamp(-9223372037, 145224191), tact_timestamp(0, 0), &nanos));
    assert_true(time_between(tact_timestamp(9223372036, 854775807), tact_timestamp(0, 0), &nanos));
    assert_int_equal(nanos, INT64_MAX);
    assert_false(time_between(tact_timestamp(VALUE_TIMESTAMP_MAX, 0), tact_timestamp(VALUE_TIMESTAMP_MIN, 0), &nanos));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timestamps),   cmocka_unit_test(test_no_timestamps), cmocka_unit_test(test_durations),
        cmocka_unit_test(test_no_durations), cmocka_unit_test(test_spans),         cmocka_unit_test(test_adding),
        cmocka_unit_test(test_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
