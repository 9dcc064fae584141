// SPDX-License-Identifier: Apache-2.0
//
// A person's record: what decisions read, laid out to be read where it lies in the map. Built from the merged state by
// the writer; a reader opens it and takes values out of it with no parsing, no copy and no memory of its own. Reading a
// declared attribute is a test of a bit, a count of bits and a load, however many there are.
//
// Version 1. Numbers are little endian and of any alignment; places (`at`) count from the record's first byte.
//
//      0       1      2            4           6            8          16          24           32           36
//      | ver 1 | 0    | attributes | present   | windows    | person   | updates   | purposes   | tallies    | size |
//      | u8    | u8   | u16        | u16       | u16        | u64      | u64       | u64        | u32        | u32 |
//
//      40  unit      at u32, length u32: the text that experiments hash, first in the rest
//      48  words     u64 for every 48 attributes: bits 0-47 say which are present, bits 48-63 how many are in the
//                    words before: the place of an attribute in the arrays is that number and the bits below its own
//          values    u64 for each present attribute (see below)
//          tallies   key u64, at u32, length u32, by key
//          times     u32 for each present attribute: seconds since 1970, at most those of the year 2106
//          consents  time_ms i64, expires_ms i64, state u8, explicit u8, source u8, 0 u8 for each bit of `purposes`
//          windows   aggregate u32, at u32, length u32, by aggregate
//          sources   u8 for each present attribute
//          kinds     u8 for each present attribute: tact_kind, and a list's items' kind times 16 (0: it has none)
//          the rest  the unit, texts and items of the values, states of windows, states of tallies, in the order of
//                    the above
//
//      value of   bool: 0 or 1 · int, duration: itself · double: its bits · timestamp: at of seconds i64, nanos u32
//                 string: at u32, length u32 · list: at u32, count u32 of its items
//      items of   int, double: 8 bytes each · string: at u32, length u32 each, then their texts
//
// The numbers of attributes, purposes and aggregates are the schema's and stay for ever, so a record that was written
// under an older schema reads under a newer one: what was added since is unset, what was retired is unset, an int that
// became a double reads as a double. A change of this layout gets a new version, and old ones stay readable
// (tests/store/golden/). The numbers of tact_kind that are stored here and in windows thus never change either.
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/merge.h"

typedef struct record { // where things are; borrows the bytes
    const char *bytes;
    const char *words, *values, *tallies, *times, *consents, *windows, *sources, *kinds, *rest;
    uint32_t attributes, present, windows_count, tallies_count, size;
    uint64_t purposes;
} record;

typedef enum record_absence { // why an attribute has no value
    RECORD_PRESENT,
    RECORD_UNSET,       // nobody set it, or it was taken away; or it is not of this schema any more
    RECORD_TOO_OLD,     // older than its max_age
    RECORD_NOT_GRANTED, // its purpose is not granted; whether it is set then stays unsaid
} record_absence;

// Appends the record. TACT_LIMIT: it would be larger than 1 GiB. TACT_NO_MEMORY.
TACT_MUST_USE tact_err record_build(buf *out, const merged *m, const schema *sc, tact_error *error);
// Every byte of it: for fsck. TACT_INVALID with what is wrong. What passes reads without harm under any schema.
TACT_MUST_USE tact_err record_check(tact_str bytes, tact_error *error);
// For reading. TACT_INVALID: of a version that this program does not know, or not a whole record; the rest is trusted.
TACT_MUST_USE tact_err record_open(tact_str bytes, record *out, tact_error *error);

uint64_t record_person(const record *r);
uint64_t record_updates(const record *r); // commands that made it what it is; grows with each, falls when it is split
// What experiments hash: "namespace:value" of the strand whose id is the person's. So an anonymous visitor keeps the
// arm when a person is made of the cookie, and of two that are merged the one whose id stays.
tact_str record_unit(const record *r);

// An attribute at `now_ms`: its value, else its default, else an ABSENT fault with the reason. Texts lie in the record;
// the items of a list are put into the arena (which else is not used), a NO_MEMORY fault if it is full.
tact_value record_attribute(const record *r, const schema *sc, uint32_t number, int64_t now_ms, arena *a);
// Whether it has a value of its own, defaults left aside, and if not, why.
record_absence record_why(const record *r, const schema *sc, uint32_t number, int64_t now_ms);
// "it is unset", "`marketing` is not granted"; as long as the schema.
const char *record_absence_text(const schema *sc, uint32_t number, record_absence absence);
// Where a value came from and when, to the second, whether or not it may be read; false if there is none.
bool record_origin(const record *r, uint32_t number, uint8_t *source, int64_t *time_ms);

// What was said about a purpose at last, expired or not; false if nothing was.
bool record_statement(const record *r, uint32_t purpose, strand_consent *out);
consent_state record_consent(const record *r, uint32_t purpose, int64_t now_ms); // UNSET once it has expired
// Where nothing was said, or what was said was taken back, or a denial has ended: the default. A grant that has ended
// is none, whatever the default.
bool record_granted(const record *r, const schema *sc, uint32_t purpose, int64_t now_ms);

// The state of an aggregate, see window.h; empty if there is none.
tact_str record_window(const record *r, uint32_t number);
// See window_read; of an aggregate that the schema does not have any more, an ABSENT fault.
tact_value record_aggregate(const record *r, const schema *sc, uint32_t number, int64_t now_ms);
uint32_t record_tally(const record *r, uint64_t key, int64_t since_ms); // see tally_since

#endif
