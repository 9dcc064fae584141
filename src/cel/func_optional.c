// SPDX-License-Identifier: Apache-2.0
//
// Optionals: making them and getting at what they hold. func_index.c has their parts.
#include "cel/func.h"

static tact_value some(tact_cel_call *call, tact_value v) {
    tact_value *held = call_alloc(call, sizeof *held);
    if (!held) return call_no_memory(call);
    *held = v;
    return value_some(held);
}

static bool is_zero(tact_value v) {
    switch (v.kind) {
    case TACT_NULL: return true;
    case TACT_BOOL: return !v.as.b;
    case TACT_INT:
    case TACT_UINT:
    case TACT_DURATION: return v.as.u == 0;
    case TACT_DOUBLE: return v.as.d == 0;
    case TACT_STRING:
    case TACT_BYTES:
    case TACT_LIST: return v.len == 0;
    case TACT_MAP: return v.as.map->count == 0;
    case TACT_TIMESTAMP: return v.as.i == 0 && v.len == 0;
    default: return false;
    }
}

tact_value fn_optional_of(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return some(call, args[0]);
}

tact_value fn_optional_of_non_zero_value(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return is_zero(args[0]) ? value_some(NULL) : some(call, args[0]);
}

tact_value fn_optional_none(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)args, (void)count;
    return value_some(NULL);
}

tact_value fn_optional_value(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return args[0].as.items ? *args[0].as.items : tact_fault_value(TACT_FAULT_OPTIONAL_NONE, NULL);
}

tact_value fn_optional_has_value(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_bool(args[0].as.items != NULL);
}

tact_value fn_optional_or(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return args[0].as.items ? args[0] : args[1];
}

tact_value fn_optional_or_value(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return args[0].as.items ? *args[0].as.items : args[1];
}

tact_value fn_optional_unwrap(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value list = args[0];
    if (!call_charge(call, list.len)) return call_no_steps(call);
    tact_value *items = arena_array(call->arena, list.len, sizeof *items);
    if (!items) return call_no_memory(call);
    size_t kept = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        if (list.as.items[i].kind != TACT_OPTIONAL) {
            return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "an optional was expected in the list, not %s",
                              value_kind_name((tact_kind)list.as.items[i].kind));
        }
        if (list.as.items[i].as.items) items[kept++] = *list.as.items[i].as.items;
    }
    return tact_list(items, kept);
}
