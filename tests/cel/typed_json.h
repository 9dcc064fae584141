// SPDX-License-Identifier: Apache-2.0
//
// Values as JSON that says what kind they are, for tests that exchange values with programs in other languages. A value
// is a list of its kind and what it holds, all numbers as text:
//
//      ["null"]  ["bool", true]  ["int", "-1"]  ["uint", "1"]  ["string", "a"]  ["type", "int"]
//      ["double", "3ff8000000000000"]   the 64 bits in hex; every NaN is 7ff8000000000000
//      ["bytes", "00ff"]                in hex
//      ["timestamp", "1234567890", "500000000"]   seconds, nanoseconds
//      ["duration", "1500000000"]       nanoseconds
//      ["list", [value, …]]  ["map", [[key, value], …]]
#ifndef TESTS_CEL_TYPED_JSON_H
#define TESTS_CEL_TYPED_JSON_H

#include "base/arena.h"

// The form of a value, ready for json_write; of what has none, ["other"]. In the arena, as all here.
tact_value typed_json_from(arena *a, tact_value v);
// The value of a form that json_read has read. What is no form is null.
tact_value typed_json_to(arena *a, tact_value form);

#endif
