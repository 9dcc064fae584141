// SPDX-License-Identifier: Apache-2.0
//
// The expression tree: built by the parser (macros already expanded), annotated by the checker, read by the compiler.
// Shapes and operator names follow cel-spec's syntax.proto, so that trees compare with those of other implementations:
// `a + b` is a call of `_+_`, `a[b]` of `_[_]`, `a ? b : c` of `_?_:_`, `!a` of `!_`, `-a` of `-_`, `a in b` of `@in`,
// `a.?b` of `_?._`(a, "b"), `a[?b]` of `_[?_]`.
#ifndef CEL_AST_H
#define CEL_AST_H

#include "base/arena.h"
#include "base/buf.h"
#include "value/type.h"

typedef struct cel_span {
    uint32_t pos, len; // bytes of the source
} cel_span;

typedef enum cel_node_kind {
    CEL_LITERAL,
    CEL_IDENT,
    CEL_SELECT, // operand.field, or has(operand.field)
    CEL_CALL,
    CEL_LIST,
    CEL_MAP,
    CEL_MESSAGE, // Name{field: value}: parsed, never built; the checker says that there are no messages
    CEL_COMPREHENSION,
    CEL_BAD, // the parser reported a fault here
} cel_node_kind;

// What a name turned out to mean; set by the checker.
typedef enum cel_ref_kind {
    CEL_REF_NONE,
    CEL_REF_SLOT,     // an attribute: `index` is its slot
    CEL_REF_LOCAL,    // a comprehension's or binding's variable: found by walking up, see compile.c
    CEL_REF_CONSTANT, // `value`: a declared constant or a type's name
    CEL_REF_RECORD,   // a record used whole: `record`
    CEL_REF_UNBOUND,  // unchecked only: an error when evaluated
} cel_ref_kind;

typedef struct cel_node cel_node;
typedef struct cel_overload cel_overload; // cel/env.h
typedef struct cel_function cel_function; // cel/env.h
typedef struct cel_record cel_record;     // cel/env.h

typedef struct cel_entry { // of a map or message
    cel_node *key;         // of a map
    tact_str field;        // of a message
    cel_node *value;
    bool optional; // {?key: value}
} cel_entry;

struct cel_node {
    uint8_t kind;          // cel_node_kind
    uint8_t ref;           // cel_ref_kind: IDENT, and SELECT where the whole chain is one qualified name
    bool test : 1;         // SELECT: has()
    bool constant : 1;     // reads no input: set by folding, for its own use
    uint8_t height;        // of the tree below, itself counted: bounds whoever recurses over it, see cel_ast
    uint32_t id;           // from 1, in order of creation; for tools and tests
    cel_span at;           // where a caret points: a name, an operator, an opening bracket
    cel_span extent;       // the whole text of the expression; a macro's expansion has the macro call's
    const tact_type *type; // set by the checker; NULL before
    union {
        tact_value literal;
        struct {
            tact_str name; // IDENT; a leading '.' marks a name looked up from the root
        } ident;
        struct {
            cel_node *operand;
            tact_str field;
        } select;
        struct {
            tact_str name;    // function or operator
            cel_node *target; // receiver, or NULL
            cel_node **args;
            uint32_t count;
            // Set by the checker: what may be meant, in order of declaration. `overloads` is the subset that fits the
            // static types, all of them in unchecked mode. For `a.b.f(x)` where a.b.f is a function, `target` is
            // cleared and `name` is the whole.
            const cel_function *function;
            const cel_overload **overloads;
            uint32_t overloads_count;
        } call;
        struct {
            cel_node **items;
            bool *optional; // [?x]: one flag an item, or NULL if none is
            uint32_t count;
        } list;
        struct {
            cel_entry *entries;
            uint32_t count;
            tact_str name; // MESSAGE
        } map;
        struct {
            cel_node *range;
            tact_str var, var2; // var2 is empty in the one-variable form
            tact_str accu;
            cel_node *init, *condition, *step, *result;
        } fold;
    } as;
    union { // by `ref`
        uint32_t index;
        tact_value value;
        const cel_record *record;
    } to;
};

// Operator names, shared by parser, checker and compiler.
#define CEL_OP_AND "_&&_"
#define CEL_OP_OR "_||_"
#define CEL_OP_NOT "!_"
#define CEL_OP_NEGATE "-_"
#define CEL_OP_CONDITIONAL "_?_:_"
#define CEL_OP_EQ "_==_"
#define CEL_OP_NE "_!=_"
#define CEL_OP_LT "_<_"
#define CEL_OP_LE "_<=_"
#define CEL_OP_GT "_>_"
#define CEL_OP_GE "_>=_"
#define CEL_OP_ADD "_+_"
#define CEL_OP_SUB "_-_"
#define CEL_OP_MUL "_*_"
#define CEL_OP_DIV "_/_"
#define CEL_OP_MOD "_%_"
#define CEL_OP_IN "@in"
#define CEL_OP_INDEX "_[_]"
#define CEL_OP_OPT_INDEX "_[?_]"
#define CEL_OP_OPT_SELECT "_?._"
#define CEL_OP_NOT_STRICTLY_FALSE "@not_strictly_false"
#define CEL_FN_MAP_INSERT "cel.@mapInsert"
#define CEL_FN_BLOCK "cel.@block"
#define CEL_FN_SORT_BY "@sortByAssociatedKeys"
#define CEL_ACCU "@result"   // the accumulator's name in every macro's expansion
#define CEL_UNUSED "#unused" // the variable's name where a comprehension only binds its accumulator: cel.bind
#define CEL_INDEX "@index"   // cel.index(3) is the name @index3
#define CEL_ITER_VAR "@it"   // cel.iterVar(0, 1) is the name @it:0:1
#define CEL_ACCU_VAR "@ac"   // cel.accuVar(0, 1) is the name @ac:0:1

// Why a tree could not be built to its end.
typedef enum ast_fault {
    AST_OK,
    AST_NO_MEMORY,
    AST_TOO_DEEP,       // higher than `depth_max`
    AST_TOO_MANY_NODES, // TACT_CEL_NODES_MAX
} ast_fault;

// A tree and what it was built from. Whoever makes one sets `arena` and `source`; the rest is cleared.
typedef struct cel_ast {
    arena *arena;
    tact_str source;
    cel_node *root;
    uint32_t nodes_count; // also the greatest id
    uint32_t depth_max;   // no node built here is higher; 0: TACT_CEL_DEPTH_MAX
    uint32_t prepared;    // constants that folding and compiling got ready so far
    ast_fault fault;      // the first, sticky
    cel_span fault_at;    // the node's that met it
    cel_node bad;         // what builders return after it
} cel_ast;

// A new node, or NULL; `at` and `extent` as given, everything else cleared.
cel_node *ast_node(cel_ast *ast, cel_node_kind kind, cel_span at, cel_span extent);

// ---- Building -------------------------------------------------------------------------------------------------------
// Builders never return NULL, so a tree is built in one go and `ast->fault` looked at once: after the first fault they
// return &ast->bad. Names are borrowed and must live as long as the tree; parts are copied.

// What a list, map, message or call is built from.
typedef struct cel_part {
    cel_node *node; // the argument, item or value
    cel_node *key;  // of a map's entry
    tact_str field; // of a message's entry
    bool optional;
} cel_part;

// Sets the fault unless there is one already, and returns &ast->bad.
cel_node *ast_fail(cel_ast *ast, ast_fault fault, cel_span at);
cel_node *ast_bad(cel_ast *ast, cel_span at, cel_span extent);
cel_node *ast_literal(cel_ast *ast, cel_span at, cel_span extent, tact_value value);
cel_node *ast_ident(cel_ast *ast, cel_span at, cel_span extent, tact_str name);
cel_node *ast_select(cel_ast *ast, cel_span at, cel_span extent, cel_node *operand, tact_str field);
// `target` is NULL unless the function is called on it.
cel_node *ast_call(cel_ast *ast, cel_span at, cel_span extent, tact_str name, cel_node *target, const cel_part *args,
                   uint32_t count);
cel_node *ast_list(cel_ast *ast, cel_span at, cel_span extent, const cel_part *items, uint32_t count);
// CEL_MAP, or CEL_MESSAGE with a name.
cel_node *ast_map(cel_ast *ast, cel_span at, cel_span extent, cel_node_kind kind, tact_str name,
                  const cel_part *entries, uint32_t count);
// Everything of `fold` is given: `range` is NULL in no comprehension, `var2` may be empty.
cel_node *ast_fold(cel_ast *ast, cel_span at, cel_span extent, cel_node *range, tact_str var, tact_str var2,
                   tact_str accu, cel_node *init, cel_node *condition, cel_node *step, cel_node *result);

// ---- Printing -------------------------------------------------------------------------------------------------------

// The tree as text, in the format in which cel-go prints expressions for its tests (common/debug): one node a line
// with its children indented. `types` adds `~type^reference` as its checker's tests do, `kinds` adds `^#kind#` as its
// parser's tests do.
typedef enum ast_print_mode { AST_PLAIN, AST_KINDS, AST_TYPES } ast_print_mode;
void ast_print(buf *out, const cel_ast *ast, ast_print_mode mode);

#endif
