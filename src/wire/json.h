// SPDX-License-Identifier: Apache-2.0
//
// JSON text (RFC 8259) to values and back. Reading: a whole number is an int, any other a double, an object a map with
// string keys in the order of the text, an array a list. Writing goes by this table; what is marked * reads back as
// something else:
//
//      null bool int double string list     as they are; a whole double keeps a ".0"
//      uint          *  number
//      NaN, infinity *  "NaN" "Infinity" "-Infinity"
//      bytes         *  string of base64 with padding (RFC 4648, 4)
//      timestamp     *  string of RFC 3339: "2026-12-01T10:00:00Z"
//      duration      *  string of seconds: "3s" "-0.5s"
//      type          *  string of its name: "int"
//      optional      *  its value, or null for none
//      map           *  object; keys that are no strings as they print, so that keys 1 and "1" cannot be written both
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

#define JSON_DEPTH_MAX 100       // nesting of what is read or written; keeps recursion far below any stack
#define JSON_PARTS_MAX (1 << 22) // values in what is written: shared parts can unfold without end

// Reads the whole text as one JSON value, of any kind. `*out` and all its parts live in the arena; `text` need not
// outlive the call. TACT_SYNTAX: not JSON, a name that repeats within an object, or a number beyond int64 or double;
// TACT_LIMIT: nested too deeply; both with line and column (in code points) in `error`, which may be NULL.
// TACT_NO_MEMORY. The parser itself takes memory in proportion to the text and gives it back before the call ends.
TACT_MUST_USE tact_err json_read(arena *a, tact_str text, tact_value *out, tact_error *error);

// Appends the value as JSON on one line, without spaces. TACT_LIMIT: nested too deeply, or of too many parts.
// TACT_INVALID: it is or holds an error or what is no value, or two keys of a map have one name. TACT_NO_MEMORY. After
// a fault what was appended is incomplete.
TACT_MUST_USE tact_err json_write(buf *out, tact_value v);

#endif
