// SPDX-License-Identifier: Apache-2.0
//
// Values as JSON that says their kind. The subtle part is that nothing may be lost on the way: numbers travel as text,
// doubles as their bits, since JSON readers make one kind of number of all.
#include "typed_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "value/type.h"
#include "value/value.h"

#define NAN_BITS UINT64_C(0x7ff8000000000000)

static tact_value text(tact_str s) {
    return tact_string(s.ptr, s.len);
}

static tact_value word(const char *s) {
    return text(tact_str_from(s));
}

static tact_value list_of(arena *a, size_t count, const tact_value *items) {
    tact_value *copy = arena_array(a, count, sizeof *copy);
    if (!copy) return tact_null();
    memcpy(copy, items, count * sizeof *items);
    return tact_list(copy, count);
}

static tact_value pair(arena *a, const char *kind, tact_value of) {
    return list_of(a, 2, (tact_value[]){word(kind), of});
}

static tact_value hex(arena *a, tact_str bytes) {
    buf b = buf_in(a);
    for (size_t i = 0; i < bytes.len; i++) buf_printf(&b, "%02x", (unsigned char)bytes.ptr[i]);
    return text(buf_done(&b));
}

static tact_value int_text(arena *a, int64_t i) {
    return word(arena_printf(a, "%" PRId64, i));
}

static tact_value double_bits(arena *a, tact_value d) {
    return word(arena_printf(a, "%016" PRIx64, d.as.d != d.as.d ? NAN_BITS : d.as.u));
}

tact_value typed_json_from(arena *a, tact_value v) {
    switch (v.kind) {
    case TACT_NULL: return list_of(a, 1, (tact_value[]){word("null")});
    case TACT_BOOL: return pair(a, "bool", v);
    case TACT_INT: return pair(a, "int", int_text(a, v.as.i));
    case TACT_UINT: return pair(a, "uint", word(arena_printf(a, "%" PRIu64, v.as.u)));
    case TACT_DOUBLE: return pair(a, "double", double_bits(a, v));
    case TACT_STRING: return pair(a, "string", v);
    case TACT_BYTES: return pair(a, "bytes", hex(a, value_str(v)));
    case TACT_TYPE: return pair(a, "type", text(type_name(v.as.type)));
    case TACT_DURATION: return pair(a, "duration", int_text(a, v.as.i));
    case TACT_TIMESTAMP:
        return list_of(a, 3, (tact_value[]){word("timestamp"), int_text(a, v.as.i), int_text(a, v.len)});
    case TACT_LIST:
    case TACT_MAP: break;
    default: return list_of(a, 1, (tact_value[]){word("other")});
    }
    size_t count = v.kind == TACT_LIST ? v.len : tact_map_count(v);
    tact_value *items = arena_array(a, count, sizeof *items);
    if (!items) return tact_null();
    for (size_t i = 0; i < count; i++) {
        if (v.kind == TACT_LIST) {
            items[i] = typed_json_from(a, v.as.items[i]);
            continue;
        }
        const tact_value *key, *value;
        tact_map_entry(v, i, &key, &value);
        items[i] = list_of(a, 2, (tact_value[]){typed_json_from(a, *key), typed_json_from(a, *value)});
    }
    return pair(a, v.kind == TACT_LIST ? "list" : "map", tact_list(items, count));
}

static tact_value bytes_of(arena *a, tact_value digits) {
    char *bytes = arena_alloc(a, digits.len / 2 + 1);
    if (!bytes) return tact_null();
    for (size_t i = 0; i < digits.len / 2; i++) {
        bytes[i] = (char)strtol((char[]){digits.as.s[2 * i], digits.as.s[2 * i + 1], 0}, NULL, 16);
    }
    return tact_bytes(bytes, digits.len / 2);
}

tact_value typed_json_to(arena *a, tact_value form) {
    if (form.kind != TACT_LIST || form.len < 2) return tact_null();
    tact_str kind = value_str(form.as.items[0]);
    tact_value of = form.as.items[1];
#define IS(name) tact_str_equal(kind, TACT_STR(name))
    if (IS("bool") || IS("string")) return of;
    if (IS("bytes")) return bytes_of(a, of);
    if (of.kind == TACT_STRING) {
        const char *digits = arena_copy(a, of.as.s, of.len);
        if (IS("int")) return tact_int(strtoll(digits, NULL, 10));
        if (IS("uint")) return tact_uint(strtoull(digits, NULL, 10));
        if (IS("duration")) return tact_duration(strtoll(digits, NULL, 10));
        if (IS("type")) return value_type(type_named(value_str(of)));
        if (IS("timestamp")) {
            const tact_value nanos = form.as.items[form.len - 1];
            return tact_timestamp(strtoll(digits, NULL, 10),
                                  (uint32_t)strtoul(arena_copy(a, nanos.as.s, nanos.len), NULL, 10));
        }
        tact_value d = tact_double(0);
        d.as.u = strtoull(digits, NULL, 16);
        return d;
    }
    tact_value *items = arena_array(a, of.len, 2 * sizeof *items);
    if (!items) return tact_null();
    for (size_t i = 0; i < of.len; i++) {
        if (IS("list")) {
            items[i] = typed_json_to(a, of.as.items[i]);
        } else {
            items[2 * i] = typed_json_to(a, of.as.items[i].as.items[0]);
            items[2 * i + 1] = typed_json_to(a, of.as.items[i].as.items[1]);
        }
    }
    return IS("list") ? tact_list(items, of.len) : tact_map_new(a, items, of.len);
#undef IS
}
