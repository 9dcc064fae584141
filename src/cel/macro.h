// SPDX-License-Identifier: Apache-2.0
//
// Macros: calls that the parser replaces with the tree they stand for. All there are stand in macro_tbl.h.
#ifndef CEL_MACRO_H
#define CEL_MACRO_H

#include "cel/ast.h"
#include "cel/diag.h"

typedef struct cel_macro cel_macro;

// A call that is a macro's, as the parser has read it.
typedef struct cel_macro_call {
    cel_ast *ast;
    cel_diags *diags;
    const cel_macro *macro;
    cel_span at, extent; // the call's; every node of the expansion gets them
    cel_node *target;    // or NULL
    const cel_part *args;
    uint32_t count;
} cel_macro_call;

// The macro of `libraries` that a call of `name` with `count` arguments on `target` (NULL: on nothing) is, or NULL.
const cel_macro *macro_find(tact_str name, const cel_node *target, uint32_t count, uint32_t libraries);
// What it stands for. A misuse is reported, and CEL_BAD is returned.
cel_node *macro_expand(const cel_macro_call *call);

// How a macro of that name is used ("list.map(x, expression)" or "…, or …" where there are several), for a call that
// has its name but not its number of arguments, or (`*misplaced`) is on something where it should not be, or the other
// way round; empty if there is none. In the arena.
tact_str macro_usage(arena *a, tact_str name, const cel_node *target, uint32_t libraries, bool *misplaced);

// The name by which a person knows a function: of one that only a macro calls, the macro's ("math.greatest" for what
// the tree calls math.@max).
tact_str macro_name_of(tact_str function);

#endif
