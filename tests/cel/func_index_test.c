// SPDX-License-Identifier: Apache-2.0
//
// Parts of values: there, not there, of something that has none, and through optionals.
#include "func_case.h"

#include <math.h>

#define I tact_int
#define INDEX(a, b) OP(op_index, a, b)
#define OPT_INDEX(a, b) OP(op_opt_index, a, b)
#define SELECT(a, field) op_select(&here.call, a, TACT_STR(field))
#define OPT_SELECT(a, field) op_opt_select(&here.call, a, TACT_STR(field))
#define HAS(a, field) op_has(&here.call, a, TACT_STR(field))
#define MAP(...)                                                                                                       \
    tact_map_new(&here.arena, (const tact_value[]){__VA_ARGS__},                                                       \
                 sizeof((const tact_value[]){__VA_ARGS__}) / (2 * sizeof(tact_value)))
#define SOME(v) RUN("optional_of", v)
#define NONE value_some(NULL)

static void test_lists(void **state) {
    (void)state;
    tact_value list = LIST(I(7), I(8), I(9));
    assert_prints(INDEX(list, I(0)), "7");
    assert_prints(INDEX(list, I(2)), "9");
    assert_prints(INDEX(list, tact_uint(1)), "8");
    assert_prints(INDEX(list, tact_double(1.0)), "8");
    assert_prints(INDEX(list, tact_double(-0.0)), "7");
    assert_fault_text(INDEX(list, I(3)), INDEX_RANGE, "the list has 3 items, none at that index");
    assert_fault(INDEX(list, I(-1)), INDEX_RANGE);
    assert_fault(INDEX(list, I(INT64_MIN)), INDEX_RANGE);
    assert_fault(INDEX(list, tact_uint(UINT64_MAX)), INDEX_RANGE);
    assert_fault(INDEX(list, tact_double(4294967296.0)), INDEX_RANGE);
    assert_fault(INDEX(list, tact_double(0.1)), INVALID_ARGUMENT);
    assert_fault(INDEX(list, tact_double(1e300)), INVALID_ARGUMENT);
    assert_fault(INDEX(list, tact_double((double)NAN)), INVALID_ARGUMENT);
    assert_fault_text(INDEX(list, S("")), NO_SUCH_OVERLOAD, "list[string] has no meaning");
    assert_fault(INDEX(tact_list(NULL, 0), I(0)), INDEX_RANGE);
}

static void test_maps(void **state) {
    (void)state;
    tact_value map = MAP(tact_uint(1), S("one"), I(2), S("two"), tact_bool(true), S("yes"), S("k"), tact_null());
    assert_prints(INDEX(map, I(1)), "\"one\"");
    assert_prints(INDEX(map, tact_uint(2)), "\"two\"");
    assert_prints(INDEX(map, tact_double(2.0)), "\"two\"");
    assert_prints(INDEX(map, tact_bool(true)), "\"yes\"");
    assert_prints(INDEX(map, S("k")), "null");
    assert_fault(INDEX(map, tact_double(2.5)), NO_SUCH_KEY);
    assert_fault(INDEX(map, tact_null()), NO_SUCH_KEY);
    assert_fault_text(INDEX(map, S("l")), NO_SUCH_KEY, "'l'");
    assert_fault_text(INDEX(map, S("\x1b[31m\n\0")), NO_SUCH_KEY, "'\ufffd[31m\ufffd\ufffd'");
    assert_fault_text(INDEX(I(1), I(1)), NO_SUCH_OVERLOAD, "int[int] has no meaning");
    assert_true_value(OP(op_in, I(1), map));
    assert_false_value(OP(op_in, I(3), map));
    assert_false_value(OP(op_in, LIST(I(3)), map));
}

static void test_in_lists(void **state) {
    (void)state;
    tact_value list = LIST(I(5), tact_uint(4), tact_double(3.0), S("two"), LIST(I(1)));
    assert_true_value(OP(op_in, tact_double(5.0), list));
    assert_true_value(OP(op_in, I(4), list));
    assert_true_value(OP(op_in, tact_uint(3), list));
    assert_true_value(OP(op_in, LIST(I(1)), list));
    assert_false_value(OP(op_in, S("one"), list));
    assert_false_value(OP(op_in, I(7), tact_list(NULL, 0)));
    here.call.steps_left = 3;
    assert_fault(OP(op_in, S("one"), list), STEPS);
}

static void test_fields(void **state) {
    (void)state;
    tact_value map = MAP(S("a"), I(1), S("b"), tact_null());
    assert_prints(SELECT(map, "a"), "1");
    assert_fault(SELECT(map, "c"), NO_SUCH_KEY);
    assert_fault_text(SELECT(I(1), "c"), NO_SUCH_OVERLOAD, "int has no field `c`");
    assert_fault(SELECT(tact_null(), "c"), NO_SUCH_OVERLOAD);
    assert_true_value(HAS(map, "b"));
    assert_false_value(HAS(map, "c"));
    assert_false_value(HAS(MAP(I(1), I(1)), "c"));
    assert_fault(HAS(LIST(I(1)), "c"), NO_SUCH_OVERLOAD);
    assert_prints(OPT_SELECT(map, "b"), "optional.of(null)");
    assert_prints(OPT_SELECT(map, "c"), "optional.none()");
    assert_fault(OPT_SELECT(S("x"), "c"), NO_SUCH_OVERLOAD);
    assert_prints(RUN("select_optional_field", map, S("a")), "optional.of(1)");
}

// As conformance's optionals/optional_chaining_* have it.
static void test_through_optionals(void **state) {
    (void)state;
    tact_value inner = MAP(S("index"), S("goodbye")), map = MAP(S("c"), inner);
    assert_prints(SELECT(SOME(map), "c"), "optional.of({\"index\": \"goodbye\"})");
    assert_prints(SELECT(SELECT(SOME(map), "c"), "index"), "optional.of(\"goodbye\")");
    assert_prints(SELECT(SELECT(SOME(map), "c"), "missing"), "optional.none()");
    assert_prints(SELECT(NONE, "c"), "optional.none()");
    assert_prints(OPT_SELECT(SOME(map), "d"), "optional.none()");
    assert_prints(OPT_SELECT(NONE, "d"), "optional.none()");
    assert_prints(INDEX(NONE, I(0)), "optional.none()");
    assert_prints(INDEX(SOME(LIST(S("item"))), I(0)), "optional.of(\"item\")");
    assert_prints(INDEX(SOME(LIST(S("item"))), I(1)), "optional.none()");
    assert_prints(INDEX(SOME(map), S("missing")), "optional.none()");
    assert_prints(OPT_INDEX(SOME(LIST(S("item"))), I(0)), "optional.of(\"item\")");
    assert_prints(OPT_INDEX(LIST(S("item")), I(0)), "optional.of(\"item\")");
    assert_prints(OPT_INDEX(LIST(S("item")), I(-1)), "optional.none()");
    assert_prints(OPT_INDEX(MAP(tact_uint(1), I(2)), tact_double(1.0)), "optional.of(2)");
    assert_prints(OPT_INDEX(NONE, I(0)), "optional.none()");
    assert_fault(OPT_INDEX(I(1), I(0)), NO_SUCH_OVERLOAD);
    assert_fault(OPT_INDEX(LIST(I(1)), S("a")), NO_SUCH_OVERLOAD);
    assert_fault(SELECT(SOME(tact_null()), "invalid"), NO_SUCH_OVERLOAD);
    assert_fault(SELECT(SOME(I(0)), "absent"), NO_SUCH_OVERLOAD);
    assert_true_value(HAS(SOME(map), "c"));
    assert_false_value(HAS(SOME(map), "d"));
    assert_false_value(HAS(NONE, "c"));
}

static void test_insert(void **state) {
    (void)state;
    tact_value map = MAP(S("a"), I(1)), none = tact_map_new(&here.arena, NULL, 0);
    assert_prints(RUN("@mapInsert_map_key_value", map, S("b"), I(2)), "{\"a\": 1, \"b\": 2}");
    assert_prints(RUN("@mapInsert_map_key_value", none, S("b"), I(2)), "{\"b\": 2}");
    assert_prints(RUN("@mapInsert_map_map", map, MAP(I(1), I(2), I(3), I(4))), "{\"a\": 1, 1: 2, 3: 4}");
    assert_prints(RUN("@mapInsert_map_map", map, none), "{\"a\": 1}");
    assert_fault(RUN("@mapInsert_map_key_value", map, S("a"), I(2)), REPEATED_KEY);
    assert_fault(RUN("@mapInsert_map_key_value", map, tact_null(), I(2)), BAD_KEY);
    here.call.steps_left = 1;
    assert_fault(RUN("@mapInsert_map_key_value", map, S("b"), I(2)), STEPS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_lists),
        func_test(test_maps),
        func_test(test_in_lists),
        func_test(test_fields),
        func_test(test_through_optionals),
        func_test(test_insert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
