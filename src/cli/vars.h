// SPDX-License-Identifier: Apache-2.0
//
// A JSON object as what expressions may read: its members are declared with the types that their values have.
//
//      {"now": "x", "profile": {"recency": 10, "visits": [3, 5], "orders": [{"sum": 1.5}]}}
//
//      now                string
//      profile.recency    int
//      profile.visits     list(int)
//      profile.orders     list(record(profile.orders)), with the field `sum`, a double
//
// An object is a record, so that a misspelled field is found when the expression is compiled; one without members, or
// whose members' names are no names of the language, is a map with string keys. Items of a list share one type: objects
// share the fields of all of them, whatever else differs is dyn. null is dyn.
#ifndef CLI_VARS_H
#define CLI_VARS_H

#include "tact/cel.h"

typedef struct cli_vars {
    tact_value *slots; // by slot
    uint32_t count, room;
} cli_vars;

#define VARS_NESTING_MAX 8 // lists and maps within each other; what lies deeper is dyn, since types nest no further

// Declares the members of `object` in `env`, which has no attributes yet. The slots live in the arena and hold the
// parts of `object`. TACT_INVALID: it is no object, or a member cannot be declared; `error` says which.
TACT_MUST_USE tact_err vars_declare(tact_cel_env *env, tact_value object, tact_arena *a, cli_vars *vars,
                                    tact_error *error);

#endif
