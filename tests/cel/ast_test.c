// SPDX-License-Identifier: Apache-2.0
//
// Building trees within bounds, and printing them. The format is that of cel-go's common/debug; that all trees print so
// is tested by the conformance suite.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cel/ast.h"
#include "cel/env.h"
#include "tact/cel.h"

static const cel_span at = {3, 2}, extent = {1, 9};
static arena memory;
static cel_ast ast;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    ast = (cel_ast){.arena = &memory};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static cel_node *number(int64_t i) {
    return ast_literal(&ast, at, extent, tact_int(i));
}

static cel_node *name(const char *text) {
    return ast_ident(&ast, at, extent, tact_str_from(text));
}

static cel_node *sum(cel_node *a, cel_node *b) {
    cel_part args[] = {{.node = a}, {.node = b}};
    return ast_call(&ast, at, extent, TACT_STR(CEL_OP_ADD), NULL, args, 2);
}

// ---- Building -------------------------------------------------------------------------------------------------------

static void nodes_know_place_id_and_height(void **state) {
    (void)state;
    cel_node *a = number(1), *b = ast_select(&ast, at, extent, a, TACT_STR("f")), *c = sum(number(2), b);
    assert_int_equal(a->id, 1);
    assert_int_equal(b->id, 2);
    assert_int_equal(c->id, 4);
    assert_int_equal(ast.nodes_count, 4);
    assert_int_equal(a->height, 1);
    assert_int_equal(b->height, 2);
    assert_int_equal(c->height, 3);
    assert_int_equal(c->at.pos, at.pos);
    assert_int_equal(c->extent.len, extent.len);
}

static void parts_are_copied(void **state) {
    (void)state;
    cel_part parts[] = {{.node = number(1)}, {.node = number(2), .optional = true}};
    cel_node *list = ast_list(&ast, at, extent, parts, 2);
    cel_node *plain = ast_list(&ast, at, extent, parts, 1);
    parts[0].node = parts[1].node = NULL;
    assert_int_equal(list->as.list.items[1]->as.literal.as.i, 2);
    assert_false(list->as.list.optional[0]);
    assert_true(list->as.list.optional[1]);
    assert_null(plain->as.list.optional);
}

static void height_is_bounded(void **state) {
    (void)state;
    ast.depth_max = 3;
    cel_node *n = sum(sum(number(1), number(2)), number(3));
    assert_int_equal(n->kind, CEL_CALL);
    n = ast_select(&ast, (cel_span){7, 1}, extent, n, TACT_STR("f"));
    assert_int_equal(n->kind, CEL_BAD);
    assert_int_equal(ast.fault, AST_TOO_DEEP);
    assert_int_equal(ast.fault_at.pos, 7);
}

static void nodes_are_bounded(void **state) {
    (void)state;
    for (int i = 0; i < TACT_CEL_NODES_MAX; i++) assert_int_equal(number(i)->kind, CEL_LITERAL);
    assert_int_equal(number(0)->kind, CEL_BAD);
    assert_int_equal(ast.fault, AST_TOO_MANY_NODES);
    assert_int_equal(ast.nodes_count, TACT_CEL_NODES_MAX);
}

// After the first fault builders go on, with nothing.
static void faults_are_sticky(void **state) {
    (void)state;
    arena small;
    arena_init(&small, 2 * sizeof(cel_node) + 64);
    ast = (cel_ast){.arena = &small};
    cel_node *n = number(1);
    for (int i = 0; i < 10; i++) n = sum(n, number(2));
    assert_ptr_equal(n, &ast.bad);
    assert_int_equal(ast.fault, AST_NO_MEMORY);
    cel_part part = {.node = n, .key = n};
    assert_ptr_equal(ast_list(&ast, at, extent, &part, 1), &ast.bad);
    assert_ptr_equal(ast_map(&ast, at, extent, CEL_MAP, TACT_STR(""), &part, 1), &ast.bad);
    assert_ptr_equal(ast_fold(&ast, at, extent, n, TACT_STR("x"), TACT_STR(""), TACT_STR("y"), n, n, n, n), &ast.bad);
    assert_ptr_equal(ast_fail(&ast, AST_TOO_DEEP, at), &ast.bad);
    assert_int_equal(ast.fault, AST_NO_MEMORY);
    arena_fini(&small);
}

// ---- Printing -------------------------------------------------------------------------------------------------------

static void assert_prints(cel_node *root, ast_print_mode mode, const char *expected) {
    buf out = buf_in(&memory);
    ast.root = root;
    ast_print(&out, &ast, mode);
    assert_string_equal(buf_done(&out).ptr, expected);
}

static cel_node *text(const char *bytes) {
    return ast_literal(&ast, at, extent, tact_string(bytes, strlen(bytes)));
}

static void children_are_indented(void **state) {
    (void)state;
    cel_part entry = {.key = text("k"), .node = ast_list(&ast, at, extent, NULL, 0), .optional = true};
    cel_part args[] = {{.node = number(-1)}, {.node = ast_map(&ast, at, extent, CEL_MAP, TACT_STR(""), &entry, 1)}};
    cel_node *target = ast_select(&ast, at, extent, name("a"), TACT_STR("b"));
    assert_prints(ast_call(&ast, at, extent, TACT_STR("f"), target, args, 2), AST_PLAIN,
                  "a.b.f(\n"
                  "  -1,\n"
                  "  {\n"
                  "    ?\"k\":[]\n"
                  "  }\n"
                  ")");
}

static void comprehensions_name_their_parts(void **state) {
    (void)state;
    cel_node *n = ast_fold(&ast, at, extent, name("m"), TACT_STR("k"), TACT_STR("v"), TACT_STR("@result"), number(0),
                           name("c"), name("s"), name("r"));
    assert_prints(n, AST_PLAIN,
                  "__comprehension__(\n"
                  "  // Variable\n  k,\n  v,\n"
                  "  // Target\n  m,\n"
                  "  // Accumulator\n  @result,\n"
                  "  // Init\n  0,\n"
                  "  // LoopCondition\n  c,\n"
                  "  // LoopStep\n  s,\n"
                  "  // Result\n  r)");
}

static void kinds_follow_each_node(void **state) {
    (void)state;
    cel_part entry = {.field = TACT_STR("f"), .node = number(1)};
    assert_prints(ast_map(&ast, at, extent, CEL_MESSAGE, TACT_STR("a.M"), &entry, 1), AST_KINDS,
                  "a.M{\n"
                  "  f:1^#*expr.Constant_Int64Value#^#*expr.Expr_CreateStruct_Entry#\n"
                  "}^#*expr.Expr_StructExpr#");
}

static void literals_print_as_go_prints_them(void **state) {
    (void)state;
    assert_prints(ast_literal(&ast, at, extent, tact_double(2)), AST_PLAIN, "2");
    assert_prints(ast_literal(&ast, at, extent, tact_double(1e6)), AST_PLAIN, "1e+06");
    assert_prints(ast_literal(&ast, at, extent, tact_uint(2)), AST_PLAIN, "2u");
    assert_prints(ast_literal(&ast, at, extent, tact_null()), AST_PLAIN, "null");
    assert_prints(ast_literal(&ast, at, extent,
                              tact_bytes("\xff"
                                         "a",
                                         2)),
                  AST_PLAIN, "b\"\\xffa\"");
    assert_prints(text("\a\b\f\n\r\t\v\\\"'"), AST_PLAIN, "\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'\"");
    assert_prints(text("\x01\x7f"), AST_PLAIN, "\"\\x01\\x7f\"");
    assert_prints(text("\xc2\xa0\xe2\x80\x8b\xc3\xa9"), AST_PLAIN, "\"\\u00a0\\u200b\xc3\xa9\"");
    assert_prints(text("\xf2\x88\xa2\x88"), AST_PLAIN, "\"\\U00088888\""); // unassigned
}

static void types_and_references_follow_each_node(void **state) {
    (void)state;
    cel_node *qualified = ast_select(&ast, at, extent, name("a"), TACT_STR("b"));
    qualified->ref = CEL_REF_SLOT;
    qualified->type = &type_int;
    cel_node *one = number(1);
    one->type = &type_int;
    cel_node *n = sum(qualified, one);
    static const cel_overload z = {.id = TACT_STR("z")}, aa = {.id = TACT_STR("aa")}, a = {.id = TACT_STR("a")};
    const cel_overload *overloads[] = {&z, &aa, &a};
    n->type = &type_dyn;
    n->as.call.overloads = overloads;
    n->as.call.overloads_count = 3;
    assert_prints(n, AST_TYPES,
                  "_+_(\n"
                  "  a.b~int^a.b,\n"
                  "  1~int\n"
                  ")~dyn^a|aa|z");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nodes_know_place_id_and_height, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_are_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(height_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nodes_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_are_sticky, set_up, tear_down),
        cmocka_unit_test_setup_teardown(children_are_indented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comprehensions_name_their_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kinds_follow_each_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(literals_print_as_go_prints_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_and_references_follow_each_node, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
