// SPDX-License-Identifier: Apache-2.0
//
// The calendar as arithmetic, after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". The subtle part: years
// are counted from the first of March, so that the leap day comes last, and in eras of 400 years, which all have the
// same number of days.
#include "base/civil.h"

#define ERA_DAYS 146097   // 400 years
#define EPOCH_DAYS 719468 // from 0000-03-01 to 1970-01-01
#define EPOCH_WEEKDAY 4   // 1970-01-01 was a Thursday

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_days(int64_t year, int month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

// Days before the first of `month` (counted from March, 0 to 11) in a year that begins in March.
static int64_t days_before_month(int64_t month) {
    return (153 * month + 2) / 5;
}

int64_t civil_days(int64_t year, int month, int day) {
    if (month <= 2) year--;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = days_before_month(month > 2 ? month - 3 : month + 9) + day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;
}

civil civil_at(int64_t seconds) {
    int64_t days = floor_div(seconds, CIVIL_DAY);
    int second = (int)(seconds - days * CIVIL_DAY);
    int64_t shifted = days + EPOCH_DAYS;
    int64_t era = floor_div(shifted, ERA_DAYS), of_era = shifted - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    civil c = {
        .year = era * 400 + year + (month >= 10),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - days_before_month(month) + 1),
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .weekday = (int)(days + EPOCH_WEEKDAY - 7 * floor_div(days + EPOCH_WEEKDAY, 7)),
    };
    c.yearday = (int)(days - civil_days(c.year, 1, 1));
    return c;
}
