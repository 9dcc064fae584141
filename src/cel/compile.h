// SPDX-License-Identifier: Apache-2.0
//
// From the checked tree to a program.
#ifndef CEL_COMPILE_H
#define CEL_COMPILE_H

#include "cel/ast.h"
#include "cel/diag.h"
#include "cel/program.h"

typedef struct compile_input {
    const tact_cel_env *env;
    cel_ast *ast;          // checked; counts what was got ready, see `prepared`
    const cel_node *root;  // the whole tree, or a constant part of it
    arena *hot;            // what evaluation reads is built here, in one block as far as possible
    arena *cold;           // the rest of the program; may be `hot`
    arena *scratch;        // free afterwards
    bool strict;           // a constant argument that can never be one is a fault of the expression
    tact_kind result_kind; // that the result must have; TACT_UNRESOLVED: any
    tact_str type;         // for the program's information; borrowed
    uint64_t cost;
    cel_diags *diags;
} compile_input;

// The program, which borrows nothing but the environment, the tree's source and `type`. NULL with a diagnostic when the
// expression needs more registers, constants or instructions than there are, when a constant argument can never be one
// (a pattern that is no regular expression; not if `unchecked`), or when memory runs out.
const tact_cel_program *compile_run(const compile_input *input);

#endif
