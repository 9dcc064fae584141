// SPDX-License-Identifier: Apache-2.0
//
// The calendar of timestamps and the units of durations, by the conformance suite's section `timestamps`.
#include "func_case.h"

#define T tact_timestamp(1234567890, 123456789) // 2009-02-13T23:31:30.123456789Z, a Friday
#define T2 tact_timestamp(1234490400, 0)        // 2009-02-13T02:00:00Z

static void test_utc(void **state) {
    (void)state;
    assert_prints(RUN("timestamp_to_year", T), "2009");
    assert_prints(RUN("timestamp_to_month", T), "1");
    assert_prints(RUN("timestamp_to_day_of_month", T), "12");
    assert_prints(RUN("timestamp_to_day_of_month_1_based", T), "13");
    assert_prints(RUN("timestamp_to_day_of_week", T), "5");
    assert_prints(RUN("timestamp_to_day_of_year", T), "43");
    assert_prints(RUN("timestamp_to_hours", T), "23");
    assert_prints(RUN("timestamp_to_minutes", T), "31");
    assert_prints(RUN("timestamp_to_seconds", T), "30");
    assert_prints(RUN("timestamp_to_milliseconds", T), "123");
    tact_value before = tact_timestamp(-1, 999000000); // 1969-12-31T23:59:59.999Z
    assert_prints(RUN("timestamp_to_seconds", before), "59");
    assert_prints(RUN("timestamp_to_milliseconds", before), "999");
    assert_prints(RUN("timestamp_to_day_of_year", before), "364");
}

static void test_zones(void **state) {
    (void)state;
    assert_prints(RUN("timestamp_to_day_of_month_1_based_with_tz", T, S("Australia/Sydney")), "14");
    assert_prints(RUN("timestamp_to_day_of_month_with_tz", T, S("US/Central")), "12");
    assert_prints(RUN("timestamp_to_day_of_month_with_tz", T, S("+11:00")), "13");
    assert_prints(RUN("timestamp_to_day_of_month_with_tz", T2, S("-02:30")), "11");
    assert_prints(RUN("timestamp_to_day_of_month_with_tz", T2, S("America/St_Johns")), "11");
    assert_prints(RUN("timestamp_to_day_of_week_with_tz", T, S("UTC")), "5");
    assert_prints(RUN("timestamp_to_day_of_year_with_tz", T, S("US/Central")), "43");
    assert_prints(RUN("timestamp_to_year_with_tz", T, S("-09:30")), "2009");
    assert_prints(RUN("timestamp_to_hours_with_tz", T, S("02:00")), "1");
    assert_prints(RUN("timestamp_to_minutes_with_tz", T, S("Asia/Kathmandu")), "16");
    assert_prints(RUN("timestamp_to_month_with_tz", T, S("UTC")), "1");
    assert_prints(RUN("timestamp_to_seconds_tz", T, S("-00:00")), "30");
    assert_prints(RUN("timestamp_to_milliseconds_with_tz", T, S("Europe/Berlin")), "123");
}

static void test_beyond_the_range_of_timestamps(void **state) {
    (void)state;
    tact_value first = tact_timestamp(VALUE_TIMESTAMP_MIN, 0), last = tact_timestamp(VALUE_TIMESTAMP_MAX, 0);
    assert_prints(RUN("timestamp_to_year_with_tz", first, S("-01:00")), "0");
    assert_prints(RUN("timestamp_to_year_with_tz", last, S("+01:00")), "10000");
}

static void test_no_zones(void **state) {
    (void)state;
    assert_fault_text(RUN("timestamp_to_year_with_tz", T, S("Nowhere")), INVALID_ARGUMENT,
                      "there is no time zone 'Nowhere'");
    assert_fault(RUN("timestamp_to_year_with_tz", T, S("")), INVALID_ARGUMENT);
    assert_fault(RUN("timestamp_to_year_with_tz", T, tact_string(NULL, 0)), INVALID_ARGUMENT);
    assert_fault(RUN("timestamp_to_year_with_tz", T, S("+24:00")), INVALID_ARGUMENT);
}

static void test_durations(void **state) {
    (void)state;
    assert_prints(RUN("duration_to_hours", tact_duration(INT64_C(10000000000000))), "2");
    assert_prints(RUN("duration_to_minutes", tact_duration(INT64_C(3730000000000))), "62");
    assert_prints(RUN("duration_to_seconds", tact_duration(INT64_C(3730999999999))), "3730");
    assert_prints(RUN("duration_to_milliseconds", tact_duration(INT64_C(123321456789))), "321");
    assert_prints(RUN("duration_to_hours", tact_duration(INT64_C(-10000000000000))), "-2");
    assert_prints(RUN("duration_to_milliseconds", tact_duration(INT64_C(-1500000000))), "-500");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_utc),      func_test(test_zones),     func_test(test_beyond_the_range_of_timestamps),
        func_test(test_no_zones), func_test(test_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
