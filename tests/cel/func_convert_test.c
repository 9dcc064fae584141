// SPDX-License-Identifier: Apache-2.0
//
// Conversions, by the conformance suite's sections `conversions` and `timestamps`, and the ends of every range.
#include "func_case.h"

#include <math.h>

#define I tact_int
#define U tact_uint
#define D tact_double

static void test_same_kind(void **state) {
    (void)state;
    static const char *const ids[] = {"bool_to_bool",           "bytes_to_bytes",  "double_to_double",
                                      "duration_to_duration",   "int64_to_int64",  "string_to_string",
                                      "timestamp_to_timestamp", "uint64_to_uint64"};
    const tact_value values[] = {tact_bool(true),      B("b"), D(1.5), tact_duration(1), I(1), S("s"),
                                 tact_timestamp(1, 2), U(1)};
    for (size_t i = 0; i < 8; i++) assert_true(tact_value_equal(RUN(ids[i], values[i]), values[i]));
    assert_prints(RUN("to_dyn", I(1)), "1");
}

static void test_to_int(void **state) {
    (void)state;
    assert_prints(RUN("uint64_to_int64", U(INT64_MAX)), "9223372036854775807");
    assert_fault_text(RUN("uint64_to_int64", U(9223372036854775808u)), OVERFLOW, "beyond what int can hold");
    assert_prints(RUN("double_to_int64", D(-123.456)), "-123");
    assert_prints(RUN("double_to_int64", D(1.9)), "1");
    assert_prints(RUN("double_to_int64", D(11.5)), "11");
    assert_prints(RUN("double_to_int64", D(-3.5)), "-3");
    assert_prints(RUN("double_to_int64", D(9223372036854774784.0)), "9223372036854774784");
    assert_fault(RUN("double_to_int64", D(9223372036854775807.0)), OVERFLOW);
    assert_fault(RUN("double_to_int64", D(-9223372036854775808.0)), OVERFLOW);
    assert_fault(RUN("double_to_int64", D(1e99)), OVERFLOW);
    assert_fault(RUN("double_to_int64", D((double)NAN)), OVERFLOW);
    assert_fault(RUN("double_to_int64", D((double)-INFINITY)), OVERFLOW);
    assert_prints(RUN("string_to_int64", S("-987")), "-987");
    assert_fault_text(RUN("string_to_int64", S("x1")), CONVERSION, "'x1' is no int");
    assert_fault(RUN("string_to_int64", S("")), CONVERSION);
    assert_fault(RUN("string_to_int64", S("9223372036854775808")), CONVERSION);
    assert_prints(RUN("timestamp_to_int64", tact_timestamp(1095379199, 5)), "1095379199");
    assert_prints(RUN("timestamp_to_int64", tact_timestamp(-1, 500000000)), "-1");
    assert_prints(RUN("duration_to_int64", tact_duration(-7)), "-7");
}

static void test_to_uint(void **state) {
    (void)state;
    assert_prints(RUN("int64_to_uint64", I(1729)), "1729u");
    assert_fault(RUN("int64_to_uint64", I(-1)), OVERFLOW);
    assert_prints(RUN("double_to_uint64", D(25.5)), "25u");
    assert_prints(RUN("double_to_uint64", D(-0.0)), "0u");
    assert_prints(RUN("double_to_uint64", D(18446744073709549568.0)), "18446744073709549568u");
    assert_fault(RUN("double_to_uint64", D(18446744073709551615.0)), OVERFLOW);
    assert_fault(RUN("double_to_uint64", D(-0.5)), OVERFLOW);
    assert_fault(RUN("double_to_uint64", D((double)NAN)), OVERFLOW);
    assert_prints(RUN("string_to_uint64", S("300")), "300u");
    assert_fault_text(RUN("string_to_uint64", S("-1")), CONVERSION, "'-1' is no uint");
}

static void test_to_double(void **state) {
    (void)state;
    assert_prints(RUN("int64_to_double", I(-1000000000000000)), "-1e+15");
    assert_prints(RUN("int64_to_double", I(INT64_MAX)), "9.223372036854776e+18");
    assert_prints(RUN("uint64_to_double", U(UINT64_MAX)), "1.8446744073709552e+19");
    assert_prints(RUN("string_to_double", S("-84.32e7")), "-8.432e+08");
    assert_prints(RUN("string_to_double", S("-0.0")), "-0.0");
    assert_prints(RUN("string_to_double", S("NaN")), "double(\"NaN\")");
    assert_prints(RUN("string_to_double", S("-Infinity")), "double(\"-Infinity\")");
    assert_fault_text(RUN("string_to_double", S("1,5")), CONVERSION, "'1,5' is no double");
}

static void test_to_bool(void **state) {
    (void)state;
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    static const char *const neither[] = {"TrUe", "FaLsE", "", "yes", "tru", "true "};
    for (size_t i = 0; i < 6; i++) {
        assert_true_value(RUN("string_to_bool", tact_string(yes[i], strlen(yes[i]))));
        assert_false_value(RUN("string_to_bool", tact_string(no[i], strlen(no[i]))));
        assert_fault(RUN("string_to_bool", tact_string(neither[i], strlen(neither[i]))), CONVERSION);
    }
}

static void test_to_string(void **state) {
    (void)state;
    assert_prints(RUN("int64_to_string", I(INT64_MIN)), "\"-9223372036854775808\"");
    assert_prints(RUN("uint64_to_string", U(9876)), "\"9876\"");
    assert_prints(RUN("double_to_string", D(123.456)), "\"123.456\"");
    assert_prints(RUN("double_to_string", D(-4.5e-3)), "\"-0.0045\"");
    assert_prints(RUN("double_to_string", D(1.0)), "\"1\"");
    assert_prints(RUN("double_to_string", D((double)NAN)), "\"NaN\"");
    assert_prints(RUN("bool_to_string", tact_bool(true)), "\"true\"");
    assert_prints(RUN("bool_to_string", tact_bool(false)), "\"false\"");
    assert_prints(RUN("timestamp_to_string", tact_timestamp(1234567890, 0)), "\"2009-02-13T23:31:30Z\"");
    assert_prints(RUN("timestamp_to_string", tact_timestamp(VALUE_TIMESTAMP_MAX, 999999999)),
                  "\"9999-12-31T23:59:59.999999999Z\"");
    assert_prints(RUN("duration_to_string", tact_duration(INT64_C(1000000000000000))), "\"1000000s\"");
    assert_prints(RUN("duration_to_string", tact_duration(60001000000)), "\"60.001s\"");
}

static void test_strings_and_bytes(void **state) {
    (void)state;
    assert_prints(RUN("string_to_bytes", S("\u00ff")), "b\"\\xc3\\xbf\"");
    assert_prints(RUN("string_to_bytes", S("")), "b\"\"");
    assert_prints(RUN("bytes_to_string", B("\303\277")), "\"\u00ff\"");
    assert_int_equal(RUN("bytes_to_string", tact_bytes(NULL, 0)).kind, TACT_STRING);
    assert_fault_text(RUN("bytes_to_string", B("\000\xff")), CONVERSION, "the bytes are no valid UTF-8");
    assert_fault(RUN("bytes_to_string", B("\xed\xa0\x80")), CONVERSION); // a surrogate
}

static void test_times(void **state) {
    (void)state;
    assert_prints(RUN("int64_to_timestamp", I(1000000000)), "timestamp(\"2001-09-09T01:46:40Z\")");
    assert_fault(RUN("int64_to_timestamp", I(VALUE_TIMESTAMP_MAX + 1)), OVERFLOW);
    assert_fault(RUN("int64_to_timestamp", I(VALUE_TIMESTAMP_MIN - 1)), OVERFLOW);
    assert_prints(RUN("string_to_timestamp", S("2023-02-03T23:31:20+00:00")), "timestamp(\"2023-02-03T23:31:20Z\")");
    assert_fault_text(RUN("string_to_timestamp", S("0000-01-01T00:00:00Z")), OVERFLOW,
                      "'0000-01-01T00:00:00Z' is no timestamp, which is written like 2026-12-01T00:00:00Z");
    assert_fault_text(RUN("string_to_timestamp", S("10000-01-01T00:00:00Z")), CONVERSION,
                      "'10000-01-01T00:00:00Z' is no timestamp, which is written like 2026-12-01T00:00:00Z");
    assert_prints(RUN("string_to_duration", S("1h45m47s")), "duration(\"6347s\")");
    assert_fault(RUN("string_to_duration", S("-320000000000s")), OVERFLOW);
    assert_fault_text(RUN("string_to_duration", S("1d")), CONVERSION,
                      "'1d' is no duration, which is written like 336h or 1h30m");
}

static void test_types(void **state) {
    (void)state;
    assert_prints(RUN("type", I(1)), "int");
    assert_prints(RUN("type", tact_null()), "null_type");
    assert_prints(RUN("type", tact_timestamp(0, 0)), "google.protobuf.Timestamp");
    assert_prints(RUN("type", tact_duration(0)), "google.protobuf.Duration");
    assert_prints(RUN("type", LIST(I(1))), "list");
    assert_prints(RUN("type", RUN("type", I(1))), "type");
    assert_prints(RUN("type", RUN("optional_of", I(1))), "optional_type");
    assert_true(tact_value_equal(RUN("type", LIST(I(1))), RUN("type", LIST(S("a")))));
}

static void test_long_texts_are_cut_in_messages(void **state) {
    (void)state;
    char text[200];
    for (size_t i = 0; i < sizeof text; i += 2) memcpy(text + i, "\u00e4", 2);
    tact_value v = RUN("string_to_int64", tact_string(text, sizeof text));
    assert_fault(v, CONVERSION);
    assert_int_equal(strlen(v.as.s), 1 + 60 * 2 + 3 + 1 + strlen(" is no int")); // 60 characters and an ellipsis
    here.call.steps_left = 100;
    assert_fault(RUN("string_to_int64", tact_string(text, sizeof text)), STEPS);
}

static void test_messages_are_one_line_that_prints(void **state) {
    (void)state;
    assert_fault_text(RUN("string_to_int64", S("a\nb")), CONVERSION, "'a\ufffdb' is no int");
    assert_fault_text(RUN("string_to_int64", S("\x1b[31mX")), CONVERSION, "'\ufffd[31mX' is no int");
    assert_fault_text(RUN("string_to_int64", S("1\0")), CONVERSION, "'1\ufffd' is no int");
    assert_fault_text(RUN("string_to_bool", S("\u202etrue")), CONVERSION, "'\ufffdtrue' is no bool");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_same_kind),
        func_test(test_to_int),
        func_test(test_to_uint),
        func_test(test_to_double),
        func_test(test_to_bool),
        func_test(test_to_string),
        func_test(test_strings_and_bytes),
        func_test(test_times),
        func_test(test_types),
        func_test(test_long_texts_are_cut_in_messages),
        func_test(test_messages_are_one_line_that_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
