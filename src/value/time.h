// SPDX-License-Identifier: Apache-2.0
//
// Timestamps and durations from text; value.h has the way back.
#ifndef VALUE_TIME_H
#define VALUE_TIME_H

#include "value/value.h"

#define TIME_SECOND INT64_C(1000000000) // nanoseconds

typedef enum time_fault {
    TIME_OK,
    TIME_MALFORMED,
    TIME_RANGE, // well-formed, but not a time or duration that there is a value for
} time_fault;

// RFC 3339: "2009-02-13T23:31:30.5+01:00", with `T` and `Z` in capitals and any number of digits of a second, of which
// nine count. There is no 24:00 and no leap second.
TACT_MUST_USE time_fault time_parse_timestamp(tact_str text, tact_value *out);
// A duration as Go writes it: "1h30m", "-1.5s", "10ms", "0". Units are h, m, s, ms, us (or µs) and ns; what is less
// than a nanosecond is cut off.
TACT_MUST_USE time_fault time_parse_duration(tact_str text, tact_value *out);
// The same with d for 24 hours and w for 7 days besides, as bundles write windows and ages: "90d", "1w12h".
TACT_MUST_USE time_fault time_parse_span(tact_str text, tact_value *out);

// Moves `timestamp` by `nanos`; false if it would leave the range of timestamps.
TACT_MUST_USE bool time_add(tact_value *timestamp, int64_t nanos);
// `a` - `b` in nanoseconds; false if that is no duration.
TACT_MUST_USE bool time_between(tact_value a, tact_value b, int64_t *nanos);

#endif
