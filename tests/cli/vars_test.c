// SPDX-License-Identifier: Apache-2.0
//
// The rules in cli/vars.h: which types the members of a JSON object get.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cel/env.h"
#include "cli/vars.h"
#include "wire/json.h"

static arena memory;
static tact_cel_env *env;
static cli_vars vars;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    env = tact_cel_env_new(NULL);
    return env ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    arena_fini(&memory);
    return 0;
}

static void declare(const char *json) {
    tact_value object;
    tact_error error;
    assert_int_equal(json_read(&memory, tact_str_from(json), &object, NULL), TACT_OK);
    if (vars_declare(env, object, &memory, &vars, &error)) fail_msg("%s: %s", json, error.text);
    assert_int_equal(vars.count, tact_cel_slots_count(env));
}

static const char *print_type(const tact_type *type) {
    buf out = buf_in(&memory);
    type_print(&out, type);
    return buf_done(&out).ptr;
}

static void assert_type(const char *name, const char *type) {
    const cel_decl *decl = env_name(env, tact_str_from(name));
    if (!decl) fail_msg("`%s` is not declared", name);
    assert_string_equal(print_type(decl->type), type);
}

static void assert_field(const char *record, const char *name, const char *type) {
    const cel_record *r = env_record(env, tact_str_from(record));
    if (!r) fail_msg("record `%s` is not declared", record);
    const cel_field *field = env_field(r, tact_str_from(name));
    if (!field) fail_msg("`%s` has no field `%s`", record, name);
    assert_string_equal(print_type(field->type), type);
}

static void test_scalars(void **state) {
    (void)state;
    declare("{\"b\": true, \"i\": 1, \"d\": 1.0, \"s\": \"\", \"n\": null}");
    assert_type("b", "bool");
    assert_type("i", "int");
    assert_type("d", "double");
    assert_type("s", "string");
    assert_type("n", "dyn");
    assert_int_equal(vars.count, 5);
    assert_int_equal(vars.slots[1].as.i, 1);
    assert_int_equal(vars.slots[4].kind, TACT_NULL);
}

static void test_no_members(void **state) {
    (void)state;
    declare("{}");
    assert_int_equal(vars.count, 0);
}

static void test_objects_are_records(void **state) {
    (void)state;
    declare("{\"a\": {\"b\": {\"c\": 1}, \"d\": \"x\"}, \"e\": 2}");
    assert_type("a.b.c", "int");
    assert_type("a.d", "string");
    assert_type("e", "int");
    assert_int_equal(vars.count, 3);
    assert_string_equal(tact_cel_slot_name(env, 0).ptr, "a.b.c");
    assert_int_equal(vars.slots[0].as.i, 1);
    assert_int_equal(vars.slots[2].as.i, 2);
    assert_non_null(env_record(env, TACT_STR("a.b")));
}

static void test_objects_that_are_maps(void **state) {
    (void)state;
    declare("{\"a\": {}, \"b\": {\"x-y\": 1, \"z\": 2}, \"c\": {\"\": 1, \"1\": \"x\"}, \"d\": {\"e\": {\"1\": 1.5}}}");
    assert_type("a", "map(string, dyn)");
    assert_type("b", "map(string, int)");
    assert_type("c", "map(string, dyn)");
    assert_type("d.e", "map(string, double)");
}

static void test_lists(void **state) {
    (void)state;
    declare("{\"none\": [], \"ints\": [1, 2], \"mixed\": [1, \"a\"], \"nested\": [[1], [], [2, 3]],"
            " \"nulls\": [null], \"some\": [1, null]}");
    assert_type("none", "list(dyn)");
    assert_type("ints", "list(int)");
    assert_type("mixed", "list(dyn)");
    assert_type("nested", "list(list(int))");
    assert_type("nulls", "list(dyn)");
    assert_type("some", "list(dyn)");
}

static void test_lists_of_records(void **state) {
    (void)state;
    declare(
        "{\"p\": {\"orders\": [{\"sum\": 1.5, \"lines\": [{\"sku\": \"a\"}]}, {\"sum\": 2.5, \"gift\": true}, {}]}}");
    assert_type("p.orders", "list(record(p.orders))");
    assert_field("p.orders", "sum", "double");
    assert_field("p.orders", "gift", "bool");
    assert_field("p.orders", "lines", "list(record(p.orders.lines))");
    assert_field("p.orders.lines", "sku", "string");
    assert_null(env_field(env_record(env, TACT_STR("p.orders")), TACT_STR("summe")));
}

static void test_fields_that_differ(void **state) {
    (void)state;
    declare("{\"l\": [{\"a\": 1, \"b\": 1}, {\"a\": \"x\", \"b\": 2}]}");
    assert_field("l", "a", "dyn");
    assert_field("l", "b", "int");
}

static void test_lists_of_maps(void **state) {
    (void)state;
    declare("{\"l\": [{\"a-b\": 1}, {\"c\": 2}], \"m\": [{}, {}], \"n\": [{\"a\": 1}, 2]}");
    assert_type("l", "list(map(string, int))");
    assert_type("m", "list(map(string, dyn))");
    assert_type("n", "list(dyn)");
}

static void test_objects_within_records(void **state) {
    (void)state;
    declare("{\"l\": [{\"at\": {\"x\": 1, \"y\": 2}}, {\"at\": {\"x\": 3}}]}");
    assert_field("l", "at", "record(l.at)");
    assert_field("l.at", "x", "int");
    assert_field("l.at", "y", "int");
}

// What is nested so deeply that types end is dyn, and declared all the same.
static void test_deep_nesting(void **state) {
    (void)state;
    buf json = buf_in(&memory);
    buf_add_text(&json, "{\"lists\": ");
    buf_add_repeat(&json, '[', 90);
    buf_add_repeat(&json, ']', 90);
    buf_add_text(&json, ", \"records\": [");
    for (int i = 0; i < 90; i++) buf_add_text(&json, "{\"r\":");
    buf_add_text(&json, "1");
    buf_add_repeat(&json, '}', 90);
    buf_add_text(&json, "], \"members\": ");
    for (int i = 0; i < 90; i++) buf_add_text(&json, "{\"m\":");
    buf_add_text(&json, "1");
    buf_add_repeat(&json, '}', 91);
    declare(buf_done(&json).ptr);
    assert_type("lists", "list(list(list(list(list(list(list(list(dyn))))))))");
    assert_type("records", "list(record(records))");
    assert_field("records.r.r.r.r.r.r", "r", "dyn");
    assert_int_equal(vars.count, 3);
}

static void refuse(const char *json, const char *says) {
    tact_value object;
    tact_error error;
    assert_int_equal(json_read(&memory, tact_str_from(json), &object, NULL), TACT_OK);
    assert_int_equal(vars_declare(env, object, &memory, &vars, &error), TACT_INVALID);
    if (!strstr(error.text, says)) fail_msg("%s: %s", json, error.text);
}

static void test_refuses(void **state) {
    (void)state;
    refuse("1", "expected an object");
    refuse("[{}]", "expected an object");
    refuse("{\"first-name\": 1}", "`first-name`");
    refuse("{\"\": 1}", "``");
    refuse("{\"in\": 1}", "`in` is a word of the language and cannot be a name");
    refuse("{\"for\": {\"a\": 1}}", "`for` is a word of the language");
    refuse("{\"\\u001b[31m\": 1}", "`\ufffd[31m`");
}

static void test_memory_runs_out(void **state) {
    (void)state;
    const char *json = "{\"a\": {\"b\": [{\"c\": [1, 2], \"d\": {\"e\": 1}}, {\"f\": {}}]}, \"g\": [1, 2, 3]}";
    tact_value object;
    assert_int_equal(json_read(&memory, tact_str_from(json), &object, NULL), TACT_OK);
    tact_err code = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; code; bytes_max += 16) {
        tact_cel_env *fresh = tact_cel_env_new(NULL);
        arena small;
        arena_init(&small, bytes_max);
        tact_error error;
        code = vars_declare(fresh, object, &small, &vars, &error);
        if (code) assert_int_equal(code, TACT_NO_MEMORY);
        if (!code) assert_int_equal(vars.count, 2);
        arena_fini(&small);
        tact_cel_env_free(fresh);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_objects_are_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_objects_that_are_maps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_of_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fields_that_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_of_maps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_objects_within_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deep_nesting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
