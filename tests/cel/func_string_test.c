// SPDX-License-Identifier: Apache-2.0
//
// The core language's string functions, by the conformance suite's section `string`.
#include "func_case.h"

static void test_size(void **state) {
    (void)state;
    assert_prints(RUN("size_string", S("")), "0");
    assert_prints(RUN("size_string", tact_string(NULL, 0)), "0");
    assert_prints(RUN("string_size", S("\u03c0\u03ad\u03bd\u03c4\u03b5")), "5");
    assert_prints(RUN("size_string", S("\U0001f92a")), "1");
    assert_prints(RUN("size_string", S("fiance\u0301")), "7");
    assert_prints(RUN("size_bytes", B("\303\277")), "2");
    assert_prints(RUN("bytes_size", B("")), "0");
    assert_prints(RUN("size_list", LIST(tact_int(1), tact_int(2))), "2");
    assert_prints(RUN("list_size", tact_list(NULL, 0)), "0");
    tact_value map = tact_map_new(&here.arena, (const tact_value[]){S("a"), S("b")}, 1);
    assert_prints(RUN("size_map", map), "1");
    assert_prints(RUN("map_size", tact_map_new(&here.arena, NULL, 0)), "0");
}

static void test_searching(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
        bool starts, ends, contains;
    } cases[] = {
        {"foobar", "foo", true, false, true},
        {"foobar", "bar", false, true, true},
        {"foobar", "oba", false, false, true},
        {"foobar", "foobar", true, true, true},
        {"foobar", "foobarx", false, false, false},
        {"", "foo", false, false, false},
        {"foobar", "", true, true, true},
        {"", "", true, true, true},
        {"\u0437\u0430\u0432\u0442\u0440\u0430", "\u0437\u0430", true, false, true},
        {"\U0001f431\U0001f600\U0001f61b", "\U0001f61b", false, true, true},
        {"hello", "ol", false, false, false},
        {"abababc", "ababc", false, true, true},
        {"Stra\u00dfe", "a\u00df", false, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_value text = tact_string(cases[i].text, strlen(cases[i].text));
        tact_value what = tact_string(cases[i].what, strlen(cases[i].what));
        assert_int_equal(RUN("starts_with_string", text, what).as.b, cases[i].starts);
        assert_int_equal(RUN("ends_with_string", text, what).as.b, cases[i].ends);
        assert_int_equal(RUN("contains_string", text, what).as.b, cases[i].contains);
    }
    here.call.steps_left = 0;
    assert_fault(RUN("contains_string", S("abc"), S("b")), STEPS);
    assert_fault(RUN("starts_with_string", S("0123456789abcdef"), S("0123456789abcdef")), STEPS);
}

static void test_matches(void **state) {
    (void)state;
    assert_true_value(RUN("matches_string", S("hubba"), S("ubb")));
    assert_false_value(RUN("matches_string", S(""), S("foo|bar")));
    assert_true_value(RUN("matches", S("cows"), S("")));
    assert_true_value(RUN("matches", tact_string(NULL, 0), tact_string(NULL, 0)));
    assert_true_value(RUN("matches", S("ma\u00f1ana"), S("a+\u00f1+a+")));
    assert_fault_text(RUN("matches", S("a"), S("a(b")), INVALID_ARGUMENT, "missing ): a(b");
}

static void test_matches_is_paid_for(void **state) {
    (void)state;
    here.call.steps_left = 100;
    assert_fault(RUN("matches", S("a"), S("a")), STEPS); // compiling
    here.call.steps_left = TACT_CEL_STEPS_MAX;
    tact_value pattern = func_prepare(func_case_find("matches"), 1, S("(abc|def){200}$"), &here.arena);
    static char text[60000];
    memset(text, 'a', sizeof text);
    assert_fault(RUN("matches", tact_string(text, sizeof text), pattern), STEPS); // a large pattern on a long text
    here.call.steps_left = TACT_CEL_STEPS_MAX;
    assert_false_value(RUN("matches", tact_string(text, 1000), pattern));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_size),
        func_test(test_searching),
        func_test(test_matches),
        func_test(test_matches_is_paid_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
