// SPDX-License-Identifier: Apache-2.0
//
// Schema files: what they say, and what is said of those that are wrong. Most tests are text: the cases of
// tests/bundle/schema_file/*.txt, see golden.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/schema_file.h"
#include "golden.h"
#include "value/value.h"

#define CASES "tests/bundle/schema_file"
#define DAY INT64_C(86400000)

static arena memory;

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

static schema *read(tact_str text) {
    schema *s = NULL;
    tact_str said;
    if (schema_file_read(&memory, TACT_STR("schema.yaml"), text, &s, &said)) fail_msg("%s", said.ptr);
    assert_int_equal(said.len, 0);
    return s;
}

static tact_str bytes_of(const schema *s) {
    buf out = buf_in(&memory);
    schema_write(&out, s);
    return buf_done(&out);
}

// ---- The design's example -------------------------------------------------------------------------------------------

static const char example[] =
    "# schema.yaml: what is known of a person, what happens, what a request may carry\n"
    "identities:\n"
    "  crm:    {unique: true}                         # one per person\n"
    "  email:  {unique: true, normalize: lowercase}\n"
    "  cookie: {max: 20}                              # the oldest goes first\n"
    "attributes:\n"
    "  first_name: {type: string, purpose: personalization, personal: true}\n"
    "  language:   {type: string, values: [de, en, fr], default: en}\n"
    "  recency:    {type: int, title: Months since the last purchase, min: 0}\n"
    "  history:    {type: double, unit: USD}\n"
    "  tier:       {type: string, sources: [crm, web], max_age: 90d}   # who wins; when it is too old to use\n"
    "  tags:       {type: list(string), default: []}\n"
    "  womens:     {type: bool, default: false, title: Bought women's merchandise}\n"
    "  newbie:     {type: bool, default: false}\n"
    "purposes:\n"
    "  personalization: {default: granted}\n"
    "  marketing:       {default: denied}\n"
    "events:\n"
    "  page_view: {properties: {category: string}}\n"
    "  purchase:  {properties: {amount: double, category: string}}\n"
    "aggregates:\n"
    "  purchases_90d: {count: purchase, window: 90d}\n"
    "  spent_90d:     {sum: purchase.amount, window: 90d}\n"
    "  last_seen_category: {last: page_view.category}\n"
    "context:                                         # what a request may carry\n"
    "  device:     {type: string, values: [desktop, mobile, app]}\n"
    "  cart_value: {type: double, default: 0.0}\n";

static const char example_json[] =
    "{\"identities\": {\"crm\": {\"unique\": true}, \"email\": {\"unique\": true, \"normalize\": \"lowercase\"},\n"
    "\t\t\"cookie\": {\"max\": 20}},\n"
    " \"attributes\": {\n"
    "  \"first_name\": {\"type\": \"string\", \"purpose\": \"personalization\", \"personal\": true},\n"
    "  \"language\": {\"type\": \"string\", \"values\": [\"de\", \"en\", \"fr\"], \"default\": \"en\"},\n"
    "  \"recency\": {\"type\": \"int\", \"title\": \"Months since the last purchase\", \"min\": 0},\n"
    "  \"history\": {\"type\": \"double\", \"unit\": \"USD\"},\n"
    "  \"tier\": {\"type\": \"string\", \"sources\": [\"crm\", \"web\"], \"max_age\": \"90d\"},\n"
    "  \"tags\": {\"type\": \"list(string)\", \"default\": []},\n"
    "  \"womens\": {\"type\": \"bool\", \"default\": false, \"title\": \"Bought women\\u0027s merchandise\"},\n"
    "  \"newbie\": {\"type\": \"bool\", \"default\": false}},\n"
    " \"purposes\": {\"personalization\": {\"default\": \"granted\"}, \"marketing\": {\"default\": \"denied\"}},\n"
    " \"events\": {\"page_view\": {\"properties\": {\"category\": \"string\"}},\n"
    "            \"purchase\": {\"properties\": {\"amount\": \"double\", \"category\": \"string\"}}},\n"
    " \"aggregates\": {\"purchases_90d\": {\"count\": \"purchase\", \"window\": \"90d\"},\n"
    "                \"spent_90d\": {\"sum\": \"purchase.amount\", \"window\": \"90d\"},\n"
    "                \"last_seen_category\": {\"last\": \"page_view.category\"}}}\n";

static void test_the_designs_example(void **state) {
    (void)state;
    const schema *s = read(tact_str_from(example));
    assert_int_equal(s->identities_count, 3);
    assert_true(s->identities[0].unique);
    assert_int_equal(s->identities[0].normalize, SCHEMA_AS_IS);
    assert_int_equal(s->identities[1].normalize, SCHEMA_LOWERCASE);
    assert_int_equal(s->identities[2].max, 20);
    assert_int_equal(s->attributes_count, 8);
    const schema_attribute *first_name = &s->attributes[0], *language = &s->attributes[1], *tier = &s->attributes[4];
    assert_int_equal(first_name->purpose, schema_find_purpose(s, TACT_STR("personalization")));
    assert_true(first_name->personal);
    assert_int_equal(language->allowed_count, 3);
    assert_true(tact_str_equal(value_str(language->allowed[2]), TACT_STR("fr")));
    assert_true(language->has_default && tact_str_equal(value_str(language->fallback), TACT_STR("en")));
    assert_true(s->attributes[2].has_min && s->attributes[2].min.as.i == 0);
    assert_true(tact_str_equal(s->attributes[2].title, TACT_STR("Months since the last purchase")));
    assert_true(tact_str_equal(s->attributes[3].unit, TACT_STR("USD")));
    assert_int_equal(tier->sources_count, 2);
    assert_int_equal(tier->sources[0], schema_find_source(s, TACT_STR("crm")));
    assert_int_equal(tier->max_age_ms, 90 * DAY);
    assert_true(s->attributes[5].has_default && s->attributes[5].fallback.kind == TACT_LIST);
    assert_true(tact_str_equal(s->attributes[6].title, TACT_STR("Bought women's merchandise")));
    assert_true(s->purposes[0].granted_by_default && !s->purposes[1].granted_by_default);
    assert_ptr_equal(s->events[1].properties[0].type, &type_double);
    assert_int_equal(s->aggregates[0].function, SCHEMA_COUNT);
    assert_int_equal(s->aggregates[0].window_ms, 90 * DAY);
    assert_int_equal(s->aggregates[1].function, SCHEMA_SUM);
    assert_int_equal(s->aggregates[1].event, 1);
    assert_int_equal(s->aggregates[1].property, 0);
    assert_int_equal(s->aggregates[2].function, SCHEMA_LAST);
    assert_int_equal(s->aggregates[2].window_ms, 0);
}

static void test_json_and_other_line_ends_say_the_same(void **state) {
    (void)state;
    tact_str bytes = bytes_of(read(tact_str_from(example)));
    assert_true(tact_str_equal(bytes_of(read(tact_str_from(example_json))), bytes));
    buf dos = buf_in(&memory);
    buf_add_text(&dos, "\xef\xbb\xbf");
    for (const char *c = example; *c; c++) {
        if (*c == '\n') buf_add_char(&dos, '\r');
        buf_add_char(&dos, *c);
    }
    assert_true(tact_str_equal(bytes_of(read(buf_done(&dos))), bytes));
}

static void test_values_of_every_type(void **state) {
    (void)state;
    static const struct {
        const char *type, *text, *cel;
    } rows[] = {
        {"bool", "true", "true"},
        {"int", "-12", "-12"},
        {"int", "0x1F", "31"},
        {"int", "0o17", "15"},
        {"int", "+3", "3"},
        {"double", "3", "3.0"},
        {"double", "-1.5e3", "-1500.0"},
        {"double", ".5", "0.5"},
        {"double", "-1.5e300", "-1.5e+300"},
        {"string", "no", "\"no\""}, // YAML 1.2: a word
        {"string", "12", "\"12\""},
        {"string", "'null'", "\"null\""},
        {"string", "\"\\u00e4\\n\"", "\"\u00e4\\n\""},
        {"timestamp", "2026-11-01T09:00:00+01:00", "timestamp(\"2026-11-01T08:00:00Z\")"},
        {"duration", "1w", "duration(\"604800s\")"},
        {"list(string)", "[a, 'b c']", "[\"a\", \"b c\"]"},
        {"list(int)", "[1, 2]", "[1, 2]"},
        {"list(double)", "[1, .5]", "[1.0, 0.5]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = arena_printf(&memory, "attributes: {a: {type: %s, default: %s}}", rows[i].type,
                                        rows[i].text);
        const schema *s = read(tact_str_from(text));
        assert_string_equal(tact_value_print(s->attributes[0].fallback, &memory).ptr, rows[i].cel);
    }
    const schema *s = read(TACT_STR("identities: {a: {normalize: [trim, lowercase]}, b: , c: ~}\n"
                                    "events: {e: , f: {properties: }}\n"
                                    "purposes:\n"));
    assert_int_equal(s->identities[0].normalize, SCHEMA_TRIM | SCHEMA_LOWERCASE);
    assert_int_equal(s->identities_count, 3);
    assert_int_equal(s->events_count, 2);
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

static void test_too_long_a_file(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    buf_add_text(&text, "identities: {crm: {}}\n");
    buf_add_repeat(&text, '#', SOURCES_FILE_MAX - text.len);
    assert_int_equal(read(buf_done(&text))->identities_count, 1);
    buf_add_char(&text, '#');
    schema *s = NULL;
    tact_str said;
    assert_int_equal(schema_file_read(&memory, TACT_STR("s.yaml"), buf_done(&text), &s, &said), TACT_LIMIT);
    assert_null(s);
    assert_string_equal(said.ptr,
                        "s.yaml: error: `s.yaml` has 67108865 bytes; a file of a bundle has at most 67108864\n");
}

// As many of each kind as there can be.
static void test_a_full_schema(void **state) {
    (void)state;
    buf text = buf_in(&memory);
    buf_add_text(&text, "attributes:\n");
    for (int i = 0; i < SCHEMA_ATTRIBUTES_MAX; i++) {
        buf_printf(&text, "  attribute_%d: {type: int, purpose: p%d, min: 0, max: 100, title: An attribute}\n", i,
                   i % 64);
    }
    buf_add_text(&text, "purposes:\n");
    for (int i = 0; i < SCHEMA_PURPOSES_MAX; i++) buf_printf(&text, "  p%d: {default: granted}\n", i);
    buf_add_text(&text, "events:\n");
    for (int i = 0; i < SCHEMA_EVENTS_MAX; i++) buf_printf(&text, "  e%d: {properties: {x: int}}\n", i);
    buf_add_text(&text, "aggregates:\n");
    for (int i = 0; i < SCHEMA_AGGREGATES_MAX; i++) buf_printf(&text, "  g%d: {sum: e%d.x, window: 7d}\n", i, i);
    const schema *s = read(buf_done(&text));
    assert_int_equal(s->attributes_count, SCHEMA_ATTRIBUTES_MAX);
    assert_int_equal(s->attributes[100].purpose, 36);
    assert_int_equal(s->aggregates_count, SCHEMA_AGGREGATES_MAX);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    static const char faulty[] = "attributes: {a: {type: strng, defualt: 3}}\naggregates: {g: {cuont: e}}\n";
    for (int round = 0; round < 2; round++) {
        tact_str text = round ? tact_str_from(faulty) : tact_str_from(example);
        tact_err err = TACT_NO_MEMORY;
        for (size_t bytes_max = 16; err == TACT_NO_MEMORY; bytes_max += 64) {
            arena small;
            arena_init(&small, bytes_max);
            schema *s = NULL;
            tact_str said = {NULL, 0};
            err = schema_file_read(&small, TACT_STR("s"), text, &s, &said);
            assert_non_null(said.ptr);
            assert_int_equal(s != NULL, err == TACT_OK);
            arena_fini(&small);
        }
        assert_int_equal(err, round ? TACT_INVALID : TACT_OK);
    }
}

// ---- Golden reports -------------------------------------------------------------------------------------------------

static void gives_report(void **state) {
    const golden *g = *state;
    schema *s = NULL;
    tact_str said;
    tact_err err = schema_file_read(&memory, TACT_STR("schema.yaml"), g->text, &s, &said);
    assert_int_equal(s != NULL, err == TACT_OK);
    assert_int_equal(said.len == 0, err == TACT_OK);
    if (!tact_str_equal(said, g->report)) {
        print_error("expected:\n%.*s\ngot:\n%s\n", (int)g->report.len, g->report.ptr, said.ptr);
        fail();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_designs_example, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_and_other_line_ends_say_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_of_every_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_long_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    arena texts;
    golden *cases;
    arena_init(&texts, 0);
    size_t count = golden_read(&texts, CASES, &cases), own = sizeof tests / sizeof *tests;
    struct CMUnitTest *all = arena_array(&texts, count + own, sizeof *all);
    if (count == 0 || !all) {
        print_error("no cases in %s; tests run at the top of the source\n", CASES);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct CMUnitTest){cases[i].name, gives_report, set_up, tear_down, &cases[i]};
    }
    memcpy(all + count, tests, sizeof tests);
    int failed = _cmocka_run_group_tests("schema_file", all, count + own, NULL, NULL);
    arena_fini(&texts);
    return failed;
}
