// SPDX-License-Identifier: Apache-2.0
//
// Every function and operator of the language, one row an overload:
//
//      X(library, "function", "overload_id", "signature", impl, growth, steps, "documentation")
//
// library     the tact_cel_library that it belongs to; 0: the core language
// function    the name it is called by; operators by their names of cel/ast.h; names with @ are called by macros only
// signature   "(int, int) -> int", or "string.(int) -> string" where called as x.f(y); capitals stand for any type
// impl        the C function, in the func_*.c that names the library; cel/ops.h has the operators
// growth      FIXED, LEAST, LINEAR, SORT or PRODUCT (cel_growth): how a call's cost grows with its arguments' sizes
// steps       cost of a call however small its arguments
//
// Overload ids are those of cel-go, so that checked trees compare.
// clang-format off
#define FIXED CEL_COST_FIXED
#define LEAST CEL_COST_LEAST
#define LINEAR CEL_COST_LINEAR
#define SORT CEL_COST_SORT
#define PRODUCT CEL_COST_PRODUCT

// ---- Logic ----------------------------------------------------------------------------------------------------------

X(0, CEL_OP_CONDITIONAL, "conditional", "(bool, A, A) -> A", op_conditional, FIXED, 1,
  "The second operand if the first is true, else the third; the other is not evaluated.")
X(0, CEL_OP_AND, "logical_and", "(bool, bool) -> bool", op_and, FIXED, 1,
  "Whether both are true; false if one is false, even if the other is an error.")
X(0, CEL_OP_OR, "logical_or", "(bool, bool) -> bool", op_or, FIXED, 1,
  "Whether one is true; true if one is true, even if the other is an error.")
X(0, CEL_OP_NOT, "logical_not", "(bool) -> bool", op_not, FIXED, 1,
  "Whether it is false.")
X(0, CEL_OP_NOT_STRICTLY_FALSE, "not_strictly_false", "(bool) -> bool", op_not_strictly_false, FIXED, 1,
  "False if it is false; true for true and for an error.")

// ---- Equality and order ---------------------------------------------------------------------------------------------

X(0, CEL_OP_EQ, "equals", "(A, A) -> bool", op_eq, LEAST, 1,
  "Whether both are the same: numbers whatever their kinds, lists and maps part by part; NaN equals nothing.")
X(0, CEL_OP_NE, "not_equals", "(A, A) -> bool", op_ne, LEAST, 1,
  "Whether they are not the same.")
#define MIXED TACT_CEL_MIXED_NUMBERS
#define ORDERED(op, name, impl, doc) \
    X(0, op, name "_bool", "(bool, bool) -> bool", impl, FIXED, 1, doc "; false comes before true.") \
    X(0, op, name "_int64", "(int, int) -> bool", impl, FIXED, 1, doc ".") \
    X(MIXED, op, name "_int64_double", "(int, double) -> bool", impl, FIXED, 1, doc ", as doubles.") \
    X(MIXED, op, name "_int64_uint64", "(int, uint) -> bool", impl, FIXED, 1, doc ".") \
    X(0, op, name "_uint64", "(uint, uint) -> bool", impl, FIXED, 1, doc ".") \
    X(MIXED, op, name "_uint64_double", "(uint, double) -> bool", impl, FIXED, 1, doc ", as doubles.") \
    X(MIXED, op, name "_uint64_int64", "(uint, int) -> bool", impl, FIXED, 1, doc ".") \
    X(0, op, name "_double", "(double, double) -> bool", impl, FIXED, 1, doc "; false if one is NaN.") \
    X(MIXED, op, name "_double_int64", "(double, int) -> bool", impl, FIXED, 1, doc ", as doubles.") \
    X(MIXED, op, name "_double_uint64", "(double, uint) -> bool", impl, FIXED, 1, doc ", as doubles.") \
    X(0, op, name "_string", "(string, string) -> bool", impl, LEAST, 1, doc ", by code points.") \
    X(0, op, name "_bytes", "(bytes, bytes) -> bool", impl, LEAST, 1, doc ", byte by byte.") \
    X(0, op, name "_timestamp", "(timestamp, timestamp) -> bool", impl, FIXED, 1, doc ", earlier before later.") \
    X(0, op, name "_duration", "(duration, duration) -> bool", impl, FIXED, 1, doc ", shorter before longer.")
ORDERED(CEL_OP_LT, "less", op_lt, "Whether the first comes before the second")
ORDERED(CEL_OP_LE, "less_equals", op_le, "Whether the first does not come after the second")
ORDERED(CEL_OP_GT, "greater", op_gt, "Whether the first comes after the second")
ORDERED(CEL_OP_GE, "greater_equals", op_ge, "Whether the first does not come before the second")
#undef ORDERED
#undef MIXED

// ---- Arithmetic -----------------------------------------------------------------------------------------------------

X(0, CEL_OP_ADD, "add_bytes", "(bytes, bytes) -> bytes", op_add, LINEAR, 1,
  "The second behind the first.")
X(0, CEL_OP_ADD, "add_double", "(double, double) -> double", op_add, FIXED, 1,
  "The sum.")
X(0, CEL_OP_ADD, "add_duration_duration", "(duration, duration) -> duration", op_add, FIXED, 1,
  "The sum; an error beyond some 292 years.")
X(0, CEL_OP_ADD, "add_duration_timestamp", "(duration, timestamp) -> timestamp", op_add, FIXED, 1,
  "The time so much later; an error beyond the years 1 to 9999.")
X(0, CEL_OP_ADD, "add_timestamp_duration", "(timestamp, duration) -> timestamp", op_add, FIXED, 1,
  "The time so much later; an error beyond the years 1 to 9999.")
X(0, CEL_OP_ADD, "add_int64", "(int, int) -> int", op_add, FIXED, 1,
  "The sum; an error if it is no int.")
X(0, CEL_OP_ADD, "add_list", "(list(A), list(A)) -> list(A)", op_add, LINEAR, 1,
  "The second's items behind those of the first.")
X(0, CEL_OP_ADD, "add_string", "(string, string) -> string", op_add, LINEAR, 1,
  "The second behind the first.")
X(0, CEL_OP_ADD, "add_uint64", "(uint, uint) -> uint", op_add, FIXED, 1,
  "The sum; an error if it is no uint.")
X(0, CEL_OP_DIV, "divide_double", "(double, double) -> double", op_div, FIXED, 1,
  "The quotient; an infinity or NaN for a divisor of zero.")
X(0, CEL_OP_DIV, "divide_int64", "(int, int) -> int", op_div, FIXED, 1,
  "The quotient without its fraction; an error for a divisor of zero.")
X(0, CEL_OP_DIV, "divide_uint64", "(uint, uint) -> uint", op_div, FIXED, 1,
  "The quotient without its fraction; an error for a divisor of zero.")
X(0, CEL_OP_MOD, "modulo_int64", "(int, int) -> int", op_mod, FIXED, 1,
  "What the division leaves, with the sign of the first; an error for a divisor of zero.")
X(0, CEL_OP_MOD, "modulo_uint64", "(uint, uint) -> uint", op_mod, FIXED, 1,
  "What the division leaves; an error for a divisor of zero.")
X(0, CEL_OP_MUL, "multiply_double", "(double, double) -> double", op_mul, FIXED, 1,
  "The product.")
X(0, CEL_OP_MUL, "multiply_int64", "(int, int) -> int", op_mul, FIXED, 1,
  "The product; an error if it is no int.")
X(0, CEL_OP_MUL, "multiply_uint64", "(uint, uint) -> uint", op_mul, FIXED, 1,
  "The product; an error if it is no uint.")
X(0, CEL_OP_NEGATE, "negate_double", "(double) -> double", op_negate, FIXED, 1,
  "The same with the other sign.")
X(0, CEL_OP_NEGATE, "negate_int64", "(int) -> int", op_negate, FIXED, 1,
  "The same with the other sign; an error if that is no int.")
X(0, CEL_OP_SUB, "subtract_double", "(double, double) -> double", op_sub, FIXED, 1,
  "The difference.")
X(0, CEL_OP_SUB, "subtract_duration_duration", "(duration, duration) -> duration", op_sub, FIXED, 1,
  "The difference; an error beyond some 292 years.")
X(0, CEL_OP_SUB, "subtract_int64", "(int, int) -> int", op_sub, FIXED, 1,
  "The difference; an error if it is no int.")
X(0, CEL_OP_SUB, "subtract_timestamp_duration", "(timestamp, duration) -> timestamp", op_sub, FIXED, 1,
  "The time so much earlier; an error beyond the years 1 to 9999.")
X(0, CEL_OP_SUB, "subtract_timestamp_timestamp", "(timestamp, timestamp) -> duration", op_sub, FIXED, 1,
  "The time from the second to the first; an error beyond some 292 years.")
X(0, CEL_OP_SUB, "subtract_uint64", "(uint, uint) -> uint", op_sub, FIXED, 1,
  "The difference; an error if it is no uint.")

// ---- Parts ----------------------------------------------------------------------------------------------------------

X(0, CEL_OP_INDEX, "index_list", "(list(A), int) -> A", op_index, FIXED, 1,
  "The item at an index, counted from 0; an error if there is none.")
X(0, CEL_OP_INDEX, "index_map", "(map(A, B), A) -> B", op_index, LINEAR, 1,
  "The value at a key; an error if there is none.")
X(0, CEL_OP_IN, "in_list", "(A, list(A)) -> bool", op_in, LINEAR, 1,
  "Whether the list has an item that equals the first.")
X(0, CEL_OP_IN, "in_map", "(A, map(A, B)) -> bool", op_in, LINEAR, 1,
  "Whether the map has the key.")
X(0, "size", "size_bytes", "(bytes) -> int", fn_size, FIXED, 1,
  "How many bytes there are.")
X(0, "size", "bytes_size", "bytes.() -> int", fn_size, FIXED, 1,
  "How many bytes there are.")
X(0, "size", "size_list", "(list(A)) -> int", fn_size, FIXED, 1,
  "How many items there are.")
X(0, "size", "list_size", "list(A).() -> int", fn_size, FIXED, 1,
  "How many items there are.")
X(0, "size", "size_map", "(map(A, B)) -> int", fn_size, FIXED, 1,
  "How many entries there are.")
X(0, "size", "map_size", "map(A, B).() -> int", fn_size, FIXED, 1,
  "How many entries there are.")
X(0, "size", "size_string", "(string) -> int", fn_size, LINEAR, 1,
  "How many code points there are.")
X(0, "size", "string_size", "string.() -> int", fn_size, LINEAR, 1,
  "How many code points there are.")

// ---- Conversions ----------------------------------------------------------------------------------------------------

X(0, "type", "type", "(A) -> type(A)", fn_type, FIXED, 1,
  "The type of a value.")
X(0, "dyn", "to_dyn", "(A) -> dyn", fn_identity, FIXED, 1,
  "The same value, of which the checker asks no questions.")
X(0, "bool", "bool_to_bool", "(bool) -> bool", fn_identity, FIXED, 1,
  "The same value.")
X(0, "bool", "string_to_bool", "(string) -> bool", fn_string_to_bool, FIXED, 2,
  "What \"true\", \"True\", \"TRUE\", \"t\" or \"1\", and \"false\" and its like, say; an error for other text.")
X(0, "bytes", "bytes_to_bytes", "(bytes) -> bytes", fn_identity, FIXED, 1,
  "The same value.")
X(0, "bytes", "string_to_bytes", "(string) -> bytes", fn_string_to_bytes, FIXED, 1,
  "The text in UTF-8.")
X(0, "double", "double_to_double", "(double) -> double", fn_identity, FIXED, 1,
  "The same value.")
X(0, "double", "int64_to_double", "(int) -> double", fn_to_double, FIXED, 1,
  "The nearest double.")
X(0, "double", "string_to_double", "(string) -> double", fn_string_to_double, LINEAR, 5,
  "The number that is written there, \"NaN\" and \"Infinity\" among them; an error for other text.")
X(0, "double", "uint64_to_double", "(uint) -> double", fn_to_double, FIXED, 1,
  "The nearest double.")
X(0, "duration", "duration_to_duration", "(duration) -> duration", fn_identity, FIXED, 1,
  "The same value.")
X(0, "duration", "string_to_duration", "(string) -> duration", fn_string_to_duration, LINEAR, 5,
  "A length of time in h, m, s, ms, us and ns: \"1h30m\", \"-1.5s\"; an error for other text.")
X(0, "int", "int64_to_int64", "(int) -> int", fn_identity, FIXED, 1,
  "The same value.")
X(0, "int", "double_to_int64", "(double) -> int", fn_double_to_int, FIXED, 1,
  "The number without its fraction; an error if that is no int.")
X(0, "int", "duration_to_int64", "(duration) -> int", fn_duration_to_int, FIXED, 1,
  "The nanoseconds.")
X(0, "int", "string_to_int64", "(string) -> int", fn_string_to_int, LINEAR, 3,
  "The decimal number that is written there; an error for other text.")
X(0, "int", "timestamp_to_int64", "(timestamp) -> int", fn_timestamp_to_int, FIXED, 1,
  "The whole seconds since 1970-01-01T00:00:00Z.")
X(0, "int", "uint64_to_int64", "(uint) -> int", fn_uint_to_int, FIXED, 1,
  "The same number; an error if it is no int.")
X(0, "string", "string_to_string", "(string) -> string", fn_identity, FIXED, 1,
  "The same value.")
X(0, "string", "bool_to_string", "(bool) -> string", fn_to_string, FIXED, 2,
  "\"true\" or \"false\".")
X(0, "string", "bytes_to_string", "(bytes) -> string", fn_bytes_to_string, LINEAR, 2,
  "The bytes as UTF-8; an error if they are not.")
X(0, "string", "double_to_string", "(double) -> string", fn_to_string, FIXED, 10,
  "The shortest decimal number that stands for it.")
X(0, "string", "duration_to_string", "(duration) -> string", fn_to_string, FIXED, 10,
  "The seconds and an s: \"5400s\", \"-1.5s\".")
X(0, "string", "int64_to_string", "(int) -> string", fn_to_string, FIXED, 5,
  "The decimal number.")
X(0, "string", "timestamp_to_string", "(timestamp) -> string", fn_to_string, FIXED, 10,
  "Date and time in UTC, as RFC 3339 has it: \"2009-02-13T23:31:30Z\".")
X(0, "string", "uint64_to_string", "(uint) -> string", fn_to_string, FIXED, 5,
  "The decimal number.")
X(0, "timestamp", "timestamp_to_timestamp", "(timestamp) -> timestamp", fn_identity, FIXED, 1,
  "The same value.")
X(0, "timestamp", "int64_to_timestamp", "(int) -> timestamp", fn_int_to_timestamp, FIXED, 1,
  "So many seconds after 1970-01-01T00:00:00Z; an error beyond the years 1 to 9999.")
X(0, "timestamp", "string_to_timestamp", "(string) -> timestamp", fn_string_to_timestamp, LINEAR, 5,
  "Date and time as RFC 3339 has them: \"2009-02-13T23:31:30+01:00\"; an error for other text.")
X(0, "uint", "uint64_to_uint64", "(uint) -> uint", fn_identity, FIXED, 1,
  "The same value.")
X(0, "uint", "double_to_uint64", "(double) -> uint", fn_double_to_uint, FIXED, 1,
  "The number without its fraction; an error if it is negative or too large.")
X(0, "uint", "int64_to_uint64", "(int) -> uint", fn_int_to_uint, FIXED, 1,
  "The same number; an error if it is negative.")
X(0, "uint", "string_to_uint64", "(string) -> uint", fn_string_to_uint, LINEAR, 3,
  "The decimal number that is written there; an error for other text.")

// ---- Text -----------------------------------------------------------------------------------------------------------

X(0, "contains", "contains_string", "string.(string) -> bool", fn_contains, LINEAR, 2,
  "Whether the argument occurs in the text.")
X(0, "endsWith", "ends_with_string", "string.(string) -> bool", fn_ends_with, LEAST, 1,
  "Whether the text ends in the argument.")
X(0, "startsWith", "starts_with_string", "string.(string) -> bool", fn_starts_with, LEAST, 1,
  "Whether the text begins with the argument.")
X(0, "matches", "matches", "(string, string) -> bool", fn_matches, PRODUCT, 20,
  "Whether some part of the text matches the regular expression (RE2's syntax).")
X(0, "matches", "matches_string", "string.(string) -> bool", fn_matches, PRODUCT, 20,
  "Whether some part of the text matches the regular expression (RE2's syntax).")

// ---- Time -----------------------------------------------------------------------------------------------------------

#define CALENDAR(name, id, id_zone, impl, doc) \
    X(0, name, id, "timestamp.() -> int", impl, FIXED, 5, doc ", in UTC.") \
    X(0, name, id_zone, "timestamp.(string) -> int", impl, FIXED, 20, \
      doc ", in a time zone: \"Europe/Berlin\", \"UTC\", \"+01:00\".")
CALENDAR("getFullYear", "timestamp_to_year", "timestamp_to_year_with_tz", fn_full_year, "The year")
CALENDAR("getMonth", "timestamp_to_month", "timestamp_to_month_with_tz", fn_month, "The month, 0 for January")
CALENDAR("getDayOfYear", "timestamp_to_day_of_year", "timestamp_to_day_of_year_with_tz", fn_day_of_year,
         "The day of the year, from 0")
CALENDAR("getDayOfMonth", "timestamp_to_day_of_month", "timestamp_to_day_of_month_with_tz", fn_day_of_month,
         "The day of the month, from 0")
CALENDAR("getDate", "timestamp_to_day_of_month_1_based", "timestamp_to_day_of_month_1_based_with_tz", fn_date,
         "The day of the month, from 1")
CALENDAR("getDayOfWeek", "timestamp_to_day_of_week", "timestamp_to_day_of_week_with_tz", fn_day_of_week,
         "The day of the week, 0 for Sunday")
CALENDAR("getHours", "timestamp_to_hours", "timestamp_to_hours_with_tz", fn_hours, "The hour, 0 to 23")
CALENDAR("getMinutes", "timestamp_to_minutes", "timestamp_to_minutes_with_tz", fn_minutes, "The minute, 0 to 59")
CALENDAR("getSeconds", "timestamp_to_seconds", "timestamp_to_seconds_tz", fn_seconds, "The second, 0 to 59")
CALENDAR("getMilliseconds", "timestamp_to_milliseconds", "timestamp_to_milliseconds_with_tz", fn_milliseconds,
         "The millisecond within the second, 0 to 999")
#undef CALENDAR
X(0, "getHours", "duration_to_hours", "duration.() -> int", fn_duration_hours, FIXED, 1,
  "The whole duration in hours, without a fraction.")
X(0, "getMinutes", "duration_to_minutes", "duration.() -> int", fn_duration_minutes, FIXED, 1,
  "The whole duration in minutes, without a fraction.")
X(0, "getSeconds", "duration_to_seconds", "duration.() -> int", fn_duration_seconds, FIXED, 1,
  "The whole duration in seconds, without a fraction.")
X(0, "getMilliseconds", "duration_to_milliseconds", "duration.() -> int", fn_duration_milliseconds, FIXED, 1,
  "The milliseconds beyond the whole seconds.")

// ---- Optionals ------------------------------------------------------------------------------------------------------

X(TACT_CEL_OPTIONALS, "optional.of", "optional_of", "(A) -> optional_type(A)", fn_optional_of, FIXED, 1,
  "An optional that holds the value.")
X(TACT_CEL_OPTIONALS, "optional.ofNonZeroValue", "optional_ofNonZeroValue", "(A) -> optional_type(A)",
  fn_optional_of_non_zero_value, FIXED, 1,
  "An optional that holds the value, or none if that is null, false, zero or empty.")
X(TACT_CEL_OPTIONALS, "optional.none", "optional_none", "() -> optional_type(A)", fn_optional_none, FIXED, 1,
  "An optional that holds nothing.")
X(TACT_CEL_OPTIONALS, "value", "optional_value", "optional_type(A).() -> A", fn_optional_value, FIXED, 1,
  "What the optional holds; an error if that is nothing.")
X(TACT_CEL_OPTIONALS, "hasValue", "optional_hasValue", "optional_type(A).() -> bool", fn_optional_has_value, FIXED, 1,
  "Whether the optional holds something.")
X(TACT_CEL_OPTIONALS, "or", "optional_or_optional", "optional_type(A).(optional_type(A)) -> optional_type(A)",
  fn_optional_or, FIXED, 1,
  "The optional if it holds something, else the argument.")
X(TACT_CEL_OPTIONALS, "orValue", "optional_orValue_value", "optional_type(A).(A) -> A", fn_optional_or_value, FIXED, 1,
  "What the optional holds, or the argument if that is nothing.")
X(TACT_CEL_OPTIONALS, "optional.unwrap", "optional_unwrap", "(list(optional_type(A))) -> list(A)", fn_optional_unwrap,
  LINEAR, 1,
  "What the optionals of a list hold, without those that hold nothing.")
X(TACT_CEL_OPTIONALS, "unwrapOpt", "optional_unwrapOpt", "list(optional_type(A)).() -> list(A)", fn_optional_unwrap,
  LINEAR, 1,
  "What the optionals of a list hold, without those that hold nothing.")
X(TACT_CEL_OPTIONALS, CEL_OP_OPT_SELECT, "select_optional_field", "(dyn, string) -> optional_type(A)",
  fn_optional_select, LINEAR, 1,
  "The field as an optional; none if it is not there.")
X(TACT_CEL_OPTIONALS, CEL_OP_OPT_INDEX, "list_optindex_optional_int", "(list(A), int) -> optional_type(A)",
  op_opt_index, FIXED, 1,
  "The item at an index as an optional; none if there is none.")
X(TACT_CEL_OPTIONALS, CEL_OP_OPT_INDEX, "optional_list_optindex_optional_int",
  "(optional_type(list(A)), int) -> optional_type(A)", op_opt_index, FIXED, 1,
  "The item of the list in an optional, as an optional.")
X(TACT_CEL_OPTIONALS, CEL_OP_OPT_INDEX, "map_optindex_optional_value", "(map(A, B), A) -> optional_type(B)",
  op_opt_index, LINEAR, 1,
  "The value at a key as an optional; none if there is none.")
X(TACT_CEL_OPTIONALS, CEL_OP_OPT_INDEX, "optional_map_optindex_optional_value",
  "(optional_type(map(A, B)), A) -> optional_type(B)", op_opt_index, LINEAR, 1,
  "The value of the map in an optional, as an optional.")
X(TACT_CEL_OPTIONALS, CEL_OP_INDEX, "optional_list_index_int", "(optional_type(list(A)), int) -> optional_type(A)",
  op_index, FIXED, 1,
  "The item of the list in an optional, as an optional.")
X(TACT_CEL_OPTIONALS, CEL_OP_INDEX, "optional_map_index_value", "(optional_type(map(A, B)), A) -> optional_type(B)",
  op_index, LINEAR, 1,
  "The value of the map in an optional, as an optional.")

// ---- Strings --------------------------------------------------------------------------------------------------------
// Positions count code points from 0.

X(TACT_CEL_STRINGS, "charAt", "string_char_at_int", "string.(int) -> string", fn_char_at, LINEAR, 2,
  "The character at a position; empty at the very end, an error beyond.")
X(TACT_CEL_STRINGS, "indexOf", "string_index_of_string", "string.(string) -> int", fn_index_of, LINEAR, 2,
  "Where the argument first occurs; -1 if it does not.")
X(TACT_CEL_STRINGS, "indexOf", "string_index_of_string_int", "string.(string, int) -> int", fn_index_of, LINEAR, 2,
  "Where the argument first occurs from a position on; -1 if it does not.")
X(TACT_CEL_STRINGS, "lastIndexOf", "string_last_index_of_string", "string.(string) -> int", fn_last_index_of,
  PRODUCT, 2,
  "Where the argument last occurs; -1 if it does not.")
X(TACT_CEL_STRINGS, "lastIndexOf", "string_last_index_of_string_int", "string.(string, int) -> int", fn_last_index_of,
  PRODUCT, 2,
  "Where the argument last occurs without beginning behind a position; -1 if it does not.")
X(TACT_CEL_STRINGS, "lowerAscii", "string_lower_ascii", "string.() -> string", fn_lower_ascii, LINEAR, 2,
  "The text with A to Z as a to z; other letters stay.")
X(TACT_CEL_STRINGS, "upperAscii", "string_upper_ascii", "string.() -> string", fn_upper_ascii, LINEAR, 2,
  "The text with a to z as A to Z; other letters stay.")
X(TACT_CEL_STRINGS, "replace", "string_replace_string_string", "string.(string, string) -> string", fn_replace, PRODUCT,
  2,
  "The text with the second argument wherever the first occurs.")
X(TACT_CEL_STRINGS, "replace", "string_replace_string_string_int", "string.(string, string, int) -> string", fn_replace,
  PRODUCT, 2,
  "The same for the first so many occurrences; for all if the number is negative.")
X(TACT_CEL_STRINGS, "split", "string_split_string", "string.(string) -> list(string)", fn_split, LINEAR, 2,
  "The parts of the text between the argument's occurrences; its characters if the argument is empty.")
X(TACT_CEL_STRINGS, "split", "string_split_string_int", "string.(string, int) -> list(string)", fn_split, LINEAR, 2,
  "The same with so many parts at most, the last of which is the rest; all parts if the number is negative.")
X(TACT_CEL_STRINGS, "substring", "string_substring_int", "string.(int) -> string", fn_substring, LINEAR, 2,
  "The text from a position on.")
X(TACT_CEL_STRINGS, "substring", "string_substring_int_int", "string.(int, int) -> string", fn_substring, LINEAR, 2,
  "The text from one position up to, but without, another.")
X(TACT_CEL_STRINGS, "trim", "string_trim", "string.() -> string", fn_trim, LINEAR, 2,
  "The text without the white space (Unicode's) at its ends.")
X(TACT_CEL_STRINGS, "reverse", "string_reverse", "string.() -> string", fn_string_reverse, LINEAR, 2,
  "The characters from the last to the first.")
X(TACT_CEL_STRINGS, "join", "list_join", "list(string).() -> string", fn_join, LINEAR, 2,
  "The strings of a list one behind the other.")
X(TACT_CEL_STRINGS, "join", "list_join_string", "list(string).(string) -> string", fn_join, PRODUCT, 2,
  "The strings of a list one behind the other with the argument between them.")
X(TACT_CEL_STRINGS, "strings.quote", "strings_quote", "(string) -> string", fn_quote, LINEAR, 2,
  "The text as a CEL literal, in double quotes, with escapes for quotes, backslashes and control characters.")
X(TACT_CEL_STRINGS, "format", "string_format", "string.(list(dyn)) -> string", fn_format, LINEAR, 5,
  "The text with %s, %d, %f, %e, %b, %o, %x and %X replaced by the list's items; %.2f sets the digits, %% is a %.")

// ---- Mathematics ----------------------------------------------------------------------------------------------------

#define MATH TACT_CEL_MATH
#define EXTREME(name, impl, doc) \
    X(MATH, "math.@" name, "math_@" name "_double", "(double) -> double", fn_identity, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_int", "(int) -> int", fn_identity, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_uint", "(uint) -> uint", fn_identity, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_double_double", "(double, double) -> double", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_int_int", "(int, int) -> int", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_uint_uint", "(uint, uint) -> uint", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_int_uint", "(int, uint) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_int_double", "(int, double) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_double_int", "(double, int) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_double_uint", "(double, uint) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_uint_int", "(uint, int) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_uint_double", "(uint, double) -> dyn", impl, FIXED, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_list_double", "(list(double)) -> double", impl, LINEAR, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_list_int", "(list(int)) -> int", impl, LINEAR, 1, doc) \
    X(MATH, "math.@" name, "math_@" name "_list_uint", "(list(uint)) -> uint", impl, LINEAR, 1, doc)
EXTREME("min", fn_min, "The least of the numbers, the first of equal ones; NaN if one is NaN.")
EXTREME("max", fn_max, "The greatest of the numbers, the first of equal ones; NaN if one is NaN.")
#undef EXTREME
#undef MATH
X(TACT_CEL_MATH, "math.ceil", "math_ceil_double", "(double) -> double", fn_ceil, FIXED, 1,
  "The least whole number that is not less.")
X(TACT_CEL_MATH, "math.floor", "math_floor_double", "(double) -> double", fn_floor, FIXED, 1,
  "The greatest whole number that is not greater.")
X(TACT_CEL_MATH, "math.round", "math_round_double", "(double) -> double", fn_round, FIXED, 1,
  "The nearest whole number; of two the one farther from zero.")
X(TACT_CEL_MATH, "math.trunc", "math_trunc_double", "(double) -> double", fn_trunc, FIXED, 1,
  "The number without its fraction.")
X(TACT_CEL_MATH, "math.isInf", "math_isInf_double", "(double) -> bool", fn_is_inf, FIXED, 1,
  "Whether it is an infinity.")
X(TACT_CEL_MATH, "math.isNaN", "math_isNaN_double", "(double) -> bool", fn_is_nan, FIXED, 1,
  "Whether it is NaN.")
X(TACT_CEL_MATH, "math.isFinite", "math_isFinite_double", "(double) -> bool", fn_is_finite, FIXED, 1,
  "Whether it is neither an infinity nor NaN.")
X(TACT_CEL_MATH, "math.abs", "math_abs_double", "(double) -> double", fn_abs, FIXED, 1,
  "The number without its sign.")
X(TACT_CEL_MATH, "math.abs", "math_abs_int", "(int) -> int", fn_abs, FIXED, 1,
  "The number without its sign; an error if that is no int.")
X(TACT_CEL_MATH, "math.abs", "math_abs_uint", "(uint) -> uint", fn_identity, FIXED, 1,
  "The same value.")
X(TACT_CEL_MATH, "math.sign", "math_sign_double", "(double) -> double", fn_sign, FIXED, 1,
  "-1.0, 0.0 or 1.0; NaN for NaN.")
X(TACT_CEL_MATH, "math.sign", "math_sign_int", "(int) -> int", fn_sign, FIXED, 1,
  "-1, 0 or 1.")
X(TACT_CEL_MATH, "math.sign", "math_sign_uint", "(uint) -> uint", fn_sign, FIXED, 1,
  "0u or 1u.")
X(TACT_CEL_MATH, "math.sqrt", "math_sqrt_double", "(double) -> double", fn_sqrt, FIXED, 1,
  "The square root; NaN of a negative number.")
X(TACT_CEL_MATH, "math.sqrt", "math_sqrt_int", "(int) -> double", fn_sqrt, FIXED, 1,
  "The square root; NaN of a negative number.")
X(TACT_CEL_MATH, "math.sqrt", "math_sqrt_uint", "(uint) -> double", fn_sqrt, FIXED, 1,
  "The square root.")
X(TACT_CEL_MATH, "math.bitAnd", "math_bitAnd_int_int", "(int, int) -> int", fn_bit_and, FIXED, 1,
  "The bits that are set in both.")
X(TACT_CEL_MATH, "math.bitAnd", "math_bitAnd_uint_uint", "(uint, uint) -> uint", fn_bit_and, FIXED, 1,
  "The bits that are set in both.")
X(TACT_CEL_MATH, "math.bitOr", "math_bitOr_int_int", "(int, int) -> int", fn_bit_or, FIXED, 1,
  "The bits that are set in one or both.")
X(TACT_CEL_MATH, "math.bitOr", "math_bitOr_uint_uint", "(uint, uint) -> uint", fn_bit_or, FIXED, 1,
  "The bits that are set in one or both.")
X(TACT_CEL_MATH, "math.bitXor", "math_bitXor_int_int", "(int, int) -> int", fn_bit_xor, FIXED, 1,
  "The bits that are set in one but not both.")
X(TACT_CEL_MATH, "math.bitXor", "math_bitXor_uint_uint", "(uint, uint) -> uint", fn_bit_xor, FIXED, 1,
  "The bits that are set in one but not both.")
X(TACT_CEL_MATH, "math.bitNot", "math_bitNot_int_int", "(int) -> int", fn_bit_not, FIXED, 1,
  "All bits the other way.")
X(TACT_CEL_MATH, "math.bitNot", "math_bitNot_uint_uint", "(uint) -> uint", fn_bit_not, FIXED, 1,
  "All bits the other way.")
X(TACT_CEL_MATH, "math.bitShiftLeft", "math_bitShiftLeft_int_int", "(int, int) -> int", fn_bit_shift_left, FIXED, 1,
  "The bits moved up so far, zeros behind; an error if that is negative.")
X(TACT_CEL_MATH, "math.bitShiftLeft", "math_bitShiftLeft_uint_int", "(uint, int) -> uint", fn_bit_shift_left, FIXED, 1,
  "The bits moved up so far, zeros behind; an error if that is negative.")
X(TACT_CEL_MATH, "math.bitShiftRight", "math_bitShiftRight_int_int", "(int, int) -> int", fn_bit_shift_right, FIXED, 1,
  "The bits moved down so far, zeros ahead, even of a negative number; an error if that is negative.")
X(TACT_CEL_MATH, "math.bitShiftRight", "math_bitShiftRight_uint_int", "(uint, int) -> uint", fn_bit_shift_right,
  FIXED, 1,
  "The bits moved down so far, zeros ahead; an error if that is negative.")

// ---- Encoders -------------------------------------------------------------------------------------------------------

X(TACT_CEL_ENCODERS, "base64.decode", "base64_decode_string", "(string) -> bytes", fn_base64_decode, LINEAR, 2,
  "The bytes that the Base64 text (RFC 4648, section 4) stands for; its padding may be missing.")
X(TACT_CEL_ENCODERS, "base64.encode", "base64_encode_bytes", "(bytes) -> string", fn_base64_encode, LINEAR, 2,
  "The bytes as Base64 text (RFC 4648, section 4), with padding.")

// ---- Lists ----------------------------------------------------------------------------------------------------------

X(TACT_CEL_LISTS, "slice", "list_slice", "list(A).(int, int) -> list(A)", fn_slice, FIXED, 1,
  "The items from one index up to, but without, another; an error beyond the list.")
X(TACT_CEL_LISTS, "flatten", "list_flatten", "list(list(A)).() -> list(A)", fn_flatten, LINEAR, 2,
  "The list with the items of the lists in it instead of those lists.")
X(TACT_CEL_LISTS, "flatten", "list_flatten_int", "list(dyn).(int) -> list(dyn)", fn_flatten, LINEAR, 2,
  "The same for lists nested so deep.")
X(TACT_CEL_LISTS, "reverse", "list_reverse", "list(A).() -> list(A)", fn_list_reverse, LINEAR, 1,
  "The items from the last to the first.")
X(TACT_CEL_LISTS, "distinct", "list_distinct", "list(A).() -> list(A)", fn_distinct, SORT, 2,
  "The items without those that equal an earlier one.")
X(TACT_CEL_LISTS, "lists.range", "lists_range", "(int) -> list(int)", fn_range, LINEAR, 1,
  "The numbers from 0 up to, but without, the argument.")
X(TACT_CEL_LISTS, "first", "list_first", "list(A).() -> optional_type(A)", fn_first, FIXED, 1,
  "The first item as an optional; none if there is none.")
X(TACT_CEL_LISTS, "last", "list_last", "list(A).() -> optional_type(A)", fn_last, FIXED, 1,
  "The last item as an optional; none if there is none.")
#define SORTED(type, name) \
    X(TACT_CEL_LISTS, "sort", "list_" name "_sort", "list(" type ").() -> list(" type ")", fn_sort, SORT, 2, \
      "The items in ascending order; they must be of one kind.") \
    X(TACT_CEL_LISTS, "@sortByAssociatedKeys", "list_" name "_sortByAssociatedKeys", \
      "list(A).(list(" type ")) -> list(A)", fn_sort_by_keys, SORT, 2, \
      "The items in ascending order of the keys, which are the argument's items; equal ones keep their order.")
SORTED("int", "int")
SORTED("uint", "uint")
SORTED("double", "double")
SORTED("bool", "bool")
SORTED("duration", "google.protobuf.Duration")
SORTED("timestamp", "google.protobuf.Timestamp")
SORTED("string", "string")
SORTED("bytes", "bytes")
#undef SORTED

// ---- What macros call -----------------------------------------------------------------------------------------------

X(TACT_CEL_MACROS2, CEL_FN_MAP_INSERT, "@mapInsert_map_key_value", "(map(A, B), A, B) -> map(A, B)", fn_map_insert,
  LINEAR, 2,
  "The map with one more entry; an error if the key is there.")
X(TACT_CEL_MACROS2, CEL_FN_MAP_INSERT, "@mapInsert_map_map", "(map(A, B), map(A, B)) -> map(A, B)", fn_map_insert,
  LINEAR, 2,
  "The entries of both maps; an error if a key is in both.")
X(TACT_CEL_BLOCK, CEL_FN_BLOCK, "cel_block_list", "(list(dyn), A) -> A", fn_block, FIXED, 1,
  "The second operand, in which @index0 and so on stand for the first one's items.")
#undef FIXED
#undef LEAST
#undef LINEAR
#undef SORT
#undef PRODUCT
