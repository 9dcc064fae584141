// SPDX-License-Identifier: Apache-2.0
//
// Every way in which an evaluation can end in an error: X(NAME, name, number, "what it means"). The names follow the error
// names of the CEL specification where it has one. Numbers never change.
X(NONE, none, 0, "no error")
X(NO_SUCH_OVERLOAD, no_such_overload, 1, "no such overload")
X(NO_SUCH_KEY, no_such_key, 2, "no such key")
X(NO_SUCH_FIELD, no_such_field, 3, "no such field")
X(INDEX_RANGE, index_range, 4, "index out of bounds")
X(DIVIDE_BY_ZERO, divide_by_zero, 5, "divide by zero")
X(MODULUS_BY_ZERO, modulus_by_zero, 6, "modulus by zero")
X(OVERFLOW, overflow, 7, "result out of range")
X(CONVERSION, conversion, 8, "value cannot be converted")
X(INVALID_ARGUMENT, invalid_argument, 9, "invalid argument")
X(ABSENT, absent, 10, "attribute is absent")
X(UNDECLARED, undeclared, 11, "undeclared reference")
X(UNBOUND_FUNCTION, unbound_function, 12, "unbound function")
X(REPEATED_KEY, repeated_key, 13, "map key repeats")
X(BAD_KEY, bad_key, 14, "value cannot be a map key")
X(OPTIONAL_NONE, optional_none, 15, "optional.none() has no value")
X(WRONG_KIND, wrong_kind, 16, "value is not of the declared type")
X(STEPS, steps, 17, "evaluation took more steps than allowed")
X(NO_MEMORY, no_memory, 18, "evaluation used more memory than allowed")
