// SPDX-License-Identifier: Apache-2.0
//
// string.format, by the conformance suite's groups `format` and `format_errors` and cel-spec's
// doc/extensions/strings.md.
#include "func_case.h"

#include <math.h>

#define I tact_int
#define U tact_uint
#define D tact_double
#define FORMAT(text, ...) RUN("string_format", S(text), LIST(__VA_ARGS__))
#define NOTHING tact_list(NULL, 0)

static void test_text(void **state) {
    (void)state;
    assert_prints(RUN("string_format", S("no substitution"), NOTHING), "\"no substitution\"");
    assert_prints(RUN("string_format", S(""), NOTHING), "\"\"");
    assert_prints(RUN("string_format", tact_string(NULL, 0), NOTHING), "\"\"");
    assert_prints(RUN("string_format", S("%% and also %%"), NOTHING), "\"% and also %\"");
    assert_prints(FORMAT("str is %s and some more", S("filler")), "\"str is filler and some more\"");
    assert_prints(FORMAT("%%%s%%", S("text")), "\"%text%\"");
    assert_prints(FORMAT("%s%%", S("percent on the right")), "\"percent on the right%\"");
    assert_prints(FORMAT("%d %d, %s %s", I(1), I(2), S("A"), S("B")), "\"1 2, A B\"");
}

static void test_integers(void **state) {
    (void)state;
    assert_prints(FORMAT("%d", I(INT64_MIN)), "\"-9223372036854775808\"");
    assert_prints(FORMAT("%d", U(UINT64_MAX)), "\"18446744073709551615\"");
    assert_prints(FORMAT("%b %b %b", I(5), U(64), I(-5)), "\"101 1000000 -101\"");
    assert_prints(FORMAT("%b", I(INT64_MIN)), "\"-1000000000000000000000000000000000000000000000000000000000000000\"");
    assert_prints(FORMAT("%b%b", tact_bool(true), tact_bool(false)), "\"10\"");
    assert_prints(FORMAT("%o %o", I(11), U(65535)), "\"13 177777\"");
    assert_prints(FORMAT("%x %X %x %X", I(30), I(30), U(500), U(6000)), "\"1e 1E 1f4 1770\"");
    assert_prints(FORMAT("%x %x", I(-255), I(0)), "\"-ff 0\"");
    assert_prints(FORMAT("%x", S("Hello world!")), "\"48656c6c6f20776f726c6421\"");
    assert_prints(FORMAT("%X", B("\x0a\xff")), "\"0AFF\"");
    assert_prints(FORMAT("%x", tact_bytes(NULL, 0)), "\"\"");
}

static void test_doubles(void **state) {
    (void)state;
    tact_value nan = D((double)NAN), inf = D((double)INFINITY), minus = D((double)-INFINITY);
    assert_prints(FORMAT("%.3f", D(1.2345)), "\"1.234\"");
    assert_prints(FORMAT("%f", D(2.71828)), "\"2.718280\"");
    assert_prints(FORMAT("%f %f", I(1), U(1)), "\"1.000000 1.000000\"");
    assert_prints(FORMAT("%.0f %.0f %.0f %.0f", D(3.5001), D(3.4999), D(1.5), D(2.5)), "\"4 3 2 2\"");
    assert_prints(FORMAT("%.3f %.3f", D(123.4999), D(-123.4994)), "\"123.500 -123.499\"");
    assert_prints(FORMAT("%.5f", D(-1.2)), "\"-1.20000\"");
    assert_prints(FORMAT("%.6e", D(1052.032911275)), "\"1.052033e+03\"");
    assert_prints(FORMAT("%e %.1e", D(2.71828), D(-3.14)), "\"2.718280e+00 -3.1e+00\"");
    assert_prints(FORMAT("%e", I(1)), "\"1.000000e+00\"");
    assert_prints(FORMAT("%e %f %d %s", nan, nan, nan, nan), "\"NaN NaN NaN NaN\"");
    assert_prints(FORMAT("%e %f %d %s", inf, inf, inf, inf), "\"Infinity Infinity Infinity Infinity\"");
    assert_prints(FORMAT("%e %f %d %s", minus, minus, minus, minus), "\"-Infinity -Infinity -Infinity -Infinity\"");
    assert_prints(FORMAT("%d", D(3.14)), "\"3.14\"");
    assert_prints(FORMAT("%s %s %s", D(1.0), D(1e7), D(1e-7)), "\"1 10000000 0.0000001\"");
    tact_value longest = FORMAT("%.100f", D(-1.7976931348623157e308));
    assert_int_equal(longest.len, 411);
}

static void test_any_kind(void **state) {
    (void)state;
    assert_prints(FORMAT("%s, %s", tact_bool(true), tact_bool(false)), "\"true, false\"");
    assert_prints(FORMAT("%s", tact_null()), "\"null\"");
    assert_prints(FORMAT("%s", U(7)), "\"7\"");
    assert_prints(FORMAT("%s", B("xyz")), "\"xyz\"");
    assert_prints(FORMAT("%s", B("a\xff\xfe"
                                 "b\xc3")),
                  "\"a\ufffdb\ufffd\""); // a run is one replacement
    assert_prints(FORMAT("%s", RUN("type", S("x"))), "\"string\"");
    assert_prints(FORMAT("%s", tact_timestamp(1675467080, 0)), "\"2023-02-03T23:31:20Z\"");
    assert_prints(FORMAT("%s", tact_duration(INT64_C(6347000000000))), "\"6347s\"");
    tact_value inner = LIST(I(9), I(8)), list = LIST(S("abc"), D(3.14), tact_null(), inner);
    assert_prints(FORMAT("%s", list), "\"[abc, 3.14, null, [9, 8]]\"");
    assert_prints(FORMAT("%s", NOTHING), "\"[]\"");
}

static void test_maps_are_sorted_by_the_text_of_their_keys(void **state) {
    (void)state;
    tact_value map = tact_map_new(&here.arena,
                                  (const tact_value[]){S("key2"), tact_duration(INT64_C(7200000000000)), S("key1"),
                                                       B("xyz"), tact_bool(true), I(42), I(10), S("ten"), I(9),
                                                       S("nine")},
                                  5);
    assert_prints(FORMAT("%s", map), "\"{10: ten, 9: nine, key1: xyz, key2: 7200s, true: 42}\"");
    assert_prints(FORMAT("%s", tact_map_new(&here.arena, NULL, 0)), "\"{}\"");
}

#define DURATION tact_duration(1)
#define FAILS(text, result) assert_fault_text(result, INVALID_ARGUMENT, text)

static void test_errors(void **state) {
    (void)state;
    FAILS("could not parse formatting clause: unrecognized formatting clause \"a\"", FORMAT("%a", I(1)));
    FAILS("could not parse formatting clause: unrecognized formatting clause \"E\"", FORMAT("double is %E", D(0.5)));
    FAILS("could not parse formatting clause: unrecognized formatting clause \"\u00e4\"", FORMAT("%\u00e4", I(1)));
    FAILS("could not parse formatting clause: unrecognized formatting clause \"\ufffd\"", FORMAT("%\x1b", I(1)));
    FAILS("could not parse formatting clause: unexpected end of string", FORMAT("%", I(1)));
    // What is no clause asks for no item.
    FAILS("could not parse formatting clause: unexpected end of string", FORMAT("%d %", I(1)));
    FAILS("could not parse formatting clause: unrecognized formatting clause \"a\"", FORMAT("%d %a", I(1)));
    FAILS("could not parse formatting clause: unexpected end of string", FORMAT("%.3", I(1)));
    FAILS("could not parse formatting clause: no digits behind the point", FORMAT("%.f", I(1)));
    FAILS("could not parse formatting clause: more than 100 digits behind the point", FORMAT("%.101f", I(1)));
    FAILS("could not parse formatting clause: more than 100 digits behind the point",
          FORMAT("%.99999999999999999f", I(1)));
    FAILS("index 2 out of range", FORMAT("%d %d %d", I(0), I(1)));
    FAILS("2 items to format, but only 1 clauses", FORMAT("%d", I(0), I(1)));
    FAILS("error during formatting: only integers and bools can be formatted as binary, was given string",
          FORMAT("%b", S("abc")));
    FAILS("error during formatting: decimal clause can only be used on integers, was given google.protobuf.Duration",
          FORMAT("%d", DURATION));
    FAILS("error during formatting: octal clause can only be used on integers, was given string", FORMAT("%o", S("a")));
    FAILS("error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double",
          FORMAT("%x", D(0.5)));
    FAILS("error during formatting: scientific clause can only be used on doubles, was given null_type",
          FORMAT("%e", tact_null()));
    FAILS("error during formatting: fixed-point clause can only be used on doubles, was given null_type",
          FORMAT("%f", tact_null()));
    FAILS(
        "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
        "types, durations, and timestamps, was given optional_type",
        FORMAT("%s", LIST(value_some(NULL))));
}

static void test_bounds(void **state) {
    (void)state;
    tact_value lists[VALUE_PRINT_DEPTH + 1] = {LIST(I(1))};
    for (int i = 1; i <= VALUE_PRINT_DEPTH; i++) lists[i] = tact_list(&lists[i - 1], 1);
    assert_int_equal(FORMAT("%s", lists[VALUE_PRINT_DEPTH - 2]).kind, TACT_STRING);
    assert_fault(FORMAT("%s", lists[VALUE_PRINT_DEPTH]), INVALID_ARGUMENT);
    tact_value pairs[40][2], list = LIST(I(1)); // 2^40 items that share two
    for (int i = 0; i < 40; i++) {
        pairs[i][0] = pairs[i][1] = list;
        list = tact_list(pairs[i], 2);
    }
    assert_fault(FORMAT("%s", list), STEPS);
}

static void test_memory(void **state) {
    (void)state;
    static char text[TACT_CEL_MEMORY_MAX / 2 + 1];
    memset(text, 'a', sizeof text);
    tact_value long_text = tact_string(text, sizeof text);
    assert_fault(FORMAT("%s%s", long_text, long_text), NO_MEMORY);
    assert_int_equal(here.call.halted, TACT_FAULT_NO_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_text),
        func_test(test_integers),
        func_test(test_doubles),
        func_test(test_any_kind),
        func_test(test_maps_are_sorted_by_the_text_of_their_keys),
        func_test(test_errors),
        func_test(test_bounds),
        func_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
