// SPDX-License-Identifier: Apache-2.0
//
// Values: equality and order as the CEL language definition has them ("Equality", "Ordering"), maps, hashes, copies and
// what they print as.
#include "value/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "value/type.h"

static arena a;

static int set_up(void **state) {
    (void)state;
    arena_init(&a, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&a);
    return 0;
}

static tact_value text(const char *s) {
    return tact_string(s, strlen(s));
}

static void assert_prints(tact_value v, const char *expected) {
    assert_string_equal(tact_value_print(v, &a).ptr, expected);
}

static void numbers_are_equal_by_what_they_stand_for(void **state) {
    (void)state;
    assert_true(tact_value_equal(tact_int(1), tact_uint(1)));
    assert_true(tact_value_equal(tact_int(1), tact_double(1.0)));
    assert_true(tact_value_equal(tact_uint(1), tact_double(1.0)));
    assert_false(tact_value_equal(tact_int(1), tact_double(1.5)));
    assert_false(tact_value_equal(tact_int(-1), tact_uint(UINT64_MAX)));
    assert_false(tact_value_equal(tact_double(NAN), tact_double(NAN)));
    assert_true(tact_value_equal(tact_double(0.0), tact_double(-0.0)));
    // An int that has no double rounds, as the conformance suite has it.
    assert_true(tact_value_equal(tact_int(INT64_MAX), tact_double(9223372036854775808.0)));
    assert_false(tact_value_equal(tact_int(INT64_MAX), tact_uint(9223372036854775808u)));
    assert_true(tact_value_equal(tact_int(INT64_MIN), tact_double(-9223372036854775808.0)));
}

static void other_kinds_are_never_equal(void **state) {
    (void)state;
    assert_false(tact_value_equal(tact_int(0), tact_bool(false)));
    assert_false(tact_value_equal(tact_null(), tact_int(0)));
    assert_false(tact_value_equal(text("1"), tact_int(1)));
    assert_false(tact_value_equal(text("a"), tact_bytes("a", 1)));
    assert_true(tact_value_equal(tact_null(), tact_null()));
    assert_false(
        tact_value_equal(tact_fault_value(TACT_FAULT_ABSENT, NULL), tact_fault_value(TACT_FAULT_ABSENT, NULL)));
}

static void numbers_are_ordered_across_kinds(void **state) {
    (void)state;
    const tact_value ascending[] = {
        tact_double(-INFINITY),
        tact_int(INT64_MIN),
        tact_double(-1.5),
        tact_int(-1),
        tact_double(-0.5),
        tact_uint(0),
        tact_double(0.5),
        tact_int(1),
        tact_double(1.5),
        tact_uint(2),
        tact_int(9007199254740992),
        tact_int(INT64_MAX),
        tact_uint(9223372036854779904u),
        tact_double(1e19),
        tact_uint(UINT64_MAX),
        tact_double(1e300),
        tact_double(INFINITY),
    };
    size_t count = sizeof ascending / sizeof *ascending;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int expected = (i > j) - (i < j);
            assert_int_equal(value_compare(ascending[i], ascending[j]), expected);
            assert_int_equal(tact_value_equal(ascending[i], ascending[j]), i == j);
        }
        assert_int_equal(value_compare(ascending[i], tact_double(NAN)), VALUE_UNORDERED);
        assert_int_equal(value_compare(tact_double(NAN), ascending[i]), VALUE_UNORDERED);
    }
}

static void strings_and_times_are_ordered_and_lists_are_not(void **state) {
    (void)state;
    assert_int_equal(value_compare(text("a"), text("b")), -1);
    assert_int_equal(value_compare(text("ab"), text("a")), 1);
    assert_int_equal(value_compare(text(""), text("")), 0);
    assert_int_equal(value_compare(tact_timestamp(1, 5), tact_timestamp(1, 6)), -1);
    assert_int_equal(value_compare(tact_timestamp(2, 0), tact_timestamp(1, 6)), 1);
    assert_int_equal(value_compare(tact_duration(-1), tact_duration(1)), -1);
    assert_int_equal(value_compare(tact_bool(false), tact_bool(true)), -1);
    assert_int_equal(value_compare(tact_list(NULL, 0), tact_list(NULL, 0)), VALUE_NO_ORDER);
    assert_int_equal(value_compare(text("1"), tact_int(1)), VALUE_NO_ORDER);
}

static void maps_find_equal_numbers_whatever_their_kind(void **state) {
    (void)state;
    for (int count = 1; count < 200; count += 7) { // with an index and without
        value_entry *entries = arena_array(&a, (size_t)count, sizeof *entries);
        for (int i = 0; i < count; i++) entries[i] = (value_entry){tact_int(i), tact_int(i * i)};
        tact_value map = value_map(&a, entries, (size_t)count);
        assert_int_equal(map.kind, TACT_MAP);
        for (int i = 0; i < count; i++) {
            assert_int_equal(tact_map_get(map, tact_int(i))->as.i, i * i);
            assert_int_equal(tact_map_get(map, tact_uint((uint64_t)i))->as.i, i * i);
            assert_int_equal(tact_map_get(map, tact_double(i))->as.i, i * i);
            assert_null(tact_map_get(map, tact_double(i + 0.5)));
        }
        assert_null(tact_map_get(map, tact_int(count)));
        assert_null(tact_map_get(map, text("0")));
        assert_null(tact_map_get(map, tact_list(NULL, 0)));
    }
}

static void map_keys_are_never_rounded(void **state) {
    (void)state;
    tact_value pairs[] = {tact_int(9007199254740993), tact_bool(true), tact_uint(UINT64_MAX), tact_bool(true)};
    tact_value map = tact_map_new(&a, pairs, 2);
    assert_null(tact_map_get(map, tact_double(9007199254740992.0)));
    assert_null(tact_map_get(map, tact_double(18446744073709551616.0)));
    assert_non_null(tact_map_get(map, tact_uint(9007199254740993)));
}

static void maps_refuse_repeated_and_impossible_keys(void **state) {
    (void)state;
    tact_value pairs[] = {tact_int(1), tact_null(), tact_uint(1), tact_null()};
    assert_int_equal(tact_map_new(&a, pairs, 2).len, TACT_FAULT_REPEATED_KEY);
    tact_value bad[] = {tact_double(1.0), tact_null()};
    assert_int_equal(tact_map_new(&a, bad, 1).len, TACT_FAULT_BAD_KEY);
    tact_value many[40];
    for (int i = 0; i < 20; i++) {
        many[2 * i] = tact_int(i == 19 ? 3 : i);
        many[2 * i + 1] = tact_null();
    }
    assert_int_equal(tact_map_new(&a, many, 20).len, TACT_FAULT_REPEATED_KEY);
}

static void maps_are_equal_in_any_order(void **state) {
    (void)state;
    tact_value one[] = {text("a"), tact_int(1), text("b"), tact_int(2)};
    tact_value two[] = {text("b"), tact_double(2.0), text("a"), tact_int(1)};
    tact_value three[] = {text("b"), tact_int(3), text("a"), tact_int(1)};
    assert_true(tact_value_equal(tact_map_new(&a, one, 2), tact_map_new(&a, two, 2)));
    assert_false(tact_value_equal(tact_map_new(&a, one, 2), tact_map_new(&a, three, 2)));
    assert_false(tact_value_equal(tact_map_new(&a, one, 2), tact_map_new(&a, one, 1)));
}

static void comparing_stops_at_its_budget(void **state) {
    (void)state;
    tact_value v = tact_int(1); // doubles 60 times: unfolded, it would never end
    for (int i = 0; i < 60; i++) {
        tact_value *items = arena_array(&a, 2, sizeof *items);
        items[0] = items[1] = v;
        v = tact_list(items, 2);
    }
    uint64_t budget = 1000;
    assert_false(value_equal_within(v, v, &budget));
    assert_int_equal(budget, 0);
    assert_int_equal(value_weight(v, 500), 500);
    assert_false(tact_value_equal(v, v)); // too large to say
    tact_str text = tact_value_print(v, &a);
    assert_true(text.len < 10 * VALUE_PRINT_PARTS);
    assert_non_null(strstr(text.ptr, "..."));
}

static void a_copy_shares_nothing(void **state) {
    (void)state;
    char name[] = "name";
    tact_value inner = tact_int(7), items[] = {text(name), value_some(&inner), tact_bool(true)};
    tact_value pairs[] = {text(name), tact_list(items, 3)};
    tact_value v = tact_map_new(&a, pairs, 1), copy;
    assert_true(value_copy(&a, v, &copy));
    assert_true(tact_value_equal(v, copy));
    const char *before = tact_value_print(copy, &a).ptr;
    name[0] = 'X';
    items[2] = tact_null();
    inner = tact_int(8);
    assert_string_equal(tact_value_print(copy, &a).ptr, before);
}

static void prints_literals_that_read_back(void **state) {
    (void)state;
    assert_prints(tact_null(), "null");
    assert_prints(tact_bool(true), "true");
    assert_prints(tact_int(INT64_MIN), "-9223372036854775808");
    assert_prints(tact_uint(UINT64_MAX), "18446744073709551615u");
    assert_prints(tact_double(1.0), "1.0");
    assert_prints(tact_double(0.1), "0.1");
    assert_prints(tact_double(-0.0), "-0.0");
    assert_prints(tact_double(NAN), "double(\"NaN\")");
    assert_prints(tact_double(-INFINITY), "double(\"-Infinity\")");
    assert_prints(text("a\"\\\n\x01\xe2\x82\xac"), "\"a\\\"\\\\\\n\\u0001\xe2\x82\xac\"");
    assert_prints(tact_bytes("a\xff\n", 3), "b\"a\\xff\\n\"");
    tact_value items[] = {tact_int(1), text("x")};
    assert_prints(tact_list(items, 2), "[1, \"x\"]");
    tact_value pairs[] = {text("k"), tact_list(items, 2)};
    assert_prints(tact_map_new(&a, pairs, 1), "{\"k\": [1, \"x\"]}");
    assert_prints(value_some(&items[0]), "optional.of(1)");
    assert_prints(value_some(NULL), "optional.none()");
    assert_prints(value_type(&type_int), "int");
}

static void prints_times(void **state) {
    (void)state;
    assert_prints(tact_timestamp(0, 0), "timestamp(\"1970-01-01T00:00:00Z\")");
    assert_prints(tact_timestamp(1234567890, 120000000), "timestamp(\"2009-02-13T23:31:30.120Z\")");
    assert_prints(tact_timestamp(-1, 999999999), "timestamp(\"1969-12-31T23:59:59.999999999Z\")");
    assert_prints(tact_timestamp(VALUE_TIMESTAMP_MIN, 0), "timestamp(\"0001-01-01T00:00:00Z\")");
    assert_prints(tact_timestamp(VALUE_TIMESTAMP_MAX, 1000), "timestamp(\"9999-12-31T23:59:59.000001Z\")");
    assert_prints(tact_timestamp(951782400, 0), "timestamp(\"2000-02-29T00:00:00Z\")");
    assert_prints(tact_duration(0), "duration(\"0s\")");
    assert_prints(tact_duration(-1500000000), "duration(\"-1.5s\")");
    assert_prints(tact_duration(INT64_MIN), "duration(\"-9223372036.854775808s\")");
    assert_prints(tact_duration(1), "duration(\"0.000000001s\")");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_equal_by_what_they_stand_for),
        cmocka_unit_test(other_kinds_are_never_equal),
        cmocka_unit_test(numbers_are_ordered_across_kinds),
        cmocka_unit_test(strings_and_times_are_ordered_and_lists_are_not),
        cmocka_unit_test(maps_find_equal_numbers_whatever_their_kind),
        cmocka_unit_test(map_keys_are_never_rounded),
        cmocka_unit_test(maps_refuse_repeated_and_impossible_keys),
        cmocka_unit_test(maps_are_equal_in_any_order),
        cmocka_unit_test(comparing_stops_at_its_budget),
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(prints_literals_that_read_back),
        cmocka_unit_test(prints_times),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
