// SPDX-License-Identifier: Apache-2.0
//
// Packed bytes. The subtle part is that reading is as strict as writing is uniform: a varint with zeros at its end, a
// NaN of other bits or a text that is not UTF-8 could not have been written here, so it is a fault.
#include "value/pack.h"

#include <math.h>

#include "base/err.h"
#include "base/utf8.h"
#include "value/value.h"

typedef enum tag { // stored: never changes
    TAG_NULL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INT,
    TAG_UINT,
    TAG_DOUBLE,
    TAG_STRING,
    TAG_BYTES,
    TAG_LIST,
    TAG_TIMESTAMP,
    TAG_DURATION,
} tag;

#define NAN_BITS UINT64_C(0x7ff8000000000000) // as which every NaN is written

// ---- Writing --------------------------------------------------------------------------------------------------------

static inline void put(buf *out, uint64_t n, size_t bytes) {
    char little[8];
    for (size_t i = 0; i < bytes; i++) little[i] = (char)(n >> (8 * i) & 0xff);
    buf_add(out, little, bytes);
}

void pack_u8(buf *out, uint8_t n) {
    put(out, n, 1);
}

void pack_u32(buf *out, uint32_t n) {
    put(out, n, 4);
}

void pack_u64(buf *out, uint64_t n) {
    put(out, n, 8);
}

void pack_varint(buf *out, uint64_t n) {
    char bytes[PACK_VARINT_MAX];
    size_t len = 0;
    for (; n >= 0x80; n >>= 7) bytes[len++] = (char)(0x80 | (n & 0x7f));
    bytes[len++] = (char)n;
    buf_add(out, bytes, len);
}

void pack_zigzag(buf *out, int64_t n) {
    pack_varint(out, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

void pack_str(buf *out, tact_str s) {
    pack_varint(out, s.len);
    buf_add_str(out, s);
}

static void pack_double(buf *out, double d) {
    uint64_t bits = NAN_BITS;
    if (!isnan(d)) memcpy(&bits, &d, sizeof bits);
    pack_u64(out, bits);
}

// `depth` is how many lists may still be opened.
static void pack_nested(buf *out, tact_value v, int depth) {
    switch (v.kind) {
    case TACT_NULL: pack_u8(out, TAG_NULL); return;
    case TACT_BOOL: pack_u8(out, v.as.b ? TAG_TRUE : TAG_FALSE); return;
    case TACT_INT:
        pack_u8(out, TAG_INT);
        pack_zigzag(out, v.as.i);
        return;
    case TACT_UINT:
        pack_u8(out, TAG_UINT);
        pack_varint(out, v.as.u);
        return;
    case TACT_DOUBLE:
        pack_u8(out, TAG_DOUBLE);
        pack_double(out, v.as.d);
        return;
    case TACT_STRING:
    case TACT_BYTES:
        pack_u8(out, v.kind == TACT_STRING ? TAG_STRING : TAG_BYTES);
        pack_str(out, value_str(v));
        return;
    case TACT_TIMESTAMP:
        pack_u8(out, TAG_TIMESTAMP);
        pack_zigzag(out, v.as.i);
        pack_varint(out, v.len);
        return;
    case TACT_DURATION:
        pack_u8(out, TAG_DURATION);
        pack_zigzag(out, v.as.i);
        return;
    case TACT_LIST:
        if (depth == 0) break;
        pack_u8(out, TAG_LIST);
        pack_varint(out, v.len);
        for (uint32_t i = 0; i < v.len && !out->failed; i++) pack_nested(out, v.as.items[i], depth - 1);
        return;
    default: break;
    }
    out->failed = true;
}

void pack_value(buf *out, tact_value v) {
    pack_nested(out, v, PACK_DEPTH_MAX);
}

static bool can(tact_value v, int depth) {
    if (v.kind != TACT_LIST) return v.kind >= TACT_NULL && v.kind <= TACT_DURATION && v.kind != TACT_MAP;
    for (uint32_t i = 0; depth > 0 && i < v.len; i++) {
        if (!can(v.as.items[i], depth - 1)) return false;
    }
    return depth > 0;
}

bool pack_can(tact_value v) {
    return can(v, PACK_DEPTH_MAX);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

void unpack_fail(unpack *r, tact_err code, const char *why) {
    if (r->code) return;
    r->code = code;
    r->why = why;
}

// The next `len` bytes, or NULL.
static inline const char *take(unpack *r, size_t len) {
    if (!r->code && len > r->bytes.len - r->at) unpack_fail(r, TACT_INVALID, "the bytes end too early");
    if (r->code) return NULL;
    const char *p = r->bytes.ptr + r->at;
    r->at += len;
    return p;
}

static inline uint64_t get(unpack *r, size_t bytes) {
    const char *p = take(r, bytes);
    uint64_t n = 0;
    for (size_t i = 0; p && i < bytes; i++) n |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return n;
}

uint8_t unpack_u8(unpack *r) {
    return (uint8_t)get(r, 1);
}

uint64_t unpack_u64(unpack *r) {
    return get(r, 8);
}

// In one loop, since most of what is stored is such numbers.
uint64_t unpack_varint(unpack *r) {
    uint64_t n = 0;
    for (unsigned i = 0; !r->code && r->at < r->bytes.len; i++) {
        uint64_t byte = (unsigned char)r->bytes.ptr[r->at++];
        bool last = byte < 0x80;
        if ((i == PACK_VARINT_MAX - 1 && byte > 1) || (last && byte == 0 && i > 0)) {
            unpack_fail(r, TACT_INVALID, "a number is not in its one form");
            return 0;
        }
        n |= (byte & 0x7f) << (7 * i);
        if (last) return n;
    }
    unpack_fail(r, TACT_INVALID, "the bytes end too early");
    return 0;
}

uint64_t unpack_count(unpack *r, uint64_t max) {
    uint64_t n = unpack_varint(r);
    if (n <= max) return n;
    unpack_fail(r, TACT_INVALID, "a number is larger than it can be");
    return 0;
}

int64_t unpack_zigzag(unpack *r) {
    uint64_t n = unpack_varint(r);
    return (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}

tact_str unpack_str(unpack *r, size_t max) {
    tact_str s = {NULL, (size_t)unpack_count(r, max)};
    s.ptr = take(r, s.len);
    if (!s.ptr) s.len = 0;
    return s;
}

tact_str unpack_text(unpack *r, size_t max) {
    tact_str s = unpack_str(r, max);
    if (utf8_valid(s.ptr, s.len)) return s;
    unpack_fail(r, TACT_INVALID, "a text is not UTF-8");
    return (tact_str){NULL, 0};
}

static tact_value unpack_double(unpack *r) {
    uint64_t bits = unpack_u64(r);
    double d;
    memcpy(&d, &bits, sizeof d);
    if (isnan(d) && bits != NAN_BITS) unpack_fail(r, TACT_INVALID, "a number that is none has other bits");
    return tact_double(d);
}

static tact_value unpack_timestamp(unpack *r) {
    int64_t seconds = unpack_zigzag(r);
    uint64_t nanos = unpack_count(r, 999999999);
    if (seconds < VALUE_TIMESTAMP_MIN || seconds > VALUE_TIMESTAMP_MAX) {
        unpack_fail(r, TACT_INVALID, "a time is out of range");
    }
    return tact_timestamp(seconds, (uint32_t)nanos);
}

static tact_value unpack_nested(unpack *r, int depth);

// Every item takes a byte at least, so that the count cannot ask for more memory than the bytes are worth.
static tact_value unpack_list(unpack *r, int depth) {
    if (depth == 0) unpack_fail(r, TACT_INVALID, "lists are nested too deep");
    size_t left = r->bytes.len - r->at;
    size_t count = (size_t)unpack_count(r, left < UINT32_MAX ? left : UINT32_MAX);
    if (r->code || count == 0) return tact_list(NULL, 0);
    tact_value *items = arena_array(r->arena, count, sizeof *items);
    if (!items) {
        unpack_fail(r, TACT_NO_MEMORY, "memory ran out");
        return tact_list(NULL, 0);
    }
    for (size_t i = 0; i < count && !r->code; i++) items[i] = unpack_nested(r, depth - 1);
    return tact_list(items, count);
}

static tact_value unpack_nested(unpack *r, int depth) {
    tact_str s;
    switch (unpack_u8(r)) {
    case TAG_NULL: return tact_null();
    case TAG_FALSE: return tact_bool(false);
    case TAG_TRUE: return tact_bool(true);
    case TAG_INT: return tact_int(unpack_zigzag(r));
    case TAG_UINT: return tact_uint(unpack_varint(r));
    case TAG_DOUBLE: return unpack_double(r);
    case TAG_STRING: s = unpack_text(r, UINT32_MAX); return tact_string(s.ptr, s.len);
    case TAG_BYTES: s = unpack_str(r, UINT32_MAX); return tact_bytes(s.ptr, s.len);
    case TAG_LIST: return unpack_list(r, depth);
    case TAG_TIMESTAMP: return unpack_timestamp(r);
    case TAG_DURATION: return tact_duration(unpack_zigzag(r));
    default: unpack_fail(r, TACT_INVALID, "a value is of no known kind"); return tact_null();
    }
}

tact_value unpack_value(unpack *r) {
    tact_value v = unpack_nested(r, PACK_DEPTH_MAX);
    return r->code ? tact_null() : v;
}

tact_err unpack_end(unpack *r, tact_error *error) {
    if (r->at < r->bytes.len) unpack_fail(r, TACT_INVALID, "there are bytes left over");
    if (!r->code) return TACT_OK;
    if (r->code == TACT_NO_MEMORY) return err_set(error, r->code, "memory ran out");
    return err_set(error, r->code, "%s, at byte %zu", r->why, r->at);
}
