// SPDX-License-Identifier: Apache-2.0
//
// Values as files have them, to values as the schema declares them. What is given is the text of a CSV field or any
// value of JSON; a text means the same in both:
//
//      bool        true false yes no 1 0, in any case             JSON: true, false, 1, 0
//      int         12  -3  12.0                                   JSON: whole numbers
//      double      12.5  1e3; never NaN, never infinite           JSON: numbers
//      string      the text as it is                              JSON: texts only
//      timestamp   2026-12-01T10:00:00Z; a date alone is its first moment in UTC
//      duration    90d  1h30m  -1.5s
//      list(…)     a;b;c, or as JSON: ["a","b"]                   JSON: lists
//
// Blanks around all but strings, and around the items of a;b;c, do not count. A text that is empty then, and null, are
// no value at all.
#ifndef CLI_IMPORT_VALUE_H
#define CLI_IMPORT_VALUE_H

#include "base/arena.h"
#include "value/type.h"
#include "value/value.h"

// `type` is one of an attribute. `*out` lies in the arena; NULL, the value: there is none. TACT_INVALID: `error` says
// what was given and what was expected ("`abc` is not a whole number"). TACT_NO_MEMORY.
TACT_MUST_USE tact_err import_value(arena *a, const tact_type *type, tact_value given, tact_value *out,
                                    tact_error *error);
// The text of an identity: a text, or a whole number of JSON in digits. Empty: there is none. Errors as above.
TACT_MUST_USE tact_err import_value_text(arena *a, tact_value given, tact_str *out, tact_error *error);

tact_str import_value_trimmed(tact_str s); // without blanks and tabs at its ends

#endif
