// SPDX-License-Identifier: Apache-2.0
//
// What macros stand for, as the source that would give the same tree if its names could be written. The trees of the
// standard macros are those of other implementations (cel-go's parser/macro.go and ext/ document them); the
// conformance suite compares them as well. Misuse is tested in tests/cel/diag/syntax_macros.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cel/macro.h"
#include "cel/parser.h"

static arena memory;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static const cel_node *parse(const char *source, uint32_t libraries) {
    cel_diags diags;
    diag_init(&diags, &memory, tact_str_from(source));
    cel_ast ast = {.arena = &memory, .source = tact_str_from(source)};
    const cel_node *n = parser_parse(&ast, NULL, libraries, &diags);
    if (diags.code) fail_msg("%s: %s", source, diags.items[0].text);
    return n;
}

// ---- Trees as text --------------------------------------------------------------------------------------------------

static void write(buf *out, const cel_node *n);

static void write_nodes(buf *out, cel_node *const *nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_add_text(out, ", ");
        write(out, nodes[i]);
    }
}

static void write_fold(buf *out, const cel_node *n) {
    buf_add_text(out, "fold(");
    buf_add_str(out, n->as.fold.var);
    if (n->as.fold.var2.len) buf_printf(out, " %.*s", (int)n->as.fold.var2.len, n->as.fold.var2.ptr);
    buf_add_text(out, " in ");
    write(out, n->as.fold.range);
    buf_printf(out, "; %.*s = ", (int)n->as.fold.accu.len, n->as.fold.accu.ptr);
    write(out, n->as.fold.init);
    buf_add_text(out, "; ");
    write(out, n->as.fold.condition);
    buf_add_text(out, "; ");
    write(out, n->as.fold.step);
    buf_add_text(out, "; ");
    write(out, n->as.fold.result);
    buf_add_char(out, ')');
}

static void write(buf *out, const cel_node *n) {
    switch (n->kind) {
    case CEL_LITERAL: buf_add_str(out, tact_value_print(n->as.literal, &memory)); break;
    case CEL_IDENT: buf_add_str(out, n->as.ident.name); break;
    case CEL_SELECT:
        if (n->test) buf_add_text(out, "has ");
        write(out, n->as.select.operand);
        buf_printf(out, ".%.*s", (int)n->as.select.field.len, n->as.select.field.ptr);
        break;
    case CEL_CALL:
        if (n->as.call.target) {
            write(out, n->as.call.target);
            buf_add_char(out, '.');
        }
        buf_add_str(out, n->as.call.name);
        buf_add_char(out, '(');
        write_nodes(out, n->as.call.args, n->as.call.count);
        buf_add_char(out, ')');
        break;
    case CEL_LIST:
        buf_add_char(out, '[');
        write_nodes(out, n->as.list.items, n->as.list.count);
        buf_add_char(out, ']');
        break;
    case CEL_MAP: buf_add_text(out, n->as.map.count ? "{...}" : "{}"); break;
    case CEL_COMPREHENSION: write_fold(out, n); break;
    default: buf_add_text(out, "<bad>"); break;
    }
}

static void assert_expands(const char *source, const char *tree) {
    buf out = buf_in(&memory);
    write(&out, parse(source, TACT_CEL_ALL));
    assert_string_equal(buf_done(&out).ptr, tree);
}

// ---- Expansions -----------------------------------------------------------------------------------------------------

static void has_is_a_test(void **state) {
    (void)state;
    assert_expands("has(a.b)", "has a.b");
    assert_expands("has(a[0].b.c)", "has _[_](a, 0).b.c");
    assert_expands("has(a.`b-c`)", "has a.b-c");
    assert_expands("has(a.?b.c)", "has _?._(a, \"b\").c");
}

static void quantifiers(void **state) {
    (void)state;
    assert_expands("m.all(v, p)",
                   "fold(v in m; @result = true; @not_strictly_false(@result); _&&_(@result, p); @result)");
    assert_expands("m.exists(v, p)",
                   "fold(v in m; @result = false; @not_strictly_false(!_(@result)); _||_(@result, p); @result)");
    assert_expands("m.exists_one(v, p)",
                   "fold(v in m; @result = 0; true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
    assert_expands("m.existsOne(v, p)",
                   "fold(v in m; @result = 0; true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
}

static void quantifiers_of_two_variables(void **state) {
    (void)state;
    assert_expands("m.all(k, v, p)",
                   "fold(k v in m; @result = true; @not_strictly_false(@result); _&&_(@result, p); @result)");
    assert_expands("m.exists(k, v, p)",
                   "fold(k v in m; @result = false; @not_strictly_false(!_(@result)); _||_(@result, p); @result)");
    assert_expands("m.exists_one(k, v, p)",
                   "fold(k v in m; @result = 0; true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
    assert_expands("m.existsOne(k, v, p)",
                   "fold(k v in m; @result = 0; true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
}

static void lists_are_collected(void **state) {
    (void)state;
    assert_expands("m.map(v, f)", "fold(v in m; @result = []; true; _+_(@result, [f]); @result)");
    assert_expands("m.map(v, p, f)", "fold(v in m; @result = []; true; _?_:_(p, _+_(@result, [f]), @result); @result)");
    assert_expands("m.filter(v, p)", "fold(v in m; @result = []; true; _?_:_(p, _+_(@result, [v]), @result); @result)");
    assert_expands("m.transformList(k, v, f)", "fold(k v in m; @result = []; true; _+_(@result, [f]); @result)");
    assert_expands("m.transformList(k, v, p, f)",
                   "fold(k v in m; @result = []; true; _?_:_(p, _+_(@result, [f]), @result); @result)");
}

static void maps_are_collected(void **state) {
    (void)state;
    assert_expands("m.transformMap(k, v, f)",
                   "fold(k v in m; @result = {}; true; cel.@mapInsert(@result, k, f); @result)");
    assert_expands("m.transformMap(k, v, p, f)",
                   "fold(k v in m; @result = {}; true; _?_:_(p, cel.@mapInsert(@result, k, f), @result); @result)");
    assert_expands("m.transformMapEntry(k, v, {v: k})",
                   "fold(k v in m; @result = {}; true; cel.@mapInsert(@result, {...}); @result)");
    assert_expands("m.transformMapEntry(k, v, p, {v: k})",
                   "fold(k v in m; @result = {}; true; _?_:_(p, cel.@mapInsert(@result, {...}), @result); @result)");
}

static void bind_is_a_fold_over_nothing(void **state) {
    (void)state;
    assert_expands("cel.bind(x, a, x)", "fold(#unused in []; x = a; false; x; x)");
}

static void targets_that_are_needed_twice_are_bound(void **state) {
    (void)state;
    assert_expands("t.optMap(v, e)", "fold(#unused in []; @target = t; false; @target; "
                                     "_?_:_(@target.hasValue(), "
                                     "optional.of(fold(#unused in []; v = @target.value(); false; v; e)), "
                                     "optional.none()))");
    assert_expands("t.optFlatMap(v, e)", "fold(#unused in []; @target = t; false; @target; "
                                         "_?_:_(@target.hasValue(), "
                                         "fold(#unused in []; v = @target.value(); false; v; e), "
                                         "optional.none()))");
    assert_expands("t.sortBy(v, k)", "fold(#unused in []; @target = t; false; @target; "
                                     "@target.@sortByAssociatedKeys("
                                     "fold(v in @target; @result = []; true; _+_(@result, [k]); @result)))");
}

static void blocks_name_their_values(void **state) {
    (void)state;
    assert_expands("cel.block([a, cel.index(0)], cel.index(1))", "cel.@block([a, @index0], @index1)");
    assert_expands(
        "x.exists(cel.iterVar(0, 1), cel.iterVar(0, 1))",
        "fold(@it:0:1 in x; @result = false; @not_strictly_false(!_(@result)); _||_(@result, @it:0:1); @result)");
    assert_expands("cel.accuVar(2, 3)", "@ac:2:3");
}

// A chain of optMap grows with its length, not with two to its power.
static void chains_do_not_double(void **state) {
    (void)state;
    cel_ast ast = {.arena = &memory, .source = TACT_STR("o.optMap(a, a).optMap(b, b).optMap(c, c).optMap(d, d)")};
    cel_diags diags;
    diag_init(&diags, &memory, ast.source);
    (void)parser_parse(&ast, NULL, TACT_CEL_ALL, &diags);
    assert_int_equal(diags.code, TACT_OK);
    assert_true(ast.nodes_count < 100);
}

// ---- Which calls are macros -----------------------------------------------------------------------------------------

static void other_calls_stay_calls(void **state) {
    (void)state;
    assert_expands("has(a.b, c)", "has(a.b, c)");
    assert_expands("m.has(a.b)", "m.has(a.b)");
    assert_expands("all(v, p)", "all(v, p)");
    assert_expands("m.map(v)", "m.map(v)");
    assert_expands("x.bind(y, a, y)", "x.bind(y, a, y)");
    assert_expands("cel.x.bind(y, a, y)", "cel.x.bind(y, a, y)");
}

static void libraries_can_be_off(void **state) {
    (void)state;
    static const struct {
        const char *source;
        tact_cel_library library;
    } cases[] = {
        {"has(a.b)", TACT_CEL_MACROS},
        {"m.map(v, v)", TACT_CEL_MACROS},
        {"m.all(k, v, v)", TACT_CEL_MACROS2},
        {"t.optMap(v, v)", TACT_CEL_OPTIONALS},
        {"cel.bind(x, a, x)", TACT_CEL_BINDINGS},
        {"cel.block([a], a)", TACT_CEL_BLOCK},
        {"t.sortBy(v, v)", TACT_CEL_LISTS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cel_node *n = parse(cases[i].source, TACT_CEL_ALL & ~(uint32_t)cases[i].library);
        assert_int_equal(n->kind, CEL_CALL);
        assert_string_not_equal(arena_copy(&memory, n->as.call.name.ptr, n->as.call.name.len), CEL_FN_BLOCK);
    }
}

static void usage_lists_all_forms(void **state) {
    (void)state;
    const cel_node *x = parse("x", TACT_CEL_ALL), *cel = parse("cel", TACT_CEL_ALL);
    static const struct {
        const char *name;
        char target; // x, c for cel, or 0 for none
        uint32_t libraries;
        bool misplaced;
        const char *usage;
    } cases[] = {
        {"map", 'x', TACT_CEL_ALL, false, "list.map(x, expression), or list.map(x, condition, expression)"},
        {"all", 'x', TACT_CEL_MACROS, false, "list.all(x, condition)"},
        {"bind", 'c', TACT_CEL_ALL, false, "cel.bind(x, value, expression)"},
        {"bind", 'x', TACT_CEL_ALL, true, ""},
        {"all", 0, TACT_CEL_MACROS, true, "list.all(x, condition)"},
        {"has", 'x', TACT_CEL_ALL, true, "has(m.field)"},
        {"all", 0, TACT_CEL_MATH, true, ""},
        {"size", 'x', TACT_CEL_ALL, true, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cel_node *target = cases[i].target == 'x' ? x : cases[i].target == 'c' ? cel : NULL;
        bool misplaced = !cases[i].misplaced;
        tact_str usage = macro_usage(&memory, tact_str_from(cases[i].name), target, cases[i].libraries, &misplaced);
        assert_string_equal(usage.ptr, cases[i].usage);
        assert_int_equal(misplaced, cases[i].misplaced);
    }
}

static void functions_go_by_their_macros_names(void **state) {
    (void)state;
    assert_true(tact_str_equal(macro_name_of(TACT_STR("math.@max")), TACT_STR("math.greatest")));
    assert_true(tact_str_equal(macro_name_of(TACT_STR("math.@min")), TACT_STR("math.least")));
    assert_true(tact_str_equal(macro_name_of(TACT_STR(CEL_FN_SORT_BY)), TACT_STR("sortBy")));
    assert_true(tact_str_equal(macro_name_of(TACT_STR("size")), TACT_STR("size")));
}

static void expansions_have_the_calls_place(void **state) {
    (void)state;
    const cel_node *n = parse("1 + x.map(v, v * 2)", TACT_CEL_ALL)->as.call.args[1];
    assert_int_equal(n->at.pos, 6);
    assert_int_equal(n->extent.pos, 4);
    assert_int_equal(n->extent.len, 15);
    const cel_node *step = n->as.fold.step;
    assert_int_equal(step->at.pos, 6);
    assert_int_equal(step->extent.len, 15);
    const cel_node *transform = step->as.call.args[1]->as.list.items[0];
    assert_int_equal(transform->at.pos, 15); // the user's own keep theirs
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_is_a_test),
        cmocka_unit_test(quantifiers),
        cmocka_unit_test(quantifiers_of_two_variables),
        cmocka_unit_test(lists_are_collected),
        cmocka_unit_test(maps_are_collected),
        cmocka_unit_test(bind_is_a_fold_over_nothing),
        cmocka_unit_test(targets_that_are_needed_twice_are_bound),
        cmocka_unit_test(blocks_name_their_values),
        cmocka_unit_test(chains_do_not_double),
        cmocka_unit_test(other_calls_stay_calls),
        cmocka_unit_test(libraries_can_be_off),
        cmocka_unit_test(usage_lists_all_forms),
        cmocka_unit_test(functions_go_by_their_macros_names),
        cmocka_unit_test(expansions_have_the_calls_place),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
