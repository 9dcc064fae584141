// SPDX-License-Identifier: Apache-2.0
//
// Parts of lists, maps and optionals, and the building of maps. There is one way to find a part, `find`; the operators
// differ in what they make of a part that is not there. The subtle part is optionals: they are looked through, and what
// is found in them is an optional again.
#include "base/utf8.h"
#include "cel/ops.h"

static const char *kind(tact_value v) {
    return value_kind_name((tact_kind)v.kind);
}

typedef enum found {
    FOUND,
    MISSING,
    FAILED, // the key is none for such a value, or the value has no parts
} found;

// A whole number of any kind as an index; INT64_MAX is no index of any list.
static bool as_index(tact_value v, int64_t *index) {
    switch (v.kind) {
    case TACT_INT: *index = v.as.i; return true;
    case TACT_UINT: *index = v.as.u > INT64_MAX ? INT64_MAX : (int64_t)v.as.u; return true;
    case TACT_DOUBLE:
        if (!(v.as.d >= -9007199254740992.0 && v.as.d <= 9007199254740992.0)) return false; // beyond, wholes have gaps
        *index = (int64_t)v.as.d;
        return (double)*index == v.as.d;
    default: return false;
    }
}

static found find_item(tact_cel_call *call, tact_value list, tact_value key, const tact_value **item,
                       tact_value *fault) {
    int64_t index;
    if (!as_index(key, &index)) {
        *fault = value_is_number(key)
                     ? call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "the index of a list must be a whole number")
                     : call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "list[%s] has no meaning", kind(key));
        return FAILED;
    }
    if (index < 0 || index >= list.len) return MISSING;
    *item = &list.as.items[index];
    return FOUND;
}

// Looks through an optional: `*operand` becomes what it holds. False if that is nothing.
static bool look_through(tact_value *operand) {
    if (operand->kind != TACT_OPTIONAL) return true;
    if (!operand->as.items) return false;
    *operand = *operand->as.items;
    return true;
}

static found find(tact_cel_call *call, tact_value operand, tact_value key, const tact_value **part, tact_value *fault) {
    switch (operand.kind) {
    case TACT_LIST: return find_item(call, operand, key, part, fault);
    case TACT_MAP:
        if (key.kind == TACT_STRING && !call_charge_bytes(call, key.len)) {
            *fault = call_no_steps(call);
            return FAILED;
        }
        *part = value_map_get(operand.as.map, key);
        return *part ? FOUND : MISSING;
    default:
        *fault = call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "%s[%s] has no meaning", kind(operand), kind(key));
        return FAILED;
    }
}

static found find_field(tact_cel_call *call, tact_value operand, tact_str field, const tact_value **part,
                        tact_value *fault) {
    if (operand.kind != TACT_MAP) {
        *fault = call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "%s has no field `%.*s`", kind(operand), (int)field.len,
                            field.ptr);
        return FAILED;
    }
    *part = value_map_get_str(operand.as.map, field);
    return *part ? FOUND : MISSING;
}

// ---- Operators ------------------------------------------------------------------------------------------------------

static tact_value missing(tact_cel_call *call, tact_value operand, tact_value key) {
    if (operand.kind == TACT_LIST) {
        return call_fault(call, TACT_FAULT_INDEX_RANGE, "the list has %u item%s, none at that index", operand.len,
                          operand.len == 1 ? "" : "s");
    }
    if (key.kind != TACT_STRING) return tact_fault_value(TACT_FAULT_NO_SUCH_KEY, NULL);
    utf8_shown shown;
    return call_fault(call, TACT_FAULT_NO_SUCH_KEY, "'%s'", utf8_show(&shown, value_str(key)));
}

tact_value op_index(tact_cel_call *call, const tact_value *args, uint32_t count) {
    if (args[0].kind == TACT_OPTIONAL) return op_opt_index(call, args, count);
    const tact_value *part;
    tact_value fault;
    switch (find(call, args[0], args[1], &part, &fault)) {
    case FOUND: return *part;
    case MISSING: return missing(call, args[0], args[1]);
    default: return fault;
    }
}

tact_value op_opt_index(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value operand = args[0], fault;
    const tact_value *part;
    if (!look_through(&operand)) return value_some(NULL);
    switch (find(call, operand, args[1], &part, &fault)) {
    case FOUND: return value_some(part);
    case MISSING: return value_some(NULL);
    default: return fault;
    }
}

tact_value op_select(tact_cel_call *call, tact_value operand, tact_str field) {
    if (operand.kind == TACT_OPTIONAL) return op_opt_select(call, operand, field);
    const tact_value *part;
    tact_value fault;
    switch (find_field(call, operand, field, &part, &fault)) {
    case FOUND: return *part;
    case MISSING: return tact_fault_value(TACT_FAULT_NO_SUCH_KEY, NULL);
    default: return fault;
    }
}

tact_value op_opt_select(tact_cel_call *call, tact_value operand, tact_str field) {
    const tact_value *part;
    tact_value fault;
    if (!look_through(&operand)) return value_some(NULL);
    switch (find_field(call, operand, field, &part, &fault)) {
    case FOUND: return value_some(part);
    case MISSING: return value_some(NULL);
    default: return fault;
    }
}

tact_value op_has(tact_cel_call *call, tact_value operand, tact_str field) {
    const tact_value *part;
    tact_value fault;
    if (!look_through(&operand)) return tact_bool(false);
    found f = find_field(call, operand, field, &part, &fault);
    return f == FAILED ? fault : tact_bool(f == FOUND);
}

tact_value op_in(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value wanted = args[0], in = args[1];
    if (in.kind == TACT_MAP) {
        if (wanted.kind == TACT_STRING && !call_charge_bytes(call, wanted.len)) return call_no_steps(call);
        return tact_bool(value_map_get(in.as.map, wanted) != NULL);
    }
    if (in.kind != TACT_LIST) {
        return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "%s in %s has no meaning", kind(wanted), kind(in));
    }
    for (uint32_t i = 0; i < in.len; i++) {
        if (value_equal_within(wanted, in.as.items[i], &call->steps_left)) return tact_bool(true);
        if (call->steps_left == 0) return call_no_steps(call);
    }
    return tact_bool(false);
}

// ---- Functions ------------------------------------------------------------------------------------------------------

tact_value fn_optional_select(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return op_opt_select(call, args[0], value_str(args[1]));
}

// A map of the entries of `map` and of `more`, or an error value.
static tact_value insert(tact_cel_call *call, const tact_map *map, const value_entry *more, uint32_t more_count) {
    size_t count = (size_t)map->count + more_count;
    if (!call_charge(call, count)) return call_no_steps(call);
    value_entry *entries = arena_array(call->arena, count, sizeof *entries);
    if (!entries) return call_no_memory(call);
    if (map->count) memcpy(entries, map->entries, map->count * sizeof *entries);
    if (more_count) memcpy(entries + map->count, more, more_count * sizeof *entries);
    tact_value result = value_map(call->arena, entries, count);
    bool halts = result.kind == TACT_ERROR && result.len == TACT_FAULT_NO_MEMORY;
    return halts ? call_no_memory(call) : result;
}

tact_value fn_map_insert(tact_cel_call *call, const tact_value *args, uint32_t count) {
    const tact_map *map = args[0].as.map;
    if (count == 2) return insert(call, map, args[1].as.map->entries, args[1].as.map->count);
    value_entry entry = {args[1], args[2]};
    return insert(call, map, &entry, 1);
}
