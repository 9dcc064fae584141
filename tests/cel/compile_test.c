// SPDX-License-Identifier: Apache-2.0
//
// The compiler: the code that each shape of expression becomes, read by hand once and held to since, and what it
// refuses. That the code means what the expression does is for the conformance suite and the differential test.
#include "cel/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tact/cel.h"

static tact_cel_env *env;
static tact_arena *memory;

static int set_up(void **state) {
    (void)state;
    static const char *const attributes[][2] = {{"a", "int"},
                                                {"s", "string"},
                                                {"b", "bool"},
                                                {"l", "list(int)"},
                                                {"o", "optional_type(int)"},
                                                {"m", "map(string, int)"},
                                                {"p.x", "int"},
                                                {"p.y", "int"}};
    memory = tact_arena_new(0);
    env = tact_cel_env_new(NULL);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (tact_cel_declare(env, tact_str_from(attributes[i][0]), tact_str_from(attributes[i][1]), NULL, NULL))
            return -1;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    tact_arena_free(memory);
    return 0;
}

static void assert_code(const char *expression, const char *code) {
    tact_cel_result r = tact_cel_compile(env, tact_str_from(expression), NULL, memory);
    if (!r.program) fail_msg("%s", tact_cel_report(&r, memory).ptr);
    buf out = buf_in(memory);
    program_print(&out, r.program);
    assert_string_equal(buf_done(&out).ptr, code);
}

static void what_needs_no_work_is_an_operand(void **state) {
    (void)state;
    assert_code("a", "   0  return     a\n");
    assert_code("1 + 1", "   0  return     2\n");
    assert_code("a + 1", "   0  add        r0, a, 1\n"
                         "   1  return     r0\n");
}

static void the_whole_chain_ends_the_program_where_it_is_settled(void **state) {
    (void)state;
    assert_code("a > 1 && b && s != 'x'", "   0  gt.f       r0, a, 1, =>false\n"
                                          "   1  test.f     r0, b, =>false\n"
                                          "   2  ne.f       r0, s, \"x\", =>false\n"
                                          "   3  return.else r0, 1\n");
    assert_code("a > 1 || b", "   0  gt.t       r0, a, 1, =>true\n"
                              "   1  test.t     r0, b, =>true\n"
                              "   2  return.else r0, 0\n");
}

static void negation_moves_inwards(void **state) {
    (void)state;
    assert_code("b && !(a == 1 || s == 'x')", "   0  test.f     r0, b, =>false\n"
                                              "   1  eq.t       r0, a, 1, =>false\n"
                                              "   2  eq.t       r0, s, \"x\", =>false\n"
                                              "   3  return.else r0, 1\n");
}

static void a_chain_within_a_chain_notes_its_errors_apart(void **state) {
    (void)state;
    assert_code("b || (a > 1 && a < 9)", "   0  test.t     r0, b, =>true\n"
                                         "   1  clear      r1\n"
                                         "   2  gt.f       r1, a, 1, ->5\n"
                                         "   3  lt.f       r1, a, 9, ->5\n"
                                         "   4  settle     r0, r1, 1, =>true\n"
                                         "   5  return.else r0, 0\n");
}

static void a_chain_that_is_a_value_joins_its_ends(void **state) {
    (void)state;
    assert_code("[b && a > 1]", "   0  list       r0, 1\n"
                                "   1  clear      r1\n"
                                "   2  test.f     r1, b, ->5\n"
                                "   3  gt.f       r1, a, 1, ->5\n"
                                "   4  else       r1, 1, ->6\n"
                                "   5  bool       r1, 0\n"
                                "   6  push       r0, r1\n"
                                "   7  list.end   r0\n"
                                "   8  return     r0\n");
}

static void a_conditional_branches_three_ways(void **state) {
    (void)state;
    assert_code("a > 1 ? s : 'none'", "   0  gt         r1, a, 1\n"
                                      "   1  branch     r0, r1, ->4, ->6\n"
                                      "   2  move       r0, s\n"
                                      "   3  jump       r0, ->6\n"
                                      "   4  move       r0, \"none\"\n"
                                      "   5  jump       r0, ->6\n"
                                      "   6  return     r0\n");
}

static void a_loop_that_only_adds_builds_in_place(void **state) {
    (void)state;
    assert_code("l.filter(x, x > a)", "   0  list       r1, 0\n"
                                      "   1  iter       r1, l, r2, ->7\n"
                                      "   2  iter.next  r4, r2, ->7\n"
                                      "   3  gt         r5, r4, a\n"
                                      "   4  branch     r1, r5, ->6, ->6\n"
                                      "   5  push       r1, r4\n"
                                      "   6  loop       ->2\n"
                                      "   7  list.end   r1\n"
                                      "   8  move       r0, r1\n"
                                      "   9  return     r0\n");
    assert_code("m.transformMap(k, v, v + 1)", "   0  map        r1, 0\n"
                                               "   1  iter       r1, m, r2, ->6\n"
                                               "   2  iter.next  r4, r5, r2, ->6\n"
                                               "   3  add        r6, r5, 1\n"
                                               "   4  put        r1, r4, r6\n"
                                               "   5  loop       ->2\n"
                                               "   6  map.end    r1\n"
                                               "   7  move       r0, r1\n"
                                               "   8  return     r0\n");
}

static void any_other_loop_carries_its_accumulator(void **state) {
    (void)state;
    assert_code("l.all(x, x > 0)", "   0  move       r1, true\n"
                                   "   1  iter       r1, l, r2, ->9\n"
                                   "   2  iter.next  r4, r2, ->9\n"
                                   "   3  while      r1, ->9\n"
                                   "   4  test.f     r1, r1, ->7\n"
                                   "   5  gt.f       r1, r4, 0, ->7\n"
                                   "   6  else       r1, 1, ->8\n"
                                   "   7  bool       r1, 0\n"
                                   "   8  loop       ->2\n"
                                   "   9  move       r0, r1\n"
                                   "  10  return     r0\n");
}

static void bindings_and_blocks_compute_once(void **state) {
    (void)state;
    assert_code("cel.bind(x, a + 1, x * x)", "   0  add        r1, a, 1\n"
                                             "   1  mul        r0, r1, r1\n"
                                             "   2  return     r0\n");
    assert_code("cel.block([a + 1, 5], cel.index(0) * cel.index(1))", "   0  add        r1, a, 1\n"
                                                                      "   1  mul        r0, r1, 5\n"
                                                                      "   2  return     r0\n");
}

static void optionals_compute_what_they_need(void **state) {
    (void)state;
    assert_code("o.orValue(a + 1)", "   0  opt.or     r0, o, 1, ->2\n"
                                    "   1  add        r0, a, 1\n"
                                    "   2  return     r0\n");
    assert_code("[1, ?o]", "   0  list       r0, 2\n"
                           "   1  push       r0, 1\n"
                           "   2  push.opt   r0, o\n"
                           "   3  list.end   r0\n"
                           "   4  return     r0\n");
    assert_code("m.?k", "   0  opt.select r0, m, \"k\"\n"
                        "   1  return     r0\n");
}

static void records_are_slots(void **state) {
    (void)state;
    assert_code("has(p.x)", "   0  has.slot   r0, p.x\n"
                            "   1  return     r0\n");
    assert_code("p", "   0  map        r0, 2\n"
                     "   1  put.slot   r0, \"x\", p.x\n"
                     "   2  put.slot   r0, \"y\", p.y\n"
                     "   3  map.end    r0\n"
                     "   4  return     r0\n");
}

static void constant_arguments_are_got_ready(void **state) {
    (void)state;
    assert_code("s.matches('^a+')", "   0  call       r0, matches(s, <compiled pattern>) : matches_string\n"
                                    "   1  return     r0\n");
}

// Each level of a conditional in a call keeps a register while the next is computed.
static void too_many_values_in_progress_are_refused(void **state) {
    (void)state;
    char text[20000] = "";
    size_t len = 0;
    for (int i = 0; i < 60; i++) len += (size_t)snprintf(text + len, sizeof text - len, "l.map(x%d, ", i);
    len += (size_t)snprintf(text + len, sizeof text - len, "a");
    for (int i = 0; i < 60; i++) text[len++] = ')';
    tact_cel_compile_options options = {.limits = {.cost_max = UINT64_MAX, .depth_max = TACT_CEL_DEPTH_HARD_MAX}};
    tact_cel_result r = tact_cel_compile(env, (tact_str){text, len}, &options, memory);
    assert_null(r.program);
    assert_int_equal(r.code, TACT_LIMIT);
    assert_string_equal(r.diagnostics[0].code, "too_complex");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_no_work_is_an_operand),
        cmocka_unit_test(the_whole_chain_ends_the_program_where_it_is_settled),
        cmocka_unit_test(negation_moves_inwards),
        cmocka_unit_test(a_chain_within_a_chain_notes_its_errors_apart),
        cmocka_unit_test(a_chain_that_is_a_value_joins_its_ends),
        cmocka_unit_test(a_conditional_branches_three_ways),
        cmocka_unit_test(a_loop_that_only_adds_builds_in_place),
        cmocka_unit_test(any_other_loop_carries_its_accumulator),
        cmocka_unit_test(bindings_and_blocks_compute_once),
        cmocka_unit_test(optionals_compute_what_they_need),
        cmocka_unit_test(records_are_slots),
        cmocka_unit_test(constant_arguments_are_got_ready),
        cmocka_unit_test(too_many_values_in_progress_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
