// SPDX-License-Identifier: Apache-2.0
//
// The machine through its public door (tact/cel.h): slots and resolvers, errors and what absorbs them, the bounds on
// steps and memory, observers, many threads on one program, and no allocation. What expressions mean is tested by the
// conformance suite.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "tact/cel.h"

static tact_cel_env *env;
static tact_arena *memory;

enum { AGE, NAME, TIER, SEGMENTS, NUMBERS, VIP, SLOTS };

static int set_up(void **state) {
    (void)state;
    static const char *const attributes[SLOTS][2] = {
        [AGE] = {"profile.age", "int"},       [NAME] = {"profile.name", "string"},
        [TIER] = {"tier", "string"},          [SEGMENTS] = {"segments", "list(string)"},
        [NUMBERS] = {"numbers", "list(int)"}, [VIP] = {"vip", "bool"},
    };
    memory = tact_arena_new(0);
    env = tact_cel_env_new(NULL);
    if (!memory || !env) return -1;
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t slot;
        if (tact_cel_declare(env, tact_str_from(attributes[i][0]), tact_str_from(attributes[i][1]), &slot, NULL))
            return -1;
        if (slot != i) return -1;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    tact_arena_free(memory);
    return 0;
}

static const tact_cel_program *compile(const char *text) {
    tact_cel_compile_options options = {.limits = {.cost_max = UINT64_MAX}}; // the bounds at run time are the subject
    tact_cel_result r = tact_cel_compile(env, tact_str_from(text), &options, memory);
    if (!r.program) fail_msg("%s", tact_cel_report(&r, memory).ptr);
    return r.program;
}

static tact_value text(const char *s) {
    return tact_string(s, strlen(s));
}

static void assert_is(tact_value v, const char *literal) {
    assert_string_equal(tact_value_print(v, memory).ptr, literal);
}

// ---- Slots ----------------------------------------------------------------------------------------------------------

typedef struct asked {
    int times[SLOTS];
} asked;

static tact_value resolve(void *context, uint32_t slot) {
    asked *a = context;
    a->times[slot]++;
    switch (slot) {
    case AGE: return tact_int(30);
    case NAME: return tact_fault_value(TACT_FAULT_ABSENT, "no consent for personalization");
    case TIER: return tact_int(1); // not what was declared
    default: return tact_fault_value(TACT_FAULT_ABSENT, NULL);
    }
}

static void values_are_read_by_slot(void **state) {
    (void)state;
    tact_value items[] = {text("a"), text("b")};
    tact_value slots[SLOTS] = {[AGE] = tact_int(41), [TIER] = text("gold"), [SEGMENTS] = tact_list(items, 2)};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory};
    assert_is(tact_cel_eval(compile("profile.age + 1"), &input), "42");
    assert_is(tact_cel_eval(compile("tier == 'gold' && 'b' in segments"), &input), "true");
    assert_is(tact_cel_eval(compile("tier == 'gold' && 'c' in segments"), &input), "false");
}

static void a_slot_is_resolved_once_and_only_if_read(void **state) {
    (void)state;
    asked a = {0};
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory, .resolve = resolve, .context = &a};
    assert_is(tact_cel_eval(compile("profile.age > 18 && profile.age < 65 || tier == 'x'"), &input), "true");
    assert_int_equal(a.times[AGE], 1);
    assert_int_equal(a.times[TIER], 0);
    assert_int_equal(slots[AGE].kind, TACT_INT); // kept for the next program
}

static void slots_beyond_those_given_are_resolved_too(void **state) {
    (void)state;
    asked a = {0};
    tact_value slots[1] = {tact_int(7)};
    tact_cel_input input = {.slots = slots, .slots_count = 1, .arena = memory, .resolve = resolve, .context = &a};
    assert_is(tact_cel_eval(compile("profile.age == 7 && !has(profile.name)"), &input), "true");
    assert_int_equal(a.times[AGE], 0);
    assert_int_equal(a.times[NAME], 1);
    tact_cel_input nothing = {.arena = memory};
    assert_int_equal(tact_cel_eval(compile("profile.age"), &nothing).len, TACT_FAULT_ABSENT);
}

static void an_absent_attribute_is_an_error_that_says_why_and_where(void **state) {
    (void)state;
    asked a = {0};
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory, .resolve = resolve, .context = &a};
    const tact_cel_program *p = compile("profile.age > 18 &&\n  profile.name == 'x'");
    tact_value v = tact_cel_eval(p, &input);
    assert_int_equal(v.kind, TACT_ERROR);
    assert_int_equal(v.len, TACT_FAULT_ABSENT);
    tact_cel_diagnostic d;
    assert_true(tact_cel_explain_fault(p, v, &d, memory));
    assert_int_equal(d.line, 2);
    assert_int_equal(d.column, 3);
    assert_int_equal(d.len, strlen("profile.name"));
    assert_non_null(strstr(d.text, "profile.name"));
    assert_non_null(strstr(d.text, "no consent for personalization"));
    assert_is(tact_cel_eval(compile("has(profile.name)"), &input), "false");
    assert_is(tact_cel_eval(compile("has(profile.age)"), &input), "true");
    assert_is(tact_cel_eval(compile("profile.name == 'x' || profile.age == 30"), &input), "true");
    assert_is(tact_cel_eval(compile("profile.name == 'x' && profile.age == 31"), &input), "false");
}

static void a_value_of_another_kind_than_declared_is_an_error(void **state) {
    (void)state;
    asked a = {0};
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory, .resolve = resolve, .context = &a};
    assert_int_equal(tact_cel_eval(compile("tier == 'x'"), &input).len, TACT_FAULT_WRONG_KIND);
}

static void a_record_used_whole_is_the_map_of_what_is_present(void **state) {
    (void)state;
    asked a = {0};
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory, .resolve = resolve, .context = &a};
    assert_is(tact_cel_eval(compile("profile"), &input), "{\"age\": 30}");
}

static void a_result_that_was_promised_is_checked(void **state) {
    (void)state;
    tact_cel_compile_options options = {.result = TACT_STR("bool")};
    tact_cel_input input = {.arena = memory};
    tact_cel_result r = tact_cel_compile(env, TACT_STR("dyn(1)"), &options, memory);
    assert_int_equal(tact_cel_eval(r.program, &input).len, TACT_FAULT_WRONG_KIND);
    r = tact_cel_compile(env, TACT_STR("dyn(true)"), &options, memory);
    assert_is(tact_cel_eval(r.program, &input), "true");
}

static tact_value returns_text(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)args, (void)count;
    return text("no number");
}

static void a_callers_function_is_held_to_its_declaration(void **state) {
    (void)state;
    tact_cel_env *own = tact_cel_env_new(NULL);
    assert_int_equal(tact_cel_declare_function(own, TACT_STR("wrong"), TACT_STR("wrong_int"), TACT_STR("() -> int"),
                                               returns_text, NULL, 1, NULL),
                     TACT_OK);
    tact_cel_result r = tact_cel_compile(own, TACT_STR("wrong()"), NULL, memory);
    tact_cel_input input = {.arena = memory};
    assert_int_equal(tact_cel_eval(r.program, &input).len, TACT_FAULT_WRONG_KIND);
    tact_cel_env_free(own);
}

static void evaluation_reads_nothing_that_is_cold(void **state) {
    (void)state;
    tact_arena *hot = tact_arena_new(0), *cold = tact_arena_new(0);
    tact_cel_compile_options options = {.cold = cold};
    tact_cel_result r = tact_cel_compile(env, TACT_STR("tier.startsWith('g') && segments.exists(s, s.size() == 1)"),
                                         &options, hot);
    assert_non_null(r.program);
    tact_arena_free(cold);
    tact_value items[] = {text("ab"), text("b")};
    tact_value slots[SLOTS] = {[TIER] = text("gold"), [SEGMENTS] = tact_list(items, 2)};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory};
    assert_is(tact_cel_eval(r.program, &input), "true");
    tact_arena_free(hot);
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

static tact_value hundred[100];

static tact_cel_input with_numbers(tact_value *slots) {
    for (int i = 0; i < 100; i++) hundred[i] = tact_int(i);
    slots[NUMBERS] = tact_list(hundred, 100);
    return (tact_cel_input){.slots = slots, .slots_count = SLOTS, .arena = memory};
}

static void too_many_steps_halt_whatever_absorbs_errors(void **state) {
    (void)state;
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = with_numbers(slots);
    const char *cube = "numbers.all(x, numbers.all(y, numbers.all(z, x + y + z >= 0)))";
    input.steps_max = 1000;
    assert_int_equal(tact_cel_eval(compile(cube), &input).len, TACT_FAULT_STEPS);
    assert_true(input.steps_used <= 1000);
    char absorbed[200];
    snprintf(absorbed, sizeof absorbed, "%s || true", cube);
    tact_value v = tact_cel_eval(compile(absorbed), &input);
    assert_int_equal(v.kind, TACT_ERROR);
    assert_int_equal(v.len, TACT_FAULT_STEPS);
    input.steps_max = 100000000;
    assert_is(tact_cel_eval(compile(cube), &input), "true");
}

static void too_much_memory_halts(void **state) {
    (void)state;
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = with_numbers(slots);
    const tact_cel_program *p = compile("numbers.map(x, numbers.map(y, [x, y]))");
    input.memory_max = 4096;
    size_t before = tact_arena_used(memory);
    assert_int_equal(tact_cel_eval(p, &input).len, TACT_FAULT_NO_MEMORY);
    assert_true(tact_arena_used(memory) - before <= 4096);
    input.memory_max = 0;
    assert_int_equal(tact_cel_eval(p, &input).kind, TACT_LIST);
}

static void without_an_arena_what_allocates_fails_and_what_compares_does_not(void **state) {
    (void)state;
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = with_numbers(slots);
    input.arena = NULL;
    assert_int_equal(tact_cel_eval(compile("numbers.map(x, x + 1)"), &input).len, TACT_FAULT_NO_MEMORY);
    assert_is(tact_cel_eval(compile("numbers.exists(x, x == 99)"), &input), "true");
}

static void a_value_that_unfolds_without_end_is_compared_within_the_budget(void **state) {
    (void)state;
    char expression[4000] = "";
    size_t len = 0;
    for (int i = 0; i < 40; i++) { // a0 = numbers, a1 = [a0, a0], …
        len += (size_t)snprintf(expression + len, sizeof expression - len, "cel.bind(a%d, [%s%d, %s%d], ", i + 1,
                                i ? "a" : "numbers.size() + ", i, i ? "a" : "numbers.size() + ", i);
    }
    len += (size_t)snprintf(expression + len, sizeof expression - len, "a40 == a40");
    for (int i = 0; i < 40; i++) expression[len++] = ')';
    tact_value slots[SLOTS] = {0};
    tact_cel_input input = with_numbers(slots);
    assert_int_equal(tact_cel_eval(compile(expression), &input).len, TACT_FAULT_STEPS);
}

// ---- Observers ------------------------------------------------------------------------------------------------------

typedef struct told {
    char lines[2000];
    const char *source;
} told;

static void observe(void *context, uint32_t pos, uint32_t len, tact_value v) {
    told *t = context;
    size_t used = strlen(t->lines);
    snprintf(t->lines + used, sizeof t->lines - used, "%.*s = %s\n", (int)len, t->source + pos,
             tact_value_print(v, memory).ptr);
}

static void an_observer_sees_every_part_in_order(void **state) {
    (void)state;
    tact_value slots[SLOTS] = {[AGE] = tact_int(41), [TIER] = text("gold"), [VIP] = tact_bool(false)};
    told t = {.source = "profile.age + 1 > 40 && (vip || tier == 'gold')"};
    tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory, .observe = observe, .context = &t};
    const tact_cel_program *p = compile(t.source);
    assert_is(tact_cel_eval(p, &input), "true");
    assert_non_null(strstr(t.lines, "profile.age = 41\nprofile.age + 1 = 42\nprofile.age + 1 > 40 = true\n"));
    assert_non_null(strstr(t.lines, "vip = false\n"));
    assert_non_null(strstr(t.lines, "tier = \"gold\"\ntier == 'gold' = true\nvip || tier == 'gold' = true\n"));
    assert_non_null(strstr(t.lines, "profile.age + 1 > 40 && (vip || tier == 'gold') = true\n"));
    slots[AGE] = tact_int(3);
    t.lines[0] = '\0';
    assert_is(tact_cel_eval(p, &input), "false");
    assert_null(strstr(t.lines, "tier = ")); // what is not evaluated is not told
}

// ---- Threads and allocations ----------------------------------------------------------------------------------------

static void *evaluate_often(void *program) {
    arena mine;
    arena_init(&mine, 0);
    tact_value items[] = {text("a"), text("b")};
    intptr_t wrong = 0;
    for (int i = 0; i < 2000; i++) {
        tact_value slots[SLOTS] = {[AGE] = tact_int(i), [TIER] = text("gold"), [SEGMENTS] = tact_list(items, 2)};
        tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = &mine};
        tact_value v = tact_cel_eval(program, &input);
        wrong += v.kind != TACT_BOOL || v.as.b != (i % 2 == 0);
        tact_arena_reset(&mine);
    }
    arena_fini(&mine);
    return (void *)wrong;
}

static void many_threads_evaluate_one_program(void **state) {
    (void)state;
    const char *rule =
        "profile.age % 2 == 0 && tier.matches('^g.*d$') && segments.map(s, s + tier).exists(s, s == 'bgold') && "
        "timestamp('2026-11-21T00:00:00Z').getHours('Europe/Berlin') == 1";
    const tact_cel_program *p = compile(rule);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate_often, (void *)(uintptr_t)p), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_int_equal((intptr_t)wrong, 0);
    }
}

// ---- Programs -------------------------------------------------------------------------------------------------------

static void a_program_names_the_slots_it_reads(void **state) {
    (void)state;
    uint32_t count;
    const uint32_t *slots = tact_cel_program_slots(compile("vip || profile.age > 3 || profile.age < 1"), &count);
    assert_int_equal(count, 2);
    assert_int_equal(slots[0], AGE);
    assert_int_equal(slots[1], VIP);
    assert_string_equal(tact_cel_program_type(compile("[profile.age]")).ptr, "list(int)");
}

static void a_list_of_constants_answers_like_a_scan(void **state) {
    (void)state;
    const tact_cel_program *p = compile("profile.age in [9, 1, 8, 2, 7, 3, 6, 4, 5, 11]");
    for (int i = -2; i < 14; i++) {
        tact_value slots[SLOTS] = {[AGE] = tact_int(i)};
        tact_cel_input input = {.slots = slots, .slots_count = SLOTS, .arena = memory};
        assert_is(tact_cel_eval(p, &input), (i >= 1 && i <= 9) || i == 11 ? "true" : "false");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_slot),
        cmocka_unit_test(a_slot_is_resolved_once_and_only_if_read),
        cmocka_unit_test(slots_beyond_those_given_are_resolved_too),
        cmocka_unit_test(an_absent_attribute_is_an_error_that_says_why_and_where),
        cmocka_unit_test(a_value_of_another_kind_than_declared_is_an_error),
        cmocka_unit_test(a_record_used_whole_is_the_map_of_what_is_present),
        cmocka_unit_test(a_result_that_was_promised_is_checked),
        cmocka_unit_test(a_callers_function_is_held_to_its_declaration),
        cmocka_unit_test(evaluation_reads_nothing_that_is_cold),
        cmocka_unit_test(too_many_steps_halt_whatever_absorbs_errors),
        cmocka_unit_test(too_much_memory_halts),
        cmocka_unit_test(without_an_arena_what_allocates_fails_and_what_compares_does_not),
        cmocka_unit_test(a_value_that_unfolds_without_end_is_compared_within_the_budget),
        cmocka_unit_test(an_observer_sees_every_part_in_order),
        cmocka_unit_test(many_threads_evaluate_one_program),
        cmocka_unit_test(a_program_names_the_slots_it_reads),
        cmocka_unit_test(a_list_of_constants_answers_like_a_scan),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
