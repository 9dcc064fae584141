// SPDX-License-Identifier: Apache-2.0
//
// Folding: what reads no input is computed when compiled, what reads some is not, and errors stay where they are.
#include "cel/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cel/program.h"
#include "tact/cel.h"

static tact_cel_env *env;
static tact_arena *memory;

static int set_up(void **state) {
    (void)state;
    memory = tact_arena_new(0);
    env = tact_cel_env_new(NULL);
    return tact_cel_declare(env, TACT_STR("x"), TACT_STR("int"), NULL, NULL) ||
           tact_cel_declare(env, TACT_STR("l"), TACT_STR("list(int)"), NULL, NULL) ||
           tact_cel_declare_constant(env, TACT_STR("limit"), TACT_STR("int"), tact_int(9), NULL);
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    tact_arena_free(memory);
    return 0;
}

static const tact_cel_program *compile(const char *text) {
    tact_cel_result r = tact_cel_compile(env, tact_str_from(text), NULL, memory);
    if (!r.program) fail_msg("%s", tact_cel_report(&r, memory).ptr);
    return r.program;
}

// The constant that the whole expression was folded to.
static void folds_to(const char *text, const char *literal) {
    const tact_cel_program *p = compile(text);
    if (p->code_count != 1 || p->code[0].op != OP_RETURN) fail_msg("`%s` was not folded", text);
    assert_string_equal(tact_value_print(program_constants(p)[0], memory).ptr, literal);
}

static void constants_are_computed_when_compiled(void **state) {
    (void)state;
    folds_to("1 + 2 * 3", "7");
    folds_to("limit + 1", "10");
    folds_to("'a' + 'b' == 'ab' ? [1, 2] : []", "[1, 2]");
    folds_to("{'a': [1, 2][1]}.a", "2");
    folds_to("[1, 2, 3].map(i, i * i).filter(i, i > 1)", "[4, 9]");
    folds_to("cel.bind(s, 'a' + 'b', s + s)", "\"abab\"");
    folds_to("duration('1h') > duration('59m')", "true");
}

static void what_reads_input_is_not(void **state) {
    (void)state;
    assert_true(compile("x + 1")->code_count > 1);
    assert_true(compile("[1, 2].map(i, i + x)")->code_count > 1);
    assert_true(compile("l.map(i, [1, 2].map(j, i + j))")->code_count > 1);
}

static void constant_parts_of_an_expression_are(void **state) {
    (void)state;
    const tact_cel_program *p = compile("x in [1, 1 + 1, 3]");
    assert_int_equal(p->code_count, 2);
    assert_string_equal(tact_value_print(program_constants(p)[0], memory).ptr, "[1, 2, 3]");
    const tact_cel_program *inner = compile("l.map(i, i + (2 * 3))"); // within a loop that reads input
    bool found = false;
    for (uint32_t i = 0; i < inner->links->info->constants_count; i++) {
        found |= tact_value_equal(program_constants(inner)[i], tact_int(6));
    }
    assert_true(found);
}

static void an_error_is_left_for_evaluation(void **state) {
    (void)state;
    const tact_cel_program *p = compile("1 / 0 == 1 || x == 1");
    tact_value slots[] = {tact_int(1)};
    tact_cel_input input = {.slots = slots, .slots_count = 1, .arena = memory};
    assert_true(tact_cel_eval(p, &input).as.b);
    slots[0] = tact_int(2);
    assert_int_equal(tact_cel_eval(p, &input).len, TACT_FAULT_DIVIDE_BY_ZERO);
}

static void what_is_dear_or_unfolds_is_left_for_evaluation(void **state) {
    (void)state;
    const char *dear = "lists.range(100).all(i, lists.range(100).all(j, i + j >= 0))";
    assert_true(compile(dear)->code_count > 1);
    const char *unfolds =
        "cel.bind(a, [1, 1], cel.bind(b, [a, a, a, a, a, a, a, a], cel.bind(c, [b, b, b, b, b, b, b, b],"
        "cel.bind(d, [c, c, c, c, c, c, c, c], [d, d, d, d, d, d, d, d]))))";
    assert_true(compile(unfolds)->code_count > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_computed_when_compiled),
        cmocka_unit_test(what_reads_input_is_not),
        cmocka_unit_test(constant_parts_of_an_expression_are),
        cmocka_unit_test(an_error_is_left_for_evaluation),
        cmocka_unit_test(what_is_dear_or_unfolds_is_left_for_evaluation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
