// SPDX-License-Identifier: Apache-2.0
//
// What every part of Tact's public interface shares: error codes, strings, arenas and values. The other headers
// (cel.h, later tact.h and client.h) include this one.
//
// Threads: an arena belongs to one thread at a time. Values are immutable once built and may be read by any number
// of threads for as long as the arena that holds their parts lives.
#ifndef TACT_CORE_H
#define TACT_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TACT_API __attribute__((visibility("default")))
#define TACT_MUST_USE __attribute__((warn_unused_result))

// ---- Errors ---------------------------------------------------------------------------------------------------------

// What a call that can fail returns. TACT_OK is 0; the rows of err_tbl.h are all there is.
typedef enum tact_err {
#define X(NAME, name, number, text) TACT_##NAME = number,
#include "tact/err_tbl.h"
#undef X
} tact_err;

// The code's lower-case name ("no_memory"), static. For an unknown number, "unknown".
TACT_API const char *tact_err_name(tact_err code);
// One sentence that says what the code means, static.
TACT_API const char *tact_err_text(tact_err code);

// Text and place of an error, owned by the caller, filled by the call that failed; it holds no resources. `line` and
// `column` count from 1 and are 0 where there is no place. `text` is one line, without the place.
typedef struct tact_error {
    tact_err code;
    int line, column;
    char text[500];
} tact_error;

// ---- Strings --------------------------------------------------------------------------------------------------------

// A borrowed run of bytes, not terminated by a zero. Whoever hands one over says how long it lives.
typedef struct tact_str {
    const char *ptr;
    size_t len; // bytes
} tact_str;

#define TACT_STR(literal) ((tact_str){"" literal, sizeof(literal) - 1})

static inline tact_str tact_str_from(const char *text) {
    tact_str s = {text, text ? strlen(text) : 0};
    return s;
}

static inline bool tact_str_equal(tact_str a, tact_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

// ---- Arenas ---------------------------------------------------------------------------------------------------------

// Memory that is given back all at once. Nothing taken from an arena is freed on its own.
typedef struct tact_arena tact_arena;

// A new arena that hands out at most `bytes_max` bytes between two resets (0: no bound). NULL if memory ran out.
// Free with tact_arena_free.
TACT_API TACT_MUST_USE tact_arena *tact_arena_new(size_t bytes_max);
// `size` bytes aligned to 16, not cleared, valid until reset or free; NULL when the bound or memory is used up.
TACT_API TACT_MUST_USE void *tact_arena_alloc(tact_arena *arena, size_t size);
// Bytes handed out since the last reset.
TACT_API size_t tact_arena_used(const tact_arena *arena);
// Takes back everything handed out and keeps the memory for the next use, so that a worker which resets its arena
// after each request soon allocates nothing.
TACT_API void tact_arena_reset(tact_arena *arena);
TACT_API void tact_arena_free(tact_arena *arena); // NULL is allowed

// ---- Values ---------------------------------------------------------------------------------------------------------

// What a value is. UNRESOLVED is no value: it marks an input slot whose value is still to be asked for. The numbers are
// in files: the rows are never reordered, and a new kind gets the number after the last.
typedef enum tact_kind {
    TACT_UNRESOLVED = 0,
    TACT_NULL,
    TACT_BOOL,
    TACT_INT,    // 64-bit signed
    TACT_UINT,   // 64-bit unsigned
    TACT_DOUBLE, // IEEE 754 binary64
    TACT_STRING, // UTF-8
    TACT_BYTES,
    TACT_LIST,
    TACT_MAP,       // keys: bool, int, uint, string
    TACT_TIMESTAMP, // 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z
    TACT_DURATION,  // signed 64-bit nanoseconds, about 292 years either way
    TACT_TYPE,
    TACT_OPTIONAL,
    TACT_ERROR,  // evaluation ended in an error; see tact_fault
    TACT_OPAQUE, // something of the implementation's, never seen by a caller
    TACT_KINDS
} tact_kind;

typedef struct tact_value tact_value;
typedef struct tact_map tact_map;   // src/value/value.h
typedef struct tact_type tact_type; // src/value/type.h

// A tagged value of 16 bytes, passed by value. Its parts (text, items, entries) are borrowed: they live in an arena,
// in the program that holds the constant, or wherever the caller who made the value keeps them.
//
//      byte 0        2          4          8                   16
//           | kind ..| at       | len      | as                |
struct tact_value {
    uint8_t kind;  // tact_kind
    uint8_t flags; // for the implementation
    uint16_t at;   // for the implementation: where an ERROR arose, a hash of a sealed STRING
    uint32_t len;  // STRING, BYTES: bytes. LIST: items. TIMESTAMP: nanoseconds, 0 to 999,999,999. ERROR: tact_fault
    union {
        bool b;
        int64_t i; // INT. TIMESTAMP: seconds since 1970-01-01T00:00:00Z. DURATION: nanoseconds
        uint64_t u;
        double d;
        const char *s;           // STRING, BYTES: `len` bytes. ERROR: text with a final zero, or NULL
        const tact_value *items; // LIST: `len` of them. OPTIONAL: the value, or NULL for none
        const tact_map *map;
        const tact_type *type;
        const void *opaque;
    } as;
};

// Why an evaluation ended in an error: the `len` of a TACT_ERROR value. The rows of fault_tbl.h are all there is.
typedef enum tact_fault {
#define X(NAME, name, number, text) TACT_FAULT_##NAME = number,
#include "tact/fault_tbl.h"
#undef X
} tact_fault;

TACT_API const char *tact_fault_name(tact_fault fault); // "no_such_key", static
TACT_API const char *tact_fault_text(tact_fault fault); // one sentence, static

static inline tact_value tact_null(void) {
    tact_value v = {TACT_NULL, 0, 0, 0, {0}};
    return v;
}
static inline tact_value tact_bool(bool b) {
    tact_value v = {TACT_BOOL, 0, 0, 0, {0}};
    v.as.u = b;
    return v;
}
static inline tact_value tact_int(int64_t i) {
    tact_value v = {TACT_INT, 0, 0, 0, {0}};
    v.as.i = i;
    return v;
}
static inline tact_value tact_uint(uint64_t u) {
    tact_value v = {TACT_UINT, 0, 0, 0, {0}};
    v.as.u = u;
    return v;
}
static inline tact_value tact_double(double d) {
    tact_value v = {TACT_DOUBLE, 0, 0, 0, {0}};
    v.as.d = d;
    return v;
}
// `ptr` must be valid UTF-8 and outlive the value; at most 4 GiB.
static inline tact_value tact_string(const char *ptr, size_t len) {
    tact_value v = {TACT_STRING, 0, 0, (uint32_t)len, {0}};
    v.as.s = ptr;
    return v;
}
static inline tact_value tact_bytes(const char *ptr, size_t len) {
    tact_value v = {TACT_BYTES, 0, 0, (uint32_t)len, {0}};
    v.as.s = ptr;
    return v;
}
// `items` must outlive the value.
static inline tact_value tact_list(const tact_value *items, size_t count) {
    tact_value v = {TACT_LIST, 0, 0, (uint32_t)count, {0}};
    v.as.items = items;
    return v;
}
// No range check: the caller keeps within the kinds' ranges above; `nanos` is 0 to 999,999,999.
static inline tact_value tact_timestamp(int64_t seconds, uint32_t nanos) {
    tact_value v = {TACT_TIMESTAMP, 0, 0, nanos, {0}};
    v.as.i = seconds;
    return v;
}
static inline tact_value tact_duration(int64_t nanos) {
    tact_value v = {TACT_DURATION, 0, 0, 0, {0}};
    v.as.i = nanos;
    return v;
}
// `text` (may be NULL) ends in a zero, says what is special about this error, and must outlive the value.
static inline tact_value tact_fault_value(tact_fault fault, const char *text) {
    tact_value v = {TACT_ERROR, 0, 0, (uint32_t)fault, {0}};
    v.as.s = text;
    return v;
}

// Gets the strings among `count` values ready for being compared often, by hashing each once. Worth it for values that
// many programs will read: slots, and the items of lists in them. Changes nothing else; optional.
TACT_API void tact_seal(tact_value *values, size_t count);

// A map of `count` key/value pairs in `pairs` (key 0, value 0, key 1, …), copied into the arena in that order. Returns
// an error value (REPEATED_KEY, BAD_KEY, NO_MEMORY) if a key repeats or cannot be one.
TACT_API TACT_MUST_USE tact_value tact_map_new(tact_arena *arena, const tact_value *pairs, size_t count);
// The value at `key`, or NULL. Numbers that are equal are the same key, whatever their kinds. `map` must be a MAP.
TACT_API const tact_value *tact_map_get(tact_value map, tact_value key);
TACT_API size_t tact_map_count(tact_value map);
// Entry `i` of `map` in insertion order; the pointers live as long as the map.
TACT_API void tact_map_entry(tact_value map, size_t i, const tact_value **key, const tact_value **value);

// CEL equality: numbers compare across kinds, NaN equals nothing, values of other different kinds are unequal. Values
// of more than 2^26 parts, which only sharing can make, count as unequal.
TACT_API bool tact_value_equal(tact_value a, tact_value b);

// The value as a CEL literal, in the arena, with a final zero that is not counted; {NULL, 0} if memory ran out.
// Timestamps, durations, types and optionals print as the call that makes them: duration("3s"). After 2^20 parts, and
// below 256 levels, the rest is `...`.
TACT_API tact_str tact_value_print(tact_value v, tact_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
