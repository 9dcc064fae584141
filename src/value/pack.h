// SPDX-License-Identifier: Apache-2.0
//
// Bytes as they are stored: numbers, texts and values, written one after the other and read back in the same order.
// Canonical: the same value always gives the same bytes, and no other bytes read as it, so that what is equal can be
// told by comparing bytes. The format never changes; what holds packed bytes begins with a version of its own.
//
//      u8 u32 u64       little endian
//      varint           seven bits a byte, the lowest first; the high bit says that more follow; no zeros at the end
//      zigzag           0, -1, 1, -2, … as the varints 0, 1, 2, 3, …
//      str              varint length, bytes
//      value            u8 tag, then what the tag says:
//                         0 null   1 false   2 true   3 int: zigzag   4 uint: varint   5 double: u64 of its bits
//                         6 string: str, UTF-8   7 bytes: str   8 list: varint count, values
//                         9 timestamp: zigzag seconds, varint nanoseconds   10 duration: zigzag nanoseconds
#ifndef VALUE_PACK_H
#define VALUE_PACK_H

#include "base/buf.h"

#define PACK_DEPTH_MAX 8   // lists within lists; stored types nest once
#define PACK_VARINT_MAX 10 // bytes of the longest varint

// ---- Writing --------------------------------------------------------------------------------------------------------
// Into a buf, which is sticky: `failed` is checked once at the end.

void pack_u8(buf *out, uint8_t n);
void pack_u32(buf *out, uint32_t n);
void pack_u64(buf *out, uint64_t n);
void pack_varint(buf *out, uint64_t n);
void pack_zigzag(buf *out, int64_t n);
void pack_str(buf *out, tact_str s);
// NaNs are all written as one. A value of which pack_can is false sets `failed`.
void pack_value(buf *out, tact_value v);
bool pack_can(tact_value v); // it and its parts have tags above, and are not nested too deep

// ---- Reading --------------------------------------------------------------------------------------------------------

// After its first fault a reader returns zeros and empty texts and moves no more; unpack_end tells.
typedef struct unpack {
    arena *arena; // for the items of lists
    tact_str bytes;
    size_t at;
    tact_err code;   // TACT_OK until there is a fault
    const char *why; // static
} unpack;

static inline unpack unpack_of(arena *a, tact_str bytes) {
    unpack r = {a, bytes, 0, TACT_OK, NULL};
    return r;
}
uint8_t unpack_u8(unpack *r);
uint64_t unpack_u64(unpack *r);
uint64_t unpack_varint(unpack *r);
uint64_t unpack_count(unpack *r, uint64_t max); // a varint that may be no more than `max`
int64_t unpack_zigzag(unpack *r);
tact_str unpack_str(unpack *r, size_t max);  // at most `max` bytes; borrows from the bytes that are read
tact_str unpack_text(unpack *r, size_t max); // the same, and UTF-8
// Texts borrow from the bytes that are read, lists lie in the arena. After a fault NULL, the value.
tact_value unpack_value(unpack *r);
// Whoever reads something that cannot be calls this; the first fault counts. `why` is static.
void unpack_fail(unpack *r, tact_err code, const char *why);
// All read, and nothing left over? Else the fault: TACT_INVALID with its byte, TACT_NO_MEMORY.
TACT_MUST_USE tact_err unpack_end(unpack *r, tact_error *error);

#endif
