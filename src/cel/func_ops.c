// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic, relations and logic for all kinds. Nothing here wraps around, rounds in silence or compares what has no
// order: integers are checked, and every pair of kinds that is not named ends in NO_SUCH_OVERLOAD.
#include "cel/ops.h"
#include "value/time.h"

#define PAIR(a, b) ((a)*TACT_KINDS + (b))
#define KINDS(args) PAIR((args)[0].kind, (args)[1].kind)

static const char *kind(tact_value v) {
    return value_kind_name((tact_kind)v.kind);
}

static tact_value no_meaning(tact_cel_call *call, const tact_value *args, const char *op) {
    return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "%s %s %s has no meaning", kind(args[0]), op, kind(args[1]));
}

static tact_value overflow(tact_cel_call *call, const char *what) {
    return call_fault(call, TACT_FAULT_OVERFLOW, "beyond what %s can hold", what);
}

// ---- Joining --------------------------------------------------------------------------------------------------------

static tact_value join(tact_cel_call *call, tact_value a, tact_value b) {
    if (a.len == 0) return b;
    if (b.len == 0) return a;
    size_t len = (size_t)a.len + b.len;
    if (len > UINT32_MAX) return overflow(call, kind(a));
    if (!call_charge_bytes(call, len)) return call_no_steps(call);
    char *text = call_alloc(call, len);
    if (!text) return call_no_memory(call);
    memcpy(text, a.as.s, a.len);
    memcpy(text + a.len, b.as.s, b.len);
    return a.kind == TACT_STRING ? tact_string(text, len) : tact_bytes(text, len);
}

static tact_value join_lists(tact_cel_call *call, tact_value a, tact_value b) {
    if (a.len == 0) return b;
    if (b.len == 0) return a;
    size_t count = (size_t)a.len + b.len;
    if (count > UINT32_MAX) return overflow(call, "list");
    if (!call_charge(call, count)) return call_no_steps(call);
    tact_value *items = arena_array(call->arena, count, sizeof *items);
    if (!items) return call_no_memory(call);
    memcpy(items, a.as.items, a.len * sizeof *items);
    memcpy(items + a.len, b.as.items, b.len * sizeof *items);
    return tact_list(items, count);
}

// ---- Arithmetic -----------------------------------------------------------------------------------------------------

static tact_value later(tact_cel_call *call, tact_value timestamp, int64_t nanos) {
    return time_add(&timestamp, nanos) ? timestamp : overflow(call, "timestamp");
}

tact_value op_add(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value a = args[0], b = args[1];
    int64_t i;
    uint64_t u;
    switch (KINDS(args)) {
    case PAIR(TACT_INT, TACT_INT):
        return __builtin_add_overflow(a.as.i, b.as.i, &i) ? overflow(call, "int") : tact_int(i);
    case PAIR(TACT_UINT, TACT_UINT):
        return __builtin_add_overflow(a.as.u, b.as.u, &u) ? overflow(call, "uint") : tact_uint(u);
    case PAIR(TACT_DURATION, TACT_DURATION):
        return __builtin_add_overflow(a.as.i, b.as.i, &i) ? overflow(call, "duration") : tact_duration(i);
    case PAIR(TACT_DOUBLE, TACT_DOUBLE): return tact_double(a.as.d + b.as.d);
    case PAIR(TACT_STRING, TACT_STRING):
    case PAIR(TACT_BYTES, TACT_BYTES): return join(call, a, b);
    case PAIR(TACT_LIST, TACT_LIST): return join_lists(call, a, b);
    case PAIR(TACT_TIMESTAMP, TACT_DURATION): return later(call, a, b.as.i);
    case PAIR(TACT_DURATION, TACT_TIMESTAMP): return later(call, b, a.as.i);
    default: return no_meaning(call, args, "+");
    }
}

// Adding the negation would not do: there is no positive counterpart to the least duration.
static tact_value earlier(tact_cel_call *call, tact_value timestamp, int64_t nanos) {
    bool done = nanos == INT64_MIN ? time_add(&timestamp, INT64_MAX) && time_add(&timestamp, 1)
                                   : time_add(&timestamp, -nanos);
    return done ? timestamp : overflow(call, "timestamp");
}

tact_value op_sub(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value a = args[0], b = args[1];
    int64_t i;
    uint64_t u;
    switch (KINDS(args)) {
    case PAIR(TACT_INT, TACT_INT):
        return __builtin_sub_overflow(a.as.i, b.as.i, &i) ? overflow(call, "int") : tact_int(i);
    case PAIR(TACT_UINT, TACT_UINT):
        return __builtin_sub_overflow(a.as.u, b.as.u, &u) ? overflow(call, "uint") : tact_uint(u);
    case PAIR(TACT_DURATION, TACT_DURATION):
        return __builtin_sub_overflow(a.as.i, b.as.i, &i) ? overflow(call, "duration") : tact_duration(i);
    case PAIR(TACT_DOUBLE, TACT_DOUBLE): return tact_double(a.as.d - b.as.d);
    case PAIR(TACT_TIMESTAMP, TACT_TIMESTAMP):
        return time_between(a, b, &i) ? tact_duration(i) : overflow(call, "duration");
    case PAIR(TACT_TIMESTAMP, TACT_DURATION): return earlier(call, a, b.as.i);
    default: return no_meaning(call, args, "-");
    }
}

tact_value op_mul(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value a = args[0], b = args[1];
    int64_t i;
    uint64_t u;
    switch (KINDS(args)) {
    case PAIR(TACT_INT, TACT_INT):
        return __builtin_mul_overflow(a.as.i, b.as.i, &i) ? overflow(call, "int") : tact_int(i);
    case PAIR(TACT_UINT, TACT_UINT):
        return __builtin_mul_overflow(a.as.u, b.as.u, &u) ? overflow(call, "uint") : tact_uint(u);
    case PAIR(TACT_DOUBLE, TACT_DOUBLE): return tact_double(a.as.d * b.as.d);
    default: return no_meaning(call, args, "*");
    }
}

tact_value op_div(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value a = args[0], b = args[1];
    switch (KINDS(args)) {
    case PAIR(TACT_INT, TACT_INT):
        if (b.as.i == 0) return tact_fault_value(TACT_FAULT_DIVIDE_BY_ZERO, NULL);
        if (a.as.i == INT64_MIN && b.as.i == -1) return overflow(call, "int");
        return tact_int(a.as.i / b.as.i);
    case PAIR(TACT_UINT, TACT_UINT):
        if (b.as.u == 0) return tact_fault_value(TACT_FAULT_DIVIDE_BY_ZERO, NULL);
        return tact_uint(a.as.u / b.as.u);
    case PAIR(TACT_DOUBLE, TACT_DOUBLE): return tact_double(a.as.d / b.as.d); // IEEE 754: no fault by zero
    default: return no_meaning(call, args, "/");
    }
}

tact_value op_mod(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value a = args[0], b = args[1];
    switch (KINDS(args)) {
    case PAIR(TACT_INT, TACT_INT):
        if (b.as.i == 0) return tact_fault_value(TACT_FAULT_MODULUS_BY_ZERO, NULL);
        return tact_int(b.as.i == -1 ? 0 : a.as.i % b.as.i); // C leaves INT64_MIN % -1 undefined
    case PAIR(TACT_UINT, TACT_UINT):
        if (b.as.u == 0) return tact_fault_value(TACT_FAULT_MODULUS_BY_ZERO, NULL);
        return tact_uint(a.as.u % b.as.u);
    default: return no_meaning(call, args, "%");
    }
}

tact_value op_negate(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    switch (args[0].kind) {
    case TACT_INT: return args[0].as.i == INT64_MIN ? overflow(call, "int") : tact_int(-args[0].as.i);
    case TACT_DOUBLE: return tact_double(-args[0].as.d);
    default: return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "-%s has no meaning", kind(args[0]));
    }
}

// ---- Relations ------------------------------------------------------------------------------------------------------

static tact_value equal(tact_cel_call *call, const tact_value *args, bool wanted) {
    bool equal = value_equal_within(args[0], args[1], &call->steps_left);
    return call->steps_left == 0 ? call_no_steps(call) : tact_bool(equal == wanted);
}

tact_value op_eq(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return equal(call, args, true);
}

tact_value op_ne(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return equal(call, args, false);
}

// Sets *order as value_compare does; false with *fault where there is none.
static bool compare(tact_cel_call *call, const tact_value *args, const char *op, int *order, tact_value *fault) {
    bool texts = args[0].kind == TACT_STRING || args[0].kind == TACT_BYTES;
    if (texts && !call_charge_bytes(call, args[0].len < args[1].len ? args[0].len : args[1].len)) {
        *fault = call_no_steps(call);
        return false;
    }
    *order = value_compare(args[0], args[1]);
    if (*order != VALUE_NO_ORDER) return true;
    *fault = no_meaning(call, args, op);
    return false;
}

// VALUE_UNORDERED, for NaN, is neither below, nor at, nor above zero here.
tact_value op_lt(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int order;
    tact_value fault;
    return compare(call, args, "<", &order, &fault) ? tact_bool(order == -1) : fault;
}

tact_value op_le(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int order;
    tact_value fault;
    return compare(call, args, "<=", &order, &fault) ? tact_bool(order == -1 || order == 0) : fault;
}

tact_value op_gt(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int order;
    tact_value fault;
    return compare(call, args, ">", &order, &fault) ? tact_bool(order == 1) : fault;
}

tact_value op_ge(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int order;
    tact_value fault;
    return compare(call, args, ">=", &order, &fault) ? tact_bool(order == 1 || order == 0) : fault;
}

// ---- Logic ----------------------------------------------------------------------------------------------------------
// "The logical operators are commutative in what they absorb": an error, or what is no bool, counts only where the
// other operand does not settle the outcome (CEL language definition, "Logical Operators").

static tact_value not_bool(tact_cel_call *call, tact_value v) {
    if (v.kind == TACT_ERROR) return v;
    return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "a bool was expected, not %s", kind(v));
}

static bool is(tact_value v, bool b) {
    return v.kind == TACT_BOOL && v.as.b == b;
}

static tact_value settle(tact_cel_call *call, const tact_value *args, bool decisive) {
    if (is(args[0], decisive) || is(args[1], decisive)) return tact_bool(decisive);
    if (args[0].kind != TACT_BOOL) return not_bool(call, args[0]);
    return args[1].kind == TACT_BOOL ? tact_bool(!decisive) : not_bool(call, args[1]);
}

tact_value op_and(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return settle(call, args, false);
}

tact_value op_or(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return settle(call, args, true);
}

tact_value op_conditional(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[0].kind != TACT_BOOL) return not_bool(call, args[0]);
    return args[0].as.b ? args[1] : args[2];
}

tact_value op_not_strictly_false(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_bool(!is(args[0], false));
}

tact_value op_not(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return args[0].kind == TACT_BOOL ? tact_bool(!args[0].as.b) : not_bool(call, args[0]);
}

tact_value fn_block(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return args[1]; // the items were evaluated where they are referred to
}
