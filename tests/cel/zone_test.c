// SPDX-License-Identifier: Apache-2.0
//
// Time zones: offsets as the CEL language definition writes them, and places whose changes of the clock are known.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "cel/zone.h"

#define FEBRUARY_2009 1234567890 // 2009-02-13T23:31:30Z

static int32_t offset_at(const char *name, int64_t seconds) {
    zone z;
    if (!zone_find(tact_str_from(name), &z)) fail_msg("there is no %s", name);
    return zone_offset(&z, seconds);
}

static void test_fixed(void **state) {
    (void)state;
    assert_int_equal(offset_at("UTC", 0), 0);
    assert_int_equal(offset_at("+11:00", 0), 11 * 3600);
    assert_int_equal(offset_at("-02:30", 0), -(2 * 3600 + 30 * 60));
    assert_int_equal(offset_at("02:00", 0), 2 * 3600);
    assert_int_equal(offset_at("-00:00", 0), 0);
    assert_int_equal(offset_at("-00:30", 0), -1800);
    assert_int_equal(offset_at("+23:59", INT64_C(253402300799)), 23 * 3600 + 59 * 60);
}

static void test_places(void **state) {
    (void)state;
    assert_int_equal(offset_at("Europe/Berlin", FEBRUARY_2009), 3600);
    assert_int_equal(offset_at("Europe/Berlin", 1247443200), 7200); // 2009-07-13
    assert_int_equal(offset_at("Europe/Berlin", 1711846799), 3600); // the second before summer time of 2024
    assert_int_equal(offset_at("Europe/Berlin", 1711846800), 7200);
    assert_int_equal(offset_at("Europe/Berlin", INT64_C(4118144400)), 7200); // by rule: July of 2100
    assert_int_equal(offset_at("Asia/Kathmandu", FEBRUARY_2009), 5 * 3600 + 45 * 60);
    assert_int_equal(offset_at("US/Central", FEBRUARY_2009), -6 * 3600);
    assert_int_equal(offset_at("America/St_Johns", FEBRUARY_2009), -(3 * 3600 + 1800));
    assert_int_equal(offset_at("Australia/Sydney", FEBRUARY_2009), 11 * 3600);
    assert_int_equal(offset_at("Etc/GMT+5", 0), -5 * 3600);
    assert_int_equal(offset_at("America/Argentina/Buenos_Aires", FEBRUARY_2009), -2 * 3600);
    assert_int_equal(offset_at("CET", FEBRUARY_2009), 3600);
    (void)offset_at("Europe/Berlin", INT64_C(-62135596800)); // year 1 and year 9999 have an answer
    (void)offset_at("Europe/Berlin", INT64_C(253402300799));
}

static void assert_nearest(const char *wanted, const char *nearest) {
    char room[ZONE_NAME_MAX];
    tact_str found = zone_nearest(tact_str_from(wanted), room);
    if (!tact_str_equal(found, tact_str_from(nearest))) fail_msg("%s: %.*s", wanted, (int)found.len, found.ptr);
}

static void test_the_nearest_name(void **state) {
    (void)state;
    assert_nearest("europe/berln", "Europe/Berlin");
    assert_nearest("Berlin", "Europe/Berlin");
    assert_nearest("America/New York", "America/New_York");
    assert_nearest("America/Argentina/Buenos Aires", "America/Argentina/Buenos_Aires");
    assert_nearest("Mars/Olympus_Mons", "");
    assert_nearest("", "");
}

static void test_the_clock_on_the_wall(void **state) {
    (void)state;
    zone z;
    assert_true(zone_find(TACT_STR("Australia/Sydney"), &z));
    civil c = zone_civil(&z, FEBRUARY_2009);
    assert_int_equal(c.day, 14);
    assert_int_equal(c.hour, 10);
    assert_int_equal(c.minute, 31);
    assert_int_equal(c.weekday, 6);
}

static void test_when_clocks_show_a_time(void **state) {
    (void)state;
    static const struct {
        const char *zone;
        int64_t year;
        int month, day, minutes; // on the wall
        int64_t seconds;
    } rows[] = {
        {"UTC", 2026, 12, 1, 0, 1796083200},
        {"+01:00", 2026, 12, 1, 0, 1796079600},
        {"Europe/Berlin", 2026, 12, 1, 0, 1796079600},
        {"Europe/Berlin", 2026, 7, 1, 0, 1782856800},
        {"Europe/Berlin", 2026, 10, 25, 150, 1792888200}, // half past two comes twice: the first
        {"Europe/Berlin", 2026, 3, 29, 150, 1774746000},  // and never: when the clocks go on
        {"Africa/Cairo", 2026, 4, 24, 0, 1776981600},     // a day without midnight
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        zone z;
        assert_true(zone_find(tact_str_from(rows[i].zone), &z));
        int64_t wall = civil_days(rows[i].year, rows[i].month, rows[i].day) * CIVIL_DAY + rows[i].minutes * 60;
        assert_int_equal(zone_instant(&z, wall), rows[i].seconds);
    }
}

static void test_no_zones(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        "Nowhere",
        "Europe/",
        "/Europe/Berlin",
        "Europe//Berlin",
        "../zoneinfo/UTC",
        "Europe",
        "europe berlin",
        "localtime",
        "tzdata.zi",
        "leapseconds",
        "Europe/Berlin\n",
        "+1:00",
        "+24:00",
        "+01:60",
        "01.00",
        "+0100",
        "+01:00:00",
        "++01:00",
        "+-1:00",
        "Europe/Berlin/",
        "file:UTC",
        "libc:localtime",
        "-",
        "Etc/\xff",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    };
    zone z;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (zone_find(tact_str_from(names[i]), &z)) fail_msg("there is a zone \"%s\"", names[i]);
    }
    assert_false(zone_find((tact_str){"UTC\0", 4}, &z));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_the_nearest_name),
        cmocka_unit_test(test_the_clock_on_the_wall),
        cmocka_unit_test(test_when_clocks_show_a_time),
        cmocka_unit_test(test_no_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
