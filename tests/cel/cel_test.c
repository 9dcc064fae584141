// SPDX-License-Identifier: Apache-2.0
//
// Compiling through the public door: limits, options, what results say, and lack of memory at every point.
#include "tact/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static tact_cel_env *env;
static tact_arena *memory;

static int set_up(void **state) {
    (void)state;
    memory = tact_arena_new(0);
    env = tact_cel_env_new(NULL);
    return tact_cel_declare(env, TACT_STR("profile.recency"), TACT_STR("int"), NULL, NULL) ||
           tact_cel_declare(env, TACT_STR("l"), TACT_STR("list(int)"), NULL, NULL);
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    tact_arena_free(memory);
    return 0;
}

static tact_cel_result compile(const char *text, tact_cel_compile_options options) {
    return tact_cel_compile(env, tact_str_from(text), &options, memory);
}

#define OPTIONS(...) ((tact_cel_compile_options){__VA_ARGS__})

static void assert_refused(tact_cel_result r, tact_err code, const char *diagnostic) {
    assert_null(r.program);
    assert_int_equal(r.code, code);
    assert_int_equal(r.diagnostics_count, 1);
    assert_string_equal(r.diagnostics[0].code, diagnostic);
    assert_true(tact_cel_report(&r, memory).len > 0);
}

static void a_length_over_the_limit_is_refused(void **state) {
    (void)state;
    assert_non_null(compile("1 + 1", OPTIONS(.limits = {.length_max = 5})).program);
    assert_refused(compile("1 + 10", OPTIONS(.limits = {.length_max = 5})), TACT_LIMIT, "too_long");
    char *text = malloc(TACT_CEL_LENGTH_MAX + 2);
    memset(text, ' ', TACT_CEL_LENGTH_MAX + 1);
    text[0] = '1';
    text[TACT_CEL_LENGTH_MAX] = '\0';
    assert_non_null(compile(text, OPTIONS(.file = {0})).program);
    text[TACT_CEL_LENGTH_MAX] = ' ';
    text[TACT_CEL_LENGTH_MAX + 1] = '\0';
    assert_refused(compile(text, OPTIONS(.file = {0})), TACT_LIMIT, "too_long");
    free(text);
}

// `depth` nested negations of a list index: "[[…[l]…]]".
static tact_cel_result nested(uint32_t depth, uint32_t depth_max) {
    static char text[1000];
    memset(text, '[', depth);
    text[depth] = '1';
    memset(text + depth + 1, ']', depth);
    text[2 * depth + 1] = '\0';
    return compile(text, OPTIONS(.limits = {.depth_max = depth_max}));
}

static void a_depth_over_the_limit_is_refused(void **state) {
    (void)state;
    assert_non_null(nested(TACT_CEL_DEPTH_MAX - 1, 0).program);
    assert_refused(nested(TACT_CEL_DEPTH_MAX, 0), TACT_LIMIT, "too_deep");
    assert_non_null(nested(9, 10).program);
    assert_refused(nested(10, 10), TACT_LIMIT, "too_deep");
    assert_refused(nested(TACT_CEL_DEPTH_HARD_MAX, 400), TACT_LIMIT, "too_deep"); // cannot be raised past it
}

static void too_many_nodes_are_refused(void **state) {
    (void)state;
    static char text[TACT_CEL_LENGTH_MAX + 1] = "[1";
    size_t len = 2;
    for (int i = 0; i < TACT_CEL_NODES_MAX; i++) text[len++] = ',', text[len++] = '1';
    text[len++] = ']';
    assert_refused(compile(text, OPTIONS(.file = {0})), TACT_LIMIT, "too_many_nodes");
}

static void a_cost_over_the_limit_is_refused(void **state) {
    (void)state;
    const char *square = "l.all(a, l.all(b, a + b > 0))";
    tact_cel_result r = compile(square, OPTIONS(.file = {0}));
    assert_non_null(r.program);
    uint64_t cost = tact_cel_program_cost(r.program);
    assert_true(cost > 100);
    assert_non_null(compile(square, OPTIONS(.limits = {.cost_max = cost})).program);
    assert_refused(compile(square, OPTIONS(.limits = {.cost_max = cost - 1})), TACT_LIMIT, "too_costly");
    const char *fourth = "l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d > 0))))";
    assert_refused(compile(fourth, OPTIONS(.file = {0})), TACT_LIMIT, "too_costly");
}

static void diagnostics_are_bounded(void **state) {
    (void)state;
    static char text[4000];
    size_t len = 0;
    for (int i = 0; i < 200; i++) len += (size_t)sprintf(text + len, "%sn%d", i ? " || " : "", i);
    tact_cel_result r = compile(text, OPTIONS(.file = {0}));
    assert_int_equal(r.code, TACT_INVALID);
    assert_int_equal(r.diagnostics_count, TACT_CEL_DIAGNOSTICS_MAX);
    assert_string_equal(r.diagnostics[TACT_CEL_DIAGNOSTICS_MAX - 1].code, "too_many_errors");
}

static void the_result_must_have_the_type_asked_for(void **state) {
    (void)state;
    assert_non_null(compile("profile.recency > 3", OPTIONS(.result = TACT_STR("bool"))).program);
    assert_refused(compile("profile.recency", OPTIONS(.result = TACT_STR("bool"))), TACT_INVALID, "wrong_result");
    assert_refused(compile("true", OPTIONS(.result = TACT_STR("boool"))), TACT_USAGE, "bad_result_type");
}

static void what_the_checker_refuses_runs_unchecked(void **state) {
    (void)state;
    tact_cel_result r = compile("nobody.knows == 1 || true", OPTIONS(.unchecked = true));
    assert_non_null(r.program);
    tact_cel_input input = {.arena = memory};
    assert_true(tact_cel_eval(r.program, &input).as.b);
    assert_string_equal(tact_cel_program_type(r.program).ptr, "dyn");
}

static void a_report_names_the_file_the_line_and_the_word_meant(void **state) {
    (void)state;
    tact_cel_result r = compile("true &&\n  profile.recencyy > 3", OPTIONS(.file = TACT_STR("offers.yaml")));
    assert_string_equal(tact_cel_report(&r, memory).ptr, "offers.yaml:2:11: error: `profile` has no field `recencyy`\n"
                                                         " 2 |   profile.recencyy > 3\n"
                                                         "   |           ^~~~~~~~\n"
                                                         "   hint: did you mean `recency`?\n");
    assert_int_equal(r.diagnostics[0].pos, 18);
    assert_int_equal(r.diagnostics[0].len, 8);
}

static void a_constant_that_can_never_be_an_argument_is_refused_if_strict(void **state) {
    (void)state;
    static const char *const texts[] = {
        "'a'.matches('(') || profile.recency == 1", "duration('14d') > duration('1h') || profile.recency == 1",
        "timestamp('2026-02-30T00:00:00Z') != null || profile.recency == 1",
        "timestamp('2026-01-01T00:00:00Z').getHours('Nowhere/Land') == 1 || profile.recency == 1"};
    for (int i = 0; i < 4; i++) {
        assert_refused(compile(texts[i], OPTIONS(.strict = true)), TACT_INVALID, "bad_constant");
        tact_cel_result r = compile(texts[i], OPTIONS(.strict = false)); // as the specification has it
        tact_value slots[] = {tact_int(1)};
        tact_cel_input input = {.slots = slots, .slots_count = 1, .arena = memory};
        assert_true(tact_cel_eval(r.program, &input).as.b);
    }
}

static void a_program_outlives_its_text_and_what_was_compiled_after_it(void **state) {
    (void)state;
    char text[] = "profile.recency > 3 ? 'much' : 'little'";
    tact_cel_result r = compile(text, OPTIONS(.file = {0}));
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 100; i++)
        assert_non_null(compile("[1, 2, 3].map(x, x + profile.recency)", OPTIONS(.file = {0})).program);
    tact_value slots[] = {tact_int(4)};
    tact_cel_input input = {.slots = slots, .slots_count = 1, .arena = memory};
    assert_string_equal(tact_value_print(tact_cel_eval(r.program, &input), memory).ptr, "\"much\"");
}

// With any bound on the arena the compilation succeeds or says that memory ran out; nothing else, and nothing crashes.
static void a_lack_of_memory_is_reported_at_every_point(void **state) {
    (void)state;
    const char *texts[] = {"l.map(x, x * 2).filter(x, x in [1, 2, 3]).size() > profile.recency && 'a'.matches('a+')",
                           "profile.recencyy > 3 && size(nothing) == 'x'"};
    for (int t = 0; t < 2; t++) {
        bool done = false;
        for (size_t bound = 16; bound < 100000 && !done; bound += 16) {
            tact_arena *tight = tact_arena_new(bound);
            tact_cel_result r = tact_cel_compile(env, tact_str_from(texts[t]), NULL, tight);
            assert_true(r.program != NULL || r.code == TACT_NO_MEMORY || r.code == TACT_INVALID);
            done = t == 0 ? r.program != NULL : r.code == TACT_INVALID && r.diagnostics_count == 2;
            tact_arena_free(tight);
        }
        assert_true(done);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_over_the_limit_is_refused),
        cmocka_unit_test(a_depth_over_the_limit_is_refused),
        cmocka_unit_test(too_many_nodes_are_refused),
        cmocka_unit_test(a_cost_over_the_limit_is_refused),
        cmocka_unit_test(diagnostics_are_bounded),
        cmocka_unit_test(the_result_must_have_the_type_asked_for),
        cmocka_unit_test(what_the_checker_refuses_runs_unchecked),
        cmocka_unit_test(a_report_names_the_file_the_line_and_the_word_meant),
        cmocka_unit_test(a_constant_that_can_never_be_an_argument_is_refused_if_strict),
        cmocka_unit_test(a_program_outlives_its_text_and_what_was_compiled_after_it),
        cmocka_unit_test(a_lack_of_memory_is_reported_at_every_point),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
