// SPDX-License-Identifier: Apache-2.0
//
// Civil time: seconds since 1970-01-01T00:00:00Z as a date and a time of day of the proleptic Gregorian calendar, and
// back. No time zones, no leap seconds.
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include "tact/core.h"

typedef struct civil {
    int64_t year;
    int month, day;           // from 1
    int hour, minute, second; // 0 to 23, 0 to 59, 0 to 59
    int weekday;              // 0 is Sunday
    int yearday;              // 0 is the first of January
} civil;

#define CIVIL_DAY INT64_C(86400) // seconds

// Any time of some hundred million years about now.
civil civil_at(int64_t seconds);
// Days from 1970-01-01 to a date; `month` is 1 to 12, `day` may lie outside its month.
int64_t civil_days(int64_t year, int month, int day);
// How many days a month has.
int civil_month_days(int64_t year, int month);

#endif
