// SPDX-License-Identifier: Apache-2.0
//
// Folding runs the machine on the constant part, so there is no second evaluator that could disagree. The subtle part
// is what is constant: a part may bind variables of its own (a comprehension over literals), but must not read one that
// is bound around it. So the first walk finds for every part the outermost binding that it reads, by depth, and marks
// it constant if that lies within; the second computes the largest parts that are marked.
#include "cel/fold.h"

#include "cel/compile.h"
#include "cel/diag.h"
#include "value/value.h"

typedef struct folder {
    cel_ast *ast;
    const tact_cel_env *env;
} folder;

// ---- What is constant -----------------------------------------------------------------------------------------------

typedef struct binding { // a variable in scope; the outermost has depth 1
    const struct binding *outer;
    tact_str name;
    uint32_t depth;
} binding;

#define READS_NOTHING UINT32_MAX
#define READS_INPUT 0

static uint32_t mark(cel_node *node, const binding *scope);

static binding bind(const binding *outer, tact_str name) {
    return (binding){outer, name, outer ? outer->depth + 1 : 1};
}

static uint32_t outermost(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t mark_all(cel_node **nodes, uint32_t count, const binding *scope) {
    uint32_t reads = READS_NOTHING;
    for (uint32_t i = 0; i < count; i++) reads = outermost(reads, mark(nodes[i], scope));
    return reads;
}

static uint32_t mark_entries(const cel_node *node, const binding *scope) {
    uint32_t reads = READS_NOTHING;
    for (uint32_t i = 0; i < node->as.map.count; i++) {
        reads = outermost(reads, mark(node->as.map.entries[i].key, scope));
        reads = outermost(reads, mark(node->as.map.entries[i].value, scope));
    }
    return reads;
}

static uint32_t mark_comprehension(const cel_node *node, const binding *scope) {
    binding accu = bind(scope, node->as.fold.accu);
    binding var = bind(&accu, node->as.fold.var), var2 = bind(&var, node->as.fold.var2);
    uint32_t reads = outermost(mark(node->as.fold.range, scope), mark(node->as.fold.init, scope));
    reads = outermost(reads, mark(node->as.fold.condition, &var2));
    reads = outermost(reads, mark(node->as.fold.step, &var2));
    return outermost(reads, mark(node->as.fold.result, &accu));
}

static uint32_t mark_local(const cel_node *node, const binding *scope) {
    while (scope && !tact_str_equal(scope->name, node->as.ident.name)) scope = scope->outer;
    return scope ? scope->depth : READS_INPUT; // a block's @index is bound by no comprehension
}

static uint32_t mark_parts(cel_node *node, const binding *scope) {
    switch ((cel_ref_kind)node->ref) {
    case CEL_REF_CONSTANT: return READS_NOTHING;
    case CEL_REF_LOCAL: return mark_local(node, scope);
    case CEL_REF_NONE: break;
    default: return READS_INPUT;
    }
    switch ((cel_node_kind)node->kind) {
    case CEL_LITERAL: return READS_NOTHING;
    case CEL_SELECT: return mark(node->as.select.operand, scope);
    case CEL_CALL: {
        uint32_t reads = mark_all(node->as.call.args, node->as.call.count, scope);
        return node->as.call.target ? outermost(reads, mark(node->as.call.target, scope)) : reads;
    }
    case CEL_LIST: return mark_all(node->as.list.items, node->as.list.count, scope);
    case CEL_MAP: return mark_entries(node, scope);
    case CEL_COMPREHENSION: return mark_comprehension(node, scope);
    default: return READS_INPUT;
    }
}

static uint32_t mark(cel_node *node, const binding *scope) {
    uint32_t reads = mark_parts(node, scope);
    node->constant = reads > (scope ? scope->depth : 0);
    return reads;
}

// ---- Computing it ---------------------------------------------------------------------------------------------------

static void become(cel_node *node, tact_value v) {
    node->kind = CEL_LITERAL;
    node->ref = CEL_REF_NONE;
    node->as.literal = v;
}

static bool is_list_of_literals(const cel_node *node) {
    if (node->kind != CEL_LIST || node->as.list.optional) return false;
    for (uint32_t i = 0; i < node->as.list.count; i++) {
        if (node->as.list.items[i]->kind != CEL_LITERAL) return false;
    }
    return true;
}

// `x in ["a", "b"]` is what most rules fold, so a list of literals takes a short way.
static void fold_list(folder *f, cel_node *node) {
    uint32_t count = node->as.list.count;
    tact_value *items = arena_array(f->ast->arena, count, sizeof *items);
    if (!items) return;
    for (uint32_t i = 0; i < count; i++) items[i] = node->as.list.items[i]->as.literal;
    become(node, tact_list(items, count));
}

static void fold_part(folder *f, cel_node *node) {
    if (is_list_of_literals(node)) {
        fold_list(f, node);
        return;
    }
    arena *a = f->ast->arena;
    cel_diags diags;
    diag_init(&diags, a, f->ast->source);
    compile_input in = {.env = f->env, .ast = f->ast, .root = node, .hot = a, .cold = a, .scratch = a, .diags = &diags};
    const tact_cel_program *p = compile_run(&in);
    if (!p || !program_verify(p, NULL)) return;
    tact_cel_input input = {.arena = a, .steps_max = FOLD_STEPS_MAX, .memory_max = FOLD_MEMORY_MAX};
    tact_value v = tact_cel_eval(p, &input);
    if (v.kind != TACT_ERROR && value_weight(v, FOLD_WEIGHT_MAX + 1) <= FOLD_WEIGHT_MAX) become(node, v);
}

static void fold(folder *f, cel_node *node);

static void fold_all(folder *f, cel_node **nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) fold(f, nodes[i]);
}

static void fold(folder *f, cel_node *node) {
    if (node->kind == CEL_LITERAL || node->kind == CEL_IDENT || node->ref != CEL_REF_NONE) return;
    if (node->constant) {
        fold_part(f, node);
        return;
    }
    switch ((cel_node_kind)node->kind) {
    case CEL_SELECT: fold(f, node->as.select.operand); break;
    case CEL_CALL:
        fold_all(f, node->as.call.args, node->as.call.count);
        if (node->as.call.target) fold(f, node->as.call.target);
        break;
    case CEL_LIST: fold_all(f, node->as.list.items, node->as.list.count); break;
    case CEL_MAP:
        for (uint32_t i = 0; i < node->as.map.count; i++) {
            fold(f, node->as.map.entries[i].key);
            fold(f, node->as.map.entries[i].value);
        }
        break;
    case CEL_COMPREHENSION:
        fold(f, node->as.fold.range);
        fold(f, node->as.fold.init);
        fold(f, node->as.fold.condition);
        fold(f, node->as.fold.step);
        fold(f, node->as.fold.result);
        break;
    default: break;
    }
}

void fold_constants(cel_ast *ast, const tact_cel_env *env) {
    folder f = {ast, env};
    (void)mark(ast->root, NULL);
    fold(&f, ast->root);
}
