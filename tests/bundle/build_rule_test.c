// SPDX-License-Identifier: Apache-2.0
//
// Expressions: what they may read, places of their faults, programs that are shared.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"
#include "cel/ast.h"

#define OFFER                                                                                                          \
    "placements: {home: {channel: web}}\ncontent: {home: {title: string}}\noffers:\n  o:\n    content: {home: "        \
    "{title: t}}\n"

static void test_all_that_rules_may_read(void **state) {
    (void)state;
    build_case c;
    open_built(&c,
               "segments: {lapsed: profile.recency >= 9}\n" OFFER
               "    value: 12.5\n    weight: 3\n    title: Winter\n    group: g\n"
               "    attributes: {kind: coat}\n"
               "    eligible: 'segment.lapsed && profile.purchases > 2 && consent.marketing'\n"
               "    applicable: 'context.device == \"mobile\" && now > timestamp(\"2026-01-01T00:00:00Z\")'\n"
               "    suitable: 'offer.kind == \"coat\" && offer.value + offer.weight > 1.0 && offer.group == \"g\" && "
               "offer.id + offer.title == \"oWinter\"'\n"
               "    propensity: 'offer.value / 100.0'\n"
               "groups: {g: {eligible: 'offer.value > 1.0'}}\n"
               "rankings: {r: 'propensity * offer.value + (segment.lapsed ? 1.0 : 0.0)'}\n"
               "experiments: {e: {arms: {a: 100}, eligible: segment.lapsed}}\n");
    const bundle_offer *o = case_offer(&c, "o");
    assert_string_equal(case_value(&c, o->rules[BUNDLE_ELIGIBLE].program, "segment.lapsed", "true", "profile.purchases",
                                   "3", "consent.marketing", "true", NULL),
                        "true");
    assert_string_equal(case_value(&c, o->propensity.program, "offer.value", "12.5", NULL), "0.125");
    assert_string_equal(case_value(&c, c.bundle->rankings[1].rule.program, "propensity", "0.5", "offer.value", "4.0",
                                   "segment.lapsed", "true", NULL),
                        "3.0");
    assert_true(tact_str_equal(o->rules[BUNDLE_ELIGIBLE].path, TACT_STR("offers.o.eligible")));
    assert_true(tact_str_equal(o->propensity.path, TACT_STR("offers.o.propensity")));
    assert_true(tact_str_equal(c.bundle->groups[0].rules[0].path, TACT_STR("groups.g.eligible")));
    assert_true(tact_str_equal(o->propensity.text, TACT_STR("offer.value / 100.0")));
    assert_non_null(o->rules[BUNDLE_ELIGIBLE].form);
    assert_memory_equal(c.bundle->sources.text.ptr + o->propensity.at.pos, "offer.value / 100.0", 19);
    case_close(&c);
}

static void test_scopes(void **state) {
    (void)state;
    assert_said(OFFER "    eligible: propensity > 0.1\n"
                      "experiments: {e: {arms: {a: 100}, eligible: 'offer.value > 1.0'}}\n"
                      "rankings: {r: propensity * model.visit}\n",
                "scope offers.o.eligible: `propensity` can be read by rankings, not by rules of offers and groups\n"
                "scope experiments.e.eligible: `offer` can be read by rules of offers and groups, not by experiments\n"
                "undeclared_name rankings.r: undeclared name `model`\n");
}

static void test_one_fault_does_not_hide_another(void **state) {
    (void)state;
    assert_said(
        "segments:\n  a: offer.value > 1.0 && profile.recencey > 1\n  b: '[1].exists(offer, offer > 1) && "
        "profile.recencey > 1'\n"
        "  c: profile.recency + && offer.x\n",
        "scope segments.a: `offer` can be read by rules of offers and groups, not by segments\n"
        "undeclared_field segments.a: `profile` has no field `recencey` (did you mean `recency`?)\n"
        "undeclared_field segments.b: `profile` has no field `recencey` (did you mean `recency`?)\n"
        "expected_expression segments.c: expected an expression, found `&&`\n"
        "scope segments.c: `offer` can be read by rules of offers and groups, not by segments\n"
        "undeclared_field segments.c: `offer` has no field `x` (it has `id`, `title`, `value`, `weight`, `group`)\n");
}

static void test_places(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml",
             "segments:\n  a: \"profile.recency > 1 && profile.tierr == 'gold'\"\n  b: 'true || offer.value > 1.0'\n");
    case_build(&c, NULL);
    assert_string_equal(report_text(&c.report).ptr,
                        "more.yaml:2:38: error: `profile` has no field `tierr`\n"
                        " 2 |   a: \"profile.recency > 1 && profile.tierr == 'gold'\"\n"
                        "   |                                      ^~~~~\n"
                        "   in segments.a\n"
                        "   hint: did you mean `tier`?\n"
                        "more.yaml:3:15: error: `offer` can be read by rules of offers and groups, not by segments\n"
                        " 3 |   b: 'true || offer.value > 1.0'\n"
                        "   |               ^~~~~\n"
                        "   in segments.b\n");
    case_close(&c);
}

static void test_too_costly(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml",
             "segments:\n  a: 'profile.tags.all(a, profile.tags.all(b, profile.tags.all(c, profile.tags.all(d, a + b "
             "!= c + d))))'\n");
    case_build(&c, NULL);
    assert_int_equal(c.report.errors, 1);
    assert_string_equal(c.report.items[0].code, "too_costly");
    case_close(&c);
}

static void test_constants_that_can_never_be(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml", "segments: {a: 'profile.language.matches(\"(\")'}\n");
    case_build(&c, NULL);
    assert_int_equal(c.report.errors, 1);
    assert_null(c.bundle);
    case_close(&c);
}

static void test_equal_texts_share_a_program(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "segments: {a: profile.recency > 1, b: profile.recency > 1, c: profile.recency > 2}\n"
                   "groups: {g: {eligible: profile.recency > 1, suitable: segment.a && segment.b && segment.c}}\n");
    const bundle *b = c.bundle;
    assert_ptr_equal(b->segments[0].rule.program, b->segments[1].rule.program);
    assert_ptr_equal(b->segments[0].rule.program, b->groups[0].rules[0].program);
    assert_ptr_not_equal(b->segments[0].rule.program, b->segments[2].rule.program);
    case_close(&c);
}

static void test_what_has_its_own_fault_spoils_nothing(void **state) {
    (void)state;
    assert_said("attributes:\n  bad: {type: strng}\n"
                "aggregates: {of_bad: {count: nothing}}\n"
                "purposes: {worse: {default: maybe}}\n"
                "segments: {a: 'profile.bad == 1 && profile.of_bad > 1 && consent.worse && segment.b', b: 1 + }\n",
                "wrong_type attributes.bad.type: `strng` is not a type; did you mean `string`?\n"
                "unknown_name aggregates.of_bad.count: there is no event `nothing`\n"
                "wrong_form purposes.worse.default: expected granted or denied, not `maybe`\n"
                "expected_expression segments.b: expected an expression, found end of expression\n");
}

// Each fault takes as many names as could have been meant, until none are left: then hints do without.
static void test_nearest_names_are_looked_for_only_so_often(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml", "segments: {a: profile.recencey > 1, b: profile.recensy > 2, c: profile.resency > 3}\n");
    c.report.names_left = 30; // the shop has between 16 and 30
    case_build(&c, NULL);
    assert_string_equal(case_said(&c),
                        "undeclared_field segments.a: `profile` has no field `recencey` (did you mean `recency`?)\n"
                        "undeclared_field segments.b: `profile` has no field `recensy`\n"
                        "undeclared_field segments.c: `profile` has no field `resency`\n");
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_rules_may_read),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_one_fault_does_not_hide_another),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_too_costly),
        cmocka_unit_test(test_constants_that_can_never_be),
        cmocka_unit_test(test_equal_texts_share_a_program),
        cmocka_unit_test(test_what_has_its_own_fault_spoils_nothing),
        cmocka_unit_test(test_nearest_names_are_looked_for_only_so_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
