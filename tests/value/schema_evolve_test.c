// SPDX-License-Identifier: Apache-2.0
//
// Schemas that follow one another: numbers that stay, and what may change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

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

static tact_str bytes_of(const schema *s) {
    buf out = buf_in(&memory);
    schema_write(&out, s);
    return buf_done(&out);
}

static schema *evolved(const schema *running, const schema *wanted) {
    schema *next = NULL;
    well(schema_evolve(&memory, running, wanted, &next, &error));
    // Whatever comes out can be written and read.
    schema *back;
    well(schema_read(&memory, bytes_of(next), &back, &error));
    assert_true(tact_str_equal(bytes_of(back), bytes_of(next)));
    return next;
}

static void test_the_same_again_changes_nothing(void **state) {
    (void)state;
    schema *s = example();
    assert_true(tact_str_equal(bytes_of(evolved(s, s)), bytes_of(s)));
    assert_true(tact_str_equal(bytes_of(evolved(empty(), s)), bytes_of(s)));
}

static void test_what_is_gone_is_retired_and_comes_back(void **state) {
    (void)state;
    schema *s = example(), *gone = evolved(s, empty());
    assert_int_equal(gone->attributes_count, 5);
    assert_int_equal(schema_find_attribute(gone, TACT_STR("tier")), -1);
    assert_int_equal(schema_number(gone, SCHEMA_ATTRIBUTE, TACT_STR("tier")), 3);
    assert_int_equal(schema_find_identity(gone, TACT_STR("crm")), -1);
    assert_int_equal(schema_find_purpose(gone, TACT_STR("marketing")), -1);
    assert_int_equal(schema_find_event(gone, TACT_STR("purchase")), -1);
    assert_int_equal(schema_find_aggregate(gone, TACT_STR("spent_90d")), -1);
    assert_int_equal(schema_find_source(gone, TACT_STR("crm")), 0); // sources stay
    assert_true(tact_str_equal(bytes_of(evolved(gone, empty())), bytes_of(gone)));
    assert_true(tact_str_equal(bytes_of(evolved(gone, s)), bytes_of(s)));
}

static void test_numbers_are_kept_in_any_order(void **state) {
    (void)state;
    schema *s = example(), *wanted = empty();
    // The same members declared in another order, each referring by other numbers.
    static const schema_property bought[] = {{.name = {"colour", 6}, .type = &type_string},
                                             {.name = {"category", 8}, .type = &type_string},
                                             {.name = {"amount", 6}, .type = &type_double}};
    const schema_event purchase = {.name = TACT_STR("purchase"), .properties = bought, .properties_count = 3};
    const schema_purpose other = {.name = TACT_STR("service")};
    well(schema_add_purpose(wanted, &other, &error));
    well(schema_add_purpose(wanted, &s->purposes[1], &error));
    well(schema_add_purpose(wanted, &s->purposes[0], &error));
    well(schema_add_event(wanted, &purchase, &error));
    const uint8_t sources[] = {(uint8_t)schema_source(wanted, TACT_STR("app"), &error),
                               (uint8_t)schema_source(wanted, TACT_STR("crm"), &error)};
    schema_attribute first = schema_case_attribute("first_name", &type_string),
                     fresh = schema_case_attribute("fresh", &type_bool);
    first.purpose = 2;
    first.sources = sources;
    first.sources_count = 2;
    schema_aggregate spent = schema_case_aggregate("spent_90d", SCHEMA_SUM, 0, 2),
                     colours = schema_case_aggregate("colours", SCHEMA_DISTINCT, 0, 0);
    spent.window_ms = 180 * DAY;
    well(schema_add_attribute(wanted, &fresh, &error));
    well(schema_add_attribute(wanted, &first, &error));
    well(schema_add_aggregate(wanted, &colours, &error));
    well(schema_add_aggregate(wanted, &spent, &error));

    const schema *next = evolved(s, wanted);
    assert_int_equal(schema_find_purpose(next, TACT_STR("personalization")), 0);
    assert_int_equal(schema_find_purpose(next, TACT_STR("service")), 2);
    assert_int_equal(schema_find_attribute(next, TACT_STR("first_name")), 0);
    assert_int_equal(schema_find_attribute(next, TACT_STR("fresh")), 5);
    assert_int_equal(schema_find_attribute(next, TACT_STR("tier")), -1);
    const schema_attribute *m = &next->attributes[0];
    assert_int_equal(m->purpose, 0);
    assert_int_equal(m->sources_count, 2);
    assert_int_equal(m->sources[0], schema_find_source(next, TACT_STR("app")));
    assert_int_equal(m->sources[1], schema_find_source(next, TACT_STR("crm")));
    assert_int_equal(schema_find_source(next, TACT_STR("app")), 2);
    const schema_event *event = &next->events[schema_find_event(next, TACT_STR("purchase"))];
    assert_int_equal(schema_find_property(event, TACT_STR("amount")), 0);
    assert_int_equal(schema_find_property(event, TACT_STR("category")), 1);
    assert_int_equal(schema_find_property(event, TACT_STR("colour")), 2);
    assert_int_equal(next->aggregates[1].event, 1);
    assert_int_equal(next->aggregates[1].property, 0);
    assert_int_equal(next->aggregates[1].window_ms, 180 * DAY);
    assert_int_equal(next->aggregates[3].property, 2);

    // A property that is gone keeps its number, too.
    schema *fewer = empty();
    well(schema_add_event(fewer, &s->events[1], &error));
    const schema *last = evolved(next, fewer);
    event = &last->events[1];
    assert_int_equal(schema_find_property(event, TACT_STR("colour")), -1);
    assert_int_equal(event->properties_count, 3);
    assert_true(event->properties[2].retired);
}

// One change of one attribute, and what is said of it.
static const char *attribute_change(schema_attribute from, schema_attribute to) {
    schema *running = empty(), *wanted = empty(), *next = NULL;
    well(schema_add_attribute(running, &from, &error));
    well(schema_add_attribute(wanted, &to, &error));
    tact_err err = schema_evolve(&memory, running, wanted, &next, &error);
    if (err) {
        assert_int_equal(err, TACT_INVALID);
        assert_int_equal(schema_evolve(&memory, running, wanted, &next, NULL), TACT_INVALID);
        // Having been retired in between makes no difference.
        assert_int_equal(schema_evolve(&memory, evolved(running, empty()), wanted, &next, NULL), TACT_INVALID);
        return arena_copy(&memory, error.text, strlen(error.text));
    }
    assert_true(tact_str_equal(bytes_of(next), bytes_of(wanted)));
    assert_true(tact_str_equal(bytes_of(evolved(evolved(running, empty()), wanted)), bytes_of(wanted)));
    return "";
}

static void test_types_only_widen(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SCHEMA_TYPES; i++) {
        for (uint32_t j = 0; j < SCHEMA_TYPES; j++) {
            const tact_type *from = schema_type_of(i), *to = schema_type_of(j);
            const char *says = attribute_change(schema_case_attribute("m", from), schema_case_attribute("m", to));
            const char *expected = "";
            if (i != j && !(from == &type_int && to == &type_double)) {
                expected = arena_printf(&memory,
                                        "attribute `m`: its type cannot change from %s to %s, only from int to double",
                                        schema_type_text(from), schema_type_text(to));
            }
            assert_string_equal(says, expected);
        }
    }
}

static void test_what_attributes_may_change(void **state) {
    (void)state;
    const tact_value values[] = {tact_int(1), tact_int(2), tact_int(3)};
    schema_attribute plain = schema_case_attribute("m", &type_int), three = plain, two = plain, low = plain,
                     high = plain;
    three.allowed = two.allowed = values;
    three.allowed_count = 3;
    two.allowed_count = 2;
    low.has_min = low.has_max = high.has_min = high.has_max = true;
    low.min = low.max = tact_int(0);
    high.min = tact_int(0);
    high.max = tact_int(9);
    static const char lose[] = "attribute `m`: `values` cannot lose any, since persons may have what was allowed";
    assert_string_equal(attribute_change(two, three), "");
    assert_string_equal(attribute_change(two, plain), "");
    assert_string_equal(attribute_change(three, two), lose);
    assert_string_equal(attribute_change(plain, two), lose);
    assert_string_equal(attribute_change(low, high), "");
    assert_string_equal(attribute_change(low, plain), "");
    assert_string_equal(attribute_change(high, low),
                        "attribute `m`: `max` cannot fall, since persons may have what was allowed");
    low.min = tact_int(-1);
    high.max = low.max;
    assert_string_equal(attribute_change(low, high),
                        "attribute `m`: `min` cannot rise, since persons may have what was allowed");
    assert_string_equal(attribute_change(high, low), "");
    assert_string_equal(attribute_change(plain, low),
                        "attribute `m`: `min` cannot rise, since persons may have what was allowed");
    schema_attribute wide = schema_case_attribute("m", &type_double), free = plain;
    wide.has_min = true;
    wide.min = tact_double(-0.5);
    assert_string_equal(attribute_change(high, wide), ""); // compared as numbers
    wide.min = tact_double(0.5);
    assert_string_not_equal(attribute_change(high, wide), "");
    free.personal = free.has_default = true;
    free.fallback = tact_int(4);
    free.max_age_ms = DAY;
    free.title = free.unit = TACT_STR("other");
    assert_string_equal(attribute_change(plain, free), "");
    assert_string_equal(attribute_change(free, plain), "");
}

static const char *identity_change(schema_identity from, schema_identity to) {
    schema *running = empty(), *wanted = empty(), *next;
    well(schema_add_identity(running, &from, &error));
    well(schema_add_identity(wanted, &to, &error));
    return schema_evolve(&memory, running, wanted, &next, &error) ? error.text : "";
}

static void test_what_identities_may_change(void **state) {
    (void)state;
    const schema_identity plain = {.name = TACT_STR("i")}, unique = {.name = TACT_STR("i"), .unique = true},
                          few = {.name = TACT_STR("i"), .max = 2},
                          lower = {.name = TACT_STR("i"), .normalize = SCHEMA_LOWERCASE};
    static const char normal[] =
        "identity `i`: `normalize` cannot change, since what is stored was normalised as it was";
    assert_string_equal(identity_change(plain, few), "");
    assert_string_equal(identity_change(few, plain), "");
    assert_string_equal(identity_change(unique, plain), "");
    assert_string_equal(identity_change(plain, unique),
                        "identity `i`: it cannot become unique, since persons may have several");
    assert_string_equal(identity_change(plain, lower), normal);
    assert_string_equal(identity_change(lower, plain), normal);
}

static const char *property_change(const tact_type *from, const tact_type *to) {
    schema *running = empty(), *wanted = empty(), *next;
    schema_property p = {.name = TACT_STR("p"), .type = from};
    const schema_event e = {.name = TACT_STR("e"), .properties = &p, .properties_count = 1};
    const schema_aggregate g = schema_case_aggregate("g", SCHEMA_LAST, 0, 0);
    well(schema_add_event(running, &e, &error));
    well(schema_add_aggregate(running, &g, &error));
    p.type = to;
    well(schema_add_event(wanted, &e, &error));
    well(schema_add_aggregate(wanted, &g, &error));
    if (schema_evolve(&memory, running, wanted, &next, &error)) return error.text;
    assert_ptr_equal(next->aggregates[0].type, to);
    return "";
}

static void test_what_properties_may_change(void **state) {
    (void)state;
    assert_string_equal(property_change(&type_int, &type_int), "");
    assert_string_equal(property_change(&type_int, &type_double), "");
    assert_string_equal(property_change(&type_double, &type_int),
                        "property `e.p`: its type cannot change from double to int, only from int to double");
    assert_string_equal(property_change(&type_string, &type_bool),
                        "property `e.p`: its type cannot change from string to bool, only from int to double");
}

// Properties come and go until their numbers are used up.
static void test_properties_run_out(void **state) {
    (void)state;
    const schema *s = empty();
    for (int i = 0; i <= SCHEMA_PROPERTIES_MAX; i++) {
        const schema_property p = {.name = tact_str_from(arena_printf(&memory, "p%d", i)), .type = &type_int};
        schema *wanted = empty(), *next;
        well(schema_add_event(wanted, &(schema_event){TACT_STR("e"), &p, 1, false}, &error));
        if (i < SCHEMA_PROPERTIES_MAX) {
            s = evolved(s, wanted);
            assert_int_equal(schema_find_property(&s->events[0], p.name), i);
        } else {
            refused(schema_evolve(&memory, s, wanted, &next, &error), TACT_LIMIT,
                    "event `e`: it can have no more than 64 properties, retired ones included");
        }
    }
}

static const char *aggregate_change(schema_aggregate from, schema_aggregate to) {
    schema *running = example(), *wanted = example(), *next;
    well(schema_add_aggregate(running, &from, &error));
    well(schema_add_aggregate(wanted, &to, &error));
    return schema_evolve(&memory, running, wanted, &next, &error) ? error.text : "";
}

static void test_what_aggregates_may_change(void **state) {
    (void)state;
    static const char kept[] = "aggregate `g`: what it keeps cannot change; give what is wanted another name";
    static const char narrow[] = "aggregate `g`: its window cannot become narrower; give what is wanted another name";
    const schema_aggregate sum = schema_case_aggregate("g", SCHEMA_SUM, 1, 0);
    schema_aggregate day = sum, week = sum;
    day.window_ms = DAY;
    week.window_ms = 7 * DAY;
    assert_string_equal(aggregate_change(day, week), "");
    assert_string_equal(aggregate_change(week, sum), "");
    assert_string_equal(aggregate_change(week, day), narrow);
    assert_string_equal(aggregate_change(sum, week), narrow);
    assert_string_equal(aggregate_change(sum, schema_case_aggregate("g", SCHEMA_AVG, 1, 0)), kept);
    assert_string_equal(aggregate_change(sum, schema_case_aggregate("g", SCHEMA_COUNT, 1, -1)), kept);
    assert_string_equal(
        aggregate_change(schema_case_aggregate("g", SCHEMA_LAST, 1, 1), schema_case_aggregate("g", SCHEMA_LAST, 0, 0)),
        kept);
    assert_string_equal(
        aggregate_change(schema_case_aggregate("g", SCHEMA_LAST, 1, 1), schema_case_aggregate("g", SCHEMA_LAST, 1, 0)),
        kept);
}

// A name that was an attribute's may become an aggregate's, and the attribute may come back once that is gone.
static void test_names_go_from_attribute_to_aggregate(void **state) {
    (void)state;
    schema *first = empty(), *second = empty();
    const schema_attribute a = schema_case_attribute("visits", &type_int);
    const schema_event e = {.name = TACT_STR("e")};
    const schema_aggregate g = schema_case_aggregate("visits", SCHEMA_COUNT, 0, -1);
    well(schema_add_attribute(first, &a, &error));
    well(schema_add_event(second, &e, &error));
    well(schema_add_aggregate(second, &g, &error));
    const schema *s = evolved(evolved(first, second), first);
    assert_int_equal(schema_find_attribute(s, a.name), 0);
    assert_int_equal(schema_find_aggregate(s, a.name), -1);
    assert_int_equal(schema_number(s, SCHEMA_AGGREGATE, a.name), 0);
    s = evolved(s, second);
    assert_int_equal(schema_find_attribute(s, a.name), -1);
    assert_int_equal(schema_find_aggregate(s, a.name), 0);
}

// ---- Chains of evolutions -------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint32_t below(uint32_t n) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % n;
}

enum { NAMES = 12 };

// A random schema over few names, so that members come, go and come back; types follow from names.
static schema *random_schema(void) {
    schema *s = empty();
    for (int i = 0; i < NAMES; i++) {
        const uint32_t at = below(NAMES);
        tact_str name = tact_str_from(arena_printf(&memory, "n%u", at));
        schema_property p[3] = {{.name = TACT_STR("x"), .type = &type_int},
                                {.name = TACT_STR("y"), .type = &type_double},
                                {.name = TACT_STR("z"), .type = &type_string}};
        uint32_t skip = below(3);
        p[skip] = p[2];
        // Whatever is there already is refused, which is as good.
        (void)!schema_add_purpose(s, &(schema_purpose){.name = name, .granted_by_default = below(2)}, NULL);
        if (below(2)) (void)!schema_add_identity(s, &(schema_identity){.name = name, .max = below(3)}, NULL);
        (void)!schema_add_event(s, &(schema_event){name, p, 2 + (skip == 2), false}, NULL);
        schema_attribute a = schema_case_attribute(name.ptr, schema_type_of(at % SCHEMA_TYPES));
        uint8_t source = (uint8_t)schema_source(s, tact_str_from(arena_printf(&memory, "s%u", below(NAMES))), NULL);
        a.purpose = (int32_t)below(s->purposes_count + 1) - 1;
        a.sources = &source;
        a.sources_count = below(2);
        (void)!schema_add_attribute(s, &a, NULL);
        // The event and the property follow from the name too.
        tact_str g = tact_str_from(arena_printf(&memory, "g%u", at));
        int32_t event = schema_find_event(s, name),
                x = event < 0 ? -1 : schema_find_property(&s->events[event], TACT_STR("x"));
        if (x >= 0) {
            schema_aggregate sum = schema_case_aggregate(g.ptr, SCHEMA_SUM, (uint32_t)event, x);
            (void)!schema_add_aggregate(s, &sum, NULL);
        }
    }
    return s;
}

static void keeps_numbers(const schema *before, const schema *after) {
#define KEPT(array)                                                                                                    \
    assert_true(after->array##_count >= before->array##_count);                                                        \
    for (uint32_t i = 0; i < before->array##_count; i++) {                                                             \
        assert_true(tact_str_equal(before->array[i].name, after->array[i].name));                                      \
    }
    KEPT(identities)
    KEPT(attributes)
    KEPT(purposes)
    KEPT(events)
    KEPT(aggregates)
#undef KEPT
    for (uint32_t i = 0; i < before->sources_count; i++) {
        assert_true(tact_str_equal(before->sources[i], after->sources[i]));
    }
    for (uint32_t i = 0; i < before->events_count; i++) {
        for (uint32_t j = 0; j < before->events[i].properties_count; j++) {
            assert_true(tact_str_equal(before->events[i].properties[j].name, after->events[i].properties[j].name));
        }
    }
}

// What is live in `s` is what `wanted` has, each reference included.
static void is_what_was_wanted(const schema *s, const schema *wanted) {
    uint32_t live = 0;
    for (uint32_t i = 0; i < s->attributes_count; i++) live += !s->attributes[i].retired;
    assert_int_equal(live, wanted->attributes_count);
    for (uint32_t i = 0; i < wanted->attributes_count; i++) {
        const schema_attribute *w = &wanted->attributes[i];
        const schema_attribute *m = &s->attributes[schema_find_attribute(s, w->name)];
        assert_ptr_equal(m->type, w->type);
        assert_int_equal(m->purpose < 0, w->purpose < 0);
        if (m->purpose >= 0) {
            assert_true(tact_str_equal(s->purposes[m->purpose].name, wanted->purposes[w->purpose].name));
        }
        assert_int_equal(m->sources_count, w->sources_count);
        for (uint32_t j = 0; j < m->sources_count; j++) {
            assert_true(tact_str_equal(s->sources[m->sources[j]], wanted->sources[w->sources[j]]));
        }
    }
    for (uint32_t i = 0; i < wanted->aggregates_count; i++) {
        const schema_aggregate *w = &wanted->aggregates[i];
        const schema_aggregate *m = &s->aggregates[schema_find_aggregate(s, w->name)];
        assert_true(tact_str_equal(s->events[m->event].name, wanted->events[w->event].name));
        assert_true(tact_str_equal(s->events[m->event].properties[m->property].name,
                                   wanted->events[w->event].properties[w->property].name));
    }
}

static void test_chains_of_evolutions(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%" PRIu64 "\n", seed);
    random_state = seed;
    for (int chain = 0; chain < 20; chain++) {
        const schema *s = random_schema();
        for (int step = 0; step < 20; step++) {
            const schema *wanted = random_schema(), *next = evolved(s, wanted);
            keeps_numbers(s, next);
            is_what_was_wanted(next, wanted);
            s = next;
        }
        tact_arena_reset(&memory);
    }
}

// ---- Memory ---------------------------------------------------------------------------------------------------------

static void test_memory_runs_out(void **state) {
    (void)state;
    const schema *running = example();
    tact_err err = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; err; bytes_max += 16) {
        arena small;
        schema *next;
        arena_init(&small, bytes_max);
        err = schema_evolve(&small, running, running, &next, &error);
        if (err) {
            assert_int_equal(err, TACT_NO_MEMORY);
            assert_string_equal(error.text, "memory ran out");
        }
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_the_same_again_changes_nothing), TEST(test_what_is_gone_is_retired_and_comes_back),
        TEST(test_numbers_are_kept_in_any_order),  TEST(test_types_only_widen),
        TEST(test_what_attributes_may_change),     TEST(test_what_identities_may_change),
        TEST(test_what_properties_may_change),     TEST(test_properties_run_out),
        TEST(test_what_aggregates_may_change),     TEST(test_names_go_from_attribute_to_aggregate),
        TEST(test_chains_of_evolutions),           TEST(test_memory_runs_out),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
