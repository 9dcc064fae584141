// SPDX-License-Identifier: Apache-2.0
//
// Normal forms: what rules look like as predicates; that a form holds exactly when its rule is true, on random rules
// and values, absent ones and NaN among them; and that contradictions are found and nothing else is called one.
#include "cel/normal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "value/value.h"

enum { SLOT_N, SLOT_D, SLOT_S, SLOT_B, SLOT_TAGS, SLOT_ANY, SLOTS };
static const char *const names[SLOTS] = {"p.n", "p.d", "p.s", "p.b", "p.tags", "p.any"};
static const char *const types[SLOTS] = {"int", "double", "string", "bool", "list(string)", "dyn"};

static tact_cel_env *env;
static arena memory;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    env = tact_cel_env_new(NULL);
    for (int i = 0; i < SLOTS; i++) {
        if (tact_cel_declare(env, tact_str_from(names[i]), tact_str_from(types[i]), NULL, NULL)) return 1;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    arena_fini(&memory);
    return 0;
}

static const tact_cel_program *must_compile(tact_str text, const normal_form **form) {
    const tact_cel_compile_options options = {.result = TACT_STR("bool")};
    tact_cel_result r = normal_compile(env, text, &options, &memory, &memory, form);
    if (!r.program) fail_msg("%s", tact_cel_report(&r, &memory).ptr);
    assert_non_null(*form);
    return r.program;
}

static const normal_form *form_of(const char *text) {
    const normal_form *form;
    (void)must_compile(tact_str_from(text), &form);
    return form;
}

static void reads_as(const char *text, const char *expected) {
    buf out = buf_in(&memory);
    normal_print(&out, form_of(text), env, tact_str_from(text));
    assert_string_equal(buf_done(&out).ptr, expected);
}

// ---- What rules look like -------------------------------------------------------------------------------------------

static void comparisons_of_a_slot_with_a_constant_are_predicates(void **state) {
    (void)state;
    reads_as("p.n >= 9", "p.n >= 9");
    reads_as("9 <= p.n", "p.n >= 9");
    reads_as("p.n > 2 * 3", "p.n > 6");
    reads_as("p.s == 'a'", "p.s == \"a\"");
    reads_as("p.s in ['a', 'b']", "p.s in [\"a\", \"b\"]");
    reads_as("!(p.s in ['a', 'b'])", "p.s not in [\"a\", \"b\"]");
    reads_as("'vip' in p.tags", "\"vip\" in p.tags");
    reads_as("!('vip' in p.tags)", "\"vip\" not in p.tags");
    reads_as("p.b", "p.b == true");
    reads_as("!p.b", "p.b == false");
    reads_as("has(p.n)", "has(p.n)");
    reads_as("!has(p.n)", "!has(p.n)");
}

static void negations_are_pushed_down(void **state) {
    (void)state;
    reads_as("!(p.n < 3)", "p.n >= 3");
    reads_as("!(p.n == 3)", "p.n != 3");
    reads_as("!(p.b && p.n > 3)", "p.b == false || p.n <= 3");
    reads_as("!(p.b || !(p.n > 3))", "p.b == false && p.n > 3");
    reads_as("p.b ? p.n > 1 : p.n > 2", "(p.b == true && p.n > 1) || (p.b == false && p.n > 2)");
    reads_as("!(p.d < 3.0)", "!{p.d < 3.0}"); // NaN is not below 3, and not above it either
    reads_as("!(p.any < 3)", "!{p.any < 3}");
}

static void joins_are_flat_and_constants_decide(void **state) {
    (void)state;
    reads_as("p.n > 1 && (p.n < 5 && p.b)", "p.n > 1 && p.n < 5 && p.b == true");
    reads_as("p.n > 1 || true", "true");
    reads_as("p.n > 1 && 1 > 2", "false");
    reads_as("p.n > 1 && true", "p.n > 1");
    reads_as("1 < 2", "true");
}

static void anything_else_is_a_part_of_its_own(void **state) {
    (void)state;
    reads_as("p.n > p.n + 1 && p.b", "{p.n > p.n + 1} && p.b == true");
    reads_as("p.s.startsWith('a') || p.b", "{p.s.startsWith('a')} || p.b == true");
    reads_as("!p.tags.exists(t, t == 'x')", "!{p.tags.exists(t, t == 'x')}");
    reads_as("p.tags.size() > 2", "{p.tags.size() > 2}");
}

static void a_rule_of_too_many_predicates_is_one_part(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    for (int i = 0; i <= NORMAL_LEAVES_MAX; i++) buf_printf(&text, "%sp.n == %d", i ? " || " : "", i);
    assert_int_equal(form_of(buf_done(&text).ptr)->kind, NORMAL_OTHER);
    text = buf_in(&memory);
    for (int i = 0; i < NORMAL_LEAVES_MAX; i++) buf_printf(&text, "%sp.n == %d", i ? " || " : "", i);
    const normal_form *form = form_of(buf_done(&text).ptr);
    assert_int_equal(form->kind, NORMAL_OR);
    assert_int_equal(form->count, NORMAL_LEAVES_MAX);
}

// ---- Exact on random rules ------------------------------------------------------------------------------------------

static uint64_t seed;

static uint32_t below(uint32_t bound) { // xorshift64*
    seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717) >> 33) % bound);
}

static const char *const conditions[] = {
    "p.n < 2",         "p.n <= 1",       "1 > p.n",         "p.n >= 2",   "p.n == 1",
    "p.n != 1",        "p.d < 1.5",      "p.d >= 1.5",      "p.d == 1.0", "p.d != 1.0",
    "p.d > p.n",       "p.s == 'a'",     "p.s != 'a'",      "p.s < 'b'",  "p.s in ['a', 'c']",
    "p.n in [1, 3]",   "'x' in p.tags",  "'y' in p.tags",   "p.b",        "p.b == false",
    "has(p.n)",        "has(p.tags)",    "p.any == 1",      "p.any < 2",  "p.any in [1, 'a']",
    "p.s.size() == 1", "p.n / p.n == 1", "p.tags == ['x']", "true",       "false",
};

static void draw_rule(buf *out, int depth) {
    uint32_t shape = depth ? below(7) : 0;
    if (shape <= 1) {
        buf_add_text(out, conditions[below(sizeof conditions / sizeof *conditions)]);
        return;
    }
    if (shape == 6) buf_add_text(out, "(");
    if (shape == 5 || shape == 4) buf_add_text(out, "!");
    buf_add_text(out, "(");
    draw_rule(out, depth - 1);
    buf_add_text(out, shape == 6 ? " ? " : shape % 2 ? " && " : " || ");
    draw_rule(out, depth - 1);
    if (shape == 6) {
        buf_add_text(out, " : ");
        draw_rule(out, depth - 1);
        buf_add_text(out, ")");
    }
    buf_add_text(out, ")");
}

static void draw_values(tact_value *slots) {
    static const tact_value tags[] = {{TACT_STRING, 0, 0, 1, {.s = "x"}}, {TACT_STRING, 0, 0, 1, {.s = "y"}}};
    static const double doubles[] = {0.5, 1, 1.5, 2};
    slots[SLOT_N] = tact_int(below(4));
    slots[SLOT_D] = tact_double(below(5) ? doubles[below(4)] : NAN);
    slots[SLOT_S] = tact_string(&"abc"[below(3)], 1);
    slots[SLOT_B] = tact_bool(below(2));
    slots[SLOT_TAGS] = tact_list(tags + below(2), below(2));
    slots[SLOT_ANY] = slots[below(3)];
    for (int i = 0; i < SLOTS; i++) {
        if (below(4) == 0) slots[i] = tact_fault_value(TACT_FAULT_ABSENT, NULL);
    }
}

static tact_value eval(tact_str text, tact_value *slots) {
    const tact_cel_compile_options options = {.result = TACT_STR("bool")};
    tact_cel_result r = tact_cel_compile(env, text, &options, &memory);
    if (!r.program) fail_msg("%s", tact_cel_report(&r, &memory).ptr);
    tact_cel_input in = {.slots = slots, .slots_count = SLOTS, .arena = &memory};
    return tact_cel_eval(r.program, &in);
}

static bool is_in(tact_value v, const tact_value *of, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (tact_value_equal(v, of[i])) return true;
    }
    return false;
}

// By the header's words.
static bool holds(const normal_form *f, tact_value *slots, tact_str text) {
    tact_value v = f->slot < SLOTS ? slots[f->slot] : tact_null();
    bool present = v.kind != TACT_ERROR;
    int order = f->count && present && f->values ? value_compare(v, f->values[0]) : VALUE_NO_ORDER;
    switch ((normal_kind)f->kind) {
    case NORMAL_TRUE: return true;
    case NORMAL_FALSE: return false;
    case NORMAL_AND:
        for (uint32_t i = 0; i < f->count; i++) {
            if (!holds(f->parts[i], slots, text)) return false;
        }
        return true;
    case NORMAL_OR:
        for (uint32_t i = 0; i < f->count; i++) {
            if (holds(f->parts[i], slots, text)) return true;
        }
        return false;
    case NORMAL_EQ:
    case NORMAL_IN: return present && is_in(v, f->values, f->count);
    case NORMAL_NE:
    case NORMAL_NOT_IN: return present && !is_in(v, f->values, f->count);
    case NORMAL_LT: return order == -1;
    case NORMAL_LE: return order == -1 || order == 0;
    case NORMAL_GT: return order == 1;
    case NORMAL_GE: return order == 1 || order == 0;
    case NORMAL_HAS: return present && is_in(f->values[0], v.as.items, v.len);
    case NORMAL_HAS_NOT: return present && !is_in(f->values[0], v.as.items, v.len);
    case NORMAL_PRESENT: return present;
    case NORMAL_ABSENT: return !present;
    case NORMAL_OTHER: break;
    }
    tact_value got = eval((tact_str){text.ptr + f->pos, f->len}, slots);
    return got.kind == TACT_BOOL && got.as.b != f->negated;
}

static bool all_known(const tact_value *slots) {
    for (int i = 0; i < SLOTS; i++) {
        bool nan = slots[i].kind == TACT_DOUBLE && isnan(slots[i].as.d);
        if (slots[i].kind == TACT_ERROR || nan) return false;
    }
    return true;
}

static void a_form_holds_exactly_when_its_rule_is_true(void **state) {
    (void)state;
    enum { RULES = 1500, VALUES = 12 };
    const char *given = getenv("SEED");
    uint64_t start = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)start);
    seed = (start + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    int held = 0;
    for (int i = 0; i < RULES; i++) {
        arena_fini(&memory);
        arena_init(&memory, 0);
        buf text = buf_in(&memory);
        draw_rule(&text, 3);
        tact_str rule = buf_done(&text);
        const normal_form *form;
        (void)must_compile(rule, &form);
        normal_meanings m = {.steps_left = NORMAL_STEPS_MAX};
        bool can = normal_can_hold(&form, 1, NULL), always = normal_always_holds(form, &m, &memory);
        for (int k = 0; k < VALUES; k++) {
            tact_value slots[SLOTS];
            draw_values(slots);
            tact_value got = eval(rule, slots);
            bool is_true = got.kind == TACT_BOOL && got.as.b;
            if (holds(form, slots, rule) != is_true) fail_msg("rule %d: %s", i, rule.ptr);
            if (is_true && !can) fail_msg("rule %d is called a contradiction and holds: %s", i, rule.ptr);
            if (always && all_known(slots) && got.kind == TACT_BOOL && !is_true) {
                fail_msg("rule %d is said to hold always and does not: %s", i, rule.ptr);
            }
            held += is_true;
        }
    }
    assert_in_range(held, RULES * VALUES / 20, RULES * VALUES); // else nothing was shown
}

// ---- Contradictions -------------------------------------------------------------------------------------------------

static bool can_hold(const char *text) {
    const normal_form *form = form_of(text);
    return normal_can_hold(&form, 1, NULL);
}

static void contradictions_are_found(void **state) {
    (void)state;
    static const char *const never[] = {
        "p.n > 5 && p.n < 3",
        "p.n > 5 && p.n <= 5",
        "p.n > 5 && p.n < 6",
        "p.n < -8 && !(p.n <= -9)",
        "p.n > 9223372036854775807 && p.n <= 9223372036854775807",
        "p.n == 1 && p.n == 2",
        "p.n == 1 && p.n != 1",
        "p.s in ['a', 'b'] && p.s == 'c'",
        "p.s in ['a', 'b'] && p.s != 'a' && p.s != 'b'",
        "p.s in ['a', 'b'] && p.s > 'b'",
        "p.b && !p.b",
        "'vip' in p.tags && !('vip' in p.tags)",
        "!has(p.n) && p.n > 1",
        "has(p.n) && !has(p.n)",
        "(p.n > 5 || p.b) && p.n < 3 && !p.b",
        "p.n > 5 && p.s == 'a' && (p.n < 2 || p.s == 'b')",
        "p.d > 2.0 && p.n == 1 && p.d < 1.0",
        "p.n > 1 && false",
    };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        if (can_hold(never[i])) fail_msg("not found: %s", never[i]);
    }
}

static void what_can_hold_is_left_alone(void **state) {
    (void)state;
    static const char *const can[] = {
        "p.n > 5 || p.n < 3",
        "p.n >= 5 && p.n <= 5",
        "p.n > 5 && p.n < 7",
        "p.n >= 5 && p.n < 6",
        "p.d > 5.0 && p.d < 6.0",
        "p.d > 5 && p.d < 6",
        "p.n > 5 && p.d < 3.0",
        "p.s in ['a', 'b'] && p.s != 'a'",
        "'vip' in p.tags && !('new' in p.tags)",
        "(p.n > 5 || p.b) && p.n < 3",
        "p.s.startsWith('a') && p.s == 'b'", // it cannot, but that is not seen
        "true",
    };
    for (size_t i = 0; i < sizeof can / sizeof *can; i++) {
        if (!can_hold(can[i])) fail_msg("called a contradiction: %s", can[i]);
    }
}

static bool always_holds(const char *text) {
    normal_meanings m = {.steps_left = NORMAL_STEPS_MAX};
    return normal_always_holds(form_of(text), &m, &memory);
}

static void what_is_true_of_every_value_is_found(void **state) {
    (void)state;
    static const char *const always[] = {
        "p.n >= 18 || p.n < 18",    "p.n > 5 || p.n < 6",      "p.b || !p.b",           "p.s != 'a' || p.s == 'a'",
        "p.s != 'a' || p.s != 'b'", "p.d > 1.0 || p.d <= 1.0", "has(p.n) || !has(p.n)", "p.n < 3 ? p.n < 4 : p.n >= 3",
    };
    static const char *const sometimes[] = {
        "p.n > 18 || p.n < 18",
        "p.n > 5 || p.n < 5",
        "has(p.n)",
        "p.b",
        "p.n >= 0 || p.d < 0.0",
        "p.s.size() > 0 || p.s.size() <= 0", // always, but that is not seen
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (!always_holds(always[i])) fail_msg("not found: %s", always[i]);
    }
    for (size_t i = 0; i < sizeof sometimes / sizeof *sometimes; i++) {
        if (always_holds(sometimes[i])) fail_msg("said to hold always: %s", sometimes[i]);
    }
}

static void what_is_known_of_a_slot_is_held_against_rules(void **state) {
    (void)state;
    const normal_form *known[SLOTS] = {NULL}, *clash = NULL;
    normal_meanings m = {.count = SLOTS, .steps_left = NORMAL_STEPS_MAX, .known = known};
    known[SLOT_N] = form_of("p.n >= 0 && p.n <= 9");
    known[SLOT_S] = form_of("p.s in ['a', 'b']");
    known[SLOT_D] = form_of("p.d == 3.0");
    known[SLOT_B] = form_of("!has(p.b)");
    static const char *const never[] = {
        "p.n > 9",   "p.n < 0 || p.n > 9",       "p.s == 'c'", "p.s != 'a' && p.s != 'b'",
        "p.d > 5.0", "p.n == 12 && has(p.tags)", "!p.b",       "has(p.b)"};
    static const char *const can[] = {"p.n >= 9", "!has(p.n)", "p.s != 'a'", "p.d >= 3.0", "!has(p.b)", "has(p.s)"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        const normal_form *form = form_of(never[i]);
        if (normal_can_hold_within(&form, 1, &m, &clash)) fail_msg("not found: %s", never[i]);
        assert_non_null(clash);
    }
    for (size_t i = 0; i < sizeof can / sizeof *can; i++) {
        const normal_form *form = form_of(can[i]);
        if (!normal_can_hold_within(&form, 1, &m, &clash)) fail_msg("called a contradiction: %s", can[i]);
    }
}

static void several_rules_are_looked_at_together(void **state) {
    (void)state;
    const normal_form *forms[] = {form_of("p.n > 5"), form_of("p.b"), form_of("p.n < 3")}, *clash = NULL;
    assert_true(normal_can_hold(forms, 2, &clash));
    assert_null(clash);
    assert_false(normal_can_hold(forms, 3, &clash));
    assert_ptr_equal(clash, forms[2]);
    assert_true(normal_can_hold(forms, 0, NULL));
}

// p.b stands for what is said of it.
static void meanings_are_looked_at_too(void **state) {
    (void)state;
    const normal_form *b = form_of("p.b"), *meanings[SLOTS] = {NULL}, *clash = NULL;
    normal_meanings m = {.of = meanings, .count = SLOTS, .steps_left = NORMAL_STEPS_MAX},
                    none = {.steps_left = NORMAL_STEPS_MAX};
    const normal_form *forms[] = {form_of("p.b && p.n < 3"), form_of("!p.b && p.n < 3"), form_of("p.b || p.n < 3")};
    meanings[b->slot] = form_of("p.n >= 9 || false");
    assert_false(normal_can_hold_within(&forms[0], 1, &m, &clash));
    assert_true(normal_can_hold_within(&forms[0], 1, &none, NULL));
    assert_true(normal_can_hold_within(&forms[1], 1, &m, NULL));
    assert_true(normal_can_hold_within(&forms[2], 1, &m, NULL));
    assert_true(normal_can_hold_within(&b, 1, &m, NULL));
    const normal_form *turned[] = {form_of("p.n < 3"), b};
    assert_false(normal_can_hold_within(turned, 2, &m, &clash));
    assert_ptr_equal(clash, b); // and not what lies within its meaning
    const normal_form *both[] = {b, form_of("!p.b")};
    assert_false(normal_can_hold_within(both, 2, &m, NULL));
    meanings[b->slot] = b; // a circle ends
    assert_true(normal_can_hold_within(&b, 1, &m, NULL));
}

// Each stands for the two before it, so that there are more ways down from the last than any machine could go.
static void what_meanings_share_is_looked_at_once(void **state) {
    (void)state;
    enum { CHAIN = 200 };
    const normal_form *of[SLOTS + CHAIN] = {NULL}, *clash;
    for (int i = 0; i < CHAIN; i++) {
        const char *name = arena_printf(&memory, "p.c%d", i);
        assert_int_equal(tact_cel_declare(env, tact_str_from(name), TACT_STR("bool"), NULL, NULL), 0);
        of[SLOTS + i] = form_of(i < 2 ? "p.n > 5" : arena_printf(&memory, "p.c%d && p.c%d", i - 1, i - 2));
    }
    const uint64_t enough = 100 * CHAIN;
    normal_meanings m = {.of = of, .count = SLOTS + CHAIN, .steps_left = enough};
    const normal_form *forms[] = {form_of(arena_printf(&memory, "p.c%d", CHAIN - 1)), form_of("p.n < 3")};
    assert_true(normal_can_hold_within(forms, 1, &m, &clash));
    assert_false(normal_can_hold_within(forms, 2, &m, &clash));
    assert_in_range(m.steps_left, 1, enough - CHAIN);
    m.steps_left = CHAIN; // not enough to find out
    assert_true(normal_can_hold_within(forms, 2, &m, &clash));
    assert_int_equal(m.steps_left, 0);
    assert_true(normal_can_hold_within(forms, 2, &m, &clash));
}

static void many_values_end_with_a_maybe(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    buf_add_text(&text, "p.n in [0");
    for (int i = 1; i < 1000; i++) buf_printf(&text, ", %d", 2 * i);
    buf_add_text(&text, "] && p.n in [-1");
    for (int i = 1; i < 1000; i++) buf_printf(&text, ", %d", 2 * i + 1);
    buf_add_text(&text, "]");
    assert_true(can_hold(buf_done(&text).ptr)); // it cannot, but telling so would take a million comparisons
}

static void very_many_branches_end_with_a_maybe(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    for (int i = 0; i < 40; i++) buf_printf(&text, "%s(p.n < %d || p.d < %d.0)", i ? " && " : "", i - 90, i - 90);
    buf_add_text(&text, " && p.n > 100 && p.d > 100.0");
    assert_true(can_hold(buf_done(&text).ptr)); // it cannot, but telling so would take 2^40 branches
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_of_a_slot_with_a_constant_are_predicates),
        cmocka_unit_test(negations_are_pushed_down),
        cmocka_unit_test(joins_are_flat_and_constants_decide),
        cmocka_unit_test(anything_else_is_a_part_of_its_own),
        cmocka_unit_test(a_rule_of_too_many_predicates_is_one_part),
        cmocka_unit_test(a_form_holds_exactly_when_its_rule_is_true),
        cmocka_unit_test(contradictions_are_found),
        cmocka_unit_test(what_can_hold_is_left_alone),
        cmocka_unit_test(what_is_true_of_every_value_is_found),
        cmocka_unit_test(what_is_known_of_a_slot_is_held_against_rules),
        cmocka_unit_test(several_rules_are_looked_at_together),
        cmocka_unit_test(meanings_are_looked_at_too),
        cmocka_unit_test(what_meanings_share_is_looked_at_once),
        cmocka_unit_test(many_values_end_with_a_maybe),
        cmocka_unit_test(very_many_branches_end_with_a_maybe),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
