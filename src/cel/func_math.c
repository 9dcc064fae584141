// SPDX-License-Identifier: Apache-2.0
//
// The math extension. math.greatest and math.least are macros; what they expand to, math.@max and math.@min, takes one
// number, two, or a list.
#include <math.h>

#include "cel/func.h"

// ---- Greatest and least ---------------------------------------------------------------------------------------------

static bool is_nan(tact_value v) {
    return v.kind == TACT_DOUBLE && isnan(v.as.d);
}

// Of equal numbers the first; NaN if one is NaN.
static tact_value better(tact_value a, tact_value b, int wanted) {
    if (is_nan(a)) return a;
    return is_nan(b) || value_compare(b, a) == wanted ? b : a;
}

static tact_value extreme(tact_cel_call *call, const tact_value *args, uint32_t count, int wanted) {
    if (count == 2) return better(args[0], args[1], wanted);
    tact_value list = args[0];
    if (list.len == 0) return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "the list of numbers is empty");
    if (!call_charge(call, list.len)) return call_no_steps(call);
    tact_value best = list.as.items[0];
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value item = list.as.items[i];
        if (!value_is_number(item)) {
            return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "a number was expected in the list, not %s",
                              value_kind_name((tact_kind)item.kind));
        }
        best = better(best, item, wanted);
    }
    return best;
}

tact_value fn_min(tact_cel_call *call, const tact_value *args, uint32_t count) {
    return extreme(call, args, count, -1);
}

tact_value fn_max(tact_cel_call *call, const tact_value *args, uint32_t count) {
    return extreme(call, args, count, 1);
}

// ---- Doubles --------------------------------------------------------------------------------------------------------

#define OF_DOUBLE(name, result)                                                                                        \
    tact_value name(tact_cel_call *call, const tact_value *args, uint32_t count) {                                     \
        (void)call, (void)count;                                                                                       \
        double d = args[0].as.d;                                                                                       \
        return result;                                                                                                 \
    }
OF_DOUBLE(fn_ceil, tact_double(ceil(d)))
OF_DOUBLE(fn_floor, tact_double(floor(d)))
OF_DOUBLE(fn_round, tact_double(round(d)))
OF_DOUBLE(fn_trunc, tact_double(trunc(d)))
OF_DOUBLE(fn_is_inf, tact_bool(isinf(d)))
OF_DOUBLE(fn_is_nan, tact_bool(isnan(d)))
OF_DOUBLE(fn_is_finite, tact_bool(isfinite(d)))

// ---- All numbers ----------------------------------------------------------------------------------------------------

tact_value fn_sqrt(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    switch (args[0].kind) {
    case TACT_INT: return tact_double(sqrt((double)args[0].as.i));
    case TACT_UINT: return tact_double(sqrt((double)args[0].as.u));
    default: return tact_double(sqrt(args[0].as.d));
    }
}

tact_value fn_abs(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[0].kind == TACT_DOUBLE) return tact_double(fabs(args[0].as.d));
    int64_t i = args[0].as.i;
    if (i == INT64_MIN) return call_fault(call, TACT_FAULT_OVERFLOW, "beyond what int can hold");
    return tact_int(i < 0 ? -i : i);
}

tact_value fn_sign(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    switch (args[0].kind) {
    case TACT_INT: return tact_int((args[0].as.i > 0) - (args[0].as.i < 0));
    case TACT_UINT: return tact_uint(args[0].as.u > 0);
    default: return isnan(args[0].as.d) ? args[0] : tact_double((args[0].as.d > 0) - (args[0].as.d < 0));
    }
}

// ---- Bits -----------------------------------------------------------------------------------------------------------
// An int's bits are those of its two's complement, which a uint of the same bits holds: both kinds share the code.

static tact_value with_bits(tact_value v, uint64_t bits) {
    v.as.u = bits;
    return v;
}

tact_value fn_bit_and(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return with_bits(args[0], args[0].as.u & args[1].as.u);
}

tact_value fn_bit_or(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return with_bits(args[0], args[0].as.u | args[1].as.u);
}

tact_value fn_bit_xor(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return with_bits(args[0], args[0].as.u ^ args[1].as.u);
}

tact_value fn_bit_not(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return with_bits(args[0], ~args[0].as.u);
}

static tact_value negative_offset(tact_cel_call *call, tact_value offset) {
    return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "negative offset: %lld", (long long)offset.as.i);
}

// C leaves shifts by 64 and more undefined; here nothing is left of the bits.
tact_value fn_bit_shift_left(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int64_t offset = args[1].as.i;
    if (offset < 0) return negative_offset(call, args[1]);
    return with_bits(args[0], offset < 64 ? args[0].as.u << offset : 0);
}

tact_value fn_bit_shift_right(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int64_t offset = args[1].as.i;
    if (offset < 0) return negative_offset(call, args[1]);
    return with_bits(args[0], offset < 64 ? args[0].as.u >> offset : 0);
}
