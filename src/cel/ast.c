// SPDX-License-Identifier: Apache-2.0
//
// Building and printing expression trees. The subtle part is the height that every node carries: the builders keep it
// below the limit, and that is what lets checker, folder, compiler and printer recurse without counting again.
#include "cel/ast.h"

#include "base/num.h"
#include "base/utf8.h"
#include "cel/env.h"
#include "value/value.h"

cel_node *ast_node(cel_ast *ast, cel_node_kind kind, cel_span at, cel_span extent) {
    cel_node *n = arena_alloc(ast->arena, sizeof *n);
    if (!n) return NULL;
    memset(n, 0, sizeof *n);
    n->kind = (uint8_t)kind;
    n->height = 1;
    n->id = ++ast->nodes_count;
    n->at = at;
    n->extent = extent;
    return n;
}

// ---- Building -------------------------------------------------------------------------------------------------------

cel_node *ast_fail(cel_ast *ast, ast_fault fault, cel_span at) {
    if (ast->fault == AST_OK) {
        ast->fault = fault;
        ast->fault_at = at;
    }
    ast->bad = (cel_node){.kind = CEL_BAD, .height = 1, .at = ast->fault_at, .extent = ast->fault_at};
    return &ast->bad;
}

static cel_node *build(cel_ast *ast, cel_node_kind kind, cel_span at, cel_span extent) {
    if (ast->fault) return &ast->bad;
    if (ast->nodes_count >= TACT_CEL_NODES_MAX) return ast_fail(ast, AST_TOO_MANY_NODES, at);
    cel_node *n = ast_node(ast, kind, at, extent);
    return n ? n : ast_fail(ast, AST_NO_MEMORY, at);
}

static void *array(cel_ast *ast, uint32_t count, size_t size, cel_span at) {
    if (ast->fault || count == 0) return NULL;
    void *p = arena_array(ast->arena, count, size);
    if (!p) ast_fail(ast, AST_NO_MEMORY, at);
    return p;
}

static void raise_above(cel_node *n, const cel_node *child) {
    if (child && child->height >= n->height) n->height = (uint8_t)(child->height + 1);
}

// `n` once its children are in place.
static cel_node *finish(cel_ast *ast, cel_node *n) {
    if (ast->fault) return &ast->bad;
    uint32_t most = ast->depth_max ? ast->depth_max : TACT_CEL_DEPTH_MAX;
    return n->height > most ? ast_fail(ast, AST_TOO_DEEP, n->at) : n;
}

cel_node *ast_bad(cel_ast *ast, cel_span at, cel_span extent) {
    return build(ast, CEL_BAD, at, extent);
}

cel_node *ast_literal(cel_ast *ast, cel_span at, cel_span extent, tact_value value) {
    cel_node *n = build(ast, CEL_LITERAL, at, extent);
    if (n->kind == CEL_LITERAL) n->as.literal = value;
    return n;
}

cel_node *ast_ident(cel_ast *ast, cel_span at, cel_span extent, tact_str name) {
    cel_node *n = build(ast, CEL_IDENT, at, extent);
    if (n->kind == CEL_IDENT) n->as.ident.name = name;
    return n;
}

cel_node *ast_select(cel_ast *ast, cel_span at, cel_span extent, cel_node *operand, tact_str field) {
    cel_node *n = build(ast, CEL_SELECT, at, extent);
    if (n->kind == CEL_BAD) return n;
    n->as.select.operand = operand;
    n->as.select.field = field;
    raise_above(n, operand);
    return finish(ast, n);
}

cel_node *ast_call(cel_ast *ast, cel_span at, cel_span extent, tact_str name, cel_node *target, const cel_part *args,
                   uint32_t count) {
    cel_node *n = build(ast, CEL_CALL, at, extent);
    cel_node **copy = array(ast, count, sizeof *copy, at);
    if (ast->fault) return &ast->bad;
    n->as.call.name = name;
    n->as.call.target = target;
    n->as.call.args = copy;
    n->as.call.count = count;
    raise_above(n, target);
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = args[i].node;
        raise_above(n, copy[i]);
    }
    return finish(ast, n);
}

cel_node *ast_list(cel_ast *ast, cel_span at, cel_span extent, const cel_part *items, uint32_t count) {
    bool some_optional = false;
    for (uint32_t i = 0; i < count; i++) some_optional |= items[i].optional;
    cel_node *n = build(ast, CEL_LIST, at, extent);
    cel_node **copy = array(ast, count, sizeof *copy, at);
    bool *optional = some_optional ? array(ast, count, sizeof *optional, at) : NULL;
    if (ast->fault) return &ast->bad;
    n->as.list.items = copy;
    n->as.list.optional = optional;
    n->as.list.count = count;
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = items[i].node;
        if (optional) optional[i] = items[i].optional;
        raise_above(n, copy[i]);
    }
    return finish(ast, n);
}

cel_node *ast_map(cel_ast *ast, cel_span at, cel_span extent, cel_node_kind kind, tact_str name,
                  const cel_part *entries, uint32_t count) {
    cel_node *n = build(ast, kind, at, extent);
    cel_entry *copy = array(ast, count, sizeof *copy, at);
    if (ast->fault) return &ast->bad;
    n->as.map.entries = copy;
    n->as.map.count = count;
    n->as.map.name = name;
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = (cel_entry){entries[i].key, entries[i].field, entries[i].node, entries[i].optional};
        raise_above(n, copy[i].key);
        raise_above(n, copy[i].value);
    }
    return finish(ast, n);
}

cel_node *ast_fold(cel_ast *ast, cel_span at, cel_span extent, cel_node *range, tact_str var, tact_str var2,
                   tact_str accu, cel_node *init, cel_node *condition, cel_node *step, cel_node *result) {
    cel_node *n = build(ast, CEL_COMPREHENSION, at, extent);
    if (n->kind == CEL_BAD) return n;
    n->as.fold.range = range;
    n->as.fold.var = var;
    n->as.fold.var2 = var2;
    n->as.fold.accu = accu;
    n->as.fold.init = init;
    n->as.fold.condition = condition;
    n->as.fold.step = step;
    n->as.fold.result = result;
    raise_above(n, range);
    raise_above(n, init);
    raise_above(n, condition);
    raise_above(n, step);
    raise_above(n, result);
    return finish(ast, n);
}

// ---- Printing -------------------------------------------------------------------------------------------------------

typedef struct printer {
    buf *out;
    ast_print_mode mode;
    uint32_t indent;
} printer;

static void print_node(printer *p, const cel_node *n);

static void new_line(printer *p) {
    buf_add_char(p->out, '\n');
    buf_add_repeat(p->out, ' ', 2 * (size_t)p->indent);
}

// A byte that Go's strconv.Quote writes as a backslash and a letter, or 0.
static char quote_letter(uint32_t c) {
    static const char bytes[] = "\a\b\t\n\v\f\r\"\\", letters[] = "abtnvfr\"\\";
    const char *found = c && c < 0x80 ? strchr(bytes, (int)c) : NULL;
    return found ? letters[found - bytes] : '\0';
}

// As strconv.Quote: what does not print, or is no UTF-8, is escaped.
static void print_quoted(buf *out, tact_str text) {
    buf_add_char(out, '"');
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
        const char *from = at;
        uint32_t c = utf8_next(&at, end);
        char letter = quote_letter(c);
        if (letter) {
            buf_add_char(out, '\\');
            buf_add_char(out, letter);
        } else if (c == UTF8_BAD || c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\x%02x", (unsigned char)*from);
        } else if (!utf8_printable(c)) {
            buf_printf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
        } else {
            buf_add(out, from, (size_t)(at - from));
        }
    }
    buf_add_char(out, '"');
}

static void print_literal(buf *out, tact_value v) {
    char text[NUM_TEXT_MAX];
    switch (v.kind) {
    case TACT_DOUBLE: buf_add(out, text, num_print_double(text, v.as.d)); break;
    case TACT_STRING: print_quoted(out, value_str(v)); break;
    case TACT_BYTES:
        buf_add_char(out, 'b');
        print_quoted(out, value_str(v));
        break;
    default: value_print(out, v); break;
    }
}

// What cel-go's parser tests call each kind of node; literals by their value's kind.
static const char *kind_text(const cel_node *n) {
    static const char *const nodes[] = {
        [CEL_IDENT] = "Expr_IdentExpr", [CEL_SELECT] = "Expr_SelectExpr",
        [CEL_CALL] = "Expr_CallExpr",   [CEL_LIST] = "Expr_ListExpr",
        [CEL_MAP] = "Expr_StructExpr",  [CEL_MESSAGE] = "Expr_StructExpr",
        [CEL_BAD] = "Expr_Bad",         [CEL_COMPREHENSION] = "Expr_ComprehensionExpr",
    };
    static const char *const literals[TACT_KINDS] = {
        [TACT_NULL] = "Constant_NullValue",     [TACT_BOOL] = "Constant_BoolValue",
        [TACT_INT] = "Constant_Int64Value",     [TACT_UINT] = "Constant_Uint64Value",
        [TACT_DOUBLE] = "Constant_DoubleValue", [TACT_STRING] = "Constant_StringValue",
        [TACT_BYTES] = "Constant_BytesValue",
    };
    const char *text = n->kind == CEL_LITERAL ? literals[n->as.literal.kind] : nodes[n->kind];
    return text ? text : "Constant";
}

// A select that is one qualified name, as that name.
static void print_chain(buf *out, const cel_node *n) {
    if (n->kind == CEL_SELECT) {
        print_chain(out, n->as.select.operand);
        buf_add_char(out, '.');
        buf_add_str(out, n->as.select.field);
    } else {
        buf_add_str(out, n->as.ident.name);
    }
}

static int compare_ids(tact_str a, tact_str b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, shorter);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

// The overloads' ids in alphabetical order. They are few, so each is found as the least one above the last.
static void print_overloads(buf *out, const cel_node *n) {
    const cel_overload **all = n->as.call.overloads;
    tact_str last = {NULL, 0};
    for (uint32_t printed = 0; printed < n->as.call.overloads_count; printed++) {
        tact_str least = {NULL, 0};
        for (uint32_t i = 0; i < n->as.call.overloads_count; i++) {
            tact_str id = all[i]->id;
            if (last.ptr && compare_ids(id, last) <= 0) continue;
            if (!least.ptr || compare_ids(id, least) < 0) least = id;
        }
        if (!least.ptr) break;
        buf_add_char(out, printed ? '|' : '^');
        buf_add_str(out, least);
        last = least;
    }
}

// `~type^reference`, as cel-go's checker tests have it.
static void adorn_type(printer *p, const cel_node *n) {
    if (n->type) {
        buf_add_char(p->out, '~');
        type_print(p->out, n->type);
    }
    if (n->kind == CEL_CALL) {
        print_overloads(p->out, n);
    } else if (n->kind == CEL_MESSAGE) {
        buf_add_char(p->out, '^');
        buf_add_str(p->out, n->as.map.name);
    } else if (n->ref != CEL_REF_NONE) {
        buf_add_char(p->out, '^');
        print_chain(p->out, n);
    }
}

static void adorn(printer *p, const cel_node *n) {
    if (p->mode == AST_KINDS) buf_printf(p->out, "^#*expr.%s#", kind_text(n));
    if (p->mode == AST_TYPES) adorn_type(p, n);
}

static void print_parts(printer *p, uint32_t count, void (*part)(printer *, const cel_node *, uint32_t),
                        const cel_node *n) {
    if (count == 0) return;
    p->indent++;
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_add_char(p->out, ',');
        new_line(p);
        part(p, n, i);
    }
    p->indent--;
    new_line(p);
}

static void print_argument(printer *p, const cel_node *n, uint32_t i) {
    print_node(p, n->as.call.args[i]);
}

static void print_item(printer *p, const cel_node *n, uint32_t i) {
    print_node(p, n->as.list.items[i]);
}

static void print_entry(printer *p, const cel_node *n, uint32_t i) {
    const cel_entry *e = &n->as.map.entries[i];
    if (e->optional) buf_add_char(p->out, '?');
    if (e->key) {
        print_node(p, e->key);
    } else {
        buf_add_str(p->out, e->field);
    }
    buf_add_char(p->out, ':');
    print_node(p, e->value);
    if (p->mode == AST_KINDS) buf_add_text(p->out, "^#*expr.Expr_CreateStruct_Entry#");
}

static void print_title(printer *p, const char *title) {
    new_line(p);
    buf_printf(p->out, "// %s", title);
    new_line(p);
}

static void print_name(printer *p, tact_str name) {
    buf_add_str(p->out, name);
    buf_add_char(p->out, ',');
}

static void print_fold(printer *p, const cel_node *n) {
    buf_add_text(p->out, "__comprehension__(");
    p->indent++;
    print_title(p, "Variable");
    print_name(p, n->as.fold.var);
    if (n->as.fold.var2.len) {
        new_line(p);
        print_name(p, n->as.fold.var2);
    }
    print_title(p, "Target");
    print_node(p, n->as.fold.range);
    buf_add_char(p->out, ',');
    print_title(p, "Accumulator");
    print_name(p, n->as.fold.accu);
    print_title(p, "Init");
    print_node(p, n->as.fold.init);
    buf_add_char(p->out, ',');
    print_title(p, "LoopCondition");
    print_node(p, n->as.fold.condition);
    buf_add_char(p->out, ',');
    print_title(p, "LoopStep");
    print_node(p, n->as.fold.step);
    buf_add_char(p->out, ',');
    print_title(p, "Result");
    print_node(p, n->as.fold.result);
    buf_add_char(p->out, ')');
    p->indent--;
}

static void print_select(printer *p, const cel_node *n) {
    if (p->mode == AST_TYPES && n->ref != CEL_REF_NONE && !n->test) {
        print_chain(p->out, n);
        return;
    }
    print_node(p, n->as.select.operand);
    buf_add_char(p->out, '.');
    buf_add_str(p->out, n->as.select.field);
    if (n->test) buf_add_text(p->out, "~test-only~");
}

static void print_call(printer *p, const cel_node *n) {
    if (n->as.call.target) {
        print_node(p, n->as.call.target);
        buf_add_char(p->out, '.');
    }
    buf_add_str(p->out, n->as.call.name);
    buf_add_char(p->out, '(');
    print_parts(p, n->as.call.count, print_argument, n);
    buf_add_char(p->out, ')');
}

static void print_node(printer *p, const cel_node *n) {
    switch ((cel_node_kind)n->kind) {
    case CEL_LITERAL: print_literal(p->out, n->as.literal); break;
    case CEL_IDENT: buf_add_str(p->out, n->as.ident.name); break;
    case CEL_SELECT: print_select(p, n); break;
    case CEL_CALL: print_call(p, n); break;
    case CEL_LIST:
        buf_add_char(p->out, '[');
        print_parts(p, n->as.list.count, print_item, n);
        buf_add_char(p->out, ']');
        break;
    case CEL_MAP:
    case CEL_MESSAGE:
        buf_add_str(p->out, n->as.map.name);
        buf_add_char(p->out, '{');
        print_parts(p, n->as.map.count, print_entry, n);
        buf_add_char(p->out, '}');
        break;
    case CEL_COMPREHENSION: print_fold(p, n); break;
    case CEL_BAD: buf_add_text(p->out, "<bad>"); break;
    }
    adorn(p, n);
}

void ast_print(buf *out, const cel_ast *ast, ast_print_mode mode) {
    printer p = {out, mode, 0};
    if (ast->root) print_node(&p, ast->root);
}
