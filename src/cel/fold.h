// SPDX-License-Identifier: Apache-2.0
//
// Constant folding: what an expression computes from constants alone is computed once, when it is compiled.
#ifndef CEL_FOLD_H
#define CEL_FOLD_H

#include "cel/ast.h"
#include "cel/env.h"

#define FOLD_STEPS_MAX 10000  // what one constant part may cost; a dearer one is left for evaluation
#define FOLD_MEMORY_MAX 65536 // bytes that computing one may take
#define FOLD_WEIGHT_MAX 4096  // values that the result may consist of; shared parts unfold when it is copied

// Replaces every largest constant part of the checked tree by a literal with its value, in the tree's arena. A part
// whose value is an error stays as it is, so that the error keeps its place and is only met where evaluation gets
// there. Functions are called at compile time, which is why they must be pure.
void fold_constants(cel_ast *ast, const tact_cel_env *env);

#endif
