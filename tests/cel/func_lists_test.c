// SPDX-License-Identifier: Apache-2.0
//
// The lists extension, by cel-go's documentation of it, and what keeps it from running away.
#include "func_case.h"

#include <math.h>

#define I tact_int
#define D tact_double
#define NOTHING tact_list(NULL, 0)

static void test_slice(void **state) {
    (void)state;
    tact_value list = LIST(I(1), I(2), I(3), I(4));
    assert_prints(RUN("list_slice", list, I(1), I(3)), "[2, 3]");
    assert_prints(RUN("list_slice", list, I(0), I(4)), "[1, 2, 3, 4]");
    assert_prints(RUN("list_slice", list, I(4), I(4)), "[]");
    assert_prints(RUN("list_slice", NOTHING, I(0), I(0)), "[]");
    assert_fault_text(RUN("list_slice", list, I(-1), I(3)), INDEX_RANGE,
                      "cannot slice(-1, 3), negative indexes not supported");
    assert_fault_text(RUN("list_slice", list, I(3), I(1)), INVALID_ARGUMENT,
                      "cannot slice(3, 1), start index must be less than or equal to end index");
    assert_fault_text(RUN("list_slice", list, I(0), I(10)), INDEX_RANGE, "cannot slice(0, 10), list is length 4");
}

static void test_flatten(void **state) {
    (void)state;
    tact_value deepest = LIST(I(4)), deeper = LIST(I(3), deepest), deep = LIST(I(2), deeper);
    tact_value list = LIST(I(1), deep, NOTHING);
    assert_prints(RUN("list_flatten", list), "[1, 2, [3, [4]]]");
    assert_prints(RUN("list_flatten_int", list, I(2)), "[1, 2, 3, [4]]");
    assert_prints(RUN("list_flatten_int", list, I(3)), "[1, 2, 3, 4]");
    assert_prints(RUN("list_flatten_int", list, I(INT64_MAX)), "[1, 2, 3, 4]");
    assert_prints(RUN("list_flatten_int", list, I(0)), "[1, [2, [3, [4]]], []]");
    assert_prints(RUN("list_flatten", LIST(I(1), I(2))), "[1, 2]");
    assert_prints(RUN("list_flatten", NOTHING), "[]");
    assert_fault_text(RUN("list_flatten_int", list, I(-1)), INVALID_ARGUMENT, "level must be non-negative");
}

static void test_flatten_is_paid_for(void **state) {
    (void)state;
    tact_value pairs[40][2], list = LIST(I(1)); // 2^40 items that share two
    for (int i = 0; i < 40; i++) {
        pairs[i][0] = pairs[i][1] = list;
        list = tact_list(pairs[i], 2);
    }
    assert_fault(RUN("list_flatten_int", list, I(50)), STEPS);
}

static void test_reverse_range_ends(void **state) {
    (void)state;
    assert_prints(RUN("list_reverse", LIST(I(5), I(3), I(1), I(2))), "[2, 1, 3, 5]");
    assert_prints(RUN("list_reverse", NOTHING), "[]");
    assert_prints(RUN("lists_range", I(5)), "[0, 1, 2, 3, 4]");
    assert_prints(RUN("lists_range", I(0)), "[]");
    assert_prints(RUN("lists_range", I(-3)), "[]");
    assert_prints(RUN("list_first", LIST(I(1), I(2))), "optional.of(1)");
    assert_prints(RUN("list_last", LIST(I(1), I(2))), "optional.of(2)");
    assert_prints(RUN("list_first", NOTHING), "optional.none()");
    assert_prints(RUN("list_last", NOTHING), "optional.none()");
}

static void test_range_is_bounded(void **state) {
    (void)state;
    assert_fault(RUN("lists_range", I(INT64_MAX)), OVERFLOW);
    assert_fault(RUN("lists_range", I(100000)), NO_MEMORY); // 1.6 MB
    here.call.steps_left = 100;
    assert_fault(RUN("lists_range", I(101)), STEPS);
}

static void test_distinct(void **state) {
    (void)state;
    assert_prints(RUN("list_distinct", LIST(I(1), I(2), I(2), I(3), I(3), I(3))), "[1, 2, 3]");
    assert_prints(RUN("list_distinct", LIST(S("b"), S("b"), S("c"), S("a"), S("c"))), "[\"b\", \"c\", \"a\"]");
    assert_prints(RUN("list_distinct", LIST(I(1), S("b"), I(2), S("b"))), "[1, \"b\", 2]");
    assert_prints(RUN("list_distinct", LIST(I(1), tact_uint(1), D(1.0), D(1.5), D(1.5))), "[1, 1.5]");
    assert_prints(RUN("list_distinct", LIST(D(0.0), D(-0.0), I(0))), "[0.0]");
    assert_prints(RUN("list_distinct", LIST(D((double)NAN), D((double)NAN))), "[double(\"NaN\"), double(\"NaN\")]");
    tact_value one = LIST(I(1)), same = LIST(D(1.0)), two = LIST(I(2));
    assert_prints(RUN("list_distinct", LIST(one, two, same, tact_null(), tact_null())), "[[1], [2], null]");
    assert_prints(RUN("list_distinct", LIST(RUN("type", I(1)), RUN("type", I(2)), RUN("type", S("")))),
                  "[int, string]");
    assert_prints(RUN("list_distinct", LIST(tact_timestamp(1, 0), tact_timestamp(1, 1), tact_timestamp(1, 0))),
                  "[timestamp(\"1970-01-01T00:00:01Z\"), timestamp(\"1970-01-01T00:00:01.000000001Z\")]");
    assert_prints(RUN("list_distinct", LIST(tact_bool(true), tact_bool(false), tact_bool(true))), "[true, false]");
    assert_prints(RUN("list_distinct", NOTHING), "[]");
}

// Items that have no hash are compared with each other: 1,000 of them cost half a million comparisons and more.
static void test_distinct_is_paid_for(void **state) {
    (void)state;
    enum { COUNT = 1500 };
    static tact_value numbers[COUNT], lists[COUNT];
    for (int i = 0; i < COUNT; i++) {
        numbers[i] = I(i);
        lists[i] = tact_list(&numbers[i], 1);
    }
    uint64_t before = here.call.steps_left;
    assert_int_equal(RUN("list_distinct", tact_list(numbers, COUNT)).len, COUNT);
    assert_true(before - here.call.steps_left < 10 * COUNT);
    assert_fault(RUN("list_distinct", tact_list(lists, COUNT)), STEPS);
}

static void test_sort(void **state) {
    (void)state;
    assert_prints(RUN("list_int_sort", LIST(I(3), I(2), I(1))), "[1, 2, 3]");
    assert_prints(RUN("list_string_sort", LIST(S("b"), S("c"), S("a"), S(""))), "[\"\", \"a\", \"b\", \"c\"]");
    assert_prints(RUN("list_bool_sort", LIST(tact_bool(true), tact_bool(false))), "[false, true]");
    assert_prints(RUN("list_double_sort", LIST(D(1.0), D((double)NAN), D(-1.0))), "[double(\"NaN\"), -1.0, 1.0]");
    assert_prints(RUN("list_bytes_sort", LIST(B("b"), B("a"))), "[b\"a\", b\"b\"]");
    assert_prints(RUN("list_google.protobuf.Duration_sort", LIST(tact_duration(2000000000), tact_duration(0))),
                  "[duration(\"0s\"), duration(\"2s\")]");
    assert_int_equal(RUN("list_google.protobuf.Timestamp_sort", LIST(tact_timestamp(1, 1), tact_timestamp(1, 0))).len,
                     2);
    assert_prints(RUN("list_uint_sort", NOTHING), "[]");
    assert_fault_text(RUN("list_int_sort", LIST(I(1), S("b"))), NO_SUCH_OVERLOAD,
                      "items to sort by must be of one kind that has an order, not int and string");
    assert_fault(RUN("list_int_sort", LIST(I(1), tact_uint(1))), NO_SUCH_OVERLOAD);
    assert_fault(RUN("list_int_sort", LIST(LIST(I(1)))), NO_SUCH_OVERLOAD);
    here.call.steps_left = 8;
    assert_fault(RUN("list_int_sort", LIST(I(4), I(3), I(2), I(1))), STEPS);
}

static void test_sort_by(void **state) {
    (void)state;
    tact_value names = LIST(S("foo"), S("bar"), S("baz"), S("qux"));
    assert_prints(RUN("list_int_sortByAssociatedKeys", names, LIST(I(0), I(-10), I(1000), I(0))),
                  "[\"bar\", \"foo\", \"qux\", \"baz\"]"); // equal keys keep their order
    assert_prints(RUN("list_string_sortByAssociatedKeys", NOTHING, NOTHING), "[]");
    assert_fault_text(RUN("list_int_sortByAssociatedKeys", names, LIST(I(0))), INVALID_ARGUMENT,
                      "there are 4 items, but 1 keys");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_slice),
        func_test(test_flatten),
        func_test(test_flatten_is_paid_for),
        func_test(test_reverse_range_ends),
        func_test(test_range_is_bounded),
        func_test(test_distinct),
        func_test(test_distinct_is_paid_for),
        func_test(test_sort),
        func_test(test_sort_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
