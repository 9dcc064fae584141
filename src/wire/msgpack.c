// SPDX-License-Identifier: Apache-2.0
//
// MessagePack. Writing is msgpack-c's packer over a buf. Reading is done here, on the format: msgpack-c's unpacker
// takes memory of its own and as much of it as the first five bytes of a message ask for, stops at 32 levels, and does
// not say where a message is wrong. Subtle: a list or map takes its memory before its items are read, so its count is
// first held against the bytes that are left and against all parts that may still come.
#include "wire/msgpack.h"

#include <msgpack.h>

#include "base/err.h"
#include "base/utf8.h"
#include "value/type.h"
#include "value/value.h"

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef enum family { NIL, NEVER, BOOL, FLOAT, UINT, INT, STR, BIN, ARRAY, MAP, EXT, FIXEXT } family;

enum { NAMED = 0xc0, NAMED_END = 0xe0, TIMESTAMP = -1 };

// The first bytes from 0xc0 to 0xdf: what follows, and `bytes` of it that say the number, the length or the count; of
// FIXEXT the length itself.
static const struct format {
    uint8_t family, bytes;
} formats[NAMED_END - NAMED] = {
    {NIL, 0},     {NEVER, 0}, {BOOL, 0},  {BOOL, 0},  {BIN, 1},    {BIN, 2},    {BIN, 4},    {EXT, 1},
    {EXT, 2},     {EXT, 4},   {FLOAT, 4}, {FLOAT, 8}, {UINT, 1},   {UINT, 2},   {UINT, 4},   {UINT, 8},
    {INT, 1},     {INT, 2},   {INT, 4},   {INT, 8},   {FIXEXT, 1}, {FIXEXT, 2}, {FIXEXT, 4}, {FIXEXT, 8},
    {FIXEXT, 16}, {STR, 1},   {STR, 2},   {STR, 4},   {ARRAY, 2},  {ARRAY, 4},  {MAP, 2},    {MAP, 4},
};

typedef struct reader {
    arena *arena;
    const char *bytes;
    size_t len, at, begin; // `begin`: of the value that is being read, where faults are
    uint32_t parts;        // counted, read or still to come
    tact_err code;         // TACT_OK until there is a fault; then nothing is read any more
    tact_error *error;
} reader;

static tact_value fail(reader *r, size_t at, tact_err code, const char *why) {
    if (!r->code) r->code = err_set(r->error, code, "at byte %zu: %s", at, why);
    return tact_null();
}

// So many bytes, or NULL after a fault.
static const char *take(reader *r, size_t from, uint64_t count) {
    if (r->code || count > r->len - r->at) {
        (void)fail(r, from, TACT_SYNTAX, "the message ends within this value");
        return NULL;
    }
    r->at += count;
    return r->bytes + r->at - count;
}

// A big-endian number; 0 after a fault.
static uint64_t take_number(reader *r, size_t from, uint32_t bytes) {
    const char *at = take(r, from, bytes);
    uint64_t n = 0;
    for (uint32_t i = 0; at && i < bytes; i++) n = n << 8 | (unsigned char)at[i];
    return n;
}

static tact_value read_float(uint64_t bits, uint32_t bytes) {
    if (bytes == sizeof(float)) {
        uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, sizeof f);
        return tact_double((double)f);
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return tact_double(d);
}

static tact_value read_text(reader *r, size_t from, uint64_t len) {
    const char *text = take(r, from, len);
    if (!text) return tact_null();
    if (!utf8_valid(text, len)) return fail(r, from, TACT_INVALID, "this string is not UTF-8");
    tact_value v = tact_string(text, len);
    value_seal(&v); // what comes is data that rules will read
    return v;
}

static tact_value read_bytes(reader *r, size_t from, uint64_t len) {
    const char *bytes = take(r, from, len);
    return bytes ? tact_bytes(bytes, len) : tact_null();
}

static tact_value read_timestamp(reader *r, size_t from, uint64_t len) {
    uint64_t nanos = 0;
    int64_t seconds;
    if (len == 4) {
        seconds = (int64_t)take_number(r, from, 4);
    } else if (len == 8) { // 30 bits of nanoseconds, 34 of seconds
        uint64_t both = take_number(r, from, 8);
        nanos = both >> 34;
        seconds = (int64_t)(both & ((UINT64_C(1) << 34) - 1));
    } else if (len == 12) {
        nanos = take_number(r, from, 4);
        seconds = (int64_t)take_number(r, from, 8);
    } else {
        return fail(r, from, TACT_INVALID, "a timestamp has 4, 8 or 12 bytes");
    }
    if (nanos > 999999999) return fail(r, from, TACT_INVALID, "this timestamp has more than 999,999,999 nanoseconds");
    if (seconds < VALUE_TIMESTAMP_MIN || seconds > VALUE_TIMESTAMP_MAX) {
        return fail(r, from, TACT_INVALID, "this timestamp is before the year 1, or after the year 9999");
    }
    return tact_timestamp(seconds, (uint32_t)nanos);
}

static tact_value read_extension(reader *r, size_t from, uint64_t len) {
    int8_t type = (int8_t)take_number(r, from, 1);
    if (r->code) return tact_null();
    if (type == TIMESTAMP) return read_timestamp(r, from, len);
    if (type != MSGPACK_DURATION) {
        return fail(r, from, TACT_INVALID, "an extension that is neither -1, a timestamp, nor 1, a duration");
    }
    if (len != 8) return fail(r, from, TACT_INVALID, "a duration has 8 bytes");
    return tact_duration((int64_t)take_number(r, from, 8));
}

// Makes room for so many parts.
static void *claim(reader *r, size_t from, uint64_t count, uint32_t parts_each, size_t size) {
    if (r->code) return NULL;
    if (count > (r->len - r->at) / parts_each) {
        (void)fail(r, from, TACT_SYNTAX, "the message ends before all items of this value");
        return NULL;
    }
    if (count * parts_each > MSGPACK_PARTS_MAX - r->parts) {
        (void)fail(r, from, TACT_LIMIT, "the message has more than 1,048,576 parts");
        return NULL;
    }
    r->parts += (uint32_t)count * parts_each;
    void *room = arena_array(r->arena, count, size);
    if (!room) r->code = err_set(r->error, TACT_NO_MEMORY, "no memory for the message");
    return room;
}

static tact_value read_value(reader *r, int depth);

static tact_value read_list(reader *r, size_t from, uint64_t count, int depth) {
    if (depth == 0) return fail(r, from, TACT_LIMIT, "nested deeper than 100 levels");
    tact_value *items = claim(r, from, count, 1, sizeof *items);
    for (uint64_t i = 0; i < count && !r->code; i++) items[i] = read_value(r, depth - 1);
    return r->code ? tact_null() : tact_list(items, count);
}

static tact_value read_map(reader *r, size_t from, uint64_t count, int depth) {
    if (depth == 0) return fail(r, from, TACT_LIMIT, "nested deeper than 100 levels");
    value_entry *entries = claim(r, from, count, 2, sizeof *entries);
    for (uint64_t i = 0; i < count && !r->code; i++) {
        size_t at = r->at;
        entries[i].key = read_value(r, depth - 1);
        if (!r->code && entries[i].key.kind != TACT_STRING) return fail(r, at, TACT_INVALID, "this key is no string");
        entries[i].value = read_value(r, depth - 1);
    }
    if (r->code) return tact_null();
    tact_value map = value_map(r->arena, entries, count);
    if (map.kind == TACT_MAP) return map;
    if (map.len == TACT_FAULT_REPEATED_KEY) return fail(r, from, TACT_INVALID, "this map has a key twice");
    r->code = err_set(r->error, TACT_NO_MEMORY, "no memory for the message");
    return tact_null();
}

// Of a first byte between NAMED and NAMED_END.
static tact_value read_named(reader *r, size_t from, uint8_t first, int depth) {
    struct format f = formats[first - NAMED];
    uint64_t n = f.family == FIXEXT ? f.bytes : take_number(r, from, f.bytes);
    if (r->code) return tact_null();
    uint32_t unused = (64 - 8 * (uint32_t)f.bytes) & 63; // bits above a number
    switch ((family)f.family) {
    case NIL: return tact_null();
    case NEVER: return fail(r, from, TACT_SYNTAX, "0xc1 begins no value");
    case BOOL: return tact_bool(first & 1);
    case FLOAT: return read_float(n, f.bytes);
    case UINT: return n <= INT64_MAX ? tact_int((int64_t)n) : tact_uint(n);
    case INT: return tact_int((int64_t)(n << unused) >> unused);
    case STR: return read_text(r, from, n);
    case BIN: return read_bytes(r, from, n);
    case ARRAY: return read_list(r, from, n, depth);
    case MAP: return read_map(r, from, n, depth);
    case EXT:
    case FIXEXT: break;
    }
    return read_extension(r, from, n);
}

// `depth` is how many levels may still be opened. NULL, the value, after a fault.
static tact_value read_value(reader *r, int depth) {
    size_t from = r->at;
    if (from == r->len) return fail(r, from, TACT_SYNTAX, "the message ends where a value must follow");
    uint8_t first = (uint8_t)r->bytes[r->at++];
    if (first < 0x80) return tact_int(first);
    if (first < 0x90) return read_map(r, from, first & 0xf, depth);
    if (first < 0xa0) return read_list(r, from, first & 0xf, depth);
    if (first < NAMED) return read_text(r, from, first & 0x1f);
    if (first < NAMED_END) return read_named(r, from, first, depth);
    return tact_int((int8_t)first);
}

tact_err msgpack_read(arena *a, tact_str bytes, tact_value *out, tact_error *error) {
    reader r = {.arena = a, .bytes = bytes.ptr, .len = bytes.len, .parts = 1, .error = error};
    if (bytes.len > MSGPACK_BYTES_MAX) {
        return err_set(error, TACT_LIMIT, "at byte %d: the message is longer than 16 MiB", MSGPACK_BYTES_MAX);
    }
    tact_value v = read_value(&r, MSGPACK_DEPTH_MAX);
    if (!r.code && r.at < r.len) (void)fail(&r, r.at, TACT_SYNTAX, "the message goes on behind its value");
    if (!r.code) *out = v;
    return r.code;
}

// ---- Writing --------------------------------------------------------------------------------------------------------
// What the packer's functions return is left aside: a buf is sticky.

static int append(void *out, const char *bytes, size_t len) {
    buf_add(out, bytes, len);
    return 0;
}

static tact_err write(msgpack_packer *p, tact_value v, int depth);

static void write_text(msgpack_packer *p, tact_str text) {
    (void)msgpack_pack_str_with_body(p, text.ptr, text.len);
}

static tact_err write_list(msgpack_packer *p, tact_value list, int depth) {
    tact_err code = TACT_OK;
    (void)msgpack_pack_array(p, list.len);
    for (uint32_t i = 0; i < list.len && !code; i++) code = write(p, list.as.items[i], depth - 1);
    return code;
}

static tact_err write_map(msgpack_packer *p, const tact_map *map, int depth) {
    tact_err code = TACT_OK;
    (void)msgpack_pack_map(p, map->count);
    for (uint32_t i = 0; i < map->count && !code; i++) {
        if (map->entries[i].key.kind != TACT_STRING) return TACT_INVALID;
        write_text(p, value_str(map->entries[i].key));
        code = write(p, map->entries[i].value, depth - 1);
    }
    return code;
}

static void write_duration(msgpack_packer *p, int64_t nanos) {
    char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)nanos >> (56 - 8 * i));
    (void)msgpack_pack_ext_with_body(p, bytes, sizeof bytes, MSGPACK_DURATION);
}

// `depth` is how many levels may still be opened.
static tact_err write(msgpack_packer *p, tact_value v, int depth) {
    if (depth < 0) return TACT_LIMIT;
    const msgpack_timestamp time = {v.as.i, v.len};
    switch (v.kind) {
    case TACT_NULL: (void)msgpack_pack_nil(p); break;
    case TACT_BOOL: (void)(v.as.b ? msgpack_pack_true(p) : msgpack_pack_false(p)); break;
    case TACT_INT: (void)msgpack_pack_int64(p, v.as.i); break;
    case TACT_UINT: (void)msgpack_pack_uint64(p, v.as.u); break;
    case TACT_DOUBLE: (void)msgpack_pack_double(p, v.as.d); break;
    case TACT_STRING: write_text(p, value_str(v)); break;
    case TACT_BYTES: (void)msgpack_pack_bin_with_body(p, v.as.s, v.len); break;
    case TACT_LIST: return depth ? write_list(p, v, depth) : TACT_LIMIT;
    case TACT_MAP: return depth ? write_map(p, v.as.map, depth) : TACT_LIMIT;
    case TACT_TIMESTAMP: (void)msgpack_pack_timestamp(p, &time); break;
    case TACT_DURATION: write_duration(p, v.as.i); break;
    case TACT_TYPE: write_text(p, type_name(v.as.type)); break;
    case TACT_OPTIONAL: return write(p, v.as.items ? *v.as.items : tact_null(), depth - 1);
    default: return TACT_INVALID;
    }
    return TACT_OK;
}

tact_err msgpack_write(buf *out, tact_value v) {
    if (value_weight(v, MSGPACK_PARTS_MAX + 1) > MSGPACK_PARTS_MAX) return TACT_LIMIT;
    msgpack_packer p;
    msgpack_packer_init(&p, out, append);
    tact_err code = write(&p, v, MSGPACK_DEPTH_MAX);
    if (code) return code;
    return out->failed ? TACT_NO_MEMORY : TACT_OK;
}
