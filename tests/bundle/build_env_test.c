// SPDX-License-Identifier: Apache-2.0
//
// What expressions may name: slots, and the context of requests.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static const bundle_slot *find_slot(const bundle *b, const char *name) {
    for (uint32_t i = 0; i < b->slots_count; i++) {
        if (tact_str_equal(b->slots[i].name, tact_str_from(name))) return &b->slots[i];
    }
    fail_msg("no slot %s", name);
    return NULL;
}

static void test_slots(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "segments: {lapsed: profile.recency > 9}\ngroups: {g: {eligible: segment.lapsed}}\n");
    const bundle *b = c.bundle;
    assert_int_equal(find_slot(b, "now")->kind, BUNDLE_SLOT_NOW);
    assert_int_equal(find_slot(b, "profile.recency")->kind, BUNDLE_SLOT_ATTRIBUTE);
    assert_int_equal(find_slot(b, "profile.recency")->number, schema_find_attribute(b->schema, TACT_STR("recency")));
    assert_int_equal(find_slot(b, "profile.purchases")->kind, BUNDLE_SLOT_AGGREGATE);
    assert_int_equal(find_slot(b, "consent.marketing")->kind, BUNDLE_SLOT_CONSENT);
    assert_int_equal(find_slot(b, "consent.marketing")->number, schema_find_purpose(b->schema, TACT_STR("marketing")));
    assert_int_equal(find_slot(b, "context.device")->kind, BUNDLE_SLOT_CONTEXT);
    assert_int_equal(find_slot(b, "context.device")->number, bundle_find_context(b, TACT_STR("device")));
    assert_int_equal(find_slot(b, "segment.lapsed")->kind, BUNDLE_SLOT_SEGMENT);
    assert_int_equal(find_slot(b, "offer.weight")->kind, BUNDLE_SLOT_OFFER);
    assert_int_equal(find_slot(b, "offer.weight")->number, BUNDLE_OFFER_WEIGHT);
    assert_int_equal(find_slot(b, "propensity")->kind, BUNDLE_SLOT_PROPENSITY);
    assert_int_equal(tact_cel_slots_count(b->env), b->slots_count);
    for (uint32_t i = 0; i < b->context_count; i++) {
        assert_int_equal(b->slots[b->context[i].slot].kind, BUNDLE_SLOT_CONTEXT);
        assert_int_equal(b->slots[b->context[i].slot].number, i);
    }
    case_close(&c);
}

static void test_context(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "context:\n  size: {type: int, title: Size, values: [1, 2], default: 2}\n"
                   "  labels: {type: list(string), values: [a, b], default: [a, b, a]}\n");
    const bundle *b = c.bundle;
    const bundle_context *size = &b->context[bundle_find_context(b, TACT_STR("size"))];
    const bundle_context *device = &b->context[bundle_find_context(b, TACT_STR("device"))];
    assert_int_equal(b->context_count, 4);
    assert_true(tact_str_equal(size->title, TACT_STR("Size")));
    assert_true(tact_str_equal(device->title, TACT_STR("device")));
    assert_int_equal(size->fallback.as.i, 2);
    assert_int_equal(size->allowed_count, 2);
    assert_int_equal(device->fallback.kind, TACT_NULL);
    assert_int_equal(device->allowed_count, 2);
    assert_int_equal(bundle_find_context(b, TACT_STR("nothing")), -1);
    const bundle_context *labels = &b->context[bundle_find_context(b, TACT_STR("labels"))];
    assert_int_equal(labels->fallback.len, 3);
    case_close(&c);
}

static void test_faults_of_context(void **state) {
    (void)state;
    assert_said(
        "context:\n  a: {type: int, default: x}\n  b: {type: string, values: [x, y], default: z}\n  c: {type: strin}\n"
        "  d: {default: 1}\n  e: {type: list(int), values: [1], default: [1, 2]}\n  in: {type: int}\n  f: {type: int, "
        "values: [1, x]}\n"
        "segments: {s: 'context.c == 1 && context.d == \"x\" && context.a == 1 && context.g'}\n",
        "wrong_type context.a.default: expected an int such as 3, not `x`\n"
        "invalid context.b.default: `default` is none of `values`\n"
        "wrong_type context.c.type: `strin` is not a type; did you mean `string`?\n"
        "missing_key context.d: it needs `type`, as in {type: string}\n"
        "invalid context.e.default: `default` is none of `values`\n"
        "bad_name context.in: `in` is a word of the language, so that no rule could read `context.in`\n"
        "wrong_type context.f.values: expected an int such as 3, not `x`\n"
        "undeclared_field segments.s: `context` has no field `g`\n");
}

static void test_a_model_is_refused(void **state) {
    (void)state;
    assert_said(
        "models: {visit: {file: visit.json, format: xgboost, features: [profile.recency]}}\n"
        "rankings: {r: model.visit * offer.value}\n",
        "model models.visit: models are scored from a later version on (leave it out, and write what it stands for as "
        "an expression)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_faults_of_context),
        cmocka_unit_test(test_a_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
