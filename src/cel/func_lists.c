// SPDX-License-Identifier: Apache-2.0
//
// The lists extension. Lists are immutable, so a part of one shares its items; everything else is a new array of
// values, paid for item by item. The subtle parts are the two that could be quadratic: sorting merges, and distinct
// looks up each item by its hash where its kind has one.
#include <math.h>

#include "cel/func.h"

static const char *kind(tact_value v) {
    return value_kind_name((tact_kind)v.kind);
}

// ---- Parts ----------------------------------------------------------------------------------------------------------

tact_value fn_slice(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value list = args[0];
    int64_t from = args[1].as.i, to = args[2].as.i;
    if (from < 0 || to < 0) {
        return call_fault(call, TACT_FAULT_INDEX_RANGE, "cannot slice(%lld, %lld), negative indexes not supported",
                          (long long)from, (long long)to);
    }
    if (from > to) {
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT,
                          "cannot slice(%lld, %lld), start index must be less than or equal to end index",
                          (long long)from, (long long)to);
    }
    if (to > list.len) {
        return call_fault(call, TACT_FAULT_INDEX_RANGE, "cannot slice(%lld, %lld), list is length %u", (long long)from,
                          (long long)to, list.len);
    }
    return tact_list(from == to ? NULL : list.as.items + from, (size_t)(to - from));
}

tact_value fn_first(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return value_some(args[0].len ? &args[0].as.items[0] : NULL);
}

tact_value fn_last(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return value_some(args[0].len ? &args[0].as.items[args[0].len - 1] : NULL);
}

// ---- New lists ------------------------------------------------------------------------------------------------------

tact_value fn_range(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int64_t n = args[0].as.i < 0 ? 0 : args[0].as.i;
    if (n > UINT32_MAX) return call_fault(call, TACT_FAULT_OVERFLOW, "a list of more than 2^32 items");
    if (!call_charge(call, (uint64_t)n)) return call_no_steps(call);
    tact_value *items = arena_array(call->arena, (size_t)n, sizeof *items);
    if (!items) return call_no_memory(call);
    for (int64_t i = 0; i < n; i++) items[i] = tact_int(i);
    return tact_list(items, (size_t)n);
}

tact_value fn_list_reverse(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    uint32_t len = args[0].len;
    if (!call_charge(call, len)) return call_no_steps(call);
    tact_value *items = arena_array(call->arena, len, sizeof *items);
    if (!items) return call_no_memory(call);
    for (uint32_t i = 0; i < len; i++) items[i] = args[0].as.items[len - 1 - i];
    return tact_list(items, len);
}

// Flattening walks the list twice: to count, which pays, and to copy.

static bool count_flat(tact_cel_call *call, tact_value list, int64_t depth, uint64_t *flat) {
    if (!call_charge(call, list.len)) return false;
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value item = list.as.items[i];
        if (item.kind != TACT_LIST || depth == 0) {
            ++*flat;
        } else if (!count_flat(call, item, depth - 1, flat)) {
            return false;
        }
    }
    return true;
}

static tact_value *copy_flat(tact_value *to, tact_value list, int64_t depth) {
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value item = list.as.items[i];
        if (item.kind == TACT_LIST && depth > 0) {
            to = copy_flat(to, item, depth - 1);
        } else {
            *to++ = item;
        }
    }
    return to;
}

// Deeper lists stay as they are; nothing but a caller's own values nests so deep.
#define FLATTEN_DEPTH_MAX 256

tact_value fn_flatten(tact_cel_call *call, const tact_value *args, uint32_t count) {
    int64_t depth = count == 2 ? args[1].as.i : 1;
    if (depth < 0) return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "level must be non-negative");
    if (depth > FLATTEN_DEPTH_MAX) depth = FLATTEN_DEPTH_MAX;
    uint64_t flat = 0;
    if (!count_flat(call, args[0], depth, &flat)) return call_no_steps(call);
    if (flat > UINT32_MAX) return call_fault(call, TACT_FAULT_OVERFLOW, "a list of more than 2^32 items");
    tact_value *items = arena_array(call->arena, flat, sizeof *items);
    if (!items) return call_no_memory(call);
    copy_flat(items, args[0], depth);
    return tact_list(items, flat);
}

// ---- Distinct -------------------------------------------------------------------------------------------------------

static uint64_t hash_double(double d) {
    uint64_t bits;
    d += 0.0; // -0.0 equals 0.0
    memcpy(&bits, &d, sizeof bits);
    return value_hash(tact_uint(bits));
}

// Equal values have equal hashes: numbers that are equal are equal as doubles, too. Kinds of which no value is a key,
// for which value_hash is, have one hash for all their values.
static uint64_t hash(tact_value v) {
    switch (v.kind) {
    case TACT_INT: return hash_double((double)v.as.i);
    case TACT_UINT: return hash_double((double)v.as.u);
    case TACT_DOUBLE: return hash_double(v.as.d);
    case TACT_BYTES:
    case TACT_STRING: return value_hash(tact_string(v.as.s, v.len));
    case TACT_TIMESTAMP:
    case TACT_DURATION: return value_hash(tact_int(v.as.i));
    case TACT_BOOL: return value_hash(v);
    default: return v.kind;
    }
}

// A table of open addressing over `kept`, of `mask` + 1 cells; a cell is an item's number plus one, 0 is free.
typedef struct seen {
    tact_value *kept;
    uint32_t *cells;
    uint64_t mask;
    uint32_t count;
} seen;

// Keeps `v` unless an equal value was kept before; false when the steps are used up.
static bool keep(tact_cel_call *call, seen *s, tact_value v) {
    uint64_t cell = hash(v) & s->mask;
    for (; s->cells[cell]; cell = (cell + 1) & s->mask) {
        if (value_equal_within(s->kept[s->cells[cell] - 1], v, &call->steps_left)) return true;
        if (call->steps_left == 0) return false;
    }
    s->kept[s->count++] = v;
    s->cells[cell] = s->count;
    return true;
}

tact_value fn_distinct(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value list = args[0];
    seen s = {NULL, NULL, 1, 0};
    while (s.mask < 2 * (uint64_t)list.len) s.mask = 2 * s.mask + 1;
    if (!call_charge(call, 2 * (uint64_t)list.len)) return call_no_steps(call);
    s.kept = arena_array(call->arena, list.len, sizeof *s.kept);
    s.cells = arena_array(call->arena, s.mask + 1, sizeof *s.cells);
    if (!s.kept || !s.cells) return call_no_memory(call);
    memset(s.cells, 0, (s.mask + 1) * sizeof *s.cells);
    for (uint32_t i = 0; i < list.len; i++) {
        bool text = list.as.items[i].kind == TACT_STRING || list.as.items[i].kind == TACT_BYTES;
        if (text && !call_charge_bytes(call, list.as.items[i].len)) return call_no_steps(call);
        if (!keep(call, &s, list.as.items[i])) return call_no_steps(call);
    }
    return tact_list(s.kept, s.count);
}

// ---- Sorting --------------------------------------------------------------------------------------------------------

// NaN comes before every other number, so that there is an order at all.
static int order_items(const void *things, uint32_t a, uint32_t b) {
    const tact_value *items = things;
    int order = value_compare(items[a], items[b]);
    if (order != VALUE_UNORDERED) return order;
    return (int)isnan(items[b].as.d) - (int)isnan(items[a].as.d);
}

static bool has_order(tact_value v) {
    return value_compare(v, v) != VALUE_NO_ORDER;
}

// Pays for sorting by the keys, or says what is wrong with them.
static bool check_keys(tact_cel_call *call, tact_value keys, tact_value *fault) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < keys.len; i++) {
        tact_value key = keys.as.items[i];
        if (key.kind != keys.as.items[0].kind || !has_order(key)) {
            *fault = call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD,
                                "items to sort by must be of one kind that has an order, not %s and %s",
                                kind(keys.as.items[0]), kind(key));
            return false;
        }
        if (key.kind == TACT_STRING || key.kind == TACT_BYTES) bytes += key.len;
    }
    if (func_charge_sort(call, keys.len, bytes)) return true;
    *fault = call_no_steps(call);
    return false;
}

tact_value fn_sort_by_keys(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_value list = args[0], keys = args[1], fault;
    if (list.len != keys.len) {
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "there are %u items, but %u keys", list.len, keys.len);
    }
    if (!call_charge(call, list.len)) return call_no_steps(call);
    if (!check_keys(call, keys, &fault)) return fault;
    tact_value *items = arena_array(call->arena, list.len, sizeof *items);
    uint32_t *order = func_sort(call->arena, keys.as.items, keys.len, order_items);
    if (!items || !order) return call_no_memory(call);
    for (uint32_t i = 0; i < list.len; i++) items[i] = list.as.items[order[i]];
    return tact_list(items, list.len);
}

tact_value fn_sort(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return fn_sort_by_keys(call, (tact_value[]){args[0], args[0]}, 2);
}
