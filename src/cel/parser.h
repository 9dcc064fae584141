// SPDX-License-Identifier: Apache-2.0
//
// The parser: from source to tree, macros expanded.
#ifndef CEL_PARSER_H
#define CEL_PARSER_H

#include "cel/ast.h"
#include "cel/diag.h"

// Parses ast->source into ast->root, which is also returned: never NULL, and of kind CEL_BAD where a fault was found.
// Every fault of the expression is reported to `diags` (made for the same source); if diags->code is TACT_OK after, the
// tree has no CEL_BAD in it. The tree lives in ast->arena and refers to the source. `limits` may be NULL; `libraries`
// (of tact_cel_library) says which macros there are and whether there is syntax for optionals.
cel_node *parser_parse(cel_ast *ast, const tact_cel_limits *limits, uint32_t libraries, cel_diags *diags);

#endif
