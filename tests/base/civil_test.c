// SPDX-License-Identifier: Apache-2.0
//
// The calendar, against known dates and against counting day by day.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"

static void check(int64_t seconds, int64_t year, int month, int day, int hour, int minute, int second, int weekday,
                  int yearday) {
    civil c = civil_at(seconds);
    assert_int_equal(c.year, year);
    assert_int_equal(c.month, month);
    assert_int_equal(c.day, day);
    assert_int_equal(c.hour, hour);
    assert_int_equal(c.minute, minute);
    assert_int_equal(c.second, second);
    assert_int_equal(c.weekday, weekday);
    assert_int_equal(c.yearday, yearday);
}

static void test_known_times(void **state) {
    (void)state;
    check(0, 1970, 1, 1, 0, 0, 0, 4, 0);
    check(-1, 1969, 12, 31, 23, 59, 59, 3, 364);
    check(1234567890, 2009, 2, 13, 23, 31, 30, 5, 43);
    check(951782400, 2000, 2, 29, 0, 0, 0, 2, 59);
    check(-62135596800, 1, 1, 1, 0, 0, 0, 1, 0);
    check(-62135596801, 0, 12, 31, 23, 59, 59, 0, 365);
    check(253402300799, 9999, 12, 31, 23, 59, 59, 5, 364);
    check(253402300800, 10000, 1, 1, 0, 0, 0, 6, 0);
}

// From year -1 to year 3000, each day follows the one before it.
static void test_day_by_day(void **state) {
    (void)state;
    civil before = civil_at(civil_days(-1, 1, 1) * CIVIL_DAY);
    assert_int_equal(before.year, -1);
    for (int64_t days = civil_days(-1, 1, 1) + 1; days <= civil_days(3000, 12, 31); days++) {
        civil c = civil_at(days * CIVIL_DAY);
        bool month_ends = before.day == civil_month_days(before.year, before.month);
        bool year_ends = month_ends && before.month == 12;
        assert_int_equal(c.day, month_ends ? 1 : before.day + 1);
        assert_int_equal(c.month, year_ends ? 1 : before.month + month_ends);
        assert_int_equal(c.year, before.year + year_ends);
        assert_int_equal(c.yearday, year_ends ? 0 : before.yearday + 1);
        assert_int_equal(c.weekday, (before.weekday + 1) % 7);
        assert_int_equal(civil_days(c.year, c.month, c.day), days);
        before = c;
    }
}

static void test_months(void **state) {
    (void)state;
    assert_int_equal(civil_month_days(2023, 2), 28);
    assert_int_equal(civil_month_days(2024, 2), 29);
    assert_int_equal(civil_month_days(1900, 2), 28);
    assert_int_equal(civil_month_days(2000, 2), 29);
    assert_int_equal(civil_month_days(2000, 4), 30);
    assert_int_equal(civil_month_days(2000, 12), 31);
    assert_int_equal(civil_days(2024, 2, 30), civil_days(2024, 3, 1)); // a day may lie outside its month
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_times),
        cmocka_unit_test(test_day_by_day),
        cmocka_unit_test(test_months),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
