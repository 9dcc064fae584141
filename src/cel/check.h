// SPDX-License-Identifier: Apache-2.0
//
// The checker: says what every name means and what type every part of an expression has, or why it has none.
#ifndef CEL_CHECK_H
#define CEL_CHECK_H

#include "cel/ast.h"
#include "cel/diag.h"
#include "cel/env.h"

// Annotates the tree (`type`, `ref` and `to` of nodes, what calls may mean). Memory comes from the tree's arena. False
// if something is wrong, with a diagnostic for each fault; the tree is then good for printing only.
//
// `expected` (may be NULL) is the type that the whole must fit.
//
// `unchecked`: there are no static types, so nothing is wrong. Every type is dyn, a call keeps all overloads of its
// name, style and number of arguments, and a name that is not declared becomes CEL_REF_UNBOUND. False only if memory
// ran out.
bool check_run(cel_ast *ast, const tact_cel_env *env, const tact_type *expected, bool unchecked, cel_diags *diags);

#endif
