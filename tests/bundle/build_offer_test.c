// SPDX-License-Identifier: Apache-2.0
//
// Groups and offers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static void test_what_they_say(void **state) {
    (void)state;
    build_case c;
    open_built(
        &c, "groups:\n  g: {title: Group, purpose: marketing, eligible: profile.recency > 1, per_answer: 2}\n  h: {}\n"
            "offers:\n"
            "  a: {title: Anna, group: g, value: 12.5, weight: 5, eligible: profile.recency > 2,\n"
            "      suitable: '!(\"x\" in profile.tags)', propensity: 0.25, repeat: true,\n"
            "      starts: 2026-11-01T00:00:00Z, ends: 2027-02-01T00:00:00Z}\n"
            "  b: {group: g, purpose: personalization, propensity: profile.history}\n"
            "  c: {group: h, propensity: 1}\n"
            "  d: {}\n");
    const bundle *b = c.bundle;
    const bundle_offer *a = case_offer(&c, "a"), *o = case_offer(&c, "b"), *d = case_offer(&c, "d");
    int32_t marketing = schema_find_purpose(b->schema, TACT_STR("marketing"));
    assert_true(tact_str_equal(a->title, TACT_STR("Anna")));
    assert_int_equal(a->group, 0);
    assert_int_equal(a->purpose, marketing); // its group's
    assert_true(a->value == 12.5 && a->weight == 5.0 && a->propensity_constant == 0.25);
    assert_true(a->repeat);
    assert_non_null(a->rules[BUNDLE_ELIGIBLE].program);
    assert_null(a->rules[BUNDLE_APPLICABLE].program);
    assert_non_null(a->rules[BUNDLE_SUITABLE].program);
    assert_null(a->propensity.program);
    assert_int_equal(a->starts_ms, INT64_C(1793491200000));
    assert_int_equal(a->ends_ms, INT64_C(1801440000000));
    assert_int_equal(o->purpose, schema_find_purpose(b->schema, TACT_STR("personalization"))); // its own
    assert_non_null(o->propensity.program);
    assert_int_equal(case_offer(&c, "c")->purpose, -1);
    assert_int_equal(d->group, -1);
    assert_int_equal(d->purpose, -1);
    assert_true(d->propensity_constant == 1.0 && d->value == 0.0 && !d->repeat && d->starts_ms == 0);
    assert_true(tact_str_equal(d->title, TACT_STR("d")));
    assert_memory_equal(b->sources.text.ptr + d->at.pos, "d", 1);
    assert_int_equal(b->groups[0].per_answer, 2);
    assert_int_equal(b->groups[0].purpose, marketing);
    assert_true(tact_str_equal(b->groups[0].title, TACT_STR("Group")));
    assert_non_null(b->groups[0].rules[BUNDLE_ELIGIBLE].program);
    assert_int_equal(b->groups[1].per_answer, 0);
    case_close(&c);
}

static void test_wrong_types(void **state) {
    (void)state;
    assert_said("offers:\n  a: {eligible: profile.recency, propensity: profile.recency > 1, suitable: 1}\n"
                "groups:\n  g: {applicable: profile.tier}\n",
                "wrong_result offers.a.eligible: the expression must be of type bool, but is int\n"
                "wrong_result offers.a.propensity: the expression must be of type double, but is bool\n"
                "wrong_result offers.a.suitable: the expression must be of type bool, but is int\n"
                "wrong_result groups.g.applicable: the expression must be of type bool, but is string\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_they_say),
        cmocka_unit_test(test_wrong_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
