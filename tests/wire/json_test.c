// SPDX-License-Identifier: Apache-2.0
//
// JSON against RFC 8259 and the table in wire/json.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "value/type.h"
#include "value/value.h"
#include "wire/json.h"

static arena memory;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static tact_value read(const char *text) {
    tact_value v = {0};
    tact_error error = {0};
    tact_err code = json_read(&memory, tact_str_from(text), &v, &error);
    if (code) fail_msg("%s: %s", text, error.text);
    return v;
}

static const char *write(tact_value v) {
    buf out = buf_in(&memory);
    assert_int_equal(json_write(&out, v), TACT_OK);
    return buf_done(&out).ptr;
}

static const char *cel(tact_value v) {
    buf out = buf_in(&memory);
    value_print(&out, v);
    return buf_done(&out).ptr;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static void test_reads_every_kind(void **state) {
    (void)state;
    static const struct {
        const char *json, *cel;
    } rows[] = {
        {"null", "null"},
        {"true", "true"},
        {" false\n", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.0", "1.0"},
        {"1e2", "100.0"},
        {"-2.5E-1", "-0.25"},
        {"\"\"", "\"\""},
        {"\"a\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\"", "\"a\\\"\\\\/\\né😀\""},
        {"[]", "[]"},
        {"[1, [2.0, \"x\"], null]", "[1, [2.0, \"x\"], null]"},
        {"{}", "{}"},
        {"{\"b\": 1, \"a\": {\"c\": [true]}}", "{\"b\": 1, \"a\": {\"c\": [true]}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_string_equal(cel(read(rows[i].json)), rows[i].cel);
}

static void test_result_outlives_the_text(void **state) {
    (void)state;
    char text[] = "{\"name\": \"value\"}";
    tact_value v = read(text);
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(cel(v), "{\"name\": \"value\"}");
}

static void test_string_with_a_zero(void **state) {
    (void)state;
    tact_value v = read("\"a\\u0000b\"");
    assert_int_equal(v.len, 3);
    assert_memory_equal(v.as.s, "a\0b", 3);
    assert_string_equal(write(v), "\"a\\u0000b\"");
}

static void test_says_where_a_fault_is(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int line, column;
        const char *says;
    } rows[] = {
        {"", 1, 1, "end of file"},
        {"{\"a\": x}", 1, 7, "invalid token near 'x'"},
        {"[1,\n2,,3]", 2, 3, "unexpected token near ','"},
        {"[1", 1, 2, "']' expected"},
        {"[\"é\", x]", 1, 7, "invalid token near 'x'"},
        {"[1] x", 1, 5, "end of file expected"},
        {"{\"a\":1,\"a\":2}", 1, 10, "duplicate object key"},
        {"01", 1, 1, "invalid token"},
        {"9223372036854775808", 1, 19, "too big integer"},
        {"1e999", 1, 5, "overflow"},
        {"\"\\ud800\"", 1, 8, "invalid Unicode"},
        {"\"\xff\"", 1, 1, "unable to decode byte 0xff"},
        {"nul", 1, 3, "invalid token"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value v;
        tact_error error = {0};
        assert_int_equal(json_read(&memory, tact_str_from(rows[i].json), &v, &error), TACT_SYNTAX);
        assert_int_equal(error.code, TACT_SYNTAX);
        assert_int_equal(error.line, rows[i].line);
        assert_int_equal(error.column, rows[i].column);
        if (!strstr(error.text, rows[i].says)) fail_msg("%s: %s", rows[i].json, error.text);
        assert_null(strchr(error.text, '\n'));
        assert_int_equal(json_read(&memory, tact_str_from(rows[i].json), &v, NULL), TACT_SYNTAX);
    }
}

// `count` times `open`, then `inner`, then `count` times `close`.
static tact_str nested(const char *open, const char *inner, const char *close, size_t count) {
    buf text = buf_in(&memory);
    for (size_t i = 0; i < count; i++) buf_add_text(&text, open);
    buf_add_text(&text, inner);
    for (size_t i = 0; i < count; i++) buf_add_text(&text, close);
    return buf_done(&text);
}

static void test_depth_is_bounded(void **state) {
    (void)state;
    tact_value v;
    tact_error error;
    assert_int_equal(json_read(&memory, nested("[", "1", "]", JSON_DEPTH_MAX), &v, &error), TACT_OK);
    assert_int_equal(json_read(&memory, nested("[", "1", "]", JSON_DEPTH_MAX + 1), &v, &error), TACT_LIMIT);
    assert_int_equal(error.line, 1);
    assert_int_equal(error.column, JSON_DEPTH_MAX + 1);
    assert_string_equal(error.text, "nested deeper than 100 levels");
    assert_int_equal(json_read(&memory, nested("{\"a\":", "1", "}", JSON_DEPTH_MAX), &v, &error), TACT_OK);
    assert_int_equal(json_read(&memory, nested("{\"a\":", "1", "}", JSON_DEPTH_MAX + 1), &v, &error), TACT_LIMIT);
    assert_int_equal(json_read(&memory, nested("\n[", "1", "]", JSON_DEPTH_MAX + 1), &v, &error), TACT_LIMIT);
    assert_int_equal(error.line, JSON_DEPTH_MAX + 2);
    assert_int_equal(error.column, 1);
    assert_int_equal(json_read(&memory, nested("[", "1", "]", 1000000), &v, &error), TACT_LIMIT);
}

static void test_brackets_in_strings_are_no_depth(void **state) {
    (void)state;
    tact_str many = nested("[", "", "", 1000);
    const char *text = arena_printf(&memory, "[\"%s\", \"\\\"%s\"]", many.ptr, many.ptr);
    tact_value v = read(text);
    assert_int_equal(v.len, 2);
    assert_int_equal(v.as.items[0].len, 1000);
    assert_int_equal(v.as.items[1].len, 1001);
}

static void test_many_members(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    for (int i = 0; i < 1000; i++) buf_printf(&text, "%c\"k%d\":%d", i ? ',' : '{', i, i);
    buf_add_char(&text, '}');
    tact_str json = buf_done(&text);
    tact_value v = read(json.ptr);
    assert_int_equal(tact_map_count(v), 1000);
    const tact_value *found = tact_map_get(v, tact_string("k777", 4));
    assert_non_null(found);
    assert_int_equal(found->as.i, 777);
    assert_string_equal(write(v), json.ptr);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    tact_str text = nested("[{\"key\": ", "\"value\"", "}]", 40);
    tact_value v;
    tact_err code = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; code; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        tact_error error;
        code = json_read(&small, text, &v, &error);
        if (code) {
            assert_int_equal(code, TACT_NO_MEMORY);
            assert_int_equal(error.code, TACT_NO_MEMORY);
        } else {
            buf out = buf_in(&small);
            while (json_write(&out, v) == TACT_OK) continue;
            assert_true(out.failed);
        }
        arena_fini(&small);
    }
}

// ---- Writing --------------------------------------------------------------------------------------------------------

static void test_writes_every_kind(void **state) {
    (void)state;
    tact_value one = tact_int(1);
    const struct {
        tact_value value;
        const char *json;
    } rows[] = {
        {tact_null(), "null"},
        {tact_bool(true), "true"},
        {tact_bool(false), "false"},
        {tact_int(INT64_MIN), "-9223372036854775808"},
        {tact_uint(UINT64_MAX), "18446744073709551615"},
        {tact_double(1.0), "1.0"},
        {tact_double(-0.0), "-0.0"},
        {tact_double(0.1), "0.1"},
        {tact_double(DBL_MAX), "1.7976931348623157e+308"},
        {tact_double((double)NAN), "\"NaN\""},
        {tact_double((double)INFINITY), "\"Infinity\""},
        {tact_double((double)-INFINITY), "\"-Infinity\""},
        {tact_string("é\x7f/", 4), "\"é\x7f/\""},
        {tact_string("\"\\\b\f\n\r\t\x01\x1f", 9), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {tact_timestamp(0, 0), "\"1970-01-01T00:00:00Z\""},
        {tact_timestamp(VALUE_TIMESTAMP_MAX, 999999999), "\"9999-12-31T23:59:59.999999999Z\""},
        {tact_duration(3000000000), "\"3s\""},
        {tact_duration(-500000000), "\"-0.5s\""},
        {value_type(&type_int), "\"int\""},
        {value_some(&one), "1"},
        {value_some(NULL), "null"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_string_equal(write(rows[i].value), rows[i].json);
}

static void test_bytes(void **state) {
    (void)state;
    assert_string_equal(write(tact_bytes("", 0)), "\"\"");
    assert_string_equal(write(tact_bytes("\xfb\xff\x00", 3)), "\"+/8A\"");
    char zeros[100] = {0}; // more than is encoded at a time
    assert_string_equal(write(tact_bytes(zeros, sizeof zeros)),
                        arena_printf(&memory, "\"%s==\"", nested("A", "", "", 134).ptr));
}

static void test_keys_that_are_no_strings(void **state) {
    (void)state;
    const tact_value pairs[] = {tact_int(-1),    tact_int(1), tact_uint(2),           tact_int(2),
                                tact_bool(true), tact_int(3), tact_string("a\"b", 3), tact_int(4)};
    tact_value map = tact_map_new(&memory, pairs, 4);
    assert_string_equal(write(map), "{\"-1\":1,\"2\":2,\"true\":3,\"a\\\"b\":4}");
}

static void test_refuses_what_is_no_value(void **state) {
    (void)state;
    buf out = buf_in(&memory);
    assert_int_equal(json_write(&out, tact_fault_value(TACT_FAULT_ABSENT, NULL)), TACT_INVALID);
    tact_value nothing = {0};
    assert_int_equal(json_write(&out, tact_list(&nothing, 1)), TACT_INVALID);
    tact_value deep[JSON_DEPTH_MAX + 1];
    tact_value inner = tact_list(NULL, 0);
    for (size_t i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        deep[i] = inner;
        inner = tact_list(&deep[i], 1);
    }
    assert_int_equal(json_write(&out, inner), TACT_OK);
    deep[JSON_DEPTH_MAX] = inner;
    assert_int_equal(json_write(&out, tact_list(&deep[JSON_DEPTH_MAX], 1)), TACT_LIMIT);
}

static void test_round_trip(void **state) {
    (void)state;
    static const char *const rows[] = {
        "[null,true,false,0,-1,1.5,1e+100,5e-324,\"\",\"\\u0000é\\n\"]",
        "{\"a\":{\"b\":[{\"c\":{}},[]]},\"z\":\"a\",\"y\":[[[]]]}",
        "[9223372036854775807,-9223372036854775808,0.1,2.0,-0.0]",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_string_equal(write(read(rows[i])), rows[i]);
}

static void what_would_not_read_back_or_never_end_is_refused(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    tact_value pairs[] = {tact_int(1), tact_int(2), tact_string("1", 1), tact_int(4)};
    buf out = buf_in(&a);
    assert_int_equal(json_write(&out, tact_map_new(&a, pairs, 2)), TACT_INVALID);
    tact_value v = tact_int(1); // doubles 40 times
    for (int i = 0; i < 40; i++) {
        tact_value *items = arena_array(&a, 2, sizeof *items);
        items[0] = items[1] = v;
        v = tact_list(items, 2);
    }
    assert_int_equal(json_write(&out, v), TACT_LIMIT);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_would_not_read_back_or_never_end_is_refused),
        cmocka_unit_test_setup_teardown(test_reads_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_result_outlives_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_string_with_a_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_says_where_a_fault_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_brackets_in_strings_are_no_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writes_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_that_are_no_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
