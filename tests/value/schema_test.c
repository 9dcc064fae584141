// SPDX-License-Identifier: Apache-2.0
//
// Schemas: what can be built, found, written and read back. Of schema.c and schema_pack.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "schema_case.h"
#include "value/value.h"

static arena memory;
static tact_error error;

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

static schema *empty(void) {
    schema *s = schema_new(&memory);
    assert_non_null(s);
    return s;
}

// Fails the test with the text of `error` unless the call went well.
static void well(tact_err err) {
    if (err) fail_msg("%s", error.text);
}

static void refused(tact_err err, tact_err expected, const char *text) {
    assert_int_equal(err, expected);
    assert_int_equal(error.code, expected);
    assert_string_equal(error.text, text);
}

static schema *example(void) {
    schema *s = empty();
    well(schema_case_build(s, &error));
    return s;
}

// ---- Building -------------------------------------------------------------------------------------------------------

static void test_members_are_found_by_name(void **state) {
    (void)state;
    const schema *s = example();
    assert_int_equal(schema_find_identity(s, TACT_STR("email")), 1);
    assert_int_equal(schema_find_attribute(s, TACT_STR("tier")), 3);
    assert_int_equal(schema_find_purpose(s, TACT_STR("marketing")), 1);
    assert_int_equal(schema_find_event(s, TACT_STR("purchase")), 1);
    assert_int_equal(schema_find_property(&s->events[1], TACT_STR("category")), 1);
    assert_int_equal(schema_find_property(&s->events[1], TACT_STR("colour")), -1);
    assert_int_equal(schema_find_aggregate(s, TACT_STR("spent_90d")), 1);
    assert_int_equal(schema_find_source(s, TACT_STR("web.eu-1")), 1);
    assert_int_equal(schema_find_attribute(s, TACT_STR("email")), -1);
    assert_int_equal(schema_find_attribute(s, TACT_STR("")), -1);
    assert_int_equal(schema_number(s, SCHEMA_ATTRIBUTE, TACT_STR("tags")), 4);
    assert_int_equal(schema_number(s, SCHEMA_SOURCE, TACT_STR("app")), -1);
    assert_int_equal(s->attributes[3].sources[0], 1);
    assert_int_equal(s->attributes[1].allowed_count, 3);
    assert_ptr_equal(s->aggregates[0].type, &type_int);
    assert_ptr_equal(s->aggregates[1].type, &type_double);
    assert_ptr_equal(s->aggregates[2].type, &type_string);
}

static void test_what_is_given_is_copied(void **state) {
    (void)state;
    schema *s = empty();
    char name[] = "tier", title[] = "Title", text[] = "gold";
    tact_value allowed[] = {tact_string(text, 4)};
    schema_attribute m = schema_case_attribute(name, &type_string);
    m.title = tact_str_from(title);
    m.allowed = allowed;
    m.allowed_count = 1;
    m.has_default = true;
    m.fallback = allowed[0];
    well(schema_add_attribute(s, &m, &error));
    memset(name, 'x', 4), memset(title, 'x', 5), memset(text, 'x', 4), memset(allowed, 0, sizeof allowed);
    assert_int_equal(schema_find_attribute(s, TACT_STR("tier")), 0);
    assert_true(tact_str_equal(s->attributes[0].title, TACT_STR("Title")));
    assert_true(tact_str_equal(value_str(s->attributes[0].allowed[0]), TACT_STR("gold")));
    assert_true(tact_str_equal(value_str(s->attributes[0].fallback), TACT_STR("gold")));
}

static void test_names(void **state) {
    (void)state;
    static const char *const good[] = {"a", "_", "A9_z", "in"};
    static const struct {
        const char *name, *says;
    } bad[] = {
        {"", "`` cannot be the name of a purpose: names are made of a-z, A-Z, 0-9 and _"},
        {"9a", "`9a` cannot be the name of a purpose: names are made of a-z, A-Z, 0-9 and _"},
        {"a-b", "`a-b` cannot be the name of a purpose: names are made of a-z, A-Z, 0-9 and _"},
        {"\x1b\xff", "`\ufffd\ufffd` cannot be the name of a purpose: names are made of a-z, A-Z, 0-9 and _"},
    };
    schema *s = empty();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        well(schema_add_purpose(s, &(schema_purpose){.name = tact_str_from(good[i])}, &error));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        schema_purpose m = {.name = tact_str_from(bad[i].name)};
        refused(schema_add_purpose(s, &m, &error), TACT_INVALID, bad[i].says);
        assert_int_equal(schema_add_purpose(s, &m, NULL), TACT_INVALID);
    }
    char name[SCHEMA_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    schema_purpose m = {.name = {name, SCHEMA_NAME_MAX}};
    well(schema_add_purpose(s, &m, &error));
    m.name.len++;
    assert_int_equal(schema_add_purpose(s, &m, &error), TACT_LIMIT);
    assert_non_null(strstr(error.text, "`, is longer than 64 bytes"));
    assert_int_equal(schema_source(s, TACT_STR("a-b.c9"), &error), 0);
    assert_int_equal(schema_source(s, TACT_STR("a b"), &error), -1);
    assert_string_equal(error.text,
                        "`a b` cannot be the name of a source: names are made of a-z, A-Z, 0-9, -, . and _");
    assert_int_equal(schema_source(s, TACT_STR("-a"), &error), -1);
}

static void test_names_are_taken_once(void **state) {
    (void)state;
    schema *s = example();
    const schema_attribute tier = schema_case_attribute("tier", &type_int),
                           spent = schema_case_attribute("spent_90d", &type_int);
    const schema_aggregate recency = schema_case_aggregate("recency", SCHEMA_COUNT, 0, -1);
    refused(schema_add_identity(s, &s->identities[0], &error), TACT_EXISTS, "there is an identity `crm` already");
    refused(schema_add_purpose(s, &s->purposes[0], &error), TACT_EXISTS,
            "there is a purpose `personalization` already");
    refused(schema_add_event(s, &s->events[0], &error), TACT_EXISTS, "there is an event `page_view` already");
    refused(schema_add_attribute(s, &tier, &error), TACT_EXISTS, "there is an attribute `tier` already");
    refused(schema_add_attribute(s, &spent, &error), TACT_EXISTS,
            "attribute `spent_90d`: there is an aggregate of that name, and rules read both as `profile.spent_90d`");
    refused(schema_add_aggregate(s, &recency, &error), TACT_EXISTS,
            "aggregate `recency`: there is an attribute of that name, and rules read both as `profile.recency`");
    assert_int_equal(schema_source(s, TACT_STR("crm"), &error), 0); // no new one
    assert_int_equal(s->sources_count, 2);
    assert_int_equal(s->attributes_count, 5);
}

static void test_types(void **state) {
    (void)state;
    static const char *const texts[SCHEMA_TYPES] = {"bool",     "int",          "double",    "string",      "timestamp",
                                                    "duration", "list(string)", "list(int)", "list(double)"};
    static const char *const none[] = {"uint", "bytes", "dyn", "list(bool)", "map(string, int)", "list(list(int))"};
    schema *s = empty();
    for (uint32_t i = 0; i < SCHEMA_TYPES; i++) {
        const tact_type *t = type_parse(&memory, tact_str_from(texts[i]), NULL);
        assert_int_equal(schema_type_number(t), i);
        assert_true(type_equal(schema_type_of(i), t));
        assert_string_equal(schema_type_text(t), texts[i]);
        schema_attribute m = schema_case_attribute(arena_printf(&memory, "a%u", i), t);
        well(schema_add_attribute(s, &m, &error));
        assert_ptr_equal(s->attributes[i].type, schema_type_of(i));
    }
    assert_null(schema_type_of(SCHEMA_TYPES));
    assert_int_equal(schema_type_number(NULL), -1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        schema_attribute m = schema_case_attribute("m", type_parse(&memory, tact_str_from(none[i]), NULL));
        assert_int_equal(schema_type_number(m.type), -1);
        refused(schema_add_attribute(s, &m, &error), TACT_INVALID, "attribute `m`: it cannot be of this type");
    }
}

static void test_values_of_types(void **state) {
    (void)state;
    const tact_value texts[] = {tact_string("a", 1), tact_string("b", 1)};
    const tact_value mixed[] = {tact_string("a", 1), tact_int(1)}, bad[] = {tact_string("\xff", 1)};
    const tact_value samples[SCHEMA_TYPES] = {tact_bool(true),     tact_int(1),          tact_double(1),
                                              tact_string("a", 1), tact_timestamp(0, 0), tact_duration(1),
                                              tact_list(texts, 2)};
    for (uint32_t i = 0; i < 7; i++) {
        for (uint32_t j = 0; j < 7; j++) assert_int_equal(schema_fits(schema_type_of(i), samples[j]), i == j);
    }
    const tact_type *list = schema_type_of(6);
    assert_true(schema_fits(list, tact_list(NULL, 0)));
    assert_false(schema_fits(list, tact_list(mixed, 2)));
    assert_false(schema_fits(list, tact_list(bad, 1)));
    assert_false(schema_fits(&type_string, bad[0]));
    assert_false(schema_fits(&type_string, tact_null()));
    assert_true(schema_widened(&type_double, tact_int(3)).as.d == 3.0);
    assert_int_equal(schema_widened(&type_int, tact_int(3)).kind, TACT_INT);
    assert_int_equal(schema_widened(&type_double, tact_uint(3)).kind, TACT_UINT);
}

static void test_values_of_attributes(void **state) {
    (void)state;
    const schema *s = example();
    const schema_attribute *language = &s->attributes[1], *recency = &s->attributes[2];
    well(schema_check_value(language, tact_string("de", 2), &error));
    refused(schema_check_value(language, tact_string("d\x1b", 2), &error), TACT_INVALID,
            "attribute `language`: \"d\ufffd\" is not one of its values");
    refused(schema_check_value(language, tact_int(1), &error), TACT_INVALID,
            "attribute `language`: not a value of type string");
    well(schema_check_value(recency, tact_int(0), &error));
    well(schema_check_value(recency, tact_int(1200), &error));
    refused(schema_check_value(recency, tact_int(-1), &error), TACT_INVALID, "attribute `recency`: less than its min");
    refused(schema_check_value(recency, tact_int(1201), &error), TACT_INVALID,
            "attribute `recency`: more than its max");
    schema_attribute ratio = schema_case_attribute("ratio", &type_double);
    ratio.has_min = true;
    ratio.min = tact_double(0);
    refused(schema_check_value(&ratio, tact_double(NAN), &error), TACT_INVALID, "attribute `ratio`: less than its min");
    const tact_value numbers[] = {tact_int(1), tact_int(2), tact_int(3)};
    schema_attribute sizes = schema_case_attribute("sizes", schema_type_of(7));
    sizes.allowed = numbers;
    sizes.allowed_count = 2;
    well(schema_check_value(&sizes, tact_list(numbers, 2), &error));
    refused(schema_check_value(&sizes, tact_list(numbers, 3), &error), TACT_INVALID,
            "attribute `sizes`: not one of its values");
}

static void test_attributes_that_cannot_be(void **state) {
    (void)state;
    schema *s = example();
    well(schema_add_purpose(s, &(schema_purpose){.name = TACT_STR("old"), .retired = true}, &error));
    char *text = arena_zalloc(&memory, SCHEMA_TEXT_MAX + 1);
    memset(text, 't', SCHEMA_TEXT_MAX + 1);
    const tact_value twice[] = {tact_int(1), tact_int(1)}, long_text = tact_string(text, SCHEMA_TEXT_MAX + 1);
    const tact_value nan_value = tact_double(NAN), one = tact_int(1), texts[] = {tact_string("a", 1)};
    static const uint8_t unknown[] = {2}, repeated[] = {0, 0};
    tact_value many[SCHEMA_VALUES_MAX + 1];
    for (int i = 0; i <= SCHEMA_VALUES_MAX; i++) many[i] = tact_int(i);
    const tact_type *list = schema_type_of(6), *numbers = schema_type_of(7);
#define WITH(type_, ...)                                                                                               \
    { .name = TACT_STR("m"), .type = type_, .purpose = -1, __VA_ARGS__ }
    const struct {
        schema_attribute m;
        const char *says;
    } rows[] = {
        {WITH(&type_int, .sources = unknown, .sources_count = 1), "there is no source of that number"},
        {WITH(&type_int, .sources = repeated, .sources_count = 2), "a source is named twice"},
        {{.name = TACT_STR("m"), .type = &type_int, .purpose = -2}, "there is no purpose of that number"},
        {{.name = TACT_STR("m"), .type = &type_int, .purpose = 3}, "there is no purpose of that number"},
        {{.name = TACT_STR("m"), .type = &type_int, .purpose = 2}, "its purpose is retired"},
        {WITH(&type_int, .max_age_ms = -1), "max_age is less than a second, or more than 100 years"},
        {WITH(&type_int, .max_age_ms = 999), "max_age is less than a second, or more than 100 years"},
        {WITH(&type_int, .max_age_ms = SCHEMA_SPAN_MAX_MS + 1),
         "max_age is less than a second, or more than 100 years"},
        {WITH(&type_string, .has_min = true, .min = texts[0]), "a value of its type has no min"},
        {WITH(&type_bool, .has_max = true, .max = tact_bool(true)), "a value of its type has no max"},
        {WITH(&type_double, .has_min = true, .min = one), "its min is of another type"},
        {WITH(&type_double, .has_max = true, .max = nan_value), "its max is of another type"},
        {WITH(&type_int, .has_min = true, .min = tact_int(2), .has_max = true, .max = one),
         "its min is more than its max"},
        {WITH(&type_int, .title = {text, SCHEMA_TEXT_MAX + 1}), "its title is not UTF-8, or longer than 1024 bytes"},
        {WITH(&type_int, .unit = {"\xff", 1}), "its unit is not UTF-8, or longer than 1024 bytes"},
        {WITH(&type_int, .allowed = many, .allowed_count = SCHEMA_VALUES_MAX + 1), "it has more than 256 values"},
        {WITH(&type_int, .allowed = twice, .allowed_count = 2), "one of its values is named twice"},
        {WITH(&type_int, .allowed = texts, .allowed_count = 1), "one of its values is of another type"},
        {WITH(&type_double, .allowed = &nan_value, .allowed_count = 1),
         "NaN, which equals nothing, is among its values"},
        {WITH(&type_string, .allowed = &long_text, .allowed_count = 1), "one of its values is longer than 1024 bytes"},
        {WITH(&type_string, .has_default = true, .fallback = long_text), "its default is too long"},
        {WITH(list, .has_default = true, .fallback = tact_list(&long_text, 1)), "its default is too long"},
        {WITH(numbers, .has_default = true, .fallback = tact_list(many, SCHEMA_VALUES_MAX + 1)),
         "its default is too long"},
    };
#undef WITH
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *says = arena_printf(&memory, "attribute `m`: %s", rows[i].says);
        refused(schema_add_attribute(s, &rows[i].m, &error), TACT_INVALID, says);
    }
    schema_attribute m = schema_case_attribute("m", &type_int);
    m.has_default = true;
    refused(schema_add_attribute(s, &m, &error), TACT_INVALID, "the default of attribute `m`: not a value of type int");
    m.fallback = tact_int(5);
    m.allowed = twice;
    m.allowed_count = 1;
    refused(schema_add_attribute(s, &m, &error), TACT_INVALID, "the default of attribute `m`: not one of its values");
    assert_int_equal(s->attributes_count, 5);
    m = schema_case_attribute("m", &type_int);
    m.allowed = many;
    m.allowed_count = SCHEMA_VALUES_MAX;
    m.title = (tact_str){text, SCHEMA_TEXT_MAX};
    m.max_age_ms = SCHEMA_SPAN_MAX_MS;
    well(schema_add_attribute(s, &m, &error)); // all at their bounds
    m = schema_case_attribute("gone", &type_int);
    m.purpose = 2; // as it was when both were there
    m.retired = true;
    well(schema_add_attribute(s, &m, &error));
    assert_int_equal(schema_find_attribute(s, TACT_STR("gone")), -1);
    assert_int_equal(schema_number(s, SCHEMA_ATTRIBUTE, TACT_STR("gone")), 6);
}

static void test_identities_that_cannot_be(void **state) {
    (void)state;
    schema *s = empty();
    refused(schema_add_identity(s, &(schema_identity){.name = TACT_STR("crm"), .unique = true, .max = 2}, &error),
            TACT_INVALID, "identity `crm`: it is unique, so there is nothing that `max` could bound");
    refused(schema_add_identity(s, &(schema_identity){.name = TACT_STR("crm"), .normalize = 4}, &error), TACT_INVALID,
            "identity `crm`: unknown normalisation");
}

static void test_events_that_cannot_be(void **state) {
    (void)state;
    schema *s = empty();
    schema_property p[SCHEMA_PROPERTIES_MAX + 1];
    for (int i = 0; i <= SCHEMA_PROPERTIES_MAX; i++) {
        p[i] = (schema_property){.name = tact_str_from(arena_printf(&memory, "p%d", i)), .type = &type_int};
    }
    schema_event m = {.name = TACT_STR("e"), .properties = p, .properties_count = SCHEMA_PROPERTIES_MAX + 1};
    refused(schema_add_event(s, &m, &error), TACT_LIMIT,
            "event `e`: it can have no more than 64 properties, retired ones included");
    m.properties_count = 2;
    p[1].name = p[0].name;
    refused(schema_add_event(s, &m, &error), TACT_EXISTS, "event `e`: there is a property `p0` already");
    p[1].name = TACT_STR("a.b");
    refused(schema_add_event(s, &m, &error), TACT_INVALID,
            "`a.b` cannot be the name of a property: names are made of a-z, A-Z, 0-9 and _");
    p[1] = (schema_property){.name = TACT_STR("p1"), .type = &type_dyn};
    refused(schema_add_event(s, &m, &error), TACT_INVALID, "event `e`: property `p1` cannot be of this type");
    p[1].type = &type_int;
    m.properties_count = SCHEMA_PROPERTIES_MAX;
    well(schema_add_event(s, &m, &error));
}

static void test_what_functions_are_of(void **state) {
    (void)state;
    static const struct {
        schema_function function;
        const char *name, *takes; // a letter for each type: none bool int double string timestamp duration list(string)
    } rows[] = {
        {SCHEMA_COUNT, "count", "n......."}, {SCHEMA_SUM, "sum", "..id...."},
        {SCHEMA_MIN, "min", "..id.tD."},     {SCHEMA_MAX, "max", "..id.tD."},
        {SCHEMA_AVG, "avg", "..id...."},     {SCHEMA_DISTINCT, "distinct", ".bidstD."},
        {SCHEMA_FIRST, "first", ".bidstD."}, {SCHEMA_LAST, "last", ".bidstD."},
        {SCHEMA_SINCE, "since", "n......."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(rows[i].function, i); // stored
        assert_string_equal(schema_function_name(rows[i].function), rows[i].name);
        for (uint32_t t = 0; t < 8; t++) {
            const tact_type *type = t ? schema_type_of(t - 1) : NULL;
            assert_int_equal(schema_function_takes(rows[i].function, type), rows[i].takes[t] != '.');
        }
    }
}

static void test_aggregates(void **state) {
    (void)state;
    schema *s = example();
    schema_aggregate m = schema_case_aggregate("a", SCHEMA_SUM, 1, 1);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID, "aggregate `a`: sum is of an int or a double");
    m = schema_case_aggregate("a", SCHEMA_COUNT, 1, 0);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID,
            "aggregate `a`: count is of an event and not a property of it");
    m = schema_case_aggregate("a", SCHEMA_LAST, 1, -1);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID, "aggregate `a`: last is of anything but a list");
    m = schema_case_aggregate("a", SCHEMA_FUNCTIONS, 1, -1);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID, "aggregate `a`: there is no such function");
    m = schema_case_aggregate("a", SCHEMA_COUNT, 2, -1);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID, "aggregate `a`: there is no event of that number");
    m = schema_case_aggregate("a", SCHEMA_SUM, 0, 1);
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID,
            "aggregate `a`: its event has no property of that number");
    m = schema_case_aggregate("a", SCHEMA_COUNT, 0, -1);
    m.window_ms = 999;
    refused(schema_add_aggregate(s, &m, &error), TACT_INVALID,
            "aggregate `a`: its window is less than a second, or more than 100 years");
    m.window_ms = 1000;
    well(schema_add_aggregate(s, &m, &error));
    const tact_type *results[] = {&type_int, &type_double, &type_double, &type_double,  &type_double,
                                  &type_int, &type_double, &type_double, &type_duration};
    for (int i = 0; i < SCHEMA_FUNCTIONS; i++) {
        bool of_event = i == SCHEMA_COUNT || i == SCHEMA_SINCE;
        m = schema_case_aggregate(arena_printf(&memory, "b%d", i), (schema_function)i, 1, of_event ? -1 : 0);
        well(schema_add_aggregate(s, &m, &error));
        assert_ptr_equal(s->aggregates[s->aggregates_count - 1].type, results[i]);
    }
}

// Each kind up to its bound, and no further.
static void test_bounds(void **state) {
    (void)state;
    schema *s = empty();
    static const uint32_t most[SCHEMA_KINDS] = {SCHEMA_IDENTITIES_MAX, SCHEMA_ATTRIBUTES_MAX, SCHEMA_PURPOSES_MAX,
                                                SCHEMA_EVENTS_MAX,     SCHEMA_AGGREGATES_MAX, SCHEMA_SOURCES_MAX};
    static const schema_kind order[] = {SCHEMA_SOURCE, SCHEMA_PURPOSE,   SCHEMA_IDENTITY,
                                        SCHEMA_EVENT,  SCHEMA_ATTRIBUTE, SCHEMA_AGGREGATE};
    for (size_t k = 0; k < SCHEMA_KINDS; k++) {
        for (uint32_t i = 0; i <= most[order[k]]; i++) {
            const char *name = arena_printf(&memory, "m%u_%u", (unsigned)k, i);
            schema_attribute a = schema_case_attribute(name, &type_int);
            schema_aggregate g = schema_case_aggregate(name, SCHEMA_COUNT, i % SCHEMA_EVENTS_MAX, -1);
            tact_err err = TACT_OK;
            switch (order[k]) {
            case SCHEMA_IDENTITY: err = schema_add_identity(s, &(schema_identity){.name = a.name}, &error); break;
            case SCHEMA_ATTRIBUTE: err = schema_add_attribute(s, &a, &error); break;
            case SCHEMA_PURPOSE: err = schema_add_purpose(s, &(schema_purpose){.name = a.name}, &error); break;
            case SCHEMA_EVENT: err = schema_add_event(s, &(schema_event){.name = a.name}, &error); break;
            case SCHEMA_AGGREGATE: err = schema_add_aggregate(s, &g, &error); break;
            default: err = schema_source(s, a.name, &error) < 0 ? error.code : TACT_OK; break;
            }
            assert_int_equal(err, i < most[order[k]] ? TACT_OK : TACT_LIMIT);
            if (!err) assert_int_equal(schema_number(s, order[k], a.name), i);
        }
        assert_non_null(strstr(error.text, arena_printf(&memory, "there can be no more than %u ", most[order[k]])));
    }
    buf out = buf_in(&memory);
    schema_write(&out, s);
    schema *back;
    well(schema_read(&memory, buf_done(&out), &back, &error)); // a full one is read as well
    assert_int_equal(back->attributes_count, SCHEMA_ATTRIBUTES_MAX);
}

// ---- Bytes ----------------------------------------------------------------------------------------------------------

static tact_str bytes_of(const schema *s) {
    buf out = buf_in(&memory);
    schema_write(&out, s);
    return buf_done(&out);
}

// By hand after the drawing in schema_pack.c. These bytes never change: every database begins with such.
static const char golden[] = "\1"
                             "\2\3crm\x08web.eu-1"
                             "\2\x0fpersonalization\1\x09marketing\0"
                             "\3\3crm\1\0\0\5email\1\3\0\6cookie\0\0\x14"
                             "\2\x09page_view\0\1\x08"
                             "category\0\3"
                             "\x08purchase\0\2\6amount\0\2\x08"
                             "category\0\3"
                             "\5"
                             "\x0a"
                             "first_name\1\3\1\0\0\0\0\0"
                             "\x08language\2\3\0\0\0\6\2en\3\6\2de\6\2en\6\2fr\0\0"
                             "\7recency\x0c\1\0\0\0\3\0\3\xe0\x12\0\x1eMonths since the last purchase\6months"
                             "\4tier\0\3\0\x80\xb0\xf1\xfb\x1c\2\1\0\0\0\0"
                             "\4tags\2\6\0\0\0\x08\0\0\0\0"
                             "\3"
                             "\x0dpurchases_90d\0\0\1\0\x80\xb0\xf1\xfb\x1c"
                             "\x09spent_90d\0\1\1\1\x80\xb0\xf1\xfb\x1c"
                             "\x12last_seen_category\0\7\0\1\0";

static void test_golden_bytes(void **state) {
    (void)state;
    const tact_str bytes = {golden, sizeof golden - 1}, written = bytes_of(example());
    assert_int_equal(written.len, bytes.len);
    assert_memory_equal(written.ptr, bytes.ptr, bytes.len);
    schema *s;
    well(schema_read(&memory, bytes, &s, &error));
    assert_true(tact_str_equal(bytes_of(s), bytes));
    assert_int_equal(schema_find_aggregate(s, TACT_STR("last_seen_category")), 2);
    assert_int_equal(s->attributes[3].max_age_ms, 90 * DAY);
    assert_true(s->identities[1].unique && s->identities[1].normalize == (SCHEMA_LOWERCASE | SCHEMA_TRIM));
    assert_int_equal(s->attributes[2].max.as.i, 1200);
    assert_true(tact_str_equal(bytes_of(empty()), ((tact_str){"\1\0\0\0\0\0\0", 7})));
}

static void test_refuses_other_bytes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } rows[] = {
#define ROW(literal, says) {literal, sizeof(literal) - 1, says}
        ROW("", "the bytes end too early, at byte 0"),
        ROW("\2\0\0\0\0\0\0", "the schema is of an unknown version, at byte 1"),
        ROW("\1\0\0\0\0\0", "the bytes end too early, at byte 6"),
        ROW("\1\0\0\0\0\0\0\0", "there are bytes left over, at byte 7"),
        ROW("\1\2\1a\1a\0\0\0\0\0", "a source is there twice"),
        ROW("\1\1\1$\0\0\0\0\0", "`$` cannot be the name of a source: names are made of a-z, A-Z, 0-9, -, . and _"),
        ROW("\1\0\1\1p\4\0\0\0\0", "a number is larger than it can be, at byte 6"),
        ROW("\1\0\x80\0\0\0\0\0", "a number is not in its one form, at byte 4"),
        ROW("\1\0\2\1p\0\1p\0\0\0\0\0", "there is a purpose `p` already"),
        ROW("\1\0\0\0\1\1e\0\1\1p\0\x09\0\0", "event `e`: property `p` cannot be of this type"),
        ROW("\1\0\0\0\0\1\1a\0\x09\0\0\0\0\0\0\0", "attribute `a`: it cannot be of this type"),
        ROW("\1\0\0\0\0\0\1\1g\0\0\0\0\0", "aggregate `g`: there is no event of that number"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        schema *s;
        tact_str bytes = {rows[i].bytes, rows[i].len};
        refused(schema_read(&memory, bytes, &s, &error), TACT_INVALID, rows[i].says);
        assert_int_equal(schema_read(&memory, bytes, &s, NULL), TACT_INVALID);
    }
    for (size_t len = 0; len < sizeof golden - 1; len++) { // cut short anywhere
        schema *s;
        assert_int_equal(schema_read(&memory, (tact_str){golden, len}, &s, &error), TACT_INVALID);
    }
}

// ---- Normalising ----------------------------------------------------------------------------------------------------

static void test_normalising(void **state) {
    (void)state;
    static const struct {
        uint8_t normalize;
        const char *value, *normal;
    } rows[] = {
        {SCHEMA_AS_IS, " A\u00c4 ", " A\u00c4 "},
        {SCHEMA_AS_IS, "", ""},
        {SCHEMA_TRIM, " \t\n a b\u00a0\u3000", "a b"},
        {SCHEMA_TRIM, "A", "A"},
        {SCHEMA_TRIM, " \u2003 ", ""},
        {SCHEMA_LOWERCASE, " Joe@EXAMPLE.com", " joe@example.com"},
        {SCHEMA_LOWERCASE, "\u00c4\u00d6\u0416\u0130\u023a", "\u00e4\u00f6\u0436i\u2c65"},
        {SCHEMA_LOWERCASE,
         "\xff"
         "A",
         "\xff"
         "a"},
        {SCHEMA_LOWERCASE | SCHEMA_TRIM, "\u2028 \u1e9eA ", "\u00dfa"},
        {SCHEMA_LOWERCASE | SCHEMA_TRIM, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const schema_identity m = {.normalize = rows[i].normalize};
        tact_str value = tact_str_from(rows[i].value), normal = schema_normalized(&memory, &m, value);
        assert_string_equal(normal.ptr, rows[i].normal);
        assert_true(schema_is_normalized(&m, normal));
        assert_int_equal(schema_is_normalized(&m, value), tact_str_equal(value, normal));
        assert_true(tact_str_equal(schema_normalized(&memory, &m, normal), normal));
    }
    const schema_identity all = {.normalize = SCHEMA_LOWERCASE | SCHEMA_TRIM};
    assert_non_null(schema_normalized(&memory, &all, (tact_str){NULL, 0}).ptr);
    assert_true(schema_is_normalized(&all, (tact_str){NULL, 0}));
    arena small;
    arena_init(&small, 16);
    assert_null(schema_normalized(&small, &all, TACT_STR("somebody@example.com")).ptr);
    arena_fini(&small);
}

// ---- Memory ---------------------------------------------------------------------------------------------------------

// Building and reading with ever more memory, until it is enough.
static void test_memory_runs_out(void **state) {
    (void)state;
    const tact_str bytes = {golden, sizeof golden - 1};
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        tact_error why = {0};
        schema *s = schema_new(&small), *next = NULL;
        tact_err err = s ? schema_case_build(s, &why) : TACT_NO_MEMORY;
        if (s && err) {
            assert_int_equal(why.code, TACT_NO_MEMORY);
            assert_string_equal(why.text, "memory ran out");
        }
        arena_fini(&small);
        if (!err) enough = true;

        arena_init(&small, bytes_max);
        err = schema_read(&small, bytes, &next, &why);
        assert_true(err == TACT_OK || err == TACT_NO_MEMORY);
        if (err) enough = false;
        arena_fini(&small);
    }
}

// A member that could not be added for want of memory can be added later.
static void test_a_member_can_be_tried_again(void **state) {
    (void)state;
    bool added = false;
    for (size_t bytes_max = 1024; !added; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        schema *s = schema_new(&small);
        if (s) {
            const schema_attribute m = schema_case_attribute("tier", &type_string);
            if (schema_add_attribute(s, &m, NULL)) {
                assert_int_equal(s->attributes_count, 0);
                assert_int_equal(schema_find_attribute(s, m.name), -1);
                small.bytes_max = 0;
                well(schema_add_attribute(s, &m, &error));
            } else {
                added = true;
            }
            assert_int_equal(schema_find_attribute(s, m.name), 0);
        }
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_members_are_found_by_name),
        TEST(test_what_is_given_is_copied),
        TEST(test_names),
        TEST(test_names_are_taken_once),
        TEST(test_types),
        TEST(test_values_of_types),
        TEST(test_values_of_attributes),
        TEST(test_attributes_that_cannot_be),
        TEST(test_identities_that_cannot_be),
        TEST(test_events_that_cannot_be),
        TEST(test_what_functions_are_of),
        TEST(test_aggregates),
        TEST(test_bounds),
        TEST(test_golden_bytes),
        TEST(test_refuses_other_bytes),
        TEST(test_normalising),
        TEST(test_memory_runs_out),
        TEST(test_a_member_can_be_tried_again),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
