// SPDX-License-Identifier: Apache-2.0
//
// What an expression costs, told before it runs. The unit is the step: about one instruction of the machine, one round
// of a loop, or what a function says that it costs.
//
// It is an estimate: how large lists and texts will be is not known, so the sizes below are assumed. That catches the
// expression that is out of all proportion where it is written; what holds at run time is the limit on steps.
#ifndef CEL_COST_H
#define CEL_COST_H

#include "cel/ast.h"
#include "cel/env.h"

#define COST_ITEMS 100            // in a list or map of which nothing is known: people's tags and purchases are fewer
#define COST_TEXT_BYTES 256       // of a text of which nothing is known; what people are told in is shorter
#define COST_UNBOUNDED UINT64_MAX // sums that are larger than can be told

typedef struct cost_range {
    uint64_t min, max;
} cost_range;

// The cost of the checked tree, best and worst case.
cost_range cost_estimate(const cel_ast *ast, const tact_cel_env *env);

// One line for each part of the expression as it is written: best case, worst case and the part's text, indented below
// what it is a part of.
void cost_print(buf *out, const cel_ast *ast, const tact_cel_env *env);

#endif
