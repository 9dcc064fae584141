// SPDX-License-Identifier: Apache-2.0
//
// Types: what a declaration promises of a value. Written as CEL writes them:
//
//      null bool int uint double string bytes timestamp duration dyn     list(string)  map(string, int)
//      type(int)   optional_type(int)   wrapper(int)                      record(profile)
//      any name in capitals, one or more letters, is a type parameter: list(A), map(K, V)
//      other names are abstract types: set(int), tuple(A, B)
//
// Types are immutable. Those without parameters are single static objects, as are lists, optionals and the like of them
// and maps to them from strings and ints: equal pointers are the common case.
#ifndef VALUE_TYPE_H
#define VALUE_TYPE_H

#include "base/arena.h"
#include "base/buf.h"

typedef enum type_kind {
    TYPE_ERROR, // a fault was already reported here; fits everything
    TYPE_DYN,
    TYPE_NULL,
    TYPE_BOOL,
    TYPE_INT,
    TYPE_UINT,
    TYPE_DOUBLE,
    TYPE_STRING,
    TYPE_BYTES,
    TYPE_TIMESTAMP,
    TYPE_DURATION,
    TYPE_LIST,     // params: element. From here on there are parameters or names
    TYPE_MAP,      // params: key, value
    TYPE_TYPE,     // params: the type it is, or none
    TYPE_OPTIONAL, // params: the value's
    TYPE_WRAPPER,  // params: the primitive's; the value may also be null
    TYPE_RECORD,   // `name`: declared fields, see cel/env.h; used whole it is a map(string, dyn) of what is present
    TYPE_ABSTRACT, // `name` and params
    TYPE_PARAM,    // `name`: stands for any one type in a function's signature
    TYPE_VAR,      // `var`: the checker's unknown, solved while checking
    TYPE_KINDS
} type_kind;

#define TYPE_PARAMS_MAX 8 // of one type
#define TYPE_DEPTH_MAX 16 // nesting that type_parse reads; no real declaration comes near
#define TYPE_PARTS_MAX                                                                                                 \
    250 // types that one is made of; a type that would have more is dyn, so that none gets out of hand

struct tact_type {
    uint8_t kind;                             // type_kind
    uint8_t count;                            // params
    bool open;                                // it or a part of it is PARAM or VAR
    uint32_t var;                             // VAR: which. Others: how many types it is made of, counting repeats
    tact_str name;                            // RECORD, ABSTRACT, PARAM
    const tact_type *params[TYPE_PARAMS_MAX]; // allocated up to `count` only
};

// The static type of a kind that takes no parameters, and list(dyn), map(dyn, dyn), type, optional_type(dyn); for
// RECORD map(string, dyn), which every record is when it is used whole.
const tact_type *type_of_kind(type_kind kind);
// The types that take no parameters, by kind, and their names in code.
extern const tact_type type_simple[TYPE_LIST];
#define type_error type_simple[TYPE_ERROR]
#define type_dyn type_simple[TYPE_DYN]
#define type_null type_simple[TYPE_NULL]
#define type_bool type_simple[TYPE_BOOL]
#define type_int type_simple[TYPE_INT]
#define type_uint type_simple[TYPE_UINT]
#define type_double type_simple[TYPE_DOUBLE]
#define type_string type_simple[TYPE_STRING]
#define type_bytes type_simple[TYPE_BYTES]
#define type_timestamp type_simple[TYPE_TIMESTAMP]
#define type_duration type_simple[TYPE_DURATION]

// A new type in the arena (or a static one, or dyn, see TYPE_PARTS_MAX), or NULL. `params` are borrowed and must live
// as long; `name` is borrowed as well.
const tact_type *type_new(arena *a, type_kind kind, tact_str name, const tact_type *const *params, size_t count);
const tact_type *type_list(arena *a, const tact_type *element);
const tact_type *type_map(arena *a, const tact_type *key, const tact_type *value);
const tact_type *type_optional(arena *a, const tact_type *of);
const tact_type *type_type(arena *a, const tact_type *of);
const tact_type *type_var(arena *a, uint32_t var);

// Reads a type from text as above; its names point into a copy in the arena. On a fault NULL, with `error` (may be
// NULL) naming the column. A name that is nearly that of a known type is refused: it would hardly be meant as a new
// one.
const tact_type *type_parse(arena *a, tact_str text, tact_error *error);
// The same for a type within a longer text: it starts at byte `*at`, which is moved behind what was read.
const tact_type *type_parse_at(arena *a, tact_str text, size_t *at, tact_error *error);
void type_print(buf *out, const tact_type *t);
bool type_equal(const tact_type *a, const tact_type *b); // structurally

// The type whose value `type(v)` is: list and map without their parameters' detail (list(dyn)), as CEL has it.
const tact_type *type_of_value(tact_value v);
// The type that a name denotes when used as a value (`int`, `list`, `google.protobuf.Timestamp`), or NULL.
const tact_type *type_named(tact_str name);
// The name under which a type value prints ("int", "list", "google.protobuf.Timestamp", "null_type", "optional_type").
tact_str type_name(const tact_type *t);
// The kind of value that a type promises, TACT_UNRESOLVED where it promises none (dyn, wrapper, params).
tact_kind type_value_kind(const tact_type *t);

#endif
