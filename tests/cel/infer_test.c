// SPDX-License-Identifier: Apache-2.0
//
// The rules of inference on their own: what fits what, what unknowns are solved as, and that nothing runs away.
#include "cel/infer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static arena scratch;
static infer in;
static infer_names names; // in texts, A, B, … are unknowns; the same letter is the same one

static int set_up(void **state) {
    (void)state;
    arena_init(&scratch, 0);
    in = infer_in(&scratch);
    names = (infer_names){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&scratch);
    return 0;
}

static const tact_type *read(const char *text) {
    tact_error error = {0};
    const tact_type *t = type_parse(&scratch, tact_str_from(text), &error);
    if (!t) fail_msg("%s: %s", text, error.text);
    return infer_open(&in, &names, t);
}

static const char *print(const tact_type *t) {
    buf out = buf_in(&scratch);
    type_print(&out, t);
    return buf_done(&out).ptr;
}

static void what_fits_what(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        bool fits;
    } cases[] = {
        {"int", "int", true},
        {"int", "uint", false},
        {"int", "dyn", true},
        {"dyn", "int", true},
        {"list(int)", "list(int)", true},
        {"list(int)", "list(string)", false},
        {"list(dyn)", "list(string)", true},
        {"list(int)", "list(dyn)", true},
        {"list(int)", "optional_type(int)", false},
        {"map(string, int)", "map(string, dyn)", true},
        {"map(string, int)", "map(int, int)", false},
        {"wrapper(int)", "int", true},
        {"int", "wrapper(int)", true},
        {"wrapper(int)", "wrapper(int)", true},
        {"wrapper(int)", "wrapper(string)", false},
        {"wrapper(int)", "string", false},
        {"null", "null", true},
        {"null", "wrapper(int)", true},
        {"timestamp", "null", true},
        {"duration", "null", true},
        {"null", "optional_type(int)", true},
        {"null", "set(int)", true},
        {"null", "int", false},
        {"string", "null", false},
        {"null", "list(int)", false},
        {"null", "record(x)", false},
        {"type(int)", "type(string)", true},
        {"type(int)", "int", false},
        {"record(x)", "record(x)", true},
        {"record(x)", "record(y)", false},
        {"record(x)", "map(string, dyn)", true},
        {"record(x)", "map(string, int)", true},
        {"record(x)", "map(int, dyn)", false},
        {"map(string, dyn)", "record(x)", true},
        {"record(x)", "list(dyn)", false},
        {"set(int)", "set(int)", true},
        {"set(int)", "set(string)", false},
        {"set(int)", "bag(int)", false},
        {"tuple(int, dyn)", "tuple(int, string)", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (infer_fits(&in, read(cases[i].from), read(cases[i].to)) != cases[i].fits) {
            fail_msg("%s to %s", cases[i].from, cases[i].to);
        }
    }
    assert_true(infer_fits(&in, &type_error, &type_int));
    assert_true(infer_fits(&in, read("list(int)"), &type_error));
}

static void unknowns_are_solved(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *shown, *solved;
    } cases[] = {
        {"int", "A", "A", "int"},
        {"B", "list(int)", "B", "list(int)"},
        {"list(C)", "list(int)", "list(C)", "list(int)"},
        {"map(D, list(E))", "map(string, list(bool))", "map(D, E)", "map(string, bool)"},
        {"optional_type(F)", "optional_type(G)", "F", "dyn"}, // the same, whatever it is
        {"record(x)", "map(H, I)", "map(H, I)", "map(string, dyn)"},
        {"tuple(J, J)", "tuple(int, dyn)", "J", "dyn"},
        {"tuple(int, null, wrapper(int))", "tuple(wrapper(int), K, K)", "K", "wrapper(int)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(infer_fits(&in, read(cases[i].from), read(cases[i].to)));
        assert_string_equal(print(infer_close(&in, read(cases[i].shown), true)), cases[i].solved);
    }
}

static void the_more_general_solution_wins_in_any_order(void **state) {
    (void)state;
    static const char *const orders[2][2] = {{"int", "dyn"}, {"dyn", "int"}};
    for (int i = 0; i < 2; i++) {
        const tact_type *a = infer_unknown(&in);
        assert_true(infer_fits(&in, read(orders[i][0]), a));
        assert_true(infer_fits(&in, read(orders[i][1]), a));
        assert_ptr_equal(infer_close(&in, a, false), &type_dyn);
        assert_true(infer_fits(&in, &type_string, a));
    }
    const tact_type *a = infer_unknown(&in);
    assert_true(infer_fits(&in, read("list(int)"), a));
    assert_false(infer_fits(&in, read("list(string)"), a)); // int and string have nothing above them but dyn
    assert_true(infer_fits(&in, read("list(dyn)"), a));
    assert_string_equal(print(infer_close(&in, a, false)), "list(dyn)");
}

static void generality(void **state) {
    (void)state;
    static const struct {
        const char *a, *b, *general;
    } cases[] = {
        {"int", "dyn", "dyn"},
        {"int", "wrapper(int)", "wrapper(int)"},
        {"null", "timestamp", "timestamp"},
        {"null", "optional_type(int)", "optional_type(int)"},
        {"list(int)", "list(dyn)", "list(dyn)"},
        {"map(string, int)", "map(string, dyn)", "map(string, dyn)"},
        {"record(x)", "map(string, dyn)", "map(string, dyn)"},
        {"record(x)", "map(string, int)", "map(string, dyn)"},
        {"tuple(dyn, dyn)", "tuple(int, int)", "tuple(dyn, dyn)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tact_type *a = read(cases[i].a), *b = read(cases[i].b);
        assert_string_equal(print(infer_general(a, b)), cases[i].general);
        assert_string_equal(print(infer_general(b, a)), cases[i].general);
    }
}

static void no_type_contains_itself(void **state) {
    (void)state;
    const tact_type *a = read("A"), *list = read("list(A)");
    assert_false(infer_fits(&in, a, list));
    assert_false(infer_fits(&in, list, a));
    assert_true(infer_fits(&in, read("B"), list)); // B is list(A)
    assert_false(infer_fits(&in, read("B"), a));
    assert_true(infer_fits(&in, a, a));
    assert_string_equal(print(infer_close(&in, read("B"), true)), "list(dyn)");
}

static void a_failure_leaves_no_trace(void **state) {
    (void)state;
    const tact_type *from[] = {read("int"), read("string"), read("bool")};
    const tact_type *to[] = {read("A"), read("B"), read("int")};
    assert_false(infer_fits_all(&in, from, to, 3));
    assert_int_equal(infer_close(&in, to[0], false)->kind, TYPE_VAR);
    assert_int_equal(infer_close(&in, to[1], false)->kind, TYPE_VAR);
    assert_true(infer_fits_all(&in, from, to, 2));
    assert_ptr_equal(infer_close(&in, to[1], false), &type_string);
    assert_false(infer_fits_all(&in, (const tact_type *[]){&type_dyn, &type_bool}, to, 2));
    assert_ptr_equal(infer_close(&in, to[0], false), &type_int); // not dyn
}

static void the_fast_way_agrees_with_the_slow_one(void **state) {
    (void)state;
    static const struct {
        const char *params[2], *args[2], *result, *expected; // NULL: the fast way does not tell
        uint8_t like;
    } cases[] = {
        {{"A", "A"}, {"int", "int"}, "bool", "bool", UINT8_MAX},
        {{"A", "A"}, {"int", "dyn"}, "bool", NULL, UINT8_MAX},
        {{"list(A)", "int"}, {"list(string)", "int"}, "A", "string", UINT8_MAX},
        {{"A", "list(A)"}, {"string", "list(string)"}, "bool", "bool", UINT8_MAX},
        {{"A", "list(A)"}, {"string", "list(int)"}, "bool", NULL, UINT8_MAX},
        {{"list(A)", "list(A)"}, {"list(int)", "list(int)"}, "list(A)", "list(int)", 0},
        {{"map(A, B)", "A"}, {"map(string, list(int))", "string"}, "B", "list(int)", UINT8_MAX},
        {{"map(A, B)", "A"}, {"map(string, int)", "string"}, "map(A, list(B))", "map(string, list(int))", UINT8_MAX},
        {{"map(A, B)", "A"}, {"record(x)", "string"}, "B", NULL, UINT8_MAX},
        {{"int", "int"}, {"int", "string"}, "int", NULL, UINT8_MAX},
        {{"A", "int"}, {"int", "int"}, "list(B)", NULL, UINT8_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tact_type *params[2], *args[2], *open[2];
        for (int k = 0; k < 2; k++) {
            params[k] = type_parse(&scratch, tact_str_from(cases[i].params[k]), NULL);
            args[k] = type_parse(&scratch, tact_str_from(cases[i].args[k]), NULL);
        }
        const tact_type *result = type_parse(&scratch, tact_str_from(cases[i].result), NULL);
        const tact_type *t = infer_match(&in, params, args, 2, result, cases[i].like);
        if (!cases[i].expected) {
            assert_null(t);
            continue;
        }
        assert_string_equal(print(t), cases[i].expected);
        infer_names own = {0};
        for (int k = 0; k < 2; k++) open[k] = infer_open(&in, &own, params[k]);
        assert_true(infer_fits_all(&in, args, open, 2));
        assert_string_equal(print(infer_close(&in, infer_open(&in, &own, result), false)), cases[i].expected);
    }
}

// Types that double in size with each step would take for ever to compare part by part.
static void work_is_bounded(void **state) {
    (void)state;
    const tact_type *a = infer_unknown(&in), *b = infer_unknown(&in);
    const tact_type *first = a, *second = b;
    for (int i = 0; i < 100; i++) {
        const tact_type *next = infer_unknown(&in);
        assert_true(infer_fits(&in, a, type_map(&scratch, next, next)));
        a = next;
        next = infer_unknown(&in);
        assert_true(infer_fits(&in, b, type_map(&scratch, next, next)));
        b = next;
    }
    assert_true(infer_fits(&in, first, second));
    assert_true(in.exhausted);
    assert_in_range(in.work, 1, INFER_WORK_MAX + 1);
}

static void depth_is_bounded(void **state) {
    (void)state;
    const tact_type *a = infer_unknown(&in), *first = a;
    for (int i = 0; i < INFER_DEPTH_MAX + 10; i++) {
        const tact_type *next = infer_unknown(&in);
        assert_true(infer_fits(&in, a, type_list(&scratch, next)));
        a = next;
    }
    (void)infer_close(&in, first, true);
    assert_true(in.exhausted);
}

static void long_chains_of_unknowns_are_no_depth(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    const tact_type **all = arena_array(&scratch, COUNT, sizeof *all);
    for (int i = 0; i < COUNT; i++) {
        all[i] = infer_unknown(&in);
        if (i > 0) assert_true(infer_fits(&in, all[i], all[i - 1]));
    }
    assert_true(infer_fits(&in, &type_int, all[0]));
    for (int i = 0; i < COUNT; i++) assert_ptr_equal(infer_close(&in, all[i], false), &type_int);
    assert_false(in.exhausted);
}

static void lack_of_memory_is_noted(void **state) {
    (void)state;
    bool failed = false;
    for (size_t bound = 16; bound < 8000; bound += 64) {
        arena a;
        arena_init(&a, bound);
        infer small = infer_in(&a);
        for (int i = 0; i < 30; i++) {
            const tact_type *t = infer_unknown(&small);
            assert_non_null(t);
            (void)infer_fits(&small, &type_int, t);
            assert_non_null(infer_close(&small, t, true));
        }
        failed |= small.no_memory;
        arena_fini(&a);
    }
    assert_true(failed);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_fits_what),
        EACH(unknowns_are_solved),
        EACH(the_more_general_solution_wins_in_any_order),
        EACH(generality),
        EACH(no_type_contains_itself),
        EACH(a_failure_leaves_no_trace),
        EACH(the_fast_way_agrees_with_the_slow_one),
        EACH(work_is_bounded),
        EACH(depth_is_bounded),
        EACH(long_chains_of_unknowns_are_no_depth),
        EACH(lack_of_memory_is_noted),
    };
    return cmocka_run_group_tests_name("infer", tests, NULL, NULL);
}
