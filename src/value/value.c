// SPDX-License-Identifier: Apache-2.0
//
// Maps, equality, order and hashing of values. The subtle part is numbers of different kinds. An int and a uint compare
// by what they stand for. Either compares with a double as doubles, once the double is known to be in its range: the
// language definition speaks of one number line, but its conformance suite rounds (comparisons/lt_literal/
// not_lt_dyn_int_big_lossy_double). Map keys are never rounded.
#include "value/value.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "value/type.h"

// ---- Order and equality ---------------------------------------------------------------------------------------------

#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0

static int order_i64(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int order_u64(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int order_double(double a, double b) {
    if (isnan(a) || isnan(b)) return VALUE_UNORDERED;
    return (a > b) - (a < b);
}

static int order_int_uint(int64_t a, uint64_t b) {
    return a < 0 ? -1 : order_u64((uint64_t)a, b);
}

static int order_int_double(int64_t a, double b) {
    if (isnan(b)) return VALUE_UNORDERED;
    if (b > TWO_63) return -1;
    if (b < -TWO_63) return 1;
    return order_double((double)a, b);
}

static int order_uint_double(uint64_t a, double b) {
    if (isnan(b)) return VALUE_UNORDERED;
    if (b > TWO_64) return -1;
    if (b < 0.0) return 1;
    return order_double((double)a, b);
}

static int reversed(int order) {
    return order == VALUE_UNORDERED ? order : -order;
}

static int order_numbers(tact_value a, tact_value b) {
    switch (a.kind * TACT_KINDS + b.kind) {
    case TACT_INT *TACT_KINDS + TACT_INT: return order_i64(a.as.i, b.as.i);
    case TACT_INT *TACT_KINDS + TACT_UINT: return order_int_uint(a.as.i, b.as.u);
    case TACT_INT *TACT_KINDS + TACT_DOUBLE: return order_int_double(a.as.i, b.as.d);
    case TACT_UINT *TACT_KINDS + TACT_INT: return reversed(order_int_uint(b.as.i, a.as.u));
    case TACT_UINT *TACT_KINDS + TACT_UINT: return order_u64(a.as.u, b.as.u);
    case TACT_UINT *TACT_KINDS + TACT_DOUBLE: return order_uint_double(a.as.u, b.as.d);
    case TACT_DOUBLE *TACT_KINDS + TACT_INT: return reversed(order_int_double(b.as.i, a.as.d));
    case TACT_DOUBLE *TACT_KINDS + TACT_UINT: return reversed(order_uint_double(b.as.u, a.as.d));
    default: return order_double(a.as.d, b.as.d);
    }
}

static int order_bytes(tact_value a, tact_value b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.as.s, b.as.s, common) : 0;
    return order ? (order > 0) - (order < 0) : order_u64(a.len, b.len);
}

int value_compare(tact_value a, tact_value b) {
    if (value_is_number(a) && value_is_number(b)) return order_numbers(a, b);
    if (a.kind != b.kind) return VALUE_NO_ORDER;
    switch (a.kind) {
    case TACT_BOOL: return order_u64(a.as.b, b.as.b);
    case TACT_STRING: // byte order is code point order in UTF-8
    case TACT_BYTES: return order_bytes(a, b);
    case TACT_TIMESTAMP: return a.as.i != b.as.i ? order_i64(a.as.i, b.as.i) : order_u64(a.len, b.len);
    case TACT_DURATION: return order_i64(a.as.i, b.as.i);
    default: return VALUE_NO_ORDER;
    }
}

static bool equal_lists(tact_value a, tact_value b, uint64_t *budget) {
    if (a.len != b.len) return false;
    for (uint32_t i = 0; i < a.len; i++) {
        if (!value_equal_within(a.as.items[i], b.as.items[i], budget)) return false;
    }
    return true;
}

static bool equal_maps(const tact_map *a, const tact_map *b, uint64_t *budget) {
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const tact_value *other = value_map_get(b, a->entries[i].key);
        if (!other || !value_equal_within(a->entries[i].value, *other, budget)) return false;
    }
    return true;
}

static bool equal_optionals(tact_value a, tact_value b, uint64_t *budget) {
    if (!a.as.items || !b.as.items) return a.as.items == b.as.items;
    return value_equal_within(*a.as.items, *b.as.items, budget);
}

bool value_equal_within(tact_value a, tact_value b, uint64_t *budget) {
    if (*budget == 0) return false;
    --*budget;
    if (a.kind != b.kind) return value_is_number(a) && value_is_number(b) && order_numbers(a, b) == 0;
    switch (a.kind) {
    case TACT_NULL: return true;
    case TACT_BOOL: return a.as.b == b.as.b;
    case TACT_INT:
    case TACT_UINT:
    case TACT_DURATION: return a.as.u == b.as.u;
    case TACT_DOUBLE: return a.as.d == b.as.d;
    case TACT_STRING:
    case TACT_BYTES: return tact_str_equal(value_str(a), value_str(b));
    case TACT_TIMESTAMP: return a.as.i == b.as.i && a.len == b.len;
    case TACT_LIST: return equal_lists(a, b, budget);
    case TACT_MAP: return equal_maps(a.as.map, b.as.map, budget);
    case TACT_TYPE: return tact_str_equal(type_name(a.as.type), type_name(b.as.type));
    case TACT_OPTIONAL: return equal_optionals(a, b, budget);
    default: return false; // errors and what is no value equal nothing
    }
}

bool tact_value_equal(tact_value a, tact_value b) {
    uint64_t budget = VALUE_EQUAL_PARTS;
    return value_equal_within(a, b, &budget);
}

// ---- Hashing --------------------------------------------------------------------------------------------------------

static bool can_be_key(tact_value v) {
    return v.kind == TACT_BOOL || v.kind == TACT_INT || v.kind == TACT_UINT || v.kind == TACT_STRING;
}

// Numbers hash as the doubles that they compare as.
static uint64_t hash_number(double d) {
    if (d == 0.0) d = 0.0; // not -0.0, which is equal
    return XXH3_64bits(&d, sizeof d);
}

uint64_t value_hash(tact_value v) {
    switch (v.kind) {
    case TACT_BOOL: return v.as.b ? 0x9e3779b97f4a7c15u : 0xd1b54a32d192ed03u; // any two constants
    case TACT_INT: return hash_number((double)v.as.i);
    case TACT_UINT: return hash_number((double)v.as.u);
    case TACT_DOUBLE: return hash_number(v.as.d);
    case TACT_STRING:
    case TACT_BYTES: return XXH3_64bits(v.as.s, v.len);
    default: return XXH3_64bits(&v.as.u, 8);
    }
}

void value_seal(tact_value *v) {
    if (v->kind != TACT_STRING || v->flags & VALUE_SEALED) return;
    v->at = (uint16_t)XXH3_64bits(v->as.s, v->len);
    v->flags |= VALUE_SEALED;
}

void tact_seal(tact_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) value_seal(&values[i]);
}

// ---- Maps -----------------------------------------------------------------------------------------------------------

static const tact_value *find_indexed(const tact_map *map, tact_value key) {
    for (uint32_t cell = (uint32_t)value_hash(key) & map->mask;; cell = (cell + 1) & map->mask) {
        uint32_t number = map->index[cell];
        if (number == 0) return NULL;
        const value_entry *entry = &map->entries[number - 1];
        if (tact_value_equal(entry->key, key)) return &entry->value;
    }
}

// A double that is exactly an int or a uint is that key.
static bool whole_key(double d, tact_value *key) {
    if (d >= -TWO_63 && d < TWO_63 && d == (double)(int64_t)d) {
        *key = tact_int((int64_t)d);
    } else if (d >= 0.0 && d < TWO_64 && d == (double)(uint64_t)d) {
        *key = tact_uint((uint64_t)d);
    } else {
        return false;
    }
    return true;
}

// Keys are names, nearly always.
static inline bool same_key(tact_value x, tact_value y) {
    if (x.kind != TACT_STRING || y.kind != TACT_STRING) return tact_value_equal(x, y);
    return tact_str_equal(value_str(x), value_str(y));
}

const tact_value *value_map_get(const tact_map *map, tact_value key) {
    if (key.kind == TACT_DOUBLE && !whole_key(key.as.d, &key)) return NULL;
    if (!can_be_key(key)) return NULL;
    if (map->index) return find_indexed(map, key);
    for (uint32_t i = 0; i < map->count; i++) {
        if (same_key(map->entries[i].key, key)) return &map->entries[i].value;
    }
    return NULL;
}

const tact_value *value_map_get_str(const tact_map *map, tact_str key) {
    return value_map_get(map, tact_string(key.ptr, key.len));
}

// Without an index: compares each key with those before it, at most VALUE_MAP_SCAN_MAX of them.
static bool has_repeat(const value_entry *entries, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (same_key(entries[i].key, entries[j].key)) return true;
        }
    }
    return false;
}

// Fills the index; false if a key repeats.
static bool fill_index(uint32_t *index, uint32_t mask, const value_entry *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t cell = (uint32_t)value_hash(entries[i].key) & mask;
        for (; index[cell]; cell = (cell + 1) & mask) {
            if (tact_value_equal(entries[index[cell] - 1].key, entries[i].key)) return false;
        }
        index[cell] = i + 1;
    }
    return true;
}

tact_value value_map(arena *a, const value_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!can_be_key(entries[i].key)) return tact_fault_value(TACT_FAULT_BAD_KEY, NULL);
    }
    tact_map *map = ARENA_NEW(a, tact_map);
    if (!map || count > UINT32_MAX / 4) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    map->count = (uint32_t)count;
    map->entries = entries;
    if (count <= VALUE_MAP_SCAN_MAX) {
        if (has_repeat(entries, map->count)) return tact_fault_value(TACT_FAULT_REPEATED_KEY, NULL);
    } else {
        uint32_t cells = 4 * VALUE_MAP_SCAN_MAX;
        while (cells < 2 * count) cells *= 2;
        uint32_t *index = arena_zalloc(a, cells * sizeof *index);
        if (!index) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
        map->index = index;
        map->mask = cells - 1;
        if (!fill_index(index, map->mask, entries, map->count)) return tact_fault_value(TACT_FAULT_REPEATED_KEY, NULL);
    }
    tact_value v = {TACT_MAP, 0, 0, 0, {0}};
    v.as.map = map;
    return v;
}

tact_value tact_map_new(tact_arena *a, const tact_value *pairs, size_t count) {
    value_entry *entries = arena_array(a, count, sizeof *entries);
    if (!entries) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    for (size_t i = 0; i < count; i++) entries[i] = (value_entry){pairs[2 * i], pairs[2 * i + 1]};
    return value_map(a, entries, count);
}

const tact_value *tact_map_get(tact_value map, tact_value key) {
    return value_map_get(map.as.map, key);
}

size_t tact_map_count(tact_value map) {
    return map.as.map->count;
}

void tact_map_entry(tact_value map, size_t i, const tact_value **key, const tact_value **value) {
    *key = &map.as.map->entries[i].key;
    *value = &map.as.map->entries[i].value;
}

// ---- Weighing and copying -------------------------------------------------------------------------------------------

static uint64_t weigh_map(const tact_map *map, uint64_t max) {
    uint64_t weight = 1;
    for (uint32_t i = 0; i < map->count && weight < max; i++) {
        weight += 1 + value_weight(map->entries[i].value, max - weight);
    }
    return weight;
}

uint64_t value_weight(tact_value v, uint64_t max) {
    if (max == 0) return 0;
    switch (v.kind) {
    case TACT_LIST: {
        uint64_t weight = 1;
        for (uint32_t i = 0; i < v.len && weight < max; i++) weight += value_weight(v.as.items[i], max - weight);
        return weight;
    }
    case TACT_MAP: return weigh_map(v.as.map, max);
    case TACT_OPTIONAL: return v.as.items ? 1 + value_weight(*v.as.items, max - 1) : 1;
    default: return 1;
    }
}

static bool copy_items(arena *a, const tact_value *items, uint32_t count, const tact_value **out) {
    tact_value *copies = arena_array(a, count, sizeof *copies);
    if (!copies) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!value_copy(a, items[i], &copies[i])) return false;
    }
    *out = copies;
    return true;
}

static bool copy_map(arena *a, const tact_map *map, tact_value *out) {
    value_entry *entries = arena_array(a, map->count, sizeof *entries);
    if (!entries) return false;
    for (uint32_t i = 0; i < map->count; i++) {
        if (!value_copy(a, map->entries[i].key, &entries[i].key)) return false;
        if (!value_copy(a, map->entries[i].value, &entries[i].value)) return false;
    }
    *out = value_map(a, entries, map->count);
    return out->kind == TACT_MAP;
}

bool value_copy(arena *a, tact_value v, tact_value *out) {
    *out = v;
    switch (v.kind) {
    case TACT_STRING:
    case TACT_BYTES: return (out->as.s = arena_copy(a, v.as.s, v.len)) != NULL;
    case TACT_LIST: return copy_items(a, v.as.items, v.len, &out->as.items);
    case TACT_MAP: return copy_map(a, v.as.map, out);
    case TACT_OPTIONAL: return !v.as.items || copy_items(a, v.as.items, 1, &out->as.items);
    default: return true;
    }
}

const char *value_kind_name(tact_kind kind) {
    static const char *const names[TACT_KINDS] = {
        [TACT_UNRESOLVED] = "unresolved",
        [TACT_NULL] = "null",
        [TACT_BOOL] = "bool",
        [TACT_INT] = "int",
        [TACT_UINT] = "uint",
        [TACT_DOUBLE] = "double",
        [TACT_STRING] = "string",
        [TACT_BYTES] = "bytes",
        [TACT_LIST] = "list",
        [TACT_MAP] = "map",
        [TACT_TIMESTAMP] = "timestamp",
        [TACT_DURATION] = "duration",
        [TACT_TYPE] = "type",
        [TACT_OPTIONAL] = "optional",
        [TACT_ERROR] = "error",
        [TACT_OPAQUE] = "opaque",
    };
    return (unsigned)kind < TACT_KINDS ? names[kind] : "unknown";
}
