// SPDX-License-Identifier: Apache-2.0
//
// The table at the top of cli/import_value.h: what reads as a value of each type, from a text and from JSON, and what
// is said of everything else. Values are shown as the language prints them, "-" is none.
#include "cli/import_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "value/command.h"
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

static const char *read_as(const char *type_text, tact_value given) {
    tact_error error;
    tact_value v;
    const tact_type *type = type_parse(&memory, tact_str_from(type_text), NULL);
    tact_err err = import_value(&memory, type, given, &v, &error);
    if (err) return arena_printf(&memory, "%s", error.text);
    if (v.kind == TACT_NULL) return "-";
    assert_true(schema_fits(type, v));
    return tact_value_print(v, &memory).ptr;
}

static void text(const char *type, const char *given, const char *wanted) {
    char copy[100]; // nothing behind the text may be looked at
    size_t len = strlen(given);
    memset(copy, '7', sizeof copy);
    memcpy(copy, given, len);
    const char *got = read_as(type, tact_string(copy, len));
    if (strcmp(got, wanted) != 0) fail_msg("%s from `%s`: %s, wanted %s", type, given, got, wanted);
}

static void json(const char *type, const char *given, const char *wanted) {
    tact_value v;
    assert_int_equal(json_read(&memory, tact_str_from(given), &v, NULL), TACT_OK);
    const char *got = read_as(type, v);
    if (strcmp(got, wanted) != 0) fail_msg("%s from JSON %s: %s, wanted %s", type, given, got, wanted);
}

static void test_bool(void **state) {
    (void)state;
    static const char *const yes[] = {"1", "true", "yes", "TRUE", "Yes", " true "}, *const no[] = {"0", "false", "nO"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) text("bool", yes[i], "true");
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) text("bool", no[i], "false");
    text("bool", "2", "`2` is not true or false");
    text("bool", "y", "`y` is not true or false");
    text("bool", "\x11", "`\ufffd` is not true or false");
    json("bool", "true", "true");
    json("bool", "0", "false");
    json("bool", "1", "true");
    json("bool", "\"no\"", "false");
    json("bool", "2", "`2` is not true or false");
    json("bool", "1.0", "`1.0` is not true or false");
}

static void test_int(void **state) {
    (void)state;
    text("int", "12", "12");
    text("int", " -3\t", "-3");
    text("int", "+4", "4");
    text("int", "12.0", "12");
    text("int", "12.000", "12");
    text("int", "9223372036854775807", "9223372036854775807");
    text("int", "9223372036854775808", "`9223372036854775808` is not a whole number of 64 bits");
    text("int", "12.5", "`12.5` is not a whole number of 64 bits");
    text("int", "12.", "`12.` is not a whole number of 64 bits");
    text("int", ".0", "`.0` is not a whole number of 64 bits");
    text("int", "1,000", "`1,000` is not a whole number of 64 bits");
    text("int", "1e3", "`1e3` is not a whole number of 64 bits");
    text("int", "x", "`x` is not a whole number of 64 bits");
    json("int", "12", "12");
    json("int", "12.0", "12");
    json("int", "\"12\"", "12");
    json("int", "12.5", "`12.5` is not a whole number of 64 bits");
    json("int", "1e300", "`1e+300` is not a whole number of 64 bits");
    json("int", "true", "`true` is not a whole number of 64 bits");
}

static void test_double(void **state) {
    (void)state;
    text("double", "12.5", "12.5");
    text("double", "12", "12.0");
    text("double", "-1e3", "-1000.0");
    text("double", ".5", "0.5");
    text("double", "12,5", "`12,5` is not a number");
    text("double", "nan", "`nan` is not a number");
    text("double", "inf", "`inf` is not a number");
    text("double", "1e999", "`1e999` is not a number");
    text("double", "$12", "`$12` is not a number");
    json("double", "12", "12.0");
    json("double", "12.5", "12.5");
    json("double", "\"12.5\"", "12.5");
    json("double", "{}", "`{}` is not a number");
}

static void test_string(void **state) {
    (void)state;
    text("string", " a b ", "\" a b \"");
    text("string", "12", "\"12\"");
    json("string", "\"x\"", "\"x\"");
    json("string", "12", "`12` is not a text");
    json("string", "true", "`true` is not a text");
    json("string", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "`[1, 2, 3, 4, 5, 6, ...]` is not a text");
    char longest[COMMAND_TEXT_MAX + 2];
    memset(longest, 'a', sizeof longest);
    assert_string_equal(read_as("string", tact_string(longest, COMMAND_TEXT_MAX + 1)),
                        "a text of 2049 bytes; 2048 fit");
    assert_int_equal(strlen(read_as("string", tact_string(longest, COMMAND_TEXT_MAX))), COMMAND_TEXT_MAX + 2);
}

static void test_timestamp(void **state) {
    (void)state;
    text("timestamp", "2026-12-01T10:00:00Z", "timestamp(\"2026-12-01T10:00:00Z\")");
    text("timestamp", "2026-12-01T10:00:00.5+02:00", "timestamp(\"2026-12-01T08:00:00.500Z\")");
    text("timestamp", "2026-12-01", "timestamp(\"2026-12-01T00:00:00Z\")");
    text("timestamp", "2026-13-01", "`2026-13-01` is not a time such as 2026-12-01T10:00:00Z");
    text("timestamp", "01.12.2026", "`01.12.2026` is not a time such as 2026-12-01T10:00:00Z");
    text("timestamp", "12/01/2026", "`12/01/2026` is not a time such as 2026-12-01T10:00:00Z");
    text("timestamp", "1764583200", "`1764583200` is not a time such as 2026-12-01T10:00:00Z");
    json("timestamp", "\"2026-12-01\"", "timestamp(\"2026-12-01T00:00:00Z\")");
    json("timestamp", "1764583200", "`1764583200` is not a time such as 2026-12-01T10:00:00Z");
}

static void test_duration(void **state) {
    (void)state;
    text("duration", "90d", "duration(\"7776000s\")");
    text("duration", "1h30m", "duration(\"5400s\")");
    text("duration", "-1.5s", "duration(\"-1.5s\")");
    text("duration", "90", "`90` is not a duration such as 90d or 1h30m");
    json("duration", "\"90d\"", "duration(\"7776000s\")");
    json("duration", "90", "`90` is not a duration such as 90d or 1h30m");
}

static void test_list(void **state) {
    (void)state;
    text("list(string)", "a", "[\"a\"]");
    text("list(string)", " a ; b c;;d; ", "[\"a\", \"b c\", \"d\"]");
    text("list(string)", "a,b", "[\"a,b\"]");
    text("list(string)", ";", "[]");
    text("list(string)", "[]", "[]");
    text("list(string)", "[\"a;b\", \"\"]", "[\"a;b\", \"\"]");
    text("list(int)", "1;2;3.0", "[1, 2, 3]");
    text("list(int)", " [1, 2] ", "[1, 2]");
    text("list(double)", "1;2.5", "[1.0, 2.5]");
    text("list(int)", "1;x", "`x` is not a whole number of 64 bits");
    text("list(int)", "[1, 2", "`[1, 2` is not a list such as a;b or [\"a\",\"b\"]");
    json("list(string)", "[\"a\", \"b\"]", "[\"a\", \"b\"]");
    json("list(string)", "\"a;b\"", "[\"a\", \"b\"]");
    json("list(double)", "[1, 2.5]", "[1.0, 2.5]");
    json("list(double)", "[]", "[]");
    json("list(string)", "[1]", "`1` is not a text");
    json("list(int)", "[null]", "`null` is not a whole number of 64 bits");
    json("list(int)", "[[1]]", "`[1]` is not a whole number of 64 bits");
    json("list(int)", "1", "`1` is not a list such as a;b or [\"a\",\"b\"]");
}

static void test_none(void **state) {
    (void)state;
    static const char *const types[] = {"bool", "int", "double", "timestamp", "duration", "list(string)"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        text(types[i], "", "-");
        text(types[i], " \t", "-");
        json(types[i], "null", "-");
        json(types[i], "\"\"", "-");
    }
    text("string", "", "-");
    text("string", " ", "\" \"");
    json("string", "null", "-");
}

static void identity(tact_value given, const char *wanted) {
    tact_str out;
    tact_error error;
    tact_err err = import_value_text(&memory, given, &out, &error);
    assert_string_equal(err ? error.text : out.ptr, wanted);
}

static void test_identities(void **state) {
    (void)state;
    identity(tact_string("abc", 2), "ab");
    identity(tact_int(-12), "-12");
    identity(tact_null(), "");
    identity(tact_double(3.0), "3");
    identity(tact_double(-0.0), "0");
    identity(tact_double(0x1p53), "9007199254740992");
    identity(tact_double(1.5), "`1.5` is not a text or a whole number");
    identity(tact_double(0x1p54), "`1.8014398509481984e+16` is not a text or a whole number");
    identity(tact_bool(true), "`true` is not a text or a whole number");
}

static void test_memory(void **state) {
    (void)state;
    tact_error error;
    tact_value v;
    tact_str s;
    arena none;
    arena_init(&none, 1);
    const tact_type *list = type_parse(&memory, TACT_STR("list(string)"), NULL);
    assert_int_equal(import_value(&none, &type_string, tact_string("a", 1), &v, &error), TACT_NO_MEMORY);
    assert_int_equal(import_value(&none, &type_int, tact_bool(true), &v, &error), TACT_NO_MEMORY);
    assert_int_equal(import_value(&none, list, tact_string("a;b", 3), &v, &error), TACT_NO_MEMORY);
    assert_int_equal(import_value(&none, list, tact_string("[1]", 3), &v, &error), TACT_NO_MEMORY);
    assert_int_equal(import_value_text(&none, tact_int(1), &s, &error), TACT_NO_MEMORY);
    arena_fini(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bool),   cmocka_unit_test(test_int),       cmocka_unit_test(test_double),
        cmocka_unit_test(test_string), cmocka_unit_test(test_timestamp), cmocka_unit_test(test_duration),
        cmocka_unit_test(test_list),   cmocka_unit_test(test_none),      cmocka_unit_test(test_identities),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
