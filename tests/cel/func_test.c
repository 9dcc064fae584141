// SPDX-License-Identifier: Apache-2.0
//
// The table of functions as a whole, and what all functions share.
#include "func_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "cel/program.h"
#include "value/type.h"

// ---- The table ------------------------------------------------------------------------------------------------------

static const struct {
    uint32_t library;
    const char *function, *id, *doc;
} rows[] = {
#define X(library, function, id, signature, impl, growth, steps, doc) {library, function, id, doc},
#include "cel/func_tbl.h"
#undef X
};
#define ROWS (sizeof rows / sizeof *rows)

static uint32_t count_overloads(const tact_cel_env *env) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < env->functions.count; i++) {
        count += ((const cel_function *)env->functions.entries[i].value)->count;
    }
    return count;
}

static void test_every_row_is_declared(void **state) {
    (void)state;
    assert_int_equal(count_overloads(here.env), ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        const cel_overload *o = func_case_find(rows[i].id);
        assert_true(tact_str_equal(o->function, tact_str_from(rows[i].function)));
        assert_int_equal(o->library, rows[i].library);
        assert_true(o->fn && o->steps >= 1);
        assert_int_equal(o->doc[strlen(o->doc) - 1], '.'); // a sentence
        for (size_t k = 0; k < i; k++) assert_string_not_equal(rows[i].id, rows[k].id);
    }
}

static void test_libraries_can_be_left_out(void **state) {
    (void)state;
    size_t core = 0, strings = 0;
    for (size_t i = 0; i < ROWS; i++) {
        core += rows[i].library == 0;
        strings += rows[i].library == TACT_CEL_STRINGS;
    }
    tact_cel_env *env = tact_cel_env_new(&(tact_cel_options){.libraries = TACT_CEL_STRINGS});
    assert_non_null(env);
    assert_int_equal(count_overloads(env), core + strings);
    assert_non_null(env_function(env, TACT_STR("charAt")));
    assert_null(env_function(env, TACT_STR("math.ceil")));
    tact_cel_env_free(env);
}

// ---- Failing --------------------------------------------------------------------------------------------------------

static void test_faults_have_texts(void **state) {
    (void)state;
    tact_value v = call_fault(&here.call, TACT_FAULT_CONVERSION, "%d of %s", 1, "two");
    assert_fault_text(v, CONVERSION, "1 of two");
    assert_fault(call_fault(&here.call, TACT_FAULT_CONVERSION, NULL), CONVERSION);
    assert_int_equal(here.call.halted, TACT_FAULT_NONE);
}

static void test_faults_in_a_loop_take_no_memory(void **state) {
    (void)state;
    for (int i = 0; i < CALL_FAULTS_TOLD_MAX; i++) (void)call_fault(&here.call, TACT_FAULT_CONVERSION, "text");
    size_t used = tact_arena_used(&here.arena);
    for (int i = 0; i < 1000; i++) {
        tact_value v = call_fault(&here.call, TACT_FAULT_CONVERSION, "text");
        assert_fault(v, CONVERSION);
        assert_null(v.as.s);
    }
    assert_int_equal(tact_arena_used(&here.arena), used);
}

static void test_halting(void **state) {
    (void)state;
    assert_fault(call_no_steps(&here.call), STEPS);
    assert_int_equal(here.call.halted, TACT_FAULT_STEPS);
    assert_int_equal(here.call.steps_left, 0);
    assert_fault(call_no_memory(&here.call), NO_MEMORY);
    assert_int_equal(here.call.halted, TACT_FAULT_STEPS); // the first reason stays
}

static void test_charging(void **state) {
    (void)state;
    here.call.steps_left = 10;
    assert_true(call_charge(&here.call, 10));
    assert_false(call_charge(&here.call, 1));
    here.call.steps_left = 2;
    assert_true(call_charge_bytes(&here.call, 2 * CALL_BYTES_A_STEP));
    assert_int_equal(here.call.steps_left, 0);
    here.call.steps_left = 15;
    assert_true(func_charge_sort(&here.call, 5, 0)); // three rounds over five things
    assert_int_equal(here.call.steps_left, 0);
    assert_false(func_charge_sort(&here.call, 5, 0));
}

// ---- Constant arguments ---------------------------------------------------------------------------------------------

static tact_value prepare(const char *id, uint32_t index, tact_value arg) {
    return func_prepare(func_case_find(id), index, arg, &here.arena);
}

static void test_prepared_patterns(void **state) {
    (void)state;
    tact_value pattern = prepare("matches_string", 1, S("b+"));
    assert_int_equal(pattern.kind, TACT_OPAQUE);
    assert_int_equal(pattern.flags, OPAQUE_REGEX);
    assert_true_value(RUN("matches_string", S("abba"), pattern));
    assert_false_value(RUN("matches", S("aha"), pattern));
    assert_fault_text(prepare("matches", 1, S("(")), INVALID_ARGUMENT, "this is no regular expression: missing ): (");
}

static void test_prepared_zones(void **state) {
    (void)state;
    tact_value zone = prepare("timestamp_to_hours_with_tz", 1, S("Asia/Kathmandu"));
    assert_int_equal(zone.kind, TACT_OPAQUE);
    assert_int_equal(zone.flags, OPAQUE_ZONE);
    assert_prints(RUN("timestamp_to_hours_with_tz", tact_timestamp(0, 0), zone), "5");
    assert_prints(RUN("timestamp_to_minutes_with_tz", tact_timestamp(0, 0), zone), "30");
    assert_fault_text(prepare("timestamp_to_year_with_tz", 1, S("Nowhere")), INVALID_ARGUMENT,
                      "there is no time zone 'Nowhere'");
}

static void test_other_constants_stay(void **state) {
    (void)state;
    assert_prints(prepare("matches", 0, S("(")), "\"(\"");
    assert_prints(prepare("contains_string", 1, S("(")), "\"(\"");
    assert_prints(prepare("timestamp_to_year_with_tz", 1, tact_int(1)), "1");
}

// ---- Whatever the arguments -----------------------------------------------------------------------------------------

static uint64_t random_state;
static arena inputs; // of one round

static uint32_t below(uint32_t n) { // xorshift64*
    random_state ^= random_state >> 12, random_state ^= random_state << 25, random_state ^= random_state >> 27;
    return (uint32_t)(random_state * UINT64_C(2685821657736338717) >> 33) % n;
}

#define PICK(array) (array)[below(sizeof(array) / sizeof *(array))]

static const int64_t ints[] = {0,   1,       2,          3,         -1,        -2,           7, 63, 64,
                               100, 1000000, UINT32_MAX, INT64_MAX, INT64_MIN, INT64_MIN + 1};
static const double doubles[] = {0.0, -0.0, 1.0, 0.5, -1.5, 3.0, 1e10, 1e300, -1e-320, 9223372036854775807.0};
static const char *const texts[] = {
    "",
    "a",
    "aa",
    "b",
    "ab",
    "\u00e4",
    "\U0001f600a\u00e4",
    " \t\u3000x ",
    "%s %d",
    "%.2f%%",
    "%",
    "true",
    "12",
    "-1.5e3",
    "1h30m",
    "2009-02-13T23:31:30Z",
    "UTC",
    "Europe/Berlin",
    "+01:00",
    "Zm9v",
    "Zg",
    "(a|b)*",
    "(",
    "\"\\\n",
    "a long text that does not fit in sixteen bytes, or in thirty-two, or in sixty-four",
};

static tact_value random_value(uint8_t kind, int depth);

static tact_value random_list(int depth) {
    tact_value items[8];
    uint32_t count = below(9);
    uint8_t kind = (uint8_t)(below(2) ? TACT_UNRESOLVED : TACT_NULL + below(TACT_ERROR - TACT_NULL));
    for (uint32_t i = 0; i < count; i++) items[i] = random_value(kind, depth - 1);
    tact_value *kept = arena_array(&inputs, count, sizeof *kept);
    if (count) memcpy(kept, items, count * sizeof *kept);
    return tact_list(kept, count);
}

static tact_value random_map(int depth) {
    tact_value pairs[12];
    uint32_t count = below(7);
    for (uint32_t i = 0; i < count; i++) {
        pairs[2 * i] = below(2) ? tact_int(i) : tact_string(texts[i], strlen(texts[i])); // no key repeats
        pairs[2 * i + 1] = random_value(TACT_UNRESOLVED, depth - 1);
    }
    return tact_map_new(&inputs, pairs, count);
}

static tact_value random_optional(int depth) {
    tact_value *held = arena_alloc(&inputs, sizeof *held);
    *held = random_value(TACT_UNRESOLVED, depth - 1);
    return value_some(below(3) ? held : NULL);
}

// A value of the kind, or of any for TACT_UNRESOLVED.
static tact_value random_value(uint8_t kind, int depth) {
    if (kind == TACT_UNRESOLVED) kind = (uint8_t)(TACT_NULL + below(TACT_ERROR - TACT_NULL));
    if (depth == 0 && (kind == TACT_LIST || kind == TACT_MAP || kind == TACT_OPTIONAL)) kind = TACT_INT;
    const char *text = PICK(texts);
    int64_t i = PICK(ints);
    switch (kind) {
    case TACT_NULL: return tact_null();
    case TACT_BOOL: return tact_bool(below(2));
    case TACT_INT: return tact_int(i);
    case TACT_UINT: return tact_uint((uint64_t)i);
    case TACT_DOUBLE: return tact_double(PICK(doubles));
    case TACT_STRING: return tact_string(*text ? text : NULL, strlen(text));
    case TACT_BYTES: return tact_bytes(text, below(4) ? strlen(text) : strlen(text) / 2);
    case TACT_LIST: return random_list(depth);
    case TACT_MAP: return random_map(depth);
    case TACT_TIMESTAMP: return tact_timestamp(i % VALUE_TIMESTAMP_MAX / 100, below(1000000000));
    case TACT_DURATION: return tact_duration(i);
    case TACT_TYPE: return value_type(type_of_value(tact_int(0)));
    default: return random_optional(depth);
    }
}

// The kind that the row promises, if its arguments do keep to their types: lists here are of anything.
static tact_kind promise(const cel_overload *o) {
    for (uint32_t i = 0; i < o->count; i++) {
        bool list = o->params[i]->kind == TYPE_LIST;
        if (list && type_value_kind(o->params[i]->params[0]) != TACT_UNRESOLVED) return TACT_UNRESOLVED;
    }
    return type_value_kind(o->result);
}

static void check_result(const cel_overload *o, tact_value v) {
    tact_kind promised = promise(o);
    bool fits = v.kind == TACT_ERROR || promised == TACT_UNRESOLVED || v.kind == (uint8_t)promised;
    if (!fits || v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE) fail_msg("%s gave %u", o->id.ptr, v.kind);
    if (v.kind == TACT_STRING && !utf8_valid(v.as.s, v.len)) fail_msg("%s gave bad UTF-8", o->id.ptr);
    if (v.kind == TACT_ERROR && (v.len == TACT_FAULT_STEPS || v.len == TACT_FAULT_NO_MEMORY)) {
        assert_int_equal(here.call.halted, v.len);
    }
    buf out = buf_in(&inputs);
    value_print(&out, v); // touches all of it
}

// Every overload with random arguments of its kinds, and few steps or little memory now and then: it answers with a
// value of the kind that its row promises, or with an error.
static void test_random_arguments(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%" PRIu64 "\n", seed);
    random_state = seed | 1;
    for (size_t round = 0; round < 200 * ROWS; round++) {
        const cel_overload *o = func_case_find(rows[round % ROWS].id);
        arena memory;
        arena_init(&inputs, 0);
        arena_init(&memory, below(4) ? TACT_CEL_MEMORY_MAX : 1 + below(200));
        here.call = (tact_cel_call){.arena = &memory, .steps_left = below(4) ? 100000 : below(50)};
        tact_value args[CEL_PARAMS_MAX];
        for (uint32_t i = 0; i < o->count; i++) args[i] = random_value(o->kinds[i], 3);
        check_result(o, o->fn(&here.call, args, o->count));
        arena_fini(&memory);
        arena_fini(&inputs);
    }
    here.call.arena = &here.arena;
}

// ---- Sorting --------------------------------------------------------------------------------------------------------

static int order_halves(const void *things, uint32_t a, uint32_t b) {
    const uint32_t *numbers = things;
    return (numbers[a] / 2 > numbers[b] / 2) - (numbers[a] / 2 < numbers[b] / 2);
}

static void test_sorting(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    for (uint32_t count = 0; count < 200; count++) {
        uint32_t numbers[200];
        for (uint32_t i = 0; i < count; i++) numbers[i] = (seed = seed * 1103515245 + 12345) >> 16 & 63;
        arena room;
        arena_init(&room, 0);
        const uint32_t *order = func_sort(&room, numbers, count, order_halves);
        assert_non_null(order);
        bool seen[200] = {false};
        for (uint32_t i = 0; i < count; i++) {
            assert_false(seen[order[i]]);
            seen[order[i]] = true;
            if (i == 0) continue;
            int o = order_halves(numbers, order[i - 1], order[i]);
            assert_true(o < 0 || (o == 0 && order[i - 1] < order[i])); // in order, and what is equal as it was
        }
        arena_fini(&room);
    }
}

static void test_sorting_without_memory(void **state) {
    (void)state;
    arena small;
    arena_init(&small, 64);
    uint32_t numbers[100] = {0};
    assert_null(func_sort(&small, numbers, 100, order_halves));
    arena_fini(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_every_row_is_declared),
        func_test(test_libraries_can_be_left_out),
        func_test(test_faults_have_texts),
        func_test(test_faults_in_a_loop_take_no_memory),
        func_test(test_halting),
        func_test(test_charging),
        func_test(test_prepared_patterns),
        func_test(test_prepared_zones),
        func_test(test_other_constants_stay),
        func_test(test_random_arguments),
        func_test(test_sorting),
        func_test(test_sorting_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
