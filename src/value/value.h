// SPDX-License-Identifier: Apache-2.0
//
// Values beyond what tact/core.h shows: maps, ordering, hashing, printing.
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct value_entry {
    tact_value key, value;
} value_entry;

// Entries in insertion order. Maps of more than VALUE_MAP_SCAN_MAX entries carry an open-addressed index of
// `mask + 1` cells (a power of two, at most half full); a cell is an entry's number plus one, 0 is free.
struct tact_map {
    uint32_t count;
    uint32_t mask; // 0: no index, scan
    const value_entry *entries;
    const uint32_t *index;
};
#define VALUE_MAP_SCAN_MAX 8

static inline bool value_is_number(tact_value v) {
    return v.kind == TACT_INT || v.kind == TACT_UINT || v.kind == TACT_DOUBLE;
}
static inline tact_str value_str(tact_value v) { // of STRING and BYTES
    tact_str s = {v.as.s, v.len};
    return s;
}
static inline tact_value value_some(const tact_value *v) { // an OPTIONAL; NULL is none
    tact_value o = {TACT_OPTIONAL, 0, 0, 0, {0}};
    o.as.items = v;
    return o;
}
static inline tact_value value_type(const tact_type *t) {
    tact_value v = {TACT_TYPE, 0, 0, 0, {0}};
    v.as.type = t;
    return v;
}

// A MAP over `entries` (borrowed, not copied), or an error value: REPEATED_KEY, BAD_KEY, NO_MEMORY.
tact_value value_map(arena *a, const value_entry *entries, size_t count);
const tact_value *value_map_get(const tact_map *map, tact_value key); // NULL: no such key
// The value at a string key; faster than building a key.
const tact_value *value_map_get_str(const tact_map *map, tact_str key);

// A string's `flags` when its `at` holds 16 bits of a hash of its bytes: two sealed strings that differ can nearly
// always be told apart without looking at their bytes.
#define VALUE_SEALED 1
void value_seal(tact_value *v); // a STRING; any other stays as it is

// Orders two values of kinds that CEL orders against each other (numbers across kinds, strings, bytes, bools,
// timestamps, durations): -1, 0, 1; VALUE_UNORDERED where either is NaN, VALUE_NO_ORDER where the kinds have no order.
int value_compare(tact_value a, tact_value b);
#define VALUE_UNORDERED 2
#define VALUE_NO_ORDER 3

// Of a bool, number, string, bytes, timestamp (by its seconds) or duration. Equal values have equal hashes, numbers
// across kinds too.
uint64_t value_hash(tact_value v);

// Equality that gives up: each comparison of two parts takes one from `*budget`, and at 0 the answer is false. Shared
// parts can make a small value unfold into a huge one, so whoever must not hang bounds it.
bool value_equal_within(tact_value a, tact_value b, uint64_t *budget);
#define VALUE_EQUAL_PARTS                                                                                              \
    (UINT64_C(1) << 26) // the budget of tact_value_equal: more than any evaluation's memory holds unshared
// How many values `v` is made of, itself included, shared parts as often as they occur; counts no further than `max`.
uint64_t value_weight(tact_value v, uint64_t max);
// A copy of `v` and all its parts in the arena. OPAQUE values, types and faults' texts are not copied but shared. False
// if memory ran out.
TACT_MUST_USE bool value_copy(arena *a, tact_value v, tact_value *out);

// The value as a CEL literal. `{"a": [1, 2u, 1.5]}`; doubles always show a point or exponent; strings are quoted with
// escapes for what does not print. A value nested deeper than VALUE_PRINT_DEPTH prints as `...` there, and one of more
// than VALUE_PRINT_PARTS parts ends so: shared parts can make a small value unfold into one that never ends.
void value_print(buf *out, tact_value v);
#define VALUE_PRINT_DEPTH 256
#define VALUE_PRINT_PARTS (1 << 20)
// The same for at most `parts` parts.
void value_print_within(buf *out, tact_value v, uint32_t parts);
void value_print_quoted(buf *out, tact_str text); // "…" with CEL escapes

// RFC 3339, with as many digits of a second as there are (0, 3, 6 or 9).
void value_print_timestamp(buf *out, tact_value v);
// Seconds with a fraction where there is one and an "s": "3s", "0.5s", "-90s".
void value_print_duration(buf *out, tact_value v);

#define VALUE_TIMESTAMP_MIN INT64_C(-62135596800) // 0001-01-01T00:00:00Z, seconds
#define VALUE_TIMESTAMP_MAX INT64_C(253402300799) // 9999-12-31T23:59:59Z

const char *value_kind_name(tact_kind kind); // "int", "list", …

#endif
