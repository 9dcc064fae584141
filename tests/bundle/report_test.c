// SPDX-License-Identifier: Apache-2.0
//
// Reports: order, places, and what happens when there are too many faults or too little memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/report.h"

static arena memory;
static report faults;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    report_init(&faults, &memory, TACT_STR("a.yaml"), TACT_STR("one: 1\ntw\u00f6: 2\n"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static void test_in_the_order_of_places(void **state) {
    (void)state;
    assert_int_equal(faults.code, TACT_OK);
    assert_string_equal(report_text(&faults).ptr, "");
    report_add(&faults, TACT_INVALID, (cel_span){13, 1}, "a hint", "second, %d", 2);
    report_add(&faults, TACT_INVALID, (cel_span){0, 3}, NULL, "first");
    report_add(&faults, TACT_INVALID, (cel_span){13, 1}, NULL, "third");
    report_add(&faults, TACT_INVALID, (cel_span){99, 0}, NULL, "at the end");
    assert_string_equal(report_text(&faults).ptr, "a.yaml:1:1: error: first\n"
                                                  " 1 | one: 1\n"
                                                  "   | ^~~\n"
                                                  "a.yaml:2:6: error: second, 2\n"
                                                  " 2 | tw\u00f6: 2\n"
                                                  "   |      ^\n"
                                                  "   hint: a hint\n"
                                                  "a.yaml:2:6: error: third\n"
                                                  " 2 | tw\u00f6: 2\n"
                                                  "   |      ^\n"
                                                  "a.yaml:3:1: error: at the end\n"
                                                  " 3 | \n"
                                                  "   | ^\n");
}

static void test_the_gravest_code_counts(void **state) {
    (void)state;
    static const tact_err order[] = {TACT_INVALID, TACT_SYNTAX, TACT_LIMIT, TACT_NO_MEMORY};
    for (size_t i = 0; i < 4; i++) {
        report_add(&faults, order[i], (cel_span){0, 1}, NULL, "x");
        assert_int_equal(faults.code, order[i]);
        report_add(&faults, TACT_INVALID, (cel_span){0, 1}, NULL, "x");
        assert_int_equal(faults.code, order[i]);
    }
}

static void test_too_many_are_counted(void **state) {
    (void)state;
    for (int i = 0; i < REPORT_FAULTS_MAX + 7; i++) report_add(&faults, TACT_INVALID, (cel_span){0, 1}, NULL, "x");
    assert_int_equal(faults.count, REPORT_FAULTS_MAX);
    assert_int_equal(faults.dropped, 7);
    const char *text = report_text(&faults).ptr;
    assert_non_null(strstr(text, "\na.yaml: error: 7 more errors are not shown\n"));
    report_add(&faults, TACT_LIMIT, (cel_span){0, 1}, NULL, "x");
    assert_int_equal(faults.code, TACT_LIMIT); // also of what is not shown
}

static void test_nearest_name(void **state) {
    (void)state;
    near n = near_to(TACT_STR("recenzy"));
    assert_null(report_near(&faults, &n));
    near_offer(&n, TACT_STR("recency"));
    assert_string_equal(report_near(&faults, &n), "did you mean `recency`?");
}

static void test_memory_runs_out(void **state) {
    (void)state;
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        report r;
        report_init(&r, &small, TACT_STR("a.yaml"), TACT_STR("one: 1\n"));
        for (int i = 0; i < 6; i++) report_add(&r, TACT_INVALID, (cel_span){0, 3}, NULL, "number %d", i);
        tact_str text = report_text(&r);
        enough = r.code == TACT_INVALID && text.ptr;
        if (r.code != TACT_INVALID) {
            assert_int_equal(r.code, TACT_NO_MEMORY);
            if (text.ptr) assert_non_null(strstr(text.ptr, "error: memory ran out\n"));
        }
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_the_order_of_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_gravest_code_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nearest_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
