// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions: what CEL's `matches` needs of RE2, and what must not happen whatever the pattern.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "cel/regex.h"

static bool matches(const char *text, const char *pattern) {
    arena a;
    arena_init(&a, 0);
    const char *why;
    regex *re = regex_in(&a, tact_str_from(pattern), &why);
    if (!re) fail_msg("%s: %s", pattern, why);
    bool found = regex_matches(re, tact_str_from(text));
    arena_fini(&a);
    return found;
}

static void test_matches_a_part(void **state) {
    (void)state;
    assert_true(matches("hubba", "ubb"));
    assert_false(matches("", "foo|bar"));
    assert_true(matches("cows", ""));
    assert_true(matches("", ""));
    assert_true(matches("grey", "gr(a|e)y"));
    assert_true(matches("banana", "ba(na)*"));
    assert_false(matches("banana", "^anana"));
    assert_true(matches("banana", "anana$"));
    assert_true(matches("ma\u00f1ana", "a+\u00f1+a+"));
    assert_true(matches("\U0001f431\U0001f600\U0001f600", "(a|\U0001f600){2}"));
    assert_true(matches("\u00e4", "^.$")); // a point is a code point
    assert_true(matches("STRASSE", "(?i)strasse"));
    assert_false(matches("a\nb", "a.b"));
    assert_true(matches("x1y", "\\d"));
}

static void test_patterns_with_zeros(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    const char *why;
    regex *re = regex_in(&a, (tact_str){"a\0b", 3}, &why);
    assert_non_null(re);
    assert_true(regex_matches(re, (tact_str){"xa\0by", 5}));
    assert_false(regex_matches(re, TACT_STR("ab")));
    arena_fini(&a);
}

static void check_bad(const char *pattern, const char *text) {
    arena a;
    arena_init(&a, 0);
    const char *why = "";
    assert_null(regex_new(tact_str_from(pattern), &a, &why));
    assert_string_equal(why, text);
    arena_fini(&a);
}

static void test_bad_patterns(void **state) {
    (void)state;
    check_bad("a(b", "missing ): a(b");
    check_bad("a)", "unexpected ): a)");
    check_bad("*", "no argument for repetition operator: *");
    check_bad("[z-a]", "invalid character class range: z-a");
    check_bad("\\1", "invalid escape sequence: \\1"); // no back-references: they cannot be linear
    check_bad("(?=a)", "invalid perl operator: (?="); // nor looking around
    check_bad("a{1001}", "invalid repetition size: {1001}");
    check_bad("((((((a{100}){100}){100}){100}){100}){100})", "invalid repetition size: {100}");
}

static void test_too_large(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    const char *why = NULL;
    assert_null(regex_new(TACT_STR("(\\pL{30}){30}"), &a, &why));
    assert_non_null(why);
    arena_fini(&a);
}

static void test_size(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    const char *why;
    regex *small = regex_in(&a, TACT_STR("abc"), &why), *large = regex_in(&a, TACT_STR("(abc){100}"), &why);
    assert_in_range(regex_size(small), 3, 30);
    assert_in_range(regex_size(large), 300, 1000);
    arena_fini(&a);
}

// What takes a backtracking matcher for ever.
static void test_linear_time(void **state) {
    (void)state;
    enum { LEN = 1000000 };
    char *text = malloc(LEN);
    assert_non_null(text);
    memset(text, 'a', LEN);
    arena a;
    arena_init(&a, 0);
    const char *why;
    regex *re = regex_in(&a, TACT_STR("^(a+)+(a|aa)*$|(x+x+)+y"), &why);
    assert_non_null(re);
    assert_true(regex_matches(re, (tact_str){text, LEN}));
    text[LEN - 1] = '!';
    assert_false(regex_matches(re, (tact_str){text, LEN}));
    arena_fini(&a);
    free(text);
}

static void test_no_memory(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 8);
    const char *why = "";
    assert_null(regex_new(TACT_STR("("), &a, &why));
    assert_null(why); // not even room for the text
    assert_null(regex_in(&a, TACT_STR("a"), &why));
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_a_part), cmocka_unit_test(test_patterns_with_zeros),
        cmocka_unit_test(test_bad_patterns),   cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_size),           cmocka_unit_test(test_linear_time),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
