// SPDX-License-Identifier: Apache-2.0
//
// The JSON Schema for editors: that it is JSON, that it knows every key of the tables, and what it says of some.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/draft.h"
#include "bundle/json_schema.h"
#include "value/value.h"
#include "wire/json.h"

static arena memory;
static tact_value schema;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    buf out = buf_in(&memory);
    json_schema_write(&out);
    tact_error error;
    if (!json_read(&memory, buf_done(&out), &schema, &error)) return 0;
    print_error("%d:%d: %s\n", error.line, error.column, error.text);
    return 1;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

// What is at the keys, which end with NULL, within each other; fails if there is none.
static tact_value at(tact_value v, ...) {
    va_list path;
    va_start(path, v);
    for (const char *key; (key = va_arg(path, const char *));) {
        assert_int_equal(v.kind, TACT_MAP);
        const tact_value *inner = value_map_get_str(v.as.map, tact_str_from(key));
        if (!inner) fail_msg("no %s", key);
        v = *inner;
    }
    va_end(path);
    return v;
}

static void says(tact_value v, const char *cel) {
    assert_string_equal(tact_value_print(v, &memory).ptr, cel);
}

static void test_every_section_and_key_is_there(void **state) {
    (void)state;
    int count = 0;
#define SECTION(NAME, key, shape, noun, example, doc)                                                                  \
    if (DRAFT_##NAME != DRAFT_BUNDLE) /* whose keys stand at the top */                                                \
        says(at(schema, "properties", #key, "description", NULL),                                                      \
             tact_value_print(tact_string(doc, strlen(doc)), &memory).ptr);
#define KEY(OF, NAME, key, form, kind, need, doc)                                                                      \
    if (*#key) {                                                                                                       \
        const char *of = draft_section_key(DRAFT_##OF);                                                                \
        bool top = DRAFT_##OF == DRAFT_BUNDLE;                                                                         \
        tact_value properties = top ? at(schema, "properties", NULL)                                                   \
                                    : at(schema, "definitions", of, "properties", NULL);                               \
        says(at(properties, #key, "description", NULL), tact_value_print(tact_string(doc, strlen(doc)), &memory).ptr); \
        count++;                                                                                                       \
    }
#include "bundle/format_tbl.h"
    assert_in_range(count, 90, DRAFT_KEYS);
}

static void test_no_other_key_is_allowed(void **state) {
    (void)state;
    says(at(schema, "additionalProperties", NULL), "false");
    tact_value all = at(schema, "definitions", NULL);
    for (uint32_t i = 0; i < all.as.map->count; i++) {
        says(at(all.as.map->entries[i].value, "additionalProperties", NULL), "false");
    }
}

static void test_what_values_are(void **state) {
    (void)state;
    tact_value d = at(schema, "definitions", NULL), p = at(schema, "properties", NULL);
    says(at(d, "attributes", "required", NULL), "[\"type\"]");
    says(at(d, "attributes", "properties", "type", "enum", NULL),
         "[\"bool\", \"int\", \"double\", \"string\", \"timestamp\", \"duration\", \"list(string)\", \"list(int)\", "
         "\"list(double)\"]");
    says(at(d, "placements", "properties", "ties", "enum", NULL), "[\"name\", \"random\"]");
    says(at(d, "cap", "required", NULL), "[\"on\", \"max\"]");
    says(at(d, "offers", "properties", "caps", "items", "$ref", NULL), "\"#/definitions/cap\"");
    says(at(d, "experiments", "properties", "share", "maximum", NULL), "100");
    says(at(p, "offers", "additionalProperties", "$ref", NULL), "\"#/definitions/offers\"");
    says(at(p, "tests", "items", "$ref", NULL), "\"#/definitions/tests\"");
    says(at(p, "segments", "additionalProperties", "type", NULL), "[\"string\", \"number\", \"boolean\"]");
    assert_null(value_map_get_str(at(d, "offers", NULL).as.map, TACT_STR("required")));
    says(at(d, "identities", "properties", "normalize", "anyOf", NULL),
         "[{\"enum\": [\"trim\", \"lowercase\"]}, {\"type\": \"array\", \"items\": {\"enum\": [\"trim\", "
         "\"lowercase\"]}}]");
}

static void test_memory_runs_out(void **state) {
    (void)state;
    arena small;
    arena_init(&small, 2000);
    buf out = buf_in(&small);
    json_schema_write(&out);
    assert_null(buf_done(&out).ptr);
    arena_fini(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_section_and_key_is_there),
        cmocka_unit_test(test_no_other_key_is_allowed),
        cmocka_unit_test(test_what_values_are),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
