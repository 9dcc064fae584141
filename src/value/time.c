// SPDX-License-Identifier: Apache-2.0
//
// Reading RFC 3339 and Go's durations. The subtle part is exactness: fractions are integers over a power of ten and
// never pass through floating point, so 0.1h is 6m to the nanosecond.
#include "value/time.h"

#include "base/civil.h"

typedef struct cursor {
    const char *at, *end;
} cursor;

static bool more(const cursor *c) {
    return c->at < c->end;
}

static bool take(cursor *c, char wanted) {
    if (!more(c) || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool take_digit(cursor *c, int *digit) {
    if (!more(c) || *c->at < '0' || *c->at > '9') return false;
    *digit = *c->at++ - '0';
    return true;
}

// ---- Timestamps -----------------------------------------------------------------------------------------------------

static bool take_number(cursor *c, int digits, int *out) {
    int digit;
    *out = 0;
    for (int i = 0; i < digits; i++) {
        if (!take_digit(c, &digit)) return false;
        *out = *out * 10 + digit;
    }
    return true;
}

static bool take_fraction(cursor *c, uint32_t *nanos) {
    *nanos = 0;
    if (!take(c, '.')) return true;
    int digit, digits = 0;
    for (uint32_t unit = 100000000; take_digit(c, &digit); unit /= 10, digits++) *nanos += unit * (uint32_t)digit;
    return digits > 0;
}

// "Z" or "+hh:mm", as seconds east of Greenwich.
static bool take_offset(cursor *c, int *offset) {
    *offset = 0;
    if (take(c, 'Z')) return true;
    int hours, minutes, sign = take(c, '-') ? -1 : take(c, '+') ? 1 : 0;
    if (!sign || !take_number(c, 2, &hours) || !take(c, ':') || !take_number(c, 2, &minutes)) return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

static bool in_range(int64_t seconds) {
    return seconds >= VALUE_TIMESTAMP_MIN && seconds <= VALUE_TIMESTAMP_MAX;
}

time_fault time_parse_timestamp(tact_str text, tact_value *out) {
    if (text.len == 0) return TIME_MALFORMED;
    cursor c = {text.ptr, text.ptr + text.len};
    int year, month, day, hour, minute, second, offset;
    uint32_t nanos;
    if (!take_number(&c, 4, &year) || !take(&c, '-') || !take_number(&c, 2, &month) || !take(&c, '-') ||
        !take_number(&c, 2, &day) || !take(&c, 'T') || !take_number(&c, 2, &hour) || !take(&c, ':') ||
        !take_number(&c, 2, &minute) || !take(&c, ':') || !take_number(&c, 2, &second) || !take_fraction(&c, &nanos) ||
        !take_offset(&c, &offset) || more(&c)) {
        return TIME_MALFORMED;
    }
    if (month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month)) return TIME_RANGE;
    if (hour > 23 || minute > 59 || second > 59) return TIME_RANGE;
    int64_t seconds = civil_days(year, month, day) * CIVIL_DAY + hour * 3600 + minute * 60 + second - offset;
    if (!in_range(seconds)) return TIME_RANGE;
    *out = tact_timestamp(seconds, nanos);
    return TIME_OK;
}

bool time_add(tact_value *timestamp, int64_t nanos) {
    int64_t seconds = timestamp->as.i + nanos / TIME_SECOND;
    int64_t rest = (int64_t)timestamp->len + nanos % TIME_SECOND;
    if (rest < 0) seconds--, rest += TIME_SECOND;
    if (rest >= TIME_SECOND) seconds++, rest -= TIME_SECOND;
    if (!in_range(seconds)) return false;
    *timestamp = tact_timestamp(seconds, (uint32_t)rest);
    return true;
}

bool time_between(tact_value a, tact_value b, int64_t *nanos) {
    __int128 difference = (__int128)(a.as.i - b.as.i) * TIME_SECOND + ((int64_t)a.len - (int64_t)b.len);
    *nanos = (int64_t)difference;
    return *nanos == difference;
}

// ---- Durations ------------------------------------------------------------------------------------------------------

static const struct unit {
    const char *name;
    int64_t nanos;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\u00b5s", 1000}, // the micro sign
    {"\u03bcs", 1000}, // the Greek letter
    {"ms", 1000000},
    {"s", TIME_SECOND},
    {"m", 60 * TIME_SECOND},
    {"h", 3600 * TIME_SECOND},
    {"d", 24 * 3600 * TIME_SECOND}, // from here on in spans only
    {"w", 7 * 24 * 3600 * TIME_SECOND},
};
enum { UNITS = sizeof units / sizeof *units, UNITS_OF_GO = UNITS - 2 };

// The longest unit's name at the cursor, so that "ms" is not "m"; 0 if there is none.
static int64_t take_unit(cursor *c, size_t known) {
    size_t longest = 0;
    int64_t nanos = 0;
    for (size_t i = 0; i < known; i++) {
        size_t len = strlen(units[i].name);
        if (len > longest && (size_t)(c->end - c->at) >= len && memcmp(c->at, units[i].name, len) == 0) {
            longest = len;
            nanos = units[i].nanos;
        }
    }
    c->at += longest;
    return nanos;
}

// One "1.5h": whole and fraction with at least one digit between them, and a unit. Sums saturate above every duration,
// so that the text is read to its end and a fault of its form comes before one of its size.
#define TOO_LARGE ((__int128)1 << 80)

static bool take_part(cursor *c, size_t known, __int128 *sum) {
    __int128 whole = 0, fraction = 0, scale = 1;
    int digit, digits = 0;
    for (; take_digit(c, &digit); digits++) {
        if (whole < TOO_LARGE) whole = whole * 10 + digit;
    }
    if (take(c, '.')) {
        for (; take_digit(c, &digit); digits++) {
            if (scale >= 1000000000000000000) continue; // beyond what a nanosecond of a week can show
            fraction = fraction * 10 + digit;
            scale *= 10;
        }
    }
    int64_t unit = digits ? take_unit(c, known) : 0;
    if (unit == 0) return false;
    *sum = whole >= TOO_LARGE || *sum >= TOO_LARGE ? TOO_LARGE : *sum + whole * unit + fraction * unit / scale;
    return true;
}

// A duration of the first `known` units.
static time_fault parse_duration(tact_str text, size_t known, tact_value *out) {
    if (text.len == 0) return TIME_MALFORMED;
    cursor c = {text.ptr, text.ptr + text.len};
    bool negative = take(&c, '-');
    if (!negative) (void)take(&c, '+');
    __int128 sum = 0;
    if (c.end - c.at == 1 && *c.at == '0') {
        c.at++; // the one duration without a unit
    } else if (!more(&c)) {
        return TIME_MALFORMED;
    }
    while (more(&c)) {
        if (!take_part(&c, known, &sum)) return TIME_MALFORMED;
    }
    if (negative) sum = -sum;
    if (sum < INT64_MIN || sum > INT64_MAX) return TIME_RANGE;
    *out = tact_duration((int64_t)sum);
    return TIME_OK;
}

time_fault time_parse_duration(tact_str text, tact_value *out) {
    return parse_duration(text, UNITS_OF_GO, out);
}

time_fault time_parse_span(tact_str text, tact_value *out) {
    return parse_duration(text, UNITS, out);
}
