// SPDX-License-Identifier: Apache-2.0
//
// tact_cel_compile for those inside the library who also want to see the tree that the program is made from.
#ifndef CEL_CEL_H
#define CEL_CEL_H

#include "cel/ast.h"
#include "tact/cel.h"

// Called once with the tree, checked and with its constants folded, unless there was a fault before. The tree goes with
// the call that made it.
typedef void cel_see(void *context, const cel_ast *ast);

// See tact_cel_compile; `see` may be NULL.
TACT_MUST_USE tact_cel_result cel_compile(const tact_cel_env *env, tact_str source,
                                          const tact_cel_compile_options *options, arena *hot, cel_see *see,
                                          void *context);

#endif
