// SPDX-License-Identifier: Apache-2.0
//
// The schema of a bundle against that of a store that is there already.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"
#include "value/type.h"

// The shop's schema, as a store that runs it has it.
static void open_running(build_case *c) {
    case_open(c);
    case_add_shop(c);
    case_add(c, "more.yaml",
             "attributes:\n  gone: {type: string}\n  count: {type: int}\n  shade: {type: string, values: [a, b]}\n"
             "events:\n  visit: {properties: {pages: int, seconds: double}}\n"
             "aggregates:\n  visits: {count: visit, window: 30d}\n"
             "identities:\n  email: {normalize: lowercase}\n");
    case_build(c, NULL);
    if (!c->bundle) fail_msg("%s", case_said(c));
}

static const char *said_after(build_case *running, build_case *c, const char *text) {
    open_running(running);
    case_open(c);
    case_add_shop(c);
    case_add(c, "more.yaml", text);
    case_build(c, running->bundle->schema);
    return case_said(c);
}

static void test_numbers_are_the_stores(void **state) {
    (void)state;
    build_case running, c;
    assert_string_equal(said_after(&running, &c,
                                   "attributes:\n  anew: {type: bool}\n  count: {type: double}\n"
                                   "segments: {s: 'profile.anew && profile.count > 1.5 && profile.recency > 1'}\n"
                                   "groups: {g: {eligible: segment.s}}\n"),
                        "");
    const schema *old = running.bundle->schema, *s = c.bundle->schema;
    assert_int_equal(schema_find_attribute(s, TACT_STR("recency")), schema_find_attribute(old, TACT_STR("recency")));
    assert_int_equal(schema_find_attribute(s, TACT_STR("count")), schema_find_attribute(old, TACT_STR("count")));
    assert_int_equal(schema_find_attribute(s, TACT_STR("anew")), old->attributes_count);
    assert_int_equal(schema_find_attribute(s, TACT_STR("gone")), -1);
    for (uint32_t i = 0; i < c.bundle->slots_count; i++) {
        const bundle_slot *slot = &c.bundle->slots[i];
        if (!tact_str_equal(slot->name, TACT_STR("profile.anew"))) continue;
        assert_int_equal(slot->kind, BUNDLE_SLOT_ATTRIBUTE);
        assert_int_equal(slot->number, old->attributes_count);
    }
    assert_ptr_not_equal(s, old);
    case_close(&running);
    assert_int_equal(schema_find_attribute(c.bundle->schema, TACT_STR("history")), 2); // borrows nothing of it
    case_close(&c);
}

static void test_what_is_retired_has_no_name(void **state) {
    (void)state;
    build_case running, c;
    assert_string_equal(said_after(&running, &c, "segments: {s: profile.gone == \"x\"}\n"),
                        "undeclared_field segments.s: `profile` has no field `gone`\n");
    case_close(&c);
    case_close(&running);
}

static void test_all_refusals_at_their_places(void **state) {
    (void)state;
    build_case running, c;
    assert_string_equal(said_after(&running, &c,
                                   "attributes:\n  count: {type: string}\n  shade: {type: string, values: [a]}\n"
                                   "events:\n  visit: {properties: {pages: string, seconds: bool}}\n"
                                   "aggregates:\n  visits: {count: visit, window: 10d}\n"
                                   "identities:\n  email: {normalize: trim}\n"
                                   "segments: {s: 'profile.count == \"x\" && profile.visits > 1 && profile.nothing && "
                                   "profile.shade == \"a\"'}\n"),
                        "schema_change attributes.count: attribute `count`: its type cannot change from int to string, "
                        "only from int to double\n"
                        "schema_change attributes.shade: attribute `shade`: `values` cannot lose any, since persons "
                        "may have what was allowed\n"
                        "schema_change events.visit.pages: property `visit.pages`: its type cannot change from int to "
                        "string, only from int to "
                        "double\n"
                        "schema_change events.visit.seconds: property `visit.seconds`: its type cannot change from "
                        "double to bool, only from int "
                        "to double\n"
                        "schema_change aggregates.visits: aggregate `visits`: its window cannot become narrower; give "
                        "what is wanted another "
                        "name\n"
                        "schema_change identities.email: identity `email`: `normalize` cannot change, since what is "
                        "stored was normalised as it "
                        "was\n"
                        "undeclared_field segments.s: `profile` has no field `nothing`\n");
    assert_int_equal(c.report.items[2].at.len, strlen("pages"));
    assert_memory_equal(c.sources.text.ptr + c.report.items[2].at.pos, "pages", 5);
    case_close(&c);
    case_close(&running);
}

static void test_values_that_cannot_be(void **state) {
    (void)state;
    assert_said("attributes:\n  a: {type: double, default: .nan, min: -.inf, max: .inf}\n"
                "  b: {type: int, min: 5, max: 3, values: [4, 4]}\n  c: {type: int, min: 5, default: 3}\n"
                "context: {x: {type: double, default: .inf}}\nevents: {click: {}}\n"
                "aggregates: {seen: {count: impression}}\n",
                "wrong_form attributes.a.default: expected a finite number, not `.nan`\n"
                "wrong_form attributes.a.min: expected a finite number, not `-.inf`\n"
                "wrong_form attributes.a.max: expected a finite number, not `.inf`\n"
                "invalid attributes.b.max: its `max` is less than its `min` (the other way round?)\n"
                "defined_twice attributes.b.values: `4` is here a second time\n"
                "invalid attributes.c.default: the default of attribute `c`: less than its min\n"
                "wrong_form context.x.default: expected a finite number, not `.inf`\n"
                "defined_twice events.click: `click` is there already: it is reported of offers that were decided "
                "(leave it out; caps count it, and tests may bring it, without being declared)\n"
                "unknown_name aggregates.seen.count: there is no event `impression` (caps count what comes of "
                "decisions; aggregates cannot)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_that_cannot_be),
        cmocka_unit_test(test_numbers_are_the_stores),
        cmocka_unit_test(test_what_is_retired_has_no_name),
        cmocka_unit_test(test_all_refusals_at_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
