// SPDX-License-Identifier: Apache-2.0
//
// The index against a plain scan: what it takes away does not hold, what it leaves and calls decided holds, for random
// rules and values; which rules are decided by it; and that its size is bounded.
#include "index/index.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "value/value.h"

enum { SLOT_N, SLOT_U, SLOT_D, SLOT_S, SLOT_B, SLOT_T, SLOT_TAGS, SLOT_ANY, SLOT_OWN, SLOTS };
static const char *const names[SLOTS] = {"p.n", "p.u", "p.d", "p.s", "p.b", "p.t", "p.tags", "p.any", "own.n"};
static const char *const types[SLOTS] = {"int",       "uint",         "double", "string", "bool",
                                         "timestamp", "list(string)", "dyn",    "int"};

enum { ROWS_MAX = 3000, PER_ROW = 2 };

typedef struct scene { // rows of rules, and the index over them
    uint32_t rows;
    const tact_cel_program *programs[ROWS_MAX * PER_ROW];
    const normal_form *forms[ROWS_MAX * PER_ROW];
    const rule_index *index;
} scene;

static tact_cel_env *env;
static arena memory;
static scene s;
static tact_value values[SLOTS];

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

static void begin(void) {
    memset(&s, 0, sizeof s);
}

// One more row; NULL: that rule is not there.
static void add(const char *one, const char *other) {
    const char *const texts[PER_ROW] = {one, other};
    const tact_cel_compile_options options = {.result = TACT_STR("bool")};
    assert_true(s.rows < ROWS_MAX);
    for (int i = 0; i < PER_ROW; i++) {
        const uint32_t at = s.rows * PER_ROW + (uint32_t)i;
        if (!texts[i]) continue;
        tact_cel_result r = normal_compile(env, tact_str_from(texts[i]), &options, &memory, &memory, &s.forms[at]);
        if (!r.program) fail_msg("%s", tact_cel_report(&r, &memory).ptr);
        s.programs[at] = r.program;
    }
    s.rows++;
}

static void build(void) {
    assert_int_equal(index_build(&memory, env, SLOT_OWN, s.forms, s.rows, PER_ROW, &s.index), TACT_OK);
}

static bool has(const uint64_t *set, uint32_t row) {
    return set[row / 64] >> row % 64 & 1;
}

static bool holds(uint32_t row) {
    for (int i = 0; i < PER_ROW; i++) {
        const tact_cel_program *p = s.programs[row * PER_ROW + (uint32_t)i];
        tact_cel_input in = {.slots = values, .slots_count = SLOTS, .arena = &memory};
        if (!p) continue;
        tact_value v = tact_cel_eval(p, &in);
        if (v.kind != TACT_BOOL || !v.as.b) return false;
    }
    return true;
}

static tact_value read(void *context, uint32_t slot) {
    assert_ptr_equal(context, &s);
    assert_true(slot < SLOT_OWN);
    return values[slot];
}

static const uint64_t *match(uint64_t *set) {
    memset(set, 0, index_words(ROWS_MAX) * sizeof *set);
    for (uint32_t row = 0; row < s.rows; row++) set[row / 64] |= UINT64_C(1) << row % 64;
    return index_match(s.index, read, &s, set);
}

// Returns how many rows were decided, by having been taken away or by being whole.
static uint32_t check(void) {
    uint64_t set[ROWS_MAX / 64 + 1];
    uint32_t decided = 0;
    const uint64_t *whole = match(set);
    for (uint32_t row = 0; row < s.rows; row++) {
        const bool left = has(set, row), sure = !left || (whole && has(whole, row)), true_row = holds(row);
        decided += sure;
        if (sure && left != true_row)
            fail_msg("row %u %s, and the index says otherwise", row, true_row ? "holds" : "does not hold");
    }
    return decided;
}

// ---- Which rules are decided ----------------------------------------------------------------------------------------

static void nothing(void) {
    for (int i = 0; i < SLOTS; i++) values[i] = tact_fault_value(TACT_FAULT_ABSENT, NULL);
}

static void what_are_predicates_over_one_slot_each_is_decided(void **state) {
    (void)state;
    begin();
    add("p.n >= 18 && p.n < 30 && p.s in ['de', 'at']", "p.b");
    add("p.s == 'de' || p.s == 'at'", NULL);
    add("!has(p.n) && p.d != 1.5", NULL);
    add(NULL, NULL);
    add("has(p.tags)", "p.t > timestamp('2026-01-01T00:00:00Z')");
    build();
    nothing();
    assert_int_equal(check(), 5);
    values[SLOT_N] = tact_int(18);
    values[SLOT_S] = tact_string("at", 2);
    values[SLOT_B] = tact_bool(true);
    assert_int_equal(check(), 5);
    uint64_t set[ROWS_MAX / 64 + 1];
    (void)match(set);
    assert_true(set[0] == 0x0b); // the first, the second and the one without a rule
}

static tact_value tags(const char *text) { // a letter each
    tact_value *of = arena_array(&memory, 10, sizeof *of);
    uint32_t count = 0;
    for (; *text; text++) of[count++] = tact_string(text, 1);
    return tact_list(of, count);
}

static void lists_are_looked_up_by_what_is_in_them(void **state) {
    (void)state;
    static const struct {
        const char *tags; // NULL: it is absent
        uint64_t left;
    } cases[] = {{NULL, 0x20}, {"", 0x34}, {"x", 0x31}, {"y", 0x36}, {"xy", 0x3b}, {"z", 0x24}, {"xxz", 0x21}};
    begin();
    add("'x' in p.tags", NULL);
    add("'y' in p.tags || 'w' in p.tags", NULL);
    add("!('x' in p.tags)", NULL);
    add("'x' in p.tags && 'y' in p.tags", NULL);
    add("!('z' in p.tags)", NULL);
    add("p.n == 1", NULL);
    build();
    nothing();
    values[SLOT_N] = tact_int(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t set[ROWS_MAX / 64 + 1];
        if (cases[i].tags) values[SLOT_TAGS] = tags(cases[i].tags);
        const uint64_t *whole = match(set);
        assert_int_equal(whole[0], 0x37); // all but the one that wants two
        assert_int_equal(set[0] & whole[0], cases[i].left & whole[0]);
        assert_int_equal(set[0] & cases[i].left, cases[i].left);
        assert_true(check() >= 5);
    }
}

static void what_is_more_than_that_is_left_to_be_evaluated(void **state) {
    (void)state;
    begin();
    add("p.n > 1 && p.s.startsWith('d')", NULL);
    add("p.n > 1 || p.b", NULL);
    add("own.n > 1", "p.n > 1");
    add("p.any > 1", NULL);
    add("p.tags.size() > 1", NULL);
    add("p.n > 1.5", NULL);
    build();
    nothing();
    values[SLOT_N] = tact_int(5);
    values[SLOT_S] = tact_string("de", 2);
    assert_int_equal(check(), 0);
    values[SLOT_N] = tact_int(1); // which takes the first and the third away
    assert_int_equal(check(), 2);
}

static void a_value_that_is_none_of_its_slot_decides_nothing(void **state) {
    (void)state;
    begin();
    add("p.d < 2.0", NULL);
    add("p.n == 1", NULL);
    build();
    nothing();
    values[SLOT_N] = tact_int(1);
    values[SLOT_D] = tact_double(NAN);
    uint64_t set[ROWS_MAX / 64 + 1];
    assert_null(match(set));
    assert_true(set[0] == 3);
    values[SLOT_D] = tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    assert_null(match(set));
    values[SLOT_N] = tact_int(2);
    assert_null(match(set));
    assert_true(set[0] == 1);
}

static void where_nothing_can_be_looked_up_there_is_no_index(void **state) {
    (void)state;
    begin();
    add("p.s.size() > 1", NULL);
    add(NULL, NULL);
    build();
    assert_null(s.index);
}

// ---- Against a scan -------------------------------------------------------------------------------------------------

static uint64_t seed;

static uint32_t below(uint32_t bound) { // xorshift64*
    seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717) >> 33) % bound);
}

static void draw_condition(buf *out) {
    static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
    const char *sign = signs[below(6)];
    switch (below(17)) {
    case 0:
    case 1: buf_printf(out, "p.n %s %d", sign, (int)below(40) - 20); break;
    case 2: buf_printf(out, "%d %s p.n", (int)below(40) - 20, sign); break;
    case 3: buf_printf(out, "p.u %s %uu", sign, below(10)); break;
    case 4:
    case 5: buf_printf(out, "p.d %s %d.5", sign, (int)below(10) - 5); break;
    case 6: buf_printf(out, "p.s %s '%c'", sign, 'a' + (char)below(5)); break;
    case 7:
        buf_printf(out, "%sp.s in ['%c', '%c', 'c']%s", below(2) ? "!(" : "(", 'a' + (char)below(5),
                   'a' + (char)below(5), ")");
        break;
    case 8: buf_add_text(out, below(2) ? "p.b" : "!p.b"); break;
    case 9: buf_printf(out, "p.t %s timestamp('2026-01-%02uT00:00:00Z')", sign, 1 + below(28)); break;
    case 10:
        buf_printf(out, "%shas(p.%s)", below(2) ? "!" : "",
                   (const char *[]){"n", "u", "d", "s", "b", "t", "tags"}[below(7)]);
        break;
    case 11:
        buf_printf(out, "(p.n == %d || p.n in [%d, %d])", (int)below(40) - 20, (int)below(40) - 20,
                   (int)below(40) - 20);
        break;
    case 12: buf_printf(out, "(p.n > %d || p.b)", (int)below(40) - 20); break;
    case 13: buf_printf(out, "%s('%c' in p.tags)", below(3) ? "" : "!", 'u' + (char)below(6)); break;
    case 14: buf_printf(out, "('%c' in p.tags || 'v' in p.tags)", 'u' + (char)below(6)); break;
    case 15: buf_printf(out, "('v' in p.tags || p.n == %d)", (int)below(40) - 20); break;
    default: buf_printf(out, "own.n %s %u", sign, below(4)); break;
    }
}

static const char *draw_rule(void) {
    buf out = buf_in(&memory);
    const uint32_t count = below(5);
    if (!count) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_add_text(&out, " && ");
        draw_condition(&out);
    }
    return buf_done(&out).ptr;
}

static void draw_values(void) {
    values[SLOT_N] = tact_int((int)below(44) - 22);
    values[SLOT_U] = tact_uint(below(12));
    values[SLOT_D] = below(20) ? tact_double((int)below(24) / 2.0 - 6) : tact_double(below(2) ? NAN : -0.0);
    values[SLOT_S] = tact_string(&"abcdef"[below(6)], 1);
    values[SLOT_B] = tact_bool(below(2));
    values[SLOT_T] = tact_timestamp(INT64_C(1767225600) + (int64_t)below(30) * 86400, below(2));
    values[SLOT_TAGS] = tags((const char *[]){"", "u", "v", "wu", "xyz", "vuw", "zzy", "q", "uvwxyz"}[below(9)]);
    values[SLOT_ANY] = tact_int(1);
    values[SLOT_OWN] = tact_int(below(4));
    for (int i = 0; i < SLOTS; i++) {
        if (below(8) == 0) values[i] = tact_fault_value(TACT_FAULT_ABSENT, NULL);
    }
    if (below(20) == 0) values[SLOT_N] = tact_uint(3); // what no schema gives
    if (below(20) == 0) values[SLOT_TAGS] = tact_int(3);
}

static void begin_chance(void) {
    const char *given = getenv("SEED");
    uint64_t start = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)start);
    seed = (start + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static void an_index_says_what_a_scan_says(void **state) {
    (void)state;
    enum { ROUNDS = 40, VALUES = 60 };
    uint64_t decided = 0, all = 0;
    begin_chance();
    for (int round = 0; round < ROUNDS; round++) {
        begin();
        const uint32_t rows = 1 + below(200);
        for (uint32_t i = 0; i < rows; i++) add(draw_rule(), draw_rule());
        build();
        for (int i = 0; i < VALUES && s.index; i++, all += rows) {
            draw_values();
            decided += check();
        }
        tact_arena_reset(&memory);
    }
    printf("%llu of %llu rules were decided by the index\n", (unsigned long long)decided, (unsigned long long)all);
    assert_true(decided > all / 2);
}

static void of_very_many_constants_some_are_told_apart(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < ROWS_MAX; i++) {
        const char *sign = (const char *[]){">", ">=", "<", "<=", "==", "!="}[i % 6];
        add(arena_printf(&memory, "p.n %s %d", sign, i), i % 7 ? NULL : "p.n in [5, 77, 2500]");
    }
    const size_t before = tact_arena_used(&memory);
    build();
    assert_true(tact_arena_used(&memory) - before < (size_t)(2 * INDEX_POINTS_MAX + 2) * (ROWS_MAX / 8 + 64) + 100000);
    nothing();
    for (int n = -1; n <= ROWS_MAX; n += 7) {
        values[SLOT_N] = tact_int(n);
        assert_true(check() > ROWS_MAX / 3);
    }
}

static void of_very_many_items_too(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < ROWS_MAX; i++) {
        add(arena_printf(&memory, i % 5 ? "'t%d' in p.tags" : "!('t%d' in p.tags)", i), NULL);
    }
    build();
    nothing();
    for (int n = 0; n < ROWS_MAX; n += 41) {
        tact_value one = tact_string(arena_printf(&memory, "t%d", n), 0);
        one.len = (uint32_t)strlen(one.as.s);
        values[SLOT_TAGS] = tact_list(&one, 1);
        assert_true(check() > INDEX_POINTS_MAX / 2);
    }
}

static void without_memory_there_is_none(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 500; i++) add(arena_printf(&memory, "p.n > %d && p.d < %d.5", i, i), NULL);
    for (size_t bytes = 1000; bytes < 100000; bytes += 9000) {
        arena small;
        const rule_index *x = (const rule_index *)&small;
        arena_init(&small, bytes);
        tact_err err = index_build(&small, env, SLOT_OWN, s.forms, s.rows, PER_ROW, &x);
        assert_true(err ? err == TACT_NO_MEMORY && !x : x != NULL);
        if (bytes == 1000) assert_int_equal(err, TACT_NO_MEMORY);
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_are_predicates_over_one_slot_each_is_decided),
        cmocka_unit_test(lists_are_looked_up_by_what_is_in_them),
        cmocka_unit_test(what_is_more_than_that_is_left_to_be_evaluated),
        cmocka_unit_test(a_value_that_is_none_of_its_slot_decides_nothing),
        cmocka_unit_test(where_nothing_can_be_looked_up_there_is_no_index),
        cmocka_unit_test(an_index_says_what_a_scan_says),
        cmocka_unit_test(of_very_many_constants_some_are_told_apart),
        cmocka_unit_test(of_very_many_items_too),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
