// SPDX-License-Identifier: Apache-2.0
//
// Single values: what is one, and what is not. How complaints read is in tests/bundle/schema_file/*.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/scalar.h"
#include "value/schema.h"
#include "value/value.h"

static arena memory;
static sources files;
static report faults;

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

// The value of the one key of a file.
static const yaml_node *value(const char *text) {
    uint32_t nodes = 0;
    tact_error error;
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("a.yaml"));
    tact_str all = tact_str_from(arena_printf(&memory, "a: %s", text));
    if (sources_add(&files, TACT_STR("a.yaml"), all, &error)) fail_msg("%s", error.text);
    const yaml_node *root = yaml_read(&memory, &faults, 0, &nodes);
    assert_non_null(root);
    return root->first;
}

static void test_spans(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; // -1: none
    } rows[] = {
        {"1s", 1000},
        {"90d", INT64_C(90) * 86400000},
        {"1h30m", 5400000},
        {"'2w'", 14 * 86400000},
        {"36500d", SCHEMA_SPAN_MAX_MS},
        {"36501d", -1},
        {"999ms", -1},
        {"-1h", -1},
        {"90", -1},
        {"", -1},
        {"~", -1},
        {"[1d]", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        assert_int_equal(scalar_span(&faults, value(rows[i].text), &ms), rows[i].ms >= 0);
        assert_int_equal(ms, rows[i].ms);
        assert_int_equal(faults.errors, rows[i].ms < 0);
    }
}

static void test_times(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool well, date;
        int64_t seconds;
    } rows[] = {
        {"2026-11-01", true, true, 1793491200},
        {"'2026-11-01'", true, true, 1793491200},
        {"2026-11-01T01:00:00+01:00", true, false, 1793491200},
        {"2024-02-29", true, true, 1709164800},
        {"2026-02-29", false, true, 0},
        {"2026-11-1", false, false, 0},
        {"2026-11-01T00:00:00", false, false, 0}, // whose time would it be
        {"01.11.2026", false, true, 0},
        {"", false, false, 0},
        {"{}", false, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value time;
        bool date = false;
        bool well = scalar_time(&faults, value(rows[i].text), &time, &date);
        assert_int_equal(well, rows[i].well);
        assert_int_equal(faults.errors, !well);
        if (!well) continue;
        assert_int_equal(date, rows[i].date);
        assert_int_equal(time.as.i, rows[i].seconds);
    }
}

static void test_types(void **state) {
    (void)state;
    assert_ptr_equal(scalar_type(&faults, value("int")), &type_int);
    assert_non_null(scalar_type(&faults, value("list(string)")));
    static const char *const none[] = {"integer", "map(string)", "dyn", "", "[int]", "list(list(int))"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const yaml_node *node = value(none[i]);
        assert_null(scalar_type(&faults, node));
        assert_int_equal(faults.errors, 1);
    }
}

static void test_values(void **state) {
    (void)state;
    static const struct {
        const char *type, *text, *cel; // NULL: none
    } rows[] = {
        {"int", "3", "3"},
        {"int", "3.0", NULL},
        {"int", "'3'", NULL},
        {"double", "3", "3.0"},
        {"string", "3", "\"3\""},
        {"string", "~", NULL},
        {"bool", "true", "true"},
        {"bool", "True", NULL},
        {"bool", "'true'", NULL},
        {"bool", "yes", NULL},
        {"list(int)", "[1, 2]", "[1, 2]"},
        {"list(int)", "[]", "[]"},
        {"list(int)", "1", NULL},
        {"list(int)", "[1, x]", NULL},
        {"timestamp", "2026-11-01", NULL},
        {"duration", "1d", "duration(\"86400s\")"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const tact_type *type = scalar_type(&faults, value(rows[i].type));
        tact_value v;
        bool well = scalar_value(&faults, value(rows[i].text), type, &v);
        assert_int_equal(well, rows[i].cel != NULL);
        assert_int_equal(faults.errors, !well);
        if (well) assert_string_equal(tact_value_print(v, &memory).ptr, rows[i].cel);
    }
    static const struct {
        const char *type, *text, *says, *hint;
    } hints[] = {
        {"int", "'5'", "expected an int such as 3, not the text `5`", "write it without quotes"},
        {"int", "'1.5'", "expected an int such as 3, not the text `1.5`", NULL},
        {"int", "'x'", "expected an int such as 3, not `x`", NULL},
        {"double", "\"5\"", "expected a number such as 1.5, not the text `5`", "write it without quotes"},
        {"bool", "'true'", "expected true or false, not the text `true`", "write it without quotes"},
        {"bool", "TRUE", "expected true or false, not `TRUE`", "true and false are written in small letters"},
        {"timestamp", "'5'", "expected a time such as 2026-11-01T09:00:00Z, not the text `5`", NULL},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        const tact_type *type = scalar_type(&faults, value(hints[i].type));
        tact_value v;
        assert_false(scalar_value(&faults, value(hints[i].text), type, &v));
        assert_string_equal(faults.items[0].text, hints[i].says);
        const char *hint = faults.items[0].hint;
        if (!hints[i].hint ? hint != NULL : !hint || strcmp(hint, hints[i].hint) != 0) fail_msg("%s", hints[i].text);
    }
    const tact_value *items;
    uint32_t count;
    assert_false(scalar_values(&faults, value("[1, x, 3, y]"), &type_int, &items, &count));
    assert_int_equal(count, 4);
    assert_int_equal(faults.errors, 2); // both are told
}

static void test_words(void **state) {
    (void)state;
    const yaml_node *root = value("{lapsed: 1, in: 2, package: 3}")->first;
    assert_true(scalar_word(&faults, root, "segment"));
    assert_false(scalar_word(&faults, root->next, "segment"));
    assert_string_equal(faults.items[0].text,
                        "`in` is a word of the language, so that no rule could read `segment.in`");
    assert_true(scalar_word(&faults, root->next->next, "segment")); // reserved, but not behind a dot
}

static void test_nothing_is_said_twice(void **state) {
    (void)state;
    const yaml_node *bad = value("*alias");
    assert_int_equal(faults.errors, 1);
    int64_t ms;
    assert_false(scalar_is_text(bad) || scalar_span(&faults, bad, &ms) || scalar_type(&faults, bad));
    assert_int_equal(faults.errors, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_said_twice, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
