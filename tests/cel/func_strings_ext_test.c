// SPDX-License-Identifier: Apache-2.0
//
// The strings extension, by the conformance suite's section `string_ext` and, where that is silent, by Go's package
// strings.
#include "func_case.h"

#define I tact_int
#define TACO S("ta\u00a9o\u00a9\u03b1T")

static void test_char_at(void **state) {
    (void)state;
    assert_prints(RUN("string_char_at_int", S("tacocat"), I(3)), "\"o\"");
    assert_prints(RUN("string_char_at_int", S("tacocat"), I(7)), "\"\"");
    assert_prints(RUN("string_char_at_int", S("\u00a9\u03b1T"), I(1)), "\"\u03b1\"");
    assert_prints(RUN("string_char_at_int", S("\u00a9\u03b1T"), I(3)), "\"\"");
    assert_int_equal(RUN("string_char_at_int", tact_string(NULL, 0), I(0)).len, 0);
    assert_fault_text(RUN("string_char_at_int", S("tacocat"), I(30)), INDEX_RANGE, "index out of range: 30");
    assert_fault(RUN("string_char_at_int", S("\u00a9\u03b1T"), I(4)), INDEX_RANGE); // 5 bytes, but 3 characters
    assert_fault(RUN("string_char_at_int", S("tacocat"), I(-1)), INDEX_RANGE);
    assert_fault(RUN("string_char_at_int", S("tacocat"), I(INT64_MIN)), INDEX_RANGE);
    assert_fault(RUN("string_char_at_int", S("tacocat"), I(INT64_MAX)), INDEX_RANGE);
}

static void test_index_of(void **state) {
    (void)state;
    assert_prints(RUN("string_index_of_string", S("tacocat"), S("")), "0");
    assert_prints(RUN("string_index_of_string", S("tacocat"), S("ac")), "1");
    assert_prints(RUN("string_index_of_string", S("tacocat"), S("none")), "-1");
    assert_prints(RUN("string_index_of_string_int", S("tacocat"), S(""), I(3)), "3");
    assert_prints(RUN("string_index_of_string_int", S("tacocat"), S("a"), I(3)), "5");
    assert_prints(RUN("string_index_of_string_int", S("tacocat"), S("at"), I(3)), "5");
    assert_prints(RUN("string_index_of_string", TACO, S("\u00a9")), "2");
    assert_prints(RUN("string_index_of_string_int", TACO, S("\u00a9"), I(3)), "4");
    assert_prints(RUN("string_index_of_string_int", TACO, S("\u00a9\u03b1T"), I(3)), "4");
    assert_prints(RUN("string_index_of_string_int", TACO, S("\u00a9\u03b1"), I(5)), "-1");
    assert_prints(RUN("string_index_of_string", S("hello wello"), S("elbo room!!")), "-1");
    assert_prints(RUN("string_index_of_string", S(""), S("x")), "-1");
    assert_prints(RUN("string_index_of_string_int", S("tacocat"), S("t"), I(7)), "-1");
    assert_fault_text(RUN("string_index_of_string_int", S("tacocat"), S("a"), I(30)), INDEX_RANGE,
                      "index out of range: 30");
    assert_fault(RUN("string_index_of_string_int", S("tacocat"), S(""), I(-1)), INDEX_RANGE);
}

static void test_last_index_of(void **state) {
    (void)state;
    assert_prints(RUN("string_last_index_of_string", S(""), S("@@")), "-1");
    assert_prints(RUN("string_last_index_of_string", S("tacocat"), S("")), "7");
    assert_prints(RUN("string_last_index_of_string", S("tacocat"), S("at")), "5");
    assert_prints(RUN("string_last_index_of_string", S("tacocat"), S("none")), "-1");
    assert_prints(RUN("string_last_index_of_string_int", S("tacocat"), S(""), I(3)), "3");
    assert_prints(RUN("string_last_index_of_string_int", S("tacocat"), S("a"), I(3)), "1");
    assert_prints(RUN("string_last_index_of_string", TACO, S("\u00a9")), "4");
    assert_prints(RUN("string_last_index_of_string_int", TACO, S("\u00a9"), I(3)), "2");
    assert_prints(RUN("string_last_index_of_string_int", TACO, S("\u00a9\u03b1"), I(4)), "4");
    assert_prints(RUN("string_last_index_of_string_int", S("hello wello"), S("ello"), I(6)), "1");
    assert_prints(RUN("string_last_index_of_string", S("hello wello"), S("low")), "-1");
    assert_prints(RUN("string_last_index_of_string", S("hello wello"), S("hello wello")), "0");
    assert_prints(RUN("string_last_index_of_string_int", S("bananananana"), S("nana"), I(7)), "6");
    assert_prints(RUN("string_last_index_of_string_int", S("tacocat"), S("t"), I(0)), "0");
    assert_fault(RUN("string_last_index_of_string_int", S("tacocat"), S("a"), I(-1)), INDEX_RANGE);
    assert_fault_text(RUN("string_last_index_of_string_int", S("tacocat"), S("a"), I(30)), INDEX_RANGE,
                      "index out of range: 30");
}

static void test_case(void **state) {
    (void)state;
    assert_prints(RUN("string_lower_ascii", S("TacoC\u00c6t Xii")), "\"tacoc\u00c6t xii\"");
    assert_prints(RUN("string_upper_ascii", S("tacoC\u03b1t Xii")), "\"TACOC\u03b1T XII\"");
    assert_prints(RUN("string_lower_ascii", S("@AZ[`az{")), "\"@az[`az{\"");
    assert_prints(RUN("string_upper_ascii", S("@AZ[`az{")), "\"@AZ[`AZ{\"");
    assert_prints(RUN("string_upper_ascii", S("")), "\"\"");
}

#define REPLACE(text, what, by) RUN("string_replace_string_string", S(text), S(what), S(by))
#define REPLACE_N(text, what, by, n) RUN("string_replace_string_string_int", S(text), S(what), S(by), I(n))

static void test_replace(void **state) {
    (void)state;
    assert_prints(REPLACE("12 days 12 hours", "{0}", "2"), "\"12 days 12 hours\"");
    assert_prints(REPLACE("{0} days {0} hours", "{0}", "2"), "\"2 days 2 hours\"");
    assert_prints(REPLACE_N("{0} days {0} hours", "{0}", "2", 1), "\"2 days {0} hours\"");
    assert_prints(REPLACE("1 \u00a9\u03b1T taco", "\u03b1T", "o\u00a9\u03b1"), "\"1 \u00a9o\u00a9\u03b1 taco\"");
    assert_prints(REPLACE_N("aaa", "a", "b", 0), "\"aaa\"");
    assert_prints(REPLACE_N("aaa", "a", "b", -1), "\"bbb\"");
    assert_prints(REPLACE_N("aaa", "a", "b", INT64_MAX), "\"bbb\"");
    assert_prints(REPLACE("aaa", "aa", "b"), "\"ba\"");
    assert_prints(REPLACE("aaa", "a", ""), "\"\"");
    assert_prints(REPLACE("aaa", "aaaa", "b"), "\"aaa\"");
    assert_prints(REPLACE("", "a", "b"), "\"\"");
    assert_prints(REPLACE("\u00e4b", "", "-"), "\"-\u00e4-b-\"");
    assert_prints(REPLACE_N("\u00e4bc", "", "-", 2), "\"-\u00e4-bc\"");
    assert_prints(REPLACE("", "", "-"), "\"-\"");
    assert_prints(REPLACE_N("ab", "", "-", 3), "\"-a-b-\"");
    here.call.steps_left = 10;
    assert_fault(REPLACE("aaaaaa", "a", "b"), STEPS);
}

#define SPLIT(text, by) RUN("string_split_string", S(text), S(by))
#define SPLIT_N(text, by, n) RUN("string_split_string_int", S(text), S(by), I(n))

static void test_split(void **state) {
    (void)state;
    assert_prints(SPLIT("hello world", " "), "[\"hello\", \"world\"]");
    assert_prints(SPLIT_N("hello world events!", " ", 0), "[]");
    assert_prints(SPLIT_N("hello world events!", " ", 1), "[\"hello world events!\"]");
    assert_prints(SPLIT_N("hello world events!", " ", 2), "[\"hello\", \"world events!\"]");
    assert_prints(SPLIT_N("o\u00a9o\u00a9o\u00a9o", "\u00a9", -1), "[\"o\", \"o\", \"o\", \"o\"]");
    assert_prints(SPLIT_N("a,b", ",", INT64_MAX), "[\"a\", \"b\"]");
    assert_prints(SPLIT("a,b,", ","), "[\"a\", \"b\", \"\"]");
    assert_prints(SPLIT(",", ","), "[\"\", \"\"]");
    assert_prints(SPLIT("", ","), "[\"\"]");
    assert_prints(SPLIT("", ""), "[]");
    assert_prints(SPLIT("t\u00e4\U0001f600", ""), "[\"t\", \"\u00e4\", \"\U0001f600\"]");
    assert_prints(SPLIT_N("t\u00e4\U0001f600", "", 2), "[\"t\", \"\u00e4\U0001f600\"]");
    assert_prints(SPLIT_N("t\u00e4\U0001f600", "", 1), "[\"t\u00e4\U0001f600\"]");
    assert_prints(SPLIT("abc", "abcd"), "[\"abc\"]");
    here.call.steps_left = 5;
    assert_fault(SPLIT("a,b,c", ","), STEPS);
}

static void test_substring(void **state) {
    (void)state;
    assert_prints(RUN("string_substring_int", S("tacocat"), I(4)), "\"cat\"");
    assert_prints(RUN("string_substring_int", S("tacocat"), I(7)), "\"\"");
    assert_prints(RUN("string_substring_int_int", S("tacocat"), I(0), I(4)), "\"taco\"");
    assert_prints(RUN("string_substring_int_int", S("tacocat"), I(4), I(4)), "\"\"");
    assert_prints(RUN("string_substring_int_int", TACO, I(2), I(6)), "\"\u00a9o\u00a9\u03b1\"");
    assert_prints(RUN("string_substring_int_int", TACO, I(7), I(7)), "\"\"");
    assert_fault_text(RUN("string_substring_int", S("tacocat"), I(40)), INDEX_RANGE, "index out of range: 40");
    assert_fault_text(RUN("string_substring_int", S("tacocat"), I(-1)), INDEX_RANGE, "index out of range: -1");
    assert_fault_text(RUN("string_substring_int_int", S("tacocat"), I(1), I(50)), INDEX_RANGE,
                      "index out of range: 50");
    assert_fault_text(RUN("string_substring_int_int", S("tacocat"), I(49), I(50)), INDEX_RANGE,
                      "index out of range: 49");
    assert_fault_text(RUN("string_substring_int_int", S("tacocat"), I(4), I(3)), INVALID_ARGUMENT,
                      "invalid substring range. start: 4, end: 3");
}

static void test_trim(void **state) {
    (void)state;
    assert_prints(RUN("string_trim", S(" \f\n\r\t\vtext  ")), "\"text\"");
    assert_prints(RUN("string_trim", S("\xc2\x85\u00a0\u1680text")), "\"text\"");
    assert_prints(RUN("string_trim", S("text\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009")),
                  "\"text\"");
    assert_prints(RUN("string_trim", S("\u200atext\u2028\u2029\u202f\u205f\u3000")), "\"text\"");
    assert_prints(RUN("string_trim", S("\u180etext\u200b\u200c\u200d\u2060\ufeff")),
                  "\"\u180etext\u200b\u200c\u200d\u2060\ufeff\"");
    assert_prints(RUN("string_trim", S(" two  words ")), "\"two  words\"");
    assert_prints(RUN("string_trim", S(" \t ")), "\"\"");
    assert_prints(RUN("string_trim", S("")), "\"\"");
    assert_int_equal(RUN("string_trim", tact_string(NULL, 0)).len, 0);
}

static void test_reverse(void **state) {
    (void)state;
    assert_prints(RUN("string_reverse", S("gums")), "\"smug\"");
    assert_prints(RUN("string_reverse", TACO), "\"T\u03b1\u00a9o\u00a9at\"");
    assert_prints(RUN("string_reverse", S("")), "\"\"");
}

static void test_join(void **state) {
    (void)state;
    tact_value none = tact_list(NULL, 0);
    assert_prints(RUN("list_join", LIST(S("x"), S("y"))), "\"xy\"");
    assert_prints(RUN("list_join_string", LIST(S("x"), S("y")), S("-")), "\"x-y\"");
    assert_prints(RUN("list_join_string", LIST(S("x")), S("-")), "\"x\"");
    assert_prints(RUN("list_join_string", LIST(S(""), S("")), S("-")), "\"-\"");
    assert_prints(RUN("list_join", none), "\"\"");
    assert_prints(RUN("list_join_string", none, S("-")), "\"\"");
    assert_fault_text(RUN("list_join", LIST(S("x"), I(1))), NO_SUCH_OVERLOAD,
                      "a string was expected in the list, not int");
}

static void test_join_is_bounded(void **state) {
    (void)state;
    tact_value huge = S(""), items[3];
    huge.len = UINT32_MAX / 2; // never looked at: the sum of the sizes is refused first
    items[0] = items[1] = items[2] = huge;
    assert_fault(RUN("list_join", tact_list(items, 3)), OVERFLOW);
    assert_fault(RUN("list_join", tact_list(items, 2)), STEPS);
    here.call.steps_left = 0;
    assert_fault(RUN("list_join", LIST(S("x"))), STEPS);
}

static void quotes(const char *text, const char *wanted) {
    tact_value quoted = RUN("strings_quote", tact_string(text, strlen(text)));
    assert_int_equal(quoted.kind, TACT_STRING);
    assert_int_equal(quoted.len, strlen(wanted));
    assert_memory_equal(quoted.as.s, wanted, quoted.len);
}

static void test_quote(void **state) {
    (void)state;
    quotes("first\nsecond", "\"first\\nsecond\"");
    quotes("bell\a", "\"bell\\a\"");
    quotes("\b\f\r\t\v", "\"\\b\\f\\r\\t\\v\"");
    quotes("double \\\\ slash", "\"double \\\\\\\\ slash\"");
    quotes("verbatim", "\"verbatim\"");
    quotes("printable unicode\U0001f600", "\"printable unicode\U0001f600\"");
    quotes("mid string \" quote", "\"mid string \\\" quote\"");
    quotes("size('\u00ff')", "\"size('\u00ff')\"");
    quotes("", "\"\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_char_at), func_test(test_index_of), func_test(test_last_index_of),   func_test(test_case),
        func_test(test_replace), func_test(test_split),    func_test(test_substring),       func_test(test_trim),
        func_test(test_reverse), func_test(test_join),     func_test(test_join_is_bounded), func_test(test_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
