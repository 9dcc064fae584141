// SPDX-License-Identifier: Apache-2.0
//
// MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) to values and back: one message is one value.
// What is marked * reads back as something else.
//
//      nil  bool  float 64  str  bin  array     null  bool  double  string  bytes  list
//      any int, in the fewest bytes             int; above the largest int: uint. * A smaller uint reads as an int
//      map with str keys                        map, in the order of the message
//      extension -1, the specification's        timestamp
//      extension 1, 8 bytes                     duration: signed nanoseconds, big endian
//      str                                    * type: its name, "int"
//      its value, or nil for none             * optional
//
// Reading takes ints of any width and float 32, too.
#ifndef WIRE_MSGPACK_H
#define WIRE_MSGPACK_H

#include "base/buf.h"

enum {
    MSGPACK_DEPTH_MAX = 100,      // lists and maps within each other, as in JSON
    MSGPACK_BYTES_MAX = 16 << 20, // of a message that is read; a batch of 10,000 commands takes a few MiB
    MSGPACK_PARTS_MAX = 1 << 20,  // values and keys in one message; bounds memory, each takes 16 bytes
    MSGPACK_DURATION = 1,         // the extension type that is a duration
};

// Reads the whole of `bytes` as one value. Strings and bytes borrow from `bytes`, lists and maps lie in the arena.
// TACT_SYNTAX: not one whole MessagePack value. TACT_INVALID: there is no value for it: an unknown extension, a time
// out of range, a string that is not UTF-8, a key that is no string or repeats. TACT_LIMIT: one of the above. All with
// the byte, counted from 0, at the front of the text. TACT_NO_MEMORY.
TACT_MUST_USE tact_err msgpack_read(arena *a, tact_str bytes, tact_value *out, tact_error *error);

// Appends the value. TACT_LIMIT: too deep, or too many parts. TACT_INVALID: it is or holds an error or what is no
// value, or a map has a key that is no string. TACT_NO_MEMORY. After a fault what was appended is incomplete.
TACT_MUST_USE tact_err msgpack_write(buf *out, tact_value v);

#endif
