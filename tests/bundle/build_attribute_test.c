// SPDX-License-Identifier: Apache-2.0
//
// What rules may read of an offer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static tact_value value_of(build_case *c, const char *offer, const char *name) {
    for (uint32_t i = 0; i < c->bundle->offer_attributes_count; i++) {
        if (tact_str_equal(c->bundle->offer_attributes[i], tact_str_from(name)))
            return case_offer(c, offer)->attributes[i];
    }
    fail_msg("no attribute %s", name);
    return tact_null();
}

static void assert_value(build_case *c, const char *offer, const char *name, const char *expected) {
    assert_string_equal(tact_value_print(value_of(c, offer, name), &c->memory).ptr, expected);
}

static void test_values(void **state) {
    (void)state;
    build_case c;
    open_built(&c,
               "groups: {g: {}}\noffers:\n"
               "  a: {title: Anna, value: 12.5, weight: -3, group: g,\n"
               "      attributes: {kind: coat, size: 38, price: 10, warm: true, labels: [x, \"1\"], code: \"007\"}}\n"
               "  b: {attributes: {price: 9.5}}\n");
    assert_int_equal(c.bundle->offer_attributes_count, BUNDLE_OFFER_BUILT_IN + 6);
    assert_value(&c, "a", "id", "\"a\"");
    assert_value(&c, "a", "title", "\"Anna\"");
    assert_value(&c, "a", "value", "12.5");
    assert_value(&c, "a", "weight", "-3.0");
    assert_value(&c, "a", "group", "\"g\"");
    assert_value(&c, "a", "kind", "\"coat\"");
    assert_value(&c, "a", "size", "38");
    assert_value(&c, "a", "price", "10.0"); // a double, since one of them is
    assert_value(&c, "a", "warm", "true");
    assert_value(&c, "a", "labels", "[\"x\", \"1\"]");
    assert_value(&c, "a", "code", "\"007\"");
    assert_value(&c, "b", "price", "9.5");
    assert_value(&c, "b", "title", "\"b\"");
    assert_value(&c, "b", "value", "0.0");
    assert_value(&c, "b", "group", "\"\"");
    assert_int_equal(value_of(&c, "b", "kind").kind, TACT_ERROR);
    assert_int_equal(value_of(&c, "b", "kind").len, TACT_FAULT_ABSENT);
    assert_true(tact_str_equal(c.bundle->offer_attributes[BUNDLE_OFFER_BUILT_IN], TACT_STR("code"))); // by name
    case_close(&c);
}

static void test_faults(void **state) {
    (void)state;
    assert_said(
        "offers:\n"
        "  a: {attributes: {kind: coat, value: 1}}\n"
        "  b: {attributes: {kind: 12, labels: [1, 2], nothing: , map: {x: y}, in: 1, two words: 1}}\n"
        "  c: {attributes: [a]}\n"
        "  d: {eligible: 'offer.kind == 1 && offer.labels == 1 && offer.kin == \"x\"'}\n",
        "defined_twice offers.a.attributes.value: `offer.value` is there already, for every offer\n"
        "wrong_type offers.b.attributes.kind: `kind` is int here, and string of offer `a` (more.yaml:2:20) (an "
        "attribute "
        "is of one type over all offers)\n"
        "wrong_form offers.b.attributes.labels: expected a text, a number, true, false or a list of texts, not a list "
        "(numbers that are meant as texts need quotes: [\"38\", \"40\"])\n"
        "wrong_form offers.b.attributes.nothing: expected a text, a number, true, false or a list of texts\n"
        "wrong_form offers.b.attributes.map: expected a text, a number, true, false or a list of texts, not a map\n"
        "bad_name offers.b.attributes.in: `in` is a word of the language, so that no rule could read `offer.in`\n"
        "bad_name offers.b.attributes.two words: a name has letters, digits and _, does not begin with a digit, and at "
        "most 64 characters\n"
        "wrong_form offers.c.attributes: expected a map, not a list\n"
        "no_overload offers.d.eligible: `==` does not take string and int (text stands in quotes: \"1\")\n"
        "undeclared_field offers.d.eligible: `offer` has no field `kin` (did you mean `kind`?)\n");
}

static void test_too_many(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, "offers: {a: {attributes: {");
    for (int i = 0; i <= BUNDLE_OFFER_ATTRIBUTES_MAX; i++) buf_printf(&text, "%sa%d: 1", i ? ", " : "", i);
    buf_add_text(&text, "}}}\n");
    assert_said(
        buf_done(&text).ptr,
        "too_large offers.a.attributes.a64: all offers together can have no more than 64 different attributes\n");
    arena_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
