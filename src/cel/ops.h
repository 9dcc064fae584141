// SPDX-License-Identifier: Apache-2.0
//
// The operators on values of any kinds: what the machine calls where its fast paths end, and what the rows of
// func_tbl.h for `_+_`, `_[_]` and the like name as their implementation. They are total: where an operator has no
// meaning for the kinds of its operands the answer is NO_SUCH_OVERLOAD, naming them. No operand may be an error, except
// as said.
#ifndef CEL_OPS_H
#define CEL_OPS_H

#include "cel/func.h"

// ---- Arithmetic: OVERFLOW, DIVIDE_BY_ZERO, MODULUS_BY_ZERO ----------------------------------------------------------

// int, uint, double; joins strings, bytes and lists; timestamp + duration either way round, duration + duration.
tact_value op_add(tact_cel_call *call, const tact_value *args, uint32_t count);
// int, uint, double; timestamp - timestamp is a duration, timestamp - duration, duration - duration.
tact_value op_sub(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_mul(tact_cel_call *call, const tact_value *args, uint32_t count); // int, uint, double
tact_value op_div(tact_cel_call *call, const tact_value *args, uint32_t count); // int and uint cut towards zero; double
tact_value op_mod(tact_cel_call *call, const tact_value *args, uint32_t count); // int (sign of the dividend), uint
tact_value op_negate(tact_cel_call *call, const tact_value *args, uint32_t count); // int, double

// ---- Relations ------------------------------------------------------------------------------------------------------

tact_value op_eq(tact_cel_call *call, const tact_value *args, uint32_t count); // all kinds
tact_value op_ne(tact_cel_call *call, const tact_value *args, uint32_t count);
// Numbers across kinds (false where either is NaN), and two bools, strings, bytes, timestamps or durations.
tact_value op_lt(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_le(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_gt(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_ge(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_in(tact_cel_call *call, const tact_value *args, uint32_t count); // an item of a list, a key of a map

// ---- Logic: operands may be errors ----------------------------------------------------------------------------------

tact_value op_and(tact_cel_call *call, const tact_value *args, uint32_t count); // false && error is false
tact_value op_or(tact_cel_call *call, const tact_value *args, uint32_t count);  // true || error is true
tact_value op_conditional(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_not_strictly_false(tact_cel_call *call, const tact_value *args, uint32_t count); // an error is not
tact_value op_not(tact_cel_call *call, const tact_value *args, uint32_t count);                // strict

// ---- Parts ----------------------------------------------------------------------------------------------------------
// Of an optional, a part is an optional again: none of none, and none where the value lacks the part.

// list[i]: INDEX_RANGE; i may be any number that is whole, else INVALID_ARGUMENT. map[k]: NO_SUCH_KEY.
tact_value op_index(tact_cel_call *call, const tact_value *args, uint32_t count);
tact_value op_opt_index(tact_cel_call *call, const tact_value *args, uint32_t count); // a[?b]: an optional
tact_value op_select(tact_cel_call *call, tact_value operand, tact_str field);        // NO_SUCH_KEY, without a text
tact_value op_opt_select(tact_cel_call *call, tact_value operand, tact_str field);    // a.?b: an optional
tact_value op_has(tact_cel_call *call, tact_value operand, tact_str field);

#endif
