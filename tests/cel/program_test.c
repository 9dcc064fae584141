// SPDX-License-Identifier: Apache-2.0
//
// Programs: what the verifier refuses, one broken rule at a time, and how they print.
#include "cel/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tact/cel.h"

static const tact_value constants[] = {{TACT_INT, 0, 0, 0, {.i = 7}}, {TACT_STRING, 0, 0, 1, {.s = "x"}}};

#define C0 OPERAND_CONSTANT
#define C1 (OPERAND_CONSTANT | 1)
#define S0 OPERAND_SLOT

// Does a program of these instructions, three registers, two constants, one slot and one call site verify?
static bool verifies(const cel_instr *code, uint32_t count) {
    cel_call_site site = {.name = {"f", 1}, .count = 1, .operands = {C0}};
    cel_program_info info = {.calls_count = 1, .constants_count = 2};
    cel_program_links links = {.calls = &site, .info = &info};
    tact_cel_program *p = malloc(sizeof *p + count * sizeof *code + sizeof constants);
    *p = (tact_cel_program){.links = &links, .code_count = (uint16_t)count, .registers_count = 3, .slots_needed = 1};
    if (count) memcpy(p->code, code, count * sizeof *code);
    memcpy(p->code + count, constants, sizeof constants);
    tact_error error = {0};
    bool ok = program_verify(p, &error);
    assert_int_equal(error.code, ok ? TACT_OK : TACT_INVALID);
    free(p);
    return ok;
}

#define VERIFIES(...)                                                                                                  \
    assert_true(                                                                                                       \
        verifies((const cel_instr[]){__VA_ARGS__}, sizeof((const cel_instr[]){__VA_ARGS__}) / sizeof(cel_instr)))
#define REFUSES(...)                                                                                                   \
    assert_false(                                                                                                      \
        verifies((const cel_instr[]){__VA_ARGS__}, sizeof((const cel_instr[]){__VA_ARGS__}) / sizeof(cel_instr)))

#define RETURN                                                                                                         \
    { OP_RETURN, 0, C0, 0, 0 }

static void a_sound_program_verifies(void **state) {
    (void)state;
    VERIFIES(RETURN);
    VERIFIES({OP_ADD, 2, C0, S0, 0}, {OP_RETURN, 0, 2, 0, 0});
    VERIFIES({OP_EQ_F, 0, S0, C1, PROGRAM_FALSE}, {OP_RETURN_ELSE, 0, 1, 0, 0});
    VERIFIES({OP_CALL, 0, 0, 0, 0}, RETURN);
    VERIFIES({OP_SELECT, 0, S0, C1, 0}, RETURN);
    VERIFIES({OP_ITER, 0, C0, 1, 3}, {OP_ITER_NEXT, 0, OPERAND_NONE, 1, 3}, {OP_LOOP, 0, 0, 0, 1}, RETURN);
}

static void operands_must_be_in_range(void **state) {
    (void)state;
    REFUSES({OP_RETURN, 0, 3, 0, 0});                    // register
    REFUSES({OP_RETURN, 0, OPERAND_CONSTANT | 2, 0, 0}); // constant
    REFUSES({OP_RETURN, 0, OPERAND_SLOT | 1, 0, 0});     // slot
    REFUSES({OP_RETURN, 0, OPERAND_NONE, 0, 0});         // neither
    REFUSES({OP_MOVE, 3, C0, 0, 0}, RETURN);             // destination
    REFUSES({OP_CALL, 0, 0, 0, 1}, RETURN);              // call site
    REFUSES({OP_ITER, 0, C0, 2, 1}, RETURN);             // the iterator's second register
    REFUSES({OP_SELECT, 0, S0, C0, 0}, RETURN);          // a field that is no string
    REFUSES({OP_SELECT, 0, S0, S0, 0}, RETURN);          // … or no constant
    REFUSES({OP_RETURN, 0, C0, 1, 0});                   // an operand where there is none
    REFUSES({OP_LIST, 0, OPERAND_SLOT, 0, 0}, RETURN);   // a number that looks like a slot
    REFUSES({OP_CODES, 0, 0, 0, 0}, RETURN);             // no such instruction
}

static void jumps_must_go_forward_and_loops_back_to_their_step(void **state) {
    (void)state;
    REFUSES({OP_JUMP, 0, C0, 0, 0}, RETURN);
    REFUSES({OP_JUMP, 0, C0, 0, 2}, RETURN);
    REFUSES({OP_JUMP, 0, C0, 0, PROGRAM_FALSE}, RETURN);
    REFUSES({OP_EQ_F, 0, C0, C0, 2}, RETURN);
    REFUSES({OP_LOOP, 0, 0, 0, 0}, RETURN);
    REFUSES({OP_MOVE, 0, C0, 0, 0}, {OP_LOOP, 0, 0, 0, 0}, RETURN);
}

static void a_program_must_end(void **state) {
    (void)state;
    assert_false(verifies(NULL, 0));
    REFUSES({OP_MOVE, 0, C0, 0, 0});
    REFUSES(RETURN, {OP_ADD, 0, C0, C0, 0});
}

static void prints_one_line_an_instruction(void **state) {
    (void)state;
    tact_arena *a = tact_arena_new(0);
    tact_cel_env *env = tact_cel_env_new(NULL);
    static const char *const names[][2] = {{"p.age", "int"}, {"p.tags", "list(string)"}, {"tier", "string"}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tact_cel_declare(env, tact_str_from(names[i][0]), tact_str_from(names[i][1]), NULL, NULL),
                         TACT_OK);
    }
    tact_cel_result r = tact_cel_compile(
        env, TACT_STR("p.age >= 18 && (tier == 'gold' || 'vip' in p.tags) && size(p.tags) < 5"), NULL, a);
    assert_non_null(r.program);
    buf out = buf_in(a);
    program_print(&out, r.program);
    assert_string_equal(buf_done(&out).ptr, "   0  ge.f       r0, p.age, 18, =>false\n"
                                            "   1  clear      r1\n"
                                            "   2  eq.t       r1, tier, \"gold\", ->5\n"
                                            "   3  in.t       r1, \"vip\", p.tags, ->5\n"
                                            "   4  settle     r0, r1, 0, =>false\n"
                                            "   5  call       r1, size(p.tags) : size_list\n"
                                            "   6  lt.f       r0, r1, 5, =>false\n"
                                            "   7  return.else r0, 1\n");
    tact_cel_env_free(env);
    tact_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_program_verifies),
        cmocka_unit_test(operands_must_be_in_range),
        cmocka_unit_test(jumps_must_go_forward_and_loops_back_to_their_step),
        cmocka_unit_test(a_program_must_end),
        cmocka_unit_test(prints_one_line_an_instruction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
