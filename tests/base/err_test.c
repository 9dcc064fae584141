// SPDX-License-Identifier: Apache-2.0
//
// Error codes and faults have the names and numbers of their tables.
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void codes_have_names_and_texts(void **state) {
    (void)state;
    assert_int_equal(TACT_OK, 0);
    assert_string_equal(tact_err_name(TACT_OK), "ok");
    assert_string_equal(tact_err_name(TACT_NO_MEMORY), "no_memory");
    assert_string_equal(tact_err_name((tact_err)12345), "unknown");
    assert_true(strlen(tact_err_text(TACT_SYNTAX)) > 0);
    assert_string_equal(tact_fault_name(TACT_FAULT_NO_SUCH_KEY), "no_such_key");
    assert_string_equal(tact_fault_text(TACT_FAULT_NO_SUCH_KEY), "no such key");
    assert_string_equal(tact_fault_name((tact_fault)12345), "unknown");
}

static void an_error_is_filled_or_ignored(void **state) {
    (void)state;
    tact_error e;
    assert_int_equal(err_set(&e, TACT_INVALID, "bad %s", "name"), TACT_INVALID);
    assert_string_equal(e.text, "bad name");
    assert_int_equal(e.line, 0);
    assert_int_equal(err_set_at(&e, TACT_SYNTAX, 3, 7, "here"), TACT_SYNTAX);
    assert_int_equal(e.code, TACT_SYNTAX);
    assert_int_equal(e.line, 3);
    assert_int_equal(e.column, 7);
    assert_int_equal(err_set(NULL, TACT_LIMIT, "nobody reads this"), TACT_LIMIT);
}

static void a_long_text_is_cut_to_fit(void **state) {
    (void)state;
    tact_error e;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)err_set(&e, TACT_IO, "%s", text);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_names_and_texts),
        cmocka_unit_test(an_error_is_filled_or_ignored),
        cmocka_unit_test(a_long_text_is_cut_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
