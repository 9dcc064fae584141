// SPDX-License-Identifier: Apache-2.0
//
// What each macro stands for. The trees are those of other implementations of CEL, so that they compare; the exception
// is optMap and optFlatMap, which elsewhere repeat their target: a chain of them would double with every link, so here
// the target is bound to a name first.
#include "cel/macro.h"

#include "base/buf.h"
#include "tact/cel.h"

#define TARGET "@target" // the name that a target is bound to where the expansion needs it twice

struct cel_macro {
    uint32_t library;
    tact_str space, name;
    bool member;
    uint8_t count, variables;
    cel_node *(*expand)(const cel_macro_call *m);
    const char *usage;
};

// ---- Parts of expansions --------------------------------------------------------------------------------------------

static cel_node *arg(const cel_macro_call *m, uint32_t i) {
    return m->args[i].node;
}

static cel_node *last_arg(const cel_macro_call *m) {
    return arg(m, m->count - 1);
}

// The name that argument `i` declares; macro_expand has checked that it is one.
static tact_str variable(const cel_macro_call *m, uint32_t i) {
    return i < m->macro->variables ? arg(m, i)->as.ident.name : (tact_str){NULL, 0};
}

static cel_node *name(const cel_macro_call *m, tact_str text) {
    return ast_ident(m->ast, m->at, m->extent, text);
}

static cel_node *accu(const cel_macro_call *m) {
    return name(m, TACT_STR(CEL_ACCU));
}

static cel_node *literal(const cel_macro_call *m, tact_value v) {
    return ast_literal(m->ast, m->at, m->extent, v);
}

static cel_node *call(const cel_macro_call *m, const char *function, cel_node *target, uint32_t count, cel_node *a,
                      cel_node *b, cel_node *c) {
    cel_part args[] = {{.node = a}, {.node = b}, {.node = c}};
    return ast_call(m->ast, m->at, m->extent, tact_str_from(function), target, args, count);
}

static cel_node *call0(const cel_macro_call *m, const char *function) {
    return call(m, function, NULL, 0, NULL, NULL, NULL);
}

static cel_node *call1(const cel_macro_call *m, const char *function, cel_node *a) {
    return call(m, function, NULL, 1, a, NULL, NULL);
}

static cel_node *call2(const cel_macro_call *m, const char *function, cel_node *a, cel_node *b) {
    return call(m, function, NULL, 2, a, b, NULL);
}

static cel_node *call3(const cel_macro_call *m, const char *function, cel_node *a, cel_node *b, cel_node *c) {
    return call(m, function, NULL, 3, a, b, c);
}

static cel_node *member_call(const cel_macro_call *m, const char *function, cel_node *target, uint32_t count,
                             cel_node *a) {
    return call(m, function, target, count, a, NULL, NULL);
}

static cel_node *list(const cel_macro_call *m, cel_node *item) {
    cel_part part = {.node = item};
    return ast_list(m->ast, m->at, m->extent, &part, item ? 1 : 0);
}

static cel_node *empty_map(const cel_macro_call *m) {
    return ast_map(m->ast, m->at, m->extent, CEL_MAP, (tact_str){NULL, 0}, NULL, 0);
}

// A comprehension over `range` with the macro's variables, whose result is `result`.
static cel_node *fold(const cel_macro_call *m, cel_node *range, cel_node *init, cel_node *condition, cel_node *step,
                      cel_node *result) {
    return ast_fold(m->ast, m->at, m->extent, range, variable(m, 0), variable(m, 1), TACT_STR(CEL_ACCU), init,
                    condition, step, result);
}

// One that adds to its accumulator for all items, or for those for which `condition` (may be NULL) holds.
static cel_node *collect(const cel_macro_call *m, cel_node *range, cel_node *init, cel_node *condition,
                         cel_node *step) {
    if (condition) step = call3(m, CEL_OP_CONDITIONAL, condition, step, accu(m));
    return fold(m, range, init, literal(m, tact_bool(true)), step, accu(m));
}

// The argument between variables and expression, if there is one.
static cel_node *condition_arg(const cel_macro_call *m) {
    return m->count > m->macro->variables + 1u ? arg(m, m->macro->variables) : NULL;
}

// `value` under a name while `result` is computed: a comprehension over nothing.
static cel_node *bind(const cel_macro_call *m, tact_str var, cel_node *value, cel_node *result) {
    return ast_fold(m->ast, m->at, m->extent, list(m, NULL), TACT_STR(CEL_UNUSED), (tact_str){NULL, 0}, var, value,
                    literal(m, tact_bool(false)), name(m, var), result);
}

// ---- Expansions -----------------------------------------------------------------------------------------------------

static cel_node *expand_has(const cel_macro_call *m) {
    cel_node *n = arg(m, 0);
    if (n->kind != CEL_SELECT || n->test) {
        diag_has_argument(m->diags, n->extent);
        return ast_bad(m->ast, m->at, m->extent);
    }
    n->test = true;
    n->extent = m->extent;
    return n;
}

static cel_node *expand_all(const cel_macro_call *m) {
    return fold(m, m->target, literal(m, tact_bool(true)), call1(m, CEL_OP_NOT_STRICTLY_FALSE, accu(m)),
                call2(m, CEL_OP_AND, accu(m), last_arg(m)), accu(m));
}

static cel_node *expand_exists(const cel_macro_call *m) {
    return fold(m, m->target, literal(m, tact_bool(false)),
                call1(m, CEL_OP_NOT_STRICTLY_FALSE, call1(m, CEL_OP_NOT, accu(m))),
                call2(m, CEL_OP_OR, accu(m), last_arg(m)), accu(m));
}

static cel_node *expand_exists_one(const cel_macro_call *m) {
    cel_node *one_more = call2(m, CEL_OP_ADD, accu(m), literal(m, tact_int(1)));
    return fold(m, m->target, literal(m, tact_int(0)), literal(m, tact_bool(true)),
                call3(m, CEL_OP_CONDITIONAL, last_arg(m), one_more, accu(m)),
                call2(m, CEL_OP_EQ, accu(m), literal(m, tact_int(1))));
}

static cel_node *map_over(const cel_macro_call *m, cel_node *range) {
    cel_node *step = call2(m, CEL_OP_ADD, accu(m), list(m, last_arg(m)));
    return collect(m, range, list(m, NULL), condition_arg(m), step);
}

static cel_node *expand_map(const cel_macro_call *m) {
    return map_over(m, m->target);
}

static cel_node *expand_transform_list(const cel_macro_call *m) {
    return map_over(m, m->target);
}

static cel_node *expand_filter(const cel_macro_call *m) {
    cel_node *step = call2(m, CEL_OP_ADD, accu(m), list(m, arg(m, 0)));
    return collect(m, m->target, list(m, NULL), last_arg(m), step);
}

static cel_node *expand_transform_map(const cel_macro_call *m) {
    cel_node *step = call3(m, CEL_FN_MAP_INSERT, accu(m), name(m, variable(m, 0)), last_arg(m));
    return collect(m, m->target, empty_map(m), condition_arg(m), step);
}

static cel_node *expand_transform_map_entry(const cel_macro_call *m) {
    cel_node *step = call2(m, CEL_FN_MAP_INSERT, accu(m), last_arg(m));
    return collect(m, m->target, empty_map(m), condition_arg(m), step);
}

static cel_node *expand_bind(const cel_macro_call *m) {
    return bind(m, variable(m, 0), arg(m, 1), arg(m, 2));
}

// The target is there ? `some` : optional.none(), where `some` finds it under the name TARGET.
static cel_node *if_value(const cel_macro_call *m, cel_node *some) {
    cel_node *has = member_call(m, "hasValue", name(m, TACT_STR(TARGET)), 0, NULL);
    return bind(m, TACT_STR(TARGET), m->target, call3(m, CEL_OP_CONDITIONAL, has, some, call0(m, "optional.none")));
}

static cel_node *with_value(const cel_macro_call *m) {
    cel_node *value = member_call(m, "value", name(m, TACT_STR(TARGET)), 0, NULL);
    return bind(m, variable(m, 0), value, arg(m, 1));
}

static cel_node *expand_opt_map(const cel_macro_call *m) {
    return if_value(m, call1(m, "optional.of", with_value(m)));
}

static cel_node *expand_opt_flat_map(const cel_macro_call *m) {
    return if_value(m, with_value(m));
}

static cel_node *expand_sort_by(const cel_macro_call *m) {
    cel_node *keys = map_over(m, name(m, TACT_STR(TARGET)));
    return bind(m, TACT_STR(TARGET), m->target, member_call(m, CEL_FN_SORT_BY, name(m, TACT_STR(TARGET)), 1, keys));
}

static cel_node *expand_block(const cel_macro_call *m) {
    if (arg(m, 0)->kind != CEL_LIST) {
        diag_block_values(m->diags, arg(m, 0)->extent);
        return ast_bad(m->ast, m->at, m->extent);
    }
    return call2(m, CEL_FN_BLOCK, arg(m, 0), arg(m, 1));
}

// A name made of a prefix and the arguments, which must be numbers: @it:0:1.
static cel_node *numbered(const cel_macro_call *m, const char *prefix, const char *separator) {
    buf text = buf_in(m->ast->arena);
    buf_add_text(&text, prefix);
    for (uint32_t i = 0; i < m->count; i++) {
        const cel_node *n = arg(m, i);
        if (n->kind != CEL_LITERAL || n->as.literal.kind != TACT_INT || n->as.literal.as.i < 0) {
            diag_macro_number(m->diags, n->extent, m->macro->space, m->macro->name);
            return ast_bad(m->ast, m->at, m->extent);
        }
        buf_printf(&text, "%s%lld", separator, (long long)n->as.literal.as.i);
    }
    tact_str done = buf_done(&text);
    return done.ptr ? name(m, done) : ast_fail(m->ast, AST_NO_MEMORY, m->at);
}

static cel_node *expand_index(const cel_macro_call *m) {
    return numbered(m, CEL_INDEX, "");
}

static cel_node *expand_iter_var(const cel_macro_call *m) {
    return numbered(m, CEL_ITER_VAR, ":");
}

static cel_node *expand_accu_var(const cel_macro_call *m) {
    return numbered(m, CEL_ACCU_VAR, ":");
}

// One or two numbers are arguments, more are a list.
static cel_node *extreme(const cel_macro_call *m, const char *function) {
    if (m->count == 1) return call1(m, function, arg(m, 0));
    if (m->count == 2) return call2(m, function, arg(m, 0), arg(m, 1));
    return call1(m, function, ast_list(m->ast, m->at, m->extent, m->args, m->count));
}

#define FN_MAX "math.@max"
#define FN_MIN "math.@min"

static cel_node *expand_greatest(const cel_macro_call *m) {
    return extreme(m, FN_MAX);
}

static cel_node *expand_least(const cel_macro_call *m) {
    return extreme(m, FN_MIN);
}

// ---- The table ------------------------------------------------------------------------------------------------------

#define MACRO_MANY UINT8_MAX

static const cel_macro macros[] = {
#define X(library, space, name, member, count, variables, expander, usage, doc)                                        \
    {TACT_CEL_##library,                                                                                               \
     {space, sizeof space - 1},                                                                                        \
     {name, sizeof name - 1},                                                                                          \
     member,                                                                                                           \
     count,                                                                                                            \
     variables,                                                                                                        \
     expand_##expander,                                                                                                \
     usage},
#include "cel/macro_tbl.h"
#undef X
};

static bool is_on(const cel_macro *macro, const cel_node *target) {
    if (!target || !macro->member) return !target && !macro->member;
    return macro->space.len == 0 || (target->kind == CEL_IDENT && tact_str_equal(target->as.ident.name, macro->space));
}

static bool is_named(const cel_macro *macro, tact_str text, uint32_t libraries) {
    return macro->name.len == text.len && (macro->library & libraries) && tact_str_equal(macro->name, text);
}

const cel_macro *macro_find(tact_str text, const cel_node *target, uint32_t count, uint32_t libraries) {
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        bool fits = macros[i].count == count || (macros[i].count == MACRO_MANY && count > 0);
        if (fits && is_named(&macros[i], text, libraries) && is_on(&macros[i], target)) return &macros[i];
    }
    return NULL;
}

static tact_str usage(arena *a, tact_str text, const cel_node *target, uint32_t libraries, bool misplaced) {
    buf out = buf_in(a);
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        const cel_macro *macro = &macros[i];
        if (!is_named(macro, text, libraries) || is_on(macro, target) == misplaced) continue;
        if (misplaced && macro->space.len) continue; // `a.bind(…)` need not mean cel.bind
        buf_printf(&out, "%s%s", out.len ? ", or " : "", macro->usage);
    }
    return buf_done(&out);
}

tact_str macro_usage(arena *a, tact_str text, const cel_node *target, uint32_t libraries, bool *misplaced) {
    tact_str here = usage(a, text, target, libraries, false);
    *misplaced = here.len == 0;
    return here.len ? here : usage(a, text, target, libraries, true);
}

tact_str macro_name_of(tact_str function) {
    static const struct {
        const char *function, *macro;
    } table[] = {
        {FN_MAX, "math.greatest"},
        {FN_MIN, "math.least"},
        {CEL_FN_SORT_BY, "sortBy"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (tact_str_equal(function, tact_str_from(table[i].function))) return tact_str_from(table[i].macro);
    }
    return function;
}

// The expansions assume that the variables are names; and a name under which the accumulator was known in earlier
// versions of CEL is not to be hidden.
static bool check_variables(const cel_macro_call *m) {
    bool fine = true;
    for (uint32_t i = 0; i < m->macro->variables; i++) {
        const cel_node *n = arg(m, i);
        if (n->kind == CEL_BAD) {
            fine = false;
        } else if (n->kind != CEL_IDENT || n->as.ident.name.ptr[0] == '.') {
            diag_macro_variable(m->diags, n->extent, m->macro->space, m->macro->name, i);
            fine = false;
        } else if (tact_str_equal(n->as.ident.name, TACT_STR("__result__"))) {
            diag_macro_variable_taken(m->diags, n->at);
            fine = false;
        } else if (i > 0 && fine && tact_str_equal(n->as.ident.name, arg(m, 0)->as.ident.name)) {
            diag_macro_variable_repeats(m->diags, n->at);
            fine = false;
        }
    }
    return fine;
}

cel_node *macro_expand(const cel_macro_call *m) {
    if (!check_variables(m) || (m->macro->variables == 0 && arg(m, 0)->kind == CEL_BAD)) {
        return ast_bad(m->ast, m->at, m->extent);
    }
    return m->macro->expand(m);
}
