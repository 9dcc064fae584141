// SPDX-License-Identifier: Apache-2.0
//
// The calendar of timestamps, in UTC or a time zone, and the units of durations.
#include "base/utf8.h"
#include "cel/func.h"
#include "cel/zone.h"
#include "value/time.h"

// ---- Timestamps -----------------------------------------------------------------------------------------------------

// What the clock on the wall shows at args[0], in the zone args[1] if there is one: its name, or what func_prepare made
// of it. False with *fault if there is no such zone.
static bool on_the_wall(tact_cel_call *call, const tact_value *args, uint32_t count, civil *c, tact_value *fault) {
    zone z = {NULL, 0};
    if (count == 2 && args[1].kind == TACT_OPAQUE) {
        z = *(const zone *)args[1].as.opaque;
    } else if (count == 2 && !zone_find(value_str(args[1]), &z)) {
        utf8_shown shown;
        *fault = call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "there is no time zone '%s'",
                            utf8_show(&shown, value_str(args[1])));
        return false;
    }
    *c = zone_civil(&z, args[0].as.i);
    return true;
}

#define CALENDAR(name, part)                                                                                           \
    tact_value name(tact_cel_call *call, const tact_value *args, uint32_t count) {                                     \
        civil c;                                                                                                       \
        tact_value fault;                                                                                              \
        return on_the_wall(call, args, count, &c, &fault) ? tact_int(part) : fault;                                    \
    }
CALENDAR(fn_full_year, c.year)
CALENDAR(fn_month, c.month - 1)
CALENDAR(fn_day_of_year, c.yearday)
CALENDAR(fn_day_of_month, c.day - 1)
CALENDAR(fn_date, c.day)
CALENDAR(fn_day_of_week, c.weekday)
CALENDAR(fn_hours, c.hour)
CALENDAR(fn_minutes, c.minute)
CALENDAR(fn_seconds, c.second)
CALENDAR(fn_milliseconds, args[0].len / 1000000)

// ---- Durations ------------------------------------------------------------------------------------------------------

tact_value fn_duration_hours(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i / (3600 * TIME_SECOND));
}

tact_value fn_duration_minutes(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i / (60 * TIME_SECOND));
}

tact_value fn_duration_seconds(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i / TIME_SECOND);
}

tact_value fn_duration_milliseconds(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i % TIME_SECOND / 1000000);
}
