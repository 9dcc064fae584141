// SPDX-License-Identifier: Apache-2.0
//
// Aggregates: what a person's events of one type come to over a sliding window, kept so that reading needs no event.
//
// A state is bytes, read where they lie. Its cells are buckets of equal width that start at multiples of it; what
// leaves the window leaves by time alone, when it is read. Empty bytes are the state of no event.
//
//      0      1      2      4           8            16
//      | fn   | kind | 0    | count u32 | width i64  | cells, oldest first … | texts of the cells' values, in order |
//
//      cell   at i64 | count u64 | sum 16 bytes | time i64 | value 16 bytes       (the parts that the function needs)
//      value  kind u8 | 0 u8 u16 | len u32 | as u64: of a text its place in the state
//      sum    kind INT: 128 bits, two's complement. kind DOUBLE: the sum, and what rounding took from it
//
// How exact it is. With a window of W and an event at t, `now` reads it from t on until t + W.
//   - last and since: exact, as long as no more than WINDOW_AHEAD events with different times lie in the future.
//   - distinct: exact up to WINDOW_PAIRS_MAX / 2 values, as long as of no value more than one event lies in the future;
//     beyond it the answer is a lower bound.
//   - all time (no window): every other function is exact, with the same condition about the future as last.
//   - the others: buckets are max(1 ms, W / 128) wide, and a bucket counts from when it begins until its end has left
//     the window. An event thus leaves less than W / 128 late and, if it came in before its time, counts less than
//     W / 128 early; never the other way round. For windows below 256 ms it is exact.
//
// A state of another function than the one that is asked for is taken for that of no event.
//
// The state depends on what happened and not on the order in which it came in, but for two things: doubles are added in
// the order they come (the rounding of each addition is carried along, so that sums differ in their last digit at
// most), and of events with one and the same time the first that came in is `first` and the last that came in is
// `last`.
#ifndef STORE_WINDOW_H
#define STORE_WINDOW_H

#include "value/schema.h"
#include "value/value.h"

enum {
    WINDOW_BUCKETS = 128,
    WINDOW_CELLS_MAX = 512,  // buckets kept, the newest; a window has at most 257, the rest is room for the future
    WINDOW_AHEAD = 4,        // times kept apart where there are no buckets, so that those in the future can wait
    WINDOW_PAIRS_MAX = 2000, // of a value's hash and time in distinct; a value has at most its two newest times
};

// Adds an event's value (of count and since: anything). A value that is no number adds nothing to sum and avg, nor one
// that is not finite; NaN, lists and what is no scalar add nothing anywhere. TACT_NO_MEMORY: the state is as it was.
TACT_MUST_USE tact_err window_add(arena *a, const schema_aggregate *spec, tact_str *state, int64_t time_ms,
                                  tact_value value);
// Adds all that `other` holds; commutative, and associative but for the rounding of doubles. At equal times the smaller
// value is `first` and the greater one is `last`. TACT_NO_MEMORY: the state is as it was.
TACT_MUST_USE tact_err window_combine(arena *a, const schema_aggregate *spec, tact_str *state, tact_str other);
// Drops what no reading at `now_ms` or later can see. TACT_NO_MEMORY: the state is as it was.
TACT_MUST_USE tact_err window_trim(arena *a, const schema_aggregate *spec, tact_str *state, int64_t now_ms);
// What it comes to. Texts lie in the state. Without an event in the window 0 for count, sum and distinct, else an
// ABSENT fault; OVERFLOW for a sum of ints that is none. The state must be one that window_check passes; takes no
// memory.
tact_value window_read(tact_str state, const schema_aggregate *spec, int64_t now_ms);
// Are these bytes a state of the function, exactly as they would be written?
bool window_check(tact_str state, schema_function function);
// Do they have the size that they say, and lie the texts of values in them? What passes can be added to, combined,
// trimmed and written without harm, whatever the numbers in its cells.
bool window_fits(tact_str state, schema_function function);

#endif
