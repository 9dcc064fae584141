// SPDX-License-Identifier: Apache-2.0
//
// Reports: order, places over several files, paths, what of the language's goes where, and what happens when there are
// too many faults or too little memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "bundle/report.h"
#include "bundle/yaml.h"
#include "value/value.h"
#include "wire/json.h"

static arena memory;
static sources files;
static report faults;

static void add_file(const char *name, const char *text) {
    tact_error error;
    if (sources_add(&files, tact_str_from(name), tact_str_from(text), &error)) fail_msg("%s", error.text);
}

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("shop"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static void add_two_files(void) {
    add_file("bundle.yaml", "one: 1\ntw\u00f6: 2\n");
    add_file("offers/a.yaml", "a\r\nbc");
}

static void test_in_the_order_of_places(void **state) {
    (void)state;
    add_two_files();
    uint32_t second = files.files[1].from;
    assert_int_equal(faults.code, TACT_OK);
    assert_string_equal(report_text(&faults).ptr, "");
    assert_string_equal(report_json(&faults).ptr, "[]\n");
    report_add(&faults, REPORT_INVALID, (cel_span){second + 99, 0}, NULL, "at the very end");
    report_add(&faults, REPORT_NO_MATCH, REPORT_NOWHERE, NULL, "of the whole");
    report_path(&faults, "offers.%s", "x");
    report_add(&faults, REPORT_WRONG_FORM, (cel_span){13, 1}, "a hint", "second, %d", 2);
    report_path(&faults, NULL);
    report_add(&faults, REPORT_UNKNOWN_KEY, (cel_span){0, 3}, NULL, "first");
    report_add(&faults, REPORT_INVALID, (cel_span){13, 1}, NULL, "third");
    report_add(&faults, REPORT_INVALID, (cel_span){second - 1, 0}, NULL, "at the first file's end");
    report_add(&faults, REPORT_UNUSED, (cel_span){second, 1}, NULL, "in the other file");
    assert_int_equal(faults.errors, 5);
    assert_int_equal(faults.warnings, 2);
    assert_string_equal(report_text(&faults).ptr, "bundle.yaml:1:1: error: first\n"
                                                  " 1 | one: 1\n"
                                                  "   | ^~~\n"
                                                  "bundle.yaml:2:6: error: second, 2\n"
                                                  " 2 | tw\u00f6: 2\n"
                                                  "   |      ^\n"
                                                  "   in offers.x\n"
                                                  "   hint: a hint\n"
                                                  "bundle.yaml:2:6: error: third\n"
                                                  " 2 | tw\u00f6: 2\n"
                                                  "   |      ^\n"
                                                  "bundle.yaml:3:1: error: at the first file's end\n"
                                                  " 3 | \n"
                                                  "   | ^\n"
                                                  "offers/a.yaml:1:1: warning: in the other file\n"
                                                  " 1 | a\n"
                                                  "   | ^\n"
                                                  "offers/a.yaml:2:3: error: at the very end\n"
                                                  " 2 | bc\n"
                                                  "   |   ^\n"
                                                  "shop: warning: of the whole\n");
}

static void test_json(void **state) {
    (void)state;
    add_two_files();
    report_path(&faults, "offers.%s.eligible", "x");
    report_add(&faults, REPORT_UNKNOWN_KEY, (cel_span){8, 4}, "a \"hint\"", "back\\slash");
    report_path(&faults, NULL);
    report_add(&faults, REPORT_UNUSED, (cel_span){files.files[1].from, 99}, NULL, "t\u00fct\x01");
    report_add(&faults, REPORT_UNREADABLE, REPORT_NOWHERE, NULL, "x");
    tact_str text = report_json(&faults);
    assert_string_equal(
        text.ptr,
        "[\n"
        " {\"file\": \"shop/bundle.yaml\", \"line\": 2, \"column\": 2, \"end_column\": 5, \"severity\": \"error\", "
        "\"code\": "
        "\"unknown_key\", \"path\": \"offers.x.eligible\", \"message\": \"back\\\\slash\", \"hint\": \"a "
        "\\\"hint\\\"\"},\n"
        " {\"file\": \"shop/offers/a.yaml\", \"line\": 1, \"column\": 1, \"end_column\": 2, \"severity\": \"warning\", "
        "\"code\": \"unused\", \"message\": \"t\u00fct\\u0001\"},\n"
        " {\"file\": \"shop\", \"severity\": \"error\", \"code\": \"unreadable\", \"message\": \"x\"}\n"
        "]\n");
    tact_value v;
    assert_int_equal(json_read(&memory, text, &v, NULL), TACT_OK);
    assert_int_equal(v.len, 3);
}

static void test_a_mark_of_byte_order_has_no_column(void **state) {
    (void)state;
    add_file("a.yaml", "\xef\xbb\xbf"
                       "key: 1\n");
    report_add(&faults, REPORT_INVALID, (cel_span){3, 3}, NULL, "x");
    assert_string_equal(report_text(&faults).ptr, "a.yaml:1:1: error: x\n 1 | key: 1\n   | ^~~\n");
}

static void test_the_gravest_code_counts(void **state) {
    (void)state;
    add_two_files();
    static const struct {
        report_code code;
        tact_err err;
    } order[] = {
        {REPORT_UNUSED, TACT_OK},       {REPORT_INVALID, TACT_INVALID}, {REPORT_SYNTAX, TACT_SYNTAX},
        {REPORT_TOO_LARGE, TACT_LIMIT}, {REPORT_UNREADABLE, TACT_IO},
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        report_add(&faults, order[i].code, (cel_span){0, 1}, NULL, "x");
        assert_int_equal(faults.code, order[i].err);
        if (i > 0) report_add(&faults, REPORT_INVALID, (cel_span){0, 1}, NULL, "x");
        assert_int_equal(faults.code, order[i].err);
    }
    report_no_memory(&faults);
    assert_int_equal(faults.code, TACT_NO_MEMORY);
}

static void test_errors_of_others(void **state) {
    (void)state;
    add_two_files();
    static const struct {
        tact_err err;
        const char *code;
    } rows[] = {
        {TACT_INVALID, "invalid"}, {TACT_LIMIT, "too_large"}, {TACT_IO, "unreadable"}, {TACT_EXISTS, "invalid"}};
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_error error = {.code = rows[i].err, .text = "the text"};
        report_error(&faults, (cel_span){0, 1}, &error);
        assert_string_equal(faults.items[i].code, rows[i].code);
        assert_string_equal(faults.items[i].text, "the text");
    }
    report_error(&faults, (cel_span){0, 1}, &(tact_error){.code = TACT_NO_MEMORY});
    assert_int_equal(faults.count, 4);
    assert_int_equal(faults.code, TACT_NO_MEMORY);
}

static void test_too_many_are_counted(void **state) {
    (void)state;
    add_two_files();
    for (int i = 0; i < 60; i++) report_add(&faults, REPORT_UNUSED, (cel_span){0, 1}, NULL, "early warning");
    for (int i = 0; i < REPORT_FAULTS_MAX - 1; i++)
        report_add(&faults, REPORT_INVALID, (cel_span){7, 1}, NULL, "fault");
    const char *text = report_text(&faults).ptr; // errors come first in what is shown
    assert_non_null(strstr(text, "early warning"));
    assert_non_null(strstr(text, "\nshop: warning: 59 more warnings are not shown\n"));
    for (int i = 0; i < 2; i++) report_add(&faults, REPORT_INVALID, (cel_span){7, 1}, NULL, "fault");
    text = report_text(&faults).ptr;
    assert_null(strstr(text, "early warning"));
    assert_non_null(strstr(text, "\nshop: error: 1 more error and 60 more warnings are not shown\n"));
    assert_null(strstr(report_json(&faults).ptr, "not shown")); // it has all
}

// What is kept is bounded; warnings never take the room of errors.
static void test_far_too_many_are_dropped(void **state) {
    (void)state;
    add_two_files();
    for (int i = 0; i < REPORT_ITEMS_MAX; i++) report_add(&faults, REPORT_UNUSED, (cel_span){0, 1}, NULL, "w");
    assert_int_equal(faults.count, REPORT_ITEMS_MAX / 2);
    for (int i = 0; i < REPORT_ITEMS_MAX; i++) report_add(&faults, REPORT_INVALID, (cel_span){0, 1}, NULL, "e");
    assert_int_equal(faults.count, REPORT_ITEMS_MAX);
    report_add(&faults, REPORT_TOO_LARGE, (cel_span){0, 1}, NULL, "x");
    assert_int_equal(faults.code, TACT_LIMIT); // also of what is not kept
    tact_value v;
    assert_int_equal(json_read(&memory, report_json(&faults), &v, NULL), TACT_OK);
    assert_int_equal(v.len, REPORT_ITEMS_MAX + 1);
    const tact_value *said = value_map_get_str(v.as.items[REPORT_ITEMS_MAX].as.map, TACT_STR("message"));
    assert_string_equal(tact_value_print(*said, &memory).ptr,
                        "\"5001 more errors and 5000 more warnings are not shown\"");
}

// A file of one line, as programs write JSON: each place costs what lies between it and the one before.
static void test_many_places_on_one_line(void **state) {
    (void)state;
    enum { STEP = 1000 };
    buf text = buf_in(&memory);
    for (int i = 0; i < REPORT_ITEMS_MAX; i++) {
        buf_add_text(&text, "\u00e4");
        buf_add_repeat(&text, 'x', STEP - 2);
    }
    add_file("a.json", buf_done(&text).ptr);
    for (int i = REPORT_ITEMS_MAX; i-- > 0;) {
        report_add(&faults, REPORT_INVALID, (cel_span){(uint32_t)i * STEP, 3}, NULL, "x");
    }
    clock_t start = clock();
    assert_true(report_json(&faults).len > 0);
    tact_str shown = report_text(&faults);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC <
                5); // with sanitizers, too; counted anew each time: minutes
    assert_int_equal(faults.items[REPORT_ITEMS_MAX - 1].column, (REPORT_ITEMS_MAX - 1) * (STEP - 1) + 1);
    assert_non_null(strstr(shown.ptr, "a.json:1:1: error: x\n 1 | \u00e4xxx"));
    assert_non_null(strstr(shown.ptr, "a.json:1:9991: error: x\n 1 | \u2026xxx"));
}

static void test_nearest_name(void **state) {
    (void)state;
    near n = near_to(TACT_STR("recenzy"));
    assert_null(report_near(&faults, &n));
    near_offer(&n, TACT_STR("recency"));
    assert_string_equal(report_near(&faults, &n), "did you mean `recency`?");
    strmap names = strmap_in(&memory);
    assert_int_equal(strmap_put(&names, TACT_STR("womens"), &names), TACT_OK);
    assert_int_equal(strmap_put(&names, TACT_STR("mens"), &names), TACT_OK);
    assert_string_equal(report_near_key(&faults, TACT_STR("womans"), &names), "did you mean `womens`?");
    assert_null(report_near_key(&faults, TACT_STR("kids"), &names));
    faults.names_left = 1; // the search has its end
    assert_null(report_near_key(&faults, TACT_STR("womans"), &names));
}

static void test_second_places(void **state) {
    (void)state;
    add_two_files();
    assert_string_equal(report_place(&faults, (cel_span){11, 1}), "bundle.yaml:2:4");
    assert_string_equal(report_place(&faults, (cel_span){files.files[1].from + 3, 1}), "offers/a.yaml:2:1");
    add_file("later.yaml", "x");
    assert_string_equal(report_place(&faults, (cel_span){files.files[2].from, 1}), "later.yaml:1:1");
    faults.steps_left = 1;
    assert_string_equal(report_place(&faults, (cel_span){10, 1}), "bundle.yaml:2"); // the counting has its end
}

static void test_paths(void **state) {
    (void)state;
    add_two_files();
    report_path_part(&faults, 0, TACT_STR("offers"));
    uint32_t base = faults.path_len;
    report_path_part(&faults, base, TACT_STR("x"));
    report_path_part(&faults, faults.path_len, TACT_STR("caps"));
    report_path_part(&faults, faults.path_len, TACT_STR("[3]"));
    report_add(&faults, REPORT_INVALID, (cel_span){0, 1}, NULL, "x");
    report_path_part(&faults, base, TACT_STR("y\x1b[31m"));
    report_add(&faults, REPORT_INVALID, (cel_span){1, 1}, NULL, "x");
    assert_non_null(strstr(report_text(&faults).ptr, "   in offers.x.caps[3]\n"));
    assert_non_null(strstr(report_text(&faults).ptr, "   in offers.y\ufffd[31m\n"));
    for (int i = 0; i < 1000; i++) report_path_part(&faults, faults.path_len, TACT_STR("long"));
    report_path(&faults, "%0*d", 2 * REPORT_PATH_MAX, 1);
    assert_true(faults.path_len < REPORT_PATH_MAX);
    report_add(&faults, REPORT_INVALID, (cel_span){1, 1}, NULL, "x");
}

// ---- Expressions ----------------------------------------------------------------------------------------------------

// The report of the expression that stands at `key` of a file, `profile.recency` being an int.
static const char *of_expression(const char *text) {
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("shop"));
    add_file("a.yaml", text);
    uint32_t nodes = 0;
    const yaml_node *root = yaml_read(&memory, &faults, 0, &nodes);
    if (!root) fail_msg("%s", report_text(&faults).ptr);
    tact_cel_env *env = tact_cel_env_new(NULL);
    assert_int_equal(tact_cel_declare(env, TACT_STR("profile.recency"), TACT_STR("int"), NULL, NULL), TACT_OK);
    arena scratch; // what the language found is gone before it is shown
    arena_init(&scratch, 0);
    tact_cel_result result = tact_cel_compile(env, root->first->text, NULL, &scratch);
    report_cel(&faults, root->first, &result);
    arena_fini(&scratch);
    tact_cel_env_free(env);
    return report_text(&faults).ptr;
}

static void test_of_the_language(void **state) {
    (void)state;
    assert_string_equal(of_expression("a: profile.recenzy >= 9\n"),
                        "a.yaml:1:12: error: `profile` has no field `recenzy`\n"
                        " 1 | a: profile.recenzy >= 9\n"
                        "   |            ^~~~~~~\n"
                        "   hint: did you mean `recency`?\n");
    assert_string_equal(faults.items[0].code, "undeclared_field");
    assert_int_equal(faults.code, TACT_INVALID);
    static const char *const rows[] = {
        "a: '\"it''s\" == \"\" && profile.recenzy > 1'\n",
        "a: \"\\\"\\u00e4\\x41\\t\\/\\U0001f600\\_\\\" == '' && profile.recenzy > 1\"\n",
        "a: \"profile\\u002erecenzy > 1\"\n",
        "a: profile.recency > 1 && profile.recenzy > 1 # comment\n",
        "a:\n  profile.recency > 1 &&\n   profile.recenzy > 1\n",
        "a: profile.recency > 1 &&\n\n\n   profile.recenzy > 1\n",
        "a: \"profile.recency > 1 && \\\n  profile.recenzy > 1\"\n",
        "a: \"profile.recency > 1 && \\\r\n  profile.recenzy > 1\"\r\n",
        "a: \"profile.recency > 1 &&\n\n  profile.recenzy > 1\"\n",
        "a: 'profile.recency > 1 &&  \n  \n  profile.recenzy > 1'\n",
        "a: |\n  profile.recency > 1 &&\n    profile.recenzy > 1\n",
        "a: |\r\n  profile.recency > 1 &&\r\n    profile.recenzy > 1\r\n",
        "a: |2-\n    profile.recency > 1 &&\n  profile.recenzy > 1\n",
        "a: | # comment\n  profile.recency > 1 &&\n\n\n  profile.recenzy > 1\n",
        "a: >\n  profile.recency > 1 &&\n  profile.recenzy > 1\n",
        "a: >\n  profile.recency > 1 &&\n    profile.recency > 2 &&\n  profile.recenzy > 1\n",
        "a: >-\n\n  profile.recency > 1 &&\n\n  profile.recenzy > 1\n",
        "a: |\n\n  profile.recenzy > 1\n",
        "{\"a\": \"profile.recenzy > 1\"}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t line = 1, column = 1; // of the name
        for (const char *at = rows[i], *end = strstr(rows[i], "recenzy"); at < end; at++) {
            column = *at == '\n' ? 1 : column + 1;
            line += *at == '\n';
        }
        const char *text = of_expression(rows[i]);
        bool there = faults.count == 1 && faults.items[0].line == line && faults.items[0].column == column;
        if (!there || !strstr(text, "^~~~~~~\n")) fail_msg("%s\n%s", rows[i], text);
    }
}

// A line of nothing but blanks, more of them than the block is indented by: they are text, which is not followed.
static void test_where_a_place_cannot_be_followed(void **state) {
    (void)state;
    const char *text = of_expression("a: |\n  profile.recency > 1 &&\n      \n  profile.recenzy > 1\n");
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 2);
    assert_non_null(strstr(text, "error: `profile` has no field `recenzy`, at `recenzy > 1"));
}

static void test_memory_runs_out(void **state) {
    (void)state;
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        sources few;
        sources_init(&few, &memory);
        assert_int_equal(sources_add(&few, TACT_STR("a.yaml"), TACT_STR("one: 1\n"), NULL), TACT_OK);
        report r;
        report_init(&r, &small, &few, TACT_STR("a"));
        report_path(&r, "a.path");
        for (int i = 0; i < 10; i++) report_add(&r, REPORT_INVALID, (cel_span){0, 3}, NULL, "number %d", i);
        const char *place = report_place(&r, (cel_span){1, 1});
        tact_str text = report_text(&r), json = report_json(&r);
        enough = r.code == TACT_INVALID && text.ptr && json.ptr && place;
        if (r.code != TACT_INVALID) {
            assert_int_equal(r.code, TACT_NO_MEMORY);
            if (text.ptr) assert_non_null(strstr(text.ptr, "error: memory ran out\n"));
            if (json.ptr) assert_non_null(strstr(json.ptr, "\"memory ran out\"}\n]\n"));
        }
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_the_order_of_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_mark_of_byte_order_has_no_column, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_gravest_code_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_far_too_many_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_places_on_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nearest_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_the_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_where_a_place_cannot_be_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
