// SPDX-License-Identifier: Apache-2.0
//
// The environment: what names mean. Built by declarations, then only read.
#ifndef CEL_ENV_H
#define CEL_ENV_H

#include "base/strmap.h"
#include "cel/ast.h"
#include "tact/cel.h"

typedef enum cel_decl_kind {
    CEL_DECL_ATTRIBUTE, // has a slot
    CEL_DECL_CONSTANT,  // has a value
    CEL_DECL_RECORD,    // a proper prefix of declared dotted names: "profile"
} cel_decl_kind;

// What a (qualified) name stands for.
typedef struct cel_decl {
    cel_decl_kind kind;
    tact_str name; // whole: "profile.recency"
    const tact_type *type;
    uint32_t slot;            // ATTRIBUTE
    tact_value value;         // CONSTANT
    const cel_record *record; // RECORD
} cel_decl;

typedef struct cel_field {
    tact_str name; // the field's own: "recency"
    const tact_type *type;
    const cel_decl *decl; // what it stands for when the record is a prefix of declared names, else NULL
} cel_field;

struct cel_record {
    tact_str name;
    bool is_prefix; // of declared names, so that each field has a decl
    strmap fields;  // name -> cel_field *
};

// How the cost of a call grows above its base, with the sizes of the arguments: the bytes of a text; the parts of a
// list or map, and 16 bytes of the text in them as one more where the function looks at it. See cel/cost.c.
typedef enum cel_growth {
    CEL_COST_FIXED,   // not at all
    CEL_COST_LEAST,   // by what copying the smallest argument takes, as comparing does
    CEL_COST_LINEAR,  // by the sum of the arguments' sizes
    CEL_COST_SORT,    // as sorting the last argument does
    CEL_COST_PRODUCT, // by the product of the first two arguments' sizes
} cel_growth;

// Bytes of a declared name: nobody types longer ones, and the checker puts names together on the stack.
#define ENV_NAME_MAX 255

#define CEL_PARAMS_MAX 8 // of one overload, receiver included

#define CEL_RESULT_LIKE_NONE UINT8_MAX

struct cel_overload {
    tact_str id; // "add_int64"
    tact_str function;
    bool member;         // called as x.f(y); the receiver is parameter 0
    bool generic;        // some parameter's type is or has a type parameter
    uint8_t result_like; // if the result's type has type parameters: an argument of the same type, or …_NONE
    uint8_t count;       // parameters
    uint8_t growth;      // cel_growth
    uint32_t library;    // 0: the core language
    uint64_t steps;      // base cost of a call
    const tact_type *params[CEL_PARAMS_MAX];
    const tact_type *result;
    uint8_t kinds[CEL_PARAMS_MAX]; // tact_kind that argument i must have at run time; TACT_UNRESOLVED: any
    tact_cel_function *fn;         // NULL: checking only
    void *context;
    const char *doc; // one sentence, or NULL
};

// The functions that the checker and the cost estimate treat in a way of their own.
typedef enum cel_role {
    CEL_ROLE_NONE,
    CEL_ROLE_LOGIC, // && and ||
    CEL_ROLE_CONDITIONAL,
    CEL_ROLE_ADD,
    CEL_ROLE_IN,
    CEL_ROLE_INDEX,
    CEL_ROLE_OPT_INDEX,
    CEL_ROLE_OPT_SELECT,
    CEL_ROLE_MAP_INSERT,
    CEL_ROLE_BLOCK,
} cel_role;

struct cel_function {
    tact_str name;
    cel_role role;
    const cel_overload **overloads; // in order of declaration
    uint32_t count, room;
};

struct tact_cel_env {
    arena arena; // holds everything, this struct included
    uint32_t libraries;
    tact_str container;
    strmap names;           // qualified name -> cel_decl *
    strmap records;         // record type's name -> cel_record *
    strmap functions;       // name -> cel_function *
    const cel_decl **slots; // by slot
    uint32_t slots_count, slots_room;
};

const cel_decl *env_name(const tact_cel_env *env, tact_str name);         // exactly this name, or NULL
const cel_function *env_function(const tact_cel_env *env, tact_str name); // or NULL
const cel_record *env_record(const tact_cel_env *env, tact_str name);     // or NULL
const cel_field *env_field(const cel_record *record, tact_str name);      // or NULL

// Adds an overload of the function `name`, which may be an operator. All strings are borrowed for the environment's
// lifetime. TACT_INVALID: the signature cannot be read. TACT_EXISTS: `id` is taken, or a call could mean both this
// overload and an earlier one. `error` may be NULL.
TACT_MUST_USE tact_err env_add_overload(tact_cel_env *env, uint32_t library, tact_str name, tact_str id,
                                        tact_str signature, tact_cel_function *fn, void *context, cel_growth growth,
                                        uint64_t steps, const char *doc, tact_error *error);

#endif
